"""Outlines survive the way into the page: half a step of error, shared borders written once."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas import atlas_map
from quartiersatlas.present.map import topology
from quartiersatlas.present.map.topology import (
    encode_point,
    encode_topology,
    simplified,
    tolerance,
    varint_text,
    zigzag,
)

spec = importlib.util.spec_from_file_location("topologies", Path(__file__).parents[1] / "topologies.py")
topologies = importlib.util.module_from_spec(spec)
spec.loader.exec_module(topologies)

STEP = topologies.STEP


def frame(*shapes, crs="EPSG:25832"):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def on_grid(shape):
    return shapely.transform(shape, lambda xy: np.rint(xy / STEP))


def tiles(corners, columns):
    """Return the tiles of a net of corners, row by row; each tile goes round its four corners."""
    xy = np.array(corners).reshape(-1, columns, 2)
    return [
        shapely.Polygon([xy[r, c], xy[r, c + 1], xy[r + 1, c + 1], xy[r + 1, c]])
        for r in range(xy.shape[0] - 1)
        for c in range(columns - 1)
    ]


@given(st.lists(st.integers(0, 2**35 - 1)))
def test_whole_numbers_come_back_from_their_bytes(numbers):
    assert topologies.varints(varint_text(np.array(numbers, dtype=np.int64))) == numbers


@pytest.mark.parametrize("number", [-1, 2**35])
def test_numbers_that_do_not_fit_are_refused(number):
    with pytest.raises(ValueError, match="from 0 to"):
        varint_text(np.array([number]))


def test_zigzag_counts_0_minus_1_1_minus_2():
    assert zigzag(np.array([0, -1, 1, -2, 2, -(2**33)])).tolist() == [0, 1, 2, 3, 4, 2**34 - 1]


def test_every_corner_of_the_sample_city_is_kept_within_half_a_step(exported):
    degrees = exported.geometry.to_crs("EPSG:4326")
    for decoded, original in zip(topologies.polygons(encode_topology(exported), STEP), degrees, strict=True):
        assert shapely.points(shapely.get_coordinates(decoded)).size > 0
        distances = shapely.distance(shapely.points(shapely.get_coordinates(decoded)), original.boundary)
        assert distances.max() <= STEP * 0.5 * np.sqrt(2) + 1e-12
        assert decoded.is_valid
        assert decoded.symmetric_difference(original).area < STEP * original.length


def test_areas_are_those_of_the_rounded_corners(exported):
    rounded = [on_grid(shape) for shape in exported.geometry.to_crs("EPSG:4326")]
    for decoded, expected in zip(topologies.polygons(encode_topology(exported)), rounded, strict=True):
        assert decoded.area == pytest.approx(expected.area, rel=1e-12)
        assert decoded.equals(expected)


def test_every_stretch_of_border_is_written_once(exported):
    arcs, shapes = topologies.decode(encode_topology(exported))
    steps = Counter(
        tuple(sorted((tuple(a), tuple(b))))
        for arc in arcs
        for a, b in zip(arc[:-1].tolist(), arc[1:].tolist(), strict=True)
    )
    assert set(steps.values()) == {1}
    uses = Counter(arc for shape in shapes for part in shape for ring in part for arc, _ in ring)
    assert set(uses) == set(range(len(arcs)))
    assert set(uses.values()) == {1, 2}


def test_neighbours_of_the_sample_city_share_arcs_as_long_as_their_common_border(exported):
    encoded = encode_topology(exported)
    arcs, shapes = topologies.decode(encoded)
    owners = {}
    for number, shape in enumerate(shapes):
        for arc, _ in (ref for part in shape for ring in part for ref in ring):
            owners.setdefault(arc, []).append(number)
    shared = Counter()
    for arc, both in owners.items():
        if len(both) == 2:
            shared[tuple(both)] += shapely.LineString(arcs[arc]).length
    rounded = [on_grid(shape) for shape in exported.geometry.to_crs("EPSG:4326")]
    pairs = 0
    for i, j in zip(*exported.sindex.query(exported.geometry, predicate="touches"), strict=True):
        common = rounded[i].intersection(rounded[j]).length
        if i < j and common > 0:
            assert shared[i, j] == pytest.approx(common, rel=1e-9)
            pairs += 1
    assert pairs == len(shared) > 200


def test_decoded_coverage_has_no_gap_and_no_overlap(exported):
    assert shapely.coverage_is_valid(topologies.polygons(encode_topology(exported)))


def test_holes_parts_and_an_island_in_the_hole_are_kept():
    around = shapely.Polygon(
        [(450_000, 5_650_000), (453_000, 5_650_000), (453_000, 5_653_000), (450_000, 5_653_000)],
        [[(451_000, 5_651_000), (452_000, 5_651_000), (452_000, 5_652_000), (451_000, 5_652_000)]],
    )
    inside = shapely.box(451_000, 5_651_000, 452_000, 5_652_000)
    two = shapely.MultiPolygon([shapely.box(455_000, 5_650_000, 456_000, 5_651_000), inside])
    encoded = encode_topology(frame(around, two))
    whole, parts = topologies.polygons(encoded, STEP)
    assert [len(part.interiors) for part in whole.geoms] == [1]
    assert [len(part.interiors) for part in parts.geoms] == [0, 0]
    arcs, shapes = topologies.decode(encoded)
    assert len(arcs) == 3  # the outer ring, the hole that is the island's outline, the other part
    assert shapes[0][0][1][0][0] == shapes[1][1][0][0][0]
    in_metres = gpd.GeoSeries([whole, parts], crs="EPSG:4326").to_crs("EPSG:25832")
    assert in_metres.area.tolist() == pytest.approx([8e6, 2e6], rel=2e-3)


def test_a_shape_smaller_than_the_grid_and_a_hole_smaller_than_the_grid_vanish():
    tiny = shapely.box(9.0, 51.0, 9.000001, 51.000001)
    speck = [(9.1, 51.1), (9.100001, 51.1), (9.100001, 51.100001)]
    large = shapely.Polygon([(9.05, 51.05), (9.15, 51.05), (9.15, 51.15), (9.05, 51.15)], [speck])
    gone, left = topologies.polygons(encode_topology(frame(tiny, large, crs="EPSG:4326")))
    assert gone.is_empty
    assert [len(part.interiors) for part in left.geoms] == [0]


def test_no_shapes_are_no_arcs():
    empty = encode_topology(gpd.GeoDataFrame(geometry=[], crs="EPSG:25832"))
    assert topologies.decode(empty) == ([], [])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=16, max_size=16), st.booleans())
def test_any_net_of_tiles_comes_back_corner_by_corner(shifts, turned):
    """Also where tiles fold over themselves or collapse: rings are kept point by point, neighbours share borders."""
    corners = [
        ((100 * c + dx) * STEP + 9, (100 * r + dy) * STEP + 51)
        for (r, c), (dx, dy) in zip(np.ndindex(4, 4), shifts, strict=True)
    ]
    shapes = tiles(corners, 4)
    if turned:
        shapes = [shape.reverse() if i % 2 else shape for i, shape in enumerate(shapes)]
    encoded = encode_topology(frame(*shapes, crs="EPSG:4326"))
    arcs, _ = topologies.decode(encoded)
    decoded = topologies.polygons(encoded)
    assert all(back.equals(on_grid(shape)) for back, shape in zip(decoded, shapes, strict=True))
    inner = 12  # borders between nine tiles, beside four tiles at corners and stretches along the edge
    assert len(arcs) == inner + 8


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(6_000_000, 6_000_200), st.integers(-200, -1)), min_size=3, max_size=12, unique=True)
)
def test_any_ring_comes_back_within_half_a_step(corners_in_millionths):
    points = np.array(corners_in_millionths) / 1e6
    arcs, shapes = topologies.decode(encode_topology(frame(shapely.Polygon(points), crs="EPSG:4326")))
    if not shapes[0]:
        grid = np.rint(points / STEP)
        assert np.any(grid != np.roll(grid, 1, axis=0), axis=1).sum() < 3
        return
    back = topologies.ring_points(arcs, shapes[0][0][0]) * STEP
    between = np.abs(back[:, None, :] - points[None, :, :]).max(axis=2)
    assert between.min(axis=1).max() <= STEP * 0.5 + 1e-9
    assert between.min(axis=0).max() <= STEP * 0.5 + 1e-9


def test_points_are_latitude_then_longitude():
    assert encode_point(shapely.Point(9.123456, 51.654321)) == [51.65432, 9.12346]


def test_light_areas_are_not_simplified(exported):
    assert tolerance(exported) == 0
    assert simplified(exported) is exported


@pytest.mark.parametrize("limit", ["MANY_POINTS", "MANY_AREAS"])
def test_heavy_areas_are_simplified_with_shared_borders_and_the_page_says_so(monkeypatch, town_release, limit):
    wave = [(450_000 + 5 * i, 5_650_000 + 3 * (i % 2)) for i in range(200)]
    above = shapely.Polygon([*wave, (wave[-1][0], 5_651_000), (450_000, 5_651_000)])
    below = shapely.Polygon([*wave, (wave[-1][0], 5_649_000), (450_000, 5_649_000)])
    monkeypatch.setattr(topology, limit, 1)
    assert tolerance(frame(above, below)) == 10
    light = simplified(frame(above, below))
    assert shapely.get_num_coordinates(light.geometry).sum() < 30
    assert shapely.coverage_is_valid(light.geometry.to_numpy())
    assert "Grenzen für die Karte vereinfacht (Toleranz 10 m)." in atlas_map(town_release).html()
