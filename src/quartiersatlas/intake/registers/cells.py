"""One cell of a register as what its column holds: repaired with a note, or refused with its cause."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.letters import same_text
from quartiersatlas.errors import list_some
from quartiersatlas.intake.registers.schema import DATES, LISTS, NAMES, NUMBERS, PERMANENT, PERMANENT_WORDS
from quartiersatlas.intake.tables.headers import folded
from quartiersatlas.intake.tables.values.cells import Fault, Padded, Percent, written

if TYPE_CHECKING:
    from quartiersatlas.intake.registers.schema import RegisterColumn

SEPARATORS = re.compile(r"[;|\n]")
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
GERMAN = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})")
YEAR = re.compile(r"(\d{4})")
MONTH = re.compile(r"(\d{1,2})\s*[/.]\s*(\d{4})")
QUARTER = re.compile(r"(?:Q\s*([1-4])|([1-4])\.\s*(?:Quartal|quarter))\s*[/ ]?\s*(\d{4})", re.IGNORECASE)
TWO_DIGITS = re.compile(r"\d{1,2}[./-]\s*(?:\d{1,2}[./-]\s*)?\d{2}|Q[1-4]\s*/\s*\d{2}", re.IGNORECASE)
POWER = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")
MONEY_WORDS = re.compile(r"€|EUR|Euro", re.IGNORECASE)
FACTORS = {"tsd": 1e3, "tsd.": 1e3, "t": 1e3, "mio": 1e6, "mio.": 1e6}
AMOUNT = re.compile(r"(?P<number>[\d.,\u202f\u00a0 ']+?)\s*(?P<factor>Tsd\.?|T|Mio\.?)?", re.IGNORECASE)
THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
ENGLISH = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
MINUS = re.compile(r"[-\u2212\u2013]\s*(?=[\d.,])")
NO_CENTS = re.compile(r",\s*[-\u2013\u2014]+$")  # 24.000,- and 24.000,--
RANGE = re.compile(r"\d\D*\s*(?:-|–|bis|to)\s*\D*\d", re.IGNORECASE)
FIRST_YEAR, LAST_YEAR = 1900, 2200
FEW_WORDS = 8  # of a drop-down: so many can be listed
ROUND = 10_000  # a number that is so many times something, where a name belongs: 1E5 was typed, and is a number now
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w{2,}")
PHONE = re.compile(r"(?:\+49|\(?0\d{2,5}\)?[\s/-])[\d\s/()-]{5,}\d")


class RefusedCellError(Exception):
    """A cell cannot be read; the text says why, and what to write."""


@dataclass(frozen=True)
class RegisterCell:
    """What a cell holds, and what was done to read it."""

    value: object
    note: str = ""


def read_cell(raw: object, column: RegisterColumn) -> RegisterCell:
    """Read a cell as its column says.

    Raises
    ------
    RefusedCellError
        It says something else, or could mean several things.
    """
    if isinstance(raw, Fault):
        raise RefusedCellError(raw.done)
    if isinstance(raw, (list, tuple)):
        raw = ";".join(map(str, raw))
    if _is_empty(raw):
        return RegisterCell(empty_value(column))
    if column.kind in DATES:
        return read_date(raw, column.kind)
    if column.kind in NUMBERS:
        return _number(raw, column.kind)
    if column.labels("de"):
        return _codes(raw, column)
    cell = _name(raw) if column.kind in NAMES or column.kind == "areas" else _words(raw)
    words = str(cell.value)
    if column.kind in LISTS:
        return RegisterCell(_parts(words), cell.note)
    if found := EMAIL.search(words) or PHONE.search(words):
        raise RefusedCellError(f"contact details ({found.group()!r}) do not belong into a register: delete them")
    return cell


def empty_value(column: RegisterColumn) -> object:
    """Return what an empty cell of a column is read as."""
    if column.kind in DATES:
        return pd.NaT
    if column.kind in NUMBERS:
        return float("nan")
    return () if column.kind in LISTS else ""


def _is_empty(raw: object) -> bool:
    return not written(raw).strip()


def _parts(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in SEPARATORS.split(words) if part.strip()))


def _words(raw: object) -> RegisterCell:
    if isinstance(raw, (datetime, date)):
        return RegisterCell(f"{raw:%Y-%m-%d}", "a date where words belong, read as they are")
    return RegisterCell(same_text(written(raw)).strip())


def _name(raw: object) -> RegisterCell:
    """Read what identifies something: a spreadsheet turns 01-03 into a date and 1E5 into a number, for good."""
    if isinstance(raw, (datetime, date)):
        raise RefusedCellError(
            "a date where a number or key belongs: the spreadsheet turned something like 01-03 into a date. Format "
            "the column as text, and type it again"
        )
    if isinstance(raw, Padded):
        return RegisterCell(raw.shown)
    if isinstance(raw, (int, float, np.number)) and not isinstance(raw, bool):
        number = float(raw)
        if not number.is_integer() or (number >= ROUND and number % ROUND == 0):
            raise RefusedCellError(
                "a number where a name or key belongs: the spreadsheet turned something like 1E5 or 1.5 into a "
                "number. Format the column as text, and type it again"
            )
        return RegisterCell(str(int(number)), "a number where text belongs, read as its digits")
    words = same_text(written(raw)).strip()
    if POWER.fullmatch(words) and ("+" in words or "," in words):
        raise RefusedCellError("a number in powers of ten: its digits are gone. Type it again in a column of text")
    return RegisterCell(words)


def _codes(raw: object, column: RegisterColumn) -> RegisterCell:
    """Read words of a drop-down as their code."""
    known = column.spellings
    words = "yes" if raw is True else "no" if raw is False else same_text(written(raw)).strip()
    if column.kind != "fields":
        return RegisterCell(_code(words, known, column))
    if folded(words) in known:  # a name may hold the mark that separates
        return RegisterCell((known[folded(words)],))
    return RegisterCell(tuple(dict.fromkeys(_code(part, known, column) for part in _parts(words))))


def _code(words: str, known: dict[str, str], column: RegisterColumn) -> str:
    from rapidfuzz.process import extract

    if folded(words) in known:
        return known[folded(words)]
    labels = list(column.labels("de").values())
    spelled = labels + list(known.values())
    close = [label for label, score, _ in extract(words, spelled, limit=2) if score > 60]  # noqa: PLR2004 - percent alike
    if close and len(labels) > FEW_WORDS:
        raise RefusedCellError(f"unknown: did you mean {list_some(close)}?")
    raise RefusedCellError(f"unknown: it is one of {list_some(labels, 20)}")


def read_date(raw: object, kind: str) -> RegisterCell:
    """Read a date; a year or a month is its first day as a begin and its last one as an end.

    Raises
    ------
    RefusedCellError
        It is none, or could mean several days.
    """
    if isinstance(raw, (datetime, date)) and pd.notna(raw):
        return RegisterCell(pd.Timestamp(raw).normalize())
    words = written(raw).strip()
    if kind == "end" and words.casefold() in (*PERMANENT_WORDS.values(), "unbefristet"):
        return RegisterCell(PERMANENT)
    if found := ISO.fullmatch(words):
        return RegisterCell(_day(*map(int, found.groups())))
    if found := GERMAN.fullmatch(words):
        return RegisterCell(_day(*map(int, reversed(found.groups()))))
    if kind != "date" and (span := _span(words, kind)) is not None:
        return span
    if TWO_DIGITS.fullmatch(words):
        raise RefusedCellError("a year of two digits: which century? Write TT.MM.JJJJ, such as 01.03.2026")
    if isinstance(raw, (int, float, np.number)):
        raise RefusedCellError("a number where a date belongs: format the cell as a date, or write TT.MM.JJJJ")
    more = "" if kind == "date" else ", MM/JJJJ or JJJJ"
    more += f', or "{PERMANENT_WORDS["de"]}" where it has no end' if kind == "end" else ""
    raise RefusedCellError(f"no date: write TT.MM.JJJJ, JJJJ-MM-TT{more}")


def _span(words: str, kind: str) -> RegisterCell | None:
    """Read a year, a month or a quarter as its first or its last day."""
    if YEAR.fullmatch(words) and FIRST_YEAR <= int(words) <= LAST_YEAR:
        return RegisterCell(_within(int(words), 1, 12, kind))
    if (found := MONTH.fullmatch(words)) and 1 <= int(found[1]) <= 12:  # noqa: PLR2004 - months
        return RegisterCell(_within(int(found[2]), int(found[1]), int(found[1]), kind))
    if found := QUARTER.fullmatch(words):
        last = 3 * int(found[1] or found[2])
        day = _within(int(found[3]), last - 2, last, kind)
        return RegisterCell(day, f"a quarter, read as {day:%Y-%m-%d}")
    return None


def _day(year: int, month: int, day: int) -> pd.Timestamp:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise RefusedCellError("there is no such day") from error
    if not FIRST_YEAR <= year <= LAST_YEAR and found != PERMANENT.date():
        raise RefusedCellError(f"the year {year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return pd.Timestamp(found)


def _within(year: int, first: int, last: int, kind: str) -> pd.Timestamp:
    """Return the first or the last day of some months."""
    return _day(year, first, 1) if kind == "begin" else _day(year, last, monthrange(year, last)[1])


def _number(raw: object, kind: str) -> RegisterCell:
    if isinstance(raw, (datetime, date, bool)):
        raise RefusedCellError("a date or a yes where a number belongs: format the cell as a number, and type it again")
    words = written(raw).strip()
    if kind != "number" and (isinstance(raw, Percent) or words.endswith("%")):
        raise RefusedCellError("a percentage where an amount or a count belongs: write the amount, such as 24000")
    if isinstance(raw, (int, float, np.number)):
        return RegisterCell(_checked(float(raw), kind))
    if RANGE.search(words):
        raise RefusedCellError("a range: a number is one number. Write the sum that was resolved, the range beside it")
    bare = words.removesuffix("%").rstrip()
    minus = MINUS.match(bare)
    bare = bare[minus.end() :] if minus else bare
    found = AMOUNT.fullmatch(NO_CENTS.sub("", MONEY_WORDS.sub("", bare).strip()) if kind == "money" else bare)
    if found is None or (found["factor"] and kind != "money"):
        raise RefusedCellError(
            "no number: write its digits, such as 24000, and leave the cell empty where it is unknown"
        )
    digits = re.sub(r"[\u202f\u00a0 ']", "", found["number"])
    factor = FACTORS.get((found["factor"] or "").lower(), 1.0)
    is_large = kind in ("money", "count") and factor == 1
    if is_large and THOUSANDS.fullmatch(digits):
        value = float(digits.replace(".", "").replace(",", "."))
    elif is_large and ENGLISH.fullmatch(digits):
        raise RefusedCellError("a comma before three digits: 24,000 is 24 in German and 24000 in English. Write 24000")
    elif PLAIN.fullmatch(digits) and not (kind == "number" and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", digits)):
        value = float(digits.replace(",", ".")) * factor
    else:
        raise RefusedCellError("no number that can be read in one way only")
    value = -value if minus else value
    note = f"read as {value:.15g}" if not PLAIN.fullmatch(words) else ""
    return RegisterCell(_checked(value, kind), note)


def _checked(value: float, kind: str) -> float:
    if not np.isfinite(value):
        raise RefusedCellError("no finite number")
    if value < 0 and kind != "number":
        raise RefusedCellError("a negative number where there can be none")
    if kind == "count" and not value.is_integer():
        raise RefusedCellError("a count of persons or statements is a whole number")
    return value
