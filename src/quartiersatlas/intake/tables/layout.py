"""Long tables and years as columns: from the layout of the file to one row per area, or per area and year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, KeyColumnError, NumberError, list_some
from quartiersatlas.intake.tables.year_names import YearColumns, year_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def row_labels(columns: Sequence[NDArray[np.object_]]) -> list[str]:
    """Return the label of each row: the text of one column, or those of several, one after the other."""
    return [" ".join(text.strip() for text in texts) for texts in zip(*columns, strict=True)]


def pivoted(
    values: pd.Series[Any], status: pd.Series[str], labels: Sequence[str], source: str, aggregate: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return one column per label from one row per key and label, and a note; ``"sum"`` adds rows of one label.

    Raises
    ------
    KeyColumnError
        A key has a label in several rows.
    """
    index = pd.MultiIndex.from_arrays([values.index, list(labels)], names=["key", "label"])
    values, status = values.set_axis(index), status.set_axis(index)
    again = index[index.duplicated()]
    added = ""
    if len(again) and aggregate is None:
        key, label = again[0]
        raise KeyColumnError(
            f"{source}: {count_noun(len(again), 'row has', 'rows have')} the key and the label of an earlier row, such "
            f"as {key!r} with {label!r}. Choose one edition with filters={{column: value}}, pivot by several columns, "
            f"or, if the rows are parts of one count, add them with aggregate='sum'.",
            [str(key) for key, _ in again],
        )
    if len(again):
        if not pd.api.types.is_numeric_dtype(values.dtype):
            raise NumberError(f"{source}: aggregate='sum' adds counts, and the values of the table are words.")
        cells = len(again.unique())
        added = f"; {count_noun(cells, 'cell is the sum', 'cells are sums')} of {len(again) + cells:,} rows"
        values, status = summed(values, status)
    keys, names = pd.unique(values.index.get_level_values(0)), list(dict.fromkeys(labels))
    # every key and label is there once, so that nothing is aggregated unseen
    wide = values.unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    states = status.unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    gaps = int(states.isna().to_numpy().sum())
    note = f"pivoted into {count_noun(len(names), 'column')}{added}"
    note += f"; {count_noun(gaps, 'cell has no row and is', 'cells have no row and are')} missing" if gaps else ""
    return wide.rename_axis(columns=None), states.fillna("missing").rename_axis(columns=None), note


def summed(values: pd.Series[Any], status: pd.Series[str]) -> tuple[pd.Series[float], pd.Series[str]]:
    """Add the cells that have the same index; a sum is known where all its parts are.

    With a suppressed part the sum is suppressed, else with a missing one missing; it is a zero where all parts are,
    unreliable, a forecast or provisional where one part is.

    Examples
    --------
    >>> keys = ["01", "01", "02", "02"]
    >>> total, state = summed(pd.Series([4.0, 3.0, 5.0, None], keys), pd.Series(["value"] * 3 + ["suppressed"], keys))
    >>> total.tolist(), state.tolist()
    ([7.0, nan], ['value', 'suppressed'])
    """
    codes, index = pd.factorize(values.index)
    numbers, states = values.to_numpy(dtype=float), status.to_numpy(dtype=object)

    def any_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.bincount(codes, weights=mask, minlength=len(index)) > 0

    total = np.bincount(codes, weights=np.nan_to_num(numbers), minlength=len(index))
    found = np.where(any_of(states != "zero"), "value", "zero").astype(object)
    for weaker in ("provisional", "forecast", "unreliable"):
        found[any_of(states == weaker)] = weaker
    is_unknown = np.isnan(numbers)
    total[any_of(is_unknown)] = np.nan
    found[any_of(is_unknown & (states != "unreliable"))] = "missing"
    found[~any_of(states != "not_applicable")] = "not_applicable"
    found[any_of(states == "suppressed")] = "suppressed"
    if isinstance(values.index, pd.MultiIndex):
        index = pd.MultiIndex.from_tuples(index, names=values.index.names)
    return pd.Series(total, index), pd.Series(found, index, dtype="str")


def units_by_stem(units: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the units of columns after their years became rows: one that all years of a stem have."""
    found = year_columns(names)
    stems = {stem: {units.get(column, "") for column in columns.values()} for stem, columns in found.by_stem.items()}
    kept = {stem: next(iter(several)) for stem, several in stems.items() if len(several) == 1 and "" not in several}
    return {name: unit for name, unit in units.items() if name not in found.dated} | kept


def stacked_years(
    values: pd.DataFrame, status: pd.DataFrame, source: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return one row per key and year, with the year as text in the first column, and notes."""
    found = year_columns(list(values.columns), source)
    if not found.years:
        raise InputError(f"{source} has no columns with a year in their name: {list_some(values.columns, 10)}.")
    _refuse_one_column_per_year(found, source)
    fixed = [name for name in values.columns if name not in found.dated]
    parts, states = [], []
    for year in found.years:
        names = {stem: columns[year] for stem, columns in found.by_stem.items() if year in columns}
        renamed = {old: stem for stem, old in names.items()}
        part = values[[*fixed, *names.values()]].rename(columns=renamed)
        state = status[[*fixed, *names.values()]].rename(columns=renamed)
        part.insert(0, "year", year)
        state.insert(0, "year", "value")
        parts.append(part)
        states.append(state)
    order = ["year", *fixed, *found.by_stem]
    long, long_states = pd.concat(parts)[order], pd.concat(states)[order]
    gaps = int(long_states.isna().to_numpy().sum())
    columns, years = count_noun(len(found.dated), "column"), count_noun(len(found.years), "year")
    note = f"{columns} of {years} became one row per key and year"
    note += f"; {count_noun(gaps, 'cell has no column and is', 'cells have no column and are')} missing" if gaps else ""
    return long, long_states.fillna("missing"), [note, *found.notes]


def _refuse_one_column_per_year(found: YearColumns, source: str) -> None:
    """Refuse years of one column each under different names: it is one series, and no column would be full."""
    if len(found.by_stem) > 1 and len(found.dated) == len(found.years) > 1:
        names = ", ".join(
            f"{column!r} is {stem!r} of {year}"
            for stem, columns in found.by_stem.items()
            for year, column in columns.items()
        )
        raise InputError(
            f"{source}: each year has one column, and their names without the year differ: {names}. One row per key "
            f"and year would leave every column with gaps. Give them one name in the file, or read one year at a "
            f"time: years={_as_option(found.years[0])}."
        )


def _as_option(year: str) -> str:
    return year if year.isdecimal() else repr(year)
