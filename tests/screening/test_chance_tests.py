"""Exact tests, many tests at once and clusters: against scipy, esda and plain loops."""

from __future__ import annotations

import warnings
from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control, fisher_exact

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.chance_tests import _draws, hotspot_p_values, p_values, passing
from quartiersatlas.screening.evaluation.evaluate import evaluate, limit_of
from quartiersatlas.screening.evaluation.evidence import Evidence, numbers, rate

WORDS = (qa.above, qa.at_least, qa.below, qa.at_most)
counts = st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
areas = st.lists(counts, min_size=2, max_size=8)


def p_of(rule, column, **evidence):
    """Return the p-value of each area."""
    found = Evidence({"x": column}, column.values.shape[1], **evidence)
    limit = limit_of(rule, column, found)
    return p_values(rule, column, found, limit if isinstance(limit, np.ndarray) else limit.floats)[0]


@given(areas, st.sampled_from(WORDS), st.integers(1, 99))
def test_against_a_number_the_test_is_binomial(pairs, word, percent):
    rule = word("x", percent, significant=0.05)
    found = p_of(rule, rate(*zip(*pairs, strict=True)))
    side = "greater" if rule.upwards else "less"
    for p, (x, n) in zip(found, pairs, strict=True):
        if n:
            assert p == pytest.approx(binomtest(x, n, percent / 100, alternative=side).pvalue, abs=1e-12)
        else:
            assert np.isnan(p)


@given(areas, st.sampled_from(WORDS), st.sampled_from(["city", "rest", "town"]), st.data())
def test_against_the_city_or_its_own_town_it_is_that_of_fisher_against_the_rest(pairs, word, than, data):
    units = np.array(data.draw(st.lists(st.integers(-1, 1), min_size=len(pairs), max_size=len(pairs))))
    units = units if than == "town" else np.zeros(len(pairs), dtype=int)
    rule = word("x", than=than, significant=0.05)
    found = p_of(rule, rate(*zip(*pairs, strict=True)), levels={"town": units})
    side = "greater" if rule.upwards else "less"
    for i, (x, n) in enumerate(pairs):
        if not n or units[i] < 0:
            assert np.isnan(found[i])
            continue
        others = [pair for j, pair in enumerate(pairs) if units[j] == units[i] and j != i]
        rest, of = (sum(part) for part in zip((0, 0), *others, strict=True))
        table = [[x, n - x], [rest, of - rest]]
        assert found[i] == pytest.approx(fisher_exact(table, alternative=side).pvalue, abs=1e-10)


@given(
    st.lists(st.floats(1e-6, 1) | st.sampled_from([0.01, 0.02, 0.5]), min_size=1, max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_many_tests_are_corrected_as_scipy_does(p, tested, level):
    p, tested = np.array(p), np.array(tested[: len(p)])
    found = passing(p[None, :], tested[None, :], level, "bh")[0]
    expected = np.zeros(len(p), dtype=bool)
    if tested.any():
        adjusted = false_discovery_control(p[tested], method="bh")
        expected[tested] = adjusted <= level
        close = np.abs(adjusted - level) < 1e-12
        assert (found[tested] == expected[tested])[~close].all()
    assert not found[~tested].any()
    alone = passing(p[None, :], tested[None, :], level, "none")[0]
    assert alone.tolist() == (tested & (p <= level)).tolist()


def test_runs_are_corrected_one_by_one():
    p = np.array([[0.01, 0.9, 0.9, 0.9], [0.01, 0.02, 0.03, 0.04], [np.nan, 0.04, np.nan, 0.9]])
    found = passing(p, ~np.isnan(p), 0.05, "bh")
    assert found.tolist() == [[True, False, False, False], [True] * 4, [False] * 4]


def truth(rule, column):
    found, _ = evaluate(rule, Evidence({"x": column}, column.values.shape[1]))
    return found.yes[0].tolist(), found.no[0].tolist()


def test_a_condition_holds_where_it_does_and_the_test_rejects():
    # one-sided binomial against 20 %: 8 of 20 p = 0.032, 7 of 20 p = 0.087, 40 of 100 p = 2e-6
    column = rate([8, 7, 40, 0, 1], [20, 20, 100, 0, 20])
    yes, no = truth(qa.above("x", 20, significant=0.05, correction="none"), column)
    assert yes == [True, False, True, False, False]
    assert no == [False, True, False, False, True]  # without a denominator: unknown
    yes, _ = truth(qa.above("x", 20, significant=0.05), column)  # 0.032 is above 0.05 x 2 / 4
    assert yes == [False, False, True, False, False]


def test_areas_with_few_persons_are_not_tested_and_do_not_count_as_tests():
    column = rate([8, 1, 1, 1, 1, 1, 1, 1], [20] + [9] * 7)
    yes, _ = truth(qa.above("x", 20, significant=0.05, min_denominator=10), column)
    assert yes[0]
    yes, _ = truth(qa.above("x", 20, significant=0.05), column)
    assert not yes[0]


def test_a_share_of_billions_is_tested():
    n = 4_000_000_000
    found = p_of(qa.above("x", 20, significant=0.05), rate([n / 5, n / 5 + 100_000, n / 5 - 100_000], [n] * 3))
    sd = sqrt(n * 0.2 * 0.8)
    expected = [1 - NormalDist().cdf(d / sd) for d in (0, 100_000, -100_000)]
    assert found.tolist() == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: qa.above("x", than="city", factor=1.5, significant=0.05), "with factor, plus or digits"),
        (lambda: qa.above("x", than="city", digits=1, significant=0.05), "with factor, plus or digits"),
        (lambda: qa.above("x", than="mean", significant=0.05), "not against 'mean'"),
        (lambda: qa.above("x", than="quantile", q=0.8, significant=0.05), "not against 'quantile'"),
        (lambda: qa.above("x", than=[[1, "city"]], significant=0.05), "not against 'city'"),
    ],
)
def test_where_there_is_no_exact_test_it_is_refused(rule, message):
    with pytest.raises(SpecError, match=message):
        truth(rule(), rate([1, 2], [10, 10]))
    with pytest.raises(SpecError, match="needs the counts of a rate"):
        truth(qa.above("x", 3, significant=0.05), numbers([1, 2]))


# --- clusters ---------------------------------------------------------------------------------------------------------


def grid_pairs(columns, rows):
    """Return the pairs of squares that share a side or a corner."""
    cells = [(x, y) for y in range(rows) for x in range(columns)]
    near = [
        (i, j)
        for i, a in enumerate(cells)
        for j, b in enumerate(cells[:i])
        if max(abs(a[0] - b[0]), abs(a[1] - b[1])) == 1
    ]
    one, other = zip(*near, strict=True)
    return np.array(one), np.array(other)


def plain_gi_star(values, one, other):
    """Ord & Getis 1995, eq. for G* as a z-value with binary weights; areas without a value or neighbours are None."""
    known = [i for i, v in enumerate(values) if not np.isnan(v)]
    near = {i: {j for a, b in zip(one, other, strict=True) for j in (a, b) if i in (a, b) and j != i} for i in known}
    near = {i: [j for j in some if j in near] for i, some in near.items()}
    x = [values[i] for i in known]
    n, mean = len(x), sum(x) / len(x)
    s = sqrt(sum(v * v for v in x) / n - mean**2)
    found = [None] * len(values)
    for i in known:
        if near[i]:
            w = 1 + len(near[i])
            error = s * sqrt((n * w - w * w) / (n - 1))
            found[i] = (values[i] + sum(values[j] for j in near[i]) - mean * w) / error if error else 0.0
    return found


@settings(max_examples=50)
@given(st.lists(st.none() | st.integers(0, 9).map(float), min_size=20, max_size=20))
def test_gi_star_is_its_formula(values):
    values = np.array([np.nan if v is None else v for v in values])
    if len(set(values[~np.isnan(values)])) < 2:
        return
    one, other = grid_pairs(5, 4)
    found = hotspot_p_values(qa.hotspot("x"), values[None, :], one, other)[0]
    for p, z in zip(found, plain_gi_star(values.tolist(), one.tolist(), other.tolist()), strict=True):
        assert np.isnan(p) if z is None else p == pytest.approx(1 - NormalDist().cdf(z), abs=1e-9)


def example():
    """Return a grid of 8 x 6 with a hill in it."""
    random = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(8), np.arange(6))
    return np.round(10 * np.exp(-((x - 2) ** 2 + (y - 3) ** 2) / 4) + random.gamma(2, 1, x.shape), 2).ravel()


def neighbours_of(one, other, n):
    near = {i: [] for i in range(n)}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    return near


def test_gi_star_and_the_quadrants_of_moran_are_those_of_esda():
    esda = pytest.importorskip("esda")
    from libpysal.weights import W

    values, (one, other) = example(), grid_pairs(8, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = W(neighbours_of(one, other, len(values)), silence_warnings=True)
        gi = esda.G_Local(values, weights, transform="B", star=True, permutations=0)
        moran = esda.Moran_Local(values, weights, transformation="B", permutations=0)
    p = hotspot_p_values(qa.hotspot("x"), values[None, :], one, other)[0]
    assert p == pytest.approx([1 - NormalDist().cdf(z) for z in gi.Zs], abs=1e-9)
    local = hotspot_p_values(qa.hotspot("x", statistic="moran", permutations=9999), values[None, :], one, other)[0]
    assert local[moran.q != 1].tolist() == [1.0] * int((moran.q != 1).sum())
    assert (local[moran.q == 1] < 1).all()


# G_Local(values, weights, transform="B", star=True).Zs of esda 2.9.0, for where it is not installed
ESDA = [-1.142240, 4.127842, 5.434639, 3.853673, -1.748402]


def test_z_values_of_esda():
    values, (one, other) = example(), grid_pairs(8, 6)
    p = hotspot_p_values(qa.hotspot("x"), values[None, :], one, other)[0]
    z = [NormalDist().inv_cdf(1 - part) for part in p[[0, 18, 26, 34, 47]]]
    assert z == pytest.approx(ESDA, abs=1e-6)


def test_areas_without_neighbours_are_unknown_and_do_not_count():
    values, (one, other) = example(), grid_pairs(8, 6)
    far = np.append(values, [100.0, np.nan])
    p = hotspot_p_values(qa.hotspot("x"), far[None, :], one, other)[0]
    assert np.isnan(p[-2:]).all()
    assert not np.isnan(p[:-2]).any()


def test_where_nothing_differs_there_is_no_cluster():
    one, other = grid_pairs(5, 4)
    for rule in (qa.hotspot("x"), qa.hotspot("x", permutations=400)):
        assert hotspot_p_values(rule, np.full((1, 20), 0.1), one, other)[0].tolist() == [1.0] * 20


def test_the_hill_is_the_hotspot_and_the_lowest_are_it_where_less_is_worse():
    values, (one, other) = example(), grid_pairs(8, 6)

    def marked(rule, column):
        evidence = Evidence({"x": column}, 48, neighbours=lambda: (one, other))
        return set(np.flatnonzero(evaluate(rule, evidence)[0].yes[0]))

    hill = marked(qa.hotspot("x"), numbers(values))
    assert 8 * 3 + 2 in hill
    assert hill <= set(np.flatnonzero(np.isnan(values) | (plain_distance() <= 2.9)))
    assert marked(qa.hotspot("x", highest=False), numbers(-values)) == hill
    assert marked(qa.hotspot("x"), numbers(-values, direction=-1)) == hill
    assert 26 in marked(qa.hotspot("x", statistic="moran", permutations=9999), numbers(values))


def plain_distance():
    x, y = np.meshgrid(np.arange(8), np.arange(6))
    return np.sqrt((x - 2) ** 2 + (y - 3) ** 2).ravel()


def test_permutations_agree_with_the_normal_approximation_in_order_and_by_much():
    values, (one, other) = example(), grid_pairs(8, 6)
    drawn = hotspot_p_values(qa.hotspot("x", permutations=4999), values[None, :], one, other)[0]
    normal = hotspot_p_values(qa.hotspot("x"), values[None, :], one, other)[0]
    assert np.corrcoef(drawn, normal)[0, 1] > 0.8
    assert drawn.min() >= 1 / 5000


def test_the_order_of_areas_changes_no_permutation():
    values, (one, other) = example(), grid_pairs(8, 6)
    order = np.random.default_rng(3).permutation(48)
    place = np.argsort(order)
    rule = qa.hotspot("x", statistic="moran", permutations=999, fdr=0.1)
    plain = hotspot_p_values(rule, values[None, :], one, other)[0]
    turned = hotspot_p_values(rule, values[None, order], place[one], place[other])[0]
    assert turned.tolist() == plain[order].tolist()


def test_too_few_permutations_are_refused_with_the_number_that_is_enough():
    one, other = grid_pairs(5, 4)
    with pytest.raises(SpecError, match="fewer than 399 permutations"):
        hotspot_p_values(qa.hotspot("x", permutations=398), np.arange(20.0)[None, :], one, other)


def test_the_least_number_of_permutations_lets_one_area_pass():
    one, other = grid_pairs(10, 10)
    values = np.zeros(100)
    values[[0, 1, 10, 11]] = 1.0
    rule = qa.hotspot("x", permutations=1999)
    p = hotspot_p_values(rule, values[None, :], one, other)
    assert p.min() == 1 / 2000
    assert passing(np.where(np.arange(100) == 0, p.min(), 0.9)[None, :], np.ones((1, 100), dtype=bool), 0.05, "bh")[
        0, 0
    ]


@pytest.mark.parametrize(("many", "of"), [(3, 4), (5, 30), (4, 4), (0, 9)])
def test_every_neighbour_is_drawn_equally_often_and_none_twice(many, of):
    drawn = _draws(20_000, many, of)
    assert drawn.shape == (20_000, many)
    assert all(len(set(row)) == many for row in drawn[:200].tolist())
    for column in drawn.T:
        expected = 20_000 / of
        assert np.abs(np.bincount(column, minlength=of) - expected).max() < 6 * sqrt(expected)
