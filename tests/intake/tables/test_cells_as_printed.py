"""Cells with something beside the number: brackets, letters, footnotes, percent signs; and numbers that are none."""

from __future__ import annotations

import math

import pytest

from quartiersatlas.errors import NumberError

ROWS = "02;5\n03;6\n04;7\n"


@pytest.mark.parametrize(
    ("cell", "number", "status", "done"),
    [
        ("123 1)", 123.0, "value", "read as 123, footnote '1)' set aside"),
        ("123 (1)", 123.0, "value", "read as 123, footnote '(1)' set aside"),
        ("1.234,5 12)", 1234.5, "value", "read as 1234.5, footnote '12)' set aside"),
        ("123(2)", 123.0, "value", "read as 123, footnote '(2)' set aside"),
        ("123 a)", 123.0, "value", "read as 123, footnote 'a)' set aside"),
        ("123*", 123.0, "value", "read as 123, footnote '*' set aside"),
        ("123 **", 123.0, "value", "read as 123, footnote '**' set aside"),
        ("123¹", 123.0, "value", "read as 123, footnote '¹' set aside"),
        ("123¹)", 123.0, "value", "read as 123, footnote '¹)' set aside"),
        ("(12)", 12.0, "unreliable", "read as 12, in brackets: unreliable"),
        ("( 12,5 )", 12.5, "unreliable", "read as 12.5, in brackets: unreliable"),
        ("12p", 12.0, "provisional", "read as 12, marked 'p': provisional"),
        ("12 p", 12.0, "provisional", "read as 12, marked 'p': provisional"),
        ("1.234 r", 1234.0, "value", "read as 1234, marked 'r'"),
        ("12 s", 12.0, "unreliable", "read as 12, marked 's': unreliable"),
    ],
)
def test_the_number_stays_and_what_stands_beside_it_is_listed(read, cell, number, status, done):
    table = read(f"key;a\n01;{cell}\n{ROWS}", decimal=",")
    assert table.values.loc["01", "a"] == number
    assert table.status.loc["01", "a"] == status
    assert table.problems.to_numpy().tolist() == [[2, "a", cell, done]]


@pytest.mark.parametrize(
    "cell", ["1231)", "12 3", "123)", "(123", "()", "12 v", "*12", "12 1) 2", "--", "1-2", "12,5,", "1e5"]
)
def test_what_may_be_a_number_or_something_else_is_refused(read, cell):
    with pytest.raises(NumberError, match=r"1 cell of column 'a' is not a number: .* in line 2"):
        read(f"key;a\n01;{cell}\n{ROWS}", decimal=",")


@pytest.mark.parametrize("cell", ["1 234.567", "1.234 567", "1'234.567", "1\u202f234 567"])
def test_thousands_are_grouped_with_one_mark_or_refused(read, cell):
    with pytest.raises(NumberError, match="not a number"):
        read(f"key;a\n01;{cell}\n{ROWS}", decimal=",")


def test_percent_signs_in_every_cell_are_read_and_told(read):
    table = read("key;a\n01;12,5 %\n02;7%\n03;0 %\n04;.\n")
    assert table.values["a"].dropna().tolist() == [12.5, 7.0, 0.0]
    assert "a: percent signs in 3 cells; 12 % is read as 12" in table.notes


@pytest.mark.parametrize("bare", ["0,3", "1", "1250", "0,3\n04;14"])  # a fraction or a count as well as a percentage
def test_percent_signs_beside_numbers_of_another_size_are_refused(read, bare):
    with pytest.raises(
        NumberError, match=r"2 cells of column 'a' have a unit beside numbers.*'12,5 %' in line 2, '7 %' in line 3"
    ):
        read(f"key;a\n01;12,5 %\n02;7 %\n03;{bare}\n")


def test_a_percent_sign_beside_other_percentages_is_told(read):
    table = read("key;a;b\n01;12,5 %;1\n02;7;2\n03;100;3\n")
    assert table.values["a"].tolist() == [12.5, 7.0, 100.0]
    assert (
        "a: percent signs in 1 cell; 12 % is read as 12, and the numbers without a sign are taken for percent too"
        in table.notes
    )
    assert table.units == {}


def test_how_thousands_and_minus_signs_are_written_is_told_for_each_column(read):
    table = read("key;a;b\n01;1.250;1\u202f675\n02;12,5;− 3\n03;-4;7\n")
    assert "a: '.' groups the thousands in 1 cell" in table.notes
    assert "b: U+202F groups the thousands in 1 cell" in table.notes
    assert "b: 1 negative number is written with a blank or with another sign than '-'" in table.notes
    assert table.values["b"].tolist() == [1675.0, -3.0, 7.0]


def test_thousands_grouped_in_some_cells_and_not_in_others_are_refused_unless_the_mark_is_named(read):
    content = "key;a;b\n01;18.217;41,14\n02;2345;3\n"
    with pytest.raises(NumberError, match=r"'18.217' in line 2\. Pass decimal=','") as caught:
        read(content)
    assert "others such as '2345' have none" in str(caught.value)
    assert read(content, decimal=",").values["a"].tolist() == [18217.0, 2345.0]


def test_a_column_with_the_other_decimal_mark_is_refused_and_not_taken_for_text(read):
    with pytest.raises(NumberError, match=r"3 cells of column 'b' have the decimal mark '\.', and the file's is ','"):
        read("key;a;b\n01;41,14;1.234567\n02;3;0.25\n03;4;17.1234\n")


def test_dates_and_headings_are_text_beside_decimal_commas(read):
    table = read("key;a;Tag;Nr\n01;41,14;31.12;1.1\n02;3;30.06;1.2\n")
    assert table.values["Tag"].tolist() == ["31.12", "30.06"]
    assert "read as text: 'Tag', 'Nr'" in table.notes


def test_decimals_of_three_places_are_told_where_the_column_has_no_others(read):
    table = read("key;a;b\n01;18.217;3\n02;950;41.14\n")
    assert "a: 1 cell such as '18.217' is read as decimals, as the file's decimal mark is '.'" in table.notes


def test_several_numbers_of_three_places_and_no_others_are_refused_beside_decimal_points(read):
    content = "key;a;b\n01;18.217;3\n02;80.934;41.14\n"
    with pytest.raises(NumberError, match=r"2 cells of column 'a' may be thousands or decimals.*decimal='\.'"):
        read(content)
    assert read(content, decimal=".").values["a"].tolist() == [18.217, 80.934]
    assert read(content.replace("80.934", "80.9341")).values["a"].tolist() == [18.217, 80.9341]


def test_a_percent_column_tells_the_decimal_mark_of_the_file(read):
    assert read("key;a;b\n01;18.217;12,5 %\n02;950;7 %\n").values["a"].tolist() == [18217.0, 950.0]


@pytest.mark.parametrize("cell", ["(18.217)", "18.217 1)", "- 18.217"])
def test_a_number_that_may_be_thousands_is_refused_in_brackets_too(read, cell):
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        read(f"key;a\n01;{cell}\n02;5\n")


def test_few_numbers_with_a_leading_zero_are_refused_with_both_repairs(read):
    content = "key;a\n01;0123\n02;45\n03;678\n04;9\n"
    with pytest.raises(
        NumberError, match=r"1 cell of column 'a' begins with a zero and the others do not: '0123' in line 2"
    ):
        read(content)
    assert read(content, text=["a"]).values["a"].tolist() == ["0123", "45", "678", "9"]


def test_a_key_too_long_for_a_number_stays_text(read):
    table = read("key;ars;a\n01;123456789012345678;5\n02;123456789012345679;6\n")
    assert table.values["ars"].tolist() == ["123456789012345678", "123456789012345679"]


def test_many_decimals_are_read_to_the_nearest_double(read):
    table = read("key;a\n01;67.15083798882681\n02;0.1\n03;123456789012345.6\n")
    assert table.values["a"].tolist() == [67.15083798882681, 0.1, 123456789012345.6]


def test_a_column_of_dashes_alone_is_zero_and_says_so(read):
    table = read("key;a;b\n01;-;5\n02;-;6\n")
    assert table.values["a"].tolist() == [0.0, 0.0]
    assert any("every cell is '-'" in note and "symbols={'-': 'missing'}" in note for note in table.notes)


def test_a_column_named_as_text_has_to_be_there(read):
    from quartiersatlas.errors import ColumnError

    with pytest.raises(ColumnError, match="no column 'plz'"):
        read("key;a\n01;5\n", text=["plz"])


def test_nothing_is_made_of_an_empty_numeric_cell(read):
    table = read("key;a\n01; \n02;5\n")
    assert math.isnan(table.values.loc["01", "a"])
    assert table.status.loc["01", "a"] == "missing"
