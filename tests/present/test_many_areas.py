"""Releases of very many areas: lists end with how many more there are, the report is short, the map refuses."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, SpecError
from quartiersatlas.present.map import atlas
from quartiersatlas.present.report import report_document
from quartiersatlas.present.statements import method_texts

OPEN = qa.Protection(min_count=1, min_population=0)
N = 640


@pytest.fixture(scope="module")
def many():
    """Give a release of 640 areas in two towns, of which 600 are selected and 40 have no value."""
    x = np.arange(N, dtype=float) * 100
    areas = gpd.GeoDataFrame(
        {"name": [f"Q{i:03}" for i in range(N)], "town": np.where(np.arange(N) < 100, "Ost", "West")},
        index=[f"{i:03}" for i in range(N)],
        geometry=shapely.box(x, 0, x + 100, 100),
        crs="EPSG:25832",
    )
    poor = np.full(N, 500.0)
    poor[600:] = np.nan
    table = pd.DataFrame({"poor": poor, "residents": 1000.0}, index=areas.index)
    data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    shortlist = qa.screen(data, qa.above("poverty", 10))
    return qa.release(data, shortlist=shortlist, title="T", source="S", protection=OPEN)


@pytest.mark.parametrize(("lang", "end"), [("de", " und 20 weitere."), ("en", " and 20 more.")])
def test_facts_name_the_first_twenty_areas_and_how_many_more(many, lang, end):
    (said,) = (line for line in method_texts(many, lang) if "Q600" in line)
    assert said.endswith(end)
    assert said.count("(6") == 20
    assert "Q619 (619)" in said
    assert "Q620" not in said


def test_a_long_list_has_its_first_areas_and_counts_those_of_each_town(many):
    said = list(report_document(many, "de", listed="b_areas.csv").texts())
    assert (
        "600 Gebiete sind ausgewählt. Hier stehen nach dem Namen die ersten 50; alle stehen in der Datei b_areas.csv "
        "neben diesem Bericht." in said
    )
    assert {"Q000", "Q049"} <= set(said)
    assert "Q050" not in said
    at = said.index("Ost")
    assert said[at : at + 6] == ["Ost", "100", "100.000", "West", "500", "500.000"]


def test_all_areas_stand_in_the_table_beside_the_report(many, tmp_path):
    qa.report(many, tmp_path / "b.html", lang="en")
    beside = {"b_areas.csv", "b_areas.columns.csv", "b_areas.notes.txt"}
    assert {file.name for file in tmp_path.iterdir()} == {"b.html", *beside}
    rows = pd.read_csv(tmp_path / "b_areas.csv", sep=";", dtype=str)
    assert len(rows) == N
    assert "all of them are in the file b_areas.csv" in (tmp_path / "b.html").read_text(encoding="utf-8")


def test_a_map_of_too_many_areas_is_refused_with_the_ways_out(many, monkeypatch):
    monkeypatch.setattr(atlas, "MOST_AREAS", N)
    qa.atlas_map(many)
    monkeypatch.setattr(atlas, "MOST_AREAS", N - 1)
    with pytest.raises(SpecError, match=r"has 640 areas, and a page holds 639 at most.*qa\.split\(data, level\)"):
        qa.atlas_map(many)


def test_areas_without_an_outline_are_named_at_the_join():
    shapes = [shapely.box(0, 0, 9, 9), None, shapely.Polygon()]
    areas = gpd.GeoDataFrame({"name": list("ABC")}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    table = pd.DataFrame({"residents": [1.0, 2, 3]}, index=areas.index)
    with pytest.raises(GeometryError, match=r"join: 2 areas have no geometry: '2', '3'.*areas\[~"):
        qa.join(areas, table)
    kept = areas[~(areas.geometry.isna() | areas.geometry.is_empty)]
    assert list(qa.join(kept, table.loc[["1"]]).areas.index) == ["1"]
