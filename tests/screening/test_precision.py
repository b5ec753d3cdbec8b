"""Counts that came rounded or changed at random: an area that may lie on either side of a limit is not decided."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError
from quartiersatlas.screening.evaluation.chance_tests import hotspot_p_value_ends, hotspot_p_values
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.evaluation.evidence import Evidence, rate


def town(joined, poor, **options):
    data = joined({"poor": [float(x) for x in poor], "residents": [1000.0] * len(poor)}, **options)
    return qa.add_rates(data, {"share": ("poor", "residents")})


def said(shortlist):
    """Return yes, no or why not, area by area."""
    held, why = shortlist.reasons["held"], shortlist.reasons["unknown_because"]
    return [because or bool(yes) for yes, because in zip(held, why, strict=True)]


@pytest.mark.parametrize("word", [qa.above, qa.at_least, qa.below, qa.at_most])
@pytest.mark.parametrize("limit", ["19.2", "19.3", "19.7", "19.8", "20.2", "20.3"])  # 195 is 193 to 197, 205 from 203
def test_rounded_to_fives_the_limit_may_lie_at_either_end(joined, word, limit):
    rule, by_hand = word("share", Decimal(limit)), []
    for x in (195, 200, 205):
        outcomes = {holds(rule, true) for true in range(x - 2, x + 3)}
        by_hand.append(outcomes.pop() if len(outcomes) == 1 else "precision")
    assert said(qa.screen(town(joined, [195, 200, 205], rounded={"poor": 5}), rule)) == by_hand


def holds(rule, x):
    share, limit = Decimal(x) / 10, rule.limit.than
    return {"above": share > limit, "at_least": share >= limit, "below": share < limit, "at_most": share <= limit}[
        rule.word
    ]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=1, max_size=5),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 100),
    st.sampled_from([qa.above, qa.at_least, qa.below, qa.at_most]),
)
def test_an_area_is_decided_where_all_true_counts_agree(counts, off_x, off_n, limit, word):
    counts = [(min(x, n), n) for x, n in counts]
    x, n = zip(*counts, strict=True)
    rule = word("share", limit)
    measured = rate(x, n, part=False, slack=(float(off_x), float(off_n)))
    truth, _ = evaluate(rule, Evidence({"share": measured}, len(counts)))
    for place, (a, b) in enumerate(counts):
        outcomes = set()
        for true in range(max(a - off_x, 0), a + off_x + 1):
            for people in range(max(b - off_n, 1), b + off_n + 1):
                outcomes.add(
                    {
                        "above": 100 * true > limit * people,
                        "at_least": 100 * true >= limit * people,
                        "below": 100 * true < limit * people,
                        "at_most": 100 * true <= limit * people,
                    }[rule.word]
                )
        assert (bool(truth.yes[0, place]), bool(truth.no[0, place])) == (outcomes == {True}, outcomes == {False})


def chain(share):
    """Return areas in a row, every other one in the same half."""
    m = share.values.shape[-1]
    neighbours = lambda: (np.arange(m - 1), np.arange(1, m))  # noqa: E731
    return Evidence({"share": share}, m, levels={"half": np.arange(m) % 2}, neighbours=neighbours)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(6, 12)), min_size=2, max_size=4),
    st.integers(1, 2),
    st.sampled_from(
        [
            *(
                qa.worst_n("share", n, ties=ties, most=most)
                for n in (1, 2, 3)
                for ties in ("in", "out")
                for most in (1, 2)
            ),
            qa.worst_n("share", 2, highest=False),
            qa.worst_share("share", 0.5),
            qa.above("share", than="mean"),
            qa.at_most("share", than="median", factor=1.5),
            qa.below("share", than="quantile", q=0.75),
            qa.at_least("share", than="mean", factor=0.5, plus=6),
            qa.above("share", than="mean", sd=0.5),
            qa.at_least("share", than="mean", sd=1, ddof=0, factor=1.5, digits=0),
            qa.below("share", than="mean", sd=-0.5),
            qa.above("share", than=[[0.5, "mean"], [0.75, "median"], [-0.25, "city"]]),
            qa.at_most("share", than=[[0.5, "city"], [0.5, "half"]], digits=0),
            qa.above("share", than="city"),
            qa.above("share", than="rest", factor=1.25),
            qa.below("share", than="half"),
            qa.above("share", than="city", significant=0.3),
            qa.below("share", than="half", significant=0.4, correction="none"),
            qa.above("share", 20, significant=0.3),
            qa.hotspot("share", fdr=0.3),
            qa.hotspot("share", fdr=0.3, permutations=19, highest=False),
            qa.hotspot("share", fdr=0.5, permutations=19, statistic="moran"),
        ]
    ),
)
def test_every_condition_is_decided_for_all_true_counts_together(counts, off, rule):
    counts = [(min(x, n), n) for x, n in counts]
    x, n = zip(*counts, strict=True)
    truth, (held,) = evaluate(rule, chain(rate(x, n, slack=(float(off), 0.0))))
    every = itertools.product(*(range(max(a - off, 0), min(a + off, b) + 1) for a, b in counts))
    true = np.array(list(every), dtype=float)
    outcomes, _ = evaluate(rule, chain(rate(true, np.broadcast_to(n, true.shape))))
    yes = np.broadcast_to(outcomes.yes, true.shape)
    assert (truth.yes[0] <= yes.all(axis=0)).all()
    assert (truth.no[0] <= (~yes).all(axis=0)).all()
    assert np.array_equal(held.undecided[0], ~truth.known[0])
    if rule.kind == "worst_n" and rule.ties == "out" and len({*true.ravel()}) == true.size:
        assert np.array_equal(held.undecided[0], yes.any(axis=0) & ~yes.all(axis=0))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(6, 9)), min_size=2, max_size=3), st.integers(1, 2))
def test_a_change_is_open_by_the_counts_of_both_dates(counts, off):
    counts = [(min(x, n), n) for x, n in counts]
    x, n = (np.array([part], dtype=float) for part in zip(*counts, strict=True))
    rule = qa.above("share", 5)
    before, slack = (x[:, ::-1], n[:, ::-1]), (float(off), 0.0)
    change = replace(
        rate(x, n, slack=slack, earlier_slack=slack), values=100 * (x / n - before[0] / before[1]), earlier=before
    )
    truth, _ = evaluate(rule, chain(change))
    for place in range(x.shape[1]):
        outcomes = {
            bool(100 * a * before[1][0, place] - 100 * b * n[0, place] > 5 * n[0, place] * before[1][0, place])
            for a in near(x[0, place], off, n[0, place])
            for b in near(before[0][0, place], off, before[1][0, place])
        }
        assert (truth.yes[0, place], truth.no[0, place]) == (outcomes == {True}, outcomes == {False})


def near(x, off, n):
    return range(int(max(x - off, 0)), int(min(x + off, n)) + 1)


def test_a_mean_with_deviations_and_a_city_value_are_open_by_the_others_too(joined):
    # each off by 2: the mean is 29.8 to 30.2, the deviation between 13.80 and 14.31 (exactly 14.14)
    data = town(joined, [100, 200, 300, 400, 500], rounded={"poor": 5})
    assert said(qa.screen(data, qa.above("share", than="city"))) == [False, False, "precision", True, True]
    measured = rate([100, 200, 300, 400, 500], [1000] * 5, slack=(2.0, 0.0))
    for plus, at_440 in ((-4.8, True), (-4.6, "open"), (-3.5, "open"), (-3.3, False)):
        truth, _ = evaluate(qa.above("share", than="mean", sd=1, ddof=0, plus=plus), chain(measured))
        yes, no = bool(truth.yes[0, 3]), bool(truth.no[0, 3])
        assert (True if yes else False if no else "open") == at_440, plus


@pytest.mark.parametrize(
    "rule",
    [
        qa.hotspot("share"),
        qa.hotspot("share", fdr=0.9, permutations=19),
        qa.hotspot("share", fdr=0.9, permutations=19, statistic="moran"),
    ],
)
@given(st.lists(st.floats(0, 50), min_size=9, max_size=9), st.floats(0.1, 4), st.integers(0, 1000))
def test_p_values_of_clusters_lie_between_their_ends(rule, values, off, seed):
    one, other = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7]), np.array([1, 2, 2, 3, 4, 5, 6, 7, 8])
    seen = np.array([values])
    true = seen + off * np.random.default_rng(seed).choice([-1, 1, 0.5], size=(20, 9))
    highest, lowest = hotspot_p_value_ends(rule, seen - off, seen + off, one, other)
    p = hotspot_p_values(rule, true, one, other)
    apart = np.ptp(true, axis=1, keepdims=True) > 0  # where all are the same, there is no cluster: 1
    assert ((p <= highest + 1e-9) | ~apart).all()
    assert (p >= lowest - 1e-9).all()


def test_a_cluster_is_open_where_its_rates_may_be_lower(joined):
    poor = [300.0] * 4 + [200.0, 100.0] * 6
    for base, outcome in ((2, True), (100, "precision")):  # 100: 250 to 350 against 150 to 250
        data = town(joined, poor, rounded={"poor": base})
        assert said(qa.screen(data, qa.hotspot("share")))[1] == outcome


def test_the_worst_of_counts_that_were_changed_at_random(joined):
    data = town(joined, [300, 200, 195, 100], perturbed=3)  # the residents too: 200 is 197 of 1,003 to 203 of 997
    assert said(qa.screen(data, qa.worst_n("share", 2))) == [True, "precision", "precision", False]
    assert said(qa.screen(data, qa.worst_n("share", 3))) == [True, True, True, False]
    assert said(qa.screen(data, qa.worst_n("share", 2, printed="exact"))) == [True, True, False, False]
    table = qa.screen(data, qa.worst_n("share", 2)).missing()
    assert table["why_not"].tolist() == ["", "precision", "precision", ""]
    # out below 192 of 1,003: 190 of 997 is, 191 is not; in above 203 of 997: 205 of 1,003 is, 204 is not
    assert table["change_poor"].dropna().tolist() == [190 - 3 - 300, 205 + 3 - 100]


def test_rounding_of_one_whole_leaves_no_order_open(joined):
    data = town(joined, [300, 200, 195, 100], rounded={"poor": 5})
    assert said(qa.screen(data, qa.worst_n("share", 2))) == [True, True, False, False]


def test_missing_persons_leave_the_open_stretch_behind(joined):
    data = town(joined, [300, 210, 100], rounded={"poor": 5})
    table = qa.screen(data, qa.above("share", 20)).missing()
    assert table["change_poor"].tolist() == [-102, -12, 103]  # 198 + 2 of 1,000 is not above; 203 - 2 is
    assert set(table["smallest"]) == {"exact"}


def test_counts_changed_at_random_by_a_known_number(joined):
    rule = qa.above("share", 20)
    # the residents are off by as many: 202 of 1,000 may be 200 of 1,002, 203 of 1,000 is 201 of 1,002 at the least
    assert said(qa.screen(town(joined, [197, 198, 202, 203], perturbed=2), rule)) == [
        False, "precision", "precision", True,
    ]  # fmt: skip
    assert said(qa.screen(town(joined, [199, 201], perturbed=True), rule)) == [False, True]  # nobody says by how much


def test_printed_exact_takes_them_as_they_are(joined):
    rule = qa.above("share", 20, printed="exact")
    assert said(qa.screen(town(joined, [195, 205], rounded={"poor": 5}), rule)) == [False, True]


def test_reasons_missing_persons_and_method_box_say_so(joined):
    data = town(joined, [195, 200, 205, 300], rounded={"poor": 5})
    found = qa.screen(data, qa.above("share", 20))
    assert found.missing()["why_not"].tolist() == ["", "precision", "", ""]
    assert "warning_rule_precision" in [message.name for message in found.warnings]
    release = qa.release(data, shortlist=found)
    sentences = [str(fact) for fact in release.facts if fact.name == "warning_rule_precision"]
    assert sentences == ["“share” is printed too coarsely to tell on which side of the limit it lies (areas: 1)."]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rounded": {"por": 5}}, ColumnError, "Did you mean 'poor'"),
        ({"rounded": {"poor": 1}}, SpecError, "multiples of 1; give a whole number such as 5"),
        ({"rounded": {"poor": 10}}, CountError, "2 areas are no multiple of 10 in 'poor'"),
        ({"perturbed": -1}, SpecError, "perturbed=-1 is True, or by how many"),
        ({"perturbed": "yes"}, SpecError, "perturbed='yes' is True, or by how many"),
    ],
)
def test_what_is_no_precision_is_refused(joined, options, error, message):
    with pytest.raises(error, match=message):
        town(joined, [195, 200, 205], **options)
