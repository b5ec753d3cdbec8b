"""What the shares of areas may truly be: against the laws of the models, and where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas import measure_segregation as measure
from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import Composition, Pair, Places
from quartiersatlas.segregation.inference.true_shares import true_populations


def drawn(people, n=200, seed=1):
    """Return the drawn counts: draws x areas x groups."""
    tables = []
    for count, found in true_populations(people, n, np.random.default_rng(seed)):
        table = found.counts if isinstance(found, Composition) else np.column_stack([found.group, found.other])
        tables.append(table.reshape(count, len(people.places.codes), -1))
    return np.concatenate(tables)


def of_shares(p, sizes, seed=0, places=None):
    x = np.random.default_rng(seed).binomial(sizes, p).astype(float)
    return Pair(x, sizes - x, sizes.astype(float), places or Places.one(len(x)))


def test_shares_of_a_beta_distribution_are_drawn_to_the_mean_as_its_conjugate_law_says():
    # true shares from Beta(20, 80): the posterior mean of an area is (20 + x) / (100 + t)
    sizes = np.full(2000, 50)
    people = of_shares(np.random.default_rng(1).beta(20, 80, 2000), sizes)
    means = drawn(people, n=100)[:, :, 0].mean(axis=0) / sizes
    expected = (20 + people.group) / 150
    slope, intercept = np.polyfit(expected, means, 1)
    assert slope == pytest.approx(1, abs=0.08)
    assert intercept == pytest.approx(0, abs=0.02)


def test_areas_of_two_kinds_have_one_of_two_shares():
    kinds = np.where(np.arange(200) % 5 == 0, 0.5, 0.12)
    people = of_shares(kinds, np.full(200, 80))
    shares = drawn(people)[:, :, 0] / 80
    assert all(len(np.unique(one.round(12))) == 2 for one in shares)
    assert shares.mean(axis=0) == pytest.approx(kinds, abs=0.15)


def test_a_city_that_is_even_but_for_chance_is_mostly_drawn_even():
    shares = drawn(of_shares(np.full(100, 0.2), np.full(100, 60)))[:, :, 0] / 60
    assert np.mean(np.ptp(shares, axis=1) < 1e-12) > 0.4


def test_large_areas_have_the_shares_that_were_found():
    p = np.random.default_rng(2).beta(2, 5, 40)
    people = of_shares(p, np.full(40, 10**7))
    assert drawn(people)[:, :, 0] / 10**7 == pytest.approx(np.tile(people.group / 10**7, (200, 1)), abs=2e-3)


def test_areas_keep_their_size_and_empty_groups_stay_empty():
    counts = np.random.default_rng(3).multinomial(70, [0.2, 0.5, 0.3], size=30).astype(float)
    counts[:, 2] = 0
    table = drawn(Composition(counts, Places.one(30)))
    assert table.sum(axis=2) == pytest.approx(np.tile(counts.sum(axis=1), (200, 1)))
    assert (table[:, :, 2] == 0).all()


def test_places_have_models_of_their_own():
    sizes = np.full(80, 60)
    p = np.r_[np.full(40, 0.2), np.tile([0.05, 0.6], 20)]
    shares = drawn(of_shares(p, sizes, places=Places(np.array([40, 0, 40]))))[:, :, 0] / 60
    even, apart = shares[:, :40], shares[:, 40:]
    assert np.ptp(even, axis=1).mean() < 0.15 < np.ptp(apart, axis=1).min()


def test_persons_have_no_fractions():
    with pytest.raises(CountError, match="whole persons"):
        drawn(Pair(np.array([1.5, 2]), np.array([1.0, 2]), np.array([2.5, 4]), Places.one(2)))


def test_draws_repeat_with_the_seed_whatever_else_was_drawn():
    people = of_shares(np.random.default_rng(4).beta(5, 9, 20), np.full(20, 90))
    assert (drawn(people) == drawn(people)).all()


def test_intervals_of_an_even_city_reach_down_to_none():
    import pandas as pd

    low = []
    for seed in range(20):
        x = np.random.default_rng(seed).binomial(60, 0.2, 60)
        frame = pd.DataFrame({"x": x, "t": 60})
        options = {
            "population": "t",
            "indices": ["dissimilarity", "gini"],
            "resample": "persons",
            "n": 99,
            "seed": seed,
        }
        low.append(measure(frame, "x", **options).table["lower"].max())
    assert np.mean(np.array(low) < 1e-9) >= 0.9  # D and G of bootstraps reach it in half of the cities
