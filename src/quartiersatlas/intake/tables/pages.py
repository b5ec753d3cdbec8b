"""The table of a web page: portals hand out HTML under the name of a workbook."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, list_some
from quartiersatlas.intake.files.contents import REPAIRS, what_it_is
from quartiersatlas.intake.tables.encodings import encoded
from quartiersatlas.intake.tables.headers import find_header, folded, without_footnotes
from quartiersatlas.intake.tables.values.cells import Cells, RawTable, TextCells

if TYPE_CHECKING:
    from pathlib import Path

CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
HEAD = 1 << 14
WIDEST = 1000  # columns over which one cell may stretch
LOOKED_THROUGH = 40  # rows in which the name of the key column is looked for
NEVER_SHOWN = {"script", "style"}


def read_page(path: Path, key: str, encoding: str | None = None, header_rows: int | None = None) -> RawTable:
    """Read the only table of a web page, or the only one with the key column.

    Raises
    ------
    InputError
        The page has no table, several with the key column or none with it; the message says what the page is.
    """
    raw = path.read_bytes()
    file = encoded(raw, encoding or _said_encoding(raw))
    parser = _Tables()
    parser.feed(file.text())
    parser.close()
    grid = _chosen(parser, key, path)
    numbered = [(n, row) for n, row in enumerate(grid.texts(), start=1) if any(cell.strip() for cell in row)]
    if len(numbered) < 2:  # noqa: PLR2004 - a header and at least one row
        raise InputError(f"{path.name} is a web page whose table has no rows below a header.")
    header = find_header(numbered, key, header_rows, path.name)
    body, footnotes = without_footnotes(numbered[header.rows :], len(header.names))
    if not body:
        raise InputError(f"{path.name} is a web page whose table has no rows below a header.")
    below = {place: text for place, text in grid.stretched().items() if text.strip()}
    filled = [[text or below.get((n - 1, column), "") for column, text in enumerate(row)] for n, row in body]
    repeated = sum(row != before for row, (_, before) in zip(filled, body, strict=True))
    columns: list[Cells] = [TextCells([row[position] for row in filled]) for position in range(len(header.names))]
    notes = [f"{path.name} is a web page (HTML): its table of {count_noun(len(body), 'row')} was read"]
    if repeated:
        notes.append(f"cells that stretch over several rows were repeated in {count_noun(repeated, 'row')}")
    lines = np.array([n for n, _ in body], dtype=object)
    description = f"HTML, {file.encoding}"
    return RawTable(
        path.name, header.names, columns, lines, description, "", notes + header.notes, header.problems + footnotes
    )


def _said_encoding(raw: bytes) -> str | None:
    """Return the encoding that a page names, unless its first bytes say another, or nobody knows it."""
    charset = CHARSET.search(raw[:HEAD])
    if charset is None or raw.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    try:
        return codecs.lookup(charset[1].decode("ascii")).name
    except LookupError:
        return None


def _chosen(parser: _Tables, key: str, path: Path) -> _Grid:
    """Return the table that is meant."""
    tables = [table for table in parser.tables if table.rows]
    wanted = folded(key)
    with_key = [t for t in tables if any(folded(cell) == wanted for row in t.texts()[:LOOKED_THROUGH] for cell in row)]
    if len(with_key) == 1:
        return with_key[0]
    title = what_it_is(path).says
    page = f"{path.name} is a web page (HTML{f', {title!r}' if title else ''})"
    if not tables:
        raise InputError(f"{path.name} is a web page (HTML) and no table. It says: {title!r}. {REPAIRS['page']}")
    if with_key:
        raise InputError(
            f"{page} with {len(with_key)} tables that have {key!r}. Open it in a spreadsheet program and save the one "
            f"that is meant as .xlsx or .csv."
        )
    firsts = [f"({', '.join(filter(None, table.texts()[0]))[:60]})" for table in tables[:5]]
    raise InputError(
        f"{page} with {count_noun(len(tables), 'table')}, none of them with a column {key!r}; they begin with "
        f"{list_some(firsts)}. {REPAIRS['page']}"
    )


@dataclass
class _GridCell:
    """A cell as the page writes it: its text, and how many rows and columns it stretches over."""

    text: str = ""
    down: int = 1
    across: int = 1


@dataclass
class _Grid:
    """The rows of one table."""

    rows: list[list[_GridCell]] = field(default_factory=list)

    def texts(self) -> list[list[str]]:
        """Return the rows with equally many cells; what stretches over several stands in the first of them."""
        return self._laid_out()[0]

    def stretched(self) -> dict[tuple[int, int], str]:
        """Return the text that belongs into empty cells below a cell of several rows: row and column -> text."""
        return self._laid_out()[1]

    def _laid_out(self) -> tuple[list[list[str]], dict[tuple[int, int], str]]:
        grid: list[list[str]] = []
        below: dict[tuple[int, int], str] = {}
        hanging: dict[int, tuple[int, str]] = {}  # column -> rows to come, text
        for number, cells in enumerate(self.rows):
            row: list[str] = []
            taken, hanging = hanging, {column: (left - 1, text) for column, (left, text) in hanging.items() if left > 1}
            below |= {(number, column): text for column, (_, text) in taken.items()}
            for cell in cells:
                while len(row) in taken:
                    row.append("")
                if cell.down > 1:
                    hanging[len(row)] = (cell.down - 1, cell.text)
                    hanging |= {len(row) + step: (cell.down - 1, "") for step in range(1, cell.across)}
                row += [cell.text, *[""] * (cell.across - 1)]
            grid.append(row)
        width = max(map(len, grid), default=0)
        return [[*row, *[""] * (width - len(row))] for row in grid], below


class _Tables(HTMLParser):
    """All tables of a page; one inside a cell of another is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Grid] = []
        self._open: list[_Grid] = []
        self._cells: list[_GridCell | None] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, a row or a cell."""
        if tag in NEVER_SHOWN:
            self._hidden += 1
        if tag == "table":
            grid = _Grid()
            self.tables.append(grid)
            self._open.append(grid)
            self._cells.append(None)
        elif not self._open:
            return
        elif tag == "tr":
            self._open[-1].rows.append([])
            self._cells[-1] = None
        elif tag in ("td", "th"):
            given = dict(attrs)
            cell = _GridCell("", _span(given.get("rowspan")), _span(given.get("colspan")))
            if not self._open[-1].rows:
                self._open[-1].rows.append([])
            self._open[-1].rows[-1].append(cell)
            self._cells[-1] = cell
        elif tag in ("br", "p", "div") and self._cells[-1] is not None:
            self._cells[-1].text += " "

    def handle_endtag(self, tag: str) -> None:
        """Close a table or a cell."""
        if tag in NEVER_SHOWN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag == "table" and self._open:
            self._open.pop()
            self._cells.pop()
        elif tag in ("td", "th", "tr") and self._open:
            self._cells[-1] = None

    def handle_data(self, data: str) -> None:
        """Add text to the open cell."""
        if self._open and not self._hidden and (cell := self._cells[-1]) is not None:
            cell.text = f"{cell.text}{data}" if cell.text.strip() else data.lstrip()


def _span(value: str | None) -> int:
    return min(int(value), WIDEST) if value and value.strip().isdecimal() and int(value) > 0 else 1
