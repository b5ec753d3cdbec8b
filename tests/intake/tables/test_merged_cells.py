"""Merged cells in the body of a sheet: filled down where the value holds for each row, refused where it may not."""

from __future__ import annotations

import pytest
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import InputError


@pytest.fixture
def merged(tmp_path):
    def write(ranges, *rows):
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        for one in ranges:
            workbook.active.merge_cells(one)
        workbook.save(tmp_path / "verbunden.xlsx")
        return tmp_path / "verbunden.xlsx"

    return write


def test_districts_merged_down_the_rows_are_filled_down_and_said(merged):
    rows = ["bezirk", "plr", "ew"], ["Mitte", "0101", 5], [None, "0102", 6], [None, "0103", 7], ["Nord", "0201", 8]
    table = qa.read_table(merged(["A2:A4"], *rows), key="plr")
    assert table.values["bezirk"].tolist() == ["Mitte", "Mitte", "Mitte", "Nord"]
    assert "bezirk: 1 merged cell filled down into 2 more rows" in table.notes


def test_numbers_of_districts_are_filled_down_too(merged):
    rows = ["plr", "bezirk", "ew"], ["0101", 1, 5], ["0102", None, 6], ["0201", 2, 7], ["0202", None, 8], ["0301", 3, 9]
    table = qa.read_table(merged(["B2:B3", "B4:B5"], *rows), key="plr")
    assert table.values["bezirk"].tolist() == [1.0, 1.0, 2.0, 2.0, 3.0]
    assert "bezirk: 2 merged cells filled down into 2 more rows" in table.notes


def test_keys_merged_over_the_rows_of_a_long_table_are_filled_down(merged):
    rows = ["plr", "jahr", "ew"], ["0101", 2022, 5], [None, 2023, 6], ["0102", 2022, 7], [None, 2023, 8]
    table = qa.read_table(merged(["A2:A3", "A4:A5"], *rows), key="plr", filters={"jahr": 2023})
    assert table.values["ew"].to_dict() == {"0101": 6.0, "0102": 8.0}


def test_blanks_that_are_not_merged_are_not_filled(merged):
    rows = ["plr", "bezirk", "ew"], ["0101", "Mitte", 5], ["0102", None, 6], ["0103", "Nord", 7], ["0104", None, 8]
    table = qa.read_table(merged(["B2:B3"], *rows), key="plr")
    assert table.values["bezirk"].tolist() == ["Mitte", "Mitte", "Nord", ""]
    assert table.status["bezirk"].tolist() == ["value", "value", "value", "missing"]


def test_one_count_merged_over_several_areas_is_refused(merged):
    rows = ["plr", "ew"], ["0101", 5], ["0102", 37], ["0103", None], ["0104", 6], ["0105", 7]
    with pytest.raises(InputError, match=r"B3:B4 of column 'ew' are merged and hold one number, 37, for 2 rows"):
        qa.read_table(merged(["B3:B4"], *rows), key="plr")


def test_merged_headers_are_read_as_ever(merged):
    rows = ["plr", "Einwohner", None, "alo"], [None, "2022", "2023", None], ["01", 5, 6, 7], ["02", 8, 9, 10]
    table = qa.read_table(merged(["A1:A2", "B1:C1", "D1:D2"], *rows), key="plr")
    assert list(table.values.columns) == ["Einwohner 2022", "Einwohner 2023", "alo"]
    assert not any("filled down" in note for note in table.notes)


def test_a_heading_merged_over_the_table_is_set_aside_with_a_line(merged):
    rows = ["plr", "ew", "alo"], ["Bezirk Mitte"], ["0101", 5, 1], ["Bezirk Nord"], ["0201", 6, 2]
    table = qa.read_table(merged(["A2:C2", "A4:C4"], *rows), key="plr")
    assert list(table.values.index) == ["0101", "0201"]
    done = table.problems.set_index("row")["done"]
    assert sorted(done.index) == [2, 4]
    assert done[2] in ("text merged over A2:C2 set aside", "second header row with one name set aside")
    assert done[4] == "text merged over A4:C4 set aside"


def test_cells_merged_across_values_are_read_once_and_listed(merged):
    rows = ["plr", "m", "w"], ["0101", 5, 1], ["0201", 6, None]
    table = qa.read_table(merged(["B3:C3"], *rows), key="plr")
    assert table.values.loc["0201", "m"] == 6.0
    assert table.status.loc["0201", "w"] == "missing"
    assert "cells B3:C3 are merged: read as one cell of this column" in table.problems["done"].tolist()


def test_numbers_left_of_the_key_are_filled_down_even_if_few_are_merged(merged):
    rows = ["bezirk", "plr", "ew"], [1, "0101", 5], [None, "0102", 6], [2, "0201", 7], [3, "0301", 8], [4, "0401", 9]
    assert qa.read_table(merged(["A2:A3"], *rows), key="plr").values["bezirk"].tolist() == [1.0, 1.0, 2.0, 3.0, 4.0]


def test_a_key_merged_over_a_column_without_a_name_is_not_worth_a_line(merged):
    rows = ["plr", None, "ew"], ["0101", None, 5], ["0102", None, 6]
    table = qa.read_table(merged(["A2:B2", "A3:B3"], *rows), key="plr")
    assert table.problems["done"].tolist() == ["empty column 2 left out"]
