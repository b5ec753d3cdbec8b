from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import CountError, SpecError


def change(earlier, later, **options):
    first, second = (tuple(pd.Series([float(v)]) for v in pair) for pair in (earlier, later))
    return qa.rate_change(first, second, **options).iloc[0]


@pytest.mark.parametrize(
    ("later", "earlier", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_intervals_of_the_published_examples(later, earlier, lower, upper):
    # the examples of Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; the first is widely reprinted, the
    # others were recomputed by an independent programme to the digits given here
    row = change(earlier, later)
    assert row["lower"] == pytest.approx(lower, abs=5.1e-5)
    assert row["upper"] == pytest.approx(upper, abs=5.1e-5)


def test_the_interval_of_a_published_example_of_the_same_persons():
    # 161 patients, complete response before and after: 59 both, 6 first only, 16 second only, 80 neither. The R
    # package contingencytables (Fagerland, Lydersen & Laake) gives -0.0621 (-0.1186 to -0.0046) for first - second.
    both, first, second, neither = 59, 6, 16, 80
    n = 161
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    phi = (both * neither - first * second - n / 2) / math.sqrt(product)  # Newcombe's correction towards 0
    row = change((both + second, n), (both + first, n), correlation=phi)
    assert row["change"] == pytest.approx(-0.0621, abs=5e-5)
    assert row["lower"] == pytest.approx(-0.1186, abs=5e-5)
    assert row["upper"] == pytest.approx(-0.0046, abs=5e-5)
    assert row["significant"]
    assert not change((both + second, n), (both + first, n))["significant"]


def test_the_test_statistic_of_a_published_example():
    # 56/70 and 48/80: score statistic 2.65, one-sided p 0.004 (R package cicalc, hypothesis of no difference)
    row = change((48, 80), (56, 70))
    assert row["z"] == pytest.approx(2.650, abs=5e-4)
    assert row["p_value"] == pytest.approx(2 * 0.00402, abs=2e-5)


def by_hand(earlier, later, r):
    """Compute one change in plain arithmetic: Wilson's bounds as the roots of their quadratic equation."""
    z2 = 1.959963984540054**2
    p, low, high = [], [], []
    for x, n in (earlier, later):
        # (x / n - q)^2 = z^2 q (1 - q) / n is a q^2 + b q + c = 0 with
        a, b, c = n + z2, -(2 * x + z2), x * x / n
        root = math.sqrt(max(b * b - 4 * a * c, 0))
        p.append(x / n)
        low.append((-b - root) / (2 * a))
        high.append((-b + root) / (2 * a))
    d1, e1, d2, e2 = p[0] - low[0], high[0] - p[0], p[1] - low[1], high[1] - p[1]
    difference = p[1] - p[0]
    lower = difference - math.sqrt(max(d2**2 + e1**2 - 2 * r * d2 * e1, 0))
    upper = difference + math.sqrt(max(e2**2 + d1**2 - 2 * r * e2 * d1, 0))
    return difference, lower, upper


pair = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda t: (min(t), max(t)))
correlation = st.floats(0, 0.99)


@given(pair, pair, correlation)
def test_the_interval_agrees_with_plain_arithmetic_and_encloses_the_change(earlier, later, r):
    row = change(earlier, later, correlation=r)
    assert row[["change", "lower", "upper"]].tolist() == pytest.approx(by_hand(earlier, later, r), abs=1e-7)
    assert row["lower"] <= row["change"] <= row["upper"]
    assert row["lower"] >= -1 - 1e-9
    assert row["upper"] <= 1 + 1e-9
    assert row["significant"] == (row["lower"] > 0 or row["upper"] < 0)
    assert 0 <= row["p_value"] <= 1


@given(pair, pair, correlation)
def test_the_other_direction_of_time_and_the_other_persons_turn_the_sign(earlier, later, r):
    row = change(earlier, later, correlation=r)
    back = change(later, earlier, correlation=r)
    others = change(*((n - x, n) for x, n in (earlier, later)), correlation=r)
    for turned in (back, others):
        assert turned[["change", "lower", "upper", "z"]].tolist() == pytest.approx(
            [-row["change"], -row["upper"], -row["lower"], -row["z"]], abs=1e-7
        )


@given(pair, pair, correlation, correlation)
def test_more_correlation_is_less_chance(earlier, later, first, second):
    low, high = sorted((first, second))
    wide, narrow = (change(earlier, later, correlation=r) for r in (low, high))
    assert narrow["upper"] - narrow["lower"] <= wide["upper"] - wide["lower"] + 1e-12
    assert abs(narrow["z"]) >= abs(wide["z"]) - 1e-12


def test_the_z_of_dependent_dates_is_the_change_over_its_deviation():
    # p = 130 / 500 = .26; var = .26 x .74 x (1/300 + 1/200 - 2 x .8 / sqrt(60000)) = .00034644...
    row = change((60, 300), (70, 200), correlation=0.8)
    variance = 0.26 * 0.74 * (1 / 300 + 1 / 200 - 1.6 / math.sqrt(60_000))
    assert row["z"] == pytest.approx(0.15 / math.sqrt(variance))


def draws(random, replications, n, p, stays):
    """Draw two dates of the same n persons: each keeps the situation with a probability, else it is drawn again."""
    before = random.random((replications, n)) < p[0]
    after = np.where(random.random((replications, n)) < stays, before, random.random((replications, n)) < p[1])
    return before.sum(axis=1), after.sum(axis=1)


@pytest.mark.parametrize(("n", "p"), [(60, 0.2), (300, 0.12), (40, 0.5)])
@pytest.mark.parametrize("stays", [0.0, 0.8])
def test_intervals_cover_the_true_change_in_nineteen_of_twenty_cases(n, p, stays):
    # with one p at both dates the correlation of a person's situation is the probability to keep it
    random = np.random.default_rng(5)
    first, second = draws(random, 4_000, n, (p, p), stays)
    size = pd.Series(float(n), index=range(4_000))
    before, after = (pd.Series(v.astype(float)) for v in (first, second))
    table = qa.rate_change((before, size), (after, size), correlation=stays)
    assert 0.93 <= 1 - table["significant"].mean() <= 0.98
    if stays:
        independent = qa.rate_change((before, size), (after, size))
        assert 1 - independent["significant"].mean() > 0.99


def test_intervals_cover_a_true_change_of_ten_points():
    random = np.random.default_rng(6)
    size = pd.Series(120.0, index=range(4_000))
    before = pd.Series(random.binomial(120, 0.15, 4_000).astype(float))
    after = pd.Series(random.binomial(120, 0.25, 4_000).astype(float))
    table = qa.rate_change((before, size), (after, size))
    assert 0.935 <= ((table["lower"] <= 0.1) & (table["upper"] >= 0.1)).mean() <= 0.97


def test_where_a_count_is_unknown_there_is_no_answer():
    index = list("abcde")
    before = pd.Series([1.0, np.nan, 1, 0, 2], index=index), pd.Series([10.0, 10, 10, 0, 10], index=index)
    after = pd.Series([9.0, 1, np.nan, 1, 0], index=index), pd.Series([10.0, 10, 10, 5, 0], index=index)
    table = qa.rate_change(before, after)
    assert table.index.tolist() == index
    assert table.loc[["b", "c", "d", "e"]].isna().all(axis=None)
    assert table["significant"]["a"]


def test_nobody_at_either_date_is_no_change():
    row = change((0, 50), (0, 80))
    assert (row["change"], row["z"], row["p_value"], bool(row["significant"])) == (0, 0, 1, False)


@pytest.mark.parametrize("correlation", [-0.1, 1.0, 1.5, float("nan")])
def test_a_correlation_that_is_no_correlation_is_refused(correlation):
    with pytest.raises(SpecError, match=r"a correlation in \[0, 1\)"):
        change((1, 10), (2, 10), correlation=correlation)


def test_dates_on_other_areas_and_impossible_counts_are_refused():
    one, ten = pd.Series([1.0], index=["a"]), pd.Series([10.0], index=["a"])
    with pytest.raises(CountError, match="two dates are on different indexes"):
        qa.rate_change((one, ten), (one.set_axis(["b"]), ten.set_axis(["b"])))
    with pytest.raises(CountError, match="more in"):
        qa.rate_change((ten, one), (one, ten))
