"""A document becomes a file by its ending: HTML, Markdown, DOCX or PDF."""

from __future__ import annotations

import re
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.files import write_bytes
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.files.seal import sealed
from quartiersatlas.present.paper.document import (
    Bullets,
    DocumentTable,
    Figure,
    Head,
    Heading,
    Key,
    Paragraph,
    Tiles,
    printable,
)
from quartiersatlas.present.paper.docx import docx_bytes
from quartiersatlas.present.paper.pdf import pdf_bytes
from quartiersatlas.present.policy import with_policy
from quartiersatlas.present.templates import template

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.paper.document import Document, DocumentBlock, TableRow

ENDINGS = {
    ".html": lambda document: html_text(document).encode(),
    ".md": lambda document: markdown_text(document).encode(),
    ".docx": docx_bytes,
    ".pdf": pdf_bytes,
}


def save_document(document: Document, path: str | Path, endings: tuple[str, ...] = tuple(ENDINGS)) -> Path:
    """Write a document as its ending says; whole or not at all.

    Raises
    ------
    ReleaseError
        The ending is none of these.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        *first, last = endings
        raise ReleaseError(f"{path.name!r}: it can be written as {', '.join(first)} and {last}.")
    return write_bytes(path, ENDINGS[path.suffix.lower()](document))


def html_text(document: Document) -> str:
    """Return the page; all text is escaped by the template."""
    from markupsafe import Markup

    from quartiersatlas.present.look import ACCENT

    numbers = count(1)
    page = template("document.html").render(
        document=document,
        look=document.look,
        accent=ACCENT if document.look is None else document.look.accent,
        family="" if document.look is None else Markup(document.look.family_first),  # noqa: S704 - a plain name
        kind_of=lambda block: type(block).__name__,
        picture=lambda figure: Markup(_inline(figure.svg, f"p{next(numbers)}", figure.alt)),  # noqa: S704 - our own
        swatch=lambda svg: Markup(_inline(svg, f"p{next(numbers)}", "")),  # noqa: S704
    )
    return sealed(with_policy(printable(page)), document.fingerprint)


SVG_START = re.compile(r"^.*?<svg\b([^>]*)>", re.DOTALL)
WORDS_OF_SVG = re.compile(r"\s*<(title|desc)>.*?</\1>", re.DOTALL)
NAME = re.compile(r'(\sid="|url\(#|href="#)')


def _inline(svg: str, prefix: str, alt: str) -> str:
    """Return a picture to stand in a page: named by its words, its parts by names that no other picture has."""
    if not svg:
        return ""
    found = SVG_START.match(svg)
    assert found is not None  # noqa: S101 - our own pictures
    named = f' role="img" aria-label="{escape(alt)}"' if alt else ' aria-hidden="true"'
    kept = re.sub(r'\s(role|aria-label|aria-hidden)="[^"]*"', "", found[1])
    body = NAME.sub(lambda part: f"{part[1]}{prefix}-", WORDS_OF_SVG.sub("", svg[found.end() :], count=2))
    return f"<svg{kept}{named}>{body}".strip()


MARKUP = re.compile(r"([\\`*_{}\[\]#|~^$!])")
# a line that would be an item of a list, a rule or the underline of a heading
LINE_START = re.compile(r"^([-+](?=\s|$)|[-=](?=[-=\s]*$)|\d{1,9}[.)](?=\s|$))")
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def markdown_text(document: Document) -> str:
    """Return the document as Markdown, ending with a line end; of a picture its words."""
    return "\n\n".join(filter(None, (_block(block, document.lang) for block in document.flat()))) + "\n"


def _block(block: DocumentBlock, lang: Lang) -> str:  # noqa: PLR0911 - one way out per kind
    match block:
        case Head():
            parts = [_line(block.kind), f"{'#' * block.level} {_line(block.title)}", _line(block.subtitle)]
            return "\n\n".join(filter(None, parts))
        case Heading(text=text, level=level):
            return f"{'#' * level} {_line(text)}"
        case Paragraph():
            return _paragraph(block)
        case Bullets():
            return "\n".join(_listed(block))
        case DocumentTable():
            return _table(block)
        case Figure():
            return _line(" ".join(filter(None, [block.title(lang), block.alt])))
        case Key():
            lines = [
                *([f"**{_line(block.title)}**", ""] if block.title else []),
                *(f"- {_line(w)}" for _, w in block.rows),
            ]
            return "\n".join([*lines, *(["", _line(block.note)] if block.note else [])])
        case Tiles():
            return "\n".join(f"- {_line(' – '.join(filter(None, tile)))}" for tile in block.tiles)
        case _:
            return ""


def _paragraph(block: Paragraph) -> str:
    if block.style == "comment":
        return "  \n".join(_line(part) for part in block.text.splitlines() if part.strip())
    strong = ("**", "**")
    marks = {"notice": strong, "draft": strong, "result": strong, "label": strong, "aid": ("> ", "")}
    before, after = marks.get(block.style, ("", ""))
    return f"{before}{_line(block.text)}{after}"


def _table(table: DocumentTable) -> str:
    head = " | ".join(map(_line, table.head))
    marks = " | ".join("---:" if column in table.numeric else "---" for column in range(len(table.head)))
    return "\n".join(f"| {line} |" for line in (head, marks, *(_row(row, len(table.head)) for row in table.rows)))


def _row(row: TableRow, width: int) -> str:
    if row.is_heading:
        return " | ".join([f"**{_line(' '.join(row.cells[0]))}**", *[""] * (width - 1)])
    return " | ".join("<br>".join(map(_line, lines)) for lines in row.cells)


def _listed(block: Bullets, indent: str = "") -> list[str]:
    """Return the lines of a list, those of a list inside it indented."""
    lines = []
    for lead, item, below in block.entries:
        lines.append(f"{indent}- {f'**{_line(lead)}** ' if lead else ''}{_line(item)}")
        lines += [] if below is None else _listed(below, f"{indent}  ")
    return lines


def _line(text: str) -> str:
    """Return a text in one line, so that none of its characters is markup and no address becomes a link."""
    flat = re.sub(r"[\r\n\t\u2028\u2029]+", " ", printable(text)).strip().translate(ENTITIES)
    escaped = MARKUP.sub(r"\\\1", flat)
    escaped = LINE_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", escaped)
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")
