"""Whatever dialect a city writes in, what comes back is exactly what was written."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa

GROUPS = {
    ",": ("", ".", " ", "\u202f", "\u00a0", "\u2009", "'"),
    ".": ("", ",", " ", "\u202f", "\u00a0", "\u2009", "'"),
}
NARROW = ("\u202f", "\u2009")  # not in cp1252
MARKS = {"-": "zero", ".": "suppressed", "": "missing", "/": "unreliable", "x": "not_applicable", "...": "missing"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    decimal: str
    group: str
    delimiter: str
    end: str
    minus: str
    encoding: str
    quoting: int

    def write(self, number: Decimal) -> str:
        whole, _, places = f"{abs(number):,f}".partition(".")
        text = whole.replace(",", self.group) + (self.decimal + places if places else "")
        return (self.minus if number < 0 else "") + text


@st.composite
def dialects(draw):
    decimal = draw(st.sampled_from(",."))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    groups = [group for group in GROUPS[decimal] if encoding != "cp1252" or group not in NARROW]
    return Dialect(
        decimal=decimal,
        group=draw(st.sampled_from(groups)),
        delimiter=draw(st.sampled_from(";,\t|")),
        end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        minus=draw(st.sampled_from(["-", "- "] if encoding == "cp1252" else ["-", "- ", "−"])),
        encoding=encoding,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )


LIMITS = {255, 2**15 - 1, -(2**15), 2**16 - 1, 2**31 - 1, -(2**31 - 1), -(2**31)}  # ends of what integers hold


def is_no_code(number):
    """Leave out numbers that are written like a code for "no value", which is refused: -1, -9, 999, -8888, -99.9."""
    digits = f"{abs(number):f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    looks_like_one = re.fullmatch(r"([1-9])\1+|9+\.9+|99+[678]", digits)
    return number not in (-1, -9) and number not in LIMITS and not looks_like_one


counts = st.integers(-(10**9), 10**9).map(Decimal).filter(is_no_code)
decimals = st.decimals(-(10**7), 10**7, allow_nan=False, allow_infinity=False, places=4) | st.decimals(
    -100, 100, allow_nan=False, allow_infinity=False, places=1
)
decimals = decimals.filter(is_no_code)
cells = st.one_of(counts, decimals, st.sampled_from(sorted(MARKS)))
rows = st.lists(st.tuples(cells, cells, counts), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("round") / "table.csv"


def write(file, dialect, header, body):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.end, quoting=dialect.quoting)
    writer.writerows([header, *body])
    file.write_bytes(text.getvalue().encode(dialect.encoding))


def written(cell, dialect):
    return cell if isinstance(cell, str) else dialect.write(cell)


def expected(cell):
    """Value and status of a cell, from the meaning of the marks and from the number itself."""
    if isinstance(cell, str):
        return (0.0 if MARKS[cell] == "zero" else math.nan), MARKS[cell]
    return float(cell), "zero" if cell == 0 else "value"


@settings(max_examples=80, deadline=None)
@given(dialect=dialects(), rows=rows)
def test_numbers_and_marks_come_back_exactly_in_every_dialect(file, dialect, rows):
    names = ("a", "b", "c")
    body = [[f"{i:04d}", *(written(cell, dialect) for cell in row)] for i, row in enumerate(rows)]
    anchor = ["9999", *[dialect.write(Decimal(7))] * 3]
    write(file, dialect, ["key", *names], [*body, anchor])

    table = qa.read_table(file, key="key", decimal=dialect.decimal, delimiter=dialect.delimiter)

    assert list(table.values.index) == [*(f"{i:04d}" for i in range(len(rows))), "9999"]
    for position, name in enumerate(names):
        told = [expected(row[position]) for row in rows] + [(7.0, "value")]
        for value, (number, _) in zip(table.values[name], told, strict=True):
            assert value == number or (math.isnan(value) and math.isnan(number))
        assert table.status[name].tolist() == [status for _, status in told]
    assert len(table.problems) == sum(isinstance(cell, str) for row in rows for cell in row)


@settings(max_examples=60, deadline=None)
@given(dialect=dialects().filter(lambda d: not (d.delimiter == "," and d.decimal == ",") and d.group != ","), rows=rows)
def test_one_decimal_in_a_file_is_enough_to_find_out_its_dialect(file, dialect, rows):
    body = [[f"{i:04d}", *(written(cell, dialect) for cell in row)] for i, row in enumerate(rows)]
    anchor = ["9999", *[dialect.write(Decimal("7.5"))] * 3]
    write(file, dialect, ["key", "a", "b", "c"], [*body, anchor])

    values = qa.read_table(file, key="key").values

    assert values["c"].tolist() == [*(float(row[2]) for row in rows), 7.5]


def reads_as_utf8(name):
    """Tell whether letters of a name in cp1252 are those of UTF-8 as well ("Â¡"): a file with both is refused."""
    return bool(re.search(r"[\u0080-\U0010ffff]", name.encode("cp1252").decode("utf-8", errors="ignore")))


# a file that does not say its encoding is read by its words: they have letters of words, and signs around them
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß"
NAMES = (
    st.tuples(
        st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=8),
        st.text(st.sampled_from(LETTERS), max_size=12).map(str.capitalize),
        st.sampled_from(["", " „Süd“", " – Höhe", " 5 €", " m²", "\u00a0Weiß", ", Genève", " (Größe)", " d’Ivoire"]),
    )
    .map(" ".join)
    .map(str.strip)
    .filter(lambda name: not reads_as_utf8(name))
)


@settings(max_examples=80, deadline=None)
@given(
    dialect=dialects(),
    rows=st.lists(st.tuples(NAMES.map(lambda name: f"Ort {name}"), counts, decimals), min_size=1, max_size=10),
)
def test_any_frame_comes_back_equal_whatever_dialect_it_is_written_in(file, dialect, rows):
    body = [[f"{i:03d}", name, dialect.write(a), dialect.write(b)] for i, (name, a, b) in enumerate(rows)]
    anchor = ["999", "Ort", dialect.write(Decimal(7)), dialect.write(Decimal("7.5"))]
    write(file, dialect, ["key", "Straße", "a", "b"], [*body, anchor])

    table = qa.read_table(file, key="key", decimal=dialect.decimal)

    assert list(table.values.index) == [*(f"{i:03d}" for i in range(len(rows))), "999"]
    assert table.values["Straße"].tolist() == [*(name.strip() for name, _, _ in rows), "Ort"]
    assert table.values["a"].tolist() == [*(float(a) for _, a, _ in rows), 7.0]
    assert table.values["b"].tolist() == [*(float(b) for _, _, b in rows), 7.5]
    assert table.written.startswith(dialect.encoding) or table.written.startswith("utf-8")  # cp1252 without umlauts
    assert len(table.problems) == 0
