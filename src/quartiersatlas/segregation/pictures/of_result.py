"""The charts of a segregation study: the door to all of them, and the indices with their intervals."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, text
from quartiersatlas.charts import Axis, Chart, Dot, Line, axis
from quartiersatlas.charts.marks import PAPER, QUIET
from quartiersatlas.errors import SpecError, list_some
from quartiersatlas.segregation.explain import reference_text
from quartiersatlas.segregation.pictures.curves import curve_chart, segplot_chart
from quartiersatlas.segregation.pictures.local import moran_chart, quotient_chart
from quartiersatlas.segregation.pictures.radii import radii_chart
from quartiersatlas.segregation.registry import registry
from quartiersatlas.segregation.table import MeasuredIndices

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

KINDS = ("indices", "curve", "location_quotients", "segplot", "moran", "radii")
COLORS = ("#3b528b", "#e6a117", "#21918c", "#9c4f96", "#7a7a7a", "#b35806")
BOUNDED = ({"0", "P", "-1"}, {"1", "1 - P", "1 - 1/K"})  # ranges of indices that share an axis
MOST_PLACES = 30
STEP = 0.22  # between the dots of two groups in a row


def segregation_chart(
    result: MeasuredIndices,
    kind: str | None = None,
    lang: Lang = "de",
    *,
    group: str | None = None,
    place: str | None = None,
    index: str | None = None,
    radii: Iterable[float] | float | None = None,
    n: int = 99,
    seed: int = 1,
    labels: Mapping[str, str] | None = None,
) -> Chart:
    """Return a chart of the study as plain data.

    Parameters
    ----------
    kind : str, optional
        ``"indices"`` (if not given): every index of every group with its interval and what chance gives; of many
        places, one index of one group. ``"curve"``: the segregation curve of a group. ``"location_quotients"``: in how
        many areas each group is how far above its share of the city. ``"segplot"``: the areas side by side with their
        groups. ``"moran"``: the share of a group in each area and around it. ``"radii"``: a spatial index over the
        radius, with the band of chance.
    lang : {"de", "en"}, default "de"
        Language.
    group : str, optional
        The group; the first, if not given.
    place : str, optional
        The place; the only one, or the first, if not given. With ``"indices"`` all its indices.
    index : str, optional
        The index of many places (the first, if not given), or that over the radii (``"spatial_information_theory"``).
    radii : float or list of float, optional
        Radii in metres; those of the study, if not given.
    n : int, default 99
        Random distributions for the band of chance; 0 for none.
    seed : int, default 1
        Makes that band repeatable.
    labels : mapping of str to str, optional
        Column of a group -> what readers see; the column's name, if not given.

    Returns
    -------
    Chart
        With title, sentence, note and table in the language.

    Raises
    ------
    SpecError
        There is no such kind, language, group, place or index, or the study has too few areas, no geometry or no radii.
    """
    check_lang(lang)
    choice(kind, (None, *KINDS), "kind")
    group = result.spec.groups[0] if group is None else group
    choice(group, result.spec.groups, "group")
    if labels:
        result, group = _labelled(result, labels), labels.get(group, group)
    places = [str(name) for name in result.prepared.place_names]
    if place is not None:
        choice(place, places, "place")
    number = 0 if place is None else places.index(place)
    if kind in (None, "indices"):
        if len(places) > 1 and place is None:
            return places_chart(result.table, group, index, lang)
        return indices_chart(result.table[result.table["by"].astype(str).eq(places[number])], lang)
    if kind == "radii":
        return radii_chart(
            result, group, number, index or "spatial_information_theory", lang, radii=radii, n=n, seed=seed
        )
    if kind == "location_quotients":
        return quotient_chart(result.prepared, number, lang)
    if kind == "segplot":
        return segplot_chart(result.prepared, number, group, lang)
    build = curve_chart if kind == "curve" else moran_chart
    return build(result.prepared, group, number, lang)


def _labelled(result: MeasuredIndices, labels: Mapping[str, str]) -> MeasuredIndices:
    """Return a study whose groups bear the words that readers see."""
    counts = {labels.get(name, name): column for name, column in result.prepared.counts.items()}
    if len(counts) < len(result.prepared.counts):
        raise SpecError(f"labels: two groups would be called alike: {list_some(labels.values())}.")
    spec = replace(
        result.spec,
        groups=tuple(labels.get(name, name) for name in result.spec.groups),
        references=tuple(labels.get(name, name) for name in result.spec.references),
    )
    words = [", ".join(labels.get(name, name) for name in str(group).split(", ")) for group in result.table["group"]]
    references = [labels.get(str(name), str(name)) for name in result.table["reference"]]
    table = result.table.assign(group=words, reference=references)
    prepared = replace(result.prepared, spec=spec, counts=counts)
    return MeasuredIndices(table, result.note_codes, result.notes, prepared)


def indices_chart(table: pd.DataFrame, lang: Lang) -> Chart:
    """Return the indices of one place: a row each, a dot per group, its interval, and the value that chance gives."""
    table = table.assign(row=[_row_name(record(row), lang) for row in table.to_dict("records")])
    known = table[table["value"].notna()]
    bounded = known["index"].map(_bounded).astype(bool)
    drawn, whole = known[bounded], known[~bounded]
    groups, rows = list(dict.fromkeys(drawn["group"])), list(dict.fromkeys(drawn["row"]))
    colors = {group: COLORS[number % len(COLORS)] for number, group in enumerate(groups)}
    marks: list[Mark] = []
    for order, name in enumerate(rows):
        own = drawn[drawn["row"].eq(name)]
        for number, row in enumerate(own.to_dict("records")):
            y = order + min(STEP, 0.8 / len(own)) * (number - (len(own) - 1) / 2)
            marks += _value_marks(record(row), y, colors[str(row["group"])])
    low = min([0.0, *drawn["value"], *drawn["lower"].dropna()])
    note = " ".join(_index_notes(drawn, whole, lang))
    alone = len(groups) == 1
    words = tuple(_numbers(drawn[drawn["row"].eq(name)], lang) for name in rows)
    cells = tuple(_cells(record(row), lang) for row in table.to_dict("records"))
    return Chart(
        id="indices",
        title=text("chart_indices_of", lang, group=groups[0]) if alone else text("chart_indices", lang),
        alt=" ".join(f"{': '.join([c[0], c[1]])} = {c[3]}." for c in cells),
        x=Axis(low - 0.02, 1.01, ticks=axis(low, 1.0, write=number_writer(lang)).ticks, grid=True),
        y=Axis(-0.6, max(len(rows), 1) - 0.4, bands=tuple(rows), down=True),
        marks=tuple(marks),
        note=note,
        head=_head(lang),
        rows=cells,
        right=words if alone else (),
        key=() if alone else tuple((colors[g], g) for g in groups),
        height=0.12 + 0.06 * max(len(rows), 2),
    )


def record(row: Mapping[Hashable, object]) -> dict[str, object]:
    """Return a row of a table by the names of its columns."""
    return {str(name): value for name, value in row.items()}


def _bounded(name: str) -> bool:
    entry = registry()[name]
    return entry.lowest in BOUNDED[0] and entry.highest in BOUNDED[1]


def _row_name(row: dict[str, object], lang: Lang) -> str:
    """Return the index in words, with its radius and whom a group is compared with where that is not the rest."""
    name = str(row["index"])
    words = text(f"index_{name}", lang)
    radius = row.get("radius")
    if radius is not None and isfinite(float(str(radius))):
        words += f" ({number_text(float(str(radius)), 0, lang)} m)"
    if registry()[name].reference == "other" and row["reference"] != "rest":
        words += f" ({reference_text(str(row['reference']), lang)})"
    return f"{words} {text('chart_reversed', lang)}" if registry()[name].direction == "down" else words


def _value_marks(row: dict[str, object], y: float, color: str) -> list[Mark]:
    """Return the dot of a value, the line of its interval, and a small diamond where chance alone would put it."""
    value, low, high, chance = (float(str(row[name])) for name in ("value", "lower", "upper", "expected"))
    marks: list[Mark] = []
    if isfinite(low) and isfinite(high):
        marks.append(Line(points=((low, y), (high, y)), stroke=color, width=3, opacity=0.55))
    if isfinite(chance):
        marks.append(Dot(x=chance, y=y, r=2.8, shape="diamond", fill=PAPER, stroke=QUIET, width=1))
    marks.append(Dot(x=value, y=y, r=4, fill=color, stroke=PAPER, width=0.8))
    return marks


def _index_notes(drawn: pd.DataFrame, whole: pd.DataFrame, lang: Lang) -> list[str]:
    notes = []
    if drawn["expected"].notna().any():
        notes.append(text("chart_by_chance", lang))
    if drawn["lower"].notna().any():
        notes.append(text("chart_interval", lang))
    if len(whole):
        names = ", ".join(dict.fromkeys(text(f"index_{name}", lang) for name in whole["index"]))
        notes.append(text("chart_other_scale", lang, names=names))
    return notes


def _numbers(rows: pd.DataFrame, lang: Lang) -> str:
    return ", ".join(_number(value, lang) for value in rows["value"])


def _number(value: object, lang: Lang) -> str:
    number = float(str(value))
    return number_text(number, 3, lang) if isfinite(number) else text("chart_no_value", lang)


def _head(lang: Lang) -> tuple[str, ...]:
    names = (
        "chart_group",
        "chart_index",
        "chart_reference",
        "chart_value",
        "chart_chance",
        "chart_lower_end",
        "chart_upper_end",
    )
    return tuple(text(name, lang) for name in names)


def _cells(row: dict[str, object], lang: Lang) -> tuple[str, ...]:
    numbers = (_number(row[name], lang) for name in ("value", "expected", "lower", "upper"))
    return str(row["group"]), text(f"index_{row['index']}", lang), reference_text(str(row["reference"]), lang), *numbers


def places_chart(table: pd.DataFrame, group: str, index: str | None, lang: Lang) -> Chart:
    """Return one index of one group in many places, the highest first."""
    own = table[table["group"].eq(group)]
    own = table if own.empty else own
    name = str(own["index"].iloc[0]) if index is None else index
    choice(name, tuple(dict.fromkeys(own["index"])), "index")
    rows = own[own["index"].eq(name)].dropna(subset=["value"])
    if "radius" in rows and len(set(rows["radius"].dropna())) > 1:
        raise SpecError(f"{name!r} has several radii: draw them with plot('radii', place=...).")
    rows = rows.drop_duplicates("by").sort_values("value", ascending=False, kind="stable")
    if rows.empty:
        raise SpecError(f"{name!r} has a value in none of the places: {list_some(own['by'].unique())}.")
    kept = rows.head(MOST_PLACES)
    marks: list[Mark] = []
    for number, row in enumerate(kept.to_dict("records")):
        marks += _value_marks(record(row), number, COLORS[0])
    known = kept[["value", "lower", "upper", "expected"]].to_numpy(dtype=float).ravel()
    known = known[[isfinite(v) for v in known]]
    words = tuple(_number(value, lang) for value in kept["value"])
    bands = tuple(map(str, kept["by"]))
    notes = _index_notes(kept, kept.iloc[:0], lang)
    if len(kept) < len(rows):
        notes.append(
            text("chart_most_places", lang, n=number_text(len(kept), 0, lang), all=number_text(len(rows), 0, lang))
        )
    high = 1.0 if _bounded(name) and known.max() > 0.5 else 1.05 * float(known.max())  # noqa: PLR2004 - half of the range
    label = text(f"index_{name}", lang)
    title = text("chart_places", lang, index=label, group=str(kept["group"].iloc[0]))
    return Chart(
        id="indices",
        title=title,
        alt=f"{title}: " + " ".join(f"{b}: {w}." for b, w in zip(bands, words, strict=True)),
        x=axis(min(0.0, float(known.min())), high, "", write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(bands) - 0.4, bands=bands, down=True),
        marks=tuple(marks),
        note=" ".join(notes),
        head=(text("chart_place", lang), label),
        rows=tuple(zip(bands, words, strict=True)),
        right=words,
        height=0.12 + 0.04 * max(len(bands), 2),
    )
