"""Text files without quotation marks in which all rows have the same width: read without making texts of the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.intake.grid import ByteCells, Cells, Grid
from quartiersatlas.intake.headers import find_header
from quartiersatlas.intake.scan import PADDING

if TYPE_CHECKING:
    from quartiersatlas.intake.encodings import Encoded

HEAD = 1 << 16  # bytes in which the header of a large file stands


def read_regular(file: Encoded, delimiter: str, key: str, header_rows: int | None, source: str) -> Grid | None:
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
    return Grid(source, header.names, columns, numbered, file.told, delimiter, header.notes, header.problems)


def _stretches(raw: bytes, start: int, stop: int, delimiter: str, width: int, codec: str) -> list[Cells] | None:
    """Return the columns as stretches of the bytes; None where a row has another width."""
    letter = np.frombuffer(raw, np.uint8)
    body = letter[start:stop]
    is_end = np.ones(len(body) + 1, bool)  # the last row ends with the body
    np.equal(body, ord("\n"), out=is_end[:-1])
    is_any = is_end.copy()
    is_any[:-1] |= body == ord(delimiter)
    ends = np.flatnonzero(is_any)
    count = int(np.count_nonzero(is_end))
    if len(ends) != count * width or not is_end[ends[width - 1 : -1 : width]].all():
        return None
    ends = np.ascontiguousarray(ends.reshape(count, width).T)  # one row per column of the table
    ends += start
    before = np.append(start - 1, ends[-1, :-1])
    returns = letter[ends[-1] - 1] == ord("\r")
    if raw.count(b"\r", start, stop) != np.count_nonzero(returns):
        return None  # a line end of another kind
    ends[-1] -= returns
    if not raw[ends[0, -1] : ends[-1, -1]].decode(codec).replace(delimiter, " ").strip():
        return None  # a last row with one cell, which may be a footnote
    padded = raw + PADDING
    return [
        ByteCells(padded, ends[position - 1] if position else before, ends[position], codec)
        for position in range(width)
    ]
