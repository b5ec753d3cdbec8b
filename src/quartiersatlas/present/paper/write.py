"""A document becomes a file by its ending: HTML, Markdown, DOCX or PDF."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.files import write_bytes
from quartiersatlas.errors import ReleaseError
from quartiersatlas.present.paper.document import Bullets, DocumentTable, Heading, Paragraph, printable
from quartiersatlas.present.paper.docx import docx_bytes
from quartiersatlas.present.paper.pdf import pdf_bytes
from quartiersatlas.present.policy import with_policy
from quartiersatlas.present.templates import template

if TYPE_CHECKING:
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
    page = template("document.html").render(
        lang=document.lang, document=document, kind=lambda block: type(block).__name__
    )
    return with_policy(printable(page))


MARKUP = re.compile(r"([\\`*_{}\[\]#|~^$!])")
# a line that would be an item of a list, a rule or the underline of a heading
LINE_START = re.compile(r"^([-+](?=\s|$)|[-=](?=[-=\s]*$)|\d{1,9}[.)](?=\s|$))")
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def markdown_text(document: Document) -> str:
    """Return the document as Markdown, ending with a line end."""
    return "\n\n".join(_block(block) for block in document.blocks) + "\n"


def _block(block: DocumentBlock) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * level} {_line(text)}"
        case Paragraph():
            return _paragraph(block)
        case Bullets(items=items):
            return "\n".join(f"- {_line(item)}" for item in items)
        case DocumentTable():
            return _table(block)


def _paragraph(block: Paragraph) -> str:
    if block.style == "comment":
        return "  \n".join(_line(part) for part in block.text.splitlines() if part.strip())
    marks = {"notice": ("**", "**"), "draft": ("**", "**"), "aid": ("> ", "")}
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


def _line(text: str) -> str:
    """Return a text in one line, so that none of its characters is markup and no address becomes a link."""
    flat = re.sub(r"[\r\n\t\u2028\u2029]+", " ", printable(text)).strip().translate(ENTITIES)
    escaped = MARKUP.sub(r"\\\1", flat)
    escaped = LINE_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", escaped)
    return escaped.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")
