"""Spatial segregation: the indices of Reardon and O'Sullivan, where the neighbourhood is a distance, not an area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import (
    Composition,
    as_composition,
    as_numbers,
    entropy,
    ratio,
)
from quartiersatlas.space.surroundings import surrounding_sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Formula = Callable[[Composition, Floats], Floats]


@dataclass(frozen=True, eq=False)
class SegregationProfile:
    """Spatial segregation at several radii.

    Parameters
    ----------
    radii : ndarray of float, shape (n_radii,)
        Radii of the local environments.
    dissimilarity, information_theory, relative_diversity : ndarray of float, shape (n_radii,)
        D~, H~ and R~.
    exposure : ndarray of float, shape (n_radii, n_groups, n_groups)
        ``exposure[r, m, n]`` is mP~n: the share of group n around a member of group m.
    """

    radii: Floats
    dissimilarity: Floats
    information_theory: Floats
    relative_diversity: Floats
    exposure: Floats

    @property
    def isolation(self) -> Floats:
        """Spatial isolation of each group, the diagonal of the exposure; shape (n_radii, n_groups)."""
        return self.exposure.diagonal(axis1=1, axis2=2)


@by_area
def spatial_dissimilarity(counts: ArrayLike, points: ArrayLike, radius: float, kernel: str = "triangular") -> float:
    """How much the compositions of the local environments differ from that of the city: D~.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population; for
        one group against the rest, pass both columns.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radius : float
        Size of a local environment, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    float
        D~: 1 where nobody has members of another group around, 0 where each environment has the city's composition;
        above 1 only where a small group is around many others. NaN where fewer than two groups have members or a
        single area is inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        The radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    ``D~ = sum_p t_p sum_m |pi~_pm - pi_m| / (2 T I)``, ``I = sum_m pi_m (1 - pi_m)`` [1]_, with
    ``pi~_pm = sum_q w_pq t_qm / sum_q w_pq t_q``, the share of group m in the local environment of p. The weights t_p
    and the city's shares pi_m are those of the counts, never of the smoothed counts. Areas without residents are
    left out. With a radius so small that no environment reaches another area, it is the multigroup dissimilarity.

    References
    ----------
    .. [1] Reardon, S. F. & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological Methodology 34(1),
           121-162.

    Examples
    --------
    >>> counts, points = [[100, 0], [100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0], [300, 0]]
    >>> spatial_dissimilarity(counts, points, radius=50)
    1.0
    >>> round(spatial_dissimilarity(counts, points, radius=100, kernel="uniform"), 10)
    0.6666666667
    """
    return _of_one_city(_dissimilarity, counts, points, radius, kernel)


@by_area
def spatial_information_theory(
    counts: ArrayLike, points: ArrayLike, radius: float, kernel: str = "triangular"
) -> float:
    """How much less diverse the local environments are than the city, by entropy: H~.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radius : float
        Size of a local environment, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    float
        H~: 1 where nobody has members of another group around, 0 where each environment has the city's composition;
        below 0 where environments are on average more diverse than the city. NaN where fewer than two groups have
        members or a single area is inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        The radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    ``H~ = 1 - sum_p t_p E~_p / (T E)``, ``E~_p = -sum_m pi~_pm log pi~_pm`` and E the same of the city's shares
    [1]_; pi~ as in :func:`spatial_dissimilarity`. The base of the logarithm cancels out.

    References
    ----------
    .. [1] Reardon, S. F. & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological Methodology 34(1),
           121-162.

    Examples
    --------
    >>> counts, points = [[100, 0], [100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0], [300, 0]]
    >>> spatial_information_theory(counts, points, radius=50)
    1.0
    >>> round(spatial_information_theory(counts, points, radius=100, kernel="uniform"), 6)
    0.540852
    """
    return _of_one_city(_information_theory, counts, points, radius, kernel)


@by_area
def spatial_relative_diversity(
    counts: ArrayLike, points: ArrayLike, radius: float, kernel: str = "triangular"
) -> float:
    """How much less diverse the local environments are than the city, by the chance to meet another group: R~.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radius : float
        Size of a local environment, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    float
        R~: 1 where nobody has members of another group around, 0 where each environment has the city's composition;
        below 0 where environments are on average more diverse than the city. NaN where fewer than two groups have
        members or a single area is inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        The radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    ``R~ = 1 - sum_p t_p I~_p / (T I)``, ``I~_p = sum_m pi~_pm (1 - pi~_pm)`` and I the same of the city's shares
    [1]_; pi~ as in :func:`spatial_dissimilarity`.

    References
    ----------
    .. [1] Reardon, S. F. & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological Methodology 34(1),
           121-162.

    Examples
    --------
    >>> counts, points = [[100, 0], [100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0], [300, 0]]
    >>> round(spatial_relative_diversity(counts, points, radius=100, kernel="uniform"), 10)
    0.5555555556
    """
    return _of_one_city(_relative_diversity, counts, points, radius, kernel)


@by_area
def spatial_exposure(
    counts: ArrayLike, points: ArrayLike, radius: float, kernel: str = "triangular"
) -> NDArray[np.float64]:
    """Whom a member of each group has around: the share of each group in the local environment, on average.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radius : float
        Size of a local environment, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    ndarray of float, shape (n_groups, n_groups)
        Row m, column n: mP~n in [0, 1], the exposure of group m to group n; the diagonal is the spatial isolation.
        Rows add up to 1. The row of a group without members is NaN; all are where fewer than two groups have members
        or a single area is inhabited.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        The radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    ``mP~n = sum_p (t_pm / T_m) pi~_pn`` [1]_; pi~ as in :func:`spatial_dissimilarity`.

    References
    ----------
    .. [1] Reardon, S. F. & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological Methodology 34(1),
           121-162.

    Examples
    --------
    >>> counts, points = [[100, 0], [100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0], [300, 0]]
    >>> spatial_exposure(counts, points, radius=100, kernel="uniform").round(6).tolist()
    [[0.833333, 0.166667], [0.166667, 0.833333]]
    """
    composition, _, points = _checked(counts, points)
    shares = local_shares(composition, points, _one(radius), kernel)
    exposure = _exposure(composition, shares)[0, 0]
    return np.full_like(exposure, np.nan) if composition.reasons[0] else exposure


@by_area
def local_environments(
    counts: ArrayLike, points: ArrayLike, radii: ArrayLike, kernel: str = "triangular"
) -> NDArray[np.float64]:
    """Share of each group within each radius around each area.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radii : float or array_like of float, shape (n_radii,)
        Sizes of the local environments, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    ndarray of float, shape (n_radii, n_areas, n_groups)
        pi~ in [0, 1], adding up to 1 over the groups; NaN in areas without residents.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        A radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    ``pi~_pm(r) = sum_q w(d_pq; r) t_qm / sum_q w(d_pq; r) t_q`` [1]_

    References
    ----------
    .. [1] Reardon, S. F. & O'Sullivan, D. (2004). Measures of spatial segregation. Sociological Methodology 34(1),
           121-162.

    Examples
    --------
    >>> counts, points = [[100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0]]
    >>> local_environments(counts, points, [50, 100], kernel="uniform")[..., 0].round(6).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.333333, 0.0]]
    """
    composition, inhabited, points = _checked(counts, points)
    shares = local_shares(composition, points, radii, kernel)
    if inhabited.all():
        return shares
    result = np.full((len(shares), len(inhabited), shares.shape[2]), np.nan)
    result[:, inhabited] = shares
    return result


@by_area
def segregation_profile(
    counts: ArrayLike, points: ArrayLike, radii: ArrayLike, kernel: str = "triangular"
) -> SegregationProfile:
    """All spatial indices at all radii, from one sweep over the environments.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group. Finite, >= 0. The groups exclude one another and together are the population.
    points : array_like of float, shape (n_areas, 2)
        Where the areas' population lives: x, y in metres, not degrees.
    radii : float or array_like of float, shape (n_radii,)
        Sizes of the local environments, in the unit of the points. > 0, finite.
    kernel : {"uniform", "triangular", "gaussian", "exponential"}, default "triangular"
        How much a neighbour counts at a distance: see :func:`quartiersatlas.space.surroundings.surrounding_sums`.

    Returns
    -------
    SegregationProfile
        The indices as arrays over the radii.

    Raises
    ------
    CountError
        A count is negative or not finite, or the points are not one per area.
    GeometryError
        The points are no table of finite x and y.
    SpecError
        A radius is not above 0 and finite, or the kernel is not known.

    Notes
    -----
    How D~ falls with the radius tells whether segregation is one of quarters or of streets [1]_. H~ and R~ may rise
    with the radius or be below 0, since the surroundings of a resident are not composed like the city on average.

    References
    ----------
    .. [1] Reardon, S. F. et al. (2008). The geographic scale of metropolitan racial segregation. Demography 45(3),
           489-514.

    Examples
    --------
    >>> counts, points = [[100, 0], [100, 0], [0, 100], [0, 100]], [[0, 0], [100, 0], [200, 0], [300, 0]]
    >>> segregation_profile(counts, points, [50, 100, 200], kernel="uniform").dissimilarity.round(6).tolist()
    [1.0, 0.666667, 0.166667]
    """
    composition, _, points = _checked(counts, points)
    radii = np.atleast_1d(np.asarray(radii, dtype=float))
    shares = local_shares(composition, points, radii, kernel)
    results = [formula(composition, shares)[:, 0] for formula in (*FORMULAS.values(), _exposure)]
    if composition.reasons[0]:
        results = [np.full_like(result, np.nan) for result in results]
    return SegregationProfile(radii, *results)


def local_shares(composition: Composition, points: Floats, radii: ArrayLike, kernel: str) -> Floats:
    """Return pi~ of inhabited areas, shape (n_radii, n_areas, n_groups); places do not look into one another."""
    places = composition.places
    parts = [
        surrounding_sums(points[start : start + size], composition.counts[start : start + size], radii, kernel)
        for start, size in zip(places.starts.tolist(), places.sizes.tolist(), strict=True)
    ]
    shares = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    shares /= shares.sum(axis=2, keepdims=True)  # at least the own residents, so never 0
    return shares


def _dissimilarity(composition: Composition, shares: Floats) -> Floats:
    """Return D~ = sum_p t_p sum_m |pi~_pm - pi_m| / (2 T I)."""
    gaps = np.abs(shares - composition.places.each(composition.city_shares)).sum(axis=2)
    return ratio(_mean(composition, gaps), 2 * _diversity(composition.city_shares))


def _information_theory(composition: Composition, shares: Floats) -> Floats:
    """Return H~ = 1 - sum_p t_p E~_p / (T E)."""
    return 1 - ratio(_mean(composition, entropy(shares)), entropy(composition.city_shares))


def _relative_diversity(composition: Composition, shares: Floats) -> Floats:
    """Return R~ = 1 - sum_p t_p I~_p / (T I)."""
    return 1 - ratio(_mean(composition, _diversity(shares)), _diversity(composition.city_shares))


def _exposure(composition: Composition, shares: Floats) -> Floats:
    """Return mP~n = sum_p (t_pm / T_m) pi~_pn, shape (n_radii, n_places, n_groups, n_groups)."""
    places, counts = composition.places, composition.counts
    met = [
        counts[start : start + size].T @ shares[:, start : start + size]
        for start, size in zip(places.starts.tolist(), places.sizes.tolist(), strict=True)
    ]
    return ratio(np.stack(met, axis=1), composition.group_sums[:, :, None])


# formulas given the local shares: one value per radius and place, shape (n_radii, n_places)
FORMULAS: dict[str, Formula] = {
    "spatial_dissimilarity": _dissimilarity,
    "spatial_information_theory": _information_theory,
    "spatial_relative_diversity": _relative_diversity,
}


def _mean(composition: Composition, values: Floats) -> Floats:
    """Return sum_p t_p v_p / T per radius and place; the values are per radius and area."""
    return ratio(composition.places.sum((values * composition.totals).T).T, composition.sums)


def _diversity(shares: Floats) -> Floats:
    """Return I = sum_m pi_m (1 - pi_m)."""
    return np.asarray((shares * (1 - shares)).sum(axis=-1))


def _of_one_city(formula: Formula, counts: ArrayLike, points: ArrayLike, radius: float, kernel: str) -> float:
    """Return the index of a single place; NaN where it cannot be given."""
    composition, _, points = _checked(counts, points)
    shares = local_shares(composition, points, _one(radius), kernel)
    return float("nan") if composition.reasons[0] else float(formula(composition, shares)[0, 0])


def _one(radius: float) -> float:
    """Return the radius; else say where several are taken."""
    if np.ndim(radius) > 0:
        raise SpecError("One index has one radius; segregation_profile() takes several.")
    return radius


def _checked(counts: ArrayLike, points: ArrayLike) -> tuple[Composition, NDArray[np.bool_], Floats]:
    """Return the population, which areas are inhabited, and the inhabited areas' points."""
    composition = as_composition(counts)
    inhabited = np.asarray(counts, dtype=float).sum(axis=1) > 0
    points = as_numbers(points, "points")
    if points.shape[:1] != inhabited.shape:
        raise CountError(f"The points must be one per area ({len(inhabited)}); their shape is {points.shape}.")
    return composition, inhabited, points[inhabited]
