"""How stable a selection is: the rule applied to many runs of data and need indices that are not taken as exact."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.need.robustness.contradiction import DrawnMeans
from quartiersatlas.need.robustness.options import stability_options
from quartiersatlas.need.robustness.redraw import Redraws, Replicates
from quartiersatlas.need.robustness.replicates import (
    ReplicateRuns,
    Tally,
    as_published,
    blocks_of_runs,
    random_streams,
    replicate_runs,
    score_replicates,
    shifts,
    unused_sources,
)
from quartiersatlas.need.robustness.stability import Stability, rank_table, stability_labels
from quartiersatlas.need.score.inputs import NeedInputs, counts_behind, shrunken_values
from quartiersatlas.need.score.scales import ranks
from quartiersatlas.screening.evaluation.evaluate import evaluate
from quartiersatlas.screening.language.rules import NEED, Compare, InClass, Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.robustness.options import RandomSource
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
    limits: tuple[float, float],
    **how: Any,  # noqa: ANN401 - what varies and how far, checked by stability_options
) -> Stability:
    """Apply a rule many times; the parameters are those of :meth:`quartiersatlas.screening.Shortlist.stability`."""
    call: dict[str, Any] = {"n": n, "seed": deepcopy(seed), "limits": limits, **how}
    options, streams = stability_options(n, seed, limits, **how), random_streams(seed)
    inputs, keys = _inputs(rule, data, need), data.areas.index
    as_given = _as_given(inputs)
    redraws = Redraws(inputs, keys, n, streams["data"], options) if "data" in options.vary else None
    runs = ReplicateRuns(as_given, shifts(n, streams["threshold"], options))
    if need is not None:
        runs = replicate_runs(need, as_published(need), n, streams, options)
    judged, tally, drawn = np.asarray(assessed), Tally(len(keys)), DrawnMeans(inputs, keys, _deciding(rule, need))
    places = np.empty((n, 0 if need is None else len(need.scored_keys)), dtype=np.float32)
    for start, stop in blocks_of_runs(n, len(keys) * max(len(inputs.values.columns), 1)):
        draws = as_given if redraws is None else redraws.part(start, stop)
        drawn.add(draws, stop - start)
        part = runs.part(start, stop, draws)
        scores, classes, places[start:stop] = _scored(need, part, keys)
        several = evidence_of_runs(evidence, draws, scores, classes, part.shift[:, None], _tested(rule))
        outcome, _ = evaluate(rule, several)
        yes, known = (np.broadcast_to(one, (len(part), len(keys))) for one in (outcome.yes, outcome.known))
        tally.add(yes, known, judged)
    tally.check(judged)
    table, run_ranks = _ranked(_table(selected, assessed, tally.share, limits), need, places)
    return Stability(
        table=table,
        contradictions=drawn.contradictions(table, limits),
        inputs=inputs,
        class_probabilities=pd.DataFrame(index=keys),
        size=pd.Series(tally.sizes, name="areas"),
        core=list(keys[table["p_selected"].eq(1)]),
        selection=str(rule),
        limits=limits,
        n=len(runs),
        failed=tally.failed,
        settings=options.settings(seed, runs.methods if need is not None else []),
        not_redrawn=tuple(str(name) for name in inputs.values if name not in inputs.counts),
        unfitted=() if redraws is None else redraws.unfitted,
        unused=unused_sources(options.vary, runs, has_counts=bool(inputs.counts)),
        spec_id="the shortlist" if need is None else need.spec.id,
        spec_hash="" if need is None else need.spec.hash,
        ranks=run_ranks,
        made_by="shortlist",
        call=call,
        names=dict(data.areas["name"].astype(str)) if "name" in data.areas else {},
    )


def _ranked(
    table: pd.DataFrame, need: NeedIndex | None, places: NDArray[np.float32]
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return the table with the ranks of the first axis, and the ranks of every run, where there is a need index."""
    if need is None:
        return table, None
    run_ranks = pd.DataFrame(places, columns=need.scored_keys)
    score = need.scores.loc[need.scored_keys, need.spec.axes[0].id]
    return table.join(rank_table(run_ranks, score, ranked=True)), run_ranks


def _table(
    selected: pd.Series[bool], assessed: pd.Series[bool], p: NDArray[np.float64], limits: tuple[float, float]
) -> pd.DataFrame:
    """Return the share of the runs in which each area is selected, where it could be assessed."""
    columns = {"selected": selected, "p_selected": p, "label": stability_labels(p, limits, selected.to_numpy())}
    return pd.DataFrame(columns, index=selected.index).where(assessed)


def _deciding(rule: Rule, need: NeedIndex | None) -> set[str]:
    """Return the indicators that a rule looks at, itself or through an axis of the need index."""
    names = set(rule.indicators)
    if need is None:
        return names
    axes = need.spec.axes
    looked_at = [axis for axis in axes if axis.id in names or (axis is axes[0] and NEED in names)]
    return names | {leaf.id for axis in looked_at for leaf in axis.indicators}


def _tested(rule: Rule) -> set[str]:
    """Return the indicators whose counts a rule tests."""
    return {one.indicator for one in rule.every if isinstance(one, Compare) and one.significant is not None}


def evidence_of_runs(
    evidence: Evidence,
    draws: Replicates,
    scores: Mapping[str, NDArray[np.float64]],
    classes: Mapping[str, NDArray[np.int64]],
    shift: NDArray[np.float64],
    tested: Collection[str] = (),
) -> Evidence:
    """Return the evidence of many runs: redrawn counts, scores and classes in place of those of the data.

    Rates that the counts leave possible make counts that are not whole; where an exact test asks for whole ones, the
    nearest are taken.
    """
    measured = dict(evidence.measured)
    for name, one in evidence.measured.items():
        if name in scores:
            measured[name] = replace(one, values=scores[name], around=None)
        elif name in draws.columns:
            later, earlier = draws.numerators.get(name, (one.x, None))
            before = None if one.earlier is None or earlier is None else (earlier, one.earlier[1])
            values = draws.columns[name]
            if name in tested and later is not None and later is not one.x and one.n is not None:
                later = np.rint(later)
                values = one.per * np.divide(later, one.n, out=np.full(later.shape, np.nan), where=one.n > 0)
            measured[name] = replace(one, values=values, x=later, earlier=before or one.earlier)
    found = {
        axis: (classes[axis], ids) if axis in classes else (numbers, ids)
        for axis, (numbers, ids) in evidence.classes.items()
    }
    return replace(evidence, measured=measured, classes=found, class_ends={}, shift=shift)


def _inputs(rule: Rule, data: AreaData, need: NeedIndex | None) -> NeedInputs:
    """Return what the need index and the rule look at, with the counts behind it."""
    values = pd.DataFrame(index=data.areas.index) if need is None else need.inputs.values
    counts = {} if need is None else dict(need.inputs.counts)
    wanted = [name for one in rule.every if not isinstance(one, InClass) for name in one.own_indicators]
    for name in dict.fromkeys(wanted):
        if name in data.values.columns and name not in counts:
            if name not in values.columns:
                values = values.assign(**{name: data.values[name].astype(float)})
            found = counts_behind(data, name)
            if found is not None:
                counts[name] = found
    change_of = {} if need is None else need.inputs.change_of
    return NeedInputs(values=values, counts=counts, residents={}, catalogue=data.catalogue, change_of=change_of)


def _as_given(inputs: NeedInputs) -> Replicates:
    """Return the indicators as they are, in one row."""
    columns = {str(name): np.asarray(inputs.values[name], dtype=float)[None, :] for name in inputs.values}
    return Replicates(columns, {name: np.array([[value]]) for name, value in inputs.city.items()})


def _scored(
    need: NeedIndex | None, runs: ReplicateRuns, keys: pd.Index
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.int64]], NDArray[np.float64]]:
    """Return scores and classes of all areas in some runs, and the ranks of the scored areas."""
    if need is None:
        return {}, {}, np.empty((len(runs), 0))
    inside = np.asarray(keys.isin(need.scored_keys))
    draws = runs.draws
    columns = {name: np.ascontiguousarray(draws.columns[name][:, inside]) for name in map(str, need.inputs.values)}
    for name in sorted(need.inputs.shrunken):
        counts = need.inputs.counts[name]
        if name not in draws.numerators:
            columns[name] = shrunken_values(counts, np.asarray(counts.numerator)[None, :])[:, inside]
        elif not draws.is_posterior:
            columns[name] = np.ascontiguousarray(shrunken_values(counts, draws.numerators[name][0])[:, inside])
    axes = [axis.id for axis in need.spec.axes]
    spread = {name: float(need.scores[name].std(ddof=0)) for name in axes}
    found = score_replicates(
        need.spec, axes, replace(runs, draws=Replicates(columns, draws.city)), need.context, spread
    )
    scores = {name: _among_all(found.scores[name], inside, np.nan) for name in axes}
    classes = {name: _among_all(found.classes[name], inside, -1) for name in axes}
    return {**scores, NEED: scores[axes[0]]}, classes, ranks(-found.scores[axes[0]], "min")


def _among_all(values: NDArray[Number], inside: NDArray[np.bool_], empty: float) -> NDArray[Number]:
    """Put the values of scored areas among all areas."""
    full = np.full((len(values), len(inside)), empty, dtype=values.dtype)
    full[:, inside] = values
    return full
