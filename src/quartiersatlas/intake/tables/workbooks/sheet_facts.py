"""What is known of a sheet besides the values of its cells, whatever kind of workbook it is."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.intake.tables.values.cells import Fault
    from quartiersatlas.intake.tables.workbooks.number_formats import NumberFormat

LETTERS = 26
MOST_CELLS = 60_000_000  # of the rectangle from A1 to the last cell: more does not fit in the memory of an office PC
LARGE = 400_000  # from here on a rectangle that is nearly empty is looked at
FILLED_SHARE = 0.01
NOT_COMPUTED = (
    "formula that was never computed, read as missing: open the file in the spreadsheet program and save it there"
)


class Place(NamedTuple):
    """A cell: its row and its column, both counted from 0."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"{column_letters(self.column)}{self.row + 1}"


class Merged(NamedTuple):
    """Cells that are merged: the first and the last of them."""

    first: Place
    last: Place

    def __str__(self) -> str:
        return f"{self.first}:{self.last}"


@dataclass
class SheetFacts:
    """What a sheet says besides its values. Rows and columns are counted from 0.

    ``lowest`` and ``rightmost`` are the first cells that reach so far; ``formatted`` holds the rows of each column and
    format; ``computed_zeros`` the formulas whose stored result is 0 in a file that asks to be computed when it is
    opened; ``elsewhere`` the workbook that the formula of a cell takes its value from.
    """

    filled: int = 0
    lowest: tuple[int, int] = (0, 0)
    rightmost: tuple[int, int] = (0, 0)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[int] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    formatted: dict[tuple[int, NumberFormat], array[int]] = field(default_factory=dict)
    faults: dict[Place, Fault] = field(default_factory=dict)
    formulas: dict[int, int] = field(default_factory=dict)
    computed_zeros: dict[Place, Fault] = field(default_factory=dict)
    elsewhere: dict[Place, str] = field(default_factory=dict)

    def fill(self, row: int, column: int) -> None:
        """Count a cell that is not empty."""
        self.filled += 1
        if row > self.lowest[0]:
            self.lowest = (row, column)
        if column > self.rightmost[1]:
            self.rightmost = (row, column)

    def format(self, row: int, column: int, shown: NumberFormat) -> None:
        """Keep the format of a cell that changes what its number means."""
        self.formatted.setdefault((column, shown), array("q")).append(row)

    def take_computed_zeros(self) -> None:
        """Take formulas for never computed if every formula of their column has the result 0 in such a file."""
        zeros: dict[int, int] = {}
        for place in self.computed_zeros:
            zeros[place.column] = zeros.get(place.column, 0) + 1
        for place, fault in self.computed_zeros.items():
            if zeros[place.column] == self.formulas[place.column]:
                self.faults[place] = fault
        self.computed_zeros.clear()

    def refuse_stray_cells(self, source: str, sheet: str) -> None:
        """Refuse a sheet whose cells span a rectangle that nobody can hold, or that is nearly empty.

        Raises
        ------
        InputError
            A cell far away from the others; the message names it.
        """
        rows, columns = self.lowest[0] + 1, self.rightmost[1] + 1
        size = rows * columns
        if size <= MOST_CELLS and (size < LARGE or self.filled >= FILLED_SHARE * size):
            return
        ends = " and ".join(dict.fromkeys(map(str, (Place(*self.lowest), Place(*self.rightmost)))))
        raise InputError(
            f"{source}: sheet {sheet!r} has {count_noun(self.filled, 'cell')} that "
            f"{'is' if self.filled == 1 else 'are'} not empty, and the table would have {rows:,} rows and {columns:,} "
            f"columns, because the last cells are {ends}. A stray entry far away from the table? Delete the rows below "
            f"the table and the columns to its right in the spreadsheet program, and save the file."
        )


def column_letters(column: int) -> str:
    """Return the letters of a column, counted from 0.

    Examples
    --------
    >>> column_letters(0), column_letters(27), column_letters(16383)
    ('A', 'AB', 'XFD')
    """
    letters, rest = "", column + 1
    while rest:
        rest, letter = divmod(rest - 1, LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0.

    Examples
    --------
    >>> column_number("A"), column_number("AB"), column_number("XFD")
    (0, 27, 16383)
    """
    number = 0
    for letter in letters.upper():
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number - 1


def place_of(reference: str) -> Place:
    """Return the place that a reference such as ``AB12`` or ``$AB$12`` names."""
    reference = reference.replace("$", "")
    letters = reference.rstrip("0123456789")
    return Place(int(reference[len(letters) :]) - 1, column_number(letters))


def merged_range(reference: str) -> Merged:
    """Return the cells that a reference such as ``A2:A4`` names."""
    first, _, last = reference.partition(":")
    return Merged(place_of(first), place_of(last or first))


def columns_named(columns: Iterable[int]) -> str:
    """Name columns by their letters."""
    return ", ".join(map(column_letters, columns))
