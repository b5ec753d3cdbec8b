"""One cell: a number as cities write it, a mark, or neither.

What a cell says depends on the decimal mark of the file and on the profile of symbols, never on a guess about the cell.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quartiersatlas.intake.grid import Decimal
    from quartiersatlas.intake.symbols import Profile, Status

BLANKS = " \u00a0\u2007\u2009\u202f"
BLANKS_AND_BREAKS = BLANKS + "\t\r\n"
MINUSES = "-−–"
# one, or letters and stars with their bracket; a digit needs a blank or a bracket of its own, or it would be a number's
FOOTNOTE = rf"[{BLANKS}]+\(?(?:\d{{1,2}}|[a-z])\)|\((?:\d{{1,2}}|[a-z])\)|[{BLANKS}]*(?:\*+|[¹²³⁴⁵⁶⁷⁸⁹⁰]+\)?|[a-z]\))"


@dataclass(frozen=True)
class Cell:
    """What one cell says.

    ``number`` is None for a word or an unknown mark and NaN for a mark that stands instead of a number. ``status`` is
    empty where the number says it all; ``done`` is empty where nothing needs to be listed.
    """

    number: float | None
    status: Status | str = ""
    done: str = ""
    is_mark: bool = False
    is_percent: bool = False
    grouped_by: str = ""
    odd_minus: bool = False


UNKNOWN = Cell(None)


def read_cell(text: str, decimal: Decimal, profile: Profile) -> Cell:
    """Read one cell.

    Examples
    --------
    >>> from quartiersatlas.intake.symbols import PROFILES
    >>> cells = "1.234,5", "-  23", "123 1)", "(12)", "18.21", "k.A."
    >>> [read_cell(text, ",", PROFILES["auto"]).number for text in cells]
    [1234.5, -23.0, 123.0, 12.0, None, None]
    """
    text = text.strip(BLANKS_AND_BREAKS)
    if text in profile.instead:
        return _mark(profile.instead[text])
    number = read_number(text, decimal)
    if number.number is not None:
        return _as_named(number, decimal, profile)
    if text.endswith("%"):
        inner = read_number(text[:-1].rstrip(BLANKS), decimal)
        return inner if inner.number is None else Cell(inner.number, is_percent=True, grouped_by=inner.grouped_by)
    return _with_mark_beside(text, decimal, profile)


def _mark(status: Status) -> Cell:
    return Cell(0.0 if status == "zero" else math.nan, status, f"read as {status}", is_mark=True)


def _as_named(cell: Cell, decimal: Decimal, profile: Profile) -> Cell:
    """Return the cell, or what its number was said to mean, such as ``-9999``."""
    for code, status in number_codes(profile, decimal):
        if cell.number == code and status != "value":
            return _mark(status)
    return cell


def _with_mark_beside(text: str, decimal: Decimal, profile: Profile) -> Cell:
    """Read a number with brackets around it, or with a letter or a footnote after it."""
    if text.startswith("(") and text.endswith(")"):
        inner = read_number(text[1:-1].strip(BLANKS), decimal)
        return _kept(inner, "unreliable", "in brackets")
    for letter, status in profile.beside.items():
        if text.endswith(letter):
            inner = read_number(text.removesuffix(letter).rstrip(BLANKS), decimal)
            if inner.number is not None:
                return _kept(inner, status, f"marked {letter!r}")
    if found := re.search(rf"(?:{FOOTNOTE})$", text):
        note = found.group().strip(BLANKS)
        return _kept(read_number(text[: found.start()], decimal), "value", f"footnote {note!r} set aside")
    return UNKNOWN


def _kept(inner: Cell, status: Status, why: str) -> Cell:
    if inner.number is None:
        return UNKNOWN
    told = f"read as {inner.number:.15g}, {why}" + ("" if status == "value" else f": {status}")
    return Cell(inner.number, "" if status == "value" else status, told, grouped_by=inner.grouped_by)


@lru_cache(maxsize=2)
def _pattern(decimal: Decimal) -> re.Pattern[str]:
    """Return the pattern of a number: minus, digits (grouped by threes with one mark, or not), decimals."""
    group = "." if decimal == "," else ","
    exponent = r"(?:[eE][-+]?\d{1,3})?" if decimal == "." else ""
    return re.compile(
        rf"(?P<sign>[{MINUSES}+]?)(?P<gap>(?<=[{MINUSES}+])[{BLANKS}]*)?"
        rf"(?P<whole>[1-9][0-9]{{0,2}}(?:(?P<group>[{re.escape(group)}{BLANKS}'’])[0-9]{{3}})(?:(?P=group)[0-9]{{3}})*|[0-9]+)?"
        rf"(?P<places>{re.escape(decimal)}[0-9]+)?(?P<exponent>{exponent})"
    )


def read_number(text: str, decimal: Decimal) -> Cell:
    """Read a cell that is strictly a number, and nothing else."""
    found = _pattern(decimal).fullmatch(text)
    if found is None or not (found["whole"] or found["places"]):
        return UNKNOWN
    group = found["group"] or ""
    whole = (found["whole"] or "0").replace(group, "") if group else found["whole"] or "0"
    number = float(whole + (found["places"] or "").replace(",", ".") + found["exponent"])
    if not math.isfinite(number) or (found["places"] is None and not found["exponent"] and int(whole) != number):
        return UNKNOWN  # a key or an overflow: more digits than a number can hold
    minus = found["sign"] in MINUSES and found["sign"] != ""
    plain = found["sign"] in ("", "-") and not found["gap"]
    return Cell(-number if minus else number, grouped_by=group, odd_minus=minus and not plain)


@lru_cache(maxsize=16)
def _codes(marks: tuple[tuple[str, Status], ...], decimal: Decimal) -> tuple[tuple[float, Status], ...]:
    numbers = ((read_number(mark.replace(".", decimal), decimal).number, status) for mark, status in marks)
    return tuple((number, status) for number, status in numbers if number is not None)


def number_codes(profile: Profile, decimal: Decimal) -> tuple[tuple[float, Status], ...]:
    """Return the numbers that a profile gives a meaning, such as -9999: in whatever way a cell writes them."""
    return _codes(tuple(profile.instead.items()), decimal)
