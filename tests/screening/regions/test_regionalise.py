"""The search against exhaustive search on small grids, against published bounds, and what it does not depend on."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.screening.regions.graph import AreaGraph
from quartiersatlas.screening.regions.recombine import regionalise
from quartiersatlas.screening.regions.trees import RegionRule, random_cut
from quartiersatlas.space.neighbours import borders

COLUMNS, ROWS = 4, 3


def grid_graph(people, columns=COLUMNS):
    n = len(people)
    pairs = [(i, i + 1) for i in range(n) if (i + 1) % columns] + [(i, i + columns) for i in range(n - columns)]
    one, other = zip(*pairs, strict=True)
    return AreaGraph.of(people, one, other, [100.0] * len(pairs))


def connected_sets():
    """Give every connected set of cells of the grid as a number with one bit per cell, by its lowest cell."""
    near = [sum(1 << j for j, _ in links) for links in grid_graph([1.0] * 12).near]
    found, grown = {1 << i for i in range(12)}, [1 << i for i in range(12)]
    for cells in grown:
        for j in range(12):
            larger = cells | 1 << j
            if larger not in found and near[j] & cells:
                found.add(larger)
                grown.append(larger)
    return [[cells for cells in sorted(found) if cells & -cells == 1 << i] for i in range(12)]


SETS = connected_sets()


def best_of_all(graph, rule):
    """Search every division into connected regions with the floor: the least above the ceiling, then the number."""
    sign = 1 if rule.objective == "fewest" else -1
    size = {cells: sum(graph.people[i] for i in range(12) if cells >> i & 1) for sets in SETS for cells in sets}
    parts = [[(cells, size[cells]) for cells in sets if size[cells] >= rule.floor] for sets in SETS]
    known = {0: (0.0, 0)}

    def best(left):
        if left not in known:
            found = [
                (rest[0] + max(0.0, people - rule.ceiling), rest[1] + sign)
                for cells, people in parts[(left & -left).bit_length() - 1]
                if cells & left == cells and (rest := best(left ^ cells)) is not None
            ]
            known[left] = min(found, default=None)
        return known[left]

    return best(2**12 - 1)


def reached(graph, regions, rule):
    above = sum(max(0.0, graph.total(region) - rule.ceiling) for region in regions)
    return above, len(regions) if rule.objective == "fewest" else -len(regions)


def check_regions(graph, regions, rule, areas):
    assert sorted(i for region in regions for i in region) == sorted(areas)
    assert all(graph.groups(region) == [region] for region in regions)
    assert all(graph.total(region) >= rule.floor for region in regions)
    assert regions == sorted(regions)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=12), st.integers(20, 110))
def test_most_regions_as_many_as_exhaustive_search_finds(people, floor):
    graph, rule = grid_graph(people), RegionRule(floor, objective="most")
    regions = regionalise(graph, range(12), rule)
    if sum(people) < floor:
        assert regions == []
        return
    check_regions(graph, regions, rule, range(12))
    assert reached(graph, regions, rule) == best_of_all(graph, rule)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=12), st.integers(10, 60), st.integers(0, 60))
def test_fewest_regions_below_a_ceiling_as_few_as_exhaustive_search_finds(people, floor, room):
    graph, rule = grid_graph(people), RegionRule(floor, max(40, floor + room))
    regions = regionalise(graph, range(12), rule)
    if sum(people) < floor:
        assert regions == []
        return
    check_regions(graph, regions, rule, range(12))
    assert reached(graph, regions, rule) == best_of_all(graph, rule)
