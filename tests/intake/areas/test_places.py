"""Where areas lie: across the 180th meridian, of an unknown datum, and the system that their country uses."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError
from quartiersatlas.intake.areas.systems import Extent, projected_for, wrapped

TAVEUNI = [(179.9, -16.9), (-179.9, -16.9), (-179.9, -16.8), (179.9, -16.8)]  # an island on both sides


@pytest.fixture
def fiji(tmp_path):
    def write(*shapes):
        file = tmp_path / "tikina.gpkg"
        keys = [f"{n:02}" for n in range(1, len(shapes) + 1)]
        gpd.GeoDataFrame({"nr": keys}, geometry=list(shapes), crs="EPSG:4326").to_file(file)
        return file

    return write


def surface(west, east):
    """Give the surface of a rectangle of degrees on the ellipsoid, measured without any projection."""
    x = np.linspace(west, east, 50)
    ring = [*((at, -16.9) for at in x), *((at, -16.8) for at in x[::-1])]
    return abs(Geod(ellps="WGS84").polygon_area_perimeter(*zip(*ring, strict=True))[0])


@pytest.mark.parametrize("target", ["EPSG:32760", "EPSG:32701", "EPSG:3460"])
def test_an_outline_across_the_meridian_is_no_band_around_the_earth(fiji, target):
    file = fiji(shapely.Polygon(TAVEUNI), shapely.box(179.7, -16.9, 179.9, -16.8))
    areas = qa.read_areas(file, key="nr", to_crs=target)
    assert areas.area["01"] == pytest.approx(surface(179.9, 180.1), rel=5e-3)
    assert areas.total_bounds[2] - areas.total_bounds[0] < 50_000  # 0.4 degrees
    assert shapely.distance(*areas.geometry) == pytest.approx(0, abs=1)
    assert areas["read_notes"].iloc[0] == "1 outline across the 180th meridian put together on its two sides"


def test_the_system_that_is_proposed_there_is_that_of_the_place_and_works(fiji):
    file = fiji(shapely.Polygon(TAVEUNI))
    with pytest.raises(GeometryError, match=r"in degrees.*Pass to_crs='EPSG:32(760|701)'") as caught:
        qa.read_areas(file, key="nr")
    advice = str(caught.value).split("to_crs='")[1].split("'")[0]
    assert qa.read_areas(file, key="nr", to_crs=advice).area["01"] == pytest.approx(surface(179.9, 180.1), rel=5e-3)


def test_parts_on_both_sides_need_no_repair_and_get_no_note(fiji):
    east, west = shapely.box(179.9, -16.9, 180, -16.8), shapely.box(-180, -16.9, -179.9, -16.8)
    areas = qa.read_areas(fiji(shapely.MultiPolygon([east, west])), key="nr", to_crs="EPSG:32760")
    assert areas.area["01"] == pytest.approx(surface(179.9, 180.1), rel=5e-3)
    assert "read_notes" not in areas.columns


def test_degrees_beyond_180_are_the_same_places(fiji):
    areas = qa.read_areas(fiji(shapely.box(179.9, -16.9, 180.1, -16.8)), key="nr", to_crs="EPSG:32760")
    assert areas.area["01"] == pytest.approx(surface(179.9, 180.1), rel=5e-3)


def test_areas_around_the_whole_earth_are_left_as_they_are(fiji):
    file = fiji(shapely.box(-170, -10, -20, 10), shapely.box(-20, -10, 100, 10), shapely.box(100, -10, 170, 10))
    with pytest.raises(GeometryError, match="in degrees"):
        qa.read_areas(file, key="nr")


@pytest.mark.parametrize(("x", "expected"), [(181.0, -179.0), (-181.0, 179.0), (180.0, -180.0), (13.4, 13.4)])
def test_longitudes_are_wrapped(x, expected):
    assert wrapped(x) == expected


def test_the_middle_of_an_extent_over_the_date_line_lies_on_it():
    assert Extent(179.0, -17.0, -179.0, -16.0).centre == (-180.0, -16.5)
    assert Extent(174.0, -60.0, 180.0, 0.0).holds((-179.5, -17.0), margin=3.0)
    assert not Extent(174.0, -60.0, 180.0, 0.0).holds((-170.0, -17.0), margin=3.0)


# an unknown datum

# the grid of a town: Gauss-Kruger of zone 3 with an easting of its own, which no list of systems knows
GRID = "+proj=tmerc +lat_0=0 +lon_0=9 +k=1 +x_0=40000 +y_0=-5000000 {ellipsoid} +units=m +no_defs"
STUTTGART = (3_513_000, 5_404_000)  # metres in EPSG:31467
IN_GRID = (STUTTGART[0] - 3_460_000, STUTTGART[1] - 5_000_000)


def shift():
    """Give how far the same degrees lie apart in DHDN and in WGS 84 at that place."""
    x, y = Transformer.from_crs("EPSG:31467", "EPSG:4314", always_xy=True).transform(*STUTTGART)
    there = Transformer.from_crs("EPSG:4314", "EPSG:4326", always_xy=True).transform(x, y)
    return Geod(ellps="bessel").inv(x, y, *there)[2]


@pytest.mark.parametrize("to_crs", [None, "EPSG:25832"])
def test_a_system_without_a_datum_is_said_with_the_size_of_the_error(write, to_crs):
    file = write("shp", crs=GRID.format(ellipsoid="+ellps=bessel"), at=IN_GRID, PLR=["01", "02"])
    areas = qa.read_areas(file, key="PLR", to_crs=to_crs)
    assert areas["off_by"].iloc[0] == pytest.approx(shift(), rel=0.05)
    assert 80 < areas["off_by"].iloc[0] < 160
    note = areas["read_notes"].iloc[0]
    assert "beside their true place: the datum of" in note
    assert "+datum=potsdam" in note.split("Pass crs='")[1]


def test_the_advice_on_an_unknown_datum_puts_the_areas_right(write):
    file = write("shp", crs=GRID.format(ellipsoid="+ellps=bessel"), at=IN_GRID, PLR=["01"])
    wrong = qa.read_areas(file, key="PLR", to_crs="EPSG:25832")
    advice = wrong["read_notes"].iloc[0].split("Pass crs='")[1].split("'")[0]
    right = qa.read_areas(file, key="PLR", crs=advice, to_crs="EPSG:25832")
    assert "off_by" not in right.columns
    true = Transformer.from_crs("EPSG:31467", "EPSG:25832", always_xy=True).transform(*STUTTGART)
    assert right.total_bounds[:2] == pytest.approx(true, abs=5)
    assert np.hypot(*(right.total_bounds[:2] - wrong.total_bounds[:2])) == pytest.approx(shift(), rel=0.1)


def test_degrees_of_an_unknown_datum_are_said_as_well(write):
    degrees = "+proj=longlat +ellps=bessel +no_defs"
    file = write("gpkg", crs=degrees, at=(9.18, 48.77), side=0.01, PLR=["01"])
    areas = qa.read_areas(file, key="PLR", to_crs="EPSG:25832")
    assert areas["off_by"].iloc[0] == pytest.approx(shift(), rel=0.05)


def test_the_council_reads_it_too(write, residents):
    file = write("shp", crs=GRID.format(ellipsoid="+ellps=bessel"), at=IN_GRID, PLR=["01"])
    data = qa.join(qa.read_areas(file, key="PLR"), residents(k01=5))
    facts = [str(fact) for fact in qa.release(data).facts]
    assert any(fact.startswith("The areas may lie about 1") and "beside their true place" in fact for fact in facts)


def test_a_way_that_is_only_rough_is_said(write):
    file = write(crs="EPSG:27700", at=(530_000, 180_000), PLR=["01"])  # London
    areas = qa.read_areas(file, key="PLR", to_crs="EPSG:25830")
    assert 50 < areas["off_by"].iloc[0] < 200
    assert "no exact way leads from" in areas["read_notes"].iloc[0]
    assert "off_by" not in qa.read_areas(file, key="PLR").columns


@pytest.mark.parametrize(
    ("crs", "at", "to_crs"),
    [
        ("EPSG:31467", STUTTGART, "EPSG:25832"),
        ("EPSG:31467", STUTTGART, None),
        ("EPSG:25832", (513_000, 5_402_000), None),
        ("EPSG:2056", (2_683_000, 1_247_000), None),
        ("EPSG:31256", (2_000, 341_000), "EPSG:25833"),
        ("EPSG:28992", (121_000, 487_000), "EPSG:25831"),
        ("EPSG:3003", (1_514_000, 5_034_000), None),
        ("EPSG:26918", (583_000, 4_507_000), None),
        (GRID.format(ellipsoid="+ellps=GRS80"), IN_GRID, None),
        (GRID.format(ellipsoid="+datum=WGS84"), IN_GRID, "EPSG:25832"),
        (GRID.format(ellipsoid="+datum=potsdam"), IN_GRID, None),
    ],
)
def test_a_system_that_is_known_gets_no_notice(write, crs, at, to_crs):
    areas = qa.read_areas(write("gpkg", crs=crs, at=at, PLR=["01"]), key="PLR", to_crs=to_crs)
    assert not {"off_by", "read_notes"} & set(areas.columns)


@pytest.mark.parametrize(("system", "at"), [("EPSG:28992", (121_000, 487_000)), ("EPSG:31370", (150_000, 170_000))])
def test_a_town_in_the_system_of_its_country_is_not_taken_for_a_german_one_with_swapped_axes(write, system, at):
    assert qa.read_areas(write(crs=system, at=at, PLR=["01"]), key="PLR").crs == system


@pytest.mark.parametrize("parameter", ["crs", "to_crs"])
@pytest.mark.parametrize("name", ["EPSG:999999", "Gauss-Krüger"])
def test_a_system_that_nobody_knows_is_named(write, parameter, name):
    with pytest.raises(GeometryError, match=rf"'{name}' is no reference system that is known.*'EPSG:25832'"):
        qa.read_areas(write(PLR=["01"]), key="PLR", **{parameter: name})


# the system that a country uses

PLACES = {
    "EPSG:2056": [("Zürich", 8.54, 47.37), ("Genf", 6.14, 46.20), ("Basel", 7.59, 47.556), ("Lugano", 8.95, 46.00)],
    "EPSG:28992": [("Amsterdam", 4.90, 52.37), ("Maastricht", 5.69, 50.85), ("Enschede", 6.89, 52.22)],
    "EPSG:27700": [("London", -0.12, 51.50), ("Edinburgh", -3.19, 55.95), ("Dover", 1.31, 51.13)],
    "EPSG:2154": [
        ("Paris", 2.35, 48.85),
        ("Straßburg", 7.75, 48.58),
        ("Calais", 1.85, 50.95),
        ("Ajaccio", 8.74, 41.92),
    ],
    "EPSG:25832": [
        ("Köln", 6.95, 50.94),
        ("Konstanz", 9.175, 47.665),
        ("Kehl", 7.81, 48.575),
        ("Innsbruck", 11.4, 47.27),
    ],
    "EPSG:25833": [("Wien", 16.37, 48.20), ("Berlin", 13.40, 52.52), ("Salzburg", 13.04, 47.80)],
    "EPSG:25830": [("Belfast", -5.93, 54.60), ("Madrid", -3.70, 40.42)],
    "EPSG:25831": [("Brüssel", 4.35, 50.85), ("Barcelona", 2.17, 41.38)],
    "EPSG:32618": [("New York", -74.0, 40.7)],
    "EPSG:32734": [("Kapstadt", 18.4, -33.9)],
}


@pytest.mark.parametrize(
    ("system", "town", "x", "y"), [(s, *place) for s, places in PLACES.items() for place in places]
)
def test_the_proposal_is_what_the_place_uses(system, town, x, y):
    assert projected_for((x, y)) == system, town


@pytest.mark.parametrize("place", [(8.54, 47.37), (4.90, 52.37), (-0.12, 51.50), (2.35, 48.85), (16.37, 48.20)])
def test_the_proposal_is_taken_when_it_is_passed(tmp_path, place):
    x, y = place
    file = tmp_path / "a.geojson"
    gpd.GeoDataFrame({"nr": ["1"]}, geometry=[shapely.box(x, y, x + 0.01, y + 0.01)], crs="EPSG:4326").to_file(file)
    with pytest.raises(GeometryError, match="Pass to_crs=") as caught:
        qa.read_areas(file, key="nr")
    advice = str(caught.value).split("to_crs='")[1].split("'")[0]
    areas = qa.read_areas(file, key="nr", to_crs=advice)
    assert areas.crs == CRS(advice)
    true = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.box(x, y, x + 0.01, y + 0.01))[0])
    assert areas.area["1"] == pytest.approx(true, rel=2e-3)


def test_a_system_to_convert_to_that_is_made_for_elsewhere_is_refused_with_the_one_for_the_place():
    shapes = [shapely.box(16.9 + 0.01 * i, 52.4, 16.91 + 0.01 * i, 52.41) for i in range(2)]
    frame = gpd.GeoDataFrame({"kod": ["A", "B"]}, geometry=shapes, crs="EPSG:4326")  # Poznan
    with pytest.raises(GeometryError, match=r"made for 6 to 12\.01 E.*Pass to_crs='EPSG:25833'") as error:
        qa.read_areas(frame, key="kod", to_crs="EPSG:25832")
    assert " crs=" not in str(error.value)  # would move the areas
    areas = qa.read_areas(frame, key="kod", to_crs="EPSG:25833")
    assert areas.crs.to_epsg() == 25833


def test_a_system_to_convert_to_that_is_made_for_the_place_is_taken():
    shapes = [shapely.box(16.9 + 0.01 * i, 52.4, 16.91 + 0.01 * i, 52.41) for i in range(2)]
    frame = gpd.GeoDataFrame({"kod": ["A", "B"]}, geometry=shapes, crs="EPSG:4326")
    assert qa.read_areas(frame, key="kod", to_crs="EPSG:2180").crs.to_epsg() == 2180
