"""What a number means: the built-in indicators, and indicators of one's own."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.kinds import NAMED_UNITS
from quartiersatlas.errors import SpecError

BUILTIN = qa.Catalogue.builtin()
SEVEN_DOMAINS = {
    "demography",
    "socioeconomy",
    "education_participation",
    "housing",
    "mobility",
    "environment",
    "health",
}


@pytest.mark.parametrize("name", BUILTIN)
def test_every_builtin_indicator_is_complete(name):
    indicator = BUILTIN[name]
    assert indicator.id == name
    assert indicator.label("de").strip()
    assert indicator.label("en").strip()
    assert indicator.label("de") != indicator.label("en")
    assert indicator.unit in NAMED_UNITS
    assert indicator.domain in SEVEN_DOMAINS
    assert indicator.role in {"index", "index_option", "context", "resource", "group_gap"}
    assert bool(indicator.numerator_de) == bool(indicator.numerator_en)
    assert bool(indicator.denominator_de) == bool(indicator.denominator_en)
    assert bool(indicator.caveat_de) == bool(indicator.caveat_en)
    assert indicator.definition("de")
    assert indicator.definition("en")


@pytest.mark.parametrize("name", ["mh_share", "foreign_share", "mh_share_u18", "immigration_history_share"])
def test_migration_background_is_context_and_has_no_direction(name):
    assert BUILTIN[name].role == "context"
    assert BUILTIN[name].direction == 0


def test_indicators_of_an_index_have_a_direction():
    assert [name for name in BUILTIN if BUILTIN[name].role == "index" and BUILTIN[name].direction == 0] == []


def test_every_domain_and_unit_has_a_text_in_both_languages():
    for lang in ("de", "en"):
        for name in BUILTIN:
            assert text(f"domain_{BUILTIN[name].domain}", lang)
            assert text(f"unit_{BUILTIN[name].unit.replace(' ', '_')}", lang)


@pytest.mark.parametrize(
    ("unit", "factor"), [("percent", 100), ("per 100", 100), ("per 1000", 1000), ("per 10000", 10_000), ("points", 1)]
)
def test_a_unit_is_a_factor_on_the_plain_fraction(unit, factor):
    assert qa.Indicator(id="a", label_de="a", label_en="a", unit=unit).per == factor


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"unit": "EUR"}, "Indicator 'a': what is a number in 'EUR'\\? .* add kind=..., one of count, share, "),
        ({"kind": "median"}, "Indicator 'a': a median says nothing without its unit"),
        ({"kind": "number"}, "Indicator 'a': kind must be one of 'count', 'share', "),
        ({"direction": 2}, "Indicator 'a': direction must be one of 1, 0, -1, not 2"),
    ],
)
def test_impossible_indicators_are_refused(wrong, message):
    with pytest.raises(SpecError, match=message):
        qa.Indicator(id="a", label_de="a", label_en="a", **wrong)


def test_an_unknown_language_is_refused():
    with pytest.raises(SpecError, match="lang must be one of 'de', 'en', not 'fr'"):
        BUILTIN["mh_share"].label("fr")


def test_a_definition_is_numerator_over_denominator():
    indicator = qa.Indicator(id="a", label_de="a", label_en="a", numerator_en="children", denominator_en="residents")
    assert indicator.definition("en") == "children / residents"
    assert qa.Indicator(id="a", label_de="a").definition("de") == ""


def test_one_language_serves_both():
    known = qa.Indicator(
        id="u", label_en="Poverty", numerator_en="Poor", denominator_en="Children", caveat_en="Estimate"
    )
    assert (known.label("de"), known.definition("de"), known.caveat("de")) == ("Poverty", "Poor / Children", "Estimate")


def test_adding_gives_a_new_catalogue_and_leaves_the_old_one():
    catalogue = qa.Catalogue.builtin()
    own = qa.Indicator(id="own", label_de="eigener", label_en="own")
    mine = qa.Indicator(id="mh_share", label_de="anders", label_en="different")
    more = catalogue.add(own, mine)
    assert "own" not in catalogue
    assert catalogue["mh_share"] == BUILTIN["mh_share"]
    assert more["own"] is own
    assert more["mh_share"].label("de") == "anders"
    assert len(more) == len(catalogue) + 1


def test_a_name_the_catalogue_does_not_know_is_an_error_or_carries_itself():
    with pytest.raises(SpecError, match="no indicator 'unknown'"):
        BUILTIN["unknown"]
    assert BUILTIN.get("unknown").label("de") == "unknown"
