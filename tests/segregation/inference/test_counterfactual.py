"""Shares or areas: what is exchanged, by hand and by identities."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation import counterfactual_parts, dissimilarity, gini, spatial_proximity, theil_h
from quartiersatlas.segregation.inference import counterfactual

RANDOM = np.random.default_rng(4)


def city(n):
    residents = RANDOM.integers(50, 400, n).astype(float)
    return np.floor(residents * RANDOM.beta(2, 5, n)), residents


@pytest.mark.parametrize("exchange", ["composition", "share"])
@pytest.mark.parametrize("index", [dissimilarity, gini])
def test_the_parts_add_up_and_change_sign_with_the_cities(index, exchange):
    one, other = city(15), city(22)
    there, back = (counterfactual_parts(*two, index, exchange) for two in ((one, other), (other, one)))
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


def test_shares_of_the_city_by_hand():
    """The group 10 and 30 beside 60 and 20 of the rest; 30 and 20, and 10 and 40: shares of .25 and .75, .4 and .6."""
    one, other = (np.array([10.0, 30]), np.array([70.0, 50])), (np.array([30.0, 20]), np.array([40.0, 60]))
    v11, v22 = abs(10 / 40 - 60 / 80), abs(30 / 50 - 10 / 50)
    v12 = abs(0.4 - 0.8)  # the area with the lower share of the group has .4 of it, with the higher one of the rest .8
    v21 = abs(0.75 - 0.25)  # and the other way round
    found = counterfactual_parts(one, other, dissimilarity, exchange="share")
    assert found["composition"] == pytest.approx((v22 - v21 + v12 - v11) / 2)
    assert found["structure"] == pytest.approx((v22 - v12 + v21 - v11) / 2)


def test_a_larger_group_that_lives_as_before_is_structure_where_shares_of_the_city_are_exchanged():
    group, rest = np.array([10.0, 30, 60, 0]), np.array([200.0, 150, 50, 0])
    three = counterfactual_parts((group, group + rest), (3 * group, 3 * group + rest), theil_h, "share")
    assert three["difference"] != pytest.approx(0, abs=1e-3)
    assert three["composition"] == pytest.approx(0, abs=1e-12)
    assert three["structure"] == pytest.approx(three["difference"])


def theirs(one, other, way):
    """Return what PySAL's decomposition gives: composition and structure of the first less the second city."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation.decomposition import DecomposeSegregation
        from segregation.singlegroup import Dissim

        frames = [pd.DataFrame({"group": g, "total": t}) for g, t in (one, other)]
        found = DecomposeSegregation(*(Dissim(f, "group", "total") for f in frames), counterfactual_approach=way)
    return -found.c_a, -found.c_s


@pytest.mark.parametrize("way", ["composition", "share"])
def test_with_its_ranks_it_is_what_pysal_gives(monkeypatch, way):
    """There, the rank of the lowest area is 1 / n and not 0."""
    monkeypatch.setattr(counterfactual, "_rank", lambda values: rankdata(values) / len(values))
    one, other = city(40), city(55)
    found = counterfactual_parts(one, other, dissimilarity, way)
    assert found[["composition", "structure"]].tolist() == pytest.approx(theirs(one, other, way), abs=1e-12)


def test_with_its_ranks_a_city_does_not_keep_its_own_shares_with_ours_it_does():
    """And what it exchanges as the composition of both, group and rest, is then more than that of the group."""
    values = np.array([0.1, 0.2, 0.4, 0.7])
    np.testing.assert_allclose(counterfactual._of_the_same_rank(values, values), values)
    assert pd.Series(values).rank(pct=True).apply(pd.Series(values).quantile).tolist() != pytest.approx(values.tolist())
    rest = counterfactual._of_the_same_rank(1 - values, 1 - values[:3])
    np.testing.assert_allclose(rest, 1 - counterfactual._of_the_same_rank(values, values[:3]))
    one, other = city(40), city(55)
    assert theirs(one, other, "dual_composition") != pytest.approx(theirs(one, other, "composition"), abs=1e-6)


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
        (([1, 0], [5, 5]), (dissimilarity,), SpecError, "or two of them"),
    ],
)
def test_what_does_not_fit_is_refused(one, index, error, message):
    with pytest.raises(error, match=message):
        counterfactual_parts(one, ([1, 2], [5, 5]), index)


def test_an_unknown_exchange_is_refused():
    with pytest.raises(SpecError, match="exchange must be one of 'composition', 'share', not 'both'"):
        counterfactual_parts(([1, 2], [5, 5]), ([1, 2], [5, 5]), dissimilarity, exchange="both")


@pytest.mark.parametrize("city", [3, [1, 2, 3], ([1, 2],)])
def test_a_city_is_a_pair_of_columns(city):
    with pytest.raises(SpecError, match="must each be a pair"):
        counterfactual_parts(city, ([1, 2], [5, 5]), dissimilarity)
