"""What is known of an area, beside its districts, the city and another release; from released numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import action_bundles
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import candidate_names, city_text, draft_text, label, unit, value_text
from quartiersatlas.errors import ReleaseError, SpecError, list_some
from quartiersatlas.present.comparable import changed_outlines, meaning
from quartiersatlas.present.statements import (
    GAPS,
    cell_text,
    driver_names,
    facility_points,
    footnote,
    gap_kind,
    has_all_drivers,
    indicator_columns,
    level_text,
    missing_texts,
    need_direction,
    other_reason_texts,
    reason_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn

AreaRecord = dict[str, Any]
HIGH = 0.2  # part of the shown areas


def area_record(release: Release, key: str, lang: Lang, notes: Iterable[str]) -> AreaRecord:
    """Return everything the profile says, ready for JSON."""
    indicators = indicator_records(release, key, lang)
    residents = number_or_none(release.residents[key])
    everybody = float(release.residents.sum())
    return {
        "key": key,
        "name": str(release.areas["name"][key]),
        "parents": parents_of(release, key),
        "state": str(release.state[key]),
        "residents": residents,
        "share_of_residents": None if residents is None or not everybody else residents / everybody,
        "release": {name: getattr(release, name) for name in ("title", "source", "as_of", "comment")},
        "draft": draft_text(release, lang),
        "notices": list(release.notices),
        "indicators": indicators,
        "need": [_axis(release, key, column, lang) for column in release.columns if column.kind == "class"],
        "selection": _selection(release, key, lang),
        "facilities": _facilities(release, key),
        "actions": _actions(release, indicators, lang),
        "gaps": gaps_of(release, key, indicators),
        "footnotes": [footnote(release, release.column(record["id"]), lang) for record in indicators],
        "notes": list(notes),
    }


def parents_of(release: Release, key: str) -> dict[str, str]:
    """Return the areas of higher levels an area lies in: level -> name."""
    levels = [column for column in release.areas.columns if column not in ("name", "geometry")]
    return {level: str(release.areas[level][key]) for level in levels if not pd.isna(release.areas[level][key])}


def indicator_records(release: Release, key: str, lang: Lang) -> list[AreaRecord]:
    """Return one record per indicator: rates, shares, and counts that are no part of a rate."""
    columns = indicator_columns(release)
    return [_record(release, key, column, number, lang) for number, column in enumerate(columns, start=1)]


def gaps_of(release: Release, key: str, indicators: Iterable[AreaRecord]) -> list[str]:
    """Return the reasons for which the area shows no value."""
    classes = [column for column in release.columns if column.axis and pd.isna(release.values[column.id][key])]
    found = {record["status"] for record in indicators} | {gap_kind(release, key, column) for column in classes}
    return [gap for gap in GAPS if gap in found]


def _record(release: Release, key: str, column: ReleasedColumn, number: int, lang: Lang) -> AreaRecord:
    value = number_or_none(release.values[column.id][key])
    city = number_or_none(column.city)
    difference = None if value is None or city is None else round(value - city, column.of_city.decimals)
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
    return number_or_none(release.values[name][key]) if name in release.values.columns else None


def _parent(release: Release, level: str, name: str, column: ReleasedColumn) -> AreaRecord:
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
    """Return True if a value points to high need: worse than the city, and at most a fifth of the areas as high.

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


def _axis(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> AreaRecord:
    """Return class, score and drivers of an axis."""
    axis, score = column.axis, release.axis_column(column.axis, "score")
    name = release.values[column.id][key]
    return {
        "axis": axis,
        "label": column.indicator.label(lang),
        "class": None if pd.isna(name) else str(name),
        "class_text": cell_text(release, key, column, lang),
        "score": None if score is None else number_or_none(release.values[score.id][key]),
        "score_text": "" if score is None else cell_text(release, key, score, lang),
        "drivers": _drivers(release, key, axis, lang),
        "all_drivers": has_all_drivers(release, axis),
    }


def _drivers(release: Release, key: str, axis: str, lang: Lang) -> list[AreaRecord]:
    """Return what each released indicator adds to the score, highest first."""
    names = driver_names(release, axis)
    if not names or release.drivers is None:
        return []
    parts = pd.Series({name: release.drivers[axis, name][key] for name in names}, dtype=float).dropna()
    parts = parts.sort_values(ascending=False, kind="stable")
    columns = {str(name): release.column(str(name)) for name in parts.index}
    return [
        {
            "id": name,
            "label": columns[name].indicator.label(lang),
            "text": value_text(release.values[name][key], columns[name], lang),
            "contribution": float(parts[name]),
        }
        for name in columns
    ]


def _selection(release: Release, key: str, lang: Lang) -> AreaRecord:
    """Return whether the area is selected, why, and with which others."""
    candidate = str(release.members.get(key, ""))
    return {
        "screened": release.has_shortlist,
        "assessed": release.assessed is not None and bool(release.assessed[key]),
        "selected": bool(release.selected[key]),
        "reasons": reason_texts(release, lang).get(key, []),
        "other_reasons": other_reason_texts(release, lang).get(key, []),
        "level": level_text(release, key, lang),
        "missing": missing_texts(release, lang).get(key, ""),
        "candidate": candidate,
        "candidate_name": _candidate_name(release, candidate, lang),
        **_stability(release, key),
    }


def _candidate_name(release: Release, candidate: str, lang: Lang) -> str:
    if release.candidates is None or candidate not in release.candidates.index:
        return ""
    return str(candidate_names(release, lang)[candidate])


def _stability(release: Release, key: str) -> AreaRecord:
    if release.stability is None or pd.isna(release.stability.table["label"][key]):
        return {"stability": None, "p_selected": None, "runs_select": False}
    table = release.stability.table
    return {
        "stability": str(table["label"][key]),
        "p_selected": number_or_none(table["p_selected"][key]),
        "runs_select": bool(table["p_selected"][key] >= release.stability.limits[1]),
    }


def _facilities(release: Release, key: str) -> list[AreaRecord]:
    """Return the facilities inside the area by kind and name."""
    if release.facilities is None:
        return []
    frame = facility_points(release, release.facilities)
    inside = frame[frame.geometry.intersects(release.areas.geometry[key])]
    rows = [{"name": str(name), "kind": str(kind)} for name, kind in zip(inside["name"], inside["kind"], strict=True)]
    return sorted(rows, key=lambda row: (row["kind"], row["name"]))


def _actions(release: Release, indicators: list[AreaRecord], lang: Lang) -> list[AreaRecord]:
    """Return the bundles of action that an indicator with high need points to."""
    high = {release.column(record["id"]).base: record["label"] for record in indicators if record["high"]}
    return [
        {
            "id": bundle.id,
            "field": bundle.field(lang),
            "bundle": bundle.label(lang),
            "examples": bundle.examples(lang).split("; "),
            "because": [high[name] for name in bundle.triggers if name in high],
            "source": bundle.source,
        }
        for bundle in action_bundles()
        if high.keys() & set(bundle.triggers)
    ]


def number_or_none(value: Any) -> float | None:  # noqa: ANN401 - a cell
    """Return a number as Python knows it; None where there is none."""
    return None if pd.isna(value) else float(value)


def comparison_record(release: Release, other: Release, key: str, lang: Lang, *, force: bool) -> AreaRecord:
    """Return the indicators both releases have, and what is different in their definitions.

    Raises
    ------
    ReleaseError
        The other release has no such area, or no indicator in common.
    SpecError
        Definitions or outlines differ and ``force`` is not given.
    """
    if key not in other.areas.index:
        raise ReleaseError(
            f"The release to compare with, {other.title!r}, has no area {key!r}; it has {len(other.areas)} areas: "
            f"{list_some(other.areas.index)}."
        )
    theirs = {column.id: column for column in other.columns if column.kind in NUMBER_FORMS}
    pairs = [(c, theirs[c.id]) for c in release.columns if c.kind in NUMBER_FORMS and c.id in theirs]
    if not pairs:
        raise ReleaseError(
            f"The two releases have no indicator in common: {list_some(c.id for c in release.columns)} here, "
            f"{list_some(theirs)} in {other.title!r}."
        )
    differences = [found for ours, their in pairs for found in _differences(release, other, ours, their)]
    outline = _outline(release, other, key)
    if (differences or outline) and not force:
        what = "; ".join(
            [*(f"{name!r}: {here!r} here, {there!r} there" for name, here, there in differences), *outline]
        )
        raise SpecError(
            f"The two releases do not compare: {what}. A difference would show the change of the definition, not of "
            "the area. Compare releases made by one definition, or pass force=True: the profile then says so."
        )
    return {
        "title": other.title,
        "source": other.source,
        "as_of": other.as_of,
        "draft": draft_text(other, lang),
        "indicators": [_pair(release, other, key, ours, their, lang) for ours, their in pairs],
        "gaps": [gap_kind(other, key, theirs) for _, theirs in pairs if pd.isna(other.values[theirs.id][key])],
        "differs": list(dict.fromkeys(label(release.column(name), lang) for name, _, _ in differences)),
        "outline_differs": bool(outline),
    }


def _differences(
    release: Release, other: Release, ours: ReleasedColumn, theirs: ReleasedColumn
) -> list[tuple[str, str, str]]:
    """Return what is different in the meaning of an indicator: definition, unit; the counts where none is declared."""
    here, there = (meaning(part, column) for part, column in ((release, ours), (other, theirs)))
    return [(ours.id, one, two) for one, two in zip(here, there, strict=True) if one != two]


def _outline(release: Release, other: Release, key: str) -> list[str]:
    """Say where the outline of the area is another one."""
    changed = changed_outlines(release, other, pd.Index([key]))
    return [f"the outline of {key!r} differs by {part:.0%} of its area" for part in changed]


def _pair(
    release: Release, other: Release, key: str, ours: ReleasedColumn, theirs: ReleasedColumn, lang: Lang
) -> AreaRecord:
    here, there = number_or_none(release.values[ours.id][key]), number_or_none(other.values[theirs.id][key])
    decimals = min(ours.decimals, theirs.decimals)
    return {
        "id": ours.id,
        "label": label(ours, lang),
        "value": here,
        "text": cell_text(release, key, ours, lang),
        "other": there,
        "other_text": cell_text(other, key, theirs, lang),
        "city_text": city_text(ours, lang),
        "other_city_text": city_text(theirs, lang),
        "difference": None if here is None or there is None else round(here - there, decimals),
    }
