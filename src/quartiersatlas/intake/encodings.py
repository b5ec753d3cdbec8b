"""The encoding of a text file: told, marked, or found out; never a guess that turns umlauts into two letters."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from quartiersatlas.errors import InputError

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
