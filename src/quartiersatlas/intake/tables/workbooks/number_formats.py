"""What the number format of a cell says about its number: a share shown as per cent, a code shown with zeros."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from quartiersatlas.intake.tables.values.cells import Padded, Percent
from quartiersatlas.intake.tables.values.codes import is_code

BUILT_IN = {9: "0%", 10: "0.00%"}  # the only formats without a code of their own that show per cent
QUOTE = '"'
TAKES_NEXT = "\\_*"  # the letter after one of these is not part of the number
LITERAL = "-/ ():+$.'\u00a0"
DIGIT = "0"
LEAST_ZEROS = 2
Part = tuple[str, bool]  # a letter of a format, and whether it stands for itself


@dataclass(frozen=True)
class NumberFormat:
    """A format that changes what is read: ``is_percent``, or else a code of several zeros."""

    code: str
    is_percent: bool

    def applied(self, value: object) -> object:
        """Return a number with the meaning that the format gives it; anything else, and -9999, as it is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if self.is_percent:
            if is_code(value):
                return value
            return Percent(Decimal(repr(value)).scaleb(2))
        if value < 0 or not float(value).is_integer():
            return value
        return Padded(value, with_zeros(self.code, int(value)), self.code)


@lru_cache(maxsize=1024)
def number_format(code: str) -> NumberFormat | None:
    r"""Return what a format code means for the number, or None if it only changes the look.

    A percent sign in quotes or after a backslash is a letter like any other.

    Examples
    --------
    >>> number_format("0.0%").is_percent, number_format("00000").is_percent
    (True, False)
    >>> number_format('0.0" %"') is None and number_format("#,##0.00") is None
    True
    """
    parts = _parts(code)
    if ("%", False) in parts:
        return NumberFormat(code, is_percent=True)
    zeros = sum(part == (DIGIT, False) for part in parts)
    keeps_zeros = zeros >= LEAST_ZEROS and all(literal or letter in DIGIT + LITERAL for letter, literal in parts)
    return NumberFormat(code, is_percent=False) if keeps_zeros and (".", False) not in parts else None


def _parts(code: str) -> list[Part]:
    """Return the letters of the part of a format that holds for positive numbers, without what is not shown."""
    parts: list[Part] = []
    position = 0
    while position < len(code) and code[position] != ";":
        letter = code[position]
        if letter == QUOTE:
            end = code.find(QUOTE, position + 1)
            end = len(code) if end < 0 else end
            parts += [(quoted, True) for quoted in code[position + 1 : end]]
            position = end
        elif letter == "[":
            end = code.find("]", position)
            position = len(code) if end < 0 else end
        elif letter in TAKES_NEXT:
            position += 1
            parts += [(code[position], True)] if letter == "\\" and position < len(code) else []
        else:
            parts.append((letter, False))
        position += 1
    return parts


def with_zeros(code: str, number: int) -> str:
    r"""Write a whole number as its format shows it.

    Examples
    --------
    >>> with_zeros("0000", 7), with_zeros("00\\-00", 101), with_zeros("00", 123)
    ('0007', '01-01', '123')
    """
    digits = list(str(number))
    shown: list[str] = []
    places = _parts(code)
    first = next(position for position, part in enumerate(places) if part == (DIGIT, False))
    for position in range(len(places) - 1, -1, -1):
        letter, literal = places[position]
        if literal or letter != DIGIT:
            shown.append(letter)
            continue
        shown.append(digits.pop() if digits else DIGIT)
        if position == first:
            shown += reversed(digits)
    return "".join(reversed(shown))
