"""The same way on the sample city, with what a planner would check by hand."""

from __future__ import annotations

import csv

import pytest


@pytest.fixture(scope="module")
def result(outcome):
    return outcome[0]


@pytest.fixture(scope="module")
def rows(sample_data):
    text = (sample_data / "indikatoren_2024.csv").read_text(encoding="cp1252")
    return {row["Stadtteil"]: row for row in csv.DictReader(text.splitlines(), delimiter=";")}


def test_the_totals_row_is_set_aside_and_is_the_sum_of_the_areas(result, rows):
    assert [key for key, _ in result.data.reports[0].totals_rows] == ["0000"]
    total = float(rows["0000"]["Einwohner"].replace(".", ""))
    assert result.data.values["Einwohner"].sum() == total


def test_the_merged_area_has_one_shape_and_one_row(result, rows):
    area = result.data.areas.loc["0402+0403"]
    assert area["merged_from"] == "0402, 0403"
    assert result.data.values.loc["0402+0403", "SGB2_Personen"] == float(rows["0402+0403"]["SGB2_Personen"])


def test_secret_and_zero_cells_are_told_apart(result, rows):
    status = result.data.status["Herkunft_Syrien"]
    for key in result.data.areas.index:
        written = rows[key]["Herkunft_Syrien"]
        assert status[key] == {".": "suppressed", "-": "zero"}.get(written, "value")


def test_city_values_come_from_the_counts(result, rows):
    poor = sum(float(r["SGB2_Kinder_U15"]) for k, r in rows.items() if k != "0000" and r["SGB2_Kinder_U15"] not in ".-")
    children = sum(
        float(r["Kinder_U15"])
        for k, r in rows.items()
        if k != "0000" and r["SGB2_Kinder_U15"] != "." and r["Kinder_U15"] != "-"
    )
    assert result.release.column("child_poverty_u15").city == round(100 * poor / children, 1)


def test_small_and_empty_areas_show_nothing(result):
    assert result.release.state["0809"] == "small"
    assert result.release.state["0212"] == "uninhabited"
    assert result.release.values.loc["0809"].isna().all()
    rates = [column.id for column in result.release.columns if column.kind != "count"]
    assert result.release.values.loc["0212", rates].isna().all()
    assert result.need.excluded["reason"][["0809", "0212"]].tolist() == ["population", "population"]


def test_every_selected_area_is_above_the_city_and_among_the_worst_fifth(result):
    need = result.need.scores["status"]
    scored = need.dropna()
    worst = scored.sort_values(ascending=False).index[: round(0.2 * len(scored))]
    values = result.data.values
    for key in result.shortlist.keys:
        assert key in worst
        assert values.loc[key, "sgb2_rate"] > 100 * values["SGB2_Personen"].sum() / values["Unter_65"].sum()
    assert set(result.shortlist.reasons["kind"]) == {"above", "worst_share"}


def test_candidate_areas_are_contiguous_selected_and_large_enough(result):
    table = result.candidates.table
    assert 3 <= len(table) <= 8
    assert (table["residents"] >= 2000).all()
    assert set(result.candidates.members.index) | set(result.candidates.too_small.index) == set(result.shortlist.keys)
    for name, shape in table.geometry.items():
        parts = result.data.areas.loc[result.candidates.members.index[result.candidates.members == name]]
        assert shape.area == pytest.approx(parts.area.sum(), rel=1e-9)
        assert shape.geom_type == "Polygon"


def test_everything_made_of_it_is_marked_synthetic(result):
    assert result.release.notices == ("Synthetische Daten - keine reale Stadt",)


def test_results_made_of_what_is_shown_are_close_to_those_of_the_house(result):
    """Withheld counts at the mean of their district move no score by a tenth of a deviation, and no class."""
    released, need = result.release, result.need
    for axis in ("status", "dynamics"):
        shown = released.values[f"need_{axis}"].notna()
        assert shown.sum() > 70
        moved = (released.values[f"need_{axis}"] - need.scores[axis])[shown].abs()
        assert moved.max() <= 0.1 * need.scores[axis].std(ddof=0)
        assert (released.values[f"need_{axis}_class"] == need.classes[axis])[shown].all()
    assessed = released.assessed
    assert released.selected[assessed].equals(result.shortlist.selected[assessed])
    assert not [message for message in released.warnings if message.name.startswith("warning_derived")]
    assert "fact_protection_derived" in {fact.name for fact in released.facts}
