"""A group beside the others: dots with the gap between them, and two lines over the years; never the gap alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, text, value_text
from quartiersatlas.charts import Axis, Chart, Dot, HRule, Line, Text, axis, spread
from quartiersatlas.charts.marks import FAINT, INK, PAPER, QUIET
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.pictures.time_line import date_ticks, days_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

GROUP, OTHERS, GROUP_BAND, OTHERS_BAND = "#33507d", "#8a8a8a", "#c9d3e4", "#dedede"
ROOM = 0.03  # of the width, at the right of the highest rate
APART = 0.08  # of the height, between the words at the ends of two lines


GAP_TO = {"others": "group_gap_to_others", "all": "group_gap_to_all"}
WHO = {"others": "chart_gap_others", "all": "chart_gap_all"}


@dataclass(frozen=True)
class GapRow:
    """One row of a dumbbell: rates in percent, persons of the group, the gap in points; NaN where unknown.

    Parameters
    ----------
    name : str
        Of the place.
    group, others, all : float
        Rates in percent.
    n : float
        Persons of the group.
    difference, lower, upper : float
        The gap against the reference in percentage points, with its interval.
    area : str
        Key of the area; empty for the city.
    """

    name: str
    group: float
    others: float
    all: float
    n: float
    difference: float
    lower: float
    upper: float
    area: str = ""


def points_text(value: float, lang: Lang) -> str:
    """Write a gap in points with its sign.

    Examples
    --------
    >>> points_text(5.2, "de"), points_text(-5.2, "en"), points_text(0.0, "en")
    ('+5,2', '−5.2', '0.0')
    """
    if not isfinite(value):
        return text("chart_not_shown", lang)
    written = number_text(value, 1, lang)
    return f"+{written}" if round(value, 1) > 0 else written


def dumbbell_chart(
    rows: Sequence[GapRow],
    names: tuple[str, str],
    reference: str,
    lang: Lang = "de",
    *,
    everything: int | None = None,
    area: str = "",
) -> Chart:
    """Return the rates of a group, the others and all, place by place.

    Parameters
    ----------
    rows : sequence of GapRow
        From top to bottom; the city has no ``area`` and is ruled off.
    names : (str, str)
        Of the indicator and the group.
    reference : {"all", "others"}
        Whom the gap of the rows is told against.
    lang : {"de", "en"}, default "de"
        Language.
    everything : int, optional
        How many areas there are, where the rows are those with most persons of the group.
    area : str, optional
        Key of an area that stands out.

    Returns
    -------
    Chart
        Rows without rates stay empty.

    Raises
    ------
    SpecError
        There is no such language or reference, or no row.
    """
    check_lang(lang)
    choice(reference, ("all", "others"), "reference")
    if not rows:
        raise SpecError("dumbbell_chart: no row is given.")
    indicator, group = names
    marks: list[Mark] = []
    for number, row in enumerate(rows):
        marks += _dumbbell(row, number, is_marked=bool(area) and row.area == area)
    n_city = sum(not row.area for row in rows)
    if 0 < n_city < len(rows):
        marks.insert(0, HRule(y=n_city - 0.5, stroke=FAINT, width=0.8))
    low, high = spread([value for row in rows for value in (row.group, row.others, row.all)])
    note = text("chart_gap_note", lang, reference=text(GAP_TO[reference], lang))
    n_areas = len(rows) - n_city
    if everything is not None and n_areas < everything:
        most = {"n": number_text(n_areas, 0, lang), "all": number_text(everything, 0, lang)}
        note += " " + text("chart_gap_most", lang, **most)
    words = tuple(_words(row, lang) for row in rows)
    title = text("chart_gap", lang, indicator=indicator, group=group)
    label = value_text(0, 0, "%", lang)[1:].strip()
    return Chart(
        id="group_gap",
        title=title,
        alt=_sentence(rows[0], title, group, reference, lang),
        x=axis(low, high + ROOM * (high - low), f"{indicator} ({label})", write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(row.name for row in rows), down=True),
        marks=tuple(marks),
        note=note,
        head=_head(group, lang),
        rows=tuple(_cells(row, lang) for row in rows),
        right=words,
        key=(
            (GROUP, group),
            (OTHERS, text("chart_gap_others", lang)),
        ),
        order=tuple(row.area for row in rows if row.area),
        height=0.16 + 0.036 * max(len(rows), 3),
    )


def _dumbbell(row: GapRow, number: int, *, is_marked: bool) -> list[Mark]:
    """Return a line between group and others, their dots, and the ring of all."""
    if not (isfinite(row.group) and isfinite(row.others)):
        return []
    width = 3.4 if is_marked else 2.0
    marks: list[Mark] = [
        Line(points=((row.others, number), (row.group, number)), stroke=QUIET if is_marked else FAINT, width=width)
    ]
    marks.append(Dot(x=row.others, y=number, r=4, fill=OTHERS, stroke=PAPER, width=0.6, area=row.area))
    marks.append(Dot(x=row.group, y=number, r=4.4, fill=GROUP, stroke=PAPER, width=0.6, area=row.area))
    if isfinite(row.all):
        marks.append(Dot(x=row.all, y=number, r=2.6, fill=PAPER, stroke=INK, width=0.9, area=row.area))
    return marks


def _words(row: GapRow, lang: Lang) -> str:
    if not isfinite(row.difference):
        return text("chart_not_shown", lang)
    if not isfinite(row.lower):
        return points_text(row.difference, lang)
    return text(
        "chart_gap_words",
        lang,
        n=number_text(row.n, 0, lang),
        diff=points_text(row.difference, lang),
        lo=points_text(row.lower, lang),
        hi=points_text(row.upper, lang),
    )


def _percent(value: float, lang: Lang) -> str:
    return value_text(value, 1, "%", lang) if isfinite(value) else text("chart_not_shown", lang)


def _sentence(row: GapRow, title: str, group: str, reference: str, lang: Lang) -> str:
    compared = row.others if reference == "others" else row.all
    said = {
        "place": row.name,
        "group": f"{group} {_percent(row.group, lang)}",
        "reference": f"{text(WHO[reference], lang)} {_percent(compared, lang)}",
        "diff": points_text(row.difference, lang),
    }
    if not isfinite(row.lower):
        return f"{title}. " + text("chart_gap_sentence_rates", lang, **said)
    ends = {"lo": points_text(row.lower, lang), "hi": points_text(row.upper, lang)}
    return f"{title}. " + text("chart_gap_sentence", lang, **said, **ends)


def _head(group: str, lang: Lang) -> tuple[str, ...]:
    others = (text("chart_gap_others", lang), text("chart_gap_all", lang))
    return (text("label_area", lang), group, *others, text("chart_gap_difference", lang))


def _cells(row: GapRow, lang: Lang) -> tuple[str, ...]:
    return (row.name, *(_percent(value, lang) for value in (row.group, row.others, row.all)), _words(row, lang))


@dataclass(frozen=True)
class GapCourse:
    """Rates over the dates in percent, with the ends of their intervals; NaN where unknown."""

    values: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


def gap_lines_chart(
    dates: Sequence[str], group: GapCourse, others: GapCourse, names: tuple[str, str], lang: Lang = "de"
) -> Chart:
    """Return the rates of a group and of the others over the years, with bands.

    Parameters
    ----------
    dates : sequence of str
        Rising: ``"31.12.2024"``, ``"2024-12-31"`` or ``"2024"``.
    group, others : GapCourse
        One value per date.
    names : (str, str)
        Of the indicator and the group.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        Two lines: the gap alone would not show who has moved.

    Raises
    ------
    SpecError
        There are fewer than two dates, they do not rise, or a value is missing for one.
    """
    check_lang(lang)
    days, written = days_of(dates, len(group.values), lang)
    if len(others.values) != len(days):
        raise SpecError(
            f"The others have {count_noun(len(others.values), 'value')} for {count_noun(len(days), 'date')}."
        )
    indicator, name = names
    ends = spread([*group.lower, *group.upper, *others.lower, *others.upper])
    marks: list[Mark] = [_band(days, others, OTHERS_BAND), _band(days, group, GROUP_BAND)]
    placed = {"group": group.values[-1], "others": others.values[-1]}
    least = APART * (ends[1] - ends[0])
    if abs(placed["group"] - placed["others"]) < least:
        above = "group" if placed["group"] >= placed["others"] else "others"
        below = "others" if above == "group" else "group"
        placed[above] = placed[below] + least
    for course, color, word, place in (
        (others, OTHERS, text("chart_gap_others", lang), placed["others"]),
        (group, GROUP, name, placed["group"]),
    ):
        marks += _course(days, course, color, f"{word} {_percent(course.values[-1], lang)}", place)
    label = value_text(0, 0, "%", lang)[1:].strip()
    title = text("chart_gap_lines", lang, indicator=indicator, group=name, earlier=written[0])
    rows = tuple(
        (word, *(_percent(value, lang) for value in course.values))
        for word, course in ((name, group), (text("chart_gap_others", lang), others))
    )
    return Chart(
        id="group_gap_lines",
        title=title,
        alt=f"{title}. " + " ".join(f"{row[0]}: {', '.join(row[1:])}." for row in rows),
        x=Axis(days[0] - 0.02 * (days[-1] - days[0]), days[-1], ticks=date_ticks(days, written)),
        y=axis(*ends, f"{indicator} ({label})", write=number_writer(lang), most=5, grid=True),
        marks=tuple(marks),
        note=text("chart_gap_band", lang),
        head=(text("label_group", lang), *written),
        rows=rows,
        height=0.45,
    )


def _band(days: list[float], course: GapCourse, color: str) -> Line:
    """Return the intervals of a course as a band; where one is unknown there is none."""
    known = [k for k in range(len(days)) if isfinite(course.lower[k]) and isfinite(course.upper[k])]
    edge = [(days[k], course.lower[k]) for k in known] + [(days[k], course.upper[k]) for k in reversed(known)]
    return Line(points=tuple(edge), fill=color, opacity=0.55)


def _course(days: list[float], course: GapCourse, color: str, words: str, place: float) -> list[Mark]:
    points = tuple((day, v) if isfinite(v) else None for day, v in zip(days, course.values, strict=True))
    marks: list[Mark] = [Line(points=points, stroke=color, width=2.2)]
    marks += [Dot(x=point[0], y=point[1], r=3, fill=color, stroke=PAPER, width=0.8) for point in points if point]
    if isfinite(place):
        marks.append(Text(x=days[-1], y=place, text=words, dx=7, anchor="start", fill=color, bold=True))
    return marks
