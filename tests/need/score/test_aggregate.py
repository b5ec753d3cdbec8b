from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.contributions import effective_weights
from quartiersatlas.need.score.scores import aggregated, copeland

PARTS = np.array([[1.0, 2, 3, 4], [4.0, 2, 3, 1]])


def value(parts, weights, method):
    return aggregated(np.asarray(parts, dtype=float), np.asarray(weights, dtype=float), method, "x")


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("sum", [7.0, 8, 12, 13]),  # 3 a + 1 b
        ("arithmetic", [1.75, 2, 3, 3.25]),
        ("geometric", [4**0.25, 2, 3, 4**0.75]),
        # M + S^2 / M: first area M = 1.75, S^2 = 0.75 (1 - 1.75)^2 + 0.25 (4 - 1.75)^2 = 1.6875
        ("mazziotta_pareto", [1.75 + 1.6875 / 1.75, 2, 3, 3.25 + 1.6875 / 3.25]),
    ],
)
def test_each_aggregation_on_a_table_worked_by_hand(method, expected):
    assert value(PARTS, [3, 1], method).tolist() == pytest.approx(expected)


def test_uneven_profiles_count_as_more_need_with_mazziotta_and_pareto():
    even, uneven = value([[100.0, 90], [100.0, 110]], [1, 1], "mazziotta_pareto")
    assert even == pytest.approx(100)
    assert uneven == pytest.approx(100 + 10**2 / 100)  # M + S cv with cv = S / M


def naive_copeland(parts, weights):
    n = parts.shape[1]
    scores = []
    for i in range(n):
        score = 0
        for j in range(n):
            ahead = sum(w for row, w in zip(parts, weights, strict=True) if row[i] > row[j])
            behind = sum(w for row, w in zip(parts, weights, strict=True) if row[i] < row[j])
            score += (ahead > behind) - (ahead < behind)
        scores.append(score)
    return scores


@pytest.mark.parametrize("weights", [[1.0, 1, 1], [0.5, 0.3, 0.2], [2.0, 1, 1]])
def test_copeland_is_the_number_of_areas_outranked_minus_those_that_outrank(weights):
    parts = np.random.default_rng(2).integers(0, 5, (3, 25)).astype(float)
    assert value(parts, weights, "copeland").tolist() == naive_copeland(parts, weights)


def test_copeland_in_blocks_is_copeland(monkeypatch):
    parts = np.random.default_rng(3).normal(size=(4, 5, 30))
    weights = np.array([1.0, 2, 3, 4]).reshape(4, 1, 1)
    whole = copeland(parts, weights)
    monkeypatch.setattr("quartiersatlas.need.score.scores.BLOCK", 1000)
    assert np.array_equal(copeland(parts, weights), whole)
    assert whole[2].tolist() == naive_copeland(parts[:, 2], [1, 2, 3, 4])


def test_three_thirds_tie_exactly():
    parts = np.array([[1.0, 2], [2.0, 1], [1.0, 1]])
    assert value(parts, [0.1 + 0.2, 0.3, 1.0], "copeland").tolist() == [0.0, 0.0]


def test_missing_members_leave_their_weight_to_the_others():
    parts = np.array([[1.0, np.nan, np.nan], [4.0, 4.0, np.nan]])
    assert value(parts, [3, 1], "arithmetic")[:2].tolist() == pytest.approx([1.75, 4.0])
    assert value(parts, [3, 1], "sum")[:2].tolist() == pytest.approx([7.0, 16.0])
    assert value(parts, [3, 1], "geometric")[1] == pytest.approx(4.0)
    for method in ("arithmetic", "sum", "geometric", "mazziotta_pareto"):
        assert np.isnan(value(parts, [3, 1], method)[2])


@pytest.mark.parametrize("method", ["sum", "arithmetic"])
def test_effective_weights_times_parts_are_the_value(method):
    parts = np.array([[1.0, np.nan, 3], [4.0, 4.0, 5], [2.0, 1.0, np.nan]])
    weights = np.array([3.0, 1, 2])
    expected = np.nansum(effective_weights(parts, weights, method) * parts, axis=0)
    assert value(parts, weights, method).tolist() == pytest.approx(expected.tolist())


def test_weights_of_replications_are_each_replication_alone():
    random = np.random.default_rng(4)
    parts, weights = random.random((3, 6, 8)) + 1, random.random((3, 6))
    for method in ("sum", "arithmetic", "geometric", "mazziotta_pareto", "copeland"):
        together = value(parts, weights, method)
        for i in range(6):
            assert together[i].tolist() == pytest.approx(value(parts[:, i], weights[:, i], method).tolist())


@pytest.mark.parametrize("method", ["geometric", "mazziotta_pareto"])
def test_values_that_are_not_above_0_are_refused_where_it_matters(method):
    with pytest.raises(SpecError, match="values are not above 0"):
        value([[0.0, 1], [-1.0, 1]], [1, 1], method)
