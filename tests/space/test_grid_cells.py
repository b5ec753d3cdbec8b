"""Grid cells to areas: exact against polygons, totals kept, codes and grids named, nothing counted without a word."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, KeyColumnError, SpecError

CORNER = np.array([4_334_000, 2_684_000])


def cells(columns=10, rows=10, size=100, seed=0, filled=1.0):
    """Make a grid of cells in random order, with residents and foreigners."""
    random = np.random.default_rng(seed)
    places = np.array([(x, y) for y in range(rows) for x in range(columns)])
    places = random.permutation(places[random.random(len(places)) < filled])
    x, y = (CORNER + size * places).T
    residents = random.integers(0, 200, len(places))
    return pd.DataFrame({"x": x, "y": y, "residents": residents, "foreign": random.binomial(residents, 0.2)})


def areas(*shapes, crs="EPSG:3035"):
    moved = [shapely.transform(shape, lambda points: points + CORNER) for shape in shapes]
    return gpd.GeoDataFrame(index=pd.Index([f"a{i}" for i in range(len(shapes))]), geometry=moved, crs=crs)


def quarters(n=20, side=1000.0, seed=1):
    """Cut a square into irregular areas that fit together."""
    points = np.random.default_rng(seed).random((n, 2)) * side
    tiles = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points)))
    tiles = shapely.intersection(tiles, shapely.box(0, 0, side, side))
    return areas(*tiles[shapely.area(tiles) > 0])


def overlaid(grid, districts, size=100):
    """Sum counts with a polygon for every cell: the slow way, by an independent package."""
    x, y = grid["x"].to_numpy(), grid["y"].to_numpy()
    squares = gpd.GeoDataFrame(grid.drop(columns=["x", "y"]), geometry=shapely.box(x, y, x + size, y + size), crs=3035)
    named = districts.rename_axis("key").reset_index()
    pieces = gpd.overlay(squares, named, how="intersection", keep_geom_type=True)
    share = pieces.area / size**2
    return pieces[["residents", "foreign"]].mul(share, axis=0).groupby(pieces["key"]).sum()


@pytest.mark.parametrize("filled", [1.0, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_sums_are_those_of_an_overlay_with_a_polygon_per_cell(seed, filled):
    grid, districts = cells(seed=seed, filled=filled), quarters(seed=seed)
    result = qa.grid_to_areas(grid, districts, cell_size=100)
    expected = overlaid(grid, districts).reindex(districts.index)
    pd.testing.assert_frame_equal(result.table, expected, check_names=False, rtol=1e-9, atol=1e-7)


def test_areas_with_holes_and_several_parts_get_what_an_overlay_says():
    ring = shapely.difference(shapely.Point(500, 500).buffer(400), shapely.Point(500, 500).buffer(200))
    parts = shapely.union(shapely.box(0, 0, 150, 100), shapely.box(850, 870, 1000, 1000))
    grid, districts = cells(), areas(ring, parts)
    result = qa.grid_to_areas(grid, districts, cell_size=100)
    pd.testing.assert_frame_equal(
        result.table, overlaid(grid, districts), check_names=False, check_index_type=False, rtol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_totals_are_kept_where_areas_cover_the_grid(seed):
    grid = cells(seed=seed)
    result = qa.grid_to_areas(grid, quarters(seed=seed), cell_size=100)
    assert result.table.sum().to_numpy() == pytest.approx(grid[["residents", "foreign"]].sum().to_numpy(), rel=1e-9)
    assert result.weights.groupby("from")["weight"].sum().to_numpy() == pytest.approx(1, abs=1e-9)
    assert result.totals["unallocated"].to_numpy() == pytest.approx(0, abs=1e-6)
    assert len(result.problems) == 0


def test_an_area_on_whole_cells_has_their_exact_sum_and_nothing_of_their_neighbours():
    grid = cells()
    result = qa.grid_to_areas(grid, areas(shapely.box(200, 300, 500, 700)), cell_size=100)
    inside = grid["x"].between(4_334_200, 4_334_400) & grid["y"].between(2_684_300, 2_684_600)
    assert result.table.loc["a0"].tolist() == grid.loc[inside, ["residents", "foreign"]].sum().tolist()
    assert result.targets.loc["a0"].tolist() == [12, 0, 0.0, False, 1.0]
    assert sorted(result.weights["from"]) == sorted(grid.index[inside])


def test_the_weights_name_the_rows_of_the_cells():
    grid = cells().set_index(pd.Index([f"c{i}" for i in range(100)]))
    weights = qa.grid_to_areas(grid, areas(shapely.box(0, 0, 150, 100)), cell_size=100).weights
    assert weights.set_index("from")["weight"].round(9).sort_values().tolist() == [0.5, 1.0]
    places = grid.loc[weights["from"], ["x", "y"]]
    assert set(map(tuple, places.to_numpy().tolist())) == {(4_334_000, 2_684_000), (4_334_100, 2_684_000)}


# where cells are


def test_centres_and_inspire_codes_are_the_same_cells():
    grid, districts = cells(), quarters()
    expected = qa.grid_to_areas(grid, districts, cell_size=100).table
    centres = grid.assign(x=grid["x"] + 50, y=grid["y"] + 50)
    codes = pd.DataFrame({"id": [f"100mN{y // 100}E{x // 100}" for x, y in zip(grid["x"], grid["y"], strict=True)]})
    codes = codes.join(grid[["residents", "foreign"]])
    pd.testing.assert_frame_equal(qa.grid_to_areas(centres, districts, cell_size=100, at="centre").table, expected)
    pd.testing.assert_frame_equal(qa.grid_to_areas(codes, districts, ids="id").table, expected)


def test_columns_of_coordinates_may_have_other_names_and_are_no_counts():
    grid = cells().rename(columns={"x": "x_mp_100m", "y": "y_mp_100m"})
    table = qa.grid_to_areas(grid, quarters(), cell_size=100, x="x_mp_100m", y="y_mp_100m").table
    assert table.columns.tolist() == ["residents", "foreign"]


@pytest.mark.parametrize(("shift", "at", "other"), [(50, "corner", "centre"), (0, "centre", "corner")])
def test_centres_taken_for_corners_are_refused_and_the_reverse(shift, at, other):
    grid = cells()
    grid[["x", "y"]] += shift
    with pytest.raises(SpecError, match=f"pass at='{other}'"):
        qa.grid_to_areas(grid, quarters(), cell_size=100, at=at)


def test_grids_of_other_systems_may_stand_anywhere():
    grid = cells()
    grid[["x", "y"]] += 50
    moved = quarters().set_crs("EPSG:25832", allow_override=True).translate(50, 50)
    districts = gpd.GeoDataFrame(geometry=moved, crs="EPSG:25832")
    result = qa.grid_to_areas(grid, districts, cell_size=100, crs="EPSG:25832")
    assert result.table["residents"].sum() == pytest.approx(grid["residents"].sum(), rel=1e-9)


def test_areas_in_another_system_are_refused_with_the_call_that_helps():
    with pytest.raises(GeometryError, match=r"use areas.to_crs\('EPSG:3035'\)"):
        qa.grid_to_areas(cells(), quarters().to_crs("EPSG:25832"), cell_size=100)


def test_cells_off_the_grid_doubled_or_nowhere_are_refused():
    grid = cells()
    with pytest.raises(SpecError, match=r"cells are not on one grid of 300 m.*Is cell_size right"):
        qa.grid_to_areas(grid, quarters(), cell_size=300)
    with pytest.raises(KeyColumnError, match="1 cell appears more than once"):
        qa.grid_to_areas(pd.concat([grid, grid.iloc[[5]]]), quarters(), cell_size=100)
    with pytest.raises(InputError, match="1 cell has no finite coordinates"):
        qa.grid_to_areas(
            grid.astype(float).replace({"x": {grid["x"][3]: np.nan}}).iloc[[3, 4]], quarters(), cell_size=1
        )
    with pytest.raises(InputError, match="There are no cells"):
        qa.grid_to_areas(grid.iloc[:0], quarters(), cell_size=100)


@pytest.mark.parametrize("size", [None, 0, -100, np.inf])
def test_a_cell_size_is_needed(size):
    with pytest.raises(SpecError, match="name the side of a cell"):
        qa.grid_to_areas(cells(), quarters(), cell_size=size)


def test_wrong_options_and_columns_are_named():
    with pytest.raises(SpecError, match="at must be one of 'corner', 'centre', not 'middle'"):
        qa.grid_to_areas(cells(), quarters(), cell_size=100, at="middle")
    with pytest.raises(ColumnError, match=r"no column 'X'. Did you mean 'x'"):
        qa.grid_to_areas(cells(), quarters(), cell_size=100, x="X")
    with pytest.raises(ColumnError, match="'resident'"):
        qa.grid_to_areas(cells(), quarters(), cell_size=100, counts=["resident"])
    mixed = pd.DataFrame({"id": ["100mN26840E43341", "1kmN2684E4334"], "n": [1, 2]})
    with pytest.raises(SpecError, match="one size at a time"):
        qa.grid_to_areas(mixed, quarters(), ids="id")


def test_areas_far_from_all_cells_are_unknown():
    result = qa.grid_to_areas(cells(), areas(shapely.box(1e5, 1e5, 2e5, 2e5)), cell_size=100)
    assert result.table.isna().all(axis=None)
    assert result.totals["unallocated"].tolist() == result.totals["before"].tolist()


def test_no_areas_and_coordinates_that_are_texts_are_refused():
    with pytest.raises(GeometryError, match="there are no areas"):
        qa.grid_to_areas(cells(), quarters().iloc[:0], cell_size=100)
    with pytest.raises(ColumnError, match=r"text in 'x', not coordinates; INSPIRE codes are named by ids="):
        qa.grid_to_areas(cells().assign(x="100mN26840E43341"), quarters(), cell_size=100)


def test_invalid_areas_and_doubled_keys_are_refused():
    bow_tie = shapely.Polygon([(0, 0), (500, 500), (500, 0), (0, 500)])
    with pytest.raises(GeometryError, match="invalid outline: 'a0'"):
        qa.grid_to_areas(cells(), areas(bow_tie), cell_size=100)
    twice = areas(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)).set_axis(["a", "a"])
    with pytest.raises(KeyColumnError, match="more than one area: 'a'"):
        qa.grid_to_areas(cells(), twice, cell_size=100)


# codes and unknown cells


def coded():
    grid = cells(3, 1)
    grid = grid.sort_values("x", ignore_index=True)
    grid["residents"], grid["foreign"] = [10, -1, 30], [4, -1, -9]
    return grid, areas(shapely.box(0, 0, 150, 100), shapely.box(150, 0, 300, 100))


def test_codes_that_are_not_named_are_refused_with_their_usual_meaning():
    grid, districts = coded()
    with pytest.raises(CountError, match=r"'residents' holds negative numbers: -1 \(1 cell\).*symbols={-1: 'zero'"):
        qa.grid_to_areas(grid, districts, cell_size=100)
    with pytest.raises(CountError, match=r"'foreign' holds negative numbers: -9 \(1 cell\)"):
        qa.grid_to_areas(grid, districts, cell_size=100, symbols={-1: "zero"})


def test_a_code_for_zero_is_zero_and_an_unknown_cell_is_unknown_in_every_area_it_touches():
    grid, districts = coded()
    result = qa.grid_to_areas(grid, districts, cell_size=100, symbols={-1: "zero", -9: "suppressed"})
    assert result.table["residents"].tolist() == [10, 30]
    assert result.table["foreign"].iloc[0] == 4
    assert np.isnan(result.table["foreign"].iloc[1])
    assert result.status["foreign"].tolist() == ["value", "suppressed"]
    assert result.totals.loc["foreign", ["unknown_sources", "unknown_targets"]].tolist() == [1, 1]
    assert "unknown in 1 target" in repr(result)


def test_an_empty_number_is_missing_and_never_zero():
    grid, districts = coded()
    grid["residents"] = [10.0, np.nan, 30.0]
    result = qa.grid_to_areas(grid, districts, cell_size=100, counts=["residents"], symbols={-1: "zero", -9: "missing"})
    assert result.table["residents"].isna().all()  # the unknown cell lies half in each
    assert result.status["residents"].tolist() == ["missing", "missing"]


def test_an_unknown_cell_on_the_other_side_of_a_border_does_not_matter():
    grid, _ = coded()
    grid["foreign"] = [4, 5, -9]
    table = qa.grid_to_areas(
        grid, areas(shapely.box(0, 0, 200, 100)), cell_size=100, symbols={-1: "zero", -9: "missing"}
    ).table
    assert table["foreign"].tolist() == [9]


def test_meanings_of_codes_are_checked():
    grid, districts = coded()
    with pytest.raises(
        SpecError, match="the meaning of -1 must be one of 'zero', 'missing', 'suppressed', not 'nobody'"
    ):
        qa.grid_to_areas(grid, districts, cell_size=100, symbols={-1: "nobody"})


def test_rates_of_cells_are_refused():
    grid = cells().assign(mean_age=40.5)
    with pytest.raises(CountError, match=r"'mean_age' is a rate by its name.*counts=\['residents', 'foreign'\]"):
        qa.grid_to_areas(grid, quarters(), cell_size=100)
    assert list(qa.grid_to_areas(grid, quarters(), cell_size=100, counts=["residents"]).table) == ["residents"]


# what is reported


def test_cells_outside_all_areas_are_counted_and_named():
    grid = cells()
    result = qa.grid_to_areas(grid, areas(shapely.box(0, 0, 450, 1000)), cell_size=100)
    left = grid["x"] < 4_334_400
    cut = grid["x"] == 4_334_400
    expected = grid.loc[~left & ~cut, "residents"].sum() + grid.loc[cut, "residents"].sum() / 2
    assert result.totals.loc["residents", "unallocated"] == pytest.approx(expected)
    totals = result.totals.loc["residents"]
    assert totals["before"] == pytest.approx(totals["after"] + totals["unallocated"])
    said = result.problems.set_index("what")["number"]
    assert said["cells_outside"] == 50
    assert said["counts_outside"] == pytest.approx(expected)
    assert "cells outside all areas, number" in repr(result)


def test_the_share_of_people_from_cut_cells_is_that_of_the_cut_cells():
    grid = cells(4, 1).sort_values("x", ignore_index=True)
    grid["residents"] = [100, 200, 300, 400]
    result = qa.grid_to_areas(grid, areas(shapely.box(50, 0, 300, 100), shapely.box(320, 0, 390, 100)), cell_size=100)
    assert result.table["residents"].tolist() == pytest.approx([550, 280])
    assert result.targets["split_share"].tolist() == pytest.approx([50 / 550, 1.0])
    assert result.targets["n_sources"].tolist() == [3, 1]
    assert result.uncertain == ["a1"]  # smaller than the cells


def test_overlapping_areas_are_reported_with_the_people_counted_twice():
    grid = cells(4, 1).sort_values("x", ignore_index=True)
    grid["residents"] = [100, 200, 300, 400]
    result = qa.grid_to_areas(grid, areas(shapely.box(0, 0, 250, 100), shapely.box(150, 0, 400, 100)), cell_size=100)
    said = result.problems.set_index("what")["number"]
    assert said["cells_counted_twice"] == 2
    assert said["counts_counted_twice"] == pytest.approx(250)


def test_an_area_without_any_cell_is_unknown_and_how_much_is_covered_is_said():
    grid = cells(4, 1)
    result = qa.grid_to_areas(grid, areas(shapely.box(0, 0, 800, 100), shapely.box(600, 0, 700, 100)), cell_size=100)
    assert np.isnan(result.table.loc["a1", "residents"])
    assert result.status.loc["a1", "residents"] == "missing"
    assert result.targets["covered"].tolist() == [0.5, 0.0]
    assert result.problems.loc[result.problems["what"] == "area_without_cell", "key"].tolist() == ["a1"]


def test_the_input_is_not_changed():
    grid, districts = coded()
    before = grid.copy()
    qa.grid_to_areas(grid, districts, cell_size=100, symbols={-1: "zero", -9: "missing"})
    pd.testing.assert_frame_equal(grid, before)


# real data


@pytest.mark.shared_data
def test_census_cells_of_berlin_sum_to_the_planning_areas_as_an_overlay_says(shared):
    pytest.importorskip("pyarrow", reason="the census grid at hand is a Parquet file, which needs pyarrow")
    grid = pd.read_parquet(shared / "census_grid_1km" / "continuous_Einwohner.parquet")
    districts = gpd.read_file(shared / "berlin/lor_post2021_PLR/lor_planungsraeume_2021.shp").to_crs("EPSG:3035")
    districts = districts.set_index("PLR_ID")[["geometry"]]
    left, low, right, high = districts.total_bounds
    near = grid["x"].between(left - 1000, right + 1000) & grid["y"].between(low - 1000, high + 1000)
    grid = grid[near].rename(columns={"Einwohner": "residents"})
    result = qa.grid_to_areas(grid, districts, cell_size=1000, at="centre", symbols={-1: "zero"})
    corners = grid.assign(x=grid["x"] - 500, y=grid["y"] - 500, residents=grid["residents"].clip(lower=0), foreign=0)
    expected = overlaid(corners, districts, 1000).reindex(districts.index)["residents"]
    assert result.table["residents"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
    assert 3_000_000 < result.table["residents"].sum() < 3_500_000  # the census of 2011 counted 3.29 million
