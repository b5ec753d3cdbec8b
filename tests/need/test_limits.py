"""Exactly at each limit, just above and just below: residents, known weights, numbers of areas, shares, codes."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import CountError, NumberError, SpecError
from quartiersatlas.need.robustness.redraw import CountColumn

CLASSES = [{"id": "all", "label_de": "alle", "label_en": "all"}]
KEYS = [f"{i:02d}" for i in range(20)]


def spec(*indicators, min_population=0, **axis):
    axis = {"id": "need", "standardise": {"method": "z"}, "indicators": list(indicators), "classes": CLASSES, **axis}
    content = {"id": "t", "source": "t", "min_population": min_population, "axes": [axis]}
    return qa.NeedSpec.from_dict(content)


def frame(n=20, **columns):
    values = np.random.default_rng(3).random(n)
    return pd.DataFrame({"a": values, "b": values**2, "c": 1 - values, **columns}, index=KEYS[:n])


@pytest.mark.parametrize("when", ["every", "latest"])
def test_an_area_with_exactly_the_minimum_population_is_scored(when):
    residents = np.full(20, 1000.0)
    residents[:3] = [299.0, 300.0, 301.0]
    rules = qa.NeedSpec.from_dict(
        {
            "id": "t",
            "source": "t",
            "min_population_in": when,
            "axes": [{"id": "need", "indicators": [{"id": "a"}], "classes": CLASSES}],
        }
    )
    need = qa.need_index(frame(now=residents), rules, population="now")
    assert need.excluded.index.tolist() == ["00"]
    assert need.excluded.loc["00"].tolist() == ["population", "300"]


def test_without_a_minimum_an_area_without_residents_is_scored():
    assert qa.need_index(frame(now=0.0), spec({"id": "a"}), population="now").excluded.empty


@pytest.mark.parametrize(
    ("min_present", "excluded"),
    [(0.5, ["01", "02"]), (0.5 + 1e-9, ["00", "01", "02"]), (0.25, ["02"]), (0.25 - 1e-9, ["02"]), (1e-9, ["02"])],
)
def test_exactly_the_least_share_of_the_weights_is_enough(min_present, excluded):
    data = frame()
    data.loc["00", "b"] = np.nan  # 2 of 4 are known
    data.loc["01", ["a", "b"]] = np.nan  # 1 of 4
    data.loc["02", ["a", "b", "c"]] = np.nan
    rules = spec({"id": "a"}, {"id": "b", "weight": 2.0}, {"id": "c"}, min_present=min_present)
    need = qa.need_index(data, rules)
    assert need.excluded.index.tolist() == excluded
    assert need.scores["need"].isna().tolist() == [key in excluded for key in KEYS]
    assert need.incomplete.index.tolist() == [key for key in ("00", "01") if key not in excluded]


@pytest.mark.parametrize("known", [1, 2])
def test_thirds_of_weights_reach_a_third_though_numbers_are_computed(known):
    data = frame()
    data.loc["00", ["a", "b", "c"][known:]] = np.nan
    rules = spec(*({"id": name, "weight": 0.1} for name in "abc"), min_present=known / 3)
    assert qa.need_index(data, rules).excluded.empty


def test_a_domain_with_too_little_known_is_unknown_to_the_axis():
    domain = {"id": "domain", "min_present": 0.5, "indicators": [{"id": "a"}, {"id": "b"}]}
    rules = spec({"id": "c"}, domains=[domain], min_present=0.5)
    data = frame()
    data.loc["00", "a"] = np.nan  # half of the domain: known
    data.loc["01", ["a", "b"]] = np.nan  # the domain is unknown, half of the axis is known
    data.loc["02", ["a", "c"]] = np.nan  # half of the domain, half of the axis
    data.loc["03", ["a", "b", "c"]] = np.nan
    assert qa.need_index(data, rules).excluded.index.tolist() == ["03"]
    full = qa.need_index(data, spec({"id": "c"}, domains=[{**domain, "min_present": 1.0}], min_present=0.5))
    assert full.excluded.index.tolist() == ["02", "03"]


def test_two_unknown_indicators_are_missing_unless_both_denominators_are_0():
    rates = [{"id": f"r{k}", "numerator": f"x{k}", "denominator": f"n{k}"} for k in (1, 2)]
    counts = {"x1": 10.0, "n1": np.linspace(100, 200, 20), "x2": 10.0, "n2": np.linspace(300, 500, 20)}
    data = frame(**counts)
    data.loc["00", ["x1", "n1", "x2", "n2"]] = 0.0
    data.loc["01", ["x1", "n1"]] = 0.0
    data.loc["01", "x2"] = np.nan
    data.loc["02", ["x1", "n1"]] = 0.0
    need = qa.need_index(data, spec(*rates))
    assert need.excluded["reason"].tolist() == ["no_denominator", "missing", "no_denominator"]
    assert need.excluded["detail"].tolist() == ["r1, r2", "r1, r2", "r1"]
    # the city value leaves out an area in which either count is unknown
    known = data.drop(index="01")
    assert need.inputs.city["r2"] == pytest.approx(100 * known["x2"].sum() / known["n2"].sum())


def test_three_areas_are_scored_and_two_are_refused():
    with pytest.warns(UserWarning, match="3 areas"):
        assert len(qa.need_index(frame(3), spec({"id": "a"})).scored_keys) == 3
    with pytest.raises(SpecError, match="2 areas are left to score, at least three are needed; 1 area is excluded"):
        qa.need_index(frame(3), spec({"id": "a"}), exclude={"00": "park"})


def test_fewer_than_15_areas_warn():
    with pytest.warns(UserWarning, match="14 areas"):
        qa.need_index(frame(14), spec({"id": "a"}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert qa.need_index(frame(15), spec({"id": "a"})).warnings == ()


def test_exactly_half_of_the_weight_on_context_warns():
    data = frame(mh_share=np.linspace(10, 40, 20), foreign_share=np.linspace(5, 30, 20) ** 1.1)
    with pytest.warns(UserWarning, match="50% on context indicators"):  # none of them is heavier than another
        qa.need_index(data, spec({"id": "mh_share"}, {"id": "foreign_share"}, {"id": "a"}, {"id": "b"}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # as heavy as the heaviest other is no more than it
        qa.need_index(data, spec({"id": "mh_share"}, {"id": "a"}, {"id": "b", "weight": 0.001}))


@pytest.mark.parametrize(("value", "is_refused"), [(0.0, False), (100.0, False), (-1e-9, True), (100.0 + 1e-9, True)])
def test_a_share_from_0_to_100_percent_is_one(value, is_refused):
    data = frame(sgb2_rate=np.linspace(20, 60, 20))
    data.loc["03", "sgb2_rate"] = value
    if is_refused:
        with pytest.raises(SpecError, match=r"'sgb2_rate' is .* in 1 area: '03'|above 100 percent in 1 area: '03'"):
            qa.need_index(data, spec({"id": "sgb2_rate"}))
    else:
        assert qa.need_index(data, spec({"id": "sgb2_rate"})).excluded.empty


def test_a_count_of_2_to_the_53_is_the_largest():
    data = frame(x=10.0, people=np.linspace(100, 200, 20))
    data.loc["03", "people"] = 2.0**53
    rate = {"id": "rate", "numerator": "x", "denominator": "people"}
    assert qa.need_index(data, spec(rate)).excluded.empty
    data.loc[["03", "04"], "people"] = np.nextafter(2.0**53, np.inf)
    with pytest.raises(CountError, match=r"2 counts in 'people' are above 2\^53"):
        qa.need_index(data, spec(rate))


@pytest.mark.parametrize("code", [-77, -888, 999, 9999])
def test_codes_that_files_refuse_are_refused_in_frames_too(code, tmp_path):
    values = np.random.default_rng(1).uniform(2, 40, 20).round(1)
    values[[3, 7]] = code
    with pytest.raises(SpecError, match=rf"'a' is {code} in 2 areas: '03', '07'\. That looks like a code for missing"):
        qa.need_index(frame().assign(a=values), spec({"id": "a"}))
    file = tmp_path / "table.csv"
    file.write_text("key;a\n" + "\n".join(f"{key};{v}" for key, v in zip(KEYS, values, strict=True)), encoding="utf-8")
    with pytest.raises(NumberError, match=str(code)):
        qa.read_table(file, key="key")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sgb2_rate", [99.0, 99.0, 88.0, 77.0, 99.9]),  # shares have a range up to 100
        ("income", [999.0, 999.0, 1200.0, 888.0, 2500.0]),  # a number among others of its size
        ("distance", [9999.0, 9999.0, 5000.0, 7777.0, 12000.0]),
        ("balance", [-77.0, -77.0, -60.0, -85.0, 40.0]),  # losses among losses
        ("sgb2_rate_change", [-9.0, -9.0, -1.0, -1.0, 2.0]),
    ],
)
def test_true_values_that_look_like_codes_are_read(name, values):
    low, high = min(values) / 2, max(values) / 2
    data = frame().assign(**{name: [*values, *np.linspace(low, high, 15)]})
    need = qa.need_index(data, spec({"id": name}))
    assert need.inputs.values[name].tolist()[:5] == values


@pytest.mark.parametrize(
    ("transform", "lowest", "is_refused"),
    [
        ("log", 0.0, True),
        ("log", 1e-300, False),
        ("log1p", -1.0, True),
        ("log1p", np.nextafter(-1, 0), False),
        ("sqrt", 0.0, False),
        ("sqrt", -1e-300, True),
    ],
)
def test_a_transform_takes_values_up_to_the_end_of_its_range(transform, lowest, is_refused):
    data = frame()
    data.loc["00", "a"] = lowest
    rules = spec({"id": "a", "transform": transform})
    if is_refused:
        with pytest.raises(SpecError, match=f"'a': {transform} cannot be taken of 1 value "):
            qa.need_index(data, rules)
    else:
        assert np.isfinite(qa.need_index(data, rules).scores["need"]).all()


@pytest.mark.parametrize(
    ("rule", "is_refused"),
    [
        ({"method": "z", "centre": 50.0, "spread": 10.0}, False),
        ({"method": "z", "centre": 49.99, "spread": 10.0}, True),
        ({"method": "minmax", "low": 1e-9, "high": 1.0}, False),
        ({"method": "minmax", "low": 0.0, "high": 1.0}, True),
        ({"method": "exponential", "shift": 1}, False),
        ({"method": "exponential", "shift": 0}, True),
        ({"method": "percentile"}, True),
        ({"method": "rank"}, False),
    ],
)
@pytest.mark.parametrize("aggregation", ["geometric", "mazziotta_pareto"])
def test_a_scale_above_0_is_one_for_means_that_need_it(rule, aggregation, is_refused):
    content = {"normalise": rule, "aggregate": aggregation}
    if is_refused:
        with pytest.raises(SpecError, match=f"{aggregation} needs values above 0"):
            spec({"id": "a"}, {"id": "b"}, **content)
    else:
        assert spec({"id": "a"}, {"id": "b"}, **content).axes[0].aggregate == aggregation


@pytest.mark.parametrize(
    ("part", "is_refused"),
    [
        ({"min_present": 0.0}, True),
        ({"min_present": 1e-12}, False),
        ({"min_present": 1.0}, False),
        ({"min_present": 1.0 + 1e-9}, True),
        ({"weight": 0.0}, True),
        ({"weight": 1e-12}, False),
    ],
)
def test_weights_and_shares_of_a_domain_have_their_limits(part, is_refused):
    domain = {"id": "d", "indicators": [{"id": "a"}], **part}
    if is_refused:
        with pytest.raises(SpecError, match=next(iter(part))):
            spec({"id": "b"}, domains=[domain])
    else:
        assert spec({"id": "b"}, domains=[domain]).axes[0].members[0].id == "d"


@pytest.mark.parametrize(("upper", "is_refused"), [(0.0, True), (1e-9, False), (1 - 1e-9, False), (1.0, True)])
def test_quantile_breaks_are_shares_between_0_and_1(upper, is_refused):
    classes = [{"id": "low", "upper": upper, "label_de": "x", "label_en": "x"}, *CLASSES]
    if is_refused:
        with pytest.raises(SpecError, match="quantile breaks are shares"):
            spec({"id": "a"}, breaks={"method": "quantile"}, classes=classes)
    else:
        assert spec({"id": "a"}, breaks={"method": "quantile"}, classes=classes).axes[0].uppers == [upper]


def test_the_two_limits_of_labels_may_be_one(counted):
    stable = counted().stability(n=5, seed=1, limits=(0.5, 0.5))
    assert set(stable.table["label"]) <= {"certain", "not_selected"}


def test_ten_indicators_of_an_axis_that_is_no_sum_are_split():
    values = np.random.default_rng(5).random((15, 10))
    data = pd.DataFrame(values, index=KEYS[:15], columns=list("abcdefghij"))
    rules = spec(
        *({"id": name} for name in data),
        normalise={"method": "minmax", "low": 1.0, "high": 2.0},
        aggregate="geometric",
    )
    need = qa.need_index(data, rules)
    whole = need.contributions["need"].sum(axis=1) + need.base["need"]
    assert whole.tolist() == pytest.approx(need.scores["need"].tolist())


def test_as_many_areas_as_are_left_out_in_turn_need_no_names(counted, monkeypatch):
    need = counted(n_areas=25)
    monkeypatch.setattr("quartiersatlas.need.robustness.influence.MOST_AREAS", 25)
    assert len(need.influence()) == 25
    monkeypatch.setattr("quartiersatlas.need.robustness.influence.MOST_AREAS", 24)
    with pytest.raises(SpecError, match="without each of 25 areas"):
        need.influence()


def test_half_a_person_is_a_whole_one_where_counts_are_redrawn():
    counts, totals = pd.Series([0.1, 0.1, 0.1, 0.0]), pd.Series([1.49, 1.5, 2.5, 0.49])
    column = CountColumn.of(counts, totals, np.ones(4, dtype=bool), 1.0)
    assert column.trials.tolist() == [1, 2, 3, 0]
    assert column.open.tolist() == [True, True, True, False]


def test_half_of_one_person_persists():
    # one person at both dates, who was counted at both: with half of one persisting, the one is the same
    one = CountColumn.of(pd.Series([0.5]), pd.Series([1.0]), np.ones(1, dtype=bool), 1.0)
    drawn, random = np.ones((200, 1)), np.random.default_rng(1)
    same = one.earlier(drawn, one, random, SimpleNamespace(persistence=0.5))
    assert (same == 1).all()
    anew = one.earlier(drawn, one, random, SimpleNamespace(persistence=0.49))
    assert 50 < (anew == 1).sum() < 150
