"""Text files: encoding, delimiter and rows found out; regular files read by their bytes, all others row by row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.intake.tables.encodings import Encoded, encoded
from quartiersatlas.intake.tables.headers import find_header, without_footnotes
from quartiersatlas.intake.tables.rows import without_lines
from quartiersatlas.intake.tables.values.cells import ByteCells, Cells, RawTable, TextCells

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.headers import RawRow

SAMPLED = 1 << 16  # bytes from which the dialect is found out
DELIMITERS = ";\t|,"  # in this order, where several fit equally well
BLOCK = 1 << 18  # bytes that are searched for ends of cells at a time
HEAD = 1 << 16  # bytes in which the header of a large file stands


@dataclass(frozen=True)
class Dialect:
    """The delimiter; ``split_rows`` says that rows were split at commas and have to be joined again first."""

    delimiter: str
    split_rows: bool = False


def read_text_file(
    path: Path,
    key: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_rows: int | None = None,
    skip_rows: Collection[int] = (),
) -> RawTable:
    """Read a delimited text file into a raw table of text cells; every row must fit the header."""
    file = encoded(path.read_bytes(), encoding)
    if file.raw.isspace() or not file.raw:
        raise InputError(f"{path.name} is empty.")
    if b"\0" in file.raw:
        raise InputError(
            f"{path.name} has zero bytes, and not as UTF-16 or UTF-32 has them: it is no text, or it is damaged. "
            f"{'Leave encoding= out, and it is found out; or fetch' if encoding else 'Fetch'} it again."
        )
    dialect = find_dialect(_sample(file), delimiter, path.name)
    if not dialect.split_rows and not skip_rows:
        regular = read_regular(file, dialect.delimiter, key, header_rows, path.name)
        if regular is not None:
            return regular
    return read_row_by_row(file, dialect, key, header_rows, path.name, skip_rows)


def _sample(file: Encoded) -> str:
    """Return the first rows, whole."""
    raw = file.raw
    if len(raw) > SAMPLED and b"\n" in raw[:SAMPLED]:
        raw = raw[: raw.rfind(b"\n", 0, SAMPLED) + 1]
    return _one_line_end(raw.decode(file.codec))


def _one_line_end(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def find_dialect(sample: str, delimiter: str | None, name: str) -> Dialect:
    """Find the delimiter with which most rows of a sample have the same number of cells.

    Raises
    ------
    InputError
        No delimiter gives more than one column.
    """
    if delimiter is not None:
        if len(delimiter) != 1:
            raise SpecError(f"delimiter must be one character, not {delimiter!r}.")
        if delimiter not in sample:
            raise _one_column(sample, name)
        return Dialect(delimiter)
    if _is_split(sample):
        return Dialect(";", split_rows=True)
    fits = {
        candidate: _share_of_one_width(_sample_rows(sample, candidate))
        for candidate in DELIMITERS
        if candidate in sample
    }
    best = max(fits, key=lambda candidate: fits[candidate], default=None)
    if best is None or not fits[best]:
        raise _one_column(sample, name)
    return Dialect(best)


def _one_column(sample: str, name: str) -> InputError:
    first = sample.lstrip("\n").split("\n", 1)[0].rstrip()
    return InputError(f"{name} has one column only: no ';', ',', tab or '|' in its first line {first[:60]!r}.")


def _sample_rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample), delimiter=delimiter)
    try:
        rows.extend(row for row in reader if any(cell.strip() for cell in row))
    except csv.Error:  # a cell larger than the reader's limit: an open quotation mark, named when the file is read
        return rows
    return rows


def _share_of_one_width(rows: Iterable[list[str]]) -> float:
    """Return the share of rows that have the most frequent number of cells above one; 0, if that is one row only."""
    widths = Counter(map(len, rows))
    total = widths.total()
    lines = widths.pop(1, 0)  # titles, and lines of text below the table
    if not widths:
        return 0.0
    _, count = max(widths.items(), key=lambda entry: (entry[1], entry[0]))
    return count / total if count > 1 or not lines else 0.0


def _is_split(sample: str) -> bool:
    """Return True if rows such as ``"01;1439",00;261,00`` are rows with semicolons that were split at their commas.

    A spreadsheet that took the comma for the delimiter writes such rows. Joined at the commas, all of them have the
    same number of cells again.
    """
    if '"' not in sample or ";" not in sample:
        return False
    rows = _sample_rows(sample, ",")
    quoted = sum(";" in row[0] for row in rows)
    starts = sum(line.startswith('"') for line in sample.split("\n"))
    if not rows or quoted < len(rows) or starts < len(rows) / 2:
        return False
    joined = [joined_again(row) for row in rows]
    return len({len(row) for row in joined}) == 1 and _share_of_one_width(_sample_rows(sample, ";")) < 1


def joined_again(row: list[str]) -> list[str]:
    """Return the cells of a row that was split at its commas."""
    return ",".join(row).split(";")


def read_regular(file: Encoded, delimiter: str, key: str, header_rows: int | None, source: str) -> RawTable | None:
    """Read a regular file; None for any other, which is then read row by row.

    Both ways give the same result. An irregular file needs the other one, which names the line of a fault.
    """
    raw = file.raw
    if b'"' in raw:
        return None
    end = raw.find(b"\n", HEAD)
    head = raw if end < 0 else raw[: end + 1]
    if head.count(b"\r") != head.count(b"\r\n"):
        return None  # a line end of another kind
    lines = head.split(b"\n")  # a carriage return at the end of a line is a blank at the end of its last cell
    split = [(number, line.decode(file.codec).split(delimiter)) for number, line in enumerate(lines, start=1)]
    rows = [(number, row) for number, row in split if any(cell.strip() for cell in row)]
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        return None
    header = find_header(rows, key, header_rows, source)
    first = rows[header.rows][0]
    start = sum(len(line) + 1 for line in lines[: first - 1])
    stop = len(raw) - len(raw[-HEAD:]) + len(raw[-HEAD:].rstrip(b"\r\n"))  # more empty lines are left to the other way
    columns = _stretches(raw, start, stop, delimiter, len(header.names), file.codec)
    if columns is None:
        return None
    numbered = np.arange(first, first + len(columns[0]))
    return RawTable(
        source, header.names, columns, numbered, file.encoding, delimiter, file.notes + header.notes, header.problems
    )


def _stretches(raw: bytes, start: int, stop: int, delimiter: str, width: int, codec: str) -> list[Cells] | None:
    """Return the columns as stretches of the bytes; None where a row has another width."""
    letter = np.frombuffer(raw, np.uint8)
    kind = np.int32 if len(raw) < np.iinfo(np.int32).max else np.int64
    count = _count(letter[start:stop], b"\n") + 1
    own: list[NDArray[Any]] = [np.empty(count, kind) for _ in range(width)]
    filled = 0
    for low in range(start, stop, BLOCK):  # a block at a time: the working arrays stay in the cache
        block = letter[low : min(low + BLOCK, stop)]
        ends = np.flatnonzero((block == ord("\n")) | (block == ord(delimiter))) + low
        if filled + len(ends) >= count * width:
            return None
        for position in range(width):
            part = ends[(position - filled) % width :: width]
            first = (filled - position + width - 1) // width
            own[position][first : first + len(part)] = part
        filled += len(ends)
    own[-1][-1] = stop  # the last row ends with the body
    if filled != count * width - 1 or not (letter[own[-1][:-1]] == ord("\n")).all():
        return None
    before = np.append(np.array([start - 1], kind), own[-1][:-1])
    returns = letter[own[-1] - 1] == ord("\r")
    if _count(letter[start:stop], b"\r") != np.count_nonzero(returns):
        return None  # a line end of another kind
    own[-1] -= returns
    if not raw[own[0][-1] : own[-1][-1]].decode(codec).replace(delimiter, " ").strip():
        return None  # a last row with one cell, which may be a footnote
    return [
        ByteCells(raw, own[position - 1] if position else before, own[position], codec) for position in range(width)
    ]


def _count(letters: NDArray[np.uint8], sign: bytes) -> int:
    """Count a letter that is frequent: a block at a time, as :meth:`bytes.count` goes from one to the next."""
    blocks = (letters[low : low + BLOCK] == ord(sign) for low in range(0, len(letters), BLOCK))
    return sum(map(int, map(np.count_nonzero, blocks)))


def read_row_by_row(
    file: Encoded,
    dialect: Dialect,
    key: str,
    header_rows: int | None,
    source: str,
    skip_rows: Collection[int] = (),
) -> RawTable:
    """Read any text file."""
    rows, skipped = without_lines(_all_rows(_one_line_end(file.text()), dialect, source), skip_rows, source)
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{source} has a header and no rows.")
    header = find_header(rows, key, header_rows, source)
    width = len(header.names)
    body, footnotes = without_footnotes(rows[header.rows :], width)
    if not body:
        raise InputError(f"{source} has a header and no rows.")
    cells = [_at_width(row, header.names, line, source) for line, row in body]
    columns: list[Cells] = [TextCells([row[position] for row in cells]) for position in range(width)]
    notes = file.notes + header.notes
    if dialect.split_rows:
        _refuse_shortened(columns, header.names, source)
        notes.append("rows that a spreadsheet had quoted and split at the decimal comma were joined again")
    lines = np.array([line for line, _ in body], dtype=object)
    problems = sorted([*skipped, *header.problems, *footnotes], key=lambda problem: int(str(problem.row)))
    return RawTable(source, header.names, columns, lines, file.encoding, dialect.delimiter, notes, problems)


def _all_rows(text: str, dialect: Dialect, source: str) -> list[RawRow]:
    """Return all rows that are not empty, with the line they end in."""
    reader = csv.reader(io.StringIO(text), delimiter="," if dialect.split_rows else dialect.delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        fault = "a cell of more than 100,000 characters" if "limit" in str(error) else "the quotation marks do not fit"
        raise InputError(
            f"{source}, line {reader.line_num}: {fault}. A quotation mark that is not closed, or one too many?"
        ) from error
    return [(line, joined_again(row)) for line, row in rows] if dialect.split_rows else rows


def _at_width(row: list[str], names: list[str], line: int, source: str) -> list[str]:
    """Return the row at the header's width; only empty cells may be too many, only those without a name missing."""
    width = len(names)
    if len(row) < width and row[0].strip() and not any(names[len(row) :]):
        row = [*row, *[""] * (width - len(row))]
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise InputError(
            f"{source}, line {line}: {count_noun(len(row), 'cell')}, the header has {width}. "
            f"An unquoted delimiter inside a cell, or a cut line? If it is no row of the table but a line of text, "
            f"pass skip_rows=[{line}]."
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
