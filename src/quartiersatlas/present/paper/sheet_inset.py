"""Far exclaves on a sheet: each in a frame of its own beside the main part, with the note that it lies elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.catalogue import text
from quartiersatlas.present.paper.sheet_page import SheetBox, line_height, lines, text_width
from quartiersatlas.present.statements import exclave_name

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.space.exclaves import Bounds, CityExtent, Exclave

ROOM = 0.03  # around the areas, as a part of their extent
BAR_ROOM = 9.0  # millimetres below the areas for the scale bar
LEAST, MOST = 11.0, 34.0  # millimetres: the longer side of an exclave; between them it has the scale of the map
AROUND = 2.0  # millimetres between an exclave and its frame
APART = 2.5  # millimetres between an inset and anything else
LETTERS = 6.0  # points


@dataclass(frozen=True)
class Inset:
    """An exclave in its frame, in millimetres on the sheet.

    Parameters
    ----------
    box : SheetBox
        The frame around the map of the exclave.
    caption : list of str
        Lines of text above it.
    size : float
        Of the letters, in points.
    bounds : tuple of float
        What the frame shows, in metres.
    metres : float
        Metres of one millimetre.
    """

    box: SheetBox
    caption: list[str]
    size: float
    bounds: Bounds
    metres: float

    @property
    def width(self) -> float:
        """Of frame and caption."""
        return max(self.box.width, *(text_width(line, self.size) for line in self.caption))

    @property
    def height(self) -> float:
        """Of frame and caption."""
        return self.box.height + len(self.caption) * line_height(self.size)


def fitted_insets(
    extent: CityExtent, release: Release, frame: SheetBox, zoom: float, lang: Lang
) -> tuple[SheetBox, float, list[Inset]]:
    """Return the frame of the main part, the metres of one millimetre in it, and the insets.

    They stand one above the other in a corner that the main part leaves free; where none is free, beside it.
    """
    metres = scale_of(frame, extent.main)
    if not extent.exclaves:
        return frame, metres, []
    insets = [_sized(exclave, release, metres, frame, zoom, lang, len(extent.exclaves)) for exclave in extent.exclaves]
    width = max(inset.width for inset in insets)
    height = sum(inset.height + APART for inset in insets)
    right, left = frame.x + frame.width - width, frame.x
    foot = frame.y + frame.height - height
    for x, y in ((right, foot), (left, frame.y), (right, frame.y + 14 * zoom), (left, foot - BAR_ROOM * zoom)):
        column = SheetBox(x - APART, y - APART, width + 2 * APART, height + 2 * APART)
        if y >= frame.y and not _covers(column, frame, extent, metres):
            return frame, metres, _stacked(insets, x, y)
    narrow = replace(frame, width=frame.width - width - APART)
    metres = scale_of(narrow, extent.main)
    insets = [_sized(exclave, release, metres, frame, zoom, lang, len(insets)) for exclave in extent.exclaves]
    foot = frame.y + frame.height - sum(inset.height + APART for inset in insets)
    return narrow, metres, _stacked(insets, right, foot)


def scale_of(frame: SheetBox, bounds: Bounds) -> float:
    """Return the metres of one millimetre at which the bounds fit into the frame, above the scale bar."""
    left, low, right, high = bounds
    width, height = max(right - left, 1.0), max(high - low, 1.0)
    return max(width * (1 + 2 * ROOM) / frame.width, height * (1 + 2 * ROOM) / (frame.height - BAR_ROOM))


def lower_left(frame: SheetBox, bounds: Bounds, metres: float) -> tuple[float, float]:
    """Return the place, in metres, of the lower left corner of the frame in which the bounds stand in the middle."""
    left, low, right, high = bounds
    x = (left + right - metres * frame.width) / 2
    y = (low + high - metres * (frame.height + BAR_ROOM)) / 2
    return x, y


def _sized(
    exclave: Exclave, release: Release, metres: float, frame: SheetBox, zoom: float, lang: Lang, number: int
) -> Inset:
    """Return an inset at the scale of the map, or at one of its own where it would be too small or too large."""
    left, low, right, high = exclave.bounds
    longer = max(right - left, high - low)
    size = LETTERS * zoom
    most = min(MOST * zoom, (frame.height - BAR_ROOM) / number - 2 * AROUND - APART - 3 * line_height(size))
    side = float(np.clip(longer / metres, LEAST * zoom, most))
    is_alike = np.isclose(side, longer / metres)
    own = metres if is_alike else longer / side
    box = SheetBox(0.0, 0.0, (right - left) / own + 2 * AROUND, (high - low) / own + 2 * AROUND)
    words = text("inset_note" if is_alike else "inset_note_scale", lang)
    caption = lines(f"{exclave_name(release, exclave)} – {words}", max(box.width, 34 * zoom), size)
    return Inset(box, caption, size, exclave.bounds, own)


def _stacked(insets: list[Inset], x: float, y: float) -> list[Inset]:
    """Return the insets one below the other from a place on the sheet."""
    placed = []
    for inset in insets:
        below = y + len(inset.caption) * line_height(inset.size)
        placed.append(replace(inset, box=replace(inset.box, x=x, y=below)))
        y += inset.height + APART
    return placed


def _covers(column: SheetBox, frame: SheetBox, extent: CityExtent, metres: float) -> bool:
    """Return True if the column would lie on the main part."""
    x, y = lower_left(frame, extent.main, metres)
    left = x + (column.x - frame.x) * metres
    low = y + (frame.y + frame.height - column.y - column.height) * metres
    box = shapely.box(left, low, left + column.width * metres, low + column.height * metres)
    return bool(shapely.intersects(extent.parts[list(extent.main_parts)], box).any())
