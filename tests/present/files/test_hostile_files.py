"""Text from data stays text in files: no formula in a spreadsheet, no markup, no loss, no cell more or less."""

from __future__ import annotations

import csv
import json
import re
from types import SimpleNamespace
from zipfile import ZipFile

import geopandas as gpd
import openpyxl
import pytest

from quartiersatlas import export
from quartiersatlas.base.workbook import FORMULA_STARTS
from quartiersatlas.present.statements import no_formula, visible

TEXTS = {
    "formula": '=HYPERLINK("http://x","y")',
    "plus": "+1",
    "minus, markup": "-1<script>alert(1)</script>",
    "at": "@SUM(A1)",
    "tab, separators": '\t=1+1;b"c"\nd',
    "return, control": "\r=1+1\x00b\x0b\x1f\x7f",
    "path": "../../x",
    "error": "#N/A",
    "mixed": "Robert'); DROP TABLE areas;-- ä ß \u2028 {{7*7}} <b>\"&",
}


@pytest.fixture(scope="module", params=TEXTS.values(), ids=TEXTS)
def hostile(request, make_hostile, tmp_path_factory):
    """Return a text, the same as files show it, and a release with it everywhere in every format."""
    folder = tmp_path_factory.mktemp("hostile")
    release = make_hostile(request.param)
    files = {name: export(release, folder / f"a.{name}") for name in ("csv", "gpkg", "xlsx", "geojson", "parquet")}
    files["segregation"] = export(release, folder / "segregation.csv", table="segregation")
    return SimpleNamespace(text=request.param, seen=visible(request.param), release=release, files=files, folder=folder)


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def is_number(cell):
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def test_names_of_files_do_not_come_from_data(hostile):
    beside = {f"{name}.{ending}" for name in ("a", "segregation") for ending in ("csv", "columns.csv", "notes.txt")}
    assert {file.name for file in hostile.folder.iterdir()} == {"a.gpkg", "a.xlsx", "a.geojson", "a.parquet", *beside}


@pytest.mark.parametrize("table", ["csv", "segregation"])
def test_no_cell_of_a_csv_is_a_formula_not_even_in_its_head(hostile, table):
    path = hostile.files[table]
    for file in (path, path.with_suffix(".columns.csv")):
        head, *body = rows(file)
        assert {len(row) for row in body} == {len(head)}
        named = {"key", "name", "bezirk", "notice", "group", "label", "definition", "caveat", "column"}
        texts = [row[position] for row in body for position, name in enumerate(head) if name in named]
        others = [cell for row in [head, *body] for cell in row if not is_number(cell)]
        assert [cell for cell in texts + others if cell.startswith(FORMULA_STARTS)] == []
        assert table == "segregation" or any(hostile.seen in cell for cell in texts)


def test_a_csv_gives_text_back_behind_its_apostrophe(hostile):
    head, *body = rows(hostile.files["csv"])
    names = {row[head.index("name")] for row in body}
    assert names == {no_formula(hostile.seen)}
    assert hostile.seen in hostile.files["csv"].with_suffix(".notes.txt").read_bytes().decode()


def test_no_cell_of_a_workbook_is_a_formula_or_an_error(hostile):
    book = openpyxl.load_workbook(hostile.files["xlsx"])
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b"}
    for cell in cells:
        if cell.data_type == "s":
            assert cell.quotePrefix == cell.value.startswith(FORMULA_STARTS)
    with ZipFile(hostile.files["xlsx"]) as packed:
        sheets = [packed.read(name).decode() for name in packed.namelist() if re.match("xl/worksheets/[^/]*xml", name)]
    assert len(sheets) == len(book.sheetnames)
    assert not any("<f>" in sheet or "<f " in sheet or 't="e"' in sheet for sheet in sheets)


def test_a_workbook_gives_text_back_as_it_was(hostile):
    book = openpyxl.load_workbook(hostile.files["xlsx"])
    head = [cell.value for cell in book["Gebiete"][2]]
    names = {row[head.index("name")] for row in book["Gebiete"].iter_rows(min_row=3, values_only=True)}
    assert names == {hostile.seen.replace("\r", "\n")}  # a workbook has one kind of line end
    assert book.sheetnames == [
        *("Hinweise", "Auswahl", "Gründe", "Diagramme", "Gebiete", "Prüfgebiete", "Segregation"),
        *("Diagrammdaten", "Spalten", "Nachweis"),
    ]
    assert hostile.seen.strip() in book.properties.title


def test_a_geopackage_gives_text_back_as_it_was(hostile):
    areas = gpd.read_file(hostile.files["gpkg"], layer="areas")
    notes = gpd.read_file(hostile.files["gpkg"], layer="notes").set_index("what")["text"]
    assert set(areas["name"]) == set(areas["bezirk"]) == {hostile.seen}
    assert set(areas["notice"]) == {hostile.seen.strip()}  # as the intake reads a notice
    assert areas["key"].tolist() == [visible(key) for key in hostile.release.areas.index]
    assert notes["title"] == notes["source"] == notes["as_of"] == notes["comment"] == hostile.seen


def test_geojson_gives_text_back_as_it_was(hostile):
    content = json.loads(hostile.files["geojson"].read_text(encoding="utf-8"))
    assert {feature["properties"]["name"] for feature in content["features"]} == {hostile.seen}
    assert [feature["id"] for feature in content["features"]] == [visible(key) for key in hostile.release.areas.index]
    assert len({tuple(feature["properties"]) for feature in content["features"]}) == 1


def test_geoparquet_gives_text_back_as_it_was(hostile):
    areas = gpd.read_parquet(hostile.files["parquet"])
    assert set(areas["name"]) == set(areas["bezirk"]) == {hostile.seen}


def test_negative_numbers_of_a_csv_stay_numbers(sample, tmp_path):
    head, *body = rows(export(sample.release, tmp_path / "table.csv"))
    scores = [row[head.index("need_status")] for row in body if row[head.index("need_status")]]
    assert any(score.startswith("-") for score in scores)
    assert all(is_number(score) for score in scores)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_what_a_spreadsheet_takes_for_the_start_of_a_formula_gets_an_apostrophe(start):
    assert no_formula(f"{start}1+1") == f"'{start}1+1"
    assert no_formula(f"1{start}1") == f"1{start}1"


def test_every_control_character_becomes_visible_and_nothing_else_changes():
    for code in range(0x20):
        text = f"a{chr(code)}b"
        assert visible(text) == (text if chr(code) in "\t\n\r" else f"a{chr(0x2400 + code)}b")
    assert visible("\x7f\ud800\udfff\ufffe\uffff") == "\u2421\ufffd\ufffd\ufffd\ufffd"
    kept = "".join(map(chr, range(0x20, 0x7F))) + "äöüß\u202f\u2028\U0001f600"
    assert visible(kept) == kept
