"""Feasibility intervals against plain enumeration of everything the counts could be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from quartiersatlas.disclosure.bounds import (
    find_dependencies,
    interval,
    linear_programme,
    suppress_linked,
    suppress_secondary,
    unsafe_cells,
)

COUNTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=4)


@settings(deadline=None)
@given(COUNTS)
def test_the_interval_of_a_total_is_that_of_all_solutions(pairs):
    x = np.array([min(pair) for pair in pairs], dtype=float)
    upper = np.array([max(pair) for pair in pairs], dtype=float)
    low, high = interval(x, np.zeros_like(x), upper)
    solutions = [s for s in product(*(range(int(u) + 1) for u in upper)) if sum(s) == x.sum()]
    assert low.tolist() == np.min(solutions, axis=0).tolist()
    assert high.tolist() == np.max(solutions, axis=0).tolist()


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=12), st.integers(2, 6))
def test_every_protected_count_keeps_as_many_values_as_were_asked_for(counts, width):
    x = pd.Series(counts, dtype=float)
    none = pd.Series(data=False, index=x.index)
    primary = (x > 0) & (x < width)
    held = suppress_secondary(x, primary, x * 0 + 100, none, width)
    assert (held | ~primary).all()
    if held.all() or not primary.any():
        return
    inside = x[held]
    least = 0 if (inside == 0).any() else 1
    # the largest value of one is the sum less the least of the others; the smallest is the least, if others can grow
    spread = inside.sum() - (len(inside) - 1) * least - least
    assert len(inside) > 1
    assert spread >= width or (least == 0 and inside.sum() < width)


def test_ties_are_broken_by_key_and_zeros_come_last():
    x = pd.Series([0.0, 9, 9, 2], index=["d", "c", "b", "a"])
    held = suppress_secondary(x, x.eq(2), x * 0 + 50, x.eq(-1), 3)
    assert held[held].index.tolist() == ["b", "a"]


def test_a_second_small_count_is_no_company():
    x = pd.Series([1.0, 2, 40, 50])
    assert suppress_secondary(x, x < 3, x * 0 + 100, x < 0, 3).tolist() == [True, True, True, False]


def test_a_count_that_nobody_sees_anyway_is_company_enough():
    x = pd.Series([2.0, 20, 40, 50])
    unseen = pd.Series([False, False, False, True])
    assert suppress_secondary(x, x < 3, x * 0 + 100, x < 0, 3, unseen).tolist() == [True, False, False, False]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=3), st.data())
def test_the_interval_of_totals_and_column_sums_is_that_of_all_solutions(rows, data):
    """Columns a, b and a + b; some cells protected."""
    x = np.array([[a, b, a + b] for a, b in rows], dtype=float)
    dependencies = np.array([[1, 1, -1]])
    cells = np.array(data.draw(st.lists(st.booleans(), min_size=x.size, max_size=x.size))).reshape(x.shape)
    if not cells.any():
        return
    upper = np.full_like(x, 4)
    limits = linear_programme(x, cells, np.zeros_like(x), np.maximum(upper, x), dependencies)
    low, high = np.array([limits(row, column) for row, column in np.argwhere(cells)]).T
    parts = np.indices((5,) * (2 * len(rows))).reshape(len(rows), 2, -1)
    every = np.concatenate([parts, parts.sum(axis=1, keepdims=True)], axis=1)
    fits = (every <= np.maximum(upper, x)[:, :, None]).all(axis=(0, 1))
    fits &= (every[~cells] == x[~cells][:, None]).all(axis=0)
    fits &= (every.sum(axis=0) == x.sum(axis=0)[:, None]).all(axis=0)
    solutions = every[cells][:, fits]
    assert low.tolist() == solutions.min(axis=1).tolist()
    assert high.tolist() == solutions.max(axis=1).tolist()


def test_columns_that_add_up_are_found_exactly():
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.integers(0, 500, (40, 4)), columns=list("abcd"), dtype=float)
    frame["ab"] = frame["a"] + frame["b"]
    frame["all"] = frame[["a", "b", "c", "d"]].sum(axis=1)
    found = find_dependencies(frame)
    assert len(found) == 2
    assert not (frame.to_numpy() @ found.T).any()
    assert len(find_dependencies(frame[["a", "b", "c", "d"]])) == 0
    frame.loc[3, "ab"] += 1  # one area in which they do not
    assert len(find_dependencies(frame)) == 1


def test_areas_with_fractions_do_not_count_for_or_against_a_sum():
    a, b = np.array([0.5, *range(9)]), np.array([0.5, 7, 1, 8, 2, 8, 1, 8, 2, 8])
    assert find_dependencies(pd.DataFrame({"a": a, "b": b, "both": a + b})).tolist() == [[-1, -1, 1]]


def test_too_few_areas_add_up_by_chance():
    assert len(find_dependencies(pd.DataFrame({"a": [1.0, 2], "b": [2.0, 4]}))) == 0


def test_a_cell_pinned_by_two_sums_takes_a_rectangle_with_it():
    x = np.array([[2.0, 50, 52], [20, 30, 50], [40, 10, 50], [60, 70, 130]])
    dependencies = np.array([[1, 1, -1]])
    held = np.zeros_like(x, dtype=bool)
    held[:2, 0] = True  # enough for the total of the column, not for the sum in the area
    upper, zero = np.full_like(x, 200), np.zeros_like(held)
    assert list(unsafe_cells(x, held, held, upper, zero, dependencies, 3)) == [(0, 0), (1, 0)]
    more = suppress_linked(x, held, held, upper, zero, dependencies, 3, np.array([False, False, True]))
    assert more[:2, :2].all()
    assert not more[2:].any()
    assert list(unsafe_cells(x, more, more, upper, zero, dependencies, 3)) == []


def test_cells_are_unsafe_where_too_few_can_change_places():
    """Of columns a and b that add up, and of two areas, both are hidden; at least one person is in each.

    The second area can give one a to the first, which gives one b back. More cannot move: nobody else is left there.
    """
    dependencies = np.array([[1, 1, -1]])
    x = np.array([[2.0, 50, 52], [2, 1, 3], [40, 10, 50]])
    held = np.array([[True, True, False], [True, True, False], [False] * 3])
    upper, zero = np.full_like(x, 200), np.zeros_like(held)
    assert list(unsafe_cells(x, held, held, upper, zero, dependencies, 1)) == []
    assert list(unsafe_cells(x, held, held, upper, zero, dependencies, 2)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    held[1, 1] = False  # then everything follows from the total of b
    assert list(unsafe_cells(x, held, held, upper, zero, dependencies, 1)) == [(0, 0), (0, 1), (1, 0)]


def test_two_columns_of_the_same_counts_are_found():
    """They are a sum of one part: what is hidden in one may not be shown in the other."""
    same = [7.0, 1, 8, 2]
    assert find_dependencies(pd.DataFrame({"kids": same, "pupils": same})).tolist() == [[-1, 1]]


def test_a_count_of_an_area_that_shows_nothing_may_be_none_at_all():
    """Of 2 + 2 the first can be 1 to 4 where the second can be 0; where zeros are shown, only 1 to 3."""
    x, top = pd.Series([2.0, 2, 20, 30]), pd.Series([100.0] * 4)
    for may_be_zero, held in ((True, [True, True, False, False]), (False, [True, True, True, False])):
        zero = pd.Series([False, may_be_zero, False, False])
        assert suppress_secondary(x, x < 3, top, zero, 3).tolist() == held


def test_of_two_sums_only_the_one_of_the_hidden_cell_takes_part():
    """Columns a, b, a + b and c, d, c + d; the hidden ones are in a."""
    ab = np.array([[2.0, 50], [20, 30], [40, 10]])
    cd = np.array([[5.0, 4], [6, 3], [7, 8]])
    x = np.column_stack([ab, ab.sum(axis=1), cd, cd.sum(axis=1)])
    dependencies = np.array([[1, 1, -1, 0, 0, 0], [0, 0, 0, 1, 1, -1]])
    held = np.zeros_like(x, dtype=bool)
    held[:2, 0] = True
    none = np.zeros_like(held)
    more = suppress_linked(x, held, held, x * 0 + 200, none, dependencies, 3, np.zeros(6, dtype=bool))
    assert more[:2, :2].all()
    assert more.sum() == 4
