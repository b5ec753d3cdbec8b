"""District polygons of the sample city: sites, Voronoi cells, natural borders, a river between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count, pairwise
from random import Random

from sample_city import river
from sample_city.mesh import Mesh, Point, Side, voronoi

N_DISTRICTS = 91
CENTRE = (450_000.0, 5_650_000.0)
"""City centre in EPSG:25832, metres."""
SITE_REACH = 9_000
SITE_TRIES = 6_000
CLOSEST = 0.88
"""Sites keep at least this share of their spacing apart."""
SPACING_CENTRE = 560
SPACING_GROWTH = 0.14
"""Districts grow with the distance from the centre: spacing = centre + growth * distance."""
SHORTEST_WIGGLE = 120
"""Metres; shorter pieces of a border stay straight."""
WIGGLE = 0.11
"""The middle of a border is moved sideways by at most this share of its length."""
RIVER_OVERHANG = 700
"""Metres the drawn river flows on beyond the city."""


@dataclass(frozen=True)
class Cell:
    """One polygon before it has a name.

    Attributes
    ----------
    site
        Generating point, metres from the city centre.
    ring
        Closed counter-clockwise outer ring in EPSG:25832, rounded to 0.1 m.
    neighbours
        Numbers of the cells on the same bank that share a border.
    on_river
        Whether the river forms part of the border.
    """

    site: Point
    ring: tuple[Point, ...]
    neighbours: tuple[int, ...]
    on_river: bool


def build_cells(seed: int) -> tuple[list[Cell], tuple[Point, ...]]:
    """Draw the city.

    Parameters
    ----------
    seed : int
        Seed of all draws.

    Returns
    -------
    cells : list of Cell
        `N_DISTRICTS` cells, from the centre outwards.
    river_ring : tuple of (float, float)
        Closed ring of the river polygon.
    """
    for attempt in count():
        sites = _draw_sites(Random(f"{seed}/sites/{attempt}"))
        mesh = voronoi(sites)
        banks = _river_corners(mesh)
        if _banks_run_forward(mesh, banks):
            break
    cells = [_cell(seed, mesh, banks, i) for i in range(N_DISTRICTS)]
    return cells, _river_ring(mesh, banks)


def _spacing(point: Point) -> float:
    return SPACING_CENTRE + SPACING_GROWTH * math.hypot(*point)


def _outwardness(point: Point) -> float:
    """Distance from the centre, bent so that the city limit is roundish but no circle."""
    angle = math.atan2(point[1], point[0])
    bulge = 1 + 0.10 * math.sin(2 * angle + 0.4) + 0.06 * math.sin(3 * angle + 2.0)
    return math.hypot(*point) / bulge


def _draw_sites(rng: Random) -> list[Point]:
    """Sites from the centre outwards; those beyond the first `N_DISTRICTS` are surroundings.

    Pairs facing each other across the river come first, so that cell borders follow it.
    The others are thrown at random and kept where no site is too near.
    """
    sites = []
    x = -float(SITE_REACH)
    while x < SITE_REACH:
        step = _spacing(river.course(x))
        for side in (river.NORTH, river.SOUTH):
            foot, edge = river.course(x), river.bank(x, side)
            reach = (0.5 + 0.04 * rng.random()) * step / math.dist(foot, edge)
            shift = 0.04 * step * rng.uniform(-1, 1)
            sites.append((foot[0] + reach * (edge[0] - foot[0]) + shift, foot[1] + reach * (edge[1] - foot[1])))
        x += step * rng.uniform(0.75, 1.0)
    for _ in range(SITE_TRIES):
        point = (rng.uniform(-SITE_REACH, SITE_REACH), rng.uniform(-SITE_REACH, SITE_REACH))
        if all(math.dist(point, other) > CLOSEST * _spacing(point) for other in sites):
            sites.append(point)
    return sorted(sites, key=_outwardness)


def _river_corners(mesh: Mesh) -> dict[int, float]:
    """Corners where cells of both banks meet, with their place along the river."""
    sides = [river.side_of(site) for site in mesh.sites]
    return {
        corner: river.nearest(mesh.corners[corner])
        for corner, sites in enumerate(mesh.corner_sites)
        if len({sides[i] for i in sites}) > 1 and min(sites) < N_DISTRICTS
    }


def _faces_river(mesh: Mesh, i: int, side: Side) -> bool:
    return river.side_of(mesh.sites[i]) != river.side_of(mesh.sites[side.neighbour])


def _banks_run_forward(mesh: Mesh, banks: dict[int, float]) -> bool:
    """Whether every cell on the river walks its bank in one direction only.

    Counter-clockwise that is eastwards on the north bank and westwards on the south bank.
    """
    for i in range(N_DISTRICTS):
        bank_side = river.side_of(mesh.sites[i])
        for side in mesh.cells[i]:
            if not _faces_river(mesh, i, side):
                continue
            if bank_side * (banks[side.end] - banks[side.start]) < 0:
                return False
    return True


def _cell(seed: int, mesh: Mesh, banks: dict[int, float], i: int) -> Cell:
    bank_side = river.side_of(mesh.sites[i])
    line: list[Point] = []
    for side in mesh.cells[i]:
        if _faces_river(mesh, i, side):
            piece = river.bank_line(banks[side.start], banks[side.end], bank_side)
        else:
            piece = _border(seed, mesh, banks, side, bank_side)
        line.extend(piece[:-1])
    same_bank = [s.neighbour for s in mesh.cells[i] if not _faces_river(mesh, i, s)]
    return Cell(
        site=mesh.sites[i],
        ring=close_ring(line),
        neighbours=tuple(sorted(j for j in same_bank if j < N_DISTRICTS)),
        on_river=any(_faces_river(mesh, i, side) for side in mesh.cells[i]),
    )


def _border(seed: int, mesh: Mesh, banks: dict[int, float], side: Side, bank_side: int) -> list[Point]:
    """Border line between two corners, the same for both cells: drawn from the lower corner."""
    low, high = sorted((side.start, side.end))
    ends = [river.bank(banks[corner], bank_side) if corner in banks else mesh.corners[corner] for corner in (low, high)]
    rng = Random(f"{seed}/border/{low}/{high}")
    line = [ends[0], *_wiggle(rng, ends[0], ends[1]), ends[1]]
    return line if side.start == low else line[::-1]


def _wiggle(rng: Random, a: Point, b: Point) -> list[Point]:
    """Points between `a` and `b` by midpoint displacement."""
    length = math.dist(a, b)
    if length < SHORTEST_WIGGLE:
        return []
    shift = WIGGLE * rng.uniform(-1, 1)
    middle = ((a[0] + b[0]) / 2 - shift * (b[1] - a[1]), (a[1] + b[1]) / 2 + shift * (b[0] - a[0]))
    return [*_wiggle(rng, a, middle), middle, *_wiggle(rng, middle, b)]


def _river_ring(mesh: Mesh, banks: dict[int, float]) -> tuple[Point, ...]:
    """River polygon that shares every bank point with the districts beside it."""
    start, end = min(banks.values()) - RIVER_OVERHANG, max(banks.values()) + RIVER_OVERHANG
    line = []
    for bank_side, (first, last) in ((river.SOUTH, (start, end)), (river.NORTH, (end, start))):
        stops = {
            banks[corner]
            for corner in banks
            if any(river.side_of(mesh.sites[i]) == bank_side and i < N_DISTRICTS for i in mesh.corner_sites[corner])
        }
        stations = sorted({start, end, *stops}, reverse=first > last)
        for a, b in pairwise(stations):
            line.extend(river.bank_line(a, b, bank_side)[:-1])
        line.append(river.bank(last, bank_side))
    return close_ring(line)


def to_map(point: Point) -> Point:
    """From metres around the city centre to EPSG:25832, rounded to 0.1 m.

    Parameters
    ----------
    point : (float, float)
        Metres east and north of the centre.

    Returns
    -------
    (float, float)
        Easting and northing.
    """
    return (round(CENTRE[0] + point[0], 1), round(CENTRE[1] + point[1], 1))


def close_ring(line: list[Point]) -> tuple[Point, ...]:
    """Ring in map coordinates, without repeated points, first point repeated at the end.

    Parameters
    ----------
    line : list of (float, float)
        Corners in order, metres around the city centre.

    Returns
    -------
    tuple of (float, float)
        The closed ring.
    """
    ring: list[Point] = []
    for point in map(to_map, line):
        if not ring or point != ring[-1]:
            ring.append(point)
    if ring[0] != ring[-1]:
        ring.append(ring[0])
    return tuple(ring)
