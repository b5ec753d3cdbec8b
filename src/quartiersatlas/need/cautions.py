"""What an analyst has to be told about an index before anybody reads it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from quartiersatlas.catalogue import Message
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.need.spec import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.need.inputs import NeedInputs
    from quartiersatlas.need.spec import NeedAxis, NeedIndicator, NeedSpec

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
