"""What a chart is made of: axes with finished ticks, and seven kinds of marks in data units."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INK, QUIET, FAINT, ACCENT, PAPER = "#1a1a1a", "#5a5a5a", "#d4d4d4", "#b3005e", "#ffffff"
STEPS = (1.0, 2.0, 5.0, 10.0)
ROUNDING = 1e-12
NARROWEST, WIDEST = 1e-300, 1e300  # steps beyond which numbers lose their digits


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
    if not NARROWEST < raw < WIDEST:
        return [float(low)]
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
    write: Callable[[float, int], str] = lambda value, decimals: f"{value:.{decimals}f}",
    most: int = 5,
    **more: Any,  # noqa: ANN401 - the other fields of an axis
) -> Axis:
    """Return an axis with round ticks; ``write(value, decimals)`` writes numbers as its readers do.

    Examples
    --------
    >>> axis(0, 1, "share", most=4).ticks
    ((0.0, '0.0'), (0.5, '0.5'), (1.0, '1.0'))
    """
    found = ticks(low, high, most)
    decimals = decimals_of(found)
    return Axis(low, high, label, tuple((value, write(value, decimals)) for value in found), **more)


def count_axis(high: float, label: str, write: Callable[[float, int], str]) -> Axis:
    """Return an upright axis of numbers of things: no ticks at parts of one.

    Examples
    --------
    >>> count_axis(1.2, "areas", lambda value, decimals: f"{value:.{decimals}f}").ticks
    ((0.0, '0'), (1.0, '1'))
    """
    found = [value for value in ticks(0, high, 4) if value.is_integer()]
    return Axis(0, high, label, tuple((value, write(value, 0)) for value in found), grid=True)


def decimals_of(values: Sequence[float], most: int = 6) -> int:
    """Return how many decimals numbers need so that none of them is rounded.

    Examples
    --------
    >>> decimals_of([0, 10]), decimals_of([0, 0.5, 1]), decimals_of([0.25])
    (0, 1, 2)
    """
    return max((len(f"{value:.{most}f}".rstrip("0").split(".")[1]) for value in values), default=0)


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
    """Words at a point, moved by (dx, dy) points, with a white rim unless they stand on a colour."""

    x: float
    y: float
    text: str
    dx: float = 0.0
    dy: float = 0.0
    anchor: Literal["start", "middle", "end"] = "middle"
    bold: bool = False
    size: float = 8.0
    halo: bool = True
    kind: ClassVar[str] = "text"


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
