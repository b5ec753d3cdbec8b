"""Which choice makes the shortlist? First-order and total Sobol indices for its size and its members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import check_lang
from quartiersatlas.charts import Chart, Charted
from quartiersatlas.errors import DependencyError, SpecError
from quartiersatlas.need.pictures.audited import sobol_chart
from quartiersatlas.need.robustness.options import FACTORS, RunOptions, sensitivity_options
from quartiersatlas.need.robustness.redraw import draw_replicates
from quartiersatlas.need.robustness.replicates import (
    Method,
    ReplicateRuns,
    as_published,
    count_failed,
    draw_weights,
    methods_to_try,
    published_scores,
    random_streams,
    score_replicates,
    unused_sources,
)
from quartiersatlas.need.robustness.selection import selection_of
from quartiersatlas.need.robustness.variants import removable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.need.robustness.selection import Choice, Selection
    from quartiersatlas.need.score.need_scores import NeedScores

    Array = NDArray[np.float64]

POOL = 200  # draws of data and of weights that a factor chooses from
OUTPUTS = ("size", "changed", "members")


def sensitivity(
    need: NeedScores,
    n: int = 256,
    seed: int | None = None,
    *,
    select: Choice = None,
    factors: Sequence[str] = FACTORS,
    persistence: float = 0.0,
    concentration: float = 6.0,
    threshold: float = 0.1,
    redraw: str = "posterior",
) -> Sensitivity:
    """Return which choices make the size and the members of the shortlist: Sobol indices.

    Parameters
    ----------
    n : int, default 256
        Points of the Sobol sequence, a power of two; the index is computed ``n (k + 2)`` times for k factors.
    seed : int or None, default None
        Source of the draws; the same number gives the same result, None another one each time.
    select, persistence, concentration, threshold, redraw
        As in :meth:`stability`.
    factors : sequence of {"data", "weights", "normalisation", "aggregation", "threshold", "indicators"}
        Choices that are varied, at least two; ``"indicators"`` leaves out none or one of the axes' indicators.

    Returns
    -------
    Sensitivity

    Raises
    ------
    DependencyError
        The package SALib is missing.
    SpecError
        A parameter is out of range.

    Notes
    -----
    Data and weights are one factor each: a number that picks one of 200 draws, as in Saisana et al. [1]_. The
    indices of the size and of the number of areas that change are those of SALib [2]_; the members are taken
    together, each area with the variance of its membership. The sum of the first-order indices below 1 is left to
    interactions, for which the total index accounts.

    References
    ----------
    .. [1] Saisana, M., Saltelli, A. & Tarantola, S. (2005). Uncertainty and sensitivity analysis techniques as
           tools for the quality assessment of composite indicators. Journal of the Royal Statistical Society A
           168(2), 307-323.
    .. [2] Iwanaga, T., Usher, W. & Herman, J. (2022). Toward SALib 2.0. Socio-Environ. Syst. Model. 4, 18155.
    """
    sample, analyse = _salib()
    how = {"persistence": persistence, "concentration": concentration, "threshold": threshold, "redraw": redraw}
    options = sensitivity_options(n, seed, factors=factors, **how)
    names = list(options.vary)
    start = int(np.random.default_rng().integers(2**31)) if seed is None else int(seed)
    selection = selection_of(need.spec, select, len(need.scored_keys))
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    points = pd.DataFrame(sample.sample(problem, n, calc_second_order=False, seed=start), columns=names)
    chosen, known, before, unused = _memberships(need, selection, points, start, options)
    failed = count_failed(known, "sensitivity")
    chosen = _whole_blocks(chosen, known, len(names) + 2)
    outputs = {"size": chosen.sum(axis=1).astype(float), "changed": (chosen != before).sum(axis=1).astype(float)}
    rows = []
    for output, values in outputs.items():
        rows += _scalar_rows(output, values, problem, analyse, start or 1)  # 0 is no seed to SALib
    first, total = sobol_of_many(chosen.astype(float), len(names))
    rows += [
        {"output": "members", "factor": name, "first_order": a, "total": b}
        for name, a, b in zip(names, first, total, strict=True)
    ]
    columns = ["output", "factor", "first_order", "first_order_conf", "total", "total_conf"]
    variance = {name: values.var() for name, values in outputs.items()} | {"members": chosen.var(axis=0).sum()}
    return Sensitivity(
        table=pd.DataFrame(rows, columns=columns),
        variance=pd.Series(variance, name="variance"),
        selection=selection.text,
        n_runs=len(points),
        failed=failed,
        unused=unused,
        spec_hash=need.spec.hash,
    )


def _salib() -> tuple[ModuleType, ModuleType]:
    try:
        from SALib.analyze import sobol as analyse
        from SALib.sample import sobol as sample
    except ImportError as error:
        raise DependencyError(
            "Sobol indices need an extra: pip install 'quartiersatlas[sensitivity]' (in a checkout: '.[sensitivity]')."
        ) from error
    return sample, analyse


def _memberships(
    need: NeedScores,
    selection: Selection,
    points: pd.DataFrame,
    seed: int,
    options: RunOptions,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_], tuple[str, ...]]:
    """Return who is selected and who has a score at every point, who is selected as published, and what cannot vary.

    The first two have the shape (points, n_areas).
    """
    axes = [axis for axis in need.spec.axes if axis.id in selection.axes]
    streams = random_streams(seed)
    draws, row, weights = as_published(need), None, {}
    if "data" in points:
        draws = draw_replicates(need.inputs, need.scored_keys, POOL, streams["data"], options)
        row = _level(points["data"], POOL)
    if "weights" in points:
        pools = draw_weights(axes, POOL, streams["weights"], options.concentration)
        weights = {name: pool[:, _level(points["weights"], POOL)] for name, pool in pools.items()}
    scales, ways = methods_to_try(need, options.vary)
    without = ["", *dict.fromkeys(name for axis in axes for name in removable(axis))]
    grid = [Method(a, b, c) for a in scales for b in ways for c in (without if "indicators" in points else [""])]
    zero = pd.Series(0.0, index=points.index)
    scale = _level(points.get("normalisation", zero), len(scales))
    way = _level(points.get("aggregation", zero), len(ways))
    out = _level(points.get("indicators", zero), len(without)) if "indicators" in points else 0
    runs = ReplicateRuns(
        draws=draws,
        shift=options.threshold * (2 * points["threshold"].to_numpy() - 1)
        if "threshold" in points
        else np.zeros(len(points)),
        row=row,
        weights=weights,
        methods=tuple(grid),
        method=(scale * len(ways) + way) * (len(grid) // (len(scales) * len(ways))) + out,
    )
    base, spread = published_scores(need)
    base = {axis.id: base[axis.id] for axis in axes}
    found = score_replicates(need.spec, base, runs, need.context, spread)
    chosen = selection.selected(found.scores, found.classes, 0.0 if selection.classes else runs.shift[:, None])
    single = score_replicates(need.spec, base, ReplicateRuns(as_published(need), np.zeros(1)), need.context, spread)
    unused = unused_sources(options.vary, runs, has_counts=bool(need.inputs.counts))
    known = np.logical_and.reduce([~np.isnan(score) for score in found.scores.values()])
    return chosen, known, selection.selected(single.scores, single.classes)[0], unused


def _level(values: pd.Series[float], n: int) -> NDArray[np.int64]:
    """Turn numbers in [0, 1) into levels 0 to n - 1."""
    return np.minimum((np.asarray(values) * n).astype(np.int64), n - 1)


def _whole_blocks(chosen: NDArray[np.bool_], known: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Leave out the blocks of Saltelli's sample in which a run has no score at all."""
    whole = np.asarray(known.any(axis=1).reshape(-1, size).all(axis=1))
    if whole.sum() < 2:  # noqa: PLR2004 - a single block has no variance
        raise SpecError(
            f"sensitivity: {int((~whole).sum())} of {len(whole)} blocks of runs hold one without any score, so "
            f"too few are left to compare. Leave 'data' out of the factors, or take a transform that allows 0."
        )
    return chosen[np.repeat(whole, size)]


def _scalar_rows(
    output: str, values: Array, problem: dict[str, object], analyse: ModuleType, seed: int
) -> list[dict[str, object]]:
    names = problem["names"]
    assert isinstance(names, list)  # noqa: S101 - made above
    if not values.var() > 0:
        return [{"output": output, "factor": name} for name in names]
    found = analyse.analyze(problem, values, calc_second_order=False, seed=seed)
    return [
        {
            "output": output,
            "factor": name,
            "first_order": found["S1"][k],
            "first_order_conf": found["S1_conf"][k],
            "total": found["ST"][k],
            "total_conf": found["ST_conf"][k],
        }
        for k, name in enumerate(names)
    ]


def sobol_of_many(values: Array, n_factors: int) -> tuple[Array, Array]:
    """Return first-order and total Sobol indices of many outputs taken together.

    Parameters
    ----------
    values : array of float, shape (n (k + 2), n_outputs)
        Outputs in the order of Saltelli's sample: A, A with one column of B for each factor, B; n times.
    n_factors : int
        k.

    Returns
    -------
    first, total : array of float, shape (k,)
        Each output counts with its variance; NaN where none varies.

    Notes
    -----
    With the estimators of Saltelli et al. [1]_, ``S_j = sum_i mean(f_B (f_ABj - f_A)) / sum_i V_i`` and
    ``T_j = sum_i mean((f_A - f_ABj)^2) / (2 sum_i V_i)``, the aggregated indices of Gamboa et al. [2]_.

    References
    ----------
    .. [1] Saltelli, A., Annoni, P., Azzini, I., Campolongo, F., Ratto, M. & Tarantola, S. (2010). Variance based
           sensitivity analysis of model output. Computer Physics Communications 181(2), 259-270.
    .. [2] Gamboa, F., Janon, A., Klein, T. & Lagnoux, A. (2014). Sensitivity analysis for multidimensional and
           functional outputs. Electronic Journal of Statistics 8(1), 575-603.
    """
    centred = values - values.mean(axis=0)  # the same indices with less noise: f_B no longer carries the level
    blocks = centred.reshape(-1, n_factors + 2, values.shape[1])
    a, b, mixed = blocks[:, 0], blocks[:, -1], blocks[:, 1:-1]
    variance = np.concatenate([a, b]).var(axis=0).sum()
    if not variance > 0:
        return np.full(n_factors, np.nan), np.full(n_factors, np.nan)
    first = np.array([(b * (mixed[:, j] - a)).mean(axis=0).sum() for j in range(n_factors)]) / variance
    total = np.array([((a - mixed[:, j]) ** 2).mean(axis=0).sum() for j in range(n_factors)]) / (2 * variance)
    return first, total


@dataclass(frozen=True, eq=False)
class Sensitivity(Charted):
    """Shares of the variance of the shortlist that the choices make.

    Parameters
    ----------
    table : DataFrame
        One row per output and factor: ``first_order`` (what the factor makes alone) and ``total`` (with all its
        interactions), with the half-widths of their 95 % intervals (``first_order_conf``, ``total_conf``; missing for
        ``members``). Outputs: ``size`` of the shortlist; ``changed``: how many areas enter or leave it; ``members``:
        the membership of every area, their variances added up. NaN where an output does not vary at all.
    variance : Series
        Variance of each output over the runs; of ``members`` the sum over the areas.
    selection : str
        The rule of selection in words.
    n_runs : int
        Runs of the whole index that were made.
    failed : int
        Runs in which some or all areas had no score. Where all had none, the run is left out, and so are those it is
        compared with (its block of k + 2 runs); otherwise the areas without one count as not selected.
    unused : tuple of str
        Factors that could not vary, so that their 0 says nothing: no indicator has counts, no group has a choice of
        weights, the axes allow no other method, or no indicator can be left out.
    spec_hash : str
        The spec it belongs to.
    """

    table: pd.DataFrame
    variance: pd.Series[float]
    selection: str
    n_runs: int
    failed: int = 0
    unused: tuple[str, ...] = ()
    spec_hash: str = ""

    def chart(self, kind: str | None = None, lang: Lang = "de", *, output: str = "members") -> Chart:
        """Return the indices of an output as a chart.

        Parameters
        ----------
        kind : {"sobol"}, optional
            The only one.
        lang : {"de", "en"}, default "de"
            Language.
        output : {"size", "changed", "members"}, default "members"
            What of the shortlist varies.

        Returns
        -------
        Chart
            Total index pale, first order dark, with their 95 % intervals where they are known.

        Raises
        ------
        SpecError
            There is no such kind, language or output.
        """
        check_lang(lang)
        choice(kind, (None, "sobol"), "kind")
        choice(output, OUTPUTS, "output")
        return sobol_chart(self.table, output, self.n_runs, self.unused, lang)

    def __repr__(self) -> str:
        wide = self.table.pivot_table(index="factor", columns="output", values="total", sort=False, dropna=False)
        lines = [f"Sensitivity ({self.spec_hash}), {self.n_runs} runs, total Sobol indices", wide.round(3).to_string()]
        if self.failed:
            lines.append(f"without a score for some or all areas: {self.failed} runs")
        if self.unused:
            lines.append(f"could not vary: {', '.join(self.unused)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self._picture()}"
