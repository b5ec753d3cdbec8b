"""Centralisation: how near to the centre does a group live?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import Pair, Places, as_counts, as_numbers, group_and_rest, in_one_place, share
from quartiersatlas.segregation.indices.concentration import ALIKE, Steps, checked_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

TOGETHER = 500  # areas whose surroundings are looked at together
CENTRES = ("population", "mean", "median", "largest")


@by_area
def absolute_centralisation(group: ArrayLike, area: ArrayLike, distance: ArrayLike) -> float:
    """How much nearer to the centre a group lives than if it were spread evenly over the land.

    Parameters
    ----------
    group : array_like of float, shape (n_areas,)
        Persons per area in the group. Finite, >= 0.
    area : array_like of float, shape (n_areas,)
        Land of each area, in any unit. Finite, above 0. Every area given is land to live on: leave out those where
        nobody can live.
    distance : array_like of float, shape (n_areas,)
        Distance of each area from the centre, in any unit. Finite, >= 0. See :func:`distance_to_centre`.

    Returns
    -------
    float
        ACE in [-1, 1]: positive where the group lives near the centre, negative where it lives at the edge. NaN where
        the group is empty and where there is one area only.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        The size of an area or a distance is impossible.

    Notes
    -----
    ``ACE = sum_i X_(i-1) A_i - sum_i X_i A_(i-1)`` [1]_, with the shares of the group and of the land cumulated from
    the centre outwards. Areas equally far from the centre (to 1e-9 of the distance) have no order and are taken
    together; taken one by one, the result would depend on the order of the rows.

    References
    ----------
    .. [1] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> absolute_centralisation([100, 0, 0], [1, 1, 2], [0, 1, 2])
    0.75
    """
    (members,) = as_counts(group)
    land = checked_sizes(area, len(members), "area")
    far = checked_sizes(distance, len(members), "distance", at_least_0=True)
    pair = Pair(members, land, members + land, Places.one(len(land)))
    return in_one_place(lambda pair: _absolute_centralisation(pair, land, far), pair)


def _absolute_centralisation(pair: Pair, area: Floats, distance: Floats) -> Floats:
    return _nearer(pair.group, area, Steps.of(distance, pair.places))


@by_area
def relative_centralisation(
    group: ArrayLike,
    rest: ArrayLike,
    distance: ArrayLike,
    within: float | None = None,
    nearest: int | None = None,
) -> float:
    """How much nearer to the centre a group lives than the population it is compared with.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    distance : array_like of float, shape (n_areas,)
        Distance of each area from the (nearest) centre, in any unit. Finite, >= 0. See :func:`distance_to_centre`.
    within : float, optional
        How far the centre's (or the centres') influence reaches, in the unit of the distance, at least 0: areas farther
        away do not count [3]_.
    nearest : int, optional
        How many areas, at least 1, the influence reaches beyond the area nearest to the centre (or to any of the
        centres); those as far as the last one count too. In place of ``within``.

    Returns
    -------
    float
        RCE in [-1, 1]: the share of the group that would have to move to be as far from the centre as the others;
        positive where it lives nearer, negative where it lives farther out. NaN where one of the populations is empty
        and where fewer than two areas are inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A distance is negative or not finite.
    SpecError
        ``within`` or ``nearest`` is out of range, or both are given.

    Notes
    -----
    ``RCE = sum_i X_(i-1) Y_i - sum_i X_i Y_(i-1)`` [1]_ [2]_, with the shares of both populations cumulated from the
    centre outwards. Areas equally far from the centre (to 1e-9 of the distance) are taken together. With the rest of
    all residents it is Duncan's absolute index: of the shares T of all residents, which are ``P X + (1 - P) Y``,
    ``sum_i X_(i-1) T_i - X_i T_(i-1) = (1 - P) RCE``.

    References
    ----------
    .. [1] Duncan, O. D. & Duncan, B. (1955). Residential distribution and occupational stratification. American
           Journal of Sociology 60(5), 493-503.
    .. [2] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.
    .. [3] Folch, D. C. & Rey, S. J. (2016). The centralization index: a measure of local spatial segregation. Papers in
           Regional Science 95(3), 555-576.

    Examples
    --------
    >>> relative_centralisation([100, 0, 0], [0, 50, 50], [0, 1, 2])
    1.0
    >>> relative_centralisation([10, 20, 10], [50, 100, 50], [0, 1, 2])
    0.0
    """
    pair = group_and_rest(group, rest)
    lived_in = np.asarray(group, dtype=float) + np.asarray(rest, dtype=float) > 0
    far = checked_sizes(distance, len(lived_in), "distance", at_least_0=True)[lived_in]
    if within is not None or nearest is not None:
        near = far <= _reach(within, nearest, lambda k: np.partition(far, k)[k], len(far)) * (1 + ALIKE)
        pair = Pair(pair.group[near], pair.other[near], pair.population[near], Places.one(int(near.sum())))
        far = far[near]
    return in_one_place(lambda pair: _relative_centralisation(pair, far), pair)


@by_area
def local_centralisation(
    group: ArrayLike,
    rest: ArrayLike,
    points: ArrayLike,
    within: float | None = None,
    nearest: int | None = None,
) -> Floats:
    """How much nearer to each area a group lives than the rest, among those around it: the area as the centre.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in metres, as a rule their centroids. Finite.
    within : float, optional
        How far around each area is looked, in the unit of the coordinates. At least 0, finite.
    nearest : int, optional
        In place of ``within``: at how many other inhabited areas around each area is looked, at least 1; those as far
        as the last one count too.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        RCE in [-1, 1] of the areas around: positive where the group is concentrated around the area,
        negative where it avoids it. NaN where one of the populations is not around, where no second area is inhabited
        around, and in areas without residents.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        Points are not pairs of finite coordinates, one for each area.
    SpecError
        ``within`` is not a number, 0 or more, ``nearest`` not a whole number, 1 or more, or not one of them is given.

    Notes
    -----
    :func:`relative_centralisation` with the distance from the area itself, of the areas around it [1]_; areas equally
    far from it are taken together.

    References
    ----------
    .. [1] Folch, D. C. & Rey, S. J. (2016). The centralization index: a measure of local spatial segregation. Papers in
           Regional Science 95(3), 555-576.

    Examples
    --------
    >>> row = [[0, 0], [100, 0], [200, 0]]
    >>> local_centralisation([50, 100, 50], [100, 50, 100], row, within=100).round(3).tolist()
    [-0.333, 0.3, -0.333]
    >>> local_centralisation([50, 100, 50], [100, 50, 100], row, nearest=1).round(3).tolist()
    [-0.333, 0.3, -0.333]
    """
    from scipy.spatial import cKDTree

    group, rest = as_counts(group, rest)
    where = _coordinates(points, "points")
    if len(where) != len(group):
        raise GeometryError(f"There are {len(where)} points and {len(group)} areas.")
    if within is None and nearest is None:
        raise SpecError("Say how far to look around each area: within=, a distance, or nearest=, a number of areas.")
    lived_in = np.flatnonzero(group + rest > 0)
    result = np.full(len(group), np.nan)
    tree = cKDTree(where[lived_in].reshape(-1, 2))
    far_to = _reach(within, nearest, lambda k: tree.query(where[lived_in], [k + 1])[0][:, 0], len(lived_in))
    reach = np.broadcast_to(far_to, lived_in.shape) * (1 + ALIKE)
    for start in range(0, len(lived_in), TOGETHER):
        some = lived_in[start : start + TOGETHER]
        around = tree.query_ball_point(where[some], reach[start : start + TOGETHER])
        places = Places(np.array([len(near) for near in around], dtype=np.intp))
        rows = lived_in[np.concatenate([np.asarray(near, dtype=np.intp) for near in around])]
        far = np.hypot(*(where[rows] - where[np.repeat(some, places.sizes)]).T)
        pair = Pair(group[rows], rest[rows], group[rows] + rest[rows], places)
        result[some] = np.where(pair.reasons == "", _relative_centralisation(pair, far), np.nan)
    return result


def _reach(
    within: float | None, nearest: int | None, distance_of: Callable[[int], float | Floats], areas: int
) -> float | Floats:
    """Return how far the areas within a distance, or so many areas beyond the first, reach."""
    if nearest is None:
        if isinstance(within, bool) or not isinstance(within, int | float | np.number) or not 0 <= within < np.inf:
            raise SpecError(f"within must be a distance, 0 or more, not {within!r}.")
        return float(within)
    if within is not None:
        raise SpecError("Pass within= or nearest=, not both: a distance, or a number of areas.")
    if isinstance(nearest, bool) or not isinstance(nearest, int | np.integer) or nearest < 1:
        raise SpecError(f"nearest must be a whole number of areas, 1 or more, not {nearest!r}.")
    return distance_of(min(int(nearest), areas - 1)) if areas else 0.0


def _relative_centralisation(pair: Pair, distance: Floats) -> Floats:
    return _nearer(pair.group, pair.other, Steps.of(distance, pair.places))


def _nearer(group: Floats, other: Floats, steps: Steps) -> Floats:
    """Return sum_i X_(i-1) Y_i - X_i Y_(i-1) per place, which is sum_i X_(i-1) y_i - x_i Y_(i-1)."""
    places = steps.places
    x, y = steps.sum(group), steps.sum(other)
    x, y = share(x, places.each(places.sum(x))), share(y, places.each(places.sum(y)))
    x_nearer, y_nearer = places.cumulated(x) - x, places.cumulated(y) - y
    return places.sum(x_nearer * y - x * y_nearer)


@by_area
def distance_to_centre(
    points: ArrayLike, centre: str | ArrayLike = "population", weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return how far each area is from the centre of the city.

    Parameters
    ----------
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in metres, as a rule their centroids. Finite.
    centre : {"population", "mean", "median", "largest"} or array_like of float, default "population"
        The mean of the areas weighted with their residents; the mean or the median of x and of y; the most populous
        area (of several, their mean); or coordinates x, y of one centre or of several, of which the nearest counts.
    weights : array_like of float, shape (n_areas,), optional
        Residents per area, for "population" and "largest". Finite, >= 0, not all 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        Distance of each area from the (nearest) centre, in the unit of the coordinates.

    Raises
    ------
    CountError
        A weight is negative or not finite, or nobody lives anywhere.
    GeometryError
        Points or centres are not pairs of finite coordinates.
    SpecError
        The rule is unknown, or needs weights.

    Examples
    --------
    >>> row = [[0, 0], [100, 0], [200, 0]]
    >>> distance_to_centre(row, "mean").tolist()
    [100.0, 0.0, 100.0]
    >>> distance_to_centre(row, weights=[0, 0, 50]).tolist()
    [200.0, 100.0, 0.0]
    >>> distance_to_centre(row, [(0, 0), (200, 0)]).tolist()
    [0.0, 100.0, 0.0]
    """
    places = _coordinates(points, "points")
    if isinstance(centre, str):
        centre = centre_of(places, centre, weights)
    centres = _coordinates(np.atleast_2d(as_numbers(centre, "centre")), "centre")
    if not len(centres):
        raise GeometryError("No centre is given.")
    return np.asarray(np.min([np.hypot(*(places - at).T) for at in centres], axis=0))


def _coordinates(points: ArrayLike, name: str) -> Floats:
    """Return coordinates as a table of x and y; all must be finite."""
    table = as_numbers(points, name)
    if table.ndim != 2 or table.shape[1] != 2 or not np.isfinite(table).all():  # noqa: PLR2004 - x and y
        raise GeometryError(f"{name!r} must be pairs of finite coordinates x, y; the shape given is {table.shape}.")
    return table


def centre_of(points: Floats, rule: str, weights: ArrayLike | None) -> Floats:
    """Return the centre by a rule."""
    if rule not in CENTRES:
        raise SpecError(f"centre must be one of {', '.join(map(repr, CENTRES))}, or coordinates, not {rule!r}.")
    if rule == "mean":
        return np.asarray(points.mean(axis=0))
    if rule == "median":
        return np.asarray(np.median(points, axis=0))
    if weights is None:
        raise SpecError(f"centre={rule!r} needs the residents of each area as weights.")
    (residents,) = as_counts(weights)
    if residents.shape != (len(points),) or residents.sum() == 0:
        raise CountError(
            f"The weights must be one per area ({len(points)}), not all 0; their shape is {residents.shape}."
        )
    if rule == "largest":
        return np.asarray(points[residents == residents.max()].mean(axis=0))
    return np.asarray(np.average(points, axis=0, weights=residents))
