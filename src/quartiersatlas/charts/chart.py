"""A chart as plain data: two axes with finished ticks, marks in data units, a sentence, and the same as a table.

Builders in the rooms hold all thought; whoever draws a chart only draws. The page, the paper and the notebook draw the
same record.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INK, QUIET, FAINT, ACCENT, PAPER = "#1a1a1a", "#5a5a5a", "#d4d4d4", "#b3005e", "#ffffff"
STEPS = (1.0, 2.0, 5.0, 10.0)
ROUNDING = 1e-12


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from low to high, at most so many steps apart.

    The step is the first of 1, 2, 5, 10 times a power of ten that is no smaller than ``(high - low) / most``.

    Parameters
    ----------
    low, high : float
        The range; equal ends give one number.
    most : int
        Most steps.

    Returns
    -------
    list of float
        Rising, within the range.

    Examples
    --------
    >>> ticks(0, 36.6), ticks(2.1, 2.4, 3), ticks(-0.3, 0.9, 4)
    ([0.0, 10.0, 20.0, 30.0], [2.1, 2.2, 2.3, 2.4], [0.0, 0.5])
    """
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [float(low)] if isfinite(low) else []
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(s * power for s in STEPS if s * power >= raw - ROUNDING)
    digits = max(0, -floor(log10(step) + 1e-9))
    first, last = -floor(-low / step + 1e-9), floor(high / step + 1e-9)
    return [round(k * step, digits) + 0.0 for k in range(int(first), int(last) + 1)]


@dataclass(frozen=True)
class Axis:
    """One axis.

    Parameters
    ----------
    low, high : float
        Its ends, in data units.
    label : str
        What it shows, with its unit.
    ticks : tuple of (float, str)
        Where something is written, and what.
    bands : tuple of str
        Names of rows or columns at 0, 1, 2, ... in place of ticks.
    grid, show : bool
        Whether lines run across at the ticks; whether the axis is drawn at all.
    down : bool
        Whether it runs downwards, as rows of names do.
    scale : {"linear", "log"}
        The scale.
    """

    low: float
    high: float
    label: str = ""
    ticks: tuple[tuple[float, str], ...] = ()
    bands: tuple[str, ...] = ()
    grid: bool = False
    show: bool = True
    down: bool = False
    scale: Literal["linear", "log"] = "linear"

    def place(self, value: float) -> float:
        """Return where a value lies between the ends: 0 to 1."""
        low, high = self.low, self.high
        if self.scale == "log":
            low, high, value = log10(low), log10(high), log10(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return 1 - share if self.down else share


def axis(
    low: float,
    high: float,
    label: str = "",
    *,
    write: Callable[[float], str] = lambda value: f"{value:g}",
    most: int = 5,
    **more: Any,  # noqa: ANN401 - the other fields of an axis
) -> Axis:
    """Return an axis with round ticks, written as its readers write numbers."""
    return Axis(low, high, label, tuple((value, write(value)) for value in ticks(low, high, most)), **more)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something drawn: how it looks, and the area it stands for.

    Parameters
    ----------
    fill, stroke : str
        Colours; empty for none.
    width : float
        Of the line, in points.
    dash : tuple of float
        Lengths of dashes and gaps in points; empty for an unbroken line.
    opacity : float
        In [0, 1].
    area : str
        Key of the area that it shows; empty where it shows none.
    """

    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0
    area: str = ""
    kind: ClassVar[str] = ""


@dataclass(frozen=True, kw_only=True)
class Bar(Mark):
    """A rectangle from (x0, y0) to (x1, y1)."""

    x0: float
    x1: float
    y0: float
    y1: float
    kind: ClassVar[str] = "bar"


@dataclass(frozen=True, kw_only=True)
class Line(Mark):
    """A line through points; None breaks it. With a fill it is closed: a band."""

    points: tuple[tuple[float, float] | None, ...]
    kind: ClassVar[str] = "line"


@dataclass(frozen=True, kw_only=True)
class Strip(Mark):
    """Many short upright strokes at one height: all areas in one row."""

    xs: tuple[float, ...]
    y: float
    half: float = 0.25
    kind: ClassVar[str] = "strip"


@dataclass(frozen=True, kw_only=True)
class Dot(Mark):
    """A sign at a point; its radius in points."""

    x: float
    y: float
    r: float = 3.5
    shape: Literal["circle", "diamond", "triangle"] = "circle"
    kind: ClassVar[str] = "dot"


@dataclass(frozen=True, kw_only=True)
class VRule(Mark):
    """An upright line across the chart."""

    x: float
    text: str = ""
    kind: ClassVar[str] = "vrule"


@dataclass(frozen=True, kw_only=True)
class HRule(Mark):
    """A level line across the chart."""

    y: float
    text: str = ""
    kind: ClassVar[str] = "hrule"


@dataclass(frozen=True, kw_only=True)
class Text(Mark):
    """Words at a point, moved by (dx, dy) points."""

    x: float
    y: float
    text: str
    dx: float = 0.0
    dy: float = 0.0
    anchor: Literal["start", "middle", "end"] = "middle"
    bold: bool = False
    size: float = 8.0
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Chart:
    """A picture of numbers, with its sentence and its table.

    Parameters
    ----------
    id : str
        Which kind of chart it is, such as ``"certainty"``.
    title : str
        What it shows.
    alt : str
        The same as a sentence, for who does not see it.
    x, y : Axis
        The axes.
    marks : tuple of Mark
        In the order in which they are drawn.
    note : str
        What a reader has to know: what is not shown, what a colour means.
    head, rows : tuple
        The same as a table.
    right : tuple of str
        Words at the right end of each row of the y axis.
    order : tuple of str
        Keys of areas in the order in which the keyboard walks through them.
    height : float
        Height by width, as it looks best.
    """

    id: str
    title: str
    alt: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    note: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    height: float = 0.5

    def to_json(self) -> dict[str, Any]:
        """Return the chart as lists and numbers: what the page draws too."""
        return {
            "id": self.id,
            "title": self.title,
            "alt": self.alt,
            "note": self.note,
            "x": _plain(self.x),
            "y": _plain(self.y),
            "marks": [{"kind": mark.kind, **_plain(mark)} for mark in self.marks],
            "head": list(self.head),
            "rows": [list(row) for row in self.rows],
            "right": list(self.right),
            "order": list(self.order),
            "height": self.height,
        }


def _plain(record: Any) -> dict[str, Any]:  # noqa: ANN401 - an axis or a mark
    """Return the fields of a record that differ from their default."""
    found = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if value != one.default:
            found[one.name] = _lists(value)
    return found


def _lists(value: Any) -> Any:  # noqa: ANN401 - numbers, text, tuples of them
    if isinstance(value, tuple):
        return [_lists(part) for part in value]
    return value


@dataclass(frozen=True)
class ChartTable:
    """The table of a chart while it is built."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)


def spread(values: Sequence[float], *, from_zero: float = 0.35) -> tuple[float, float]:
    """Return the ends of an axis for values: it starts at 0 where the least value is small beside the largest one.

    Examples
    --------
    >>> spread([10, 40]), spread([30, 40]), spread([-5, 5]), spread([3, 3])
    ((0.0, 40.0), (29.5, 40.5), (-5.5, 5.5), (2.5, 3.5))
    """
    known = [value for value in values if isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if low == high:
        return low - 0.5, high + 0.5
    if 0 <= low < from_zero * high:
        return 0.0, float(high)
    room = 0.05 * (high - low)
    return low - room, high + room
