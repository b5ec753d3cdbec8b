from __future__ import annotations

import csv
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, JoinError, SpecError
from quartiersatlas.monitoring.comparisons.effect_words import effect_claims
from quartiersatlas.monitoring.comparisons.estimates import GroupCourse, breakdown_trend, estimates, smallest_visible

YEARS = range(2015, 2024)
SELECTED = 2019


def city(rng, m=540, n_funded=35, effect=0.0, on="outcome", drift=0.0):
    """Draw shares of 600 persons per area: a level, shocks that last (0.6 a year), and areas chosen by either."""
    level = rng.beta(4, 16, m)
    shocks = np.zeros((m, len(YEARS)))
    shocks[:, 0] = rng.normal(0, 0.02, m)
    for year in range(1, len(YEARS)):
        shocks[:, year] = 0.6 * shocks[:, year - 1] + rng.normal(0, 0.016, m)
    share = np.clip(level[:, None] + shocks, 0.01, 0.95)
    at = SELECTED - YEARS[0]
    x = rng.binomial(600, share)
    funded = np.zeros(m, dtype=bool)
    funded[np.argsort(-(x[:, at] if on == "outcome" else level), kind="stable")[:n_funded]] = True
    later = np.arange(len(YEARS)) - at
    moved = share + funded[:, None] * (np.where(later > 0, effect, 0.0) + drift * later)
    x[:, later != 0] = rng.binomial(600, np.clip(moved, 0, 1))[:, later != 0]
    keys = [f"{number:03}" for number in range(m)]
    return pd.DataFrame(x / 6, index=keys, columns=list(YEARS)), [keys[k] for k in np.flatnonzero(funded)]


def compare(panel, funded, **options):
    given = {"outcome": "child_poverty_u15", "selected": SELECTED, "selected_on": "outcome", "bordering": []}
    return qa.compare_funded(panel, funded, **{**given, **options})


def test_the_estimates_are_those_of_their_formulas():
    """HC3 by its definition: each area left out in turn; the difference by means."""
    rng = np.random.default_rng(5)
    n = 90
    funded = np.arange(n) < 20
    earlier = rng.normal(20, 4, n)
    chosen = earlier + rng.normal(0, 1, n)
    post = 0.5 * chosen + 0.4 * earlier - 1.5 * funded + rng.normal(0, 1, n)
    table = estimates(GroupCourse(post, chosen, earlier, funded, 2.5, -2.0))
    x = np.column_stack([funded, np.ones(n), chosen, earlier]).astype(float)
    b = np.linalg.lstsq(x, post, rcond=None)[0]
    assert table.loc["regression", "estimate"] == pytest.approx(b[0])
    left_out = []
    for k in range(n):
        others = np.arange(n) != k
        left_out.append(post[k] - x[k] @ np.linalg.lstsq(x[others], post[others], rcond=None)[0])
    inverse = np.linalg.inv(x.T @ x)
    variance = (inverse @ (x.T @ np.diag(np.square(left_out)) @ x) @ inverse)[0, 0]
    assert table.loc["regression", "se"] == pytest.approx(np.sqrt(variance))
    half = (table["upper"] - table["lower"]) / 2
    assert (half / table["se"]).to_numpy() == pytest.approx(2.093024054408263)  # t of 19 degrees
    change = post - chosen
    assert table.loc["difference", "estimate"] == pytest.approx(change[funded].mean() - change[~funded].mean())
    assert table.loc["before_after", "estimate"] == pytest.approx(change[funded].mean())


def test_the_breakdown_trend_explains_all_of_the_estimate():
    """A pure drift of 0.2 points a year, nothing else: the trend that would explain it is this drift."""
    rng = np.random.default_rng(9)
    n, drift = 400, 0.2
    funded = np.arange(n) < 40
    level = rng.normal(20, 5, n)
    earlier, chosen = level + rng.normal(0, 1e-3, n) - 2 * drift * funded, level + rng.normal(0, 1e-3, n)
    post = level + 2.5 * drift * funded
    course = GroupCourse(post, chosen, earlier, funded, 2.5, -2.0)
    assert breakdown_trend(course) == pytest.approx(drift, rel=0.02)


def test_what_can_be_seen_is_known_before_the_outcome_is_read():
    """The funded areas' later values do not enter."""
    panel, funded = city(np.random.default_rng(2))
    other = panel.copy()
    other.loc[funded, [2020, 2021, 2022, 2023]] = 3.0
    assert compare(panel, funded).smallest_visible == compare(other, funded).smallest_visible
    for lang, first in (("de", "kann dieser Vergleich nicht sehen"), ("en", "cannot be seen by this comparison")):
        assert first in compare(panel, funded).text(lang).splitlines()[0]


def test_more_areas_see_smaller_differences():
    """1.4 points with 35 of 540 areas, 2.9 with 10 of 100: acting.md section 9, other draws."""
    large, small = (compare(*city(np.random.default_rng(2), *size)) for size in ((540, 35), (100, 10)))
    assert large.smallest_visible == pytest.approx(1.4, abs=0.4)
    assert small.smallest_visible == pytest.approx(2.9, abs=0.9)


def test_areas_chosen_by_the_value_of_a_year_fall_by_themselves():
    """Without any effect the plain change says one; regression and range do not (long run: benchmarks/acting.py)."""
    rng, off, held = np.random.default_rng(4), [], []
    for _ in range(25):
        found = compare(*city(rng))
        off.append(found.table["estimate"])
        held.append(found.range[0] <= 0 <= found.range[1])
    mean = pd.DataFrame(off).mean()
    assert mean["difference"] < -0.7
    assert abs(mean["regression"]) < 0.4
    assert np.mean(held) > 0.85


def test_the_text_claims_no_effect_and_says_what_is_not_known():
    panel, funded = city(np.random.default_rng(3), effect=-0.05)
    for on in ("outcome", "level", "other"):
        found = compare(panel, funded, selected_on=on)
        for lang in ("de", "en"):
            assert effect_claims(found.text(lang)) == []
        assert "weder bewiesen noch widerlegt" in found.text("de")
        assert "im Jahr abweichende Entwicklung" in found.text("de")
    assert "cannot be told from chance" in compare(*city(np.random.default_rng(30))).text("en")


def test_no_text_of_a_comparison_claims_an_effect():
    words = files("quartiersatlas.catalogue").joinpath("texts.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for row in csv.reader(words, delimiter=";") if row[0].startswith(("funded_", "chart_funded", "twins_"))]
    assert len(rows) > 20
    assert [claims for row in rows for claims in map(effect_claims, row[1:]) if claims] == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Das Programm bewirkt weniger Armut", ["bewirkt"]),
        ("Ein voller Erfolg!", ["Erfolg"]),
        ("erfolgreiche Förderung", ["erfolgreiche"]),
        ("The programme was a success", ["success"]),
        ("Die Auswahl erfolgt jährlich, Bewohner wirken mit", []),
        ("haben sich anders entwickelt", []),
    ],
)
def test_claims_of_an_effect(words, found):
    assert effect_claims(words) == found


def test_both_charts_draw():
    found = compare(*city(np.random.default_rng(3)))
    curves, chart = found.chart("curves"), found.chart("range", "en")
    assert len(curves.rows) == 9
    assert sum(mark.kind == "line" and bool(mark.fill) for mark in curves.marks) == 2
    assert [len(row) for row in chart.rows] == [2] * 4
    assert "cannot see differences" in chart.note
    assert found.plot() is not None
    assert "<pre>" in found._repr_html_()


# --- joined data -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def years():
    """Make nine years of a grid of 12 x 9 areas."""
    panel, _ = city(np.random.default_rng(6), 108, 12)
    shapes = [
        shapely.box(k % 12 * 1000, k // 12 * 1000, k % 12 * 1000 + 1000, k // 12 * 1000 + 1000) for k in range(108)
    ]
    areas = gpd.GeoDataFrame({"name": panel.index}, index=list(panel.index), geometry=shapes, crs="EPSG:25832")
    made = {}
    for year in panel:
        table = pd.DataFrame({"poor": (6 * panel[year]).round(), "residents": 600.0}, index=panel.index)
        made[year] = qa.add_rates(qa.join(areas, table, period=str(year)), {"poverty": ("poor", "residents")})
    return made, panel


def test_neighbours_of_funded_areas_are_left_out(years):
    made, panel = years
    funded = [f"{k:03}" for k in range(12)]  # the lowest row of the grid
    found = qa.compare_funded(made, funded, outcome="poverty", selected=SELECTED, selected_on="other")
    assert found.dropped["bordering"] == tuple(f"{k:03}" for k in range(12, 24))
    assert (len(found.funded), len(found.others)) == (12, 84)
    same = compare(panel, funded, bordering=found.dropped["bordering"])
    pd.testing.assert_frame_equal(found.table, same.table)
    assert "12 Gebiete, die an geförderte grenzen" in found.text()


def test_other_definitions_and_areas_in_a_year_are_refused(years):
    made, _ = years
    funded = [f"{k:03}" for k in range(12)]
    other = qa.Indicator(id="poverty", numerator_de="Haushalte", denominator_de="alle")
    changed = {**made, 2020: made[2020].with_indicators(other)}
    with pytest.raises(SpecError, match="defined otherwise"):
        qa.compare_funded(changed, funded, outcome="poverty", selected=SELECTED, selected_on="other")
    with pytest.raises(ColumnError, match="2015"):
        qa.compare_funded(made, funded, outcome="wealth", selected=SELECTED, selected_on="other")


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_comparison_that_cannot_be_names_the_missing_piece():
    panel, funded = city(np.random.default_rng(1), 120, 12)
    keys = list(panel.index)
    for given, chosen, options, error, words in (
        (panel, keys, {}, SpecError, "all areas are funded"),
        (panel, funded, {"exclude": funded}, SpecError, "no area is funded"),
        (panel, [], {}, SpecError, "no area is funded"),
        (panel, funded, {"exclude": ["999"]}, ColumnError, "exclude: there are no areas '999'"),
        (panel, funded, {"selected": "2019"}, ArgumentError, "selected takes an int"),
        (panel, funded[:9], {}, SpecError, "9 funded and 111 other areas .left out: none."),
        (panel.iloc[:70], keys[:12], {}, SpecError, "12 funded and 58"),
        (panel.drop(columns=[2016, 2017]), funded, {}, SpecError, "2 of the 3 years before 2019"),
        (panel.drop(columns=[2021, 2022, 2023]), funded, {}, SpecError, "1 of the 2 years after 2019"),
        (panel.drop(columns=2019), funded, {}, SpecError, "the year of selection 2019"),
        (panel, [*funded, "999"], {}, ColumnError, "'999'"),
        (panel / 100, funded, {}, SpecError, "fractions"),
        (panel.rename(columns=str), funded, {}, SpecError, "whole numbers"),
        (pd.concat([panel, panel]), funded, {}, JoinError, "twice"),
        (panel, funded, {"bordering": None}, SpecError, "border on funded"),
        (panel, funded, {"selected_on": "luck"}, SpecError, "selected_on must be"),
        (panel, funded, {"comment": "Ein Erfolg"}, SpecError, "'Erfolg' claims an effect"),
        ([1, 2], funded, {}, ArgumentError, "takes a mapping or a DataFrame"),
        ({2019: panel}, funded, {}, ArgumentError, "AreaData"),
        ({}, funded, {}, SpecError, "empty"),
    ):
        with pytest.raises(error, match=words):
            compare(given, chosen, **options)


def test_unknown_values_leave_an_area_out():
    panel, funded = city(np.random.default_rng(1), 120, 12)
    panel.loc["050", 2021] = np.nan
    found = compare(panel, [key for key in funded if key != "050"])
    assert found.dropped["unknown"] == ("050",)
    assert "050" not in found.others


def test_smallest_visible_is_2_8_standard_errors_and_more_with_few_funded_areas():
    """With 10 funded areas Student's quantiles with 9 degrees of freedom, of printed tables: 2.262 and 0.883."""
    rng = np.random.default_rng(8)
    for n_funded, errors in ((400, 2.8), (10, 2.262 + 0.883)):
        n = 4000
        funded = np.arange(n) < n_funded
        chosen, earlier = rng.normal(20, 4, (2, n))
        course = GroupCourse(0.5 * chosen + rng.normal(0, 2, n), chosen, earlier, funded, 2.5, -2.0)
        se = 2 * np.sqrt(1 / n_funded + 1 / (n - n_funded))
        assert smallest_visible(course) == pytest.approx(errors * se, rel=0.03)


def test_funded_areas_that_scatter_more_than_the_others_are_said_to_hide_larger_differences():
    """What was promised beforehand and the interval may not contradict each other without a word."""
    rng = np.random.default_rng(4)
    panel, funded = city(rng)
    loud = panel.copy()
    loud.loc[funded, [2021, 2022, 2023]] += rng.normal(0, 6, (len(funded), 1))
    quiet, found = compare(panel, funded), compare(loud, funded)
    assert found.smallest_visible == quiet.smallest_visible
    row = found.table.loc["regression"]
    told = float(found.text("en").split("only differences from ")[1].split(" ")[0])
    assert told == pytest.approx((row["upper"] - row["lower"]) / 2 * (2.03 + 0.85) / 2.03, abs=0.06)
    assert told > found.smallest_visible
