from __future__ import annotations

import csv
from importlib.resources import files

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError

RATE = {"poverty": ("poor", "residents")}


@pytest.mark.parametrize(
    ("words", "term"),
    [
        ("Unsere Problemviertel", "Problemviertel"),
        ("in den PROBLEMVIERTELN der Stadt", "PROBLEMVIERTELN"),
        ("ein Problem-Viertel?", "Problem-Viertel"),
        ("soziale Brennpunkte im Norden", "Brennpunkte"),
        ("das Ghetto", "Ghetto"),
        ("Ghettoisierung droht", "Ghettoisierung"),
        ("keine Parallelgesellschaften", "Parallelgesellschaften"),
        ("sozial schwacher Familien", "sozial schwacher"),
        ("sozial-schwache Haushalte", "sozial-schwache"),
        ("bildungsferne Schichten", "bildungsferne"),
        ("ein Auslaenderproblem", "Auslaenderproblem"),
        ("No-Go-Area", "No-Go-Area"),
        ("eine schlechte Gegend", "schlechte Gegend"),
    ],
)
def test_german_words_are_found_in_their_forms(words, term):
    found = qa.check_wording(words, "de")
    assert found["term"].tolist() == [term]
    assert words[found["start"][0] :].startswith(term)
    assert found["neutral"][0]


@pytest.mark.parametrize(
    "words", ["Problem areas of the city", "a social hot spot", "ghettoisation", "parallel societies", "sink estates"]
)
def test_english_words_are_found_in_their_forms(words):
    assert len(qa.check_wording(words, "en")) == 1


@pytest.mark.parametrize(
    ("words", "lang"),
    [
        ("Gebiet mit erhöhtem Unterstützungsbedarf; das Problem der Stichprobe; schlechte Datenlage", "de"),
        ("Im Viertel zwischen Brenngasse und Punktweg wird die Gesellschaft parallel befragt.", "de"),
        ("Areas for closer review; the problem of small numbers; hot spots by Getis and Ord", "en"),
    ],
)
def test_other_words_are_left_alone(words, lang):
    assert qa.check_wording(words, lang).empty


def test_words_are_found_in_the_order_of_the_text_and_once_where_they_overlap():
    found = qa.check_wording("Brennpunktschulen im Ghetto", "de")
    assert found["term"].tolist() == ["Brennpunktschulen", "Ghetto"]


def test_the_declared_list_has_both_languages_and_no_word_it_flags_as_neutral():
    content = files("quartiersatlas.disclosure").joinpath("discouraged_words.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(content.splitlines(), delimiter=";"))
    assert {row["lang"] for row in rows} == {"de", "en"}
    assert all(qa.check_wording(row["neutral"], row["lang"]).empty for row in rows)
    assert all(
        len(qa.check_wording(form.replace("*", ""), r["lang"])) == 1 for r in rows for form in r["forms"].split("|")
    )


def test_an_unknown_language_is_refused():
    with pytest.raises(SpecError, match="lang must be one of 'de', 'en', not 'fr'"):
        qa.check_wording("x", "fr")


def test_our_own_texts_hold_none_of_the_words():
    from quartiersatlas.catalogue.texts import texts

    for german, english in texts().values():
        assert qa.check_wording(german, "de").empty
        assert qa.check_wording(english, "en").empty


def test_a_release_warns_and_keeps_it_as_a_fact(joined):
    data = qa.add_rates(joined({"poor": [50.0, 60], "residents": [1000.0] * 2}), RATE)
    with pytest.warns(
        UserWarning, match="contain “Problemvierteln”.*Gebiet mit erhöhtem Unterstützungsbedarf"
    ) as caught:
        released = qa.release(data, title="Armut in Problemvierteln")
    assert [warning.filename for warning in caught] == [__file__]
    assert [fact.values["term"] for fact in released.facts if fact.name == "warning_wording"] == ["Problemvierteln"]
    assert qa.check_wording(released.comment_draft("de")).empty
