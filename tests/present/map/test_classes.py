"""Class limits and colours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas import Indicator
from quartiersatlas.present.map.classes import (
    CONTEXT_COLORS,
    DIVERGING_COLORS,
    NEED_COLORS,
    column_colors,
    quantile_breaks,
    ramp,
)
from quartiersatlas.release import ReleasedColumn

few_values = st.lists(st.integers(0, 6).map(float) | st.just(float("nan")), max_size=40)


def lightness(color):
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2


def sizes(values, breaks):
    return [int(n) for n in np.bincount(np.searchsorted(breaks, values, side="right"), minlength=len(breaks) + 1)]


def test_hundred_different_values_make_five_classes_of_twenty():
    values = pd.Series(np.arange(100.0))
    assert quantile_breaks(values) == [20.0, 40.0, 60.0, 80.0]
    assert sizes(values, quantile_breaks(values)) == [20] * 5


@pytest.mark.parametrize(
    ("values", "breaks"),
    [
        ([], []),
        ([np.nan, np.nan], []),
        ([4.0], []),
        ([4.0] * 50, []),
        ([1.0, 2.0, 3.0], [2.0, 3.0]),
        ([0.0] * 70 + [1.0] * 30, [1.0]),
        ([1.0, 2.0], [2.0]),
        ([np.nan, 1.0, np.nan, 2.0], [2.0]),
    ],
)
def test_ties_equal_values_and_gaps_give_fewer_classes(values, breaks):
    assert quantile_breaks(pd.Series(values, dtype=float)) == breaks


@given(few_values)
def test_breaks_are_rising_values_that_occur_and_leave_no_class_empty(values):
    series = pd.Series(values, dtype=float)
    breaks = quantile_breaks(series)
    known = series.dropna().tolist()
    assert breaks == sorted(set(breaks))
    assert set(breaks) <= set(known)
    assert len(breaks) < 5
    if known:
        assert min(sizes(known, breaks)) > 0


def test_ramp_keeps_both_ends_and_never_repeats_a_colour():
    for n in range(2, 6):
        colors = ramp(NEED_COLORS, n)
        assert (colors[0], colors[-1]) == ("#ffffcc", "#253494")
        assert len(set(colors)) == n
    assert ramp(NEED_COLORS, 1) == ["#41b6c4"]


@pytest.mark.parametrize("colors", [NEED_COLORS, CONTEXT_COLORS])
def test_sequential_colours_grow_darker_class_by_class(colors):
    steps = [lightness(color) for color in colors]
    assert all(light > 1.25 * dark for light, dark in pairwise(steps))


def test_context_is_never_drawn_in_the_colours_of_need():
    context = Indicator(id="mh_share", label_de="", label_en="", role="context")
    need = Indicator(id="sgb2_rate", label_de="", label_en="", role="index")
    assert column_colors(ReleasedColumn("mh_share", "rate", context), 5, first_axis=False) == list(CONTEXT_COLORS)
    assert column_colors(ReleasedColumn("sgb2_rate", "rate", need), 5, first_axis=False) == list(NEED_COLORS)
    assert column_colors(ReleasedColumn("dynamics", "class", need), 3, first_axis=False) == list(DIVERGING_COLORS)
    reddish = [c for c in CONTEXT_COLORS if int(c[1:3], 16) > int(c[3:5], 16)]
    assert reddish == []


def test_a_lowest_value_that_fills_several_classes_is_a_class_of_its_own():
    values = pd.Series([0.0] * 90 + [float(v) for v in range(1, 11)])
    assert quantile_breaks(values) == [1.0]
    assert quantile_breaks(pd.Series([0.0] * 50 + [float(v) for v in range(1, 51)])) == [1.0, 11.0, 31.0]
