"""Number formats of workbooks: per cent, zeros of keys, and formats that only change the look."""

from __future__ import annotations

import datetime as dt

import pytest
import xlsxwriter
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import KeyColumnError, NumberError
from quartiersatlas.intake.tables.workbooks.number_formats import number_format, with_zeros


@pytest.fixture
def formatted(tmp_path):
    """Write rows below a header, a cell with a format as a pair (value, format)."""

    def write(header, *rows, name="formate.xlsx"):
        workbook = Workbook()
        sheet = workbook.active
        sheet.append(header)
        for line, row in enumerate(rows, start=2):
            for column, cell in enumerate(row, start=1):
                if isinstance(cell, tuple):
                    sheet.cell(line, column, cell[0]).number_format = cell[1]
                else:
                    sheet.cell(line, column, cell)
        file = tmp_path / name
        workbook.save(file)
        return file

    return write


@pytest.mark.parametrize("code", ["0.0%", "0%", "0.00%", "0.0 %", "[Red]0.0%;-0.0%", '#,##0.0%" der EW"'])
def test_a_share_with_a_percent_format_is_read_as_it_is_shown(formatted, code):
    file = formatted(["plr", "quote"], ["01", (0.243, code)], ["02", (0.07, code)], ["03", (1.12, code)])
    table = qa.read_table(file, key="plr")
    assert table.values["quote"].tolist() == [24.3, 7.0, 112.0]
    assert table.notes == ("quote: 3 cells with a percent format; 0.243 is read as 24.3",)


@pytest.mark.parametrize("code", ['0.0"%"', "0.0\\%", '0.0" % "', "0.00", "General", '0.0;0.0"%"'])
def test_a_percent_sign_that_is_only_written_changes_nothing(formatted, code):
    file = formatted(["plr", "quote"], ["01", (24.3, code)], ["02", (0.5, code)])
    table = qa.read_table(file, key="plr")
    assert table.values["quote"].tolist() == [24.3, 0.5]
    assert table.notes == ()


def test_percent_cells_among_numbers_are_read_each_by_its_format_and_counted(formatted):
    file = formatted(["plr", "quote"], ["01", (0.31, "0%")], ["02", 17], ["03", (0, "0%")], ["04", 22.5])
    table = qa.read_table(file, key="plr")
    assert table.values["quote"].tolist() == [31.0, 17.0, 0.0, 22.5]
    assert any(
        "2 cells with a percent format" in n and "2 cells without one are read as written" in n for n in table.notes
    )


def test_fractions_among_percent_cells_are_refused(formatted):
    file = formatted(["plr", "quote"], ["01", (0.31, "0%")], ["02", 0.17], ["03", 0.4], ["04", 0])
    with pytest.raises(
        NumberError, match=r"1 cell of column 'quote' has a percent format.*2 others .*'0\.17' in line 3"
    ):
        qa.read_table(file, key="plr")


def test_texts_with_a_percent_sign_stand_beside_percent_formats(formatted):
    file = formatted(["plr", "quote"], ["01", "24,3 %"], ["02", (0.31, "0.0%")], ["03", "."])
    table = qa.read_table(file, key="plr")
    assert table.values["quote"].tolist()[:2] == [24.3, 31.0]
    assert table.status["quote"].tolist() == ["value", "value", "suppressed"]


def test_a_percent_column_that_is_asked_for_as_text_is_written_as_shown(formatted):
    file = formatted(["plr", "quote"], ["01", (0.245, "0.0%")])
    assert qa.read_table(file, key="plr", text="quote").values["quote"].tolist() == ["24.5 %"]


@pytest.mark.parametrize(
    ("code", "number", "key"),
    [("00", 7, "07"), ("0000", 7, "0007"), ("000000", 10101, "010101"), ("00000000", 1100101, "01100101"),
     ("00\\-00", 203, "02-03"), ("0000", 12345, "12345"), ("[$-407]000", 5, "005"), ("000;-000", 5, "005")],
)  # fmt: skip
def test_the_zeros_that_a_key_column_shows_are_part_of_the_key(formatted, code, number, key):
    file = formatted(["plr", "ew"], [(number, code), 1210], ["x", 900])
    table = qa.read_table(file, key="plr")
    assert list(table.values.index) == [key, "x"]
    assert any(f"{number} is read as '{key}'" in note for note in table.notes) == (key != str(number))


def test_keys_without_such_a_format_stay_as_they_are(formatted):
    file = formatted(["plr", "ew"], [(7, "0"), 1210], [(8, "#,##0"), 900], [(1009, "General"), 1], [(11, "0.00"), 2])
    table = qa.read_table(file, key="plr")
    assert list(table.values.index) == ["7", "8", "1009", "11"]
    assert table.notes == ()


def test_other_padded_columns_are_codes_where_they_are_read_as_text_and_numbers_elsewhere(formatted):
    rows = [["01", (3, "000"), (5, "000")], ["02", (12, "000"), (60, "000")]]
    table = qa.read_table(formatted(["plr", "bezirk", "faelle"], *rows), key="plr", text="bezirk")
    assert table.values["bezirk"].tolist() == ["003", "012"]
    assert table.values["faelle"].tolist() == [5.0, 60.0]
    assert any("bezirk: 2 cells with a format that shows leading zeros; 3 is read as '003'" in n for n in table.notes)


def test_a_filter_names_the_number_of_a_padded_column(formatted):
    file = formatted(["plr", "monat", "ew"], ["01", (1, "00"), 5], ["01", (12, "00"), 6])
    assert qa.read_table(file, key="plr", filters={"monat": 1}).values["ew"].tolist() == [5.0]


def test_dates_as_keys_are_refused_for_what_they_are(formatted):
    file = formatted(["plr", "ew"], [dt.date(2024, 2, 1), 1210], ["2-5", 900])
    with pytest.raises(
        KeyColumnError, match=r"1 key is a date in 'plr': '2024-02-01' in line 2.*turned keys such as 1-2"
    ) as raised:
        qa.read_table(file, key="plr")
    assert raised.value.keys == ("2024-02-01",)
    assert "last:" not in str(raised.value)


@pytest.mark.parametrize("key", ["2024-02-01", "01. Feb", "Feb 01", "2-Mai", "Mrz 2024", "2024-03-05 00:00:00"])
def test_dates_that_a_spreadsheet_wrote_into_a_text_file_are_refused_too(read, key):
    with pytest.raises(KeyColumnError, match="1 key is a date"):
        read(f"key;a\n1-77;5\n{key};6\n")


@pytest.mark.parametrize(
    "key", ["1-2", "03 Mainz", "Mark 12", "01.02", "2024", "1. Mainviertel", "20240201", "Augustin 01"]
)
def test_keys_that_only_look_a_little_like_dates_are_keys(read, key):
    assert list(read(f"key;a\n{key};6\n").values.index) == [key]


def test_dates_in_other_columns_are_text_with_a_note(formatted):
    file = formatted(["plr", "stand", "ew"], ["01", dt.date(2023, 6, 30), 5], ["02", dt.date(2023, 12, 31), 6])
    table = qa.read_table(file, key="plr")
    assert table.values["stand"].tolist() == ["2023-06-30", "2023-12-31"]
    assert any("stand: 2 cells are dates or times: '2023-06-30'" in note for note in table.notes)


def test_a_date_among_numbers_is_refused_as_one(formatted):
    file = formatted(["plr", "ew"], ["01", 5], ["02", dt.date(2024, 10, 5)], ["03", 6])
    with pytest.raises(NumberError, match=r"'2024-10-05' in line 3.*turned an entry such as 5-10 into a date"):
        qa.read_table(file, key="plr")


@pytest.mark.parametrize("from_1904", [True, False])
def test_dates_are_the_same_from_whichever_year_the_workbook_counts(tmp_path, from_1904):
    file = tmp_path / "jahre.xlsx"
    with xlsxwriter.Workbook(file, {"date_1904": from_1904}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["plr", "stand"])
        sheet.write(1, 0, "01")
        sheet.write_datetime(1, 1, dt.date(2022, 3, 1), book.add_format({"num_format": "dd.mm.yyyy"}))
    assert qa.read_table(file, key="plr").values["stand"].tolist() == ["2022-03-01"]


def test_formats_are_understood_by_what_they_show():
    assert with_zeros("00\\.00", 304) == "03.04"
    assert number_format("#,##0") is None
    assert number_format("0.00E+00") is None
    assert number_format('"PLR "0000').applied(12).shown == "PLR 0012"
    assert number_format("0000").applied(1.5) == 1.5
    assert number_format("0000").applied("7") == "7"


def test_a_percent_sign_in_some_texts_is_listed_beside_other_percentages(formatted):
    table = qa.read_table(formatted(["plr", "q"], ["01", "31,5 %"], ["02", 7], ["03", (0.2, "0%")]), key="plr")
    assert table.values["q"].tolist() == [31.5, 7.0, 20.0]
    assert table.problems["raw"].tolist() == ["31,5 %"]


def test_a_percent_sign_beside_a_fraction_is_refused(formatted):
    with pytest.raises(NumberError, match="a unit beside numbers that may be of another one"):
        qa.read_table(formatted(["plr", "q"], ["01", "31,5 %"], ["02", 0.07], ["03", 0.2]), key="plr")


def test_codes_for_missing_values_in_a_percent_column_stay_what_they_are(formatted):
    file = formatted(["plr", "q"], ["01", (-9999, "0%")], ["02", (0.2, "0%")], ["03", (0.25, "0%")], ["04", (-1, "0%")])
    table = qa.read_table(file, key="plr", symbols={"-9999": "suppressed"})
    assert table.status["q"].tolist() == ["suppressed", "value", "value", "value"]
    assert table.values["q"].tolist()[1:] == [20.0, 25.0, -100.0]
    with pytest.raises(NumberError, match=r"-9999 .* looks like a code for a missing value"):
        qa.read_table(file, key="plr")


def test_negative_numbers_keep_their_sign_and_no_zeros():
    assert number_format("0000").applied(-7) == -7


def test_a_share_in_a_column_of_words_is_written_as_shown(formatted):
    file = formatted(["plr", "lage"], ["01", "gut"], ["02", "mittel"], ["03", (0.2, "0%")])
    assert qa.read_table(file, key="plr").values["lage"].tolist() == ["gut", "mittel", "20 %"]


@pytest.mark.parametrize(
    ("code", "secret", "shown"),
    [('[<4]"<4";0', 3, "<4"), (";;;", 1, ""), ('"•";"•"', 2, "•"), ('"k.A."', 2, "k.A."), ('[>=10]0;[<10]"."', 7, ".")],
)
def test_a_number_that_its_format_does_not_show_is_said(formatted, code, secret, shown):
    file = formatted(["plr", "kinder", "ew"], ["01", (secret, code), 900], ["02", 25, 800], ["03", 31, (700, "#,##0")])
    table = qa.read_table(file, key="plr")
    assert table.values["kinder"].tolist() == [secret, 25, 31]
    (note,) = (note for note in table.notes if "by the number format" in note)
    assert note.startswith(f"kinder: 1 cell shows {shown!r} by the number format and holds a number, which was read")


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "0;-0;;@",
        '#,##0;-#,##0;"-"',
        '_-* #,##0_-;-* #,##0_-;_-* "-"??_-;_-@_-',
        '[Red][<4]0;[Blue]0" Fälle"',
        '[<1000]0;[<1000000]0.0," Tsd.";0.0,," Mio."',
        "# ?/?",
        "0.0E+00",
        "@",
    ],
)
def test_formats_that_show_the_number_are_not_mentioned(formatted, code):
    file = formatted(["plr", "kinder"], ["01", (3, code)], ["02", (0, code)], ["03", (31, code)])
    table = qa.read_table(file, key="plr")
    assert table.values["kinder"].tolist() == [3, 0, 31]
    assert table.notes == ()
