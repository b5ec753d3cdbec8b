"""Kinds and units: what a unit is called, what it shows of a kind, and what is asked."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue.kinds import KINDS, RULES, plain_unit, unit_words
from quartiersatlas.errors import ArgumentError, SpecError


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("%", "percent"),
        (" Prozent ", "percent"),
        ("per cent", "percent"),
        ("‰", "per 1000"),
        ("promille", "per 1000"),
        ("je 1.000", "per 1000"),
        ("per 1,000", "per 1000"),
        ("je 100\u202f000", "per 100000"),
        ("per 10 000 dwellings", "per 10000 dwellings"),
        ("Fraction", "fraction"),
        ("CHF", "CHF"),
        ("per capita", "per capita"),
        ("per 1.5 persons", "per 1.5 persons"),
    ],
)
def test_a_unit_has_one_form_however_it_is_written(written, plain):
    assert plain_unit(written) == plain
    assert plain_unit(plain) == plain


@pytest.mark.parametrize(
    ("unit", "kind", "per"),
    [
        ("%", "share", 100),
        ("je 100.000", "rate", 100_000),
        ("fraction", "share", 1),
        ("points", "score", 1),
        ("m2 per person", "mean", 1),
    ],
)
def test_a_known_unit_shows_its_kind_and_factor(unit, kind, per):
    indicator = qa.Indicator(id="a", unit=unit)
    assert (indicator.kind, indicator.per) == (kind, per)


def test_neither_unit_nor_kind_is_a_share_in_percent():
    indicator = qa.Indicator(id="a")
    assert (indicator.kind, indicator.unit, indicator.label("de")) == ("share", "percent", "a")


@pytest.mark.parametrize("kind", ["mean", "median", "amount", "density", "rate", "balance_rate"])
def test_what_says_nothing_without_its_unit_asks_for_it(kind):
    with pytest.raises(SpecError, match="says nothing without its unit: add unit='EUR'"):
        qa.Indicator(id="a", kind=kind)
    assert qa.Indicator(id="a", kind=kind, unit="EUR").unit_text("en") == "EUR"


@pytest.mark.parametrize("kind", ["count", "score", "balance", "class"])
def test_counts_scores_balances_and_classes_need_no_unit(kind):
    assert qa.Indicator(id="a", kind=kind).unit_text("de") == ""


def test_a_unit_in_free_words_does_not_show_what_may_be_summed():
    with pytest.raises(SpecError, match=r"what is a number in 'years'\? .* kind='mean'"):
        qa.Indicator(id="age", unit="years")


def test_one_label_serves_both_languages_and_a_unit_has_words_in_each():
    age = qa.Indicator(id="age", label_en="Mean age", kind="mean", unit_de="Jahre", unit_en="years")
    assert (age.label("de"), age.label("en")) == ("Mean age", "Mean age")
    assert (age.unit_text("de"), age.unit_text("en")) == ("Jahre", "years")
    assert qa.Indicator(id="rent", label_de="Miete", kind="median", unit_de="EUR je m²").unit_text("en") == "EUR je m²"


def test_a_unit_per_a_number_is_written_as_the_language_does():
    assert unit_words("per 100000", "de") == "je 100.000"
    assert unit_words("per 100000 dwellings", "en") == "per 100,000 dwellings"


def test_the_catalogue_knows_the_kind_of_each_of_its_indicators():
    builtin = qa.Catalogue.builtin()
    kinds = {name: builtin[name].kind for name in builtin}
    assert set(kinds.values()) <= set(KINDS)
    assert {name for name, kind in kinds.items() if kind not in ("share", "rate")} == {
        "net_migration_u6",
        "living_space_pc",
    }
    assert all(builtin[name].unit == "percent" for name, kind in kinds.items() if kind == "share")


def test_what_kinds_may_do():
    """The table of kinds: who is summed, who comes of two columns, who may be negative."""
    assert {kind for kind in KINDS if RULES[kind].summed} == {"count", "amount", "balance"}
    assert {kind for kind in KINDS if RULES[kind].ratio} == {"share", "rate", "mean", "density", "balance_rate"}
    assert not any(RULES[kind].signed for kind in ("count", "share", "rate", "density"))
    assert RULES["balance"].signed
    assert RULES["balance_rate"].signed


def test_a_reference_has_a_source_and_numbers():
    state = qa.Reference(values={"income": 24_500, "rent": {"01": 7.5, "02": 8.1}}, source="Office", as_of="2023")
    assert (state.number("income"), state.number("rent"), state.number("age")) == (24_500.0, None, None)
    with pytest.raises(SpecError, match="needs its source"):
        qa.Reference(values={"income": 24_500}, source=" ")
    with pytest.raises(SpecError, match="the value of 'income' is 'high', which is no number"):
        qa.Reference(values={"income": "high"}, source="Office")
    with pytest.raises(SpecError, match="is nan, which is no number"):
        qa.Reference(values={"income": float("nan")}, source="Office")
    with pytest.raises(ArgumentError, match=r"Reference: values"):
        qa.Reference(values=[1], source="Office")
