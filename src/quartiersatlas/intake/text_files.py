"""Text files row by row: quotation marks, line ends, widths, rows that a spreadsheet has split."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import InputError
from quartiersatlas.intake.dialect import find_dialect, joined_again
from quartiersatlas.intake.encodings import encoded
from quartiersatlas.intake.grid import Cells, Grid, TextCells
from quartiersatlas.intake.headers import find_header, without_footnotes
from quartiersatlas.intake.regular_files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.intake.dialect import Dialect
    from quartiersatlas.intake.encodings import Encoded
    from quartiersatlas.intake.headers import Row

SAMPLE = 1 << 16  # bytes from which the dialect is found out


def read_grid(
    path: Path,
    key: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_rows: int | None = None,
) -> Grid:
    """Read a delimited text file into a grid of text cells; every row must fit the header."""
    file = encoded(path.read_bytes(), encoding)
    if file.raw.isspace() or not file.raw:
        raise InputError(f"{path.name} is empty.")
    if b"\0" in file.raw:
        raise InputError(
            f"{path.name} has zero bytes, as UTF-16 has without a byte order mark, or it is no text. "
            f"Pass encoding='utf-16-le' or 'utf-16-be'."
        )
    dialect = find_dialect(_sample(file), delimiter, path.name)
    regular = None if dialect.split_rows else read_regular(file, dialect.delimiter, key, header_rows, path.name)
    return regular or read_row_by_row(file, dialect, key, header_rows, path.name)


def _sample(file: Encoded) -> str:
    """Return the first rows, whole."""
    raw = file.raw
    if len(raw) > SAMPLE and b"\n" in raw[:SAMPLE]:
        raw = raw[: raw.rfind(b"\n", 0, SAMPLE) + 1]
    return _one_line_end(raw.decode(file.codec))


def _one_line_end(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_row_by_row(file: Encoded, dialect: Dialect, key: str, header_rows: int | None, source: str) -> Grid:
    """Read any text file."""
    rows = _rows(_one_line_end(file.text()), dialect, source)
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{source} has a header and no rows.")
    header = find_header(rows, key, header_rows, source)
    width = len(header.names)
    body, footnotes = without_footnotes(rows[header.rows :], width)
    if not body:
        raise InputError(f"{source} has a header and no rows.")
    cells = [_fit(row, width, line, source) for line, row in body]
    columns: list[Cells] = [TextCells([row[position] for row in cells]) for position in range(width)]
    notes = list(header.notes)
    if dialect.split_rows:
        _refuse_shortened(columns, header.names, source)
        notes.append("rows that a spreadsheet had quoted and split at the decimal comma were joined again")
    lines = np.array([line for line, _ in body], dtype=object)
    return Grid(source, header.names, columns, lines, file.told, dialect.delimiter, notes, header.problems + footnotes)


def _rows(text: str, dialect: Dialect, source: str) -> list[Row]:
    """Return all rows that are not empty, with the line they end in."""
    reader = csv.reader(io.StringIO(text), delimiter="," if dialect.split_rows else dialect.delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{source}, line {reader.line_num}: {error}. A quotation mark that is not closed, or one too many?"
        ) from error
    return [(line, joined_again(row)) for line, row in rows] if dialect.split_rows else rows


def _fit(row: list[str], width: int, line: int, source: str) -> list[str]:
    """Return the row at the header's width; only empty cells may be too many."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise InputError(
            f"{source}, line {line}: {len(row)} cells, the header has {width}. "
            f"An unquoted delimiter inside a cell, or a cut line?"
        )
    return row[:width]


def _refuse_shortened(columns: list[Cells], names: list[str], source: str) -> None:
    """Refuse decimals of which the spreadsheet dropped zeros: ``5,07`` split into 5 and 07 comes back as ``5,7``."""
    for name, cells in zip(names, columns, strict=True):
        places = {len(text.partition(",")[2]) for text in cells.texts() if "," in text}
        if len(places) > 1:
            raise InputError(
                f"{source}: a spreadsheet has split the rows at the decimal comma, and the decimals of {name!r} "
                f"have {' or '.join(map(str, sorted(places)))} digits: it may have dropped zeros (5,07 became 5,7). "
                f"Take the file as it was published."
            )
