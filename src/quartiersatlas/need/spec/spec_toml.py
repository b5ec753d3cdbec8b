"""A need spec from TOML, with the line where something is wrong, and written back in the form of the presets."""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.base.toml import TOO_DEEP, array, declared, is_too_deep, refuse_unknown, table
from quartiersatlas.errors import SpecError, inside
from quartiersatlas.need.spec.records import NeedAxis, NeedClass, NeedGroup, NeedIndicator, NeedRules
from quartiersatlas.need.spec.steps import Breaks, Normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

AnyRules = TypeVar("AnyRules", bound=NeedRules)
ReadGroup = TypeVar("ReadGroup", bound=NeedGroup)

MARK = "line_marker_"


def spec_from_dict(kind: type[AnyRules], content: Mapping[str, Any]) -> AnyRules:
    """Build a spec from the content of a TOML file."""
    if is_too_deep(content):
        raise SpecError(f"The need spec: {TOO_DEEP}")
    axes = tuple(
        _group(NeedAxis, entry, "axis", ("axes", i)) for i, entry in _entries(content, "axes", "the need spec")
    )
    return declared(kind, {**content, "axes": axes}, "the need spec")


@contextmanager
def naming_the_line(path: str | Path) -> Iterator[None]:
    """Add file and line to the message of a spec error raised inside."""
    try:
        yield
    except SpecError as error:
        line = line_of(Path(path).read_text(encoding="utf-8-sig"), error.place)
        where = f"{Path(path).name}, line {line}" if line else Path(path).name
        located = SpecError(f"{where}: {error}")
        located.place = error.place
        raise located from None


def line_of(source: str, place: Sequence[str | int]) -> int:
    r"""Return the line of a TOML source where a place stands, counted from 1; 0 where it cannot be told.

    Every line in which the key occurs is tried: the key is replaced by a mark there, and where the mark turns up at
    the place, that was the line. So any valid way to write TOML is understood. A place that is not in the file (a
    missing key) is answered with the nearest place above it.

    Examples
    --------
    >>> line_of('id = "x"\n[part]\nid = "y"', ("part", "id"))
    3
    """
    place = list(place)
    while place:
        if isinstance(place[-1], str) and (line := _marked_line(source, place)):
            return line
        if isinstance(place[-1], int) and (line := line_of_entry(source, place)):
            return line
        place.pop()
    return 0


def line_of_entry(source: str, place: Sequence[str | int]) -> int:
    """Return the line of the ``id`` of an entry, or of its first key where it has no id."""
    if line := _marked_line(source, [*place, "id"]):
        return line
    try:
        entry = _at(tomllib.loads(source), place)
    except (KeyError, IndexError, TypeError):
        return 0
    lines = [_marked_line(source, [*place, key]) for key in entry] if isinstance(entry, dict) else []
    return min((line for line in lines if line), default=0)


def _marked_line(source: str, place: Sequence[str | int]) -> int:
    key = str(place[-1])
    pattern = re.compile(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?(?=\s*[=.\]])")
    for found in pattern.finditer(source):
        changed = f"{source[: found.start()]}{MARK}{source[found.end() :]}"
        try:
            parent = _at(tomllib.loads(changed), place[:-1])
        except (tomllib.TOMLDecodeError, KeyError, IndexError, TypeError):
            continue
        if isinstance(parent, dict) and MARK in parent:
            return source.count("\n", 0, found.start()) + 1
    return 0


def _at(content: Any, place: Sequence[str | int]) -> Any:  # noqa: ANN401 - whatever TOML holds
    for step in place:
        content = content[step]
    return content


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
