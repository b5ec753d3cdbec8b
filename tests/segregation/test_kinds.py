"""Segregation is measured on persons: what is no count by its kind or name is refused with where its counts are."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import CountError

COUNTS = {"poor": [300.0, 260, 90, 20], "residents": [1000.0, 1200, 900, 1100]}
CALLS = {
    "measure": lambda data, group: qa.measure_segregation(data, [group]),
    "decompose": lambda data, group: qa.decompose(data, [group], by="district", population="residents"),
}


@pytest.fixture
def data(joined):
    found = qa.add_rates(joined(COUNTS), {"poverty": ("poor", "residents")})
    found.areas.insert(0, "district", ["x", "x", "y", "y"])
    return found


@pytest.mark.parametrize("call", CALLS)
def test_a_rate_is_refused_and_its_counts_are_named(data, call):
    with pytest.raises(CountError, match=r"'poverty' is the rate 'poor' / 'residents'.*Its counts are 'poor' and"):
        CALLS[call](data, "poverty")
    assert CALLS[call](data, "poor").table is not None


@pytest.mark.parametrize("name", ["sgb2_rate", "Ausländeranteil", "SGB-II-Quote", "poor %", "mean_age"])
def test_a_column_of_a_table_is_refused_by_catalogue_or_name(name):
    frame = pd.DataFrame({name: [30.0, 20, 10, 2], "residents": COUNTS["residents"]}, index=list("abcd"))
    with pytest.raises(CountError, match="no count of persons"):
        qa.measure_segregation(frame, [name], population="residents")


@pytest.mark.parametrize("name", ["poor", "corporate", "sharecroppers", "pirates", "moderate"])
def test_names_that_only_contain_such_words_pass(name):
    frame = pd.DataFrame({name: [30.0, 20, 10, 2], "residents": COUNTS["residents"]}, index=list("abcd"))
    assert len(qa.measure_segregation(frame, [name], population="residents").table)


def test_the_population_is_no_rate_either(data):
    with pytest.raises(CountError, match="'poverty' is the rate"):
        qa.measure_segregation(data, ["poor"], population="poverty")
