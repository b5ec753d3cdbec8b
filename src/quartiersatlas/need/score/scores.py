"""The score of an axis, up the hierarchy: members put on one scale, aggregated, and the score put into classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scales import Scale, normalise, transformed
from quartiersatlas.need.spec.records import NeedAxis, NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from quartiersatlas.need.spec.steps import Breaks, Normalise

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
"""Indicator -> values of the scored areas, shape (..., n_areas)."""


@dataclass(frozen=True, eq=False)
class ScoringContext:
    """What is known of the scored areas beside the indicators: residents, city values, units of higher levels.

    A city value may be an array of shape (..., 1) that differs from one set of values to the next. Strict, what cannot
    be computed is refused; otherwise it is NaN in the areas concerned, and an indicator that is the same everywhere
    tells nobody apart: one set of values among many must not end all of them.
    """

    residents: Array | None = None
    city: Mapping[str, float | Array] = field(default_factory=dict)
    strict: bool = True
    units: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def scale(self, name: str) -> Scale:
        """Return what a step on an axis or domain needs to know."""
        return Scale(name, self.residents, units=self.units, strict=self.strict)


def axis_score(
    axis: NeedAxis, columns: Columns, context: ScoringContext, weights: Mapping[str, Array] | None = None
) -> Array:
    """Return the score of an axis.

    Parameters
    ----------
    axis : NeedAxis
        The rules.
    columns : mapping of str to array of float, shape (..., n_areas)
        The values of every indicator of the axis, in its own unit and direction.
    context : ScoringContext
        Residents and city values.
    weights : mapping of str to array, optional
        Group -> weights of its members, shape (members,) or (members, replications); those of the spec, if not given.

    Returns
    -------
    array of float, shape (..., n_areas)
        Higher is more need.
    """
    raw = group_value(axis, columns, context, weights)
    return normalise(raw, axis.standardise, context.scale(axis.id))


def group_value(
    group: NeedGroup, columns: Columns, context: ScoringContext, weights: Mapping[str, Array] | None = None
) -> Array:
    """Return the aggregated value of a group; NaN where too little of it is known."""
    parts = group_parts(group, columns, context, weights)
    own = (weights or {}).get(group.id)
    shares = np.array([member.weight for member in group.members]) if own is None else own
    value = aggregated(parts, shares, group.aggregate, group.id, strict=context.strict)
    return np.where(present_share(group, parts) >= group.min_present - 1e-12, value, np.nan)


def group_parts(
    group: NeedGroup, columns: Columns, context: ScoringContext, weights: Mapping[str, Array] | None = None
) -> Array:
    """Return the members of a group on its scale, shape (members, ..., n_areas)."""
    parts = [_part(member, group.normalise, columns, context, weights) for member in group.members]
    return np.stack(np.broadcast_arrays(*parts))


def present_share(group: NeedGroup, parts: Array) -> Array:
    """Return the share of the spec's weights that is known in each area."""
    nominal = np.array([member.weight for member in group.members])
    share: Array = np.tensordot(nominal, ~np.isnan(parts), axes=1) / nominal.sum()
    return share


def _part(
    member: NeedIndicator | NeedGroup,
    rule: Normalise,
    columns: Columns,
    context: ScoringContext,
    weights: Mapping[str, Array] | None,
) -> Array:
    if isinstance(member, NeedGroup):
        value = group_value(member, columns, context, weights)
        return normalise(value, rule, context.scale(member.id))
    value = member.direction * transformed(columns[member.id], member.transform, member.id, strict=context.strict)
    return normalise(value, rule, _scale_of(member, context))


def _scale_of(member: NeedIndicator, context: ScoringContext) -> Scale:
    """Turn the constants of an indicator with its values: of direction -1, the goalposts change places."""
    city = context.city.get(member.id)
    low, high = (member.low, member.high) if member.direction > 0 else (_turned(member.high), _turned(member.low))
    return Scale(
        member.id,
        context.residents,
        city=None if city is None else member.direction * city,
        centre=None if member.centre is None else member.direction * member.centre,
        scale=member.scale,
        low=low,
        high=high,
        limit=None if member.limit is None else member.direction * float(member.limit),
        units=context.units,
        strict=context.strict,
    )


def _turned(value: float | None) -> float | None:
    return None if value is None else -value


BLOCK = 100_000  # comparisons of areas held at a time


def aggregated(
    parts: NDArray[np.float64], weights: NDArray[np.float64], method: str, name: str, *, strict: bool = True
) -> NDArray[np.float64]:
    """Aggregate the members of a group.

    Parameters
    ----------
    parts : array of float, shape (members, ..., n_areas)
        On one scale, higher is more need; NaN where unknown: the other members share the weight.
    weights : array of float, shape (members,) or (members, replications)
        Above 0.
    method : {"sum", "arithmetic", "geometric", "mazziotta_pareto", "copeland", "count"}
        How.
    name : str
        Name of the group, for the message.
    strict : bool
        Whether values that a geometric or Mazziotta-Pareto mean cannot take are refused; if not, the areas have NaN.

    Returns
    -------
    array of float, shape (..., n_areas)
        NaN where no member is known.

    Raises
    ------
    SpecError
        Strict, and the mean needs values above 0.
    """
    weights = weights.reshape(weights.shape + (1,) * (parts.ndim - weights.ndim))
    known = ~np.isnan(parts)
    if method in ("sum", "count"):
        total = np.nansum(weights * parts, axis=0)
        present = (weights * known).sum(axis=0)
        # a sum over fewer members is brought to the weight of all of them
        complete = known.all(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            whole: NDArray[np.float64] = np.where(complete, total, total * weights.sum(axis=0) / present)
        return whole
    if method == "copeland":
        return copeland(parts, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = weights * known / (weights * known).sum(axis=0)
    if method == "geometric":
        able = _above_zero(parts, name, strict=strict)
        logs: NDArray[np.float64] = np.exp(np.nansum(shares * np.log(np.where(able, parts, np.nan)), axis=0))
        return np.where(known.any(axis=0) & able.all(axis=0), logs, np.nan)
    mean: NDArray[np.float64] = np.where(known.any(axis=0), np.nansum(shares * parts, axis=0), np.nan)
    if method == "arithmetic":
        return mean
    mean = np.where(_above_zero(mean, name, strict=strict), mean, np.nan)
    # Mazziotta-Pareto with plus: M + S^2 / M; uneven profiles count as more need
    variance = np.nansum(shares * (parts - mean) ** 2, axis=0)
    uneven: NDArray[np.float64] = mean + variance / mean
    return uneven


def _above_zero(values: NDArray[np.float64], name: str, *, strict: bool) -> NDArray[np.bool_]:
    """Return where values are above 0 or unknown; others are refused, if strict."""
    if strict and np.any(values <= 0):
        raise SpecError(
            f"{name!r}: {count_noun(int(np.sum(values <= 0)), 'value is', 'values are')} not above 0 and cannot be "
            f"aggregated this way. Take a scale above 0."
        )
    able: NDArray[np.bool_] = ~(values <= 0)
    return able


def copeland(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many areas an area outranks, minus how many outrank it, shape (..., n_areas).

    Area i outranks j where the weights of the members in which i is higher exceed those in which it is lower; an
    unknown value is neither. Weights have the shape (members, ..., 1).
    """
    k, n = len(parts), parts.shape[-1]
    shape = np.broadcast_shapes(parts.shape, weights.shape)
    sets = np.broadcast_to(parts, shape).reshape(k, -1, n)
    shares = np.broadcast_to(weights, (*shape[:-1], 1)).reshape(k, -1)
    scores = [_copeland_of_one(sets[:, run], shares[:, run]) for run in range(sets.shape[1])]
    return np.stack(scores).reshape(shape[1:])


def _copeland_of_one(parts: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare all pairs of areas, some rows at a time, so that they stay in the cache."""
    n = parts.shape[-1]
    tiny = 1e-12 * weights.sum()  # equal weights such as three times 1/3 must tie exactly
    score = np.empty(n)
    rows = max(1, BLOCK // n)
    for start in range(0, n, rows):
        mine = parts[:, start : start + rows, None]
        ahead = np.zeros((mine.shape[1], n))
        for own, others, weight in zip(mine, parts, weights, strict=True):
            ahead += weight * ((own > others).view(np.int8) - (own < others).view(np.int8))
        score[start : start + rows] = (ahead > tiny).sum(axis=-1) - (ahead < -tiny).sum(axis=-1)
    return score


def class_ids(scores: pd.Series[float], axis: NeedAxis) -> pd.Series[str]:
    """Return the class id of each area; missing where it has no score."""
    numbers = class_numbers(np.asarray(scores, dtype=float), axis)
    names = np.array([*(c.id for c in axis.classes), None], dtype=object)
    return pd.Series(names[numbers], index=scores.index, dtype=object)


def class_numbers(
    scores: NDArray[np.float64], axis: NeedAxis, uppers: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Return the class of each score, shape (..., n_areas): the number of limits it lies beyond; -1 for NaN.

    Quantile classes hold their lower limit (a score equal to it belongs to the higher class). In fixed and SD classes
    a score on a limit belongs to the class nearer to the middle: -1 and +1 are both in the middle class of the limits
    -1 and 1. ``uppers`` replaces the limits of the spec, shape (limits, ..., 1).
    """
    limits = class_limits(scores, axis.uppers if uppers is None else uppers, axis.breaks)
    if axis.breaks.method == "quantile":
        beyond = np.array([scores >= limit for limit in limits])
    else:
        beyond = np.array(
            [scores >= limit if upper < 0 else scores > limit for limit, upper in zip(limits, axis.uppers, strict=True)]
        )
    number: NDArray[np.int64] = beyond.sum(axis=0, dtype=np.int64) if len(limits) else np.zeros(scores.shape, np.int64)
    return np.where(np.isnan(scores), -1, number)


def class_limits(scores: NDArray[np.float64], uppers: ArrayLike, breaks: Breaks) -> NDArray[np.float64]:
    """Return the limits between classes on the scale of the scores.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        Scores of the scored areas.
    uppers : array of float, shape (limits,) or (limits, ..., 1)
        The classes' limits as the spec names them.
    breaks : Breaks
        What they mean.

    Returns
    -------
    array of float, shape (limits, ..., 1)
    """
    wanted = np.asarray(uppers, dtype=float)
    if wanted.ndim == 1:
        wanted = wanted.reshape(-1, *(1,) * scores.ndim)
    if breaks.method == "quantile":
        return quantiles(scores, wanted, breaks.type)
    if breaks.method == "sd":
        n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):  # where nobody has a score, there are no limits
            mean = np.nansum(scores, axis=-1, keepdims=True) / n
            deviation = np.sqrt(np.nansum((scores - mean) ** 2, axis=-1, keepdims=True) / n)
        wanted = np.asarray(mean + wanted * deviation)
    return wanted


PLOTTING = {4: (0, 1), 5: (0.5, 0.5), 6: (0, 0), 7: (1, 1), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}
"""Type of Hyndman and Fan -> (a, b) of its plotting positions."""
FUZZ = 1e-12  # 0.8 of 15 areas must not fall below a whole place by the last bit


def quantiles(scores: NDArray[np.float64], shares: NDArray[np.float64], kind: int) -> NDArray[np.float64]:
    """Return quantiles along the last axis, of types 4 to 9 of Hyndman and Fan [1]_; NaN is left out.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        NaN where unknown.
    shares : array of float, shape (limits, ..., 1)
        In (0, 1); may differ from one set of scores to the next.
    kind : int
        Type 4 to 9; 7 is that of numpy and spreadsheets.

    Returns
    -------
    array of float, shape (limits, ..., 1)

    Notes
    -----
    With ``h = n p + a + p (1 - a - b)`` and ``j = floor(h)``: ``(1 - (h - j)) x_(j) + (h - j) x_(j + 1)``.

    References
    ----------
    .. [1] Hyndman, R. J. & Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50(4),
           361-365.

    Examples
    --------
    >>> quantiles(np.array([1.0, 2.0, 3.0, 10.0]), np.array([[0.5]]), 7).tolist()
    [[2.5]]
    """
    a, b = PLOTTING[kind]
    n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
    ordered = np.broadcast_to(np.sort(scores, axis=-1), np.broadcast_shapes((*shares.shape[:-1], 1), scores.shape))
    place = np.clip(n * shares + a + shares * (1 - a - b), 1, n)
    below = np.floor(place + FUZZ).astype(np.int64)
    low = np.take_along_axis(ordered, below - 1, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(below, n - 1), axis=-1)
    limits: NDArray[np.float64] = low + np.maximum(place - below, 0.0) * (high - low)
    return limits
