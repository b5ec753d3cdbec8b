"""A table before anything in it is read: named columns of cells, read whole columns at a time where that is certain."""

from __future__ import annotations

import datetime as dt
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd

from quartiersatlas.intake.tables.values.scan import BLOCK, Scan, letters, scan_cells, typed_scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.headers import Problem


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
        found = np.empty(len(starts), object)
        for low in range(0, len(starts), BLOCK):
            first, lengths = starts[low : low + BLOCK], all_lengths[low : low + BLOCK]
            rows = letters(self._buffer, first, lengths, max(int(lengths.max()), 1))
            lines = np.full((len(rows), rows.shape[1] + 1), ord("\n"), np.uint8)  # no cell has a line end in it
            lines[:, :-1] = rows
            pieces = lines.tobytes().translate(None, b"\0").decode(self._codec).split("\n")
            found[low : low + BLOCK] = pieces[:-1]
        return found

    def _distinct(self, where: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[str]]:
        rows = self._short(where)
        if rows is None:
            codes, distinct = pd.factorize(_object_array(self._pieces(where)))
            return codes, [piece.decode(self._codec) for piece in distinct]
        first_word, *others = rows.view("<u8").T  # eight letters at a time are a whole number
        codes, found = pd.factorize(first_word)
        for word in others:
            own, words = pd.factorize(word)
            codes, found = pd.factorize(codes * len(words) + own)
        first = np.searchsorted(np.maximum.accumulate(codes), np.arange(len(found)))  # numbered as they come
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
