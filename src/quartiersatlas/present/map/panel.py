"""What the panel of an area says beyond the values of the columns; the profile document says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import action_bundles, text
from quartiersatlas.present.area_profile.indicators import indicator_columns, need_direction
from quartiersatlas.present.area_profile.record import (
    check_area,
    check_notes,
    driver_names,
    facility_points,
    footnote,
    has_all_drivers,
    note_lines,
)
from quartiersatlas.release.drivers import DECIMALS
from quartiersatlas.release.stability import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release

    Notes = Mapping[str, str | Iterable[str]]

WORDS = (
    "action_because",
    "drivers_note",
    "drivers_partly",
    "heading_actions",
    "heading_drivers",
    "heading_footnotes",
    "heading_indicators",
    "heading_need",
    "heading_potentials",
    "heading_remarks",
    "heading_selection",
    "heading_stability",
    "label_p_selected",
    "label_source",
    "note_actions",
    "panel_parts",
    "potentials_facilities",
    "potentials_none",
    "profile_hidden",
    "profile_interval",
    "profile_not_assessed",
    "profile_not_selected",
    "profile_residents_hidden",
    "profile_selected",
    "rank_interval",
    "rank_place",
    "state_unknown",
)


def panel_data(release: Release, lang: Lang, notes: Notes) -> dict[str, Any]:
    """Return what holds for all dates: indicators, fields of action, notes."""
    number = {key: position for position, key in enumerate(release.areas.index)}
    columns = indicator_columns(release)
    pointing = {c.id.removesuffix("_change") for c in columns if need_direction(c)}
    bundles = [bundle for bundle in action_bundles() if pointing & set(bundle.triggers)]
    return {
        "indicators": [
            {
                "id": column.id,
                "resource": column.indicator.role == "resource",
                "direction": need_direction(column),
                "note": footnote(release, column, lang),
            }
            for column in columns
        ],
        "bundles": [
            {
                "field": bundle.field(lang),
                "label": bundle.label(lang),
                "examples": bundle.examples(lang).split("; "),
                "triggers": [name for name in bundle.triggers if name in pointing],
                "source": bundle.source,
            }
            for bundle in bundles
        ],
        "notes": dict(sorted((number[key], lines) for key, lines in lines_of(notes).items() if any(lines))),
    }


def standing(release: Release, lang: Lang) -> dict[str, Any]:
    """Return how each area stands: whether the rule could be told, how stable that is, ranks, drivers."""
    keys = release.areas.index
    assessed = release.assessed
    told = pd.Series(data=True, index=keys) if assessed is None else assessed.reindex(keys, fill_value=False)
    return {
        "screened": release.has_shortlist,
        "unassessed": [position for position, yes in enumerate(told) if not yes],
        "stability": _stability(release, lang),
        "axes": [_axis(release, column.id, lang) for column in release.columns if column.kind == "class"],
    }


def lines_of(notes: Notes) -> dict[str, tuple[str, ...]]:
    """Return the notes of each area as lines."""
    return {key: note_lines(note) for key, note in notes.items()}


def check_all_notes(release: Release, notes: Mapping[str, Iterable[str]], *, stacklevel: int) -> None:
    """Refuse notes on areas that the release does not have, and warn of words that stigmatise."""
    for key, lines in notes.items():
        check_area(release, key)
        check_notes(key, lines, stacklevel=stacklevel + 1)


def facility_areas(release: Release, facilities: gpd.GeoDataFrame) -> list[list[int]]:
    """Return for each facility the numbers of the areas it lies in: one, or more on a border, or none outside."""
    found: list[list[int]] = [[] for _ in range(len(facilities))]
    points = facility_points(release, facilities).geometry
    for facility, area in zip(*release.areas.sindex.query(points, predicate="intersects"), strict=True):
        found[facility].append(int(area))
    return found


def _stability(release: Release, lang: Lang) -> dict[str, Any] | None:
    if release.stability is None:
        return None
    names = list(LABELS.values())
    table = release.stability.table
    return {
        "names": [text(f"stability_{name}", lang) for name in names],
        "label": [None if pd.isna(label) else names.index(label) for label in table["label"]],
        "percent": _whole(100 * table["p_selected"]),
    }


def _axis(release: Release, name: str, lang: Lang) -> dict[str, Any]:
    """Return what drives the score of an axis, and inside the house its ranks."""
    axis = name.removeprefix("need_").removesuffix("_class")
    content: dict[str, Any] = {
        "id": name,
        "label": release.column(name).indicator.label(lang),
        "drivers": [
            {
                "id": driver,
                "label": release.column(driver).indicator.label(lang),
                "parts": _parts(release, axis, driver),
            }
            for driver in driver_names(release, axis)
        ],
        "partly": not has_all_drivers(release, axis),
    }
    ranks = release.ranks
    if f"need_{axis}_rank" in ranks:
        place = ranks[f"need_{axis}_rank"]
        content["rank"] = {"of": int(place.notna().sum()), "place": _whole(place), **_interval(release, axis)}
    return content


def _parts(release: Release, axis: str, driver: str) -> list[int | None]:
    """Return contributions without their decimal point."""
    if release.drivers is None:
        return []
    return _whole(release.drivers[axis, driver].reindex(release.areas.index) * 10**DECIMALS)


def _interval(release: Release, axis: str) -> dict[str, Any]:
    """Return the interval of ranks of the first axis, where runs know it."""
    first = next(column.id for column in release.columns if column.kind == "score")
    if release.stability is None or "rank_lower" not in release.stability.table or first != f"need_{axis}":
        return {}
    return {side: _whole(release.stability.table[f"rank_{side}"]) for side in ("lower", "upper")}


def _whole(values: pd.Series[float]) -> list[int | None]:
    return [None if pd.isna(value) else round(float(value)) for value in values]
