"""Workbooks for people to edit: text stays text, numbers keep every digit, the same content gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from quartiersatlas.base.files import written_whole
from quartiersatlas.errors import DependencyError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_TEXT = 32_767  # characters in a cell; openpyxl cuts what is longer without a word
WIDEST = 60

# What XML cannot hold is written as _xHHHH_ (ECMA-376, ST_Xstring); text that looks like that is protected the same way
UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

Cell = str | float | None


@dataclass(frozen=True)
class Sheet:
    """One sheet: names of the columns, which of them hold text, and the rows below."""

    name: str
    columns: Sequence[str]
    text_columns: frozenset[str]
    rows: Sequence[Sequence[Cell]]


def write_workbook(path: str | Path, sheets: Iterable[Sheet]) -> Path:
    """Write a workbook whole or not at all.

    Raises
    ------
    DependencyError
        The extra is not installed.
    InputError
        The file name does not end in ``.xlsx``, the folder is missing, or a text is too long for a cell.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise DependencyError(
            "Writing workbooks needs an extra: pip install 'quartiersatlas[excel]' (in a checkout: '.[excel]')."
        ) from error
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path.name}: workbooks are written as .xlsx.")
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    content = BytesIO()
    book.save(content)
    with written_whole(path) as file:
        file.write_bytes(_undated(content))
    return path


def _fill(page: Any, sheet: Sheet) -> None:  # noqa: ANN401 - openpyxl has no types
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for number, row in enumerate([sheet.columns, *sheet.rows], start=1):
        for place, value in enumerate(row, start=1):
            if value is not None:
                _set(page.cell(number, place), value, f"sheet {sheet.name!r}, row {number}")
    for place, name in enumerate(sheet.columns, start=1):
        page.cell(1, place).font = Font(bold=True)
        column = page.column_dimensions[get_column_letter(place)]
        column.width = min(WIDEST, max(len(str(row[place - 1] or "")) for row in [sheet.columns, *sheet.rows]) + 2)
        if name in sheet.text_columns:
            column.number_format = "@"  # what is typed below stays text: no lost leading zeros, no dates
    page.freeze_panes = "A2"


def _set(cell: Any, value: str | float, where: str) -> None:  # noqa: ANN401 - openpyxl has no types
    """Set a cell; openpyxl writes numbers with 16 digits, so one that needs 17 is written as text."""
    if not isinstance(value, str) and float(f"{value:.16g}") != value:
        value = repr(value)
    if isinstance(value, str):
        written = UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
        if len(written) > LONGEST_TEXT:
            raise InputError(f"{where}: a text of {len(written):,} characters; a cell holds {LONGEST_TEXT:,}.")
        cell.value = written
        cell.data_type = "s"  # also where it starts like a formula
        cell.quotePrefix = True
        cell.number_format = "@"
    else:
        cell.value = value


def _undated(content: BytesIO) -> bytes:
    """Replace the time of writing: the same content must give the same bytes."""
    copy = BytesIO()
    with ZipFile(content) as dated, ZipFile(copy, "w", ZIP_DEFLATED) as undated:
        for name in dated.namelist():
            part = dated.read(name)
            if name == "docProps/core.xml":
                part = TIME.sub(b"2000-01-01T00:00:00Z", part)
            undated.writestr(ZipInfo(name), part, ZIP_DEFLATED)
    return copy.getvalue()
