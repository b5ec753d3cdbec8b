"""Intervals of parts: they hold what the true shares give, agree with one another, and refuse what cannot be drawn."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation import local_segregation, local_segregation_interval
from quartiersatlas.segregation.inference.change import segregation_change
from quartiersatlas.segregation.inference.decompose import decompose

GROUPS = ["mh", "other"]


def town(seed, *, districts=6, areas=15, persons=60, spread=0.12):
    """Return the persons found and, in the same frame, those of the true shares: districts differ, areas within too."""
    random = np.random.default_rng(seed)
    level = np.repeat(random.uniform(0.15, 0.45, districts), areas)
    true = np.clip(level + random.normal(0, spread, len(level)), 0.02, 0.98)
    found = random.binomial(persons, true)
    keys = [f"{i:03}" for i in range(len(level))]
    frame = pd.DataFrame({"mh": found, "other": persons - found}, index=keys, dtype=float)
    truth = pd.DataFrame({"mh": persons * true, "other": persons * (1 - true)}, index=keys)
    by = [f"d{i}" for i in np.repeat(np.arange(districts), areas)]
    return frame.assign(by=by), truth.assign(by=by)


def test_intervals_of_levels_and_districts_hold_the_truth():
    held = []
    for seed in range(6):
        found, truth = town(seed)
        table = decompose(found, GROUPS, "by", resample="persons", n=199, seed=1).table
        true = decompose(truth, GROUPS, "by").table["value"]
        held += ((table["lower"] <= true) & (true <= table["upper"])).tolist()
        assert (table["lower"] < table["upper"]).all()
    assert np.mean(held) > 0.9


def test_intervals_of_areas_hold_the_truth_and_chance_alone_is_seen():
    found, truth = town(3)
    table = local_segregation_interval(found[GROUPS], n=199, seed=1)
    true = local_segregation(truth[GROUPS])
    assert table.index.equals(found.index)
    assert ((table["lower"] <= true) & (true <= table["upper"])).mean() > 0.9
    even, _ = town(3, spread=0)
    even["mh"] = np.random.default_rng(5).binomial(60, 0.3, len(even)).astype(float)
    even["other"] = 60 - even["mh"]
    assert local_segregation_interval(even[GROUPS], n=199, seed=1)["lower"].max() < 0.02


def test_intervals_of_a_change_hold_the_truth():
    held = []
    for seed in range(4):
        dates = [town(seed), town(seed + 50)]
        table = segregation_change(dates[0][0], dates[1][0], GROUPS, resample="persons", n=99, seed=1).table
        true = segregation_change(dates[0][1], dates[1][1], GROUPS).table["value"]
        held += ((table["lower"] <= true + 1e-9) & (true - 1e-9 <= table["upper"])).tolist()
    assert np.mean(held) > 0.9


@pytest.mark.parametrize("method", ["km", "mrc"])
def test_older_methods_have_intervals_too(method):
    before, after = town(1)[0], town(2)[0]
    table = segregation_change(before, after, GROUPS, method=method, resample="persons", n=19, seed=1).table
    assert (table["lower"] <= table["upper"]).all()


def test_many_persons_leave_no_doubt():
    found, _ = town(1, persons=4_000_000)
    table = decompose(found, GROUPS, "by", resample="persons", n=49, seed=1).table
    np.testing.assert_allclose(table["lower"], table["value"], atol=0.003)
    np.testing.assert_allclose(table["upper"], table["value"], atol=0.003)


def test_a_value_that_is_not_known_has_no_interval():
    frame = pd.DataFrame({"mh": [3.0, 5, 0, 4], "other": [5.0, 4, 0, 0], "by": ["a", "a", "b", "c"]})
    table = decompose(frame, GROUPS, "by", resample="persons", n=19, seed=1).table
    assert table["lower"].isna().tolist() == table["value"].isna().tolist()
    single = table[table["place"].eq("c") & table["index"].eq("mutual_information")]
    assert (single[["lower", "upper"]] == 0).all(axis=None)  # one area is like itself
    local = local_segregation_interval([[0, 0], [3, 4], [4, 1]], n=19, seed=1)
    assert local["lower"].isna().tolist() == [True, False, False]
    assert local_segregation_interval([[3, 0], [4, 0]], n=19).isna().all(axis=None)


def test_without_a_wish_there_is_no_interval_and_the_same_seed_gives_the_same():
    found, _ = town(1)
    assert decompose(found, GROUPS, "by").table["lower"].isna().all()
    one, other = (decompose(found, GROUPS, "by", resample="persons", n=19, seed=4).table for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_what_cannot_be_drawn_is_refused():
    found, _ = town(1)
    with pytest.raises(CountError, match="whole persons"):
        decompose(found.assign(mh=found["mh"] + 0.5), GROUPS, "by", resample="persons", n=9)
    with pytest.raises(SpecError, match="resample"):
        decompose(found, GROUPS, "by", resample="areas")
    with pytest.raises(SpecError, match="n must be"):
        local_segregation_interval(found[GROUPS], n=0)


def test_the_structural_part_of_each_area_adds_up_to_it():
    before, after = town(1)[0], town(2)[0]
    for method in ("shapley", "km"):
        found = segregation_change(before, after, GROUPS, method=method)
        for index, rows in found.by_area.groupby("index"):
            table = found.table[found.table["index"].eq(index)].set_index("part")["value"]
            assert rows["value"].sum() == pytest.approx(table["structural"], abs=1e-12)
            assert rows["share"].sum() == pytest.approx(1)
            assert rows["area"].tolist() == before.index.tolist()


def test_the_structural_part_of_an_area_by_hand():
    """Two dates with the same margins: what changes is structure alone, p_i (ls_i' - ls_i)."""
    before = pd.DataFrame({"a": [30.0, 20, 10], "b": [10.0, 20, 30]}, index=list("xyz"))
    after = pd.DataFrame({"a": [20.0, 20, 20], "b": [20.0, 20, 20]}, index=list("xyz"))
    found = segregation_change(before, after, ["a", "b"], index="mutual_information").by_area.set_index("area")
    gone = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    assert found["value"].to_dict() == pytest.approx({"x": -gone / 3, "y": 0, "z": -gone / 3})


def test_by_groups_there_are_no_areas():
    found = segregation_change(town(1)[0], town(2)[0], GROUPS, method="mrc")
    assert found.by_area.empty


def test_intervals_of_surroundings_know_that_neighbours_are_alike():
    """A city whose share falls from side to side: shares drawn towards the city's mean would lose the pattern."""
    x, y = np.divmod(np.arange(100), 10)
    held = []
    for seed in range(4):
        random = np.random.default_rng(seed)
        true = np.clip(0.1 + 0.025 * x + random.normal(0, 0.05, 100), 0.02, 0.98)
        persons = random.integers(30, 100, 100)
        found = random.binomial(persons, true)
        frames = [
            gpd.GeoDataFrame(
                {"mh": np.asarray(one, dtype=float), "other": persons - one},
                geometry=shapely.box(500 * x, 500 * y, 500 * x + 500, 500 * y + 500),
                crs="EPSG:25832",
            )
            for one in (found, persons * true)
        ]
        options = {"indices": ["spatial_information_theory", "spatial_proximity"], "radii": 1200.0}
        table = qa.measure_segregation(frames[0], "mh", reference="other", resample="persons", n=99, seed=1, **options)
        truth = qa.measure_segregation(frames[1], "mh", reference="other", **options).table["value"]
        held += ((table.table["lower"] <= truth) & (truth <= table.table["upper"])).tolist()
    assert np.mean(held) > 0.8


def test_a_group_may_have_fractions_where_the_areas_are_whole():
    """A release fills withheld counts of a group with fractions; its areas stay whole."""
    x, y = np.divmod(np.arange(16), 4)
    shapes = shapely.box(500 * x, 500 * y, 500 * x + 500, 500 * y + 500)
    frame = gpd.GeoDataFrame({"mh": np.arange(16) + 0.5, "all": 50.0}, geometry=shapes, crs="EPSG:25832")
    options = {"indices": ["spatial_proximity", "dissimilarity"], "resample": "persons", "n": 19, "seed": 1}
    table = qa.measure_segregation(frame, "mh", population="all", **options).table
    assert (table["lower"] < table["upper"]).all()
