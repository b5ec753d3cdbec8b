"""Measures on paper: boxes in millimetres, letters and lines in the fonts of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.charts import widths
from quartiersatlas.present.paper.document import printable

if TYPE_CHECKING:
    from collections.abc import Iterator


POINT = 25.4 / 72  # millimetres
LEADING = 1.32
INK, GREY = "#1a1a1a", "#555555"


@dataclass(frozen=True)
class SheetBox:
    """A rectangle: left and upper edge, width and height."""

    x: float
    y: float
    width: float
    height: float


def line_height(size: float) -> float:
    """Return the distance of two lines in millimetres."""
    return size * POINT * LEADING


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in millimetres, set at a size in points."""
    return widths.text_width(words, size, bold=bold) * POINT


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
