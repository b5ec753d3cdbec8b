"""A need spec as sheets: one row per indicator, group, class and excluded area."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from quartiersatlas.need.rules import Breaks, Normalise
from quartiersatlas.need.spec import NeedAxis, NeedClass, NeedGroup, NeedIndicator, NeedSpec
from quartiersatlas.need.spec_toml import PARTS, stated
from quartiersatlas.workbook import Cell, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = {"normalise": Normalise, "standardise": Normalise, "breaks": Breaks}
SHOWN = {"direction", "weight", "transform", "aggregate", "min_present", "min_population", "min_population_in"}
SHOWN |= {"method", "normalise", "standardise", "breaks"}  # written even where they are the default


def columns(part: type) -> dict[str, str]:
    """Return the columns of a part of a spec, with the kind of their values; rules have one column per option.

    Examples
    --------
    >>> columns(NeedClass)["upper"], list(columns(NeedAxis))[5:8]
    ('float | None', ['normalise.ddof', 'normalise.reference', 'normalise.weighting'])
    """
    found: dict[str, str] = {}
    for field in fields(part):
        if field.name in RULES:
            found |= {f"{field.name}.{option.name}": str(option.type) for option in fields(RULES[field.name])}
        elif field.name not in PARTS:
            found[field.name] = str(field.type)
    return found


# sheet -> column -> kind of its values; a row of the sheet "spec" is one key
LAYOUT: dict[str, dict[str, str]] = {
    "spec": {"key": "str", "value": "any"},
    "groups": {"id": "str", "parent": "str", **columns(NeedAxis)},
    "indicators": {"id": "str", "parent": "str", **columns(NeedIndicator)},
    "classes": {"axis": "str", **columns(NeedClass)},
    "exclude": {"key": "str", "reason": "str"},
}


def spec_sheets(spec: NeedSpec) -> list[Sheet]:
    """Return the sheets of a spec."""
    groups = [(group, parent) for axis in spec.axes for group, parent in _with_parents(axis, "")]
    given = dict(stated(spec, SHOWN))
    rows: dict[str, list[dict[str, Cell]]] = {
        "spec": [{"key": name, "value": given.get(name)} for name in columns(NeedSpec)],
        "groups": [{"parent": parent or None, **_cells(group)} for group, parent in groups],
        "indicators": [
            {"parent": group.id, **_cells(member)}
            for group, _ in groups
            for member in group.members
            if isinstance(member, NeedIndicator)
        ],
        "classes": [{"axis": axis.id, **_cells(part)} for axis in spec.axes for part in axis.classes],
        "exclude": [{"key": key, "reason": reason} for key, reason in spec.exclude.items()],
    }
    return [
        Sheet(
            name,
            list(kinds),
            frozenset(column for column, kind in kinds.items() if kind == "str"),
            [[row.get(column) for column in kinds] for row in rows[name]],
        )
        for name, kinds in LAYOUT.items()
    ]


def _with_parents(group: NeedGroup, parent: str) -> Iterator[tuple[NeedGroup, str]]:
    yield group, parent
    for member in group.members:
        if isinstance(member, NeedGroup):
            yield from _with_parents(member, group.id)


def _cells(part: Any) -> dict[str, Cell]:  # noqa: ANN401 - any part of a spec
    found: dict[str, Cell] = {}
    for name, value in stated(part, SHOWN):
        if name in RULES:
            found |= {f"{name}.{option}": setting for option, setting in stated(value, SHOWN)}
        else:
            found[name] = value
    return found
