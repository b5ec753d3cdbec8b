"""JSON, Parquet and dBASE as one and the same raw table of cells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.tables.cells import Cells, NumberCells, RawTable, TypedCells
from quartiersatlas.intake.tables.encodings import encoded

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


YEARS = ("years", "jahre", "year", "jahr")
VALUES = ("values", "werte", "value", "wert", "data", "daten")

JsonRecord = dict[str, Any]


def read_json(path: Path, key: str, encoding: str | None = None) -> RawTable:
    """Read a JSON file.

    Understood are a list of records, an object of equally long lists (one per column), an object of records or of
    lists per area, and in each of them a pair of lists such as ``{"years": [...], "values": [...]}``, which becomes one
    column per year. The list may lie one level deep in an object (``{"data": [...]}``).
    """
    file = encoded(path.read_bytes(), encoding)
    try:
        content = json.loads(file.text())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no valid JSON: {error}.") from error
    records = [_flat(record, path) for record in _records(content, key, path)]
    if not records:
        raise InputError(f"{path.name} has no records.")
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [record.get(name) for record in records] for name in names}
    for name, values in columns.items():
        if nested := next((value for value in values if isinstance(value, dict | list)), None):
            raise InputError(
                f"{path.name}: {name!r} holds lists or objects such as {str(nested)[:60]}, "
                f"and a table has one value per cell."
            )
    numbers = np.arange(1, len(records) + 1)
    return RawTable(
        path.name,
        names,
        [TypedCells(values) for values in columns.values()],
        numbers,
        f"JSON, {file.encoding}",
        notes=file.notes,
    )


def _records(content: Any, key: str, path: Path) -> list[JsonRecord]:  # noqa: ANN401 - whatever JSON holds
    """Return one record per row, whichever way the file is built."""
    if isinstance(content, list):
        if all(isinstance(entry, dict) for entry in content):
            return content
        raise InputError(f"{path.name}: a list of records is expected, and some entries are no objects.")
    if not isinstance(content, dict):
        raise InputError(f"{path.name} holds a single value and no table.")
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    if key in lists and not any(isinstance(value, dict) for value in lists[key]):
        return _from_columns(lists, path)
    tables = [value for value in lists.values() if value and all(isinstance(entry, dict) for entry in value)]
    if len(tables) == 1:
        return tables[0]
    years = next((lists[name] for name in lists if name.lower() in YEARS), None)
    inner = next(
        (v for name, v in content.items() if isinstance(v, dict) and (years or name.lower() in VALUES)), content
    )
    return [_of_area(area, value, key, years, path) for area, value in inner.items()]


def _from_columns(lists: dict[str, list[Any]], path: Path) -> list[JsonRecord]:
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise InputError(f"{path.name}: the lists of values have different lengths: {listed}.")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _of_area(area: str, value: Any, key: str, years: list[Any] | None, path: Path) -> JsonRecord:  # noqa: ANN401
    """Return the record of one area from an object of records, or of lists with common years."""
    if isinstance(value, dict):
        return {key: area, **value}
    if isinstance(value, list) and years is not None:
        return {key: area, **_per_year("", years, value, f"{path.name}, {area!r}")}
    raise InputError(
        f"{path.name}: {area!r} holds {str(value)[:40]!r}, and a record, or a list beside a list of years, is expected."
    )


def _flat(record: JsonRecord, path: Path) -> JsonRecord:
    """Return a record in which lists of years and values are one entry per year."""
    year_name = next((name for name in record if name.lower() in YEARS and isinstance(record[name], list)), None)
    flat: JsonRecord = {}
    for name, value in record.items():
        where = f"{path.name}, {name!r}"
        if name == year_name:
            continue
        if isinstance(value, dict) and (years := next((value[n] for n in value if n.lower() in YEARS), None)):
            series = {
                inner: values for inner, values in value.items() if isinstance(values, list) and values is not years
            }
            for inner, values in series.items():
                flat |= _per_year(name if len(series) == 1 else f"{name} {inner}", years, values, where)
        elif isinstance(value, list) and year_name is not None:
            flat |= _per_year("" if name.lower() in VALUES else name, record[year_name], value, where)
        else:
            flat[name] = value
    return flat


def _per_year(name: str, years: list[Any], values: list[Any], where: str) -> JsonRecord:
    if len(years) != len(values):
        raise InputError(
            f"{where}: {count_noun(len(values), 'value')} for {count_noun(len(years), 'year')} "
            f"({years[0]} to {years[-1]}). Which year is missing is unknown: complete the list with null."
        )
    return {f"{name} {year}".strip(): value for year, value in zip(years, values, strict=True)}


def read_parquet(path: Path) -> RawTable:
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
    return _raw_table(frame, path, "Parquet")


def read_dbf(path: Path, encoding: str | None) -> RawTable:
    """Read a dBASE table, with the encoding that a .cpg file beside it or the table itself names."""
    import warnings

    import pyogrio

    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            frame = pyogrio.read_dataframe(path, read_geometry=False, encoding=encoding)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{path.name} cannot be read as a dBASE table: {error}. Another encoding?") from error
    if warned:  # letters that could not be decoded, numbers read in part
        raise InputError(
            f"{path.name} is damaged or has another encoding: {warned[0].message} "
            f"({count_noun(len(warned), 'such cell')})."
        )
    return _raw_table(frame, path, "dBASE")


def _raw_table(frame: pd.DataFrame, path: Path, description: str) -> RawTable:
    fits = [not _is_binary(frame.iloc[:, position]) for position in range(frame.shape[1])]
    binary = [name for name, kept in zip(frame.columns, fits, strict=True) if not kept]
    frame = frame.loc[:, fits]
    if frame.empty:
        raise InputError(f"{path.name} has no rows or no columns.")
    names = [str(name) for name in frame.columns]
    notes = [f"column {str(name)!r} holds no numbers or text and was left out" for name in binary]
    cells = [_cells(frame.iloc[:, position]) for position in range(frame.shape[1])]
    return RawTable(path.name, names, cells, np.arange(1, len(frame) + 1), description, notes=notes)


def _cells(column: pd.Series) -> Cells:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return NumberCells(column.to_numpy())
    return TypedCells(list(column.astype(object)))


def _is_binary(column: pd.Series) -> bool:
    """Return True if a column holds geometry or other things that no cell of a table can hold."""
    if column.dtype != object:
        return False
    return any(isinstance(value, bytes | bytearray | dict | list | np.ndarray) for value in column)
