"""Leaflet is the published one, its licence goes with it, and our modules fit together."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from quartiersatlas.present.map.atlas import MODULES, _without_blanks, asset, bundle

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


def test_every_module_is_bundled_after_the_modules_it_imports():
    assert sorted(MODULES) == sorted(path.name for path in ASSETS.iterdir() if path.name.endswith(".js"))
    for position, name in enumerate(MODULES):
        needed = re.findall(r'^import .* from "\./(.*)";', asset(name), flags=re.MULTILINE)
        assert set(needed) <= set(MODULES[:position])


def test_bundle_has_no_joints_and_no_name_twice():
    assert not re.search(r"^(import|export) ", bundle(), flags=re.MULTILINE)
    code = "\n".join(map(asset, MODULES))
    names = re.findall(r"^(?:export )?(?:function|const|let) (\w+)", code, flags=re.MULTILINE)
    assert len(names) == len(set(names)) > 10


def test_blanks_stay_where_they_mean_something():
    code = 'const a = b + +c;\nlet s = `x ${ {a: `in  ${n } ner`}.a } y`;\n  if (/a  b[/] /.test(s)) return "a , b";'
    assert _without_blanks(code) == (
        'const a=b+ +c;\nlet s=`x ${{a:`in  ${n} ner`}.a} y`;\nif(/a  b[/] /.test(s))return"a , b";'
    )


def test_the_bundle_is_the_code_of_the_modules_without_types_and_comments():
    code = bundle()
    assert "/**" not in code
    assert not re.search(r"^ *//", code, flags=re.MULTILINE)
    for name in MODULES:
        lines = re.sub(r"/\*\*.*?\*/", "", asset(name), flags=re.DOTALL).splitlines()
        wanted = [line.strip() for line in lines if not re.match(r" *(//|import )", line)]
        squeezed = re.sub(r"\s", "", code)
        assert re.sub(r"\s", "", "".join(line.removeprefix("export ") for line in wanted)) in squeezed, name
