from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, SpecError


def test_a_notice_stays_when_only_some_columns_are_read(tmp_path, grid):
    file = tmp_path / "table.csv"
    file.write_text("key;a;b;Hinweis\na0;1;2;synthetisch\n", encoding="utf-8")
    table = qa.read_table(file, key="key", columns=["a"])
    assert list(table.values.columns) == ["a", "Hinweis"]
    assert qa.join(grid(1), table).notices == ("synthetisch",)


def test_a_later_catalogue_replaces_the_first(grid):
    areas = grid(1)
    own = qa.Catalogue.builtin().add(qa.Indicator(id="x", label_de="X", label_en="X"))
    first = qa.join(areas, pd.DataFrame({"a": [1.0]}, index=areas.index))
    second = qa.join(first, pd.DataFrame({"b": [1.0]}, index=areas.index), catalogue=own)
    assert "x" in second.catalogue
    assert "x" in qa.join(second, pd.DataFrame({"c": [1.0]}, index=areas.index)).catalogue


@pytest.mark.parametrize("system", [None, "EPSG:4326"])
def test_areas_not_in_metres_are_refused_at_the_join(grid, system):
    areas = grid(1)
    frame = gpd.GeoDataFrame(areas[["name"]], geometry=areas.geometry.to_numpy(), crs=system)
    with pytest.raises(GeometryError, match="to_crs"):
        qa.join(frame, pd.DataFrame({"a": [1.0]}, index=areas.index))


def test_a_merged_area_names_all_its_parents(grid):
    areas = grid(3).assign(bezirk=["Nord", "Nord", "Süd"])
    merged = qa.merge_areas(areas, {"x": ["b0", "c0"]})
    assert merged.loc["x", "bezirk"] == "Nord / Süd"
    assert qa.merge_areas(areas, {"x": ["a0", "b0"]}).loc["x", "bezirk"] == "Nord"


def test_a_mark_cannot_be_a_value(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("key;a\n01;1\n", encoding="utf-8")
    with pytest.raises(SpecError, match="cannot be 'value'"):
        qa.read_table(file, key="key", symbols={"?": "value"})
