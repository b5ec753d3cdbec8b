from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, SpecError


@pytest.fixture
def screened(joined):
    # a0 b0 . d0 . f0 are selected; a0-b0 share a border, d0 and f0 stand alone
    data = joined({"x": [9.0, 9, 1, 9, 1, 9], "residents": [1000.0, 1500, 900, 2100, 900, 300]})
    data = qa.add_rates(data, {"rate": ("x", "residents")})
    return data, qa.screen(data, qa.worst_share("x", 4 / 6))


def test_neighbours_are_dissolved_and_small_groups_listed(screened):
    data, shortlist = screened
    found = qa.candidate_areas(data.areas, shortlist, min_population=2000)
    assert found.table["residents"].to_dict() == {"P1": 2500, "P2": 2100}
    assert found.table["n_areas"].tolist() == [2, 1]
    assert found.table["hectares"].tolist() == pytest.approx([200, 100])
    assert found.members.to_dict() == {"a0": "P1", "b0": "P1", "d0": "P2"}
    assert found.too_small.to_dict() == {"f0": 300}


def test_nothing_selected_gives_no_candidates(screened):
    data, _ = screened
    nothing = qa.screen(data, qa.above_city("rate") & qa.worst_share("residents", 0.01) & qa.worst_share("x", 0.01))
    found = qa.candidate_areas(data.areas, nothing)
    assert found.table.empty
    assert found.members.empty
    assert found.table.crs == data.areas.crs


def test_other_areas_are_refused(screened):
    data, shortlist = screened
    with pytest.raises(SpecError, match="that were screened"):
        qa.candidate_areas(data.areas.iloc[:3], shortlist)


def test_programme_overlap_by_surface(screened):
    data, shortlist = screened
    found = qa.candidate_areas(data.areas, shortlist, min_population=0)  # P1 0-2 km, P2 3-4 km, P3 5-6 km
    programmes = gpd.GeoDataFrame(
        {"name": ["West", "Ost"]},
        geometry=[shapely.box(0, 0, 2000, 1000), shapely.box(3500, 0, 5010, 1000)],
        crs=data.areas.crs,
    )
    overlap = qa.programme_overlap(found, programmes)
    assert overlap["covered_share"].tolist() == pytest.approx([1.0, 0.5, 0.01])
    assert overlap["cover"].tolist() == ["covered", "partly", "not_covered"]
    assert overlap["programmes"].tolist() == ["West", "Ost", ""]


def test_programmes_in_another_system_are_refused(screened):
    data, shortlist = screened
    found = qa.candidate_areas(data.areas, shortlist)
    elsewhere = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:25833")
    with pytest.raises(GeometryError, match="different coordinate reference systems"):
        qa.programme_overlap(found, elsewhere)
