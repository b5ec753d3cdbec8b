"""Excel: one sheet per table, numbers as numbers with their decimals and units, text never as a formula."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.export.meaning import columns_table
from quartiersatlas.present.export.tables import manifest_table, notes_table, tables_of
from quartiersatlas.present.files import written_whole
from quartiersatlas.present.plain_text import FORMULA_STARTS, visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release

HEAD = 2  # rows: labels, and the names of the columns
LONGEST = 32_767  # characters of a cell
CUT = " […]"
WIDE, NARROW = 60, 11  # characters of a column
DECIMALS = {"hectares": 1, "covered_share": 2, "value": 4, "adjusted": 4, "expected": 4, "lower": 4, "upper": 4}
WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date without a zone: the same release must give the same bytes


def write(release: Release, path: Path, lang: Lang, manifest: Mapping[str, Any] | None) -> None:
    """Write the workbook: notes first, then the tables, then what the columns mean and where all comes from."""
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise DependencyError('A workbook needs openpyxl: pip install "quartiersatlas[excel]".') from error
    tables = {name: frame.drop(columns="geometry", errors="ignore") for name, frame in tables_of(release, lang).items()}
    meaning = columns_table(release, lang, tables)
    book = Workbook()
    book.remove(book.active)
    _list(_sheet(book, "notes", lang), notes_table(release, lang)[["label", "text"]])
    for name, frame in tables.items():
        own = meaning[meaning["table"].eq(name)].set_index("column")
        _table(_sheet(book, name, lang), _in_words(release, frame, lang), own)
    _list(_sheet(book, "columns", lang), meaning, bold=False)
    _list(_sheet(book, "manifest", lang), manifest_table(release, manifest))
    book.properties.title, book.properties.creator = visible(release.title), "quartiersatlas"
    book.properties.description = visible(release.comment)
    book.properties.created = WRITTEN
    content = _undated(book)
    with written_whole(path) as file:
        file.write_bytes(content)


def _sheet(book: Workbook, name: str, lang: Lang) -> Worksheet:
    sheet: Worksheet = book.create_sheet(text(f"sheet_{name}", lang))
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each as wide as the table
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    return sheet


def _in_words(release: Release, frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table whose classes and states are called as a reader calls them."""
    states = {state: text(f"state_{state}", lang) for state in ("small", "uninhabited", "unknown")}
    words = {"state": {"shown": text("label_shown", lang), **states}}
    words["cover"] = {cover: text(f"cover_{cover}", lang) for cover in ("covered", "partly", "not_covered")}
    for column in release.columns:
        if column.kind == "class":
            words[visible(column.id)] = {visible(c.id): visible(c.label(lang)) for c in column.classes}
    return frame.assign(
        **{name: frame[name].map(called, na_action="ignore") for name, called in words.items() if name in frame}
    )


def _table(sheet: Worksheet, frame: pd.DataFrame, meaning: pd.DataFrame) -> None:
    """Write a table under its head: labels with units, and the names of the columns."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for position, name in enumerate(frame.columns, start=1):
        label, unit = meaning.loc[name, ["label", "unit"]]
        _write(sheet, 1, position, f"{label} ({unit})" if unit else label)
        sheet.cell(1, position).font = Font(bold=True)
        sheet.cell(1, position).alignment = Alignment(wrap_text=True, vertical="top")
        _write(sheet, HEAD, position, name)
        sheet.cell(HEAD, position).font = Font(italic=True, color="666666")
        style = _number_format(name, frame[name], meaning)
        for row, cell in enumerate(frame[name], start=HEAD + 1):
            _write(sheet, row, position, cell, style)
        sheet.column_dimensions[get_column_letter(position)].width = _width(frame[name], str(name))
    sheet.freeze_panes = "C3"  # the key and what stands beside it, and the head
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(frame.columns))}{len(frame) + HEAD}"
    sheet.print_title_rows = f"1:{HEAD}"


def _list(sheet: Worksheet, frame: pd.DataFrame, *, bold: bool = True) -> None:
    """Write a table to be read: long text wrapped, the first column bold or the head."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    head = [] if bold else [list(frame.columns)]
    for row, cells in enumerate([*head, *frame.itertuples(index=False)], start=1):
        for position, cell in enumerate(cells, start=1):
            _write(sheet, row, position, cell)
            sheet.cell(row, position).alignment = Alignment(wrap_text=True, vertical="top")
            sheet.cell(row, position).font = Font(bold=position == 1 if bold else row == 1)
    for position, name in enumerate(frame.columns, start=1):
        width = 100 if bold and position == len(frame.columns) else _width(frame[name], str(name))
        sheet.column_dimensions[get_column_letter(position)].width = width
    if not bold:
        sheet.freeze_panes = "A2"


def _write(sheet: Worksheet, row: int, column: int, value: Any, style: str = "") -> None:  # noqa: ANN401 - any cell
    """Write a cell: text as text, numbers as numbers, nothing where nothing is known."""
    if pd.isna(value):
        return
    if isinstance(value, str):
        lines = visible(value).replace("\r\n", "\n").replace("\r", "\n")  # a workbook has one kind of line end
        cell = sheet.cell(row, column, lines if len(lines) <= LONGEST else lines[: LONGEST - len(CUT)] + CUT)
        cell.data_type = "s"  # whatever it starts with
        cell.quotePrefix = lines.startswith(FORMULA_STARTS)  # and it stays text when somebody edits it
        return
    cell = sheet.cell(row, column, value.item() if hasattr(value, "item") else value)
    if style:
        cell.number_format = style


def _number_format(name: str, values: pd.Series[Any], meaning: pd.DataFrame) -> str:
    """Return the format of numbers, which each program writes with the separators of its own language."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return ""
    given = meaning["decimals"].fillna(DECIMALS.get(name, 0))
    decimals = int(given[name])
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _width(values: pd.Series[Any], name: str) -> float:
    """Return a width that shows the values and the name of the column, and half of the longest text at the most."""
    longest = max((len(str(value)) for value in values.dropna()), default=0)
    return float(min(WIDE, max(NARROW, len(name) + 3, longest + 1)))


def _undated(book: Workbook) -> bytes:
    """Return the file without the time of writing: the same release must give the same bytes."""
    raw, result = BytesIO(), BytesIO()
    book.save(raw)
    date = WRITTEN.isoformat()
    with ZipFile(raw) as packed, ZipFile(result, "w", ZIP_DEFLATED) as undated:
        for name in packed.namelist():
            content = packed.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{date}Z".encode(), content)
            undated.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # ZipInfo dates every part 1980-01-01
    return result.getvalue()
