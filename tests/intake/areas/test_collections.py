"""Collections of polygons, lines and points give their polygons; outlines with arcs stay right."""

from __future__ import annotations

import math
import sqlite3
import struct
from contextlib import closing

import geopandas as gpd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, InputError

LEFT = shapely.box(500_000, 5_700_000, 500_100, 5_700_100)
RIGHT = shapely.box(500_100, 5_700_000, 500_200, 5_700_100)
FAR = shapely.box(500_400, 5_700_000, 500_500, 5_700_100)
LINE = shapely.LineString([(500_000, 5_700_000), (500_000, 5_700_300)])
POINT = shapely.Point(500_050, 5_700_050)


def test_the_polygons_of_a_collection_are_taken_and_what_is_left_out_is_said(write):
    shapes = [shapely.GeometryCollection([LEFT, LINE, POINT, POINT]), RIGHT]
    areas = qa.read_areas(write(PLR=["01", "02"], shapes=shapes), key="PLR")
    assert areas.geom_type.tolist() == ["Polygon", "Polygon"]
    assert areas.area.tolist() == [10_000.0, 10_000.0]
    assert areas["repaired"].to_dict() == {"01": True, "02": False}
    assert areas["read_notes"].iloc[0] == (
        "of 1 geometry collection the polygons were taken and left out: '01': 1 line and 2 points"
    )


def test_several_polygons_of_a_collection_are_one_area(write):
    shapes = [shapely.GeometryCollection([LEFT, shapely.GeometryCollection([FAR])]), RIGHT]
    areas = qa.read_areas(write(PLR=["01", "02"], shapes=shapes), key="PLR")
    assert areas.geom_type["01"] == "MultiPolygon"
    assert areas.area["01"] == 20_000.0
    assert areas["read_notes"].iloc[0] == "of 1 geometry collection the polygons were taken"


def test_polygons_of_a_collection_that_overlap_are_not_counted_twice(write):
    shapes = [shapely.GeometryCollection([LEFT, shapely.box(500_050, 5_700_000, 500_100, 5_700_100)]), RIGHT]
    assert qa.read_areas(write(PLR=["01", "02"], shapes=shapes), key="PLR").area["01"] == 10_000.0


def test_a_collection_without_a_polygon_is_refused(write):
    shapes = [shapely.GeometryCollection([LINE, POINT]), RIGHT]
    with pytest.raises(GeometryError, match=r"1 area is not a polygon: '01'\."):
        qa.read_areas(write(PLR=["01", "02"], shapes=shapes), key="PLR")


def test_polygons_alone_get_no_notice(write):
    areas = qa.read_areas(write(PLR=["01", "02"], shapes=[shapely.MultiPolygon([LEFT, FAR]), RIGHT]), key="PLR")
    assert not {"repaired", "read_notes"} & set(areas.columns)


def curve_polygon():
    """Give a disc of 500 m as well-known binary: one ring of arcs through five points."""
    x, y, r = 500_000.0, 5_700_000.0, 500.0
    points = [(x - r, y), (x, y + r), (x + r, y), (x, y - r), (x - r, y)]
    ring = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *point) for point in points)
    return struct.pack("<BII", 1, 10, 1) + ring


@pytest.mark.filterwarnings("ignore:geometry column type")  # the test changes the type behind the file's back
@pytest.mark.parametrize("declared", ["CURVEPOLYGON", "MULTISURFACE", "GEOMETRY"])
def test_arcs_in_a_geopackage_keep_their_surface(tmp_path, declared):
    file = tmp_path / "kreis.gpkg"
    gpd.GeoDataFrame({"nr": ["04"]}, geometry=[LEFT], crs="EPSG:25832").to_file(file, layer="k", SPATIAL_INDEX="NO")
    outline = curve_polygon()
    if declared == "MULTISURFACE":
        outline = struct.pack("<BII", 1, 12, 1) + outline
    with closing(sqlite3.connect(file)) as package, package:
        package.execute("UPDATE k SET geom = ?", (b"GP\0\1" + struct.pack("<i", 25832) + outline,))
        package.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = ?", (declared,))
    areas = qa.read_areas(file, key="nr")
    assert areas.area["04"] == pytest.approx(math.pi * 500**2, rel=1e-3)


def test_surfaces_of_triangles_are_refused_as_what_they_are(tmp_path):
    ring = "500000 5700000 500100 5700000 500100 5700100 500000 5700000"
    triangle = (
        f'<gml:TriangulatedSurface srsName="urn:ogc:def:crs:EPSG::25832" gml:id="s"><gml:patches><gml:Triangle>'
        f"<gml:exterior><gml:LinearRing><gml:posList>{ring}</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>"
        f"</gml:patches></gml:TriangulatedSurface>"
    )
    file = tmp_path / "dach.gml"
    file.write_text(
        '<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        'xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="a"><ogr:featureMember><ogr:teil gml:id="t">'
        f"<ogr:geom>{triangle}</ogr:geom><ogr:nr>04</ogr:nr></ogr:teil></ogr:featureMember></ogr:FeatureCollection>"
    )
    with pytest.raises(InputError, match=r"surfaces of triangles.*Save the districts as polygons"):
        qa.read_areas(file, key="nr")


def test_an_arc_in_an_outline_keeps_its_surface(tmp_path):
    """A quarter of a disc, as cadastres write it: two straight sides and an arc through its middle point."""
    radius, x, y = 800, 600_000, 5_200_000
    middle = radius / math.sqrt(2)
    ring = (
        f"<gml:LineStringSegment><gml:posList>{x} {y + radius} {x} {y} {x + radius} {y}</gml:posList>"
        f"</gml:LineStringSegment><gml:Arc><gml:posList>{x + radius} {y} {x + middle} {y + middle} {x} {y + radius}"
        f"</gml:posList></gml:Arc>"
    )
    member = (
        f'<gml:Surface srsName="urn:ogc:def:crs:EPSG::25832" gml:id="s"><gml:patches><gml:PolygonPatch><gml:exterior>'
        f'<gml:Ring><gml:curveMember><gml:Curve gml:id="c"><gml:segments>{ring}</gml:segments></gml:Curve>'
        f"</gml:curveMember></gml:Ring></gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface>"
    )
    file = tmp_path / "teile.gml"
    file.write_text(
        '<?xml version="1.0"?><ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" '
        'xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="a"><ogr:featureMember><ogr:teil gml:id="t">'
        f"<ogr:geom>{member}</ogr:geom><ogr:nr>04</ogr:nr></ogr:teil></ogr:featureMember></ogr:FeatureCollection>"
    )
    areas = qa.read_areas(file, key="nr")
    assert areas.geom_type["04"] == "Polygon"
    assert areas.area["04"] == pytest.approx(math.pi * radius**2 / 4, rel=1e-3)
