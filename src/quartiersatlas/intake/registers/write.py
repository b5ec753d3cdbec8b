"""A register written as a workbook that people go on editing, or as CSV files; read again it is the same."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import is_folder
from quartiersatlas.base.files import written_together
from quartiersatlas.base.workbook import FORMULA_STARTS, CellStyle, WorkbookSheet, write_workbook
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.errors import InputError
from quartiersatlas.intake.registers.schema import (
    NUMBERS,
    PERMANENT,
    PERMANENT_WORDS,
    TABLES,
    RegisterColumn,
    register_columns,
    sheet_name,
)

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.intake.registers.read import RegisterTables

NARROWEST, WIDEST = 10, 44
WIDE_KINDS = ("text",)
EMPTY_ROWS = 200  # below the rows: where a drop-down is offered too


def write_register(register: RegisterTables, path: str | Path, lang: Lang = "de") -> Path:
    """Write a register as a workbook (``.xlsx``), or as CSV files into a folder that is there.

    Raises
    ------
    InputError
        The name is neither a workbook's nor an existing folder's.
    """
    check_lang(lang)
    path = Path(path)
    if is_folder(path):
        return _write_folder(register, path, lang)
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path.name}: a register is written as .xlsx, or as CSV files into a folder that is there.")
    return write_workbook(path, [*_sheets(register, lang), _lists(lang)], title=text("register_title", lang))


def _cell(value: object, column: RegisterColumn | None, lang: Lang) -> str | float | None:
    """Return a cell as people write it; dates are words, which no program turns into others."""
    if isinstance(value, pd.Timestamp):
        if value == PERMANENT:
            return PERMANENT_WORDS[lang]
        return f"{value:%d.%m.%Y}" if lang == "de" else f"{value:%Y-%m-%d}"
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, float):
        return value
    labels = column.labels(lang) if column is not None else {}
    if isinstance(value, tuple):
        return "; ".join(labels.get(str(part), str(part)) for part in value) or None
    return labels.get(str(value), str(value)) or None


def _columns(table: str, frame: pd.DataFrame) -> list[tuple[str, RegisterColumn | None]]:
    known: dict[str, RegisterColumn | None] = {column.name: column for column in register_columns()[table]}
    return [(str(name), known.get(str(name))) for name in frame.columns]


def _rows(register: RegisterTables, table: str, lang: Lang) -> tuple[list[str], list[list[str | float | None]]]:
    frame = register.table(table)
    columns = _columns(table, frame)
    head = [column.heading(lang) if column is not None else name for name, column in columns]
    rows = [
        [_cell(value, column, lang) for value, (_, column) in zip(row, columns, strict=True)]
        for row in frame.itertuples(index=False, name=None)
    ]
    return head, rows


def _sheets(register: RegisterTables, lang: Lang) -> list[WorkbookSheet]:
    return [_sheet(register, table, lang) for table in TABLES]


def _sheet(register: RegisterTables, table: str, lang: Lang) -> WorkbookSheet:
    head, rows = _rows(register, table, lang)
    columns = _columns(table, register.table(table))
    is_number = [column is not None and column.kind in NUMBERS for _, column in columns]
    is_wide = [column is None or column.kind in WIDE_KINDS for _, column in columns]
    widths = [
        max(
            NARROWEST,
            min(WIDEST if wide else 24, max([len(head[place]) + 2, *(len(str(row[place] or "")) + 1 for row in rows)])),
        )
        for place, wide in enumerate(is_wide)
    ]
    return WorkbookSheet(
        sheet_name(table, lang),
        head=[(head, CellStyle(bold=True, is_text=True, is_wrapped=True, line="#5a5a5a"))],
        rows=rows,
        styles=[
            CellStyle(
                number_format="#,##0.######" if column is not None and column.kind == "number" else "#,##0.##",
                is_top=True,
            )
            if number
            else CellStyle(is_text=True, is_top=True)
            for number, (_, column) in zip(is_number, columns, strict=True)
        ],
        widths=widths,
        text_columns=frozenset(place for place, number in enumerate(is_number) if not number),
        frozen=(1, 2 if table == "massnahmen" else 0),
        choices={
            place: _list_reference(column, lang)
            for place, (_, column) in enumerate(columns)
            if column is not None and _is_chosen(column)
        },
        choice_rows=len(rows) + EMPTY_ROWS,
    )


def _is_chosen(column: RegisterColumn) -> bool:
    """Return True for a drop-down; several fields of action in one cell cannot be chosen from one."""
    return bool(column.labels("de")) and column.kind != "fields"


def _chosen() -> list[RegisterColumn]:
    found: dict[str, RegisterColumn] = {}
    for columns in register_columns().values():
        for column in columns:
            if column.labels("de"):
                found.setdefault(_list_name(column), column)
    return list(found.values())


def _list_name(column: RegisterColumn) -> str:
    return "field" if column.kind == "fields" else column.name


def _list_reference(column: RegisterColumn, lang: Lang) -> str:
    from quartiersatlas.intake.tables.workbooks.sheet_facts import column_letters

    place = [_list_name(one) for one in _chosen()].index(_list_name(column))
    letters = column_letters(place)
    name = text("register_sheet_lists", lang)
    return f"='{name}'!${letters}$2:${letters}${1 + len(column.labels(lang))}"


def _lists(lang: Lang) -> WorkbookSheet:
    """Return the sheet that drop-downs choose from."""
    lists = [[column.heading(lang), *column.labels(lang).values()] for column in _chosen()]
    longest = max(map(len, lists))
    rows = [[one[row] if row < len(one) else None for one in lists] for row in range(1, longest)]
    return WorkbookSheet(
        text("register_sheet_lists", lang),
        head=[([one[0] for one in lists], CellStyle(bold=True, is_text=True))],
        rows=rows,
        styles=[CellStyle(is_text=True)] * len(lists),
        widths=[min(WIDEST, max(map(len, one)) + 2) for one in lists],
        frozen=(1, 0),
    )


def _write_folder(register: RegisterTables, folder: Path, lang: Lang) -> Path:
    """Write one CSV file per sheet, as spreadsheet programs of the country open them."""
    with written_together([folder / f"{table}.csv" for table in TABLES]) as files:
        for table, file in zip(TABLES, files, strict=True):
            head, rows = _rows(register, table, lang)
            content = StringIO(newline="")
            writer = csv.writer(content, delimiter=";", lineterminator="\r\n")
            writer.writerow(head)
            writer.writerows([[_csv_cell(cell) for cell in row] for row in rows])
            file.write_bytes(b"\xef\xbb\xbf" + content.getvalue().encode("utf-8"))
    return folder


def _csv_cell(cell: str | float | None) -> str:
    """Write a cell; one that a spreadsheet program would take for a formula begins with an apostrophe."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.17g}".replace(".", ",") if float(f"{cell:.15g}") != cell else f"{cell:.15g}".replace(".", ",")
    return f"'{cell}" if cell.startswith(("'", *FORMULA_STARTS)) else cell
