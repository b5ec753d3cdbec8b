"""Rank-order segregation: the integral over all ranks, whatever the classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.counts import Composition, Places, as_composition
from quartiersatlas.segregation.indices.ordered import (
    _entropy_moments,
    _interaction_moments,
    _rank_order_information_theory,
    _rank_order_square_root,
    _rank_order_variation_ratio,
    _spread_moments,
    ordinal_information_theory,
    ordinal_square_root,
    ordinal_variation_ratio,
    rank_order_information_theory,
    rank_order_square_root,
    rank_order_variation_ratio,
)

WEIGHT = {
    rank_order_information_theory: lambda p: -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0),
    rank_order_variation_ratio: lambda p: 4 * p * (1 - p),
    rank_order_square_root: lambda p: 2 * math.sqrt(p * (1 - p)),
}
TWO_CLASSES = {
    rank_order_information_theory: ordinal_information_theory,
    rank_order_variation_ratio: ordinal_variation_ratio,
    rank_order_square_root: ordinal_square_root,
}
MOMENTS = {
    rank_order_information_theory: _entropy_moments,
    rank_order_variation_ratio: _interaction_moments,
    rank_order_square_root: _spread_moments,
}
INDICES = list(WEIGHT)
TABLE = np.array(
    [[10, 10, 10, 20, 30, 40, 50], [0, 20, 10, 10, 10, 20, 20], [10, 20, 10, 10, 10, 0, 0], [30, 30, 20, 10, 10, 0, 0]]
)

tables = st.lists(st.lists(st.integers(0, 60), min_size=6, max_size=6), min_size=2, max_size=8).map(np.array)


def by_hand(index, table, order):
    """Fit with numpy's polyfit and integrate numerically."""
    ranks = table.sum(axis=0).cumsum()[:-1] / table.sum()
    borders = [m for m in range(1, table.shape[1]) if table.sum(axis=0)[m - 1] > 0 and ranks[m - 1] < 1]
    values = [
        TWO_CLASSES[index](np.column_stack([table[:, :m].sum(axis=1), table[:, m:].sum(axis=1)])) for m in borders
    ]
    p = [ranks[m - 1] for m in borders]
    weights = [WEIGHT[index](q) for q in p]  # polyfit squares them
    polynomial = np.polyfit(p, values, min(order, len(p) - 1), w=weights)
    part = quad(lambda q: WEIGHT[index](q) * np.polyval(polynomial, q), 0, 1, epsabs=1e-12)[0]
    return part / quad(WEIGHT[index], 0, 1, epsabs=1e-12)[0]


# Reardon (2011) gives 1, 1/2, 11/36, 5/24, 137/900 for the information theory index
def test_the_weights_of_the_powers_are_the_published_ones():
    assert _entropy_moments(np.arange(5.0)) == pytest.approx([1, 1 / 2, 11 / 36, 5 / 24, 137 / 900], rel=1e-12)


@pytest.mark.parametrize("index", INDICES)
def test_the_weights_of_the_powers_are_their_integrals(index):
    whole = quad(WEIGHT[index], 0, 1, epsabs=1e-12)[0]
    by_quadrature = [quad(lambda p, m=m: p**m * WEIGHT[index](p), 0, 1, epsabs=1e-12)[0] / whole for m in range(8)]
    assert MOMENTS[index](np.arange(8.0)) == pytest.approx(by_quadrature, rel=1e-7)


@pytest.mark.parametrize("order", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("index", INDICES)
def test_the_index_is_the_integral_of_the_fitted_polynomial(index, order):
    assert index(TABLE, order) == pytest.approx(by_hand(index, TABLE, order), abs=1e-8)


def test_two_borders_worked_out_by_hand():
    # borders at ranks 1/3 and 2/3; below them 1/2 and 1/6 of area 1 and 2, then 5/6 and 1/2: the variance is 1/36 of
    # 2/9 at both, hence R(p) = 1/8 everywhere
    assert rank_order_variation_ratio([[30, 20, 10], [10, 20, 30]]) == pytest.approx(1 / 8, abs=1e-12)


@pytest.mark.parametrize("index", INDICES)
def test_the_index_comes_near_the_integral_over_all_ranks_and_hardly_depends_on_the_classes(index):
    # incomes are even in [0, 2] in one area and in [1, 3] in the other: the ranks of 0, 1, 2, 3 are 0, 1/4, 3/4, 1
    def below(p):
        income = np.interp(p, [0, 1 / 4, 3 / 4, 1], [0, 1, 2, 3])
        return np.clip([income / 2, (income - 1) / 2], 0, 1)

    def relative(p):
        return 1 - np.mean([WEIGHT[index](c) for c in below(p)]) / WEIGHT[index](p)

    truth = (
        quad(lambda p: WEIGHT[index](p) * relative(p), 0, 1, points=[1 / 4, 3 / 4])[0] / quad(WEIGHT[index], 0, 1)[0]
    )
    for ranks in (np.linspace(0, 1, 13), np.array([0, 0.05, 0.15, 0.3, 0.4, 0.6, 0.65, 0.8, 0.85, 0.95, 1])):
        table = 1e6 * np.diff([below(p) for p in ranks], axis=0).T
        # the profile has kinks and steep ends, which a polynomial of order 4 follows with a few per cent
        assert index(table, order=4) == pytest.approx(truth, rel=0.06)


@pytest.mark.parametrize("index", INDICES)
@given(table=tables)
def test_with_two_classes_it_is_the_ordinal_index(index, table):
    table = np.column_stack([table[:, :2].sum(axis=1), table[:, 2:].sum(axis=1)])
    assume((table.sum(axis=0) > 0).all())
    assume((table.sum(axis=1) > 0).sum() > 1)
    assert index(table) == pytest.approx(TWO_CLASSES[index](table), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@settings(deadline=None)
@given(table=tables)
def test_the_direction_of_the_classes_and_the_order_of_areas_do_not_matter(index, table):
    table = table + 1
    assert index(table[::-1, ::-1], 2) == pytest.approx(index(table, 2), abs=1e-8)


@pytest.mark.parametrize("index", INDICES)
def test_empty_classes_change_nothing(index):
    with_empty = np.insert(TABLE, [0, 3, 3, 7], 0, axis=1)
    assert index(with_empty) == pytest.approx(index(TABLE), rel=1e-12)


@pytest.mark.parametrize("index", INDICES)
def test_the_order_of_the_classes_matters(index):
    assert index(TABLE) > index(TABLE[:, [0, 5, 2, 3, 6, 1, 4]]) + 0.01


@pytest.mark.parametrize("index", INDICES)
def test_one_class_per_area_gives_1_and_the_citys_mix_everywhere_0(index):
    assert index(np.diag([3, 9, 4, 5, 2, 8])) == pytest.approx(1, abs=1e-9)
    assert index(np.outer([1, 5, 2], [3, 9, 4, 5, 2, 8])) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "index", [_rank_order_information_theory, _rank_order_variation_ratio, _rank_order_square_root]
)
def test_many_places_at_once_are_each_place_by_itself(index):
    random = np.random.default_rng(1)
    sizes = np.array([3, 9, 2, 0, 1, 40])
    counts = random.integers(0, 30, (sizes.sum(), 5)) + np.eye(5)[0]
    counts[12:14, 1:] = 0  # one class only in the third place
    composition = Composition(counts, Places(sizes))
    together = index(composition)
    for place, start in enumerate(np.cumsum(sizes) - sizes):
        if composition.reasons[place] == "":
            alone = index(as_composition(counts[start : start + sizes[place]]))[0]
            assert together[place] == pytest.approx(alone, rel=1e-9)
    assert math.isnan(together[2])


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("order", [-1, 1.5, "4", True])
def test_an_order_that_is_no_whole_number_is_refused(index, order):
    with pytest.raises(SpecError, match="order must be a whole number"):
        index(TABLE, order)


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("table", [[[3, 0], [4, 0]], [[3, 4]], [[0, 0], [3, 4]], np.zeros((0, 3)), [[3], [4]]])
def test_with_one_class_or_one_area_there_is_no_value(index, table):
    assert math.isnan(index(table))


@pytest.mark.parametrize("index", INDICES)
def test_negative_and_unknown_counts_are_refused(index):
    with pytest.raises(CountError):
        index([[1, -1], [2, 2]])
    with pytest.raises(CountError):
        index([[1, np.nan], [2, 2]])


def test_a_few_uneven_classes_are_not_followed_by_a_curve_that_swings():
    # shares of the classes 6, 8, 3, 65 and 18 %, as of ages: a polynomial through all four borders falls below 0
    shares = np.array([0.06, 0.08, 0.03, 0.65, 0.18])
    random = np.random.default_rng(3)
    table = np.array([random.multinomial(3000, random.dirichlet(200 * shares)) for _ in range(60)])
    at_borders = [
        rank_order_information_theory(np.column_stack([table[:, :m].sum(axis=1), table[:, m:].sum(axis=1)]))
        for m in range(1, 5)
    ]
    assert min(at_borders) <= rank_order_information_theory(table) <= max(at_borders)
    assert not min(at_borders) <= rank_order_information_theory(table, order=3) <= max(at_borders)
