"""Areas that the tables report as one."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError


def test_merged_areas_have_the_exact_area_of_their_parts(row):
    areas = qa.merge_areas(row("01", "02", "03", "04"), {"02+03": ["02", "03"]})
    assert list(areas.index) == ["01", "02+03", "04"]
    assert areas.area.to_dict() == {"01": 10_000.0, "02+03": 20_000.0, "04": 10_000.0}
    assert areas.geom_type["02+03"] == "Polygon"
    assert areas.crs == "EPSG:25832"


def test_merged_areas_name_their_parts(row):
    areas = qa.merge_areas(row("01", "02", "03"), {"neu": ["02", "03"]})
    assert areas["name"]["neu"] == "Gebiet 02 / Gebiet 03"
    assert areas["merged_from"].to_dict() == {"01": "", "neu": "02, 03"}


def test_merged_areas_keep_parents_and_notice(row):
    given = row("01", "02", "03").assign(bezirk=["X", "Y", "Y"], Hinweis="Synthetische Daten")
    areas = qa.merge_areas(given, {"neu": ["02", "03"]})
    assert areas.loc["neu", ["bezirk", "Hinweis"]].tolist() == ["Y", "Synthetische Daten"]


def test_a_merged_area_may_take_the_key_of_a_part(row):
    assert list(qa.merge_areas(row("01", "02", "03"), {"02": ["02", "03"]}).index) == ["01", "02"]


def test_the_given_areas_stay_as_they_are(row):
    given = row("01", "02", "03")
    qa.merge_areas(given, {"neu": ["02", "03"]})
    assert list(given.index) == ["01", "02", "03"]
    assert list(given.columns) == ["name", "geometry"]


@pytest.mark.parametrize(
    ("merged", "message"),
    [
        ({"neu": ["02", "09"]}, "1 key is not among the areas: '09'"),
        ({"neu": ["01", "02"], "neuer": ["02", "03"]}, "named as part of two merged areas"),
        ({"neu": ["02", "02"]}, "named as part of two merged areas"),
        ({"01": ["02", "03"]}, "the new key '01' is taken by other areas"),
        ({"neu": []}, "'neu' has no parts"),
    ],
)
def test_impossible_mergers_are_refused(row, merged, message):
    with pytest.raises(SpecError, match=message):
        qa.merge_areas(row("01", "02", "03"), merged)
