"""What each indicator contributes to the score of an area: exact parts, or Shapley values where a score is no sum."""

from __future__ import annotations

from itertools import pairwise
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.equal import tolerance
from quartiersatlas.need.score.scales import normalise
from quartiersatlas.need.score.scores import aggregated, axis_score, group_parts, group_value, present_share, rescaling
from quartiersatlas.need.spec.records import POSITIVE, NeedGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.need.score.scores import Columns, ScoringContext
    from quartiersatlas.need.spec.records import NeedAxis

    Array = NDArray[np.float64]
    Coalitions = Mapping[str, NDArray[np.bool_]]  # indicator -> whether it is in, shape (coalitions, 1)

LINEAR = ("none", "z", "minmax", "maximum", "goalposts")  # rules that turn a sum into a sum


def contributions(axis: NeedAxis, columns: Columns, context: ScoringContext) -> tuple[dict[str, Array], Array]:
    """Split the scores of an axis among its indicators.

    Parameters
    ----------
    axis : NeedAxis
        The rules.
    columns : mapping of str to array, shape (n_areas,)
        Values of the scored areas.
    context : ScoringContext
        Residents and city values.

    Returns
    -------
    parts : dict of str to array, shape (n_areas,)
        Indicator -> contribution; ``base + sum of parts = score`` (its logarithm for a geometric mean that is not
        standardised).
    base : array, shape (n_areas,)
        What no indicator makes: the score of an average area; 0 where the score is a plain sum.

    """
    if is_geometric(axis):
        parts = _logarithms(axis, columns, context)
        return parts, np.zeros(len(next(iter(parts.values()))))
    if is_additive(axis):
        return _linear(axis, columns, context)
    return shapley_values(axis, columns, context)


def is_geometric(axis: NeedAxis) -> bool:
    """Return whether the score is a plain geometric mean of indicators: its logarithm is a sum."""
    flat = not any(isinstance(member, NeedGroup) for member in axis.members)
    plain = axis.standardise.method == "none" and axis.standardise.digits is None and axis.incomplete == "as_is"
    return flat and plain and axis.aggregate == "geometric"


def is_additive(axis: NeedAxis) -> bool:
    """Return whether the score is a sum of parts of single indicators."""
    sums = all(group.aggregate in ("sum", "arithmetic", "count") for group in axis.groups())
    scales = [axis.standardise, *(group.normalise for group in axis.groups() if _has_groups(group))]
    return sums and all(
        rule.method in LINEAR and rule.digits is None and rule.beyond == "keep" and not rule.by for rule in scales
    )


def _has_groups(group: NeedGroup) -> bool:
    return any(isinstance(member, NeedGroup) for member in group.members)


def _logarithms(axis: NeedAxis, columns: Columns, context: ScoringContext) -> dict[str, Array]:
    """Return w_k ln x_k."""
    parts = group_parts(axis, columns, context)
    shares = effective_weights(parts, _weights_of(axis), axis.aggregate)
    return {
        member.id: np.nan_to_num(share * np.log(part))
        for member, share, part in zip(axis.members, shares, parts, strict=True)
    }


def _linear(axis: NeedAxis, columns: Columns, context: ScoringContext) -> tuple[dict[str, Array], Array]:
    """Return the parts of the aggregated value, carried through the standardisation of the score."""
    parts, base = _group_parts(axis, columns, context)
    return _carried(parts, base, group_value(axis, columns, context), axis_score(axis, columns, context))


def _group_parts(group: NeedGroup, columns: Columns, context: ScoringContext) -> tuple[dict[str, Array], Array]:
    """Return the part of every indicator in the value of a group, and what no indicator makes."""
    scaled = group_parts(group, columns, context)
    weights = effective_weights(scaled, _weights_of(group), group.aggregate)
    found: dict[str, Array] = {}
    shift, factor = rescaling(scaled, _weights_of(group), group, strict=False)
    base = shift
    weights = weights * factor
    for member, part, weight in zip(group.members, scaled, weights, strict=True):
        below, rest = {member.id: np.nan_to_num(part)}, np.zeros_like(part)
        if isinstance(member, NeedGroup):
            below, rest = _group_parts(member, columns, context)
            below, rest = _carried(below, rest, group_value(member, columns, context), part)
        for name, values in below.items():
            found[name] = found.get(name, 0.0) + weight * values
        base = base + weight * rest
    return found, base


def _weights_of(group: NeedGroup) -> NDArray[np.float64]:
    return np.array([member.weight for member in group.members])


def effective_weights(parts: NDArray[np.float64], weights: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    """Return the weight with which each known member enters a mean or a sum, shape (members, n_areas); else 0."""
    known = ~np.isnan(parts)
    present = np.where(known.any(axis=0), (weights[:, None] * known).sum(axis=0), np.nan)
    total = weights.sum() if method in ("sum", "count") else 1.0
    return np.nan_to_num(weights[:, None] * known / present * total)


def _carried(parts: dict[str, Array], base: Array, before: Array, after: Array) -> tuple[dict[str, Array], Array]:
    """Carry parts through an affine map: they are taken from the average area, whose value becomes the base."""
    if np.array_equal(before, after, equal_nan=True):
        return parts, base
    furthest = int(np.nanargmax(np.abs(before - np.nanmean(before))))
    slope = (after[furthest] - np.nanmean(after)) / (before[furthest] - np.nanmean(before))
    known = ~np.isnan(after)
    means = {name: values[known].mean() for name, values in parts.items()}
    moved = {name: np.where(known, slope * (values - means[name]), 0.0) for name, values in parts.items()}
    return moved, np.where(known, slope * (base - base[known].mean()) + np.nanmean(after), 0.0)


MOST_PLAYERS = 10  # 2^10 scores of every area; of more indicators, some orders stand for all
ORDERS = 200
BLOCK = 4_000_000  # numbers held at a time


def shapley_values(axis: NeedAxis, columns: Columns, context: ScoringContext) -> tuple[dict[str, Array], Array]:
    """Split the scores of an axis among its indicators by Shapley values: exact ones of up to ten indicators.

    Parameters
    ----------
    axis : NeedAxis
        The rules; any aggregation.
    columns : mapping of str to array, shape (n_areas,)
        Values of the scored areas.
    context : ScoringContext
        Residents and city values.

    Returns
    -------
    parts : dict of str to array, shape (n_areas,)
        Indicator -> contribution; ``base + sum of parts = score``.
    base : array, shape (n_areas,)
        Value of the empty coalition: the score of an average area.

    Notes
    -----
    ``phi_k = sum_S |S|! (K - |S| - 1)! / K! (v(S + k) - v(S))`` over the coalitions S without k [1]_; v(S) is the score
    with the indicators outside S at their mean. Of more than ten indicators the mean over 200 orders in which they join
    and their reverses [2]_: the parts still add up, each with a small error.

    References
    ----------
    .. [1] Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.
    .. [2] Castro, J., Gómez, D. & Tejada, J. (2009). Polynomial calculation of the Shapley value based on sampling.
           Computers & Operations Research 36(5), 1726-1730.
    """
    names = list(dict.fromkeys(leaf.id for leaf in axis.indicators))
    if len(names) > MOST_PLAYERS:
        members, factors = _some_orders(len(names))
    else:
        members = np.arange(2 ** len(names))[:, None] >> np.arange(len(names)) & 1 == 1
        factors = _factors(members)
    n_areas = len(columns[names[0]])
    parts, base = np.zeros((len(names), n_areas)), np.zeros(n_areas)
    step = max(1, BLOCK // (len(names) * n_areas))
    for start, stop in pairwise([*range(0, len(members), step), len(members)]):
        present = {name: members[start:stop, k, None] for k, name in enumerate(names)}
        values = _score(axis, columns, context, present)
        parts += factors[:, start:stop] @ values
        base = values[0] if start == 0 else base
    return dict(zip(names, parts, strict=True)), base


def _some_orders(players: int) -> tuple[NDArray[np.bool_], Array]:
    """Return the coalitions of 200 orders and of their reverses, and how often each counts for each player.

    In an order, a player's part is what the value gains when it joins those before: the parts of an order add up to the
    whole, and so do their means. The orders are always the same ones.
    """
    random = np.random.default_rng(0)
    drawn = np.array([random.permutation(players) for _ in range(ORDERS)])
    orders = np.concatenate([drawn, drawn[:, ::-1]])
    places = np.argsort(orders, axis=1)  # of each player in each order
    sizes = np.arange(players + 1)
    inside = places[:, None, :] < sizes[None, :, None]
    counted = np.zeros(inside.shape)
    rows, own = np.arange(len(orders))[:, None], np.arange(players)[None, :]
    counted[rows, places + 1, own] = 1.0
    counted[rows, places, own] = -1.0
    members, which = np.unique(inside.reshape(-1, players), axis=0, return_inverse=True)  # the empty one comes first
    factors = np.zeros((len(members), players))
    np.add.at(factors, which.ravel(), counted.reshape(-1, players) / len(orders))
    return members, factors.T


def _factors(members: NDArray[np.bool_]) -> Array:
    """Return how often each coalition's value counts for each player, shape (players, coalitions)."""
    players = members.shape[1]
    orders = [factorial(size) * factorial(players - 1 - size) / factorial(players) for size in range(players)]
    sizes = members.sum(axis=1)
    joining = np.array([0.0, *orders])[sizes]  # the player is in: the others came before
    without = np.array([*orders, 0.0])[sizes]
    factors: Array = np.where(members, joining[:, None], -without[:, None]).T
    return factors


def _score(axis: NeedAxis, columns: Columns, context: ScoringContext, present: Coalitions) -> Array:
    """Return the score of every area for every coalition, shape (coalitions, n_areas)."""
    values = _value(axis, columns, context, present)
    among = group_value(axis, columns, context)
    return normalise(values, axis.standardise, context.scale(axis.id), among)


def _value(group: NeedGroup, columns: Columns, context: ScoringContext, present: Coalitions) -> Array:
    """Return the value of a group for every coalition."""
    real = group_parts(group, columns, context)
    parts = np.stack(
        [
            _group_part(group, member, part, columns, context, present)
            if isinstance(member, NeedGroup)
            else np.where(present[member.id] | np.isnan(part), part, _mean(part))
            for member, part in zip(group.members, real, strict=True)
        ]
    )
    weights = _weights_of(group)
    if group.aggregate == "copeland":
        value = _copeland(parts, real, weights)
    else:
        value = aggregated(parts, weights, group.aggregate, group.id)
        shift, factor = rescaling(real, weights, group, strict=False)
        value = shift + factor * value
    return np.where(present_share(group, parts) >= group.min_present - 1e-12, value, np.nan)


def _group_part(
    group: NeedGroup, member: NeedGroup, real: Array, columns: Columns, context: ScoringContext, present: Coalitions
) -> Array:
    """Return a domain on the scale of the group above it, for every coalition."""
    values = _value(member, columns, context, present)
    among = group_value(member, columns, context)
    part = normalise(values, group.normalise, context.scale(member.id), among)
    return np.clip(part, np.nanmin(real), np.nanmax(real)) if group.aggregate in (*POSITIVE, "product") else part


def _mean(part: Array) -> float:
    """Return the mean of the areas; where it is some area's value but for rounding, that value.

    Rounding would decide otherwise whether an area outranks the mean: above all where all areas are alike.
    """
    mean = float(np.nanmean(part))
    nearest = float(part[np.nanargmin(np.abs(part - mean))])
    return nearest if abs(nearest - mean) <= 1e-12 * np.nanmax(np.abs(part)) else mean


def _copeland(parts: Array, real: Array, weights: Array) -> Array:
    """Return how many other areas an area outranks in each coalition, minus how many outrank it.

    An indicator stands at one of two values in an area, a domain at a few: the comparisons with the other areas are
    made once for each, and a coalition adds up those that it has.
    """
    n_coalitions, n = parts.shape[1:]
    rows = [np.unique(np.nan_to_num(part), axis=0, return_index=True, return_inverse=True)[1:] for part in parts]
    chosen = np.concatenate(
        [
            weight * (which.reshape(-1, 1) == np.arange(len(first)))
            for weight, (first, which) in zip(weights, rows, strict=True)
        ],
        axis=1,
    )
    own = np.concatenate([part[first] for part, (first, _) in zip(parts, rows, strict=True)])
    times = [len(first) for first, _ in rows]
    others, same = np.repeat(real, times, axis=0), np.repeat(tolerance(real), times, axis=0)[:, :, None]
    equal = 1e-12 * np.abs(weights).sum()
    score = np.empty((n_coalitions, n))
    step = max(1, BLOCK // (n_coalitions * n))
    for start, stop in pairwise([*range(0, n, step), n]):
        # an unknown value is neither higher nor lower
        apart = own[:, start:stop, None] - others[:, None, :]
        sign = np.nan_to_num(np.where(np.abs(apart) <= same, 0.0, np.sign(apart)))
        sign[:, np.arange(stop - start), np.arange(start, stop)] = 0.0  # an area is not compared with itself
        ahead = (chosen @ sign.reshape(len(own), -1)).reshape(n_coalitions, stop - start, n)
        score[:, start:stop] = np.count_nonzero(ahead > equal, axis=-1) - np.count_nonzero(ahead < -equal, axis=-1)
    return score
