"""Facilities as points: coordinates of a table with all its checks, or the points of a layer."""

from __future__ import annotations

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, GeometryError, InputError, KeyColumnError, SpecError

METRES = "EPSG:25832"
# 9 degrees east is the middle of the zone: 500,000 m
KITAS = "nr;Name;Art;lon;lat;plaetze\n007;Kita Süd;Kita;9,000;48,770;1.250\n008;Kita Ost;Hort;9,010;48,780;80,5\n"


@pytest.fixture
def points(tmp_path):
    """Write a table and read it as points in metres."""

    def points(content, *, file="kitas.csv", **options):
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        given = {"key": "nr", "x": "lon", "y": "lat", "crs": "EPSG:4326", "to_crs": METRES}
        return qa.read_points(tmp_path / file, **(given | options))

    return points


def rows(*cells, head="nr;lon;lat"):
    return "\n".join([head, *cells]) + "\n"


NEAR = [f"{n:03};{9 + n / 1000};{48.77 + n / 1000}" for n in range(6)]


def test_a_table_with_decimal_commas_gives_points_on_text_keys(points):
    found = points(KITAS, name="Name", kind="Art", columns=["plaetze"])
    assert found.index.tolist() == ["007", "008"]
    assert found["name"].tolist() == ["Kita Süd", "Kita Ost"]
    assert found["kind"].tolist() == ["Kita", "Hort"]
    assert found["plaetze"].tolist() == [1250.0, 80.5]
    assert found.crs == METRES
    assert found.geometry["007"].x == pytest.approx(500_000, abs=0.01)
    back = found.to_crs("EPSG:4326")
    assert back.geometry.x.tolist() == pytest.approx([9.0, 9.01], abs=1e-7)
    assert back.geometry.y.tolist() == pytest.approx([48.77, 48.78], abs=1e-7)


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        (("9.000", "48.770"), (9.0, 48.77)),
        (("9,000", "48,770"), (9.0, 48.77)),
        (("9", "48.77"), (9.0, 48.77)),
        (("9.0°", " 48.77 ° "), (9.0, 48.77)),
    ],
)
def test_degrees_with_three_places_are_never_thousands(points, cells, place):
    found = points(rows(f"1;{';'.join(cells)}")).to_crs("EPSG:4326").geometry["1"]
    assert (found.x, found.y) == pytest.approx(place, abs=1e-7)


@pytest.mark.parametrize(
    "cells", ["513.000,5;5.402.000,5", "513000,5;5402000,5", "513 000.5;5 402 000.5", "513000.5;5402000.5"]
)
def test_metres_are_read_however_they_are_grouped(points, cells):
    found = points(rows(f"1;{cells}"), crs=METRES, to_crs=None).geometry["1"]
    assert (found.x, found.y) == (513_000.5, 5_402_000.5)


def test_metres_that_may_be_thousands_are_asked_about_and_the_advice_works(points):
    content = rows("1;513.000;5402000", "2;513.250;5402100")
    with pytest.raises(
        GeometryError, match=r"'lon' holds coordinates such as '513\.000', which may be thousands.*decimal=','"
    ):
        points(content, crs=METRES, to_crs=None)
    assert points(content, crs=METRES, to_crs=None, decimal=",").geometry["2"].x == 513_250.0


def test_a_column_of_commas_and_points_is_refused(points):
    with pytest.raises(GeometryError, match="a comma in some cells and a point in others"):
        points(rows("1;9,01;48.77", "2;9.02;48.78"))


def test_cells_that_are_no_coordinates_are_named(points):
    with pytest.raises(GeometryError, match=r"2 cells of 'lat' are no coordinate: 'unbekannt', '48°46′N'"):
        points(rows("1;9.01;unbekannt", "2;9.02;48°46′N", "3;9.03;48.77"))


def test_empty_coordinates_and_those_at_0_0_are_refused_by_key(points):
    content = rows(*NEAR, "A;;", "B;9.1;", "C;0;0")
    with pytest.raises(
        GeometryError, match=r"2 points without coordinates: 'A', 'B'; 1 point at 0/0.*: 'C'.*missing='report'"
    ):
        points(content)
    found = points(content, missing="report")
    assert len(found) == 6
    assert "left out: 2 points without coordinates: 'A', 'B'" in found["read_notes"].iloc[0]
    assert "left out: 1 point at 0/0, which stands for no coordinates: 'C'" in found["read_notes"].iloc[0]


def test_a_point_on_the_equator_or_in_greenwich_is_none_at_0_0(points):
    found = points(rows("1;0;51.48", "2;0.001;51.48"), to_crs="EPSG:27700")
    assert len(found) == 2
    assert "read_notes" not in found.columns


def test_a_point_far_from_all_others_is_refused_with_its_distance(points):
    with pytest.raises(GeometryError, match=r"1 point lies far from all others: 'X \(111 km\)'\. A wrong digit"):
        points(rows(*NEAR, "X;9.0025;49.7725"))
    kept = points(rows(*NEAR, "X;9.0025;49.7725"), missing="report")
    assert len(kept) == 7
    assert kept["read_notes"].iloc[0] == "1 point lies far from all others: 'X (111 km)'"


def test_a_single_row_with_exchanged_coordinates_is_told_as_that(points):
    with pytest.raises(GeometryError, match=r"'X.*With x and y exchanged they lie nearer"):
        points(rows(*NEAR, "X;48.771;9.001"))


@pytest.mark.parametrize(("north", "refused"), [(48.92, False), (48.99, True)])  # 16 and 24 km away
def test_what_is_far_is_at_least_twenty_kilometres_away(points, north, refused):
    content = rows(*NEAR, f"X;9.0025;{north}")
    if refused:
        with pytest.raises(GeometryError, match="1 point lies far from all others"):
            points(content)
    else:
        assert len(points(content)) == 7


def test_points_on_both_sides_of_the_180th_meridian_lie_beside_each_other(points):
    content = rows("1;179.98;-16.8", "2;-179.98;-16.8", "3;179.99;-16.81", "4;-179.99;-16.82")
    found = points(content, to_crs="EPSG:32760")
    assert "read_notes" not in found.columns
    # 0.04 degrees of longitude at 16.8 degrees south: 4.26 km
    assert found.geometry["1"].distance(found.geometry["2"]) == pytest.approx(4263, rel=0.01)


def test_a_city_of_ordinary_width_has_no_point_far_away(points):
    wide = [f"{n};{9 + n / 20};{48.77 + (n % 3) / 20}" for n in range(8)]
    assert "read_notes" not in points(rows(*wide)).columns


def test_exchanged_columns_are_told_by_the_place(points):
    with pytest.raises(
        GeometryError, match=r"the points lie at 48\.77 E 9\.00 N; with swapped axes they lie at 9\.00 E 48\.77 N"
    ):
        points(rows(*NEAR), x="lat", y="lon")
    assert points(rows(*NEAR), x="lat", y="lon", swap_axes=True).geometry["000"].x == pytest.approx(500_000, abs=0.01)


def test_points_at_one_place_are_listed_and_kept(points):
    found = points(rows(*NEAR, "X;9.0;48.77"))
    assert found["read_notes"].iloc[0] == "2 points at the place of another: '000', 'X'"
    assert len(found) == 7


def test_a_key_twice_is_refused_and_without_a_key_the_rows_are_numbered(points):
    content = rows("1;9.0;48.77", "1;9.1;48.78")
    with pytest.raises(KeyColumnError, match="1 key of 'nr' has more than one point: '1'"):
        points(content)
    assert points(content, key=None).index.tolist() == ["2", "3"]  # the lines of the file


def test_the_system_of_the_coordinates_is_asked_for_with_a_proposal_that_works(points):
    with pytest.raises(
        GeometryError, match=r"does not say its coordinate reference system\. Pass it, such as crs='EPSG:4326'"
    ):
        points(KITAS, crs=None)
    with pytest.raises(GeometryError, match=r"is in degrees.*Pass to_crs='EPSG:25832'"):
        points(KITAS, to_crs=None)


def test_columns_and_parameters_that_are_wrong_are_named(points):
    with pytest.raises(ColumnError, match=r"no column 'long'\. Did you mean 'lon'"):
        points(KITAS, x="long")
    with pytest.raises(SpecError, match="x and y are named together"):
        points(KITAS, y=None)
    with pytest.raises(SpecError, match="missing must be one of 'raise', 'report'"):
        points(KITAS, missing="drop")
    with pytest.raises(ArgumentError, match="read_points: name takes a str, not a list"):
        points(KITAS, name=["Name"])
    with pytest.raises(InputError, match="is a web page"):
        points("<!DOCTYPE html><title>Anmelden</title>")


def test_a_workbook_and_a_frame_are_read_alike(points, tmp_path):
    book = openpyxl.Workbook()
    for row in (["nr", "lon", "lat"], ["007", 9.0, 48.77], ["008", 9.01, 48.78]):
        book.active.append(row)
    book.save(tmp_path / "kitas.xlsx")
    options = {"x": "lon", "y": "lat", "crs": "EPSG:4326", "to_crs": METRES}
    frame = pd.DataFrame({"nr": ["007", "008"], "lon": [9.0, 9.01], "lat": [48.77, 48.78]})
    expected = points(KITAS)[["geometry"]]
    for source in (tmp_path / "kitas.xlsx", frame, frame.set_index("nr")):
        assert qa.read_points(source, "nr", **options)[["geometry"]].geom_equals_exact(expected, 1e-6).all()


def test_points_of_a_layer_are_read_and_a_building_by_a_point_inside(tmp_path):
    building = shapely.box(513_000, 5_402_000, 513_040, 5_402_020)
    shapes = [shapely.Point(513_500, 5_402_100), shapely.MultiPoint([(513_600, 5_402_100)]), building]
    frame = gpd.GeoDataFrame({"nr": ["1", "2", "3"], "n": ["A", None, "C"]}, geometry=shapes, crs=METRES)
    frame.to_file(tmp_path / "orte.gpkg")
    found = qa.read_points(tmp_path / "orte.gpkg", "nr", name="n")
    assert found.geom_type.tolist() == ["Point", "Point", "Point"]
    assert building.contains(found.geometry["3"])
    assert found["name"].tolist() == ["A", "", "C"]
    assert found["read_notes"].iloc[0] == "1 polygon taken by a point inside"
    assert qa.read_points(frame, "nr").geometry.geom_equals(found.geometry).all()
    lines = gpd.GeoDataFrame({"nr": ["1"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=METRES)
    with pytest.raises(GeometryError, match="1 feature is neither a point nor a polygon: '1'"):
        qa.read_points(lines, "nr")


def test_points_are_facilities_of_a_release(points, row, residents):
    kitas = points(rows("1;9.0005;51.4505", head="nr;lon;lat"))
    data = qa.join(row("a"), residents(a=5))
    assert len(qa.release(data, facilities=kitas).facilities) == 1


def test_a_project_reads_facilities_from_a_table(tmp_path, row):
    from quartiersatlas.project.inputs import facility_layer
    from quartiersatlas.project.schema import read_project

    (tmp_path / "kitas.csv").write_text(KITAS, encoding="utf-8")
    (tmp_path / "p.toml").write_text(
        '[areas]\npath = "a.gpkg"\nkey = "nr"\n[[tables]]\npath = "t.csv"\nkey = "nr"\n[layers.facilities]\n'
        'path = "kitas.csv"\nkey = "nr"\nname = "Name"\nkind = "Art"\nx = "lon"\ny = "lat"\ncrs = "EPSG:4326"\n',
        encoding="utf-8",
    )
    project = read_project(tmp_path / "p.toml")
    found = facility_layer(project, project.facilities, row("a"))
    assert found["name"].to_dict() == {"007": "Kita Süd", "008": "Kita Ost"}
    assert found.crs == row("a").crs


def test_a_table_of_coordinates_without_their_columns_is_refused_and_the_repair_works(tmp_path):
    file = tmp_path / "kitas.csv"
    file.write_text("name;lon;lat\nKita Łąka;10.01;51.5\nKita Nord;10.03;51.52\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"kitas\.csv has no geometry\. If its points are in columns") as error:
        qa.read_points(file, name="name")
    assert "x='lon', y='lat', crs='EPSG:4326', to_crs='EPSG:25832'" in str(error.value)
    points = qa.read_points(file, name="name", x="lon", y="lat", crs="EPSG:4326", to_crs="EPSG:25832")
    assert points["name"].tolist() == ["Kita Łąka", "Kita Nord"]
