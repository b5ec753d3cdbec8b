"""Rows that are no areas but sums: the whole city, districts; and districts that bear the name of an area."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from quartiersatlas.intake.keys import key_width
from quartiersatlas.intake.marks import MARKS
from quartiersatlas.intake.notices import is_notice

if TYPE_CHECKING:
    from collections.abc import Iterator

TOTAL_WORDS = re.compile(r"\b(gesamt\w*|insgesamt|summe|zusammen|total|overall)\b", re.IGNORECASE)
TOTAL_TOLERANCE = 0.02  # suppressed cells make sums fall short
FEW = 3  # other areas that a level above an area of the same name has at least


class Level(NamedTuple):
    """A group of areas that a row could be the sum of."""

    said: str
    members: pd.Index
    by_key: bool


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
    found = {}
    for key in left_over:
        row = numbers.loc[key]
        if TOTAL_WORDS.search(f"{key} {words[key]}"):
            found[key] = "its name says so"
        elif len(matched) > 1 and _near(row, sums):
            found[key] = "its values are the sums of the areas"
        else:
            lost_zeros = key.zfill(width) in areas.index
            said = _of_a_level(key, row, numbers, levels, lost_zeros=lost_zeros) or exact.get(_fingerprint(row[counts]))
            found |= {key: said} if said else {}
    return found


def _near(row: pd.Series, sums: pd.Series) -> bool:
    """Tell whether most values are the sums; shares are not."""
    sums = sums[sums > 0]
    near = (row[sums.index] - sums).abs() <= TOTAL_TOLERANCE * sums
    return bool(len(sums)) and bool(near.mean() > 0.5)  # noqa: PLR2004 - most


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
    """Tell whether a column holds whole numbers throughout, as counts do."""
    return bool((column % 1 == 0).all())


def _of_a_level(
    key: str, row: pd.Series, numbers: pd.DataFrame, levels: dict[str, list[Level]], *, lost_zeros: bool
) -> str:
    """Say of which higher level the row is by its key, where its values or its shorter key bear that out."""
    for label in dict.fromkeys([key, key.lstrip("0"), key.rstrip("0"), key.strip("0")]):
        for level in levels.get(label, []):
            if _near(row, numbers.loc[level.members].sum()):
                return f"its values are the sums of {len(level.members)} areas {level.said}"
            if label == key and not (level.by_key and lost_zeros):
                return f"its key is that of a higher level: {len(level.members)} areas {level.said}"
    return ""


def _by_sums(levels: dict[str, list[Level]], numbers: pd.DataFrame) -> dict[tuple[float, ...], str]:
    """Return the sums of each group -> what it is; a single column of counts could agree by chance."""
    found: dict[tuple[float, ...], str] = {}
    for level in _each(levels):
        mark = _fingerprint(numbers.loc[level.members].sum())
        if sum(number > 0 for number in mark) > 1:
            said = f"its values are the sums of {len(level.members)} areas {level.said}"
            found.setdefault(mark, said)  # the higher level, where it has a single group below
    return found


def _each(levels: dict[str, list[Level]]) -> Iterator[Level]:
    return (level for group in levels.values() for level in group)


def _fingerprint(row: pd.Series) -> tuple[float, ...]:
    return tuple(np.nan_to_num(row.to_numpy(dtype=float), nan=-1.0))


def parent_columns(areas: pd.DataFrame) -> list[str]:
    """Return the higher levels that the areas name."""
    own = {"name", "geometry", *MARKS}
    return [column for column in areas.columns if column not in own and not is_notice(column)]


def on_two_levels(values: pd.DataFrame, areas: pd.DataFrame) -> dict[str, str]:
    """Find rows of areas that are those of a district of the same name: as large as its other areas together.

    Returns key -> the name of the higher level in the areas.
    """
    numbers = values.select_dtypes("number")
    found = {}
    for column in parent_columns(areas):
        for key in values.index.intersection(areas.index).intersection(pd.Index(areas[column].unique())):
            others = areas.index[areas[column].eq(key) & (areas.index != key)].intersection(values.index)
            sums = numbers.loc[others].sum()
            counts = sums[sums > 0].index
            if len(others) >= FEW and len(counts) and (numbers.loc[key, counts] >= sums[counts]).mean() > 0.5:  # noqa: PLR2004 - most
                found[key] = column
    return found
