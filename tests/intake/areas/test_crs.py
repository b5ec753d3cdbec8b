"""Where the areas lie tells what a file says wrongly about its coordinates."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError
from quartiersatlas.intake.areas.crs import point_text
from quartiersatlas.intake.areas.systems import Extent, projected_for

# UTM zone 32 with 2,000,000 m more of false easting and no EPSG code, as the city of Cologne hands it out
SHIFTED = "+proj=tmerc +lat_0=0 +lon_0=9 +k=0.9996 +x_0=2500000 +y_0=0 +datum=WGS84 +units=m +no_defs"
COLOGNE = (356_000, 5_645_000)  # metres in EPSG:25832


@pytest.fixture
def geojson(tmp_path):
    """Write squares of 0.01 degrees as GeoJSON without a reference system, which then is CRS84, at first and second."""

    def write(first, second, side=0.01):
        features = []
        for i in range(2):
            corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
            ring = [[first + side * x, second + side * (y + i)] for x, y in corners]
            shape = {"type": "Polygon", "coordinates": [ring]}
            features.append({"type": "Feature", "properties": {"OT": f"0{i}"}, "geometry": shape})
        file = tmp_path / "ortsteile.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return file

    return write


# swapped axes


def test_latitude_before_longitude_is_told_by_the_place(geojson):
    file = geojson(51.34, 12.37)  # Leipzig, the wrong way round: off the coast of Yemen
    with pytest.raises(
        GeometryError, match=r"lie at 51\.3\d E 12\.3\d N; with swapped axes they lie at 12\.3\d E 51\.3"
    ):
        qa.read_areas(file, key="OT", to_crs="EPSG:25833")


def test_swapped_axes_are_put_right_when_asked_for(geojson):
    file = geojson(51.34, 12.37)
    areas = qa.read_areas(file, key="OT", to_crs="EPSG:25833", swap_axes=True)
    back = areas.to_crs("OGC:CRS84").total_bounds
    assert back == pytest.approx([12.37, 51.34, 12.39, 51.35], abs=1e-6)


def test_areas_that_do_lie_there_are_taken_when_said_so(geojson):
    areas = qa.read_areas(geojson(49.1, 14.5), key="OT", to_crs="EPSG:32639", swap_axes=False)  # Mukalla in Yemen
    assert areas.to_crs("OGC:CRS84").total_bounds[0] == pytest.approx(49.1)


def test_swapping_what_is_right_is_refused_as_well(geojson):
    with pytest.raises(
        GeometryError, match=r"lie at 51\.0. E 9\.0. N; with swapped axes they lie at 9\.0.*leave swap_axes=True out"
    ):
        qa.read_areas(geojson(9.0, 51.0), key="OT", to_crs="EPSG:25832", swap_axes=True)


def test_northing_before_easting_is_told_as_well(write):
    file = write(PLR=["01", "02"], at=(5_700_000, 500_000))
    with pytest.raises(GeometryError, match=r"with swapped axes they lie at 9\.00 E 51\.4"):
        qa.read_areas(file, key="PLR")
    areas = qa.read_areas(file, key="PLR", swap_axes=True)
    assert areas.total_bounds.tolist() == [500_000, 5_700_000, 500_100, 5_700_200]


@pytest.mark.parametrize("place", [(9.0, 51.0), (16.4, 48.2), (7.6, 47.6), (-0.1, 51.5), (121.5, 25.0), (-74.0, 40.7)])
def test_places_in_the_right_order_are_left_alone(geojson, place):
    areas = qa.read_areas(geojson(*place), key="OT", to_crs=projected_for(place))
    assert areas.to_crs("OGC:CRS84").total_bounds[:2] == pytest.approx(place, abs=1e-6)


# systems of their own


def test_a_system_without_a_code_is_kept_as_it_is(write):
    file = write("shp", crs=SHIFTED, at=(COLOGNE[0] + 2_000_000, COLOGNE[1]), PLR=["01"])
    areas = qa.read_areas(file, key="PLR")
    assert areas.crs.to_epsg() is None
    assert areas.total_bounds[0] == COLOGNE[0] + 2_000_000
    assert areas.area.tolist() == [10_000.0]
    assert areas.to_crs("EPSG:25832").total_bounds[:2] == pytest.approx(COLOGNE, abs=1.0)


def test_a_system_forced_on_it_is_refused_by_the_place_with_that_of_the_file(write):
    file = write("shp", crs=SHIFTED, at=(COLOGNE[0] + 2_000_000, COLOGNE[1]), PLR=["01"])
    with pytest.raises(GeometryError) as caught:
        qa.read_areas(file, key="PLR", crs="EPSG:25832")
    message = str(caught.value)
    assert "lie at 34.0" in message  # Ukraine
    assert "made for 6 to 12" in message
    assert "puts them at 6.9" in message
    assert "leave crs=... out" in message


def test_a_compound_system_with_heights_becomes_its_level_part(write):
    square = shapely.box(530_000, 180_000, 530_100, 180_100)  # London
    file = write("gpkg", crs="EPSG:7405", shapes=[shapely.force_3d(square, 25.0)], MSOA=["E02000001"])
    areas = qa.read_areas(file, key="MSOA")
    assert areas.crs == CRS("EPSG:27700")
    assert not areas.has_z.any()
    assert areas.total_bounds.tolist() == [530_000, 180_000, 530_100, 180_100]


def test_the_file_may_be_overruled_where_it_is_wrong(write):
    file = write(crs="EPSG:27700", at=COLOGNE, PLR=["01"])  # would be far north of Scotland
    with pytest.raises(GeometryError, match=r"EPSG:27700.*crs='EPSG:25832' would put them at 6\.9"):
        qa.read_areas(file, key="PLR")
    assert qa.read_areas(file, key="PLR", crs="EPSG:25832").crs == "EPSG:25832"


def test_a_city_beyond_the_edge_of_its_zone_is_no_fault(write):
    # Passau, 13.4 degrees east, in zone 32 (6 to 12 degrees), as all of Bavaria is mapped
    passau = gpd.GeoSeries([shapely.Point(13.43, 48.57)], crs="OGC:CRS84").to_crs("EPSG:25832")[0]
    areas = qa.read_areas(write(at=(passau.x, passau.y), PLR=["01"]), key="PLR")
    assert len(areas) == 1


# no system, or one that does not measure


def test_without_a_system_those_that_put_the_areas_in_germany_are_named(write):
    file = write("shp", crs=None, at=COLOGNE, PLR=["01"])
    with pytest.raises(GeometryError) as caught:
        qa.read_areas(file, key="PLR")
    assert "crs='EPSG:25832' (then they lie at 6.95 E 50.9" in str(caught.value)
    assert "crs='EPSG:25833' (then they lie at 12.95 E 50.9" in str(caught.value)
    assert "EPSG:3146" not in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "at"), [("EPSG:31466", (2_567_000, 5_647_000)), ("EPSG:31468", (4_468_000, 5_333_000))]
)
def test_gauss_kruger_is_recognised_by_its_numbers(write, zone, at):
    with pytest.raises(GeometryError, match=rf"Pass it, such as crs='{zone}' \(then they lie at [^()]*\)\.$"):
        qa.read_areas(write("shp", crs=None, at=at, PLR=["01"]), key="PLR")


def test_degrees_without_a_system_are_recognised(write):
    with pytest.raises(
        GeometryError, match=r"Pass it, such as crs='EPSG:4326' \(then they lie at 9\.0. E 51\.0. N\)\.$"
    ):
        qa.read_areas(write("shp", crs=None, at=(9.0, 51.0), side=0.01, PLR=["01"]), key="PLR")


def test_a_projection_that_stretches_is_refused_with_one_that_measures(write):
    x, y = gpd.GeoSeries([shapely.Point(6.95, 50.94)], crs="OGC:CRS84").to_crs("EPSG:3857")[0].coords[0]
    file = write(crs="EPSG:3857", at=(x, y), PLR=["01"])
    # one degree of longitude is as long as at the equator: 1 / cos(50.94 degrees) = 1.587
    with pytest.raises(GeometryError, match=r"Pseudo-Mercator, which makes lengths there wrong by 59 %.*'EPSG:25832'"):
        qa.read_areas(file, key="PLR")
    areas = qa.read_areas(file, key="PLR", to_crs="EPSG:25832")
    assert areas.area.iloc[0] == pytest.approx(10_000 / 1.587**2, rel=0.01)


def test_feet_are_refused(write):
    file = write(crs="EPSG:2263", at=(980_000, 190_000), BORO=["1"])  # New York, US survey feet
    with pytest.raises(GeometryError, match=r"in the unit 'US survey foot'.*to_crs='EPSG:32618'"):
        qa.read_areas(file, key="BORO")


@pytest.mark.parametrize("system", ["EPSG:25832", "EPSG:3035", "EPSG:31466", "EPSG:4839"])
def test_systems_in_use_are_taken(write, system):
    x, y = gpd.GeoSeries([shapely.Point(6.95, 50.94)], crs="OGC:CRS84").to_crs(system)[0].coords[0]
    assert len(qa.read_areas(write(crs=system, at=(x, y), PLR=["01"]), key="PLR")) == 1


@pytest.mark.parametrize("target", ["EPSG:27700", "EPSG:2056"])
def test_a_target_made_for_another_country_is_refused(geojson, target):
    with pytest.raises(GeometryError, match=rf"in {target}: the areas would lie at .* which is made for"):
        qa.read_areas(geojson(13.4, 54.5), key="OT", to_crs=target)


# words and boxes


def test_places_are_written_with_their_hemisphere():
    assert point_text((6.957, 50.938)) == "6.96 E 50.94 N"
    assert point_text((-70.6, -33.4)) == "70.60 W 33.40 S"


@settings(deadline=None)
@example(33.4, 35.2)  # Nicosia: the European system of its zone is made for places further north
@given(st.floats(-180, 179.9), st.floats(-80, 80))
def test_the_zone_that_is_proposed_is_never_refused_by_its_region(x, y):
    use = CRS(projected_for((x, y))).area_of_use
    assert Extent(*use.bounds).holds((x, y), margin=0.02)


def test_an_extent_holds_its_edge_and_its_margin():
    zone = Extent(6.0, 0.0, 12.0, 84.0)
    assert [zone.holds((x, 50.0)) for x in (5.99, 6.0, 12.0, 12.01)] == [False, True, True, False]
    assert [zone.holds((x, 50.0), margin=3.0) for x in (2.99, 3.0, 15.0, 15.01)] == [False, True, True, False]
    assert [zone.holds((9.0, y), margin=3.0) for y in (-3.01, -3.0, 87.0)] == [False, True, True]
    assert Extent(170.0, -50.0, -170.0, -30.0).holds((0.0, -40.0))  # over the date line


@pytest.mark.parametrize(("scale", "refused"), [(1.049, False), (1.051, True), (0.951, False), (0.949, True)])
def test_a_projection_may_stretch_lengths_by_five_per_cent(write, scale, refused):
    crs = f"+proj=tmerc +lat_0=51 +lon_0=9 +k={scale} +x_0=500000 +y_0=5700000 +ellps=GRS80 +units=m +type=crs"
    file = write(crs=crs, OT=["01", "02"])
    if refused:
        with pytest.raises(GeometryError, match="makes lengths there wrong by 5 %"):
            qa.read_areas(file, key="OT")
    else:
        assert list(qa.read_areas(file, key="OT").index) == ["01", "02"]


def test_a_system_from_the_centre_of_the_earth_is_no_map(geojson, tmp_path):
    frame = gpd.read_file(geojson(10.0, 53.5)).to_crs("EPSG:25832")
    file = tmp_path / "ortsteile.gpkg"
    frame.set_crs("EPSG:4978", allow_override=True).to_file(file)
    with pytest.raises(GeometryError, match=r"measures from the centre of the earth .* such as crs='EPSG:25832'"):
        qa.read_areas(file, key="OT")
    read = qa.read_areas(file, key="OT", crs="EPSG:25832")
    assert read.geom_equals(frame.set_index("OT").geometry).all()
