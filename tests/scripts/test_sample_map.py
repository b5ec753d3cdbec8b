"""The map of the sample city: sound polygons, a river between, places where they belong."""

from __future__ import annotations

import re
from itertools import combinations

import geopandas as gpd
import pytest
import shapely
from sample_city.districts import build_city
from sample_city.geometry import build_cells
from sample_city.mesh import circumcentre, delaunay
from sample_city.places import dissolve

SEED = 2011
LAYERS = ("stadtteile", "fluss", "einrichtungen", "programmgebiete")

# districts and river


@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_districts_and_river_fit_without_gap_or_overlap(seed):
    cells, river_ring = build_cells(seed)
    polygons = [shapely.Polygon(cell.ring) for cell in cells]
    river = shapely.Polygon(river_ring)
    assert all(polygon.is_valid and polygon.exterior.is_ccw for polygon in [*polygons, river])
    assert shapely.coverage_is_valid([*polygons, river])
    assert sum(polygon.area for polygon in polygons) == pytest.approx(shapely.union_all(polygons).area)


@pytest.mark.parametrize("seed", [SEED, 1, 2, 3])
def test_districts_are_91_in_8_contiguous_bezirke(seed):
    city = build_city(build_cells(seed)[0])
    keys = [district.key for district in city.districts]
    names = {district.name for district in city.districts}
    frame = gpd.GeoDataFrame(
        {"bezirk": [key[:2] for key in keys]},
        geometry=[shapely.Polygon(district.cell.ring) for district in city.districts],
    )
    assert len(set(keys)) == len(names) == 91
    assert set(frame.dissolve("bezirk").geom_type) == {"Polygon"}
    assert sorted(frame["bezirk"].unique()) == [f"0{k}" for k in range(1, 9)]


def test_layer_reads_with_crs_and_text_keys(districts):
    assert districts.crs.to_epsg() == 25832
    assert districts.index.str.fullmatch(r"0[1-8]\d\d").all()
    assert (districts["BEZIRK"] == districts.index.str[:2]).all()
    assert districts["BEZIRK_NAME"].nunique() == 8
    assert districts.total_bounds == pytest.approx([450_000, 5_650_000] * 2, abs=9_000)


def test_names_carry_umlauts_and_sharp_s(districts):
    assert districts["NAME"].str.contains("[äöüÄÖÜ]").any()
    assert districts["NAME"].str.contains("ß").any()
    assert districts["NAME"].str.contains("-").any()


def test_coordinates_have_one_decimal(folder):
    for layer in LAYERS:
        text = (folder / f"{layer}.geojson").read_text(encoding="utf-8")
        assert not re.search(r"\d\.\d\d", text)


def test_shared_borders_have_identical_corners(districts):
    geometry = districts.geometry
    a, b = next(pair for pair in combinations(geometry.index, 2) if geometry[pair[0]].touches(geometry[pair[1]]))
    line = shapely.line_merge(geometry[a].intersection(geometry[b]))
    corners = {tuple(xy) for key in (a, b) for xy in geometry[key].exterior.coords}
    assert len(line.coords) > 2
    assert set(line.coords) <= corners


def test_river_separates_the_banks_by_120_to_180_metres(folder, districts):
    river = gpd.read_file(folder / "fluss.geojson").geometry.iloc[0]
    in_north = districts["BEZIRK"].isin(["01", "02", "03", "04"])
    north, south = districts[in_north].union_all(), districts[~in_north].union_all()
    assert 115 < north.distance(south) < 180
    spine = [(x, y) for x in range(445_000, 455_001, 1_000) for y in (5_640_000, 5_660_000)]
    for start, end in zip(spine[::2], spine[1::2], strict=True):
        crossing = shapely.LineString([start, end]).intersection(river)
        assert crossing.geom_type == "LineString"
        assert 115 < crossing.length < 260  # not always crossed at a right angle


# places


def test_facilities_lie_in_inhabited_districts(folder, districts, city):
    facilities = gpd.read_file(folder / "einrichtungen.geojson")
    inhabited = districts.drop(index=city.forest)
    inside = facilities.sjoin(inhabited[["geometry"]], predicate="within")
    assert len(inside) == len(facilities)
    assert 35 <= len(facilities) <= 45
    assert facilities["NAME"].is_unique
    assert set(facilities["ART"]) == {
        "Familienzentrum",
        "Stadtteilbüro",
        "Sprachkursträger",
        "Migrantenorganisation",
        "Jugendzentrum",
        "Bibliothek",
    }
    assert facilities.crs.to_epsg() == 25832


def test_one_programme_follows_borders_and_one_cuts_through(folder, districts):
    programmes = gpd.read_file(folder / "programmgebiete.geojson")
    assert programmes.geometry.is_valid.all()
    assert set(programmes["PROGRAMM"]) == {"Sozialer Zusammenhalt"}
    cut = [
        sum(0.02 < share < 0.98 for share in districts.intersection(area).area / districts.area)
        for area in programmes.geometry
    ]
    assert cut[0] == 0
    assert cut[1] >= 3


def test_programmes_meet_the_pockets_fully_and_partly(folder, districts, people):
    programmes = gpd.read_file(folder / "programmgebiete.geojson").geometry
    pocket = [key for key, c in people[2022].items() if key[:2] == "07" and c["SGB2_Personen"] > 0.2 * c["Unter_65"]]
    covered = districts.loc[pocket].union_all().intersection(programmes[0]).area
    assert covered > 0.8 * districts.loc[pocket].area.sum()
    harbour = [key for key, c in people[2022].items() if key[:2] == "04" and c["SGB2_Personen"] > 0.2 * c["Unter_65"]]
    share = districts.loc[harbour].union_all().intersection(programmes[1]).area / programmes[1].area
    assert 0.1 < share < 0.7


def test_dissolve_drops_the_border_between_two_squares():
    left = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    right = ((1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0), (1.0, 0.0))
    ring = dissolve([left, right])
    assert ring[0] == ring[-1]
    assert shapely.Polygon(ring).equals(shapely.box(0, 0, 2, 1))


# the mesh


def test_circumcentre_is_equally_far_from_all_three_corners():
    assert circumcentre((0.0, 0.0), (4.0, 0.0), (0.0, 2.0)) == (2.0, 1.0)


def test_delaunay_agrees_with_geos():
    points = [district.cell.site for district in build_city(build_cells(1)[0]).districts]
    ours = {frozenset(points[i] for i in triangle) for triangle in delaunay(points)}
    theirs = shapely.delaunay_triangles(shapely.MultiPoint(points))
    geos = {frozenset(t.exterior.coords[:3]) for t in theirs.geoms}
    assert len(ours ^ geos) <= 0.02 * len(geos)  # slivers at the hull may differ
