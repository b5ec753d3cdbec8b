"""Indicator tables: every cell read as a value with a status, nothing coerced, nothing dropped without a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from quartiersatlas.base.checks import choice, count_noun, expects, names, renamed
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError
from quartiersatlas.intake.areas.area_columns import is_notice, optional_names
from quartiersatlas.intake.areas.key_parts import key_widths
from quartiersatlas.intake.frames import raw_table_of
from quartiersatlas.intake.tables.census_grids import CensusGrid
from quartiersatlas.intake.tables.formats import FileOptions, existing_table, raw_table
from quartiersatlas.intake.tables.garbled import mended, mended_texts
from quartiersatlas.intake.tables.headers import Problem, find_column, folded
from quartiersatlas.intake.tables.layout import pivoted, row_labels, stacked_years, units_by_stem
from quartiersatlas.intake.tables.rows import (
    Body,
    filled_down,
    keyed,
    selected_rows,
    with_joined_key,
    without_records,
    without_values,
)
from quartiersatlas.intake.tables.values.codes import symbol_profile
from quartiersatlas.intake.tables.values.frames import frames_of, limits_of
from quartiersatlas.intake.tables.values.marks import bounds_frame, no_bounds
from quartiersatlas.intake.tables.values.numbers import decide_decimal
from quartiersatlas.intake.tables.values.typed import padding_notes, read_typed_column
from quartiersatlas.intake.tables.workbooks.sheets import READ, SKIP
from quartiersatlas.intake.tables.year_names import of_year, wanted_year

if TYPE_CHECKING:
    from quartiersatlas.intake.areas.key_parts import KeyColumns
    from quartiersatlas.intake.tables.rows import WithoutKey
    from quartiersatlas.intake.tables.values.cells import Cells, RawTable
    from quartiersatlas.intake.tables.values.codes import Meaning
    from quartiersatlas.intake.tables.values.numbers import Column
    from quartiersatlas.intake.tables.values.scan import Decimal

HOW = 'qa.read_table("table.csv", key="id")'
LONG = "long"
LACKING = (
    " No row of the file has the name of the key, {!r}. The first row was taken for the header: the names may stand "
    "lower down, or the key is called otherwise."
)
SHOWN = 10  # rows of a table on a page, kinds of cells in a line


@renamed(level="key_pattern", spread="pivot")
def read_table(
    path: str | Path | pd.DataFrame,
    key: KeyColumns | None = None,
    *,
    columns: Mapping[str, str] | Iterable[str] | None = None,
    text: Iterable[str] = (),
    symbols: str | Mapping[str, Meaning] = "auto",
    sheet: str | None = None,
    layer: str | None = None,
    records: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: Decimal | None = None,
    header_rows: int | None = None,
    filters: Mapping[str, object] | None = None,
    key_pattern: int | str | None = None,
    pivot: tuple[str | Sequence[str], str] | None = None,
    years: int | str | None = None,
    skip_rows: int | Iterable[int] = (),
    drop: Mapping[str, object] | None = None,
    without_key: WithoutKey = "raise",
    fill_down: str | Iterable[str] = (),
    aggregate: Literal["sum"] | None = None,
    hidden: Literal["read", "skip"] | None = None,
) -> Table:
    r"""Read an indicator table from a file, the columns of a geometry file, or a frame in memory.

    Parameters
    ----------
    path : str, Path or DataFrame
        ``.csv``, ``.txt``, ``.tsv``; ``.xlsx``, ``.xls``, ``.ods`` (extra ``excel``); ``.parquet`` (extra ``parquet``);
        ``.json``; ``.dbf``; ``.gpkg``, ``.geojson``, ``.shp``, ``.fgb`` and other geometry files, whose columns are
        read; one of them in a ``.zip`` or ``.gz``. The content tells what a file is: text named ``.xls`` is read. Or a
        frame, whose cells are checked like those of a file. A number in a workbook is read as its cell shows it: a
        share formatted as per cent is 12.5 and not 0.125, a key formatted as ``0000`` keeps its zeros.
    key : str, list of str, or mapping of str to int
        Column with the district key, read as text: leading zeros stay. A key in several columns: ``["district", "nr"]``
        as they stand, ``{"district": 2, "nr": 3}`` with zeros up to their widths. Of a frame its index, if not given.
    columns : mapping, str or list of str, optional
        Columns to keep: names, or new name -> name in the file. All, if not given. A name may differ from the file's
        in case, blanks and hyphens. A notice column (``Hinweis`` or ``notice``) always stays with the data.
    text : str or list of str
        Columns that look like numbers and are not.
    symbols : str or mapping, default "auto"
        Marks instead of numbers or beside them: a profile (``"auto"``, ``"din55301"``, ``"genesis"``, ``"lsn"``,
        ``"ba"``, ``"berlin_mss"``, ``"zensus2022"``, ``"zensus2011"``, ``"eurostat"``: under ``"auto"`` the header of a
        census grid is known), or mark -> status. ``-`` is zero and ``.`` is suppressed: never the same. A mark
        such as ``"-9999"`` is every cell of that number, and ``"-1": "value"`` says that it is a true number. A mark
        that hides a number between limits is ``"[c]": ("suppressed", 1, 4)``; ``None`` leaves an end open.
    sheet : str, optional
        Sheet of a workbook; the first that is not hidden, if not given.
    layer : str, optional
        Layer of a geometry file with several, or file of an archive with several.
    records : str, optional
        Where the records of a JSON file lie, such as ``"result.records"`` or ``"features[].attributes"``, where they
        are not found by themselves.
    encoding, delimiter, decimal : str, optional
        How the file is written, where it is not found out rightly.
    header_rows : int, optional
        Number of header rows, where merged names are not found out rightly.
    filters : mapping, optional
        Column -> value, or list of values: the rows of a long table to read.
    key_pattern : int or str, optional
        Rows of one area level only: the number of characters of its keys, or a regular expression for the whole key.
    pivot : (str or list of str, str), optional
        Make one column per label of a long table: the column(s) with the labels, and the one with the values.
        ``columns`` then names the new columns.
    years : int, str or "long", optional
        For years as columns (``2023``, ``Einwohner 2024``, ``Quote 2023/24``, ``31.12.2024``): the columns of one
        year, without the year in their names (``value`` for a name that is the year alone); or one row per key and
        year, the year in the first column. A school year is ``"2023/24"``, or 2023 where there is no calendar year.
    skip_rows : int or list of int, optional
        Lines of the file that are no rows of the table, as messages count them (records, where there are no lines).
    drop : mapping, optional
        Column -> value, or list of values: the rows to leave out, such as ``{"Art": ["Summe"]}``.
    without_key : {"raise", "skip"}, default "raise"
        Whether rows that have cells and no key are refused or set aside.
    fill_down : str or list of str, optional
        Columns of names or codes (the key may be one) that stand in the first row of a block only: the empty cells
        below get them too.
    aggregate : "sum", optional
        With ``pivot``: add the rows of the same key and label. A sum with a suppressed or missing part is that.
    hidden : "read" or "skip", optional
        What to do with the rows that a filter or a hand has hidden in a sheet. Without it they are refused if they
        have a key. Hidden columns are read, with a note.

    Returns
    -------
    Table
        With ``.values``, ``.status``, ``.problems`` and ``.notes``; every row that was set aside is listed.
        Missing cells are NaN with a status that says why.
        Numbers in brackets or marked as provisional keep their value and have the status ``unreliable`` or
        ``provisional``. Marks such as ``<3``, ``0 bis 2`` or ``> 95 %`` are suppressed, with their limits in
        ``.bounds``; a percent sign in all cells of a column is in ``.units``.

    Raises
    ------
    ArgumentError
        A parameter is of another type; the message names what it takes.
    InputError
        The file is missing, empty, damaged or of unequal width; it is an error page, a pointer or something else than a
        table; or it is a part of the answer of a service that says so.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty, dates or errors; rows with a key are hidden; the key is in the sheet twice; or keys are
        duplicate where a long table is pivoted.
    NumberError
        Cells of a numeric column are neither numbers nor known symbols, contradict each other, may be thousands or
        decimals, have percent signs beside fractions or counts, or are codes such as -9999 that were not named.
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
    expects(path, (str, Path, pd.DataFrame), "read_table", HOW)
    if header_rows is not None:
        expects(header_rows, int, "read_table: header_rows", "header_rows=2")
    for parameter, value in (("records", records), ("layer", layer)):
        if value is not None:
            expects(value, str, f"read_table: {parameter}", 'records="result.records", layer="districts"')
    options = ReadOptions(
        key=key,
        columns=columns,
        text=text,
        symbols=symbols,
        decimal=decimal,
        filters=filters,
        key_pattern=key_pattern,
        pivot=pivot,
        years=years,
        skip_rows=skip_rows,
        drop=drop,
        without_key=without_key,
        fill_down=fill_down,
        aggregate=aggregate,
    )
    if hidden is not None:
        choice(hidden, (READ, SKIP), "hidden")
    how: dict[str, Any] = {"sheet": sheet, "layer": layer, "records": records, "encoding": encoding, "hidden": hidden}
    how |= {"delimiter": delimiter, "header_rows": header_rows}
    if isinstance(path, pd.DataFrame):
        raw, key = raw_table_of(path, key, how)
        return assemble(without_records(raw, options.skipped), Path(raw.source), replace(options, key=key))
    file = FileOptions(key=options.first_key, named=options.named, skip_rows=options.skipped, **how)
    path = existing_table(path)
    return assemble(raw_table(path, file), path, options)


@dataclass(frozen=True, eq=False)
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
        columns read as text, rows that were not asked for; of a workbook also hidden sheets, rows and columns, number
        formats, merged cells, formulas without a result, other tables in the sheet.
    units : mapping of str to str
        Column -> the unit that is written in all of its cells, such as ``percent``.
    bounds : DataFrame
        On (key, column): ``lower`` and ``upper`` of each suppressed cell whose mark names limits, both included:
        ``<3`` among counts is 0 to 2. Infinite where an end is open. Columns have the names of the file for
        ``years="long"``.
    """

    values: pd.DataFrame
    status: pd.DataFrame
    problems: pd.DataFrame
    path: Path
    written: str
    notes: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    bounds: pd.DataFrame = field(default_factory=no_bounds)

    def __repr__(self) -> str:
        rows, columns = self.values.shape
        kinds = self.problems["done"].value_counts()
        listed = [f"{kind} ({count})" for kind, count in kinds.head(SHOWN).items()] or ["no cell with a note"]
        others = int(kinds.iloc[SHOWN:].sum())
        listed += [f"{count_noun(others, 'further cell')} in .problems"] if others else []
        shape = f"{count_noun(rows, 'row')}, {count_noun(columns, 'column')}"
        lines = [f"Table {self.path.name}: {shape} ({self.written}); {', '.join(listed)}"]
        return "\n".join(lines + [f"  {note}" for note in self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        found = len(self.problems)
        about = f"<p>The first of {found} rows of <code>.problems</code>:</p>" if found > SHOWN else ""
        listed = f"{about}{_page(self.problems, index=False)}" if found else ""
        return f"<pre>{escape(repr(self))}</pre>{_page(self.values)}{listed}"


def _page(frame: pd.DataFrame, *, index: bool = True) -> str:
    """Write the first rows of a frame for a notebook: every column, every letter, every digit."""
    return frame.head(SHOWN).to_html(index=index, float_format="{:.15g}".format)


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the caller of :func:`read_table` or :func:`read_query` asks for, whatever the source."""

    key: KeyColumns | None
    columns: Mapping[str, str] | Iterable[str] | None = None
    text: Iterable[str] = ()
    symbols: str | Mapping[str, Meaning] = "auto"
    decimal: Decimal | None = None
    filters: Mapping[str, object] | None = None
    key_pattern: int | str | None = None
    pivot: tuple[str | Sequence[str], str] | None = None
    years: int | str | None = None
    skip_rows: int | Iterable[int] = ()
    drop: Mapping[str, object] | None = None
    without_key: WithoutKey = "raise"
    fill_down: str | Iterable[str] = ()
    aggregate: Literal["sum"] | None = None
    widths: Mapping[str, int | None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.key is not None:
            object.__setattr__(self, "widths", key_widths(self.key, "read_table"))
        expects(self.symbols, (str, Mapping), "symbols", "symbols=\"din55301\", or symbols={'k.A.': 'missing'}")
        if self.filters is not None:
            expects(self.filters, Mapping, "filters", "filters={'year': 2024}, or a list of values")
        if self.key_pattern is not None:
            expects(self.key_pattern, (int, str), "key_pattern", "key_pattern=8, or key_pattern='11[0-9]{6}'")
        if self.decimal is not None:
            choice(self.decimal, (",", "."), "decimal")
        if self.years is not None and self.years != LONG:
            expects(self.years, (int, str), "years", "years=2024, years='2023/24', or years='long'")
            wanted_year(self.years)
        is_pair = isinstance(self.pivot, list | tuple) and len(self.pivot) == 2  # noqa: PLR2004 - labels and values
        if self.pivot is not None and not (is_pair and isinstance(self.pivot[1], str)):
            raise SpecError(
                f"pivot takes the column(s) of the labels and the column of the values, such as "
                f"pivot=('label', 'number'), not {self.pivot!r}."
            )
        if self.drop is not None:
            expects(self.drop, Mapping, "drop", "drop={'kind': ['total']}, the rows to leave out")
        choice(self.without_key, ("raise", "skip"), "without_key")
        choice(self.aggregate, (None, "sum"), "aggregate")
        if self.aggregate is not None and self.pivot is None:
            raise SpecError("aggregate='sum' adds the rows of one key and label of a pivoted table: it needs pivot=.")
        lines = (self.skip_rows,) if isinstance(self.skip_rows, int) else self.skip_rows
        expects(lines, Iterable, "skip_rows", "skip_rows=[12, 13], the numbers of the lines")
        object.__setattr__(self, "skip_rows", tuple(lines))
        for line in self.skipped:
            expects(line, int, "skip_rows", "skip_rows=[12, 13], the numbers of the lines")
        object.__setattr__(self, "text", optional_names(self.text, "text"))
        object.__setattr__(self, "fill_down", optional_names(self.fill_down, "fill_down"))

    @property
    def skipped(self) -> tuple[int, ...]:
        """The lines of the file that are left out."""
        return self.skip_rows  # type: ignore[return-value] # settled when the options were made

    @property
    def first_key(self) -> str:
        """The column of the key, or of its first part; a file has to have one."""
        expects(self.key, (str, list, tuple, Mapping), "read_table: key", 'key="id", the column with the district key')
        return next(iter(self.widths)) if self.widths else str(self.key)

    @property
    def named(self) -> frozenset[str] | None:
        """The columns that are asked for by name, the key among them; None for all."""
        if self.columns is None and self.pivot is None:
            return None
        chosen = self.columns.values() if isinstance(self.columns, Mapping) else self.columns
        columns = optional_names(chosen or (), "columns")
        others = (*(self.filters or {}), *self.label_columns, self.value_column)
        return frozenset({*(self.widths or [str(self.key)]), *columns, *others} - {""})

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns with the labels of a long table."""
        return names(self.pivot[0], "pivot: labels") if self.pivot is not None else ()

    @property
    def value_column(self) -> str:
        """The column with the values of a long table."""
        return self.pivot[1] if self.pivot is not None else ""


@dataclass(frozen=True)
class _Read:
    """Columns as read, the decimal mark they were read with, and what is to be reported."""

    columns: dict[str, Column]
    decimal: Decimal
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def assemble(raw: RawTable, path: Path, options: ReadOptions) -> Table:
    """Read from a raw table what the options ask for."""
    cells, problems, notes = _named_columns(raw, options.first_key)
    census = CensusGrid.of(list(cells), options.symbols)
    options = replace(options, symbols=census.meanings(options.symbols))
    body, more = _wanted_rows(raw, cells, options, problems)
    body, marked = census.without_flag(body, keep=options.named is not None and census.flag in options.named)
    notes += [*more, *census.notes]
    read = _read_pivoted(raw, body, options) if options.pivot else _read_wide(raw, body, options)
    written = _written(raw, read.decimal)
    if not options.pivot:  # the cells are read: a large file is let go of before its frames are made
        for held in (raw.columns, cells, body.cells):
            held.clear()
    index = pd.Index(body.keys, name="key", dtype=object)
    values, status = frames_of(read.columns, index)
    status, more = census.flagged(values, status, marked)
    notes += more
    limits = limits_of(read.columns, index)
    if options.pivot:
        labels = _labels(raw, body, options)
        limits = [] if options.aggregate else limits  # a sum with a suppressed part has no limits of its own
        limits = [pivoted(limit.iloc[:, 0], status.iloc[:, 0], labels, raw.source)[0] for limit in limits]
        values, status, note = pivoted(values.iloc[:, 0], status.iloc[:, 0], labels, raw.source, options.aggregate)
        values, status = _with_notices(values, status, body)
        wanted = _wanted(options.columns, list(values.columns), raw.source, problems)
        values, status = _chosen(values, wanted), _chosen(status, wanted)
        limits = [limit.reindex(columns=list(wanted.values())).set_axis(list(wanted), axis=1) for limit in limits]
        notes.append(note)
    bounds = bounds_frame(*limits) if limits else no_bounds()
    units = {name: column.unit for name, column in read.columns.items() if column.unit}
    if options.pivot and units:
        units = dict.fromkeys(map(str, values.select_dtypes("number").columns), *units.values())
    if options.years == LONG:
        units = units_by_stem(units, list(values.columns))
        values, status, more = stacked_years(values, status, raw.source)
        notes += more
    notes += read.notes + [note for column in read.columns.values() for note in column.notes] + _text_note(read.columns)
    problems += read.problems
    listed = _listed(problems, read.columns)
    return Table(values, status, listed, path, written, tuple(notes), units, bounds)


def _listed(problems: list[Problem], read: Mapping[str, Column]) -> pd.DataFrame:
    """Return what is reported of the file, and then of each column."""
    first = pd.DataFrame(problems, columns=list(Problem._fields), dtype=object)
    frames = [column.problems for column in read.values() if column.problems is not None and len(column.problems)]
    found = pd.concat([first, *frames] if len(first) or not frames else frames, ignore_index=True)
    return found.astype({"row": object, "column": "str", "raw": "str", "done": "str"})


def _written(raw: RawTable, decimal: Decimal) -> str:
    return f"{raw.description}, delimiter {raw.delimiter!r}, decimal {decimal!r}" if raw.delimiter else raw.description


def _named_columns(raw: RawTable, key: str) -> tuple[dict[str, Cells], list[Problem], list[str]]:
    """Return the columns by name; empty ones are left out, repeated ones numbered, both with a line; and notes."""
    columns: dict[str, Cells] = {}
    problems = list(raw.problems)
    header, notes = mended_texts(raw.header, "the header", raw.source)
    header = _with_name_beside_key(header, raw, key, notes)
    for position, (name, cells) in enumerate(zip(header, raw.columns, strict=True), start=raw.first):
        if not name:
            if any(text.strip() for text in cells.texts()):
                named = LACKING.format(key) if key and folded(key) not in map(folded, header) else ""
                raise ColumnError(f"{raw.source}: column {position} has cells and no name in the header.{named}")
            problems.append(Problem("", "", "", f"empty column {position} left out"))
        elif name in columns and folded(name) == folded(key) and _differ(columns[name], cells):
            first = raw.header.index(name) + raw.first
            raise KeyColumnError(
                f"{raw.source}: the header of the key, {name!r}, stands over column {first} and again over column "
                f"{position}, with other keys: two tables stand side by side, and their rows do not belong together. "
                f"Put the second table into a file of its own."
            )
        elif name in columns and (columns[name].texts() == cells.texts()).all():
            problems.append(Problem("", name, "", f"column {position} repeats an earlier one and was left out"))
        elif name in columns:
            again = f"{name}_{position}"
            if again in header:
                raise ColumnError(f"{raw.source} has several columns {name!r}, and one {again!r}: rename them.")
            problems.append(
                Problem("", name, "", f"column {position} has the name of an earlier one: read as {again!r}")
            )
            columns[again] = cells
        else:
            columns[name] = cells
    return columns, problems, [*raw.notes, *notes]


def _wanted_rows(
    raw: RawTable, cells: dict[str, Cells], options: ReadOptions, problems: list[Problem]
) -> tuple[Body, list[str]]:
    """Return the rows that are read, after those that the options name away, and notes."""
    notes: list[str] = []
    if options.fill_down:
        columns, text = tuple(options.fill_down), (*options.text, *(options.widths or ()))
        cells, notes = filled_down(cells, columns, text, options.first_key, raw.source)
    key, parts = options.first_key, tuple[str, ...]()
    if options.widths is not None:
        cells, key, parts, note = with_joined_key(cells, options.widths, raw.source)
        notes.append(note)
    body, more = keyed(raw, cells, key, options.without_key, problems, parts)
    notes += [*more, *padding_notes(body.key, cells[body.key])]
    if options.drop:
        body, more = without_values(body, options.drop, raw.source, problems)
        notes += more
    if options.filters or options.key_pattern is not None:
        body, more = selected_rows(body, options.filters, options.key_pattern, raw.source)
        notes += more
    return body, notes


def _differ(one: Cells, other: Cells) -> bool:
    return any(mine.strip() != theirs.strip() for mine, theirs in zip(one.texts(), other.texts(), strict=True))


def _with_name_beside_key(header: list[str], raw: RawTable, key: str, notes: list[str]) -> list[str]:
    """Return the names of the columns; a column of words beside the key that has none is the name of the areas."""
    header = list(header)
    keys = [place for place, name in enumerate(header) if folded(name) == folded(key)]
    beside = [place for place in (keys[0] + 1, keys[0] - 1) if 0 <= place < len(header)] if keys else []
    for place in beside:
        if header[place] or "name" in map(folded, header) or not raw.columns[place].are_words():
            continue
        header[place] = "name"
        notes.append(f"column {place + raw.first} beside the key has no header and holds words: read as 'name'")
    return header


def _read_wide(raw: RawTable, body: Body, options: ReadOptions) -> _Read:
    """Read one column of the table per column of the file, or per column of one year."""
    named, notes, problems = {name: name for name in body.cells}, list[str](), list[Problem]()
    if options.years is not None and options.years != LONG:
        named, notes = of_year(list(body.cells), options.years, raw.source)
    named = named if options.columns is not None else {new: old for new, old in named.items() if old not in body.parts}
    wanted = _wanted(options.columns, list(named), raw.source, problems)
    known = list(dict.fromkeys([*wanted, *named]))
    text = {find_column(name, known, raw.source) for name in options.text}
    as_text = {new for new, old in wanted.items() if new in text or old in text}
    chosen = {new: body.cells[named[old]] for new, old in wanted.items()}
    read = _read(raw, chosen, body, as_text, options)
    return _Read(read.columns, read.decimal, notes + read.notes, problems)


def _read_pivoted(raw: RawTable, body: Body, options: ReadOptions) -> _Read:
    """Read the one column that is pivoted."""
    name = find_column(options.value_column, list(body.cells), raw.source)
    as_text = {name} & set(options.text)
    return _read(raw, {name: body.cells[name]}, body, as_text, options)


def _labels(raw: RawTable, body: Body, options: ReadOptions) -> list[str]:
    columns = [find_column(name, list(body.cells), raw.source) for name in options.label_columns]
    labels = row_labels([body.cells[name].texts() for name in columns])
    distinct = list(dict.fromkeys(labels))
    same, _ = mended_texts(distinct, "the labels", raw.source)
    form = dict(zip(distinct, same, strict=True))
    return [form[label] for label in labels]


def _with_notices(values: pd.DataFrame, status: pd.DataFrame, body: Body) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add the notice columns of a long table: the notice in the first row of each key."""
    for name in filter(is_notice, body.cells):
        texts = pd.Series(body.cells[name].texts(), body.keys, dtype="str")
        first = texts[~texts.index.duplicated()].reindex(values.index)
        values = values.assign(**{name: first})
        status = status.assign(**{name: first.str.strip().eq("").map({True: "missing", False: "value"})})
    return values, status


def _read(raw: RawTable, chosen: Mapping[str, Cells], body: Body, as_text: set[str], options: ReadOptions) -> _Read:
    """Read columns with one decimal mark for all of them, their letters as they are meant."""
    if not chosen:
        raise InputError(f"{raw.source}: no column is left besides the key {body.key!r}.")
    as_meant: dict[str, tuple[Cells, list[str]]] = {}

    def meant(
        name: str,
    ) -> Cells:  # when it is asked for: what was found out of a column takes more room than the column
        if name not in as_meant:
            as_meant[name] = mended(name, chosen[name], body.rows, raw.source)
        return as_meant[name][0]

    profile = symbol_profile(options.symbols)
    numeric = (meant(name) for name in chosen if name not in as_text and not is_notice(name))
    decimal = options.decimal or decide_decimal(numeric, profile)
    columns = {}
    for name in chosen:
        cells = meant(name)
        columns[name] = read_typed_column(
            name,
            cells,
            body.rows,
            decimal,
            profile,
            as_text=name in as_text or is_notice(name),
            decided=options.decimal is not None,
        )
        cells.forget()
    return _Read(columns, decimal, [note for name in chosen for note in as_meant[name][1]])


def _wanted(
    columns: Mapping[str, str] | Iterable[str] | None, available: list[str], source: str, problems: list[Problem]
) -> dict[str, str]:
    """Return new name -> name in the file, notices always among them; a name that only nearly fits gets a line."""
    if columns is None:
        return {name: name for name in available}
    requested = (
        dict(columns) if isinstance(columns, Mapping) else {name: name for name in optional_names(columns, "columns")}
    )
    requested = {composed(new): old for new, old in requested.items()}
    wanted = {new: find_column(old, available, source) for new, old in requested.items()}
    problems += [
        Problem("", found, "", f"taken for the requested column {requested[new]!r}")
        for new, found in wanted.items()
        if found != requested[new]
    ]
    return wanted | {name: name for name in available if is_notice(name)}


def _chosen(frame: pd.DataFrame, wanted: Mapping[str, str]) -> pd.DataFrame:
    return frame[list(wanted.values())].set_axis(list(wanted), axis=1)


def _text_note(read: Mapping[str, Column]) -> list[str]:
    words = [name for name, column in read.items() if not column.is_number]
    return [f"read as text: {', '.join(map(repr, words))}"] if words else []
