from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.known_counts import smallest_units
from quartiersatlas.disclosure.suppression import suppression_pattern

RATE = {"poverty": ("poor", "kids")}


def pattern_of(data, withheld, protection=None):
    """Withhold the named cells and no others, whatever the values are."""
    pattern = suppression_pattern(data, protection or qa.Protection(min_count=1, min_population=0), list(data.rates))
    cells = pattern.suppressed & False
    for column, keys in withheld.items():
        cells.loc[keys, column] = True
    return replace(pattern, suppressed=cells)


@pytest.fixture
def data(joined):
    values = {"poor": [2.0, 20, 30, 40], "kids": [50.0, 150, 100, 100], "residents": [1000.0, 1000, 900, 800]}
    return qa.add_rates(joined(values), RATE)


def one_unit(data):
    return pd.Series("city", index=data.areas.index)


def test_withheld_counts_share_their_sum_by_the_denominator(data):
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0"]}), one_unit(data))
    # 22 of 200 children: 11 % in both
    assert filled.values["poor"].tolist() == pytest.approx([5.5, 16.5, 30, 40])
    assert filled.values["poverty"].tolist() == pytest.approx([11, 11, 30, 40])


def test_units_keep_their_totals_to_the_last_bit(joined):
    values = {"poor": [2.0, 5, 7, 30, 1, 9], "residents": [300.0, 700, 900, 800, 310, 950]}
    data = joined(values)
    data = qa.add_rates(data, {"poverty": ("poor", "residents")})
    units = pd.Series([1, 1, 1, 2, 2, 2], index=data.areas.index)
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0", "c0", "e0", "f0"]}), units).values["poor"]
    assert filled.groupby(units).sum().tolist() == [14, 40]  # exactly


def test_sums_are_exact_in_any_order(joined):
    people = [300.0 + 7 * n for n in range(19)]
    data = qa.add_rates(joined({"poor": range(19), "residents": people}), {"poverty": ("poor", "residents")})
    filled = fill_withheld(pattern_of(data, {"poor": list(data.areas.index)}), one_unit(data)).values["poor"]
    assert sum(filled) == sum(filled[::-1]) == 171


def test_residents_are_shared_equally_in_whole_persons(joined):
    data = joined({"residents": [1.0, 2, 2, 900]})
    filled = fill_withheld(pattern_of(data, {"residents": ["a0", "b0", "c0"]}), one_unit(data))
    assert filled.values["residents"].tolist() == [2, 2, 1, 900]


def test_a_cell_that_was_never_delivered_stays_missing(data):
    data.values.loc["b0", "poor"] = np.nan
    data.status.loc["b0", "poor"] = "suppressed"
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0", "c0"]}), one_unit(data))
    assert np.isnan(filled.values.loc["b0", "poor"])
    assert filled.values.loc[["a0", "c0"], "poor"].sum() == 32


def test_a_secret_cell_that_follows_takes_its_share_of_what_is_withheld_and_stays_missing(joined):
    """Others know the total with it: were its 2 left out of the 12, the mean of the rest would tell it."""
    values = {"poor": [2.0, 10, 30, 40], "others": [5.0, 7, 9, 4], "residents": [1000.0] * 4}
    values["both"] = [poor + other for poor, other in zip(values["poor"], values["others"], strict=True)]
    data = qa.add_relations(joined(values), sums={"both": ["poor", "others"]})
    data.values.loc["a0", "poor"] = np.nan
    data.status.loc["a0", "poor"] = "suppressed"
    data = qa.add_rates(data, {"poverty": ("poor", "residents")})
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0"]}), one_unit(data))
    assert np.isnan(filled.values.loc["a0", "poor"])
    assert filled.status.loc["a0", "poor"] == "suppressed"
    assert filled.values.loc["b0", "poor"] == 6


def test_a_part_is_never_more_than_its_whole(joined):
    # 49 children in a0 and in c0, as residents are equal; of the 93 poor ones a0 would have 86
    data = joined({"poor": [90.0, 3, 2], "kids": [96.0, 4, 2], "residents": [900.0] * 3})
    data = qa.add_rates(data, RATE)
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0"], "kids": ["a0", "c0"]}), one_unit(data))
    assert (filled.values["poor"] <= filled.values["kids"]).all()


def test_a_change_is_made_of_both_filled_dates(joined):
    later = qa.add_rates(joined({"poor": [2.0, 20, 30], "residents": [1000.0] * 3}, period="2"), RATE_OF_ALL)
    earlier = qa.add_rates(joined({"poor": [40.0, 1, 50], "residents": [1000.0] * 3}, period="1"), RATE_OF_ALL)
    data = qa.add_change(later, earlier, ["poverty"])
    pattern = suppression_pattern(data, qa.Protection(), ["poverty", "poverty_change"])
    # areas have equally many residents: withheld counts are at their mean
    then, now = earlier.values["poor"].copy(), later.values["poor"].copy()
    for counts, one in ((now, pattern), (then, pattern.earlier["poverty_change"])):
        counts[one.suppressed["poor"]] = counts[one.suppressed["poor"]].mean()
        assert one.suppressed["poor"].sum() == 2
    filled = fill_withheld(pattern, one_unit(data))
    assert filled.values["poverty_change"].tolist() == pytest.approx(((now - then) / 10).tolist())


RATE_OF_ALL = {"poverty": ("poor", "residents")}


def test_other_numbers_take_the_mean_of_the_shown_ones_of_their_unit(joined):
    rent = qa.Indicator(id="rent", label_de="Miete", label_en="Rent", kind="mean", unit="EUR", base="flats")
    flats = qa.Indicator(id="flats", label_de="Wohnungen", label_en="Flats", kind="count")
    values = {"rent": [9.0, 10, 14, 20], "flats": [9.0, 100, 300, 50], "residents": [200.0, 900, 900, 900]}
    catalogue = qa.Catalogue.builtin().add(rent, flats)
    data = joined(values, catalogue=catalogue, population="residents")
    pattern = suppression_pattern(data, qa.Protection(secondary=False), ["rent", "flats"])
    assert pattern.cells("rent").tolist() == [True, False, False, False]  # 200 residents
    units = pd.Series(["A", "A", "A", "B"], index=data.areas.index)
    # (10 * 100 + 14 * 300) / 400
    assert fill_withheld(pattern, units).values["rent"].tolist() == [13, 10, 14, 20]
    alone = pd.Series(["A", "B", "B", "B"], index=data.areas.index)  # nothing is shown in A: the city
    assert fill_withheld(pattern, alone).values.loc["a0", "rent"] == pytest.approx((1000 + 4200 + 1000) / 450)


def test_whether_a_withheld_cell_is_zero_is_not_told(joined):
    data = qa.add_rates(joined({"poor": [0.0, 4, 30], "residents": [1000.0] * 3}), RATE_OF_ALL)
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0"]}), one_unit(data))
    assert filled.status.loc[["a0", "b0"], ["poor", "poverty"]].eq("value").all(axis=None)


def test_counts_nobody_asked_about_are_not_there(joined):
    data = joined({"secret": [1.0, 2, 30], "poor": [9.0, 4, 30], "residents": [1000.0] * 3})
    data = qa.add_rates(data, RATE_OF_ALL)
    leaving = qa.Protection(min_count=1, min_population=0, plan="leaving")
    assert "secret" not in fill_withheld(pattern_of(data, {}, leaving), one_unit(data)).values


def test_with_rounded_counts_the_rounded_ones_are_known(joined):
    data = qa.add_rates(joined({"poor": [2.0, 21, 33, 48], "residents": [1000.0] * 4}), RATE_OF_ALL)
    protection = qa.Protection(min_count=1, min_population=0, round_base=5)
    filled = fill_withheld(pattern_of(data, {"poor": ["a0", "b0"]}, protection), one_unit(data))
    assert filled.values["poor"].tolist() == [9.5, 9.5, 35, 50]  # 104 less 35 and 50


@settings(max_examples=25)
@given(
    st.lists(st.integers(0, 60), min_size=6, max_size=6),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 9)), max_size=12),
)
def test_moving_persons_between_withheld_cells_changes_no_bit(poor, moves):
    keys = [f"k{n}" for n in range(6)]
    units = pd.Series([0, 0, 0, 1, 1, 1], index=keys)
    withheld = {"poor": ["k0", "k1", "k2", "k4", "k5"], "kids": ["k0", "k1"]}
    moved = list(poor)
    for one, other, persons in moves:
        if {keys[one], keys[other]} <= {*withheld["poor"]} and units.iloc[one] == units.iloc[other]:
            persons_moved = min(persons, moved[one])
            moved[one] -= persons_moved
            moved[other] += persons_moved
    one, other = (fill_withheld(pattern_of(town(keys, x), withheld), units) for x in (poor, moved))
    pd.testing.assert_frame_equal(one.values, other.values, check_exact=True)
    pd.testing.assert_frame_equal(one.status, other.status)


def town(keys, poor):
    import geopandas as gpd
    import shapely

    shapes = [shapely.box(1000 * n, 0, 1000 * n + 1000, 1000) for n in range(len(keys))]
    areas = gpd.GeoDataFrame({"name": keys}, index=pd.Index(keys, name="key"), geometry=shapes, crs="EPSG:25832")
    values = {"poor": np.array(poor, float), "kids": [310.0, 390, 370, 400, 360, 330], "residents": [1000.0] * 6}
    return qa.add_rates(qa.join(areas, pd.DataFrame(values, index=areas.index)), RATE)


def test_areas_alone_in_their_unit_are_one_unit(grid):
    areas = grid(5)
    areas["ward"] = ["A", "A", "B", "C", "A"]
    data = qa.join(areas, pd.DataFrame({"residents": [900.0] * 5}, index=areas.index))
    units = smallest_units(data, qa.Protection())
    assert units["a0"] == units["b0"] == units["e0"] != units["c0"]
    assert units["c0"] == units["d0"]
