"""Bounds of indices with suppressed counts: against every table that fits, by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError
from quartiersatlas.segregation import correlation_ratio, dissimilarity, isolation, segregation_bounds, theil_h

INDICES = {
    "dissimilarity": lambda x, t: dissimilarity(x, t - x),
    "theil_h": lambda x, t: theil_h(x, t - x),
    "isolation": isolation,
    "correlation_ratio": correlation_ratio,
}
NAN = float("nan")
areas = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.booleans()), min_size=2, max_size=5)


def every(group, population, least, most, total=None):
    """Return the index of every table of whole persons that fits."""
    choices = [
        range(least, min(most, int(t)) + 1) if np.isnan(x) else [int(x)] for x, t in zip(group, population, strict=True)
    ]
    found = {name: [] for name in INDICES}
    for table in product(*choices):
        members = np.array(table, dtype=float)
        if 0 < members.sum() < population.sum() and (total is None or members.sum() == total):
            for name, index in INDICES.items():
                found[name].append(index(members, population))
    return found


@given(areas)
@settings(max_examples=60, deadline=None)
def test_no_table_that_fits_lies_outside(city):
    population = np.array([float(t) for t, _, _ in city])
    group = np.array([NAN if hidden else float(min(x, t)) for t, x, hidden in city])
    bounds = segregation_bounds(group, population, least=1, most=4)
    for name, values in every(group, population, 1, 4).items():
        if values:
            assert bounds.loc[name, "lower"] <= min(values) + 1e-9
            assert bounds.loc[name, "upper"] >= max(values) - 1e-9
        else:
            assert bounds.loc[name].isna().all()


def test_bounds_are_reached_or_nearly():
    random = np.random.default_rng(2)
    population = random.integers(60, 200, 9).astype(float)
    group = np.where(np.arange(9) < 5, np.nan, random.integers(5, 50, 9))
    for total in (None, float(np.nansum(group)) + 12):
        bounds = segregation_bounds(group, population, least=1, most=4, total=total)
        for name, values in every(group, population, 1, 4, total).items():
            width = max(values) - min(values)
            assert bounds.loc[name, "lower"] == pytest.approx(min(values), abs=0.05 * width + 1e-12)
            assert bounds.loc[name, "upper"] == pytest.approx(max(values), abs=0.15 * width + 1e-12)


def test_what_is_known_has_one_value():
    group, population = np.array([100.0, 60, 40, 0, 0]), np.array([100.0, 100, 100, 100, 0])
    bounds = segregation_bounds(group, population)
    expected = [0.6, 0.514524703, 0.76, 0.52]  # E1 of the tables of the R package segregation
    np.testing.assert_allclose(bounds["lower"], expected, atol=1e-8)
    np.testing.assert_allclose(bounds["upper"], expected, atol=1e-8)


def test_a_known_total_narrows():
    group, population = np.array([60.0, 30, NAN, NAN, NAN]), np.full(5, 100.0)
    wide, narrow = (segregation_bounds(group, population, most=4, total=total) for total in (None, 93.0))
    assert (narrow["lower"] >= wide["lower"]).all()
    assert (narrow["upper"] <= wide["upper"]).all()
    assert (narrow["upper"] - narrow["lower"]).lt(wide["upper"] - wide["lower"]).all()


def test_nothing_known_bounds_nothing():
    bounds = segregation_bounds([NAN, NAN], [50, 50], total=50)
    assert bounds.loc["dissimilarity"].tolist() == pytest.approx([0, 1])
    assert segregation_bounds([0, 0], [5, 5]).isna().all(axis=None)


def test_columns_are_laid_side_by_side_by_their_areas():
    group, population = pd.Series({"a": 60.0, "b": NAN, "c": 5.0}), pd.Series({"c": 300.0, "a": 80.0, "b": 20.0})
    plain = segregation_bounds([60, NAN, 5], [80, 20, 300], most=4)
    pd.testing.assert_frame_equal(segregation_bounds(group, population, most=4), plain)


@pytest.mark.parametrize(
    ("group", "options", "message"),
    [
        ([60, NAN], {"least": 5, "most": 4}, "no possible count"),
        ([160, NAN], {}, "no possible count"),
        ([60, NAN], {"most": 4, "total": 70}, "allow sums from 60 to 64"),
        ([-1, NAN], {}, "negative|at least 0|< 0"),
        ([60], {}, "shape"),
    ],
)
def test_what_cannot_be_is_refused(group, options, message):
    with pytest.raises(CountError, match=message):
        segregation_bounds(group, [100, 100], **options)


def test_too_many_sums_ask_for_a_limit():
    with pytest.raises(CountError, match="more than can be weighed"):
        segregation_bounds([NAN, 3], [1e6, 10])
