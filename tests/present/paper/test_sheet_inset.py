"""A far exclave on the sheet: in a frame of its own, the main part as large as without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
import shapely.affinity

import quartiersatlas as qa

pytest.importorskip("matplotlib")


def maps(release, **options):
    """Return the axes with a map, the main part first, and all words of the sheet."""
    drawn = qa.figure(release, **options).draw()
    canvas, *axes = drawn.axes
    words = [text.get_text() for text in (*canvas.texts, *(t for one in axes for t in one.texts))]
    return axes, words


def shown(axes):
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    return shapely.box(left, low, right, high)


def test_the_main_part_fills_its_frame_and_the_exclave_stands_in_another(coast):
    axes, words = maps(coast)
    main, inset = axes
    city, island = coast.areas.geometry[:-1].union_all(), coast.areas.geometry.iloc[-1]
    assert shown(main).contains(city)
    assert not shown(main).intersects(island)
    assert shown(inset).contains(island)
    assert not shown(inset).intersects(city)
    room = [np.diff(main.get_xlim())[0] / 7500, np.diff(main.get_ylim())[0] / 6000]  # the city is 7.5 by 6 km
    assert min(room) < 1.1
    assert "Vogelsand – nicht lagegetreu" in " ".join(words)
    assert "Vogelsand – not in its true position" in " ".join(maps(coast, lang="en")[1])


def test_the_exclave_keeps_the_scale_of_the_map_where_it_can(coast):
    (main, inset), _ = maps(coast)
    scales = [np.diff(axes.get_xlim())[0] / axes.get_position().width for axes in (main, inset)]
    assert scales[1] == pytest.approx(scales[0])
    small = coast.areas.geometry.to_numpy().copy()
    small[-1] = shapely.box(466_000, 5_930_000, 466_100, 5_930_080)
    tiny = replace(coast, areas=coast.areas.set_geometry(small, crs=coast.areas.crs))
    (main, inset), words = maps(tiny)
    assert "anderer Maßstab" in " ".join(words)
    assert inset.get_position().width * 297 > 10  # millimetres


def test_the_inset_covers_no_part_of_the_city(coast):
    (main, inset), _ = maps(coast)
    box = inset.get_position().transformed(main.figure.transFigure).transformed(main.transData.inverted())
    city = coast.areas.geometry[:-1].union_all()
    assert not shapely.box(*box.extents).intersects(city)


def test_an_inset_stands_beside_a_city_that_leaves_no_corner_free(coast):
    shapes = [shapely.affinity.scale(shape, 1.04, 1, origin=(540_000, 5_900_000)) for shape in coast.areas.geometry]
    wide = replace(coast, areas=coast.areas.set_geometry(shapes, crs=coast.areas.crs))
    (main, inset), _ = maps(wide)
    assert inset.get_position().x0 >= main.get_position().x1
    assert shown(main).contains(wide.areas.geometry[:-1].union_all())


def test_the_candidate_on_the_island_is_labelled_there_alone(coast):
    key = coast.members["21"]
    (main, inset), _ = maps(coast)
    assert key not in [text.get_text() for text in main.texts]
    assert key in [text.get_text() for text in inset.texts]


def test_a_city_in_one_piece_has_one_map(town):
    axes, words = maps(qa.release(town))
    assert len(axes) == 1
    assert "lagegetreu" not in " ".join(words)


@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_the_sheet_with_an_inset_is_written_the_same_twice(coast, tmp_path, ending):
    first, second = (qa.figure(coast).save(tmp_path / f"{n}.{ending}").read_bytes() for n in "ab")
    assert first == second
