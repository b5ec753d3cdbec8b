from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.disclosure.counted import small_cells
from quartiersatlas.errors import ColumnError, SpecError


def cells(numerator, denominator, **options):
    x, n = pd.Series(numerator, dtype=float), pd.Series(denominator, dtype=float)
    return small_cells(x, n, qa.Protection(**options)).tolist()


def test_small_counts_and_small_rests_are_protected_true_zeros_are_not():
    numerator, denominator = [0, 1, 2, 3, 97, 98, 99, 100], [100] * 8
    assert cells(numerator, denominator) == [False, True, True, False, False, True, True, True]


def test_the_rest_is_left_alone_when_asked():
    assert cells([2, 98], [100, 100], protect_remainder=False) == [True, False]


def test_a_count_above_its_denominator_leaves_no_small_rest():
    assert cells([99, 100, 101, 103], [100] * 4) == [True, True, False, False]


def test_an_empty_area_has_nothing_to_protect():
    assert cells([0], [0]) == [False]


def test_a_single_protected_cell_takes_another_with_it(joined):
    data = qa.add_rates(joined({"poor": [2.0, 50, 20, 30], "residents": [1000.0] * 4}), {"rate": ("poor", "residents")})
    for secondary, hidden in ((True, 2), (False, 1)):
        status = qa.release(data, protection=qa.Protection(secondary=secondary)).status["rate"]
        assert status.iloc[0] == "suppressed"
        assert status.eq("suppressed").sum() == hidden


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=30), st.integers(1, 10))
def test_no_open_cell_is_small_nor_its_rest(rows, min_count):
    x = pd.Series([float(min(pair)) for pair in rows])
    n = pd.Series([float(max(pair)) for pair in rows])
    protected = small_cells(x, n, qa.Protection(min_count=min_count))
    shown, rest = x[~protected], (n - x)[~protected]
    assert not ((shown > 0) & (shown < min_count)).any()
    assert not (rest[n > 0] < min_count).any()
    # and nothing else: a cell that is protected is small, or its rest is
    assert (((x > 0) & (x < min_count)) | ((n > 0) & (n - x < min_count)))[protected].all()


def test_a_small_denominator_is_protected_when_asked_also_with_nobody_above_it():
    assert cells([0, 10, 10], [25, 25, 40], min_denominator=30) == [True, True, False]


@pytest.mark.parametrize(
    "options", [{"min_count": 0}, {"min_count": float("inf")}, {"min_count": 10**5000}, {"min_population": -1}]
)
def test_impossible_protection_is_refused(options):
    with pytest.raises(SpecError, match=r"must be at (least 1|most 1,000,000)"):
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


@pytest.mark.parametrize(
    "options",
    [
        {"totals": "city"},
        {"zeros": "hidden"},
        {"effort": "best"},
        {"plan": "none"},
        {"derived": "rounded"},
        {"priority": {"rate": 0}},
        {"priority": {"rate": float("inf")}},
        {"priority": {"rate": True}},
        {"m_source": 1},
        {"m_source": 2.5},
    ],
)
def test_impossible_options_of_secondary_protection_are_refused_by_name(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        qa.Protection(**options)


def test_levels_and_priorities_are_kept_as_they_were_given():
    given_priority = {"rate": 2}
    one = qa.Protection(totals=["city"], priority=given_priority)
    given_priority["rate"] = 3
    assert one.totals == ("city",)
    assert one.priority == {"rate": 2}


def test_a_level_that_the_areas_do_not_have_is_no_known_total(joined):
    data = qa.add_rates(joined({"poor": [2.0, 50, 20, 30], "residents": [1000.0] * 4}), {"rate": ("poor", "residents")})
    with pytest.raises(ColumnError, match="totals"):
        qa.release(data, protection=qa.Protection(totals=("bezirk",)))
