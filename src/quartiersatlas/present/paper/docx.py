"""A document as DOCX (python-docx); the same document gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from quartiersatlas.base.files import WRITTEN
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.paper.document import (
    CELL_SIZE,
    Bullets,
    DocumentTable,
    Heading,
    Paragraph,
    column_widths,
    fitting_tables,
    printable,
)

if TYPE_CHECKING:
    from quartiersatlas.present.paper.document import Document, DocumentBlock, TableRow

LANGUAGES = {"de": "de-DE", "en": "en-GB"}
SHADES = {"notice": "FFF3C4", "draft": "1A1A1A", "aid": "F7F7F5"}
BODY = 10.0  # points
WIDTH = 170 / 25.4 * 72  # points: A4 without margins
LETTER, BOLD_LETTER = 0.56, 0.62  # width of a letter of Arial, in parts of its size
LONGEST_PROPERTY = 255  # characters of a property of a document
PADDING = 5.6  # points: what Word leaves left and right in a cell


def docx_bytes(document: Document) -> bytes:
    """Return the document as the bytes of a DOCX file.

    Raises
    ------
    DependencyError
        The package python-docx is missing.
    """
    try:
        import docx
    except ImportError as error:
        raise DependencyError('DOCX needs the package python-docx: pip install "quartiersatlas[paper]"') from error

    file = docx.Document()
    _set_up(file, document)
    for block in document.blocks:
        _add(file, block)
    written = BytesIO()
    file.save(written)
    return _undated(written)


def _set_up(file: Any, document: Document) -> None:  # noqa: ANN401 - python-docx has no types of its own
    """Set page, language, fonts and properties."""
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(BODY)
    for level, size in ((1, 18), (2, 14), (3, 11)):
        style = file.styles[f"Heading {level}"]
        style.font.name, style.font.size, style.font.color.rgb = "Arial", Pt(size), RGBColor(0x1A, 0x1A, 0x1A)
        fonts = style.element.rPr.rFonts
        for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{name}"), None)  # the theme would win over the named font
    for lang in file.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), LANGUAGES[document.lang])
    properties = file.core_properties
    properties.title, properties.author, properties.comments = _property(document.title), "", ""
    properties.language = LANGUAGES[document.lang]
    properties.created = properties.modified = WRITTEN


def _property(text: str) -> str:
    """Return a text that a property can hold; the document itself says it in full."""
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= LONGEST_PROPERTY else f"{flat[: LONGEST_PROPERTY - 1].rstrip()}…"


def _add(file: Any, block: DocumentBlock) -> None:  # noqa: ANN401
    match block:
        case Heading(text=text, level=level):
            file.add_heading(printable(text), level)
        case Paragraph():
            _paragraph(file, block)
        case Bullets(items=items):
            for item in items:
                file.add_paragraph(printable(item), style="List Bullet")
        case DocumentTable():
            for part in fitting_tables(block, WIDTH, _length, PADDING):
                _table(file, part)


def _paragraph(file: Any, block: Paragraph) -> None:  # noqa: ANN401
    from docx.shared import RGBColor

    paragraph = file.add_paragraph()
    text = printable(block.text)
    run = paragraph.add_run(text if block.style == "comment" else " ".join(text.split("\n")))
    if block.style in ("notice", "draft"):
        run.bold = True
    if block.style == "draft":
        run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    if block.style == "muted":
        run.font.color.rgb = RGBColor(0x55, 0x55, 0x55)
    if block.style in SHADES:
        _shade(paragraph, SHADES[block.style])


def _shade(paragraph: Any, color: str) -> None:  # noqa: ANN401
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", color)):
        shade.set(qn(f"w:{name}"), value)
    paragraph._p.get_or_add_pPr().append(shade)  # noqa: SLF001 - python-docx has no call for it


def _table(file: Any, block: DocumentTable) -> None:  # noqa: ANN401
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    table = file.add_table(rows=1 + len(block.rows), cols=len(block.head), style="Table Grid")
    widths, size = column_widths(block, WIDTH, _length, PADDING)
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Pt(width)
    first, *others = table.rows
    for position, (cell, word) in enumerate(zip(first.cells, block.head, strict=True)):
        _cell(cell, (word,), size, bold=True, right=position in block.numeric)
    header = OxmlElement("w:tblHeader")  # repeated on every page
    header.set(qn("w:val"), "true")
    first._tr.get_or_add_trPr().append(header)  # noqa: SLF001
    for line, row in zip(others, block.rows, strict=True):
        _row(line, row, block, size)
    file.add_paragraph()


def _row(line: Any, row: TableRow, block: DocumentTable, size: float) -> None:  # noqa: ANN401
    cells = line.cells
    if row.is_heading:
        _cell(cells[0].merge(cells[-1]), (" ".join(row.cells[0]),), size, bold=True)
        return
    for position, (cell, lines) in enumerate(zip(cells, row.cells, strict=True)):
        _cell(cell, lines, size, right=position in block.numeric)


def _cell(cell: Any, lines: tuple[str, ...], size: float, *, bold: bool = False, right: bool = False) -> None:  # noqa: ANN401
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for number, text in enumerate(lines):
        run = paragraph.add_run(" ".join(printable(text).split("\n")))
        run.bold, run.font.size = bold, Pt(size)
        if number < len(lines) - 1:
            run.add_break()


def _length(line: str, bold: bool) -> float:
    return len(line) * CELL_SIZE * (BOLD_LETTER if bold else LETTER)


def _undated(written: BytesIO) -> bytes:
    """Pack the parts once more without the time of writing."""
    packed = BytesIO()
    with ZipFile(written) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = ZipInfo(name, date_time=WRITTEN.timetuple()[:6])
            part.compress_type = ZIP_DEFLATED
            target.writestr(part, source.read(name))
    return packed.getvalue()
