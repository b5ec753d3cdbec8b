"""Published and hand-checked values; the tables are those of the literature on two-group indices."""

from __future__ import annotations

import numpy as np
import pytest

from quartiersatlas.segregation import dissimilarity, interaction, isolation, location_quotient

# group, rest: small tables whose values agree between the formula and at least two independent implementations
E1 = np.array([[100, 0], [60, 40], [40, 60], [0, 100]])
E2 = np.array([[80, 20], [80, 20], [20, 80], [20, 80]])
E3 = np.array([[10, 5], [20, 30], [0, 0]])  # one empty area
SEGREGATED = np.array([[100, 0], [100, 0], [0, 100], [0, 100]])
EVEN = np.array([[10, 30], [20, 60], [5, 15]])


@pytest.mark.parametrize(
    ("table", "expected"), [(E1, 0.6), (E2, 0.6), (E3, 0.19047619), (SEGREGATED, 1.0), (EVEN, 0.0)]
)
def test_dissimilarity(table, expected):
    assert dissimilarity(table[:, 0], table[:, 1]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("table", "expected"), [(E1, 0.76), (E2, 0.68), (E3, 0.488888889), (SEGREGATED, 1.0), (EVEN, 0.25)]
)
def test_isolation(table, expected):
    assert isolation(table[:, 0], table.sum(axis=1)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("table", "expected"), [(E1, 0.24), (E2, 0.32), (SEGREGATED, 0.0), (EVEN, 0.75)])
def test_interaction(table, expected):
    assert interaction(table[:, 0], table[:, 1], table.sum(axis=1)) == pytest.approx(expected, abs=1e-8)


def test_location_quotient_of_published_district_profiles():
    # Mülheim 2011: 45 % and 35 % with migration background where the city has 22 %
    residents = np.array([11_800, 15_700, 169_000 - 11_800 - 15_700])
    members = np.array([0.45 * 11_800, 0.35 * 15_700, 0.22 * 169_000 - 0.45 * 11_800 - 0.35 * 15_700])
    assert location_quotient(members, residents)[:2] == pytest.approx([2.05, 1.59], abs=0.005)


def test_no_group_or_nobody_else_has_no_dissimilarity():
    assert np.isnan(dissimilarity([0, 0], [5, 5]))
    assert np.isnan(dissimilarity([5, 5], [0, 0]))
    assert np.isnan(isolation([0, 0], [5, 5]))
    assert np.isnan(location_quotient([0, 0], [5, 5])).all()


def test_an_empty_area_has_no_location_quotient():
    assert np.isnan(location_quotient([5, 0], [10, 0])).tolist() == [False, True]
