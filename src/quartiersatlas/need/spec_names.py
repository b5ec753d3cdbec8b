"""Ids that tell the parts of a spec apart: weights go by the id of the group, values by the id of the indicator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError
from quartiersatlas.need.spec import NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.need.spec import NeedSpec

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
            if isinstance(member, NeedGroup):
                _refuse_second_group(member, groups, place)
                groups.add(member.id)
                continue
            if member.id in leaves:
                raise _error(
                    f"Axis {axis.id!r} names an indicator twice, in different domains: {member.id!r}. "
                    f"It would count double unseen: give it more weight in one of them.",
                    (*place, "id"),
                )
            leaves.add(member.id)
            own = (member.numerator, member.denominator)
            if counts.setdefault(member.id, own) != own:
                raise _error(
                    f"Axis {axis.id!r}: the indicator {member.id!r} has other counts than in an axis before. "
                    f"Give the two rates two ids.",
                    (*place, "id"),
                )


def _walk(group: NeedGroup, place: Place) -> Iterator[tuple[Place, NeedGroup | NeedIndicator]]:
    """Yield a group and everything below it, with the place in a file; domains come before indicators."""
    yield place, group
    domains = [member for member in group.members if isinstance(member, NeedGroup)]
    for i, member in enumerate(group.members):
        if isinstance(member, NeedGroup):
            yield from _walk(member, (*place, "domains", i))
        else:
            yield (*place, "indicators", i - len(domains)), member


def _refuse_second_group(group: NeedGroup, known: set[str], place: Place) -> None:
    if group.id in known:
        raise _error(
            f"Two axes or domains are named {group.id!r}: their weights would be mixed up. Rename one; "
            f"what is shown is its label.",
            (*place, "id"),
        )


def _error(message: str, place: Place) -> SpecError:
    error = SpecError(message)
    error.place = place
    return error
