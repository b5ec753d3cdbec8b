"""Header rows: titles above them, several of them, names that differ only in case, blanks and hyphens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.base.letters import same_text
from quartiersatlas.errors import ColumnError, InputError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RawRow = tuple[int, "list[str]"]  # the line of the file, and the cells

LOOKED_THROUGH = 40  # rows in which the header is looked for
BREAK = re.compile(r"-[ \u00a0]*[\r\n]+[ \u00a0]*(?=[a-zäöüß])")
FOOTNOTE = re.compile(
    r"\s*(?:©|\(c\)|_{3,}|\*|[¹²³⁴⁵]|\(?\d{1,2}\)|(?:quelle|datenquelle|source|stand|hinweise?|notes?|anmerkung|"
    r"fußnote|copyright|zeichenerkl|legende|erläuterung|erstellt am)\b)",
    re.IGNORECASE,
)
NUMBER = re.compile(r"[-−]?\d[\d., ]*%?")
YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")
DAY = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d\d)?\d\d")
SAMPLED = 200  # rows whose keys say what keys look like
MOSTLY = 0.6  # share of keys with a digit from which they are codes
MOST_SHAPES = 4  # so many ways of writing have the codes of one table at most
LONG_TEXT, SOME_WORDS = 25, 3  # letters and words from which a cell is a sentence
ONE_NAME = "second header row with one name set aside"
TEXT_BELOW, FOOTNOTE_BELOW = "text below the table set aside", "footnote below the table set aside"


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
    if header_rows is not None:
        _refuse_row_as_header(rows, first if position is None else position, last, key, source)
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
    widest = 0  # cells of the rows above that look like data: those of titles are fewer than those of the header
    for position, (_, cells) in enumerate(rows[:LOOKED_THROUGH]):
        filled = _filled(cells)
        if any(cell.strip() == key or folded(cell) == wanted for cell in cells):
            return position if filled > widest else None
        if looks_like_data(cells):
            widest = max(widest, filled)
    return None


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _is_number(cell: str) -> bool:
    cell = cell.strip()
    return NUMBER.fullmatch(cell) is not None and DAY.fullmatch(cell) is None


def looks_like_data(cells: Sequence[str]) -> bool:
    """Return True if a row has a number other than a year."""
    return any(_is_number(cell) and not YEAR.fullmatch(cell.strip()) for cell in cells)


def _refuse_row_as_header(rows: Sequence[RawRow], top: int, last: int, key: str, source: str) -> None:
    """Refuse header rows below the key's name that are written like the rows below them: they would be lost."""
    names = rows[top][1]
    column = next((at for at, name in enumerate(names) if folded(name) == folded(key)), 0)
    below = [cells for _, cells in rows[last + 1 : last + 1 + SAMPLED]]
    shapes = {shape(cells[column]) for cells in below if len(cells) > column}
    for at in range(top + 1, last + 1):
        line, cells = rows[at]
        mine = cells[column].strip() if len(cells) > column else ""
        others = [cell for place, cell in enumerate(cells) if place != column]
        is_counted = [cell.strip() for cell in cells if cell.strip()] == [str(n + 1) for n in range(_filled(cells))]
        is_code = any(map(str.isdigit, mine)) and shape(mine) in shapes
        has_numbers = any(map(_is_number, others)) if is_code else looks_like_data(others)
        if mine and has_numbers and not is_counted:
            right = at - top
            raise SpecError(
                f"{source}: header_rows would take line {line} for a header, and it is a row of the table: its key is "
                f"{mine!r}, its other cells are {list_some(others, 3)}. Pass header_rows={right}, or leave it out."
            )


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
    """Return the first row above the key's row that names groups of columns: rows with one cell are titles.

    So are rows with fewer cells than the header, and those that a blank line and their first cells set apart.
    """
    first, width = position, len(rows[position][1])
    while first > 0 and _names_groups(rows[first - 1], rows[first], width):
        first -= 1
        width = max(width, len(rows[first][1]))
    return first


def _names_groups(row: RawRow, below: RawRow, width: int) -> bool:
    cells, filled = row[1], _filled(row[1])
    set_apart = _is_gap(row, below) and filled < width and all(cell.strip() for cell in cells[:filled])
    return filled > 1 and len(cells) >= width and not set_apart


def _is_gap(row: RawRow, below: RawRow) -> bool:
    """Return True if a blank line stands between two rows; the line of a row is the one it ends in."""
    return below[0] - row[0] > 1 + sum(cell.count("\n") for cell in below[1])


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
    """Set aside what is no row: a second header row with one name only, and the lines of text below the table.

    A line is text below the table where no row follows, it has no numbers, its first cell is not written like the
    keys above, and it begins like a footnote, is a sentence, or comes after a blank line. A row that was cut is none.
    """
    if width < 2 or not rows:  # noqa: PLR2004 - with one column every line is a row
        return list(rows), []
    shapes = _shapes_of_codes(rows, width)
    start = 1 if len(rows) > 1 and _is_one_name(rows[0][1], rows[1][1], shapes) else 0
    end = _end_of_table(rows, start, width, shapes)
    aside = [Problem(line, "", _joined(cells), ONE_NAME) for line, cells in rows[:start]]
    aside += [
        Problem(line, "", _joined(cells), FOOTNOTE_BELOW if FOOTNOTE.match(cells[0]) else TEXT_BELOW)
        for line, cells in rows[end:]
    ]
    return list(rows[start:end]), aside


def shape(text: str) -> str:
    """Return how a code is written: each digit as 9, each letter as a.

    Examples
    --------
    >>> shape("S01006506"), shape("01 02")
    ('a99999999', '99 99')
    """
    return "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text.strip())


def _shapes_of_codes(rows: Sequence[RawRow], width: int) -> set[str]:
    """Return how the first cells of whole rows are written, if they are codes; nothing where they are names."""
    gap = next((at for at in range(2, len(rows)) if _is_gap(rows[at - 1], rows[at])), len(rows))
    first = [cells[0] for _, cells in rows[: min(gap, SAMPLED)] if len(cells) >= width and _filled(cells) > 1]
    with_digit = sum(any(map(str.isdigit, cell)) for cell in first)
    if not first or with_digit < MOSTLY * len(first):
        return set()
    shapes = {shape(cells[0]) for _, cells in rows if len(cells) >= width and _filled(cells) > 1 and _is_code(cells[0])}
    return shapes if len(shapes) <= MOST_SHAPES else set()


def _is_code(text: str) -> bool:
    return any(map(str.isdigit, text)) and len(text.split()) < SOME_WORDS


def _is_one_name(cells: Sequence[str], below: Sequence[str], shapes: set[str]) -> bool:
    """Return True if the first row has one cell alone that is no code, and codes follow."""
    name = cells[0].strip()
    alone = bool(name) and _filled(cells) == 1 < _filled(below)
    return bool(shapes) and alone and shape(name) not in shapes and any(map(str.isalpha, name))


def _end_of_table(rows: Sequence[RawRow], start: int, width: int, shapes: set[str]) -> int:
    """Return where the lines of text below the table begin."""
    first = len(rows)
    while first > start + 1 and _may_be_text(rows[first - 1][1], width, shapes):
        first -= 1
    whole = first  # the first line after which no row as wide as the table follows without a blank line before it
    for at in range(len(rows) - 1, first, -1):
        if _is_whole(rows[at][1], width) and not _is_gap(rows[at - 1], rows[at]):
            whole = at
            break
    for at in range(first, len(rows)):
        is_gap = _is_gap(rows[at - 1], rows[at])
        if (at >= whole or is_gap) and _begins_text(rows[at][1], width, is_gap=is_gap, are_codes=bool(shapes)):
            return at
    return len(rows)


def _is_whole(cells: Sequence[str], width: int) -> bool:
    return len(cells) == width and _filled(cells) > 1


def _may_be_text(cells: Sequence[str], width: int, shapes: set[str]) -> bool:
    is_whole = _is_whole(cells, width)
    if not cells[0].strip() or any(map(_is_number, cells[1:])) or (is_whole and not shapes):
        return False
    return shape(cells[0]) not in shapes


def _begins_text(cells: Sequence[str], width: int, *, is_gap: bool, are_codes: bool) -> bool:
    first = cells[0].strip()
    alone = _filled(cells) == 1
    if alone and FOOTNOTE.match(first):
        return True
    is_sentence = any(len(cell.strip()) >= LONG_TEXT and len(cell.split()) > SOME_WORDS for cell in cells)
    if is_gap:
        return are_codes or len(cells) != width or (alone and is_sentence)
    has_end = alone and len(first.split()) >= SOME_WORDS and first.endswith((".", ":", "!"))
    return (are_codes and (is_sentence or has_end)) or (is_sentence and has_end and len(cells) != width)


def folded(name: str) -> str:
    """Return a name without what differs from year to year: case, blanks, hyphens, underscores, line breaks.

    Examples
    --------
    >>> folded("Migrations-hintergrund ") == folded("MigrationsHintergrund")
    True
    """
    return re.sub(r"[\s\-‐‑_]+", "", same_text(name)).casefold()


def find_column(name: str, available: Sequence[str], source: str) -> str:
    """Return the column of a name, or the only one that differs in case, blanks and hyphens alone.

    Raises
    ------
    ColumnError
        There is none, or there are several.
    """
    if name in available:
        return name
    if same_text(name) in available:
        return same_text(name)
    alike = [column for column in available if folded(column) == folded(name)]
    if len(alike) > 1:
        listed = ", ".join(map(repr, alike))
        raise ColumnError(f"{source}: {name!r} may be one of {listed}. Write the name as in the file.")
    if not alike:
        raise ColumnError.not_found(name, available, source)
    return alike[0]
