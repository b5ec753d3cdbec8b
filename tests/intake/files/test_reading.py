"""Whatever a geometry file does to its reader, the message is in our words, and what was decided is a note."""

from __future__ import annotations

import json
import sqlite3
import zipfile

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, InputError

WEST, SOUTH = 390_000, 5_820_000


def ring(i, side=300):
    x = WEST + side * i
    return [[x, SOUTH], [x + side, SOUTH], [x + side, SOUTH + side], [x, SOUTH + side], [x, SOUTH]]


@pytest.fixture
def collection(tmp_path):
    """Write GeoJSON with the given rings as polygons, keys 'p0', 'p1', ..."""

    def collection(*rings):
        features = [
            {
                "type": "Feature",
                "properties": {"id": f"p{i}"},
                "geometry": {"type": "Polygon", "coordinates": [corners]},
            }
            for i, corners in enumerate(rings)
        ]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25833"}}
        file = tmp_path / "kieze.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")
        return file

    return collection


def notes(areas):
    return areas["read_notes"].iloc[0] if "read_notes" in areas.columns else ""


def test_a_sound_file_has_no_note(collection):
    areas = qa.read_areas(collection(ring(0), ring(1)), key="id")
    assert notes(areas) == ""
    assert areas.area.tolist() == [90_000, 90_000]


def test_a_ring_that_is_not_closed_is_refused_by_its_key(collection):
    with pytest.raises(GeometryError, match=r"1 area has no geometry: 'p1'\. An outline that is not closed"):
        qa.read_areas(collection(ring(0), ring(1)[:-1]), key="id")


def test_of_corners_with_four_numbers_three_are_read_with_a_note(collection):
    areas = qa.read_areas(collection(ring(0), [[*corner, 34.5, 7] for corner in ring(1)]), key="id")
    assert notes(areas) == "of corners with more than three numbers the first three were read"
    assert areas.area.tolist() == [90_000, 90_000]


@pytest.mark.parametrize("wrong", [[[WEST]] * 4, [["a", "b"]] * 4, [], [[WEST, SOUTH], [WEST + 1, SOUTH]]])
def test_an_outline_that_is_none_is_refused_by_its_key(collection, wrong):
    with pytest.raises(GeometryError, match=r"kieze\.geojson: 1 area has (no geometry|an invalid outline): 'p1'"):
        qa.read_areas(collection(ring(0), wrong), key="id")


def test_corners_without_a_place_are_refused_by_their_keys(collection):
    nowhere = [[corner[0], float("inf")] for corner in ring(1)]
    with pytest.raises(GeometryError, match=r"1 area has corners without a place, whose .* finite numbers: 'p1'"):
        qa.read_areas(collection(ring(0), nowhere), key="id")


def test_a_system_in_which_the_areas_lie_nowhere_is_named(collection):
    far = [[[corner[0] * 1e6, corner[1]] for corner in ring(0)]]
    with pytest.raises(GeometryError, match=r"kieze\.geojson"):
        qa.read_areas(collection(*far), key="id", to_crs="EPSG:25832")


def test_an_encoding_that_nobody_knows_is_named(collection):
    for encoding in ("Klartext", "utf_88"):
        with pytest.raises(
            InputError, match=rf"kieze\.geojson cannot be read as '{encoding}': there is no encoding of"
        ):
            qa.read_areas(collection(ring(0)), key="id", encoding=encoding)


def test_words_in_another_encoding_than_was_passed(collection):
    file = collection(ring(0))
    file.write_text(file.read_text(encoding="utf-8").replace('"p0"', '"Höfe"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"its words are not in ascii\. Leave encoding= out\."):
        qa.read_areas(file, key="id", encoding="ascii")
    assert list(qa.read_areas(file, key="id").index) == ["Höfe"]


def test_a_database_without_layers_is_said_to_have_none(tmp_path, collection):
    file = tmp_path / "leer.gpkg"
    gpd.read_file(collection(ring(0))).to_file(file, driver="GPKG")
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM gpkg_contents")
        connection.execute("DELETE FROM gpkg_geometry_columns")
    connection.close()
    with pytest.raises(InputError, match=r"leer\.gpkg") as caught:
        qa.read_areas(file, key="id")
    assert "gdal" not in str(caught.value).lower()


def test_a_good_file_under_another_name_is_read_without_a_note(tmp_path, collection):
    frame = gpd.read_file(collection(ring(0), ring(1)))
    frame.to_file(tmp_path / "kieze.gpkg", driver="GPKG")
    file = (tmp_path / "kieze.gpkg").rename(tmp_path / "kieze.xyz")
    areas = qa.read_areas(file, key="id")
    assert notes(areas) == ""
    assert list(areas.index) == ["p0", "p1"]


def test_a_damaged_entry_of_an_archive_is_named(tmp_path, collection):
    file = tmp_path / "kieze.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(collection(*(ring(i) for i in range(60))), "Kieze/kieze.geojson")
    raw = bytearray(file.read_bytes())
    raw[200:260] = bytes(60)
    file.write_bytes(raw)
    with pytest.raises(InputError, match=r"kieze\.zip is a damaged zip archive: Kieze/kieze\.geojson in it"):
        qa.read_areas(file, key="id")


def test_single_and_multiple_outlines_with_heights_are_read_from_gml(tmp_path):
    squares = [shapely.force_3d(shapely.Polygon(ring(i)), 40 + i) for i in range(3)]
    shapes = [squares[0], shapely.MultiPolygon([squares[1]]), squares[2]]
    frame = gpd.GeoDataFrame({"id": ["a", "b", "c"], "n": ["Süd", "Ost", "West"]}, geometry=shapes, crs="EPSG:25833")
    file = tmp_path / "Kieze und Höfe.gml"
    frame.to_file(file, driver="GML", layer="kieze")
    areas = qa.read_areas(file, key="id", name="n")
    assert areas["name"].to_dict() == {"a": "Süd", "b": "Ost", "c": "West"}
    assert areas.area.tolist() == [90_000] * 3
    assert not areas.has_z.any()
    assert notes(areas) == ""


def test_a_file_cut_in_its_middle_is_refused_in_our_words(tmp_path, collection):
    whole = gpd.read_file(collection(*(ring(i) for i in range(200))))
    for driver, name in (("FlatGeobuf", "kieze.fgb"), ("GML", "kieze.gml"), ("GPKG", "kieze.gpkg")):
        file = tmp_path / name
        whole.to_file(file, driver=driver)
        raw = file.read_bytes()
        for share in (0.1, 0.4, 0.7, 0.97):
            file.write_bytes(raw[: int(share * len(raw))])
            with pytest.raises(InputError, match=name):
                qa.read_areas(file, key="id")


def test_points_and_layers_with_corners_without_a_place_are_refused_by_name(collection):
    nowhere = collection(ring(0), [[float("nan"), corner[1]] for corner in ring(1)])
    with pytest.raises(GeometryError, match=r"1 feature has no geometry: 'p1'"):
        qa.read_features(nowhere, name="id", crs="EPSG:25833")
    with pytest.raises(GeometryError, match=r"1 point without coordinates: 'p1'"):
        qa.read_points(nowhere, "id", to_crs="EPSG:25833")
    assert list(qa.read_points(nowhere, "id", to_crs="EPSG:25833", missing="report").index) == ["p0"]
