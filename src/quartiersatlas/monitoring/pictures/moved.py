"""How far areas moved: a caterpillar of changes with their intervals, a dumbbell of the values at both dates."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, place_words, text
from quartiersatlas.charts import Axis, Chart, Dot, HRule, Line, VRule, axis, spread
from quartiersatlas.charts.marks import FAINT, INK, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

UP, DOWN, OPEN = "#33507d", "#008080", "#8a8a8a"
COLORS = {"up": UP, "down": DOWN}
MOST_NAMED = 45  # areas above which rows are too narrow for names
ROOM = 0.03  # of the width, at both sides


@dataclass(frozen=True)
class MovedRow:
    """One area, or the city where ``area`` is empty; NaN where unknown.

    Parameters
    ----------
    name : str
        Of the area.
    earlier, later : float
        Values at both dates.
    change, lower, upper : float
        The change, and its interval where there is one.
    verdict : str
        ``"up"``, ``"down"``, ``"not_shown"``; empty without a test.
    area : str
        Key of the area.
    """

    name: str
    earlier: float
    later: float
    change: float
    lower: float
    upper: float
    verdict: str = ""
    area: str = ""


@dataclass(frozen=True)
class MovedWords:
    """What stands at a chart of changes: the indicator, both dates, units, colours, the note of what they mean."""

    indicator: str
    earlier: str
    later: str
    unit: str
    change_unit: str
    key: tuple[str, str]
    note: str
    city: str = ""  # its name, where there is one


def caterpillar_chart(rows: Sequence[MovedRow], city: float, words: MovedWords, lang: Lang = "de") -> Chart:
    """Return the changes of areas in the order of their size, beside that of the city.

    Parameters
    ----------
    rows : sequence of MovedRow
        Areas with a known change, in any order.
    city : float
        The change of the city; NaN where it is unknown.
    words : MovedWords
        What is written.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        Coloured and filled where the change is shown to differ; above 45 areas without names, as small dots.
    """
    check_lang(lang)
    ordered = sorted(rows, key=lambda row: (-row.change, row.name))
    named = len(ordered) <= MOST_NAMED
    marks: list[Mark] = []
    for number, row in enumerate(ordered):
        color = COLORS.get(row.verdict, OPEN)
        if isfinite(row.lower):
            ends = ((row.lower, number), (row.upper, number))
            marks.append(Line(points=ends, stroke=color, width=1.4 if named else 0.6, opacity=0.7, area=row.area))
        if named:
            fill, stroke = (color, PAPER) if row.verdict in COLORS else (PAPER, color)
            marks.append(Dot(x=row.change, y=number, r=3.4, fill=fill, stroke=stroke, width=0.8, area=row.area))
        else:
            marks.append(Dot(x=row.change, y=number, r=1.5, fill=color, area=row.area))
    low, high = spread([*(v for row in ordered for v in (row.change, row.lower, row.upper)), city, 0.0], from_zero=0)
    if low < 0 < high:
        marks.insert(0, VRule(x=0, stroke=FAINT, width=0.8))
    if isfinite(city):
        said = text("change_city_rule", lang, value=_signed(city, lang), **place_words(words.city))
        marks.append(VRule(x=city, text=said, stroke=INK, width=1.2))
    label = f"{text('change_axis', lang, indicator=words.indicator)} ({words.change_unit})"
    title = text("change_chart", lang, indicator=words.indicator, earlier=words.earlier, later=words.later)
    counts = {name: number_text(sum(row.verdict == name for row in ordered), 0, lang) for name in ("up", "down")}
    numbers = {"n": number_text(len(ordered), 0, lang), "city": _signed(city, lang), **counts}
    said = text("change_chart_sentence", lang, **numbers, **place_words(words.city))
    y = Axis(-0.8, len(ordered) - 0.2, bands=tuple(row.name for row in ordered) if named else (), down=True, show=named)
    return Chart(
        id="change",
        title=title,
        alt=f"{title}. {said}",
        x=axis(low, high, label, write=number_writer(lang), grid=True),
        y=y,
        marks=tuple(marks),
        note=words.note,
        head=_head(words, lang),
        rows=tuple(_cells(row, lang) for row in ordered),
        right=tuple(_signed(row.change, lang) for row in ordered) if named else (),
        key=_key(words, lang),
        order=tuple(row.area for row in ordered if row.area),
        height=0.18 + 0.034 * max(len(ordered), 3) if named else 0.9,
    )


def moved_chart(rows: Sequence[MovedRow], city: MovedRow | None, words: MovedWords, lang: Lang = "de") -> Chart:
    """Return the values of areas at both dates, joined by a line, below those of the city.

    Parameters
    ----------
    rows : sequence of MovedRow
        From top to bottom.
    city : MovedRow, optional
        The whole city.
    words : MovedWords
        What is written.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        Hollow at the earlier date, filled at the later one; an upright line at the city's later value.
    """
    check_lang(lang)
    shown = [*([] if city is None else [city]), *rows]
    marks: list[Mark] = []
    for number, row in enumerate(shown):
        color = COLORS.get(row.verdict, INK if not row.area else OPEN)
        marks.append(Line(points=((row.earlier, number), (row.later, number)), stroke=color, width=2.0, area=row.area))
        marks.append(Dot(x=row.earlier, y=number, r=3.4, fill=PAPER, stroke=color, width=1.2, area=row.area))
        marks.append(Dot(x=row.later, y=number, r=4.0, fill=color, stroke=PAPER, width=0.6, area=row.area))
    low, high = spread([value for row in shown for value in (row.earlier, row.later)])
    if city is not None:
        marks.insert(0, HRule(y=0.5, stroke=FAINT, width=0.8))
        said = text("change_city_rule", lang, value=number_text(city.later, 1, lang), **place_words(words.city))
        marks.insert(0, VRule(x=city.later, text=said, stroke=QUIET, width=1.0))
    title = text("change_dumbbell", lang, indicator=words.indicator, earlier=words.earlier, later=words.later)
    label = f"{words.indicator} ({words.unit})" if words.unit else words.indicator
    pad = ROOM * (high - low)
    return Chart(
        id="change_dumbbell",
        title=title,
        alt=f"{title}. "
        + " ".join(f"{cells[0]}: {cells[1]}, {cells[2]}." for cells in (_cells(row, lang) for row in shown[:6])),
        x=axis(low - (pad if low else 0), high + pad, label, write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(shown) - 0.4, bands=tuple(row.name for row in shown), down=True),
        marks=tuple(marks),
        note=words.note,
        head=_head(words, lang),
        rows=tuple(_cells(row, lang) for row in shown),
        right=tuple(_signed(row.change, lang) for row in shown),
        key=_key(words, lang),
        order=tuple(row.area for row in rows if row.area),
        height=0.18 + 0.036 * max(len(shown), 3),
    )


def _key(words: MovedWords, lang: Lang) -> tuple[tuple[str, str], ...]:
    return (UP, words.key[0]), (DOWN, words.key[1]), (OPEN, text("change_key_open", lang))


def _signed(value: float, lang: Lang) -> str:
    if not isfinite(value):
        return text("chart_no_value", lang)
    written = number_text(value, 1, lang)
    return f"+{written}" if round(value, 1) > 0 else written


def _head(words: MovedWords, lang: Lang) -> tuple[str, ...]:
    return (
        text("label_area", lang),
        words.earlier,
        words.later,
        text("change_column", lang),
        text("label_interval", lang),
    )


def _cells(row: MovedRow, lang: Lang) -> tuple[str, ...]:
    values = (
        number_text(v, 1, lang) if isfinite(v) else text("chart_no_value", lang) for v in (row.earlier, row.later)
    )
    interval = ""
    if isfinite(row.lower):
        interval = text("change_interval", lang, lo=_signed(row.lower, lang), hi=_signed(row.upper, lang))
    return (row.name, *values, _signed(row.change, lang), interval)
