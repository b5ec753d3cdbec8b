from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, NumberError, SpecError
from quartiersatlas.indicators import city_values


def test_wilson_interval_of_a_published_example():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263 gives 0.2553 to 0.3662,
    # 15 of 148 gives 0.0624 to 0.1605, 0 of 20 gives 0 to 0.1611
    x, n = pd.Series([81.0, 15.0, 0.0]), pd.Series([263.0, 148.0, 20.0])
    result = qa.rates(x, n)
    assert result["lower"].tolist() == pytest.approx([0.2553, 0.0624, 0.0], abs=5e-5)
    assert result["upper"].tolist() == pytest.approx([0.3662, 0.1605, 0.1611], abs=5e-5)


@pytest.mark.parametrize("n", [1.0, 10, 250, 1e6])
def test_wilson_bounds_where_nobody_or_everybody_is_counted(n):
    # solved for p: (0 - p)^2 = z^2 p (1 - p) / n is p = 0 and p = z^2 / (n + z^2); with x = n its mirror
    z2 = 1.959963984540054**2
    table = qa.rates(pd.Series([0.0, n]), pd.Series([n, n]))
    assert table["lower"].tolist() == pytest.approx([0, n / (n + z2)], abs=1e-15)
    assert table["upper"].tolist() == pytest.approx([z2 / (n + z2), 1], abs=1e-15)
    assert table["lower"].min() >= 0
    assert table["upper"].max() <= 1


pairs = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=30)


@given(pairs)
def test_intervals_enclose_the_rate_and_solve_wilsons_equation(rows):
    x = pd.Series([float(min(a, b)) for a, b in rows])
    n = pd.Series([float(max(a, b)) for a, b in rows])
    result = qa.rates(x, n).dropna()
    inside = result["lower"].le(result["rate"] + 1e-12) & result["rate"].le(result["upper"] + 1e-12)
    assert inside.all()
    n = n[result.index]
    for bound in (result["lower"], result["upper"]):
        distance = (result["rate"] - bound).abs()
        assert distance.to_numpy() == pytest.approx(
            (1.959963984540054 * np.sqrt(bound * (1 - bound) / n)).to_numpy(), abs=1e-7
        )


@given(pairs)
def test_the_city_value_is_the_population_weighted_mean_of_the_rates(rows):
    x = pd.Series([float(min(a, b)) for a, b in rows])
    n = pd.Series([float(max(a, b)) for a, b in rows])
    if n.sum() == 0:
        assert np.isnan(qa.city_value(x, n))
    else:
        rate = qa.rates(x, n)["rate"].fillna(0)
        assert qa.city_value(x, n) == pytest.approx(np.average(rate, weights=n), abs=1e-12)


def test_an_area_with_one_unknown_count_enters_neither_sum():
    x, n = pd.Series([10.0, np.nan, 30.0]), pd.Series([100.0, 900.0, 100.0])
    assert qa.city_value(x, n) == pytest.approx(0.2)


def test_rates_and_city_values_are_fractions_and_columns_have_the_unit_of_the_catalogue(joined):
    data = joined({"x": [1.0, 2], "n": [4.0, 8]})
    x, n = data.counts("x"), data.counts("n")
    assert qa.rates(x, n)["rate"].tolist() == [0.25, 0.25]
    assert qa.city_value(x, n) == 0.25
    assert qa.add_rates(data, {"r": ("x", "n")}).values["r"].tolist() == [25, 25]
    assert data.catalogue.get("r").unit == "percent"


def test_a_rate_is_in_the_unit_of_the_catalogue_and_keeps_both_counts(joined):
    catalogue = qa.Catalogue.builtin().add(qa.Indicator(id="help", label_de="Hilfen", label_en="Help", unit="per 1000"))
    data = joined({"mh": [25.0, 50], "helped": [1.0, 2], "residents": [100.0, 100]}, catalogue=catalogue)
    data = qa.add_rates(data, {"mh_share": ("mh", "residents"), "help": ("helped", "residents")})
    assert data.values["mh_share"].tolist() == [25.0, 50.0]
    assert data.values["help"].tolist() == [10.0, 20.0]
    assert data.rates["mh_share"] == ("mh", "residents")
    assert city_values(data, "mh_share") == pytest.approx(37.5)


def test_the_status_of_a_rate_says_why_it_is_unknown(joined):
    data = joined({"mh": [0.0, np.nan, 0, 5], "residents": [100.0, 100, 0, 50]})
    data.status.loc["b0", "mh"] = "suppressed"
    rated = qa.add_rates(data, {"mh_share": ("mh", "residents")})
    assert rated.status["mh_share"].tolist() == ["zero", "suppressed", "not_applicable", "value"]
    assert rated.values["mh_share"].isna().tolist() == [False, True, True, False]


def test_more_in_the_numerator_than_in_the_denominator_is_refused(joined):
    data = joined({"mh": [5.0, 200], "residents": [100.0, 100]})
    with pytest.raises(CountError, match=r"1 area has more in 'mh' than in 'residents' \('b0': 200 of 100\)"):
        qa.add_rates(data, {"mh_share": ("mh", "residents")})


def test_a_sentinel_is_refused_by_the_join_with_the_repair(joined):
    with pytest.raises(NumberError, match=r"symbols=\{'-9999': 'missing'\}"):
        joined({"mh": [5.0, -9999, -9999], "residents": [100.0, 100, 100]})


def test_a_rate_cannot_take_the_name_of_a_column(joined):
    data = joined({"mh": [5.0], "residents": [100.0]})
    with pytest.raises(ColumnError, match="already exists"):
        qa.add_rates(data, {"mh": ("mh", "residents")})


def test_a_ready_made_share_has_no_city_value(joined):
    data = joined({"share": [5.0, 7.5], "residents": [100.0, 100.0]})
    with pytest.raises(SpecError, match="no counts, so there is no city value"):
        city_values(data, "share")


def test_different_indexes_are_refused():
    with pytest.raises(CountError, match="different indexes"):
        qa.rates(pd.Series([1.0], index=["a"]), pd.Series([2.0], index=["b"]))
