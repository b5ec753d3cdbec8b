"""Cells that are merged over several rows: the value holds for each of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError
from quartiersatlas.intake.tables.headers import Problem
from quartiersatlas.intake.tables.values.cells import is_number, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.intake.tables.workbooks.sheet_facts import Merged

MOSTLY = 0.5


class Named(Protocol):
    """Something that names the columns of a sheet."""

    source: str

    @property
    def names(self) -> list[str]:
        """What the header says, empty for a column without a name."""
        ...

    def name(self, position: int) -> str:
        """Name a column."""
        ...


@dataclass
class FilledDown:
    """What was done with merged cells; ``headings`` are the rows that are one merged text over the table."""

    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)


def filled_down(
    merged: Sequence[Merged],
    lines: Sequence[int],
    rows: list[list[Any]],
    first_column: int,
    key_position: int | None,
    named: Named,
) -> FilledDown:
    """Fill the rows below a merged cell with its value, in place.

    A number is filled down only where the cells of a column are merged throughout, as the numbers of districts are, or
    left of the key: one count for several areas would be counted several times.

    Raises
    ------
    InputError
        A number is merged over several rows of a column of values.
    """
    found = FilledDown()
    if not merged or not rows:
        return found
    at = {line - 1: place for place, line in enumerate(lines)}
    width = len(rows[0])
    down: dict[int, list[tuple[Merged, list[int]]]] = defaultdict(list)
    for one in sorted(merged):
        column, last = one.first.column - first_column, one.last.column - first_column
        if one.first.row not in at or not 0 <= column < width:
            continue
        places = [at[row] for row in range(one.first.row, min(one.last.row, lines[-1]) + 1) if row in at]
        if one.last.row > one.first.row:
            down[column].append((one, places))
        elif last > column:
            _across(one, places[0], rows, column, key_position, found, named)
    for column, ranges in down.items():
        _fill(column, ranges, rows, key_position, found, named)
    return found


def _across(
    one: Merged,
    place: int,
    rows: list[list[Any]],
    column: int,
    key_position: int | None,
    found: FilledDown,
    named: Named,
) -> None:
    """Set a heading aside that is merged over the key and other columns; list other cells that are merged across."""
    names = named.names
    row, value = rows[place], written(rows[place][column]).strip()
    last = column + one.last.column - one.first.column
    is_alone = sum(bool(written(cell).strip()) for cell in row) == 1
    covers_key = key_position is not None and column <= key_position <= last
    if value and is_alone and covers_key and not is_number(row[column]):
        found.headings.append(place)
        found.problems.append(Problem(one.first.row + 1, "", value, f"text merged over {one} set aside"))
    elif value and any(names[column + 1 : last + 1]):
        done = f"cells {one} are merged: read as one cell of this column"
        found.problems.append(Problem(one.first.row + 1, named.name(column), value, done))


def _fill(
    column: int,
    ranges: list[tuple[Merged, list[int]]],
    rows: list[list[Any]],
    key_position: int | None,
    found: FilledDown,
    named: Named,
) -> None:
    covered = sum(len(places) for _, places in ranges)
    is_left = key_position is not None and column <= key_position
    is_group = is_left or covered >= MOSTLY * len(rows)
    filled = 0
    for one, places in ranges:
        value = rows[places[0]][column]
        if not written(value).strip():
            continue
        if is_number(value) and not (is_group and float(value).is_integer()) and len(places) > 1:
            raise InputError(
                f"{named.source}: the cells {one} of column {named.name(column)!r} are merged and hold one number, "
                f"{written(value)}, for {count_noun(len(places), 'row')}: whether it is the number of each row or of "
                f"all of them together is not known. Undo the merging in the spreadsheet program, and write into each "
                f"row what holds for it."
            )
        for place in places[1:]:
            if not written(rows[place][column]).strip():
                rows[place][column] = value
                filled += 1
    if filled:
        cells = count_noun(len(ranges), "merged cell")
        found.notes.append(f"{named.name(column)}: {cells} filled down into {count_noun(filled, 'more row')}")
