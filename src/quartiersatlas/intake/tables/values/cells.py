"""A table before anything in it is read: named columns of cells, read whole columns at a time where that is certain."""

from __future__ import annotations

import datetime as dt
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.headers import Problem


Decimal = Literal[",", "."]

DATES = (dt.date, dt.time, dt.timedelta)  # a time of day and a duration come about in the same way
LARGEST_EXACT = 2**53  # every whole number up to it is a double
SHORT = 32  # letters of cells that are cut out side by side
SEPARATOR = "\0"  # no text file that is read has it in a cell


class Unparsed(NamedTuple):
    """The cells of a column that are no plain numbers: where they are, and which distinct text each of them has."""

    where: NDArray[np.int64]
    codes: NDArray[np.int64]
    texts: list[str]


class Percent(float):
    """A number that its cell shows as per cent: 0.243 in the file is 24.3 here."""


class Padded(float):
    """A number that its cell shows with leading zeros."""

    shown: str
    code: str

    def __new__(cls, value: float, shown: str, code: str) -> Self:
        """Keep what is shown, and the format that does it, beside the number."""
        padded = super().__new__(cls, value)
        padded.shown, padded.code = shown, code
        return padded


@dataclass(frozen=True)
class Fault:
    """A cell without a value that should have one: an error, or a formula that was never computed."""

    raw: str
    done: str

    def __str__(self) -> str:
        return self.raw


class Cells(ABC):
    """One column of cells."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def _scanned(self) -> Scan: ...

    @abstractmethod
    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """Return the cells, or some of them, as text."""

    @abstractmethod
    def take(self, rows: NDArray[Any]) -> Cells:
        """Return the cells of some rows."""

    def holding(self, kind: type | tuple[type, ...]) -> NDArray[np.bool_]:  # noqa: ARG002 - for sources with types
        """Return which cells hold a value of some type."""
        return np.zeros(len(self), bool)

    def value(self, place: int) -> object:
        """Return the value of a cell as its source has it."""
        return self.texts(np.array([place]))[0]

    def are_words(self) -> bool:
        """Return True if all cells that are not empty are words, and there are some."""
        words = [text for text in self.texts() if text.strip()]
        return bool(words) and all(any(map(str.isalpha, text)) for text in words)

    def as_shown(self) -> Cells:
        """Return the cells as their source shows them: numbers with the zeros and percent signs of their formats."""
        return self

    def blanked(self, where: NDArray[np.bool_]) -> Cells:
        """Return the cells with some of them empty."""
        return TextCells(np.where(where, "", self.texts()))

    @cached_property
    def scan(self) -> Scan:
        """The plain numbers among the cells."""
        return self._scanned()

    def forget(self) -> None:
        """Let go of what was found out of the cells: it takes more room than they do."""
        for name in ("scan", "unparsed"):
            vars(self).pop(name, None)

    @cached_property
    def unparsed(self) -> Unparsed:
        """The cells that are no plain numbers, each text once."""
        return self.all_but(self.scan.plain)

    def all_but(self, plain: NDArray[np.bool_]) -> Unparsed:
        """Return the cells other than the plain numbers given, each text once."""
        where = np.flatnonzero(~plain)
        return Unparsed(where, *self._distinct(where))

    def _distinct(self, where: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
        codes, distinct = pd.factorize(self.texts(where))
        return codes, list(distinct)


class TextCells(Cells):
    """Cells that are text already."""

    def __init__(self, texts: Sequence[str] | NDArray[np.object_]) -> None:
        self._texts = _object_array(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def _scanned(self) -> Scan:
        joined = SEPARATOR.join(self._texts).encode("utf-8", "surrogatepass")
        ends = np.append(np.flatnonzero(np.frombuffer(joined, np.uint8) == ord(SEPARATOR)), len(joined))
        if len(ends) != len(self._texts):  # a cell holds the separator
            return typed_scan(np.zeros(len(self)), np.zeros(len(self), bool))
        return scan_cells(joined, np.append(0, ends[:-1] + 1), ends)

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """Return the cells, or some of them, as text."""
        return self._texts if where is None else self._texts[where]

    def take(self, rows: NDArray[Any]) -> TextCells:
        """Return the cells of some rows."""
        return TextCells(self._texts[rows])


class ByteCells(Cells):
    """Cells that are stretches of the file's bytes: text is made of them only where it is needed.

    A cell stands between two delimiters or line ends, at ``before`` and at ``ends``. The bytes have no zero bytes among
    them.
    """

    def __init__(self, buffer: bytes, before: NDArray[Any], ends: NDArray[Any], codec: str) -> None:
        self._buffer, self._before, self._ends, self._codec = buffer, before, ends, codec

    def __len__(self) -> int:
        return len(self._ends)

    def _scanned(self) -> Scan:
        return scan_cells(self._buffer, self._before + 1, self._ends)

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """Return the cells, or some of them, as text."""
        starts, ends = self._bounds(where)
        all_lengths = ends - starts
        if int(all_lengths.max(initial=0)) > SHORT:
            return _object_array([piece.decode(self._codec) for piece in self._pieces(where)])
        found: list[str] = []
        for low in range(0, len(starts), BLOCK):
            first, lengths = starts[low : low + BLOCK], all_lengths[low : low + BLOCK]
            rows = letters(self._buffer, first, lengths, max(int(lengths.max()), 1))
            lines = np.full((len(rows), rows.shape[1] + 1), ord("\n"), np.uint8)  # no cell has a line end in it
            lines[:, :-1] = rows
            found += lines.tobytes().translate(None, b"\0").decode(self._codec).split("\n")[:-1]
        return _object_array(found)

    def _distinct(self, where: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
        rows = self._short(where)
        if rows is None:
            codes, distinct = pd.factorize(_object_array(self._pieces(where)))
            return codes, [piece.decode(self._codec) for piece in distinct]
        codes = np.zeros(len(where), np.int64)
        for word in rows.view("<u8").T:  # eight letters at a time are a whole number
            own, words = pd.factorize(word)
            codes = pd.factorize(codes * len(words) + own)[0]
        first = np.unique(codes, return_index=True)[1]
        return codes, [piece.decode(self._codec) for piece in self._pieces(where[first])]

    def _bounds(self, where: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any]]:
        before, ends = (self._before, self._ends) if where is None else (self._before[where], self._ends[where])
        return before + 1, ends

    def _short(self, where: NDArray[Any] | None) -> NDArray[np.uint8] | None:
        """Return the letters of the cells side by side; None where one is long."""
        starts, ends = self._bounds(where)
        longest = int((ends - starts).max(initial=0))
        return letters(self._buffer, starts, ends - starts, max(longest, 1)) if longest <= SHORT else None

    def _pieces(self, where: NDArray[Any] | None) -> list[bytes]:
        """Cut the cells out of the buffer; short ones all at once, without the zeros after each."""
        rows = self._short(where)
        if rows is not None:
            return rows.view(f"S{rows.shape[1]}").ravel().tolist()
        starts, ends = self._bounds(where)
        return [self._buffer[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def take(self, rows: NDArray[Any]) -> ByteCells:
        """Return the cells of some rows."""
        return ByteCells(self._buffer, self._before[rows], self._ends[rows], self._codec)


def _object_array(values: Sequence[object] | NDArray[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


class TypedCells(Cells):
    """Cells of a source with types: numbers are numbers, and only text can be written in one way or another."""

    def __init__(self, values: Sequence[object] | NDArray[Any]) -> None:
        self._values = _object_array(values)

    def __len__(self) -> int:
        return len(self._values)

    def _scanned(self) -> Scan:
        as_text = TextCells(self.texts()).scan
        typed = np.fromiter(map(is_number, self._values), bool, len(self))
        none = np.uint8(0)
        signed = as_text.signed.astype(float)
        signed[typed] = [as_float(value) for value in self._values[typed]]
        held = ~np.isnan(signed)
        return Scan(
            np.where(typed, held, as_text.plain),
            np.where(held, signed, 0.0),
            np.where(typed, none, as_text.mark),
            np.where(typed, none, as_text.lead),
            np.where(typed, none, as_text.places),
        )

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """Return the cells, or some of them, as text; whole numbers without a decimal point."""
        values = self._values if where is None else self._values[where]
        return _object_array(list(map(written, values)))

    def take(self, rows: NDArray[Any]) -> TypedCells:
        """Return the cells of some rows."""
        return TypedCells(self._values[rows])

    @cached_property
    def _types(self) -> set[type]:
        return set(map(type, self._values))

    def holding(self, kind: type | tuple[type, ...]) -> NDArray[np.bool_]:
        """Return which cells hold a value of some type."""
        if not any(issubclass(one, kind) for one in self._types):
            return np.zeros(len(self), bool)
        return np.fromiter((isinstance(value, kind) for value in self._values), bool, len(self))

    def value(self, place: int) -> object:
        """Return the value of a cell as its source has it."""
        return self._values[place]

    def as_shown(self) -> TypedCells:
        """Return the cells as their source shows them: numbers with the zeros and percent signs of their formats."""
        if not self._types & {Percent, Padded}:
            return self
        return TypedCells(list(map(_as_shown, self._values)))

    def blanked(self, where: NDArray[np.bool_]) -> TypedCells:
        """Return the cells with some of them empty."""
        values = self._values.copy()
        values[where] = ""
        return TypedCells(values)


class NumberCells(Cells):
    """Cells of a source that keeps a column as an array of numbers.

    ``declared`` numbers are numbers also where every one of them is missing.
    """

    def __init__(self, numbers: NDArray[Any], *, declared: bool = False) -> None:
        self._numbers, self.declared = numbers, declared

    def __len__(self) -> int:
        return len(self._numbers)

    def _scanned(self) -> Scan:
        numbers = self._numbers.astype(float)
        known = np.isfinite(numbers)
        if self._numbers.dtype.kind in "iu":
            known &= np.abs(numbers) <= LARGEST_EXACT
        return typed_scan(np.where(known, numbers, 0.0), known)

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """Return the cells, or some of them, as text; whole numbers without a decimal point."""
        numbers = self._numbers if where is None else self._numbers[where]
        return _object_array(list(map(written, numbers.tolist())))

    def take(self, rows: NDArray[Any]) -> NumberCells:
        """Return the cells of some rows."""
        return NumberCells(self._numbers[rows], declared=self.declared)


def is_number(value: object) -> bool:
    """Return True if a cell is a number by type: truth values are none, and neither are gaps."""
    from decimal import Decimal as Exact

    return isinstance(value, int | float | Exact | np.number) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - NaN is a gap


def as_float(value: Any) -> float:  # noqa: ANN401 - any type of number
    """Return a number as float; NaN where it is infinite or a whole number too long to be held."""
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    held = math.isfinite(number) and (not isinstance(value, int) or int(number) == value)
    return number if held else math.nan


def written(value: object) -> str:
    """Write a typed cell as text."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN is a gap
        return ""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def _as_shown(value: object) -> object:
    if isinstance(value, Padded):
        return value.shown
    return f"{written(value)} %" if isinstance(value, Percent) else value


@dataclass(frozen=True)
class RawTable:
    """Named columns of cells, the row of the file that each cell stands in, and how the file is written.

    ``delimiter`` is empty for a source with types. ``first`` is the number of the first column that was kept.
    """

    source: str
    header: list[str]
    columns: list[Cells]
    rows: NDArray[Any]
    description: str
    delimiter: str = ""
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    first: int = 1


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

    Every cell is taken in whole words; where one would reach beyond the end of the buffer, the word before is shifted.
    """
    buffer = buffer + PADDING if len(buffer) < WORD else buffer
    words = np.ndarray(len(buffer) - WORD + 1, "<u8", buffer, strides=(1,))  # the word that begins at each letter
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
    """Scan the cells ``buffer[start:end]``."""
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
