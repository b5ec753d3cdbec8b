"""Units inside areas: known parts of the inequality, and a test of "contains both" that chance rarely passes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, KeyColumnError, SpecError

# ../shared/reference/acting/within_input.csv and within_known.csv: made-up counts, independent prototype
BLOCKS = pd.DataFrame(
    {
        "area": list("AAABBBCC"),
        "x": [60.0, 30, 10, 20, 20, 20, 90, 5],
        "n": [200.0, 200, 200, 150, 100, 150, 150, 150],
    },
    index=list("12345678"),
)
KNOWN = pd.DataFrame(
    {
        "share": [0.16666666666666666, 0.15, 0.31666666666666665],
        "min": [0.05, 0.13333333333333333, 0.03333333333333333],
        "max": [0.3, 0.2, 0.6],
        "range": [0.25, 0.06666666666666668, 0.5666666666666667],
        "theil": [0.20066656381132994, 0.017372000379671418, 0.48695512992671364],
        "chi2": [45.6, 2.6143790849673203, 111.29653401797175],
        "df": [2.0, 2.0, 1.0],
        "p": [1.2533888086068373e-10, 0.2705794407991863, 5.0950190385463e-26],
        "var_between": [0.0004013048095888335, 0.0006554392353208923, 0.0033515399787589135],
        "var_within": [0.004871794871794871, 0.00025641025641025646, 0.018525641025641023],
    },
    index=list("ABC"),
)


@pytest.fixture
def within():
    return qa.within_area(BLOCKS, ("x", "n"), area="area")


def test_the_parts_of_each_area_are_the_known_ones(within):
    found = within.table[list(KNOWN.columns)].astype(float)
    np.testing.assert_allclose(found, KNOWN, rtol=1e-10)


def test_theil_and_variance_add_up(within):
    city = within.city
    assert city["theil"] == pytest.approx(0.3156, abs=5e-5)
    assert city["theil_within"] == pytest.approx(0.2642, abs=5e-5)
    assert city["theil_between"] == pytest.approx(0.0514, abs=5e-5)
    spread = (BLOCKS["n"] * (BLOCKS["x"] / BLOCKS["n"] - 255 / 1300) ** 2).sum() / 1300
    assert city["variance"] == pytest.approx(spread)


def test_two_units_have_no_verdict(within):
    assert within.table["verdict"].to_dict() == {"A": "both", "B": "undecided", "C": "counts_only"}
    assert list(within.public.columns) == ["units", "verdict"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_theil_adds_up_for_any_counts(rows):
    units = pd.DataFrame([(a, float(x), float(x + more)) for a, x, more in rows], columns=["area", "x", "n"])
    if units["n"].sum() == 0:
        return
    city = qa.within_area(units, ("x", "n"), area="area").city
    assert city["theil"] == pytest.approx(city["theil_within"] + city["theil_between"], abs=1e-12)


@pytest.mark.parametrize(("k", "points"), [(3, 7.5), (8, 12.7), (20, 16.6)])
def test_the_range_of_alike_units_grows_with_their_number(k, points):
    # acting.md section 5, measured there: blocks of 80 persons, 20 %
    units = pd.DataFrame({"area": ["A"] * k, "x": [16.0] * k, "n": [80.0] * k})
    found = qa.within_area(units, ("x", "n"), area="area").table.loc["A", "range_expected"]
    assert 100 * found == pytest.approx(points, abs=0.15)


@pytest.mark.parametrize("k", [3, 8])
def test_chance_alone_rarely_contains_both_and_a_real_contrast_mostly_does(k):
    rng = np.random.default_rng(5)
    n_areas = 2000
    area = np.repeat([f"{i:04d}" for i in range(n_areas)], k)
    alike = pd.DataFrame({"area": area, "x": rng.binomial(80, 0.2, k * n_areas).astype(float), "n": 80.0})
    rates = alike["x"] / 80
    naive = rates.gt(0.2).groupby(area).any() & rates.lt(0.2).groupby(area).any()
    found = qa.within_area(alike, ("x", "n"), area="area").table["verdict"]
    assert naive.mean() > 0.6
    assert found.eq("both").mean() <= 0.002
    mixed = alike.copy()
    place = np.arange(len(area)) % k
    first, second = (place == 0, place == 1) if k == 3 else (place % 2 == 0, place % 2 == 1)
    mixed.loc[first, "x"] = rng.binomial(80, 0.35, first.sum())
    mixed.loc[second, "x"] = rng.binomial(80, 0.08, second.sum())
    power = qa.within_area(mixed, ("x", "n"), area="area").table["verdict"].eq("both").mean()
    assert power > {3: 0.55, 8: 0.65}[k]


def test_a_block_of_29_leaves_counts_alone_and_one_of_30_does_not():
    units = pd.DataFrame({"area": ["A"] * 3, "x": [3.0] * 3, "n": [100.0, 100, 30]})
    assert qa.within_area(units, ("x", "n"), area="area").table.loc["A", "verdict"] != "counts_only"
    units.loc[2, "n"] = 29.0
    within = qa.within_area(units, ("x", "n"), area="area")
    assert within.table.loc["A", "verdict"] == "counts_only"
    assert not [mark for mark in within.chart().marks if mark.kind == "dot"]


def test_empty_units_are_counted_and_unknown_ones_leave_their_area_out():
    units = BLOCKS.copy()
    units.loc["9"] = ["A", 0.0, 0.0]
    units.loc["10"] = ["B", np.nan, 50.0]
    found = qa.within_area(units, ("x", "n"), area="area").table
    assert found.loc["A", ["units", "empty", "verdict"]].tolist() == [4, 1, "both"]
    assert found.loc["B", ["unknown", "verdict"]].tolist() == [1, "unknown"]


def test_a_rate_of_joined_units_is_taken_with_its_counts():
    shapes = [shapely.box(i, 0, i + 1, 1) for i in range(8)]
    areas = GeoDataFrame({"name": BLOCKS.index, "district": BLOCKS["area"]}, geometry=shapes, crs="EPSG:25832")
    data = qa.add_rates(qa.join(areas, BLOCKS[["x", "n"]]), {"poverty": ("x", "n")})
    assert qa.within_area(data, "poverty", area="district").table.loc["A", "range"] == pytest.approx(0.25)


def test_sentences_name_areas_and_no_value_of_a_block(within):
    for lang, words in (("de", "A enthält Blöcke"), ("en", "A contains blocks")):
        said = within.text(lang)
        assert words in said
        assert "30" not in said
        assert within.chart(lang=lang).rows[0][0] == "A"


def test_units_in_no_area_or_in_two_are_refused():
    units = BLOCKS.copy()
    units.loc["3", "area"] = None
    with pytest.raises(KeyColumnError, match="1 unit lies in no area: '3'"):
        qa.within_area(units, ("x", "n"), area="area")
    twice = pd.concat([BLOCKS, BLOCKS.loc[["3"]].assign(area="B")])
    with pytest.raises(KeyColumnError, match="1 unit is there twice"):
        qa.within_area(twice, ("x", "n"), area="area")


def test_what_is_no_count_or_no_column_is_refused(within):
    with pytest.raises(ColumnError, match="has no column 'poor'"):
        qa.within_area(BLOCKS, ("poor", "n"), area="area")
    with pytest.raises(CountError):
        qa.within_area(BLOCKS.assign(x=500.0), ("x", "n"), area="area")
    with pytest.raises(CountError, match="nobody lives"):
        qa.within_area(BLOCKS.assign(x=0.0, n=0.0), ("x", "n"), area="area")
    with pytest.raises(SpecError, match="no area 'Z'"):
        within.chart(areas=["Z"])
