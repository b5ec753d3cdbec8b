"""A table on the numbers of its rows, while one of its columns holds the keys: said as that, whatever fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype, is_numeric_dtype

from quartiersatlas.base.keys import width_of
from quartiersatlas.errors import JoinError
from quartiersatlas.intake.areas.area_columns import keys_as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 0.5  # rows of a column that have an area, from which it is one of keys
UNNAMED = (None, "", "index", "level_0", "Unnamed: 0")


def refuse_row_numbers(table: pd.DataFrame, areas: pd.Index, *, from_file: bool) -> None:
    """Refuse a table whose index is the row number while a column holds the areas' keys.

    Parameters
    ----------
    table : DataFrame
        As the caller brought it, or the values of a file.
    areas : Index
        The areas' keys.
    from_file : bool
        Whether the table was read from a file, where another column was named as the key.

    Raises
    ------
    JoinError
        The message names the column and how to make it the index.

    Notes
    -----
    Row numbers that are by chance keys would give every area the row of a neighbour.
    """
    if not (_counts_rows(table.index) if from_file else _may_be_row_numbers(table.index)):
        return
    index = keys_as_text(table.index).to_numpy()
    fitting = int(np.isin(index, list(areas)).sum())
    if from_file and (width := width_of(areas)) is not None:  # keys that lost their zeros may count from 1 as well
        fitting = max(fitting, sum(key.zfill(width) in areas for key in index))
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        if not isinstance(name, str) or _is_measure(column):
            continue
        keys = keys_as_text(column)
        if (keys.to_numpy() == index).all():
            return  # the index says the same
        is_text = not is_numeric_dtype(column.dtype)
        found = _keys_in(keys, areas, at_least=fitting + (not is_text), is_text=is_text)
        if found:
            raise JoinError(
                f"The index of the table is the row number ({index[0]} to {index[-1]}); column {name!r} holds the "
                f"areas' keys{' without their leading zeros' if found == 'short' else ''}: use "
                f"{_repair(column, found, areas, from_file=from_file)}."
            )
    if isinstance(table.index, pd.RangeIndex) and fitting and "0" in index and "0" not in areas:
        raise JoinError(
            f"The index of the table is the row number ({index[0]} to {index[-1]}), counted from 0, and no area has "
            f"the key '0': name the column of the keys in table.set_index(...)."
        )


def _may_be_row_numbers(index: pd.Index) -> bool:
    """Return True for rising whole numbers that nobody named."""
    if not is_integer_dtype(index.dtype) or index.name not in UNNAMED or not len(index):
        return False
    return bool(index.is_monotonic_increasing and index.is_unique and index[0] >= 0)


def _counts_rows(keys: pd.Index) -> bool:
    """Return True for the keys 0, 1, 2, ... or 1, 2, 3, ... of a file."""
    return len(keys) > 1 and any([str(n + first) for n in range(len(keys))] == list(keys) for first in (0, 1))


def _is_measure(column: pd.Series) -> bool:
    """Return True for numbers that are no keys: with decimals, or truth values."""
    if is_bool_dtype(column.dtype):
        return True
    if not is_numeric_dtype(column.dtype) or is_integer_dtype(column.dtype):
        return False
    known: NDArray[np.float64] = column.dropna().to_numpy(dtype=float)
    return not len(known) or not bool((known == np.rint(known)).all())


def _keys_in(keys: pd.Series, areas: pd.Index, at_least: int, *, is_text: bool) -> str:
    """Return ``"whole"`` or ``"short"`` (zeros lost) where a column holds keys of most areas; else nothing."""
    known = keys.dropna()
    if known.duplicated().any():  # several rows of each area, by year perhaps; small numbers are repeated as well
        distinct = known.unique()
        fits = len(set(distinct) & set(areas))
        return "whole" if is_text and fits >= max(at_least, MOST * max(len(distinct), len(areas))) else ""
    least = max(at_least, MOST * len(keys), 1)
    if known.isin(areas).sum() >= least:
        return "whole"
    width = width_of(areas)
    if width is None:
        return ""
    padded = known[known.str.isdigit()].str.zfill(width)
    return "short" if padded.isin(areas).sum() >= least and padded.is_unique else ""


def _repair(column: pd.Series, found: str, areas: pd.Index, *, from_file: bool) -> str:
    """Return how to make the column the index, as code that runs."""
    if from_file:
        zeros = ", and repair='zero_pad' in the join" if found == "short" else ""
        return f"read_table(..., key={column.name!r}){zeros}"
    if found == "whole":
        return f"table.set_index({column.name!r})"
    whole = ".astype('Int64')" if is_float_dtype(column.dtype) else ""
    return f"table.set_index(table[{column.name!r}]{whole}.astype(str).str.zfill({width_of(areas)}))"
