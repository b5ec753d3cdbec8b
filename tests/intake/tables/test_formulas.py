"""Formulas in workbooks: never computed, ending in an error, or taken from another workbook."""

from __future__ import annotations

import zipfile

import pytest
import xlsxwriter
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import InputError, KeyColumnError

COMPUTE = "open the file in the spreadsheet program and save it there"


@pytest.fixture
def never_computed(tmp_path):
    """Write a workbook by a program that computes nothing and stores no result."""

    def write(*rows):
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        workbook.save(tmp_path / "formeln.xlsx")
        return tmp_path / "formeln.xlsx"

    return write


@pytest.fixture
def computed(tmp_path):
    """Write formulas with their results: a cell is a value, or a pair (formula, result)."""

    def write(*rows, recalculate=False, extra=()):
        file = tmp_path / "formeln.xlsx"
        with xlsxwriter.Workbook(file) as book:
            sheet = book.add_worksheet("Daten")
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        sheet.write_formula(line, column, *(cell[0], None, cell[1]))
                    else:
                        sheet.write(line, column, cell)
        return file if recalculate else rewritten(file, {' fullCalcOnLoad="1"': ""}, extra)

    return write


def rewritten(file, replaced, extra=()):
    """Write the parts of a package anew, with texts replaced and parts added."""
    with zipfile.ZipFile(file) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    parts |= dict(extra)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            content = text
            for old, new in replaced.items():
                content = content.replace(old, new)
            book.writestr(name, content)
    return file


def test_a_formula_without_a_result_is_missing_with_a_line_of_its_own(never_computed):
    table = qa.read_table(never_computed(["plr", "n"], ["01", 4], ["02", "=B2*2"], ["03", 0]), key="plr")
    assert table.status["n"].tolist() == ["value", "missing", "zero"]
    line = table.problems.loc[table.problems["row"] == 3].iloc[0]
    assert (line["column"], line["raw"]) == ("n", "=B2*2")
    assert line["done"].startswith("formula that was never computed, read as missing")
    assert len(table.problems) == 1
    assert table.notes == (f"n: 1 formula was never computed and is missing: {COMPUTE}",)


def test_a_column_of_formulas_without_results_is_missing_numbers_and_not_text(never_computed):
    table = qa.read_table(never_computed(["plr", "n", "q"], ["01", 4, "=B2/9"], ["02", 5, "=B3/9"]), key="plr")
    assert table.values["q"].isna().all()
    assert table.values["q"].dtype == float
    assert table.status["q"].tolist() == ["missing", "missing"]
    assert table.notes == (f"q: 2 formulas were never computed and are missing: {COMPUTE}",)


def test_a_name_that_a_formula_should_give_is_missing_text(never_computed):
    rows = ["plr", "name", "n"], ["01", "Altstadt", 4], ["02", "=D2", 5], ["03", "Nord", 6]
    table = qa.read_table(never_computed(*rows), key="plr")
    assert table.values["name"].tolist() == ["Altstadt", "", "Nord"]
    assert table.status["name"].tolist() == ["value", "missing", "value"]


def test_results_of_0_in_a_file_that_nobody_computed_are_no_zeros(computed):
    rows = ["plr", "n", "q"], ["01", 4, ("=B2/9", 0)], ["02", 5, ("=B3/9", 0)]
    table = qa.read_table(computed(*rows, recalculate=True), key="plr")
    assert table.status["q"].tolist() == ["missing", "missing"]
    assert any("q: 2 formulas were never computed" in note for note in table.notes)


def test_true_zeros_among_results_stay_zeros(computed):
    rows = ["plr", "n", "q"], ["01", 4, ("=B2/9", 0)], ["02", 5, ("=B3/9", 0)]
    saved = qa.read_table(computed(*rows), key="plr")
    assert saved.status["q"].tolist() == ["zero", "zero"]
    assert saved.notes == ()
    rows = ["plr", "n", "q"], ["01", 4, ("=B2/9", 0.5)], ["02", 5, ("=B3/9", 0)]
    assert qa.read_table(computed(*rows, recalculate=True), key="plr").status["q"].tolist() == ["value", "zero"]


def test_a_formula_that_gives_an_empty_text_was_computed(computed):
    rows = ["plr", "n"], ["01", 4], ["02", ('=IF(A1="","",1)', 81)], ["03", 7]
    file = rewritten(computed(*rows), {'<c r="B3"><f>': '<c r="B3" t="str"><f>', "<v>81</v>": "<v></v>"})
    table = qa.read_table(file, key="plr")
    assert table.status["n"].tolist() == ["value", "missing", "value"]
    assert table.problems["done"].tolist() == ["read as missing"]
    assert table.notes == ()


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?"])
def test_errors_are_missing_with_a_line_of_their_own(computed, error):
    table = qa.read_table(computed(["plr", "q"], ["01", ("=B9/B8", error)], ["02", ("=1+5", 6)]), key="plr")
    assert table.status["q"].tolist() == ["missing", "value"]
    assert table.problems[["row", "raw", "done"]].values.tolist() == [[2, error, f"error {error}, read as missing"]]
    assert table.notes == ("q: 1 error of formulas read as missing",)


def test_keys_that_are_errors_or_never_computed_are_refused(computed, never_computed):
    with pytest.raises(
        KeyColumnError, match=r"1 key is an error or a formula without a result in 'plr': '#N/A' in line 3"
    ):
        qa.read_table(computed(["plr", "n"], ["01", 5], [("=A9", "#N/A"), 6]), key="plr")
    with pytest.raises(KeyColumnError, match=r"'=A2\+1' in line 3"):
        qa.read_table(never_computed(["plr", "n"], [1, 5], ["=A2+1", 6]), key="plr")


def test_a_header_that_was_never_computed_is_refused_with_its_cell(never_computed):
    with pytest.raises(InputError, match=r"header cell C1 is no name but '=B1', a formula that was never computed"):
        qa.read_table(never_computed(["plr", "n", "=B1"], ["01", 5, 6]), key="plr")


LINK = {
    "xl/externalLinks/externalLink1.xml": '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>',
    "xl/externalLinks/_rels/externalLink1.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Target="file:///Q:/Amt%2012/Quelle%202023.xlsx" TargetMode="External"/></Relationships>'
    ),
}


def test_values_from_another_workbook_are_said(computed):
    rows = ["plr", "n", "m"], ["01", ("='[1]Tab 1'!A1", 5), ("=[1]Tab!B1*2", 8)], ["02", ("=[1]Tab!A2", 6), 9]
    file = rewritten(
        computed(*rows, extra=LINK.items()),
        {
            "</sheets>": '</sheets><externalReferences><externalReference r:id="rId77"/></externalReferences>',
            "</Relationships>": '<Relationship Id="rId77" Target="externalLinks/externalLink1.xml"/></Relationships>',
        },
    )
    table = qa.read_table(file, key="plr")
    assert table.values["n"].tolist() == [5.0, 6.0]
    other = "values from another workbook (Quelle 2023.xlsx); they are read as last saved here"
    assert table.notes == (
        f"n: the formulas of 2 cells take their {other}",
        f"m: the formulas of 1 cell take their {other}",
    )


def test_formulas_of_the_same_workbook_are_not(computed):
    rows = ["plr", "n"], ["01", ("=Tabelle1[[#This Row],[a]]+Tabelle1[1]", 5)], ["02", ("='Blatt 2'!A1", 6)]
    assert qa.read_table(computed(*rows), key="plr").notes == ()
