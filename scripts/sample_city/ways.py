"""Ways on foot: streets about every 240 m on both banks of the river, and a few bridges."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from sample_city import river
from sample_city.geometry import to_map

if TYPE_CHECKING:
    from sample_city.dwellings import Finder
    from sample_city.mesh import Point

SPACING = 240
"""Metres between two parallel streets."""
BEND = 30
"""Metres by which a street leaves the straight line at most."""
REACH = 32
"""Streets on each side of the middle one."""
EVERY_BRIDGE = 7
"""One street in so many that meet the river goes on over a bridge."""


class Way(NamedTuple):
    """A street or bridge in EPSG:25832."""

    points: tuple[Point, ...]
    bridge: bool


def build_ways(of: Finder) -> list[Way]:
    """Draw the streets of the city, from bank to bank only where there is a bridge.

    Parameters
    ----------
    of : Finder
        Where the districts lie.

    Returns
    -------
    list of Way
        Streets from west to east, then from south to north with the bridges among them.
    """
    numbers = range(-REACH, REACH + 1)
    ways = []
    for row in numbers:
        ways += [Way(piece, bridge=False) for piece in _pieces([_corner(column, row) for column in numbers], of)]
    crossing = 0
    for column in numbers:
        pieces = _pieces([_corner(column, row) for row in numbers], of)
        ways += [Way(piece, bridge=False) for piece in pieces]
        for south, north in pairwise(pieces):
            crossing += 1
            if crossing % EVERY_BRIDGE == 0:
                ways.append(Way((south[-1], north[0]), bridge=True))
    return ways


def _corner(column: int, row: int) -> Point:
    """Return the corner of two streets, metres around the city centre."""
    return (
        column * SPACING + BEND * math.sin(row / 2.3 + column),
        row * SPACING + BEND * math.sin(column / 2.9 + 2 * row),
    )


def _pieces(line: list[Point], of: Finder) -> list[tuple[Point, ...]]:
    """Cut a line where it leaves the city or meets the river."""
    pieces: list[list[Point]] = [[]]
    for corner in line:
        at = to_map(corner)
        if not of.district(at):
            pieces.append([])
            continue
        if pieces[-1] and river.side_of(_around(pieces[-1][-1])) != river.side_of(corner):
            pieces.append([])
        pieces[-1].append(at)
    return [tuple(piece) for piece in pieces if len(piece) > 1]


def _around(point: Point) -> Point:
    origin = to_map((0, 0))
    return point[0] - origin[0], point[1] - origin[1]
