from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import ColumnError, SpecError


def spec(*indicators, min_population=0, **options):
    classes = [
        {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
        {"id": "high", "label_de": "hoch", "label_en": "high"},
    ]
    axis = {"id": "need", "label_de": "Bedarf", "label_en": "Need", "indicators": list(indicators), "classes": classes}
    axis["standardise"] = {"method": "z"}
    return qa.NeedSpec.from_dict(
        {"id": "test", "source": "test", "min_population": min_population, "axes": [axis], **options}
    )


@pytest.fixture
def frame():
    random = np.random.default_rng(1)
    keys = [f"{i:03d}" for i in range(40)]
    return pd.DataFrame(
        {"a": random.gamma(2, 5, 40), "b": random.normal(10, 3, 40), "residents": random.integers(200, 4000, 40)},
        index=keys,
    ).astype(float)


def test_scores_follow_the_formula_step_by_step(frame):
    need = qa.need_index(frame, spec({"id": "a", "weight": 2.0}, {"id": "b", "direction": -1}))
    za = (frame["a"] - frame["a"].mean()) / np.sqrt(((frame["a"] - frame["a"].mean()) ** 2).mean())
    zb = (frame["b"] - frame["b"].mean()) / np.sqrt(((frame["b"] - frame["b"].mean()) ** 2).mean())
    total = 2 * za - zb
    expected = (total - total.mean()) / np.sqrt(((total - total.mean()) ** 2).mean())
    assert need.scores["need"].tolist() == pytest.approx(expected.tolist(), abs=1e-12)


def test_contributions_add_up_to_the_score(frame):
    need = qa.need_index(frame, spec({"id": "a", "weight": 2.0}, {"id": "b", "direction": -1}))
    parts = need.contributions["need"].sum(axis=1)
    assert np.abs(parts - need.scores["need"]).max() < 1e-12


def test_small_areas_leave_before_mean_and_deviation_are_computed(frame):
    frame.loc["005", ["residents", "a"]] = [120.0, 1e6]
    need = qa.need_index(frame, spec({"id": "a"}, min_population=300), population="residents")
    left = frame[frame["residents"] >= 300]
    assert need.reference.loc[0, "mean"] == pytest.approx(left["a"].mean())
    assert need.excluded.loc["005"].tolist() == ["population", "300"]
    assert np.isnan(need.scores.loc["005", "need"])
    assert need.classes.loc["005", "need"] is None


def test_unknown_indicators_and_manual_exclusions_carry_their_reason(frame):
    frame.loc["007", "b"] = np.nan
    need = qa.need_index(frame, spec({"id": "a"}, {"id": "b"}), exclude={"009": "Sonderwohnform"})
    assert need.excluded.loc["007"].tolist() == ["missing", "b"]
    assert need.excluded.loc["009"].tolist() == ["manual", "Sonderwohnform"]
    assert need.scores["need"].isna().sum() == 2


def test_an_excluded_areas_value_does_not_matter(frame):
    frame.loc["007", "b"] = np.nan
    other = frame.copy()
    other.loc["007", "a"] = 1e9
    rules = spec({"id": "a"}, {"id": "b"})
    pd.testing.assert_frame_equal(qa.need_index(frame, rules).scores, qa.need_index(other, rules).scores)


def test_an_index_of_context_indicators_warns(frame):
    frame["mh_share"] = frame["a"]
    with pytest.warns(UserWarning, match=r"100% on context indicators \(mh_share\): not a measure of need"):
        need = qa.need_index(frame, spec({"id": "mh_share"}))
    assert len(need.warnings) == 1


def test_few_areas_warn(frame):
    with pytest.warns(UserWarning, match="Compared over 10 areas only"):
        qa.need_index(frame.head(10), spec({"id": "a"}))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"a": 1.0}, SpecError, "'a' is the same in all 40 areas"),
        ({"a": "x"}, SpecError, "'a' holds text"),
        ({"a": [True, False] * 20}, SpecError, "'a' holds yes and no, not numbers: 'True', 'False'"),
        ({"a": np.arange(40) * 1j}, SpecError, "'a' holds complex numbers, not numbers"),
        ({"a": pd.date_range("2020", periods=40)}, SpecError, "'a' holds dates, not numbers: '2020-01-01"),
        ({"a": [2**70 + i for i in range(40)]}, SpecError, "'a' holds whole numbers too large"),
        ({"a": np.nan}, SpecError, "'a' is missing in all 40 areas"),
    ],
)
def test_indicators_that_cannot_be_scored_are_refused(frame, change, error, message):
    with pytest.raises(error, match=message):
        qa.need_index(frame.assign(**change), spec({"id": "a"}))


def test_no_area_and_too_few_areas_are_named_as_such(frame):
    with pytest.raises(SpecError, match=r"^The data have no areas\.$"):
        qa.need_index(frame.head(0), spec({"id": "a"}))
    with pytest.raises(SpecError, match=r"^1 area is left to score, at least three are needed\.$"):
        qa.need_index(frame.head(1), spec({"id": "a"}))


def test_missing_columns_and_keys_are_named(frame):
    with pytest.raises(ColumnError, match="'child_poverty'"):
        qa.need_index(frame, spec({"id": "child_poverty"}))
    with pytest.raises(SpecError, match="1 key is not in the data: '999'"):
        qa.need_index(frame, spec({"id": "a"}), exclude={"999": "?"})
    with pytest.raises(SpecError, match="population='residents'"):
        qa.need_index(frame, spec({"id": "a"}, min_population=300))
    with pytest.raises(ColumnError, match="Did you mean 'residents'"):
        qa.need_index(frame, spec({"id": "a"}, min_population=300), population="resident")
