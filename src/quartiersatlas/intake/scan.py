"""Plain numbers in a buffer of bytes, a whole column at once.

A plain number is an optional ``-``, digits, and at most one comma or point between digits: ``1250``, ``-12,5``,
``18.217``. Everything else (blanks, marks, words, leading zeros, more than 15 digits) is left to :mod:`numbers`,
cell by cell. A plain number of at most 15 digits is exact: digits and power of ten are both whole doubles, and one
division rounds correctly (Clinger 1990, How to read floating point numbers accurately).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake.grid import Decimal

BLOCK = 1 << 15  # cells at a time: the working arrays stay in the cache
WORD = 8  # letters that are taken at once
PADDING = b"\0" * WORD
FIRST = np.array([(1 << 8 * kept) - 1 for kept in range(WORD + 1)], "<u8")  # keeps the first letters of a word
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

    @cached_property
    def may_be_grouped(self) -> NDArray[np.bool_]:
        """Cells such as ``18.217`` or ``18,217``: thousands or decimals."""
        if not self.places.any():
            return np.zeros(len(self.plain), bool)
        starts_like_a_group: NDArray[np.bool_] = (self.lead <= GROUP) & (np.abs(self.signed) >= 10**GROUP)
        has_three_places: NDArray[np.bool_] = (self.mark != 0) & (self.places == GROUP)
        return self.plain & has_three_places & starts_like_a_group

    def only_decimal(self, decimal: Decimal) -> NDArray[np.bool_]:
        """Cells that have this mark and can only be decimals, such as ``41,14`` or ``0,217``."""
        has_mark: NDArray[np.bool_] = self.mark == ord(decimal)
        return self.plain & has_mark & ~self.may_be_grouped

    def read(self, decimal: Decimal) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
        """Return which cells are read, their numbers, and which of them have grouped thousands."""
        if not self.places.any():
            return self.plain, self.signed.astype(float), np.zeros(len(self.plain), bool)
        other = (self.mark != 0) & (self.mark != ord(decimal))
        grouped = self.may_be_grouped & other
        numbers = self.signed / POWERS[np.where(other, 0, self.places)]
        return self.plain & (grouped | ~other), numbers, grouped


def typed_scan(numbers: NDArray[np.float64], known: NDArray[np.bool_]) -> Scan:
    """Return the scan of cells that are numbers already."""
    none = np.zeros(len(numbers), np.uint8)
    return Scan(known, numbers, none, none, none)


def letters(buffer: bytes, starts: NDArray[Any], lengths: NDArray[Any], longest: int) -> NDArray[np.uint8]:
    """Return the letters of cells side by side, zeros after each cell, in rows of whole words of eight letters.

    The buffer ends in :data:`PADDING`, so that every cell can be taken in whole words.
    """
    words = np.ndarray(len(buffer) - WORD + 1, "<u8", buffer, strides=(1,))  # the word that begins at each letter
    furthest = len(words) - 1
    table = np.empty((len(starts), -(-longest // WORD)), "<u8")
    for column in range(table.shape[1]):
        before = WORD * column
        table[:, column] = words[np.minimum(starts + before, furthest)] & FIRST[np.clip(lengths - before, 0, WORD)]
    return table.view(np.uint8)


def scan_cells(buffer: bytes, starts: NDArray[Any], ends: NDArray[Any]) -> Scan:
    """Scan the cells ``buffer[start:end]``; the buffer ends in :data:`PADDING`."""
    n = len(starts)
    plain, signed = np.zeros(n, bool), np.zeros(n, np.int64)
    mark, lead, places = np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    for low in range(0, n, BLOCK):
        part = slice(low, low + BLOCK)
        lengths = ends[part] - starts[part]
        fits = (lengths > 0) & (lengths <= LONGEST)
        longest = int(lengths.max(where=fits, initial=0))
        rows = letters(buffer, starts[part], np.where(fits, lengths, 0), longest).T
        _scan_block(
            np.ascontiguousarray(rows[:longest]), signed[part], mark[part], lead[part], places[part], plain[part]
        )
    return Scan(plain, signed, mark, lead, places)


def _scan_block(
    positions: NDArray[np.uint8],
    signed: NDArray[np.int64],
    mark: NDArray[np.uint8],
    lead: NDArray[np.uint8],
    places: NDArray[np.uint8],
    plain: NDArray[np.bool_],
) -> None:
    """Go through the letters of all cells of a block side by side and fill the views."""
    if not len(positions):
        return
    negative = positions[0] == MINUS
    digits_seen = np.zeros(len(plain), np.uint8)
    strange, leading_zero = np.zeros(len(plain), bool), np.zeros(len(plain), bool)
    for position, letter in enumerate(positions):
        digit = letter - np.uint8(ZERO)  # wraps around below '0', so that one comparison tells
        is_digit = digit <= 9  # noqa: PLR2004 - a digit
        is_mark = ((letter == COMMA) | (letter == POINT)) & (mark == 0)
        strange |= ~(is_digit | is_mark | (letter == 0))
        if position == 0:
            strange &= ~negative
        if strange.all():  # a column of words
            return
        leading_zero |= is_digit & (digits_seen == 1) & (signed == 0) & (mark == 0)
        np.copyto(signed, signed * 10 + digit, where=is_digit)
        digits_seen += is_digit
        lead += is_digit & (mark == 0)
        np.copyto(mark, letter, where=is_mark)
    places[:] = digits_seen - lead
    well_formed = (lead > 0) & ((places > 0) == (mark != 0)) & (digits_seen <= MOST_DIGITS)
    plain[:] = well_formed & ~strange & ~leading_zero
    np.negative(signed, out=signed, where=negative)
