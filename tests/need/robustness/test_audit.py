"""The audit of an index: figures by hand or by another route, and one case for each finding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.catalogue import text
from quartiersatlas.need.robustness.audit import cronbach_alpha, first_component_share

ALL = [{"id": "all", "label_de": "alle", "label_en": "all"}]
# every combination of high and low, as often as any other: a, b and c are uncorrelated
A = [1.0, -1.0] * 12
B = [1.0, 1.0, -1.0, -1.0] * 6
C = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0] * 3
KEYS = [f"{i:02d}" for i in range(24)]


def audit(columns, *indicators, weights_sum=None, **axis):
    frame = pd.DataFrame(columns, dtype=float)
    frame.index = [f"{i:02d}" for i in frame.index]
    rules = {"id": "need", "classes": ALL, "standardise": {"method": "z"}, **axis}
    if indicators:
        rules["indicators"] = list(indicators)
    content = {"id": "t", "source": "t", "min_population": 0, "axes": [rules], "weights_sum": weights_sum}
    return qa.need_index(frame, qa.NeedSpec.from_dict(content)).audit()


def names(found):
    return [message.name for message in found.findings]


def value(found, check, item="need"):
    rows = found.table[found.table["check"].eq(check) & found.table["item"].eq(item)]
    return rows["value"].item()


def test_alpha_of_a_table_computed_by_hand():
    # variances 2, 0.8 and 1.6, that of the sums 4, 7, 9, 11, 14 is 11.6: 3/2 (1 - 4.4 / 11.6) = 27/29
    table = np.array([[1, 2, 1], [2, 2, 3], [3, 3, 3], [4, 4, 3], [5, 4, 5]], dtype=float)
    assert cronbach_alpha(table) == pytest.approx(27 / 29)
    with_gap = np.vstack([table, [100.0, np.nan, 0.0]])
    assert cronbach_alpha(with_gap) == pytest.approx(27 / 29)


def test_alpha_has_no_value_where_there_is_nothing_to_agree():
    assert np.isnan(cronbach_alpha(np.array([[1.0], [2.0], [3.0]])))
    assert np.isnan(cronbach_alpha(np.array([[1.0, -1.0], [2.0, -2.0]])))
    assert np.isnan(cronbach_alpha(np.empty((0, 3))))


@given(st.integers(0, 10**6), st.integers(2, 6))
def test_alpha_of_standardised_members_follows_from_their_mean_correlation(seed, k):
    x = np.random.default_rng(seed).normal(size=(40, k))
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    mean = (np.corrcoef(z, rowvar=False).sum() - k) / (k * (k - 1))
    assert cronbach_alpha(z) == pytest.approx(k * mean / (1 + (k - 1) * mean))


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_the_first_component_is_that_of_the_singular_values(seed, k):
    x = np.random.default_rng(seed).gamma(2, size=(40, k))
    singular = np.linalg.svd((x - x.mean(axis=0)) / x.std(axis=0), compute_uv=False)
    assert first_component_share(x) == pytest.approx(singular[0] ** 2 / (singular**2).sum())


def test_the_first_component_of_two_members_is_half_of_one_plus_their_correlation():
    x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, -1.0]])
    r = abs(np.corrcoef(x, rowvar=False)[0, 1])
    assert first_component_share(x) == pytest.approx((1 + r) / 2)
    assert np.isnan(first_component_share(np.array([[1.0, 1.0], [2.0, 1.0]])))


def test_effective_weights_of_unrelated_indicators_are_the_squares_of_the_nominal_ones():
    found = audit({"a": A, "b": B}, {"id": "a", "weight": 3.0}, {"id": "b"})
    weights = found.effective_weights.loc["need"]
    assert weights["nominal"].tolist() == [0.75, 0.25]
    assert weights["effective"].tolist() == pytest.approx([0.9, 0.1])
    assert weights["correlation"].tolist() == pytest.approx([3 / 10**0.5, 1 / 10**0.5])
    assert [value(found, "nominal_weight", "a"), value(found, "effective_weight", "a")] == pytest.approx([0.75, 0.9])
    assert value(found, "correlation_with_score", "b") == pytest.approx(1 / 10**0.5)
    assert value(found, "alpha") == pytest.approx(0)
    assert value(found, "first_component") == pytest.approx(0.5)
    assert found.correlations["need"].loc["a", "b"] == pytest.approx(0)
    assert names(found) == []


def test_an_indicator_counted_the_other_way_round_correlates_in_its_direction():
    found = audit({"a": A, "b": [-x for x in B]}, {"id": "a"}, {"id": "b", "direction": -1})
    assert found.effective_weights["correlation"].tolist() == pytest.approx([0.5**0.5, 0.5**0.5])


def test_domains_have_their_own_alpha_and_indicators_the_weight_of_all_levels():
    domains = [
        {"id": "one", "weight": 3.0, "indicators": [{"id": "a"}, {"id": "b"}]},
        {"id": "two", "indicators": [{"id": "c"}]},
    ]
    found = audit({"a": A, "b": [2 * x for x in A], "c": C}, domains=domains)
    assert found.effective_weights["nominal"].tolist() == pytest.approx([0.375, 0.375, 0.25])
    assert value(found, "alpha", "one") == pytest.approx(1)
    assert found.table.query("check == 'alpha'")["item"].tolist() == ["need", "one"]
    assert value(found, "first_component") == pytest.approx(2 / 3)  # a and b are one, c stands alone


def test_a_context_indicator_that_weighs_most_in_effect_is_found_though_all_weights_are_equal():
    columns = {"a": A, "b": B, "mh_share": [50 + x + y for x, y in zip(A, B, strict=True)]}
    found = audit(columns, {"id": "a"}, {"id": "b"}, {"id": "mh_share"})
    assert found.effective_weights["effective"].tolist() == pytest.approx([0.25, 0.25, 0.5])
    assert names(found) == ["audit_context"]
    assert str(found.findings[0]) == (
        "In axis need, context indicators have the largest weight (nominal 33%, effective 50%): mh_share. "
        "They are not a measure of need."
    )


def test_a_context_indicator_that_weighs_most_by_the_spec_is_found_too():
    with pytest.warns(UserWarning, match="context indicators"):
        found = audit(
            {"a": A, "b": [0.9 * x + 0.1 * y for x, y in zip(A, C, strict=True)], "mh_share": [50 + x for x in B]},
            {"id": "a", "weight": 0.9},
            {"id": "b", "weight": 0.9},
            {"id": "mh_share"},
        )
    weights = found.effective_weights.loc["need"]
    assert weights["effective"].idxmax() != "mh_share"
    assert names(found) == ["warning_context", "audit_context", "audit_redundant"]


def test_a_context_indicator_that_makes_half_of_the_index_is_found():
    with pytest.warns(UserWarning, match="50% on context indicators"):
        found = audit({"a": A, "mh_share": [50 + x for x in B]}, {"id": "a"}, {"id": "mh_share"})
    assert names(found) == ["warning_context", "audit_context"]


def test_a_context_indicator_that_weighs_little_is_no_finding():
    found = audit(
        {"a": A, "b": B, "mh_share": [50 + x for x in C]}, {"id": "a"}, {"id": "b"}, {"id": "mh_share", "weight": 0.5}
    )
    assert names(found) == []


def test_an_indicator_against_the_score_is_found():
    against = [-x + 0.6 * y for x, y in zip(A, B, strict=True)]
    found = audit({"a": A, "b": against}, {"id": "a", "weight": 3.0}, {"id": "b"})
    assert names(found) == ["audit_negative"]
    assert found.findings[0].values["names"] == "b"
    assert "Indexwert entgegen" in text(found.findings[0].name, "de", **found.findings[0].values)


@pytest.mark.parametrize(("copy", "kind"), [(lambda x: x, "identical values"), (lambda x: 3 - 0.1 * x, "y = a + b x")])
def test_a_copy_is_found_and_is_not_called_redundant(copy, kind):
    values = [float(i**2) for i in range(24)]
    found = audit(
        {"a": values, "b": [copy(x) for x in values], "c": C},
        {"id": "a"},
        {"id": "b", "direction": 1 if kind == "identical values" else -1},
        {"id": "c"},
    )
    assert names(found) == ["audit_copies"]
    row = found.table[found.table["check"].eq("copy")].iloc[0]
    assert row[["axis", "item", "note"]].tolist() == ["need", "a / b", kind]
    assert row["value"] == pytest.approx(1)


@pytest.mark.parametrize(("noise", "flagged"), [(0.48, True), (0.49, False)])
def test_pairs_that_correlate_at_0_9_or_more_are_redundant(noise, flagged):
    near = [x + noise * y for x, y in zip(A, B, strict=True)]  # r = 1 / sqrt(1 + noise^2): 0.9015 and 0.898
    found = audit({"a": A, "b": near}, {"id": "a"}, {"id": "b"})
    assert names(found) == (["audit_redundant"] if flagged else [])
    if flagged:
        assert value(found, "redundant_pair", "a / b") == pytest.approx((1 + noise**2) ** -0.5)


def test_values_that_agree_only_where_both_are_known_are_no_copies():
    values = [float(i**2) for i in range(24)]
    frame = {"a": values, "b": [np.nan, *values[1:]]}
    found = audit(frame, {"id": "a"}, {"id": "b"}, min_present=0.5)
    assert names(found) == ["audit_redundant"]


def test_a_few_extreme_areas_are_found_unless_they_were_treated():
    rising = [float(i) for i in range(24)]
    found = audit({"a": [*rising[:-1], 900.0], "b": B}, {"id": "a"}, {"id": "b"})
    assert names(found) == ["audit_skewed"]
    assert found.findings[0].values == {"axis": "need", "names": "a"}
    assert value(found, "skewness", "a") > 4
    assert names(audit({"a": [*rising[:-1], 900.0], "b": B}, {"id": "a", "transform": "winsorise"}, {"id": "b"})) == []


def test_weights_that_do_not_sum_to_what_the_source_says_are_found():
    two = ({"id": "a", "weight": 0.6}, {"id": "b", "weight": 0.3})
    with pytest.warns(UserWarning, match="the weights sum to 0.9, by the source to 1"):
        found = audit({"a": A, "b": B}, *two, weights_sum=1.0)
    assert names(found) == ["audit_weights_sum"]
    assert str(found.findings[0]) == "In axis need, the weights sum to 0.9, by the source to 1."
    assert names(audit({"a": A, "b": B}, *two, weights_sum=0.9)) == []
    assert names(audit({"a": A, "b": B}, *two)) == []


@pytest.mark.parametrize("name", ["imd-2019", "imd-2025"])
def test_the_published_weights_of_the_english_index_sum_to_0_999_and_are_left_so(name):
    spec = qa.NeedSpec.preset(name)
    random = np.random.default_rng(1)
    frame = pd.DataFrame({leaf.id: random.permutation(40) + 1.0 for leaf in spec.axes[0].indicators})
    frame.index = [f"{i:02d}" for i in frame.index]
    found = qa.need_index(frame, spec).audit()
    assert value(found, "weights_sum", spec.axes[0].id) == pytest.approx(0.999)
    assert "audit_weights_sum" not in names(found)
    assert found.table.loc[0, "note"] == "source: 0.999"


def test_few_areas_are_compared_by_ratios():
    frame = pd.DataFrame(
        {"sgb2": [30.0, 10.0, 20.0, 0.0], "residents": [100.0, 100.0, 400.0, 0.0], "a": [1.0, 2.0, 3.0, 4.0]},
        index=list("wxyz"),
    )
    axis = {
        "id": "need",
        "classes": ALL,
        "indicators": [{"id": "sgb2_rate", "numerator": "sgb2", "denominator": "residents"}, {"id": "a"}],
    }
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    with pytest.warns(UserWarning, match="over 3 areas only"):
        found = qa.need_index(frame, spec).audit()
    assert names(found)[0] == "warning_few_areas"
    assert names(found)[-1] == "audit_ratios"
    # 60 of 600 are 10 % of the city; the mean of the areas is 15 %
    assert found.ratios["sgb2_rate"].tolist() == pytest.approx([3.0, 1.0, 0.5, np.nan], nan_ok=True)
    assert found.ratios["a"].tolist() == pytest.approx([0.5, 1.0, 1.5, 2.0])  # mean of the three scored areas
    assert found.counts["sgb2_rate", "numerator"].tolist() == [30.0, 10.0, 20.0, 0.0]
    assert found.counts["sgb2_rate", "denominator"].tolist() == [100.0, 100.0, 400.0, 0.0]
    assert "a" not in found.counts
    assert value(found, "mean_of_areas", "sgb2_rate") == pytest.approx(15)
    assert value(found, "city_value", "sgb2_rate") == pytest.approx(10)
    assert value(found, "city_minus_mean", "sgb2_rate") == pytest.approx(-5)
    assert found.table.query("check == 'city_value'")["item"].tolist() == ["sgb2_rate"]


def test_what_has_values_below_zero_has_no_ratio():
    found = audit({"a": [x + 0.5 for x in A], "b": [x + 2 for x in B]}, {"id": "a"}, {"id": "b"})
    assert found.ratios["a"].isna().all()
    assert found.ratios["b"].tolist() == pytest.approx([1.5 if x > 0 else 0.5 for x in B])


def test_a_change_has_no_ratio_though_it_rises_everywhere(joined):
    residents = [100.0] * 16
    before = joined({"sgb2": [5.0] * 16, "residents": residents}, population="residents", period="2020")
    after = joined(
        {"sgb2": [10.0 + i for i in range(16)], "residents": residents}, population="residents", period="2022"
    )
    before, after = (qa.add_rates(data, {"sgb2_rate": ("sgb2", "residents")}) for data in (before, after))
    axis = {"id": "need", "classes": ALL, "indicators": [{"id": "sgb2_rate_change"}]}
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    found = qa.need_index(qa.add_change(after, before, ["sgb2_rate"]), spec).audit()
    assert value(found, "city_value", "sgb2_rate_change") == pytest.approx(12.5)
    assert found.ratios["sgb2_rate_change"].isna().all()


def test_an_indicator_that_does_not_vary_has_no_correlation_and_says_so():
    found = audit({"a": A, "b": [5.0] * 24}, {"id": "a"}, {"id": "b"}, normalise={"method": "none"})
    assert np.isnan(value(found, "effective_weight", "b"))
    assert value(found, "effective_weight", "a") == pytest.approx(1)
    assert found.table.query("check == 'effective_weight' and item == 'b'")["note"].item() == "no variance"
    assert np.isnan(value(found, "first_component"))


def test_an_audit_says_in_plain_text_what_it_found():
    with pytest.warns(UserWarning, match="the weights sum to 4"):
        found = audit({"a": A, "b": B}, {"id": "a", "weight": 3.0}, {"id": "b"}, weights_sum=1.0)
    lines = repr(found).splitlines()
    assert lines[0].endswith("); findings: 1")
    assert lines[0].startswith("NeedAudit of t (")
    assert lines[1:] == [
        "  - In axis need, the weights sum to 4, by the source to 1.",
        "  weight: nominal, effective, correlation with the score",
        "    need, a: 0.750, 0.900, 0.949",
        "    need, b: 0.250, 0.100, 0.316",
        "  need, need: Cronbach's alpha 0.000",
        "  need, need: variance on the first component 0.500",
    ]
    assert found._repr_html_().startswith("<pre>NeedAudit of t (")


@pytest.mark.shared_data
def test_the_indicators_of_the_berlin_monitor_are_three_near_copies(shared):
    table = pd.read_csv(shared / "indices" / "mss_berlin" / "mss2019_plr.csv", dtype={"id": str}).set_index("id")
    table = table[table["status_index_class"].isin(["hoch", "mittel", "niedrig", "sehr niedrig"])]
    shares = {
        "unemployment_share_sgb2": "percentage_unemployed",
        "transfer_rate": "percentage_transfer_payments_recipients",
        "child_poverty_u15": "percentage_transfer_payments_recipients_below_15_years",
    }
    frame = pd.DataFrame(
        {
            f"{name}{suffix}": pd.to_numeric(table[f"{letter}{number}_{column}"])
            for number, (name, column) in zip([1, 3, 4], shares.items(), strict=True)
            for letter, suffix in (("s", ""), ("d", "_change"))
        }
    ).assign(residents=table["inhabitants"])
    found = qa.need_index(frame, qa.NeedSpec.preset("berlin-mss-2019"), population="residents").audit()
    status = frame[list(shares)].to_numpy()
    assert len(status) == 436
    pairs = found.table.query("check == 'redundant_pair' and axis == 'status'")["value"]
    assert len(pairs) == 3
    assert pairs.round(2).between(0.93, 0.97).all()
    # by another route: singular values, and alpha from the mean correlation
    z = (status - status.mean(axis=0)) / status.std(axis=0)
    singular = np.linalg.svd(z, compute_uv=False)
    assert value(found, "first_component", "status") == pytest.approx(singular[0] ** 2 / (singular**2).sum())
    mean = pairs.mean()
    assert value(found, "alpha", "status") == pytest.approx(3 * mean / (1 + 2 * mean))
    assert found.effective_weights.loc["status", "effective"].round(2).tolist() == pytest.approx([1 / 3] * 3, abs=0.02)
    assert found.effective_weights.loc["dynamics", "correlation"].min() > 0
