"""The explanations of signs of the houses, mark by mark, from their own pages."""

from __future__ import annotations

import math

import pytest

from quartiersatlas.errors import NumberError, SpecError
from quartiersatlas.intake.tables.values.codes import PROFILES

# DIN 55301 as printed by the offices; GENESIS prints the same set and 'e'; Lower Saxony's office has a set of its own
DIN = [
    ("-", 0.0, "zero"),
    (".", math.nan, "suppressed"),
    ("·", math.nan, "suppressed"),
    ("...", math.nan, "missing"),
    ("/", math.nan, "unreliable"),
    ("x", math.nan, "not_applicable"),
    ("(12)", 12.0, "unreliable"),
    ("12p", 12.0, "provisional"),
    ("12 r", 12.0, "value"),
]
LSN = [
    ("g", math.nan, "suppressed"),
    ("k", 0.0, "zero"),
    ("t", math.nan, "missing"),
    ("u", math.nan, "unreliable"),
    ("x", math.nan, "not_applicable"),
    ("[g]", math.nan, "suppressed"),
    ("[n]", 0.0, "zero"),
    ("12 u", 12.0, "unreliable"),
    ("12f", 12.0, "unreliable"),
    ("12 p", 12.0, "provisional"),
    ("12 [p]", 12.0, "provisional"),
    ("12 e", 12.0, "value"),
]
BA = [("*", math.nan, "suppressed"), ("-", 0.0, "zero"), ("x", math.nan, "not_applicable")]
MSS = [("-9999", math.nan, "suppressed"), ("-9999.0", math.nan, "suppressed"), ("", math.nan, "missing")]
CASES = [
    (profile, *case)
    for profile, cases in (
        ("auto", DIN),
        ("din55301", DIN),
        ("genesis", [*DIN, ("12 e", 12.0, "value")]),
        ("lsn", LSN),
        ("ba", BA),
        ("berlin_mss", MSS),
    )
    for case in cases
]


@pytest.mark.parametrize(("profile", "cell", "number", "status"), CASES)
def test_every_mark_has_the_meaning_its_house_prints(read, profile, cell, number, status):
    table = read(f"key;a\n01;{cell}\n02;5.5\n03;6\n", symbols=profile)
    value = table.values.loc["01", "a"]
    assert value == number or (math.isnan(value) and math.isnan(number))
    assert table.status.loc["01", "a"] == status
    assert table.problems["raw"].tolist() == [cell]


@pytest.mark.parametrize(
    ("profile", "cell"),
    [
        ("din55301", "*"),
        ("din55301", "g"),
        ("lsn", "*"),
        ("ba", "."),
        ("berlin_mss", "."),
        ("berlin_mss", "-"),
        ("auto", "g"),
    ],
)
def test_a_mark_of_another_house_is_refused_with_its_cell(read, profile, cell):
    with pytest.raises(NumberError, match=r"in line 2.*symbols="):
        read(f"key;a\n01;{cell}\n02;5\n03;6\n", symbols=profile)


@pytest.mark.parametrize(
    ("profile", "meaning"),
    [("din55301", "more than nothing"), ("genesis", "more than nothing"), ("lsn", "exactly zero, or set to zero")],
)
def test_what_a_printed_zero_means_is_told(read, profile, meaning):
    table = read("key;a\n01;0\n02;5\n", symbols=profile)
    assert table.status.loc["01", "a"] == "zero"
    assert any(meaning in note for note in table.notes)


def test_a_secret_cell_and_a_zero_are_never_the_same():
    for name, profile in PROFILES.items():
        zeros = {mark for mark, status in profile.instead.items() if status == "zero"}
        assert "." not in zeros, name
        assert profile.instead.get("-") in ("zero", None), name


def test_a_number_can_be_named_as_a_mark_in_any_spelling(read):
    table = read("key;a\n01;-9999,0\n02;-9999\n03;− 9.999\n04;5,5\n", symbols={"-9999": "missing"})
    assert table.status["a"].tolist() == ["missing", "missing", "missing", "value"]


def test_a_number_can_be_named_as_a_true_value(read):
    table = read("key;a\n01;-1\n02;-1\n03;5\n", symbols={"-1": "value"})
    assert table.values["a"].tolist() == [-1.0, -1.0, 5.0]
    assert table.status["a"].tolist() == ["value"] * 3


def test_a_word_cannot_be_named_as_a_true_value(read):
    with pytest.raises(SpecError, match=r"'k\.A\.' stands instead of a number"):
        read("key;a\n01;5\n", symbols={"k.A.": "value"})
