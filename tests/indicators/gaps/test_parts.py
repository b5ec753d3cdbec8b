"""Where a gap comes from, standardised rates, its change, the area model: known answers and identities."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.indicators.gaps.area_model import area_model
from quartiersatlas.indicators.gaps.gap_change import correlation_of_gaps, parts_of_change, square_and_add
from quartiersatlas.indicators.gaps.score_intervals import PairCounts, score_intervals
from quartiersatlas.indicators.gaps.standardised import (
    gamma_rate,
    standardised_gap,
    standardised_rate,
    strata_counts,
)
from quartiersatlas.indicators.gaps.where import where_from

NAMED = {name: name for name in ("x_group", "n_group", "x_others", "n_others")}
# standardisation_input.csv and standardisation_known.json of the prototype
AGES = pd.DataFrame(
    {
        "x_group": [70, 30, 60, 35, 15],
        "n_group": [220, 150, 310, 200, 120],
        "x_others": [90, 45, 90, 80, 60],
        "n_others": [600, 450, 900, 1100, 950],
    },
    index=["0-14", "15-24", "25-39", "40-54", "55-64"],
    dtype=float,
)
WEIGHTS = dict(zip(AGES.index, (0.164, 0.12, 0.242, 0.26, 0.214), strict=True))

one_area = st.tuples(st.integers(1, 200), st.integers(1, 200)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


def arrays(*rows):
    return PairCounts(*(np.array(part, dtype=float) for part in rows))


@pytest.mark.parametrize(
    ("rows", "kitagawa", "pooled"),
    [  # gap_within_known.json of the prototype
        (
            ([90, 20, 10], [300, 100, 100], [120, 60, 40], [500, 600, 900]),
            (0.13, 0.06144444444444444, 0.06855555555555556),
            (0.06833824975417895, 0.0273040789141673, 0.10937242059419058),
        ),
        (  # no gap inside any area
            ([80, 30, 5], [200, 150, 50], [120, 160, 85], [300, 800, 850]),
            (0.1003205128205128, 0.10032051282051282, 0.0),
            (0.0, -0.04872888451073163, 0.04872888451073163),
        ),
    ],
)
def test_where_a_gap_comes_from(rows, kitagawa, pooled):
    table = where_from(arrays(*rows), against_all=False)
    assert table["value"].iloc[:3].tolist() == pytest.approx(kitagawa, abs=1e-12)
    assert table.loc["pooled_within"].tolist() == pytest.approx(pooled, abs=1e-12)


@given(st.lists(one_area, min_size=1, max_size=8))
def test_composition_and_within_add_up_to_the_gap(areas):
    x1, n1, x2, n2 = (np.array(part, dtype=float) for part in zip(*areas, strict=True))
    table = where_from(PairCounts(x1, n1, x2, n2), against_all=False)["value"]
    gap = x1.sum() / n1.sum() - x2.sum() / n2.sum()
    assert table["composition"] + table["within"] == pytest.approx(gap, abs=1e-12)
    share = n1.sum() / (n1 + n2).sum()
    against = where_from(PairCounts(x1, n1, x2, n2), against_all=True)["value"]
    assert against.to_numpy() == pytest.approx(((1 - share) * table).to_numpy(), abs=1e-12)


def test_an_area_of_one_population_belongs_to_composition():
    table = where_from(arrays([10, 0], [100, 0], [20, 30], [100, 100]), against_all=False)["value"]
    assert table["gap"] == pytest.approx(0.1 - 0.25)
    assert table["within"] == pytest.approx((1 + 0.5) / 2 * (0.1 - 0.2))


def test_the_pooled_interval_covers_in_sparse_areas():
    rng = np.random.default_rng(11)
    n1, n2, base = rng.integers(8, 60, 12), rng.integers(30, 200, 12), rng.uniform(0.05, 0.3, 12)
    inside = []
    for _ in range(500):
        counts = PairCounts(rng.binomial(n1, base + 0.08), n1, rng.binomial(n2, base), n2)
        row = where_from(counts, against_all=False).loc["pooled_within"]
        inside.append(row["lower"] <= 0.08 <= row["upper"])
    assert 0.925 <= np.mean(inside) <= 0.975


def test_standardised_rates_of_the_prototype():
    strata = strata_counts(AGES, NAMED, WEIGHTS, beside="others")
    table = standardised_gap(strata, against_all=False)
    assert table.loc["group"].tolist() == pytest.approx(
        [0.21, 0.19527052785923754, 0.17152247581479407, 0.2214278110802771]
    )
    assert table.loc["others"].tolist() == pytest.approx(
        [0.09125, 0.09322488038277513, 0.08453988682655791, 0.10270200897215083]
    )
    assert table.loc["gap"].tolist()[1:] == pytest.approx(
        [0.10204564747646241, 0.07647640927496024, 0.12960708028713486]
    )


def test_the_standard_of_all_leaves_the_rate_of_all_as_it_is():
    table = standardised_gap(strata_counts(AGES, NAMED, "all", beside="others"), against_all=True)
    assert table.loc["all", "standardised"] == pytest.approx(table.loc["all", "crude"])
    assert table.loc["gap", "standardised"] == pytest.approx(
        table.loc["group", "standardised"] - table.loc["all", "standardised"]
    )


def test_events_per_person_year_as_fay_and_feuer_print_them():
    """Statistics in Medicine 16:791, table II: births with Down's syndrome, 75.53 (67.70, 188.30) per 100,000."""
    x = np.array([0, 8, 63, 112, 262, 295], dtype=float)
    n = np.array([327, 30666, 123419, 149919, 104088, 34392], dtype=float)
    births = np.array([319933, 931318, 786511, 488235, 237863, 61313], dtype=float)
    found = gamma_rate(x, n, births / births.sum())
    ends = [1e5 * float(part) for part in (found.value, found.lower, found.upper)]
    assert ends == pytest.approx([75.53, 67.70, 188.30], abs=0.005)


def test_a_standardised_rate_covers():
    rng = np.random.default_rng(5)
    weights, rates = np.array([0.2, 0.3, 0.3, 0.2]), np.array([0.3, 0.2, 0.12, 0.08])
    n, truth = np.array([12.0, 18, 20, 10]), float((weights * rates).sum())
    inside = []
    for _ in range(4000):
        found = standardised_rate(rng.binomial(n.astype(int), rates).astype(float), n, weights)
        inside.append(float(found.lower) <= truth <= float(found.upper))
    assert 0.937 <= np.mean(inside) <= 0.967


def test_an_empty_stratum_is_refused_and_its_merge_proposed():
    table = AGES.copy()
    table.loc["65+"] = [0, 0, 40, 800]
    with pytest.raises(SpecError, match=r"Merge '55-64' and '65\+'"):
        strata_counts(table, NAMED, "all", beside="others")


def test_other_age_classes_are_refused():
    with pytest.raises(SpecError, match="other age classes"):
        strata_counts(AGES, NAMED, {"0-17": 0.2, "18-64": 0.8}, beside="others")


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weights_of_the_standard_are_above_zero(weight):
    with pytest.raises(SpecError, match="above 0"):
        strata_counts(AGES, NAMED, {**WEIGHTS, "0-14": weight}, beside="others")


def test_strata_with_a_group_above_all_are_refused():
    table = AGES.assign(n_all=AGES["n_group"] - 1, x_all=AGES["x_group"])
    named = {name: name for name in ("x_group", "n_group", "x_all", "n_all")}
    with pytest.raises(CountError, match="more in the group than in all"):
        strata_counts(table, named, "all")


def test_strata_of_areas_are_summed():
    twice = pd.concat([AGES / 2, AGES / 2])
    one, two = (strata_counts(table, NAMED, "all", beside="others") for table in (AGES, twice))
    assert standardised_gap(one, against_all=False).equals(standardised_gap(two, against_all=False))


@pytest.mark.parametrize(
    ("before", "after", "r", "wanted"),
    [  # gap_change_known.json of the prototype
        ((120, 400, 330, 2600), (110, 430, 320, 2580), 0.0, (-0.04129397734, -0.10473100270, 0.02223561208)),
        ((120, 400, 330, 2600), (110, 430, 320, 2580), 0.5, (-0.04129397734, -0.08643309638, 0.00362835566)),
        ((12, 40, 30, 200), (9, 44, 28, 194), 0.0, (-0.08978444236, -0.28519305704, 0.10848025122)),
    ],
)
def test_change_of_a_gap(before, after, r, wanted):
    one, two = (score_intervals(*([n] for n in date)).difference for date in (before, after))
    found = square_and_add(one, two, r)
    assert [float(part[0]) for part in (found.value, found.lower, found.upper)] == pytest.approx(wanted, abs=1e-10)


def test_the_correlation_of_gaps_is_that_of_the_rates_where_both_are_alike():
    counts = arrays([120], [400], [330], [2600])
    assert correlation_of_gaps(counts, counts, 0.6, 0.6)[0] == pytest.approx(0.6)
    assert correlation_of_gaps(counts, counts, 0.6, 0.0)[0] < 0.6


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0, 1), st.floats(0, 1))
def test_the_parts_of_a_change_add_up(g1, g2, w1, w2):
    people, share = parts_of_change((g1, g2), (w1, w2))
    assert people + share == pytest.approx((1 - w2) * g2 - (1 - w1) * g1, abs=1e-12)
    if w1 == w2:
        assert share == 0


# fay_herriot_small.csv: made-up inputs, results of the R package sae 1.3, function mseFH, REML
Y = [0.31, 0.22, 0.18, 0.40, 0.27, 0.12, 0.35, 0.25]
D = [0.0036, 0.0025, 0.0049, 0.0064, 0.0016, 0.0036, 0.0049, 0.0025]
X = [0.25, 0.20, 0.15, 0.35, 0.22, 0.10, 0.30, 0.28]
WITH_X = [0.278856, 0.228994, 0.179131, 0.378581, 0.248939, 0.129269, 0.328718, 0.308774]
ALONE = [0.277962, 0.238213, 0.230696, 0.296011, 0.264519, 0.200908, 0.287455, 0.253080]
MSE_ALONE = [0.002665856, 0.002258603, 0.002940029, 0.003114558, 0.001705506, 0.002665856, 0.002940029, 0.002258603]


def test_the_area_model_agrees_with_r():
    with_x = area_model(Y, D, np.column_stack([np.ones(8), X]))
    assert with_x.between == 0
    assert with_x.estimate == pytest.approx(WITH_X, abs=1e-5)
    alone = area_model(Y, D)
    assert alone.between == pytest.approx(0.00245599, abs=1e-5)
    assert alone.estimate == pytest.approx(ALONE, abs=1e-5)
    assert alone.mse == pytest.approx(MSE_ALONE, abs=1e-6)


@pytest.mark.shared_data
def test_the_area_model_agrees_with_the_whole_table_of_r(acting):
    with (acting / "fay_herriot_small.csv").open(encoding="utf-8") as file:
        table = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    x = np.column_stack([np.ones(len(table)), [row["x"] for row in table]])
    for design, name in ((x, "x"), (None, "1")):
        found = area_model([row["y"] for row in table], [row["D"] for row in table], design)
        assert found.estimate == pytest.approx([row[f"eblup_{name}"] for row in table], abs=1e-5)
        assert found.mse == pytest.approx([row[f"mse_{name}"] for row in table], abs=1e-5)


@pytest.mark.shared_data
def test_changes_of_the_whole_file(acting):
    for case in json.loads((acting / "gap_change_known.json").read_text(encoding="utf-8")):
        dates = [score_intervals(*([n] for n in case[name])).difference for name in ("before", "after")]
        found = square_and_add(*dates, case["correlation"])
        ends = [float(part[0]) for part in (found.value, found.lower, found.upper)]
        assert ends == pytest.approx([case[name] for name in ("change", "lower", "upper")], abs=1e-12)


def test_the_area_model_refuses_what_says_nothing():
    with pytest.raises(SpecError, match="say nothing"):
        area_model([0.1], [0.01])
    with pytest.raises(SpecError, match="above 0"):
        area_model([0.1, 0.2], [0.0, 0.1])


def test_the_area_model_equals_its_matrices():
    """Independent: likelihood on a grid and the estimate by n x n matrices, on small made-up data."""
    rng = np.random.default_rng(3)
    d = rng.uniform(0.5, 2, 9)
    y = rng.normal(0, np.sqrt(2 + d))

    def likelihood(a):
        v = np.diag(1 / (a + d))
        ones = np.ones((9, 1))
        p = v - v @ ones @ np.linalg.inv(ones.T @ v @ ones) @ ones.T @ v
        return -0.5 * (np.log(a + d).sum() + np.log(np.linalg.det(ones.T @ v @ ones)) + y @ p @ y)

    grid = np.linspace(0, 10, 100_001)
    best = grid[np.argmax([likelihood(a) for a in grid[::100]]) * 100]
    fine = np.linspace(max(best - 0.1, 0), best + 0.1, 2001)
    best = fine[np.argmax([likelihood(a) for a in fine])]
    assert area_model(y, d).between == pytest.approx(best, abs=2e-4)
