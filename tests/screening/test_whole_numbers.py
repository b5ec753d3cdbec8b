"""Rules in whole numbers: the same as fractions, however large the counts and odd the limits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.screening.evaluation.whole_numbers import LEVELS, CountRate, whole_rule

COUNTS = st.integers(0, 3) | st.integers(0, 10**5) | st.integers(0, 10**14)


@given(
    cells=st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=6),
    sums=st.tuples(COUNTS, COUNTS),
    word=st.sampled_from(["above", "at_least", "below", "at_most"]),
    factor=st.decimals("0.01", "99", places=2),
    plus=st.decimals(-5, 5, places=1),
    digits=st.none() | st.integers(0, 3),
)
def test_conditions_are_those_of_fractions(cells, sums, word, factor, plus, digits):
    rule = getattr(qa, word)("rate", than="land", factor=str(factor), plus=plus, digits=digits)
    whole = whole_rule(rule, {"rate": CountRate("x", "n")}, ["x", "n"], "n", LEVELS)
    (one,) = whole.conditions
    top, bottom = min(sums), max(sums)
    p, q = one.limit(np.array([top]), np.array([bottom]))
    x, n = np.array([min(cell) for cell in cells]), np.array([max(cell) for cell in cells])
    found = whole.holds([one.holds(x[None], n[None], None, p[None], q[None])])[0]
    for k in range(len(cells)):
        if not n[k] or not bottom:
            assert not found[k]
            continue
        value = Fraction(100 * int(x[k]), int(n[k]))
        limit = Fraction(factor) * Fraction(100 * top, bottom) + Fraction(plus)
        if digits is not None:
            step = Fraction(1, 10**digits)
            limit = (abs(limit) / step + Fraction(1, 2)).__floor__() * step * (-1 if limit < 0 else 1)
        want = {"above": value > limit, "at_least": value >= limit, "below": value < limit, "at_most": value <= limit}
        assert bool(found[k]) is want[word]


def test_a_limit_that_is_a_number_is_rounded_as_it_says():
    rule = qa.above("rate", 12.25, digits=1)  # 12.3
    whole = whole_rule(rule, {"rate": CountRate("x", "n")}, ["x", "n"], "n", LEVELS)
    assert whole.conditions[0].number == Fraction(123, 10)


def test_a_factor_is_read_as_text_too():
    assert str(qa.above("a", than="city", factor="1.50")) == str(qa.above("a", than="city", factor=1.5))
    with pytest.raises(SpecError, match="factor is 'much'"):
        qa.above("a", than="city", factor="much")
