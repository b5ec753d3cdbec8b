"""From bytes to a grid of text cells: encoding, line ends, quotation marks, widths."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import InputError
from quartiersatlas.intake.dialect import find_dialect, joined_again
from quartiersatlas.intake.grid import ByteCells, Cells, Grid, TextCells
from quartiersatlas.intake.headers import find_header, without_footnotes

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.intake.dialect import Dialect
    from quartiersatlas.intake.headers import Row

HEAD = 1 << 16  # bytes in which the header of a large file stands


def decode(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """Return text and encoding: as told, else by byte order mark, else UTF-8 where it is valid, else cp1252.

    Raises
    ------
    InputError
        The bytes are not what was told, or are UTF-8 in most places and damaged in others.
    """
    if encoding is not None:
        try:
            return raw.decode(encoding), encoding
        except (UnicodeDecodeError, LookupError) as error:
            raise InputError(f"The file cannot be read as {encoding!r}: {error}.") from error
    for bom, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(bom):
            return decode(raw, name)
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        _refuse_damaged(raw, error)
    try:
        return raw.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def _refuse_damaged(raw: bytes, error: UnicodeDecodeError) -> None:
    """Refuse UTF-8 with single damaged bytes, which would turn every umlaut of the file into two letters."""
    loose = raw.decode("utf-8", "surrogateescape")
    damaged = sum("\udc80" <= char <= "\udcff" for char in loose)
    whole = sum(char > "\x7f" for char in loose) - damaged
    if whole > damaged:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{damaged} bytes are not UTF-8, the first in line {line}, and {whole} other letters are: the file was damaged "
            f"or put together from two encodings. Correct it, or pass encoding='cp1252' if that is what it is."
        )


def read_grid(
    path: Path,
    key: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_rows: int | None = None,
) -> Grid:
    """Read a delimited text file into a grid of text cells; every row must fit the header."""
    text, encoding = decode(path.read_bytes(), encoding)
    if not text.strip():
        raise InputError(f"{path.name} is empty.")
    if "\0" in text:
        raise InputError(
            f"{path.name} has zero bytes, as UTF-16 has without a byte order mark, or it is no text. "
            f"Pass encoding='utf-16-le' or 'utf-16-be'."
        )
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    dialect = find_dialect(text, delimiter, path.name)
    grid = _regular_grid(text, dialect, key, header_rows, path)
    return replace(grid or _any_grid(text, dialect, key, header_rows, path), how=encoding)


def _any_grid(text: str, dialect: Dialect, key: str, header_rows: int | None, path: Path) -> Grid:
    """Read any text file, row by row."""
    rows = _rows(text, dialect, path)
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has a header and no rows.")
    header = find_header(rows, key, header_rows, path.name)
    width = len(header.names)
    body, footnotes = without_footnotes(rows[header.rows :], width)
    if not body:
        raise InputError(f"{path.name} has a header and no rows.")
    cells = [_fit(row, width, line, path) for line, row in body]
    columns: list[Cells] = [TextCells([row[position] for row in cells]) for position in range(width)]
    notes = list(header.notes)
    if dialect.split_rows:
        _refuse_shortened(columns, header.names, path)
        notes.append("rows that a spreadsheet had quoted and split at the decimal comma were joined again")
    lines = np.array([line for line, _ in body], dtype=object)
    return Grid(path.name, header.names, columns, lines, "", dialect.delimiter, notes, header.problems + footnotes)


def _rows(text: str, dialect: Dialect, path: Path) -> list[Row]:
    """Return all rows that are not empty, with the line they end in."""
    reader = csv.reader(io.StringIO(text), delimiter="," if dialect.split_rows else dialect.delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{path.name}, line {reader.line_num}: {error}. A quotation mark that is not closed, or one too many?"
        ) from error
    return [(line, joined_again(row)) for line, row in rows] if dialect.split_rows else rows


def _fit(row: list[str], width: int, line: int, path: Path) -> list[str]:
    """Return the row at the header's width; only empty cells may be too many."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise InputError(
            f"{path.name}, line {line}: {len(row)} cells, the header has {width}. "
            f"An unquoted delimiter inside a cell, or a cut line?"
        )
    return row[:width]


def _refuse_shortened(columns: list[Cells], names: list[str], path: Path) -> None:
    """Refuse decimals of which the spreadsheet has dropped zeros: ``5,07`` split into 5 and 07 comes back as ``5,7``."""
    for name, cells in zip(names, columns, strict=True):
        places = {len(text.partition(",")[2]) for text in cells.texts() if "," in text}
        if len(places) > 1:
            raise InputError(
                f"{path.name}: a spreadsheet has split the rows at the decimal comma, and the decimals of {name!r} have "
                f"{' or '.join(map(str, sorted(places)))} digits: it may have dropped zeros (5,07 became 5,7). "
                f"Take the file as it was published."
            )


def _regular_grid(text: str, dialect: Dialect, key: str, header_rows: int | None, path: Path) -> Grid | None:
    """Read a file without quotation marks in which all rows have the same width, without making texts of its cells.

    Any other file gives None and is read row by row, with the same result and with an error that names the line.
    """
    if dialect.split_rows or '"' in text:
        return None
    end = text.find("\n", HEAD)
    head = text if end < 0 else text[: end + 1]
    lines = head.split("\n")
    split = [(number, line.split(dialect.delimiter)) for number, line in enumerate(lines, start=1)]
    rows = [(number, row) for number, row in split if any(cell.strip() for cell in row)]
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        return None
    header = find_header(rows, key, header_rows, path.name)
    first_line = rows[header.rows][0]
    start = sum(len(line) + 1 for line in lines[: first_line - 1])
    body = text[start:].rstrip("\n").encode("utf-8")
    columns = _stretches(body, dialect.delimiter, len(header.names))
    if columns is None:
        return None
    numbered = np.arange(first_line, first_line + len(columns[0]))
    return Grid(path.name, header.names, columns, numbered, "", dialect.delimiter, header.notes, header.problems)


def _stretches(body: bytes, delimiter: str, width: int) -> list[Cells] | None:
    """Return the columns as stretches of the bytes; None where a row has another width."""
    buffer = np.frombuffer(body, np.uint8)
    is_end = buffer == ord("\n")
    ends = np.append(np.flatnonzero(is_end | (buffer == ord(delimiter))), len(buffer))
    count = int(is_end.sum()) + 1
    if len(ends) != count * width or not is_end[ends[width - 1 : -1 : width]].all():
        return None
    table = ends.reshape(count, width)
    filled = table[:, -1] - np.append(-1, table[:-1, -1]) > width
    if not filled.all() or table[-1, -1] - table[-1, 0] < width:
        return None  # a row without any cell, or a last row with one, which may be a footnote
    starts = np.append(0, table.ravel()[:-1] + 1).reshape(count, width)
    return [ByteCells(body, starts[:, position], table[:, position]) for position in range(width)]
