"""Damaged files end in a result whose changed cells are listed, or in an error of ours: never in a traceback.

The tests run 200 damaged text files and some of every other format; ``python scripts/fuzz_tables.py 2000`` runs more.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
from collections import Counter
from decimal import Decimal

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import QuartiersatlasError

COLUMNS = ["key", "Straße", "Einwohner", "Anteil", "Wanderung"]
MARKS = [
    "-",
    ".",
    "...",
    "/",
    "x",
    "*",
    "k.A.",
    "-9999",
    "12 1)",
    "(5)",
    "7p",
    "3 %",
    "0012",
    "1.2.3",
    "=1+1",
    '"',
    ";",
    "\0",
    "€",
]


def base_rows(rng):
    """Return rows as cities print them, decimal comma and all."""
    for i in range(30):
        residents = f"{rng.randint(1000, 99_999):,}".replace(",", ".") if i % 7 else rng.choice("-.")
        share = f"{rng.uniform(0, 100):.2f}".replace(".", ",") if i % 9 else "x"
        yield [
            f"{i + 1:04d}",
            rng.choice(["Große Höfe", "Süd", "Am Wall"]),
            residents,
            share,
            str(rng.randint(-500, 500)),
        ]


def base_file(rng):
    """Return an undamaged file in one of several dialects, and its encoding."""
    encoding = rng.choice(["utf-8", "utf-8-sig", "cp1252", "cp1252", "cp1252", "utf-16"])
    text = io.StringIO()
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(
        text, delimiter=rng.choice(";;\t|"), quoting=quoting, lineterminator=rng.choice(["\n", "\r\n", "\r"])
    )
    writer.writerows([COLUMNS, *base_rows(rng)])
    return text.getvalue().encode(encoding)


def flip(raw, at, rng):
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def replace(raw, at, rng):
    return raw[:at] + bytes([rng.choice(b"0123456789.,;- x\t\n\r\"'")]) + raw[at + 1 :]


def delete(raw, at, rng):
    return raw[:at] + raw[at + rng.randint(1, 3) :]


def insert(raw, at, rng):
    return raw[:at] + bytes(rng.choice(b"0123456789.,;- %()*\n") for _ in range(rng.randint(1, 2))) + raw[at:]


def insert_mark(raw, at, rng):
    return raw[:at] + rng.choice(MARKS).encode("cp1252") + raw[at:]


def drop_line(raw, _, rng):
    lines = raw.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def cut(raw, at, _):
    return raw[:at]


def double(raw, at, rng):
    return raw[:at] + raw[at : at + rng.randint(1, 40)] + raw[at:]


def swap(raw, _, rng):
    old, new = rng.sample([b";", b",", b".", b"\t", b" "], 2)
    return raw.replace(old, new, rng.choice([1, 3, 100_000]))


FAULTS = (flip, flip, replace, delete, insert, insert_mark, drop_line, cut, double, swap)


def damaged(raw, rng):
    """Return the bytes with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        if raw:
            raw = rng.choice(FAULTS)(raw, rng.randrange(len(raw)), rng)
    return raw


NUMBER = re.compile(r"(?P<sign>[-+−–]?)\s*(?P<whole>\d{1,3}(?:(?P<group>[.,\s'’])\d{3})+|\d*)(?P<places>[.,]\d+)?\s*%?")


def oracle(cell, decimal):
    """Return the number that a cell is by the rules of print, or None; exact, and written without the library."""
    found = NUMBER.fullmatch(cell.strip())
    places = found and found["places"]
    if not found or not (found["whole"] or places) or (places and places[0] != decimal):
        return None
    if found["group"] == decimal == ",":  # 80,934 beside 12,34 is a decimal; 80.934 beside 12.34 is refused
        return Decimal(cell.strip().replace(",", "."))
    if found["group"] == decimal:
        return None
    whole = re.sub(r"[.,\s'’]", "", found["whole"])
    number = Decimal((whole or "0") + (places or "").replace(",", "."))
    return -number if found["sign"] in tuple("-−–") else number


def unlisted(table, raw):
    """Return the numbers of a table that are neither what the file's cell says nor listed in its problems."""
    encoding, delimiter, decimal = re.fullmatch(r"(\S+), delimiter '(.+)', decimal '(.)'", table.written).groups()
    text = raw.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    split = any("joined again" in note for note in table.notes)
    reader = csv.reader(io.StringIO(text), delimiter="," if split else delimiter.encode().decode("unicode_escape"))
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if split:
        rows = [(line, ",".join(row).split(";")) for line, row in rows]
    aside = set(
        table.problems.loc[table.problems["done"].str.contains("set aside") & (table.problems["column"] == ""), "row"]
    )
    rows = [(line, row) for line, row in rows if line not in aside]
    (_, header), body = rows[0], rows[1:]
    names = [name.strip() for name in header]
    listed = set(zip(table.problems["row"], table.problems["column"], strict=True))
    assert len(body) == len(table.values), "rows were lost or made"
    faults = []
    for name in table.values.columns:
        position = names.index(name) if name in names else int(name.rpartition("_")[2]) - 1
        is_text = not pd.api.types.is_numeric_dtype(table.values[name])
        told = any(note.startswith("read as text") and repr(name) in note for note in table.notes)
        assert told == is_text, f"column {name!r} turned into text and no note says so"
        for (line, row), value, status in zip(body, table.values[name], table.status[name], strict=True):
            cell = row[position].strip()
            if is_text:
                faults += [] if value == cell else [(line, name, cell, value)]
            elif (line, name) not in listed:
                number = oracle(cell, decimal)
                same = number is not None and float(number) == value and status == ("zero" if value == 0 else "value")
                faults += [] if same else [(line, name, cell, value, status)]
    return faults


def run(seed, folder):
    """Damage one file and read it; return how it ended."""
    rng = random.Random(seed)  # noqa: S311 - faults need no cryptography
    raw = damaged(base_file(rng), rng)
    file = folder / "table.csv"
    file.write_bytes(raw)
    try:
        table = qa.read_table(file, key="key")
    except QuartiersatlasError as error:
        return type(error).__name__
    faults = unlisted(table, raw)
    assert not faults, f"seed {seed}: {faults[:3]} in {table!r}"
    return "read, with problems" if len(table.problems) > 8 else "read"


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_damaged_text_files_give_listed_changes_or_our_errors(tmp_path, start):
    ended = Counter(run(seed, tmp_path) for seed in range(start, start + 50))
    assert ended["read, with problems"] + ended["read"] > 5
    assert sum(count for how, count in ended.items() if how.endswith("Error")) > 5


def test_the_oracle_sees_a_number_that_was_changed(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("key;a\n01;12,5\n02;1.250\n", encoding="utf-8")
    table = qa.read_table(file, key="key")
    assert unlisted(table, file.read_bytes()) == []
    table.values.loc["02", "a"] = 1.25
    assert [fault[2] for fault in unlisted(table, file.read_bytes())] == ["1.250"]


def written(ending, folder):
    """Write a good table in one of the other formats; return its bytes."""
    frame = pd.DataFrame({"key": [f"{i:04d}" for i in range(20)], "Ort": "Süd", "a": range(20), "b": 1.5})
    file = folder / f"good{ending}"
    if ending == ".json":
        file.write_text(json.dumps(frame.to_dict("records")), encoding="utf-8")
    elif ending == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow (extra parquet) is not installed")
        frame.to_parquet(file)
    elif ending == ".dbf":
        import pyogrio

        pyogrio.write_dataframe(frame, folder / "good.dbf", driver="ESRI Shapefile")
    else:
        frame.to_excel(file, index=False)
    return file.read_bytes()


@pytest.mark.parametrize("ending", [".json", ".parquet", ".dbf", ".xlsx"])
def test_other_damaged_formats_give_a_table_or_our_errors(tmp_path, ending):
    raw = written(ending, tmp_path)
    ended = Counter(run_other(seed, raw, tmp_path / f"table{ending}") for seed in range(60))
    assert ended.total() == 60


def run_other(seed, raw, file):
    """Damage a file of another format and read it; return how it ended."""
    rng = random.Random(seed)  # noqa: S311 - faults need no cryptography
    file.write_bytes(damaged(raw, rng))
    try:
        qa.read_table(file, key="key")
    except QuartiersatlasError as error:
        return type(error).__name__
    return "read"


def test_whatever_a_database_holds_is_a_table_or_our_error():
    rng = random.Random(1)  # noqa: S311 - cells need no cryptography
    values = [
        None,
        "",
        " ",
        "-",
        "x",
        "k.A.",
        0,
        -1,
        5,
        1.5,
        float("inf"),
        2**62,
        b"\x00\xff",
        "12,5",
        "18.217",
        "Süd",
        -9999,
    ]
    ended = Counter()
    for _ in range(100):
        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE TABLE t (key, a, b)")
            connection.executemany(
                "INSERT INTO t VALUES (?, ?, ?)", [[rng.choice(values) for _ in range(3)] for _ in range(4)]
            )
            try:
                qa.read_query("SELECT * FROM t", connection, key="key")
                ended["read"] += 1
            except QuartiersatlasError as error:
                ended[type(error).__name__] += 1
        connection.close()
    assert ended["read"]
