"""What must hold for every city: mathematical identities of the indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas import segregation as s

counts = st.integers(min_value=0, max_value=5000)
cities = st.lists(st.tuples(counts, counts), min_size=2, max_size=40).map(lambda rows: np.array(rows, dtype=float))
tables = st.lists(st.tuples(counts, counts, counts), min_size=2, max_size=30).map(lambda rows: np.array(rows, float))

OF_PAIR = (s.dissimilarity, s.gini, s.theil_h, s.atkinson)
OF_ALL = (
    s.multigroup_dissimilarity,
    s.multigroup_gini,
    s.information_theory,
    s.relative_diversity,
    s.normalised_exposure,
    s.squared_coefficient_of_variation,
)


def both_groups(city):
    assume((city.sum(axis=0) > 0).all())
    assume((city.sum(axis=1) > 0).sum() > 1)
    return city[:, 0], city[:, 1]


def whole(table):
    assume((table.sum(axis=0) > 0).sum() > 1)
    assume((table.sum(axis=1) > 0).sum() > 1)
    return table


@pytest.mark.parametrize("index", OF_PAIR)
@given(city=cities)
def test_evenness_lies_between_0_and_1_and_is_symmetric(index, city):
    x, y = both_groups(city)
    value = index(x, y)
    assert -1e-9 <= value <= 1 + 1e-9
    assert index(y, x) == pytest.approx(value, abs=1e-8)  # the Atkinson index with b = 1/2 as well


@pytest.mark.parametrize("index", OF_ALL)
@given(table=tables)
def test_indices_of_all_groups_lie_between_0_and_1_whatever_the_order_of_groups(index, table):
    value = index(whole(table))
    assert -1e-9 <= value <= 1 + 1e-9
    assert index(table[:, ::-1]) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("index", [s.dissimilarity, s.gini, s.atkinson])
@given(city=cities, factor=st.floats(min_value=0.1, max_value=50))
def test_margin_free_indices_do_not_depend_on_the_size_of_a_group(index, city, factor):
    x, y = both_groups(city)
    assert index(factor * x, y) == pytest.approx(index(x, y), abs=1e-8)


@pytest.mark.parametrize("index", OF_PAIR)
@given(city=cities, factor=st.floats(min_value=0.1, max_value=50))
def test_counting_everybody_several_times_changes_nothing(index, city, factor):
    x, y = both_groups(city)
    assert index(factor * x, factor * y) == pytest.approx(index(x, y), abs=1e-8)


@pytest.mark.parametrize("index", OF_PAIR)
@given(city=cities)
def test_splitting_areas_into_equal_halves_changes_nothing(index, city):
    x, y = both_groups(city)
    halves = np.repeat(city, 2, axis=0) / 2
    assert index(halves[:, 0], halves[:, 1]) == pytest.approx(index(x, y), abs=1e-8)


@pytest.mark.parametrize("index", OF_ALL)
@given(table=tables)
def test_splitting_areas_into_equal_halves_changes_nothing_for_all_groups(index, table):
    assert index(np.repeat(whole(table), 2, axis=0) / 2) == pytest.approx(index(table), abs=1e-9)


@pytest.mark.parametrize("index", OF_PAIR)
@given(city=cities)
def test_merging_areas_never_raises_evenness_indices(index, city):
    x, y = both_groups(city)
    merged = np.vstack([city[:2].sum(axis=0), city[2:]])
    assume((merged.sum(axis=1) > 0).sum() > 1)
    assert index(merged[:, 0], merged[:, 1]) <= index(x, y) + 1e-8


@pytest.mark.parametrize("index", OF_PAIR)
@given(city=cities)
def test_the_order_of_areas_does_not_matter(index, city):
    x, y = both_groups(city)
    assert index(x[::-1], y[::-1]) == pytest.approx(index(x, y), abs=1e-9)


@given(cities)
def test_gini_is_the_mean_difference_over_all_pairs_and_never_below_dissimilarity(city):
    x, y = both_groups(city)
    t = x + y
    lived_in = t > 0
    p, t = x[lived_in] / t[lived_in], t[lived_in]
    city_share = x.sum() / city.sum()
    pairs = (t[:, None] * t * np.abs(p[:, None] - p)).sum()
    assert s.gini(x, y) == pytest.approx(pairs / (2 * t.sum() ** 2 * city_share * (1 - city_share)), abs=1e-9)
    assert s.gini(x, y) >= s.dissimilarity(x, y) - 1e-9


@given(cities)
def test_gorard_is_the_share_of_the_others_times_dissimilarity(city):
    x, y = both_groups(city)
    assert s.gorard(x, x + y) == pytest.approx(y.sum() / city.sum() * s.dissimilarity(x, y), abs=1e-12)


@given(cities)
def test_two_groups_are_a_case_of_several(city):
    x, y = both_groups(city)
    eta_squared = s.correlation_ratio(x, x + y)
    for index in (s.relative_diversity, s.normalised_exposure, s.squared_coefficient_of_variation):
        assert index(city) == pytest.approx(eta_squared, abs=1e-9)
    assert s.multigroup_dissimilarity(city) == pytest.approx(s.dissimilarity(x, y), abs=1e-9)
    assert s.multigroup_gini(city) == pytest.approx(s.gini(x, y), abs=1e-9)
    assert s.information_theory(city) == pytest.approx(s.theil_h(x, y), abs=1e-12)


@given(cities)
def test_isolation_and_interaction_with_the_rest_add_up_to_one(city):
    x, y = both_groups(city)
    assert s.isolation(x, x + y) + s.interaction(x, y, x + y) == pytest.approx(1, abs=1e-12)


@given(cities)
def test_isolation_is_at_least_the_share_of_the_group(city):
    x, y = both_groups(city)
    assert s.isolation(x, x + y) >= x.sum() / city.sum() - 1e-12


@given(tables)
def test_rows_of_the_exposure_matrix_add_up_to_one_and_its_diagonal_is_isolation(table):
    matrix = s.exposure_matrix(whole(table))
    members = table.sum(axis=0) > 0
    assert matrix[members].sum(axis=1) == pytest.approx(1)
    for k in np.flatnonzero(members):
        assert matrix[k, k] == pytest.approx(s.isolation(table[:, k], table.sum(axis=1)))


@given(tables)
def test_weighted_local_segregation_adds_up_to_the_mutual_information(table):
    weights = whole(table).sum(axis=1) / table.sum()
    assert np.nansum(weights * s.local_segregation(table)) == pytest.approx(s.mutual_information(table), abs=1e-12)


@given(tables)
def test_mutual_information_is_the_same_seen_from_the_groups(table):
    assert s.mutual_information(whole(table).T) == pytest.approx(s.mutual_information(table), abs=1e-9)


@given(cities, st.floats(min_value=0.3, max_value=0.7))
def test_atkinson_of_one_aversion_is_that_of_the_other_group_with_the_opposite_one(city, b):
    # A(b) compares x^b y^(1-b); swapping the groups and b for 1 - b gives the same sum, to another power
    x, y = both_groups(city)
    one, other = 1 - s.atkinson(x, y, b), 1 - s.atkinson(y, x, 1 - b)
    assert one ** (1 - b) == pytest.approx(other**b, abs=1e-6)


@given(cities)
def test_location_quotients_weighted_by_population_average_to_one(city):
    x, y = both_groups(city)
    total = x + y
    quotient = s.location_quotient(x, total)
    lived_in = total > 0
    assert np.average(quotient[lived_in], weights=total[lived_in]) == pytest.approx(1, abs=1e-9)
