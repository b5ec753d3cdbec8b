"""What must hold for every city: mathematical identities of the indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas.segregation import dissimilarity, interaction, isolation, location_quotient

counts = st.integers(min_value=0, max_value=5000)
cities = st.lists(st.tuples(counts, counts), min_size=2, max_size=40).map(lambda rows: np.array(rows, dtype=float))


def both_groups(city):
    assume((city.sum(axis=0) > 0).all())
    return city[:, 0], city[:, 1]


@given(cities)
def test_dissimilarity_lies_between_0_and_1_and_is_symmetric(city):
    x, y = both_groups(city)
    value = dissimilarity(x, y)
    assert -1e-12 <= value <= 1 + 1e-12
    assert dissimilarity(y, x) == pytest.approx(value, abs=1e-12)


@given(cities, st.floats(min_value=0.1, max_value=50))
def test_dissimilarity_does_not_depend_on_the_size_of_a_group(city, factor):
    x, y = both_groups(city)
    assert dissimilarity(factor * x, y) == pytest.approx(dissimilarity(x, y), abs=1e-9)


@given(cities)
def test_splitting_an_area_into_equal_halves_changes_nothing(city):
    x, y = both_groups(city)
    halves = np.repeat(city, 2, axis=0) / 2
    assert dissimilarity(halves[:, 0], halves[:, 1]) == pytest.approx(dissimilarity(x, y), abs=1e-12)
    assert isolation(halves[:, 0], halves.sum(axis=1)) == pytest.approx(isolation(x, x + y), abs=1e-12)


@given(cities)
def test_merging_areas_never_raises_dissimilarity(city):
    x, y = both_groups(city)
    merged = np.vstack([city[:2].sum(axis=0), city[2:]])
    assert dissimilarity(merged[:, 0], merged[:, 1]) <= dissimilarity(x, y) + 1e-12


@given(cities)
def test_isolation_and_interaction_with_the_rest_add_up_to_one(city):
    x, y = both_groups(city)
    assert isolation(x, x + y) + interaction(x, y, x + y) == pytest.approx(1, abs=1e-12)


@given(cities)
def test_isolation_is_at_least_the_share_of_the_group(city):
    x, y = both_groups(city)
    assert isolation(x, x + y) >= x.sum() / city.sum() - 1e-12


@given(cities)
def test_location_quotients_weighted_by_population_average_to_one(city):
    x, y = both_groups(city)
    total = x + y
    quotient = location_quotient(x, total)
    lived_in = total > 0
    assert np.average(quotient[lived_in], weights=total[lived_in]) == pytest.approx(1, abs=1e-9)


@given(cities)
def test_the_order_of_areas_does_not_matter(city):
    x, y = both_groups(city)
    assert dissimilarity(x[::-1], y[::-1]) == pytest.approx(dissimilarity(x, y), abs=1e-12)
