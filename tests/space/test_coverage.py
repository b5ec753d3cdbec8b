"""Coverage of grid cells: what shapely's intersections say, whatever the outline."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from quartiersatlas.space.grid_cells import grid_coverage

MICRON = 1e-6  # cells: what is drawn has no needles narrower than this
SIDE = 9  # cells in each direction that are compared with polygons


def dense(shapes, corner=(0.0, 0.0), size=1.0, side=SIDE):
    """Spread cut cells and runs over a rectangle of cells."""
    found = grid_coverage(np.asarray(shapes), corner, size)
    table = np.zeros((len(shapes), side, side))
    for area, row, column, share in zip(found.area, found.row, found.column, found.share, strict=True):
        if 0 <= row < side and 0 <= column < side:
            table[area, row, column] += share
    runs = zip(found.run_area, found.run_row, found.first, found.last, found.run_share, strict=True)
    for area, row, first, last, share in runs:
        if 0 <= row < side:
            table[area, row, max(first, 0) : min(last, side - 1) + 1] += share
    return table


def total(shapes, corner=(0.0, 0.0), size=1.0):
    """Sum the coverage of each area over all cells there are."""
    found = grid_coverage(np.asarray(shapes), corner, size)
    cut = np.bincount(found.area, found.share, len(shapes))
    between = (found.last - found.first + 1) * found.run_share
    return (cut + np.bincount(found.run_area, between, len(shapes))) * size**2


def intersected(shapes, corner=(0.0, 0.0), size=1.0, side=SIDE):
    """Cut a polygon per cell: what is compared with."""
    at = np.arange(side) * size
    left, low = np.meshgrid(corner[0] + at, corner[1] + at)
    cells = shapely.box(left, low, left + size, low + size)
    return np.array([shapely.area(shapely.intersection(cells, shape)) / size**2 for shape in shapes])


on_lines = st.integers(0, 2 * SIDE).map(lambda half: half / 2)
anywhere = st.integers(-2000, 1000 * (SIDE + 2)).map(lambda thousandth: thousandth / 1000)
points = st.tuples(on_lines | anywhere, on_lines | anywhere)


@st.composite
def areas(draw):
    """Draw polygons, with holes, in several parts, with corners and borders on the lines of the grid."""
    shape = shapely.Polygon()
    for corners in draw(st.lists(st.lists(points, min_size=3, max_size=7), min_size=1, max_size=3)):
        part = shapely.make_valid(shapely.Polygon(corners))
        shape = shapely.union(shape, part)
    for corners in draw(st.lists(st.lists(points, min_size=3, max_size=5), max_size=2)):
        try:
            shape = shapely.difference(shape, shapely.make_valid(shapely.Polygon(corners)))
        except shapely.errors.GEOSException:  # of needles it cannot say what is left: no shape to try
            reject()
    # of a needle narrower than the last digit shapely's intersection is a whole cell: it is no reference there
    with np.errstate(all="ignore"):
        shape = shapely.set_precision(shape, MICRON)
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    assume(polygons)
    shape = shapely.multipolygons(polygons) if len(polygons) > 1 else polygons[0]
    assume(shape.is_valid)
    return shape


@given(st.lists(areas(), min_size=1, max_size=3))
@settings(deadline=None, max_examples=60)
def test_every_cell_is_covered_as_much_as_its_intersection_says(shapes):
    assert dense(shapes) == pytest.approx(intersected(shapes), abs=1e-9)


@given(st.lists(areas(), min_size=1, max_size=3), st.sampled_from([0.5, 1.0, 3.0, 100.0]))
@settings(deadline=None, max_examples=60)
def test_the_coverage_sums_to_the_surface_of_the_area(shapes, size):
    assert total(shapes, (0.25, -0.75), size) == pytest.approx(shapely.area(shapes), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_at_real_coordinates_round_shapes_with_holes_are_covered_exactly(seed):
    random = np.random.default_rng(seed)
    corner = np.array([4_334_000.0, 2_684_000.0])
    centres = shapely.multipoints(corner + random.random((8, 2)) * 900)
    rings = shapely.difference(shapely.buffer(centres, 150), shapely.buffer(centres, 60))
    hull = shapely.difference(shapely.convex_hull(centres), rings)
    shapes = np.array([rings, hull])
    got, wanted = dense(shapes, tuple(corner), 100), intersected(shapes, corner, 100)
    assert got == pytest.approx(wanted, abs=1e-9)
    assert ((wanted > 0.01) & (wanted < 0.99)).sum() > 20  # there is something to be exact about


def test_a_cell_is_covered_once_by_areas_that_tile_the_plane():
    random = np.random.default_rng(3)
    square = shapely.box(0, 0, SIDE, SIDE)
    tiles = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(random.random((30, 2)) * SIDE)))
    tiles = shapely.intersection(tiles, square)
    tiles = tiles[shapely.area(tiles) > 0]
    assert dense(tiles).sum(axis=0) == pytest.approx(shapely.area(tiles).sum() / SIDE**2, abs=1e-9)


@pytest.mark.parametrize("turned", [False, True])
def test_the_direction_of_an_outline_does_not_matter(turned):
    ring = [(1, 1), (6, 1), (6, 5), (1, 5)]
    hole = [(2, 2), (4, 2), (4, 4), (2, 4)]
    shape = shapely.Polygon(ring[::-1] if turned else ring, [hole])
    assert total([shape])[0] == 16
    assert dense([shape])[0, 2, 2] == 0
    assert dense([shape])[0, 1, 1] == 1


def test_cells_within_are_found_without_being_looked_at():
    found = grid_coverage(np.array([shapely.box(0.5, 0.5, 1_000_000.5, 2.5)]), (0.0, 0.0), 1.0)
    assert len(found.area) == 6  # two cut cells in each of three rows
    assert set(zip(found.first.tolist(), found.last.tolist(), strict=True)) == {(1, 999_999)}
    assert found.run_share.tolist() == [0.5, 1.0, 0.5]


def test_areas_left_and_below_the_corner_have_negative_places():
    found = grid_coverage(np.array([shapely.box(-3, -2, -1, -1)]), (0.0, 0.0), 1.0)
    assert found.row.tolist() == [-2, -2]
    assert found.column[0] == -3


def test_a_needle_covers_nothing():
    needle = "POLYGON ((1.131677173609243 5.06107608796919, 5 10.2311367795648, 1.1316771736092432 5.06107608796919, "
    shape = shapely.from_wkt(needle + "1.131677173609243 5.06107608796919))")
    assert dense([shape]) == pytest.approx(0, abs=1e-12)


def test_nothing_is_covered_by_nothing():
    assert len(grid_coverage(np.array([], dtype=object), (0.0, 0.0), 1.0).area) == 0
