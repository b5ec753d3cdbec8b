"""Indicator tables: every cell read as a value with a status, nothing coerced, nothing dropped without a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pandas as pd

from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.excel_files import read_sheet
from quartiersatlas.intake.notices import is_notice
from quartiersatlas.intake.numbers import decide_decimal, read_column
from quartiersatlas.intake.paths import existing_file
from quartiersatlas.intake.symbols import symbol_table
from quartiersatlas.intake.text_files import read_grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from quartiersatlas.intake.numbers import Column, Decimal
    from quartiersatlas.intake.text_files import Grid

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
TEXT_FILES = {".csv", ".txt", ".tsv"}


@dataclass(frozen=True)
class Table:
    """An indicator table as read.

    Parameters
    ----------
    values : DataFrame
        Numbers as float, words as text, on the district key.
    status : DataFrame
        The status of every cell: ``value``, ``zero``, ``suppressed``, ``missing``, ...
    problems : DataFrame
        One row per cell or column that was not simply read: row (line of the file), column, raw, done.
    path : Path
        The file.
    written : str
        How the file is written: encoding, delimiter, decimal mark.
    """

    values: pd.DataFrame
    status: pd.DataFrame
    problems: pd.DataFrame
    path: Path
    written: str

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        done = self.problems["done"].value_counts()
        notes = ", ".join(f"{what} ({count})" for what, count in done.items()) or "no cell with a note"
        return f"Table {self.path.name}: {rows} rows, {columns} columns ({self.written}); {notes}"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(repr(self))}</p>{self.values.head(10).to_html()}"


def read_table(
    path: str | Path,
    key: str,
    *,
    columns: Mapping[str, str] | Iterable[str] | None = None,
    text: Iterable[str] = (),
    symbols: str | Mapping[str, str] = "auto",
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: Decimal | None = None,
) -> Table:
    r"""Read an indicator table from CSV, TXT or a workbook.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.txt``, ``.tsv``, or ``.xlsx``, ``.xls``, ``.ods`` (extra ``excel``).
    key : str
        Column with the district key. It is read as text; leading zeros stay.
    columns : mapping or list of str, optional
        Columns to keep: names, or new name -> name in the file. All, if not given. A notice column (``Hinweis`` or
        ``notice``) always stays with the data.
    text : list of str
        Columns that look like numbers and are not.
    symbols : str or mapping, default "auto"
        Marks instead of numbers: a profile (``"auto"``, ``"din55301"``), or mark -> status. ``-`` is zero and
        ``.`` is suppressed: never the same.
    sheet : str, optional
        Sheet of a workbook; the first, if not given.
    encoding, delimiter, decimal : str, optional
        How the file is written, where it is not found out rightly.

    Returns
    -------
    Table
        With ``.values``, ``.status`` and ``.problems``. Missing cells are NaN with a status that says why.

    Raises
    ------
    InputError
        The file is missing, empty or of unequal width.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty.
    NumberError
        Cells of a numeric column are neither numbers nor known symbols.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = file.write_text("key;residents;share\n01;1.250;12,5\n02;.;-\n", encoding="utf-8")
    >>> table = read_table(file, key="key")
    >>> table.values["residents"].tolist()
    [1250.0, nan]
    >>> table.status.loc["02"].tolist()
    ['suppressed', 'zero']
    """
    path = existing_file(path, "table")
    grid = _read_grid(path, sheet, encoding, delimiter, decimal)
    cells, notes = _named_columns(grid, path)
    keys = _keys(cells, key, path)
    wanted = _wanted(columns, [name for name in cells if name != key])
    wanted |= {name: name for name in cells if is_notice(name) and name != key}  # a notice stays with the data
    chosen = {new: _column(cells, old, path) for new, old in wanted.items()}
    if not chosen:
        raise InputError(f"{path.name}: no column is left besides the key {key!r}.")
    marks = symbol_table(symbols)
    as_text = {name for name in wanted if wanted[name] in set(text) or name in set(text)}
    decimal = decimal or _decimal({n: c for n, c in chosen.items() if n not in as_text}, grid)
    read = {name: read_column(name, column, decimal, marks, as_text=name in as_text) for name, column in chosen.items()}
    values = pd.DataFrame({name: column.values for name, column in read.items()})
    status = pd.DataFrame({name: column.status for name, column in read.items()})
    problems = _problems(read, chosen, notes)
    index = pd.Index(keys.to_numpy(), name="key", dtype=object)
    written = f"{grid.encoding}, delimiter {grid.delimiter!r}, decimal {decimal!r}" if grid.delimiter else "workbook"
    return Table(values.set_axis(index), status.set_axis(index), problems, path, written)


def _read_grid(
    path: Path, sheet: str | None, encoding: str | None, delimiter: str | None, decimal: Decimal | None
) -> Grid:
    kind = path.suffix.lower()
    if kind in WORKBOOKS:
        return read_sheet(path, sheet, decimal)
    if kind in TEXT_FILES:
        return read_grid(path, encoding, delimiter)
    known = ", ".join(sorted(TEXT_FILES | WORKBOOKS))
    raise InputError(f"{path.name}: tables are read from {known}.")


def _decimal(chosen: Mapping[str, pd.Series[str]], grid: Grid) -> Decimal:
    if grid.decimal is not None or not chosen:
        return grid.decimal or "."
    return decide_decimal(chosen, grid.delimiter)


def _named_columns(grid: Grid, path: Path) -> tuple[dict[str, pd.Series[str]], list[tuple[object, str, str, str]]]:
    """Return the columns by name; empty ones are left out, repeated ones numbered, both with a note."""
    columns: dict[str, pd.Series[str]] = {}
    notes: list[tuple[object, str, str, str]] = []
    for position, name in enumerate(grid.header):
        column = pd.Series([row[position] for row in grid.rows], index=grid.lines, dtype="str")
        if not name:
            if column.str.strip().ne("").any():
                raise ColumnError(f"{path.name}: column {position + 1} has cells and no name in the header.")
            notes.append(("", "", "", f"empty column {position + 1} left out"))
        elif name in columns and columns[name].equals(column):
            notes.append(("", name, "", f"column {position + 1} repeats an earlier one and was left out"))
        elif name in columns:
            again = f"{name}_{position + 1}"
            if again in grid.header:
                raise ColumnError(f"{path.name} has several columns {name!r}, and one {again!r}: rename them.")
            notes.append(("", name, "", f"column {position + 1} has the name of an earlier one: read as {again!r}"))
            columns[again] = column
        else:
            columns[name] = column
    return columns, notes


def _column(cells: Mapping[str, pd.Series[str]], name: str, path: Path) -> pd.Series[str]:
    if name not in cells:
        raise ColumnError.not_found(name, cells, path.name)
    return cells[name]


def _keys(cells: Mapping[str, pd.Series[str]], key: str, path: Path) -> pd.Series[str]:
    keys = _column(cells, key, path).str.strip()
    empty = keys[keys == ""]
    if len(empty):
        raise KeyColumnError(
            f"{path.name}: {len(empty)} rows have no key in {key!r}, in lines {list_some(empty.index)}. "
            f"Remove the rows, or give them a key."
        )
    return keys


def _wanted(columns: Mapping[str, str] | Iterable[str] | None, available: list[str]) -> dict[str, str]:
    if columns is None:
        return {name: name for name in available}
    if isinstance(columns, str):
        raise SpecError(f"columns is a list of names or new name -> name; {columns!r} is one text.")
    if hasattr(columns, "items"):
        return dict(cast("Mapping[str, str]", columns))
    return {name: name for name in columns}


def _problems(
    read: Mapping[str, Column],
    chosen: Mapping[str, pd.Series[str]],
    notes: list[tuple[object, str, str, str]],
) -> pd.DataFrame:
    """List every cell of a numeric column that is not a plain number, and what was done with columns."""
    rows = list(notes)
    for name, column in read.items():
        marked = column.status[~column.status.isin(["value"]) & column.is_number]
        marked = marked[~((marked == "zero") & chosen[name].str.contains(r"\d", regex=True)[marked.index])]
        raw = chosen[name][marked.index]
        rows += [(line, name, cell, f"read as {mark}") for line, cell, mark in zip(raw.index, raw, marked, strict=True)]
    return pd.DataFrame(rows, columns=["row", "column", "raw", "done"])
