"""What chance alone does to counts: the laws behind the small-unit versions of the indices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CELLS = 2**17  # numbers that are worked on at a time, so that they stay near the processor


def persons(counts: Floats) -> Floats:
    """Return counts as whole persons, since only these can be drawn."""
    return np.rint(counts)


def reach(variance: Floats, omitted: float) -> Floats:
    """Return a distance from the mean beyond which a sum of independent yes-or-no draws lies with at most `omitted`.

    Bernstein's inequality; binomial and hypergeometric counts are such sums.
    """
    log = np.log(2 / omitted)
    return np.asarray(log / 3 + np.sqrt((log / 3) ** 2 + 2 * log * variance))


def mean_deviation(n: Floats, p: Floats) -> Floats:
    """Return E|X - n p| of binomial counts X: ``2 k C(n, k) p^k (1-p)^(n-k+1)``, ``k = floor(n p) + 1`` (de Moivre)."""
    from scipy.special import gammaln

    n, p = np.broadcast_arrays(n, p)
    open_ = (p > 0) & (p < 1)
    p = np.where(open_, p, 0.5)
    k = np.minimum(np.floor(n * p) + 1, n)
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k + 1) * np.log1p(-p)
    return np.where(open_, 2 * k * np.exp(log), 0)


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
    return normalised(log, inside)


def normalised(log: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return exp(log) inside of the rows, brought to the sum 1 row by row."""
    masses = np.where(inside, np.exp(log - log.max(axis=1, keepdims=True)), 0)
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))
