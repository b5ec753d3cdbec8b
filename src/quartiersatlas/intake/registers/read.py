"""A register of measures as a town keeps it: read whole, each repair noted, everything refused named at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ColumnError, RegisterError
from quartiersatlas.intake.registers.cells import RefusedCellError, empty_value, read_cell
from quartiersatlas.intake.registers.consistency import check_register, closest
from quartiersatlas.intake.registers.schema import (
    DEFAULTS,
    NAMES,
    NUMBERS,
    TABLES,
    RegisterColumn,
    empty_table,
    register_columns,
)
from quartiersatlas.intake.registers.sources import RawSheet, raw_sheets
from quartiersatlas.intake.tables.headers import folded
from quartiersatlas.intake.tables.values.cells import written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from quartiersatlas.intake.joining.data import AreaData

SHOWN = 4
UNIT = re.compile(r"\s*(?:\((?:EUR|Euro|€)\)|in (?:EUR|Euro|€))$", re.IGNORECASE)  # behind a heading of money
PROBLEM_COLUMNS = ["sheet", "row", "column", "value", "what", "is_refused"]


@dataclass(frozen=True, eq=False, repr=False)
class RegisterTables:
    """The tables of a register of measures.

    Parameters
    ----------
    measures, funding, aims, targets, forecasts, participation, knowledge : DataFrame
        One row per row of its sheet. Codes are codes, lists are tuples, dates are timestamps; an end that never comes
        is 9999-12-31. Columns that nobody knows are kept behind the others.
    problems : DataFrame
        What was repaired or looks odd: sheet, row, column, value, what.
    source : str
        The name of the file.
    """

    measures: pd.DataFrame
    funding: pd.DataFrame
    aims: pd.DataFrame
    targets: pd.DataFrame
    forecasts: pd.DataFrame
    participation: pd.DataFrame
    knowledge: pd.DataFrame
    problems: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PROBLEM_COLUMNS))
    source: str = ""

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by the name of its sheet: ``"massnahmen"``."""
        found: pd.DataFrame = getattr(self, TABLES[name])
        return found


@dataclass
class Problems:
    """What is wrong or was repaired, with its place."""

    rows: list[tuple[str, object, str, str, str, bool]] = field(default_factory=list)

    def note(self, sheet: str, cell: object, column: str, value: object, what: str) -> None:
        """Note a repair, or something odd."""
        self.rows.append((sheet, cell, column, written(value), what, False))

    def refuse(self, sheet: str, cell: object, column: str, value: object, what: str) -> None:
        """Note what cannot stay."""
        self.rows.append((sheet, cell, column, written(value), what, True))

    def frame(self) -> pd.DataFrame:
        """Return all of them."""
        return pd.DataFrame(self.rows, columns=PROBLEM_COLUMNS)

    def raise_refused(self, source: str) -> None:
        """Raise what was refused, the first ones in the message.

        Raises
        ------
        RegisterError
            Something was.
        """
        refused = [row for row in self.rows if row[-1]]
        if not refused:
            return
        first = "; ".join(
            f"{sheet} {cell} ({column}) {value!r}: {what}" for sheet, cell, column, value, what, _ in refused[:SHOWN]
        )
        more = f"; and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
        cells = count_noun(len(refused), "cell", "cells")
        raise RegisterError(
            f"{source}: {cells} cannot be read: {first}{more}. All of them: err.problems.", self.frame()
        )


def read_tables(source: str | Path | Mapping[str, pd.DataFrame], data: AreaData | None = None) -> RegisterTables:
    """Read the tables of a register and check that they fit each other, and the areas where some are given.

    Raises
    ------
    RegisterError
        Cells cannot be read, or contradict each other; the message names sheet, cell and value of the first ones.
    ColumnError
        A column that each row needs is missing.
    InputError
        There is no such file, or no table of measures in it.
    """
    name, sheets = raw_sheets(source)
    problems = Problems()
    tables, places = {}, {}
    for table in TABLES:
        if table in sheets:
            tables[table], places[table] = _read_sheet(sheets[table], table, problems)
        else:
            tables[table], places[table] = empty_table(table), RegisterPlaces(table, {}, [])
    check_register(tables, places, problems, data)
    problems.raise_refused(name)
    return RegisterTables(
        **{TABLES[table]: frame for table, frame in tables.items()}, problems=problems.frame(), source=name
    )


@dataclass(frozen=True)
class RegisterPlaces:
    """Where the cells of a table stand: the letters of its columns, the numbers of its rows."""

    sheet: str
    columns: Mapping[str, str]
    rows: list[int]

    def cell(self, row: int, column: str) -> str:
        """Return how a spreadsheet calls a cell of a row, counted from 0."""
        return f"{self.columns.get(column, '')}{self.rows[row]}"


def _read_sheet(sheet: RawSheet, table: str, problems: Problems) -> tuple[pd.DataFrame, RegisterPlaces]:
    columns = register_columns()[table]
    at = _positions(sheet, columns)
    _fill_merged(sheet, at, problems)
    for note in sheet.notes:
        problems.note(sheet.name, "", "", "", note)
    found: dict[str, pd.Series[Any]] = {}
    for column in columns:
        values = [_value(sheet, number, row, at.get(column.name), column, problems) for number, row in sheet.rows]
        found[column.name] = pd.Series(values, dtype=column.dtype)
    known = set(at.values())
    unread = [column.heading_de for column in columns if column.name not in at]
    for place in range(max([len(sheet.header), *(len(row) for _, row in sheet.rows)])):
        heading = sheet.header[place] if place < len(sheet.header) else ""
        texts = [written(row[place]).strip() if place < len(row) else "" for _, row in sheet.rows]
        if place in known or not (heading or any(texts)):
            continue
        if heading:
            found[heading] = pd.Series(texts, dtype="object")
        _note_column(sheet, place, heading, unread, problems)
    letters = {name: sheet.cell(0, place)[:-1] for name, place in at.items()}
    return pd.DataFrame(found), RegisterPlaces(sheet.name, letters, [number for number, _ in sheet.rows])


def _note_column(sheet: RawSheet, place: int, heading: str, unread: list[str], problems: Problems) -> None:
    """Say what becomes of a column that a register does not know: kept, or without a heading, lost."""
    cell = sheet.cell(sheet.header_row, place)
    if not heading:
        problems.note(sheet.name, cell, "", "", "values without a heading: not read")
    elif hint := closest(heading, unread):
        problems.note(sheet.name, cell, heading, "", f"no column of a register, kept as it is.{hint}")


def _positions(sheet: RawSheet, columns: tuple[RegisterColumn, ...]) -> dict[str, int]:
    """Return where each column stands, whatever the language of its heading."""
    headings = [folded(UNIT.sub("", heading)) for heading in sheet.header]
    at: dict[str, int] = {}
    for column in columns:
        spellings = {folded(UNIT.sub("", word)) for word in (column.name, column.heading_de, column.heading_en)}
        places = [place for place, heading in enumerate(headings) if heading in spellings]
        if len(places) > 1:
            raise ColumnError(f"Sheet {sheet.name!r} has the column {column.heading_de!r} twice: keep one of them.")
        if places:
            at[column.name] = places[0]
        elif column.is_required and sheet.rows:
            raise ColumnError.not_found(column.heading_de, filter(None, sheet.header), f"Sheet {sheet.name!r}")
    return at


def _value(
    sheet: RawSheet, number: int, row: list[Any], place: int | None, column: RegisterColumn, problems: Problems
) -> object:
    raw = row[place] if place is not None and place < len(row) else None
    where = (sheet.name, sheet.cell(number, place or 0), column.heading_de, raw)
    try:
        read = read_cell(raw, column)
    except RefusedCellError as error:
        problems.refuse(*where, str(error))
        return empty_value(column)
    if read.note:
        problems.note(*where, read.note)
    is_empty = not written(raw).strip() if not isinstance(raw, (list, tuple)) else not raw
    if is_empty and column.is_required:
        problems.refuse(*where, "empty, and each row needs it")
    return DEFAULTS.get(column.name, read.value) if is_empty else read.value


def _fill_merged(sheet: RawSheet, at: dict[str, int], problems: Problems) -> None:
    """Give words that are merged over several rows to each of them; numbers and keys are refused."""
    kinds = {
        place: column.kind
        for table in register_columns().values()
        for column in table
        for place in (at.get(column.name),)
        if place is not None
    }
    rows = dict(sheet.rows)
    for one in sheet.merged:
        if one.first.row + 1 <= sheet.header_row <= one.last.row + 1 and one.last.column > one.first.column:
            said = "a heading merged across columns: give each column its own"
            problems.refuse(sheet.name, str(one), "", sheet.header[one.first.column], said)
        inside = [number for number in rows if one.first.row + 1 <= number <= one.last.row + 1]
        if not inside:
            continue
        place, first = one.first.column, inside[0]
        value = rows[first][place] if place < len(rows[first]) else None
        if one.last.column > place:
            problems.refuse(sheet.name, str(one), "", value, "cells merged across columns: unmerge them")
        elif kinds.get(place) in (*NUMBERS, *NAMES):
            problems.refuse(sheet.name, str(one), "", value, "a number or key merged over rows: write it into each row")
        else:
            for number in inside[1:]:
                rows[number][place] = value
            problems.note(sheet.name, str(one), "", value, "merged over rows: taken for each of them")
