"""The map as SVG: what is drawn is what the release holds, words once, hostile text as text, the same bytes twice."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.charts.widths import text_width
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.present.paper.legend import class_entries
from quartiersatlas.present.paper.map_furniture import round_length, scale_bar
from quartiersatlas.present.paper.map_layers import small_marks
from quartiersatlas.present.paper.map_svg import map_svg
from quartiersatlas.present.paper.sheet_page import SheetBox
from quartiersatlas.present.paper.svg_marks import path_of
from quartiersatlas.present.paper.typeset import settable
from quartiersatlas.present.places import context

ROOM = {"width_mm": 160.0, "height_mm": 120.0}


@pytest.fixture
def drawn(picture):
    """Return a function: release -> its map, parsed."""
    return lambda release, *args, **options: picture(map_svg(release, *args, **ROOM | options))


@given(most=st.floats(1e-3, 1e7))
def test_the_scale_bar_is_the_largest_round_length_that_fits(most):
    length = round_length(most)
    assert length <= most < 2.5 * length * (1 + 1e-12)
    assert round(length / 10 ** np.floor(np.log10(length) + 1e-9)) in (1, 2, 5)


@pytest.mark.parametrize(("side", "unit", "per"), [(5000, "km", 1000), (60, "m", 1)])
def test_the_scale_bar_is_as_long_as_it_says(squares, drawn, side, unit, per):
    found = drawn(squares(side=side))
    halves = [float(half.get("width")) for half in found.find("rect", **{"class": "scale"})]
    (label,) = [word for word in found.words if word.endswith(f" {unit}")]
    length = float(label.split()[0].replace(".", "").replace(",", ".")) * per
    (_, first), *_ = found.groups()[0]
    across = first[0].bounds[2] - first[0].bounds[0]  # of one area, in millimetres
    assert halves[0] == halves[1]
    assert sum(halves) / length == pytest.approx(across / side, rel=0.01)
    assert sum(halves) <= ROOM["width_mm"] / 4 + 0.01


def test_north_is_up_and_a_metre_is_as_long_across_as_along(squares, drawn):
    release = squares()
    found = drawn(release)
    shapes = [shape for _, group in found.groups()[0] for shape in group]
    widths = {round(shape.bounds[2] - shape.bounds[0], 1) for shape in shapes}
    heights = {round(shape.bounds[3] - shape.bounds[1], 1) for shape in shapes}
    assert len(widths) == 1
    assert widths == heights
    assert "N" in found.words
    # the area in the north-east has the highest rate, and stands at the upper right
    colors = {entry.color: set(entry.keys) for entry in class_entries(release, release.column("sgb2_rate"), "de")}
    (dark,) = [color for color, keys in colors.items() if "12" in keys]
    corner = min(shapes, key=lambda shape: shape.bounds[1] - shape.bounds[2])
    assert dark in [fill for fill, group in found.groups()[0] if any(shape.equals(corner) for shape in group)]


def test_each_area_is_drawn_once_in_the_colour_of_its_class(squares, drawn):
    release = squares()
    drawn_in = {fill: len(group) for fill, group in drawn(release).groups()[0]}
    entries = class_entries(release, release.column("sgb2_rate"), "de")
    assert drawn_in == {entry.color: len(entry.keys) for entry in entries}


def test_a_hole_in_an_area_stays_open():
    # both rings run the same way round, as files have them
    shell, hole = (shapely.box(*box).exterior for box in ((0, 0, 30, 30), (10, 10, 20, 20)))
    assert shell.is_ccw == hole.is_ccw
    outer, inner = re.findall(r"M[^z]*z", path_of([shapely.Polygon(shell, [hole])]))
    turns = []
    for ring in (outer, inner):
        steps = np.array(re.findall(r"-?\d*\.?\d+", ring.split("l")[1]), dtype=float).reshape(-1, 2)
        points = np.cumsum(steps, axis=0)
        turns.append(np.sign(np.sum(points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1])))
    assert turns[0] == -turns[1]  # so that the rule of SVG, nonzero, leaves the hole open


def test_a_path_has_no_piece_that_hides_it():
    """One start after another without a line between made whole paths vanish."""
    tiny = shapely.box(0, 0, 0.001, 0.001)
    parts = [
        tiny,
        shapely.Polygon(),
        shapely.Point(1, 1),
        shapely.box(0, 0, 1, 1),
        shapely.LineString([(3, 3), (3, 3.001)]),
    ]
    assert path_of(parts).count("M") == 1
    assert path_of([tiny]) == ""
    assert path_of([]) == ""


def test_each_district_is_named_once_and_candidates_by_their_key(sample, drawn):
    words = drawn(sample.release).words
    for district in sample.release.areas["bezirk"].unique():
        assert words.count(district.upper()) == 1
    for key in sample.release.candidates.index:
        assert words.count(key) == 1
    bare = drawn(sample.release, names=False, mark_numbers=False).words
    assert set(bare) == {"N", *(word for word in bare if re.fullmatch(r"[\d,]+( km)?", word))}


def test_a_town_of_six_has_its_values_written(squares, drawn):
    release = squares(6, per_row=3)
    words = drawn(release).words
    for key, value in release.values["sgb2_rate"].items():
        written = f"{value:.1f}".replace(".", ",")
        assert f"{written} %" in [word.replace("\u202f", " ").replace("\xa0", " ") for word in words]
        assert release.areas.loc[key, "name"] in words


HOSTILE = [
    '<script>alert(1)</script>"&',
    '#panic("x") *fett* $x$ @ref',
    "漢字 😀",
    "שלום ا",
    "a\x00b\u202ec",
    "]]>--%{",
    "x" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(squares, drawn, name):
    release = squares(names=[name] * 12, levels=[name] * 12, title=name, source=name, comment=name)
    found = drawn(release)  # parses
    assert not found.find("script")
    assert "\x00" not in found.svg
    assert "\u202e" not in found.svg
    shown = " ".join(settable(name)[:8].upper().split())
    assert len(name) > 100 or shown in " ".join(found.words).upper()  # one too wide for its area is left out


def test_far_too_many_small_marked_areas_do_not_bury_the_map():
    city = [shapely.box(0, 0, 100, 100)]
    small = shapely.box(0, 0, 1, 1)
    # 11.2 square millimetres each, of 10,000: 10 % are 89.3 rings, 40 % are 357.1
    assert small_marks(city, [small] * 89) == "ring"
    assert small_marks(city, [small] * 90) == "dot"
    assert small_marks(city, [small] * 357) == "dot"
    assert small_marks(city, [small] * 358) == "tint"
    assert small_marks(city, [shapely.box(0, 0, 2, 2)] * 1000) == "ring"  # those are large enough for a hatch


def test_a_city_of_specks_says_that_selected_areas_are_darker(squares, drawn):
    words = drawn(squares(2500, side=20, per_row=50, stability=False), width_mm=60, height_mm=60).words
    assert any("Ausgewählte Gebiete sind dunkler" in word for word in words)


def test_the_surroundings_lie_above_the_colours_and_below_the_borders_of_selected_areas(squares, drawn):
    release = squares()
    left, low, right, high = release.areas.total_bounds
    river = gpd.GeoDataFrame(
        {"name": ["Fluss"]}, geometry=[shapely.box(left, low + 600, right, low + 700)], crs=release.areas.crs
    )
    rail = gpd.GeoDataFrame(geometry=[shapely.LineString([(left, low), (right, high)])], crs=release.areas.crs)
    living = gpd.GeoDataFrame(geometry=[shapely.box(left, low, right, high - 250)], crs=release.areas.crs)
    found = drawn(release, context=context(water=river, rail=rail, inhabited=living))
    parts = list(found.root.iter())
    at = {
        "class": max(i for i, one in enumerate(parts) if one.get("fill") in ("#ffffcc", "#253494") and one.get("d")),
        "pale": next(i for i, one in enumerate(parts) if one.get("fill-opacity") == "0.86"),
        "water": next(i for i, one in enumerate(parts) if one.get("fill") == "#a9cfe8"),
        "rail": next(i for i, one in enumerate(parts) if one.get("stroke") == "#4d4d4d"),
        "selected": next(
            i for i, one in enumerate(parts) if one.get("stroke-width") == "0.46" and one.get("stroke") == "#1a1a1a"
        ),
    }
    assert list(at.values()) == sorted(at.values())
    assert "Fluss" in found.words


def test_a_map_of_one_area_shows_its_district_with_a_ring(sample, drawn):
    release = sample.release
    key = release.areas.index[release.selected][0]
    found = drawn(release, "sgb2_rate", area=key, width_mm=70, height_mm=70)
    (ring,) = found.find("path", stroke="#ffd400")
    (under,) = [one for one in found.find("path", stroke="#1a1a1a") if one.get("d") == ring.get("d")]
    assert float(under.get("stroke-width")) > float(ring.get("stroke-width"))
    whole = drawn(release, "sgb2_rate", width_mm=70, height_mm=70)
    assert sum(len(group) for _, group in found.groups()[0]) < sum(len(group) for _, group in whole.groups()[0])


def test_two_maps_of_one_page_have_frames_of_their_own(sample, picture):
    first, second = (map_svg(sample.release, column, **ROOM) for column in ("sgb2_rate", "mh_share"))
    names = [one.get("id") for svg in (first, second) for one in picture(svg).find("clipPath")]
    assert len(names) == len(set(names))


def test_the_same_release_gives_the_same_text_twice(sample):
    assert map_svg(sample.release, **ROOM) == map_svg(sample.release, **ROOM)


def test_a_masked_value_is_not_in_the_picture(kinds, drawn):
    found = drawn(kinds, "sgb2_rate")
    hidden = kinds.values["sgb2_rate"].isna()
    colored = {entry.color for entry in class_entries(kinds, kinds.column("sgb2_rate"), "de")}
    n_colored = sum(len(group) for fill, group in found.groups()[0] if fill in colored)
    assert n_colored == (~hidden).sum()


def test_what_cannot_be_drawn_is_refused(town, town_release):
    with pytest.raises(ColumnError, match="has no column 'sgb2_rat'"):
        map_svg(town_release, "sgb2_rat", **ROOM)
    with pytest.raises(SpecError, match="no column to draw"):
        map_svg(qa.release(town, columns=[]), **ROOM)
    with pytest.raises(SpecError, match="circles are for counts"):
        map_svg(town_release, "sgb2_rate", circles=True, **ROOM)


def test_an_outline_that_crosses_itself_is_drawn(squares, drawn):
    release = squares()
    shapes = release.areas.geometry.to_numpy().copy()
    x, y, *_ = shapes[0].bounds
    shapes[0] = shapely.Polygon([(x, y), (x + 500, y + 500), (x + 500, y), (x, y + 500)])
    broken = replace(release, areas=release.areas.set_geometry(shapes, crs=release.areas.crs))
    assert drawn(broken).find("path")


@pytest.mark.parametrize("metres", [0.5, 1, 3, 9, 20, 60, 110, 400])
@pytest.mark.parametrize("width", [40.0, 62.7, 110.0, 200.0])
def test_the_numbers_of_a_scale_bar_never_run_into_each_other(width, metres):
    bar = scale_bar(SheetBox(0, 0, width, 60), metres, 1.0, "de")
    ends = []
    for part in bar.parts:
        for x, size, words in re.findall(r'<text x="([-\d.]+)"[^>]*font-size="([\d.]+)"[^>]*>([^<]+)<', part):
            half = text_width(words, float(size)) / 2
            ends.append((float(x) - half, float(x) + half))
    assert len(ends) in (2, 3)
    assert all(left[1] < right[0] for left, right in pairwise(ends))
