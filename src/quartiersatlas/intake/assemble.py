"""From a grid to a table: names, rows, keys, decimal mark, columns, layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.decimal_mark import decide_decimal
from quartiersatlas.intake.grid import Problem, TextCells
from quartiersatlas.intake.headers import find_column
from quartiersatlas.intake.layouts import label_of, of_year, rows_asked_for, spread_out, stacked_years
from quartiersatlas.intake.notices import is_notice
from quartiersatlas.intake.numbers import read_column
from quartiersatlas.intake.symbols import STATUSES, symbol_profile
from quartiersatlas.intake.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quartiersatlas.intake.grid import Cells, Decimal, Grid
    from quartiersatlas.intake.numbers import Column

LONG = "long"


@dataclass(frozen=True, kw_only=True)
class Options:
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


def assemble(grid: Grid, path: Path, key: str, options: Options) -> Table:
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
        keep, told = rows_asked_for(asked, body.keys, options.filters, options.level, grid.source)
        body = body.take(keep)
        notes += told
    read = _read_spread(grid, body, options) if options.spread else _read_wide(grid, body, options)
    index = pd.Index(body.keys, name="key", dtype=object)
    values, status = _frames(read.columns, index)
    if options.spread:
        labels = _labels(grid, body, options)
        values, status, note = spread_out(values.iloc[:, 0], status.iloc[:, 0], labels, grid.source)
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


def _written(grid: Grid, decimal: Decimal) -> str:
    return f"{grid.how}, delimiter {grid.delimiter!r}, decimal {decimal!r}" if grid.delimiter else grid.how


def _named_columns(grid: Grid) -> tuple[dict[str, Cells], list[Problem]]:
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


def _keyed(grid: Grid, cells: dict[str, Cells], key: str, problems: list[Problem]) -> _Body:
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


def _read_wide(grid: Grid, body: _Body, options: Options) -> _Read:
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


def _read_spread(grid: Grid, body: _Body, options: Options) -> _Read:
    """Read the one column that is spread out."""
    assert options.spread is not None  # noqa: S101 - the caller has looked
    name = find_column(options.spread[1], list(body.cells), grid.source)
    as_text = {name} & set(options.text)
    columns, decimal = _read(grid, {name: body.cells[name]}, body, as_text, options)
    return _Read(columns, decimal)


def _labels(grid: Grid, body: _Body, options: Options) -> list[str]:
    assert options.spread is not None  # noqa: S101 - the caller has looked
    by = [options.spread[0]] if isinstance(options.spread[0], str) else list(options.spread[0])
    return label_of([body.cells[find_column(name, list(body.cells), grid.source)].texts() for name in by])


def _with_notices(values: pd.DataFrame, status: pd.DataFrame, body: _Body) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the notice columns of a long table: the notice in the first row of each key."""
    for name in filter(is_notice, body.cells):
        texts = pd.Series(body.cells[name].texts(), body.keys, dtype="str")
        first = texts[~texts.index.duplicated()].reindex(values.index)
        values = values.assign(**{name: first})
        status = status.assign(**{name: first.str.strip().eq("").map({True: "missing", False: "value"})})
    return values, status


def _read(
    grid: Grid, chosen: Mapping[str, Cells], body: _Body, as_text: set[str], options: Options
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
