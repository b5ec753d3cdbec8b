"""Evenness: are the shares of a group the same everywhere, and would chance alone make them differ as much?

Areas of few persons are uneven by chance; so D and G stand beside the value that chance gives them and the index that
is adjusted for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import renamed
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import (
    Composition,
    Pair,
    group_and_rest,
    group_in_population,
    in_one_place,
    mean_deviation,
    ratio,
    share,
)
from quartiersatlas.segregation.indices.multigroup import _information_theory
from quartiersatlas.segregation.inference.chance import sum_of_differences

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

NO_ROOM = 1e-12  # chance alone gives an index of 1: nothing can be measured


@by_area
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


@by_area
def expected_dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Dissimilarity D expected in these areas if people were distributed by chance.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0. Persons per area that are
        not a whole number, such as weighted counts, are rounded.

    Returns
    -------
    float
        D* in [0, 1], which falls with the size of the areas; NaN where one of the two populations is empty or all
        live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    Each area keeps its t_i persons, each of whom is a member of the group with the city's share P:
    ``D* = sum_i E|X_i - t_i P| / (2 T P (1 - P))``, X_i binomial [1]_, with de Moivre's exact mean deviation
    ``E|X - n P| = 2 k C(n, k) P^k (1 - P)^(n - k + 1)``, ``k = floor(n P) + 1`` [2]_. P is taken as known: drawn cities
    that are measured against their own share come out lower by about one part in 2 n with n areas.

    References
    ----------
    .. [1] Winship, C. (1977). A revaluation of indexes of residential segregation. Social Forces 55(4), 1058-1066.
    .. [2] Diaconis, P. & Zabell, S. (1991). Closed form summation for classical distributions: variations on a theme
           of de Moivre. Statistical Science 6(3), 284-302.

    Examples
    --------
    >>> round(expected_dissimilarity([1] * 50, [9] * 50), 6)
    0.38742
    """
    return in_one_place(_expected_dissimilarity, group_and_rest(group, rest))


def _expected_dissimilarity(pair: Pair) -> Floats:
    return dissimilarity_under_evenness(pair)[0]


def dissimilarity_under_evenness(pair: Pair) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of D per place, if each person's group is drawn with the city's shares."""
    places, size = pair.places, np.rint(pair.both)
    p = places.each(pair.city_share)
    deviation = mean_deviation(size, p)
    variance = np.maximum(size * p * (1 - p) - deviation**2, 0)
    largest = 2 * places.sum(size) * pair.city_share * (1 - pair.city_share)
    return ratio(places.sum(deviation), largest), ratio(np.sqrt(places.sum(variance)), largest)


@by_area
def adjusted_dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Dissimilarity D adjusted for chance: 0 where people live as if spread at random.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        In [-1, 1]: 1 with complete segregation, 0 where D is as chance has it, -1 with complete evenness. NaN where
        one of the two populations is empty, all live in one area, or each area has one person.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    ``(D - D*) / (1 - D*)`` where D is at least D*, else ``(D - D*) / D*`` [1]_; D* is
    :func:`expected_dissimilarity`, without draws.

    References
    ----------
    .. [1] Carrington, W. J. & Troske, K. R. (1997). On measuring segregation in samples with small units.
           Journal of Business & Economic Statistics 15(4), 402-409.

    Examples
    --------
    >>> round(adjusted_dissimilarity([10, 6, 4, 0], [0, 4, 6, 10]), 6)
    0.46943
    """
    return in_one_place(_adjusted_dissimilarity, group_and_rest(group, rest))


def _adjusted_dissimilarity(pair: Pair) -> Floats:
    return carrington_troske(_dissimilarity(pair), _expected_dissimilarity(pair))


def carrington_troske(value: Floats, expected: Floats) -> Floats:
    """Return the place of a value between chance (0) and the whole range: 1 above, -1 below; NaN without room."""
    room = np.where(value >= expected, 1 - expected, expected)
    return ratio(value - expected, np.where(room > NO_ROOM, room, 0))


def dissimilarity_parts(pair: Pair) -> Floats:
    """Return what each area adds to D: 1/2 |x_i/X - y_i/Y|."""
    places = pair.places
    return 0.5 * np.abs(places.portion(pair.group, pair.group_sum) - places.portion(pair.other, pair.other_sum))


@renamed(total="population")
@by_area
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
@by_area
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


@by_area
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


@by_area
def expected_gini(group: ArrayLike, rest: ArrayLike) -> float:
    """Gini index expected in these areas if people were distributed by chance.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0. Persons per area that are
        not a whole number, such as weighted counts, are rounded.

    Returns
    -------
    float
        G* in [0, 1], which falls with the size of the areas; NaN where one of the two populations is empty or all
        live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    ``G* = sum_{i != j} t_i t_j E|p_i - p_j| / (2 T^2 P (1 - P))`` with the binomial shares p_i of
    :func:`expected_dissimilarity` [1]_. Nothing is drawn: all pairs together are one integral over the distribution
    functions of the p_i. Each possible count is taken by itself (relative error below 1e-7) until a place has more
    than 500,000 of them; from there, those of its largest areas are taken in steps. Measured relative error then:
    2e-7 at most with 5,000 areas; at most ``1 / (24 t P (1 - P))`` where all areas are of nearly the same size t.

    References
    ----------
    .. [1] Carrington, W. J. & Troske, K. R. (1997). On measuring segregation in samples with small units.
           Journal of Business & Economic Statistics 15(4), 402-409.

    Examples
    --------
    >>> round(expected_gini([1] * 50, [9] * 50), 6)
    0.54558
    """
    return in_one_place(_expected_gini, group_and_rest(group, rest))


def _expected_gini(pair: Pair) -> Floats:
    size, p = np.rint(pair.both), pair.city_share
    return ratio(sum_of_differences(size, p, pair.places), 2 * pair.places.sum(size) ** 2 * p * (1 - p))


@by_area
def adjusted_gini(group: ArrayLike, rest: ArrayLike) -> float:
    """Gini index adjusted for chance: 0 where people live as if spread at random.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        In [-1, 1]: 1 with complete segregation, 0 where G is as chance has it, -1 with complete evenness. NaN where
        one of the two populations is empty or all live in one area.

    Raises
    ------
    CountError
        A count is negative or not finite.

    Notes
    -----
    ``(G - G*) / (1 - G*)`` where G is at least G*, else ``(G - G*) / G*`` [1]_; G* is :func:`expected_gini`,
    without draws.

    References
    ----------
    .. [1] Carrington, W. J. & Troske, K. R. (1997). On measuring segregation in samples with small units.
           Journal of Business & Economic Statistics 15(4), 402-409.

    Examples
    --------
    >>> round(adjusted_gini([10, 6, 4, 0], [0, 4, 6, 10]), 6)
    0.728152
    """
    return in_one_place(_adjusted_gini, group_and_rest(group, rest))


def _adjusted_gini(pair: Pair) -> Floats:
    return carrington_troske(_gini(pair), _expected_gini(pair))


@by_area
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


@by_area
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
