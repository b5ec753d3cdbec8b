from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.catalogue import text
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError

CLASSES = [{"id": "all", "label_de": "alle", "label_en": "all"}]
KEYS = [f"{i:02d}" for i in range(20)]


def spec(*indicators, **options):
    axis = {"id": "need", "indicators": list(indicators), "classes": CLASSES, **options}
    return qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})


@pytest.fixture
def frame():
    random = np.random.default_rng(1)
    children = random.integers(50, 200, 20).astype(float)
    return pd.DataFrame(
        {"a": random.random(20), "b": random.random(20), "children": children, "poor": children // 4}, index=KEYS
    )


RATE = {"id": "rate", "numerator": "poor", "denominator": "children"}


@pytest.mark.parametrize("mark", [-9999, -999, 99999999])
def test_marks_of_unknown_values_are_refused_with_a_hint_and_never_averaged(frame, mark):
    frame.loc[["03", "07"], "a"] = mark
    with pytest.raises(SpecError, match=rf"'a' is {mark} in 2 areas: '03', '07'\. .*\.replace\("):
        qa.need_index(frame, spec({"id": "a"}))


@pytest.mark.parametrize("mark", [-1, -9])
def test_a_share_below_0_is_a_mark_and_a_change_below_0_is_not(frame, mark):
    frame = frame.assign(sgb2_rate=10 * frame["a"], sgb2_rate_change=frame["b"])
    frame.loc[["03", "07"], ["sgb2_rate", "sgb2_rate_change"]] = mark
    with pytest.raises(SpecError, match=rf"'sgb2_rate' is {mark} in 2 areas: '03', '07'"):
        qa.need_index(frame, spec({"id": "sgb2_rate"}))
    assert qa.need_index(frame, spec({"id": "sgb2_rate_change"})).scores["need"].notna().all()


def test_a_share_above_100_percent_is_refused(frame):
    frame = frame.assign(sgb2_rate=10 * frame["a"])
    frame.loc["03", "sgb2_rate"] = 100.5
    with pytest.raises(SpecError, match=r"above 100 percent in 1 area: '03'\. Is it in another unit"):
        qa.need_index(frame, spec({"id": "sgb2_rate"}))


def test_an_infinite_value_is_refused(frame):
    frame.loc["03", "a"] = np.inf
    with pytest.raises(SpecError, match="'a' is infinite in 1 area: '03'"):
        qa.need_index(frame, spec({"id": "a"}))


def test_a_rate_is_computed_from_the_counts_that_the_spec_names(frame):
    need = qa.need_index(frame, spec(RATE))
    assert need.inputs.values["rate"].tolist() == pytest.approx((100 * frame["poor"] / frame["children"]).tolist())
    assert need.reference["city"].tolist() == pytest.approx([100 * frame["poor"].sum() / frame["children"].sum()])
    assert need.reference["mean"].tolist() == pytest.approx([(100 * frame["poor"] / frame["children"]).mean()])


def test_an_area_without_anybody_in_the_denominator_is_excluded_with_that_reason(frame):
    frame.loc["03", ["poor", "children"]] = 0.0
    need = qa.need_index(frame, spec(RATE, {"id": "a"}, standardise={"method": "z"}))
    assert need.excluded.loc["03"].tolist() == ["no_denominator", "rate"]
    assert need.scores["need"].isna().sum() == 1


def test_a_denominator_of_0_everywhere_is_refused(frame):
    with pytest.raises(SpecError, match="'rate': the denominator 'children' is 0 or unknown in every area"):
        qa.need_index(frame.assign(children=0.0, poor=0.0), spec(RATE))


def test_a_numerator_above_its_denominator_is_refused(frame):
    frame.loc["03", "poor"] = 500.0
    with pytest.raises(CountError, match="1 area has more in 'poor' than in 'children'"):
        qa.need_index(frame, spec(RATE))


def test_a_count_that_is_not_there_is_named(frame):
    with pytest.raises(ColumnError, match="for the indicator 'rate' has no column 'poor'"):
        qa.need_index(frame.drop(columns="poor"), spec(RATE))


def test_an_indicator_of_zeros_only_cannot_tell_areas_apart(frame):
    with pytest.raises(SpecError, match="'a' is the same in all 20 areas"):
        qa.need_index(frame.assign(a=0.0), spec({"id": "a"}))


@pytest.mark.parametrize("method", ["z", "minmax", "percentile", "rank", "exponential", "above", "goalposts"])
def test_an_indicator_that_compares_nothing_is_refused_on_every_scale(frame, method):
    goalposts = {"low": 0.0, "high": 9.0} if method == "goalposts" else {}
    aggregate = "count" if method == "above" else "sum"
    rules = [{"id": name, **goalposts} for name in "ab"]
    options = {"normalise": {"method": method}, "aggregate": aggregate}
    with pytest.raises(SpecError, match="'a' is the same in all 20 areas"):
        qa.need_index(frame.assign(a=5.0), spec(*rules, **options))
    if method != "above":  # a rule that counts needs every indicator
        alone = frame.assign(a=[5.0] + [np.nan] * 19)
        with pytest.raises(SpecError, match="'a' is known in 1 of the 20 areas that are scored: there is nothing to"):
            qa.need_index(alone, spec(*rules, min_present=0.5, **options))


@pytest.mark.parametrize(
    ("data", "rules", "exclude", "message"),
    [
        ({"a": [1.0]}, None, None, r"need_index takes an AreaData or a DataFrame, not a dict: data = qa.join\("),
        (None, "nap", None, r"need_index: spec takes a NeedSpec, not a str: spec = qa.NeedSpec.preset\('nap'\), qa"),
        (None, {"id": "t"}, None, r"spec takes a NeedSpec, not a dict: spec = .* qa.NeedSpec.from_dict\(content\)"),
        (None, None, ["03"], r"exclude takes a mapping, not a list: each area left out has a reason: exclude=\{"),
    ],
)
def test_what_is_no_data_no_spec_or_no_reason_is_refused(frame, data, rules, exclude, message):
    with pytest.raises(ArgumentError, match=message):
        qa.need_index(frame if data is None else data, rules or spec({"id": "a"}), exclude=exclude)


def test_counts_beyond_the_precision_of_numbers_are_refused(frame):
    frame.loc["03", "children"] = 2.0**53 + 2
    with pytest.raises(CountError, match=r"1 count in 'children' is above 2\^53 \('03'\)"):
        qa.need_index(frame, spec(RATE))


def test_areas_with_gaps_are_scored_only_where_the_spec_allows_it(frame):
    frame.loc["03", "a"] = np.nan
    rules = [{"id": "a"}, {"id": "b"}]
    strict = qa.need_index(frame, spec(*rules, standardise={"method": "z"}))
    assert strict.excluded.loc["03"].tolist() == ["missing", "a"]
    assert strict.incomplete.empty
    lenient = qa.need_index(frame, spec(*rules, standardise={"method": "z"}, min_present=0.5))
    assert lenient.excluded.empty
    assert lenient.incomplete.loc["03"].tolist() == ["need", "a"]
    assert lenient.scores["need"].notna().all()


def test_the_minimum_population_holds_in_every_period(frame):
    rules = qa.NeedSpec.from_dict(
        {"id": "t", "source": "t", "axes": [{"id": "need", "indicators": [{"id": "a"}], "classes": CLASSES}]}
    )
    frame = frame.assign(now=1000.0, before=1000.0)
    frame.loc["03", "before"] = 200.0
    need = qa.need_index(frame, rules, population=["now", "before"])
    assert need.excluded.loc["03"].tolist() == ["population", "300"]
    assert qa.need_index(frame, rules, population="now").excluded.empty


def test_areas_that_the_spec_excludes_carry_its_reason(frame):
    content = {"id": "t", "source": "t", "min_population": 0, "exclude": {"05": "Gewerbegebiet"}}
    axis = {"id": "need", "indicators": [{"id": "a"}], "classes": CLASSES}
    need = qa.need_index(frame, qa.NeedSpec.from_dict({**content, "axes": [axis]}))
    assert need.excluded.loc["05"].tolist() == ["manual", "Gewerbegebiet"]


def test_a_heaviest_context_indicator_warns_below_half_of_the_weight(frame):
    frame = frame.assign(mh_share=np.linspace(10, 40, 20))
    rules = spec(
        {"id": "mh_share", "weight": 2.0}, {"id": "a"}, {"id": "b"}, {"id": "poor"}, standardise={"method": "z"}
    )
    with pytest.warns(UserWarning, match="40% on context indicators"):
        need = qa.need_index(frame, rules)
    (message,) = need.warnings
    assert "beruht zu 40\u202f% auf Kontextindikatoren" in text(message.name, "de", **message.values)
    (found,) = [message for message in need.audit().findings if message.name == "audit_context"]
    assert "(nominal 40\u202f%, wirksam " in text(found.name, "de", **found.values)
    assert "(nominal 40%, effective " in str(found)


@pytest.mark.parametrize(
    ("residents", "message"),
    [
        ([np.nan] * 2 + [500.0] * 18, "unknown in 2 of 20 areas. Exclude these areas"),
        ([0.0] * 20, "nobody lives in any of them"),
    ],
)
def test_weights_by_residents_need_residents_everywhere(frame, residents, message):
    rules = spec(
        {"id": "a"}, {"id": "b"}, normalise={"method": "z", "weighting": "population"}, breaks={"method": "sd"}
    )
    with pytest.raises(SpecError, match=message):
        qa.need_index(frame.assign(residents=residents), rules, population="residents")


def test_a_key_or_a_column_that_stands_twice_is_refused(frame):
    with pytest.raises(SpecError, match="1 key has more than one row: '00'"):
        qa.need_index(frame.set_axis(["00", *KEYS[:-1]]), spec({"id": "a"}))
    with pytest.raises(ColumnError, match="1 column appears more than once in the data: 'a'"):
        qa.need_index(pd.concat([frame, frame[["a"]]], axis=1), spec({"id": "a"}))


def test_keys_that_are_numbers_have_hints_too(frame):
    need = qa.need_index(frame.set_axis(range(20)), spec({"id": "a"}))
    with pytest.raises(SpecError, match="no area 99"):
        need.explain(99)
