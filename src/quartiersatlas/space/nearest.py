"""The nearest areas of each area: so many areas, or so many persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from quartiersatlas.space.regular_grids import TIE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

FIRST = 16  # nearest areas that are looked at first; twice as many wherever they do not have enough persons


def nearest_areas(shapes: ArrayLike, k: int) -> tuple[Ints, Ints]:
    """Return for each area its k nearest others, by the distance of their centroids.

    Parameters
    ----------
    shapes : array_like of Polygon or MultiPolygon, shape (n_areas,)
        The areas in metres.
    k : int
        Number of neighbours, at least 1; fewer where there are fewer areas.

    Returns
    -------
    (ndarray of int, ndarray of int)
        Positions of the areas, ascending, and of their neighbours, nearest first. Of areas at the same distance the
        first ones are taken.

    Examples
    --------
    >>> nearest_areas([shapely.box(x, 0, x + 1, 1) for x in (0, 1, 5)], 1)[1].tolist()
    [1, 0, 1]
    """
    points = _centres(shapes)
    lists = [near[:k] for near in _in_order(points, np.arange(len(points)), k)]
    return _pairs(lists)


def nearest_persons(shapes: ArrayLike, people: ArrayLike, persons: float) -> tuple[Ints, Ints]:
    """Return for each area the nearest others that have, with its own residents, so many persons.

    Parameters
    ----------
    shapes : array_like of Polygon or MultiPolygon, shape (n_areas,)
        The areas in metres.
    people : array_like of float, shape (n_areas,)
        Residents of each area; an unknown number (NaN) counts as nobody here.
    persons : float
        Persons that are to be reached, above 0.

    Returns
    -------
    (ndarray of int, ndarray of int)
        As :func:`nearest_areas`. The last neighbour is the one with which the number is reached; an area that has as
        many residents by itself has no neighbours.

    Examples
    --------
    >>> squares = [shapely.box(x, 0, x + 1, 1) for x in (0, 1, 5)]
    >>> one, other = nearest_persons(squares, [300, 200, 900], 500)
    >>> list(zip(one.tolist(), other.tolist()))
    [(0, 1), (1, 0)]
    """
    points, residents = _centres(shapes), np.nan_to_num(np.asarray(people, dtype=float))
    lists: list[list[int]] = [[] for _ in points]
    waiting, k = np.flatnonzero(residents < persons), FIRST
    while len(waiting):
        later = []
        for i, near in zip(waiting.tolist(), _in_order(points, waiting, k), strict=True):
            reached = residents[i] + np.cumsum(residents[near])
            enough = int(np.searchsorted(reached, persons * (1 - TIE)))
            if enough < len(near) or k >= len(points) - 1:
                lists[i] = near[: enough + 1]
            else:
                later.append(i)
        waiting, k = np.array(later, dtype=np.intp), 2 * k
    return _pairs(lists)


def _centres(shapes: ArrayLike) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.centroid(np.asarray(shapes, dtype=object))))


def _in_order(points: Floats, some: Ints, k: int) -> list[list[int]]:
    """Return for some points all others up to the distance of the k-th nearest, by distance, then by position."""
    from scipy.spatial import cKDTree

    k = min(k, len(points) - 1)
    if k < 1 or not len(some):
        return [[] for _ in some]
    tree = cKDTree(points)
    reach = tree.query(points[some], k=[k + 1])[0][:, 0]  # the nearest is the point itself
    found = []
    for i, near in zip(some.tolist(), tree.query_ball_point(points[some], reach * (1 + TIE)), strict=True):
        others = np.array(sorted(j for j in near if j != i), dtype=np.intp)
        distance = np.hypot(*(points[others] - points[i]).T)
        step = np.maximum(distance, 1.0) * TIE  # as good as equal: the position decides
        found.append(others[np.lexsort((others, np.round(distance / step.max())))].tolist())
    return found


def _pairs(lists: list[list[int]]) -> tuple[Ints, Ints]:
    one = np.repeat(np.arange(len(lists)), [len(near) for near in lists])
    return one, np.array([j for near in lists for j in near], dtype=np.intp)
