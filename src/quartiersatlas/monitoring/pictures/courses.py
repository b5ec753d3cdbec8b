"""City and median area over the years, with a gap and a dotted line where the definition changes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, text, value_text
from quartiersatlas.charts import Axis, Chart, Dot, Line, Text, VRule, axis, spread
from quartiersatlas.charts.marks import INK, PAPER, QUIET
from quartiersatlas.indicators.pictures.time_line import date_ticks, days_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.charts.marks import Mark

AREAS = "#33507d"
APART = 0.08  # of the height, between the words at the ends of two lines
DOTTED = (1.2, 2.4)


@dataclass(frozen=True)
class Stretch:
    """Dates that one definition covers.

    Parameters
    ----------
    dates : tuple of str
        Rising.
    city, median : tuple of float
        Values of the whole city and of the median area; NaN where unknown.
    label : str
        What the indicator is called there.
    """

    dates: tuple[str, ...]
    city: tuple[float, ...]
    median: tuple[float, ...]
    label: str = ""


def course_chart(stretches: Sequence[Stretch], meaning: Indicator, lang: Lang = "de") -> Chart:
    """Return the course of an indicator; nothing joins two definitions.

    Parameters
    ----------
    stretches : sequence of Stretch
        One per definition, in the order of their dates.
    meaning : Indicator
        The latest meaning: label and unit.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        With a dotted upright line in the middle between two stretches.

    Raises
    ------
    SpecError
        There are fewer than two dates, or they do not rise.
    """
    check_lang(lang)
    dates = [date for one in stretches for date in one.dates]
    days, written = days_of(dates, len(dates), lang)
    unit = meaning.unit_text(lang)
    marks: list[Mark] = []
    starts, place = [], 0
    for one in stretches:
        own = days[place : place + len(one.dates)]
        starts.append((own[0], own[-1]))
        marks += [*_course(own, one.median, AREAS, 1.6), *_course(own, one.city, INK, 2.2)]
        place += len(one.dates)
    marks += [
        VRule(x=(before[1] + after[0]) / 2, text=text("break_rule", lang), stroke=QUIET, dash=DOTTED)
        for before, after in pairwise(starts)
    ]
    values = [*(v for one in stretches for v in one.city), *(v for one in stretches for v in one.median)]
    low, high = spread(values, from_zero=0.4)
    marks += _ends(days[-1], stretches[-1], (low, high), unit, lang)
    names = text("label_city", lang), text("chart_median_area", lang)
    rows = tuple(
        (
            date,
            *(value_text(v, 1, unit, lang) if isfinite(v) else text("chart_no_value", lang) for v in pair),
            one.label,
        )
        for one in stretches
        for date, pair in zip(one.dates, zip(one.city, one.median, strict=True), strict=True)
    )
    n_breaks = len(stretches) - 1
    note = text("break_chart_note", lang, n=number_text(n_breaks, 0, lang)) if n_breaks else ""
    title = text("break_chart", lang, indicator=meaning.label(lang))
    return Chart(
        id="course",
        title=title,
        alt=f"{title}. " + " ".join(f"{row[0]}: {names[0]} {row[1]}, {names[1]} {row[2]}." for row in rows),
        x=Axis(days[0] - 0.04 * (days[-1] - days[0]), days[-1], ticks=date_ticks(days, written)),
        y=axis(
            low,
            high,
            f"{meaning.label(lang)} ({unit})" if unit else meaning.label(lang),
            write=number_writer(lang),
            grid=True,
        ),
        marks=tuple(marks),
        note=note,
        head=(text("label_date", lang), *names, text("label_definition", lang)),
        rows=rows,
        height=0.45,
    )


def _course(days: list[float], values: tuple[float, ...], color: str, width: float) -> list[Mark]:
    points = tuple((day, v) if isfinite(v) else None for day, v in zip(days, values, strict=True))
    dots = [Dot(x=point[0], y=point[1], r=3, fill=color, stroke=PAPER, width=0.8) for point in points if point]
    return [Line(points=points, stroke=color, width=width), *dots]


def _ends(day: float, last: Stretch, ends: tuple[float, float], unit: str, lang: Lang) -> list[Mark]:
    """Return the words at the right end of both lines, apart from each other."""
    named = {"label_city": (last.city[-1], INK), "chart_median_area": (last.median[-1], AREAS)}
    marks: list[Mark] = []
    below = -float("inf")
    for name, (value, color) in sorted(named.items(), key=lambda one: one[1][0]):
        if isfinite(value):
            below = max(value, below + APART * (ends[1] - ends[0]))
            words = f"{text(name, lang)} {value_text(value, 1, unit, lang)}"
            marks.append(Text(x=day, y=below, text=words, dx=7, anchor="start", fill=color, bold=True))
    return marks
