"""A document becomes a file by its ending."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.errors import ReleaseError
from quartiersatlas.files import write_bytes
from quartiersatlas.present.paper.to_docx import docx_bytes
from quartiersatlas.present.paper.to_html import html_text
from quartiersatlas.present.paper.to_markdown import markdown_text
from quartiersatlas.present.paper.to_pdf import pdf_bytes

if TYPE_CHECKING:
    from quartiersatlas.present.paper.document import Document

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
