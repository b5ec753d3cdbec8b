"""Cells: numbers as cities write them, and the marks that stand where a number could be."""

from __future__ import annotations

import math

import pytest

from quartiersatlas.errors import CountError, NumberError, SpecError


def one(read, cell, **options):
    """Read one cell as a number."""
    return read(f'key;a;b\n01;"{cell}";x\n', **options).values.loc["01", "a"]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1250", 1250.0),
        ("12,5", 12.5),
        (",5", 0.5),
        ("1.250", 1250.0),
        ("1.234.567,25", 1234567.25),
        ("1 675", 1675.0),
        ("1\u202f675", 1675.0),
        ("1\u00a0675", 1675.0),
        ("1\u2009675,5", 1675.5),
        ("1'675", 1675.0),
        ("1’675", 1675.0),
        ("- 23", -23.0),
        ("-  1 023,5", -1023.5),
        ("−23", -23.0),
        ("\u2212\u00a023,5", -23.5),
        ("+7", 7.0),
        (" 7\u00a0", 7.0),
    ],
)
def test_german_numbers_are_read(read, cell, number):
    assert one(read, cell, decimal=",") == number


@pytest.mark.parametrize(("cell", "number"), [("1,234,567.25", 1234567.25), (".5", 0.5), ("1.5e3", 1500.0)])
def test_english_numbers_are_read(read, cell, number):
    assert one(read, cell, decimal=".") == number


@pytest.mark.parametrize(
    "cell", ["18.21", "1.2345", "1..234", "12.34.567", "0.123", "1 23", "1 2345", "5 6", "120 ‰", "1,2,3", "--5", "5-"]
)
def test_cells_that_are_not_strictly_grouped_are_no_numbers(read, cell):
    with pytest.raises(NumberError):
        read(f"key;a\n01;{cell}\n02;5\n03;6\n", decimal=",")


def test_a_decimal_comma_anywhere_tells_that_dots_are_thousands(read):
    table = read("key;a;b\n01;18.217;3\n02;950;41,14\n")
    assert table.values["a"].tolist() == [18217.0, 950.0]
    assert table.values["b"].tolist() == [3.0, 41.14]


def test_a_decimal_point_anywhere_tells_that_dots_are_decimals(read):
    table = read("key;a;b\n01;18.217;3\n02;950;41.14\n")
    assert table.values["a"].tolist() == [18.217, 950.0]


def test_two_groups_can_only_be_thousands(read):
    assert read("key;a\n01;18.217\n02;1.018.217\n").values["a"].tolist() == [18217.0, 1018217.0]


@pytest.mark.parametrize("cell", ["18.217", "18,217"])
def test_numbers_that_may_be_thousands_or_decimals_are_refused_with_both_repairs(read, cell):
    with pytest.raises(NumberError) as caught:
        read(f"key;a\n01;{cell}\n02;950\n")
    message = str(caught.value)
    assert f"1 cell such as '{cell}'" in message
    assert "decimal=','" in message
    assert "decimal='.'" in message


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [("18.217", ",", 18217.0), ("18.217", ".", 18.217), ("18,217", ",", 18.217), ("18,217", ".", 18217.0)],
)
def test_either_repair_reads_the_number(read, cell, decimal, number):
    assert read(f"key;a\n01;{cell}\n02;950\n", decimal=decimal).values["a"]["01"] == number


def test_a_date_does_not_tell_what_a_dot_means(read):
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        read("key;Stand;a\n01;31.12.2024;18.217\n")


def test_columns_that_are_not_read_do_not_tell_what_a_dot_means(read):
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        read("key;a;b\n01;18.217;0.5\n", columns=["a"])


def test_every_mark_has_its_own_status(read):
    cells = {"01": "-", "02": ".", "03": "", "04": "/", "05": "x", "06": "...", "07": "0", "08": "5", "09": "–"}
    table = read("key;a\n" + "".join(f"{key};{cell}\n" for key, cell in cells.items()))
    assert table.status["a"].to_dict() == {
        "01": "zero",
        "02": "suppressed",
        "03": "missing",
        "04": "unreliable",
        "05": "not_applicable",
        "06": "missing",
        "07": "zero",
        "08": "value",
        "09": "zero",
    }
    known = table.values["a"].dropna()
    assert known.to_dict() == {"01": 0.0, "07": 0.0, "08": 5.0, "09": 0.0}


def test_problems_have_one_row_per_marked_cell(read):
    table = read("key;a;b\n01;5;-\n02;.;0\n03;7;\n")
    assert table.problems.to_numpy().tolist() == [
        [3, "a", ".", "read as suppressed"],
        [2, "b", "-", "read as zero"],
        [4, "b", "", "read as missing"],
    ]


def test_a_column_of_marks_only_is_numeric(read):
    table = read("key;a;b\n01;.;5\n02;-;6\n")
    assert table.status["a"].tolist() == ["suppressed", "zero"]
    assert math.isnan(table.values["a"]["01"])
    assert table.values["a"]["02"] == 0.0


def test_unknown_marks_are_refused_with_column_line_and_cell(read):
    rows = "".join(f"{i:02d};{i}\n" for i in range(1, 9))
    with pytest.raises(NumberError) as caught:
        read(f"key;Einwohner\n{rows}09;k.A.\n10;?12\n")
    message = str(caught.value)
    assert "2 cells of column 'Einwohner' are not numbers: 'k.A.' in line 10, '?12' in line 11" in message
    assert "symbols={'k.A.': 'missing'}" in message
    assert caught.value.problems.to_numpy().tolist() == [[10, "Einwohner", "k.A."], [11, "Einwohner", "?12"]]


def test_a_long_list_of_unknown_marks_is_cut_in_the_message_and_whole_in_problems(read):
    rows = "".join(f"{i:02d};{i}\n{i + 50};?{i}\n" for i in range(1, 9))
    with pytest.raises(NumberError, match=r"'\?5' in line 11 and 3 more") as caught:
        read(f"key;a\n{rows}")
    assert len(caught.value.problems) == 8


def test_own_marks_come_on_top_of_the_usual_ones(read):
    table = read("key;a\n01;k.A.\n02;.\n03;-9999\n04;4\n", symbols={"k.A.": "missing", "-9999": "not_applicable"})
    assert table.status["a"].tolist() == ["missing", "suppressed", "not_applicable", "value"]
    assert table.values["a"].dropna().tolist() == [4.0]


def test_own_marks_can_say_otherwise(read):
    table = read("key;a\n01;-\n02;4\n", symbols={"-": "missing"})
    assert table.status["a"].tolist() == ["missing", "value"]
    assert math.isnan(table.values["a"]["01"])


def test_the_din_profile_does_not_know_the_star(read):
    assert read("key;a\n01;*\n02;4\n").status["a"].tolist() == ["suppressed", "value"]
    with pytest.raises(NumberError, match=r"'\*' in line 2"):
        read("key;a\n01;*\n02;4\n", symbols="din55301")


def test_an_unknown_profile_is_refused(read):
    with pytest.raises(SpecError, match="symbols must be one of 'din55301', 'auto'"):
        read("key;a\n01;4\n", symbols="din")


def test_a_mark_with_an_unknown_status_is_refused(read):
    with pytest.raises(SpecError, match="'geheim' is not a status"):
        read("key;a\n01;4\n", symbols={"*": "geheim"})


def test_columns_with_leading_zeros_stay_text(read):
    table = read("key;Bezirk;a\n01;01;5\n02;12;6\n")
    assert table.values["Bezirk"].tolist() == ["01", "12"]


def test_decimals_below_one_are_no_leading_zeros(read):
    assert read("key;a\n01;0,5\n02;0\n").values["a"].tolist() == [0.5, 0.0]


def test_columns_named_as_text_stay_text(read):
    table = read("key;plz;a\n01;50667;5\n", text=["plz"])
    assert table.values["plz"].tolist() == ["50667"]


def test_renamed_columns_are_named_as_text_by_either_name(read):
    content = "key;PLZ;a\n01;50667;5\n"
    for name in ("PLZ", "plz"):
        assert read(content, columns={"plz": "PLZ", "a": "a"}, text=[name]).values["plz"].tolist() == ["50667"]


def test_words_stay_text_and_their_gaps_are_missing(read):
    table = read("key;name;a\n01;Altstadt;5\n02;;6\n")
    assert table.status["name"].tolist() == ["value", "missing"]


def test_a_repeated_code_among_the_counts_of_a_frame_is_refused_by_the_join(row, residents):
    import quartiersatlas as qa

    with pytest.raises(
        NumberError, match=r"-9999 \(2 times\).*rows 01, 02.*join\(\.\.\., symbols=\{'-9999': 'missing'\}\)"
    ):
        qa.join(row("01", "02", "03"), residents(k01=-9999, k02=-9999, k03=7))
    data = qa.join(row("01", "02", "03"), residents(k01=-9999, k02=-9999, k03=7), symbols={"-9999": "missing"})
    assert data.status["residents"].tolist() == ["missing", "missing", "value"]


def test_a_single_negative_count_is_no_sentinel(read, row):
    import quartiersatlas as qa

    data = qa.join(row("01", "02"), read("key;residents\n01;-5\n02;7\n"))
    with pytest.raises(CountError, match=r"'01': -5\)\. Counts are 0 or more"):
        data.counts("residents")
