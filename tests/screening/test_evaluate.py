"""Where a rule holds: against fractions and loops, for random rules on random towns."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
import plain_rules
import pytest
from drawn_rules import comparisons, rules, towns, worst
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.screening.evaluation.evaluate import evaluate, quantile
from quartiersatlas.screening.evaluation.evidence import Evidence, numbers, rate
from quartiersatlas.screening.evaluation.truth import Truth


def outcome(rule, town):
    return as_list(evaluate(rule, town.evidence())[0], town.size)


def as_list(truth, size, run=0):
    """Return True, False and None."""
    yes, no = (np.broadcast_to(side, (max(len(side), run + 1), size))[run] for side in (truth.yes, truth.no))
    return [True if y else False if n else None for y, n in zip(yes, no, strict=True)]


# --- against plain loops ---------------------------------------------------------------------------------------------


@settings(max_examples=500)
@given(comparisons(), towns())
def test_every_comparison_with_every_limit(rule, town):
    assert outcome(rule, town) == plain_rules.said(rule, town)


@settings(max_examples=300)
@given(worst(), towns())
def test_the_worst_of_the_areas(rule, town):
    assert outcome(rule, town) == plain_rules.said(rule, town)


@settings(max_examples=300)
@given(rules, towns())
def test_random_rules(rule, town):
    assert outcome(rule, town) == plain_rules.said(rule, town)


NUMPY = {
    4: "interpolated_inverted_cdf",
    5: "hazen",
    6: "weibull",
    7: "linear",
    8: "median_unbiased",
    9: "normal_unbiased",
}


@pytest.mark.parametrize("kind", list(NUMPY))
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=12), st.integers(0, 100))
def test_the_six_quantiles_are_those_of_numpy_and_of_the_table_of_1996(kind, values, percent):
    q = Fraction(percent, 100)
    (found,) = quantile(np.array([[*values, np.nan]], dtype=float), q, kind)
    assert found[0] == pytest.approx(np.quantile(values, float(q), method=NUMPY[kind]), abs=1e-9)
    assert found[0] == pytest.approx(float(plain_rules.quantile(list(map(Fraction, values)), q, kind)), abs=1e-9)


# --- identities -------------------------------------------------------------------------------------------------------


@given(rules, towns())
def test_not_not_is_nothing(rule, town):
    assert ~~rule == rule
    assert outcome(~rule, town) == [None if one is None else not one for one in outcome(rule, town)]


@given(st.lists(comparisons(), min_size=1, max_size=5), towns())
def test_one_of_m_is_or_and_all_of_m_is_and(parts, town):
    either, both = parts[0], parts[0]
    for part in parts[1:]:
        either, both = either | part, both & part
    assert qa.k_of(1, *parts) == either
    assert qa.k_of(len(parts), *parts) == both
    assert outcome(qa.k_of(1, *parts), town) == outcome(either, town)


@given(st.data(), st.integers(2, 5), towns())
def test_at_least_k_is_not_more_than_m_less_k_of_the_opposites(data, m, town):
    parts = data.draw(st.lists(comparisons(), min_size=m, max_size=m))
    k = data.draw(st.integers(1, m))
    opposite = ~qa.k_of(m - k + 1, *(~part for part in parts))
    assert outcome(qa.k_of(k, *parts), town) == outcome(opposite, town)


@given(rules, st.lists(towns(size=5), min_size=1, max_size=4))
def test_stacked_runs_are_single_ones(rule, some):
    first = some[0]
    for town in some:  # what does not differ between runs
        town.units, town.published, town.classes = first.units, first.published, first.classes
        for name, one in town.columns.items():
            one.direction = first.columns[name].direction
    together = evaluate(rule, plain_rules.stacked(some))[0]
    for run, town in enumerate(some):
        assert as_list(together, 5, run if len(together.yes) > 1 else 0) == outcome(rule, town)


@given(rules, towns(), st.randoms(use_true_random=False))
def test_the_order_of_areas_and_the_numbers_of_units_change_nothing(rule, town, random):
    order = random.sample(range(town.size), town.size)
    other = town.ordered(order)
    other.units = {level: [-1 if unit < 0 else 7 - unit for unit in units] for level, units in other.units.items()}
    expected = outcome(rule, town)
    assert outcome(rule, other) == [expected[i] for i in order]


@given(comparisons(), towns())
def test_conditions_with_the_same_content_are_judged_once(rule, town):
    _, found = evaluate(rule & ~rule, town.evidence())
    assert found[0] is found[1]


@given(st.sampled_from([0.5, 1, 1.5]), towns())
def test_an_area_is_above_the_city_where_it_is_above_the_rest(factor, town):
    city, rest = (qa.above("crowd", than=than) for than in ("city", "rest"))
    known = [one is not None for one in outcome(rest, town)]  # one area alone has no rest
    pairs = zip(outcome(city, town), outcome(rest, town), known, strict=True)
    assert all(a == b for a, b, there in pairs if there)
    assert outcome(qa.above("crowd", than="city", factor=factor), town) == plain_rules.said(
        qa.above("crowd", than="city", factor=factor), town
    )


# --- three-valued logic -----------------------------------------------------------------------------------------------

YES, NO, UNKNOWN = 1.0, 0.0, 0.5  # Kleene: and is the least of two, or the greatest


def truth(values):
    values = np.array([values])
    return Truth(values == YES, values == NO)


def test_and_or_and_not_of_every_pair_of_three_values():
    pairs = list(itertools.product([YES, NO, UNKNOWN], repeat=2))
    left, right = truth([a for a, _ in pairs]), truth([b for _, b in pairs])
    for result, pick in ((left & right, min), (left | right, max)):
        expected = truth([pick(pair) for pair in pairs])
        assert result.yes.tolist() == expected.yes.tolist()
        assert result.no.tolist() == expected.no.tolist()
        assert result.known.tolist() == [[pick(pair) != UNKNOWN for pair in pairs]]
    assert (~left).yes.tolist() == [[a == NO for a, _ in pairs]]


# --- known answers ----------------------------------------------------------------------------------------------------


def holds(rule, **columns):
    """Return where a rule holds on columns made with rate() or numbers()."""
    levels = {name: np.array(units) for name, units in columns.pop("levels", {}).items()}
    n = next(iter(columns.values())).values.shape[1]
    return as_list(evaluate(rule, Evidence(columns, n, levels=levels))[0], n)


def test_two_towns_compared_with_themselves_and_with_both_together():
    towns_ = {"gemeinde": [0, 0, 0, 1, 1, 1]}
    mh = rate([2500, 2000, 1500, 600, 500, 400], [5000] * 6)
    low = rate([1000, 900, 800, 300, 250, 200], [5000] * 6)
    own = qa.above("mh", than="gemeinde") & qa.above("low", than="gemeinde")
    assert holds(own, mh=mh, low=low, levels=towns_) == [True, False, False, True, False, False]
    both = qa.above_city("mh", "low")
    assert holds(both, mh=mh, low=low, levels=towns_) == [True, True, True, False, False, False]


def test_the_mixed_limit_of_france():
    # 0.6 (0.7 x 21,000 + 0.3 x 19,000) = 12,240
    mix = qa.below("income", than=[[0.7, "nation"], [0.3, "unit"]], factor=0.6)
    incomes = [12239, 12240, 12241]
    evidence = Evidence(
        {"income": numbers(incomes)},
        3,
        published={("nation", "income"): [Decimal(21000)], ("unit", "income"): [Decimal(19000)]},
    )
    outcome_, (found,) = evaluate(mix, evidence)
    assert as_list(outcome_, 3) == [True, False, False]
    assert found.limit.tolist() == [[12240.0]]


@pytest.mark.parametrize(
    ("share", "n", "count", "wanted"),
    [
        (0.29, 50, "half_up", 15),  # 14.5, which floats make 14.499999999999998
        (0.35, 90, "half_up", 32),  # 31.5
        (0.58, 25, "half_up", 15),  # 14.5
        (0.1, 6976, "floor", 697),
        (0.1, 6976, "ceil", 698),
        (0.01, 8, "floor", 1),  # at least one
    ],
)
def test_the_number_of_areas_in_a_share_is_a_fraction(share, n, count, wanted):
    assert holds(qa.worst_share("x", share, count=count), x=numbers(range(n))).count(True) == wanted


def test_ties_at_the_best_value_select_none_of_the_tied():
    values = numbers([0] * 7 + [1, 2, 3])
    assert holds(qa.worst_share("x", 0.35), x=values) == [False] * 7 + [True] * 3
    _, (found,) = evaluate(qa.worst_share("x", 0.35), Evidence({"x": values}, 10))
    assert found.tied == (7, 4, False, 0.0)


@pytest.mark.parametrize(("most", "keys"), [(1.5, [True, True, True, False]), (1.4, [True, False, False, False])])
def test_ties_are_in_as_long_as_they_are_not_too_many(most, keys):
    assert holds(qa.worst_n("x", 2, most=most), x=numbers([5, 4, 4, 3])) == keys
    assert holds(qa.worst_n("x", 2, ties="out"), x=numbers([5, 4, 4, 3])) == [True, False, False, False]


def test_no_float_decides_a_law():
    billions, third = 4_000_000_000, 1_333_333_333
    cases = [third, third + 1, third]
    rule = qa.above("x", than="city")
    # city: 4,000,000,000 of 12,000,000,000 is a third; 1,333,333,333 of 4 billion is a third less 1e-10
    assert holds(rule, x=rate(cases, [billions] * 3)) == [False, True, False]
    assert holds(qa.at_least("x", 40), x=rate([2, 1999, 2001], [5, 5000, 5000])) == [True, False, True]
    assert holds(qa.above("x", 0.3), x=rate([3, 300000001], [1000, 100000000000])) == [False, True]


@pytest.mark.parametrize("values", [[0.1, 0.2, -0.3, 0.0], [1e6 + 0.1, -1e6, -0.1, 0.0]])
def test_a_mean_of_nothing_is_nothing(values):
    assert sum(values) != 0  # floats
    assert holds(qa.above("x", than="mean"), x=numbers(values))[3] is False
    assert holds(qa.at_least("x", than="mean"), x=numbers(values))[3] is True


def test_a_computed_limit_that_lost_its_last_bit_is_rounded_as_it_was():
    values = numbers([0.01, 0.01, 0.13])  # the mean is 0.05
    assert values.values.sum() / 3 < 0.05  # in floats
    _, (found,) = evaluate(qa.above("x", than="mean", digits=1), Evidence({"x": values}, 3))
    assert found.limit.tolist() == [[0.1]]


def test_computed_numbers_are_equal_to_the_last_bit():
    assert holds(qa.above("x", 0.3), x=numbers([0.1 + 0.2, 0.3, 0.4])) == [False, False, True]
    assert holds(qa.worst_n("x", 1), x=numbers([0.1 + 0.2, 0.3, 0.1])) == [False, False, False]
    assert holds(qa.worst_n("x", 1, most=2), x=numbers([0.1 + 0.2, 0.3, 0.1])) == [True, True, False]
    # the place of the quantile is 0.29 x 100 + 1 = 30, which floats make 29.999999999999996
    assert holds(qa.at_least("x", than="quantile", q=0.29), x=numbers(range(101))).count(True) == 72


def test_an_area_without_neighbours_in_its_unit_is_unknown_or_alone():
    levels = {"town": [0, 0, -1, 1]}
    column = rate([5, 1, 9, 3], [10] * 4)
    assert holds(qa.above("x", than="town"), x=column, levels=levels) == [True, False, None, False]
    assert holds(qa.worst_n("x", 1, by="town"), x=column, levels=levels) == [True, False, None, True]
    assert holds(qa.above("x", than="rest"), x=rate([5], [10])) == [None]


@pytest.mark.parametrize(("unknown", "expected"), [("unknown", None), ("no", False), ("yes", True)])
def test_an_area_without_a_value_is_what_the_condition_says(unknown, expected):
    found = [
        qa.above("x", 20, unknown=unknown),
        qa.worst_n("x", 1, unknown=unknown),
        qa.worse_than_city("x", unknown=unknown),
        qa.above("x", 20, min_denominator=100, unknown=unknown),
    ]
    assert [holds(rule, x=rate([5, 0, 1], [10, 0, 10]))[1] for rule in found] == [expected] * 4
    assert holds(found[3], x=rate([50, 1], [100, 99])) == [True, expected]


def test_the_printed_number_is_an_interval_or_the_number():
    column = numbers([23.9, 24.0, 24.1, 24.05], half=0.05)
    assert holds(qa.above("x", 24), x=column) == [False, None, True, True]
    assert holds(qa.above("x", 24, printed="exact"), x=column) == [False, False, True, True]
    assert holds(qa.at_least("x", 24, printed="exact"), x=column) == [False, True, True, True]
    _, (found,) = evaluate(qa.above("x", 24, unknown="no"), Evidence({"x": column}, 4))
    assert found.undecided.tolist() == [[False, True, False, False]]
    assert as_list(found.truth, 4) == [False, False, True, True]
