"""Shares or areas: what is exchanged, by hand and by identities."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation import counterfactual_parts, dissimilarity, gini, spatial_proximity

RANDOM = np.random.default_rng(4)


def city(n):
    residents = RANDOM.integers(50, 400, n).astype(float)
    return np.floor(residents * RANDOM.beta(2, 5, n)), residents


@pytest.mark.parametrize("index", [dissimilarity, gini])
def test_the_parts_add_up_and_change_sign_with_the_cities(index):
    one, other = city(15), city(22)
    there, back = counterfactual_parts(one, other, index), counterfactual_parts(other, one, index)
    assert there["composition"] + there["structure"] == pytest.approx(there["difference"])
    assert there["one"] == pytest.approx(index(one[0], one[1] - one[0]))
    np.testing.assert_allclose(there[["composition", "structure"]], -back[["composition", "structure"]])


def test_the_same_shares_in_areas_of_other_sizes_are_structure():
    shares = np.array([0.1, 0.3, 0.6, 0.8])
    small, large = np.full(4, 100.0), np.array([400.0, 100, 100, 50])
    found = counterfactual_parts((shares * small, small), (shares * large, large), dissimilarity)
    assert found["composition"] == pytest.approx(0, abs=1e-12)
    assert found["structure"] == pytest.approx(found["difference"])


def test_by_hand():
    """Shares .1 and .5 in areas of 100 and 300, then .2 and .8 in areas of 200 and 100, the lower share first."""
    one, other = (np.array([10.0, 150]), np.array([100.0, 300])), (np.array([40.0, 80]), np.array([200.0, 100]))
    v = {
        "11": abs(10 / 160 - 90 / 240),
        "12": abs(20 / 260 - 80 / 140),
        "21": abs(20 / 70 - 180 / 230),
        "22": abs(40 / 120 - 160 / 180),
    }
    found = counterfactual_parts(one, other, dissimilarity)
    assert found["composition"] == pytest.approx((v["22"] - v["21"] + v["12"] - v["11"]) / 2)
    assert found["structure"] == pytest.approx((v["22"] - v["12"] + v["21"] - v["11"]) / 2)


def test_where_areas_lie_is_structure_and_empty_areas_stay_empty():
    row, far = [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]], [[0, 0], [2, 0], [1, 0], [3, 0], [4, 0]]
    counts = np.array([90.0, 80, 10, 20, 0]), np.array([100.0, 100, 100, 100, 0])
    indices = tuple(
        lambda group, rest, points=points: spatial_proximity(group, rest, points, [1] * 5, decay=1)
        for points in (row, far)
    )
    found = counterfactual_parts(counts, counts, indices)
    assert found["composition"] == pytest.approx(0, abs=1e-12)
    assert found["structure"] == pytest.approx(found["difference"])
    assert found["difference"] < 0


@pytest.mark.parametrize(
    ("one", "index", "error", "message"),
    [
        (([1, 0], [5, 0]), dissimilarity, CountError, "two inhabited"),
        (([9, 0], [5, 5]), dissimilarity, CountError, "larger|more than|exceed"),
        (([1, 0], [5, 5]), "dissimilarity", SpecError, "function of group and rest"),
    ],
)
def test_what_does_not_fit_is_refused(one, index, error, message):
    with pytest.raises(error, match=message):
        counterfactual_parts(one, ([1, 2], [5, 5]), index)
