"""A far exclave on paper: in a frame of its own, the main part as large as without it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely
import shapely.affinity

import quartiersatlas as qa
from quartiersatlas.present.paper.map_svg import map_svg

pytest.importorskip("typst")
ROOM = {"width_mm": 190.0, "height_mm": 150.0}


@pytest.fixture
def drawn(picture):
    """Return a function: release -> its map, parsed."""
    return lambda release, **options: picture(map_svg(release, **ROOM, **options))


def shapes_of(group):
    return [polygon for _, found in group for polygon in found]


def test_the_main_part_fills_its_frame_and_the_exclave_stands_in_another(coast, drawn):
    found = drawn(coast)
    main, inset = found.boxes()
    city, island = found.groups()
    assert len(shapes_of(city)) == 20  # quarters, without the island
    assert len(shapes_of(island)) == 1
    assert all(main.contains(shape) for shape in shapes_of(city))
    assert all(inset.contains(shape) for shape in shapes_of(island))
    left, top, right, low = shapely.union_all(shapes_of(city)).bounds  # 7.5 by 6 km
    _, upper, _, lower = main.bounds
    width = main.bounds[2] - main.bounds[0]
    assert max((right - left) / width, (low - top) / (lower - upper - 9)) > 0.9  # 9 mm below for the scale bar
    assert "Vogelsand – nicht lagegetreu" in " ".join(found.words)
    assert "Vogelsand – not in its true position" in " ".join(drawn(coast, lang="en").words)


def test_the_exclave_keeps_the_scale_of_the_map_where_it_can(coast, drawn):
    city, island = (shapely.union_all(shapes_of(group)).bounds for group in drawn(coast).groups())
    per_metre = (city[2] - city[0]) / 7500
    assert (island[2] - island[0]) / 1600 == pytest.approx(per_metre, rel=0.01)
    small = coast.areas.geometry.to_numpy().copy()
    small[-1] = shapely.box(466_000, 5_930_000, 466_100, 5_930_080)
    found = drawn(replace(coast, areas=coast.areas.set_geometry(small, crs=coast.areas.crs)))
    assert "anderer Maßstab" in " ".join(found.words)
    left, _, right, _ = found.boxes()[1].bounds
    assert right - left > 10  # millimetres


def test_the_inset_covers_no_part_of_the_city(coast, drawn):
    found = drawn(coast)
    assert not any(found.boxes()[1].intersects(shape) for shape in shapes_of(found.groups()[0]))


def test_an_inset_stands_beside_a_city_that_leaves_no_corner_free(coast, drawn):
    shapes = [shapely.affinity.scale(shape, 1.04, 1, origin=(540_000, 5_900_000)) for shape in coast.areas.geometry]
    found = drawn(replace(coast, areas=coast.areas.set_geometry(shapes, crs=coast.areas.crs)))
    main, inset = found.boxes()
    assert inset.bounds[0] >= main.bounds[2]
    assert all(main.contains(shape) for shape in shapes_of(found.groups()[0]))


def test_the_candidate_on_the_island_is_labelled_there_alone(coast, drawn):
    found = drawn(coast)
    key = coast.members["21"]
    (label,) = [one for one in found.find("text") if one.text == key]
    assert found.boxes()[1].buffer(8).contains(shapely.Point(float(label.get("x")), float(label.get("y"))))


def test_a_city_in_one_piece_has_one_map(town, drawn):
    found = drawn(qa.release(town))
    assert len(found.boxes()) == 1
    assert "lagegetreu" not in " ".join(found.words)


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_the_sheet_with_an_inset_is_written_the_same_twice(coast, tmp_path, ending):
    first, second = (qa.figure(coast).save(tmp_path / f"{n}.{ending}").read_bytes() for n in "ab")
    assert first == second
