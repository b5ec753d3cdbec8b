"""Sums over all pairs with exponential distance decay, against the double loop in extended precision."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.space import surroundings
from quartiersatlas.space.regular_grids import grid_sums
from quartiersatlas.space.surroundings import decay_sums, nearest_distances

CITY = [394_000.0, 5_815_000.0]  # coordinates of the size of EPSG:25832 and 25833


def directly(points, values, unit, within):
    """Sum row by row in extended precision, straight from the definition."""
    points, values = np.asarray(points, dtype=np.longdouble), np.asarray(values, dtype=np.longdouble)
    sums = []
    for i, point in enumerate(points):
        distance = np.sqrt(((points - point) ** 2).sum(axis=1))
        distance[i] = within[i]
        sums.append(np.exp(-distance / np.longdouble(unit)) @ values)
    return np.array(sums)


def irregular_city(n, extent=30_000, columns=3, seed=0):
    random = np.random.default_rng(seed)
    points = random.random((n, 2)) * extent + CITY
    values = np.column_stack([random.integers(0, 5000, (n, columns - 1)), np.ones(n)])
    return points, values.astype(float), np.sqrt(0.6 * random.random(n) * 1e6)


def cells(side, step=100.0):
    rows, columns = np.divmod(np.arange(side * side), side)
    return np.column_stack([columns, rows]) * step + np.round(CITY, -2)


def without_grids(monkeypatch):
    monkeypatch.setattr(surroundings, "regular_grid", lambda _: None)


@pytest.mark.parametrize("n", [1, 2, 3, 255, 256, 257, 512, 700])
@pytest.mark.parametrize("unit", [50.0, 1000.0, 30_000.0])
def test_sums_are_those_of_the_double_loop(n, unit):
    points, values, within = irregular_city(n)
    np.testing.assert_allclose(
        decay_sums(points, values, unit, within), directly(points, values, unit, within).astype(float), rtol=2e-14
    )


@pytest.mark.parametrize("columns", [4, 5, 11])
def test_any_number_of_columns_is_summed(columns):
    points, values, within = irregular_city(300, columns=columns)
    np.testing.assert_allclose(
        decay_sums(points, values, 900, within), directly(points, values, 900, within).astype(float), rtol=2e-14
    )


@pytest.mark.parametrize("seed", range(3))
def test_blocks_out_of_reach_are_left_out_without_a_trace(seed):
    points, values, within = irregular_city(900, extent=300_000, seed=seed)
    unit = 500.0  # reach of about 20 km in a region of 300 km
    np.testing.assert_allclose(
        decay_sums(points, values, unit, within), directly(points, values, unit, within).astype(float), rtol=2e-14
    )


def test_large_areas_keep_their_neighbours_however_small_their_own_weight():
    # each of 600 areas is 50 units from itself, its neighbours at 45 units count more
    points = np.column_stack([np.arange(600) * 45.0, np.zeros(600)])
    within, values = np.full(600, 50.0), np.ones((600, 1))
    np.testing.assert_allclose(
        decay_sums(points, values, 1.0, within), directly(points, values, 1.0, within).astype(float), rtol=1e-13
    )


def test_areas_at_the_same_place_count_in_full():
    sums = decay_sums([[0, 0], [0, 0], [0, 0]], [[1], [10], [100]], unit=1.0, within=[1, 1, 1])
    own = np.exp(-1)
    assert sums.ravel() == pytest.approx([own + 110, 10 * own + 101, 100 * own + 11], rel=1e-15)


def test_near_points_far_from_the_origin_keep_their_distance():
    # d^2 from |a|^2 + |b|^2 - 2ab would be wrong in every digit here
    points = [[4e6, 6e6], [4e6 + 0.25, 6e6]]
    assert decay_sums(points, [[0.0], [1.0]], 1.0, [0, 0])[0, 0] == pytest.approx(np.exp(-0.25), rel=1e-15)


def test_the_order_of_the_points_does_not_matter():
    points, values, within = irregular_city(600)
    shuffled = np.random.default_rng(1).permutation(600)
    np.testing.assert_allclose(
        decay_sums(points[shuffled], values[shuffled], 1000, within[shuffled]),
        decay_sums(points, values, 1000, within)[shuffled],
        rtol=1e-13,
    )


@settings(max_examples=30)
@given(st.integers(2, 60), st.floats(1e-3, 1e5), st.integers(0, 10**6))
def test_nearness_is_mutual_and_adds_up(n, unit, seed):
    points, values, within = irregular_city(n, seed=seed)
    near = decay_sums(points, values, unit, within)
    both = decay_sums(points, values[:, :1] + 3 * values[:, 1:2], unit, within)
    assert values[:, 0] @ near[:, 1] == pytest.approx(values[:, 1] @ near[:, 0], rel=1e-12)
    assert both[:, 0] == pytest.approx(near[:, 0] + 3 * near[:, 1], rel=1e-12)


@pytest.mark.parametrize("unit", [60.0, 1000.0, 20_000.0])
def test_the_transform_on_a_regular_grid_gives_the_sums_of_all_pairs(monkeypatch, unit):
    points = cells(40)
    random = np.random.default_rng(2)
    values, within = random.integers(0, 900, (1600, 2)).astype(float), np.full(1600, np.sqrt(0.6 * 100**2))
    seen = []
    monkeypatch.setattr(surroundings, "grid_sums", lambda *given: seen.append(given) or grid_sums(*given))
    by_transform = decay_sums(points, values, unit, within)
    assert len(seen) == 1
    without_grids(monkeypatch)
    by_pairs = decay_sums(points, values, unit, within)
    assert len(seen) == 1
    np.testing.assert_allclose(by_transform, by_pairs, rtol=1e-11)


def test_few_cells_of_a_wide_grid_are_summed_as_pairs(monkeypatch):
    monkeypatch.setattr(surroundings, "grid_sums", lambda *_: pytest.fail("the transform costs more here"))
    points = cells(40)[::8]
    assert decay_sums(points, np.ones((200, 1)), 1000, np.zeros(200)).shape == (200, 1)


def test_memory_does_not_grow_with_the_square_of_the_points():
    points, values, within = irregular_city(4000)
    nearest_distances(points[:2])  # imports are not counted
    tracemalloc.start()
    decay_sums(points, values, 1000, within)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6  # the matrix of all pairs would take 128 MB


def test_no_points_have_no_sums():
    assert decay_sums(np.empty((0, 2)), np.empty((0, 3)), 1.0, []).shape == (0, 3)


def test_the_global_floating_point_settings_are_left_alone_and_do_not_disturb():
    points, values, within = irregular_city(300)
    with np.errstate(all="raise"):
        before = np.geterr()
        decay_sums(points, values, 1.0, within)
        assert np.geterr() == before


@pytest.mark.parametrize("unit", [0, -1, np.nan, np.inf])
def test_a_unit_that_is_no_length_is_refused(unit):
    with pytest.raises(SpecError, match="above 0 and finite, in metres"):
        decay_sums([[0, 0]], [[1]], unit, [0])


@pytest.mark.parametrize(
    ("points", "values", "within", "error", "message"),
    [
        ([[0, 0]], [1], [0], CountError, "table of points x columns"),
        ([[0, 0]], [[1], [2]], [0], GeometryError, r"need points of shape \(2, 2\)"),
        ([[0, 0], [1, 1]], [[1], [2]], [0], GeometryError, "as many distances within"),
        ([[0, 0], [np.nan, 1]], [[1], [2]], [0, 0], GeometryError, "1 point has no finite coordinates"),
        ([[0, 0], [1, 1]], [[1], [2]], [0, -1], GeometryError, "'1'"),
        ([[0, 0], [1, 1]], [[np.inf], [2]], [0, 0], CountError, "1 row of values is not finite: '0'"),
    ],
)
def test_what_cannot_be_summed_is_named(points, values, within, error, message):
    with pytest.raises(error, match=message):
        decay_sums(points, values, 1.0, within)


def test_the_nearest_other_point_may_share_the_place():
    assert nearest_distances([[0, 0], [3, 4], [3, 4], [3, 10]]).tolist() == [5, 0, 0, 6]
    assert nearest_distances([[7, 7]]).tolist() == [np.inf]
    assert nearest_distances(np.empty((0, 2))).tolist() == []
