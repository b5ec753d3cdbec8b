"""Score intervals: published and prototype values, one z for three measures, exact coverage."""

from __future__ import annotations

import csv
from math import comb, nan

import numpy as np
import pytest

from quartiersatlas.indicators.gaps.score_intervals import against_all, score_intervals
from quartiersatlas.indicators.rates import NORMAL_95

MEASURES = ("difference", "ratio", "odds_ratio")
COLUMNS = {"difference": "diff", "ratio": "ratio", "odds_ratio": "odds"}


def one(measure, *numbers):
    found = getattr(score_intervals(*([number] for number in numbers)), measure)
    return tuple(float(part[0]) for part in (found.value, found.lower, found.upper))


def number(cell):
    return float(cell) if cell else nan


@pytest.mark.shared_data
def test_known_answers_of_the_prototype(acting):
    with (acting / "group_gap_known.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    for row in rows:
        given_counts = [float(row[name]) for name in ("x_group", "n_group", "x_others", "n_others")]
        found = score_intervals(*([n] for n in given_counts))
        for measure, column in COLUMNS.items():
            wanted = [number(row[f"{column}{end}"]) for end in ("", "_lo", "_hi")]
            assert one(measure, *given_counts) == pytest.approx(wanted, rel=1e-9, nan_ok=True)
        share = np.array([given_counts[1] / (given_counts[1] + given_counts[3])])
        for measure in ("difference", "ratio"):
            one_against_all = against_all(getattr(found, measure), share, ratio=measure == "ratio")
            ends = (one_against_all.value, one_against_all.lower, one_against_all.upper)
            wanted = [number(row[f"{COLUMNS[measure]}_all{end}"]) for end in ("", "_lo", "_hi")]
            assert [float(end[0]) for end in ends] == pytest.approx(wanted, rel=1e-9, nan_ok=True)


def test_the_first_example_of_newcombe_1998():
    """56/70 and 48/80: Miettinen-Nurminen 0.0528..0.3382 (Statistics in Medicine 17:873, table II, method 6)."""
    assert one("difference", 56, 70, 48, 80) == pytest.approx((0.2, 0.0528, 0.3382), abs=5e-5)


def test_nothing_against_nothing_has_a_difference_and_no_ratio():
    assert one("difference", 0, 10, 0, 10) == pytest.approx((0, -0.2879, 0.2879), abs=5e-5)
    assert one("ratio", 0, 10, 0, 20) == pytest.approx((nan, 0, np.inf), nan_ok=True)
    assert one("odds_ratio", 5, 5, 7, 7) == pytest.approx((nan, 0, np.inf), nan_ok=True)
    assert one("ratio", 5, 5, 7, 7)[0] == 1.0


def test_nobody_and_unknown_counts_have_no_gap():
    for numbers in ((0, 0, 3, 10), (3, 10, 0, 0), (nan, 10, 3, 10)):
        assert one("difference", *numbers) == pytest.approx((nan, nan, nan), nan_ok=True)


@pytest.fixture(scope="module")
def tables():
    """Return every table with n in (1, 2, 7, 15) and (1, 5, 23), and random large ones: numbers and their gaps."""
    rows = [
        (x1, n1, x2, n2) for n1 in (1, 2, 7, 15) for n2 in (1, 5, 23) for x1 in range(n1 + 1) for x2 in range(n2 + 1)
    ]
    rng = np.random.default_rng(8)
    n = rng.integers(1, 5000, (500, 2))
    x = rng.binomial(n, rng.uniform(0, 1, (500, 2)))
    numbers = np.vstack([np.array(rows), np.column_stack([x[:, 0], n[:, 0], x[:, 1], n[:, 1]])]).astype(float)
    return numbers, score_intervals(*numbers.T)


def test_swapping_group_and_others_negates_and_inverts(tables):
    numbers, found = tables
    swapped = score_intervals(*numbers[:, [2, 3, 0, 1]].T)
    assert swapped.difference.lower == pytest.approx(-found.difference.upper, abs=1e-9)
    assert swapped.difference.upper == pytest.approx(-found.difference.lower, abs=1e-9)
    for measure in ("ratio", "odds_ratio"):
        low, high = getattr(found, measure).lower, getattr(swapped, measure).upper
        both = (low > 1e-6) & (high < 1e6)
        assert both.sum() > 400
        assert high[both] == pytest.approx(1 / low[both], rel=1e-6)


def test_one_z_decides_for_all_three_measures(tables):
    _, found = tables
    far = np.abs(np.abs(found.z) - NORMAL_95) > 1e-6
    for measure, null in zip(MEASURES, (0, 1, 1), strict=True):
        part = getattr(found, measure)
        inside = (part.lower <= null) & (null <= part.upper)
        assert (inside == (np.abs(found.z) < NORMAL_95))[far].all()


def test_z_is_that_of_the_pooled_rate(tables):
    (x1, n1, x2, n2), found = tables[0].T, tables[1]
    p, n = (x1 + x2) / (n1 + n2), n1 + n2
    mixed = (p > 0) & (p < 1)
    variance = (p * (1 - p) * (1 / n1 + 1 / n2) * n / (n - 1))[mixed]
    assert found.z[mixed] == pytest.approx((x1 / n1 - x2 / n2)[mixed] / np.sqrt(variance), rel=1e-6, abs=1e-9)


def test_the_interval_holds_its_value(tables):
    for measure in MEASURES:
        part = getattr(tables[1], measure)
        known = ~np.isnan(part.value)
        assert (part.lower <= part.value + 1e-9)[known].all()
        assert (part.value <= part.upper * (1 + 1e-9) + 1e-9)[known].all()


def test_the_gap_to_all_shrinks_as_the_group_grows():
    """g = -10 points; w from 20 to 40 per cent: -8, then -6, and nothing has changed between people."""
    for share, wanted in ((0.2, -0.08), (0.4, -0.06)):
        n1 = 1000 * share
        found = score_intervals([0.1 * n1], [n1], [0.2 * (1000 - n1)], [1000 - n1])
        gap = against_all(found.difference, np.array([share]), ratio=False)
        together = (0.1 * n1 + 0.2 * (1000 - n1)) / 1000
        assert gap.value[0] == pytest.approx(0.1 - together)
        assert gap.value[0] == pytest.approx(wanted)
        ratio = against_all(found.ratio, np.array([share]), ratio=True)
        assert ratio.value[0] == pytest.approx(0.1 / together)


@pytest.mark.parametrize(
    ("n1", "n2", "p1", "p2", "wanted"),
    [
        (10, 30, 0.05, 0.02, (0.9491, 0.9977, 0.9935)),  # simulation/cov_gap.csv of the prototype, four digits
        (10, 30, 0.1, 0.1, (0.9723, 0.9723, 0.9723)),
        (10, 30, 0.2, 0.1, (0.9511, 0.9590, 0.9406)),
        (10, 30, 0.3, 0.1, (0.9539, 0.9526, 0.9547)),
    ],
)
def test_exact_coverage_over_all_tables(n1, n2, p1, p2, wanted):
    x1, x2 = (grid.ravel() for grid in np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij"))
    first = np.array([comb(n1, k) * p1**k * (1 - p1) ** (n1 - k) for k in range(n1 + 1)])
    second = np.array([comb(n2, k) * p2**k * (1 - p2) ** (n2 - k) for k in range(n2 + 1)])
    chance = np.outer(first, second).ravel()
    found = score_intervals(x1, np.full(x1.shape, n1), x2, np.full(x1.shape, n2))
    truths = (p1 - p2, p1 / p2, p1 * (1 - p2) / (p2 * (1 - p1)))
    for measure, truth, cover in zip(MEASURES, truths, wanted, strict=True):
        part = getattr(found, measure)
        inside = (part.lower <= truth + 1e-12) & (truth <= part.upper + 1e-12)
        assert chance[inside].sum() == pytest.approx(cover, abs=1e-4)
