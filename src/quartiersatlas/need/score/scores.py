"""The score of an axis from its indicators, up the hierarchy; and what an analyst has to be warned of."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.need.score.aggregate import aggregated
from quartiersatlas.need.score.scales import Scale, normalised, transformed
from quartiersatlas.need.spec.spec import NeedAxis, NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from quartiersatlas.need.score.inputs import NeedInputs
    from quartiersatlas.need.spec.spec import NeedSpec
    from quartiersatlas.need.spec.steps import Normalise

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


FEW_AREAS = 15  # a convention of practice: over fewer areas z-scores are arbitrary


def cautions(spec: NeedSpec, inputs: NeedInputs, n_scored: int) -> tuple[Message, ...]:
    """Return what a reader has to know, and warn the analyst."""
    found = []
    if spec.unverified:
        found.append(
            Message(
                "warning_unverified",
                {"spec": spec.id, "reason": (spec.unverified_de or spec.unverified, spec.unverified)},
            )
        )
    for axis in spec.axes:
        found += _axis_warnings(axis, inputs)
    if n_scored < FEW_AREAS:
        found.append(Message("warning_few_areas", {"areas": n_scored}))
    for message in found:
        warnings.warn(f"Need index {spec.id!r}: {message}", UserWarning, stacklevel=3)
    return tuple(found)


def _axis_warnings(axis: NeedAxis, inputs: NeedInputs) -> list[Message]:
    """Warn where context indicators weigh most, and where a direction contradicts the catalogue."""
    catalogue, weights = inputs.catalogue, nominal_weights(axis)
    context = [leaf for leaf in weights if leaf.id in catalogue and catalogue[leaf.id].role == "context"]
    share = sum(weights[leaf] for leaf in context)
    found = []
    if share >= 0.5 or (len(weights) > 1 and any(weights[leaf] > _others(weights, leaf) for leaf in context)):  # noqa: PLR2004 - half
        names = ", ".join(leaf.id for leaf in context)
        found.append(Message("warning_context", {"axis": axis.id, "share": percent(share), "names": names}))
    return found + [
        Message("warning_direction", {"axis": axis.id, "name": leaf.id})
        for leaf in weights
        if leaf.id in catalogue and catalogue[leaf.id].direction == -leaf.direction
    ]


def percent(share: float) -> tuple[str, str]:
    """Write a share as a whole number of percent, in German and in English."""
    return percent_text(round(share, 2), "de"), percent_text(round(share, 2), "en")


def _others(weights: Mapping[NeedIndicator, float], leaf: NeedIndicator) -> float:
    """Return the heaviest weight among the other indicators."""
    return max(weight for other, weight in weights.items() if other != leaf)


def nominal_weights(group: NeedGroup) -> dict[NeedIndicator, float]:
    """Return the share of each indicator in the weights of an axis; they sum to 1."""
    total = sum(member.weight for member in group.members)
    shares: dict[NeedIndicator, float] = {}
    for member in group.members:
        below = nominal_weights(member) if isinstance(member, NeedGroup) else {member: 1.0}
        for leaf, share in below.items():
            shares[leaf] = shares.get(leaf, 0.0) + share * member.weight / total
    return shares
