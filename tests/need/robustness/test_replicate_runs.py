"""Single runs against indices computed one by one from specs of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.need.robustness.options import RunOptions
from quartiersatlas.need.robustness.redraw import Replicates
from quartiersatlas.need.robustness.replicates import (
    ReplicateRuns,
    _weights,
    moved_limits,
    score_replicates,
)
from quartiersatlas.need.robustness.selection import selection_of
from quartiersatlas.need.robustness.stability import _quantiles, stability_labels
from quartiersatlas.need.robustness.variants import variant
from quartiersatlas.need.score.inputs import Counts

SCALES = {"own": {"method": "z"}, "minmax": {"method": "minmax"}, "percentile": {"method": "percentile"}}
POSITIVE = {
    "own": {"method": "z", "centre": 100.0, "spread": 10.0},
    "minmax": {"method": "minmax", "low": 1.0, "high": 100.0},
    "percentile": {"method": "rank"},
}


def apart():
    """Counts of 40 areas whose three indicators are skewed and have nothing to do with each other."""
    random = np.random.default_rng(11)
    people = np.full(40, 1000.0)
    return pd.DataFrame(
        {
            f"{kind}_{k}": people if kind == "n" else random.binomial(1000, random.beta(1, 6, 40))
            for k in "abc"
            for kind in "nx"
        },
        index=[f"{i:03d}" for i in range(40)],
    ).astype(float)


def selected_under(counted, scale, way, names="abc"):
    """Return who is selected where a spec has this scale and aggregation from the start."""
    rules = {"aggregate": "sum", "normalise": SCALES[scale]}
    if way != "own":
        rules = {"aggregate": way, "normalise": POSITIVE[scale]}
    need = qa.need_index(apart(), counted.spec(names, **rules))
    return need.ranks["status"].le(12).to_numpy()


def test_every_run_has_the_scale_and_the_aggregation_that_were_drawn_for_it(counted):
    need = qa.need_index(apart(), counted.spec())
    stable = need.stability(n=300, seed=9, vary=["normalisation", "aggregation"], select=12)
    streams = np.random.default_rng(9).spawn(5)
    scales = np.array(["own", "minmax", "percentile"])[streams[2].integers(3, size=300)]
    ways = np.array(["own", "geometric", "mazziotta_pareto"])[streams[3].integers(3, size=300)]
    known = {(s, w): selected_under(counted, s, w) for s in SCALES for w in ("own", "geometric", "mazziotta_pareto")}
    expected = np.mean([known[pair] for pair in zip(scales, ways, strict=True)], axis=0)
    assert stable.table["p_selected"].to_numpy() == pytest.approx(expected, abs=1e-12)
    assert len({tuple(who) for who in known.values()}) >= 6


def test_every_run_lacks_the_indicator_that_was_drawn_for_it(counted):
    pytest.importorskip("SALib")
    from quartiersatlas.need.robustness.sensitivity import _memberships

    need = qa.need_index(apart(), counted.spec())
    points = pd.DataFrame(
        [(s / 3 + 0.01, w / 3 + 0.01, k / 4 + 0.01) for s in range(3) for w in range(3) for k in range(4)],
        columns=["normalisation", "aggregation", "indicators"],
    )
    chosen, _, before, _ = _memberships(need, selection_of(need.spec, 12, 40), points, 1, RunOptions(tuple(points)))
    cases = [(s, w, k) for s in SCALES for w in ("own", "geometric", "mazziotta_pareto") for k in ("", *"abc")]
    for row, (scale, way, without) in zip(chosen, cases, strict=True):
        assert row.tolist() == selected_under(counted, scale, way, "abc".replace(without, "")).tolist()
    assert before.tolist() == need.ranks["status"].le(12).tolist()


def test_values_above_0_are_asked_for_on_scales_from_1_to_100(counted):
    axis = counted.spec().axes[0]
    rule = variant(axis, "minmax", "geometric").normalise
    assert (rule.low, rule.high) == (1.0, 100.0)
    own = replace(axis, normalise=variant(axis, "minmax").normalise)
    rule = variant(own, "own", "geometric").normalise
    assert (rule.low, rule.high) == (1.0, 100.0)


def test_the_city_value_of_a_run_is_the_redrawn_one(counted):
    classes = [
        {"id": "below", "upper": 0.0, "label_de": "darunter", "label_en": "below"},
        {"id": "above", "label_de": "darüber", "label_en": "above"},
    ]
    rule = {"normalise": {"method": "above", "reference": "city"}, "aggregate": "count"}
    need = counted(indicators="a", standardise={"method": "none"}, classes=classes, **rule)
    city = np.sort(need.columns["a"])[[9, 29], None]  # 30 areas are above the first, 10 above the second
    found = score_replicates(
        need.spec,
        ["status"],
        ReplicateRuns(Replicates({"a": need.columns["a"][None]}, {"a": city}), np.zeros(2)),
        need.context,
        {"status": 1},
    )
    assert found.scores["status"].sum(axis=1).tolist() == [30, 10]


def test_limits_in_deviations_move_by_deviations_and_fixed_ones_by_their_size(counted):
    shift = np.array([0.5, -0.2])
    sd = counted.spec(breaks={"method": "sd"}).axes[0]
    assert moved_limits(sd, shift, 5.0)[:, :, 0].T.tolist() == [[-1.5, 0.5, 1.0], [-0.8, 1.2, 1.7]]
    fixed = counted.spec().axes[0]
    assert moved_limits(fixed, shift, 5.0)[:, :, 0].T.tolist() == [[-3.5, -1.5, -1.0], [0.0, 2.0, 2.5]]


def test_a_label_holds_its_limits():
    p = np.array([0.0999, 0.1, 0.5, 0.8999, 0.9])
    assert stability_labels(p, (0.1, 0.9)).tolist() == [
        "not_selected",
        "borderline",
        "borderline",
        "borderline",
        "certain",
    ]


def test_where_the_selection_says_the_opposite_nothing_is_certain():
    p = np.array([0.02, 0.02, 0.5, 0.95, 0.95, np.nan])
    selected = np.array([False, True, True, True, False, True])
    found = stability_labels(p, (0.1, 0.9), selected).tolist()
    assert found == ["not_selected", "borderline", "borderline", "certain", "borderline", None]


def test_rank_intervals_are_ranks_that_occur_at_5_50_and_95_percent_of_the_runs():
    places = np.stack([np.arange(1.0, 21.0), np.repeat([3.0, 8.0], 10)], axis=1)
    assert _quantiles(places).T.tolist() == [[1, 10, 19], [3, 3, 8]]
    places[0, 0] = np.nan  # 2 to 20 are left, 19 runs: the first, the tenth and the last but none
    assert _quantiles(places)[:, 0].tolist() == [2, 11, 20]


def test_equal_scores_share_the_better_rank_in_every_run(counted):
    frame = counted.frame()
    frame.loc["001"] = frame.loc["000"]
    need = qa.need_index(frame, counted.spec())
    table = need.stability(n=5, seed=1, vary=[]).table
    for column in ("rank", "rank_lower", "rank_median", "rank_upper"):
        assert table[column].tolist() == need.ranks["status"].tolist()
    assert need.ranks["status"].duplicated().any()
    selection = selection_of(need.spec, 1, 40)
    assert selection.selected({"status": np.array([3.0, 3.0, 1.0])}, {}).tolist() == [True, True, False]


def test_all_axes_of_a_condition_must_hold_and_one_condition_is_enough(counted):
    axis = counted.spec().axes[0]
    spec = replace(counted.spec(), axes=(axis, replace(axis, id="other")))
    numbers = {"status": np.array([3, 3, 0, 2]), "other": np.array([0, 3, 3, 1])}
    both = selection_of(spec, {"status": ["very_low"], "other": ["very_low"]}, 4)
    assert both.selected({}, numbers).tolist() == [False, True, False, False]
    either = selection_of(spec, [{"status": ["very_low"]}, {"status": ["low"], "other": ["medium"]}], 4)
    assert either.selected({}, numbers).tolist() == [True, True, False, True]
    assert either.text == "status in {very_low} or status in {low} and other in {medium}"


@pytest.fixture
def unchanged(counted):
    """Give an index of a change between two dates with the same counts: above 0 or not is chance, if independent."""
    classes = [
        {"id": "below", "upper": 0.0, "label_de": "darunter", "label_en": "below"},
        {"id": "above", "label_de": "darüber", "label_en": "above"},
    ]
    none = {"method": "none"}
    need = counted(indicators="a", normalise=none, standardise=none, classes=classes)
    counts = need.inputs.counts["a"]
    changes = Counts(counts.numerator, counts.denominator, earlier=(counts.numerator, counts.denominator))
    return replace(need, inputs=replace(need.inputs, counts={"a": changes}), scores=0 * need.scores)


def test_persistence_reaches_the_draws_of_stability(unchanged):
    apart, same = (
        unchanged.stability(n=400, seed=1, vary=["data"], persistence=p).table["p_selected"] for p in (0.0, 1.0)
    )
    assert apart.between(0.3, 0.6).all()
    assert same.eq(0).all()


def test_persistence_reaches_the_draws_of_sensitivity(unchanged):
    pytest.importorskip("SALib")
    apart, same = (
        unchanged.sensitivity(n=16, seed=1, factors=["data", "weights"], persistence=p).variance["members"]
        for p in (0.0, 1.0)
    )
    assert apart > 1
    assert same == 0


def test_data_and_weights_are_picked_from_200_draws(counted, monkeypatch):
    pytest.importorskip("SALib")
    from quartiersatlas.need.robustness import sensitivity

    asked = []
    for name, place in (("draw_replicates", 2), ("draw_weights", 1)):
        real = getattr(sensitivity, name)
        monkeypatch.setattr(sensitivity, name, lambda *a, real=real, place=place: (asked.append(a[place]), real(*a))[1])
    counted().sensitivity(n=4, seed=1, factors=["data", "weights"], select=10)
    assert asked == [200, 200]


def test_size_and_changes_follow_a_threshold_to_both_sides(counted):
    pytest.importorskip("SALib")
    from SALib.sample import sobol as sample

    result = counted().sensitivity(
        n=64, seed=5, select=10, factors=["threshold", "data"], threshold=0.5, persistence=0.0
    )
    alone = counted(indicators="a").sensitivity(
        n=64, seed=5, select=10, factors=["threshold", "weights"], threshold=0.5
    )
    problem = {"num_vars": 2, "names": ["threshold", "weights"], "bounds": [[0.0, 1.0]] * 2}
    u = sample.sample(problem, 64, calc_second_order=False, seed=5)[:, 0]
    size = np.floor(10 * (1 + 0.5 * (2 * u - 1)) + 0.5)
    assert (size.min(), size.max()) == (5, 15)
    for found in (result, alone):
        assert found.variance["size"] == pytest.approx(size.var())
    # nothing else varies: the areas that enter or leave are those by which the size differs from 10
    assert alone.variance["changed"] == pytest.approx(np.abs(size - 10).var())


def test_a_quantile_moves_by_a_part_of_its_distance_from_the_nearer_end(counted):
    axis = counted.spec(
        breaks={"method": "quantile"},
        classes=[
            {"id": "low", "upper": 0.2, "label_de": "x", "label_en": "x"},
            {"id": "medium", "upper": 0.9, "label_de": "x", "label_en": "x"},
            {"id": "high", "label_de": "x", "label_en": "x"},
        ],
    ).axes[0]
    moved = moved_limits(axis, np.array([0.0, 0.1, -0.5]), 1.0)[:, :, 0]
    # a shift of 0.1 takes a tenth of 0.2 and a tenth of 0.1 away: more areas are in the highest class
    assert moved.tolist() == [pytest.approx([0.2, 0.18, 0.3]), pytest.approx([0.9, 0.89, 0.95])]


def test_the_weights_that_are_left_bear_the_sum_of_all(counted):
    axis = counted.spec().axes[0]
    weights = {("status", "status"): np.array([[1.0], [2.0], [1.0]])}
    runs = ReplicateRuns(Replicates({}, {}), np.zeros(1), weights=weights)
    found = _weights(axis, variant(axis, without="a"), runs, np.zeros(1, dtype=int))
    assert found["status"].ravel().tolist() == pytest.approx([8 / 3, 4 / 3])
    assert _weights(axis, axis, runs, np.zeros(1, dtype=int))["status"].ravel().tolist() == [1.0, 2.0, 1.0]
