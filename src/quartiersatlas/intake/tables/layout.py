"""Long tables, years as columns, area levels in one column: from the layout of the file to one row per area."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

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
    level: int | str | None,
    source: str,
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which rows are wanted, and a note for each reason that sets rows aside.

    Raises
    ------
    InputError
        No row is left; the message lists what there is.
    """
    keep, notes = np.ones(len(keys), bool), []
    for asked, wanted in (filters or {}).items():
        name = find_column(asked, list(columns), source)
        texts = np.array([text.strip() for text in columns[name].texts()], dtype=object)
        values = [wanted] if isinstance(wanted, str | int | float) else list(wanted)  # type: ignore[call-overload]
        fits = np.isin(texts, np.array([str(value) for value in values], dtype=object))
        if not (keep & fits).any():
            there = list_some(pd.unique(texts[keep]), 10)
            raise InputError(f"{source}: no row has {name!r} = {wanted!r}. There are {there}.")
        notes.append(f"filter {name} = {wanted}: {int((keep & ~fits).sum())} rows set aside")
        keep &= fits
    if level is not None:
        fits = _matching_keys(keys, level)
        if not (keep & fits).any():
            raise InputError(
                f"{source}: no key is of level={level!r}; there are {list_some(pd.unique(keys[keep]), 10)}."
            )
        aside = pd.unique(keys[keep & ~fits])
        notes.append(
            f"level {level}: {int((keep & ~fits).sum())} rows of {len(aside)} other keys set aside ({list_some(aside)})"
        )
        keep &= fits
    return keep, notes


def _matching_keys(keys: NDArray[np.object_], level: int | str) -> NDArray[np.bool_]:
    if isinstance(level, int) and not isinstance(level, bool):
        return np.array([len(key) == level for key in keys], dtype=bool)
    try:
        pattern = re.compile(str(level))
    except re.error as error:
        raise SpecError(f"level={level!r} is neither a number of characters nor a pattern of keys: {error}.") from error
    return np.array([pattern.fullmatch(key) is not None for key in keys], dtype=bool)


def row_labels(columns: Sequence[NDArray[np.object_]]) -> list[str]:
    """Return the label of each row: the texts of one column, or of several, one after the other."""
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
    twice = index[index.duplicated()]
    if len(twice):
        key, label = twice[0]
        raise KeyColumnError(
            f"{source}: {len(twice)} rows have a key and a label that an earlier row has already, such as {key!r} with "
            f"{label!r}. Choose one edition with filters={{column: value}}, or spread by several columns.",
            [str(key) for key, _ in twice],
        )
    keys, names = values.index.unique(), list(dict.fromkeys(labels))
    # every key and label is there once, so that nothing is aggregated
    wide = values.set_axis(index).unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    told = status.set_axis(index).unstack("label").reindex(index=keys, columns=names)  # noqa: PD010
    gaps = int(told.isna().to_numpy().sum())
    note = f"spread into {len(names)} columns" + (f"; {gaps} cells have no row and are missing" if gaps else "")
    return (
        wide.rename_axis(columns=None),
        told.fillna("missing").rename_axis(columns=None),
        note,
    )


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
    return named, f"year {year}: {len(dated) - len(stems)} columns of other years left out"


def stacked_years(values: pd.DataFrame, status: pd.DataFrame, source: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return one row per key and year, with the year as text in the first column, and a note."""
    found = year_columns(list(values.columns))
    if not found.years:
        raise InputError(f"{source} has no columns with a year in their name: {list_some(values.columns, 10)}.")
    dated = {column for columns in found.by_stem.values() for column in columns.values()}
    fixed = [name for name in values.columns if name not in dated]
    parts, told = [], []
    for year in found.years:
        names = {stem: columns[year] for stem, columns in found.by_stem.items() if year in columns}
        renamed = {old: stem for stem, old in names.items()}
        part = values[[*fixed, *names.values()]].rename(columns=renamed)
        mark = status[[*fixed, *names.values()]].rename(columns=renamed)
        part.insert(0, "year", year)
        mark.insert(0, "year", "value")
        parts.append(part)
        told.append(mark)
    order = ["year", *fixed, *found.by_stem]
    long, marks = pd.concat(parts)[order], pd.concat(told)[order]
    gaps = int(marks.isna().to_numpy().sum())
    note = f"{len(dated)} columns of {len(found.years)} years became one row per key and year"
    return long, marks.fillna("missing"), note + (f"; {gaps} cells have no column and are missing" if gaps else "")
