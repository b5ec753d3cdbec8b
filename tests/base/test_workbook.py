"""Workbooks hold what they were given: text as text whatever it looks like, numbers with their digits, no dates."""

from __future__ import annotations

import re
import sys
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from quartiersatlas.base.text_width import count_lines
from quartiersatlas.base.workbook import (
    FORMULA_STARTS,
    CellStyle,
    StyledCell,
    WorkbookSheet,
    sheet_to_edit,
    text_length,
    write_workbook,
)
from quartiersatlas.errors import DependencyError, InputError

TEXTS = [
    *(f"{start}1+1" for start in FORMULA_STARTS),
    '=HYPERLINK("http://x","y")',
    "{=SUM(A1:A2)}",
    "http://example.org",
    "mailto:a@b.de",
    "internal:Sheet2!A1",
    "external:c:\\x.xlsx",
    "#N/A",
    "#REF!",
    "TRUE",
    "0101",
    "1e5",
    "2024-12-31",
    " blanks at the ends ",
    "a\tb\nc",
    "a\r\nb\x00c\x1f",
    "\x7f\x85\u2028",
    "ä ß \U0001f600",
    "<b>&amp;</b> \"'",
    "]]>",
    "<r>",
    "<r></r>",
    "<r><t>markup of the writer itself</t></r>",
    "<r>a & b _x0041_</r>",
    "_x000D_",
    "_x005F_x000D_",
    "_x0041_x0042_x0043_",
]


def sheet(rows, style=None, name="a"):
    styles = [style or CellStyle()] * len(rows[0])
    return WorkbookSheet(name, head=[], rows=rows, styles=styles, widths=[11.0] * len(styles))


def read_back(path):
    """Return the rows as another program reads them."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_text_comes_back_as_it_was_and_is_nothing_else(tmp_path, text):
    path = write_workbook(tmp_path / "a.xlsx", [sheet([[text, 1.0]])])
    assert read_back(path) == [[text, 1.0]]
    cell = openpyxl.load_workbook(path)["a"]["A1"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert cell.quotePrefix == text.startswith(FORMULA_STARTS)
    with ZipFile(path) as parts:
        page = parts.read("xl/worksheets/sheet1.xml").decode()
        assert not any(name.endswith(".rels") and b"hyperlink" in parts.read(name) for name in parts.namelist())
    assert re.findall(r"<f[ >]|t=\"e\"|<hyperlink", page) == []


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_text_of_a_sheet_to_edit_stays_text_when_it_is_edited(tmp_path, text):
    path = write_workbook(tmp_path / "a.xlsx", [sheet_to_edit("a", [text, "n"], frozenset([text]), [[text, 7]])])
    assert read_back(path) == [[text, "n"], [text, 7.0]]
    book = openpyxl.load_workbook(path)["a"]
    for cell in (book["A1"], book["A2"]):
        assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)
    assert (book["B2"].data_type, book["B2"].number_format) == ("n", "General")
    assert book["A1"].font.bold
    assert book.column_dimensions["A"].number_format == "@"


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=30)
)
@example("_x0041_x0042_")
@example("<r>\n</r>")
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
def test_any_text_comes_back(tmp_path_factory, text):
    path = write_workbook(tmp_path_factory.mktemp("book") / "a.xlsx", [sheet([[text, "x"]])])
    assert read_back(path) == [[text, "x"]]


@pytest.mark.parametrize(
    ("value", "held"),
    [
        (True, True),
        (False, False),
        (0, 0.0),
        (-2.5, -2.5),
        (1e300, 1e300),
        (5e-324, 5e-324),
        (1 / 3, 1 / 3),
        (None, ""),
    ],
)
def test_numbers_and_empty_cells_come_back(tmp_path, value, held):
    path = write_workbook(tmp_path / "a.xlsx", [sheet([[value, "x"]])])
    found = read_back(path)[0][0]
    assert found == (pytest.approx(held, rel=1e-15) if isinstance(held, float) else held)
    assert isinstance(found, bool) == isinstance(held, bool)


@pytest.mark.parametrize("value", [0.1 + 0.2, 54.093722751182746, 1 / 3])
def test_a_sheet_to_edit_keeps_the_seventeenth_digit(tmp_path, value):
    path = write_workbook(tmp_path / "a.xlsx", [sheet_to_edit("a", ["x"], frozenset(), [[value]])])
    assert float(read_back(path)[1][0]) == value


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_refused(tmp_path, value):
    with pytest.raises(InputError, match=r"sheet 'a', row 1: a workbook cannot hold (-?inf|nan)\."):
        write_workbook(tmp_path / "a.xlsx", [sheet([[value]])])
    assert list(tmp_path.iterdir()) == []


def test_excel_counts_a_character_beyond_the_first_plane_twice():
    assert [text_length(text) for text in ("", "abc", "ä\u2028", "\U0001f600", "a\U0001f600b")] == [0, 3, 2, 2, 4]


@pytest.mark.parametrize(("letter", "most"), [("x", 32_767), ("\U0001f600", 16_383)])
def test_a_cell_holds_so_much_text_and_no_more(tmp_path, letter, most):
    path = write_workbook(tmp_path / "a.xlsx", [sheet([[letter * most]])])
    assert read_back(path) == [[letter * most]]
    with pytest.raises(InputError, match=r"sheet 'a', row 1: a text of 32,768 characters; a cell holds 32,767"):
        write_workbook(tmp_path / "b.xlsx", [sheet([[letter * (most + 1)]])])


def test_a_sheet_holds_so_many_columns_and_no_more(tmp_path):
    most = 16_384
    write_workbook(tmp_path / "a.xlsx", [WorkbookSheet("a", [], [[1] * most], [CellStyle()] * most, [])])
    with pytest.raises(InputError, match="holds 1,048,576 rows and 16,384 columns"):
        write_workbook(
            tmp_path / "b.xlsx", [WorkbookSheet("a", [], [[1] * (most + 1)], [CellStyle()] * (most + 1), [])]
        )


@pytest.mark.parametrize("text", ["<r>\x00</r>", "_x0041\x01", "_x0041_x0042_\x0b"], ids=ascii)
def test_text_that_the_writer_cannot_tell_from_its_own_markup_is_refused_not_changed(tmp_path, text):
    with pytest.raises(InputError, match=re.escape(f"a workbook cannot hold the text {text!a}")):
        write_workbook(tmp_path / "a.xlsx", [sheet([[text]])])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [1, 7, 11, 33.5, 60])
def test_a_column_is_as_wide_as_asked(tmp_path, width):
    page = WorkbookSheet("a", [], [["x"]], [CellStyle()], [width])
    book = openpyxl.load_workbook(write_workbook(tmp_path / "a.xlsx", [page]))
    assert book["a"].column_dimensions["A"].width == pytest.approx(width, abs=1 / 7)  # a pixel


def test_styles_are_those_asked_for(tmp_path):
    style = CellStyle(bold=True, italic=True, color="#123456", is_wrapped=True, number_format="0.00")
    cell = openpyxl.load_workbook(write_workbook(tmp_path / "a.xlsx", [sheet([[1.5]], style)]))["a"]["A1"]
    assert (cell.font.bold, cell.font.italic, cell.font.color.rgb) == (True, True, "FF123456")
    assert (cell.alignment.wrap_text, cell.alignment.vertical, cell.number_format) == (True, "top", "0.00")


def test_other_endings_and_a_missing_writer_are_told(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"a\.xls: workbooks are written as \.xlsx"):
        write_workbook(tmp_path / "a.xls", [])
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(DependencyError, match=r'pip install "quartiersatlas\[excel\]"'):
        write_workbook(tmp_path / "a.xlsx", [])
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_gives_the_same_bytes_at_any_time(tmp_path, monkeypatch):
    first = write_workbook(tmp_path / "a.xlsx", [sheet([["x"]])], title="T", comment="C").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert write_workbook(tmp_path / "b.xlsx", [sheet([["x"]])], title="T", comment="C").read_bytes() == first
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    properties = book.properties
    assert (properties.title, properties.description, properties.creator) == ("T", "C", "quartiersatlas")
    assert properties.created.year == properties.modified.year == 2000


@pytest.mark.parametrize("text", ["=1+1", "@x", "plain"])
def test_lines_above_and_below_the_rows_are_text_across_all_columns(tmp_path, text):
    style = CellStyle(is_wrapped=True)
    lines = WorkbookSheet("a", [], [[1, 2]], [CellStyle()] * 2, [9, 9], title=[(text, style)], foot=[(text, style)])
    path = write_workbook(tmp_path / "a.xlsx", [lines])
    found = openpyxl.load_workbook(path)["a"]
    assert sorted(area.coord for area in found.merged_cells.ranges) == ["A1:B1", "A3:B3"]
    for cell in (found["A1"], found["A3"]):
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", text.startswith(FORMULA_STARTS))


def test_bars_are_left_out_where_a_number_is_below_zero_and_where_all_are_zero(tmp_path):
    rows = [[1, 0, -1, "x"], [4, 0, 2, 3]]
    bars = dict.fromkeys(range(4), "#cccccc")
    path = write_workbook(tmp_path / "a.xlsx", [WorkbookSheet("a", [], rows, [CellStyle()] * 4, [9] * 4, bars=bars)])
    found = {
        str(area.sqref): rules
        for area, rules in openpyxl.load_workbook(path)["a"].conditional_formatting._cf_rules.items()
    }
    assert list(found) == ["A1:A2", "D1:D2"]
    ends = [(end.type, float(end.val)) for end in found["A1:A2"][0].dataBar.cfvo]
    assert ends == [("num", 0.0), ("num", pytest.approx(1.4 * 4))]


def test_a_cell_can_look_unlike_its_column(tmp_path):
    bold = CellStyle(bold=True, align="right", fill="#eeeeee")
    path = write_workbook(tmp_path / "a.xlsx", [sheet([[1, StyledCell("not shown", bold)], [2, 3]])])
    found = openpyxl.load_workbook(path)["a"]
    assert (found["B1"].value, found["B1"].font.bold, found["B1"].alignment.horizontal) == ("not shown", True, "right")
    assert found["B1"].fill.fgColor.rgb == "FFEEEEEE"
    assert (found["B2"].value, found["B2"].font.bold) == (3, False)


def test_a_wide_sheet_is_printed_on_several_pages_across(tmp_path):
    for n, across in ((10, None), (100, 5)):  # 120 and 1,200 digits
        wide = WorkbookSheet("a", [], [[1] * n], [CellStyle()] * n, [12.0] * n, is_printed=True, frozen=(0, 2))
        found = openpyxl.load_workbook(write_workbook(tmp_path / "a.xlsx", [wide]))["a"]
        assert (found.page_setup.fitToWidth, found.page_setup.fitToHeight) == (across, 0)  # no word for 1
        assert found.print_title_cols == "$A:$B"


@pytest.mark.parametrize(
    ("words", "width", "lines"),
    [
        ("", 100, 1),
        ("a\nb\n\nc", 1000, 4),
        ("nnn nnn nnn", 60, 2),  # a word of 3 x 0.556 x 10 points is 22 pixels, two and a blank 48, three 75
        ("n" * 40, 100, 4),  # 297 pixels without a place to break, and 4 % in reserve
        ("漢" * 10, 70, 2),  # each as wide as it is high: 133 pixels
    ],
)
def test_words_take_so_many_lines(words, width, lines):
    assert count_lines(words, width, 10) == lines
