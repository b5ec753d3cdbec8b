"""Centralisation: published patterns, the double sum, an independent package, and areas equally far from the centre."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.counts import Pair, Places
from quartiersatlas.segregation.indices.centralisation import (
    _absolute_centralisation,
    _relative_centralisation,
    absolute_centralisation,
    distance_to_centre,
    relative_centralisation,
)

# Toy cities of Morrill 1991 and Wong 1993: 10 x 10 cells of size 1 with 100 persons, all group or all rest
BLOCK = {(row, column) for row in range(5) for column in range(5, 10)}
SCATTERED = {(row, column) for row in range(0, 10, 2) for column in range(1, 10, 2)}
CELLS = [(row, column) for row in range(10) for column in range(10)]
MIDDLES = np.array([(column + 0.5, 9.5 - row) for row, column in CELLS])

rows = st.tuples(
    st.integers(0, 500), st.integers(0, 500), st.integers(1, 9), st.sampled_from([0.0, 1.0, 1.5, 2.0, 7.0])
)
cities = st.lists(rows, min_size=2, max_size=30).map(lambda table: np.array(table, dtype=float).T)


def by_pairs(x, y, distance):
    """How much likelier a member of the one lives nearer to the centre than one of the other: the double sum."""
    some = range(len(x))
    won = sum(x[i] * y[j] * np.sign(distance[j] - distance[i]) for i in some for j in some)
    return won / (x.sum() * y.sum())


def random_city(n, seed):
    random = np.random.default_rng(seed)
    total = random.integers(1, 5000, n)
    group = random.binomial(total, random.random(n))
    points = random.random((n, 2)) * 10_000
    width = random.random(n) * 50 + 1
    return group.astype(float), (total - group).astype(float), points, width


@pytest.mark.parametrize("where", [BLOCK, SCATTERED])
def test_patterns_that_are_point_symmetric_in_distance_are_not_centralised(where):
    # RCE and ACE with areas equally far merged are 0 for both patterns; taken in row order, other programs give 0.006
    group = np.array([100.0 * (cell in where) for cell in CELLS])
    far = distance_to_centre(MIDDLES, "mean")
    assert relative_centralisation(group, 100 - group, far) == pytest.approx(0, abs=1e-12)
    assert absolute_centralisation(group, np.ones(100), far) == pytest.approx(0, abs=1e-12)


@given(cities)
def test_both_indices_are_the_double_sum_over_pairs_of_people_and_land(table):
    x, y, area, distance = table
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    assert relative_centralisation(x, y, distance) == pytest.approx(by_pairs(x, y, distance), abs=1e-12)
    assert absolute_centralisation(x, area, distance) == pytest.approx(by_pairs(x, area, distance), abs=1e-12)


@given(cities, st.randoms(use_true_random=False))
def test_the_order_of_areas_does_not_matter_even_where_they_are_equally_far(table, random):
    x, y, area, distance = table
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    order = list(range(len(x)))
    random.shuffle(order)
    relative = relative_centralisation(x[order], y[order], distance[order])
    assert relative == pytest.approx(relative_centralisation(x, y, distance), abs=1e-12)
    absolute = absolute_centralisation(x[order], area[order], distance[order])
    assert absolute == pytest.approx(absolute_centralisation(x, area, distance), abs=1e-12)


@given(cities)
def test_relative_centralisation_changes_sign_with_the_roles_and_lies_between_minus_1_and_1(table):
    x, y, area, distance = table
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    value = relative_centralisation(x, y, distance)
    assert relative_centralisation(y, x, distance) == pytest.approx(-value, abs=1e-12)
    assert -1 - 1e-12 <= value <= 1 + 1e-12
    assert relative_centralisation(3 * x, y, 1000 * distance) == pytest.approx(value, abs=1e-12)
    assert absolute_centralisation(5 * area, area, distance) == pytest.approx(0, abs=1e-12)


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


def theirs(singlegroup, x, y, shapes, centre):
    frame = gpd.GeoDataFrame({"x": x, "t": x + y}, geometry=shapes, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            getattr(singlegroup, name)(frame, "x", "t", center=centre).statistic
            for name in ("AbsoluteCentralization", "RelativeCentralization")
        ]


@pytest.mark.parametrize(
    ("their_rule", "rule"),
    [
        ("mean", "mean"),
        ("median", "median"),
        ("population_weighted_mean", "population"),
        ("largest_population", "largest"),
        ((3000.0, 4000.0), (3000.0, 4000.0)),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_both_agree_with_pysal_where_no_areas_are_equally_far(singlegroup, seed, their_rule, rule):
    x, y, points, width = random_city(150, seed)
    shapes = shapely.box(*(points - width[:, None]).T, *(points + width[:, None]).T)
    far = distance_to_centre(points, rule, x + y)
    mine = [absolute_centralisation(x, shapely.area(shapes), far), relative_centralisation(x, y, far)]
    assert mine == pytest.approx(theirs(singlegroup, x, y, shapes, their_rule), abs=1e-10)


def test_the_order_of_areas_equally_far_from_the_centre_matters_to_pysal(singlegroup):
    group = np.array([100.0 * (cell in BLOCK) for cell in CELLS])
    cells = np.array([shapely.box(x - 0.5, y - 0.5, x + 0.5, y + 0.5) for x, y in MIDDLES])
    found = {"theirs": set(), "mine": set()}
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(100)
        found["theirs"].add(round(theirs(singlegroup, group[order], 100 - group[order], cells[order], "mean")[1], 6))
        far = distance_to_centre(MIDDLES[order], "mean")
        found["mine"].add(round(abs(relative_centralisation(group[order], 100 - group[order], far)), 12))
    assert found["mine"] == {0}
    assert len(found["theirs"]) > 1


def test_distances_that_differ_by_rounding_are_equal():
    group = np.array([100.0 * (cell in BLOCK) for cell in CELLS])
    far = distance_to_centre(MIDDLES * 333.3 + [350_000.1, 5_600_000.7], "mean")  # coordinates as in UTM
    assert len(np.unique(far)) > len(np.unique(far.round(6)))
    assert relative_centralisation(group, 100 - group, far) == pytest.approx(0, abs=1e-12)


def test_the_extremes():
    assert relative_centralisation([100, 0, 0], [0, 50, 50], [0, 1, 2]) == pytest.approx(1)
    assert relative_centralisation([0, 0, 100], [50, 50, 0], [0, 1, 2]) == pytest.approx(-1)
    assert absolute_centralisation([100, 0, 0, 0], [1, 1, 1, 1], [0, 1, 2, 3]) == pytest.approx(0.75)
    assert absolute_centralisation([0, 0, 0, 100], [1, 1, 1, 1], [0, 1, 2, 3]) == pytest.approx(-0.75)
    assert relative_centralisation([1, 2], [3, 4], [5, 5]) == 0


def test_what_cannot_be_given_is_not_a_number():
    for x, y in (([0, 0], [5, 5]), ([5, 5], [0, 0]), ([5, 0], [5, 0]), ([], [])):
        assert np.isnan(relative_centralisation(x, y, range(len(x))))
    assert np.isnan(absolute_centralisation([0, 0], [1, 2], [0, 1]))
    assert np.isnan(absolute_centralisation([5], [1], [0]))


def test_areas_without_residents_do_not_count_among_the_populations():
    value = relative_centralisation([1, 3], [4, 2], [2, 0])
    assert relative_centralisation([0, 1, 3], [0, 4, 2], [1, 2, 0]) == value != 0


def test_several_places_at_once_have_the_values_of_each_alone():
    parts = [random_city(n, n) for n in (30, 17, 44)]
    x, y = (np.concatenate([city[k] for city in parts]) for k in (0, 1))
    far = [distance_to_centre(city[2].round(-3), "median").round(-3) for city in parts]  # many are equally far
    area = np.concatenate([city[3] for city in parts])
    pair = Pair(x, y, x + y, Places(np.array([0, 30, 17, 44])))
    relative = _relative_centralisation(pair, np.concatenate(far))
    absolute = _absolute_centralisation(pair, area, np.concatenate(far))
    for place, (x, y, _, width), distance in zip((1, 2, 3), parts, far, strict=True):
        assert relative[place] == pytest.approx(relative_centralisation(x, y, distance), abs=1e-12)
        assert absolute[place] == pytest.approx(absolute_centralisation(x, width, distance), abs=1e-12)


def test_rules_for_the_centre():
    row = [[0, 0], [3, 4], [6, 8], [30, 40]]
    assert distance_to_centre(row, "mean").tolist() == pytest.approx([16.25, 11.25, 6.25, 33.75])
    assert distance_to_centre(row, "median").tolist() == pytest.approx([7.5, 2.5, 2.5, 42.5])
    assert distance_to_centre(row, weights=[1, 0, 0, 1]).tolist() == pytest.approx([25, 20, 15, 25])
    assert distance_to_centre(row, "largest", weights=[1, 5, 2, 3]).tolist() == pytest.approx([5, 0, 5, 45])
    assert distance_to_centre(row, "largest", weights=[5, 1, 5, 3]).tolist() == pytest.approx([5, 0, 5, 45])
    assert distance_to_centre(row, (3, 4)).tolist() == pytest.approx([5, 0, 5, 45])
    assert distance_to_centre(row, [(3, 4), (30, 40)]).tolist() == pytest.approx([5, 0, 5, 0])


def test_of_several_centres_the_nearest_counts():
    random = np.random.default_rng(0)
    points, centres = random.random((50, 2)), random.random((7, 2))
    apart = np.sqrt(((points[:, None] - centres[None]) ** 2).sum(axis=2))
    assert distance_to_centre(points, centres) == pytest.approx(apart.min(axis=1))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ([[0, 0]], "middle"),
            SpecError,
            r"centre must be one of 'population', 'mean', .*, or coordinates, not 'middle'",
        ),
        (([[0, 0]], "population"), SpecError, r"needs the residents"),
        (([[0, 0]], "population", [0]), CountError, r"not all 0"),
        (([[0, 0]], "largest", [1, 2]), CountError, r"must be one per area \(1\)"),
        (([[0, 0]], "largest", [-1]), CountError, r"negative"),
        (([[0, np.inf]], "mean"), GeometryError, r"'points' must be pairs of finite coordinates"),
        (([0, 1], "mean"), GeometryError, r"shape given is \(2,\)"),
        (([[0, 0]], (1, 2, 3)), GeometryError, r"'centre' must be pairs"),
        (([[0, 0]], []), GeometryError, r"'centre' must be pairs"),
        (([[0, 0]], np.empty((0, 2))), GeometryError, r"No centre"),
    ],
)
def test_impossible_centres_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        distance_to_centre(*arguments)


def test_impossible_distances_are_refused():
    with pytest.raises(GeometryError, match=r"'distance' is negative or not finite \(0: -1\)"):
        relative_centralisation([1, 2], [2, 1], [-1, 1])
    with pytest.raises(GeometryError, match="nan"):
        absolute_centralisation([1, 2], [2, 1], [np.nan, 1])
    with pytest.raises(GeometryError, match="'distance' must hold 2 numbers; its shape"):
        absolute_centralisation([1, 2], [2, 1], [1])
