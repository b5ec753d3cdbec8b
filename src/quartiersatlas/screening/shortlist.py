"""Screening: which areas meet a rule, which do not, which cannot be told; each with its reasons."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.need.robustness.replicates import Draws, Runs, count_failed, drawn, outcomes, share_of_runs
from quartiersatlas.need.robustness.stability import SOURCES, Stability, idle_sources, labelled, runs_of, streams_of
from quartiersatlas.need.score.aggregate import places_of, rank_table
from quartiersatlas.need.score.arguments import check_ranges, check_run
from quartiersatlas.need.score.inputs import NeedInputs, counts_behind
from quartiersatlas.screening.rules import Redrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.robustness.stability import Seed
    from quartiersatlas.screening.rules import Criterion, Rule

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shortlist:
    """Areas that meet a rule.

    Parameters
    ----------
    rule : Rule
        The rule.
    selected : Series of bool
        On the district key; False also where the rule cannot be told (see ``assessed``).
    assessed : Series of bool
        Whether the rule could be told; False where a value it needs is unknown.
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

    def stability(
        self,
        n: int = 1000,
        seed: int | np.random.Generator | None = 1,
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
        n, seed, vary, persistence, concentration, threshold, limits
            As in :meth:`quartiersatlas.need.NeedIndex.stability`. Where limits move, so does the share of
            ``worst_share``; ``above_city`` compares with the city value of the same run.

        Returns
        -------
        Stability
            ``p_selected`` and ``label`` of every area for which the rule could be told; with a need index the ranks of
            its first axis. No class probabilities, which are those of ``need.stability()``.

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
        >>> keys = ["1", "2", "3"]
        >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=keys, geometry=shapes, crs="EPSG:25832")
        >>> table = pd.DataFrame({"poor": [300.0, 205, 90], "residents": [1000.0] * 3}, index=areas.index)
        >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
        >>> shortlist = qa.screen(data, qa.above_city("poverty"))
        >>> shortlist.stability(n=500, seed=1).table["label"].tolist()
        ['certain', 'borderline', 'not_selected']
        """
        if self.data is None:
            raise SpecError("This shortlist does not hold the data it was made of: make it with screen(data, rule).")
        return shortlist_stability(
            self,
            self.data,
            self.need,
            n,
            seed,
            vary=vary,
            persistence=persistence,
            concentration=concentration,
            threshold=threshold,
            limits=limits,
        )

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
        from html import escape

        return f"<pre>{escape(repr(self))}</pre>{self.summary.to_html()}"


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

    Warns
    -----
    UserWarning
        The rule rests on context indicators alone, such as the share of residents with migration background.

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
    need = need.on(data.areas.index) if need is not None else None
    criteria = rule.criteria(data, need)
    outcome = rule.combine([criterion.fulfilled for criterion in criteria])
    return Shortlist(
        rule=rule,
        selected=outcome.fillna(value=False).astype(bool).rename("selected"),
        assessed=outcome.notna().rename("assessed"),
        reasons=pd.concat([_reasons(criterion) for criterion in criteria], ignore_index=True),
        residents=data.residents(),
        warnings=_warnings(criteria, data),
        data=data,
        need=need,
    )


def _warnings(criteria: list[Criterion], data: AreaData) -> tuple[Message, ...]:
    """Warn where a rule rests on context alone: the share of a group in the population is not need."""
    names = list(dict.fromkeys(criterion.indicator for criterion in criteria))
    roles = [data.catalogue[name].role if name in data.catalogue else "" for name in names]
    if any(role != "context" for role in roles):
        return ()
    message = Message("warning_rule_context", {"names": ", ".join(names)})
    warnings.warn(str(message), UserWarning, stacklevel=3)
    return (message,)


def _reasons(criterion: Criterion) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": criterion.values.index,
            "criterion": criterion.kind,
            "indicator": criterion.indicator,
            "value": criterion.values.astype(object).to_numpy(),
            "threshold": pd.Series([criterion.threshold] * len(criterion.values), dtype=object),
            "fulfilled": criterion.fulfilled.array,
        }
    )


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
