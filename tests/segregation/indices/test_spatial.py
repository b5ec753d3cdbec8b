"""Spatial indices: published patterns, the formulas as loops, what must hold, and where another package differs."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.segregation.counts import Composition, Places
from quartiersatlas.segregation.indices.spatial import (
    FORMULAS,
    _exposure,
    local_environments,
    local_shares,
    segregation_profile,
    spatial_dissimilarity,
    spatial_exposure,
    spatial_information_theory,
    spatial_relative_diversity,
)
from quartiersatlas.space.surroundings import KERNELS, surrounding_sums

# 10 x 10 cells of side 1 with 100 persons each, the group alone in 25 of them: the block and the scattered pattern of
# Morrill (1991) and Wong (1993), as the R package seg gives them in its data "segdata"
CELLS = np.array([(x + 0.5, 9.5 - y) for y in range(10) for x in range(10)])
BLOCK = {(row, column) for row in range(5) for column in range(5, 10)}
SCATTERED = {(row, column) for row in range(0, 10, 2) for column in range(1, 10, 2)}


def pattern(cells):
    group = np.array([100.0 * ((row, column) in cells) for row in range(10) for column in range(10)])
    return np.column_stack([group, 100 - group])


def city(seed, n=60, n_groups=3):
    random = np.random.default_rng(seed)
    counts = random.poisson(random.gamma(0.5, 60, (n, n_groups))).astype(float)
    return counts, random.random((n, 2)) * 3000


# weights exp(-2 d), and 1 up to 1.01: the formulas and spseg() of the R package seg 0.5-7 agree on these values
@pytest.mark.parametrize(
    ("cells", "kernel", "radius", "dissimilarity", "diversity", "information", "isolation"),
    [
        (BLOCK, "exponential", 0.5, 0.8978590912026662, 0.8264931218227264, 0.7938784818349125, 0.9233943184019996),
        (BLOCK, "uniform", 1.01, 0.888, 0.8277333333333333, 0.8234507256033405, 0.916),
        (SCATTERED, "exponential", 0.5, 0.4501517807454347, 0.2113677778846627, 0.174844051788694, 0.5876138355590761),
        (SCATTERED, "uniform", 1.01, 0.376, 0.15164444444444447, 0.18207327384186822, 0.22133333333333333),
    ],
)
def test_a_block_and_a_scattered_pattern(cells, kernel, radius, dissimilarity, diversity, information, isolation):
    counts = pattern(cells)
    place = (counts, CELLS, radius, kernel)
    assert spatial_dissimilarity(*place) == pytest.approx(dissimilarity, abs=1e-12)
    assert spatial_relative_diversity(*place) == pytest.approx(diversity, abs=1e-12)
    assert spatial_information_theory(*place) == pytest.approx(information, abs=1e-12)
    assert spatial_exposure(*place)[0, 0] == pytest.approx(isolation, abs=1e-12)


# rows are areas, columns groups; values of the aspatial indices on which packages and formulas agree
E1 = [[100, 0], [60, 40], [40, 60], [0, 100]]
E2 = [[80, 20], [80, 20], [20, 80], [20, 80]]
T1 = [[40, 20], [20, 40], [5, 60], [1, 80]]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(
    ("counts", "dissimilarity", "information", "diversity"),
    [
        (E1, 0.6, 0.514524702773, 0.52),
        (E2, 0.6, 0.278071905, 0.36),
        (T1, 0.609090909, 0.333035591, 0.349716539),
    ],
)
def test_where_no_environment_reaches_another_area_the_indices_are_the_aspatial_ones(
    counts, dissimilarity, information, diversity, kernel
):
    place = (counts, [[0, 0], [9000, 0], [0, 9000], [9000, 9000]], 1, kernel)
    assert spatial_dissimilarity(*place) == pytest.approx(dissimilarity, abs=1e-9)
    assert spatial_information_theory(*place) == pytest.approx(information, abs=1e-9)
    assert spatial_relative_diversity(*place) == pytest.approx(diversity, abs=1e-9)


def test_exposure_without_neighbours_is_the_aspatial_one():
    exposure = spatial_exposure(E1, [[0, 0], [9000, 0], [0, 9000], [9000, 9000]], 1)
    assert exposure == pytest.approx(np.array([[0.76, 0.24], [0.24, 0.76]]))


def by_loops(counts, points, radius, kernel):
    """Return D~, H~, R~ and the exposures as Reardon and O'Sullivan (2004) write them."""
    weight = {
        "uniform": lambda d: float(d <= radius),
        "triangular": lambda d: max(1 - d / radius, 0),
        "gaussian": lambda d: math.exp(-((d / radius) ** 2) / 2),
        "exponential": lambda d: math.exp(-d / radius),
    }[kernel]
    n, n_groups = counts.shape
    total = counts.sum()
    pi = counts.sum(axis=0) / total
    entropy = -sum(p * math.log(p, n_groups) for p in pi if p)
    interaction = sum(p * (1 - p) for p in pi)
    d, h, r, exposure = 0.0, 1.0, 1.0, np.zeros((n_groups, n_groups))
    for p in range(n):
        around = sum(weight(math.dist(points[p], points[q])) * counts[q] for q in range(n))
        local = around / around.sum()
        persons = counts[p].sum()
        d += sum(persons * abs(local[m] - pi[m]) for m in range(n_groups)) / (2 * total * interaction)
        h -= persons * -sum(s * math.log(s, n_groups) for s in local if s) / (total * entropy)
        r -= persons * sum(s * (1 - s) for s in local) / (total * interaction)
        exposure += np.outer(counts[p] / counts.sum(axis=0), local)
    return d, h, r, exposure


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("radius", [150, 600, 2500])
def test_indices_are_the_formulas_of_the_paper(kernel, radius):
    counts, points = city(1)
    counts[counts.sum(axis=1) == 0] = 1
    d, h, r, exposure = by_loops(counts, points, radius, kernel)
    assert spatial_dissimilarity(counts, points, radius, kernel) == pytest.approx(d, abs=1e-12)
    assert spatial_information_theory(counts, points, radius, kernel) == pytest.approx(h, abs=1e-12)
    assert spatial_relative_diversity(counts, points, radius, kernel) == pytest.approx(r, abs=1e-12)
    assert spatial_exposure(counts, points, radius, kernel) == pytest.approx(exposure, abs=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_profile_holds_what_each_index_gives_at_each_radius(kernel):
    counts, points = city(2)
    radii = [2000, 100, 500]
    profile = segregation_profile(counts, points, radii, kernel)
    for k, radius in enumerate(radii):
        place = (counts, points, radius, kernel)
        assert profile.radii[k] == radius
        assert profile.dissimilarity[k] == pytest.approx(spatial_dissimilarity(*place), abs=1e-13)
        assert profile.information_theory[k] == pytest.approx(spatial_information_theory(*place), abs=1e-13)
        assert profile.relative_diversity[k] == pytest.approx(spatial_relative_diversity(*place), abs=1e-13)
        assert profile.exposure[k] == pytest.approx(spatial_exposure(*place), abs=1e-13)
        assert profile.isolation[k] == pytest.approx(spatial_exposure(*place).diagonal(), abs=1e-13)


persons = st.integers(min_value=0, max_value=3000)
metres = st.integers(min_value=0, max_value=2000)
areas = st.tuples(persons, persons, persons, metres, metres)
cities = st.lists(areas, min_size=2, max_size=25).map(lambda rows: np.array(rows, dtype=float))
radii = st.integers(min_value=1, max_value=3000)
kernels = st.sampled_from(list(KERNELS))


def inhabited(rows):
    counts, points = rows[:, :3], rows[:, 3:]
    assume((counts.sum(axis=0) > 0).all() and (counts.sum(axis=1) > 0).sum() > 1)
    return counts, points


@given(cities, radii, kernels)
@settings(deadline=None)
def test_shares_around_add_up_to_one_and_so_do_rows_of_exposure(rows, radius, kernel):
    counts, points = inhabited(rows)
    shares = local_environments(counts, points, radius, kernel)[0]
    lived_in = counts.sum(axis=1) > 0
    assert shares[lived_in].sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert np.isnan(shares[~lived_in]).all()
    exposure = spatial_exposure(counts, points, radius, kernel)
    assert exposure.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert ((exposure >= -1e-12) & (exposure <= 1 + 1e-12)).all()


@given(cities, radii, kernels, st.floats(min_value=0.01, max_value=100), st.integers(min_value=0))
@settings(deadline=None)
def test_neither_the_order_of_areas_nor_the_number_of_persons_matters(rows, radius, kernel, factor, seed):
    counts, points = inhabited(rows)
    order = np.random.default_rng(seed).permutation(len(counts))
    one = segregation_profile(counts, points, radius, kernel)
    other = segregation_profile(factor * counts[order], points[order], radius, kernel)
    for name in ("dissimilarity", "information_theory", "relative_diversity", "exposure"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-9)


@given(cities)
@settings(deadline=None)
def test_where_everybody_has_the_whole_city_around_nobody_lives_apart(rows):
    counts, points = inhabited(rows)
    profile = segregation_profile(counts, points, 1e6, "uniform")
    assert profile.dissimilarity == pytest.approx(0, abs=1e-9)
    assert profile.information_theory == pytest.approx(0, abs=1e-9)
    assert profile.relative_diversity == pytest.approx(0, abs=1e-9)
    city_shares = counts.sum(axis=0) / counts.sum()
    assert profile.exposure[0] == pytest.approx(np.tile(city_shares, (3, 1)), abs=1e-12)


@given(cities, radii, kernels)
@settings(deadline=None)
def test_splitting_an_area_where_it_stands_changes_nothing(rows, radius, kernel):
    counts, points = inhabited(rows)
    part = np.array([0.5, 0.2, 0.9]) * counts  # even by group: they still live at the same place
    halves, doubled = np.vstack([part, counts - part]), np.vstack([points, points])
    one = segregation_profile(counts, points, radius, kernel)
    other = segregation_profile(halves, doubled, radius, kernel)
    for name in ("dissimilarity", "information_theory", "relative_diversity", "exposure"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-9)


@given(cities, radii, kernels)
@settings(deadline=None)
def test_of_two_groups_the_indices_follow_from_the_share_of_one(rows, radius, kernel):
    """Of two groups, R~ = 1 - sum t_p p~ (1 - p~) / (T P (1 - P)), and D~ = sum t_p |p~ - P| / (2 T P (1 - P))."""
    counts, points = inhabited(rows)
    pair = np.column_stack([counts[:, 0], counts[:, 1:].sum(axis=1)])
    share = local_environments(pair, points, radius, kernel)[0, :, 0]
    total, city_share = pair.sum(axis=1), pair[:, 0].sum() / pair.sum()
    lived_in = total > 0
    weight, share = total[lived_in] / total.sum(), share[lived_in]
    variance = city_share * (1 - city_share)
    assert spatial_dissimilarity(pair, points, radius, kernel) == pytest.approx(
        weight @ np.abs(share - city_share) / (2 * variance), abs=1e-9
    )
    assert spatial_relative_diversity(pair, points, radius, kernel) == pytest.approx(
        1 - weight @ (share * (1 - share)) / variance, abs=1e-9
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_block_is_more_segregated_than_the_same_cells_scattered(kernel):
    profiles = [segregation_profile(pattern(cells), CELLS, [1.5, 2, 3], kernel) for cells in (BLOCK, SCATTERED)]
    for name in ("dissimilarity", "information_theory", "relative_diversity"):
        assert (getattr(profiles[0], name) > getattr(profiles[1], name)).all()
    assert (profiles[0].isolation > profiles[1].isolation).all()


def star(centre, arm):
    """Return a group in the centre and another on five places around it, each within reach of the centre only."""
    angle = 2 * np.pi * np.arange(5) / 5
    points = np.vstack([[0, 0], np.column_stack([np.cos(angle), np.sin(angle)])])
    return np.array([[centre, 0], *[[0, arm]] * 5], dtype=float), points, 1.0, "uniform"


def test_environments_more_diverse_than_the_city_make_r_and_h_negative():
    # a sixth belongs to the group; around the arms it is half, around the centre a sixth
    place = star(100, 100)
    assert spatial_relative_diversity(*place) == pytest.approx(1 - (5 / 6 * 1 / 4 + 1 / 6 * 5 / 36) / (5 / 36))
    city_entropy = -(math.log2(1 / 6) / 6 + math.log2(5 / 6) * 5 / 6)
    assert spatial_information_theory(*place) == pytest.approx(1 - (5 / 6 + city_entropy / 6) / city_entropy)
    assert spatial_relative_diversity(*place) < 0
    assert spatial_information_theory(*place) < 0


def test_a_small_group_that_many_have_around_brings_d_above_one():
    # an eleventh belongs to the group; around the arms it is a third: 10/11 (1/3 - 1/11) / (2 * 1/11 * 10/11) = 4/3
    assert spatial_dissimilarity(*star(50, 100)) == pytest.approx(4 / 3)


def test_areas_without_residents_are_left_out():
    counts, points = city(3)
    counts[::7] = 0
    lived_in = counts.sum(axis=1) > 0
    points[0] = np.nan  # an empty area may even have no place
    with_empty = segregation_profile(counts, points, [300, 900])
    without = segregation_profile(counts[lived_in], points[lived_in], [300, 900])
    assert (with_empty.dissimilarity == without.dissimilarity).all()
    assert (with_empty.exposure == without.exposure).all()
    shares = local_environments(counts, points, [300, 900])
    assert np.isnan(shares[:, ~lived_in]).all()
    assert (shares[:, lived_in] == local_environments(counts[lived_in], points[lived_in], [300, 900])).all()


def test_a_group_without_members_changes_nothing_and_has_no_exposure():
    counts, points = city(4)
    with_empty = np.insert(counts, 1, 0, axis=1)
    one, other = segregation_profile(counts, points, 500), segregation_profile(with_empty, points, 500)
    for name in ("dissimilarity", "information_theory", "relative_diversity"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-12)
    assert np.isnan(other.exposure[0, 1]).all()
    assert other.exposure[0, [0, 2, 3], 1] == pytest.approx(0)
    assert np.delete(np.delete(other.exposure[0], 1, 0), 1, 1) == pytest.approx(one.exposure[0])


@pytest.mark.parametrize(
    "counts",
    [
        [[10, 0], [20, 0]],  # a single group
        [[0, 0], [0, 0]],  # nobody
        [[10, 5], [0, 0]],  # one inhabited area
        [[10], [20]],
    ],
)
def test_without_two_groups_and_two_areas_there_is_no_value(counts):
    place = (counts, [[0, 0], [100, 0]], 500)
    assert math.isnan(spatial_dissimilarity(*place))
    assert math.isnan(spatial_information_theory(*place))
    assert math.isnan(spatial_relative_diversity(*place))
    assert np.isnan(spatial_exposure(*place)).all()
    profile = segregation_profile(*place)
    assert np.isnan(profile.dissimilarity).all()
    assert np.isnan(profile.exposure).all()


def test_several_places_give_each_its_own_value():
    cities = [city(seed, n=20 + seed) for seed in (5, 6, 7)]
    cities = [(counts[counts.sum(axis=1) > 0], points[counts.sum(axis=1) > 0]) for counts, points in cities]
    sizes = np.array([len(counts) for counts, _ in cities] + [0])
    together = Composition(np.vstack([counts for counts, _ in cities]), Places(sizes))
    shares = local_shares(together, np.vstack([points for _, points in cities]), [200, 800], "gaussian")
    single = [segregation_profile(counts, points, [200, 800], "gaussian") for counts, points in cities]
    for formula, name in zip(
        FORMULAS.values(), ("dissimilarity", "information_theory", "relative_diversity"), strict=True
    ):
        values = formula(together, shares)
        assert values[:, :3] == pytest.approx(np.array([getattr(one, name) for one in single]).T, abs=1e-12)
        assert np.isnan(values[:, 3]).all()
    exposures = _exposure(together, shares)
    assert exposures[:, :3] == pytest.approx(np.stack([one.exposure for one in single], axis=1), abs=1e-12)
    assert np.isnan(exposures[:, 3]).all()


@pytest.mark.parametrize(
    "index", [spatial_dissimilarity, spatial_information_theory, spatial_relative_diversity, spatial_exposure]
)
def test_what_cannot_be_meant_is_refused(index):
    counts, points = [[10, 20], [30, 5]], [[0, 0], [100, 0]]
    with pytest.raises(SpecError, match="A radius must be above 0 and finite"):
        index(counts, points, 0)
    with pytest.raises(SpecError, match="One index has one radius"):
        index(counts, points, [100, 200])
    with pytest.raises(SpecError, match="no kernel 'quartic'; there are uniform"):
        index(counts, points, 100, "quartic")
    with pytest.raises(CountError, match="negative or not finite"):
        index([[10, -20], [30, 5]], points, 100)
    with pytest.raises(CountError, match="negative or not finite"):
        index([[10, np.nan], [30, 5]], points, 100)
    with pytest.raises(CountError, match=r"one per area \(2\)"):
        index(counts, points[:1], 100)
    with pytest.raises(GeometryError, match="table of x and y"):
        index(counts, [1, 2], 100)
    with pytest.raises(GeometryError, match="no finite coordinates"):
        index(counts, [[0, 0], [np.nan, 0]], 100)


@pytest.mark.parametrize("cells", [BLOCK, SCATTERED], ids=["block", "scattered"])
def test_pysal_takes_the_aspatial_index_of_smoothed_and_rounded_counts(cells):
    """Its "spatially implicit" indices weight by smoothed counts; Reardon and O'Sullivan weight by the residents."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import geopandas as gpd
        from segregation.multigroup import MultiInfoTheory
        from segregation.singlegroup import Dissim, Isolation

        counts = pattern(cells)
        columns = {"group": counts[:, 0], "rest": counts[:, 1], "total": counts.sum(axis=1)}
        frame = gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*CELLS.T).buffer(0.5), crs=25832)
        theirs_d = Dissim(frame, "group", "total", distance=1.5).statistic
        theirs_p = Isolation(frame, "group", "total", distance=1.5).statistic
        theirs_h = MultiInfoTheory(frame, ["group", "rest"], distance=1.5).statistic
    smoothed = surrounding_sums(CELLS, np.column_stack([counts, counts.sum(axis=1)]), 1.5)[0].round(0)
    x, y, t = smoothed.T
    assert theirs_d == pytest.approx(np.abs(x / x.sum() - (t - x) / (t - x).sum()).sum() / 2, abs=1e-10)
    assert theirs_p == pytest.approx((x / x.sum() * x / t).sum(), abs=1e-10)
    apart = [[0, 1e6 * i] for i in range(100)]
    assert theirs_h == pytest.approx(spatial_information_theory(np.column_stack([x, y]), apart, 1), abs=1e-10)
    # the published values of these weights, as loops over the formulas give them, are others
    d, h, _, exposure = by_loops(counts, CELLS, 1.5, "triangular")
    assert d == pytest.approx(spatial_dissimilarity(counts, CELLS, 1.5), abs=1e-12)
    for theirs, published in ((theirs_d, d), (theirs_p, exposure[0, 0]), (theirs_h, h)):
        assert published - theirs > 0.003
