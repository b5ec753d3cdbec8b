from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quartiersatlas.disclosure.bounds import suppress_secondary

import quartiersatlas as qa
from quartiersatlas.disclosure.counted import small_cells
from quartiersatlas.errors import SpecError

NONE = pd.Series([False] * 6)


def protected_cells(x, n, hidden, protection):
    """Give the areas that may not show a count, were it alone and the areas without parents."""
    small = hidden | small_cells(x, n, protection)
    return suppress_secondary(x, small, n, hidden, protection.min_count) if protection.secondary else small


def cells(numerator, denominator, **options):
    x, n = pd.Series(numerator, dtype=float), pd.Series(denominator, dtype=float)
    return protected_cells(x, n, NONE.iloc[: len(x)], qa.Protection(secondary=False, **options)).tolist()


def test_small_counts_and_small_rests_are_protected_true_zeros_are_not():
    numerator, denominator = [0, 1, 2, 3, 97, 98, 99, 100], [100] * 8
    assert protected_cells(
        pd.Series(numerator, dtype=float),
        pd.Series(denominator, dtype=float),
        pd.Series([False] * 8),
        qa.Protection(secondary=False),
    ).tolist() == [False, True, True, False, False, True, True, True]


def test_the_rest_is_left_alone_when_asked():
    assert cells([2, 98], [100, 100], protect_remainder=False) == [True, False]


def test_a_count_above_its_denominator_leaves_no_small_rest():
    assert cells([99, 100, 101, 103], [100] * 4) == [True, True, False, False]


def test_an_empty_area_has_nothing_to_protect():
    assert cells([0], [0]) == [False]


def test_a_single_protected_cell_takes_the_next_smallest_with_it():
    x, n = pd.Series([2.0, 50, 20, 30]), pd.Series([100.0] * 4)
    hidden = pd.Series([False] * 4)
    assert protected_cells(x, n, hidden, qa.Protection()).tolist() == [True, False, True, False]
    assert protected_cells(x, n, hidden, qa.Protection(secondary=False)).tolist() == [True, False, False, False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=30), st.integers(1, 10))
def test_no_open_cell_is_small_and_never_is_exactly_one_cell_protected(rows, min_count):
    x = pd.Series([float(min(pair)) for pair in rows])
    n = pd.Series([float(max(pair)) for pair in rows])
    protected = protected_cells(x, n, pd.Series([False] * len(x)), qa.Protection(min_count=min_count))
    shown, total = x[~protected], n[~protected]
    assert not ((shown > 0) & (shown < min_count)).any()
    rest = total - shown
    assert not ((rest > 0) & (rest < min_count)).any()
    assert protected.sum() != 1 or not (x[~protected] > 0).any()


def test_a_small_denominator_is_protected_when_asked_also_with_nobody_above_it():
    assert cells([0, 10, 10], [25, 25, 40], min_denominator=30) == [True, True, False]


@pytest.mark.parametrize("options", [{"min_count": 0}, {"min_population": -1}])
def test_impossible_protection_is_refused(options):
    with pytest.raises(SpecError, match="must be at least 1"):
        qa.Protection(**options)


@pytest.mark.parametrize(
    "options", [{"min_denominator": -1}, {"round_base": 1}, {"round_base": 2.5}, {"decimals": "few"}, {"decimals": 7}]
)
def test_impossible_options_are_refused_by_name(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        qa.Protection(**options)


def test_options_are_given_by_name():
    with pytest.raises(TypeError, match="positional"):
        qa.Protection(5)
