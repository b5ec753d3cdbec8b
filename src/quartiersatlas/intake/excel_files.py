"""Workbooks as the same grid of text cells that text files give."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.numbers import decide_decimal
from quartiersatlas.intake.text_files import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from python_calamine import CalamineWorkbook

    from quartiersatlas.intake.numbers import Decimal


def read_sheet(path: Path, sheet: str | None, decimal: Decimal | None = None) -> Grid:
    """Read one sheet (the first, if none is named); the first row that is not empty is the header."""
    book = open_workbook(path)
    if sheet is not None and sheet not in book.sheet_names:
        raise InputError(f"{path.name} has no sheet {sheet!r}; there are {', '.join(map(repr, book.sheet_names))}.")
    content = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python(skip_empty_area=False)
    numbered = [(n, row) for n, row in enumerate(content, start=1) if any(cell not in ("", None) for cell in row)]
    if len(numbered) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has no rows below a header.")
    decimal = decimal or _decimal_of_texts([row for _, row in numbered[1:]])
    (_, header), *body = [(n, [cell_text(cell, decimal) for cell in row]) for n, row in numbered]
    names = [name.strip() for name in header]
    return Grid(names, [row for _, row in body], [n for n, _ in body], "workbook", "", decimal)


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook for reading."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise DependencyError(
            "Reading workbooks needs an extra: pip install 'quartiersatlas[excel]' (in a checkout: '.[excel]')."
        ) from error
    try:
        return CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error


def cell_text(cell: object, decimal: str = ".") -> str:
    """Write a cell as text: a number with the decimal mark of the text cells beside it, whole numbers without one."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", decimal)
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _decimal_of_texts(rows: Iterable[Iterable[object]]) -> Decimal:
    """Return the decimal mark of numbers that are stored as text; numbers stored as numbers have none."""
    texts = pd.Series([cell for row in rows for cell in row if isinstance(cell, str)], dtype="str")
    return decide_decimal({"texts": texts}, delimiter=";") if len(texts) else "."
