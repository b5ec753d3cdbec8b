from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness.replicates import Method, ReplicateRuns, as_published, score_replicates

WORSE = {"status": ["low", "very_low"]}


def scores_by_hand(frame, names="abc", weights=None):
    """Compute the status score in plain numpy, with the population standard deviation."""
    total = 0.0
    for name in names:
        share = (frame[f"x_{name}"] / frame[f"n_{name}"]).to_numpy()
        total = total + (weights or {}).get(name, 1.0) * (share - share.mean()) / share.std()
    return (total - total.mean()) / total.std()


def test_without_an_indicator_the_index_is_that_of_the_others(counted):
    need, frame = counted(), counted.frame()
    table = need.leave_one_out(WORSE).set_index("without")
    assert table.index.tolist() == ["a", "b", "c"]
    before = scores_by_hand(frame) > 1
    for name in "abc":
        score = scores_by_hand(frame, "abc".replace(name, ""))
        after = score > 1
        assert table.loc[name, "n_selected"] == after.sum()
        assert table.loc[name, "kept"] == (before & after).sum()
        assert table.loc[name, "lost"] == list(frame.index[before & ~after])
        assert table.loc[name, "gained"] == list(frame.index[after & ~before])
        expected = pd.Series(score).corr(pd.Series(scores_by_hand(frame)), method="spearman")
        assert table.loc[name, "rank_correlation"] == pytest.approx(expected)


def test_an_axis_of_one_indicator_cannot_lose_it(counted):
    assert counted(indicators="a").leave_one_out().empty


def test_without_an_area_the_others_are_scored_anew(counted):
    need, frame = counted(n_areas=25), counted.frame(n_areas=25)
    table = need.influence().set_index("key")
    assert len(table) == 25
    limits = [-1.0, 1.0, 1.5]
    before = np.searchsorted(limits, scores_by_hand(frame))
    for position, key in enumerate(frame.index):
        rest = frame.drop(index=key)
        score = scores_by_hand(rest)
        others = np.delete(np.arange(25), position)
        moved = rest.index[np.searchsorted(limits, score) != before[others]]
        assert table.loc[key, "moved"] == list(moved)
        assert table.loc[key, "n_moved"] == len(moved)
        assert table.loc[key, "shift"] == pytest.approx(np.abs(score - scores_by_hand(frame)[others]).max())
    assert table["n_moved"].is_monotonic_decreasing
    assert table["n_moved"].max() > 0


def test_an_area_without_which_there_is_no_index_is_named_and_the_others_are_computed(counted):
    frame = counted.frame(n_areas=25)
    frame["x_a"] = 0.0
    frame.loc["003", "x_a"] = 1.0
    need = qa.need_index(frame, counted.spec())
    table = need.influence()
    assert table["key"].iloc[-1] == "003"
    row = table.set_index("key").loc["003"]
    assert np.isnan(row["shift"])
    assert row["n_moved"] is pd.NA
    assert "'a' is the same in all 25 areas" in row["note"]
    others = table[table["key"] != "003"]
    assert others["shift"].notna().all()
    assert others["note"].eq("").all()
    for key in ("000", "024"):
        shift = (pd.Series(scores_by_hand(frame.drop(key)), frame.index.drop(key)) - need.scores["status"]).abs().max()
        assert others.set_index("key").loc[key, "shift"] == pytest.approx(shift)


def test_influence_of_the_areas_that_are_named(counted):
    need = counted(n_areas=25)
    whole = need.influence().set_index("key")
    some = need.influence(areas=["007", "003", "007"]).set_index("key")
    assert sorted(some.index) == ["003", "007"]
    assert some["shift"].tolist() == whole.loc[some.index, "shift"].tolist()
    with pytest.raises(SpecError, match="1 area that is named has no score: 'x'"):
        need.influence(areas=["x", "003"])
    assert need.influence(areas="003")["key"].tolist() == ["003"]


def test_influence_of_very_many_areas_has_to_be_asked_for_by_name():
    n = 5001
    frame = pd.DataFrame({"a": np.arange(n, dtype=float)}, index=[f"{i:04d}" for i in range(n)])
    axis = {"id": "need", "indicators": [{"id": "a"}], "classes": [{"id": "x", "label_de": "x", "label_en": "x"}]}
    need = qa.need_index(frame, qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]}))
    with pytest.raises(SpecError, match=r"without each of 5,001 areas.*above 5,000, name those"):
        need.influence()
    assert len(need.influence(areas=["0000"])) == 1


SUM = {"normalise": {"method": "goalposts"}, "standardise": {"method": "none"}}
TWO = [
    {"id": "low", "upper": 1.2, "label_de": "gering", "label_en": "low"},
    {"id": "high", "label_de": "hoch", "label_en": "high"},
]


def weighted_sum(counted, weights):
    members = [
        {"id": k, "numerator": f"x_{k}", "denominator": f"n_{k}", "weight": w, "low": 0.0, "high": 50.0}
        for k, w in weights.items()
    ]
    return qa.need_index(counted.frame(), counted.spec(members=members, classes=TWO, **SUM))


def test_a_plain_sum_keeps_its_scale_without_an_indicator(counted):
    need, frame = weighted_sum(counted, {"a": 1.0, "b": 2.0, "c": 3.0}), counted.frame()
    table = need.leave_one_out().set_index("without")
    a, b, c = (2 * frame[f"x_{k}"] / frame[f"n_{k}"] for k in "abc")
    before = a + 2 * b + 3 * c > 1.2
    # two indicators bear the weight of all three: 6
    for name, score in {"a": 6 / 5 * (2 * b + 3 * c), "b": 6 / 4 * (a + 3 * c), "c": 6 / 3 * (a + 2 * b)}.items():
        assert table.loc[name, "n_selected"] == (score > 1.2).sum()
        assert table.loc[name, "lost"] == list(frame.index[before & ~(score > 1.2)])
        assert table.loc[name, "gained"] == list(frame.index[(score > 1.2) & ~before])
    assert 3 < before.sum() < 37


def test_moved_weights_keep_the_sum_of_their_group(counted):
    given = {"a": 1.0, "b": 2.0, "c": 3.0}
    need, frame = weighted_sum(counted, given), counted.frame()
    table = need.smallest_weight_change()
    parts = {k: 2 * frame[f"x_{k}"] / frame[f"n_{k}"] for k in "abc"}
    flipping = table[table["change"].notna()]
    assert len(flipping) > 3
    for key, row in flipping.iterrows():
        rest = 6 - given[row["member"]]

        def chosen(share, key=key, member=row["member"], rest=rest):
            others = sum(given[k] / rest * parts[k][key] for k in "abc" if k != member)
            return 6 * (share * parts[member][key] + (1 - share) * others) > 1.2

        nearer = row["to"] - 0.001 * np.sign(row["to"] - row["share"])
        assert row["share"] == pytest.approx(given[row["member"]] / 6)
        assert chosen(row["to"]) != row["selected"]
        assert chosen(nearer) == row["selected"]


def test_drawn_weights_bear_the_weight_of_an_indicator_that_is_left_out(counted):
    need, frame = weighted_sum(counted, {"a": 1.0, "b": 2.0, "c": 3.0}), counted.frame()
    runs = ReplicateRuns(
        as_published(need),
        np.zeros(2),
        weights={("status", "status"): np.array([[1.0, 3.0], [4.0, 1.0], [1.0, 2.0]])},
        methods=(Method(), Method(without="b")),
        method=np.array([1, 1]),
    )
    found = score_replicates(need.spec, ["status"], runs, need.context, {"status": 1.0}).scores["status"]
    a, c = (2 * frame[f"x_{k}"] / frame[f"n_{k}"] for k in "ac")
    assert found[0] == pytest.approx((6 / 2 * (a + c)).to_numpy())
    assert found[1] == pytest.approx((6 / 5 * (3 * a + 2 * c)).to_numpy())


def test_a_rule_that_counts_conditions_loses_none(counted):
    rule = {"normalise": {"method": "above"}, "aggregate": "count"}
    need = counted(standardise={"method": "none"}, **rule)
    assert need.leave_one_out().empty
    pytest.importorskip("SALib")
    result = need.sensitivity(n=4, seed=1, select=10, factors=["threshold", "indicators"])
    assert result.unused == ("indicators",)
    # a domain that counts keeps its conditions, the indicator beside it can go
    members = [{"id": name, "numerator": f"x_{name}", "denominator": f"n_{name}"} for name in "abc"]
    domain = {"id": "rule", "indicators": members[:2], **rule}
    mixed = qa.need_index(counted.frame(), counted.spec(members=members[2:], domains=[domain]))
    assert mixed.leave_one_out()["without"].tolist() == ["c"]
    single = {**domain, "indicators": members[:1]}
    spec = counted.spec(members=members[1:], domains=[single])
    assert qa.need_index(counted.frame(), spec).leave_one_out()["without"].tolist() == ["b", "c"]


def test_an_area_known_through_one_indicator_alone_is_not_lost_without_it(counted):
    frame = counted.frame()
    frame.loc["005", ["x_a", "x_b"]] = np.nan
    frame.loc["005", "x_c"] = frame.loc["005", "n_c"]
    need = qa.need_index(frame, counted.spec(min_present=0.3))
    assert need.classes.loc["005", "status"] == "very_low"
    table = need.leave_one_out(WORSE).set_index("without")
    assert table["unscored"].tolist() == [[], [], ["005"]]
    assert "005" not in table.loc["c", "lost"]
    without = np.delete(scores_by_hand(frame.drop("005"), "ab"), [])
    before = need.classes["status"].drop("005").isin(["low", "very_low"]).to_numpy()
    assert table.loc["c", "lost"] == list(frame.index.drop("005")[before & ~(without > 1)])


def test_influence_of_pairwise_comparison_counts_the_others_only(counted):
    classes = [
        {"id": "low", "upper": 0.0, "label_de": "gering", "label_en": "low"},
        {"id": "high", "label_de": "hoch", "label_en": "high"},
    ]
    need = counted(n_areas=15, aggregate="copeland", standardise={"method": "none"}, classes=classes)
    frame = counted.frame(n_areas=15)
    shares = np.array([frame[f"x_{k}"] / frame[f"n_{k}"] for k in "abc"])
    table = need.influence().set_index("key")

    def wins(which):
        return [sum(np.sign(np.sign(shares[:, i] - shares[:, j]).sum()) for j in which if j != i) for i in which]

    before = dict(zip(range(15), wins(range(15)), strict=True))
    for out, key in enumerate(frame.index):
        rest = [i for i in range(15) if i != out]
        after = wins(rest)
        moved = [frame.index[i] for i, w in zip(rest, after, strict=True) if (w > 0) != (before[i] > 0)]
        assert table.loc[key, "moved"] == moved


def test_the_smallest_change_of_a_weight_is_where_the_area_changes_sides(counted):
    need, frame = counted(), counted.frame()
    table = need.smallest_weight_change(WORSE)
    published = scores_by_hand(frame) > 1
    assert table["selected"].tolist() == published.tolist()
    flipping = table[table["change"].notna()]
    assert 3 <= len(flipping) < 40
    for key, row in flipping.iterrows():
        assert row["share"] == pytest.approx(1 / 3)
        assert row["change"] == pytest.approx(abs(row["to"] - 1 / 3))
        area = frame.index.get_loc(key)

        def chosen(share, member=row["member"], area=area):
            weights = {name: share if name == member else (1 - share) / 2 for name in "abc"}
            return scores_by_hand(frame, weights=weights)[area] > 1

        nearer = row["to"] - 0.001 * np.sign(row["to"] - 1 / 3)
        assert chosen(row["to"]) != row["selected"]
        assert chosen(nearer) == row["selected"]


def test_no_other_weight_flips_an_area_with_a_smaller_change(counted):
    need, frame = counted(), counted.frame()
    table = need.smallest_weight_change(WORSE)
    key = table["change"].idxmin()
    area, least = frame.index.get_loc(key), table["change"].min()
    for name in "abc":
        for by in np.linspace(-1, 1, 21) * (least - 0.002):
            weights = dict.fromkeys("abc", 1 / 3 - by / 2) | {name: 1 / 3 + by}
            assert (scores_by_hand(frame, weights=weights)[area] > 1) == table.loc[key, "selected"]


def test_weights_of_domains_and_of_their_indicators_are_both_moved(counted):
    members = [{"id": name, "numerator": f"x_{name}", "denominator": f"n_{name}"} for name in "abc"]
    axis = {
        "id": "status",
        "standardise": {"method": "z"},
        "domains": [{"id": "one", "indicators": members[:2]}, {"id": "two", "indicators": members[2:]}],
        "classes": counted.classes,
    }
    spec = qa.NeedSpec.from_dict({"id": "t", "source": "t", "min_population": 0, "axes": [axis]})
    table = qa.need_index(counted.frame(), spec).smallest_weight_change(WORSE)
    moved = set(zip(table["group"].dropna(), table["member"].dropna(), strict=True))
    assert moved <= {("status", "one"), ("status", "two"), ("one", "a"), ("one", "b")}
    assert {group for group, _ in moved} == {"status", "one"}


def test_areas_without_a_score_have_none_here(counted):
    need = qa.need_index(counted.frame(), counted.spec(), exclude={"009": "Sonderwohnform"})
    assert np.isnan(need.smallest_weight_change().loc["009", "change"])
    assert "009" not in need.influence()["key"].tolist()


def test_all_the_weight_on_an_unknown_value_is_no_change_of_sides(counted):
    frame = counted.frame()
    frame.loc["005", "x_a"] = np.nan
    for name in "bc":
        frame.loc["005", f"x_{name}"] = frame.loc["005", f"n_{name}"]
    need = qa.need_index(frame, counted.spec(min_present=0.5))
    row = need.smallest_weight_change().loc["005"]
    assert row["selected"]
    assert np.isnan(row["change"])


def test_copeland_scores_are_not_computed_anew_for_hours(counted, monkeypatch):
    from quartiersatlas.need.robustness import influence

    need = counted(aggregate="copeland", standardise={"method": "none"}, breaks={"method": "sd"})
    monkeypatch.setattr(influence, "MOST_COMPARED", 10 * 40 * 40)
    with pytest.raises(SpecError, match=r"all pairs of 40 areas, 40 times over: .* Name up to 10, such as"):
        need.influence()
    assert len(need.influence(need.scored_keys[:10])) == 10
    assert len(counted().influence()) == 40  # other scores may
    monkeypatch.setattr(influence, "MOST_COMPARED", 1)
    with pytest.raises(SpecError, match="too long even once"):
        need.influence(need.scored_keys[:1])
