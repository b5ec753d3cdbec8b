"""The first page of a report: sentences worked out by hand, for every outcome of a selection and without one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.disclosure.release import ReleasedStability
from quartiersatlas.present.city_report.first_page import points, result_text
from quartiersatlas.present.city_report.selected_table import selected_table
from quartiersatlas.present.statements import method_texts

TEXTS = {"title": "T", "source": "Q", "as_of": "31.12.2024", "comment": "K"}
OPEN = qa.Protection(min_population=0, min_count=1)


@pytest.fixture
def ten(make_city):
    """Build ten areas of 1000 residents in two districts, with 5 to 50 % on benefits; only some levels as asked."""

    def build(residents=(1000.0,) * 10, **options):
        index = [f"A{i}" for i in range(10)]
        table = pd.DataFrame({"residents": residents, "poor": [50.0 * i for i in range(1, 11)]}, index=index)
        parents = options.pop("parents", {"bezirk": ["Nord"] * 4 + ["Süd"] * 6})
        data = qa.add_rates(make_city(table, parents=parents), {"sgb2_rate": ("poor", "residents")})
        rule = options.pop("rule", qa.above("sgb2_rate", 30))
        return qa.release(data, shortlist=qa.screen(data, rule), protection=OPEN, **{**TEXTS, **options})

    return build


def with_labels(release, labels):
    table = pd.DataFrame({"label": labels, "p_selected": 0.5}, index=release.areas.index)
    return replace(release, stability=ReleasedStability(table=table, notes={"de": (), "en": ()}))


def labels_of(n_sure, n_open, n_near=0):
    """Return labels for ten areas of which the last four are selected."""
    near = ["borderline"] * n_near + ["not_selected"] * (6 - n_near)
    return [*near, *["certain"] * n_sure, *["borderline"] * n_open]


@pytest.mark.parametrize(
    ("labels", "end"),
    [
        (None, ""),
        (labels_of(3, 1), "; bei 3 ist das sicher, 1 ist ein Grenzfall"),
        (labels_of(1, 3), "; bei 1 ist das sicher, 3 sind Grenzfälle"),
        (labels_of(4, 0), "; bei allen ist das sicher"),
        (labels_of(0, 4), "; alle sind Grenzfälle"),
    ],
)
def test_the_result_says_how_many_areas_and_people_and_how_surely(ten, labels, end):
    release = ten()  # 35, 40, 45 and 50 % are above 30 %: four areas of ten, 4000 of 10000 people
    release = release if labels is None else with_labels(release, labels)
    start = "4 von 10 bewerteten Gebieten mit 4.000 Menschen (40 % der Stadt) sind Gebiete mit erhöhtem"
    start += " Unterstützungsbedarf"
    assert result_text(release, "de") == f"{start}{end}."


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (
            45,
            (
                "1 von 10 bewerteten Gebieten mit 1.000 Menschen (10,0 % der Stadt) ist ein Gebiet mit erhöhtem "
                "Unterstützungsbedarf."
            ),
        ),
        (60, "Keines der 10 bewerteten Gebiete erfüllt die Regel."),
    ],
)
def test_one_area_and_none(ten, limit, sentence):
    assert result_text(ten(rule=qa.above("sgb2_rate", limit)), "de") == sentence


def test_people_of_whom_some_are_not_shown_are_at_least_so_many(ten):
    release = ten()
    hidden = release.residents.copy()
    hidden["A9"] = np.nan
    found = result_text(replace(release, residents=hidden), "de")
    assert found.startswith("4 von 10 bewerteten Gebieten mit mindestens 3.000 Menschen sind")


@pytest.mark.filterwarnings("ignore:The rule rests on context:UserWarning")
def test_a_rule_of_context_alone_speaks_of_no_need(make_city):
    table = pd.DataFrame(
        {"residents": 1000.0, "mh": [50.0 * i for i in range(1, 11)]}, index=[f"A{i}" for i in range(10)]
    )
    data = qa.add_rates(make_city(table), {"mh_share": ("mh", "residents")})
    shortlist = qa.screen(data, qa.above("mh_share", 45))
    release = qa.release(data, shortlist=shortlist, protection=OPEN, **TEXTS)
    sentence = "1 von 10 bewerteten Gebieten mit 1.000 Menschen (10,0 % der Stadt) erfüllt die Auswahlregel."
    assert result_text(release, "de") == sentence


@pytest.mark.filterwarnings("ignore:Need index:UserWarning")
def test_without_a_selection_an_index_speaks_and_without_that_an_indicator(make_city, need_rules):
    table = pd.DataFrame(
        {"residents": 1000.0, "poor": [50.0 * i for i in range(1, 11)]}, index=[f"A{i}" for i in range(10)]
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    bare = qa.release(data, protection=OPEN, **TEXTS)
    assert (
        result_text(bare, "de") == "SGB-II-Quote: 27,5\u202f% in der Stadt, 5,0\u202f% bis 50,0\u202f% in den Gebieten."
    )
    scored = qa.release(data, need=qa.need_index(data, qa.NeedSpec.from_dict(need_rules)), protection=OPEN, **TEXTS)
    # half of the areas lie above the mean
    assert result_text(scored, "de") == (
        "5 von 10 ausgewiesenen Gebieten mit 5.000 Menschen (50 % der Stadt) liegen in der Klasse „hoch“ (Status)."
    )


def said(release, earlier=()):
    found = points(release, earlier, "de")
    return {} if found is None else {lead: " ".join(item.split()) for lead, item in found.parts}


def test_where_counts_districts_and_names_areas_without_them(ten):
    assert said(ten())["Wo:"] == "Süd (4 Gebiete)."
    two = ten(parents={"bezirk": [*["Nord"] * 9, "Süd"]})
    assert said(two)["Wo:"] == "Nord (3 Gebiete) und Süd (1)."
    assert said(ten(parents={}))["Wo:"] == "Gebiet A6, Gebiet A7, Gebiet A8 und Gebiet A9."


def test_how_sure_names_those_that_just_miss(ten):
    release = with_labels(ten(), labels_of(3, 1, n_near=2))
    words = said(release)["Wie sicher:"]
    assert words.startswith("3 der 4 Gebiete bleiben")
    assert words.endswith("2 weitere liegen knapp unter der Auswahl.")


def test_development_is_that_of_the_city_since_the_earliest_date(ten):
    now, then = ten(), ten(as_of="31.12.2020")
    middle = ten(as_of="31.12.2022", residents=(500.0,) * 10)
    assert said(now, [then])["Entwicklung:"] == (
        "SGB-II-Quote in der Stadt unverändert 27,5 % (31.12.2020 und 31.12.2024)."
    )
    # half of the residents, the same benefits: 55 %
    assert said(now, [then, middle])["Entwicklung:"].endswith("(31.12.2020 und 31.12.2024).")
    assert said(now, [middle])["Entwicklung:"] == (
        "SGB-II-Quote in der Stadt von 55,0 % (31.12.2022) auf 27,5 % (31.12.2024)."
    )
    assert "Entwicklung:" not in said(now)


def test_what_is_not_shown_is_counted_by_reason(make_city):
    table = pd.DataFrame(
        {"residents": [1000.0] * 8 + [100.0, 0.0], "poor": [50.0 * i for i in range(1, 9)] + [9.0, 0.0]},
        index=[f"A{i}" for i in range(10)],
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("poor", "residents")})
    release = qa.release(data, protection=qa.Protection(min_population=300, secondary=False), **TEXTS)
    assert said(release)["Was nicht gezeigt wird:"] == (
        "2 Gebiete ohne Angabe zu „SGB-II-Quote“: zu wenige Einwohner (1), unbewohnt (1). "
        "Das sagt nichts über ihren Bedarf."
    )


def test_the_table_has_a_bar_with_value_distance_and_limit(ten):
    table = selected_table(ten(), "de")
    assert table.head == ("Gebiet", "Einwohner", "SGB-II-Quote in % (Abstand zu 30,0)")
    assert [[" ".join(cell) for cell in row.cells] for row in table.rows] == [
        ["Gebiet A6 A6 · Süd", "1.000", "35,0 (+5,0)"],
        ["Gebiet A7 A7 · Süd", "1.000", "40,0 (+10,0)"],
        ["Gebiet A8 A8 · Süd", "1.000", "45,0 (+15,0)"],
        ["Gebiet A9 A9 · Süd", "1.000", "50,0 (+20,0)"],
    ]
    assert [row.bars[2].part for row in table.rows] == pytest.approx([0.7, 0.8, 0.9, 1.0])  # of 50
    assert {row.bars[2].mark for row in table.rows} == {0.6}


def test_a_rule_of_many_conditions_is_told_in_words(ten):
    rule = qa.above("sgb2_rate", 30) & qa.above("sgb2_rate", 31) & qa.above("sgb2_rate", 32) & qa.above("sgb2_rate", 33)
    table = selected_table(ten(rule=rule), "de")
    assert table.head == ("Gebiet", "Einwohner", "Gründe")
    assert all(len(row.cells[2]) == 4 for row in table.rows)


@pytest.mark.filterwarnings("ignore:The rule rests on context:UserWarning")
def test_the_method_names_indicators_by_their_labels(make_city):
    table = pd.DataFrame({"residents": 1000.0, "mh": [50.0, 60, 70, 80]}, index=["1", "2", "3", "4"])
    data = qa.add_rates(make_city(table), {"mh_share": ("mh", "residents")})
    shortlist = qa.screen(data, qa.above("mh_share", 6))
    lines = method_texts(qa.release(data, shortlist=shortlist, **TEXTS), "de")
    assert any("allein auf Kontextindikatoren (Anteil Personen mit Migrationshintergrund)" in line for line in lines)
    assert not any("mh_share" in line for line in lines)


def test_a_protected_value_has_no_bar(sample):
    """Every number of a bar is one of the release."""
    release = sample.release
    table = selected_table(release, "de")
    shown = {f"{value:.1f}".replace(".", ",") for value in release.values["sgb2_rate"].dropna()}
    place = next(n for n, word in enumerate(table.head) if word.startswith("SGB-II-Quote"))
    for row in table.rows:
        assert row.cells[place][0].split(" ")[0] in shown
