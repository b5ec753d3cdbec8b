"""The data of an atlas page: columns, classes, words, and what the panel says of each area."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.catalogue import action_bundles, text
from quartiersatlas.catalogue.texts import placed
from quartiersatlas.disclosure.columns import DRIVER_DECIMALS
from quartiersatlas.disclosure.selection.rule_words import rule_words
from quartiersatlas.disclosure.words import candidate_names, draft_text, label, unit
from quartiersatlas.need.robustness.stability import STABILITY_LABELS
from quartiersatlas.present.comparable import on_keys
from quartiersatlas.present.map.burdens import with_burdens
from quartiersatlas.present.map.chart_words import CHART_WORDS, PANEL_WORDS
from quartiersatlas.present.map.classes import (
    around_city,
    column_colors,
    is_total,
    level_column,
    map_columns,
    schemes,
)
from quartiersatlas.present.map.ground import Ground
from quartiersatlas.present.map.matrices import with_matrices
from quartiersatlas.present.map.measure_layer import measure_layer, with_knowledge
from quartiersatlas.present.map.phrases import with_phrases
from quartiersatlas.present.map.topology import encode_point, encode_topology, in_degrees, simplified, varint_text
from quartiersatlas.present.map.topology import tolerance as simplification
from quartiersatlas.present.pictures.of_columns import profile_rank
from quartiersatlas.present.pictures.of_need import listed_contributions
from quartiersatlas.present.statements import (
    GAPS,
    axis_text,
    check_area,
    check_notes,
    definition_text,
    doubtful,
    driver_names,
    exclave_name,
    facility_points,
    footnote,
    gap_kinds,
    has_all_drivers,
    indicator_columns,
    level_text,
    missing_texts,
    need_direction,
    note_lines,
    other_reason_texts,
    reason_texts,
    selected_words,
)
from quartiersatlas.screening import running_programmes, span_texts
from quartiersatlas.space.exclaves import city_extent
from quartiersatlas.space.neighbours import POLYGONS, borders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.disclosure.selection.rule_words import RuleItem

    Shapes = NDArray[np.object_]

    AreaNotes = Mapping[str, str | Iterable[str]]

UNSAFE = re.compile(r"<|\u2028|\u2029|\{(?=[{%#])")
WORDS = (
    "label_indicator",
    "label_as_of",
    "label_programmes",
    "label_candidates",
    "label_facilities",
    "legend_range",
    "legend_below",
    "legend_from",
    "legend_last_range",
    "legend_city",
    "city_rounded",
    "legend_residents",
    "label_classes",
    "label_search",
    "label_area",
    "label_city",
    "label_key",
    "label_residents",
    "label_reasons",
    "label_on_list",
    "label_stability",
    "answer_yes",
    "table_shown",
    "table_more",
    "file_candidates",
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
    "csv_numerator",
    "csv_denominator",
    "embed_open",
    "link_unknown",
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
    "legend_signs",
    "legend_small_dot",
    "legend_small_tint",
    "legend_cells",
    "legend_both",
    "label_rows",
    "label_columns",
    "cell_counts",
    "legend_candidate",
    "legend_candidate_date",
    "legend_near",
    "button_compare",
    "button_single",
    "legend_programme",
    "legend_programme_other",
    "legend_facility",
    "tooltip_counts",
    "tooltip_selected",
)
NEAREST = 2  # conditions that speak against an area, in the panel
SCHEMES = ("fixed", "quantile", "jenks", "sd", "deviation")


def map_json(
    release: Release,
    lang: Lang,
    breaks: Mapping[str, Sequence[float]] | None = None,
    earlier: Sequence[Release] = (),
    notes: AreaNotes | None = None,
    ground: Ground | None = None,
) -> str:
    """Return the map's data as JSON that can neither end a script element nor start a template expression."""
    data = _map_data(release, lang, breaks or {}, [on_keys(part, release.areas.index) for part in earlier])
    data["panel"] = panel_data(release, lang, with_knowledge(release, lines_of(notes or {}), lang))
    data |= (ground or Ground(release)).content(lang) | measure_layer(release, lang)
    content = json.dumps(with_phrases(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", content)


def _map_data(
    release: Release, lang: Lang, breaks: Mapping[str, Sequence[float]], earlier: Sequence[Release]
) -> dict[str, Any]:
    areas = release.areas
    keys, number = list(areas.index), {key: position for position, key in enumerate(areas.index)}
    parents = [column for column in areas.columns if column not in ("name", "geometry")]
    counts = _Counts()
    named = (*WORDS, *PANEL_WORDS, *(f"chart_{name}" for name in CHART_WORDS))
    words = {name: placed(text(name, lang), release.city, lang) for name in named}
    words |= selected_words(release, lang)
    notes = [*release.notices, *([draft_text(release, lang)] if release.is_draft else []), text("reading_aid", lang)]
    return {
        "lang": lang,
        "notes": notes,
        "words": words
        | {f"{form}_{gap}": text(f"{form}_{gap}", lang) for form in ("gap", "why") for gap in GAPS}
        | {f"scheme_{s}": text(f"scheme_{s}", lang) for s in SCHEMES},
        "areas": {
            "keys": keys,
            "names": list(areas["name"]),
            "parents": [list(areas[p]) for p in parents],
            "levels": [parent.capitalize() for parent in parents],
            "residents": whole_numbers(release.residents, 0),
        },
        "geometry": encode_topology(simplified(areas)),
        **_touching(release),
        **_exclaves(release, lang),
        "columns": _columns(release, lang, breaks, earlier, counts),
        "year": release.as_of,
        **_selection(release, lang, number),
        "earlier": [_earlier(part, lang, number) for part in earlier],
        "counts": counts.arrays,
        "candidates": _candidates(release, number, lang),
        "programmes": _programmes(release.programmes, lang),
        "facilities": _facilities(release),
    }


def _columns(
    release: Release, lang: Lang, breaks: Mapping[str, Sequence[float]], earlier: Sequence[Release], counts: _Counts
) -> list[dict[str, Any]]:
    """Return everything that can be shown as a colour: columns, levels, two of them together, burdens."""
    columns = map_columns(release)
    first_axis = next((c.id for c in columns if c.kind == "class"), "")
    alone = [
        _column(c, lang, (release, *earlier), counts, breaks.get(c.id), is_first=c.id == first_axis) for c in columns
    ]
    contents = alone + level_column(release, lang) or [_areas_alone(len(release.areas), lang)]
    return with_burdens(with_matrices(contents, columns, release, lang), release, lang)


def _touching(release: Release) -> dict[str, str]:
    """Return who borders on whom, where the arcs of the map do not say it as the candidate areas have it.

    For each area the number of its neighbours further down the list, and the steps from one to the next.
    """
    shapes = release.areas.geometry.to_numpy()
    if not np.isin(shapely.get_type_id(shapes), POLYGONS).all():
        return {}
    said = [fact.values["tolerance"] for fact in release.facts if fact.name == "fact_tolerance"]
    metres = pd.to_numeric(pd.Series(said, dtype=object), errors="coerce").dropna()
    tolerance = float(metres.iloc[0]) if len(metres) else None
    one, other = (found := borders(shapes, tolerance=tolerance)).neighbours
    if found.method == "shared vertices" and len(one) == len(found.rook[0]) and not simplification(release.areas):
        return {}
    n_areas = len(release.areas)
    count = np.bincount(one, minlength=n_areas)
    steps = other - np.where(np.diff(one, prepend=-1) > 0, one, np.roll(other, 1))
    begins = np.cumsum(count) - count
    return {"touching": varint_text(np.insert(steps, begins, count).astype(np.int64))}


def city_corners(parts: Shapes, crs: CRS | None) -> list[list[float]]:
    """Return south-west and north-east corner of shapes, latitude before longitude."""
    west, south, east, north = in_degrees(gpd.GeoSeries(parts, crs=crs)).total_bounds.round(5).tolist()
    return [[south, west], [north, east]]


def _exclaves(release: Release, lang: Lang) -> dict[str, Any]:
    """Return the corners of the main part, and the exclaves that stand in a frame of their own; nothing without any."""
    areas = release.areas
    extent = city_extent(areas.geometry.to_numpy(), release.residents)
    if not extent.exclaves:
        return {}
    shown = []
    for exclave in extent.exclaves:
        name = exclave_name(release, exclave)
        corners = city_corners(extent.parts[list(exclave.parts)], areas.crs)
        words = {"note": text("inset_note_scale", lang), "show": text("inset_show", lang, name=name)}
        shown.append({"name": name, "areas": list(exclave.areas), "bounds": corners, **words})
    return {"main": city_corners(extent.parts[list(extent.main_parts)], areas.crs), "exclaves": shown}


class _Counts:
    """Count columns, each once: rates with the same denominator share it."""

    def __init__(self) -> None:
        self.arrays: list[list[int | None]] = []

    def position(self, values: pd.Series[float]) -> int:
        """Return where the array of a count column stands."""
        array = whole_numbers(values, 0)
        if array not in self.arrays:
            self.arrays.append(array)
        return self.arrays.index(array)


def _column(
    column: ReleasedColumn,
    lang: Lang,
    releases: tuple[Release, ...],
    counts: _Counts,
    fixed: Sequence[float] | None,
    *,
    is_first: bool,
) -> dict[str, Any]:
    """Return a column: what it means, how it is divided into classes, and its cells at each date."""
    release, *earlier = releases
    domain = "heading_need" if column.kind == "class" else f"domain_{column.indicator.domain}"
    content: dict[str, Any] = {
        "id": column.id,
        "label": label(column, lang),
        "unit": unit(column, lang),
        "definition": axis_text(release, column, lang) or definition_text(column, lang),
        "domain": text(domain, lang),
        "hint": _hint(release, column, lang, is_first=is_first),
    }
    if column.kind == "class":
        colors = column_colors(column, len(column.classes), first_axis=is_first)
        content["classes"] = [c.label(lang) for c in column.classes]
        content["schemes"] = {"class": {"breaks": [], "colors": colors}}
    else:
        content["schemes"] = schemes(release, column, fixed)
    if column.kind == "rate":
        content["per"] = column.indicator.per
    content |= _cells(release, column, counts)
    if earlier:
        content["earlier"] = [_earlier_cells(part, column.id, counts) for part in earlier]
    return content


def _hint(release: Release, column: ReleasedColumn, lang: Lang, *, is_first: bool) -> str:
    """Return what helps to read the colours and the values."""
    words = [text("legend_need" if is_first else "legend_count", lang)] if is_first or is_total(column) else []
    return ". ".join([*words, *([text("legend_doubtful", lang)] if doubtful(release, column).any() else [])])


def _areas_alone(n_areas: int, lang: Lang) -> dict[str, Any]:
    """Return a column for maps without any: all areas in one class, for what is drawn above them."""
    return {
        "id": "areas",
        "label": text("label_areas", lang),
        "unit": "",
        "definition": "",
        "domain": text("heading_indicators", lang),
        "hint": "",
        "classes": [text("label_areas", lang)],
        "schemes": {"class": {"breaks": [], "colors": ["#ededed"]}},
        "decimals": 0,
        "city": None,
        "gaps": {},
        "values": [0] * n_areas,
    }


def _cells(release: Release, column: ReleasedColumn, counts: _Counts) -> dict[str, Any]:
    """Return the cells of a column at one date: values, why there is none, and the counts behind them."""
    values = release.values[column.id]
    empty = np.flatnonzero(values.isna()).tolist()
    gaps = {str(area): gap for area, gap in zip(empty, gap_kinds(release, column), strict=True)}
    doubts = dict.fromkeys(map(str, np.flatnonzero(doubtful(release, column)).tolist()), "unreliable")  # in brackets
    content: dict[str, Any] = {
        "decimals": column.decimals,
        "city": None if pd.isna(column.city) else column.city,
        "gaps": {area: gap for area, gap in (gaps | doubts).items() if gap != "missing"},
    }
    if column.city_decimals is not None:
        content["city_decimals"] = column.city_decimals
    if column.kind == "class":
        ids = [c.id for c in column.classes]
        return content | {"values": [None if pd.isna(value) else ids.index(value) for value in values]}
    content["values"] = whole_numbers(values, column.decimals)
    if column.kind == "rate":
        content["numerator"] = counts.position(release.values[column.numerator])
        content["denominator"] = counts.position(release.values[column.denominator])
        if content["values"] == _rates_from_counts(release, column):
            content["values"] = None  # the page divides, which is half of the column's bytes
    return content


def _rates_from_counts(release: Release, column: ReleasedColumn) -> list[int | None]:
    """Return the rates the page would find, in the steps it takes."""
    x, n = release.values[column.numerator], release.values[column.denominator]
    rates = np.rint(x / n.mask(n.eq(0)) * column.indicator.per * 10**column.decimals)
    return whole_numbers(rates, 0)


def whole_numbers(values: pd.Series[float], decimals: int) -> list[int | None]:
    """Return rounded numbers without their decimal point: 12.3 with one decimal is 123."""
    return [None if pd.isna(value) else round(float(value) * 10**decimals) for value in values]


def _earlier_cells(part: Release, name: str, counts: _Counts) -> dict[str, Any] | None:
    """Return the cells at an earlier date with the classes around the city value of that date; None without any."""
    if name not in part.values:
        return None
    column = part.column(name)
    return _cells(part, column, counts) | {"schemes": around_city(part, column)}


def _earlier(part: Release, lang: Lang, number: dict[str, int]) -> dict[str, Any]:
    return {"year": part.as_of, "residents": whole_numbers(part.residents, 0), **_selection(part, lang, number)}


def _selection(release: Release, lang: Lang, number: dict[str, int]) -> dict[str, Any]:
    """Return the selected areas, why, and which of them stay selected in nearly every run."""
    content: dict[str, Any] = {
        "selected": [number[key] for key in release.selected.index[release.selected]],
        "reasons": {str(number[key]): lines for key, lines in reason_texts(release, lang).items()},
        "standing": area_status(release, lang),
    }
    if release.stability is not None:
        labels = release.stability.table["label"]
        near = labels.isin(["certain", "borderline"]) & ~release.selected
        content["borderline"] = [number[key] for key in labels.index[release.selected & labels.ne("certain")]]
        content["near"] = [number[key] for key in labels.index[near]]
    return content


def area_status(release: Release, lang: Lang) -> dict[str, Any]:
    """Return the status of each area: whether the rule could be assessed, how stable that is, ranks, drivers."""
    keys = release.areas.index
    known = pd.Series(data=True, index=keys)
    if release.assessed is not None:
        known = release.assessed.reindex(keys, fill_value=False)
    return {
        "screened": release.has_shortlist,
        "unassessed": [position for position, yes in enumerate(known) if not yes],
        **_distances(release, lang),
        "stability": _stability(release, lang),
        "axes": [_axis(release, column, lang) for column in release.columns if column.kind == "class"],
        "listed": [keys.get_loc(key) for key in listed_contributions(release)],
    }


def _distances(release: Release, lang: Lang) -> dict[str, Any]:
    """Return why areas are not selected, how many persons are missing, their levels, and the rule as a sentence."""
    number = {key: position for position, key in enumerate(release.areas.index)}
    content: dict[str, Any] = {}
    others = other_reason_texts(release, lang, NEAREST)
    if others:
        content["others"] = {str(number[key]): lines for key, lines in others.items()}
    missing = missing_texts(release, lang)
    if missing:
        content["missing"] = {str(number[key]): line for key, line in missing.items()}
    if release.levels is not None:
        content["levels"] = [level_text(release, key, lang) for key in release.areas.index]
    if release.rule is not None:
        words = rule_words(release, release.rule.tree, lang)
        content["rule"] = {"lead": words.lead, "items": _outline(words.outline), "note": words.note}
    return content


def _outline(items: Sequence[RuleItem]) -> list[Any]:
    """Return the conditions of a rule: text, or [text, list] where some of its own have to hold."""
    return [[item.words, _outline(item.items)] if item.items else item.words for item in items]


def _stability(release: Release, lang: Lang) -> dict[str, Any] | None:
    if release.stability is None:
        return None
    names = list(STABILITY_LABELS)
    table = release.stability.table
    return {
        "names": [text(f"stability_{name}", lang) for name in names],
        "label": [None if pd.isna(label) else names.index(label) for label in table["label"]],
        "percent": whole_numbers(100 * table["p_selected"], 0),
        "limits": list(release.stability.limits),
        "runs": release.stability.runs,
    }


def _axis(release: Release, column: ReleasedColumn, lang: Lang) -> dict[str, Any]:
    """Return what drives the score of an axis, and inside the house its ranks."""
    axis, score = column.axis, release.axis_column(column.axis, "score")
    content: dict[str, Any] = {
        "id": column.id,
        "label": column.indicator.label(lang),
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
    if score is not None and f"{score.id}_rank" in ranks:
        place = ranks[f"{score.id}_rank"]
        content["rank"] = {"of": int(place.notna().sum()), "place": whole_numbers(place, 0), **_interval(release, axis)}
    return content


def _parts(release: Release, axis: str, driver: str) -> list[int | None]:
    """Return contributions without their decimal point."""
    if release.drivers is None:
        return []
    return whole_numbers(release.drivers[axis, driver].reindex(release.areas.index), DRIVER_DECIMALS)


def _interval(release: Release, axis: str) -> dict[str, Any]:
    """Return the interval of ranks of the first axis, where runs know it."""
    first = next((column.axis for column in release.columns if column.kind == "score"), "")
    if release.stability is None or "rank_lower" not in release.stability.table or first != axis:
        return {}
    return {side: whole_numbers(release.stability.table[f"rank_{side}"], 0) for side in ("lower", "upper")}


def _candidates(release: Release, number: dict[str, int], lang: Lang) -> list[dict[str, Any]]:
    table = release.candidates
    if table is None or table.empty:
        return []
    points = in_degrees(table.geometry.representative_point())
    members = {key: [number[area] for area in group.index] for key, group in release.members.groupby(release.members)}
    return [
        {"key": key, "label": f"{key} {name}", "members": members[key], "at": encode_point(point)}
        for key, name, point in zip(table.index, candidate_names(release, lang), points, strict=True)
    ]


def _programmes(frame: gpd.GeoDataFrame | None, lang: Lang) -> dict[str, Any]:
    """Return the programme areas with name, kind and dates, and which of them do not run."""
    if frame is None:
        return {"labels": [], "other": []}
    labels = [f"{name} ({kind})" if kind else name for name, kind in zip(frame["name"], frame["kind"], strict=True)]
    labels = [", ".join(filter(None, both)) for both in zip(labels, span_texts(frame, lang), strict=True)]
    return {"labels": labels, "other": (~running_programmes(frame)).tolist(), "geometry": encode_topology(frame)}


def _facilities(release: Release) -> list[dict[str, Any]]:
    frame = release.facilities
    if frame is None:
        return []
    points = in_degrees(frame.geometry.representative_point())
    areas = facility_areas(release, frame)
    return [
        {"name": str(name), "kind": str(kind), "at": encode_point(point), "areas": inside}
        for name, kind, point, inside in zip(frame["name"], frame["kind"], points, areas, strict=True)
    ]


def facility_areas(release: Release, facilities: gpd.GeoDataFrame) -> list[list[int]]:
    """Return for each facility the numbers of the areas it lies in: one, or more on a border, or none outside."""
    found: list[list[int]] = [[] for _ in range(len(facilities))]
    points = facility_points(release, facilities).geometry
    for facility, area in zip(*release.areas.sindex.query(points, predicate="intersects"), strict=True):
        found[facility].append(int(area))
    return found


def panel_data(release: Release, lang: Lang, notes: AreaNotes) -> dict[str, Any]:
    """Return what holds for all dates: indicators, fields of action, notes."""
    number = {key: position for position, key in enumerate(release.areas.index)}
    columns = indicator_columns(release)
    pointing = {c.base for c in columns if need_direction(c)}
    bundles = [bundle for bundle in action_bundles() if pointing & set(bundle.triggers)]
    return {
        "indicators": [
            {
                "id": column.id,
                **({"base": column.base} if column.change_of else {}),
                **({} if profile_rank(column) is None else {"profile": profile_rank(column)}),
                "resource": column.indicator.role == "resource",
                "direction": need_direction(column),
                # where it has a date of its own; else it is the definition of the column
                **({"note": footnote(release, column, lang)} if column.id in release.dates else {}),
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


def lines_of(notes: AreaNotes) -> dict[str, tuple[str, ...]]:
    """Return the notes of each area as lines."""
    return {key: note_lines(note) for key, note in notes.items()}


def check_all_notes(release: Release, notes: Mapping[str, Iterable[str]], *, stacklevel: int) -> None:
    """Refuse notes on areas that the release does not have, and warn of words that stigmatise."""
    for key, lines in notes.items():
        check_area(release, key)
        check_notes(key, lines, stacklevel=stacklevel + 1)
