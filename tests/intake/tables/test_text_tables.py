"""Text files: encodings, delimiters, line ends, headers, widths."""

from __future__ import annotations

import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError

GERMAN = "key;Straße;Übrige\n01;Schloßstraße;7\n02;Große Höfe;9\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_umlauts_survive_every_usual_encoding(read, encoding):
    table = read(GERMAN.encode(encoding))
    assert table.values["Straße"].tolist() == ["Schloßstraße", "Große Höfe"]
    assert table.values["Übrige"].tolist() == [7.0, 9.0]


def test_a_byte_order_mark_does_not_stick_to_the_key_column(read):
    assert list(read(b"\xef\xbb\xbfkey;a\n01;5\n").values.index) == ["01"]


def test_bytes_that_belie_their_byte_order_mark_are_refused(read):
    with pytest.raises(InputError, match="cannot be read as 'utf-8-sig'"):
        read(b"\xef\xbb\xbfkey;\xe4\n01;5\n")


def test_a_wrong_encoding_that_was_asked_for_is_refused(read):
    with pytest.raises(InputError, match="cannot be read as 'utf-8'"):
        read(GERMAN.encode("cp1252"), encoding="utf-8")


def test_an_unknown_encoding_is_refused(read):
    with pytest.raises(InputError, match="cannot be read as 'latein'"):
        read(GERMAN, encoding="latein")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_a_line_end(read, end):
    table = read(f"key;a{end}01;5{end}02;6{end}")
    assert table.values["a"].to_dict() == {"01": 5.0, "02": 6.0}


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_out(read, delimiter):
    table = read("key;a;b\n01;5;6\n".replace(";", delimiter))
    assert table.values.loc["01"].tolist() == [5.0, 6.0]


def test_a_quoted_cell_keeps_its_delimiter(read):
    assert read('key;name;a\n01;"Neuland; Gut Moor";5\n').values["name"].tolist() == ["Neuland; Gut Moor"]


def test_a_delimiter_of_two_characters_is_refused(read):
    with pytest.raises(SpecError, match="must be one character"):
        read("key;;a\n01;;5\n", delimiter=";;")


@pytest.mark.parametrize("cell", ['"5', '"5"0'])
def test_stray_quotation_marks_do_not_swallow_rows(read, cell):
    with pytest.raises(InputError, match=r"line \d+: .*quotation mark"):
        read(f"key;a\n01;{cell}\n02;6\n03;7\n")


def test_an_open_quotation_mark_in_a_large_file_is_no_traceback(read):
    with pytest.raises(InputError, match="quotation mark that is not closed"):
        read('key;a\n01;"5\n' + "02;6\n" * 40_000)


def test_an_empty_file_is_refused(read):
    with pytest.raises(InputError, match=r"table\.csv is empty"):
        read(" \n\n")


def test_a_header_without_rows_is_refused(read):
    with pytest.raises(InputError, match="a header and no rows"):
        read("key;a\n")


def test_a_file_of_one_column_is_refused_with_its_first_line(read):
    with pytest.raises(InputError, match=r"one column only.*'key a'"):
        read("key a\n01 5\n")


@pytest.mark.parametrize(("options", "content"), [({"columns": []}, "key;a\n01;5\n"), ({}, "key;\n01;\n")])
def test_a_table_with_nothing_but_keys_is_refused(read, options, content):
    with pytest.raises(InputError, match="no column is left besides the key 'key'"):
        read(content, **options)


@pytest.mark.parametrize("ragged", ["02;6", "02;6;7;8"])
def test_rows_of_another_width_are_refused_with_their_line(read, ragged):
    with pytest.raises(InputError, match=rf"line 3: {ragged.count(';') + 1} cells, the header has 3"):
        read(f"key;a;b\n01;5;6\n{ragged}\n")


def test_empty_cells_beyond_the_header_are_no_fault(read):
    assert read("key;a\n01;5;;\n").values["a"].tolist() == [5.0]


def test_blank_lines_are_skipped_and_lines_still_counted_as_in_the_file(read):
    with pytest.raises(InputError, match="line 5: 1 cell"):
        read("key;a\n\n01;5\n\n02\n")


def test_trailing_empty_columns_are_left_out_with_a_note(read):
    table = read("key;a;;\n01;5;;\n02;6;;\n")
    assert list(table.values.columns) == ["a"]
    assert table.problems["done"].tolist() == ["empty column 3 left out", "empty column 4 left out"]


def test_a_column_with_cells_and_no_name_is_refused(read):
    with pytest.raises(ColumnError, match="column 3 has cells and no name"):
        read("key;a;\n01;5;6\n")


def test_a_repeated_column_with_equal_cells_is_left_out_with_a_note(read):
    table = read("key;a;a\n01;5;5\n")
    assert list(table.values.columns) == ["a"]
    assert table.problems[["column", "done"]].to_numpy().tolist() == [
        ["a", "column 3 repeats an earlier one and was left out"]
    ]


def test_a_repeated_column_with_other_cells_is_numbered_with_a_note(read):
    table = read("key;a;a\n01;5;6\n")
    assert table.values.loc["01"].to_dict() == {"a": 5.0, "a_3": 6.0}
    assert table.problems["done"].tolist() == ["column 3 has the name of an earlier one: read as 'a_3'"]


def test_numbering_a_repeated_column_never_overwrites_another(read):
    with pytest.raises(ColumnError, match="several columns 'a', and one 'a_4'"):
        read("key;a_4;a;a\n01;5;6;7\n")


def test_blanks_around_column_names_are_no_part_of_them(read):
    assert list(read(" key ; a\n01;5\n").values.columns) == ["a"]


def test_columns_are_chosen_in_the_order_asked_for(read):
    assert list(read("key;a;b;c\n01;1;2;3\n", columns=["c", "a"]).values.columns) == ["c", "a"]


def test_columns_are_renamed_from_new_to_old(read):
    table = read("key;Einwohner;Ausl.\n01;100;20\n", columns={"residents": "Einwohner", "foreign": "Ausl."})
    assert table.values.loc["01"].to_dict() == {"residents": 100.0, "foreign": 20.0}
    assert list(table.status.columns) == ["residents", "foreign"]


def test_a_wanted_column_that_is_not_there_is_refused_with_the_closest_names(read):
    with pytest.raises(ColumnError, match=r"no column 'Einwohnr'.*Did you mean 'Einwohner'"):
        read("key;Einwohner\n01;100\n", columns=["Einwohnr"])


def test_one_name_is_one_column(read):
    table = read("key;ab;a\n01;5;6\n", columns="ab", text="ab")
    assert table.values.to_dict() == {"ab": {"01": "5"}}


def test_a_wrong_key_column_is_refused_with_the_closest_names(read):
    with pytest.raises(ColumnError, match=r"no column 'Raum'.*Did you mean 'RAUMID'.*There are: 'RAUMID', 'a'"):
        read("RAUMID;a\n01;5\n", key="Raum")


def test_rows_without_a_key_are_refused_with_their_lines(read):
    with pytest.raises(KeyColumnError, match="2 rows have no key in 'key', in lines '3', '5'"):
        read("key;a\n01;5\n;6\n02;7\n  ;8\n")


def test_keys_are_text_and_keep_their_zeros(read):
    table = read("key;a\n0101;5\n 0203 ;6\n")
    assert list(table.values.index) == ["0101", "0203"]
    assert list(table.status.index) == ["0101", "0203"]


def test_a_missing_file_offers_the_names_that_are_alike(tmp_path):
    (tmp_path / "einwohner_2024.csv").write_text("key;a\n01;5\n")
    with pytest.raises(InputError, match=r"is missing\. Did you mean 'einwohner_2024\.csv'"):
        qa.read_table(tmp_path / "einwohner_2042.csv", key="key")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder .*daten'"):
        qa.read_table(tmp_path / "daten" / "a.csv", key="key")


def test_a_file_of_another_kind_is_refused_with_the_kinds_that_are_read(read):
    with pytest.raises(InputError, match=r"tables are read from \.csv, .*\.xlsx"):
        read("{}", name="table.pdf")


def test_the_table_says_how_the_file_is_written(read):
    table = read("key;a\n01;1,5\n".encode("cp1252"))
    assert "table.csv: 1 row, 1 column (utf-8, delimiter ';', decimal ',')" in repr(table)


def test_cells_are_escaped_in_a_notebook(read):
    html = read("key;name;a\n01;<script>alert(1)</script>;5\n")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
