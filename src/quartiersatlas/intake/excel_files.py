"""Workbooks as the same grid of text cells that text files give."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.text_files import Grid

if TYPE_CHECKING:
    from pathlib import Path


def read_sheet(path: Path, sheet: str | None, decimal: str = ".") -> Grid:
    """Read one sheet (the first, if none is named); the first row that is not empty is the header."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        raise DependencyError("Reading workbooks needs an extra: pip install 'quartiersatlas[excel]'.") from error
    try:
        book = CalamineWorkbook.from_path(path)
    except (CalamineError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error
    if sheet is not None and sheet not in book.sheet_names:
        raise InputError(f"{path.name} has no sheet {sheet!r}; there are {', '.join(map(repr, book.sheet_names))}.")
    content = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python(skip_empty_area=False)
    numbered = [
        (line, [_as_text(cell, decimal) for cell in row])
        for line, row in enumerate(content, start=1)
        if any(cell not in ("", None) for cell in row)
    ]
    if len(numbered) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has no rows below a header.")
    header = [name.strip() for name in numbered[0][1]]
    return Grid(header, [row for _, row in numbered[1:]], [line for line, _ in numbered[1:]], "workbook", "")


def _as_text(cell: object, decimal: str) -> str:
    """Write a cell as text: a number with the decimal mark of the text cells beside it, whole numbers without one."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell).replace(".", decimal)
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return str(cell)
    return "" if cell is None else str(cell)
