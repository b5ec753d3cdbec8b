"""Names are found however they are written; streets lead to their areas in few bytes."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from random import Random

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, ReleaseError
from quartiersatlas.present.map.topology import varint_text
from quartiersatlas.present.places.gazetteer import Gazetteer, fold, gazetteer

ASSETS = files("quartiersatlas.present.map") / "assets"
SAME = [
    ("Südhöhe", "Suedhoehe", "sudhohe", "SÜDHÖHE", "Su\u0308dho\u0308he"),
    ("Karl-Marx-Str.", "Karl Marx Straße", "karlmarxstrasse", "Karl-Marx-Str"),
    ("Str. des 17. Juni", "Straße des 17. Juni", "STRASSE DES 17.JUNI"),
    ("Gießener Str.12", "Giessener Straße 12"),
    ("Łużycka", "luzycka"),
]
UNCHANGED = ["stressowplatz", "astrid", "hastra"]


@pytest.fixture(scope="module")
def node():
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is needed to run the page's modules by themselves; it is not on the PATH.")

    def evaluate(expression, argument):
        lines = [
            f'import * as search from "{(ASSETS / "search").as_uri()}.js";',
            f"const given = {json.dumps(argument)};",
            f"console.log(JSON.stringify({expression}));",
        ]
        done = subprocess.run(
            [program, "--input-type=module"], input="\n".join(lines), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluate


@pytest.mark.parametrize("words", SAME, ids=lambda words: words[0])
def test_a_name_is_the_same_however_it_is_written(words):
    assert len({fold(word) for word in words}) == 1


@pytest.mark.parametrize("word", UNCHANGED)
def test_letters_that_look_like_a_short_street_stay(word):
    assert fold(word) == word


def test_other_scripts_keep_their_letters():
    assert fold("Площадь Мира") == "площадьмира"
    assert fold("漢字") != fold("平仮名")
    assert fold("") == ""


def test_the_page_compares_as_python_does(node):
    words = [
        *(word for group in SAME for word in group),
        *UNCHANGED,
        "Площадь Мира",
        "Neue Straße",
        "Œuvre",
        "Æ",
        " -- ",
    ]
    assert node("given.map((word) => search.fold(word))", words) == [fold(word) for word in words]


@pytest.fixture(scope="module")
def streets():
    """Return ten thousand invented streets with one to three of 542 areas."""
    rng = Random(11)  # noqa: S311 - invented names
    heads = [
        "".join(rng.choice("bdfghklmnrstw") + rng.choice("aeiouäöü") for _ in range(rng.randint(2, 4)))
        for _ in range(1500)
    ]
    tails = ["straße", "weg", "allee", "platz", "ring", "gasse", "steig", "ufer"]
    names = sorted({(rng.choice(heads) + rng.choice(tails)).capitalize() for _ in range(40_000)})[:10_000]
    assert len(names) == 10_000
    return Gazetteer(tuple(names), tuple(tuple(sorted(rng.sample(range(542), rng.randint(1, 3)))) for _ in names))


def test_ten_thousand_streets_take_at_most_130_kb_and_come_back(streets, node):
    encoded = {"names": streets.front_coded, "areas": varint_text(np.array(streets.steps, dtype=np.int64))}
    assert sum(len(text.encode()) for text in encoded.values()) <= 130_000
    back = node("search.decodeStreets(given)", encoded)
    assert tuple(one["name"] for one in back) == streets.streets
    assert tuple(tuple(one["areas"]) for one in back) == streets.areas


def test_a_frame_and_a_mapping_give_the_same_list(town_release):
    frame = pd.DataFrame({"street": ["Anger", "Anger", " Neuer  Weg", None], "key": ["02", "01", "05", "01"]})
    mapping = {"Anger": ["01", "02"], "Neuer Weg": "05"}
    for given in (frame, mapping):
        found = gazetteer(given, town_release)
        assert found.streets == ("Anger", "Neuer Weg")
        assert found.areas == ((0, 1), (4,))


def test_two_ways_to_write_a_street_are_one_under_the_longer_name(town_release):
    found = gazetteer({"Karl-Marx-Str.": "01", "Karl-Marx-Straße": "03"}, town_release)
    assert found == Gazetteer(("Karl-Marx-Straße",), ((0, 2),))


def test_what_is_wrong_is_said(town_release):
    with pytest.raises(ReleaseError, match="'77', '1' of the street list are no areas"):
        gazetteer({"Anger": ["01", "77"], "Weg": "1"}, town_release)
    with pytest.raises(ColumnError, match="no column 'key'"):
        gazetteer(pd.DataFrame({"street": ["Anger"], "area": ["01"]}), town_release)
    with pytest.raises(ArgumentError, match="gazetteer"):
        gazetteer(["Anger"], town_release)
    with pytest.raises(ReleaseError):
        qa.atlas_map(town_release, gazetteer={"Anger": "77"})


def test_what_is_found_first(node):
    names = [
        ("area", "Marktviertel"), ("area", "Am Markt"), ("street", "Marktstraße"), ("district", "Markt"),
        ("facility", "Jugendtreff Markt"), ("area", "Flohmarkt"), ("street", "Stresemannplatz"),
    ]  # fmt: skip
    expression = """(() => {
        const keys = (kind, i) => (kind === "area" ? ["0" + i] : []);
        const all = given.names.map(([kind, text], i) => search.searchEntry(kind, text, i, "", keys(kind, i)));
        return given.queries.map((query) => search.findEntries(all, query).map(({ text }) => text));
    })()"""
    queries = ["markt", "01", "str", "marktstr", "  ", "zz"]
    found = dict(zip(queries, node(expression, {"names": names, "queries": queries}), strict=True))
    assert found["markt"] == ["Markt", "Marktviertel", "Marktstraße", "Am Markt", "Jugendtreff Markt", "Flohmarkt"]
    assert found["01"] == ["Am Markt"]
    assert found["str"] == ["Stresemannplatz", "Marktstraße"]
    assert found["marktstr"] == ["Marktstraße"]
    assert found["  "] == found["zz"] == []
