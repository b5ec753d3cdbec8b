"""What an open document says beside its cells."""

from __future__ import annotations

import zipfile

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, KeyColumnError

SPACES = (
    "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
        for name, space in {
            "office": "office",
            "table": "table",
            "text": "text",
            "style": "style",
            "number": "datastyle",
        }.items()
    )
    + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
STYLES = (
    '<number:number-style style:name="N1"><number:number number:decimal-places="0" number:min-integer-digits="4"/>'
    "</number:number-style>"
    '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>'
    '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
)


def text(value):
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def cell(attributes, shown):
    return f"<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"


def number(value, more=""):
    return cell(f'office:value-type="float" office:value="{value}"{more}', value)


def row(*cells, more=""):
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


@pytest.fixture
def ods(tmp_path):
    def write(*rows, columns="", others=""):
        sheet = f'<table:table table:name="Daten">{columns}{"".join(rows)}</table:table>'
        content = (
            f"<office:document-content{SPACES}><office:automatic-styles>{STYLES}</office:automatic-styles>"
            f"<office:body><office:spreadsheet>{others}{sheet}</office:spreadsheet></office:body></office:document-content>"
        )
        file = tmp_path / "offen.ods"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            book.writestr(
                "META-INF/manifest.xml",
                '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            )
            book.writestr("content.xml", content)
        return file

    return write


HEAD = row(text("plr"), text("q"))


def test_shares_shown_as_per_cent_are_read_as_shown(ods):
    share = cell('office:value-type="percentage" office:value="0.243"', "24,3 %")
    table = qa.read_table(ods(HEAD, row(text("01"), share), row(text("02"), number(12))), key="plr")
    assert table.values["q"].tolist() == [24.3, 12.0]
    assert any("1 cell with a percent format; 0.243 is read as 24.3" in note for note in table.notes)


def test_keys_keep_the_zeros_that_their_format_shows(ods):
    own = row(number(7, ' table:style-name="ce1"'), number(5))
    of_column = '<table:table-column table:default-cell-style-name="ce1"/><table:table-column/>'
    assert list(qa.read_table(ods(HEAD, own), key="plr").values.index) == ["0007"]
    assert list(qa.read_table(ods(HEAD, row(number(8), number(5)), columns=of_column), key="plr").values.index) == [
        "0008"
    ]
    assert list(qa.read_table(ods(HEAD, row(number(8), number(5))), key="plr").values.index) == ["8"]


@pytest.mark.parametrize("word", ["collapse", "filter"])
def test_hidden_rows_are_asked_about_and_hidden_columns_named(ods, word):
    hidden = f' table:visibility="{word}"'
    file = ods(HEAD, row(text("01"), number(5)), row(text("02"), number(6), more=hidden))
    with pytest.raises(KeyColumnError, match="1 row with a key is hidden in sheet 'Daten', in line '3': '02'"):
        qa.read_table(file, key="plr")
    assert list(qa.read_table(file, key="plr", hidden="skip").values.index) == ["01"]
    columns = f"<table:table-column/><table:table-column{hidden}/>"
    table = qa.read_table(ods(HEAD, row(text("01"), number(5)), columns=columns), key="plr")
    assert table.notes == ("1 column is hidden in the sheet (B) and read: 'q'",)


def test_the_first_visible_sheet_is_read(ods):
    old = f'<table:table table:name="Alt" table:style-name="ta2">{HEAD}{row(text("01"), number(1))}</table:table>'
    table = qa.read_table(ods(HEAD, row(text("01"), number(5)), others=old), key="plr")
    assert table.values["q"].tolist() == [5.0]
    assert table.notes == ("hidden in the workbook and not read: sheet 'Alt'",)


def test_errors_and_formulas_without_a_result_are_missing_with_a_line(ods):
    attributes = 'table:formula="of:=[.A1]/0" office:value-type="string" calcext:value-type="error"'
    error = cell(attributes, "#DIV/0!")
    never = '<table:table-cell table:formula="of:=[.B2]*2"/>'
    table = qa.read_table(
        ods(HEAD, row(text("01"), error), row(text("02"), never), row(text("03"), number(4))), key="plr"
    )
    assert table.status["q"].tolist() == ["missing", "missing", "value"]
    assert table.problems["raw"].tolist() == ["#DIV/0!", "=[.B2]*2"]
    assert table.problems["done"].str.split(",").str[0].tolist() == ["error #DIV/0!", "formula that was never computed"]


def test_values_from_another_workbook_are_said(ods):
    formula = " table:formula=\"of:=['file:///q:/amt/Quelle%20A.ods'#$Blatt.B2]\""
    table = qa.read_table(ods(HEAD, row(text("01"), number(5, formula))), key="plr")
    assert any("values from another workbook (Quelle A.ods)" in note for note in table.notes)


def test_merged_districts_are_filled_down(ods):
    spanned = 'office:value-type="string" table:number-rows-spanned="2" table:number-columns-spanned="1"'
    first = cell(spanned, "Mitte")
    rows = row(text("01"), first), row(text("02"), "<table:covered-table-cell/>"), row(text("03"), text("Nord"))
    table = qa.read_table(ods(HEAD, *rows), key="plr")
    assert table.values["q"].tolist() == ["Mitte", "Mitte", "Nord"]
    assert "q: 1 merged cell filled down into 1 more row" in table.notes


def test_a_stray_cell_is_refused_before_it_takes_the_memory(ods):
    empty = row("<table:table-cell/>", more=' table:number-rows-repeated="1048573"')
    far = row('<table:table-cell table:number-columns-repeated="16383"/>', number(1))
    with pytest.raises(InputError, match="last cells are XFD1048576"):
        qa.read_table(ods(HEAD, row(text("01"), number(5)), empty, far), key="plr")
    others = f'<table:table table:name="Alt">{empty}{empty}{far}</table:table>'
    with pytest.raises(InputError, match="sheet 'Alt' has 1 cell that is not empty"):
        qa.read_table(ods(HEAD, row(text("01"), number(5)), others=others), key="plr", sheet="Daten")
    many = row(
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="percentage" office:value="1"/>',
        more=' table:number-rows-repeated="1000000"',
    )
    with pytest.raises(InputError, match=r"1,000,00[0-9] rows and 16,384 columns"):
        qa.read_table(ods(HEAD, many), key="plr")


def test_empty_rows_and_columns_to_the_end_of_the_sheet_are_nothing(ods):
    end = row('<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="1048500"')
    cells = row(text("01"), number(5), '<table:table-cell table:number-columns-repeated="16382"/>')
    assert qa.read_table(ods(HEAD, cells, end), key="plr").values["q"].tolist() == [5.0]
