"""The ground of the one call: land, borders, surroundings; and what is refused of it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from quartiersatlas import measure_segregation as measure
from quartiersatlas import segregation as s
from quartiersatlas.errors import GeometryError, SpecError

FRAME = pd.DataFrame(
    {"mh": [100.0, 60, 40, 0], "nobody": [0.0] * 4, "residents": [100.0] * 4}, index=["01", "02", "03", "04"]
)


def test_degrees_are_refused_where_geometry_counts_and_only_there(town):
    degrees = town.to_crs(4326)
    with pytest.raises(GeometryError, match=r"to_crs.*EPSG:25832"):
        measure(degrees, ["a"], population="total", indices="delta")
    assert measure(degrees, ["a"], population="total").table["value"].notna().all()


def test_feet_are_refused(town):
    with pytest.raises(GeometryError, match="not the metre"):
        measure(town.to_crs(2263), ["a"], population="total", indices="delta")


def test_areas_without_a_coordinate_system_are_taken_as_plane_and_that_is_said(town):
    plane = gpd.GeoDataFrame(town.drop(columns="geometry"), geometry=town.geometry.to_numpy())
    result = measure(plane, ["a"], population="total", indices="delta")
    assert any("no coordinate system" in str(note) for note in result.notes)
    assert result.table.loc[0, "value"] == pytest.approx(s.delta(town["a"], town.area))


def test_an_area_without_geometry_is_named(town):
    broken = town.copy()
    broken.loc["002", "geometry"] = None
    with pytest.raises(GeometryError, match=r"1 area has no geometry: '002'"):
        measure(broken, ["a"], population="total", indices="delta")


def test_points_have_surroundings_but_no_land(town):
    points = town.set_geometry(town.centroid)
    with pytest.raises(SpecError, match="points, not polygons"):
        measure(points, ["a"], population="total", indices="delta")
    value = measure(points, ["a"], population="total", indices="spatial_dissimilarity", radii=900).table.loc[0, "value"]
    table = np.column_stack([town["a"], town["total"] - town["a"]])
    xy = np.column_stack([town.centroid.x, town.centroid.y])
    assert value == pytest.approx(s.spatial_dissimilarity(table, xy, 900))


def test_metres_as_the_unit_of_decay_give_no_value_with_the_reason(town):
    table = measure(town, ["a"], population="total", indices=["spatial_proximity", "distance_decay_isolation"]).table
    assert table["value"].isna().all()
    assert table["note"].str.contains("distance_unit='km'").all()


def test_equal_areas_have_no_concentration_and_the_reason_is_given(grid):
    frame = gpd.GeoDataFrame(FRAME.set_axis(grid(4).index), geometry=grid(4).geometry)
    table = measure(frame, ["mh"], population="residents", indices=["absolute_concentration"]).table
    assert np.isnan(table.loc[0, "value"])
    assert "same size" in table.loc[0, "note"]


def test_areas_that_do_not_touch_have_no_border_and_the_reason_is_given(grid):
    areas = grid(7).iloc[::2]
    frame = gpd.GeoDataFrame(FRAME.set_axis(areas.index), geometry=areas.geometry)
    table = measure(frame, ["mh"], population="residents", indices=["morrill", "wong_boundary"]).table
    assert table["value"].isna().all()
    assert table["note"].str.contains("no two areas share a border").all()


def test_the_centre_can_be_chosen(town):
    values = {
        str(centre): measure(town, "a", population="total", indices="relative_centralisation", centre=centre).table.loc[
            0, "value"
        ]
        for centre in ("population", "mean", "largest", (0.0, 350.0), [(0.0, 350.0), (20_000.0, 350.0)])
    }
    assert len({round(value, 9) for value in values.values()}) == 5


def test_the_profile_gives_the_spatial_indices_at_every_radius(town):
    result = measure(town, ["a"], population="total")
    profile = result.profile([500, 1500, 1e9], kernel="uniform")
    found = profile[profile["index"] == "spatial_dissimilarity"].set_index("radius")["value"]
    assert found[500] == pytest.approx(s.dissimilarity(town["a"], town["total"] - town["a"]), abs=0.1)
    assert found[1e9] == pytest.approx(0, abs=1e-9)
    assert found.is_monotonic_decreasing
    with pytest.raises(SpecError, match="no geometry"):
        measure(FRAME, "mh", population="residents").profile([500])


def test_web_mercator_is_refused(town):
    with pytest.raises(GeometryError, match="the system of web maps"):
        measure(town.to_crs(3857), "a", population="total", indices="delta")


def test_invalid_outlines_are_named(town):
    broken = town.copy()
    broken.loc["005", "geometry"] = shapely.Polygon([(0, 0), (900, 900), (900, 0), (0, 900)])
    with pytest.raises(GeometryError, match=r"1 area has an invalid outline: '005'.*make_valid"):
        measure(broken, "a", population="total", indices="delta")


def test_an_area_that_does_not_count_needs_no_geometry(town):
    frame = town.astype({"a": float})
    frame.loc["005", "a"] = np.nan
    frame.loc["005", "geometry"] = None
    assert measure(frame, "a", population="total", indices="delta", missing="report").table.loc[0, "n_areas"] == 35


def test_the_same_radius_twice_gives_one_row(town):
    table = measure(town, "a", population="total", indices="spatial_dissimilarity", radii=[900, 900.0]).table
    assert len(table) == 1


def test_shares_within_a_radius_stand_beside_the_areas(town):
    local = measure(town, ["a"], population="total", radii=[1, 1e7], kernel="uniform").local
    assert local["a_share_1m"].tolist() == pytest.approx((town["a"] / town["total"]).tolist())
    assert local["a_share_10000000m"].tolist() == pytest.approx([town["a"].sum() / town["total"].sum()] * 36)
