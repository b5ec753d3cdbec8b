"""Noise bands along main roads and railway, one polygon for each line and lower limit: they lie inside each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_city.mesh import Point
    from sample_city.scenery import Scenery

ROAD = {55: 190, 60: 95, 65: 45}
"""Lower limit in dB(A) to metres from the middle of a road."""
RAIL = {55: 220, 60: 110, 65: 50}


class Band(NamedTuple):
    """Rings of one polygon, the outer one first, in EPSG:25832."""

    source: str
    level: int
    rings: tuple[tuple[Point, ...], ...]


def build_noise(scenery: Scenery) -> list[Band]:
    """Draw the bands of each road and railway line.

    Parameters
    ----------
    scenery : Scenery
        Roads and railway.

    Returns
    -------
    list of Band
        Lowest limit first.
    """
    lines = [("Straße", line, ROAD) for _, line in scenery.roads] + [("Schiene", line, RAIL) for line in scenery.rail]
    bands = [
        Band(source, level, _strip(line, width)) for source, line, widths in lines for level, width in widths.items()
    ]
    return sorted(bands, key=lambda band: (band.level, band.source))


def _strip(line: Sequence[Point], width: float) -> tuple[tuple[Point, ...], ...]:
    """Return the strip along a line; around a closed one it is a ring with a hole."""
    if line[0] == line[-1]:
        return _beside(line, -width), _beside(line, width)[::-1]
    left, right = _beside(line, width), _beside(line, -width)
    return ((*right, *left[::-1], right[0]),)


def _beside(line: Sequence[Point], distance: float) -> tuple[Point, ...]:
    """Return the points left of a line (right of it, where the distance is negative)."""
    is_ring, last = line[0] == line[-1], len(line) - 1
    moved = []
    for i, (x, y) in enumerate(line):
        before = line[i - 1] if i else (line[-2] if is_ring else line[0])
        after = line[i + 1] if i < last else (line[1] if is_ring else line[-1])
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.hypot(dx, dy)
        moved.append((round(x - distance * dy / length, 1), round(y + distance * dx / length, 1)))
    return tuple(moved)
