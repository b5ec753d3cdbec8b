"""What each indicator contributes to the score of an area: exact parts that add up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.need.aggregate import effective_weights
from quartiersatlas.need.evaluate import axis_score, group_parts, group_value
from quartiersatlas.need.shapley import shapley_values
from quartiersatlas.need.spec import NeedGroup

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.need.evaluate import Columns, Ground
    from quartiersatlas.need.spec import NeedAxis

    Array = NDArray[np.float64]

LINEAR = ("none", "z", "minmax", "goalposts")  # rules that turn a sum into a sum


def contributions(axis: NeedAxis, columns: Columns, ground: Ground) -> tuple[dict[str, Array], Array]:
    """Split the scores of an axis among its indicators.

    Parameters
    ----------
    axis : NeedAxis
        The rules.
    columns : mapping of str to array, shape (n_areas,)
        Values of the scored areas.
    ground : Ground
        Residents and city values.

    Returns
    -------
    parts : dict of str to array, shape (n_areas,)
        Indicator -> contribution; ``base + sum of parts = score`` (its logarithm for a geometric mean that is not
        standardised).
    base : array, shape (n_areas,)
        What no indicator makes: the score of an average area; 0 where the score is a plain sum.

    Raises
    ------
    SpecError
        The axis is no sum and has more than ten indicators.
    """
    if is_geometric(axis):
        parts = _logarithms(axis, columns, ground)
        return parts, np.zeros(len(next(iter(parts.values()))))
    if is_additive(axis):
        return _linear(axis, columns, ground)
    return shapley_values(axis, columns, ground)


def is_geometric(axis: NeedAxis) -> bool:
    """Return whether the score is a plain geometric mean of indicators: its logarithm is a sum."""
    flat = not any(isinstance(member, NeedGroup) for member in axis.members)
    return flat and axis.aggregate == "geometric" and axis.standardise.method == "none"


def is_additive(axis: NeedAxis) -> bool:
    """Return whether the score is a sum of parts of single indicators."""
    sums = all(group.aggregate in ("sum", "arithmetic", "count") for group in axis.groups())
    scales = [axis.standardise, *(group.normalise for group in axis.groups() if _has_groups(group))]
    return sums and all(rule.method in LINEAR for rule in scales)


def _has_groups(group: NeedGroup) -> bool:
    return any(isinstance(member, NeedGroup) for member in group.members)


def _logarithms(axis: NeedAxis, columns: Columns, ground: Ground) -> dict[str, Array]:
    """Return w_k ln x_k."""
    parts = group_parts(axis, columns, ground)
    shares = effective_weights(parts, np.array([member.weight for member in axis.members]), axis.aggregate)
    return {
        member.id: np.nan_to_num(share * np.log(part))
        for member, share, part in zip(axis.members, shares, parts, strict=True)
    }


def _linear(axis: NeedAxis, columns: Columns, ground: Ground) -> tuple[dict[str, Array], Array]:
    """Return the parts of the aggregated value, carried through the standardisation of the score."""
    parts, base = _group_parts(axis, columns, ground)
    return _carried(parts, base, group_value(axis, columns, ground), axis_score(axis, columns, ground))


def _group_parts(group: NeedGroup, columns: Columns, ground: Ground) -> tuple[dict[str, Array], Array]:
    """Return the part of every indicator in the value of a group, and what no indicator makes."""
    scaled = group_parts(group, columns, ground)
    weights = effective_weights(scaled, np.array([member.weight for member in group.members]), group.aggregate)
    found: dict[str, Array] = {}
    base = np.zeros(scaled.shape[-1])
    for member, part, weight in zip(group.members, scaled, weights, strict=True):
        below, rest = {member.id: np.nan_to_num(part)}, np.zeros_like(part)
        if isinstance(member, NeedGroup):
            below, rest = _group_parts(member, columns, ground)
            below, rest = _carried(below, rest, group_value(member, columns, ground), part)
        for name, values in below.items():
            found[name] = found.get(name, 0.0) + weight * values
        base = base + weight * rest
    return found, base


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
