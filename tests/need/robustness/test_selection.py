"""Who is selected: halves round up, ties at the border are all in, at least one area, at most those with a score."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.need.robustness.selection import selection_of


def chosen(counted, choice, scores, shift=0.0):
    scores = np.array(scores, dtype=float)
    selection = selection_of(counted.spec(), choice, scores.shape[-1])
    return selection.selected({"status": scores}, {}, shift).tolist()


@pytest.mark.parametrize(
    ("share", "number"),
    [(0.05, 1), (0.149999, 1), (0.15, 2), (0.25, 3), (0.249999, 2), (0.35, 4), (0.45, 5), (0.01, 1), (0.999, 10)],
)
def test_half_an_area_is_a_whole_one(counted, share, number):
    falling = [False] * (10 - number) + [True] * number
    assert chosen(counted, share, range(10)) == falling


def test_equal_scores_at_the_border_are_all_in(counted):
    assert chosen(counted, 2, [5, 4, 4, 4, 3]) == [True, True, True, True, False]
    assert chosen(counted, 1, [5, 4, 4, 4, 3]) == [True, False, False, False, False]
    assert chosen(counted, 0.2, [4, 4, 4, 4, 4]) == [True] * 5


def test_areas_without_a_score_are_not_selected_and_make_no_share_larger(counted):
    scores = [np.nan, 1, 2, np.nan, 3, 4]
    assert chosen(counted, 0.5, scores) == [False, False, False, False, True, True]
    assert chosen(counted, 4, scores) == [False, True, True, False, True, True]
    assert chosen(counted, 6, scores) == [False, True, True, False, True, True]


@pytest.mark.parametrize(
    ("shift", "number"), [(0.0, 5), (0.09, 5), (0.1, 6), (-0.09, 5), (-0.1, 5), (-0.11, 4), (0.3, 7), (-1.0, 1)]
)
def test_a_shift_takes_so_many_percent_more_areas(counted, shift, number):
    # 5 areas: 5.45, 5.5 (a half rounds up), 4.55, 4.5 (up), 4.45, 6.5 (up), none but at least one
    assert sum(chosen(counted, 5, range(20), shift)) == number


def test_every_run_has_its_own_border(counted):
    scores = np.arange(10.0) + np.zeros((3, 1))
    assert [sum(row) for row in chosen(counted, 4, scores, np.array([[-0.25], [0.0], [0.25]]))] == [3, 4, 5]
