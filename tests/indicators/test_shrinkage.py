from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa

counts = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)).map(sorted).map(tuple), min_size=1, max_size=25)


def shrunken(rows):
    x = pd.Series([float(a) for a, _ in rows])
    n = pd.Series([float(b) for _, b in rows])
    return qa.rates(x, n)


def martuzzi_elliott(rows):
    """Compute the weights in the closed form of the R package spdep, EBest(family = "binomial"), in plain loops."""
    total = sum(n for _, n in rows)
    b = sum(x for x, _ in rows) / total
    mean = total / len(rows)
    s2 = sum(n * (x / n - b) ** 2 for x, n in rows) / total
    weights = []
    for _, n in rows:
        above = n * s2 - (n / mean) * b * (1 - b)
        below = (n - 1) * s2 + ((mean - n) / mean) * b * (1 - b)
        weights.append(above / below if above > 1e-12 else 0.0)
    return b, weights


@given(counts)
def test_the_weights_are_those_of_an_independent_implementation(rows):
    rows = [(x, n) for x, n in rows if n > 0]
    if not rows or sum(n for _, n in rows) / len(rows) <= 1:
        return
    city, weights = martuzzi_elliott(rows)
    table = shrunken(rows)
    assert table["reliability"].tolist() == pytest.approx(weights, abs=1e-9)
    expected = [w * x / n + (1 - w) * city for w, (x, n) in zip(weights, rows, strict=True)]
    assert table["shrunken"].tolist() == pytest.approx(expected, abs=1e-9)


@given(counts)
def test_a_shrunken_rate_lies_between_the_raw_rate_and_the_city_value(rows):
    table = shrunken(rows)
    x, n = (pd.Series([float(row[i]) for row in rows]) for i in (0, 1))
    city = qa.city_value(x, n)
    known = table.dropna()
    low, high = known["rate"].clip(upper=city), known["rate"].clip(lower=city)
    assert (known["shrunken"] >= low - 1e-12).all()
    assert (known["shrunken"] <= high + 1e-12).all()
    assert known["reliability"].between(0, 1).all()
    assert table["shrunken"].isna().equals(table["rate"].isna())
    assert table["reliability"].isna().equals(table["rate"].isna())


@given(counts)
def test_the_reliability_rises_with_the_denominator(rows):
    table = shrunken(rows).assign(n=[float(n) for _, n in rows]).dropna().sort_values("n")
    assert (table["reliability"].diff().dropna() >= -1e-12).all()


@given(counts)
def test_counting_the_others_mirrors_the_shrunken_rates(rows):
    table, mirrored = shrunken(rows), shrunken([(n - x, n) for x, n in rows])
    assert mirrored["shrunken"].to_numpy() == pytest.approx(1 - table["shrunken"].to_numpy(), abs=1e-9, nan_ok=True)
    assert mirrored["reliability"].to_numpy() == pytest.approx(table["reliability"].to_numpy(), abs=1e-6, nan_ok=True)


def test_an_example_computed_by_hand():
    # b = 310 / 2020 = .153465, v = (20 x .346535^2 + 1000 x .046535^2 + 1000 x .053465^2) / 2020 = .0036761,
    # n* = 673.33, b (1 - b) = .129914, t^2 = (.0036761 - .0001929) / (1 - .0014851) = .0034884,
    # s^2 = (.129914 - .0034884) / 20 = .0063213, w = .0034884 / .0098097 = .3556
    table = shrunken([(10, 20), (200, 1000), (100, 1000)])
    assert table["reliability"][0] == pytest.approx(0.3556, abs=5e-5)
    assert table["shrunken"][0] == pytest.approx(0.153465 + 0.3556 * 0.346535, abs=5e-5)


def test_rare_events_agree_with_the_poisson_formula():
    # Marshall (1991): a = v - b / n*, w = a / (a + b / n)
    random = np.random.default_rng(3)
    n = random.integers(2_000, 60_000, 300)
    x = random.binomial(n, random.gamma(4, 0.0005, 300))
    b, mean = x.sum() / n.sum(), n.mean()
    a = sum(n * (x / n - b) ** 2) / n.sum() - b / mean
    table = shrunken(list(zip(x.tolist(), n.tolist(), strict=True)))
    assert table["reliability"].to_numpy() == pytest.approx(a / (a + b / n), abs=2e-3)
    assert table["reliability"].min() < 0.8 < table["reliability"].max()


def test_shares_drawn_from_a_beta_distribution_get_the_weights_of_its_posterior_mean():
    # prior Beta(6, 14): the posterior mean is (6 + x) / (20 + n), so the weight of the raw rate is n / (n + 20)
    random = np.random.default_rng(11)
    n = random.integers(5, 200, 20_000).astype(float)
    truth = random.beta(6, 14, len(n))
    x = random.binomial(n.astype(int), truth).astype(float)
    table = qa.rates(pd.Series(x), pd.Series(n))
    assert table["reliability"].to_numpy() == pytest.approx(n / (n + 20), abs=0.02)
    error = ((table[["rate", "shrunken"]].sub(truth, axis=0)) ** 2).mean()
    assert error["shrunken"] < 0.85 * error["rate"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(3, 10)], "one area is the city"),
        ([(1, 10), (2, 20), (30, 300)], "equal rates differ less than chance gives"),
        ([(0, 10), (0, 500)], "nobody is counted anywhere"),
        ([(10, 10), (500, 500)], "everybody is counted everywhere"),
        ([(0, 1), (1, 1), (1, 1)], "areas of one person"),
        ([(4, 10), (6, 10), (5, 10)], "differences are those of chance"),
    ],
)
def test_where_chance_explains_everything_the_city_value_remains(rows, why):
    table = shrunken(rows)
    city = sum(x for x, _ in rows) / sum(n for _, n in rows)
    assert table["reliability"].tolist() == [0.0] * len(rows), why
    assert table["shrunken"].tolist() == pytest.approx([city] * len(rows))


@pytest.mark.parametrize(
    ("rows", "reliability"),
    [
        # b = 1/2, v = 1/16 = b (1 - b) / 4: exactly what chance gives
        ([(1, 4), (3, 4)], [0.0, 0.0]),
        # b = 3/8, v = 9/64, b (1 - b) / 4 = 15/256, t^2 = (36 - 15)/256 / (3/4) = 7/64,
        # s^2 = (15/64 - 7/64) / 4 = 2/64, w = 7 / (7 + 2)
        ([(0, 4), (3, 4)], [7 / 9, 7 / 9]),
        # one person per area on average, and half a person more: b = 2/3, v = t^2 = b (1 - b) = 2/9
        ([(0, 1), (1, 1)], [0.0, 0.0]),
        ([(0, 1), (2, 2)], [1.0, 1.0]),
    ],
)
def test_the_limits_of_what_chance_explains(rows, reliability):
    table = shrunken(rows)
    assert table["reliability"].tolist() == pytest.approx(reliability, abs=1e-12)


def test_where_areas_are_all_or_nothing_every_rate_is_its_own():
    table = shrunken([(0, 40), (40, 40), (40, 40)])
    assert table["reliability"].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert table["shrunken"].tolist() == pytest.approx([0.0, 1.0, 1.0])


def test_areas_without_counts_get_nothing_and_change_nothing():
    x = pd.Series([10.0, np.nan, 0, 200, 5, 100], index=list("abcdef"))
    n = pd.Series([20.0, 50, 0, 1000, np.nan, 1000], index=list("abcdef"))
    table = qa.rates(x, n)
    empty = ["b", "c", "e"]
    assert table.loc[empty].isna().all(axis=None)
    rest = qa.rates(x.drop(empty), n.drop(empty))
    pd.testing.assert_frame_equal(table.drop(empty), rest)


def test_no_counts_at_all_are_no_error():
    table = qa.rates(pd.Series([np.nan, 0.0]), pd.Series([10.0, 0.0]))
    assert table.isna().all(axis=None)
    assert list(table.columns) == ["rate", "lower", "upper", "shrunken", "reliability"]
