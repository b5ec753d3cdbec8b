"""Evenness: are the shares of a group the same everywhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import renamed
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import (
    Composition,
    Pair,
    group_and_rest,
    group_in_population,
    in_one_place,
    share,
)
from quartiersatlas.segregation.indices.multigroup import _information_theory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Share of one group that would have to move for an even distribution.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        D in [0, 1]; NaN where one of the two populations is empty or lives in one area only.

    Raises
    ------
    CountError
        A count is negative or not finite; the message names the first five areas.

    Notes
    -----
    ``D = 1/2 sum_i |x_i / X - y_i / Y|`` [1]_

    References
    ----------
    .. [1] Duncan, O. D. & Duncan, B. (1955). A methodological analysis of segregation indexes.
           American Sociological Review 20(2), 210-217.

    Examples
    --------
    >>> dissimilarity([100, 60, 40, 0], [0, 40, 60, 100])
    0.6
    """
    return in_one_place(_dissimilarity, group_and_rest(group, rest))


def _dissimilarity(pair: Pair) -> Floats:
    return pair.places.sum(dissimilarity_parts(pair))


def dissimilarity_parts(pair: Pair) -> Floats:
    """Return what each area adds to D: 1/2 |x_i/X - y_i/Y|."""
    places = pair.places
    return 0.5 * np.abs(places.portion(pair.group, pair.group_sum) - places.portion(pair.other, pair.other_sum))


@renamed(total="population")
def segregation_index(group: ArrayLike, population: ArrayLike) -> float:
    """Dissimilarity of a group and everybody else: the German "Segregationsindex" IS.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.

    Returns
    -------
    float
        IS in [0, 1]; NaN where the group is empty or everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``IS = 1/2 sum_i |x_i / X - (t_i - x_i) / (T - X)|`` [1]_: D with the rest of the population.

    References
    ----------
    .. [1] Duncan, O. D. & Duncan, B. (1955). Residential distribution and occupational stratification.
           American Journal of Sociology 60(5), 493-503.

    Examples
    --------
    >>> segregation_index([100, 60, 40, 0], [100, 100, 100, 100])
    0.6
    """
    return in_one_place(_dissimilarity, group_in_population(group, population))


@renamed(total="population")
def gorard(group: ArrayLike, population: ArrayLike) -> float:
    """Share of a group that would have to swap homes with others for the same share everywhere.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.

    Returns
    -------
    float
        S in [0, 1 - P]; NaN where the group is empty or everybody, or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``S = 1/2 sum_i |x_i / X - t_i / T| = (1 - P) D`` [1]_

    References
    ----------
    .. [1] Gorard, S. & Taylor, C. (2002). What is segregation? A comparison of measures in terms of 'strong' and
           'weak' compositional invariance. Sociology 36(4), 875-895.

    Examples
    --------
    >>> gorard([100, 60, 40, 0], [100, 100, 100, 100])
    0.3
    """
    return in_one_place(_gorard, group_in_population(group, population))


def _gorard(pair: Pair) -> Floats:
    places = pair.places
    return 0.5 * places.sum(
        np.abs(places.portion(pair.group, pair.group_sum) - places.portion(pair.both, pair.both_sum))
    )


def gini(group: ArrayLike, rest: ArrayLike) -> float:
    """Mean difference of the group's share between all pairs of areas, relative to complete segregation.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        G in [0, 1], never below D; NaN where one of the two populations is empty or lives in one area only.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    ``G = sum_ij t_i t_j |p_i - p_j| / (2 T^2 P (1 - P))`` [1]_. With the areas in ascending order of p_i this is
    ``sum_j (x_j Y_before_j - y_j X_before_j) / (X Y)``: one sort instead of all pairs.

    References
    ----------
    .. [1] James, D. R. & Taeuber, K. E. (1985). Measures of segregation. Sociological Methodology 15, 1-32.

    Examples
    --------
    >>> round(gini([100, 60, 40, 0], [0, 40, 60, 100]), 10)
    0.8
    """
    return in_one_place(_gini, group_and_rest(group, rest))


def _gini(pair: Pair) -> Floats:
    places = pair.places
    order = places.order(pair.shares)
    x, y = pair.group[order], pair.other[order]
    x_before, y_before = places.cumulated(x) - x, places.cumulated(y) - y
    return share(places.sum(x * y_before - y * x_before), pair.group_sum * pair.other_sum)


def theil_h(group: ArrayLike, rest: ArrayLike) -> float:
    """How much less diverse the areas are than the city, as a share of the city's diversity.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        H in [0, 1]; NaN where one of the two populations is empty or lives in one area only.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    ``H = sum_i t_i (E - E_i) / (E T)`` with the entropy ``E = -P log P - (1 - P) log(1 - P)`` [1]_

    References
    ----------
    .. [1] Theil, H. & Finizza, A. J. (1971). A note on the measurement of racial integration of schools by means of
           informational concepts. Journal of Mathematical Sociology 1(2), 187-193.

    Examples
    --------
    >>> round(theil_h([100, 60, 40, 0], [0, 40, 60, 100]), 6)
    0.514525
    """
    return in_one_place(_theil_h, group_and_rest(group, rest))


def _theil_h(pair: Pair) -> Floats:
    return _information_theory(Composition(np.column_stack([pair.group, pair.other]), pair.places))


def atkinson(group: ArrayLike, rest: ArrayLike, b: float = 0.5) -> float:
    """Inequality of the areas with a weight for areas of low or high share.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    b : float, default 0.5
        Between 0 and 1, both excluded. Below 0.5, areas where the group is under-represented count more, above 0.5
        those where it is over-represented.

    Returns
    -------
    float
        A(b) in [0, 1]; NaN where one of the two populations is empty or lives in one area only.

    Raises
    ------
    CountError
        A count is negative or not finite.
    SpecError
        ``b`` is not between 0 and 1.

    Notes
    -----
    ``A(b) = 1 - P / (1 - P) [ sum_i (1 - p_i)^(1-b) p_i^b t_i / (P T) ]^(1 / (1-b))`` [1]_

    References
    ----------
    .. [1] James, D. R. & Taeuber, K. E. (1985). Measures of segregation. Sociological Methodology 15, 1-32.

    Examples
    --------
    >>> round(atkinson([100, 60, 40, 0], [0, 40, 60, 100]), 10)
    0.76
    """
    checked_aversion(b)
    return in_one_place(lambda pair: _atkinson(pair, b), group_and_rest(group, rest))


def checked_aversion(b: float) -> None:
    """Refuse an inequality aversion outside of (0, 1)."""
    if not isinstance(b, int | float | np.number) or not 0 < b < 1:
        raise SpecError(f"b, the inequality aversion, must be a number between 0 and 1, not {b!r}.")


def _atkinson(pair: Pair, b: float) -> Floats:
    kept = pair.places.sum((1 - pair.shares) ** (1 - b) * pair.shares**b * pair.both)
    odds = share(pair.city_share, 1 - pair.city_share)
    return np.asarray(1 - odds * share(kept, pair.group_sum) ** (1 / (1 - b)))
