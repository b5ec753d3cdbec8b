"""Counts by surface and by where people live: totals kept, geometry checked, real errors on real boundaries."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, GeometryError, JoinError, KeyColumnError, SpecError


def frame(shapes, keys, **columns):
    return gpd.GeoDataFrame(columns, index=pd.Index(keys, dtype=object), geometry=list(shapes), crs="EPSG:25832")


def strip(*lefts, right, low=0.0, high=1000.0):
    """Cut a strip into rectangles."""
    ends = [*lefts[1:], right]
    return [shapely.box(left, low, end, high) for left, end in zip(lefts, ends, strict=True)]


def tiles(n, seed, side=1000.0):
    points = np.random.default_rng(seed).random((n, 2)) * side
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    cells = shapely.intersection(cells, shapely.box(0, 0, side, side))
    cells = cells[shapely.area(cells) > 0]
    return cells, [f"{seed}-{i}" for i in range(len(cells))]


OLD = frame(strip(0, 1000, right=2000), ["a", "b"])
NEW = frame(strip(0, 250, 1500, right=2000), ["x", "y", "z"])
COUNTS = pd.DataFrame({"residents": [1000.0, 400.0]}, index=["a", "b"])


# by surface


def test_counts_follow_the_surface():
    result = qa.transfer_by_area(COUNTS, OLD, NEW)
    assert result.table["residents"].to_dict() == {"x": 250, "y": 750 + 200, "z": 200}
    assert result.weights.set_index(["from", "to"])["weight"].to_dict() == {
        ("a", "x"): 0.25, ("a", "y"): 0.75, ("b", "y"): 0.5, ("b", "z"): 0.5,
    }  # fmt: skip
    assert result.method == "by surface"


@pytest.mark.parametrize("seed", range(4))
def test_totals_are_kept_and_the_weights_are_those_of_an_overlay(seed):
    old, new = frame(*tiles(30, seed)), frame(*tiles(40, seed + 10))
    counts = pd.DataFrame({"n": np.random.default_rng(seed).integers(0, 10_000, len(old))}, index=old.index)
    result = qa.transfer_by_area(counts, old, new, sliver=0)
    assert result.table["n"].sum() == pytest.approx(counts["n"].sum(), rel=1e-9)
    named = [areas.rename_axis(name).reset_index() for areas, name in ((old, "from"), (new, "to"))]
    pieces = gpd.overlay(*named, how="intersection", keep_geom_type=True)
    expected = pieces.area / old.area.loc[pieces["from"]].to_numpy()
    expected = expected.to_numpy() * counts["n"].loc[pieces["from"]].to_numpy()
    expected = pd.Series(expected).groupby(pieces["to"]).sum()
    assert result.table["n"].loc[expected.index].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6, abs=1e-6)


def test_the_same_areas_change_nothing():
    areas = frame(*tiles(30, 3))
    counts = pd.DataFrame({"n": np.arange(len(areas))}, index=areas.index)
    result = qa.transfer_by_area(counts, areas, areas)
    assert result.table["n"].to_numpy() == pytest.approx(counts["n"].to_numpy(), abs=1e-9)
    assert result.uncertain == []


def test_overlaps_that_are_slivers_of_both_areas_are_dropped_and_listed():
    new = frame(strip(0, 1000.5, right=2000), ["x", "y"])  # half a metre of b
    result = qa.transfer_by_area(COUNTS, OLD, new)
    assert result.table["residents"].to_dict() == {"x": 1000, "y": 400}
    assert result.slivers[["from", "to"]].to_numpy().tolist() == [["b", "x"]]
    assert result.totals.loc["residents", "in_slivers"] == pytest.approx(0.2)


def test_a_small_new_area_within_a_large_old_one_is_no_sliver():
    kiosk = shapely.box(500, 500, 510, 510)
    new = frame([kiosk, OLD.geometry["a"].difference(kiosk), OLD.geometry["b"]], ["kiosk", "rest", "b2"])
    result = qa.transfer_by_area(COUNTS, OLD, new)
    assert result.table.loc["kiosk", "residents"] == pytest.approx(0.1)
    assert result.uncertain == ["kiosk"]


def test_old_areas_that_new_ones_do_not_cover_are_refused_or_reported():
    short = NEW.loc[["x", "y"]]
    with pytest.raises(GeometryError, match=r"1 of 2 old areas is not covered exactly once by new areas \('b': 50.0%"):
        qa.transfer_by_area(COUNTS, OLD, short)
    wide = qa.transfer_by_area(COUNTS, OLD, short, tolerance=0.6)
    assert wide.table["residents"].to_dict() == {"x": 250, "y": 1150}
    assert wide.problems.to_numpy().tolist() == [["not_covered_once", "b", 0.5]]


def test_an_old_area_outside_all_new_ones_is_refused_or_its_counts_are_not_carried():
    apart = pd.concat([OLD, frame([shapely.box(9000, 0, 9100, 100)], ["island"])])
    counts = pd.DataFrame({"residents": [1000.0, 400.0, 7.0]}, index=["a", "b", "island"])
    with pytest.raises(JoinError, match="1 area with data has no weights: 'island'"):
        qa.transfer_by_area(counts, apart, NEW)
    result = qa.transfer_by_area(counts, apart, NEW, missing="report")
    assert result.totals.loc["residents", ["before", "after", "unallocated"]].tolist() == [1407, 1400, 7]


def test_overlapping_new_areas_are_refused():
    with pytest.raises(GeometryError, match="not covered exactly once"):
        qa.transfer_by_area(COUNTS, OLD, pd.concat([NEW, NEW.loc[["z"]].set_axis(["z2"])]))


def test_a_new_area_outside_all_old_ones_is_unknown():
    more = pd.concat([NEW, frame([shapely.box(9000, 0, 9100, 100)], ["park"])])
    result = qa.transfer_by_area(COUNTS, OLD, more)
    assert np.isnan(result.table.loc["park", "residents"])
    assert result.problems["key"].tolist() == ["park"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda areas: areas.to_crs("EPSG:4326"), "are in degrees"),
        (lambda areas: areas.set_crs(None, allow_override=True), "without a coordinate reference system"),
        (
            lambda areas: areas.to_crs("EPSG:3035"),
            r"bring them to one system, such as from_areas.to_crs\(to_areas.crs\)",
        ),
        (lambda areas: areas.set_geometry(areas.boundary), "are not polygons"),
        (lambda areas: areas.set_geometry([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])] * 2), "invalid outline"),
    ],
)
def test_geometries_that_cannot_be_measured_are_refused(change, said):
    with pytest.raises(GeometryError, match=said):
        qa.transfer_by_area(COUNTS, change(OLD), NEW)


def test_keys_that_are_doubled_or_no_text_are_refused():
    with pytest.raises(KeyColumnError, match="from_areas: 1 key stands for more than one area: 'a'"):
        qa.transfer_by_area(COUNTS, OLD.set_axis(["a", "a"]), NEW)
    with pytest.raises(KeyColumnError, match="to_areas: 3 keys are not text"):
        qa.transfer_by_area(COUNTS, OLD, NEW.reset_index(drop=True))


def test_rates_are_refused():
    with pytest.raises(CountError, match="'mh_share' is a rate by its name"):
        qa.transfer_by_area(COUNTS.assign(mh_share=[1.0, 2.0]), OLD, NEW)


# by population


def homes(*points, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapely.points(points), crs="EPSG:25832")


def test_counts_follow_the_residents_of_points():
    layer = homes((100, 500), (900, 500), (1900, 500), n=[3, 1, 5])
    result = qa.transfer_by_area(COUNTS, OLD, NEW, population=layer)
    assert result.table["residents"].to_dict() == {"x": 750, "y": 250, "z": 400}
    assert result.status["residents"].to_dict() == {"x": "value", "y": "value", "z": "value"}
    assert result.method == "by population"


def test_counts_follow_the_residents_of_small_areas_which_are_cut_by_surface():
    blocks = frame(strip(0, 500, 1000, 1750, right=2000), ["b1", "b2", "b3", "b4"], n=[80, 20, 30, 0])
    table = qa.transfer_by_area(COUNTS, OLD, NEW, population=blocks).table["residents"]
    # a: 80 in b1, half of it west of 250; b: 30 in b3, 500 of 750 m west of 1500
    assert table.to_numpy() == pytest.approx([1000 * 0.4, 1000 * 0.6 + 400 * 2 / 3, 400 / 3])


def test_a_target_where_nobody_lives_gets_exactly_nobody():
    layer = homes((100, 500), (1200, 500), n=[3, 5])
    result = qa.transfer_by_area(COUNTS, OLD, NEW, population=layer)
    assert result.table["residents"].to_dict() == {"x": 1000, "y": 400, "z": 0}
    assert result.status["residents"]["z"] == "zero"
    assert result.uncertain == ["z"]  # that nobody lives there is the layer's word


def test_an_old_area_without_people_in_the_layer_is_split_by_surface_and_named():
    result = qa.transfer_by_area(COUNTS, OLD, NEW, population=homes((100, 500), n=[3]))
    assert result.table["residents"].to_dict() == {"x": 1000, "y": 200, "z": 200}
    assert result.problems.to_numpy().tolist() == [["source_without_population", "b", 0.0]]


def test_people_of_the_layer_outside_the_areas_are_named():
    layer = homes((100, 500), (1900, 500), (5000, 500), n=[3, 5, 11])
    result = qa.transfer_by_area(COUNTS, OLD, NEW, population=layer)
    assert result.problems.to_numpy().tolist() == [["population_outside", "", 11.0]]


def test_a_point_on_a_border_counts_once():
    result = qa.transfer_by_area(COUNTS, OLD, NEW, population=homes((250, 500), (1900, 1), n=[3, 1]))
    assert result.table["residents"].sum() == pytest.approx(1400)
    assert set(result.weights.loc[result.weights["from"] == "a", "weight"]) == {0.0, 1.0}


def test_an_even_population_gives_the_weights_by_surface():
    side = 20
    x, y = np.meshgrid(np.arange(0, 2000, side), np.arange(0, 1000, side))
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + side, y.ravel() + side)
    even = gpd.GeoDataFrame({"n": [1] * len(squares)}, geometry=squares, crs="EPSG:25832")
    new = frame(shapely.intersection(tiles(12, 5, 2000)[0], shapely.box(0, 0, 2000, 1000)), tiles(12, 5, 2000)[1])
    new = new[new.area > 0]
    by_people = qa.transfer_by_area(COUNTS, OLD, new, population=even).table["residents"]
    by_surface = qa.transfer_by_area(COUNTS, OLD, new).table["residents"]
    assert by_people.to_numpy() == pytest.approx(by_surface.to_numpy(), rel=1e-6)


def test_the_column_of_residents_is_named_where_there_are_several():
    layer = homes((100, 500), (1900, 500), n=[3, 5], m=[1, 1])
    with pytest.raises(SpecError, match=r"Which column of population holds the residents\? .*'n', 'm'"):
        qa.transfer_by_area(COUNTS, OLD, NEW, population=layer)
    assert (
        qa.transfer_by_area(COUNTS, OLD, NEW, population=layer, population_column="n").table["residents"]["x"] == 1000
    )
    with pytest.raises(ColumnError, match="population has no column 'people'"):
        qa.transfer_by_area(COUNTS, OLD, NEW, population=layer, population_column="people")


def test_unknown_and_negative_residents_and_other_systems_are_refused():
    with pytest.raises(CountError, match="1 part has no number of residents: '0'"):
        qa.transfer_by_area(COUNTS, OLD, NEW, population=homes((100, 500), (900, 500), n=[np.nan, 1]))
    with pytest.raises(CountError, match="negative"):
        qa.transfer_by_area(COUNTS, OLD, NEW, population=homes((100, 500), n=[-1]))
    with pytest.raises(GeometryError, match="another coordinate reference system"):
        qa.transfer_by_area(COUNTS, OLD, NEW, population=homes((100, 500), n=[1]).to_crs(3035))


@pytest.mark.parametrize(("beyond", "named"), [(0.5e-6, False), (0.99e-5, False), (1.01e-5, True), (0.005, True)])
def test_a_part_outside_is_named_where_it_is_more_than_outlines_are_drawn_exactly(beyond, named):
    old = gpd.GeoDataFrame(
        index=["a", "b"], geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], crs=25833
    )
    new = gpd.GeoDataFrame(index=["x"], geometry=[shapely.box(1000 * beyond, 0, 2000, 1000)], crs=25833)
    found = qa.transfer_by_area(pd.DataFrame({"people": [900.0, 100]}, index=["a", "b"]), old, new)
    assert found.table.loc["x", "people"] == 1000
    assert found.problems["key"].tolist() == (["a"] if named else [])
