"""Which rows are totals of a district or of the whole city? They are set aside, and their values kept."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from quartiersatlas.intake.areas.area_columns import key_width, parent_columns
from quartiersatlas.intake.joining.join_report import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOTAL_WORDS = re.compile(r"\b(gesamt\w*|insgesamt|summe|zusammen|total|overall)\b", re.IGNORECASE)
BY_WORD = "its name says so"
TOTAL_TOLERANCE = 0.02  # suppressed cells make sums fall short
FEW = 3  # areas of which a sum without a telling name is no chance
BEYOND = 1.05  # times the largest area: from here on a value can only be a sum


class Level(NamedTuple):
    """A group of areas that a row could be the sum of."""

    description: str
    members: pd.Index
    by_key: bool
    column: str = ""


def totals_rows(values: pd.DataFrame, areas: pd.DataFrame) -> dict[str, str]:
    """Find rows without an area that are totals, and say why: by a word, by their sums, or by their key.

    Parameters
    ----------
    values : DataFrame
        The table on unique keys.
    areas : DataFrame
        Name and parents on the district key.
    """
    left_over = values.index.difference(areas.index)
    if not len(left_over):
        return {}
    matched = values.index.intersection(areas.index)
    numbers = values.select_dtypes("number")
    words = values.drop(columns=numbers.columns).astype("string").fillna("").agg(" ".join, axis=1)
    sums = numbers.loc[matched].sum()
    levels = _levels(matched, areas)
    counts = [column for column in numbers if _whole(numbers[column][matched])]
    exact = _by_sums(levels, numbers[counts])
    width = key_width(areas.index) or 0
    named, whole = _named_levels(values, matched, areas), _whole_levels(values, matched, areas, numbers, left_over)
    found = {}
    for key in left_over:
        row = numbers.loc[key]
        if TOTAL_WORDS.search(f"{key} {words[key]}"):
            found[key] = BY_WORD
        elif len(matched) > 1 and (_near(row, sums) or (len(matched) >= FEW and _is_sum(row, numbers.loc[matched]))):
            found[key] = "its values are the sums of the areas"
        else:
            lost_zeros = key.zfill(width) in areas.index
            description = (
                _of_a_level(key, row, numbers, levels, lost_zeros=lost_zeros)
                or exact.get(_fingerprint(row[counts]))
                or _by_name(key, values.loc[key], numbers, named)
                or whole.get(key, "")
            )
            found |= {key: description} if description else {}
    return found


def city_row(values: pd.DataFrame, areas: pd.DataFrame, totals: Mapping[str, str]) -> str:
    """Return the key of the totals row that is that of the whole city; empty where none or several could be it.

    Its counts are the sums of all areas. In a table of shares it is the only row that its name calls a total, with
    every value within those of the areas.

    Parameters
    ----------
    values : DataFrame
        The table on unique keys.
    areas : DataFrame
        Name and parents on the district key.
    totals : mapping of str to str
        The totals rows, as :func:`totals_rows` returns them.
    """
    matched = values.index.intersection(areas.index)
    numbers = values.select_dtypes("number")
    block = numbers.loc[matched]
    if len(matched) < 2 or not len(numbers.columns):  # noqa: PLR2004 - one area is no city
        return ""
    rows: dict[str, pd.Series] = {key: pd.Series(numbers.loc[key]) for key in totals}
    summed = [key for key, row in rows.items() if _near(row, block.sum()) or _is_sum(row, block)]
    if summed:
        return summed[0] if len(summed) == 1 or len(numbers.loc[summed].drop_duplicates()) == 1 else ""
    called = [key for key, why in totals.items() if why == BY_WORD]
    if len(called) != 1:
        return ""
    row = rows[called[0]]
    known = row.notna() & block.notna().any()
    between = (row >= block.min()) & (row <= block.max())
    return called[0] if known.any() and bool(between[known].all()) else ""


def _is_sum(row: pd.Series, block: pd.DataFrame) -> bool:
    """Return True if a value is a sum that no area reaches, and every other one is a sum or within those of the areas.

    So a row of counts and ready-made shares is told, where the shares are those of the whole.
    """
    known = block.notna().any()
    row, block = row[known], block.loc[:, known]
    sums, high = block.sum(), block.max()
    near = (row - sums).abs() <= TOTAL_TOLERANCE * sums.abs()
    summed = near & (row > BEYOND * high) & (high > 0)
    return bool(summed.any() and (near | ((row >= block.min()) & (row <= high))).all())


def _named_levels(values: pd.DataFrame, matched: pd.Index, areas: pd.DataFrame) -> dict[str, list[Level]]:
    """Return plain label -> groups of at least two areas: by the higher levels of the areas, and by words of the table.

    A column of the table groups areas where its words are there several times.
    """
    levels = defaultdict(list)
    words = values.loc[matched].select_dtypes(exclude="number")
    columns = [areas.loc[matched, column] for column in parent_columns(areas)]
    columns += [words[column] for column in words if 1 < words[column].nunique() <= len(matched) / 2]
    for column in columns:
        for label, members in column.groupby(column, sort=False).groups.items():
            if len(members) > 1 and plain_name(str(label)):
                told = f"of {column.name} {label!r}"
                levels[plain_name(str(label))].append(Level(told, members, by_key=False, column=str(column.name)))
    return levels


def _by_name(key: str, row: pd.Series, numbers: pd.DataFrame, levels: dict[str, list[Level]]) -> str:
    """Say of which level the row is by a word in it, where its values are the sums of that level."""
    words = [key, *(cell for cell in row if isinstance(cell, str))]
    for label in dict.fromkeys(map(plain_name, words)):
        for level in levels.get(label, []):
            block = numbers.loc[level.members]
            own = pd.Series(numbers.loc[key])
            if _near(own, block.sum()) or _is_sum(own, block):
                return f"its values are the sums of {len(level.members)} areas {level.description}"
    return ""


def _whole_levels(
    values: pd.DataFrame, matched: pd.Index, areas: pd.DataFrame, numbers: pd.DataFrame, left_over: pd.Index
) -> dict[str, str]:
    """Return rows without a telling name, where every group of a level has its sums in one of them: no chance."""
    counts = numbers[[column for column in numbers if _whole(numbers[column][matched])]]
    if counts.empty:
        return {}
    rows = defaultdict(list)
    for key in left_over:
        rows[_fingerprint(pd.Series(counts.loc[key]))].append(key)
    found: dict[str, str] = {}
    by_column = defaultdict(list)
    for level in _each(_named_levels(values, matched, areas)):
        by_column[level.column].append(level)
    for levels in by_column.values():
        sums = [_fingerprint(counts.loc[level.members].sum()) for level in levels]
        complete = len(levels) > 1 and len(set(sums)) == len(sums) and all(len(rows.get(one, ())) == 1 for one in sums)
        if complete and all(max(one) > 0 for one in sums):
            for level, one in zip(levels, sums, strict=True):
                told = f"its values are the sums of {len(level.members)} areas {level.description}"
                found.setdefault(rows[one][0], told)
    return found


def _levels(matched: pd.Index, areas: pd.DataFrame) -> dict[str, list[Level]]:
    """Return label -> groups of at least two areas: by the higher levels of the areas, and by the beginning of keys."""
    levels = defaultdict(list)
    inside = areas.loc[matched]
    for column in parent_columns(areas):
        for label, members in inside.groupby(column, sort=False).groups.items():
            if len(members) > 1 and label:
                levels[str(label)].append(Level(f"of {column} {label!r}", members, by_key=False))
    width = key_width(areas.index)
    keys = pd.Series(matched, index=matched)
    for n in range(1, width or 0):
        for label, members in keys.groupby(keys.str[:n], sort=False).groups.items():
            if 1 < len(members) < len(matched):
                levels[str(label)].append(Level(f"whose keys begin with {label!r}", members, by_key=True))
    return levels


def _whole(column: pd.Series) -> bool:
    """Return True if a column holds whole numbers throughout, as counts do."""
    return bool((column % 1 == 0).all())


def _near(row: pd.Series, sums: pd.Series) -> bool:
    """Return True if most values are the sums; shares are not."""
    sums = sums[sums > 0]
    near = (row[sums.index] - sums).abs() <= TOTAL_TOLERANCE * sums
    return bool(len(sums)) and bool(near.mean() > 0.5)  # noqa: PLR2004 - most


def _of_a_level(
    key: str, row: pd.Series, numbers: pd.DataFrame, levels: dict[str, list[Level]], *, lost_zeros: bool
) -> str:
    """Say of which higher level the row is by its key, where its values or its shorter key bear that out."""
    for label in dict.fromkeys([key, key.lstrip("0"), key.rstrip("0"), key.strip("0")]):
        for level in levels.get(label, []):
            if _near(row, numbers.loc[level.members].sum()):
                return f"its values are the sums of {len(level.members)} areas {level.description}"
            if label == key and not (level.by_key and lost_zeros):
                return f"its key is that of a higher level: {len(level.members)} areas {level.description}"
    return ""


def _by_sums(levels: dict[str, list[Level]], numbers: pd.DataFrame) -> dict[tuple[float, ...], str]:
    """Return the sums of each group -> what it is; a single column of counts could agree by chance."""
    found: dict[tuple[float, ...], str] = {}
    for level in _each(levels):
        sums = _fingerprint(numbers.loc[level.members].sum())
        if sum(number > 0 for number in sums) > 1:
            description = f"its values are the sums of {len(level.members)} areas {level.description}"
            found.setdefault(sums, description)  # the higher level, where it has a single group below
    return found


def _each(levels: dict[str, list[Level]]) -> Iterator[Level]:
    return (level for group in levels.values() for level in group)


def _fingerprint(row: pd.Series) -> tuple[float, ...]:
    return tuple(np.nan_to_num(row.to_numpy(dtype=float), nan=-1.0))
