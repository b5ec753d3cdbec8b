"""Texts that a reader takes for the same are the same: one form of each letter, and no characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

# zero-width blanks, marks of direction, joiners, byte order marks inside a text, and the soft hyphen
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# those of them that are no part of a cell: not the joiners, and not a hyphen before a digit, which may be a minus
IN_CELLS = re.compile("\u00ad(?!\\d)|[\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
BLANKS = re.compile("[\u00a0\u2007\u2009\u202f]")  # blanks that are wider, narrower or do not break


def same_text(text: str) -> str:
    """Return a name or a key in the form in which it is compared.

    Letters that are written in two parts (u + dots, as files from a Macintosh have them) are one letter, invisible
    characters are gone, every blank is a plain one, and there is none at the ends.

    Examples
    --------
    >>> same_text("Su\u0308d\u200b") == "Süd"
    True
    >>> same_text("Bad\u00a0Godesberg ")
    'Bad Godesberg'
    """
    if text.isascii():
        return text.strip()
    return BLANKS.sub(" ", INVISIBLE.sub("", composed(text))).strip()


def same_cell(text: str) -> str:
    """Return a cell with its letters in one part and without invisible characters; its blanks stay."""
    return text if text.isascii() else IN_CELLS.sub("", composed(text))


def composed(text: str) -> str:
    """Return a text in Unicode's composed form (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def what_differs(before: str, after: str) -> str:
    """Say in words why two texts that look the same were not the same.

    Examples
    --------
    >>> what_differs("Su\u0308d", "Süd")
    'decomposed letters'
    """
    reasons = []
    if composed(before) != before:
        reasons.append("decomposed letters")
    if INVISIBLE.search(before):
        reasons.append("invisible characters")
    if BLANKS.sub(" ", before) != before and BLANKS.sub(" ", after) == after:
        reasons.append("blanks that do not break")
    return " and ".join(reasons) or "blanks at the ends"
