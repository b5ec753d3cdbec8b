"""Runs: each is the screening of counts drawn again, said by hand; changes of the cell-key method as published."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from by_hand import quarters as quarters_by_hand
from small_nation import digest, draw_nation

import quartiersatlas as qa
from quartiersatlas.errors import SpecError
from quartiersatlas.nation.noise import perturbed, stream

CONDITIONS = [("mig", "municipality", "1.5"), ("low", "municipality", "1.3")]
RUNS, SEED, FLOOR = 6, 11, 300


def drawn_by_hand(frame, noise):
    """Give one list of cells per run, drawn as the manual says: one stream per municipality and column, run by run."""
    runs = [[] for _ in range(RUNS)]
    for ags, town in frame.sort_values(["ags", "y", "x"]).groupby("ags"):
        pop = town["pop"].to_numpy()
        counts = {}
        for column in ("pop", "mig", "low"):
            value, rng = town[column].to_numpy(), stream(SEED, ags, column)
            if noise == "binomial":
                counts[column] = [pop if column == "pop" else rng.binomial(pop, value / pop) for _ in range(RUNS)]
            else:
                counts[column] = [changed_by_hand(value, noise, rng) for _ in range(RUNS)]
        for run, cells in enumerate(runs):
            cells += [
                (ags, x // 100, y // 100, {name: int(counts[name][run][k]) for name in counts})
                for k, (x, y) in enumerate(town[["x", "y"]].itertuples(index=False))
            ]
    return runs


def changed_by_hand(values, noise, rng):
    found = []
    for value, u in zip(values, rng.random(len(values)), strict=True):
        support, p = noise.distribution(int(value))
        found.append(int(value) + int(support[np.searchsorted(np.cumsum(p), u, side="right").clip(max=len(p) - 1)]))
    return np.array(found)


@pytest.mark.parametrize("noise", ["binomial", qa.CellKeyNoise(3, 1.5, 0)], ids=str)
def test_each_run_is_the_screening_of_counts_drawn_again(write, rule, noise):
    frame = draw_nation(4, towns=5)
    options = {"min_population": FLOOR, "n": RUNS, "seed": SEED, "noise": noise}
    found = qa.screen_cells(write(frame), rule, **options)
    published = [
        (ags, x // 100, y // 100, {"pop": pop, "mig": mig, "low": low})
        for ags, x, y, pop, mig, low in frame[["ags", "x", "y", "pop", "mig", "low"]].itertuples(index=False)
    ]
    how = {"floor": FLOOR, "least": 5000, "contiguity": "queen", "published": published}
    people = {(ags, x, y): counts["pop"] for ags, x, y, counts in published}
    want, kept = [], {name: [] for name in found.quarters.index}
    real = quarters_by_hand(published, CONDITIONS, **how)
    for cells in drawn_by_hand(frame, noise):
        again = quarters_by_hand(cells, CONDITIONS, **how)
        inside = set().union(*(members for _, _, members in again.values()))
        want.append((len(again), len({ags for ags, _, _ in inside}), len(inside), sum(people[cell] for cell in inside)))
        for name, (_, residents, members) in real.items():
            kept[name].append(sum(people[cell] for cell in members & inside) / residents)
    assert found.runs[["quarters", "municipalities", "cells", "residents"]].apply(tuple, axis=1).tolist() == want
    assert len({row[3] for row in want}) > 1
    share = pd.DataFrame(kept)
    np.testing.assert_allclose(found.quarters["p_found"], (share >= 0.5).mean(), atol=1e-12)
    np.testing.assert_allclose(found.quarters["expected_kept"], share.mean(), atol=1e-12)
    band = found.summary.loc["residents", ["low", "high"]]
    np.testing.assert_allclose(band.astype(float), np.quantile([row[3] for row in want], [0.05, 0.95]))


@pytest.mark.parametrize("level", ["land", "size_class", "city"])
def test_runs_of_higher_levels_keep_the_published_value_and_say_so(write, level):
    frame = draw_nation(4, towns=4)
    rule = qa.above("mig_share", than=level, factor="1.2")
    a, b = (qa.screen_cells(write(frame, rows_per_file=rows), rule, n=4, seed=2) for rows in (1, 10**6))
    assert digest(a) == digest(b)
    assert "values of higher levels are not drawn again" in " ".join(a.notes)


@pytest.mark.shared_data
def test_noise_tables_are_the_published_ones(shared):
    known = pd.read_csv(shared / "nation" / "noise_tables.csv")
    for (largest, variance, absent, count), table in known.groupby(["D", "V", "js", "count"]):
        noise = qa.CellKeyNoise(int(largest), float(variance), int(absent))
        support, p = noise.distribution(int(count))
        want = table.set_index("noise")["p"]
        assert np.abs(want.reindex(support).to_numpy() - p).max() < 1e-6
        assert want[~want.index.isin(support)].abs().sum() < 1e-6


@pytest.mark.parametrize(("largest", "variance", "absent"), [(2, 1.0, 0), (4, 2.0, 2), (5, 3.0, 2)])
def test_changes_have_their_mean_their_variance_and_no_other_counts(largest, variance, absent):
    noise = qa.CellKeyNoise(largest, variance, absent)
    assert noise.distribution(0)[1].tolist() == [1.0]
    for count in range(absent + 1, 30):
        support, p = noise.distribution(count)
        assert p.sum() == pytest.approx(1)
        assert p @ support == pytest.approx(0, abs=1e-6)
        assert p @ support**2 == pytest.approx(variance, abs=1e-6)
        assert np.abs(support).max() <= largest
        after = support + count
        assert not ((after < 0) | ((after > 0) & (after <= absent))).any()
    drawn = perturbed(np.array([0, 3, 50]), noise.table, 20_000, np.random.default_rng(1))
    assert (drawn[:, 0] == 0).all()
    np.testing.assert_allclose(drawn.mean(axis=0), [0, 3, 50], atol=0.05)
    np.testing.assert_allclose(drawn[:, 1:].var(axis=0), variance, rtol=0.05)


def test_noise_that_cannot_be_is_refused(write, rule):
    for options in ((0, 1.0, 0), (2, 5.0, 0), (2, 1.0, 2), (2, 0.0, 0)):
        with pytest.raises(SpecError, match="CellKeyNoise"):
            qa.CellKeyNoise(*options)
    cells = write(draw_nation(1, towns=2))
    for smallest, noise in ((1, qa.CellKeyNoise(2, 1.0, 0)), (3, qa.CellKeyNoise(4, 2.0, 2))):
        found = qa.screen_cells(replace(cells, smallest=smallest), rule, n=2, noise="cell_key", min_population=1)
        assert found.spec.noise == noise
        assert "other random changes" in found.sentence("en")
    support, p = qa.CellKeyNoise(6, 4.0, 4).distribution(2)  # -2, or 3 and more: no variance below 6
    assert (support.tolist(), p.round(9).tolist()) == ([-2, 3], [0.6, 0.4])
