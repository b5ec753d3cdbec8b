"""What stands on a map on paper besides its areas: names, numbers of candidate areas, scale bar, arrow, captions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from quartiersatlas.catalogue import number_text
from quartiersatlas.disclosure.words import value_text
from quartiersatlas.present.paper.document import printable
from quartiersatlas.present.paper.sheet_page import GREY, INK, POINT, line_height, text_width
from quartiersatlas.present.paper.svg_marks import num, words_at
from quartiersatlas.present.places.anchors import RANKS, PlaceName, release_names
from quartiersatlas.present.places.placement import LETTERS, MapFrame, place_names
from quartiersatlas.present.statements import doubtful, on_areas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.map_layers import Layers, View
    from quartiersatlas.present.paper.sheet_inset import Inset
    from quartiersatlas.present.paper.sheet_page import SheetBox

    Box = tuple[float, float, float, float]

BAR = 0.25  # the scale bar takes at most this part of the map's width
NUMBERS = 6.5  # points: the keys of candidate areas
FEW = 8  # areas: so many get their values written
COLORS = {"water": "#1f5f8b", "green": "#3c6b2f"}


@dataclass(frozen=True)
class Piece:
    """Parts of an SVG and the box they take: left, upper, right and lower end."""

    parts: list[str]
    box: Box


def number_labels(
    view: View, release: Release, accent: str, zoom: float, signs: Iterable[Box] = ()
) -> tuple[list[str], list[Box]]:
    """Return the keys of the candidate areas in a frame, each on its area, or beside it where there is no room.

    They stand clear of signs where they can.
    """
    if release.candidates is None or not len(release.candidates):
        return [], []
    there = release.candidates[release.candidates.intersects(shapely.box(*view.bounds))]
    size = NUMBERS * zoom
    parts: list[str] = []
    taken = [shapely.box(*box) for box in signs]
    first = len(taken)
    for key, shape in zip(there.index, view.on_paper(there.geometry), strict=True):
        words = printable(str(key))
        width, height = text_width(words, size, bold=True) + 2.2 * zoom, line_height(size) + 0.5 * zoom
        places = [shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
                  for x, y in _number_positions(shape, width, height)]  # fmt: skip
        free = [box for box in places if not any(box.intersects(other) for other in taken)]
        chosen = free[0] if free else min(places, key=lambda box: sum(box.intersection(other).area for other in taken))
        taken.append(chosen)
        left, top, right, low = chosen.bounds
        pill = f'x="{num(left)}" y="{num(top)}" width="{num(right - left)}" height="{num(low - top)}"'
        look = f'rx="{num(height / 2)}" fill="{accent}" stroke="#fff" stroke-width="{num(0.35 * zoom)}"'
        x, y = (left + right) / 2, (top + low) / 2 + 0.36 * size * POINT
        parts += [f"<rect {pill} {look}/>", words_at(words, x, y, size, anchor="middle", bold=True, color="#ffffff")]
    return parts, [box.bounds for box in taken[first:]]


def _number_positions(shape: shapely.Geometry, width: float, height: float) -> list[tuple[float, float]]:
    """Return where a key may stand, best first: inside if there is room, else around."""
    left, low, right, high = shapely.bounds(shape).tolist()
    inner = shapely.get_coordinates(shapely.point_on_surface(shape))[0].tolist()
    x, y = (left + right) / 2, (low + high) / 2
    around = [
        (right + width * 0.6, y), (left - width * 0.6, y), (x, high + height * 0.7), (x, low - height * 0.7),
        (right + width * 0.6, high), (right + width * 0.6, low), (left - width * 0.6, high), (left - width * 0.6, low),
    ]  # fmt: skip
    is_roomy = shapely.area(shape) > 3 * width * height
    return [tuple(inner), *around] if is_roomy else [*around, tuple(inner)]


def facility_boxes(view: View, release: Release, zoom: float) -> list[Box]:
    """Return the boxes of facilities, on which no name may stand."""
    if release.facilities is None:
        return []
    points = view.on_paper(on_areas(release.facilities, release.areas).representative_point())
    boxes: list[Box] = shapely.bounds(shapely.buffer(points, 0.75 * zoom)).tolist()
    return boxes


def names_on(view: View, layers: Layers, taken: list[Box], area: str | None) -> list[str]:
    """Return the names that have room in a frame: districts, waters, places, parks, roads, areas."""
    release, context, zoom = layers.release, layers.context, layers.zoom
    names = [*release_names(release), *(context.names if context is not None else ())]
    if len(release.areas) <= FEW and layers.column.kind != "class":
        below = 1.6 * LETTERS["area"].size * POINT * zoom * view.metres
        names = _with_values(release, layers.column, names, layers.lang, below)
    frame = MapFrame(view.left, view.top, view.frame.width, view.frame.height, view.metres)
    x, y = view.frame.x, view.frame.y
    boxes = [(left - x, top - y, right - x, low - y) for left, top, right, low in taken]
    parts, dots = [], []
    own = str(release.areas.loc[area, "name"]) if area is not None else ""
    for placed in place_names(names, frame, taken=boxes, zoom=zoom):
        size, kind = placed.letters.size, placed.name.kind
        if placed.dot is not None:
            look = f'r="{num(0.45 * zoom)}" fill="{INK}" stroke="#fff" stroke-width=".2"'
            dots.append(f'<circle cx="{num(x + placed.dot[0])}" cy="{num(y + placed.dot[1])}" {look}/>')
        high = placed.height / len(placed.lines)
        for number, line in enumerate(placed.lines):
            below = (number - (len(placed.lines) - 1) / 2) * high + 0.36 * size * POINT
            parts.append(
                words_at(
                    line, x + placed.x, y + placed.y + below, size, anchor="middle",
                    bold=placed.letters.bold or (kind == "area" and placed.name.text == own),
                    italic=placed.letters.italic, color=COLORS.get(kind, INK), halo=0.9 * zoom,
                    spacing=placed.letters.spacing * size * POINT, angle=placed.angle,
                )
            )  # fmt: skip
    return parts + dots


def _with_values(
    release: Release, column: ReleasedColumn, names: list[PlaceName], lang: Lang, below: float
) -> list[PlaceName]:
    """Return the names with those of areas first, and the values of areas below them: so few need no classes."""
    called = release.areas["name"].astype(str).str.strip()
    values = dict(zip(called, release.values[column.id], strict=True))
    in_brackets = set(called[doubtful(release, column)])
    found = []
    for name in names:
        value = values.get(name.text) if name.kind == "area" else None
        found.append(replace(name, rank=RANKS["district"] + 2) if name.kind == "area" else name)
        if value is not None and pd.notna(value):
            words = value_text(float(value), column, lang)
            words = f"({words})" if name.text in in_brackets else words
            found.append(replace(name, text=words, rank=RANKS["district"] + 1, y=name.y - below))
    return found


SIDE = 0.6  # mm between the numbers of a scale bar


def scale_bar(frame: SheetBox, metres: float, zoom: float, lang: Lang, note: str = "") -> Piece:
    """Return a bar of a round length with its half, labelled in metres or kilometres, and a note beside it."""
    length = round_length(frame.width * metres * BAR)
    sign, per = ("km", 1000.0) if length >= 1000 else ("m", 1.0)  # noqa: PLR2004 - a kilometre
    wide, high, size = length / metres, 1.1 * zoom, 6.5 * zoom
    x, y = frame.x + 3.0 * zoom, frame.y + frame.height - line_height(size) - high - 0.4
    side = text_width(f"0 {sign}", size)
    box = (x - side / 2 - 1, y - 1.0, x + wide + side + 1, frame.y + frame.height)
    plate = f'x="{num(box[0])}" y="{num(box[1])}" width="{num(box[2] - box[0])}" height="{num(box[3] - box[1])}"'
    parts = [f'<rect {plate} rx="1" fill="#fff" fill-opacity=".8"/>']
    for start, fill in ((x, INK), (x + wide / 2, "#ffffff")):
        look = f'fill="{fill}" stroke="{INK}" stroke-width=".2"'
        parts.append(
            f'<rect x="{num(start)}" y="{num(y)}" width="{num(wide / 2)}" height="{num(high)}" {look} class="scale"/>'
        )
    ends = {part: number_text(length * part / per, int(length * part % per > 0), lang) for part in (0.0, 0.5, 1.0)}
    ends[1.0] += f" {sign}"
    if wide / 2 < (text_width(ends[0.5], size) + text_width(ends[1.0], size)) / 2 + SIDE:
        del ends[0.5]  # it would run into the word at the end
    for part, words in ends.items():
        parts.append(words_at(words, x + wide * part, y + high + 0.85 * line_height(size), size, anchor="middle"))
    if note:
        parts.append(words_at(note, box[2] + 2, y + high, size, color=GREY))
    return Piece(parts, box)


def round_length(most: float) -> float:
    """Return the largest length of 1, 2 or 5 times a power of ten that is not above ``most``.

    Examples
    --------
    >>> [round_length(most) for most in (999.0, 1000.0, 4999.0, 70000.0)]
    [500.0, 1000.0, 2000.0, 50000.0]
    """
    power = 10.0 ** np.floor(np.log10(most))
    steps = (0.5, 1, 2, 5)  # the half, where rounding made the power a little too large
    return float(max(step * power for step in steps if step * power <= most))


def north(frame: SheetBox, zoom: float) -> Piece:
    """Return an arrow to the north of the projection in the upper right corner."""
    x, y = frame.x + frame.width - 4.0 * zoom, frame.y + 1.0
    wide, high = 1.5 * zoom, 5.0 * zoom
    arrow = (
        f'<path d="M{num(x)} {num(y)}L{num(x + wide)} {num(y + high)}L{num(x)} {num(y + high - 1.3 * zoom)}'
        f'L{num(x - wide)} {num(y + high)}z" fill="{INK}"/>'
    )
    size = 7.5 * zoom
    letter = words_at("N", x, y + high + 0.85 * line_height(size), size, anchor="middle", bold=True)
    return Piece([arrow, letter], (x - 2 * zoom, frame.y, x + 2 * zoom, y + high + line_height(size)))


def captioned(inset: Inset) -> list[str]:
    """Return the words above the frame of an exclave: its name, and that it lies elsewhere."""
    top = inset.box.y - len(inset.caption) * line_height(inset.size)
    return [
        words_at(line, inset.box.x, top + (number + 0.8) * line_height(inset.size), inset.size, color=GREY)
        for number, line in enumerate(inset.caption)
    ]
