"""Header rows: titles above them, several of them, names that differ only in case, blanks and hyphens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.errors import ColumnError, InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RawRow = tuple[int, "list[str]"]  # the line of the file, and the cells

LOOKED_THROUGH = 40  # rows in which the header is looked for
BREAK = re.compile(r"-[ \u00a0]*[\r\n]+[ \u00a0]*(?=[a-zäöüß])")
FOOTNOTE = re.compile(
    r"\s*(?:©|\(c\)|_{3,}|\*|[¹²³⁴⁵]|\(?\d{1,2}\)|(?:quelle|source|stand|hinweise?|anmerkung|fußnote|copyright|zeichenerkl|legende)\b)",
    re.IGNORECASE,
)
NUMBER = re.compile(r"[-−]?\d[\d., ]*%?")
YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")


class Problem(NamedTuple):
    """One line of :attr:`Table.problems`."""

    row: object
    column: str
    raw: str
    done: str


@dataclass(frozen=True)
class Header:
    """The names of the columns, how many rows come before the first row of data, and what was done."""

    names: list[str]
    rows: int
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def find_header(rows: Sequence[RawRow], key: str, header_rows: int | None, source: str) -> Header:
    """Find the header: the rows down to the one that has the key column, and one more below it where names are merged.

    Rows with one cell only above it are titles and set aside. Without a row that has the key, the first row is taken.
    """
    position, first, last = header_span(rows, key, header_rows)
    if last >= len(rows) - 1:
        raise InputError(f"{source} has a header and no rows.")
    titles = [Problem(line, "", _joined(cells), "title above the header set aside") for line, cells in rows[:first]]
    parts = [[_cleaned(name) for name in cells] for _, cells in rows[first : last + 1]]
    if len(parts) == 1:
        return Header(parts[0], last + 1, [], titles)
    names = merged_names(parts)
    if position is not None:
        own = [_cleaned(name) for name in rows[position][1]]
        names = [mine if folded(mine) == folded(key) else name for mine, name in zip_longest(own, names, fillvalue="")]
    note = f"{len(parts)} header rows were read as one: {list_some(names, 4)}"
    return Header(names, last + 1, [note], titles)


def header_span(rows: Sequence[RawRow], key: str, header_rows: int | None) -> tuple[int | None, int, int]:
    """Return the row that has the key column, if any, and the first and the last header row."""
    if header_rows is not None and header_rows < 1:
        raise SpecError(f"header_rows must be 1 or more, not {header_rows}.")
    position = _row_of_key(rows, key)
    if header_rows is None:
        return position, *_detected(rows, position)
    if position is None:
        return None, 0, header_rows - 1
    first = _first_header_row(rows, position)  # the key is in one of the rows, the titles above them have one cell
    return position, first, first + header_rows - 1


def _row_of_key(rows: Sequence[RawRow], key: str) -> int | None:
    """Return the first row that has the name of the key column, if rows above it can be titles and group names."""
    wanted = folded(key)
    for position, (_, cells) in enumerate(rows[:LOOKED_THROUGH]):
        if any(cell.strip() == key or folded(cell) == wanted for cell in cells):
            return position
        if looks_like_data(cells):
            return None
    return None


def looks_like_data(cells: list[str]) -> bool:
    """Return True if a row has a number other than a year."""
    return any(NUMBER.fullmatch(cell.strip()) and not YEAR.fullmatch(cell.strip()) for cell in cells)


def _detected(rows: Sequence[RawRow], position: int | None) -> tuple[int, int]:
    """Return the first and the last header row."""
    if position is None:
        return 0, 0
    first = _first_header_row(rows, position)
    last = position
    if position + 1 < len(rows) and _continues(rows[position][1], rows[position + 1][1]):
        last = position + 1
    return first, last


def _first_header_row(rows: Sequence[RawRow], position: int) -> int:
    """Return the first row above the key's row that names groups of columns: rows with one cell are titles."""
    first = position
    while first > 0 and sum(bool(cell.strip()) for cell in rows[first - 1][1]) > 1:
        first -= 1
    return first


def _continues(upper: list[str], lower: list[str]) -> bool:
    """Return True if a row goes on with a header whose names are merged over several columns."""
    gaps = [not name.strip() for name in upper]
    if not any(gaps[1:]) or lower[0].strip():
        return False
    filled = [bool(cell.strip()) for cell in lower]
    names_gaps = all(below for above, below in zip(gaps, filled, strict=False) if above)
    return names_gaps and not looks_like_data(lower)


def merged_names(parts: Sequence[list[str]]) -> list[str]:
    """Join the names of several header rows; a name stands for the columns to its right until the next one.

    Examples
    --------
    >>> merged_names([["key", "Einwohner", "", "Fläche"], ["", "2019", "2020", ""]])
    ['key', 'Einwohner 2019', 'Einwohner 2020', 'Fläche']
    """
    width = max(map(len, parts))
    rows = [[*part, *[""] * (width - len(part))] for part in parts]
    for depth, row in enumerate(rows[:-1]):
        group = ""
        for column in range(width):
            group = row[column] or group
            below = any(lower[column] for lower in rows[depth + 1 :])
            row[column] = group if below else row[column]
    return [" ".join(dict.fromkeys(filter(None, (row[column] for row in rows)))) for column in range(width)]


def _cleaned(name: str) -> str:
    """Return a name on one line, without the hyphen of a line break."""
    name = BREAK.sub("", name.strip())
    name = re.sub(r"\s+", " ", name)
    return name.removesuffix(".0") if YEAR.fullmatch(name) else name


def _joined(cells: Iterable[str]) -> str:
    return " ".join(cell.strip() for cell in cells if cell.strip())


def without_footnotes(rows: Sequence[RawRow], width: int) -> tuple[list[RawRow], list[Problem]]:
    """Set aside the last rows that have one cell only, at the start, and begin like a footnote."""
    end = len(rows)
    while end and _is_footnote(rows[end - 1][1], width):
        end -= 1
    aside = [Problem(line, "", _joined(cells), "footnote below the table set aside") for line, cells in rows[end:]]
    return list(rows[:end]), aside


def _is_footnote(cells: list[str], width: int) -> bool:
    return width > 1 and not any(cell.strip() for cell in cells[1:]) and FOOTNOTE.match(cells[0]) is not None


def folded(name: str) -> str:
    """Return a name without what differs from year to year: case, blanks, hyphens, underscores, line breaks.

    Examples
    --------
    >>> folded("Migrations-hintergrund ") == folded("MigrationsHintergrund")
    True
    """
    return re.sub(r"[\s\-‐‑\u00ad_]+", "", name).casefold()


def find_column(name: str, available: Sequence[str], source: str) -> str:
    """Return the column of a name, or the only one that differs in case, blanks and hyphens alone.

    Raises
    ------
    ColumnError
        There is none, or there are several.
    """
    if name in available:
        return name
    alike = [column for column in available if folded(column) == folded(name)]
    if len(alike) > 1:
        listed = ", ".join(map(repr, alike))
        raise ColumnError(f"{source}: {name!r} may be one of {listed}. Write the name as in the file.")
    if not alike:
        raise ColumnError.not_found(name, available, source)
    return alike[0]
