"""What every public call of the room promises: doors, names of the first edition, results that travel, limits."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import segregation as s
from quartiersatlas.errors import ArgumentError, CountError, SpecError

FRAME = pd.DataFrame(
    {
        "mh": [100.0, 60, 40, 0],
        "other": [0.0, 40, 60, 100],
        "residents": [100.0] * 4,
        "bezirk": ["1", "1", "2", "2"],
    },
    index=["01", "02", "03", "04"],
)


def measured(data=FRAME, groups="mh", **options):
    return qa.measure_segregation(data, groups, **{"population": "residents", "indices": "dissimilarity"} | options)


RESULTS = {
    "SegregationResult": measured,
    "Decomposition": lambda: qa.decompose(FRAME, ["mh", "other"], "bezirk"),
    "SegregationChange": lambda: qa.segregation_change(FRAME, FRAME, ["mh", "other"]),
}


# doors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: qa.measure_segregation(3, "mh"), r"measure_segregation takes an AreaData or a DataFrame, not an int"),
        (lambda: qa.scale_table("x.csv", "mh", "bezirk"), r"scale_table takes an AreaData or a DataFrame, not a str"),
        (lambda: qa.decompose([1], "mh", "bezirk"), r"decompose takes an AreaData or a DataFrame, not a list"),
        (lambda: qa.segregation_change(None, FRAME, "mh"), r"segregation_change takes an AreaData or a DataFrame"),
        (lambda: qa.segregation_change(FRAME, None, "mh"), r"segregation_change: later takes an AreaData or a"),
        (lambda: qa.compare_segregation(FRAME, FRAME), r"compare_segregation takes .*qa\.measure_segregation\("),
        (lambda: qa.compare_segregation(measured(), 1), r"compare_segregation: other takes .*not an int"),
        (lambda: measured(groups=7), r"groups takes a name or a list of names, not an int"),
        (lambda: measured(indices=7), r"indices takes a name or a list of names, not an int"),
        (lambda: s.dissimilarity("abc", "def"), r"Counts must be numbers"),
        (lambda: s.information_theory([["a", "b"]]), r"Counts must be numbers"),
        (lambda: s.delta([1, 2], ["a", "b"]), r"area must be numbers"),
        (lambda: s.spatial_dissimilarity([[1, 2], [2, 1]], "ab", 100), r"points must be numbers"),
        (lambda: s.distance_to_centre("ab"), r"points must be numbers"),
    ],
)
def test_a_wrong_object_is_answered_with_what_the_call_takes(call, message):
    with pytest.raises(ArgumentError, match=message) as error:
        call()
    assert isinstance(error.value, TypeError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measured(b=1), "b, the inequality aversion, must be a number between 0 and 1, not 1"),
        (lambda: measured(population=["residents"]), "population must be the name of one column"),
        (lambda: measured().test(n=2.5), "n must be a whole number from 1 to 1,000,000, not 2.5"),
        (lambda: measured().test(n=10**12), "n must be a whole number from 1 to 1,000,000, not 1000000000000"),
        (lambda: measured().bootstrap(n=True), "n must be a whole number from 1 to 1,000,000, not True"),
        (lambda: measured().profile([100], kernel="box"), "kernel must be one of 'uniform'"),
        (lambda: measured().explain("dissimilarity", "fr"), "'fr'"),
        (lambda: measured().explain("gni"), "no index 'gni'. Did you mean 'gini'"),
    ],
)
def test_an_impossible_option_is_answered_with_what_is_possible(call, message):
    with pytest.raises(SpecError, match=message):
        call()


def test_one_name_is_one_name_not_its_letters():
    assert measured(groups="mh").spec.groups == ("mh",)
    assert qa.scale_table(FRAME, "mh", "bezirk", population="residents", indices="gini")["level"].tolist() == [
        "bezirk",
        "areas",
    ]
    one, listed = (qa.decompose(FRAME, ["mh", "other"], by).table for by in ("bezirk", ["bezirk"]))
    pd.testing.assert_frame_equal(one, listed)


# names of the first edition


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        (lambda: qa.measure_segregation(FRAME, "mh", total="residents"), "total", "population"),
        (lambda: qa.measure_segregation(frame=FRAME, groups="mh"), "frame", "data"),
        (lambda: measured(interval="persons"), "interval", "resample"),
        (lambda: qa.scale_table(FRAME, "mh", levels=["bezirk"]), "levels", "by"),
        (lambda: qa.decompose(FRAME, "mh", within="bezirk"), "within", "by"),
        (lambda: qa.segregation_change(before=FRAME, later=FRAME, groups="mh"), "before", "earlier"),
        (lambda: qa.segregation_change(FRAME, after=FRAME, groups="mh"), "after", "later"),
        (lambda: qa.compare_segregation(measured(), measured(), method="areas"), "method", "resample"),
        (lambda: s.isolation([1, 2], total=[3, 3]), "total", "population"),
        (lambda: s.location_quotient([1, 2], total=[3, 3]), "total", "population"),
        (lambda: s.expected_isolation([1, 2], total=[3, 3]), "total", "population"),
    ],
)
def test_a_parameter_of_the_first_edition_answers_with_the_new_name(call, old, new):
    with pytest.raises(ArgumentError, match=rf"the parameter '{old}' is called '{new}' now"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: measured(missing="drop"),
        lambda: qa.scale_table(FRAME, "mh", "bezirk", population="residents", missing="drop"),
        lambda: qa.decompose(FRAME, ["mh", "other"], "bezirk", missing="drop"),
        lambda: qa.segregation_change(FRAME, FRAME, ["mh", "other"], missing="drop"),
    ],
)
def test_to_drop_missing_counts_is_called_to_report_them_now(call):
    with pytest.raises(SpecError, match="missing='drop' is called missing='report' now"):
        call()


# results


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_travels_between_processes(name):
    result = RESULTS[name]()
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    pd.testing.assert_frame_equal(copy.table, result.table)
    assert copy.note_codes.tolist() == result.note_codes.tolist()
    assert repr(copy) == repr(result)


def test_a_result_that_travelled_can_still_be_asked():
    result = measured()
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    pd.testing.assert_frame_equal(copy.test(n=9, seed=1), result.test(n=9, seed=1))
    pd.testing.assert_frame_equal(copy.local, result.local)
    assert copy.explain("dissimilarity", "de") == result.explain("dissimilarity", "de")


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_frozen_and_compared_by_identity(name):
    one, other = RESULTS[name](), RESULTS[name]()
    with pytest.raises(FrozenInstanceError):
        one.table = other.table
    assert one == one  # noqa: PLR0124 - by identity
    assert one != other
    assert len({one, other}) == 2


@pytest.mark.parametrize("method", ["test", "bootstrap", "profile", "explain"])
def test_the_methods_keep_their_signature_and_their_words(method):
    doc = getattr(qa.SegregationResult, method).__doc__
    assert "Parameters" in doc
    assert "Returns" in doc


def test_nothing_shown_is_cut():
    result = measured(FRAME.assign(mh=[np.nan, 60, 40, 0]), missing="report", min_population=101)
    note = result.table.loc[0, "note"]
    assert len(note) > 50
    assert note in repr(result)
    assert note in result._repr_html_()


def test_nothing_shown_of_a_change_is_cut():
    earlier = pd.DataFrame({"a": [1.0, 0], "b": [0.0, 2]}, index=["1", "2"])
    later = pd.DataFrame({"a": [0.0, 3], "b": [2.0, 0]}, index=["1", "2"])
    result = qa.segregation_change(earlier, later, ["a", "b"])
    note = max(result.table["note"], key=len)
    assert len(note) > 50
    assert note in repr(result)
    assert note in result._repr_html_()


# limits


@pytest.mark.parametrize(("least", "n_areas"), [(99.999, 4), (100, 4), (100.001, 0)])
def test_an_area_of_exactly_the_least_population_counts(least, n_areas):
    row = measured(min_population=least).table.loc[0]
    assert (row["n_areas"], row["n_dropped"]) == (n_areas, 4 - n_areas)
    assert np.isnan(row["value"]) == (n_areas == 0)
    assert ("residents left out: 4" in row["note"]) == (n_areas == 0)


@pytest.mark.parametrize(("least", "n_areas"), [(199.5, 2), (200, 2), (200.5, 0)])
def test_a_district_of_exactly_the_least_population_counts_at_its_level(least, n_areas):
    table = qa.scale_table(
        FRAME, "mh", "bezirk", population="residents", indices="gini", min_population=least
    ).set_index("level")
    assert table.loc["bezirk", "n_areas"] == n_areas
    assert table.loc["areas", "n_areas"] == 0


def test_a_group_of_all_residents_is_possible_and_one_person_more_is_not():
    assert measured(FRAME.assign(mh=[100.0, 60, 40, 100])).table["value"].notna().all()
    with pytest.raises(CountError, match=r"'mh' is larger than the population in 1 area: '04'"):
        measured(FRAME.assign(mh=[100.0, 60, 40, 101]))


def test_two_groups_may_be_everybody_together_and_not_one_person_more():
    assert measured(reference="other").table["value"].notna().all()
    with pytest.raises(CountError, match="'mh' and 'other' together are larger than the population in 2 areas"):
        measured(FRAME.assign(other=[1.0, 41, 60, 100]), reference="other")


# what is not known


def test_a_group_with_an_unknown_number_of_residents_is_refused_or_left_out():
    frame = FRAME.assign(residents=[100.0, np.nan, 100, 100])
    with pytest.raises(CountError, match=r"1 area has no count in 'residents': '02'.*missing='report'"):
        measured(frame)
    row = measured(frame, missing="report").table.loc[0]
    assert (row["n_areas"], row["n_dropped"]) == (3, 1)
    assert "areas left out for lack of a count: 1" in row["note"]
    assert "uninhabited" not in row["note"]  # nobody knows whether it is
    assert row["value"] == pytest.approx(s.dissimilarity([100, 40, 0], [0, 60, 100]))


def test_an_area_with_an_unknown_reference_is_left_out_of_that_comparison_only():
    frame = FRAME.assign(third=0.0, other=[0.0, np.nan, 60, 100])
    table = measured(frame, reference=["other", "third"], missing="report").table.set_index("reference")
    assert table["n_areas"].to_dict() == {"other": 3, "third": 4}
    assert table.loc["other", "value"] == pytest.approx(s.dissimilarity([100, 40, 0], [0, 60, 100]))


def test_a_sum_with_an_unknown_group_is_unknown():
    # without a population, the groups together are everybody: unknown in one is unknown in all
    frame = FRAME.assign(other=[0.0, np.nan, 60, 100])
    table = qa.measure_segregation(frame, ["mh", "other"], indices="dissimilarity", missing="report").table
    assert table["n_areas"].tolist() == [3, 3]
    assert table["value"].tolist() == pytest.approx([s.dissimilarity([100, 40, 0], [0, 60, 100])] * 2)


def test_a_district_is_summed_from_its_known_areas_and_the_note_says_how_many_are_missing():
    frame = FRAME.assign(mh=[np.nan, 60, 40, 0])
    table = qa.scale_table(
        frame, "mh", "bezirk", population="residents", indices="dissimilarity", missing="report"
    ).set_index("level")
    assert table.loc["bezirk", "value"] == pytest.approx(s.dissimilarity([60, 40], [40, 160]))
    assert table["note"].str.contains("areas left out for lack of a count: 1").all()
    assert table.loc["bezirk", "mean_population"] == pytest.approx(150)


@pytest.mark.parametrize("column", ["mh", "residents"])
def test_an_area_unknown_in_one_column_is_in_no_level_of_a_decomposition(column):
    frame = FRAME.assign(**{column: FRAME[column].where(FRAME.index != "02")})
    found = qa.decompose(frame, "mh", "bezirk", population="residents", missing="report").table
    expected = qa.decompose(FRAME.drop("02"), "mh", "bezirk", population="residents").table
    pd.testing.assert_series_equal(found["value"], expected["value"])
    assert found.loc[0, "n_dropped"] == 1
