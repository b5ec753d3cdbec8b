"""The shapes in which services answer: each is known by its traits, and gives one record per row."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from quartiersatlas.errors import InputError

JsonRecord = dict[str, Any]
NAME_LISTS = ("fields", "columns", "header", "headers", "names")
ROW_LISTS = ("rows", "data", "records", "values")
NAME_OF_FIELD = ("id", "name", "key", "code", "fieldName", "text", "label")
LARGEST_CUBE = 20_000_000  # cells of a cube that are written out as rows


class ServiceRecords(NamedTuple):
    """What kind of answer it is, and its records."""

    name: str
    records: list[JsonRecord]


def service_records(content: Any, where: str) -> ServiceRecords | None:  # noqa: ANN401 - whatever JSON holds
    """Return the records of an answer whose shape is known; None for any other file."""
    if isinstance(content, list):
        return _world_bank(content)
    if not isinstance(content, dict):
        return None
    for shape in (_features, _ckan, _opendatasoft, _odata, _sparql, _socrata, _pxweb, _named_rows):
        if (found := shape(content)) is not None:
            return found
    return _json_stat(content, where)


def rows_with_names(rows: list[Any]) -> list[JsonRecord] | None:
    """Return a list of lists as records, if the first list holds their names."""
    if len(rows) < 2 or not all(isinstance(row, list) for row in rows):  # noqa: PLR2004 - names and one row
        return None
    names = rows[0]
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        return None
    return _zipped(names, rows[1:])


def _zipped(names: list[str], rows: list[Any]) -> list[JsonRecord] | None:
    if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows]


def _features(content: JsonRecord) -> ServiceRecords | None:
    """Read GeoJSON (``properties``) and ArcGIS (``attributes``)."""
    features = content.get("features")
    if not isinstance(features, list) or not features or not all(isinstance(f, dict) for f in features):
        return None
    for member, name in (("properties", "GeoJSON, properties of the features"), ("attributes", "ArcGIS, attributes")):
        if any(isinstance(feature.get(member), dict) for feature in features):
            records = [dict(feature.get(member) or {}) for feature in features]
            if member == "properties" and not any("id" in record for record in records):
                ids = [feature.get("id") for feature in features]
                if any(isinstance(value, str) for value in ids):  # numbers only count the features
                    records = [{"id": value, **record} for value, record in zip(ids, records, strict=True)]
            return ServiceRecords(name, records)
    return None


def _ckan(content: JsonRecord) -> ServiceRecords | None:
    result = content.get("result")
    if not isinstance(result, dict) or not isinstance(result.get("records"), list):
        return None
    records = result["records"]
    if records and all(isinstance(record, list) for record in records):
        zipped = _zipped(_field_names(result.get("fields")) or [], records)
        return ServiceRecords("CKAN, result.records", zipped) if zipped is not None else None
    return ServiceRecords("CKAN, result.records", records) if _all_objects(records) else None


def _opendatasoft(content: JsonRecord) -> ServiceRecords | None:
    records = content.get("records")
    if not _all_objects(records) or not all(isinstance(record.get("fields"), dict) for record in records or []):
        return None
    return ServiceRecords("Opendatasoft, records[].fields", [record["fields"] for record in records or []])


def _odata(content: JsonRecord) -> ServiceRecords | None:
    d = content.get("d")
    if isinstance(d, dict) and _all_objects(d.get("results")):
        return ServiceRecords("OData, d.results", [_without_annotations(record) for record in d["results"]])
    if isinstance(d, list) and _all_objects(d):
        return ServiceRecords("OData, d", [_without_annotations(record) for record in d])
    is_odata = any(name.lstrip("@").startswith("odata.") for name in content)
    if is_odata and _all_objects(content.get("value")):
        return ServiceRecords("OData, value", [_without_annotations(record) for record in content["value"]])
    return None


def _without_annotations(record: JsonRecord) -> JsonRecord:
    """Return a record without what the service says about itself, and without links to further records."""
    return {
        name: value
        for name, value in record.items()
        if "@odata." not in name and name != "__metadata" and not (isinstance(value, dict) and "__deferred" in value)
    }


def _sparql(content: JsonRecord) -> ServiceRecords | None:
    head, results = content.get("head"), content.get("results")
    if not isinstance(head, dict) or not isinstance(results, dict) or not _all_objects(results.get("bindings")):
        return None
    names: list[str] = head["vars"] if isinstance(head.get("vars"), list) else []
    records = [
        {name: cell.get("value") if isinstance(cell := row.get(name), dict) else None for name in names}
        for row in results["bindings"]
    ]
    return ServiceRecords("SPARQL, results.bindings", records) if names else None


def _socrata(content: JsonRecord) -> ServiceRecords | None:
    meta, rows = content.get("meta"), content.get("data")
    view = meta.get("view") if isinstance(meta, dict) else None
    names = _field_names(view.get("columns"), ("name", "fieldName")) if isinstance(view, dict) else None
    if names is None or not isinstance(rows, list):
        return None
    zipped = _zipped(names, rows)
    return ServiceRecords("Socrata, rows", zipped) if zipped is not None else None


def _pxweb(content: JsonRecord) -> ServiceRecords | None:
    columns, rows = content.get("columns"), content.get("data")
    if not _all_objects(columns) or not _all_objects(rows):
        return None
    if not all(isinstance(row.get("key"), list) and isinstance(row.get("values"), list) for row in rows or []):
        return None
    names = _field_names(columns, ("code", "text")) or []
    zipped = _zipped(names, [[*row["key"], *row["values"]] for row in rows or []])
    return ServiceRecords("PxWeb", zipped) if zipped is not None else None


def _named_rows(content: JsonRecord) -> ServiceRecords | None:
    """Read names of columns in one list and rows of values in another."""
    for fields in NAME_LISTS:
        names = _field_names(content.get(fields))
        for rows in ROW_LISTS if names else ():
            values = content.get(rows)
            if isinstance(values, list) and values and all(isinstance(row, list) for row in values):
                zipped = _zipped(names or [], values)
                if zipped is not None:
                    return ServiceRecords(f"names of columns in {fields!r}, rows in {rows!r}", zipped)
    return None


def _field_names(fields: Any, order: tuple[str, ...] = NAME_OF_FIELD) -> list[str] | None:  # noqa: ANN401
    """Return the names of a list of columns; None where it is none."""
    if not isinstance(fields, list) or not fields:
        return None
    if all(isinstance(field, str) for field in fields):
        names = fields
    elif _all_objects(fields):
        member = next((m for m in order if all(isinstance(field.get(m), str) for field in fields)), None)
        names = [field[member] for field in fields] if member is not None else []
    else:
        return None
    return names if names and len(set(names)) == len(names) else None


def _world_bank(content: list[Any]) -> ServiceRecords | None:
    if len(content) != 2 or not isinstance(content[0], dict) or not _all_objects(content[1]):  # noqa: PLR2004 - a pair
        return None
    if not {"page", "pages", "total"} <= set(content[0]):
        return None
    return ServiceRecords("a description and a list of records", content[1])


def _json_stat(content: JsonRecord, where: str) -> ServiceRecords | None:
    """Read a cube of JSON-stat as one row per cell: a column per dimension, and ``value``."""
    sets = [content, content.get("dataset")] if "dataset" in content else [content]
    cube = next((c for c in sets if isinstance(c, dict) and {"dimension", "value"} <= set(c)), None)
    if cube is None or not isinstance(cube["dimension"], dict):
        return None
    dimensions = cube["dimension"]
    ids, size = cube.get("id", dimensions.get("id")), cube.get("size", dimensions.get("size"))
    if not isinstance(ids, list) or not isinstance(size, list) or len(ids) != len(size):
        return None
    codes = [_codes_of(dimensions.get(name, {}), length) for name, length in zip(ids, size, strict=True)]
    total = 1
    for length in map(len, codes):
        total *= length
    value = cube["value"]
    if list(map(len, codes)) != size or total > LARGEST_CUBE or (isinstance(value, list) and len(value) != total):
        raise InputError(
            f"{where} is JSON-stat whose dimensions do not fit its values: it was cut or changed. Fetch it again."
        )
    cells = value if isinstance(value, list) else [value.get(str(n)) for n in range(total)]
    records = [
        {**dict(zip(ids, labels, strict=True)), "value": cell}
        for labels, cell in zip(product(*codes), cells, strict=True)
    ]
    return ServiceRecords("JSON-stat, one row per cell", records)


def _codes_of(dimension: JsonRecord, length: int) -> list[str]:
    """Return the codes of a dimension in their order."""
    category = dimension.get("category", {})
    index = category.get("index", list(category.get("label", {})))
    codes = (
        sorted(index, key=lambda code: int(index[code])) if isinstance(index, dict) else [str(code) for code in index]
    )
    return codes if codes or length != 1 else [""]


def _all_objects(records: Any) -> bool:  # noqa: ANN401
    return isinstance(records, list) and bool(records) and all(isinstance(record, dict) for record in records)
