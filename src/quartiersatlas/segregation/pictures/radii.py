"""A spatial index over the radius of the surroundings, with the band that chance gives."""

from __future__ import annotations

from dataclasses import replace
from math import log10
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue.texts import number_text, number_writer, text
from quartiersatlas.charts import Axis, Chart, Dot, Line, Text, axis
from quartiersatlas.charts.marks import PAPER
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.inference.significance import significance_test
from quartiersatlas.segregation.registry import registry
from quartiersatlas.segregation.table import MeasuredIndices, index_tasks, table_rows, unique_radii, with_notes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

COLOR, BAND = "#3b528b", "#dddddd"
COLORS = ("#3b528b", "#e6a117", "#21918c", "#9c4f96", "#7a7a7a", "#b35806")


def radii_chart(
    result: MeasuredIndices,
    group: str,
    place: int,
    index: str,
    lang: Lang,
    *,
    radii: Iterable[float] | float | None = None,
    n: int = 99,
    seed: int = 1,
) -> Chart:
    """Return a spatial index over the radius: a line per group, and the band of chance of the group asked for."""
    table = _values(result, index, radii, n, seed)
    place_name = result.prepared.place_names[place]
    table = table[table["by"].eq(place_name) & table["group"].isin(result.spec.groups)]
    of_group = table[table["group"].eq(group)].drop_duplicates("radius").sort_values("radius")
    if of_group["value"].notna().sum() < 2:  # noqa: PLR2004 - one point is no profile
        raise SpecError(f"{index!r} of {group!r} has no values at two radii: there is nothing to draw.")
    marks = _band(of_group) if n else []
    lines = {
        name: part.drop_duplicates("radius").sort_values("radius") for name, part in table.groupby("group", sort=False)
    }
    colors = {name: COLORS[number % len(COLORS)] for number, name in enumerate(lines)}
    values = table["value"].dropna()
    ends = (1.4 * min(0.0, float(values.min())), 1.08 * float(values.max()) or 1.0)
    places = _apart(
        {str(name): float(part["value"].iloc[-1]) for name, part in lines.items()}, 0.06 * (ends[1] - ends[0])
    )
    for name, part in lines.items():
        marks += _line(str(name), part, colors[name], places[str(name)], strong=name == group)
    used = sorted(of_group["radius"])
    label = text(f"index_{index}", lang)
    sentence = " ".join(
        f"{number_text(r, 0, lang)} m: {number_text(v, 3, lang)}."
        for r, v in zip(of_group["radius"], of_group["value"], strict=True)
    )
    note = text("chart_radii_note", lang)
    if n:
        note += " " + text("chart_radii_chance", lang, n=number_text(n, 0, lang), seed=str(seed), group=group)
    head = (text("chart_radius", lang), label, text("chart_lower_end", lang), text("chart_upper_end", lang))
    cells = tuple(
        (f"{number_text(r, 0, lang)} m", *(number_text(v, 3, lang) if np.isfinite(v) else "–" for v in row))
        for r, row in zip(
            of_group["radius"], of_group[["value", "null_lower", "null_upper"]].to_numpy(dtype=float), strict=True
        )
    )
    return Chart(
        id="radii",
        title=text("chart_radii", lang, index=label),
        alt=f"{group}. {sentence}",
        x=Axis(used[0], used[-1], text("chart_radius_axis", lang), _ticks(used, lang), scale="log"),
        y=axis(*ends, label, write=number_writer(lang), grid=True),
        marks=tuple(marks),
        note=note,
        head=head,
        rows=cells,
        height=0.5,
    )


def _values(
    result: MeasuredIndices, index: str, radii: Iterable[float] | float | None, n: int, seed: int
) -> pd.DataFrame:
    """Return the index at all radii, with the bounds of chance where they are asked for."""
    able = tuple(name for name, one in registry().items() if one.requires == "radii")
    choice(index, able, "index")
    used = unique_radii(radii, result.spec.kernel) or result.spec.radii
    if len(used) < 2:  # noqa: PLR2004 - one point is no profile
        raise SpecError("A profile needs two radii or more, in metres: plot('radii', radii=[500, 1000, 2000, 4000]).")
    spec = replace(result.spec, radii=used, indices=(index,), resample=None)
    prepared = replace(result.prepared, spec=spec)
    tasks = index_tasks(prepared)
    table, codes = with_notes(table_rows(prepared, tasks), prepared, tasks, None)
    if not n:
        return table.assign(null_lower=np.nan, null_upper=np.nan)
    chance = significance_test(MeasuredIndices(table, codes, (), prepared), n=n, seed=seed)
    return table.assign(null_lower=chance["null_lower"], null_upper=chance["null_upper"])


def _band(rows: pd.DataFrame) -> list[Mark]:
    known = rows.dropna(subset=["null_lower", "null_upper"])
    if known.empty:
        return []
    points = [*zip(known["radius"], known["null_lower"], strict=True)]
    points += reversed([*zip(known["radius"], known["null_upper"], strict=True)])
    return [Line(points=tuple((float(x), float(y)) for x, y in points), fill=BAND)]


def _line(name: str, rows: pd.DataFrame, color: str, place: float, *, strong: bool) -> list[Mark]:
    """Return a line with its dots and its name at the right end."""
    points = tuple(
        (float(x), float(y)) if np.isfinite(y) else None for x, y in zip(rows["radius"], rows["value"], strict=True)
    )
    marks: list[Mark] = [Line(points=points, stroke=color, width=2.2 if strong else 1.4)]
    marks += [Dot(x=point[0], y=point[1], r=2.8, fill=color, stroke=PAPER, width=0.8) for point in points if point]
    if np.isfinite(place):
        end = float(rows["radius"].iloc[-1])
        marks.append(Text(x=end, y=place, text=name, dx=7, anchor="start", fill=color, bold=strong))
    return marks


def _apart(ends: dict[str, float], least: float) -> dict[str, float]:
    """Return where the names at the ends of lines stand, so that none covers another."""
    found, below = dict.fromkeys(ends, float("nan")), -np.inf
    for name in sorted((name for name, value in ends.items() if np.isfinite(value)), key=lambda name: ends[name]):
        found[name] = below = max(ends[name], below + least)
    return found


def _ticks(radii: list[float], lang: Lang) -> tuple[tuple[float, str], ...]:
    """Return the radii that have room to be written on a logarithmic axis, the last one first."""
    apart = 0.11 * (log10(radii[-1]) - log10(radii[0]))
    kept: list[float] = []
    for radius in reversed(radii):
        if not kept or log10(kept[-1]) - log10(radius) >= apart:
            kept.append(radius)
    return tuple((radius, number_text(radius, 0, lang)) for radius in reversed(kept))
