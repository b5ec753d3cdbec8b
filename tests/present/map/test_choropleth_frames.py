"""A frame of numbers and shapes is drawn at once."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError


@pytest.fixture
def frame():
    shapes = [shapely.box(350_000 + 500 * i, 5_800_000, 350_500 + 500 * i, 5_800_700) for i in range(5)]
    columns = {
        "id": [f"0{i}" for i in range(1, 6)],
        "quarter": ["Alt", "Berg", "Cala", "Dorn", "Esch"],
        "empty_homes": [1.5, 2.5, 8.0, 4.0, 3.5],
        "people": [900, 1200, 800, 2000, 700],
        "broken": [-9999, -9999, 1, 2, 3],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:25833")


def test_a_frame_is_drawn_by_naming_its_columns(frame):
    atlas = qa.choropleth(
        frame, "empty_homes", key="id", name="quarter", population="people", unit="percent", label="Vacancy", lang="en"
    )
    assert atlas.release.values["empty_homes"].to_dict() == dict(zip(frame["id"], frame["empty_homes"], strict=True))
    assert atlas.release.title == "Vacancy"
    assert "Vacancy" in atlas.html()
    assert "Cala" in atlas.html()


def test_what_is_said_of_the_column_takes_the_place_of_the_catalogue(frame):
    frame = frame.rename(columns={"empty_homes": "mh_share"})
    atlas = qa.choropleth(frame, "mh_share", key="id", population="people", unit="per 1000")
    assert atlas.release.catalogue["mh_share"].unit == "per 1000"
    assert atlas.release.catalogue["mh_share"].label("de") == qa.Catalogue.builtin()["mh_share"].label("de")


def test_options_of_a_frame_are_refused_with_joined_data(frame):
    data = qa.join(frame.drop(columns="broken"), key="id", population="people")
    with pytest.raises(SpecError, match="'key' is for a frame"):
        qa.choropleth(data, "empty_homes", key="id")
    with pytest.raises(ColumnError, match=r"The frame has no column 'empty_home'.*'empty_homes'"):
        qa.choropleth(frame, "empty_home", key="id")


def test_ready_made_numbers_are_drawn_without_residents(frame):
    atlas = qa.choropleth(frame.drop(columns="people"), "empty_homes", key="id", unit="percent", lang="en")
    assert atlas.release.values["empty_homes"].tolist() == frame["empty_homes"].tolist()
    assert atlas.release.residents.isna().all()
    assert '"values":[15,25,80,40,35]' in atlas.html()  # tenths of a percent


def test_counts_are_not_drawn_without_residents(frame):
    with pytest.raises(SpecError, match="Which column holds the residents"):
        qa.choropleth(frame.assign(cases=[4, 5, 6, 7, 8]).drop(columns="people"), "cases", key="id")


def test_a_kind_is_said_with_its_unit(frame):
    atlas = qa.choropleth(frame, "empty_homes", key="id", population="people", kind="median", unit="EUR")
    assert atlas.release.catalogue["empty_homes"].kind == "median"
    assert atlas.release.catalogue["empty_homes"].unit == "EUR"
