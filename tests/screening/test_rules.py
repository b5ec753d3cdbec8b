from __future__ import annotations

import copy
import itertools
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, ColumnError, QuartiersatlasError, SpecError
from quartiersatlas.screening import parse_rule
from quartiersatlas.screening.rules import Combined, RuleInputs, Truth


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
        (lambda: qa.worst_share("score", None), SpecError, "share is None"),
        (lambda: qa.worst_share("score", share=True), SpecError, "share is True"),
        (lambda: qa.worst_share("score", float("nan")), SpecError, "share is nan"),
        (lambda: qa.worst_share("text", 0.2), SpecError, "'text': the column holds text"),
        (lambda: qa.worst_share("flag", 0.2), SpecError, "'flag': the column holds True and False"),
        (lambda: qa.above_city("arrival"), ColumnError, "Did you mean 'arrivals'"),
        (lambda: qa.above_city("score"), SpecError, "no counts, so there is no city value"),
        (
            lambda: qa.in_class("status", "lowest"),
            SpecError,
            r"each class must be one of 'high', 'low', not 'lowest'\.",
        ),
        (lambda: qa.in_class("stat", "low"), SpecError, r"the axis must be one of 'status', not 'stat'\."),
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


names = st.text(min_size=1, max_size=5) | st.sampled_from(["a", "need", 'say "x"', "back\\slash", "Zeile\n2"])
leaves = st.one_of(
    st.builds(lambda some: qa.above_city(*some), st.lists(names, min_size=1, max_size=3)),
    st.builds(qa.worst_share, names, st.floats(0, 1, exclude_min=True) | st.sampled_from([1, 0.2, 1 / 3])),
    st.builds(lambda axis, some: qa.in_class(axis, *some), names, st.lists(names, min_size=1, max_size=3)),
)
rules = st.recursive(
    leaves, lambda inner: st.builds(lambda a, b, s: a & b if s else a | b, inner, inner, st.booleans())
)


@given(rules)
def test_a_rule_written_out_and_read_again_is_the_same_rule(rule):
    assert parse_rule(str(rule)) == rule
    assert repr(rule) == str(rule)


def test_a_rule_is_written_as_it_was_typed_and_loses_no_figure():
    assert str(qa.worst_share("need", 0.2)) == 'worst_share("need", 0.2)'
    assert str(qa.worst_share("need", 1.0)) == 'worst_share("need", 1)'
    assert str(qa.worst_share("need", 0.123456789)) == 'worst_share("need", 0.123456789)'


@given(rules)
def test_rules_are_plain_data(rule):
    again = pickle.loads(pickle.dumps(rule))  # noqa: S301 - our own bytes
    assert again == rule
    assert hash(again) == hash(rule)
    assert len({rule, again, rule & again}) == 2


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
        "above_city(['a', 'b'])",
        "above_city(3)",
        "in_class('status', ['low'])",
        "in_class(1)",
        "above_city('a') & 'b'",
        "&".join(["above_city('a')"] * 20_000),
        "(lambda: above_city('a'))()",
    ],
)
def test_rule_texts_that_are_no_rules_are_refused(text):
    with pytest.raises(SpecError):
        parse_rule(text)


def chain(n, join=lambda left, right: left & right):
    """Return n conditions, each joined to all before it."""
    rule = qa.above_city("arrivals")
    for _ in range(n - 1):
        rule = join(rule, qa.above_city("arrivals"))
    return rule


@pytest.mark.parametrize("join", [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: b & a])
def test_the_longest_rule_is_screened_written_read_pickled_and_copied(data, join):
    rule = chain(100, join)
    assert qa.screen(data, rule).keys == qa.screen(data, qa.above_city("arrivals")).keys
    assert parse_rule(str(rule)) == rule
    assert repr(rule) == str(rule)
    assert pickle.loads(pickle.dumps(rule)) == rule  # noqa: S301 - our own bytes
    assert copy.deepcopy(rule) == copy.copy(rule) == rule
    assert hash(copy.deepcopy(rule)) == hash(rule)


@pytest.mark.parametrize("join", [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: b & a])
def test_one_condition_more_is_refused_with_what_to_do(join):
    with pytest.raises(SpecError, match=r"would be 101 conditions.*up to 100.*several rates in one above_city\(\)"):
        chain(101, join)


def test_a_rule_doubled_again_and_again_does_not_fill_the_memory():
    rule = chain(64)
    with pytest.raises(SpecError, match="these would be 128 conditions"):
        rule & rule


ONE = "above_city('a')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("&".join([ONE] * 101), "101 conditions"),
        ("&".join([ONE] * 5000), "79,999 characters"),
        (f"({ONE}&" * 150 + ONE + ")" * 150, "conditions"),
        (f"({ONE}&" * 5000 + ONE + ")" * 5000, "characters"),
        ("(" * 5000 + ONE + ")" * 5000, "cannot be read"),
        ("~" * 5000 + ONE, "cannot be read"),
        ("worst_share('a', " + "-" * 19_000 + "1)", "cannot be read"),
        ("worst_share('a', " + "1+" * 9000 + "1)", "cannot be read"),
    ],
)
def test_a_text_without_end_is_refused_in_few_words(text, message):
    with pytest.raises(SpecError, match=message) as caught:
        parse_rule(text)
    assert len(str(caught.value)) < 600


def test_a_rule_text_with_a_wrong_argument_says_which():
    with pytest.raises(
        SpecError, match=r"^The rule 'above_city\(3\)' cannot be read: above_city takes a str, not an int"
    ):
        parse_rule("above_city(3)")


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
    with pytest.raises(SpecError, match="lower value of 'employment_rate' means more need"):
        qa.screen(data, qa.above_city("employment_rate"))
    assert qa.screen(data, qa.worst_share("employment_rate", 0.5)).keys == ["a0"]  # the worst are the lowest


def test_the_worst_share_of_few_areas_is_at_least_one(data):
    assert qa.screen(data, qa.worst_share("score", 0.01)).keys == ["b0"]


def test_a_need_index_in_another_order_or_of_other_areas(data, need):
    turned = need.on(data.areas.index[::-1])
    shortlist = qa.screen(data, qa.worst_share("need", 0.2), need=turned)
    assert shortlist.selected.index.equals(data.areas.index)
    assert shortlist.keys == ["c0"]
    assert qa.screen(data, qa.in_class("status", "low"), need=turned).keys == ["a0", "c0"]
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: qa.above_city(["a", "b"]), r'^above_city takes a str, not a list: above_city\("sgb2_rate", '),
        (lambda _: qa.above_city("a", 3), "^above_city takes a str, not an int: "),
        (lambda _: qa.worst_share(["a"], 0.2), r'^worst_share takes a str, not a list: worst_share\("need", 0.2\)\.$'),
        (lambda _: qa.in_class("status", ["low"]), r'^in_class takes a str, not a list: in_class\("status", "low", '),
        (lambda _: qa.above_city("a") & "b", r'^& takes a Rule, not a str: above_city\("a"\) & worst_share'),
        (lambda _: qa.above_city("a") | None, r'^\| takes a Rule, not None: above_city\("a"\) \| worst_share'),
        (lambda _: "b" & qa.above_city("a"), r'^& takes a Rule, not a str: .* & above_city\("a"\)\.$'),
        (lambda _: "b" | qa.above_city("a"), r'^\| takes a Rule, not a str: .* \| above_city\("a"\)\.$'),
        (lambda _: parse_rule(qa.above_city("a")), "^parse_rule takes a str, not an AboveCity: "),
        (
            lambda d: qa.screen(d.areas, qa.above_city("a")),
            r"^screen takes an AreaData, not a GeoDataFrame: data = qa\.j",
        ),
        (lambda d: qa.screen(d, "above_city"), r'^screen: rule takes a Rule, not a str: above_city\("sgb2_rate", "chi'),
        (lambda d: qa.screen(d, qa.above_city), "^screen: rule takes a Rule, not a function: "),
        (
            lambda d: qa.screen(d, qa.above_city("poverty"), need=d.values),
            r"^screen: need takes a NeedIndex, not a DataFrame: need = qa\.need_index\(data, spec\)\.$",
        ),
    ],
)
def test_a_wrong_object_is_answered_with_one_sentence(data, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(data)


YES, NO, UNKNOWN = 1.0, 0.0, 0.5  # Kleene's logic: and is the least of two, or the greatest


def truth(values):
    values = np.array([values])
    return Truth(values == YES, values == NO)


def test_and_and_or_of_every_pair_of_three_values():
    pairs = list(itertools.product([YES, NO, UNKNOWN], repeat=2))
    left, right = truth([a for a, _ in pairs]), truth([b for _, b in pairs])
    for result, pick in ((left & right, min), (left | right, max)):
        expected = truth([pick(pair) for pair in pairs])
        assert result.yes.tolist() == expected.yes.tolist()
        assert result.no.tolist() == expected.no.tolist()
        assert result.known.tolist() == [[pick(pair) != UNKNOWN for pair in pairs]]


@pytest.mark.parametrize(("cases", "selected"), [(29.0, False), (30.0, False), (31.0, True)])
def test_above_city_below_at_and_above_the_city_value(joined, cases, selected):
    # city: 30 of 100 with either neighbour; the value of 30 is the city value, which is not above
    data = joined({"x": [cases, 60 - cases], "residents": [100.0, 100]})
    shortlist = qa.screen(qa.add_rates(data, {"rate": ("x", "residents")}), qa.above_city("rate"))
    assert shortlist.selected["a0"] == selected
    assert shortlist.reasons["threshold"].tolist() == [30.0, 30.0]
    assert shortlist.reasons["fulfilled"].tolist() == [selected, cases < 30]


@pytest.mark.parametrize(
    ("third", "keys", "limit"),
    [
        (math.nextafter(4, 3), ["a0", "b0"], 4.0),
        (4.0, ["a0", "b0", "c0"], 4.0),
        (math.nextafter(4, 5), ["a0", "c0"], math.nextafter(4, 5)),
    ],
    ids=["just below", "tied", "just above"],
)
def test_the_worst_half_with_a_third_area_beside_the_limit(joined, third, keys, limit):
    shortlist = qa.screen(joined({"x": [5.0, 4, third, 3], "residents": [10.0] * 4}), qa.worst_share("x", 0.5))
    assert shortlist.keys == keys
    assert set(shortlist.reasons["threshold"]) == {limit}


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
    assert shortlist.reasons["fulfilled"].isna().all()


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
    assert shortlist.reasons["threshold"].tolist() == ["poor"] * 4


def test_less_is_more_need_is_refused_on_either_side(joined):
    rule = qa.above_city("employment_rate")
    data = joined({"x": [50.0, 60], "residents": [100.0] * 2})
    data = qa.add_rates(data, {"employment_rate": ("x", "residents"), "poverty": ("x", "residents")})
    other = qa.above_city("poverty")
    for both in (rule & other, other & rule, rule | other, other | rule):
        with pytest.raises(SpecError, match="A lower value of 'employment_rate' means more need"):
            qa.screen(data, both)


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


# a plain evaluation: one replicate and one area at a time, None is unknown
IDS = ["low", "medium", "high"]


def plainly(rule, column, city, numbers, shift):
    """Return what a rule says of each area of one replicate: True, False or None."""
    if isinstance(rule, Combined):
        sides = (plainly(side, column, city, numbers, shift) for side in (rule.left, rule.right))
        return [_kleene(rule.sign, left, right) for left, right in zip(*sides, strict=True)]
    kind = rule.conditions[0].kind
    if kind == "in_class":
        return [None if k < 0 else IDS[k] in rule.classes for k in numbers]
    if kind == "above_city":
        sides = [[None if v is None else v > city[name] for v in column[name]] for name in rule.indicators]
        result = sides[0]
        for more in sides[1:]:
            result = [_kleene("&", left, right) for left, right in zip(result, more, strict=True)]
        return result
    values = column[rule.indicator]
    known = [v for v in values if v is not None]
    exact = min(1.0, rule.share * (1 + shift)) * len(known)
    wanted = max(1, int(exact) + (exact - int(exact) >= 0.5))
    return [None if v is None else sum(other > v for other in known) < wanted for v in values]


def _kleene(sign, left, right):
    decisive = sign == "|"  # yes decides an or, no decides an and
    if left is decisive or right is decisive:
        return decisive
    return None if left is None or right is None else not decisive


COLUMNS = ("a", "b")
plain_leaves = st.one_of(
    st.sampled_from([("a",), ("b",), ("a", "b")]).map(lambda some: qa.above_city(*some)),
    st.builds(qa.worst_share, st.sampled_from([*COLUMNS, "need"]), st.sampled_from([0.1, 0.25, 0.5, 0.75, 1.0])),
    st.lists(st.sampled_from(IDS), min_size=1, max_size=2).map(lambda some: qa.in_class("status", *some)),
)
plain_rules = st.recursive(
    plain_leaves,
    lambda inner: st.builds(lambda a, b, s: a & b if s else a | b, inner, inner, st.booleans()),
    max_leaves=5,
)


@st.composite
def replicates(draw):
    """Draw what a rule looks at in some replicates, with ties and unknown values."""
    runs, n = draw(st.integers(1, 3)), draw(st.integers(1, 7))
    value = st.none() | st.integers(0, 4).map(float)

    def table(cells, width):
        return [[draw(cells) for _ in range(width)] for _ in range(runs)]

    values = {name: table(value, n) for name in (*COLUMNS, "need")}
    city = {name: [row[0] for row in table(st.integers(0, 4).map(float), 1)] for name in COLUMNS}
    shift = [row[0] for row in table(st.sampled_from([-0.5, 0.0, 0.25, 1.0]), 1)]
    return values, city, table(st.integers(-1, 2), n), shift


@given(plain_rules, replicates())
def test_arrays_say_what_a_plain_evaluation_of_each_area_says(rule, drawn):
    values, city, numbers, shift = drawn
    arrays = {name: np.array(rows, dtype=float) for name, rows in values.items()}
    inputs = RuleInputs(
        columns={name: arrays[name] for name in COLUMNS},
        city={name: np.array(rows)[:, None] for name, rows in city.items()},
        scores={"need": arrays["need"]},
        classes={"status": np.array(numbers)},
        class_ids={"status": IDS},
        shift=np.array(shift)[:, None],
    )
    outcome = rule.combine([criterion.fulfilled for criterion in rule.criteria(inputs)])
    for i, moved in enumerate(shift):
        column = {name: rows[i] for name, rows in values.items()}
        expected = plainly(rule, column, {name: rows[i] for name, rows in city.items()}, numbers[i], moved)
        assert outcome.yes[i].tolist() == [result is True for result in expected]
        assert outcome.no[i].tolist() == [result is False for result in expected]
