"""Workbooks as the same grid of cells that text files give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.grid import Cells, Grid, TypedCells, written
from quartiersatlas.intake.headers import find_header, without_footnotes

if TYPE_CHECKING:
    from pathlib import Path

    from python_calamine import CalamineWorkbook


def read_sheet(path: Path, key: str, sheet: str | None = None, header_rows: int | None = None) -> Grid:
    """Read one sheet of an XLSX, XLS or ODS workbook (the first, if none is named)."""
    book = open_workbook(path)
    names = book.sheet_names
    if not names or (sheet is not None and sheet not in names):
        raise InputError(f"{path.name} has no sheet {sheet!r}; there are {', '.join(map(repr, names)) or 'none'}.")
    try:
        content = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except Exception as error:  # as above
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error
    numbered = [(n, row) for n, row in enumerate(content, start=1) if any(written(cell).strip() for cell in row)]
    if len(numbered) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has no rows below a header.")
    texts = [(n, [written(cell) for cell in row]) for n, row in numbered]
    header = find_header(texts, key, header_rows, path.name)
    body, footnotes = without_footnotes(texts[header.rows :], len(header.names))
    if not body:
        raise InputError(f"{path.name} has no rows below a header.")
    rows = [row for _, row in numbered[header.rows : header.rows + len(body)]]
    columns: list[Cells] = [TypedCells([row[position] for row in rows]) for position in range(len(header.names))]
    lines = np.array([n for n, _ in body], dtype=object)
    return Grid(path.name, header.names, columns, lines, "workbook", "", header.notes, header.problems + footnotes)


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook for reading."""
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise DependencyError(
            "Reading workbooks needs an extra: pip install 'quartiersatlas[excel]' (in a checkout: '.[excel]')."
        ) from error
    try:
        book = CalamineWorkbook.from_path(path)
        _ = book.sheet_names
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error
    return book
