"""How many lines words take in a cell: Arial and its twin Liberation Sans, as office programs set them."""

from __future__ import annotations

import unicodedata
from functools import cache

# advance widths in thousandths of the size (Adobe's metrics of Helvetica, after which Arial was made)
WIDTHS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " \u00a0\u2009\u202f!,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1000: "–…",
    1015: "@",
}
OTHER, FULL = 600, 1000
BOLD = 1.1
SAFE = 1.04  # a program that has neither font takes a similar one
PIXEL = 96 / 72  # of a point


@cache
def _width(letter: str) -> int:
    """Return the width of a letter; one with an accent is as wide as without."""
    for plain in (letter, unicodedata.normalize("NFD", letter)[0]):
        for width, letters in WIDTHS.items():
            if plain in letters:
                return width
    return FULL if unicodedata.east_asian_width(letter) in "WF" else OTHER


def pixels(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of words on one line, in pixels.

    Examples
    --------
    >>> pixels("iii", 10) < pixels("WWW", 10)
    True
    """
    return sum(map(_width, words)) / 1000 * size * PIXEL * SAFE * (BOLD if bold else 1)


def count_lines(words: str, width: float, size: float, *, bold: bool = False) -> int:
    r"""Return how many lines words take in a width in pixels; a word that is wider is broken.

    Examples
    --------
    >>> count_lines("one two three", 60, 10), count_lines("one\ntwo", 600, 10)
    (2, 2)
    """
    blank = pixels(" ", size, bold=bold)
    lines = 0
    for paragraph in words.split("\n"):
        lines += 1
        used = 0.0
        for word in paragraph.split(" "):
            wide = pixels(word, size, bold=bold)
            if used and used + blank + wide > width:
                lines += 1
                used = 0.0
            used += wide + (blank if used else 0.0)
            if used > width:
                lines += int(used // width)
                used %= width
    return lines
