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
class TableRow:
    """A row of a table: the lines of each cell. A row of one cell is the heading of the rows below it."""

    cells: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, *cells: str | Iterable[str]) -> TableRow:
        """Make a row of texts, or of lists of lines."""
        return cls(tuple((cell,) if isinstance(cell, str) else tuple(cell) for cell in cells))

    @property
    def is_heading(self) -> bool:
        """Whether it heads the rows below."""
        return len(self.cells) == 1


@dataclass(frozen=True)
class DocumentTable:
    """A table; ``numeric`` are the positions of the columns that are set flush right."""

    head: tuple[str, ...]
    rows: tuple[TableRow, ...]
    numeric: frozenset[int] = frozenset()


DocumentBlock = Heading | Paragraph | Bullets | DocumentTable


@dataclass(frozen=True)
class Document:
    """A whole document in one language."""

    title: str
    lang: Lang
    blocks: tuple[DocumentBlock, ...]

    def texts(self) -> Iterator[str]:
        """Give every text in reading order, without empty ones."""
        for block in self.blocks:
            yield from filter(None, map(printable, _texts(block)))


def _texts(block: DocumentBlock) -> Iterable[str]:
    match block:
        case Heading() | Paragraph():
            return [block.text]
        case Bullets():
            return block.items
        case DocumentTable():
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
LINE = 120  # letters side by side on an upright A4 page that can still be read


def fit_to_paper(block: DocumentBlock, lang: Lang) -> DocumentBlock:
    """Return a table that is too wide for a page as a long one: a row per row and column, so that no figure is cut."""
    if not isinstance(block, DocumentTable) or _letters(block) <= LINE:
        return block
    rows: list[TableRow] = []
    for row in block.rows:
        rows.append(TableRow.of(" ".join(row.cells[0])))
        named = zip(block.head[1:], row.cells[1:], strict=False)  # a heading has one cell
        rows += [TableRow.of(name, lines) for name, lines in named if any(lines)]
    return DocumentTable(
        (block.head[0], text("column_value", lang)), tuple(rows), frozenset({1} if block.numeric else ())
    )


def _letters(table: DocumentTable) -> int:
    """Return how many letters stand side by side where words are broken into lines and numbers are not."""
    _, least = _needs(table, lambda line, _bold: len(line))
    return round(sum(least) + (1 - SLACK) * len(table.head))  # a blank beside each column


def fitting_tables(
    table: DocumentTable, width: float, length: Callable[[str, bool], float], padding: float = PADDING
) -> list[DocumentTable]:
    """Return a table that fits the width as it is, a wider one as parts to stand one below the other.

    Parameters
    ----------
    table : DocumentTable
        What is set.
    width : float
        Width of the page between its margins, in points.
    length : callable
        Length of a text at ``CELL_SIZE``, plain or bold.
    padding : float
        Room left and right of a cell's text.

    Returns
    -------
    list of DocumentTable
        Each part repeats the first column, and has as many of the others as fit in the smallest letters: no number is
        broken where there is room for it beside the first column.
    """
    _, least = _needs(table, length)
    needed = [part * SMALLEST / CELL_SIZE + 2 * padding for part in least]
    if sum(needed) <= width - SLACK:
        return [table]
    parts: list[list[int]] = []
    for column in range(1, len(needed)):
        if parts and sum(needed[other] for other in (*parts[-1], column)) <= width - SLACK:
            parts[-1].append(column)
        else:
            parts.append([0, column])
    return [_part(table, columns) for columns in parts] or [table]


def _part(table: DocumentTable, columns: list[int]) -> DocumentTable:
    """Return some columns of a table; what heads rows stays."""
    return DocumentTable(
        tuple(table.head[column] for column in columns),
        tuple(row if row.is_heading else TableRow(tuple(row.cells[c] for c in columns)) for row in table.rows),
        frozenset(place for place, column in enumerate(columns) if column in table.numeric),
    )


def column_widths(
    table: DocumentTable, width: float, length: Callable[[str, bool], float], padding: float = PADDING
) -> tuple[list[float], float]:
    """Return the widths of the columns and the size of letters, in points.

    Parameters
    ----------
    table : DocumentTable
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
        The widths add up to ``width``. Each column gets its longest word (numbers are not broken at all) where the
        table is one of ``fitting_tables``; the room left goes to the columns that would need more lines, in proportion.
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


def _needs(table: DocumentTable, length: Callable[[str, bool], float]) -> tuple[list[float], list[float]]:
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
