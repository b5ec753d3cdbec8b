"""Documents: what they say once, and writers that say it as HTML, Markdown, DOCX and PDF."""

from quartiersatlas.present.paper.document import (
    Bullets,
    CellBar,
    Columns,
    Document,
    DocumentTable,
    Figure,
    Head,
    Heading,
    Key,
    NewPage,
    Paragraph,
    TableOfContents,
    TableRow,
    Tiles,
    fit_to_paper,
    numbered,
)
from quartiersatlas.present.paper.docx import docx_bytes
from quartiersatlas.present.paper.write import ENDINGS, html_text, markdown_text, save_document

__all__ = [
    "ENDINGS",
    "Bullets",
    "CellBar",
    "Columns",
    "Document",
    "DocumentTable",
    "Figure",
    "Head",
    "Heading",
    "Key",
    "NewPage",
    "Paragraph",
    "TableOfContents",
    "TableRow",
    "Tiles",
    "docx_bytes",
    "fit_to_paper",
    "html_text",
    "markdown_text",
    "numbered",
    "save_document",
]
