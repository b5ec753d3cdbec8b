"""What may be carried to other boundaries: counts, never rates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.errors import ColumnError, CountError, InputError, KeyColumnError, list_some
from quartiersatlas.intake import AreaData, Table
from quartiersatlas.intake.data import checked_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Counts: TypeAlias = "pd.DataFrame | pd.Series[float] | Table | AreaData"

WHOLE = 1e-9  # a count may miss a whole number by this much
RATE_WORDS = re.compile(
    r"(?<![a-z])(rates?|shares?|ratios?|percent\w*|pct|means?|median|average|density|index)(?![a-z])"
    r"|anteil|quote(?![a-z])|(?:en|s|be)rate(?![a-z])|prozent|durchschnitt|mittelwert|dichte|%"
    r"|\b(?:je|per|pro) ?\d|pro kopf|per capita",
    re.IGNORECASE,
)
REPAIR = "Carry its numerator and its denominator, and compute the rate again on the new areas"


def countable(
    values: Counts, counts: Iterable[str] | None, surely_counts: Iterable[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return the counts as floats and their status, on unique text keys, and the columns left out as text.

    Raises
    ------
    ColumnError
        A named column is not there.
    CountError
        A column is a rate or looks like one, or holds text, negative or infinite numbers.
    KeyColumnError
        Keys are doubled or not text.
    InputError
        No column of numbers is left.
    """
    frame, status = _frames(values)
    _check_keys(frame.index)
    chosen = chosen_counts(frame, counts, surely_counts, _known_rates(values))
    left_out = [str(c) for c in frame.columns if c not in chosen] if counts is None else []
    return frame[chosen].astype(float), status[chosen], left_out


def chosen_counts(
    frame: pd.DataFrame, counts: Iterable[str] | None, surely_counts: Iterable[str], known_rates: Mapping[str, str]
) -> list[str]:
    """Return the columns to carry: the named ones, or all with numbers; refuse what is no count."""
    named, surely = None if counts is None else list(counts), list(surely_counts)
    for column in [*(named or []), *surely]:
        if column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns, "The values")
    chosen = [c for c in frame.columns if _is_number(frame[c])] if named is None else named
    if not chosen:
        raise InputError("The values have no column of numbers.")
    for column in chosen:
        if not _plain_counts(frame[column]):
            checked_counts(frame[column])
        reason = known_rates.get(column)
        if reason is None and column not in surely:
            reason = _looks_like_a_rate(frame[column])
        if reason is not None:
            others = [c for c in chosen if c not in known_rates and _looks_like_a_rate(frame[c]) is None]
            raise CountError(
                f"{column!r} {reason}: carried like a count it would be wrong. {REPAIR}. To carry the others: "
                f"counts={others}. A count that only looks like a rate is named in surely_counts=[...]."
            )
    return chosen


def _frames(values: Counts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return values and status; a plain frame's status is read off its values."""
    if isinstance(values, AreaData | Table):
        return values.values, values.status
    name = "count" if isinstance(values, pd.Series) and values.name is None else getattr(values, "name", None)
    frame = pd.DataFrame(values.to_frame(name) if isinstance(values, pd.Series) else values.copy())
    if frame.empty:
        raise InputError("The values have no rows or no columns.")
    twice = frame.columns[frame.columns.duplicated()].unique()
    if len(twice):
        raise ColumnError(f"The values have several columns with one name: {list_some(twice)}. Rename them.")
    for column in frame.columns:
        if _is_number(frame[column]):
            frame[column] = frame[column].to_numpy(dtype=float, na_value=np.nan)
    known = np.where(frame.isna(), "missing", np.where(frame.eq(0), "zero", "value"))
    return frame, pd.DataFrame(known, frame.index, frame.columns)


def _is_number(column: pd.Series) -> bool:
    return is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype)


def _plain_counts(column: pd.Series) -> bool:
    """Tell quickly that nothing is wrong with a column; the check that explains itself takes longer."""
    if not _is_number(column):
        return False
    number = column.to_numpy(dtype=float)
    return bool(((number >= 0) & (number < np.inf)).all())


def _check_keys(keys: pd.Index) -> None:
    others = [key for key in keys if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{len(others)} keys of the values are not text: {list_some(others)}. The area keys must be the index, as "
            f"text: leading zeros matter.",
            map(str, others),
        )
    doubled = keys[keys.duplicated()].unique()
    if len(doubled):
        raise KeyColumnError(
            f"{len(doubled)} keys of the values have more than one row: {list_some(doubled)}. All of them: err.keys",
            doubled,
        )


def _known_rates(values: Counts) -> dict[str, str]:
    """Return the columns that are known not to be counts, with the words for it."""
    if not isinstance(values, AreaData):
        return {}
    catalogue = values.catalogue
    found = {name: "is an indicator of the catalogue" for name in values.values.columns if name in catalogue}
    found |= {name: f"is the rate {one!r} / {other!r}" for name, (one, other) in values.rates.items()}
    return found | {name: f"is the change of {one!r}" for name, (one, _) in values.changes.items()}


def _looks_like_a_rate(column: pd.Series[float]) -> str | None:
    """Return what makes a column look like a rate, if something does."""
    word = RATE_WORDS.search(str(column.name))
    if word:
        return f"is a rate by its name ({word.group(0)!r})"
    number = column.to_numpy(dtype=float)
    if (number == np.rint(number)).all():
        return None
    numbers = column.dropna()
    broken = numbers[(numbers - numbers.round()).abs() > WHOLE * numbers.abs().clip(lower=1)]
    if len(broken):
        shown = ", ".join(f"{key!r}: {value:g}" for key, value in broken.head(3).items())
        return f"holds {len(broken)} numbers that are not whole ({shown})"
    return None
