"""Where a register comes from: a workbook, a folder of CSV files, frames; each table as rows of raw cells."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.checks import bytes_of, count_noun, existing_file, is_folder
from quartiersatlas.base.workbook import FORMULA_STARTS
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import InputError, list_some
from quartiersatlas.intake.registers.schema import TABLES, register_columns, sheet_name
from quartiersatlas.intake.tables.headers import folded
from quartiersatlas.intake.tables.workbooks.sheet_facts import column_letters
from quartiersatlas.intake.tables.workbooks.sheets import open_workbook, with_formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from quartiersatlas.intake.tables.workbooks.sheet_facts import Merged

HEADER_WITHIN = 20  # rows in which a header stands
LEAST_HEADINGS = 2


@dataclass
class RawSheet:
    """The rows of a table as they stand in a file, with the number of each row, and cells that are merged."""

    name: str
    header: list[str]
    rows: list[tuple[int, list[Any]]]
    header_row: int = 1
    merged: list[Merged] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def cell(self, row: int, column: int) -> str:
        """Return how a spreadsheet calls a cell; rows are counted from 1, columns from 0."""
        return f"{column_letters(column)}{row}"


def raw_sheets(source: str | Path | Mapping[str, pd.DataFrame]) -> tuple[str, dict[str, RawSheet]]:
    """Return what a register is called, and its tables; those that are not there are left out.

    Raises
    ------
    InputError
        There is no such file, nothing in it is a table of measures, or a frame has a name that no table has.
    """
    if isinstance(source, Mapping):
        return "frames", _of_frames(source)
    path = Path(source)
    if is_folder(path):
        return path.name, _of_folder(path)
    path = existing_file(path, "register")
    if path.suffix.lower() == ".csv":
        return path.name, {"massnahmen": _sheet(path.name, _csv_rows(path), "massnahmen")}
    return path.name, _of_workbook(path)


def _spellings(table: str) -> set[str]:
    return {folded(word) for word in (table, TABLES[table], *(sheet_name(table, lang) for lang in LANGUAGES))}


def _of_frames(frames: Mapping[str, pd.DataFrame]) -> dict[str, RawSheet]:
    known = {spelling: table for table in TABLES for spelling in _spellings(table)}
    found = {}
    for name, frame in frames.items():
        table = known.get(folded(str(name)))
        if table is None:
            raise InputError(f"A register has no table {str(name)!r}: {list_some(TABLES, 10)}.")
        rows: list[tuple[int, list[Any]]] = [
            (number, list(row)) for number, row in enumerate(frame.itertuples(index=False, name=None), start=2)
        ]
        found[table] = RawSheet(str(name), [str(column) for column in frame.columns], rows)
    return found


def _of_folder(folder: Path) -> dict[str, RawSheet]:
    files = {folded(path.stem): path for path in sorted(folder.glob("*.csv"))}
    found = {}
    for table in TABLES:
        path = next((files[spelling] for spelling in sorted(_spellings(table)) if spelling in files), None)
        if path is not None:
            found[table] = _sheet(path.name, _csv_rows(path), table)
    if "massnahmen" not in found:
        raise InputError(
            f"The folder {str(folder)!r} has no file massnahmen.csv; there are {list_some(files) or 'none'}."
        )
    return found


def _csv_rows(path: Path) -> list[tuple[int, list[Any]]]:
    raw = bytes_of(path)
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            written = raw.decode("cp1252")
        except UnicodeDecodeError as error:
            raise InputError(f"{path.name} is neither UTF-8 nor Windows-1252: save it as CSV UTF-8.") from error
    rows = enumerate(csv.reader(StringIO(written, newline=""), delimiter=";"), start=1)
    return [(number, [_without_quote(cell) for cell in row]) for number, row in rows]


def _without_quote(cell: str) -> str:
    """Take off the apostrophe that keeps a cell from being a formula."""
    return cell[1:] if cell.startswith(tuple(f"'{start}" for start in ("'", *FORMULA_STARTS))) else cell


def _of_workbook(path: Path) -> dict[str, RawSheet]:
    book = open_workbook(path)
    names = {folded(name): name for name in book.sheet_names}
    found = {}
    for table in TABLES:
        name = next((names[spelling] for spelling in sorted(_spellings(table)) if spelling in names), None)
        if name is None and table == "massnahmen" and len(names) == 1:
            name = next(iter(names.values()))
        if name is None:
            continue
        facts = book.facts(name)
        rows: list[tuple[int, list[Any]]] = list(enumerate(with_formats(book.rows(name), facts), start=1))
        sheet = _sheet(name, rows, table)
        sheet.merged = facts.merged
        if name in book.hidden:
            sheet.notes.append("the sheet is hidden in the workbook and was read")
        if hidden := sum(number - 1 in facts.hidden_rows for number, _ in sheet.rows):
            sheet.notes.append(f"{count_noun(hidden, 'hidden row was', 'hidden rows were')} read")
        found[table] = sheet
    if "massnahmen" not in found:
        raise InputError(
            f"{path.name} has no sheet {sheet_name('massnahmen', 'de')!r}; there are {list_some(book.sheet_names, 20)}."
        )
    return found


def _sheet(name: str, rows: Sequence[tuple[int, list[Any]]], table: str) -> RawSheet:
    """Find the header, which may stand below a title; rows without anything are no rows."""
    known = {folded(word) for one in register_columns()[table] for word in (one.name, one.heading_de, one.heading_en)}
    for place, (header_row, cells) in enumerate(rows[:HEADER_WITHIN]):
        header = [str(cell).strip() if cell is not None else "" for cell in cells]
        if sum(folded(cell) in known for cell in header if cell) >= LEAST_HEADINGS:
            body = [(number, row) for number, row in rows[place + 1 :] if any(str(cell).strip() for cell in row)]
            return RawSheet(name, header, body, header_row)
    headings = [one.heading_de for one in register_columns()[table] if one.is_required]
    raise InputError(f"{name!r} has no header in its first {HEADER_WITHIN} rows: it names {list_some(headings, 10)}.")
