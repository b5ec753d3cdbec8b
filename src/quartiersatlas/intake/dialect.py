"""How a text file is written: delimiter, and whether a spreadsheet has split its rows at the decimal comma."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

DELIMITERS = ";\t|,"  # in this order, where several fit equally well


@dataclass(frozen=True)
class Dialect:
    """The delimiter; ``split_rows`` says that rows were split at commas and have to be joined again first."""

    delimiter: str
    split_rows: bool = False


def find_dialect(sample: str, delimiter: str | None, name: str) -> Dialect:
    """Find the delimiter with which most rows of a sample have the same number of cells.

    Raises
    ------
    InputError
        No delimiter gives more than one column.
    """
    if delimiter is not None:
        if len(delimiter) != 1:
            raise SpecError(f"delimiter={delimiter!r} is not one character.")
        if delimiter not in sample:
            raise _one_column(sample, name)
        return Dialect(delimiter)
    if _is_split(sample):
        return Dialect(";", split_rows=True)
    fits = {candidate: _fit(_rows(sample, candidate)) for candidate in DELIMITERS if candidate in sample}
    best = max(fits, key=lambda candidate: fits[candidate], default=None)
    if best is None or not fits[best]:
        raise _one_column(sample, name)
    return Dialect(best)


def _one_column(sample: str, name: str) -> InputError:
    first = sample.lstrip("\n").split("\n", 1)[0].rstrip()
    return InputError(f"{name} has one column only: no ';', ',', tab or '|' in its first line {first[:60]!r}.")


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample), delimiter=delimiter)
    try:
        rows.extend(row for row in reader if any(cell.strip() for cell in row))
    except csv.Error:  # a cell larger than the reader's limit: an open quotation mark, named when the file is read
        return rows
    return rows


def _fit(rows: Iterable[list[str]]) -> float:
    """Return the share of rows that have the most frequent number of cells; 0, if that is one."""
    widths = Counter(map(len, rows))
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda entry: (entry[1], entry[0]))
    return count / widths.total() if width > 1 else 0.0


def _is_split(sample: str) -> bool:
    """Tell whether rows such as ``"01;1439",00;261,00`` are rows with semicolons that were split at their commas.

    A spreadsheet that took the comma for the delimiter writes such rows. Joined at the commas, all of them have the
    same number of cells again.
    """
    if '"' not in sample or ";" not in sample:
        return False
    rows = _rows(sample, ",")
    quoted = sum(";" in row[0] for row in rows)
    starts = sum(line.startswith('"') for line in sample.split("\n"))
    if not rows or quoted < len(rows) or starts < len(rows) / 2:
        return False
    joined = [joined_again(row) for row in rows]
    return len({len(row) for row in joined}) == 1 and _fit(_rows(sample, ";")) < 1


def joined_again(row: list[str]) -> list[str]:
    """Return the cells of a row that was split at its commas."""
    return ",".join(row).split(";")
