from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError

INDICATORS = ("poverty", "unemployment", "transfers")


@pytest.fixture
def city():
    """Make a city of m areas with three rates on n persons; area 001 has nearly the rates of 000."""

    def make(m=60, n=3000, seed=1, period="2024", planted=True, prefix=""):
        rng = np.random.default_rng(seed)
        keys = [f"{prefix}{number:03}" for number in range(m)]
        share = rng.beta(4, 16, (m, 3))
        if planted:
            share[1] = share[0]
        shapes = [shapely.box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(m)]
        names = [f"Gebiet {m - k:03}" for k in range(m)]
        areas = gpd.GeoDataFrame({"name": names}, index=keys, geometry=shapes, crs="EPSG:25832")
        counts = pd.DataFrame(rng.binomial(n, share), columns=["p", "u", "t"], index=keys).astype(float)
        table = counts.assign(residents=float(n), foreign=rng.binomial(n, 0.2, m).astype(float))
        pairs = dict(zip(INDICATORS, [("p", "residents"), ("u", "residents"), ("t", "residents")], strict=True))
        pairs["foreign_share"] = ("foreign", "residents")
        return qa.add_rates(qa.join(areas, table, population="residents", period=period), pairs)

    return make


def find(data, areas="000", **options):
    return qa.twins(data, areas, **{"indicators": INDICATORS, "seed": 1, "runs": 60, **options})


def test_the_nearest_areas_by_brute_force(city):
    data = city()
    found = pd.concat([(one := find(data, ["000", "017"])).table, one.near])
    rate = data.values[list(INDICATORS)]
    z = (rate - rate.mean()) / rate.std(ddof=0) * np.sqrt(one.reliability)
    for key in ("000", "017"):
        distance = np.sqrt(((z - z.loc[key]) ** 2).sum(axis=1)).drop(key)
        expected = distance.nsmallest(5)
        mine = found[found["area"].eq(key) & found["distance"].notna()].set_index("twin")["distance"]
        assert set(mine.index) == set(expected.index)
        np.testing.assert_allclose(mine.loc[expected.index], expected)


def test_a_planted_twin_is_found_in_large_areas(city):
    """93 to 100 % with 3,000 persons, 25 to 71 % with 300: acting.md section 9."""
    hits = {}
    for n in (3000, 300):
        found = [find(city(n=n, seed=seed), runs=1) for seed in range(12)]
        near = [pd.concat([one.table, one.near]) for one in found]
        hits[n] = np.mean(["001" in set(one.loc[one["distance"].notna(), "twin"]) for one in near])
    assert hits[3000] >= 0.9
    assert 0.2 <= hits[300] < hits[3000]


def test_only_stable_twins_are_named_and_by_name(city):
    found = find(city(), runs=200)
    assert (found.table["probability"] >= 0.5).all()
    assert (found.near["probability"] < 0.5).all()
    assert found.table["twin_name"].is_monotonic_increasing
    assert "001" in set(found.table["twin"])
    assert "000" not in set(found.table["twin"])
    assert "Gebiet 059" in found.text("de").splitlines()[0]


def test_where_chance_decides_there_are_no_twins(city):
    found = find(city(n=40, planted=False), "030", number=2, runs=200)
    assert len(found.table) == 0
    assert "keine stabilen Zwillinge" in found.text("de")
    assert "no stable twins" in found.text("en")


def test_the_same_seed_gives_the_same(city):
    data = city(n=300)
    pd.testing.assert_frame_equal(find(data, seed=3).near, find(data, seed=3).near)


def test_context_is_left_out_unless_it_is_named(city):
    data = city()
    poverty = qa.Indicator(id="poverty", role="index", direction=1)
    assert qa.twins(data.with_indicators(poverty), "000", runs=1, seed=1).indicators == ("poverty",)
    with pytest.raises(SpecError, match="all rates are context"):
        qa.twins(data, "000", runs=1)
    assert find(data, indicators=["foreign_share"], runs=1).indicators == ("foreign_share",)


def test_twins_in_another_city(city):
    found = find(city(seed=1), others={"Halle": city(seed=1, prefix="h")}, runs=100)
    assert set(found.table["city"]) == {"Halle"}
    assert "h000" in set(found.table["twin"])
    assert "Gebiet 060, Halle" in found.text("de")


def test_unlike_dates_definitions_and_data_are_refused(city):
    data, other = city(), qa.Indicator(id="poverty", numerator_de="Haushalte", denominator_de="alle")
    small = city(8)
    for given, options, error, words in (
        (data, {"others": {"Halle": city(period="2023")}}, SpecError, "2024, those of 'Halle' of 2023"),
        (data, {"others": {"Halle": city().with_indicators(other)}}, SpecError, "defined otherwise in 'Halle'"),
        (data, {"areas": "999"}, ColumnError, "'999'"),
        (data, {"indicators": ["wealth"]}, ColumnError, "wealth"),
        (data, {"number": 0}, SpecError, "number=0"),
        (small, {}, SpecError, "8 areas"),
        (city(12), {"number": 11}, SpecError, "12 areas"),
        ("data", {}, ArgumentError, "takes an AreaData"),
        (data, {"others": {"Halle": "x"}}, ArgumentError, "takes an AreaData"),
    ):
        with pytest.raises(error, match=words):
            find(given, **options)
