"""A regular file is read from its bytes, any other row by row: both ways give the same table and the same errors."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import QuartiersatlasError
from quartiersatlas.intake.tables import text_files
from quartiersatlas.intake.tables.values import numbers
from quartiersatlas.intake.tables.values.cells import ByteCells, TextCells


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("both") / "table.csv"


def outcome(file, **options):
    """Return everything that reading gives, or the message of the refusal."""
    try:
        table = qa.read_table(file, key="key", **options)
    except QuartiersatlasError as error:
        return str(error)
    return table


def assert_same_both_ways(file, **options):
    fast = outcome(file, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "read_regular", lambda *_: None)
        slow = outcome(file, **options)
    if isinstance(slow, str) or isinstance(fast, str):
        assert fast == slow
        return
    pd.testing.assert_frame_equal(fast.values, slow.values, check_exact=True)
    pd.testing.assert_frame_equal(fast.status, slow.status)
    assert fast.problems.to_numpy().tolist() == slow.problems.to_numpy().tolist()
    assert (fast.written, fast.notes) == (slow.written, slow.notes)


PRINTED = (
    "|-|.|...|/|x|*|0|-0|00|01|1.250|18.217|0.217|12,5|,5|5,|1,250|-12,5|- 12|−3|+4|1 675|12 %|12*|(12)|12p|k.A.|-9999|"
    "ä|Große Höfe|1e5|123456789012345|1234567890123456|12345678901234567|0,000000000000001| 7 |\u00a07|7\u202f000"
)
CELLS = st.one_of(
    st.sampled_from(PRINTED.split("|")),
    st.integers(-(10**16), 10**16).map(str),
    st.integers(-(10**9), 10**9).map(lambda number: f"{number / 1000:.3f}".replace(".", ",")),
    st.text(st.characters(codec="cp1252", exclude_characters=';"\r\n\0'), max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "cp1252"]),
    decimal=st.sampled_from([None, ",", "."]),
    above=st.sampled_from(["", "\n", "Titel;;;\n", "Titel\n\n", "Titel\r"]),
    below=st.sampled_from(["", "\n\n", ";;;\n", "© Amt;;;\n", "1) Fußnote\n", "05;1\n"]),
)
def test_cells_of_every_kind_are_read_the_same_both_ways(file, rows, end, encoding, decimal, above, below):
    body = "".join(f"{i:02d};{a};{b};{c}\n" for i, (a, b, c) in enumerate(rows, start=1))
    content = (above + "key;a;b;c\n" + body + below).replace("\n", end)
    try:
        file.write_bytes(content.encode(encoding))
    except UnicodeEncodeError:
        return
    assert_same_both_ways(file, decimal=decimal)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_regular_way_is_taken_and_makes_no_texts_of_numbers(file, monkeypatch, end):
    file.write_bytes(f"key;a{end}01;5{end}02;6{end}".encode())
    monkeypatch.setattr(numbers, "read_cell", None)  # not even one cell is read by itself
    taken = []
    monkeypatch.setattr(text_files, "read_row_by_row", lambda *_: taken.append("row by row"))
    asked = []
    monkeypatch.setattr(ByteCells, "texts", lambda cells, where=None: asked.append(where) or texts(cells, where))
    assert qa.read_table(file, key="key").values["a"].tolist() == [5.0, 6.0]
    assert taken == []
    assert sum(where is None for where in asked) == 1  # the keys


texts = ByteCells.texts


@pytest.mark.parametrize(
    ("cell", "plain"), [("123456789012345", True), ("1234567890123456", False), ("12345678901,23456", False)]
)
def test_only_numbers_that_a_double_holds_exactly_are_plain(cell, plain):
    assert TextCells([cell]).scan.plain.tolist() == [plain]


def test_blocks_are_put_together_where_they_were_cut(file):
    n = 70_000  # more than two blocks
    numbers = [f"{i},{i % 10}" if i % 3 else str(i) for i in range(n)]
    file.write_text("key;a\n" + "".join(f"k{i};{number}\n" for i, number in enumerate(numbers)), encoding="utf-8")
    values = qa.read_table(file, key="key").values["a"]
    assert values.tolist() == [float(number.replace(",", ".")) for number in numbers]


def test_long_cells_and_cells_at_the_very_end_are_whole(file):
    long = "Ein Gebiet mit einem Namen von mehr als zweiunddreißig Buchstaben"
    file.write_text(f"key;n;a\n01;{long};5\n02;x;123456789012345", encoding="utf-8")
    table = qa.read_table(file, key="key")
    assert table.values["n"].tolist() == [long, "x"]
    assert table.values["a"].tolist() == [5.0, 123456789012345.0]


def test_cells_with_the_separator_of_texts_are_left_to_the_careful_reading():
    assert not TextCells(["5", "6\0007"]).scan.plain.any()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.from_regex(r"-?[0-9]{0,12}([.,][0-9]{0,6})?", fullmatch=True), min_size=1, max_size=6))
def test_a_plain_number_is_what_python_makes_of_it(cells):
    import re

    plain = [re.fullmatch(r"-?(0|[1-9][0-9]*)([.,][0-9]+)?", cell) is not None for cell in cells]
    plain = [ok and sum(map(str.isdigit, cell)) <= 15 for ok, cell in zip(plain, cells, strict=True)]
    scan = TextCells(cells).scan
    assert scan.plain.tolist() == plain
    for decimal in ",.":
        read, numbers, grouped = scan.read(decimal)
        for cell, is_read, number, is_grouped in zip(cells, read, numbers, grouped, strict=True):
            other = "." if decimal == "," else ","
            if is_read and not is_grouped:
                assert number == float(cell.replace(decimal, "."))
            if is_grouped:
                assert number == float(cell.replace(other, ""))
                assert re.fullmatch(rf"-?[1-9][0-9]{{0,2}}[{other}][0-9]{{3}}", cell)
