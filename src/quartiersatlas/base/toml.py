"""Dataclasses from declared data (TOML): unknown keys and missing ones are refused with the nearest name."""

from __future__ import annotations

import json
import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from difflib import get_close_matches
from math import inf, isfinite
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from quartiersatlas.base.checks import bytes_of, existing_file
from quartiersatlas.base.letters import composed
from quartiersatlas.errors import InputError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Declared = TypeVar("Declared")

# What a declared field may hold, by its annotation, and how that is said
KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), 'text in quotation marks, such as "2024"'),
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "list[str]": ((list, tuple), 'a list such as ["a", "b"]'),
    "tuple[str, ...]": ((list, tuple), 'a list such as ["a", "b"]'),
    "Meaning": ((str, list, tuple), "text or a list"),  # of a symbol: what the table's reader checks
    "Mapping[str, str]": ((dict,), 'a table such as { a = "b" }'),
    "Mapping[str, Meaning]": ((dict,), 'a table such as { a = "b" }'),
    "Mapping[str, int]": ((dict,), "a table such as { a = 2 }"),
    "Mapping[str, float]": ((dict,), "a table such as { a = 2 }"),
    "Mapping[str, list[str]]": ((dict,), 'a table such as { a = ["b", "c"] }'),
    "None": ((type(None),), ""),
}


# what planners write before they look it up -> what it is called
GERMAN = {
    "titel": "title",
    "untertitel": "subtitle",
    "quelle": "source",
    "stand": "as_of",
    "kommentar": "comment",
    "sprache": "lang",
    "einwohner": "population",
    "gebiete": "areas",
    "tabelle": "tables",
    "tabellen": "tables",
    "indikatoren": "indicators",
    "pfad": "path",
    "datei": "path",
    "schluessel": "key",
    "schlüssel": "key",
    "bedarf": "need",
    "auswahl": "shortlist",
    "regel": "rule",
    "regeln": "shortlist",
    "gruppen": "groups",
    "geheimhaltung": "protection",
    "ausgaben": "outputs",
    "ordner": "folder",
    "karte": "map",
    "bericht": "report",
    "wasser": "water",
    "gewässer": "water",
    "grün": "green",
    "gruen": "green",
    "bahn": "rail",
    "straßen": "roads",
    "strassen": "roads",
    "namen": "names",
    "spalten": "columns",
    "blatt": "sheet",
    "seit": "since",
    "zähler": "numerator",
    "nenner": "denominator",
    "min_einwohner": "min_population",
    "notizen": "notes",
}
MOST_LEVELS = 50  # of lists and tables in each other: five times what the deepest preset has
TOO_DEEP = f"its lists or tables lie too deep in each other. {MOST_LEVELS} levels are allowed; is a sign repeated?"

# Half of a pair and the two codes that are no character: not every kind of file can hold them
NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")


def declared(
    kind: type[Declared], content: Mapping[str, Any], where: str, renamed: Mapping[str, str] | None = None
) -> Declared:
    """Build a dataclass from a mapping; every key must be one of its fields.

    Keys of the first edition are in ``renamed``: old name -> new name; the refusal names the new one.

    Raises
    ------
    SpecError
        A key is unknown, a required one is missing, or a value is of the wrong kind; the message says where.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> declared(Point, {"x": 1}, "the point").x
    1
    """
    assert is_dataclass(kind)  # noqa: S101 - a slip of ours, not of the user
    known = {field.name: field for field in fields(kind)}
    refuse_unknown(content, known, where, renamed)
    for name, value in content.items():
        _check_kind(name, value, str(known[name].type), where)
    required = [n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING]
    missing = [name for name in required if name not in content]
    if missing:
        raise SpecError(f"In {where}: {', '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing.")
    return cast("Declared", kind(**content))


def settle(record: Any, where: str) -> None:  # noqa: ANN401 - any frozen dataclass
    """Give the fields of a frozen dataclass the one form that equal content has, wherever it came from.

    Text loses blanks at its ends, numbers are float or int as declared, mappings of text are sorted by key.

    Raises
    ------
    SpecError
        A number is not finite, or a required text is empty.
    """
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, str):
            value = _settled_text(value, field.name, where)
            if not value and field.default is MISSING:
                raise SpecError(f"{where}: {field.name} is empty.", key=field.name)
        elif isinstance(value, Mapping):
            pairs = [[_settled_text(text, field.name, where) for text in pair] for pair in value.items()]
            if not all(map(all, pairs)):
                raise SpecError(f"{where}: {field.name} has an entry with an empty key or value.", key=field.name)
            value = dict(sorted(pairs))
        elif isinstance(value, Real):
            value = _settled_number(value, str(field.type), field.name, where)
        else:
            continue
        object.__setattr__(record, field.name, value)


def refuse_unknown(
    content: Iterable[str], known: Iterable[str], where: str, renamed: Mapping[str, str] | None = None
) -> None:
    """Raise at the first name that is not known, with the one that replaced it, or the nearest one that is known."""
    known = list(known)
    for name in content:
        if name not in known and name in (renamed or {}):
            raise SpecError(f"In {where}: {name!r} is called {(renamed or {})[name]!r} now.", key=name)
        if name not in known:
            close = [one for one in [GERMAN.get(name.lower())] if one in known] or get_close_matches(name, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise SpecError(f"In {where}: {name!r} is not known.{hint} There are: {', '.join(known)}.", key=name)


def _settled_text(value: object, name: str, where: str) -> str:
    if not isinstance(value, str):
        raise SpecError(f"{where}: {name} holds {value!r}, which is not text.", key=name)
    if NO_CHARACTER.search(value):
        raise SpecError(f"{where}: {name} holds an invalid character: {value!a}.", key=name)
    return composed(value).strip()


def _settled_number(value: Real, annotation: str, name: str, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = inf
    if not isfinite(number):
        raise SpecError(f"{where}: {name} is {number}; it must be a finite number.", key=name)
    is_whole = not annotation.startswith("float") and number.is_integer()
    return int(number) if is_whole else number + 0.0  # no negative zero


def _check_kind(name: str, value: object, annotation: str, where: str) -> None:
    """Refuse a number, date or list where text is declared, and the like; other annotations are not looked at."""
    kinds = annotation.split(" | ")
    if set(kinds) <= KINDS.keys() and not any(_is_kind(value, kind) for kind in kinds):
        needed = " or ".join(_example(kind, value) for kind in kinds if kind != "None")
        raise SpecError(f"In {where}: {name} = {toml_value(value)} should be {needed}.", key=name)


def _example(kind: str, value: object) -> str:
    """Return what is needed, with the value itself as the example where it only lacks its marks."""
    words = KINDS[kind][1]
    if kind == "str" and not isinstance(value, dict | list):
        return words.replace('"2024"', toml_value(toml_value(value)))
    return words.replace('["a", "b"]', toml_value([value])) if isinstance(value, str) else words


def toml_value(value: object) -> str:
    """Write a value as TOML: text, truth, numbers, lists and tables on one line.

    Examples
    --------
    >>> toml_value({"A und B": ["01", "02"], "c": Decimal("0.20")}), toml_value(True)
    ('{ "A und B" = ["01", "02"], c = 0.2 }', 'true')
    """
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(str(key))} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return plain(value) if isinstance(value, Decimal) else str(value)


def toml_key(name: str) -> str:
    """Write a key as TOML takes it: bare where it is a word, while keys of areas are not taken for numbers."""
    return name if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", name) else toml_value(name)


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and needless zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_kind(value: object, kind: str) -> bool:
    types, _ = KINDS[kind]
    if not isinstance(value, types):
        return False
    if isinstance(value, dict):
        inner = kind.removeprefix("Mapping[str, ").removesuffix("]")
        return all(_is_kind(item, inner) for item in value.values())
    if isinstance(value, list | tuple):
        return kind == "Meaning" or all(isinstance(item, str) for item in value)
    return bool in types or not isinstance(value, bool)


def table(entry: object, where: str) -> Mapping[str, Any]:
    """Return a TOML table, or say that something else stands where one is needed."""
    if not isinstance(entry, dict):
        raise SpecError(f"In {where}: {entry!r} should be a table such as {{ key = value }}.")
    return entry


def array(entry: object, where: str) -> list[Any]:
    """Return a TOML array, or say that something else stands where one is needed."""
    if not isinstance(entry, list):
        raise SpecError(f'In {where}: {entry!r} should be a list such as ["a", "b"].')
    return entry


def read_toml(path: str | Path, what: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        The file is missing, not in UTF-8 or not valid TOML, or its lists and tables lie too deep in each other.
    """
    path = existing_file(path, what)
    raw = bytes_of(path)
    try:
        content = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML: {error}.") from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        other = " (it is UTF-16)" if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else ""
        raise InputError(
            f"{path.name} is not valid TOML: it is not in UTF-8{other}, line {line} has a byte that is none of its "
            f"letters. Save it as UTF-8, as TOML has to be."
        ) from error
    except RecursionError as error:
        raise InputError(f"{path.name} is not valid TOML: {TOO_DEEP}") from error
    except ValueError as error:  # the interpreter turns no more digits into a number
        raise InputError(f"{path.name} is not valid TOML: a number in it has thousands of digits.") from error
    if is_too_deep(content):
        raise InputError(f"{path.name} is not valid TOML: {TOO_DEEP}")
    return content


def is_too_deep(content: object) -> bool:
    """Return True if lists and tables lie in each other deeper than anything needs.

    What reads them calls itself once for each level, and the interpreter allows a thousand calls.

    Examples
    --------
    >>> is_too_deep({"a": [{"b": 1}]})
    False
    """
    level = [content]
    for _ in range(MOST_LEVELS):
        inner: list[object] = []
        for holder in level:
            inner += holder.values() if isinstance(holder, Mapping) else holder if isinstance(holder, list) else ()
        level = [one for one in inner if isinstance(one, Mapping | list)]
        if not level:
            return False
    return True


MARK = "line_marker_"


@contextmanager
def naming_the_line(path: str | Path, source: str | None = None) -> Iterator[None]:
    """Add file and line to the message of a spec error raised inside, unless it has those of another file.

    A text that is no file is given as ``source``, with a name in the place of the path.
    """
    try:
        yield
    except SpecError as error:
        if error.located:
            raise
        line = line_of(Path(path).read_text(encoding="utf-8-sig") if source is None else source, error.place)
        where = f"{Path(path).name}, line {line}" if line else Path(path).name
        located = SpecError(f"{where}: {error}")
        located.place, located.located = error.place, True
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
