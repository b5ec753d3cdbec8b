"""Ranks over many runs: of all areas, and of some of them among themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quartiersatlas.need.robustness.stability import rank_table
from quartiersatlas.need.score.scales import ranks

KEYS = pd.Index(["a", "b", "c", "d"])
SCORES = st.sampled_from([-1.5, 0.0, 0.25, 2.0, np.nan])  # few values: many ties and gaps


def frame_of_ranks(scores, keys):
    return pd.DataFrame(ranks(-scores, "min"), columns=keys)


def by_hand(score, others):
    """One plus the number of areas with a higher score."""
    return np.nan if np.isnan(score) else 1 + sum(other > score for other in others)


@given(arrays(float, (7, 4), elements=SCORES), st.sets(st.sampled_from(list(KEYS)), min_size=1))
def test_ranks_among_some_areas_are_those_of_their_own_scores(scores, some):
    some = sorted(some)
    published = pd.Series([3.0, 1.0, 1.0, 2.0], index=KEYS)[some]
    found = rank_table(frame_of_ranks(scores, KEYS), published)
    own = scores[:, [list(KEYS).index(key) for key in some]]
    for column, key in enumerate(some):
        runs = sorted(by_hand(row[column], row) for row in own if not np.isnan(row[column]))
        assert found.loc[key, "rank"] == by_hand(published[key], published)
        if not runs:
            assert found.loc[key, ["rank_lower", "rank_median", "rank_upper"]].isna().all()
            continue
        assert found.loc[key, "rank_lower"] == runs[0]  # of seven runs at most, 5 % are less than one
        assert found.loc[key, "rank_upper"] == runs[-1]
        assert found.loc[key, "rank_median"] == runs[(len(runs) + 1) // 2 - 1]


def test_an_area_without_a_published_score_has_no_rank_and_counts_for_nobody():
    scores = np.array([[9.0, 1.0, 2.0, 3.0]] * 5)
    found = rank_table(frame_of_ranks(scores, KEYS), pd.Series([np.nan, 1.0, 2.0, 3.0], index=KEYS))
    assert found.loc["a"].isna().all()
    assert found.loc["d"].tolist() == [1.0] * 4


def test_a_score_that_no_run_knows_has_no_interval():
    found = rank_table(frame_of_ranks(np.array([[1.0, 2.0]]), KEYS[:2]), pd.Series([1.0, 2.0, 5.0], index=KEYS[:3]))
    assert found["rank"].tolist() == [3.0, 2.0, 1.0]
    assert found["rank_upper"].tolist() == pytest.approx([2.0, 1.0, np.nan], nan_ok=True)
