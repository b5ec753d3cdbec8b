"""Limits of transfers and areas: exactly at, just above and just below; unknown parts of sums."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.space.regular_grids import regular_grid
from quartiersatlas.space.surroundings import surrounding_sums

BELOW, ABOVE = 0.9, 1.1  # of a limit


def crosswalk(*rows):
    return pd.DataFrame(rows, columns=["from", "to", "weight"])


def counts(**values):
    return pd.DataFrame({"n": pd.Series(values, dtype=float)})


def frame(keys, *bounds, crs="EPSG:25832"):
    return gpd.GeoDataFrame(index=list(keys), geometry=[shapely.box(*bound) for bound in bounds], crs=crs)


# slivers and tolerances of weights


@pytest.mark.parametrize(("sliver", "dropped"), [(0.25, 0), (np.nextafter(0.25, 1), 1), (np.nextafter(0.25, 0), 0)])
def test_a_weight_exactly_at_the_limit_is_no_sliver(sliver, dropped):
    weights = crosswalk(("a", "x", 0.75), ("a", "y", 0.25), ("b", "y", 1.0))
    result = qa.transfer(counts(a=100, b=8), weights, sliver=sliver)
    assert len(result.slivers) == dropped
    assert result.table["n"].to_dict() == ({"x": 100, "y": 8} if dropped else {"x": 75, "y": 33})


@pytest.mark.parametrize("second", [0.75, 0.25])  # sums of 1.25 and 0.75
def test_a_sum_exactly_at_the_tolerance_is_scaled_and_one_beyond_is_refused(second):
    weights = crosswalk(("a", "x", 0.5), ("a", "y", second), ("b", "y", 1.0))
    assert qa.transfer(counts(a=100, b=8), weights, tolerance=0.25).table["n"].sum() == pytest.approx(108)
    with pytest.raises(CountError, match="do not sum to 1"):
        qa.transfer(counts(a=100, b=8), weights, tolerance=np.nextafter(0.25, 0))


def test_the_options_themselves_have_limits():
    exact = crosswalk(("a", "x", 1.0))
    for fine in ({"sliver": 0.0}, {"sliver": np.nextafter(0.5, 0)}, {"tolerance": 0.0}, {"tolerance": 0.999}):
        assert qa.transfer(counts(a=1), exact, **fine).table["n"].tolist() == [1]
    for wrong in ({"sliver": 0.5}, {"sliver": -1e-9}, {"tolerance": 1.0}, {"tolerance": -1e-9}):
        with pytest.raises(SpecError):
            qa.transfer(counts(a=1), exact, **wrong)


@pytest.mark.parametrize(("sliver", "dropped"), [(0.25, 0), (0.250001, 1)])
def test_an_overlap_exactly_at_the_limit_is_no_sliver(sliver, dropped):
    # b and x overlap by 100 of the 400 m of b and of the 500 m of x
    old = frame("ab", (0, 0, 400, 100), (400, 0, 800, 100))
    new = frame("xy", (0, 0, 500, 100), (500, 0, 800, 100))
    result = qa.transfer_by_area(counts(a=40, b=80), old, new, sliver=sliver)
    assert len(result.slivers) == dropped
    assert result.table["n"].to_dict() == ({"x": 40, "y": 80} if dropped else {"x": 60, "y": 60})


def test_an_overlap_that_is_large_in_one_of_both_areas_is_no_sliver():
    old = frame("ab", (0, 0, 1000, 100), (1000, 0, 1010, 100))
    new = frame("x", (0, 0, 1010, 100))  # b is 1 % of x, but x is all of b
    assert qa.transfer_by_area(counts(a=40, b=80), old, new, sliver=0.02).table["n"].to_dict() == {"x": 120}


@pytest.mark.parametrize(("outside", "refused"), [(25, False), (26, True)])
def test_a_part_outside_exactly_at_the_tolerance_is_allowed(outside, refused):
    old, new = frame("a", (0, 0, 100, 100)), frame("x", (0, 0, 100 - outside, 100))
    if refused:
        with pytest.raises(GeometryError, match="not covered exactly once"):
            qa.transfer_by_area(counts(a=40), old, new, tolerance=0.25)
    else:
        assert qa.transfer_by_area(counts(a=40), old, new, tolerance=0.25).table["n"].tolist() == [40]


# split, uncertain, whole


@pytest.mark.parametrize(("weight", "split"), [(0.99, 0), (np.nextafter(0.99, 0), 1)])
def test_a_source_goes_to_its_target_as_a_whole_from_99_percent(weight, split):
    weights = crosswalk(("a", "x", weight), ("a", "y", 1 - weight), ("b", "y", 1.0))
    assert qa.transfer(counts(a=100, b=8), weights, sliver=0).targets.loc["x", "n_split"] == split


@pytest.mark.parametrize(("people", "uncertain"), [(100, False), (101, True), (99, False)])
def test_a_target_is_uncertain_above_5_percent_from_split_sources(people, uncertain):
    # y: 5 % of a, and the 95 of b; of 100 people in a that is 5 of 100
    weights = crosswalk(("a", "x", 0.95), ("a", "y", 0.05), ("b", "y", 1.0))
    targets = qa.transfer(counts(a=people, b=95), weights).targets
    assert targets.loc["y", "split_share"] == pytest.approx(0.05 * people / (0.05 * people + 95))
    assert targets.loc["y", "uncertain"] == uncertain


@pytest.mark.parametrize(("miss", "refused"), [(BELOW, False), (ABOVE, True)])
@pytest.mark.parametrize(("number", "limit"), [(10.0, 1e-8), (0.0, 1e-9)])
def test_a_count_may_miss_a_whole_number_by_a_billionth_of_itself(number, limit, miss, refused):
    frame = counts(a=number + miss * limit)
    if refused:
        with pytest.raises(CountError, match="1 number that is not whole"):
            qa.transfer(frame, crosswalk(("a", "x", 1.0)))
    else:
        assert qa.transfer(frame, crosswalk(("a", "x", 1.0))).table["n"].tolist() == frame["n"].tolist()


# unknown parts of sums


@pytest.mark.parametrize("first", ["missing", "suppressed", "unreliable", "not_applicable", "provisional"])
@pytest.mark.parametrize("second", ["missing", "suppressed", "unreliable", "not_applicable", "provisional"])
def test_the_worse_reason_prevails_in_both_orders(first, second, joined):
    worse = ["provisional", "not_applicable", "unreliable", "missing", "suppressed"]
    data = joined({"n": [np.nan, np.nan, 3.0]})
    data.status.loc[["a0", "b0"], "n"] = [first, second]
    weights = crosswalk(("a0", "x", 1.0), ("b0", "x", 1.0), ("c0", "y", 1.0))
    result = qa.transfer(data, weights)
    assert result.status["n"].to_dict() == {"x": max(first, second, key=worse.index), "y": "value"}
    assert result.table["n"].isna().to_dict() == {"x": True, "y": False}


def test_a_sum_with_one_unknown_part_is_unknown_and_the_known_part_is_in_no_target():
    weights = crosswalk(("a", "x", 0.5), ("a", "y", 0.5), ("b", "y", 1.0), ("c", "z", 1.0))
    result = qa.transfer(counts(a=np.nan, b=400, c=7), weights)
    assert result.table["n"].isna().to_dict() == {"x": True, "y": True, "z": False}
    assert result.totals.loc["n"].to_dict() == {
        "before": 407, "after": 7, "unallocated": 0, "in_slivers": 0, "unknown_sources": 1, "unknown_targets": 2,
    }  # fmt: skip


def test_where_all_parts_are_unknown_the_weights_say_how_much_is_split():
    weights = crosswalk(("a", "x", 0.5), ("a", "y", 0.5), ("b", "y", 1.0))
    targets = qa.transfer(counts(a=np.nan, b=np.nan), weights).targets
    assert targets["split_share"].to_dict() == {"x": 1.0, "y": pytest.approx(0.5 / 1.5)}


def test_unknown_counts_without_a_target_are_no_known_sum():
    frame = counts(a=10, b=np.nan, c=5)
    result = qa.transfer(frame, crosswalk(("a", "x", 1.0)), missing="report")
    assert result.totals.loc["n", ["before", "after", "unallocated"]].tolist() == [15, 10, 5]
    assert result.problems[["what", "key"]].to_numpy().tolist() == [
        ["source_without_target", "b"], ["source_without_target", "c"],
    ]  # fmt: skip


# cells and grids


@pytest.mark.parametrize(("miss", "refused"), [(BELOW, False), (ABOVE, True)])
def test_a_cell_may_miss_the_grid_by_a_millionth(miss, refused):
    cells = pd.DataFrame({"x": [0.0, 100 + miss * 1e-4], "y": [0.0, 0.0], "n": [1, 2]})
    areas = frame("a", (0, 0, 300, 100))
    if refused:
        with pytest.raises(SpecError, match="1 cell is not on one grid of 100 m, in rows '1'"):
            qa.grid_to_areas(cells, areas, cell_size=100, crs=25832)
    else:
        assert qa.grid_to_areas(cells, areas, cell_size=100, crs=25832).table["n"].tolist() == [3]


@pytest.mark.parametrize(("share", "uncertain"), [(50, False), (51, True)])
def test_an_area_is_too_small_for_the_cells_above_one_half_from_cut_cells(share, uncertain):
    # half of the cut cell with 2 x share people, and a whole one with 50: share of the sum from the cut cell
    cells = pd.DataFrame({"x": [0.0, 100.0], "y": [0.0, 0.0], "n": [2 * share, 50]})
    result = qa.grid_to_areas(cells, frame("a", (50, 0, 200, 100)), cell_size=100, crs=25832)
    assert result.targets.loc["a", "split_share"] == pytest.approx(share / (share + 50))
    assert result.targets.loc["a", "uncertain"] == uncertain


@pytest.mark.parametrize(("miss", "is_grid"), [(BELOW, True), (ABOVE, False)])
def test_a_point_may_miss_the_regular_grid_by_a_millionth_of_the_step(miss, is_grid):
    points = np.array([(x, y) for y in (0.0, 100, 200) for x in (0.0, 100, 200)])
    points[4, 0] += miss * 1e-4  # the point in the middle
    assert (regular_grid(points) is not None) == is_grid


@pytest.mark.parametrize("method", ["pairs", "grid"])
@pytest.mark.parametrize(("beyond", "within"), [(0.0, True), (BELOW * 1e-9, True), (ABOVE * 1e-9, False)])
def test_a_neighbour_exactly_at_the_radius_is_within_it(method, beyond, within):
    points = [[0, 0], [1000 * (1 + beyond), 0]]
    sums = surrounding_sums(points, [[1.0], [10.0]], 1000, "uniform", method=method)
    assert sums[0, :, 0].tolist() == ([11, 11] if within else [1, 10])


def test_the_triangular_weight_is_0_at_the_radius():
    sums = surrounding_sums([[0, 0], [1000, 0]], [[1.0], [10.0]], [1000, 2000], "triangular")
    assert sums[..., 0].tolist() == [[1.0, 10.0], [6.0, 10.5]]


# areas that nearly fit


@pytest.mark.parametrize(("tolerance", "narrow"), [(2.0, True), (np.nextafter(2, 0), False), (2.1, True)])
def test_a_gap_exactly_as_wide_as_the_tolerance_is_narrow(tolerance, narrow):
    hole = shapely.box(48, 48, 52, 52)  # 2 A / P = 2 x 16 / 16 m
    areas = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 100, 100).difference(hole)], crs="EPSG:25832")
    report = qa.check_areas(areas, tolerance=tolerance)
    assert report.gaps["width"].tolist() == [2.0]
    assert report.gaps["narrow"].tolist() == [narrow]
    assert report.fits != narrow


@pytest.mark.parametrize(("tolerance", "slivers"), [(2.0, ("b",)), (np.nextafter(2, 0), ())])
def test_an_area_exactly_as_wide_as_the_tolerance_is_a_sliver(tolerance, slivers):
    areas = frame("ab", (0, 0, 100, 100), (100, 0, 104, 4))
    assert qa.check_areas(areas, tolerance=tolerance).slivers == slivers


@pytest.mark.parametrize(("depth", "n_overlaps"), [(BELOW * 1e-5, 0), (ABOVE * 1e-5, 1)])
def test_an_overlap_is_rounding_up_to_a_thousandth_of_a_square_metre(depth, n_overlaps):
    areas = frame("ab", (0, 0, 100, 100), (100 - depth, 0, 200, 100))
    assert len(qa.check_areas(areas).overlaps) == n_overlaps


@pytest.mark.parametrize(("gap", "pairs"), [(1.0, 1), (BELOW, 1), (ABOVE, 0)])
def test_areas_exactly_as_far_apart_as_the_tolerance_are_neighbours(gap, pairs):
    areas = frame("ab", (0, 0, 100, 100), (100 + gap, 0, 200, 100))
    assert qa.check_areas(areas).n_neighbours == pairs


def test_an_overlap_with_an_area_whose_own_outline_seems_to_fit_is_found():
    # Ten cells of a plane, one moved by half a metre: it reaches over a corner into an area none of whose edges is
    # reported as invalid. The expected surface is that of the intersections.
    random = np.random.default_rng(2000)
    square = shapely.box(0, 0, 2000, 2000)
    points = shapely.multipoints(random.random((10, 2)) * 2000)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=square))
    shapes = shapely.coverage_clean(shapely.intersection(cells, square))
    shapes[0] = shapely.transform(shapes[0], lambda xy: xy + 0.5)
    common = shapely.area(shapely.intersection(shapes[0], shapes[1:]))
    areas = gpd.GeoDataFrame(index=[str(i) for i in range(len(shapes))], geometry=shapes, crs="EPSG:25832")
    found = qa.check_areas(areas).overlaps["square_metres"]
    assert (common > 0.1).sum() == 2
    assert sorted(found) == pytest.approx(sorted(common[common > 0.1]), rel=1e-6)
