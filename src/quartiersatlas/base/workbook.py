"""The one writer of workbooks: text stays text, numbers keep every digit, the same content gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from io import BytesIO
from math import ceil, isfinite
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.files import WRITTEN, written_whole
from quartiersatlas.base.text_width import count_lines
from quartiersatlas.base.workbook_charts import FONT, SheetChart, insert_chart
from quartiersatlas.errors import DependencyError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CellValue = str | float | None

LONGEST_TEXT = 32_767  # characters of a cell, as UTF-16 counts them; Excel repairs a file with longer ones
WIDEST = 60  # characters of a column that an analyst edits
MARGINS = {"left": 0.75, "right": 0.75, "top": 1.0, "bottom": 1.0}  # inches
DIGIT, INSIDE, INDENT = 7, 6, 9  # pixels: the unit of widths, what a column keeps free of words, a step to the right
SIZE = 10.0  # points
LINE, AROUND, HIGHEST = 1.32, 4.0, 409.0  # of a row: share of the size per line, points beside them, points at most
BAR_ROOM = 1.4  # the largest value of a column of bars leaves room for its number
MOST_HEAD = 255  # characters of what stands above or below a printed page
WIDEST_PAGE = 260  # digits
A4 = 9  # the number of the paper in the format
LOGO = 36.0  # points: its height

# A spreadsheet reads these at the start of a cell as the start of a formula, the wide ones where Asian text is set up
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# XlsxWriter takes <r>...</r> for markup of its own. And what looks like the code of a character (_x0041_) it escapes
# at its first underscore, but not where that one ends the code before, nor where a control character becomes a code.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
MARKUP = re.compile(rf"<r>.*</r>|.*_x[0-9A-Fa-f]{{4}}(_x[0-9A-Fa-f]{{4}}_|{CONTROL.pattern}).*", re.DOTALL)
CODE_INSIDE = re.compile(r"(?<=_)(?=x[0-9A-Fa-f]{4}_)|(?<=^<)(?=r>)")


@dataclass(frozen=True, eq=False)
class CellStyle:
    """How a cell looks; text with ``is_text`` stays text when somebody edits it."""

    bold: bool = False
    italic: bool = False
    color: str = ""
    is_wrapped: bool = False
    number_format: str = ""
    is_text: bool = False
    size: float = SIZE
    fill: str = ""
    align: str = ""
    indent: int = 0
    is_top: bool = False  # beside wrapped cells
    line: str = ""  # its colour, below the cell


PLAIN = CellStyle()


@dataclass(frozen=True, eq=False)
class StyledCell:
    """A cell that looks unlike the others of its column."""

    value: CellValue
    style: CellStyle


Cell = CellValue | StyledCell


@dataclass(frozen=True, eq=False)
class WorkbookSheet:
    """One sheet of a workbook.

    Parameters
    ----------
    name : str
        As the tab shows it.
    head : sequence of (cells, CellStyle)
        Rows above the others, each in one style.
    rows : iterable of sequences
        Text, numbers, true or false; None for an empty cell; a ``StyledCell``. Taken once, while the sheet is written.
    styles : sequence of CellStyle
        One per column, for ``rows``.
    widths : sequence of float
        One per column, in digits.
    text_columns : frozenset of int
        Columns in which whatever is typed below the rows stays text: no lost leading zeros, no dates.
    frozen : (int, int)
        Rows and columns that stay in sight.
    is_printed : bool
        Set up for paper: landscape, as wide as the page.
    is_filtered : bool
        A long table: arrows in the last row of the head, and the head on every page that is printed.
    title, foot : sequence of (text, CellStyle)
        Lines across all columns, above the head and below the rows.
    bars : mapping of int to str
        Columns whose numbers have a bar behind them, with its colour; none where a number is below 0.
    charts : sequence of SheetChart
        Pictures of cells; a sheet with some is one page.
    choices : mapping of int to str
        Columns whose cells are chosen from a list, with the cells that hold it.
    choice_rows : int
        Rows below the head in which that is offered.
    """

    name: str
    head: Sequence[tuple[Sequence[Cell], CellStyle]]
    rows: Iterable[Sequence[Cell]]
    styles: Sequence[CellStyle]
    widths: Sequence[float]
    text_columns: frozenset[int] = frozenset()
    frozen: tuple[int, int] = (0, 0)
    is_printed: bool = False
    is_filtered: bool = False
    title: Sequence[tuple[str, CellStyle]] = ()
    foot: Sequence[tuple[str, CellStyle]] = ()
    bars: Mapping[int, str] = field(default_factory=dict)
    charts: Sequence[SheetChart] = ()
    choices: Mapping[int, str] = field(default_factory=dict)
    choice_rows: int = 0


@dataclass(frozen=True, eq=False)
class WorkbookLogo:
    """Who publishes, as a picture above the first sheet and those with a title: a PNG, or its words."""

    png: bytes
    alt: str
    color: str


def sheet_to_edit(
    name: str, columns: Sequence[str], text_columns: frozenset[str], rows: Sequence[Sequence[CellValue]]
) -> WorkbookSheet:
    """Return a sheet for people to edit: names of columns in bold, and no text is read as anything else."""
    longest = (max(len(str(row[place] or "")) for row in [columns, *rows]) for place in range(len(columns)))
    return WorkbookSheet(
        name,
        head=[(columns, CellStyle(bold=True, is_text=True))],
        rows=[[None if value is None else _every_digit(value) for value in row] for row in rows],
        styles=[CellStyle(is_text=True)] * len(columns),
        widths=[min(WIDEST, length + 2) for length in longest],
        text_columns=frozenset(place for place, column in enumerate(columns) if column in text_columns),
        frozen=(1, 0),
    )


def _every_digit(value: str | float) -> str | float:
    """Return a number that needs 17 digits as text: a workbook holds 16 of them."""
    return value if isinstance(value, str) or float(f"{value:.16g}") == value else repr(value)


def write_workbook(
    path: str | Path,
    sheets: Iterable[WorkbookSheet],
    *,
    title: str = "",
    comment: str = "",
    font: str = FONT,
    wider: float = 1.0,
    foot: str = "",
    logo: WorkbookLogo | None = None,
) -> Path:
    """Write a workbook whole or not at all.

    Columns are so many times ``wider`` as the letters of its font are wider than ours; ``foot`` stands below each page
    that is printed, beside its number.

    Raises
    ------
    DependencyError
        The extra is not installed.
    InputError
        The file name does not end in ``.xlsx``, the folder is missing, or a text or table is too long for a sheet.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise DependencyError('Writing workbooks needs XlsxWriter: pip install "quartiersatlas[excel]".') from error
    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path.name}: workbooks are written as .xlsx.")
    with written_whole(path) as file:
        content = BytesIO()
        # without temporary files, which a failure would leave behind; every format has the font and its size
        face = {"font_name": font, "font_size": SIZE, "font_scheme": False}
        book = Workbook(content, {"in_memory": True, "default_format_properties": face})
        book.set_properties({"title": title, "author": "quartiersatlas", "comments": comment, "created": WRITTEN})
        formats = _Formats(book, wider)
        for number, given in enumerate(sheets):
            sheet = given if logo is None or (number and not given.title) else _below_logo(given, logo)
            page = book.add_worksheet(sheet.name)
            _write_sheet(page, sheet, formats)
            if sheet is not given and logo is not None and logo.png:
                _insert_logo(page, logo)
            _set_up(page, sheet, _page_foot(foot, font))
            for chart in sheet.charts:
                insert_chart(book, page, chart, font)
        book.close()
        file.write_bytes(content.getvalue())
    return path


def _below_logo(sheet: WorkbookSheet, logo: WorkbookLogo) -> WorkbookSheet:
    """Return a sheet with a line for the logo above all others."""
    style = CellStyle(bold=True, color=logo.color, is_wrapped=True, size=LOGO)
    words = "" if logo.png else logo.alt
    charts = [replace(chart, row=chart.row + 1) for chart in sheet.charts]
    return replace(sheet, title=[(words, style), *sheet.title], charts=charts)


def _insert_logo(page: Any, logo: WorkbookLogo) -> None:  # noqa: ANN401
    """Put the logo into the first line, as high as that is; XlsxWriter reads the resolution of a picture, and so we."""
    height, per_metre = unpack_from(">I", logo.png, 20)[0], logo.png.find(b"pHYs")
    dots = unpack_from(">I", logo.png, per_metre + 8)[0] * 0.0254 if per_metre > 0 else 0
    scale = LOGO / (72 * height / (dots or 96))
    page.set_row(0, LOGO + 2 * AROUND)
    place = {"x_scale": scale, "y_scale": scale, "x_offset": 2, "y_offset": 4}
    page.insert_image(0, 0, "logo.png", {"image_data": BytesIO(logo.png), "description": logo.alt, **place})


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any, wider: float) -> None:  # noqa: ANN401 - XlsxWriter has no types
        self.book = book
        self.wider = wider
        self.made: dict[tuple[CellStyle, bool], Any] = {}
        self.plain = book.add_format()

    def of(self, style: CellStyle, text: str = "") -> Any:  # noqa: ANN401
        """Return the format of a cell; None where it is the one of every cell."""
        is_quoted = bool(text) and (style.is_text or text.startswith(FORMULA_STARTS))
        if (style, is_quoted) not in self.made:
            look = {
                "bold": style.bold,
                "italic": style.italic,
                "font_color": style.color,
                "font_size": 0 if style.size == SIZE else style.size,
                "text_wrap": style.is_wrapped,
                "valign": "top" if style.is_wrapped or style.is_top else "",
                "align": style.align or ("left" if style.indent else ""),
                "indent": style.indent,
                "bg_color": style.fill,
                "bottom": 1 if style.line else 0,
                "bottom_color": style.line,
                "num_format": "@" if is_quoted and style.is_text else style.number_format,
                "quote_prefix": is_quoted,  # it stays text when somebody edits it
            }
            chosen = {name: value for name, value in look.items() if value}
            self.made[style, is_quoted] = self.book.add_format(chosen) if chosen else None
        return self.made[style, is_quoted]


def _write_sheet(page: Any, sheet: WorkbookSheet, formats: _Formats) -> None:  # noqa: ANN401
    typed = formats.book.add_format({"num_format": "@"}) if sheet.text_columns else None
    for column, width in enumerate(sheet.widths):
        style = typed if column in sheet.text_columns else None
        page.set_column_pixels(column, column, round(formats.wider * width * DIGIT), style)
    for number, line in enumerate(sheet.title):
        _write_line(page, number, line, sheet.widths, formats)
    top = len(sheet.title)
    for number, (cells, style) in enumerate(sheet.head, start=top):
        _write_row(page, number, cells, [style] * len(cells), sheet.widths, formats)
    first = top + len(sheet.head)
    number, under_bars = first - 1, {column: [0.0] for column in sheet.bars}
    for number, cells in enumerate(sheet.rows, start=first):
        _write_row(page, number, cells, sheet.styles, sheet.widths, formats)
        for column, values in under_bars.items():
            values += [float(value) for value in (cells[column],) if isinstance(value, int | float)]
    for column, values in under_bars.items():
        if min(values) >= 0 < max(values):
            _add_bars(page, (first, column, number, column), max(values), sheet.bars[column])
    for column, cells_of_list in sheet.choices.items():
        # other words may be typed: whoever reads the file says which are unknown
        offered = {"validate": "list", "source": cells_of_list, "show_error": False}
        page.data_validation(first, column, first + sheet.choice_rows - 1, column, offered)
    for place, line in enumerate(sheet.foot, start=number + 1):
        _write_line(page, place, line, sheet.widths, formats)
    _hold(page, sheet, (top, first - 1, number))


def _hold(page: Any, sheet: WorkbookSheet, rows: tuple[int, int, int]) -> None:  # noqa: ANN401
    """Keep the head in sight and on every page, and put arrows into it; rows are its first and last, and the last."""
    top, head, last = rows
    if sheet.frozen != (0, 0):
        page.freeze_panes(top + sheet.frozen[0], sheet.frozen[1])
    if sheet.is_filtered:
        page.autofilter(head, 0, last, len(sheet.widths) - 1)
    if sheet.is_filtered or sheet.bars:
        page.repeat_rows(top, head)


def _add_bars(page: Any, cells: tuple[int, int, int, int], largest: float, color: str) -> None:  # noqa: ANN401
    """Put bars behind numbers, from 0, in one colour without a gradient."""
    ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": BAR_ROOM * largest}
    page.conditional_format(*cells, {"type": "data_bar", "bar_solid": True, "bar_color": color, **ends})


def _set_up(page: Any, sheet: WorkbookSheet, foot: str) -> None:  # noqa: ANN401
    """Set a sheet up for paper."""
    page.set_margins(**MARGINS)
    if foot or sheet.is_printed:
        page.set_footer(foot)
    if sheet.is_printed:
        page.set_landscape()
        page.set_paper(A4)
        # as wide as the page, or as some of them where it would be too small to read, and as long as it is
        page.fit_to_pages(ceil(sum(sheet.widths) / WIDEST_PAGE), 1 if sheet.charts else 0)
        if sheet.frozen[1]:
            page.repeat_columns(0, sheet.frozen[1] - 1)


def _page_foot(words: str, font: str) -> str:
    """Return who publishes, and the number of the page; an ampersand stays one."""
    face = f'&"{font},Regular"&8 '  # a blank, or digits that follow would count to the size
    end = f"&R{face}&P / &N"
    escaped = words.replace("\n", " ")
    while len("&L" + face + escaped.replace("&", "&&") + end) > MOST_HEAD:
        escaped = escaped[:-2] + "…"
    return f"&L{face}{escaped.replace('&', '&&')}{end}" if words else end


def _write_line(
    page: Any,  # noqa: ANN401
    number: int,
    line: tuple[str, CellStyle],
    widths: Sequence[float],
    formats: _Formats,
) -> None:
    """Write words across all columns."""
    words, style = line
    if len(widths) > 1:
        page.merge_range(number, 0, number, len(widths) - 1, "", formats.of(style, words))
    _write_row(page, number, [words], [style], [sum(widths)], formats)


def _write_row(
    page: Any,  # noqa: ANN401
    number: int,
    cells: Sequence[Cell],
    styles: Sequence[CellStyle],
    widths: Sequence[float],
    formats: _Formats,
) -> None:
    height = 0.0
    for column, (cell, given) in enumerate(zip(cells, styles, strict=True)):
        value, style = (cell.value, cell.style) if isinstance(cell, StyledCell) else (cell, given)
        if isinstance(value, str):
            failed = _write_text(page, number, column, value, style, formats)
            if style.is_wrapped and value:
                height = max(height, _height(value, style, widths[column]))
        elif value is None:
            failed = page.write_blank(number, column, None, formats.of(style))
        elif isinstance(value, bool):
            failed = page.write_boolean(number, column, value, formats.of(style))
        elif isfinite(value):
            failed = page.write_number(number, column, value, formats.of(style))
        else:
            raise InputError(f"sheet {page.name!r}, row {number + 1}: a workbook cannot hold {value}.")
        if failed:
            raise InputError(f"sheet {page.name!r}: a sheet holds 1,048,576 rows and 16,384 columns, not more.")
    if height:
        page.set_row(number, height)


def _height(words: str, style: CellStyle, width: float) -> float:
    """Return the height of a row in points that shows all lines of wrapped words."""
    lines = count_lines(words, width * DIGIT - INSIDE - INDENT * style.indent, style.size, bold=style.bold)
    return min(lines * style.size * LINE + AROUND, HIGHEST)


def _write_text(
    page: Any,  # noqa: ANN401
    row: int,
    column: int,
    text: str,
    style: CellStyle,
    formats: _Formats,
) -> int:
    """Write text as text, whatever it looks like: no formula, no link, no error, no markup."""
    if (length := text_length(text)) > LONGEST_TEXT:
        raise InputError(
            f"sheet {page.name!r}, row {row + 1}: a text of {length:,} characters; a cell holds {LONGEST_TEXT:,}."
        )
    chosen = formats.of(style, text)
    if MARKUP.fullmatch(text) is None:
        return int(page.write_string(row, column, text, chosen))
    if CONTROL.search(text):
        raise InputError(f"sheet {page.name!r}, row {row + 1}: a workbook cannot hold the text {text!a}.")
    first, *others = CODE_INSIDE.split(text)
    pieces = [part for other in others for part in (formats.plain, other)]
    return int(page.write_rich_string(row, column, first, *pieces, *([chosen] if chosen else [])))


def text_length(text: str) -> int:
    """Return the length of a text as Excel counts it: a character beyond the first 65,536 of Unicode counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
