"""A GeoPackage with a base map holds a project of QGIS: every layer once more, in the order and words of the map.

What QGIS asks of such a file was seen with QGIS 3.22: ids of more than ten letters, else it makes new ones and the tree
finds no layer; ``ProjectionsEnabled``, else the project has no reference system; a symbol where a label is drawn.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import geopandas as gpd
import pyogrio
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ReleaseError


@pytest.fixture(scope="module")
def ground():
    """Return a base map of the town: a river, a park, two lines, a station, and where people live."""
    crs = "EPSG:25832"
    line = shapely.LineString([(450_000, 5_650_700), (452_000, 5_650_700)])
    river = gpd.GeoDataFrame(
        {"name": ["<b>Elbe"]}, geometry=[shapely.box(450_000, 5_650_900, 452_000, 5_651_000)], crs=crs
    )
    park = gpd.GeoDataFrame({"name": ["Park"]}, geometry=[shapely.box(450_100, 5_650_100, 450_300, 5_650_200)], crs=crs)
    names = {"name": ["Hauptbahnhof"], "kind": ["station"]}
    station = gpd.GeoDataFrame(names, geometry=[shapely.Point(450_900, 5_650_700)], crs=crs)
    homes = gpd.GeoDataFrame(geometry=[shapely.box(450_000, 5_650_000, 452_000, 5_650_900)], crs=crs)
    rail = gpd.GeoDataFrame(geometry=[line], crs=crs)
    return qa.context(water=river, green=park, rail=rail, roads=rail, names=station, inhabited=homes)


@pytest.fixture(scope="module")
def package(town_release, ground, tmp_path_factory):
    return qa.export(town_release, tmp_path_factory.mktemp("project") / "atlas.gpkg", context=ground)


def project_of(path):
    """Return the project as XML, and what QGIS lists of it."""
    with closing(sqlite3.connect(path)) as database:
        ((name, stamp, content),) = database.execute("SELECT name, metadata, content FROM qgis_projects").fetchall()
    assert set(json.loads(stamp)) == {"last_modified_time", "last_modified_user"}
    with ZipFile(BytesIO(bytes.fromhex(content))) as packed:
        (entry,) = packed.namelist()
        assert entry.endswith(".qgs")
        return name, ET.fromstring(packed.read(entry))  # noqa: S314 - our own


def test_the_base_map_lies_between_the_colours_and_the_marks(package):
    name, project = project_of(package)
    assert name == project.findtext("title") == "Bedarfslagen"
    groups = {
        group.get("name"): [one.get("source").partition("layername=")[2] for one in group.findall("layer-tree-layer")]
        for group in project.findall("layer-tree-group/layer-tree-group")
    }
    assert list(groups) == ["Auswahl und Prüfgebiete", "Kartengrundlage", "Gebiete"]  # from above
    marks, base, colors = groups.values()
    assert marks == ["place_names", "candidates", "areas"]
    assert base == ["rail", "roads", "water", "green", "uninhabited"]
    assert set(colors) == {"areas"}
    shown = [one.get("checked") for one in project.findall("layer-tree-group/layer-tree-group[3]/layer-tree-layer")]
    assert shown[0] == "Qt::Checked"
    assert set(shown[1:]) <= {"Qt::Unchecked"}


def test_every_layer_of_the_tree_is_one_of_the_file_and_has_a_style(package):
    _, project = project_of(package)
    layers = {one.findtext("id"): one for one in project.findall("projectlayers/maplayer")}
    tree = project.findall(".//layer-tree-layer")
    assert [one.get("id") for one in tree] == list(layers)
    kinds = {name: kind.removeprefix("Multi") for name, kind in pyogrio.list_layers(package) if kind}
    for one in tree:
        layer = layers[one.get("id")]
        assert len(one.get("id")) > 10
        assert layer.findtext("datasource") == one.get("source")
        file, _, table = one.get("source").partition("|layername=")
        assert file == "./atlas.gpkg"
        assert kinds[table] in {"Line": ("LineString",)}.get(layer.get("geometry"), (layer.get("geometry"),))
        assert layer.findtext("layername") == one.get("name") != ""
        assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:25832"
        assert layer.find("renderer-v2/symbols/symbol") is not None
    assert project.findtext("projectCrs/spatialrefsys/authid") == "EPSG:25832"
    assert project.findtext("properties/SpatialRefSys/ProjectionsEnabled") == "1"


def test_names_are_drawn_by_layers_that_draw_what_they_name(package):
    _, project = project_of(package)
    named = {}
    for layer in project.findall("projectlayers/maplayer"):
        table = layer.findtext("datasource").partition("layername=")[2]
        filters = [rule.get("filter", "") for rule in layer.iterfind("renderer-v2/rules//rule[@symbol]")]
        named.setdefault(table, []).append((bool(layer.findall("labeling//rule")), filters))
    assert [has for has, filters in named["areas"] if any('"selection"' in one for one in filters)] == [False]
    assert all(has for has, filters in named["areas"] if not any('"selection"' in one for one in filters))
    assert named["place_names"] == [(True, [""])]


def test_the_layers_say_in_words_what_they_are(package, town_release, ground, tmp_path):
    names = gpd.read_file(package, layer="place_names")
    assert set(zip(names["name"], names["kind"], strict=True)) == {
        ("<b>Elbe", "water"),
        ("Park", "green"),
        ("Hauptbahnhof", "station"),
    }
    assert gpd.read_file(package, layer="water")["name"].tolist() == ["Gewässer"]
    pale = gpd.read_file(package, layer="uninhabited").geometry[0]
    assert pale.area == pytest.approx(2000 * 600)  # the town reaches 1,500 m to the north, its homes 900 m
    english = qa.export(town_release, tmp_path / "b.gpkg", context=ground, lang="en")
    _, project = project_of(english)
    groups = [group.get("name") for group in project.findall("layer-tree-group/layer-tree-group")]
    assert groups == ["Selection and areas for review", "Base map", "Areas"]
    aliases = {one.get("field"): one.get("name") for one in project.findall(".//maplayer[1]/aliases/alias")}
    assert aliases == {"name": "Name", "kind": "Kind"}


def test_the_same_release_gives_the_same_bytes_and_no_project_without_a_base_map(
    package, town_release, ground, tmp_path
):
    again = qa.export(town_release, tmp_path / "atlas.gpkg", context=ground)
    assert again.read_bytes() == package.read_bytes()
    plain = qa.export(town_release, tmp_path / "plain.gpkg")
    with closing(sqlite3.connect(plain)) as database:
        assert not database.execute("SELECT name FROM sqlite_master WHERE name = 'qgis_projects'").fetchall()


def test_a_base_map_is_for_a_file_of_layers(town_release, ground, tmp_path):
    for ending in ("csv", "xlsx", "geojson"):
        with pytest.raises(ReleaseError, match=r"stand in a \.gpkg alone"):
            qa.export(town_release, tmp_path / f"a.{ending}", context=ground)
    with pytest.raises(ArgumentError, match="export: context"):
        qa.export(town_release, tmp_path / "a.gpkg", context={"water": 1})
