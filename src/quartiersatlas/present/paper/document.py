"""What a document says: headings, paragraphs, tables and lists, the same for every format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
