"""The signs of measures on paper: seen where the legend names them, in the shapes of the page, clear of other marks."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.present.figures import map_figure
from quartiersatlas.present.paper import measure_signs
from quartiersatlas.present.paper.legend import LegendEntry, legend_notes, map_entries, sign_entries
from quartiersatlas.present.paper.legend_svg import swatch
from quartiersatlas.present.paper.map_svg import document, map_svg
from quartiersatlas.present.paper.measure_signs import KINDS, SHAPES, sign_place
from quartiersatlas.present.paper.typeset import svg_png

KEYS = [f"{n:02d}" for n in range(1, 13)]
HIDDEN, ROOM, PPI = "05", {"width_mm": 120.0, "height_mm": 90.0}, 150
GERMAN = {
    "need_without_measure": "Bedarf ohne Maßnahme",
    "city_wide_only": "Bedarf, nur gesamtstädtisch",
    "covered": "Bedarf und Maßnahme",
    "measure_without_need": "Maßnahme ohne erhöhten Bedarf",
    "measure": "Maßnahme, Bedarf unbekannt",
}


def measure(name, area):
    where = {"scope": "area", "areas": area} if area else {"scope": "city", "areas": ""}
    return {
        "measure_id": name, "name": name, "lead": "VHS", "fields": "social", "aim": "Teilhabe",
        "status": "running", "updated": "2024-06-30", "end": "dauerhaft", **where,
    }  # fmt: skip


@pytest.fixture(scope="module")
def released(make_city, need_rules):
    """Return a function: areas with a measure ("" for all of the city) -> release; need is high from 07 on."""
    poor = pd.Series([100.0 + 20 * n for n in range(12)], index=KEYS)
    poor[HIDDEN] = 2.0  # withheld, and with it another one
    data = make_city(pd.DataFrame({"residents": 1000.0, "poor": poor}), population="residents")
    data = qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})

    def made(*places):
        register = qa.read_measures({"massnahmen": pd.DataFrame([measure(f"M{n}", k) for n, k in enumerate(places)])})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            need = qa.need_index(data, qa.NeedSpec.from_dict(need_rules))
            words = {"title": "T", "source": "S", "as_of": "2024-12-31", "comment": "K"}
            return qa.release(
                data, need=need, shortlist=qa.screen(data, qa.above_city("sgb2_rate")), measures=register, **words
            )

    return made


@pytest.fixture(scope="module")
def by_area(released):
    """Return a release with every sign but that of measures for the whole city."""
    return released("02", "11", HIDDEN)


def printed(release):
    pytest.importorskip("typst")
    image = pytest.importorskip("PIL.Image")
    svg = map_svg(release, "sgb2_rate", **ROOM, names=False, mark_numbers=False)
    with image.open(BytesIO(svg_png(svg, PPI))) as opened:
        return svg, np.asarray(opened.convert("RGB")).astype(int)


def boxes_on_paper(release, picture, svg):
    """Return the square of each area in millimetres: all squares together fill what is drawn."""
    drawn = shapely.union_all([shape for fill, group in picture(svg).groups()[0] if fill != "none" for shape in group])
    left, top, right, _ = drawn.bounds
    west, _, east, north = release.areas.total_bounds
    scale = (right - left) / (east - west)
    found = {}
    for key, shape in release.areas.geometry.items():
        x0, y0, x1, y1 = shape.bounds
        found[key] = shapely.box(*(left + (x0 - west) * scale, top + (north - y1) * scale),
                                 *(left + (x1 - west) * scale, top + (north - y0) * scale))  # fmt: skip
    return found


def signs_of(svg):
    """Return the middle of each sign by its shape, read from the picture."""
    form = r'<path d="([^"]+)"[^>]*transform="translate\(([-.\d]+) ([-.\d]+)\) scale\(([.\d]+)\)"'
    return [(d, float(x) + 7 * float(s), float(y) + 7 * float(s)) for d, x, y, s in re.findall(form, svg)]


@pytest.mark.parametrize("places", [("02", "11", HIDDEN), ("",)], ids=["areas", "city"])
def test_there_is_ink_in_every_area_whose_sign_the_legend_names_and_in_no_other(released, picture, places):
    release = released(*places)
    svg, with_signs = printed(release)
    _, without = printed(replace(release, measures=None))
    boxes = boxes_on_paper(release, picture, svg)
    named = {key for entry in sign_entries(release, "de") for key in entry.keys}
    assert named
    for key, box in boxes.items():
        left, top, right, low = (round(side * PPI / 25.4) for side in box.bounds)
        there, bare = (pixels[top + 3 : low - 3, left + 3 : right - 3] for pixels in (with_signs, without))
        changed = int((np.abs(there - bare).max(axis=2) > 40).sum())
        assert (changed > 60) == (key in named), key  # about half of a square of 2 mm
        assert changed == 0 or key in named


def test_each_sign_stands_in_its_own_area_with_its_shape_and_count(by_area, picture):
    svg = map_svg(by_area, "sgb2_rate", **ROOM, names=False, mark_numbers=False)
    entries = {entry.kind: entry for entry in sign_entries(by_area, "de")}
    assert set(entries["measure_without_need"].keys) == {"02"}
    assert set(entries["covered"].keys) == {"11"}
    assert set(entries["measure"].keys) == {HIDDEN}
    assert {"10", "12"} <= set(entries["need_without_measure"].keys)
    assert [(one.words, one.count) for one in entries.values()] == [
        (GERMAN[kind], str(len(entries[kind].keys))) for kind in KINDS if kind in entries
    ]
    boxes = boxes_on_paper(by_area, picture, svg)
    found = {key: d for d, x, y in signs_of(svg) for key, box in boxes.items() if box.contains(shapely.Point(x, y))}
    assert found == {key: SHAPES[kind] for kind, entry in entries.items() for key in entry.keys}


def test_a_measure_of_the_whole_city_is_a_sign_of_its_own(released):
    (entry,) = sign_entries(released(""), "de")
    assert entry.words == GERMAN["city_wide_only"]
    assert {"10", "11", "12"} <= set(entry.keys)


def test_the_shapes_are_those_of_the_page():
    script = (files("quartiersatlas.present.map") / "assets" / "measures.js").read_text(encoding="utf-8")
    (block,) = re.findall(r"const SHAPES = \{(.*?)\};", script, re.DOTALL)
    assert dict(re.findall(r'(\w+): "([^"]+)"', block)) == SHAPES
    assert set(SHAPES) == set(KINDS) == set(GERMAN)


def test_signs_differ_in_a_grey_print():
    pytest.importorskip("typst")
    image = pytest.importorskip("PIL.Image")
    grey = {}
    for kind in KINDS:
        parts = swatch(LegendEntry("", symbol="measure", kind=kind))
        with image.open(BytesIO(svg_png(document(parts, 7.5, 4.2, "", ""), 300))) as opened:
            grey[kind] = np.asarray(opened.convert("L")).astype(int)
    for one, other in combinations(KINDS, 2):
        apart = np.abs(grey[one] - grey[other]) > 60
        assert apart.sum() > 0.1 * max((grey[kind] < 200).sum() for kind in (one, other)), (one, other)


def test_a_sign_gives_way_to_points_and_stays_in_its_area():
    area = shapely.box(0, 0, 10, 10)
    x, y = sign_place(area, 2.0, 1.0, shapely.STRtree([]))
    assert (x, y) == (pytest.approx(5, abs=0.1), pytest.approx(7.2, abs=0.1))  # below the middle, downwards on paper
    point = shapely.Point(5.0, 7.0).buffer(0.7)
    x, y = sign_place(area, 2.0, 1.0, shapely.STRtree([point]))
    square = shapely.box(x - 1, y - 1, x + 1, y + 1)
    assert not square.intersects(point)
    assert area.contains(square)
    narrow = shapely.box(0, 0, 10, 1)  # narrower than the sign
    assert sign_place(narrow, 2.0, 1.0, shapely.STRtree([]))[1] == pytest.approx(0.5, abs=0.1)


def test_names_and_numbers_stand_clear_of_signs(by_area):
    svg = map_svg(by_area, "sgb2_rate", **ROOM)
    signs = [shapely.box(x - 0.7, y - 0.7, x + 0.7, y + 0.7) for _, x, y in signs_of(svg)]
    words = re.findall(r'<text x="([.\d]+)" y="([.\d]+)" font-size="([.\d]+)"[^>]*text-anchor="middle"', svg)
    assert len(words) >= 10
    for x, y, size in ((float(part) for part in word) for word in words):
        line = shapely.LineString([(x - size, y - 0.35 * size), (x + size, y - 0.35 * size)])
        assert not any(line.intersects(sign) for sign in signs)


def test_alternative_text_and_table_say_the_signs(by_area):
    column = by_area.column("sgb2_rate")
    figure = map_figure(by_area, column, "de", (120.0, 90.0), caption="K")
    assert "Maßnahme ohne erhöhten Bedarf (1)" in figure.alt
    assert figure.table.head[-1] == "Maßnahmen und Bedarf"
    cells = {row.cells[0][0]: row.cells[-1][0] for row in figure.table.rows}
    assert cells["Gebiet 11 (11)"] == "Bedarf und Maßnahme"
    assert cells["Gebiet 01 (01)"] == ""


def test_more_areas_than_have_room_get_no_signs_and_the_legend_says_so(by_area, monkeypatch):
    column = by_area.column("sgb2_rate")
    assert "Je Gebiet ein Zeichen" in " ".join(legend_notes(by_area, column, "de"))
    monkeypatch.setattr(measure_signs, "MOST_AREAS", len(by_area.areas) - 1)
    assert not [entry for entry in map_entries(by_area, column, "de") if entry.symbol == "measure"]
    assert signs_of(map_svg(by_area, "sgb2_rate", **ROOM)) == []
    assert "Zeichen der Maßnahmen nur auf der Karte im Browser" in " ".join(legend_notes(by_area, column, "de"))
