"""Sources that have types: Parquet files and dBASE tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.grid import Cells, Grid, TypedCells

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read_parquet(path: Path) -> Grid:
    """Read a Parquet file; a geometry column is left out."""
    try:
        import pyarrow.parquet as pq
        from pyarrow import ArrowException
    except ImportError as error:
        raise DependencyError(
            "Reading Parquet needs an extra: pip install 'quartiersatlas[parquet]' (in a checkout: '.[parquet]')."
        ) from error
    try:
        frame = pq.read_table(path).to_pandas(integer_object_nulls=True)
    except (ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read as Parquet: {error}.") from error
    if frame.index.names != [None]:  # pandas keeps an index it wrote as a column of the file
        frame = frame.reset_index()
    return _grid(frame, path, "Parquet")


def read_dbf(path: Path, encoding: str | None) -> Grid:
    """Read a dBASE table, with the encoding that a .cpg file beside it or the table itself names."""
    import warnings

    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # letters that could not be decoded, cut fields
            frame = pyogrio.read_dataframe(path, read_geometry=False, encoding=encoding)
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError) as error:
        raise InputError(f"{path.name} cannot be read as a dBASE table: {error}. Another encoding?") from error
    except RuntimeWarning as warning:
        raise InputError(f"{path.name}: {warning}. Another encoding?") from warning
    return _grid(frame, path, "dBASE")


def _grid(frame: pd.DataFrame, path: Path, how: str) -> Grid:
    binary = [name for name in frame.columns if _is_binary(frame[name])]
    frame = frame.drop(columns=binary)
    if frame.empty:
        raise InputError(f"{path.name} has no rows or no columns.")
    names = [str(name) for name in frame.columns]
    notes = [f"column {str(name)!r} holds no numbers or texts and was left out" for name in binary]
    cells: list[Cells] = [TypedCells(list(frame.iloc[:, n].astype(object))) for n in range(frame.shape[1])]
    return Grid(path.name, names, cells, np.arange(1, len(frame) + 1), how, notes=notes)


def _is_binary(column: pd.Series) -> bool:
    """Tell whether a column holds geometry or other things that no cell of a table can hold."""
    if column.dtype != object:
        return False
    return column.map(lambda value: isinstance(value, bytes | bytearray | dict | list | np.ndarray)).any()
