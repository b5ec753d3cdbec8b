"""Large files are gone through block by block: wherever a block ends, the table is the same."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.intake.tables import encodings, text_files
from quartiersatlas.intake.tables.values import cells, frames
from quartiersatlas.intake.tables.values.cells import ByteCells, letters

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
