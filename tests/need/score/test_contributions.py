from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

ALL = [{"id": "all", "label_de": "alle", "label_en": "all"}]


def index(axis, n=30, gaps=False):
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {name: random.gamma(3, 2, n) + 1 for name in "abcd"}, index=[f"{i:02d}" for i in range(n)]
    ).assign(residents=random.integers(400, 3000, n).astype(float))
    if gaps:
        frame.loc["03", "a"] = np.nan
        frame.loc["07", ["b", "c"]] = np.nan
    content = {"id": "t", "source": "t", "axes": [{"id": "need", "classes": ALL, **axis}]}
    return qa.need_index(frame, qa.NeedSpec.from_dict(content), population="residents")


FLAT = [{"id": "a", "weight": 2.0}, {"id": "b", "direction": -1}, {"id": "c", "transform": "log"}]
NESTED = [{"id": "one", "weight": 3.0, "indicators": FLAT[:2]}, {"id": "two", "indicators": FLAT[2:]}]
ADDITIVE = [
    {"indicators": FLAT},
    {"indicators": FLAT, "standardise": {"method": "z"}},
    {"indicators": FLAT, "standardise": {"method": "z", "centre": 1000.0, "spread": 100.0, "ddof": 1}},
    {"indicators": FLAT, "standardise": {"method": "minmax"}, "normalise": {"method": "minmax"}},
    {"indicators": FLAT, "normalise": {"method": "exponential"}},
    {"indicators": FLAT, "normalise": {"weighting": "population"}, "standardise": {"method": "z"}},
    {"domains": NESTED, "aggregate": "arithmetic"},
    {"domains": NESTED, "standardise": {"method": "z"}},
    {"domains": NESTED, "normalise": {"method": "minmax"}, "standardise": {"method": "minmax"}},
    {"domains": NESTED, "normalise": {"method": "none"}},
]


@pytest.mark.parametrize("axis", ADDITIVE)
@pytest.mark.parametrize("gaps", [False, True])
def test_contributions_and_base_add_up_to_the_score(axis, gaps):
    need = index({**axis, "min_present": 0.3} if gaps else axis, gaps=gaps)
    if gaps and "domains" in axis:
        assert need.excluded["reason"].tolist() == ["missing", "missing"]  # each domain wants all of its members
    elif gaps:
        assert need.incomplete.index.tolist() == ["03", "07"]
    total = need.contributions["need"].sum(axis=1, skipna=False) + need.base["need"]
    assert (total - need.scores["need"]).abs().max() < 1e-10 * max(1, need.scores["need"].abs().max())
    assert total.isna().equals(need.scores["need"].isna())


def test_z_scores_of_sums_have_no_base():
    need = index({"indicators": FLAT, "standardise": {"method": "z"}})
    assert need.base["need"].abs().max() < 1e-12


def test_contributions_to_a_geometric_mean_add_up_to_its_logarithm():
    axis = {"indicators": FLAT, "aggregate": "geometric", "normalise": {"method": "minmax", "low": 1.0, "high": 100.0}}
    need = index(axis)
    total = need.contributions["need"].sum(axis=1) + need.base["need"]
    assert (total - np.log(need.scores["need"])).abs().max() < 1e-12


def test_a_contribution_is_the_weighted_z_score_over_the_deviation_of_the_sum():
    need = index({"indicators": [{"id": "a", "weight": 2.0}, {"id": "b"}], "standardise": {"method": "z"}})
    values = need.inputs.values
    z = (values - values.mean()) / values.std(ddof=0)
    deviation = (2 * z["a"] + z["b"]).std(ddof=0)
    assert need.contributions["need", "a"].tolist() == pytest.approx((2 * z["a"] / deviation).tolist())


@pytest.mark.parametrize("aggregate", ["copeland", "mazziotta_pareto"])
def test_contributions_and_base_add_up_to_a_score_that_is_no_sum(aggregate):
    scale = {"method": "z", "centre": 100.0, "spread": 10.0}
    need = index({"indicators": FLAT, "aggregate": aggregate, "normalise": scale})
    total = need.contributions["need"].sum(axis=1) + need.base["need"]
    assert (total - need.scores["need"]).abs().max() < 1e-12 * need.scores["need"].abs().max()
