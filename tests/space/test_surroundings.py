"""Sums over surroundings: as loops over all pairs would give them, whatever the shape of the city."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, GeometryError, SpecError
from quartiersatlas.space.surroundings import KERNELS, surrounding_sums

FORMULAS = {
    "uniform": lambda d, r: 1.0 if d <= r * (1 + 1e-9) else 0.0,
    "triangular": lambda d, r: max(1 - d / r, 0.0),
    "gaussian": lambda d, r: math.exp(-((d / r) ** 2) / 2),
    "exponential": lambda d, r: math.exp(-d / r),
}


def loops(points, values, radii, kernel):
    sums = np.zeros((len(radii), *values.shape))
    for k, radius in enumerate(radii):
        for i, (x, y) in enumerate(points):
            for j, (a, b) in enumerate(points):
                sums[k, i] += FORMULAS[kernel](math.hypot(x - a, y - b), radius) * values[j]
    return sums


def scattered(n, seed=0, side=5000):
    return np.random.default_rng(seed).random((n, 2)) * side + [380_000, 5_810_000]


def squares(columns, rows, step=100.0):
    return np.array([(step * x, step * y) for x in range(columns) for y in range(rows)])


def clustered(n, seed=0):
    random = np.random.default_rng(seed)
    return random.standard_cauchy((n, 2)) * 300 + [380_000, 5_810_000]


CITIES = {
    "scattered": scattered(90),
    "clustered, with far outliers": clustered(90),
    "several at one address": np.repeat(scattered(20), 4, axis=0),
    "all at one address": np.full((30, 2), 5000.0),
    "along a street": np.column_stack([np.arange(80) * 40.0, np.zeros(80)]),
    "on a grid": squares(9, 10),
    "one area": np.array([[3.0, 4.0]]),
}
RADII = [700, 100, 2500, 1e-6, 1e9]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("points", CITIES.values(), ids=CITIES.keys())
def test_sums_are_those_of_loops_over_all_pairs(points, kernel):
    values = np.random.default_rng(5).integers(0, 400, (len(points), 3)).astype(float)
    expected = loops(points, values, RADII, kernel)
    assert surrounding_sums(points, values, RADII, kernel) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_grid_gives_the_same_transformed_as_by_pairs_and_by_loops(kernel):
    places = squares(12, 9)[::2] + np.array([4_321_050, 3_210_050])
    values = np.random.default_rng(6).integers(0, 400, (len(places), 2)).astype(float)
    radii = [100, 250, 800]
    expected = loops(places, values, radii, kernel)
    for method in ("grid", "pairs"):
        assert surrounding_sums(places, values, radii, kernel, method=method) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("radius", [30, 400, 5000])
def test_the_blocks_of_a_large_city_leave_nobody_out(kernel, radius):
    points = np.vstack([clustered(1500, 7), scattered(1500, 8)])
    values = np.random.default_rng(9).integers(0, 400, (len(points), 2)).astype(float)
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    weights = {
        "uniform": lambda d, r: 1.0 * (d <= r),
        "triangular": lambda d, r: np.clip(1 - d / r, 0, None),
        "gaussian": lambda d, r: np.exp(-((d / r) ** 2) / 2),
        "exponential": lambda d, r: np.exp(-d / r),
    }[kernel](distance, radius)
    sums = surrounding_sums(points, values, radius, kernel)[0]
    assert sums == pytest.approx(weights @ values, rel=1e-12, abs=1e-9)


def test_thousands_at_one_address_are_all_counted():
    points = np.repeat([[0.0, 0.0], [30.0, 40.0]], [5000, 3000], axis=0)
    sums = surrounding_sums(points, np.ones((8000, 1)), [49, 100], "triangular")[:, :, 0]
    assert sums[0].tolist() == [5000] * 5000 + [3000] * 3000
    assert sums[1].tolist() == [6500] * 5000 + [5500] * 3000  # at 50 m a neighbour counts half


@pytest.mark.parametrize("kernel", KERNELS)
def test_one_sweep_over_many_radii_gives_what_each_radius_gives_alone(kernel):
    points = scattered(400, 10)
    values = np.random.default_rng(11).random((400, 2))
    radii = [500, 50, 4000, 1200, 500]
    together = surrounding_sums(points, values, radii, kernel)
    alone = [surrounding_sums(points, values, radius, kernel)[0] for radius in radii]
    assert together == pytest.approx(np.array(alone), rel=1e-12)


coordinates = st.integers(min_value=-300, max_value=300)
cities = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=30).map(lambda rows: np.array(rows, float))
kernels = st.sampled_from(list(KERNELS))


@given(cities, st.integers(min_value=1, max_value=600), kernels, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_being_near_is_mutual_and_the_order_of_points_does_not_matter(points, radius, kernel, random):
    values = np.array([[random.randint(0, 100), random.randint(0, 100)] for _ in points], dtype=float)
    sums = surrounding_sums(points, values, radius, kernel)[0]
    # sum_i u_i sum_j w_ij v_j = sum_j v_j sum_i w_ij u_i
    assert values[:, 0] @ sums[:, 1] == pytest.approx(values[:, 1] @ sums[:, 0], rel=1e-12)
    order = np.array(random.sample(range(len(points)), len(points)))
    shuffled = surrounding_sums(points[order], values[order], radius, kernel)[0]
    assert shuffled == pytest.approx(sums[order], rel=1e-12)


@given(cities, st.integers(min_value=1, max_value=600), kernels)
@settings(deadline=None)
def test_the_unit_of_length_does_not_matter(points, radius, kernel):
    values = np.ones((len(points), 1))
    metres = surrounding_sums(points, values, radius, kernel)
    kilometres = surrounding_sums(points / 1000, values, radius / 1000, kernel)
    assert kilometres == pytest.approx(metres, rel=1e-9)


@given(cities, kernels)
@settings(deadline=None)
def test_an_area_counts_itself_once_and_all_others_at_most_once(points, kernel):
    values = np.ones((len(points), 1))
    sums = surrounding_sums(points, values, [1e-9, 200, 1e12], kernel)[..., 0]
    same_place = (points[:, None] == points[None]).all(axis=2).sum(axis=1)
    assert sums[0] == pytest.approx(same_place)
    assert (sums[1] >= same_place - 1e-9).all()
    assert sums[2] == pytest.approx(np.full(len(points), len(points)), rel=1e-8)


@pytest.mark.parametrize("method", ["grid", "pairs"])
@pytest.mark.parametrize(
    ("step", "radius", "persons"),
    [
        (100, 100, 5),  # the four next cells are exactly on the rim
        (100, 200, 13),
        (100, 500, 81),  # so are 300 m x 400 m
        (0.1, 0.3, 29),  # 0.3 is not three times 0.1 in binary digits
        (1.1, 1.01 * 1.1, 5),
        (100, 100 * math.sqrt(2), 9),
    ],
)
def test_a_distance_of_exactly_the_radius_is_within_it(method, step, radius, persons):
    side = 13
    points = squares(side, side, step) + np.array([431.05, 321.05])
    sums = surrounding_sums(points, np.ones((side**2, 1)), radius, "uniform", method=method)[0, :, 0]
    assert sums[side * (side // 2) + side // 2] == persons


def test_whole_numbers_of_persons_within_a_radius_stay_whole_on_a_grid():
    points = squares(40, 40)
    persons = np.random.default_rng(12).integers(0, 30_000, (1600, 2)).astype(float)
    by_transform = surrounding_sums(points, persons, [300, 900], "uniform", method="grid")
    assert (by_transform == surrounding_sums(points, persons, [300, 900], "uniform", method="pairs")).all()


@pytest.mark.parametrize(("kernel", "radii"), [("gaussian", 10), ("exponential", 50)])
def test_kernels_without_end_lose_less_than_a_trillionth_where_they_are_cut(kernel, radii):
    far = 1.001 * radii
    points = np.column_stack([np.linspace(0, far, 50), np.zeros(50)])
    millions = np.where(np.arange(50) == 0, 1.0, 2e7)[:, None]  # one person at the start, a billion farther off
    expected = loops(points, millions, [1.0], kernel)
    assert surrounding_sums(points, millions, 1.0, kernel) == pytest.approx(expected, rel=1e-12)
    alone = surrounding_sums([[0, 0], [far, 0]], [[1.0], [1e9]], 1.0, kernel)[0, 0, 0]
    assert alone == pytest.approx(1 + 1e9 * FORMULAS[kernel](far, 1.0), rel=1e-12)


def test_large_grids_are_transformed_without_being_asked(monkeypatch):
    from quartiersatlas.space import surroundings

    points = squares(150, 150)
    asked = []
    monkeypatch.setattr(surroundings, "_sums_on_grid", lambda *_: asked.append("grid") or np.zeros((1, len(points), 1)))
    surrounding_sums(points, np.ones((len(points), 1)), 5000)
    assert asked == ["grid"]
    surrounding_sums(points[:900], np.ones((900, 1)), 500)
    surrounding_sums(points + np.random.default_rng(13).random(points.shape), np.ones((len(points), 1)), 100)
    assert asked == ["grid"]


def test_nobody_has_no_surroundings():
    assert surrounding_sums(np.zeros((0, 2)), np.zeros((0, 3)), [1, 2]).shape == (2, 0, 3)
    assert surrounding_sums(np.zeros((4, 2)), np.zeros((4, 0)), [1, 2]).shape == (2, 4, 0)


def test_what_is_given_is_not_changed():
    points, values, radii = scattered(50), np.ones((50, 2)), np.array([500.0, 100.0])
    before = points.copy(), values.copy(), radii.copy()
    surrounding_sums(points, values, radii, "gaussian")
    for now, then in zip((points, values, radii), before, strict=True):
        assert (now == then).all()


@pytest.mark.parametrize("radius", [0, -5, np.nan, np.inf, [500, 0], [[500]]])
def test_a_radius_must_be_above_0_and_finite(radius):
    with pytest.raises(SpecError, match="A radius must be above 0 and finite"):
        surrounding_sums([[0, 0]], [[1]], radius)


def test_an_unknown_kernel_names_those_there_are():
    with pytest.raises(SpecError, match="no kernel 'quartic'; there are uniform, triangular, gaussian, exponential"):
        surrounding_sums([[0, 0]], [[1]], 500, "quartic")


def test_an_unknown_method_and_a_grid_that_is_none_are_refused():
    with pytest.raises(SpecError, match="method='fft' is not known"):
        surrounding_sums([[0, 0]], [[1]], 500, method="fft")
    with pytest.raises(SpecError, match="do not stand on a regular square grid"):
        surrounding_sums(scattered(9), np.ones((9, 1)), 500, method="grid")


def test_points_and_values_must_fit_and_be_finite():
    with pytest.raises(GeometryError, match=r"table of x and y; the shape is \(3,\)"):
        surrounding_sums([1, 2, 3], [[1]], 500)
    with pytest.raises(GeometryError, match="1 point has no finite coordinates: '1'"):
        surrounding_sums([[0, 0], [np.nan, 0]], [[1], [1]], 500)
    with pytest.raises(CountError, match=r"2 points; values of shape \(1, 1\)"):
        surrounding_sums([[0, 0], [1, 0]], [[1]], 500)
    with pytest.raises(CountError, match="1 row of values is not finite: '0'"):
        surrounding_sums([[0, 0], [1, 0]], [[np.nan], [1]], 500)
