"""The smallest old workbook (.xls, BIFF8 in a compound file), made by hand: no writer of the format is alive.

Sources: Microsoft [MS-CFB] for the container and [MS-XLS] for the records.
"""

from __future__ import annotations

import struct

SECTOR = 512
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def old_workbook(rows: list[list[object]]) -> bytes:
    """Return a workbook of one sheet with texts and numbers."""
    return _container(_workbook(rows))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _workbook(rows: list[list[object]]) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    name = "Daten".encode("latin-1")
    sheet_record = 4 + 6 + 2 + len(name)
    start = len(begin) + sheet_record + 4
    globals_ = begin + _record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(name), 0) + name) + _record(0x000A, b"")
    cells = b""
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", line, column, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += _record(0x0204, place + struct.pack("<HB", len(value), 1) + text)
            elif value is not None:
                cells += _record(0x0203, place + struct.pack("<d", value))
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    return globals_ + sheet + _record(0x0200, size) + cells + _record(0x000A, b"")


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
