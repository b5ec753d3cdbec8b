"""What a document says: headings, paragraphs, lists, tables and their widths, the same for every format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quartiersatlas.catalogue import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quartiersatlas.catalogue import Lang

# what neither XML nor a printer knows: control characters except tab and line end, lone surrogates, non-characters
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Style = Literal["plain", "muted", "aid", "comment", "notice", "draft"]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; line ends are kept in a comment only."""

    text: str
    style: Style = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]
    muted: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table: the lines of each cell. A row of one cell is the heading of the rows below it."""

    cells: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, *cells: str | Iterable[str]) -> Row:
        """Make a row of texts, or of lists of lines."""
        return cls(tuple((cell,) if isinstance(cell, str) else tuple(cell) for cell in cells))

    @property
    def is_heading(self) -> bool:
        """Whether it heads the rows below."""
        return len(self.cells) == 1


@dataclass(frozen=True)
class Table:
    """A table; ``numeric`` are the positions of the columns that are set flush right."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    numeric: frozenset[int] = frozenset()


Block = Heading | Paragraph | Bullets | Table


@dataclass(frozen=True)
class Document:
    """A whole document in one language."""

    title: str
    lang: Lang
    blocks: tuple[Block, ...]

    def texts(self) -> Iterator[str]:
        """Give every text in reading order, without empty ones."""
        for block in self.blocks:
            yield from filter(None, map(printable, _texts(block)))


def _texts(block: Block) -> Iterable[str]:
    match block:
        case Heading() | Paragraph():
            return [block.text]
        case Bullets():
            return block.items
        case Table():
            return [*block.head, *(line for row in block.rows for cell in row.cells for line in cell)]


def printable(text: str) -> str:
    r"""Return a text without the characters that no document can hold.

    Examples
    --------
    >>> printable("Nord\x00stadt")
    'Nordstadt'
    """
    return UNPRINTABLE.sub("", text)


CELL_SIZE, SMALLEST = 7.5, 4.5  # points
PADDING = 3.0  # left and right of a cell
SLACK = 0.5


def column_widths(
    table: Table, width: float, length: Callable[[str, bool], float], padding: float = PADDING
) -> tuple[list[float], float]:
    """Return the widths of the columns and the size of letters, in points.

    Parameters
    ----------
    table : Table
        What is set.
    width : float
        Width of the page between its margins.
    length : callable
        Length of a text at ``CELL_SIZE``, plain or bold.
    padding : float
        Room left and right of a cell's text.

    Returns
    -------
    (list of float, float)
        The widths add up to ``width``. Each column gets its longest word (numbers are not broken at all); the room left
        goes to the columns that would need more lines, in proportion.
    """
    natural, least = _needs(table, length)
    room = width - 2 * padding * len(table.head)
    size = min(CELL_SIZE, max(SMALLEST, CELL_SIZE * room / max(sum(least), 1.0)))
    natural, least = ([part * size / CELL_SIZE for part in parts] for parts in (natural, least))
    if sum(least) > room - SLACK:
        shares = [room * part / sum(least) for part in least]
    elif sum(natural) <= room:
        shares = [part + (room - sum(natural)) / len(natural) for part in natural]
    else:
        more = [full - small for full, small in zip(natural, least, strict=True)]
        shares = [small + (room - sum(least)) * part / sum(more) for small, part in zip(least, more, strict=True)]
    return [share + 2 * padding for share in shares], size


def _needs(table: Table, length: Callable[[str, bool], float]) -> tuple[list[float], list[float]]:
    """Return for each column the length of its longest line, and of its longest word."""
    natural, least = [0.0] * len(table.head), [0.0] * len(table.head)
    rows: list[tuple[tuple[tuple[str, ...], ...], bool]] = [(tuple((word,) for word in table.head), True)]
    rows += [(row.cells, False) for row in table.rows if not row.is_heading]
    for cells, bold in rows:
        for column, lines in enumerate(cells):
            for line in lines:
                words = [line] if column in table.numeric and not bold else line.split(" ")
                natural[column] = max(natural[column], length(line, bold) + SLACK)
                least[column] = max([least[column], *(length(word, bold) + SLACK for word in words)])
    return natural, least


LINE = 120  # letters side by side on an upright A4 page that can still be read


def fit_to_paper(block: Block, lang: Lang) -> Block:
    """Return a table that is too wide for a page as a long one: a row per row and column, so that no figure is cut."""
    if not isinstance(block, Table) or _letters(block) <= LINE:
        return block
    rows: list[Row] = []
    for row in block.rows:
        rows.append(Row.of(" ".join(row.cells[0])))
        named = zip(block.head[1:], row.cells[1:], strict=False)  # a heading has one cell
        rows += [Row.of(name, lines) for name, lines in named if any(lines)]
    return Table((block.head[0], text("column_value", lang)), tuple(rows), frozenset({1} if block.numeric else ()))


def _letters(table: Table) -> int:
    """Return how many letters stand side by side where words are broken into lines and numbers are not."""
    _, least = _needs(table, lambda line, _bold: len(line))
    return round(sum(least) + (1 - SLACK) * len(table.head))  # a blank beside each column
