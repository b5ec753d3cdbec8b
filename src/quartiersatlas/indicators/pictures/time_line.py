"""An indicator over the years: one area, its district and the city before all other areas, on true dates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, pick, text
from quartiersatlas.charts import Axis, Chart, Dot, Line, Text, axis, spread
from quartiersatlas.charts.marks import ACCENT, FAINT, INK, PAPER
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark
    from quartiersatlas.indicators.pictures.distribution import Measure

MOST_LINES = 150  # areas above which grey lines are a wall: two bands stand for them
DISTRICT = "#2c7fb8"
BANDS = ((0.1, 0.9, "#e4e4e4"), (0.25, 0.75, "#cfcfcf"))
LEAST_APART = 0.075  # of the height, between the words at the ends of lines
DAYS_APART = 0.13  # of the width, between two dates that are written
MIDNIGHT = "%d.%m.%Y"


@dataclass(frozen=True)
class DrawnCourse:
    """One line that is named: its values at the dates, its colour, its words at the end."""

    name: str
    values: tuple[float, ...]
    color: str
    width: float
    dash: tuple[float, ...] = ()
    area: str = ""
    gaps: tuple[str, ...] = ()
    is_city: bool = False

    def write(self, number: int, measure: Measure, lang: Lang) -> str:
        """Write the value at a date, or why there is none."""
        gap = self.gaps[number] if self.gaps and not isfinite(self.values[number]) else ""
        write = measure.write_city if self.is_city else measure.write
        return gap or write(self.values[number], lang)


def time_line_chart(
    values: pd.DataFrame,
    dates: Sequence[str | pd.Timestamp],
    measure: Measure,
    lang: Lang = "de",
    *,
    city: Sequence[float] | None = None,
    area: str = "",
    names: Mapping[str, str] | None = None,
    city_name: str = "",
    district: tuple[str, Sequence[float]] | None = None,
    parents: pd.Series[str] | None = None,
    interval: pd.DataFrame | None = None,
    gaps: Sequence[str] | None = None,
) -> Chart:
    """Return the course of an indicator over the years as a chart.

    Parameters
    ----------
    values : DataFrame of float
        One row per district key, one column per date in the order of ``dates``; NaN where a value is not known or not
        shown: a gap in the line, which nothing bridges.
    dates : sequence of str or Timestamp
        ``"31.12.2024"``, ``"2024-12-31"``, ``"2024"`` or a date; rising. A gap of two years is twice as wide as one of
        one.
    measure : Measure
        Label, unit and decimals.
    lang : {"de", "en"}
        Language.
    city : sequence of float, optional
        Value of the city at each date.
    area : str, optional
        Key of the area whose line stands out.
    names : mapping of str to str, optional
        Key -> name.
    city_name : str, optional
        What the city is called; "City" or "Stadt" where it is empty.
    district : (str, sequence of float), optional
        Name and values of the area's district. Drawn only at dates at which all its areas have a value.
    parents : Series of str, optional
        On the district key: the name of each area's district; needed with ``district``.
    interval : DataFrame of float, optional
        One row per date in their order, ``lower`` and ``upper``: the 95 % interval of the area.
    gaps : sequence of str, optional
        Per date: why the area has no value, in words.

    Returns
    -------
    Chart
        Above 150 areas, two bands stand for the other areas: the middle 80 and the middle 50 per cent of them.

    Raises
    ------
    SpecError
        There are fewer than two dates, they do not rise, or are not as many as there are columns; a district is given
        without the areas that it has.
    """
    check_lang(lang)
    days, written = days_of(dates, values.shape[1], lang)
    courses = _courses(
        values,
        city,
        area,
        names or {},
        _district(values, district, parents),
        tuple(gaps or ()),
        city_name or text("label_city", lang),
    )
    others = values.drop(index=[area], errors="ignore")
    marks = _others(others, days)
    drawn = [point[1] for mark in marks if isinstance(mark, Line) for point in mark.points if point]
    bounds: Iterable[float] = [] if interval is None else interval[["lower", "upper"]].to_numpy(dtype=float).ravel()
    ends = spread([*drawn, *bounds, *(v for course in courses for v in course.values)], from_zero=0.4)
    marks += _interval(interval, days) if area in values.index else []
    for course, place in zip(courses, _apart(courses, ends), strict=True):
        marks += _line(course, days, place, measure, lang)
    note = _note(others, lang) if len(others) else ""
    hidden = int(values.isna().to_numpy().sum())
    if hidden:
        note += " " + text("chart_gaps", lang, n=number_text(hidden, 0, lang))
    rows = tuple((c.name, *(c.write(n, measure, lang) for n in range(len(days)))) for c in courses)
    x = Axis(days[0] - 0.02 * (days[-1] - days[0]), days[-1], ticks=date_ticks(days, written))
    y = axis(*ends, measure.title, write=number_writer(lang), most=5, grid=True)
    return Chart(
        id="time_line",
        title=text("chart_time_line", lang, label=measure.label),
        alt=_sentence(courses, written, measure, lang),
        x=x,
        y=y,
        marks=tuple(marks),
        note=note.strip(),
        head=(text("label_areas", lang), *written),
        rows=rows,
        height=0.45,
    )


def days_of(dates: Sequence[str | pd.Timestamp], n: int, lang: Lang) -> tuple[list[float], list[str]]:
    """Return the dates as days since 1970, checked, and as they are written."""
    if len(dates) < 2:  # noqa: PLR2004 - one date has no course
        raise SpecError(f"A time line needs two dates or more, not {len(dates)}.")
    if len(dates) != n:
        raise SpecError(f"The values have {count_noun(n, 'column')} for {count_noun(len(dates), 'date')}.")
    days = [float(day_of(date).toordinal()) for date in dates]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise SpecError(f"The dates must rise, from the earliest to the latest: {', '.join(map(str, dates))}.")
    return days, [_written(date, dates, lang) for date in map(day_of, dates)]


def day_of(date: str | pd.Timestamp) -> pd.Timestamp:
    """Return a date; a year alone stands for its last day."""
    words = str(date)
    if words.isdigit() and len(words) == 4:  # noqa: PLR2004 - a year
        return pd.Timestamp(int(words), 12, 31)
    try:
        return pd.to_datetime(words, format=MIDNIGHT if "." in words else "ISO8601")
    except ValueError as error:
        raise SpecError(f"{date!r} is no date: write '31.12.2024', '2024-12-31' or '2024'.") from error


def _written(day: pd.Timestamp, dates: Sequence[str | pd.Timestamp], lang: Lang) -> str:
    """Return the year where all dates are the same day of it, else the whole date."""
    same = len({(other.month, other.day) for other in map(day_of, dates)}) == 1
    return f"{day:%Y}" if same else day.strftime(pick(lang, MIDNIGHT, "%Y-%m-%d"))


def date_ticks(days: list[float], written: list[str]) -> tuple[tuple[float, str], ...]:
    """Return the dates that have room to be written: the last one first, then as many as fit, backwards."""
    apart = DAYS_APART * (days[-1] - days[0]) * max(len(word) for word in written) / 6
    kept: list[tuple[float, str]] = []
    for day, word in zip(reversed(days), reversed(written), strict=True):
        if not kept or kept[-1][0] - day >= apart:
            kept.append((day, word))
    return tuple(reversed(kept))


def _district(
    values: pd.DataFrame, district: tuple[str, Sequence[float]] | None, parents: pd.Series[str] | None
) -> tuple[str, tuple[float, ...]] | None:
    """Return the district's values at the dates at which all its areas have one: a single gap would follow from it."""
    if district is None:
        return None
    if parents is None:
        raise SpecError("A district is drawn only with its areas: parents=data.areas['bezirk'].")
    name, course = district
    whole = values[parents.reindex(values.index).eq(name)].notna().all(axis=0)
    return name, tuple(v if known else np.nan for v, known in zip(course, whole, strict=True))


def _courses(
    values: pd.DataFrame,
    city: Sequence[float] | None,
    area: str,
    names: Mapping[str, str],
    district: tuple[str, tuple[float, ...]] | None,
    gaps: tuple[str, ...],
    city_name: str,
) -> list[DrawnCourse]:
    """Return the lines that are named, the most important one last: it is drawn on top."""
    found = []
    if city is not None:
        found.append(DrawnCourse(city_name, tuple(city), INK, 1.4, (4, 2.5), is_city=True))
    if district is not None:
        found.append(DrawnCourse(*district, DISTRICT, 1.4))
    if area in values.index:
        own = tuple(values.loc[[area]].to_numpy(dtype=float)[0].tolist())
        found.append(DrawnCourse(str(names.get(area, area)), own, ACCENT, 2.2, (), area, gaps))
    return found


def _others(values: pd.DataFrame, days: list[float]) -> list[Mark]:
    """Return the other areas: grey lines, or bands where they are many."""
    table = values.to_numpy(dtype=float)
    if len(table) <= MOST_LINES:
        return [
            Line(points=_points(days, row), stroke=FAINT, width=0.8, area=str(key))
            for key, row in zip(values.index, table, strict=True)
        ]
    return [
        Line(points=_band(days, table, low, high, run), fill=color)
        for low, high, color in BANDS
        for run in _runs(~np.isnan(table).all(axis=0))
    ]


def _runs(known: np.ndarray) -> list[list[int]]:
    """Return the dates with values, those that follow each other together: a band does not bridge a gap either."""
    return [[n for n, _ in run] for there, run in groupby(enumerate(known), key=itemgetter(1)) if there]


def _band(
    days: list[float], table: np.ndarray, low: float, high: float, run: list[int]
) -> tuple[tuple[float, float], ...]:
    """Return the outline of a band over some dates, forth below and back above."""
    lower, upper = (np.nanquantile(table[:, run], share, axis=0) for share in (low, high))
    there = [days[n] for n in run]
    points = [*zip(there, lower, strict=True), *zip(reversed(there), reversed(upper), strict=True)]
    return tuple((float(x), float(y)) for x, y in points)


def _points(days: list[float], row: Iterable[float]) -> tuple[tuple[float, float] | None, ...]:
    return tuple((x, float(y)) if isfinite(y) else None for x, y in zip(days, row, strict=True))


def _interval(interval: pd.DataFrame | None, days: list[float]) -> list[Mark]:
    if interval is None:
        return []
    ends = zip(days, interval["lower"], interval["upper"], strict=True)
    return [
        Line(points=((day, float(low)), (day, float(high))), stroke=ACCENT, width=7, opacity=0.22)
        for day, low, high in ends
        if isfinite(low) and isfinite(high)
    ]


def _line(course: DrawnCourse, days: list[float], place: float, measure: Measure, lang: Lang) -> list[Mark]:
    """Return a line with its dots, and its name and last value at its right end."""
    marks: list[Mark] = [
        Line(
            points=_points(days, course.values),
            stroke=course.color,
            width=course.width,
            dash=course.dash,
            area=course.area,
        )
    ]
    marks += [
        Dot(x=day, y=value, r=2.6, fill=course.color, stroke=PAPER, width=0.8, area=course.area)
        for day, value in zip(days, course.values, strict=True)
        if isfinite(value)
    ]
    if isfinite(place):
        words = f"{course.name} {course.write(len(days) - 1, measure, lang)}"
        marks.append(Text(x=days[-1], y=place, text=words, dx=7, anchor="start", fill=course.color, bold=True))
    return marks


def _apart(courses: list[DrawnCourse], ends: tuple[float, float]) -> list[float]:
    """Return where the words of each line stand, so that none covers another."""
    least = LEAST_APART * (ends[1] - ends[0])
    places = {}
    last = [_last(course) for course in courses]
    below = -np.inf
    for number in sorted((n for n, value in enumerate(last) if isfinite(value)), key=lambda n: last[n]):
        places[number] = below = max(last[number], below + least)
    return [places.get(number, np.nan) for number in range(len(courses))]


def _last(course: DrawnCourse) -> float:
    """Return the last known value: where it is not that of the last date, the words say that this one is not shown."""
    known = [value for value in course.values if isfinite(value)]
    return known[-1] if known else float("nan")


def _note(values: pd.DataFrame, lang: Lang) -> str:
    name = "chart_grey_lines" if len(values) <= MOST_LINES else "chart_grey_bands"
    return text(name, lang, n=number_text(len(values), 0, lang))


def _sentence(courses: list[DrawnCourse], written: list[str], measure: Measure, lang: Lang) -> str:
    parts = []
    for course in reversed(courses):
        each = ", ".join(f"{date}: {course.write(n, measure, lang)}" for n, date in enumerate(written))
        parts.append(f"{course.name}: {each}.")
    return f"{measure.label}. " + " ".join(parts)
