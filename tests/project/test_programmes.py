"""Programme areas of a project file: dates, residents, and what of them stays in the house."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from quartiersatlas.errors import InputError, SpecError
from quartiersatlas.project import check_project, run_project

RULE = "[shortlist]\nrule = 'above_city(\"a_share\")'\n[candidates]\nmin_population = 0\n"
LAYER = '[layers.programmes]\npath = "programme.gpkg"\nname = "NAME"\nstart = "AB"\nend = "BIS"\n'


@pytest.fixture(autouse=True)
def layers(tmp_path):
    """Write programmes over areas 00 and 01 of a project, one of them without a geometry, and a layer of residents."""
    boxes = [shapely.box(4e5, 5.5e6, 4.01e5, 5.501e6), shapely.box(4.01e5, 5.5e6, 4.02e5, 5.501e6), None]
    words = {
        "NAME": ["Jetzt", "Alt", "Leer"],
        "AB": [2017, 1999, 2001],
        "BIS": [None, "06/2010", None],
        "AKTE": "geheim",
    }
    gpd.GeoDataFrame(words, geometry=boxes, crs="EPSG:25832").to_crs("EPSG:4326").to_file(tmp_path / "programme.gpkg")
    homes = gpd.points_from_xy([4.005e5, 4.015e5], [5.5005e6] * 2, crs="EPSG:25832")
    gpd.GeoDataFrame({"ew": [300, 100]}, geometry=homes).to_file(tmp_path / "homes.gpkg")


def test_programmes_run_at_the_date_of_the_project(small_project):
    result = check_project(small_project(RULE + LAYER))
    overlap = result.overlap
    assert overlap.programmes["state"].tolist() == ["running", "ended"]
    assert [note.name for note in overlap.notes][:2] == ["layer_reprojected", "programme_left_out"]
    assert "ProgrammeOverlap of" in repr(result)
    assert "Leer" in "\n".join(map(str, result.release.facts))
    assert list(result.release.programmes.columns) == ["name", "kind", "start", "end", "state", "geometry"]
    key = result.candidates.members["00"]
    assert overlap.candidates.loc[key, "programmes"] == "Jetzt"
    assert result.release.candidates.loc[result.release.members["00"], "formerly"] == "Alt"
    earlier = check_project(small_project(RULE + LAYER + 'as_of = "2010"\n'))
    assert earlier.overlap.programmes["state"].tolist() == ["planned", "ended"]
    before = check_project(small_project(RULE + LAYER + 'as_of = "31.05.2010"\n'))
    assert before.overlap.programmes["state"].tolist() == ["planned", "running"]


def test_residents_decide_in_the_house_and_do_not_leave(small_project):
    file = small_project(RULE + LAYER + 'residents = "homes.gpkg"\nresidents_column = "ew"\n')
    result = run_project(file)
    key = result.candidates.members["00"]
    assert result.overlap.residents_by == "points"
    assert result.overlap.candidates.loc[key, "covered_residents"] == pytest.approx(0.75)
    assert result.release.candidates.loc[result.release.members["00"], "covered_residents"] == pytest.approx(0.5)
    manifest = json.loads((file.parent / "ergebnis" / "manifest.json").read_text(encoding="utf-8"))
    assert "homes.gpkg" in manifest["inputs"]
    assert manifest["inputs"]["homes.gpkg"] is None  # counts: without a ledger no digest of them leaves


def test_errors_speak_of_the_lines_of_the_file(small_project):
    with pytest.raises(SpecError, match=r"residents are counted beside candidate areas: add \[candidates\]"):
        check_project(small_project(LAYER + 'residents = "homes.gpkg"\n'))
    with pytest.raises(InputError, match=r"homes\.gpg"):
        check_project(small_project(RULE + LAYER + 'residents = "homes.gpg"\n'))
    with pytest.raises(SpecError, match=r"\[layers\.programmes\].*x"):
        check_project(small_project(RULE + LAYER + 'x = "lon"\n'))
