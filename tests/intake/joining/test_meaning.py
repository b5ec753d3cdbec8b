"""A number keeps its meaning at the door: units and kinds are declared, checked and asked for, never assumed."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError

SHARES = [0.12, 0.3, 0.05, 0.0]


def frame(areas, **columns):
    return pd.DataFrame({**columns, "residents": [900.0, 1200, 1500, 700][: len(areas)]}, index=areas.index)


@pytest.fixture
def areas(grid):
    return grid(4, 1)


def test_a_fraction_in_a_column_of_percent_is_refused_with_two_ways_out_that_work(areas):
    table = frame(areas, child_poverty_u15=SHARES)
    with pytest.raises(SpecError) as error:
        qa.join(areas, table)
    ways = [f"units={{'child_poverty_u15': '{unit}'}}" for unit in ("fraction", "percent")]
    assert all(way in str(error.value) for way in ways)
    pasted = {"qa": qa, "areas": areas, "table": table}
    turned, taken = (eval(f"qa.join(areas, table, {way})", pasted) for way in ways)  # noqa: S307 - as a user would
    assert turned.values["child_poverty_u15"].tolist() == [12.0, 30.0, 5.0, 0.0]
    assert [note.name for note in turned.notes] == ["fact_fraction"]
    assert turned.catalogue["child_poverty_u15"].unit == "percent"
    assert taken.values["child_poverty_u15"].tolist() == SHARES
    assert taken.notes == ()


@pytest.mark.parametrize("column", [[0.12, 0.3, 1.05, 0.0], [0.0, 1.0, 1.0, 0.0], [0.4, 12.0, 30.5, 7.0], [0.0] * 4])
def test_percentages_that_are_no_fractions_pass(areas, column):
    assert qa.join(areas, frame(areas, sgb2_rate=column)).values["sgb2_rate"].tolist() == column


def test_a_fraction_outside_of_0_to_1_and_a_share_above_100_are_refused(areas):
    with pytest.raises(SpecError, match=r"declared as a fraction, and 1 area is not between 0 and 1: b0: 12"):
        qa.join(areas, frame(areas, x=[0.1, 12.0, 0.2, 0.3]), units={"x": "fraction"})
    with pytest.raises(SpecError, match=r"'sgb2_rate' is a share in percent, and 2 areas are not between 0 and 100"):
        qa.join(areas, frame(areas, sgb2_rate=[101.0, 300, 20, 30]))
    with pytest.raises(SpecError, match="not between 0 and 100"):
        qa.join(areas, frame(areas, sgb2_rate=[-1.0, 30, 20, 30]))


def test_a_unit_in_free_words_needs_a_kind_and_both_come_with_the_join(areas):
    table = frame(areas, income=[1800.0, 2100, 1950, 2400])
    with pytest.raises(SpecError, match="what is a number in 'CHF'"):
        qa.join(areas, table, units={"income": "CHF"})
    data = qa.join(areas, table, units={"income": "CHF"}, kinds={"income": "median"})
    assert (data.catalogue["income"].unit, data.catalogue["income"].kind) == ("CHF", "median")
    with pytest.raises(ColumnError, match="units: the data has no column 'incom'"):
        qa.join(areas, table, units={"incom": "CHF"})


def test_a_declared_unit_keeps_the_labels_of_the_catalogue(areas):
    data = qa.join(areas, frame(areas, sgb2_rate=SHARES), units={"sgb2_rate": "fraction"})
    assert data.catalogue["sgb2_rate"].label("de") == "SGB-II-Quote"


def test_negative_numbers_are_values_of_a_balance_and_of_nothing_else(areas):
    table = frame(areas, net=[-3.0, -12, 4, -3])
    data = qa.join(areas, table, kinds={"net": "balance"})
    assert data.summands("net").tolist() == [-3.0, -12, 4, -3]
    with pytest.raises(CountError, match=r"'net' is a count, and 3 areas are negative.*kinds=\{'net': 'balance'\}"):
        qa.join(areas, table, kinds={"net": "count"})
    with pytest.raises(CountError, match="is a balance, no count of persons"):
        data.counts("net")


def test_a_rate_is_no_population_by_kind_or_by_name(areas):
    table = frame(areas, sgb2_rate=[12.0, 20, 30, 10], Ausländeranteil=[12.0, 20, 30, 10])
    with pytest.raises(CountError, match=r"population: 'sgb2_rate' is a share in percent, no count of persons"):
        qa.join(areas, table, population="sgb2_rate")
    with pytest.raises(CountError, match=r"population: 'Ausländeranteil' is a rate by its name \('anteil'\)"):
        qa.join(areas, table, population="Ausländeranteil")


def test_a_declared_count_may_be_called_like_a_rate(areas):
    table = frame(areas, quote=[12.0, 20, 30, 10])
    data = qa.join(areas, table, kinds={"quote": "count"})
    assert qa.add_rates(data, {"x": ("quote", "residents")}).values["x"].round(2).tolist() == [1.33, 1.67, 2.0, 1.43]


def test_references_come_with_the_join_and_add_up_over_joins(areas):
    city = qa.Reference(values={"income": 2000}, source="Office", as_of="2023")
    state = qa.Reference(values={"income": 2300}, source="State office")
    data = qa.join(areas, frame(areas), references={"city": city})
    more = qa.join(data, pd.DataFrame({"x": [1.0] * 4}, index=areas.index), references={"state": state})
    assert dict(more.references) == {"city": city, "state": state}
    with pytest.raises(ArgumentError, match=r"references=\{\"city\": qa\.Reference"):
        qa.join(areas, frame(areas), references={"city": {"income": 2000}})
