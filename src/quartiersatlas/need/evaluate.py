"""The score of an axis from its indicators' values: for one set of values, or for many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quartiersatlas.need.aggregate import aggregated
from quartiersatlas.need.normalise import Scale, normalised
from quartiersatlas.need.spec import NeedAxis, NeedGroup, NeedIndicator
from quartiersatlas.need.transform import transformed

if TYPE_CHECKING:
    from quartiersatlas.need.rules import Normalise

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
"""Indicator -> values of the scored areas, shape (..., n_areas)."""


@dataclass(frozen=True)
class Ground:
    """What is known of the scored areas beside the indicators: residents, and the indicators' city values.

    A city value may be an array of shape (..., 1) that differs from one set of values to the next. Strict, what cannot
    be computed is refused; otherwise it is NaN in the areas concerned, and an indicator that is the same everywhere
    tells nobody apart: one set of values among many must not end all of them.
    """

    residents: Array | None = None
    city: Mapping[str, float | Array] = field(default_factory=dict)
    strict: bool = True


def axis_score(axis: NeedAxis, columns: Columns, ground: Ground, weights: Mapping[str, Array] | None = None) -> Array:
    """Return the score of an axis.

    Parameters
    ----------
    axis : NeedAxis
        The rules.
    columns : mapping of str to array of float, shape (..., n_areas)
        The values of every indicator of the axis, in its own unit and direction.
    ground : Ground
        Residents and city values.
    weights : mapping of str to array, optional
        Group -> weights of its members, shape (members,) or (members, replications); those of the spec, if not given.

    Returns
    -------
    array of float, shape (..., n_areas)
        Higher is more need.
    """
    raw = group_value(axis, columns, ground, weights)
    return normalised(raw, axis.standardise, Scale(axis.id, ground.residents, strict=ground.strict))


def group_value(
    group: NeedGroup, columns: Columns, ground: Ground, weights: Mapping[str, Array] | None = None
) -> Array:
    """Return the aggregated value of a group; NaN where too little of it is known."""
    parts = group_parts(group, columns, ground, weights)
    own = (weights or {}).get(group.id)
    shares = np.array([member.weight for member in group.members]) if own is None else own
    value = aggregated(parts, shares, group.aggregate, group.id, strict=ground.strict)
    return np.where(present_share(group, parts) >= group.min_present - 1e-12, value, np.nan)


def group_parts(
    group: NeedGroup, columns: Columns, ground: Ground, weights: Mapping[str, Array] | None = None
) -> Array:
    """Return the members of a group on its scale, shape (members, ..., n_areas)."""
    parts = [_part(member, group.normalise, columns, ground, weights) for member in group.members]
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
    ground: Ground,
    weights: Mapping[str, Array] | None,
) -> Array:
    if isinstance(member, NeedGroup):
        value = group_value(member, columns, ground, weights)
        return normalised(value, rule, Scale(member.id, ground.residents, strict=ground.strict))
    value = member.direction * transformed(columns[member.id], member.transform, member.id, strict=ground.strict)
    return normalised(value, rule, _scale(member, ground))


def _scale(member: NeedIndicator, ground: Ground) -> Scale:
    """Turn the constants of an indicator with its values: of direction -1, the goalposts change places."""
    city = ground.city.get(member.id)
    low, high = (member.low, member.high) if member.direction > 0 else (_turned(member.high), _turned(member.low))
    return Scale(
        member.id,
        ground.residents,
        city=None if city is None else member.direction * city,
        centre=None if member.centre is None else member.direction * member.centre,
        scale=member.scale,
        low=low,
        high=high,
        strict=ground.strict,
    )


def _turned(value: float | None) -> float | None:
    return None if value is None else -value
