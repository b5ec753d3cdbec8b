"""``[context]`` and ``[gazetteer]`` of a project file: files, columns, words for kinds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from quartiersatlas.errors import ColumnError, GeometryError, InputError, SpecError
from quartiersatlas.project.context_part import read_context, read_gazetteer
from quartiersatlas.project.manifest import input_files
from quartiersatlas.project.schema import read_project

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture
def project(tmp_path):
    """Return a function that reads the sample project with a word replaced."""
    shutil.copytree(SAMPLE, tmp_path / "city")

    def changed(old="", new=""):
        path = tmp_path / "city" / "projekt.toml"
        text = (SAMPLE / "projekt.toml").read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return read_project(path)

    return changed


def test_layers_are_read_with_the_names_the_map_writes(project):
    layers = read_context(project()).layers
    assert set(layers) == {"water", "green", "roads", "rail", "names"}
    assert set(layers["names"]["kind"]) == {"place", "station", "water"}
    assert "Stadtpark" in set(layers["green"]["name"])
    assert "name" not in layers["water"].columns


def test_streets_of_merged_areas_lead_to_the_whole(project):
    streets = read_gazetteer(project())
    assert "0402+0403" in set(streets["key"])
    assert {"0402", "0403"}.isdisjoint(streets["key"])
    assert not streets.duplicated().any()


def test_the_files_are_inputs_in_the_manifest(project):
    assert {"fluss.geojson", "ortsnamen.geojson", "strassen.csv"} <= set(input_files(project()))


def test_without_them_there_is_neither(project):
    plain = project()
    assert read_context(type(plain)(**{**vars(plain), "context": {}})) is None
    assert read_gazetteer(type(plain)(**{**vars(plain), "gazetteer": None})) is None


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ('Bahnhof = "station", ', "", ColumnError, r"kinds does not say what 'Bahnhof' of 'ART' is"),
        ('"gruen.geojson", name = "NAME"', '"gruen.geojson", name = "NAMEN"', ColumnError, r"\[context\] green"),
        ('water = "fluss.geojson"', 'water = "bach.geojson"', InputError, r"bach\.geojson"),
        ('rail = "bahn.geojson"', 'rail = "fluss.geojson"', GeometryError, "rail takes lines"),
    ],
)
def test_what_is_wrong_names_the_line(project, old, new, error, said):
    with pytest.raises(error, match=said):
        read_context(project(old, new))


def test_a_column_of_the_street_list_that_is_not_there(project):
    with pytest.raises(ColumnError, match=r"\[gazetteer\]: strassen\.csv has no column 'Strasse'"):
        read_gazetteer(project('street = "Straße"', 'street = "Strasse"'))


def test_a_layer_nobody_knows_is_refused(project):
    with pytest.raises(SpecError, match="tram"):
        project('rail = "bahn.geojson"', 'tram = "bahn.geojson"')
