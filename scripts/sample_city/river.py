"""The river: a meandering curve with two banks that never cross."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample_city.mesh import Point

NORTH = 1
SOUTH = -1
REACH = 12_000
"""Metres the curve is defined for, west and east of the city centre."""
BANK_STEP = 60
"""Metres between two drawn points of a bank."""
SEARCH_STEP = 20


def course(x: float) -> Point:
    """Midline of the river at `x` metres east of the city centre.

    Parameters
    ----------
    x : float
        Metres east of the centre.

    Returns
    -------
    (float, float)
        The point on the midline.
    """
    y = -650 + 0.10 * x + 600 * math.sin(x / 1250 + 0.9) + 170 * math.sin(x / 520)
    return (x, y)


def bank(x: float, side: int) -> Point:
    """Point of the north (`side` = 1) or south (-1) bank beside ``course(x)``.

    Parameters
    ----------
    x : float
        Metres east of the centre.
    side : int
        `NORTH` or `SOUTH`.

    Returns
    -------
    (float, float)
        The point on the bank; the banks lie 120 to 180 m apart.
    """
    px, py = course(x)
    before, after = course(x - 1), course(x + 1)
    dx, dy = after[0] - before[0], after[1] - before[1]
    length = math.hypot(dx, dy)
    half_width = 75 + 14 * math.sin(x / 1100)
    return (px - side * half_width * dy / length, py + side * half_width * dx / length)


def side_of(point: Point) -> int:
    """Which bank a point lies on.

    Parameters
    ----------
    point : (float, float)
        Metres from the city centre.

    Returns
    -------
    int
        `NORTH` or `SOUTH`.
    """
    return NORTH if point[1] > course(point[0])[1] else SOUTH


def nearest(point: Point) -> float:
    """Find the `x` at which the midline comes closest to a point.

    Parameters
    ----------
    point : (float, float)
        Metres from the city centre.

    Returns
    -------
    float
        Metres east of the centre.
    """
    start = min(range(-REACH, REACH + 1, SEARCH_STEP), key=lambda x: math.dist(point, course(x)))
    steps = (start + k / 10 for k in range(-10 * SEARCH_STEP, 10 * SEARCH_STEP + 1))
    return min(steps, key=lambda x: math.dist(point, course(x)))


def bank_line(x_from: float, x_to: float, side: int) -> list[Point]:
    """Bank from one `x` to another, both ends included.

    Points in between sit on a fixed grid, so that a district and the river polygon draw the same
    line whoever asks first.

    Parameters
    ----------
    x_from, x_to : float
        Metres east of the centre; either may be the larger.
    side : int
        `NORTH` or `SOUTH`.

    Returns
    -------
    list of (float, float)
        The line, in the direction asked for.
    """
    low, high = min(x_from, x_to), max(x_from, x_to)
    first, last = math.floor(low / BANK_STEP) + 1, math.ceil(high / BANK_STEP)
    xs = [low, *(float(k * BANK_STEP) for k in range(first, last)), high]
    line = [bank(x, side) for x in xs]
    return line if x_from <= x_to else line[::-1]
