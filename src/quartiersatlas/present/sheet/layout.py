"""Where things stand on a sheet, in millimetres from its upper left corner; text that is broken into lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from quartiersatlas.present.paper.document import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
MARGIN = 12.0
POINT = 25.4 / 72  # millimetres
LEADING = 1.32


@dataclass(frozen=True)
class Box:
    """A rectangle: left and upper edge, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """The parts of a sheet.

    Parameters
    ----------
    width, height : float
        Of the paper.
    zoom : float
        Size of letters and legend, 1 on A4.
    """

    width: float
    height: float
    zoom: float

    @classmethod
    def of(cls, size: str) -> Layout:
        """Return the layout of a paper size; letters grow by less than the paper."""
        width, height = SIZES[size]
        return cls(width, height, 1.0 if size == "A4" else 1.25)

    @property
    def side(self) -> float:
        """Width of the column with legend and comment."""
        return 72.0 * self.zoom


@cache
def _advance(letter: str, *, bold: bool) -> float:
    """Return the width of a letter in parts of its size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=100)
    width, _, _ = TextToPath().get_text_width_height_descent(f"|{letter}|", font, ismath=False)
    bars, _, _ = TextToPath().get_text_width_height_descent("||", font, ismath=False)
    return float(width - bars) / 100


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in millimetres, set in the sheet's font at a size in points; no kerning."""
    return sum(_advance(letter, bold=bold) for letter in words) * size * POINT


def lines(words: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than a width in millimetres; a word that is too long is broken too."""
    found = []
    for paragraph in printable(words).splitlines():
        line = ""
        for word in _pieces(paragraph, width, size, bold=bold):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size, bold=bold) > width:
                found.append(line)
                line = word
            else:
                line = longer
        found.append(line)
    return found


def _pieces(paragraph: str, width: float, size: float, *, bold: bool) -> Iterator[str]:
    """Give the words of a paragraph, those that are wider than a line in parts."""
    for word in paragraph.replace("\t", " ").split(" "):
        rest = word
        while len(rest) > 1 and text_width(rest, size, bold=bold) > width:
            fits = next(
                n for n in range(len(rest) - 1, 0, -1) if n == 1 or text_width(rest[:n], size, bold=bold) <= width
            )
            yield rest[:fits]
            rest = rest[fits:]
        if rest:
            yield rest


def line_height(size: float) -> float:
    """Return the distance of two lines in millimetres."""
    return size * POINT * LEADING
