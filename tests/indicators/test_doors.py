"""Rates and changes answer a wrong object in one sentence, and old parameter names with the new ones."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError

X, N = pd.Series([1.0, 2.0]), pd.Series([10.0, 10.0])


@pytest.fixture
def data(joined):
    return joined({"mh": [5.0, 7], "ab": [1.0, 2], "residents": [100.0, 100]})


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda _: qa.add_rates("data", {"r": ("mh", "residents")}),
            r"^add_rates takes an AreaData, not a str: .*qa.join",
        ),
        (
            lambda data: qa.add_rates(data.areas, {}),
            r"^add_rates takes an AreaData, not a GeoDataFrame: data = qa.join",
        ),
        (lambda data: qa.add_rates(data, [("r", "mh", "residents")]), r"^add_rates: pairs takes a mapping, not a list"),
        (
            lambda data: qa.add_rates(data, {"r": "ab"}),
            r"'r' takes a numerator and a denominator, not 'ab': .*\(\"mh\",",
        ),
        (lambda data: qa.add_rates(data, {"r": ("mh",)}), r"'r' takes a numerator and a denominator"),
        (lambda data: qa.add_rates(data, {"r": ("mh", data.values["residents"])}), r"'r' takes a numerator and"),
        (lambda data: qa.add_rates(data, {1: ("mh", "residents")}), r"1 takes a numerator and a denominator"),
        (lambda _: qa.rates([1.0], N), r"^rates: numerator takes a Series, not a list: numerator = data.counts"),
        (lambda _: qa.rates(X, 10), r"^rates: denominator takes a Series, not an int"),
        (lambda _: qa.city_value("mh", "residents"), r"^city_value: numerator takes a Series, not a str"),
        (
            lambda data: qa.add_change(data.values, data, ["mh"]),
            r"^add_change: data takes an AreaData, not a DataFrame",
        ),
        (lambda data: qa.add_change(data, None, ["mh"]), r"^add_change: earlier takes an AreaData, not None"),
        (lambda data: qa.add_change(data, data, 3), r"^indicators takes a name or a list of names, not an int"),
        (
            lambda _: qa.rate_change(X, (X, N)),
            r"^rate_change: earlier takes a pair of Series, numerator and denominator",
        ),
        (lambda _: qa.rate_change((X, N), (X, N, N)), r"^rate_change: later takes a pair of Series"),
        (lambda _: qa.rate_change((X, N), ([1], N)), r"^rate_change: later: numerator takes a Series, not a list"),
    ],
)
def test_a_wrong_object_is_answered_with_what_is_taken_and_how_to_get_it(call, sentence, data):
    with pytest.raises(ArgumentError, match=sentence):
        call(data)


@pytest.mark.parametrize("function", [qa.add_change, qa.rate_change])
def test_before_is_called_earlier_now(function, data):
    with pytest.raises(ArgumentError, match="the parameter 'before' is called 'earlier' now"):
        function(data, before=data)
    with pytest.raises(ArgumentError, match="the parameter 'after' is called 'later' now"):
        qa.rate_change((X, N), after=(X, N))


def test_one_indicator_is_not_taken_letter_by_letter(joined):
    later, earlier = (
        joined({"ab": [v, 2.0], "residents": [100.0, 100]}, period=period) for v, period in ((3.0, "2"), (1.0, "1"))
    )
    assert qa.add_change(later, earlier, "ab").values["ab_change"].tolist() == [2, 0]
    with pytest.raises(SpecError, match="indicators is empty"):
        qa.add_change(later, earlier, [])
