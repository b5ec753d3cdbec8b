"""Exactly at a limit, and just beside it."""

from __future__ import annotations

import pytest

from quartiersatlas.errors import ColumnError, InputError, NumberError


def column(*cells):
    return "key;a\n" + "".join(f"{i:02d};{cell}\n" for i, cell in enumerate(cells, start=1))


def test_a_column_of_which_half_are_numbers_is_meant_to_be_one(read):
    with pytest.raises(NumberError, match="2 cells of column 'a' are not numbers"):
        read(column(5, 6, "Nord", "Süd"))
    assert read(column(5, 6, "Nord", "Süd", "West")).values["a"].tolist() == ["5", "6", "Nord", "Süd", "West"]


def test_symbols_count_neither_as_numbers_nor_as_words(read):
    with pytest.raises(NumberError, match="1 cell of column 'a' is not a number: 'Nord'"):
        read(column(5, "Nord", ".", "-", "x"))
    assert read(column(5, "Nord", "Süd", ".", "-")).values["a"].tolist() == ["5", "Nord", "Süd", ".", "-"]


@pytest.mark.parametrize("plain", ["999", "-999,5"])
def test_a_number_below_a_thousand_needs_no_group(read, plain):
    assert read(column("18.217", plain, "1,5")).values["a"].tolist()[0] == 18217


@pytest.mark.parametrize("plain", ["1000", "-1000"])
def test_a_number_of_a_thousand_and_more_does(read, plain):
    with pytest.raises(NumberError, match="1 cell of column 'a' would be thousands with a mark"):
        read(column("18.217", plain, "1,5"))


def test_three_places_in_one_cell_are_decimals_and_in_two_may_be_thousands(read):
    other = "b\n01;{};1.5\n02;{};2.5\n03;7;3.5\n"
    assert read("key;a;" + other.format("18.217", "8")).values["a"].tolist() == [18.217, 8.0, 7.0]
    with pytest.raises(NumberError, match="2 cells of column 'a' may be thousands or decimals"):
        read("key;a;" + other.format("18.217", "19.004"))


def test_a_whole_number_is_read_as_far_as_it_can_be_held(read):
    assert read(column(2**53, 5)).values["a"].tolist() == [2.0**53, 5.0]
    with pytest.raises(NumberError, match=str(2**53 + 1)):
        read(column(2**53 + 1, 5))


@pytest.mark.parametrize("digits", ["9" * 14, "8" * 15, "4" * 16])  # 15 is the most that is read by the letter
def test_long_numbers_are_read_the_same_on_both_sides_of_the_fast_way(read, digits):
    assert read(column(digits, int(digits) - 1)).values["a"].tolist() == [float(digits), float(int(digits) - 1)]


@pytest.mark.parametrize(
    ("cells", "refused"),
    [
        (("999", "999", "100"), True),  # among shares up to 100 percent
        (("999", "999", "100,1"), False),
        (("-99", "9,9", "-10"), True),
        (("-99", "9,9", "-10,1"), False),
        (("255", "255", "127,5"), True),  # the largest number of a byte, at least twice the others
        (("255", "255", "127,6"), False),
        (("99999", "1,5", "40"), False),  # once, and below a hundred thousand
        (("999999", "1,5", "40"), True),
        (("99999", "99999", "40"), True),
        (("-9", "5", "8"), False),
        (("-9", "-9", "8"), True),
    ],
)
def test_a_code_for_a_missing_value_is_far_from_all_others(read, cells, refused):
    if refused:
        with pytest.raises(NumberError, match="looks like a code"):
            read(column(*cells))
    else:
        assert read(column(*cells)).values["a"].notna().all()


@pytest.mark.parametrize(("titles", "found"), [(39, True), (40, False)])
def test_the_header_is_looked_for_in_forty_rows(read, titles, found):
    content = "".join(f"Titel {i};\n" for i in range(titles)) + "key;a\n01;5\n02;6\n"
    if found:
        assert read(content).values["a"].tolist() == [5.0, 6.0]
    else:
        with pytest.raises(ColumnError, match="column 2 has cells and no name in the header"):
            read(content)


def test_a_damaged_file_has_at_least_as_many_whole_letters_as_damaged_ones(read):
    with pytest.raises(InputError, match="1 letter around it is UTF-8"):
        read("key;a\n01;Süd\n".encode() + "02;Höfe\n".encode("cp1252"))
    content = "key;a\n01;Süd\n".encode() + "02;Höfe\n03;Bäche\n".encode("cp1252")
    table = read(content)
    assert table.written.startswith("cp1252")
    assert table.values["a"].tolist() == ["Süd", "Höfe", "Bäche"]
    assert any("encoded twice was put right: 'SÃ¼d is Süd'" in note for note in table.notes)


@pytest.mark.parametrize("pattern", [4, "[0-9]{4}"])
def test_keys_of_one_length_are_neither_shorter_nor_longer(read, pattern):
    table = read("key;a\n011;1\n0111;2\n01111;3\n", key_pattern=pattern)
    assert list(table.values.index) == ["0111"]
    assert "key pattern" in table.notes[0]
    assert "2 rows of 2 other keys set aside ('011', '01111')" in table.notes[0]
