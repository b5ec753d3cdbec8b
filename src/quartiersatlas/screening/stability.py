"""How stable is a shortlist? Its rule applied to redrawn data and to need indices with other weights and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.need.arguments import check_ranges, check_run
from quartiersatlas.need.draws import Draws, drawn
from quartiersatlas.need.inputs import NeedInputs, counts_behind
from quartiersatlas.need.places import places_of, rank_table
from quartiersatlas.need.runs import Runs, count_failed, outcomes, share_of_runs
from quartiersatlas.need.stability import (
    SOURCES,
    Stability,
    idle_sources,
    labelled,
    runs_of,
    streams_of,
)
from quartiersatlas.screening.rules import Redrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.stability import Seed
    from quartiersatlas.screening.shortlist import Shortlist

    Array = NDArray[np.float64]

Number = TypeVar("Number", np.float64, np.int64)


def shortlist_stability(
    shortlist: Shortlist,
    data: AreaData,
    need: NeedIndex | None,
    n: int,
    seed: Seed,
    *,
    vary: Sequence[str],
    persistence: float,
    concentration: float,
    threshold: float,
    limits: tuple[float, float],
) -> Stability:
    """Run the Monte Carlo; see :meth:`quartiersatlas.screening.Shortlist.stability`."""
    check_run(n, seed, vary, limits, SOURCES)
    check_ranges(persistence, concentration, threshold)
    streams = streams_of(seed)
    inputs = _inputs(shortlist, data, need)
    draws = _draws(inputs, n, streams["data"], persistence, noisy="data" in vary)
    places = None
    if need is None:
        runs = Runs(
            draws, streams["threshold"].uniform(-threshold, threshold, n) if "threshold" in vary else np.zeros(n)
        )
        scores: dict[str, Array] = {}
        classes: dict[str, NDArray[np.int64]] = {}
    else:
        inside = np.asarray(data.areas.index.isin(need.scored))
        part = Draws({name: draws.columns[name][:, inside] for name in map(str, need.inputs.values)}, draws.city)
        runs = runs_of(need, part, n, streams, vary=vary, concentration=concentration, threshold=threshold)
        scores, classes, places = _indices(need, runs, inside)
    held = shortlist.rule.holds(
        Redrawn(
            columns=draws.columns,
            city=draws.city,
            scores=scores,
            classes=classes,
            class_ids={axis.id: [c.id for c in axis.classes] for axis in need.spec.axes} if need is not None else {},
            shift=runs.shift[:, None],
        )
    )
    chosen = np.broadcast_to(held.yes, (n, len(data.areas)))
    told = np.broadcast_to(held.yes | held.no, chosen.shape)
    assessed = np.asarray(shortlist.assessed)
    table = _table(shortlist, share_of_runs(chosen, told), limits)
    if need is not None and places is not None:
        table = table.join(rank_table(places, need.scores.loc[need.scored, need.spec.axes[0].id]))
    return Stability(
        table=table,
        class_probabilities=pd.DataFrame(index=data.areas.index),
        size=pd.Series(chosen.sum(axis=1), name="areas")[np.asarray(told.any(axis=1))],
        core=list(data.areas.index[table["p_selected"].eq(1)]),
        selection=str(shortlist.rule),
        limits=limits,
        n=n,
        failed=count_failed(told[:, assessed], "stability") if assessed.any() else 0,
        settings={
            "vary": tuple(vary),
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
            "persistence": persistence,
            "concentration": concentration,
            "threshold": threshold,
            "methods": [method[:2] for method in runs.methods] if need is not None else [],
        },
        not_redrawn=tuple(str(name) for name in inputs.values if name not in inputs.counts),
        idle=idle_sources(vary, runs, has_counts=bool(inputs.counts)),
        spec_id="the shortlist" if need is None else need.spec.id,
        spec_hash="" if need is None else need.spec.hash,
        places=places,
    )


def _inputs(shortlist: Shortlist, data: AreaData, need: NeedIndex | None) -> NeedInputs:
    """Return what the need index and the rule look at, with the counts behind it."""
    values = pd.DataFrame(index=data.areas.index) if need is None else need.inputs.values
    counts = {} if need is None else dict(need.inputs.counts)
    for name in dict.fromkeys(shortlist.reasons["indicator"]):
        if name in data.values.columns and name not in counts:
            if name not in values.columns:
                values = values.assign(**{name: data.values[name].astype(float)})
            found = counts_behind(data, name)
            if found is not None:
                counts[name] = found
    return NeedInputs(values=values, counts=counts, residents={}, catalogue=data.catalogue)


def _indices(
    need: NeedIndex, runs: Runs, inside: NDArray[np.bool_]
) -> tuple[dict[str, Array], dict[str, NDArray[np.int64]], pd.DataFrame]:
    """Return scores and classes of all areas in every run, and the places of the scored ones on the first axis."""
    axes = [axis.id for axis in need.spec.axes]
    spread = {name: float(need.scores[name].std(ddof=0)) for name in axes}
    found = outcomes(need.spec, axes, runs, need.ground, spread)
    scores = {name: _spread_out(found.scores[name], inside, np.nan) for name in axes}
    classes = {name: _spread_out(found.classes[name], inside, -1) for name in axes}
    return scores, classes, places_of(found.scores[axes[0]], need.scored)


def _draws(inputs: NeedInputs, n: int, random: np.random.Generator, persistence: float, *, noisy: bool) -> Draws:
    """Redraw all areas, or give them as they are in one row."""
    if noisy:
        return drawn(inputs, inputs.values.index, n, random, persistence)
    columns = {str(name): np.asarray(inputs.values[name], dtype=float)[None, :] for name in inputs.values}
    return Draws(columns, {name: np.array([[value]]) for name, value in inputs.city.items()})


def _spread_out(values: NDArray[Number], inside: NDArray[np.bool_], empty: float) -> NDArray[Number]:
    """Put values of scored areas among all areas."""
    full = np.full((len(values), len(inside)), empty, dtype=values.dtype)
    full[:, inside] = values
    return full


def _table(shortlist: Shortlist, p: Array, limits: tuple[float, float]) -> pd.DataFrame:
    table = pd.DataFrame(
        {"selected": shortlist.selected, "p_selected": p, "label": labelled(p, limits)}, index=shortlist.selected.index
    )
    return table.where(shortlist.assessed)
