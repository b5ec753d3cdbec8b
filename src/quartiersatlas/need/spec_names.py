"""Ids that tell the parts of a spec apart: weights go by the id of the group, values by the id of the indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError, inside
from quartiersatlas.need.spec import NeedGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.need.spec import NeedIndicator, NeedSpec

Place = tuple[str | int, ...]


def check_names(spec: NeedSpec) -> None:
    """Refuse ids that would mix up two groups, or two indicators of an axis.

    Raises
    ------
    SpecError
        Two axes or domains share an id; an axis has an indicator twice; an indicator has other counts in another axis.
        ``place`` is that of the second one.
    """
    groups: set[str] = set()
    counts: dict[str, tuple[str, str]] = {}
    for i, axis in enumerate(spec.axes):
        leaves: set[str] = set()
        for place, member in _walk(axis, ("axes", i)):
            with inside(*place):
                if isinstance(member, NeedGroup):
                    _add_group(member, groups)
                else:
                    _add_indicator(member, axis.id, leaves, counts)


def _walk(group: NeedGroup, place: Place) -> Iterator[tuple[Place, NeedGroup | NeedIndicator]]:
    """Yield a group and everything below it, with the place in a file; domains come before indicators."""
    yield place, group
    domains = [member for member in group.members if isinstance(member, NeedGroup)]
    for i, member in enumerate(group.members):
        if isinstance(member, NeedGroup):
            yield from _walk(member, (*place, "domains", i))
        else:
            yield (*place, "indicators", i - len(domains)), member


def _add_group(group: NeedGroup, known: set[str]) -> None:
    if group.id in known:
        raise SpecError(
            f"Two axes or domains are named {group.id!r}: their weights would be mixed up. Rename one; "
            f"what is shown is its label.",
            key="id",
        )
    known.add(group.id)


def _add_indicator(leaf: NeedIndicator, axis: str, known: set[str], counts: dict[str, tuple[str, str]]) -> None:
    if leaf.id in known:
        raise SpecError(
            f"Axis {axis!r} names an indicator twice, in different domains: {leaf.id!r}. It would count double "
            f"unseen: give it more weight in one of them.",
            key="id",
        )
    known.add(leaf.id)
    own = (leaf.numerator, leaf.denominator)
    if counts.setdefault(leaf.id, own) != own:
        raise SpecError(
            f"Axis {axis!r}: the indicator {leaf.id!r} has other counts than in an axis before. Give the two rates "
            f"two ids.",
            key="id",
        )
