"""Marks that hide a number between limits: suppressed, and the limits kept to the joined data."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import NumberError, SpecError
from quartiersatlas.intake.tables.values.marks import read_range


def column(*cells, others=("21", "8", "33"), name="cases"):
    lines = [f"{i:03d};{cell}" for i, cell in enumerate([*cells, *others], start=1)]
    return "\n".join([f"key;{name}", *lines]) + "\n"


def limits(table, key="001"):
    return tuple(table.bounds.loc[(key, table.values.columns[0])])


@pytest.mark.parametrize(
    ("cell", "lower", "upper"),
    [
        ("<6", 0, 5),
        ("< 10", 0, 9),
        ("(<6)", 0, 5),
        ("≤ 4", 0, 4),
        ("<=4", 0, 4),
        ("unter 7", 0, 6),
        ("weniger als 7", 0, 6),
        ("less than 7", 0, 6),
        ("höchstens 4", 0, 4),
        ("bis zu 4", 0, 4),
        ("0 bis 3", 0, 3),
        ("1 to 4", 1, 4),
        ("1 oder 2", 1, 2),
        ("5 bis unter 10", 5, 9),
        ("zwischen 1 und 4", 1, 4),
        ("4 oder weniger", 0, 4),
        ("4 or fewer", 0, 4),
        ("> 40", 41, math.inf),
        ("mehr als 1.000", 1001, math.inf),
        ("≥ 40", 40, math.inf),
        ("mindestens 40", 40, math.inf),
        ("40 und mehr", 40, math.inf),
        ("40+", 40, math.inf),
    ],
)
def test_a_mark_that_names_limits_is_suppressed_and_keeps_them(read, cell, lower, upper):
    table = read(column(cell), decimal=",")
    assert table.status["cases"].tolist() == ["suppressed", "value", "value", "value"]
    assert math.isnan(table.values.loc["001", "cases"])
    assert limits(table) == (lower, upper)
    assert list(table.bounds.columns) == ["lower", "upper"]
    assert table.bounds.index.names == ["key", "column"]
    assert table.problems["raw"].tolist() == [cell]
    assert any(repr(cell) in note and ".bounds" in note for note in table.notes)


@pytest.mark.parametrize(
    ("cell", "others", "name", "upper"),
    [
        ("<6", ("2,5", "8", "33"), "hours", 6),  # decimals come near to it
        ("<6", ("21", "8", "33"), "Arbeitslosenquote", 6),  # whole numbers are rounded rates here
        ("<6 %", ("21 %", "8 %"), "a", 6),
        ("< 0,5", ("2,5", "8"), "hours", 0.5),
        ("<6", (), "cases", 6),  # nothing says that they are counts
    ],
)
def test_below_a_limit_ends_one_below_only_among_whole_counts(read, cell, others, name, upper):
    assert limits(read(column(cell, others=others, name=name))) == (0, upper)


def test_the_lower_end_is_open_where_numbers_may_be_negative(read):
    assert limits(read(column("<6", others=("-12", "8", "3")))) == (-math.inf, 5)


def test_a_top_code_in_percent_keeps_its_lower_limit(read):
    table = read(column(">95 %", others=("21,5 %", "8 %"), name="share"))
    assert limits(table) == (95, math.inf)
    assert table.units == {"share": "percent"}


def test_without_marks_the_bounds_are_an_empty_frame_of_the_same_form(read):
    bounds = read(column(".", "-")).bounds
    assert bounds.empty
    assert list(bounds.columns) == ["lower", "upper"]
    assert bounds.dtypes.tolist() == [float, float]
    assert bounds.index.names == ["key", "column"]


@pytest.mark.parametrize("mark", ["[c]", "(c)", "c", "(.)", "•", "(*)"])
def test_marks_of_a_secret_without_limits_are_suppressed(read, mark):
    table = read(column(mark, mark))
    assert table.status["cases"].tolist() == ["suppressed"] * 2 + ["value"] * 3
    assert table.bounds.empty


def test_the_caller_states_the_limits_of_a_mark(read):
    table = read(
        column("[c]", "g", "<6", "?"), symbols={"[c]": ("suppressed", 1, 4), "g": "suppressed", "?": "missing"}
    )
    assert table.status["cases"].tolist()[:4] == ["suppressed", "suppressed", "suppressed", "missing"]
    assert table.bounds.index.tolist() == [("001", "cases"), ("003", "cases")]
    assert limits(table) == (1, 4)


@pytest.mark.parametrize(("said", "lower", "upper"), [((None, 4), -math.inf, 4), ((100, None), 100, math.inf)])
def test_none_leaves_an_end_open(read, said, lower, upper):
    assert limits(read(column("[x]"), symbols={"[x]": ("suppressed", *said)})) == (lower, upper)


def test_a_code_may_hide_a_number_between_limits(read):
    table = read(column("-1", "-1,0", "2,5"), symbols={"-1": ("suppressed", 1, 2)})
    assert table.bounds.to_numpy().tolist() == [[1, 2], [1, 2]]
    assert table.status["cases"].tolist()[:3] == ["suppressed", "suppressed", "value"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (("missing", 1, 4), "limits belong to a suppressed number"),
        (("suppressed", 1), "limits belong to a suppressed number"),
        (("suppressed", 5, 4), "exchanged"),
        (("suppressed", "1", 4), "must be numbers, not '1'"),
    ],
)
def test_limits_that_say_nothing_are_refused_with_the_form_they_have(read, said, fault):
    with pytest.raises(SpecError, match=rf"{fault}.*symbols=\{{'\[c\]': \('suppressed', 1, 4\)\}}"):
        read(column("[c]"), symbols={"[c]": said})


def test_a_span_that_may_be_a_date_is_asked_about_and_the_advice_works(read):
    with pytest.raises(NumberError, match=r"'1-3' in line 2.*symbols=\{'1-3': \('suppressed', 1, 3\)\}"):
        read(column("1-3"))
    assert limits(read(column("1-3"), symbols={"1-3": ("suppressed", 1, 3)})) == (1, 3)
    with pytest.raises(NumberError, match="are not numbers"):
        read(column("1-3", "1-4", "1-3"))  # dates differ


def test_the_same_span_in_several_cells_is_a_mark(read):
    assert read(column("1-3", "1-3", "1-3")).bounds["upper"].tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    "cells",
    [
        ["unter 5", "5 bis 10", "über 10", "unter 5"],  # classes
        ["unter 5", "über 5", "unter 5"],
        ["AB12", "AB12", "AB12"],
        ["c", "c", "c"],  # the name of a class
        ["2+", "1-", "2+", "3-"],
        ["1-4", "1-4", "1-4"],
        ["Mitte", "unter den Linden", "über 100"],
    ],
)
def test_classes_and_words_stay_text(read, cells):
    table = read(column(*cells, others=()))
    assert table.values["cases"].tolist() == cells
    assert table.bounds.empty


def test_a_column_of_one_mark_only_is_suppressed_throughout(read):
    assert read(column("<6", "< 6", others=())).status["cases"].tolist() == ["suppressed"] * 2


@pytest.mark.parametrize("cell", ["ab12", "12bis", "bis", "<", "<x", "3 bis 2", "1" * 80 + " bis 3", "maximal"])
def test_what_names_no_limits_is_no_range(cell):
    assert read_range(cell, lambda text: float(text.replace(",", "."))) is None


def test_the_limits_follow_a_pivot_and_new_names(read):
    content = "key;sex;n\n01;f;<6\n01;m;7\n02;f;9\n02;m;0 bis 3\n"
    table = read(content, pivot=("sex", "n"), columns={"women": "f", "men": "m"})
    assert table.bounds.to_dict("index") == {
        ("01", "women"): {"lower": 0, "upper": 5},
        ("02", "men"): {"lower": 0, "upper": 3},
    }


def test_years_in_rows_keep_the_limits_by_the_columns_of_the_file(read):
    table = read("key;n 2023;n 2024\n01;<6;7\n02;9;8\n", years="long")
    assert table.bounds.index.tolist() == [("01", "n 2023")]


def test_the_join_carries_the_limits_over_in_the_order_of_the_areas(read, row):
    table = read("key;a;b\n1;4;<6\n2;0 bis 3;5\n3;7;<6\n99;<6;1\n")
    data = qa.join(row("03", "02", "01"), table, repair="zero_pad", exclude="99")
    assert data.bounds.index.tolist() == [("02", "a"), ("03", "b"), ("01", "b")]
    assert data.bounds.loc[("02", "a")].tolist() == [0, 3]
    more = pd.DataFrame({"c": [1.0, -7, -7]}, index=["01", "02", "03"])
    data = qa.join(data, more, symbols={"-7": ("suppressed", 1, 2)})
    assert data.bounds.loc[("03", "c")].tolist() == [1, 2]
    assert len(data.bounds) == 5
    assert data.status["c"].tolist() == ["suppressed", "suppressed", "value"]


def test_joined_data_without_limits_has_the_empty_frame(row, residents):
    assert qa.join(row("01"), residents(k01=5)).bounds.empty


# what to do about other cells


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("k.A.", r"symbols=\{'k\.A\.': 'missing'\}"),
        ("#NV", r"symbols=\{'#NV': 'missing'\}"),
        ("geheim", r"symbols=\{'geheim': 'suppressed'\}"),
        ("§", r"symbols=\{'§': 'suppressed'\} if a number is hidden there, symbols=\{'§': 'missing'\} if nobody"),
        ("<drei", r"If it hides a number.*symbols=\{'<drei': 'suppressed'\}"),
        ("ca. 20", r"read the column as text with text=\['cases'\]"),
    ],
)
def test_advice_neither_calls_a_secret_missing_nor_throws_a_number_away(read, cell, advice):
    with pytest.raises(NumberError, match=advice) as caught:
        read(column(cell))
    offered = str(caught.value).count(f"{cell!r}: 'missing'")
    assert offered == (cell in ("k.A.", "#NV", "§"))
    if cell == "ca. 20":
        assert read(column(cell), text=["cases"]).values["cases"].tolist() == [cell, "21", "8", "33"]
    else:
        read(column(cell), symbols={cell: "suppressed"})


# numbers with a mark


@pytest.mark.parametrize(
    ("cell", "number", "status"),
    [
        ("17 [2]", 17, "value"),
        ("17[a]", 17, "value"),
        ("17 [note 3]", 17, "value"),
        ("17 2)", 17, "value"),
        ("17**", 17, "value"),
        ("17 †", 17, "value"),
        ("17 (r)", 17, "value"),
        ("17 [r]", 17, "value"),
        ("17 p", 17, "provisional"),
        ("17 (p)", 17, "provisional"),
        ("17 [e]", 17, "unreliable"),
        ("17 (s)", 17, "unreliable"),
        ("17,5 % 1)", 17.5, "value"),
    ],
)
def test_a_number_with_a_mark_keeps_its_value(read, cell, number, status):
    table = read(column(cell))
    assert table.values.loc["001", "cases"] == number
    assert table.status.loc["001", "cases"] == status
    assert table.problems["raw"].tolist() == [cell]
    assert f"{number:g}" in table.problems["done"].iloc[0]


@pytest.mark.parametrize("cell", ["17 2", "17 2 3", "1 7"])
def test_two_numbers_in_a_cell_are_not_one_with_a_mark(read, cell):
    with pytest.raises(NumberError, match="is not a number"):
        read(column(cell))


def test_the_unit_that_all_cells_have_is_kept(read):
    table = read("key;a;b;c;d\n01;12,5 %;3;4 ‰;-\n02;0;5 %;2 ‰;3 %\n03;.;7;1,5 ‰;4 %\n")
    assert table.units == {"a": "percent", "c": "per 1,000", "d": "percent"}
    assert table.problems.query("column == 'b'")["done"].tolist() == ["read as 5, percent sign set aside"]


def test_units_follow_a_pivot_and_years_in_rows(read):
    content = "key;sex;n\n01;f;3 %\n01;m;7 %\n02;f;9 %\n02;m;8 %\n"
    assert read(content, pivot=("sex", "n")).units == {"f": "percent", "m": "percent"}
    content = "key;n 2023;n 2024;a 2024;b 2023;b 2024\n01;3 %;4 %;5 %;6;7 %\n"
    assert read(content, years="long").units == {"n": "percent", "a": "percent"}


@pytest.mark.parametrize("mark", ["moins de 5", "mniej niż 5", "færre end 5", "az 5"])
def test_words_of_other_languages_that_may_hide_a_number_are_not_called_text_or_missing(read, mark):
    content = f"key;Kinder\n1;{mark}\n2;14\n3;15\n"
    with pytest.raises(NumberError, match="If it hides a number") as error:
        read(content)
    assert "'missing'" not in str(error.value)
    table = read(content, symbols={mark: ("suppressed", 0, 4)})
    assert table.status["Kinder"].tolist() == ["suppressed", "value", "value"]
