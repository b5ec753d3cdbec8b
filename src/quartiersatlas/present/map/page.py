"""The page of an atlas: one file with its styles, its modules and its data."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.words import draft_text, summary_texts
from quartiersatlas.present.map.topology import tolerance
from quartiersatlas.present.templates import render
from quartiersatlas.present.words import fact_text, method_texts, source_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

METHOD_IN_BRIEF = ("fact_rule", "fact_need", "fact_protection_count", "fact_protection_rest")
MAP = "<!-- map -->"


def page_html(release: Release, lang: Lang, earlier: Sequence[Release] = ()) -> tuple[str, str]:
    """Return what stands before the map and what stands after it; all text from data is escaped."""
    metres = tolerance(release.areas)
    method = [*method_texts(release, lang), text("fact_classes", lang), text("map_class_choice", lang)]
    if earlier:
        method += [text("fact_dates", lang), *(_date(part, lang) for part in earlier)]
    if metres:
        method.append(text("fact_simplified", lang, tolerance=number_text(metres, 0, lang)))
    facts = [fact for name in METHOD_IN_BRIEF for fact in release.facts if fact.name == name]
    brief = [fact_text(release, fact, lang) for fact in facts]
    page = render(
        "page.html",
        lang,
        release=release,
        source=source_text(release, lang),
        notices=list(dict.fromkeys(notice for part in (release, *earlier) for notice in part.notices)),
        draft=draft_text(release, lang, *earlier),
        summary=summary_texts(release, lang),
        brief=[*brief, text("fact_classes", lang)],
        method=method,
        candidates=_candidates(release, lang),
    )
    before, after = page.split(MAP)
    return before, after


def _date(part: Release, lang: Lang) -> str:
    """Return where an earlier date comes from, and how much of it is protected."""
    hidden = int((part.status == "suppressed").to_numpy().sum())
    words = {"date": part.as_of, "source": part.source or "–", "hidden": number_text(hidden, 0, lang)}
    return text("fact_date", lang, **words)


def _candidates(release: Release, lang: Lang) -> list[str]:
    if release.candidates is None:
        return []
    return [
        f"{key} {row['name']}: {text('residents_count', lang, count=number_text(row['residents'], 0, lang))}"
        for key, row in release.candidates.iterrows()
    ]


LEAFLET = "vendor/leaflet-1.9.4"
MODULES = (
    "format.js",
    "topology.js",
    "classes.js",
    "columns.js",
    "walk.js",
    "canvas.js",
    "styles.js",
    "controls.js",
    "sheet.js",
    "frame.js",
    "legend.js",
    "editing.js",
    "candidates.js",
    "panel_parts.js",
    "actions.js",
    "panel_need.js",
    "panel.js",
    "table.js",
    "page.js",
    "tips.js",
    "view.js",
    "compare.js",
    "layer.js",
)


@cache
def asset(name: str) -> str:
    """Return a file of the assets folder."""
    return files("quartiersatlas.present.map").joinpath("assets").joinpath(*name.split("/")).read_text(encoding="utf-8")


def head_html() -> str:
    """Return styles and scripts for the head of the page: Leaflet with its licence, then our own.

    On a map that has loaded Leaflet already that one stays, with whatever plugins were added to it.
    """
    leaflet = re.sub(r"\n//# sourceMappingURL=.*", "", asset(f"{LEAFLET}/leaflet.js"))
    leaflet_css = re.sub(r"url\(images/[^)]*\)", "none", asset(f"{LEAFLET}/leaflet.css"))
    return (
        f"<style>{leaflet_css}</style>\n<style>{asset('atlas.css')}{asset('panel.css')}</style>\n"
        f"<script>/*\n{asset(f'{LEAFLET}/LICENSE')}*/\nif (!window.L) {{\n{leaflet}\n}}</script>\n"
        f"<script>{bundle()}</script>"
    )


def bundle() -> str:
    """Join our modules in the order they need each other; imports and exports are the joints and fall away.

    So do types and comments, a third of the text: who reads the code reads the modules.
    """
    parts = [_without_joints(_without_comments(asset(name))) for name in MODULES]
    return "var QuartiersAtlas = (() => {\n" + "\n".join(parts) + "\nreturn { createLayer };\n})();\n"


def _without_joints(module: str) -> str:
    without_imports = re.sub(r"^import [^;]*;\n", "", module, flags=re.MULTILINE)
    return re.sub(r"^export ", "", without_imports, flags=re.MULTILINE)


def _without_comments(module: str) -> str:
    without_types = re.sub(
        r"^ */\*\*(?:[^*]|\*(?!/))*\*/\n|/\*\*(?:[^*]|\*(?!/))*\*/ ?", "", module, flags=re.MULTILINE
    )
    return re.sub(r"^ *//.*\n", "", without_types, flags=re.MULTILINE)
