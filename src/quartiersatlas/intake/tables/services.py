"""JSON as services and portals write it: where the records lie, as one flat table of cells."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, SpecError, list_some
from quartiersatlas.intake.files.answers import limit_hint, refuse_cut_answer
from quartiersatlas.intake.files.nested import without_lists
from quartiersatlas.intake.tables.encodings import encoded
from quartiersatlas.intake.tables.headers import folded
from quartiersatlas.intake.tables.json_shapes import rows_with_names, service_records
from quartiersatlas.intake.tables.values.cells import RawTable, TypedCells

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

YEARS = ("years", "jahre", "year", "jahr")
VALUES = ("values", "werte", "value", "wert", "data", "daten")
RECORDS = ("features", "records", "results", "value", "rows", "items", "bindings", "data")  # what services call them
DEEPEST = 6  # levels of a document that are searched for records
MOST_NODES = 10_000
LOOKED_AT = 20  # records in which the key column is looked for
SHOWN = 6  # columns of a list of records that a message names
GEOMETRY_TRAITS = ({"coordinates"}, {"rings"}, {"paths"}, {"geometry", "type"}, {"x", "y", "spatialReference"})

HALF_CHARACTER = re.compile("[\ud800-\udfff]")

JsonRecord = dict[str, Any]


class Found(NamedTuple):
    """Records, one per row, and how they were found."""

    records: list[JsonRecord]
    notes: list[str]


def read_json(
    path: Path,
    key: str,
    encoding: str | None = None,
    records: str | None = None,
    named: Collection[str] | None = None,
) -> RawTable:
    """Read a JSON file.

    Understood are a list of records, an object of equally long lists (one per column), an object of records or of
    lists per area, and in each of them a pair of lists such as ``{"years": [...], "values": [...]}``, which becomes one
    column per year; the answers of CKAN, ArcGIS, OData, Opendatasoft, SPARQL, the World Bank, PxWeb and JSON-stat, and
    the properties of GeoJSON. Objects inside a record become columns ``a.b``.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        The key column, which tells the records from other lists.
    encoding : str, optional
        The encoding, where it is not found out rightly.
    records : str, optional
        Where the records lie, such as ``"result.records"`` or ``"features[].attributes"``.
    named : collection of str, optional
        The columns that are asked for; all, if not given.
    """
    file = encoded(path.read_bytes(), encoding)
    content, notes = _loaded(file.text(), path.name)
    refuse_cut_answer(content, path.name)
    found = _at(content, records, key, path.name) if records is not None else _found(content, key, path.name)
    if not found.records:
        raise InputError(f"{path.name} has no records.")
    flat, flattened = _flattened([_flat(record, path.name) for record in found.records], path.name)
    _refuse_half_characters(flat, path.name)
    names = list(dict.fromkeys(name for record in flat for name in record))
    columns: dict[str, list[Any]] = {}
    for name in names:
        values = [record.get(name) for record in flat]
        try:
            columns[name], single = without_lists(values, name, path.name)
        except InputError:
            if named is None or name in named or folded(name) in map(folded, named):
                raise
            single = [f"column {name!r} holds lists of several values and was left out"]
        flattened += single
    hint = limit_hint(len(flat)) if records is not None or found.notes else []
    cells = [TypedCells(values) for values in columns.values()]
    return RawTable(
        path.name,
        list(columns),
        list(cells),
        np.arange(1, len(flat) + 1),
        f"JSON, {file.encoding}",
        notes=file.notes + notes + found.notes + flattened + hint,
    )


def _refuse_half_characters(records: list[JsonRecord], where: str) -> None:
    """Refuse halves of characters, which only JSON can hold: no result could be written with them."""
    for number, record in enumerate(records, start=1):
        for name, value in record.items():
            if HALF_CHARACTER.search(name) or (isinstance(value, str) and HALF_CHARACTER.search(value)):
                raise InputError(
                    f"{where}: record {number} holds half a character in {name!r}: {value!a}. A text was cut in the "
                    f"middle of a sign. Correct the file."
                )


def _loaded(text: str, where: str) -> tuple[Any, list[str]]:
    """Return what the file holds; one object per line is a list of them."""
    try:
        return json.loads(text), []
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
            try:
                return [json.loads(line) for line in lines], ["one JSON object per line was read as one record"]
            except (ValueError, RecursionError):
                pass
        at = f" in line {error.lineno}, at sign {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        fault = "its brackets are nested too deeply" if isinstance(error, RecursionError) else f"it breaks off{at}"
        raise InputError(
            f"{where} is no valid JSON: {fault}. What stands there is no part of JSON, or something before it is "
            f"missing. Fetch the file again, or ask for it as .csv."
        ) from error


def _found(content: Any, key: str, where: str) -> Found:  # noqa: ANN401 - whatever JSON holds
    """Return the records, whichever way the file is built."""
    if service := service_records(content, where):
        return Found(service.records, [f"{service.name}: {count_noun(len(service.records), 'record')}"])
    if isinstance(content, list):
        return _in_list(content, where)
    if not isinstance(content, dict):
        raise InputError(f"{where} holds a single value and no table.")
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    if key in lists and not any(isinstance(value, dict) for value in lists[key]):
        return Found(_from_columns(lists, where), [])
    tables = [value for value in lists.values() if value and all(isinstance(entry, dict) for entry in value)]
    if len(tables) == 1 and _has_key(tables[0], key) and not _again(content, tables[0], key):
        return Found(tables[0], [])
    if (columns := _columns_by_row(content, key)) is not None:
        return Found(columns, [f"one object per column, with a value per row: {count_noun(len(columns), 'record')}"])
    deep = _only_records(content, key, where)
    if deep is None and any(not value and path.split(".")[-1] in RECORDS for path, value in _lists_in(content)):
        raise InputError(f"{where} has no records: the answer is empty. Check the query and its filters.")
    return deep or _by_area(content, lists, key, where)


def _columns_by_row(content: JsonRecord, key: str) -> list[JsonRecord] | None:
    """Return the records of an object with one object per column, which has a value per row; None if it is none."""
    if key not in content or not all(isinstance(column, dict) and column for column in content.values()):
        return None
    rows = list(content[key])
    if any(list(column) != rows for column in content.values()):
        return None
    if any(isinstance(value, dict | list) for value in content[key].values()):
        return None
    return [{name: column[row] for name, column in content.items()} for row in rows]


def _again(content: JsonRecord, records: list[Any], key: str) -> bool:
    """Return True if another list of records of a document has the key column too."""
    lists = (value for _, value in _lists_in(content) if value is not records and value and isinstance(value[0], dict))
    return any(_has_key(value, key) for value in lists)


def _in_list(content: list[Any], where: str) -> Found:
    if all(isinstance(entry, dict) for entry in content):
        return Found(content, [])
    if (rows := rows_with_names(content)) is not None:
        return Found(rows, ["the first list was read as the names of the columns"])
    raise InputError(f"{where}: a list of records is expected, and some entries are no objects.")


def _by_area(content: JsonRecord, lists: dict[str, list[Any]], key: str, where: str) -> Found:
    """Return the records of an object with one entry per area."""
    years = next((lists[name] for name in lists if name.lower() in YEARS), None)
    inner = next(
        (v for name, v in content.items() if isinstance(v, dict) and (years or name.lower() in VALUES)), content
    )
    return Found([_of_area(area, value, key, years, where) for area, value in inner.items()], [])


def _only_records(content: JsonRecord, key: str, where: str) -> Found | None:
    """Return the only list of records of a document, or the only one with the key column; None where there is none."""
    candidates = {path: value for path, value in _lists_in(content) if value and isinstance(value[0], dict)}
    if not candidates:
        return None
    with_key = {path: value for path, value in candidates.items() if _has_key(value, key)}
    chosen = with_key or candidates
    if len(chosen) > 1:
        raise InputError(
            f"{where} has several lists of records: {_listed(content)}. Name the one that is meant, such as "
            f"records={next(iter(chosen))!r}."
        )
    path, found = next(iter(chosen.items()))
    return Found(found, [f"the records were found at {path!r}"])


def _has_key(records: list[Any], key: str) -> bool:
    wanted = folded(key)
    return any(folded(name) == wanted for record in records[:LOOKED_AT] if isinstance(record, dict) for name in record)


def _lists_in(content: Any) -> Iterator[tuple[str, list[Any]]]:  # noqa: ANN401
    """Give the lists of a document with their paths; what lies inside a list is no part of the way."""
    waiting: list[tuple[str, Any, int]] = [("", content, 0)]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        path, node, depth = waiting.pop(0)
        if isinstance(node, list):
            yield path, node
        elif isinstance(node, dict) and depth < DEEPEST:
            waiting += [(f"{path}.{name}" if path else name, inner, depth + 1) for name, inner in node.items()]


def _listed(content: Any) -> str:  # noqa: ANN401
    """Describe what a document holds: its lists with their paths and columns."""
    shown = []
    for path, value in _lists_in(content):
        first = next((entry for entry in value if isinstance(entry, dict)), None)
        if first is None:
            shown.append(f"{path!r} ({count_noun(len(value), 'value')})")
            continue
        shown.append(f"{path!r} ({count_noun(len(value), 'record')} with {list_some(first, SHOWN)})")
        inner = [name for name in first if isinstance(first[name], dict)]
        shown += [f"'{path}[].{name}' (with {list_some(first[name], SHOWN)})" for name in inner[:SHOWN]]
    if shown:
        return "; ".join(shown[:10])
    return f"no list; the names {list_some(content, 10)}" if isinstance(content, dict) else "no list of records"


# a path that was named


def _at(content: Any, records: str, key: str, where: str) -> Found:  # noqa: ANN401
    """Return the records at a path that was named."""
    if not records.strip():
        raise SpecError("records is empty; name a path such as records='result.records'.")
    node = _walked(content, records.strip().removeprefix("$").removeprefix("."), records, content, where)
    if isinstance(node, list) and node and all(isinstance(entry, dict) for entry in node):
        return Found(node, [f"the records at {records!r}"])
    if isinstance(node, list) and (rows := rows_with_names(node)) is not None:
        return Found(rows, [f"the rows at {records!r}; the first was read as the names of the columns"])
    if isinstance(node, dict) and node:
        lists = {name: value for name, value in node.items() if isinstance(value, list)}
        if key in lists:
            return Found(_from_columns(lists, where), [f"the columns at {records!r}"])
        if all(isinstance(value, dict) for value in node.values()):
            return Found([{key: area, **value} for area, value in node.items()], [f"the records at {records!r}"])
    raise InputError(f"{where}: there are no records at {records!r}. There is {_listed(content)}.")


def _walked(node: Any, rest: str, records: str, content: Any, where: str) -> Any:  # noqa: ANN401
    """Follow a path: names with points between them, ``[]`` for every entry of a list, ``[0]`` for one of them."""
    while rest:
        if isinstance(node, list):
            step = re.match(r"\[(?:\*|(\d*))\]\.?|(\d+)(?:\.|(?=\[)|$)", rest)
            number = step and (step[1] or step[2])
            if number:
                rest = rest[step.end() :]  # type: ignore[union-attr]
                if int(number) >= len(node):
                    raise _no_such_path(records, content, where)
                node = node[int(number)]
                continue
            rest = rest[step.end() :] if step else rest
            if not rest:
                return node
            inner = [_walked(entry, rest, records, content, where) for entry in node if isinstance(entry, dict | list)]
            return [e for part in inner for e in (part if isinstance(part, list) else [part])]
        names = [name for name in node if _leads(name, rest)] if isinstance(node, dict) else []
        if not names:
            raise _no_such_path(records, content, where)
        name = max(names, key=len)
        node, rest = node[name], rest[len(name) :].removeprefix(".")
    return node


def _leads(name: str, rest: str) -> bool:
    return bool(name) and rest.startswith(name) and rest[len(name) : len(name) + 1] in ("", ".", "[")


def _no_such_path(records: str, content: Any, where: str) -> InputError:  # noqa: ANN401
    return InputError(f"{where} has nothing at {records!r}. There is {_listed(content)}.")


# from records to one value per cell


def _from_columns(lists: dict[str, list[Any]], where: str) -> list[JsonRecord]:
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise InputError(f"{where}: the lists of values have different lengths: {listed}.")
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


def _of_area(area: str, value: Any, key: str, years: list[Any] | None, where: str) -> JsonRecord:  # noqa: ANN401
    """Return the record of one area from an object of records, or of lists with common years."""
    if isinstance(value, dict):
        return {key: area, **value}
    if isinstance(value, list) and years is not None:
        return {key: area, **_per_year("", years, value, f"{where}, {area!r}")}
    raise InputError(
        f"{where}: {area!r} holds {str(value)[:40]!r}, and a record, or a list beside a list of years, is expected. "
        f"If the records lie deeper in the file, name the path to them, such as records='result.records'."
    )


def _flat(record: JsonRecord, source: str) -> JsonRecord:
    """Return a record in which lists of years and values are one entry per year."""
    year_name = next((name for name in record if name.lower() in YEARS and isinstance(record[name], list)), None)
    flat: JsonRecord = {}
    for name, value in record.items():
        where = f"{source}, {name!r}"
        if name == year_name:
            continue
        if isinstance(value, dict) and (years := _years_of(value)):
            series = {
                inner: values for inner, values in value.items() if isinstance(values, list) and values is not years
            }
            for inner, values in series.items():
                flat |= _per_year(name if len(series) == 1 else f"{name} {inner}", years, values, where)
        elif isinstance(value, list) and year_name is not None:
            flat |= _per_year("" if name.lower() in VALUES else name, record[year_name], value, where)
        else:
            flat[name] = value
    return flat


def _years_of(value: JsonRecord) -> list[Any] | None:
    return next((value[name] for name in value if name.lower() in YEARS and isinstance(value[name], list)), None)


def _per_year(name: str, years: list[Any], values: list[Any], where: str) -> JsonRecord:
    if len(years) != len(values):
        raise InputError(
            f"{where}: {count_noun(len(values), 'value')} for {count_noun(len(years), 'year')} "
            f"({years[0]} to {years[-1]}). Which year is missing is unknown: complete the list with null."
        )
    return {f"{name} {year}".strip(): value for year, value in zip(years, values, strict=True)}


def _flattened(records: list[JsonRecord], where: str) -> tuple[list[JsonRecord], list[str]]:
    """Return records in which objects became columns ``a.b``; geometries are left out; with notes on both."""
    if not any(isinstance(value, dict) for record in records for value in record.values()):
        return records, []
    parts: dict[str, dict[str, None]] = {}
    geometries: dict[str, None] = {}
    flat = []
    for record in records:
        cells: JsonRecord = {}
        for name, value in record.items():
            if isinstance(value, dict) and _is_geometry(value):
                geometries[name] = None
                continue
            for inner, cell in _leaves(name, value, 0) if isinstance(value, dict) else [(name, value)]:
                if inner in cells:
                    raise InputError(f"{where}: a part of the object {name!r} would be a second column {inner!r}.")
                cells[inner] = cell
                if inner != name:
                    parts.setdefault(name, {})[inner] = None
        flat.append(cells)
    notes = [f"the object {name!r} was read as {list_some(inner)}" for name, inner in parts.items()]
    notes += [f"column {name!r} holds no numbers or text and was left out" for name in geometries]
    return flat, notes


def _is_geometry(value: JsonRecord) -> bool:
    return any(traits <= set(value) for traits in GEOMETRY_TRAITS)


def _leaves(name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Give the values inside an object with the way to each of them."""
    if isinstance(value, dict) and value and depth < DEEPEST:
        for inner, cell in value.items():
            yield from _leaves(f"{name}.{inner}", cell, depth + 1)
    elif isinstance(value, dict):
        yield name, (None if not value else json.dumps(value, ensure_ascii=False))
    else:
        yield name, value
