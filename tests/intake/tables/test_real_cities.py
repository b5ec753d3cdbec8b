"""Real open data of Berlin and Cologne and the census grid: known counts of keys, pairs, gaps, and known traps."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import GeometryError, JoinError, KeyColumnError

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def cologne(shared):
    file = shared / "koeln" / "stadtteile" / "Stadtteil.shp"
    return qa.read_areas(file, key="STT_NR", name="STT_NAME", repair=True)


@pytest.fixture(scope="module")
def cologne_table(shared):
    """Give the long table of 2012 as a wide one: a row per area, a column per topic."""
    long = pd.read_csv(shared / "koeln" / "bevoelkerung.csv", dtype=str)
    long = long[long["jahr"].eq("2012")]
    topic = long["tabelle"] + " / " + long["zeile"]
    return long.assign(topic=topic, zahl=long["zahl"].astype(float)).pivot_table("zahl", "raum_id", "topic")


@pytest.fixture(scope="module")
def berlin(shared):
    file = shared / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp"
    return qa.read_areas(file, key="PLR_ID", name="PLR_NAME", parents={"bezirk": "BEZ"})


@pytest.fixture(scope="module")
def residents(shared):
    def read(year):
        file = shared / "berlin" / "population" / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
        return qa.read_table(file, key="id", columns={"residents": "inhabitants"})

    return read


# Cologne


def test_cologne_has_its_own_system_and_lies_in_cologne(cologne):
    assert len(cologne) == 86
    assert cologne.crs.to_epsg() is None
    assert cologne["repaired"].sum() == 1
    west, south, east, north = cologne.to_crs("OGC:CRS84").total_bounds
    assert 6.7 < west < east < 7.2
    assert 50.8 < south < north < 51.1


def test_cologne_forced_into_the_usual_zone_would_lie_in_ukraine(shared):
    file = shared / "koeln" / "stadtteile" / "Stadtteil.shp"
    with pytest.raises(GeometryError, match=r"lie at 34\.\d+ E 48\.\d+ N in EPSG:25832.*leave crs=\.\.\. out"):
        qa.read_areas(file, key="STT_NR", repair=True, crs="EPSG:25832")


def test_cologne_fits_with_751_gaps_920_square_metres_of_overlap_and_243_contacts(cologne):
    report = qa.check_areas(cologne)
    assert report.n_contacts == 243
    assert len(report.gaps) == 751
    assert report.overlaps["square_metres"].sum() == pytest.approx(920.6, abs=0.1)
    twice = cologne.area.sum() - cologne.union_all().area
    assert report.overlaps["square_metres"].sum() == pytest.approx(twice, abs=0.01)
    assert report.isolates == ()
    assert report.islands == ()
    assert not report.fits


def test_cologne_snapped_has_the_same_contacts_and_no_overlap(shared, cologne):
    file = shared / "koeln" / "stadtteile" / "Stadtteil.shp"
    areas = qa.read_areas(file, key="STT_NR", name="STT_NAME", repair=True, snap=1.0)
    before, report = qa.check_areas(cologne), qa.check_areas(areas)
    assert len(report.overlaps) == 0
    assert report.gaps["square_metres"].sum() < before.gaps["square_metres"].sum() / 5
    assert report.n_neighbours == before.n_neighbours
    # no area changes by more than all gaps and overlaps together
    moved = before.gaps["square_metres"].sum() + before.overlaps["square_metres"].sum()
    assert (areas.area - cologne.area).abs().max() < moved


def test_cologne_joins_86_areas_and_sets_ten_totals_aside(cologne, cologne_table):
    data = qa.join(cologne, cologne_table)
    assert data.report.n_matched == 86
    assert data.report.complete
    totals = dict(data.report.totals_rows)
    assert sorted(totals) == [f"{i:03d}" for i in range(10)]
    assert totals["000"] == "its values are the sums of the areas"
    assert totals["009"] == "its values are the sums of 9 areas whose keys begin with '9'"


def test_cologne_by_name_tells_the_district_from_the_quarter(shared):
    long = pd.read_csv(shared / "koeln" / "bevoelkerung.csv", dtype=str)
    rows = long[long["jahr"].eq("2012") & long["zei_id"].eq("10") & long["tab_id"].eq("005")].set_index("raum")
    areas = qa.read_areas(shared / "koeln" / "stadtteile" / "Stadtteil.shp", key="STT_NAME", repair=True)
    with pytest.raises(JoinError) as caught:
        qa.join(areas, rows[["zahl"]].astype(float))
    # names of districts that are names of quarters as well, by the table itself
    levels = rows.reset_index().assign(district=lambda t: t["raum_id"].str.startswith("00"))
    both = levels.groupby("raum")["district"].nunique()
    assert set(caught.value.report.duplicates) == set(both.index[both > 1])
    assert "areas and districts of the same name" in str(caught.value)


# Berlin


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024])
def test_all_542_areas_of_berlin_join_as_text(berlin, residents, year):
    report = qa.join(berlin, residents(year)).report
    assert (report.n_matched, report.n_areas, report.share_areas, report.share_residents) == (542, 542, 1.0, 1.0)


def test_the_424_keys_that_lost_their_zero_are_refused(berlin, shared):
    file = shared / "berlin" / "population" / "berlin-lor-population-2021-02-t1-planning-areas.csv"
    numbers = pd.read_csv(file, index_col="id")[["inhabitants"]]
    with pytest.raises(JoinError, match=r"424 keys have no area.*leading zeros were probably lost") as caught:
        qa.join(berlin, numbers)
    assert caught.value.report.n_matched == 118
    repaired = qa.join(berlin, numbers, repair="zero_pad").report
    assert len(repaired.repaired) == 424


def test_berlin_fits_exactly_with_1619_contacts(berlin):
    report = qa.check_areas(berlin)
    assert report.fits
    assert (report.n_contacts, len(report.overlaps), len(report.gaps)) == (1619, 0, 0)
    assert len(report.multipart) == 0


def test_the_key_that_is_there_twice_before_2021_is_refused_with_how_far_it_lies_apart(shared):
    file = shared / "berlin" / "berlin-lor-planning-areas-until-2020.geojson"
    with pytest.raises(KeyColumnError, match=r"1 key of 'id'.*'06010102'.*m apart") as caught:
        qa.read_areas(file, key="id", name="name", to_crs="EPSG:25833")
    assert caught.value.keys == ("06010102",)


@pytest.mark.parametrize("year", [2019, 2020])
def test_448_rows_for_448_areas_are_refused_with_both_keys(shared, residents, year):
    frame = gpd.read_file(shared / "berlin" / "berlin-lor-planning-areas-until-2020.geojson").to_crs("EPSG:25833")
    areas = frame.set_index("id")[["name", "geometry"]]
    table = residents(year)
    assert len(areas) == len(table.values) == 448
    with pytest.raises(JoinError, match=r"more than one area: '06010102' \(and rows without an area: '04030417'"):
        qa.join(areas, table)


def test_the_same_after_putting_the_parts_together(shared, residents):
    file = shared / "berlin" / "berlin-lor-planning-areas-until-2020.geojson"
    areas = qa.read_areas(file, key="id", name="name", to_crs="EPSG:25833", dissolve=True)
    with pytest.raises(JoinError, match=r"1 row has no area: '04030417'.*same key: '06010102'"):
        qa.join(areas, residents(2020))


def test_a_table_that_stops_at_10200423_is_called_cut_off(berlin, residents):
    values = residents(2021).values.sort_index()
    cut = values.loc[:"10200423"]
    assert len(cut) == 447  # as the published table with 447 of 542 rows
    with pytest.raises(JoinError, match=r"The last 95 keys in order are all missing.*cut off") as caught:
        qa.join(berlin, cut)
    assert caught.value.report.cut_off


def test_a_name_that_two_areas_of_berlin_share_is_no_key(shared):
    file = shared / "berlin" / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp"
    with pytest.raises(KeyColumnError, match="'Schloßstraße'"):
        qa.read_areas(file, key="PLR_NAME")


def test_districts_of_berlin_among_its_areas_are_set_aside(berlin, residents):
    values = residents(2021).values
    districts = values.groupby(values.index.str[:2]).sum()
    report = qa.join(berlin, pd.concat([values, districts])).report
    assert len(report.totals_rows) == 12
    assert report.complete


def test_districts_drawn_among_the_areas_of_berlin_are_found(berlin, tmp_path):
    districts = berlin.dissolve("bezirk").reset_index()[["bezirk", "geometry"]].rename(columns={"bezirk": "key"})
    both = pd.concat([berlin.reset_index()[["key", "geometry"]], districts])
    file = tmp_path / "beides.gpkg"
    gpd.GeoDataFrame(both, crs=berlin.crs).to_file(file)
    with pytest.raises(GeometryError, match="12 features are no areas of their own"):
        qa.read_areas(file, key="key")


# the census grid


def test_the_census_grid_joins_all_cells_on_their_corner(shared):
    cells = pd.read_parquet(shared / "census_grid_1km" / "continuous_Einwohner.parquet")
    cells = cells[cells["Einwohner"] > 0].head(20_000)
    keys = pd.Index([f"N{y}E{x}" for x, y in zip(cells["x"], cells["y"], strict=True)], dtype=object)
    x, y = cells["x"].to_numpy(), cells["y"].to_numpy()
    shapes = shapely.box(x - 500, y - 500, x + 500, y + 500)
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs="EPSG:3035")
    data = qa.join(areas, pd.DataFrame({"residents": cells["Einwohner"].to_numpy()}, index=keys))
    assert data.report.n_matched == 20_000
    report = qa.check_areas(areas)
    assert report.fits
    # squares are neighbours where the next cell in the column or row is inhabited
    there = set(zip(x, y, strict=True))
    assert report.n_neighbours == sum(((a + 1000, b) in there) + ((a, b + 1000) in there) for a, b in there)
