"""Information of the area about the group that chance alone would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.chance import normalised, persons, reach, rows_of_similar_width, steps_from
from quartiersatlas.segregation.counts import as_composition, in_one_place
from quartiersatlas.segregation.places import entropy, ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition

    Floats = NDArray[np.float64]

OMITTED = 1e-15  # probability left out per cell of the table
SMOOTH = 36.0  # variance from which counts may be taken in steps of 3/4 standard deviation


def expected_mutual_information(counts: ArrayLike) -> float:
    """Mutual information M of area and group to be expected if persons lived where they do by chance, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0. Persons
        of an area or a group who are no whole number are rounded.

    Returns
    -------
    float
        E[M] >= 0, about (n - 1) (K - 1) / (2 T); NaN with fewer than two groups that have members, or one inhabited
        area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    The sizes of the areas and of the groups are kept and the persons spread over the areas at random, so each cell
    of the table is hypergeometric: ``E[M] = sum_ik E[ n_ik / T log(T n_ik / (t_i N_k)) ]`` [1]_. Exact but for a
    probability of 1e-15 per cell. Cells with a variance above 36 are summed over every fourth count or fewer, in steps
    of at most 3/4 standard deviation: for so smooth a law such a sum differs by a factor of exp(-35), less than the
    computer's rounding.

    References
    ----------
    .. [1] Vinh, N. X., Epps, J. & Bailey, J. (2010). Information theoretic measures for clusterings comparison:
           variants, properties, normalization and correction for chance. Journal of Machine Learning Research 11,
           2837-2854.

    Examples
    --------
    >>> round(expected_mutual_information([[40, 20, 5, 1], [20, 40, 60, 80]]), 8)
    0.00572048
    """
    return in_one_place(_expected_mutual_information, as_composition(counts))


def _expected_mutual_information(composition: Composition) -> Floats:
    places, n_groups = composition.places, composition.counts.shape[1]
    size = persons(composition.totals)
    everybody = places.sum(size)
    members = persons(composition.city_shares * everybody[:, None])
    key, number = np.unique(places.codes + 1j * size, return_counts=True)
    place = key.real.astype(np.intp)
    a = np.repeat(key.imag, n_groups)
    b, total = members[place].ravel(), np.repeat(everybody[place], n_groups)
    filled = (a > 0) & (b > 0)
    information = np.zeros(len(a))
    information[filled] = _information_of_cells(a[filled], b[filled], total[filled])
    per_size = information.reshape(-1, n_groups).sum(axis=1) * number
    return ratio(np.asarray(np.bincount(place, per_size, places.n_places), dtype=float), everybody)


def _information_of_cells(a: Floats, b: Floats, total: Floats) -> Floats:
    """Return E[x log(x T / (a b))], x of the a persons of an area being among the b of T who are of a group."""
    mean = a * b / total
    variance = mean * (1 - a / total) * (total - b) / np.maximum(total - 1, 1)
    distance = reach(variance, OMITTED)
    low = np.maximum(np.ceil(mean - distance), np.maximum(a + b - total, 0))
    high = np.minimum(np.floor(mean + distance), np.minimum(a, b))
    step = np.where(variance > SMOOTH, np.floor(0.75 * np.sqrt(variance)), 1)
    width = (np.floor((high - low) / step) + 1).astype(np.intp)
    result = np.empty(len(a))
    for rows in rows_of_similar_width(width):
        k, inside = steps_from(low[rows], width[rows], step[rows])
        masses = _hypergeometric_masses(k, inside, a[rows], b[rows], total[rows])
        result[rows] = (masses * _excess(k, mean[rows])).sum(axis=1)
    return result


def _hypergeometric_masses(k: Floats, inside: NDArray[np.bool_], a: Floats, b: Floats, total: Floats) -> Floats:
    from scipy.special import gammaln

    a, b, neither = a[:, None], b[:, None], (total - a - b)[:, None]
    return normalised(-gammaln(k + 1) - gammaln(a - k + 1) - gammaln(b - k + 1) - gammaln(neither + k + 1), inside)


def _excess(k: Floats, mean: Floats) -> Floats:
    """Return k log(k / mean) - (k - mean): never negative, and of the same expectation without its second half."""
    from scipy.special import xlogy

    mean = mean[:, None]
    return np.asarray(xlogy(k, k / mean) - (k - mean))


def expected_information_theory(counts: ArrayLike) -> float:
    """Theil's H to be expected of these areas and groups if persons lived where they do by chance.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0.

    Returns
    -------
    float
        E[H] in [0, 1]; NaN with fewer than two groups that have members, or one inhabited area.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``E[H] = E[M] / E`` with :func:`expected_mutual_information`: the entropy E of the city does not depend on where
    its people live.

    Examples
    --------
    >>> round(expected_information_theory([[40, 20, 5, 1], [20, 40, 60, 80]]), 8)
    0.00415067
    """
    return in_one_place(_expected_information_theory, as_composition(counts))


def _expected_information_theory(composition: Composition) -> Floats:
    return ratio(_expected_mutual_information(composition), entropy(composition.city_shares))
