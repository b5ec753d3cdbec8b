"""The rates that counts leave possible: against scipy's beta distribution, the textbook and worlds that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.need.robustness import prior as priors_of
from quartiersatlas.need.robustness import replicates
from quartiersatlas.need.robustness.options import RunOptions
from quartiersatlas.need.robustness.prior import Posterior, fit_prior, posterior
from quartiersatlas.need.robustness.redraw import draw_replicates
from quartiersatlas.need.score.inputs import Counts, NeedInputs

N = 400
KEYS = pd.Index([f"{i:03d}" for i in range(N)])


def counts_of(rate, n, seed=1):
    x = np.random.default_rng(seed).binomial(n, rate)
    return Counts(pd.Series(x, KEYS, dtype=float), pd.Series(n * np.ones(N), KEYS, dtype=float))


def draw(runs=4000, **counts):
    options = {name: counts.pop(name) for name in ("cluster", "shared", "persistence") if name in counts}
    values = pd.DataFrame(dict.fromkeys(counts, 0.0), index=KEYS)
    inputs = NeedInputs(values, counts, {}, qa.Catalogue.builtin())
    return draw_replicates(inputs, KEYS, runs, np.random.default_rng(3), RunOptions(**options))


@pytest.mark.parametrize("a", [0.2, 0.5, 1.0, 1.9, 2.0, 5.0, 300.0])
@pytest.mark.parametrize("b", [0.5, 3.0, 80.0, 5000.0])
def test_a_normal_place_becomes_the_quantile_of_the_beta_distribution(a, b):
    place = np.array([-2.5, -1.6, -0.7, 0.0, 0.7, 1.6, 2.5])[:, None]
    rate = Posterior(np.array([[a]]), np.array([[b]])).rates(place[None])[0]
    # two areas in a thousand change places at most
    assert stats.beta.cdf(rate, a, b) == pytest.approx(stats.norm.cdf(place), abs=0.004)


def test_the_prior_is_the_distribution_that_the_rates_came_from():
    random = np.random.default_rng(4)
    rate = random.beta(6.0, 30.0, 5000)
    n = random.integers(40, 300, 5000).astype(float)
    prior = fit_prior(random.binomial(n.astype(int), rate).astype(float), n)
    assert prior.fitted
    assert prior.a / (prior.a + prior.b) == pytest.approx(1 / 6, rel=0.02)
    assert prior.a + prior.b == pytest.approx(36, rel=0.08)


@pytest.mark.parametrize(("x", "n"), [(np.zeros(50), 80.0), (np.full(50, 80.0), 80.0), (np.arange(9.0), 80.0)])
def test_without_cases_or_areas_there_is_no_prior(x, n):
    assert fit_prior(x, np.full(len(x), n)) == (0.5, 0.5, False)


def test_rates_that_are_all_the_same_are_drawn_alike():
    n = np.full(N, 200.0)
    x = np.random.default_rng(1).binomial(200, 0.2, N).astype(float)
    prior = fit_prior(x, n)
    assert prior.a / (prior.a + prior.b) == pytest.approx(x.sum() / n.sum(), rel=0.01)
    assert prior.a + prior.b > 2000


def test_one_indicator_has_the_beta_posterior_of_the_textbook():
    rate = np.random.default_rng(2).beta(4, 16, N)
    one = counts_of(rate, 50)
    prior = fit_prior(one.numerator.to_numpy(), one.denominator.to_numpy())
    drawn = draw(rate=one).columns["rate"] / 100
    a, b = one.numerator + prior.a, one.denominator - one.numerator + prior.b
    assert drawn.mean(axis=0) == pytest.approx((a / (a + b)).to_numpy(), abs=0.005)
    assert drawn.std(axis=0) == pytest.approx(stats.beta.std(a, b), rel=0.06)


def test_a_cluster_divides_the_persons():
    rate = np.random.default_rng(2).beta(4, 16, N)
    one = counts_of(rate, 300)
    third = Counts(one.numerator / 3, one.denominator / 3)
    assert draw(runs=32, rate=one, cluster=3).columns["rate"] == pytest.approx(
        draw(runs=32, rate=third).columns["rate"]
    )
    named = draw(runs=32, rate=one, cluster={"rate": 3.0}).columns["rate"]
    assert named == pytest.approx(draw(runs=32, rate=third).columns["rate"])


def correlation(one, other):
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    return ((one * other).mean(axis=0) / one.std(axis=0) / other.std(axis=0)).mean()


def test_the_same_persons_err_together_and_other_ones_do_not():
    # rates that are independent over the areas, and so large that the prior says little
    random = np.random.default_rng(7)
    first, second = counts_of(random.beta(6, 24, N), 5000, 1), counts_of(random.beta(6, 24, N), 5000, 2)
    p, q = (c.numerator / c.denominator for c in (first, second))
    # one uniform number per person: cov = min(p, q) - p q, so that the correlation is sqrt of the ratio of the odds
    odds = np.minimum(p / (1 - p), q / (1 - q)) / np.maximum(p / (1 - p), q / (1 - q))
    for shared in (0.0, 0.5, 1.0):
        columns = draw(runs=1600, first=first, second=second, shared=shared).columns
        assert correlation(columns["first"], columns["second"]) == pytest.approx(
            shared * np.sqrt(odds).mean(), abs=0.03
        )


def test_indicators_that_go_together_leave_less_open():
    # two counts of the same rate in other persons: together as good as one count of all of them
    rate = np.random.default_rng(2).beta(4, 16, N)
    one, other = counts_of(rate, 60, 1), counts_of(rate, 60, 2)
    both = Counts(one.numerator + other.numerator, one.denominator + other.denominator)
    columns = draw(one=one, other=other).columns
    expected = draw(both=both).columns["both"]
    assert correlation(columns["one"], columns["other"]) > 0.8
    assert np.corrcoef(columns["one"].mean(axis=0), expected.mean(axis=0))[0, 1] > 0.98
    assert columns["one"].std(axis=0).mean() == pytest.approx(expected.std(axis=0).mean(), rel=0.08)


@pytest.mark.parametrize("cases", [(9, 8, 10), (2, 1, 3), (0, 0, 1), (5, 0, 1)])
def test_rates_that_go_together_are_those_of_bayes_theorem_in_the_tail_of_a_skewed_prior_too(cases, monkeypatch):
    """Three counts of 60 persons each, rates from Beta(1.5, 48.5) whose normal places are correlated by .95.

    By brute force: draws from the prior, weighted by the likelihood. In units of the prior's deviation, without their
    normal places, the sum of the rates of 9, 8 and 10 cases was .45 in place of .37.
    """
    together = np.full((3, 3), 0.95) + 0.05 * np.eye(3)
    monkeypatch.setattr(priors_of, "fit_prior", lambda *_: priors_of.Prior(1.5, 48.5, fitted=True))
    monkeypatch.setattr(priors_of, "_correlation", lambda *_: together)
    x, n, random = np.array(cases, dtype=float)[:, None], np.full((3, 1), 60.0), np.random.default_rng(1)
    found, _ = posterior(x, n, np.ones((3, 1), dtype=bool), np.eye(3).tolist())
    ours = found.rates(random.standard_normal((3, 20_000, 1)))[:, :, 0]
    places = stats.norm.cdf(np.linalg.cholesky(together) @ random.standard_normal((3, 400_000)))
    rates = stats.beta.ppf(places, 1.5, 48.5).clip(1e-12)
    likelihood = np.prod(rates**x * (1 - rates) ** (n - x), axis=0)
    for of in (np.array([1, 1, 1]), np.array([1, 0, 0]), np.array([1, -1, 0])):
        value, drawn = of @ rates, of @ ours
        mean = np.average(value, weights=likelihood)
        spread = np.sqrt(np.average((value - mean) ** 2, weights=likelihood))
        assert drawn.mean() == pytest.approx(mean, abs=0.15 * spread)
        assert drawn.std() == pytest.approx(spread, rel=0.08)


def test_an_indicator_of_few_persons_is_not_read_off_others_that_it_only_half_follows():
    """Rates on a scale of odds, with more areas far out than a beta distribution has, correlated by .8.

    Places in units of the prior's deviation have moments above 1 then, which are no correlations: taken as such, the
    third rate is all but read off the others, and its 90 % intervals hold 81 %.
    """
    held = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        need = random.standard_normal(N)
        odds = np.stack([need - 2.2, 1.1 * need - 1.8, 0.72 * need + 0.54 * random.standard_normal(N) - 1.3])
        rates, n = 1 / (1 + np.exp(-odds)), np.array([2000, 600, 60])[:, None] * np.ones((1, N), dtype=int)
        x = random.binomial(n, rates).astype(float)
        found, _ = posterior(x, n.astype(float), n > 0, np.eye(3).tolist())
        lower, upper = np.quantile(found.rates(random.standard_normal((3, 500, N)))[2], (0.05, 0.95), axis=0)
        held.append(((lower <= rates[2]) & (rates[2] <= upper)).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.04)


def test_persistence_takes_chance_out_of_a_change():
    rate = np.random.default_rng(2).beta(4, 16, N)
    now = counts_of(rate, 400)
    still = Counts(now.numerator, now.denominator, earlier=(now.numerator.copy(), now.denominator.copy()))
    spread = [draw(runs=64, change=still, persistence=p).columns["change"].std() for p in (0.0, 0.5, 1.0)]
    assert spread[0] > spread[1] > spread[2] == 0


def test_what_is_unknown_says_nothing_of_the_rest():
    rate = np.random.default_rng(2).beta(4, 16, N)
    one, other = counts_of(rate, 60, 1), counts_of(rate, 60, 2)
    gaps = other.numerator.where(np.arange(N) % 2 == 0)
    columns = draw(runs=800, one=one, other=Counts(gaps, other.denominator)).columns
    alone = draw(runs=800, one=one).columns["one"]
    odd = np.arange(N) % 2 == 1
    assert np.isnan(columns["other"][:, odd]).all()
    assert columns["one"][:, odd].mean(axis=0) == pytest.approx(alone[:, odd].mean(axis=0), abs=0.8)
    assert columns["one"][:, ~odd].std(axis=0).mean() < 0.9 * alone[:, ~odd].std(axis=0).mean()


def test_the_covariance_is_that_of_the_matrices_in_the_notes():
    random = np.random.default_rng(5)
    n = np.full((2, 60), 80.0)
    x = np.stack([random.binomial(80, random.beta(4, 16, 60)) for _ in range(2)]).astype(float)
    found, fitted = posterior(x, n, np.ones((2, 60), dtype=bool), [[1, 0.4], [0.4, 1]])
    assert fitted.all()
    priors = [fit_prior(row, total) for row, total in zip(x, n, strict=True)]
    ends = [stats.beta.ppf(stats.norm.cdf([-1, 1]), found.a[k, 7], found.b[k, 7]) for k in range(2)]
    places = [stats.norm.ppf(stats.beta.cdf(end, one.a, one.b)) for end, one in zip(ends, priors, strict=True)]
    weight = 1 - (np.diff(places, axis=1)[:, 0] / 2) ** 2
    variance = (1 - weight) / weight
    odds = np.log(found.a[:, 7] / found.b[:, 7])
    noise = np.diag(variance)
    noise[0, 1] = noise[1, 0] = 0.4 * np.exp(-abs(odds[0] - odds[1]) / 2) * np.sqrt(variance.prod())
    root = found.root[:, :, 7]
    places = root @ root.T * np.sqrt(np.outer(1 - weight, 1 - weight))
    # V = (R^-1 + S^-1)^-1, solved for R: the same for every area
    together = np.linalg.inv(np.linalg.inv(places) - np.linalg.inv(noise))
    assert np.diag(together) == pytest.approx([1.0, 1.0], rel=1e-3)
    assert abs(together[0, 1]) < 0.6


@pytest.mark.parametrize("how", ["posterior", "raw"])
def test_the_size_of_the_blocks_changes_nothing(counted, monkeypatch, how):
    need = counted()
    whole = need.stability(n=100, seed=3, select=10, redraw=how)
    for cells in (1, 40 * 3 * 40):
        monkeypatch.setattr(replicates, "CELLS", cells)
        parts = need.stability(n=100, seed=3, select=10, redraw=how)
        pd.testing.assert_frame_equal(parts.table, whole.table, check_exact=True)
        pd.testing.assert_frame_equal(parts.ranks, whole.ranks, check_exact=True)
        pd.testing.assert_frame_equal(parts.class_probabilities, whole.class_probabilities, check_exact=True)
        assert parts.size.tolist() == whole.size.tolist()


def test_areas_without_a_case_have_a_wide_interval(counted):
    frame = counted.frame(60)
    frame.loc["003", ["x_a", "x_b", "x_c"]] = 0.0
    frame.loc["003", ["n_a", "n_b", "n_c"]] = 12.0
    need = qa.need_index(frame, counted.spec())
    raw, honest = (
        need.stability(n=400, seed=1, vary=["data"], redraw=how).table.loc["003"] for how in ("raw", "posterior")
    )
    assert (
        raw["rank_upper"] - raw["rank_lower"] <= 3
    )  # nobody stays nobody: the count of zero is drawn as zero for ever
    assert honest["rank_upper"] - honest["rank_lower"] > 5 * max(raw["rank_upper"] - raw["rank_lower"], 3)


def test_the_notes_say_how_counts_were_drawn(counted):
    need = counted()
    said = " ".join(need.stability(n=5, cluster=3, shared=0.5).notes("en"))
    assert "agrees with its count and with the rates of all areas" in said
    assert "3 persons at a time" in said
    assert "to 50%" in said
    raw = need.stability(n=5, redraw="raw", cluster={"a": 2.5}).notes("de")
    assert any("zählt der Zufall damit doppelt" in line for line in raw)
    assert any("a 2,5" in line for line in raw)
    with pytest.warns(UserWarning, match="9 areas only"):
        few = counted(9)
    assert few.stability(n=5).unfitted == ("a", "b", "c")
    assert any("zu wenige Gebiete" in line for line in few.stability(n=5).notes("de"))
    assert not any("Zufall heißt hier" in line for line in need.stability(n=5, vary=["weights"]).notes("de"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"redraw": "bayes"}, "redraw must be one of 'posterior', 'raw'"),
        ({"cluster": 0.5}, "cluster is 0.5; it is a number of persons from 1 on"),
        ({"cluster": float("inf")}, "cluster is inf"),
        ({"cluster": {"a": "3"}}, r"cluster\['a'\] is '3'"),
        ({"cluster": {"z": 3}}, "cluster names indicators without counts: 'z'"),
        ({"shared": 1.5}, r"shared is 1.5; it is a share of persons in \[0, 1\]"),
        ({"shared": True}, "shared is True"),
        ({"shared": 0.5, "redraw": "raw"}, "only for redraw='posterior'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(counted, options, message):
    with pytest.raises(SpecError, match=message):
        counted().stability(n=5, **options)
