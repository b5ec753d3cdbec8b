"""Distances of one's own, mean proximity and centralisation around each area: in loops, and against straight lines."""

from __future__ import annotations

import warnings
from itertools import combinations
from math import exp, hypot, sqrt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import quartiersatlas as qa
from quartiersatlas import segregation as sg
from quartiersatlas.errors import ColumnError, CountError, GeometryError, JoinError, SpecError

RANDOM = np.random.default_rng(7)
N = 12
POINTS, AREA = RANDOM.random((N, 2)) * 3000, RANDOM.uniform(1e4, 1e5, N)
GROUP, REST = RANDOM.integers(0, 80, N).astype(float), RANDOM.integers(5, 90, N).astype(float)
PAIRS = list(combinations(range(N), 2))
ONE, OTHER = ([p[k] for p in PAIRS] for k in (0, 1))
STRAIGHT = (ONE, OTHER, [hypot(*(POINTS[i] - POINTS[j])) for i, j in PAIRS])
FUNCTIONS = {
    "spatial_proximity": (GROUP, REST),
    "relative_clustering": (GROUP, REST),
    "absolute_clustering": (GROUP, REST),
    "distance_decay_isolation": (GROUP, GROUP + REST),
    "distance_decay_interaction": (GROUP, REST, GROUP + REST),
    "mean_proximity": (GROUP, REST),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_straight_lines_as_own_distances_are_the_same(name):
    function, people = getattr(sg, name), FUNCTIONS[name]
    own = function(*people, None, AREA, 800, distances=STRAIGHT)
    assert own == pytest.approx(function(*people, POINTS, AREA, 800), rel=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_detours_in_loops_and_empty_areas_do_not_count(name):
    """Every second pair takes three times as long; what is not named is not near."""
    metres = [3 * d if k % 2 else d for k, d in enumerate(STRAIGHT[2])]
    kept = [k for k in range(len(PAIRS)) if k % 5]
    distances = tuple([column[k] for k in kept] for column in (ONE, OTHER, metres))
    near = np.diag([exp(-sqrt(0.6 * a) / 800) for a in AREA])
    for k in kept:
        near[PAIRS[k]] = near[PAIRS[k][::-1]] = exp(-metres[k] / 800)
    x, y, t = GROUP, REST, GROUP + REST
    pxx, pyy, ptt = (v @ near @ v / v.sum() ** 2 for v in (x, y, t))
    equal = x.sum() * near.sum() / N**2
    expected = {
        "spatial_proximity": (x.sum() * pxx + y.sum() * pyy) / (t.sum() * ptt),
        "relative_clustering": pxx / pyy - 1,
        "absolute_clustering": (x @ near @ x / x.sum() - equal) / (x @ near @ t / x.sum() - equal),
        "distance_decay_isolation": x / x.sum() @ (near @ x / (near @ t)),
        "distance_decay_interaction": x / x.sum() @ (near @ y / (near @ t)),
        "mean_proximity": x @ near @ y / (x.sum() * y.sum()),
    }
    function = getattr(sg, name)
    assert function(*FUNCTIONS[name], None, AREA, 800, distances=distances) == pytest.approx(expected[name])
    longer = [np.append(column, 0.0) for column in FUNCTIONS[name]]
    more = (*([*column, end] for column, end in zip(distances, (0, N, 1.0), strict=True)),)
    with_empty = function(*longer, None, np.append(AREA, 5.0), 800, distances=more)
    assert with_empty == pytest.approx(expected[name])


def test_mean_proximity_makes_up_spatial_proximity():
    total = GROUP + REST
    pxx, pyy, ptt = (sg.mean_proximity(v, v, POINTS, AREA) for v in (GROUP, REST, total))
    sp = (GROUP.sum() * pxx + REST.sum() * pyy) / (total.sum() * ptt)
    assert sg.spatial_proximity(GROUP, REST, POINTS, AREA) == pytest.approx(sp)
    assert np.isnan(sg.mean_proximity(GROUP * 0, REST, POINTS, AREA))


@pytest.mark.parametrize(
    ("distances", "error", "message"),
    [
        (([0], [1]), SpecError, "three columns"),
        (([0], [99], [5.0]), GeometryError, "not two of the 12"),
        (([0, 1], [1, 0], [5.0, 5.0]), GeometryError, "twice"),
        (([0], [1], [-5.0]), GeometryError, "length"),
        (([0], [1], [float("nan")]), GeometryError, "length"),
        (None, SpecError, "need points"),
    ],
)
def test_distances_that_cannot_be_are_refused(distances, error, message):
    with pytest.raises(error, match=message):
        sg.spatial_proximity(GROUP, REST, None, AREA, distances=distances)


def test_a_decay_that_cannot_be_is_refused():
    with pytest.raises(SpecError, match="decay"):
        sg.spatial_proximity(GROUP, REST, None, AREA, 0, distances=STRAIGHT)


# --- in the table ---------------------------------------------------------------------------------------------------

KEYS = [f"k{i:02}" for i in range(N)]
FRAME = gpd.GeoDataFrame(
    {"mh": GROUP, "all": GROUP + REST, "by": ["a"] * 7 + ["b"] * 5},
    index=KEYS,
    geometry=[
        shapely.box(x - s / 2, y - s / 2, x + s / 2, y + s / 2) for (x, y), s in zip(POINTS, AREA**0.5, strict=True)
    ],
    crs="EPSG:25832",
)
TABLE = pd.DataFrame({"one": [KEYS[i] for i in ONE], "other": [KEYS[i] for i in OTHER], "metres": STRAIGHT[2]})
CLUSTERING = ["spatial_proximity", "relative_clustering", "distance_decay_isolation"]


def table(frame, distances, **options):
    return qa.measure_segregation(
        frame, "mh", population="all", indices=CLUSTERING, decay=800, distances=distances, **options
    ).table.drop(columns="note")


def test_the_table_takes_distances_by_key_in_any_order_and_within_places():
    shuffled, straight = FRAME.sample(frac=1, random_state=3), TABLE.sample(frac=1, random_state=5)
    for by in (None, "by"):
        found = table(shuffled, straight, by=by).sort_values(["by", "index"], ignore_index=True)
        expected = table(FRAME, None, by=by).sort_values(["by", "index"], ignore_index=True)
        pd.testing.assert_frame_equal(found, expected)


def test_the_table_computes_with_detours():
    far = TABLE.assign(metres=TABLE["metres"] * np.where(np.arange(len(TABLE)) % 2, 3, 1))
    value = table(FRAME, far).set_index("index")["value"]
    own = (ONE, OTHER, far["metres"].to_numpy())
    assert value["spatial_proximity"] == pytest.approx(
        sg.spatial_proximity(GROUP, REST, None, AREA, 800, distances=own)
    )
    with_interval = table(FRAME, far, resample="persons", n=19, seed=1)
    assert (with_interval["lower"] < with_interval["upper"]).all()


@pytest.mark.parametrize(
    ("distances", "error", "message"),
    [
        (TABLE.drop(columns="metres"), ColumnError, "lacks the columns 'metres'"),
        (TABLE.replace("k03", "k99"), JoinError, "1 area that the data do not have: 'k99'"),
        (pd.concat([TABLE, TABLE[:1]]), GeometryError, "twice"),
        ([1, 2], SpecError, "must be a table"),
    ],
)
def test_a_table_of_distances_that_does_not_fit_is_refused(distances, error, message):
    with pytest.raises(error, match=message):
        table(FRAME, distances)


def test_results_with_and_without_own_distances_are_not_compared():
    one, other = (
        qa.measure_segregation(FRAME, "mh", population="all", indices=CLUSTERING, decay=800, distances=some)
        for some in (TABLE, None)
    )
    with pytest.raises(SpecError, match="Only one of the two results was computed with distances"):
        qa.compare_segregation(one, other)


# --- centralisation -------------------------------------------------------------------------------------------------


def centralisation_in_loops(group, rest, far):
    """Return RCE ring by ring."""
    rings = sorted(set(far))
    x = [sum(g for g, d in zip(group, far, strict=True) if d == ring) / sum(group) for ring in rings]
    y = [sum(r for r, d in zip(rest, far, strict=True) if d == ring) / sum(rest) for ring in rings]
    cum = lambda v, i: sum(v[: i + 1])  # noqa: E731
    return sum(cum(x, i - 1) * cum(y, i) - cum(x, i) * cum(y, i - 1) for i in range(1, len(rings)))


def test_around_each_area_in_loops():
    x, y = np.divmod(np.arange(30), 6)
    points = np.column_stack([x, y]) * 100.0
    group, rest = (RANDOM.integers(0, 40, 30).astype(float) for _ in range(2))
    rest[4] = group[4] = 0
    found = sg.local_centralisation(group, rest, points, within=200)
    for i in range(30):
        far = np.hypot(*(points - points[i]).T).round(6)
        some = (far <= 200) & (group + rest > 0)
        if i == 4:
            assert np.isnan(found[i])
        else:
            assert found[i] == pytest.approx(centralisation_in_loops(group[some], rest[some], far[some]))


def test_within_a_reach_only_what_is_there_counts():
    far = np.hypot(*(POINTS - 1500).T)
    some = far <= 1200
    found = sg.relative_centralisation(GROUP, REST, far, within=1200)
    assert found == pytest.approx(sg.relative_centralisation(GROUP[some], REST[some], far[some]))
    assert sg.relative_centralisation(GROUP, REST, far, within=1e9) == sg.relative_centralisation(GROUP, REST, far)
    assert np.isnan(sg.relative_centralisation(GROUP, REST, far, within=0))


def test_the_nearest_so_many_areas_and_those_as_far_as_the_last_count():
    """Eight areas at 0, 1, 1, 2, 3, 4, 4 and 9: one beyond the first takes both at 1, five take both at 4."""
    far = np.array([3.0, 1, 0, 4, 9, 1, 2, 4])
    group, rest = np.array([5.0, 8, 9, 2, 0, 4, 3, 6]), np.array([1.0, 4, 2, 9, 7, 6, 5, 3])
    for nearest, reach in ((1, 1), (2, 1), (3, 2), (5, 4), (6, 4), (7, 9), (50, 9)):
        some = far <= reach
        found = sg.relative_centralisation(group, rest, far, nearest=nearest)
        assert found == pytest.approx(centralisation_in_loops(group[some], rest[some], far[some])), nearest


def test_around_each_area_with_the_nearest_in_loops():
    x, y = np.divmod(np.arange(30), 6)
    points = np.column_stack([x, y]) * 100.0
    group, rest = (RANDOM.integers(1, 40, 30).astype(float) for _ in range(2))
    rest[4] = group[4] = 0
    found = sg.local_centralisation(group, rest, points, nearest=5)
    assert np.isnan(found[4])
    lived_in = group + rest > 0
    for i in np.flatnonzero(lived_in):
        far = np.hypot(*(points - points[i]).T).round(6)
        some = (far <= sorted(far[lived_in])[5]) & lived_in
        assert found[i] == pytest.approx(centralisation_in_loops(group[some], rest[some], far[some]))


def test_around_each_area_with_the_nearest_five_agrees_with_pysal():
    random = np.random.default_rng(3)
    points = random.uniform(0, 9000, (40, 2))
    total = random.integers(50, 900, 40)
    group = random.binomial(total, random.beta(2, 4, 40))
    squares = [shapely.box(x - 9, y - 9, x + 9, y + 9) for x, y in points]
    frame = gpd.GeoDataFrame({"group": group, "total": total}, geometry=squares, crs="EPSG:25832")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation.local.local_relative_centralization import _local_relative_centralization

        theirs, _ = _local_relative_centralization(frame, "group", "total")
    ours = sg.local_centralisation(group, total - group, points, nearest=5)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_duncans_absolute_centralisation_is_that_against_the_rest():
    """Group against all residents, over 1 - P: what OasisR's ACEDuncan computes."""
    far = np.hypot(*(POINTS - 1500).T)
    total, p = GROUP + REST, GROUP.sum() / (GROUP + REST).sum()
    duncan = centralisation_in_loops(GROUP, total, far) / (1 - p)
    assert sg.relative_centralisation(GROUP, REST, far) == pytest.approx(duncan)


def test_local_centralisation_lies_on_the_areas():
    keys = list("abc")
    group, rest = pd.Series([50.0, 100, 50], keys), pd.Series([100.0, 50, 100], keys)[::-1]
    points = pd.DataFrame({"x": [0, 100, 200], "y": 0}, keys)
    assert sg.local_centralisation(group, rest, points, 100).round(3).tolist() == [-0.333, 0.3, -0.333]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sg.local_centralisation([1, 2], [3, 4], [[0, 0], [1, 1]], -1), SpecError, "within"),
        (lambda: sg.local_centralisation([1, 2], [3, 4], [[0, 0]], 5), GeometryError, "points"),
        (lambda: sg.local_centralisation([1, -2], [3, 4], [[0, 0], [1, 1]], 5), CountError, "-2|negative"),
        (lambda: sg.relative_centralisation([1, 2], [3, 4], [0, 1], within="5"), SpecError, "within"),
        (lambda: sg.relative_centralisation([1, 2], [3, 4], [0, 1], nearest=0), SpecError, "1 or more, not 0"),
        (lambda: sg.relative_centralisation([1, 2], [3, 4], [0, 1], nearest=2.0), SpecError, "whole number"),
        (lambda: sg.relative_centralisation([1, 2], [3, 4], [0, 1], within=5, nearest=2), SpecError, "not both"),
        (lambda: sg.local_centralisation([1, 2], [3, 4], [[0, 0], [1, 1]]), SpecError, "Say how far"),
    ],
)
def test_what_is_no_reach_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
