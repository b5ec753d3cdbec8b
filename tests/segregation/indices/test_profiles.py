"""Profiles over the shares of a group: the definition read threshold by threshold, an independent package, graphs."""

from __future__ import annotations

import warnings
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.counts import Pair, Places
from quartiersatlas.segregation.indices import profiles
from quartiersatlas.segregation.indices.exposure import isolation
from quartiersatlas.segregation.indices.profiles import (
    _concentration_profile,
    concentration_profile,
    spatial_proximity_profile,
)
from quartiersatlas.space.neighbours import borders

counts = st.integers(0, 300)
cities = st.lists(st.tuples(counts, counts), min_size=2, max_size=25).map(lambda rows: np.array(rows, dtype=float).T)


def random_city(n, seed):
    random = np.random.default_rng(seed)
    points = random.random((n, 2)) * 10_000
    square = shapely.box(0, 0, 10_000, 10_000)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=square))
    total = random.integers(1, 5000, n)
    group = random.binomial(total, random.beta(1, 3, n))
    return group.astype(float), (total - group).astype(float), shapely.intersection(cells, square)


def random_graph(n, seed, part=0.3):
    random = np.random.default_rng(seed)
    one, other = np.triu_indices(n, 1)
    chosen = random.random(len(one)) < part
    return one[chosen], other[chosen]


def steps(n, one, other):
    """Distances in steps, with the full matrix."""
    graph = coo_array((np.ones(2 * len(one)), ([*one, *other], [*other, *one])), shape=(n, n))
    return shortest_path(graph.tocsr(), unweighted=True)


def index_of(profile, city, m):
    """Area above the profile below the city's share and under it above, read at m thresholds."""
    thresholds = np.linspace(0, 1, m)
    values = np.array([profile(q) for q in thresholds])
    below = thresholds < city
    return (city - (values[below].sum() / m - values[~below].sum() / m)) / (1 - city)


def closeness(shares, distance):
    """Eta of Hong & Sadahiro 2014, straight from the matrix of distances."""

    def profile(q):
        rows = np.flatnonzero(shares >= q)
        summed = distance[np.ix_(rows, rows)].sum()
        return (len(rows) ** 2 - len(rows)) / summed if len(rows) > 1 else 0.0

    return profile


@pytest.mark.parametrize("m", [100, 1000, 20_000])
def test_the_concentration_profile_is_the_limit_of_its_reading_at_thresholds(m):
    x, y, _ = random_city(60, 4)
    shares = x / (x + y)
    read = index_of(lambda q: x[shares >= q].sum() / x.sum(), x.sum() / (x + y).sum(), m)
    assert concentration_profile(x, y) == pytest.approx(read, abs=3 / m)


@given(cities)
def test_the_concentration_profile_is_the_integral_of_its_steps(city):
    x, y = city
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    lived_in = x + y > 0
    shares, members = (x / np.where(lived_in, x + y, 1))[lived_in], x[lived_in]
    share = x.sum() / (x + y).sum()
    bounds = sorted({0.0, share, 1.0, *shares.tolist()})
    value = share
    for low, high in pairwise(bounds):
        height = members[shares >= high].sum() / x.sum()
        value += (high - low) * (height if low >= share else -height)
    assert concentration_profile(x, y) == pytest.approx(value / (1 - share), abs=1e-9)


@given(cities)
def test_the_concentration_profile_lies_between_0_and_1_for_a_minority(city):
    x, y = city
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    value = concentration_profile(x, y)
    share = x.sum() / (x + y).sum()
    assert value >= -1e-12
    assert value <= 1 + 1e-12 or share > 0.5
    assert value >= (isolation(x, x + y) - share) / (1 - share) - 1e-9  # a mean of distances is at least their sum
    assert concentration_profile(x[::-1], y[::-1]) == pytest.approx(value, abs=1e-12)


def test_extremes_of_the_concentration_profile():
    assert concentration_profile([100, 0], [0, 300]) == pytest.approx(1)
    # three quarters of the majority live where nobody else does, P = .8: (1/4 * .3 + 3/4 * .2) / .2
    assert concentration_profile([1, 3], [1, 0]) == pytest.approx(1.125)
    assert concentration_profile([10, 20, 30], [20, 40, 60]) == pytest.approx(0)
    assert concentration_profile([100, 60, 40, 0], [0, 40, 60, 100]) == pytest.approx(0.6)


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


def test_the_concentration_profile_agrees_with_pysal_up_to_its_thresholds(singlegroup):
    x, y, cells = random_city(80, 1)
    frame = gpd.GeoDataFrame({"x": x, "t": x + y}, geometry=cells, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        their = singlegroup.ConProf(frame, "x", "t").statistic
    shares = x / (x + y)
    read = index_of(lambda q: x[shares >= q].sum() / x.sum(), x.sum() / (x + y).sum(), 1000)
    assert read == pytest.approx(their, abs=1e-10)
    assert concentration_profile(x, y) == pytest.approx(their, abs=0.003)


@pytest.mark.parametrize(("n", "seed"), [(30, 0), (150, 1)])
def test_the_proximity_profile_agrees_with_pysal(singlegroup, n, seed):
    x, y, cells = random_city(n, seed)
    frame = gpd.GeoDataFrame({"x": x, "t": x + y}, geometry=cells, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        their = singlegroup.SpatialProxProf(frame, "x", "t").statistic
    assert spatial_proximity_profile(x, y, *borders(cells).queen) == pytest.approx(their, abs=1e-10)


@settings(max_examples=60, deadline=None)
@given(cities, st.integers(0, 10**6), st.floats(0.05, 0.9))
def test_the_proximity_profile_is_read_from_the_matrix_of_distances(city, seed, part):
    x, y = city
    assume(x.sum() > 0 and y.sum() > 0 and (x + y > 0).sum() > 1)
    one, other = random_graph(len(x), seed, part)
    lived_in = x + y > 0
    shares = np.where(lived_in, x / np.where(lived_in, x + y, 1), -1)
    eta = closeness(shares, steps(len(x), one, other))
    share = x.sum() / (x + y).sum()
    assert spatial_proximity_profile(x, y, one, other, thresholds=50) == pytest.approx(
        index_of(eta, share, 50), abs=1e-12
    )
    bounds = sorted({0.0, share, 1.0, *shares[lived_in].tolist()})
    area = sum((b - a) * eta(b) * (1 if a >= share else -1) for a, b in pairwise(bounds))
    exact = spatial_proximity_profile(x, y, one, other, thresholds=None)
    assert exact == pytest.approx((share + area) / (1 - share), abs=1e-9)


@pytest.mark.parametrize("words", [1, 2, 8])
def test_distances_are_those_of_the_full_matrix_for_more_areas_than_a_word_has_bits(monkeypatch, words):
    monkeypatch.setattr(profiles, "MOST_WORDS", words)
    cells = random_city(300, 7)[2]
    one, other = borders(cells).rook
    distance = steps(300, one, other)
    rank = np.random.default_rng(0).permutation(300)
    expected = [distance[i][rank < rank[i]].sum() for i in range(300)]
    found = profiles._distances(profiles.checked_contacts(300, one, other), rank)
    assert found.tolist() == expected


def test_neighbours_are_closer_together_than_areas_at_the_ends_of_a_row():
    row = [0, 1, 2, 3], [1, 2, 3, 4]
    # P = .42; the mean distance of all is 2, of two neighbours 1, of the two ends 4
    beside = spatial_proximity_profile([90, 90, 10, 10, 10], [10, 10, 90, 90, 90], *row, thresholds=None)
    apart = spatial_proximity_profile([90, 10, 10, 10, 90], [10, 90, 90, 90, 10], *row, thresholds=None)
    assert beside == pytest.approx((0.42 - 0.1 / 2 - 0.32 + 0.48) / 0.58)
    assert apart == pytest.approx((0.42 - 0.1 / 2 - 0.32 / 4 + 0.48 / 4) / 0.58)


def test_a_threshold_at_the_share_of_the_city_counts_as_above_it():
    # thresholds 0, .5 and 1: the mean distance of the four in a row is 5/3, of the two above .5 it is 1
    value = spatial_proximity_profile([9, 9, 1, 1], [1, 1, 9, 9], [0, 1, 2], [1, 2, 3], thresholds=3)
    assert value == pytest.approx((0.5 - 0.6 / 3 + 1 / 3) / 0.5)


def test_areas_that_cannot_reach_each_other_end_the_profile():
    # the two areas with the highest shares are neighbours, the third is an island: nothing counts from there on
    x, y = [90, 80, 50, 10], [10, 20, 50, 90]
    value = spatial_proximity_profile(x, y, [0, 1], [1, 3], thresholds=None)
    share = 230 / 400
    assert value == pytest.approx((share - (share - 0.5) + (0.8 - share)) / (1 - share))


def test_paths_lead_through_areas_without_residents_but_they_do_not_count():
    through = spatial_proximity_profile([8, 0, 2], [2, 0, 8], [0, 1], [1, 2], thresholds=None)
    assert through == pytest.approx((0.5 - 0.2 * (2 / 4)) / 0.5)
    assert spatial_proximity_profile([8, 0, 2], [2, 0, 8], [0], [1], thresholds=None) == pytest.approx(1)


def test_the_order_of_areas_does_not_matter():
    x, y, cells = random_city(90, 3)
    order = np.random.default_rng(1).permutation(90)
    value = spatial_proximity_profile(x, y, *borders(cells).queen)
    again = spatial_proximity_profile(x[order], y[order], *borders(cells[order]).queen)
    assert again == pytest.approx(value, abs=1e-12)


def test_what_cannot_be_given_is_not_a_number():
    row = [0], [1]
    for x, y in (([0, 0], [5, 5]), ([5, 5], [0, 0]), ([5, 0], [5, 0])):
        assert np.isnan(concentration_profile(x, y))
        assert np.isnan(spatial_proximity_profile(x, y, *row))
    assert np.isnan(spatial_proximity_profile([], [], [], []))


def test_several_places_at_once_have_the_values_of_each_alone():
    parts = [random_city(n, n)[:2] for n in (30, 17, 44)]
    x, y = (np.concatenate([city[k] for city in parts]) for k in (0, 1))
    found = _concentration_profile(Pair(x, y, x + y, Places(np.array([30, 0, 17, 44]))))
    for place, city in zip((0, 2, 3), parts, strict=True):
        assert found[place] == pytest.approx(concentration_profile(*city), abs=1e-12)


def test_impossible_counts_pairs_and_thresholds_are_refused():
    with pytest.raises(CountError, match="area 0: -1"):
        concentration_profile([-1, 2], [1, 1])
    with pytest.raises(GeometryError, match="'0-5'"):
        spatial_proximity_profile([1, 2], [2, 1], [0], [5])
    with pytest.raises(SpecError, match=r"thresholds must be 2 or more .*not 1"):
        spatial_proximity_profile([1, 2], [2, 1], [0], [1], thresholds=1)
