"""A need spec from TOML, with the line where something is wrong, and written back in the form of the presets."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.base.toml import TOO_DEEP, array, declared, is_too_deep, refuse_unknown, table
from quartiersatlas.errors import SpecError, inside
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator, NeedRules
from quartiersatlas.need.spec.steps import Breaks, Normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AnyRules = TypeVar("AnyRules", bound=NeedRules)
ReadGroup = TypeVar("ReadGroup", bound=NeedGroup)


def spec_from_dict(kind: type[AnyRules], content: Mapping[str, Any]) -> AnyRules:
    """Build a spec from the content of a TOML file."""
    if is_too_deep(content):
        raise SpecError(f"The need spec: {TOO_DEEP}")
    axes = tuple(
        _group(NeedAxis, entry, "axis", ("axes", i)) for i, entry in _entries(content, "axes", "the need spec")
    )
    return declared(kind, {**content, "axes": axes}, "the need spec")


def _group(kind: type[ReadGroup], entry: object, word: str, steps: tuple[str | int, ...]) -> ReadGroup:
    with inside(*steps):
        content = dict(table(entry, word))
        where = f"{word} {content.get('id', '?')!r}"
        members = [
            *(_group(NeedGroup, part, "domain", ("domains", i)) for i, part in _entries(content, "domains", where)),
            *(_indicator(part, where, i) for i, part in _entries(content, "indicators", where)),
        ]
        options = [field.name for field in fields(kind) if field.name != "members"]
        refuse_unknown(content, [*options, "domains", "indicators"], where)
        content = {name: value for name, value in content.items() if name in options}
        for name, part_kind in (("normalise", Normalise), ("standardise", Normalise), ("breaks", Breaks)):
            if name in content:
                with inside(name):
                    content[name] = declared(part_kind, table(content[name], where), f"{where}, {name}")
        if "classes" in content:
            content["classes"] = tuple(_class(part, where, i) for i, part in _entries(content, "classes", where))
        return declared(kind, {**content, "members": tuple(members)}, where)


def _indicator(entry: object, where: str, number: int) -> NeedIndicator:
    with inside("indicators", number):
        return declared(NeedIndicator, table(entry, where), where)


def _class(entry: object, where: str, number: int) -> NeedClass:
    with inside("classes", number):
        return declared(NeedClass, table(entry, where), where)


def _entries(content: Mapping[str, Any], name: str, where: str) -> Iterator[tuple[int, Any]]:
    with inside(name):
        return enumerate(array(content.get(name, []), where))


DEFINING = {"min_population", "normalise", "aggregate", "method"}  # written even where they are the default
PARTS = {"axes", "members", "classes", "exclude"}  # tables of their own
LONGEST_WHOLE = 1e15  # whole numbers up to here are written without a decimal point


def toml_text(spec: NeedRules) -> str:
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
