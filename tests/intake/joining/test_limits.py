"""Exactly at a limit of the join, and just beside it; parts of sums that nobody knows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import JoinError
from quartiersatlas.intake.joining.join_report import suggestions
from quartiersatlas.intake.joining.keys import fitting_rule
from quartiersatlas.intake.joining.match import on_two_levels, totals_rows


def frame(rows, *columns):
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns or ["residents"]).astype(float)


def described(*keys, **parents):
    return pd.DataFrame({"name": keys, **parents}, index=pd.Index(keys, dtype=object))


def keys(*texts):
    return pd.Index(texts, dtype=object)


# a rule for keys


def test_one_fitting_key_is_no_pattern(row, residents):
    assert fitting_rule(keys("Q1"), keys("1", "2")) is None
    assert fitting_rule(keys("Q1", "Q9"), keys("1", "2")) is None  # half of them, and still one
    assert fitting_rule(keys("Q1", "Q2"), keys("1", "2")) == ("last:1", 2)
    with pytest.raises(JoinError) as caught:
        qa.join(row("101", "202"), residents(k101=5, k1202=6))
    assert "repair=" not in str(caught.value)


def test_a_rule_fits_half_of_the_keys_at_least():
    areas = keys("107", "109", "130")
    assert fitting_rule(keys("7", "9", "50", "77"), areas) == ("100 + key", 2)
    assert fitting_rule(keys("7", "9", "50", "77", "91"), areas) is None


# totals


AREAS = described("101", "102", "201")


@pytest.mark.parametrize(
    ("total", "is_one"), [(1000, True), (1020, True), (980, True), (1020.1, False), (979.9, False)]
)
def test_a_total_is_within_two_per_cent_of_the_sum(total, is_one):
    rows = {"101": (300,), "102": (200,), "201": (500,), "S": (total,)}
    assert bool(totals_rows(frame(rows), AREAS)) == is_one


@pytest.mark.parametrize(("total", "is_one"), [(510, True), (510.1, False), (490, True), (489.9, False)])
def test_the_total_of_a_district_is_as_well(total, is_one):
    rows = {"101": (300,), "102": (200,), "201": (500,), "001": (total,)}
    assert bool(totals_rows(frame(rows), AREAS)) == is_one


def test_most_columns_of_a_total_are_sums_and_half_of_them_are_not_most():
    rows = {"101": (300, 30, 3), "102": (200, 20, 2), "201": (500, 50, 5)}
    most, half = rows | {"S": (1000, 100, 99)}, {key: row[:2] for key, row in rows.items()} | {"S": (1000, 7)}
    assert list(totals_rows(frame(most, *"abc"), AREAS)) == ["S"]
    assert totals_rows(frame(half, *"ab"), AREAS) == {}


def test_the_row_of_a_single_area_is_no_total():
    assert totals_rows(frame({"101": (300,), "S": (300,)}), described("101")) == {}
    assert totals_rows(frame({"101": (300,), "102": (0,), "S": (300,)}), described("101", "102")) != {}


@pytest.mark.parametrize(("unknown", "is_one"), [(20, True), (21, False)])
def test_a_sum_with_an_unknown_part_is_found_while_the_part_is_small(unknown, is_one):
    rows = {"101": (600,), "102": (400,), "201": (np.nan,), "S": (1000 + unknown,)}
    assert bool(totals_rows(frame(rows), AREAS)) == is_one


def test_a_total_that_is_itself_unknown_is_none_by_its_sums():
    rows = {"101": (600,), "102": (400,), "201": (5,), "S": (np.nan,)}
    assert totals_rows(frame(rows), AREAS) == {}
    assert list(totals_rows(frame(rows | {"Summe": (np.nan,)}), AREAS)) == ["Summe"]  # by its word


def test_an_unknown_column_counts_as_one_that_is_no_sum():
    rows = {"101": (300, 30), "102": (200, 20), "201": (500, 50), "S": (1000, np.nan)}
    assert totals_rows(frame(rows, "a", "b"), AREAS) == {}


def test_exact_sums_are_those_of_columns_that_are_known_throughout():
    rows = {"101": (300, 30, 3), "102": (200, 20, 2), "201": (500, 50, 5), "N": (500, 50, 5)}
    areas = described("101", "102", "201", bezirk=["Nord", "Nord", "Süd"])
    assert totals_rows(frame(rows, *"abc"), areas) == {"N": "its values are the sums of 2 areas of bezirk 'Nord'"}
    one_gap, two_gaps = frame(rows, *"abc"), frame(rows, *"abc")
    one_gap.loc["102", "c"] = np.nan
    two_gaps.loc["102", ["b", "c"]] = np.nan
    assert list(totals_rows(one_gap, areas)) == ["N"]  # two columns are left that agree
    assert totals_rows(two_gaps, areas) == {}  # one alone may agree by chance


# an area and a district of the same name

QUARTERS = described("Nord", "Hafen", "Horn", "Hamm", bezirk=["Nord"] * 4)


@pytest.mark.parametrize(("residents", "is_both"), [(60, True), (59, False), (61, True)])
def test_the_row_of_a_district_holds_at_least_as_much_as_its_other_areas(residents, is_both):
    rows = {"Nord": (residents,), "Hafen": (10,), "Horn": (20,), "Hamm": (30,)}
    assert bool(on_two_levels(frame(rows), QUARTERS)) == is_both


def test_a_district_is_compared_with_three_other_areas_at_least():
    rows = frame({"Nord": (900,), "Hafen": (10,), "Horn": (20,), "Hamm": (30,)})
    assert on_two_levels(rows, QUARTERS) == {"Nord": "bezirk"}
    assert on_two_levels(rows, QUARTERS.assign(bezirk=["Nord"] * 3 + ["Süd"])) == {}


def test_half_of_the_columns_do_not_make_a_district():
    rows = {"Nord": (60, 5), "Hafen": (10, 10), "Horn": (20, 20), "Hamm": (30, 30)}
    assert on_two_levels(frame(rows, "a", "b"), QUARTERS) == {}


# a table that was cut off, and names nearly the same


@pytest.mark.parametrize(("n_rows", "is_cut_off"), [(3, True), (4, False), (0, False)])
def test_a_table_without_the_last_three_areas_is_probably_cut_off(row, residents, n_rows, is_cut_off):
    areas = row(*(f"{i:02d}" for i in range(6)))
    table = residents(**{f"k{i:02d}": 5 for i in range(n_rows)}) if n_rows else residents(k99=5)
    try:
        report = qa.join(areas, table, missing="report").report
    except JoinError as error:
        report = error.report
    assert report.cut_off == is_cut_off


ALPHABET = "abcdefghijklmnopqrst"  # 20 letters; three others in 20 + 20 letters leave 85 per cent alike


def test_names_are_suggested_from_85_per_cent_of_letters_in_common():
    assert [row.alike for row in suggestions(["vwx" + ALPHABET[3:]], [ALPHABET])] == [85.0]
    assert suggestions(["vwx" + ALPHABET[3:19]], [ALPHABET[:19]]) == ()  # 84.2 per cent


def test_the_best_name_is_more_than_three_per_cent_ahead_of_the_second():
    name = 5 * ALPHABET  # 100 letters: each one that is another costs one per cent
    best, at_three, at_four = ("z" * n + name[n:] for n in (10, 13, 14))
    assert suggestions([name], [best, at_three]) == ()
    assert [row.areas for row in suggestions([name], [best, at_four])] == [(best,)]


@pytest.mark.parametrize("count", [0.0, 0.5, 1e12])
def test_counts_from_zero_on_are_counts(row, count):
    data = qa.join(row("01"), pd.DataFrame({"n": [count]}, index=["01"]))
    assert data.counts("n").tolist() == [count]
