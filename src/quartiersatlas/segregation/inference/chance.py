"""What chance alone does to counts: the mean difference of chance shares, and windows of probable counts.

A count that chance alone makes is a sum of independent yes-or-no draws. The expected Gini index, the bias-corrected D
and the expected mutual information all sum over the probable counts of many areas at once: the functions below the
mean difference say how far from its mean a count can lie, in which steps it is taken, and with which probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

BUDGET = 500_000  # probabilities per place; up to here, each possible count is taken by itself
OMITTED = 1e-7  # probability left out per area
GOLDEN = 0.6180339887498949

CELLS = 2**17  # numbers that are worked on at a time, so that they stay near the processor


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
