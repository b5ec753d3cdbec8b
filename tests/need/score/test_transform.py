from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.transforms import skew_and_kurtosis, transformed, winsorised


@pytest.mark.parametrize(("transform", "expected"), [("log", [0, 1]), ("log1p", [np.log(2), np.log(np.e + 1)])])
def test_logarithms_are_natural(transform, expected):
    assert transformed(np.array([1.0, np.e]), transform, "x").tolist() == pytest.approx(expected)


def test_the_square_root_of_0_is_0():
    assert transformed(np.array([0.0, 9.0]), "sqrt", "x").tolist() == [0.0, 3.0]


@pytest.mark.parametrize(("transform", "bad"), [("log", 0.0), ("log1p", -1.0), ("sqrt", -0.1)])
def test_values_outside_a_transformation_are_refused(transform, bad):
    with pytest.raises(SpecError, match=f"'x': {transform} cannot be taken of 1 value "):
        transformed(np.array([bad, 2.0, np.nan]), transform, "x")


def test_unknown_values_stay_unknown():
    assert np.isnan(transformed(np.array([np.nan, 1.0, 2, 3]), "winsorise", "x")[0])


def test_skew_and_kurtosis_follow_the_published_definition():
    # G1 = sqrt(n (n - 1)) / (n - 2) g1 and G2 = (n - 1) / ((n - 2)(n - 3)) ((n + 1) g2 + 6)
    x = [3.0, 8, 10, 17, 24, 27, 60]
    n, mean = len(x), sum(x) / len(x)
    m2, m3, m4 = (sum((v - mean) ** p for v in x) / n for p in (2, 3, 4))
    skew = (n * (n - 1)) ** 0.5 / (n - 2) * m3 / m2**1.5
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    assert skew_and_kurtosis(np.array([*x, np.nan])) == pytest.approx((skew, kurtosis))


def test_ordinary_values_are_left_alone():
    values = np.random.default_rng(1).normal(size=50)
    assert winsorised(values).tolist() == values.tolist()


def test_the_lowest_values_are_pulled_in_where_the_skew_is_negative():
    values = np.array([-99.0, 1, 2, 3, 4, 5, 6])
    assert winsorised(values).tolist() == [1.0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("values", "skew", "kurtosis", "treated"),
    [  # skewness and kurtosis as scipy computes them (bias=False); Becker et al. (2022): beyond 2 and beyond 3.5
        ([1, 2, 2, 2, 3, 4, 4, 4, 5, 23, 34], 2.10, 3.54, True),
        ([1, 1, 2, 2, 2, 3, 4, 4, 4, 4, 5, 5, 11, 26, 28], 2.08, 3.26, False),
        ([1, 1, 3, 4, 4, 12, 28], 1.98, 3.87, False),
    ],
)
def test_an_indicator_is_treated_beyond_both_limits_only(values, skew, kurtosis, treated):
    values = np.array(values, dtype=float)
    found = (stats.skew(values, bias=False), stats.kurtosis(values, bias=False))
    assert found == pytest.approx((skew, kurtosis), abs=0.005)
    assert (winsorised(values) != values).any() == treated


def test_five_points_are_pulled_in_at_most():
    values = np.concatenate([np.zeros(400), 10.0 ** np.arange(1, 9)])
    assert (winsorised(values) != values).sum() == 5


def test_replications_are_treated_one_by_one():
    values = np.array([[1.0, 2, 3, 4, 5, 6, 99], [1.0, 2, 3, 4, 5, 6, 7]])
    assert transformed(values, "winsorise", "x").tolist() == [[1, 2, 3, 4, 5, 6, 6], [1, 2, 3, 4, 5, 6, 7]]
