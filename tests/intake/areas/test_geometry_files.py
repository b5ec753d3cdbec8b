"""Formats, layers, encodings, and columns that hold geometry once more."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import DependencyError, InputError
from quartiersatlas.intake.areas.area_columns import holds_geometry
from quartiersatlas.intake.files import layers

SQUARE = shapely.box(500_000, 5_700_000, 500_100, 5_700_100)


def test_every_format_gives_the_same_areas_as_the_others(write):
    read = {
        kind: qa.read_areas(write(kind, PLR=["01", "02"], NAME=["Höfe", None]), key="PLR", name="NAME").sort_index()
        for kind in ("gpkg", "geojson", "shp", "fgb", "parquet")
    }
    for areas in read.values():
        pd.testing.assert_frame_equal(
            pd.DataFrame(areas.drop(columns="geometry")), pd.DataFrame(read["gpkg"][["name"]])
        )
        assert areas.geometry.geom_equals(read["gpkg"].geometry).all()
        assert areas.crs == "EPSG:25832"


@pytest.mark.parametrize("kind", ["gpkg", "fgb"])
def test_without_the_extra_the_same_is_read(write, kind, monkeypatch):
    file = write(kind, PLR=["01", "02"], NAME=["Höfe", None], BEZ=[7, 8])
    options = {"key": "PLR", "name": "NAME", "parents": {"bezirk": "BEZ"}}
    with_arrow = qa.read_areas(file, **options)
    monkeypatch.setattr(layers, "find_spec", lambda _: None)
    pd.testing.assert_frame_equal(qa.read_areas(file, **options), with_arrow)


def test_geoparquet_without_the_extra_names_the_install(write, monkeypatch):
    file = write("parquet", PLR=["01"])
    monkeypatch.setattr(layers, "find_spec", lambda _: None)
    with pytest.raises(DependencyError, match=r"pip install 'quartiersatlas\[parquet\]'"):
        qa.read_areas(file, key="PLR")


def test_a_parquet_file_without_geometry_is_refused(tmp_path):
    file = tmp_path / "tabelle.parquet"
    pd.DataFrame({"PLR": ["01"]}).to_parquet(file)
    with pytest.raises(InputError, match=r"tabelle\.parquet cannot be read as GeoParquet"):
        qa.read_areas(file, key="PLR")
    file.write_bytes(b"no parquet")
    with pytest.raises(InputError, match=r"tabelle\.parquet cannot be read as GeoParquet"):
        qa.read_areas(file, key="PLR")


def test_a_zipped_shapefile_is_read(write, tmp_path):
    file = write("shp", PLR=["01"])
    with zipfile.ZipFile(tmp_path / "gebiete.zip", "w") as archive:
        for part in tmp_path.glob("gebiete.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    assert list(qa.read_areas(tmp_path / "gebiete.zip", key="PLR").index) == list(qa.read_areas(file, key="PLR").index)


def test_a_geodatabase_is_a_folder(tmp_path):
    folder = tmp_path / "stadt.gdb"
    gpd.GeoDataFrame({"PLR": ["01"]}, geometry=[SQUARE], crs="EPSG:25832").to_file(folder, driver="OpenFileGDB")
    assert list(qa.read_areas(folder, key="PLR").index) == ["01"]


def test_of_several_layers_one_has_to_be_named(tmp_path):
    file = tmp_path / "stadt.gpkg"
    for layer, key in (("bezirke", "1"), ("stadtteile", "101")):
        gpd.GeoDataFrame({"K": [key]}, geometry=[SQUARE], crs="EPSG:25832").to_file(file, layer=layer)
    with pytest.raises(InputError, match=r"stadt\.gpkg has 2 layers: 'bezirke', 'stadtteile'\. Name one"):
        qa.read_areas(file, key="K")
    assert list(qa.read_areas(file, key="K", layer="stadtteile").index) == ["101"]


def test_a_table_beside_the_only_layer_is_no_second_layer(tmp_path):
    import pyogrio

    file = tmp_path / "stadt.gpkg"
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), file, layer="aaa_tabelle")
    gpd.GeoDataFrame({"K": ["101"]}, geometry=[SQUARE], crs="EPSG:25832").to_file(file, layer="stadtteile")
    assert list(qa.read_areas(file, key="K").index) == ["101"]


# encodings


def test_garbled_umlauts_are_refused_and_read_with_the_right_encoding(write):
    file = write("shp", PLR=["01", "02"], NAME=["Müngersdorf", "Höhenhaus"])  # written in UTF-8
    file.with_suffix(".cpg").write_text("ISO-8859-1")  # and called something else
    with pytest.raises(InputError, match=r"2 words of 'NAME' have garbled letters: 'MÃ¼ngersdorf'.*encoding='utf-8'"):
        qa.read_areas(file, key="PLR", name="NAME")
    assert qa.read_areas(file, key="PLR", name="NAME", encoding="utf-8")["name"].tolist() == [
        "Müngersdorf",
        "Höhenhaus",
    ]


def test_umlauts_that_are_no_utf_8_are_refused_with_the_repair(tmp_path):
    file = tmp_path / "gebiete.shp"
    frame = gpd.GeoDataFrame({"PLR": ["01"], "NAME": ["Höfe"]}, geometry=[SQUARE], crs="EPSG:25832")
    frame.to_file(file, encoding="cp1252")
    file.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(InputError, match=r"gebiete\.shp cannot be read.*its words are not in UTF-8.*encoding='cp1252'"):
        qa.read_areas(file, key="PLR", name="NAME")
    assert qa.read_areas(file, key="PLR", name="NAME", encoding="cp1252")["name"].tolist() == ["Höfe"]


def test_letters_of_a_dos_program_are_refused_and_read_with_the_encoding_of_the_message(tmp_path):
    file = tmp_path / "gebiete.shp"
    frame = gpd.GeoDataFrame({"PLR": ["01"], "NAME": ["Bücherei"]}, geometry=[SQUARE], crs="EPSG:25832")
    frame.to_file(file, encoding="cp850")
    file.with_suffix(".cpg").write_text("ISO-8859-1")
    with pytest.raises(InputError, match=r"1 word of 'NAME' has garbled letters.*'cp850'"):
        qa.read_areas(file, key="PLR", name="NAME")
    assert qa.read_areas(file, key="PLR", name="NAME", encoding="cp850")["name"].tolist() == ["Bücherei"]


@pytest.mark.parametrize("name", ["São João", "Ãlvaro", "Łódź", "Åre", "Straße"])
def test_foreign_letters_are_not_garbled(write, name):
    assert qa.read_areas(write(PLR=["01"], NAME=[name]), key="PLR", name="NAME")["name"].tolist() == [name]


# geometry once more, as text


@pytest.mark.parametrize(
    "cell",
    [
        shapely.to_wkb(SQUARE, hex=True),
        shapely.to_wkb(shapely.force_3d(SQUARE), hex=True, byte_order=0),
        shapely.to_wkb(shapely.set_srid(SQUARE, 25832), hex=True, include_srid=True),
        SQUARE.wkt,
        f"SRID=25832;{SQUARE.wkt}",
        "MULTIPOLYGON EMPTY",
        "POINT Z (1 2 3)",
        shapely.to_geojson(SQUARE),
    ],
)
def test_a_column_with_geometry_as_text_is_left_out_and_named(write, cell):
    file = write(PLR=["01", "02"], NAME=["A", "B"], UMRISS=[cell, None])
    areas = qa.read_areas(file, key="PLR", name="NAME")
    assert areas["left_out"].tolist() == ["UMRISS", "UMRISS"]
    assert "UMRISS" not in areas.columns
    with pytest.raises(InputError, match="'UMRISS' holds geometry as text"):
        qa.read_areas(file, key="PLR", parents={"x": "UMRISS"})


@pytest.mark.parametrize("cell", ["Polygonweg", "Point Alpha", "0101", "010100", "", "Multi (Kulti)", "{}", 5, 5.5])
def test_words_and_keys_are_no_geometry(cell):
    assert not holds_geometry(pd.Series([cell, None]))


def test_geometry_as_text_in_own_areas_is_left_out_at_the_join(row, residents):
    areas = row("1").assign(wkt=SQUARE.wkt, bezirk="Nord")
    data = qa.join(areas, residents(k1=5))
    assert "wkt" not in data.areas.columns
    assert data.areas["bezirk"].tolist() == ["Nord"]
    assert "Not taken from the geometry file: wkt." in [str(fact) for fact in qa.release(data).facts]
    assert "wkt" in areas.columns  # what was given stays as it is
