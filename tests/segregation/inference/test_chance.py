"""What small areas do to an index by chance alone: exact expectations instead of draws."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import Composition, Pair, Places, as_composition, group_and_rest, mean_deviation
from quartiersatlas.segregation.indices.evenness import (
    _adjusted_dissimilarity,
    _adjusted_gini,
    _expected_dissimilarity,
    _expected_gini,
    adjusted_dissimilarity,
    adjusted_gini,
    carrington_troske,
    dissimilarity_under_evenness,
    expected_dissimilarity,
    expected_gini,
)
from quartiersatlas.segregation.indices.exposure import (
    _expected_correlation_ratio,
    _expected_interaction,
    _expected_isolation,
    expected_correlation_ratio,
    expected_interaction,
    expected_isolation,
)
from quartiersatlas.segregation.indices.multigroup import (
    _expected_multigroup_dissimilarity,
    _expected_multigroup_gini,
    _expected_relative_diversity,
)
from quartiersatlas.segregation.inference import chance

OF_PAIRS = [
    expected_dissimilarity,
    expected_gini,
    adjusted_dissimilarity,
    adjusted_gini,
    expected_correlation_ratio,
    expected_isolation,
    expected_interaction,
]


def binomial(n, p):
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


def dissimilarity_by_hand(x, y):
    return 0.5 * sum(abs(a / sum(x) - b / sum(y)) for a, b in zip(x, y, strict=True))


def gini_by_hand(x, y):
    t = [a + b for a, b in zip(x, y, strict=True)]
    p = sum(x) / sum(t)
    pairs = itertools.product(range(len(t)), repeat=2)
    return sum(t[i] * t[j] * abs(x[i] / t[i] - x[j] / t[j]) for i, j in pairs) / (2 * sum(t) ** 2 * p * (1 - p))


def differences_by_hand(sizes, p):
    """Sum t_i t_j E|p_i - p_j| over all pairs of different areas and all their possible counts."""
    laws = [binomial(n, p) for n in sizes]
    total = 0.0
    for i, j in itertools.permutations(range(len(sizes)), 2):
        n, m = sizes[i], sizes[j]
        difference = abs(np.arange(n + 1)[:, None] / n - np.arange(m + 1) / m)
        total += n * m * (difference * np.outer(laws[i], laws[j])).sum()
    return total


# Winship (1977), Table 2, as quoted in the tests of the R package segregation by B. Elbers: .387, .246, .131
@pytest.mark.parametrize(("n", "p", "published"), [(10, 0.1, 0.387420), (10, 0.5, 0.246094), (100, 0.1, 0.131865)])
def test_the_expected_dissimilarity_is_as_winship_published_it(n, p, published):
    group = np.full(30, n * p)
    assert expected_dissimilarity(group, n - group) == pytest.approx(published, abs=5e-7)


@given(st.integers(1, 60), st.floats(0.001, 0.999))
def test_de_moivres_mean_deviation_is_the_sum_over_all_counts(n, p):
    by_hand = sum(q * abs(k - n * p) for k, q in enumerate(binomial(n, p)))
    assert mean_deviation(np.array([float(n)]), np.array([p]))[0] == pytest.approx(by_hand, rel=1e-10)


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (4, 0.5), (1000, 0.001), (7, 1 / 7)])
def test_a_whole_mean_does_not_disturb_the_mean_deviation(n, p):
    by_hand = sum(q * abs(k - n * p) for k, q in enumerate(binomial(n, p)))
    assert mean_deviation(np.array([float(n)]), np.array([p]))[0] == pytest.approx(by_hand, rel=1e-10)


def test_the_mean_deviation_of_a_large_area_is_that_of_the_normal_law():
    n, p = 4e6, 0.3
    assert mean_deviation(np.array([n]), np.array([p]))[0] == pytest.approx(
        math.sqrt(2 * n * p * (1 - p) / math.pi), rel=1e-6
    )


@given(st.integers(1, 400), st.floats(0.001, 0.999), st.sampled_from([1e-3, 1e-7, 1e-12]))
def test_no_more_than_the_omitted_probability_lies_beyond_reach(n, p, omitted):
    distance = chance.reach(np.array([n * p * (1 - p)]), omitted)[0]
    beyond = sum(q for k, q in enumerate(binomial(n, p)) if abs(k - n * p) > distance)
    assert beyond <= omitted


cities = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 25)), min_size=2, max_size=8).map(np.array)


@settings(deadline=None)
@given(cities)
def test_expected_dissimilarity_and_gini_are_the_sums_over_all_possible_counts(city):
    city = city[city.sum(axis=1) > 0]
    assume(len(city) > 1)
    assume((city.sum(axis=0) > 0).all())
    x, y = city.T
    sizes = city.sum(axis=1).tolist()
    total, p = sum(sizes), x.sum() / city.sum()
    deviation = sum(q * abs(k - n * p) for n in sizes for k, q in enumerate(binomial(n, p)))
    assert expected_dissimilarity(x, y) == pytest.approx(deviation / (2 * total * p * (1 - p)), rel=1e-10)
    by_hand = differences_by_hand(sizes, p) / (2 * total**2 * p * (1 - p))
    assert expected_gini(x, y) == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("p", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("sizes", [[300, 301, 299], [1, 1000], [40] * 5 + [80] * 5, [1, 1, 1, 200], [17, 170, 510]])
def test_the_expected_gini_is_right_for_like_and_for_very_different_sizes(sizes, p):
    found = chance.sum_of_differences(np.array(sizes, dtype=float), np.array([p]), Places.one(len(sizes)))
    assert found[0] == pytest.approx(differences_by_hand(sizes, p), rel=1e-7)


@pytest.mark.parametrize("p", [0.5, 0.08])
@pytest.mark.parametrize("median", [60, 700, 20_000])
def test_counts_taken_in_steps_change_the_expected_gini_by_less_than_a_hundred_thousandth(monkeypatch, median, p):
    sizes = np.rint(np.random.default_rng(3).lognormal(math.log(median), 0.7, 300)) + 1
    exact = chance.sum_of_differences(sizes, np.array([p]), Places.one(300))
    monkeypatch.setattr(chance, "BUDGET", 20_000)
    assert chance.sum_of_differences(sizes, np.array([p]), Places.one(300)) == pytest.approx(exact, rel=1e-5)


def test_many_areas_of_the_same_size_keep_their_common_steps_when_counts_are_taken_in_steps(monkeypatch):
    n, p = 4000, 0.5
    monkeypatch.setattr(chance, "BUDGET", 100)
    found = chance.sum_of_differences(np.full(50, float(n)), np.array([p]), Places.one(50))
    # the difference of two fair counts of n is a fair count of 2 n, less n
    of_two = mean_deviation(np.array([2.0 * n]), np.array([p]))[0] / n
    assert found[0] == pytest.approx(50 * 49 * n**2 * of_two, rel=1e-7)


def test_large_areas_of_nearly_the_same_size_do_not_fall_in_step_when_counts_are_taken_in_steps(monkeypatch):
    sizes = np.arange(40_000.0, 40_040)
    exact = chance.sum_of_differences(sizes, np.array([0.5]), Places.one(40))
    monkeypatch.setattr(chance, "BUDGET", 100)
    assert chance.sum_of_differences(sizes, np.array([0.5]), Places.one(40)) == pytest.approx(exact, rel=2e-5)


def test_places_of_single_persons_do_not_mix():
    # |p_i - p_j| of two persons is 1 with 2 P (1 - P), so that G* = T (T - 1) / T^2
    sizes = np.random.default_rng(0).integers(2, 9, 500)
    group = np.concatenate([np.arange(n) == 0 for n in sizes]).astype(float)
    pair = Pair(group, 1 - group, np.ones(sizes.sum()), Places(sizes))
    assert _expected_gini(pair) == pytest.approx(1 - 1 / sizes, rel=1e-12)


def test_a_hundred_places_of_large_areas_keep_their_accuracy():
    random = np.random.default_rng(0)
    sizes, p = random.integers(10_000, 20_000, 400).astype(float), random.random(100)
    together = chance.sum_of_differences(sizes, p, Places.alike(100, 4))
    alone = [chance.sum_of_differences(sizes[4 * i : 4 * i + 4], p[i : i + 1], Places.one(4))[0] for i in range(100)]
    assert together == pytest.approx(alone, rel=1e-9)


def test_the_expected_gini_is_the_mean_of_many_draws():
    random = np.random.default_rng(5)
    sizes, p = random.integers(1, 80, 40), 0.2
    draws = []
    for _ in range(4000):
        shares = random.binomial(sizes, p) / sizes
        draws.append((np.outer(sizes, sizes) * abs(shares[:, None] - shares)).sum())
    found = chance.sum_of_differences(sizes.astype(float), np.array([p]), Places.one(40))[0]
    assert abs(found - np.mean(draws)) < 4 * np.std(draws) / math.sqrt(len(draws))


def test_mean_and_spread_of_d_under_evenness_are_those_of_all_possible_cities():
    pair = group_and_rest([2, 1, 0], [1, 1, 3])
    p, sizes = 3 / 8, [3, 2, 3]
    first = second = 0.0
    for counts in itertools.product(*(range(n + 1) for n in sizes)):
        weight = math.prod(binomial(n, p)[k] for n, k in zip(sizes, counts, strict=True))
        d = sum(abs(k - n * p) for n, k in zip(sizes, counts, strict=True)) / (2 * 8 * p * (1 - p))
        first, second = first + weight * d, second + weight * d**2
    mean, sd = dissimilarity_under_evenness(pair)
    assert mean[0] == pytest.approx(first, rel=1e-12)
    assert sd[0] == pytest.approx(math.sqrt(second - first**2), rel=1e-10)


def all_cities(sizes, members):
    """Give each way to spread the groups over the places of residence, all equally likely."""
    people = [k for k, n in enumerate(members) for _ in range(n)]
    ends = np.cumsum(sizes)
    for order in set(itertools.permutations(people)):
        yield np.array([[part.count(k) for k in range(len(members))] for part in areas(order, ends)])


def areas(order, ends):
    return [order[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def test_correlation_ratio_isolation_and_interaction_average_over_all_ways_to_spread_the_group():
    sizes, members = [1, 2, 5], [3, 5]
    eta, own, other = [], [], []
    for city in all_cities(sizes, members):
        isolation = sum(x / 3 * x / t for x, t in zip(city[:, 0], sizes, strict=True))
        own.append(isolation)
        other.append(sum(x / 3 * y / t for (x, y), t in zip(city, sizes, strict=True)))
        eta.append((isolation - 3 / 8) / (5 / 8))
    assert expected_correlation_ratio([1, 0, 2], sizes) == pytest.approx(np.mean(eta), rel=1e-12)
    assert expected_isolation([1, 0, 2], sizes) == pytest.approx(np.mean(own), rel=1e-12)
    assert expected_interaction([1, 0, 2], sizes) == pytest.approx(np.mean(other), rel=1e-12)


def test_interaction_with_a_third_group_present_averages_over_all_ways_to_spread_both():
    sizes, members = np.array([1, 2, 4]), [2, 2, 3]
    other = [(city[:, 0] / 2 * city[:, 1] / sizes).sum() for city in all_cities(sizes, members)]
    pair = Pair(np.array([1.0, 0, 1]), np.array([0, 1.0, 1]), sizes.astype(float), Places.one(3))
    assert _expected_interaction(pair)[0] == pytest.approx(np.mean(other), rel=1e-12)


def test_relative_diversity_normalised_exposure_and_the_squared_coefficient_share_one_expectation():
    sizes, members = np.array([1, 2, 4]), np.array([2, 2, 3])
    share = members / 7
    interaction = (share * (1 - share)).sum()
    by_hand = []
    for city in all_cities(sizes, members):
        squares = sizes[:, None] * (city / sizes[:, None] - share) ** 2 / 7
        by_hand.append([squares.sum() / interaction, (squares / (1 - share)).sum(), (squares / share).sum() / 2])
    found = _expected_relative_diversity(as_composition([[1, 0, 0], [1, 1, 0], [0, 1, 3]]))
    assert np.mean(by_hand, axis=0) == pytest.approx(np.full(3, found[0]), rel=1e-12)


def test_expected_multigroup_dissimilarity_and_gini_are_the_sums_over_all_groups():
    counts = np.array([[3, 1, 0], [2, 2, 5], [1, 4, 2]])
    sizes, shares = counts.sum(axis=1).tolist(), counts.sum(axis=0) / 20
    interaction = (shares * (1 - shares)).sum()
    deviation = sum(q * abs(k - n * p) for p in shares for n in sizes for k, q in enumerate(binomial(n, p)))
    differences = sum(differences_by_hand(sizes, p) for p in shares)
    composition = as_composition(counts)
    assert _expected_multigroup_dissimilarity(composition)[0] == pytest.approx(deviation / 40 / interaction, rel=1e-10)
    assert _expected_multigroup_gini(composition)[0] == pytest.approx(differences / 800 / interaction, rel=1e-10)


def test_two_groups_have_the_same_expectation_as_a_pair_and_as_a_composition():
    pair = group_and_rest([3, 2, 1, 9], [1, 7, 6, 2])
    composition = Composition(np.column_stack([pair.group, pair.other]), pair.places)
    assert _expected_multigroup_dissimilarity(composition) == pytest.approx(_expected_dissimilarity(pair), rel=1e-12)
    assert _expected_multigroup_gini(composition) == pytest.approx(_expected_gini(pair), rel=1e-12)
    assert _expected_relative_diversity(composition) == pytest.approx(_expected_correlation_ratio(pair), rel=1e-12)


@pytest.mark.parametrize(
    "expected",
    [_expected_dissimilarity, _expected_gini, _expected_correlation_ratio, _expected_isolation, _expected_interaction],
)
def test_many_places_at_once_are_each_place_by_itself(expected, monkeypatch):
    monkeypatch.setattr(chance, "BUDGET", 3000)  # some places alone exceed it, others share a portion
    random = np.random.default_rng(1)
    sizes = np.array([3, 9, 2, 0, 40, 1, 9])
    total = random.integers(1, 4000, sizes.sum())
    group = random.binomial(total, 0.3).astype(float)
    group[12:14] = 0  # nobody in the group of the third place
    pair = Pair(group, total - group, total.astype(float), Places(sizes))
    together = expected(pair)
    for place, start in enumerate(np.cumsum(sizes) - sizes):
        x, t = group[start : start + sizes[place]], total[start : start + sizes[place]]
        if pair.reasons[place] == "":
            alone = expected(group_and_rest(x, t - x))[0]
            assert together[place] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize(
    "expected",
    [
        *[_expected_dissimilarity, _expected_gini, _expected_correlation_ratio],
        *[_expected_isolation, _expected_interaction, _adjusted_dissimilarity, _adjusted_gini],
    ],
)
def test_places_without_a_group_or_without_areas_disturb_nobody(expected):
    nobody = Pair(np.zeros(5), np.ones(5), np.ones(5), Places(np.array([2, 0, 3])))
    assert expected(nobody).shape == (3,)
    nowhere = Pair(np.zeros(0), np.zeros(0), np.zeros(0), Places(np.array([0, 0])))
    assert expected(nowhere).shape == (2,)


def test_an_index_at_its_expectation_is_0_and_the_ends_are_1_and_minus_1():
    value = np.array([0.3, 1.0, 0.0, 0.65, 0.15])
    assert carrington_troske(value, np.full(5, 0.3)) == pytest.approx([0, 1, -1, 0.5, -0.5], abs=1e-12)


@settings(deadline=None)
@given(cities)
def test_the_adjusted_indices_follow_carrington_and_troske(city):
    city = city[city.sum(axis=1) > 0]
    assume(len(city) > 1)
    assume((city.sum(axis=0) > 0).all())
    assume((city.sum(axis=1) > 1).any())
    x, y = city.T.astype(float)
    for adjusted, value, expected in (
        (adjusted_dissimilarity, dissimilarity_by_hand(x, y), expected_dissimilarity(x, y)),
        (adjusted_gini, gini_by_hand(x, y), expected_gini(x, y)),
    ):
        assume(abs(value - expected) > 1e-9)
        room = 1 - expected if value > expected else expected
        assert adjusted(x, y) == pytest.approx((value - expected) / room, abs=1e-9)
        assert -1 - 1e-9 <= adjusted(x, y) <= 1 + 1e-9


def test_complete_segregation_stays_1_and_a_random_city_is_near_0():
    assert adjusted_dissimilarity([9, 0, 9], [0, 9, 0]) == pytest.approx(1)
    assert adjusted_gini([9, 0, 9], [0, 9, 0]) == pytest.approx(1)
    random = np.random.default_rng(2)
    total = random.integers(5, 60, 3000)
    group = random.binomial(total, 0.2)
    assert abs(adjusted_dissimilarity(group, total - group)) < 0.02
    assert abs(adjusted_gini(group, total - group)) < 0.02


def test_areas_of_one_person_leave_nothing_to_measure():
    assert expected_dissimilarity([1, 0, 0], [0, 1, 1]) == pytest.approx(1)
    assert math.isnan(adjusted_dissimilarity([1, 0, 0], [0, 1, 1]))


def test_larger_areas_are_less_uneven_by_chance():
    values = [expected_dissimilarity([n] * 20, [4 * n] * 20) for n in (1, 3, 10, 100, 10_000)]
    assert values == sorted(values, reverse=True)
    ginis = [expected_gini([n] * 20, [4 * n] * 20) for n in (1, 3, 10, 100, 10_000)]
    assert ginis == sorted(ginis, reverse=True)
    assert all(g > d for g, d in zip(ginis, values, strict=True))


def test_weighted_counts_are_rounded_to_persons_for_the_expectation_and_the_share_is_kept():
    whole = expected_dissimilarity([2, 3, 5], [8, 7, 5])
    assert expected_dissimilarity([2.1, 3.2, 4.7], [8.2, 7.1, 4.7]) == pytest.approx(whole, rel=1e-12)
    assert expected_correlation_ratio([2, 3, 5], [10.4, 9.6, 10.2]) == pytest.approx(2 / 29, rel=1e-12)


@pytest.mark.parametrize("index", OF_PAIRS)
def test_empty_areas_do_not_count(index):
    assert index([3, 0, 5, 1], [7, 0, 9, 4]) == pytest.approx(index([3, 5, 1], [7, 9, 4]), rel=1e-12)


@pytest.mark.parametrize("index", OF_PAIRS)
@pytest.mark.parametrize(("x", "y"), [([0, 0], [3, 4]), ([3], [4]), ([], []), ([0], [0])])
def test_without_a_group_or_with_one_area_there_is_no_expectation(index, x, y):
    assert math.isnan(index(x, y))


@pytest.mark.parametrize("index", OF_PAIRS)
def test_negative_and_unknown_counts_are_refused(index):
    with pytest.raises(CountError):
        index([1, -1], [4, 4])
    with pytest.raises(CountError):
        index([1, np.nan], [4, 4])


def test_pysal_draws_a_single_city_whatever_the_number_of_iterations():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation.singlegroup.modified_dissim import _modified_dissim

    random = np.random.default_rng(0)
    total = random.integers(3, 20, 100)
    frame = pd.DataFrame({"group": random.binomial(total, 0.3), "total": total})
    theirs = [_modified_dissim(frame, "group", "total", n, 1, seed=7)[0] for n in (2, 50)]
    assert theirs[0] == theirs[1]
    x, y = frame["group"].to_numpy(), (frame["total"] - frame["group"]).to_numpy()
    draws = random.binomial(total, x.sum() / total.sum(), (2000, 100))
    by_draws = np.mean([dissimilarity_by_hand(draw, total - draw) for draw in draws])
    # the draws are compared with their own share, the closed form with P: apart by 1 part in twice the areas
    assert expected_dissimilarity(x, y) == pytest.approx(by_draws, rel=1e-2)
    ours = adjusted_dissimilarity(x, y)
    assert ours == pytest.approx(carrington_troske(dissimilarity_by_hand(x, y), by_draws), abs=5e-3)
