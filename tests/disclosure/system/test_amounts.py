"""Amounts with known totals: how closely one follows from the others, against sums done by hand and by a second way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.disclosure.system.amounts import Amounts


def amounts(values, weights, units, *, half=0.0, least=0.0, greatest=100.0, fixed=()):
    x = np.array(values, dtype=float)
    return Amounts(
        values=x,
        weights=np.array(weights, dtype=float),
        printed=(x - half, x + half),
        least=least,
        greatest=greatest,
        fixed=np.isin(np.arange(len(x)), fixed),
        units=tuple(np.array(unit) for unit in units),
    )


def hidden(n, *cells):
    return np.isin(np.arange(n), cells)


def test_the_only_withheld_mean_of_a_unit_follows_exactly():
    one = amounts([40, 50, 60], [2, 100, 50], [[0, 1, 2]])
    assert one.interval(hidden(3, 0), 0) == (40, 40)


def test_the_rounding_of_the_shown_means_leaves_room():
    # the others are known to half a tenth: 0.05 * (100 + 50) = 7.5 years are open, on 2 persons 3.75 each
    one = amounts([40, 50, 60], [2, 100, 50], [[0, 1, 2]], half=0.05)
    assert one.interval(hidden(3, 0), 0) == pytest.approx((36.25, 43.75))


def test_of_two_withheld_the_one_with_most_persons_is_nearly_known():
    one = amounts([40, 50, 60], [2, 100, 50], [[0, 1, 2]])
    # the two persons may be of 0 to 100 years: 80 years less or 120 more, on 100 persons
    assert one.interval(hidden(3, 0, 1), 1) == pytest.approx((48.8, 50.8))
    assert one.interval(hidden(3, 0, 1), 0) == (0, 100)


def test_a_value_that_somebody_else_may_know_is_no_company():
    one = amounts([40, 50, 60], [2, 100, 50], [[0, 1, 2]], fixed=[1])
    assert one.interval(hidden(3, 0, 1), 0) == (40, 40)


# rows and columns of a square with known totals: all four corners move together, up and down in turn
SQUARE = [[0, 1], [2, 3], [0, 2], [1, 3]]


def test_units_that_cross_are_solved_together():
    one = amounts([10, 20, 30, 40], [1, 2, 4, 5], SQUARE)
    # amounts 10, 40, 120, 200; d, -d, -d, d: at least -10 (the first is 0 then), at most 40 (the second is 0 then)
    assert one.interval(hidden(4, 0, 1, 2, 3), 0) == pytest.approx((0, 50))
    assert one.interval(hidden(4, 0, 1, 2, 3), 3) == pytest.approx((38, 48))
    # with one corner shown none of the others can move, though each row alone would leave the second room
    assert one.interval(hidden(4, 0, 1, 2), 0) == pytest.approx((10, 10))


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(1, 500)), min_size=2, max_size=6),
    st.integers(0, 63),
    st.floats(0, 0.5),
)
def test_closed_form_and_programme_agree_and_hold_the_truth(pairs, pattern, half):
    x, n = zip(*pairs, strict=True)
    withheld = np.array([bool(pattern >> place & 1) for place in range(len(x))])
    withheld[0] = True
    everybody = list(range(len(x)))
    one = amounts(x, n, [everybody], half=half)
    twice = replace(one, units=(np.array(everybody), np.array(everybody)))  # the same total twice: nothing new
    low, high = one.interval(withheld, 0)
    assert low <= x[0] <= high
    assert twice.interval(withheld, 0) == pytest.approx((low, high), abs=1e-5)
    exact = replace(one, printed=(one.values, one.values))
    shown, nothing = exact.interval(withheld, 0), exact.interval(np.ones(len(x), dtype=bool), 0)
    assert nothing[0] <= shown[0] + 1e-9
    assert shown[1] <= nothing[1] + 1e-9


def test_company_is_the_first_that_is_enough_alone_else_the_largest():
    one = amounts([40, 50, 60, 70], [200, 3, 30, 500], [[0, 1, 2, 3]])
    # 4 years on 200 persons are 800: the 3 persons of the second have 150 to give, the 30 of the third 1800
    assert one.company(hidden(4, 0), 0, 4.0, [1, 2, 3]).tolist() == [True, False, True, False]
    # nobody alone is enough among the second and third for 15 years: the third first, then both
    assert one.company(hidden(4, 0), 0, 9.5, [1, 2]).tolist() == [True, True, True, False]
    # nothing helps where nobody else may be withheld
    assert one.company(hidden(4, 0), 0, 4.0, []).tolist() == [True, False, False, False]
