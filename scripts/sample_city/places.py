"""Facilities and programme areas of the sample city."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from sample_city.geometry import close_ring, to_map
from sample_city.landscape import Latent, build_landscape

if TYPE_CHECKING:
    from sample_city.districts import City, District
    from sample_city.mesh import Point

FACILITIES = {
    "Familienzentrum": (9, "Familienzentrum {}"),
    "Stadtteilbüro": (6, "Stadtteilbüro {}"),
    "Sprachkursträger": (7, "Sprachschule {}"),
    "Migrantenorganisation": (7, "Begegnungsverein {} e. V."),
    "Jugendzentrum": (8, "Jugendzentrum {}"),
    "Bibliothek": (5, "Stadtteilbibliothek {}"),
}
"""Kind, how many there are, and how they are called."""

OFF_CENTRE = 0.45
"""A facility lies at most so far on the way from the middle of its district to the border."""

PROGRAMME = "Sozialer Zusammenhalt"
ESTATE_PLACE: Point = (-4500, -3800)
ESTATE_DISTRICTS = 3
HARBOUR_AREA_PLACE: Point = (4100, 1700)
HARBOUR_AREA_RADIUS = 1250
HARBOUR_AREA_CORNERS = 11


@dataclass(frozen=True)
class Facility:
    """A place that offers something to residents.

    Attributes
    ----------
    kind
        One of `FACILITIES`.
    name
        Kind and district.
    point
        EPSG:25832.
    """

    kind: str
    name: str
    point: Point


@dataclass(frozen=True)
class Programme:
    """An area under an urban development programme.

    Attributes
    ----------
    name
        Invented name.
    since
        First year.
    ring
        Closed ring in EPSG:25832.
    """

    name: str
    since: int
    ring: tuple[Point, ...]


def build_facilities(city: City, seed: int) -> list[Facility]:
    """Facilities, more of them in the centre and where need and migration are high.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    list of Facility
        Grouped by kind; no district has two of one kind.
    """
    latents = build_landscape(city, seed)
    facilities = []
    for kind, (number, pattern) in FACILITIES.items():
        rng = Random(f"{seed}/facilities/{kind}")
        free = [d for d in city.districts if d.key in latents and d.key != city.works]
        for _ in range(number):
            chosen = rng.choices(free, [_attraction(kind, latents[d.key]) for d in free])[0]
            free.remove(chosen)
            point = _point_inside(chosen, rng)
            facilities.append(Facility(kind, pattern.format(chosen.name), point))
    return facilities


def _attraction(kind: str, latent: Latent) -> float:
    if kind == "Bibliothek":
        return latent.centrality
    return math.exp(0.5 * latent.need + 0.5 * latent.migration + 1.2 * latent.centrality)


def _point_inside(district: District, rng: Random) -> Point:
    middle = to_map(district.cell.site)
    corner = rng.choice(district.cell.ring)
    way = OFF_CENTRE * rng.random()
    return (
        round(middle[0] + way * (corner[0] - middle[0]), 1),
        round(middle[1] + way * (corner[1] - middle[1]), 1),
    )


def build_programmes(city: City, seed: int) -> list[Programme]:
    """Two programme areas: one follows district borders, one cuts through districts.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    list of Programme
        The estate at the south-western edge, and the hinterland of the harbour.
    """
    near_estate = sorted(city.districts, key=lambda d: math.dist(d.cell.site, ESTATE_PLACE))
    estate = dissolve([d.cell.ring for d in near_estate[:ESTATE_DISTRICTS]])
    return [
        Programme("Südwestrand", 2017, estate),
        Programme("Östliches Hafenquartier", 2021, _harbour_area(Random(f"{seed}/programme"))),
    ]


def dissolve(rings: list[tuple[Point, ...]]) -> tuple[Point, ...]:
    """Outer ring of neighbouring areas.

    A border between two of them is walked once in each direction, so both ways cancel out.

    Parameters
    ----------
    rings : list of tuple of (float, float)
        Closed rings, all counter-clockwise, with identical points on shared borders. Together
        they form one area without holes.

    Returns
    -------
    tuple of (float, float)
        Closed ring.
    """
    steps = {step for ring in rings for step in pairwise(ring)}
    onward = {start: end for start, end in steps if (end, start) not in steps}
    ring = [min(onward)]
    while len(ring) <= len(onward):
        ring.append(onward[ring[-1]])
    return tuple(ring)


def _harbour_area(rng: Random) -> tuple[Point, ...]:
    corners = []
    for k in range(HARBOUR_AREA_CORNERS):
        angle = 2 * math.pi * k / HARBOUR_AREA_CORNERS
        radius = HARBOUR_AREA_RADIUS * rng.uniform(0.8, 1.1)
        x, y = HARBOUR_AREA_PLACE
        corners.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return close_ring(corners)
