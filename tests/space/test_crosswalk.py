"""Counts by crosswalk: totals kept, unknown kept unknown, rates refused, everything dropped in the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, InputError, JoinError, KeyColumnError, SpecError

COLUMNS = ["from", "to", "weight"]


@pytest.fixture
def read(tmp_path):
    """Write a table and read it with the key column 'key'."""

    def read(content):
        file = tmp_path / "table.csv"
        file.write_text(content, encoding="utf-8")
        return qa.read_table(file, key="key")

    return read


def crosswalk(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def counts(**values):
    return pd.DataFrame({"residents": pd.Series(values, dtype=float)})


SPLIT = crosswalk(("a", "x", 0.25), ("a", "y", 0.75), ("b", "y", 1.0))


@st.composite
def cases(draw):
    """Draw counts and a crosswalk in which every source is shared out completely."""
    sources = [f"s{i}" for i in range(draw(st.integers(1, 6)))]
    rows = []
    for source in sources:
        targets = draw(st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=4, unique=True))
        parts = np.array(draw(st.lists(st.integers(1, 100_000), min_size=len(targets), max_size=len(targets))), float)
        rows += [(source, target, weight) for target, weight in zip(targets, parts / parts.sum(), strict=True)]
    persons = st.lists(st.integers(0, 10**7), min_size=len(sources), max_size=len(sources))
    frame = pd.DataFrame({"n": draw(persons), "m": draw(persons)}, index=sources)
    return frame, crosswalk(*rows)


@given(cases(), st.sampled_from([0.0, 0.001, 0.01, 0.1]))
def test_every_total_is_kept_whatever_is_dropped(case, sliver):
    frame, weights = case
    result = qa.transfer(frame, weights, sliver=sliver)
    assert result.table.sum().to_numpy() == pytest.approx(frame.sum().to_numpy(), rel=1e-9)
    sums = result.weights.groupby("from")["weight"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-12)
    assert len(result.weights) + len(result.slivers) == len(weights)


@given(cases())
def test_without_slivers_the_sums_are_those_of_a_matrix(case):
    frame, weights = case
    matrix = weights.pivot_table(index="to", columns="from", values="weight", fill_value=0.0)
    expected = matrix.to_numpy() @ frame.loc[matrix.columns].to_numpy()
    table = qa.transfer(frame, weights, sliver=0).table.loc[matrix.index]
    assert table.to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(cases())
def test_carrying_is_additive(case):
    frame, weights = case
    both = qa.transfer(frame.assign(sum=frame["n"] + frame["m"]), weights).table
    assert both["sum"].to_numpy() == pytest.approx((both["n"] + both["m"]).to_numpy(), rel=1e-9)


def test_values_by_hand():
    result = qa.transfer(counts(a=1000, b=400), SPLIT)
    assert result.table["residents"].to_dict() == {"x": 250, "y": 1150}
    assert result.status["residents"].tolist() == ["value", "value"]
    assert result.weights.to_numpy().tolist() == SPLIT.to_numpy().tolist()
    assert result.totals.loc["residents"].to_dict() == {
        "before": 1400, "after": 1400, "unallocated": 0, "in_slivers": 0, "unknown_sources": 0, "unknown_targets": 0,
    }  # fmt: skip
    assert len(result.problems) == len(result.slivers) == 0


def test_one_area_for_one_leaves_every_number_as_it_is():
    same = crosswalk(("a", "a", 1.0), ("b", "b", 1.0))
    result = qa.transfer(counts(a=1000, b=0), same)
    assert result.table["residents"].to_dict() == {"a": 1000, "b": 0}
    assert result.status["residents"].tolist() == ["value", "zero"]
    assert result.uncertain == []


def test_a_series_a_table_and_joined_data_are_carried_alike(joined, read):
    expected = {"x": 250.0, "y": 1150.0}
    assert qa.transfer(counts(a=1000, b=400)["residents"], SPLIT).table["residents"].to_dict() == expected
    table = read("key;residents\na;1000\nb;400")
    assert qa.transfer(table, SPLIT).table["residents"].to_dict() == expected
    data = joined({"residents": [1000.0, 400.0]})
    keys = SPLIT.replace({"from": {"a": "a0", "b": "b0"}})
    assert qa.transfer(data, keys).table["residents"].to_dict() == expected


# how sure a target is


def test_the_share_from_split_sources_and_their_number_are_told():
    targets = qa.transfer(counts(a=1000, b=400), SPLIT).targets
    assert targets["n_sources"].to_dict() == {"x": 1, "y": 2}
    assert targets["n_split"].to_dict() == {"x": 1, "y": 1}
    assert targets["split_share"].to_dict() == {"x": 1, "y": pytest.approx(750 / 1150)}
    assert targets["uncertain"].all()


def test_a_small_piece_of_a_whole_source_is_split_for_its_target_only():
    weights = crosswalk(("a", "x", 0.995), ("a", "y", 0.005), ("b", "y", 1.0), ("c", "z", 0.005), ("c", "x", 0.995))
    targets = qa.transfer(counts(a=1000, b=995, c=1000), weights).targets
    assert targets["split_share"].to_dict() == {"x": 0, "y": pytest.approx(0.005), "z": 1}
    assert targets["uncertain"].to_dict() == {"x": False, "y": False, "z": True}


def test_the_share_is_measured_by_the_base():
    frame = counts(a=1000, b=0).assign(foreign=[0.0, 100.0])
    assert qa.transfer(frame, SPLIT).targets.loc["y", "split_share"] == 1
    assert qa.transfer(frame, SPLIT, base="foreign").targets.loc["y", "split_share"] == 0
    with pytest.raises(ColumnError, match=r"'foreigners'. Did you mean 'foreign'"):
        qa.transfer(frame, SPLIT, base="foreigners")


def test_targets_of_nobody_are_judged_by_their_weights():
    targets = qa.transfer(counts(a=0, b=0), SPLIT).targets
    assert targets["split_share"].to_dict() == {"x": 1, "y": pytest.approx(0.75 / 1.75)}


# slivers and sums of weights


def test_slivers_are_dropped_listed_and_their_people_go_to_the_other_targets():
    weights = crosswalk(("a", "x", 0.9995), ("a", "y", 0.0005), ("b", "y", 1.0))
    result = qa.transfer(counts(a=10_000, b=400), weights)
    assert result.table["residents"].to_dict() == {"x": 10_000, "y": 400}
    assert result.slivers.to_numpy().tolist() == [["a", "y", 0.0005]]
    assert result.totals.loc["residents", "in_slivers"] == pytest.approx(5)
    assert "slivers dropped: 1 pair, 5 of 'residents' in them" in repr(result)
    assert qa.transfer(counts(a=10_000, b=400), weights, sliver=0).table["residents"].to_dict() == {"x": 9995, "y": 405}


def test_a_target_that_has_slivers_only_keeps_its_largest():
    weights = crosswalk(("a", "x", 0.9993), ("a", "y", 0.0007), ("b", "x", 0.9995), ("b", "y", 0.0005))
    result = qa.transfer(counts(a=10_000, b=10_000), weights)
    assert result.weights[["from", "to"]].to_numpy().tolist() == [["a", "x"], ["a", "y"], ["b", "x"]]
    assert result.table["residents"]["y"] == pytest.approx(7)
    assert result.uncertain == ["y"]


def test_sums_within_the_tolerance_are_scaled_and_named():
    weights = crosswalk(("a", "x", 0.5), ("a", "y", 0.496), ("b", "y", 1.0))
    result = qa.transfer(counts(a=1000, b=400), weights)
    assert result.table["residents"].sum() == pytest.approx(1400, rel=1e-12)
    assert result.problems.to_numpy().tolist() == [["weights_scaled", "a", 0.996]]
    assert "weights scaled to 1, sum before a: 0.996" in repr(result)


@pytest.mark.parametrize(("second", "said"), [(0.3, "'a': 0.8"), (0.7, "'a': 1.2")])
def test_sums_beyond_the_tolerance_are_refused(second, said):
    weights = crosswalk(("a", "x", 0.5), ("a", "y", second), ("b", "y", 1.0))
    with pytest.raises(CountError, match=rf"weights of 1 of 2 sources do not sum to 1 within 0.01 \({said}\)"):
        qa.transfer(counts(a=1000, b=400), weights)
    assert qa.transfer(counts(a=1000, b=400), weights, tolerance=0.3).table["residents"].sum() == pytest.approx(1400)


def test_a_source_of_slivers_only_is_refused():
    weights = crosswalk(*[("a", f"x{i}", 0.25) for i in range(4)], *[(f"b{i}", f"x{i}", 1.0) for i in range(4)])
    with pytest.raises(CountError, match=r"1 source consists of slivers only: 'a'. Lower sliver="):
        qa.transfer(counts(a=1, b0=1, b1=1, b2=1, b3=1), weights, sliver=0.3)


# unknown counts


def test_an_unknown_source_makes_every_target_it_touches_unknown_and_no_other():
    weights = crosswalk(("a", "x", 0.5), ("a", "y", 0.5), ("b", "y", 1.0), ("c", "z", 1.0))
    result = qa.transfer(counts(a=np.nan, b=400, c=7), weights)
    assert result.table["residents"].isna().to_dict() == {"x": True, "y": True, "z": False}
    assert result.status["residents"].to_dict() == {"x": "missing", "y": "missing", "z": "value"}
    assert result.totals.loc["residents", ["unknown_sources", "unknown_targets"]].tolist() == [1, 2]
    assert result.totals.loc["residents", "after"] == 7


def test_a_sliver_of_an_unknown_source_does_not_matter():
    weights = crosswalk(("a", "x", 0.9995), ("a", "y", 0.0005), ("b", "y", 1.0))
    table = qa.transfer(counts(a=np.nan, b=400), weights).table["residents"]
    assert np.isnan(table["x"])
    assert table["y"] == 400


def test_a_weight_of_zero_says_that_nobody_of_the_source_is_there():
    weights = crosswalk(("a", "x", 1.0), ("a", "y", 0.0), ("b", "y", 1.0), ("b", "z", 0.0))
    result = qa.transfer(counts(a=np.nan, b=400), weights)
    assert result.table["residents"].loc[["y", "z"]].tolist() == [400, 0]
    assert result.status["residents"]["z"] == "zero"


def test_the_status_says_why_and_suppressed_prevails(read):
    table = read("key;residents\na;.\nb;\nc;5\nd;-")
    weights = crosswalk(
        ("a", "x", 0.5), ("a", "y", 0.5), ("b", "x", 0.5), ("b", "w", 0.5), ("c", "z", 1), ("d", "v", 1)
    )
    status = qa.transfer(table, weights).status["residents"].to_dict()
    assert status == {"x": "suppressed", "y": "suppressed", "w": "missing", "z": "value", "v": "zero"}


def test_an_unsure_number_makes_its_targets_unsure_and_keeps_their_value(read):
    table = read("key;residents\na;100\nb;5")
    table.status.loc["a", "residents"] = "unreliable"
    result = qa.transfer(table, crosswalk(("a", "x", 1.0), ("b", "y", 1.0)))
    assert result.status["residents"].to_dict() == {"x": "unreliable", "y": "value"}
    assert result.table["residents"].to_dict() == {"x": 100, "y": 5}


# keys that do not fit


def test_areas_without_weights_and_weights_without_areas_are_refused_or_reported():
    frame = counts(a=1000, q=50)
    with pytest.raises(JoinError, match=r"1 area with data has no weights: 'q'; 1 source has no data: 'b'"):
        qa.transfer(frame, SPLIT)
    result = qa.transfer(frame, SPLIT, missing="report")
    assert result.table["residents"]["x"] == 250
    assert np.isnan(result.table["residents"]["y"])
    totals = result.totals.loc["residents"]
    assert (totals["before"], totals["unallocated"], totals["unknown_sources"]) == (1050, 50, 1)
    assert set(map(tuple, result.problems[["what", "key"]].to_numpy())) == {
        ("source_without_target", "q"),
        ("source_without_data", "b"),
    }
    assert "50 unallocated" in repr(result)


def test_a_crosswalk_the_wrong_way_round_or_of_another_vintage_is_named():
    with pytest.raises(JoinError, match="They are among its targets: exchange from and to"):
        qa.transfer(counts(x=1, y=2), SPLIT)
    with pytest.raises(JoinError, match="Is it of the vintage of the data"):
        qa.transfer(counts(q=1), SPLIT)


def test_targets_without_a_source_are_unknown_and_named():
    result = qa.transfer(counts(a=1000, b=400), SPLIT, targets=["x", "y", "park"])
    assert np.isnan(result.table.loc["park", "residents"])
    assert result.status.loc["park", "residents"] == "missing"
    assert result.uncertain == ["x", "y", "park"]
    assert result.problems["key"].tolist() == ["park"]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_crosswalk_needs_its_columns(column):
    with pytest.raises(ColumnError, match=f"The crosswalk has no column '{column}'"):
        qa.transfer(counts(a=1, b=2), SPLIT.drop(columns=column))


def test_pairs_that_are_there_twice_and_keys_that_are_no_text_are_refused():
    with pytest.raises(KeyColumnError, match="1 pair of the crosswalk appears twice: 'a -> x'"):
        qa.transfer(counts(a=1, b=2), pd.concat([SPLIT, SPLIT.iloc[[0]].assign(weight=0.0)]))
    with pytest.raises(KeyColumnError, match="keys of the crosswalk are not text"):
        qa.transfer(counts(a=1, b=2), SPLIT.assign(to=[1, 2, 2]))
    with pytest.raises(KeyColumnError, match="key of the data is not text: '1011101'"):
        qa.transfer(pd.DataFrame({"n": [1]}, index=[1011101]), SPLIT)
    with pytest.raises(KeyColumnError, match="1 key of the data has more than one row: 'a'"):
        qa.transfer(pd.DataFrame({"n": [1, 2]}, index=["a", "a"]), SPLIT)


@pytest.mark.parametrize(("weight", "hint"), [(-0.1, ""), (np.nan, ""), ("half", ""), (25.0, "Weights in percent")])
def test_weights_that_are_no_shares_are_refused(weight, hint):
    wrong = SPLIT.astype({"weight": object})
    wrong.loc[0, "weight"] = weight
    with pytest.raises(CountError, match=f"1 weight is not a share from 0 to 1.*{hint}"):
        qa.transfer(counts(a=1, b=2), wrong)


@pytest.mark.parametrize(
    "options", [{"sliver": -0.1}, {"sliver": 0.5}, {"tolerance": 1}, {"tolerance": -1}, {"missing": "drop"}]
)
def test_options_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(SpecError, match=f"{name}(=| must be one of)"):
        qa.transfer(counts(a=1, b=2), SPLIT, **options)


# rates are refused


def test_a_declared_rate_is_refused_with_its_counts(joined):
    data = joined({"poor": [30.0, 26.0], "residents": [100.0, 100.0]})
    data = qa.add_rates(data, {"poverty": ("poor", "residents")})
    keys = SPLIT.replace({"from": {"a": "a0", "b": "b0"}})
    with pytest.raises(
        CountError, match=r"'poverty' is the rate 'poor' / 'residents': .*counts=\['poor', 'residents'\]"
    ):
        qa.transfer(data, keys)
    assert qa.transfer(data, keys, counts=["poor", "residents"]).table["poor"].tolist() == [7.5, 48.5]


def test_an_indicator_of_the_catalogue_is_a_rate_whatever_it_looks_like(joined):
    data = joined({"child_poverty_u15": [30.0, 26.0], "residents": [100.0, 100.0]})
    with pytest.raises(CountError, match="'child_poverty_u15' is a share in percent"):
        qa.transfer(data, SPLIT)


@pytest.mark.parametrize(
    "name",
    [
        "mh_share",
        "Arbeitslosenquote",
        "Migrantenanteil",
        "in Prozent",
        "% MH",
        "unemployment rate",
        "inhabitants_percentage",
        "median_income",
        "Durchschnittsalter",
        "Einwohnerdichte",
        "Geburtenrate",
        "Ärzte je 1000",
        "Einkommen pro Kopf",
    ],
)
def test_a_rate_by_its_name_is_refused(name):
    with pytest.raises(CountError, match=r"is a rate by its name .*Reallocate its numerator and its denominator"):
        qa.transfer(pd.DataFrame({"n": [1.0, 2.0], name: [30.0, 26.0]}, index=["a", "b"]), SPLIT)


@pytest.mark.parametrize("name", ["residents", "separate households", "Quotentag", "shareholders", "moderate"])
def test_a_count_is_no_rate_because_its_name_holds_the_letters_of_one(name):
    frame = pd.DataFrame({name: [30.0, 26.0]}, index=["a", "b"])
    assert qa.transfer(frame, SPLIT).table[name].sum() == 56


def test_numbers_that_are_not_whole_are_refused_unless_named():
    frame = pd.DataFrame({"foreign": [12.5, 3.0]}, index=["a", "b"])
    with pytest.raises(CountError, match=r"'foreign' holds 1 number that is not whole \('a': 12.5\).*treat_as_counts"):
        qa.transfer(frame, SPLIT)
    assert qa.transfer(frame, SPLIT, treat_as_counts=["foreign"]).table["foreign"].sum() == 15.5


def test_a_transfer_may_be_carried_on():
    first = qa.transfer(counts(a=1001, b=400), SPLIT).table
    again = crosswalk(("x", "p", 1.0), ("y", "p", 1.0))
    assert qa.transfer(first, again, treat_as_counts=["residents"]).table["residents"].to_dict() == {"p": 1401}


@pytest.mark.parametrize("wrong", [-1.0, np.inf])
def test_negative_and_infinite_counts_are_refused(wrong):
    with pytest.raises(CountError, match="negative or infinite"):
        qa.transfer(counts(a=wrong, b=1), SPLIT)


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([[1, 2], [3, 4]], index=["a", "b"], columns=["n", "n"])
    with pytest.raises(ColumnError, match="several columns with one name: 'n'"):
        qa.transfer(frame, SPLIT)


def test_numbers_with_gaps_of_pandas_are_read():
    frame = pd.DataFrame({"n": pd.array([None, 3], dtype="Int64")}, index=["a", "b"])
    same = crosswalk(("a", "a", 1.0), ("b", "b", 1.0))
    assert qa.transfer(frame, same).table["n"].isna().tolist() == [True, False]


def test_columns_of_words_are_left_out_with_a_note():
    frame = counts(a=1000, b=400).assign(name=["A", "B"])
    result = qa.transfer(frame, SPLIT)
    assert result.table.columns.tolist() == ["residents"]
    assert result.problems[["what", "key"]].to_numpy().tolist() == [["column_left_out", "name"]]
    with pytest.raises(CountError, match="'name' holds text"):
        qa.transfer(frame, SPLIT, counts=["name"])
    with pytest.raises(InputError, match="no column of numbers"):
        qa.transfer(frame[["name"]], SPLIT)


def test_the_result_is_a_table_that_joins_the_new_areas_with_its_status(read, grid):
    table = read("key;residents\na;.\nb;400\nc;-")
    new = crosswalk(("a", "a0", 1.0), ("b", "b0", 1.0), ("c", "c0", 1.0))
    data = qa.join(grid(3), qa.transfer(table, new).as_table())
    assert data.status["residents"].to_dict() == {"a0": "suppressed", "b0": "value", "c0": "zero"}
    assert data.values["residents"]["b0"] == 400
    assert data.report.source == "transfer by crosswalk"


def test_areas_with_counts_are_values_too(grid):
    areas = grid(2).assign(residents=[1000, 400])
    result = qa.transfer(areas, SPLIT.replace({"from": {"a": "a0", "b": "b0"}}))
    assert result.table["residents"].to_dict() == {"x": 250, "y": 1150}
    assert result.problems["key"].tolist() == ["name", "geometry"]


def test_nothing_that_was_given_is_changed():
    frame, weights = counts(a=1000, b=400), SPLIT.copy()
    qa.transfer(frame, weights)
    pd.testing.assert_frame_equal(frame, counts(a=1000, b=400))
    pd.testing.assert_frame_equal(weights, SPLIT)


def test_names_are_escaped_where_a_notebook_shows_them():
    frame = pd.DataFrame({"<b>n</b>": [1, 2]}, index=["a", "b"])
    page = qa.transfer(frame, SPLIT.replace({"to": {"x": "<script>"}}))._repr_html_()
    assert "<script>" not in page
    assert "<b>n" not in page
