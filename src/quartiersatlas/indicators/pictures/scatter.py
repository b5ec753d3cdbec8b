"""Two indicators of the same areas, with the cross of the city; bins where areas are too many for dots."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, place_words, text
from quartiersatlas.charts import Bar, Chart, Dot, HRule, Text, VRule, axis, spread
from quartiersatlas.charts.marks import ACCENT, INK, QUIET
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.pictures.distribution import PLAIN, city_words, shown_note

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark
    from quartiersatlas.indicators.pictures.distribution import Classes, Measure

MOST_DOTS = 2000
MOST_MARKED = 400  # more dots above the cells hide them
CELLS = 40  # of the two-dimensional bins, along each axis
TINT = "#fbeee0"
QUADRANTS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


@dataclass(frozen=True)
class Marked:
    """Areas that stand out: the one that is looked at, those selected, those that are borderline cases."""

    area: str = ""
    selected: Collection[str] = field(default_factory=frozenset)
    borderline: Collection[str] = field(default_factory=frozenset)


def scatter_chart(
    x: pd.Series[float],
    y: pd.Series[float],
    measures: tuple[Measure, Measure],
    lang: Lang = "de",
    *,
    city: tuple[float, float] = (float("nan"), float("nan")),
    classes: Classes | None = None,
    marked: Marked | None = None,
    names: Mapping[str, str] | None = None,
    city_name: str = "",
) -> Chart:
    """Return two indicators of the same areas as a chart.

    Parameters
    ----------
    x, y : Series of float
        On one district key; NaN where a value is not known or not shown. An area that lacks one of the two is counted,
        not put on an axis.
    measures : (Measure, Measure)
        Labels, units, decimals and directions. The quarter in which both are worse than the city is tinted only where
        both have a direction.
    lang : {"de", "en"}
        Language.
    city : (float, float)
        Values of the city: the cross. NaN where one is not known; without both there are no quarters.
    classes : Classes, optional
        Colours of the dots.
    marked : Marked, optional
        The area, the selected and the borderline ones.
    names : mapping of str to str, optional
        Key -> name.
    city_name : str, optional
        What the city is called; "City" or "Stadt" where it is empty.

    Returns
    -------
    Chart
        No regression line and no correlation: the picture is about areas, not about persons. Above 2,000 areas the
        unmarked ones are counted in cells.

    Raises
    ------
    SpecError
        The two columns are on different keys.
    """
    check_lang(lang)
    if not x.index.equals(y.index):
        raise SpecError(
            f"x and y are on different keys: {count_noun(len(x), 'area')} and {count_noun(len(y), 'area')}."
        )
    both = pd.DataFrame({"x": x.astype(float), "y": y.astype(float)})
    known = both[np.isfinite(both.to_numpy()).all(axis=1)]
    marked = marked or Marked()
    quarters = _quarters(known, city)
    ends = [spread([*known[name], value]) for name, value in zip("xy", city, strict=True)]
    marks = [
        *_tint(measures, city, ends),
        *_cross(city, measures, city_name, lang),
        *_points(known, classes, marked, ends),
    ]
    marks += _name(known, marked.area, names or {}, ends)
    marks += _count(measures, quarters, ends, lang, city_name) if quarters else []
    axes = [
        axis(*end, measure.title, write=number_writer(lang), grid=True)
        for end, measure in zip(ends, measures, strict=True)
    ]
    title = text("chart_scatter", lang, one=measures[0].label, other=measures[1].label)
    head, rows = _table(quarters, measures, lang, city_name)
    alt = text(
        "chart_scatter_sentence",
        lang,
        one=measures[0].label,
        other=measures[1].label,
        n=number_text(len(known), 0, lang),
    )
    return Chart(
        id="scatter",
        title=title,
        alt=" ".join([alt, *(f"{name}: {n}." for name, n in rows)]),
        x=axes[0],
        y=axes[1],
        marks=tuple(marks),
        note=_note(len(known), len(both), lang),
        head=head,
        rows=rows,
        order=tuple(known.sort_values("x", kind="stable").index.astype(str)),
        height=0.6,
    )


def _quarters(known: pd.DataFrame, city: tuple[float, float]) -> dict[tuple[int, int], int]:
    """Return how many areas lie above and below the city on both axes; one that lies on the cross is not above it."""
    if not (isfinite(city[0]) and isfinite(city[1])):
        return {}
    right, up = known["x"] > city[0], known["y"] > city[1]
    return {(a, b): int((right.eq(a > 0) & up.eq(b > 0)).sum()) for a, b in QUADRANTS}


def _directions(measures: tuple[Measure, Measure]) -> tuple[int, int] | None:
    """Return where both indicators mean more need; None where one has no direction."""
    found = measures[0].direction, measures[1].direction
    return found if all(found) else None


def _worse(measures: tuple[Measure, Measure], quarters: dict[tuple[int, int], int]) -> tuple[str, int]:
    """Return the words of the quarter that is written, and how many areas lie in it."""
    quarter = _directions(measures) or (1, 1)
    words = "chart_both_above" if quarter == (1, 1) else "chart_both_worse"
    return words, quarters.get(quarter, 0)


def _count(
    measures: tuple[Measure, Measure],
    quarters: dict[tuple[int, int], int],
    ends: list[tuple[float, float]],
    lang: Lang,
    city_name: str,
) -> list[Mark]:
    """Return how many areas lie in the quarter that is written, in its corner."""
    words, count = _worse(measures, quarters)
    x, y, right = _corner(measures, ends)
    aside, down = (-1.0 if right else 1.0), -7.0  # above its corner, where no dot lies, or few
    label = text(words, lang, n=number_text(count, 0, lang), **place_words(city_name))
    return [Text(x=x, y=y, text=label, anchor="end" if right else "start", fill=QUIET, dx=aside, dy=down)]


def _corner(measures: tuple[Measure, Measure], ends: list[tuple[float, float]]) -> tuple[float, float, bool]:
    """Return the outer corner of the quarter that is written, and whether it is at the right."""
    right, up = (sign > 0 for sign in _directions(measures) or (1, 1))
    return ends[0][right], ends[1][up], right


def _tint(measures: tuple[Measure, Measure], city: tuple[float, float], ends: list[tuple[float, float]]) -> list[Mark]:
    if _directions(measures) is None or not (isfinite(city[0]) and isfinite(city[1])):
        return []
    x, y, _ = _corner(measures, ends)
    return [Bar(x0=city[0], x1=x, y0=city[1], y1=y, fill=TINT)]


def _cross(city: tuple[float, float], measures: tuple[Measure, Measure], name: str, lang: Lang) -> list[Mark]:
    marks: list[Mark] = []
    if isfinite(city[0]):
        words = city_words(measures[0].write_city(city[0], lang), name, lang)
        marks.append(VRule(x=city[0], text=words, stroke=INK, dash=(3, 2)))
    if isfinite(city[1]):
        words = city_words(measures[1].write_city(city[1], lang), name, lang)
        marks.append(HRule(y=city[1], text=words, stroke=INK, dash=(3, 2)))
    return marks


def _points(
    known: pd.DataFrame, classes: Classes | None, marked: Marked, ends: list[tuple[float, float]]
) -> list[Mark]:
    """Return the dots, those that stand out last; above the limit the others as cells, the darker the more."""
    out = known.index.isin([marked.area, *marked.selected, *marked.borderline])
    if len(known) > MOST_DOTS and out.sum() > MOST_MARKED:
        out = known.index == marked.area
    plain = known[~out]
    marks: list[Mark] = []
    if len(known) > MOST_DOTS:
        marks += _cells(plain, ends)
    else:
        marks += [_dot(str(key), xy, classes, marked) for key, xy in zip(plain.index, plain.to_numpy(), strict=True)]
    special = known[out]
    order = sorted(range(len(special)), key=lambda n: special.index[n] == marked.area)
    return marks + [_dot(str(special.index[n]), special.to_numpy()[n], classes, marked) for n in order]


def _dot(key: str, xy: np.ndarray, classes: Classes | None, marked: Marked) -> Dot:
    number = np.nan if classes is None else classes.numbers.get(key, np.nan)
    fill = PLAIN[0] if classes is None or pd.isna(number) else classes.colors[int(number)]
    x, y = float(xy[0]), float(xy[1])
    if key == marked.area:
        return Dot(x=x, y=y, r=5.5, fill=fill, stroke=ACCENT, width=2.2, area=key)
    if key in marked.borderline:
        return Dot(x=x, y=y, r=4.2, fill=fill, stroke=INK, width=1.4, dash=(1.5, 1.2), area=key)
    if key in marked.selected:
        return Dot(x=x, y=y, r=4.2, fill=fill, stroke=INK, width=1.6, area=key)
    return Dot(x=x, y=y, r=3, fill=fill, stroke=QUIET, width=0.4, area=key)


def _cells(known: pd.DataFrame, ends: list[tuple[float, float]]) -> list[Mark]:
    counts, xs, ys = np.histogram2d(known["x"], known["y"], bins=CELLS, range=ends)
    most = counts.max()
    return [
        Bar(
            x0=float(xs[i]),
            x1=float(xs[i + 1]),
            y0=float(ys[j]),
            y1=float(ys[j + 1]),
            fill=INK,
            opacity=round(0.15 + 0.75 * float(counts[i, j] / most), 3),
        )
        for i, j in zip(*np.nonzero(counts), strict=True)
    ]


def _name(known: pd.DataFrame, area: str, names: Mapping[str, str], ends: list[tuple[float, float]]) -> list[Mark]:
    if area not in known.index:
        return []
    x, y = map(float, known.loc[[area]].to_numpy()[0])
    left = x > (ends[0][0] + ends[0][1]) / 2
    look = {"anchor": "end", "dx": -9.0} if left else {"anchor": "start", "dx": 9.0}
    return [Text(x=x, y=y, text=str(names.get(area, area)), fill=ACCENT, bold=True, area=area, **look)]  # type: ignore[arg-type]


def _table(
    quarters: dict[tuple[int, int], int], measures: tuple[Measure, Measure], lang: Lang, city_name: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return how many areas lie in each quarter."""
    words = {
        (1, 1): "chart_above_above",
        (1, -1): "chart_above_below",
        (-1, 1): "chart_below_above",
        (-1, -1): "chart_below_below",
    }
    said = {"one": measures[0].label, "other": measures[1].label, **place_words(city_name)}
    rows = tuple((text(words[quarter], lang, **said), number_text(n, 0, lang)) for quarter, n in quarters.items())
    return (text("chart_quarter", lang), text("label_areas", lang)), rows


def _note(shown: int, everything: int, lang: Lang) -> str:
    cells = f" {text('chart_cells', lang)}" if shown > MOST_DOTS else ""
    return f"{shown_note(shown, everything, lang)} {text('chart_areas_not_persons', lang)}{cells}"
