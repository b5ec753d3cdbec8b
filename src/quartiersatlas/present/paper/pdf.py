"""A document as PDF (reportlab) with embedded fonts; the same document gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import THIN_BLANK
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.paper.document import (
    CELL_SIZE,
    PADDING,
    Bullets,
    DocumentTable,
    Heading,
    Paragraph,
    column_widths,
    fitting_tables,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from quartiersatlas.present.paper.document import Document, DocumentBlock

FONT, BOLD = "quartiersatlas-sans", "quartiersatlas-sans-bold"
MARGIN = 51.0  # points: 18 mm
HEADINGS = {1: 17, 2: 13, 3: 10.5}
SHADES = {"notice": ("#fff3c4", "#1a1a1a"), "draft": ("#1a1a1a", "#ffffff"), "aid": ("#f7f7f5", "#1a1a1a")}


def pdf_bytes(document: Document) -> bytes:
    """Return the document as the bytes of a PDF file of A4 pages.

    Raises
    ------
    DependencyError
        The packages reportlab or matplotlib (for its fonts) are missing.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import SimpleDocTemplate
    except ImportError as error:
        raise DependencyError('PDF needs the package reportlab: pip install "quartiersatlas[paper]"') from error

    _register_fonts()
    written = BytesIO()
    file = SimpleDocTemplate(
        written,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=printable(document.title),
        lang=document.lang,
        invariant=1,  # no dates, no random id
        creator="quartiersatlas",
    )
    flow = [part for block in document.blocks for part in _flow(block, file.width)]
    file.build(flow, onFirstPage=_foot(document), onLaterPages=_foot(document))
    return written.getvalue()


def _register_fonts() -> None:
    """Make matplotlib's DejaVu known to reportlab: its own fonts lack most letters beyond Western Europe."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    try:
        import matplotlib as mpl
    except ImportError as error:
        raise DependencyError('PDF needs the package matplotlib: pip install "quartiersatlas[paper]"') from error
    if FONT not in pdfmetrics.getRegisteredFontNames():
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        pdfmetrics.registerFont(TTFont(FONT, fonts / "DejaVuSans.ttf"))
        pdfmetrics.registerFont(TTFont(BOLD, fonts / "DejaVuSans-Bold.ttf"))


def _style(size: float, *, bold: bool = False, **options: object) -> Any:  # noqa: ANN401 - reportlab has no types
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(
        "own",
        fontName=BOLD if bold else FONT,
        fontSize=size,
        leading=size * 1.35,
        **{"textColor": "#1a1a1a", "splitLongWords": 1, **options},
    )


def _flow(block: DocumentBlock, width: float) -> list[Any]:
    """Return a block as parts of the page."""
    from reportlab.platypus import Paragraph as Flowing

    match block:
        case Heading(text=words, level=level):
            size = HEADINGS[level]
            return [Flowing(_markup(words), _style(size, bold=True, spaceBefore=size, spaceAfter=4, keepWithNext=1))]
        case Paragraph(text=words, style=style):
            shade = SHADES.get(style)
            more: dict[str, object] = {"textColor": "#555555"} if style == "muted" else {}
            if shade:
                more = {"backColor": shade[0], "textColor": shade[1], "borderPadding": 4, "spaceBefore": 6}
            markup = "<br/>".join(map(_markup, words.splitlines())) if style == "comment" else _markup(words)
            return [
                Flowing(
                    markup, _style(9, bold=style in ("notice", "draft"), **{"spaceBefore": 3, "spaceAfter": 8} | more)
                )
            ]
        case Bullets(items=items, muted=muted):
            colour = "#555555" if muted else "#1a1a1a"
            style = _style(8, leftIndent=10, bulletIndent=1, bulletFontName=FONT, spaceAfter=2, textColor=colour)
            return [Flowing(_markup(item), style, bulletText="•") for item in items]
        case DocumentTable():
            return [flow for part in fitting_tables(block, width, _length) for flow in _table(part, width)]


def _table(block: DocumentTable, width: float) -> list[Any]:
    from reportlab.platypus import Paragraph as Flowing
    from reportlab.platypus import Spacer
    from reportlab.platypus import Table as Grid

    widths, size = column_widths(block, width, _length)

    def cell(lines: tuple[str, ...], column: int, *, bold: bool = False) -> Any:  # noqa: ANN401
        style = _style(size, bold=bold, alignment=2 if column in block.numeric else 0)
        return Flowing("<br/>".join(map(_markup, lines)), style)

    rows = [[cell((word,), column, bold=True) for column, word in enumerate(block.head)]]
    looks: list[tuple[object, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 1, "#777777"),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, "#d5d5d5"),
        ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    for number, row in enumerate(block.rows, start=1):
        if row.is_heading:
            rows.append([cell((" ".join(row.cells[0]),), -1, bold=True), *[""] * (len(block.head) - 1)])
            looks.append(("SPAN", (0, number), (-1, number)))
        else:
            rows.append([cell(lines, column) for column, lines in enumerate(row.cells)])
    return [Grid(rows, colWidths=widths, repeatRows=1, style=looks, splitInRow=1), Spacer(0, 8)]


def _length(line: str, bold: bool) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(_plain(line), BOLD if bold else FONT, CELL_SIZE))


def _markup(words: str) -> str:
    """Return text for reportlab's paragraphs, which read XML."""
    return escape(_plain(words))


def _plain(words: str) -> str:
    """Return text in one line; reportlab breaks lines at thin blanks, though not at non-breaking ones."""
    return printable(words).replace("\n", " ").replace(THIN_BLANK, "\xa0")


def _foot(document: Document) -> Callable[[Any, Any], None]:
    """Write the title and the number of the page below, and the band of a draft on every page."""
    draft = [block.text for block in document.blocks if isinstance(block, Paragraph) and block.style == "draft"]

    def write(canvas: Any, file: Any) -> None:  # noqa: ANN401
        canvas.setFont(FONT, 7)
        title = _plain(document.title)
        line = " · ".join([*draft, title if len(title) < 90 else f"{title[:90]}…"])  # noqa: PLR2004 - one line
        canvas.drawString(MARGIN, MARGIN / 2, line)
        page = text("page_number", document.lang, page=canvas.getPageNumber())
        canvas.drawRightString(MARGIN + file.width, MARGIN / 2, page)

    return write
