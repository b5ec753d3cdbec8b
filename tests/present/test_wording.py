"""Values, reasons, facts and summaries in words, in both languages."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from string import Formatter

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import report
from quartiersatlas.catalogue import Message as Fact
from quartiersatlas.catalogue.texts import PLACES, texts
from quartiersatlas.disclosure import ReleasedColumn, words
from quartiersatlas.disclosure.words import label, summary_texts, unit, value_text
from quartiersatlas.present.statements import cell_text, fact_text, method_texts, reason_texts

FACTS = sorted(name for name in texts() if name.startswith("fact_"))
DERIVED = {"fact_hidden", "fact_axis", "fact_rule"}  # their values are a column, an axis and a rule, not words


def placeholders(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("lang", ["de", "en"])
def test_every_fact_is_filled_in_and_reaches_map_and_report(town_release, tmp_path, lang):
    names = [name for name in FACTS if name not in DERIVED and placeholders(texts()[name][0]) - set(PLACES)]
    facts = [Fact(name, {key: f"«{name} {key}»" for key in placeholders(texts()[name][0])}) for name in names]
    assert len(facts) > 20
    release = replace(town_release, facts=tuple(facts))
    page = report(release, tmp_path / "a.html", lang=lang).read_text(encoding="utf-8")
    map_page = qa.atlas_map(release, lang).html()
    for fact in facts:
        line = fact_text(release, fact, lang)
        assert all(word in line for word in fact.values.values())
        assert "{" not in line
        assert f"<li>{line}</li>" in page
        assert f"<li>{line}</li>" in map_page


def test_every_fact_a_release_collects_has_a_text():
    used = set(re.findall(r'"(fact_\w+)"', inspect.getsource(words)))
    assert used >= {"fact_join", "fact_rule", "fact_unassessed"}
    assert used <= set(FACTS)


def test_method_of_the_sample_city_tells_what_was_done_in_german(sample):
    lines = method_texts(sample.release, "de")
    for line in (
        "indikatoren_2024.csv: 90 von 90 Gebieten haben eine Zeile.",
        "Summenzeile beiseitegelegt: 0000.",
        "Hafenbecken / Kaiviertel wird gemeinsam ausgewiesen (zusammengefasst aus 0402, 0403).",
        "Der Wert der Stadt ist aus den Anzahlen der Gebiete berechnet, nicht als Mittel der Gebietswerte.",
        f"Erstellt mit quartiersatlas {qa.__version__}.",
    ):
        assert line in lines
    assert any(line.startswith("Geheimhaltung: Anzahlen von 1 bis unter 3 ") for line in lines)
    assert "Gebiete unter 300 Einwohnern zeigen keine Indikatoren." in lines
    rule = "SGB-II-Quote, Kinderarmut (SGB II unter 15) über dem Wert der Gesamtstadt"
    assert any(
        line.startswith(
            f"Auswahlregel: {rule} und Sozialer Status (Indexwert, höher = mehr Bedarf) unter den höchsten 20 %"
        )
        for line in lines
    )
    axis = next(line for line in lines if line.startswith("Dynamik aus "))
    assert "Veränderung SGB-II-Quote" in axis
    standardised = "standardisiert (Mittelwert und Standardabweichung ungewichtet über die Gebiete)"
    side = "ein Wert auf einer Grenze gehört zur Klasse näher an der Mitte"
    assert f": {standardised}; gewichtete Summe; Ergebnis: {standardised}; {side}; höherer Indexwert" in axis


def test_method_of_the_sample_city_in_english_has_no_german_sentence(sample):
    lines = method_texts(sample.release, "en")
    assert "indikatoren_2024.csv: 90 of 90 areas have a row." in lines
    assert not [line for line in lines if " werden " in line or " nicht " in line or " wird " in line]


@pytest.mark.parametrize(
    ("value", "lang", "expected"),
    [(1234.5, "de", "1.234,5\u202f%"), (1234.5, "en", "1,234.5%"), (0.0, "de", "0,0\u202f%")],
)
def test_a_rate_has_its_unit_after_a_thin_blank(value, lang, expected):
    column = ReleasedColumn("mh_share", "rate", qa.Catalogue.builtin()["mh_share"], 1)
    assert value_text(value, column, lang) == expected


def test_counts_and_scores_have_no_unit():
    indicator = qa.Catalogue.builtin()["mh_share"]
    assert unit(ReleasedColumn("x", "count", indicator), "de") == ""
    assert unit(ReleasedColumn("x", "score", indicator), "en") == ""
    assert value_text(-1.5, ReleasedColumn("x", "score", indicator, 2), "de") == "\u22121,50"


def test_every_unit_of_the_catalogue_has_a_text_in_both_languages():
    catalogue = qa.Catalogue.builtin()
    for name in catalogue:
        column = ReleasedColumn(name, "rate", catalogue[name], 1)
        assert unit(column, "de")
        assert unit(column, "en")
        assert label(column, "de") != label(column, "en")


def test_every_domain_of_the_catalogue_has_a_name():
    catalogue = qa.Catalogue.builtin()
    assert {f"domain_{catalogue[name].domain}" for name in catalogue} <= set(texts())


@pytest.fixture(scope="module")
def gaps(make_city):
    """Return a release with one area per kind of gap."""
    table = pd.DataFrame(
        {
            "residents": [1000.0, 1000, 1000, 200, 0, 1000, 1000],
            "x": [300.0, 1, None, 50, 0, 0, 2],
            "n": [900.0, 900, 900, 190, 0, 0, 900],
        },
        index=pd.Index(["shown", "suppressed", "missing", "small", "uninhabited", "nobody", "also"], name="key"),
    )
    data = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "n")})
    return qa.release(data, protection=qa.Protection(secondary=False))  # the only open one would keep company


@pytest.mark.parametrize(
    ("key", "german", "english"),
    [
        ("shown", "33,3\u202f%", "33.3%"),
        ("suppressed", "geschützt", "protected"),
        ("missing", "keine Angabe", "no data"),
        ("small", "zu wenige Einwohner", "too few residents"),
        ("uninhabited", "unbewohnt", "uninhabited"),
        ("nobody", "nicht anwendbar", "not applicable"),
    ],
)
def test_every_gap_has_its_own_words(gaps, key, german, english):
    column = gaps.column("sgb2_rate")
    assert cell_text(gaps, key, column, "de") == german
    assert cell_text(gaps, key, column, "en") == english


def test_reasons_give_value_and_threshold_in_both_languages(town_release):
    # 0.25 of 12 areas are 3; the shares are 260/980, 280/990, ...: the last three are the largest
    assert reason_texts(town_release, "de") == {
        "10": ["SGB-II-Quote: 28,3\u202f%, unter den höchsten Werten (ab 28,3\u202f%)"],
        "11": ["SGB-II-Quote: 30,0\u202f%, unter den höchsten Werten (ab 28,3\u202f%)"],
        "12": ["SGB-II-Quote: 31,7\u202f%, unter den höchsten Werten (ab 28,3\u202f%)"],
    }
    assert reason_texts(town_release, "en")["10"] == [
        "SGB II benefit rate: 28.3%, among the highest values (from 28.3%)"
    ]


def test_reasons_say_by_how_much_a_value_lies_above_that_of_the_city(town):
    # 2520 of 11460 are 22.0 %; 320 of 1010 are 31.7 %, 220 of 960 are 22.9 %
    release = qa.release(town, shortlist=qa.screen(town, qa.above_city("sgb2_rate")))
    german, english = (reason_texts(release, lang) for lang in ("de", "en"))
    assert german["12"] == [
        "SGB-II-Quote: 31,7\u202f%, über dem Wert der Gesamtstadt (22,0\u202f%), Abstand 9,7\u202fProzentpunkte"
    ]
    assert english["07"] == ["SGB II benefit rate: 22.9%, above the city value (22.0%), by 0.9\u202fpercentage points"]


def test_summary_counts_people_not_areas_only(town_release):
    # residents 1000, 1050, ... 1550: 15300 in all, 1450 + 1500 + 1550 = 4500 in the last three
    first, second = summary_texts(town_release, "de")
    assert first == "3 von 12 bewerteten Gebieten sind ausgewählt. Dort leben 4.500 Menschen, 29,4 % der Stadt."
    assert second == "Sie bilden ein Prüfgebiet."


def test_summary_of_an_empty_shortlist_says_so(make_city, town):
    table = pd.DataFrame({"residents": [1000.0] * 4, "x": [100.0] * 4, "n": [900.0] * 4}, index=list("abcd"))
    equal = qa.add_rates(make_city(table), {"sgb2_rate": ("x", "n")})
    nobody = qa.release(equal, shortlist=qa.screen(equal, qa.above_city("sgb2_rate")))
    assert summary_texts(nobody, "de") == ["Keines der 4 bewerteten Gebiete erfüllt die Regel."]
    assert summary_texts(nobody, "en") == ["None of the 4 assessed areas meets the rule."]
    assert summary_texts(qa.release(town), "de") == []
