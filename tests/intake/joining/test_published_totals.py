"""The totals row of a table is the published city value of its ready-made numbers, unless the user gives another."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators import city_values


def table(areas, **columns):
    index = [*areas.index, "Gesamtstadt"]
    return pd.DataFrame({**columns, "residents": [1000.0, 1200, 900, 1100, 4200]}, index=index)


@pytest.fixture
def areas(grid):
    return grid(4, 1)


def test_the_city_value_of_a_published_share_is_that_of_the_totals_row(areas):
    data = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 16.6]))
    assert city_values(data, "sgb2_rate") == 16.6
    assert qa.screen(data, qa.above_city("sgb2_rate")).keys == ["a0", "b0"]
    column = qa.release(data).column("sgb2_rate")
    assert (column.city, column.city_source) == (16.6, "table, 'Gesamtstadt'")


def test_a_fraction_in_the_totals_row_becomes_percent_with_its_column(areas):
    data = qa.join(areas, table(areas, sgb2_rate=[0.3, 0.21, 0.1, 0.02, 0.166]), units={"sgb2_rate": "fraction"})
    assert city_values(data, "sgb2_rate") == pytest.approx(16.6)


def test_a_value_that_the_user_gives_comes_first(areas):
    city = qa.Reference(values={"sgb2_rate": 15.0}, source="Office")
    data = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 16.6]), references={"city": city})
    assert city_values(data, "sgb2_rate") == 15.0


def test_a_rate_from_counts_has_the_city_value_of_its_counts(areas):
    data = qa.join(areas, table(areas, poor=[300.0, 240, 90, 22, 652]))
    assert city_values(qa.add_rates(data, {"x": ("poor", "residents")}), "x") == pytest.approx(100 * 652 / 4200)


def test_the_totals_rows_of_two_tables_of_one_name_stand_side_by_side(areas):
    first = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 16.6]))
    second = table(areas, child_poverty_u15=[31.0, 22, 11, 3, 17.5]).drop(columns="residents")
    data = qa.join(first, second)
    assert (city_values(data, "sgb2_rate"), city_values(data, "child_poverty_u15")) == (16.6, 17.5)


@pytest.mark.parametrize("total", [63.0, 0.166])
def test_a_totals_row_that_no_city_of_these_areas_can_have_is_no_city_value(areas, total):
    data = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, total]))
    assert pd.isna(qa.release(data).column("sgb2_rate").city)
    with pytest.raises(SpecError, match="city value"):
        city_values(data, "sgb2_rate")


def test_a_sum_in_the_totals_row_is_named(areas):
    data = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 63]))
    with pytest.raises(SpecError, match="has 63 for 'sgb2_rate', and the areas 2 to 30: a sum of areas"):
        qa.screen(data, qa.above_city("sgb2_rate"))


def test_a_city_of_more_areas_than_the_data_may_lie_outside_of_them(areas):
    wider = {"city": qa.Reference(values={"sgb2_rate": 33.5}, source="Land")}
    data = qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 16.6]), references=wider)
    assert city_values(data, "sgb2_rate") == 33.5


def test_a_published_fraction_beside_percent_is_asked_about_and_both_ways_out_work(areas):
    def joined(**said):
        published = qa.Reference(values={"sgb2_rate": 0.166}, source="Amt", **said)
        return qa.join(areas, table(areas, sgb2_rate=[30.0, 21, 10, 2, 16.6]), references={"city": published})

    with pytest.raises(SpecError, match=r"'sgb2_rate' .city: 0.166. is below 1 %.*unit='fraction'.*unit='percent'"):
        joined()
    assert city_values(joined(unit="fraction"), "sgb2_rate") == pytest.approx(16.6)
    assert city_values(joined(unit="percent"), "sgb2_rate") == 0.166


def test_a_published_value_in_another_unit_is_refused_where_it_comes_in(areas):
    income = qa.Indicator(id="income", kind="median", unit="EUR")
    published = qa.Reference(values={"income": 24.5}, source="Amt", unit="1000 EUR")
    values = table(areas, income=[21500.0, 26000, 19800, 30100, 24500])
    with pytest.raises(SpecError, match="'income' is in '1000 EUR', the indicator in 'EUR'"):
        qa.join(areas, values, catalogue=qa.Catalogue.builtin().add(income), references={"city": published})
    assert city_values(qa.join(areas, values, catalogue=qa.Catalogue.builtin().add(income)), "income") == 24500
