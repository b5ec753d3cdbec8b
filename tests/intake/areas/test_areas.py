"""District polygons: text keys, metres, valid outlines, or a refusal that names the repair."""

from __future__ import annotations

import json
import math

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import Point, Polygon

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, GeometryError, InputError, KeyColumnError, SpecError

X, Y = 500_000, 5_700_000  # metres in EPSG:25832; 9 degrees east, in Germany
BOWTIE = Polygon([(X, Y), (X + 10, Y + 10), (X + 10, Y), (X, Y + 10)])
BESIDE = shapely.box(X + 20, Y, X + 30, Y + 10)


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "shp", "fgb", "parquet"])
def test_every_usual_format_gives_the_same_areas(write, kind):
    file = write(kind, PLR=["0101", "0102"], NAME=["Straße", "Höfe"], BEZ=["01", "01"])
    if kind == "geojson":
        assert "25832" in str(json.loads(file.read_text())["crs"])
    areas = qa.read_areas(file, key="PLR", name="NAME", parents={"bezirk": "BEZ"}).sort_index()  # fgb sorts by place
    assert list(areas.index) == ["0101", "0102"]
    assert areas.index.name == "key"
    assert areas["name"].tolist() == ["Straße", "Höfe"]
    assert areas["bezirk"].tolist() == ["01", "01"]
    assert areas.crs == "EPSG:25832"
    assert areas.area.tolist() == [10_000.0, 10_000.0]


def test_number_keys_become_text(write):
    areas = qa.read_areas(write(PLR=[101, 102]), key="PLR")
    assert list(areas.index) == ["101", "102"]


def test_without_a_name_column_the_key_stands_in(write):
    assert qa.read_areas(write(PLR=["01", "02"]), key="PLR")["name"].tolist() == ["01", "02"]


def test_only_named_columns_and_the_notice_are_taken(write):
    file = write(PLR=["01"], NAME=["A"], WKB=["0103" * 99], Hinweis=["Synthetische Daten"])
    areas = qa.read_areas(file, key="PLR", name="NAME")
    assert sorted(areas.columns) == ["Hinweis", "geometry", "left_out", "name"]
    assert areas["left_out"].tolist() == ["WKB"]  # geometry once more, as text: said, as it makes maps heavy


def test_duplicate_keys_are_refused_and_all_listed(write):
    with pytest.raises(KeyColumnError, match="2 keys of 'PLR' have more than one area: '01', '02'") as caught:
        qa.read_areas(write(PLR=["01", "02", "01", "02", "03"]), key="PLR")
    assert caught.value.keys == ("01", "02")


def test_empty_keys_are_refused(write):
    with pytest.raises(KeyColumnError, match="2 areas have no key in 'PLR'"):
        qa.read_areas(write(PLR=["01", None, " "]), key="PLR")


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"key": "PLR_IDD"}, "PLR_IDD"),
        ({"key": "PLR_ID", "name": "PLR_NAM"}, "PLR_NAM"),
        ({"key": "PLR_ID", "parents": {"bezirk": "BEZIRKE"}}, "BEZIRKE"),
    ],
)
def test_a_column_that_is_not_there_is_refused_with_the_closest_names(write, options, wrong):
    near = {"PLR_IDD": "PLR_ID", "PLR_NAM": "PLR_NAME", "BEZIRKE": "BEZIRK"}[wrong]
    with pytest.raises(ColumnError, match=rf"no column '{wrong}'\. Did you mean '{near}'"):
        qa.read_areas(write(PLR_ID=["01"], PLR_NAME=["A"], BEZIRK=["X"]), **options)


@pytest.mark.parametrize("options", [{"key": ""}, {"key": "PLR", "name": ""}])
def test_an_empty_name_is_no_column(write, options):
    with pytest.raises(ColumnError, match="no column ''"):
        qa.read_areas(write(PLR=["01"]), **options)


def test_the_geometry_is_not_offered_as_a_key_column(write):
    with pytest.raises(ColumnError, match=r"There are: 'PLR'\.$"):
        qa.read_areas(write(PLR=["01"]), key="geometry")


def test_a_layer_that_is_not_there_is_refused(write):
    with pytest.raises(InputError, match="cannot be read as a geometry file"):
        qa.read_areas(write(PLR=["01"]), key="PLR", layer="andere")


def test_a_file_that_is_no_layer_is_refused(tmp_path):
    file = tmp_path / "gebiete.gpkg"
    file.write_text("no geopackage")
    with pytest.raises(InputError, match=r"gebiete\.gpkg cannot be read as a geometry file"):
        qa.read_areas(file, key="PLR")


def test_a_table_without_geometry_is_refused(tmp_path):
    file = tmp_path / "tabelle.csv"
    file.write_text("PLR,a\n01,5\n")
    with pytest.raises(InputError, match=r"tabelle\.csv has no geometry"):
        qa.read_areas(file, key="PLR")


def test_an_empty_layer_is_refused(tmp_path):
    file = tmp_path / "leer.gpkg"
    gpd.GeoDataFrame({"PLR": []}, geometry=[], crs="EPSG:25832").to_file(file, driver="GPKG")
    with pytest.raises(InputError, match=r"leer\.gpkg has no areas"):
        qa.read_areas(file, key="PLR")


def test_a_missing_file_offers_the_names_that_are_alike(write):
    file = write(PLR=["01"])
    with pytest.raises(InputError, match=r"Did you mean 'gebiete\.gpkg'"):
        qa.read_areas(file.with_name("gebeite.gpkg"), key="PLR")


def test_a_layer_without_a_reference_system_is_refused_and_the_repair_works(write):
    file = write("shp", crs=None, PLR=["01"])
    with pytest.raises(GeometryError, match=r"does not say its coordinate reference system.*crs='EPSG:25832'"):
        qa.read_areas(file, key="PLR")
    assert qa.read_areas(file, key="PLR", crs="EPSG:25832").crs == "EPSG:25832"


@pytest.mark.parametrize(
    ("place", "at", "system"),
    [
        ("Köln", (6.9, 50.9), "EPSG:25832"),
        ("Berlin", (13.4, 52.5), "EPSG:25833"),
        ("Santiago", (-70.6, -33.4), "EPSG:32719"),
        ("Kapstadt", (18.4, -33.9), "EPSG:32734"),
        ("New York", (-74.0, 40.7), "EPSG:32618"),
    ],
)
def test_degrees_are_refused_with_the_system_of_the_place_and_the_repair_works(write, place, at, system):
    file = write("geojson", crs="EPSG:4326", at=at, side=0.01, PLR=["01", "02"])
    with pytest.raises(GeometryError) as caught:
        qa.read_areas(file, key="PLR")
    assert f"to_crs='{system}'" in str(caught.value), place
    areas = qa.read_areas(file, key="PLR", to_crs=system)
    assert areas.crs == system
    metres = 0.01 * 111_320  # one degree of latitude is about 111.32 km
    assert areas.area.iloc[0] == pytest.approx(metres**2 * math.cos(math.radians(at[1])), rel=0.01)


def test_an_unknown_reference_system_is_refused(write):
    with pytest.raises(GeometryError, match=r"gebiete\.gpkg: .*EPSG:99999"):
        qa.read_areas(write(PLR=["01"]), key="PLR", to_crs="EPSG:99999")


def test_areas_without_geometry_are_refused(write):
    square = shapely.box(0, 0, 1, 1)
    with pytest.raises(GeometryError, match="2 areas have no geometry: '02', '03'"):
        qa.read_areas(write(PLR=["01", "02", "03"], shapes=[square, None, Polygon()]), key="PLR")


def test_points_are_refused(write):
    with pytest.raises(GeometryError, match="1 area is not a polygon: '02'"):
        qa.read_areas(write(PLR=["01", "02"], shapes=[shapely.box(0, 0, 1, 1), Point(5, 5)]), key="PLR")


def test_invalid_outlines_are_refused(write):
    with pytest.raises(GeometryError, match=r"1 area has an invalid outline: '02'\..*Self-inter.*Pass repair=True"):
        qa.read_areas(write(PLR=["01", "02"], shapes=[BESIDE, BOWTIE]), key="PLR")


def test_repaired_outlines_are_valid_and_marked(write):
    file = write(PLR=["01", "02"], shapes=[BESIDE, BOWTIE])
    areas = qa.read_areas(file, key="PLR", repair=True)
    assert areas.is_valid.all()
    assert areas["repaired"].to_dict() == {"01": False, "02": True}
    assert areas.area.to_dict() == {"01": 100.0, "02": 50.0}  # a bow tie of two triangles, each of base 10, height 5


def test_valid_outlines_are_not_marked_by_repair(write):
    assert "repaired" not in qa.read_areas(write(PLR=["01"]), key="PLR", repair=True).columns


def test_a_missing_name_does_not_become_the_word_nan(write):
    areas = qa.read_areas(write(PLR=["01", "02"], NAME=["A", None]), key="PLR", name="NAME")
    assert areas["name"].tolist() == ["A", "02"]


def test_number_parents_are_text_without_a_decimal_point_and_gaps_are_empty(write):
    areas = qa.read_areas(write(PLR=["01", "02"], BEZ=[7.0, None]), key="PLR", parents={"bezirk": "BEZ"})
    assert areas["bezirk"].tolist() == ["7", ""]


def test_a_higher_level_cannot_take_the_place_of_the_name(write):
    with pytest.raises(SpecError, match="'name' and 'geometry' are columns of their own"):
        qa.read_areas(write(PLR=["01"], BEZ=["X"]), key="PLR", parents={"name": "BEZ"})


def test_a_geojson_in_metres_that_does_not_say_so_is_refused_with_the_repair(tmp_path):
    ring = [[500_000, 5_700_000], [500_100, 5_700_000], [500_100, 5_700_100], [500_000, 5_700_000]]
    feature = {
        "type": "Feature",
        "properties": {"PLR": "01"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = tmp_path / "gebiete.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(GeometryError, match=r"not degrees.*crs='EPSG:25832'"):
        qa.read_areas(file, key="PLR")
    assert qa.read_areas(file, key="PLR", crs="EPSG:25832").area.tolist() == [5_000.0]


def test_a_higher_level_is_not_called_as_the_index_is(write):
    with pytest.raises(SpecError, match="parents: 'key', 'name' and 'geometry' are columns of their own"):
        qa.read_areas(write(nr=["1"], amt=["A"]), key="nr", parents={"key": "amt"})
    assert qa.read_areas(write(nr=["1"], amt=["A"]), key="nr", parents={"amt": "amt"})["amt"].tolist() == ["A"]
