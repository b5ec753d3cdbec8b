"""Regular grids: recognised in whatever shape data come, summed over distances as a loop would, outlined as by GEOS."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from quartiersatlas.space.cell_keys import cell_outlines
from quartiersatlas.space.regular_grids import grid_sums, regular_grid

CORNER = np.array([4_321_050.0, 3_210_050.0])  # a 100 m cell of the European grid, ETRS89-LAEA


def city(rows, columns, filled=1.0, step=100.0, seed=0):
    random = np.random.default_rng(seed)
    places = np.array([(x, y) for y in range(rows) for x in range(columns)], dtype=float)
    places = places[random.random(len(places)) < filled]
    return CORNER + step * random.permutation(places)


def loops(points, values, weight, reach):
    sums = np.zeros(values.shape)
    for i, one in enumerate(points):
        distance = np.hypot(*(points - one).T)
        sums[i] = np.where(distance <= reach * (1 + 1e-9), weight(distance), 0) @ values
    return sums


@pytest.mark.parametrize(("rows", "columns", "filled"), [(7, 9, 1.0), (30, 20, 0.3), (1, 12, 1.0), (12, 1, 0.5)])
def test_a_grid_is_recognised_with_gaps_in_any_order(rows, columns, filled):
    points = city(rows, columns, filled)
    grid = regular_grid(points)
    assert grid.step == pytest.approx(100, rel=1e-12)
    assert np.column_stack([grid.columns, grid.rows]) * 100 + points.min(axis=0) == pytest.approx(points)
    assert grid.shape == (grid.rows.max() + 1, grid.columns.max() + 1)


def test_the_step_is_found_where_no_two_points_are_neighbours():
    grid = regular_grid([[0, 0], [200, 0], [500, 300]])
    assert (grid.step, grid.shape) == (100, (4, 6))
    assert (grid.columns.tolist(), grid.rows.tolist()) == ([0, 2, 5], [0, 0, 3])


def test_rounded_coordinates_are_on_the_grid_and_displaced_ones_are_not():
    points = city(20, 20)
    noise = np.random.default_rng(1).uniform(-1, 1, points.shape)
    assert regular_grid(points + 1e-5 * noise).shape == (20, 20)
    assert regular_grid(points + 0.1 * noise) is None
    displaced = points.copy()
    displaced[17, 0] += 0.1
    assert regular_grid(displaced) is None


def test_a_grid_at_an_angle_is_none_along_the_axes():
    angle = np.radians(3)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert regular_grid((city(20, 20) - CORNER) @ rotation) is None


def test_irregular_points_and_too_few_are_no_grid():
    assert regular_grid(np.random.default_rng(2).random((500, 2))) is None
    assert regular_grid([[0, 0]]) is None
    assert regular_grid(np.zeros((0, 2))) is None
    assert regular_grid(np.zeros((5, 2))) is None


def test_two_points_in_one_place_are_no_grid():
    points = city(5, 5)
    assert regular_grid(np.vstack([points, points[:1]])) is None


def test_a_rectangle_with_many_more_places_than_points_is_refused():
    far_apart = np.vstack([city(10, 10), city(10, 10) + 100_000])  # 200 points in a rectangle of a million places
    assert regular_grid(far_apart) is None
    assert regular_grid(np.vstack([city(10, 10), city(10, 10) + 6700])) is None  # 77 x 77 places, 30 per point
    assert regular_grid(np.vstack([city(10, 10), city(10, 10) + 4000])).shape == (50, 50)


WEIGHTS = {
    "falls to 0": (lambda d: np.maximum(1 - d / 500, 0), 500),
    "cut": (np.ones_like, 300),
    "without end": (lambda d: np.exp(-d / 400), np.inf),
    "only itself": (lambda d: np.exp(-d), 10),
    "with a sign": (lambda d: np.cos(d / 100), 700),
    "farther than the city": (lambda d: np.exp(-d / 400), 1e7),
}


@pytest.mark.parametrize(("weight", "reach"), WEIGHTS.values(), ids=WEIGHTS.keys())
@pytest.mark.parametrize(("rows", "columns", "filled"), [(9, 14, 0.6), (1, 40, 1.0), (5, 5, 1.0)])
def test_sums_are_those_of_a_loop(weight, reach, rows, columns, filled):
    points = city(rows, columns, filled)
    values = np.random.default_rng(3).normal(0, 300, (len(points), 2))
    sums = grid_sums(regular_grid(points), values, weight, reach)
    assert sums == pytest.approx(loops(points, values, weight, reach), abs=1e-10)


def test_sums_of_persons_are_never_negative_and_exactly_0_where_nobody_is_near():
    points = city(45, 45)
    persons = np.zeros((len(points), 1))
    corner = np.hypot(*(points - CORNER).T) < 1000
    persons[corner] = 1e6
    sums = grid_sums(regular_grid(points), persons, lambda d: np.maximum(1 - d / 2000, 0), 2000)
    near = loops(points, persons, lambda d: np.maximum(1 - d / 2000, 0), 2000) > 0
    assert (sums[~near] == 0).all()
    assert (sums[near] > 0).all()
    assert 0 < near.sum() < len(points) / 2


def test_negative_values_are_summed_as_they_are():
    points = city(10, 10)
    values = -np.ones((100, 1))
    sums = grid_sums(regular_grid(points), values, np.ones_like, 100)
    assert sums.min() == pytest.approx(-5)


def test_the_error_stays_within_its_documented_bound():
    points = city(40, 50, 0.7)
    values = np.random.default_rng(4).integers(0, 5000, (len(points), 1)).astype(float)
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    weights = np.exp(-distance / 800)
    sums = grid_sums(regular_grid(points), values, lambda d: np.exp(-d / 800))
    places = 100 * 100  # padded: about twice the rows times twice the columns
    bound = 2.2e-16 * np.log2(places) * np.sqrt((weights**2).sum(axis=1).max()) * np.sqrt((values**2).sum())
    assert np.abs(sums - weights @ values).max() < 4 * bound


def by_geos(x, y, group, size):
    """Give the normal form of the union of the cells' boxes."""
    boxes = shapely.box(x * size, y * size, (x + 1.0) * size, (y + 1.0) * size)
    unions = [shapely.coverage_union_all(boxes[group == k]) for k in range(group.max() + 1)]
    return shapely.to_wkb(shapely.normalize(unions)).tolist()


@pytest.mark.parametrize("filled", [0.02, 0.3, 0.5, 0.6, 0.75, 0.95, 1.0])
def test_outlines_of_cells_are_the_unions_that_geos_finds(filled):
    # holes, islands in holes, corners that touch from inside and outside, cells of two groups at one place
    for seed in range(8):
        random = np.random.default_rng(seed)
        groups, high, wide = random.integers(1, 5), *random.integers(1, 14, 2)
        taken = random.random((groups, high, wide)) < filled
        taken[:, random.integers(high), random.integers(wide)] = True
        group, y, x = (random.permutation(np.argwhere(taken)).T + np.array([[0], [32_000], [43_000]])).astype(np.int32)
        found = cell_outlines(x, y, group, 100)
        assert shapely.to_wkb(shapely.normalize(found)).tolist() == by_geos(x, y, group, 100), seed
        assert shapely.is_valid(found).all()


def test_a_hole_that_touches_the_outline_in_a_corner_is_a_hole_and_an_island_in_it_is_a_part():
    picture = ["####.", "#...#", "#.#.#", "#...#", "#####"]
    x, y = np.array([(x, -y) for y, row in enumerate(picture) for x, mark in enumerate(row) if mark == "#"]).T
    (found,) = cell_outlines(x, y, np.zeros(len(x), int), 1)
    assert found.equals(shapely.union_all(shapely.box(x, y, x + 1, y + 1)))
    assert [len(part.interiors) for part in found.geoms] == [1, 0]
    assert len(cell_outlines(x[:0], y[:0], x[:0], 1)) == 0
