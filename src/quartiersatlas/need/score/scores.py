"""The score of an axis, up the hierarchy: members put on one scale, aggregated, and the score put into classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from quartiersatlas.base.checks import count_noun
from quartiersatlas.base.equal import PLACE, settled, tolerance
from quartiersatlas.errors import SpecError
from quartiersatlas.need.score.scales import Scale, normalise, quantiles, ranks
from quartiersatlas.need.score.transforms import transformed
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
    if group.incomplete == "rescale":
        shift, factor = rescaling(parts, shares, group, strict=context.strict)
        value = shift + factor * value
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
    value = member.direction * treated(member, columns[member.id], strict=context.strict)
    return normalise(value, rule, scale_of(member, context))


def treated(member: NeedIndicator, values: Array, *, strict: bool = True) -> Array:
    """Return the values of an indicator after the treatment of skew and outliers that it asks for."""
    winsor = (member.winsor_skew, member.winsor_kurtosis, member.winsor_points)
    return transformed(values, member.transform, member.id, strict=strict, winsor=winsor)


def scale_of(member: NeedIndicator, context: ScoringContext) -> Scale:
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
    method : {"sum", "arithmetic", "geometric", "harmonic", "product", "mazziotta_pareto", "copeland", "count"}
        How.
    name : str
        Name of the group, for the message.
    strict : bool
        Whether values that a mean or product cannot take are refused; if not, the areas have NaN.

    Returns
    -------
    array of float, shape (..., n_areas)
        NaN where no member is known.

    Raises
    ------
    SpecError
        Strict, and the mean needs values above 0, or the product values from 0 on.
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
        return copeland(settled(parts), weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = weights * known / (weights * known).sum(axis=0)
    if method == "product":
        return _product(parts, shares * weights.sum(axis=0), name, strict=strict)
    if method in ("harmonic", "geometric"):
        return _mean_above_zero(parts, shares, method, _above_zero(parts, name, strict=strict))
    mean: NDArray[np.float64] = np.where(known.any(axis=0), np.nansum(shares * parts, axis=0), np.nan)
    if method == "arithmetic":
        return mean
    mean = np.where(_above_zero(mean, name, strict=strict), mean, np.nan)
    # Mazziotta-Pareto with plus: M + S^2 / M; uneven profiles count as more need
    variance = np.nansum(shares * (parts - mean) ** 2, axis=0)
    uneven: NDArray[np.float64] = mean + variance / mean
    return uneven


def _mean_above_zero(parts: Array, shares: Array, method: str, able: NDArray[np.bool_]) -> Array:
    """Return the harmonic or geometric mean of the known members; NaN where one is not above 0."""
    positive = np.where(able, parts, np.nan)
    counted = (~np.isnan(parts)).any(axis=0) & able.all(axis=0)
    if method == "geometric":
        return np.where(counted, np.exp(np.nansum(shares * np.log(positive), axis=0)), np.nan)
    inverse: Array = np.nansum(shares / positive, axis=0)
    mean: Array = np.divide(1.0, inverse, out=np.full(inverse.shape, np.nan), where=counted)
    return mean


def _product(parts: Array, exponents: Array, name: str, *, strict: bool) -> Array:
    """Return the product of the known members to their exponents; a member of 0 makes it 0."""
    below = parts < 0
    if strict and below.any():
        raise SpecError(
            f"{name!r}: {count_noun(int(below.sum()), 'value is', 'values are')} below 0, and a product turns over "
            f"where a factor changes its sign. Take a scale from 0 on."
        )
    factors = np.where(np.isnan(parts), 1.0, np.power(np.where(below, np.nan, parts), exponents))
    known = ~np.isnan(parts).all(axis=0) & ~below.any(axis=0)
    return np.where(known, factors.prod(axis=0), np.nan)


def rescaling(parts: Array, weights: Array, group: NeedGroup, *, strict: bool) -> tuple[Array, Array]:
    """Return what brings the value of an area with gaps to the scale of the complete areas: ``shift + factor value``.

    A mean of few members spreads wider than one of all: its areas would crowd at both ends. For each set of known
    members, the complete areas are aggregated from that set alone; the map that takes mean and deviation of these
    values to those of the complete areas' own is that of the areas that know just this set. Both have the shape
    (..., n_areas), 0 and 1 for complete areas, and everywhere if the group keeps values as they are.
    """
    known = ~np.isnan(parts)
    complete = known.all(axis=0)
    shift, factor = np.zeros(complete.shape), np.ones(complete.shape)
    if group.incomplete == "as_is" or complete.all() or not complete.any():
        return shift, factor
    whole = np.where(complete, parts, np.nan)
    mean, spread = _mean_and_spread(aggregated(whole, weights, group.aggregate, group.id, strict=strict))
    flat = known.reshape(len(parts), -1)
    for which in np.unique(flat[:, ~flat.all(axis=0) & flat.any(axis=0)], axis=1).T:
        pattern = which.reshape(-1, *(1,) * (parts.ndim - 1))
        masked = np.where(pattern & complete, parts, np.nan)
        centre, width = _mean_and_spread(aggregated(masked, weights, group.aggregate, group.id, strict=strict))
        slope = np.divide(spread, width, out=np.ones_like(width), where=width > 0)
        here = (known == pattern).all(axis=0)
        factor = np.where(here, slope, factor)
        shift = np.where(here, mean - slope * centre, shift)
    return shift, factor


def _mean_and_spread(values: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of the known values, shape (..., 1)."""
    n = np.maximum((~np.isnan(values)).sum(axis=-1, keepdims=True), 1)
    mean = np.nansum(values, axis=-1, keepdims=True) / n
    return mean, np.sqrt(np.nansum((values - mean) ** 2, axis=-1, keepdims=True) / n)


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
    scores: NDArray[np.float64],
    axis: NeedGroup,
    uppers: NDArray[np.float64] | None = None,
    limits: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Return the class of each score, shape (..., n_areas): the number of limits it lies beyond; -1 for NaN.

    Unless the breaks say which side is closed, classes by shares of the areas hold their lower limit (a score equal to
    it belongs to the higher class), and in fixed and SD classes a score on a limit belongs to the class nearer to the
    middle: -1 and +1 are both in the middle class of the limits -1 and 1. Scores that differ from a limit by rounding
    alone are on it. ``uppers`` replaces the limits of the spec, shape (limits, ..., 1), and ``limits`` those that are
    made of the scores.
    """
    wanted = _shaped(axis.uppers if uppers is None else uppers, scores)
    if axis.breaks.method == "rank_share":
        beyond = _beyond_rank(scores, wanted, axis.breaks)
    else:
        limits = class_limits(scores, wanted, axis.breaks) if limits is None else limits
        same = tolerance(scores)
        beyond = np.array(
            [
                scores >= limit - same if _is_lower(axis.breaks, upper) else scores > limit + same
                for limit, upper in zip(limits, axis.uppers, strict=True)
            ]
        )
    number: NDArray[np.int64] = beyond.sum(axis=0, dtype=np.int64) if len(wanted) else np.zeros(scores.shape, np.int64)
    return np.where(np.isnan(scores), -1, number)


def _is_lower(breaks: Breaks, upper: float) -> bool:
    """Return whether a score on a limit belongs to the class above it."""
    if breaks.closed:
        return breaks.closed == "lower"
    return breaks.method == "quantile" or upper < 0


def _beyond_rank(scores: Array, shares: Array, breaks: Breaks) -> NDArray[np.bool_]:
    """Return whether the rank of each score, as a share of the areas, lies beyond each limit; equal scores share it."""
    n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
    if breaks.closed == "upper":
        return np.asarray(ranks(scores, "min") > n * shares + PLACE)
    return np.asarray(ranks(-scores, "min") <= n * (1 - shares) + PLACE)


def _shaped(uppers: ArrayLike, scores: Array) -> Array:
    """Return limits in the shape (limits, ..., 1)."""
    wanted = np.asarray(uppers, dtype=float)
    return wanted.reshape(-1, *(1,) * scores.ndim) if wanted.ndim == 1 else wanted


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
        Of ranks as shares, the lowest score of the class above.
    """
    wanted = _shaped(uppers, scores)
    if breaks.method == "quantile":
        return quantiles(scores, wanted, breaks.type)
    if breaks.method == "rank_share":
        above = np.where(_beyond_rank(scores, wanted, breaks), scores, np.inf)
        return np.asarray(above.min(axis=-1, keepdims=True))
    if breaks.method == "sd":
        n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):  # where nobody has a score, there are no limits
            mean = np.nansum(scores, axis=-1, keepdims=True) / n
            deviation = np.sqrt(np.nansum((scores - mean) ** 2, axis=-1, keepdims=True) / n)
        wanted = np.asarray(mean + wanted * deviation)
    return wanted
