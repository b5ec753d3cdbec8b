"""Texts that look the same are the same; texts that differ stay different."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.base.letters import same_cell, same_text, what_differs


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Scho\u0308neberg", "Schöneberg"),
        ("\ufeffkey", "key"),
        ("Pren\u00adzlau", "Prenzlau"),
        ("\u200eNeukölln\u200f", "Neukölln"),
        ("Alt\u00a0Treptow", "Alt Treptow"),
        ("I\u0307zmir", "İzmir"),
        ("  Mitte ", "Mitte"),
    ],
)
def test_one_form_of_what_looks_the_same(written, meant):
    assert same_text(written) == meant


@pytest.mark.parametrize("word", ["Köln-Süd", "São Tomé", "Łódź", "straße", "m²", "Œuvre", "½", "ﬁ"])
def test_letters_that_are_others_stay(word):
    assert same_text(word) == word


def test_a_cell_keeps_its_blanks_and_a_hyphen_that_may_be_a_minus():
    assert same_cell("1\u00a0234") == "1\u00a0234"
    assert same_cell("\u00ad259") == "\u00ad259"
    assert same_cell("Ein\u00adwohner\u200b") == "Einwohner"


@given(st.text())
def test_the_form_of_a_form_is_itself(text):
    assert same_text(same_text(text)) == same_text(text)
    assert same_text(unicodedata.normalize("NFD", text)) == same_text(text)


def test_the_difference_is_said_in_words():
    assert what_differs("Su\u0308d", "Süd") == "decomposed letters"
    assert what_differs("a\u200bb", "ab") == "invisible characters"
