"""A river between clusters: hotspots, their runs and their release go by the neighbours that it leaves."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

RULE = qa.hotspot("poverty", fdr=0.05)
COLUMNS, ROWS = 6, 5
POOR = {(2, y) for y in range(ROWS)} | {(1, y) for y in range(ROWS)}  # two columns west of the river at x = 3000


@pytest.fixture(scope="module")
def data():
    places = [(x, y) for x in range(COLUMNS) for y in range(ROWS)]
    shapes = [shapely.box(1000 * x, 1000 * y, 1000 * x + 1000, 1000 * y + 1000) for x, y in places]
    keys = [f"{x}{y}" for x, y in places]
    areas = gpd.GeoDataFrame({"name": keys}, index=keys, geometry=shapes, crs=25832)
    poor = [400.0 if place in POOR else 100.0 + place[0] + place[1] for place in places]
    table = pd.DataFrame({"poor": poor, "residents": 1000.0}, index=areas.index)
    return qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})


@pytest.fixture(scope="module")
def river(data):
    return gpd.GeoDataFrame(geometry=[LineString([(3000, -50), (3000, 5050)])], crs=data.areas.crs)


def gi_star(values, graph):
    """Return z of Gi* with binary weights, the area included, from the formula of Ord & Getis, area by area."""
    n, mean, spread = len(values), values.mean(), values.std()
    found = {}
    for key in values.index:
        near = [key, *graph[key][graph[key] > 0].index]
        w = len(near)
        found[key] = (values[near].sum() - mean * w) / (spread * np.sqrt((n * w - w**2) / (n - 1)))
    return pd.Series(found)


def test_clusters_are_those_of_the_neighbours_that_are_left(data, river):
    from scipy.stats import norm

    for options in ({}, {"barriers": river}):
        found = qa.screen(data, RULE, **options)
        p = gi_star(data.values["poverty"], qa.neighbours(data, **options)).map(norm.sf).sort_values()
        passing = np.flatnonzero(p.to_numpy() <= 0.05 * np.arange(1, len(p) + 1) / len(p))
        assert set(found.keys) == set(p.index[: passing.max(initial=-1) + 1])
    without = qa.screen(data, RULE)
    with_it = qa.screen(data, RULE, barriers=river)
    assert set(with_it.keys) - set(without.keys) == {"20", "24"}  # the bank: its low neighbours beyond no longer count


def test_a_bridge_opens_the_river(data, river):
    bridges = gpd.GeoDataFrame(geometry=[Point(3000, 1000 * y + 500) for y in range(ROWS)], crs=river.crs)
    crossed = qa.screen(data, RULE, barriers=river, crossings=bridges)
    assert crossed.keys == qa.screen(data, RULE).keys


def test_runs_levels_and_the_release_go_by_the_same_neighbours(data, river):
    found = qa.screen(data, RULE, barriers=river)
    assert found.stability(n=50, seed=1, vary=()).table["p_selected"].eq(1.0).equals(found.selected)
    spec = qa.RuleSpec(id="r", rule=RULE & qa.above("poverty", 5), levels={"All": {}})
    assert qa.screen(data, spec, barriers=river).levels.notna().equals(found.selected)
    released = qa.release(data, shortlist=found, title="t", source="s", as_of="2024")
    assert released.selected.equals(found.selected)
    said = [str(fact) for fact in released.facts if fact.name == "fact_rule_barriers"]
    assert said == ["Clusters do not reach across barriers (rivers, railways and the like)."]


def test_rules_are_compared_beside_a_river(data, river):
    rules = {"clusters": RULE, "high": qa.above("poverty", 30)}
    found = qa.compare_rules(data, rules, barriers=river)
    assert found.shortlists["clusters"].keys == qa.screen(data, RULE, barriers=river).keys
    with pytest.raises(SpecError, match="only hotspot"):
        qa.compare_rules(data, {"high": qa.above("poverty", 30)}, barriers=river)


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        (qa.above("poverty", 30), {"barriers": True}, r"barriers cut neighbours, and only hotspot"),
        (RULE, {"crossings": True}, "screen: crossings open barriers, but there are none"),
    ],
)
def test_barriers_that_act_on_nothing_are_refused(data, river, rule, options, message):
    with pytest.raises(SpecError, match=message):
        qa.screen(data, rule, **dict.fromkeys(options, river))
