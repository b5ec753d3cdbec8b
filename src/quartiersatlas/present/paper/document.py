"""What a document says: head, text, lists, tables and their widths, figures; the same for every format."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Literal

from quartiersatlas.catalogue import text
from quartiersatlas.charts.marks import ACCENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.files.seal import Fingerprint
    from quartiersatlas.present.look import Look

# what neither XML nor a printer knows: control characters except tab and line end, lone surrogates, non-characters
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Style = Literal["plain", "muted", "aid", "comment", "notice", "draft", "result", "label"]
TEXT_WIDTH = 170.0  # mm: A4 upright without margins
GUTTER = 5.0  # mm between two columns


@dataclass(frozen=True)
class Head:
    """What a document, or one of the parts of a booklet, is; its title; what it speaks of and of which day."""

    kind: str
    title: str
    subtitle: str = ""
    level: int = 1


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
    """A list; ``leads`` are the words with which each item begins, set bold; ``inside`` the list below each item."""

    items: tuple[str, ...]
    muted: bool = False
    leads: tuple[str, ...] = ()
    inside: tuple[Bullets | None, ...] = ()

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The items, each after its lead."""
        return list(zip(self.leads or [""] * len(self.items), self.items, strict=True))

    @property
    def entries(self) -> list[tuple[str, str, Bullets | None]]:
        """The items, each after its lead and before the list below it."""
        below = self.inside or (None,) * len(self.items)
        return [(*part, inner) for part, inner in zip(self.parts, below, strict=True)]


@dataclass(frozen=True)
class CellBar:
    """A bar under the number of a cell, and a mark on it: parts of the cell's width, from 0 to 1."""

    part: float
    mark: float | None = None


@dataclass(frozen=True)
class TableRow:
    """A row of a table: the lines of each cell. A row of one cell is the heading of the rows below it."""

    cells: tuple[tuple[str, ...], ...]
    bars: tuple[CellBar | None, ...] = ()

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


@dataclass(frozen=True)
class Figure:
    """A picture with its caption, if any; ``alt`` says in words what is seen, ``width`` is in mm.

    ``table`` is the same in numbers, which a page shows to who asks for it.
    """

    svg: str
    alt: str
    caption: str
    width: float = TEXT_WIDTH
    number: int = 0
    table: DocumentTable | None = None

    def title(self, lang: Lang) -> str:
        """Return the caption after the number; empty without one."""
        return self.caption and f"{text('label_figure', lang)} {self.number}: {self.caption}"


@dataclass(frozen=True)
class Key:
    """The key of a map: for each sign its picture and its words."""

    title: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """A few numbers side by side: for each the number, what it is, and what it is compared with."""

    tiles: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Columns:
    """Blocks side by side; the left ones, whose part of the width is ``share``, are read first."""

    left: tuple[DocumentBlock, ...]
    right: tuple[DocumentBlock, ...]
    share: float = 0.5


@dataclass(frozen=True)
class NewPage:
    """What follows begins a page."""


@dataclass(frozen=True)
class TableOfContents:
    """The list of headings up to a level; where pages can be turned only, unless it is a booklet's."""

    depth: int = 2
    in_booklet: bool = False


DocumentBlock = (
    Head | Heading | Paragraph | Bullets | DocumentTable | Figure | Key | Tiles | Columns | NewPage | TableOfContents
)


@dataclass(frozen=True)
class Document:
    """A whole document in one language.

    ``foot`` stands below each page, ``as_of`` is the date it is given, ``fingerprint`` what a page says of its release.
    """

    title: str
    lang: Lang
    blocks: tuple[DocumentBlock, ...]
    look: Look | None = None
    foot: str = ""
    as_of: str = ""
    fingerprint: Fingerprint | None = None

    def __post_init__(self) -> None:
        if self.look is not None:
            accent = self.look.accent
            object.__setattr__(self, "blocks", tuple(_in_accent(block, accent) for block in self.blocks))

    def texts(self) -> Iterator[str]:
        """Give every text in reading order, without empty ones."""
        for block in self.flat():
            yield from filter(None, map(printable, _texts(block, self.lang)))

    def flat(self) -> Iterator[DocumentBlock]:
        """Give every block in reading order; columns as what stands in them."""
        return _flat(self.blocks)


def _in_accent(block: DocumentBlock, accent: str) -> DocumentBlock:
    """Return a block whose pictures have the accent of an office in place of ours."""
    match block:
        case Figure():
            return replace(block, svg=block.svg.replace(ACCENT, accent))
        case Columns():
            left, right = (tuple(_in_accent(one, accent) for one in side) for side in (block.left, block.right))
            return replace(block, left=left, right=right)
        case _:
            return block


def _flat(blocks: Iterable[DocumentBlock]) -> Iterator[DocumentBlock]:
    for block in blocks:
        if isinstance(block, Columns):
            yield from _flat((*block.left, *block.right))
        else:
            yield block


def _texts(block: DocumentBlock, lang: Lang) -> Iterable[str]:  # noqa: PLR0911 - one way out per kind
    match block:
        case Head():
            return [block.kind, block.title, block.subtitle]
        case Heading() | Paragraph():
            return [block.text]
        case Bullets():
            inner = [words for below in block.inside if below is not None for words in _texts(below, lang)]
            return [*(f"{lead} {item}".strip() for lead, item in block.parts), *inner]
        case DocumentTable():
            return [*block.head, *(line for row in block.rows for cell in row.cells for line in cell)]
        case Figure():
            return [block.title(lang)]
        case Key():
            return [block.title, *(words for _, words in block.rows), block.note]
        case Tiles():
            return [words for tile in block.tiles for words in tile]
        case _:
            return []


def numbered(blocks: Iterable[DocumentBlock], numbers: Iterator[int] | None = None) -> tuple[DocumentBlock, ...]:
    """Return blocks whose figures with a caption are numbered in reading order."""
    numbers = count(1) if numbers is None else numbers
    found: list[DocumentBlock] = []
    for block in blocks:
        match block:
            case Figure() if block.caption:
                found.append(replace(block, number=next(numbers)))
            case Columns():
                left = numbered(block.left, numbers)
                found.append(replace(block, left=left, right=numbered(block.right, numbers)))
            case _:
                found.append(block)
    return tuple(found)


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
HEAD_LINES = 3  # a word at the head of a column takes up to so many lines
LINE = 140  # letters side by side on an upright A4 page that can still be read


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
        tuple(row if row.is_heading else _row_part(row, columns) for row in table.rows),
        frozenset(place for place, column in enumerate(columns) if column in table.numeric),
    )


def _row_part(row: TableRow, columns: list[int]) -> TableRow:
    return TableRow(tuple(row.cells[c] for c in columns), tuple(row.bars[c] for c in columns) if row.bars else ())


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
                whole = length(line, bold) / (HEAD_LINES if bold else 1)
                natural[column] = max(natural[column], whole + SLACK)
                least[column] = max([least[column], *(length(word, bold) + SLACK for word in words)])
    return [max(pair) for pair in zip(natural, least, strict=True)], least
