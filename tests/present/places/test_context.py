"""Layers of the city are cut to it, made light, and refused where they cannot be right."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, box

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, GeometryError
from quartiersatlas.present.places.anchors import anchors, largest_parts, release_names
from quartiersatlas.present.places.context import BUDGET, BYTES, MOST

CRS = "EPSG:25832"
LEFT, LOW = 450_000, 5_650_000  # the town: 2 km by 1.5 km


def layer(shapes, crs=CRS, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def at(x, y):
    return Point(LEFT + x, LOW + y)


def teeth(height, n_lines):
    """Return lines of a hundred corners, every second one beside the others."""
    across, corner = 20.0 * np.arange(100), np.arange(100) % 2
    lines = [np.column_stack([LEFT + across, LOW + 1.5 * i + height * corner]) for i in range(n_lines)]
    return list(shapely.linestrings(lines))


def test_layers_in_degrees_are_cut_to_the_city_and_half_a_kilometre(town_release):
    river = box(LEFT - 5000, LOW + 600, LEFT + 9000, LOW + 700)
    fitted = qa.context(water=layer([river]).to_crs("EPSG:4326")).fitted(town_release)
    left, low, right, high = fitted.surfaces["water"].bounds
    assert left == pytest.approx(LEFT - 500, abs=1)
    assert right == pytest.approx(LEFT + 2500, abs=1)
    assert (low, high) == (pytest.approx(LOW + 600, abs=1), pytest.approx(LOW + 700, abs=1))


def test_a_layer_elsewhere_is_refused_with_both_extents(town_release):
    lake = qa.context(water=layer([box(0, 0, 100, 100)]))
    with pytest.raises(GeometryError, match=r"no part of water .*x 0 to 100, y 0 to 100; city: x 449500 to 452500"):
        lake.fitted(town_release)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"water": layer([box(0, 0, 1, 1)], crs=None)}, GeometryError, "water has no coordinate reference system"),
        ({"roads": layer([box(0, 0, 1, 1)])}, GeometryError, "roads takes lines, and 1 shape is none"),
        ({"green": layer([Point(0, 0), Point(1, 1)])}, GeometryError, "2 shapes are points"),
        ({"names": layer([Point(0, 0)], NAME=["Dorf"])}, ColumnError, "no column 'name'"),
        ({"names": layer([Point(0, 0)], name=["A"], kind=["Bahnhof"])}, ColumnError, "not 'Bahnhof'"),
        ({"water": "river.gpkg"}, ArgumentError, "read_file"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        qa.context(**given)


def test_a_stream_in_a_layer_of_water_becomes_eight_metres_wide(town_release):
    stream = layer([LineString([(LEFT, LOW + 750), (LEFT + 1000, LOW + 750)])])
    assert qa.context(water=stream).fitted(town_release).surfaces["water"].area == pytest.approx(8000)


def test_heavy_layers_are_simplified_more_and_then_refused_with_what_would_help(town_release):
    pond = shapely.Point(LEFT + 500, LOW + 500).buffer(300, quad_segs=90)
    assert qa.context(water=layer([pond])).fitted(town_release).tolerance == 5
    # teeth of 7 m: too many vertices at 5 m, none at 10 m
    low_teeth = qa.context(roads=layer(teeth(7.0, 800))).fitted(town_release)
    assert low_teeth.tolerance == 10
    assert shapely.get_num_coordinates(low_teeth.surfaces["roads"]) * BYTES <= BUDGET
    with pytest.raises(GeometryError, match=r"heaviest is roads with \d+ vertices at a tolerance of 15 m") as found:
        qa.context(roads=layer(teeth(40.0, 1000)), rail=layer(teeth(40.0, 3))).fitted(town_release)
    assert f"at most {MOST // 1000} KB" in str(found.value)
    assert "roads.simplify(50)" in str(found.value)  # the teeth are 40 m high


def test_names_come_by_rank_then_size_and_pieces_of_one_name_are_one(town_release):
    names = layer(
        [at(100, 100), at(200, 200), box(LEFT + 500, LOW, LEFT + 600, LOW + 50), at(900, 900), at(950, 950)],
        name=["Bahnhof", "Dorf", "Anger", " ", None],
        kind=["station", "place", "green", "place", "place"],
        rank=[None, None, 99, None, None],
    )
    pieces = [box(LEFT + 100 * i, LOW + 400, LEFT + 100 * i + 100, LOW + 450) for i in range(4)]
    water = layer([*pieces, box(LEFT, LOW, LEFT + 30, LOW + 30)], name=["Elbe"] * 4 + ["Teich"])
    found = qa.context(names=names, water=water).fitted(town_release).names
    assert [name.text for name in found] == ["Anger", "Elbe", "Teich", "Dorf", "Bahnhof"]
    elbe = found[1]
    assert elbe.bounds == (LEFT, LOW + 400, LEFT + 400, LOW + 450)


def test_of_too_many_names_the_highest_ranks_stay_and_it_is_said(town_release):
    n = 5_100
    points = shapely.points(LEFT + np.linspace(0, 2000, n), np.full(n, LOW + 500.0))
    names = layer(list(points), name=[f"Ort {i}" for i in range(n)], rank=np.arange(n))
    fitted = qa.context(names=names).fitted(town_release)
    assert len(fitted.names) == 5_000
    assert min(name.rank for name in fitted.names) == 100
    assert any("100" in line and "5.000" in line for line in fitted.notes("de"))


def test_the_notes_name_what_is_drawn(town_release):
    town = box(LEFT + 100, LOW + 100, LEFT + 900, LOW + 900)
    notes = qa.context(inhabited=layer([town]), water=layer([town])).fitted(town_release).notes("en")
    assert "inhabited surface, water" in notes[0]
    assert "5 m" in notes[0]
    assert "Full colour on inhabited surface only" in notes[1]


def test_a_name_stands_inside_a_bent_surface_and_on_the_larger_of_two_parts():
    bent = shapely.union_all([box(0, 0, 100, 20), box(0, 0, 20, 100), box(0, 80, 100, 100)])
    assert not bent.contains(bent.centroid)
    apart = shapely.MultiPolygon([box(0, 0, 10, 10), box(500, 0, 600, 100)])
    parts = largest_parts(np.array([bent, apart, shapely.Polygon()], dtype=object))
    (x0, y0), (x1, y1), nowhere = anchors(parts)
    assert bent.contains(Point(x0, y0))
    assert (x1, y1) == (pytest.approx(550, abs=1), pytest.approx(50, abs=1))
    assert np.isnan(nowhere).all()


def test_districts_and_areas_of_a_release_have_names(town_release):
    names = release_names(town_release)
    assert [name.text for name in names[:2]] == ["Nord", "Süd"]
    assert len(names) == 14
    assert names[0].bounds == (LEFT, LOW, LEFT + 2000, LOW + 500)
    assert {name.rank for name in names} == {100, 10}
