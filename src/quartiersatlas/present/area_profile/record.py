"""What is known of an area, as plain numbers and texts."""

from __future__ import annotations

import warnings
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import action_bundles, number_text, text
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.present.area_profile.indicators import Record, indicator_records, parents_of, plain
from quartiersatlas.present.coordinates import on_areas
from quartiersatlas.present.wording import axis_of, cell_text, definition_text, reason_texts, value_text
from quartiersatlas.release.wording import wording_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn


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
        "actions": _actions(indicators, lang),
        "footnotes": [footnote(release, release.column(record["id"]), lang) for record in indicators],
        "notes": list(notes),
    }


def check_area(release: Release, key: str) -> None:
    """Refuse a key that the release does not have."""
    if key not in release.areas.index:
        close = get_close_matches(str(key), [str(k) for k in release.areas.index], n=3, cutoff=0.5)
        hint = f" Did you mean {list_some(close)}?" if close else ""
        raise ReleaseError(f"The release has no area {key!r}.{hint} Keys are text, with their leading zeros.")


def note_lines(notes: str | Iterable[str]) -> tuple[str, ...]:
    """Return the notes on an area as lines; a single text is one."""
    return (notes,) if isinstance(notes, str) else tuple(map(str, notes))


def check_notes(key: str, notes: Iterable[str], *, stacklevel: int) -> None:
    """Warn of words in the notes on an area that stigmatise those who live there."""
    for message in wording_messages(notes, "warning_note", area=key):
        warnings.warn(str(message), UserWarning, stacklevel=stacklevel + 1)


def footnote(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return definition and caveat of an indicator, and its date where that is another than that of the release."""
    words = definition_text(column, lang)
    date = release.dates.get(column.id, "")
    return f"{words} {text('label_as_of', lang)}: {date}" if date else words


def _axis(release: Release, key: str, column: ReleasedColumn, lang: Lang) -> Record:
    """Return class, score and drivers of an axis."""
    axis = column.id.removeprefix("need_").removesuffix("_class")
    score = release.column(f"need_{axis}")
    name = release.values[column.id][key]
    return {
        "axis": axis,
        "label": column.indicator.label(lang),
        "class": None if pd.isna(name) else str(name),
        "class_text": cell_text(release, key, column, lang),
        "score": plain(release.values[score.id][key]),
        "score_text": cell_text(release, key, score, lang),
        "drivers": _drivers(release, key, axis, lang),
        "all_drivers": has_all_drivers(release, axis),
    }


def has_all_drivers(release: Release, axis: str) -> bool:
    """Tell whether every indicator of an axis leaves with its contribution."""
    return _n_indicators(release, axis) == len(driver_names(release, axis))


def driver_names(release: Release, axis: str) -> list[str]:
    """Return the indicators of an axis that leave with their contribution."""
    if release.drivers is None or axis not in release.drivers.columns.get_level_values(0):
        return []
    return [str(name) for name in release.drivers[axis].columns]


def _n_indicators(release: Release, axis: str) -> int:
    """Return how many indicators an axis has, of which some may not be released."""
    rules = axis_of(release, f"need_{axis}")
    return 0 if rules is None else len({leaf.id for leaf in rules.indicators})


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


def facility_points(release: Release, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return facilities as points in the coordinates of the areas."""
    frame = on_areas(facilities, release.areas)
    return frame.set_geometry(frame.geometry.representative_point())


def _actions(indicators: list[Record], lang: Lang) -> list[Record]:
    """Return the bundles of action that an indicator with high need points to."""
    high = {record["id"].removesuffix("_change"): record["label"] for record in indicators if record["high"]}
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
