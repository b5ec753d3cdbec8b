"""A city across the 180th meridian stands on the map in one piece, all its layers on the same side."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.present.map.topology import in_degrees


@pytest.fixture
def fiji():
    """Four squares of about 30 km around 180 degrees in the map grid of Fiji."""
    shapes = gpd.GeoSeries([shapely.box(x, -17, x + 0.3, -16.7) for x in (179.4, 179.7)], crs="EPSG:4326").to_crs(3460)
    east = gpd.GeoSeries([shapely.box(x, -17, x + 0.3, -16.7) for x in (-180.0, -179.7)], crs="EPSG:4326").to_crs(3460)
    keys = ["1", "2", "3", "4"]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=[*shapes, *east], crs=3460)
    return qa.join(areas, pd.DataFrame({"poor": [90.0, 200, 300, 50], "residents": [1000.0] * 4}, index=keys))


def test_longitudes_run_on_across_the_meridian(fiji):
    west, _, east, _ = in_degrees(fiji.areas.geometry).total_bounds
    assert (west, east) == pytest.approx((179.4, 180.6), abs=1e-6)
    points = in_degrees(fiji.areas.geometry.representative_point()).x
    assert points.round(2).tolist() == pytest.approx([179.55, 179.85, 180.15, 180.45])


def test_other_places_stay_where_they_are():
    berlin = gpd.GeoSeries([shapely.box(390_000, 5_815_000, 391_000, 5_816_000)], crs="EPSG:25833")
    assert in_degrees(berlin).geom_equals_exact(berlin.to_crs("EPSG:4326"), 0).all()


def test_the_map_opens_on_the_city(fiji):
    data = qa.add_rates(fiji, {"rate": ("poor", "residents")})
    release = qa.release(data, title="T")
    latitude, longitude = qa.atlas_map(release).to_folium().location
    assert longitude == pytest.approx(180, abs=0.01)
    assert np.isclose(latitude, -16.85, atol=0.01)
