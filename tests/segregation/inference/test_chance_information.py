"""Information that chance alone shows: the exact hypergeometric expectation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import Composition, Places, as_composition
from quartiersatlas.segregation.inference import chance
from quartiersatlas.segregation.inference.chance import (
    _expected_information_theory,
    _expected_mutual_information,
    expected_information_theory,
    expected_mutual_information,
)

T1 = np.array([[40, 20], [20, 40], [5, 60], [1, 80]])


def information_by_hand(table):
    total = table.sum()
    a, b = table.sum(axis=1), table.sum(axis=0)
    return sum(n / total * math.log(n * total / (a[i] * b[k])) for (i, k), n in np.ndenumerate(table) if n > 0)


def expectation_by_hand(sizes, members):
    """Sum over all counts each cell can have, with the hypergeometric law written as binomial coefficients."""
    total = sum(sizes)
    result = 0.0
    for a, b in itertools.product(sizes, members):
        for x in range(max(1, a + b - total), min(a, b) + 1):
            chance = math.comb(b, x) * math.comb(total - b, a - x) / math.comb(total, a)
            result += chance * x / total * math.log(x * total / (a * b))
    return result


# tiny_tables.md: exact, hypergeometric; elbersb/segregation by 20,000 draws .00575550 (standard error 3.3e-5)
def test_the_expected_information_of_the_transposed_table_t1_is_the_published_one():
    assert expected_mutual_information(T1.T) == pytest.approx(0.00572048, abs=5e-9)


def test_the_expectation_is_the_mean_over_all_ways_to_spread_the_people():
    sizes, people = [1, 2, 4], [0, 0, 1, 1, 2, 2, 2]
    values = []
    for order in set(itertools.permutations(people)):
        parts = [order[:1], order[1:3], order[3:]]
        values.append(information_by_hand(np.array([[part.count(k) for k in range(3)] for part in parts])))
    city = [[1, 0, 0], [1, 1, 0], [0, 1, 3]]
    assert [sum(row) for row in city] == sizes
    assert expected_mutual_information(city) == pytest.approx(np.mean(values), rel=1e-12)


tables = st.lists(st.lists(st.integers(0, 15), min_size=3, max_size=3), min_size=2, max_size=7).map(np.array)


@settings(deadline=None)
@given(tables)
def test_the_expectation_is_the_sum_over_all_possible_counts(table):
    table = table[table.sum(axis=1) > 0]
    assume(len(table) > 1)
    assume((table.sum(axis=0) > 0).sum() > 1)
    by_hand = expectation_by_hand(table.sum(axis=1).tolist(), table.sum(axis=0).tolist())
    assert expected_mutual_information(table) == pytest.approx(by_hand, rel=1e-9, abs=1e-13)


@settings(deadline=None)
@given(tables)
def test_areas_and_groups_may_change_places(table):
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    assume(min(table.shape, default=0) > 1)
    assert expected_mutual_information(table.T) == pytest.approx(expected_mutual_information(table), rel=1e-10)


@pytest.mark.parametrize(("n", "size"), [(20, 30), (200, 300), (30, 5000), (4, 100_000)])
def test_the_expectation_agrees_with_scikit_learn(n, size):
    scipy_sparse = pytest.importorskip("scipy.sparse")
    sklearn = pytest.importorskip("sklearn.metrics.cluster._expected_mutual_info_fast")
    random = np.random.default_rng(n)
    table = random.poisson(size * random.gamma(2, 0.5, (n, 1)) * np.array([1, 0.3, 0.02])) + np.array([1, 0, 0])
    theirs = sklearn.expected_mutual_information(scipy_sparse.csr_matrix(table), int(table.sum()))
    assert expected_mutual_information(table) == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.99])
def test_counts_taken_in_steps_change_nothing(monkeypatch, share):
    random = np.random.default_rng(4)
    total = random.integers(2000, 20_000, 12)
    group = random.binomial(total, share)
    table = np.column_stack([group, total - group])
    in_steps = expected_mutual_information(table)
    monkeypatch.setattr(chance, "SMOOTH", np.inf)
    assert in_steps == pytest.approx(expected_mutual_information(table), rel=1e-10)


def test_with_large_areas_the_expectation_is_the_number_of_free_cells_over_twice_the_people():
    table = np.tile([60_000, 30_000, 10_000], (10, 1))
    assert expected_mutual_information(table) == pytest.approx(9 * 2 / (2 * table.sum()), rel=1e-4)


def test_the_expectation_of_h_is_that_of_m_over_the_entropy_of_the_city():
    shares = T1.sum(axis=0) / T1.sum()
    entropy = -(shares * np.log(shares)).sum()
    assert expected_information_theory(T1) == pytest.approx(expected_mutual_information(T1) / entropy, rel=1e-12)


def test_cities_spread_at_random_show_the_expected_information_on_average():
    random = np.random.default_rng(8)
    people = np.repeat([0, 1, 2], [150, 90, 60])
    homes = np.repeat(np.arange(20), 15)
    draws = []
    for _ in range(500):
        table = np.zeros((20, 3), dtype=int)
        np.add.at(table, (homes, random.permutation(people)), 1)
        draws.append(information_by_hand(table))
    assert abs(expected_mutual_information(table) - np.mean(draws)) < 4 * np.std(draws) / math.sqrt(500)


@pytest.mark.parametrize("expected", [_expected_mutual_information, _expected_information_theory])
def test_many_places_at_once_are_each_place_by_itself(expected):
    random = np.random.default_rng(1)
    sizes = np.array([3, 9, 2, 0, 40, 1, 9])
    counts = random.poisson(random.lognormal(3, 2, (sizes.sum(), 1)) * [1, 0.2, 0.05]) + np.eye(3)[0]
    counts[12:14, 1:] = 0  # one group only in the third place
    composition = Composition(counts, Places(sizes))
    together = expected(composition)
    for place, start in enumerate(np.cumsum(sizes) - sizes):
        if composition.reasons[place] == "":
            alone = expected(as_composition(counts[start : start + sizes[place]]))[0]
            assert together[place] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("expected", [_expected_mutual_information, _expected_information_theory])
def test_places_with_one_group_or_without_areas_disturb_nobody(expected):
    alike = Composition(np.array([[1.0, 0], [3, 0]]), Places(np.array([2, 0])))
    assert expected(alike).shape == (2,)
    nowhere = Composition(np.zeros((0, 2)), Places(np.array([0, 0])))
    assert expected(nowhere).shape == (2,)


def test_weighted_counts_are_rounded_to_persons():
    whole = expected_mutual_information([[3, 7], [6, 4]])
    assert expected_mutual_information([[3.1, 7.2], [5.8, 4.1]]) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("index", [expected_mutual_information, expected_information_theory])
def test_empty_areas_and_groups_do_not_count(index):
    without = index([[3, 5], [4, 1]])
    assert index([[3, 0, 5], [0, 0, 0], [4, 0, 1]]) == pytest.approx(without, rel=1e-12)


@pytest.mark.parametrize("index", [expected_mutual_information, expected_information_theory])
@pytest.mark.parametrize("table", [[[3, 0], [4, 0]], [[3, 4]], [[0, 0], [3, 4]], np.zeros((0, 2))])
def test_with_one_group_or_one_area_there_is_no_expectation(index, table):
    assert math.isnan(index(table))


@pytest.mark.parametrize("index", [expected_mutual_information, expected_information_theory])
def test_negative_and_unknown_counts_are_refused(index):
    with pytest.raises(CountError):
        index([[1, -1], [2, 2]])
    with pytest.raises(CountError):
        index([[1, np.inf], [2, 2]])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_local_value_expected_by_chance_is_the_sum_over_the_hypergeometric_law(seed):
    from scipy.stats import hypergeom

    from quartiersatlas.segregation import expected_local_segregation

    counts = np.random.default_rng(seed).integers(0, 25, (6, 3))
    counts[2] = 0
    everybody, groups = counts.sum(), counts.sum(axis=0)
    expected = []
    for size in counts.sum(axis=1):
        k = np.arange(1, size + 1)
        terms = [
            (hypergeom(everybody, members, size).pmf(k) * k / size * np.log(everybody * k / (size * members))).sum()
            for members in groups
        ]
        expected.append(sum(terms) if size else np.nan)
    found = expected_local_segregation(counts)
    assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)
    weights = counts.sum(axis=1) / everybody
    assert np.nansum(weights * found) == pytest.approx(expected_mutual_information(counts), rel=1e-12)
