from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, QuartiersatlasError, SpecError
from quartiersatlas.screening import parse_rule


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


def test_above_city_compares_with_the_value_from_the_counts(data):
    # city: 140 of 400 = 35 % (the area without a count is in neither sum)
    shortlist = qa.screen(data, qa.above_city("arrivals"))
    assert shortlist.keys == ["b0", "c0"]
    assert shortlist.reasons["threshold"].iloc[0] == pytest.approx(35)


def test_above_city_needs_all_named_rates(data):
    assert qa.screen(data, qa.above_city("arrivals", "poverty")).keys == ["c0"]


def test_a_value_equal_to_the_city_value_is_not_above(joined):
    data = qa.add_rates(joined({"x": [5.0, 5], "residents": [10.0, 10]}), {"rate": ("x", "residents")})
    assert qa.screen(data, qa.above_city("rate")).keys == []


@pytest.mark.parametrize(
    ("share", "expected"), [(0.25, ["b0"]), (0.5, ["b0", "c0", "d0"]), (1.0, ["a0", "b0", "c0", "d0"])]
)
def test_worst_share_counts_areas_with_a_value_and_keeps_ties_together(data, share, expected):
    assert qa.screen(data, qa.worst_share("score", share)).keys == expected


def test_and_or_follow_three_valued_logic(data):
    unknown, true, false = qa.worst_share("score", 0.25), qa.worst_share("poverty", 1.0), qa.above_city("poverty")
    both = qa.screen(data, unknown & true)
    assert not both.assessed["e0"]
    assert not both.selected["e0"]
    assert qa.screen(data, unknown | true).selected["e0"]  # one side settles it
    settled = qa.screen(data, unknown & false)
    assert settled.assessed["e0"]
    assert not settled.selected["e0"]


def test_in_class_and_need_rules(data, need):
    assert qa.screen(data, qa.in_class("status", "low"), need=need).keys == ["a0", "c0"]
    assert qa.screen(data, qa.worst_share("need", 0.2), need=need).keys == ["c0"]
    assert qa.screen(data, qa.worst_share("status", 0.2), need=need).keys == ["c0"]


def test_every_area_has_a_reason_per_condition(data, need):
    rule = qa.above_city("arrivals", "poverty") & (qa.worst_share("need", 0.2) | qa.in_class("status", "low"))
    reasons = qa.screen(data, rule, need=need).reasons
    assert len(reasons) == 5 * 4
    assert reasons.groupby("key").size().eq(4).all()
    unknown = reasons[(reasons["key"] == "e0") & (reasons["indicator"] == "arrivals")]
    assert unknown["fulfilled"].isna().all()


def test_the_summary_counts_areas_and_residents(data):
    summary = qa.screen(data, qa.above_city("arrivals")).summary
    assert summary["areas"].to_dict() == {"selected": 2, "assessed": 4, "all": 5}
    assert summary.loc["selected", "share_of_residents"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (qa.above_city, SpecError, "needs the names of rates"),
        (lambda: qa.worst_share("score", 0), SpecError, "above 0 and up to 1"),
        (lambda: qa.worst_share("score", 20), SpecError, "above 0 and up to 1"),
        (lambda: qa.in_class("status"), SpecError, "needs an axis and classes"),
        (lambda: qa.above_city("arrival"), ColumnError, "Did you mean 'arrivals'"),
        (lambda: qa.above_city("score"), SpecError, "no counts, so there is no city value"),
        (lambda: qa.in_class("status", "lowest"), SpecError, "no class 'lowest'; there are high, low"),
        (lambda: qa.in_class("stat", "low"), SpecError, "no axis 'stat'"),
    ],
)
def test_impossible_rules_are_refused(data, need, rule, error, message):
    with pytest.raises(error, match=message):
        qa.screen(data, rule(), need=need)


def test_rules_on_need_ask_for_the_index(data):
    with pytest.raises(SpecError, match="need=need"):
        qa.screen(data, qa.worst_share("need", 0.2))
    with pytest.raises(SpecError, match="need=need"):
        qa.screen(data, qa.in_class("status", "low"))


leaves = st.sampled_from(
    [qa.above_city("a"), qa.above_city("a", "b"), qa.worst_share("need", 0.25), qa.in_class("s", "x", "y")]
)
rules = st.recursive(
    leaves, lambda inner: st.builds(lambda a, b, s: a & b if s else a | b, inner, inner, st.booleans())
)


@given(rules)
def test_a_rule_written_out_and_read_again_is_the_same_rule(rule):
    assert parse_rule(str(rule)) == rule


@given(st.text(max_size=60))
def test_no_text_is_ever_run_as_code(text):
    try:
        parse_rule(text)
    except QuartiersatlasError as error:
        assert "cannot be read" in str(error) or "needs" in str(error) or "above 0" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "text",
    [
        "",
        "above_city",
        "above_city('a') and above_city('b')",
        "above_city('a') + above_city('b')",
        "__import__('os').system('true')",
        "above_city(*['a'])",
        "worst_share(indicator='a', share=0.2)",
        "worst_share('a')",
        "above_city('a').criteria",
        "(lambda: above_city('a'))()",
    ],
)
def test_rule_texts_that_are_no_rules_are_refused(text):
    with pytest.raises(SpecError):
        parse_rule(text)


def test_selected_and_assessed_stand_on_the_district_key(data):
    shortlist = qa.screen(data, qa.above_city("arrivals"))
    assert shortlist.selected.index.equals(data.areas.index)
    assert shortlist.selected.dtype == bool
    assert isinstance(shortlist.reasons, pd.DataFrame)


def test_and_between_rules_is_refused():
    with pytest.raises(SpecError, match=r"combined with & and \|"):
        qa.above_city("arrivals") and qa.above_city("poverty")


def test_less_is_more_need_cannot_be_screened_for_high_values(joined):
    data = joined({"x": [50.0, 60], "residents": [100.0] * 2})
    data = qa.add_rates(data, {"employment_rate": ("x", "residents")})
    for rule in (qa.above_city("employment_rate"), qa.worst_share("employment_rate", 0.5)):
        with pytest.raises(SpecError, match="lower value means more need"):
            qa.screen(data, rule)


def test_the_worst_share_of_few_areas_is_at_least_one(data):
    assert qa.screen(data, qa.worst_share("score", 0.01)).keys == ["b0"]


def test_a_need_index_in_another_order_or_of_other_areas(data, need):
    turned = need.on(data.areas.index[::-1])
    shortlist = qa.screen(data, qa.worst_share("need", 0.2), need=turned)
    assert shortlist.selected.index.equals(data.areas.index)
    assert shortlist.keys == ["c0"]
    with pytest.raises(SpecError, match="of other areas"):
        need.on(data.areas.index[:3])


def test_a_rule_lists_its_conditions_in_the_order_of_its_reasons(data, need):
    rule = (qa.above_city("arrivals", "poverty") | qa.in_class("status", "low")) & qa.worst_share("need", 0.2)
    assert rule.conditions == (
        ("above_city", "arrivals"),
        ("above_city", "poverty"),
        ("in_class", "status"),
        ("worst_share", "need"),
    )
    assert [criterion.condition for criterion in rule.criteria(rule.observe(data, need))] == list(rule.conditions)
