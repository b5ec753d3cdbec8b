"""Surroundings of the nearest persons: as many everywhere, however far they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.indices.distortion import _checked, _from_near_to_far, _trajectories
from quartiersatlas.segregation.indices.spatial import FORMULAS, SegregationProfile, _exposure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition

    Floats = NDArray[np.float64]

NAMES = ("dissimilarity", "information_theory", "relative_diversity")
ROUNDING = 1e-12  # relative: a share that is reached up to rounding is reached


@by_area
def nearest_environments(counts: ArrayLike, points: ArrayLike, persons: ArrayLike) -> NDArray[np.float64]:
    """Share of each group among the persons who live nearest to each area.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    points : array_like of float, shape (n_areas, 2)
        Coordinates x, y of the areas in one unit; finite where somebody lives.
    persons : float or array_like of float, shape (n_sizes,)
        How many persons make up the surroundings, above 0; everybody where the city has fewer.

    Returns
    -------
    ndarray of float, shape (n_sizes, n_areas, n_groups)
        Shares, which add up to 1 over the groups; NaN in areas without residents.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    GeometryError
        A coordinate is not finite, or the number of points is not that of the areas.
    SpecError
        A number of persons is not above 0 and finite.

    Notes
    -----
    The area itself comes first, then the next nearest, until there are k persons [1]_. Areas at equal distance come
    together, and of those with which k is passed the same part of every group counts, so that exactly k persons are
    weighed and the order of the rows does not matter. The time grows with n^2 log n, the memory with n.

    References
    ----------
    .. [1] Östh, J., Malmberg, B. & Andersson, E. K. (2014). Analysing segregation using individualised neighbourhoods.
           In: Lloyd, C. D. et al. (eds.), Social-Spatial Segregation. Bristol, 135-161.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0]]
    >>> nearest_environments([[100, 0], [0, 100], [0, 100]], row, [100, 150])[..., 0].round(6).tolist()
    [[1.0, 0.0, 0.0], [0.666667, 0.166667, 0.0]]
    """
    composition, points, inhabited = _checked(counts, points)
    result = np.full((np.size(persons), len(inhabited), composition.counts.shape[1]), np.nan)
    result[:, inhabited] = nearest_shares(composition, points, persons)
    return result


@by_area
def nearest_profile(counts: ArrayLike, points: ArrayLike, persons: ArrayLike) -> SegregationProfile:
    """All spatial indices with the nearest persons as surroundings, for several numbers of persons.

    Parameters
    ----------
    counts, points, persons : array_like of float
        As for :func:`nearest_environments`.

    Returns
    -------
    SegregationProfile
        ``radii`` are the numbers of persons. NaN where fewer than two groups have members or one area is inhabited.

    Raises
    ------
    CountError, GeometryError, SpecError
        As for :func:`nearest_environments`.

    Notes
    -----
    The formulas of :func:`segregation_profile`, with the shares among the k nearest persons [1]_. With k up to the
    smallest area, they are the indices without space; with everybody, 0.

    References
    ----------
    .. [1] Östh, J., Clark, W. A. V. & Malmberg, B. (2015). Measuring the scale of segregation using k-nearest neighbor
           aggregates. Geographical Analysis 47(1), 34-49.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> nearest_profile([[100, 0], [100, 0], [0, 100], [0, 100]], row, [100, 400]).dissimilarity.tolist()
    [1.0, 0.0]
    """
    composition, points, _ = _checked(counts, points)
    shares = nearest_shares(composition, points, persons)
    known = composition.reasons[0] == ""
    found = {name: np.where(known, FORMULAS[f"spatial_{name}"](composition, shares)[:, 0], np.nan) for name in NAMES}
    exposure = np.where(known, _exposure(composition, shares)[:, 0], np.nan)
    return SegregationProfile(np.atleast_1d(np.asarray(persons, dtype=float)), **found, exposure=exposure)


def nearest_shares(composition: Composition, points: Floats, persons: ArrayLike) -> Floats:
    """Return the shares among the nearest persons, of one place without empty areas."""
    wanted = np.atleast_1d(np.asarray(persons, dtype=float))
    if wanted.ndim != 1 or not (np.isfinite(wanted) & (wanted > 0)).all():
        raise SpecError(f"persons must be numbers above 0, not {persons!r}.")
    counts, totals = composition.counts, composition.totals
    wanted = np.minimum(wanted, totals.sum())
    result = np.empty((len(wanted), *counts.shape))
    for i, (order, complete) in enumerate(_from_near_to_far(points) if len(points) else ()):
        ends = np.flatnonzero(complete)
        reached = np.concatenate([[0.0], np.cumsum(totals[order])[ends]])
        groups = np.vstack([np.zeros(counts.shape[1]), np.cumsum(counts[order], axis=0)[ends]])
        last = np.clip(np.searchsorted(reached, wanted), 1, len(ends))
        part = (wanted - reached[last - 1]) / (reached[last] - reached[last - 1])
        result[:, i] = groups[last - 1] + part[:, None] * (groups[last] - groups[last - 1])
    return np.asarray(result / wanted[:, None, None])


@by_area
def divergence_profile(counts: ArrayLike, points: ArrayLike, shares: ArrayLike) -> NDArray[np.float64]:
    """How far the composition around each area is from the city's, as more and more of the city is seen.

    Parameters
    ----------
    counts, points : array_like of float
        As for :func:`nearest_environments`.
    shares : float or array_like of float, shape (n_shares,)
        Shares of the city's residents that are seen, above 0 and at most 1.

    Returns
    -------
    ndarray of float, shape (n_shares, n_areas)
        Divergence in nats: 0 where the composition is the city's, as it always is at 1. NaN in areas without residents,
        and everywhere with fewer than two groups that have members or one inhabited area.

    Raises
    ------
    CountError, GeometryError
        As for :func:`nearest_environments`.
    SpecError
        A share is not above 0 and at most 1.

    Notes
    -----
    ``KL(r) = sum_k q_k log(q_k / pi_k)`` of the first environment with at least the share r of all residents, with its
    shares q and those of the city pi [1]_; environments are whole areas, as for :func:`local_distortion`, the integral
    over whose focal distances sums it up. The mean of the areas' first values over all residents is the mutual
    information.

    References
    ----------
    .. [1] Olteanu, M., Randon-Furling, J. & Clark, W. A. V. (2019). Segregation through the multiscalar lens.
           Proceedings of the National Academy of Sciences 116(25), 12250-12254.

    Examples
    --------
    >>> row = [[0, 0], [1, 0], [2, 0], [3, 0]]
    >>> divergence_profile([[100, 0], [100, 0], [0, 100], [0, 100]], row, [0.25, 0.5, 1])[:, 0].round(4).tolist()
    [0.6931, 0.6931, 0.0]
    """
    composition, points, inhabited = _checked(counts, points)
    wanted = np.atleast_1d(np.asarray(shares, dtype=float))
    if wanted.ndim != 1 or not ((wanted > 0) & (wanted <= 1)).all():
        raise SpecError(f"shares must be numbers above 0 and at most 1, not {shares!r}.")
    result = np.full((len(wanted), len(inhabited)), np.nan)
    if composition.reasons[0]:
        return result
    weights = composition.totals / composition.sums[0]
    for i, (divergence, complete, order) in zip(
        np.flatnonzero(inhabited), _trajectories(composition.counts, points), strict=True
    ):
        ends = np.flatnonzero(complete)
        seen = np.cumsum(weights[order])[ends]
        first = np.minimum(np.searchsorted(seen, wanted * (1 - ROUNDING)), len(ends) - 1)
        result[:, i] = divergence[ends[first]]
    return result
