"""A document as DOCX (python-docx): pictures with words, numbered captions, contents; the same bytes every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from quartiersatlas.base.files import WRITTEN
from quartiersatlas.catalogue import text
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.look import ACCENT
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
from quartiersatlas.present.paper.docx_parts import (
    add_bookmark,
    add_contents,
    add_field,
    add_picture,
    add_seamless_table,
    set_lines,
    set_row,
    shade,
)
from quartiersatlas.present.paper.typeset import svg_png

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.document import Document, DocumentBlock, TableRow

LANGUAGES = {"de": "de-DE", "en": "en-GB"}
SHADES = {"notice": "FFF3C4", "draft": "1A1A1A", "aid": "F4F4F2"}
FONT, BODY = "Arial", 10.0
QUIET = "555555"
MM = 72 / 25.4  # points
LETTER, BOLD_LETTER = 0.56, 0.62  # width of a letter of Arial, in parts of its size
LONGEST_PROPERTY = 255  # characters of a property of a document
PADDING = 5.6  # points: what Word leaves left and right in a cell
SIGN, LOGO = 6.5, 14.0  # mm: width of a sign of a key, height of a logo


def docx_bytes(document: Document) -> bytes:
    """Return the document as the bytes of a DOCX file; without typst pictures stand in it as words.

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
    writer = Writer(file, document.lang, document.look, tuple(document.flat()))
    for block in document.blocks:
        writer.add(file, block, TEXT_WIDTH)
    written = BytesIO()
    file.save(written)
    return _undated(written)


def _set_up(file: Any, document: Document) -> None:  # noqa: ANN401 - python-docx has no types of its own
    """Set page, language, fonts, the line below each page, and properties."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    accent = ACCENT if document.look is None else document.look.accent
    font = (document.look.family if document.look is not None else "") or FONT
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    normal = file.styles["Normal"]
    normal.font.name, normal.font.size = font, Pt(BODY)
    for name in ("toc 1", "toc 2"):
        style = file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style, style.paragraph_format.space_after = normal, Pt(2)
    looks = [
        ("Heading 1", 20, accent),
        ("Heading 2", 14, accent),
        ("Heading 3", 11, "#1a1a1a"),
        ("Caption", 8.5, QUIET),
    ]
    for name, size, color in looks:
        style = file.styles[name]
        style.font.name, style.font.size, style.font.bold = font, Pt(size), name != "Caption"
        style.font.color.rgb = RGBColor.from_string(color.removeprefix("#").upper())
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # the theme would win over the named font
    for lang in file.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), LANGUAGES[document.lang])
    properties = file.core_properties
    properties.title, properties.author, properties.comments = _property(document.title), "", ""
    properties.language = LANGUAGES[document.lang]
    properties.created = properties.modified = WRITTEN
    _foot(section.footer.paragraphs[0], document)


def _foot(paragraph: Any, document: Document) -> None:  # noqa: ANN401
    from docx.shared import Pt, RGBColor

    before, between, after = _around_numbers(text("page_of_pages", document.lang))
    for words, instruction in (
        (f"{printable(document.foot)} · " if document.foot else "", ""),
        (before, " PAGE "),
        (between, " NUMPAGES "),
        (after, ""),
    ):
        runs = [paragraph.add_run(words)] if words else []
        runs += add_field(paragraph, instruction, "1") if instruction else []
        for run in runs:
            run.font.size, run.font.color.rgb = Pt(8), RGBColor.from_string(QUIET)


def _around_numbers(template: str) -> tuple[str, str, str]:
    """Return what stands before, between and after the number of a page and that of all pages."""
    before, _, rest = template.partition("{page}")
    between, _, after = rest.partition("{pages}")
    return before, between, after


def _property(words: str) -> str:
    """Return a text that a property can hold; the document itself says it in full."""
    flat = " ".join(printable(words).split())
    return flat if len(flat) <= LONGEST_PROPERTY else f"{flat[: LONGEST_PROPERTY - 1].rstrip()}…"


@dataclass
class Writer:
    """Adds blocks to a document or to a cell of it."""

    file: Any
    lang: Lang
    look: Look | None
    blocks: tuple[DocumentBlock, ...]
    bookmarks: list[str] = field(default_factory=list)
    is_new_page: bool = False

    def add(self, place: Any, block: DocumentBlock, width: float) -> None:  # noqa: ANN401
        """Add a block to a document or a cell that is so many mm wide."""
        if self.is_new_page and not isinstance(block, NewPage):
            self._on_a_new_page(place, block, width)
            return
        match block:
            case DocumentTable():
                for part in fitting_tables(block, width * MM, _length, PADDING):
                    _table(place, part, width)
                    _gap(place)
            case Figure():
                self._figure(place, block, width)
            case Key():
                self._key(place, block)
            case Tiles():
                _tiles(place, block, width)
            case Columns():
                self._columns(place, block, width)
            case NewPage():
                self.is_new_page = True
            case _:
                self._words(place, block)

    def _on_a_new_page(self, place: Any, block: DocumentBlock, width: float) -> None:  # noqa: ANN401
        """Let the first paragraph of a block begin a page: a break behind a full page would leave an empty one."""
        self.is_new_page = False
        if isinstance(block, DocumentTable | Columns | Tiles):
            _gap(place)
            place.paragraphs[-1].paragraph_format.page_break_before = True
            self.add(place, block, width)
            return
        n = len(place.paragraphs)
        self.add(place, block, width)
        place.paragraphs[n].paragraph_format.page_break_before = True

    def _words(self, place: Any, block: DocumentBlock) -> None:  # noqa: ANN401
        """Add a block of words alone."""
        match block:
            case Head():
                self._head(place, block)
            case Heading(text=words, level=level):
                self._heading(place, words, level)
            case Paragraph():
                _paragraph(place, block)
            case Bullets():
                _bullets(place, block)
            case TableOfContents(depth=depth):
                _paragraph(place, Paragraph(text("heading_contents", self.lang), "label"))
                add_contents(place, _headings(self.blocks, depth))

    def _head(self, place: Any, block: Head) -> None:  # noqa: ANN401
        if self.look is not None and self.look.logo_file is not None and block.level == 1:
            kind, content = self.look.logo_file
            content = content if kind == "png" else _png(content.decode("utf-8"), None)
            if content:
                paragraph = place.add_paragraph()
                paragraph.alignment = _right()
                add_picture(paragraph, content, self.look.logo_alt, height=LOGO)
        _muted(place.add_paragraph(), block.kind)
        self._heading(place, block.title, block.level)
        if block.subtitle:
            _muted(place.add_paragraph(), block.subtitle)

    def _heading(self, place: Any, words: str, level: int) -> None:  # noqa: ANN401
        paragraph = place.add_paragraph(style=f"Heading {level}")
        run = paragraph.add_run(printable(words))
        self.bookmarks.append(words)
        add_bookmark(run, len(self.bookmarks))

    def _figure(self, place: Any, block: Figure, width: float) -> None:  # noqa: ANN401
        content = _png(block.svg, self.look)
        paragraph = place.add_paragraph()
        paragraph.paragraph_format.keep_with_next = bool(block.caption)
        if content:
            name = f"{text('label_figure', self.lang)} {block.number}" if block.number else ""
            add_picture(paragraph, content, printable(block.alt), width=min(block.width, width), name=name)
        else:
            _muted(paragraph, block.alt)
        if block.caption:
            caption = place.add_paragraph(style="Caption")
            caption.add_run(f"{text('label_figure', self.lang)} ")
            add_field(caption, f" SEQ {text('caption_sequence', self.lang)} \\* ARABIC ", str(block.number))
            caption.add_run(f": {printable(block.caption)}")

    def _key(self, place: Any, block: Key) -> None:  # noqa: ANN401
        from docx.shared import Mm, Pt

        if block.title:
            place.add_paragraph().add_run(printable(block.title)).bold = True
        for svg, words in block.rows:
            paragraph = place.add_paragraph()
            shape = paragraph.paragraph_format
            shape.space_after, shape.left_indent, shape.first_line_indent = Pt(0), Mm(SIGN + 2), Mm(-SIGN - 2)
            shape.tab_stops.add_tab_stop(Mm(SIGN + 2))
            content = _png(svg, self.look)
            if content:
                add_picture(paragraph, content, printable(words), width=SIGN)
            paragraph.add_run(f"\t{printable(words)}").font.size = Pt(8)
        if block.note:
            _muted(place.add_paragraph(), block.note)

    def _columns(self, place: Any, block: Columns, width: float) -> None:  # noqa: ANN401
        """Put blocks side by side; where one of them is a table, one below the other: tables do not nest well."""
        if any(isinstance(one, DocumentTable) for one in (*block.left, *block.right)):
            for one in (*block.left, *block.right):
                self.add(place, one, width)
            return
        room = width - GUTTER
        inner = [room * block.share, room * (1 - block.share)]
        cells = add_seamless_table(place, [inner[0] + GUTTER, inner[1]])
        for cell, inside, wide in zip(cells, (block.left, block.right), inner, strict=True):
            first = cell.paragraphs[0]
            for one in inside:
                self.add(cell, one, wide)
            if len(cell.paragraphs) > 1:
                first._p.getparent().remove(first._p)  # noqa: SLF001 - python-docx has no call for it
        _gap(place)


def _headings(blocks: Iterable[DocumentBlock], depth: int) -> list[tuple[int, int, str]]:
    """Return number, level and words of the headings down to a level, without the title."""
    found = []
    heads = [block for block in blocks if isinstance(block, Heading | Head)]
    for number, block in enumerate(heads, start=1):
        words = block.title if isinstance(block, Head) else block.text
        if 1 < block.level <= depth:
            found.append((number, block.level, printable(words)))
    return found


def _png(svg: str, look: Look | None) -> bytes:
    """Return a picture as PNG; nothing where typst is missing."""
    try:
        return svg_png(svg, look=look) if svg else b""
    except DependencyError:
        return b""


def _gap(place: Any) -> None:  # noqa: ANN401
    """Leave a narrow line: Word joins tables that nothing stands between."""
    from docx.shared import Pt

    paragraph = place.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.line_spacing = Pt(6)


def _right() -> Any:  # noqa: ANN401
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    return WD_ALIGN_PARAGRAPH.RIGHT


def _muted(paragraph: Any, words: str) -> None:  # noqa: ANN401
    from docx.shared import Pt, RGBColor

    run = paragraph.add_run(printable(words))
    run.font.color.rgb, run.font.size = RGBColor.from_string(QUIET), Pt(8.5)


def _paragraph(place: Any, block: Paragraph) -> None:  # noqa: ANN401
    from docx.shared import Pt, RGBColor

    paragraph = place.add_paragraph()
    words = printable(block.text)
    run = paragraph.add_run(words if block.style == "comment" else " ".join(words.split("\n")))
    run.bold = block.style in ("notice", "draft", "result", "label") or None
    run.italic = block.style == "aid" or None
    if block.style == "draft":
        run.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    if block.style == "muted":
        run.font.color.rgb, run.font.size = RGBColor.from_string(QUIET), Pt(8.5)
    if block.style == "result":
        run.font.size = Pt(12.5)
    if block.style in SHADES:
        shade(paragraph, SHADES[block.style])


LISTS = ("List Bullet", "List Bullet 2", "List Bullet 3")  # one inside the other


def _bullets(place: Any, block: Bullets, depth: int = 0) -> None:  # noqa: ANN401
    from docx.shared import Pt, RGBColor

    for lead, item, below in block.entries:
        paragraph = place.add_paragraph(style=LISTS[min(depth, len(LISTS) - 1)])
        runs = [paragraph.add_run(f"{printable(lead)} ")] if lead else []
        for run in runs:
            run.bold = True
        runs.append(paragraph.add_run(printable(item)))
        if block.muted:
            for run in runs:
                run.font.size, run.font.color.rgb = Pt(8.5), RGBColor.from_string(QUIET)
        if below is not None:
            _bullets(place, below, depth + 1)


def _tiles(place: Any, block: Tiles, width: float) -> None:  # noqa: ANN401
    from docx.shared import Mm, Pt

    cells = add_seamless_table(place, [width / len(block.tiles)] * len(block.tiles))
    for cell, (number, words, beside) in zip(cells, block.tiles, strict=True):
        first = cell.paragraphs[0]
        run = first.add_run(printable(number))
        run.bold, run.font.size = True, Pt(14)
        cell.add_paragraph().add_run(printable(words)).font.size = Pt(8.5)
        if beside:
            _muted(cell.add_paragraph(), beside)
        for paragraph in cell.paragraphs:
            paragraph.paragraph_format.space_after, paragraph.paragraph_format.right_indent = Pt(1), Mm(2.5)
    _gap(place)


def _table(place: Any, block: DocumentTable, width: float) -> None:  # noqa: ANN401
    from docx.shared import Mm, Pt

    shape = {"rows": 1 + len(block.rows), "cols": len(block.head)}
    table = place.add_table(**shape) if hasattr(place, "core_properties") else place.add_table(*shape.values())
    set_lines(table)
    widths, size = column_widths(block, width * MM, _length, PADDING)
    table.autofit = False
    for column, wide in zip(table.columns, widths, strict=True):
        column.width = Pt(wide)
    first, *others = table.rows
    for position, (cell, word) in enumerate(zip(first.cells, block.head, strict=True)):
        _cell(cell, (word,), size, bold=True, right=position in block.numeric)
        cell.width = Mm(widths[position] / MM)
    set_row(first, is_head=True)
    for line, row in zip(others, block.rows, strict=True):
        _row(line, row, block, size)
        set_row(line)


def _row(line: Any, row: TableRow, block: DocumentTable, size: float) -> None:  # noqa: ANN401
    cells = line.cells
    if row.is_heading:
        _cell(cells[0].merge(cells[-1]), (" ".join(row.cells[0]),), size, bold=True)
        return
    for position, (cell, lines) in enumerate(zip(cells, row.cells, strict=True)):
        _cell(cell, lines, size, right=position in block.numeric)


def _cell(cell: Any, lines: tuple[str, ...], size: float, *, bold: bool = False, right: bool = False) -> None:  # noqa: ANN401
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    if right:
        paragraph.alignment = _right()
    for number, words in enumerate(lines):
        run = paragraph.add_run(" ".join(printable(words).split("\n")))
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
