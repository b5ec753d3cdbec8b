"""Do the areas fit together: gaps, overlaps, slivers, isolates, islands; found, measured and said in words."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError
from quartiersatlas.space import neighbours

X, Y = 500_000, 5_700_000


def box(x, y, width=100, height=100):
    return shapely.box(X + x, Y + y, X + x + width, Y + y + height)


def city(*shapes, crs="EPSG:25832"):
    keys = pd.Index([f"{i:02d}" for i in range(len(shapes))], name="key", dtype=object)
    return gpd.GeoDataFrame({"name": keys}, index=keys, geometry=list(shapes), crs=crs)


def test_squares_side_by_side_fit():
    report = qa.check_areas(city(box(0, 0), box(100, 0), box(0, 100), box(100, 100)))
    assert report.fits
    assert (report.n_areas, report.n_neighbours, report.n_contacts) == (4, 4, 6)
    assert report.table.empty
    assert report.isolates == report.islands == report.slivers == report.multipart == ()
    assert report.verdict("en") == (
        "4 areas that fit together exactly. With a tolerance of 1 m, 4 pairs have a common border."
    )
    assert report.verdict() == (
        "4 Gebiete, die genau aneinanderpassen. Mit 1 m Toleranz haben 4 Paare eine gemeinsame Grenze."
    )


def test_an_overlap_is_measured():
    report = qa.check_areas(city(box(0, 0), box(97, 0)))
    assert report.overlaps[["one", "other", "square_metres"]].to_numpy().tolist() == [["00", "01", 300.0]]
    assert report.overlaps.area.tolist() == [300.0]
    assert report.overlaps.crs == "EPSG:25832"
    assert not report.fits
    assert "Überlappungen: 1, zusammen 300 m²." in report.verdict()


@pytest.mark.parametrize("inner", [box(20, 20, 10, 10), box(0, 0)])
def test_an_area_inside_another_or_the_same_twice_overlaps(inner):
    report = qa.check_areas(city(box(0, 0), inner, box(100, 0)))
    assert report.overlaps["square_metres"].tolist() == [inner.area]


def test_a_narrow_gap_is_told_from_a_hole():
    ring = box(-100, -100, 300, 300).difference(box(-0.4, 0, 100.4, 100))
    lake = box(200, -100, 300, 300).difference(box(250, 0))
    report = qa.check_areas(city(ring, box(0, 0), lake))
    gaps = report.gaps.sort_values("square_metres")
    assert gaps["square_metres"].tolist() == pytest.approx([40.0, 10_000.0])
    assert gaps["width"].tolist() == pytest.approx([2 * 40 / 200.8, 50.0])  # 2 A / P
    assert gaps["narrow"].tolist() == [True, False]
    assert gaps["between"].tolist() == ["00, 01", "02"]
    assert "Narrow gaps: 1, together 40 m²." in report.verdict("en")
    assert "Places inside without an area: 1." in report.verdict("en")
    assert report.table["what"].tolist() == ["gap", "hole"]


def test_a_hole_alone_is_no_fault():
    assert qa.check_areas(city(box(0, 0, 300, 300).difference(box(100, 100)))).fits


def test_a_wider_tolerance_makes_a_hole_a_gap():
    areas = city(box(0, 0, 100, 100).difference(box(40, 10, 4, 80)))
    assert not qa.check_areas(areas).gaps["narrow"].any()
    assert qa.check_areas(areas, tolerance=4).gaps["narrow"].all()


def test_areas_apart_are_isolates_and_islands():
    report = qa.check_areas(city(box(0, 0), box(100, 0), box(200, 0), box(5000, 0), box(9000, 0), box(9100, 0)))
    assert report.isolates == ("03",)
    assert sorted(report.islands) == [("03",), ("04", "05")]
    assert report.table.to_numpy().tolist()[0][:2] == ["isolate", "03"]
    assert ["island", "04, 05"] in report.table.iloc[:, :2].to_numpy().tolist()
    assert "Ohne Nachbargebiet: 03. Gruppen von Gebieten ohne Verbindung zu den übrigen: 1." in report.verdict()


def test_areas_that_meet_in_a_corner_only_are_isolates():
    report = qa.check_areas(city(box(0, 0), box(100, 100)))
    assert report.isolates == ("00", "01")
    assert (report.n_neighbours, report.n_contacts) == (0, 1)


def test_slivers_do_not_part_neighbours():
    report = qa.check_areas(city(box(0, 0), box(100.6, 0)))
    assert report.n_neighbours == 1
    assert qa.check_areas(city(box(0, 0), box(100.6, 0)), tolerance=0.5).n_neighbours == 0


def test_parts_and_slivers_are_named():
    shapes = [shapely.union(box(0, 0), box(500, 0)), shapely.union(box(100, 0), box(300, 0, 0.5, 100))]
    report = qa.check_areas(city(*shapes))
    assert report.multipart == ("00", "01")
    assert report.slivers == ("01",)
    assert not report.fits
    assert "Schmaler als die Toleranz: 01." in report.verdict()


def test_the_report_says_everything_in_text():
    areas = city(box(0, 0), box(97, 0), box(5000, 0)).assign(left_out="XX (Gesamt)")
    assert repr(qa.check_areas(areas)).splitlines() == [
        "AreasReport: 3 areas, ETRS89 / UTM zone 32N, 9.00 to 9.07 E, 51.45 to 51.45 N",
        "  1 pair with a common border, 0 with a corner only",
        "  overlaps: 1 with 300 square metres",
        "  without a neighbour (1): '02'",
        "  Not taken from the geometry file: XX (Gesamt).",
        "  read_areas(..., snap=3.5) closes them",
    ]


def test_the_report_is_escaped_in_a_notebook():
    html = qa.check_areas(city(box(0, 0)).assign(left_out="<img src=x>"))._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html


@pytest.mark.parametrize("crs", [None, "EPSG:4326"])
def test_areas_that_are_not_in_metres_are_refused(crs):
    with pytest.raises(GeometryError, match="in degrees or without"):
        qa.check_areas(city(shapely.box(9, 50, 9.1, 50.1), crs=crs))


def test_invalid_outlines_are_refused():
    bowtie = shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])
    with pytest.raises(GeometryError, match=r"1 area has an invalid outline: '00'.*repair=True"):
        qa.check_areas(city(bowtie))


def test_nothing_is_changed():
    areas = city(box(0, 0), box(97, 0))
    before = areas.copy()
    qa.check_areas(areas)
    assert_geodataframe_equal(areas, before)


# what holds for all coverings


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 25), st.floats(0.05, 0.9))
def test_cells_of_a_plane_fit_until_one_is_moved(seed, n, shift):
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.random((n, 2)) * 2000 + [X, Y])
    frame = shapely.box(X, Y, X + 2000, Y + 2000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame))
    # clipped once and drawn through the same points
    shapes = shapely.coverage_clean(shapely.intersection(cells, frame))
    exact = qa.check_areas(city(*shapes))
    assert exact.fits or exact.slivers  # a cell may be as thin as a sliver
    assert len(exact.gaps) == len(exact.overlaps) == 0
    shapes[0] = shapely.transform(shapes[0], lambda xy: xy + shift)
    moved = qa.check_areas(city(*shapes))
    common = [shapely.intersection(shapes[0], other).area for other in shapes[1:]]
    assert moved.overlaps["square_metres"].sum() == pytest.approx(sum(common), abs=0.02)
    union = shapely.union_all(shapes)
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(union)])
    assert moved.gaps["square_metres"].sum() == pytest.approx(filled.area - union.area, abs=1e-3)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20, unique=True))
def test_isolates_and_islands_are_those_of_the_graph(cells):
    areas = city(*(box(100 * x, 100 * y) for x, y in cells))
    report = qa.check_areas(areas)
    graph = neighbours(areas)
    assert set(report.isolates) == set(graph.isolates)
    groups = graph.component_labels.groupby(graph.component_labels).groups.values()
    largest = max(len(group) for group in groups)
    assert sorted([*map(len, report.islands), largest]) == sorted(map(len, groups))
    assert report.n_neighbours == (graph.adjacency > 0).sum() / 2
