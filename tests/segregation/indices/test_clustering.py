"""Clustering and distance decay: published patterns, the double loop, and what must hold for every city."""

from __future__ import annotations

import warnings
from math import exp, hypot, sqrt

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.counts import Pair, Places, group_and_rest
from quartiersatlas.segregation.indices import clustering
from quartiersatlas.segregation.indices.clustering import (
    absolute_clustering,
    decay_reason,
    distance_decay_interaction,
    distance_decay_isolation,
    proximity_sums,
    relative_clustering,
    spatial_proximity,
)

# Toy cities of Morrill, R. L. (1991), On the measure of geographic segregation, Geography Research Forum 11, 25-36,
# and Wong, D. W. S. (1993), Spatial indices of segregation, Urban Studies 30, 559-572: 10 x 10 cells of 100 persons
# and size 1; a cell is all group or all rest. Values by a double loop over the formulas; SP, RCL, ACL and DPxx also
# by OasisR 3.1.1 to its 4 digits.
BLOCK = {(row, column) for row in range(5) for column in range(5, 10)}  # pattern A: one quarter of the city
SCATTERED = {(row, column) for row in range(0, 10, 2) for column in range(1, 10, 2)}  # pattern C: every other cell
KNOWN = {
    "block": (1.6571397877845289, 1.4374944922356816, 0.6571397877845288, 0.7646185508111865, 0.2353814491888136),
    "scattered": (
        1.0032242134743616,
        0.008588672027605382,
        0.0032242134743617422,
        0.25766106331711097,
        0.742338936682889,
    ),
}


def toy_city(where):
    cells = [(row, column) for row in range(10) for column in range(10)]
    group = np.array([100.0 * (cell in where) for cell in cells])
    points = np.array([(column + 0.5, 9.5 - row) for row, column in cells])
    return group, 100 - group, points, np.ones(100)


def all_five(group, rest, points, area, unit=1.0):
    total = np.asarray(group) + np.asarray(rest)
    return (
        spatial_proximity(group, rest, points, area, unit),
        relative_clustering(group, rest, points, area, unit),
        absolute_clustering(group, rest, points, area, unit),
        distance_decay_isolation(group, total, points, area, unit),
        distance_decay_interaction(group, rest, total, points, area, unit),
    )


def by_double_loop(x, y, points, area, unit):
    """Straight from White 1983, Massey & Denton 1988 and Morgan 1983, one pair of areas after the other."""
    some = range(len(x))
    t = [x[i] + y[i] for i in some]
    distance = [[hypot(*(points[i] - points[j])) if i != j else sqrt(0.6 * area[i]) for j in some] for i in some]
    c = [[exp(-d / unit) for d in row] for row in distance]

    def p(one, other):
        return sum(one[i] * other[j] * c[i][j] for i in some for j in some) / (sum(one) * sum(other))

    def decay(met):
        shares = 0.0
        for i in some:
            nearby = sum(c[i][j] * t[j] for j in some)
            shares += x[i] / sum(x) * sum(c[i][j] * t[j] / nearby * met[j] / t[j] for j in some)
        return shares

    even = sum(x) / len(x) ** 2 * sum(map(sum, c))
    own = sum(x[i] / sum(x) * sum(c[i][j] * x[j] for j in some) for i in some)
    everybody = sum(x[i] / sum(x) * sum(c[i][j] * t[j] for j in some) for i in some)
    return (
        (sum(x) * p(x, x) + sum(y) * p(y, y)) / (sum(t) * p(t, t)),
        p(x, x) / p(y, y) - 1,
        (own - even) / (everybody - even),
        decay(x),
        decay(y),
    )


def random_city(n, seed, extent=20_000):
    random = np.random.default_rng(seed)
    total = random.integers(1, 5000, n)
    group = random.binomial(total, random.random(n) ** 2)
    points = random.random((n, 2)) * extent + [394_000, 5_815_000]
    return group.astype(float), (total - group).astype(float), points, random.uniform(1e4, 4e6, n)


cities = st.builds(random_city, st.integers(3, 40), st.integers(0, 10**6)).filter(
    lambda city: city[0].sum() > 0 and city[1].sum() > 0
)
units = st.floats(1000, 20_000)  # no two areas of a city are 30 km apart


@pytest.mark.parametrize(("name", "where"), [("block", BLOCK), ("scattered", SCATTERED)])
def test_the_toy_cities_have_their_known_values(name, where):
    assert all_five(*toy_city(where)) == pytest.approx(KNOWN[name], abs=1e-12)


@pytest.mark.parametrize("unit", [600.0, 1000.0, 5000.0])
@pytest.mark.parametrize("seed", range(4))
def test_irregular_cities_have_the_values_of_the_double_loop(seed, unit):
    city = random_city(45, seed)
    assert all_five(*city, unit) == pytest.approx(by_double_loop(*city, unit), rel=1e-11, abs=1e-12)


def test_a_block_is_more_clustered_than_the_same_cells_scattered():
    block, scattered = all_five(*toy_city(BLOCK)), all_five(*toy_city(SCATTERED))
    assert all(one > other + 0.1 for one, other in zip(block[:4], scattered[:4], strict=True))
    assert block[4] < scattered[4]


@given(cities, units)
def test_isolation_and_interaction_with_the_rest_add_up_to_one(city, unit):
    *_, isolation, interaction = all_five(*city, unit)
    assert isolation + interaction == pytest.approx(1, abs=1e-12)


@given(cities, units)
def test_nobody_meets_more_than_everybody(city, unit):
    group, rest, points, area = city
    total = 2 * (group + rest)
    third = distance_decay_interaction(group, rest, total, points, area, unit)
    own = distance_decay_isolation(group, total, points, area, unit)
    assert third + own == pytest.approx(0.5, abs=1e-12)


@given(cities, units, st.floats(0.01, 0.99))
def test_the_same_share_everywhere_is_no_clustering(city, unit, share):
    group, rest, points, area = city
    total = group + rest
    sp, rcl, _, isolation, _ = all_five(share * total, (1 - share) * total, points, area, unit)
    assert (sp, rcl, isolation) == pytest.approx((1, 0, share), abs=1e-11)


def test_the_same_share_everywhere_has_absolute_clustering_0_only_where_areas_have_equally_many_residents():
    _, _, points, area = random_city(30, 1)
    equal, unequal = np.full(30, 1000.0), np.arange(1, 31) * 100.0
    assert absolute_clustering(0.2 * equal, 0.8 * equal, points, area, 2000) == pytest.approx(0, abs=1e-12)
    assert abs(absolute_clustering(0.2 * unequal, 0.8 * unequal, points, area, 2000)) > 1e-4


@settings(max_examples=30)
@given(cities, units, st.randoms(use_true_random=False))
def test_the_order_of_areas_and_the_size_of_the_population_do_not_matter(city, unit, random):
    order = list(range(len(city[0])))
    random.shuffle(order)
    values = all_five(*city, unit)
    assert all_five(*(column[order] for column in city), unit) == pytest.approx(values, rel=1e-9, abs=1e-11)
    group, rest, points, area = city
    assert all_five(7.5 * group, 7.5 * rest, points, area, unit) == pytest.approx(values, rel=1e-9, abs=1e-11)


@given(cities, units)
def test_kilometres_and_metres_of_the_same_city_agree(city, unit):
    group, rest, points, area = city
    assert all_five(group, rest, points / 1000, area / 1e6, unit / 1000) == pytest.approx(
        all_five(*city, unit), rel=1e-8, abs=1e-10
    )


@given(cities, units)
def test_the_two_populations_change_places(city, unit):
    group, rest, points, area = city
    assert spatial_proximity(rest, group, points, area, unit) == pytest.approx(
        spatial_proximity(*city, unit), rel=1e-12
    )
    forth, back = relative_clustering(*city, unit), relative_clustering(rest, group, points, area, unit)
    assert (forth + 1) * (back + 1) == pytest.approx(1, rel=1e-12)


def test_areas_without_residents_do_not_count():
    group, rest, points, area = random_city(20, 3)
    wide = [np.append(group, 0), np.append(rest, 0), np.vstack([points, [np.nan, np.nan]]), np.append(area, np.nan)]
    assert all_five(*wide, 1000) == all_five(group, rest, points, area, 1000)


@pytest.mark.parametrize("emptied", [0, 1])
def test_an_empty_population_has_no_index(emptied):
    city = list(random_city(20, 4))
    city[emptied] = np.zeros(20)
    assert np.isnan(all_five(*city, 1000)).all()


def test_a_single_inhabited_area_has_no_index():
    points, area = np.array([[0, 0], [1000, 0]]), [1e6, 1e6]
    assert np.isnan(all_five([30, 0], [70, 0], points, area, 1000)).all()


def test_metres_in_place_of_kilometres_give_no_index_rather_than_the_aspatial_one():
    city = random_city(200, 5)
    assert np.isfinite(all_five(*city, 1000)).all()
    assert np.isnan(all_five(*city, 1.0)).all()


def test_the_reason_tells_a_unit_far_below_the_distance_between_areas():
    row = np.column_stack([np.arange(9) * 100.0, np.zeros(9)])
    assert decay_reason(row, 100 / 29) == ""
    assert decay_reason(row, 100 / 31) == "note_decay_unit"
    # two areas at one place do not make up for seven others, nor does one remote area spoil the city
    assert decay_reason(np.vstack([row, row[:1]]), 1) == "note_decay_unit"
    assert decay_reason(np.vstack([row, [[1e9, 1e9]]]), 1000) == ""
    assert decay_reason(row[:1], 1) == decay_reason(row[:0], 1) == ""


def test_an_area_that_is_not_even_near_itself_has_the_reason_too():
    # one remote area of 6,700 square kilometres beside a city of hectares
    points = np.vstack([np.column_stack([np.arange(9) * 100.0, np.zeros(9)]), [[1e6, 0]]])
    pair = group_and_rest([5.0] * 10, [5.0] * 10)
    near = proximity_sums([pair], points, np.append(np.full(9, 1e4), 6.7e9), 80.0)[0]
    assert near.near_total[-1] == 0
    assert near.reasons.tolist() == ["note_decay_unit"]


def test_several_groups_share_one_pass_over_the_pairs(monkeypatch):
    group, rest, points, area = random_city(50, 6)
    total = group + rest
    third = np.floor(rest / 3)
    passes = []
    original = clustering.decay_sums
    monkeypatch.setattr(clustering, "decay_sums", lambda *given: passes.append(given) or original(*given))
    pairs = [Pair(x, total - x, total, Places.one(50)) for x in (group, third)]
    near = proximity_sums(pairs, points, area, 1000)
    assert len(passes) == 1
    for x, sums in zip((group, third), near, strict=True):
        assert clustering.spatial_proximities(sums)[0] == pytest.approx(
            spatial_proximity(x, total - x, points, area, 1000), rel=1e-13
        )


def test_places_are_separate_cities():
    one, other, empty = random_city(30, 7), random_city(40, 8), random_city(0, 9)
    group, rest, points, area = (np.concatenate(parts) for parts in zip(one, empty, other, strict=True))
    pair = Pair(group, rest, group + rest, Places(np.array([30, 0, 40])))
    near = proximity_sums([pair], points, area, 1000)[0]
    assert near.reasons.tolist() == ["", "note_no_area", ""]
    indices = (
        clustering.spatial_proximities,
        clustering.relative_clusterings,
        clustering.absolute_clusterings,
        clustering.distance_decay_isolations,
        clustering.distance_decay_interactions,
    )
    values = np.array([index(near) for index in indices])
    assert values[:, 0] == pytest.approx(all_five(*one, 1000), rel=1e-12)
    assert values[:, 2] == pytest.approx(all_five(*other, 1000), rel=1e-12)


def test_a_group_above_the_population_is_refused():
    points, area = [[0, 0], [1, 0]], [1, 1]
    with pytest.raises(CountError, match="larger than the population"):
        distance_decay_isolation([5, 1], [4, 9], points, area)
    with pytest.raises(CountError, match="larger than the population"):
        distance_decay_interaction([3, 1], [3, 1], [4, 9], points, area)


@pytest.mark.parametrize("wrong", [-1, np.nan, np.inf])
def test_counts_that_are_none_are_refused(wrong):
    points, area = [[0, 0], [1, 0]], [1, 1]
    for index in (spatial_proximity, relative_clustering, absolute_clustering):
        with pytest.raises(CountError, match="negative or not finite"):
            index([wrong, 1], [1, 1], points, area)


@pytest.mark.parametrize(
    ("points", "area", "message"),
    [
        ([[0, 0]], [1, 1], r"must have the shape \(2, 2\)"),
        ([[0, 0], [1, 0]], [1], r"the sizes \(2,\)"),
        ([[0, 0], [np.nan, 0]], [1, 1], "1 area has no finite centroid or size: '1'"),
        ([[0, 0], [1, 0]], [-1, 1], "'0'"),
    ],
)
def test_areas_that_lie_nowhere_are_refused(points, area, message):
    with pytest.raises(GeometryError, match=message):
        spatial_proximity([1, 2], [2, 1], points, area)


def test_a_unit_that_is_no_length_is_refused():
    with pytest.raises(SpecError, match="above 0"):
        spatial_proximity([1, 2], [2, 1], [[0, 0], [1, 0]], [1, 1], 0)


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


def frame_of(where):
    group, rest, points, _ = toy_city(where)
    squares = shapely.box(*(points - 0.5).T, *(points + 0.5).T)
    return gpd.GeoDataFrame({"group": group, "total": group + rest}, geometry=squares, crs="EPSG:25832")


def test_the_peer_package_ranks_the_scattered_cells_above_the_block(singlegroup):
    # segregation 2.5.4 takes 1 - exp(-d) for nearness, which grows with the distance
    names = ["SpatialProximity", "AbsoluteClustering", "RelativeClustering"]
    values = {}
    for name in names:
        index = getattr(singlegroup, name)
        values[name] = [index(frame_of(where), "group", "total").statistic for where in (BLOCK, SCATTERED)]
    assert values["SpatialProximity"] == pytest.approx([1.244, 1.348], abs=1e-3)
    assert values["AbsoluteClustering"] == pytest.approx([0.244, 0.348], abs=1e-3)
    assert values["RelativeClustering"] == pytest.approx([2, 2], abs=1e-3)  # whoever lives where


def test_the_peer_package_meets_more_than_everybody(singlegroup):
    # its weights are divided by the sums of the wrong axis
    frame = frame_of(BLOCK)
    isolation = singlegroup.DistanceDecayIsolation(frame, "group", "total").statistic
    interaction = singlegroup.DistanceDecayInteraction(frame, "group", "total").statistic
    assert isolation + interaction > 1.01
    assert sum(all_five(*toy_city(BLOCK))[3:]) == pytest.approx(1, abs=1e-12)
