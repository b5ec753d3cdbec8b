"""What the legend says: classes with their numbers, gaps and marks that occur, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.present.map.breaks import quantile_breaks
from quartiersatlas.present.map.classes import class_labels, column_colors
from quartiersatlas.present.map.data import GAPS, map_columns
from quartiersatlas.present.wording import gap_kind, label, unit, value_text

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

Mark = Literal["fill", "selected", "open", "candidate", "programme", "facility"]

# fill and hatch of areas without a value, as on the map: every pattern differs, not the grey alone
GAP_LOOKS = {
    "missing": ("#dddddd", ""),
    "unreliable": ("#dddddd", ""),
    "not_applicable": ("#dddddd", ""),
    "excluded": ("#dddddd", "||"),
    "suppressed": ("#ffffff", "..."),
    "small": ("#ededed", "||"),
    "unknown": ("#ededed", "--"),
    "uninhabited": ("#ffffff", ""),
}


@dataclass(frozen=True)
class Entry:
    """One line of the legend, and the areas it stands for."""

    words: str
    mark: Mark = "fill"
    color: str = "#ffffff"
    hatch: str = ""
    keys: tuple[str, ...] = field(default=(), repr=False)


def class_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[Entry]:
    """Return one entry per class, from low to high, with the number of areas in brackets."""
    values = release.values[column.id]
    if column.kind == "class":
        members = [(c.label(lang), values.eq(c.id).fillna(value=False)) for c in column.classes]
    else:
        members = _ranges(values.astype(float), column, lang)
    colors = column_colors(column, len(members), first_axis=_is_first_axis(release, column))
    return [
        _entry(words, chosen, color=color, lang=lang) for (words, chosen), color in zip(members, colors, strict=True)
    ]


def _is_first_axis(release: Release, column: ReleasedColumn) -> bool:
    classes = [c.id for c in map_columns(release) if c.kind == "class"]
    return classes[:1] == [column.id]


def _ranges(values: pd.Series[float], column: ReleasedColumn, lang: Lang) -> list[tuple[str, pd.Series[bool]]]:
    """Return the ranges between the limits of the classes in words, and the areas in each."""
    known = values.dropna()
    if known.empty:
        return []
    limits = [float(known.min()), *quantile_breaks(values), float("inf")]
    members = [values.ge(lower) & values.lt(upper) for lower, upper in pairwise(limits)]
    return list(zip(class_labels(column, values, lang), members, strict=True))


def gap_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[Entry]:
    """Return one entry per reason for which areas have no value."""
    values = release.values[column.id]
    gaps = pd.Series({key: gap_kind(release, str(key), column) for key in values.index[values.isna()]}, dtype=object)
    entries = []
    for gap, name in GAPS.items():
        chosen = gaps.eq(gap)
        if chosen.any():
            color, hatch = GAP_LOOKS[gap]
            entries.append(_entry(text(name, lang), chosen, color=color, hatch=hatch, lang=lang))
    return entries


def mark_entries(release: Release, lang: Lang) -> list[Entry]:
    """Return the entries of what is drawn over the areas, where there is any."""
    entries = []
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    is_open = borderline(release)
    sure = release.selected & ~is_open
    if sure.any():
        entries.append(_entry(words, sure, mark="selected", hatch="/", lang=lang))
    if is_open.any():
        border = text("legend_open", lang, label=words)
        entries.append(_entry(border, is_open, mark="open", hatch="/", lang=lang))
    if release.candidates is not None and len(release.candidates):
        entries.append(Entry(f"{text('legend_candidate', lang)} ({len(release.candidates)})", "candidate"))
    for frame, mark in ((release.programmes, "programme"), (release.facilities, "facility")):
        if frame is not None and len(frame):
            words = f"{text(f'legend_{mark}', lang)} ({len(frame)})"
            entries.append(Entry(words, "programme" if mark == "programme" else "facility"))
    return entries


def borderline(release: Release) -> pd.Series[bool]:
    """Return the selected areas that are borderline: another run of chance or choices would leave them out."""
    if release.stability is None:
        return release.selected & False
    return release.selected & release.stability.table["label"].eq("open")


def heading(column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of the column with its unit."""
    sign = unit(column, lang)
    return f"{label(column, lang)} ({sign})" if sign else label(column, lang)


def hints(release: Release, column: ReleasedColumn, lang: Lang) -> list[str]:
    """Return what helps to read the classes: which way the need index runs, the city value, what is in brackets."""
    words = [text("legend_need", lang)] if _is_first_axis(release, column) else []
    if pd.notna(column.city):
        words.append(text("legend_city", lang, value=value_text(column.city, column, lang)))
    return [*words, text("legend_areas", lang)]


def _entry(
    words: str, chosen: pd.Series[bool], *, lang: Lang, mark: Mark = "fill", color: str = "#ffffff", hatch: str = ""
) -> Entry:
    keys = tuple(map(str, chosen.index[chosen]))
    return Entry(f"{words} ({number_text(len(keys), 0, lang)})", mark, color, hatch, keys)
