"""Difference, ratio and odds ratio of two rates with the score intervals of Miettinen and Nurminen, on arrays.

All three measures share one z of the hypothesis of no gap, so their intervals never contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from quartiersatlas.indicators.rates import NORMAL_95

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Score: TypeAlias = Callable[["PairCounts", Floats], Floats]

HALVINGS = 80  # of a bisection: more than the digits of a float
FAR = 1 - 1e-15  # t of the largest ratio t / (1 - t) that is looked at


@dataclass(frozen=True)
class PairCounts:
    """Cases and persons of a group and of the others, as arrays of one shape; n above 0."""

    x1: Floats
    n1: Floats
    x2: Floats
    n2: Floats

    @property
    def both(self) -> Floats:
        """All persons."""
        return self.n1 + self.n2

    @property
    def factor(self) -> Floats:
        """Miettinen and Nurminen's factor of the variance, N / (N - 1)."""
        both = self.both
        return np.where(both > 1, both / np.where(both > 1, both - 1, 1.0), np.nan)


@dataclass(frozen=True)
class Estimated:
    """A measure of the gap with its interval, as arrays."""

    value: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True)
class Gaps:
    """Difference, ratio and odds ratio against the others, and z of no gap."""

    difference: Estimated
    ratio: Estimated
    odds_ratio: Estimated
    z: Floats


def score_intervals(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike) -> Gaps:
    """Return how a group's rate differs from that of the others, with 95 % score intervals.

    Parameters
    ----------
    x1, n1 : array_like of float
        Cases and persons of the group; NaN where unknown.
    x2, n2 : array_like of float
        Cases and persons of the others.

    Returns
    -------
    Gaps
        NaN where a count is NaN or nobody is in one of the two. Where both rates are 0 there is no ratio, where both
        are 0 or both are 1 no odds ratio: their values are NaN, and the interval is everything that is left.

    Notes
    -----
    The interval of a measure is the set of its values v with ``|z(v)| <= 1.96``, where z is the score statistic with
    the rates that are most likely under v, and the variance is taken N / (N - 1) times [1]_.

    References
    ----------
    .. [1] Miettinen, O. & Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213-226.

    Examples
    --------
    >>> found = score_intervals([56], [70], [48], [80]).difference
    >>> [float(part[0].round(4)) for part in (found.value, found.lower, found.upper)]
    [0.2, 0.0528, 0.3382]
    """
    x1, n1, x2, n2 = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (x1, n1, x2, n2)))
    known = (n1 > 0) & (n2 > 0) & np.isfinite(x1) & np.isfinite(x2)
    counts = PairCounts(*(np.where(known, part, fill) for part, fill in ((x1, 0.0), (n1, 1.0), (x2, 0.0), (n2, 1.0))))
    p1, p2 = counts.x1 / counts.n1, counts.x2 / counts.n2
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = _interval(counts, p1 - p2, _z_of_difference, (-1.0, 1.0))
        ratio = _of_ratio(counts, p1 / p2, _z_of_ratio)
        odds = _of_ratio(counts, p1 * (1 - p2) / (p2 * (1 - p1)), _z_of_odds)
        z = _z_of_difference(counts, np.zeros_like(p1))
    whole = _where(known, difference), _where(known, ratio), _where(known, odds)
    return Gaps(*whole, np.where(known, z, np.nan))


def _where(known: Bools, found: Estimated) -> Estimated:
    return Estimated(*(np.where(known, part, np.nan) for part in (found.value, found.lower, found.upper)))


def _interval(counts: PairCounts, value: Floats, score: Score, ends: tuple[float, float]) -> Estimated:
    """Return both ends: where the score falls to 1.96 below the value, and to -1.96 above it."""
    start = np.clip(np.where(np.isnan(value), 0.0, value), *ends)
    lower = _falls_to(counts, score, NORMAL_95, np.full_like(start, ends[0]), start)
    upper = _falls_to(counts, score, -NORMAL_95, start, np.full_like(start, ends[1]))
    return Estimated(value, lower, upper)


def _of_ratio(counts: PairCounts, value: Floats, score: Score) -> Estimated:
    """Return a ratio with its interval, looked for on t of ``ratio = t / (1 - t)``; without a value all is possible."""
    place = np.where(np.isinf(value), FAR, value / (1 + value))

    def of_place(counts: PairCounts, t: Floats) -> Floats:
        return score(counts, t / (1 - t))

    found = _interval(counts, place, of_place, (0.0, FAR))
    lower, upper = (end / (1 - end) for end in (found.lower, found.upper))
    nobody, everybody = counts.x1 <= 0, counts.x2 <= 0
    undefined = np.isnan(value)
    lower = np.where(nobody | undefined, 0.0, lower)
    upper = np.where(everybody | undefined | (found.upper >= FAR), np.inf, upper)
    return Estimated(value, lower, upper)


def _falls_to(counts: PairCounts, score: Score, level: float, low: Floats, high: Floats) -> Floats:
    """Return where a falling score reaches a level, by halving the space in between."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = score(counts, middle) > level
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def likely_rates(counts: PairCounts, d: Floats) -> tuple[Floats, Floats]:
    """Return the rates that are most likely where ``p1 = p2 + d``; p2 is the middle root of a cubic equation."""
    x2, n1, n2, both = counts.x2, counts.n1, counts.n2, counts.both
    cases = counts.x1 + x2
    b = ((n1 + 2 * n2) * d - both - cases) / both
    c = ((n2 * d - both - 2 * x2) * d + cases) / both
    e = x2 * d * (1 - d) / both
    v = b**3 / 27 - b * c / 6 + e / 2
    u = np.where(v > 0, 1.0, -1.0) * np.sqrt(np.maximum(b**2 / 9 - c / 3, 0.0))
    turn = np.clip(np.where(u == 0, 0.0, v / np.where(u == 0, 1.0, u) ** 3), -1, 1)
    p2 = np.clip(2 * u * np.cos((np.pi + np.arccos(turn)) / 3) - b / 3, np.maximum(0, -d), np.minimum(1, 1 - d))
    return np.clip(p2 + d, 0, 1), p2


def _z_of_difference(counts: PairCounts, d: Floats) -> Floats:
    """Return z of the hypothesis ``p1 = p2 + d``."""
    x2, n1, n2 = counts.x2, counts.n1, counts.n2
    p1, p2 = likely_rates(counts, d)
    variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * counts.factor
    return _standardised(counts.x1 / n1 - x2 / n2 - d, variance)


def _z_of_ratio(counts: PairCounts, ratio: Floats) -> Floats:
    """Return z of the hypothesis ``p1 = ratio p2``; p2 is then a root of a quadratic equation."""
    x1, x2, n1, n2 = counts.x1, counts.x2, counts.n1, counts.n2
    a, b, c = counts.both * ratio, n1 * ratio + x1 + n2 + x2 * ratio, x1 + x2
    p2 = np.clip(2 * c / (b + np.sqrt(np.maximum(b**2 - 4 * a * c, 0.0))), 0, 1)
    p1 = np.clip(ratio * p2, 0, 1)
    variance = (p1 * (1 - p1) / n1 + ratio**2 * p2 * (1 - p2) / n2) * counts.factor
    return _standardised(x1 / n1 - ratio * (x2 / n2), variance)


def _z_of_odds(counts: PairCounts, odds: Floats) -> Floats:
    """Return z of the hypothesis that the odds are ``odds`` times those of the others."""
    n1, n2 = counts.n1, counts.n2
    cases = counts.x1 + counts.x2
    a, b = n2 * (odds - 1), n1 * odds + n2 - cases * (odds - 1)
    root = np.sqrt(np.maximum(b**2 + 4 * a * cases, 0.0))
    p2 = np.where(b >= 0, 2 * cases / (b + root), (root - b) / np.where(a == 0, 1.0, 2 * a))
    p1 = odds * p2 / (1 + p2 * (odds - 1))
    information = 1 / (n1 * p1 * (1 - p1)) + 1 / (n2 * p2 * (1 - p2))
    z: Floats = (counts.x1 - n1 * p1) * np.sqrt(information / counts.factor)
    return z


def _standardised(deviation: Floats, variance: Floats) -> Floats:
    """Return deviations over their standard error; beyond all bounds where there is no variance at all."""
    endless = np.where(deviation == 0, 0.0, np.sign(deviation) * np.inf)
    return np.where(variance > 0, deviation / np.sqrt(np.where(variance > 0, variance, 1.0)), endless)


def against_all(found: Estimated, share: Floats, *, ratio: bool) -> Estimated:
    """Return a measure against the others as one against all, of whom the group is a share.

    The group is a part of all, so the two rates are not independent: the gap to all is ``(1 - share)`` times the gap to
    the others, and a ratio t becomes ``t / (share t + 1 - share)``.

    Examples
    --------
    >>> one = Estimated(*(np.array([part]) for part in (-0.10, -0.15, -0.05)))
    >>> against_all(one, np.array([0.4]), ratio=False).value.round(3).tolist()
    [-0.06]
    """

    def turned(part: Floats) -> Floats:
        if not ratio:
            return part * (1 - share)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(np.isinf(part), 1 / share, part / (share * part + 1 - share))

    return Estimated(turned(found.value), turned(found.lower), turned(found.upper))
