from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness.redraw import Replicates
from quartiersatlas.need.robustness.replicates import (
    ReplicateRuns,
    Tally,
    count_failed,
    draw_weights,
    score_replicates,
)
from quartiersatlas.need.robustness.stability import stability_labels

WORSE = {"status": ["low", "very_low"]}


def test_nothing_varies_when_nothing_is_varied(counted):
    need = counted()
    stable = need.stability(n=20, seed=1, vary=[], select=WORSE)
    published = need.classes["status"].isin(["low", "very_low"])
    assert stable.table["p_selected"].tolist() == published.astype(float).tolist()
    assert stable.table["selected"].tolist() == published.tolist()
    assert stable.core == list(published.index[published])
    for column in ("rank_lower", "rank_median", "rank_upper"):
        assert stable.table[column].tolist() == need.ranks["status"].tolist()
    assert stable.class_probabilities["status"].to_numpy().max(axis=1).tolist() == [1.0] * 40


def test_the_chance_of_a_class_is_the_binomial_tail(counted):
    # one rate against a fixed limit of 20 %: P(X > 0.2 n) with X ~ Binomial(n, x / n)
    frame = pd.DataFrame({"x_a": [10.0, 18, 20, 21, 30], "n_a": [100.0] * 5}, index=list("abcde"))
    classes = [
        {"id": "below", "upper": 20.0, "label_de": "darunter", "label_en": "below"},
        {"id": "above", "label_de": "darüber", "label_en": "above"},
    ]
    spec = counted.spec("a", standardise={"method": "none"}, normalise={"method": "none"}, classes=classes)
    with pytest.warns(UserWarning, match="5 areas only"):
        need = qa.need_index(frame, spec)
    stable = need.stability(n=40_000, seed=2, vary=["data"], redraw="raw")
    expected = stats.binom.sf(20, 100, frame["x_a"] / 100)
    assert stable.table["p_selected"].to_numpy() == pytest.approx(expected, abs=0.01)
    assert stable.class_probabilities["status", "above"].to_numpy() == pytest.approx(expected, abs=0.01)
    assert stable.table["label"].tolist() == ["not_selected", "borderline", "borderline", "borderline", "certain"]


def by_hand(frame, weights, limits):
    """Recompute status classes run by run, in plain Python."""
    chosen = []
    for w in weights:
        total = [0.0] * len(frame)
        for k, name in enumerate("abc"):
            shares = [x / n for x, n in zip(frame[f"x_{name}"], frame[f"n_{name}"], strict=True)]
            mean = sum(shares) / len(shares)
            sd = (sum((s - mean) ** 2 for s in shares) / len(shares)) ** 0.5
            total = [t + w[k] * (s - mean) / sd for t, s in zip(total, shares, strict=True)]
        mean = sum(total) / len(total)
        sd = (sum((t - mean) ** 2 for t in total) / len(total)) ** 0.5
        chosen.append([(t - mean) / sd > limits for t in total])
    return np.mean(chosen, axis=0)


def test_weights_are_those_of_an_implementation_run_by_run(counted):
    need = counted()
    stable = need.stability(n=50, seed=9, vary=["weights"], select=WORSE)
    stream = np.random.default_rng(9).spawn(5)[1]
    weights = draw_weights(need.spec.axes, 50, stream, 6.0)["status", "status"]
    assert stable.table["p_selected"].to_numpy() == pytest.approx(by_hand(counted.frame(), weights.T, 1.0), abs=1e-12)


def test_weights_scatter_around_those_of_the_spec(counted):
    spec = counted.spec(members=[{"id": "a", "weight": 3.0}, {"id": "b"}, {"id": "c"}])
    weights = draw_weights(spec.axes, 20_000, np.random.default_rng(1), 6.0)["status", "status"]
    assert weights.sum(axis=0) == pytest.approx(np.full(20_000, 5.0))
    assert weights.mean(axis=1) == pytest.approx([3.0, 1.0, 1.0], rel=0.02)
    # Dirichlet with alpha = 18 w0 / 5: variance of a share s is s (1 - s) / (18 + 1)
    shares = np.array([0.6, 0.2, 0.2])
    assert (weights / 5).var(axis=1) == pytest.approx(shares * (1 - shares) / 19, rel=0.05)


def test_probabilities_of_all_classes_sum_to_1(counted):
    stable = counted().stability(n=300, seed=1)
    assert stable.class_probabilities["status"].sum(axis=1).tolist() == pytest.approx([1.0] * 40)


def test_the_same_seed_gives_the_same_result_and_another_does_not(counted):
    need = counted()
    one, two, other = (need.stability(n=100, seed=s).table["p_selected"] for s in (5, 5, 6))
    assert one.tolist() == two.tolist()
    assert one.tolist() != other.tolist()


def test_a_source_has_its_own_random_numbers(counted):
    need = counted()
    alone = need.stability(n=100, seed=5, vary=["weights"], select=0.2)
    fixed = need.stability(n=100, seed=5, vary=["weights", "threshold"], threshold=0.0, select=0.2)
    assert alone.table["p_selected"].tolist() == fixed.table["p_selected"].tolist()


def test_a_share_of_the_areas_moves_with_the_threshold_only_in_size(counted):
    stable = counted().stability(n=400, seed=1, vary=["threshold"], threshold=0.5, select=10)
    assert stable.size.min() == 5
    assert stable.size.max() == 15
    assert len(stable.core) == 5
    ranked = stable.table.sort_values("rank")["p_selected"]
    assert ranked.is_monotonic_decreasing
    # the tenth area is in for shifts from -0.05 on: uniform on (-0.5, 0.5)
    assert ranked.iloc[9] == pytest.approx(0.55, abs=0.07)


def test_fixed_limits_move_by_standard_deviations_of_the_score(counted):
    need = counted()
    stable = need.stability(n=2000, seed=3, vary=["threshold"], threshold=0.6, select=WORSE)
    # selected where the score is above 1 - 0.6 u, u uniform in (-1, 1)
    expected = ((need.scores["status"] - 1.0) / 0.6 + 1).div(2).clip(0, 1)
    assert stable.table["p_selected"].to_numpy() == pytest.approx(expected.to_numpy(), abs=0.04)
    assert expected.between(0.01, 0.99).any()


def test_quantile_limits_move_by_a_part_of_their_distance_from_the_end(counted):
    classes = [
        {"id": "rest", "upper": 0.8, "label_de": "übrige", "label_en": "rest"},
        {"id": "top", "label_de": "obere", "label_en": "top"},
    ]
    need = counted(breaks={"method": "quantile", "type": 7}, standardise={"method": "none"}, classes=classes)
    stable = need.stability(n=400, seed=1, vary=["threshold"], threshold=0.5)
    # 0.8 -/+ 0.5 * 0.2: between the highest tenth and the highest three tenths of 40 areas
    assert stable.size.min() == 4
    assert stable.size.max() == 12


def test_every_method_occurs_and_own_methods_stay_where_limits_are_on_the_scale_of_the_score(counted):
    methods = set(counted().stability(n=200, seed=1).settings["methods"])
    assert methods == {
        (scale, way) for scale in ("own", "minmax", "percentile") for way in ("own", "geometric", "mazziotta_pareto")
    }
    fixed = counted(normalise={"method": "percentile"}, standardise={"method": "none"}, aggregate="arithmetic")
    assert fixed.stability(n=20, seed=1).settings["methods"] == [("own", "own")]


def test_an_aggregation_the_values_do_not_allow_is_left_out(counted):
    frame = counted.frame(n_areas=150)
    frame["x_a"] = np.floor(0.1 * frame["n_a"])
    frame.loc["007", "x_a"] = frame.loc["007", "n_a"]
    members = [
        {"id": name, "numerator": f"x_{name}", "denominator": f"n_{name}", "direction": -1 if name == "a" else 1}
        for name in "abc"
    ]
    need = qa.need_index(frame, counted.spec(members=members))
    # one area lies more than ten deviations below the others: 100 + 10 z is not above 0 there
    assert {way for _, way in need.stability(n=20, seed=1).settings["methods"]} == {"own", "mazziotta_pareto"}


def test_areas_without_a_score_have_no_probability(counted):
    frame = counted.frame()
    frame.loc["004", "x_a"] = np.nan
    need = qa.need_index(frame, counted.spec(), exclude={"009": "Sonderwohnform"})
    stable = need.stability(n=50, seed=1)
    assert stable.table.loc[["004", "009"], "p_selected"].isna().all()
    assert stable.table.loc[["004", "009"], "label"].isna().all()
    assert stable.class_probabilities.loc["004"].isna().all()
    assert stable.table["p_selected"].notna().sum() == 38


def test_indicators_without_counts_are_named(counted):
    frame = counted.frame().assign(given=np.linspace(1, 9, 40))
    members = [{"id": "a", "numerator": "x_a", "denominator": "n_a"}, {"id": "given"}]
    need = qa.need_index(frame, counted.spec(members=members))
    stable = need.stability(n=20, seed=1)
    assert stable.not_redrawn == ("given",)
    assert "not redrawn, no counts: 'given'" in repr(stable)
    assert "Ohne Fallzahlen, daher unverändert: given." in stable.notes("de")


def test_the_result_says_what_it_is_in_both_languages(counted):
    need = counted()
    stable = need.stability(n=200, seed=8, select=WORSE)
    assert need.spec.hash in repr(stable)
    assert "status in {low, very_low}" in repr(stable)
    assert set(stable.labels("en").dropna()) <= {"certain", "borderline", "not selected"}
    words = stable.table["label"].map(
        {"certain": "sicher", "borderline": "Grenzfall", "not_selected": "nicht ausgewählt"}
    )
    assert stable.labels("de").dropna().tolist() == words.dropna().tolist()
    assert stable.borderline == list(stable.table.index[stable.table["label"] == "borderline"])
    assert "200 Durchläufe" in stable.notes("de")[0]
    assert "(Startzahl 8)" in stable.notes("de")[0]
    assert "at least 90%" in stable.notes("en")[1]


def test_numbers_of_the_notes_are_written_as_the_language_does(counted):
    stable = counted().stability(n=1200, seed=np.random.default_rng(1), vary=["threshold"], limits=(0.025, 0.9))
    assert stable.notes("de")[0].startswith("1.200 Durchläufe")
    assert "(ohne feste Startzahl)" in stable.notes("de")[0]
    assert stable.notes("en")[0].startswith("1,200 runs")
    assert "(without a fixed seed)" in stable.notes("en")[0]
    assert "(ohne feste Startzahl)" in counted().stability(n=1, seed=None).notes("de")[0]
    assert "weniger als 2,5\u202f%" in stable.notes("de")[1]
    assert "mindestens 90\u202f%" in stable.notes("de")[1]
    assert "fewer than 2.5%" in stable.notes("en")[1]


def test_one_of_several_conditions_selects(counted):
    need = counted()
    either = need.stability(n=5, seed=1, vary=[], select=[{"status": ["very_low"]}, {"status": ["low"]}])
    both = need.stability(n=5, seed=1, vary=[], select=WORSE)
    assert either.table["selected"].tolist() == both.table["selected"].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "at least one run"),
        ({"n": -1}, "at least one run"),
        ({"n": 10**12}, "100,000 are enough"),
        ({"n": 1e300}, "whole number, such as n=1024"),
        ({"n": 100_001}, "100,000 are enough"),
        ({"n": 100.0}, r"stability: n is 100.0; it must be a whole number: n=100\."),
        ({"n": True}, "n is True; it must be a whole number"),
        ({"n": "5"}, "n is '5'; it must be a whole number"),
        ({"seed": "x"}, "seed is 'x'; it must be a whole number from 0 on, a numpy Generator"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.0}, "seed is 1.0"),
        ({"limits": (0.5,)}, r"limits are \(0.5,\); give two shares"),
        ({"limits": (0.1, 0.5, 0.9)}, "give two shares"),
        ({"limits": 0.5}, "limits are 0.5; give two shares"),
        ({"limits": ("a", "b")}, "give two shares"),
        ({"persistence": "a"}, "persistence is 'a'; it is a share"),
        ({"concentration": float("inf")}, "concentration is inf.*leave 'weights' out"),
        ({"concentration": "a"}, "concentration is 'a'"),
        ({"threshold": None}, "threshold is None"),
        ({"vary": ["data", "weights", "data"]}, "vary names 'data' 2 times"),
        ({"vary": 3}, r"vary is 3; give a list of names, such as \['data', 'weights'\]"),
        ({"select": [["status"]]}, r"select=\[\['status'\]\]: name a share"),
        ({"select": object}, "name a share, a number of areas"),
        ({"select": True}, "select=True: name a share"),
        ({"select": 10_000}, "select=10000: only 40 areas have a score"),
        ({"select": {"status": []}}, "name at least one class of axis 'status': high, medium"),
        ({"select": {"status": 3}}, "axis 'status' has no class 3"),
        ({"vary": ["noise"]}, "vary must be one of 'data', 'weights', .*, not 'noise'"),
        ({"persistence": 1.5}, r"a share of persons in \[0, 1\]"),
        ({"concentration": 0.0}, "concentration is 0.0"),
        ({"threshold": 1.0}, "threshold is 1.0"),
        ({"limits": (0.9, 0.1)}, "they must rise"),
        ({"select": 0}, "at least one area"),
        ({"select": 1.5}, r"a share of the areas is in \(0, 1\)"),
        ({"select": "status"}, "name a share, a number of areas, or classes"),
        ({"select": {"status": ["lowest"]}}, "axis 'status' has no class 'lowest'; it has high, medium"),
        ({"select": {"stats": ["low"]}}, "no axis 'stats'"),
        ({"select": []}, "names no axis"),
    ],
)
def test_what_cannot_be_run_is_refused(counted, options, message):
    with pytest.raises(SpecError, match=message):
        counted().stability(**{"n": 5, **options})


def test_a_share_may_be_a_number_of_any_precision(counted):
    need = counted()
    single, double = (need.stability(n=5, seed=1, vary=[], select=share) for share in (np.float32(0.25), 0.25))
    assert single.table["selected"].tolist() == double.table["selected"].tolist()
    assert single.table["selected"].sum() == 10


@pytest.mark.shared_data
def test_berlin_2019_under_other_weights(shared):
    """A separate experiment with draws of Dirichlet(6, 6, 6) found 70 of 86 areas always selected, 26 areas moving."""
    table = pd.read_csv(shared / "indices" / "mss_berlin" / "mss2019_plr.csv", dtype={"id": str}).set_index("id")
    spec = qa.NeedSpec.preset("berlin-mss-2019")
    names = {
        "s1_percentage_unemployed": "unemployment_share_sgb2",
        "s3_percentage_transfer_payments_recipients": "transfer_rate",
        "s4_percentage_transfer_payments_recipients_below_15_years": "child_poverty_u15",
    }
    columns = {}
    for column, name in names.items():
        columns[name] = pd.to_numeric(table[column], errors="coerce")
        columns[f"{name}_change"] = pd.to_numeric(table["d" + column[1:]], errors="coerce")
    frame = pd.DataFrame(columns).assign(residents=table["inhabitants"])
    frame = frame[table["status_index_class"].isin(["hoch", "mittel", "niedrig", "sehr niedrig"])]
    need = qa.need_index(frame, spec, population="residents")
    stable = need.stability(n=4000, seed=1, vary=["weights"], select=WORSE)
    p = stable.table["p_selected"]
    assert int(stable.table["selected"].sum()) == 86
    assert 66 <= int(p.ge(0.99).sum()) <= 74
    assert 22 <= int(p.between(0.01, 0.99).sum()) <= 30


def test_limits_between_numbers_of_conditions_do_not_move(counted):
    three = [
        {"id": "none", "upper": 0, "label_de": "keine", "label_en": "none"},
        {"id": "one", "upper": 1, "label_de": "eine", "label_en": "one"},
        {"id": "both", "label_de": "beide", "label_en": "both"},
    ]
    need = counted(
        indicators="ab",
        normalise={"method": "above", "reference": "city"},
        aggregate="count",
        standardise={"method": "none"},
        classes=three,
    )
    assert need.scores["status"].eq(1).any()
    table = need.stability(n=50, seed=1, vary=["threshold"]).table
    assert (table["p_selected"] == need.classes["status"].eq("both")).all()


@pytest.mark.parametrize(
    ("rule", "constants"),
    [
        ({"method": "z", "reference": "fixed"}, {"centre": 15.0, "scale": 8.0}),
        ({"method": "goalposts"}, {"low": -50.0, "high": 150.0}),
    ],
)
def test_fixed_constants_are_kept_where_another_aggregation_is_tried(counted, rule, constants):
    members = [{"id": name, "numerator": f"x_{name}", "denominator": f"n_{name}", **constants} for name in "abc"]
    need = qa.need_index(counted.frame(), counted.spec(members=members, normalise=rule))
    ways = {way for _, way in need.stability(n=20, seed=1, vary=["aggregation"]).settings["methods"]}
    assert ways == {"own", "geometric", "mazziotta_pareto"}


def test_a_run_in_which_an_indicator_is_the_same_everywhere_tells_nobody_apart_by_it(counted):
    frame = counted.frame()
    frame["x_a"] = 0.0
    frame.loc["003", "x_a"] = 1.0
    need = qa.need_index(frame, counted.spec())
    draws = Replicates({**{k: v[None] for k, v in need.columns.items()}, "a": np.zeros((1, 40))}, {})
    found = score_replicates(need.spec, ["status"], ReplicateRuns(draws, np.zeros(1)), need.context, {"status": 1.0})
    rest = qa.need_index(frame, counted.spec("bc"))
    assert found.scores["status"][0] == pytest.approx(rest.scores["status"].to_numpy(), abs=1e-12)
    stable = need.stability(n=50, seed=1, vary=["data"])
    assert stable.failed == 0
    assert stable.table["p_selected"].notna().all()


def logged(counted, **axis):
    """Give an index of one logarithm of a count that is 0 in a third of the runs (a Poisson chance of e^-1)."""
    frame = counted.frame()
    frame.loc["007", "x_a"] = 1.0
    members = [{"id": "a", "numerator": "x_a", "denominator": "n_a", "transform": "log"}]
    return frame, qa.need_index(frame, counted.spec(members=members, **axis))


def test_a_run_without_a_score_is_left_out_of_the_shares_of_its_areas_and_counted(counted):
    _, need = logged(counted)
    lowest = {"status": ["high"]}
    stable = need.stability(n=2000, seed=1, vary=["data"], select=lowest, redraw="raw")
    assert stable.failed == pytest.approx(2000 / np.e, rel=0.15)
    # whenever the area has a score, it is far below all others
    assert stable.table.loc["007", "p_selected"] == 1
    assert "007" in stable.core
    assert stable.table.loc["007", "rank_upper"] == 40
    sums = stable.class_probabilities["status"].sum(axis=1)
    assert sums.tolist() == pytest.approx([1.0] * 40)
    assert len(stable.size) == 2000
    failed = f"{stable.failed}"
    assert f"In {failed} von 2.000 Durchläufen ließ sich" in " ".join(stable.notes("de"))
    assert f"In {failed} of 2,000 runs, no index value" in " ".join(stable.notes("en"))
    assert f"without a score for some or all areas: {failed} runs" in repr(stable)
    assert "without a score" not in repr(counted().stability(n=5, seed=1))


def test_an_area_that_never_has_a_score_has_no_share_and_no_label(counted):
    _, need = logged(counted)
    draws = Replicates({"a": np.where(np.arange(40) == 7, 0.0, need.columns["a"])[None]}, {})
    found = score_replicates(
        need.spec, ["status"], ReplicateRuns(draws, np.zeros(3), row=np.zeros(3, int)), need.context, {"status": 1.0}
    )
    assert np.isnan(found.scores["status"][:, 7]).all()
    assert (found.classes["status"][:, 7] == -1).all()
    known = ~np.isnan(found.scores["status"])
    tally = Tally(40)
    tally.add(found.classes["status"] >= 0, known)
    assert np.isnan(tally.share[7])
    assert stability_labels(tally.share, (0.1, 0.9))[7] is None
    assert count_failed(known, "x") == 3


def test_values_that_a_mean_cannot_take_leave_their_areas_without_a_score(counted):
    rule = {"method": "z", "reference": "fixed", "centre": 100.0, "spread": 10.0}
    members = [{"id": k, "numerator": f"x_{k}", "denominator": f"n_{k}", "centre": 15.0, "scale": 8.0} for k in "ab"]
    need = qa.need_index(counted.frame(), counted.spec(members=members, normalise=rule, aggregate="geometric"))
    for aggregate in ("geometric", "mazziotta_pareto"):
        spec = counted.spec(members=members, normalise=rule, aggregate=aggregate)
        low = np.where(np.arange(40) == 7, -900.0, need.columns["a"])
        draws = Replicates({"a": low[None], "b": need.columns["b"][None]}, {})
        found = score_replicates(spec, ["status"], ReplicateRuns(draws, np.zeros(1)), need.context, {"status": 1.0})
        assert np.isnan(found.scores["status"][0]).nonzero()[0].tolist() == [7]


def test_runs_that_all_fail_are_refused_once():
    with pytest.raises(SpecError, match=r"stability: none of the 5 runs could be computed"):
        count_failed(np.zeros((5, 3), dtype=bool), "stability")


def test_limits_in_deviations_do_not_exist_where_nobody_has_a_score(counted):
    _, need = logged(counted, breaks={"method": "sd"})
    draws = Replicates({"a": np.zeros((1, 40))}, {})
    found = score_replicates(need.spec, ["status"], ReplicateRuns(draws, np.zeros(1)), need.context, {"status": 1.0})
    assert (found.classes["status"] == -1).all()


def test_what_cannot_vary_is_not_said_to_have_varied(counted):
    frame = counted.frame()
    shares = (100 * frame.filter(like="x_").to_numpy() / frame.filter(like="n_").to_numpy()).T
    ready_made = qa.need_index(
        frame.assign(**dict(zip("abc", shares, strict=True))), counted.spec(members=[{"id": name} for name in "abc"])
    )
    stable = ready_made.stability(n=20, seed=1)
    assert stable.unused == ("data",)
    assert "Zufall" not in stable.notes("de")[0]
    assert "Ließ sich hier nicht ändern: Zufall in den Fallzahlen." in stable.notes("de")
    assert "could not vary: data" in repr(stable)
    pytest.importorskip("SALib")
    assert ready_made.sensitivity(n=4, seed=1).unused == ("data",)
    counted_conditions = counted(normalise={"method": "above"}, aggregate="count", standardise={"method": "none"})
    assert counted_conditions.stability(n=20, seed=1).unused == ("weights", "normalisation", "aggregation")
    assert counted().stability(n=20, seed=1).unused == ()


def test_a_progress_bar_is_shown_where_it_is_asked_for_and_changes_nothing(counted, capsys):
    need = counted(20)
    plain = need.stability(n=20, seed=1)
    assert capsys.readouterr().err == ""
    shown = need.stability(n=20, seed=1, progress=True)
    assert "block" in capsys.readouterr().err
    pd.testing.assert_frame_equal(plain.table, shown.table)
