"""The page's own scripts and styles, and Leaflet, as text: nothing is fetched when the page is opened."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

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
