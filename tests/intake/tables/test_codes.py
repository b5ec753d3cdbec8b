"""Codes that stand for "no value" are refused until they are named."""

from __future__ import annotations

import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import NumberError
from quartiersatlas.intake.tables.codes import suspected_codes


def column(*values):
    return "key;a\n" + "".join(f"{i:02d};{value}\n" for i, value in enumerate(values, start=1))


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ((-9999, -9999, 7), ["-9999"]),
        ((-999, 5, 7), ["-999"]),
        ((-99, 5, 7), ["-99"]),
        (("-9999,0", "1,5", "-2,25"), ["-9999"]),  # far from all others, which may be negative
        ((-1, -1, 5, 0), ["-1"]),
        ((-9, -9, 5, 0), ["-9"]),
        ((-1, -1, -9, -9, 12), ["-1", "-9"]),
        ((99999999, 120, 4000), ["99999999"]),
        ((9999, 9999, 12, 40), ["9999"]),
        ((-8888, -9999, 30, 12), ["-8888", "-9999"]),
    ],
)
def test_codes_among_numbers_are_refused_with_the_repair_that_works(read, values, codes):
    with pytest.raises(NumberError, match="looks like a code for a missing value") as caught:
        read(column(*values))
    for code in codes:
        assert f"'{code}': 'missing'" in str(caught.value)
    assert len(caught.value.problems) == sum(str(value).replace(",0", "") in codes for value in values)
    table = read(column(*values), symbols=dict.fromkeys(codes, "missing"))
    assert table.status["a"].eq("missing").sum() == len(caught.value.problems)


@pytest.mark.parametrize(
    "values",
    [
        (-1, 5, 7),  # once: a small loss
        (-1, -1, -2, 5),  # other negative numbers: a balance
        (-9, -9, -4, 30),
        (-99, -120, 300),
        (999, 998, 1200),  # near the others
        (9999, 8123, 15000),
        (9999, 12, 40),  # once, and not large enough to be certain
        ("-9,5", "-9,5", "3,5"),
        (-5, 7, 8),
        (99, 99, 3),
        (9999,),
    ],
)
def test_numbers_that_may_be_true_are_read(read, values):
    table = read(column(*values))
    assert table.values["a"].tolist() == [float(str(value).replace(",", ".")) for value in values]


def test_the_message_names_the_lines_and_how_often(read):
    with pytest.raises(NumberError, match=r"Column 'a' has -9999 \(2 times\) among its numbers, first in lines 2, 4"):
        read(column(-9999, 5, -9999, 7))


def test_a_code_that_is_named_does_not_hide_another(read):
    with pytest.raises(NumberError, match="-8888"):
        read(column(-9999, -8888, 5, 7), symbols={"-9999": "missing"})


def test_words_are_no_place_for_codes(read):
    assert read("key;a;b\n01;-9999;5\n02;Nord;6\n03;Süd;7\n").values["a"].tolist() == ["-9999", "Nord", "Süd"]


def test_a_code_among_grouped_thousands_is_named_as_a_code(tmp_path):
    rows = [f"{i:03d};{1 + i}.{100 + i};{i},5" for i in range(20)] + ["020;-9999;1,5", "021;-9999;2,5"]
    file = tmp_path / "a.csv"
    file.write_text("\n".join(["key;people;share", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(NumberError, match=r"symbols=\{'-9999': 'missing'\}"):
        qa.read_table(file, key="key")
    table = qa.read_table(file, key="key", symbols={"-9999": "missing"})
    assert table.values.loc["019", "people"] == 20119
    assert table.status.loc["020", "people"] == "missing"


@pytest.mark.parametrize(
    ("values", "suspected"),
    [
        ([-77, 12, 40], [-77]),
        ([-888, 12, 40], [-888]),
        ([999, 999, 12, 40], [999, 999]),
        ([9999, 12, 40, 9999], [9999, 9999]),
        ([99999999, 12, 40], [99999999]),
        ([-9999, None, -2.5, 4], [-9999]),  # far from all others, which may be negative
        ([-77, -60, 40], []),
        ([9999, 12, 40], []),  # once, and not large enough to be certain
        ([-1, -1, 12], []),  # in a frame nobody can say that a small loss is one
        ([None, None], []),
    ],
)
def test_codes_in_a_frame_are_those_of_a_file(values, suspected):
    assert suspected_codes(pd.Series(values)).tolist() == suspected
