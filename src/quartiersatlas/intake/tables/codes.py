"""Symbols instead of numbers or beside them, and numbers that look like codes for missing values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SHOWN, NumberError, SpecError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

Status = Literal["value", "zero", "suppressed", "missing", "not_applicable", "unreliable", "provisional"]

STATUSES: tuple[Status, ...] = (
    "value",
    "zero",
    "suppressed",
    "missing",
    "not_applicable",
    "unreliable",
    "provisional",
)


@dataclass(frozen=True)
class SymbolProfile:
    """What the symbols of a statistical office mean.

    Parameters
    ----------
    instead : dict
        Symbols instead of a number -> status.
    beside : dict
        Letters after a number, which stays -> status.
    zero : str
        What a printed ``0`` means, where it is not simply nothing.
    """

    instead: Mapping[str, Status]
    beside: Mapping[str, Status] = field(default_factory=dict)
    zero: str = ""


# German statistical tables (DIN 55301, withdrawn in 2020, still in use)
_DIN_INSTEAD: dict[str, Status] = {
    "": "missing",
    "-": "zero",
    "–": "zero",
    ".": "suppressed",  # unknown or secret
    "·": "suppressed",
    "...": "missing",  # comes later
    "…": "missing",
    "/": "unreliable",  # not certain enough to be printed
    "x": "not_applicable",
    "X": "not_applicable",
}
_DIN_BESIDE: dict[str, Status] = {"p": "provisional", "r": "value", "s": "unreliable"}  # corrected, estimated
_LESS_THAN_HALF = "more than nothing and less than half a unit"

PROFILES: dict[str, SymbolProfile] = {
    "din55301": SymbolProfile(_DIN_INSTEAD, _DIN_BESIDE, _LESS_THAN_HALF),
    "auto": SymbolProfile(
        {**_DIN_INSTEAD, "*": "suppressed", **dict.fromkeys(("NA", "NaN", "nan"), "missing")}, _DIN_BESIDE
    ),
    # the federal and state offices' data bases (GENESIS-Online, Regionaldatenbank), explanation of signs
    "genesis": SymbolProfile(_DIN_INSTEAD, {**_DIN_BESIDE, "e": "value"}, _LESS_THAN_HALF),  # e: final
    # Landesamt für Statistik Niedersachsen, "Abkürzungen und Zeichenerklärungen": the set in use, and the earlier one
    "lsn": SymbolProfile(
        {
            "": "missing",
            "g": "suppressed",  # unknown or secret
            "k": "zero",  # rounded to zero
            "t": "missing",  # comes later
            "u": "unreliable",
            "x": "not_applicable",
            "[n]": "zero",
            "[0]": "zero",
            "[g]": "suppressed",
            "[x]": "not_applicable",
            "[u]": "unreliable",
            "-": "zero",
            ".": "suppressed",
            "/": "unreliable",
        },
        {
            "u": "unreliable",
            "f": "unreliable",  # limited, because the value has faults
            "p": "provisional",
            "r": "value",
            "s": "unreliable",
            "e": "value",
            "[p]": "provisional",
            "[r]": "value",
            "[s]": "unreliable",
        },
        "exactly zero, or set to zero to keep a secret",
    ),
    # Bundesagentur für Arbeit, small-area data ("Datenbeispiele"): stars are numbers too small to be shown. What a
    # point means there is not printed with them, so that it has to be named.
    "ba": SymbolProfile({"": "missing", "*": "suppressed", "-": "zero", "x": "not_applicable", "X": "not_applicable"}),
    # Berlin, Monitoring Soziale Stadtentwicklung: areas without a valid index
    "berlin_mss": SymbolProfile({"": "missing", "-9999": "suppressed"}),
}


def symbol_profile(symbols: str | Mapping[str, str]) -> SymbolProfile:
    """Return the profile of a name, or own symbols on top of ``"auto"``."""
    if isinstance(symbols, str):
        if symbols not in PROFILES:
            raise SpecError(f"symbols must be one of {', '.join(map(repr, PROFILES))}, or a dict, not {symbols!r}.")
        return PROFILES[symbols]
    own = {str(symbol).strip(): status for symbol, status in symbols.items()}
    unknown = sorted({str(status) for status in own.values()} - set(STATUSES))
    if unknown:
        raise SpecError(f"symbols: {unknown[0]!r} is not a status: it must be one of {', '.join(STATUSES)}.")
    no_number = [symbol for symbol, status in own.items() if status == "value" and not _has_digit(symbol)]
    if no_number:
        raise SpecError(f"symbols: {no_number[0]!r} stands instead of a number: its status cannot be 'value'.")
    auto = PROFILES["auto"]
    return SymbolProfile({**auto.instead, **own}, auto.beside)  # type: ignore[dict-item]


def _has_digit(symbol: str) -> bool:
    return any(char.isdigit() for char in symbol)


# how such codes are written: -1, -9, or one of 7, 8, 9 repeated; without a minus at least three times
SHORT = (-1.0, -9.0)
NEGATIVE = SHORT + tuple(-float(digit * times) for digit in "789" for times in range(2, 13))
POSITIVE = re.compile(r"7{3,}|8{3,}|9{3,}")
FAR = 10  # a code is at least this many times the largest other value
CERTAIN = 1e5  # a positive code of this size, far from all others, is one even if it is there once
TWICE = 2


def refuse_sentinels(name: str, values: NDArray[np.float64], rows: NDArray[Any], named: Iterable[float]) -> None:
    """Refuse a column in which codes for missing values stand among the numbers.

    A negative code is one where no other value is negative; any code is one where it is far from all other values.
    The codes that a caller has named, as a symbol or as a true value, are not looked for.

    Raises
    ------
    NumberError
        The message names the codes, how often they stand there, and the repair.
    """
    known = values[~np.isnan(values)]
    found = _codes_among(known, list(named))
    if not found:
        return
    where = np.flatnonzero(np.isin(values, found))
    codes = " and ".join(f"{code:.15g} ({count_noun(int((known == code).sum()), 'time')})" for code in found)
    lines = ", ".join(str(row) for row in rows[where][:SHOWN])
    problems = pd.DataFrame({"row": rows[where], "column": name, "raw": [f"{value:.15g}" for value in values[where]]})
    symbols = ", ".join(f"'{code:.15g}': 'missing'" for code in found)
    raise NumberError(
        f"Column {name!r} has {codes} among its numbers, first in {'line' if len(where) == 1 else 'lines'} "
        f"{lines}: it looks like a code for a missing "
        f"value. Name it: symbols={{{symbols}}} (or 'suppressed', 'not_applicable'; 'value' if it is a true number). "
        f"All of them: err.problems",
        problems,
    )


def status_of_values(values: pd.DataFrame) -> pd.DataFrame:
    """Read the status off values that bring none: missing, zero or value."""
    known = np.where(values.isna(), "missing", np.where(values.eq(0), "zero", "value"))
    return pd.DataFrame(known, values.index, values.columns)


def suspected_codes(values: pd.Series[Any], is_share: bool = False) -> pd.Series[float]:
    """Return the values that look like codes for missing values, in a frame whose origin is not known.

    They are the codes that :func:`read_table` refuses, but for a repeated -1 or -9: that may be a small loss, and who
    passes a frame cannot name it as a true value. A share is never negative: each negative value of one is returned.

    Examples
    --------
    >>> suspected_codes(pd.Series({"01": 12.5, "02": -888, "03": 7})).to_dict()
    {'02': -888.0}
    >>> suspected_codes(pd.Series({"01": 12.5, "02": -1, "03": 7}), is_share=True).to_dict()
    {'02': -1.0}
    """
    numbers = values.astype(float)
    codes = _codes_among(numbers.dropna().to_numpy(), SHORT)
    return numbers[numbers.isin(codes) | (numbers.lt(0) & is_share)]


def written_like_codes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which numbers are written like a code: they say nothing about how the others are written."""
    codes = [*NEGATIVE, *(-code for code in NEGATIVE if POSITIVE.fullmatch(f"{-code:.15g}"))]
    return np.isin(values, codes)


def is_code(value: float) -> bool:
    """Return True if a number is written like a code that no share can be: -9999, 999, but not -1 or -9.

    Examples
    --------
    >>> is_code(-9999.0), is_code(999), is_code(-1.0)
    (True, True, False)
    """
    return (value in NEGATIVE and value not in SHORT) or POSITIVE.fullmatch(f"{value:.15g}") is not None


def _codes_among(known: NDArray[Any], named: Collection[float]) -> list[float]:
    """Return the codes for missing values among numbers, but for those that were named."""
    candidates = [code for code in _candidates(known) if code not in named]
    others = known[~np.isin(known, candidates)] if candidates else known
    return [code for code in candidates if _is_one(code, int((known == code).sum()), others)]


def _candidates(known: NDArray[Any]) -> list[float]:
    """Return the values that are written like a code: any negative one, and the largest ones."""
    if not len(known):
        return []
    lowest = known.min()
    found = [code for code in NEGATIVE if code >= lowest and (known == code).any()] if lowest < 0 else []
    largest = float(known.max())
    while POSITIVE.fullmatch(f"{largest:.15g}"):
        found.append(largest)
        largest = float(known.max(where=known < largest, initial=0.0))
    return found


def _is_one(code: float, count: int, others: NDArray[np.float64]) -> bool:
    """Return True if a number that is written like a code stands among the others as one does."""
    largest = float(np.abs(others).max(initial=0.0))
    is_far = abs(code) >= FAR * largest
    if code < 0:
        is_only_negative = not (others < 0).any()
        return (is_only_negative and (count >= TWICE or code not in SHORT)) or (is_far and code not in SHORT)
    return is_far and len(others) > 0 and (count >= TWICE or code >= CERTAIN)
