"""Burdens by class of need: limits of law or of the city, and what is unknown as a lower bound."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, CountError, JoinError, SpecError

KEYS = list("abcdef")
NEED = pd.Series(["low", "low", "high", "high", "high", None], index=KEYS)
NOISE = pd.Series([5.0, 10, 20, 9.99, np.nan, 30], index=KEYS)
HEAT = pd.Series([1.0, 2, 3, 4, 5, 6], index=KEYS)
RESIDENTS = pd.Series([100.0, 200, 300, 400, 500, 600], index=KEYS)


def count(burdens=None, **options):
    burdens = {"Lärm": NOISE, "Hitze": HEAT} if burdens is None else burdens
    return qa.burden(NEED, burdens, **{"classes": ["low", "high"], **options})


def test_a_limit_that_is_met_exactly_burdens_and_a_quantile_is_that_of_the_known_areas():
    found = count(limits={"Lärm": (10, "Lden")}, residents=RESIDENTS)
    assert found.areas["burdens"].to_dict() == {"a": 0, "b": 1, "c": 1, "d": 0, "e": 1, "f": 2}
    assert found.limits["limit"].to_dict() == {"Lärm": 10, "Hitze": 4.75}
    assert found.limits["by"].to_dict() == {"Lärm": "given", "Hitze": "quantile"}
    assert found.table.to_dict("list") == {"low": [0, 1, 1], "high": [0, 2, 1]}
    assert list(found.table.index) == [2, 1, 0]
    assert found.residents.loc[1, "high"] == 800


def test_an_unknown_burden_makes_the_number_a_lower_bound():
    found = count(limits={"Lärm": 10, "Hitze": 4})
    assert found.areas.loc["e", ["burdens", "unknown"]].tolist() == [1, 1]
    assert pd.isna(found.areas.loc["e", "Lärm"])
    assert "„mindestens“" in found.text("de")
    assert "“at least”" in found.text("en")


def test_sentences_name_limits_and_their_source():
    said = count(limits={"Lärm": (10, "Lden 65 dB(A)")}).text("de")
    assert "Lärm: belastet ab 10 (Lden 65 dB(A))." in said
    assert "Hitze: belastet ab 4,8, dem Wert, den etwa 25 % der Gebiete erreichen" in said


def test_residents_that_are_unknown_leave_their_cell_without_any():
    residents = RESIDENTS.copy()
    residents["c"] = np.nan
    found = count(limits={"Lärm": 10, "Hitze": 5}, residents=residents)
    assert np.isnan(found.residents.loc[1, "high"])
    assert found.residents.loc[0, "low"] == 100


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_chart_has_each_cell_once(lang):
    chart = count(limits={"Lärm": 10, "Hitze": 4}, residents=RESIDENTS).chart(lang=lang)
    assert len([mark for mark in chart.marks if mark.kind == "bar"]) == 6
    assert [row[0] for row in chart.rows] == ["2", "1", "0"]
    assert chart.svg(480)


def test_what_cannot_be_used_is_refused():
    with pytest.raises(SpecError, match="at least one"):
        count({})
    with pytest.raises(SpecError, match="a limit is given of 'Flut'"):
        count(limits={"Flut": 1})
    with pytest.raises(SpecError, match="is a number"):
        count(limits={"Lärm": "viel"})
    with pytest.raises(SpecError, match="none of the classes"):
        count(classes=["low"])
    with pytest.raises(SpecError, match="name the classes"):
        count(classes=None)
    with pytest.raises(SpecError, match="between 0 and 1"):
        count(quantile=75)
    with pytest.raises(JoinError, match="1 key is in one only: 'f'"):
        count({"Lärm": NOISE.drop("f")})
    with pytest.raises(CountError, match="no number"):
        count({"Lärm": NOISE.astype(object).where(NOISE.notna(), "laut")})
    with pytest.raises(CountError, match="known in no area"):
        count({"Lärm": NOISE * np.nan})
    with pytest.raises(ArgumentError):
        qa.burden([1], {"Lärm": NOISE})
