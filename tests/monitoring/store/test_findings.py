"""What is odd in a new period: refused, asked or noted, by its rule; and the reason that is kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError
from quartiersatlas.monitoring.store.findings import jump_scores

sys.path.insert(0, str(Path(__file__).parent))
from conftest import POOR, RATE, a_year, changed


def codes(found, level=None):
    return [row.id for row in found.rows if level in (None, row.level)]


def test_a_quiet_year_comes_in_without_a_question(filled):
    found = filled.add(a_year("2024", [x + 5 for x in POOR]))
    assert codes(found) == []
    assert found.stored == "2024-12-31"


def test_a_slip_of_the_decimal_point_is_asked_about_and_its_reason_kept(filled):
    found = filled.add(a_year("2024", changed(4, 16.0)))
    assert codes(found) == [f"jump:{RATE}:05"]
    assert not found.stored
    assert filled.periods == ["2023-12-31"]
    done = found.accept(reason="Neue Abgrenzung der Fälle", by="Sozialamt")
    assert done.stored == "2024-12-31"
    kept = filled.notes("2024").iloc[0]
    assert (kept["reason"], kept["by"], kept["key"]) == ("Neue Abgrenzung der Fälle", "Sozialamt", "05")
    assert "16 → 1,6" in kept["text_de"]


def test_each_question_is_answered_by_itself(filled):
    found = filled.add(a_year("2024", changed(4, 0.0), [1300.0, *[1000.0] * 13]))
    assert set(codes(found, "ask")) == {"residents_moved:residents:01", f"zero_after_many:{RATE}:05"}
    part = found.accept(f"zero_after_many:{RATE}:05", reason="R", by="B")
    assert not part.stored
    assert [row.id for row in part.asked] == ["residents_moved:residents:01"]
    assert part.accept(reason="Erstbezug", by="B").stored


@pytest.mark.parametrize(("residents", "asked"), [(1200.0, False), (1201.0, True), (800.0, False), (799.0, True)])
def test_residents_up_to_a_fifth_more_or_less_are_no_question(filled, residents, asked):
    found = filled.add(a_year("2024", residents=[residents, *[1000.0] * 13]))
    assert ("residents_moved:residents:01" in codes(found)) is asked


@pytest.mark.parametrize(("before", "asked"), [(10.0, True), (9.0, False)])
def test_nobody_where_ten_are_expected(store, before, asked):
    store.add(a_year("2023", changed(0, before)))
    found = store.add(a_year("2024", changed(0, 0.0)))
    assert (f"zero_after_many:{RATE}:01" in codes(found)) is asked


def test_what_is_refused_cannot_be_accepted(filled):
    found = filled.add(a_year("2023"))
    with pytest.raises(SpecError, match="is refused, not asked about"):
        found.accept("period_exists", reason="R", by="B")
    assert not found.accept(reason="R", by="B").stored
    asked = filled.add(a_year("2024", changed(4, 16.0)))
    for reason, by in (("", "B"), ("R", " ")):
        with pytest.raises(SpecError, match="is empty"):
            asked.accept(reason=reason, by=by)
    with pytest.raises(SpecError, match="accept: id"):
        asked.accept("jump:nothing", reason="R", by="B")


def test_another_definition_is_refused_and_may_be_declared(filled):
    data = a_year("2024")
    other = replace(data.catalogue[RATE], numerator_de="Kinder in Familien mit Wohngeld")
    data = data.with_indicators(other)
    found = filled.add(data)
    assert codes(found, "refuse") == [f"definition_changed:{RATE}"]
    assert "Wohngeld" in found.refused[0].text("de")
    declared = filled.add(data, breaks=RATE)
    assert codes(declared) == [f"break_declared:{RATE}"]
    assert declared.stored


def test_a_numerator_by_another_name_is_another_definition(filled):
    found = filled.add(a_year("2024", numerator="poor_households"))
    assert f"definition_changed:{RATE}" in codes(found, "refuse")
    assert "column_gone:poor" in codes(found, "ask")


def test_keys_and_vintages(filled):
    assert codes(filled.add(a_year("2024", n=12)), "refuse") == ["keys_missing"]
    assert codes(filled.add(a_year("2024", vintage="2026")), "refuse") == ["vintage_unknown"]
    found = filled.add(a_year("2024", n=12, vintage="2026"), new_areas=True)
    assert set(codes(found)) == {"areas_new", "other_areas"}
    assert found.stored
    assert len(filled.data("2023").areas) == len(POOR)
    assert len(filled.data("2024").areas) == 12
    assert codes(filled.add(a_year("2025", vintage="2026")), "refuse") == ["keys_new"]


def test_moved_outlines_are_asked_about(filled):
    data = a_year("2024")
    moved = data.areas.copy()
    moved.loc["14", "geometry"] = moved.geometry["14"].buffer(200, join_style="mitre")
    found = filled.add(replace(data, areas=moved))
    assert codes(found) == ["outline_moved:14"]


def test_a_renamed_area_is_noted_and_keeps_its_new_name(filled):
    data = a_year("2024")
    data = replace(data, areas=data.areas.assign(name=data.areas["name"].replace("Gebiet 03", "Hafen")))
    found = filled.add(data)
    assert found.stored
    said = [row.text("de") for row in found.rows if row.code == "renamed"]
    assert said == ["Gebiete heißen anders als bisher (1): Gebiet 03 → Hafen (03)."]
    assert [filled.data(year).areas.loc["03", "name"] for year in ("2023", "2024")] == ["Gebiet 03", "Hafen"]


def test_values_that_turn_missing_and_periods_without_a_date(filled):
    found = filled.add(a_year("2024", changed(2, np.nan)))
    assert codes(found, "ask") == ["turned_missing:poor", f"turned_missing:{RATE}"]
    assert codes(filled.add(a_year("Winter")), "refuse") == ["no_date"]
    assert codes(filled.add(a_year("")), "refuse") == ["no_date"]


def test_counts_that_contradict_the_published_total(filled):
    def published(total):
        reference = qa.Reference(values={"residents": total}, source="Melderegister", as_of="2024")
        return replace(a_year("2024"), references={"city": reference})

    assert codes(filled.add(published(14_010)), "refuse") == ["total_differs:residents"]
    assert filled.add(published(14_000)).stored


def test_forecast_cells_are_no_observation(filled):
    data = a_year("2024")
    status = data.status.copy()
    status.loc["03", "poor"] = "forecast"
    found = filled.add(replace(data, status=status))
    assert codes(found, "refuse") == ["forecast_as_observed:poor"]


def test_what_is_no_data_is_refused(store):
    with pytest.raises(ArgumentError, match=r"store\.add"):
        store.add(pd.DataFrame())


def brute_scores(x1, n1, x2, n2):
    """The formula, area by area, in plain Python."""
    from math import log, sqrt
    from statistics import median

    def odds(x, n):
        return log((x + 0.5) / (n - x + 0.5))

    d = [odds(b, m) - odds(a, k) for a, k, b, m in zip(x1, n1, x2, n2, strict=True)]
    v = [sum(1 / (part + 0.5) for part in (a, k - a, b, m - b)) for a, k, b, m in zip(x1, n1, x2, n2, strict=True)]
    middle = median(d)
    mad = 1.4826 * median(abs(one - middle) for one in d)
    tau2 = max(0.0, mad**2 - median(v))
    return [(one - middle) / sqrt(tau2 + chance) for one, chance in zip(d, v, strict=True)]


def test_scores_follow_the_formula():
    rng = np.random.default_rng(7)
    n1, n2 = rng.integers(50, 2000, 40), rng.integers(50, 2000, 40)
    x1, x2 = rng.binomial(n1, 0.2), rng.binomial(n2, rng.beta(4, 16, 40))
    assert jump_scores(x1, n1, x2, n2) == pytest.approx(brute_scores(x1, n1, x2, n2), abs=1e-12)


def test_false_alarms_and_slips():
    """A quiet year of 500 areas raises no alarm, a slip of the decimal point one (shares about 10 %)."""
    rng = np.random.default_rng(11)
    alarms, found, tables = 0, 0, 150
    for _ in range(tables):
        n = rng.integers(150, 1500, 500).astype(float)
        p = rng.beta(12, 108, 500)
        x1 = rng.binomial(n.astype(int), p).astype(float)
        x2 = rng.binomial(n.astype(int), np.clip(p * np.exp(rng.normal(0, 0.08, 500)), 0, 1)).astype(float)
        alarms += int((np.abs(jump_scores(x1, n, x2, n)) > 5).sum())
        slip = rng.choice(np.flatnonzero(x2 > 0))
        x2[slip] = min(10 * x2[slip], n[slip])
        found += bool(abs(jump_scores(x1, n, x2, n)[slip]) > 5)
    assert alarms / tables <= 0.05
    assert found / tables >= 0.97
