"""One cell: a number as cities write them, a symbol instead of one, or a number with a mark beside it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from quartiersatlas.intake.tables.values.marks import Range, read_range

if TYPE_CHECKING:
    from quartiersatlas.intake.tables.values.codes import Status, SymbolProfile
    from quartiersatlas.intake.tables.values.scan import Decimal

UNITS = {"%": "percent", "‰": "per 1,000"}
HAS_DIGIT = re.compile("[0-9]")
DOUBTFUL = frozenset("cC")  # marks that are also names of classes
BLANKS = " \u00a0\u2007\u2009\u202f"
BLANKS_AND_BREAKS = BLANKS + "\t\r\n"
MINUSES = "-−–"
LONGEST_FOOTNOTE = 24
MOST_LETTERS = 400  # a longer number is none that could be held
# one, or letters and stars with their bracket; a digit needs a blank or a bracket of its own, or it would be a number's
SQUARE = rf"[{BLANKS}]*\[(?:[Nn]ote )?(?:\d{{1,2}}|[a-z])\]"
ROUND = rf"[{BLANKS}]+\(?(?:\d{{1,2}}|[a-z])\)|\((?:\d{{1,2}}|[a-z])\)"
FOOTNOTE = rf"{SQUARE}|{ROUND}|[{BLANKS}]*(?:[*†‡]+|[¹²³⁴⁵⁶⁷⁸⁹⁰]+\)?|[a-z]\))"

FOOTNOTE_END = re.compile(r"[\])*†‡¹²³⁴⁵⁶⁷⁸⁹⁰]\Z")


@dataclass(frozen=True)
class ReadCell:
    """What one cell says.

    ``number`` is None for a word or an unknown symbol and NaN for a symbol instead of a number. ``status`` is empty
    where the number says it all; ``done`` is empty where nothing needs to be listed. ``unit`` is the one written after
    the number; ``range`` are the limits that a mark names. A ``doubtful`` mark may be the name of a class as well.
    """

    number: float | None
    status: Status | str = ""
    done: str = ""
    is_symbol: bool = False
    is_doubtful: bool = False
    unit: str = ""
    range: Range | None = None
    grouped_by: str = ""
    odd_minus: bool = False


UNKNOWN = ReadCell(None)


def read_cell(text: str, decimal: Decimal, profile: SymbolProfile) -> ReadCell:
    """Read one cell.

    Examples
    --------
    >>> from quartiersatlas.intake.tables.values.codes import PROFILES
    >>> cells = "1.234,5", "-  23", "123 1)", "(12)", "18.21", "k.A."
    >>> [read_cell(text, ",", PROFILES["auto"]).number for text in cells]
    [1234.5, -23.0, 123.0, 12.0, None, None]
    """
    text = text.strip(BLANKS_AND_BREAKS)
    if text in profile.instead:
        return symbol_cell(profile.instead[text], profile.bounds.get(text), is_doubtful=text in DOUBTFUL)
    if not HAS_DIGIT.search(text):
        return UNKNOWN  # a word: no number, no limits, no number with a mark
    number = read_number(text, decimal)
    if number.number is not None:
        return _as_named(number, decimal, profile)
    with_unit = _with_unit(text, decimal) if text[-1:] in UNITS else number
    if with_unit.number is not None:
        return with_unit
    limits = None if len(text) > MOST_LETTERS else read_range(text, lambda part: read_number(part, decimal).number)
    if limits is not None:
        return replace(symbol_cell("suppressed"), is_doubtful=True, range=limits)
    return _with_symbol_beside(text, decimal, profile)


def symbol_cell(status: Status, limits: tuple[float, float] | None = None, *, is_doubtful: bool = False) -> ReadCell:
    """Return the cell of a symbol that stands instead of a number, with the limits of the number it hides."""
    return ReadCell(
        0.0 if status == "zero" else math.nan,
        status,
        f"read as {status}",
        is_symbol=True,
        is_doubtful=is_doubtful,
        range=None if limits is None else Range(*limits),
    )


def _with_unit(text: str, decimal: Decimal) -> ReadCell:
    """Read a number, which may have a unit after it."""
    unit = UNITS.get(text[-1:], "")
    inner = read_number(text[:-1].rstrip(BLANKS) if unit else text, decimal)
    return inner if inner.number is None else replace(inner, unit=unit)


def _as_named(cell: ReadCell, decimal: Decimal, profile: SymbolProfile) -> ReadCell:
    """Return the cell, or what its number was said to mean, such as ``-9999``."""
    for code, status in number_codes(profile, decimal):
        if cell.number == code and status != "value":
            mark = next(mark for mark in profile.instead if _number_of(mark, decimal) == code)
            return symbol_cell(status, profile.bounds.get(mark))
    return cell


def _with_symbol_beside(text: str, decimal: Decimal, profile: SymbolProfile) -> ReadCell:
    """Read a number with brackets around it, or with a letter or a footnote after it."""
    if text.startswith("(") and text.endswith(")"):
        inner = _with_unit(text[1:-1].strip(BLANKS), decimal)
        return _kept(inner, "unreliable", "in brackets")
    for letter, status in profile.beside.items():
        if text.endswith(letter):
            inner = _with_unit(text.removesuffix(letter).rstrip(BLANKS), decimal)
            if inner.number is not None:
                return _kept(inner, status, f"marked {letter!r}")
    tail = text[-LONGEST_FOOTNOTE:]  # a search in a long cell would try every blank of it
    if FOOTNOTE_END.search(text) and (found := re.search(rf"(?:{FOOTNOTE})$", tail)):
        note = found.group().strip(BLANKS)
        number = text[: len(text) - len(tail) + found.start()].rstrip(BLANKS)
        return _kept(_with_unit(number, decimal), "value", f"footnote {note!r} set aside")
    return UNKNOWN


def _kept(inner: ReadCell, status: Status, why: str) -> ReadCell:
    if inner.number is None:
        return UNKNOWN
    done = f"read as {inner.number:.15g}, {why}" + ("" if status == "value" else f": {status}")
    return replace(inner, status="" if status == "value" else status, done=done, odd_minus=False)


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


def read_number(text: str, decimal: Decimal) -> ReadCell:
    """Read a cell that is strictly a number, and nothing else."""
    if len(text) > MOST_LETTERS:
        return UNKNOWN
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
    return ReadCell(-number if minus else number, grouped_by=group, odd_minus=minus and not plain)


@lru_cache(maxsize=256)
def _number_of(mark: str, decimal: Decimal) -> float | None:
    """Return the number that a mark is, however it is written; None for other marks."""
    number = read_number(mark.replace(".", decimal), decimal).number
    return read_number(mark, ".").number if number is None else number


@lru_cache(maxsize=16)
def _codes(marks: tuple[tuple[str, Status], ...], decimal: Decimal) -> tuple[tuple[float, Status], ...]:
    numbers = ((_number_of(mark, decimal), status) for mark, status in marks)
    return tuple((number, status) for number, status in numbers if number is not None)


def number_codes(profile: SymbolProfile, decimal: Decimal) -> tuple[tuple[float, Status], ...]:
    """Return the numbers that a profile gives a meaning, such as -9999: in whatever way a cell writes them."""
    return _codes(tuple(profile.instead.items()), decimal)
