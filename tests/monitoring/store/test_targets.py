"""Targets, forecasts, rhythm: known answers, limits, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.monitoring.store.rhythm import due_tasks

sys.path.insert(0, str(Path(__file__).parent))
from conftest import POOR, RATE, a_year

GOAL = {"indicator": RATE, "baseline": 30.0, "target": 20.0, "start": "2020-12-31", "due": "2030-12-31"}
# target_known.json: made up, computed by independent prototype code
STATES = [
    ((19, 21), "on_course"),
    ((23.2, 24.8), "on_course"),
    ((25.5, 26.9), "undecided"),
    ((26.4, 27.6), "behind"),
    ((27.6, 28.4), "behind"),
    ((30.5, 31.5), "moving_away"),
    ((21, 29), "undecided"),
]


def test_the_path_goes_by_days():
    assert qa.Target(**GOAL).path("2024-12-31") == pytest.approx(25.9995, abs=1e-4)
    assert qa.Target(**GOAL).path("2020-12-31") == 30
    assert qa.Target(**GOAL).path("2035-01-01") == 20


@pytest.mark.parametrize(("ends", "state"), STATES)
def test_states(ends, state):
    assert qa.Target(**GOAL).state(*ends, "2024-12-31") == state


@pytest.mark.parametrize(("ends", "state"), STATES)
def test_states_of_a_target_upwards_are_the_mirror(ends, state):
    up = qa.Target(**{**GOAL, "baseline": -30.0, "target": -20.0})
    assert up.state(-ends[1], -ends[0], "2024-12-31") == state


@pytest.mark.parametrize(
    ("ends", "state"),
    [((19, 20), "reached"), ((19, 20.01), "on_course"), ((30, 31), "behind"), ((30.01, 31), "moving_away")],
)
def test_exactly_at_the_limits(ends, state):
    assert qa.Target(**GOAL).state(*ends, "2024-12-31") == state


@pytest.mark.shared_data
def test_all_known_answers(shared):
    file = shared.parent / "reference" / "acting" / "target_known.json"
    for case in json.loads(file.read_text(encoding="utf-8")):
        goal = qa.Target(**{**GOAL, **{name: case[name] for name in ("baseline", "target", "start", "due")}})
        assert goal.path(case["on"]) == pytest.approx(case["path"], abs=1e-4)
        assert goal.state(case["lower"], case["upper"], case["on"]) == case["state"]
        assert goal.state(case["value"], case["value"], case["on"]) == case["point"]


def test_a_target_of_the_store(filled):
    made = filled.add_target(RATE, target=10, due="2033-12-31", start="2023", resolution="Rat 12.03.2024")
    assert made.baseline == pytest.approx(100 * sum(POOR) / 14_000)
    filled.add(a_year("2024", [0.5 * x for x in POOR])).accept(reason="R", by="B")
    (found,) = filled.targets()
    assert (found.on, found.light) == ("2024-12-31", "reached")
    assert found.value == pytest.approx(50 * sum(POOR) / 14_000)
    assert filled.targets(on="2024-06-30")[0].on == "2023-12-31"
    assert filled.targets(on="2020")[0].why == "no_value"


def test_without_resolution_or_with_another_definition_there_is_no_light(filled):
    filled.add_target(RATE, target=10, due="2033-12-31", start="2023")
    filled.add_target(RATE, target=10, due="2033-12-31", start="2023", resolution="Rat", area="03")
    assert [(one.light, one.why) for one in filled.targets()] == [("no_light", "no_resolution"), ("undecided", "")]
    filled.add(a_year("2024", numerator="others"), breaks=RATE).accept(reason="R", by="B")
    assert filled.targets()[1].why == "other_definition"


def test_targets_that_make_no_sense(filled):
    for target, due, start, why in (
        (30, "2033", "2023", "more need"),
        (10, "2022", "2023", "does not lie after"),
        (10, "soon", "2023", "no date"),
        (10, "2033", "2019", "no period"),
        (float("nan"), "2033", "2023", "finite"),
    ):
        with pytest.raises(SpecError, match=why):
            filled.add_target(RATE, target=target, due=due, start=start)
    with pytest.raises(ColumnError):
        filled.add_target("nothing", target=1, due="2033", start="2023")
    with pytest.raises(SpecError, match="no area"):
        filled.add_target(RATE, target=10, due="2033", start="2023", area="99")


ROW = {
    "indicator": RATE,
    "period": "2026",
    "value": 17.0,
    "kind": "forecast",
    "made_on": "2024-05-01",
    "method": "Trend",
    "source": "Statistikstelle",
}


def test_forecasts_stay_apart_and_are_compared_when_their_day_has_come(filled):
    rows = [ROW, {**ROW, "variant": "hoch", "value": 21.0}, {**ROW, "kind": "scenario", "value": 12.0}]
    filled.add_forecasts(pd.DataFrame(rows))
    assert filled.periods == ["2023-12-31"]
    assert list(filled.data().values.columns) == ["poor", "residents", RATE]
    assert filled.forecast_errors() == ()
    filled.add(a_year("2026"))
    observed = 100 * sum(POOR) / 14_000
    assert [one.off for one in filled.forecast_errors()] == pytest.approx([17 - observed, 21 - observed])
    assert filled.targets() == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kind": "observed"}, "none of forecast, scenario"),
        ({"made_on": "2027-01-01"}, "does not lie before"),
        ({"made_on": "2026-12-31"}, "does not lie before"),
        ({"method": ""}, "method is empty"),
        ({"source": None}, "source is empty"),
        ({"value": "many"}, "no number"),
        ({"area": "99"}, "area is not known"),
        ({"indicator": "nothing"}, "no column 'nothing'"),
        ({"period": "soon"}, "no date"),
    ],
)
def test_forecasts_that_are_none(filled, change, why):
    with pytest.raises((SpecError, ColumnError), match=why):
        filled.add_forecasts(pd.DataFrame([{**ROW, **change}]))
    assert len(filled.forecasts()) == 0


def test_a_forecast_is_drawn_unlike_what_was_observed(filled):
    filled.add(a_year("2024"))
    filled.add_forecasts(pd.DataFrame([ROW, {**ROW, "period": "2027"}, {**ROW, "variant": "hoch", "value": 21.0}]))
    chart = filled.chart(RATE, "de")
    lines = [mark for mark in chart.marks if mark.kind == "line" and mark.stroke]
    dots = [mark for mark in chart.marks if mark.kind == "dot"]
    assert [bool(line.dash) for line in lines] == [True, True, False]
    assert {dot.fill == dot.stroke or dot.width == 1.0 for dot in dots} == {True, False}
    assert [row[1] for row in chart.rows] == ["beobachtet"] * 2 + ["Prognose"] * 3
    assert "<svg" in chart.svg()


@pytest.mark.parametrize(
    ("on", "state"),
    [("2025-12-30", "ok"), ("2025-12-31", "due"), ("2026-03-31", "due"), ("2026-04-01", "overdue")],
)
def test_due_from_the_day_on_and_overdue_ninety_days_later(on, state):
    (found,) = due_tasks({"core": "1 year"}, {"core": "2024-12-31"}, on)
    assert (found.due, found.state) == ("2025-12-31", state)


def test_what_was_done_is_due_again(filled):
    filled.done("review", on="2024-02-29", by="Stadtentwicklung")
    assert [(one.task, one.state, one.due) for one in filled.due("2029-03-01")] == [
        ("core", "overdue", "2024-12-31"),
        ("status", "never", ""),
        ("review", "due", "2029-02-28"),
    ]
    assert "überfällig seit 31.12.2024" in filled.due("2029-03-01")[0].text("de")
    assert filled.due("2024-01-15")[2].state == "never"
    for task, on in (("core", "2024"), ("review", "soon")):
        with pytest.raises(SpecError):
            filled.done(task, on=on, by="B")


@pytest.mark.parametrize("rhythm", [{"core": "often"}, {"core": "0 years"}, {"tea": "1 year"}])
def test_rhythms_that_are_none(tmp_path, rhythm):
    with pytest.raises(SpecError):
        qa.monitor(tmp_path / "m", rhythm=rhythm)


def test_numbers_without_anybody_have_no_value():
    from quartiersatlas.monitoring.store.values import value_with_interval

    assert np.isnan(value_with_interval(a_year("2024", [0.0] * 14, [0.0] * 14), RATE)).all()


# --- from a register --------------------------------------------------------------------------------------------------

HEAD = {"name": "Kurs", "lead": "Amt", "fields": "education", "aim": "A", "status": "running", "updated": "2024-06-30"}
MEASURE = {**HEAD, "measure_id": "M1", "areas": "", "scope": "city"}
PLANNED = {"indicator": RATE, "area": "Gesamtstadt", "definition_id": RATE, "resolution": "Rat"}
AHEAD = {"indicator": RATE, "area": "01", "made_on": "15.03.2021", "method": "Fortschreibung", "source": "Amt"}


def register(targets=(), forecasts=()):
    return qa.read_measures(
        {
            "massnahmen": pd.DataFrame([MEASURE]),
            "zielwerte": pd.DataFrame(targets or None),
            "prognosen": pd.DataFrame(forecasts or None),
        }
    )


@pytest.fixture
def two_years(tmp_path):
    store = qa.monitor(tmp_path / "store", format="csv")
    for year in ("2020-12-31", "2024-12-31"):
        assert store.add(a_year(year, POOR), by="Amt").stored
    return store


def test_targets_and_forecasts_of_a_register_are_kept_once(two_years):
    """The baseline is that of the store, dates are whole days, and what was kept before is not kept again."""
    store = two_years
    goals = [
        {**PLANNED, "baseline_date": "31.12.2020", "target": 1, "due": "2030"},
        {**PLANNED, "baseline_date": "31.12.2020", "target": 2, "due": "2030", "definition_id": "another"},
    ]
    rows = [
        {**AHEAD, "period": "2024", "value": 12.5, "kind": "Prognose"},
        {**AHEAD, "period": "31.12.2027", "value": 11, "kind": "scenario", "variant": "hoch"},
    ]
    made, kept = store.add_planned(register(goals, rows))
    assert [(one.due, one.start, one.baseline) for one in made] == [
        ("2030-12-31", "2020-12-31", pytest.approx(100 * sum(POOR) / (1000 * len(POOR))))
    ] * 2
    assert [one.why for one in store.targets()] == ["", "other_definition"]
    assert kept["period"].tolist() == ["2024-12-31", "2027-12-31"]
    assert kept["made_on"].tolist() == ["2021-03-15"] * 2
    (error,) = store.forecast_errors()
    assert error.off == pytest.approx(12.5 - POOR[0] / 10)
    again, nothing = store.add_planned(register(goals, rows))
    assert (len(again), len(nothing)) == (0, 0)
    more, _ = store.add_planned(register([*goals, {**goals[0], "target": 3}], rows))
    assert [one.target for one in more] == [3.0]
    assert store.verify() == []


@pytest.mark.parametrize(
    ("goal", "row", "match"),
    [
        ({"baseline_date": "31.12.2019", "target": 1, "due": "2030"}, None, "no period"),
        ({"baseline_date": "31.12.2020", "target": 99, "due": "2030"}, None, "above the baseline"),
        (None, {"period": "2020", "value": 1, "kind": "Prognose"}, "before its begin"),
        (None, {"period": "2027", "value": 1, "kind": "beobachtet"}, "kind|Art"),
        (None, {"period": "2027", "value": 1, "kind": "Prognose", "method": ""}, "method|Verfahren"),
        (None, {"period": "2027", "value": 1, "kind": "Prognose", "indicator": "unknown"}, "unknown"),
    ],
)
def test_what_a_register_cannot_plan(two_years, goal, row, match):
    with pytest.raises(qa.errors.QuartiersatlasError, match=match):
        two_years.add_planned(register([{**PLANNED, **goal}] if goal else (), [{**AHEAD, **row}] if row else ()))
    assert two_years.targets() == ()
    assert two_years.forecasts().empty
