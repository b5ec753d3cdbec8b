"""What is not known of a count is not known of its rate and its change: which reason stands, in every order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

ORDER = ["value", "not_applicable", "unreliable", "missing", "suppressed"]  # the later one prevails


def rated(joined, numerator, denominator):
    """Give the value and the status of a rate of 5 of 100 whose counts have these statuses."""
    number = {"missing": np.nan, "suppressed": np.nan, "not_applicable": np.nan}
    data = joined({"x": [number.get(numerator, 5.0), 7], "n": [number.get(denominator, 100.0), 100]})
    data.status.loc["a0"] = [numerator, denominator]
    data = qa.add_rates(data, {"r": ("x", "n")})
    assert data.status["r"]["b0"] == "value"
    return data.values["r"]["a0"], data.status["r"]["a0"]


@pytest.mark.parametrize("numerator", ORDER)
@pytest.mark.parametrize("denominator", ORDER)
def test_the_worse_status_of_both_counts_is_that_of_the_rate(numerator, denominator, joined):
    value, status = rated(joined, numerator, denominator)
    assert status == max(numerator, denominator, key=ORDER.index)
    known = {"value", "unreliable"}
    assert np.isnan(value) == (not {numerator, denominator} <= known)
    if {numerator, denominator} <= known:
        assert value == pytest.approx(5)


def test_a_rate_of_a_suppressed_and_a_missing_count_is_suppressed_in_both_orders(joined):
    for pair in (("suppressed", "missing"), ("missing", "suppressed")):
        value, status = rated(joined, *pair)
        assert np.isnan(value)
        assert status == "suppressed"


@pytest.mark.parametrize("numerator", ["zero", "missing", "suppressed"])
def test_where_nobody_is_in_the_denominator_no_rate_applies_whatever_the_numerator(numerator, joined):
    data = joined({"x": [0.0 if numerator == "zero" else np.nan, 7], "n": [0.0, 100]})
    data.status.loc["a0", "x"] = numerator
    data = qa.add_rates(data, {"r": ("x", "n")})
    assert np.isnan(data.values["r"]["a0"])
    assert data.status["r"]["a0"] == "not_applicable"


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        ("suppressed", "missing", "suppressed"),
        ("missing", "suppressed", "missing"),  # why the later number is not there
        ("value", "suppressed", "suppressed"),
        ("missing", "value", "missing"),
    ],
)
def test_an_unknown_change_has_the_status_of_the_unknown_date(now, then, expected, joined):
    later, earlier = (
        joined({"x": [5.0 if status == "value" else np.nan, 5]}, period=period)
        for status, period in ((now, "2"), (then, "1"))
    )
    later.status.loc["a0", "x"], earlier.status.loc["a0", "x"] = now, then
    data = qa.add_change(later, earlier, ["x"])
    assert np.isnan(data.values["x_change"]["a0"])
    assert data.status["x_change"].to_dict() == {"a0": expected, "b0": "zero"}


def test_the_sums_of_a_city_leave_out_areas_with_an_unknown_part_in_both():
    x, n = pd.Series([10.0, np.nan, 30, np.nan]), pd.Series([100.0, 900, np.nan, np.nan])
    assert qa.city_value(x, n) == pytest.approx(0.1)
    assert np.isnan(qa.city_value(x[1:], n[1:]))
