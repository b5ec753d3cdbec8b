"""Outlines that gape: it is said, with the median gap and the tolerance that bridges it."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity

import quartiersatlas as qa


def drawn(shapes):
    keys = pd.Index([f"{n:02d}" for n in range(1, len(shapes) + 1)], name="key", dtype=object)
    return gpd.GeoDataFrame({"name": keys}, index=keys, geometry=list(shapes), crs="EPSG:25832")


def gaping(columns: int, rows: int, gap: float, width: float = 900.0):
    """Districts that are all drawn smaller than they are, so that none touches another."""
    step = width + gap
    return drawn([shapely.box(c * step, r * step, c * step + width, r * step + width)
                  for r in range(rows) for c in range(columns)])  # fmt: skip


def pairs(graph):
    return {tuple(sorted(pair)) for pair in graph.adjacency[graph.adjacency > 0].index}


def quiet(areas, **options):
    """Return the neighbours; a warning would be an error."""
    return pairs(qa.neighbours(areas, **options))


GRID_PAIRS = {("01", "02"), ("02", "03"), ("04", "05"), ("05", "06"), ("01", "04"), ("02", "05"), ("03", "06")}


def test_gaps_above_the_tolerance_are_said_with_the_median_and_the_tolerance_that_works():
    areas = gaping(3, 2, gap=2.4)
    with pytest.warns(UserWarning, match=r"6 of 6; the median gap to the nearest outline is 2\.4 m") as said:
        assert pairs(qa.neighbours(areas)) == set()
    advice = re.search(r"tolerance=([\d.]+)", str(said[0].message)).group(1)
    assert quiet(areas, tolerance=float(advice)) == GRID_PAIRS


def test_half_of_the_districts_gaping_is_said_too():
    shapes = [shapely.box(x * 500, 0, (x + 1) * 500, 500) for x in range(6)]
    shapes += [shapely.box(3000 + 4 + x * 504, 0, 3500 + 4 + x * 504, 500) for x in range(6)]
    with pytest.warns(UserWarning, match="6 of 12; the median gap to the nearest outline is 4 m"):
        qa.neighbours(drawn(shapes))


def test_groups_that_touch_inside_and_gape_among_each_other_are_said():
    blocks = [shapely.box(x, y, x + 400, y + 400) for west in (0, 802.5) for x in (west, west + 400) for y in (0, 400)]
    with pytest.warns(UserWarning, match=r"4 of 8; the median gap to the nearest outline is 2\.5 m"):
        qa.neighbours(drawn(blocks))


@pytest.mark.parametrize("away", [15.0, 300.0, 5000.0])
def test_an_island_off_the_coast_is_no_fault(away):
    city = [shapely.box(x * 1000, y * 1000, (x + 1) * 1000, (y + 1) * 1000) for y in range(3) for x in range(3)]
    assert len(quiet(drawn([*city, shapely.box(3000 + away, 0, 3800 + away, 800)]))) == 12


def test_an_archipelago_is_no_fault():
    islands = [shapely.box(x * 2600, y * 2600, x * 2600 + 2000, y * 2600 + 2000) for x in range(4) for y in range(3)]
    assert quiet(drawn(islands)) == set()


def test_districts_that_meet_in_corners_are_not_apart():
    chess = [
        shapely.box(x * 100, y * 100, x * 100 + 100, y * 100 + 100) for x in range(4) for y in range(4) if (x + y) % 2
    ]
    assert quiet(drawn(chess)) == set()
    assert len(quiet(drawn(chess), min_border=0)) == 9


def test_a_large_tolerance_makes_no_neighbours_of_corners():
    areas = drawn([shapely.box(x * 800, y * 800, x * 800 + 800, y * 800 + 800) for y in range(2) for x in range(2)])
    assert quiet(areas, tolerance=40) == {("01", "02"), ("03", "04"), ("01", "03"), ("02", "04")}


def test_the_largest_gap_is_bridged_where_gaps_differ():
    x, shapes = 0.0, []
    for gap in (1.5, 2.0, 2.5, 3.0, 6.0, 0.0):
        shapes.append(shapely.box(x, 0, x + 700, 700))
        x += 700 + gap
    with pytest.warns(UserWarning, match=r"6 of 6; the median gap to the nearest outline is 2\.2 m") as said:
        qa.neighbours(drawn(shapes))
    advice = float(re.search(r"tolerance=([\d.]+)", str(said[0].message)).group(1))
    assert 3 < advice < 8


def test_joined_data_are_taken_as_their_areas():
    areas = gaping(3, 2, gap=0.7)
    data = qa.join(areas, pd.DataFrame({"residents": np.arange(1000.0, 1006.0)}, index=areas.index))
    assert pairs(qa.neighbours(data)) == pairs(qa.neighbours(areas)) == GRID_PAIRS


def test_the_check_says_it_in_both_languages():
    report = qa.check_areas(gaping(2, 2, gap=3.5))
    assert not report.fits
    assert "4 of 4; the median gap to the nearest outline is 3.5 m" in repr(report)
    assert "der Abstand zum nächsten Umriss ist im Mittel (Median) 3,5 m" in report.verdict("de")
    fitting = qa.check_areas(gaping(2, 2, gap=0))
    assert fitting.fits
    assert fitting.apart is None


def test_the_same_pairs_in_every_room():
    """Neighbours, the check and segregation agree, on outlines with slivers and a short border."""
    parts = [(0, 0, 600, 600), (600.5, 0, 1200, 600), (0, 600.5, 607, 1200), (607.5, 600.5, 1200, 1200)]
    areas = drawn([shapely.box(*part) for part in parts])
    data = qa.join(areas, pd.DataFrame({"mh": [90.0, 10, 10, 10], "residents": [100.0] * 4}, index=areas.index))
    found = pairs(qa.neighbours(data))
    assert found == {("01", "02"), ("01", "03"), ("02", "04"), ("03", "04")}  # 02 and 03 share 7 m
    assert qa.check_areas(areas).n_neighbours == len(found)
    table = qa.measure_segregation(data, ["mh"], population="residents", indices=["dissimilarity", "morrill"]).table
    d, adjusted = table.set_index("index")["value"][["dissimilarity", "morrill"]]
    share = data.values["mh"] / data.values["residents"]
    contrast = np.mean([abs(share[one] - share[other]) for one, other in found])
    assert adjusted == pytest.approx(d - contrast)


def test_segregation_by_borders_says_it_and_takes_the_tolerance():
    areas = gaping(4, 1, gap=2.0)
    counts = pd.DataFrame({"mh": [80.0, 60, 20, 10], "residents": [100.0] * 4}, index=areas.index)
    data = qa.join(areas, counts)
    options = {"population": "residents", "indices": ["wong_boundary"]}
    loose = qa.measure_segregation(data, ["mh"], **options)
    assert loose.table["value"].isna().all()
    assert "4 of 4; the median gap to the nearest outline is 2 m" in str(loose.notes[-1])
    bridged = qa.measure_segregation(data, ["mh"], tolerance=3, **options)
    touching = qa.measure_segregation(qa.join(gaping(4, 1, gap=0), counts), ["mh"], **options)
    assert bridged.table["value"].tolist() == pytest.approx(touching.table["value"].tolist())
    assert not [note for note in (*bridged.notes, *touching.notes) if note.name == "warning_apart"]
    plain = qa.measure_segregation(data, ["mh"], population="residents", indices=["dissimilarity"])
    assert not [note for note in plain.notes if note.name == "warning_apart"]


def test_a_small_gap_beside_one_district_in_a_large_city_is_said():
    city = [shapely.box(x * 1000, y * 1000, (x + 1) * 1000, (y + 1) * 1000) for y in range(3) for x in range(4)]
    with pytest.warns(UserWarning, match=r"1 of 13; the median gap to the nearest outline is 3 m"):
        qa.neighbours(drawn([*city, shapely.box(4003, 0, 5003, 1000)]))


@pytest.mark.parametrize(("step", "expected"), [(9, 4), (11, 5)])
def test_a_contact_shorter_than_ten_metres_is_a_corner_also_where_it_is_drawn_exactly(step, expected):
    parts = [(0, 0, 600, 600), (600, 0, 1200, 600), (0, 600, 600 + step, 1200), (600 + step, 600, 1200, 1200)]
    corners = [(600, 600), (600 + step, 600)]  # the points of each outline are points of its neighbours
    shapes = [shapely.union_all([shapely.box(*part)]) for part in parts]
    shapes = [shapely.snap(shape, shapely.MultiPoint(corners), 0.01) for shape in shapes]
    assert len(quiet(drawn(shapes))) == expected
    assert qa.check_areas(drawn(shapes)).n_neighbours == expected
