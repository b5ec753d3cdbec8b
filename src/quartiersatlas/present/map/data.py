"""What the map's page carries: outlines once, every released column as an array, words in one language."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.present.map.classes import column_colors, matrix_colors, schemes
from quartiersatlas.present.map.geometry import encode_point, simplified
from quartiersatlas.present.map.topology import encode_topology
from quartiersatlas.present.wording import axis_text, definition_text, gap_kind, label, reason_texts, unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

UNSAFE = re.compile(r"<|\u2028|\u2029|\{(?=[{%#])")
WORDS = (
    "label_indicator",
    "label_programmes",
    "label_candidates",
    "label_facilities",
    "legend_range",
    "legend_last_range",
    "legend_city",
    "legend_areas",
    "legend_residents",
    "label_classes",
    "label_search",
    "label_area",
    "label_key",
    "label_residents",
    "label_reasons",
    "search_nothing",
    "button_table",
    "button_map",
    "map_keys",
    "label_areas",
    "label_candidate",
    "edit_heading",
    "edit_note",
    "edit_join",
    "edit_leave",
    "edit_changed",
    "edit_apart",
    "edit_csv",
    "edit_geojson",
    "edit_reset",
    "button_close",
    "label_layers",
    "label_sheet",
    "panel_peek",
    "panel_half",
    "panel_full",
    "zoom_in",
    "zoom_out",
    "zoom_city",
    "table_caption",
    "profile_note",
    "residents_count",
    "legend_filter",
    "legend_candidate",
    "legend_programme",
    "legend_facility",
    "tooltip_counts",
    "tooltip_selected",
)
SCHEMES = ("fixed", "quantile", "jenks", "sd", "deviation")
GAPS = {
    "suppressed": "cell_suppressed",
    "missing": "cell_missing",
    "not_applicable": "cell_not_applicable",
    "unreliable": "cell_unreliable",
    "excluded": "cell_excluded",
    "small": "state_small",
    "unknown": "state_unknown",
    "uninhabited": "state_uninhabited",
}


def map_columns(release: Release) -> list[ReleasedColumn]:
    """Return the columns one can choose on the map: classes of need first, then rates, shares and counts."""
    beside = {name for column in release.columns for name in (column.numerator, column.denominator) if name}
    order = {"class": 0, "rate": 1, "share": 1, "count": 1}
    chosen = [c for c in release.columns if c.kind in order and c.id not in beside]
    return sorted(chosen, key=lambda c: order[c.kind])


def map_json(release: Release, lang: Lang, breaks: Mapping[str, Sequence[float]] | None = None) -> str:
    """Return the map's data as JSON that can neither end a script element nor start a template expression."""
    content = json.dumps(
        _map_data(release, lang, breaks or {}), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", content)


def _map_data(release: Release, lang: Lang, breaks: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    areas = release.areas
    keys = list(areas.index)
    number = {key: position for position, key in enumerate(keys)}
    parents = [column for column in areas.columns if column not in ("name", "geometry")]
    columns = map_columns(release)
    first_axis = next((c.id for c in columns if c.kind == "class"), "")
    counts = _Counts(release)
    words = {name: text(name, lang) for name in WORDS}
    words["legend_selected"] = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    notes = [*release.notices, *([text("band_draft", lang)] if release.is_draft else []), text("reading_aid", lang)]
    return {
        "lang": lang,
        "notes": notes,
        "words": words
        | {f"gap_{gap}": text(name, lang) for gap, name in GAPS.items()}
        | {f"scheme_{s}": text(f"scheme_{s}", lang) for s in SCHEMES},
        "areas": {
            "keys": keys,
            "names": list(areas["name"]),
            "parents": [list(areas[p]) for p in parents],
            "levels": [parent.capitalize() for parent in parents],
            "residents": whole_numbers(release.residents, 0),
        },
        "geometry": encode_topology(simplified(areas)),
        "columns": _with_matrix(
            [_column(release, c, lang, counts, breaks.get(c.id), is_first=c.id == first_axis) for c in columns],
            columns,
            lang,
        ),
        "selected": [number[key] for key in release.selected.index[release.selected]],
        "reasons": {str(number[key]): lines for key, lines in reason_texts(release, lang).items()},
        "counts": counts.arrays,
        "candidates": _candidates(release, number),
        "programmes": _programmes(release.programmes),
        "facilities": _facilities(release.facilities),
    }


class _Counts:
    """Count columns, each once: rates with the same denominator share it."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.arrays: list[list[int | None]] = []

    def position(self, column: str) -> int:
        """Return where the array of a count column stands."""
        array = whole_numbers(self.release.values[column], 0)
        if array not in self.arrays:
            self.arrays.append(array)
        return self.arrays.index(array)


def _column(
    release: Release,
    column: ReleasedColumn,
    lang: Lang,
    counts: _Counts,
    fixed: Sequence[float] | None,
    *,
    is_first: bool,
) -> dict[str, Any]:
    values = release.values[column.id]
    gaps = {str(i): gap_kind(release, key, column) for i, key in enumerate(values.index) if pd.isna(values[key])}
    domain = "heading_need" if column.kind == "class" else f"domain_{column.indicator.domain}"
    content: dict[str, Any] = {
        "id": column.id,
        "label": label(column, lang),
        "unit": unit(column, lang),
        "definition": axis_text(release, column, lang) or definition_text(column, lang),
        "domain": text(domain, lang),
        "decimals": column.decimals,
        "city": None if pd.isna(column.city) else column.city,
        "gaps": {area: gap for area, gap in gaps.items() if gap != "missing"},
    }
    if column.kind == "class":
        ids = [c.id for c in column.classes]
        content["values"] = [None if pd.isna(value) else ids.index(value) for value in values]
        content["classes"] = [c.label(lang) for c in column.classes]
        content["schemes"] = {"class": {"breaks": [], "colors": column_colors(column, len(ids), first_axis=is_first)}}
    else:
        content["values"] = whole_numbers(values, column.decimals)
        content["schemes"] = schemes(release, column, fixed)
    content["hint"] = text("legend_need", lang) if is_first else ""
    if column.kind == "rate":
        content["numerator"] = counts.position(column.numerator)
        content["denominator"] = counts.position(column.denominator)
        content["per"] = column.indicator.per
        if content["values"] == _rates_from_counts(release, column):
            content["values"] = None  # the page divides, which is half of the column's bytes
    return content


def _with_matrix(contents: list[dict[str, Any]], columns: list[ReleasedColumn], lang: Lang) -> list[dict[str, Any]]:
    """Put the first two axes of need together, after the axes: the page finds the values in their columns."""
    axes = [column for column in columns if column.kind == "class"]
    second = 1
    colors = matrix_colors(len(axes[0].classes), len(axes[second].classes)) if len(axes) > second else []
    if not colors:
        return contents
    names = [axis.indicator.label(lang) for axis in axes[: second + 1]]
    matrix = {
        "id": "need_matrix",
        "label": text("label_matrix", lang, first=names[0], second=names[1]),
        "unit": "",
        "domain": text("heading_need", lang),
        "decimals": 0,
        "city": None,
        "gaps": {},
        "schemes": {"class": {"breaks": [], "colors": colors}},
        "hint": text("legend_need", lang),
        "matrix": [0, second],
        "axes": names,
    }
    return [*contents[: len(axes)], matrix, *contents[len(axes) :]]


def _rates_from_counts(release: Release, column: ReleasedColumn) -> list[int | None]:
    """Return the rates the page would find, in the steps it takes."""
    x, n = release.values[column.numerator], release.values[column.denominator]
    rates = np.rint(x / n.mask(n.eq(0)) * column.indicator.per * 10**column.decimals)
    return whole_numbers(rates, 0)


def whole_numbers(values: pd.Series[float], decimals: int) -> list[int | None]:
    """Return rounded numbers without their decimal point: 12.3 with one decimal is 123."""
    return [None if pd.isna(value) else round(float(value) * 10**decimals) for value in values]


def _candidates(release: Release, number: dict[str, int]) -> list[dict[str, Any]]:
    table = release.candidates
    if table is None or table.empty:
        return []
    places = table.geometry.representative_point().to_crs("EPSG:4326")
    members = {key: [number[area] for area in group.index] for key, group in release.members.groupby(release.members)}
    return [
        {"key": key, "label": f"{key} {name}", "members": members[key], "at": encode_point(place)}
        for key, name, place in zip(table.index, table["name"], places, strict=True)
    ]


def _programmes(frame: gpd.GeoDataFrame | None) -> dict[str, Any]:
    if frame is None:
        return {"labels": []}
    return {"labels": _feature_labels(frame), "geometry": encode_topology(frame)}


def _facilities(frame: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    if frame is None:
        return []
    points = frame.geometry.representative_point().to_crs("EPSG:4326")
    return [{"label": name, "at": encode_point(p)} for name, p in zip(_feature_labels(frame), points, strict=True)]


def _feature_labels(frame: gpd.GeoDataFrame) -> list[str]:
    return [f"{name} ({kind})" if kind else name for name, kind in zip(frame["name"], frame["kind"], strict=True)]
