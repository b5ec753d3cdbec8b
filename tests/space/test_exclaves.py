"""Which parts of a city are far exclaves, and which are not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import shapely.affinity

from quartiersatlas.space.exclaves import city_extent


def block(columns, rows, *, x=0.0, y=0.0, width=1500.0):
    return [
        shapely.box(x + c * width, y + r * width, x + (c + 1) * width, y + (r + 1) * width)
        for r in range(rows)
        for c in range(columns)
    ]


CITY = block(8, 6)  # 12 km by 9 km, 10.4 km wide


def test_a_small_far_area_is_an_exclave_and_the_rest_the_main_part():
    extent = city_extent([*CITY, shapely.box(-60_000, 40_000, -58_000, 41_000)])
    assert extent.main == (0, 0, 12_000, 9_000)
    (exclave,) = extent.exclaves
    assert exclave.areas == (48,)
    assert exclave.bounds == (-60_000, 40_000, -58_000, 41_000)


def test_a_far_part_of_an_area_in_several_parts_is_one_too():
    split = shapely.union(CITY[0], shapely.box(0, 70_000, 1_000, 71_000))
    extent = city_extent([split, *CITY[1:]])
    assert extent.main == (0, 0, 12_000, 9_000)
    assert [exclave.areas for exclave in extent.exclaves] == [(0,)]
    assert extent.exclaves[0].bounds == (0, 70_000, 1_000, 71_000)


@pytest.mark.parametrize(("gap", "found"), [(8_000, 0), (13_000, 1)])
def test_near_parts_are_no_exclaves(gap, found):
    near = shapely.box(12_000 + gap, 0, 14_000 + gap, 2_000)
    assert len(city_extent([*CITY, near]).exclaves) == found


def test_two_halves_far_apart_are_none():
    halves = [*block(4, 4), *block(4, 4, x=80_000)]
    extent = city_extent(halves)
    assert extent.exclaves == ()
    assert extent.main == (0, 0, 86_000, 6_000)


@pytest.mark.parametrize(("share", "found"), [(0.09, 1), (0.11, 0)])
def test_a_far_part_with_more_than_a_tenth_of_the_surface_is_none(share, found):
    side = np.sqrt(share / (1 - share) * 108e6)
    assert len(city_extent([*CITY, shapely.box(50_000, 0, 50_000 + side, side)]).exclaves) == found


@pytest.mark.parametrize(("people", "found"), [(970.0, 1), (990.0, 0), (np.nan, 1)])  # 2 % are 979.6
def test_a_far_part_with_two_per_cent_of_the_residents_is_none(people, found):
    shapes = [*CITY, shapely.box(50_000, 0, 51_000, 1_000)]
    assert len(city_extent(shapes, [1_000.0] * 48 + [people]).exclaves) == found


def test_the_main_part_is_where_people_live_not_the_largest_surface():
    wood = shapely.box(60_000, 0, 90_000, 30_000)
    extent = city_extent([wood, *CITY], [0.0] + [1_000.0] * 48)
    assert extent.main == (0, 0, 12_000, 9_000)
    assert [exclave.areas for exclave in extent.exclaves] == [(0,)]


def test_the_residents_of_an_area_in_parts_live_in_its_largest_one():
    split = shapely.union(CITY[0], shapely.box(0, 70_000, 1_000, 71_000))
    extent = city_extent([split, *CITY[1:]], [30_000.0] + [1_000.0] * 47)
    assert extent.main == (0, 0, 12_000, 9_000)
    assert len(extent.exclaves) == 1


def test_several_exclaves_the_largest_first_and_neighbours_there_together():
    west = block(2, 1, x=-40_000, width=700.0)
    north = [shapely.box(5_000, 60_000, 6_200, 61_200)]
    extent = city_extent([*CITY, *north, *west])
    assert [exclave.areas for exclave in extent.exclaves] == [(48,), (49, 50)]


def test_an_archipelago_and_a_land_of_villages_have_none():
    islands = [shapely.box(50_000 * i, 0, 50_000 * i + 900, 900) for i in range(1, 6)]
    assert city_extent([*CITY, *islands]).exclaves == ()
    villages = [shapely.Point(9_000 * (i % 5), 9_000 * (i // 5)).buffer(600) for i in range(25)]
    assert city_extent([*villages, shapely.Point(400_000, 0).buffer(500)]).exclaves == ()


def test_a_river_of_gaps_and_a_turned_city_change_nothing():
    drawn = [shapely.affinity.scale(shape, 0.99, 0.99) for shape in CITY]
    shapes = shapely.affinity.rotate(shapely.MultiPolygon([*drawn, shapely.box(0, 50_000, 900, 50_900)]), 33)
    assert [exclave.areas for exclave in city_extent(shapely.get_parts(shapes)).exclaves] == [(48,)]
    assert city_extent(drawn).exclaves == ()


def test_one_area_and_coordinates_below_zero():
    assert city_extent([shapely.box(-5, -5, -1, -1)]).main == (-5, -5, -1, -1)
    moved = [shapely.affinity.translate(s, -9e5, -9e5) for s in [*CITY, shapely.box(90_000, 0, 91_000, 1_000)]]
    assert len(city_extent(moved).exclaves) == 1
