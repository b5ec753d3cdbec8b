"""Codes that stand for "no value" are refused until they are named."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import CountError, NumberError, SpecError
from quartiersatlas.intake.joining.data import checked_counts
from quartiersatlas.intake.tables.values.codes import suspected_codes


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
        ((-666666666, 41000, 38500), ["-666666666"]),  # annotations of a census
        ((-222222222, -333333333, -888888888, 120), ["-222222222", "-333333333", "-888888888"]),
        ((-333333333, -40, 25), ["-333333333"]),
        ((-32768, 900, 14), ["-32768"]),  # the ends of what integers hold
        ((2147483647, 900, 14), ["2147483647"]),
        ((-2147483648, -15, 14), ["-2147483648"]),
        ((65535, 12, 40), ["65535"]),
        ((255, 255, 12, 20), ["255"]),
        ((998, 999, 12, 40), ["998", "999"]),  # several answers
        ((-5555, -5555, 12, 40), ["-5555"]),
        ((888888, 12, 40), ["888888"]),
        (("-99,9", "12,5", "3,25"), ["-99.9"]),
    ],
)
def test_codes_among_numbers_are_refused_with_the_repair_that_works(read, values, codes):
    with pytest.raises(NumberError, match="looks like a code for a missing value") as caught:
        read(column(*values))
    for code in codes:
        assert f"'{code}': 'missing'" in str(caught.value)
    assert len(caught.value.problems) == sum(
        str(value).replace(",0", "").replace(",", ".") in codes for value in values
    )
    table = read(column(*values), symbols=dict.fromkeys(codes, "missing"))
    assert table.status["a"].eq("missing").sum() == len(caught.value.problems)


@pytest.mark.parametrize(
    "values",
    [
        (-1, 5, 7),  # once: a small loss
        (-1, -1, -2, 5),  # other negative numbers: a balance
        (-9, -9, -4, 30),
        (-3, -12, -1, -1, -1, 8, 25),  # net migration
        (-3, -3, 14, 8),
        (-120, -120, 8, 5),
        (-5555, 12, 40),
        (-22, 12, 40),
        (255, 12, 20),
        (111, 111, 5, 9),
        (99999, 35000, 120000),  # incomes
        (250001, 250001, 48000, 31500),  # a highest class
        (1999, 2000, 2001),
        (3600000, 812, 1450, 655),  # a city among villages
        (0, 0, 0),
        (999, 450, 1480),
        (32767, 28000, 41000),
        ("-99,9", "-80,5", "12,5"),
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


@pytest.mark.parametrize(
    "code", ["-3.4028234663852886e+38", "-1.797693134862315e+308", "1.7976931348623157e308", "1e38"]
)
def test_the_ends_of_decimal_numbers_are_codes_whose_name_works_when_it_is_pasted(read, code):
    content = column(code, "12.5", "3")
    with pytest.raises(NumberError, match="looks like a code") as caught:
        read(content)
    symbols = re.search(r"symbols=\{'(.+?)': 'missing'\}", str(caught.value))
    table = read(content, symbols={symbols[1]: "missing"})
    assert table.status["a"].tolist() == ["missing", "value", "value"]


# frames pass the same door


@pytest.mark.parametrize("code", [-9999, -666666666, -32768, 999999, float(np.float32(-3.4028235e38))])
def test_codes_in_a_joined_frame_are_refused_with_advice_that_works(row, code):
    areas, frame = row("01", "02", "03"), pd.DataFrame({"a": [code, 5.0, 7.0], "b": "x"}, index=["01", "02", "03"])
    with pytest.raises(NumberError, match=r"Column 'a' has .* first in row 01: it looks like a code") as caught:
        qa.join(areas, frame)
    advice = re.search(r"join\(\.\.\., symbols=\{'(.+?)': 'missing'\}\)", str(caught.value))
    data = qa.join(areas, frame, symbols={advice[1]: "missing"})
    assert data.status["a"].tolist() == ["missing", "value", "value"]
    assert data.values["a"].isna().tolist() == [True, False, False]
    assert frame["a"].iloc[0] == code  # the caller's frame is as it was
    assert qa.join(areas, frame, symbols={advice[1]: "value"}).values["a"].iloc[0] == code


def test_a_balance_in_a_frame_is_joined_as_it_is(row):
    balance = [-3.0, -1, -1, -12, 25]
    frame = pd.DataFrame({"net": balance}, index=["1", "2", "3", "4", "5"])
    assert qa.join(row(*frame.index), frame).values["net"].tolist() == balance


def test_a_code_of_a_frame_may_be_a_zero(row):
    frame = pd.DataFrame({"a": [-99.0, 5.0]}, index=["1", "2"])
    data = qa.join(row("1", "2"), frame, symbols={"-99": "zero"})
    assert data.values["a"].tolist() == [0.0, 5.0]
    assert data.status["a"].tolist() == ["zero", "value"]


def test_symbols_of_a_frame_are_numbers_and_those_of_a_file_are_named_with_it(read, row):
    frame = pd.DataFrame({"a": [4.0]}, index=["01"])
    with pytest.raises(SpecError, match=r"'k\.A\.' is no number"):
        qa.join(row("01"), frame, symbols={"k.A.": "missing"})
    with pytest.raises(SpecError, match=r"read_table\(\.\.\., symbols="):
        qa.join(row("01"), read(column(4)), symbols={"-1": "missing"})


def test_negative_counts_are_called_codes_only_where_they_look_like_one(row):
    data = qa.join(row("1", "2", "3", "4"), pd.DataFrame({"net": [-3.0, -3, -8, 20]}, index=["1", "2", "3", "4"]))
    with pytest.raises(CountError, match="Counts are 0 or more"):
        data.counts("net")
    with pytest.raises(CountError, match=r"-888 looks like a code.*symbols=\{'-888': 'missing'\}"):
        checked_counts(pd.Series([-888.0, 3, 8], index=["1", "2", "3"]))
