"""Concentration: the formulas, an independent package, and areas of equal size."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError
from quartiersatlas.segregation.counts import Pair, Places
from quartiersatlas.segregation.indices.concentration import (
    _absolute_concentration,
    _delta,
    _relative_concentration,
    absolute_concentration,
    delta,
    relative_concentration,
)
from quartiersatlas.segregation.indices.evenness import dissimilarity

rows = st.tuples(st.integers(0, 500), st.integers(0, 500), st.sampled_from([1.0, 2.0, 3.0, 5.0, 8.0]))
cities = st.lists(rows, min_size=2, max_size=30).map(lambda table: np.array(table, dtype=float).T)


def city(n, seed, sizes="all different"):
    random = np.random.default_rng(seed)
    total = random.integers(1, 5000, n).astype(float)
    group = random.binomial(total.astype(int), random.random(n) * 0.6).astype(float)
    area = random.gamma(2, 50, n) + 1 if sizes == "all different" else random.integers(1, 6, n).astype(float)
    return group, total - group, area


def mean_of_areas_with(people, total, area, order):
    """Mean size of areas, weighted with residents, taken one by one until they hold so many people."""
    held = land = 0.0
    for i in order:
        if held >= people:
            break
        held, land = held + total[i], land + total[i] * area[i]
    return land / held


def by_loop(x, y, area):
    """ACO and RCO straight from Massey & Denton 1988; all areas differ in size."""
    t = x + y
    ascending = sorted(range(len(x)), key=lambda i: area[i])
    small = mean_of_areas_with(sum(x), t, area, ascending)
    large = mean_of_areas_with(sum(x), t, area, ascending[::-1])
    own, others = sum(x * area) / sum(x), sum(y * area) / sum(y)
    return 1 - (own - small) / (large - small), (own / others - 1) / (small / large - 1)


@pytest.mark.parametrize("seed", range(5))
def test_concentration_agrees_with_the_loop(seed):
    x, y, area = city(70, seed)
    absolute, relative = by_loop(x, y, area)
    assert absolute_concentration(x, x + y, area) == pytest.approx(absolute, abs=1e-12)
    assert relative_concentration(x, y, area) == pytest.approx(relative, abs=1e-12)


@pytest.fixture(scope="module")
def singlegroup():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import singlegroup

        return singlegroup


@pytest.mark.parametrize("seed", range(5))
def test_all_three_agree_with_pysal_where_all_areas_differ_in_size(singlegroup, seed):
    x, y, area = city(200, seed)
    shapes = shapely.box(0, 0, area, 1)
    frame = gpd.GeoDataFrame({"x": x, "t": x + y}, geometry=shapes, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            getattr(singlegroup, name)(frame, "x", "t").statistic
            for name in ("Delta", "AbsoluteConcentration", "RelativeConcentration")
        ]
    mine = [delta(x, area), absolute_concentration(x, x + y, area), relative_concentration(x, y, area)]
    assert mine == pytest.approx(theirs, abs=1e-10)


def test_delta_of_the_published_patterns():
    # a quarter of 100 cells of equal size is home to the whole group (Morrill 1991, Wong 1993)
    assert delta([100.0] * 25 + [0.0] * 75, np.ones(100)) == pytest.approx(0.75)


@given(cities)
def test_delta_is_the_dissimilarity_of_people_and_land(table):
    x, _, area = table
    assume(x.sum() > 0)
    assert delta(x, area) == pytest.approx(dissimilarity(x, area), abs=1e-12)
    assert 0 <= delta(x, area) <= 1
    assert delta(7 * area, area) == pytest.approx(0, abs=1e-12)


@given(cities, st.randoms(use_true_random=False))
def test_the_order_of_areas_does_not_matter_even_where_areas_are_equally_large(table, random):
    x, y, area = table
    assume(x.sum() > 0 and y.sum() > 0)
    order = list(range(len(x)))
    random.shuffle(order)
    for mine, columns in (
        (absolute_concentration, (x, x + y, area)),
        (relative_concentration, (x, y, area)),
    ):
        value = mine(*columns)
        again = mine(*(column[order] for column in columns))
        assert again == pytest.approx(value, abs=1e-9, nan_ok=True)


def test_the_order_of_equally_large_areas_matters_to_pysal(singlegroup):
    x, y, area = city(40, 0, sizes="some equal")
    values = {"theirs": set(), "mine": set()}
    for seed in range(8):
        order = np.random.default_rng(seed).permutation(40)
        frame = gpd.GeoDataFrame(
            {"x": x[order], "t": (x + y)[order]}, geometry=shapely.box(0, 0, area[order], 1), crs=25832
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values["theirs"].add(round(singlegroup.AbsoluteConcentration(frame, "x", "t").statistic, 9))
        values["mine"].add(round(absolute_concentration(x[order], (x + y)[order], area[order]), 9))
    assert len(values["mine"]) == 1 < len(values["theirs"])
    # with the missing persons only, the value lies within what the orders give, or just beyond
    assert min(values["theirs"]) - 0.02 < values["mine"].pop() < max(values["theirs"]) + 0.02


def test_of_equally_large_areas_only_the_missing_persons_count():
    # 100 members; the smallest area holds 60 residents, so that 40 of those in the two areas of size 3 are missing,
    # and the largest holds 90, so that 10 of them are; own mean (50 * 1 + 25 * 3 + 25 * 10) / 100
    x, total, area = [50, 25, 0, 25], [60, 100, 70, 90], [1, 3, 3, 10]
    small, large, own = (60 * 1 + 40 * 3) / 100, (90 * 10 + 10 * 3) / 100, 3.75
    assert absolute_concentration(x, total, area) == pytest.approx(1 - (own - small) / (large - small))


def test_sizes_that_differ_by_rounding_are_equal():
    x, y, area = city(40, 3, sizes="some equal")
    noisy = area * (1 + 1e-12 * np.random.default_rng(0).standard_normal(40))
    assert absolute_concentration(x, x + y, noisy) == pytest.approx(absolute_concentration(x, x + y, area), abs=1e-9)
    assert relative_concentration(x, y, noisy) == pytest.approx(relative_concentration(x, y, area), abs=1e-9)


def test_the_extremes():
    total, area = [100, 100, 100, 100], [1, 2, 4, 8]
    assert absolute_concentration([100, 0, 0, 0], total, area) == pytest.approx(1)
    assert absolute_concentration([0, 0, 0, 100], total, area) == pytest.approx(0)
    assert relative_concentration([100, 0, 0, 100], [0, 100, 100, 0], [1, 2, 2, 3]) == pytest.approx(0)
    assert relative_concentration([100, 0], [0, 100], [1, 9]) == pytest.approx(1)
    assert relative_concentration([0, 100], [100, 0], [1, 9]) < -1  # not bounded below


@given(cities, st.floats(0.1, 50))
def test_neither_the_unit_of_land_nor_the_number_of_persons_matters(table, factor):
    x, y, area = table
    assume(x.sum() > 0 and y.sum() > 0)
    value = absolute_concentration(x, x + y, area)
    assert absolute_concentration(x, x + y, factor * area) == pytest.approx(value, abs=1e-9, nan_ok=True)
    assert absolute_concentration(4 * x, 4 * (x + y), area) == pytest.approx(value, abs=1e-9, nan_ok=True)
    assert delta(3 * x, factor * area) == pytest.approx(delta(x, area), abs=1e-12)


def test_areas_without_residents_do_not_count_in_concentration():
    x, y, area = city(30, 1)
    more = [np.append(column, 0) for column in (x, y)]
    assert absolute_concentration(more[0], sum(more), [*area, 9]) == pytest.approx(
        absolute_concentration(x, x + y, area)
    )
    assert relative_concentration(*more, [*area, 9]) == pytest.approx(relative_concentration(x, y, area))


def test_what_cannot_be_given_is_not_a_number():
    for x, y in (([0, 0], [5, 5]), ([5, 5], [0, 0]), ([5, 0], [5, 0])):
        assert np.isnan(absolute_concentration(x, np.add(x, y), [1, 2]))
        assert np.isnan(relative_concentration(x, y, [1, 2]))
    assert np.isnan(delta([0, 0], [1, 2]))
    assert np.isnan(delta([5], [1]))
    assert np.isnan(absolute_concentration([], [], []))
    equal = [0.1 + 0.2, 0.3, 0.3]  # equal but for rounding
    assert np.isnan(absolute_concentration([1, 2, 3], [5, 5, 5], equal))
    assert np.isnan(relative_concentration([1, 2, 3], [4, 3, 2], equal))
    for seed in range(20):  # counts that are not whole, as of weighted samples
        x, y, noise = np.random.default_rng(seed).random((3, 12))
        assert np.isnan(absolute_concentration(x, x + y, 0.3 + 1e-11 * noise))
        assert np.isnan(relative_concentration(x, y, 0.3 + 1e-11 * noise))


def test_several_places_at_once_have_the_values_of_each_alone():
    parts = [city(30, 1), city(17, 2, sizes="some equal"), city(44, 3)]
    x, y, area = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    pair = Pair(x, y, x + y, Places(np.array([30, 17, 0, 44])))
    found = [_delta(pair, area), _absolute_concentration(pair, area), _relative_concentration(pair, area)]
    for place, (x, y, area) in zip((0, 1, 3), parts, strict=True):
        alone = [delta(x, area), absolute_concentration(x, x + y, area), relative_concentration(x, y, area)]
        assert [values[place] for values in found] == pytest.approx(alone, abs=1e-12)
    assert np.isnan([found[1][2], found[2][2]]).all()


def test_residents_of_neither_population_count_among_the_residents():
    # against a named group, the smallest and largest areas are still filled with all residents
    x, y, others, area = np.array([10.0, 5, 0]), np.array([0.0, 5, 10]), np.array([0.0, 30, 10]), np.array([1.0, 2, 4])
    pair = Pair(x, y, x + y + others, Places.one(3))
    small = (10 * 1 + 40 * 2) / 50  # 15 residents are needed; the smallest area has 10, so that the second counts
    own, theirs = (10 * 1 + 5 * 2) / 15, (5 * 2 + 10 * 4) / 15
    assert _relative_concentration(pair, area)[0] == pytest.approx((own / theirs - 1) / (small / 4 - 1))
    assert _absolute_concentration(pair, area)[0] == pytest.approx(1 - (own - small) / (4 - small))


def test_impossible_counts_and_sizes_are_refused():
    with pytest.raises(CountError, match="area 0: -1"):
        delta([-1, 2], [1, 1])
    with pytest.raises(CountError, match="larger than the population"):
        absolute_concentration([3, 2], [2, 2], [1, 1])
    with pytest.raises(GeometryError, match=r"1 number in 'area' is not above 0 or not finite \(1: 0\)"):
        delta([1, 2], [1, 0])
    with pytest.raises(GeometryError, match="nan"):
        relative_concentration([1, 2], [2, 1], [1, np.nan])
    with pytest.raises(GeometryError, match="must hold 2 numbers"):
        relative_concentration([1, 2], [2, 1], [1, 2, 3])
