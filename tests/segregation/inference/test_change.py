"""Why segregation has changed: published values, counterfactual tables in loops, and what must always hold."""

from __future__ import annotations

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from quartiersatlas.errors import ColumnError, CountError, JoinError, KeyColumnError, SpecError
from quartiersatlas.segregation.indices.multigroup import information_theory, mutual_information
from quartiersatlas.segregation.inference.change import segregation_change
from quartiersatlas.segregation.inference.margins import fit_margins

M, H = "mutual_information", "information_theory"
few = settings(max_examples=25, deadline=None)
FIVE = ["removals", "additions", "group_margin", "area_margin", "structural"]


def counts(rows, keys):
    table = np.array(rows, dtype=float)
    return pd.DataFrame(table, index=list(keys), columns=[f"g{k + 1}" for k in range(table.shape[1])])


def change(before, after, index=M, **options):
    table = segregation_change(before, after, list(before.columns), index=index, **options).table
    assert table["index"].eq(index).all()
    return table.set_index("part")


def values(before, after, index=M, **options):
    return change(before, after, index, **options)["value"]


def tables(smallest, areas=2):
    """Draw two tables of the same shape."""

    def build(shape):
        row = st.lists(st.integers(smallest, 200), min_size=shape[1], max_size=shape[1])
        table = st.lists(row, min_size=shape[0], max_size=shape[0]).map(lambda rows: counts(rows, range(len(rows))))
        return st.tuples(table, table)

    return st.tuples(st.integers(areas, 7), st.integers(2, 4)).flatmap(build)


def fitted_in_loops(table, rows, columns, rounds=20_000):
    """Fit margins by scaling rows and columns in turn (Deming & Stephan 1940); None if they are not reached."""
    table = [list(map(float, row)) for row in table]
    for _ in range(rounds):
        for i, row in enumerate(table):
            scale = rows[i] / sum(row)
            table[i] = [n * scale for n in row]
        reached = [sum(column) for column in zip(*table, strict=True)]
        if max(abs(r / c - 1) for r, c in zip(reached, columns, strict=True)) < 1e-14:
            return np.array(table)
        table = [[n * c / r for n, c, r in zip(row, columns, reached, strict=True)] for row in table]
    return np.array(table)


def information_in_loops(table):
    total, rows, columns = sum(map(sum, table)), [sum(r) for r in table], [sum(c) for c in zip(*table, strict=True)]
    return sum(
        n / total * log(n * total / (rows[i] * columns[k]))
        for i, row in enumerate(table)
        for k, n in enumerate(row)
        if n > 0
    )


# --- margins --------------------------------------------------------------------------------------------------------


def test_fitted_margins_give_the_published_table():
    # Karmel, T. & Maclachlan, M. (1988). Occupational sex segregation - increasing or decreasing? Economic Record 64,
    # 187-195, as in test_ipf.R of elbersb/segregation
    fitted = fit_margins([[100, 50], [50, 50], [100, 50]], [225, 200, 175], [325, 275])
    assert fitted.round(1).tolist() == [[134.7, 90.3], [85.5, 114.5], [104.8, 70.2]]


@given(tables(1))
@few
def test_fitted_margins_are_those_of_proportional_fitting_in_loops(pair):
    source, target = (table.to_numpy() for table in pair)
    fitted = fit_margins(source, target.sum(axis=1), target.sum(axis=0))
    expected = fitted_in_loops(source, target.sum(axis=1), target.sum(axis=0))
    assert fitted == pytest.approx(expected, abs=1e-9 * target.sum())


@given(tables(1))
@few
def test_fitted_margins_are_met_and_the_odds_ratios_kept(pair):
    source, target = (table.to_numpy() for table in pair)
    fitted = fit_margins(source, target.sum(axis=1), target.sum(axis=0))
    assert fitted.sum(axis=1) == pytest.approx(target.sum(axis=1), rel=1e-12)
    assert fitted.sum(axis=0) == pytest.approx(target.sum(axis=0), rel=1e-11)

    def odds(table):
        return np.log(table[:-1, :-1] * table[1:, 1:] / (table[1:, :-1] * table[:-1, 1:]))

    assert odds(fitted) == pytest.approx(odds(source), abs=1e-9)


@given(tables(0))
@few
def test_margins_are_out_of_reach_exactly_where_no_table_with_the_same_empty_cells_has_them(pair):
    source, target = (table.to_numpy() for table in pair)
    source = np.where(source % 3 == 0, 0, source)  # many empty cells
    rows, columns = target.sum(axis=1), target.sum(axis=0)
    assume(target.sum() > 0)
    fitted = fit_margins(source, rows, columns)
    cells = np.argwhere(source > 0)
    sums = np.zeros((len(rows) + len(columns), len(cells)))
    sums[cells[:, 0], np.arange(len(cells))] = 1
    sums[len(rows) + cells[:, 1], np.arange(len(cells))] = 1
    wanted = np.concatenate([rows, columns])
    reachable = len(cells) > 0 and linprog(np.zeros(len(cells)), A_eq=sums, b_eq=wanted, bounds=(0, None)).status == 0
    assert np.isnan(fitted).all() == (not reachable)
    if reachable:
        assert fitted.sum(axis=0) == pytest.approx(columns, rel=1e-11, abs=1e-12)
        assert fitted.sum(axis=1) == pytest.approx(rows, rel=1e-11, abs=1e-12)
        assert (fitted[source == 0] == 0).all()


def test_margins_at_the_edge_of_reach_are_met_too():
    # all of the first group has to live in the first area: proportional fitting creeps towards this table
    fitted = fit_margins([[1, 1], [1, 0]], [1, 1], [1, 1])
    assert fitted == pytest.approx(np.array([[0, 1], [1, 0]]), abs=1e-11)


@pytest.mark.parametrize(
    ("table", "rows", "columns", "message"),
    [
        ([[1, 2], [3, 4]], [1, 2, 3], [3, 3], r"shape \(2, 2\) cannot have 3 row sums and 2 column sums"),
        ([1, 2], [1, 2], [3], "shape"),
        ([[1, 2], [3, -4]], [3, 3], [3, 3], "negative"),
        ([[1, 2], [3, 4]], [3, np.nan], [3, 3], "not finite"),
        ([[1, 2], [3, 4]], [3, 4], [3, 3], "add up to 7, the column sums to 6"),
    ],
)
def test_margins_that_do_not_fit_the_table_are_refused(table, rows, columns, message):
    with pytest.raises(CountError, match=message):
        fit_margins(table, rows, columns)


# --- published values, and a second implementation ------------------------------------------------------------------

ELBERS_1 = counts([[28, 2], [25, 25], [2, 18]], "ABC")


@pytest.mark.parametrize(("index", "first", "second"), [(M, 0.203, 0.233), (H, 0.295, 0.337)])
def test_occupations_that_grow_in_both_groups_alike_change_nothing_structural(index, first, second):
    # tables (1) and (2) of Elbers (2021) with their M and H: occupation C has grown, both odds ratios are the same
    # (table on the author's page on the paper; the counts are those of test_mutual_difference.R)
    parts = values(ELBERS_1, ELBERS_1.mul([1, 1, 2], axis=0), index)
    assert parts[["before", "after"]].tolist() == pytest.approx([first, second], abs=5e-4)
    assert parts["structural"] == pytest.approx(0, abs=1e-12)
    assert parts["margins"] == pytest.approx(parts["difference"], abs=1e-12)


# The formulas of elbersb/segregation (R/mutual_difference.R, R/ipf.R), run in R 4.2.2 with precision 1e-15 in place of
# the package's default, at which its parts are known to 3 digits only. The first two pairs are the data of its
# test_mutual_difference.R; the second has empty cells, which it fills with 1e-10 persons.
SECOND_IMPLEMENTATION = {
    "two areas": (
        counts([[40, 30, 20, 10], [5, 10, 15, 20]], "ab"),
        counts([[20, 20, 20, 15], [5, 10, 10, 15]], "ab"),
        [0, 0, -0.00338876883669934, 0.00120035724224622, -0.06868001408422111],
    ),
    "empty cells": (
        counts([[0, 30, 20, 10], [5, 10, 15, 20], [4, 3, 2, 1]], "abc"),
        counts([[40, 20, 20, 15], [5, 10, 10, 0], [1, 2, 3, 4]], "abd"),
        [-0.0351875460972897, 0.0192114025310453, 0.1032798632490067, -0.1004831581792948, -0.0337657675073842],
    ),
    "five areas": (
        counts([[120, 30, 10], [80, 60, 20], [10, 70, 45], [33, 12, 90], [7, 3, 50]], "abcde"),
        counts([[110, 50, 25], [95, 40, 35], [12, 60, 70], [30, 30, 80], [44, 20, 6]], "abcdf"),
        [
            -0.033403293375139809,
            0.004051973677635184,
            0.000375336293388019,
            0.001284600331438880,
            -0.101614725569746420,
        ],
    ),
}


@pytest.mark.parametrize("name", SECOND_IMPLEMENTATION)
def test_the_parts_are_those_of_a_second_implementation(name):
    before, after, expected = SECOND_IMPLEMENTATION[name]
    parts = values(before, after, zeros=1e-10)
    assert parts[FIVE].tolist() == pytest.approx(expected, abs=1e-8 if name == "empty cells" else 1e-12)


@given(tables(1))
@few
def test_the_parts_are_those_of_the_formula_in_loops(pair):
    before, after = (table / table.to_numpy().sum() for table in pair)
    sources = (before.to_numpy(), after.to_numpy())

    def v(group, area, structure):
        return information_in_loops(
            fitted_in_loops(sources[structure], sources[area].sum(axis=1), sources[group].sum(axis=0)).tolist()
        )

    parts = values(*pair)
    structural = (v(0, 0, 1) - v(0, 0, 0)) / 2 + (v(1, 1, 1) - v(1, 1, 0)) / 2
    group = sum(v(1, area, s) - v(0, area, s) for area in (0, 1) for s in (0, 1)) / 4
    area = sum(v(group, 1, s) - v(group, 0, s) for group in (0, 1) for s in (0, 1)) / 4
    assert parts[["structural", "group_margin", "area_margin"]].tolist() == pytest.approx(
        [structural, group, area], abs=1e-9
    )


# --- what must hold for every pair of dates -------------------------------------------------------------------------


@given(tables(0, areas=3), st.sampled_from([M, H]))
@few
def test_the_parts_add_up_to_the_difference(pair, index):
    before, after = pair[0].iloc[:-1], pair[1].iloc[1:]  # the first area goes, the last comes
    for table in (before, after):
        assume((table.sum() > 0).sum() > 1)
        assume((table.sum(axis=1) > 0).sum() > 1)
    assume(((before.sum(axis=1) > 0) & (after.sum(axis=1) > 0)).any())
    try:
        parts = values(before, after, index)
    except JoinError:
        reject()
    function = mutual_information if index == M else information_theory
    assert parts["difference"] == pytest.approx(function(after) - function(before), abs=1e-12)
    assume(not parts.isna().any())
    assert parts[["removals", "additions", "margins", "structural"]].sum() == pytest.approx(
        parts["difference"], abs=1e-10
    )
    assert parts[["group_margin", "area_margin"]].sum() == pytest.approx(parts["margins"], abs=1e-10)


@given(tables(1), st.sampled_from([M, H]))
@few
def test_exchanging_the_dates_changes_all_signs(pair, index):
    before, after = pair[0].iloc[1:], pair[1]
    forth, back = values(before, after, index), values(after, before, index)
    other = ["additions", "removals", "group_margin", "area_margin", "structural"]
    assert forth[FIVE].tolist() == pytest.approx((-back[other]).tolist(), abs=1e-10, nan_ok=True)


@given(tables(0), st.sampled_from([M, H]))
@few
def test_the_same_table_twice_has_not_changed(pair, index):
    table = pair[0]
    assume((table.sum() > 0).sum() > 1)
    assume((table.sum(axis=1) > 0).sum() > 1)
    parts = values(table, 3 * table, index)
    assert parts.drop(["before", "after"]).abs().max() <= 1e-10


@given(tables(1), st.lists(st.integers(1, 9), min_size=4, max_size=4), st.sampled_from([M, H]))
@few
def test_groups_that_grow_alike_everywhere_change_nothing_structural(pair, factors, index):
    before = pair[0]
    parts = values(before, before.mul(factors[: before.shape[1]]), index)
    assert parts["structural"] == pytest.approx(0, abs=1e-10)
    assert parts["margins"] == pytest.approx(parts["difference"], abs=1e-10)


@given(tables(1), st.lists(st.integers(1, 9), min_size=7, max_size=7), st.sampled_from([M, H]))
@few
def test_areas_that_grow_in_all_groups_alike_change_nothing_structural(pair, factors, index):
    before = pair[0]
    parts = values(before, before.mul(factors[: len(before)], axis=0), index)
    assert parts["structural"] == pytest.approx(0, abs=1e-10)
    assert parts["margins"] == pytest.approx(parts["difference"], abs=1e-10)


@given(tables(1))
@few
def test_groups_and_areas_exchanged_exchange_their_margins(pair):
    # M does not know which is which; test_mutual_difference.R of elbersb/segregation asserts the same to 1e-4
    along = values(*pair)
    across = values(*(table.T.set_axis([str(i) for i in range(len(table))], axis=1) for table in pair))
    assert along[["group_margin", "area_margin", "structural"]].tolist() == pytest.approx(
        across[["area_margin", "group_margin", "structural"]].tolist(), abs=1e-10
    )


@given(tables(1), st.randoms(use_true_random=False))
@few
def test_the_order_of_areas_and_groups_and_the_size_of_the_city_do_not_matter(pair, random):
    before, after = pair
    keys, groups = list(before.index), list(before.columns)
    random.shuffle(keys)
    random.shuffle(groups)
    assert values(before, after).tolist() == pytest.approx(
        values(before.loc[keys, groups], 7 * after).tolist(), abs=1e-10
    )


@given(tables(1, areas=3), st.sampled_from([M, H]))
@few
def test_an_area_under_another_name_goes_and_comes(pair, index):
    table = pair[0]
    renamed = table.rename(index={0: "new"})
    function = mutual_information if index == M else information_theory
    parts = change(table, renamed, index)
    without = function(table.iloc[1:])
    assert parts.loc["removals", "value"] == pytest.approx(without - function(table), abs=1e-12)
    assert parts.loc["additions", "value"] == pytest.approx(function(table) - without, abs=1e-12)
    assert parts.loc[["margins", "structural"], "value"].abs().max() <= 1e-10
    assert parts.loc[["removals", "additions", "structural"], "n_areas"].tolist() == [1, 1, len(table) - 1]


# --- empty cells ----------------------------------------------------------------------------------------------------


def test_empty_cells_that_forbid_a_mixed_table_give_nan_and_the_reason():
    before, after, _ = SECOND_IMPLEMENTATION["empty cells"]
    parts = change(before, after)
    assert parts.loc[["removals", "additions"], "value"].notna().all()
    nothing = parts.loc[["margins", "structural", "group_margin", "area_margin"]]
    assert nothing["value"].isna().all()
    assert nothing["note"].str.contains("empty cells allow no table").all()


def test_what_empty_cells_allow_is_still_given():
    # each area has a group of its own: no other areas' sums go with the same groups' sums, but nothing is structural
    before = counts([[10, 0, 0], [0, 20, 0], [0, 0, 30]], "abc")
    parts = change(before, before.mul([1, 2, 3], axis=0))
    assert parts.loc["structural", "value"] == pytest.approx(0, abs=1e-12)
    assert parts.loc["margins", "value"] == pytest.approx(parts.loc["difference", "value"])
    assert parts.loc[["group_margin", "area_margin"], "value"].isna().all()


def test_a_few_empty_cells_do_no_harm_and_filling_them_changes_nothing_visible():
    before = counts([[30, 0, 10], [20, 15, 5], [0, 40, 20], [25, 10, 0]], "abcd")
    after = counts([[20, 10, 10], [25, 0, 15], [10, 30, 0], [5, 20, 20]], "abcd")
    parts = values(before, after)
    assert parts.notna().all()
    assert parts.tolist() == pytest.approx(values(before, after, zeros=1e-10).tolist(), abs=1e-8)


# --- how frames come in ---------------------------------------------------------------------------------------------

BEFORE = counts([[30, 5], [20, 15], [10, 40]], ["01", "02", "03"])
AFTER = counts([[25, 10], [20, 20], [10, 30]], ["01", "02", "03"])


def test_both_indices_are_given_unless_one_is_named():
    table = segregation_change(BEFORE, AFTER, ["g1", "g2"]).table
    assert table["index"].unique().tolist() == [M, H]
    one = segregation_change(BEFORE, AFTER, ["g1", "g2"], index=H).table
    pd.testing.assert_frame_equal(table[table["index"].eq(H)].reset_index(drop=True), one)


def test_shares_are_of_the_difference():
    parts = change(BEFORE, AFTER)
    direct = parts[parts["part_of"].eq("difference")]
    assert direct["share"].sum() == pytest.approx(1)
    assert (direct["share"] * parts.loc["difference", "value"]).tolist() == pytest.approx(direct["value"].tolist())
    assert parts.loc[["before", "after"], "share"].isna().all()


def test_an_area_without_residents_is_absent_at_that_date():
    empty = AFTER.copy()
    empty.loc["01"] = 0.0
    assert values(BEFORE, empty).tolist() == values(BEFORE, AFTER.drop("01")).tolist()


def test_a_group_that_vanishes_goes_with_the_areas_and_is_named():
    before = BEFORE.assign(g3=[10.0, 0, 0])
    parts = change(before, AFTER.assign(g3=0.0))
    assert parts.loc["removals", "value"] == pytest.approx(mutual_information(BEFORE) - mutual_information(before))
    assert parts.loc["removals", "note"] == "with groups that have members at this date only: 'g3'"
    assert parts.loc["additions", "note"] == ""


def test_an_area_that_held_a_vanished_group_only_is_not_compared():
    before = counts([[30, 5, 0], [20, 15, 0], [0, 0, 9]], ["01", "02", "03"])
    parts = change(before, AFTER.assign(g3=0.0))
    assert parts.loc[["removals", "additions", "structural"], "n_areas"].tolist() == [1, 1, 2]


def test_the_rest_of_the_residents_is_a_group():
    before, after = (table.assign(residents=table.sum(axis=1)) for table in (BEFORE, AFTER))
    table = segregation_change(before, after, "g1", population="residents").table
    pd.testing.assert_frame_equal(table, segregation_change(BEFORE, AFTER, ["g1", "g2"]).table)


def test_areadata_of_two_dates_are_compared_on_their_keys(joined):
    first, second = (
        joined({"g1": table["g1"].tolist(), "residents": table.sum(axis=1).tolist()}, population="residents")
        for table in (BEFORE, AFTER)
    )
    table = segregation_change(first, second, "g1").table
    assert table["value"].tolist() == segregation_change(BEFORE, AFTER, ["g1", "g2"]).table["value"].tolist()


def test_an_area_unknown_at_one_date_is_left_out_at_both_and_is_no_removal():
    unknown = AFTER.copy()
    unknown.loc["03", "g1"] = np.nan
    with pytest.raises(CountError, match=r"1 area has no count in 'g1': '03'.*missing='report'"):
        change(BEFORE, unknown)
    parts = change(BEFORE, unknown, missing="report")
    assert parts["value"].tolist() == values(BEFORE.drop("03"), AFTER.drop("03")).tolist()
    assert parts["n_dropped"].eq(1).all()
    assert parts.loc["removals", "n_areas"] == 0


def test_one_area_at_both_dates_leaves_everything_to_the_areas_that_went_and_came():
    parts = change(BEFORE, AFTER.rename(index={"02": "12", "03": "13"}))
    assert parts.loc[["margins", "structural"], "value"].tolist() == [0, 0]
    assert parts.loc["structural", "note"] == "at both dates: one area only"
    assert parts.loc["removals", "value"] == pytest.approx(-mutual_information(BEFORE))


def test_a_date_without_an_index_says_why():
    parts = change(BEFORE.head(1), AFTER)
    assert parts.loc[["before", "difference", "removals"], "value"].isna().all()
    assert parts.loc[["before", "difference", "removals"], "note"].eq("one area only").all()
    assert parts.loc["after", "value"] == pytest.approx(mutual_information(AFTER))


def test_one_group_at_both_dates_has_no_information_theory_index():
    before = counts([[10, 5, 0], [20, 0, 0]], "ab")
    after = counts([[10, 0, 5], [20, 0, 3]], "ab")
    parts = change(before, after, H)
    assert parts.loc[["removals", "margins", "structural"], "value"].isna().all()
    assert parts.loc["structural", "note"] == "at both dates: fewer than two groups have members"
    assert parts.loc["removals", "note"] == "at both dates: fewer than two groups have members"


def test_keys_of_two_types_have_no_area_in_common_and_the_message_shows_them():
    with pytest.raises(JoinError, match=r"Earlier keys are '1', '2' and 1 more \(int64\), later keys '1', .*\(str\)"):
        change(BEFORE.set_axis([1, 2, 3]), AFTER.set_axis(["1", "2", "3"]))


@pytest.mark.parametrize(
    ("before", "after", "options", "error", "message"),
    [
        (
            BEFORE.set_axis(["01", "01", "03"]),
            AFTER,
            {},
            KeyColumnError,
            r"earlier: 1 key has more than one row: '01'",
        ),
        (
            BEFORE,
            AFTER.set_axis(["01", "03", "03"]),
            {},
            KeyColumnError,
            r"later: 1 key has more than one row: '03'",
        ),
        (BEFORE, AFTER.drop(columns="g2"), {}, ColumnError, "no column 'g2'"),
        (BEFORE, AFTER * 0, {}, JoinError, "No area is inhabited at both dates"),
        (BEFORE.assign(g2=0.0), AFTER.assign(g1=0.0), {}, JoinError, "No group has members at both dates"),
        (BEFORE, -AFTER, {}, CountError, "negative"),
        (BEFORE, AFTER, {"method": "shap"}, SpecError, "'shapley', 'km', 'mrc'"),
        (BEFORE, AFTER, {"index": "dissimilarity"}, SpecError, "'mutual_information', 'information_theory'"),
        (BEFORE, AFTER, {"zeros": -1.0}, SpecError, "zeros must be 0 or .*not -1.0"),
        (BEFORE, AFTER, {"zeros": float("nan")}, SpecError, "zeros must be 0 or .*not nan"),
        (BEFORE, AFTER, {"missing": "zero"}, SpecError, "'raise', 'report', not 'zero'"),
        (BEFORE, AFTER, {"groups": ["g1"]}, SpecError, "At least two groups are needed"),
    ],
)
def test_what_cannot_be_compared_is_refused(before, after, options, error, message):
    with pytest.raises(error, match=message):
        segregation_change(before, after, **({"groups": ["g1", "g2"]} | options))


def test_residents_known_at_one_date_only_are_refused(joined):
    data = joined({"g1": [1.0, 2, 3], "g2": [3.0, 2, 1], "residents": [9.0, 9, 9]}, population="residents")
    with pytest.raises(SpecError, match="at one date only"):
        segregation_change(data, AFTER.set_axis(data.areas.index), ["g1", "g2"])


def test_the_display_escapes_names():
    before, after = (table.rename(columns={"g1": "<i>"}).assign(g3=3.0) for table in (BEFORE, AFTER))
    result = segregation_change(before, after.assign(**{"<i>": 0.0}), ["<i>", "g2", "g3"])
    assert "structural" in repr(result)
    assert "&lt;i&gt;" in result._repr_html_()


@few
@given(tables(1))
def test_the_older_methods_add_up_and_agree_where_nothing_but_one_thing_changed(pair):
    before, after = pair
    for method, parts in (
        ("km", ["removals", "additions", "group_margin", "area_margin", "interaction", "structural"]),
        ("mrc", ["area_entropy", "group_margin", "structural"]),
    ):
        found = change(before, after, method=method)
        assert list(found.index) == ["before", "after", "difference", *parts]
        assert found.loc[parts, "value"].sum() == pytest.approx(found.loc["difference", "value"], abs=1e-9)
        assert found.loc[parts, "part_of"].eq("difference").all()
    # the average of both directions of Karmel and Maclachlan is Shapley's structural part
    forward, back = (values(*dates, method="km")["structural"] for dates in ((before, after), (after, before)))
    assert (forward - back) / 2 == pytest.approx(values(before, after)["structural"], abs=1e-9)


def test_areas_that_double_change_no_structure_by_karmel_and_maclachlan():
    before = counts([[2, 28], [25, 25], [18, 2]], "ABC")
    after = before.mul([1, 1, 2], axis=0)
    found = values(before, after, method="km")
    assert found["structural"] == pytest.approx(0, abs=1e-9)
    one_margin = fitted_in_loops(before.to_numpy(), before.sum(axis=1).to_numpy(), after.sum().to_numpy() * 100 / 120)
    assert found["group_margin"] == pytest.approx(mutual_information(one_margin) - found["before"], abs=1e-9)


def test_groups_that_grow_in_place_are_a_margin_by_mora_and_ruiz_castillo():
    before = counts([[2, 28], [25, 25], [18, 2]], "ABC")
    after = before.mul([1, 3])  # each group keeps its areas: their entropies within groups are the same
    found = values(before, after, method="mrc")
    assert found["structural"] == pytest.approx(0, abs=1e-12)
    share = [0.45, 45 / 210]
    e = [-sum(p * log(p) for p in column / column.sum()) for column in before.to_numpy().T]
    assert found["group_margin"] == pytest.approx(-(share[1] - share[0]) * (e[0] - e[1]), abs=1e-12)


def test_the_entropies_are_those_of_m_alone():
    before = counts([[2, 28], [25, 25]], "AB")
    with pytest.raises(SpecError, match="splits the mutual information M, not H"):
        segregation_change(before, before, ["g1", "g2"], index=H, method="mrc")
    assert set(segregation_change(before, before + 1, ["g1", "g2"], method="mrc").table["index"]) == {M}


@pytest.mark.parametrize("method", ["km", "mrc"])
def test_charts_of_the_older_methods_have_a_step_for_each_part(method):
    before, after = counts([[2, 28], [25, 25], [18, 2]], "ABC"), counts([[9, 20], [30, 11], [8, 9]], "ABC")
    found = segregation_change(before, after, ["g1", "g2"], method=method)
    steps = found.table[found.table["index"].eq(M) & found.table["part_of"].eq("difference")]
    assert len(found.chart(index=M, lang="en").rows) == len(steps) + 2
