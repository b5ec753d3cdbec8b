"""Documents: what they say once, and writers that say it as HTML, Markdown, DOCX and PDF."""

from quartiersatlas.present.paper.document import (
    Bullets,
    Document,
    DocumentTable,
    Heading,
    Paragraph,
    TableRow,
    fit_to_paper,
)
from quartiersatlas.present.paper.docx import docx_bytes
from quartiersatlas.present.paper.write import ENDINGS, html_text, markdown_text, save_document

__all__ = [
    "ENDINGS",
    "Bullets",
    "Document",
    "DocumentTable",
    "Heading",
    "Paragraph",
    "TableRow",
    "docx_bytes",
    "fit_to_paper",
    "html_text",
    "markdown_text",
    "save_document",
]
