"""What is asked of the built site: every link inside it leads somewhere, and no page asks anything of the network."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOADS = {
    "src",
    "srcset",
    "data",
    "poster",
    "action",
    "formaction",
    "background",
    "xlink:href",
}  # fetched by the browser
FETCHED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "preconnect", "dns-prefetch", "manifest"}
IN_STYLES = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])(?P<where>(?:https?:)?//[^'")\s]+)""")
# the theme's switcher of versions fetches a file that the page names; no page of ours names one
IN_SCRIPTS = re.compile(r"""(?:fetch|importScripts|import)\(\s*['"`](?P<where>(?:https?:)?//[^'"`]+)""")


class _Page(HTMLParser):
    """Collects what a page names: its anchors, where its links lead, what a browser would fetch for it."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self._is_style = self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._is_style, self._is_script = tag == "style", tag == "script"
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and FETCHED_LINKS & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        elif "href" in given and tag in ("use", "image", "base"):
            self.loads.append(given["href"])
        self.loads += [given[name] for name in LOADS & set(given)]
        self.loads += [found["where"] for found in IN_STYLES.finditer(given.get("style", ""))]

    def handle_endtag(self, tag: str) -> None:
        self._is_style = self._is_style and tag != "style"
        self._is_script = self._is_script and tag != "script"

    def handle_data(self, data: str) -> None:
        pattern = IN_STYLES if self._is_style else IN_SCRIPTS if self._is_script else None
        if pattern is not None:
            self.loads += [found["where"] for found in pattern.finditer(data)]


def faults(site: Path) -> list[str]:
    """Return every link that leads nowhere, everything that is not there, and everything fetched from elsewhere."""
    pages = {file: _read(file) for file in sorted(site.rglob("*.html"))}
    found = [f"{site}: there are no pages"] if not pages else []
    for file, page in pages.items():
        where = file.relative_to(site).as_posix()
        found += [f"{where}: asks {load} of the network" for load in page.loads if _is_elsewhere(load)]
        inside = [link for link in (*page.links, *page.loads) if not _is_elsewhere(link)]
        found += [f"{where}: {link} leads nowhere" for link in inside if not _leads_somewhere(file, link, pages)]
    return found + list(_in_files(site))


def undescribed(site: Path, names: Iterable[str]) -> list[str]:
    """Return the names that the built reference does not describe."""
    anchors = set().union(*(_read(file).anchors for file in sorted((site / "reference").glob("*.html"))))
    return [f"reference: {name} is not described" for name in names if name not in anchors]


def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ftp", "ws", "wss") or bool(parts.netloc)


def _leads_somewhere(file: Path, address: str, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(address)
    if parts.scheme:  # mailto, data, about
        return True
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].anchors


def _in_files(site: Path) -> Iterator[str]:
    """Yield what styles and scripts fetch from elsewhere."""
    for ending, pattern in ((".css", IN_STYLES), (".js", IN_SCRIPTS)):
        for file in sorted(site.rglob(f"*{ending}")):
            for found in pattern.finditer(file.read_text(encoding="utf-8")):
                yield f"{file.relative_to(site).as_posix()}: asks {found['where']} of the network"
