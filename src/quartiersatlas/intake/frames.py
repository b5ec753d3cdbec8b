"""Sources that have types: Parquet files and dBASE tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.grid import Cells, Grid, NumberCells, TypedCells

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read_parquet(path: Path) -> Grid:
    """Read a Parquet file; a geometry column is left out."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DependencyError(
            "Reading Parquet needs an extra: pip install 'quartiersatlas[parquet]' (in a checkout: '.[parquet]')."
        ) from error
    try:
        # an index that pandas wrote is a column of the file like any other
        frame = pq.read_table(path).to_pandas(integer_object_nulls=True, ignore_metadata=True)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{path.name} cannot be read as Parquet: {error}.") from error
    return _grid(frame, path, "Parquet")


def read_dbf(path: Path, encoding: str | None) -> Grid:
    """Read a dBASE table, with the encoding that a .cpg file beside it or the table itself names."""
    import warnings

    import pyogrio

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(path, read_geometry=False, encoding=encoding)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{path.name} cannot be read as a dBASE table: {error}. Another encoding?") from error
    if told:  # letters that could not be decoded, numbers read in part
        raise InputError(f"{path.name} is damaged or has another encoding: {told[0].message} ({len(told)} such cells).")
    return _grid(frame, path, "dBASE")


def _grid(frame: pd.DataFrame, path: Path, how: str) -> Grid:
    fits = [not _is_binary(frame.iloc[:, position]) for position in range(frame.shape[1])]
    binary = [name for name, kept in zip(frame.columns, fits, strict=True) if not kept]
    frame = frame.loc[:, fits]
    if frame.empty:
        raise InputError(f"{path.name} has no rows or no columns.")
    names = [str(name) for name in frame.columns]
    notes = [f"column {str(name)!r} holds no numbers or texts and was left out" for name in binary]
    cells = [_cells(frame.iloc[:, position]) for position in range(frame.shape[1])]
    return Grid(path.name, names, cells, np.arange(1, len(frame) + 1), how, notes=notes)


def _cells(column: pd.Series) -> Cells:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return NumberCells(column.to_numpy())
    return TypedCells(list(column.astype(object)))


def _is_binary(column: pd.Series) -> bool:
    """Tell whether a column holds geometry or other things that no cell of a table can hold."""
    if column.dtype != object:
        return False
    return any(isinstance(value, bytes | bytearray | dict | list | np.ndarray) for value in column)
