"""The columns of a geometry file are a table: numbers and outlines may lie in one file."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, NumberError

KINDS = {
    "gpkg": "GPKG",
    "geojson": "GeoJSON",
    "shp": "ESRI Shapefile",
    "fgb": "FlatGeobuf",
    "gml": "GML",
    "parquet": None,
}


def squares(**columns):
    n = len(next(iter(columns.values())))
    shapes = [shapely.box(560_000 + 100 * i, 5_930_000, 560_100 + 100 * i, 5_930_100) for i in range(n)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:25832")


def written(frame, file, **options):
    kind = KINDS[file.suffix[1:]]
    frame.to_parquet(file) if kind is None else frame.to_file(file, driver=kind, **options)
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_marks_and_zeros_are_read_from_every_format(tmp_path, kind):
    frame = squares(
        OT=["02101", "02102", "02103"], EW=[1250, 0, 33], QUOTE=["12,5", ".", "-"], NAME=["Süd", "Ost", "Höfe"]
    )
    table = qa.read_table(written(frame, tmp_path / f"ot.{kind}"), key="OT")
    assert table.values["EW"].to_dict() == {"02101": 1250.0, "02102": 0.0, "02103": 33.0}
    assert table.values["QUOTE"]["02101"] == 12.5
    assert table.status["QUOTE"].to_dict() == {"02101": "value", "02102": "suppressed", "02103": "zero"}
    assert table.values["NAME"].to_dict() == {"02101": "Süd", "02102": "Ost", "02103": "Höfe"}


@pytest.mark.parametrize("kind", KINDS)
def test_areas_and_numbers_of_one_file_are_joined(tmp_path, kind):
    frame = squares(OT=["02101", "02102"], residents=[1250, 800])
    file = written(frame, tmp_path / f"ot.{kind}")
    data = qa.join(qa.read_areas(file, key="OT", to_crs="EPSG:25832"), qa.read_table(file, key="OT"))
    assert data.values["residents"].to_dict() == {"02101": 1250.0, "02102": 800.0}


def test_of_several_layers_and_tables_one_has_to_be_named(tmp_path):
    import pyogrio

    file = tmp_path / "stadt.gpkg"
    squares(OT=["02101"], EW=[5]).to_file(file, layer="ortsteile")
    pyogrio.write_dataframe(pd.DataFrame({"OT": ["02101"], "EW": [7]}), file, layer="zahlen")
    with pytest.raises(InputError, match=r"stadt\.gpkg has 2 layers: 'ortsteile', 'zahlen'\. Name one, such as layer="):
        qa.read_table(file, key="OT")
    assert qa.read_table(file, key="OT", layer="zahlen").values["EW"].tolist() == [7.0]
    with pytest.raises(InputError, match="no layer 'bezirke'; there are 'ortsteile', 'zahlen'"):
        qa.read_table(file, key="OT", layer="bezirke")


def test_the_styles_that_a_gis_keeps_are_no_layer(tmp_path):
    import pyogrio

    file = tmp_path / "stadt.gpkg"
    squares(OT=["02101"], EW=[5]).to_file(file, layer="ortsteile")
    pyogrio.write_dataframe(pd.DataFrame({"styleName": ["x"]}), file, layer="layer_styles")
    assert qa.read_table(file, key="OT").values["EW"].tolist() == [5.0]


def test_codes_are_refused_as_in_any_table(tmp_path):
    file = written(squares(OT=list("abcd"), EW=[-9999, -9999, 12, 15]), tmp_path / "ot.gpkg")
    with pytest.raises(NumberError, match="-9999"):
        qa.read_table(file, key="OT")


def test_a_column_that_is_not_there_names_those_that_are(tmp_path):
    file = written(squares(OT=["1"], EW=[5]), tmp_path / "ot.gpkg")
    with pytest.raises(ColumnError, match=r"no column 'OTNR'.*'OT'"):
        qa.read_table(file, key="OTNR")


def test_damaged_letters_are_refused_with_the_encoding(tmp_path):
    file = tmp_path / "ot.shp"
    squares(OT=["1"], NAME=["Süd"]).to_file(file, encoding="cp1252")
    file.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(InputError, match=r"ot\.shp .*encoding='cp1252'"):
        qa.read_table(file, key="OT")
    assert qa.read_table(file, key="OT", encoding="cp1252").values["NAME"].tolist() == ["Süd"]


@pytest.mark.parametrize("name", ["ot.topojson", "ot.json"])
def test_topojson_is_read_by_its_content(tmp_path, name):
    area = {"type": "Polygon", "arcs": [[0]], "properties": {"OT": "02101", "EW": 5}}
    content = {
        "type": "Topology",
        "objects": {"ot": {"type": "GeometryCollection", "geometries": [area]}},
        "arcs": [[[9.9, 53.5], [10.0, 53.5], [10.0, 53.6], [9.9, 53.5]]],
    }
    (tmp_path / name).write_text(json.dumps(content))
    assert qa.read_table(tmp_path / name, key="OT").values["EW"].to_dict() == {"02101": 5.0}
    assert qa.read_areas(tmp_path / name, key="OT", crs="EPSG:4326", to_crs="EPSG:25832").index.tolist() == ["02101"]


def test_a_geodatabase_is_a_folder_with_tables(tmp_path):
    folder = tmp_path / "stadt.gdb"
    squares(OT=["02101"], EW=[5.0]).to_file(folder, driver="OpenFileGDB")
    assert qa.read_table(folder, key="OT").values["EW"].to_dict() == {"02101": 5.0}


@pytest.mark.parametrize(
    ("encoding", "names"), [("cp850", ["Köthen", "Süderende", "Groß Ärger"]), ("cp1252", ["Köthen", "Süd", "Weiß"])]
)
def test_the_words_of_a_shapefile_that_does_not_say_its_encoding_are_read_by_themselves(tmp_path, encoding, names):
    shapes = [shapely.box(600_000 + 50 * i, 5_700_000, 600_050 + 50 * i, 5_700_050) for i in range(3)]
    frame = gpd.GeoDataFrame({"ot": ["1", "2", "3"], "bez": names}, geometry=shapes, crs="EPSG:25832")
    file = tmp_path / "ortsteile.shp"
    frame.to_file(file, encoding=encoding)
    file.with_suffix(".cpg").unlink(missing_ok=True)
    table = qa.read_table(file, key="ot")
    assert table.values["bez"].tolist() == names
    assert qa.read_table(file, key="ot", encoding=encoding).values["bez"].tolist() == names
