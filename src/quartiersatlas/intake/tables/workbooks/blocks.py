"""Several tables in one sheet: side by side with an empty column between, or one below the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, KeyColumnError, list_some
from quartiersatlas.intake.tables.headers import NUMBER, Problem, folded, header_span, looks_like_data
from quartiersatlas.intake.tables.values.codes import PROFILES
from quartiersatlas.intake.tables.workbooks.sheet_facts import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quartiersatlas.intake.tables.headers import RawRow

AGES = re.compile(r"\d+\s*[-–]\s*\d+|\d+\s*\+")  # how the rows of a table by age are named
SEVERAL = 2
MOSTLY = 0.5
NEARLY_ALL = 0.8
WORDS = 4  # no area without numbers has a name of so many words
TITLES = 3  # rows that may stand between a gap and the header of another table


@dataclass(frozen=True)
class Block:
    """The columns of a sheet that belong to the table: from ``first`` to before ``end``."""

    first: int
    end: int
    notes: list[str] = field(default_factory=list)

    def cut(self, rows: Sequence[RawRow]) -> list[RawRow]:
        """Return the rows with the columns of the block alone, without those that are empty then."""
        kept = [(line, cells[self.first : self.end]) for line, cells in rows]
        return [(line, cells) for line, cells in kept if any(map(str.strip, cells))]


@dataclass(frozen=True)
class SecondTable:
    """What was found below a table."""

    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def block_of_key(rows: Sequence[RawRow], key: str, header_rows: int | None, source: str) -> Block:
    """Find the columns of the table that has the key, where empty columns set others apart.

    An empty column alone ends no table: what stands behind it belongs to the table unless it has row labels of its own,
    reaches further down, or has no header.

    Raises
    ------
    KeyColumnError
        The key is there twice, over different keys.
    """
    width = max(len(cells) for _, cells in rows)
    position, first, last = header_span(rows, key, header_rows)
    if position is None or last >= len(rows) - 1:
        return Block(0, width)
    head, body = rows[first : last + 1], rows[last + 1 :]
    keys = _key_columns(rows[position][1], key)
    runs = _runs([*head, *body], width)
    _refuse_second_key(keys, rows[position][0], body, key, source)
    own = next(place for place, run in enumerate(runs) if keys[0] in run)
    low = high = own
    while high + 1 < len(runs) and not _stands_apart(runs[high + 1], runs[own], keys[0], head, body, key, source):
        high += 1
    while low > 0 and not _stands_apart(runs[low - 1], runs[own], keys[0], head, body, key, source):
        low -= 1
    apart = [*runs[:low], *runs[high + 1 :]]
    if not apart:
        return Block(0, width)
    return Block(runs[low][0], runs[high][-1] + 1, [_note(run, head, body) for run in apart])


def _key_columns(cells: Sequence[str], key: str) -> list[int]:
    """Return the columns whose header is the key: those written exactly so, or else those that nearly are."""
    exact = [column for column, cell in enumerate(cells) if cell.strip() == key]
    return exact or [column for column, cell in enumerate(cells) if folded(cell) == folded(key)]


def _runs(rows: Sequence[RawRow], width: int) -> list[range]:
    """Return the columns that stand side by side without an empty one between them."""
    filled = set[int]()
    for _, cells in rows:
        filled.update(column for column, cell in enumerate(cells) if cell and cell.strip())
        if len(filled) == width:
            break
    runs, start = [], None
    for column in range(width + 1):
        if column in filled and start is None:
            start = column
        elif column not in filled and start is not None:
            runs.append(range(start, column))
            start = None
    return runs


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if column < len(cells) else ""


def _refuse_second_key(keys: list[int], line: int, body: Sequence[RawRow], key: str, source: str) -> None:
    """Refuse the header of the key over two columns whose cells differ."""
    for other in keys[1:]:
        if any(_cell(cells, keys[0]) != _cell(cells, other) for _, cells in body):
            _refuse(source, Place(line - 1, keys[0]), Place(line - 1, other), f"the header of the key, {key!r}, stands")


def _refuse(source: str, first: Place, other: Place, what: str) -> None:
    raise KeyColumnError(
        f"{source}: {what} in {first} and again in {other}, over other keys: two tables stand side by side, and their "
        f"rows do not belong together. Put the second table into a sheet or a file of its own."
    )


def _stands_apart(
    run: range, own: range, key_column: int, head: Sequence[RawRow], body: Sequence[RawRow], key: str, source: str
) -> bool:
    """Return True if the columns of a run are no part of the table, and refuse them if they have the key as well."""
    key_place = Place(head[-1][0] - 1, key_column)
    _refuse_key_in(run, key_place, head, body, key, source)
    filled = [place for place, (_, cells) in enumerate(body) if any(_cell(cells, column) for column in run)]
    if not filled:
        return False
    if not any(_cell(cells, column) for _, cells in head for column in run):
        return True
    if len(run) < SEVERAL:
        return False
    labels = [_cell(body[place][1], run[0]) for place in filled]
    keys = [_cell(body[place][1], key_column) for place in filled]
    all_keys = [_cell(cells, key_column) for _, cells in body]
    if _are_keys(labels, keys, all_keys):
        _refuse(source, key_place, Place(head[-1][0] - 1, run[0]), "keys of the areas stand below the headers")
    in_own = {place for place, (_, cells) in enumerate(body) if any(_cell(cells, column) for column in own)}
    if not in_own.issuperset(filled):
        return True
    from_the_top = filled == list(range(filled[0], filled[0] + len(filled))) and filled[0] <= min(in_own)
    has_numbers = any(NUMBER.fullmatch(_cell(body[place][1], column)) for place in filled for column in run)
    return from_the_top and has_numbers and _are_labels(labels)


def _refuse_key_in(
    run: range, key_place: Place, head: Sequence[RawRow], body: Sequence[RawRow], key: str, source: str
) -> None:
    """Refuse columns in which the header of the key stands, unless the keys below are the same."""
    wanted = folded(key)
    for line, cells in [*head, *body]:
        for column in run:
            if folded(_cell(cells, column)) != wanted:
                continue
            below = [cells for other, cells in body if other > line]
            if any(_cell(cells, column) != _cell(cells, key_place.column) for cells in below):
                _refuse(source, key_place, Place(line - 1, column), f"the header of the key, {key!r}, stands")


def _are_keys(labels: Sequence[str], keys: Sequence[str], all_keys: Sequence[str]) -> bool:
    """Return True if texts are the keys in another order; the numbers from 1 on may be ranks as well."""
    known = set(filter(None, all_keys))
    if labels == keys or known <= {str(number) for number in range(1, len(known) + 1)}:
        return False
    shared = sum(label in known for label in labels)
    return shared >= NEARLY_ALL * len(labels) and len(set(labels)) == len(labels) and len(labels) >= SEVERAL


def _are_labels(texts: Sequence[str]) -> bool:
    """Return True if texts are names of rows: words, each there once."""
    are_words = all(
        AGES.fullmatch(text) or (any(map(str.isalpha, text)) and not NUMBER.fullmatch(text)) for text in texts
    )
    return are_words and len(set(texts)) == len(texts) >= SEVERAL


def _note(run: range, head: Sequence[RawRow], body: Sequence[RawRow]) -> str:
    names = [name for column in run if (name := " ".join(filter(None, (_cell(cells, column) for _, cells in head))))]
    lines = [line for line, cells in [*head, *body] if any(_cell(cells, column) for column in run)]
    headers = f" ({list_some(names)})" if names else ""
    return (
        f"cells {Place(lines[0] - 1, run[0])}:{Place(lines[-1] - 1, run[-1])}{headers} stand apart from the table, "
        f"behind an empty column, and were not read"
    )


def without_second_table(
    rows: list[RawRow], head: Sequence[RawRow], names: Sequence[str], key: str, source: str
) -> tuple[list[RawRow], SecondTable]:
    """Return the rows of the first of several tables that stand one below the other, and what was done.

    Raises
    ------
    InputError
        The second one has the key as well.
    """
    column = next((place for place, name in enumerate(names) if name == key or folded(name) == folded(key)), None)
    if column is None:
        return rows, SecondTable()
    headers = {tuple(map(str.strip, cells)) for _, cells in head if sum(map(bool, map(str.strip, cells))) > 1}
    repeated = set[int]()
    for place, start in _candidates(rows, column, key):
        cells = [cell.strip() for cell in rows[place][1]]
        if tuple(cells) in headers:
            repeated |= set(range(start, place + 1))
        elif any(cell and folded(cell) == folded(key) for cell in cells) and not looks_like_data(cells):
            raise InputError(
                f"{source}: line {rows[place][0]} is a second header ({list_some(filter(None, cells))}): another table "
                f"stands below the first. Put it into a sheet or a file of its own."
            )
        elif _is_header(place, place > start, column, rows):
            line, found = rows[start][0], list_some(filter(None, cells))
            note = f"another table begins in line {line} ({found}) and was not read"
            return _without(rows[:start], repeated, column, source, SecondTable([note]))
    return _without(rows, repeated, column, source, SecondTable())


def without_text_below(rows: Sequence[RawRow], width: int) -> tuple[list[RawRow], list[Problem]]:
    """Set sentences aside that stand alone below the table and a gap."""
    end = len(rows)
    while end > 1 and width > 1 and _is_sentence(rows[end - 1][1]):
        end -= 1
    if end == len(rows) or rows[end][0] == rows[end - 1][0] + 1:
        return list(rows), []
    aside = [(line, " ".join(filter(None, map(str.strip, cells)))) for line, cells in rows[end:]]
    return list(rows[:end]), [Problem(line, "", text, "text below the table set aside") for line, text in aside]


def _is_sentence(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) == 1 and len(filled[0].split()) >= WORDS and not NUMBER.fullmatch(filled[0].strip())


def _candidates(rows: Sequence[RawRow], column: int, key: str) -> Iterable[tuple[int, int]]:
    """Yield rows that may be headers, and the row after the gap above them: titles may stand between."""
    start: int | None = None
    for place, (line, cells) in enumerate(rows):
        if place and line > rows[place - 1][0] + 1:
            start = place
        if start is not None and place - start <= TITLES:
            yield place, start
            if sum(bool(cell.strip()) for cell in cells) > 1:
                start = None
        elif _cell(cells, column) == key:
            yield place, place


def _is_header(place: int, has_title: bool, key_column: int, rows: Sequence[RawRow]) -> bool:
    """Return True if a row has words only where the rows above have numbers, and numbers come below it.

    Where the keys are words themselves, the row of an area may look the same: only a title above it tells them apart.
    """
    filled = [(column, cell.strip()) for column, cell in enumerate(rows[place][1]) if cell.strip()]
    if len(filled) < SEVERAL or place + 1 >= len(rows) or not looks_like_data(rows[place + 1][1]):
        return False
    words = [cell for _, cell in filled]
    if not all(any(map(str.isalpha, cell)) and cell not in PROFILES["auto"].instead for cell in words):
        return False
    keys = [_cell(cells, key_column) for _, cells in rows[:place]]
    are_codes = all(any(map(str.isdigit, key)) for key in keys if key)
    if len(set(words)) < len(words) or not (has_title or (are_codes and not any(map(str.isdigit, words[0])))):
        return False
    above = [[_cell(cells, column) for _, cells in rows[:place]] for column, _ in filled[1:]]
    return any(sum(bool(NUMBER.fullmatch(cell)) for cell in cells) >= MOSTLY * len(cells) for cells in above)


def _without(
    rows: list[RawRow], repeated: set[int], column: int, source: str, found: SecondTable
) -> tuple[list[RawRow], SecondTable]:
    """Set repeated headers aside, as pages have them, and refuse them where the keys begin anew."""
    repeated = {place for place in repeated if place < len(rows)}
    if not repeated:
        return rows, found
    first = min(repeated)
    above = {_cell(cells, column) for _, cells in rows[:first]} - {""}
    below = [_cell(cells, column) for place, (_, cells) in enumerate(rows) if place > first and place not in repeated]
    n_above = sum(bool(_cell(cells, column)) for _, cells in rows[:first])
    again = [key for key in below if key in above]
    if again and len(above) == n_above:  # in a long table keys come again on every page
        keys = count_noun(len(again), "key comes", "keys come")
        raise InputError(
            f"{source}: the header is repeated in line {rows[first][0]}, and {keys} again below it "
            f"({list_some(again)}): another table stands below the first. Put it into a sheet or a file of its own."
        )
    aside = [
        Problem(rows[place][0], "", " ".join(filter(None, map(str.strip, rows[place][1]))), "repeated header set aside")
        for place in sorted(repeated)
    ]
    kept = [row for place, row in enumerate(rows) if place not in repeated]
    return kept, SecondTable(found.notes, [*found.problems, *aside])
