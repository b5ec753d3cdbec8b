"""Strict reading of columns as cities write them: decimal comma, grouped thousands, marks instead of values.

A column is decided as a whole, never cell by cell: it is numeric, or it is text, or it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.intake.cell import BLANKS, BLANKS_AND_BREAKS, Cell, number_codes, read_cell
from quartiersatlas.intake.contradictions import (
    refuse_likely_groups,
    refuse_mixed_groups,
    refuse_other_decimal,
    refuse_stray_zeros,
    refuse_unknown,
)
from quartiersatlas.intake.sentinels import refuse_sentinels
from quartiersatlas.intake.symbols import STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from quartiersatlas.intake.grid import Cells, Decimal, Rest
    from quartiersatlas.intake.symbols import Profile

VALUE, ZERO, MISSING = (STATUSES.index(status) for status in ("value", "zero", "missing"))
NUMERIC_SHARE = 0.5  # a column with at least this share of numbers is meant to be numeric
LEADING_ZERO = re.compile(r"0[0-9]+")
BLANK_NAMES = {" ": "blank", "\u00a0": "U+00A0", "\u2007": "U+2007", "\u2009": "U+2009", "\u202f": "U+202F"}


@dataclass(frozen=True)
class Column:
    """One column as read: values and status per cell, what is to be listed, and what holds for the whole column.

    ``status`` are positions in :data:`STATUSES`.
    """

    values: NDArray[np.float64] | ExtensionArray
    status: NDArray[np.uint8]
    is_number: bool
    problems: pd.DataFrame | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """A column between scan and decision: plain numbers, and what each distinct text of the other cells says.

    ``numbers`` and ``grouped`` hold where ``plain`` is true; ``cells.rest`` are the other cells, read in ``read``.
    """

    name: str
    cells: Cells
    rows: NDArray[Any]
    decimal: Decimal
    plain: NDArray[np.bool_]
    numbers: NDArray[np.float64]
    grouped: NDArray[np.bool_]
    rest: Rest
    read: list[Cell]

    def where(self, of: Callable[[str, Cell], object]) -> NDArray[np.bool_]:
        """Tell for each cell of the rest whether its text and reading are of some kind."""
        kinds = np.array([bool(of(text, cell)) for text, cell in zip(self.rest.texts, self.read, strict=True)], bool)
        return kinds[self.rest.codes] if len(kinds) else np.zeros(0, bool)

    def count(self, of: Callable[[str, Cell], object]) -> int:
        """Count the cells of the rest whose text and reading are of some kind."""
        return int(self.where(of).sum())


def read_column(
    name: str,
    cells: Cells,
    rows: NDArray[Any],
    decimal: Decimal,
    profile: Profile,
    *,
    as_text: bool = False,
    decided: bool = False,
) -> Column:
    """Read one column of cells as numbers with status, or leave it text.

    ``decided`` says that the caller named the decimal mark, so that grouped and ungrouped thousands may be mixed.

    Raises
    ------
    NumberError
        Most cells are numbers and some are neither numbers nor known symbols, or the cells contradict each other.
    """
    if as_text:
        return _text(cells)
    draft = _draft(name, cells, rows, decimal, profile)
    if _is_text(draft):
        refuse_other_decimal(draft)
        return _text(cells)
    refuse_unknown(draft)
    if not decided:
        refuse_mixed_groups(draft)
        refuse_likely_groups(draft)
    values, status = _filled(draft)
    refuse_sentinels(name, values, rows, [code for code, _ in number_codes(profile, decimal)])
    return Column(values, status, True, _problems(draft), _notes(draft, profile))  # noqa: FBT003 - a field


def _draft(name: str, cells: Cells, rows: NDArray[Any], decimal: Decimal, profile: Profile) -> Draft:
    plain, numbers, grouped = cells.scan.read(decimal)
    named = [code for code, status in number_codes(profile, decimal) if status != "value"]
    plain = plain & ~np.isin(numbers, named) if named else plain
    rest = cells.rest if len(cells.rest.where) == len(plain) - plain.sum() else cells.all_but(plain)
    read = [read_cell(text, decimal, profile) for text in rest.texts]
    return Draft(name, cells, rows, decimal, plain, numbers, grouped, rest, read)


def _is_text(draft: Draft) -> bool:
    """Tell whether a column holds words or codes: leading zeros, or hardly any number."""
    unknown = draft.count(lambda _, cell: cell.number is None)
    numbers = len(draft.plain) - draft.count(lambda _, cell: cell.is_mark) - unknown
    if not numbers + unknown:
        return draft.count(lambda text, _: not text.strip(BLANKS_AND_BREAKS)) == len(draft.plain)
    if numbers < NUMERIC_SHARE * (numbers + unknown):
        return True
    zeros = draft.where(lambda text, _: LEADING_ZERO.fullmatch(text.strip(BLANKS_AND_BREAKS)))
    if not zeros.any():
        return False
    if zeros.sum() < NUMERIC_SHARE * numbers and not _one_width(draft):
        refuse_stray_zeros(draft, zeros)
    return True


def _one_width(draft: Draft) -> bool:
    """Tell whether all cells but the marks have the same number of characters, as codes have."""
    widths = {
        len(text.strip(BLANKS)) for text, cell in zip(draft.rest.texts, draft.read, strict=True) if not cell.is_mark
    }
    widths |= set(map(len, draft.cells.texts(np.flatnonzero(draft.plain))))
    return len(widths) == 1


def _text(cells: Cells) -> Column:
    """Leave a column text: every distinct text is stripped once."""
    rest = cells.rest
    codes = np.zeros(len(cells), np.int64)
    codes[rest.where] = rest.codes
    texts = [text.strip(BLANKS_AND_BREAKS) for text in rest.texts]
    if len(rest.where) < len(cells):
        plain = np.flatnonzero(cells.scan.plain)
        _, more, distinct = cells.all_but(~cells.scan.plain)
        codes[plain] = more + len(texts)
        texts += distinct
    empty = np.array([not text for text in texts], dtype=bool)[codes]
    values = pd.Series(texts, dtype="str").array.take(codes)
    return Column(values, np.where(empty, MISSING, VALUE).astype(np.uint8), is_number=False)


def _filled(draft: Draft) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the numbers and the status of every cell."""
    values = draft.numbers.astype(float)
    where, codes, _ = draft.rest
    if len(where):
        values[where] = np.array([cell.number for cell in draft.read], dtype=float)[codes]
    status = np.where(values == 0, ZERO, VALUE).astype(np.uint8)
    if len(where):
        told = np.array([STATUSES.index(cell.status) if cell.status else VALUE for cell in draft.read], np.uint8)[codes]
        status[where] = np.where(told == VALUE, status[where], told)
    return values, status


def _problems(draft: Draft) -> pd.DataFrame:
    """List every cell of a numeric column that is not a plain number."""
    listed = draft.where(lambda _, cell: cell.done)
    where, codes = draft.rest.where[listed], draft.rest.codes[listed]
    raw = np.array([*draft.rest.texts, ""], dtype=object)[codes]
    done = np.array([*(cell.done for cell in draft.read), ""], dtype=object)[codes]
    rows = draft.rows[where].astype(object)
    return pd.DataFrame({"row": rows, "column": draft.name, "raw": raw, "done": done})


def _notes(draft: Draft, profile: Profile) -> list[str]:
    """Say what holds for the whole column: grouping, percent, minus signs, what a zero means."""
    notes = []
    groups = {cell.grouped_by for cell in draft.read if cell.grouped_by}
    if draft.grouped.any():
        groups.add("." if draft.decimal == "," else ",")
    for group in sorted(groups):
        cells = draft.count(lambda _, cell, group=group: cell.grouped_by == group)  # type: ignore[misc]
        cells += int(draft.grouped.sum()) if group in ".," else 0
        notes.append(f"{draft.name}: {BLANK_NAMES.get(group, repr(group))} groups the thousands in {cells} cells")
    if percent := draft.count(lambda _, cell: cell.is_percent):
        notes.append(f"{draft.name}: percent signs in {percent} cells; 12 % is read as 12")
    if minus := draft.count(lambda _, cell: cell.odd_minus):
        notes.append(f"{draft.name}: {minus} negative numbers are written with a blank or with another sign than '-'")
    unclear = draft.cells.scan.may_be_grouped & draft.plain & ~draft.grouped
    if unclear.any() and not draft.cells.scan.only_decimal(draft.decimal).any():
        example = draft.cells.texts(np.flatnonzero(unclear)[:1])[0]
        notes.append(
            f"{draft.name}: {int(unclear.sum())} cells such as {example!r} are read as decimals, "
            f"as the file's decimal mark is {draft.decimal!r}"
        )
    if len(draft.read) == 1 and not draft.plain.any() and draft.read[0].status == "zero":
        mark = draft.rest.texts[0].strip()
        notes.append(
            f"{draft.name}: every cell is {mark!r}, which is read as zero; if the column was not collected, pass "
            f"symbols={{{mark!r}: 'missing'}}"
        )
    zeros = int((draft.plain & (draft.numbers == 0)).sum())
    if zeros and profile.zero:
        notes.append(f"{draft.name}: a printed 0 means {profile.zero} in {zeros} cells")
    return notes
