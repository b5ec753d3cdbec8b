"""One area beside its city: a row per indicator, the city as the spine, all areas as strokes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue.texts import check_lang, place_words, text
from quartiersatlas.charts import Axis, Bar, Chart, Dot, Strip, VRule
from quartiersatlas.charts.marks import ACCENT, INK, PAPER, QUIET
from quartiersatlas.errors import ColumnError, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark
    from quartiersatlas.indicators.pictures.distribution import Measure

STROKE, MIDDLE, DISTRICT = "#a9a9a9", "#c9dcea", "#1a6faf"
EDGE = 1.06  # of the axis: so that the farthest area is not cut
SIGN = 6  # letters: a longer unit stands once, behind the name of its row


@dataclass(frozen=True)
class SpineRow:
    """One indicator of a profile.

    Parameters
    ----------
    measure : Measure
        Label, unit and decimals.
    values : Series of float
        Of all areas, on the district key; NaN where a value is not known or not shown.
    city : float
        Value of the city; where it is NaN, the median of the areas takes its place, and the row says so.
    district : float
        Value of the area's district; NaN where it is not known.
    context : bool
        Whether the indicator describes an area and is no measure of need: its dot stays neutral.
    gap : str
        Why the area has no value, for the table.
    """

    measure: Measure
    values: pd.Series[float]
    city: float = float("nan")
    district: float = float("nan")
    context: bool = False
    gap: str = ""

    @property
    def known(self) -> np.ndarray:
        """The values that are known."""
        values = self.values.to_numpy(dtype=float)
        return values[np.isfinite(values)]

    @property
    def centre(self) -> float:
        """Where the spine stands in this row."""
        if isfinite(self.city):
            return self.city
        return float(np.median(self.known)) if len(self.known) else float("nan")

    def name(self, lang: Lang) -> str:
        """Return the label; in brackets a unit that is a word, and that the median stands for the city."""
        unit = self.measure.unit if len(self.measure.unit) > SIGN else ""
        more = ", ".join(filter(None, (unit, "" if isfinite(self.city) else text("chart_median", lang))))
        return f"{self.measure.label} ({more})" if more else self.measure.label

    @property
    def bare(self) -> Measure:
        """The measure without a unit that stands in the name already."""
        return replace(self.measure, unit="") if len(self.measure.unit) > SIGN else self.measure

    def place(self, value: float) -> float:
        """Return a value as its distance from the spine, by the largest distance of the row."""
        everything = [*self.known, *(v for v in (self.district,) if isfinite(v))]
        most = max((abs(float(v) - self.centre) for v in everything), default=0.0)
        return (value - self.centre) / most if most > 0 else 0.0


def spine_chart(
    rows: Sequence[SpineRow],
    area: str,
    lang: Lang = "de",
    *,
    names: Mapping[str, str] | None = None,
    city_name: str = "",
) -> Chart:
    """Return how an area stands beside its city in several indicators as a chart.

    Parameters
    ----------
    rows : sequence of SpineRow
        The indicators, from above.
    area : str
        Key of the area.
    lang : {"de", "en"}
        Language.
    names : mapping of str to str, optional
        Key -> name.
    city_name : str, optional
        What the city is called; "City" or "Stadt" where it is empty.

    Returns
    -------
    Chart
        Each row has its own scale. The row of a value that is not shown keeps its strokes, without a dot.

    Raises
    ------
    SpecError
        There is no row.
    ColumnError
        The area is in none of the rows.
    """
    check_lang(lang)
    if not rows:
        raise SpecError("A profile needs one indicator or more.")
    if not any(area in row.values.index for row in rows):
        raise ColumnError.not_found(area, rows[0].values.index, "The areas")
    name = str((names or {}).get(area, area))
    marks: list[Mark] = [VRule(x=0.0, stroke=INK, width=1.2)]
    for number, row in enumerate(rows):
        marks += _row(row, number, float(row.values.get(area, np.nan)), area)
    words = tuple(_value(row, row.measure, area, lang) for row in rows)
    numbers = tuple(_value(row, row.bare, area, lang) for row in rows)
    city = city_name or text("label_city", lang)
    ends = ((-0.85, text("chart_lower", lang)), (0.0, city), (0.85, text("chart_higher", lang)))
    named = place_words(city_name)
    note = text("chart_spine_note", lang, **named)
    if any(isfinite(row.district) for row in rows):
        note = f"{text('chart_spine_district', lang)} {note}"
    if any(row.context for row in rows):
        note += " " + text("chart_spine_context", lang)
    return Chart(
        id="profile",
        title=text("chart_profile", lang, area=name, **named),
        alt=_sentence(rows, words, name),
        x=Axis(-EDGE, EDGE, ticks=ends),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(row.name(lang) for row in rows), down=True),
        marks=tuple(marks),
        note=note,
        head=_head(name, city, lang),
        rows=tuple(_cells(row, area, lang) for row in rows),
        right=numbers,
        height=0.1 + 0.052 * len(rows),
    )


def _row(row: SpineRow, number: int, own: float, area: str) -> list[Mark]:
    """Return strokes of all areas, the box of the middle half, the diamond of the district, the dot of the area."""
    if not len(row.known):
        return []
    low, high = (row.place(float(v)) for v in np.quantile(row.known, (0.25, 0.75)))
    marks: list[Mark] = [
        Bar(x0=low, x1=high, y0=number - 0.24, y1=number + 0.24, fill=MIDDLE),
        Strip(xs=tuple(row.place(float(v)) for v in np.sort(row.known)), y=number, stroke=STROKE, width=0.7),
    ]
    if isfinite(row.district):
        place = row.place(row.district)
        marks.append(Dot(x=place, y=number, r=3.6, shape="diamond", fill=PAPER, stroke=DISTRICT, width=1.5))
    if isfinite(own):
        fill = QUIET if row.context else ACCENT
        marks.append(Dot(x=row.place(own), y=number, r=4.4, fill=fill, stroke=PAPER, width=1, area=area))
    return marks


def _value(row: SpineRow, measure: Measure, area: str, lang: Lang) -> str:
    """Return the value of the area as a measure writes it, and in brackets that of the city or the median."""
    own = float(row.values.get(area, np.nan))
    shown = measure.write(own, lang) if isfinite(own) else text("chart_not_shown", lang)
    write = measure.write_city if isfinite(row.city) else measure.write
    return f"{shown} ({write(row.centre, lang)})"


def _sentence(rows: Sequence[SpineRow], words: Sequence[str], name: str) -> str:
    return f"{name}. " + " ".join(f"{row.measure.label}: {value}." for row, value in zip(rows, words, strict=True))


def _head(name: str, city: str, lang: Lang) -> tuple[str, ...]:
    return text("label_indicator", lang), name, city, text("chart_district", lang)


def _cells(row: SpineRow, area: str, lang: Lang) -> tuple[str, ...]:
    own = float(row.values.get(area, np.nan))
    shown = row.gap if row.gap and not isfinite(own) else row.measure.write(own, lang)
    return row.measure.label, shown, row.measure.write_city(row.city, lang), row.measure.write(row.district, lang)
