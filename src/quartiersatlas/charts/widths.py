"""How wide words are on paper: from the very font file in which they are set, without kerning."""

from __future__ import annotations

from functools import cache

SANS = "DejaVu Sans"


@cache
def _advances(*, bold: bool) -> dict[int, float]:
    """Return the advance widths of the font's letters, in parts of its size."""
    from fontTools.ttLib import TTFont
    from matplotlib.font_manager import FontProperties, findfont

    path = findfont(FontProperties(family=SANS, weight="bold" if bold else "normal"))
    with TTFont(path, lazy=True) as font:
        per_em, widths, names = font["head"].unitsPerEm, font["hmtx"].metrics, font.getBestCmap()
        return {code: widths[name][0] / per_em for code, name in names.items()}


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of words in points.

    Examples
    --------
    >>> text_width("iii", 10) < text_width("WWW", 10)
    True
    """
    advances = _advances(bold=bold)
    return size * sum(advances.get(ord(letter), 0.6) for letter in words)


def cut(words: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return words that fit into a width, shortened with an ellipsis where they do not."""
    if text_width(words, size, bold=bold) <= width:
        return words
    while words and text_width(f"{words}…", size, bold=bold) > width:
        words = words[:-1]
    return f"{words.rstrip()}…"
