"""What readers find their way by: main roads, railway, parks, names, and the list of streets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from sample_city import river
from sample_city.dwellings import contains
from sample_city.geometry import close_ring, to_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_city.districts import City
    from sample_city.mesh import Point

STEP = 180
"""Metres between two drawn points of a road or railway line."""
STATION: Point = (450, 350)
RAIL: tuple[tuple[Point, ...], ...] = (
    ((-7600, 2100), (-4600, 600), (-1800, 250), STATION, (2600, 900), (4800, 800), (7600, 2300)),
    (STATION, (1500, -300), (2300, -1900), (2100, -4200), (2900, -7200)),
)
RING_RADIUS = 2300
RADIALS: dict[str, tuple[Point, ...]] = {
    "Nordstraße": ((100, 2300), (500, 4100), (300, 7200)),
    "Hafenallee": ((2200, 700), (3500, 1500), (5200, 2400), (7400, 3600)),
    "Lindenmarker Straße": ((1900, -1300), (3600, -2300), (6800, -3400)),
    "Südhöher Chaussee": ((-200, -2300), (300, -4400), (-100, -7400)),
    "Bruchwiesener Damm": ((-1700, -1600), (-3300, -3000), (-5600, -5800)),
    "Westfelder Landstraße": ((-2200, 800), (-4200, 1500), (-7400, 2900)),
}
"""From the ring road outwards, metres around the city centre."""
PARKS: dict[str, tuple[Point, float]] = {
    "Stadtpark": ((-1500, 2150), 430),
    "Südfriedhof": ((1500, -3500), 330),
    "Volkspark Ost": ((5000, -500), 380),
}
"""Middle and radius in metres."""
PARK_CORNERS = 14
POINTS: tuple[tuple[str, str, Point], ...] = (
    ("Hauptbahnhof", "Bahnhof", STATION),
    ("Südbahnhof", "Bahnhof", (2250, -2600)),
    ("Universität", "Ort", (-900, -1900)),
)
STREETS_PER_DISTRICT = 3
TREES = (
    "Ahorn",
    "Birken",
    "Buchen",
    "Eichen",
    "Erlen",
    "Eschen",
    "Flieder",
    "Ginster",
    "Hasel",
    "Holunder",
    "Kastanien",
    "Kiefern",
    "Lärchen",
    "Linden",
    "Pappel",
    "Rosen",
    "Schlehen",
    "Tannen",
    "Ulmen",
    "Weiden",
)
"""First parts of names of streets; the second parts follow."""
OTHERS = (
    "Amsel",
    "Bäcker",
    "Bleicher",
    "Brunnen",
    "Drossel",
    "Färber",
    "Gärtner",
    "Glocken",
    "Hafen",
    "Korn",
    "Krähen",
    "Kreuz",
    "Lerchen",
    "Mühlen",
    "Müller",
    "Schäfer",
    "Schul",
    "Seiler",
    "Töpfer",
    "Turm",
    "Wiesen",
    "Zeisig",
    "Ziegel",
)
SECOND = ("straße", "weg", "gasse", "platz", "allee", "ring", "steig")


@dataclass(frozen=True)
class Scenery:
    """Everything around the numbers.

    Attributes
    ----------
    roads
        Name and line of each main road.
    rail
        Railway lines.
    parks
        Name and closed ring.
    places
        Name, kind and geometry: a point, or a line along which it is written.
    streets
        Street and keys of the districts it runs through, by name.
    """

    roads: tuple[tuple[str, tuple[Point, ...]], ...]
    rail: tuple[tuple[Point, ...], ...]
    parks: tuple[tuple[str, tuple[Point, ...]], ...]
    places: tuple[tuple[str, str, Point | tuple[Point, ...]], ...]
    streets: tuple[tuple[str, tuple[str, ...]], ...]


def build_scenery(city: City, seed: int) -> Scenery:
    """Draw roads, railway and parks, and name streets.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    Scenery
        In EPSG:25832, rounded to 0.1 m.
    """
    roads = (("Altstadtring", _ring()), *((name, _curve(points)) for name, points in RADIALS.items()))
    parks = [(name, _park(name, middle, radius, seed)) for name, (middle, radius) in PARKS.items()]
    course = tuple(to_map(river.course(float(x))) for x in range(-6600, 6601, 150))
    places = [(name, kind, to_map(point)) for name, kind, point in POINTS]
    return Scenery(
        roads=roads,
        rail=tuple(_curve(points) for points in RAIL),
        parks=tuple(parks),
        places=(("Fluss", "Gewässer", course), *places),
        streets=tuple(sorted([*_main_streets(city, roads), *_side_streets(city, seed)])),
    )


def _ring() -> tuple[Point, ...]:
    n_points = round(2 * math.pi * RING_RADIUS / STEP)
    angles = (2 * math.pi * k / n_points for k in range(n_points))
    return close_ring([_on_ring(angle) for angle in angles])


def _on_ring(angle: float) -> Point:
    radius = RING_RADIUS * (1 + 0.07 * math.sin(2 * angle + 1) + 0.04 * math.sin(5 * angle))
    return radius * math.cos(angle), radius * math.sin(angle)


def _curve(points: Sequence[Point]) -> tuple[Point, ...]:
    """Catmull-Rom spline through the points."""
    ends = [points[0], *points, points[-1]]
    line = []
    for k, (start, end) in enumerate(pairwise(points)):
        before, after = ends[k], ends[k + 3]
        n_steps = max(1, round(math.dist(start, end) / STEP))
        line += [_between(before, start, end, after, i / n_steps) for i in range(n_steps)]
    return tuple(to_map(point) for point in [*line, points[-1]])


def _between(before: Point, start: Point, end: Point, after: Point, share: float) -> Point:
    def one(a: float, b: float, c: float, d: float) -> float:
        square, cube = share**2, share**3
        return 0.5 * (2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * square + (3 * b - a - 3 * c + d) * cube)

    return one(before[0], start[0], end[0], after[0]), one(before[1], start[1], end[1], after[1])


def _park(name: str, middle: Point, radius: float, seed: int) -> tuple[Point, ...]:
    rng = Random(f"{seed}/park/{name}")
    corners = []
    for k in range(PARK_CORNERS):
        angle, reach = 2 * math.pi * k / PARK_CORNERS, radius * rng.uniform(0.75, 1.15)
        corners.append((middle[0] + 1.25 * reach * math.cos(angle), middle[1] + 0.9 * reach * math.sin(angle)))
    return close_ring(corners)


def _main_streets(city: City, roads: Sequence[tuple[str, tuple[Point, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Return main roads and the districts in which they have a drawn point."""
    found = []
    for name, line in roads:
        keys = {d.key for d in city.districts if any(contains(d.cell.ring, point) for point in line)}
        found.append((name, tuple(sorted(keys))))
    return found


def _side_streets(city: City, seed: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return names drawn once each; every second street runs on into neighbouring districts."""
    rng = Random(f"{seed}/streets")
    names = [first + second for first in (*TREES, *OTHERS) for second in SECOND]
    rng.shuffle(names)
    found = []
    for district in city.districts:
        if district.key == city.forest:
            continue
        here = district.cell.site
        near = [d.key for d in sorted(city.districts, key=lambda d: math.dist(d.cell.site, here))[1:5]]
        for _ in range(STREETS_PER_DISTRICT):
            further = rng.sample(near, min(len(near), rng.choice((0, 0, 1, 2))))
            keys = {district.key, *(key for key in further if key != city.forest)}
            found.append((names.pop(), tuple(sorted(keys))))
    return found
