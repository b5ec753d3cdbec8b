"""Who writes TOML is advised in TOML, and the lines work when they are pasted."""

from __future__ import annotations

import json
import tomllib
from types import SimpleNamespace

import pytest

from quartiersatlas.base.toml import toml_value
from quartiersatlas.errors import JoinError, KeyColumnError, QuartiersatlasError
from quartiersatlas.project import check_project
from quartiersatlas.project.toml_words import in_toml, toml_advice

OPTIONS = ("rename", "repair", "exclude", "missing", "symbols", "key", "dissolve", "pivot", "header_rows")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("if they are the same: rename={'7': '07', 'a \"b\"': 'ü'}.", 'rename = { "7" = "07", "a \\"b\\"" = "ü" }'),
        ("pass repair='zero_pad'. All", 'repair = "zero_pad"'),
        ("or pass repair=True to", "repair = true"),
        ("with exclude=['1', '2'], or", 'exclude = ["1", "2"]'),
        ("Name it: symbols={'-9999': 'missing'} (or", 'symbols = { "-9999" = "missing" }'),
        ("part is: key={'bezirk': 2, 'nr': 0} (0", "key = { bezirk = 2, nr = 0 }"),
        ("Pass header_rows=2.", "header_rows = 2"),
        ("such as pivot=(['a', 'b'], 'n'), not", 'pivot = [["a", "b"], "n"]'),
        ("with exclude=err.report.only_in_table, or", 'exclude = ["x", "y"]'),
        ("same: rename=err.report.rename, which", 'rename = { x = "01" }'),
    ],
)
def test_an_option_is_a_line(said, line):
    report = SimpleNamespace(only_in_table=("x", "y"), rename={"x": "01"})
    translated = in_toml(said, "[[tables]]", OPTIONS, report=report)
    assert line in translated
    assert translated.endswith(" Such lines belong to [[tables]].")
    assert len(tomllib.loads(line)) == 1


@pytest.mark.parametrize(
    "said",
    [
        "Pass columns=['a'] for it.",  # no option here
        "Take qa.read_table(table, key='id') first.",  # inside a call
        "Pass rename=..., and look.",  # nothing that could be pasted
        "Pass rename={'a': ...}.",
        "Pass rename={'a': broken}.",
        "The keys are 1=2 and nothing else.",
    ],
)
def test_what_is_no_option_with_a_value_stays_as_it_is(said):
    assert in_toml(said, "[areas]", OPTIONS) == said


def test_areas_that_are_merged_are_a_line_of_the_areas():
    said = "Areas reported as one: merge_areas(areas, {'A und B': ['01', '02']}). Correct the keys."
    assert in_toml(said, "[[tables]]", OPTIONS) == (
        'Areas reported as one: merge = { "A und B" = ["01", "02"] } in [areas]. Correct the keys.'
    )


def test_a_join_by_name_is_another_key_of_the_areas():
    said = "or join by name: areas.set_index(areas['name'].rename('key'))."
    assert in_toml(said, "[[tables]]", OPTIONS, name="NAME") == 'or join by name: key = "NAME" in [areas].'


def test_an_error_keeps_its_kind_and_what_it_carries():
    report = SimpleNamespace(rename={"x": "01"})
    with pytest.raises(JoinError, match=r'rename = \{ x = "01" \}') as caught, toml_advice("[areas]", OPTIONS):
        raise JoinError("Pass rename=err.report.rename.", report)
    assert caught.value.report is report


@pytest.mark.parametrize("value", [True, 3, 2.5, "a\\b\n", ["1"], {"k.1": {"ä": [1, False]}}])
def test_what_is_written_is_read_as_the_same(value):
    assert tomllib.loads(f"value = {toml_value(value)}") == {"value": value}


# in a run


@pytest.fixture
def spoil(city):
    """Give a feature of the sample city another key."""

    def spoil(key, new):
        file = city / "stadtteile.geojson"
        content = json.loads(file.read_text(encoding="utf-8"))
        for feature in content["features"]:
            if feature["properties"]["STADTTEIL"] == key:
                feature["properties"]["STADTTEIL"] = new
        file.write_text(json.dumps(content), encoding="utf-8")

    return spoil


def test_a_wrong_key_of_an_area_is_corrected_in_the_project_file(city, edit, spoil):
    spoil("0101", "9901")
    with pytest.raises(JoinError, match="'9901'") as caught:
        check_project(city / "projekt.toml")
    assert 'missing = "report"' in str(caught.value)
    assert "missing='report'" not in str(caught.value)
    assert "Such lines belong to [[tables]] with path = " in str(caught.value)
    edit(city / "projekt.toml", "[areas]\n", '[areas]\nrename = { "9901" = "0101" }\n')
    areas = check_project(city / "projekt.toml").data.areas
    assert areas["renamed_from"]["0101"] == "9901"


def test_an_option_for_the_areas_is_a_line_of_their_part(city, spoil):
    spoil("0101", "0102")
    with pytest.raises(KeyColumnError, match=r"dissolve = true.*Such lines belong to \[areas\]"):
        check_project(city / "projekt.toml")


def test_an_unknown_way_with_moved_outlines_is_refused(two_dates, edit):
    edit(two_dates / "projekt.toml", "[change]\n", '[change]\noutlines = "ignore"\n')
    with pytest.raises(QuartiersatlasError, match="outlines must be one of 'raise', 'report'"):
        check_project(two_dates / "projekt.toml")
