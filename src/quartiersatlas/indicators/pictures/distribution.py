"""How the values of an indicator are spread over the areas: a histogram by class, or named dots where areas are few."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, text, value_text
from quartiersatlas.charts import Axis, Bar, Chart, Dot, VRule, axis, count_axis, spread
from quartiersatlas.charts.marks import ACCENT, FAINT, INK
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

BINS = 24
FEW = 8  # values below which each stands as a named dot
PLAIN = ("#7f97b5",)  # of values without classes
NO_WIDTH = 1e-300  # of a bin: numbers so small lose their digits
ROOM = 1.18  # above the highest bar: for the triangle of an area


@dataclass(frozen=True)
class Measure:
    """What a column is called on an axis, and how its numbers are written.

    Parameters
    ----------
    label, unit : str
        As readers see them.
    decimals : int
        Of numbers in words and tables.
    direction : int
        1: higher is more need; -1: lower is more need; 0: no valuation.
    unknown : str
        Words for a value that is not there; "no value", if empty.
    city_decimals : int, optional
        Decimals of the value of the city; those of the areas, if not given.
    """

    label: str
    unit: str = ""
    decimals: int = 1
    direction: int = 0
    unknown: str = ""
    city_decimals: int | None = None

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def write(self, value: float, lang: Lang) -> str:
        """Write a value with its unit; what is not known is said."""
        if isfinite(value):
            return value_text(value, self.decimals, self.unit, lang)
        return self.unknown or text("chart_no_value", lang)

    def write_city(self, value: float, lang: Lang) -> str:
        """Write the value of the city, with its own decimals."""
        of_city = self if self.city_decimals is None else replace(self, decimals=self.city_decimals)
        return of_city.write(value, lang)


@dataclass(frozen=True)
class Classes:
    """The classes of a map: what the bars of a histogram and dots are coloured by.

    Parameters
    ----------
    numbers : Series of float
        On the district key: 0 for the first class, 1 for the next one; NaN without a class.
    labels, colors : sequence of str
        Of each class.
    """

    numbers: pd.Series[float]
    labels: Sequence[str]
    colors: Sequence[str]


@dataclass(frozen=True)
class Spread:
    """The known values of a column, and what is drawn beside them."""

    values: pd.Series[float]
    measure: Measure
    lang: Lang
    city: float
    classes: Classes
    area: str
    names: Mapping[str, str] = field(default_factory=dict)
    city_name: str = ""

    def color(self, key: str) -> str:
        """Return the colour of an area's class."""
        number = self.classes.numbers.get(key, np.nan)
        return PLAIN[0] if pd.isna(number) else self.classes.colors[int(number)]

    def name(self, key: str) -> str:
        """Return the name of an area, or its key."""
        return str(self.names.get(key, key))


def histogram_chart(
    values: pd.Series[float],
    measure: Measure,
    lang: Lang = "de",
    *,
    city: float = float("nan"),
    classes: Classes | None = None,
    area: str = "",
    names: Mapping[str, str] | None = None,
    city_name: str = "",
    residents: pd.Series[float] | None = None,
    bins: int = BINS,
) -> Chart:
    """Return the distribution of an indicator as a chart.

    Parameters
    ----------
    values : Series of float
        On the district key; NaN where a value is not known or not shown. Those are counted, not drawn.
    measure : Measure
        Label, unit and decimals.
    lang : {"de", "en"}
        Language.
    city : float
        Value of the city; no line where it is NaN.
    classes : Classes, optional
        Bars are stacked by class, so that one across a limit stays exact.
    area : str, optional
        Key of an area that a triangle points out.
    names : mapping of str to str, optional
        Key -> name.
    city_name : str, optional
        What the city is called; "City" or "Stadt" where it is empty.
    residents : Series of float, optional
        For the table: residents of each class; said only where those of all its areas are known.
    bins : int
        Equal bins from 0 (from the lowest value, where it is below) to the highest value.

    Returns
    -------
    Chart
        Fewer than eight values become named dots; equal ones a single bar.

    Raises
    ------
    SpecError
        There is no such language, or ``bins`` is below 1.
    """
    check_lang(lang)
    if bins < 1:
        raise SpecError(f"bins must be 1 or more, not {bins!r}.")
    known = values[np.isfinite(values.to_numpy(dtype=float, na_value=np.nan))].astype(float)
    shown = Spread(known, measure, lang, city, classes or _one_class(values, lang), area, names or {}, city_name)
    drawn = _dots(shown) if len(known) < FEW else _bars(shown, bins)
    note = shown_note(len(known), len(values), lang)
    head, rows = _table(shown, residents)
    if area in known.index and len(known) >= FEW and known.min() < known.max():
        note += " " + text("chart_triangle", lang, area=shown.name(area), value=measure.write(known[area], lang))
    return Chart(
        "histogram",
        text("chart_histogram", lang, label=measure.title),
        _sentence(shown),
        *drawn,
        note,
        head,
        rows,
        right=_values(shown) if len(known) < FEW else (),
        order=tuple(known.sort_values(kind="stable").index.astype(str)),
        height=0.42 if len(known) >= FEW else _height(len(known)),
    )


def shown_note(shown: int, everything: int, lang: Lang) -> str:
    """Say how many of the areas are shown."""
    name = "chart_shown_all" if shown == everything else "chart_shown"
    return text(name, lang, n=_whole(shown, lang), all=_whole(everything, lang))


def _height(rows: int) -> float:
    return 0.12 + 0.045 * max(rows, 1)


def _one_class(values: pd.Series[float], lang: Lang) -> Classes:
    return Classes(pd.Series(0.0, index=values.index), (text("label_areas", lang),), PLAIN)


def _whole(number: float, lang: Lang) -> str:
    return number_text(number, 0, lang)


def _bars(shown: Spread, bins: int) -> tuple[Axis, Axis, tuple[Mark, ...]]:
    """Return axes and bars: how many areas of each class lie in each bin."""
    values = shown.values
    low, high = min(0.0, float(values.min())), float(values.max())
    step = (high - low) / bins
    if float(values.min()) == high or step < NO_WIDTH:
        return _one_bar(shown)
    places = np.minimum(((values.to_numpy() - low) / step).astype(int), bins - 1)
    marks: list[Mark] = []
    tops = np.zeros(bins)
    for number, color in enumerate(shown.classes.colors):
        inside = shown.classes.numbers.reindex(values.index).eq(number).to_numpy()
        counts = np.bincount(places[inside], minlength=bins)
        for place in np.flatnonzero(counts).tolist():
            x0, y0 = low + step * float(place), float(tops[place])
            y1 = y0 + float(counts[place])
            marks.append(Bar(x0=x0, x1=x0 + step, y0=y0, y1=y1, fill=color, stroke=INK, width=0.3))
        tops += counts
    most = float(tops.max())
    if shown.area in values.index:
        place = int(places[list(values.index).index(shown.area)])
        top = tops[place] + 0.07 * most
        marks.append(Dot(x=low + step * (place + 0.5), y=top, shape="triangle", fill=ACCENT, r=4, area=shown.area))
    if low < 0:
        marks.append(VRule(x=0.0, stroke=FAINT))
    marks += _city(shown)
    x = _value_axis(min(low, _or(shown.city, low)), max(high, _or(shown.city, high)), shown)
    return x, count_axis(ROOM * most, text("label_areas", shown.lang), number_writer(shown.lang)), tuple(marks)


def _one_bar(shown: Spread) -> tuple[Axis, Axis, tuple[Mark, ...]]:
    """Return the only bar of values that are all equal; no ticks but the value."""
    value, n = float(shown.values.iloc[0]), len(shown.values)
    numbers = shown.classes.numbers.reindex(shown.values.index).dropna()
    color = shown.color(str(numbers.index[0])) if len(numbers) else PLAIN[0]
    bar = Bar(x0=value - 0.05, x1=value + 0.05, y0=0, y1=n, fill=color, stroke=INK, width=0.3)
    ticks = ((value, number_text(value, shown.measure.decimals, shown.lang)),)
    x = Axis(value - 0.5, value + 0.5, shown.measure.title, ticks)
    return x, count_axis(ROOM * n, text("label_areas", shown.lang), number_writer(shown.lang)), (bar,)


def _values(shown: Spread) -> tuple[str, ...]:
    """Return the values of named dots, the highest first."""
    return tuple(shown.measure.write(value, shown.lang) for value in sorted(shown.values, reverse=True))


def _dots(shown: Spread) -> tuple[Axis, Axis, tuple[Mark, ...]]:
    """Return one row per area with its dot, the highest value first."""
    ordered = shown.values.sort_values(ascending=False, kind="stable")
    marks: list[Mark] = _city(shown)
    marks += [
        Dot(
            x=float(value),
            y=row,
            r=4,
            fill=shown.color(str(key)),
            stroke=ACCENT if key == shown.area else INK,
            width=2.4 if key == shown.area else 0.8,
            area=str(key),
        )
        for row, (key, value) in enumerate(ordered.items())
    ]
    ends = spread([*ordered, shown.city])
    names = tuple(shown.name(str(key)) for key in ordered.index)
    return _value_axis(*ends, shown), Axis(-0.6, max(len(names), 1) - 0.4, bands=names, down=True), tuple(marks)


def _value_axis(low: float, high: float, shown: Spread) -> Axis:
    return axis(low, high, shown.measure.title, write=number_writer(shown.lang), most=6)


def city_words(value: str, name: str, lang: Lang) -> str:
    """Return what stands at the line of the city: its name and its value."""
    return text("chart_city_named", lang, name=name, value=value) if name else text("chart_city", lang, value=value)


def _city(shown: Spread) -> list[Mark]:
    """Return the line of the city with its value; none where that is not known."""
    if not isfinite(shown.city):
        return []
    words = city_words(shown.measure.write_city(shown.city, shown.lang), shown.city_name, shown.lang)
    return [VRule(x=shown.city, text=words, stroke=INK, width=1.4)]


def _or(value: float, other: float) -> float:
    return value if isfinite(value) else other


def _sentence(shown: Spread) -> str:
    values, lang = shown.values, shown.lang
    if values.empty:
        return text("chart_nothing", lang, label=shown.measure.label)
    low, q1, q3, high = (shown.measure.write(float(values.quantile(q)), lang) for q in (0, 0.25, 0.75, 1))
    sentence = text("chart_range", lang, label=shown.measure.label, n=_whole(len(values), lang), low=low, high=high)
    if len(values) >= FEW:
        sentence += " " + text("chart_quartiles", lang, low=q1, high=q3)
    if isfinite(shown.city):
        known = {"value": shown.measure.write_city(shown.city, lang)}
        named = {"name": shown.city_name} if shown.city_name else {}
        sentence += " " + text(f"chart_city_sentence{'_named' if named else ''}", lang, **known, **named)
    return sentence


def _table(shown: Spread, residents: pd.Series[float] | None) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the areas of each class, and its residents where those of all its areas are known."""
    lang = shown.lang
    head = (text("chart_class", lang), text("label_areas", lang), text("label_residents", lang))
    numbers = shown.classes.numbers.reindex(shown.values.index)
    rows = []
    for number, label in enumerate(shown.classes.labels):
        keys = numbers.index[numbers.eq(number)]
        persons = np.nan if residents is None else residents.reindex(keys).sum(skipna=False) if len(keys) else 0.0
        people = shown.measure.write(float("nan"), lang) if pd.isna(persons) else _whole(float(persons), lang)
        rows.append((label, _whole(len(keys), lang), people))
    if residents is None:
        return head[:2], tuple(row[:2] for row in rows)
    return head, tuple(rows)
