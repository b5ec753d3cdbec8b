"""The one writer of workbooks: text stays text, numbers keep every digit, the same content gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartiersatlas.base.files import WRITTEN, written_whole
from quartiersatlas.errors import DependencyError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CellValue = str | float | None

LONGEST_TEXT = 32_767  # characters of a cell, as UTF-16 counts them; Excel repairs a file with longer ones
WIDEST = 60  # characters of a column that an analyst edits
MARGINS = {"left": 0.75, "right": 0.75, "top": 1.0, "bottom": 1.0}  # inches
DIGIT = 7  # pixels: the unit of widths
A4 = 9  # the number of the paper in the format

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
        Text, numbers, true or false; None for an empty cell. Taken once, while the sheet is written.
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
    """

    name: str
    head: Sequence[tuple[Sequence[CellValue], CellStyle]]
    rows: Iterable[Sequence[CellValue]]
    styles: Sequence[CellStyle]
    widths: Sequence[float]
    text_columns: frozenset[int] = frozenset()
    frozen: tuple[int, int] = (0, 0)
    is_printed: bool = False
    is_filtered: bool = False


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


def write_workbook(path: str | Path, sheets: Iterable[WorkbookSheet], *, title: str = "", comment: str = "") -> Path:
    """Write a workbook whole or not at all.

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
        book = Workbook(content, {"in_memory": True})  # without temporary files, which a failure would leave behind
        book.set_properties({"title": title, "author": "quartiersatlas", "comments": comment, "created": WRITTEN})
        formats = _Formats(book)
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.name), sheet, formats)
        book.close()
        file.write_bytes(content.getvalue())
    return path


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:  # noqa: ANN401 - XlsxWriter has no types
        self.book = book
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
                "text_wrap": style.is_wrapped,
                "valign": "top" if style.is_wrapped else "",
                "num_format": "@" if is_quoted and style.is_text else style.number_format,
                "quote_prefix": is_quoted,  # it stays text when somebody edits it
            }
            chosen = {name: value for name, value in look.items() if value}
            self.made[style, is_quoted] = self.book.add_format(chosen) if chosen else None
        return self.made[style, is_quoted]


def _write_sheet(page: Any, sheet: WorkbookSheet, formats: _Formats) -> None:  # noqa: ANN401
    typed = formats.book.add_format({"num_format": "@"}) if sheet.text_columns else None
    for column, width in enumerate(sheet.widths):
        page.set_column_pixels(column, column, round(width * DIGIT), typed if column in sheet.text_columns else None)
    for number, (cells, style) in enumerate(sheet.head):
        _write_row(page, number, cells, [style] * len(cells), formats)
    number = len(sheet.head) - 1
    for number, cells in enumerate(sheet.rows, start=len(sheet.head)):
        _write_row(page, number, cells, sheet.styles, formats)
    if sheet.frozen != (0, 0):
        page.freeze_panes(*sheet.frozen)
    page.set_margins(**MARGINS)
    if sheet.is_printed:
        page.set_landscape()
        page.set_paper(A4)
        page.fit_to_pages(1, 0)  # as many pages as it takes, each as wide as the table
    if sheet.is_filtered:
        page.autofilter(len(sheet.head) - 1, 0, number, len(sheet.widths) - 1)
        page.repeat_rows(0, len(sheet.head) - 1)


def _write_row(
    page: Any,  # noqa: ANN401
    number: int,
    cells: Sequence[CellValue],
    styles: Sequence[CellStyle],
    formats: _Formats,
) -> None:
    for column, (value, style) in enumerate(zip(cells, styles, strict=True)):
        if isinstance(value, str):
            failed = _write_text(page, number, column, value, style, formats)
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
