"""Screening: which areas meet a rule, which do not, which cannot be assessed; each with its reasons, and how stable.

``screen`` applies a rule to the data as they are, ``stability`` to many replicates of them; :class:`Shortlist`, on top
of both, is what a caller holds.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import is_whole, kind_of
from quartiersatlas.need import NeedIndex
from quartiersatlas.need.robustness.options import SOURCES, stability_options
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
from quartiersatlas.need.score.inputs import NeedInputs, counts_behind
from quartiersatlas.screening.rules import EXAMPLES, NEED, Rule, RuleInputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need.robustness.options import RandomSource, RunOptions
    from quartiersatlas.screening.rules import Criterion, Truth

    Array = NDArray[np.float64]

Number = TypeVar("Number", np.float64, np.int64)


def screen(data: AreaData, rule: Rule, *, need: NeedIndex | None = None) -> Shortlist:
    """Apply a rule to areas and keep the reason for every area and condition.

    Parameters
    ----------
    data : AreaData
        Joined data with the rates the rule names.
    rule : Rule
        Such as ``above_city("sgb2_rate") & worst_share("need", 0.2)``.
    need : NeedIndex, optional
        Needed for rules on ``"need"``, its axes and its classes.

    Returns
    -------
    Shortlist
        With ``.selected``, ``.assessed``, ``.reasons`` and ``.summary``.

    Raises
    ------
    ColumnError, SpecError
        The rule names what is not there.
    ArgumentError
        The data, the rule or the need index is something else.

    Warns
    -----
    UserWarning
        The rule rests on context indicators alone, such as the share of residents with migration background, or on
        counts, which are high in large areas.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> shortlist.keys
    ['1', '2']
    """
    expects(data, AreaData, "screen", "data = qa.join(areas, table)")
    expects(rule, Rule, "screen: rule", f"{EXAMPLES['above_city']} & {EXAMPLES['worst_share']}")
    if need is not None:
        expects(need, NeedIndex, "screen: need", "need = qa.need_index(data, spec)")
        need = need.on(data.areas.index)
    keys = data.areas.index
    criteria = rule.criteria(rule.observe(data, need))
    outcome = rule.combine([criterion.fulfilled for criterion in criteria])
    return Shortlist(
        rule=rule,
        selected=pd.Series(outcome.yes[0], index=keys, name="selected"),
        assessed=pd.Series(outcome.known[0], index=keys, name="assessed"),
        reasons=pd.concat([_reasons(criterion, keys) for criterion in criteria], ignore_index=True),
        residents=data.residents(),
        warnings=_warnings(criteria, data),
        data=data,
        need=need,
    )


def _warnings(criteria: list[Criterion], data: AreaData) -> tuple[Message, ...]:
    """Warn where a rule rests on context alone, which is not need, or on counts, which rank by size of area."""
    names = list(dict.fromkeys(criterion.condition.indicator for criterion in criteria))
    found = []
    roles = [data.catalogue[name].role if name in data.catalogue else "" for name in names]
    if all(role == "context" for role in roles):
        found.append(Message("warning_rule_context", {"names": ", ".join(names)}))
    counts = [name for name in names if name in data.values.columns and _ranks_by_size(data, name)]
    if counts:
        found.append(Message("warning_rule_counts", {"names": ", ".join(counts)}))
    for message in found:
        warnings.warn(str(message), UserWarning, stacklevel=3)
    return tuple(found)


def _ranks_by_size(data: AreaData, name: str) -> bool:
    """Return True for what is summed over areas: large areas have the most of it, needy or not."""
    kind = kind_of(data, name)
    return kind in ("count", "amount", "balance") or (
        not kind and is_whole(data.values[name]) and bool(data.values[name].gt(100).any())
    )


def _reasons(criterion: Criterion, keys: pd.Index) -> pd.DataFrame:
    """Return one row per area, from the one replicate that the data are."""
    kind, indicator = criterion.condition
    fulfilled, values, limit = criterion.fulfilled, criterion.values[0], criterion.limit
    if criterion.class_ids:
        values = np.array([*criterion.class_ids, None], dtype=object)[values]  # -1: there is none
    threshold = " | ".join(limit) if isinstance(limit, tuple) else float(limit[0, 0])
    return pd.DataFrame(
        {
            "key": keys,
            "criterion": kind,
            "indicator": indicator,
            "value": values.astype(object),
            "threshold": pd.Series([threshold] * len(keys), dtype=object),
            "fulfilled": pd.arrays.BooleanArray(fulfilled.yes[0].copy(), ~fulfilled.known[0]),
        }
    )


def stability(
    shortlist: Shortlist,
    n: int = 1000,
    seed: RandomSource = 1,
    *,
    vary: Sequence[str] = SOURCES,
    persistence: float = 0.0,
    concentration: float = 6.0,
    threshold: float = 0.1,
    limits: tuple[float, float] = (0.1, 0.9),
) -> Stability:
    """Apply the rule many times, to data and need indices that are not taken as exact.

    Parameters
    ----------
    shortlist : Shortlist
        Result of :func:`screen`.
    n, seed, vary, persistence, concentration, threshold, limits
        As in :meth:`quartiersatlas.need.NeedIndex.stability`. Where limits move, so does the share of
        ``worst_share``; ``above_city`` compares with the city value of the same replicate.

    Returns
    -------
    Stability
        ``p_selected`` and ``label`` of every area that could be assessed; with a need index the ranks of its first
        axis. No class probabilities, which are those of ``need.stability()``.

    Raises
    ------
    SpecError
        A parameter is out of range, or the shortlist was not made by :func:`screen`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> shortlist = qa.screen(data, qa.above_city("poverty"))
    >>> shortlist.stability(n=500, seed=1).borderline
    ['2']
    """
    data, need = shortlist.data, shortlist.need
    if data is None:
        raise SpecError("This shortlist does not hold the data it was made of: make it with screen(data, rule).")
    call: dict[str, Any] = {"n": n, "seed": deepcopy(seed), "vary": vary, "persistence": persistence}
    call |= {"concentration": concentration, "threshold": threshold, "limits": limits}
    options = stability_options(
        n, seed, limits, vary=vary, persistence=persistence, concentration=concentration, threshold=threshold
    )
    streams = random_streams(seed)
    inputs = _inputs(shortlist.rule, data, need)
    draws = _draws(inputs, n, streams["data"], persistence, noisy="data" in options.vary)
    runs, found, ranks = _replicates(need, draws, data.areas.index, n, streams, options)
    observed = shortlist.rule.observe(data, need)  # published city values stay as they are
    found = replace(found, city={**observed.city, **found.city}, lowest=observed.lowest)
    outcome = shortlist.rule.combine([criterion.fulfilled for criterion in shortlist.rule.criteria(found)])
    settings = options.settings(seed, runs.methods if need is not None else [])
    return replace(_result(shortlist, outcome, runs, inputs, ranks, limits, settings), call=call)


def _inputs(rule: Rule, data: AreaData, need: NeedIndex | None) -> NeedInputs:
    """Return what the need index and the rule look at, with the counts behind it."""
    values = pd.DataFrame(index=data.areas.index) if need is None else need.inputs.values
    counts = {} if need is None else dict(need.inputs.counts)
    for name in dict.fromkeys(condition.indicator for condition in rule.conditions):
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


def _replicates(
    need: NeedIndex | None,
    draws: Replicates,
    keys: pd.Index,
    n: int,
    streams: Mapping[str, np.random.Generator],
    options: RunOptions,
) -> tuple[ReplicateRuns, RuleInputs, pd.DataFrame | None]:
    """Return what differs between replicates, what the rule looks at in them, and the ranks of the scored areas."""
    if need is None:
        shift = shifts(n, streams["threshold"], options)
        return (
            ReplicateRuns(draws, shift),
            RuleInputs(columns=draws.columns, city=draws.city, shift=shift[:, None]),
            None,
        )
    inside = np.asarray(keys.isin(need.scored_keys))
    part = Replicates({name: draws.columns[name][:, inside] for name in map(str, need.inputs.values)}, draws.city)
    runs = replicate_runs(need, part, n, streams, options)
    axes = [axis.id for axis in need.spec.axes]
    spread = {name: float(need.scores[name].std(ddof=0)) for name in axes}
    outcome = score_replicates(need.spec, axes, runs, need.context, spread)
    scores = {name: _among_all(outcome.scores[name], inside, np.nan) for name in axes}
    inputs = RuleInputs(
        columns=draws.columns,
        city=draws.city,
        scores={**scores, NEED: scores[axes[0]]},
        classes={name: _among_all(outcome.classes[name], inside, -1) for name in axes},
        class_ids={axis.id: [c.id for c in axis.classes] for axis in need.spec.axes},
        shift=runs.shift[:, None],
    )
    return runs, inputs, ranks_of_runs(outcome.scores[axes[0]], need.scored_keys)


def _among_all(values: NDArray[Number], inside: NDArray[np.bool_], empty: float) -> NDArray[Number]:
    """Put the values of scored areas among all areas."""
    full = np.full((len(values), len(inside)), empty, dtype=values.dtype)
    full[:, inside] = values
    return full


def _result(
    shortlist: Shortlist,
    outcome: Truth,
    runs: ReplicateRuns,
    inputs: NeedInputs,
    ranks: pd.DataFrame | None,
    limits: tuple[float, float],
    settings: Mapping[str, Any],
) -> Stability:
    """Count the replicates in which each area is selected, among those in which the rule can be assessed."""
    need, keys = shortlist.need, shortlist.selected.index
    shape = (len(runs), len(keys))
    selected, known = np.broadcast_to(outcome.yes, shape), np.broadcast_to(outcome.known, shape)
    assessed = np.asarray(shortlist.assessed)
    p = share_of_runs(selected, known)
    columns = {"selected": shortlist.selected, "p_selected": p, "label": stability_labels(p, limits)}
    table = pd.DataFrame(columns, index=keys).where(shortlist.assessed)
    if need is not None and ranks is not None:
        table = table.join(rank_table(ranks, need.scores.loc[need.scored_keys, need.spec.axes[0].id]))
    return Stability(
        table=table,
        class_probabilities=pd.DataFrame(index=keys),
        size=pd.Series(selected.sum(axis=1), name="areas")[np.asarray(known.any(axis=1))],
        core=list(keys[table["p_selected"].eq(1)]),
        selection=str(shortlist.rule),
        limits=limits,
        n=len(runs),
        failed=count_failed(known[:, assessed], "stability") if assessed.any() else 0,
        settings=dict(settings),
        not_redrawn=tuple(str(name) for name in inputs.values if name not in inputs.counts),
        unused=unused_sources(settings["vary"], runs, has_counts=bool(inputs.counts)),
        spec_id="the shortlist" if need is None else need.spec.id,
        spec_hash="" if need is None else need.spec.hash,
        ranks=ranks,
        made_by="shortlist",
    )


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Areas that meet a rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    selected : Series of bool
        On the district key; False also where the area cannot be assessed.
    assessed : Series of bool
        Whether the outcome of the rule is known; False where it depends on a value that is unknown.
    reasons : DataFrame
        One row per area and condition: key, criterion, indicator, value, threshold, fulfilled (missing: unknown).
    residents : Series of float
        Residents of each area.
    warnings : tuple of Message
        What a reader of the shortlist has to know.
    data, need : AreaData, NeedIndex, optional
        What was screened.
    """

    rule: Rule
    selected: pd.Series[bool]
    assessed: pd.Series[bool]
    reasons: pd.DataFrame
    residents: pd.Series[float]
    warnings: tuple[Message, ...] = ()
    data: AreaData | None = field(default=None, repr=False)
    need: NeedIndex | None = field(default=None, repr=False)

    stability = stability

    @property
    def keys(self) -> list[str]:
        """The keys of the selected areas."""
        return list(self.selected.index[self.selected])

    @property
    def summary(self) -> pd.DataFrame:
        """One row per figure: how many areas and residents are selected, assessed, and there at all."""
        groups = {"selected": self.selected, "assessed": self.assessed, "all": self.selected.notna()}
        rows = [
            {"group": name, "areas": int(group.sum()), "residents": float(self.residents[group].sum())}
            for name, group in groups.items()
        ]
        table = pd.DataFrame(rows).set_index("group")
        return table.assign(share_of_residents=table["residents"] / self.residents.sum())

    def __repr__(self) -> str:
        selected, assessed = int(self.selected.sum()), int(self.assessed.sum())
        unknown = self.assessed.index[~self.assessed]
        lines = [
            f"Shortlist: {selected} of {assessed} assessed areas meet {self.rule}",
            f"  {self.summary['share_of_residents']['selected']:.1%} of residents",
        ]
        if len(unknown):
            lines.append(f"  not assessed ({len(unknown)}): {list_some(unknown, 10)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{self.summary.to_html()}"
