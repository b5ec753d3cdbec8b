"""Faults that any file can have, and values that no one expects: everything is drawn from a seed."""

from __future__ import annotations

import datetime as dt
import io
import math
import random
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Fault = Callable[[bytes, int, random.Random], bytes]

MARKS = (
    *("-", ".", "...", "/", "x", "*", "k.A.", "-9999", "12 1)", "(5)", "7p", "3 %", "0012", "1.2.3", "=1+1", '"'),
    *(";", "\0", "€"),
)

# names as nobody should choose them: markup, formulas, control characters, both directions of writing, halves of pairs
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(A1)",
    "@SUM(A1)",
    "+49 30",
    "-1+1",
    "{{ 7*7 }}",
    "{name} %s %d",
    "a\nb",
    "a\r\nb",
    "a\tb",
    "a\x00b",
    "a\x07b",
    "a\x1b[31mb",
    "\u202eabc\u202c",
    "\u200f\u05d0\u05d1",
    "\ufeffMitte",
    "Su\u0308d",
    "\U0001f3d8 Dorf",
    "a\ud800b",
    "\uffff",
    "a\u2028b",
    "x" * 5000,
    " ",
    "",
    "../../etc/passwd",
    "C:\\Daten\\x",
    "nan",
    "None",
    "NULL",
    "true",
    "1e400",
    "'; DROP TABLE a; --",
)

# values of every kind that a file can hold where another one is meant
ODD: tuple[Any, ...] = (
    *(0, 1, -1, 2**31, 2**63, 10**30, 10**400, 0.5, -0.0, 1e308, 1e-320, math.nan, math.inf, -math.inf),
    *(True, False, "", " ", "x", "2024", "nan", [], [[]], [1], ["a", "a"], [None][:0], {}, {"a": 1}, {"": ""}),
    *({"a": {"b": {"c": []}}}, [{}], [{"a": 1}], dt.date(2024, 12, 31), dt.time(12, 0)),
)


def dice(seed: int) -> random.Random:
    """Give the source of chance of one case."""
    return random.Random(seed)  # noqa: S311 - faults need no cryptography


def damaged(raw: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        if raw:
            raw = rng.choice(FAULTS)(raw, rng.randrange(len(raw)), rng)
    return raw


def inside_damaged(raw: bytes, rng: random.Random) -> bytes:
    """Damage an entry of an archive and pack it anew, so that the archive itself is sound."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    if not entries:
        return raw
    name = rng.choice(sorted(entries))
    choice = rng.choice(["bytes", "bytes", "gone", "empty", "text"])
    if choice == "gone":
        del entries[name]
    else:
        entries[name] = damaged(entries[name], rng) if choice == "bytes" else b"" if choice == "empty" else b"Amt <b>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, content in entries.items():
            archive.writestr(inner, content)
    return file.getvalue()


def _flip(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def _replace(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + bytes([rng.choice(b"0123456789.,;- x\t\n\r\"'")]) + raw[at + 1 :]


def _delete(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + raw[at + rng.randint(1, 3) :]


def _insert(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + bytes(rng.choice(b"0123456789.,;- %()*\n") for _ in range(rng.randint(1, 2))) + raw[at:]


def _insert_mark(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + rng.choice(MARKS).encode("cp1252") + raw[at:]


def _drop_line(raw: bytes, _: int, rng: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def _cut(raw: bytes, at: int, _: random.Random) -> bytes:
    return raw[:at]


def _double(raw: bytes, at: int, rng: random.Random) -> bytes:
    return raw[:at] + raw[at : at + rng.randint(1, 40)] + raw[at:]


def _swap(raw: bytes, _: int, rng: random.Random) -> bytes:
    old, new = rng.sample([b";", b",", b".", b"\t", b" "], 2)
    return raw.replace(old, new, rng.choice([1, 3, 100_000]))


FAULTS: tuple[Fault, ...] = (
    *(_flip, _flip, _replace, _delete, _insert, _insert_mark, _drop_line, _cut, _double, _swap),
)
