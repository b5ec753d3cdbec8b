"""How stable a selection is: the rule applied to many runs of data and need indices that are not taken as exact."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.need.robustness.options import stability_options
from quartiersatlas.need.robustness.replicates import (
    ReplicateRuns,
    Replicates,
    count_failed,
    draw_replicates,
    random_streams,
    replicate_runs,
    score_replicates,
    share_of_runs,
    shifts,
    unused_sources,
)
from quartiersatlas.need.robustness.stability import Stability, rank_table, ranks_of_runs, stability_labels
from quartiersatlas.need.score.inputs import NeedInputs, counts_behind, shrunken_values
from quartiersatlas.screening.evaluation.evaluate import Truth, evaluate
from quartiersatlas.screening.language.rules import NEED, InClass, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.robustness.options import RandomSource, RunOptions
    from quartiersatlas.screening.evaluation.evidence import Evidence

Number = TypeVar("Number", np.float64, np.int64)


def selection_stability(
    rule: Rule,
    evidence: Evidence,
    data: AreaData,
    need: NeedIndex | None,
    selected: pd.Series[bool],
    assessed: pd.Series[bool],
    *,
    n: int,
    seed: RandomSource,
    vary: Sequence[str],
    persistence: float,
    concentration: float,
    threshold: float,
    limits: tuple[float, float],
) -> Stability:
    """Apply a rule many times; the parameters are those of :meth:`quartiersatlas.screening.Shortlist.stability`."""
    call: dict[str, Any] = {"n": n, "seed": deepcopy(seed), "vary": vary, "persistence": persistence}
    call |= {"concentration": concentration, "threshold": threshold, "limits": limits}
    options = stability_options(
        n, seed, limits, vary=vary, persistence=persistence, concentration=concentration, threshold=threshold
    )
    streams = random_streams(seed)
    inputs = _inputs(rule, data, need)
    draws = _draws(inputs, n, streams["data"], persistence, noisy="data" in options.vary)
    runs, scores, classes, ranks = _scored(need, draws, data.areas.index, n, streams, options)
    outcome, _ = evaluate(rule, evidence_of_runs(evidence, draws, scores, classes, runs.shift[:, None]))
    settings = options.settings(seed, runs.methods if need is not None else [])
    keys, shape = data.areas.index, (len(runs), len(data.areas))
    yes, known = np.broadcast_to(outcome.yes, shape), np.broadcast_to(outcome.known, shape)
    table = _table(selected, assessed, Truth(yes, known & ~yes), limits)
    if need is not None and ranks is not None:
        table = table.join(rank_table(ranks, need.scores.loc[need.scored_keys, need.spec.axes[0].id]))
    judged = np.asarray(assessed)
    found = Stability(
        table=table,
        class_probabilities=pd.DataFrame(index=keys),
        size=pd.Series(yes.sum(axis=1), name="areas")[np.asarray(known.any(axis=1))],
        core=list(keys[table["p_selected"].eq(1)]),
        selection=str(rule),
        limits=limits,
        n=len(runs),
        failed=count_failed(known[:, judged], "stability") if judged.any() else 0,
        settings=dict(settings),
        not_redrawn=tuple(str(name) for name in inputs.values if name not in inputs.counts),
        unused=unused_sources(settings["vary"], runs, has_counts=bool(inputs.counts)),
        spec_id="the shortlist" if need is None else need.spec.id,
        spec_hash="" if need is None else need.spec.hash,
        ranks=ranks,
        made_by="shortlist",
        names=dict(data.areas["name"].astype(str)) if "name" in data.areas else {},
    )
    return replace(found, call=call)


def _table(
    selected: pd.Series[bool], assessed: pd.Series[bool], outcome: Truth, limits: tuple[float, float]
) -> pd.DataFrame:
    """Count the runs in which each area is selected, among those in which the rule can be assessed."""
    p = share_of_runs(outcome.yes, outcome.known)
    columns = {"selected": selected, "p_selected": p, "label": stability_labels(p, limits)}
    return pd.DataFrame(columns, index=selected.index).where(assessed)


def evidence_of_runs(
    evidence: Evidence,
    draws: Replicates,
    scores: Mapping[str, NDArray[np.float64]],
    classes: Mapping[str, NDArray[np.int64]],
    shift: NDArray[np.float64],
) -> Evidence:
    """Return the evidence of many runs: redrawn counts, scores and classes in place of those of the data."""
    measured = dict(evidence.measured)
    for name, one in evidence.measured.items():
        if name in scores:
            measured[name] = replace(one, values=scores[name])
        elif name in draws.columns:
            later, earlier = draws.numerators.get(name, (one.x, None))
            before = None if one.earlier is None or earlier is None else (earlier, one.earlier[1])
            values = draws.columns[name]
            measured[name] = replace(one, values=values, x=later, earlier=before or one.earlier)
    found = {
        axis: (classes[axis], ids) if axis in classes else (numbers, ids)
        for axis, (numbers, ids) in evidence.classes.items()
    }
    return replace(evidence, measured=measured, classes=found, shift=shift)


def _inputs(rule: Rule, data: AreaData, need: NeedIndex | None) -> NeedInputs:
    """Return what the need index and the rule look at, with the counts behind it."""
    values = pd.DataFrame(index=data.areas.index) if need is None else need.inputs.values
    counts = {} if need is None else dict(need.inputs.counts)
    wanted = [one.looks_at for one in rule.conditions if not isinstance(one, InClass)]
    for name in dict.fromkeys(wanted):
        if name in data.values.columns and name not in counts:
            if name not in values.columns:
                values = values.assign(**{name: data.values[name].astype(float)})
            found = counts_behind(data, name)
            if found is not None:
                counts[name] = found
    return NeedInputs(values=values, counts=counts, residents={}, catalogue=data.catalogue)


def _draws(inputs: NeedInputs, n: int, random: np.random.Generator, persistence: float, *, noisy: bool) -> Replicates:
    """Draw all areas anew, or give them as they are in one row."""
    if noisy:
        return draw_replicates(inputs, inputs.values.index, n, random, persistence)
    columns = {str(name): np.asarray(inputs.values[name], dtype=float)[None, :] for name in inputs.values}
    return Replicates(columns, {name: np.array([[value]]) for name, value in inputs.city.items()})


Scores = dict[str, "NDArray[np.float64]"]
Classes = dict[str, "NDArray[np.int64]"]


def _scored(
    need: NeedIndex | None,
    draws: Replicates,
    keys: pd.Index,
    n: int,
    streams: Mapping[str, np.random.Generator],
    options: RunOptions,
) -> tuple[ReplicateRuns, Scores, Classes, pd.DataFrame | None]:
    """Return what differs between runs, scores and classes of all areas in them, and the ranks of the scored areas."""
    if need is None:
        return ReplicateRuns(draws, shifts(n, streams["threshold"], options)), {}, {}, None
    inside = np.asarray(keys.isin(need.scored_keys))
    columns = {name: draws.columns[name][:, inside] for name in map(str, need.inputs.values)}
    for name in sorted(need.inputs.shrunken):
        counts = need.inputs.counts[name]
        drawn = draws.numerators[name][0] if name in draws.numerators else np.asarray(counts.numerator)[None, :]
        columns[name] = shrunken_values(counts, drawn)[:, inside]
    part = Replicates(columns, draws.city)
    runs = replicate_runs(need, part, n, streams, options)
    axes = [axis.id for axis in need.spec.axes]
    spread = {name: float(need.scores[name].std(ddof=0)) for name in axes}
    outcome = score_replicates(need.spec, axes, runs, need.context, spread)
    scores = {name: _among_all(outcome.scores[name], inside, np.nan) for name in axes}
    classes = {name: _among_all(outcome.classes[name], inside, -1) for name in axes}
    ranks = ranks_of_runs(outcome.scores[axes[0]], need.scored_keys)
    return runs, {**scores, NEED: scores[axes[0]]}, classes, ranks


def _among_all(values: NDArray[Number], inside: NDArray[np.bool_], empty: float) -> NDArray[Number]:
    """Put the values of scored areas among all areas."""
    full = np.full((len(values), len(inside)), empty, dtype=values.dtype)
    full[:, inside] = values
    return full
