"""Workbooks that would take all memory, or are put together by hand: refused before anything is loaded."""

from __future__ import annotations

import zipfile

import pytest
from openpyxl import Workbook

import quartiersatlas as qa
from quartiersatlas.errors import InputError, KeyColumnError
from quartiersatlas.intake.tables.workbooks import package_parts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
SHEETS = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="Blatt" sheetId="1" r:id="b"/></sheets></workbook>'
)
ROWS = (
    '<row r="1"><c r="A1" t="str"><v>plr</v></c><c r="B1" t="str"><v>ew</v></c></row>'
    '<row r="2"><c r="A2" t="str"><v>0101</v></c><c r="B2"><v>512</v></c></row>'
)


def relation(name, kind, target):
    one = f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}">{one}</Relationships>'


@pytest.fixture
def packed(tmp_path):
    """Pack a workbook by hand: the rows of its sheet, and parts in place of the usual ones."""

    def write(rows=ROWS, prefix="", before="", name="gepackt.xlsx", **parts):
        p, at = (f"{prefix}:", f":{prefix}") if prefix else ("", "")
        if prefix:
            for tag in ("row", "c", "v"):
                rows = rows.replace(f"<{tag} ", f"<{p}{tag} ").replace(f"<{tag}>", f"<{p}{tag}>")
                rows = rows.replace(f"</{tag}>", f"</{p}{tag}>")
        sheet = f'<{p}worksheet xmlns{at}="{MAIN}">{before}<{p}sheetData>{rows}</{p}sheetData></{p}worksheet>'
        content = {
            "[Content_Types].xml": TYPES,
            "_rels/.rels": relation("a", "officeDocument", "/xl/workbook.xml"),
            "xl/workbook.xml": SHEETS,
            "xl/_rels/workbook.xml.rels": relation("b", "worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": sheet,
        } | {path.replace("__", "/"): text for path, text in parts.items()}
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as book:
            for path, text in content.items():
                book.writestr(path, text)
        return tmp_path / name

    return write


def stray(reference):
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f'<row r="{row}"><c r="{reference}"><v>1</v></c></row>'


@pytest.mark.parametrize("prefix", ["", "x"])
def test_a_workbook_packed_by_hand_is_read(packed, prefix):
    assert qa.read_table(packed(prefix=prefix), key="plr").values["ew"].to_dict() == {"0101": 512.0}


@pytest.mark.parametrize("prefix", ["", "x"])
@pytest.mark.parametrize("before", ["", '<dimension ref="A1:B2"/>'])
@pytest.mark.parametrize("reference", ["XFD1048576", "AB900000", "A1048576"])
def test_a_stray_cell_far_away_is_refused_with_its_place(packed, reference, before, prefix):
    before = before.replace("<", f"<{prefix}:") if prefix else before
    with pytest.raises(
        InputError, match=rf"5 cells that are not empty.*last cells are {reference}.*Delete the rows below"
    ):
        qa.read_table(packed(ROWS + stray(reference), before=before, prefix=prefix), key="plr")


def test_cells_without_a_reference_are_counted_on(packed):
    rows = ROWS.replace(' r="A1"', "").replace(' r="B1"', "").replace(' r="A2"', "").replace(' r="B2"', "")
    assert qa.read_table(packed(rows), key="plr").values["ew"].to_dict() == {"0101": 512.0}
    with pytest.raises(InputError, match="last cells are A1048576"):
        qa.read_table(packed(rows + '<row r="1048576"><c><v>1</v></c></row>'), key="plr")


def test_a_dimension_that_says_too_much_is_not_believed(packed):
    assert len(qa.read_table(packed(before='<dimension ref="A1:XFD1048576"/>'), key="plr").values) == 1


def test_cells_that_only_have_a_format_are_empty(tmp_path):
    workbook = Workbook()
    workbook.active.append(["plr", "ew"])
    workbook.active.append(["0101", 5])
    workbook.active.cell(1048576, 16384).number_format = "0.0%"
    workbook.save(tmp_path / "weit.xlsx")
    assert len(qa.read_table(tmp_path / "weit.xlsx", key="plr").values) == 1


def test_a_remark_some_columns_away_is_not_stray(packed):
    table = qa.read_table(packed(ROWS.replace("</row>", '<c r="AZ1" t="str"><v>Wert</v></c></row>', 1)), key="plr")
    assert table.values["ew"].tolist() == [512.0]


def test_a_part_that_unpacks_to_more_than_can_be_read_is_refused(packed, monkeypatch):
    monkeypatch.setattr(package_parts, "MOST_BYTES", 100_000)
    file = packed(ROWS, xl__worksheets__sheet1=" " * 100_001)
    assert len(qa.read_table(file, key="plr").values) == 1
    with pytest.raises(InputError, match=r"'xl/worksheets/sheet1\.xml' unpacks to 0\.0 GB or more.*as CSV"):
        qa.read_table(packed(ROWS + " " * 100_001), key="plr")


def test_declared_entities_are_refused(packed):
    bomb = f'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet xmlns="{MAIN}"><sheetData>{ROWS}</sheetData></worksheet>'
    file = packed(**{"xl__worksheets__sheet1.xml": bomb})
    with pytest.raises(InputError, match=r"gepackt\.xlsx declares entities, which no spreadsheet program writes"):
        qa.read_table(file, key="plr")


def test_a_cut_part_is_refused_with_its_name_and_no_word_of_a_library(packed):
    file = packed(**{"xl__worksheets__sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{ROWS}'})
    with pytest.raises(
        InputError, match=r"cannot be read as a workbook: its part 'xl/worksheets/sheet1\.xml' is damaged"
    ):
        qa.read_table(file, key="plr")


@pytest.mark.parametrize("row", ["<row r='x'>", "<row r='2'><c r='2B'>"])
def test_references_that_are_none_are_refused(packed, row):
    end = "</c></row>" if "<c" in row else "</row>"
    with pytest.raises(InputError, match="is damaged"):
        qa.read_table(packed(ROWS + row + end), key="plr")


def test_a_workbook_with_a_password_says_so(tmp_path):
    file = tmp_path / "geheim.xlsx"
    file.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(480)
    )
    with pytest.raises(InputError, match="protected with a password"):
        qa.read_table(file, key="plr")


def test_any_other_file_called_a_workbook_is_refused_without_a_word_of_a_library(tmp_path):
    (tmp_path / "bild.xlsx").write_bytes(b"\x89PNG\r\n" + bytes(500))
    with pytest.raises(InputError, match="is a picture and no table") as raised:
        qa.read_table(tmp_path / "bild.xlsx", key="plr")
    assert not any(word in str(raised.value).lower() for word in ("calamine", "zip", "ole", "cfb"))


def test_a_row_of_no_height_is_hidden_and_a_low_one_is_not(packed):
    rows = ROWS.replace('<row r="2">', '<row r="2" ht="0" customHeight="1">')
    with pytest.raises(KeyColumnError, match="1 row with a key is hidden in sheet 'Blatt', in line '2': '0101'"):
        qa.read_table(packed(rows), key="plr")
    assert qa.read_table(packed(rows.replace('ht="0"', 'ht="0.5"')), key="plr").notes == ()
