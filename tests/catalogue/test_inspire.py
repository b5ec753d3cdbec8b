"""INSPIRE codes: both forms, every size, and what is no code."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import KeyColumnError


@pytest.mark.parametrize(
    ("code", "x", "y", "size"),
    [
        ("CRS3035RES100mN2684000E4334100", 4_334_100, 2_684_000, 100),
        ("100mN26840E43341", 4_334_100, 2_684_000, 100),
        ("CRS3035RES1000mN2684000E4334000", 4_334_000, 2_684_000, 1000),
        ("DE_CRS3035RES1000mN2684000E4334000", 4_334_000, 2_684_000, 1000),
        ("1kmN2684E4334", 4_334_000, 2_684_000, 1000),
        ("10kmN268E433", 4_330_000, 2_680_000, 10_000),
        ("250mN268475E433425", 4_334_250, 2_684_750, 250),
        (" 100mN26840E43341 ", 4_334_100, 2_684_000, 100),
    ],
)
def test_codes_name_their_lower_left_corner(code, x, y, size):
    cells = qa.inspire_cells([code])
    assert cells.to_numpy().tolist() == [[x, y, size]]
    assert cells.index.tolist() == [code]


@given(
    st.lists(st.tuples(st.integers(9_000, 74_000), st.integers(9_000, 55_000)), min_size=1, max_size=20, unique=True)
)
def test_both_forms_of_a_code_are_the_same_cell(places):
    long = [f"CRS3035RES100mN{100 * y}E{100 * x}" for x, y in places]
    short = [f"100mN{y}E{x}" for x, y in places]
    both = qa.inspire_cells([*long, *short])
    assert both.iloc[: len(places)].to_numpy().tolist() == both.iloc[len(places) :].to_numpy().tolist()
    assert both["x"].iloc[: len(places)].tolist() == [100 * x for x, _ in places]


@pytest.mark.parametrize("text", ["", "100mN26840", "N26840E43341", "CRS25832RES100mN26840E43341", "1km", None, 5])
def test_other_texts_are_refused_and_listed(text):
    with pytest.raises(KeyColumnError, match="1 of 2 entries is no code of an INSPIRE grid cell") as error:
        qa.inspire_cells(["100mN26840E43341", text])
    assert error.value.keys == (str(text),)


def test_corners_off_their_grid_are_refused():
    with pytest.raises(KeyColumnError, match="1 code names a corner off the grid"):
        qa.inspire_cells(["CRS3035RES1000mN2684000E4334100"])


def test_no_codes_are_no_cells():
    assert qa.inspire_cells([]).shape == (0, 3)
    assert isinstance(qa.inspire_cells(pd.Series(["1kmN2684E4334"])), pd.DataFrame)
