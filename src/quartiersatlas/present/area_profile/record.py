"""What is known of an area, beside its districts, the city and another release; from released numbers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import action_bundles, number_text, text
from quartiersatlas.disclosure.words import label, unit, value_text
from quartiersatlas.errors import ReleaseError, SpecError, list_some
from quartiersatlas.present.comparable import changed_outlines, meaning
from quartiersatlas.present.words import (
    cell_text,
    driver_names,
    facility_points,
    footnote,
    gap_kind,
    has_all_drivers,
    indicator_columns,
    need_direction,
    reason_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn


def area_record(release: Release, key: str, lang: Lang, notes: Iterable[str]) -> Record:
    """Return everything the profile says, ready for JSON."""
    indicators = indicator_records(release, key, lang)
    residents = plain(release.residents[key])
    everybody = float(release.residents.sum())
    return {
        "key": key,
        "name": str(release.areas["name"][key]),
        "parents": parents_of(release, key),
        "state": str(release.state[key]),
        "residents": residents,
        "share_of_residents": None if residents is None or not everybody else residents / everybody,
        "release": {name: getattr(release, name) for name in ("title", "source", "as_of", "comment")},
        "draft": release.is_draft,
        "notices": list(release.notices),
        "indicators": indicators,
        "need": [_axis(release, key, column, lang) for column in release.columns if column.kind == "class"],
        "selection": _selection(release, key, lang),
        "facilities": _facilities(release, key),
        "actions": _actions(release, indicators, lang),
        "footnotes": [footnote(release, release.column(record["id"]), lang) for record in indicators],
        "notes": list(notes),
    }


def _axis(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> Record:
    """Return class, score and drivers of an axis."""
    axis, score = column.axis, release.axis_column(column.axis, "score")
    name = release.values[column.id][key]
    return {
        "axis": axis,
        "label": column.indicator.label(lang),
        "class": None if pd.isna(name) else str(name),
        "class_text": cell_text(release, key, column, lang),
        "score": None if score is None else plain(release.values[score.id][key]),
        "score_text": "" if score is None else cell_text(release, key, score, lang),
        "drivers": _drivers(release, key, axis, lang),
        "all_drivers": has_all_drivers(release, axis),
    }


def _drivers(release: Release, key: str, axis: str, lang: Lang) -> list[Record]:
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


def _selection(release: Release, key: str, lang: Lang) -> Record:
    """Return whether the area is selected, why, and with which others."""
    candidate = str(release.members.get(key, ""))
    return {
        "screened": release.has_shortlist,
        "assessed": release.assessed is not None and bool(release.assessed[key]),
        "selected": bool(release.selected[key]),
        "reasons": reason_texts(release, lang).get(key, []),
        "candidate": candidate,
        "candidate_name": _candidate_name(release, candidate),
        **_stability(release, key),
    }


def _candidate_name(release: Release, candidate: str) -> str:
    if release.candidates is None or candidate not in release.candidates.index:
        return ""
    return str(release.candidates["name"][candidate])


def _stability(release: Release, key: str) -> Record:
    if release.stability is None or pd.isna(release.stability.table["label"][key]):
        return {"stability": None, "p_selected": None}
    table = release.stability.table
    return {"stability": str(table["label"][key]), "p_selected": plain(table["p_selected"][key])}


def _facilities(release: Release, key: str) -> list[Record]:
    """Return the facilities inside the area by kind and name."""
    if release.facilities is None:
        return []
    frame = facility_points(release, release.facilities)
    inside = frame[frame.geometry.intersects(release.areas.geometry[key])]
    rows = [{"name": str(name), "kind": str(kind)} for name, kind in zip(inside["name"], inside["kind"], strict=True)]
    return sorted(rows, key=lambda row: (row["kind"], row["name"]))


def _actions(release: Release, indicators: list[Record], lang: Lang) -> list[Record]:
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


def share_text(share: float, lang: Lang) -> str:
    """Return a share in percent with one decimal."""
    return number_text(100 * share, 1, lang)


def contribution_text(part: float, lang: Lang) -> str:
    """Return a contribution with its sign."""
    return ("+" if part > 0 else "") + number_text(part, 1, lang)


def driver_lists(axis: dict[str, Any], lang: Lang) -> tuple[str, str]:
    """Return what raises a score above that of an average area, and what lowers it, in words."""
    up = [driver for driver in axis["drivers"] if driver["contribution"] > 0]
    down = [driver for driver in reversed(axis["drivers"]) if driver["contribution"] < 0]
    return _driver_words(up, lang), _driver_words(down, lang)


def _driver_words(drivers: list[Record], lang: Lang) -> str:
    parts = [text("explain_need_part", lang, part=contribution_text(d["contribution"], lang)) for d in drivers]
    return ", ".join(f"{d['label']} ({d['text']}; {part})" for d, part in zip(drivers, parts, strict=True))


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


def comparison_record(release: Release, other: Release, key: str, lang: Lang, *, force: bool) -> Record:
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
    theirs = {column.id: column for column in other.columns if column.kind in ("rate", "share")}
    pairs = [(c, theirs[c.id]) for c in release.columns if c.kind in ("rate", "share") and c.id in theirs]
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
        "draft": other.is_draft,
        "indicators": [_pair(release, other, key, ours, their, lang) for ours, their in pairs],
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
) -> Record:
    here, there = plain(release.values[ours.id][key]), plain(other.values[theirs.id][key])
    decimals = min(ours.decimals, theirs.decimals)
    return {
        "id": ours.id,
        "label": label(ours, lang),
        "value": here,
        "text": cell_text(release, key, ours, lang),
        "other": there,
        "other_text": cell_text(other, key, theirs, lang),
        "city_text": value_text(ours.city, ours, lang) if plain(ours.city) is not None else "–",
        "other_city_text": value_text(theirs.city, theirs, lang) if plain(theirs.city) is not None else "–",
        "difference": None if here is None or there is None else round(here - there, decimals),
    }


def remark(record: Record, lang: Lang) -> str:
    """Return the remark on a comparison that was forced; empty where nothing differs."""
    names = [*record["differs"], *([text("label_outline", lang)] if record["outline_differs"] else [])]
    return text("comparison_forced", lang, names=", ".join(names)) if names else ""
