"""A document as tagged PDF: its blocks as data for the template ``document.typ``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import text
from quartiersatlas.charts.widths import text_width
from quartiersatlas.present.look import Look, worn
from quartiersatlas.present.paper.document import (
    CELL_SIZE,
    GUTTER,
    TEXT_WIDTH,
    Bullets,
    Columns,
    DocumentTable,
    Figure,
    Head,
    Heading,
    Key,
    NewPage,
    Paragraph,
    TableOfContents,
    Tiles,
    column_widths,
    fitting_tables,
    printable,
)
from quartiersatlas.present.paper.typeset import font_note, missing_note, press

if TYPE_CHECKING:
    from quartiersatlas.present.paper.document import CellBar, Document, DocumentBlock
    from quartiersatlas.present.paper.typeset import Press

    Plain = dict[str, Any]

MM = 72 / 25.4  # points
LITTLE = 70.0  # mm from the upper edge: what ends above it fills no page
TIGHTER = (0.85, 0.7)
PADDING = 3.2  # points left and right in a cell
# letters that a title may have at a size in points: two lines
TITLE_SIZES = ((70, 20.0), (110, 16.0), (150, 12.0))


def pdf_bytes(document: Document) -> bytes:
    """Return the document as the bytes of a PDF/UA-1 file of A4 pages.

    Raises
    ------
    DependencyError
        The package typst is missing.
    """
    with worn(document.look, ".pdf"):
        return _pressed(document)


def _pressed(document: Document) -> bytes:
    """Return the pages, with what their fonts lack in the last lines."""
    pictures: dict[str, str] = {}
    words = [*document.texts(), document.foot]
    said = filter(None, [font_note(words, document.look, document.lang), missing_note(words, document.lang)])
    notes = [Paragraph(note, "muted") for note in said]
    blocks = [part for block in (*document.blocks, *notes) for part in _parts(block, TEXT_WIDTH, document, pictures)]
    data = {
        "blocks": blocks,
        "office": printable(document.look.office) if document.look else "",
        "foot": printable(document.foot),
        "page-words": text("page_of_pages", document.lang),
        "tight": 1.0,
    }
    title, look = printable(document.title), document.look or Look()
    with press("document.typ", data, pictures, lang=document.lang, title=title, look=look) as job:
        if not any(isinstance(block, TableOfContents) and block.in_booklet for block in document.blocks):
            _fill_last_page(job)
        return job.pdf(document.as_of)


def _fill_last_page(job: Press) -> None:
    """Set rows and headings closer where a few lines would stand alone on the last page, if that saves the page."""
    pages, height = job.told("end")
    if pages == 1 or height > LITTLE:
        return
    for tight in TIGHTER:
        job.change(tight=tight)
        if job.told("end")[0] < pages:
            return
    job.change(tight=1.0)


def _parts(block: DocumentBlock, width: float, document: Document, pictures: dict[str, str]) -> list[Plain]:
    """Return a block as the template reads it; a table that is too wide as several."""
    match block:
        case DocumentTable():
            return [_table(part, width * MM) for part in fitting_tables(block, width * MM, _length, PADDING)]
        case Columns(left=left, right=right, share=share):
            room = width - GUTTER
            sides = {"left": (left, room * share), "right": (right, room * (1 - share))}
            columns = {
                side: [part for one in inside for part in _parts(one, wide, document, pictures)]
                for side, (inside, wide) in sides.items()
            }
            return [{"is": "columns", "share": share, **columns}]
        case TableOfContents(in_booklet=in_booklet) if not in_booklet:
            return []
        case _:
            return [_part(block, width, document, pictures)]


def _part(block: DocumentBlock, room: float, document: Document, pictures: dict[str, str]) -> Plain:
    """Return one block that is neither a table nor columns."""
    match block:
        case Figure():
            name, caption = _picture(block.svg, pictures), printable(block.title(document.lang))
            return {
                "is": "figure",
                "file": name,
                "alt": printable(block.alt),
                "caption": caption,
                "width": min(block.width, room),
            }
        case Key():
            rows = [[_picture(svg, pictures), printable(words)] for svg, words in block.rows]
            return {"is": "key", "title": printable(block.title), "rows": rows, "note": printable(block.note)}
        case NewPage():
            return {"is": "page"}
        case TableOfContents():
            return {"is": "contents"}
        case _:
            return _words(block)


def _words(block: DocumentBlock) -> Plain:
    """Return a block of words alone."""
    match block:
        case Head():
            title, size = _fitted_title(printable(block.title))
            words = {"kind": printable(block.kind), "title": title, "subtitle": printable(block.subtitle)}
            return {"is": "head", "level": block.level, "size": size, **words}
        case Heading():
            return {"is": "heading", "level": block.level, "text": printable(block.text)}
        case Paragraph():
            return {"is": "paragraph", "style": block.style, "text": printable(block.text)}
        case Bullets():
            return {"is": "bullets", "muted": block.muted, "items": _entries(block)}
        case Tiles():
            return {"is": "tiles", "tiles": [list(map(printable, tile)) for tile in block.tiles]}
    raise TypeError(block)


def _entries(block: Bullets) -> list[list[Any]]:
    """Return lead, words and the entries of the list below each item of a list."""
    found = [(map(printable, part[:2]), part[2]) for part in block.entries]
    return [[*words, [] if below is None else _entries(below)] for words, below in found]


def _fitted_title(title: str) -> tuple[str, float]:
    """Return a title and its size in points, so that it takes two lines: a very long one is cut."""
    size = next((size for letters, size in TITLE_SIZES if len(title) <= letters), TITLE_SIZES[-1][1])
    most = TITLE_SIZES[-1][0]
    return (title if len(title) <= most else f"{title[: most - 1].rstrip()}…"), size


def _picture(svg: str, pictures: dict[str, str]) -> str:
    """Add a picture, the same one once; return the place of its file."""
    if not svg:
        return ""
    name = next((name for name, content in pictures.items() if content == svg), f"picture{len(pictures)}")
    pictures[name] = svg
    return f"pictures/{name}.svg"


def _table(table: DocumentTable, width: float) -> Plain:
    widths, size = column_widths(table, width, _length, PADDING)
    rows = [
        {"cells": [list(map(printable, lines)) for lines in row.cells], "bars": [_bar(bar) for bar in row.bars]}
        for row in table.rows
    ]
    head = list(map(printable, table.head))
    numeric = sorted(table.numeric)
    return {
        "is": "table",
        "head": head,
        "rows": rows,
        "numeric": numeric,
        "widths": widths,
        "size": size,
        "padding": PADDING,
    }


def _bar(bar: CellBar | None) -> Plain | None:
    return None if bar is None else {"part": bar.part, "mark": bar.mark}


def _length(line: str, bold: bool) -> float:
    return text_width(line, CELL_SIZE, bold=bold)
