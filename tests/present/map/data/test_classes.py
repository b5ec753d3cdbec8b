"""Class limits and colours."""

from __future__ import annotations

from itertools import combinations, pairwise

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas import Indicator, atlas_map
from quartiersatlas.disclosure import ReleasedColumn
from quartiersatlas.errors import SpecError
from quartiersatlas.present.map.classes import (
    CONTEXT_COLORS,
    CONTEXT_SIX,
    DEVIATION_COLORS,
    DIVERGING_COLORS,
    NEED_COLORS,
    SD_COLORS,
    column_colors,
    deviation_breaks,
    jenks_breaks,
    quantile_breaks,
    ramp,
    sd_breaks,
    within,
)
from quartiersatlas.present.map.matrices import matrix_colors, pair_colors

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
        ([1.0, 2.0, 3.0], []),
        ([1.0, 2.0, 3.0, 4.0, 5.0], []),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [4.0]),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], [4.0, 7.0]),
        ([20.0] * 5 + [21.0], [21.0]),
        ([0.0] * 70 + [1.0] * 30, [1.0]),
        ([1.0, 2.0], []),
        ([np.nan] * 9 + [1.0, 2.0], []),
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


def inside(values, breaks):
    """Return the sum of squares within the classes."""
    classes = np.searchsorted(breaks, values, side="right")
    return sum(((values[classes == c] - values[classes == c].mean()) ** 2).sum() for c in np.unique(classes))


@given(st.lists(st.integers(-20, 20).map(lambda n: n / 2), min_size=1, max_size=9), st.integers(1, 5))
def test_no_other_limits_have_a_smaller_spread_than_the_natural_ones(numbers, n_classes):
    values = np.array(numbers)
    distinct = np.unique(values)
    k = min(n_classes, len(distinct))
    smallest = min(inside(values, list(limits)) for limits in combinations(distinct[1:], k - 1))
    breaks = jenks_breaks(pd.Series(values), n_classes)
    assert len(breaks) == k - 1
    assert set(breaks) <= set(distinct[1:])
    assert inside(values, breaks) == pytest.approx(smallest, abs=1e-9)


@pytest.mark.filterwarnings("ignore::UserWarning")  # mapclassify without numba says that it is slow
@pytest.mark.parametrize("seed", range(6))
def test_natural_breaks_agree_with_mapclassify(seed):
    random = np.random.default_rng(seed)
    values = random.gamma(2.0, 8.0, 300).round(1 if seed % 2 else 6)
    theirs = mapclassify.FisherJenks(values, k=5)
    ours = jenks_breaks(pd.Series(values), 5)
    assert inside(values, ours) == pytest.approx(inside(values, np.nextafter(theirs.bins[:-1], np.inf)), rel=1e-9)
    assert sizes(values, ours) == theirs.counts.tolist()


def test_natural_breaks_of_many_values_are_found_without_a_table_of_all_pairs():
    values = pd.Series(np.random.default_rng(1).normal(100, 1, 20_000))
    breaks = jenks_breaks(values)
    # the optimal quantiser of a normal distribution with five levels: Max (1960), table I, x = 0.3823 and 1.244
    assert [(limit - 100) for limit in breaks] == pytest.approx([-1.244, -0.3823, 0.3823, 1.244], abs=0.06)


def test_natural_breaks_need_two_different_values():
    assert jenks_breaks(pd.Series([], dtype=float)) == []
    assert jenks_breaks(pd.Series([2.0, 2.0, np.nan])) == []
    assert jenks_breaks(pd.Series([2.0, 3.0])) == [3.0]


def test_standard_deviations_lie_around_the_city_value_and_weigh_people():
    values, people = pd.Series([10.0, 20.0, np.nan]), pd.Series([300.0, 100.0, 50.0])
    city = 12.5  # (3000 + 2000) / 400
    spread = np.sqrt((300 * 2.5**2 + 100 * 7.5**2) / 400)
    assert sd_breaks(values, people, city) == pytest.approx([city + k * spread for k in (-1.5, -0.5, 0.5, 1.5)])
    assert sd_breaks(values, people * 0, city) == []


def test_deviations_have_a_limit_at_the_city_value():
    assert deviation_breaks(20.0) == [10.0, 15.0, 20.0, 25.0, 30.0]


def test_classes_beyond_the_values_are_left_out_and_colours_keep_their_side():
    breaks, colors = within(deviation_breaks(20.0), DEVIATION_COLORS, pd.Series([16.0, 22.0, 24.0]), 1)
    assert breaks == [20.0]
    assert colors == [DEVIATION_COLORS[2], DEVIATION_COLORS[3]]  # just below, just above the city value


def test_limits_that_are_written_alike_are_one():
    breaks, colors = within([0.26, 0.34, 0.5], ("a", "b", "c", "d"), pd.Series([0.1, 0.3, 0.9]), 1)
    assert breaks == [0.3, 0.5]
    assert colors == ["a", "c", "d"]


@pytest.mark.parametrize("limits", [[], [10, 5], [5, 5], [5, float("nan")], [1, 2, 3, 4, 5]])
def test_fixed_limits_that_do_not_rise_or_are_too_many_are_refused(town_release, limits):
    with pytest.raises(SpecError, match="rising numbers"):
        atlas_map(town_release, breaks={"sgb2_rate": limits})


def test_fixed_limits_of_a_column_that_is_not_there_are_refused(town_release):
    with pytest.raises(SpecError, match="no column of numbers 'sgb2'; it has sgb2_rate"):
        atlas_map(town_release, breaks={"sgb2": [10]})


# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LIKE_ALL = np.eye(3).tolist()


def lab(color, seen):
    """Return CIE L*a*b* (D65) of a colour as eyes of this kind see it."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(seen) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", [*BLINDNESS, "all"])
@pytest.mark.parametrize(
    "colors", [NEED_COLORS, CONTEXT_COLORS, CONTEXT_SIX, DIVERGING_COLORS, SD_COLORS, DEVIATION_COLORS]
)
def test_no_two_classes_look_alike_to_colour_blind_readers(colors, kind):
    seen = [lab(color, BLINDNESS.get(kind, LIKE_ALL)) for color in colors]
    distances = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]
    assert min(distances) > 8  # about 2.3 is just noticeable side by side


@pytest.mark.parametrize("kind", [*BLINDNESS, "all"])
@pytest.mark.parametrize("colors", [matrix_colors(4, 3), pair_colors(3, 3)], ids=["need", "two conditions"])
def test_no_two_cells_of_a_matrix_look_alike_to_colour_blind_readers(colors, kind):
    seen = [lab(color, BLINDNESS.get(kind, LIKE_ALL)) for color in colors]
    distances = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]
    assert min(distances) > 8


def test_each_row_of_the_matrix_is_darker_than_the_one_above_whatever_the_column():
    light = [lab(color, LIKE_ALL)[0] for color in matrix_colors(4, 3)]
    rows = [light[i : i + 3] for i in range(0, 12, 3)]
    assert all(min(above) > max(below) + 5 for above, below in pairwise(rows))


def test_two_conditions_grow_darker_with_either_and_along_the_diagonal_for_grey_printers():
    light = np.array([lab(color, LIKE_ALL)[0] for color in pair_colors(3, 3)]).reshape(3, 3)
    assert (np.diff(light, axis=0) < -7).all()
    assert (np.diff(light, axis=1) < -7).all()
    assert (np.diff(np.diag(light)) < -20).all()


@pytest.mark.parametrize("kind", [*BLINDNESS, "all"])
@pytest.mark.parametrize("gap", ["#dddddd", "#ffffff"])  # those without a pattern
def test_no_cell_of_two_conditions_looks_like_an_area_without_a_value(gap, kind):
    seen = BLINDNESS.get(kind, LIKE_ALL)
    assert min(np.linalg.norm(lab(color, seen) - lab(gap, seen)) for color in pair_colors(3, 3)) > 8


def test_two_conditions_with_fewer_classes_keep_the_corners_and_rows_of_the_table():
    all_nine = pair_colors(3, 3)
    assert pair_colors(2, 2) == [all_nine[i] for i in (0, 2, 6, 8)]
    assert pair_colors(3, 2) == [all_nine[i] for i in (0, 2, 3, 5, 6, 8)]
    assert pair_colors(2, 3) == [all_nine[i] for i in (0, 1, 2, 6, 7, 8)]


def test_two_conditions_have_no_reddish_colour_and_the_two_sides_differ_in_hue():
    colors = pair_colors(3, 3)
    parts = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors]
    assert all(red <= 1.02 * green for red, green, _ in parts)
    first, second = (np.degrees(np.arctan2(*lab(colors[i], LIKE_ALL)[:0:-1])) % 360 for i in (6, 2))
    assert 250 < first < 300  # blue: rows, the first condition
    assert 100 < second < 140  # green: columns, the second


@pytest.mark.parametrize(("first", "second"), [(4, 2), (4, 4), (5, 3), (1, 3)])
def test_other_numbers_of_classes_make_no_matrix(first, second):
    assert matrix_colors(first, second) == []


def test_the_simulation_finds_red_and_green_of_the_same_lightness_alike():
    assert np.linalg.norm(lab("#c00000", LIKE_ALL) - lab("#527000", LIKE_ALL)) > 50
    assert np.linalg.norm(lab("#c88a6c", BLINDNESS["deuteranopia"]) - lab("#9a9a6c", BLINDNESS["deuteranopia"])) < 8


def test_context_has_no_reddish_colour_in_any_scheme():
    for colors in (CONTEXT_COLORS, CONTEXT_SIX):
        assert all(int(c[1:3], 16) <= int(c[3:5], 16) for c in colors)
