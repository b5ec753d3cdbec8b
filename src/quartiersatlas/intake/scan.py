"""Plain numbers in a buffer of bytes, a whole column at once.

A plain number is an optional ``-``, digits, and at most one comma or point between digits: ``1250``, ``-12,5``,
``18.217``. Everything else (blanks, marks, words, leading zeros, more than 15 digits) is left to :mod:`numbers`,
cell by cell. A plain number of at most 15 digits is exact: digits and power of ten are both whole doubles, and one
division rounds correctly (Clinger 1990, How to read floating point numbers accurately).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake.grid import Decimal

BLOCK = 1 << 15  # cells at a time: the working arrays stay in the cache
LONGEST = 17  # sign, 15 digits, mark
MOST_DIGITS = 15
GROUP = 3
MINUS, COMMA, POINT, ZERO = b"-,.0"
POWERS = 10.0 ** np.arange(MOST_DIGITS + 1)


@dataclass(frozen=True)
class Scan:
    """What each cell of a column is, before it is known which mark is the decimal mark.

    ``plain``: a plain number; ``signed``: its digits as a signed whole number (or, from a source with types, the number
    itself); ``mark``: code of the mark in it, 0 without one; ``lead``, ``places``: digits before and after the mark.
    """

    plain: NDArray[np.bool_]
    signed: NDArray[Any]
    mark: NDArray[np.uint8]
    lead: NDArray[np.uint8]
    places: NDArray[np.uint8]

    @property
    def may_be_grouped(self) -> NDArray[np.bool_]:
        """Cells such as ``18.217`` or ``18,217``: thousands or decimals."""
        starts_like_a_group = (self.lead <= GROUP) & (np.abs(self.signed) >= 10**GROUP)
        return self.plain & (self.mark != 0) & (self.places == GROUP) & starts_like_a_group

    def only_decimal(self, decimal: Decimal) -> NDArray[np.bool_]:
        """Cells that have this mark and can only be decimals, such as ``41,14`` or ``0,217``."""
        return self.plain & (self.mark == ord(decimal)) & ~self.may_be_grouped

    def read(self, decimal: Decimal) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
        """Return which cells are read, their numbers, and which of them have grouped thousands."""
        other = (self.mark != 0) & (self.mark != ord(decimal))
        grouped = self.may_be_grouped & other
        numbers = self.signed / np.where(other, 1.0, POWERS[self.places])
        return self.plain & (grouped | ~other), numbers, grouped


def typed_scan(numbers: NDArray[np.float64], known: NDArray[np.bool_]) -> Scan:
    """Return the scan of cells that are numbers already."""
    none = np.zeros(len(numbers), np.uint8)
    return Scan(known, numbers, none, none, none)


def scan_cells(buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Scan:
    """Scan the cells ``buffer[start:end]``."""
    n = len(starts)
    plain, signed = np.zeros(n, bool), np.zeros(n, np.int64)
    mark, lead, places = np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    for low in range(0, n, BLOCK):
        part = slice(low, low + BLOCK)
        _scan_block(buffer, starts[part], ends[part], plain[part], signed[part], mark[part], lead[part], places[part])
    return Scan(plain, signed, mark, lead, places)


def _scan_block(
    buffer: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    plain: NDArray[np.bool_],
    signed: NDArray[np.int64],
    mark: NDArray[np.uint8],
    lead: NDArray[np.uint8],
    places: NDArray[np.uint8],
) -> None:
    """Go through the characters of all cells of a block side by side and fill the views."""
    length = ends - starts
    fits = (length > 0) & (length <= LONGEST)
    longest = int(length[fits].max(initial=0))
    first = buffer.take(starts, mode="clip")
    negative = (first == MINUS) & fits
    digits_seen = np.zeros(len(starts), np.uint8)
    strange = np.zeros(len(starts), bool)
    leading_zero = np.zeros(len(starts), bool)
    for position in range(longest):
        inside = position < length
        char = buffer.take(starts + position, mode="clip")
        digit = char - np.uint8(ZERO)  # wraps around below '0', so that one comparison tells
        is_digit = (digit <= 9) & inside  # noqa: PLR2004 - a digit
        is_mark = ((char == COMMA) | (char == POINT)) & inside & (mark == 0)
        strange |= inside & ~is_digit & ~is_mark
        leading_zero |= is_digit & (digits_seen == 1) & (signed == 0) & (mark == 0)
        np.multiply(signed, 10, out=signed, where=is_digit)
        np.add(signed, digit, out=signed, where=is_digit)
        digits_seen += is_digit
        lead += is_digit & (mark == 0)
        np.copyto(mark, char, where=is_mark)
        if position == 0:
            strange &= ~negative
    places[:] = digits_seen - lead
    well_formed = (lead > 0) & ((places > 0) == (mark != 0)) & (digits_seen <= MOST_DIGITS)
    plain[:] = fits & well_formed & ~strange & ~leading_zero
    np.negative(signed, out=signed, where=negative)
