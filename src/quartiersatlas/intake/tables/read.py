"""Indicator tables: every cell read as a value with a status, nothing coerced, nothing dropped without a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from quartiersatlas.base.files import existing_file
from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.areas.area_columns import is_notice
from quartiersatlas.intake.tables.cells import TextCells
from quartiersatlas.intake.tables.codes import STATUSES, symbol_profile
from quartiersatlas.intake.tables.headers import Problem, find_column
from quartiersatlas.intake.tables.layout import of_year, pivoted, row_labels, selected_rows, stacked_years
from quartiersatlas.intake.tables.numbers import decide_decimal, read_column
from quartiersatlas.intake.tables.sources import read_dbf, read_json, read_parquet, read_sheet
from quartiersatlas.intake.tables.text_files import read_text_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.cells import Cells, Decimal, RawTable
    from quartiersatlas.intake.tables.numbers import Column

WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
TEXT_FILES = {".csv", ".txt", ".tsv"}
OTHERS = {".json", ".parquet", ".dbf"}


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
    header_rows: int | None = None,
    filters: Mapping[str, object] | None = None,
    level: int | str | None = None,
    spread: tuple[str | Sequence[str], str] | None = None,
    years: int | str | None = None,
) -> Table:
    r"""Read an indicator table from CSV, TXT, a workbook, Parquet, JSON or dBASE.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.txt``, ``.tsv``; ``.xlsx``, ``.xls``, ``.ods`` (extra ``excel``); ``.parquet`` (extra ``parquet``);
        ``.json``; ``.dbf``.
    key : str
        Column with the district key. It is read as text; leading zeros stay.
    columns : mapping or list of str, optional
        Columns to keep: names, or new name -> name in the file. All, if not given. A name may differ from the file's
        in case, blanks and hyphens. A notice column (``Hinweis`` or ``notice``) always stays with the data.
    text : list of str
        Columns that look like numbers and are not.
    symbols : str or mapping, default "auto"
        Marks instead of numbers or beside them: a profile (``"auto"``, ``"din55301"``, ``"genesis"``, ``"lsn"``,
        ``"ba"``, ``"berlin_mss"``), or mark -> status. ``-`` is zero and ``.`` is suppressed: never the same. A mark
        such as ``"-9999"`` is every cell of that number, and ``"-1": "value"`` says that it is a true number.
    sheet : str, optional
        Sheet of a workbook; the first, if not given.
    encoding, delimiter, decimal : str, optional
        How the file is written, where it is not found out rightly.
    header_rows : int, optional
        Number of header rows, where merged names are not found out rightly.
    filters : mapping, optional
        Column -> value, or list of values: the rows of a long table to read.
    level : int or str, optional
        Rows of one area level only: the number of characters of its keys, or a regular expression for the whole key.
    spread : (str or list of str, str), optional
        Make one column per label of a long table: the column(s) with the labels, and the one with the values.
        ``columns`` then names the new columns.
    years : int or "long", optional
        For years as columns (``2023``, ``Einwohner 2024``): the columns of one year, without the year in their names
        (``value`` for a name that is the year alone); or one row per key and year, the year in the first column.

    Returns
    -------
    Table
        With ``.values``, ``.status``, ``.problems`` and ``.notes``. Missing cells are NaN with a status that says why.
        Numbers in brackets or marked as provisional keep their value and have the status ``unreliable`` or
        ``provisional``.

    Raises
    ------
    InputError
        The file is missing, empty, damaged or of unequal width.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty, or are doubled where a long table is spread.
    NumberError
        Cells of a numeric column are neither numbers nor known symbols, contradict each other, may be thousands or
        decimals, or are codes such as -9999 that were not named.
    DependencyError
        An optional package is missing; the message names the install command.

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
    options = ReadOptions(
        columns=columns,
        text=tuple(text),
        symbols=symbols,
        decimal=decimal,
        filters=filters,
        level=level,
        spread=spread,
        years=years,
    )
    return assemble(_grid(path, key, sheet, encoding, delimiter, header_rows), path, key, options)


def _grid(
    path: Path, key: str, sheet: str | None, encoding: str | None, delimiter: str | None, header_rows: int | None
) -> RawTable:
    kind = path.suffix.lower()
    if kind in TEXT_FILES:
        return read_text_file(path, key, encoding, delimiter, header_rows)
    if kind in WORKBOOKS:
        return read_sheet(path, key, sheet, header_rows)
    if kind == ".json":
        return read_json(path, key, encoding)
    if kind == ".parquet":
        return read_parquet(path)
    if kind == ".dbf":
        return read_dbf(path, encoding)
    known = ", ".join(sorted(TEXT_FILES | WORKBOOKS | OTHERS))
    raise InputError(f"{path.name}: tables are read from {known}.")


SHOWN = 10


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
        The file; ``query`` for a database.
    written : str
        How the file is written: encoding, delimiter, decimal mark.
    notes : tuple of str
        What was decided for the whole file or a whole column: how it is written, header rows, thousands, percent,
        columns read as text, rows that were not asked for.
    """

    values: pd.DataFrame
    status: pd.DataFrame
    problems: pd.DataFrame
    path: Path
    written: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        done = self.problems["done"].value_counts()
        told = ", ".join(f"{what} ({count})" for what, count in done.head(SHOWN).items()) or "no cell with a note"
        more = f", and {len(done) - SHOWN} other kinds" if len(done) > SHOWN else ""
        lines = [f"Table {self.path.name}: {rows} rows, {columns} columns ({self.written}); {told}{more}"]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        problems = self.problems.head(SHOWN).to_html(index=False) if len(self.problems) else ""
        listed = (
            f"<p>The first of {len(self.problems)} rows of <code>.problems</code>:</p>{problems}" if problems else ""
        )
        return f"<pre>{escape(repr(self))}</pre>{self.values.head(SHOWN).to_html()}{listed}"


LONG = "long"


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller of :func:`read_table` or :func:`read_query` asks for, whatever the source."""

    columns: Mapping[str, str] | Iterable[str] | None = None
    text: Iterable[str] = ()
    symbols: str | Mapping[str, str] = "auto"
    decimal: Decimal | None = None
    filters: Mapping[str, object] | None = None
    level: int | str | None = None
    spread: tuple[str | Sequence[str], str] | None = None
    years: int | str | None = None


@dataclass(frozen=True)
class _Body:
    """The rows that are read: their keys, their lines in the file, their cells by column without the key."""

    key: str
    keys: NDArray[np.object_]
    rows: NDArray[Any]
    cells: dict[str, Cells]

    def take(self, keep: NDArray[np.bool_]) -> _Body:
        where = np.flatnonzero(keep)
        cells = {name: column.take(where) for name, column in self.cells.items()}
        return _Body(self.key, self.keys[keep], self.rows[keep], cells)


@dataclass(frozen=True)
class _Read:
    """Columns as read, the decimal mark they were read with, and what is to be told."""

    columns: dict[str, Column]
    decimal: Decimal
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def assemble(grid: RawTable, path: Path, key: str, options: ReadOptions) -> Table:
    """Read from a grid what the options ask for."""
    if options.years not in (None, LONG) and not isinstance(options.years, int):
        raise SpecError(f"years={options.years!r}: there are a year such as 2024, and 'long'.")
    if options.spread is not None and len(tuple(options.spread)) != 2:  # noqa: PLR2004 - labels and values
        raise SpecError(
            f"spread={options.spread!r}: the column(s) of the labels and the column of the values are needed."
        )
    if options.filters is not None and not hasattr(options.filters, "items"):
        raise SpecError(f"filters={options.filters!r}: column -> value, or list of values, is needed.")
    cells, problems = _named_columns(grid)
    body = _keyed(grid, cells, key, problems)
    notes = list(grid.notes)
    if options.filters or options.level is not None:
        asked = {**body.cells, body.key: TextCells(body.keys)}
        keep, told = selected_rows(asked, body.keys, options.filters, options.level, grid.source)
        body = body.take(keep)
        notes += told
    read = _read_spread(grid, body, options) if options.spread else _read_wide(grid, body, options)
    index = pd.Index(body.keys, name="key", dtype=object)
    values, status = _frames(read.columns, index)
    if options.spread:
        labels = _labels(grid, body, options)
        values, status, note = pivoted(values.iloc[:, 0], status.iloc[:, 0], labels, grid.source)
        values, status = _with_notices(values, status, body)
        wanted = _wanted(options.columns, list(values.columns), grid.source, problems)
        values, status = _chosen(values, wanted), _chosen(status, wanted)
        notes.append(note)
    if options.years == LONG:
        values, status, note = stacked_years(values, status, grid.source)
        notes.append(note)
    notes += read.notes + [note for column in read.columns.values() for note in column.notes] + _text_note(read.columns)
    problems += read.problems
    listed = _listed(problems, read.columns)
    return Table(values, status, listed, path, _written(grid, read.decimal), tuple(notes))


def _listed(problems: list[Problem], read: Mapping[str, Column]) -> pd.DataFrame:
    """Return what is to be told of the file, and then of each column."""
    first = pd.DataFrame(problems, columns=list(Problem._fields), dtype=object)
    frames = [column.problems for column in read.values() if column.problems is not None and len(column.problems)]
    found = pd.concat([first, *frames] if len(first) or not frames else frames, ignore_index=True)
    return found.astype({"row": object, "column": "str", "raw": "str", "done": "str"})


def _written(grid: RawTable, decimal: Decimal) -> str:
    return f"{grid.description}, delimiter {grid.delimiter!r}, decimal {decimal!r}" if grid.delimiter else grid.description


def _named_columns(grid: RawTable) -> tuple[dict[str, Cells], list[Problem]]:
    """Return the columns by name; empty ones are left out, repeated ones numbered, both with a line."""
    columns: dict[str, Cells] = {}
    problems = list(grid.problems)
    for position, (name, cells) in enumerate(zip(grid.header, grid.columns, strict=True), start=1):
        if not name:
            if any(text.strip() for text in cells.texts()):
                raise ColumnError(f"{grid.source}: column {position} has cells and no name in the header.")
            problems.append(Problem("", "", "", f"empty column {position} left out"))
        elif name in columns and (columns[name].texts() == cells.texts()).all():
            problems.append(Problem("", name, "", f"column {position} repeats an earlier one and was left out"))
        elif name in columns:
            again = f"{name}_{position}"
            if again in grid.header:
                raise ColumnError(f"{grid.source} has several columns {name!r}, and one {again!r}: rename them.")
            problems.append(
                Problem("", name, "", f"column {position} has the name of an earlier one: read as {again!r}")
            )
            columns[again] = cells
        else:
            columns[name] = cells
    return columns, problems


def _keyed(grid: RawTable, cells: dict[str, Cells], key: str, problems: list[Problem]) -> _Body:
    """Return the rows with their keys as stripped text; rows without any cell are no rows."""
    name = find_column(key, list(cells), grid.source)
    if name != key:
        problems.append(Problem("", name, "", f"taken for the key column {key!r} that was asked for"))
    keys = np.array(list(map(str.strip, cells[name].texts())), dtype=object)
    body = _Body(name, keys, grid.rows, {other: column for other, column in cells.items() if other != name})
    if (keys != "").all():
        return body
    empty = np.ones(len(keys), bool)
    for column in body.cells.values():
        empty &= np.array([not text.strip() for text in column.texts()], dtype=bool)
    body = body.take(~(empty & (keys == "")))
    without = body.rows[body.keys == ""]
    if len(without):
        raise KeyColumnError(
            f"{grid.source}: {len(without)} rows have no key in {key!r}, in lines {list_some(without)}. "
            f"Remove the rows, or give them a key. Is it a second header row? Pass header_rows=2."
        )
    return body


def _read_wide(grid: RawTable, body: _Body, options: ReadOptions) -> _Read:
    """Read one column of the table per column of the file, or per column of one year."""
    named, notes, problems = {name: name for name in body.cells}, list[str](), list[Problem]()
    if isinstance(options.years, int):
        named, note = of_year(list(body.cells), options.years, grid.source)
        notes.append(note)
    wanted = _wanted(options.columns, list(named), grid.source, problems)
    names = list(dict.fromkeys([*wanted, *named]))
    text = {find_column(name, names, grid.source) for name in options.text}
    as_text = {new for new, old in wanted.items() if new in text or old in text}
    columns, decimal = _read(grid, {new: body.cells[named[old]] for new, old in wanted.items()}, body, as_text, options)
    return _Read(columns, decimal, notes, problems)


def _read_spread(grid: RawTable, body: _Body, options: ReadOptions) -> _Read:
    """Read the one column that is spread out."""
    assert options.spread is not None  # noqa: S101 - the caller has looked
    name = find_column(options.spread[1], list(body.cells), grid.source)
    as_text = {name} & set(options.text)
    columns, decimal = _read(grid, {name: body.cells[name]}, body, as_text, options)
    return _Read(columns, decimal)


def _labels(grid: RawTable, body: _Body, options: ReadOptions) -> list[str]:
    assert options.spread is not None  # noqa: S101 - the caller has looked
    by = [options.spread[0]] if isinstance(options.spread[0], str) else list(options.spread[0])
    return row_labels([body.cells[find_column(name, list(body.cells), grid.source)].texts() for name in by])


def _with_notices(values: pd.DataFrame, status: pd.DataFrame, body: _Body) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the notice columns of a long table: the notice in the first row of each key."""
    for name in filter(is_notice, body.cells):
        texts = pd.Series(body.cells[name].texts(), body.keys, dtype="str")
        first = texts[~texts.index.duplicated()].reindex(values.index)
        values = values.assign(**{name: first})
        status = status.assign(**{name: first.str.strip().eq("").map({True: "missing", False: "value"})})
    return values, status


def _read(
    grid: RawTable, chosen: Mapping[str, Cells], body: _Body, as_text: set[str], options: ReadOptions
) -> tuple[dict[str, Column], Decimal]:
    """Read columns with one decimal mark for all of them."""
    if not chosen:
        raise InputError(f"{grid.source}: no column is left besides the key {body.key!r}.")
    profile = symbol_profile(options.symbols)
    numeric = [cells for name, cells in chosen.items() if name not in as_text and not is_notice(name)]
    decimal = options.decimal or decide_decimal(numeric, profile)
    columns = {
        name: read_column(
            name,
            cells,
            body.rows,
            decimal,
            profile,
            as_text=name in as_text or is_notice(name),
            decided=options.decimal is not None,
        )
        for name, cells in chosen.items()
    }
    return columns, decimal


def _wanted(
    columns: Mapping[str, str] | Iterable[str] | None, available: list[str], source: str, problems: list[Problem]
) -> dict[str, str]:
    """Return new name -> name in the file, notices always among them; a name that only nearly fits gets a line."""
    if columns is None:
        return {name: name for name in available}
    if isinstance(columns, str):
        raise SpecError(f"columns is a list of names or new name -> name; {columns!r} is one text.")
    asked = dict(cast("Mapping[str, str]", columns)) if hasattr(columns, "items") else {name: name for name in columns}
    wanted = {new: find_column(old, available, source) for new, old in asked.items()}
    problems += [
        Problem("", found, "", f"taken for the column {asked[new]!r} that was asked for")
        for new, found in wanted.items()
        if found != asked[new]
    ]
    return wanted | {name: name for name in available if is_notice(name)}


def _frames(read: Mapping[str, Column], index: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = pd.Series(STATUSES, dtype="str").array
    values = {name: column.values for name, column in read.items()}
    status = {name: names.take(column.status) for name, column in read.items()}
    return pd.DataFrame(values, index=index), pd.DataFrame(status, index=index)


def _chosen(frame: pd.DataFrame, wanted: Mapping[str, str]) -> pd.DataFrame:
    return frame[list(wanted.values())].set_axis(list(wanted), axis=1)


def _text_note(read: Mapping[str, Column]) -> list[str]:
    words = [name for name, column in read.items() if not column.is_number]
    return [f"read as text: {list_some(words, 10)}"] if words else []
