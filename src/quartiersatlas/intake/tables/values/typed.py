"""Columns of sources with types: per cent and zeros of formats, dates, numbers stored as text, errors."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SHOWN, KeyColumnError, NumberError, list_some
from quartiersatlas.intake.tables.values.cells import DATES, Fault, NumberCells, Padded, Percent
from quartiersatlas.intake.tables.values.codes import STATUSES
from quartiersatlas.intake.tables.values.numbers import Column, read_column
from quartiersatlas.intake.tables.values.one_cell import read_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.values.cells import Cells
    from quartiersatlas.intake.tables.values.codes import SymbolProfile
    from quartiersatlas.intake.tables.values.scan import Decimal

MISSING = STATUSES.index("missing")
DATES_HINT = (
    "a spreadsheet turned keys such as 1-2 into dates, and what they were cannot be told from them. Take the file as "
    "it was published; before the keys are entered or pasted, format the column as text"
)
MONTH = (
    r"(?:jan(?:uary?)?|feb(?:ruary?)?|märz?|mrz|mar(?:ch)?|apr(?:il)?|mai|may|jun[ie]?|jul[iy]?|"
    r"aug(?:ust)?|sept?(?:ember)?|o[kc]t(?:ober)?|nov(?:ember)?|de[zc](?:ember)?)\.?"
)
YEAR_MONTH_DAY = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[ T]\d\d:\d\d(?::\d\d)?)?"
DAY_MONTH_YEAR = r"(?:0?[1-9]|[12]\d|3[01])([./])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d(?: \d\d:\d\d(?::\d\d)?)?"
MONTH_DAY_YEAR = r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/(?:19|20)\d\d"
DATE_SIGNS = ".-/ "  # one of them is in every date
DATE_TEXT = re.compile(
    rf"{DAY_MONTH_YEAR}|{MONTH_DAY_YEAR}|{YEAR_MONTH_DAY}|\d{{1,2}}[. -]{{1,2}}{MONTH}|{MONTH}[ -](?:\d\d|\d{{4}})",
    re.IGNORECASE,
)


def refuse_faulty_keys(
    name: str,
    cells: Cells,
    rows: NDArray[Any],
    source: str,
    texts: NDArray[np.object_] | None = None,
    *,
    are_plain: bool = False,
) -> None:
    """Refuse keys that are dates, errors or formulas without a result; ``texts`` are the cells, where they are known.

    ``are_plain`` says that they are letters and digits, of which no date as text is made.

    Raises
    ------
    KeyColumnError
        The message says what they are, where they stand, and what to do.
    """
    for where, one, many, repair in (
        (
            _are_dates(cells, texts, are_plain=are_plain),
            "is a date",
            "are dates",
            DATES_HINT,
        ),
        (
            cells.holding(Fault),
            "is an error or a formula without a result",
            "are errors or formulas without a result",
            "open the file in the spreadsheet program, mend the formulas, and save it there",
        ),
    ):
        if where.any():
            found = [str(text) for text in cells.texts(where)]
            lines = ", ".join(f"{text!r} in line {row}" for text, row in zip(found[:SHOWN], rows[where], strict=False))
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            raise KeyColumnError(
                f"{source}: {count_noun(len(found), f'key {one}', f'keys {many}')} in {name!r}: {lines}{more}. "
                f"{repair[0].upper()}{repair[1:]}. All of them: err.keys",
                found,
            )


def _are_dates(cells: Cells, texts: NDArray[np.object_] | None, *, are_plain: bool) -> NDArray[np.bool_]:
    """Return which keys are dates, by their type or as a spreadsheet writes them into a text file."""
    typed = cells.holding(DATES)
    if are_plain or typed.any():
        return typed
    together = "\n".join(cells.texts() if texts is None else texts)
    if not any(sign in together for sign in DATE_SIGNS):  # one look at all of them
        return np.zeros(len(cells), bool)
    unparsed = cells.unparsed
    kinds = np.array([DATE_TEXT.fullmatch(text.strip()) is not None for text in unparsed.texts], bool)
    found = np.zeros(len(cells), bool)
    found[unparsed.where] = kinds[unparsed.codes] if len(kinds) else False
    return found


def padding_notes(name: str, cells: Cells) -> list[str]:
    """Say which numbers have been read with the zeros that their format shows."""
    padded = cells.holding(Padded)
    if not padded.any():
        return []
    where = np.flatnonzero(padded)
    plain, shown = cells.texts(where), cells.as_shown().texts(where)
    changed = np.flatnonzero(plain != shown)
    if not len(changed):
        return []
    example = f"{plain[changed[0]]} is read as {shown[changed[0]]!r}"
    return [f"{name}: {count_noun(len(changed), 'cell')} with a format that shows leading zeros; {example}"]


def read_typed_column(
    name: str,
    cells: Cells,
    rows: NDArray[Any],
    decimal: Decimal,
    profile: SymbolProfile,
    *,
    as_text: bool = False,
    decided: bool = False,
) -> Column:
    """Read one column of cells as :func:`read_column` does, with all that the types of its cells say.

    Raises
    ------
    NumberError
        As :func:`read_column`; or fractions stand among numbers that are shown as per cent.
    """
    faulty = cells.holding(Fault)
    sound = cells.blanked(faulty) if faulty.any() else cells
    shown = sound.as_shown()
    column = read_column(name, shown if as_text else sound, rows, decimal, profile, as_text=as_text, decided=decided)
    if not (column.is_number or as_text) and isinstance(cells, NumberCells) and cells.declared:
        return replace(column, values=np.full(len(column.status), np.nan), is_number=True)  # all of them are missing
    if not column.is_number:
        if shown is not sound:
            column = read_column(name, shown, rows, decimal, profile, as_text=True)
        notes = padding_notes(name, sound) + _date_notes(name, sound)
    else:
        notes = _percent_notes(name, sound, rows) + _text_number_notes(name, sound, decimal, profile)
        percent = sound.holding(Percent)
        if percent.any() and not (sound.scan.plain & ~percent & (sound.scan.signed != 0)).any():
            column = replace(column, unit="percent")
    column = replace(column, notes=column.notes + notes)
    return _with_faults(name, column, cells, faulty, rows) if faulty.any() else column


def _percent_notes(name: str, cells: Cells, rows: NDArray[Any]) -> list[str]:
    """Say how many cells are shown as per cent, and refuse fractions among them that are not."""
    percent = cells.holding(Percent)
    if not percent.any():
        return []
    numbers = cells.scan.signed.astype(float)
    others = cells.scan.plain & ~percent & (numbers != 0)
    written = _fraction(cells, percent)
    count = count_noun(int(percent.sum()), "cell")
    if others.any() and (np.abs(cells.scan.read(".")[1][others]) <= 1).all():
        where = np.flatnonzero(others)
        problems = pd.DataFrame({"row": rows[where], "column": name, "raw": cells.texts(where)})
        shown = ", ".join(
            f"{raw!r} in line {row}" for raw, row in zip(problems["raw"][:SHOWN], problems["row"], strict=False)
        )
        raise NumberError(
            f"{count} of column {name!r} {'has' if percent.sum() == 1 else 'have'} a percent format ({written}), and "
            f"{count_noun(len(where), 'other is a number', 'others are numbers')} up to 1 without one: {shown}. Are "
            f"they fractions or per cent? Give all cells of the column the same format. All of them: err.problems",
            problems,
        )
    note = f"{name}: {count} with a percent format; {written}"
    if others.any():
        rest = int(others.sum())
        note += f"; {count_noun(rest, 'cell')} without one {'is' if rest == 1 else 'are'} read as written"
    return [note]


def _fraction(cells: Cells, percent: NDArray[np.bool_]) -> str:
    """Give an example of a number that is shown as per cent, one that is not zero if there is any."""
    from decimal import Decimal as Exact

    texts = [text for text in cells.texts(np.flatnonzero(percent)) if text != "0"]
    if not texts:
        return "0 is read as 0"
    return f"{float(Exact(texts[0]).scaleb(-2)):.6g} is read as {float(texts[0]):.6g}"


def _text_number_notes(name: str, cells: Cells, decimal: Decimal, profile: SymbolProfile) -> list[str]:
    """Say how many numbers of a source with types are stored as text."""
    texts = cells.holding(str)
    if not texts.any():
        return []
    plain, _, _ = cells.scan.read(decimal)
    count = int((texts & plain).sum())
    unparsed = cells.unparsed
    read = [read_cell(text, decimal, profile) for text in unparsed.texts]
    kinds = np.array([one.number is not None and not (one.is_symbol or one.unit or one.done) for one in read], bool)
    count += int(kinds[unparsed.codes].sum()) if len(kinds) else 0
    if not count:
        return []
    return [f"{name}: {count_noun(count, 'number is', 'numbers are')} stored as text and read as numbers"]


def _date_notes(name: str, cells: Cells) -> list[str]:
    dates = np.flatnonzero(cells.holding(DATES))
    if not len(dates):
        return []
    example = list_some(cells.texts(dates[:1]))
    return [f"{name}: {count_noun(len(dates), 'cell is a date or a time', 'cells are dates or times')}: {example}"]


def _with_faults(name: str, column: Column, cells: Cells, faulty: NDArray[np.bool_], rows: NDArray[Any]) -> Column:
    """Make the cells that are errors, or formulas without a result, missing, with a line of their own for each."""
    status = np.where(faulty, MISSING, column.status).astype(np.uint8)
    where = np.flatnonzero(faulty)
    found = [fault for place in where if isinstance(fault := cells.value(int(place)), Fault)]
    lines = pd.DataFrame(
        {
            "row": rows[where].astype(object),
            "column": name,
            "raw": [fault.raw for fault in found],
            "done": [fault.done for fault in found],
        }
    )
    if column.problems is not None and len(column.problems):
        others = column.problems[~column.problems["row"].isin(rows[where])]
        lines = pd.concat([others, lines], ignore_index=True) if len(others) else lines
        lines = lines.sort_values("row", kind="stable", ignore_index=True)
    values, is_number = column.values, column.is_number
    if not is_number and (column.status == MISSING).all():
        values, is_number = np.full(len(status), np.nan), True
    return replace(column, values=values, status=status, problems=lines, is_number=is_number)
