"""The indicators of an area beside those of its districts and of the city, all from the released numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.indicator import DOMAINS
from quartiersatlas.present.wording import cell_text, gap_kind, label, unit, value_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

Record = dict[str, Any]

HIGH = 0.2  # part of the shown areas


def parents_of(release: Release, key: str) -> dict[str, str]:
    """Return the areas of higher levels an area lies in: level -> name."""
    levels = [column for column in release.areas.columns if column not in ("name", "geometry")]
    return {level: str(release.areas[level][key]) for level in levels if not pd.isna(release.areas[level][key])}


def indicator_records(release: Release, key: str, lang: Lang) -> list[Record]:
    """Return one record per indicator: rates, shares, and counts that are no part of a rate."""
    columns = indicator_columns(release)
    return [_record(release, key, column, number, lang) for number, column in enumerate(columns, start=1)]


def indicator_columns(release: Release) -> list[ReleasedColumn]:
    """Return the columns of the indicators by domain, resources last."""
    beside = {name for column in release.columns for name in (column.numerator, column.denominator) if name}
    found = [c for c in release.columns if c.kind in ("rate", "share", "count") and c.id not in beside]
    return sorted(found, key=lambda c: (c.indicator.role == "resource", DOMAINS.index(c.indicator.domain)))


def _record(release: Release, key: str, column: ReleasedColumn, number: int, lang: Lang) -> Record:
    value = plain(release.values[column.id][key])
    city = plain(column.city)
    difference = None if value is None or city is None else round(value - city, column.decimals)
    return {
        "id": column.id,
        "label": label(column, lang),
        "unit": unit(column, lang),
        "kind": column.kind,
        "domain": column.indicator.domain,
        "role": column.indicator.role,
        "value": value,
        "status": "value" if value is not None else gap_kind(release, key, column),
        "text": cell_text(release, key, column, lang),
        "numerator": _side(release, key, column.numerator),
        "denominator": _side(release, key, column.denominator),
        "parents": {level: _parent(release, level, name, column) for level, name in parents_of(release, key).items()},
        "city": city,
        "difference": difference,
        "high": is_high(release, key, column),
        "footnote": number,
    }


def _side(release: Release, key: str, name: str) -> float | None:
    return plain(release.values[name][key]) if name in release.values.columns else None


def _parent(release: Release, level: str, name: str, column: ReleasedColumn) -> Record:
    """Return the rate of a district from the released counts of its areas, and of how many areas they are known."""
    inside = release.areas[level].astype(str).eq(name) & release.state.ne("uninhabited")
    n_areas = int(inside.sum())
    if column.kind != "rate" or column.numerator not in release.values or column.denominator not in release.values:
        return {"name": name, "value": None, "known": 0, "areas": n_areas}
    x, n = (release.values[side][inside] for side in (column.numerator, column.denominator))
    known = x.notna() & n.notna()
    total = float(n[known].sum())
    value = round(float(x[known].sum()) / total * column.indicator.per, column.decimals) if total > 0 else None
    return {"name": name, "value": value, "known": int(known.sum()), "areas": n_areas}


def is_high(release: Release, key: str, column: ReleasedColumn) -> bool:
    """Tell whether a value points to high need: worse than the city, and at most a fifth of the areas as high.

    Indicators without a valuation, such as the share of residents with migration background, never do.
    """
    direction = need_direction(column)
    values = release.values[column.id]
    if not direction or pd.isna(values[key]):
        return False
    need = values.dropna().astype(float) * direction
    own = float(values[key]) * direction
    worse_than_city = pd.isna(column.city) or own > column.city * direction
    return bool(worse_than_city and (need >= own).mean() <= HIGH)


def need_direction(column: ReleasedColumn) -> int:
    """Return 1 where high values point to need, -1 where low ones do, 0 where neither does."""
    return (column.indicator.direction or 0) if column.kind in ("rate", "share") else 0


def plain(value: Any) -> float | None:  # noqa: ANN401 - a cell
    """Return a number as Python knows it; None where there is none."""
    return None if pd.isna(value) else float(value)


def value_lines(record: Record, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return the value of an area, and below it the counts it is made of."""
    if record["numerator"] is None or record["denominator"] is None:
        return [record["text"]]
    sides = {side: number_text(record[side], 0, lang) for side in ("numerator", "denominator")}
    return [record["text"], text("tooltip_counts", lang, **sides)] if column.kind == "rate" else [record["text"]]


def parent_lines(parent: Record, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return the value of a district, and below it of how many areas it is made where some are not shown."""
    if parent["value"] is None:
        return ["–"]
    words = [value_text(parent["value"], column, lang)]
    if parent["known"] < parent["areas"]:
        words.append(text("parent_known", lang, known=parent["known"], areas=parent["areas"]))
    return words
