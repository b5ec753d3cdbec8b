"""Exposure: whom does a member of a group meet in their own area, and whom would they meet by chance?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import renamed
from quartiersatlas.errors import CountError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import (
    Pair,
    Places,
    areas_per_person,
    as_composition,
    as_counts,
    as_part_and_population,
    group_in_population,
    in_one_place,
    ratio,
    share,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition

    Floats = NDArray[np.float64]


@renamed(total="population")
@by_area
def isolation(group: ArrayLike, population: ArrayLike, *, exact: bool = False) -> float:
    """Average share of the own group in the area where a member of the group lives.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.
    exact : bool, default False
        Whether a person is left out of the own surroundings, which matters in small areas. Who lives alone in an
        area meets nobody and is left out of the average.

    Returns
    -------
    float
        xPx in [X / T, 1]: the group's share in the city where it is spread evenly, 1 where it lives apart;
        NaN where the group is empty or everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``xPx = sum_i (x_i / X) (x_i / t_i)``, exactly ``sum_i (x_i / X) ((x_i - 1) / (t_i - 1))`` [1]_

    References
    ----------
    .. [1] Bell, W. (1954). A probability model for the measurement of ecological segregation.
           Social Forces 32(4), 357-364.

    Examples
    --------
    >>> isolation([100, 60, 40, 0], [100, 100, 100, 100])
    0.76
    """
    return in_one_place(_isolation_exact if exact else _isolation, group_in_population(group, population))


def _isolation(pair: Pair) -> Floats:
    return pair.places.sum(isolation_parts(pair))


def isolation_parts(pair: Pair) -> Floats:
    """Return what each area adds to xPx: (x_i / X) (x_i / t_i)."""
    return pair.places.portion(pair.group, pair.group_sum) * share(pair.group, pair.population)


def _isolation_exact(pair: Pair) -> Floats:
    return _exact(pair, np.maximum(pair.group - 1, 0))


@renamed(total="population")
@by_area
def expected_isolation(group: ArrayLike, population: ArrayLike) -> float:
    """Isolation xPx expected in these areas if people were distributed by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons per area that are not a
        whole number are rounded.

    Returns
    -------
    float
        Above the group's share P, since everybody lives with themselves; NaN where the group is empty or everybody,
        or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``E[xPx] = P + (1 - P) (n - 1) / (T - 1)``, from ``xPx = P + (1 - P) eta^2`` and
    :func:`expected_correlation_ratio`.

    Examples
    --------
    >>> round(expected_isolation([100, 60, 40, 0], [100, 100, 100, 100]), 6)
    0.503759
    """
    return in_one_place(_expected_isolation, group_in_population(group, population))


def _expected_isolation(pair: Pair) -> Floats:
    p = ratio(pair.group_sum, pair.population_sum)
    return p + (1 - p) * areas_per_person(pair.population, pair.places)


@renamed(total="population")
@by_area
def interaction(group: ArrayLike, other: ArrayLike, population: ArrayLike, *, exact: bool = False) -> float:
    """Average share of another group in the area where a member of the group lives.

    Parameters
    ----------
    group, other, population : array_like of float, shape (n_areas,)
        Persons per area in the group, in the other group and altogether. Finite, >= 0; the two groups exclude one
        another.
    exact : bool, default False
        Whether a person is left out of the own surroundings, which matters in small areas.

    Returns
    -------
    float
        xPy in [0, 1]; NaN where one of the groups is empty or all live in one area. With the rest as the other
        group, xPx + xPy = 1.

    Raises
    ------
    CountError
        A count is negative or not finite, or the groups together are larger than the population.

    Notes
    -----
    ``xPy = sum_i (x_i / X) (y_i / t_i)``, exactly ``sum_i (x_i / X) (y_i / (t_i - 1))`` [1]_

    References
    ----------
    .. [1] Bell, W. (1954). A probability model for the measurement of ecological segregation.
           Social Forces 32(4), 357-364.

    Examples
    --------
    >>> round(interaction([100, 60, 40, 0], [0, 40, 60, 100], [100] * 4), 10)
    0.24
    """
    group, other = as_counts(group, other)
    _, population = as_part_and_population(group + other, population)
    inhabited = population > 0
    places = Places.one(int(inhabited.sum()))
    pair = Pair(group[inhabited], other[inhabited], population[inhabited], places)
    return in_one_place(_interaction_exact if exact else _interaction, pair)


def _interaction(pair: Pair) -> Floats:
    return pair.places.sum(pair.places.portion(pair.group, pair.group_sum) * share(pair.other, pair.population))


def _interaction_exact(pair: Pair) -> Floats:
    return _exact(pair, pair.other)


@renamed(total="population")
@by_area
def expected_interaction(group: ArrayLike, population: ArrayLike) -> float:
    """Interaction xPy with the rest expected in these areas if people were distributed by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons per area that are not a
        whole number are rounded.

    Returns
    -------
    float
        Below the share of the rest, since everybody lives with themselves; NaN where the group is empty or
        everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    With both groups drawn from all T residents, ``E[x_i y_i] = t_i (t_i - 1) X Y / (T (T - 1))``, hence
    ``E[xPy] = (Y / T) (T - n) / (T - 1) = (Y / T) (1 - (n - 1) / (T - 1))``; with the rest it is
    ``1 - E[xPx]``.

    Examples
    --------
    >>> round(expected_interaction([100, 60, 40, 0], [100, 100, 100, 100]), 6)
    0.496241
    """
    return in_one_place(_expected_interaction, group_in_population(group, population))


def _expected_interaction(pair: Pair) -> Floats:
    return ratio(pair.other_sum, pair.population_sum) * (1 - areas_per_person(pair.population, pair.places))


def _exact(pair: Pair, met: Floats) -> Floats:
    """Return the average of met / (t - 1) over the members who have somebody to meet."""
    others = np.maximum(pair.population - 1, 0)
    members = np.where(others > 0, pair.group, 0)
    return ratio(pair.places.sum(members * share(met, others)), pair.places.sum(members))


@renamed(total="population")
@by_area
def correlation_ratio(group: ArrayLike, population: ArrayLike) -> float:
    """Isolation, freed from the size of the group: eta squared.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.

    Returns
    -------
    float
        eta squared in [0, 1]; NaN where the group is empty or everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``eta^2 = (xPx - P) / (1 - P)`` [1]_

    References
    ----------
    .. [1] Stearns, L. B. & Logan, J. R. (1986). Measuring trends in segregation: three dimensions, three measures.
           Urban Affairs Quarterly 22(1), 124-150.

    Examples
    --------
    >>> round(correlation_ratio([100, 60, 40, 0], [100, 100, 100, 100]), 10)
    0.52
    """
    return in_one_place(_correlation_ratio, group_in_population(group, population))


def _correlation_ratio(pair: Pair) -> Floats:
    own_share = pair.places.sum(pair.places.portion(pair.group, pair.group_sum) * pair.shares)
    return share(own_share - pair.city_share, 1 - pair.city_share)


@renamed(total="population")
@by_area
def expected_correlation_ratio(group: ArrayLike, population: ArrayLike) -> float:
    """Correlation ratio eta squared expected in these areas if people were distributed by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons per area that are not a
        whole number are rounded.

    Returns
    -------
    float
        (n - 1) / (T - 1); NaN where the group is empty or everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    If the X members are drawn from all T residents, ``x_i`` is hypergeometric with the variance
    ``t_i P (1 - P) (T - t_i) / (T - 1)``. Hence
    ``E[eta^2] = E[sum_i (x_i - t_i P)^2 / t_i] / (T P (1 - P)) = sum_i (T - t_i) / (T (T - 1)) = (n - 1) / (T - 1)``:
    only the mean size of the n areas matters, neither the group nor how unequal the areas are.

    Examples
    --------
    >>> round(expected_correlation_ratio([100, 60, 40, 0], [100, 100, 100, 100]), 6)
    0.007519
    """
    return in_one_place(_expected_correlation_ratio, group_in_population(group, population))


def _expected_correlation_ratio(pair: Pair) -> Floats:
    return areas_per_person(pair.both, pair.places)


def exposure_matrix(counts: ArrayLike, *, exact: bool = False) -> Floats:
    """Whom the members of each group meet in their areas, group by group.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.
    exact : bool, default False
        Whether a person is left out of the own surroundings.

    Returns
    -------
    ndarray of float, shape (n_groups, n_groups)
        Row m, column n: the average share of group n in the area of a member of group m. Each row sums to 1. The row
        of an empty group is NaN.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``mPn = sum_i (n_im / N_m) (n_in / t_i)`` [1]_, exactly ``(n_in - [m = n]) / (t_i - 1)`` in the last factor.

    References
    ----------
    .. [1] Lieberson, S. (1981). An asymmetrical approach to segregation. In Peach, C. et al. (eds.), Ethnic
           Segregation in Cities, 61-82.

    Examples
    --------
    >>> exposure_matrix([[100, 0], [60, 40], [40, 60], [0, 100]]).round(2).tolist()
    [[0.76, 0.24], [0.24, 0.76]]
    """
    composition = as_composition(counts)
    if composition.counts.shape[1] == 0:
        raise CountError("The table has no group.")
    return exposures(composition, exact=exact)


def exposures(composition: Composition, *, exact: bool = False) -> Floats:
    """Return the exposure of every group to every group in a single place."""
    counts, others = composition.counts, composition.totals
    if exact:
        others = np.maximum(others - 1, 0)
        counts = counts * (others > 0)[:, None]
    met = counts.T @ share(counts, others[:, None])
    if exact:
        met -= np.diag((counts * share(np.ones_like(others), others)[:, None]).sum(axis=0))
    return ratio(met, counts.sum(axis=0)[:, None])
