"""Excel: one sheet per table, numbers as numbers with their decimals and units, text never as a formula."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd

from quartiersatlas.base.files import written_whole
from quartiersatlas.base.progress import with_progress
from quartiersatlas.catalogue import text
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.files.tables import columns_table, manifest_table, notes_table, tables_of
from quartiersatlas.present.words import FORMULA_STARTS, visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from openpyxl import Workbook

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

HEAD = 2  # rows: labels, and the names of the columns
LONGEST = 32_767  # characters of a cell
CUT = " […]"
NARROW, WIDE, READABLE = 11, 60, 100  # characters of a column
DECIMALS = {"hectares": 1, "covered_share": 2, "value": 4, "adjusted": 4, "expected": 4, "lower": 4, "upper": 4}
A4 = 9  # the number of the paper in the format
WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date without a zone: the same release must give the same bytes


def write_excel(
    release: Release, path: Path, lang: Lang, manifest: Mapping[str, Any] | None, *, progress: bool = False
) -> None:
    """Write the workbook: notes first, then the tables, then what the columns mean and where all comes from."""
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise DependencyError('A workbook needs openpyxl: pip install "quartiersatlas[excel]".') from error
    with written_whole(path) as file:
        book = Workbook(write_only=True)  # rows are written as they come, not kept
        try:
            _fill(book, release, lang, manifest, progress=progress)
        except BaseException:
            with suppress(Exception):
                book.save(BytesIO())  # openpyxl would leave open sheets and temporary files behind
            raise
        file.write_bytes(_undated(book))


def _fill(book: Workbook, release: Release, lang: Lang, manifest: Mapping[str, Any] | None, *, progress: bool) -> None:
    tables = {name: frame.drop(columns="geometry", errors="ignore") for name, frame in tables_of(release, lang).items()}
    meaning = columns_table(release, lang, tables)
    _list(_sheet(book, "notes", lang), notes_table(release, lang)[["label", "text"]])
    for name, frame in tables.items():
        own = meaning[meaning["table"].eq(name)].set_index("column")
        _table(_sheet(book, name, lang), _in_words(release, frame, lang), own, progress=progress)
    _list(_sheet(book, "columns", lang), meaning, with_head=True)
    _list(_sheet(book, "manifest", lang), manifest_table(release, manifest))
    book.properties.title, book.properties.creator = visible(release.title), "quartiersatlas"
    book.properties.description = visible(release.comment)
    book.properties.created = WRITTEN


def _sheet(book: Workbook, name: str, lang: Lang) -> Any:  # noqa: ANN401 - openpyxl is untyped
    sheet = book.create_sheet(text(f"sheet_{name}", lang))
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each as wide as the table
    sheet.sheet_properties.pageSetUpPr = _fit_to_page()
    return sheet


def _fit_to_page() -> Any:  # noqa: ANN401 - openpyxl is untyped
    from openpyxl.worksheet.properties import PageSetupProperties

    return PageSetupProperties(fitToPage=True)


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


def _table(sheet: Any, frame: pd.DataFrame, meaning: pd.DataFrame, *, progress: bool) -> None:  # noqa: ANN401
    """Write a table under its head: labels with units, and the names of the columns."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "C3"  # the key and what stands beside it, and the head
    sheet.print_title_rows = f"1:{HEAD}"
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(len(frame.columns))}{len(frame) + HEAD}"
    for position, name in enumerate(frame.columns, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = _width(frame[name], str(name))
    units = meaning["unit"].where(meaning["unit"].eq(""), " (" + meaning["unit"] + ")")
    labels = (meaning["label"] + units)[list(frame.columns)]
    wrapped = Alignment(wrap_text=True, vertical="top")
    sheet.append([_cell(sheet, words, font=Font(bold=True), alignment=wrapped) for words in labels])
    sheet.append([_cell(sheet, name, font=Font(italic=True, color="666666")) for name in frame.columns])
    formats = [_number_format(str(name), frame[name], meaning) for name in frame.columns]
    rows = frame.itertuples(index=False, name=None)
    for row in with_progress(rows, progress=progress, unit="row", total=len(frame)):
        sheet.append([_cell(sheet, value, **style) for value, style in zip(row, formats, strict=True)])


def _list(sheet: Any, frame: pd.DataFrame, *, with_head: bool = False) -> None:  # noqa: ANN401
    """Write a table to be read: long text wrapped; the head bold, or the first column where there is none."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for position, name in enumerate(frame.columns, start=1):
        is_text = not with_head and position == len(frame.columns)
        width = READABLE if is_text else _width(frame[name], str(name))
        sheet.column_dimensions[get_column_letter(position)].width = width
    if with_head:
        sheet.freeze_panes = "A2"
    bold, plain, wrapped = Font(bold=True), Font(), Alignment(wrap_text=True, vertical="top")
    head = [tuple(frame.columns)] if with_head else []
    for number, row in enumerate([*head, *frame.itertuples(index=False, name=None)]):
        fonts = [bold if (number == 0 if with_head else position == 0) else plain for position in range(len(row))]
        pairs = zip(row, fonts, strict=True)
        sheet.append([_cell(sheet, value, font=font, alignment=wrapped) for value, font in pairs])


def _cell(sheet: Any, value: Any, **style: Any) -> Any:  # noqa: ANN401 - any cell
    """Return a cell: text as text, numbers as numbers, nothing where nothing is known."""
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        cell = WriteOnlyCell(sheet, None if pd.isna(value) else value)
    elif not value:
        cell = WriteOnlyCell(sheet)
    else:
        lines = visible(value).replace("\r\n", "\n").replace("\r", "\n")  # a workbook has one kind of line end
        cell = WriteOnlyCell(sheet, lines if len(lines) <= LONGEST else lines[: LONGEST - len(CUT)] + CUT)
        cell.data_type = "s"  # whatever it starts with
        if lines.startswith(FORMULA_STARTS):
            cell.quotePrefix = True  # and it stays text when somebody edits it
    for name, chosen in style.items():
        setattr(cell, name, chosen)
    return cell


def _number_format(name: str, values: pd.Series[Any], meaning: pd.DataFrame) -> dict[str, str]:
    """Return the format of numbers; a program writes them with the separators of its own language."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return {}
    given = meaning["decimals"].fillna(DECIMALS.get(name, 0))
    decimals = int(given[name])
    return {"number_format": "#,##0" + ("." + "0" * decimals if decimals else "")}


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
