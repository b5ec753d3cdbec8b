"""Bridges against every path, areas that are given back, holes of several areas."""

from __future__ import annotations

from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.screening.regions.assemble import Additions, assemble
from quartiersatlas.screening.regions.graph import AreaGraph
from quartiersatlas.screening.regions.grow import bridges, given_back, holes
from quartiersatlas.screening.regions.trees import RegionRule


def grid_graph(people, columns):
    n = len(people)
    pairs = [(i, i + 1) for i in range(n) if (i + 1) % columns] + [(i, i + columns) for i in range(n - columns)]
    one, other = zip(*pairs, strict=True)
    return AreaGraph.of(people, one, other, [100.0] * len(pairs))


def cheapest(graph, start, end, between):
    """Search every path over the areas between, of any length."""
    best = None
    for number in range(1, len(between) + 1):
        for path in permutations(between, number):
            steps = [start, *path, end]
            if all(any(j == later for j, _ in graph.near[i]) for i, later in pairwise(steps)):
                cost = graph.total(path), number
                best = cost if best is None else min(best, cost)
    return best


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), min_size=7, max_size=7), st.integers(1, 30))
def test_the_bridge_is_the_cheapest_of_all_paths(between, most):
    # . . .
    # A . B     seven areas about and between two small groups
    # . . .
    people = [*between[:3], 50, between[3], 50, *between[4:]]
    graph = grid_graph(people, 3)
    others = [i for i in range(9) if i not in (3, 5)]
    best = cheapest(graph, 3, 5, others)
    found = bridges(graph, [[3], [5]], floor=100, most=most)
    if best[0] <= most:
        assert (graph.total(found), len(found)) == best
        assert len(graph.groups([3, 5, *found])) == 1
    else:
        assert found == []


def test_bridges_go_on_while_a_group_is_below_the_floor_towards_the_largest():
    line = AreaGraph.of([60, 5, 60, 5, 60, 5, 60, 5, 60], range(8), range(1, 9), [1.0] * 8)
    groups = [[0], [2], [4], [6], [8]]
    # the first two become one, which is the largest neighbour of the third, and so on
    assert bridges(line, groups, floor=120, most=5) == [1, 3, 5, 7]
    assert bridges(line, groups, floor=60, most=5) == []
    assert bridges(line, groups, floor=120, most=4) == []
    assert bridges(line, groups, floor=120, most=5, barred=[3]) == [1, 5, 7]


def test_a_bridge_may_lead_to_another_bridge():
    # 0 - 1 - 2 are connected first and have the floor; then 4 is nearer to them, by 3, than to 6, by 5
    graph = AreaGraph.of([60, 5, 60, 5, 50, 8, 200], [0, 1, 1, 3, 4, 5], [1, 2, 3, 4, 5, 6], [1.0] * 6)
    assert bridges(graph, [[0], [2], [4], [6]], floor=125, most=10) == [1, 3]


def test_a_bridge_never_leads_through_an_unknown_number():
    line = AreaGraph.of([60, float("nan"), 60], [0, 1], [1, 2], [1.0] * 2)
    assert bridges(line, [[0], [2]], floor=100, most=1000) == []


def test_what_a_region_can_do_without_is_given_back_the_most_residents_first():
    star = AreaGraph.of([100, 5, 9, 7], [0, 0, 0], [1, 2, 3], [1.0] * 3)
    assert given_back(star, [0, 1, 2, 3], [1, 2, 3], floor=100) == [0]
    assert given_back(star, [0, 1, 2, 3], [1, 2, 3], floor=110) == [0, 1, 3]
    line = AreaGraph.of([100, 5, 100], [0, 1], [1, 2], [1.0] * 2)
    assert given_back(line, [0, 1, 2], [1], floor=100) == [0, 1, 2]  # it holds them together


def test_a_hole_of_several_areas_is_filled_as_a_whole_or_not_at_all():
    cells = [100.0] * 20
    graph = grid_graph(cells, 5)  # 5 x 4; the areas 6 7 8 are inside with 11 12 13
    inner = [6, 7, 8, 11, 12, 13]
    around = [i for i in range(20) if i not in inner]
    outer = [i in around for i in range(20)]
    assert holes(graph, around, outer, 1000) == []  # 600 of 1400: more than a quarter
    assert holes(graph, [*around, 11, 12, 13], outer, 1000) == [6, 7, 8]
    assert holes(graph, [*around, 11, 12, 13], outer, 299) == []
    assert holes(graph, [*around, 11, 12, 13], outer, 1000, barred=[7]) == []
    assert holes(graph, [*around, 11, 12, 13], [*outer[:6], True, *outer[7:]], 1000) == []


def test_a_ring_that_a_bridge_closes_is_filled_too():
    people = [400.0] * 9
    people[4], people[1] = 100.0, 50.0
    graph = grid_graph(people, 3)  # area 1 is open, 4 is inside
    outer = [i != 4 for i in range(9)]
    selected = [0, 2, 3, 5, 6, 8]  # two columns; 1, 4 and 7 part them
    found = assemble(graph, selected, outer, RegionRule(1500), Additions(bridge=50))
    assert found.regions == [[0, 1, 2, 3, 5, 6, 8]]
    assert found.bridges == {1}
    assert assemble(graph, [*selected, 7], outer, RegionRule(1500), Additions()).holes == frozenset()
    closed = assemble(graph, [*selected, 7, 1], outer, RegionRule(1500), Additions())
    assert closed.holes == {4}
