"""Segregation between ordered classes, of income or age: ordinal and rank-order indices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import as_composition, in_one_place, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition

    Floats = NDArray[np.float64]
    Variation = Callable[[Floats, Floats], Floats]


def ordinal_information_theory(counts: ArrayLike) -> float:
    """How much less the ordered classes vary in the areas than in the city, by entropy.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.

    Returns
    -------
    float
        H^O in [0, 1]: 0 where all areas are as the city, 1 where each area has one class; for two classes Theil's H.
        NaN with fewer than two classes that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``Lambda = sum_j t_j (v - v_j) / (T v)`` with the ordinal variation ``v = 1 / (M - 1) sum_m f(c_m)`` of the city
    and v_j of area j; c_m is the share in the classes up to m of M [1]_. Here ``f(c) = -c log2 c - (1-c) log2(1-c)``.
    Each border between two classes counts once: an empty class within the order doubles the border beside it, an empty
    class at an end changes nothing.

    References
    ----------
    .. [1] Reardon, S. F. (2009). Measures of ordinal segregation. Research on Economic Inequality 17, 129-155.

    Examples
    --------
    >>> round(ordinal_information_theory([[0, 0, 30], [0, 20, 10], [10, 20, 0], [30, 0, 0]]), 6)
    0.75
    """
    return in_one_place(_ordinal_information_theory, as_composition(counts))


def _ordinal_information_theory(composition: Composition) -> Floats:
    return _relative_variation(composition, binary_entropy)


def ordinal_variation_ratio(counts: ArrayLike) -> float:
    """How much less the ordered classes vary in the areas than in the city, by the chance to tell two persons apart.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.

    Returns
    -------
    float
        R^O in [0, 1]: 0 where all areas are as the city, 1 where each area has one class; for two classes eta
        squared. NaN with fewer than two classes that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    As :func:`ordinal_information_theory` with ``f(c) = 4 c (1 - c)`` [1]_.

    References
    ----------
    .. [1] Reardon, S. F. (2009). Measures of ordinal segregation. Research on Economic Inequality 17, 129-155.

    Examples
    --------
    >>> round(ordinal_variation_ratio([[0, 30, 0], [0, 10, 20], [10, 0, 20], [30, 0, 0]]), 6)
    0.625
    """
    return in_one_place(_ordinal_variation_ratio, as_composition(counts))


def _ordinal_variation_ratio(composition: Composition) -> Floats:
    return _relative_variation(composition, interaction_of_halves)


def ordinal_square_root(counts: ArrayLike) -> float:
    """How much less the ordered classes vary in the areas than in the city, by the spread of a yes or no.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.

    Returns
    -------
    float
        S^O in [0, 1]: 0 where all areas are as the city, 1 where each area has one class.
        NaN with fewer than two classes that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    As :func:`ordinal_information_theory` with ``f(c) = 2 sqrt(c (1 - c))`` [1]_.

    References
    ----------
    .. [1] Reardon, S. F. (2009). Measures of ordinal segregation. Research on Economic Inequality 17, 129-155.

    Examples
    --------
    >>> round(ordinal_square_root([[0, 0, 30], [0, 20, 10], [10, 20, 0], [30, 0, 0]]), 6)
    0.75
    """
    return in_one_place(_ordinal_square_root, as_composition(counts))


def _ordinal_square_root(composition: Composition) -> Floats:
    return _relative_variation(composition, spread_of_halves)


def ordinal_absolute(counts: ArrayLike) -> float:
    """How much less the ordered classes vary in the areas than in the city, by the absolute difference.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.

    Returns
    -------
    float
        In [0, 1]: 1 where each area has one class; 0 where all areas are as the city, but also where the same class
        is the middle one of the city and of all areas. NaN with fewer than two classes that have members, or one
        inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    As :func:`ordinal_information_theory` with ``f(c) = 1 - |2 c - 1|`` [1]_. As f is not strictly concave, areas may
    differ without the index showing it.

    References
    ----------
    .. [1] Reardon, S. F. (2009). Measures of ordinal segregation. Research on Economic Inequality 17, 129-155.

    Examples
    --------
    >>> round(ordinal_absolute([[0, 0, 30], [0, 20, 10], [10, 20, 0], [30, 0, 0]]), 6)
    0.75
    """
    return in_one_place(_ordinal_absolute, as_composition(counts))


def _ordinal_absolute(composition: Composition) -> Floats:
    return _relative_variation(composition, nearness_of_halves)


def binary_entropy(below: Floats, above: Floats) -> Floats:
    """Return -c log2 c - (1-c) log2(1-c) of the shares c below and 1-c above a border."""
    from scipy.special import entr

    return np.asarray((entr(below) + entr(above)) / np.log(2))


def interaction_of_halves(below: Floats, above: Floats) -> Floats:
    """Return 4 c (1-c)."""
    return 4 * below * above


def spread_of_halves(below: Floats, above: Floats) -> Floats:
    """Return 2 sqrt(c (1-c))."""
    return np.asarray(2 * np.sqrt(below * above))


def nearness_of_halves(below: Floats, above: Floats) -> Floats:
    """Return 1 - |2 c - 1|."""
    return np.asarray(1 - np.abs(below - above))


def variations(counts: Floats, variation: Variation) -> tuple[Floats, Floats]:
    """Return the variation f at each border between two classes, row by row, and the row's persons.

    What is below and above a border is counted, not subtracted from 1: a border beside empty classes has exactly 0.
    """
    below = np.cumsum(counts, axis=1)[:, :-1]
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1][:, 1:]
    persons = counts.sum(axis=1)
    everybody = np.where(persons > 0, persons, 1)[:, None]
    return variation(below / everybody, above / everybody), persons


def _relative_variation(composition: Composition, variation: Variation) -> Floats:
    """Return sum_j t_j (v - v_j) / (T v)."""
    areas, persons = variations(composition.counts, variation)
    city, everybody = variations(composition.group_sums, variation)
    whole = everybody * city.sum(axis=1)
    return ratio(whole - composition.places.sum(persons * areas.sum(axis=1)), whole)


def rank_order_information_theory(counts: ArrayLike, order: int | None = None) -> float:
    """Segregation by income rank, whatever the borders of the income classes, by entropy.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.
    order : int, optional
        Highest power of the polynomial between the borders of the classes, >= 0. By default 4, but not more than
        a third of the number of borders (and at least 1): a polynomial through few borders swings between them. With
        too few borders it is their number less one.

    Returns
    -------
    float
        H^R: 0 where all areas are as the city, 1 where each has one class. A polynomial through few borders can
        leave [0, 1] by a little; nothing is cut off. NaN with fewer than two classes that have members, or one
        inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    SpecError
        ``order`` is not a whole number >= 0.

    Notes
    -----
    ``H^R = 2 ln 2 integral_0^1 E(p) H(p) dp`` [1]_: H(p) is Theil's H of those below and above rank p, E(p) the
    entropy in bits. H is known at the borders of the classes, where p is the share of the city below. A polynomial
    ``sum_m b_m p^m`` is fitted there with the weights E(p)^2, and integrated exactly: ``H^R = sum_m b_m d_m``,
    ``d_m = 2 / (m+2)^2 + 2 (1/2 + 1/3 + ... + 1/(m+2)) / ((m+1)(m+2)) = 1, 1/2, 11/36, 5/24, 137/900, ...``.
    Empty classes change nothing.

    References
    ----------
    .. [1] Reardon, S. F. (2011). Measures of income segregation. Stanford Center on Poverty and Inequality.

    Examples
    --------
    >>> round(rank_order_information_theory([[30, 20, 10], [10, 20, 30]]), 6)
    0.101585
    """
    order = checked_order(order)
    return in_one_place(lambda table: _rank_order_information_theory(table, order), as_composition(counts))


def _rank_order_information_theory(composition: Composition, order: int | None = None) -> Floats:
    return _integrated(composition, order, RankOrder(binary_entropy, _entropy_moments))


def rank_order_variation_ratio(counts: ArrayLike, order: int | None = None) -> float:
    """Segregation by income rank, whatever the borders of the income classes, by the correlation ratio.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.
    order : int, optional
        Highest power of the polynomial between the borders of the classes, >= 0; see
        :func:`rank_order_information_theory`.

    Returns
    -------
    float
        R^R: 0 where all areas are as the city, 1 where each has one class. NaN with fewer than two classes that have
        members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    SpecError
        ``order`` is not a whole number >= 0.

    Notes
    -----
    ``R^R = 3/2 integral_0^1 4 p (1-p) R(p) dp`` [1]_ with the correlation ratio R(p) of those below and above rank p;
    fitted and integrated as H^R, with ``d_m = 6 / ((m+2)(m+3))``.

    References
    ----------
    .. [1] Reardon, S. F. (2011). Measures of income segregation. Stanford Center on Poverty and Inequality.

    Examples
    --------
    >>> round(rank_order_variation_ratio([[30, 20, 10], [10, 20, 30]]), 6)
    0.125
    """
    order = checked_order(order)
    return in_one_place(lambda table: _rank_order_variation_ratio(table, order), as_composition(counts))


def _rank_order_variation_ratio(composition: Composition, order: int | None = None) -> Floats:
    return _integrated(composition, order, RankOrder(interaction_of_halves, _interaction_moments))


def rank_order_square_root(counts: ArrayLike, order: int | None = None) -> float:
    """Segregation by income rank, whatever the borders of the income classes, by the square root index.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_classes)
        Persons or households per area and class, the classes in ascending or descending order. Finite, >= 0.
    order : int, optional
        Highest power of the polynomial between the borders of the classes, >= 0; see
        :func:`rank_order_information_theory`.

    Returns
    -------
    float
        S^R: 0 where all areas are as the city, 1 where each has one class. NaN with fewer than two classes that have
        members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.
    SpecError
        ``order`` is not a whole number >= 0.

    Notes
    -----
    ``S^R = 4 / pi integral_0^1 2 sqrt(p (1-p)) S(p) dp`` [1]_ with the square root index S(p) of those below and
    above rank p; fitted and integrated as H^R, with ``d_m = (8 / pi) B(m + 3/2, 3/2)``.

    References
    ----------
    .. [1] Reardon, S. F. (2011). Measures of income segregation. Stanford Center on Poverty and Inequality.

    Examples
    --------
    >>> round(rank_order_square_root([[30, 20, 10], [10, 20, 30]]), 6)
    0.074385
    """
    order = checked_order(order)
    return in_one_place(lambda table: _rank_order_square_root(table, order), as_composition(counts))


def _rank_order_square_root(composition: Composition, order: int | None = None) -> Floats:
    return _integrated(composition, order, RankOrder(spread_of_halves, _spread_moments))


def checked_order(order: int | None) -> int | None:
    """Refuse what is no power of a polynomial."""
    if order is None:
        return None
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 0:
        raise SpecError(f"order must be a whole number, 0 or more, not {order!r}.")
    return int(order)


MOST = 4  # the highest power that Reardon (2011) uses


@dataclass(frozen=True)
class RankOrder:
    """How much a border counts, and the integrals of p^m with that weight, of which that of p^0 is 1."""

    variation: Variation
    moments: Callable[[Floats], Floats]


def _entropy_moments(m: Floats) -> Floats:
    harmonic = np.cumsum(1 / (m + 2))
    return np.asarray(2 / (m + 2) ** 2 + 2 * harmonic / ((m + 1) * (m + 2)))


def _interaction_moments(m: Floats) -> Floats:
    return np.asarray(6 / ((m + 2) * (m + 3)))


def _spread_moments(m: Floats) -> Floats:
    return np.asarray(4 * np.cumprod((2 * m + 1) / (2 * m + 4)))


def _integrated(composition: Composition, order: int | None, kind: RankOrder) -> Floats:
    """Return the weighted integral over all ranks of the two-class index, place by place."""
    areas, persons = variations(composition.counts, kind.variation)
    city, everybody = variations(composition.group_sums, kind.variation)
    whole = everybody[:, None] * city
    index = ratio(whole - composition.places.sum(persons[:, None] * areas), whole)
    rank = ratio(np.cumsum(composition.group_sums, axis=1)[:, :-1], everybody[:, None])
    # beside an empty class there is no border of its own
    border = (composition.group_sums[:, :-1] > 0) & (city > 0)
    result = np.full(len(everybody), np.nan)
    for place in np.flatnonzero(border.any(axis=1)):
        known = border[place]
        borders = int(known.sum())
        highest = min(MOST, max(1, borders // 3)) if order is None else order
        m = np.arange(min(highest, borders - 1) + 1.0)
        weight = city[place, known]
        powers = rank[place, known][:, None] ** m
        fitted = np.linalg.lstsq(weight[:, None] * powers, weight * index[place, known], rcond=None)[0]
        result[place] = fitted @ kind.moments(m)
    return result
