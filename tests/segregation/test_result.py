"""The one call: a tidy table, whom each number is compared with, why one is missing, who was left out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import measure_segregation as measure
from quartiersatlas import segregation as s
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError

FRAME = pd.DataFrame(
    {"mh": [100.0, 60, 40, 0], "nobody": [0.0] * 4, "residents": [100.0] * 4}, index=["01", "02", "03", "04"]
)
COLUMNS = [
    "by",
    "group",
    "reference",
    "index",
    "value",
    "adjusted",
    "expected",
    "lower",
    "upper",
    "n_areas",
    "n_dropped",
    "note",
]


def row(table, index, group=None, **where):
    found = table[table["index"] == index]
    for column, value in ({"group": group} if group else {} | where).items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_one_row_per_number_and_the_reference_is_named():
    table = measure(FRAME, ["mh"], population="residents", indices=["dissimilarity", "isolation", "interaction"]).table
    assert table.columns.tolist() == COLUMNS
    assert table["index"].tolist() == ["dissimilarity", "isolation", "interaction"]
    assert table["reference"].tolist() == ["rest", "total", "rest"]
    assert table["value"].tolist() == pytest.approx([0.6, 0.76, 0.24])
    assert table["n_areas"].tolist() == [4, 4, 4]


def test_every_index_of_the_registry_can_be_asked_for(town):
    listed = qa.segregation_indices()
    groups = ["a", "b", "c"]
    result = measure(town, groups, indices=list(listed.index), radii=[1000], decay=1000)
    assert set(result.table["index"]) == set(listed.index)
    assert result.table["value"].notna().all()
    assert listed[["label_de", "label_en", "formula", "source", "direction"]].ne("").all(axis=None)


def test_every_value_lies_in_the_range_of_the_registry(town):
    listed = qa.segregation_indices()
    table = measure(town, ["a", "b", "c"], indices="all", radii=[1000], decay=1000).table
    lowest = pd.to_numeric(listed["lowest"], errors="coerce").fillna(-np.inf)
    highest = pd.to_numeric(listed["highest"], errors="coerce").fillna(np.inf)
    assert (table["value"].to_numpy() >= lowest[table["index"]].to_numpy() - 1e-12).all()
    assert (table["value"].to_numpy() <= highest[table["index"]].to_numpy() + 1e-12).all()


def test_many_places_in_one_pass_give_what_each_place_gives_by_itself(town):
    options = {"indices": "all", "radii": [900, 2500], "decay": 1000, "min_population": 150}
    together = measure(town, ["a", "b", "c"], by="bezirk", **options)
    for place in ("N", "O", "W"):
        alone = measure(town[town["bezirk"] == place], ["a", "b", "c"], **options)
        part = together.table[together.table["by"] == place].reset_index(drop=True)
        pd.testing.assert_frame_equal(part.drop(columns="by"), alone.table.drop(columns="by"), rtol=1e-9, atol=1e-12)
        local = together.local.loc[alone.local.index]
        pd.testing.assert_frame_equal(
            pd.DataFrame(local.drop(columns="geometry")),
            pd.DataFrame(alone.local.drop(columns="geometry")),
            rtol=1e-9,
            atol=1e-12,
        )


def test_the_order_and_names_of_rows_do_not_matter(town):
    options = {"indices": "all", "radii": [900], "decay": 1000}
    straight = measure(town, ["a", "b", "c"], **options)
    mixed = town.sample(frac=1, random_state=2)
    turned = measure(mixed.set_axis(range(36)), ["a", "b", "c"], **options)
    assert turned.table["value"].to_numpy() == pytest.approx(straight.table["value"].to_numpy(), rel=1e-9, abs=1e-12)
    assert turned.local["a_d_part"].to_numpy() == pytest.approx(straight.local.loc[mixed.index, "a_d_part"].to_numpy())


def test_group_against_a_named_group_or_several(town):
    table = measure(town, ["a"], population="total", reference=["b", "c"], indices=["dissimilarity", "isolation"]).table
    assert table[["index", "reference"]].to_numpy().tolist() == [
        ["dissimilarity", "b"],
        ["dissimilarity", "c"],
        ["isolation", "total"],
    ]
    assert table["value"].tolist() == pytest.approx(
        [
            s.dissimilarity(town["a"], town["b"]),
            s.dissimilarity(town["a"], town["c"]),
            s.isolation(town["a"], town["total"]),
        ]
    )


def test_interaction_with_a_named_group_is_among_all_residents(town):
    value = measure(town, "a", population="total", reference="b", indices="interaction").table.loc[0, "value"]
    assert value == pytest.approx(s.interaction(town["a"], town["b"], town["total"]))


def test_the_segregation_index_is_against_the_rest_also_where_a_reference_is_named(town):
    table = measure(town, ["a"], population="total", reference="b", indices=["segregation_index"]).table
    assert table.loc[0, "reference"] == "rest"
    assert table.loc[0, "value"] == pytest.approx(s.segregation_index(town["a"], town["total"]))


def test_local_values_stand_on_the_callers_index_and_keep_the_geometry(grid):
    areas = grid(4)
    frame = gpd.GeoDataFrame(FRAME.set_axis(areas.index), geometry=areas.geometry, crs=areas.crs)
    local = measure(frame, ["mh"], population="residents").local
    assert isinstance(local, gpd.GeoDataFrame)
    assert local["mh_lq"].tolist() == pytest.approx([2.0, 1.2, 0.8, 0.0])
    assert local.index.equals(areas.index)
    assert local.geometry.equals(areas.geometry)


def test_local_parts_add_up_to_their_index(town):
    result = measure(town, ["a", "b", "c"], by="bezirk", indices=["dissimilarity", "isolation"])
    for place, part in result.local.groupby(town["bezirk"]):
        values = result.table[(result.table["by"] == place) & (result.table["group"] == "a")].set_index("index")
        assert part["a_d_part"].sum() == pytest.approx(values.loc["dissimilarity", "value"])
        assert part["a_isolation_part"].sum() == pytest.approx(values.loc["isolation", "value"])


def test_local_diversity_and_segregation_are_those_of_the_plain_functions(town):
    local = measure(town, ["a", "b", "c"]).local
    table = town[["a", "b", "c"]]
    assert local["local_segregation"].to_numpy() == pytest.approx(s.local_segregation(table))
    assert local["entropy"].to_numpy() == pytest.approx(s.local_entropy(table))
    assert local["simpson"].to_numpy() == pytest.approx(s.local_simpson(table))


def test_a_value_that_cannot_be_computed_says_why():
    table = measure(FRAME, ["nobody", "residents"], population="residents", indices="dissimilarity").table
    assert table["note"].tolist() == ["nobody is in the group", "nobody to compare with"]
    assert table["value"].isna().all()


def test_a_place_with_one_area_has_no_value_and_says_why():
    frame = FRAME.assign(city=["A", "A", "A", "B"])
    table = measure(frame, ["mh"], population="residents", by="city", indices="gini").table
    assert table["note"].tolist()[1] == "nobody is in the group"
    frame["mh"] = [100.0, 60, 40, 50]
    table = measure(frame, ["mh"], population="residents", by="city", indices="gini").table
    assert table["note"].tolist() == ["no interval requested", "one inhabited area only"]


def test_every_gap_in_every_column_has_its_reason(town):
    table = measure(town, ["a", "b", "c"], indices="all").table
    assert table.loc[table["value"].isna(), "note"].str.contains("no radius was given|far below the distance").all()
    known = table[table["value"].notna()]
    assert known.loc[known["expected"].isna(), "note"].str.contains("no expected value known").all()
    assert known.loc[known["adjusted"].isna(), "note"].str.contains("no adjusted version|no expected value").all()
    assert known["note"].str.contains("no interval requested").all()


def test_small_areas_are_left_out_and_counted():
    frame = FRAME.assign(residents=[100.0, 100, 100, 20])
    table = measure(frame, ["mh"], population="residents", indices="dissimilarity", min_population=50).table
    # D of the first three areas: 1/2 (|.5 - 0| + |.3 - .4| + |.2 - .6|)
    assert table.loc[0, "value"] == pytest.approx(0.5)
    assert table.loc[0, ["n_areas", "n_dropped"]].tolist() == [3, 1]
    assert "areas below 50 residents left out: 1" in table.loc[0, "note"]


def test_unknown_counts_are_refused_or_left_out_and_counted_but_never_zero():
    frame = FRAME.assign(mh=[100.0, 60, 40, np.nan])
    with pytest.raises(CountError, match=r"1 area has no count in 'mh': '04'.*missing='report'"):
        measure(frame, ["mh"], population="residents")
    result = measure(frame, ["mh"], population="residents", missing="report")
    assert result.table.loc[0, "value"] == pytest.approx(0.5)
    assert result.table.loc[0, "n_dropped"] == 1
    assert "areas left out for lack of a count: 1" in result.table.loc[0, "note"]
    assert result.local.loc["04"].isna().all()


def test_uninhabited_areas_are_left_out_and_counted():
    frame = pd.concat([FRAME, pd.DataFrame({"mh": [0.0], "nobody": [0.0], "residents": [0.0]}, index=["05"])])
    result = measure(frame, ["mh"], population="residents", indices="dissimilarity")
    assert result.table.loc[0, "value"] == pytest.approx(0.6)
    assert result.table.loc[0, ["n_areas", "n_dropped"]].tolist() == [4, 1]
    assert "uninhabited areas left out: 1" in result.table.loc[0, "note"]
    assert result.local.loc["05"].isna().all()


def test_areadata_brings_its_population_and_its_parents(joined):
    data = joined({"mh": [100.0, 60, 40, 0], "residents": [100.0] * 4})
    assert measure(data, ["mh"]).table.loc[0, "value"] == pytest.approx(0.6)
    assert measure(data, ["mh"], by="name", indices="gini").table["by"].tolist() == [
        "Gebiet a0",
        "Gebiet b0",
        "Gebiet c0",
        "Gebiet d0",
    ]


def test_groups_without_a_total_are_everybody_and_that_is_said(town):
    result = measure(town, ["a", "b", "c"])
    assert "mutual_information" in set(result.table["index"])
    assert any("sum of a, b, c" in str(note) for note in result.notes)
    assert row(result.table, "isolation", "a")["value"] == pytest.approx(s.isolation(town["a"], town["total"]))


def test_what_is_left_of_the_total_becomes_a_group_of_its_own(town):
    table = measure(town, ["a", "b"], population="total", indices="mutual_information").table
    assert table.loc[0, "group"] == "a, b, rest"
    assert table.loc[0, "value"] == pytest.approx(s.mutual_information(town[["a", "b", "c"]]))


def test_groups_that_overlap_have_no_common_index_and_the_reason_is_given(town):
    frame = town.assign(d=town["total"] - town["c"])
    result = measure(frame, ["a", "b", "d"], population="total", indices=["information_theory", "dissimilarity"])
    overlapping = row(result.table, "information_theory")
    assert np.isnan(overlapping["value"])
    assert "overlap" in overlapping["note"]
    assert row(result.table, "dissimilarity", "a")["value"] > 0
    assert result.local["local_segregation"].isna().all()


def test_ordered_classes_are_read_only_when_asked_for(town):
    result = measure(town, ["a", "b", "c"], indices="all", radii=500, decay=1000)
    assert not result.table["index"].str.startswith("ordinal").any()
    assert any("read the order of the groups as a ranking" in str(note) for note in result.notes)
    swapped = [
        measure(town, groups, indices="ordinal_variation_ratio").table.loc[0, "value"]
        for groups in (["a", "b", "c"], ["b", "a", "c"])
    ]
    assert swapped[0] != pytest.approx(swapped[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mh": [100.0, 60, 40, -1]}, "negative"),
        ({"mh": ["a", "b", "c", "d"]}, "holds text"),
        ({"mh": [101.0, 60, 40, 0]}, "larger than the population"),
        ({"mh": [np.inf, 60, 40, 0]}, "negative or infinite"),
        ({"mh": [0.4, 0.2, 0.1, 0], "residents": [1.0] * 4}, "look like shares"),
        ({"mh": [40.5, 20.1, 10.2, 0]}, "look like shares"),
    ],
)
def test_impossible_counts_are_refused(change, message):
    with pytest.raises(CountError, match=message):
        measure(FRAME.assign(**change), ["mh"], population="residents")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indices": ["disimilarity"]}, "no index 'disimilarity'. Did you mean 'dissimilarity'"),
        ({"missing": "ignore"}, "missing must be one of 'raise', 'report', not 'ignore'"),
        ({"decay": 0}, "decay must be a length in metres, above 0, not 0"),
        ({"decay": "km"}, "decay must be a length in metres, above 0, not 'km'"),
        ({"kernel": "box"}, "kernel must be one of 'uniform', .*, not 'box'"),
        ({"contiguity": "bishop"}, "contiguity must be one of 'rook', 'queen', not 'bishop'"),
        ({"b": 1}, "between 0 and 1"),
        ({"min_population": -1}, "min_population must be a number, 0 or more, not -1"),
        ({"radii": [0]}, "radi"),
        ({"resample": "yes"}, "resample must be one of None, 'persons', 'areas', not 'yes'"),
        ({"indices": "delta"}, "'delta' cannot be computed: the frame has no geometry"),
        ({"groups": []}, "groups is empty"),
    ],
)
def test_misspelled_or_impossible_options_are_refused(options, message):
    with pytest.raises(SpecError, match=message):
        measure(**{"data": FRAME, "groups": ["mh"], "population": "residents"} | options)


@pytest.mark.parametrize(
    ("written", "meant"),
    [  # letters of Massey & Denton 1988 and Reardon & Firebaugh 2002, and names of other packages
        ("D", "'dissimilarity' or 'multigroup_dissimilarity'"),
        ("Dissim", "'dissimilarity'"),
        ("Gini coefficient", "'gini'"),
        ("H", "'theil_h' or 'information_theory'"),
        ("P*", "'isolation' or 'interaction'"),
        ("xPx", "'isolation'"),
        ("xPy", "'interaction'"),
        ("Eta²", "'correlation_ratio'"),
        ("V", "'correlation_ratio'"),
        ("R", "'concentration_profile' or 'relative_diversity'"),
        ("DEL", "'delta'"),
        ("ACO", "'absolute_concentration'"),
        ("RCE", "'relative_centralisation'"),
        ("SP", "'spatial_proximity'"),
        ("ACL", "'absolute_clustering'"),
        ("DPxy", "'distance_decay_interaction'"),
        ("IS", "'segregation_index'"),
        ("D(adj)", "'morrill'"),
        ("theil H", "'theil_h'"),
        ("Gini", "'gini'"),
        ("Mutual Information", "'mutual_information'"),
    ],
)
def test_the_letter_of_an_index_is_answered_with_its_name(written, meant):
    with pytest.raises(SpecError, match=r"no index '.+'\. Did you mean ") as caught:
        measure(FRAME, ["mh"], population="residents", indices=written)
    assert f"Did you mean {meant}" in str(caught.value)
    assert len(str(caught.value)) < 200


def test_misspelled_columns_are_refused_with_what_there_is():
    with pytest.raises(ColumnError, match="Did you mean 'residents'"):
        measure(FRAME, ["mh"], population="resident")
    with pytest.raises(SpecError, match=r"needs the column of all residents.*population='residents'"):
        measure(FRAME, ["mh"])
    with pytest.raises(ColumnError, match="no column 'bezirk'"):
        measure(FRAME, ["mh"], population="residents", by="bezirk")
    with pytest.raises(SpecError, match=r"1 area has no parent area in 'bezirk': '02'"):
        measure(FRAME.assign(bezirk=["A", None, "A", "A"]), ["mh"], population="residents", by="bezirk")
    with pytest.raises(TypeError, match="distnace"):
        measure(FRAME, ["mh"], population="residents", distnace=2000)


def test_an_empty_frame_is_refused():
    with pytest.raises(CountError, match="no areas"):
        measure(FRAME.iloc[:0], ["mh"], population="residents")


def test_an_index_explains_itself_in_both_languages(town):
    result = measure(town, ["a"], population="total", reference="b", resample="areas", n=19, seed=1)
    german, english = result.explain("dissimilarity", "de"), result.explain("dissimilarity", "en")
    for part in ("umziehen", "Formel: D = 1/2", "Duncan", "verglichen mit b", "95-%-Intervall"):
        assert part in german
    assert "compared with b" in english
    assert "Freed from chance" in english
    with pytest.raises(SpecError, match="no index 'D'"):
        result.explain("D")
    with pytest.raises(SpecError, match="lang must be one of"):
        result.explain("gini", "fr")


def test_a_gap_is_explained_in_the_readers_language():
    result = measure(FRAME, ["nobody"], population="residents", indices="gini")
    assert "kein Wert (niemand gehört zur Gruppe" in result.explain("gini", "de")


def test_the_result_shows_itself_escaped():
    frame = FRAME.rename(columns={"mh": "<b>mh</b>"})
    shown = measure(frame, ["<b>mh</b>"], population="residents")._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;mh" in shown
    assert "SegregationResult" in repr(measure(FRAME, "mh", population="residents"))


def test_the_input_frame_is_not_changed(town):
    before, town_before = FRAME.copy(), town.copy()
    measure(FRAME, ["mh"], population="residents")
    measure(town, ["a"], population="total", indices="all", radii=500, by="bezirk")
    pd.testing.assert_frame_equal(FRAME, before)
    pd.testing.assert_frame_equal(town, town_before)


def test_groups_that_add_up_to_the_total_are_everybody(town):
    with_total = measure(town, ["a", "b", "c"], population="total").table
    assert "information_theory" in set(with_total["index"])
    assert "information_theory" not in set(measure(town, ["a", "b"], population="total").table["index"])


def test_whom_the_total_counts_is_said():
    result = measure(FRAME, "mh", population="residents")
    assert [str(note) for note in result.notes] == ["All together are the column residents."]


def test_a_column_called_rest_is_a_group_like_any_other():
    frame = pd.DataFrame({"a": [40, 20, 5, 1], "rest": [10, 10, 10, 50], "t": [100] * 4})
    renamed = frame.rename(columns={"rest": "r"})
    for index in ("dissimilarity", "segregation_index", "isolation"):
        values = measure(frame, ["a", "rest"], population="t", indices=index).table["value"].tolist()
        assert values == pytest.approx(
            measure(renamed, ["a", "r"], population="t", indices=index).table["value"].tolist()
        )
    ours = qa.decompose(frame.assign(k=list("XXYY")), ["a", "rest"], "k", population="t").table["value"]
    assert ours.tolist() == pytest.approx(
        qa.decompose(renamed.assign(k=list("XXYY")), ["a", "r"], "k", population="t").table["value"].tolist(),
        nan_ok=True,
    )


def test_a_reference_that_cannot_be_compared_with_is_refused():
    frame = pd.DataFrame({"w": [60, 50], "r": [80, 80], "t": [100, 100]})
    with pytest.raises(CountError, match="'w' and 'r' together are larger than the population"):
        measure(frame, "w", population="t", reference="r")
    with pytest.raises(SpecError, match="reference='t' is the population"):
        measure(frame, "w", population="t", reference="t")
    with pytest.raises(SpecError, match="'w' is compared with itself"):
        measure(frame, "w", population="t", reference="w")


def test_every_group_can_be_compared_with_every_other(town):
    groups = ["a", "b", "c"]
    table = measure(town, groups, reference=groups, indices="dissimilarity").table
    matrix = table.pivot_table(index="group", columns="reference", values="value")
    assert matrix.isna().sum().sum() == 3  # not with themselves
    for one, other in (("a", "b"), ("a", "c"), ("b", "c")):
        assert (
            matrix.loc[one, other] == matrix.loc[other, one] == pytest.approx(s.dissimilarity(town[one], town[other]))
        )


def test_a_group_among_several_is_not_compared_with_itself(town):
    table = measure(town, ["a", "b"], population="total", reference="a", indices="dissimilarity").table
    assert table[["group", "reference"]].to_numpy().tolist() == [["b", "a"]]


def test_areas_without_either_group_stay_residents_of_the_city():
    # 100 areas of 100, two groups of 30 at random: xPy is Y / T times what is left of a person's own area
    frame = pd.DataFrame({"a": [1] * 30 + [0] * 70, "b": [0] * 60 + [1] * 30 + [0] * 10, "t": [100] * 100})
    table = measure(frame, "a", population="t", reference="b", indices="interaction").table
    assert table.loc[0, "n_areas"] == 100
    assert table.loc[0, "expected"] == pytest.approx(30 / 10_000 * (1 - 99 / 9_999))


def test_groups_that_overlap_in_one_place_spoil_no_other():
    frame = pd.DataFrame({"a": [10, 20, 90, 30], "b": [20, 10, 50, 50], "t": [100] * 4, "k": list("XXYY")})
    result = measure(frame, ["a", "b"], population="t", by="k", indices="mutual_information")
    alone = measure(frame[:2], ["a", "b"], population="t", indices="mutual_information").table.loc[0, "value"]
    assert result.table["value"].tolist() == pytest.approx([alone, np.nan], nan_ok=True)
    assert "overlap" in result.table.loc[1, "note"]
    assert result.local["entropy"].isna().tolist() == [False, False, True, True]


def test_who_is_in_no_class_has_no_rank_and_is_counted():
    frame = pd.DataFrame({"low": [30, 0, 0], "high": [10, 0, 0], "t": [60, 50, 40]})
    row = measure(frame, ["low", "high"], population="t", indices="ordinal_information_theory").table.loc[0]
    assert np.isnan(row["value"])
    assert (row["n_areas"], row["n_dropped"]) == (1, 2)
    assert row["note"] == "one inhabited area only; areas without members of the classes left out: 2"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"indices": []}, "indices is empty"),
        ({"min_population": np.nan}, "0 or more, not nan"),
        ({"min_population": "500"}, "0 or more, not '500'"),
        ({"by": ["k"]}, "by must be the name of one column"),
        ({"population": ["residents"]}, "population must be the name of one column"),
        ({"b": None}, "between 0 and 1, not None"),
    ],
)
def test_options_of_the_wrong_kind_are_refused(options, message):
    with pytest.raises(SpecError, match=message):
        measure(**{"data": FRAME, "groups": ["mh"], "population": "residents"} | options)


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(ArgumentError, match="names are text, but '1'"):
        measure(FRAME, [1], population="residents")


def test_shares_of_real_residents_are_refused():
    frame = pd.DataFrame({"x": [0.3, 0.2, 0.5], "t": [1000, 1200, 900]})
    with pytest.raises(CountError, match=r"'x' is at most 0.5: these look like shares"):
        measure(frame, "x", population="t")
