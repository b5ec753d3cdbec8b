"""The rule language: a tree of conditions, its text, and what cannot be said in it."""

from __future__ import annotations

import copy
import pickle
import re
from decimal import Decimal

import pytest
from drawn_rules import rules
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ArgumentError, QuartiersatlasError, SpecError
from quartiersatlas.screening import parse_rule
from quartiersatlas.screening.language.rules import KOf, Not

names = st.text(min_size=1, max_size=5).filter(str.strip) | st.sampled_from(
    ["a", "need", 'say "x"', "back\\slash", "Zeile\n2", "Übergänge"]
)
levels = st.floats(1e-9, 1, exclude_max=True)
strange = st.one_of(  # with names and numbers that are hard to write, and the options that need counts
    st.builds(lambda some: qa.above_city(*some), st.lists(names, min_size=1, max_size=3)),
    st.builds(
        lambda some, u: qa.worse_than_city(*some, unknown=u), st.lists(names, min_size=1, max_size=2), st.just("yes")
    ),
    st.builds(qa.worst_share, names, st.floats(1e-9, 1) | st.sampled_from([1, 0.2, 1 / 3]), by=names),
    st.builds(qa.worst_n, names, st.integers(1, 10**9), by=names),
    st.builds(lambda axis, some: qa.in_class(axis, *some), names, st.lists(names, min_size=1, max_size=3)),
    st.builds(qa.above, names, st.floats(-1e90, 1e90).filter(lambda v: abs(v) > 1e-90 or v == 0)),
    st.builds(
        qa.below,
        names,
        than=names.filter(lambda n: n != "quantile" and not any(map(str.isnumeric, n))),
        significant=levels,
        source=st.text(max_size=5),
    ),
    st.builds(qa.at_most, names, st.integers(-(10**30), 10**30), significant=levels, correction=st.just("none")),
    st.builds(
        qa.hotspot,
        names,
        fdr=levels,
        permutations=st.integers(0, 10**6),
        highest=st.none() | st.booleans(),
        unknown=st.sampled_from(["unknown", "no"]),
    ),
    st.builds(qa.hotspot, names, statistic=st.just("moran"), permutations=st.integers(1, 10**6)),
)
every = rules | st.builds(lambda a, b: a & ~b, rules, strange) | st.builds(lambda a, b: a | b, strange, rules)


@settings(max_examples=300)
@given(every)
def test_a_rule_written_out_and_read_again_is_the_same_rule(rule):
    again = parse_rule(str(rule))
    assert again == rule
    assert str(again) == str(rule) == repr(rule)


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        (lambda: qa.worst_share("need", 0.2), 'worst_share("need", 0.2)'),
        (lambda: qa.worst_share("need", 1.0), 'worst_share("need", 1)'),
        (lambda: qa.worst_share("need", 0.123456789), 'worst_share("need", 0.123456789)'),
        (lambda: qa.above("a", 1e-7), 'above("a", 0.0000001)'),
        (lambda: qa.above("a", 24.0, unknown="no"), 'above("a", 24, unknown="no")'),
        (lambda: qa.above("a", 24, printed="exact"), 'above("a", 24, printed="exact")'),
        (lambda: qa.above("a", than="city"), 'above_city("a")'),
        (lambda: qa.above_city("a", "b"), 'above_city("a") & above_city("b")'),
        (lambda: qa.above("a", than="city", factor=1.5), 'above("a", than="city", factor=1.5)'),
        (
            lambda: qa.below("a", than=[[0.7, "nation"], [0.3, "unit"]], factor=0.6),
            'below("a", than=[[0.7, "nation"], [0.3, "unit"]], factor=0.6)',
        ),
        (lambda: qa.above("a", than="quantile", q=0.75, type=6), 'above("a", than="quantile", q=0.75, type=6)'),
        (
            lambda: qa.above("a", 1) & (qa.above("b", 2) | ~qa.above("c", 3)),
            'above("a", 1) & (above("b", 2) | ~above("c", 3))',
        ),
        (lambda: ~(qa.above("a", 1) & qa.above("b", 2)), '~(above("a", 1) & above("b", 2))'),
        (
            lambda: ~qa.k_of(2, *[qa.above(n, 1) for n in "abc"]),
            '~k_of(2, above("a", 1), above("b", 1), above("c", 1))',
        ),
        (lambda: qa.typology(status=["low"], dynamics="-"), 'in_class("status", "low") & in_class("dynamics", "-")'),
    ],
)
def test_a_rule_is_written_as_it_was_typed_and_loses_no_figure(rule, written):
    assert str(rule()) == written
    assert parse_rule(written) == rule()


def test_a_number_is_the_decimal_that_was_written():
    for rule in (qa.above("a", 0.1), parse_rule('above("a", 0.10)'), qa.above("a", Decimal("0.1"))):
        assert rule.limit.than == Decimal("0.1")
    assert parse_rule('above("a", 0.1000000000000000000001)').limit.than == Decimal("0.1000000000000000000001")


def test_and_in_and_is_one_list_whose_order_stays_and_nothing_else_is_changed():
    a, b, c = (qa.above(name, 1) for name in "abc")
    assert (a & b) & c == a & (b & c) == qa.k_of(3, a, b, c)
    assert a & b != b & a
    assert (a & b) | c == qa.k_of(1, a & b, c)
    assert isinstance((a & b) | c, KOf)
    assert a & a == KOf(2, (a, a))
    assert isinstance(~(a & b), Not)
    assert qa.k_of(1, a) == a
    assert (a | b) & c != a | (b & c)


@given(rules)
def test_rules_are_plain_data(rule):
    again = pickle.loads(pickle.dumps(rule))  # noqa: S301 - our own bytes
    assert again == rule
    assert hash(again) == hash(rule)
    assert len({rule, again, rule & again}) == 2


def test_the_name_of_a_condition_is_no_part_of_what_it_says():
    assert qa.above("a", 1, name="poor") == qa.above("a", 1)
    assert str(qa.above("a", 1, name="poor")) == 'above("a", 1)'


# --- text that is no rule ---------------------------------------------------------------------------------------------


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
        "not above_city('a')",
        "__import__('os').system('true')",
        "above_city(*['a'])",
        "above('a', **{'limit': 3})",
        "worst_share('a')",
        "above('a', 1 + 1)",
        "above('a', 24j)",
        "above('a', f'{1}')",
        "above('a', 1, 2)",
        "above('a', 1, wrong=2)",
        "above_city('a').criteria",
        "above_city(['a', 'b'])",
        "above_city(3)",
        "in_class('status', ['low'])",
        "in_class(1)",
        "k_of(0, above_city('a'))",
        "k_of(k=1)",
        "k_of(True, above_city('a'))",
        "above_city('a') & 'b'",
        "&".join(["above_city('a')"] * 20_000),
        "(lambda: above_city('a'))()",
    ],
)
def test_rule_texts_that_are_no_rules_are_refused(text):
    with pytest.raises(SpecError):
        parse_rule(text)


def test_options_by_name_are_read():
    assert parse_rule("worst_share(indicator='a', share=0.2)") == qa.worst_share("a", 0.2)


def chain(n, join=lambda left, right: left & right):
    """Return n conditions, each joined to all before it."""
    rule = qa.above_city("arrivals")
    for _ in range(n - 1):
        rule = join(rule, qa.above_city("arrivals"))
    return rule


@pytest.mark.parametrize("join", [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: b & a])
def test_the_longest_rule_is_written_read_pickled_and_copied(join):
    rule = chain(200, join)
    assert parse_rule(str(rule)) == rule
    assert repr(rule) == str(rule)
    assert pickle.loads(pickle.dumps(rule)) == rule  # noqa: S301 - our own bytes
    assert copy.deepcopy(rule) == copy.copy(rule) == rule
    assert hash(copy.deepcopy(rule)) == hash(rule)


def deep(brackets):
    """Return a rule with so many brackets in each other."""
    rule = qa.above("a", 1)
    for level in range(brackets):
        rule = rule & qa.above("b", 2) if level % 2 else rule | qa.above("c", 3)
    return rule


def test_the_deepest_rule_is_written_and_read():
    rule = deep(20)
    assert rule.depth == 21
    assert parse_rule(str(rule)) == rule
    with pytest.raises(SpecError, match="brackets would be 21 deep"):
        deep(21)


@pytest.mark.parametrize("join", [lambda a, b: a & b, lambda a, b: a | b, lambda a, b: b & a])
def test_one_condition_more_is_refused_with_what_to_do(join):
    with pytest.raises(SpecError, match=r"would be 201 conditions.*up to 200.*several classes in one in_class\(\)"):
        chain(201, join)


def test_a_rule_doubled_again_and_again_does_not_fill_the_memory():
    rule = chain(128)
    with pytest.raises(SpecError, match="These would be 256 conditions"):
        rule & rule


ONE = "above_city('a')"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("&".join([ONE] * 201), "201 conditions"),
        ("&".join([ONE] * 5000), "79,999 characters"),
        (f"({ONE}&" * 250 + ONE + ")" * 250, "conditions|cannot be read"),
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


# --- what cannot be said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (qa.above_city, "needs the names of rates"),
        (qa.worse_than_city, "needs the names of rates"),
        (lambda: qa.above_city(""), "the name is empty"),
        (lambda: qa.above("a"), "has no limit"),
        (lambda: qa.above("a", 3, than="city"), "has two limits"),
        (lambda: qa.above("a", float("nan")), "the limit is nan"),
        (lambda: qa.above("a", float("inf")), "the limit is inf"),
        (lambda: qa.above("a", limit=True), "the limit is True"),
        (lambda: qa.above("a", 10**200), "must be a finite number"),
        (lambda: qa.above("a", than=[]), "the mix is empty"),
        (lambda: qa.above("a", than=[0.7, "nation"]), "a mix is a list of weights and names"),
        (lambda: qa.above("a", than=[["nation", 0.7]]), "a mix is a list of weights and names"),
        (lambda: qa.above("a", than="city", factor=0), "factor is 0"),
        (lambda: qa.above("a", than="city", factor=-1), "factor is -1"),
        (lambda: qa.above("a", than="city", digits=1.5), "digits is 1.5"),
        (lambda: qa.above("a", than="city", sd=1), "only for than='mean'"),
        (lambda: qa.above("a", than="mean", ddof=0), "only for sd"),
        (lambda: qa.above("a", than="mean", sd=1, ddof=2), "ddof is 2"),
        (lambda: qa.above("a", than="quantile"), "go together"),
        (lambda: qa.above("a", than="median", q=0.5), "go together"),
        (lambda: qa.above("a", than="quantile", q=1.5), "a quantile lies in"),
        (lambda: qa.above("a", than="quantile", q=0.5, type=3), "type is 3"),
        (lambda: qa.above("a", than="median", type=6), "only for than='quantile'"),
        (lambda: qa.above("a", 1, min_denominator=-1), "min_denominator is -1"),
        (lambda: qa.above("a", 1, significant=0), "a level between 0 and 1"),
        (lambda: qa.above("a", 1, significant=5), "a level between 0 and 1"),
        (lambda: qa.above("a", 1, correction="none"), "only for significant"),
        (lambda: qa.above("a", 1, correction="holm"), "correction must be one of"),
        (lambda: qa.above("a", 1, unknown="maybe"), "unknown must be one of"),
        (lambda: qa.above("a", 1, printed="rounded"), "printed must be one of"),
        (lambda: qa.above("a", 1, name="low income"), "cannot stand in a rule"),
        (lambda: qa.above("a", 1, name="and"), "cannot stand in a rule"),
        (lambda: qa.in_class("a", "b", name="2nd"), "cannot stand in a rule"),
        (lambda: qa.worst_share("a", 0), "above 0 and up to 1"),
        (lambda: qa.worst_share("a", 20), "above 0 and up to 1"),
        (lambda: qa.worst_share("a", None), "share is None"),
        (lambda: qa.worst_share("a", share=True), "share is True"),
        (lambda: qa.worst_share("a", float("nan")), "share is nan"),
        (lambda: qa.worst_share("a", 0.2, most=0.5), "most is 0.5"),
        (lambda: qa.worst_share("a", 0.2, count="nearest"), "count must be one of"),
        (lambda: qa.worst_share("a", 0.2, ties="some"), "ties must be one of"),
        (lambda: qa.worst_share("a", 0.2, highest=1), "highest is 1"),
        (lambda: qa.worst_n("a", 0), "n is 0"),
        (lambda: qa.worst_n("a", 2.0), "n is 2.0"),
        (lambda: qa.in_class("status"), "needs an axis and classes"),
        (qa.typology, "needs axes"),
        (lambda: qa.hotspot("a", fdr=1), "fdr is 1"),
        (lambda: qa.hotspot("a", statistic="geary"), "statistic must be one of"),
        (lambda: qa.hotspot("a", statistic="moran"), "tested by permutations"),
        (lambda: qa.hotspot("a", permutations=-1), "permutations is -1"),
        (lambda: qa.k_of(1), "needs rules"),
        (lambda: qa.k_of(0, qa.above_city("a")), "k is 0"),
        (lambda: qa.k_of(2, qa.above_city("a")), "it can be 1 to 1"),
        (lambda: qa.k_of(1.0, qa.above_city("a")), "k is 1.0"),
    ],
)
def test_what_cannot_be_said_is_refused(call, message):
    with pytest.raises(SpecError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: qa.above_city(["a", "b"]), r'^above_city takes a str, not a list: above_city\("sgb2_rate", '),
        (lambda: qa.above_city("a", 3), "^above_city takes a str, not an int: "),
        (lambda: qa.above(3, 4), "^above takes a str, not an int: "),
        (lambda: qa.worst_share(["a"], 0.2), r'^worst_share takes a str, not a list: worst_share\("need", 0.2\)\.$'),
        (lambda: qa.in_class("status", ["low"]), r'^in_class takes a str, not a list: in_class\("status", "low", '),
        (lambda: qa.k_of(1, "a"), "^k_of takes a Rule, not a str: "),
        (lambda: qa.above_city("a") & "b", r'^& takes a Rule, not a str: above_city\("a"\) & worst_share'),
        (lambda: qa.above_city("a") | None, r'^\| takes a Rule, not None: above_city\("a"\) \| worst_share'),
        (lambda: "b" & qa.above_city("a"), r'^& takes a Rule, not a str: .* & above_city\("a"\)\.$'),
        (lambda: "b" | qa.above_city("a"), r'^\| takes a Rule, not a str: .* \| above_city\("a"\)\.$'),
        (lambda: parse_rule(qa.above_city("a")), "^parse_rule takes a str, not a Compare: "),
    ],
)
def test_a_wrong_object_is_answered_with_one_sentence(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_and_between_rules_is_refused():
    with pytest.raises(SpecError, match=r"combined with &, \| and ~"):
        qa.above_city("arrivals") and qa.above_city("poverty")


def test_a_rule_lists_its_conditions_from_left_to_right():
    rule = (qa.above_city("arrivals", "poverty") | qa.in_class("status", "low")) & ~qa.worst_share("need", 0.2)
    assert [(one.kind, one.looks_at) for one in rule.conditions] == [
        ("above", "arrivals"),
        ("above", "poverty"),
        ("in_class", "status"),
        ("worst_share", "need"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('abve("x", 2)', "cannot be read: 'abve' is no condition (did you mean 'above'?)"),
        ('above("x", tha="city")', "cannot be read: got an unexpected keyword argument 'tha'"),
        ('worst_share("a")', "cannot be read: missing 1 required positional argument: 'share'"),
        ('above("x",', "cannot be read: it is no expression from character 6 on"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        parse_rule(text)


def test_a_distance_is_above_zero_where_its_condition_holds_also_under_not(joined):
    data = qa.add_rates(
        joined({"x": [10.0, 20, 30, 40], "base": [100.0] * 4, "residents": [100.0] * 4}), {"share": ("x", "base")}
    )
    conditions = [
        qa.above("share", 25), qa.at_least("share", 20), qa.below("share", 30), qa.at_most("share", 20),
        qa.above_city("share"), qa.worst_n("share", 2, highest=True), qa.worst_n("share", 2, highest=False),
    ]  # fmt: skip
    for condition in conditions:
        plain, turned = (qa.screen(data, rule) for rule in (condition, ~condition))
        assert turned.reasons["distance"].tolist() == plain.reasons["distance"].tolist()
        apart = plain.reasons[plain.reasons["distance"] != 0]
        assert apart["held"].eq(apart["distance"] > 0).all(), condition
