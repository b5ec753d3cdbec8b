"""Files whose name says something else than their content: read as what they are with a note, or refused."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import InputError

SPEC = importlib.util.spec_from_file_location("old_workbook", Path(__file__).with_name("old_workbook.py"))
old = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(old)


@pytest.mark.parametrize("delimiter", ["\t", ";", ","])
def test_text_named_xls_is_read_with_a_note(read, delimiter):
    table = read(f"key{delimiter}ew\n010{delimiter}5\n020{delimiter}6\n", name="ew.xls")
    assert table.values["ew"].to_dict() == {"010": 5.0, "020": 6.0}
    assert "ew.xls was read as what it is by its content: text, such as CSV" in table.notes


@pytest.mark.parametrize("name", ["ew.xls", "ew.ods", "ew.xlsb", "ew.csv", "ew.txt"])
def test_a_new_workbook_is_read_whatever_it_is_called(tmp_path, name):
    book = openpyxl.Workbook()
    for row in (["key", "ew"], ["010", 5], ["020", 6]):
        book.active.append(row)
    book.save(tmp_path / "buch.xlsx")
    (tmp_path / name).write_bytes((tmp_path / "buch.xlsx").read_bytes())
    table = qa.read_table(tmp_path / name, key="key")
    assert table.values["ew"].to_dict() == {"010": 5.0, "020": 6.0}
    assert f"{name} was read as what it is by its content: an XLSX workbook" in table.notes


def test_an_old_workbook_named_xlsx_is_read(tmp_path):
    file = tmp_path / "ew.xlsx"
    file.write_bytes(old.old_workbook([["key", "ew"], ["010", 5.0], ["020", 6.0]]))
    table = qa.read_table(file, key="key")
    assert table.values["ew"].to_dict() == {"010": 5.0, "020": 6.0}
    assert "ew.xlsx was read as what it is by its content: an XLS workbook" in table.notes


def test_a_workbook_of_excel_2003_in_xml_is_said(read):
    content = (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
    )
    with pytest.raises(InputError, match=r"workbook of Excel 2003 in XML and no table\. Open it in a spreadsheet"):
        read(content, name="ew.xls")


def test_json_named_csv_and_the_other_way_round(read):
    assert read(json.dumps([{"key": "010", "ew": 5}]), name="ew.csv").values["ew"].tolist() == [5.0]
    with pytest.raises(InputError, match="no valid JSON"):
        read("key;ew\n010;5\n", name="ew.json")


@pytest.mark.parametrize(
    ("name", "called"), [("ew.parquet", "Parquet"), ("ew.dbf", "a dBASE table"), ("ew.gpkg", "a geometry file")]
)
def test_text_under_other_names_is_refused_with_what_it_is(read, name, called):
    with pytest.raises(
        InputError, match=rf"cannot be read as {called}: it is text, such as CSV\. Rename it to end in \.csv"
    ):
        read("key;ew\n010;5\n", name=name)


def test_parquet_named_csv_is_read(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    pd.DataFrame({"key": ["010"], "ew": [5]}).to_parquet(tmp_path / "a.parquet")
    (tmp_path / "ew.csv").write_bytes((tmp_path / "a.parquet").read_bytes())
    assert qa.read_table(tmp_path / "ew.csv", key="key").values["ew"].to_dict() == {"010": 5.0}


@pytest.mark.parametrize("name", ["ew.csv", "ew.json"])
def test_a_file_with_the_right_name_gets_no_note(read, name):
    content = "key;ew\n010;5\n" if name.endswith("csv") else '[{"key": "010", "ew": 5}]'
    assert not any("by its content" in note for note in read(content, name=name).notes)


# web pages

MENU = "<table><tr><td>Start</td><td>Kontakt</td></tr></table>"


def page(*tables, head=""):
    return f"<!DOCTYPE html><html><head>{head}<title>Tabellen</title></head><body>{''.join(tables)}</body></html>"


def html(rows):
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def test_the_table_of_a_page_named_xls_is_read_with_a_note(read):
    table = read(
        page(MENU, html([["key", "Straße &amp; Hof", "ew"], ["010", "Süd", "1.250"], ["020", "", "12,5"]])),
        name="ew.xls",
    )
    assert table.values["Straße & Hof"].tolist() == ["Süd", ""]
    assert table.values["ew"].to_dict() == {"010": 1250.0, "020": 12.5}
    assert "ew.xls is a web page (HTML): its table of 2 rows was read" in table.notes


def test_a_page_in_another_encoding_says_it_itself(read):
    content = page(html([["key", "Name"], ["010", "Köln"]]), head='<meta charset="iso-8859-1">').encode("latin-1")
    assert read(content, name="ew.xls").values["Name"].tolist() == ["Köln"]


def test_a_page_in_an_encoding_that_nobody_knows_is_read_by_its_bytes(read):
    content = page(html([["key", "Name"], ["010", "Köln"]]), head='<meta charset="x-odd">')
    assert read(content, name="ew.xls").values["Name"].tolist() == ["Köln"]


@pytest.mark.parametrize("content", ["key\tName\n010\tKöln\n", page(html([["key", "Name"], ["010", "Köln"]]))])
def test_text_and_pages_in_utf_16_named_xls_are_read(read, content):
    assert read(content.encode("utf-16"), name="ew.xls").values["Name"].to_dict() == {"010": "Köln"}


@pytest.mark.parametrize("cell", ["td", "th"])
def test_heads_over_several_columns_and_rows_are_put_together(read, cell):
    head = (
        "<tr><td rowspan=2>key</td><td colspan='2'>Einwohner</td><td rowspan=2>Fläche</td></tr>"
        "<tr><td>2022</td><td>2023</td></tr>"
    )
    body = "<tr><td>010</td><td>5</td><td>6</td><td>7</td></tr>"
    table = read(page(f"<table>{head.replace('td', cell)}{body}</table>"), name="ew.xls")
    assert table.values.loc["010"].to_dict() == {"Einwohner 2022": 5.0, "Einwohner 2023": 6.0, "Fläche": 7.0}


def test_a_value_over_several_rows_belongs_to_each_of_them(read):
    rows = (
        "<tr><td>010</td><td rowspan=2>Nord</td><td>5</td></tr><tr><td>020</td><td>6</td></tr>"
        "<tr><td>030</td><td>Ost</td><td>7</td></tr>"
    )
    table = read(page(f"<table><tr><th>key</th><th>Bezirk</th><th>ew</th></tr>{rows}</table>"), name="ew.xls")
    assert table.values["Bezirk"].tolist() == ["Nord", "Nord", "Ost"]
    assert "cells that stretch over several rows were repeated in 1 row" in table.notes


def test_scripts_and_inner_markup_are_no_text(read):
    rows = "<tr><td><b>0</b>10</td><td>5<script>alert(7)</script></td></tr>"
    table = read(page(f"<table><tr><td>key</td><td>ew<br>2023</td></tr>{rows}</table>"), name="ew.xls")
    assert table.values["ew 2023"].to_dict() == {"010": 5.0}


def test_a_page_with_several_tables_of_that_key_is_refused(read):
    rows = [["key", "ew"], ["010", "5"]]
    with pytest.raises(InputError, match=r"web page \(HTML, 'Tabellen'\) with 2 tables that have 'key'.*save the one"):
        read(page(html(rows), html(rows)), name="ew.xls")


def test_a_page_whose_tables_have_another_key_is_refused_with_their_heads(read):
    with pytest.raises(InputError, match=r"1 table, none of them with a column 'key'; they begin with '\(nr, ew\)'"):
        read(page(html([["nr", "ew"], ["010", "5"]])), name="ew.xls")


@pytest.mark.parametrize("name", ["ew.csv", "ew.json"])
def test_a_page_under_another_name_is_no_table_even_with_a_table_in_it(read, name):
    with pytest.raises(InputError, match=r"is a web page \(HTML\) and no table\. It says: 'Tabellen'"):
        read(page(html([["key", "ew"], ["010", "5"]])), name=name)
