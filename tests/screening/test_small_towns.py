from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError


def town(joined, x, n):
    return qa.add_rates(
        joined({"x": list(map(float, x)), "residents": list(map(float, n))}), {"rate": ("x", "residents")}
    )


counts = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 40)).filter(lambda pair: pair[0] <= pair[1]), min_size=2, max_size=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts)
def test_each_area_against_its_rest_as_two_textbook_tests_say(joined, pairs):
    x, n = (np.array(part) for part in zip(*pairs, strict=True))
    table = qa.compare_with_rest(town(joined, x, n), "rate")
    for i, row in enumerate(table.itertuples()):
        rest_x, rest_n = x.sum() - x[i], n.sum() - n[i]
        assert row.rest == pytest.approx(100 * rest_x / rest_n)
        assert row.above_expected == pytest.approx(x[i] - n[i] * x.sum() / n.sum())
        assert row.p == pytest.approx(fisher_exact([[x[i], n[i] - x[i]], [rest_x, rest_n - rest_x]]).pvalue)
        interval = binomtest(int(x[i]), int(n[i])).proportion_ci(0.95, method="exact")
        assert (row.lower, row.upper) == pytest.approx((100 * interval.low, 100 * interval.high))
    assert table["above_expected"].sum() == pytest.approx(0, abs=1e-9)


def test_towns_are_compared_within_themselves(joined):
    data = town(joined, [30, 10, 50, 40], [100] * 4)
    data.areas["gemeinde"] = ["A", "A", "B", "B"]
    table = qa.compare_with_rest(data, "rate", by="gemeinde")
    assert table["rest"].tolist() == [10, 30, 40, 50]
    assert table["ratio"].tolist() == pytest.approx([3, 1 / 3, 1.25, 0.8])


def test_an_area_alone_or_without_counts_has_no_rest(joined):
    table = qa.compare_with_rest(town(joined, [3, np.nan, 0], [10, 10, 0]), "rate")
    assert table["rest"].isna().all()
    assert table["p"].isna().all()
    assert table["value"].notna().tolist() == [True, False, False]


def test_what_cannot_be_compared_is_said(joined):
    data = town(joined, [3, 4], [10, 10])
    with pytest.raises(SpecError, match="no rate of persons"):
        qa.compare_with_rest(data, "x")
    with pytest.raises(ColumnError, match="gemeinde"):
        qa.compare_with_rest(data, "rate", by="gemeinde")


@pytest.mark.parametrize(
    "rule",
    [
        qa.above("rate", than="quantile", q=0.8),
        qa.above("rate", than="mean", sd=0.5),
        qa.hotspot("rate"),
    ],
)
@pytest.mark.parametrize("n", [3, 14])
def test_few_areas_bear_no_quantile_deviation_or_hotspot(joined, rule, n):
    with pytest.raises(SpecError, match=f"{n} areas are too few.*than='rest'"):
        qa.screen(town(joined, range(n), [100] * n), rule)


def test_fifteen_areas_bear_them(joined):
    data = town(joined, range(15), [100] * 15)
    assert len(qa.screen(data, qa.above("rate", than="quantile", q=0.8)).keys) == 3


def test_the_worst_of_a_few_areas_is_answered_with_a_warning(joined):
    shortlist = qa.screen(town(joined, [1, 2, 3, 4, 5], [100] * 5), qa.worst_share("rate", 0.2))
    assert shortlist.keys == ["e0"]
    assert "warning_small_town" in [message.name for message in shortlist.warnings]


def test_the_worst_of_each_small_town_is_answered_with_a_warning(joined):
    data = town(joined, range(20), [100] * 20)
    data.areas["gemeinde"] = list("ABCDE" * 4)
    names = [message.name for message in qa.screen(data, qa.worst_share("rate", 0.2, by="gemeinde")).warnings]
    assert "warning_small_town" in names
    assert "warning_rule_small_groups" in names
