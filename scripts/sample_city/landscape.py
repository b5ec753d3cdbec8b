"""The social landscape behind the numbers: smooth hills of need and migration, and their drift.

Every district has a few latent values. They are sums of bell-shaped hills placed by hand, plus a
little noise of its own. Rates follow from them by the logistic function::

    rate = 1 / (1 + exp(-(intercept + latent)))

The intercept is chosen so that the city as a whole hits a stated target.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_city.districts import City
    from sample_city.mesh import Point


class Hill(NamedTuple):
    """A bell-shaped rise (or hollow) of a latent value; kilometres from the city centre."""

    place: str
    x: float
    y: float
    width: float
    height: float


NEED_HILLS = (
    Hill("Osthafen", 3.2, 0.7, 1.2, 1.75),
    Hill("Großsiedlung am Südwestrand", -4.5, -3.8, 1.65, 1.7),
    Hill("Arbeiterquartiere im Nordwesten", -3.7, 2.2, 1.25, 1.65),
    Hill("Südhang", 0.8, -4.6, 2.0, -1.0),
    Hill("Nordrand", 1.2, 5.2, 1.8, -0.9),
    Hill("Lindenmark", 4.8, -2.6, 1.6, -0.3),
)
MIGRATION_HILLS = (
    Hill("Osthafen", 3.2, 0.8, 1.3, 1.45),
    Hill("Großsiedlung am Südwestrand", -4.5, -3.8, 1.6, 1.15),
    Hill("Arbeiterquartiere im Nordwesten", -3.7, 2.2, 1.3, -0.3),
    Hill("Ankunftsquartiere am Südufer", -0.3, -1.1, 0.95, 1.2),
    Hill("Ankunftsquartiere in der Lindenmark", 4.2, -2.2, 0.95, 1.15),
    Hill("Südhang", 0.8, -4.6, 1.9, -0.8),
    Hill("Nordrand", 1.2, 5.2, 1.9, -0.85),
)
TREND_HILLS = (
    Hill("Osthafen: Aufwertung am Wasser", 2.6, 0.0, 0.9, -0.09),
    Hill("Großsiedlung am Südwestrand", -4.5, -3.8, 1.2, 0.04),
)
NEED_NOISE = 0.16
MIGRATION_NOISE = 0.22
TREND_NOISE = 0.025
MARKED_TREND = 0.12
MARKED_EVERY = 15
"""One district in so many improves markedly, one worsens markedly."""

TYPICAL_RESIDENTS = 2420
RESIDENTS_SPREAD = 0.33
RESIDENTS_RANGE = (1250, 4900)
HARBOUR_RESIDENTS = 760
WORKS_RESIDENTS = 187


@dataclass(frozen=True)
class Latent:
    """What drives the numbers of one district.

    Attributes
    ----------
    residents
        Residents in the first year.
    need
        Social need, zero in an ordinary district.
    migration
        Tendency towards a high migration share, zero in an ordinary district.
    centrality
        One in the city centre, falling to zero at the city limit.
    trend
        Change of need per year.
    growth
        Growth of the population per year.
    """

    residents: int
    need: float
    migration: float
    centrality: float
    trend: float
    growth: float


def build_landscape(city: City, seed: int) -> dict[str, Latent]:
    """Latent values of every inhabited district.

    Parameters
    ----------
    city : City
        Named districts.
    seed : int
        Seed of all draws.

    Returns
    -------
    dict of str to Latent
        By district key; the uninhabited area is left out.
    """
    inhabited = [d for d in city.districts if d.key != city.forest]
    marked = _marked([d.key for d in inhabited], Random(f"{seed}/marked"))
    latents = {}
    for district in inhabited:
        rng = Random(f"{seed}/latent/{district.key}")
        site = district.cell.site
        need = height(NEED_HILLS, site) + rng.gauss(0, NEED_NOISE)
        latents[district.key] = Latent(
            residents=_residents(city, district.key, need, rng),
            need=need,
            migration=height(MIGRATION_HILLS, site) + 0.12 * need + rng.gauss(0, MIGRATION_NOISE),
            centrality=math.exp(-math.hypot(*site) / 2500),
            trend=height(TREND_HILLS, site) + rng.gauss(0, TREND_NOISE) + marked.get(district.key, 0),
            growth=rng.gauss(0.006, 0.008),
        )
    return latents


def height(hills: Sequence[Hill], site: Point) -> float:
    """Sum of the hills at one place.

    Parameters
    ----------
    hills : sequence of Hill
        Centres and widths in kilometres.
    site : (float, float)
        Metres from the city centre.

    Returns
    -------
    float
        ``sum(height * exp(-distance^2 / (2 width^2)))``
    """
    x, y = site[0] / 1000, site[1] / 1000
    return math.fsum(
        hill.height * math.exp(-((x - hill.x) ** 2 + (y - hill.y) ** 2) / (2 * hill.width**2)) for hill in hills
    )


def logistic(value: float) -> float:
    """From any number to a rate between 0 and 1.

    Parameters
    ----------
    value : float
        Logit of the rate.

    Returns
    -------
    float
        The rate.
    """
    return 1 / (1 + math.exp(-value))


def intercept(target: float, logits: Sequence[float], weights: Sequence[float]) -> float:
    """Find the number to add to every logit so that the weighted mean rate meets the target.

    Parameters
    ----------
    target : float
        Rate of the whole city.
    logits, weights : sequence of float
        Per district: deviation from an ordinary district and size of the base population.

    Returns
    -------
    float
        Found by bisection.
    """
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        expected = math.fsum(w * logistic(middle + x) for w, x in zip(weights, logits, strict=True))
        if expected < target * sum(weights):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _marked(keys: list[str], rng: Random) -> dict[str, float]:
    """Pick a few districts that change much more than the others, half of them for the better."""
    n = len(keys) // MARKED_EVERY
    drawn = rng.sample(keys, 2 * n)
    return {key: MARKED_TREND if k < n else -MARKED_TREND for k, key in enumerate(drawn)}


def _residents(city: City, key: str, need: float, rng: Random) -> int:
    """Size of a district; large estates are a little larger."""
    drawn = TYPICAL_RESIDENTS * math.exp(rng.gauss(0, RESIDENTS_SPREAD) + 0.08 * need)
    if key == city.works:
        return WORKS_RESIDENTS
    if key in city.harbour:
        return round(HARBOUR_RESIDENTS * drawn / TYPICAL_RESIDENTS)
    return round(min(max(drawn, RESIDENTS_RANGE[0]), RESIDENTS_RANGE[1]))
