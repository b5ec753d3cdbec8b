"""Hidden sheets, rows and columns: said, asked about, never read or left out silently."""

from __future__ import annotations

import pytest
import xlsxwriter

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError

OLD = [["plr", "ew"], ["0301", 310], ["0302", 320]]
NEW = [["plr", "ew"], ["0301", 415], ["0302", 425], ["0303", 435]]


@pytest.fixture
def book(tmp_path):
    """Write sheets, and let the test change each of them."""

    def write(change=None, **sheets):
        file = tmp_path / "stadt.xlsx"
        with xlsxwriter.Workbook(file) as workbook:
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                for line, row in enumerate(rows):
                    sheet.write_row(line, 0, row)
            if change:
                change(workbook)
        return file

    return write


def hide(*names, very=False):
    def change(workbook):
        for sheet in workbook.worksheets():
            if sheet.name in names:
                sheet.very_hidden() if very else sheet.hide()
            else:
                sheet.activate()
                sheet.set_first_sheet()

    return change


@pytest.mark.parametrize("very", [False, True])
def test_the_first_visible_sheet_is_read_and_hidden_ones_are_named(book, very):
    table = qa.read_table(book(hide("Vorjahr", very=very), Vorjahr=OLD, Aktuell=NEW), key="plr")
    assert table.values["ew"].tolist() == [415.0, 425.0, 435.0]
    assert table.notes == ("hidden in the workbook and not read: sheet 'Vorjahr'",)


def test_a_hidden_sheet_that_is_named_is_read_and_said(book):
    table = qa.read_table(book(hide("Vorjahr"), Vorjahr=OLD, Aktuell=NEW), key="plr", sheet="Vorjahr")
    assert table.values["ew"].tolist() == [310.0, 320.0]
    assert table.notes == ("sheet 'Vorjahr' is hidden in the workbook and was read, as it was named",)


def test_other_visible_sheets_are_named_unless_one_was_asked_for_or_they_are_empty(book):
    file = book(Neu=NEW, Alt=OLD, Legende=[["Zeichen"], ["."]], Tabelle3=[])
    assert qa.read_table(file, key="plr").notes == (
        "sheet 'Neu' was read, and not sheets 'Alt', 'Legende'; another one is read with sheet=",
    )
    assert qa.read_table(file, key="plr", sheet="Neu").notes == ()
    assert qa.read_table(book(Neu=NEW, Tabelle2=[]), key="plr").notes == ()


def test_charts_are_no_sheets(book):
    def change(workbook):
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=Neu!$B$2:$B$4"})
        workbook.add_chartsheet("Bild").set_chart(chart)

    assert qa.read_table(book(change, Neu=NEW), key="plr").notes == ()


def test_an_empty_first_sheet_is_refused_with_the_others(book):
    with pytest.raises(InputError, match=r"no rows below a header in sheet 'Titel'; other sheets: 'Neu'"):
        qa.read_table(book(Titel=[["Stadt"]], Neu=NEW), key="plr")


def with_hidden_rows(*rows, **options):
    def change(workbook):
        for row in rows:
            workbook.worksheets()[0].set_row(row, None, None, {"hidden": True, **options})

    return change


def test_hidden_rows_with_keys_are_asked_about(book):
    file = book(with_hidden_rows(1, 3), Neu=NEW)
    with pytest.raises(KeyColumnError, match=r"2 rows with a key are hidden.*lines '2', '4': '0301', '0303'") as raised:
        qa.read_table(file, key="plr")
    assert raised.value.keys == ("0301", "0303")
    assert "hidden='read'" in str(raised.value)
    assert "hidden='skip'" in str(raised.value)


def test_hidden_rows_are_read_or_left_out_as_asked(book):
    file = book(with_hidden_rows(2), Neu=NEW)
    read = qa.read_table(file, key="plr", hidden="read")
    assert read.values["ew"].tolist() == [415.0, 425.0, 435.0]
    assert read.notes == ("1 row with a key is hidden in the sheet and read: '0302'",)
    skipped = qa.read_table(file, key="plr", hidden="skip")
    assert list(skipped.values.index) == ["0301", "0303"]
    assert skipped.problems[["row", "raw", "done"]].values.tolist() == [[3, "0302", "hidden row left out"]]


def test_a_filter_that_was_left_on_hides_rows_in_the_same_way(book):
    def change(workbook):
        sheet = workbook.worksheets()[0]
        sheet.autofilter(0, 0, 3, 1)
        sheet.filter_column(1, "x > 420")
        sheet.set_row(1, None, None, {"hidden": True})

    with pytest.raises(KeyColumnError, match="1 row with a key is hidden in sheet 'Neu', in line '2': '0301'"):
        qa.read_table(book(change, Neu=NEW), key="plr")


def test_rows_of_no_height_are_hidden(book):
    def change(workbook):
        workbook.worksheets()[0].set_row(2, 0)

    with pytest.raises(KeyColumnError, match="'0302'"):
        qa.read_table(book(change, Neu=NEW), key="plr")


def test_hidden_rows_without_a_key_raise_no_question(book):
    rows = [["Einwohner", "", ""], ["", "", ""], *NEW]
    assert qa.read_table(book(with_hidden_rows(0, 1), Neu=rows), key="plr").notes == ()
    assert qa.read_table(book(with_hidden_rows(4), Neu=NEW), key="plr").notes == ()


def test_a_filter_without_hidden_rows_raises_no_question(book):
    def change(workbook):
        workbook.worksheets()[0].autofilter(0, 0, 3, 1)
        workbook.worksheets()[0].set_row(2, 40)

    assert qa.read_table(book(change, Neu=NEW), key="plr", hidden="skip").notes == ()


def test_hidden_columns_are_read_and_named(book):
    rows = [["plr", "ew", "alo", "sgb"], ["01", 5, 6, 7], ["02", 8, 9, 10]]

    def change(workbook):
        workbook.worksheets()[0].set_column(2, 3, None, None, {"hidden": True})
        workbook.worksheets()[0].set_column(9, 12, None, None, {"hidden": True})

    table = qa.read_table(book(change, Neu=rows), key="plr")
    assert table.values["alo"].tolist() == [6.0, 9.0]
    assert table.notes == ("2 columns are hidden in the sheet (C, D) and read: 'alo', 'sgb'",)


def test_another_word_for_hidden_is_refused(book):
    with pytest.raises(SpecError, match="hidden must be one of 'read', 'skip'"):
        qa.read_table(book(Neu=NEW), key="plr", hidden="yes")


def test_a_key_that_is_not_in_the_first_sheet_is_refused_with_the_others(book):
    cover = [["Statistik", "Stadt"], ["Stand", "2023"]]
    with pytest.raises(
        ColumnError, match=r"no column 'plr'.*looked for in sheet 'Titel'; other sheets: 'Neu'\. Name one"
    ):
        qa.read_table(book(Titel=cover, Neu=NEW), key="plr")


def test_a_hidden_row_without_a_key_is_left_out_with_a_line(book):
    rows = [["plr", "ew"], ["", 740], ["0301", 415], ["0302", 325]]
    table = qa.read_table(book(with_hidden_rows(1), Neu=rows), key="plr")
    assert list(table.values.index) == ["0301", "0302"]
    assert table.problems[["row", "raw", "done"]].values.tolist() == [[2, "740", "hidden row without a key left out"]]


def test_a_hidden_column_without_cells_is_not_worth_a_note(book):
    def change(workbook):
        workbook.worksheets()[0].set_column(1, 1, None, None, {"hidden": True})

    assert qa.read_table(book(change, Neu=[["plr", "", "ew"], ["01", "", 5]]), key="plr").notes == ()
