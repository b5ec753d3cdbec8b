"""JSON, Parquet, dBASE, ODS and XLS: the same table as from text."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import DependencyError, InputError, NumberError

SPEC = importlib.util.spec_from_file_location("old_workbook", Path(__file__).with_name("old_workbook.py"))
old = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(old)


@pytest.fixture
def read_json(read):
    def from_json(content, **options):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        return read(text, name="table.json", **options)

    return from_json


RECORDS = [{"key": "0101", "a": 5, "b": 12.5}, {"key": "0102", "a": None, "b": "."}]


@pytest.mark.parametrize(
    "content",
    [
        RECORDS,
        {"data": RECORDS},
        {"stand": "2024", "data": RECORDS, "leer": []},
        {"key": ["0101", "0102"], "a": [5, None], "b": [12.5, "."]},
        {"0101": {"a": 5, "b": 12.5}, "0102": {"a": None, "b": "."}},
    ],
)
def test_records_columns_and_areas_are_the_same_table(read_json, content):
    table = read_json(content)
    assert list(table.values.index) == ["0101", "0102"]
    assert table.values.loc["0101", ["a", "b"]].tolist() == [5.0, 12.5]
    assert table.status.loc["0102", ["a", "b"]].tolist() == ["missing", "suppressed"]


@pytest.mark.parametrize(
    "content",
    [
        [
            {"key": "Zentrum", "years": [2008, 2009], "values": [10, 11]},
            {"key": "Ost", "years": [2008, 2009], "values": [5, "."]},
        ],
        {"years": [2008, 2009], "values": {"Zentrum": [10, 11], "Ost": [5, "."]}},
        {"Zentrum": {"years": [2008, 2009], "values": [10, 11]}, "Ost": {"years": [2008, 2009], "values": [5, "."]}},
        {"jahre": [2008, 2009], "Zentrum": [10, 11], "Ost": [5, "."]},
    ],
)
def test_lists_of_values_become_one_column_per_year(read_json, content):
    if "jahre" in content:
        content = {"jahre": content.pop("jahre"), "werte": content}
    table = read_json(content)
    assert table.values.loc["Zentrum"].to_dict() == {"2008": 10.0, "2009": 11.0}
    assert table.status.loc["Ost"].to_dict() == {"2008": "value", "2009": "suppressed"}
    assert read_json(content, years="long").values["year"].tolist() == ["2008", "2008", "2009", "2009"]


def test_several_indicators_with_years_keep_their_names(read_json):
    record = {
        "key": "Zentrum",
        "Migranten": {"years": [2008, 2009], "values": [1, 2]},
        "EW": {"years": [2008], "values": [9]},
    }
    table = read_json([record])
    assert table.values.loc["Zentrum"].to_dict() == {"Migranten 2008": 1.0, "Migranten 2009": 2.0, "EW 2008": 9.0}


def test_a_list_shorter_than_its_years_is_refused(read_json):
    content = [{"key": "Zentrum", "years": [2008, 2009, 2010], "values": [10, 11]}]
    with pytest.raises(InputError, match=r"'values': 2 values for 3 years \(2008 to 2010\).*with null"):
        read_json(content)


def test_columns_of_different_length_are_refused(read_json):
    with pytest.raises(InputError, match="different lengths: 'key' 2, 'a' 1"):
        read_json({"key": ["1", "2"], "a": [5]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no valid JSON"),
        ("5", "a single value and no table"),
        ("[1, 2]", "list of records is expected"),
        ("[]", "has no records"),
        ('{"a": 5}', "a record, or a list beside a list of years, is expected"),
        ('[{"key": "1", "a": [5, 6]}]', "1 cell of 'a' holds a list of several values, such as '\\[5, 6\\]'"),
        ("[" * 100_000, "no valid JSON"),
    ],
)
def test_json_that_is_no_table_is_refused(read_json, content, message):
    with pytest.raises(InputError, match=message):
        read_json(content)


def test_numbers_of_json_are_numbers_and_its_texts_may_be_written_in_any_way(read_json):
    table = read_json([{"key": "1", "a": 18.217, "b": "1.234,5"}, {"key": "2", "a": 950, "b": "7"}])
    assert table.values["a"].tolist() == [18.217, 950.0]
    assert table.values["b"].tolist() == [1234.5, 7.0]


def test_a_text_that_may_be_thousands_is_refused_in_json_too(read_json):
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        read_json([{"key": "1", "a": "18.217"}])


def test_infinite_numbers_and_nan_are_no_numbers(read_json):
    table = read_json('[{"key": "1", "a": NaN}, {"key": "2", "a": 5}]')
    assert table.status["a"].tolist() == ["missing", "value"]
    with pytest.raises(NumberError, match="'inf' in line 1"):
        read_json('[{"key": "1", "a": Infinity}, {"key": "2", "a": 5}, {"key": "3", "a": 5}]')


def test_parquet_keeps_its_types_and_text_keys_their_zeros(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    frame = pd.DataFrame({"key": ["0101", "0102"], "a": [5, 6], "b": [12.5, math.nan], "c": ["-", "7"]})
    file = tmp_path / "table.parquet"
    frame.to_parquet(file)
    table = qa.read_table(file, key="key")
    assert list(table.values.index) == ["0101", "0102"]
    assert table.values["a"].tolist() == [5.0, 6.0]
    assert table.status.loc["0102"].to_dict() == {"a": "value", "b": "missing", "c": "value"}
    assert table.status.loc["0101", "c"] == "zero"
    assert table.written == "Parquet"


def test_parquet_with_codes_is_refused_until_they_are_named(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    file = tmp_path / "table.parquet"
    pd.DataFrame({"key": list("abcd"), "a": [-1.0, -1.0, -9.0, 5.0]}).to_parquet(file)
    with pytest.raises(NumberError, match="'-1': 'missing'"):
        qa.read_table(file, key="key")
    table = qa.read_table(file, key="key", symbols={"-1": "suppressed", "-9": "missing"})
    assert table.status["a"].tolist() == ["suppressed", "suppressed", "missing", "value"]


def test_a_geometry_is_left_out_with_a_note_and_an_index_is_a_column(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    index = pd.Index(["01", "02"], name="key")
    areas = gpd.GeoDataFrame({"a": [5, 6]}, index=index, geometry=[shapely.Point(0, 0)] * 2, crs=25832)
    areas.to_parquet(tmp_path / "table.parquet")
    table = qa.read_table(tmp_path / "table.parquet", key="key")
    assert table.values["a"].to_dict() == {"01": 5.0, "02": 6.0}
    assert "column 'geometry' holds no numbers or text and was left out" in table.notes


def test_a_file_that_only_is_called_parquet_is_refused(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    file = tmp_path / "table.parquet"
    file.write_bytes(b"key;a")
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        qa.read_table(file, key="key")


def test_without_pyarrow_the_message_names_the_install_command(tmp_path, monkeypatch):
    file = tmp_path / "table.parquet"
    file.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DependencyError, match=r"pip install 'quartiersatlas\[parquet\]'"):
        qa.read_table(file, key="key")


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1"])
def test_dbase_is_read_in_its_encoding(tmp_path, encoding):
    frame = gpd.GeoDataFrame(
        {"KEY": ["0101", "0102"], "NAME": ["Süd", "Große Höfe"], "EW": [5, 6], "ANTEIL": [1.5, None]}
    )
    frame = frame.set_geometry([shapely.Point(0, 0)] * 2, crs=25832)
    frame.to_file(tmp_path / "areas.shp", encoding=encoding)
    table = qa.read_table(tmp_path / "areas.dbf", key="KEY")
    assert table.values["NAME"].to_dict() == {"0101": "Süd", "0102": "Große Höfe"}
    assert table.values["EW"].tolist() == [5.0, 6.0]
    assert table.status["ANTEIL"].tolist() == ["value", "missing"]


def test_a_file_that_only_is_called_dbase_is_refused(tmp_path):
    (tmp_path / "table.dbf").write_bytes(b"key;a\n01;5\n")
    with pytest.raises(InputError, match="cannot be read as a dBASE table"):
        qa.read_table(tmp_path / "table.dbf", key="KEY")


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Daten">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)


MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def ods_cell(value):
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{value}"/>'


def write_ods(file, rows):
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", MANIFEST)
        book.writestr("content.xml", ODS.format(rows=lines))


def write_xls(file, rows):
    file.write_bytes(old.old_workbook(rows))


@pytest.mark.parametrize(("ending", "write"), [(".ods", write_ods), (".xls", write_xls)])
def test_older_and_open_workbooks_are_read_like_new_ones(tmp_path, ending, write):
    file = tmp_path / f"table{ending}"
    write(file, [["Titel", "", ""], ["key", "Straße", "a"], ["0101", "Große Höfe", 5.5], ["0102", "Süd", "."]])
    table = qa.read_table(file, key="key")
    assert table.values["Straße"].to_dict() == {"0101": "Große Höfe", "0102": "Süd"}
    assert table.values.loc["0101", "a"] == 5.5
    assert table.status.loc["0102", "a"] == "suppressed"
    assert table.problems["row"].tolist() == [1, 4]


def test_merged_headers_and_years_stored_as_numbers_in_a_workbook(tmp_path):
    file = tmp_path / "table.ods"
    write_ods(file, [["key", "Anteil", "", ""], ["", 2018.0, 2019.0, "2020"], ["01", 5.5, 6.5, 7.5], ["02", 1, 2, 3]])
    assert qa.read_table(file, key="key", years=2019).values["Anteil"].to_dict() == {"01": 6.5, "02": 2.0}
