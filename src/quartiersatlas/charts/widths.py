"""How wide words are on paper: from the fonts in which they are set, without kerning, so that no word is cut."""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.charts.typeface import Typeface

FONTS = Path(__file__).with_name("fonts")  # written by scripts/write_fonts.py
SANS = "Noto Sans"
FALLBACK = "DejaVu Sans Mono"  # in typst, for letters that the fonts have not
FALLBACK_WIDTH = 0.602
NO_LETTER = "□"
# the font of an office, while a document is made that is set in it: each picture in it is laid out by its widths
_OWN: ContextVar[Typeface | None] = ContextVar("own", default=None)


@contextmanager
def set_in(own: Typeface | None) -> Iterator[None]:
    """Measure words in an office's own font for a while; in the fonts of the library where it has no letter."""
    before = _OWN.set(own)
    try:
        yield
    finally:
        _OWN.reset(before)


@cache
def _table() -> dict[str, list[int]]:
    """Return the letters of the fonts, their widths per face in thousandths of the size, and those of the fallback."""
    table: dict[str, list[int]] = json.loads((FONTS / "widths.json").read_text(encoding="ascii"))
    return table


@cache
def _advances(face: str) -> dict[int, float]:
    """Return the advance widths of a face's letters, in parts of its size."""
    table = _table()
    return {code: width / 1000 for code, width in zip(table["letters"], table[face], strict=True)}


@cache
def _drawn() -> frozenset[int]:
    """Return the letters that the fonts or their fallback have."""
    others: list[list[int]] = _table()["fallback"]  # type: ignore[assignment] # pairs of first and last
    return frozenset(_table()["letters"]).union(*(range(first, last + 1) for first, last in others))


def text_width(words: str, size: float, *, bold: bool = False, italic: bool = False) -> float:
    """Return the width of words in the unit of their size.

    Examples
    --------
    >>> text_width("iii", 10) < text_width("WWW", 10)
    True
    """
    advances = _advances("Bold" if bold else "Italic" if italic else "Regular")
    own = _OWN.get()
    if own is None:
        return size * sum(advances.get(ord(letter), FALLBACK_WIDTH) for letter in words)
    first = own.face(bold=bold, italic=italic).widths
    return size * sum(first.get(ord(one), advances.get(ord(one), FALLBACK_WIDTH)) for one in words)


def cut(words: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return words that fit into a width, shortened with an ellipsis where they do not."""
    if text_width(words, size, bold=bold) <= width:
        return words
    while words and text_width(f"{words}…", size, bold=bold) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"


def cut_name(words: str, width: float, size: float) -> str:
    """Return the name of a row, shortened so that brackets at its end stay where they take no more than half the width.

    Examples
    --------
    >>> cut_name("Gap between one group and all the others (points)", 120, 8)
    'Gap between one gro… (points)'
    """
    at = words.rfind(" (") if words.endswith(")") else -1
    end = text_width(words[at:], size) if at > 0 else width
    if text_width(words, size) <= width or end > width / 2:
        return cut(words, width, size)
    return cut(words[:at], width - end, size) + words[at:]


def wrapped(words: str, width: float, size: float, most: int = 99, *, bold: bool = False) -> list[str]:
    """Return words in lines that fit into a width; the last line that is allowed is cut.

    Examples
    --------
    >>> wrapped("one two three", 40, 8)
    ['one two', 'three']
    """
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, bold=bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    rest = " ".join(lines[most - 1 :])
    return [cut(line, width, size, bold=bold) for line in [*lines[: most - 1], rest] if line]


def drawable(words: str) -> str:
    """Return words on one line, with a box for each letter that no font has.

    Examples
    --------
    >>> drawable("Dorf 漢"), drawable("Nord Süd")
    ('Dorf □', 'Nord Süd')
    """
    letters = (" " if letter.isspace() and letter not in "\u202f\u00a0" else letter for letter in words)
    return "".join(letter if has_letter(letter) else NO_LETTER for letter in letters)


def has_letter(letter: str) -> bool:
    """Return True if the fonts, or the one that stands in for them, have a letter."""
    own = _OWN.get()
    return ord(letter) in _drawn() or (own is not None and ord(letter) in own.faces[0].widths)
