"""Files that were re-saved, cut, or put together: read right, or refused with the repair."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import InputError, NumberError

# a spreadsheet took the comma for the delimiter, split the decimals into a column of their own and quoted what was left
SPLIT = '"ZEIT;RAUMID;E_E;E_EM"\n"2012;01011101;1439",00;261,00\n"2012;01011102;2210",00;318,50\n'


def test_rows_split_at_the_decimal_comma_are_joined_again_and_told(read):
    table = read(SPLIT, key="RAUMID")
    assert table.values.loc["01011101"].to_dict() == {"ZEIT": 2012.0, "E_E": 1439.0, "E_EM": 261.0}
    assert table.values.loc["01011102", "E_EM"] == 318.5
    assert any("quoted and split at the decimal comma were joined again" in note for note in table.notes)


@pytest.mark.parametrize("header", ["ZEIT;RAUMID;E_E;E_EM", '"ZEIT;RAUMID;E_E;E_EM"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_header_may_be_quoted_or_not_whatever_the_line_ends(read, header, end):
    content = SPLIT.replace('"ZEIT;RAUMID;E_E;E_EM"', header).replace("\n", end)
    assert read(content, key="RAUMID").values["E_E"].tolist() == [1439.0, 2210.0]


def test_split_decimals_that_lost_a_zero_are_refused(read):
    with pytest.raises(InputError, match=r"decimals of 'E_EM' have 1 or 2 digits.*Take the file as it was published"):
        read(SPLIT.replace("318,50", "318,5"), key="RAUMID")


def test_rows_quoted_as_a_whole_are_read(read):
    assert read('"key;a;b"\n"01;5;1,5"\n"02;6;2,5"\n').values["b"].tolist() == [1.5, 2.5]


def test_a_naive_reading_of_split_rows_would_have_been_another_number(read):
    assert read(SPLIT, key="RAUMID").values["E_E"].sum() == 1439 + 2210  # without the commas: 143900 + 221000


def test_a_quoted_decimal_comma_in_a_file_with_commas_is_a_decimal_comma(read):
    assert read('key,a\n01,"12,5"\n02,"1,25"\n').values["a"].tolist() == [12.5, 1.25]


@pytest.mark.parametrize("cell", ["18.217", '"18,217"'])
def test_thousands_or_decimals_are_refused_in_a_file_with_commas_too(read, cell):
    with pytest.raises(NumberError, match="may be thousands or decimals"):
        read(f"key,a\n01,{cell}\n02,950\n")


def test_an_unquoted_decimal_comma_in_a_file_with_commas_is_refused_with_its_line(read):
    with pytest.raises(InputError, match="line 2: 3 cells, the header has 2"):
        read("key,a\n01,12,5\n02,13\n")


def test_delimiter_and_decimal_are_found_together_whatever_the_header_holds(read):
    table = read("key;Einwohner, insgesamt;Fläche, ha, netto\n01;12,5;3,25\n02;7;4,5\n")
    assert table.values.loc["01"].tolist() == [12.5, 3.25]


def test_single_damaged_bytes_in_utf_8_are_refused_with_their_line(read):
    damaged = "key;Straße;a\n01;Schloßstraße;5\n02;Große Höfe;6\n".encode().replace("Große".encode(), b"Gro\xc3e")
    with pytest.raises(InputError, match=r"Line 3 has a byte that is not UTF-8.*encoding='cp1252'"):
        read(damaged)


def test_two_encodings_in_one_file_are_refused(read):
    with pytest.raises(InputError, match="put together from two encodings"):
        read("key;a;b\n01;Süd;5\n".encode() + "02;Südost;6\n".encode("cp1252"))


def test_cp1252_is_read_and_told(read):
    table = read("key;Straße;a\n01;„Gruß“ – €;5\n".encode("cp1252"))
    assert table.values["Straße"].tolist() == ["„Gruß“ – €"]
    assert table.written.startswith("cp1252")


def test_bytes_that_give_words_in_no_encoding_are_refused_with_what_they_give(read):
    content = b"key;a;b\n01;S\xfcd\x81;5\n"
    with pytest.raises(InputError, match=r"no encoding gives words without odd signs.*encoding='cp850' gives 'S³dü'"):
        read(content)
    assert read(content, encoding="cp850").values["a"].tolist() == ["S³dü"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_letters_of_two_or_four_bytes_are_known_by_their_zeros(read, encoding):
    content = "key;Straße;a\n01;„Gruß“ – €;5\n02;Süd;6\n" + "03;Allee am Wall;7\n" * 9
    table = read(content.encode(encoding))
    assert table.values["a"].tolist()[:2] == [5.0, 6.0]
    assert table.values["Straße"].tolist()[:2] == ["„Gruß“ – €", "Süd"]
    assert any(f"those of {encoding}" in note for note in table.notes)
    assert read(content.encode(encoding), encoding=encoding).values.equals(table.values)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_letters_of_two_or_four_bytes_are_known_by_their_mark(read, encoding):
    assert read("key;a\n01;5\n02;6\n".encode(encoding)).values["a"].tolist() == [5.0, 6.0]


def test_zero_bytes_of_no_encoding_are_refused_with_what_helps(read):
    with pytest.raises(InputError, match=r"has zero bytes, and not as UTF-16 .* Fetch it again\.$"):
        read(b"key;a\n01;5\n02;\0\n")
    with pytest.raises(InputError, match=r"Leave encoding= out, and it is found out"):
        read("key;a\n01;5\n02;6\n".encode("utf-32-le"), encoding="utf-16-le")


def test_mixed_line_ends_are_all_line_ends(read):
    assert read("key;a\r\n01;5\r02;6\n03;7\n").values["a"].tolist() == [5.0, 6.0, 7.0]


def test_trailing_blank_rows_are_no_rows(read):
    assert read("key;a;b\n01;5;6\n;;\n ; ; \n\n").values["a"].tolist() == [5.0]
