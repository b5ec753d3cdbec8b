"""A need spec from a TOML file, with the line where something is wrong."""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quartiersatlas.declared import array, declared, refuse_unknown, table
from quartiersatlas.errors import SpecError, inside
from quartiersatlas.need.rules import Breaks, Normalise
from quartiersatlas.need.spec import NeedAxis, NeedClass, NeedGroup, NeedIndicator, NeedSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Spec = TypeVar("Spec", bound=NeedSpec)
Group = TypeVar("Group", bound=NeedGroup)

MARK = "line_marker_"


def spec_from_dict(kind: type[Spec], content: Mapping[str, Any]) -> Spec:
    """Build a spec from the content of a TOML file."""
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


def _group(kind: type[Group], entry: object, word: str, steps: tuple[str | int, ...]) -> Group:
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
