"""Known answers: ties of computed numbers, limits, shares of ranks, and every step a published index takes."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.base.equal import settled, tolerance, whole_places
from quartiersatlas.errors import SpecError, near_names
from quartiersatlas.indicators.rates import shrunken_rates
from quartiersatlas.need.score.contributions import contributions
from quartiersatlas.need.score.scales import Scale, normalise, ranks, ranks_among, rounded
from quartiersatlas.need.score.scores import ScoringContext, axis_score, class_numbers
from quartiersatlas.need.spec.steps import Breaks, Normalise

ROOT = Path(__file__).parents[2]
ONE = [{"id": "all", "label_de": "alle", "label_en": "all"}]
NAMES = "abcd"


def axis_of(members, classes=None, **options):
    members = [{"id": one} if isinstance(one, str) else one for one in members]
    content = {"id": "need", "classes": classes or ONE, "indicators": members, **options}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [content]}).axes[0]


def scores(axis, **columns):
    return axis_score(axis, {name: np.array(column, dtype=float) for name, column in columns.items()}, ScoringContext())


def limits(*uppers):
    names = [f"c{i}" for i in range(len(uppers) + 1)]
    return [
        {"id": name, "label_de": name, "label_en": name} | ({} if upper is None else {"upper": upper})
        for name, upper in zip(names, [*uppers, None], strict=True)
    ]


ROWS = {"a": [0.1, 0.3, 0.2, 0.9], "b": [0.2, 0.2, 0.3, 0.1], "c": [0.3, 0.1, 0.1, 0.2]}


def test_sums_that_differ_in_the_last_bit_are_tied():
    total = scores(axis_of("abc", normalise={"method": "none"}), **ROWS)
    assert len(set(total[:3])) > 1  # in computed numbers
    axis = axis_of("abc", normalise={"method": "none"}, standardise={"method": "percentile", "ties": "min"})
    assert scores(axis, **ROWS).tolist() == [0, 0, 0, 1]
    assert ranks(-total, "min").tolist() == [2, 2, 2, 1]


def test_a_need_index_says_that_such_areas_are_level():
    frame = pd.DataFrame(ROWS, index=list("wxyz"))
    content = axis_of("abc", normalise={"method": "none"}, breaks={"method": "quantile"}, classes=limits(0.5))
    with pytest.warns(UserWarning, match="4 areas"):
        need = qa.need_index(frame, qa.NeedSpec(id="t", source="t", min_population=0, axes=(content,)))
    assert need.ranks["need"].tolist() == [2, 2, 2, 1]
    assert need.classes["need"].tolist() == ["c1"] * 4  # the median is the score of the three
    assert "rank 2 of 4, level with 2 other areas" in need.explain("x", "en")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=30), st.integers(0, 2**32 - 1))
def test_noise_below_the_tolerance_changes_no_rank_and_no_class(whole, seed):
    assume(len(set(whole)) > 1)
    exact = np.array(whole, dtype=float)
    noisy = exact + np.random.default_rng(seed).uniform(-0.2, 0.2, len(exact)) * tolerance(exact)
    for ties in ("average", "min", "max"):
        assert ranks(noisy, ties).tolist() == ranks(exact, ties).tolist()
        assert ranks_among(noisy, noisy, ties).tolist() == ranks(exact, ties).tolist()
    for method, upper in (("fixed", 15.0), ("quantile", 0.5), ("rank_share", 0.5)):
        axis = axis_of("a", normalise={"method": "none"}, breaks={"method": method}, classes=limits(upper))
        assert class_numbers(noisy, axis).tolist() == class_numbers(exact, axis).tolist()


def test_values_further_apart_than_the_tolerance_stay_as_they_are():
    values = np.array([0.0, 1e-11, 1.0, np.nan])
    assert settled(values) is values
    assert settled(np.array([0.0, 1e-13, 1.0])).tolist() == [0.0, 0.0, 1.0]
    assert whole_places(np.array([3.9999999999, 3.99])).tolist() == [4.0, 3.99]


@pytest.mark.parametrize(
    ("closed", "expected"), [("", [1, 2, 3, 4, 5, 5]), ("lower", [1, 2, 3, 4, 5, 5]), ("upper", [1, 1, 2, 3, 4, 5])]
)
def test_quintiles_of_six_areas(closed, expected):
    # type 7: the limits are 2, 3, 4 and 5
    axis = axis_of("a", breaks={"method": "quantile", "closed": closed}, classes=limits(0.2, 0.4, 0.6, 0.8))
    assert (class_numbers(np.arange(1.0, 7), axis) + 1).tolist() == expected


@pytest.mark.parametrize("n", [10, 11, 1909, 33_755])
def test_rank_shares_are_counted_from_either_end(n):
    uppers = [i / 10 for i in range(1, 10)]
    values = np.random.default_rng(n).permutation(n).astype(float)
    falling = n - values  # 1 is the highest
    lower = axis_of("a", breaks={"method": "rank_share"}, classes=limits(*uppers))
    upper = axis_of("a", breaks={"method": "rank_share", "closed": "upper"}, classes=limits(*uppers))
    # in whole numbers: ceil(10 rank / n) from above, and from below
    assert (10 - class_numbers(values, lower)).tolist() == [-(-10 * int(r) // n) for r in falling]
    assert (class_numbers(values, upper) + 1).tolist() == [-(-10 * int(n + 1 - r) // n) for r in falling]


@pytest.mark.parametrize(("closed", "at"), [("", [1, 1, 1]), ("lower", [1, 1, 2]), ("upper", [0, 1, 1])])
def test_a_score_on_a_fixed_limit(closed, at):
    axis = axis_of("a", breaks={"method": "fixed", "closed": closed}, classes=limits(-1.0, 1.0))
    assert class_numbers(np.array([-1.0, 0.0, 1.0]), axis).tolist() == at


def brute(method, parts, weights):
    """Aggregate one area, with fractions of the weights of what is known."""
    known = [(p, w) for p, w in zip(parts, weights, strict=True) if not np.isnan(p)]
    if not known:
        return np.nan
    total, share = sum(weights), sum(w for _, w in known)
    if method == "product":
        found = 1.0
        for p, w in known:
            found *= p ** (w * total / share)
        return found
    if method == "harmonic":
        return share / sum(w / p for p, w in known)
    return float(np.exp(sum(w * np.log(p) for p, w in known) / share))


@pytest.mark.parametrize("method", ["product", "harmonic", "geometric"])
def test_means_of_values_above_0_are_those_of_a_loop(method):
    random = np.random.default_rng(3)
    columns = {name: random.uniform(0.1, 5, 20) for name in NAMES}
    columns["a"][[2, 7]] = np.nan
    weights = [1.0, 2.0, 0.5, 1.0]
    members = [{"id": name, "weight": w} for name, w in zip(NAMES, weights, strict=True)]
    axis = axis_of(members, normalise={"method": "none"}, aggregate=method, min_present=0.5)
    expected = [brute(method, row, weights) for row in zip(*(columns[name] for name in NAMES), strict=True)]
    assert scores(axis, **columns) == pytest.approx(expected, rel=1e-12)
    parts, base = contributions(axis, columns, ScoringContext())
    whole = np.log(expected) if method == "geometric" else np.array(expected)
    assert base + sum(parts.values()) == pytest.approx(whole, rel=1e-9)


def test_hdi_is_the_geometric_mean_of_three_capped_dimensions():
    # the technical notes of the Human Development Report 2010 on: goalposts 20-85, 0-18 and 0-15, ln 100 - ln 75,000
    posts = {"life": (20, 85), "expected": (0, 18), "mean": (0, 15), "income": (np.log(100), np.log(75_000))}
    rule = {"method": "goalposts", "beyond": "cap"}
    leaf = {name: {"id": name, "low": float(low), "high": float(high)} for name, (low, high) in posts.items()}
    domains = [
        {"id": "health", "normalise": rule, "aggregate": "arithmetic", "indicators": [leaf["life"]]},
        {"id": "school", "normalise": rule, "aggregate": "arithmetic", "indicators": [leaf["expected"], leaf["mean"]]},
        {"id": "living", "normalise": rule, "aggregate": "arithmetic", "indicators": [leaf["income"]]},
    ]
    content = {"id": "hdi", "normalise": {"method": "none"}, "aggregate": "geometric", "domains": domains}
    content |= {"standardise": {"method": "none", "digits": 3}, "classes": ONE}
    axis = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [content]}).axes[0]
    columns = {
        "life": np.array([70.0, 90.0]),
        "expected": np.array([9.0, 20.0]),
        "mean": np.array([6.0, 15.0]),
        "income": np.log([7500.0, 90_000.0]),
    }
    health, school = 50 / 65, (9 / 18 + 6 / 15) / 2
    living = (np.log(7500) - np.log(100)) / (np.log(75_000) - np.log(100))
    score = axis_score(axis, columns, ScoringContext())
    assert score.tolist() == [round((health * school * living) ** (1 / 3), 3), 1.0]
    parts, base = contributions(axis, columns, ScoringContext())
    assert base + sum(parts.values()) == pytest.approx(score, abs=1e-12)


def test_an_area_may_have_a_product_of_0_and_none_below():
    axis = axis_of("ab", normalise={"method": "none"}, aggregate="product")
    assert scores(axis, a=[0.0, 2, 3], b=[5.0, 4, 1]).tolist() == [0, 8, 3]
    with pytest.raises(SpecError, match="1 value is below 0, and a product turns over"):
        scores(axis, a=[-1.0, 2, 3], b=[5.0, 4, 1])
    with pytest.raises(SpecError, match="a product needs values from 0 on, and normalise 'z' gives others"):
        axis_of("ab", aggregate="product")


def on(values, scale=None, **rule):
    return normalise(np.array(values, dtype=float), Normalise(**rule), scale or Scale("x")).tolist()


def test_scales_that_published_indices_use():
    assert on([0, 3, 1, 0, 3, 9], method="percentile", among="positive") == [0, 0.5, 0, 0, 0.5, 1]
    assert on([2, 5, 10], method="maximum", high=10.0) == [2, 5, 10]
    assert on([2, 5, 20], method="maximum") == [0.1, 0.25, 1]
    capped = {"method": "goalposts", "beyond": "cap"}
    assert on([-5, 0, 5, 12], Scale("x", low=0.0, high=10.0), **capped) == [0, 0, 0.5, 1]
    assert on([1, 2, 4], method="minmax", digits=1) == [0, 0.3, 1]
    with pytest.raises(SpecError, match="no value is above 0"):
        on([0, -1, -2], method="maximum")
    with pytest.raises(SpecError, match="a value is below 0; among = 'positive'"):
        on([0, -1, -2], method="percentile", among="positive")


def test_rounding_is_half_away_from_0():
    assert rounded(np.array([0.5, 1.5, 2.5, -0.5, 2.675, np.nan]), 0).tolist()[:5] == [1, 2, 3, -1, 3]
    assert rounded(np.array([2.675, 1.005]), 2).tolist() == [2.68, 1.01]


def test_published_ranks_keep_the_number_of_areas_of_the_country():
    given_ranks = np.array([1.0, 32_844, 3285])
    axis = axis_of([{"id": "a", "direction": -1}], normalise={"method": "exponential", "n": 32_844})
    share = (32_844 - given_ranks + 1) / 32_844
    expected = -23 * np.log(1 - share * (1 - np.exp(-100 / 23)))
    assert scores(axis, a=given_ranks) == pytest.approx(expected, rel=1e-12)
    half = axis_of([{"id": "a", "direction": -1}], normalise={"method": "exponential", "n": 32_844, "shift": 0.5})
    assert scores(half, a=given_ranks)[0] < 100
    rising = axis_of(["a"], normalise={"method": "percentile", "n": 11})
    assert scores(rising, a=[1, 6, 11]).tolist() == [0, 0.5, 1]
    with pytest.raises(SpecError, match="2 values are no rank among 100 areas"):
        scores(axis_of(["a"], normalise={"method": "percentile", "n": 100}), a=[0, 50, 101])


def test_limits_of_winsorising_are_those_of_the_spec():
    values = [*range(1, 20), 60, 99]
    assert scores(axis_of([{"id": "a", "transform": "winsorise"}], normalise={"method": "none"}), a=values).max() < 99
    tight = {"id": "a", "transform": "winsorise", "winsor_skew": 0.0, "winsor_kurtosis": -2.0, "winsor_points": 1}
    assert scores(axis_of([tight], normalise={"method": "none"}), a=values)[-2:].tolist() == [60, 60]
    with pytest.raises(SpecError, match="winsor_points is for transform = 'winsorise'"):
        axis_of([{"id": "a", "winsor_points": 2}])


def test_shrunken_rates_enter_the_index_and_the_observed_stay_in_the_table():
    random = np.random.default_rng(5)
    n = random.integers(20, 2000, 30).astype(float)
    x = random.binomial(n.astype(int), random.beta(4, 16, 30)).astype(float)
    frame = pd.DataFrame({"x": x, "n": n}, index=[f"{i:02d}" for i in range(30)])
    leaf = {"id": "rate", "numerator": "x", "denominator": "n", "value": "shrunken"}
    axis = axis_of([leaf], normalise={"method": "none"})
    need = qa.need_index(frame, qa.NeedSpec(id="t", source="t", min_population=0, axes=(axis,)))
    table = qa.rates(frame["x"], frame["n"])
    assert need.scores["need"].tolist() == pytest.approx((table["shrunken"] * need.inputs.counts["rate"].per).tolist())
    assert need.inputs.values["rate"].tolist() == pytest.approx((x / n * need.inputs.counts["rate"].per).tolist())
    assert "drawn towards the city value" in need.explain(need.scores["need"].idxmax(), "en")
    draws = need.stability(n=20, seed=1, vary=("data",), select=5)
    assert draws.table.notna().any().any()
    many = shrunken_rates(np.array([x, x[::-1]]), np.array([n, n[::-1]]))[0]
    assert many[1][::-1] == pytest.approx(many[0], rel=1e-12)
    frame["rate"] = 3.0 * frame["x"] / frame["n"]
    with pytest.raises(SpecError, match="value = 'shrunken' needs the two counts of a rate, and it has no counts"):
        qa.need_index(frame, qa.NeedSpec(id="t", source="t", min_population=0, axes=(axis,)))


FOUR = limits(-1.0, 1.0)


def gapped(incomplete, seed=1, n=4000):
    """Return classes of an index of four indicators, three of them unknown in half of the areas."""
    random = np.random.default_rng(seed)
    common = random.normal(0, 1, n)
    frame = pd.DataFrame({name: 0.6 * common + 0.8 * random.normal(0, 1, n) for name in NAMES})
    frame.index = [f"{i:05d}" for i in range(n)]
    frame.loc[frame.index[: n // 2], list("bcd")] = np.nan
    axis = axis_of(NAMES, FOUR, standardise={"method": "z"}, min_present=0.25, incomplete=incomplete)
    return frame, qa.NeedSpec(id="t", source="t", min_population=0, axes=(axis,))


def test_areas_with_gaps_drift_to_the_ends_and_the_figure_is_said():
    frame, spec = gapped("as_is")
    with pytest.warns(UserWarning, match="Axis need: areas scored from a part of the indicators: 2,000|2000") as caught:
        need = qa.need_index(frame, spec)
    high = need.classes["need"].eq("c2").to_numpy()
    part, whole = high[:2000].mean(), high[2000:].mean()
    assert part > whole + 0.04
    message = next(one for one in need.warnings if one.name == "warning_incomplete")
    said = [float(message.values[key][1].rstrip("%\u202f ")) / 100 for key in ("whole", "part")]
    assert said == pytest.approx([whole, part], abs=0.02)
    assert len(caught) == 1


def test_rescaled_areas_with_gaps_are_in_the_highest_class_as_often_as_others():
    frame, spec = gapped("rescale")
    need = qa.need_index(frame, spec)
    high = need.classes["need"].eq("c2").to_numpy()
    assert high[:2000].mean() == pytest.approx(high[2000:].mean(), abs=0.02)
    assert need.scores["need"][:2000].std(ddof=0) == pytest.approx(need.scores["need"][2000:].std(ddof=0), rel=0.05)
    total = need.contributions["need"].sum(axis=1) + need.base["need"]
    assert total.to_numpy() == pytest.approx(need.scores["need"].to_numpy(), abs=1e-9)


def test_weights_that_do_not_sum_to_what_the_source_says_warn_when_the_index_is_made():
    axis = axis_of([{"id": "a", "weight": 0.5}, {"id": "b", "weight": 0.4}], FOUR, standardise={"method": "z"})
    spec = qa.NeedSpec(id="t", source="t", min_population=0, axes=(axis,), weights_sum=1.0)
    frame = pd.DataFrame({"a": range(20), "b": range(20)}, dtype=float).set_axis([f"{i:02d}" for i in range(20)])
    with pytest.warns(UserWarning, match=r"the weights sum to 0\.9, by the source to 1"):
        qa.need_index(frame, spec)


def domain_spec(**options):
    domains = [
        {"id": "work", "label_de": "Arbeit", "label_en": "Work", "weight": 2.0, "aggregate": "arithmetic", **options},
        {"id": "home", "label_de": "Wohnen", "label_en": "Housing", "aggregate": "arithmetic"},
    ]
    domains[0]["indicators"] = [{"id": "a"}, {"id": "b"}]
    domains[1]["domains"] = [{"id": "flat", "indicators": [{"id": "c"}, {"id": "d"}]}]
    content = {"id": "need", "standardise": {"method": "z"}, "classes": FOUR, "domains": domains}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [content]})


def domain_frame(n=30):
    random = np.random.default_rng(8)
    return pd.DataFrame({x: random.normal(0, 1, n) for x in NAMES}, index=[f"{i:02d}" for i in range(n)])


def test_domains_are_results_of_their_own_at_every_level():
    halves = [{"id": "low", "upper": 0.5, "label_de": "untere Hälfte", "label_en": "lower half"}]
    halves.append({"id": "high", "label_de": "obere Hälfte", "label_en": "upper half"})
    frame = domain_frame()
    need = qa.need_index(frame, domain_spec(classes=halves, breaks={"method": "rank_share"}))
    table = need.groups
    assert table.columns.get_level_values("domain").unique().tolist() == ["work", "home", "flat"]
    z = (frame - frame.mean()) / frame.std(ddof=0)
    work = (z["a"] + z["b"]) / 2
    assert table["need", "work", "value"].to_numpy() == pytest.approx(work.to_numpy())
    assert table["need", "work", "score"].to_numpy() == pytest.approx((work / work.std(ddof=0)).to_numpy())
    assert table["need", "flat", "value"].to_numpy() == pytest.approx((z["c"] + z["d"]).to_numpy())
    assert table["need", "work", "rank"].tolist() == work.rank(ascending=False).tolist()
    assert table["need", "work", "class"].tolist() == np.where(work.rank(ascending=False) <= 15, "high", "low").tolist()
    assert table["need", "home", "class"].isna().all()
    parts = table.loc[:, ("need", ["work", "home"], "contribution")].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(need.scores["need"].to_numpy())
    first = table["need", "work", "rank"].idxmin()
    assert "By domain: Work at rank 1, class “upper half”, contribution to the index +" in need.explain(first, "en")
    assert "Nach Themen: Arbeit auf Rang 1, Klasse „obere Hälfte“, Beitrag zum Index +" in need.explain(first)
    again = qa.NeedSpec.from_dict(tomllib.loads(need.spec.to_toml()))
    assert (again, again.hash) == (need.spec, need.spec.hash)


def test_an_edited_preset_loses_name_source_and_proof():
    preset = qa.NeedSpec.preset("berlin-mss-2019")
    edited = preset.with_weights({"child_poverty_u15": 2})
    assert edited.source == "changed from berlin-mss-2019: weight of child_poverty_u15 1 to 2"
    assert edited.source_text("de") == "geändert gegenüber berlin-mss-2019: Gewicht von child_poverty_u15 1 auf 2"
    assert (edited.id, edited.verified) == ("berlin-mss-2019-changed", "")
    again = edited.with_weights({"transfer_rate": 0.5})
    assert again.id == "berlin-mss-2019-changed"
    assert "weight of transfer_rate 1 to 0.5" in again.source
    assert "weight of child_poverty_u15 1 to 2" in again.source
    assert preset.source_text("de") == preset.source


def test_an_edited_file_of_a_preset_is_no_longer_it(tmp_path):
    content = qa.NeedSpec.preset("wimd-2019").to_toml().replace("weight = 0.22", "weight = 0.2", 1)
    (tmp_path / "need.toml").write_text(content, encoding="utf-8")
    spec = qa.NeedSpec.from_toml(tmp_path / "need.toml")
    assert (spec.id, spec.verified, spec.weights_sum) == ("wimd-2019-changed", "", None)
    assert spec.source == "changed from wimd-2019: weight of income_rank 0.22 to 0.2"
    (tmp_path / "need.toml").write_text(content.replace('id = "wimd-2019"', 'id = "ours"', 1), encoding="utf-8")
    own = qa.NeedSpec.from_toml(tmp_path / "need.toml")
    assert (own.id, own.verified) == ("ours", "")
    assert own.source.startswith("changed from wimd-2019")


def test_other_labels_make_no_other_rules():
    content = qa.NeedSpec.preset("townsend").to_toml().replace("Households without a car", "No car")
    spec = qa.NeedSpec.from_dict(tomllib.loads(content))
    assert spec.id == "townsend"
    assert spec.source.startswith("Townsend, P.")


def test_weights_of_something_else_are_refused():
    with pytest.raises(SpecError, match="'child_poverty' is no indicator or domain of the spec 'berlin-mss-2019'"):
        qa.NeedSpec.preset("berlin-mss-2019").with_weights({"child_poverty": 2})


def test_the_old_name_of_a_preset_answers_with_the_new_ones():
    with pytest.raises(SpecError, match="'simd' is called 'simd-2016' or 'simd-2020' now"):
        qa.NeedSpec.preset("simd")


def test_the_plainest_index_is_one_line():
    frame = domain_frame()
    need = qa.need_index(frame, qa.NeedSpec.simple({"a": 2, "b": -1}, min_population=0))
    z = (frame - frame.mean()) / frame.std(ddof=0)
    total = 2 * z["a"] - z["b"]
    expected = (total - total.mean()) / total.std(ddof=0)
    assert need.scores["need"].to_numpy() == pytest.approx(expected.to_numpy())
    assert (
        need.classes["need"].tolist()
        == pd.cut(expected, [-np.inf, -1, 1, np.inf], labels=["low", "medium", "high"]).tolist()
    )
    assert [c.label("de") for c in need.spec.axes[0].classes] == ["gering", "mittel", "hoch"]


def test_two_indices_are_compared_area_by_area():
    frame, spec = domain_frame(), qa.NeedSpec.simple(["a", "b", "c"], min_population=0)
    one, two = qa.need_index(frame, spec), qa.need_index(frame.iloc[:25], spec.with_weights({"a": 5}))
    found = one.compare(two)
    table, summary = found.table["need"], found.summary.iloc[0]
    keys = frame.index[:25]
    assert table.index.tolist() == keys.tolist()
    order = ["low", "medium", "high"]
    moves = [
        order.index(b) - order.index(a) for a, b in zip(one.classes["need"][keys], two.classes["need"], strict=True)
    ]
    assert (summary["same_class"], summary["higher_class"], summary["lower_class"]) == (
        sum(m == 0 for m in moves),
        sum(m > 0 for m in moves),
        sum(m < 0 for m in moves),
    )
    assert found.only_in_one.tolist() == frame.index[25:].tolist()
    assert table["rank_change"].tolist() == (two.ranks["need"] - one.ranks["need"][keys]).tolist()
    assert "scored in one of the two only: 5 areas" in repr(found)
    assert one.compare(one).summary["same_class"].tolist() == [30]


def test_weights_of_a_principal_component_are_printed_with_what_it_explains():
    # two members with correlation r: the component has equal loadings and explains (1 + r) / 2
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [2.0, 1, 4, 3, 5]}, index=list("vwxyz"))
    with pytest.warns(UserWarning, match="5 areas"):
        need = qa.need_index(frame, qa.NeedSpec.simple(["a", "b"], min_population=0))
    found = need.component_weights()
    assert found.weights == {"a": 0.5, "b": 0.5}
    assert found.share == pytest.approx((1 + 0.8) / 2)
    assert found.table["loading"].tolist() == pytest.approx([0.9**0.5] * 2)
    assert "explains 90.0% of the variance over 5 areas" in repr(found)
    with pytest.warns(UserWarning, match="5 areas"):
        against = qa.need_index(frame, qa.NeedSpec.simple({"a": 1, "b": -1}, min_population=0))
    with pytest.raises(SpecError, match="would get a weight of 0 or less"):
        _ = against.component_weights().weights


def test_breaks_and_options_that_nothing_uses_are_refused():
    with pytest.raises(SpecError, match="closed must be one of"):
        Breaks(method="quantile", closed="left")
    with pytest.raises(SpecError, match="Domain 'work' has breaks and no classes"):
        domain_spec(breaks={"method": "sd"})
    with pytest.raises(SpecError, match="min_present = 1 leaves out areas with gaps"):
        axis_of("ab", incomplete="rescale")
    with pytest.raises(SpecError, match="'a' has direction -1; maximum needs 1"):
        axis_of([{"id": "a", "direction": -1}], normalise={"method": "maximum"})


def test_the_pages_of_the_presets_are_up_to_date(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    pages = import_module("write_preset_docs").pages()
    there = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs" / "presets").glob("*.md")}
    assert there == pages
    assert {f"{name}.md" for name in qa.NeedSpec.presets()} == set(there) - {"index.md"}


@pytest.mark.parametrize(
    ("asked", "there", "expected"),
    [
        ("child_poverty_u18", ["child_poverty_u15", "child_poverty"], []),
        ("unemployment_share_total", ["unemployment_share_sgb2"], []),
        ("mh_share", ["mh_share_change", "mh_share_u18"], []),
        ("unemployed", ["employed"], []),
        ("women", ["men"], []),
        ("transfer_rte", ["transfer_rate"], ["transfer_rate"]),
        ("transferrate", ["transfer_rate"], ["transfer_rate"]),
        ("resident", ["residents"], ["residents"]),
    ],
)
def test_a_hint_never_names_another_measure(asked, there, expected):
    assert near_names(asked, there) == expected
