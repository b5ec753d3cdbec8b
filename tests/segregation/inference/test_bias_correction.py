"""Dissimilarity freed from the bias of small numbers, without draws."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import Pair, Places, group_and_rest
from quartiersatlas.segregation.inference.bias_correction import (
    _bias_corrected_dissimilarity,
    _density_corrected_dissimilarity,
    _most_likely,
    _redrawn_dissimilarity,
    bias_corrected_dissimilarity,
    density_corrected_dissimilarity,
)

BOTH = [bias_corrected_dissimilarity, density_corrected_dissimilarity]
cities = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 60)), min_size=2, max_size=8).map(np.array)


def peopled(city):
    city = city[city.sum(axis=1) > 0]
    assume(len(city) > 1)
    assume((city.sum(axis=0) > 0).all())
    return city.T


def dissimilarity_by_hand(x, y):
    return 0.5 * abs(x / x.sum() - y / y.sum()).sum()


def redrawn_by_hand(x, y):
    """Sum |a/X - b/Y| over all pairs of counts that the two groups can have in an area."""
    m, n = int(x.sum()), int(y.sum())
    total = 0.0
    for x_i, y_i in zip(x, y, strict=True):
        a, p = possible(m, x_i / m)
        b, q = possible(n, y_i / n)
        total += (abs(a[:, None] / m - b / n) * np.outer(p, q)).sum()
    return 0.5 * total


def possible(n, p):
    """Return the counts of n draws but for those less likely than 1e-15 or so, and their probabilities."""
    if not 0 < p < 1:
        return np.array([n * p]), np.array([1.0])
    first, last = binom.ppf([1e-15, 1 - 1e-15], n, p)
    counts = np.arange(int(first), int(last) + 1)
    return counts, binom.pmf(counts, n, p)


def redrawn(x, y):
    return _redrawn_dissimilarity(group_and_rest(x, y))[0]


@settings(deadline=None)
@given(cities)
def test_the_surplus_of_small_areas_is_the_sum_over_all_counts_that_can_be_drawn(city):
    x, y = peopled(city)
    by_hand = 2 * dissimilarity_by_hand(x, y) - redrawn_by_hand(x, y)
    assert bias_corrected_dissimilarity(x, y) == pytest.approx(by_hand, abs=1e-8)


@pytest.mark.parametrize("spread", [1, 10, 1000])  # from segregated to even
@pytest.mark.parametrize(("x", "y"), [(5, 500), (30, 250), (60, 60), (90, 500), (150, 700), (400, 900), (1500, 2000)])
def test_the_surplus_is_right_from_a_few_to_thousands_of_members(x, y, spread):
    random = np.random.default_rng(x)
    group = random.poisson(x * random.gamma(spread, 1 / spread, 25))
    rest = random.poisson(y * random.gamma(spread, 1 / spread, 25)) + 1
    assert redrawn(group, rest) == pytest.approx(redrawn_by_hand(group, rest), abs=1e-6)


@pytest.mark.parametrize("times", [1, 1.01, 1.3, 1.5, 2, 3, 4, 10])
@pytest.mark.parametrize("members", [79, 100, 200, 1000])
def test_no_hundred_thousandth_is_missing_where_everything_is_even_and_persons_fall_in_step(members, times):
    group, rest = np.full(6, members), np.full(6, round(members * times))
    assert redrawn(group, rest) == pytest.approx(redrawn_by_hand(group, rest), abs=1e-5)


@pytest.mark.parametrize(
    ("x", "y"), [([9500, 300, 200], [94000, 3500, 2500]), ([9999, 1], [99990, 10]), ([7, 9], [0, 8])]
)
def test_a_group_that_lives_almost_all_in_one_area_has_the_right_surplus(x, y):
    assert redrawn(x, y) == pytest.approx(redrawn_by_hand(np.array(x), np.array(y)), abs=1e-7)


def test_the_surplus_is_the_mean_of_many_draws():
    random = np.random.default_rng(3)
    x, y = random.poisson(8 * random.gamma(1, 1, 60)), random.poisson(70 * random.gamma(2, 0.5, 60))
    draws = [
        dissimilarity_by_hand(random.multinomial(x.sum(), x / x.sum()), random.multinomial(y.sum(), y / y.sum()))
        for _ in range(5000)
    ]
    assert abs(redrawn(x, y) - np.mean(draws)) < 4 * np.std(draws) / math.sqrt(len(draws))


@settings(deadline=None)
@given(cities)
def test_drawing_anew_never_makes_a_city_more_even_on_average(city):
    x, y = peopled(city)
    assert redrawn(x, y) >= dissimilarity_by_hand(x, y) - 1e-9
    assert bias_corrected_dissimilarity(x, y) <= dissimilarity_by_hand(x, y) + 1e-9


@settings(deadline=None)
@given(cities)
def test_the_two_populations_may_change_places(city):
    x, y = peopled(city)
    for index in BOTH:
        assert index(y, x) == pytest.approx(index(x, y), abs=1e-9)


def test_the_bias_correction_agrees_with_pysals_draws():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation.singlegroup.bias_corrected_dissim import _bias_corrected_dissim

    random = np.random.default_rng(1)
    total = random.integers(20, 200, 150)
    frame = pd.DataFrame({"group": random.binomial(total, random.beta(2, 8, 150)), "total": total})
    x, y = frame["group"].to_numpy(), (frame["total"] - frame["group"]).to_numpy()
    theirs = [_bias_corrected_dissim(frame, "group", "total", 100)[0] for _ in range(20)]
    spread = np.std(theirs, ddof=1) / math.sqrt(20)
    assert abs(bias_corrected_dissimilarity(x, y) - np.mean(theirs)) < 5 * spread


@pytest.mark.parametrize("theta", [0.3, 1.0, 1.2, 2.0, 5.0, 30.0, 200.0])
def test_the_most_likely_size_is_where_the_folded_normal_density_is_largest(theta):
    z = np.linspace(0, theta + 1, 200_001)
    by_hand = z[np.argmax(norm.pdf(theta - z) + norm.pdf(theta + z))]
    assert _most_likely(np.array([theta]))[0] == pytest.approx(by_hand, abs=max(2e-3, theta * 1e-5))


@given(st.floats(0, 1e6))
def test_the_most_likely_size_solves_its_equation_and_is_0_up_to_1(theta):
    z = _most_likely(np.array([theta]))[0]
    assert z == pytest.approx(theta * math.tanh(theta * z), rel=1e-9, abs=1e-12)
    assert (z > 0) == (theta > 1) or theta - 1 < 1e-9
    assert z <= theta


def test_what_lies_within_one_standard_error_is_pulled_to_exactly_0():
    assert _most_likely(np.array([0, 0.5, 0.999999, 1.0])).tolist() == [0, 0, 0, 0]


def test_just_above_1_the_most_likely_size_follows_its_series():
    # z = theta tanh(theta z) with tanh(u) = u - u^3 / 3 gives z^2 = 3 (theta^2 - 1) / theta^4
    theta = np.array([1 + 1e-6, 1 + 1e-5, 1 + 1e-4])
    assert _most_likely(theta) == pytest.approx(np.sqrt(3 * (theta**2 - 1)) / theta**2, rel=1e-3)


def density_corrected_by_pysal(x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation.singlegroup.density_corrected_dissim import _density_corrected_dissim

        return _density_corrected_dissim(pd.DataFrame({"group": x, "total": x + y}), "group", "total")[0]


def test_the_density_correction_agrees_with_pysals_optimiser():
    random = np.random.default_rng(6)
    x, y = random.poisson(12 * random.gamma(2, 0.5, 60)) + 1, random.poisson(80 * random.gamma(4, 0.25, 60)) + 1
    assert density_corrected_dissimilarity(x, y) == pytest.approx(density_corrected_by_pysal(x, y), abs=1e-6)


def test_pysal_loses_areas_that_differ_by_more_than_38_standard_errors():
    x, y = np.array([40_000, 1000, 1000]), np.array([1000, 40_000, 1000])
    # 39,000 persons apart with a standard error of about 100 persons: nothing to correct, as in the third area
    assert density_corrected_dissimilarity(x, y) == pytest.approx(dissimilarity_by_hand(x, y), rel=1e-9)
    assert density_corrected_by_pysal(x, y) < 0.01


def test_the_density_correction_by_hand():
    # X = 40, Y = 60: three areas with shares (.75, .25), (.25, .25), (0, .5)
    x, y = np.array([30, 10, 0]), np.array([15, 15, 30])
    first = math.sqrt(0.75 * 0.25 / 40 + 0.25 * 0.75 / 60)
    third = math.sqrt(0.5 * 0.5 / 60)
    # theta = 5.66 and 7.75 standard errors: tanh(theta z) is 1; the second area does not differ
    assert density_corrected_dissimilarity(x, y) == pytest.approx(0.5 * (first * 0.5 / first + third * 0.5 / third))
    # one area apart by .6 standard errors, one by 1.5
    assert _most_likely(np.array([0.6, 1.5])).tolist() == pytest.approx([0, 1.463244], abs=1e-6)


@settings(deadline=None)
@given(cities)
def test_the_density_correction_lies_between_0_and_d(city):
    x, y = peopled(city)
    assert -1e-12 <= density_corrected_dissimilarity(x, y) <= dissimilarity_by_hand(x, y) + 1e-12


def test_complete_segregation_is_left_as_it_is():
    assert bias_corrected_dissimilarity([50, 0], [0, 70]) == pytest.approx(1)
    assert density_corrected_dissimilarity([50, 0], [0, 70]) == pytest.approx(1)


def test_the_correction_takes_most_of_the_bias_of_a_random_city_away():
    random = np.random.default_rng(4)
    x, y = random.poisson(3, 2000), random.poisson(12, 2000)
    plain = dissimilarity_by_hand(x, y)
    assert bias_corrected_dissimilarity(x, y) < 0.75 * plain
    assert density_corrected_dissimilarity(x, y) < 0.75 * plain


@pytest.mark.parametrize("index", [_bias_corrected_dissimilarity, _density_corrected_dissimilarity])
def test_many_places_at_once_are_each_place_by_itself(index):
    random = np.random.default_rng(1)
    sizes = np.array([3, 9, 2, 0, 40, 1, 9])
    group = random.poisson(random.lognormal(3, 2, sizes.sum())).astype(float)
    other = random.poisson(random.lognormal(4, 2, sizes.sum())) + 1.0
    group[12:14] = 0  # nobody in the group of the third place
    group[20], other[20] = group[0], other[0]  # the same counts in two places of different size
    pair = Pair(group, other, group + other, Places(sizes))
    together = index(pair)
    for place, start in enumerate(np.cumsum(sizes) - sizes):
        if pair.reasons[place] == "":
            part = slice(start, start + sizes[place])
            assert together[place] == pytest.approx(index(group_and_rest(group[part], other[part]))[0], abs=1e-12)


@pytest.mark.parametrize("index", [_bias_corrected_dissimilarity, _density_corrected_dissimilarity])
def test_places_without_a_group_or_without_areas_disturb_nobody(index):
    nobody = Pair(np.zeros(5), np.ones(5), np.ones(5), Places(np.array([2, 0, 3])))
    assert index(nobody).shape == (3,)
    nowhere = Pair(np.zeros(0), np.zeros(0), np.zeros(0), Places(np.array([0, 0])))
    assert index(nowhere).shape == (2,)


@pytest.mark.parametrize("index", BOTH)
def test_weighted_counts_change_the_correction_only_by_their_weight(index):
    x, y = np.array([12, 30, 8, 50]), np.array([40, 20, 35, 105])
    assert index(x * 1.002, y * 0.999) == pytest.approx(index(x, y), abs=1e-3)


@pytest.mark.parametrize("index", BOTH)
def test_empty_areas_do_not_count(index):
    assert index([3, 0, 5, 1], [7, 0, 9, 4]) == pytest.approx(index([3, 5, 1], [7, 9, 4]), rel=1e-12)


@pytest.mark.parametrize("index", BOTH)
@pytest.mark.parametrize(("x", "y"), [([0, 0], [3, 4]), ([3], [4]), ([], []), ([0], [0])])
def test_without_a_group_or_with_one_area_there_is_no_value(index, x, y):
    assert math.isnan(index(x, y))


@pytest.mark.parametrize("index", BOTH)
def test_negative_and_unknown_counts_are_refused(index):
    with pytest.raises(CountError):
        index([1, -1], [4, 4])
    with pytest.raises(CountError):
        index([1, np.nan], [4, 4])
