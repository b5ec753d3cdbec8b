"""A table before anything in it is read: named columns of cells, whatever file they came from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd

from quartiersatlas.intake.scan import Scan, scan_cells, typed_scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Decimal = Literal[",", "."]

SEPARATOR = "\0"  # no text file that is read has it in a cell


class Problem(NamedTuple):
    """One line of :attr:`Table.problems`."""

    row: object
    column: str
    raw: str
    done: str


class Cells(Protocol):
    """One column of cells."""

    def __len__(self) -> int: ...

    @property
    def scan(self) -> Scan:
        """The plain numbers among the cells."""

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """The cells, or some of them, as text."""

    def take(self, rows: NDArray[Any]) -> Cells:
        """The cells of some rows."""


class TextCells:
    """Cells that are texts already."""

    def __init__(self, texts: Sequence[str] | NDArray[np.object_]) -> None:
        self._texts = np.empty(len(texts), dtype=object)
        self._texts[:] = texts

    def __len__(self) -> int:
        return len(self._texts)

    @cached_property
    def scan(self) -> Scan:
        """The plain numbers among the cells."""
        joined = SEPARATOR.join(self._texts).encode("utf-8", "surrogatepass")
        buffer = np.frombuffer(joined, np.uint8)
        ends = np.append(np.flatnonzero(buffer == ord(SEPARATOR)), len(buffer))
        if len(ends) != len(self._texts) or not len(buffer):  # a cell holds the separator, or all are empty
            return typed_scan(np.zeros(len(self)), np.zeros(len(self), bool))
        return scan_cells(buffer, np.append(0, ends[:-1] + 1), ends)

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """The cells, or some of them, as text."""
        return self._texts if where is None else self._texts[where]

    def take(self, rows: NDArray[Any]) -> TextCells:
        """The cells of some rows."""
        return TextCells(self._texts[rows])


class ByteCells:
    """Cells that are stretches of the file's bytes: text is made of them only where it is needed."""

    def __init__(self, buffer: bytes, starts: NDArray[Any], ends: NDArray[Any]) -> None:
        self._buffer, self._starts, self._ends = buffer, starts, ends

    def __len__(self) -> int:
        return len(self._starts)

    @cached_property
    def scan(self) -> Scan:
        """The plain numbers among the cells."""
        return scan_cells(np.frombuffer(self._buffer, np.uint8), self._starts, self._ends)

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[np.object_]:
        """The cells, or some of them, as text."""
        starts, ends = (self._starts, self._ends) if where is None else (self._starts[where], self._ends[where])
        pieces = map(self._buffer.__getitem__, map(slice, starts.tolist(), ends.tolist()))
        found = np.empty(len(starts), dtype=object)
        found[:] = list(map(bytes.decode, pieces))
        return found

    def take(self, rows: NDArray[Any]) -> ByteCells:
        """The cells of some rows."""
        return ByteCells(self._buffer, self._starts[rows], self._ends[rows])


class TypedCells:
    """Cells of a source with types: numbers are numbers, and only texts can be written in one way or another."""

    def __init__(self, values: Sequence[object] | NDArray[Any]) -> None:
        self._values = np.empty(len(values), dtype=object)
        self._values[:] = values

    def __len__(self) -> int:
        return len(self._values)

    @cached_property
    def scan(self) -> Scan:
        """The numbers among the cells, and the plain numbers among the texts."""
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
        """The cells, or some of them, as text; whole numbers without a decimal point."""
        values = self._values if where is None else self._values[where]
        found = np.empty(len(values), dtype=object)
        found[:] = list(map(written, values))
        return found

    def take(self, rows: NDArray[Any]) -> TypedCells:
        """The cells of some rows."""
        return TypedCells(self._values[rows])


def is_number(value: object) -> bool:
    """Tell whether a cell is a number by type: truth values are none, and neither are gaps."""
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


@dataclass(frozen=True)
class Grid:
    """Named columns of cells, the row of the file that each cell stands in, and how the file is written.

    ``delimiter`` is empty for a source with types.
    """

    source: str
    header: list[str]
    columns: list[Cells]
    rows: NDArray[Any]
    how: str
    delimiter: str = ""
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
