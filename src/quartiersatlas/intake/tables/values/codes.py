"""Symbols instead of numbers or beside them, and numbers that look like codes for missing values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SHOWN, NumberError, SpecError, list_some
from quartiersatlas.intake.cells.layouts import census_layouts
from quartiersatlas.intake.tables.values.marks import BOUNDS, bounds_frame, no_bounds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

Status = Literal["value", "zero", "suppressed", "missing", "not_applicable", "unreliable", "provisional"]

# a status, or a status with the lower and the upper limit of the number that is hidden
Meaning = str | tuple[str, float | None, float | None]

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
    bounds : dict
        Symbols instead of a number -> lower and upper limit of the number they hide, both included.
    """

    instead: Mapping[str, Status]
    beside: Mapping[str, Status] = field(default_factory=dict)
    zero: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)


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
# the same letters in brackets, and two of offices that write in English: estimated, uncertain
_IN_BRACKETS: dict[str, Status] = {
    **{
        f"{bracket[0]}{letter}{bracket[1]}": status
        for letter, status in _DIN_BESIDE.items()
        for bracket in ("()", "[]")
    },
    "[e]": "unreliable",
    "[u]": "unreliable",
}
_LESS_THAN_HALF = "more than nothing and less than half a unit"

PROFILES: dict[str, SymbolProfile] = {
    "din55301": SymbolProfile(_DIN_INSTEAD, _DIN_BESIDE, _LESS_THAN_HALF),
    "auto": SymbolProfile(
        {
            **_DIN_INSTEAD,
            **dict.fromkeys(("*", "(*)", "[*]", "(.)", "•", "[c]", "(c)", "[C]", "(C)", "c", "C"), "suppressed"),
            **dict.fromkeys(("NA", "NaN", "nan"), "missing"),
        },
        {**_DIN_BESIDE, **_IN_BRACKETS},
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


def symbol_profile(symbols: str | Mapping[str, Meaning]) -> SymbolProfile:
    """Return the profile of a name, or own symbols on top of ``"auto"``.

    Own symbols are mark -> status, or mark -> (status, lower, upper) for a mark that hides a number between limits.
    """
    if isinstance(symbols, str):
        grids = {name: SymbolProfile(layout.symbols) for name, layout in census_layouts().items()}  # type: ignore[arg-type]
        profiles = PROFILES | grids
        if symbols not in profiles:
            raise SpecError(f"symbols must be one of {', '.join(map(repr, profiles))}, or a dict, not {symbols!r}.")
        return profiles[symbols]
    stated = {str(symbol).strip(): status for symbol, status in symbols.items()}
    bounds = {symbol: _stated_bounds(symbol, said) for symbol, said in stated.items() if isinstance(said, list | tuple)}
    own = {symbol: said[0] if isinstance(said, list | tuple) else said for symbol, said in stated.items()}
    unknown = sorted({str(status) for status in own.values()} - set(STATUSES))
    if unknown:
        raise SpecError(f"symbols: {unknown[0]!r} is not a status: it must be one of {', '.join(STATUSES)}.")
    no_number = [symbol for symbol, status in own.items() if status == "value" and not _has_digit(symbol)]
    if no_number:
        raise SpecError(f"symbols: {no_number[0]!r} stands instead of a number: its status cannot be 'value'.")
    auto = PROFILES["auto"]
    return SymbolProfile({**auto.instead, **own}, auto.beside, "", bounds)  # type: ignore[dict-item]


def _stated_bounds(symbol: str, said: Sequence[object]) -> tuple[float, float]:
    """Return the limits that the caller states for a mark; None leaves an end open."""
    how = f"symbols={{{symbol!r}: ('suppressed', 1, 4)}}"
    if len(said) != 3 or said[0] != "suppressed":  # noqa: PLR2004 - status, lower, upper
        raise SpecError(f"symbols: limits belong to a suppressed number: {how}, not {tuple(said)!r}.")
    ends = []
    for limit, is_open in zip(said[1:], (-math.inf, math.inf), strict=True):
        if isinstance(limit, bool) or not isinstance(limit, int | float | None):
            raise SpecError(f"symbols: the limits of {symbol!r} must be numbers, not {limit!r}: {how}.")
        ends.append(is_open if limit is None else float(limit))
    lower, upper = ends
    if not lower <= upper:
        raise SpecError(f"symbols: the limits of {symbol!r} are exchanged: {how}.")
    return lower, upper


def _has_digit(symbol: str) -> bool:
    return any(char.isdigit() for char in symbol)


SHORT = (-1.0, -9.0)  # so short that only their being repeated, and the only negative numbers, tells
# the ends of the whole numbers that 8 (unsigned), 16, 32 and 64 bits hold: cells that were never filled
LIMITS = frozenset(
    [255.0, 32767.0, -32768.0, 65535.0, 2.0**31 - 1, -(2.0**31 - 1), -(2.0**31), 2.0**32 - 1, 2.0**63, -(2.0**63)]
)
BEYOND = 1e30  # no statistic is as large: the ends of the decimal numbers, such as -3.4028234663852886e+38
REPEATED = re.compile(r"([7-9])\1+|([1-6])\2{5,}|99+\.9+")  # one digit throughout: 99, 888888, 222222222, 99.9
LESS_SURE = re.compile(r"99+[678]|([1-6])\1{2,4}")  # 997 and 998 are other answers beside 999; -5555
FAR = 10  # a code has at least a digit more than the largest other value: 999 beside 100, but not beside 101
FAR_LIMIT = 2  # the ends of whole numbers are too particular to be come upon by chance
CERTAIN = 1e5  # a positive code of this size, far from all others, is one even if it is there once
CERTAIN_LIMIT = 32767.0
TWICE = 2
NAMED = 3  # codes that a message writes out


def codes_among(known: NDArray[np.float64], named: Collection[float] = ()) -> list[float]:
    """Return the numbers of a column that look like codes for missing values: the one place that decides it.

    Parameters
    ----------
    known : array of float
        The column without its gaps.
    named : collection of float
        Numbers whose meaning is known, as codes or as true values.

    Notes
    -----
    Looked at are numbers of one digit throughout (-99, 999, -666666666), their like (998), and the ends of the
    numbers that a computer holds (-32768, 2147483647, -3.4e38). They are codes where they are far from all other
    numbers, or the only negative ones; those that may be true, such as 999 or -5555, only where they are repeated. -1
    and -9 are codes where they are repeated and the only negative numbers: beside others they are values of a balance.

    Examples
    --------
    >>> codes_among(np.array([12.0, -666666666, 7, 35000]))
    [-666666666.0]
    >>> codes_among(np.array([12.0, -1, -1, -3, -12]))
    []
    """
    finite = np.isfinite(known)
    known = known if finite.all() else known[finite]
    candidates = [code for code in _candidates(known) if code not in named]
    others = known[~np.isin(known, candidates)] if candidates else known
    return [code for code in candidates if _is_one(code, known, others, candidates)]


def code_text(code: float) -> str:
    """Write a code with all digits that it takes to read it again."""
    text = f"{code:.15g}"
    return text if float(text) == code else repr(float(code))


def _is_written_like_one(value: float) -> bool:
    """Return True if a number is written like a code, wherever it stands."""
    if abs(value) >= BEYOND or value in LIMITS or value in SHORT:
        return True
    digits = f"{abs(value):.15g}"
    if LESS_SURE.fullmatch(digits):
        return value < 0 or value > 1000 or digits[0] == "9"  # noqa: PLR2004 - 111 persons are a count like any other
    least = 2 if value < 0 else 3
    return REPEATED.fullmatch(digits) is not None and len(digits) >= least and (value < 0 or "." not in digits)


def _candidates(known: NDArray[np.float64]) -> list[float]:
    """Return the values that are written like a code: any negative one, and the largest ones."""
    if not len(known):
        return []
    found = []
    if known.min() < 0:
        negative = np.unique(known[known < 0])[::-1]
        # what is not whole is no code, but for -99.9 and the like
        likely = (negative == np.rint(negative)) | (np.abs(negative % 1 - 0.1) < 0.1)  # noqa: PLR2004 - .9 of a negative number
        found += [float(value) for value in negative[likely] if _is_written_like_one(value)]
    largest = float(known.max())
    if largest > 0 and _is_written_like_one(largest):
        below = known[known > 0]
        while len(below) and _is_written_like_one(largest := float(below.max())):
            found.append(largest)
            below = below[below < largest]
    return found


def _is_one(code: float, known: NDArray[np.float64], others: NDArray[np.float64], candidates: list[float]) -> bool:
    """Return True if a number that is written like a code stands among the others as one does."""
    if abs(code) >= BEYOND:
        return True
    largest = float(np.abs(others).max(initial=0.0))
    is_far = abs(code) >= FAR_LIMIT * largest if code in LIMITS else abs(code) + 1 >= FAR * largest
    count = int((known == code).sum())
    alike = [other for other in candidates if len(code_text(other)) == len(code_text(code))]
    is_repeated = int(np.isin(known, alike).sum()) >= TWICE
    is_sure = LESS_SURE.fullmatch(code_text(abs(code))) is None
    if code < 0:
        is_only_negative = not (others < 0).any()
        if code in SHORT:
            return is_only_negative and count >= TWICE
        return (is_far or is_only_negative) if is_sure else (is_far and is_repeated)
    is_certain = is_sure and (code >= CERTAIN or (code in LIMITS and code >= CERTAIN_LIMIT))
    return is_far and len(others) > 0 and (is_repeated or is_certain)


def refuse_sentinels(name: str, values: NDArray[np.float64], rows: NDArray[Any], named: Iterable[float]) -> None:
    """Refuse a column in which codes for missing values stand among the numbers; see :func:`codes_among`.

    The codes that a caller has named, as a symbol or as a true value, are not looked for.

    Raises
    ------
    NumberError
        The message names the codes, how often they stand there, and the repair.
    """
    _refuse_codes(name, values, rows, named, ("line", "lines"), "symbols={{{}}}")


def _refuse_codes(
    name: str,
    values: NDArray[np.float64],
    rows: NDArray[Any],
    named: Iterable[float],
    place: tuple[str, str],
    repair: str,
) -> None:
    found = codes_among(values, list(named))
    if not found:
        return
    where = np.flatnonzero(np.isin(values, found))
    times = [f"{code_text(code)} ({count_noun(int((values == code).sum()), 'time')})" for code in found[:NAMED]]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    lines = ", ".join(str(row) for row in rows[where][:SHOWN])
    problems = pd.DataFrame({"row": rows[where], "column": name, "raw": [code_text(value) for value in values[where]]})
    symbols = ", ".join(f"'{code_text(code)}': 'missing'" for code in found)
    raise NumberError(
        f"Column {name!r} has {' and '.join(times)}{more} among its numbers, first in {place[len(where) > 1]} "
        f"{lines}: it looks like a code for a missing "
        f"value. Name it: {repair.format(symbols)} (or 'suppressed', 'not_applicable'; 'value' if it is a true "
        f"number). All of them: err.problems",
        problems,
    )


def named_in_frame(
    values: pd.DataFrame, symbols: Mapping[str, Meaning] | None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return a frame's numbers, status and bounds; codes for missing values are read as named, and refused otherwise.

    Parameters
    ----------
    values : DataFrame
        On the district keys, as a caller brought it.
    symbols : mapping of str to str, optional
        Number -> status, as in :func:`read_table`.

    Raises
    ------
    NumberError
        A column has codes that were not named.
    SpecError
        A symbol is no number, or its status is none.
    """
    meaning = {_number_of(str(mark).strip()): str(mark).strip() for mark in symbols or {}}
    numeric = [n for n, kind in enumerate(values.dtypes) if is_numeric_dtype(kind) and not is_bool_dtype(kind)]
    numbers = {n: values.iloc[:, n].to_numpy(dtype=float) for n in numeric}
    for n, column in numbers.items():
        name, keys = str(values.columns[n]), values.index.to_numpy()
        _refuse_infinite(name, column, keys, meaning)
        _refuse_codes(name, column, keys, meaning, ("row", "rows"), "join(..., symbols={{{}}})")
    status = status_of_values(values)
    if not symbols:
        return values, status, no_bounds()
    marks, values = symbol_profile(symbols), values.copy()
    limits = [pd.DataFrame(np.nan, values.index, values.columns) for _ in BOUNDS]
    for n, column in numbers.items():
        for code, mark in meaning.items():
            where, state = np.flatnonzero(column == code), marks.instead[mark]
            if state == "value" or not len(where):
                continue
            status.iloc[where, n] = state
            for limit, end in zip(limits, marks.bounds.get(mark, (np.nan, np.nan)), strict=True):
                limit.iloc[where, n] = end
            values.isetitem(
                n, np.where(values.iloc[:, n] == code, 0.0 if state == "zero" else np.nan, values.iloc[:, n])
            )
    return values, status, bounds_frame(*limits)


def _refuse_infinite(name: str, column: NDArray[np.float64], keys: NDArray[Any], named: Mapping[float, str]) -> None:
    """Refuse numbers without an end, which a division by zero leaves; a file has none either."""
    endless = [value for value in (np.inf, -np.inf) if (column == value).any() and value not in named]
    if not endless:
        return
    at = [str(key) for key in keys[np.isin(column, endless)]]
    marks = ", ".join(f"{str(value)!r}: 'missing'" for value in endless)
    raise NumberError(
        f"Column {name!r} has {count_noun(len(at), 'infinite number')}, in {'row' if len(at) == 1 else 'rows'} "
        f"{list_some(at)}: something was probably divided by zero. Correct the column, or call them missing: "
        f"join(..., symbols={{{marks}}})."
    )


def _number_of(mark: str) -> float:
    try:
        return float(mark)
    except ValueError as error:
        raise SpecError(f"symbols: {mark!r} is no number; in a frame only numbers can be symbols.") from error


def status_of_values(values: pd.DataFrame) -> pd.DataFrame:
    """Read the status off values that bring none: missing, zero or value."""
    known = np.where(values.isna(), "missing", np.where(values.eq(0), "zero", "value"))
    return pd.DataFrame(known, values.index, values.columns)


def suspected_codes(values: pd.Series[Any]) -> pd.Series[float]:
    """Return the values that look like codes for missing values, in a frame whose origin is not known.

    They are the codes that :func:`read_table` refuses, but for a repeated -1 or -9: that may be a small loss, and who
    passes a frame to be computed cannot name it as a true value.

    Examples
    --------
    >>> suspected_codes(pd.Series({"01": 12.5, "02": -888, "03": 7})).to_dict()
    {'02': -888.0}
    """
    numbers = values.astype(float)
    return numbers[numbers.isin(codes_among(np.asarray(numbers.dropna(), dtype=np.float64), SHORT))]


def written_like_codes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which numbers are written like a code: they say nothing about how the others are written."""
    distinct, codes = np.unique(values, return_inverse=True)
    like = np.array([_is_written_like_one(value) for value in distinct], dtype=bool)
    return like[codes] if len(like) else np.zeros(0, bool)


def is_code(value: float) -> bool:
    """Return True if a number is written like a code that no share can be: -9999, 999, but not -1 or -9.

    Examples
    --------
    >>> is_code(-9999.0), is_code(999), is_code(-1.0)
    (True, True, False)
    """
    return value not in SHORT and _is_written_like_one(value)
