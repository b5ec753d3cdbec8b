"""Large files are gone through block by block: wherever a block ends, the table is the same."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.intake.tables import encodings, rows, text_files
from quartiersatlas.intake.tables.values import cells, frames, scan
from quartiersatlas.intake.tables.values.cells import ByteCells, RawTable, TextCells
from quartiersatlas.intake.tables.values.scan import letters
from quartiersatlas.intake.tables.values.typed import _are_dates

TABLE = "key;Name;Zahl;Anteil\r\n" + "".join(
    f"{n:03};{'Süd' if n % 3 else 'Altstadt am Mühlenbach'};{n * n % 97};{n / 7:.3f}\r\n".replace(".", ",")
    for n in range(200)
)
TABLE = TABLE.replace("005;Süd;25;", "005;Süd;.;").replace("007;Süd;49;", "007;Süd;0;")
# a word: up to 24 letters of ASCII, a letter beyond, up to 40 of either
WORD = re.compile(rb"[\x80-\xff][-'A-Za-z0-9\x80-\xff]{0,40}")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE.encode("cp1252"))
    return path


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000, 10**6])
def test_the_table_is_the_same_wherever_a_block_ends(file, monkeypatch, size):
    known = qa.read_table(file, key="key")
    monkeypatch.setattr(text_files, "BLOCK", size)
    monkeypatch.setattr(encodings, "BLOCK", size)
    monkeypatch.setattr(cells, "BLOCK", size)
    monkeypatch.setattr(scan, "BLOCK", size)
    monkeypatch.setattr(frames, "MANY", 1)
    taken = []
    monkeypatch.setattr(text_files, "read_row_by_row", lambda *_: taken.append("row by row"))
    found = qa.read_table(file, key="key")
    assert taken == []
    pd.testing.assert_frame_equal(found.values, known.values)
    pd.testing.assert_frame_equal(found.status, known.status)
    # 0, 97 and 194 are squares that 97 divides, and one was written by hand; the point hides a number
    assert found.status["Zahl"].value_counts().to_dict() == {"value": 195, "zero": 4, "suppressed": 1}
    assert found.values["Name"].value_counts().to_dict() == {"Süd": 133, "Altstadt am Mühlenbach": 67}
    assert found.written == known.written


@given(st.lists(st.text("abö-Ü1 ;,.\nß", max_size=30), max_size=20), st.sampled_from([1, 5, 10**6]))
def test_words_beyond_ascii_are_found_as_an_expression_finds_them(texts, size):
    raw = "\n".join(texts).encode("cp1252")
    known: dict[bytes, None] = {}
    for hit in WORD.finditer(raw):
        before = raw[max(hit.start() - 24, 0) : hit.start()]
        known[before[len(before.rstrip(encodings.ASCII_OF_WORDS)) :] + hit.group()] = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "BLOCK", size)
        assert encodings._words(raw) == list(known)


@given(st.lists(st.binary(max_size=20).map(lambda one: one.replace(b"\0", b"x")), min_size=1, max_size=8))
def test_letters_are_taken_to_the_last_byte_of_the_file(pieces):
    raw, ends = b"".join(pieces), np.cumsum(list(map(len, pieces)))
    lengths = np.array(list(map(len, pieces)))
    rows = letters(raw, ends - lengths, lengths, max(int(lengths.max()), 1))
    assert [row.tobytes().rstrip(b"\0") for row in rows] == pieces


@given(st.lists(st.sampled_from(["", "a", "12345678", "123456789", "Bad Godesberg", "Köln", "x" * 40]), max_size=30))
def test_texts_are_told_apart_in_the_order_of_their_first_cell(texts):
    raw = ("\n".join(texts) + "\n").encode("utf-8")
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n"))[: len(texts)]
    column = ByteCells(raw, np.append(-1, ends[:-1])[: len(texts)], ends, "utf-8")
    codes, distinct = column._distinct(np.arange(len(texts)))
    assert distinct == list(dict.fromkeys(texts))
    assert [distinct[code] for code in codes] == texts
    assert column.texts().tolist() == texts


NUMBERLIKE = st.text(st.sampled_from("0123456789,.-+ /:x\x7f"), max_size=10)


@given(
    st.lists(
        st.one_of(NUMBERLIKE, st.sampled_from(["0", "0,5", "00,5", "1,", ",1", "12345678", "1.234,5"])), max_size=40
    )
)
def test_cells_are_the_same_numbers_whole_and_letter_by_letter(texts):
    column = TextCells([*texts, *["-"] * 3])  # no cell ends beyond the last whole word
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "MOSTLY", 0.0)
        whole = TextCells([*texts, "xxxxxxxx"]).scan
        patch.setattr(scan, "MOSTLY", 2.0)
        by_letter = column.scan
    n, plain = len(texts), by_letter.plain[: len(texts)]
    assert whole.plain[:n].tolist() == plain.tolist()
    for name in ("signed", "mark", "lead", "places"):
        assert getattr(whole, name)[:n][plain].tolist() == getattr(by_letter, name)[:n][plain].tolist()


def test_short_numbers_are_read_as_whole_words(monkeypatch):
    monkeypatch.setattr(scan, "_scan_letters", None)
    texts = ["7", "0", "12345678", "0,25", "123.4567", "99999,99", "1"]
    found = TextCells([*texts, "1" * 18]).scan  # the last one is too long for a number
    assert found.plain.tolist() == [True] * 7 + [False]
    assert found.read(",")[1][:4].tolist() == [7.0, 0.0, 12345678.0, 0.25]
    assert [chr(mark) if mark else "" for mark in found.mark[:7]] == ["", "", "", ",", ".", ",", ""]
    assert found.lead[:7].tolist() == [1, 1, 8, 1, 3, 5, 1]
    assert found.places[:7].tolist() == [0, 0, 0, 2, 4, 2, 0]


@given(st.lists(st.text("01aEeé .,+-='\u00a0\n", max_size=5), min_size=1, max_size=6))
def test_keys_that_are_called_plain_are_those_that_nothing_changes(keys):
    raw = RawTable("file", ["key"], [TextCells(keys)], np.arange(1, len(keys) + 1), "")
    if rows._are_plain(keys):
        assert rows._as_meant(keys, "key", raw) == (keys, [])
        assert not _are_dates(raw.columns[0], None, are_plain=False).any()
    else:
        assert not all(key.isascii() and key.isalnum() for key in keys)


def test_columns_of_one_status_are_changed_each_by_itself(file, monkeypatch):
    monkeypatch.setattr(frames, "MANY", 1)
    file.write_text("key;a;b\n01;1;2\n02;3;4\n", encoding="utf-8")
    status = qa.read_table(file, key="key").status
    status.iloc[0, 0] = "missing"
    assert status.to_numpy().tolist() == [["missing", "value"], ["value", "value"]]
