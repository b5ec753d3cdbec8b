"""Forecasts and scenarios: kept beside the observed values, drawn unlike them, and no part of any decision."""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer
from quartiersatlas.charts import Axis, Chart, Dot, Line, axis, spread
from quartiersatlas.charts.marks import ACCENT, INK, PAPER
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.pictures.time_line import date_ticks
from quartiersatlas.monitoring.store.rhythm import day, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Indicator, Lang
    from quartiersatlas.charts.marks import Mark

COLUMNS = ("indicator", "area", "period", "value", "kind", "variant", "made_on", "method", "source")
TEXTS = ("indicator", "period", "made_on", "method", "source")  # none of them may be empty
KINDS = ("forecast", "scenario")
DECIMALS = 1


@dataclass(frozen=True, kw_only=True)
class ForecastError:
    """How far a forecast was off, now that its date has come.

    Parameters
    ----------
    indicator, area, period, variant, made_on, source : str
        The forecast.
    forecast, observed : float
        Its value, and the one that was observed.
    """

    indicator: str
    area: str
    period: str
    variant: str
    made_on: str
    source: str
    forecast: float
    observed: float

    @property
    def off(self) -> float:
        """Forecast minus observed."""
        return self.forecast - self.observed


def checked_forecasts(rows: pd.DataFrame, known: Iterable[str], keys: Iterable[str]) -> pd.DataFrame:
    """Return forecasts as the store keeps them.

    Parameters
    ----------
    rows : DataFrame
        With ``indicator``, ``period``, ``value``, ``kind``, ``made_on``, ``method`` and ``source``; ``area`` (the whole
        city where it is not there) and ``variant`` may be added.
    known, keys : iterable of str
        Columns and areas of the store.

    Raises
    ------
    ColumnError
        A column is not there.
    SpecError
        A row is observed, was made after its own date, has no method or source; an indicator or area is not known.
    """
    table = pd.DataFrame(rows).reset_index(drop=True)
    table = table.assign(
        **{name: default for name, default in (("area", "city"), ("variant", "")) if name not in table}
    )
    for name in COLUMNS:
        if name not in table.columns:
            raise ColumnError.not_found(name, table.columns, "The forecasts")
    table = table.loc[:, list(COLUMNS)].copy()
    for name in (*TEXTS, "area", "variant", "kind"):
        table[name] = ["" if pd.isna(cell) else str(cell).strip() for cell in table[name]]
    for name in TEXTS:
        _refuse(table, table[name].eq(""), f"{name} is empty: a forecast names its date, method and source")
    _refuse(
        table,
        ~table["kind"].isin(KINDS),
        "kind is none of forecast, scenario: observed values come in with store.add(data)",
    )
    known, keys = list(known), {"city", *map(str, keys)}
    for name in dict.fromkeys(table["indicator"]):
        if name not in known:
            raise ColumnError.not_found(name, known, "The store")
    _refuse(table, ~table["area"].isin(keys), "the area is not known to the store")
    table["value"] = pd.to_numeric(table["value"], errors="coerce")
    _refuse(table, table["value"].map(lambda value: not isfinite(value)), "the value is no number")
    ends = [day(one, "period") for one in table["period"]]
    made = [day(one, "made_on") for one in table["made_on"]]
    late = pd.Series([m >= e for m, e in zip(made, ends, strict=True)], index=table.index, dtype=bool)
    _refuse(table, late, "made_on does not lie before the date of the value: what has come is observed, not forecast")
    table["period"] = [f"{one:%Y-%m-%d}" for one in ends]
    table["made_on"] = [f"{one:%Y-%m-%d}" for one in made]
    twice = table.duplicated(["indicator", "area", "period", "kind", "variant", "made_on"])
    _refuse(table, twice, "it is there twice")
    return table


def _refuse(table: pd.DataFrame, wrong: pd.Series[bool], why: str) -> None:
    if wrong.any():
        rows = [str(number + 1) for number in table.index[wrong]]
        raise SpecError(f"Forecasts, {count_noun(len(rows), 'row')} ({list_some(rows)}): {why}.")


def forecasts_as(table: pd.DataFrame) -> bytes:
    """Return forecasts as their file holds them."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def forecasts_from(content: bytes) -> pd.DataFrame:
    """Return forecasts from their file."""
    kinds = {name: float if name == "value" else str for name in COLUMNS}
    return pd.read_csv(io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values={"value": [""]})


def no_forecasts() -> pd.DataFrame:
    """Return the table of a store without forecasts."""
    return pd.DataFrame({name: pd.Series([], dtype=float if name == "value" else object) for name in COLUMNS})


def course_chart(observed: pd.Series[float], ahead: pd.DataFrame, indicator: Indicator, name: str, lang: Lang) -> Chart:
    """Return observed values as a line with full dots, forecasts dashed with open ones, variants as a band.

    Parameters
    ----------
    observed : Series of float
        On dates as ``"2024-12-31"``, rising; NaN is a gap that nothing bridges.
    ahead : DataFrame
        Forecasts of this indicator and area.
    indicator : Indicator
        Labels and unit.
    name : str
        The area, or the city.
    lang : {"de", "en"}
        Language.

    Returns
    -------
    Chart
        With title, sentence and table.
    """
    check_lang(lang)
    days = [float(pd.Timestamp(one).toordinal()) for one in observed.index]
    line = tuple((x, float(y)) if isfinite(y) else None for x, y in zip(days, observed, strict=True))
    marks: list[Mark] = [*_ahead(ahead), Line(points=line, stroke=INK, width=1.8)]
    marks += [Dot(x=point[0], y=point[1], r=3.0, fill=INK, stroke=PAPER) for point in line if point]
    dates = {*observed.index, *ahead["period"]}
    at = sorted((float(pd.Timestamp(one).toordinal()), written(one, lang)) for one in dates)
    unit = indicator.unit_text(lang)

    def said(value: float) -> str:
        return f"{number_text(value, DECIMALS, lang)} {unit}".strip() if isfinite(value) else "–"

    rows = [(written(str(one), lang), text("forecast_observed", lang), "", said(v)) for one, v in observed.items()]
    rows += [
        (written(row["period"], lang), text(f"forecast_{row['kind']}", lang), row["variant"], said(row["value"]))
        for row in ahead.to_dict("records")
    ]
    sentence = "; ".join(", ".join(filter(None, row)) for row in rows)
    label = indicator.label(lang)
    ends = spread([*observed.dropna(), *ahead["value"]], from_zero=0.4)
    return Chart(
        id="course",
        title=text("chart_course_ahead", lang, label=label, name=name),
        alt=f"{label}, {name}: {sentence}.",
        x=Axis(at[0][0], at[-1][0], ticks=date_ticks([x for x, _ in at], [word for _, word in at])),
        y=axis(*ends, f"{label} ({unit})" if unit else label, write=number_writer(lang), most=5, grid=True),
        marks=tuple(marks),
        note=text("forecast_note", lang) if len(ahead) else "",
        head=tuple(text(f"label_{one}", lang) for one in ("as_of", "kind_of_value", "variant", "value")),
        rows=tuple(rows),
        height=0.45,
    )


def _ahead(ahead: pd.DataFrame) -> list[Mark]:
    """Return the variants of the latest forecast: a band between the lowest and the highest, and each dashed."""
    marks: list[Mark] = []
    if not len(ahead):
        return marks
    table = ahead.assign(x=[float(pd.Timestamp(one).toordinal()) for one in ahead["period"]])
    ends = table.groupby("x")["value"].agg(["min", "max"])
    if len(ends) > 1 and (ends["max"] > ends["min"]).any():
        there = [float(x) for x in ends.index]
        band = [*zip(there, ends["min"], strict=True), *zip(reversed(there), reversed(list(ends["max"])), strict=True)]
        marks.append(Line(points=tuple((x, float(y)) for x, y in band), fill=ACCENT, opacity=0.12))
    for _, part in table.groupby(["kind", "variant", "made_on"], sort=True):
        points = tuple((float(x), float(y)) for x, y in part.sort_values("x")[["x", "value"]].to_numpy())
        marks.append(Line(points=points, stroke=ACCENT, width=1.4, dash=(4, 3)))
        marks += [Dot(x=x, y=y, r=3.0, fill=PAPER, stroke=ACCENT, width=1.4) for x, y in points]
    return marks
