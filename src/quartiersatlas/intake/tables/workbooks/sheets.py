"""Workbooks as raw tables: which sheet, which rows, and what the sheet says beside its cells."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ColumnError, DependencyError, InputError, KeyColumnError, list_some
from quartiersatlas.intake.tables.headers import Problem, find_header, folded, without_footnotes
from quartiersatlas.intake.tables.rows import without_lines
from quartiersatlas.intake.tables.values.cells import Cells, Fault, RawTable, TypedCells, is_number, written
from quartiersatlas.intake.tables.workbooks.blocks import Block, block_of_key, without_second_table, without_text_below
from quartiersatlas.intake.tables.workbooks.merged_cells import filled_down
from quartiersatlas.intake.tables.workbooks.number_formats import shown_instead
from quartiersatlas.intake.tables.workbooks.ods_sheets import CONTENT, OdsSheets
from quartiersatlas.intake.tables.workbooks.package_parts import no_workbook, open_package
from quartiersatlas.intake.tables.workbooks.sheet_facts import Merged, Place, SheetFacts, column_letters, columns_named
from quartiersatlas.intake.tables.workbooks.xls_sheets import XlsSheets
from quartiersatlas.intake.tables.workbooks.xlsx_sheets import XlsxSheets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from python_calamine import CalamineSheet, CalamineWorkbook

    from quartiersatlas.intake.tables.headers import Header, RawRow

READ, SKIP = "read", "skip"
MADE_TEXT = re.compile(r"'[^'A-Za-z]*[0-9][^'A-Za-z]*")
MADE_TEXT_KEY = re.compile(r"'[^']+")
Grid = list[list[Any]]
LINKED = (
    "the workbook is linked with another one: which cells take their values from it cannot be told in .xls; they are "
    "read as last saved here"
)
UNSEEN = (
    "{kind} workbooks are read without their number formats, hidden rows and formulas: shares shown as per cent come "
    "as fractions, and keys without the zeros that only a format shows. Save the file as .xlsx if it has any of them"
)


def read_sheet(
    path: Path,
    key: str,
    sheet: str | None = None,
    header_rows: int | None = None,
    hidden: str | None = None,
    skip_rows: Collection[int] = (),
) -> RawTable:
    """Read one sheet of an XLSX, XLSB, XLS or ODS workbook: the first one that is not hidden, if none is named.

    Raises
    ------
    InputError
        The workbook is damaged, has no such sheet, holds nothing in it, or a cell far away from all others.
    KeyColumnError
        Rows with a key are hidden and ``hidden`` does not say what to do with them; or the keys are errors.
    """
    book = open_workbook(path)
    name, notes = chosen_sheet(book, sheet)
    facts = book.facts(name)
    grid = with_formats(book.rows(name), facts)
    texts = [(n, [written(cell) for cell in row]) for n, row in enumerate(grid, start=1)]
    texts = [(n, row) for n, row in texts if any(map(str.strip, row))]
    texts, skipped = without_lines(texts, skip_rows, path.name)
    if len(texts) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} has no rows below a header{book.told_of_others(name)}.")
    block = block_of_key(texts, key, header_rows, path.name)
    texts = block.cut(texts)
    header = find_header(texts, key, header_rows, path.name)
    if sheet is None:
        book.refuse_sheet_without(key, name, header.names)
    refuse_faulty_names(grid, texts[: header.rows], block, path.name)
    body, footnotes = without_footnotes(texts[header.rows :], len(header.names))
    body, below = without_text_below(body, len(header.names))
    body, second = without_second_table(body, texts[: header.rows], header.names, key, path.name)
    if not body:
        raise InputError(f"{path.name} has no rows below a header.")
    part = SheetPart(path.name, name, key, header, block, facts, [n for n, _ in body], [grid[n - 1] for n, _ in body])
    part.fill_merged()
    part.ask_for_hidden_rows(hidden)
    lines = np.array(part.lines, dtype=object)
    notes += [*book.unseen, *block.notes, *second.notes, *header.notes, *part.notes(), *part.columns_notes()]
    problems = [*skipped, *header.problems, *second.problems, *below, *footnotes, *part.problems]
    return RawTable(path.name, header.names, part.columns, lines, "workbook", "", notes, problems, block.first + 1)


@dataclass(frozen=True)
class Workbook:
    """An open workbook: the values of its cells, and what the package says beside them."""

    path: Path
    book: CalamineWorkbook
    package: XlsxSheets | OdsSheets | XlsSheets | None
    read: dict[str, SheetFacts] = field(default_factory=dict)

    @property
    def sheet_names(self) -> list[str]:
        """The names of the sheets, without charts and macros."""
        return [sheet.name for sheet in self.book.sheets_metadata if _ending(sheet.typ) == "WorkSheet"]

    @cached_property
    def hidden(self) -> list[str]:
        """The names of the sheets that are hidden."""
        visible = {sheet.name for sheet in self.book.sheets_metadata if _ending(sheet.visible) == "Visible"}
        return [name for name in self.sheet_names if name not in visible]

    @property
    def unseen(self) -> list[str]:
        """What cannot be seen in a workbook of this kind."""
        if isinstance(self.package, XlsSheets) and self.package.has_links:
            return [LINKED]
        return [] if self.package is not None else [UNSEEN.format(kind=self.path.suffix.lower())]

    def facts(self, sheet: str) -> SheetFacts:
        """Return what a sheet says besides its values, after a look at how far its cells reach."""
        if sheet not in self.read:
            facts = self.package.facts(sheet) if self.package is not None else SheetFacts()
            facts.refuse_stray_cells(self.path.name, sheet)
            if self.package is None:
                merged = self._sheet(sheet).merged_cell_ranges or []
                facts.merged = [Merged(Place(*first), Place(*last)) for first, last in merged]
            self.read[sheet] = facts
        return self.read[sheet]

    def rows(self, sheet: str) -> Grid:
        """Return the cells of a sheet, from its first row and column on."""
        self.facts(sheet)  # before the reader makes room for all cells
        found = self._sheet(sheet)
        with _damage_told(self.path):
            return found.to_python(skip_empty_area=False)

    def _sheet(self, sheet: str) -> CalamineSheet:
        with _damage_told(self.path):
            return self.book.get_sheet_by_name(sheet)

    def is_empty(self, sheet: str) -> bool:
        """Return True if a sheet has no cells."""
        if self.package is not None:
            return self.package.is_empty(sheet)
        return self._sheet(sheet).height == 0

    def refuse_sheet_without(self, key: str, sheet: str, names: list[str]) -> None:
        """Refuse a sheet that was not named and has no column of the key, if there are others."""
        if not any(folded(name) == folded(key) for name in names) and (others := self.told_of_others(sheet)):
            error = ColumnError.not_found(key, filter(None, names), self.path.name)
            raise ColumnError(f"{error} It was looked for{others}.")

    def told_of_others(self, sheet: str) -> str:
        """Name the other sheets, for an error about one."""
        others = [name for name in self.sheet_names if name != sheet and not self.is_empty(name)]
        return f" in sheet {sheet!r}; other sheets: {list_some(others)}. Name one with sheet=" if others else ""


def _ending(member: object) -> str:
    return str(member).rpartition(".")[2]


def open_workbook(path: Path) -> Workbook:
    """Open a workbook for reading.

    Raises
    ------
    InputError
        It is none, it is damaged or protected with a password, or it unpacks to more than can be read.
    DependencyError
        The optional package that reads workbooks is missing.
    """
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise DependencyError(
            "Reading workbooks needs an extra: pip install 'quartiersatlas[excel]' (in a checkout: '.[excel]')."
        ) from error
    package: XlsxSheets | OdsSheets | XlsSheets | None = None
    parts = open_package(path)
    if parts is None and path.is_file():
        package = XlsSheets.of(path)
    elif parts is not None and parts.has(CONTENT):
        package = OdsSheets.of(parts)
    elif parts is not None and any(name.endswith("workbook.xml") for name in parts.names):
        package = XlsxSheets.of(parts)
    if isinstance(package, OdsSheets | XlsSheets):
        for sheet, facts in package.sheets.items():  # the reader takes all sheets at once
            facts.refuse_stray_cells(path.name, sheet)
    with _damage_told(path):
        book = CalamineWorkbook.from_path(path)
        _ = book.sheet_names
    return Workbook(path, book, package)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Refuse a file in which the reader fails: it may do so anywhere, and not only with ordinary errors."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise InputError(no_workbook(path)) from error


def chosen_sheet(book: Workbook, sheet: str | None) -> tuple[str, list[str]]:
    """Return the sheet to read, the first visible one if none is named, and what is to be said about the others."""
    names, source = book.sheet_names, book.path.name
    if not names or (sheet is not None and sheet not in names):
        raise InputError(f"{source} has no sheet {sheet!r}; there are {', '.join(map(repr, names)) or 'none'}.")
    visible = [name for name in names if name not in book.hidden]
    if sheet is None and not visible:
        raise InputError(f"{source}: all sheets are hidden. Name the one to read: sheet={names[0]!r}.")
    chosen = sheet if sheet is not None else visible[0]
    notes = []
    if chosen in book.hidden:
        notes.append(f"sheet {chosen!r} is hidden in the workbook and was read, as it was named")
    if others := [name for name in book.hidden if name != chosen]:
        notes.append(f"hidden in the workbook and not read: {_sheets(others)}")
    others = [name for name in visible if name != chosen]
    if sheet is None and (others := [name for name in others if not book.is_empty(name)]):
        notes.append(f"sheet {chosen!r} was read, and not {_sheets(others)}; another one is read with sheet=")
    return chosen, notes


def _sheets(names: list[str]) -> str:
    return f"{'sheet' if len(names) == 1 else 'sheets'} {list_some(names, 20)}"


def with_formats(grid: Grid, facts: SheetFacts) -> Grid:
    """Give the cells what their formats and formulas say: per cent, zeros, no value."""
    for (column, shown), rows in facts.formatted.items():
        for row in rows:
            if row < len(grid) and column < len(grid[row]):
                grid[row][column] = shown.applied(grid[row][column])
    for place, fault in facts.faults.items():
        while place.row >= len(grid):
            grid.append([""] * len(grid[0]) if grid else [])
        row_cells = grid[place.row]
        row_cells += [""] * (place.column + 1 - len(row_cells))
        row_cells[place.column] = fault
    return grid


def refuse_faulty_names(grid: Grid, header: list[RawRow], block: Block, source: str) -> None:
    """Refuse a header whose names are errors or formulas without a result."""
    for line, cells in header:
        for column, cell in enumerate(grid[line - 1][block.first : block.first + len(cells)], start=block.first):
            if isinstance(cell, Fault):
                raise InputError(
                    f"{source}: the header cell {column_letters(column)}{line} is no name but {_what(cell)}."
                )


def _what(fault: Fault) -> str:
    return f"{fault.raw!r}, an {fault.done}".replace("an formula", "a formula").replace(", read as missing", "")


def _joined(row: list[Any]) -> str:
    return " ".join(filter(None, (written(cell).strip() for cell in row)))


@dataclass
class SheetPart:
    """The rows of a sheet below its header, with what the sheet says about them."""

    source: str
    sheet: str
    key: str
    header: Header
    block: Block
    facts: SheetFacts
    lines: list[int]
    rows: Grid
    problems: list[Problem] = field(default_factory=list)
    merged_notes: list[str] = field(default_factory=list)
    hidden_notes: list[str] = field(default_factory=list)
    apostrophe_notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        width = len(self.header.names)
        rows = [row[self.block.first : self.block.first + width] for row in self.rows]
        self.rows = [row + [""] * (width - len(row)) for row in rows]
        self._drop_apostrophes()

    def _drop_apostrophes(self) -> None:
        """Take away the apostrophe with which somebody made a number a text, where it became part of the cell."""
        found: Counter[int] = Counter()
        for row in self.rows:
            for position, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("'"):
                    pattern = MADE_TEXT_KEY if position == self.key_position else MADE_TEXT
                    if pattern.fullmatch(cell):
                        row[position] = cell[1:]
                        found[position] += 1
        self.apostrophe_notes = [
            f"{self.name(position)}: an apostrophe before {count_noun(count, 'cell')} was left out"
            for position, count in found.items()
        ]

    @cached_property
    def key_position(self) -> int | None:
        """Where the key stands among the columns; None if it is not there."""
        names = self.header.names
        alike = [position for position, name in enumerate(names) if folded(name) == folded(self.key)]
        return names.index(self.key) if self.key in names else alike[0] if alike else None

    @property
    def names(self) -> list[str]:
        """What the header says, empty for a column without a name."""
        return self.header.names

    @property
    def columns(self) -> list[Cells]:
        """The cells, column by column."""
        return [TypedCells([row[position] for row in self.rows]) for position in range(len(self.header.names))]

    def name(self, position: int) -> str:
        """Name a column: what its header says, or its letters."""
        return self.header.names[position] or f"column {column_letters(self.block.first + position)}"

    def fill_merged(self) -> None:
        """Write the value of merged cells into each of the rows that they are merged over."""
        found = filled_down(self.facts.merged, self.lines, self.rows, self.block.first, self.key_position, self)
        self.merged_notes, aside = found.notes, set(found.headings)
        self.problems += found.problems
        kept = [place for place in range(len(self.lines)) if place not in aside]
        self._keep(kept)

    def _keep(self, kept: list[int]) -> None:
        self.lines, self.rows = [self.lines[place] for place in kept], [self.rows[place] for place in kept]

    def ask_for_hidden_rows(self, hidden: str | None) -> None:
        """Refuse hidden rows that have a key, or read or skip them as the caller says."""
        position = self.key_position
        if position is None or not self.facts.hidden_rows:
            return
        self._leave_out(
            [(place, _joined(row)) for place, row in self._hidden() if not written(row[position]).strip()],
            "hidden row without a key left out",
        )
        if found := [(place, written(row[position]).strip()) for place, row in self._hidden()]:
            self._ask(found, hidden)

    def _hidden(self) -> list[tuple[int, list[Any]]]:
        return [(place, row) for place, row in enumerate(self.rows) if self.lines[place] - 1 in self.facts.hidden_rows]

    def _ask(self, found: list[tuple[int, str]], hidden: str | None) -> None:
        rows = count_noun(len(found), "row with a key is hidden", "rows with a key are hidden")
        named = list_some(key for _, key in found)
        if hidden is None:
            lines = list_some(self.lines[place] for place, _ in found)
            raise KeyColumnError(
                f"{self.source}: {rows} in sheet {self.sheet!r}, in {'line' if len(found) == 1 else 'lines'} {lines}: "
                f"{named}. A filter was left on, or somebody hid them. Pass hidden='read' to read them like all "
                f"others, or hidden='skip' to leave them out. All of them: err.keys",
                [key for _, key in found],
            )
        self.hidden_notes.append(f"{rows} in the sheet and {'read' if hidden == READ else 'left out'}: {named}")
        if hidden == SKIP:
            self._leave_out(found, "hidden row left out")

    def _leave_out(self, found: list[tuple[int, str]], why: str) -> None:
        """Leave rows out, with a line for each."""
        self.problems += [Problem(self.lines[place], "", raw, why) for place, raw in found]
        aside = {place for place, _ in found}
        self._keep([place for place in range(len(self.rows)) if place not in aside])
        if not self.rows:
            raise InputError(f"{self.source}: all rows of sheet {self.sheet!r} are hidden: none is left.")

    def notes(self) -> list[str]:
        """Return what holds for the sheet: hidden rows and columns, merged cells, other workbooks."""
        width = len(self.header.names)
        hidden = [column for column in self.facts.hidden_columns if 0 <= column - self.block.first < width]
        hidden = [column for column in hidden if any(written(row[column - self.block.first]) for row in self.rows)]
        notes = [*self.hidden_notes, *self.merged_notes, *self.apostrophe_notes]
        if hidden:
            named = list_some((self.name(column - self.block.first) for column in hidden), 20)
            notes.append(
                f"{count_noun(len(hidden), 'column is', 'columns are')} hidden in the sheet "
                f"({columns_named(hidden)}) and read: {named}"
            )
        return notes + self._numbers_not_shown() + self._elsewhere()

    def _numbers_not_shown(self) -> list[str]:
        """Return a note per column with numbers in whose place a format shows a text, or nothing."""
        place = {line - 1: n for n, line in enumerate(self.lines)}
        found: dict[int, list[str]] = {}
        for (column, shown), rows in self.facts.formatted.items():
            position = column - self.block.first
            if not shown.hides or not 0 <= position < len(self.header.names):
                continue
            cells = [self.rows[place[row]][position] for row in rows if row in place]
            texts = [shown_instead(shown.code, cell) for cell in cells if is_number(cell)]
            found.setdefault(position, []).extend(text for text in texts if text is not None)
        return [
            f"{self.name(position)}: {count_noun(len(texts), 'cell shows', 'cells show')} {texts[0]!r} by the number "
            f"format and {'holds' if len(texts) == 1 else 'hold'} a number, which was read: if it is not to be known, "
            f"delete it in the file"
            for position, texts in found.items()
            if texts
        ]

    def _elsewhere(self) -> list[str]:
        """Say which columns take values from other workbooks."""
        lines, width = set(self.lines), len(self.header.names)
        found = Counter(
            (place.column - self.block.first, other)
            for place, other in self.facts.elsewhere.items()
            if place.row + 1 in lines and 0 <= place.column - self.block.first < width
        )
        return [
            f"{self.name(position)}: the formulas of {count_noun(count, 'cell')} take their values from another "
            f"workbook{f' ({other})' if other else ''}; they are read as last saved here"
            for (position, other), count in found.items()
        ]

    def columns_notes(self) -> list[str]:
        """Say which columns hold errors and formulas without a result."""
        notes = []
        for position in range(len(self.header.names)):
            faults = [row[position] for row in self.rows if isinstance(row[position], Fault)]
            errors = sum(fault.done.startswith("error") for fault in faults)
            if errors:
                notes.append(f"{self.name(position)}: {count_noun(errors, 'error')} of formulas read as missing")
            if formulas := len(faults) - errors:
                notes.append(
                    f"{self.name(position)}: {count_noun(formulas, 'formula was', 'formulas were')} never computed and "
                    f"{'is' if formulas == 1 else 'are'} missing: open the file in the spreadsheet program and save it "
                    f"there"
                )
        return notes
