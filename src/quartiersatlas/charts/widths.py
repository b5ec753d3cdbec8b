"""How wide words are on paper: from the very font file in which they are set, without kerning."""

from __future__ import annotations

from functools import cache

SANS = "DejaVu Sans"
NO_LETTER = "□"


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
    """Return words on one line, with a box for each letter that the font has not.

    Examples
    --------
    >>> drawable("Dorf 漢"), drawable("Nord Süd")
    ('Dorf □', 'Nord Süd')
    """
    advances = _advances(bold=False)
    letters = (" " if letter.isspace() and letter not in "\u202f\u00a0" else letter for letter in words)
    return "".join(letter if ord(letter) in advances else NO_LETTER for letter in letters)
