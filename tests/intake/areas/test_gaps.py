"""Gaps and overlaps between areas: named when they are read, closed by snap, the surface said."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, SpecError

X, Y = 460_000, 5_720_000


@pytest.fixture
def write(tmp_path):
    """Write outlines, given from a corner of the city, to a file; return its path."""

    def to_file(shapes):
        moved = [shapely.transform(shape, lambda points: points + np.array([X, Y])) for shape in shapes]
        keys = [f"Q{n}" for n in range(1, len(shapes) + 1)]
        path = tmp_path / "outlines.gpkg"
        gpd.GeoDataFrame({"K": keys}, geometry=moved, crs="EPSG:25832").to_file(path)
        return path

    return to_file


def with_hole(side):
    """Three districts around a hole between two of them."""
    west = shapely.difference(shapely.box(0, 0, 500, 400), shapely.box(500 - side, 200, 500, 200 + side))
    return [west, shapely.box(500, 0, 900, 400), shapely.box(0, 400, 900, 800)]


def released(areas):
    table = pd.DataFrame({"residents": np.arange(len(areas)) * 10.0 + 900}, index=areas.index)
    return [str(fact) for fact in qa.release(qa.join(areas, table)).facts]


def test_a_gap_of_a_square_metre_is_named_with_its_neighbours(write):
    areas = qa.read_areas(write(with_hole(1.0)), key="K")
    assert areas["gaps"].tolist() == [True, True, False]
    said = (
        "The outlines do not fit together exactly: 1 gaps and 0 overlaps, together 1.0 m², the largest 1.0 m² (Q1, Q2)."
    )
    assert any(fact.startswith(said) for fact in released(areas))
    assert "read_areas(..., snap=1.5) closes them" in repr(qa.check_areas(areas))


def test_the_proposed_snap_closes_what_was_named(write):
    file = write(with_hole(1.3))
    line = next(line for line in repr(qa.check_areas(qa.read_areas(file, key="K"))).splitlines() if "snap=" in line)
    width = float(line.split("snap=")[1].split(")")[0])
    snapped = qa.read_areas(file, key="K", snap=width)
    assert "gaps" not in snapped.columns
    assert qa.check_areas(snapped).fits
    assert snapped.area.sum() == pytest.approx(900 * 800)


def test_an_overlap_is_named_too(write):
    areas = qa.read_areas(write([shapely.box(0, 0, 300.5, 300), shapely.box(300, 0, 600, 300)]), key="K")
    assert any("0 gaps and 1 overlaps, together 150 m²" in fact for fact in released(areas))


@pytest.mark.parametrize("shapes", [
    [shapely.box(0, 0, 400, 400), shapely.box(400, 0, 800, 400)],
    with_hole(40.0),  # a lake
    [shapely.box(0, 0, 400, 400), shapely.box(450, 0, 800, 400)],  # apart
], ids=["fits", "lake", "apart"])  # fmt: skip
def test_what_fits_or_is_real_is_not_named(write, shapes):
    areas = qa.read_areas(write(shapes), key="K")
    assert "gaps" not in areas.columns
    assert not any("fit together" in fact for fact in released(areas))


def test_a_lake_stays_when_gaps_are_closed(write):
    areas = qa.read_areas(write(with_hole(40.0)), key="K", snap=2)
    assert areas.union_all().area == pytest.approx(900 * 800 - 1600)
    assert areas["snapped"].tolist() == [False, False, False]


def test_a_net_of_gaps_between_all_districts_is_closed_without_long_tentacles(write):
    step = 303.0
    shapes = [shapely.box(c * step, r * step, c * step + 300, r * step + 300) for r in range(5) for c in range(6)]
    before = qa.read_areas(write(shapes), key="K")
    areas = qa.read_areas(write(shapes), key="K", snap=4)
    assert qa.check_areas(areas).fits
    assert len(shapely.get_parts(areas.union_all())) == 1
    assert areas.is_valid.all()
    assert set(areas.geom_type) == {"Polygon"}
    assert (areas.hausdorff_distance(before) <= 4 + 1e-6).all()
    hull = before.union_all().convex_hull
    assert hull.buffer(1e-6).contains(areas.union_all())  # the outer edge stays where it is
    assert len(qa.neighbours(areas).adjacency) == 2 * (5 * 5 + 4 * 6)


def test_the_surface_that_changed_is_said_for_each_district(write):
    shapes = [shapely.box(0, 0, 200, 200), shapely.box(200.8, 0, 400, 200), shapely.box(0, 200, 400, 400)]
    areas = qa.read_areas(write(shapes), key="K", snap=1)
    before = qa.read_areas(write(shapes), key="K")
    moved = (areas.area - before.area).abs()
    assert moved.sum() == pytest.approx(0.8 * 200)
    assert areas["snapped_m2"].to_numpy() == pytest.approx(moved.to_numpy(), abs=1e-6)
    assert areas["snapped"].tolist() == [changed > 0 for changed in moved]
    facts = " ".join(released(areas))
    assert "together 160.0 m²; most of all Q1 (Q1) with 160.0 m² (0.40% of its surface)" in facts


def test_a_notch_in_the_outer_edge_of_one_district_stays(write):
    notched = shapely.difference(shapely.box(0, 0, 300, 300), shapely.box(0, 100, 50, 100.6))
    areas = qa.read_areas(write([notched, shapely.box(300, 0, 600, 300)]), key="K", snap=1)
    assert areas.area.iloc[0] == pytest.approx(notched.area)


def test_an_overlap_wider_than_snap_is_refused_with_its_width_and_the_pair(write):
    shapes = [shapely.box(0, 0, 300, 300), shapely.box(260, 0, 600, 300), shapely.box(599.5, 0, 900, 300)]
    with pytest.raises(GeometryError, match=r"1 pair of areas overlaps by more than snap=1: Q1 and Q2 \(12,000 m²\)"):
        qa.read_areas(write(shapes), key="K", snap=1)


def test_merging_sums_what_changed(write):
    shapes = [shapely.box(0, 0, 200, 200), shapely.box(200.5, 0, 400, 200), shapely.box(400.5, 0, 600, 200)]
    areas = qa.read_areas(write(shapes), key="K", snap=1)
    merged = qa.merge_areas(areas, {"Q1+Q2": ["Q1", "Q2"]})
    assert merged["snapped_m2"].sum() == pytest.approx(areas["snapped_m2"].sum()) == pytest.approx(200)


@pytest.mark.shared_data
def test_cologne_is_named_and_closed(shared):
    file = shared / "koeln" / "stadtviertel" / "Stadtviertel.shp"
    options = {"key": "STV_NR", "repair": True}
    before, areas = qa.read_areas(file, **options), qa.read_areas(file, **options, snap=1.0)
    assert before["gaps"].sum() > 50
    assert "gaps" not in areas.columns
    lost = before.area - areas.area
    overlaps = qa.check_areas(before).overlaps
    assert lost.max() <= overlaps["square_metres"].sum()
    assert areas.is_valid.all()


def test_frames_of_ones_own_are_looked_at_too():
    keys = pd.Index(["n", "o", "p"], name="key", dtype=object)
    shapes = [shapely.transform(shape, lambda points: points + np.array([X, Y])) for shape in with_hole(0.9)]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:25832")
    assert any("1 gaps and 0 overlaps, together 0.8 m²" in fact for fact in released(areas))


def test_no_width_is_proposed_for_an_overlap_that_is_no_matter_of_drawing(write):
    areas = qa.read_areas(write([shapely.box(0, 0, 330, 300), shapely.box(300, 0, 600, 300)]), key="K")
    report = repr(qa.check_areas(areas))
    assert "overlaps: 1 with 9,000 square metres" in report
    assert "snap=" not in report


@pytest.mark.parametrize("width", [0, -0.5, 10_001, 1e300, float("inf"), float("nan")])
def test_a_width_that_is_none_is_refused(write, width):
    with pytest.raises(SpecError, match="snap must be a width in metres above 0 and up to 10,000, not"):
        qa.read_areas(write(with_hole(40.0)), key="K", snap=width)
