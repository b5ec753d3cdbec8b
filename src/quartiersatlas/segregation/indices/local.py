"""Local measures: where is a group over- or under-represented, and how mixed is each area?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import renamed
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import as_composition, as_part_and_population, entropy, ratio, share
from quartiersatlas.segregation.indices.multigroup import local_segregation_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@renamed(total="population")
@by_area
def location_quotient(group: ArrayLike, population: ArrayLike) -> Floats:
    """Share of the group in each area over its share in the city.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        LQ >= 0: 1 as in the city, 2 twice the city's share. NaN in empty areas and where the group is empty.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``LQ_i = (x_i / t_i) / (X / T)`` [1]_

    References
    ----------
    .. [1] Isard, W. (1960). Methods of Regional Analysis. MIT Press, chapter 7.

    Examples
    --------
    >>> location_quotient([30, 10], [100, 100]).round(6).tolist()
    [1.5, 0.5]
    """
    group, population = as_part_and_population(group, population)
    return ratio(ratio(group, population), share(group.sum(), population.sum()))


def local_segregation(counts: ArrayLike) -> Floats:
    """How far the composition of each area is from the city's: its part in the mutual information M.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        ls >= 0, in nats; 0 where the area is composed like the city. NaN in empty areas. Weighted with the areas'
        shares of the population they add up to M.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``ls_i = sum_k pi_ik log(pi_ik / pi_k)`` [1]_

    References
    ----------
    .. [1] Alonso-Villar, O. & del Río, C. (2010). Local versus overall segregation measures. Mathematical Social
           Sciences 60(1), 30-38.

    Examples
    --------
    >>> local_segregation([[40, 20], [20, 40], [5, 60], [1, 80]]).round(4).tolist()
    [0.3878, 0.0182, 0.0993, 0.2323]
    """
    table = np.asarray(counts, dtype=float)
    return _with_empty_areas(table, local_segregation_scores(as_composition(table)))


def local_entropy(counts: ArrayLike, *, relative: bool = False) -> Floats:
    """Diversity of each area: the entropy of its groups, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    relative : bool, default False
        Divide by log K, the most that the K groups with members in the city allow (Pielou's evenness [2]_).

    Returns
    -------
    ndarray of float, shape (n_areas,)
        E_i in [0, log K], or in [0, 1] if relative; NaN in empty areas, since nobody is neither diverse nor uniform,
        and everywhere if relative and there is one group only.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``E_i = -sum_k pi_ik log pi_ik`` [1]_

    References
    ----------
    .. [1] Theil, H. (1972). Statistical Decomposition Analysis. North-Holland.
    .. [2] Pielou, E. C. (1966). The measurement of diversity in different types of biological collections. Journal of
           Theoretical Biology 13, 131-144.

    Examples
    --------
    >>> local_entropy([[50, 50], [100, 0]]).round(4).tolist()
    [0.6931, 0.0]
    """
    table = np.asarray(counts, dtype=float)
    composition = as_composition(table)
    found = np.abs(entropy(composition.shares))
    return _with_empty_areas(table, ratio(found, np.log(np.maximum(composition.n_groups, 1))) if relative else found)


def local_simpson(counts: ArrayLike) -> Floats:
    """Probability that two persons of an area, drawn with replacement, are of different groups.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        I_i in [0, 1 - 1/K]; NaN in empty areas.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``I_i = 1 - sum_k pi_ik^2`` [1]_

    References
    ----------
    .. [1] Simpson, E. H. (1949). Measurement of diversity. Nature 163, 688.

    Examples
    --------
    >>> local_simpson([[50, 50], [100, 0]]).tolist()
    [0.5, 0.0]
    """
    table = np.asarray(counts, dtype=float)
    return _with_empty_areas(table, 1 - (as_composition(table).shares ** 2).sum(axis=1))


def _with_empty_areas(table: Floats, values: Floats) -> Floats:
    """Return the values of the inhabited areas on all areas; NaN in the empty ones."""
    result = np.full(len(table), np.nan)
    result[table.sum(axis=1) > 0] = values
    return result
