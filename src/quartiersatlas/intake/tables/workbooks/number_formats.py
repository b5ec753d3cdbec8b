"""What the number format of a cell says about its number: a share shown as per cent, a code shown with zeros."""

from __future__ import annotations

import operator
import re
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
PLACES = frozenset("0#?@yYmMdDhHsSeEgG")  # where a number or a date is shown; G is that of General
CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)\]")
COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
Part = tuple[str, bool]  # a letter of a format, and whether it stands for itself


@dataclass(frozen=True)
class NumberFormat:
    """A format that changes what is read: ``is_percent``, or a code of several zeros; or that hides numbers."""

    code: str
    is_percent: bool
    hides: bool = False

    def applied(self, value: object) -> object:
        """Return a number with the meaning that the format gives it; anything else, and -9999, as it is."""
        if self.hides or isinstance(value, bool) or not isinstance(value, int | float):
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
    if keeps_zeros and (".", False) not in parts:
        return NumberFormat(code, is_percent=False)
    hides = any(shown_instead(code, example) is not None for example in _examples(code))
    return NumberFormat(code, is_percent=False, hides=True) if hides else None


def shown_instead(code: str, value: float) -> str | None:
    r"""Return the text that a format shows in the place of a number, or None if it shows the number.

    Zero is nothing that could be hidden: many formats leave it out, or show a dash.

    Examples
    --------
    >>> shown_instead('[<3]"<3";0', 2), shown_instead('[<3]"<3";0', 3), shown_instead(";;;", 12)
    ('<3', None, '')
    """
    if not value:
        return None
    parts = _parts(_section(code, value))
    if any(letter in PLACES for letter, literal in parts if not literal):
        return None
    return "".join(letter for letter, _ in parts).strip()


def _section(code: str, value: float) -> str:
    """Return the part of a format that holds for a number: by its condition, else by its sign."""
    sections = _sections(code)
    if any(CONDITION.search(section) for section in sections):
        for section in sections:
            found = CONDITION.search(section)
            if found is None or COMPARED[found[1]](value, float(found[2])):
                return section
        return DIGIT
    return sections[1] if value < 0 and len(sections) > 1 else sections[0]


def _sections(code: str) -> list[str]:
    """Return the parts of a format, which semicolons separate."""
    sections, position = [""], 0
    while position < len(code):
        letter = code[position]
        end = position + 1
        if letter == QUOTE:
            end = code.find(QUOTE, position + 1) + 1 or len(code)
        elif letter in TAKES_NEXT:
            end = position + 2
        elif letter == ";":
            sections.append("")
            position = end
            continue
        sections[-1] += code[position:end]
        position = end
    return sections


def _examples(code: str) -> list[float]:
    """Return a number for each part of a format."""
    limits = [float(found[2]) for found in CONDITION.finditer(code)]
    return [1.0, -1.0, *(number for limit in limits for number in (limit - 1, limit, limit + 1))]


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
