"""Keys that were numbers on their way: put right where nothing is lost, refused where digits are."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.base.keys import lost_zeros, refuse_number_keys, whole_keys
from quartiersatlas.errors import KeyColumnError


@pytest.mark.parametrize(
    ("keys", "whole"),
    [
        (["9162000.0", "9184112.0"], ["9162000", "9184112"]),
        (["9162000,00", "9184112,00"], ["9162000", "9184112"]),
        (["9162000.0", "", "Summe"], ["9162000", "", "Summe"]),
        (["9.162000E+06", "9.184112E+06"], ["9162000", "9184112"]),
        (["9,16200000E+06", "9184112"], ["9162000", "9184112"]),
        (["2e+05", "200001", "200002"], ["200000", "200001", "200002"]),  # others of its length are written in full
    ],
)
def test_what_is_certain_is_written_out_with_a_note(keys, whole):
    read, note = whole_keys(keys, "column 'ags'")
    assert read == whole
    assert "column 'ags'" in note
    assert repr(keys[0]) in note


@pytest.mark.parametrize(
    "keys",
    [
        ["09162000", "09184112"],
        ["1.0", "1.1", "2.0"],  # headings
        ["1.0", "2"],
        ["01.0", "02.0"],  # a leading zero is no number's
        ["1.000", "2.000"],  # thousands
        ["1E5", "2E7", "E01000001", "3e12"],  # codes with a letter
        ["Altstadt", ""],
        [],
    ],
)
def test_other_keys_stay_without_a_note(keys):
    assert whole_keys(keys, "the index") == (keys, "")


@pytest.mark.parametrize("key", ["9.16E+06", "9,162E+06", "9E+06", "9e+06", "9.1620005E+06", "1.2E+300"])
def test_keys_whose_digits_are_gone_are_refused_with_the_cause(key):
    with pytest.raises(KeyColumnError, match=r"2 keys of the index are written in powers of ten.*digits are gone") as e:
        whole_keys([key, key, "91841"], "the index")
    assert e.value.keys == (key, key)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=20, unique=True))
def test_numbers_that_went_through_a_float_come_back(numbers):
    keys = [str(float(n)) if n < 10**12 else f"{n}.0" for n in numbers]
    assert whole_keys(keys, "the index")[0] == [str(n) for n in numbers]


@pytest.mark.parametrize(
    ("keys", "areas", "found"),
    [
        (["401", "1402"], ["0401", "1402"], {"401": "0401"}),
        ([401, 1402], ["0401", "1402"], {401: "0401"}),
        (["0", "1", "2"], ["01", "02", "03"], {}),  # rows, not keys: one would have no area
        (["1", "01"], ["01", "02"], {}),  # two would be one
        (["1", "2"], ["1", "02"], {}),  # keys of several lengths
        (["7a"], ["07a"], {}),
        ([True], ["01"], {}),
    ],
)
def test_zeros_were_lost_where_every_short_key_finds_an_area_of_its_own(keys, areas, found):
    assert lost_zeros(keys, areas) == found


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        (pd.Index([401, 1402]), "2 keys of the table are numbers: '401', '1402'"),
        (pd.Index([401.0, 1402.0]), "2 keys of the table are numbers"),
        (["401", "1402"], "1 key of the table has lost its leading zeros: '401'"),
    ],
)
def test_number_keys_are_refused_beside_text_keys(keys, fault):
    with pytest.raises(KeyColumnError, match=rf"{fault}.*with their zeros: '0401', '1402'\. Do this\."):
        refuse_number_keys(keys, ["0401", "1402"], "the table", "Do this")


def test_equal_keys_and_numbers_on_both_sides_are_no_fault():
    assert refuse_number_keys(["0401"], ["0401", "1402"], "the table", "") is None
    assert refuse_number_keys([1, 2], [1, 2, 3], "the table", "") is None
    assert refuse_number_keys(["5", "17"], ["5", "17"], "the table", "") is None
