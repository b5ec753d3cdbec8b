"""Titles, filters and second names above a table, and free text below it: set aside line by line, never a cut row."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import InputError, SpecError

CENSUS = (
    "Tabellenbau\n\n"
    '"Haushalte 2022"\n"Counting: Households"\n\n'
    'Filters:\n"Default Summation","Households"\n"Stand","31.12.2022"\n\n'
    '"Tenure","All","Owned","Rented",\n'
    '"Gebiet 2021",\n'
    '"E02001",30,12,18,\n"E02002",20,5,15,\n"E02003",9,4,5,\n'
    '"INFO","Cells have been perturbed"\n\n'
    '"Copyright. Sums, because of this, may differ."\n\n(c) Maker 2018\n'
)


def aside(table):
    """Give line and reason of what was set aside."""
    return [tuple(row) for row in table.problems[["row", "done"]].to_numpy().tolist() if "set aside" in row[1]]


def test_the_rows_of_a_census_builder_are_read_and_each_other_line_is_listed(read):
    table = read(CENSUS, key="Tenure")
    assert table.values.loc["E02002"].to_dict() == {"All": 20.0, "Owned": 5.0, "Rented": 15.0}
    assert list(table.values.index) == ["E02001", "E02002", "E02003"]
    below = "text below the table set aside"
    assert aside(table) == [
        *((line, "title above the header set aside") for line in (1, 3, 4, 6, 7, 8)),
        (11, "second header row with one name set aside"),
        (15, below),
        (17, "footnote below the table set aside"),
        (19, "footnote below the table set aside"),
    ]


def test_the_name_in_the_second_header_row_is_a_name_of_the_key_too(read):
    table = read(CENSUS, key="Gebiet 2021")
    assert list(table.values.columns) == ["All", "Owned", "Rented"]
    assert table.values["All"].sum() == 59.0


@pytest.mark.parametrize(
    "below",
    [
        "\nValues are rounded to three.\n",
        "\nAuswertung: Amt, 3. Stock\n\nTel. 115\n",
        "Alle Angaben sind ohne jede Gewähr.\n",
        "\nText;mit;genau so vielen Zellen\n",
        "\nText;mit;noch;mehr;Zellen als die Tabelle\n",
        "Quelle: Amt für Statistik;;\n",
        "\nData source;Register\nContact;Amt für Statistik\n",
        "\nAuf 3 gerundete Werte aus dem Register;;\n",
    ],
)
def test_lines_of_text_below_the_table_are_no_rows(read, below):
    table = read("key;a;b\n01;5;6\n02;7;8\n" + below)
    assert table.values["b"].to_dict() == {"01": 6.0, "02": 8.0}
    assert len(aside(table)) == len([line for line in below.splitlines() if line])


@pytest.mark.parametrize(
    ("last", "cells"),
    [("03;9", "2 cells"), ("03", "1 cell"), ("\n03;9", "2 cells"), ("Bad Honnef", "1 cell"), ("03;abc", "2 cells")],
)
def test_a_cut_row_is_refused_wherever_it_stands(read, last, cells):
    with pytest.raises(InputError, match=f"{cells}, the header has 3"):
        read(f"key;a;b\n01;5;6\n02;7;8\n{last}\n")


def test_text_between_rows_is_refused_and_can_be_named_away(read):
    content = "key;a;b\n01;5;6\n\nThe second part of the city.\n02;7;8\n"
    with pytest.raises(InputError, match=r"line 4: 1 cell.*skip_rows=\[4\]"):
        read(content)
    assert read(content, skip_rows=[4]).values["a"].tolist() == [5.0, 7.0]


def test_a_last_area_without_any_value_stays_a_row(read):
    table = read("key;a;b\n01;5;6\n02;7;8\n\n03;;\n")
    assert table.status.loc["03"].tolist() == ["missing", "missing"]
    table = read("key;a;b\nNord;5;6\nSüd;7;8\n\nTempelhofer Feld;;\n")
    assert table.status.loc["Tempelhofer Feld"].tolist() == ["missing", "missing"]


def test_a_first_area_without_any_value_stays_a_row(read):
    assert read("key;a;b\n01;;\n02;7;8\n").status.loc["01"].tolist() == ["missing", "missing"]
    assert read("key;a;b\nNord;;\nSüd;7;8\n").status.loc["Nord"].tolist() == ["missing", "missing"]


@pytest.mark.parametrize(
    "rows", ["01;5;6\n02;7;8\n", "Nord;5;6\nSüd;7;8\n", "01;1999;2004\n02;2010;1990\n", "01;5;6\n02;.;-\n03;7;8\n"]
)
def test_a_header_row_too_many_is_refused_and_names_the_first_area(read, rows):
    first = rows.split(";", 1)[0]
    with pytest.raises(SpecError, match=rf"line 2 for a header.*its key is '{first}'.*Pass header_rows=1"):
        read("key;a;b\n" + rows, header_rows=2)
    assert read("key;a;b\n" + rows, header_rows=1).values.index[0] == first


def test_second_header_rows_of_units_years_and_column_numbers_are_headers(read):
    assert list(read("key;a;b\n;%;ha\n01;5;6\n", header_rows=2).values.columns) == ["a %", "b ha"]
    assert list(read("key;a;\nGebiet;2019;2020\n01;5;6\n", header_rows=2).values.columns) == ["a 2019", "a 2020"]
    assert list(read("key;a;b\n1;2;3\n01;5;6\n", header_rows=2).values.columns) == ["a 2", "b 3"]


def test_a_delimiter_at_the_end_of_the_header_alone_or_of_the_rows_alone_is_no_column(read):
    for content in ("key;a;b;\n01;5;6\n02;7;8\n", "key;a;b\n01;5;6;\n02;7;8;\n", "key;a;b;\n01;5;6;\n02;7;8;\n"):
        assert read(content).values.to_numpy().tolist() == [[5.0, 6.0], [7.0, 8.0]]
    with pytest.raises(InputError, match="line 3: 2 cells, the header has 4"):
        read("key;a;b;\n01;5;6\n02;7\n")
