"""``change``: several dates, chance against the city, adjusted tests, classes over time, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import false_discovery_control, norm

import quartiersatlas as qa
from quartiersatlas.charts import Dot, Line, VRule
from quartiersatlas.errors import ArgumentError, BreakError, ColumnError, CountError, JoinError, SpecError
from quartiersatlas.monitoring.changes.steps import RateStep, adjusted, change_of_rate


def test_benjamini_and_hochberg_as_in_their_example():
    """Of 25 tests; the 17 others lie above .21."""
    p = pd.Series([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, *np.linspace(0.22, 0.99, 17)])
    expected = [0.025, 0.1, 0.21, 0.21, 0.21, 0.25]
    assert adjusted(p).round(12).tolist()[:6] == expected
    mixed = p.sample(frac=1, random_state=1)
    assert adjusted(mixed).loc[range(6)].round(12).tolist() == expected
    assert adjusted(p).tolist() == pytest.approx(false_discovery_control(p).tolist())


def test_points_and_counts_per_year_by_days(year):
    found = qa.change(
        year([200.0, 0, 100], [1000.0] * 3, "31.12.2021"),
        year([242.0, 12, 100], [1000.0] * 3, "31.12.2023"),
        indicators=["poverty", "poor"],
    )
    rate, counted = found.of("poverty"), found.of("poor")
    years = 730 / 365.25
    assert rate["change"].tolist() == pytest.approx([4.2, 1.2, 0])
    assert rate["per_year"].tolist() == pytest.approx([4.2 / years, 1.2 / years, 0])
    assert rate["relative"].tolist() == pytest.approx([4.2 - 1.8, 1.2 - 1.8, -1.8])
    assert counted["per_year"].tolist() == pytest.approx([100 * (1.21 ** (1 / years) - 1), np.nan, 0], nan_ok=True)
    assert counted["reason"].tolist() == ["no_counts", "from_zero", "no_counts"]
    assert counted["change"].tolist() == [42, 12, 0]
    assert counted["p"].isna().all()
    assert "10,0 % (31.12.2021) und 11,8 % (31.12.2023), das sind +1,8 Prozentpunkte (+0,90 pro Jahr)" in found.text(
        "de"
    ).replace("\u202f", " ")


def test_each_step_and_the_whole_way(drawn_years):
    dates = drawn_years()
    found = qa.change(*dates, indicators="poverty")
    steps = found.table.drop_duplicates(["earlier", "later"])[["earlier", "later", "span"]].to_numpy().tolist()
    assert steps == [["2018", "2021", "step"], ["2021", "2024", "step"], ["2018", "2024", "whole"]]
    parts = [found.of("poverty", a, b)["change"] for a, b in (("2018", "2021"), ("2021", "2024"))]
    assert (parts[0] + parts[1]).tolist() == pytest.approx(found.of()["change"].tolist())
    only_two = qa.change(dates[0], dates[2], indicators="poverty")
    pd.testing.assert_frame_equal(only_two.of(), found.of())
    with pytest.raises(SpecError, match="2021 to 2018 was not compared"):
        found.of("poverty", "2021", "2018")


def test_without_the_city_the_test_is_that_of_rate_change(drawn_years):
    one, other = drawn_years(periods=("2021", "2024"), moved=6, by=0.05)
    found = qa.change(one, other, indicators="poverty", relative_to=None, correlation=0.3).of()
    known = qa.rate_change(one.parts("poverty"), other.parts("poverty"), correlation=0.3)
    for name, per in (("change", 100), ("lower", 100), ("upper", 100), ("z", 1)):
        assert found[name].tolist() == pytest.approx((per * known[name]).tolist())
    assert found["p"].tolist() == pytest.approx((2 * norm.sf(known["z"].abs())).tolist())


def test_a_small_area_in_a_city_that_stands_still_has_the_z_of_no_change():
    x1, n1 = pd.Series([30.0, 200_000]), pd.Series([100.0, 1_000_000])
    x2, n2 = pd.Series([45.0, 200_000 - 15]), pd.Series([100.0, 1_000_000])
    against, alone = (change_of_rate(RateStep((x1, n1), (x2, n2), 1, 100), against_city=c) for c in (True, False))
    assert against["z"][0] == pytest.approx(alone["z"][0], rel=1e-3)
    assert against["relative_lower"][0] == pytest.approx(alone["lower"][0], rel=1e-3)


def test_in_a_city_of_two_areas_both_have_the_same_z_with_other_signs():
    """What one moves against the city, the other moves against it too: the test knows that they are its parts."""
    step = RateStep(
        (pd.Series([30.0, 60]), pd.Series([200.0, 200])), (pd.Series([50.0, 60]), pd.Series([200.0, 200])), 1, 100
    )
    found = change_of_rate(step, against_city=True)
    assert found["relative"].tolist() == pytest.approx([5.0, -5.0])
    assert found["z"][0] == pytest.approx(-found["z"][1], rel=0.03)
    assert found["relative_lower"][0] == pytest.approx(-found["relative_upper"][1])


@pytest.mark.parametrize(("n_areas", "draws"), [(100, 12), (3, 80)])
def test_false_alarms_are_as_many_as_said_in_a_city_and_in_a_town_of_three_areas(n_areas, draws):
    """Every area moves like its city, from 20 to 23 %: 5 % of z beyond 1.96, 95 % of the intervals hold 0."""
    random = np.random.default_rng(3)
    n = pd.Series(random.integers(150, 900, n_areas).astype(float))
    found = []
    for _ in range(draws):
        dates = [(pd.Series(random.binomial(n.astype(int), rate).astype(float)), n) for rate in (0.20, 0.23)]
        found.append(change_of_rate(RateStep(dates[0], dates[1], 3, 100), against_city=True))
    every = pd.concat(found)
    # of 1,200 and 240 z that are independent 5 % are 60 and 12: within four standard errors
    assert abs((every["z"].abs() > norm.isf(0.025)).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(every))
    held = (every["relative_lower"] <= 0) & (every["relative_upper"] >= 0)
    assert abs(held.mean() - 0.95) < 4 * np.sqrt(0.05 * 0.95 / len(every))


def test_tests_are_adjusted_over_areas_and_over_indicators_that_are_read_together(drawn_years):
    dates = [
        qa.add_rates(data, {"second": ("poor", "residents")})
        for data in drawn_years(periods=("2021", "2024"), moved=5, by=0.06)
    ]
    alone = qa.change(*dates, indicators="poverty")
    both = qa.change(*dates, indicators=["poverty", "second"])
    p = alone.of()["p"]
    assert alone.of()["p_adjusted"].tolist() == pytest.approx(false_discovery_control(p).tolist())
    assert both.of()["p_adjusted"].tolist() == pytest.approx(alone.of()["p_adjusted"].tolist())
    twice = np.concatenate([p, p])
    assert both.of("second")["p_together"].tolist() == pytest.approx(false_discovery_control(twice).tolist()[20:])
    assert both.of_city()["tested_together"] == 40
    assert "40-mal gegen die Entwicklung der Stadt" in both.text("de")
    plain = qa.change(*dates, indicators="poverty", adjust="none")
    assert plain.of()["p_together"].tolist() == p.tolist()
    assert "not adjusted" in plain.text("en")


def test_unknown_and_small_areas_have_reasons_and_no_verdict(year):
    one = year([20.0, np.nan, 4, 30, 0], [100.0, 100, 20, 200, 0], "2021")
    other = year([20.0, 30, 6, 30, 0], [100.0, 100, 20, 200, 0], "2024")
    found = qa.change(one, other, indicators="poverty", min_denominator=50)
    rows = found.of()
    assert rows["reason"].tolist() == ["", "missing", "few", "", "not_applicable"]
    assert rows["verdict"].tolist() == ["not_shown", "", "", "not_shown", ""]
    assert rows["change"].iloc[2] == pytest.approx(10)
    city = found.of_city()
    assert city["value_later"] == pytest.approx(100 * 56 / 320)  # without the area that is unknown at one date
    assert (city["tested"], city["n_areas"]) == (2, 3)


def test_an_area_that_is_the_whole_city_cannot_move_against_it(year):
    found = qa.change(*(year([20.0], [100.0], period) for period in ("2021", "2024")), indicators="poverty")
    assert found.of()["reason"].tolist() == ["alone"]
    assert found.of()["verdict"].tolist() == [""]


def test_an_area_whose_outline_moved_has_no_change(year):
    from dataclasses import replace

    import shapely

    one, other = (year([20.0, 30, 10], [100.0] * 3, period) for period in ("2021", "2024"))
    areas = other.areas.copy()
    areas.loc["c0", "geometry"] = shapely.box(2000, 0, 4000, 1000)
    other = replace(other, areas=areas)
    with pytest.raises(JoinError, match="outline"):
        qa.change(one, other, indicators="poverty")
    found = qa.change(one, other, indicators="poverty", outlines="report").of()
    assert found["reason"].tolist() == ["", "", "moved"]
    assert np.isnan(found["change"].iloc[2])


def test_ready_made_numbers_have_a_change_and_no_test(joined):
    rent = qa.Indicator(id="rent", kind="median", unit="EUR")
    dates = [
        joined({"rent": values, "residents": [10.0] * 3}, period=period).with_indicators(rent)
        for values, period in (([8.0, 9, 10], "2021"), ([9.5, 9, 11], "2024"))
    ]
    found = qa.change(*dates, indicators="rent")
    assert found.of()["change"].tolist() == pytest.approx([1.5, 0, 1])
    assert found.of()["reason"].tolist() == ["no_counts"] * 3
    assert "liegt nicht zu beiden Zeitpunkten ein Wert vor" in found.text("de")
    assert len(found.chart("caterpillar").rows) == 3


@pytest.mark.parametrize(
    ("periods", "match"),
    [
        (("2021", "2021"), "a change needs two"),
        (("2024", "2021"), "lies after '2021'"),
        (("2019-2021", "2021-2023"), "overlap"),
        (("2021", "Winter"), "is no date, so nothing can be told per year"),
        (("2021", ""), "date 2 has no period"),
    ],
)
def test_dates_that_are_no_course_are_refused(year, periods, match):
    dates = [year([20.0, 30, 10], [100.0] * 3, period) for period in periods]
    with pytest.raises(SpecError, match=match):
        qa.change(*dates, indicators="poverty")


def test_what_cannot_be_compared_is_refused(year):
    one, other = (year([20.0, 30, 10], [100.0] * 3, period) for period in ("2021", "2024"))
    with pytest.raises(SpecError, match="1 date is given"):
        qa.change(one, indicators="poverty")
    with pytest.raises(ArgumentError, match="change: date 2 takes an AreaData"):
        qa.change(one, other.values, indicators="poverty")
    with pytest.raises(ColumnError, match="rent"):
        qa.change(one, other, indicators="rent")
    with pytest.raises(JoinError, match="not on the same areas"):
        qa.change(year([20.0, 30], [100.0] * 2, "2021"), other, indicators="poverty")
    old, new = (year([20.0, 30, 10], [100.0] * 3, of, vintage=v) for of, v in (("2021", "2011"), ("2024", "2021")))
    with pytest.raises(JoinError, match=r"2021 .* 2011"):
        qa.change(old, new, indicators="poverty")
    with pytest.raises(SpecError, match="level"):
        qa.change(one, other, indicators="poverty", level=5)
    with pytest.raises(CountError, match="more in 'poor' than in"):
        qa.change(year([120.0, 30, 10], [100.0] * 3, "2021"), other, indicators="poverty")


def test_percent_and_fractions_are_not_mixed(joined):
    share = qa.Indicator(id="quote", unit="percent")
    one = joined({"quote": [34.0, 20, 15], "residents": [9.0] * 3}, period="2021").with_indicators(share)
    other = joined({"quote": [0.34, 0.2, 0.16], "residents": [9.0] * 3}, period="2024")
    other = other.with_indicators(share, units={"quote": "percent"})
    with pytest.raises(SpecError, match="fractions and percent"):
        qa.change(one, other, indicators="quote")


def test_unlike_definitions_are_refused_with_their_report_or_left_empty(year, joined):
    one = year([39.0, 40, 41], [1000.0] * 3, "2010")
    renamed = joined({"mh": [104.0, 100, 120], "residents": [1000.0] * 3}, period="2011", population="residents")
    other = qa.add_rates(renamed, {"poverty": ("mh", "residents")})
    last = qa.add_rates(
        joined({"mh": [108.0, 100, 120], "residents": [1000.0] * 3}, period="2012", population="residents"), other.rates
    )
    with pytest.raises(BreakError, match="not the same at '2010' and '2011': numerator 'poor' and 'mh'") as caught:
        qa.change(one, other, last, indicators="poverty")
    assert caught.value.report.differences["part"].tolist() == ["numerator"]
    found = qa.change(one, other, last, indicators="poverty", breaks="report")
    assert found.of("poverty", "2010", "2011")["reason"].tolist() == ["break"] * 3
    assert found.of("poverty", "2010", "2011")["change"].isna().all()
    assert np.isnan(found.of_city("poverty", "2010", "2012")["change"])
    assert found.of("poverty", "2011", "2012")["change"].tolist() == pytest.approx([0.4, 0, 0])
    assert "keine" not in found.text("de").split("wird")[0]
    assert "anders definiert" in found.text("de")
    with pytest.raises(SpecError, match="defined otherwise from"):
        found.transitions(2)
    chart = found.chart("course")
    lines = [mark for mark in chart.marks if isinstance(mark, Line)]
    assert [len(line.points) for line in lines] == [1, 1, 2, 2]  # nothing joins 2010 and 2011
    assert [rule.dash != () for rule in chart.marks if isinstance(rule, VRule)] == [True]


def test_a_report_says_how_far_two_definitions_are_apart(year, joined):
    """3.9 % foreign residents, about 10 % with migration background: a factor of 2.6, as the guide tells of Jena."""
    one = year([39.0, 40, 38], [1000.0] * 3, "2010", rate="foreign_share")
    values = {"mh": [104.0, 100, 99], "poor": [40.0, 40, 38], "residents": [1000.0] * 3}
    other = joined(values, period="2011", population="residents")
    other = qa.add_rates(other, {"mh_share": ("mh", "residents"), "foreign_share": ("poor", "residents")})
    found = qa.break_report(one, other, indicators={"foreign_share": "mh_share"}, overlap=other)
    jump = found.jumps.loc["mh_share"]
    assert jump[["city_earlier", "city_later", "city_jump"]].tolist() == pytest.approx([3.9, 10.1, 6.2])
    assert jump["median_jump"] == pytest.approx(10.0 - 3.9)
    ratios = found.overlap.set_index("key")["ratio"]
    assert ratios.loc[""] == pytest.approx(303 / 118)
    assert ratios.iloc[1:].tolist() == pytest.approx([2.6, 2.5, 99 / 38])
    assert "Zähler: poor → mh" in found.text("de")
    assert "das 2,60-Fache der alten (2,50 bis 2,61)" in found.text("de")
    alike = qa.break_report(one, year([39.0, 40, 38], [1000.0] * 3, "2011", rate="foreign_share"))
    assert not alike.breaks
    assert "gleich definiert" in alike.text("de")


def test_fixed_limits_tell_who_moved_and_own_limits_who_changed_places(year):
    """Everybody gains 10 points: by fixed limits all rise, by those of each date nobody changes places."""
    values = np.repeat(np.arange(10.0, 90, 10), 2)
    one, other = year(values, [100.0] * 16, "2021"), year(values + 10, [100.0] * 16, "2024")
    found = qa.change(one, other, indicators="poverty")
    fixed, each = (found.transitions(4, limits=limits) for limits in ("fixed", "each"))
    assert each.matrices[0].table.iloc[:4, :4].to_numpy().tolist() == np.diag([4] * 4).tolist()
    assert fixed.breaks["2021"] == fixed.breaks["2024"] == (27.5, 45.0, 62.5)
    assert fixed.matrices[0].table.iloc[:4, :4].to_numpy().tolist() == [
        [2, 2, 0, 0],
        [0, 2, 2, 0],
        [0, 0, 2, 2],
        [0, 0, 0, 4],
    ]
    assert fixed.table["residents"].sum() == 1600
    assert "zu beiden Zeitpunkten dieselben" in fixed.chart().note
    assert "kein absolutes" in each.chart().note
    at_limit = found.transitions([20, 50])
    assert at_limit.moves["earlier"].tolist() == ["1"] * 4 + ["2"] * 6 + ["3"] * 6


def test_without_a_class_is_a_row_and_a_column(year):
    nan = np.nan
    sides = (([10.0, 20, nan, 40, 50], "2021"), ([10.0, nan, 30, 40, 50], "2024"))
    found = qa.change(*(year(poor, [100.0] * 5, period) for poor, period in sides), indicators="poverty")
    table = found.transitions([25]).matrices[0].table
    assert table.to_numpy().tolist() == [[1, 0, 1], [0, 2, 0], [0, 1, 0]]
    chart = found.transitions([25]).chart()
    assert chart.y.bands[-1] == "ohne Klasse"
    assert "3 von 3 Gebieten sind in ihrer Klasse geblieben" in chart.note
    assert "Bedarf" not in str(chart.to_json())


def test_classes_that_cannot_be_made_are_refused(year):
    found = qa.change(*(year([10.0] * 15, [100.0] * 15, period) for period in ("2021", "2024")), indicators="poverty")
    for classes, limits, match in (
        (1, "fixed", "1 classes are asked for"),
        (3, "fixed", "limits fall together"),
        ([30, 20], "fixed", "rising limits"),
        ([20, 30], "each", "the same at each date"),
        (4, "own", "limits"),
    ):
        with pytest.raises(SpecError, match=match):
            found.transitions(classes, limits)


def test_charts_show_the_city_and_fill_what_is_shown(drawn_years, table_of):
    found = qa.change(*drawn_years(periods=("2021", "2024"), moved=3, by=0.12), indicators="poverty")
    chart = found.chart()
    verdicts = found.of()["verdict"]
    dots = {mark.area: mark for mark in chart.marks if isinstance(mark, Dot)}
    assert len(verdicts[verdicts.ne("not_shown")]) >= 3
    assert {key for key, dot in dots.items() if dot.fill != "#ffffff"} == set(verdicts.index[verdicts.ne("not_shown")])
    assert any(isinstance(mark, VRule) and mark.text.startswith("Stadt +") for mark in chart.marks)
    assert table_of(chart).shape == (20, 5)
    dumbbell = found.chart("dumbbell", "en", most=5)
    assert len(dumbbell.rows) == 6
    assert dumbbell.rows[0][0] == "City"
    assert "the 5 areas" in dumbbell.note
    with pytest.raises(SpecError, match="kind"):
        found.chart("sankey")
    counted = qa.change(*found.dates, indicators="poor")
    assert len(counted.chart().rows) == 20
    with pytest.raises(SpecError, match="is a sum"):
        counted.chart("dumbbell")


@pytest.fixture(scope="module")
def berlin(shared):
    """Read residents and those with migration background of Berlin's planning areas at the ends of 2021 and 2024."""
    folder = shared / "berlin"
    areas = qa.read_areas(folder / "lor_post2021_PLR" / "lor_planungsraeume_2021.shp", key="PLR_ID", name="PLR_NAME")
    dates = []
    for number in (2021, 2024):
        path = folder / "population" / f"berlin-lor-population-{number}-02-t1-planning-areas.csv"
        table = pd.read_csv(path, dtype={"id": str}).set_index("id")
        table = table[["inhabitants_with_migration_background", "inhabitants"]].astype(float)
        table.columns = pd.Index(["mh", "residents"])
        data = qa.join(areas, table.reindex(areas.index), period=f"{number}-12-31", population="residents")
        dates.append(qa.add_rates(data, {"mh_share": ("mh", "residents")}))
    return dates


def own_z(x1, n1, x2, n2, big):
    """Give z of "moved like the city": the likely rates by maximising the likelihood, the area a part of its city."""
    moved = big[2] / big[3] - big[0] / big[1]

    def loss(p):
        q = p + moved
        return -(x1 * np.log(p) + (n1 - x1) * np.log(1 - p) + x2 * np.log(q) + (n2 - x2) * np.log(1 - q))

    p = minimize_scalar(loss, bounds=(max(1e-9, -moved + 1e-9), min(1, 1 - moved) - 1e-9), method="bounded").x
    w1, w2 = n1 / big[1], n2 / big[3]
    r1, r2 = (big[0] - x1) / (big[1] - n1), (big[2] - x2) / (big[3] - n2)
    early = p * (1 - p) / n1 + r1 * (1 - r1) / (big[1] - n1)
    late = (p + moved) * (1 - p - moved) / n2 + r2 * (1 - r2) / (big[3] - n2)
    return (x2 / n2 - x1 / n1 - moved) / np.sqrt((1 - w1) ** 2 * early + (1 - w2) ** 2 * late)


@pytest.mark.shared_data
def test_berlin_2021_to_2024_by_an_independent_computation(berlin):
    """Areas with at least 300 residents at both dates; numbers by numpy and scipy alone."""
    found = qa.change(*berlin, indicators="mh_share", min_denominator=300)
    (x1, n1), (x2, n2) = ([side.values[c].to_numpy() for c in ("mh", "residents")] for side in berlin)
    keep = (np.nan_to_num(n1) >= 300) & (np.nan_to_num(n2) >= 300)
    whole = (np.nan_to_num(n1) > 0) & (np.nan_to_num(n2) > 0)
    big = [part[whole].sum() for part in (x1, n1, x2, n2)]
    p1, p2 = x1[keep] / n1[keep], x2[keep] / n2[keep]
    city = big[2] / big[3] - big[0] / big[1]
    rows = found.of()[keep]
    assert found.of_city()["change"] == pytest.approx(100 * city)
    assert found.of_city()["tested"] == keep.sum() > 500
    assert rows["relative"].tolist() == pytest.approx((100 * (p2 - p1 - city)).tolist())
    assert rows["per_year"].tolist() == pytest.approx((100 * (p2 - p1) / (1096 / 365.25)).tolist())
    z = np.array([own_z(*row, big) for row in np.column_stack([x1, n1, x2, n2])[keep]])
    assert rows["z"].tolist() == pytest.approx(z.tolist(), abs=2e-3)
    own = false_discovery_control(2 * norm.sf(np.abs(z)))
    assert np.mean((own <= 0.05) == (rows["p_together"] <= 0.05)) > 0.995
    assert rows["p_adjusted"].tolist() == pytest.approx(false_discovery_control(rows["p"]).tolist())


@pytest.mark.shared_data
def test_berlin_by_fixed_limits_two_in_five_rise_and_by_own_limits_most_stay(berlin):
    """As the knowledge file has it: two in five rise and none falls; 85 % on the diagonal."""
    found = qa.change(*berlin, indicators="mh_share", min_denominator=300)
    tables = {}
    for limits in ("fixed", "each"):
        tables[limits] = found.transitions(5, limits=limits).matrices[0].table.to_numpy()[:5, :5]
    total = tables["fixed"].sum()
    assert np.triu(tables["fixed"], 1).sum() / total == pytest.approx(0.4, abs=0.08)
    assert np.tril(tables["fixed"], -1).sum() <= 0.02 * total
    assert np.trace(tables["each"]) / total == pytest.approx(0.85, abs=0.05)
