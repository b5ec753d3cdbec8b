"""A document as one HTML page for reading and printing; it fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.present.paper.document import printable
from quartiersatlas.present.templates import render

if TYPE_CHECKING:
    from quartiersatlas.present.paper.document import Document


def html_text(document: Document) -> str:
    """Return the page; all text is escaped by the template."""
    return printable(render("document.html", document.lang, document=document, kind=lambda block: type(block).__name__))
