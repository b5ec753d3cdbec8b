"""Columns of counts that are added: the sum is known where all parts are, and no other number is ever added."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError

CONTENT = "key;u3;u6;u18\n01;10;20;30\n02;.;20;30\n03;;20;30\n04;.;;30\n05;-;0;-\n06;0;5;x\n07;x;x;x\n08;4p;(5);6\n"
SUM = {"children": ["u3", "u6", "u18"]}


def test_the_status_of_a_sum_is_that_of_its_weakest_part(read):
    table = qa.sum_columns(read(CONTENT), SUM)
    assert table.status["children"].to_dict() == {
        "01": "value",
        "02": "suppressed",
        "03": "missing",
        "04": "suppressed",  # a missing part beside a suppressed one does not lift the secret
        "05": "zero",
        "06": "missing",
        "07": "not_applicable",
        "08": "unreliable",
    }
    known = table.values["children"].dropna().to_dict()
    assert known == {"01": 60.0, "05": 0.0, "08": 15.0}
    assert "children is the sum of u3, u6, u18; 5 rows have a part that is not known" in table.notes


def test_the_parts_and_all_else_stay(read):
    before = read(CONTENT)
    after = qa.sum_columns(before, SUM)
    assert list(after.values.columns) == ["u3", "u6", "u18", "children"]
    pd.testing.assert_frame_equal(after.values[["u3", "u6", "u18"]], before.values)
    assert list(before.values.columns) == ["u3", "u6", "u18"]


def test_columns_of_joined_data_are_added_and_the_method_box_says_so(row):
    frame = pd.DataFrame({"men": [30.0, 40.0], "women": [35.0, math.nan]}, index=["a", "b"])
    data = qa.sum_columns(qa.join(row("a", "b"), frame), {"all": ["men", "women"]})
    assert data.values["all"].tolist()[0] == 65.0
    assert data.status["all"].tolist() == ["value", "missing"]
    assert [(note.name, note.values["parts"]) for note in data.notes] == [("fact_summed", "men, women")]


def test_a_long_table_is_added_row_by_row(read):
    table = read("key;u6 2020;u6 2021;u18 2020;u18 2021\n01;1;2;30;40\n02;3;4;50;60\n", years="long")
    summed = qa.sum_columns(table, {"all": ["u6", "u18"]})
    assert summed.values["year"].tolist() == ["2020", "2020", "2021", "2021"]
    assert summed.values["all"].tolist() == [31.0, 53.0, 42.0, 64.0]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("key;a;Arbeitslosenquote\n01;5;6\n", "Arbeitslosenquote"),
        ("key;a;x\n01;5;6,5\n", "x"),
        ("key;a;x\n01;5;-6\n", "x"),
        ("key;a;x\n01;5;Nord\n02;6;Süd\n", "x"),
        ("key;a;mh_share\n01;5;6\n", "mh_share"),
    ],
)
def test_what_is_no_count_is_refused(read, content, part):
    with pytest.raises(CountError, match=part):
        qa.sum_columns(read(content), {"sum": ["a", part]})


def test_estimated_counts_are_added_once_they_are_declared(row):
    frame = pd.DataFrame({"a": [1.5, 2.0], "b": [2.0, 3.0]}, index=["a", "b"])
    with pytest.raises(CountError, match=r"'a' has 1 value that is not whole, such as 1\.5.*kinds=\{'a': 'count'\}"):
        qa.sum_columns(qa.join(row("a", "b"), frame), {"s": ["a", "b"]})
    data = qa.join(row("a", "b"), frame, kinds={"a": "count"})
    assert qa.sum_columns(data, {"s": ["a", "b"]}).values["s"].tolist() == [3.5, 5.0]


@pytest.mark.parametrize(
    ("sums", "error", "message"),
    [
        ({"s": ["u3"]}, SpecError, "at least two columns"),
        ({"s": ["u3", "u3"]}, SpecError, "each of them once"),
        ({"u6": ["u3", "u18"]}, ColumnError, "a column 'u6' already"),
        ({"s": ["u3", "u66"]}, ColumnError, "no column 'u66'"),
        ({"s": "u3"}, ArgumentError, "takes a list"),
        (["u3", "u6"], ArgumentError, "takes a mapping"),
    ],
)
def test_a_sum_that_is_none_is_refused(read, sums, error, message):
    with pytest.raises(error, match=message):
        qa.sum_columns(read(CONTENT), sums)


def test_something_else_than_data_is_refused_with_the_way_to_get_it():
    with pytest.raises(ArgumentError, match=r"sum_columns takes .*qa\.read_table"):
        qa.sum_columns(pd.DataFrame(), SUM)
