"""Other defensible methods for an axis: the same indicators on another scale, aggregated otherwise, or one fewer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from quartiersatlas.need.spec.records import POSITIVE, NeedAxis, NeedGroup, NeedIndicator
from quartiersatlas.need.spec.steps import Normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN = "own"
NORMALISATIONS = {
    "z": Normalise(method="z"),
    "minmax": Normalise(method="minmax"),
    "percentile": Normalise(method="percentile"),
}
ABOVE_ZERO = {
    "z": Normalise(method="z", centre=100.0, spread=10.0),
    "minmax": Normalise(method="minmax", low=1.0, high=100.0),
    "percentile": Normalise(method="rank"),
}
AGGREGATIONS = ("arithmetic", "geometric", "mazziotta_pareto")
SAME = {"sum": "arithmetic", "rank": "percentile"}  # they order areas alike

Group = TypeVar("Group", bound=NeedGroup)


def normalisations(axis: NeedAxis) -> list[str]:
    """Return the scales an axis may be tried with, its own first; only its own where others make no sense."""
    if not may_vary(axis):
        return [OWN]
    own = SAME.get(axis.normalise.method, axis.normalise.method)
    return [OWN, *(name for name in NORMALISATIONS if name != own)]


def aggregations(axis: NeedAxis) -> list[str]:
    """Return the aggregations an axis may be tried with, its own first."""
    flat = not any(isinstance(member, NeedGroup) for member in axis.members)
    if not may_vary(axis) or (flat and len(axis.members) == 1):
        return [OWN]
    own = SAME.get(axis.aggregate, axis.aggregate)
    able = [name for name in AGGREGATIONS if name not in POSITIVE or _above_zero(axis.normalise) is not None]
    return [OWN, *(name for name in able if name != own)]


def may_vary(axis: NeedAxis) -> bool:
    """Return whether other scales and aggregations leave the classes a meaning.

    A rule that counts conditions is no average, and fixed limits on a score's own scale mean nothing on another.
    """
    is_rule = any(group.aggregate == "count" for group in axis.groups())
    fixed = axis.breaks.method == "fixed" and bool(axis.uppers) and axis.standardise.method == "none"
    return not is_rule and not fixed


def variant(axis: NeedAxis, normalisation: str = OWN, aggregation: str = OWN, without: str = "") -> NeedAxis | None:
    """Return an axis with another scale and aggregation in all its groups, and without one of its indicators.

    Parameters
    ----------
    axis : NeedAxis
        The axis as in the spec.
    normalisation, aggregation : str
        One of :func:`normalisations` and :func:`aggregations`; ``"own"`` keeps those of the spec, and so does an axis
        that may not vary.
    without : str, optional
        The indicator to leave out; groups that lose their last member leave with it. The weights of the members that
        are left are scaled to the sum of all of the group, so that a plain sum stays on its scale.

    Returns
    -------
    NeedAxis or None
        None where no indicator is left.

    Notes
    -----
    Aggregations that need values above 0 get them: z-scores as 100 + 10 z, minimum and maximum as 1 and 100, ranks in
    place of percentile ranks.
    """
    if not may_vary(axis):
        normalisation = aggregation = OWN
    return _changed(axis, normalisation, aggregation, without)


def _changed(group: Group, normalisation: str, aggregation: str, without: str) -> Group | None:
    members: list[NeedIndicator | NeedGroup] = []
    for member in group.members:
        if isinstance(member, NeedGroup):
            below = _changed(member, normalisation, aggregation, without)
            if below is not None:
                members.append(below)
        elif member.id != without:
            members.append(member)
    if not members:
        return None
    if len(members) < len(group.members):
        nominal, left = (sum(member.weight for member in some) for some in (group.members, members))
        members = [replace(member, weight=member.weight * nominal / left) for member in members]
    aggregate = group.aggregate if aggregation == OWN else aggregation
    is_own = normalisation == OWN and aggregation == OWN
    rule = group.normalise if is_own else _scale(group.normalise, normalisation, positive=aggregate in POSITIVE)
    if (rule.method, rule.reference) != (group.normalise.method, group.normalise.reference):
        members = [_without_constants(member) for member in members]
    return replace(group, normalise=rule, aggregate=aggregate, members=tuple(members))


def _scale(own: Normalise, normalisation: str, *, positive: bool) -> Normalise:
    if normalisation != OWN:
        return (ABOVE_ZERO if positive else NORMALISATIONS)[normalisation]
    return own if not positive or own.is_positive else (_above_zero(own) or own)


def _above_zero(own: Normalise) -> Normalise | None:
    """Return a rule with all values above 0 that keeps the distances of another; None where there is none."""
    if own.is_positive:
        return own
    if own.method == "z":
        return replace(own, centre=100.0, spread=10.0)
    if own.method in ("minmax", "goalposts"):
        return replace(own, low=1.0, high=100.0)
    return ABOVE_ZERO.get(own.method)


def _without_constants(member: NeedIndicator | NeedGroup) -> NeedIndicator | NeedGroup:
    """Drop the constants of another scale."""
    if isinstance(member, NeedGroup):
        return member
    return replace(member, centre=None, scale=None, low=None, high=None, limit=None, limit_source="")


def removable(axis: NeedAxis) -> list[str]:
    """Return the indicators that can be left out: others are left, and no rule that counts loses a condition."""
    return [leaf.id for leaf in axis.indicators if _leaves_others(parents(axis, leaf.id))]


def _leaves_others(groups: Sequence[NeedGroup]) -> bool:
    """Return whether the innermost group that stays without its member keeps its meaning."""
    for group in reversed(groups):
        if group.aggregate == "count" or len(group.members) > 1:
            return group.aggregate != "count"
    return False


def parents(group: NeedGroup, indicator: str) -> Sequence[NeedGroup]:
    """Return the groups on the way to an indicator, the axis first; empty where it is not below."""
    for member in group.members:
        if member.id == indicator and isinstance(member, NeedIndicator):
            return [group]
        if isinstance(member, NeedGroup) and (below := parents(member, indicator)):
            return [group, *below]
    return []
