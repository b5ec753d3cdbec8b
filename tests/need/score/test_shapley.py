"""Contributions to scores that are no sums: against a walk through all orders, and the properties that define them."""

from __future__ import annotations

from itertools import permutations
from math import exp, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

import quartiersatlas as qa
from quartiersatlas.need.score.contributions import contributions, shapley_values
from quartiersatlas.need.score.scores import ScoringContext, axis_score

ALL = [{"id": "all", "label_de": "alle", "label_en": "all"}]
POSITIVE = {"method": "minmax", "low": 1.0, "high": 100.0}
FLAT = [{"id": "a", "weight": 2.0}, {"id": "b", "direction": -1}, {"id": "c"}, {"id": "d", "weight": 0.5}]
NESTED = [
    {"id": "one", "weight": 2.0, "indicators": FLAT[:2]},
    {"id": "two", "indicators": FLAT[2:], "normalise": POSITIVE, "aggregate": "mazziotta_pareto"},
]
AXES = {
    "copeland": {"indicators": FLAT, "aggregate": "copeland"},
    "copeland of domains": {"domains": NESTED, "aggregate": "copeland"},
    "copeland of weights that tie": {  # 0.1 + 0.2 exceeds 0.3 by rounding
        "indicators": [{"id": "a", "weight": 0.1}, {"id": "b", "weight": 0.2}, {"id": "c", "weight": 0.3}],
        "aggregate": "copeland",
    },
    "copeland, then z": {"indicators": FLAT, "aggregate": "copeland", "standardise": {"method": "z"}},
    "mazziotta_pareto": {
        "indicators": FLAT,
        "aggregate": "mazziotta_pareto",
        "normalise": {"method": "z", "centre": 100.0, "spread": 10.0},
    },
    "geometric, then z": {
        "indicators": FLAT,
        "aggregate": "geometric",
        "normalise": POSITIVE,
        "standardise": {"method": "z"},
    },
    "geometric of domains": {"domains": NESTED, "aggregate": "geometric", "normalise": POSITIVE},
    "exponential of domains": {"domains": NESTED, "normalise": {"method": "exponential"}},
    "ranks of domains": {"domains": NESTED, "normalise": {"method": "rank", "ties": "max"}},
    "percentile of the score": {"indicators": FLAT, "standardise": {"method": "percentile"}},
    "rank of the score": {"indicators": FLAT, "standardise": {"method": "rank", "ties": "min"}},
    "domains above their mean": {
        "domains": [{**NESTED[0], "weight": 1.0}, NESTED[1]],
        "normalise": {"method": "above"},
        "aggregate": "count",
    },
}
SUMS = {
    "z of a sum": {"indicators": FLAT, "standardise": {"method": "z"}},
    "ranks, then z": {"indicators": FLAT, "normalise": {"method": "rank"}, "standardise": {"method": "z"}},
    "minmax of a mean": {"indicators": FLAT, "aggregate": "arithmetic", "standardise": {"method": "minmax"}},
    "domains": {
        "domains": [NESTED[0], {"id": "two", "indicators": FLAT[2:]}],
        "normalise": {"method": "z", "centre": 100.0},
        "standardise": {"method": "z", "ddof": 1},
    },
}


def axis_of(rules):
    content = {"id": "t", "source": "t", "min_population": 0, "axes": [{"id": "need", "classes": ALL, **rules}]}
    return qa.NeedSpec.from_dict(content).axes[0]


def columns_of(n=30, seed=5, names="abcd", ties=False):
    random = np.random.default_rng(seed)
    draw = random.integers(1, 6, (len(names), n)) if ties else random.gamma(3, 2, (len(names), n)) + 1
    return dict(zip(names, draw.astype(float), strict=True))


def by_all_orders(value, players, area):
    """Average over all orders what a player adds to those before it."""
    parts = dict.fromkeys(players, 0.0)
    orders = list(permutations(players))
    for order in orders:
        for place, player in enumerate(order):
            before = frozenset(order[:place])
            parts[player] += value(before | {player}, area) - value(before, area)
    return {player: part / len(orders) for player, part in parts.items()}


def copeland_by_hand(columns):
    """Weights 2, 1, 1, 0.5 and a reversed b, one pair of areas after the other."""
    x = {name: list(values) for name, values in columns.items()} | {"b": [-v for v in columns["b"]]}
    z = {name: [float(v - np.mean(values)) / float(np.std(values)) for v in values] for name, values in x.items()}
    weights = {"a": 2.0, "b": 1.0, "c": 1.0, "d": 0.5}

    def value(coalition, area):
        score = 0
        for other in range(len(z["a"])):
            if other != area:
                own = {name: z[name][area] if name in coalition else 0.0 for name in z}
                ahead = sum(w * ((own[k] > z[k][other]) - (own[k] < z[k][other])) for k, w in weights.items())
                score += (ahead > 0) - (ahead < 0)
        return score

    return value


def mazziotta_pareto_by_hand(columns):
    x = {name: list(values) for name, values in columns.items()} | {"b": [-v for v in columns["b"]]}
    z = {name: [100 + 10 * (v - np.mean(values)) / np.std(values) for v in values] for name, values in x.items()}
    shares = {"a": 2 / 4.5, "b": 1 / 4.5, "c": 1 / 4.5, "d": 0.5 / 4.5}

    def value(coalition, area):
        own = {name: z[name][area] if name in coalition else 100.0 for name in z}
        mean = sum(shares[name] * own[name] for name in own)
        variance = sum(shares[name] * (own[name] - mean) ** 2 for name in own)
        return mean + variance / mean

    return value


def geometric_then_z_by_hand(columns):
    x = {name: list(values) for name, values in columns.items()} | {"b": [-v for v in columns["b"]]}
    scaled = {
        name: [1 + 99 * (v - min(values)) / (max(values) - min(values)) for v in values] for name, values in x.items()
    }
    shares = {"a": 2 / 4.5, "b": 1 / 4.5, "c": 1 / 4.5, "d": 0.5 / 4.5}

    def mean_of(own):
        return exp(sum(shares[name] * log(own[name]) for name in own))

    real = [mean_of({name: scaled[name][area] for name in scaled}) for area in range(len(x["a"]))]

    def value(coalition, area):
        own = {
            name: scaled[name][area] if name in coalition else sum(scaled[name]) / len(scaled[name]) for name in scaled
        }
        return (mean_of(own) - np.mean(real)) / np.std(real)

    return value


def exponential_of_domains_by_hand(columns):
    """Domain one: 2 z(a) - z(b), weight 2; domain two: Mazziotta-Pareto of c and d; both by their ranks."""
    n = len(columns["a"])
    z = {name: (columns[name] - np.mean(columns[name])) / np.std(columns[name]) for name in "ab"}
    scaled = {name: 1 + 99 * (columns[name] - min(columns[name])) / np.ptp(columns[name]) for name in "cd"}

    def one(a, b):
        return 2 * a - b

    def two(c, d):
        mean = (c + 0.5 * d) / 1.5
        return mean + ((c - mean) ** 2 + 0.5 * (d - mean) ** 2) / 1.5 / mean

    real = {
        "one": [one(z["a"][i], z["b"][i]) for i in range(n)],
        "two": [two(scaled["c"][i], scaled["d"][i]) for i in range(n)],
    }

    def exponential(domain, value, area):
        replaced = [*real[domain]]
        replaced[area] = value
        share = rankdata(replaced)[area] / n
        return -23 * log(1 - share * (1 - exp(-100 / 23)))

    def value(coalition, area):
        a, b = (z[name][area] if name in coalition else 0.0 for name in "ab")
        c, d = (scaled[name][area] if name in coalition else np.mean(scaled[name]) for name in "cd")
        return 2 * exponential("one", one(a, b), area) + exponential("two", two(c, d), area)

    return value


BY_HAND = {
    "copeland": copeland_by_hand,
    "mazziotta_pareto": mazziotta_pareto_by_hand,
    "geometric, then z": geometric_then_z_by_hand,
    "exponential of domains": exponential_of_domains_by_hand,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_contributions_are_the_mean_over_all_orders_of_what_an_indicator_adds(name):
    columns = columns_of(n=9)
    parts, base = contributions(axis_of(AXES[name]), columns, ScoringContext())
    value = BY_HAND[name](columns)
    for area in range(9):
        assert {k: part[area] for k, part in parts.items()} == pytest.approx(
            by_all_orders(value, "abcd", area), abs=1e-9
        )
        assert base[area] == pytest.approx(value(frozenset(), area), abs=1e-9)


@pytest.mark.parametrize("name", AXES)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_contributions_and_base_add_up_to_the_score(name, seed, ties):
    axis, columns = axis_of(AXES[name]), columns_of(seed=seed, ties=ties)
    parts, base = contributions(axis, columns, ScoringContext())
    score = axis_score(axis, columns, ScoringContext())
    assert np.abs(base + sum(parts.values()) - score).max() <= 1e-12 * max(1.0, np.abs(score).max())


@pytest.mark.parametrize("name", AXES)
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_indicators_with_the_same_values_and_weight_contribute_the_same(name, seed):
    twins = [{"id": name} for name in "abcd"]
    rules = {**AXES[name]}
    if "indicators" in rules:
        rules["indicators"] = twins
    else:
        rules["domains"] = [{**rules["domains"][0], "indicators": twins[:2]}, {**NESTED[1], "indicators": twins[2:]}]
    columns = columns_of(seed=seed)
    columns["b"], columns["d"] = columns["a"].copy(), columns["c"].copy()
    parts, _ = contributions(axis_of(rules), columns, ScoringContext())
    assert np.abs(parts["a"] - parts["b"]).max() < 1e-10
    assert np.abs(parts["c"] - parts["d"]).max() < 1e-10


CONSTANT = {
    "copeland": {"aggregate": "copeland"},
    "rank of a sum": {"standardise": {"method": "rank"}},
}


@pytest.mark.parametrize("name", CONSTANT)
def test_an_indicator_that_is_the_same_everywhere_contributes_nothing(name):
    columns = columns_of(n=11)
    columns["c"] = np.full(11, 0.3)  # the mean of 0.3 eleven times is not 0.3 exactly: some would outrank it
    assert columns["c"].mean() != 0.3
    rules = {"indicators": [{"id": k} for k in "abcd"], "normalise": {"method": "none"}, **CONSTANT[name]}
    parts, _ = contributions(axis_of(rules), columns, ScoringContext())
    assert np.abs(parts["c"]).max() < 1e-12
    assert all(np.abs(parts[k]).max() > 0.01 for k in "abd")


def test_an_indicator_at_its_mean_contributes_nothing_in_that_area():
    columns = columns_of(n=7)
    columns["a"] = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    for rules in AXES.values():
        parts, _ = contributions(axis_of(rules), columns, ScoringContext())
        assert parts["a"][3] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", SUMS)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), ties=st.booleans())
def test_the_contributions_to_a_standardised_sum_are_its_parts(name, seed, ties):
    axis, columns = axis_of(SUMS[name]), columns_of(seed=seed, ties=ties)
    additive, base = contributions(axis, columns, ScoringContext())
    parts, start = shapley_values(axis, columns, ScoringContext())
    for indicator, part in additive.items():
        assert np.abs(parts[indicator] - part).max() < 1e-11
    assert np.abs(base - start).max() < 1e-11


def test_the_contributions_to_a_plain_sum_are_its_parts_less_their_mean():
    axis, columns = axis_of({"indicators": FLAT, "normalise": {"method": "exponential"}}), columns_of()
    additive, _ = contributions(axis, columns, ScoringContext())
    parts, base = shapley_values(axis, columns, ScoringContext())
    for name, part in additive.items():
        assert np.abs(parts[name] - (part - part.mean())).max() < 1e-11
    assert base == pytest.approx(sum(part.mean() for part in additive.values()))


def test_what_is_unknown_contributes_nothing_and_the_rest_add_up():
    axis = axis_of({**AXES["mazziotta_pareto"], "min_present": 0.3})
    columns = columns_of()
    columns["a"][3] = columns["c"][3] = columns["d"][7] = np.nan
    parts, base = contributions(axis, columns, ScoringContext())
    score = axis_score(axis, columns, ScoringContext())
    assert [parts["a"][3], parts["c"][3], parts["d"][7]] == pytest.approx([0, 0, 0], abs=1e-12)
    assert np.abs(base + sum(parts.values()) - score).max() < 1e-11
    assert not np.isnan(score).any()


def test_an_area_with_an_unknown_value_in_a_comparison_leaves_the_others_a_score():
    domains = [{"id": "one", "indicators": FLAT[:2], "aggregate": "copeland"}, {"id": "two", "indicators": FLAT[2:]}]
    axis, columns = axis_of({"domains": domains, "min_present": 0.4}), columns_of()
    columns["a"][3] = np.nan
    parts, base = shapley_values(axis, columns, ScoringContext())
    score = axis_score(axis, columns, ScoringContext())
    assert not np.isnan(score).any()
    assert np.abs(base + sum(parts.values()) - score).max() < 1e-11
    assert [parts["a"][3], parts["b"][3]] == pytest.approx([0, 0], abs=1e-12)


def test_many_sets_of_indicators_are_looked_at_in_several_blocks(monkeypatch):
    columns = columns_of()
    wanted = {name: contributions(axis_of(rules), columns, ScoringContext()) for name, rules in AXES.items()}
    monkeypatch.setattr("quartiersatlas.need.score.contributions.BLOCK", 500)
    for name, rules in AXES.items():
        parts, base = contributions(axis_of(rules), columns, ScoringContext())
        assert base == pytest.approx(wanted[name][1])
        for indicator, part in parts.items():
            assert part == pytest.approx(wanted[name][0][indicator], abs=1e-11)


def test_of_more_than_ten_indicators_some_orders_stand_for_all():
    names = [f"i{k}" for k in range(11)]
    frame = pd.DataFrame(columns_of(names=names), index=[f"{i:02d}" for i in range(30)])
    axis = {"id": "need", "classes": ALL, "indicators": [{"id": name} for name in names], "aggregate": "copeland"}
    need = qa.need_index(frame, qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]}))
    total = need.contributions["need"].sum(axis=1) + need.base["need"]
    assert total.to_numpy() == pytest.approx(need.scores["need"].to_numpy(), abs=1e-9)
    again = qa.need_index(frame, need.spec)
    pd.testing.assert_frame_equal(again.contributions, need.contributions, check_exact=True)
    assert need.explain("07", "en")


def test_some_orders_come_close_to_all(monkeypatch):
    columns = columns_of()
    for name in ("copeland", "mazziotta_pareto", "geometric of domains"):
        exact, base = contributions(axis_of(AXES[name]), columns, ScoringContext())
        with monkeypatch.context() as patch:
            patch.setattr("quartiersatlas.need.score.contributions.MOST_PLAYERS", 0)
            close, same = contributions(axis_of(AXES[name]), columns, ScoringContext())
        assert same == pytest.approx(base)
        wide = np.std(list(exact.values()))
        for indicator, part in exact.items():
            assert close[indicator] == pytest.approx(part, abs=0.15 * wide)
        assert sum(close.values()) == pytest.approx(sum(exact.values()))
