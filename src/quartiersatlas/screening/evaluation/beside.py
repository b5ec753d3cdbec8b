"""Neighbours, counted: how many of them meet something, and whose value is how far from theirs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.evidence import exact_per
from quartiersatlas.screening.evaluation.exact import Fractions, nearly, rate_side, times, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evidence import Measured
    from quartiersatlas.screening.language.rules import Adjacent

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BothWays:
    """Pairs of neighbours in both directions, in the order of the area that has them.

    Parameters
    ----------
    one, other : array of int, shape (2 pairs,)
        The area, and its neighbour.
    starts : array of int, shape (n_areas + 1,)
        Where the neighbours of each area begin.
    """

    one: Ints
    other: Ints
    starts: Ints

    @classmethod
    def of(cls, pairs: tuple[NDArray[np.intp], NDArray[np.intp]], n_areas: int) -> BothWays:
        """Turn pairs that stand once."""
        one, other = (np.concatenate([pairs[a], pairs[1 - a]]).astype(np.int64) for a in (0, 1))
        order = np.argsort(one, kind="stable")
        return cls(one[order], other[order], np.searchsorted(one[order], np.arange(n_areas + 1)))

    @property
    def degree(self) -> Ints:
        """How many neighbours each area has."""
        return np.diff(self.starts)

    def count(self, holds: Bools) -> Ints:
        """Return for how many of its pairs something holds, shape (runs, n_areas)."""
        upto: Ints = np.concatenate([np.zeros((len(holds), 1), dtype=np.int64), np.cumsum(holds, axis=1)], axis=1)
        return upto[:, self.starts[1:]] - upto[:, self.starts[:-1]]

    def share_of(self, number: Ints) -> Array:
        """Return a number of neighbours as a percentage of all; NaN where there is none."""
        degree = np.broadcast_to(self.degree, number.shape)
        found: Array = np.divide(100.0 * number, degree, out=np.full(number.shape, np.nan), where=degree > 0)
        return found

    def enough(self, number: Ints, condition: Adjacent) -> Bools:
        """Return where that many neighbours are as many as a condition asks for, and at least one."""
        if condition.share is None:
            return np.asarray(number >= condition.n)
        p, q = Fraction(condition.share).as_integer_ratio()
        return np.asarray((q * number >= p * self.degree) & (number > 0))


def beside_values(condition: Adjacent, measured: Measured, pairs: BothWays) -> tuple[Bools, Bools, Bools]:
    """Compare the value of each area with a multiple of that of its neighbour, shape (runs, 2 pairs).

    Returns
    -------
    three arrays of bool
        Where it is on the side that is asked for, where it is not, and where printed digits leave that open.
    """
    known = measured.known[:, pairs.one] & measured.known[:, pairs.other]
    if condition.printed == "exact" or not (measured.is_open or measured.half):
        where = _side(condition, measured, measured, pairs)
        holds = _meets(condition, where)
        return known & holds, known & ~holds, np.zeros_like(known)
    low, high = measured.ends if measured.is_open else (measured, measured)
    half = 0.0 if measured.is_open else measured.half
    upwards = condition.compare in ("above", "at_least")
    against, speaking = ((low, high), (high, low)) if upwards else ((high, low), (low, high))
    found = [
        _meets(condition, _side(condition, own, other, pairs, by * (1 if upwards else -1) * half))
        for (own, other), by in ((against, -1), (speaking, 1))
    ]
    return known & found[0], known & ~found[1], known & (found[0] != found[1])


def _side(condition: Adjacent, own: Measured, other: Measured, pairs: BothWays, by: float = 0.0) -> NDArray[np.int8]:
    """Return -1, 0 or 1 where a value is below, at, above the multiple of its neighbour's; moved apart by so much."""
    one, two = pairs.one, pairs.other
    if own.whole and other.whole and not by:
        assert own.x is not None  # noqa: S101 - what whole says
        assert own.n is not None  # noqa: S101 - likewise
        assert other.x is not None  # noqa: S101 - likewise
        assert other.n is not None  # noqa: S101 - likewise
        a, b = exact_per(other).as_integer_ratio()
        people = np.maximum(whole(other.n), 1)  # nobody there: unknown anyway
        limit = Fractions(times(whole(other.x), a)[:, two], times(people, b)[:, two], np.ones((1, 1), dtype=bool))
        scaled = limit.scaled(condition.factor, condition.factor * 0)
        return rate_side(whole(own.x)[:, one], np.maximum(whole(own.n), 1)[:, one], exact_per(own), scaled)
    factor = float(condition.factor)
    return nearly(own.values[:, one] + by, factor * (other.values[:, two] - by), own.terms * max(factor, 1.0))


def _meets(condition: Adjacent, where: NDArray[np.int8]) -> Bools:
    return np.asarray(
        {"above": where > 0, "at_least": where >= 0, "below": where < 0, "at_most": where <= 0}[condition.compare]
    )
