"""Least and greatest whole numbers under rows: against trying everything out, and against known answers."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from quartiersatlas.disclosure.system.feasibility import ContradictionError, System, intervals, passed_on


def system(rows, lower, upper):
    """Build a system of ``(coefficients, "=" or "<=", right side)``."""
    return System(
        csr_array(np.array([row for row, _, _ in rows], dtype=float).reshape(len(rows), len(lower))),
        np.array([right for _, _, right in rows], dtype=float),
        np.array([sign == "=" for _, sign, _ in rows], dtype=bool),
        np.array(lower, dtype=float),
        np.array(upper, dtype=float),
    )


def solutions(rows, lower, upper):
    """Try every point of the box."""
    axes = [np.arange(low, high + 1) for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(lower))
    for row, sign, right in rows:
        value = points @ np.array(row)
        points = points[value == right if sign == "=" else value <= right]
    return points


@st.composite
def rows_and_bounds(draw):
    """Draw rows of -1, 0 and 1 that a point of the box fulfils, the box, and the point."""
    n = draw(st.integers(1, 5))
    lower = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    upper = [low + draw(st.integers(0, 4)) for low in lower]
    point = [draw(st.integers(low, high)) for low, high in zip(lower, upper, strict=True)]
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        row = draw(st.lists(st.sampled_from([0, 0, 1, 1, -1]), min_size=n, max_size=n))
        is_equation = draw(st.booleans())
        room = 0 if is_equation else draw(st.integers(0, 2))
        rows.append((row, "=" if is_equation else "<=", int(np.dot(row, point)) + room))
    return rows, lower, upper, point


@settings(max_examples=100)
@given(rows_and_bounds())
def test_intervals_are_those_of_all_whole_points(drawn):
    rows, lower, upper, point = drawn
    every = solutions(rows, lower, upper)
    for start in (None, np.array(point, dtype=float)):
        found = intervals(system(rows, lower, upper), start=start)
        assert found.low.tolist() == every.min(axis=0).tolist()
        assert found.high.tolist() == every.max(axis=0).tolist()


@settings(max_examples=60)
@given(rows_and_bounds(), st.integers(1, 4))
def test_a_search_that_may_stop_finds_out_whether_an_interval_is_wide_enough(drawn, width):
    rows, lower, upper, _ = drawn
    every = solutions(rows, lower, upper)
    found = intervals(system(rows, lower, upper), enough=np.full(len(lower), float(width)))
    assert ((found.high - found.low >= width) == (np.ptp(every, axis=0) >= width)).all()
    assert (found.low >= every.min(axis=0)).all()  # what is returned is a part of the interval
    assert (found.high <= every.max(axis=0)).all()


@settings(max_examples=60)
@given(rows_and_bounds())
def test_points_found_on_the_way_fit_all_rows(drawn):
    rows, lower, upper, point = drawn
    for cells, values in intervals(system(rows, lower, upper)).points:
        whole = np.array(point, dtype=float)
        whole[cells] = values
        changed = [k for k in range(len(rows)) if np.array(rows[k][0])[cells].any()]
        for row, sign, right in (rows[k] for k in changed):
            fixed = passed_on(system(rows, lower, upper))
            inside = np.where(fixed.lower == fixed.upper, fixed.lower, whole)
            value = np.dot(row, inside)
            assert value == right if sign == "=" else value <= right


@settings(max_examples=60)
@given(rows_and_bounds(), st.data())
def test_a_system_without_any_whole_point_is_a_contradiction(drawn, data):
    """One right side is moved: either something still fits, or an error says that nothing does."""
    rows, lower, upper, _ = drawn
    if not all(any(row) for row, _, _ in rows) or not rows:
        return  # a row without unknowns is never set up
    k = data.draw(st.integers(0, len(rows) - 1))
    row, sign, right = rows[k]
    moved = [*rows[:k], (row, sign, right - data.draw(st.integers(1, 8))), *rows[k + 1 :]]
    every = solutions(moved, lower, upper)
    if len(every):
        assert intervals(system(moved, lower, upper)).low.tolist() == every.min(axis=0).tolist()
        return
    with pytest.raises(ContradictionError):
        intervals(system(moved, lower, upper))


def test_two_rows_that_contradict_each_other_are_named():
    """The third row has nothing to do with it."""
    rows = [([1, 1, 0, 0], "=", 3), ([1, 1, 0, 0], "=", 5), ([0, 0, 1, 1], "=", 4)]
    with pytest.raises(ContradictionError) as caught:
        intervals(system(rows, [0] * 4, [9] * 4))
    assert caught.value.rows == [0, 1]


# a..f are at most one in each pair of two triangles; with g they are ten
TRIANGLES = [
    *(([int(k in pair) for k in range(7)], "<=", 1) for pair in [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]),
    ([1] * 7, "=", 10),
]


def test_whole_numbers_are_narrower_than_fractions():
    """Of each triangle one can be 1, not three halves: two at most are not in g. A linear programme says [7, 10]."""
    found = intervals(system(TRIANGLES, [0] * 7, [10] * 7), np.array([6]))
    assert (found.low[0], found.high[0]) == (8, 10)
    assert found.programmes[1] > 0
    enough = intervals(system(TRIANGLES, [0] * 7, [10] * 7), np.array([6]), np.array([3.0]))
    assert enough.high[0] - enough.low[0] < 3


def test_solvers_write_nothing_into_the_terminal(capfd):
    intervals(system(TRIANGLES, [0] * 7, [10] * 7))
    assert capfd.readouterr() == ("", "")


def test_what_is_printed_beside_a_programme_still_arrives(capfd):
    print("before")  # noqa: T201
    intervals(system(TRIANGLES, [0] * 7, [10] * 7))
    print("after")  # noqa: T201
    assert capfd.readouterr().out == "before\nafter\n"


def test_rows_that_bound_a_cell_are_named():
    """Five persons in a and b, b at most two: the first is at least three by both rows, at most four by b's bound."""
    rows = [([1, 1, 0], "=", 5), ([0, 1, 0], "<=", 2), ([0, 0, 1], "<=", 7)]
    found = intervals(system(rows, [0, 1, 0], [9, 9, 9]))
    assert found.low.tolist() == [3, 1, 0]
    assert found.high.tolist() == [4, 2, 7]
    assert 0 in found.rows[0]
    assert 2 not in found.rows[0]


def test_a_chain_of_rows_needs_no_programme():
    """Each sum of two neighbours is known: from the first one all others follow, and the ends of the first."""
    pairs = [([int(k in pair) for k in range(5)], "=", 6) for pair in pairwise(range(5))]
    found = intervals(system(pairs, [1, 0, 0, 0, 2], [9] * 5))
    assert found.low.tolist() == [2, 0, 2, 0, 2]
    assert found.high.tolist() == [6, 4, 6, 4, 6]
    assert found.programmes == (0, 0)


def test_a_fractional_bound_is_rounded_inwards():
    found = intervals(system([([2, 2], "<=", 7)], [0.4, 0], [9, 9.7]))
    assert found.low.tolist() == [1, 0]
    assert found.high.tolist() == [3, 2]


def test_the_search_ends_at_the_first_narrow_target_if_asked():
    """Two columns with the same two areas and sums: the first two cells are narrow, the last two wide."""
    rows = [([1, 1, 0, 0], "=", 4), ([0, 0, 1, 1], "=", 90)]
    one = system(rows, [1, 1, 0, 0], [9, 9, 90, 90])
    found = intervals(one, enough=np.full(4, 3.0), all_targets=False)
    assert found.high[0] - found.low[0] == 2
    assert (intervals(replace(one)).high == [3, 3, 90, 90]).all()


@pytest.mark.shared_data
def test_known_systems(shared):
    """Forty systems whose intervals were found by trying out every point; open cells are constants."""
    for one in json.loads((shared.parent / "reference" / "protection" / "intervals.json").read_text()):
        hidden = [cell for cell in one["cells"] if cell["hidden"]]
        constants = {cell["cell"]: cell["value"] for cell in one["cells"] if not cell["hidden"]}
        rows = []
        for row in one["rows"]:
            known = sum(a * constants.get(cell, 0) for cell, a in row["coef"].items())
            rows.append(([row["coef"].get(cell["cell"], 0) for cell in hidden], row["type"], row["right"] - known))
        found = intervals(system(rows, [c["low"] for c in hidden], [c["high"] for c in hidden]))
        expected = [one["interval"][cell["cell"]] for cell in hidden]
        assert np.column_stack([found.low, found.high]).tolist() == expected
