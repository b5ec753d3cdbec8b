"""A rule as a sentence, and the reasons for which an area is on the list or not; nothing protected in them."""

from __future__ import annotations

import json
import re
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.disclosure.selection.rule_words import rule_text, rule_words
from quartiersatlas.present.map.payload import map_json
from quartiersatlas.present.statements import missing_texts, other_reason_texts, reason_texts
from quartiersatlas.screening.evaluation.evaluate import combine
from quartiersatlas.screening.evaluation.outcome import Leaf, without_not
from quartiersatlas.screening.evaluation.truth import Truth, k_true
from quartiersatlas.screening.language.rules import KOf, Not

WORDS = {"numerator_de": "Z", "numerator_en": "n", "denominator_de": "N", "denominator_en": "d"}
LABELS = {"poor": "Armut", "old": "Ältere", "jobs": "Beschäftigung"}
CATALOGUE = qa.Catalogue.builtin().add(
    *(
        qa.Indicator(
            id=name,
            label_de=label,
            label_en=name.capitalize(),
            kind="share",
            unit="percent",
            direction=-1 if name == "jobs" else 1,
            role="index",
            **WORDS,
        )
        for name, label in LABELS.items()
    ),
    qa.Indicator(
        id="income",
        label_de="Einkommen",
        label_en="Income",
        kind="mean",
        unit="EUR",
        direction=-1,
        role="index",
        **WORDS,
    ),
)
PUBLISHED = qa.Reference(values={"income": 2000.0, "poor": 22.0}, source="Landesamt", as_of="2023")
REFERENCES = {"land": PUBLISHED}


def town(poor, *, people=1000.0, towns=("Altdorf", "Neustadt"), more=None):
    """Return a town of areas in two municipalities: poor of 1,000 each, other indicators rising by area."""
    n = len(poor)
    keys = pd.Index([f"{i:02d}" for i in range(n)], name="key")
    names = [towns[i * len(towns) // n] for i in range(n)]
    shapes = [shapely.box(1000 * i, 0, 1000 * i + 1000, 1000) for i in range(n)]
    areas = gpd.GeoDataFrame(
        {"name": [f"Ort {key}" for key in keys], "gemeinde": names}, index=keys, geometry=shapes, crs="EPSG:25832"
    )
    people = np.broadcast_to(np.asarray(people, dtype=float), n)
    table = pd.DataFrame(
        {
            "x": poor,
            "y": [100.0 + 10 * i for i in range(n)],
            "z": [500.0 - 10 * i for i in range(n)],
            "base": people,
            "residents": people * 2,
            "income": [1500.0 + 100 * i for i in range(n)],
            **(more or {}),
        },
        index=keys,
    )
    data = qa.join(areas, table, catalogue=CATALOGUE)
    return qa.add_rates(data, {"poor": ("x", "base"), "old": ("y", "base"), "jobs": ("z", "base")})


def released(data, rule, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return qa.release(data, shortlist=qa.screen(data, rule, references=REFERENCES), **options)


def plain(lines):
    return [line.replace("\u202f", " ") for line in lines]


EIGHT = [300.0, 200, 200, 100, 250, 250, 200, 100]  # sums to 1,600 of 8,000: 20.0%; 800 of 4,000 in either town


@pytest.fixture(scope="module")
def eight():
    return town(EIGHT)


@pytest.mark.parametrize(
    ("rule", "key", "german", "english"),
    [
        (
            qa.above("poor", 24),
            "00",
            "Armut: 30,0 %, über dem Grenzwert (24 %), Abstand 6,0 Prozentpunkte",
            "Poor: 30.0%, above the limit (24%), by 6.0 percentage points",
        ),
        (
            qa.above("poor", 24),
            "01",
            "Armut: 20,0 %, nicht über dem Grenzwert (24 %), Abstand 4,0 Prozentpunkte",
            "Poor: 20.0%, not above the limit (24%), 4.0 percentage points away",
        ),
        (
            qa.above("poor", 20),
            "01",
            "Armut: 20,0 %, genau beim Grenzwert (20 %), das zählt nicht als darüber",
            "Poor: 20.0%, exactly at the limit (20%), which does not count as above",
        ),
        (
            qa.at_least("poor", 20),
            "01",
            "Armut: 20,0 %, genau beim Grenzwert (20 %), das genügt",
            "Poor: 20.0%, exactly at the limit (20%), which is enough",
        ),
        (
            qa.at_least("poor", 24),
            "01",
            "Armut: 20,0 %, unter dem Grenzwert (24 %), Abstand 4,0 Prozentpunkte",
            "Poor: 20.0%, below the limit (24%), by 4.0 percentage points",
        ),
        (
            qa.above_city("poor"),
            "00",
            "Armut: 30,0 %, über dem Wert der Gesamtstadt (20,0 %), Abstand 10,0 Prozentpunkte",
            "Poor: 30.0%, above the city value (20.0%), by 10.0 percentage points",
        ),
        (
            qa.above("poor", than="rest"),  # 1,300 of 7,000
            "00",
            "Armut: 30,0 %, über dem Wert der übrigen Stadt (18,6 %), Abstand 11,4 Prozentpunkte",
            "Poor: 30.0%, above the value of the rest of the city (18.6%), by 11.4 percentage points",
        ),
        (
            qa.above("poor", than="gemeinde", factor=1.25),  # 20% in Altdorf
            "00",
            (
                "Armut: 30,0 %, mehr als das 1,25-Fache des Werts der Gemeinde Altdorf (20,0 %), Grenze 25,0 %, "
                "Abstand 5,0 Prozentpunkte"
            ),
            (
                "Poor: 30.0%, more than 1.25 times the value of the municipality of Altdorf (20.0%), limit 25.0%, "
                "by 5.0 percentage points"
            ),
        ),
        (
            qa.at_most("income", than="land", factor=0.8),
            "00",
            (
                "Einkommen: 1.500 EUR, höchstens 80 % des veröffentlichten Werts „land“ (2.000 EUR; Landesamt, 2023), "
                "Grenze 1.600 EUR, Abstand 100 EUR"
            ),
            (
                "Income: 1,500 EUR, at most 80% of the published value “land” (2,000 EUR; Landesamt, 2023), "
                "limit 1,600 EUR, by 100 EUR"
            ),
        ),
        (
            qa.above("poor", than="land"),
            "00",
            "Armut: 30,0 %, über dem veröffentlichten Wert „land“ (22,0 %; Landesamt, 2023), Abstand 8,0 Prozentpunkte",
            "Poor: 30.0%, above the published value “land” (22.0%; Landesamt, 2023), by 8.0 percentage points",
        ),
        (
            qa.at_least("poor", than="median"),
            "00",
            "Armut: 30,0 %, über dem Median der Gebiete (20,0 %), Abstand 10,0 Prozentpunkte",
            "Poor: 30.0%, above the median of the areas (20.0%), by 10.0 percentage points",
        ),
        (
            qa.above("poor", than="city", plus=5),
            "00",
            "Armut: 30,0 %, über dem Wert der Gesamtstadt plus 5 Prozentpunkte (25,0 %), Abstand 5,0 Prozentpunkte",
            "Poor: 30.0%, above the city value plus 5 percentage points (25.0%), by 5.0 percentage points",
        ),
        (
            qa.above("poor", than="city", significant=0.05),
            "00",
            "Armut: 30,0 %, über dem Wert der Gesamtstadt (20,0 %), Abstand 10,0 Prozentpunkte, statistisch gesichert",
            "Poor: 30.0%, above the city value (20.0%), by 10.0 percentage points, statistically significant",
        ),
        (
            qa.worse_than_city("jobs"),  # 465 of 1,000 in the mean
            "07",
            "Beschäftigung: 43,0 %, unter dem Wert der Gesamtstadt (46,5 %), Abstand 3,5 Prozentpunkte",
            "Jobs: 43.0%, below the city value (46.5%), by 3.5 percentage points",
        ),
        (
            qa.worst_share("poor", 0.5, by="gemeinde", ties="out"),
            "00",
            "Armut: 30,0 %, unter den höchsten Werten innerhalb der Gemeinde Altdorf (ab 30,0 %)",
            "Poor: 30.0%, among the highest values within the municipality of Altdorf (from 30.0%)",
        ),
        (
            qa.worst_n("income", 2),
            "02",
            "Einkommen: 1.700 EUR, nicht unter den niedrigsten Werten (bis 1.600 EUR)",
            "Income: 1,700 EUR, not among the lowest values (up to 1,600 EUR)",
        ),
        (
            ~qa.above("poor", 24),
            "01",
            "Armut: 20,0 %, nicht über dem Grenzwert (24 %), Abstand 4,0 Prozentpunkte",
            "Poor: 20.0%, not above the limit (24%), 4.0 percentage points away",
        ),
        (
            qa.at_least("residents", 2500) | qa.above("poor", 24),
            "01",
            "Einwohnerinnen und Einwohner: 2.000, unter dem Grenzwert (2.500), Abstand 500",
            "Residents: 2,000, below the limit (2,500), by 500",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, qa.Rule) else "",
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_reason_says_what_was_compared_with_what(eight, rule, key, german, english):
    release = released(eight, rule)
    for lang, wanted in (("de", german), ("en", english)):
        found = reason_texts(release, lang) | other_reason_texts(release, lang)
        assert wanted in plain(found[key])


def test_numbers_have_so_many_decimals_that_they_differ():
    data = town([10010.0, 9990, 10000, 8000], people=25000.0)
    release = released(data, qa.above("poor", 40))
    assert plain(reason_texts(release, "de")["00"]) == [
        "Armut: 40,04 %, über dem Grenzwert (40 %), Abstand 0,04 Prozentpunkte"
    ]
    others = {key: plain(lines) for key, lines in other_reason_texts(release, "de").items()}
    assert others["01"] == ["Armut: 39,96 %, nicht über dem Grenzwert (40 %), Abstand 0,04 Prozentpunkte"]
    assert others["02"] == ["Armut: 40,0 %, genau beim Grenzwert (40 %), das zählt nicht als darüber"]
    assert not [line for lines in others.values() for line in lines if "−0" in line or "Abstand 0,0 " in line]


def test_decimals_are_those_of_shown_counts_on_both_sides():
    data = town([10001.0, 10000, 10000, 9997], people=25000.0)  # 39,998 of 100,000: 39.998%
    release = released(data, qa.above_city("poor"))
    assert plain(reason_texts(release, "en")["00"]) == [
        "Poor: 40.004%, above the city value (39.998%), by 0.006 percentage points"
    ]


# the rule as a sentence


def test_some_of_many_conditions_stand_in_a_list(eight):
    rule = qa.above("poor", 24) & qa.k_of(2, qa.above("old", 12), qa.below("jobs", 48), qa.below("income", 1900))
    german, english = (rule_words(released(eight, rule), rule, lang) for lang in ("de", "en"))
    assert german.lead.replace("\u202f", " ") == (
        "Ausgewählt wird ein Gebiet, wenn Armut über 24 % gilt und außerdem mindestens 2 von 3 Bedingungen gelten:"
    )
    assert plain(german.items) == ["Ältere über 12 %", "Beschäftigung unter 48 %", "Einkommen unter 1.900 EUR"]
    assert english.lead.replace("\u202f", " ") == (
        "An area is selected if Poor above 24% holds and also at least 2 of 3 conditions hold:"
    )


@pytest.mark.parametrize(
    ("rule", "german"),
    [
        (qa.above_city("poor", "old"), "Armut, Ältere über dem Wert der Gesamtstadt"),
        (qa.above("poor", 24) | qa.above("old", 12), "Armut über 24 % oder Ältere über 12 %"),
        (
            qa.above("poor", 24) & (qa.above("old", 12) | qa.below("jobs", 48)),
            "Armut über 24 % und (Ältere über 12 % oder Beschäftigung unter 48 %)",
        ),
        (~(qa.above("poor", 24) & qa.at_least("old", 12)), "Armut höchstens 24 % oder Ältere unter 12 %"),
        (~qa.above_city("poor"), "Armut nicht über dem Wert der Gesamtstadt"),
        (qa.above("poor", than="mean", sd=0.5), "Armut über dem Mittelwert der Gebiete plus 0,5 Standardabweichungen"),
        (
            qa.at_least("poor", than="gemeinde", factor=3),
            "Armut mindestens das 3-Fache des Werts der eigenen Gemeinde",
        ),
        (
            qa.below("income", than=[[0.7, "land"], [0.3, "median"]], factor=0.6),
            (
                "Einkommen weniger als 60 % der gewichteten Summe aus 0,7 × „land“ + 0,3 × Median der Gebiete "
                "(Landesamt, 2023)"
            ),
        ),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_rule_in_one_line(rule, german):
    data = town(EIGHT * 2)  # so many that a mean and a spread may be asked for
    assert rule_text(released(data, rule), rule, "de").replace("\u202f", " ") == german


def test_that_missing_values_count_as_not_met_is_said(eight):
    rule = qa.above("poor", 24, unknown="no")
    assert rule_words(released(eight, rule), rule, "de").note == "Fehlende Werte zählen als nicht erfüllt."


truths = st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=4, max_size=4)
leaves = st.sampled_from([qa.above(name, 1) for name in "abcd"])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).flatmap(
            lambda parts: st.integers(1, len(parts)).map(lambda k: KOf(k, tuple(parts)))
        ),
    ),
    max_leaves=8,
)


@given(trees, st.data())
def test_a_rule_without_not_says_the_same(tree, data):
    drawn = [data.draw(st.sampled_from(["yes", "no", "unknown"])) for _ in tree.conditions]
    given_truths = [Truth(np.array([[one == "yes"]]), np.array([[one == "no"]])) for one in drawn]

    def of(form):
        if isinstance(form, Leaf):
            return given_truths[form.place] if form.holds else ~given_truths[form.place]
        return k_true(form.k, [of(part) for part in form.parts])

    house, words = combine(tree, given_truths), of(without_not(tree))
    assert (house.yes == words.yes).all()
    assert (house.no == words.no).all()


# protection

# 1 to 3 are too few, 4 keeps them company; all of Neustadt is shown
FOUR_HIDDEN = [300.0, 1, 1, 1, 113, 250, 250, 250, 200, 100, 90, 80]


def test_conditions_that_cannot_be_judged_say_why_and_no_more():
    data = town([300.0, 2, 200, 100, 250, 250, 200, 100])
    release = released(data, qa.above("poor", 24))
    hidden = release.values.index[release.values["poor"].isna()]
    assert "01" in hidden
    for lines in (other_reason_texts(release, "de")[key] for key in hidden):
        assert lines == ["Armut nicht zu beurteilen: der Wert fehlt (geschützt)"]
    rows = release.other_reasons[release.other_reasons["key"].isin(hidden)]
    assert rows[["value", "distance", "held"]].isna().all().all()
    assert not rows["decisive"].any()
    assert rows["unknown_because"].eq("").all()


@pytest.mark.parametrize("count", [1.0, 2.0])
def test_nothing_that_is_said_depends_on_a_withheld_count(count):
    """Two towns that differ in one withheld count, with their sums the same."""
    base = [300.0, count, 3 - count, 100, 250, 250, 200, 100]
    rule = qa.above("poor", than="gemeinde") & qa.worst_share("poor", 0.9) | qa.above("poor", than="mean")
    first, other = (
        released(town(poor), rule, as_of="2024") for poor in (base, [300.0, 3 - count, count, 100, 250, 250, 200, 100])
    )
    for lang in ("de", "en"):
        assert reason_texts(first, lang) == reason_texts(other, lang)
        assert other_reason_texts(first, lang) == other_reason_texts(other, lang)
    assert map_json(first, "de") == map_json(other, "de")


def test_the_value_of_a_unit_whose_areas_are_not_all_shown_has_the_digits_of_its_column_alone():
    release = released(town(FOUR_HIDDEN), qa.above("poor", than="gemeinde"))  # 666 of 6,000 in Altdorf: 11.1%
    assert release.values["poor"].isna().sum() == 4
    rows = release.reasons.set_index("key")
    assert rows.loc["00", "limit"] == 11.1
    assert not rows.loc["00", "limit_exact"]
    assert rows.loc["06", "limit"] == pytest.approx(970 / 60)
    assert rows.loc["06", "limit_exact"]


@pytest.mark.parametrize("options", [{"totals": ("city",)}, {"secondary": False}], ids=str)
def test_without_an_audit_of_its_sum_a_unit_shows_no_value(options):
    protection = qa.Protection(derived="exact", **options)
    release = released(town(FOUR_HIDDEN), qa.above("poor", than="gemeinde"), protection=protection)
    found = (reason_texts(release, "en"), other_reason_texts(release, "en"))
    lines = [line for by_area in found for lines in by_area.values() for line in lines]
    towns, hidden = release.areas["gemeinde"], release.values["poor"].isna()
    assert hidden.any()
    for name in set(towns):
        numbers = [line for line in lines if re.search(rf"{name} \(\d", line)]
        assert bool(numbers) == (not hidden[towns.eq(name)].any())


def test_exact_outcomes_beside_a_withheld_one_stay_inside_where_the_sum_is_not_known():
    data = town(FOUR_HIDDEN)
    for totals in ("all", ("city",)):
        protection = qa.Protection(derived="exact", totals=totals)
        release = released(data, qa.above("poor", than="gemeinde"), protection=protection)
        hidden = release.values["poor"].isna()
        beside = hidden.groupby(release.areas["gemeinde"]).transform("any")
        assert release.assessed.tolist() == (~(hidden if totals == "all" else beside)).tolist()


def test_in_exact_results_no_order_is_told_from_both_sides():
    data = town(FOUR_HIDDEN)
    rule = qa.worst_share("poor", 0.5, ties="out")
    exact = released(data, rule, protection=qa.Protection(derived="exact"))
    assert exact.other_reasons["role"].eq("unknown").all()
    assert "against" in set(released(data, rule).other_reasons["role"])


@pytest.mark.parametrize("derived", ["released", "exact"])
def test_municipalities_of_a_rule_are_named(derived):
    rule = qa.in_class("gemeinde", "Altdorf") & qa.above("poor", 15)
    release = released(town(FOUR_HIDDEN), rule, protection=qa.Protection(derived=derived))
    assert "Altdorf" in rule_words(release, rule, "de").sentence
    assert plain(reason_texts(release, "de")["00"])[0] == "gemeinde: gehört zu Altdorf"
    assert plain(other_reason_texts(release, "de")["06"]) == ["gemeinde: gehört nicht zu Altdorf"]


# levels and missing persons

LEVELS = """
id = "two"
title_de = "Zwei Stufen"
title_en = "Two levels"
source = "Rat"
select = "poor"
[conditions]
poor = { indicator = "poor", above = 15 }
[levels]
hoch = {}
sehr_hoch = { poor = 24 }
"""


def test_levels_leave_as_the_selection_does(tmp_path):
    data = town([300.0, 2, 200, 100, 250, 250, 200, 100])
    release = released(data, qa.RuleSpec.from_text(LEVELS), title="T")
    hidden = release.values["poor"].isna()
    assert release.levels[~hidden].fillna("-").tolist() == [
        level
        for level, gone in zip(
            ["sehr_hoch", "", "hoch", "-", "sehr_hoch", "sehr_hoch", "hoch", "-"], hidden, strict=True
        )
        if not gone
    ]
    assert release.levels[hidden].isna().all()
    page = qa.report(release, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Stufe der Auswahlregel: sehr_hoch" in page
    assert "Auswahlregel nach: Zwei Stufen. Quelle: Rat." in page
    table = pd.read_csv(qa.export(release, tmp_path / "a.csv"), sep=";", dtype={"key": str}).set_index("key")
    assert table.loc["00", "level"] == "sehr_hoch"
    assert table.loc["03", "level"] == "keine Stufe"
    assert table.loc[list(release.areas.index[hidden]), "level"].isna().all()
    assert '"id":"rule_level"' in map_json(release, "de")


def fake_missing(persons):
    """Return a method that tells how many persons are missing, as a shortlist does."""

    def missing(self, how="status"):  # noqa: ARG001 - as a shortlist is asked
        index = self.selected.index
        found = pd.DataFrame(
            {"persons": pd.array([abs(d) for d in persons], dtype="Int64"), "change_x": persons}, index=index
        )
        return found.assign(enters=[d > 0 for d in persons])

    return missing


def test_missing_persons_are_a_distance_where_all_is_shown(monkeypatch):
    monkeypatch.setattr(qa.Shortlist, "missing", fake_missing([-60, 1, 41, 141, -10, -10, 41, 141]), raising=False)
    data = town([300.0, 2, 200, 100, 250, 250, 200, 100])
    release = released(data, qa.above("poor", 24), missing="status")
    german, english = (missing_texts(release, lang) for lang in ("de", "en"))
    assert german["00"] == "Mit 60 weniger bei „Z“ (von 300) stünde das Gebiet nicht auf der Liste."
    assert english["03"] == "With 141 more in “n” (now 100) the area would be on the list."
    assert not set(german) & set(release.values.index[release.values["poor"].isna()])


def test_missing_persons_stay_inside_where_a_count_does_not_leave(monkeypatch):
    monkeypatch.setattr(qa.Shortlist, "missing", fake_missing([-60, 41, 41, 141, -10, -10, 41, 141]), raising=False)
    data = town(EIGHT)
    release = released(data, qa.above("poor", 24) & qa.above("old", 5), missing="status", columns=["poor"])
    assert release.missing.empty


def test_exact_results_tell_no_missing_persons_where_the_limit_is_made_of_a_withheld_count(monkeypatch):
    monkeypatch.setattr(qa.Shortlist, "missing", fake_missing([-60] * 12), raising=False)
    data = town(FOUR_HIDDEN)
    options = {"missing": "status", "protection": qa.Protection(derived="exact")}
    assert released(data, qa.above_city("poor"), **options).missing.empty
    assert not released(data, qa.above("poor", 24), **options).missing.empty


# labels, lists inside lists, one point


def test_the_words_of_a_rule_file_stand_where_the_catalogue_has_none(eight):
    data = qa.add_rates(eight, {"over_75": ("y", "base")})
    spec = qa.RuleSpec.from_text(
        'id = "t"\nselect = "a & b"\n[conditions]\na = { indicator = "over_75", above = 12 }\n'
        'b = { indicator = "poor", above = "state", plus = 1 }\n'
        '[references.state]\nsource = "s"\nvalues = { poor = 20 }\n'
        '[labels]\nover_75 = { de = "75 und älter", en = "aged 75 and over" }\nstate = { de = "Land", en = "state" }\n'
        'poor = { de = "anders", en = "other" }\n'
    )
    release = released(data, spec, columns=["over_75", "poor"])
    assert rule_text(release, spec.rule, "de").replace("\u202f", " ") == (
        "75 und älter über 12 % und Armut über dem veröffentlichten Wert „Land“ plus 1 Prozentpunkt (20 %; s)"
    )
    assert rule_text(release, spec.rule, "en").replace("\u202f", " ") == (
        "aged 75 and over above 12% and Poor above the published value “state” plus 1 percentage point (20%; s)"
    )
    assert [release.column(name).indicator.label("de") for name in ("over_75", "poor")] == ["75 und älter", "Armut"]


def test_a_list_inside_a_list(eight):
    inner = qa.k_of(2, qa.above("old", 12), qa.below("jobs", 48), qa.below("income", 1900))
    rule = qa.above("poor", 24) | inner | qa.above("poor", 30)
    release = released(eight, rule)
    words = rule_words(release, rule, "de")
    assert plain(item.words for item in words.outline) == [
        "Armut über 24 %", "mindestens 2 von 3 Bedingungen gelten:", "Armut über 30 %",
    ]  # fmt: skip
    inside = words.outline[1]
    assert plain(item.words for item in inside.items) == [
        "Ältere über 12 %", "Beschäftigung unter 48 %", "Einkommen unter 1.900 EUR",
    ]  # fmt: skip
    assert plain(words.items)[1] == (
        "mindestens 2 von 3 Bedingungen (Ältere über 12 %; Beschäftigung unter 48 %; Einkommen unter 1.900 EUR)"
    )
    shown = json.loads(map_json(release, "de"))["standing"]["rule"]["items"]
    assert plain([shown[0], shown[1][0], *shown[1][1]]) == plain([*(one.words for one in words.outline[:2]), *(
        one.words for one in inside.items)])  # fmt: skip


@pytest.mark.parametrize(
    ("plus", "words"),
    [(1, "1 percentage point"), (-1, "1 percentage point"), (2, "2 percentage points"), (1.5, "1.5 percentage points"),
     (0.1, "0.1 percentage points")],
)  # fmt: skip
def test_one_percentage_point_is_one(eight, plus, words):
    rule = qa.above("poor", than="city", plus=plus)
    assert rule_text(released(eight, rule), rule, "en").replace("\u202f", " ").endswith(f"us {words}")
