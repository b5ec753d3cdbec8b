"""Documents: what they say once, and writers that say it as HTML, Markdown, DOCX and PDF."""

from quartiersatlas.present.paper.document import Bullets, Document, Heading, Paragraph, Row, Table
from quartiersatlas.present.paper.save import ENDINGS, save_document
from quartiersatlas.present.paper.to_docx import docx_bytes
from quartiersatlas.present.paper.to_html import html_text
from quartiersatlas.present.paper.to_markdown import markdown_text

__all__ = [
    "ENDINGS",
    "Bullets",
    "Document",
    "Heading",
    "Paragraph",
    "Row",
    "Table",
    "docx_bytes",
    "html_text",
    "markdown_text",
    "save_document",
]
