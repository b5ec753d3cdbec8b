"""The legend of a map on paper: its signs as small pictures, and as a whole beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from quartiersatlas.present.look import ACCENT
from quartiersatlas.present.paper.legend import legend_notes
from quartiersatlas.present.paper.measure_signs import sign
from quartiersatlas.present.paper.sheet_page import GREY, INK, POINT, SheetBox, line_height, lines, text_width
from quartiersatlas.present.paper.svg_marks import (
    CASING,
    CIRCLE,
    LINE_LOOKS,
    dots_along,
    facility,
    filled,
    hatched,
    num,
    outlined,
    patterned,
    spot,
    words_at,
)
from quartiersatlas.present.statements import label_with_unit

if TYPE_CHECKING:
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.paper.map_layers import Layers

SWATCH = 7.5, 4.2  # millimetres
SIZE = 8.0  # points


def swatch_size(entry: LegendEntry, zoom: float = 1.0) -> tuple[float, float]:
    """Return width and height of the sign of an entry in millimetres."""
    wide, high = SWATCH[0] * zoom, SWATCH[1] * zoom
    return max(wide, 2 * entry.radius), max(high, 2 * entry.radius)


def swatch(entry: LegendEntry, zoom: float = 1.0, accent: str = ACCENT) -> list[str]:
    """Return the sign of an entry, as it is drawn on the map."""
    width, height = swatch_size(entry, zoom)
    box = shapely.box(0.4, 0.4, width - 0.4, height - 0.4)
    middle = shapely.Point(width / 2, height / 2)
    match entry.symbol:
        case "facility" | "measure":
            return [
                sign(entry.kind, middle.x, middle.y, height * 0.7, accent) if entry.kind else facility(middle, zoom)
            ]
        case "circle" | "circles":
            return [spot(middle, entry.radius or height / 3, CIRCLE)]
        case "fill":
            plain = shapely.box(0.1, 0.1, width - 0.1, height - 0.1)
            return filled([plain], entry.color) + patterned([plain], entry.pattern) + outlined([plain], "#9a9a9a", 0.16)
        case "near":
            return dots_along([box], zoom)
        case "candidate":
            return outlined([box], CASING, 1.25 * zoom) + outlined([box], accent, 0.62 * zoom)
        case symbol:
            parts = [] if symbol.startswith("programme") else hatched([box], broken=symbol == "borderline", zoom=zoom)
            return parts + outlined([box], *LINE_LOOKS[symbol], zoom=zoom)


def legend_parts(layers: Layers, box: SheetBox) -> tuple[list[str], float]:
    """Return the legend within a box, and where it ends."""
    zoom, size = layers.zoom, SIZE * layers.zoom
    parts: list[str] = []
    y = box.y

    def write(words: str, x: float, width: float, points: float, color: str = INK, *, bold: bool = False) -> float:
        written = lines(words, width, points, bold=bold)
        for number, line in enumerate(written):
            down = (number + 0.78) * line_height(points)
            parts.append(words_at(line, x, y + down, points, bold=bold, color=color))
        return y + len(written) * line_height(points)

    y = write(label_with_unit(layers.column, layers.lang), box.x, box.width, size * 1.1, bold=True) + 1
    for entry in layers.entries:
        wide, high = swatch_size(entry, zoom)
        parts += [f'<g transform="translate({num(box.x)} {num(y)})">', *swatch(entry, zoom, layers.accent), "</g>"]
        above = max((high - line_height(size)) / 2, 0)
        y += above
        count = f"({entry.count})" if entry.count else ""
        room = text_width(count, size) + 1.5 if count else 0.0
        end = write(entry.words, box.x + wide + 2.2, box.width - wide - 2.2 - room, size)
        if count:
            down = 0.78 * line_height(size)
            parts.append(words_at(count, box.x + box.width, y + down, size, anchor="end", color=GREY))
        y = max(y - above + high, end) + 0.9
    y += 0.8
    circles = any(entry.symbol == "circles" for entry in layers.entries)
    release, context = layers.release, layers.context
    for note in legend_notes(release, layers.column, layers.lang, circles=circles, context=context):
        y = write(note, box.x, box.width, size * 0.85, color=GREY)
    return parts, y + POINT
