"""Long tables, years as columns, area levels in one column: from the layout of the file to one row per area."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.tables.headers import find_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.cells import Cells

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
VALUE = "value"


@dataclass(frozen=True)
class YearColumns:
    """Columns with a year in their name: stem -> year -> column."""

    by_stem: Mapping[str, Mapping[str, str]]

    @property
    def years(self) -> list[str]:
        """All years, in order."""
        return sorted({year for columns in self.by_stem.values() for year in columns})


def selected_rows(
    columns: Mapping[str, Cells],
    keys: NDArray[np.object_],
    filters: Mapping[str, object] | None,
    key_pattern: int | str | None,
    source: str,
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which rows are wanted, and a note for each reason that sets rows aside.

    Raises
    ------
    InputError
        No row is left; the message lists what there is.
    """
    keep, notes = np.ones(len(keys), bool), []
    for column, wanted in (filters or {}).items():
        name = find_column(column, list(columns), source)
        texts = np.array([text.strip() for text in columns[name].texts()], dtype=object)
        values = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]
        fits = np.isin(texts, np.array([str(value) for value in values], dtype=object))
        if not (keep & fits).any():
            known = list_some(pd.unique(texts[keep]), 10)
            raise InputError(f"{source}: no row has {name!r} = {wanted!r}. There are {known}.")
        notes.append(f"filter {name} = {wanted}: {count_noun(int((keep & ~fits).sum()), 'row')} set aside")
        keep &= fits
    if key_pattern is not None:
        fits = _matching_keys(keys, key_pattern)
        if not (keep & fits).any():
            raise InputError(
                f"{source}: no key fits key_pattern={key_pattern!r}; there are {list_some(pd.unique(keys[keep]), 10)}."
            )
        aside = pd.unique(keys[keep & ~fits])
        rows, others = (
            count_noun(n, f"{what}") for n, what in ((int((keep & ~fits).sum()), "row"), (len(aside), "other key"))
        )
        notes.append(f"key pattern {key_pattern}: {rows} of {others} set aside ({list_some(aside)})")
        keep &= fits
    return keep, notes


def _matching_keys(keys: NDArray[np.object_], key_pattern: int | str) -> NDArray[np.bool_]:
    if isinstance(key_pattern, int):
        return np.array([len(key) == key_pattern for key in keys], dtype=bool)
    try:
        pattern = re.compile(key_pattern)
    except re.error as error:
        raise SpecError(
            f"key_pattern={key_pattern!r} is neither a number of characters nor a regular expression: {error}."
        ) from error
    return np.array([pattern.fullmatch(key) is not None for key in keys], dtype=bool)


def row_labels(columns: Sequence[NDArray[np.object_]]) -> list[str]:
    """Return the label of each row: the text of one column, or those of several, one after the other."""
    return [" ".join(text.strip() for text in texts) for texts in zip(*columns, strict=True)]


def pivoted(
    values: pd.Series[Any], status: pd.Series[str], labels: Sequence[str], source: str
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return one column per label from one row per key and label, and a note.

    Raises
    ------
    KeyColumnError
        A key has a label in several rows.
    """
    index = pd.MultiIndex.from_arrays([values.index, list(labels)], names=["key", "label"])
    again = index[index.duplicated()]
    if len(again):
        key, label = again[0]
        raise KeyColumnError(
            f"{source}: {count_noun(len(again), 'row has', 'rows have')} the key and the label of an earlier row, such "
            f"as {key!r} with {label!r}. Choose one edition with filters={{column: value}}, or pivot by several "
            f"columns.",
            [str(key) for key, _ in again],
        )
    keys, names = values.index.unique(), list(dict.fromkeys(labels))
    # every key and label is there once, so that nothing is aggregated
    wide = values.set_axis(index).unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    states = status.set_axis(index).unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    gaps = int(states.isna().to_numpy().sum())
    note = f"pivoted into {count_noun(len(names), 'column')}"
    note += f"; {count_noun(gaps, 'cell has no row and is', 'cells have no row and are')} missing" if gaps else ""
    return wide.rename_axis(columns=None), states.fillna("missing").rename_axis(columns=None), note


def year_columns(names: Sequence[str]) -> YearColumns:
    """Find the columns that have one year in their name; a name that is the year alone has the stem ``value``."""
    stems: dict[str, dict[str, str]] = {}
    for name in names:
        found = YEAR.findall(name)
        if len(found) == 1:
            stem = re.sub(r"\s+", " ", YEAR.sub(" ", name)).strip(" -_/,:()") or VALUE
            stems.setdefault(stem, {})[found[0]] = name
    return YearColumns(stems)


def of_year(names: Sequence[str], year: int, source: str) -> tuple[dict[str, str], str]:
    """Return name without year -> column of the file, for one year and for the columns without any, and a note."""
    found = year_columns(names)
    if str(year) not in found.years:
        raise InputError(f"{source} has no column of {year}; there are {list_some(found.years, 30)}.")
    dated = {column for columns in found.by_stem.values() for column in columns.values()}
    stems = {columns[str(year)]: stem for stem, columns in found.by_stem.items() if str(year) in columns}
    named = {stems.get(name, name): name for name in names if name in stems or name not in dated}
    return named, f"year {year}: {count_noun(len(dated) - len(stems), 'column')} of other years left out"


def units_by_stem(units: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the units of columns after their years became rows: one that all years of a stem have."""
    found = year_columns(names)
    dated = {column for columns in found.by_stem.values() for column in columns.values()}
    stems = {stem: {units.get(column, "") for column in columns.values()} for stem, columns in found.by_stem.items()}
    kept = {stem: next(iter(several)) for stem, several in stems.items() if len(several) == 1 and "" not in several}
    return {name: unit for name, unit in units.items() if name not in dated} | kept


def stacked_years(values: pd.DataFrame, status: pd.DataFrame, source: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return one row per key and year, with the year as text in the first column, and a note."""
    found = year_columns(list(values.columns))
    if not found.years:
        raise InputError(f"{source} has no columns with a year in their name: {list_some(values.columns, 10)}.")
    dated = {column for columns in found.by_stem.values() for column in columns.values()}
    fixed = [name for name in values.columns if name not in dated]
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
    columns, years = count_noun(len(dated), "column"), count_noun(len(found.years), "year")
    note = f"{columns} of {years} became one row per key and year"
    note += f"; {count_noun(gaps, 'cell has no column and is', 'cells have no column and are')} missing" if gaps else ""
    return long, long_states.fillna("missing"), note
