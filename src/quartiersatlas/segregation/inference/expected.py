"""What small areas alone do to an index, and the index freed from it: areas of few persons are uneven by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import renamed
from quartiersatlas.segregation.counts import (
    as_composition,
    entropy,
    group_and_rest,
    group_in_population,
    in_one_place,
    ratio,
)
from quartiersatlas.segregation.indices.evenness import _dissimilarity, _gini
from quartiersatlas.segregation.inference.chance import (
    reach,
    rows_of_similar_width,
    steps_from,
    sum_of_differences,
    to_unit_sum,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition, Pair, Places

    Floats = NDArray[np.float64]

NO_ROOM = 1e-12  # chance alone gives an index of 1: nothing can be measured
OMITTED = 1e-15  # probability left out per cell of the table
SMOOTH = 36.0  # variance from which counts may be taken in steps of 3/4 standard deviation


def expected_dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Dissimilarity D to be expected of these areas if persons lived where they do by chance.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0. Persons of an area who
        are no whole number, as weighted counts are, are rounded.

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


def mean_deviation(n: Floats, p: Floats) -> Floats:
    """Return E|X - n p| of binomial counts X: ``2 k C(n, k) p^k (1-p)^(n-k+1)``, ``k = floor(n p) + 1`` (de Moivre)."""
    from scipy.special import gammaln

    n, p = np.broadcast_arrays(n, p)
    open_ = (p > 0) & (p < 1)
    p = np.where(open_, p, 0.5)
    k = np.minimum(np.floor(n * p) + 1, n)
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k + 1) * np.log1p(-p)
    return np.where(open_, 2 * k * np.exp(log), 0)


def expected_gini(group: ArrayLike, rest: ArrayLike) -> float:
    """Gini index to be expected of these areas if persons lived where they do by chance.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0. Persons of an area who
        are no whole number, as weighted counts are, are rounded.

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


@renamed(total="population")
def expected_correlation_ratio(group: ArrayLike, population: ArrayLike) -> float:
    """Correlation ratio eta squared to be expected of these areas if persons lived where they do by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons of an area who are no
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
    return _areas_per_person(pair.both, pair.places)


def _expected_multigroup_dissimilarity(composition: Composition) -> Floats:
    """Return sum_ik E|n_ik - t_i pi_k| / (2 T I), the n_ik being binomial as in :func:`expected_dissimilarity`."""
    places, size, shares = composition.places, np.rint(composition.totals), composition.city_shares
    deviation = mean_deviation(size[:, None], places.each(shares)).sum(axis=1)
    return ratio(places.sum(deviation), 2 * places.sum(size) * (shares * (1 - shares)).sum(axis=1))


def _expected_multigroup_gini(composition: Composition) -> Floats:
    """Return sum_k sum_{i != j} t_i t_j E|pi_ik - pi_jk| / (2 T^2 I), as in :func:`expected_gini`."""
    places, size, shares = composition.places, np.rint(composition.totals), composition.city_shares
    different = shares.T if shares.shape[1] != 2 else shares.T[:1]  # noqa: PLR2004 - two groups differ alike
    differences = sum((sum_of_differences(size, p, places) for p in different), start=np.zeros(places.n_places))
    differences *= shares.shape[1] / len(different)
    return ratio(differences, 2 * places.sum(size) ** 2 * (shares * (1 - shares)).sum(axis=1))


def _expected_relative_diversity(composition: Composition) -> Floats:
    """Return (n - 1) / (T - 1), the same for relative diversity, normalised exposure and squared coefficient C."""
    return _areas_per_person(composition.totals, composition.places)


def _areas_per_person(counts: Floats, places: Places) -> Floats:
    """Return (n - 1) / (T - 1) of n areas with T persons."""
    size = np.rint(counts)
    return ratio(places.sum((size > 0).astype(float)) - 1, np.maximum(places.sum(size) - 1, 0))


@renamed(total="population")
def expected_isolation(group: ArrayLike, population: ArrayLike) -> float:
    """Isolation xPx to be expected of these areas if persons lived where they do by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons of an area who are no
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
    return p + (1 - p) * _areas_per_person(pair.population, pair.places)


@renamed(total="population")
def expected_interaction(group: ArrayLike, population: ArrayLike) -> float:
    """Interaction xPy with the rest to be expected of these areas if persons lived where they do by chance.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population. Persons of an area who are no
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
    return ratio(pair.other_sum, pair.population_sum) * (1 - _areas_per_person(pair.population, pair.places))


def adjusted_dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Dissimilarity D freed from chance: 0 where people live as if spread at random.

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


def adjusted_gini(group: ArrayLike, rest: ArrayLike) -> float:
    """Gini index freed from chance: 0 where people live as if spread at random.

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


def carrington_troske(value: Floats, expected: Floats) -> Floats:
    """Return the place of a value between chance (0) and the whole range: 1 above, -1 below; NaN without room."""
    room = np.where(value >= expected, 1 - expected, expected)
    return ratio(value - expected, np.where(room > NO_ROOM, room, 0))


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
    size = np.rint(composition.totals)
    everybody = places.sum(size)
    members = np.rint(composition.city_shares * everybody[:, None])
    key, number = np.unique(places.codes + 1j * size, return_counts=True)
    place = key.real.astype(np.intp)
    a = np.repeat(key.imag, n_groups)
    b, population = members[place].ravel(), np.repeat(everybody[place], n_groups)
    filled = (a > 0) & (b > 0)
    information = np.zeros(len(a))
    information[filled] = _information_of_cells(a[filled], b[filled], population[filled])
    per_size = information.reshape(-1, n_groups).sum(axis=1) * number
    return ratio(np.asarray(np.bincount(place, per_size, places.n_places), dtype=float), everybody)


def _information_of_cells(a: Floats, b: Floats, population: Floats) -> Floats:
    """Return E[x log(x T / (a b))], x of the a persons of an area being among the b of T who are of a group."""
    mean = a * b / population
    variance = mean * (1 - a / population) * (population - b) / np.maximum(population - 1, 1)
    distance = reach(variance, OMITTED)
    low = np.maximum(np.ceil(mean - distance), np.maximum(a + b - population, 0))
    high = np.minimum(np.floor(mean + distance), np.minimum(a, b))
    step = np.where(variance > SMOOTH, np.floor(0.75 * np.sqrt(variance)), 1)
    width = (np.floor((high - low) / step) + 1).astype(np.intp)
    result = np.empty(len(a))
    for rows in rows_of_similar_width(width):
        k, inside = steps_from(low[rows], width[rows], step[rows])
        masses = _hypergeometric_masses(k, inside, a[rows], b[rows], population[rows])
        result[rows] = (masses * _excess(k, mean[rows])).sum(axis=1)
    return result


def _hypergeometric_masses(k: Floats, inside: NDArray[np.bool_], a: Floats, b: Floats, population: Floats) -> Floats:
    from scipy.special import gammaln

    a, b, neither = a[:, None], b[:, None], (population - a - b)[:, None]
    return to_unit_sum(-gammaln(k + 1) - gammaln(a - k + 1) - gammaln(b - k + 1) - gammaln(neither + k + 1), inside)


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
