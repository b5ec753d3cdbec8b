"""Outlines survive the way into the page: half a step of error, shared borders still shared."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas import atlas_map
from quartiersatlas.present.map import geometry
from quartiersatlas.present.map.geometry import encode_point, encode_shapes, simplified

STEP = 1e-5


def decode(shape):
    """Undo the encoding: running sums of the steps, closed, in degrees."""
    rings = [[np.cumsum(np.reshape(ring, (-1, 2)), axis=0) for ring in part] for part in shape]
    return shapely.MultiPolygon([shapely.Polygon(part[0] * STEP, [hole * STEP for hole in part[1:]]) for part in rings])


def frame(*shapes, crs="EPSG:25832"):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def corners(shape):
    return {tuple(np.rint(xy / STEP).astype(int)) for xy in shapely.get_coordinates(shape)}


def test_every_corner_of_the_sample_city_is_kept_within_half_a_step(exported):
    degrees = exported.geometry.to_crs("EPSG:4326")
    for shape, original in zip(encode_shapes(exported), degrees, strict=True):
        decoded = decode(shape)
        distances = shapely.distance(shapely.points(shapely.get_coordinates(decoded)), original.boundary)
        assert distances.max() <= STEP * 0.5 * np.sqrt(2) + 1e-12
        assert decoded.is_valid
        assert decoded.symmetric_difference(original).area < STEP * original.length


def test_neighbours_of_the_sample_city_share_every_border_corner(exported):
    degrees = exported.geometry.to_crs("EPSG:4326").tolist()
    decoded = [corners(decode(shape)) for shape in encode_shapes(exported)]
    pairs = 0
    for i, j in zip(*exported.sindex.query(exported.geometry, predicate="touches"), strict=True):
        common = set(map(tuple, shapely.get_coordinates(degrees[i]))) & set(
            map(tuple, shapely.get_coordinates(degrees[j]))
        )
        assert corners(shapely.MultiPoint(list(common))) <= decoded[i] & decoded[j]
        pairs += len(common) > 1
    assert pairs > 200


def test_decoded_coverage_has_no_gap_and_no_overlap(exported):
    decoded = [decode(shape) for shape in encode_shapes(exported)]
    on_grid = [shapely.transform(shape, lambda xy: np.rint(xy / STEP)) for shape in decoded]
    assert shapely.coverage_is_valid(on_grid)


def test_holes_and_parts_are_kept():
    ring = shapely.Polygon(
        [(450_000, 5_650_000), (453_000, 5_650_000), (453_000, 5_653_000), (450_000, 5_653_000)],
        [[(451_000, 5_651_000), (452_000, 5_651_000), (452_000, 5_652_000), (451_000, 5_652_000)]],
    )
    islands = shapely.MultiPolygon([ring, shapely.box(455_000, 5_650_000, 456_000, 5_651_000)])
    whole, parts = (decode(shape) for shape in encode_shapes(frame(ring, islands)))
    assert [len(part.interiors) for part in whole.geoms] == [1]
    assert [len(part.interiors) for part in parts.geoms] == [1, 0]
    in_metres = gpd.GeoSeries([whole, parts], crs="EPSG:4326").to_crs("EPSG:25832")
    assert in_metres.area.tolist() == pytest.approx([8e6, 9e6], rel=2e-3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(6_000_000, 6_000_200), st.integers(-200, -1)), min_size=3, max_size=12, unique=True)
)
def test_any_ring_comes_back_within_half_a_step(corners_in_millionths):
    points = np.array(corners_in_millionths) / 1e6
    shape = encode_shapes(frame(shapely.Polygon(points), crs="EPSG:4326"))[0]
    back = np.cumsum(np.reshape(shape[0][0], (-1, 2)), axis=0) * STEP
    between = np.abs(back[:, None, :] - points[None, :, :]).max(axis=2)
    steps = np.diff(np.rint(points / STEP), axis=0)
    if len(back) or steps.any():
        assert between.min(axis=1).max() <= STEP * 0.5 + 1e-9
        assert between.min(axis=0).max() <= STEP * 0.5 + 1e-9


def test_points_are_latitude_then_longitude():
    assert encode_point(shapely.Point(9.123456, 51.654321)) == [51.65432, 9.12346]


def test_light_areas_are_not_simplified(exported):
    areas, tolerance = simplified(exported)
    assert areas is exported
    assert tolerance == 0


def test_heavy_areas_are_simplified_with_shared_borders_and_the_page_says_so(monkeypatch, town_release):
    wave = [(450_000 + 5 * i, 5_650_000 + 3 * (i % 2)) for i in range(200)]
    above = shapely.Polygon([*wave, (wave[-1][0], 5_651_000), (450_000, 5_651_000)])
    below = shapely.Polygon([*wave, (wave[-1][0], 5_649_000), (450_000, 5_649_000)])
    monkeypatch.setattr(geometry, "MANY_POINTS", 10)
    light, tolerance = simplified(frame(above, below))
    assert tolerance == 10
    assert shapely.get_num_coordinates(light.geometry).sum() < 30
    assert shapely.coverage_is_valid(light.geometry.to_numpy())
    assert "Grenzen für die Karte vereinfacht (Toleranz 10 m)." in atlas_map(town_release).html()
