"""Further layers of a map."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely.geometry import Point

from quartiersatlas.errors import ColumnError, GeometryError, InputError
from quartiersatlas.intake import read_features


@pytest.fixture
def layer(tmp_path):
    def write(crs="EPSG:4326", name="einrichtungen.gpkg"):
        file = tmp_path / name
        frame = gpd.GeoDataFrame({"NAME": ["A"], "ART": ["Schule"], "leitung": ["N. N."]}, geometry=[Point(9, 52)])
        frame.set_crs(crs or "EPSG:4326").to_file(file)
        if crs is None:
            file.with_suffix(".prj").unlink()
        return file

    return write


def test_features_are_carried_to_the_system_of_the_areas_with_name_and_kind_only(layer):
    features = read_features(layer(), name="NAME", kind="ART", crs="EPSG:25832")
    assert sorted(features.columns) == ["geometry", "kind", "name"]
    assert features.crs == "EPSG:25832"
    assert features.geometry[0].x == pytest.approx(500_000)  # 9 degrees east is the middle of UTM zone 32


def test_features_without_a_kind_have_an_empty_one(layer):
    assert read_features(layer(), name="NAME", crs="EPSG:25832")["kind"].tolist() == [""]


def test_a_column_that_is_not_there_is_refused(layer):
    with pytest.raises(ColumnError, match=r"no column 'NAMEN'. Did you mean 'NAME'"):
        read_features(layer(), name="NAMEN", crs="EPSG:25832")


def test_an_empty_name_is_no_column(layer):
    with pytest.raises(ColumnError, match="no column ''"):
        read_features(layer(), name="", crs="EPSG:25832")


def test_a_layer_without_a_reference_system_is_refused(layer):
    with pytest.raises(GeometryError, match="does not say its coordinate reference system"):
        read_features(layer(crs=None, name="punkte.shp"), name="NAME", crs="EPSG:25832")


def test_a_file_that_is_no_layer_is_refused(tmp_path):
    (tmp_path / "a.gpkg").write_text("no geopackage")
    with pytest.raises(InputError, match="cannot be read as a geometry file"):
        read_features(tmp_path / "a.gpkg", name="NAME", crs="EPSG:25832")


def test_a_table_without_geometry_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("NAME,b\nA,1\n")
    with pytest.raises(InputError, match="has no geometry"):
        read_features(tmp_path / "a.csv", name="NAME", crs="EPSG:25832")


def test_features_without_geometry_are_refused_by_name(tmp_path):
    file = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"NAME": ["A", "B"]}, geometry=[Point(9, 52), None], crs="EPSG:4326").to_file(file)
    with pytest.raises(GeometryError, match="1 feature has no geometry: 'B'"):
        read_features(file, name="NAME", crs="EPSG:25832")


def test_missing_names_and_kinds_do_not_become_the_word_nan(tmp_path):
    file = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame(
        {"NAME": ["A", None], "ART": [None, "Schule"]}, geometry=[Point(9, 52)] * 2, crs="EPSG:4326"
    )
    frame.to_file(file)
    features = read_features(file, name="NAME", kind="ART", crs="EPSG:25832")
    assert features["name"].tolist() == ["A", ""]
    assert features["kind"].tolist() == ["", "Schule"]
