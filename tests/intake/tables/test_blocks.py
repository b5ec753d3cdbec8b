"""Several tables in one sheet, and the things that only look like it."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, NumberError


@pytest.fixture
def sheet(tmp_path):
    def write(*rows):
        workbook = Workbook()
        for line, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                workbook.active.cell(line, column, value)
        workbook.save(tmp_path / "blatt.xlsx")
        return tmp_path / "blatt.xlsx"

    return write


def test_a_second_key_column_beside_the_table_is_refused_with_both_cells(sheet):
    rows = ["Stand 2023"], ["plr", "ew", None, "plr", "alo"], ["11", 5, None, "12", 2], ["12", 6, None, "11", 1]
    with pytest.raises(KeyColumnError, match=r"header of the key, 'plr', stands in A2 and again in D2"):
        qa.read_table(sheet(*rows), key="plr")


def test_so_it_is_without_an_empty_column_and_further_down(sheet):
    beside = ["plr", "ew", "plr", "alo"], ["11", 5, "12", 2], ["12", 6, "11", 1]
    with pytest.raises(KeyColumnError, match="A1 and again in C1"):
        qa.read_table(sheet(*beside), key="plr")
    below = ["plr", "ew"], ["11", 5], ["12", 6, None, "PLR", "alo"], ["13", 7, None, "12", 2]
    with pytest.raises(KeyColumnError, match="A1 and again in D3"):
        qa.read_table(sheet(*below), key="plr")


def test_the_same_keys_under_another_header_are_refused(sheet):
    rows = ["plr", "ew", None, "raum", "alo"], ["0011", 5, None, "0012", 2], ["0012", 6, None, "0011", 1]
    with pytest.raises(KeyColumnError, match="A1 and again in D1, over other keys"):
        qa.read_table(sheet(*rows), key="plr")


def test_the_same_key_column_twice_in_the_same_order_is_one_table(sheet):
    rows = ["plr", "ew", None, "plr", "alo"], ["11", 5, None, "11", 2], ["12", 6, None, "12", 1]
    assert qa.read_table(sheet(*rows), key="plr").values["alo"].to_dict() == {"11": 2.0, "12": 1.0}


def test_another_table_behind_an_empty_column_is_not_read_and_said(sheet):
    rows = (
        ["plr", "ew", None, "Alter", "Anzahl"],
        ["11", 5, None, "unter 6", 70],
        ["12", 6, None, "6 bis 18", 80],
        ["13", 7, None, "über 18", 90],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew"]
    assert table.notes == (
        "cells D1:E4 ('Alter', 'Anzahl') stand apart from the table, behind an empty column, and were not read",
    )


def test_the_table_of_the_key_may_be_the_right_one(sheet):
    rows = ["Alter", "m", None, "plr", "ew"], ["unter 6", 3, None, "11", 5], ["ab 6", 4, None, "12", 6]
    table = qa.read_table(sheet(*rows), key="plr")
    assert table.values["ew"].to_dict() == {"11": 5.0, "12": 6.0}
    assert any("A1:B3" in note for note in table.notes)


def test_remarks_behind_an_empty_column_without_a_header_are_not_read_and_said(sheet):
    rows = ["plr", "ew"], ["11", 5, None, None, "geprüft am 3. Mai"], ["12", 6]
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew"]
    assert any("cells E2:E2 stand apart" in note for note in table.notes)


def test_an_empty_column_within_a_table_parts_nothing(sheet):
    rows = (
        ["plr", "ew", None, "alo", "sgb", None, "Hinweis"],
        ["11", 5, None, 1, 3, None, None],
        ["12", 6, None, 2, 4, None, "geschätzt"],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew", "alo", "sgb", "Hinweis"]
    assert table.notes == ("read as text: 'Hinweis'",)


def test_ranks_behind_an_empty_column_are_no_keys(sheet):
    rows = ["nr", "ew", None, "rang", "punkte"], [1, 5, None, 2, 3.5], [2, 6, None, 1, 4.5]
    assert qa.read_table(sheet(*rows), key="nr").values["rang"].tolist() == [2.0, 1.0]


def test_another_table_below_is_cut_off_and_its_line_said(sheet):
    rows = (
        ["plr", "ew", "alo"], ["11", 5, 1], ["12", 6, 2], [], ["Tabelle 2: nach Alter"],
        ["Alter", "m", "w"], ["unter 6", 3, 4], ["älter", 5, 6],
    )  # fmt: skip
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.index) == ["11", "12"]
    assert table.notes == ("another table begins in line 5 ('Alter', 'm', 'w') and was not read",)


def test_another_table_of_the_same_areas_below_is_refused(sheet):
    rows = ["plr", "ew"], ["11", 5], ["12", 6], [], [], ["plr", "alo"], ["11", 1], ["12", 2]
    with pytest.raises(InputError, match=r"line 6 is a second header \('plr', 'alo'\)"):
        qa.read_table(sheet(*rows), key="plr")
    rows = ["plr", "ew"], ["11", 5], ["12", 6], ["2023"], ["plr", "ew"], ["11", 1], ["12", 2]
    with pytest.raises(InputError, match=r"repeated in line 5, and 2 keys come again below it \('11', '12'\)"):
        qa.read_table(sheet(*rows), key="plr")


def test_the_header_of_every_page_is_set_aside(sheet):
    rows = ["plr", "ew"], ["11", 5], ["12", 6], [], ["plr", "ew"], ["13", 1], ["14", 2], ["plr", "ew"], ["15", 2]
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.index) == ["11", "12", "13", "14", "15"]
    assert table.problems[["row", "done"]].values.tolist() == [
        [5, "repeated header set aside"],
        [8, "repeated header set aside"],
    ]


def test_a_gap_alone_ends_no_table(sheet):
    rows = (
        ["plr", "ew", "art"],
        ["11", 5, "alt"],
        [],
        ["12", ".", "neu"],
        [],
        ["13", "x", "neu"],
        ["14", 7, "alt"],
        [],
        ["99", 12, "alle"],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.index) == ["11", "12", "13", "14", "99"]
    assert table.notes == ("read as text: 'art'",)


def test_a_column_of_names_beside_the_key_needs_no_header(sheet, read):
    table = qa.read_table(sheet(["plr", None, "ew"], ["11", "Am Markt", 5], ["12", "Süd", 6]), key="plr")
    assert table.values["name"].to_dict() == {"11": "Am Markt", "12": "Süd"}
    assert "column 2 beside the key has no header and holds words: read as 'name'" in table.notes
    table = qa.read_table(sheet([None, "plr", "ew"], ["Am Markt", "11", 5], ["Süd", "12", 6]), key="plr")
    assert table.values["name"].tolist() == ["Am Markt", "Süd"]
    assert read("key;;a\n11;Am Markt;5\n").values["name"].tolist() == ["Am Markt"]


@pytest.mark.parametrize(
    "rows",
    [
        (["plr", None, "ew"], ["11", 17, 5], ["12", "Süd", 6]),
        (["plr", "ew", None], ["11", 5, "Am Markt"], ["12", 6, "Süd"]),
        (["plr", None, "name"], ["11", "Am Markt", "Nord"], ["12", "Süd", "Ost"]),
    ],
)
def test_other_columns_without_a_header_are_refused(sheet, rows):
    with pytest.raises(ColumnError, match="has cells and no name in the header"):
        qa.read_table(sheet(*rows), key="plr")


@pytest.mark.parametrize(
    ("cells", "count"), [(["1893", 2210.0], 1), (["1\u00a0893", "2210"], 2), (["'1893", "\u00a02210 "], 2)]
)
def test_numbers_stored_as_text_are_read_and_counted(sheet, cells, count):
    table = qa.read_table(sheet(["plr", "ew"], ["11", cells[0]], ["12", cells[1]]), key="plr")
    assert table.values["ew"].tolist() == [1893.0, 2210.0]
    words = "1 number is" if count == 1 else f"{count} numbers are"
    assert f"ew: {words} stored as text and read as numbers" in table.notes


def test_an_apostrophe_before_a_key_is_no_part_of_it(sheet):
    table = qa.read_table(sheet(["plr", "ew"], ["'0011", 5], ["0012", 6]), key="plr")
    assert list(table.values.index) == ["0011", "0012"]
    assert any("apostrophe" in note for note in table.notes)


def test_marks_in_a_column_of_numbers_are_no_numbers_stored_as_text(sheet):
    table = qa.read_table(sheet(["plr", "ew"], ["11", "."], ["12", 6], ["13", "x"]), key="plr")
    assert table.notes == ()


def test_half_numbers_stay_refused(sheet):
    with pytest.raises(NumberError, match=r"'7 \(alt 8\)' in line 3"):
        qa.read_table(sheet(["plr", "ew"], ["11", "6"], ["12", "7 (alt 8)"], ["13", 5]), key="plr")


def test_an_area_without_numbers_below_a_gap_is_no_header(sheet):
    rows = ["ort", "ew", "alo"], ["Altstadt", 5, 1], ["Süd", 6, 2], [], ["Nord", "k.A.", "n.n."], ["West", 7, 3]
    table = qa.read_table(sheet(*rows), key="ort", symbols={"k.A.": "missing", "n.n.": "suppressed"})
    assert list(table.values.index) == ["Altstadt", "Süd", "Nord", "West"]


def test_a_sentence_below_a_gap_is_set_aside_with_a_line(sheet):
    rows = ["plr", "ew"], ["11", 5], ["12", 6], [], ["Alle Angaben ohne Gewähr"], ["* geschätzt"]
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.index) == ["11", "12"]
    assert table.problems["done"].tolist() == ["text below the table set aside", "footnote below the table set aside"]


def test_an_area_without_numbers_at_the_end_stays(sheet):
    rows = ["ort", "ew"], ["Süd", 5], ["Nord", 6], [], ["Am alten Markt"]
    assert list(qa.read_table(sheet(*rows), key="ort").values.index) == ["Süd", "Nord", "Am alten Markt"]
    rows = ["ort", "ew"], ["Süd", 5], ["Nord", 6], ["An der alten Mühle (unbewohnt)"]
    assert len(qa.read_table(sheet(*rows), key="ort").values) == 3


def test_a_table_by_age_beside_the_table_is_not_read(sheet):
    rows = (
        ["Tab. 1", None, None, "Tab. 2"],
        ["plr", "ew", None, "Alter", "n"],
        ["01", 9, None, "0-5", 1],
        ["02", 8, None, "65+", 2],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew"]
    assert any("stand apart from the table" in note for note in table.notes)


def test_a_second_key_column_in_a_text_file_is_refused_too(read):
    with pytest.raises(KeyColumnError, match="'key', stands over column 1 and again over column 4, with other keys"):
        read("key;a;;key;b\n01;5;;02;7\n02;6;;01;8\n")
    assert read("key;a;;key;b\n01;5;;01;7\n02;6;;02;8\n").values["b"].tolist() == [7.0, 8.0]


def test_a_table_of_years_that_goes_on_further_down_is_not_read(sheet):
    rows = (
        ["plr", "ew", None, "jahr", "n"],
        ["11", 5, None, 2019, 1],
        ["12", 6, None, 2020, 2],
        [None, None, None, 2021, 3],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew"]
    assert any("cells D1:E4 ('jahr', 'n') stand apart" in note for note in table.notes)


def test_the_key_of_a_neighbour_behind_an_empty_column_is_a_value(sheet):
    rows = ["plr", "ew", None, "nachbar"], ["0011", 5, None, "0012"], ["0012", 6, None, "0011"]
    assert qa.read_table(sheet(*rows), key="plr").values["nachbar"].tolist() == ["0012", "0011"]


def test_words_and_numbers_of_some_areas_behind_an_empty_column_belong_to_the_table(sheet):
    rows = (
        ["plr", "ew", None, "Heim", "Plätze"],
        ["11", 5],
        ["12", 6, None, "Am Park", 70],
        ["13", 7],
        ["14", 8, None, "Süd", 8],
    )
    table = qa.read_table(sheet(*rows), key="plr")
    assert list(table.values.columns) == ["ew", "Heim", "Plätze"]


def test_words_alone_behind_an_empty_column_belong_to_the_table(sheet):
    rows = ["plr", "ew", None, "wer", "Amt"], ["11", 5, None, "Frau A", "Soziales"], ["12", 6, None, "Herr B", "Jugend"]
    assert list(qa.read_table(sheet(*rows), key="plr").values.columns) == ["ew", "wer", "Amt"]


def test_the_pages_of_a_long_table_repeat_keys_and_header(sheet):
    page = ["11", 2022, 5], ["11", 2023, 6]
    rows = ["plr", "jahr", "ew"], *page, [], ["plr", "jahr", "ew"], ["11", 2024, 7], ["12", 2022, 8]
    table = qa.read_table(sheet(*rows), key="plr")
    assert table.values["ew"].tolist() == [5.0, 6.0, 7.0, 8.0]


def test_a_row_of_marks_below_a_gap_is_no_header(sheet):
    rows = ["plr", "ew", "alo"], ["11", 5, 1], ["12", 6, 2], [], ["Umland", "k.A.", "k.A."], ["13", 7, 3]
    table = qa.read_table(sheet(*rows), key="plr", symbols={"k.A.": "missing"})
    assert list(table.values.index) == ["11", "12", "Umland", "13"]
