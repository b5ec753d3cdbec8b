"""What an old .xls workbook says beside its cells, read from its records.

Sources: Microsoft [MS-CFB] for the container and [MS-XLS] for the records.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError
from quartiersatlas.intake.tables.values.cells import Fault
from quartiersatlas.intake.tables.workbooks.number_formats import BUILT_IN, NumberFormat, number_format
from quartiersatlas.intake.tables.workbooks.package_parts import COMPOUND, no_workbook
from quartiersatlas.intake.tables.workbooks.sheet_facts import Merged, Place, SheetFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = 512  # or one sector, if sectors are larger
LAST_SECTOR = 0xFFFF_FFFA  # numbers from here on mark ends and gaps
ENTRY = 128
LARGEST_SHIFT = 12  # sectors of 4096 bytes
IN_HEADER = 109  # sectors of the allocation table that the header itself names
VERSION_8 = 0x0600
BEGIN, END = 0x0809, 0x000A
SHEET, FORMAT, STYLE, LINK, PASSWORD = 0x0085, 0x041E, 0x00E0, 0x01AE, 0x002F
SIZE, ROW, COLUMN, MERGED = 0x0200, 0x0208, 0x007D, 0x00E5
MOST_ROWS, MOST_COLUMNS_XLS = 65_536, 256
NUMBERS = (0x0203, 0x027E, 0x0006)  # number, short number, formula
TEXTS = (0x00FD, 0x0204, 0x00D6)
NO_HEIGHT = 0x20
MANY_NUMBERS, ERROR, FORMULA = 0x00BD, 0x0205, 0x0006
OWN_LINKS = (0x0401, 0x3A01)  # to sheets of the workbook itself, to functions
NAMES = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
Record = tuple[int, bytes]


@dataclass
class XlsSheets:
    """The sheets of an old workbook: what their cells do not tell."""

    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    has_links: bool = False

    @classmethod
    def of(cls, path: Path) -> XlsSheets | None:
        """Read the records of a workbook; None if it is of another kind or cannot be followed.

        Raises
        ------
        InputError
            It is protected with a password, cut off, or says that a sheet has more rows than there can be.
        """
        content = path.read_bytes()
        if not content.startswith(COMPOUND):
            return None
        try:
            stream = _workbook_stream(content)
        except (struct.error, IndexError) as error:
            raise InputError(no_workbook(path)) from error
        try:
            return cls._from_records(stream, path.name) if stream else None
        except (struct.error, IndexError, UnicodeDecodeError, ValueError):
            return None  # damaged: the reader of the values has the say

    @classmethod
    def _from_records(cls, stream: bytes, source: str) -> XlsSheets | None:
        found = cls()
        codes: dict[int, str] = dict(BUILT_IN)
        styles: list[int] = []
        starts: list[tuple[int, str]] = []
        if struct.unpack_from("<HHH", stream)[::2] != (BEGIN, VERSION_8):
            return None
        for kind, data in _records(stream, 0):
            if kind == PASSWORD:
                raise InputError(
                    f"{source} cannot be read as a workbook: it is protected with a password. Save it without one."
                )
            if kind == SHEET:
                (start,) = struct.unpack_from("<I", data)
                starts.append((start, _text(data[8:], data[6], wide=bool(data[7] & 1))))
            elif kind == FORMAT:
                number, length, options = struct.unpack_from("<HHB", data)
                codes[number] = _text(data[5:], length, wide=bool(options & 1))
            elif kind == STYLE:
                styles.append(struct.unpack_from("<HH", data)[1])
            elif kind == LINK:
                found.has_links |= struct.unpack_from("<HH", data)[1] not in OWN_LINKS
        formats = [number_format(codes[style]) if style in codes else None for style in styles]
        for start, name in starts:
            found.sheets[name] = _facts(stream, start, formats, source)
        return found

    def facts(self, sheet: str) -> SheetFacts:
        """Return what a sheet says besides its values."""
        return self.sheets.get(sheet, SheetFacts())

    def is_empty(self, sheet: str) -> bool:
        """Return True if a sheet has no cell with anything in it."""
        return self.facts(sheet).filled == 0


def _text(data: bytes, length: int, *, wide: bool) -> str:
    return data[: 2 * length].decode("utf-16-le") if wide else data[:length].decode("latin-1")


def _records(stream: bytes, start: int) -> Iterator[Record]:
    """Yield the records from a place on, up to the end of the sheet."""
    depth = 0
    while start + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, start)
        yield kind, stream[start + 4 : start + 4 + length]
        start += 4 + length
        depth += (kind == BEGIN) - (kind == END)  # a chart within the sheet has a beginning and an end of its own
        if depth <= 0:
            return


def _facts(stream: bytes, start: int, formats: list[NumberFormat | None], source: str) -> SheetFacts:
    found = SheetFacts()
    depth = 0
    for kind, data in _records(stream, start):
        depth += (kind == BEGIN) - (kind == END)
        if kind == SIZE:
            _refuse_impossible_size(data, source)
        if depth != 1:
            continue
        if kind in NUMBERS or kind in TEXTS or kind == ERROR:
            _take_cell(found, kind, data, formats)
        elif kind == MANY_NUMBERS:
            row, first = struct.unpack_from("<HH", data)
            for place in range((len(data) - 6) // 6):
                (style,) = struct.unpack_from("<H", data, 4 + 6 * place)
                _take_number(found, row, first + place, style, formats)
        else:
            _take_layout(found, kind, data)
    return found


def _refuse_impossible_size(data: bytes, source: str) -> None:
    """Refuse a sheet that says it is larger than a sheet can be: the reader of the values makes room for it."""
    top, bottom, left, right = struct.unpack_from("<IIHH", data)
    if not (top <= bottom <= MOST_ROWS and left <= right <= MOST_COLUMNS_XLS):
        raise InputError(
            f"{source} cannot be read as a workbook: a sheet says that it has {bottom - top:,} rows and "
            f"{right - left:,} columns, which cannot be. Open it in the spreadsheet program and save it again as .xlsx."
        )


def _take_layout(found: SheetFacts, kind: int, data: bytes) -> None:
    """Take what is said of a row, of columns, or of merged cells."""
    if kind == ROW:
        row, options = struct.unpack_from("<H10xH", data)
        if options & NO_HEIGHT:
            found.hidden_rows.add(row)
    elif kind == COLUMN:
        first, last, width, _, options = struct.unpack_from("<HHHHH", data)
        if options & 1 or width == 0:
            found.hidden_columns += range(first, last + 1)
    elif kind == MERGED:
        (count,) = struct.unpack_from("<H", data)
        for place in range(count):
            top, bottom, left, right = struct.unpack_from("<HHHH", data, 2 + 8 * place)
            found.merged.append(Merged(Place(top, left), Place(bottom, right)))


def _take_cell(found: SheetFacts, kind: int, data: bytes, formats: list[NumberFormat | None]) -> None:
    row, column, style = struct.unpack_from("<HHH", data)
    error = None
    if kind == ERROR and data[7]:
        error = data[6]
    elif kind == FORMULA and data[12:14] == b"\xff\xff":  # no number but a text, a truth value or an error
        error = data[8] if data[6] == 2 else None  # noqa: PLR2004 - an error
        if error is None:
            found.fill(row, column)
            return
    if error is not None:
        name = NAMES.get(error, "#N/A")
        found.fill(row, column)
        found.faults[Place(row, column)] = Fault(name, f"error {name}, read as missing")
    elif kind in NUMBERS:
        _take_number(found, row, column, style, formats)
    else:
        found.fill(row, column)


def _take_number(found: SheetFacts, row: int, column: int, style: int, formats: list[NumberFormat | None]) -> None:
    found.fill(row, column)
    shown = formats[style] if style < len(formats) else None
    if shown is not None:
        found.format(row, column, shown)


def _workbook_stream(content: bytes) -> bytes:
    """Return the stream of records in a compound file, empty if there is none of this kind."""
    shifts = struct.unpack_from("<HH", content, 0x1E)
    if max(shifts) > LARGEST_SHIFT:
        raise IndexError("no sectors of this size")
    sector, small = (1 << shift for shift in shifts)
    directory, limit, small_table = struct.unpack_from("<I4xII", content, 0x30)
    table = _allocation(content, sector)
    entries = _chain(content, table, directory, sector)
    names = {}
    for start in range(0, len(entries) - ENTRY + 1, ENTRY):
        length = struct.unpack_from("<H", entries, start + 64)[0]
        name = entries[start : start + max(length - 2, 0)].decode("utf-16-le", "replace")
        names[name.lower()] = struct.unpack_from("<II", entries, start + 116)
    if "workbook" not in names or "root entry" not in names:
        return b""
    first, size = names["workbook"]
    if size >= limit:
        return _whole(_chain(content, table, first, sector), size)
    container = _chain(content, table, names["root entry"][0], sector)
    small_sectors = _chain(content, table, small_table, sector)
    small_chain = list(struct.unpack(f"<{len(small_sectors) // 4}I", small_sectors))
    return _whole(_chain(container, small_chain, first, small, offset=0), size)


def _whole(stream: bytes, size: int) -> bytes:
    if len(stream) < size:
        raise IndexError("cut off")
    return stream[:size]


def _allocation(content: bytes, sector: int) -> list[int]:
    """Return the allocation table: which sector follows each sector."""
    more, count = struct.unpack_from("<II", content, 0x44)
    parts = list(struct.unpack_from(f"<{IN_HEADER}I", content, 0x4C))
    seen = 0
    while more < LAST_SECTOR and seen < count:
        block = content[max(HEADER, sector) + more * sector :][:sector]
        numbers = struct.unpack(f"<{sector // 4}I", block)
        parts += numbers[:-1]
        more, seen = numbers[-1], seen + 1
    table: list[int] = []
    for part in parts:
        if part < LAST_SECTOR:
            table += struct.unpack_from(f"<{sector // 4}I", content, max(HEADER, sector) + part * sector)
    return table


def _chain(content: bytes, table: list[int], first: int, sector: int, offset: int | None = None) -> bytes:
    """Return the bytes of the sectors that follow each other from the first one on."""
    offset = max(HEADER, sector) if offset is None else offset
    pieces: list[bytes] = []
    while first < LAST_SECTOR and len(pieces) <= len(table):
        pieces.append(content[offset + first * sector : offset + (first + 1) * sector])
        first = table[first]
    return b"".join(pieces)
