"""The legend: title with unit, classes with counts that add up, gaps only where they occur, the city value."""

from __future__ import annotations

import re
from collections import Counter

import pandas as pd
import pytest

import quartiersatlas as qa

pytestmark = pytest.mark.browser

RATES = {
    "sgb2_rate": "SGB-II-Quote",
    "child_poverty_u15": "Kinderarmut (SGB II unter 15)",
    "unemployment_share_total": "Arbeitslosenanteil SGB II und III (Betroffenheitsquote)",
    "language_support_need": "Sprachförderbedarf vor der Einschulung",
    "mh_share": "Anteil Personen mit Migrationshintergrund",
    "foreign_share": "Anteil Ausländerinnen und Ausländer",
    "senior_share_65": "Anteil 65-Jähriger und Älterer",
}
STATUS = {"high": "hoch", "medium": "mittel", "low": "niedrig", "very_low": "sehr niedrig"}
DYNAMICS = {"positive": "positiv", "stable": "stabil", "negative": "negativ"}
GAPS = (
    "keine Angabe",
    "geschützt",
    "Quelle: geheim",
    "Grundlage nicht ausgewiesen",
    "nicht anwendbar",
    "zu wenige Einwohner",
    "unbewohnt",
)
RANGE = re.compile(r"(\d{1,3}(?:,\d)?) bis (unter )?(\d{1,3}(?:,\d)?)")  # one decimal, with a comma, or none
AREAS_IN_ALL = 90


def counted(rows):
    return {row["label"]: int(row["count"].strip("()")) for row in rows}


def class_counts(rows):
    """Return the counts of everything that divides the areas: classes and gaps, not the further marks."""
    return {
        label: n
        for label, n in counted(rows).items()
        if label in GAPS or RANGE.fullmatch(label) or label in (*STATUS.values(), *DYNAMICS.values())
    }


def number(german):
    return float(german.replace(",", "."))


@pytest.mark.parametrize(("name", "label"), RATES.items())
def test_legend_of_a_rate_counts_the_areas_of_the_geopackage(atlas, exported, name, label):
    rows = atlas.choose(label).legend()
    ranges = [RANGE.fullmatch(row["label"]) for row in rows if RANGE.fullmatch(row["label"])]
    assert len(ranges) == 5
    values = exported[name].dropna()
    for limits in ranges:
        low, high = number(limits[1]), number(limits[3])
        inside = (values >= low) & ((values < high) if limits[2] else (values <= high))
        assert counted(rows)[limits[0]] == inside.sum() > 0
    assert number(ranges[0][1]) == values.min()
    assert number(ranges[-1][3]) == values.max()
    assert sum(class_counts(rows).values()) == AREAS_IN_ALL


@pytest.mark.parametrize(("name", "label"), RATES.items())
def test_legend_of_a_rate_names_the_gaps_that_occur_and_no_other(atlas, exported, name, label):
    found = counted(atlas.choose(label).legend())
    hidden = exported[name].isna() & exported["state"].eq("shown")
    expected = {"zu wenige Einwohner": 1, "unbewohnt": 1, **exported[f"{name}_note"][hidden].value_counts()}
    assert set(expected) <= {"zu wenige Einwohner", "unbewohnt", "geschützt", "Quelle: geheim"}
    assert {gap: n for gap, n in found.items() if gap in GAPS} == expected


@pytest.mark.parametrize(
    ("axis", "label", "classes"),
    [("status", "Sozialer Status (Klasse)", STATUS), ("dynamics", "Dynamik (Klasse)", DYNAMICS)],
)
def test_legend_of_need_classes_counts_the_areas_of_the_geopackage(atlas, exported, axis, label, classes):
    rows = atlas.choose(label).legend()
    column = Counter(exported[f"need_{axis}_class"].dropna())
    found = counted(rows)
    assert [row["label"] for row in rows[: len(classes)]] == list(classes.values())
    assert all(found[classes[name]] == column[name] for name in classes)
    assert sum(class_counts(rows).values()) == AREAS_IN_ALL


@pytest.mark.parametrize(("name", "label"), RATES.items())
def test_title_has_the_unit_and_the_city_value_is_that_of_the_counts(atlas, counts, pairs, name, label):
    atlas.choose(label)
    numerator, denominator = (counts[column] for column in pairs[name])
    both = numerator.notna() & denominator.notna()
    city = 100 * numerator[both].sum() / denominator[both].sum()
    assert atlas.text(".qa-legend-title") == f"{label} (%), 31.12.2024"
    rounded = name == "language_support_need"  # whose secret cells one decimal more would narrow down
    shown = f"Stadt: {city:.{0 if rounded else 1}f}\u202f%".replace(".", ",")
    assert atlas.text(".qa-legend-city") == shown + " (zum Schutz gerundet)" * rounded


def test_city_value_is_not_the_mean_of_the_areas(atlas, exported):
    atlas.choose(RATES["mh_share"])
    shown = number(re.search(r"\d+,\d", atlas.text(".qa-legend-city"))[0])
    assert shown != round(exported["mh_share"].mean(), 1)


def test_classes_of_need_have_neither_unit_nor_city_value(atlas):
    assert atlas.text(".qa-legend-title") == "Sozialer Status (Klasse), 31.12.2024"
    assert atlas.texts(".qa-legend-city") == []


def test_legend_says_what_hatch_outlines_and_points_mean_with_their_number(atlas, exported, sample):
    found = counted(atlas.legend())
    sure, border = "Gebiet mit erhöhtem Unterstützungsbedarf", "Gebiet mit erhöhtem Unterstützungsbedarf, Grenzfall"
    labels = sample.release.stability.table["label"]
    assert exported["selected"].sum() == 16
    assert found[sure] == (sample.release.selected & labels.eq("certain")).sum() > 0
    assert found[border] == 16 - found[sure] > 0
    assert (
        found["nicht ausgewählt, aber Grenzfall"]
        == (~sample.release.selected & labels.isin(["certain", "borderline"])).sum()
        > 0
    )
    assert found["zusammenhängendes Prüfgebiet"] == len(sample.release.candidates) == 5
    assert found["bestehendes Programmgebiet"] == 2
    assert found["Einrichtung"] == 42
    hatch = next(row for row in atlas.legend() if row["label"].startswith("Gebiet mit"))
    assert hatch["pattern"]


def test_legend_of_a_city_without_gaps_shortlist_or_layers_is_only_its_classes(show, town):
    rows = show(qa.choropleth(town, "sgb2_rate").release).legend()
    assert all(RANGE.fullmatch(row["label"]) for row in rows)
    assert sum(counted(rows).values()) == 12


def test_missing_areas_are_told_apart_from_protected_ones(show, make_city):
    table = pd.DataFrame(
        {"residents": [1000.0] * 8, "x": [None, 100, 110, 2, 1, 130, 140, 150], "n": [500.0] * 8},
        index=pd.Index([f"{i}" for i in range(8)], name="key"),
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "n")})
    found = counted(show(qa.release(data)).legend())
    # 1 and 2 alone would follow from their sum: a third one is held back
    assert {gap: n for gap, n in found.items() if gap in GAPS} == {"keine Angabe": 1, "geschützt": 3}
    assert sum(found.values()) == 8


def test_a_column_without_any_value_has_only_a_gap_in_its_legend(show, make_city):
    table = pd.DataFrame(
        {"residents": [1000.0] * 4, "x": [None] * 4, "n": [500.0] * 4}, index=[f"{i}" for i in range(4)]
    )
    data = qa.add_rates(make_city(table.astype(float)), {"sgb2_rate": ("x", "n")})
    page = show(qa.release(data))
    assert [(row["label"], row["count"]) for row in page.legend()] == [("keine Angabe", "(4)")]
    assert page.errors() == []


def test_thousands_have_a_point_in_german_and_a_comma_in_english(show, make_city):
    table = pd.DataFrame({"residents": [1234.0, 5678.0, 9012.0, 23456.0]}, index=[f"{i}" for i in range(4)])
    release = qa.release(make_city(table), columns=["residents"])
    assert any("1.234" in row["label"] for row in show(release).legend())
    assert any("23,456" in row["label"] for row in show(release, lang="en").legend())
