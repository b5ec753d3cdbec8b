"""Surroundings that a barrier cuts: against a loop over all pairs, with the ways over bridges found by hand."""

from __future__ import annotations

import itertools
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from quartiersatlas.errors import ArgumentError, GeometryError, SpecError
from quartiersatlas.space.surroundings import surrounding_sums

RIVER = LineString([(1000, -5000), (1000, 5000)])


def layer(*shapes, crs=25832):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def around(points, radius, kernel="uniform", **more):
    return surrounding_sums(points, np.ones((len(points), 1)), radius, kernel, **more)[0, :, 0].tolist()


def test_who_lives_behind_a_river_does_not_count():
    points = [[500, 0], [900, 0], [1100, 0], [1500, 0]]
    assert around(points, 2000) == [4, 4, 4, 4]
    assert around(points, 2000, barriers=layer(RIVER)) == [2, 2, 2, 2]
    assert around(points, 2000, barriers=layer(box(990, -5000, 1010, 5000))) == [2, 2, 2, 2]
    assert around(points, 2000, barriers=layer()) == [4, 4, 4, 4]


@pytest.mark.parametrize(("radius", "found"), [(999, 1), (1000, 2), (1001, 2)])
def test_the_way_over_a_bridge_is_the_distance(radius, found):
    # from (700, 0) to the bridge (1000, 400) it is 500 m, and from there to (1300, 0) 500 m; straight it would be 600 m
    points = [[700, 0], [1300, 0]]
    assert around(points, radius, barriers=layer(RIVER), crossings=layer(Point(1000, 400))) == [found, found]


def test_two_bridges_one_behind_the_other():
    points = [[0, 0], [3000, 0]]
    rivers = layer(RIVER, LineString([(2000, -5000), (2000, 5000)]))
    assert around(points, 9000, barriers=rivers, crossings=layer(Point(1000, 400))) == [1, 1]
    two = layer(Point(1000, 400), Point(2000, 400))
    over = 2 * math.hypot(1000, 400) + 1000
    assert around(points, over - 0.01, barriers=rivers, crossings=two) == [1, 1]
    assert around(points, over + 0.01, barriers=rivers, crossings=two) == [2, 2]


def test_who_lives_on_a_barrier_counts_for_oneself():
    assert around([[1000, 0], [1000, 300]], 500, barriers=layer(RIVER)) == [1, 1]


@pytest.mark.parametrize("kernel", ["uniform", "triangular", "gaussian", "exponential"])
def test_sums_are_those_of_a_loop(kernel):
    random = np.random.default_rng(3)
    points, values = random.random((60, 2)) * 3000, random.integers(0, 50, (60, 2)).astype(float)
    walls = [LineString(random.random((3, 2)) * 3000) for _ in range(4)]
    gates = [wall.interpolate(0.4, normalized=True) for wall in walls]
    open_ = shapely.union_all(walls) - shapely.union_all([gate.buffer(50) for gate in gates])
    places = [*map(Point, points), *gates]
    straight = np.full((64, 64), np.inf)
    for i, j in itertools.product(range(64), repeat=2):
        if i == j or not LineString([places[i], places[j]]).intersects(open_):
            straight[i, j] = places[i].distance(places[j])
    way = straight.copy()
    for gate in range(60, 64):
        way = np.minimum(way, way[:, [gate]] + way[[gate], :])
    formula = {
        "uniform": lambda d: (d <= 800).astype(float),
        "triangular": lambda d: np.maximum(1 - d / 800, 0),
        "gaussian": lambda d: np.exp(-((d / 800) ** 2) / 2),
        "exponential": lambda d: np.exp(-d / 800),
    }[kernel]
    options = {"barriers": layer(*walls), "crossings": layer(*gates)}
    found = surrounding_sums(points, values, [800], kernel, **options)[0]
    np.testing.assert_allclose(found, formula(way[:60, :60]) @ values, rtol=1e-9)
    assert (found < surrounding_sums(points, values, [800], kernel)[0] - 1).any()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"crossings": layer(Point(0, 0))}, SpecError, "crossings open barriers, but there are none"),
        ({"barriers": layer(Point(0, 0))}, GeometryError, "1 row of barriers hold no lines or polygons"),
        ({"barriers": RIVER}, ArgumentError, "barriers takes a GeoDataFrame"),
        ({"barriers": layer(RIVER), "method": "grid"}, SpecError, "knows no barriers"),
        (
            {"barriers": layer(RIVER), "crossings": layer(Point(0, 0), crs=25833)},
            GeometryError,
            r"crossings and barriers are in different coordinate reference systems: crossings.to_crs\(barriers.crs\)",
        ),
    ],
)
def test_bad_input_is_answered(options, error, message):
    with pytest.raises(error, match=message):
        around([[0, 0]], 100, **options)
