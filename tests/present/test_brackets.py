"""An uncertain value stands in brackets wherever it is written: map, panel, table, sheet, report, profile."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.present.map.payload import map_json
from quartiersatlas.present.paper.legend import legend_notes
from quartiersatlas.present.paper.map_svg import map_svg
from quartiersatlas.present.statements import cell_text


@pytest.fixture(scope="module")
def release():
    """Three areas with a share: that of the second is uncertain, that of the third too uncertain to be told."""
    keys = ["01", "02", "03"]
    shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(3)]
    areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=keys, geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"lonely": [20.0, 30.0, None], "residents": [1000.0] * 3}, index=keys)
    data = qa.join(areas, table, population="residents")
    data = data.with_indicators(qa.Indicator(id="lonely", label_de="Einsam", unit="percent", kind="share"))
    status = data.status.copy()
    status.loc[["02", "03"], "lonely"] = "unreliable"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return qa.release(
            replace(data, status=status),
            columns=["lonely"],
            protection=qa.Protection(secondary=False),
            title="T",
            source="S",
            as_of="2024",
        )


def test_the_text_of_a_cell_has_brackets_where_its_value_is_uncertain(release):
    column = release.column("lonely")
    said = [cell_text(release, key, column, "de").replace("\u202f", " ") for key in release.areas.index]
    assert said == ["20 %", "(30 %)", "nicht sicher genug"]


def test_the_page_knows_which_values_stand_in_brackets_and_says_so(release):
    column = json.loads(map_json(release, "de"))["columns"][0]
    assert column["values"] == [20, 30, None]
    assert column["gaps"] == {"1": "unreliable", "2": "unreliable"}
    assert column["hint"] == "In Klammern: unsicherer Wert"


def test_sheet_and_profile_have_the_brackets(release, tmp_path):
    svg = map_svg(release, "lonely", "de", width_mm=100, height_mm=80).replace("\u202f", " ")
    assert ">(30 %)<" in svg
    assert ">20 %<" in svg
    assert "In Klammern: unsicherer Wert" in legend_notes(release, release.column("lonely"), "de")
    qa.profile(release, "02").save(tmp_path / "p.html")
    assert "(30 %)" in (tmp_path / "p.html").read_text(encoding="utf-8").replace("\u202f", " ")
