"""Profiles over all shares of a group: how concentrated, and how close together, are the areas above each share?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import Pair, group_and_rest, in_one_place, ratio
from quartiersatlas.segregation.indices.boundary import checked_contacts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.indices.boundary import Contacts

    Ints = NDArray[np.intp]
    Words = NDArray[np.uint64]
    Floats = NDArray[np.float64]

BITS = 64  # searches that run side by side in one number
MOST_BITS = 2**25  # marks held at a time
MOST_WORDS = 8


@by_area
def concentration_profile(group: ArrayLike, rest: ArrayLike) -> float:
    """How far the members of a group live from the mean share of their group.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        R >= 0: 0 where the group has the same share everywhere, 1 where it lives apart, which is the most for a group
        of up to half the population; a larger group may go a little beyond. NaN where one of the populations is empty
        and where fewer than two areas are inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    The profile v(q) is the part of the group that lives where its share is at least q. The index [1]_ is the area
    between the profile and that of an even distribution, above it up to the city's share P and below it from there on:
    ``R = [P - integral_0^P v(q) dq + integral_P^1 v(q) dq] / (1 - P)``. As an area with the share p_i adds x_i/X to
    v(q) for every q up to p_i, the integrals are sums, and exactly ``R = sum_i (x_i/X) |p_i - P| / (1 - P)``. With m
    equally spaced thresholds, as in other programs, the value differs by an order of 1/m.

    References
    ----------
    .. [1] Hong, S.-Y. & Sadahiro, Y. (2014). Measuring geographic segregation: a graph-based approach. Journal of
           Geographical Systems 16(2), 211-231.

    Examples
    --------
    >>> concentration_profile([100, 60, 40, 0], [0, 40, 60, 100])
    0.6
    """
    return in_one_place(_concentration_profile, group_and_rest(group, rest))


def _concentration_profile(pair: Pair) -> Floats:
    places, city = pair.places, pair.city_share
    distance = places.sum(pair.group * np.abs(pair.shares - places.each(city)))
    return ratio(distance, pair.group_sum * (1 - city))


@by_area
def spatial_proximity_profile(
    group: ArrayLike, rest: ArrayLike, one: ArrayLike, other: ArrayLike, *, thresholds: int | None = 1000
) -> float:
    """How close together the areas are where a group has a high share, in steps from neighbour to neighbour.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    one, other : array_like of int, shape (n_pairs,)
        Positions of the two areas of each pair of neighbours, each pair once.
    thresholds : int or None, default 1000
        Number of equally spaced shares from 0 to 1 at which the profile is read, at least 2; None integrates it
        exactly.

    Returns
    -------
    float
        SPP: the higher, the closer together are the areas with a share above that of the city. NaN where one of the
        populations is empty and where fewer than two areas are inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A pair names an unknown area, joins an area with itself or appears twice.
    SpecError
        There are fewer than two thresholds.

    Notes
    -----
    ``eta(q) = (k^2 - k) / sum_ij d_ij`` over the k areas whose share is at least q, with d_ij the least number of
    steps from area to area: the inverse of their mean distance, 1 where all are neighbours. It is 0 for fewer than
    two areas and where two of them cannot reach each other, as on an island without a neighbour. Then ``SPP =
    [P - integral_0^P eta(q) dq + integral_P^1 eta(q) dq] / (1 - P)`` [1]_; with m thresholds, each integral is the sum
    of eta over the thresholds in it, divided by m. Areas without persons of the two populations have no share, but
    paths lead through them.

    The shortest paths from all areas are searched level by level, side by side; the time grows with ``n^2.5``, the
    memory with n.

    References
    ----------
    .. [1] Hong, S.-Y. & Sadahiro, Y. (2014). Measuring geographic segregation: a graph-based approach. Journal of
           Geographical Systems 16(2), 211-231.

    Examples
    --------
    Five areas in a row, of which two neighbours, or the two at the ends, are home to the group:

    >>> row = [0, 1, 2, 3], [1, 2, 3, 4]
    >>> beside = spatial_proximity_profile([90, 90, 10, 10, 10], [10, 10, 90, 90, 90], *row, thresholds=None)
    >>> apart = spatial_proximity_profile([90, 10, 10, 10, 90], [10, 90, 90, 90, 10], *row, thresholds=None)
    >>> round(beside, 6), round(apart, 6)
    (0.913793, 0.706897)
    """
    if thresholds is not None and thresholds < 2:  # noqa: PLR2004 - 0 and 1
        raise SpecError(f"thresholds must be 2 or more (the shares 0 and 1), or None, not {thresholds!r}.")
    pair = group_and_rest(group, rest)
    lived_in = np.asarray(group, dtype=float) + np.asarray(rest, dtype=float) > 0
    contacts = checked_contacts(len(lived_in), one, other)
    if pair.reasons[0]:
        return float("nan")
    rank = np.full(len(lived_in), len(lived_in))
    order = np.argsort(-pair.shares, kind="stable")
    rank[np.flatnonzero(lived_in)[order]] = np.arange(len(order))
    closeness = _closeness(_distances(contacts, rank)[rank.argsort(kind="stable")][: len(order)])
    return _index_of_profile(np.sort(pair.shares), closeness, float(pair.city_share[0]), thresholds)


def _closeness(distances: Floats) -> Floats:
    """Return eta for the 0, 1, ..., n areas with the highest shares, from the distances of each to those before."""
    k = np.arange(len(distances) + 1)
    pairs, both_ways = k * (k - 1.0), np.concatenate([[0], 2 * np.cumsum(distances)])
    return np.asarray(np.divide(pairs, both_ways, out=np.zeros(len(k)), where=both_ways > 0))


def _index_of_profile(shares: Floats, closeness: Floats, city: float, thresholds: int | None) -> float:
    """Return [P - (area below P) + (area above P)] / (1 - P); the shares ascend."""
    if thresholds is None:
        bounds = np.unique(np.concatenate([shares, [0, city, 1]]))
        at, width, below = bounds[1:], np.diff(bounds), bounds[1:] <= city
    else:
        at = np.linspace(0, 1, thresholds)
        width, below = np.full(thresholds, 1 / thresholds), at < city
    profile = closeness[len(shares) - np.searchsorted(shares, at)] * width
    return float((city - profile[below].sum() + profile[~below].sum()) / (1 - city))


def _distances(contacts: Contacts, rank: Ints) -> Floats:
    """Return for each area the sum of its distances to the areas of lower rank; inf where one cannot be reached.

    The distance to an area is the number of levels at which a search from there has not yet come here.
    """
    neighbours = _neighbours(contacts, len(rank))
    by_degree = np.argsort(-np.bincount(np.concatenate([contacts.one, contacts.other]), minlength=len(rank)))
    rank = rank[by_degree]
    words = max(1, min(MOST_WORDS, MOST_BITS // (BITS * len(rank))))
    distances = np.zeros(len(rank))
    for first in range(0, len(rank), BITS * words):
        sources = np.arange(first, min(first + BITS * words, len(rank)))
        wanted = _as_words(rank[sources] < rank[:, None])
        seen = _as_words(sources == np.arange(len(rank))[:, None])
        while (missing := np.bitwise_count(wanted & ~seen).sum(axis=1)).any():
            spread = _spread(seen, neighbours)
            if np.array_equal(spread, seen):
                distances[missing > 0] = np.inf
                break
            distances += missing
            seen = spread
    return distances[np.argsort(by_degree)]


def _neighbours(contacts: Contacts, n_areas: int) -> list[Ints]:
    """Return the first neighbour of each area, then the second, ...; areas are numbered by falling number of them."""
    focal = np.concatenate([contacts.one, contacts.other])
    neighbour = np.concatenate([contacts.other, contacts.one])
    degree = np.bincount(focal, minlength=n_areas)
    number = np.empty(n_areas, dtype=np.intp)
    number[np.argsort(-degree)] = np.arange(n_areas)
    table = number[neighbour[np.argsort(number[focal], kind="stable")]]
    degree = -np.sort(-degree)
    starts = np.cumsum(degree) - degree
    return [table[starts[degree > k] + k] for k in range(degree.max(initial=0))]


def _as_words(marks: NDArray[np.bool_]) -> Words:
    """Pack the marks of each row into words of 64."""
    filled = np.zeros((len(marks), -(-marks.shape[1] // BITS) * BITS), dtype=bool)
    filled[:, : marks.shape[1]] = marks
    return np.packbits(filled, axis=1).view(np.uint64)


def _spread(seen: Words, neighbours: list[Ints]) -> Words:
    """Return the marks of each area and of its neighbours."""
    spread = seen.copy()
    for nth in neighbours:
        spread[: len(nth)] |= seen.take(nth, axis=0)
    return spread
