"""Sums per place: one pass over many places gives what each place gives by itself."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.segregation.counts import Places, entropy, ratio, share

SIZES = [3, 0, 1, 4]


@pytest.fixture
def places():
    return Places(np.array(SIZES))


def parts(values):
    return np.split(values, np.cumsum(SIZES)[:-1])


@pytest.mark.parametrize("shape", [(8,), (8, 2)])
def test_sums_and_running_sums_are_those_of_each_place(places, shape):
    values = np.random.default_rng(1).random(shape)
    assert places.sum(values) == pytest.approx(np.array([part.sum(axis=0) for part in parts(values)]))
    running = np.concatenate([np.cumsum(part, axis=0) for part in parts(values)])
    assert places.cumulated(values) == pytest.approx(running)


def test_a_value_per_place_is_repeated_for_its_rows(places):
    assert places.each(np.array([1.0, 2, 3, 4])).tolist() == [1, 1, 1, 3, 4, 4, 4, 4]
    assert places.codes.tolist() == [0, 0, 0, 2, 3, 3, 3, 3]


def test_rows_are_ordered_within_their_place(places):
    values = np.array([3.0, 1, 2, 9, 4, 3, 2, 1])
    assert places.order(values).tolist() == [1, 2, 0, 3, 7, 6, 5, 4]


def test_a_ratio_to_nothing_is_unknown_and_a_share_of_nothing_has_no_weight():
    assert np.isnan(ratio(np.array([1.0, 1]), np.array([2.0, 0]))).tolist() == [False, True]
    assert share(np.array([1.0, 1]), np.array([2.0, 0])).tolist() == [0.5, 0]


def test_entropy_takes_nothing_times_its_logarithm_as_nothing():
    assert entropy(np.array([[0.5, 0.5], [1, 0]])) == pytest.approx([np.log(2), 0])
