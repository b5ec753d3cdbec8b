"""Domains of an index as results of their own, and what an area is scored with when a part of it is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.equal import tolerance
from quartiersatlas.need.score.scales import normalise, ranks
from quartiersatlas.need.score.scores import (
    aggregated,
    axis_score,
    class_limits,
    class_numbers,
    group_parts,
    group_value,
    present_share,
    rescaling,
)
from quartiersatlas.need.spec.records import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from quartiersatlas.need.score.need_scores import NeedScores
    from quartiersatlas.need.score.scores import Columns, ScoringContext
    from quartiersatlas.need.spec.records import NeedAxis, NeedIndicator

    Array = NDArray[np.float64]

STATISTICS = ("value", "score", "rank", "class", "contribution")


def domain_table(need: NeedScores) -> pd.DataFrame:
    """Return value, score, rank, class and contribution of every domain at every level.

    Returns
    -------
    DataFrame
        On the key; columns (axis, domain, statistic), a domain before those inside it. ``value``: its members
        aggregated; ``score``: the value on the scale of the group above; ``rank``: 1 is the highest value, equal values
        share the better rank; ``class``: by the domain's own limits, missing where the spec has none;
        ``contribution``: the sum of those of its indicators.
        Areas without a score have none. Without columns for a spec without domains.
    """
    found: dict[tuple[str, str, str], pd.Series] = {}
    for axis in need.spec.axes:
        for parent, domain in _domains(axis):
            scaled = group_parts(parent, need.columns, need.context)
            value = group_value(domain, need.columns, need.context)
            columns = {
                "value": value,
                "score": scaled[parent.members.index(domain)],
                "rank": ranks(-value, "min"),
                "class": _class_ids(value, domain),
                "contribution": _contribution(need, axis, domain),
            }
            for name in STATISTICS:
                found[axis.id, domain.id, name] = pd.Series(columns[name], index=need.scored_keys)
    table = pd.DataFrame(found, index=need.scored_keys).reindex(need.scores.index)
    if not found:
        return table
    table.columns = table.columns.set_names(["axis", "domain", "statistic"])
    return table


def _domains(group: NeedGroup) -> Iterator[tuple[NeedGroup, NeedGroup]]:
    """Yield all domains below a group, each with the group above it."""
    for member in group.members:
        if isinstance(member, NeedGroup):
            yield group, member
            yield from _domains(member)


def _class_ids(values: Array, domain: NeedGroup) -> NDArray[np.object_]:
    names = np.array([*(c.id for c in domain.classes), None], dtype=object)
    return names[class_numbers(values, domain)] if domain.classes else np.full(len(values), None, dtype=object)


def _contribution(need: NeedScores, axis: NeedAxis, domain: NeedGroup) -> pd.Series:
    parts = need.contributions[axis.id]
    inside = [leaf.id for leaf in domain.indicators]
    return pd.Series(parts.loc[need.scored_keys, inside].to_numpy().sum(axis=1), index=need.scored_keys)


def highest_class_shares(axis: NeedAxis, columns: Columns, context: ScoringContext) -> tuple[int, float, float] | None:
    """Return how the areas with gaps come to be in the highest class more or less often than others.

    Returns
    -------
    tuple of (int, float, float), optional
        Areas with gaps; the share of the complete areas in the highest class; and the share of them that would be in it
        if of each only what is known of an area with gaps were known, on average over these areas. None where there
        are no gaps, no complete areas or no limits.
    """
    leaves = [leaf.id for leaf in axis.indicators]
    known = ~np.isnan(np.stack([columns[name] for name in leaves]))
    complete = known.all(axis=0)
    gaps = int((~complete).sum())
    if not gaps or complete.sum() < 2 or len(axis.classes) < 2:  # noqa: PLR2004 - one is compared with nothing
        return None
    score = axis_score(axis, columns, context)
    limit = float(class_limits(score, axis.uppers, axis.breaks)[-1].ravel()[0])
    limit += -1 * tolerance(score)[0] if axis.breaks.in_shares else tolerance(score)[0]
    patterns, times = np.unique(known[:, ~complete], axis=1, return_counts=True)
    shares = [
        np.mean(
            _partial_score(axis, columns, context, {n for n, yes in zip(leaves, one, strict=True) if yes})[complete]
            > limit
        )
        for one in patterns.T
    ]
    return gaps, float(np.mean(score[complete] > limit)), float(np.average(shares, weights=times))


def _partial_score(axis: NeedAxis, columns: Columns, context: ScoringContext, known: Collection[str]) -> Array:
    """Return the scores of areas of which only some indicators were known; the scales stay as they are."""
    values, among = _partial(axis, columns, context, known), group_value(axis, columns, context)
    return normalise(values, axis.standardise, context.scale(axis.id), among)


def _partial(group: NeedGroup, columns: Columns, context: ScoringContext, known: Collection[str]) -> Array:
    real = group_parts(group, columns, context)
    parts = np.stack(
        [
            _partial_part(group, member, part, columns, context, known)
            for member, part in zip(group.members, real, strict=True)
        ]
    )
    weights = np.array([member.weight for member in group.members])
    value = aggregated(parts, weights, group.aggregate, group.id, strict=False)
    shift, factor = rescaling(parts, weights, group, strict=False)
    return np.where(present_share(group, parts) >= group.min_present - 1e-12, shift + factor * value, np.nan)


def _partial_part(
    group: NeedGroup,
    member: NeedGroup | NeedIndicator,
    real: Array,
    columns: Columns,
    context: ScoringContext,
    known: Collection[str],
) -> Array:
    if not isinstance(member, NeedGroup):
        return real if member.id in known else np.full(real.shape, np.nan)
    values, among = _partial(member, columns, context, known), group_value(member, columns, context)
    return normalise(values, group.normalise, context.scale(member.id), among)
