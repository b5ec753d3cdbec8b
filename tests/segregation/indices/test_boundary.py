"""Dissimilarity less the differences across borders: published patterns, the double loop, an independent package."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.counts import Pair, Places
from quartiersatlas.segregation.indices.boundary import (
    _less_contrast,
    checked_contacts,
    morrill,
    wong_boundary,
    wong_shape,
)
from quartiersatlas.segregation.indices.evenness import dissimilarity
from quartiersatlas.space.neighbours import borders

# Toy cities of Morrill 1991 and Wong 1993: 10 x 10 cells of 100 persons; a cell is all group or all rest.
# D(adj) by the formula; the rook value also by OasisR 3.1.1 and the queen value by segregation 2.5.4.
BLOCK = {(row, column) for row in range(5) for column in range(5, 10)}
SCATTERED = {(row, column) for row in range(0, 10, 2) for column in range(1, 10, 2)}
CELLS = [(row, column) for row in range(10) for column in range(10)]
SQUARES = [shapely.box(column, 9 - row, column + 1, 10 - row) for row, column in CELLS]

rows = st.tuples(st.integers(0, 500), st.integers(0, 500))
cities = st.lists(rows, min_size=3, max_size=25).map(lambda table: np.array(table, dtype=float).T)


def voronoi(n, seed):
    points = np.random.default_rng(seed).random((n, 2)) * 10_000
    square = shapely.box(0, 0, 10_000, 10_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=square))
    return shapely.intersection(cells, square)


def random_city(n, seed):
    random = np.random.default_rng(seed)
    total = random.integers(1, 5000, n)
    group = random.binomial(total, random.random(n))
    shapes = voronoi(n, seed)
    return group.astype(float), (total - group).astype(float), shapes, borders(shapes)


def by_double_loop(x, y, weight, raggedness=None):
    """Straight from Wong 1993 as corrected by Tivadar 2019, with a full matrix of weights; Morrill's weights are 1."""
    some = [i for i in range(len(x)) if x[i] + y[i] > 0]
    p = {i: x[i] / (x[i] + y[i]) for i in some}
    c = {i: 1.0 if raggedness is None else raggedness[i] for i in some}
    top = sum(weight[i][j] * abs(p[i] - p[j]) * (c[i] + c[j]) / (2 * max(c.values())) for i in some for j in some)
    evenness = 0.5 * sum(abs(x[i] / sum(x) - y[i] / sum(y)) for i in some)
    return evenness - top / sum(weight[i][j] for i in some for j in some)


def matrix(n, one, other, weight):
    table = np.zeros((n, n))
    table[one, other] = table[other, one] = weight
    return table


@pytest.mark.parametrize(
    ("where", "rook", "queen"), [(BLOCK, 0.9444444444444446, 0.9210526315789476), (SCATTERED, 0.5, 0.5)]
)
def test_morrill_of_the_published_patterns(where, rook, queen):
    group = np.array([100.0 * (cell in where) for cell in CELLS])
    found = borders(SQUARES)
    assert morrill(group, 100 - group, *found.rook) == pytest.approx(rook, abs=1e-12)
    assert morrill(group, 100 - group, *found.queen) == pytest.approx(queen, abs=1e-12)


def test_equal_squares_have_the_same_value_with_and_without_the_length_of_borders():
    group = np.array([100.0 * (cell in BLOCK) for cell in CELLS])
    found = borders(SQUARES)
    rook = morrill(group, 100 - group, *found.rook)
    assert wong_boundary(group, 100 - group, *found.queen, found.length) == pytest.approx(rook, abs=1e-12)
    shape = wong_shape(group, 100 - group, *found.queen, found.length, found.perimeter, np.ones(100))
    assert shape == pytest.approx(rook, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_all_three_agree_with_the_double_loop(seed):
    x, y, shapes, found = random_city(60, seed)
    x[:4] = y[:4] = 0  # areas without residents
    area = shapely.area(shapes)
    adjacent = matrix(60, *found.queen, 1.0)
    long = matrix(60, *found.queen, found.length)
    ragged = found.perimeter / area
    inner = found.inner_perimeter / area
    assert morrill(x, y, *found.queen) == pytest.approx(by_double_loop(x, y, adjacent), abs=1e-12)
    assert wong_boundary(x, y, *found.queen, found.length) == pytest.approx(by_double_loop(x, y, long), abs=1e-12)
    for outline, ratio in ((found.perimeter, ragged), (found.inner_perimeter, inner)):
        mine = wong_shape(x, y, *found.queen, found.length, outline, area)
        assert mine == pytest.approx(by_double_loop(x, y, long, ratio), abs=1e-12)


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


@pytest.mark.parametrize("seed", range(3))
def test_all_three_agree_with_pysal(singlegroup, seed):
    x, y, shapes, found = random_city(120, seed + 10)
    frame = gpd.GeoDataFrame({"x": x, "t": x + y}, geometry=shapes, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from libpysal.weights import Rook

        queen = singlegroup.SpatialDissim(frame, "x", "t").statistic
        rook = singlegroup.SpatialDissim(frame, "x", "t", w=Rook.from_dataframe(frame, use_index=False)).statistic
        boundary = singlegroup.BoundarySpatialDissim(frame, "x", "t", standardize=False).statistic
        shape = singlegroup.PARDissim(frame, "x", "t").statistic
    assert morrill(x, y, *found.queen) == pytest.approx(queen, abs=1e-10)
    assert morrill(x, y, *found.rook) == pytest.approx(rook, abs=1e-10)
    assert wong_boundary(x, y, *found.queen, found.length) == pytest.approx(boundary, abs=1e-10)
    mine = wong_shape(x, y, *found.queen, found.length, found.perimeter, shapely.area(shapes))
    assert mine == pytest.approx(shape, abs=1e-10)


@given(cities, st.integers(0, 2**32 - 1))
def test_order_is_morrill_wong_boundary_with_equal_lengths_then_shape_then_dissimilarity(city, seed):
    x, y = city
    assume(x.sum() > 0 and y.sum() > 0)
    n = len(x)
    random = np.random.default_rng(seed)
    one, other = np.triu_indices(n, 1)
    chosen = random.random(len(one)) < 0.4
    one, other = one[chosen], other[chosen]
    lived_in = x + y > 0
    assume((lived_in[one] & lived_in[other]).any())
    length, perimeter, area = random.random(len(one)) + 0.1, random.random(n) + 0.1, random.random(n) + 0.1
    plain, adjusted = dissimilarity(x, y), wong_boundary(x, y, one, other, length)
    assert adjusted <= wong_shape(x, y, one, other, length, perimeter, area) + 1e-12
    assert wong_shape(x, y, one, other, length, perimeter, area) <= plain + 1e-12
    assert wong_boundary(x, y, one, other, np.full(len(one), 7.0)) == pytest.approx(
        morrill(x, y, one, other), abs=1e-12
    )
    swapped = wong_boundary(y, x, other, one, 3 * length)
    assert swapped == pytest.approx(adjusted, abs=1e-12)
    order = random.permutation(n)
    place = np.argsort(order)
    assert wong_boundary(x[order], y[order], place[one], place[other], length) == pytest.approx(adjusted, abs=1e-12)


def test_a_block_is_more_segregated_than_a_chessboard():
    found = borders(SQUARES)
    half = np.array([100.0 * (column < 5) for _, column in CELLS])
    chessboard = np.array([100.0 * ((row + column) % 2) for row, column in CELLS])
    assert morrill(chessboard, 100 - chessboard, *found.rook) == pytest.approx(0)
    assert morrill(half, 100 - half, *found.rook) == pytest.approx(1 - 10 / 180)


def test_areas_without_residents_and_their_borders_do_not_count():
    with_park = morrill([100, 50, 0, 0], [0, 50, 100, 0], [0, 1, 0, 2], [1, 2, 3, 3])
    assert with_park == pytest.approx(morrill([100, 50, 0], [0, 50, 100], [0, 1], [1, 2]))
    shape = {"perimeter": [4, 4, 4, 900], "area": [1, 1, 1, 1]}
    without = {"perimeter": [4, 4, 4], "area": [1, 1, 1]}
    ragged = wong_shape([100, 50, 0, 0], [0, 50, 100, 0], [0, 1, 0], [1, 2, 3], [1, 2, 9], **shape)
    assert ragged == pytest.approx(wong_shape([100, 50, 0], [0, 50, 100], [0, 1], [1, 2], [1, 2], **without))


def test_what_cannot_be_given_is_not_a_number():
    row = [0, 1], [1, 2]
    assert np.isnan(morrill([0, 0, 0], [5, 5, 5], *row))
    assert np.isnan(morrill([5, 5, 5], [0, 0, 0], *row))
    assert np.isnan(morrill([5, 0, 0], [5, 0, 0], *row))
    assert np.isnan(morrill([5, 1], [5, 3], [], []))
    assert np.isnan(morrill([5, 0, 1], [5, 0, 3], *row))  # what lies between the two inhabited areas is empty
    assert np.isnan(wong_boundary([5, 1, 2], [5, 3, 1], *row, [0, 0]))
    assert np.isnan(wong_shape([5, 1, 2], [5, 3, 1], *row, [0, 0], [1, 1, 1], [1, 1, 1]))


def test_several_places_at_once_have_the_values_of_each_alone():
    places = [random_city(n, n) for n in (30, 41, 12)]
    sizes = np.array([30, 0, 41, 12])
    offset = np.array([0, 30, 71])
    x, y = (np.concatenate([city[k] for city in places]) for k in (0, 1))
    one = np.concatenate([city[3].one + start for city, start in zip(places, offset, strict=True)])
    other = np.concatenate([city[3].other + start for city, start in zip(places, offset, strict=True)])
    length = np.concatenate([city[3].length for city in places])
    across = checked_contacts(83, [*one, 0], [*other, 82], [*length, 1000.0])  # a border between two places
    pair = Pair(x, y, x + y, Places(sizes))
    ragged = np.concatenate([city[3].perimeter / shapely.area(city[2]) for city in places])
    found = _less_contrast(pair, across, ragged)
    for place, city in zip((0, 2, 3), places, strict=True):
        alone = wong_shape(city[0], city[1], *city[3].queen, city[3].length, city[3].perimeter, shapely.area(city[2]))
        assert found[place] == pytest.approx(alone, abs=1e-12)
    assert np.isnan(found[1])


def test_areas_with_neither_population_have_no_share():
    # residents who belong to neither of the two populations that are compared
    x, y, total = np.array([8.0, 2.0, 0.0]), np.array([2.0, 8.0, 0.0]), np.array([10.0, 10.0, 50.0])
    found = _less_contrast(Pair(x, y, total, Places.one(3)), checked_contacts(3, [0, 1], [1, 2]))
    assert found[0] == pytest.approx(0.6 - 0.6)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([0], [3], r"1 pair is not two of the 3 areas, numbered from 0: '0-3'"),
        ([-1], [1], r"'-1-1'"),
        ([1], [1], r"'1-1'"),
        ([0, 1], [1, 0], r"appears twice"),
        ([0, 1], [1], r"equal length"),
        ([0.5], [1.0], r"whole numbers"),
    ],
)
def test_impossible_pairs_are_refused(one, other, message):
    with pytest.raises(GeometryError, match=message):
        morrill([1, 2, 3], [3, 2, 1], one, other)


def test_impossible_counts_lengths_and_sizes_are_refused():
    row = [0, 1], [1, 2]
    with pytest.raises(CountError, match="area 1: -2"):
        morrill([1, -2, 3], [3, 2, 1], *row)
    with pytest.raises(CountError, match="nan"):
        wong_boundary([1, np.nan, 3], [3, 2, 1], *row, [1, 1])
    with pytest.raises(GeometryError, match=r"'length' is negative or not finite \(1: -1\)"):
        wong_boundary([1, 2, 3], [3, 2, 1], *row, [1, -1])
    with pytest.raises(GeometryError, match=r"'length' must hold 2 numbers; its shape"):
        wong_boundary([1, 2, 3], [3, 2, 1], *row, [1])
    with pytest.raises(GeometryError, match=r"'area' is not above 0"):
        wong_shape([1, 2, 3], [3, 2, 1], *row, [1, 1], [4, 4, 4], [1, 0, 1])


@pytest.mark.parametrize(
    ("fading", "weights"), [("exponential", [1, np.exp(-1), np.exp(-2)]), ("reciprocal", [1, 1 / 2, 1 / 3])]
)
def test_higher_orders_take_off_what_areas_farther_apart_differ(fading, weights):
    x, y, _, found = random_city(40, 3)
    x[5] = y[5] = 0  # steps lead through it
    one, other = found.rook
    steps = np.full((40, 40), np.inf)
    steps[one, other] = steps[other, one] = 1
    np.fill_diagonal(steps, 0)
    for k in range(40):  # Floyd and Warshall
        steps = np.minimum(steps, steps[:, [k]] + steps[[k]])
    some = [i for i in range(40) if i != 5]
    p = np.divide(x, x + y, out=np.zeros(40), where=x + y > 0)
    value = dissimilarity(x, y)
    for k, weight in enumerate(weights, start=1):
        apart = [abs(p[i] - p[j]) for i in some for j in some if steps[i, j] == k]
        value -= weight * np.mean(apart)
        assert morrill(x, y, one, other, order=k, fading=fading) == pytest.approx(value, abs=1e-12)


def test_orders_that_no_two_areas_have_take_nothing_off():
    row = [0, 1], [1, 2]
    assert morrill([9, 5, 1], [1, 5, 9], *row, order=9) == morrill([9, 5, 1], [1, 5, 9], *row, order=2)


@pytest.mark.parametrize("order", [0, -1, 1.5, True])
def test_an_order_that_is_no_number_of_steps_is_refused(order):
    with pytest.raises(SpecError, match="whole number, 1 or more"):
        morrill([1, 2], [2, 1], [0], [1], order=order)
    with pytest.raises(SpecError, match="fading must be one of"):
        morrill([1, 2], [2, 1], [0], [1], fading="linear")
