"""What a map on paper shows and what its legend says: classes, gaps and marks, each with its areas."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.words import value_text
from quartiersatlas.errors import SpecError
from quartiersatlas.present.map.classes import (
    class_labels,
    column_colors,
    is_first_axis,
    is_total,
    quantile_breaks,
)
from quartiersatlas.present.paper.measure_signs import MOST_AREAS, is_crowded, signed_areas
from quartiersatlas.present.statements import GAPS, city_line, doubtful, gap_kinds, gap_text
from quartiersatlas.screening import running_programmes

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.places import FittedContext

Symbol = Literal[
    "fill", "selected", "borderline", "near", "candidate", "programme", "programme_other", "facility", "circle",
    "circles", "measure",
]  # fmt: skip
Pattern = Literal["", "dots", "bars", "dashes"]
LARGEST = 6.0  # millimetres: the radius of the largest circle
LAND = "#f1f1ee"
# fill and pattern of areas without a value, as on the map: every pattern differs, not the grey alone
GAP_LOOKS: dict[str, tuple[str, Pattern]] = {
    "missing": ("#dddddd", ""),
    "unreliable": ("#dddddd", ""),
    "not_applicable": ("#dddddd", ""),
    "excluded": ("#dddddd", "bars"),
    "protected": ("#ffffff", "dots"),
    "source": ("#ffffff", "dots"),
    "derived": ("#ffffff", "dots"),
    "small_area": ("#ededed", "bars"),
    "unknown_residents": ("#ededed", "dashes"),
    "uninhabited": ("#ffffff", ""),
}


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend, and the areas it stands for."""

    words: str
    count: str = ""
    symbol: Symbol = "fill"
    color: str = "#ffffff"
    pattern: Pattern = ""
    kind: str = ""  # of a sign of measures
    keys: tuple[str, ...] = field(default=(), repr=False)
    radius: float = 0.0  # millimetres, of a circle in the legend
    radii: tuple[float, ...] = field(default=(), repr=False)  # millimetres, of the circles of the areas

    @property
    def in_full(self) -> str:
        """Words and count."""
        return f"{self.words} ({self.count})" if self.count else self.words


def map_entries(
    release: Release, column: ReleasedColumn, lang: Lang, zoom: float = 1.0, *, circles: bool = False
) -> list[LegendEntry]:
    """Return everything that a map of a column shows, in the order of its legend."""
    made = circle_entries(release, column, lang, zoom) if circles else class_entries(release, column, lang)
    return [*made, *gap_entries(release, column, lang), *mark_entries(release, lang), *sign_entries(release, lang)]


def class_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[LegendEntry]:
    """Return one entry per class, from low to high, with the number of its areas."""
    values = release.values[column.id]
    if column.kind == "class":
        members = [(c.label(lang), values.eq(c.id).fillna(value=False)) for c in column.classes]
    else:
        members = _ranges(values.astype(float), column, lang)
    colors = column_colors(column, len(members), first_axis=is_first_axis(release, column))
    return [
        _entry(words, chosen, color=color, lang=lang) for (words, chosen), color in zip(members, colors, strict=True)
    ]


def _ranges(values: pd.Series[float], column: ReleasedColumn, lang: Lang) -> list[tuple[str, pd.Series[bool]]]:
    """Return the ranges between the limits of the classes in words, and the areas in each."""
    known = values.dropna()
    if known.empty:
        return []
    limits = [float(known.min()), *quantile_breaks(values), float("inf")]
    members = [values.ge(lower) & values.lt(upper) for lower, upper in pairwise(limits)]
    return list(zip(class_labels(column, values, lang), members, strict=True))


def gap_entries(release: Release, column: ReleasedColumn, lang: Lang) -> list[LegendEntry]:
    """Return one entry per reason for which areas have no value."""
    gaps = gap_kinds(release, column)
    entries = []
    for gap in GAPS:
        chosen = gaps.eq(gap)
        if chosen.any():
            color, pattern = GAP_LOOKS[gap]
            entries.append(_entry(gap_text(gap, lang), chosen, color=color, pattern=pattern, lang=lang))
    return entries


def mark_entries(release: Release, lang: Lang) -> list[LegendEntry]:
    """Return the entries of what is drawn over the areas, where there is any."""
    entries = []
    words = text("legend_selected_context" if release.context_only else "legend_selected", lang)
    is_open, is_near = borderline_areas(release)
    border = text("legend_open", lang, label=words)
    for said, chosen, symbol in (
        (words, release.selected & ~is_open, "selected"),
        (border, is_open, "borderline"),
        (text("legend_near", lang), is_near, "near"),
    ):
        if chosen.any():
            entries.append(_entry(said, chosen, symbol=symbol, lang=lang))  # type: ignore[arg-type] # one of three
    runs = None if release.programmes is None else running_programmes(release.programmes)
    layers: tuple[tuple[str, Symbol, int], ...] = (
        ("legend_candidate", "candidate", _count(release.candidates)),
        ("legend_programme", "programme", 0 if runs is None else int(runs.sum())),
        ("legend_programme_other", "programme_other", 0 if runs is None else int((~runs).sum())),
        ("legend_facility", "facility", _count(release.facilities)),
    )
    for name, sign, count in layers:
        if count:
            entries.append(LegendEntry(text(name, lang), number_text(count, 0, lang), sign))
    return entries


def sign_entries(release: Release, lang: Lang) -> list[LegendEntry]:
    """Return the entries of the signs of measures, each with its areas."""
    return [
        LegendEntry(text(f"sign_{kind}", lang), number_text(len(keys), 0, lang), "measure", kind=kind, keys=keys)
        for kind, keys in signed_areas(release).items()
    ]


def sign_notes(release: Release, lang: Lang) -> list[str]:
    """Return what is said of the signs of measures below the legend: what they are, or that there are none."""
    if is_crowded(release):
        return [text("sign_many", lang, n=number_text(MOST_AREAS, 0, lang))]
    return [text("sign_note", lang)] if signed_areas(release) else []


def _count(layer: pd.DataFrame | None) -> int:
    return 0 if layer is None else len(layer)


def borderline_areas(release: Release) -> tuple[pd.Series[bool], pd.Series[bool]]:
    """Return the selected and the other areas that chance or choices would move to the other side in many runs."""
    nobody = release.selected & False
    if release.stability is None:
        return nobody, nobody
    label = release.stability.table["label"]
    near = label.isin(["certain", "borderline"]) & ~release.selected
    return release.selected & label.notna() & label.ne("certain"), near


def _entry(
    words: str,
    chosen: pd.Series[bool],
    *,
    lang: Lang,
    symbol: Symbol = "fill",
    color: str = "#ffffff",
    pattern: Pattern = "",
) -> LegendEntry:
    keys = tuple(map(str, chosen.index[chosen]))
    return LegendEntry(words, number_text(len(keys), 0, lang), symbol, color, pattern, keys=keys)


def circle_entries(release: Release, column: ReleasedColumn, lang: Lang, zoom: float) -> list[LegendEntry]:
    """Return the entries of a map of circles: the land below them, and three sizes; the largest has all circles.

    Raises
    ------
    SpecError
        The column is no total: a circle has no negative surface, and a rate is no sum.
    """
    values = release.values[column.id].astype(float)
    if column.indicator.kind not in ("count", "amount") or values.lt(0).any():
        raise SpecError(
            f"circles are for counts and amounts, and {column.id!r} is a {column.indicator.kind.replace('_', ' ')}: "
            f"draw it without circles=True."
        )
    known = values.dropna()
    land = LegendEntry(text("legend_land", lang), "", "fill", LAND, keys=tuple(map(str, known.index)))
    most = float(known.max()) if len(known) else 0.0
    if not most > 0:
        return [land]
    scale = LARGEST * zoom / np.sqrt(most)
    sizes = dict.fromkeys([_round(most), _round(most / 4), _round(most / 16)])
    entries = [
        LegendEntry(value_text(size, column, lang), symbol="circle", radius=float(scale * np.sqrt(size)))
        for size in sizes
        if size > 0
    ]
    drawn = known[known > 0].sort_values(ascending=False, kind="stable")  # small ones above large ones
    radii = tuple((scale * np.sqrt(drawn.to_numpy())).tolist())
    words = text("legend_circles", lang)
    return [land, LegendEntry(words, symbol="circles", keys=tuple(map(str, drawn.index)), radii=radii), *entries]


def _round(size: float) -> float:
    """Return a round number not above a size: one digit and zeros."""
    if size < 1:
        return 0.0
    step = 10.0 ** np.floor(np.log10(size))
    return float(np.floor(size / step) * step)


def legend_notes(
    release: Release,
    column: ReleasedColumn,
    lang: Lang,
    *,
    circles: bool = False,
    context: FittedContext | None = None,
) -> list[str]:
    """Return what helps to read the classes: which way the need index runs, the city value, what is in brackets."""
    pale = [text("legend_inhabited", lang)] if context is not None and "inhabited" in context.surfaces else []
    last = [*sign_notes(release, lang), text("legend_areas", lang)]
    if circles:
        return [*pale, *last]
    words = [text("legend_need", lang)] if is_first_axis(release, column) else []
    if is_total(column):
        words.append(text("legend_count", lang))
    if pd.notna(column.city):
        words.append(city_line(release, column, lang))
    words += [text("legend_doubtful", lang)] if doubtful(release, column).any() else []
    return [*words, *pale, *last]
