"""A need spec written as TOML, in the form of the presets."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from quartiersatlas.need.spec import NeedGroup, NeedIndicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quartiersatlas.need.spec import NeedSpec

DEFINING = {"min_population", "normalise", "aggregate", "method"}  # written even where they are the default
PARTS = {"axes", "members", "classes", "exclude"}  # tables of their own
LONGEST_WHOLE = 1e15  # whole numbers up to here are written without a decimal point


def toml_text(spec: NeedSpec) -> str:
    """Return the spec as TOML: what is not given is the default."""
    lines = [f"{name} = {_value(value)}" for name, value in stated(spec, DEFINING)]
    if spec.exclude:
        lines += ["", "[exclude]", *(f"{_quoted(key)} = {_quoted(reason)}" for key, reason in spec.exclude.items())]
    for axis in spec.axes:
        lines += _group_lines(axis, "axes")
    return "\n".join(lines) + "\n"


def stated(record: Any, always: set[str]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any part of a spec
    """Yield the fields of a part of a spec that differ from their default or are always stated."""
    for field in fields(record):
        value = getattr(record, field.name)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if field.name not in PARTS and (field.name in always or value != default):
            yield field.name, value


def _group_lines(group: NeedGroup, header: str) -> list[str]:
    lines = ["", f"[[{header}]]", *(f"{name} = {_value(value)}" for name, value in stated(group, DEFINING))]
    leaves = [member for member in group.members if isinstance(member, NeedIndicator)]
    for name, parts in (("indicators", leaves), ("classes", getattr(group, "classes", ()))):
        if parts:
            lines += [f"{name} = [", *(f"  {_value(part)}," for part in parts), "]"]
    for member in group.members:
        if isinstance(member, NeedGroup):
            lines += _group_lines(member, f"{header}.domains")
    return lines


def _value(value: Any) -> str:  # noqa: ANN401 - text, a number, or a part of a spec
    if is_dataclass(value):
        pairs = ", ".join(f"{name} = {_value(part)}" for name, part in stated(value, DEFINING))
        return f"{{ {pairs} }}"
    if isinstance(value, str):
        return _quoted(value)
    is_whole = float(value).is_integer() and abs(value) < LONGEST_WHOLE
    return str(int(value)) if is_whole else repr(value)


def _quoted(text: str) -> str:
    """Quote text: TOML escapes like JSON, and the delete character besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
