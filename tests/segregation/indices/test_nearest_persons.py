"""The nearest persons as surroundings, and how divergence fades: against loops over persons, and identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation import (
    divergence_profile,
    information_theory,
    local_distortion,
    local_segregation,
    multigroup_dissimilarity,
    mutual_information,
    nearest_environments,
    nearest_profile,
)

grid = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=9
)


def in_loops(counts, points, k):
    """Return the shares among the k nearest, ring by ring of equal distance."""
    n, groups = len(counts), len(counts[0])
    found = []
    for i in range(n):
        rings = {}
        for j in range(n):
            apart = (points[i][0] - points[j][0]) ** 2 + (points[i][1] - points[j][1]) ** 2
            ring = rings.setdefault(apart, [0.0] * groups)
            for g in range(groups):
                ring[g] += counts[j][g]
        taken, left = [0.0] * groups, min(k, sum(map(sum, counts)))
        wanted = left
        for _, ring in sorted(rings.items()):
            part = min(1.0, left / sum(ring)) if sum(ring) else 0.0
            taken = [a + part * b for a, b in zip(taken, ring, strict=True)]
            left -= part * sum(ring)
        found.append([a / wanted for a in taken])
    return found


@given(grid, st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_the_nearest_persons_in_loops(cells, k):
    counts = [[a, b] for _, _, a, b in cells]
    points = [[x, y] for x, y, _, _ in cells]
    found = nearest_environments(counts, points, k)[0]
    lived_in = np.array(counts).sum(axis=1) > 0
    assert np.isnan(found[~lived_in]).all()
    if lived_in.any():
        np.testing.assert_allclose(found[lived_in], np.array(in_loops(counts, points, k))[lived_in], atol=1e-9)


def test_few_persons_are_the_areas_and_all_persons_the_city():
    random = np.random.default_rng(1)
    counts, points = random.integers(20, 90, (40, 3)), random.random((40, 2))
    profile = nearest_profile(counts, points, [1, counts.sum(), 10 * counts.sum()])
    assert profile.dissimilarity[0] == pytest.approx(multigroup_dissimilarity(counts))
    assert profile.information_theory[0] == pytest.approx(information_theory(counts))
    np.testing.assert_allclose(profile.dissimilarity[1:], 0, atol=1e-12)
    np.testing.assert_allclose(profile.exposure.sum(axis=2), 1)
    order = random.permutation(40)
    again = nearest_profile(counts[order], points[order], [150, 900])
    np.testing.assert_allclose(again.relative_diversity, nearest_profile(counts, points, [150, 900]).relative_diversity)


def test_the_first_divergence_is_local_segregation_and_the_last_0():
    random = np.random.default_rng(2)
    counts, points = random.integers(20, 90, (30, 3)), random.random((30, 2))
    first, last = divergence_profile(counts, points, [1e-6, 1])
    np.testing.assert_allclose(first, local_segregation(counts), atol=1e-12)
    assert np.average(first, weights=counts.sum(axis=1)) == pytest.approx(mutual_information(counts))
    np.testing.assert_allclose(last, 0, atol=1e-12)


def test_the_profile_at_every_environment_gives_the_distortion():
    """Delta = sum_j (r_j - r_(j-1)) max_(l >= j) KL(r_l), read at the shares of one area's environments."""
    random = np.random.default_rng(3)
    counts, points = random.integers(20, 90, (12, 2)).astype(float), random.random((12, 2))
    order = np.argsort(np.hypot(*(points - points[4]).T))
    seen = np.cumsum(counts[order].sum(axis=1)) / counts.sum()
    profile = divergence_profile(counts, points, np.minimum(seen, 1))[:, 4]
    focal = np.maximum.accumulate(profile[::-1])[::-1]
    assert np.diff(seen, prepend=0) @ focal == pytest.approx(local_distortion(counts, points, normalise=False)[4])


def test_places_without_an_answer():
    assert np.isnan(divergence_profile([[5, 0], [4, 0]], [[0, 0], [1, 0]], 0.5)).all()
    assert np.isnan(nearest_profile([[5, 0], [4, 0]], [[0, 0], [1, 0]], 5).dissimilarity).all()
    assert np.isnan(nearest_environments([[0, 0]], [[0, 0]], 5)).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nearest_environments([[1, 2]], [[0, 0]], 0), SpecError, "above 0"),
        (lambda: nearest_environments([[1, 2]], [[0, 0]], [float("nan")]), SpecError, "above 0"),
        (lambda: divergence_profile([[1, 2]], [[0, 0]], 1.5), SpecError, "at most 1"),
        (lambda: nearest_profile([[1, 2]], [[0, 0], [1, 1]], 5), GeometryError, "shape"),
        (lambda: nearest_environments([[1, -2]], [[0, 0]], 5), CountError, "-2|negative"),
    ],
)
def test_what_does_not_fit_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
