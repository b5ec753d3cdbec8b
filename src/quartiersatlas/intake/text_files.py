"""From bytes to a grid of text cells: encoding, delimiter, line ends, headers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError, SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.intake.numbers import Decimal

DELIMITERS = ";,\t|"


@dataclass(frozen=True)
class Grid:
    """A table as text: header, cells, the line each row stands in, and how the file was written."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    encoding: str
    delimiter: str
    decimal: Decimal | None = None


def decode(raw: bytes, encoding: str | None) -> tuple[str, str]:
    """Return text and encoding: as told, else by byte order mark, else UTF-8 where it is valid, else cp1252."""
    if encoding is not None:
        try:
            return raw.decode(encoding), encoding
        except (UnicodeDecodeError, LookupError) as error:
            raise InputError(f"The file cannot be read as {encoding!r}: {error}.") from error
    for bom, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(bom):
            return decode(raw, name)
    for name in ("utf-8", "cp1252"):
        try:
            return raw.decode(name), name
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def read_grid(path: Path, encoding: str | None, delimiter: str | None) -> Grid:
    """Read a delimited text file into a grid of text cells; every row must fit the header."""
    text, encoding = decode(path.read_bytes(), encoding)
    if not text.strip():
        raise InputError(f"{path.name} is empty.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.lstrip("\n").split("\n", 1)[0]
    if delimiter is None:
        delimiter = max(DELIMITERS, key=first.count)
    if len(delimiter) != 1:
        raise SpecError(f"delimiter={delimiter!r} is not one character.")
    if delimiter not in first:
        raise InputError(f"{path.name} has one column only: no ';', ',', tab or '|' in its first line {first[:60]!r}.")
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        numbered = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{path.name}, line {reader.line_num}: {error}. A quotation mark that is not closed, or one too many?"
        ) from error
    (_, header), body = numbered[0], numbered[1:]
    header = [name.strip() for name in header]
    if not body:
        raise InputError(f"{path.name} has a header and no rows.")
    return Grid(
        header,
        [_fit(row, len(header), line, path) for line, row in body],
        [line for line, _ in body],
        encoding,
        delimiter,
    )


def _fit(row: list[str], width: int, line: int, path: Path) -> list[str]:
    """Return the row at the header's width; only empty cells may be too many."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise InputError(
            f"{path.name}, line {line}: {len(row)} cells, the header has {width}. "
            f"An unquoted delimiter inside a cell, or a cut line?"
        )
    return row[:width]
