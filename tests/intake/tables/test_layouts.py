"""Long tables, several area levels in one column, years as columns."""

from __future__ import annotations

import math

import pytest

from quartiersatlas.errors import ArgumentError, ColumnError, InputError, KeyColumnError, SpecError

LONG = (
    "jahr;key;raum;zeile;zahl\n"
    "2011;00;Stadt;Einwohner;300\n2011;0101;Nord;Einwohner;100\n2011;0102;Süd;Einwohner;200\n"
    "2011;0101;Nord;Ausländer;10\n2011;0102;Süd;Ausländer;.\n"
    "2012;0101;Nord;Einwohner;110\n2012;0102;Süd;Einwohner;210\n2012;0101;Nord;Ausländer;-\n"
)
WIDE = "key;Name;Einwohner 2011;Einwohner 2012;Ausländer 2012\n01;Nord;10;11;1\n02;Süd;20;.;2\n"


def test_a_long_table_becomes_one_column_per_label(read):
    table = read(LONG, filters={"jahr": 2011}, key_pattern=4, pivot=("zeile", "zahl"))
    assert table.values.loc["0101"].to_dict() == {"Einwohner": 100.0, "Ausländer": 10.0}
    assert table.values["Einwohner"].to_dict() == {"0101": 100.0, "0102": 200.0}
    assert table.status.loc["0102"].to_dict() == {"Einwohner": "value", "Ausländer": "suppressed"}
    assert "filter jahr = 2011: 3 rows set aside" in table.notes
    assert "key pattern 4: 1 row of 1 other key set aside ('00')" in table.notes


def test_a_cell_without_a_row_is_missing_and_counted(read):
    table = read(LONG, filters={"jahr": "2012"}, pivot=("zeile", "zahl"))
    assert table.status.loc["0101", "Ausländer"] == "zero"
    assert table.status.loc["0102", "Ausländer"] == "missing"
    assert math.isnan(table.values.loc["0102", "Ausländer"])
    assert "pivoted into 2 columns; 1 cell has no row and is missing" in table.notes


def test_columns_of_a_pivoted_table_are_renamed_and_chosen(read):
    table = read(
        LONG, filters={"jahr": 2011}, key_pattern="01..", pivot=("zeile", "zahl"), columns={"residents": "Einwohner"}
    )
    assert table.values.to_dict() == {"residents": {"0101": 100.0, "0102": 200.0}}


def test_a_notice_stays_with_a_pivoted_table(read):
    content = "key;zeile;zahl;Hinweis\n01;EW;5;synthetisch\n02;EW;6;synthetisch\n01;MH;1;synthetisch\n"
    table = read(content, pivot=("zeile", "zahl"), columns=["EW"])
    assert table.values["Hinweis"].tolist() == ["synthetisch", "synthetisch"]
    assert table.status["Hinweis"].tolist() == ["value", "value"]


@pytest.mark.parametrize(
    ("option", "value"),
    [("pivot", ["zeile"]), ("pivot", "ab"), ("pivot", 5), ("filters", "jahr"), ("key_pattern", [4])],
)
def test_options_of_another_form_are_refused(read, option, value):
    with pytest.raises((SpecError, ArgumentError), match=f"{option} takes"):
        read(LONG, **{option: value})


def test_two_editions_of_one_label_are_refused_with_the_repair(read):
    with pytest.raises(KeyColumnError, match=r"3 rows .* such as '0101' with 'Einwohner'.*filters=") as caught:
        read(LONG, key_pattern=4, pivot=("zeile", "zahl"))
    assert set(caught.value.keys) == {"0101", "0102"}


def test_a_table_is_spread_by_several_columns_and_then_has_one_row_per_year(read):
    table = read(LONG, key_pattern=4, pivot=(["zeile", "jahr"], "zahl"))
    assert list(table.values.columns) == ["Einwohner 2011", "Ausländer 2011", "Einwohner 2012", "Ausländer 2012"]
    long = read(LONG, key_pattern=4, pivot=(["zeile", "jahr"], "zahl"), years="long")
    assert long.values[long.values["year"] == "2012"]["Einwohner"].tolist() == [110.0, 210.0]


def test_filters_take_lists_and_the_key_column(read):
    table = read(LONG, filters={"jahr": [2011], "key": ["0101", "00"], "zeile": "Einwohner"})
    assert list(table.values.index) == ["00", "0101"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": {"jahr": 2013}}, r"no row has 'jahr' = 2013\. There are '2011', '2012'"),
        ({"key_pattern": 5}, r"no key fits key_pattern=5; there are '00', '0101', '0102'"),
        ({"key_pattern": "99.."}, r"no key fits key_pattern='99\.\.'"),
        ({"key_pattern": "01"}, "no key fits key_pattern='01'"),  # the pattern is that of the whole key
    ],
)
def test_rows_that_are_not_there_are_refused_with_those_that_are(read, options, message):
    with pytest.raises(InputError, match=message):
        read(LONG, **options)


def test_a_level_that_is_no_pattern_is_refused(read):
    with pytest.raises(SpecError, match="neither a number of characters nor a regular"):
        read(LONG, key_pattern="(")


def test_a_filter_on_a_column_that_is_not_there_is_refused(read):
    with pytest.raises(ColumnError, match=r"no column 'jahre'.*Did you mean 'jahr'"):
        read(LONG, filters={"jahre": 2011})


def test_one_year_is_read_without_the_year_in_its_names(read):
    table = read(WIDE, years=2012)
    assert table.values.loc["01"].to_dict() == {"Name": "Nord", "Einwohner": 11.0, "Ausländer": 1.0}
    assert "year 2012: 1 column of other years left out" in table.notes
    assert list(read(WIDE, years=2011).values.columns) == ["Name", "Einwohner"]


def test_columns_named_by_the_year_alone_are_called_value(read):
    assert read("key;2011;2012\n01;5;6\n", years=2012, columns={"mh": "value"}).values.loc["01", "mh"] == 6.0


def test_a_year_that_is_not_there_is_refused_with_those_that_are(read):
    with pytest.raises(InputError, match=r"no column of 2013; there are '2011', '2012'"):
        read(WIDE, years=2013)


def test_years_as_columns_become_one_row_per_key_and_year(read):
    table = read(WIDE, years="long")
    assert list(table.values.columns) == ["year", "Name", "Einwohner", "Ausländer"]
    assert table.values["year"].tolist() == ["2011", "2011", "2012", "2012"]
    assert table.values["Einwohner"].tolist()[:3] == [10.0, 20.0, 11.0]
    assert table.status["Einwohner"].tolist() == ["value", "value", "value", "suppressed"]
    assert table.status["Ausländer"].tolist() == ["missing", "missing", "value", "value"]
    assert any("one row per key and year; 2 cells have no column" in note for note in table.notes)


def test_a_table_without_years_cannot_be_made_long(read):
    with pytest.raises(InputError, match="no columns with a year"):
        read("key;a\n01;5\n", years="long")


def test_another_word_than_long_is_refused(read):
    with pytest.raises(SpecError, match="years must be a year"):
        read(WIDE, years="wide")


def test_a_name_with_two_years_or_a_longer_number_has_no_year():
    from quartiersatlas.intake.tables.layout import year_columns

    assert year_columns(["2011-2012", "PLZ 20121", "a_2012"]).by_stem == {"a": {"2012": "a_2012"}}
