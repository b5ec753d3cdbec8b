"""Coverage, money and status against the known answers of the prototype; states by brute force."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, RegisterError, SpecError

ON = "2026-11-30"
# measures_coverage_known.csv of the prototype: measures, city-wide, not live, state, per 1,000
KNOWN = [
    (1, 0, 0, "covered", 1.1111),
    (1, 0, 0, "covered", 0.8333),
    (0, 0, 0, "need_without_measure", 0.0),
    (1, 0, 0, "covered", 1.25),
    (0, 0, 1, "need_without_measure", 0.0),
    (0, 0, 1, "need_without_measure", 0.0),
    (1, 0, 0, "measure_without_need", np.nan),
    (0, 0, 0, "need_unknown", np.nan),
    (0, 1, 0, "city_wide_only", 0.0),
]


def test_the_known_answers(register, need):
    table = qa.coverage(register, need, on=ON).table
    found = table[["measures", "city_wide", "not_live", "state", "per_1000"]].round({"per_1000": 4})
    wanted = pd.DataFrame(KNOWN, columns=found.columns)
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)


def test_live_overdue_and_measures_without_need(register, need):
    assert register.live(ON) == ["M01", "M02", "M03", "M06", "M07"]
    assert register.overdue(ON) == ["M05"]
    without = qa.coverage(register, need, on=ON).without_need
    assert without[["measure_id", "area", "why"]].to_numpy().tolist() == [
        ["M06", "S1", "not_assessed"],
        ["M07", "S1", "no_need"],
    ]


@pytest.mark.shared_data
def test_the_whole_files_of_the_prototype(register, need, shared):
    folder = shared.parent / "reference" / "acting"
    known = json.loads((folder / "measures_known.json").read_text(encoding="utf-8"))
    assert register.live(known["today"]) == known["live"]
    table = pd.read_csv(folder / "measures_coverage_known.csv")
    found = qa.coverage(register, need, on=known["today"]).table
    assert found["state"].tolist() == table["state"].tolist()
    np.testing.assert_allclose(found["per_1000"].round(4), table["per_1000"])


def test_money_of_live_measures_by_its_end(register):
    found = register.money(ON).table
    told = [(row.measure_id, row.state) for row in found.itertuples()]
    assert told == [
        ("M01", "expired"),
        ("M02", "ends_within_12_months"),
        ("M07", "ok"),
        ("M03", "without_funding"),
        ("M06", "without_funding"),
    ]


@pytest.mark.parametrize(
    ("end", "state"),
    [
        ("2026-11-29", "expired"),
        ("2026-11-30", "ends_within_12_months"),  # the last day is not past
        ("2027-11-30", "ends_within_12_months"),
        ("2027-12-01", "ends_before_measure"),
        ("2028-01-01", "ok"),
    ],
)
def test_money_at_its_limits(frames, end, state):
    frames["massnahmen"].loc[0, "end"] = "2028-01-01"
    frames["foerderung"].loc[0, "end"] = end
    assert qa.read_measures(frames).money(ON).table["state"].iloc[0] == state


def test_a_measure_is_live_on_the_day_of_its_end(register):
    assert "M01" in register.live("2026-12-31")
    assert "M01" in register.overdue("2027-01-01")


def brute_state(need, local, city):
    if need is None:
        return "need_unknown"
    if need:
        return "covered" if local else "city_wide_only" if city else "need_without_measure"
    return "measure_without_need" if local else "none"


@pytest.mark.parametrize(("held", "local", "city"), list(product([True, False, None], [0, 1], [0, 1])))
def test_states_by_brute_force(frames, held, local, city):
    rows = frames["massnahmen"]
    chosen = [0] * local + [2] * city
    part = rows.loc[chosen].assign(fields="education")
    register = qa.read_measures({"massnahmen": part if chosen else rows.head(0)})
    need = pd.DataFrame({"area": ["N1"], "field": ["education"], "need": [held]})
    assert qa.coverage(register, need, on=ON).table["state"].tolist() == [brute_state(held, local, city)]


def test_coverage_of_an_empty_register_is_an_answer(frames, need):
    empty = qa.read_measures({"massnahmen": frames["massnahmen"].head(0)})
    states = qa.coverage(empty, need, on=ON).table["state"]
    assert set(states) == {"need_without_measure", "none", "need_unknown"}
    assert empty.money(ON).table.empty
    assert empty.status(ON).text("en") == "Nothing to report on 30 November 2026."


def test_city_wide_measures_are_never_spread_over_areas(frames, need):
    before = qa.coverage(qa.read_measures(frames), need, on=ON).table["measures"]
    more = frames["massnahmen"].iloc[[2] * 5].assign(measure_id=list("abcde"), fields="education")
    frames["massnahmen"] = pd.concat([frames["massnahmen"], more], ignore_index=True)
    after = qa.coverage(qa.read_measures(frames), need, on=ON).table
    assert after["measures"].tolist() == before.tolist()
    assert after.loc[after["field"].eq("education"), "city_wide"].tolist() == [5, 5, 5]


def test_places_and_money_of_a_measure_of_several_areas_are_not_split(frames, need):
    frames["massnahmen"]["capacity"] = ["90", "50", *[""] * 6]
    table = qa.coverage(qa.read_measures(frames), need, on=ON).table.set_index(["area", "field"])
    assert table.loc[("N1", "education"), "places_per_100"] == pytest.approx(10.0)  # 90 of 900
    assert np.isnan(table.loc[("N1", "social"), "places_per_100"])  # M02 is for N1 and N2
    # 24,000 EUR from 2024-01-01 to 2026-12-31 (1,096 days) for 3,000 residents
    wanted = 24000 / (1096 / 365.25) / 3000
    assert table.loc[("N1", "education"), "eur_per_resident_year"] == pytest.approx(wanted)


def test_an_unknown_area_is_refused_with_the_closest(frames, need):
    frames["massnahmen"].loc[0, "areas"] = "N11"
    with pytest.raises(RegisterError, match=r"'M01' is in 'N11'.*Did you mean 'N1'"):
        qa.coverage(qa.read_measures(frames), need, on=ON)


def test_what_is_no_need_is_refused(register, need):
    with pytest.raises(ArgumentError, match="coverage takes a need index"):
        qa.coverage(register, {"education": 3}, on=ON)
    with pytest.raises(SpecError, match="No such field of action: 'schule'"):
        qa.coverage(register, need.assign(field="schule"), on=ON)
    with pytest.raises(SpecError, match="rows twice: 'N1, education'"):
        qa.coverage(register, pd.concat([need, need.head(1)]), on=ON)
    with pytest.raises(SpecError, match="no such day"):
        qa.coverage(register, need, on="2026-02-30")
    with pytest.raises(ArgumentError, match=r"qa.read_measures"):
        qa.coverage(need, need, on=ON)


def test_sentences_name_area_field_and_city_wide_measures(register, need):
    told = qa.coverage(register, need, on=ON).text("de").splitlines()
    assert told[0].startswith("Stand 30.11.2026.")
    assert "In N1 besteht im Feld Verwaltungshandeln erhöhter Unterstützungsbedarf" in told[4]
    assert told[4].endswith("(gesamtstädtische Maßnahmen gibt es).")
    assert told[-1].startswith("Maßnahme M07 (S1, Bauen und Wohnen): die Daten zeigen dort keinen erhöhten Bedarf.")


def test_both_conflicts_of_priorities_are_named_and_nothing_is_scored(frames, need):
    frames["massnahmen"].loc[6, "priority"] = "hoch"  # M07, where the data show no need
    frames["massnahmen"].loc[0, "priority"] = "niedrig"  # M01, where they do
    register = qa.read_measures(frames)
    found = register.priorities(qa.coverage(register, need, on=ON))
    conflicts = found.table.set_index("measure_id")["conflict"]
    assert conflicts[conflicts.ne("")].to_dict() == {"M01": "low_with_need", "M07": "high_without_evidence"}
    assert list(found.table.columns) == ["measure_id", "name", "priority", "evidence", "conflict"]
    assert int(found.counts.to_numpy().sum()) == len(register.measures)


def test_status_names_what_is_overdue_and_what_was_not_updated(frames):
    frames["massnahmen"].loc[0, "updated"] = "2026-05-29"
    frames["massnahmen"].loc[1, "updated"] = "2026-05-30"  # six months ago to the day: in time
    status = qa.read_measures(frames).status(ON)
    table = status.table.set_index("lead")
    assert table["outdated"].to_dict()["Volkshochschule"] == 1
    assert table["outdated"].to_dict()["Jugendamt"] == 0
    assert table.loc["Jobcenter", "overdue_ids"] == "M05"
    assert "Laufzeit überschritten: M05." in status.text("de")
    with pytest.raises(SpecError, match="is no span"):
        qa.read_measures(frames).status(ON, rhythm="half a year")


def test_the_matrix_is_drawn_with_signs_that_differ_in_grey(register, need):
    chart = qa.coverage(register, need, on=ON).chart(lang="de")
    looks = {(mark.shape, mark.fill == mark.stroke) for mark in chart.marks if mark.kind == "dot"}
    assert looks == {("circle", True), ("circle", False), ("diamond", True), ("triangle", False)}
    assert chart.head[0] == "Gebiet"


@pytest.fixture
def people():
    rows = [
        ("V1", "2026-05-04", "N1", "education", "Mehr Kurse am Abend", "idea", 7, 42, "M01", ""),
        ("V2", "2026-06-01", "N2", "social", "Die Zahl der Kinder stimmt nicht", "correction", 2, 9, "", ""),
        ("V3", "2026-12-24", "N2", "social", "später", "", "", 50, "", ""),
    ]
    columns = [
        "event_id",
        "date",
        "area",
        "field",
        "result",
        "kind",
        "mentions",
        "participants",
        "measure_id",
        "answer",
    ]
    return pd.DataFrame(rows, columns=columns)


def test_events_of_few_people_name_no_single_area(frames, people):
    found = qa.read_measures({**frames, "beteiligung": people}).participation_matrix(ON)
    assert found.table["area"].tolist() == ["N1", "city"]  # the third one is later than the day
    assert found.matrix.loc["N1", "education"] == 7
    assert found.unanswered["event_id"].tolist() == ["V2"]
    assert found.corrections["event_id"].tolist() == ["V2"]
    assert "weniger als 10 Teilnehmenden" in found.text("de")


def test_notes_of_offices_are_internal_and_change_no_number(register):
    note = qa.annotate("N1", "Neubau seit 2024 bezogen", "Quartiersmanagement Nord", "01.10.2026")
    more = register.with_notes(note)
    assert more.knowledge.iloc[0].tolist()[:1] == ["N1"]
    assert more.knowledge["visible"].tolist() == ["internal"]
    assert len(register.knowledge) == 0
    pd.testing.assert_frame_equal(more.measures, register.measures)


@pytest.mark.parametrize("empty", ["area", "note", "author"])
def test_a_note_without_area_words_or_office_is_refused(empty):
    given = {"area": "N1", "note": "n", "author": "Amt", "date": "2026-10-01", empty: " "}
    with pytest.raises(SpecError, match=f"{empty} is empty"):
        qa.annotate(**given)


def test_a_note_with_contact_details_is_refused():
    with pytest.raises(SpecError, match="contact details"):
        qa.annotate("N1", "Rückfragen an a.b@stadt.de", "Amt", "2026-10-01")
