"""Where people live inside the districts: a grid of cells with residents, as a statistics office keeps it."""

from __future__ import annotations

import csv
import io
import math
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from sample_city.geometry import CENTRE
from sample_city.names import NOTICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_city.districts import City
    from sample_city.mesh import Point
    from sample_city.people import Counts

CELL = 250
"""Metres along the side of a cell."""
REACH = 8_000
DENSE_WITHIN = 0.4
"""Kilometres around the middle of a district within which most people live."""


class GridCell(NamedTuple):
    """One inhabited cell: the middle in EPSG:25832, its district, residents and small children."""

    x: float
    y: float
    district: str
    residents: int
    children: int


def build_grid(city: City, people: dict[str, Counts], seed: int) -> list[GridCell]:
    """Share the residents of each district out over the cells whose middle lies in it.

    Parameters
    ----------
    city : City
        Named districts.
    people : dict
        True counts of one year by district key.
    seed : int
        Seed of all draws.

    Returns
    -------
    list of GridCell
        From south-west to north-east; the cells of a district add up to its residents and its children of 0 to 5.
    """
    middles: dict[str, list[Point]] = {}
    of = Finder(city)
    steps = range(-REACH, REACH, CELL)
    for y in steps:
        for x in steps:
            middle = (CENTRE[0] + x + CELL / 2, CENTRE[1] + y + CELL / 2)
            key = of.district(middle)
            if key in people:
                middles.setdefault(key, []).append(middle)
    cells = [
        GridCell(x, y, key, residents, children)
        for key in sorted(middles)
        for (x, y), residents, children in _shared_out(key, middles[key], people[key], city, seed)
    ]
    return sorted(cells, key=lambda cell: (cell.y, cell.x))


def grid_bytes(cells: list[GridCell]) -> bytes:
    """Render the cells: UTF-8, semicolons, LF.

    Parameters
    ----------
    cells : list of GridCell
        As :func:`build_grid` returns them.

    Returns
    -------
    bytes
        ``einwohnerraster.csv``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(("X", "Y", "Einwohner", "Alter_0_5", "Hinweis"))
    writer.writerows((f"{c.x:.0f}", f"{c.y:.0f}", c.residents, c.children, NOTICE) for c in cells)
    return text.getvalue().encode("utf-8")


class Finder:
    """Finds the district that a point lies in."""

    def __init__(self, city: City) -> None:
        self._rings = [(d.key, d.cell.ring, _box(d.cell.ring)) for d in city.districts]

    def district(self, point: Point) -> str:
        """Return the key of the district; empty outside all of them and in the river."""
        x, y = point
        for key, ring, (west, south, east, north) in self._rings:
            if west <= x <= east and south <= y <= north and contains(ring, point):
                return key
        return ""


def contains(ring: Sequence[Point], point: Point) -> bool:
    """Return True if a point lies in a ring: a ray from it crosses the ring an odd number of times."""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in pairwise(ring):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


def _box(ring: Sequence[Point]) -> tuple[float, float, float, float]:
    xs, ys = zip(*ring, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _shared_out(key: str, middles: list[Point], counts: Counts, city: City, seed: int) -> list[tuple[Point, int, int]]:
    """Return cells with their people: most live around the middle of the district, and in some cells nobody."""
    site = next(d.cell.site for d in city.districts if d.key == key)
    rng = Random(f"{seed}/grid/{key}")
    weights = []
    for x, y in middles:
        far = math.dist((x - CENTRE[0], y - CENTRE[1]), site) / 1000
        weights.append(math.exp(-((far / DENSE_WITHIN) ** 2) / 2) * rng.uniform(0.4, 1.6) + 0.02)
    residents = _apportioned(counts["Einwohner"], weights)
    children = _apportioned(counts["Alter_0_5"], [float(n) for n in residents])
    return [row for row in zip(middles, residents, children, strict=True) if row[1]]


def _apportioned(number: int, weights: list[float]) -> list[int]:
    """Return whole numbers in the proportion of the weights that add up: the largest remainders are rounded up."""
    total = math.fsum(weights)
    exact = [number * weight / total for weight in weights]
    whole = [math.floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: number - sum(whole)]:
        whole[i] += 1
    return whole
