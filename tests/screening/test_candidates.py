from __future__ import annotations

import pickle
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, SpecError


@pytest.fixture
def screened(joined):
    # a0 b0 . d0 . f0 are selected; a0-b0 share a border, d0 and f0 stand alone
    scores = [9.0, 9, 1, 9, 1, 9]
    data = joined({"x": scores, "score": scores, "residents": [1000.0, 1500, 900, 2100, 900, 300]})
    data = qa.add_rates(data, {"rate": ("x", "residents")})
    return data, qa.screen(data, qa.worst_share("score", 4 / 6))


def test_neighbours_are_dissolved_and_small_groups_listed(screened):
    data, shortlist = screened
    found = qa.candidate_areas(data, shortlist, min_population=2000)
    assert found.table["residents"].to_dict() == {"P1": 2500, "P2": 2100}
    assert found.table["n_areas"].tolist() == [2, 1]
    assert found.table["name"].tolist() == ["Gebiet b0", "Gebiet d0"]  # the part with most residents
    assert found.table["hectares"].tolist() == pytest.approx([200, 100])
    assert found.members.to_dict() == {"a0": "P1", "b0": "P1", "d0": "P2"}
    small = {"f0": {"group": "f0", "residents": 300, "short": 1700, "nearest": "P2", "distance": 1000}}
    assert found.too_small.to_dict("index") == small


def test_nothing_selected_gives_no_candidates(screened):
    data, _ = screened
    apart = data.values.assign(lowest=-data.values["score"], largest=data.values["residents"] / 1000)
    nothing = qa.screen(replace(data, values=apart), qa.worst_share("lowest", 0.01) & qa.worst_share("largest", 0.01))
    assert nothing.keys == []
    found = qa.candidate_areas(data, nothing)
    assert found.table.empty
    assert found.members.empty
    assert found.table.crs == data.areas.crs


def test_other_areas_are_refused(screened):
    data, shortlist = screened
    with pytest.raises(SpecError, match="that were screened"):
        qa.candidate_areas(data.areas.iloc[:3], shortlist)
    with pytest.raises(SpecError, match="that were screened"):
        qa.candidate_areas(data.areas.iloc[::-1], shortlist)


def test_the_areas_alone_do_as_well_as_the_data(screened):
    data, shortlist = screened
    one, two = (qa.candidate_areas(given, shortlist, min_population=0) for given in (data, data.areas))
    assert one.table.drop(columns="rate").equals(two.table)  # rates need counts
    assert one.members.equals(two.members)
    with pytest.raises(ArgumentError, match="the parameter 'areas' is called 'data' now"):
        qa.candidate_areas(areas=data.areas, shortlist=shortlist)


@pytest.mark.parametrize(("minimum", "is_candidate"), [(2499.5, True), (2500, True), (2500.5, False)])
def test_a_group_below_at_and_above_the_smallest_number_of_residents(screened, minimum, is_candidate):
    data, shortlist = screened
    found = qa.candidate_areas(data, shortlist, min_population=minimum)
    assert set(found.members.index) == ({"a0", "b0"} if is_candidate else set())  # 1,000 + 1,500
    assert set(found.too_small.index) == ({"d0", "f0"} if is_candidate else {"a0", "b0", "d0", "f0"})


@pytest.mark.parametrize("minimum", [0, 1000])
def test_a_group_with_an_unknown_number_of_residents_is_no_candidate(joined, minimum):
    data = joined({"x": [9.0, 9, 1, 9], "residents": [5000.0, np.nan, 900, 2000]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.75)), min_population=minimum)
    assert found.members.to_dict() == {"d0": "P1"}
    assert set(found.too_small.index) == {"a0", "b0"}
    assert found.too_small[["residents", "short"]].isna().all(axis=None)
    assert repr(found).splitlines()[2:] == [
        "  P1: Gebiet d0, 1 area, 2,000 residents",
        "  in groups with an unknown number of residents: a0, b0",
    ]


def test_candidates_are_printed_with_all_their_figures(joined):
    data = joined({"x": [9.0, 9, 1, 9], "residents": [1234567.0, 2, 3, 4]}, population="residents")
    found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.75)), min_population=1234567)
    assert repr(found) == (
        "Candidates: 1 candidate area from 2 areas\n"
        "  Areas for review: selected areas with a common border, together at least 1,234,567 residents.\n"
        "  P1: Gebiet a0, 2 areas, 1,234,569 residents\n"
        "  in groups below 1,234,567 residents: d0"
    )


def test_candidates_are_frozen_compared_by_identity_and_picklable(screened):
    data, shortlist = screened
    one, two = (qa.candidate_areas(data, shortlist) for _ in range(2))
    assert one != two
    assert len({one, two, one}) == 2
    with pytest.raises(AttributeError):
        one.members = two.members
    again = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
    assert again.table.equals(one.table)
    assert again.too_small.equals(one.too_small)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda d, s: qa.candidate_areas(d.values, s),
            ArgumentError,
            r"^candidate_areas takes an AreaData or a GeoDataFrame, not a DataFrame: qa\.candidate_areas\(data, shortl",
        ),
        (
            lambda d, s: qa.candidate_areas(d, s.rule),
            ArgumentError,
            r"^candidate_areas: shortlist takes a Shortlist, not a Worst: shortlist = qa\.screen\(data, rule\)\.$",
        ),
        (lambda d, s: qa.candidate_areas(d, s, min_population=-1), SpecError, "min_population is -1; it must be"),
        (lambda d, s: qa.candidate_areas(d, s, min_population=np.nan), SpecError, "min_population is nan"),
        (lambda d, s: qa.candidate_areas(d, s, min_population="2000"), SpecError, "min_population is '2000'"),
    ],
)
def test_a_wrong_object_is_answered_with_one_sentence(screened, call, error, message):
    with pytest.raises(error, match=message):
        call(*screened)


def test_of_groups_of_one_size_the_first_key_comes_first_in_any_order_of_areas(grid):
    table = pd.DataFrame({"x": [9.0, 1, 9, 1, 9], "residents": [500.0] * 5}, index=grid(5).index)
    for areas in (grid(5), grid(5).iloc[::-1]):
        data = qa.join(areas, table, population="residents")
        found = qa.candidate_areas(data, qa.screen(data, qa.worst_share("x", 0.6)), min_population=0)
        assert found.members.to_dict() == {"a0": "P1", "c0": "P2", "e0": "P3"}


def gaping_row(gap):
    shapes = [shapely.box(x * (1200 + gap), 0, x * (1200 + gap) + 1200, 1200) for x in range(5)]
    keys = pd.Index(list("pqrst"), name="key", dtype=object)
    areas = gpd.GeoDataFrame({"name": keys.str.upper()}, index=keys, geometry=shapes, crs="EPSG:25832")
    counts = pd.DataFrame({"x": [300.0, 280, 290, 10, 270], "residents": [1000.0] * 5}, index=keys)
    data = qa.add_rates(qa.join(areas, counts), {"rate": ("x", "residents")})
    return data, qa.screen(data, qa.above_city("rate"))


def test_outlines_that_gape_are_said_and_bridged_by_the_tolerance():
    data, shortlist = gaping_row(2.2)
    loose = qa.candidate_areas(data, shortlist, min_population=0)
    assert loose.table["n_areas"].tolist() == [1, 1, 1, 1]
    said = "5 of 5; the median gap to the nearest outline is 2.2 m"
    assert said in repr(loose)
    assert said in loose._repr_html_()
    bridged = qa.candidate_areas(data, shortlist, min_population=0, tolerance=3)
    assert sorted(bridged.table["n_areas"]) == [1, 3]
    assert set(bridged.table.geom_type) == {"Polygon"}  # the gaps inside are closed
    assert bridged.warnings == ()


def test_the_method_box_says_that_outlines_gape():
    data, shortlist = gaping_row(2.2)
    protection = qa.Protection()
    for tolerance, fact in ((None, "median gap 2.2 m"), (3, "Areas up to 3 m apart count as neighbours")):
        candidates = qa.candidate_areas(data, shortlist, min_population=0, tolerance=tolerance)
        release = qa.release(data, shortlist=shortlist, candidates=candidates, protection=protection)
        assert fact in "\n".join(map(str, release.facts))
        assert sorted(release.candidates["n_areas"]) == sorted(candidates.table["n_areas"])
    closed, chosen = gaping_row(0.0)
    quiet = qa.release(closed, shortlist=chosen, candidates=qa.candidate_areas(closed, chosen), protection=protection)
    assert not {"fact_apart", "fact_tolerance"} & {fact.name for fact in quiet.facts}


def test_scattered_selected_areas_are_no_fault_of_the_outlines(screened):
    data, shortlist = screened
    assert qa.candidate_areas(data, shortlist, min_population=0).warnings == ()


@pytest.mark.parametrize("wrong", [-1, float("nan"), "2", True])
def test_a_tolerance_that_is_no_length_is_refused(screened, wrong):
    with pytest.raises(SpecError, match=r"candidate_areas: tolerance=.* must be at least 0, in metres"):
        qa.candidate_areas(*screened, tolerance=wrong)
