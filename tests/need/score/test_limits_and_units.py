"""Conditions with fixed and published limits and with quantiles; scales within the units of a higher level."""

from __future__ import annotations

import tomllib
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError

ONE_CLASS = [{"id": "all", "label_de": "a", "label_en": "a"}]


def spec(normalise, indicators, aggregate="sum", **more):
    axis = {
        "id": "need",
        "normalise": normalise,
        "aggregate": aggregate,
        "indicators": indicators,
        "classes": ONE_CLASS,
    }
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [{**axis, **more}]})


def counted(values, normalise, indicators):
    frame = pd.DataFrame(values, dtype=float)
    frame.index = [f"a{i}" for i in frame.index]
    with pytest.warns(UserWarning, match="areas only"):
        return qa.need_index(frame, spec({"method": "above", **normalise}, indicators, "count")).scores["need"].tolist()


@pytest.mark.parametrize(("compare", "expected"), [("above", [0, 0, 1, 1]), ("at_least", [0, 1, 1, 1])])
def test_a_fixed_limit_is_open_or_closed(compare, expected):
    rule = {"reference": "fixed", "compare": compare}
    limited = {"id": "score_x", "limit": 24.0, "limit_source": "decree of 2022"}
    assert counted({"score_x": [10, 24, 24.1, 30]}, rule, [limited]) == expected


@pytest.mark.filterwarnings("ignore:Need index")  # of few areas, and of an indicator that is context
def test_a_limit_by_the_name_of_a_reference_is_its_published_number(joined):
    values = {"score_x": [10.0, 24, 24.1, 30], "residents": [1000.0] * 4}
    published = {"land": qa.Reference(values={"score_x": 24.0}, source="Landesamt", as_of="2023")}
    data = joined(values, references=published, kinds={"score_x": "score"}, population="residents")
    named = spec({"method": "above", "reference": "fixed"}, [{"id": "score_x", "limit": "land"}], "count")
    need = qa.need_index(data, named)
    assert need.scores["need"].tolist() == [0, 0, 1, 1]
    (leaf,) = need.spec.axes[0].indicators
    assert (leaf.limit, leaf.limit_source) == (24.0, "Landesamt, 2023")
    assert qa.NeedSpec.from_dict(tomllib.loads(named.to_toml())) == named
    assert need.spec.hash != named.hash  # the fingerprint is that of the number
    release = qa.release(data, need=need, protection=qa.Protection(derived="exact"))
    assert "Limit of “score_x”: 24 (Landesamt, 2023)." in [str(f) for f in release.facts if f.name == "fact_need_limit"]


OWN = """
id = "poor"
source = "decree"
min_population = 0
[[axes]]
id = "need"
aggregate = "count"
normalise = { method = "above", reference = "fixed" }
classes = [{ id = "all", label_de = "a", label_en = "a" }]
indicators = [{ id = "a", limit = "land", weight = 1 }, { id = "b", limit = "later" }]
[references.land]
source = "Landesamt"
as_of = "2023"
values = { a = 24 }
"""


def read_spec(folder, text):
    (folder / "need.toml").write_text(text, encoding="utf-8")
    return qa.NeedSpec.from_toml(folder / "need.toml")


def test_a_spec_holds_its_own_references(tmp_path, joined):
    found = read_spec(tmp_path, OWN)
    first, second = found.axes[0].indicators
    assert (first.limit, first.limit_source) == (24.0, "Landesamt, 2023")
    assert second.limit == "later"  # of the data
    assert read_spec(tmp_path, found.to_toml()) == found
    published = {"later": qa.Reference(values={"b": 3}, source="Amt")}
    values = {"a": [24.0, 25, 30], "b": [2.0, 4, 5], "residents": [1000.0] * 3}
    data = joined(values, references=published, kinds={"a": "score", "b": "score"}, population="residents")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert qa.need_index(data, found).scores["need"].tolist() == [0, 2, 2]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"land", weight', '"other", weight', 11, "no indicator names the reference 'land'"),
        ("a = 24", "b = 24", 11, "'land' .Landesamt. has no number for it"),
        ("a = 24", "a = { x = 24 }", 11, "has one number per unit for it"),
        ('source = "Landesamt"', "", 11, "its source is missing"),
        ('as_of = "2023"', 'asof = "2023"', 13, "Did you mean 'as_of'"),
    ],
)
def test_references_of_a_spec_that_do_not_fit(tmp_path, old, new, line, message):
    with pytest.raises(SpecError, match=message) as caught:
        read_spec(tmp_path, OWN.replace(old, new))
    assert "need.toml" in str(caught.value)
    assert line is None or f"line {line}" in str(caught.value)


def test_a_named_limit_comes_back_from_a_workbook(tmp_path):
    limits = [{"id": "a", "limit": "land"}, {"id": "b", "limit": 24.5}]
    named = spec({"method": "above", "reference": "fixed"}, limits, "count")
    assert qa.NeedSpec.from_excel(named.to_excel(tmp_path / "need.xlsx")) == named


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({}, "limit = 'land' is the name of a reference, and the data have none"),
        ({"bund": {"score_x": 3}}, "and the data have 'bund'"),
        ({"land": {"score_y": 3}}, r"'land' \(s\) has no number for it"),
        ({"land": {"score_x": {"A": 3}}}, r"'land' \(s\) has one number per unit for it"),
    ],
)
def test_a_named_limit_that_is_not_there_is_refused(joined, references, message):
    published = {name: qa.Reference(values=values, source="s") for name, values in references.items()}
    data = joined({"score_x": [10.0, 24, 24.1, 30], "residents": [1000.0] * 4}, references=published)
    with pytest.raises(SpecError, match=message):
        qa.need_index(
            data, spec({"method": "above", "reference": "fixed"}, [{"id": "score_x", "limit": "land"}], "count")
        )


@pytest.mark.parametrize(
    ("limit", "message"),
    [({"limit": ""}, "has an empty name"), ({"limit": "land", "limit_source": "x"}, "has its source already")],
)
def test_a_named_limit_has_a_name_and_no_other_source(limit, message):
    with pytest.raises(SpecError, match=message):
        spec({"method": "above", "reference": "fixed"}, [{"id": "score_x", **limit}], "count")


@pytest.mark.parametrize(("compare", "expected"), [("above", [1, 0, 0, 0]), ("at_least", [1, 1, 0, 0])])
def test_where_less_is_more_need_values_below_the_limit_count(compare, expected):
    rule = {"reference": "fixed", "compare": compare}
    limited = {"id": "income_x", "limit": 24.0, "direction": -1}
    assert counted({"income_x": [10, 24, 24.1, 30]}, rule, [limited]) == expected


def test_a_limit_that_a_sum_of_floats_misses_by_rounding_is_met():
    values = [0.1 + 0.2, 0.3, 0.5, 0.1]  # the first is 0.30000000000000004
    limited = {"id": "score_x", "limit": 0.3}
    assert counted({"score_x": values}, {"reference": "fixed", "compare": "at_least"}, [limited]) == [1, 1, 1, 0]
    assert counted({"score_x": values}, {"reference": "fixed"}, [limited]) == [0, 0, 1, 0]


@pytest.mark.parametrize("direction", [1, -1])
def test_a_quantile_is_that_of_numpy_from_the_needy_end(direction):
    values = np.array([3.0, 8, 1, 9, 4, 7, 2, 6, 5, 10])
    found = counted(
        {"score_x": values}, {"reference": "quantile", "q": 0.8}, [{"id": "score_x", "direction": direction}]
    )
    needy = direction * values
    assert found == (needy > np.quantile(needy, 0.8)).astype(float).tolist()
    assert sum(found) == 2


towns = st.lists(st.integers(0, 2), min_size=9, max_size=15).filter(
    lambda units: all(units.count(unit) >= 3 for unit in set(units))
)


@settings(max_examples=10)
@given(towns, st.randoms(use_true_random=False))
@pytest.mark.parametrize("method", ["z", "minmax", "percentile", "rank", "exponential"])
def test_a_scale_within_units_is_the_scale_of_each_unit_alone(method, units, random):
    keys = [f"a{i}" for i in range(len(units))]
    frame = pd.DataFrame({"score_x": random.sample(range(100), len(units)), "town": units}, index=keys).astype(float)
    if len(units) < 15:
        with pytest.warns(UserWarning, match="areas only"):
            found = qa.need_index(frame, spec({"method": method, "by": "town"}, [{"id": "score_x"}]))
    else:
        found = qa.need_index(frame, spec({"method": method, "by": "town"}, [{"id": "score_x"}]))
    for _, part in frame.groupby("town"):
        with pytest.warns(UserWarning, match="areas only"):
            alone = qa.need_index(part, spec({"method": method}, [{"id": "score_x"}])).scores["need"]
        assert found.scores["need"][part.index].tolist() == pytest.approx(alone.tolist(), abs=1e-12)


def test_contributions_and_runs_know_the_units(joined):
    rng = np.random.default_rng(2)
    counts = {name: rng.integers(5, 90, 18).astype(float) for name in ("poor", "old")}
    data = joined({**counts, "residents": [100.0] * 18}, population="residents")
    data.areas["gemeinde"] = list("AAABBB" * 3)
    data = qa.add_rates(data, {"poverty": ("poor", "residents"), "age": ("old", "residents")})
    need = qa.need_index(data, spec({"method": "z", "by": "gemeinde"}, [{"id": "poverty"}, {"id": "age"}]))
    parts = need.contributions["need"].sum(axis=1)
    assert np.allclose(parts, need.scores["need"])
    means = need.scores["need"].groupby(data.areas["gemeinde"]).mean()
    assert means.tolist() == pytest.approx([0, 0], abs=1e-12)
    assert need.stability(n=20, select=0.2).table["p_selected"].between(0, 1).all()


def test_what_cannot_be_compared_within_units_is_refused(joined):
    data = joined({"score_x": [1.0, 2, 3, 4], "residents": [100.0] * 4}, population="residents")
    within = spec({"method": "z", "by": "gemeinde"}, [{"id": "score_x"}])
    with pytest.raises(ColumnError, match="by = 'gemeinde': the table of areas has no column 'gemeinde'"):
        qa.need_index(data, within)
    data.areas["gemeinde"] = ["A", "A", "A", "B"]
    with pytest.raises(SpecError, match="'score_x within gemeinde' is known in 1 of the 1 areas"):
        qa.need_index(data, within)
    data.areas["gemeinde"] = ["A", "A", "B", None]
    with pytest.raises(SpecError, match="1 area that is scored has no 'gemeinde'"):
        qa.need_index(data, within)
    with pytest.raises(SpecError, match="compares areas within their unit"):
        spec({"method": "z", "reference": "city", "by": "gemeinde"}, [{"id": "score_x"}])


@pytest.mark.parametrize(
    ("normalise", "indicator", "message"),
    [
        ({"reference": "fixed"}, {}, "'a' needs limit for above"),
        ({}, {"limit": 3.0}, "'a' has limit, which above ignores"),
        ({"reference": "quantile"}, {}, "belong together"),
        ({"q": 0.9}, {}, "belong together"),
        ({"reference": "quantile", "q": 1.0}, {}, "q is 1"),
        ({"compare": "below"}, {}, "compare must be one of"),
        ({"reference": "fixed"}, {"limit_source": "x"}, "limit_source names the source"),
    ],
)
def test_limits_that_contradict_themselves_are_refused(normalise, indicator, message):
    with pytest.raises(SpecError, match=message):
        spec({"method": "above", **normalise}, [{"id": "a", **indicator}], "count")
