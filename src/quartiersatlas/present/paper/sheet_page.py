"""The page of a sheet: paper written on in millimetres, its letters and lines, and how the symbols of a legend look."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.present.paper.document import printable

if TYPE_CHECKING:
    from collections.abc import Iterator


SIZES = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
MARGIN = 12.0
POINT = 25.4 / 72  # millimetres
LEADING = 1.32
SMALLEST = 5.5  # points: smaller letters cannot be read on paper


@dataclass(frozen=True)
class SheetBox:
    """A rectangle: left and upper edge, width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class SheetLayout:
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
    def of(cls, size: str) -> SheetLayout:
        """Return the layout of a paper size; letters grow by less than the paper."""
        width, height = SIZES[size]
        return cls(width, height, 1.0 if size == "A4" else 1.25)

    @property
    def side(self) -> float:
        """Width of the column with legend and comment."""
        return 72.0 * self.zoom


class SheetPaper:
    """A matplotlib figure that is written on in millimetres from the upper left corner."""

    def __init__(self, layout: SheetLayout) -> None:
        from matplotlib.figure import Figure

        self.layout = layout
        self.figure = Figure(figsize=(layout.width / 25.4, layout.height / 25.4), facecolor="white")
        self.canvas = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.canvas.set_xlim(0, layout.width)
        self.canvas.set_ylim(layout.height, 0)
        self.canvas.set_axis_off()

    def write(self, words: list[str], x: float, y: float, size: float, **options: Any) -> float:  # noqa: ANN401
        """Write lines below each other; return where the next line would start."""
        for line in words:
            # text from data is text: a dollar sign starts no formula
            self.canvas.text(
                x, y + size * POINT * (LEADING + 0.7) / 2, line, fontsize=size, parse_math=False,
                **{"color": INK, "va": "baseline", **options},
            )  # fmt: skip
            y += line_height(size)
        return y

    def box(self, box: SheetBox, **options: Any) -> None:  # noqa: ANN401
        """Draw a rectangle."""
        from matplotlib.patches import Rectangle

        self.canvas.add_patch(Rectangle((box.x, box.y), box.width, box.height, **options))


def line_height(size: float) -> float:
    """Return the distance of two lines in millimetres."""
    return size * POINT * LEADING


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in millimetres, set in the sheet's font at a size in points; no kerning."""
    return sum(_advance(letter, bold=bold) for letter in words) * size * POINT


@cache
def _advance(letter: str, *, bold: bool) -> float:
    """Return the width of a letter in parts of its size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=100)
    width, _, _ = TextToPath().get_text_width_height_descent(f"|{letter}|", font, ismath=False)
    bars, _, _ = TextToPath().get_text_width_height_descent("||", font, ismath=False)
    return float(width - bars) / 100


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


INK, GREY = "#1a1a1a", "#555555"
LegendSymbol = Literal[
    "fill", "selected", "borderline", "candidate", "programme", "programme_other", "facility", "circle", "circles"
]


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend, and the areas it stands for."""

    words: str
    symbol: LegendSymbol = "fill"
    color: str = "#ffffff"
    hatch: str = ""
    keys: tuple[str, ...] = field(default=(), repr=False)
    radius: float = 0.0  # millimetres, of a circle in the legend
    radii: tuple[float, ...] = field(default=(), repr=False)  # millimetres, of the circles of the areas


LOOKS: dict[str, dict[str, Any]] = {
    "selected": {"edgecolor": INK, "linewidth": 1.3},
    "borderline": {"edgecolor": INK, "linewidth": 1.3, "linestyle": (0, (3, 1.5))},
    "candidate": {"edgecolor": "#b3005e", "linewidth": 1.8},
    "programme": {"edgecolor": "#333333", "linewidth": 1.2, "linestyle": (0, (6, 2, 1, 2))},
    "programme_other": {"edgecolor": "#6b6b6b", "linewidth": 0.9, "linestyle": (0, (1, 2))},
}
FACILITY: dict[str, Any] = {
    "marker": "o",
    "markersize": 3.5,
    "color": "#ffffff",
    "markeredgecolor": INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
