"""Damaged files end in a result whose changed cells are listed, or in an error of ours: never in a traceback.

The tests run some files of every format; ``python scripts/fuzz.py tables --n 2000`` runs more.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest
from fuzzing.faults import dice
from fuzzing.tables import run_other, run_same, run_text, unlisted
from fuzzing.verdict import ending

import quartiersatlas as qa


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_damaged_text_files_give_listed_changes_or_our_errors(tmp_path, start):
    ended = Counter(run_text(seed, tmp_path) for seed in range(start, start + 50))
    assert ended["read, with problems"] + ended["read"] > 5
    assert sum(count for how, count in ended.items() if how.endswith("Error")) > 5


def test_the_oracle_sees_a_number_that_was_changed(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("key;a\n01;12,5\n02;1.250\n", encoding="utf-8")
    table = qa.read_table(file, key="key")
    assert unlisted(table, file.read_bytes()) == []
    table.values.loc["02", "a"] = 1.25
    assert [fault[2] for fault in unlisted(table, file.read_bytes())] == ["1.250"]


def test_other_damaged_formats_give_a_table_or_our_errors(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    ended = Counter(run_other(seed, tmp_path) for seed in range(240))
    assert {how.split()[0] for how in ended} == {".json", ".parquet", ".dbf", ".xlsx"}


def test_a_table_that_is_only_written_otherwise_has_the_same_values(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
    assert {run_same(seed, tmp_path) for seed in range(30)} == {"same"}


def test_whatever_a_database_holds_is_a_table_or_our_error():
    rng = dice(1)
    numbers = [None, 0, -1, 5, 1.5, float("inf"), 2**62, -9999]
    values = [*numbers, "", " ", "-", "x", "k.A.", b"\x00\xff", "12,5", "18.217", "Süd"]
    ended = Counter()
    for _ in range(100):
        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE TABLE t (key, a, b)")
            connection.executemany(
                "INSERT INTO t VALUES (?, ?, ?)", [[rng.choice(values) for _ in range(3)] for _ in range(4)]
            )
            ended[ending(lambda c=connection: qa.read_query("SELECT * FROM t", c, key="key")).how] += 1
        connection.close()
    assert ended["done"]
