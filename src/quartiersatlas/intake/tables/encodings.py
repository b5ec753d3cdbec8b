"""How a text file is written: its encoding, its delimiter, and whether a spreadsheet has split its rows."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.errors import InputError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

AROUND = 1 << 14  # bytes before and after a damaged one that are looked at
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NOT_CP1252 = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")  # the bytes that stand for nothing in it
# in these, a byte below 128 is the letter of ASCII and nothing else: rows and cells can be cut before decoding
TRANSPARENT = ("utf-8", "cp1252", "iso8859-1", "ascii")


@dataclass(frozen=True)
class Encoded:
    """The bytes of a text without byte order mark, the transparent encoding they are in, and the file's encoding."""

    raw: bytes
    codec: str
    told: str

    def text(self) -> str:
        """Return the text."""
        return self.raw.decode(self.codec)


def encoded(raw: bytes, encoding: str | None) -> Encoded:
    """Find the encoding: as told, else by byte order mark, else UTF-8 where it is valid, else cp1252, else latin-1.

    Raises
    ------
    InputError
        The bytes are not what was told, or are UTF-8 in most places and damaged in others.
    """
    told = encoding or next((name for mark, name in BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    if told is not None:
        return _as_told(raw, told)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged(raw, error)
    else:
        return Encoded(raw, "utf-8", "utf-8")
    if any(byte in raw for byte in NOT_CP1252):
        return Encoded(raw, "iso8859-1", "latin-1")
    return Encoded(raw, "cp1252", "cp1252")


def _as_told(raw: bytes, encoding: str) -> Encoded:
    try:
        text = raw.decode(encoding)
        codec = codecs.lookup(encoding).name
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(f"The file cannot be read as {encoding!r}: {error}.") from error
    if codec in TRANSPARENT:
        return Encoded(raw, codec, encoding)
    return Encoded(text.encode("utf-8", "surrogatepass"), "utf-8", encoding)


def _refuse_damaged(raw: bytes, error: UnicodeDecodeError) -> None:
    """Refuse UTF-8 with single damaged bytes, which would turn every umlaut of the file into two letters."""
    start = raw.rfind(b"\n", 0, max(error.start - AROUND, 0)) + 1
    end = raw.find(b"\n", error.start + AROUND)
    loose = raw[start : end if end >= 0 else len(raw)].decode("utf-8", "surrogateescape")
    damaged = sum("\udc80" <= char <= "\udcff" for char in loose)
    whole = sum(char > "\x7f" for char in loose) - damaged
    if whole >= damaged:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Line {line} has a byte that is not UTF-8, and {whole} letters around it are UTF-8: the file was damaged "
            f"or put together from two encodings. Correct it, or pass encoding='cp1252' if that is what it is."
        )


DELIMITERS = ";\t|,"  # in this order, where several fit equally well


@dataclass(frozen=True)
class Dialect:
    """The delimiter; ``split_rows`` says that rows were split at commas and have to be joined again first."""

    delimiter: str
    split_rows: bool = False


def find_dialect(sample: str, delimiter: str | None, name: str) -> Dialect:
    """Find the delimiter with which most rows of a sample have the same number of cells.

    Raises
    ------
    InputError
        No delimiter gives more than one column.
    """
    if delimiter is not None:
        if len(delimiter) != 1:
            raise SpecError(f"delimiter={delimiter!r} is not one character.")
        if delimiter not in sample:
            raise _one_column(sample, name)
        return Dialect(delimiter)
    if _is_split(sample):
        return Dialect(";", split_rows=True)
    fits = {candidate: _fit(_rows(sample, candidate)) for candidate in DELIMITERS if candidate in sample}
    best = max(fits, key=lambda candidate: fits[candidate], default=None)
    if best is None or not fits[best]:
        raise _one_column(sample, name)
    return Dialect(best)


def _one_column(sample: str, name: str) -> InputError:
    first = sample.lstrip("\n").split("\n", 1)[0].rstrip()
    return InputError(f"{name} has one column only: no ';', ',', tab or '|' in its first line {first[:60]!r}.")


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(sample), delimiter=delimiter)
    try:
        rows.extend(row for row in reader if any(cell.strip() for cell in row))
    except csv.Error:  # a cell larger than the reader's limit: an open quotation mark, named when the file is read
        return rows
    return rows


def _fit(rows: Iterable[list[str]]) -> float:
    """Return the share of rows that have the most frequent number of cells; 0, if that is one."""
    widths = Counter(map(len, rows))
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda entry: (entry[1], entry[0]))
    return count / widths.total() if width > 1 else 0.0


def _is_split(sample: str) -> bool:
    """Tell whether rows such as ``"01;1439",00;261,00`` are rows with semicolons that were split at their commas.

    A spreadsheet that took the comma for the delimiter writes such rows. Joined at the commas, all of them have the
    same number of cells again.
    """
    if '"' not in sample or ";" not in sample:
        return False
    rows = _rows(sample, ",")
    quoted = sum(";" in row[0] for row in rows)
    starts = sum(line.startswith('"') for line in sample.split("\n"))
    if not rows or quoted < len(rows) or starts < len(rows) / 2:
        return False
    joined = [joined_again(row) for row in rows]
    return len({len(row) for row in joined}) == 1 and _fit(_rows(sample, ";")) < 1


def joined_again(row: list[str]) -> list[str]:
    """Return the cells of a row that was split at its commas."""
    return ",".join(row).split(";")
