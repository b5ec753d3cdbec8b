"""Columns as read, laid side by side: values, status and limits on the keys of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.intake.tables.values.codes import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from quartiersatlas.intake.tables.values.numbers import Column

MANY = 100_000  # rows from which the memory of a status is worth a thought


def frames_of(read: Mapping[str, Column], index: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return values and status of all columns on the keys; no column is copied."""
    values = {name: column.values for name, column in read.items()}
    same: dict[int, ExtensionArray] = {}  # columns with one status throughout have their words in common
    status = {name: _words(column.status, same) for name, column in read.items()}
    return pd.DataFrame(values, index=index, copy=False), pd.DataFrame(status, index=index, copy=False)


def _words(status: NDArray[np.uint8], same: dict[int, ExtensionArray]) -> ExtensionArray:
    """Return the words of a status, in the memory that reading left where pandas keeps them with pyarrow."""
    if not len(status) or status.min() < status.max():
        return _written(status)
    code = int(status[0])
    if code not in same:
        same[code] = _written(status)
    return same[code].copy()


def _written(status: NDArray[np.uint8]) -> ExtensionArray:
    words = pd.Series(STATUSES, dtype="str").array
    if len(status) < MANY or not isinstance(words.dtype, pd.StringDtype) or words.dtype.storage != "pyarrow":
        plain: ExtensionArray = words.take(status.astype(np.intp))
        return plain
    import pyarrow as pa
    from pyarrow.compute import take

    found = take(pa.array(STATUSES, pa.large_string()), pa.array(status), memory_pool=pa.system_memory_pool())
    made: ExtensionArray = pd.array(found, dtype="str")
    return made


def limits_of(read: Mapping[str, Column], index: pd.Index) -> list[pd.DataFrame]:
    """Return the lower and the upper limits of all cells; nothing where no cell has any."""
    if all(column.bounds is None for column in read.values()):
        return []
    none = np.full((2, len(index)), np.nan)
    both = {name: none if column.bounds is None else column.bounds for name, column in read.items()}
    return [pd.DataFrame({name: limits[end] for name, limits in both.items()}, index=index) for end in (0, 1)]
