"""Published and hand-checked values; the tables are those of the literature on segregation indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa
from quartiersatlas import segregation as s

# group, rest: small tables whose values agree between the formula and at least two independent implementations
# (elbersb/segregation 1.1 asserts D of E1 and E2 in its tests; M, H and ls come from it too)
E1 = np.array([[100, 0], [60, 40], [40, 60], [0, 100]])
E2 = np.array([[80, 20], [80, 20], [20, 80], [20, 80]])
E3 = np.array([[10, 5], [20, 30], [0, 0]])  # one empty area
SEGREGATED = np.array([[100, 0], [100, 0], [0, 100], [0, 100]])
EVEN = np.array([[10, 30], [20, 60], [5, 15]])
T1 = np.array([[40, 20], [20, 40], [5, 60], [1, 80]])
T3 = np.diag([10, 20, 30])

PAIR = {
    "dissimilarity": (s.dissimilarity, [0.6, 0.6, 0.19047619, 1, 0]),
    "gini": (s.gini, [0.8, 0.6, 0.19047619, 1, 0]),
    "theil_h": (s.theil_h, [0.514524702773, 0.278071905, 0.03708641, 1, 0]),
    "atkinson": (s.atkinson, [0.76, 0.36, 0.051037941, 1, 0]),
}
IN_TOTAL = {
    "isolation": (s.isolation, [0.76, 0.68, 0.488888889, 1, 0.25]),
    "correlation_ratio": (s.correlation_ratio, [0.52, 0.36, 0.050793651, 1, 0]),
    "segregation_index": (s.segregation_index, [0.6, 0.6, 0.19047619, 1, 0]),
    "gorard": (s.gorard, [0.3, 0.3, (1 - 30 / 65) * 0.19047619, 0.5, 0]),
}
MULTIGROUP = {
    "mutual_information": (s.mutual_information, [0.356641347055, 0.192744757, 0.0255965087129, np.log(2), 0]),
    "information_theory": (s.information_theory, [0.514524702773, 0.278071905, 0.03708641, 1, 0]),
}
TABLES = (E1, E2, E3, SEGREGATED, EVEN)


def each(indices):
    return [
        pytest.param(function, table, value, id=f"{name} of {label}")
        for name, (function, values) in indices.items()
        for label, table, value in zip(("E1", "E2", "E3", "segregated", "even"), TABLES, values, strict=True)
    ]


@pytest.mark.parametrize(("function", "table", "value"), each(PAIR))
def test_of_a_group_and_the_rest(function, table, value):
    assert function(table[:, 0], table[:, 1]) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(("function", "table", "value"), each(IN_TOTAL))
def test_of_a_group_in_the_total(function, table, value):
    assert function(table[:, 0], table.sum(axis=1)) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(("function", "table", "value"), each(MULTIGROUP))
def test_of_all_groups(function, table, value):
    assert function(table) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(
    ("table", "b", "value"),
    [(E1, 0.1, 0.540810607), (E1, 0.9, 0.999092333), (E2, 0.1, 0.08167808), (E2, 0.9, 0.535533328)],
)
def test_atkinson_heeds_its_aversion(table, b, value):
    assert s.atkinson(table[:, 0], table[:, 1], b) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(("table", "value"), [(E1, 0.24), (E2, 0.32), (SEGREGATED, 0.0), (EVEN, 0.75)])
def test_interaction(table, value):
    assert s.interaction(table[:, 0], table[:, 1], table.sum(axis=1)) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize(
    ("function", "value", "transposed"),
    [
        (s.diversity_entropy, 0.560260646, 1.378207205),
        (s.mutual_information, 0.186586736, 0.186586736),
        (s.information_theory, 0.333035591, 0.13538366),
        (s.multigroup_dissimilarity, 0.609090909, 0.30471859),
        (s.multigroup_gini, 0.725757576, None),
        (s.relative_diversity, 0.349716539, 0.116342504),
        (s.normalised_exposure, 0.349716539, 0.116392213),
        (s.squared_coefficient_of_variation, 0.349716539, 0.11657218),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_two_groups_in_four_areas_and_four_groups_in_two(function, value, transposed):
    assert function(T1) == pytest.approx(value, abs=1e-8)
    if transposed is not None:
        assert function(T1.T) == pytest.approx(transposed, abs=1e-8)


def test_local_segregation_of_areas_and_of_groups():
    assert s.local_segregation(T1) == pytest.approx([0.38777319, 0.01821898, 0.09927131, 0.23234452], abs=1e-8)
    assert s.local_segregation(T1.T) == pytest.approx([0.55429542, 0.06524287], abs=1e-8)


@pytest.mark.parametrize(
    "function",
    [
        s.information_theory,
        s.multigroup_dissimilarity,
        s.multigroup_gini,
        s.relative_diversity,
        s.normalised_exposure,
        s.squared_coefficient_of_variation,
    ],
)
def test_groups_that_never_meet_are_completely_segregated(function):
    assert function(T3) == pytest.approx(1)


def test_the_information_of_groups_that_never_meet_is_the_diversity_of_the_city():
    assert s.mutual_information(T3) == pytest.approx(1.011404265, abs=1e-9)
    assert s.diversity_entropy(T3) == pytest.approx(1.011404265, abs=1e-9)


def test_exposure_without_oneself_by_hand():
    # areas of 3 and 2: two members of three, one member of two
    # own group: (2/3) (1/2) + (1/3) (0/1) = 1/3; others: (2/3) (1/2) + (1/3) (1/1) = 2/3
    assert s.isolation([2, 1], [3, 2], exact=True) == pytest.approx(1 / 3)
    assert s.interaction([2, 1], [1, 1], [3, 2], exact=True) == pytest.approx(2 / 3)
    assert s.exposure_matrix([[2, 1], [1, 1]], exact=True)[0] == pytest.approx([1 / 3, 2 / 3])


def test_who_lives_alone_in_an_area_meets_nobody_and_is_left_out_of_exact_exposure():
    assert s.isolation([2, 1, 1], [3, 2, 1], exact=True) == pytest.approx(1 / 3)


def test_location_quotient_of_published_district_profiles():
    # Mülheim 2011: 45 % and 35 % with migration background where the city has 22 %
    residents = np.array([11_800, 15_700, 169_000 - 11_800 - 15_700])
    members = np.array([0.45 * 11_800, 0.35 * 15_700, 0.22 * 169_000 - 0.45 * 11_800 - 0.35 * 15_700])
    assert s.location_quotient(members, residents)[:2] == pytest.approx([2.05, 1.59], abs=0.005)


@pytest.mark.parametrize("function", [f for f, _ in PAIR.values()])
def test_no_group_nobody_else_or_one_area_has_no_value(function):
    assert np.isnan(function([0, 0], [5, 5]))
    assert np.isnan(function([5, 5], [0, 0]))
    assert np.isnan(function([5], [5]))
    assert np.isnan(function([5, 0], [5, 0]))  # the second area is empty
    assert np.isnan(function([], []))


@pytest.mark.parametrize("function", [f for f, _ in IN_TOTAL.values()])
def test_no_group_everybody_or_one_area_has_no_value_in_the_total(function):
    assert np.isnan(function([0, 0], [5, 5]))
    assert np.isnan(function([5, 5], [5, 5]))
    assert np.isnan(function([5], [10]))


@pytest.mark.parametrize("function", [f for f, _ in MULTIGROUP.values()])
def test_one_group_or_one_area_has_no_value(function):
    assert np.isnan(function([[5, 0], [5, 0]]))
    assert np.isnan(function([[5, 5]]))


def test_an_empty_group_is_left_out_of_a_composition():
    with_empty = np.column_stack([T1, np.zeros(4)])
    assert s.information_theory(with_empty) == pytest.approx(s.information_theory(T1))
    assert s.squared_coefficient_of_variation(with_empty) == pytest.approx(s.squared_coefficient_of_variation(T1))


def test_local_values_of_an_empty_area_are_missing_not_zero():
    table = np.vstack([T1, [0, 0]])
    for function in (s.local_segregation, s.local_entropy, s.local_simpson):
        assert np.isnan(function(table)).tolist() == [False] * 4 + [True]
    assert np.isnan(s.location_quotient([5, 0], [10, 0])).tolist() == [False, True]
    assert np.isnan(s.location_quotient([0, 0], [5, 5])).all()


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("year", "areas", "value"), [(2020, 448, 0.26833195), (2021, 542, 0.26335016), (2024, 542, 0.24128434)]
)
def test_dissimilarity_of_berlin(shared, year, areas, value):
    # migration background and the rest, register of residents at the end of the year (Amt für Statistik
    # Berlin-Brandenburg, A I 16): values computed apart from this project with the open data
    file = shared / "berlin" / "population" / f"berlin-lor-population-{year}-02-t1-planning-areas.csv"
    frame = pd.read_csv(file, dtype={"id": str}).set_index("id")
    table = qa.measure_segregation(
        frame,
        "inhabitants_with_migration_background",
        population="inhabitants",
        indices=["dissimilarity", "segregation_index"],
    ).table
    assert len(frame) == areas
    assert table["value"].tolist() == pytest.approx([value, value], abs=5e-9)
    assert (table["adjusted"] < table["value"]).all()


def test_diversity_over_its_maximum_is_1_where_all_groups_are_alike_and_counts_groups_of_the_city():
    table = [[5, 5, 5, 0], [10, 10, 0, 0], [7, 0, 0, 0], [0, 0, 0, 0]]  # nobody is in the fourth group
    expected = [1, np.log(2) / np.log(3), 0, np.nan]
    assert s.local_entropy(table, relative=True) == pytest.approx(expected, nan_ok=True)
    assert s.diversity_entropy([[4, 0], [0, 4]], relative=True) == pytest.approx(1)
    assert np.isnan(s.diversity_entropy([[4, 0], [3, 0]], relative=True))
    assert np.isnan(s.local_entropy([[4, 0], [3, 0]], relative=True)).all()
