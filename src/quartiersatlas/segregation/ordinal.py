"""Ordinal segregation: are the areas' ordered classes, of income or age, less mixed than the city's?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import as_composition, in_one_place
from quartiersatlas.segregation.places import ratio

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
