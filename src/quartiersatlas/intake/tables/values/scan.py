"""Which cells of a column are plain numbers, found in the bytes: whole cells at a time, or letters side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Decimal = Literal[",", "."]

BLOCK = 1 << 15  # cells at a time: the working arrays stay in the cache
WORD = 8  # letters that are taken at once
PADDING = b"\0" * WORD
FIRST = np.array([(1 << 8 * kept) - 1 for kept in range(WORD + 1)], "<u8")  # keeps the first letters of a word
LONGEST = 17  # sign, 15 digits, mark
MOST_DIGITS = 15
GROUP = 3
MINUS, COMMA, POINT, ZERO = b"-,.0"
POWERS = 10.0 ** np.arange(MOST_DIGITS + 1)
MOSTLY = 0.5  # share of short cells from which they are read apart from the others
EVERY = np.uint64(0x0101010101010101)  # times a byte: a word of eight of them
LOW_PAIRS, LOW_FOURS, LOW_HALF = map(np.uint64, (0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x00000000FFFFFFFF))
ONE, SIX, SEVEN, EIGHT, SIXTEEN, THIRTY_TWO, SIXTY_FOUR = map(np.uint64, (1, 6, 7, 8, 16, 32, 64))
TEN, HUNDRED, TEN_THOUSAND = map(np.uint64, (10, 100, 10_000))
BIT_OF_POINT, LOW_BITS, HIGH_HALVES, LOW_HALVES, BEYOND_NINE = (
    EVERY * np.uint64(byte) for byte in (POINT ^ COMMA, 0x7F, 0xF0, 0x0F, 0x06)
)
POINTS, ZEROS = (EVERY * np.uint64(byte) for byte in (POINT, ZERO))


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

    @classmethod
    def empty(cls, n: int) -> Self:
        """Return a scan of cells that are to be filled in: none of them a number so far."""
        mark, lead, places = np.zeros((3, n), np.uint8)
        return cls(np.zeros(n, bool), np.zeros(n, np.int64), mark, lead, places)

    def part(self, of: slice) -> Scan:
        """Return some cells, in the same memory."""
        return Scan(self.plain[of], self.signed[of], self.mark[of], self.lead[of], self.places[of])

    def put(self, where: NDArray[Any], other: Scan) -> None:
        """Fill some cells in."""
        self.plain[where], self.signed[where] = other.plain, other.signed
        self.mark[where], self.lead[where], self.places[where] = other.mark, other.lead, other.places

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


def words_of(buffer: bytes) -> NDArray[np.uint64]:
    """Return the word of eight letters that begins at each letter."""
    buffer = buffer + PADDING if len(buffer) < WORD else buffer
    return np.ndarray(len(buffer) - WORD + 1, "<u8", buffer, strides=(1,))


def letters(buffer: bytes, starts: NDArray[Any], lengths: NDArray[Any], longest: int) -> NDArray[np.uint8]:
    """Return the letters of cells side by side, zeros after each cell, in rows of whole words of eight letters.

    Every cell is taken in whole words; where one would reach beyond the end of the buffer, the word before is shifted.
    """
    words = words_of(buffer)
    furthest = len(words) - 1
    starts = starts.astype(np.int64)  # places of 8 bytes are looked up in half of the time
    table = np.empty((len(starts), -(-longest // WORD)), "<u8")
    for low in range(0, len(starts), BLOCK):
        part = slice(low, low + BLOCK)
        reaches_beyond = int(starts[part].max()) + WORD * table.shape[1] > furthest
        for column in range(table.shape[1]):
            before = WORD * column
            at = starts[part] + before
            own = words[np.minimum(at, furthest)] if reaches_beyond else words[at]
            if reaches_beyond:
                own >>= (WORD * np.clip(at - furthest, 0, WORD - 1)).astype(np.uint64)
            table[part, column] = own & FIRST[np.clip(lengths[part] - before, 0, WORD)]
    return table.view(np.uint8)


def scan_cells(buffer: bytes, starts: NDArray[Any], ends: NDArray[Any]) -> Scan:
    """Scan the cells ``buffer[start:end]``: short ones as whole words, all others letter by letter."""
    found, left = Scan.empty(len(starts)), [np.empty(0, np.int64)]
    words, furthest = words_of(buffer), len(buffer) - WORD
    for low in range(0, len(starts), BLOCK):
        part = slice(low, low + BLOCK)
        first, lengths = starts[part].astype(np.int64), ends[part] - starts[part]
        into = found.part(part)
        if first.max() <= furthest and np.count_nonzero(lengths <= WORD) >= MOSTLY * len(lengths):
            _scan_words(words[first], lengths, into)
        if not into.plain.all():
            left.append(np.flatnonzero((lengths > 0) & (lengths <= LONGEST) & ~into.plain) + low)
    others = np.concatenate(left)
    for low in range(0, len(others), BLOCK):
        where = others[low : low + BLOCK]
        found.put(where, _scan_letters(buffer, starts[where], ends[where]))
    return found


def _scan_words(word: NDArray[np.uint64], lengths: NDArray[Any], into: Scan) -> None:
    """Read the cells that are numbers of up to eight letters without a sign; what is found of others means nothing.

    ``word`` is what stands from the start of each cell on, the first letter in the lowest byte. The letters of the cell
    are moved up to the highest one, and those before a mark over the mark; then neighbours are put together by two, by
    four, by eight.
    """
    first, plain = word.astype(np.uint8), into.plain
    shift = SIXTY_FOUR - lengths.astype(np.uint64) * EIGHT
    word, zeros = word << shift, ZEROS << shift
    other = (word | BIT_OF_POINT) ^ POINTS  # a mark of either kind is a zero byte
    mark = ~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS)  # the high bit of each mark
    into.lead[:] = lengths
    plain[:] = (lengths > 0) & (lengths <= WORD)
    if mark.any():
        has_mark, before, after = mark != 0, (mark >> SEVEN) - ONE, ~((mark << ONE) - ONE)
        into.places[:] = np.bitwise_count(after) // WORD
        into.lead[:] -= into.places + has_mark
        is_point = (word & (mark >> SIX)) != 0
        into.mark[:] = has_mark * np.uint8(COMMA) + is_point * np.uint8(POINT - COMMA)
        plain &= ((mark & (mark - ONE)) == 0) & ((into.places > 0) == has_mark) & (into.lead > 0)
        closed_up = has_mark * EIGHT
        word, zeros = ((word & before) << closed_up) | (word & after), zeros << closed_up
    plain &= ((word & HIGH_HALVES) == zeros) & (((word + BEYOND_NINE) & HIGH_HALVES) == zeros)
    plain &= (first != ZERO) | (into.lead == 1)
    word &= LOW_HALVES
    word = (word * TEN + (word >> EIGHT)) & LOW_PAIRS
    word = (word * HUNDRED + (word >> SIXTEEN)) & LOW_FOURS
    into.signed[:] = (word * TEN_THOUSAND + (word >> THIRTY_TWO)) & LOW_HALF


def _scan_letters(buffer: bytes, starts: NDArray[Any], ends: NDArray[Any]) -> Scan:
    """Go through the letters of cells side by side."""
    lengths = ends - starts
    longest = int(lengths.max())
    found = Scan.empty(len(starts))
    positions = np.ascontiguousarray(letters(buffer, starts, lengths, longest).T[:longest])
    signed, mark, lead = found.signed, found.mark, found.lead
    negative = positions[0] == MINUS
    digits_seen = np.zeros(len(starts), np.uint8)
    strange, leading_zero = np.zeros(len(starts), bool), np.zeros(len(starts), bool)
    for position, letter in enumerate(positions):
        digit = letter - np.uint8(ZERO)  # wraps around below '0', so that one comparison tells
        is_digit = digit <= 9  # noqa: PLR2004 - a digit
        is_mark = ((letter == COMMA) | (letter == POINT)) & (mark == 0)
        strange |= ~(is_digit | is_mark | (letter == 0))
        if position == 0:
            strange &= ~negative
        if strange.all():  # a column of words
            return found
        leading_zero |= is_digit & (digits_seen == 1) & (signed == 0) & (mark == 0)
        np.copyto(signed, signed * 10 + digit, where=is_digit)
        digits_seen += is_digit
        lead += is_digit & (mark == 0)
        np.copyto(mark, letter, where=is_mark)
    found.places[:] = digits_seen - lead
    well_formed = (lead > 0) & ((found.places > 0) == (mark != 0)) & (digits_seen <= MOST_DIGITS)
    found.plain[:] = well_formed & ~strange & ~leading_zero
    np.negative(signed, out=signed, where=negative)
    return found
