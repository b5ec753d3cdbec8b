from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
import shapely.affinity

from quartiersatlas.space import connected_groups, neighbours


def pairs(graph):
    adjacency = graph.adjacency[graph.adjacency > 0]
    return {tuple(sorted(pair)) for pair in adjacency.index}


def test_a_shared_border_makes_neighbours_a_shared_corner_does_not(grid):
    found = pairs(neighbours(grid(3, 2)))
    assert found == {("a0", "b0"), ("b0", "c0"), ("a1", "b1"), ("b1", "c1"), ("a0", "a1"), ("b0", "b1"), ("c0", "c1")}


def test_slivers_within_the_tolerance_still_touch(grid):
    areas = grid(2)
    moved = areas.set_geometry([areas.geometry.iloc[0], shapely.affinity.translate(areas.geometry.iloc[1], 0.6)])
    assert pairs(neighbours(moved)) == {("a0", "b0")}
    with pytest.warns(UserWarning, match=r"2 of 2; the median gap to the nearest outline is 0.60 m, up to 0.50 m"):
        assert pairs(neighbours(moved, tolerance=0.5)) == set()


def test_an_area_apart_is_an_isolate_and_stays_in_the_graph(grid):
    areas = grid(4).drop(index=["c0"])
    graph = neighbours(areas)
    assert list(graph.isolates) == ["d0"]
    assert graph.n == 3


def test_all_isolates_and_a_single_area(grid):
    assert list(neighbours(grid(3).drop(index=["b0"])).isolates) == ["a0", "c0"]
    assert neighbours(grid(1)).n == 1


def test_connected_groups(grid):
    groups = connected_groups(grid(5).drop(index=["c0"]))
    assert groups.tolist() == [0, 0, 1, 1]
    assert connected_groups(grid(1)).tolist() == [0]
    assert connected_groups(grid(1).drop(index=["a0"])).empty


def test_unsorted_keys_give_the_same_groups(grid):
    areas = grid(5).drop(index=["c0"])
    shuffled = areas.loc[["e0", "a0", "d0", "b0"]]
    groups = connected_groups(shuffled)
    assert groups["e0"] == groups["d0"] != groups["a0"] == groups["b0"]
    assert groups.index.equals(shuffled.index)


@pytest.mark.shared_data
def test_cologne_has_243_neighbour_pairs_at_1_metre(shared):
    # exact contiguity finds 229 pairs there and strict touching 101: the outlines have 751 slivers
    areas = gpd.read_file(shared / "koeln" / "stadtteile" / "Stadtteil.shp")
    areas = areas.set_geometry(areas.geometry.make_valid())
    assert len(pairs(neighbours(areas, min_border=0))) == 243
