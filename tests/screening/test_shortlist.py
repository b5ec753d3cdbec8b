"""Screening of joined data: what is selected, what is not assessed, and the reasons."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, SpecError
from quartiersatlas.screening.evaluation.reasons import COLUMNS


@pytest.fixture
def data(joined):
    values = {
        "mh": [10.0, 40, 60, 30, np.nan],
        "poor": [30.0, 5, 50, 25, 20],
        "residents": [100.0] * 5,
        "score": [1.0, 5, 3, 3, np.nan],
    }
    return qa.add_rates(joined(values), {"arrivals": ("mh", "residents"), "poverty": ("poor", "residents")})


@pytest.fixture
def need(data):
    axis = {
        "id": "status",
        "label_de": "Status",
        "label_en": "Status",
        "indicators": [{"id": "poverty"}],
        "classes": [
            {"id": "high", "upper": 0.0, "label_de": "hoch", "label_en": "high"},
            {"id": "low", "label_de": "niedrig", "label_en": "low"},
        ],
    }
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    with pytest.warns(UserWarning, match="5 areas only"):
        return qa.need_index(data, spec)


def reason(shortlist, key, condition=""):
    """Return the reason of one area."""
    rows = shortlist.reasons[shortlist.reasons["key"] == key]
    rows = rows[rows["condition"] == condition] if condition else rows
    (found,) = rows.itertuples()
    return found


# --- what is selected -------------------------------------------------------------------------------------------------


def test_above_city_compares_with_the_value_from_the_counts(data):
    # city: 140 of 400 = 35 % (the area without a count is in neither sum)
    shortlist = qa.screen(data, qa.above_city("arrivals"))
    assert shortlist.keys == ["b0", "c0"]
    assert shortlist.reasons["limit"].iloc[0] == pytest.approx(35)


def test_above_city_needs_all_named_rates(data):
    assert qa.screen(data, qa.above_city("arrivals", "poverty")).keys == ["c0"]


@pytest.mark.parametrize(("cases", "selected"), [(29.0, False), (30.0, False), (31.0, True)])
def test_above_city_below_at_and_above_the_city_value(joined, cases, selected):
    # city: 30 of 100 with either neighbour; the value of 30 is the city value, which is not above
    data = joined({"x": [cases, 60 - cases], "residents": [100.0, 100]})
    shortlist = qa.screen(qa.add_rates(data, {"rate": ("x", "residents")}), qa.above_city("rate"))
    assert shortlist.selected["a0"] == selected
    assert shortlist.reasons["limit"].tolist() == [30.0, 30.0]
    assert shortlist.reasons["held"].tolist() == [selected, cases < 30]


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.25, ["b0"]), (0.5, ["b0", "c0", "d0"]), (0.75, ["b0", "c0", "d0"]), (1.0, ["a0", "b0", "c0", "d0"])],
)
def test_worst_share_counts_areas_with_a_value_and_keeps_ties_together(data, share, expected):
    assert qa.screen(data, qa.worst_share("score", share)).keys == expected


@pytest.mark.parametrize(
    ("third", "keys", "limit"),
    [
        (math.nextafter(4, 3), ["a0", "b0", "c0"], 4.0),  # the last bit of a sum decides nothing
        (4.0, ["a0", "b0", "c0"], 4.0),
        (4 * (1 - 1e-11), ["a0", "b0"], 4.0),
        (4 * (1 + 1e-11), ["a0", "c0"], 4 * (1 + 1e-11)),
    ],
    ids=["equal but for a bit", "tied", "just below", "just above"],
)
def test_the_worst_half_with_a_third_area_beside_the_limit(joined, third, keys, limit):
    shortlist = qa.screen(joined({"x": [5.0, 4, third, 3], "residents": [10.0] * 4}), qa.worst_share("x", 0.5))
    assert shortlist.keys == keys
    assert set(shortlist.reasons["limit"]) == {limit}


@pytest.mark.parametrize(
    ("n", "share", "wanted"),
    [
        (1, 0.5, 1),  # 0.5 -> 1
        (3, 0.5, 2),  # 1.5 -> 2
        (5, 0.5, 3),  # 2.5 -> 3, not to the even number
        (10, 0.25, 3),  # 2.5
        (10, 0.45, 5),  # 4.5
        (5, 0.49999, 2),  # 2.49995
        (5, 0.50001, 3),  # 2.50005
        (8, 0.01, 1),  # at least one
        (8, 1.0, 8),
    ],
)
def test_the_number_of_areas_in_a_share_rounds_halves_up(joined, n, share, wanted):
    data = joined({"x": [float(i) for i in range(n)], "residents": [10.0] * n})
    assert len(qa.screen(data, qa.worst_share("x", share)).keys) == wanted


def test_areas_without_a_value_are_not_counted_in_a_share(joined):
    data = joined({"x": [1.0, 2, 3, np.nan, np.nan], "residents": [10.0] * 5})
    shortlist = qa.screen(data, qa.worst_share("x", 0.5))  # 1.5 of 3 areas -> 2, where 2.5 of 5 would be 3
    assert shortlist.keys == ["b0", "c0"]
    assert shortlist.assessed.tolist() == [True, True, True, False, False]


def test_nothing_known_selects_nobody(joined):
    data = joined({"x": [np.nan, np.nan], "residents": [10.0] * 2})
    shortlist = qa.screen(data, qa.worst_share("x", 1.0))
    assert shortlist.keys == []
    assert not shortlist.assessed.any()
    assert shortlist.reasons["held"].isna().all()
    assert shortlist.reasons["limit"].isna().all()


def test_and_or_follow_three_valued_logic(data):
    unknown, true, false = qa.worst_share("score", 0.25), qa.worst_share("poverty", 1.0), qa.above_city("poverty")
    both = qa.screen(data, unknown & true)
    assert not both.assessed["e0"]
    assert not both.selected["e0"]
    assert qa.screen(data, unknown | true).selected["e0"]  # one side settles it
    settled = qa.screen(data, unknown & false)
    assert settled.assessed["e0"]
    assert not settled.selected["e0"]


def test_residents_are_the_population_column(joined):
    data = joined({"people": [900.0, 1000, 1100], "x": [1.0, 2, 3]}, population="people")
    assert qa.screen(data, qa.at_least("residents", 1000)).keys == ["b0", "c0"]
    other = joined({"people": [900.0, 1000, 1100], "residents": [1.0, 2, 1000]}, population="people")
    assert qa.screen(other, qa.at_least("residents", 1000)).keys == ["c0"]  # a column bears that name


def test_the_worst_share_of_few_areas_is_at_least_one(data):
    assert qa.screen(data, qa.worst_share("score", 0.01)).keys == ["b0"]


def test_the_side_of_need_is_that_of_the_catalogue(joined):
    data = joined({"x": [50.0, 60, 70], "residents": [100.0] * 3})
    data = qa.add_rates(data, {"employment_rate": ("x", "residents"), "mh_share": ("x", "residents")})
    assert qa.screen(data, qa.worst_share("employment_rate", 0.3)).keys == ["a0"]  # the worst are the lowest
    assert qa.screen(data, qa.worst_share("employment_rate", 0.3, highest=True)).keys == ["c0"]
    assert qa.screen(data, qa.worse_than_city("employment_rate")).keys == ["a0"]
    with pytest.warns(UserWarning, match=r"worse_than_city\(.employment_rate.\)"):
        assert qa.screen(data, qa.above_city("employment_rate")).keys == ["c0"]
    with pytest.raises(SpecError, match=r"the catalogue values neither side of 'mh_share'.*highest=True"):
        qa.screen(data, qa.worst_share("mh_share", 0.3))
    with pytest.raises(SpecError, match="of no side of 'mh_share'"):
        qa.screen(data, qa.worse_than_city("mh_share"))
    with pytest.warns(UserWarning, match="context"):
        assert qa.screen(data, qa.worst_n("mh_share", 1, highest=True)).keys == ["c0"]


# --- classes and need -------------------------------------------------------------------------------------------------


def test_in_class_and_need_rules(data, need):
    assert qa.screen(data, qa.in_class("status", "low"), need=need).keys == ["a0", "c0"]
    assert qa.screen(data, qa.worst_share("need", 0.2), need=need).keys == ["c0"]
    assert qa.screen(data, qa.worst_share("status", 0.2), need=need).keys == ["c0"]
    assert qa.screen(data, qa.above("need", than="mean"), need=need).keys == ["a0", "c0"]


def test_a_column_of_text_or_of_numbers_holds_classes_too(joined):
    data = joined({"type": ["Altbau", None, "Neubau"], "code": [1.0, 2, np.nan], "residents": [9.0] * 3})
    shortlist = qa.screen(data, qa.in_class("type", "Altbau"))
    assert shortlist.keys == ["a0"]
    assert shortlist.assessed.tolist() == [True, False, True]
    assert qa.screen(data, qa.in_class("code", "1")).keys == ["a0"]
    with pytest.raises(SpecError, match=r"each class must be one of 'Altbau', 'Neubau', not 'Neubua'"):
        qa.screen(data, qa.in_class("type", "Neubua"))


def test_a_municipality_that_is_named_is_a_class(joined):
    data = joined({"poor": [20.0, 30, 40], "residents": [100.0] * 3})
    data.areas["gemeinde"] = ["A", "B", ""]
    data = qa.add_rates(data, {"poverty": ("poor", "residents")})
    rule = qa.in_class("gemeinde", "A", "B") & qa.above("poverty", 25)
    shortlist = qa.screen(data, rule)
    assert shortlist.keys == ["b0"]
    assert shortlist.assessed.tolist() == [True, True, False]  # the third lies in none
    assert shortlist.stability(n=5, seed=1).table["p_selected"].iloc[0] == 0
    with pytest.raises(SpecError, match="each class must be one of 'A', 'B', not 'C'"):
        qa.screen(data, qa.in_class("gemeinde", "C"))


def two_classes(direction):
    axis = {
        "id": "status",
        "standardise": {"method": "z"},
        "indicators": [{"id": "jobs", "direction": direction}],
        "classes": [
            {"id": "good", "upper": 0.0, "label_de": "g", "label_en": "g"},
            {"id": "poor", "label_de": "p", "label_en": "p"},
        ],
    }
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("step", [-1e-6, 0.0, 1e-6], ids=["below", "at", "above"])
def test_in_class_beside_the_limit_of_a_class_in_both_directions(joined, direction, step):
    # the middle of three scores is 0, the limit of the classes, which belongs to the class below it
    data = joined({"jobs": [10.0, 20.0 + step, 30.0], "residents": [10.0] * 3}, population="residents")
    with pytest.warns(UserWarning, match="3 areas only"):
        need = qa.need_index(data, two_classes(direction))
    shortlist = qa.screen(data, qa.in_class("status", "poor"), need=need)
    most = "c0" if direction == 1 else "a0"
    assert shortlist.keys == sorted([most, *(["b0"] if direction * step > 0 else [])])
    assert qa.screen(data, qa.in_class("status", "poor", "good"), need=need).selected.all()
    assert qa.screen(data, qa.worst_share("need", 0.2), need=need).keys == [most]
    assert qa.screen(data, qa.worst_share("status", 0.2), need=need).keys == [most]


def test_an_area_without_a_class_is_not_assessed(joined):
    data = joined({"jobs": [10.0, np.nan, 30.0, 20.0], "residents": [10.0] * 4}, population="residents")
    with pytest.warns(UserWarning, match="areas only"):
        need = qa.need_index(data, two_classes(-1))
    shortlist = qa.screen(data, qa.in_class("status", "poor"), need=need)
    assert shortlist.keys == ["a0"]
    assert shortlist.assessed.tolist() == [True, False, True, True]
    assert shortlist.reasons["value"].fillna("none").tolist() == ["poor", "none", "good", "good"]
    assert shortlist.reasons["limit"].tolist() == ["poor"] * 4


def test_a_need_index_in_another_order_or_of_other_areas(data, need):
    turned = need.on(data.areas.index[::-1])
    shortlist = qa.screen(data, qa.worst_share("need", 0.2), need=turned)
    assert shortlist.selected.index.equals(data.areas.index)
    assert shortlist.keys == ["c0"]
    assert qa.screen(data, qa.in_class("status", "low"), need=turned).keys == ["a0", "c0"]
    with pytest.raises(SpecError, match="of other areas"):
        need.on(data.areas.index[:3])


# --- reasons ----------------------------------------------------------------------------------------------------------


def test_every_area_has_a_reason_per_condition(data, need):
    rule = qa.above_city("arrivals", "poverty") & (qa.worst_share("need", 0.2) | qa.in_class("status", "low"))
    reasons = qa.screen(data, rule, need=need).reasons
    assert tuple(reasons) == COLUMNS
    assert len(reasons) == 5 * 4
    assert reasons.groupby("key").size().eq(4).all()
    unknown = reasons[(reasons["key"] == "e0") & (reasons["indicator"] == "arrivals")]
    assert unknown["held"].isna().all()
    assert unknown["unknown_because"].tolist() == ["missing"]


def test_a_reason_says_value_limit_and_distance_towards_selection(data):
    rule = qa.above("poverty", 24, name="poor") & qa.below("arrivals", than="city", factor=1.5, name="few")
    shortlist = qa.screen(data, rule)
    poor, few = reason(shortlist, "c0", "poor"), reason(shortlist, "c0", "few")
    assert (poor.kind, poor.value, poor.limit, poor.distance, poor.reference) == ("above", 50.0, 24.0, 26.0, "")
    assert (few.kind, few.value, few.limit, few.distance) == ("below", 60.0, 52.5, -7.5)
    assert (few.reference, few.factor, few.unit) == ("city", 1.5, "percent")
    assert (poor.held, few.held) == (True, False)


def test_a_condition_is_decisive_where_the_outcome_turns_with_it(data):
    # poverty above 24 in a0 c0 d0; arrivals above the city in b0 c0; e0 has no arrivals
    rule = qa.above("poverty", 24, name="poor") & qa.above_city("arrivals")
    shortlist = qa.screen(data, rule)
    decisive = shortlist.reasons.pivot_table(index="key", columns="condition", values="decisive", aggfunc="first")
    assert decisive["poor"].tolist() == [False, True, True, False, False]
    assert decisive["arrivals_above_city"].tolist() == [True, False, True, True, False]


def test_of_an_at_least_k_of_it_is_said_how_many_parts_hold(data):
    rule = qa.k_of(2, qa.above("poverty", 24), qa.above_city("arrivals"), qa.worst_n("score", 2))
    table = qa.screen(data, rule).k_of.set_index("key")
    assert table["k"].tolist() == [2] * 5
    assert table["k_yes"].tolist() == [1, 2, 3, 2, 0]
    assert table["k_no"].tolist() == [2, 1, 0, 1, 1]
    assert table["k_unknown"].tolist() == [0, 0, 0, 0, 2]


def test_a_reason_says_why_nothing_can_be_said(joined):
    columns = {"rent": [7.1, 8.04, 8.0, np.nan], "x": [5.0, 1, 2, 3], "residents": [10.0, 10, 10, 5]}
    columns["rent"][1] = 8.4
    data = joined(columns, units={"rent": "EUR per m²"}, kinds={"rent": "mean"})
    data = qa.add_rates(data, {"rate": ("x", "residents")})
    rule = qa.above("rent", 8, name="dear") | qa.above("rate", 10, min_denominator=8, unknown="no", name="poor")
    reasons = qa.screen(data, rule).reasons.set_index(["condition", "key"])["unknown_because"]
    assert reasons["dear"].tolist() == ["", "", "precision", "missing"]
    assert reasons["poor"].tolist() == ["", "", "", "few"]


def test_published_numbers_are_taken_as_printed_where_the_rule_says_so(joined):
    columns = {"rent": [7.9, 8.0, 8.1], "residents": [10.0] * 3}
    data = joined(columns, units={"rent": "EUR per m²"}, kinds={"rent": "mean"})
    open_ = qa.screen(data, qa.at_least("rent", 8))
    assert open_.assessed.tolist() == [True, False, True]
    exact = qa.screen(data, qa.at_least("rent", 8, printed="exact"))
    assert exact.assessed.all()
    assert exact.keys == ["b0", "c0"]


# --- levels -----------------------------------------------------------------------------------------------------------


def test_the_level_of_an_area_is_the_strictest_that_holds(data):
    spec = qa.RuleSpec(
        id="t",
        rule=qa.above("poverty", 20, name="poor", unknown="no"),
        levels={"High": {}, "Higher": {"poor": 25}, "Highest": {"poor": 40}},
    )
    shortlist = qa.screen(data, spec)
    assert shortlist.levels.fillna("none").tolist() == ["Higher", "none", "Highest", "High", "none"]
    assert shortlist.spec is spec
    assert qa.screen(data, spec.rule).levels is None


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (lambda: qa.worst_share("text", 0.2), SpecError, "'text': the column holds text"),
        (lambda: qa.worst_share("flag", 0.2), SpecError, "'flag': the column holds True and False"),
        (lambda: qa.above_city("arrival"), ColumnError, "Did you mean 'arrivals'"),
        (lambda: qa.above_city("score"), SpecError, "no counts, so there is no city value"),
        (lambda: qa.above("score", than="rest"), SpecError, "no counts, so there is no city value"),
        (lambda: qa.above("score", 1, min_denominator=3), SpecError, "needs a denominator"),
        (lambda: qa.at_least("residents", 1, min_denominator=3), SpecError, "needs a denominator"),
        (lambda: qa.above("score", 1, significant=0.05), SpecError, "needs the counts of a rate"),
        (lambda: qa.above("poverty", than="gemeinde"), SpecError, "'gemeinde' is none of 'city', 'rest'"),
        (lambda: qa.worst_share("poverty", 0.2, by="gemeinde"), SpecError, "no higher level 'gemeinde'"),
        (
            lambda: qa.in_class("status", "lowest"),
            SpecError,
            r"each class must be one of 'high', 'low', not 'lowest'\.",
        ),
        (lambda: qa.in_class("stat", "low"), SpecError, r"the axis must be one of 'status', not 'stat'\."),
        (lambda: qa.above("poverty", than="quantile", q=0.8), SpecError, "5 areas are too few for quantiles"),
        (lambda: qa.above("poverty", than="mean", sd=1), SpecError, "5 areas are too few"),
        (lambda: qa.hotspot("poverty"), SpecError, "5 areas are too few"),
    ],
)
def test_impossible_rules_are_refused(data, need, rule, error, message):
    data.values["text"], data.values["flag"] = "x", True
    with pytest.raises(error, match=message):
        qa.screen(data, rule(), need=need)


def test_rules_on_need_ask_for_the_index(data):
    with pytest.raises(SpecError, match="need=need"):
        qa.screen(data, qa.worst_share("need", 0.2))
    with pytest.raises(SpecError, match="need=need"):
        qa.screen(data, qa.in_class("status", "low"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda d: qa.screen(d.areas, qa.above_city("a")),
            r"^screen takes an AreaData, not a GeoDataFrame: data = qa\.j",
        ),
        (
            lambda d: qa.screen(d, "above_city"),
            r"^screen: rule takes a Rule or a RuleSpec, not a str: above_city\(\"sgb2",
        ),
        (lambda d: qa.screen(d, qa.above_city), "^screen: rule takes a Rule or a RuleSpec, not a function: "),
        (
            lambda d: qa.screen(d, qa.above_city("poverty"), need=d.values),
            r"^screen: need takes a NeedIndex, not a DataFrame: need = qa\.need_index\(data, spec\)\.$",
        ),
        (lambda d: qa.screen(d, qa.above_city("poverty"), references={"state": 3}), "takes a Reference"),
    ],
)
def test_a_wrong_object_is_answered_with_one_sentence(data, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(data)


def test_selected_and_assessed_stand_on_the_district_key(data):
    shortlist = qa.screen(data, qa.above_city("arrivals"))
    assert shortlist.selected.index.equals(data.areas.index)
    assert shortlist.selected.dtype == bool
    assert isinstance(shortlist.reasons, pd.DataFrame)


def test_shortlists_are_frozen_compared_by_identity_and_picklable(data):
    one, two = (qa.screen(data, qa.above_city("poverty")) for _ in range(2))
    assert one != two
    assert len({one, two, one}) == 2
    with pytest.raises(AttributeError):
        one.rule = two.rule
    again = pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
    assert again.rule == one.rule
    pd.testing.assert_frame_equal(again.reasons, one.reasons)
    assert again.stability(n=20).table.equals(one.stability(n=20).table)


# --- levels above the areas and published values ----------------------------------------------------------------------


@pytest.fixture
def county(grid):
    """Give two towns of three areas side by side."""
    areas = grid(6).assign(gemeinde=["A", "A", "A", "B", "B", "B"])
    counts = {"mh": [2500, 2000, 1500, 600, 500, 400], "low": [1000, 900, 800, 300, 250, 200]}
    table = pd.DataFrame({**counts, "residents": [5000] * 6, "income": [18.0, 20, 25, 19, 30, 31]}, index=areas.index)
    pairs = {"mh_rate": ("mh", "residents"), "low_rate": ("low", "residents")}
    data = qa.join(areas, table.astype(float))
    return qa.add_rates(data, pairs)


def test_the_own_municipality_and_all_together(county):
    own = qa.above("mh_rate", than="gemeinde") & qa.above("low_rate", than="gemeinde")
    assert qa.screen(county, own).keys == ["a0", "d0"]
    with pytest.warns(UserWarning, match="2 units of the level “gemeinde”"):
        assert qa.screen(county, qa.above_city("mh_rate", "low_rate")).keys == ["a0", "b0", "c0"]


def reference(values):
    return {"state": qa.Reference(values={"income": values}, source="Statistical office", as_of="2023")}


def test_a_published_value_for_all_or_per_municipality(county):
    rule = qa.below("income", than="state")
    one = qa.screen(county, rule, references=reference(20))
    assert one.keys == ["a0", "d0"]
    assert reason(one, "a0").source == "Statistical office"
    each = qa.screen(county, rule, references=reference({"A": 18.5, "B": 30.5}))
    assert each.keys == ["a0", "d0", "e0"]


def test_a_municipality_without_a_published_value_is_unknown_and_named(county):
    rule = qa.below("income", than="state")
    with pytest.warns(UserWarning, match="No published value “state” for: 'B'"):
        shortlist = qa.screen(county, rule, references=reference({"A": 18.5}))
    assert shortlist.assessed.tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({}, "'state' is none of"),
        ({"state": qa.Reference(values={"rent": 3}, source="s")}, "has no value for 'income'"),
        ({"state": qa.Reference(values={"income": {"X": 3}}, source="s")}, "are no units of a higher level"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(county, references, message):
    with pytest.raises(SpecError, match=message):
        qa.screen(county, qa.below("income", than="state"), references=references)


def test_a_name_with_two_meanings_is_refused(county):
    published = {"gemeinde": qa.Reference(values={"income": 20}, source="s")}
    with pytest.raises(SpecError, match="'gemeinde' has two meanings"):
        qa.screen(county, qa.below("income", than="gemeinde"), references=published)


def test_the_order_of_rows_and_the_names_of_areas_change_nothing(county):
    rule = qa.worst_n("income", 1, by="gemeinde", highest=False) | qa.above("mh_rate", than="gemeinde", factor=1.1)
    shortlist = qa.screen(county, rule)
    order = [3, 0, 5, 1, 4, 2]
    areas = county.areas.iloc[order]
    other = qa.join(areas, county.values[["mh", "residents", "income"]])
    other = qa.add_rates(other, {"mh_rate": ("mh", "residents")})
    assert qa.screen(other, rule).selected.loc[county.areas.index].tolist() == shortlist.selected.tolist()


@pytest.mark.parametrize("where", ["call", "file"])
def test_a_city_value_that_a_rule_brings_serves_numbers_without_counts_and_no_others(joined, where):
    data = joined({"x": [20.0, 30], "residents": [100.0, 100], "score_y": [10.0, 40]}, population="residents")
    data = qa.add_rates(data, {"rate": ("x", "residents")})
    published = qa.Reference(values={"rate": 35.0, "score_y": 20.0}, source="Landesamt")

    def screened(name):
        rule, more = qa.above_city(name), {"references": {"city": published}}
        if where == "file":
            rule, more = qa.RuleSpec(id="r", rule=rule, references={"city": published}), {}
        return qa.screen(data, rule, **more)

    reasons = screened("score_y").reasons
    assert reasons["limit"].tolist() == [20.0, 20.0]
    assert set(reasons["source"]) == {"Landesamt"}
    with pytest.raises(SpecError, match=r"made of its counts, and references has another \(Landesamt\)"):
        screened("rate")


def test_a_name_with_two_meanings_in_file_and_call_is_refused(joined):
    data = joined({"score_y": [10.0, 40], "residents": [100.0, 100]}, population="residents")
    one, two = (qa.Reference(values={"score_y": value}, source="S") for value in (20.0, 30.0))
    spec = qa.RuleSpec(id="r", rule=qa.above("score_y", than="state"), references={"state": one})
    assert qa.screen(data, spec, references={"state": one}).keys == ["b0"]
    with pytest.raises(SpecError, match=r"references has 'state'.*so has the rule file"):
        qa.screen(data, spec, references={"state": two})
