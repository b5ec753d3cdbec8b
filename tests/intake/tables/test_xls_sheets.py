"""What an old workbook says beside its cells."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError, KeyColumnError

SPEC = importlib.util.spec_from_file_location("old_workbook", Path(__file__).with_name("old_workbook.py"))
old = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(old)


@pytest.fixture
def xls(tmp_path):
    def write(*rows, **options):
        (tmp_path / "alt.xls").write_bytes(old.old_workbook(list(rows), **options))
        return tmp_path / "alt.xls"

    return write


def test_shares_with_a_percent_format_are_read_as_shown(xls):
    rows = ["plr", "q"], ["01", (0.243, 1)], ["02", (0.07, 1)]
    table = qa.read_table(xls(*rows, formats=("0.0%",)), key="plr")
    assert table.values["q"].tolist() == [24.3, 7.0]
    assert table.notes == ("q: 2 cells with a percent format; 0.243 is read as 24.3",)
    assert qa.read_table(xls(*rows, formats=("0.00",)), key="plr").values["q"].tolist() == [0.243, 0.07]


def test_keys_keep_the_zeros_that_their_format_shows(xls):
    table = qa.read_table(xls(["plr", "n"], [(7, 2), 5.5], [(12, 2), 6], formats=("0%", "0000")), key="plr")
    assert list(table.values.index) == ["0007", "0012"]


def test_numbers_that_are_stored_side_by_side_have_their_formats(xls):
    more = old.many_numbers(1, 0, [(8, 1), (50, 0)]) + old.many_numbers(2, 0, [(9, 1), (60, 0)])
    table = qa.read_table(xls(["plr", "n"], [None, None], [None, None], formats=("000",), more=more), key="plr")
    assert table.values["n"].to_dict() == {"008": 50.0, "009": 60.0}


def test_hidden_rows_are_asked_about_and_hidden_columns_named(xls):
    rows = ["plr", "n"], ["01", 5], ["02", 6]
    file = xls(*rows, more=old.hidden_row(2))
    with pytest.raises(KeyColumnError, match="1 row with a key is hidden in sheet 'Daten', in line '3': '02'"):
        qa.read_table(file, key="plr")
    assert list(qa.read_table(file, key="plr", hidden="skip").values.index) == ["01"]
    table = qa.read_table(xls(*rows, more=old.hidden_columns(1, 1)), key="plr")
    assert table.notes == ("1 column is hidden in the sheet (B) and read: 'n'",)


def test_errors_are_missing_with_a_line(xls):
    table = qa.read_table(xls(["plr", "n"], ["01", [42]], ["02", 6], ["03", [7]]), key="plr")
    assert table.status["n"].tolist() == ["missing", "value", "missing"]
    assert table.problems["raw"].tolist() == ["#N/A", "#DIV/0!"]


def test_a_stray_cell_is_refused_with_its_place(xls):
    far = old.record(0x0203, struct.pack("<HHHd", 65535, 255, 0, 1.0))
    with pytest.raises(InputError, match=r"5 cells that are not empty.*last cells are IV65536"):
        qa.read_table(xls(["plr", "n"], ["01", 5], more=far), key="plr")


def test_a_link_with_another_workbook_is_said(xls):
    linked = old.record(0x01AE, struct.pack("<HHB", 1, 7, 0) + b"\x01Q.xls!")
    own = old.record(0x01AE, struct.pack("<HH", 1, 0x0401))
    rows = ["plr", "n"], ["01", 5]
    assert any("linked with another one" in note for note in qa.read_table(xls(*rows, said=linked), key="plr").notes)
    assert qa.read_table(xls(*rows, said=own), key="plr").notes == ()


def test_a_workbook_with_a_password_says_so(xls):
    with pytest.raises(InputError, match="protected with a password"):
        qa.read_table(xls(["plr", "n"], ["01", 5], said=old.record(0x002F, bytes(54))), key="plr")


@pytest.mark.parametrize("size", [(0, 4_000_000_000, 0, 5), (9, 3, 0, 5), (0, 3, 0, 60_000), (0, 3, 5, 0)])
def test_a_sheet_that_says_an_impossible_size_is_refused(xls, size):
    said = old.record(0x0200, struct.pack("<IIHHH", *size, 0))
    with pytest.raises(InputError, match=r"rows and .* columns, which cannot be"):
        qa.read_table(xls(["plr", "n"], ["01", 5], more=said), key="plr")


@pytest.mark.parametrize("length", [8, 100, 600, 1400, 3000, 5000])
def test_a_workbook_that_was_cut_off_is_refused_without_a_word_of_a_library(xls, length):
    file = xls(["plr", "n"], ["01", 5])
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(InputError, match=r"alt\.xls cannot be read as a workbook: it is damaged, incomplete"):
        qa.read_table(file, key="plr")
