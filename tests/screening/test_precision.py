"""Counts that came rounded or changed at random: an area that may lie on either side of a limit is not decided."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, CountError, SpecError
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
        ]
    ),
)
def test_who_is_among_the_worst_or_beyond_a_mean_is_decided_for_all_true_counts_together(counts, off, rule):
    counts = [(min(x, n), n) for x, n in counts]
    x, n = zip(*counts, strict=True)
    truth, (held,) = evaluate(rule, Evidence({"share": rate(x, n, slack=(float(off), 0.0))}, len(counts)))
    every = itertools.product(*(range(max(a - off, 0), min(a + off, b) + 1) for a, b in counts))
    true = np.array(list(every), dtype=float)
    outcomes, _ = evaluate(rule, Evidence({"share": rate(true, np.broadcast_to(n, true.shape))}, len(counts)))
    yes = np.broadcast_to(outcomes.yes, true.shape)
    assert (truth.yes[0] <= yes.all(axis=0)).all()
    assert (truth.no[0] <= (~yes).all(axis=0)).all()
    assert np.array_equal(held.undecided[0], ~truth.known[0])
    if rule.kind == "worst_n" and rule.ties == "out" and len({*true.ravel()}) == true.size:
        assert np.array_equal(held.undecided[0], yes.any(axis=0) & ~yes.all(axis=0))


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
