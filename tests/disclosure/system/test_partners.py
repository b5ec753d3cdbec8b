"""Which cells keep company: known optima, and what holds for every pattern, judged by a reader of his own."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from system.tables import Counts, random_counts, spread_costs, task

from quartiersatlas.disclosure.system.partners import AREA_COST
from quartiersatlas.disclosure.system.relations import Relations
from quartiersatlas.disclosure.system.suppress import suppress

A = [40, 55, 2, 30, 44, 61, 25, 38, 33, 29, 47, 51]
B = [20, 14, 33, 8, 19, 27, 12, 16, 22, 31, 18, 9]
C = [9, 12, 7, 15, 6, 21, 11, 5, 14, 8, 19, 10]
SMALL = 3


def frame(n_areas=12, off=0.0):
    """Give three groups and their sum in twelve areas, the last of which may be off; the total of the city is known."""
    x = np.array([A, B, C], dtype=float).T[:n_areas]
    x = np.column_stack([x, x.sum(axis=1)])
    x[-1, 3] += off
    return Counts(x, units=(tuple(range(n_areas)),), sums=((3, (0, 1, 2)),))


def costs(x):
    return 1 + 0.004 * x + np.array([0, 0, 0, 0.5])


def cells(withheld):
    return {(int(area), "abcdefgh"[column]) for area, column in np.argwhere(withheld)}


@pytest.mark.parametrize("counts", [frame(), frame(8), frame(off=1)], ids=["twelve", "eight", "off by one"])
def test_the_cheapest_company_of_two_persons_is_a_rectangle(counts):
    """A cell in a total and in a sum needs a partner in each, and these a fourth cell: two areas, two columns.

    With c in 06 the four cost the least: 25 and 11 persons. The two can be 1 to 8, as c in 02 is 9 less that.
    """
    withheld, need = suppress(task(counts, cost=costs(counts.x)))
    assert cells(withheld) == {(2, "a"), (2, "c"), (6, "a"), (6, "c")}
    assert need[2, 0] == SMALL
    assert counts.extents(withheld)[2, 0] == (1, 8)


@pytest.mark.parametrize("counts", [frame(), frame(8)])
def test_no_other_rectangle_and_no_smaller_pattern_would_do(counts):
    """The optimum above, by trying out: fewer than four cells give the two away, other rectangles cost more."""
    cost = costs(counts.x)
    others = [cell for cell in np.ndindex(counts.x.shape) if cell != (2, 0) and (cell[0] == 2 or cell[1] == 0)]
    for some in [(), *((one,) for one in others), *combinations(others, 2)]:
        withheld = np.zeros(counts.x.shape, dtype=bool)
        for cell in (*some, (2, 0)):
            withheld[cell] = True
        low, high = counts.extents(withheld)[2, 0]
        assert high - low < SMALL
    price = {
        (area, column): cost[area, 0] + cost[area, column] + cost[2, column]
        for area in range(len(counts.x))
        for column in (1, 2, 3)
        if area != 2
    }
    assert min(price, key=price.get) == (6, 2)


@pytest.mark.parametrize("effort", ["auto", "fast"])
def test_by_default_four_cells_are_enough(effort):
    counts = frame()
    withheld, _ = suppress(task(counts, cost=spread_costs(counts.x.shape)), effort)
    assert withheld.sum() == 4
    low, high = counts.extents(withheld)[2, 0]
    assert high - low >= SMALL


def judged(counts, one, withheld, everything):
    """Give the cells that are narrower than asked although everything that may be withheld would leave them more."""
    now, most = counts.extents(withheld), counts.extents(everything)
    asked = [tuple(cell) for cell in np.argwhere(one.need > 0)]
    narrow = [cell for cell in asked if now[cell][1] - now[cell][0] < one.need[cell]]
    return [cell for cell in narrow if now[cell][1] - now[cell][0] < most[cell][1] - most[cell][0]]


@pytest.mark.parametrize("effort", ["auto", "fast"])
@pytest.mark.parametrize("n_units", [1, 3])
@pytest.mark.parametrize("n_areas", [5, 9, 17])
def test_no_small_count_is_narrow_that_could_be_wide(n_areas, n_units, effort):
    for seed in range(3):
        counts = random_counts(seed, n_areas, n_units=n_units)
        one = task(counts, cost=spread_costs(counts.x.shape, seed))
        withheld, _ = suppress(one, effort)
        assert (withheld | ~one.withheld).all()
        assert judged(counts, one, withheld, one.withheld | one.may_hide) == [], seed


@pytest.mark.parametrize("minimum", [5, 10])
def test_stricter_minima_are_kept_too(minimum):
    for seed in range(4):
        counts = random_counts(seed, 14, n_units=2)
        one = task(counts, minimum, spread_costs(counts.x.shape))
        withheld, _ = suppress(one)
        assert judged(counts, one, withheld, one.withheld | one.may_hide) == [], seed


def test_areas_in_two_kinds_of_units_are_safe_from_both():
    """Districts 0-3 and 4-7, milieus of even and odd areas: a cell needs company in each."""
    for seed in range(6):
        town = random_counts(seed, 8)
        crossing = (tuple(range(4)), tuple(range(4, 8)), (0, 2, 4, 6), (1, 3, 5, 7))
        counts = Counts(town.x, crossing, town.sums, town.parts)
        one = task(counts, cost=spread_costs(counts.x.shape))
        withheld, _ = suppress(one)
        assert judged(counts, one, withheld, one.withheld | one.may_hide) == [], seed


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2, max_size=3), st.integers(2, 4))
def test_tiny_tables_by_trying_everything_out(rows, minimum):
    """Two columns and their sum in two or three areas: no solver judges, only counting."""
    x = np.array([[*row, sum(row)] for row in rows], dtype=float)
    counts = Counts(x, units=(tuple(range(len(x))),), sums=((2, (0, 1)),))
    one = task(counts, minimum, spread_costs(x.shape))
    withheld, need = suppress(one)
    if not withheld.any() or withheld.sum() > 6:
        return
    order, points = counts.solutions(withheld)
    assert (points == [x[cell] for cell in order]).all(axis=1).any()  # what is true is possible
    for k, cell in enumerate(order):
        if one.need[cell] and need[cell] == one.need[cell]:
            assert np.ptp(points[:, k]) >= minimum


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(5, 12), st.integers(1, 2))
def test_the_cheapest_pattern_never_costs_more_than_the_fast_one(seed, n_areas, n_units):
    counts = random_counts(seed, n_areas, n_units=n_units)
    one = task(counts, cost=spread_costs(counts.x.shape, seed))
    fast, need = suppress(one, "fast")
    best, same = suppress(one)
    assert one.cost[best].sum() <= one.cost[fast].sum() + 1e-9
    assert (need == same).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_pattern_of_a_small_table_is_that_of_all_patterns(seed):
    """Two units of three areas, two columns that add up: every pattern is tried, cheapest first."""
    random = np.random.default_rng(seed)
    x = random.integers(3, 20, (4, 2)).astype(float)
    x[random.integers(4), random.integers(2)] = random.integers(1, 3)
    x = np.column_stack([x, x.sum(axis=1)])
    counts = Counts(x, units=(tuple(range(4)),), sums=((2, (0, 1)),))
    one = task(counts, cost=spread_costs(x.shape, seed))
    withheld, _ = suppress(one)
    target = tuple(np.argwhere(one.need > 0)[0])
    free = [cell for cell in np.ndindex(x.shape) if one.may_hide[cell]]
    spent = one.cost[withheld & one.may_hide].sum()
    for size in range(5):
        for some in combinations(free, size):
            if sum(one.cost[cell] for cell in some) < spent - 1e-9:
                pattern = one.withheld.copy()
                for cell in some:
                    pattern[cell] = True
                low, high = counts.extents(pattern)[target]
                assert high - low < SMALL


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.data())
def test_truth_is_inside_and_showing_less_narrows_nothing(seed, data):
    counts = random_counts(seed, 7, n_units=1)
    withheld, _ = suppress(task(counts, cost=spread_costs(counts.x.shape)), "fast")
    if not withheld.any():
        return
    table, number = counts.table, counts.x.size
    extra = np.array(data.draw(st.lists(st.booleans(), min_size=number, max_size=number))).reshape(counts.x.shape)
    found = []
    for pattern in (withheld, withheld | extra):
        unknown, places, _ = table.equations.system(pattern, *table.bounds(pattern))
        found.append(dict(zip(places.tolist(), _ends(unknown), strict=True)))
    for cell, (low, high) in found[0].items():
        assert low <= counts.x.flat[cell] <= high
        assert found[1][cell][0] <= low
        assert high <= found[1][cell][1]


def _ends(system):
    from quartiersatlas.disclosure.system.feasibility import intervals

    found = intervals(system)
    return zip(found.low.tolist(), found.high.tolist(), strict=True)


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_areas_and_columns_changes_no_pattern(seed):
    counts = random_counts(seed, 9, n_units=1)
    cost = spread_costs(counts.x.shape, seed)
    random = np.random.default_rng(seed)
    areas, columns = random.permutation(9), random.permutation(counts.x.shape[1])
    place = np.argsort(columns)
    moved = Counts(
        counts.x[np.ix_(areas, columns)],
        units=(tuple(range(9)),),
        sums=tuple((int(place[w]), tuple(int(place[p]) for p in those)) for w, those in counts.sums),
        parts=tuple((int(place[p]), int(place[w])) for p, w in counts.parts),
    )
    one, _ = suppress(task(counts, cost=cost))
    other, _ = suppress(task(moved, cost=cost[np.ix_(areas, columns)]))
    assert (other == one[np.ix_(areas, columns)]).all()


def test_zeros_are_withheld_only_where_nothing_else_helps():
    """Two persons, and nobody else in the unit: with a zero withheld they can be in either area."""
    counts = Counts(np.array([[2.0], [0], [0]]), units=((0, 1, 2),))
    one = task(counts, cost=spread_costs((3, 1)))
    withheld, need = suppress(one)
    assert withheld[0, 0]
    assert withheld[1:].sum() == 1
    assert set(counts.extents(withheld).values()) == {(0, 2)}
    assert need[0, 0] == 2
    assert suppress(replace(one, zeros=False))[0].tolist() == [[True], [False], [False]]
    helped = Counts(np.array([[2.0], [0], [9]]), units=((0, 1, 2),))
    assert suppress(task(helped))[0].tolist() == [[True], [False], [True]]


def test_a_zero_that_is_withheld_lets_the_others_of_its_unit_and_column_be_zero_and_no_more():
    x = np.array([[2.0, 5], [0, 4], [1, 7], [2, 6], [0, 3]])
    table = Counts(x, units=((0, 1, 2), (3, 4))).table
    withheld = np.array([[1, 1], [1, 0], [1, 1], [1, 1], [0, 1]], dtype=bool)
    lower, _ = table.bounds(withheld)
    assert lower[withheld].tolist() == [0, 1, 0, 0, 1, 1, 1, 1]


def test_a_unit_of_one_area_cannot_be_helped():
    counts = Counts(np.array([[2.0], [30], [40]]), units=((0,), (1, 2)))
    withheld, need = suppress(task(counts))
    assert withheld.ravel().tolist() == [True, False, False]
    assert need[0, 0] == 0


def test_cells_of_more_weight_stay_open():
    """Of three possible partners each is spared when it costs more than another."""
    counts = Counts(np.array([[2.0], [30], [31], [32]]), units=((0, 1, 2, 3),))
    for cheap in (1, 2, 3):
        cost = np.full((4, 1), 3.0)
        cost[cheap] = 1.0
        for effort in ("auto", "fast"):
            assert np.flatnonzero(suppress(task(counts, cost=cost), effort)[0]).tolist() == [0, cheap]


@pytest.mark.parametrize("effort", ["auto", "fast"])
def test_an_area_that_loses_its_class_anyway_is_asked_first(effort):
    """Columns a and b belong to an index. The second area has lost its class by b, so a costs nothing more there."""
    counts = Counts(np.array([[2.0, 50], [30, 2], [31, 60], [32, 70]]), units=((0, 1, 2, 3),))
    group = np.ones((4, 2), dtype=bool)
    cost = np.array([[1.0, 1], [1.3, 1], [1.1, 1.2], [1.0, 1.1]])  # without a class to lose 03 would be the cheapest
    withheld, _ = suppress(task(counts, cost=cost, groups=(group,)), effort)
    assert cells(withheld) == {(0, "a"), (1, "a"), (0, "b"), (1, "b")}
    alone, _ = suppress(task(counts, cost=cost), effort)
    assert cells(alone) == {(0, "a"), (3, "a"), (1, "b"), (0, "b")}


def test_the_first_cell_of_an_area_costs_its_class():
    counts = Counts(np.array([[2.0, 50], [30, 40]]), units=((0, 1),))
    group = np.array([[True, True], [True, False]])
    one = task(counts, cost=np.ones((2, 2)), groups=(group,))
    assert one.prices(one.withheld).tolist() == [[0, 1], [1 + AREA_COST, 1]]


def test_what_may_not_be_withheld_is_not():
    counts = frame()
    may_hide = np.ones(counts.x.shape, dtype=bool)
    may_hide[:, 2] = False
    may_hide[6] = False
    withheld, _ = suppress(task(counts, cost=costs(counts.x), may_hide=may_hide & (counts.x >= SMALL)))
    assert not (withheld & ~may_hide).any()
    low, high = counts.extents(withheld)[2, 0]
    assert high - low >= SMALL


def test_a_bound_that_is_shown_is_kept():
    """Of the 2 + 20 in a, 20 at most are in the second area: the first has 2 to 4 of its 4. The third has to help."""
    counts = Counts(np.array([[2.0, 4], [20, 20], [30, 60]]), units=((0, 1, 2),), parts=((0, 1),))
    pair = np.array([[True, False], [True, False], [False, False]])
    assert counts.extents(pair)[0, 0] == (2, 4)
    cost = np.array([[1.0, 1], [1, 1], [2, 1]])
    may_hide = np.array([[False, False], [True, False], [True, False]])
    withheld, _ = suppress(task(counts, cost=cost, may_hide=may_hide))
    assert withheld[:, 0].tolist() == [True, False, True]


def test_relations_seen_in_the_numbers_bound_too():
    counts = Counts(np.array([[2.0, 4], [30, 31]]))
    table = replace(counts.table, relations=Relations(seen_parts=((0, 1),)))
    withheld = np.array([[True, False], [False, True]])
    lower, upper = table.bounds(withheld)
    assert (lower[0, 0], upper[0, 0]) == (1, 4)
    assert lower[1, 1] == 30
