"""Marks that say between which limits a hidden number lies, such as ``<3``, ``0 bis 2`` or ``> 95 %``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    ReadNumber = Callable[[str], float | None]

BOUNDS = ("lower", "upper")
N = r"(?P<{}>[-−]?[0-9][0-9.,'’ \u00a0\u2009\u202f]*?)"
FIRST, LAST = N.format("first"), N.format("last")
UNIT = r"(?:\s*[%‰])?"
LESS = r"(?:<|&lt;|(?:unter|weniger\s+als|kleiner(?:\s+als)?|fewer\s+than|less\s+than|under|below)\s)"
AT_MOST = r"(?:≤|⩽|<=|=<|max\.|(?:bis(?:\s+zu)?|höchstens|maximal|max|up\s+to|at\s+most|no\s+more\s+than)\s)"
MORE = r"(?:>|&gt;|(?:über|mehr\s+als|more\s+than|over|above)\s)"
AT_LEAST = r"(?:≥|⩾|>=|=>|mind\.|(?:mindestens|at\s+least|ab)\s)"
OR_LESS = r"(?:oder|und)\s+weniger|or\s+(?:less|fewer)|and\s+(?:under|below)"
AND_MORE = r"und\s+mehr|u\.\s?m\.|oder\s+mehr|or\s+more|and\s+(?:more|over)|\+"
# pattern, whether the upper limit is itself excluded, whether the lower one is
SHAPES = tuple(
    (re.compile(pattern, re.IGNORECASE), below, above)
    for pattern, below, above in (
        (rf"{LESS}\s*{LAST}{UNIT}", True, False),
        (rf"{AT_MOST}\s*{LAST}{UNIT}", False, False),
        (rf"{FIRST}\s*(?:bis\s+unter|to\s+under|to\s+below)\s*{LAST}{UNIT}", True, False),
        (rf"(?:zwischen|zw\.|between)\s*{FIRST}\s*(?:und|and)\s*{LAST}{UNIT}", False, False),
        (rf"{LAST}{UNIT}\s+(?:{OR_LESS})", False, False),
        (rf"{FIRST}\s*(?:bis|to|oder|or)\s*{LAST}{UNIT}", False, False),
        (rf"{AT_LEAST}\s*{FIRST}{UNIT}", False, False),
        (rf"{MORE}\s*{FIRST}{UNIT}", False, True),
        (rf"{FIRST}{UNIT}\s*(?:{AND_MORE})", False, False),
    )
)
# how a mark with limits can begin; other texts are not compared with every shape
BEGINS = re.compile(
    r"[-−0-9<>≤⩽≥⩾=&]|unter|weniger|kleiner|fewer|less|under|below|max|bis|höchstens|up\s|at\s|no\s|über|mehr|more|over"
    r"|above|mind|ab\s|zw|between",
    re.IGNORECASE,
)
HYPHENED = re.compile(r"(?P<first>[01])\s?[-–]\s?(?P<last>[1-9]|10)")
LONGEST = 60  # letters of a mark
BRACKETS = {"(": ")", "[": "]"}


class Range(NamedTuple):
    """What a mark says of the number it hides.

    ``lower`` and ``upper`` are as written; ``below`` and ``above`` say that they are themselves excluded, as in ``<3``.
    A limit that is not named is NaN.
    """

    lower: float
    upper: float
    below: bool = False
    above: bool = False

    def closed(self, *, whole: bool, least: float) -> Range:
        """Return the limits with both ends included; below ``least`` lies no number of the column.

        In a column of whole numbers ``<3`` ends at 2; elsewhere it ends at 3, as a number may come near to it.
        """
        lower = self.lower + 1 if self.above and whole else self.lower
        upper = self.upper - 1 if self.below and whole else self.upper
        lower = (least if upper >= least else -math.inf) if math.isnan(lower) else lower
        return Range(lower, math.inf if math.isnan(upper) else upper)

    def __str__(self) -> str:
        if math.isinf(self.upper):
            return f"{self.lower:.15g} or more" if math.isfinite(self.lower) else "no bounds"
        return f"{self.lower:.15g} to {self.upper:.15g}" if math.isfinite(self.lower) else f"{self.upper:.15g} or less"


def read_range(text: str, number: ReadNumber) -> Range | None:
    """Read a cell that names limits instead of a number; None for any other.

    Parameters
    ----------
    text : str
        The cell, without blanks around it.
    number : callable
        Reads a number as the file writes them; None where the text is none.

    Examples
    --------
    >>> read_range("0 bis 2", float)
    Range(lower=0.0, upper=2.0, below=False, above=False)
    >>> read_range("< 5", float).closed(whole=True, least=0)
    Range(lower=0, upper=4.0, below=False, above=False)
    >>> read_range("Altstadt", float) is None
    True
    """
    if not text or len(text) > LONGEST:
        return None
    if text[0] in BRACKETS and text.endswith(BRACKETS[text[0]]):
        text = text[1:-1].strip()
    if not BEGINS.match(text):
        return None
    for shape, below, above in SHAPES:
        if found := shape.fullmatch(text):
            return _of_parts(found.groupdict(), number, below=below, above=above)
    return None


def _of_parts(parts: dict[str, str | None], number: ReadNumber, *, below: bool, above: bool) -> Range | None:
    first, last = (
        math.nan if part is None else number(part.strip()) for part in (parts.get("first"), parts.get("last"))
    )
    if first is None or last is None or first > last:
        return None
    return Range(first, last, below, above)


def hyphened(text: str) -> Range | None:
    """Read ``1-4`` as limits; None for anything that may be a date, a class or a code by its size.

    Only the caller, who sees the whole column, can tell it from the first of April.
    """
    found = HYPHENED.fullmatch(text)
    if found is None or int(found["first"]) >= int(found["last"]):
        return None
    return Range(float(found["first"]), float(found["last"]))


GAPS = re.compile(
    r"k\.?\s?a\.?|keine? angaben?|n\.?\s?v\.?|nicht verfügbar|fehlt|unbekannt|not available|unknown|missing|n/a|na|nan"
    r"|null|none|nil|#nv|#n/a|\.\.",
    re.IGNORECASE,
)
SECRETS = re.compile(
    r"geheim|anonym|gesperrt|vertraulich|zu klein|suppress|confid|secret|too (?:small|few)", re.IGNORECASE
)
LIMIT = re.compile(
    r"[<>≤≥⩽⩾]|\b(?:unter|über|bis|weniger|less|fewer|more|under|over|moins|plus de|menos|meno di|mniej|poniżej|færre|"
    r"mindre|färre|minder|méně|az|altında)\b",
    re.IGNORECASE,
)


def advice_for(text: str, column: str) -> str:
    """Return what to do about a cell that is neither a number nor a known mark.

    A mark that hides a number is never called missing, and no number is thrown away.

    Examples
    --------
    >>> advice_for("1-4", "cases")
    "If it hides a number, name its limits: symbols={'1-4': ('suppressed', 1, 4)}; if not, correct the file"
    >>> advice_for("k.A.", "cases")
    "Correct the file, or name the symbols: symbols={'k.A.': 'missing'}"
    """
    limits = hyphened(text)
    if limits is not None:
        named = f"symbols={{{text!r}: ('suppressed', {limits.lower:g}, {limits.upper:g})}}"
        return f"If it hides a number, name its limits: {named}; if not, correct the file"
    if LIMIT.search(text):
        return (
            f"If it hides a number, name it, with its limits where they are known: symbols={{{text!r}: 'suppressed'}}"
        )
    if any(letter.isdigit() for letter in text):
        return f"Correct the file, or read the column as text with text=[{column!r}]"
    if GAPS.fullmatch(text):
        return f"Correct the file, or name the symbols: symbols={{{text!r}: 'missing'}}"
    if SECRETS.search(text):
        return f"Correct the file, or name the symbols: symbols={{{text!r}: 'suppressed'}}"
    return (
        f"Correct the file, or name the symbols: symbols={{{text!r}: 'suppressed'}} if a number is hidden there, "
        f"symbols={{{text!r}: 'missing'}} if nobody has one"
    )


def no_bounds() -> pd.DataFrame:
    """Return the frame of bounds of a table in which no mark has any."""
    index = pd.MultiIndex.from_arrays([pd.Index([], dtype=object), pd.Index([], dtype=object)], names=["key", "column"])
    return pd.DataFrame({name: pd.Series([], dtype=float) for name in BOUNDS}).set_axis(index)


def bounds_frame(lower: pd.DataFrame, upper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cell with bounds, in the order of the columns and then of the rows.

    Parameters
    ----------
    lower, upper : DataFrame
        On the keys, NaN where a cell has no bounds.

    Returns
    -------
    DataFrame
        On (key, column): lower and upper, both included; -inf or inf where the mark leaves an end open.
    """
    keys, columns, limits = [], [], []
    for position, name in enumerate(lower.columns):
        least, most = lower.iloc[:, position], upper.iloc[:, position]
        where = np.flatnonzero(least.notna())
        if len(where):
            keys += lower.index[where].tolist()
            columns += [name] * len(where)
            limits.append(np.column_stack([least.to_numpy()[where], most.to_numpy()[where]]).astype(float))
    if not keys:
        return no_bounds()
    index = pd.MultiIndex.from_arrays(
        [pd.Index(keys, dtype=object), pd.Index(columns, dtype=object)], names=["key", "column"]
    )
    return pd.DataFrame(np.vstack(limits), columns=list(BOUNDS), index=index)


def joined_bounds(
    earlier: pd.DataFrame, bounds: pd.DataFrame, after: Mapping[str, str], areas: pd.Index, columns: Iterable[str]
) -> pd.DataFrame:
    """Return earlier bounds and those of a table that is joined to the areas, in the areas' order.

    Parameters
    ----------
    earlier, bounds : DataFrame
        On (key, column).
    after : mapping of str to str
        Key in the table -> key of the area.
    areas : Index
        The keys of the areas; other rows are not taken along.
    columns : list of str
        The columns that are taken along.
    """
    keys = [after.get(key, key) for key in bounds.index.get_level_values("key")]
    names = bounds.index.get_level_values("column")
    position, order = ({label: n for n, label in enumerate(labels)} for labels in (areas, columns))
    rows = sorted(
        (order[name], position[key], n)
        for n, (key, name) in enumerate(zip(keys, names, strict=True))
        if key in position
    )
    if not rows:
        return earlier
    kept = [n for *_, n in rows]
    index = pd.MultiIndex.from_arrays([pd.Index(keys, dtype=object)[kept], names[kept]], names=["key", "column"])
    fresh = bounds.iloc[kept].set_axis(index)
    return pd.concat([earlier, fresh]) if len(earlier) else fresh


def arrays_of(
    ranges: list[Range | None], codes: NDArray[np.int64], where: NDArray[np.int64], n: int
) -> NDArray[np.float64]:
    """Return lower and upper limits of a column of ``n`` cells, whose cells ``where`` have the ranges of ``codes``."""
    limits = np.full((2, n), np.nan)
    distinct = np.array([(np.nan, np.nan) if one is None else (one.lower, one.upper) for one in ranges], dtype=float)
    limits[:, where] = distinct[codes].T
    return limits
