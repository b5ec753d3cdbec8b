"""A chart as SVG: text stays text, nothing in it runs or is fetched, the same chart gives the same bytes."""

from __future__ import annotations

import re
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.charts.layout import GAP, LINE, SIZE, SWATCH, Frame, frame_of, room_below
from quartiersatlas.charts.marks import FAINT, INK, PAPER, QUIET, Bar, Dot, HRule, Line, Mark, Strip, Text, VRule
from quartiersatlas.charts.widths import cut_name, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.charts.marks import Axis
    from quartiersatlas.charts.record import ChartRecord

# control letters, halves of letters, and marks that turn the direction of all that follows
NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
FONT = "Noto Sans, Open Sans, Segoe UI, Arial, Helvetica, sans-serif"


def chart_svg(chart: ChartRecord, width: float = 480.0, height: float | None = None) -> str:
    """Return a chart as SVG.

    Parameters
    ----------
    chart : Chart
        The chart.
    width, height : float, optional
        In points; the height that suits the chart, if not given.

    Returns
    -------
    str
        A complete SVG document with title and description.
    """
    height = chart.height * width if height is None else height
    frame = frame_of(chart, width, height)
    drawn = [line for mark in chart.marks for line in _mark(mark, frame)]
    words = [line for line in drawn if line.startswith("<text")]  # above all other marks
    dots = [(frame.px(mark.x), frame.py(mark.y)) for mark in chart.marks if isinstance(mark, Dot)]
    levels = [_level(mark, frame, dots) for mark in chart.marks if isinstance(mark, HRule) and mark.text]
    body = [*_axes(chart, frame, width), *(line for line in drawn if line not in words), *words, *levels]
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" role="img" font-family="{FONT}">'
    )
    return "\n".join(
        [
            start,
            f"<title>{_safe(chart.title)}</title>",
            f"<desc>{_safe(chart.alt)}</desc>",
            *body,
            "</svg>",
            "",
        ]
    )


def _safe(words: str) -> str:
    """Return words as text of a document: no markup, nothing that XML forbids or that turns what stands beside it."""
    return escape(NO_TEXT.sub("", words))


def _n(value: float) -> str:
    """Return a number with two decimals at most."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _axes(chart: ChartRecord, frame: Frame, width: float) -> Iterable[str]:
    """Draw the grid, the key, the names and numbers at the sides."""
    yield from _below(chart.x, frame)
    yield from _left(chart.y, frame)
    for row, words in enumerate(chart.right):
        yield _words(width - 2, frame.py(row) + SIZE / 3, words, INK, "end")
    for entry in frame.key:
        side = f'width="{_n(SWATCH)}" height="{_n(SWATCH)}"'
        yield f'<rect x="{_n(entry.x)}" y="{_n(entry.y - SWATCH + 1)}" {side} fill="{escape(entry.color)}"/>'
        yield _words(entry.x + SWATCH + GAP, entry.y, entry.words, QUIET, "start")


def _below(x: Axis, frame: Frame) -> Iterable[str]:
    """Draw the upright lines of the grid, the numbers or names below, and the label at the right end."""
    bottom = frame.top + frame.height
    if not x.show:
        return
    for value, words in x.ticks:
        place = frame.px(value)
        if x.grid:
            yield _stroke(place, frame.top, place, bottom, FAINT, 0.6)
        yield _words(place, bottom + SIZE + 2, words, QUIET)
    for column, lines in enumerate(frame.names):
        for row, words in enumerate(lines):
            yield _words(_within(words, frame.px(column), frame), bottom + SIZE + 2 + LINE * row, words, INK)
    if x.label:
        low = bottom + room_below(x, frame.names) - 2
        yield _words(frame.left + frame.width, low, x.label, QUIET, "end")


def _within(words: str, place: float, frame: Frame) -> float:
    """Return the middle of words below a chart: the outer ones move inwards where the picture ends."""
    half = text_width(words, SIZE) / 2
    return min(max(place, half), frame.left + frame.width + frame.right - half)


def _left(y: Axis, frame: Frame) -> Iterable[str]:
    """Draw the level lines of the grid, the numbers or names at the left, and the label above them."""
    if not y.show:
        return
    for value, words in y.ticks if not y.bands else ():
        place = frame.py(value)
        if y.grid:
            yield _stroke(frame.left, place, frame.left + frame.width, place, FAINT, 0.6)
        yield _words(frame.left - GAP, place + SIZE / 3, words, QUIET, "end")
    for row, words in enumerate(y.bands):
        name = cut_name(words, frame.left - GAP, SIZE)
        yield _words(frame.left - GAP, frame.py(row) + SIZE / 3, name, INK, "end")
    if y.label:
        yield _words(2, frame.label_at, y.label, QUIET, "start")


def _mark(mark: Mark, frame: Frame) -> Iterable[str]:
    """Draw one mark."""
    match mark:
        case Bar():
            yield _bar(mark, frame)
        case Line(points=points):
            path = _path(points, frame, closed=bool(mark.fill))
            if path:
                yield f'<path d="{path}"{_style(mark)} stroke-linejoin="round"/>'
        case Strip(xs=xs, y=y, half=half):
            top, bottom = frame.py(y - half), frame.py(y + half)
            strokes = "".join(f"M{_n(frame.px(x))} {_n(top)}V{_n(bottom)}" for x in xs if isfinite(x))
            yield f'<path d="{strokes}"{_style(mark)}/>' if strokes else ""
        case Dot():
            yield _dot(mark, frame)
        case VRule() | HRule():
            yield from _rule(mark, frame)
        case Text(x=x, y=y, text=words):
            place = frame.px(x) + mark.dx, frame.py(y) + mark.dy + mark.size / 3
            yield _words(*place, words, mark.fill or INK, mark.anchor, mark.size, bold=mark.bold, halo=mark.halo)


def _bar(mark: Bar, frame: Frame) -> str:
    left, right = sorted((frame.px(mark.x0), frame.px(mark.x1)))
    top, bottom = sorted((frame.py(mark.y0), frame.py(mark.y1)))
    size = f'width="{_n(right - left)}" height="{_n(bottom - top)}"'
    return f'<rect x="{_n(left)}" y="{_n(top)}" {size}{_style(mark)}/>'


def _rule(mark: VRule | HRule, frame: Frame) -> Iterable[str]:
    """Draw a line across the frame; an upright one with its words above."""
    color, right, bottom = mark.stroke or INK, frame.left + frame.width, frame.top + frame.height
    if isinstance(mark, VRule):
        x = frame.px(mark.x)
        yield _stroke(x, frame.top, x, bottom, color, mark.width, mark.dash)
        if mark.text:
            yield _words(frame.beside(mark), frame.top - 3, mark.text, color)
    else:
        y = frame.py(mark.y)
        yield _stroke(frame.left, y, right, y, color, mark.width, mark.dash)


def _level(mark: HRule, frame: Frame, dots: list[tuple[float, float]]) -> str:
    """Write the words of a level line where they cover fewest dots."""
    return _words(*frame.along(mark, dots), mark.text, mark.stroke or INK, "start", halo=True)


def _path(points: tuple[tuple[float, float] | None, ...], frame: Frame, *, closed: bool) -> str:
    """Return a path with a new start after each gap; a single point between gaps draws nothing."""
    parts: list[list[str]] = [[]]
    for point in points:
        if point is None or not (isfinite(point[0]) and isfinite(point[1])):
            parts.append([])
        else:
            parts[-1].append(f"{_n(frame.px(point[0]))} {_n(frame.py(point[1]))}")
    end = "Z" if closed else ""
    return "".join(f"M{'L'.join(part)}{end}" for part in parts if len(part) > 1)


def _dot(mark: Dot, frame: Frame) -> str:
    style, x, y, r = _style(mark), frame.px(mark.x), frame.py(mark.y), mark.r
    if mark.shape == "circle":
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"{style}/>'
    corners = [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)] if mark.shape == "diamond" else [(-1, -0.8), (1, -0.8), (0, 1)]
    path = "L".join(f"{_n(x + r * dx)} {_n(y + r * dy)}" for dx, dy in corners)
    return f'<path d="M{path}Z"{style}/>'


def _style(mark: Mark) -> str:
    parts = [f' fill="{escape(mark.fill or "none")}"']
    if mark.stroke:
        parts.append(f' stroke="{escape(mark.stroke)}" stroke-width="{_n(mark.width)}"')
        if mark.dash:
            parts.append(f' stroke-dasharray="{" ".join(map(_n, mark.dash))}"')
    if mark.opacity != 1:
        parts.append(f' opacity="{_n(mark.opacity)}"')
    return "".join(parts)


def _stroke(x0: float, y0: float, x1: float, y1: float, color: str, width: float, dash: tuple[float, ...] = ()) -> str:
    dashes = f' stroke-dasharray="{" ".join(map(_n, dash))}"' if dash else ""
    place = f'd="M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}"'
    return f'<path {place} fill="none" stroke="{escape(color)}" stroke-width="{_n(width)}"{dashes}/>'


def _words(
    x: float,
    y: float,
    words: str,
    color: str,
    anchor: str = "middle",
    size: float = SIZE,
    *,
    bold: bool = False,
    halo: bool = False,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    around = f' paint-order="stroke" stroke="{PAPER}" stroke-width="2.4" stroke-linejoin="round"' if halo else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{escape(color)}" text-anchor="{anchor}"'
        f"{weight}{around}>{_safe(words)}</text>"
    )
