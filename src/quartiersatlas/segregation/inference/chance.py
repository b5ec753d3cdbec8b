"""What chance alone does to counts: expected information, the mean difference of chance shares, probable counts.

A count that chance alone makes is a sum of independent yes-or-no draws. The expected mutual information, the expected
Gini index and the bias-corrected D all sum over the probable counts of many areas at once: the functions at the end say
how far from its mean a count can lie, in which steps it is taken, and with which probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import Places, as_composition, as_numbers, entropy, in_one_place, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.segregation.counts import Composition

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

BUDGET = 500_000  # probabilities per place; up to here, each possible count is taken by itself
OMITTED = 1e-7  # probability left out per area
GOLDEN = 0.6180339887498949
CELLS = 2**17  # numbers that are worked on at a time, so that they stay near the processor
OMITTED_PER_CELL = 1e-15  # probability left out per cell of the table
SMOOTH = 36.0  # variance from which counts may be taken in steps of 3/4 standard deviation


def expected_mutual_information(counts: ArrayLike) -> float:
    """Mutual information M of area and group expected if people were distributed by chance, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0. Persons
        per area or group that are not a whole number are rounded.

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


def expected_local_segregation(counts: ArrayLike) -> Floats:
    """Local segregation of each area expected if people were distributed by chance, in nats.

    Parameters
    ----------
    counts : array_like of float, shape (n_areas, n_groups)
        Persons per area and group; the groups exclude one another and together are everybody. Finite, >= 0. Persons
        per area or group that are not a whole number are rounded.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        E[ls] >= 0, about (K - 1) / (2 t): an area whose :func:`local_segregation` is not clearly above it may be
        composed like the city. NaN in empty areas.

    Raises
    ------
    CountError
        A count is negative or not finite, or the table has not two dimensions.

    Notes
    -----
    ``E[ls_i] = sum_k E[ n_ik / t_i log(T n_ik / (t_i N_k)) ]`` with hypergeometric n_ik, exact as
    :func:`expected_mutual_information`, which is the mean over all residents: ``E[M] = sum_i t_i / T E[ls_i]`` [1]_.

    References
    ----------
    .. [1] Vinh, N. X., Epps, J. & Bailey, J. (2010). Information theoretic measures for clusterings comparison:
           variants, properties, normalization and correction for chance. Journal of Machine Learning Research 11,
           2837-2854.

    Examples
    --------
    >>> expected_local_segregation([[40, 20], [20, 40], [5, 60], [1, 80]]).round(5).tolist()
    [0.00655, 0.00655, 0.0059, 0.00434]
    """
    table = as_numbers(counts, "Counts")
    composition = as_composition(table)
    per_size, row = _information_by_size(composition)
    result = np.full(len(table), np.nan)
    result[table.sum(axis=1) > 0] = ratio(per_size[row], np.rint(composition.totals))
    return result


def _expected_mutual_information(composition: Composition) -> Floats:
    places = composition.places
    per_size, row = _information_by_size(composition)
    return ratio(places.sum(per_size[row]), places.sum(np.rint(composition.totals)))


def _information_by_size(composition: Composition) -> tuple[Floats, NDArray[np.intp]]:
    """Return E[sum_k x_k log(x_k T / (t N_k))] of each size of area in each place, and which of them an area has."""
    places, n_groups = composition.places, composition.counts.shape[1]
    size = np.rint(composition.totals)
    everybody = places.sum(size)
    members = np.rint(composition.city_shares * everybody[:, None])
    key, row = np.unique(places.codes + 1j * size, return_inverse=True)
    place = key.real.astype(np.intp)
    a = np.repeat(key.imag, n_groups)
    b, population = members[place].ravel(), np.repeat(everybody[place], n_groups)
    filled = (a > 0) & (b > 0)
    information = np.zeros(len(a))
    information[filled] = _information_of_cells(a[filled], b[filled], population[filled])
    return information.reshape(-1, n_groups).sum(axis=1), row


def _information_of_cells(a: Floats, b: Floats, population: Floats) -> Floats:
    """Return E[x log(x T / (a b))], x of the a persons of an area being among the b of T who are of a group."""
    mean = a * b / population
    variance = mean * (1 - a / population) * (population - b) / np.maximum(population - 1, 1)
    distance = reach(variance, OMITTED_PER_CELL)
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
    """Theil's H expected of these areas and groups if people were distributed by chance.

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


@dataclass(frozen=True)
class Sizes:
    """The different sizes of areas in each place, their chance counts and the steps these are taken in.

    Parameters
    ----------
    place : ndarray of int, shape (n_sizes,)
        Ascending.
    size, number, p : ndarray of float, shape (n_sizes,)
        Persons, areas of this size in the place, and the group's share in the place.
    low, step : ndarray of float, shape (n_sizes,)
        The first count and the distance to the next one.
    width : ndarray of int, shape (n_sizes,)
        How many counts are taken.
    """

    place: Ints
    size: Floats
    number: Floats
    p: Floats
    low: Floats
    step: Floats
    width: Ints

    def part(self, rows: slice | Ints) -> Sizes:
        """Return some of the rows."""
        return Sizes(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def sum_of_differences(sizes: Floats, city_share: Floats, places: Places) -> Floats:
    """Return sum_{i != j} t_i t_j E|p_i - p_j| per place, the p_i being shares of independent binomial counts.

    With S(z) = sum_i t_i F_i(z), F_i the distribution function of p_i, all pairs together (i = j included) are
    2 integral of S (T - S) dz: the steps of all F_i, sorted once. Areas of equal size have the same F; their pairs
    are taken out of the integral and put back one by one, without the area with itself.
    """
    rows = _different_sizes(sizes, city_share, places)
    result = np.zeros(places.n_places)
    for start, stop in _portions(rows.place, rows.width):
        part = rows.part(slice(start, stop))
        first, last = part.place[0], part.place[-1] + 1
        result[first:last] = _sum_of_differences(part, int(last - first))
    return result


def _different_sizes(sizes: Floats, city_share: Floats, places: Places) -> Sizes:
    base = int(sizes.max(initial=0)) + 1
    key, areas = np.unique(places.codes * base + sizes.astype(np.intp), return_counts=True)
    place, size = np.divmod(key, base)
    p = city_share[place]
    kept = (size > 0) & (p > 0) & (p < 1)
    place, size, number, p = place[kept], size[kept].astype(float), areas[kept].astype(float), p[kept]
    mean, distance = size * p, reach(size * p * (1 - p), OMITTED)
    low = np.maximum(np.ceil(mean - distance), 0)
    span = np.minimum(np.floor(mean + distance), size) - low
    step = _steps(place, span + 1, places.n_places)
    # steps above 1 start anywhere within the first one: lattices of like areas must not fall upon each other
    low += np.where(step > 1, step * np.mod(GOLDEN * size, 1), 0)
    span = np.minimum(np.floor(mean + distance), size) - low
    return Sizes(place, size, number, p, low, step, (np.floor(span / step) + 1).astype(np.intp))


def _steps(place: Ints, widths: Floats, n_places: int) -> Floats:
    """Return 1 where a place's counts keep within the budget; else wider steps for its largest areas."""
    step = np.ones(len(widths))
    for crowded in np.flatnonzero(np.bincount(place, widths, n_places) > BUDGET):
        rows = np.flatnonzero(place == crowded)
        ascending = np.sort(widths[rows])
        taken = np.concatenate([[0], np.cumsum(ascending)[:-1]])
        caps = (BUDGET - taken) / np.arange(len(rows), 0, -1)
        cap = max(128.0, caps[int(np.argmax(ascending > caps))])
        step[rows] = np.ceil(widths[rows] / cap)
    return step


def _portions(place: Ints, widths: Ints) -> Iterator[tuple[int, int]]:
    """Give first and last row of groups of places whose counts are taken together."""
    if not len(place):
        return
    ends = np.flatnonzero(np.diff(place, append=-1)) + 1
    portion = (np.cumsum(widths)[ends - 1] - 1) // BUDGET
    stops = ends[np.flatnonzero(np.diff(portion, append=-1))]
    yield from zip(np.concatenate([[0], stops])[:-1].astype(int), stops, strict=True)


def _sum_of_differences(rows: Sizes, n_places: int) -> Floats:
    """Return the sums of a few places."""
    codes = rows.place - rows.place[0]
    first = np.concatenate([[0], np.cumsum(rows.width)[:-1]])
    position, weight = np.empty(rows.width.sum()), np.empty(rows.width.sum())
    own = np.empty(len(codes))
    for rows_alike in rows_of_similar_width(rows.width):
        part = rows.part(rows_alike)
        k, inside = steps_from(part.low, part.width, part.step)
        masses = binomial_masses(k, inside, part.size, part.p)
        below = np.cumsum(masses, axis=1)
        own[rows_alike] = 2 * part.step / part.size * (below * (1 - below)).sum(axis=1)
        where = (first[rows_alike][:, None] + np.arange(k.shape[1]))[inside]
        position[where] = (2 * codes[rows_alike][:, None] + k / part.size[:, None])[inside]
        weight[where] = ((part.number * part.size)[:, None] * masses)[inside]
    points = Places(np.bincount(codes, rows.width, n_places).astype(np.intp))
    order = np.argsort(position)
    gaps = np.diff(position[order], append=0)
    gaps[np.cumsum(points.sizes)[points.sizes > 0] - 1] = 0
    below = points.cumulated(weight[order])
    everybody = points.each(points.sum(weight))
    all_pairs = 2 * points.sum(below * (everybody - below) * gaps)
    alike = rows.number * rows.size**2 * ((rows.number - 1) * _of_equal_areas(rows, own) - rows.number * own)
    return np.asarray(all_pairs + np.bincount(codes, alike, n_places))


def _of_equal_areas(rows: Sizes, own: Floats) -> Floats:
    """Return E|p_i - p_j| of two areas of the same size; in wide steps by its series in 1 / (t P (1 - P))."""
    spread = rows.p * (1 - rows.p)
    variance = rows.size * spread
    series = 2 * np.sqrt(spread / rows.size / np.pi) * (1 - (1 - 6 * spread) / (48 * variance) - 1 / (24 * variance))
    return np.where(rows.step > 1, series, own)


def reach(variance: Floats, omitted: float) -> Floats:
    """Return a distance from the mean beyond which a sum of independent yes-or-no draws lies with at most `omitted`.

    Bernstein's inequality; binomial and hypergeometric counts are such sums.
    """
    log = np.log(2 / omitted)
    return np.asarray(log / 3 + np.sqrt((log / 3) ** 2 + 2 * log * variance))


def rows_of_similar_width(widths: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Give rows in portions in which the widest is hardly wider than the narrowest."""
    order = np.argsort(widths, kind="stable")
    ascending = widths[order]
    start = 0
    while start < len(order):
        widest = int(ascending[start] * 1.25) + 4
        stop = int(np.searchsorted(ascending, widest, side="right"))
        stop = min(stop, start + max(1, CELLS // widest))
        yield order[start:stop]
        start = stop


def steps_from(low: Floats, width: NDArray[np.intp], step: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the numbers of steps low, low + step, ... row by row, and which of them belong to the row."""
    j = np.arange(width.max(initial=0))
    inside = j < width[:, None]
    return low[:, None] + step[:, None] * np.where(inside, j, 0), inside


def binomial_masses(k: Floats, inside: NDArray[np.bool_], n: Floats, p: Floats) -> Floats:
    """Return the probabilities of counts k of binomial laws, row by row, each row brought to the sum 1."""
    from scipy.special import gammaln

    n = n[:, None]
    log = k * np.log(p / (1 - p))[:, None] - gammaln(k + 1) - gammaln(n - k + 1)
    return to_unit_sum(log, inside)


def to_unit_sum(log: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return exp(log) inside of the rows, brought to the sum 1 row by row."""
    masses = np.where(inside, np.exp(log - log.max(axis=1, keepdims=True)), 0)
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))
