"""Workbooks: the same table as from text, with the cells' own types."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import DependencyError, InputError, NumberError


@pytest.fixture
def book(tmp_path):
    """Write a workbook of named sheets."""

    def write(**sheets: list[list[object]]):
        workbook = Workbook()
        workbook.remove(workbook.active)
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        file = tmp_path / "tabelle.xlsx"
        workbook.save(file)
        return file

    return write


def test_text_keys_keep_their_zeros_and_number_cells_are_numbers(book):
    file = book(Daten=[["key", "residents", "share"], ["0101", 1893, 12.5], ["0102", 3097, 18.217]])
    table = qa.read_table(file, key="key")
    assert list(table.values.index) == ["0101", "0102"]
    assert table.values["residents"].tolist() == [1893.0, 3097.0]
    assert table.values["share"].tolist() == [12.5, 18.217]
    assert table.written == "workbook"


def test_number_keys_are_written_without_a_decimal_point(book):
    file = book(Daten=[["key", "a"], [101, 5], [102.0, 6]])
    assert list(qa.read_table(file, key="key").values.index) == ["101", "102"]


def test_marks_and_empty_cells_have_their_status(book):
    file = book(Daten=[["key", "a"], ["01", "."], ["02", "-"], ["03", None], ["04", 7]])
    table = qa.read_table(file, key="key")
    assert table.status["a"].tolist() == ["suppressed", "zero", "missing", "value"]
    assert table.problems["row"].tolist() == [2, 3, 4]


def test_rows_above_the_header_may_be_empty_and_lines_are_those_of_the_sheet(book):
    file = book(Daten=[[None], ["key", "a"], ["01", 5], ["02", 6], ["03", "?"]])
    with pytest.raises(NumberError, match=r"'\?' in line 5"):
        qa.read_table(file, key="key")


def test_text_cells_with_a_decimal_comma_stand_beside_number_cells(book):
    file = book(Daten=[["key", "text", "number"], ["01", "1.234,5", 12.125], ["02", "7", 0.5]])
    for decimal in (None, ","):
        values = qa.read_table(file, key="key", decimal=decimal).values
        assert values.loc["01"].tolist() == [1234.5, 12.125]
        assert values.loc["02"].tolist() == [7.0, 0.5]


def test_numbers_stored_as_text_are_read_by_the_marks_of_all_texts_or_refused(book):
    german = book(Daten=[["key", "residents", "space"], ["01", "1.893", "40,4"], ["02", "345", "38,1"]])
    assert qa.read_table(german, key="key").values.loc["01"].tolist() == [1893.0, 40.4]
    unclear = book(Daten=[["key", "residents"], ["01", "1.893"], ["02", "345"]])
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        qa.read_table(unclear, key="key")


def test_dates_and_truth_values_stay_text(book):
    file = book(Daten=[["key", "stand", "neu", "a"], ["01", dt.date(2024, 12, 31), True, 5]])
    values = qa.read_table(file, key="key").values
    assert values["stand"].tolist() == ["2024-12-31"]
    assert values["neu"].tolist() == ["true"]


def test_the_first_sheet_is_read_unless_another_is_named(book):
    file = book(Erste=[["key", "a"], ["01", 5]], Zweite=[["key", "a"], ["01", 6]])
    assert qa.read_table(file, key="key").values["a"].tolist() == [5.0]
    assert qa.read_table(file, key="key", sheet="Zweite").values["a"].tolist() == [6.0]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(book):
    file = book(Erste=[["key", "a"], ["01", 5]], Zweite=[["key", "a"], ["01", 6]])
    with pytest.raises(InputError, match="no sheet 'Dritte'; there are 'Erste', 'Zweite'"):
        qa.read_table(file, key="key", sheet="Dritte")


def test_a_sheet_without_rows_is_refused(book):
    with pytest.raises(InputError, match="no rows below a header"):
        qa.read_table(book(Daten=[["key", "a"]]), key="key")


def test_a_file_that_only_is_called_a_workbook_is_refused(tmp_path):
    file = tmp_path / "tabelle.xlsx"
    file.write_text("key;a\n01;5\n")
    with pytest.raises(InputError, match=r"tabelle\.xlsx cannot be read as a workbook"):
        qa.read_table(file, key="key")


def test_without_the_extra_the_message_names_the_install_command(book, monkeypatch):
    file = book(Daten=[["key", "a"], ["01", 5]])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(DependencyError, match=r"pip install 'quartiersatlas\[excel\]'"):
        qa.read_table(file, key="key")
