"""Comparing values with limits: counts as whole numbers, computed numbers with a tolerance.

``x / n > p / q`` is ``x q > p n``: no float decides a rule. Whole numbers are int64 as long as products fit, else
Python's own, which are right with any number of persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Whole = NDArray[Any]  # of int64, or of Python integers

EQUAL = 1e-12  # computed numbers that differ by less than this part of their size are equal
FITS = 2**62  # products below it are exact in int64
LARGEST = 2**53  # whole numbers up to here are exact as floats


@dataclass(frozen=True, eq=False)
class Fractions:
    """Limits as fractions.

    Parameters
    ----------
    p, q : array of int, broadcastable to (runs, n_areas)
        The fraction p / q, with q above 0 where it is known.
    known : array of bool
        Where there is a limit.
    """

    p: Whole
    q: Whole
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, number: Decimal | Fraction) -> Fractions:
        """One number for all."""
        p, q = Fraction(number).as_integer_ratio()
        return cls(_integers(p), _integers(q), np.ones((1, 1), dtype=bool))

    @property
    def floats(self) -> Array:
        """The limits as floats; NaN where there is none."""
        q = np.where(self.known, self.q, 1)
        return np.where(self.known, (self.p / q).astype(float), np.nan)

    def scaled(self, factor: Decimal, plus: Decimal) -> Fractions:
        """Return factor * limit + plus."""
        a, b = Fraction(factor).as_integer_ratio()
        found = Fractions(times(self.p, a), times(self.q, b), self.known)
        return found + Fractions.of(plus) if plus else found

    def __add__(self, other: Fractions) -> Fractions:
        p = total(times(self.p, other.q), times(other.p, self.q))
        return Fractions(p, times(self.q, other.q), self.known & other.known)

    def rounded(self, digits: int) -> Fractions:
        """Return the limits rounded half up, away from 0."""
        up, down = (10**digits, 1) if digits >= 0 else (1, 10**-digits)
        sign = np.where(self.p < 0, -1, 1)
        p, q = times(np.abs(self.p), 2 * up), times(np.where(self.known, self.q, 1), down)
        nearest = total(p, q) // times(q, 2)
        return Fractions(times(times(nearest, sign), down), _integers(up), self.known)


def round_half_up(limits: Array, digits: int) -> Fractions:
    """Return computed limits rounded half up, as the decimals that they then are.

    A limit of 12.4999999999999 is a 12.5 that lost its last bit in a sum: the first 13 digits count.
    """
    known = np.isfinite(limits)
    step = Decimal(1).scaleb(-digits)
    with localcontext() as context:
        context.prec = 60
        found = [
            Decimal(f"{v:.13g}").quantize(step, ROUND_HALF_UP) if ok else Decimal(0)
            for v, ok in zip(limits.ravel(), known.ravel(), strict=True)
        ]
    scale = 10 ** max(digits, 0)
    p = _integers([int(one * scale) for one in found]).reshape(limits.shape)
    return Fractions(p, _integers(scale), known)


def rate_side(x: Whole, n: Whole, per: Fraction, limit: Fractions) -> NDArray[np.int8]:
    """Return -1, 0 or 1 where ``per x / n`` is below the limit, equal to it, above it; n above 0."""
    a, b = per.as_integer_ratio()
    return side(times(times(x, limit.q), a), times(times(limit.p, n), b))


def side(left: Whole, right: Whole) -> NDArray[np.int8]:
    """Return -1, 0 or 1 where the left is below the right, equal to it, above it."""
    found: NDArray[np.int8] = (left > right).astype(np.int8) - (left < right).astype(np.int8)
    return found


def nearly(values: Array, limits: Array, terms: float | Array = 0.0) -> NDArray[np.int8]:
    """Return -1, 0 or 1 as :func:`side`, for computed numbers: equal is what differs by less than 1e-12 of its size.

    Where a value or limit is a sum of larger numbers, such as a mean near 0, its size is theirs: ``terms``.
    """
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.maximum(np.abs(values), np.abs(limits)), terms)
        apart = values - limits
        equal = np.abs(apart) <= EQUAL * size
        found: NDArray[np.int8] = np.where(equal | np.isnan(apart), 0, np.sign(apart)).astype(np.int8)
    return found


def times(one: Any, other: Any) -> Whole:  # noqa: ANN401 - arrays of integers, or one integer
    """Return a product of whole numbers that does not overflow."""
    a, b = _integers(one), _integers(other)
    if object not in (a.dtype, b.dtype) and _size(a) * _size(b) < FITS:
        return a * b
    product: Whole = a.astype(object) * b.astype(object)
    return product


def total(one: Whole, other: Whole) -> Whole:
    """Return a sum of whole numbers that does not overflow."""
    a, b = _integers(one), _integers(other)
    if object not in (a.dtype, b.dtype) and _size(a) + _size(b) < FITS:
        return a + b
    found: Whole = a.astype(object) + b.astype(object)
    return found


def _size(numbers: Whole) -> int:
    return max(abs(int(numbers.max())), abs(int(numbers.min()))) if numbers.size else 0


def _integers(numbers: Any) -> Whole:  # noqa: ANN401 - as in times()
    """Return whole numbers as an array, of Python integers where int64 cannot hold them."""
    if isinstance(numbers, np.ndarray) and numbers.dtype.kind in "iO":
        return numbers
    if isinstance(numbers, np.ndarray):
        if numbers.size and np.abs(numbers).max() >= LARGEST:
            return np.array([int(one) for one in numbers.ravel()], dtype=object).reshape(numbers.shape)
        return numbers.astype(np.int64)
    numbers = [numbers] if isinstance(numbers, int) else numbers
    fits = all(abs(one) < FITS for one in numbers)
    found = np.array(numbers, dtype=np.int64 if fits else object)
    return found.reshape(1, 1) if len(numbers) == 1 else found


def whole(counts: Array) -> Whole:
    """Return counts that are whole numbers as such; unknown ones as 0."""
    return _integers(np.where(np.isnan(counts), 0.0, counts))
