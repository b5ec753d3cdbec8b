"""Shared borders: drawn by hand, against an independent package, against outlines laid over each other, real cities."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
import shapely.affinity

from quartiersatlas.errors import GeometryError
from quartiersatlas.space.neighbours import borders, neighbours

CITIES = ["koeln/stadtteile/Stadtteil.shp", "koeln/stadtviertel/Stadtviertel.shp"]


def voronoi(n, seed=0, width=500.0):
    """Cut a square city into n areas of about the given width that fit together exactly."""
    side = width * n**0.5
    points = np.random.default_rng(seed).random((n, 2)) * side
    square = shapely.box(0, 0, side, side)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=square))
    return shapely.intersection(cells, square)


def pairs(two):
    return set(zip(*(ends.tolist() for ends in two), strict=True))


def lengths_by_pair(found):
    return {(int(a), int(b)): float(m) for a, b, m in zip(found.one, found.other, found.length, strict=True)}


def read(shared, file):
    areas = gpd.read_file(shared / file)
    return areas.geometry.make_valid().to_numpy()


def test_sides_have_their_length_and_corners_have_none(grid):
    found = borders(grid(2, 2).geometry)
    assert lengths_by_pair(found) == {(0, 1): 1000, (0, 2): 1000, (0, 3): 0, (1, 2): 0, (1, 3): 1000, (2, 3): 1000}
    assert found.perimeter.tolist() == [4000] * 4
    assert found.inner_perimeter.tolist() == [2000] * 4
    assert found.method == "shared vertices"
    assert pairs(found.queen) - pairs(found.rook) == {(0, 3), (1, 2)}


@pytest.mark.parametrize("seed", range(3))
def test_the_pairs_are_those_of_libpysal(seed):
    from libpysal.graph import Graph

    cells = voronoi(400, seed)
    squares = [shapely.box(x, y, x + 90, y + 90) for y in range(0, 900, 90) for x in range(0, 900, 90)]
    for shapes in (cells, np.array(squares)):
        found = borders(shapes)
        assert found.method == "shared vertices"
        for rook, mine in ((True, found.rook), (False, found.queen)):
            graph = Graph.build_contiguity(gpd.GeoSeries(shapes), rook=rook)
            theirs = {(int(a), int(b)) for a, b in graph.adjacency[graph.adjacency > 0].index if a < b}
            assert pairs(mine) == theirs


def test_lengths_are_those_of_the_outlines_laid_over_each_other():
    cells = voronoi(150)
    found = lengths_by_pair(borders(cells))
    for one in range(len(cells)):
        for other in range(one + 1, len(cells)):
            common = cells[one].boundary.intersection(cells[other].boundary)
            assert found.get((one, other), 0) == pytest.approx(common.length, abs=1e-6)
            assert ((one, other) in found) == (not common.is_empty)


def test_shared_borders_and_the_edge_of_the_city_add_up_to_the_outlines():
    cells = voronoi(300, seed=5)
    found = borders(cells)
    edge = shapely.union_all(cells).boundary.length
    assert found.inner_perimeter.sum() == pytest.approx(2 * found.length.sum(), rel=1e-12)
    assert found.perimeter.sum() == pytest.approx(found.inner_perimeter.sum() + edge, rel=1e-9)
    assert (found.inner_perimeter <= found.perimeter + 1e-6).all()


def test_pairs_are_listed_once_in_ascending_order():
    found = borders(voronoi(200, seed=2))
    assert (found.one < found.other).all()
    assert (np.diff(found.one * 200 + found.other) > 0).all()
    assert np.issubdtype(found.one.dtype, np.integer)


def test_neither_the_order_of_areas_nor_the_direction_of_outlines_matters():
    cells = voronoi(100, seed=3)
    order = np.random.default_rng(0).permutation(100)
    turned = shapely.reverse(cells[order])
    expected = {tuple(sorted(pair)): length for pair, length in lengths_by_pair(borders(cells)).items()}
    found = {tuple(sorted((int(order[a]), int(order[b])))): m for (a, b), m in lengths_by_pair(borders(turned)).items()}
    assert found == pytest.approx(expected)


def test_a_border_in_two_stretches_and_in_two_parts_is_one_border():
    bracket = shapely.box(0, 0, 300, 300) - shapely.box(100, 100, 300, 200)
    parts = shapely.multipolygons([shapely.box(300, 0, 400, 100), shapely.box(300, 200, 400, 300)])
    found = borders([bracket, parts])
    assert lengths_by_pair(found) == {(0, 1): 200}
    assert found.method == "shared vertices"


def test_points_that_are_there_twice_change_nothing():
    left = shapely.Polygon([(0, 0), (100, 0), (100, 0), (100, 50), (100, 50), (100, 100), (0, 100), (0, 100)])
    right = shapely.Polygon([(100, 0), (200, 0), (200, 0), (200, 100), (100, 100), (100, 100), (100, 50), (100, 50)])
    found = borders([left, right])
    assert lengths_by_pair(found) == {(0, 1): 100}
    assert found.method == "shared vertices"
    apart = borders([left, shapely.affinity.translate(right, 0.5)])
    assert lengths_by_pair(apart) == pytest.approx({(0, 1): 100}, abs=2)


def test_an_area_in_the_hole_of_another_shares_its_whole_outline():
    inner = shapely.box(100, 100, 200, 200)
    found = borders([shapely.box(0, 0, 300, 300) - inner, inner])
    assert lengths_by_pair(found) == {(0, 1): 400}
    assert found.perimeter.tolist() == [1600, 400]
    assert found.method == "shared vertices"


def test_bricks_that_meet_between_their_corners_are_neighbours():
    wall = [shapely.box(x, y, x + 200, y + 100) for y, shift in ((0, 0), (100, 100)) for x in (shift, shift + 200)]
    found = borders(wall)
    assert found.method == "within tolerance"
    assert lengths_by_pair(found) == pytest.approx(
        {(0, 1): 100, (0, 2): 100, (1, 2): 100, (1, 3): 100, (2, 3): 100}, abs=2
    )


def test_one_missing_point_on_an_outline_does_not_lose_the_border():
    left = shapely.Polygon([(0, 0), (100, 0), (100, 40), (100, 100), (0, 100)])
    found = borders([left, shapely.box(100, 0, 200, 100)])
    assert lengths_by_pair(found) == pytest.approx({(0, 1): 100}, abs=2)
    assert found.method == "within tolerance"


def test_a_gap_within_the_tolerance_is_a_border_and_a_wider_one_is_not(grid):
    shapes = grid(2).geometry.to_numpy()
    apart = [shapes[0], shapely.affinity.translate(shapes[1], 0.6)]
    found = borders(apart)
    assert lengths_by_pair(found) == pytest.approx({(0, 1): 1000}, abs=2)
    assert found.method == "within tolerance"
    assert len(borders(apart, tolerance=0.5).one) == 0
    assert len(borders(apart, tolerance=0.5, min_border=0).one) == 0


def test_areas_that_overlap_are_neighbours_along_the_overlap(grid):
    shapes = grid(2).geometry.to_numpy()
    found = borders([shapes[0], shapely.affinity.translate(shapes[1], -30)])
    assert lengths_by_pair(found) == pytest.approx({(0, 1): 1060}, abs=3)
    drawn_over = borders([shapes[0], shapely.box(300, 300, 400, 400)])
    assert lengths_by_pair(drawn_over) == pytest.approx({(0, 1): 400}, abs=3)


def test_a_contact_within_the_tolerance_is_a_border_from_the_minimum_length_up():
    base = shapely.box(0, 0, 400, 400)
    stub = shapely.Polygon([(400.5, 100), (800, 0), (800, 400), (400.5, 108)])
    assert lengths_by_pair(borders([base, stub])) == {(0, 1): 0}
    assert lengths_by_pair(borders([base, stub], min_border=5)) == pytest.approx({(0, 1): 10}, abs=2)


def test_a_corner_that_meets_the_middle_of_a_side_is_a_corner():
    diamond = shapely.Polygon([(400, 200), (700, 500), (1000, 200), (700, -100)])
    found = borders([shapely.box(0, 0, 400, 400), diamond])
    assert lengths_by_pair(found) == {(0, 1): 0}
    assert not len(found.rook[0])


def test_the_outer_edge_alone_does_not_make_outlines_inexact():
    # many short segments at the edge of the city, an inlet between two areas, and an island
    t = np.linspace(0, 1, 2001)[:, None]
    coast = np.column_stack([1000 * t, 200 + 30 * np.sin(60 * t)])
    west = shapely.Polygon([(0, 0), (500, 0), *coast[1000::-1].tolist()])
    east = shapely.Polygon([(500, 0), (1000, 0), *coast[:999:-1].tolist()])
    island = shapely.box(400, 400, 500, 500)
    found = borders([west, east, island])
    assert found.method == "shared vertices"
    assert lengths_by_pair(found) == {(0, 1): pytest.approx(coast[1000, 1])}


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_tolerances_shrink_with_narrow_areas(shift):
    cells = [shapely.box(x + shift * y, y, x + shift * y + 1, y + 1) for y in (0, 1) for x in range(4)]
    large = borders([shapely.affinity.scale(cell, 1000, 1000, origin=(0, 0)) for cell in cells])
    small = borders(cells)
    assert small.method == large.method == ("within tolerance" if shift else "shared vertices")
    assert pairs(small.rook) == pairs(large.rook)
    assert small.length * 1000 == pytest.approx(large.length, abs=50)


def test_no_area_one_area_and_areas_apart_have_no_borders(grid):
    assert len(borders([]).one) == 0
    assert borders(grid(1).geometry).perimeter.tolist() == [4000]
    apart = borders(grid(3).drop(index=["b0"]).geometry)
    assert len(apart.one) == 0
    assert apart.inner_perimeter.tolist() == [0, 0]
    assert apart.method == "shared vertices"


@pytest.mark.parametrize("wrong", [shapely.Point(0, 0), None, shapely.LineString([(0, 0), (1, 1)])])
def test_what_is_no_polygon_is_refused(wrong):
    with pytest.raises(GeometryError, match=r"1 area is not a polygon: '1'"):
        borders([shapely.box(0, 0, 1, 1), wrong])


@pytest.mark.shared_data
@pytest.mark.parametrize("file", CITIES)
def test_outlines_with_slivers_have_the_neighbours_found_with_a_tolerance(shared, file):
    shapes = read(shared, file)
    found = borders(shapes)
    assert found.method == "within tolerance"
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1)
    one, other = one[one != other], other[one != other]
    along = shapely.length(shapely.intersection(shapely.boundary(shapes[one]), shapely.buffer(shapes[other], 1)))
    long = along >= 10
    assert pairs(found.rook) == {(min(a, b), max(a, b)) for a, b in zip(one[long], other[long], strict=True)}


@pytest.mark.shared_data
def test_cologne_has_243_contacts_at_1_metre(shared):
    assert len(borders(read(shared, CITIES[0])).one) == 243


@pytest.mark.shared_data
def test_cologne_borders_are_as_long_as_the_outline_beside_the_neighbour(shared):
    shapes = read(shared, CITIES[0])
    found = borders(shapes)
    for one, other, length in list(zip(found.one, found.other, found.length, strict=True))[::5]:
        beside = [shapes[a].boundary.intersection(shapes[b].buffer(1)).length for a, b in ((one, other), (other, one))]
        if length:
            assert min(beside) - 10 <= length <= max(beside) + 10


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "file",
    ["berlin/lor_post2021_PLR/lor_planungsraeume_2021.shp", "berlin/lor_post2021_BZR/lor_bezirksregionen_2021.shp"],
)
def test_berlin_is_drawn_through_the_same_points(shared, file):
    from libpysal.graph import Graph

    shapes = read(shared, file)
    found = borders(shapes)
    assert found.method == "shared vertices"
    for rook, mine in ((True, found.rook), (False, found.queen)):
        graph = Graph.build_contiguity(gpd.GeoSeries(shapes), rook=rook)
        assert pairs(mine) == {(a, b) for a, b in graph.adjacency[graph.adjacency > 0].index if a < b}
    for one, other, length in list(zip(found.one, found.other, found.length, strict=True))[::40]:
        assert shapes[one].intersection(shapes[other]).length == pytest.approx(length, abs=1e-3)
    tolerant = neighbours(gpd.GeoDataFrame(geometry=shapes, crs="EPSG:25833"))
    long = {(a, b) for a, b in tolerant.adjacency[tolerant.adjacency > 0].index if a < b}
    by_pair = lengths_by_pair(found)
    assert long <= pairs(found.rook)
    assert all(by_pair[pair] < 10 for pair in pairs(found.rook) - long)
