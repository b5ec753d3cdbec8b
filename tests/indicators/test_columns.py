"""Rates, counts and city values as columns: each kind as it may."""

from __future__ import annotations

from dataclasses import replace

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError
from quartiersatlas.indicators import city_values

CITY = "city"


def test_a_mean_is_a_sum_over_a_count_and_its_city_value_too(joined):
    """Four households of 10, 20, 30, 40 and sums of 100 to 400 EUR: 10 EUR each, and so in the city."""
    data = joined({"euros": [100.0, 600, 300, 400], "households": [10.0, 20, 30, 40], "residents": [99.0] * 4})
    mean = qa.Indicator(id="per_household", kind="mean", unit="EUR per household")
    data = qa.add_rates(replace(data, catalogue=data.catalogue.add(mean)), {"per_household": ("euros", "households")})
    assert data.values["per_household"].tolist() == [10.0, 30.0, 10.0, 10.0]
    assert city_values(data, "per_household") == pytest.approx(1400 / 100)


def test_a_share_refuses_more_than_its_whole_and_a_mean_does_not(joined):
    data = joined({"area_m2": [4000.0, 5000], "residents": [100.0, 120]})
    with pytest.raises(CountError, match="more in 'area_m2' than in 'residents'"):
        qa.add_rates(data, {"x": ("area_m2", "residents")})
    assert qa.add_rates(data, {"living_space_pc": ("area_m2", "residents")}).values["living_space_pc"].iloc[0] == 40.0


def test_a_density_is_persons_over_surface(joined):
    data = joined({"km2": [0.5, 2.0], "residents": [1000.0, 500]})
    meanings = (
        qa.Indicator(id="density", kind="density", unit="residents per km²"),
        qa.Indicator(id="km2", kind="amount", unit="km²"),
    )
    data = qa.add_rates(replace(data, catalogue=data.catalogue.add(*meanings)), {"density": ("residents", "km2")})
    assert data.values["density"].tolist() == [2000.0, 250.0]
    assert city_values(data, "density") == pytest.approx(1500 / 2.5)
    with pytest.raises(CountError, match="'km2' is an amount"):
        qa.add_rates(data, {"x": ("km2", "residents")})


def test_a_balance_rate_may_be_negative(joined):
    data = joined({"net_u6": [-6.0, 9, -3], "u6": [60.0, 90, 60], "residents": [1000.0] * 3})
    data = qa.add_rates(data, {"net_migration_u6": ("net_u6", "u6")})
    assert data.values["net_migration_u6"].tolist() == [-10.0, 10.0, -5.0]
    assert city_values(data, "net_migration_u6") == 0.0
    assert data.catalogue["net_u6"].kind == "balance"


def test_a_median_comes_of_no_two_columns(joined):
    data = joined({"a": [1.0, 2], "residents": [10.0, 20]})
    median = qa.Indicator(id="m", kind="median", unit="EUR")
    with pytest.raises(SpecError, match="'m' is a median, which no numerator and denominator give"):
        qa.add_rates(replace(data, catalogue=data.catalogue.add(median)), {"m": ("a", "residents")})


@pytest.mark.parametrize("side", [0, 1])
def test_a_rate_is_no_side_of_a_rate(joined, side):
    data = joined({"sgb2_rate": [12.0, 20], "poor": [12.0, 20], "residents": [100.0, 100]})
    pair = ["poor", "residents"]
    pair[side] = "sgb2_rate"
    with pytest.raises(CountError, match=r"add_rates: 'sgb2_rate' is a share in percent, no count"):
        qa.add_rates(data, {"x": tuple(pair)})


def test_a_published_share_that_agrees_up_to_rounding_gives_way_with_a_note(joined):
    data = joined({"sgb2_rate": [12.3, 20.0], "poor": [123.0, 401], "residents": [1004.0, 2002]})
    data = qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})
    assert data.values["sgb2_rate"].tolist() == pytest.approx([100 * 123 / 1004, 100 * 401 / 2002])
    assert [note.name for note in data.notes] == ["fact_published_agrees"]


def test_a_published_share_that_differs_by_more_than_rounding_is_said(joined):
    data = joined({"sgb2_rate": [12.3, 25.0, 9.9], "poor": [123.0, 401, 99], "residents": [1004.0, 2002, 1000]})
    with pytest.warns(UserWarning, match=r"more than rounding in 1 area \('b0'\), most in 'b0': 25 published"):
        found = qa.add_rates(data, {"sgb2_rate": ("poor", "residents")})
    assert found.notes[-1].values["count"] == 1
    with pytest.raises(ColumnError, match="has the name of a column that already exists"):
        qa.add_rates(data, {"poor": ("poor", "residents")})


def test_a_share_times_its_base_gives_counts_with_the_rounding_stated(joined):
    """12.3 % of 1,000 is 123; printed to a tenth, it stands for 122.5 to 123.5: one person and the rounding."""
    data = joined({"foreign_share": [12.3, 30.0, 0.0], "residents": [1000.0, 950, 800]})
    data = qa.add_counts(data, {"foreign": ("foreign_share", "residents")})
    assert data.values["foreign"].tolist() == [123.0, 285.0, 0.0]
    assert data.status["foreign"].tolist() == ["value", "value", "zero"]
    assert data.notes[-1].values == {"name": "foreign", "indicator": "foreign_share", "base": "residents", "off": 1}
    assert qa.measure_segregation(data, ["foreign"], indices=["dissimilarity"]).table["value"].notna().all()


def test_counts_of_a_share_with_gaps_keep_their_status(joined):
    data = joined({"foreign_share": [12.3, float("nan")], "residents": [1000.0, 950]})
    data.status.loc["b0", "foreign_share"] = "suppressed"
    found = qa.add_counts(data, {"foreign": ("foreign_share", "residents")})
    assert found.status["foreign"].tolist() == ["value", "suppressed"]
    with pytest.raises(SpecError, match="'residents' is a count; shares and rates give counts"):
        qa.add_counts(data, {"x": ("residents", "residents")})
    with pytest.raises(ColumnError, match="there is a column 'residents' already"):
        qa.add_counts(data, {"residents": ("foreign_share", "residents")})


def test_the_city_value_of_ready_made_numbers_is_published_or_refused(joined):
    data = joined({"income": [1800.0, 2100], "sgb2_rate": [10.0, 20], "residents": [1000.0, 3000]})
    data = replace(data, catalogue=data.catalogue.add(qa.Indicator(id="income", kind="median", unit="EUR")))
    with pytest.raises(SpecError, match=r"A city median of 'income' cannot be made from those of areas.*qa\.Reference"):
        city_values(data, "income")
    with pytest.raises(SpecError, match=r"'sgb2_rate' has no counts.*add_rates\(data.*or give the published value"):
        city_values(data, "sgb2_rate")
    city = qa.Reference(values={"income": 1950, "sgb2_rate": 0.175}, source="Office", unit="")
    assert city_values(replace(data, references={CITY: city}), "income") == 1950
    fraction = qa.Reference(values={"sgb2_rate": 0.175}, source="Office", unit="fraction")
    assert city_values(replace(data, references={CITY: fraction}), "sgb2_rate") == pytest.approx(17.5)
    dollars = qa.Reference(values={"income": 1950}, source="Office", unit="USD")
    with pytest.raises(SpecError, match="is in 'USD', the indicator in 'EUR'"):
        city_values(replace(data, references={CITY: dollars}), "income")


def test_a_mean_with_its_base_has_a_weighted_city_value(joined):
    """1.5 persons in 100 households and 3 in 200 are 750 persons in 300 households."""
    data = joined({"size": [1.5, 3.0], "households": [100.0, 200], "residents": [150.0, 600]})
    size = qa.Indicator(id="size", kind="mean", unit="persons per household", base="households")
    assert city_values(replace(data, catalogue=data.catalogue.add(size)), "size") == pytest.approx(2.5)


def test_the_city_value_of_what_is_summed_is_the_sum(joined):
    data = joined({"net": [-30.0, 10, 5], "residents": [100.0, 200, 300]})
    data = replace(data, catalogue=data.catalogue.add(qa.Indicator(id="net", kind="balance")))
    assert city_values(data, "net") == -15
    assert city_values(data, "residents") == 600


def test_unit_and_kind_of_a_rate_can_be_said_where_it_is_made(joined):
    data = joined({"cars": [300.0, 1200], "rent": [7000.0, 9000], "m2": [1000.0, 1000], "residents": [1000.0, 2000]})
    found = qa.add_rates(data, {"motor": ("cars", "residents")}, units={"motor": "je 1.000"})
    assert found.values["motor"].tolist() == [300.0, 600.0]
    found = qa.add_rates(data, {"price": ("rent", "m2")}, units={"price": "EUR je m²"}, kinds={"price": "mean"})
    assert found.values["price"].tolist() == [7.0, 9.0]
    with pytest.raises(SpecError, match="said of 'other', which is none of the rates"):
        qa.add_rates(data, {"motor": ("cars", "residents")}, units={"other": "%"})


def test_counts_made_of_a_share_have_its_label_and_their_note_can_be_printed(joined):
    share = qa.Indicator(id="q", label_de="Anteil Ältere", label_en="Share of older people")
    data = joined({"q": [12.5, 20.0], "residents": [800.0, 900]}, catalogue=qa.Catalogue.builtin().add(share))
    data = qa.add_counts(data, {"older": ("q", "residents")})
    assert data.catalogue["older"].label("de") == "Anteil Ältere (Anzahl)"
    assert data.catalogue["older"].label("en") == "Share of older people (count)"
    assert str(data.notes[0]) == "older: counts from q times residents, rounded; they may be off by up to 1."
    assert "Share of older people times residents" in repr(data)


# counts that are no whole persons


def test_counts_with_decimals_are_noted_once_for_each_column(joined):
    data = joined({"poor": [10.0, 20.5, 30], "kids": [100.0, 200, 300], "residents": [500.0, 600, 700.25]})
    data = qa.add_rates(data, {"a": ("poor", "kids"), "b": ("poor", "residents")})
    noted = [dict(note.values) for note in data.notes if note.name == "fact_count_fractions"]
    assert noted == [{"name": "residents", "count": 1}, {"name": "poor", "count": 1}]
    assert any("“poor” holds counts with decimals (areas: 1)" in str(note) for note in data.notes)


def test_declared_counts_with_decimals_are_noted_where_they_come_in(joined):
    data = joined({"residents": [500.0, 600, 712.5]}, population="residents")
    assert [note.values["name"] for note in data.notes] == ["residents"]
    assert "residents: counts with decimals in 1 area, such as 712.5 in " in data.report.notes[-1]
    assert "712" not in str(data.notes[0])  # a note leaves, the number does not


def test_a_rule_says_that_its_counts_are_no_whole_persons_and_no_exact_test_is_made_of_them(joined):
    data = joined({"poor": [10.0, 20.5, 30], "residents": [500.0, 600, 700]})
    data = qa.add_rates(data, {"a": ("poor", "residents")})
    for rule in (qa.above("a", than="city"), qa.at_least("poor", 20)):
        warned = [one for one in qa.screen(data, rule).warnings if one.name == "fact_count_fractions"]
        assert [one.values["name"] for one in warned] == ["poor"]
    with pytest.raises(SpecError, match=r"draws whole persons, and 'poor' holds 20\.5"):
        qa.screen(data, qa.above("a", than="city", significant=0.05))


def test_whole_counts_are_not_noted(joined):
    data = joined({"poor": [10.0, float("nan"), 30], "residents": [500.0, 600, 700]})
    assert qa.add_rates(data, {"a": ("poor", "residents")}).notes == ()
