"""Residents within distances, and the two-step floating catchment: by brute force, and as PySAL's access has it."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, GeometryError, InputError, JoinError, KeyColumnError

CRS = "EPSG:25832"


def cells_at(places, persons, area=None):
    return gpd.GeoDataFrame(
        {"residents": np.asarray(persons, dtype=float), "area": area or ["A"] * len(persons)},
        index=[f"c{i}" for i in range(len(persons))],
        geometry=shapely.points(np.asarray(places, dtype=float)),
        crs=CRS,
    )


def facilities_at(at, **columns):
    return gpd.GeoDataFrame(
        columns,
        index=[f"f{i}" for i in range(len(at))],
        geometry=shapely.points(np.asarray(at, dtype=float)),
        crs=CRS,
    )


@pytest.fixture
def city():
    rng = np.random.default_rng(3)
    cells = cells_at(
        rng.uniform(0, 4000, (300, 2)), rng.integers(0, 90, 300), [f"a{i}" for i in rng.integers(0, 6, 300)]
    )
    return cells, facilities_at(rng.uniform(0, 4000, (12, 2)), places=rng.integers(10, 80, 12).astype(float))


def test_a_limit_that_is_met_exactly_holds_and_a_centimetre_more_does_not():
    cells = cells_at([(300, 0), (300.01, 0), (0, 0)], [10, 20, 40])
    found = qa.access(cells, facilities_at([(0, 0)]), [300], population="residents", area="area")
    assert found.table.loc["A", "within_300"] == 50
    assert found.table.loc["A", "share_300"] == pytest.approx(5 / 7)
    assert found.table.loc["A", "mean_distance"] == pytest.approx((300 * 10 + 300.01 * 20) / 70)
    assert found.table.loc["A", "cautious_300"] == 40  # 300 * 1.3 is beyond


def test_everything_is_as_loops_over_all_pairs_say(city):
    cells, facilities = city
    found = qa.access(
        cells, facilities, [300, 700], population="residents", area="area", capacity="places", catchment=900
    )
    distance = np.array([[one.distance(other) for other in facilities.geometry] for one in cells.geometry])
    persons, places = cells["residents"].to_numpy(), facilities["places"].to_numpy()
    ratios = np.array([places[j] / persons[distance[:, j] <= 900].sum() for j in range(12)])
    for area in sorted(set(cells["area"])):
        rows = np.flatnonzero(cells["area"].eq(area))
        for limit in (300, 700):
            near = sum(persons[i] for i in rows if distance[i].min() <= limit)
            assert found.table.loc[area, f"within_{limit}"] == pytest.approx(near)
        reached = sum(persons[i] * sum(ratios[j] for j in range(12) if distance[i, j] <= 900) for i in rows)
        assert found.table.loc[area, "places"] == pytest.approx(reached)
    np.testing.assert_allclose(found.facilities["ratio"], ratios)
    assert found.city["share_700"] == pytest.approx(persons[distance.min(axis=1) <= 700].sum() / persons.sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(50, 5000))
def test_the_capacity_that_anybody_reaches_is_kept(seed, radius):
    rng = np.random.default_rng(seed)
    cells = cells_at(rng.uniform(0, 3000, (40, 2)), rng.integers(0, 30, 40))
    facilities = facilities_at(rng.uniform(-500, 3500, (6, 2)), places=rng.integers(0, 50, 6).astype(float))
    found = qa.access(cells, facilities, radius, population="residents", area="area", capacity="places")
    reached = found.facilities["persons"] > 0
    assert found.table["places"].sum() == pytest.approx(facilities["places"][reached].sum())


def test_places_are_those_of_pysal(city):
    pytest.importorskip("access", reason="PySAL's access is not installed: pip install access")
    from access import Access as Oracle

    cells, facilities = city
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = Oracle(
            demand_df=cells.reset_index(names="id"),
            demand_index="id",
            demand_value="residents",
            supply_df=facilities.reset_index(names="id"),
            supply_index="id",
            supply_value="places",
        )
        oracle.create_euclidean_distance(name="d", threshold=10_000, centroid_o=True, centroid_d=True)
        theirs = oracle.two_stage_fca(name="f", cost="d", max_cost=900)["f_places"]
    ours = qa.access(cells, facilities, 900, population="residents", area="area", capacity="places").cells["places"]
    np.testing.assert_allclose(theirs.reindex(ours.index).fillna(0), ours, atol=1e-12)


def test_cells_lie_in_the_area_that_holds_their_centre_and_those_outside_are_demand_alone():
    areas = gpd.GeoDataFrame(
        index=["W", "E"], geometry=[shapely.box(0, 0, 100, 99), shapely.box(100, 0, 200, 99)], crs=CRS
    )
    cells = cells_at([(50, 50), (150, 50), (250, 50)], [10, 30, 60])
    found = qa.access(
        cells, facilities_at([(150, 50)], places=[100.0]), [500], population="residents", areas=areas, capacity="places"
    )
    assert found.table["persons"].to_dict() == {"W": 10, "E": 30}
    assert found.table["places"].to_dict() == {"W": 10, "E": 30}  # of 100 places, 60 go to those outside
    assert {note.name for note in found.notes} == {"reach_outside", "reach_none_beyond"}
    assert found.table["edge"].sum() == 40


def test_an_unknown_cell_leaves_its_area_without_a_value():
    cells = cells_at([(0, 0), (10, 0), (20, 0)], [10, np.nan, 30], ["A", "A", "B"])
    found = qa.access(cells, facilities_at([(0, 0)]), [300], population="residents", area="area")
    assert found.table["within_300"].isna().to_dict() == {"A": True, "B": False}
    assert found.city["persons"] == 30


def test_centres_of_areas_are_warned_of():
    areas = gpd.GeoDataFrame({"name": ["a"]}, index=["1"], geometry=[shapely.box(0, 0, 100, 100)], crs=CRS)
    data = qa.join(areas, pd.DataFrame({"residents": [50.0]}, index=["1"]), population="residents")
    with pytest.warns(UserWarning, match="not where people live"):
        found = qa.access(data, facilities_at([(0, 50)]), [100])
    assert "Entfernung vom Schwerpunkt" in found.text("de")


def test_a_river_before_the_nearest_facility_asks_for_a_network():
    cells = cells_at([(0, 0), (100, 0)], [88, 12])
    river = gpd.GeoDataFrame(geometry=[shapely.LineString([(50, -99), (50, 99)])], crs=CRS)
    found = qa.access(cells, facilities_at([(10, 0)]), [300], population="residents", area="area", barriers=river)
    assert found.notes[-1].name == "reach_barriers_network"
    found = qa.access(
        cells.assign(residents=[90.0, 10]),
        facilities_at([(10, 0)]),
        [300],
        population="residents",
        area="area",
        barriers=river,
    )
    assert found.notes[-1].name == "reach_barriers"


def test_reach_leaves_as_counts_with_their_rates():
    areas = gpd.GeoDataFrame(
        {"name": ["W", "E"]},
        index=["1", "2"],
        geometry=[shapely.box(0, 0, 100, 99), shapely.box(100, 0, 200, 99)],
        crs=CRS,
    )
    data = qa.join(areas, pd.DataFrame({"poor": [5.0, 6]}, index=["1", "2"]))
    cells = cells_at([(50, 50), (60, 50), (150, 50)], [10, 30, 60])
    reach = qa.access(
        cells, facilities_at([(0, 50)], places=[20.0]), [55], population="residents", areas=areas, capacity="places"
    )
    data = qa.add_reach(data, reach, "kita", label=("Kita", "Day care"))
    assert data.values["kita_share_55"].to_dict() == {"1": 25, "2": 0}
    assert data.rates["kita_share_55"] == ("kita_within_55", "kita_persons")
    assert data.status["kita_within_55"].to_dict() == {"1": "value", "2": "zero"}
    assert data.values["kita_places_per_1000"].to_dict() == {"1": 500, "2": 0}
    assert data.catalogue["kita_share_55"].label("de") == "Kita: höchstens 55 m Luftlinie"
    with pytest.raises(ColumnError, match="already"):
        qa.add_reach(data, reach, "kita")
    other = qa.access(cells, facilities_at([(0, 50)]), [55], population="residents", area="area")
    with pytest.raises(JoinError, match="in one only"):
        qa.add_reach(data, other, "stop")


def test_a_small_count_in_reach_is_withheld_by_the_release():
    boxes = [shapely.box(100 * i, 0, 100 * i + 100, 99) for i in range(6)]
    areas = gpd.GeoDataFrame({"name": list("abcdef")}, index=list("123456"), geometry=boxes, crs=CRS)
    data = qa.join(areas, pd.DataFrame({"residents": [100.0] * 6}, index=areas.index), population="residents")
    cells = cells_at([(100 * i + x, 50) for i in range(6) for x in (20, 80)], [2, 98, *[50] * 10])
    stops = facilities_at([(100 * i + 20, 50) for i in range(6)])
    data = qa.add_reach(data, qa.access(cells, stops, [10], population="residents", areas=areas), "stop")
    released = qa.release(data, columns=["stop_share_10"], title="t", source="s", as_of="2024-12-31", comment="c")
    assert released.status.loc["1", "stop_share_10"] == "suppressed"
    assert np.isnan(released.values.loc["1", "stop_share_10"])


def run(cells=None, facilities=None, **options):
    cells = cells_at([(0, 0)], [10]) if cells is None else cells
    facilities = facilities_at([(0, 0)]) if facilities is None else facilities
    return qa.access(cells, facilities, **{"population": "residents", "area": "area", **options})


def test_facilities_at_nought_or_in_another_city_or_twice_are_refused_or_said():
    far = cells_at([(500_000, 5_700_000)], [10])
    with pytest.raises(GeometryError, match="1 facility is at 0/0"):
        run(far, facilities_at([(500_000, 5_700_000), (0, 0)]))
    with pytest.raises(GeometryError, match="1 facility is more than 50 km from anybody: 'f1'"):
        run(far, facilities_at([(500_000, 5_700_000), (600_000, 5_700_000)]))
    twice = facilities_at([(0, 0), (5, 5)]).set_axis(["f", "f"])
    with pytest.raises(KeyColumnError, match="the key of another: 'f'"):
        run(None, twice)
    assert run(None, facilities_at([(0, 0), (0, 0)])).notes[-1].name == "reach_same_place"


def test_other_input_that_cannot_be_used_is_refused():
    with pytest.raises(GeometryError, match="in degrees"):
        run(cells_at([(0, 0)], [10]).set_crs("EPSG:4326", allow_override=True))
    with pytest.raises(GeometryError, match="Reproject"):
        run(None, facilities_at([(0, 0)]).set_crs("EPSG:25833", allow_override=True))
    with pytest.raises(InputError, match="no facilities"):
        run(None, facilities_at([(0, 0)]).iloc[:0])
    with pytest.raises(CountError, match="different numbers"):
        run(within=[300, 300])
    with pytest.raises(CountError, match="above 0"):
        run(within=[0])
    with pytest.raises(CountError, match="negative"):
        run(cells_at([(0, 0)], [-1]))
    with pytest.raises(CountError, match="no number in 'places'"):
        run(None, facilities_at([(0, 0)], places=[np.nan]), capacity="places")
    with pytest.raises(ColumnError, match="no column 'seats'"):
        run(capacity="seats")
