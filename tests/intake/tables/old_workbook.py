"""The smallest old workbook (.xls, BIFF8 in a compound file), made by hand: no writer of the format is alive.

Sources: Microsoft [MS-CFB] for the container and [MS-XLS] for the records.
"""

from __future__ import annotations

import struct

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def old_workbook(
    rows: list[list[object]], formats: tuple[str, ...] = (), more: bytes = b"", said: bytes = b""
) -> bytes:
    """Return a workbook of one sheet with texts and numbers.

    A cell may be a pair of a number and the place of its format among the formats, from 1 on, or an error in brackets.
    ``more`` are records of the sheet, ``said`` records of the whole workbook.
    """
    for number, code in enumerate(formats):
        said += record(0x041E, struct.pack("<HHB", 164 + number, len(code), 0) + code.encode("latin-1"))
    for number in range(len(formats) + 1):
        said += record(0x00E0, struct.pack("<HH16x", 0, 163 + number if number else 0))
    return _container(_workbook(rows, more, said))


def hidden_row(row: int) -> bytes:
    """Return the record of a row without height."""
    return record(0x0208, struct.pack("<HHHHHHHH", row, 0, 3, 255, 0, 0, 0x0120, 15))


def hidden_columns(first: int, last: int) -> bytes:
    """Return the record of columns that are hidden."""
    return record(0x007D, struct.pack("<HHHHHH", first, last, 2560, 0, 1, 0))


def many_numbers(row: int, first: int, numbers: list[tuple[int, int]]) -> bytes:
    """Return the record of short whole numbers side by side, each with its format."""
    packed = b"".join(struct.pack("<HI", shown, (number << 2) | 2) for number, shown in numbers)
    return record(0x00BD, struct.pack("<HH", row, first) + packed + struct.pack("<H", first + len(numbers) - 1))


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _workbook(rows: list[list[object]], more: bytes, said: bytes) -> bytes:
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    name = "Daten".encode("latin-1")
    sheet_record = 4 + 6 + 2 + len(name)
    begin += said
    start = len(begin) + sheet_record + 4
    globals_ = begin + record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name) + record(0x000A, b"")
    cells = b""
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            shown = value[1] if isinstance(value, tuple) else 0
            value = value[0] if isinstance(value, tuple) else value  # noqa: PLW2901 - the cell without its format
            place = struct.pack("<HHH", line, column, shown)
            if isinstance(value, list):  # an error by its number
                cells += record(0x0205, place + struct.pack("<BB", value[0], 1))
                continue
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
            elif value is not None:
                cells += record(0x0203, place + struct.pack("<d", value))
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    return globals_ + sheet + record(0x0200, size) + more + cells + record(0x000A, b"")


def _container(stream: bytes) -> bytes:
    stream = stream.ljust(4096, b"\0")  # shorter streams would need the table of small sectors
    stream += b"\0" * (-len(stream) % SECTOR)
    count = len(stream) // SECTOR
    # sector 0: allocation table, 1: directory, 2...: the stream
    table = [FAT, END, *range(3, 2 + count), END]
    allocation = struct.pack(f"<{len(table)}I", *table).ljust(SECTOR, b"\xff")
    header = struct.pack("<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
                         0, 1, 1, 0, 4096, END, 0, END, 0)  # fmt: skip
    header += struct.pack("<I", 0) + struct.pack("<108I", *[FREE] * 108)
    directory = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 2, len(stream))
    directory += _entry("", 0, FREE, 0, 0) * 2
    return header + allocation + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    return struct.pack("<64sHBBIII16sIQQIQ", text, len(text), kind, 1, FREE, FREE, child, b"", 0, 0, 0, start, size)
