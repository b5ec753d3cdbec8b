"""Clustering: do the areas of a group lie close together? And whom would its members meet nearby?

All five indices weigh the residents of other areas by exp(-distance). The sums over all pairs of areas are computed
once (:func:`proximity_sums`), for several groups in the same pass; the indices are short formulas on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun, renamed
from quartiersatlas.errors import GeometryError, SpecError, list_some
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import Pair, Places, as_counts, as_numbers, as_part_and_population, ratio, share
from quartiersatlas.segregation.indices.own_distances import checked_distances, sums_by_distances
from quartiersatlas.space.surroundings import decay_sums, nearest_distances

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.indices.boundary import Contacts
    from quartiersatlas.segregation.indices.own_distances import Distances

    Floats = NDArray[np.float64]

WITHIN = 0.6  # White 1983: residents of an area of a square metres live sqrt(0.6 a) metres apart
DECAY = 1000.0  # metres over which nearness falls to 1/e, if nothing is said: exp(-d), d in kilometres
OUT_OF_SIGHT = 30.0  # lengths of decay; exp(-30) = 1e-13: a neighbour at this distance does not count
REASON = "note_decay_unit"


@dataclass(frozen=True)
class Proximity:
    """A group, the population it is compared with, and how many of both are near each area.

    Parameters
    ----------
    pair : Pair
        The populations x and y and all residents t.
    near_group, near_other, near_total, near_areas : ndarray of float, shape (n_areas,)
        ``sum_j c_ij x_j``, ``sum_j c_ij y_j``, ``sum_j c_ij t_j`` and ``sum_j c_ij`` over the areas of one place.
    unit_reasons : ndarray of str, shape (n_places,)
        Why the length of decay does not fit the areas; empty where it does.
    """

    pair: Pair
    near_group: Floats
    near_other: Floats
    near_total: Floats
    near_areas: Floats
    unit_reasons: NDArray[np.str_]

    @cached_property
    def reasons(self) -> NDArray[np.str_]:
        """Why no index can be given (the name of a text), per place; empty where one can."""
        return np.where(self.pair.reasons == "", self.unit_reasons, self.pair.reasons)

    @cached_property
    def group_pairs(self) -> Floats:
        """Pairs of members of the group, by proximity, per place: X^2 Pxx."""
        return self.pair.places.sum(self.pair.group * self.near_group)

    @cached_property
    def other_pairs(self) -> Floats:
        """Pairs of members of the other population, by proximity, per place: Y^2 Pyy."""
        return self.pair.places.sum(self.pair.other * self.near_other)

    @cached_property
    def both_pairs(self) -> Floats:
        """Pairs of members of either population, by proximity, per place: T^2 Ptt."""
        return self.pair.places.sum(self.pair.both * (self.near_group + self.near_other))


def proximity_sums(
    pairs: Sequence[Pair], points: Floats, area: Floats, decay: float, distances: Contacts | None = None
) -> list[Proximity]:
    """Return how many persons are near each area, for several groups in one pass over all pairs of areas.

    Parameters
    ----------
    pairs : sequence of Pair
        Groups with what they are compared with; all on the same areas and places, with the same residents.
    points : ndarray of float, shape (n_areas, 2)
        Coordinates x, y of the areas in metres; areas of different places are not near each other.
    area : ndarray of float, shape (n_areas,)
        Size of the areas in square metres, >= 0.
    decay : float
        Metres over which the weight falls to 1/e, above 0.
    distances : Contacts, optional
        Distances between areas of one place, in place of those between the points.

    Returns
    -------
    list of Proximity
        One for each pair. With G pairs and n areas, a pass takes ``n^2 (3 + G / 10)`` nanoseconds or so and memory
        for ``n (2 G + 2)`` numbers; areas on a regular grid take far less.

    Raises
    ------
    GeometryError
        Points or areas are not finite, areas are negative, or their number is not that of the counts.
    SpecError
        The decay is not above 0 and finite.
    """
    pair = pairs[0]
    points, area = _checked_places(points, area, len(pair.population))
    columns = [pair.population, np.ones(len(pair.population))]
    for each in pairs:
        columns += [each.group, each.other]
    values, within = np.column_stack(columns), np.sqrt(WITHIN * area)
    if distances is not None:
        near = sums_by_distances(distances, values, decay, within)
        return _proximities(pairs, near, unit_reasons(pair.places, None, near[:, 0], decay))
    near = np.empty(values.shape)
    for start, size in zip(pair.places.starts, pair.places.sizes, strict=True):
        rows = slice(start, start + size)
        near[rows] = decay_sums(points[rows], values[rows], decay, within[rows])
    return _proximities(pairs, near, unit_reasons(pair.places, points, near[:, 0], decay))


def _proximities(pairs: Sequence[Pair], near: Floats, reasons: NDArray[np.str_]) -> list[Proximity]:
    """Return the sums of each pair: near are all residents, all areas, and the two populations of each pair."""
    return [
        Proximity(each, near[:, 2 * k + 2], near[:, 2 * k + 3], near[:, 0], near[:, 1], reasons)
        for k, each in enumerate(pairs)
    ]


def decay_reason(points: ArrayLike, decay: float) -> str:
    """Return why the length of decay is too small for these areas to be near each other; empty if it is not.

    Parameters
    ----------
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in metres, finite.
    decay : float
        Metres over which the weight falls to 1/e.

    Returns
    -------
    str
        The name of the text that says so where at least half of the areas have no other area within 30 units, as
        with 1 for kilometres; else empty. All indices would then be those of the areas alone.

    Examples
    --------
    >>> squares = [[0, 0], [1000, 0], [2000, 0]]
    >>> decay_reason(squares, 1), decay_reason(squares, 1000)
    ('note_decay_unit', '')
    """
    nearest = nearest_distances(points)
    return REASON if len(nearest) > 1 and np.median(nearest) > OUT_OF_SIGHT * decay else ""


@renamed(unit="decay")
@by_area
def spatial_proximity(
    group: ArrayLike,
    rest: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """How much closer members of the same population live to each other than members of any do.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas' centroids in metres; finite where somebody lives.
    area : array_like of float, shape (n_areas,)
        Size of the areas in square metres, >= 0.
    decay : float, default 1000
        Metres over which the weight of a neighbour falls to 1/e, above 0. The default is the exp(-d) of the literature
        with d in kilometres.
    distances : tuple of (array_like, array_like, array_like), optional
        Distances of one's own, such as those along streets: the positions of the two areas of each pair, each pair
        once, and their distance in metres. Pairs that are not named are not near each other; ``points`` may be None.

    Returns
    -------
    float
        SP: 1 where both populations are equally clustered, above 1 where they cluster apart from each other;
        NaN where one of the populations is empty, with one inhabited area, and where the decay is far below the
        distance between areas (:func:`decay_reason`).

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A coordinate or a size is not finite, a size is negative, or their number is not that of the counts.
    SpecError
        The decay is not above 0 and finite.

    Notes
    -----
    ``SP = (X Pxx + Y Pyy) / (T Ptt)``, ``Pxx = sum_i sum_j x_i x_j c_ij / X^2``, with ``c_ij = exp(-d_ij / decay)``
    and ``d_ii = sqrt(0.6 a_i)``; areas are near themselves too (i = j is included) [1]_ [2]_

    References
    ----------
    .. [1] White, M. J. (1983). The measurement of spatial segregation. American Journal of Sociology 88(5),
           1008-1018.
    .. [2] White, M. J. (1986). Segregation and diversity measures in population distribution. Population Index
           52(2), 198-221.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> apart = spatial_proximity([100, 100, 0, 0], [0, 0, 100, 100], row, [1] * 4, decay=1)
    >>> mixed = spatial_proximity([100, 0, 100, 0], [0, 100, 0, 100], row, [1] * 4, decay=1)
    >>> round(apart, 3), round(mixed, 3)
    (1.413, 1.017)
    """
    return _in_one_place(spatial_proximities, _proximity(group, rest, None, points, area, decay, distances))


def spatial_proximities(near: Proximity) -> Floats:
    """Return SP per place."""
    pair = near.pair
    own = ratio(near.group_pairs, pair.group_sum) + ratio(near.other_pairs, pair.other_sum)
    return ratio(own, ratio(near.both_pairs, pair.both_sum))


@renamed(unit="decay")
@by_area
def relative_clustering(
    group: ArrayLike,
    rest: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """How much closer members of a group live to each other than members of the other population do.

    Parameters
    ----------
    group, rest, points, area : array_like of float
        As for :func:`spatial_proximity`.
    decay : float, default 1000
        Metres over which the weight of a neighbour falls to 1/e, above 0.
    distances : tuple of (array_like, array_like, array_like), optional
        As for :func:`spatial_proximity`.

    Returns
    -------
    float
        RCL: 0 where both populations are equally clustered, above 0 where the group is more clustered, below 0 (to
        -1) where it is less; NaN as for :func:`spatial_proximity`.

    Raises
    ------
    CountError, GeometryError, SpecError
        As for :func:`spatial_proximity`.

    Notes
    -----
    ``RCL = Pxx / Pyy - 1`` [1]_, with Pxx as in :func:`spatial_proximity`.

    References
    ----------
    .. [1] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> relative_clustering([50, 0, 0, 50], [0, 100, 100, 0], row, [1] * 4, decay=1) < 0
    True
    """
    return _in_one_place(relative_clusterings, _proximity(group, rest, None, points, area, decay, distances))


def relative_clusterings(near: Proximity) -> Floats:
    """Return RCL per place."""
    pair = near.pair
    return ratio(ratio(near.group_pairs, pair.group_sum**2), ratio(near.other_pairs, pair.other_sum**2)) - 1


@renamed(unit="decay")
@by_area
def absolute_clustering(
    group: ArrayLike,
    rest: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """How many of the residents nearby are members of the own group, beyond what an equal number everywhere gives.

    Parameters
    ----------
    group, rest, points, area : array_like of float
        As for :func:`spatial_proximity`.
    decay : float, default 1000
        Metres over which the weight of a neighbour falls to 1/e, above 0.
    distances : tuple of (array_like, array_like, array_like), optional
        As for :func:`spatial_proximity`.

    Returns
    -------
    float
        ACL, at most 1: 0 where every area has as many members of the group as any other, above 0 where they live
        close together; NaN as for :func:`spatial_proximity`.

    Raises
    ------
    CountError, GeometryError, SpecError
        As for :func:`spatial_proximity`.

    Notes
    -----
    ``ACL = (E - F) / (G - F)``, ``E = sum_i x_i / X sum_j c_ij x_j``, ``G = sum_i x_i / X sum_j c_ij t_j``,
    ``F = X / n^2 sum_i sum_j c_ij`` [1]_, with c as in :func:`spatial_proximity`. F takes an equal number of members
    in each area as the yardstick, not an equal share: a group with the same share everywhere has ACL 0 only where
    all areas have equally many residents.

    References
    ----------
    .. [1] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> apart = absolute_clustering([100, 100, 0, 0], [0, 0, 100, 100], row, [1] * 4, decay=1)
    >>> mixed = absolute_clustering([100, 0, 100, 0], [0, 100, 0, 100], row, [1] * 4, decay=1)
    >>> round(apart, 3), round(mixed, 3)
    (0.413, 0.017)
    """
    return _in_one_place(absolute_clusterings, _proximity(group, rest, None, points, area, decay, distances))


def absolute_clusterings(near: Proximity) -> Floats:
    """Return ACL per place; n are the inhabited areas."""
    pair = near.pair
    own = ratio(near.group_pairs, pair.group_sum)
    everybody = ratio(pair.places.sum(pair.group * near.near_total), pair.group_sum)
    equal = ratio(pair.group_sum * pair.places.sum(near.near_areas), pair.places.sizes.astype(float) ** 2)
    return ratio(own - equal, everybody - equal)


@renamed(total="population", unit="decay")
@by_area
def distance_decay_isolation(
    group: ArrayLike,
    population: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """Probability that the next person whom a member of a group meets anywhere is of the same group.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.
    points, area : array_like of float
        As for :func:`spatial_proximity`.
    decay : float, default 1000
        Metres over which the weight of a neighbour falls to 1/e, above 0.
    distances : tuple of (array_like, array_like, array_like), optional
        As for :func:`spatial_proximity`.

    Returns
    -------
    float
        DPxx in [0, 1]: the group's share in the city where all areas have the same share; NaN where the group is
        empty or everybody, and else as for :func:`spatial_proximity`.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.
    GeometryError, SpecError
        As for :func:`spatial_proximity`.

    Notes
    -----
    ``DPxx = sum_i x_i / X sum_j K_ij x_j / t_j``, ``K_ij = c_ij t_j / sum_k c_ik t_k`` [1]_, with c as in
    :func:`spatial_proximity`. As K_i sums to 1, DPxx and DPxy with the rest sum to 1.

    References
    ----------
    .. [1] Morgan, B. S. (1983). A distance-decay based interaction index to measure residential segregation.
           Area 15(3), 211-217.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> round(distance_decay_isolation([100, 100, 0, 0], [100] * 4, row, [1] * 4, decay=1), 3)
    0.72
    """
    group, population = as_part_and_population(group, population)
    near = _proximity(group, population - group, population, points, area, decay, distances)
    return _in_one_place(distance_decay_isolations, near)


def distance_decay_isolations(near: Proximity) -> Floats:
    """Return DPxx per place."""
    return _mean_share(near, near.near_group)


@renamed(total="population", unit="decay")
@by_area
def distance_decay_interaction(
    group: ArrayLike,
    other: ArrayLike,
    population: ArrayLike,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float = DECAY,
    *,
    distances: Distances | None = None,
) -> float:
    """Probability that the next person whom a member of a group meets anywhere is of another group.

    Parameters
    ----------
    group, other, population : array_like of float, shape (n_areas,)
        Persons per area in the group, in the other group and altogether. Finite, >= 0; the two groups exclude one
        another.
    points, area : array_like of float
        As for :func:`spatial_proximity`.
    decay : float, default 1000
        Metres over which the weight of a neighbour falls to 1/e, above 0.
    distances : tuple of (array_like, array_like, array_like), optional
        As for :func:`spatial_proximity`.

    Returns
    -------
    float
        DPxy in [0, 1]; with the rest as the other group, DPxx + DPxy = 1. NaN as for :func:`spatial_proximity`.

    Raises
    ------
    CountError
        A count is negative or not finite, or the groups together are larger than the population.
    GeometryError, SpecError
        As for :func:`spatial_proximity`.

    Notes
    -----
    ``DPxy = sum_i x_i / X sum_j K_ij y_j / t_j`` [1]_, with K as in :func:`distance_decay_isolation`.

    References
    ----------
    .. [1] Morgan, B. S. (1983). A distance-decay based interaction index to measure residential segregation.
           Area 15(3), 211-217.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> round(distance_decay_interaction([100, 100, 0, 0], [0, 0, 100, 100], [100] * 4, row, [1] * 4, decay=1), 3)
    0.28
    """
    return _in_one_place(
        distance_decay_interactions, _proximity(group, other, population, points, area, decay, distances)
    )


def distance_decay_interactions(near: Proximity) -> Floats:
    """Return DPxy per place."""
    return _mean_share(near, near.near_other)


def _mean_share(near: Proximity, met: Floats) -> Floats:
    """Return sum_i x_i / X (sum_j c_ij y_j) / (sum_j c_ij t_j) per place."""
    pair = near.pair
    return ratio(pair.places.sum(pair.group * share(met, near.near_total)), pair.group_sum)


def _proximity(
    group: ArrayLike,
    other: ArrayLike,
    population: ArrayLike | None,
    points: ArrayLike | None,
    area: ArrayLike,
    decay: float,
    distances: Distances | None,
) -> Proximity:
    """Return the sums of one pair in one place, without empty areas; without a population, the two are everybody."""
    group, other = as_counts(group, other)
    _, population = as_part_and_population(group + other, group + other if population is None else population)
    if points is None and distances is None:
        raise SpecError("Distances need points, or distances= of your own.")
    area = as_numbers(area, "area")
    points = np.zeros((len(area), 2)) if points is None else as_numbers(points, "points")
    _check_lengths(points, area, len(population))
    lived_in = population > 0
    pair = Pair(group[lived_in], other[lived_in], population[lived_in], Places.one(int(lived_in.sum())))
    pairs = None if distances is None else checked_distances(distances, lived_in)
    return proximity_sums([pair], points[lived_in], area[lived_in], decay, pairs)[0]


def _in_one_place(compute: Callable[[Proximity], Floats], near: Proximity) -> float:
    """Return the index of a single place; NaN where it cannot be given."""
    return float("nan") if near.reasons[0] else float(compute(near)[0])


def _checked_places(points: ArrayLike, area: ArrayLike, n_areas: int) -> tuple[Floats, Floats]:
    """Return where the areas are and how large; both must be known."""
    points, area = as_numbers(points, "points"), as_numbers(area, "area")
    _check_lengths(points, area, n_areas)
    unknown = np.flatnonzero(~np.isfinite(points).all(axis=1) | ~np.isfinite(area) | (area < 0))
    if len(unknown):
        raise GeometryError(
            f"{count_noun(len(unknown), 'area has', 'areas have')} no finite centroid or size: {list_some(unknown)}."
        )
    return points, area


def _check_lengths(points: Floats, area: Floats, n_areas: int) -> None:
    """Refuse other numbers of points or sizes than of areas."""
    if points.shape != (n_areas, 2) or area.shape != (n_areas,):
        raise GeometryError(
            f"The points must have the shape ({n_areas}, 2) and the sizes ({n_areas},), one per area; "
            f"they have {points.shape} and {area.shape}."
        )


def unit_reasons(places: Places, points: Floats | None, near_total: Floats, decay: float) -> NDArray[np.str_]:
    """Return the reason of each place, also where an area is not even near itself; all there is without points."""
    nowhere = places.sum((near_total == 0).astype(float)) > 0
    if points is None:
        return np.where(nowhere, REASON, "")
    ends = places.starts + places.sizes
    reasons = [decay_reason(points[start:end], decay) for start, end in zip(places.starts, ends, strict=True)]
    return np.where(nowhere, REASON, np.array(reasons, dtype=f"<U{len(REASON)}"))
