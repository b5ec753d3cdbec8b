"""What a transfer is worth: Berlin's residents of 12/2020 on the planning areas of 2021, counted there a year later.

Every table is compared with one made by geopandas.overlay and groupby; the figures are those of docs/transfer.md.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa

pytestmark = pytest.mark.shared_data

RESIDENTS, MH = "inhabitants", "inhabitants_with_migration_background"
EMPTY = "03400831"  # nobody lives there


@pytest.fixture(scope="module")
def population(shared):
    def read(year):
        file = shared / "berlin" / "population" / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
        return qa.read_table(file, key="id", columns=[RESIDENTS, MH]).values

    return read


@pytest.fixture(scope="module")
def before(population):
    return population(2020)


@pytest.fixture(scope="module")
def after(population):
    return population(2021)


@pytest.fixture(scope="module")
def crosswalk(shared):
    pairs = pd.read_csv(shared / "berlin" / "seed_lor_crosswalk_2006_to_2021.csv", dtype=str)
    pairs = pairs.rename(columns={"plr_id_pre2021": "from", "plr_id_2021": "to"})
    return pairs.assign(weight=pairs["weight"].astype(float))


@pytest.fixture(scope="module")
def new(shared):
    return qa.read_areas(shared / "berlin/lor_post2021_PLR/lor_planungsraeume_2021.shp", key="PLR_ID")


@pytest.fixture(scope="module")
def old(shared, new):
    areas = gpd.read_file(shared / "berlin" / "berlin-lor-planning-areas-until-2020.geojson").to_crs(new.crs)
    # two areas bear the key 06010102, and 04030417 is lacking: it is the one that lies in district 04
    for i in areas.index[areas["id"] == "06010102"]:
        if new.index[new.contains(areas.geometry[i].representative_point())][0].startswith("04"):
            areas.loc[i, "id"] = "04030417"
    return areas.set_index("id")[["geometry"]]


@pytest.fixture(scope="module")
def pieces(old, new):
    """Lay the areas over each other with geopandas."""
    named = old.rename_axis("from").reset_index(), new[["geometry"]].rename_axis("to").reset_index()
    return gpd.overlay(*named, how="intersection", keep_geom_type=True)


def shared_out(counts, pairs, by):
    """Share counts out with pandas: the slow way that leaves nothing to doubt."""
    weight = by / by.groupby(pairs["from"]).transform("sum")
    parts = pairs[["to"]].assign(**{c: weight * pairs["from"].map(counts[c]) for c in counts})
    return parts.groupby("to").sum()


def errors(table, after, column=RESIDENTS):
    """Return the relative errors of the areas with at least 300 residents."""
    large = after.index[after[RESIDENTS] >= 300]
    return (table[column].reindex(large) - after.loc[large, column]).abs() / after.loc[large, column]


def figures(table, after, column=RESIDENTS):
    """Return the median and the ninth decile in percent, and the number of areas more than 20 % off."""
    sizes = errors(table, after, column)
    return round(100 * sizes.median(), 1), round(100 * sizes.quantile(0.9)), int((sizes > 0.2).sum()), len(sizes)


def assert_same(result, expected):
    table = result.table.loc[expected.index]
    assert table.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6, abs=1e-4)
    assert result.totals["after"].to_numpy() == pytest.approx(result.totals["before"].to_numpy(), rel=1e-9)


def test_by_crosswalk_the_total_is_right_and_90_of_537_areas_are_not(before, after, crosswalk):
    result = qa.transfer(before, crosswalk, sliver=0)
    assert_same(result, shared_out(before, crosswalk, crosswalk["weight"]))
    # known from an independent evaluation of these files
    assert figures(result.table, after) == (2.4, 35, 90, 537)
    assert after.loc[EMPTY, RESIDENTS] == 0
    assert result.table.loc[EMPTY, RESIDENTS] == pytest.approx(6295, abs=0.5)


def test_without_slivers_as_many_areas_are_wrong(before, after, crosswalk):
    result = qa.transfer(before, crosswalk)
    assert len(result.slivers) == 2385  # of 3055 pairs, known from the same evaluation
    rest = crosswalk[crosswalk["weight"] >= 0.001]
    expected = shared_out(before, rest, rest["weight"])
    assert_same(result, expected)
    assert figures(expected, after) == (2.3, 34, 90, 537)


def test_by_surface_the_errors_are_those_of_the_crosswalk(before, after, old, new, pieces):
    assert_same(qa.transfer_by_area(before, old, new, sliver=0), shared_out(before, pieces, pieces.area))
    small = pieces.area < 0.001 * old.area.loc[pieces["from"]].to_numpy()
    small &= pieces.area < 0.001 * new.area.loc[pieces["to"]].to_numpy()
    expected = shared_out(before, pieces[~small], pieces[~small].area)
    assert_same(qa.transfer_by_area(before, old, new), expected)
    assert figures(expected, after) == (2.3, 35, 90, 537)
    assert figures(expected, after, MH)[2] == 115


def test_no_large_error_of_residents_is_without_its_mark(before, after, crosswalk, old, new):
    for result in (qa.transfer(before, crosswalk), qa.transfer_by_area(before, old, new)):
        sizes = errors(result.table, after)
        uncertain = result.targets["uncertain"].loc[sizes.index]
        assert sizes[~uncertain].count() > 300
        assert sizes[~uncertain].max() < 0.2
        assert sizes[~uncertain].median() < 0.011
        assert sizes[uncertain].median() > 0.15


def test_by_the_residents_of_the_new_areas_other_counts_follow_better(before, after, old, new, pieces):
    layer = new[["geometry"]].join(after[RESIDENTS])
    density = (after[RESIDENTS] / new.area).loc[pieces["to"]].to_numpy()
    expected = shared_out(before, pieces, pieces.area * density)
    result = qa.transfer_by_area(before, old, new, population=layer, sliver=0)
    assert_same(result, expected)
    assert result.table.loc[EMPTY].tolist() == [0, 0]
    trimmed = qa.transfer_by_area(before, old, new, population=layer)
    assert figures(trimmed.table, after, MH)[2] == figures(expected, after, MH)[2] == 42


def test_by_the_residents_of_a_census_grid_fewer_areas_are_wrong(before, after, old, new, pieces, shared):
    pytest.importorskip("pyarrow", reason="the census grid at hand is a Parquet file, which needs pyarrow")
    grid = pd.read_parquet(shared / "census_grid_1km" / "continuous_Einwohner.parquet")
    west, south, east, north = new.to_crs(3035).total_bounds
    near = grid["x"].between(west - 1000, east + 1000) & grid["y"].between(south - 1000, north + 1000)
    grid = grid[near & (grid["Einwohner"] > 0)]
    x, y = grid["x"].to_numpy(), grid["y"].to_numpy()
    squares = shapely.box(x - 500, y - 500, x + 500, y + 500)
    layer = gpd.GeoDataFrame({"n": grid["Einwohner"].to_numpy()}, geometry=squares, crs=3035).to_crs(new.crs)
    cut = gpd.overlay(pieces, layer.assign(cell=layer.area), how="intersection", keep_geom_type=True)
    expected = shared_out(before, cut, cut["n"] * cut.area / cut["cell"])
    assert_same(qa.transfer_by_area(before, old, new, population=layer, sliver=0), expected)
    result = qa.transfer_by_area(before, old, new, population=layer)
    assert figures(result.table, after)[1:] == figures(expected, after)[1:] == (27, 71, 537)


def test_a_share_of_2020_and_its_change_can_be_had_on_the_areas_of_2021(before, after, crosswalk, new, shared):
    def shares(table, period):
        data = qa.join(new, table, population=RESIDENTS, period=period)
        return qa.add_rates(data, {"mh_share": (MH, RESIDENTS)})

    earlier = shares(qa.transfer(before, crosswalk).as_table(), "12/2020")
    file = shared / "berlin" / "population" / "berlin-lor-population-2021-02-t1-planning-areas.csv"
    later = shares(qa.read_table(file, key="id", columns=[RESIDENTS, MH]), "12/2021")
    assert earlier.vintage == later.vintage == "2021"
    change = qa.add_change(later, earlier, ["mh_share"]).values["mh_share_change"]
    expected = 100 * (after[MH] / after[RESIDENTS])
    large = after.index[after[RESIDENTS] >= 300]
    assert (change + earlier.values["mh_share"]).loc[large].to_numpy() == pytest.approx(expected[large].to_numpy())
