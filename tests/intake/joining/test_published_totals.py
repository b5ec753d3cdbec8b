"""The totals row of a table is the published city value of its ready-made numbers, unless the user gives another."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
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
