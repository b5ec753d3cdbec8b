"""Leaflet is the published one, its licence goes with it, and our modules fit together."""

from __future__ import annotations

import hashlib
import re
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from quartiersatlas.present.map.atlas import asset

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
import build_page

ASSETS = files("quartiersatlas.present.map") / "assets"

# SHA-256 of the files of the npm package leaflet 1.9.4
PUBLISHED = {
    "leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
    "LICENSE": "53e8dc25862014e4324741ca18fbe3611e11d42ef69f59f86ea8c5389647d4cb",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_leaflet_is_the_published_one(name):
    content = (ASSETS / "vendor" / "leaflet-1.9.4" / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == PUBLISHED[name]


def test_licence_of_leaflet_stands_in_the_page(sample):
    html = (sample.folder / "atlas.html").read_text(encoding="utf-8")
    assert "BSD 2-Clause License" in html
    assert "Volodymyr Agafonkin" in html
    assert "Redistributions of source code must retain the above copyright" in html


def test_the_page_is_built_of_its_modules_and_styles_as_they_are():
    """Forgotten: ``python scripts/build_page.py``."""
    for name in build_page.ENTRIES:
        assert asset(f"built/{name}").split(" ", 2)[1] == build_page.digest(Path(name).suffix), name


def test_the_page_is_what_the_builder_makes(node_modules):
    assert (node_modules / "esbuild").is_dir()
    for name in build_page.ENTRIES:
        assert asset(f"built/{name}").encode() == build_page.built(name), name


def test_every_module_and_style_is_in_the_page():
    modules = {path.name: path.read_text(encoding="utf-8") for path in ASSETS.iterdir() if path.name.endswith(".js")}
    needed, open_names = set(), [entry for entry, *_ in build_page.ENTRIES.values() if entry.endswith(".js")]
    while open_names:
        name = open_names.pop()
        needed.add(name)
        imports = re.findall(r'^(?:import|export) [^;]*from "\./(.*)";', modules[name], flags=re.MULTILINE)
        open_names += [one for one in imports if one not in needed]
    assert needed == set(modules)
    styles = {path.name for path in ASSETS.iterdir() if path.name.endswith(".css")} - {
        entry for entry, *_ in build_page.ENTRIES.values()
    }
    assert set(re.findall(r'@import "\./(.*)";', asset("page.css"))) == styles
