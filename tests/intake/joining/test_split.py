"""One town out of many: its own areas, totals and published values, and nothing of the others."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError
from quartiersatlas.present.statements import method_texts

RATE = {"poverty": ("poor", "residents")}


@pytest.fixture
def two_towns(grid):
    areas = grid(6).assign(town=["Y", "X", "X", "Y", "X", "X"])
    table = pd.DataFrame({"poor": [10.0, 200, 300, 90, 50, 70], "residents": [1000.0] * 6}, index=areas.index)
    references = {
        "city": qa.Reference(values={"poverty": 12.0}, source="Office"),
        "state": qa.Reference(values={"poverty": 9.0}, source="Office"),
        "towns": qa.Reference(values={"poverty": {"X": 15.5, "Y": 5.0}}, source="Office"),
    }
    return qa.add_rates(qa.join(areas, table, references=references), RATE)


def test_each_town_has_its_areas_and_its_own_city_value(two_towns):
    towns = qa.split(two_towns, "town")
    assert list(towns) == ["X", "Y"]
    assert {town: list(one.areas.index) for town, one in towns.items()} == {
        "X": ["b0", "c0", "e0", "f0"],
        "Y": ["a0", "d0"],
    }
    for town, known in (("X", 620 / 4000), ("Y", 100 / 2000)):
        one = towns[town]
        assert qa.city_value(*one.parts("poverty")) == pytest.approx(known)
        assert one.values.index.equals(one.areas.index)
        assert one.status.index.equals(one.areas.index)
        assert one.report.n_areas == len(one.areas)


def test_a_town_by_itself_is_what_its_own_join_gives(two_towns, grid):
    keys = ["b0", "c0", "e0", "f0"]
    alone = qa.add_rates(qa.join(grid(6).loc[keys], two_towns.values.loc[keys, ["poor", "residents"]]), RATE)
    rule = qa.above_city("poverty")
    one, other = (qa.screen(data, rule) for data in (qa.split(two_towns, "town")["X"], alone))
    assert one.keys == other.keys == ["b0", "c0"]


def test_published_values_of_the_whole_do_not_stay_those_of_the_town_do(two_towns):
    town = qa.split(two_towns, "town")["X"]
    assert set(town.references) == {"state", "towns"}
    assert town.references["state"].values == {"poverty": 9.0}
    assert town.references["towns"].values == {"poverty": {"X": 15.5}}
    said = method_texts(qa.release(town, title="T", source="S"), "en")
    assert "The data cover X (town): 4 of the 6 areas that were read. The city value is that of X." in said
    assert any("read together do not apply here" in line for line in said)


def test_changes_are_taken_apart_with_their_earlier_date(two_towns):
    later = qa.add_change(two_towns, two_towns, ["poverty"])
    base, earlier = qa.split(later, "town")["Y"].changes["poverty_change"]
    assert base == "poverty"
    assert list(earlier.areas.index) == ["a0", "d0"]


@pytest.mark.parametrize(
    ("by", "said"), [("poor", "no column 'poor'"), ("region", "no column 'region'"), ("name", "no column 'name'")]
)
def test_what_is_no_level_is_refused(two_towns, by, said):
    with pytest.raises(ColumnError, match=said):
        qa.split(two_towns, by)


def test_areas_of_no_town_are_named(grid):
    areas = grid(3).assign(town=["X", None, "Y"])
    data = qa.join(areas, pd.DataFrame({"residents": [10.0, 20, 30]}, index=areas.index))
    with pytest.raises(ColumnError, match="areas have no 'town': 'b0'"):
        qa.split(data, "town")


def test_a_frame_is_no_joined_data(grid):
    with pytest.raises(ArgumentError, match=r"data = qa\.join\(areas, table\)"):
        qa.split(grid(2), "town")
