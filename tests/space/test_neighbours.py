from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import ArgumentError, GeometryError, SpecError
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


def river(*shapes, crs="EPSG:25832"):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def test_a_river_along_a_border_cuts_it_one_across_or_inside_cuts_nothing(grid):
    areas = grid(2, 2)
    along = shapely.LineString([(1010, -100), (990, 990)])  # wanders about the border of a0 and b0
    assert pairs(neighbours(areas, barriers=river(along))) == {("a0", "a1"), ("b0", "b1"), ("a1", "b1")}
    across, inside = shapely.LineString([(500, 300), (1500, 400)]), shapely.box(200, 200, 800, 800)
    assert pairs(neighbours(areas, barriers=river(across, inside))) == pairs(neighbours(areas))
    half = shapely.box(980, -10, 1020, 500)
    assert ("a0", "b0") in pairs(neighbours(areas, barriers=river(half)))  # half of the border is left


def test_a_bridge_opens_the_river_where_it_is(grid):
    areas = grid(2, 2)
    along = river(shapely.LineString([(1000, -100), (1000, 2100)]))
    assert pairs(neighbours(areas, barriers=along)) == {("a0", "a1"), ("b0", "b1")}
    for bridge in (shapely.Point(1040, 300), shapely.LineString([(900, 300), (1100, 300)])):
        found = pairs(neighbours(areas, barriers=along, crossings=river(bridge)))
        assert found == {("a0", "a1"), ("b0", "b1"), ("a0", "b0")}
    path = shapely.LineString([(1030, 100), (1030, 900)])  # along the bank, on one side
    far = shapely.Point(1060, 300)
    for bridge in (path, far):
        assert pairs(neighbours(areas, barriers=along, crossings=river(bridge))) == {("a0", "a1"), ("b0", "b1")}


def test_corners_are_neighbours_where_asked_and_a_river_cuts_them_too(grid):
    areas = grid(2, 2)
    rook, queen = pairs(neighbours(areas)), pairs(neighbours(areas, contact="corner"))
    assert queen - rook == {("a0", "b1"), ("a1", "b0")}
    along = river(shapely.LineString([(1000, -100), (1000, 2100)]))
    assert pairs(neighbours(areas, contact="corner", barriers=along)) == {("a0", "a1"), ("b0", "b1")}


def directed(graph):
    return {focal: sorted(graph[focal].index) for focal in graph.unique_ids if focal not in graph.isolates}


def test_nearest_areas_and_nearest_persons(joined):
    data = joined({"residents": [300.0, 200, np.nan, 900, 100]}, population="residents")
    assert directed(neighbours(data, k=1)) == {"a0": ["b0"], "b0": ["a0"], "c0": ["b0"], "d0": ["c0"], "e0": ["d0"]}
    assert directed(neighbours(data, k=9))["c0"] == ["a0", "b0", "d0", "e0"]  # all there are
    found = directed(neighbours(data, persons=500))
    # a0 has 300 + b0 200; c0 nobody known: b0, then d0, which is as near; d0 has enough by itself
    assert found == {"a0": ["b0"], "b0": ["a0"], "c0": ["b0", "d0"], "e0": ["d0"]}
    everybody = directed(neighbours(data, persons=1e9))
    assert all(len(others) == 4 for others in everybody.values())


@settings(max_examples=25)
@given(st.permutations(range(25)), st.integers(1, 24))
def test_nearest_areas_do_not_depend_on_the_order_of_rows(order, k):
    keys = [f"{i:02}" for i in range(25)]
    squares = [shapely.box(i % 5, i // 5, i % 5 + 1, i // 5 + 1) for i in range(25)]  # many at the same distance
    areas = gpd.GeoDataFrame(index=keys, geometry=squares, crs="EPSG:25832")
    assert directed(neighbours(areas.iloc[order], k=k)) == directed(neighbours(areas, k=k))
    centre = shapely.centroid(squares)
    for key, others in directed(neighbours(areas, k=k)).items():
        distance = pd.Series(shapely.distance(centre[int(key)], centre), index=keys).drop(key)
        assert distance[others].max() <= distance.sort_values().iloc[k - 1] + 1e-9
        assert len(others) == k


def test_the_graph_keeps_the_order_of_the_areas(grid):
    areas = grid(4).loc[["c0", "a0", "d0", "b0"]]
    for graph in (neighbours(areas), neighbours(areas, k=1)):
        assert list(graph.unique_ids) == ["c0", "a0", "d0", "b0"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"contact": "queen"}, SpecError, "contact must be one of 'border', 'corner', not 'queen'"),
        ({"k": 0}, SpecError, "k=0 must be a whole number from 1 on"),
        ({"k": 2.5}, SpecError, "k=2.5 must be a whole number"),
        ({"k": True}, SpecError, "k=True must be a whole number"),
        ({"persons": 0}, SpecError, "persons=0 must be a number above 0"),
        ({"persons": 500}, SpecError, "persons needs the residents"),
        ({"k": 2, "persons": 5}, SpecError, "two answers to one question"),
        ({"k": 2, "tolerance": 1}, SpecError, "the nearest areas know no 'tolerance'"),
        ({"crossings": river(shapely.Point(0, 0))}, SpecError, "crossings open barriers, but there are none"),
        ({"barriers": river(shapely.Point(0, 0))}, GeometryError, "1 row of barriers hold no lines or polygons: '0'"),
        (
            {"barriers": river(shapely.box(0, 0, 1, 1), crs="EPSG:25833")},
            GeometryError,
            r"barriers.to_crs\(areas.crs\)",
        ),
        ({"barriers": "rivers.gpkg"}, ArgumentError, "neighbours: barriers takes a GeoDataFrame, not a str"),
    ],
)
def test_options_that_make_no_sense_are_answered(grid, options, error, message):
    with pytest.raises(error, match=message):
        neighbours(grid(2), **options)
