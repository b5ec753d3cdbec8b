from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from quartiersatlas.catalogue import Catalogue
from quartiersatlas.need.robustness.options import RunOptions
from quartiersatlas.need.robustness.redraw import draw_replicates
from quartiersatlas.need.score.inputs import Counts, NeedInputs

KEYS = pd.Index(["a", "b", "c", "d"])
RUNS = 20_000


def series(*values):
    return pd.Series(values, index=KEYS, dtype=float)


def inputs(**counts):
    values = pd.DataFrame({name: [0.1, 0.2, 0.3, 0.4] for name in counts}, index=KEYS)
    return NeedInputs(values=values, counts=counts, residents={}, catalogue=Catalogue.builtin())


def draw(counts, persistence=0.0, scored=KEYS, seed=1, runs=RUNS):
    options = RunOptions(persistence=persistence, redraw="raw")
    return draw_replicates(inputs(**counts), scored, runs, np.random.default_rng(seed), options)


def test_rates_have_the_mean_and_the_variance_of_a_binomial():
    x, n = series(10, 40, 0, 80), series(100, 400, 50, 80)
    columns = draw({"rate": Counts(x, n)}).columns["rate"]
    p = x / n
    assert columns.mean(axis=0) == pytest.approx((100 * p).to_numpy(), abs=0.15)
    assert columns.var(axis=0) == pytest.approx((1e4 * p * (1 - p) / n).to_numpy(), rel=0.05)
    assert columns[:, 2].max() == 0  # nobody stays nobody
    assert columns[:, 3].min() == 100


def test_unknown_counts_stay_unknown_and_areas_outside_keep_theirs():
    x, n = series(10, np.nan, 5, 7), series(100, 400, 0, 50)
    draws = draw({"rate": Counts(x, n)}, scored=KEYS[:3], runs=500)
    assert np.isnan(draws.columns["rate"][:, 1]).all()
    assert np.isnan(draws.columns["rate"][:, 2]).all()
    # the city: 100 drawn persons, nobody, and 7 of 50 of the area outside as they are
    drawn_count = draws.columns["rate"][:, 0]  # per cent of 100
    assert draws.city["rate"][:, 0] == pytest.approx(100 * (drawn_count + 5 + 7) / 150)


def test_indicators_of_the_same_counts_share_their_draws():
    x, n, x0, n0 = series(10, 40, 6, 9), series(100, 400, 50, 80), series(12, 30, 6, 9), series(90, 420, 60, 80)
    draws = draw({"rate": Counts(x, n), "change": Counts(x, n, earlier=(x0, n0))}, runs=300)
    before = draws.columns["rate"] - draws.columns["change"]
    counts_before = before / 100 * n0.to_numpy()
    assert counts_before == pytest.approx(np.round(counts_before), abs=1e-9)


def test_dates_are_independent_without_persistence():
    x, n, x0, n0 = series(10, 40, 6, 9), series(100, 400, 50, 80), series(12, 30, 6, 9), series(90, 420, 60, 80)
    columns = draw({"change": Counts(x, n, earlier=(x0, n0))}).columns["change"]
    p, q = x / n, x0 / n0
    assert columns.mean(axis=0) == pytest.approx((100 * (p - q)).to_numpy(), abs=0.3)
    assert columns.var(axis=0) == pytest.approx((1e4 * (p * (1 - p) / n + q * (1 - q) / n0)).to_numpy(), rel=0.05)


@pytest.mark.parametrize("persistence", [0.3, 0.8])
def test_persistence_takes_the_covariance_of_the_same_persons_out_of_a_change(persistence):
    # of m = persistence * min(n, n0) persons the same uniform number decides: cov = m (min(p, q) - p q) / (n n0)
    x, n, x0, n0 = series(10, 40, 6, 9), series(100, 400, 50, 80), series(12, 30, 6, 9), series(90, 420, 60, 80)
    draws = draw({"rate": Counts(x, n), "change": Counts(x, n, earlier=(x0, n0))}, persistence)
    p, q = (x / n).to_numpy(), (x0 / n0).to_numpy()
    same = np.floor(persistence * np.minimum(n, n0).to_numpy() + 0.5)
    covariance = same * (np.minimum(p, q) - p * q) / (n * n0).to_numpy()
    expected = (p * (1 - p) / n + q * (1 - q) / n0).to_numpy() - 2 * covariance
    assert draws.columns["change"].var(axis=0) == pytest.approx(1e4 * expected, rel=0.06)
    assert draws.columns["rate"].var(axis=0) == pytest.approx((1e4 * p * (1 - p) / n).to_numpy(), rel=0.06)


def test_nothing_changes_where_all_persons_and_shares_stay():
    x, n = series(10, 40, 6, 9), series(100, 400, 50, 80)
    columns = draw({"change": Counts(x, n, earlier=(x.copy(), n.copy()))}, 1.0, runs=200).columns["change"]
    assert np.abs(columns).max() == 0


def test_counts_that_are_not_whole_numbers_keep_their_mean():
    columns = draw({"rate": Counts(series(10.5, 1, 1, 1), series(100.4, 10, 10, 10))}).columns["rate"]
    assert columns[:, 0].mean() == pytest.approx(100 * 10.5 / 100.4, abs=0.1)


def test_draws_of_counts_that_are_not_whole_numbers_are_on_their_scale():
    draws = draw({"rate": Counts(series(10.5, 1, 1, 1), series(100.4, 10, 10, 10))}, scored=KEYS[:1], runs=200)
    # of 100 persons each is one percent, and 1.004 in the count of the city
    persons = draws.columns["rate"][:, 0]
    assert persons == pytest.approx(np.round(persons), abs=1e-9)
    assert draws.city["rate"][:, 0] == pytest.approx(100 * (1.004 * persons + 3) / 130.4)


def test_the_city_value_of_a_change_is_that_of_both_dates():
    x, n, x0, n0 = series(10, 40, 6, 9), series(100, 400, 50, 80), series(12, 30, 6, 9), series(90, 420, 60, 80)
    counts = {"change": Counts(x, n, earlier=(x0, n0))}
    kept = draw(counts, scored=KEYS[:0], runs=2)
    assert kept.city["change"][:, 0] == pytest.approx([100 * (65 / 630 - 57 / 650)] * 2)
    drawn_all = draw(counts, runs=5000).city["change"]
    assert drawn_all.mean() == pytest.approx(100 * (65 / 630 - 57 / 650), abs=0.1)


def test_indicators_without_counts_have_one_row():
    given = inputs()
    given = NeedInputs(given.values.assign(share=[1.0, 2.0, 3.0, 4.0]), {}, {}, given.catalogue)
    assert draw_replicates(given, KEYS, 50, np.random.default_rng(1), RunOptions()).columns["share"].tolist() == [
        [1.0, 2.0, 3.0, 4.0]
    ]


def test_all_changes_from_the_same_later_counts_share_them():
    x, n = series(10, 40, 6, 9), series(100, 400, 50, 80)
    x2, n2, x3, n3 = series(12, 30, 6, 9), series(90, 420, 60, 80), series(9, 20, 5, 8), series(95, 410, 70, 60)
    counts = {
        "rate": Counts(x, n),
        "two_years": Counts(x, n, earlier=(x2, n2)),
        "three_years": Counts(x, n, earlier=(x3, n3)),
    }
    for names in (["rate", "two_years", "three_years"], ["three_years", "two_years", "rate"]):
        columns = draw({name: counts[name] for name in names}, runs=300).columns
        for name, people in (("two_years", n2), ("three_years", n3)):
            before = (columns["rate"] - columns[name]) / 100 * people.to_numpy()
            assert before == pytest.approx(np.round(before), abs=1e-8)
