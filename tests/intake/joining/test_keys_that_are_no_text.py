"""Keys as numbers in what a caller names are refused: they have lost their zeros, whichever function takes them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, JoinError


@pytest.fixture
def table():
    return pd.DataFrame({"Haushalte": [410.0, 520.0, 630.0]}, index=["031", "032", "33"])


@pytest.mark.parametrize("rename", [{33: "033"}, {"33": 33}])
def test_numbers_in_rename_of_a_join_are_refused(row, table, rename):
    with pytest.raises(ArgumentError, match=r"rename.*'33'.*quotation marks"):
        qa.join(row("031", "032", "033"), table, rename=rename)
    assert qa.join(row("031", "032", "033"), table, rename={"33": "033"}).values["Haushalte"].tolist() == [
        410,
        520,
        630,
    ]


@pytest.mark.parametrize("rename", [{33: "033"}, {"33": 33}])
def test_numbers_in_rename_of_areas_are_refused(row, rename):
    frame = row("031", "032", "33").reset_index()
    with pytest.raises(ArgumentError, match=r"rename.*'33'.*quotation marks"):
        qa.read_areas(frame, key="key", rename=rename)
    assert qa.read_areas(frame, key="key", rename={"33": "033"}).index.tolist() == ["031", "032", "033"]


@pytest.mark.parametrize("merged", [{31: ["031", "032"]}, {"031+032": [31, 32]}])
def test_numbers_in_merged_areas_are_refused(row, merged):
    with pytest.raises(ArgumentError, match=r"merge_areas.*'31'.*quotation marks"):
        qa.merge_areas(row("031", "032", "033"), merged)


def test_merged_areas_are_named_in_either_form_of_their_letters(row):
    merged = qa.merge_areas(row("Ho\u0308he".replace("o\u0308", "ö"), "Tal"), {"Alle": ["Ho\u0308he", "Tal"]})
    assert merged.index.tolist() == ["Alle"]


def test_zeros_that_areas_in_a_frame_have_lost_are_put_back_as_the_message_says(row, table):
    areas = row("31", "32", "33").reset_index().assign(key=[31, 32, 33])
    table = table.set_axis(["031", "032", "033"]).rename_axis("key").reset_index()
    with pytest.raises(JoinError, match="probably lost leading zeros") as error:
        qa.join(areas, table, key="key", name="name")
    repair = "areas.assign(**{'key': areas['key'].astype(str).str.zfill(3)})"
    assert repair in str(error.value)
    mended = areas.assign(key=areas["key"].astype(str).str.zfill(3))
    assert isinstance(mended, gpd.GeoDataFrame)
    assert qa.join(mended, table, key="key", name="name").values["Haushalte"].tolist() == [410, 520, 630]
