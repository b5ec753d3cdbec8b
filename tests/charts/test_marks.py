"""Axes: round ticks, numbers that are not rounded, ends that start at 0 where that is honest."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.charts import Axis, axis, count_axis, spread, ticks
from quartiersatlas.charts.marks import decimals_of


@pytest.mark.parametrize(
    ("low", "high", "most", "wanted"),
    [
        (0, 36.6, 5, [0, 10, 20, 30]),
        (2.1, 2.4, 3, [2.1, 2.2, 2.3, 2.4]),
        (-0.3, 0.9, 4, [0, 0.5]),
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (5, 5, 5, [5]),
        (3, 1, 5, [3]),
        (0, 5e-324, 5, [0]),
        (-1e308, 1e308, 5, [-1e308]),
        (0, 1e9, 4, [0, 5e8, 1e9]),
        (0.0001, 0.0002, 5, [0.0001, 0.00012, 0.00014, 0.00016, 0.00018, 0.0002]),
    ],
)
def test_ticks_are_round_numbers(low, high, most, wanted):
    assert ticks(low, high, most) == pytest.approx(wanted)


@pytest.mark.parametrize("low", [float("nan"), float("inf")])
def test_an_end_that_is_no_number_has_no_ticks(low):
    assert ticks(low, 1) == []


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_ticks_lie_within_the_range_equally_far_apart_and_are_not_too_many(low, width, most):
    found = ticks(low, low + width, most)
    slack = 1e-6 * width + 1e-6
    assert all(low - slack <= value <= low + width + slack for value in found)
    assert len(found) <= most + 1
    steps = [b - a for a, b in pairwise(found)]
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-4) if steps else True
    if steps:
        first = f"{steps[0]:e}".split("e")
        assert round(float(first[0]), 3) in (1, 2, 5, 10)


def test_a_tick_is_written_with_the_decimals_that_it_needs():
    assert axis(0, 1, most=4).ticks == ((0.0, "0.0"), (0.5, "0.5"), (1.0, "1.0"))
    assert decimals_of([0, 0.25]) == 2
    assert decimals_of([]) == 0


def test_numbers_of_areas_have_no_parts():
    assert [value for value, _ in count_axis(1.2, "areas", lambda v, d: f"{v:.{d}f}").ticks] == [0, 1]


def test_an_axis_starts_at_0_where_the_least_value_is_small_beside_the_largest():
    assert spread([10, 40]) == (0, 40)
    assert spread([20, 40])[0] > 15
    assert spread([float("nan"), float("nan")]) == (0, 1)
    assert spread([]) == (0, 1)


def test_places_on_an_axis():
    assert Axis(0, 10).place(2.5) == 0.25
    assert Axis(0, 10, down=True).place(2.5) == 0.75
    assert Axis(0.25, 4, scale="log").place(1) == pytest.approx(0.5)
    assert Axis(3, 3).place(3) == 0.5
