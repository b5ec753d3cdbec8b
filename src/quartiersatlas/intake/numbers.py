"""Strict reading of numbers as cities write them: decimal comma, grouped thousands, marks instead of values.

A column is decided as a whole, never cell by cell: it is numeric, or it is text, or it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.errors import SHOWN, NumberError, list_some

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.intake.symbols import Status

Decimal = Literal[",", "."]

BLANKS = " \u00a0\u2009\u202f"
NUMERIC_SHARE = 0.5  # a column with at least this share of numbers is meant to be numeric
LEADING_ZERO = re.compile(r"0\d+")


@dataclass(frozen=True)
class Column:
    """One column as read: values, their status, and the cells that were not plain numbers."""

    values: pd.Series[float] | pd.Series[str]
    status: pd.Series[str]
    is_number: bool


def number_pattern(decimal: Decimal) -> re.Pattern[str]:
    """Return the pattern of a number: sign, digits (grouped by threes or not), decimals."""
    group = "." if decimal == "," else ","
    separators = rf"[{re.escape(group)}{BLANKS}'’]"
    exponent = r"(?:[eE][-+]?\d+)?" if decimal == "." else ""
    return re.compile(rf"[-+−]?(?:\d+|[1-9]\d{{0,2}}(?:{separators}\d{{3}})+)?(?:{re.escape(decimal)}\d+)?{exponent}")


def parse_numbers(cells: pd.Series[str], decimal: Decimal) -> pd.Series[float]:
    """Return the numbers of the cells; NaN where a cell is not strictly a number.

    Examples
    --------
    >>> parse_numbers(pd.Series(["1.234,5", "- 23", "18.21", "12 %"]), ",").tolist()
    [1234.5, -23.0, nan, nan]
    """
    compact = cells.str.replace(rf"^([-+−])[{BLANKS}]+", r"\1", regex=True)
    is_number = compact.str.fullmatch(number_pattern(decimal)) & compact.str.contains(r"\d", regex=True)
    group = "." if decimal == "," else ","
    plain = compact.where(is_number).str.replace(rf"[{re.escape(group)}{BLANKS}'’]", "", regex=True)
    return plain.str.replace("−", "-").str.replace(decimal, ".").astype(float)


def read_column(
    name: str,
    cells: pd.Series[str],
    decimal: Decimal,
    symbols: Mapping[str, Status],
    *,
    as_text: bool = False,
) -> Column:
    """Read one column of text cells as numbers with status, or leave it text.

    Raises
    ------
    NumberError
        Most cells are numbers and some are neither numbers nor known symbols.
    """
    cells = cells.str.strip(BLANKS + "\t\r\n")
    if as_text or _is_text(cells, decimal, symbols):
        return Column(cells, _text_status(cells), is_number=False)
    numbers = parse_numbers(cells.where(~cells.isin(list(symbols)), ""), decimal)
    marks = cells.map(symbols)
    unknown = numbers.isna() & marks.isna()
    if unknown.any():
        raise _unknown_cells(name, cells[unknown], decimal)
    numbers = numbers.mask(marks.eq("zero"), 0.0)
    plain = pd.Series(np.where(numbers.eq(0), "zero", "value"), cells.index)
    status = plain.mask(marks.notna(), marks)
    return Column(numbers, status.astype(str), is_number=True)


def _is_text(cells: pd.Series[str], decimal: Decimal, symbols: Mapping[str, Status]) -> bool:
    """Tell whether a column holds words or codes: leading zeros, or hardly any number."""
    written = cells[~cells.isin(list(symbols))]
    if written.empty:
        return bool((cells == "").all())
    if written.str.fullmatch(LEADING_ZERO).any():
        return True
    return bool(parse_numbers(written, decimal).notna().mean() < NUMERIC_SHARE)


def _text_status(cells: pd.Series[str]) -> pd.Series[str]:
    return pd.Series(np.where(cells == "", "missing", "value"), index=cells.index, dtype=object).astype(str)


def _unknown_cells(name: str, cells: pd.Series[str], decimal: Decimal) -> NumberError:
    problems = pd.DataFrame({"row": cells.index, "column": name, "raw": cells.to_numpy()})
    shown = ", ".join(f"{raw!r} in line {row}" for row, raw in cells.head(SHOWN).items())
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return NumberError(
        f"{len(cells)} cells of column {name!r} are not numbers: {shown}{more}. "
        f"The decimal mark is {decimal!r}. Correct the file, or name the marks: "
        f"symbols={{{cells.iloc[0]!r}: 'missing'}}. All of them: err.problems",
        problems,
    )


def decide_decimal(columns: Mapping[str, pd.Series[str]], delimiter: str) -> Decimal:
    """Decide the decimal mark of a file from all its cells.

    Raises
    ------
    NumberError
        Cells such as ``18.217`` may be thousands or decimals and nothing in the file tells which.
    """
    if delimiter == ",":
        return "."
    cells = pd.concat([column.str.strip(BLANKS) for column in columns.values()])
    cells = cells[cells.str.contains("[.,]", regex=True)]
    with_comma, with_point = parse_numbers(cells, ",").notna(), parse_numbers(cells, ".").notna()
    if (with_comma & ~with_point).any():
        return ","
    either = cells[with_comma & with_point]
    if len(either) and not (with_point & ~with_comma).any():
        raise NumberError(
            f"{len(either)} cells such as {list_some(either, 3)} may be thousands or decimals, and no other cell of "
            f"the file tells which. Pass decimal=',' (18.217 is eighteen thousand, 18,217 is eighteen) or "
            f"decimal='.' (18.217 is eighteen, 18,217 is eighteen thousand)."
        )
    return "."
