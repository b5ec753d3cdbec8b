"""Several groups at once: how much do the areas differ in their whole composition?

The six indices with a common form are those of Reardon, S. F. & Firebaugh, G. (2002). Measures of multigroup
segregation. Sociological Methodology 32, 33-67; their names follow that paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import (
    Composition,
    areas_per_person,
    as_composition,
    entropy,
    in_one_place,
    mean_deviation,
    ratio,
    share,
)
from quartiersatlas.segregation.inference.chance import sum_of_differences

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def multigroup_dissimilarity(counts: ArrayLike) -> float:
    """Share of all persons who would have to move for one composition everywhere, relative to complete segregation.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        D in [0, 1]; for two groups the dissimilarity;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``D = sum_i sum_k t_i |pi_ik - pi_k| / (2 T I)``, ``I = sum_k pi_k (1 - pi_k)`` [1]_

    References
    ----------
    .. [1] Morgan, B. S. (1975). The segregation of socio-economic groups in urban areas: a comparative analysis.
           Urban Studies 12(1), 47-60.

    Examples
    --------
    >>> round(multigroup_dissimilarity([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.6
    """
    return in_one_place(_multigroup_dissimilarity, as_composition(counts))


def _multigroup_dissimilarity(composition: Composition) -> Floats:
    away = np.abs(composition.shares - composition.places.each(composition.city_shares)).sum(axis=1)
    moved = composition.places.sum(composition.totals * away)
    return share(moved, 2 * composition.sums * _simpson(composition))


def _expected_multigroup_dissimilarity(composition: Composition) -> Floats:
    """Return sum_ik E|n_ik - t_i pi_k| / (2 T I), the n_ik being binomial as in :func:`expected_dissimilarity`."""
    places, size, shares = composition.places, np.rint(composition.totals), composition.city_shares
    deviation = mean_deviation(size[:, None], places.each(shares)).sum(axis=1)
    return ratio(places.sum(deviation), 2 * places.sum(size) * (shares * (1 - shares)).sum(axis=1))


def multigroup_gini(counts: ArrayLike) -> float:
    """Mean difference of the groups' shares between all pairs of areas, relative to complete segregation.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        G in [0, 1]; for two groups the Gini index;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``G = sum_k sum_ij t_i t_j |pi_ik - pi_jk| / (2 T^2 I)``, ``I = sum_k pi_k (1 - pi_k)`` [1]_

    References
    ----------
    .. [1] Reardon, S. F. & Firebaugh, G. (2002). Measures of multigroup segregation.
           Sociological Methodology 32, 33-67.

    Examples
    --------
    >>> round(multigroup_gini([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.8
    """
    return in_one_place(_multigroup_gini, as_composition(counts))


def _multigroup_gini(composition: Composition) -> Floats:
    places, apart = composition.places, np.zeros(composition.places.n_places)
    for members, shares in zip(composition.counts.T, composition.shares.T, strict=True):
        order = places.order(shares)
        x, t = members[order], composition.totals[order]
        x_before, t_before = places.cumulated(x) - x, places.cumulated(t) - t
        apart += places.sum(x * t_before - t * x_before)
    return share(apart, composition.sums**2 * _simpson(composition))


def _expected_multigroup_gini(composition: Composition) -> Floats:
    """Return sum_k sum_{i != j} t_i t_j E|pi_ik - pi_jk| / (2 T^2 I), as in :func:`expected_gini`."""
    places, size, shares = composition.places, np.rint(composition.totals), composition.city_shares
    different = shares.T if shares.shape[1] != 2 else shares.T[:1]  # noqa: PLR2004 - two groups differ alike
    differences = sum((sum_of_differences(size, p, places) for p in different), start=np.zeros(places.n_places))
    differences *= shares.shape[1] / len(different)
    return ratio(differences, 2 * places.sum(size) ** 2 * (shares * (1 - shares)).sum(axis=1))


def information_theory(counts: ArrayLike) -> float:
    """How much less diverse the areas are than the city, as a share of the city's diversity.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        H in [0, 1]; for two groups Theil's H;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``H = sum_i t_i (E - E_i) / (E T)``, ``E = -sum_k pi_k log pi_k`` [1]_

    References
    ----------
    .. [1] Theil, H. (1972). Statistical Decomposition Analysis. North-Holland.

    Examples
    --------
    >>> round(information_theory([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.514524703
    """
    return in_one_place(_information_theory, as_composition(counts))


def _information_theory(composition: Composition) -> Floats:
    return share(_mutual_information(composition), entropy(composition.city_shares))


def mutual_information(counts: ArrayLike) -> float:
    """Information of the area about the group of a person, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        M in [0, log K];
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``M = sum_i (t_i / T) sum_k pi_ik log(pi_ik / pi_k) = E H`` [1]_

    References
    ----------
    .. [1] Mora, R. & Ruiz-Castillo, J. (2011). Entropy-based segregation indices.
           Sociological Methodology 41, 159-194.

    Examples
    --------
    >>> round(mutual_information([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.356641347
    """
    return in_one_place(_mutual_information, as_composition(counts))


def _mutual_information(composition: Composition) -> Floats:
    return share(composition.places.sum(composition.totals * local_segregation_scores(composition)), composition.sums)


def relative_diversity(counts: ArrayLike) -> float:
    """How much more likely two persons of one area are of the same group than two persons of the city.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        R in [0, 1]; for two groups eta squared;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``R = sum_i t_i (I - I_i) / (I T)``, ``I = sum_k pi_k (1 - pi_k)`` [1]_

    References
    ----------
    .. [1] Reardon, S. F. & Firebaugh, G. (2002). Measures of multigroup segregation.
           Sociological Methodology 32, 33-67.

    Examples
    --------
    >>> round(relative_diversity([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.52
    """
    return in_one_place(_relative_diversity, as_composition(counts))


def _relative_diversity(composition: Composition) -> Floats:
    lost = composition.places.sum(composition.totals * (1 - (composition.shares**2).sum(axis=1)))
    return 1 - share(lost, composition.sums * _simpson(composition))


def _expected_relative_diversity(composition: Composition) -> Floats:
    """Return (n - 1) / (T - 1), the same for relative diversity, normalised exposure and squared coefficient C."""
    return areas_per_person(composition.totals, composition.places)


def normalised_exposure(counts: ArrayLike) -> float:
    """How far the groups live among themselves, relative to complete segregation.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        P in [0, 1]; for two groups eta squared;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``P = sum_k sum_i t_i (pi_ik - pi_k)^2 / (T (1 - pi_k))`` [1]_

    References
    ----------
    .. [1] James, F. J. (1986). A new generalized "exposure-based" segregation index. Sociological Methods &
           Research 14, 301-316.

    Examples
    --------
    >>> round(normalised_exposure([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.52
    """
    return in_one_place(_normalised_exposure, as_composition(counts))


def _normalised_exposure(composition: Composition) -> Floats:
    spread = composition.places.sum(_squared_distances(composition))
    return share(share(spread, 1 - composition.city_shares).sum(axis=1), composition.sums)


def squared_coefficient_of_variation(counts: ArrayLike) -> float:
    """Spread of the groups' shares between the areas relative to their mean, averaged over the groups.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        C in [0, 1]; for two groups eta squared; groups without members are left out of K;
        NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``C = sum_k sum_i t_i (pi_ik - pi_k)^2 / (T (K - 1) pi_k)`` [1]_

    References
    ----------
    .. [1] Reardon, S. F. & Firebaugh, G. (2002). Measures of multigroup segregation.
           Sociological Methodology 32, 33-67.

    Examples
    --------
    >>> round(squared_coefficient_of_variation([[100, 0], [60, 40], [40, 60], [0, 100]]), 9)
    0.52
    """
    return in_one_place(_squared_coefficient_of_variation, as_composition(counts))


def _squared_coefficient_of_variation(composition: Composition) -> Floats:
    spread = composition.places.sum(_squared_distances(composition))
    return share(share(spread, composition.city_shares).sum(axis=1), composition.sums * (composition.n_groups - 1))


def _squared_distances(composition: Composition) -> Floats:
    """Return t_i (pi_ik - pi_k)^2."""
    away = composition.shares - composition.places.each(composition.city_shares)
    return composition.totals[:, None] * away**2


def local_segregation_scores(composition: Composition) -> Floats:
    """Return how far each area's composition is from its place's: sum_k pi_ik log(pi_ik / pi_k), in nats."""
    expected = composition.places.each(composition.city_shares)
    lived = composition.counts > 0
    odds = np.divide(composition.shares, expected, out=np.ones_like(expected), where=lived)
    return np.asarray((composition.shares * np.log(odds)).sum(axis=1))


def diversity_entropy(counts: ArrayLike, *, relative: bool = False) -> float:
    """Diversity of the city: the entropy of its groups, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    relative : bool, default False
        Divide by log K, the most that the K groups with members allow (Pielou's evenness [2]_).

    Returns
    -------
    float
        E in [0, log K]: 0 with one group, log K with K groups of the same size; NaN where nobody lives, and if
        relative with one group only.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``E = -sum_k pi_k log pi_k`` [1]_

    References
    ----------
    .. [1] Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal 27, 379-423.
    .. [2] Pielou, E. C. (1966). The measurement of diversity in different types of biological collections. Journal of
           Theoretical Biology 13, 131-144.

    Examples
    --------
    >>> round(diversity_entropy([[50, 0], [0, 50]]), 6)
    0.693147
    """
    composition = as_composition(counts)
    if not len(composition.counts):
        return float("nan")
    most = np.log(composition.n_groups) if relative else 1.0
    return float(ratio(_entropy(composition), most)[0])


def _entropy(composition: Composition) -> Floats:
    return entropy(composition.city_shares)


def simpson(counts: ArrayLike) -> float:
    """Probability that two persons of the city, drawn with replacement, are of different groups.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        I in [0, 1 - 1/K]; NaN where nobody lives.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``I = sum_k pi_k (1 - pi_k)`` [1]_, also called interaction index or Gini-Simpson index.

    References
    ----------
    .. [1] Simpson, E. H. (1949). Measurement of diversity. Nature 163, 688.

    Examples
    --------
    >>> simpson([[50, 0], [0, 50]])
    0.5
    """
    composition = as_composition(counts)
    return float(_simpson(composition)[0]) if len(composition.counts) else float("nan")


def _simpson(composition: Composition) -> Floats:
    return np.asarray(1 - (composition.city_shares**2).sum(axis=1))
