"""Segregation between and within districts: published values, the formula in loops, and what must always hold."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import ColumnError, CountError, SpecError
from quartiersatlas.segregation.indices.multigroup import information_theory, mutual_information
from quartiersatlas.segregation.inference.decompose import decompose

M, H = "mutual_information", "information_theory"
few = settings(max_examples=25, deadline=None)
T1 = pd.DataFrame(
    {"a": [40.0, 20, 5, 1], "b": [20.0, 40, 60, 80], "bezirk": ["1", "1", "2", "2"]}, index=["u1", "u2", "u3", "u4"]
)


def levels(result, index=M):
    table = result.table
    return table[table["index"].eq(index) & table["place"].eq("")].set_index("level")["value"]


def places(result, index=M):
    table = result.table
    return table[table["index"].eq(index) & table["place"].ne("")].set_index("place")


@st.composite
def cities(draw):
    """Draw a city of three levels: counts of three groups per area, stadtteil and bezirk of each area."""
    n = draw(st.integers(2, 14))
    counts = draw(st.lists(st.tuples(*[st.integers(0, 300)] * 3), min_size=n, max_size=n))
    stadtteil = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    frame = pd.DataFrame(counts, columns=list("abc"), dtype=float)
    assume((frame.sum() > 0).sum() >= 2)
    assume((frame.sum(axis=1) > 0).sum() >= 2)
    return frame.assign(stadtteil=[f"s{s}" for s in stadtteil], bezirk=[f"b{s // 3}" for s in stadtteil])


def entropy_in_loops(counts):
    total = sum(counts)
    return -sum(c / total * log(c / total) for c in counts if c > 0)


def information_in_loops(units):
    """Return M = sum_ik p_ik log(p_ik / (p_i p_k)) of rows of counts."""
    total = sum(map(sum, units))
    groups = [sum(column) for column in zip(*units, strict=True)]
    return sum(
        n / total * log(n * total / (sum(unit) * group))
        for unit in units
        for n, group in zip(unit, groups, strict=True)
        if n > 0
    )


# --- published values ----------------------------------------------------------------------------------------------


def test_the_parts_of_a_small_city_have_their_published_values():
    # elbersb/segregation 1.1 (R), mutual_within on the data of its test_mutual_within.R
    result = decompose(T1, ["a", "b"], "bezirk")
    m, h = places(result), places(result, H)
    assert m["value"].tolist() == pytest.approx([0.0566330122651, 0.0137706218251], abs=1e-12)
    assert m["weight"].tolist() == pytest.approx([0.451127819549, 0.548872180451], abs=1e-12)
    assert h["value"].tolist() == pytest.approx([0.0817041659455, 0.0803366538615], abs=1e-12)
    assert h["entropy_ratio"].tolist() == pytest.approx([1.237186986863, 0.305949462921], abs=1e-12)
    assert levels(result)["between areas within bezirk"] == pytest.approx(0.033107038565, abs=1e-12)
    assert levels(result, H)["between areas within bezirk"] == pytest.approx(0.0590922078816, abs=1e-12)
    assert levels(result)["between areas"] == pytest.approx(0.186586736, abs=1e-9)
    assert levels(result, H)["between areas"] == pytest.approx(0.333035591, abs=1e-9)


def test_a_city_of_pure_districts_is_segregated_between_them_only():
    frame = pd.DataFrame({"a": [10.0, 30, 0, 0], "b": [0.0, 0, 20, 20], "bezirk": [1, 1, 2, 2]})
    result = decompose(frame, ["a", "b"], "bezirk")
    assert levels(result).tolist() == pytest.approx([log(2), log(2), 0])
    assert levels(result, H).tolist() == pytest.approx([1, 1, 0])


def test_a_city_of_like_districts_is_segregated_within_them_only():
    frame = pd.DataFrame({"a": [10.0, 0, 20, 0], "b": [0.0, 10, 0, 20], "bezirk": [1, 1, 2, 2]})
    result = decompose(frame, ["a", "b"], "bezirk")
    assert levels(result, H).tolist() == pytest.approx([1, 0, 1])
    assert places(result, H)["share"].tolist() == pytest.approx([1 / 3, 2 / 3])


# --- the formula in loops -----------------------------------------------------------------------------------------


@given(cities())
@few
def test_each_number_is_that_of_the_formula_in_loops(city):
    result = decompose(city, list("abc"), ["bezirk", "stadtteil"])
    counts = city[list("abc")]
    total, entropy = counts.to_numpy().sum(), entropy_in_loops(counts.sum())
    sums = {"bezirk": 0.0, "stadtteil": 0.0}
    for level, below in (("bezirk", "stadtteil"), ("stadtteil", None)):
        for place, members in counts.groupby(city[level]):
            persons = members.to_numpy().sum()
            if persons == 0:
                continue
            units = members if below is None else members.groupby(city[below]).sum()
            own = information_in_loops(units.to_numpy().tolist())
            sums[level] += persons / total * own
            row = places(result).loc[place]
            assert row["value"] == pytest.approx(own, abs=1e-12)
            assert row["weight"] == pytest.approx(persons / total, abs=1e-12)
            assert row["contribution"] == pytest.approx(persons / total * own, abs=1e-12)
            row = places(result, H).loc[place]
            own_entropy = entropy_in_loops(members.sum())
            assert row["entropy_ratio"] == pytest.approx(own_entropy / entropy, abs=1e-12)
            assert row["contribution"] == pytest.approx(persons / total * own / entropy, abs=1e-12)
            if own_entropy > 0:
                assert row["value"] == pytest.approx(own / own_entropy, abs=1e-10)
            else:
                assert np.isnan(row["value"])
    values = levels(result)
    assert values["between stadtteil within bezirk"] == pytest.approx(sums["bezirk"], abs=1e-12)
    assert values["between areas within stadtteil"] == pytest.approx(sums["stadtteil"], abs=1e-12)
    assert values["between bezirk"] == pytest.approx(
        information_in_loops(counts.groupby(city["bezirk"]).sum().to_numpy().tolist()), abs=1e-12
    )


# --- what must hold for every city ----------------------------------------------------------------------------------


@given(cities())
@few
def test_the_levels_add_up_to_the_index_of_the_whole_city(city):
    result = decompose(city, list("abc"), ["bezirk", "stadtteil"])
    counts = city[list("abc")].to_numpy()
    for index, function in ((M, mutual_information), (H, information_theory)):
        total, *parts = levels(result, index)
        assert total == pytest.approx(function(counts), abs=1e-12)
        assert sum(parts) == pytest.approx(total, abs=1e-12)
        assert min(parts) >= -1e-15


@given(cities())
@few
def test_the_places_of_a_level_add_up_to_the_level(city):
    result = decompose(city, list("abc"), ["bezirk", "stadtteil"])
    for index in (M, H):
        sums = places(result, index).groupby("level")["contribution"].sum()
        assert sums.to_dict() == pytest.approx(levels(result, index)[sums.index].to_dict(), abs=1e-12)
        weights = places(result, index).groupby("level")["weight"].sum()
        assert weights.tolist() == pytest.approx([1, 1])


@given(cities())
@few
def test_a_level_in_between_splits_the_part_within_and_leaves_the_part_between(city):
    two, three = decompose(city, list("abc"), "bezirk"), decompose(city, list("abc"), ["bezirk", "stadtteil"])
    assert levels(three)["between bezirk"] == pytest.approx(levels(two)["between bezirk"], abs=1e-12)
    assert levels(three).iloc[2:].sum() == pytest.approx(levels(two)["between areas within bezirk"], abs=1e-12)


@given(cities(), st.randoms(use_true_random=False))
@few
def test_the_order_of_the_areas_and_their_keys_do_not_matter(city, random):
    order = list(range(len(city)))
    random.shuffle(order)
    shuffled = city.iloc[order].set_axis([f"key {i}" for i in order])
    one, two = (decompose(frame, list("abc"), ["bezirk", "stadtteil"]) for frame in (city, shuffled))
    assert levels(one).tolist() == pytest.approx(levels(two).tolist(), abs=1e-12)
    assert places(one)["value"].to_dict() == pytest.approx(places(two)["value"].to_dict(), abs=1e-12, nan_ok=True)


@given(cities())
@few
def test_areas_as_districts_leave_nothing_within(city):
    result = decompose(city.assign(area=np.arange(len(city))), list("abc"), "area")
    assert levels(result)["between areas within area"] == 0
    assert levels(result)["between area"] == levels(result)["between areas"]


# --- how frames come in ---------------------------------------------------------------------------------------------


def test_who_is_in_no_group_is_the_rest():
    frame = T1.assign(residents=T1["a"] + T1["b"])
    pd.testing.assert_frame_equal(
        decompose(frame, "a", "bezirk", population="residents").table, decompose(T1, ["a", "b"], "bezirk").table
    )


def test_areadata_bring_their_residents_and_districts(joined):
    from dataclasses import replace

    data = joined({"a": [40.0, 20, 5, 1], "residents": [60.0, 60, 65, 81]}, population="residents")
    data = replace(data, areas=data.areas.assign(bezirk=["1", "1", "2", "2"]))
    assert levels(decompose(data, "a", "bezirk")).tolist() == pytest.approx(
        levels(decompose(T1, ["a", "b"], "bezirk")).tolist()
    )


def test_unknown_counts_are_refused_or_left_out_and_counted_where_they_are():
    frame = T1.assign(a=[40.0, np.nan, 5, 1])
    with pytest.raises(CountError, match=r"1 area has no count in 'a': 'u2'.*missing='report'"):
        decompose(frame, ["a", "b"], "bezirk")
    result = decompose(frame, ["a", "b"], "bezirk", missing="report")
    assert levels(result).tolist() == pytest.approx(levels(decompose(T1.drop("u2"), ["a", "b"], "bezirk")).tolist())
    assert result.table["n_dropped"].tolist() == [1, 1, 1, 1, 0] * 2
    assert places(result)["n_units"].tolist() == [1, 2]


def test_a_district_without_known_counts_says_so():
    result = decompose(T1.assign(a=[np.nan, np.nan, 5, 1]), ["a", "b"], "bezirk", missing="report")
    row = places(result).loc["1"]
    assert np.isnan(row["value"])
    assert (row["note"], row["weight"], row["contribution"]) == ("no count is known", 0, 0)


@pytest.mark.parametrize("index", [M, H])
def test_districts_with_one_area_one_group_or_nobody_say_so(index):
    frame = pd.DataFrame(
        {"a": [40.0, 20, 5, 0, 10, 30], "b": [20.0, 40, 60, 0, 0, 0], "bezirk": ["1", "1", "2", "3", "4", "4"]}
    )
    rows = places(decompose(frame, ["a", "b"], "bezirk"), index)
    assert rows["note"].to_dict() == {"1": "", "2": "one area only", "3": "nobody lives here", "4": "one group only"}
    assert rows.loc["2", "value"] == 0
    assert np.isnan(rows.loc["3", "value"])
    assert np.isnan(rows.loc["4", "value"]) == (index == H)
    assert rows.loc[["2", "3", "4"], "contribution"].tolist() == [0, 0, 0]


def test_one_district_only_leaves_nothing_between():
    table = decompose(T1.assign(bezirk="1"), ["a", "b"], "bezirk").table
    assert table.loc[1, ["value", "note"]].tolist() == [0, "one bezirk only"]
    assert table.loc[2, "share"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (T1.assign(b=0.0), "fewer than two groups have members"),
        (T1.head(1), "one area only"),
        (T1.assign(a=0.0, b=0.0), "no area"),
    ],
)
def test_a_city_that_has_no_index_has_no_parts_and_says_why(frame, reason):
    table = decompose(frame, ["a", "b"], "bezirk").table
    rows = table[table["place"].eq("")]
    assert rows["note"].eq(reason).all()
    assert rows[["value", "contribution", "share"]].isna().all(axis=None)
    assert table[["contribution", "share"]].isna().all(axis=None)


def test_an_even_city_has_no_shares():
    frame = pd.DataFrame(np.outer([0.1, 0.2, 0.7, 1.3], [1.1, 0.9]), columns=["a", "b"]).assign(bezirk=[1, 1, 2, 2])
    table = decompose(frame, ["a", "b"], "bezirk").table
    assert table["value"].abs().max() < 1e-15
    assert table["share"].isna().all()


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        ({}, {"by": "bezrik"}, ColumnError, r"no column 'bezrik'.*'bezirk'"),
        ({}, {"groups": ["a", "c"]}, ColumnError, "no column 'c'"),
        ({}, {"groups": "a"}, SpecError, r"At least two groups.*not 1.*population='residents'"),
        ({}, {"groups": []}, SpecError, "groups is empty"),
        ({}, {"groups": ["a", "a"]}, SpecError, "At least two groups are needed, not 1"),
        ({}, {"groups": ["a", "b"], "population": "b"}, SpecError, "must be different columns"),
        ({}, {"by": []}, SpecError, "by is empty"),
        ({}, {"missing": "zero"}, SpecError, "'raise', 'report', not 'zero'"),
        ({"bezirk": ["1", None, "2", ""]}, {}, SpecError, r"2 areas have no parent area in 'bezirk': 'u2', 'u4'"),
        ({"a": [40.0, -20, 5, 1]}, {}, CountError, "negative"),
        ({"a": ["40", "20", "5", "1"]}, {}, CountError, "holds text"),
        (
            {"residents": [60.0, 59, 65, 81]},
            {"population": "residents"},
            CountError,
            r"groups add up to more than 'residents' in 1 area: 'u2'",
        ),
        (
            {"stadtteil": ["x", "mitte", "mitte", "y"]},
            {"by": ["bezirk", "stadtteil"]},
            SpecError,
            r"1 district lies in more than one district .*'stadtteil' in 'bezirk'\): 'mitte'",
        ),
    ],
)
def test_what_cannot_be_decomposed_is_refused_with_the_repair(change, options, error, message):
    with pytest.raises(error, match=message):
        decompose(T1.assign(**change), **({"groups": ["a", "b"], "by": "bezirk"} | options))


def test_the_display_shows_the_levels_and_escapes_their_names():
    frame = T1.rename(columns={"bezirk": "<b>"})
    result = decompose(frame, ["a", "b"], "<b>")
    assert "4 rows on single places" in repr(result)
    assert "&lt;b&gt;" in result._repr_html_()
    assert "<b>" not in result._repr_html_()
