"""Header rows: titles above, several rows, names that differ from year to year, footnotes below."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError

MERGED = "key;Einwohner;;Ausländer;\n;2019;2020;2019;2020\n01;10;11;1;2\n02;20;21;3;4\n"
GROUPED = ";;Einwohner;;Fläche\nkey;Name;2019;2020;ha\n01;Nord;10;11;5,5\n02;Süd;20;21;6,5\n"


def test_a_second_header_row_below_merged_names_is_read_with_them(read):
    table = read(MERGED)
    assert table.values.loc["02"].to_dict() == {
        "Einwohner 2019": 20.0,
        "Einwohner 2020": 21.0,
        "Ausländer 2019": 3.0,
        "Ausländer 2020": 4.0,
    }
    assert any(note.startswith("2 header rows were read as one: 'key', 'Einwohner 2019'") for note in table.notes)


def test_names_of_groups_above_the_header_are_read_with_it(read):
    table = read(GROUPED)
    assert table.values.loc["01"].to_dict() == {
        "Name": "Nord",
        "Einwohner 2019": 10.0,
        "Einwohner 2020": 11.0,
        "Fläche ha": 5.5,
    }


def test_three_header_rows_are_read_where_they_are_named(read):
    content = "Gebiet;Bevölkerung;;\nkey;insgesamt;darunter;\n;;m;w\n01;10;4;6\n"
    values = read(content, header_rows=3).values
    assert values.loc["01"].to_dict() == {
        "Bevölkerung insgesamt": 10.0,
        "Bevölkerung darunter m": 4.0,
        "Bevölkerung darunter w": 6.0,
    }


def test_a_second_header_row_that_is_not_found_out_is_refused_with_the_repair(read):
    content = "key;Einwohner;Fläche\n;Anzahl;ha\n01;10;5\n"
    with pytest.raises(KeyColumnError, match=r"1 row has no key in 'key', in line '2'.*header_rows=2"):
        read(content)
    assert list(read(content, header_rows=2).values.columns) == ["Einwohner Anzahl", "Fläche ha"]


def test_a_row_of_data_below_the_header_is_never_taken_for_one(read):
    with pytest.raises(KeyColumnError, match="in line '2'"):
        read("key;a;b;c\n;12;13;14\n01;10;5;6\n")


@pytest.mark.parametrize("rows", [0, -1])
def test_no_header_row_is_refused(read, rows):
    with pytest.raises(SpecError, match="header_rows must be 1 or more"):
        read("key;a\n01;5\n", header_rows=rows)


def test_more_header_rows_than_rows_are_refused(read):
    with pytest.raises(InputError, match="a header and no rows"):
        read("key;a\n01;5\n", header_rows=2)


def test_titles_above_and_footnotes_below_are_set_aside_with_their_lines(read):
    table = read("Einwohner am 31.12.2024;;\n\nkey;a;b\n01;5;6\n02;7;8\n© Amt für Statistik;;\n1) geschätzt\n")
    assert table.values.to_numpy().tolist() == [[5.0, 6.0], [7.0, 8.0]]
    assert table.problems[["row", "raw", "done"]].to_numpy().tolist() == [
        [1, "Einwohner am 31.12.2024", "title above the header set aside"],
        [6, "© Amt für Statistik", "footnote below the table set aside"],
        [7, "1) geschätzt", "footnote below the table set aside"],
    ]


def test_a_cut_last_line_is_no_footnote(read):
    with pytest.raises(InputError, match="line 3: 1 cell, the header has 3"):
        read("key;a;b\n01;5;6\nBad Godesberg\n")


def test_a_row_of_data_is_never_taken_for_a_title(read):
    with pytest.raises(ColumnError, match="no column 'key'"):
        read("Stadtteil;a\nNord;5\nkey;7\n")


@pytest.mark.parametrize("name", ["SB", "sb", " Sb ", "s b", "S-B"])
def test_the_key_column_is_found_in_every_spelling_of_a_year(read, name):
    table = read(f"{name};a\n01;5\n", key="sb")
    assert list(table.values.index) == ["01"]


@pytest.mark.parametrize(
    "name",
    ["Migrations-hintergrund", "MIGRATIONSHINTERGRUND", "Migrations- hintergrund"],
)
def test_a_column_that_was_asked_for_is_found_in_every_spelling_and_the_spelling_is_told(read, name):
    table = read(f"key;{name};a\n01;5;6\n", columns=["Migrationshintergrund"])
    assert table.values.loc["01"].to_dict() == {"Migrationshintergrund": 5.0}
    assert table.problems["done"].tolist() == ["taken for the requested column 'Migrationshintergrund'"]


def test_a_line_break_in_a_name_is_mended(read):
    table = read('key;"Migrations-\nhintergrund";"Bevölkerung\ninsgesamt"\n01;5;6\n')
    assert list(table.values.columns) == ["Migrationshintergrund", "Bevölkerung insgesamt"]


def test_a_name_that_fits_two_columns_is_refused(read):
    with pytest.raises(ColumnError, match="'K04' may be one of 'K 04', 'k04'"):
        read("key;K 04;k04\n01;5;6\n", columns=["K04"])


def test_the_exact_name_comes_first(read):
    assert read("key;K 04;K04\n01;5;6\n", columns=["K04"]).values.loc["01", "K04"] == 6.0


def test_group_names_are_repeated_only_over_columns_with_a_name_below():
    from quartiersatlas.intake.tables.headers import merged_names

    assert merged_names([["key", "", "A", "", "B"], ["", "x", "y", "z", ""]]) == ["key", "key x", "A y", "A z", "B"]
