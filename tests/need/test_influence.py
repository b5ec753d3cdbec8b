from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

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
