"""The ages of an area on two sides, the city as a stepped line; bands of different width are made comparable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, text, value_text
from quartiersatlas.charts import Axis, Bar, Chart, Line, ticks
from quartiersatlas.charts.marks import INK, decimals_of
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

OPEN_YEARS = 20.0  # assumed width of the band without an end
COLORS = ("#6f8fb3", "#c58f63")


@dataclass(frozen=True)
class Ages:
    """Persons by age band on two sides, such as women and men.

    Parameters
    ----------
    left, right : sequence of float
        Persons of each band, from the youngest one; NaN where one is not known or not shown.
    """

    left: Sequence[float]
    right: Sequence[float]

    def per_year(self, widths: np.ndarray) -> np.ndarray:
        """Return the share of all persons per year of age in percent, shape (2, n_bands); NaN if one is not known."""
        persons = np.array([self.left, self.right], dtype=float)
        everybody = persons.sum()
        if not everybody > 0:
            return np.full(persons.shape, np.nan)
        return np.asarray(100.0 * persons / everybody / widths)


def age_pyramid_chart(
    starts: Sequence[float],
    area: Ages,
    sides: tuple[str, str],
    lang: Lang = "de",
    *,
    name: str = "",
    city: Ages | None = None,
    end: float | None = None,
) -> Chart:
    """Return the ages of an area as a chart.

    Parameters
    ----------
    starts : sequence of float
        Age at which each band starts: ``[0, 6, 15, 18]`` for below 6, 6 to 14, 15 to 17, and 18 and older. Rising.
    area : Ages
        Persons of the area. All bands are drawn or none: where one is not known, it follows from the others.
    sides : (str, str)
        Words for left and right.
    lang : {"de", "en"}
        Language.
    name : str
        Name of the area.
    city : Ages, optional
        Persons of the city: a stepped line.
    end : float, optional
        Age at which the last band ends; without it that band is open, drawn as if it were twenty years wide, dashed.

    Returns
    -------
    Chart
        The length of a bar is the share of all persons per year of age, so that bands of any width compare.

    Raises
    ------
    SpecError
        The bands do not rise, or are not as many as the numbers.
    """
    check_lang(lang)
    edges = np.array([*starts, end if end is not None else starts[-1] + OPEN_YEARS], dtype=float)
    if not (np.diff(edges) > 0).all():
        raise SpecError(f"The bands must rise from the youngest to the oldest: {', '.join(f'{s:g}' for s in starts)}.")
    for whose, ages in (("area", area), ("city", city)):
        for side in () if ages is None else (ages.left, ages.right):
            if len(side) != len(starts):
                raise SpecError(
                    f"The {whose} has {count_noun(len(side), 'number')} for {count_noun(len(starts), 'band')}."
                )
    widths = np.diff(edges)
    own, all_of_city = area.per_year(widths), None if city is None else city.per_year(widths)
    shown = bool(np.isfinite(own).all())
    marks = _bars(own, edges, open_end=end is None) if shown else []
    if all_of_city is not None and np.isfinite(all_of_city).all():
        marks += [_steps(side, edges, sign) for side, sign in zip(all_of_city, (-1, 1), strict=True)]
    notes = [text("chart_per_year", lang)] if shown else [text("chart_ages_not_shown", lang)]
    notes += [text("chart_open_band", lang)] if end is None and shown else []
    notes += [text("chart_ages_city", lang)] if len(marks) and city is not None else []
    labels = _bands(starts, end, lang)
    everything = [own if shown else np.zeros(1), np.zeros(1) if all_of_city is None else np.nan_to_num(all_of_city)]
    most = 1.08 * max(float(part.max()) for part in everything) or 1.0
    return Chart(
        id="age_pyramid",
        title=text("chart_ages", lang, area=name) if name else text("chart_ages_title", lang),
        alt=_sentence(own, labels, sides, lang) if shown else notes[0],
        x=_axis(most, lang),
        y=Axis(
            edges[0],
            edges[-1],
            text("chart_age", lang),
            tuple(zip(edges[:-1].tolist(), _short(starts, lang), strict=True)),
        ),
        marks=tuple(marks),
        note=" ".join(notes),
        head=(text("chart_age", lang), *sides),
        rows=_rows(area, labels, lang) if shown else (),
        key=tuple(zip(COLORS, sides, strict=True)),
        height=0.7,
    )


def _bars(own: np.ndarray, edges: np.ndarray, *, open_end: bool) -> list[Mark]:
    marks: list[Mark] = []
    for side, sign, color in zip(own, (-1, 1), COLORS, strict=True):
        for number, length in enumerate(side):
            is_open = open_end and number == len(side) - 1
            look = (
                {"stroke": color, "dash": (3.0, 2.0), "width": 1.2} if is_open else {"stroke": "#ffffff", "width": 0.8}
            )
            fill = f"{color}" if not is_open else "#f3f3f3"
            x1 = float(sign * length)
            marks.append(Bar(x0=0.0, x1=x1, y0=float(edges[number]), y1=float(edges[number + 1]), fill=fill, **look))  # type: ignore[arg-type]
    return marks


def _steps(side: np.ndarray, edges: np.ndarray, sign: int) -> Line:
    """Return the city's side as one line: along each band, then across to the next one."""
    points = [
        (float(sign * length), float(edge))
        for number, length in enumerate(side)
        for edge in (edges[number], edges[number + 1])
    ]
    return Line(points=tuple(points), stroke=INK, width=1.4)


def _axis(most: float, lang: Lang) -> Axis:
    """Return an axis with the same numbers on both sides."""
    write, found = number_writer(lang), ticks(0, most, 3)
    decimals = decimals_of(found)
    places = sorted({-value for value in found} | set(found))
    marks = tuple((value + 0.0, write(abs(value), decimals)) for value in places)
    return Axis(-most, most, text("chart_percent_per_year", lang), marks, grid=True)


def _short(starts: Sequence[float], lang: Lang) -> list[str]:
    return [number_text(start, 0, lang) for start in starts]


def _bands(starts: Sequence[float], end: float | None, lang: Lang) -> list[str]:
    """Return the bands in words: below 6, 6 to 14, 65 and older."""
    found = []
    for start, after in zip(starts, [*starts[1:], end], strict=True):
        if after is None:
            found.append(text("chart_and_older", lang, age=number_text(start, 0, lang)))
        elif start == 0:
            found.append(text("chart_below_age", lang, age=number_text(after, 0, lang)))
        else:
            ages = {"low": number_text(start, 0, lang), "high": number_text(after - 1, 0, lang)}
            found.append(text("chart_ages_between", lang, **ages))
    return found


def _sentence(own: np.ndarray, labels: Sequence[str], sides: tuple[str, str], lang: Lang) -> str:
    parts = [
        f"{label}: {sides[0]} {value_text(float(a), 2, '%', lang)}, {sides[1]} {value_text(float(b), 2, '%', lang)}"
        for label, a, b in zip(labels, *own, strict=True)
    ]
    return f"{text('chart_percent_per_year', lang)}. {'; '.join(parts)}."


def _rows(area: Ages, labels: Sequence[str], lang: Lang) -> tuple[tuple[str, ...], ...]:
    columns = zip(labels, area.left, area.right, strict=True)
    return tuple((label, number_text(a, 0, lang), number_text(b, 0, lang)) for label, a, b in columns)
