"""Distortion: the definition by focal distances, the most distorted city, and independence of labels and order."""

from __future__ import annotations

import tracemalloc
import warnings
from itertools import pairwise, permutations
from math import log, pi

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError
from quartiersatlas.segregation.counts import Composition, Places
from quartiersatlas.segregation.indices.distortion import (
    distortion,
    distortions,
    divergence_sums,
    local_distortion,
    local_distortions,
)

ROW = [[0, 0], [1, 0], [2, 0], [3, 0]]
APART = [[100, 0], [100, 0], [0, 100], [0, 100]]


def random_city(n, groups, seed, *, on_grid=False):
    random = np.random.default_rng(seed)
    counts = random.integers(0, 500, (n, groups)) * random.integers(0, 2, (n, groups))
    counts[:, 0] += 1
    if not on_grid:
        return counts, random.random((n, 2)) * 1e4
    side = int(np.ceil(np.sqrt(n)))
    return counts, np.column_stack(np.divmod(random.permutation(side * side)[:n], side)).astype(float)


def trajectory(counts, points, i):
    """Share of the city and divergence of each environment; areas at equal distance enter together."""
    counts = np.asarray(counts, dtype=float)
    distance = np.hypot(*(np.asarray(points, dtype=float) - points[i]).T).round(9)
    city = counts.sum(axis=0) / counts.sum()
    for radius in np.unique(distance):
        inside = counts[distance <= radius].sum(axis=0)
        divergence = sum(q * log(q / p) for q, p in zip(inside / inside.sum(), city, strict=True) if q > 0)
        yield inside.sum() / counts.sum(), max(divergence, 0.0), int((distance == radius).sum())


def by_focal_distances(counts, points, i):
    """Integrate the focal distance over all levels of divergence: the share to be seen until it stays below."""
    steps = list(trajectory(counts, points, i))
    levels = sorted({0.0, *(divergence for _, divergence, _ in steps)})
    integral = 0.0
    for below, above in pairwise(levels):
        integral += (above - below) * max(share for share, divergence, _ in steps if divergence >= above)
    return integral


def of_nested_ghettos(shares, steps=200_000):
    """Integrate the divergence around the innermost resident, group by group, numerically."""
    shares = np.asarray(shares)
    seen = (np.arange(steps) + 0.5) / steps
    before = np.concatenate([[0], np.cumsum(shares)[:-1]])
    reached = np.clip(seen - before[:, None], 0, shares[:, None]) / shares[:, None]
    present = np.where(reached > 0, reached, 1)
    return (shares[:, None] * reached / seen * np.log(present / seen)).sum(axis=0).mean()


cities = st.builds(
    random_city, st.integers(2, 25), st.integers(2, 4), st.integers(0, 10**6), on_grid=st.booleans()
).filter(lambda city: (city[0].sum(axis=0) > 0).sum() > 1)


@settings(max_examples=30)
@given(cities)
def test_coefficients_are_integrals_of_focal_distances(city):
    counts, points = city
    counts = counts[:, counts.sum(axis=0) > 0]
    expected = [by_focal_distances(counts, points, i) for i in range(len(counts))]
    assert local_distortion(counts, points, normalise=False) == pytest.approx(expected, abs=1e-12)


def test_a_row_of_two_ghettos_by_hand():
    # from the first area: log 2 up to half of the city, then 2/3 log 4/3 + 1/3 log 2/3 up to three quarters; from the
    # second, both neighbours enter together. The largest possible coefficient of two halves is pi^2 / 24.
    later = 2 / 3 * log(4 / 3) + 1 / 3 * log(2 / 3)
    first, second = (2 * log(2) + later) / 4, (log(2) + 2 * later) / 4
    assert local_distortion(APART, ROW, normalise=False) == pytest.approx([first, second, second, first], abs=1e-14)
    assert local_distortion(APART, ROW) == pytest.approx(
        np.array([first, second, second, first]) / (pi**2 / 24), abs=1e-14
    )
    assert distortion(APART, ROW) == pytest.approx((first + second) / 2 / (pi**2 / 24), abs=1e-14)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.1, 0.9], [0.1, 0.2, 0.7], [0.05, 0.15, 0.3, 0.5]])
def test_the_largest_distortion_is_that_of_nested_ghettos_with_the_smallest_group_innermost(shares):
    counts = np.diag(np.array(shares) * 1000)
    points = np.random.default_rng(0).random((len(shares), 2))
    largest = local_distortion(counts, points, normalise=False) / local_distortion(counts, points)
    assert largest == pytest.approx(of_nested_ghettos(shares), rel=1e-5)
    assert largest[0] >= max(of_nested_ghettos(order) for order in permutations(shares)) * (1 - 1e-5)


def test_one_resident_per_area_comes_as_close_to_the_largest_distortion_as_persons_allow():
    group = np.repeat([0, 1, 2], [100, 300, 600])
    values = local_distortion(np.eye(3)[group], np.column_stack([np.arange(1000), np.zeros(1000)]))
    assert values.argmax() == 0
    assert 0.998 < values[0] <= 1


@given(cities)
def test_coefficients_lie_between_0_and_1_and_their_average_is_the_index(city):
    counts, points = city
    local = local_distortion(counts, points)
    assert (local >= 0).all()
    assert (local <= 1 + 1e-12).all()
    assert distortion(counts, points) == pytest.approx(np.average(local, weights=counts.sum(axis=1)), abs=1e-13)


@settings(max_examples=25)
@given(cities, st.randoms(use_true_random=False))
def test_the_order_of_areas_and_groups_does_not_matter_even_with_ties(city, random):
    counts, points = city
    rows, columns = list(range(len(counts))), list(range(counts.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    local = local_distortion(counts, points)
    assert local_distortion(counts[np.ix_(rows, columns)], points[rows]) == pytest.approx(local[rows], abs=1e-12)


@settings(max_examples=25)
@given(cities, st.floats(0, 6.3), st.floats(100, 1000))
def test_moving_turning_and_scaling_the_map_does_not_matter_even_with_ties(city, angle, scale):
    counts, points = city
    turned = points @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    moved = scale * turned + [394_000, 5_815_000]
    assert local_distortion(counts, moved) == pytest.approx(local_distortion(counts, points), abs=1e-9)


@given(cities, st.floats(0.1, 100))
def test_neither_the_size_of_the_population_nor_an_empty_group_matters(city, factor):
    counts, points = city
    local = local_distortion(counts, points)
    assert local_distortion(factor * counts, points) == pytest.approx(local, abs=1e-12)
    assert local_distortion(np.column_stack([np.zeros(len(counts)), counts]), points) == pytest.approx(local, abs=1e-12)


@given(cities)
def test_an_area_in_two_halves_at_one_place_is_one_area(city):
    counts, points = city
    local = local_distortion(counts, points)
    halves = local_distortion(np.repeat(counts, 2, axis=0) / 2, np.repeat(points, 2, axis=0))
    assert halves == pytest.approx(np.repeat(local, 2), abs=1e-12)


def test_the_same_composition_everywhere_is_no_distortion():
    sizes = np.arange(1, 31)
    counts = sizes[:, None] * [1, 3, 6]
    points = np.random.default_rng(0).random((30, 2))
    assert local_distortion(counts, points) == pytest.approx(np.zeros(30), abs=1e-13)
    assert distortion(counts, points) == pytest.approx(0, abs=1e-13)


def test_a_block_is_more_distorted_than_the_same_cells_scattered():
    rows, columns = np.divmod(np.arange(100), 10)
    points = np.column_stack([columns, rows])
    block, scattered = (rows < 5) & (columns > 4), (rows % 2 == 0) & (columns % 2 == 1)
    assert block.sum() == scattered.sum() == 25
    values = [distortion(100 * np.column_stack([where, ~where]), points) for where in (block, scattered)]
    assert values[0] > 3 * values[1] > 0


def test_all_areas_at_one_place_see_the_city_at_once():
    assert local_distortion(APART, [[5, 5]] * 4).tolist() == [0, 0, 0, 0]


def test_areas_without_residents_are_unknown_and_do_not_count():
    counts, points = random_city(12, 3, 1)
    local = local_distortion(counts, points)
    wide = local_distortion(np.vstack([[0, 0, 0], counts]), np.vstack([[np.nan, np.nan], points]))
    assert np.isnan(wide[0])
    assert wide[1:].tolist() == local.tolist()


@pytest.mark.parametrize("counts", [[[5, 0], [7, 0]], [[5, 5], [0, 0]], [[0, 0], [0, 0]]])
def test_one_group_or_one_area_has_no_distortion(counts):
    points = [[0, 0], [1, 0]]
    assert np.isnan(local_distortion(counts, points)).all()
    assert np.isnan(distortion(counts, points))
    assert np.isnan(distortion(counts, points, normalise=False))
    assert np.isnan(divergence_sums(counts, points)).all()


def test_places_are_separate_cities():
    one, other = random_city(9, 3, 3), random_city(14, 3, 4)
    composition = Composition(
        np.vstack([one[0], [[4.0, 0, 0]], other[0]]).astype(float), Places(np.array([9, 0, 1, 14]))
    )
    points = np.vstack([one[1], [[0, 0]], other[1]])
    values = distortions(composition, points)
    assert values[[0, 3]] == pytest.approx([distortion(*one), distortion(*other)], abs=1e-14)
    assert np.isnan(values[1:3]).all()
    assert local_distortions(composition, points)[10:] == pytest.approx(local_distortion(*other), abs=1e-14)


def test_memory_does_not_grow_with_the_square_of_the_areas():
    counts, points = random_city(2000, 2, 5)
    local_distortion(counts[:5], points[:5])  # imports are not counted
    tracemalloc.start()
    local_distortion(counts, points)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6  # the matrix of all distances would take 32 MB


def test_counts_and_points_that_are_none_are_refused():
    with pytest.raises(CountError, match="negative or not finite"):
        distortion([[1, -2], [3, 4]], ROW[:2])
    with pytest.raises(CountError, match="areas x groups"):
        distortion([1, 2], ROW[:2])
    with pytest.raises(GeometryError, match=r"must have the shape \(2, 2\)"):
        distortion([[1, 2], [3, 4]], ROW[:3])
    with pytest.raises(GeometryError, match="1 area has no finite point: '1'"):
        distortion([[1, 2], [3, 4]], [[0, 0], [np.nan, 0]])


@settings(max_examples=25)
@given(cities)
def test_the_sum_of_divergences_counts_areas(city):
    counts, points = city
    counts = counts[:, counts.sum(axis=0) > 0]
    expected = [sum(divergence * n for _, divergence, n in trajectory(counts, points, i)) for i in range(len(counts))]
    assert divergence_sums(counts, points) == pytest.approx(expected, abs=1e-11)


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import dynamics, multigroup

        return dynamics, multigroup


def frame(counts, points, labels=None):
    names = [f"group{k}" for k in range(counts.shape[1])]
    geometry = gpd.points_from_xy(*points.T, crs="EPSG:25832")
    return gpd.GeoDataFrame(counts, columns=names, geometry=geometry, index=labels), names


@pytest.mark.parametrize("seed", range(3))
def test_trajectories_agree_with_the_peer_package(peer, seed):
    counts, points = random_city(60, 3, seed)
    profiles = peer[0].compute_divergence_profiles(*frame(counts, points))
    coefficients = []
    for _, profile in profiles.groupby("observation"):
        later = profile["divergence"][::-1].cummax()[::-1]
        coefficients.append((later * profile["population_covered"].diff().fillna(profile["population_covered"])).sum())
    assert local_distortion(counts, points, normalise=False) == pytest.approx(
        np.array(coefficients) / counts.sum(), abs=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_average_sum_of_divergences_is_the_peer_package_s_index_where_labels_sort_as_rows(peer, seed):
    counts, points = random_city(60, 3, seed)
    theirs = peer[1].GlobalDistortion(*frame(counts, points)).statistic
    assert np.average(divergence_sums(counts, points), weights=counts.sum(axis=1)) == pytest.approx(theirs, abs=1e-10)


def test_the_peer_package_s_index_changes_with_the_labels_of_the_rows(peer):
    # segregation 2.5.4 sorts its coefficients by label and multiplies them by the populations row by row
    counts, points = random_city(9, 2, 8)
    numbered, names = frame(counts, points)
    lettered, _ = frame(counts, points, labels=list("ihgfedcba"))
    ours = np.average(divergence_sums(counts, points), weights=counts.sum(axis=1))
    assert peer[1].GlobalDistortion(numbered, names).statistic == pytest.approx(ours, abs=1e-12)
    assert abs(peer[1].GlobalDistortion(lettered, names).statistic - ours) > 0.01
