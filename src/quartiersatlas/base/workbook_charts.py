"""Charts of a workbook: pictures of its cells, in one font, with words for who does not see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

FONT = "Arial"
CELL = re.compile(r"!(?=\$?[A-Z]+\$?[0-9])")
INK, PALE = "#333333", "#d9d9d9"
SMALL = 9  # points
Marker = Literal["circle", "diamond", "triangle", "none"]
HATCH = "wide_upward_diagonal"


@dataclass(frozen=True)
class CellRange:
    """Cells of one column: the sheet, the column, the first and the last row, all counted from 0."""

    sheet: str
    column: int
    first: int
    last: int

    def reference(self) -> list[Any]:
        """Return what the writer of charts takes."""
        return [self.sheet, self.first, self.column, self.last, self.column]


@dataclass(frozen=True)
class ChartSeries:
    """One series.

    Parameters
    ----------
    name : str
        What the legend calls it.
    x, y : CellRange
        Names and values of bars, or the places of points.
    colors : sequence of str
        One for all, or one per bar; of points the middle and the ring.
    marker : {"circle", "diamond", "triangle", "none"}
        The shape of points; ``"none"`` draws a line through them.
    size : int
        Of points.
    hatched : frozenset of int
        Bars with white lines.
    number_format : str
        Of the numbers at the ends of bars.
    """

    name: str
    x: CellRange
    y: CellRange
    colors: Sequence[str]
    marker: Marker = "none"
    size: int = 6
    hatched: frozenset[int] = frozenset()
    number_format: str = ""


@dataclass(frozen=True)
class ChartAxis:
    """An axis: what it measures, its ends, the distance of its marks, how numbers are written."""

    label: str
    low: float
    high: float
    step: float
    number_format: str


@dataclass(frozen=True)
class SheetChart:
    """A chart on a sheet.

    Parameters
    ----------
    kind : {"bar", "scatter"}
        Lying bars, or points.
    title, alt : str
        What stands above it; what it shows, as a sentence.
    series : sequence of ChartSeries
        The lowest first.
    x, y : ChartAxis, optional
        The axes of numbers; bars have only ``x``.
    row, column : int
        The cell in whose corner it begins, counted from 0.
    width, height : int
        In pixels.
    unnamed : sequence of int
        Series that the legend leaves out; without a legend all of them.
    """

    kind: Literal["bar", "scatter"]
    title: str
    alt: str
    series: Sequence[ChartSeries]
    x: ChartAxis
    y: ChartAxis | None
    row: int
    column: int
    width: int
    height: int
    unnamed: Sequence[int] = ()


def insert_chart(book: Any, page: Any, chart: SheetChart, font: str) -> None:  # noqa: ANN401 - XlsxWriter has no types
    """Put a chart on a sheet."""
    drawn = book.add_chart({"type": chart.kind})
    for series in chart.series:
        drawn.add_series(_series(series, chart, font))
    words = {"name": font, "size": SMALL, "color": INK, "bold": False}
    drawn.set_title({"name": _plain(chart.title), "name_font": {**words, "size": 11, "bold": True}, "overlay": False})
    drawn.set_x_axis(_axis(chart.x, words))
    if chart.y is None:
        drawn.set_y_axis({"num_font": words, "line": {"color": INK}, "major_tick_mark": "none"})
    else:
        drawn.set_y_axis(_axis(chart.y, words))
    named = len(chart.series) > len(chart.unnamed)
    legend = {"position": "bottom", "font": words, "delete_series": list(chart.unnamed)}
    drawn.set_legend(legend if named else {"none": True})
    drawn.set_chartarea({"border": {"none": True}, "fill": {"color": "#ffffff"}})
    drawn.set_size({"width": chart.width, "height": chart.height})
    page.insert_chart(chart.row, chart.column, drawn, {"description": chart.alt, "object_position": 3})


def _plain(words: str) -> str:
    """Return words that the writer does not take for a reference to a cell: ``Rate!A1`` gets a sign without width."""
    return CELL.sub("!\u2060", words)


def _axis(axis: ChartAxis, words: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": _plain(axis.label),
        "name_font": words,
        "num_font": words,
        "num_format": axis.number_format,
        "min": axis.low,
        "max": axis.high,
        "major_unit": axis.step,
        "crossing": "min",
        "line": {"color": INK},
        "major_gridlines": {"visible": True, "line": {"color": PALE, "width": 0.5}},
    }


def _series(series: ChartSeries, chart: SheetChart, font: str) -> dict[str, Any]:
    own: dict[str, Any] = {
        "name": _plain(series.name),
        "categories": series.x.reference(),
        "values": series.y.reference(),
    }
    if chart.kind == "bar":
        edge = {"color": INK, "width": 0.5}
        number = {"value": True, "font": {"name": font, "size": SMALL, "color": INK}, "position": "outside_end"}
        own |= {"gap": 40, "data_labels": {**number, "num_format": series.number_format}}
        fills = [
            {"pattern": {"pattern": HATCH, "fg_color": "#ffffff", "bg_color": color}}
            if place in series.hatched
            else {"fill": {"color": color}}
            for place, color in enumerate(series.colors)
        ]
        return own | {"points": [{**fill, "border": edge} for fill in fills]}
    if series.marker == "none":
        line = {"color": series.colors[0], "width": 1.25, "dash_type": "dash"}
        return own | {"line": line, "marker": {"type": "none"}}
    fill, ring = series.colors[0], series.colors[-1]
    marker = {"type": series.marker, "size": series.size, "fill": {"color": fill}, "border": {"color": ring}}
    return own | {"line": {"none": True}, "marker": marker}
