"""Text from data stays text in files: no formula in a spreadsheet, no loss in a GeoPackage."""

from __future__ import annotations

import csv

import geopandas as gpd
import pytest

from quartiersatlas import export

FORMULAS = ['=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1"]


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=";"))


def is_number(cell):
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", FORMULAS, ids=repr)
@pytest.mark.parametrize("table", ["areas", "segregation"])
def test_no_cell_of_a_csv_is_a_formula_not_even_in_its_head(make_hostile, tmp_path, table, text):
    head, *body = rows(export(make_hostile(text), tmp_path / "table.csv", table=table))
    cells = [cell for row in [head, *body] for cell in row if not is_number(cell)]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert sum(cell.startswith(f"'{text}") for cell in cells) >= 1


def test_negative_numbers_of_a_csv_stay_numbers(sample, tmp_path):
    head, *body = rows(export(sample.release, tmp_path / "table.csv"))
    scores = [row[head.index("need_status")] for row in body if row[head.index("need_status")]]
    assert any(score.startswith("-") for score in scores)
    assert all(is_number(score) for score in scores)


def test_text_with_separators_quotes_and_line_ends_stays_one_cell(make_hostile, tmp_path):
    text = 'a;b"c"\nd'
    head, *body = rows(export(make_hostile(text), tmp_path / "table.csv"))
    assert {len(row) for row in body} == {len(head)}
    assert {row[head.index("name")] for row in body} == {text}


@pytest.mark.parametrize(
    "text", [*FORMULAS[:4], "Robert'); DROP TABLE areas;--", '<b>"&', "ä ß \u2028 {{7*7}}"], ids=repr
)
def test_a_geopackage_gives_text_back_as_it_was(make_hostile, tmp_path, text):
    path = export(make_hostile(text), tmp_path / "atlas.gpkg")
    areas = gpd.read_file(path, layer="areas")
    notes = gpd.read_file(path, layer="notes").set_index("what")["text"]
    assert set(areas["name"]) == set(areas["bezirk"]) == set(areas["notice"]) == {text}
    assert areas["key"].tolist() == [f"{text}{i}" for i in range(32)]
    assert notes["title"] == notes["source"] == notes["as_of"] == notes["comment"] == text
