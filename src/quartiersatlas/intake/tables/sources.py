"""Text files, workbooks, JSON, Parquet and dBASE as one and the same grid of cells."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.tables.cells import Cells, Grid, NumberCells, TextCells, TypedCells, read_regular, written
from quartiersatlas.intake.tables.encodings import encoded, find_dialect, joined_again
from quartiersatlas.intake.tables.headers import find_header, without_footnotes

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from python_calamine import CalamineWorkbook

    from quartiersatlas.intake.tables.encodings import Dialect, Encoded
    from quartiersatlas.intake.tables.headers import Row

SAMPLE = 1 << 16  # bytes from which the dialect is found out


def read_grid(
    path: Path,
    key: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_rows: int | None = None,
) -> Grid:
    """Read a delimited text file into a grid of text cells; every row must fit the header."""
    file = encoded(path.read_bytes(), encoding)
    if file.raw.isspace() or not file.raw:
        raise InputError(f"{path.name} is empty.")
    if b"\0" in file.raw:
        raise InputError(
            f"{path.name} has zero bytes, as UTF-16 has without a byte order mark, or it is no text. "
            f"Pass encoding='utf-16-le' or 'utf-16-be'."
        )
    dialect = find_dialect(_sample(file), delimiter, path.name)
    regular = None if dialect.split_rows else read_regular(file, dialect.delimiter, key, header_rows, path.name)
    return regular or read_row_by_row(file, dialect, key, header_rows, path.name)


def _sample(file: Encoded) -> str:
    """Return the first rows, whole."""
    raw = file.raw
    if len(raw) > SAMPLE and b"\n" in raw[:SAMPLE]:
        raw = raw[: raw.rfind(b"\n", 0, SAMPLE) + 1]
    return _one_line_end(raw.decode(file.codec))


def _one_line_end(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_row_by_row(file: Encoded, dialect: Dialect, key: str, header_rows: int | None, source: str) -> Grid:
    """Read any text file."""
    rows = _rows(_one_line_end(file.text()), dialect, source)
    if len(rows) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{source} has a header and no rows.")
    header = find_header(rows, key, header_rows, source)
    width = len(header.names)
    body, footnotes = without_footnotes(rows[header.rows :], width)
    if not body:
        raise InputError(f"{source} has a header and no rows.")
    cells = [_fit(row, width, line, source) for line, row in body]
    columns: list[Cells] = [TextCells([row[position] for row in cells]) for position in range(width)]
    notes = list(header.notes)
    if dialect.split_rows:
        _refuse_shortened(columns, header.names, source)
        notes.append("rows that a spreadsheet had quoted and split at the decimal comma were joined again")
    lines = np.array([line for line, _ in body], dtype=object)
    return Grid(source, header.names, columns, lines, file.told, dialect.delimiter, notes, header.problems + footnotes)


def _rows(text: str, dialect: Dialect, source: str) -> list[Row]:
    """Return all rows that are not empty, with the line they end in."""
    reader = csv.reader(io.StringIO(text), delimiter="," if dialect.split_rows else dialect.delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{source}, line {reader.line_num}: {error}. A quotation mark that is not closed, or one too many?"
        ) from error
    return [(line, joined_again(row)) for line, row in rows] if dialect.split_rows else rows


def _fit(row: list[str], width: int, line: int, source: str) -> list[str]:
    """Return the row at the header's width; only empty cells may be too many."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        raise InputError(
            f"{source}, line {line}: {len(row)} cells, the header has {width}. "
            f"An unquoted delimiter inside a cell, or a cut line?"
        )
    return row[:width]


def _refuse_shortened(columns: list[Cells], names: list[str], source: str) -> None:
    """Refuse decimals of which the spreadsheet dropped zeros: ``5,07`` split into 5 and 07 comes back as ``5,7``."""
    for name, cells in zip(names, columns, strict=True):
        places = {len(text.partition(",")[2]) for text in cells.texts() if "," in text}
        if len(places) > 1:
            raise InputError(
                f"{source}: a spreadsheet has split the rows at the decimal comma, and the decimals of {name!r} "
                f"have {' or '.join(map(str, sorted(places)))} digits: it may have dropped zeros (5,07 became 5,7). "
                f"Take the file as it was published."
            )


def read_sheet(path: Path, key: str, sheet: str | None = None, header_rows: int | None = None) -> Grid:
    """Read one sheet of an XLSX, XLS or ODS workbook (the first, if none is named)."""
    book = open_workbook(path)
    names = book.sheet_names
    if not names or (sheet is not None and sheet not in names):
        raise InputError(f"{path.name} has no sheet {sheet!r}; there are {', '.join(map(repr, names)) or 'none'}.")
    try:
        content = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except Exception as error:  # as above
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error
    numbered = [(n, row) for n, row in enumerate(content, start=1) if any(written(cell).strip() for cell in row)]
    if len(numbered) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has no rows below a header.")
    texts = [(n, [written(cell) for cell in row]) for n, row in numbered]
    header = find_header(texts, key, header_rows, path.name)
    body, footnotes = without_footnotes(texts[header.rows :], len(header.names))
    if not body:
        raise InputError(f"{path.name} has no rows below a header.")
    rows = [row for _, row in numbered[header.rows : header.rows + len(body)]]
    columns: list[Cells] = [TypedCells([row[position] for row in rows]) for position in range(len(header.names))]
    lines = np.array([n for n, _ in body], dtype=object)
    return Grid(path.name, header.names, columns, lines, "workbook", "", header.notes, header.problems + footnotes)


def open_workbook(path: Path) -> CalamineWorkbook:
    """Open a workbook for reading."""
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise DependencyError(
            "Reading workbooks needs an extra: pip install 'quartiersatlas[excel]' (in a checkout: '.[excel]')."
        ) from error
    try:
        book = CalamineWorkbook.from_path(path)
        _ = book.sheet_names
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{path.name} cannot be read as a workbook: {error}.") from error
    return book


YEARS = ("years", "jahre", "year", "jahr")
VALUES = ("values", "werte", "value", "wert", "data", "daten")

Record = dict[str, Any]


def read_json(path: Path, key: str, encoding: str | None = None) -> Grid:
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
    return Grid(path.name, names, [TypedCells(values) for values in columns.values()], numbers, f"JSON, {file.told}")


def _records(content: Any, key: str, path: Path) -> list[Record]:  # noqa: ANN401 - whatever JSON holds
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


def _from_columns(lists: dict[str, list[Any]], path: Path) -> list[Record]:
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise InputError(f"{path.name}: the lists of values have different lengths: {told}.")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _of_area(area: str, value: Any, key: str, years: list[Any] | None, path: Path) -> Record:  # noqa: ANN401
    """Return the record of one area from an object of records, or of lists with common years."""
    if isinstance(value, dict):
        return {key: area, **value}
    if isinstance(value, list) and years is not None:
        return {key: area, **_per_year("", years, value, f"{path.name}, {area!r}")}
    raise InputError(
        f"{path.name}: {area!r} holds {str(value)[:40]!r}, and a record, or a list beside a list of years, is expected."
    )


def _flat(record: Record, path: Path) -> Record:
    """Return a record in which lists of years and values are one entry per year."""
    year_name = next((name for name in record if name.lower() in YEARS and isinstance(record[name], list)), None)
    flat: Record = {}
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


def _per_year(name: str, years: list[Any], values: list[Any], where: str) -> Record:
    if len(years) != len(values):
        raise InputError(
            f"{where}: {len(values)} values for {len(years)} years ({years[0]} to {years[-1]}). "
            f"Which year is missing cannot be told: complete the list with null."
        )
    return {f"{name} {year}".strip(): value for year, value in zip(years, values, strict=True)}


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
