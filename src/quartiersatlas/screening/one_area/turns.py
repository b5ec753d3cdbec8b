"""Where an answer may turn: at how many persons more or fewer a value meets a limit that moves with it.

The value of an area is ``per (x + a d) / (n + b d)`` for d persons; its limit is a number, a part of the value itself
(as in a mean), or made of pooled counts that move too. Everything here is floats for all areas at once: it says where
to look, and whole numbers of persons around it are then asked.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]

Span = tuple["Array", "Array"]  # per area, from where to where to look; NaN: nowhere
Polynomial = list["Array"]  # coefficients per area, the constant first
TOUCHES = 1e-9  # a discriminant this close to 0, as a part of its terms, is 0


@dataclass(frozen=True, eq=False)
class Ratio:
    """The value of an area: ``per (x + a d) / (n + b d) - before``.

    Parameters
    ----------
    x, n : array of float, shape (n_areas,)
        Its counts as they are.
    a, b : int
        What one person more adds to each.
    per : float
        Unit of the rate.
    before : array of float
        The value of an earlier date, for a change.
    """

    x: Array
    n: Array
    a: int
    b: int
    per: float
    before: Array

    def persons(self, value: Array) -> Array:
        """Return at how many persons more the area has a value."""
        share = value + self.before
        with np.errstate(all="ignore"):
            return (self.n * share - self.per * self.x) / (self.a * self.per - self.b * share)


@dataclass(frozen=True, eq=False)
class LimitLine:
    """A limit: ``own * value + fixed + sum of weight * per (X + a d) / (N + b d)``, the own counts among X and N."""

    own: float | Array = 0.0
    fixed: float | Array = 0.0
    pooled: tuple[tuple[float, Array, Array], ...] = field(default=())

    def scaled(self, factor: float, plus: float = 0.0) -> LimitLine:
        """Return factor * limit + plus."""
        pooled = tuple((factor * weight, x, n) for weight, x, n in self.pooled)
        return LimitLine(factor * self.own, factor * self.fixed + plus, pooled)

    def __add__(self, other: LimitLine) -> LimitLine:
        return LimitLine(self.own + other.own, self.fixed + other.fixed, self.pooled + other.pooled)


def roots(ratio: Ratio, line: LimitLine, apart: float = 0.0) -> list[Array]:
    """Return the numbers of persons at which the value is ``apart`` above its limit; several where it can be so."""
    with np.errstate(all="ignore"):  # infinite limits and areas of nobody give none
        return solutions(_polynomial(ratio, line, apart))


def _polynomial(ratio: Ratio, line: LimitLine, apart: float) -> Polynomial:
    """Return value - limit - apart, times all denominators."""
    own = 1.0 - line.own
    parts = [(own * ratio.per, ratio.x, ratio.n)]
    parts += [(-weight * ratio.per, x, n) for weight, x, n in line.pooled]
    fixed = -line.fixed - own * ratio.before - apart
    below = [[n, np.full_like(n, float(ratio.b))] for _, _, n in parts]
    found = _product([[np.asarray(fixed + 0.0 * ratio.x)], *below])
    for place, (weight, x, _) in enumerate(parts):
        above = [weight * x, weight * np.full_like(x, float(ratio.a))]
        term = _product([above, *below[:place], *below[place + 1 :]])
        found = [c + (term[power] if power < len(term) else 0.0) for power, c in enumerate(found)]
    return found


def _product(factors: Sequence[Polynomial]) -> Polynomial:
    found = factors[0]
    for factor in factors[1:]:
        powers = len(found) + len(factor) - 1
        found = [
            np.asarray(sum(found[i] * factor[k - i] for i in range(len(found)) if 0 <= k - i < len(factor)))
            for k in range(powers)
        ]
    return found


def solutions(polynomial: Polynomial) -> list[Array]:
    """Return the real roots of polynomials, one per area; NaN or infinite where there is none.

    Examples
    --------
    >>> [float(root[0]) for root in solutions([np.array([-6.0]), np.array([1.0]), np.array([1.0])])]
    [-3.0, 2.0]
    """
    while len(polynomial) > 2 and not np.any(polynomial[-1]):  # noqa: PLR2004 - a line has two
        polynomial = polynomial[:-1]
    with np.errstate(all="ignore"):
        if len(polynomial) == 2:  # noqa: PLR2004
            return [-polynomial[0] / polynomial[1]]
        if len(polynomial) == 3:  # noqa: PLR2004 - a parabola has three
            c, b, a = polynomial
            inner = b * b - 4 * a * c
            inner = np.where(np.abs(inner) <= TOUCHES * (b * b + np.abs(4 * a * c)), 0.0, inner)
            q = -(b + np.where(b < 0, -1.0, 1.0) * np.sqrt(inner)) / 2
            return [q / a, c / q]
    rows = np.stack(np.broadcast_arrays(*polynomial[::-1]), axis=1)
    return list(np.array([_roots_of(row) for row in rows]).T)


def _roots_of(coefficients: Array) -> Array:
    """Return the real parts of the roots of one polynomial; the others are no harm where they are only looked at."""
    found = np.full(len(coefficients) - 1, np.nan)
    if np.isfinite(coefficients).all():
        real = np.roots(coefficients).real
        found[: len(real)] = real
    return found


def spread_roots(
    ratio: Ratio, others: tuple[Array, Array, Array], sd: float, ddof: int, line: LimitLine
) -> list[Array]:
    """Return where the value is at ``line + sd * standard deviation`` of all values; some that are not, too.

    Notes
    -----
    With m others of mean c and sum of squares S, and u = value - c, the sum of squares of all is
    ``S + u^2 m / (m + 1)``. Squared, ``(1 - own) value - fixed = sd * deviation`` is a parabola in u.
    """
    m, mean, squares = others
    free = m + 1 - ddof
    with np.errstate(all="ignore"):
        grows = sd**2 * m / (m + 1) / free
        slope = 1.0 - line.own
        apart = slope * mean - line.fixed
        found = solutions([apart**2 - sd**2 * squares / free, 2 * slope * apart, slope**2 - grows])
    return [ratio.persons(mean + u) for u in found]


def band(points: Sequence[Array], near: Callable[[Ints], NDArray[np.bool_]], low: Ints, high: Ints) -> list[Span]:
    """Return the spans between neighbouring points in which a value is within the rounding of its limit.

    Parameters
    ----------
    points : list of array
        Where the value is half a unit of the last digit beside its limit.
    near : callable
        Says for whole numbers of persons, shape (n_areas, 1), whether the value is that near.
    low, high : array of int
        How far to look.
    """
    ends = [low.astype(float), high.astype(float)]
    inside = [np.where(np.isfinite(point), point, np.nan).clip(*ends) for point in points]
    ordered = np.sort(np.stack([*inside, *ends]), axis=0)  # NaN last
    found: list[Span] = []
    for first, second in itertools.pairwise(ordered):
        middle = np.nan_to_num(np.floor((first + second) / 2)).astype(np.int64)
        within = near(middle[:, None])[:, 0]
        found += [(first, np.where(within, second, first)), (second, second)]
    return found


@dataclass(frozen=True, eq=False)
class Turns:
    """Where an answer may turn, and how far that is all.

    Parameters
    ----------
    spans : list of (array, array)
        From where to where to ask.
    sure : array of float, shape (n_areas,), or float
        Up to how many persons on either side every turn lies in a span; infinite where there are no others at all.
    """

    spans: Sequence[Span]
    sure: Array | float = np.inf


def by_halves(outcome: Callable[[Ints, Ints], Ints], low: Ints, high: Ints, start: Ints | None = None) -> list[Span]:
    """Return where an outcome turns between a start and each end: exact where each code comes once.

    Parameters
    ----------
    outcome : callable
        Of rows and persons, each of shape (k,): a code of three, for yes, no and unknown.
    low, high : array of int
        The ends, at most and at least 0.
    start : array of int, optional
        Where to start from towards the high end, if not from 0; the low end is looked for from there, or from 0.
    """
    rows = np.arange(len(low))
    found: list[Span] = []
    for end in (low, high):
        since = np.zeros(len(low), dtype=np.int64) if start is None else np.clip(start, 0, end.clip(0))
        last = outcome(rows, end)
        for _ in range(2):  # three codes in a row turn twice
            turning = _next_turn(outcome, since, end, last)
            found.append((turning, turning))
            since = np.where(np.isnan(turning), end, np.nan_to_num(turning)).astype(np.int64)
    return found


def one_by_one(
    outcome: Callable[[Ints, Ints], Ints], low: Ints, high: Ints, most: int, upto: Array | None = None
) -> Turns:
    """Return where an outcome of which nothing is known turns: by halves, and then every number before that.

    Parameters
    ----------
    outcome, low, high : object
        As for :func:`by_halves`.
    most : int
        How many numbers may be asked in all; areas that are near a turn come first.
    upto : array of float, optional
        How far to ask each area, where that is farther than its next turn.
    """
    spans = by_halves(outcome, low, high)
    end = np.maximum(-low, high).astype(float)
    turns = np.abs(np.stack([first for first, _ in spans]))
    nearest = np.where(np.isnan(turns), np.inf, turns).min(axis=0)
    wanted = np.where(np.isfinite(nearest), nearest - 1, end)
    wanted = np.minimum(wanted if upto is None else np.fmax(wanted, upto), end).astype(np.int64)
    radius = np.minimum(wanted, _affordable(wanted, low, high, most))
    least, last = np.maximum(low, -radius), np.minimum(high, radius)
    width = last - least + 1
    rows = np.repeat(np.arange(len(low)), width)
    d = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width - least, width)
    said = outcome(rows, d)
    for code, upwards in itertools.product(range(3), (True, False)):
        mine = (said == code) & ((d > 0) == upwards)
        first = np.full(len(low), np.inf)
        np.minimum.at(first, rows[mine], np.abs(d[mine]))
        at = np.where(np.isfinite(first), first if upwards else -first, np.nan)
        spans.append((at, at))
    return Turns(spans, np.where(radius >= end, np.inf, radius))


def _affordable(wanted: Ints, low: Ints, high: Ints, most: int) -> int:
    """Return how far every area may be asked, so that all together take no more than ``most`` numbers."""
    fits, beyond = 0, int(wanted.max(initial=0)) + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        radius = np.minimum(wanted, middle)
        if int((np.minimum(high, radius) + np.minimum(-low, radius)).sum()) <= most:
            fits = middle
        else:
            beyond = middle
    return fits


def _next_turn(outcome: Callable[[Ints, Ints], Ints], start: Ints, end: Ints, last: Ints) -> Array:
    """Return the first number of persons with another outcome than the start has; NaN where the end has the same."""
    same, other = start.copy(), end.copy()
    now = outcome(np.arange(len(start)), start)
    open_ = np.flatnonzero(now != last)
    turning = np.full(len(start), np.nan)
    while len(open_):
        middle = same[open_] + np.trunc((other[open_] - same[open_]) / 2).astype(np.int64)
        alike = outcome(open_, middle) == now[open_]
        same[open_[alike]], other[open_[~alike]] = middle[alike], middle[~alike]
        done = np.abs(other[open_] - same[open_]) <= 1
        turning[open_[done]] = other[open_[done]]
        open_ = open_[~done]
    return turning
