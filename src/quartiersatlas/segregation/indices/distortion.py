"""Distortion: how far must one look around to see the city as it is?

Around each area ever larger environments are drawn, the nearest areas first. Their composition differs from the
city's at first and is the city's in the end; distortion measures how long that takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import GeometryError, list_some
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import (
    Composition,
    as_composition,
    as_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Trajectory = tuple[Floats, NDArray[np.bool_], NDArray[np.intp]]

TIE = 1e-9  # of the city's diagonal: areas whose distances differ by less enter an environment together
TINY = np.finfo(float).tiny


@by_area
def local_distortion(counts: ArrayLike, points: ArrayLike, normalise: bool = True) -> NDArray[np.float64]:
    """How long the composition around each area differs from the city's, as environments grow.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in one unit; finite where somebody lives.
    normalise : bool, default True
        Whether to divide by the largest distortion that is possible with these groups.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        Distortion coefficients, normalised in [0, 1]: 0 where the composition is the city's from the first
        environment on. NaN for areas without residents, and everywhere with fewer than two groups that have members
        or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    GeometryError
        A coordinate is not finite, or the number of points is not that of the areas.

    Notes
    -----
    The environments of an area are the area itself, then with the nearest other area, and so on to the whole city;
    areas at equal distance enter together, so that the order of the rows does not matter. An environment with the
    share r of all residents has the divergence ``KL(r) = sum_k q_k log(q_k / pi_k)`` of its shares q from the city's
    shares pi, in nats. The focal distance ``f(c) = sup {r : KL(r) > c}`` is the share of the city that has to be seen
    before the divergence stays at c or below for good, and the coefficient is its integral over all levels c [1]_:

    ``Delta = integral_0^inf f(c) dc = sum_j (r_j - r_(j-1)) max_(l >= j) KL(r_l)``

    The largest possible coefficient is that of the innermost resident where each group lives apart, the smallest
    group innermost and the next larger ones around it in turn [1]_. For persons one by one, with the groups' shares
    ascending and ``P_k = pi_1 + ... + pi_k``, it is ``- sum_(k >= 2) P_(k-1) Li2(-pi_k / P_(k-1))`` with the
    dilogarithm Li2.

    Every area is compared with every other one, one area at a time: for n areas, the time grows with n^2 log n, the
    memory with n.

    References
    ----------
    .. [1] Olteanu, M., Randon-Furling, J. & Clark, W. A. V. (2019). Segregation through the multiscalar lens.
           Proceedings of the National Academy of Sciences 116(25), 12250-12254.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> local_distortion([[100, 0], [100, 0], [0, 100], [0, 100]], row).round(3).tolist()
    [0.877, 0.49, 0.49, 0.877]
    >>> local_distortion([[10, 90], [20, 180]], row[:2]).tolist()
    [0.0, 0.0]
    """
    composition, points, inhabited = _checked(counts, points)
    result = np.full(len(inhabited), np.nan)
    result[inhabited] = local_distortions(composition, points, normalise)
    return result


@by_area
def distortion(counts: ArrayLike, points: ArrayLike, normalise: bool = True) -> float:
    """How long the composition around a resident differs from the city's, on average over all residents.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in one unit; finite where somebody lives.
    normalise : bool, default True
        Whether to divide by the largest distortion that is possible with these groups.

    Returns
    -------
    float
        Normalised in [0, 1]: 0 where all areas have the same composition. 1 is the most distorted place of a city of
        ghettos, which no average reaches. NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    GeometryError
        A coordinate is not finite, or the number of points is not that of the areas.

    Notes
    -----
    ``sum_i t_i Delta_i / T`` over the coefficients of :func:`local_distortion` [1]_

    References
    ----------
    .. [1] de Bezenac, C., Clark, W. A. V., Olteanu, M. & Randon-Furling, J. (2022). Measuring and visualizing
           patterns of ethnic concentration: the role of distortion coefficients. Geographical Analysis 54(1),
           173-196.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> apart = distortion([[100, 0], [100, 0], [0, 100], [0, 100]], row)
    >>> mixed = distortion([[100, 0], [0, 100], [100, 0], [0, 100]], row)
    >>> round(apart, 3), round(mixed, 3)
    (0.684, 0.49)
    """
    composition, points, _ = _checked(counts, points)
    return float(distortions(composition, points, normalise)[0])


def divergence_sums(counts: ArrayLike, points: ArrayLike) -> NDArray[np.float64]:
    """Sum of the divergences of all environments of each area: a coefficient that counts areas, not residents.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in one unit; finite where somebody lives.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        ``sum_j KL(r_j)`` over the environments of :func:`local_distortion`, one for each inhabited area; areas at
        equal distance have the divergence of the environment with all of them. NaN as there.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    GeometryError
        A coordinate is not finite, or the number of points is not that of the areas.

    Notes
    -----
    Other software calls this sum the distortion coefficient. It grows with the number of areas, and with how finely
    the surroundings are divided; it serves to compare with results of that kind.

    Examples
    --------
    >>> divergence_sums([[100, 0], [0, 100]], [[0, 0], [1, 0]]).round(6).tolist()
    [0.693147, 0.693147]
    """
    composition, points, inhabited = _checked(counts, points)
    result = np.full(len(inhabited), np.nan)
    result[inhabited] = _per_area(composition, points, _sum_of_divergences)
    return result


def distortions(composition: Composition, points: Floats, normalise: bool = True) -> Floats:
    """Return the average over the residents of each place; NaN where none can be given."""
    local = local_distortions(composition, points, normalise)
    places = composition.places
    sums = np.where(places.sizes > 0, composition.sums, np.nan)
    return places.sum(composition.totals * local) / sums


def local_distortions(composition: Composition, points: Floats, normalise: bool = True) -> Floats:
    """Return the coefficient of each area; areas of different places do not see each other."""
    local = _per_area(composition, points, _integral_of_focal_distance)
    if not normalise:
        return local
    largest = np.array([_largest_distortion(shares) for shares in composition.city_shares])
    return local / composition.places.each(largest)


def _integral_of_focal_distance(trajectory: Trajectory, weights: Floats) -> float:
    """Return sum_j (r_j - r_(j-1)) max_(l >= j) KL(r_l)."""
    divergence, complete, order = trajectory
    divergence *= complete
    backwards = divergence[::-1]
    np.maximum.accumulate(backwards, out=backwards)
    return float(np.einsum("i,i", weights.take(order), divergence))


def _sum_of_divergences(trajectory: Trajectory, weights: Floats) -> float:  # noqa: ARG001 - the residents do not count
    """Return sum_j KL(r_j) over the areas."""
    divergence, complete, _ = trajectory
    ends = np.flatnonzero(complete)
    return float(np.diff(ends, prepend=-1) @ divergence[ends])


def _per_area(
    composition: Composition, points: Floats, summarise: Callable[[Trajectory, Floats], float]
) -> NDArray[np.float64]:
    """Return the summary of each area's trajectory; NaN in places without an index."""
    result = np.full(len(composition.totals), np.nan)
    places = composition.places
    for place in np.flatnonzero(composition.reasons == ""):
        rows = slice(places.starts[place], places.starts[place] + places.sizes[place])
        weights = composition.totals[rows] / composition.sums[place]
        trajectories = _trajectories(composition.counts[rows], points[rows])
        result[rows] = [summarise(trajectory, weights) for trajectory in trajectories]
    return result


def _trajectories(counts: Floats, points: Floats) -> Iterator[Trajectory]:
    """Yield for each area the divergence of its environments, whether they are complete, and the areas' order.

    An environment is complete with the last of several areas at equal distance. The arrays are overwritten by the next
    area.
    """
    sums = counts.sum(axis=0)
    city = sums[sums > 0] / sums.sum()
    shares = np.ascontiguousarray((counts[:, sums > 0] / sums[sums > 0]).T)  # of each group, the share in each area
    reached, terms = np.empty(shares.shape), np.empty(shares.shape)
    for order, complete in _from_near_to_far(points):
        np.take(shares, order, axis=1, out=reached, mode="clip")
        np.cumsum(reached, axis=1, out=reached)
        # u_k / r = q_k / pi_k: the share of group k that is reached, relative to all. The products are left to einsum:
        # BLAS would wake other threads for them, which costs more than they do
        reached /= np.einsum("k,ki", city, reached)
        np.maximum(reached, TINY, out=terms)
        np.log(terms, out=terms)
        terms *= reached
        divergence = np.einsum("k,ki", city, terms)
        yield np.maximum(divergence, 0.0, out=divergence), complete, order


def _from_near_to_far(points: Floats) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
    """Yield for each point all points by distance, itself first, and after which of them the distance grows."""
    n = len(points)
    bits = max(n - 1, 1).bit_length()
    finest = 2.0 ** (62 - bits)
    x, y = (np.ascontiguousarray(axis) for axis in (points - points.min(axis=0)).T)
    diagonal = float(np.hypot(x.max(), y.max()))
    scale = finest / diagonal if diagonal > 0 else 0.0
    numbers, mask, tie = np.arange(n), (1 << bits) - 1, round(TIE * finest)
    distance, other = np.empty(n), np.empty(n)
    keys, order, complete = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.ones(n, dtype=bool)
    for i in range(n):
        np.subtract(x, x[i], out=distance)
        np.square(distance, out=distance)
        np.subtract(y, y[i], out=other)
        np.square(other, out=other)
        distance += other
        np.sqrt(distance, out=distance)
        distance *= scale
        # distance and number in one integer: sorting integers is twice as fast as finding an order
        np.copyto(keys, distance, casting="unsafe")
        keys <<= bits
        keys |= numbers
        keys.sort()
        np.bitwise_and(keys, mask, out=order)
        keys >>= bits
        np.greater(keys[1:] - keys[:-1], tie, out=complete[:-1])
        yield order, complete


def _largest_distortion(shares: Floats) -> float:
    """Return the coefficient of the innermost resident of nested ghettos, the smallest group innermost."""
    from scipy.special import spence

    ascending = np.sort(shares[shares > 0])
    inside = np.cumsum(ascending)[:-1]
    return float(-(inside * spence(1 + ascending[1:] / inside)).sum())


def _checked(counts: ArrayLike, points: ArrayLike) -> tuple[Composition, Floats, NDArray[np.bool_]]:
    """Return the inhabited areas with their points, and which areas they are."""
    composition = as_composition(counts)
    counts, points = np.asarray(counts, dtype=float), as_numbers(points, "points")
    if points.shape != (len(counts), 2):
        raise GeometryError(
            f"The points must have the shape ({len(counts)}, 2), one per area; they have {points.shape}."
        )
    inhabited = counts.sum(axis=1) > 0
    nowhere = np.flatnonzero(inhabited & ~np.isfinite(points).all(axis=1))
    if len(nowhere):
        raise GeometryError(
            f"{count_noun(len(nowhere), 'area has', 'areas have')} no finite point: {list_some(nowhere)}."
        )
    return composition, points[inhabited], inhabited
