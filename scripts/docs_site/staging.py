"""Lay out the sources of the site: the pages of docs/, those of the project, the notebooks, and what is generated."""

from __future__ import annotations

import re
import shutil
from os.path import relpath
from pathlib import Path, PurePosixPath

from docs_site import generated, pictures, reference
from docs_site.formulas import set_formula

import quartiersatlas as qa

ROOT = Path(__file__).resolve().parents[2]
PROJECT = {  # pages that stand outside docs/: in the repository -> on the site
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CODE_OF_CONDUCT.md": "project/code_of_conduct.md",
    "benchmarks/README.md": "project/benchmarks.md",
}
FORMULA = re.compile(r"(?m)^- formula: `(.*)`$")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]*)?(?=\))")


def stage(folder: Path) -> None:
    """Write all sources into an empty folder, links between them as the site has its pages."""
    written = reference.pages() | generated.pages()
    made = {*written, *(f"pictures/{name}" for name in pictures.NAMES)}
    places = _places() | {f"docs/{name}": name for name in made}
    for origin, place in places.items():
        if place in made:
            continue
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.endswith(".md"):
            text = (ROOT / origin).read_text(encoding="utf-8")
            if origin == "docs/presets/index.md":
                text += "\n" + "\n".join(generated.toctree(qa.NeedSpec.presets(), hidden=True))
            text = FORMULA.sub(lambda found: f"- formula: {set_formula(found[1])}", text)
            target.write_text(relinked(text, origin, places), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / origin, target)
    shutil.copytree(
        ROOT / "sample_data", folder / "sample_data", ignore=shutil.ignore_patterns("ergebnis", "README.md")
    )
    pictures.write(folder / "pictures")
    for name, text in written.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _places() -> dict[str, str]:
    """Return every file of the site: in the repository -> on the site."""
    docs = [file for file in sorted((ROOT / "docs").rglob("*")) if file.is_file() and "__pycache__" not in file.parts]
    docs = [file for file in docs if file.suffix in (".md", ".py", ".css", ".png")]
    places = {file.relative_to(ROOT).as_posix(): file.relative_to(ROOT / "docs").as_posix() for file in docs}
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    return places | PROJECT | {f"notebooks/{file.name}": f"notebooks/{file.name}" for file in notebooks}


def relinked(text: str, origin: str, places: dict[str, str]) -> str:
    """Return a page with its links as the site has them; one to a file that is no page of the site is refused."""

    def moved(found: re.Match[str]) -> str:
        if not found["path"]:
            return found[0]
        aim = relpath((ROOT / origin).parent / found["path"], ROOT).replace("\\", "/")
        if aim not in places:
            raise LookupError(f"{origin} links to {found['path']}, which is no page of the site.")
        here = PurePosixPath(places[origin]).parent
        return relpath(places[aim], here).replace("\\", "/") + (found["anchor"] or "")

    return LINK.sub(moved, text)
