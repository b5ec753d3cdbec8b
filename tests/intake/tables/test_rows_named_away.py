"""Rows left out by line, by value, without a key; blocks filled down; rows added: each listed, none by guess."""

from __future__ import annotations

import sqlite3

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, InputError, KeyColumnError, SpecError

BLOCKS = "Bezirk;Art;ew\nNord;Frauen;10\n;Männer;11\n;Summe;21\nSüd;Frauen;20\n;Männer;22\n;Summe;42\n"


def aside(table):
    return [tuple(row) for row in table.problems[["row", "raw"]].to_numpy().tolist()]


def test_rows_are_left_out_by_their_lines_and_listed(read):
    table = read("key;ew\n\n01;5\nSumme;11\n02;6\n", skip_rows=[4])
    assert table.values["ew"].to_dict() == {"01": 5.0, "02": 6.0}
    assert table.problems[["row", "raw", "done"]].to_numpy().tolist() == [[4, "Summe 11", "row set aside: skip_rows"]]


def test_a_line_that_cannot_be_read_is_left_out_before_it_is(read):
    assert read('key;a;b\n01;5;6\nstray;"x"\n02;7;8\n', skip_rows=3).values["a"].tolist() == [5.0, 7.0]


def test_records_of_other_sources_are_left_out_by_their_number(read):
    content = '[{"key": "01", "ew": 5}, {"key": "all", "ew": 11}, {"key": "02", "ew": 6}]'
    table = read(content, name="table.json", skip_rows=[2])
    assert list(table.values.index) == ["01", "02"]
    assert aside(table) == [(2, "all 11")]


def test_rows_of_a_workbook_are_left_out_by_their_line(tmp_path):
    pd.DataFrame({"key": ["01", "unit", "02"], "ew": [5, "persons", 6]}).to_excel(tmp_path / "b.xlsx", index=False)
    table = qa.read_table(tmp_path / "b.xlsx", key="key", skip_rows=[3])
    assert table.values["ew"].to_dict() == {"01": 5.0, "02": 6.0}
    assert aside(table) == [(3, "unit persons")]


@pytest.mark.parametrize("lines", [[9], [0], [-1]])
def test_a_line_that_is_not_there_is_refused(read, lines):
    with pytest.raises(SpecError, match=rf"skip_rows names 1 line that the file does not have: '{lines[0]}'.*1 to 3"):
        read("key;ew\n01;5\n02;6\n", skip_rows=lines)


@pytest.mark.parametrize("value", ["Summe", ["Summe"], ("Summe",)])
def test_rows_are_dropped_by_a_value_and_each_is_listed(read, value):
    table = read(BLOCKS, key="Bezirk", fill_down="Bezirk", drop={"Art": value}, pivot=("Art", "ew"))
    assert table.values.loc["Süd"].to_dict() == {"Frauen": 20.0, "Männer": 22.0}
    assert table.problems[["row", "column", "raw"]].to_numpy().tolist() == [[4, "Art", "Summe"], [7, "Art", "Summe"]]
    assert any("2 rows set aside" in note for note in table.notes)


def test_rows_are_dropped_by_their_key_and_by_numbers(read):
    content = "key;jahr;ew\n01;2020;5\n01;2021;6\n00;2021;7\n"
    assert read(content, drop={"key": "00", "jahr": 2020}).values["ew"].to_dict() == {"01": 6.0}


@pytest.mark.parametrize("drop", [{"Art": "Sume"}, {"Art": ["Frauen", "Kinder"]}])
def test_a_value_to_drop_that_is_not_there_is_refused_with_those_that_are(read, drop):
    with pytest.raises(InputError, match=r"no row has 'Art' = '(Sume|Kinder)'\. There are 'Frauen', 'Männer', 'Summe'"):
        read(BLOCKS, key="Bezirk", fill_down="Bezirk", drop=drop)


def test_dropping_every_row_is_refused(read):
    with pytest.raises(InputError, match="names every row"):
        read("key;a\n01;5\n02;5\n", drop={"a": "5"})


def test_rows_without_a_key_are_set_aside_on_request_and_the_refusal_names_the_parameter(read):
    content = "key;a\n01;5\n;6\n02;7\n  ;8\n"
    with pytest.raises(KeyColumnError, match=r"2 rows have no key.*without_key='skip'"):
        read(content)
    table = read(content, without_key="skip")
    assert table.values["a"].to_dict() == {"01": 5.0, "02": 7.0}
    assert aside(table) == [(3, "6"), (5, "8")]
    assert set(table.problems["done"]) == {"row without a key set aside"}


def test_a_table_without_any_key_is_refused_all_the_same(read):
    with pytest.raises(KeyColumnError, match="no row has a key"):
        read("key;a\n;5\n;6\n", without_key="skip")


def test_names_of_blocks_are_filled_down_with_a_note(read):
    table = read("key;Bezirk;ew\n01;Nord;1\n02;;2\n03;Süd;3\n04;;4\n", fill_down=["Bezirk"])
    assert table.values["Bezirk"].tolist() == ["Nord", "Nord", "Süd", "Süd"]
    assert "Bezirk: 2 empty cells filled with the cell above" in table.notes


def test_names_of_blocks_in_a_workbook_are_filled_down(tmp_path):
    frame = pd.DataFrame({"Bezirk": ["Nord", None, "Süd", None], "key": ["01", "02", "03", "04"], "ew": [1, 2, 3, 4]})
    frame.to_excel(tmp_path / "b.xlsx", index=False)
    table = qa.read_table(tmp_path / "b.xlsx", key="key", fill_down="Bezirk")
    assert table.values["Bezirk"].tolist() == ["Nord", "Nord", "Süd", "Süd"]


def test_numbers_are_never_filled_down(read):
    content = "key;ew;Nr\n01;5;1\n02;;\n03;7;2\n"
    with pytest.raises(InputError, match=r"'ew' holds numbers.*text=\['ew'\]"):
        read(content, fill_down=["ew"])
    assert read(content, fill_down="Nr", text="Nr").values["Nr"].tolist() == ["1", "1", "2"]


def test_there_must_be_something_to_fill_down(read):
    with pytest.raises(InputError, match="no 'Bezirk' above the first row"):
        read("key;Bezirk;ew\n01;;1\n02;Nord;2\n", fill_down="Bezirk")


def test_the_refusal_of_a_block_like_key_names_fill_down_and_that_of_others_does_not(read):
    with pytest.raises(KeyColumnError, match=r"fill_down=\['Bezirk'\]"):
        read(BLOCKS, key="Bezirk")
    with pytest.raises(KeyColumnError) as caught:
        read("key;a\n01;5\n02;6\n03;7\n04;8\n05;9\n;35\n")
    assert "fill_down" not in str(caught.value)


def test_rows_of_one_label_are_added_on_request_and_the_refusal_names_the_parameter(read):
    content = "key;Art;n\n01;EU;5\n01;EU;6\n01;andere;7\n02;EU;.\n02;EU;3\n02;andere;-\n02;andere;-\n"
    with pytest.raises(KeyColumnError, match="aggregate='sum'"):
        read(content, pivot=("Art", "n"))
    table = read(content, pivot=("Art", "n"), aggregate="sum")
    assert table.values.loc["01"].to_dict() == {"EU": 11.0, "andere": 7.0}
    assert table.status.loc["02"].to_dict() == {"EU": "suppressed", "andere": "zero"}
    assert table.values["EU"].isna().tolist() == [False, True]
    assert "pivoted into 2 columns; 3 cells are sums of 6 rows" in table.notes


def test_adding_changes_nothing_where_no_label_comes_twice(read):
    content = "key;Art;n\n01;EU;5\n01;andere;7\n02;EU;.\n02;andere;-\n"
    plain, added = read(content, pivot=("Art", "n")), read(content, pivot=("Art", "n"), aggregate="sum")
    pd.testing.assert_frame_equal(plain.values, added.values)
    pd.testing.assert_frame_equal(plain.status, added.status)
    assert plain.notes == added.notes


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"skip_rows": ["4"]}, ArgumentError),
        ({"skip_rows": 4.5}, ArgumentError),
        ({"drop": ["Summe"]}, ArgumentError),
        ({"without_key": "drop"}, SpecError),
        ({"aggregate": "mean", "pivot": ("a", "b")}, SpecError),
        ({"aggregate": "sum"}, SpecError),
    ],
)
def test_options_of_another_form_are_refused(read, options, error):
    with pytest.raises(error, match=next(iter(options))):
        read("key;a;b\n01;5;6\n", **options)


def test_a_query_takes_the_same_options():
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE t (bezirk TEXT, art TEXT, ew INTEGER)")
        rows = [("Nord", "a", 1), (None, "a", 2), ("Süd", "a", 3), ("x", "y", 9), ("Süd", "sum", 3)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        table = qa.read_query(
            "SELECT * FROM t",
            connection,
            key="bezirk",
            skip_rows=[4],
            drop={"art": "sum"},
            fill_down="bezirk",
            pivot=("art", "ew"),
            aggregate="sum",
        )
    connection.close()
    assert table.values["a"].to_dict() == {"Nord": 3.0, "Süd": 3.0}


def test_only_a_first_row_without_a_key_may_be_a_second_header(read):
    with pytest.raises(KeyColumnError, match="header_rows=2"):
        read("key;Haushalte\n;Anzahl\n07;31\n08;32\n")
    with pytest.raises(KeyColumnError, match="in line '4'") as error:
        read("key;Haushalte\n07;31\n08;32\n;63\n")
    assert "header_rows" not in str(error.value)  # would make a header of the row of 07
