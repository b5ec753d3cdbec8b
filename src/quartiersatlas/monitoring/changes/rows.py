"""The table of changes: every indicator, step and area, with why something is not there, and the city's own row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.errors import SpecError
from quartiersatlas.indicators.columns import city_values
from quartiersatlas.indicators.periods import years_between
from quartiersatlas.intake.joining.data import kind_of
from quartiersatlas.monitoring.changes.definitions import definition_of, differing
from quartiersatlas.monitoring.changes.steps import RateStep, adjusted, change_of_numbers, change_of_rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quartiersatlas.intake import AreaData

SUMMED = ("count", "amount", "balance")
COUNTS = ("x_earlier", "n_earlier", "x_later", "n_later")
ORDER = (
    "indicator",
    "earlier",
    "later",
    "span",
    "key",
    "years",
    "value_earlier",
    "value_later",
    "change",
    "lower",
    "upper",
    "per_year",
    "relative",
    "relative_lower",
    "relative_upper",
    *COUNTS,
    "z",
    "p",
    "p_adjusted",
    "p_together",
    "verdict",
    "reason",
)
STEP = ["indicator", "earlier", "later"]
EMPTIED = [
    "change",
    "lower",
    "upper",
    "per_year",
    "relative",
    "relative_lower",
    "relative_upper",
    "z",
    "p",
]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How changes are tested, and which of them are left empty.

    Parameters
    ----------
    against_city, adjusts : bool
        Whether tests are against the city's change; whether p values are adjusted.
    level : float
        Up to which p a change is shown.
    correlation : float
        Of two dates.
    min_denominator : int
        Areas with fewer persons are not tested.
    breaks : frozenset of (str, str, str)
        Indicator and two dates with unlike definitions.
    moved : frozenset of str
        Keys of areas whose outline moved.
    withheld : mapping of (str, str) to frozenset of str
        Indicator and date -> keys of areas that count in the city and are told nowhere.
    """

    against_city: bool
    adjusts: bool
    level: float
    correlation: float = 0.0
    min_denominator: int = 0
    breaks: frozenset[tuple[str, str, str]] = frozenset()
    moved: frozenset[str] = frozenset()
    withheld: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


def changed_rows(
    dates: Sequence[AreaData], indicators: Sequence[str], asked: Asked
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the areas and those of the city."""
    parts, city = [], []
    for earlier, later, span in _steps(dates):
        years = years_between(earlier.period, later.period, "change")
        for name in indicators:
            rows, row = _one(earlier, later, name, years, asked)
            step: dict[str, Any] = {
                "indicator": name,
                "earlier": earlier.period,
                "later": later.period,
                "span": span,
                "years": years,
            }
            if (name, earlier.period, later.period) in asked.breaks:
                row |= {"change": np.nan, "per_year": np.nan}
            parts.append(rows.rename_axis("key").reset_index().assign(**step))
            city.append({**step, **row})
    table = pd.concat(parts, ignore_index=True)
    table = _with_verdicts(table, asked)[list(ORDER)]
    counted = table.groupby(STEP, sort=False).agg(
        tested=("p", "count"),
        up=("verdict", lambda v: int(v.eq("up").sum())),
        down=("verdict", lambda v: int(v.eq("down").sum())),
    )
    together = table.groupby(["earlier", "later"], sort=False)["p"].count().rename("tested_together")
    return table, pd.DataFrame(city).join(counted, on=STEP).join(together, on=["earlier", "later"])


def _steps(dates: Sequence[AreaData]) -> list[tuple[AreaData, AreaData, str]]:
    """Return each step and the way from the first to the last date; of two dates these are one."""
    steps = [(dates[i], dates[i + 1], "step") for i in range(len(dates) - 1)] if len(dates) > 2 else []  # noqa: PLR2004
    return [*steps, (dates[0], dates[-1], "whole")]


def _one(
    earlier: AreaData, later: AreaData, name: str, years: float, asked: Asked
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of one indicator and step on the key of the areas, and what is true of the city."""
    keys = later.areas.index
    reason = _unknown(earlier, later, name)
    if name in later.rates and name in earlier.rates:
        before, after = (
            tuple(part.reindex(keys).where(reason.eq("")) for part in side.parts(name)) for side in (earlier, later)
        )
        per = later.catalogue.get(name).per
        step = RateStep((before[0], before[1]), (after[0], after[1]), years, per, asked.correlation)
        reason = reason.mask(reason.eq("") & ~step.known, "nobody")
        if _is_counted(later, name, (before, after)):
            rows = change_of_rate(step, against_city=asked.against_city)
        else:  # a mean of amounts: no persons, so no chance to test against
            values = [per * x / n for x, n in (before, after)]
            totals = step.of_city()
            ends = [float((per * x / n).iloc[0]) for x, n in (totals.earlier, totals.later)]
            rows = change_of_numbers(values[0], values[1], years, (ends[0], ends[1]), counted=False)
            reason = reason.mask(reason.eq(""), "no_counts")
        rows = rows.assign(**dict(zip(COUNTS, (*before, *after), strict=True)))
        city = _city_of_rate(step)
        few = step.earlier[1].lt(asked.min_denominator) | step.later[1].lt(asked.min_denominator)
        reason = reason.mask(reason.eq("") & few, "few")
        rows.loc[few, ["z", "p"]] = np.nan
        reason = reason.mask(reason.eq("") & rows["p"].isna(), "alone")  # the area is the whole city
    else:
        rows, city, reason = _of_numbers(earlier, later, name, years, reason)
    return _emptied(rows, reason, name, (earlier.period, later.period), asked), {
        **city,
        "n_areas": int(rows["change"].notna().sum()),
    }


def levels(dates: Sequence[AreaData], indicators: Sequence[str]) -> pd.DataFrame:
    """Return the city value and the median area of each indicator and date, and where its definition changes."""
    rows = []
    for name in indicators:
        stretch, before = 0, None
        for data in dates:
            own = definition_of(data, name)
            stretch += int(before is not None and bool(differing(before, own)))
            before, meaning, values = own, data.catalogue.get(name), data.values[name].dropna().astype(float)
            median = float(values.median()) if len(values) else float("nan")
            rows.append(
                (name, data.period, stretch, _city(data, name), median, meaning.label("de"), meaning.label("en"))
            )
    return pd.DataFrame(rows, columns=["indicator", "period", "stretch", "city", "median", "label_de", "label_en"])


def _is_counted(data: AreaData, name: str, pairs: tuple[Any, ...]) -> bool:
    """Return whether a rate is one of persons among persons, so that chance has a size."""
    if not data.catalogue.get(name).rules.part_of_whole:
        return False
    return all(bool((x.isna() | (x.ge(0) & x.le(n))).all()) for x, n in pairs)


def _city_of_rate(step: RateStep) -> dict[str, float]:
    """Return the city's values over the areas known at both dates."""
    sums = step.of_city()
    (x1, n1), (x2, n2) = ((float(x.iloc[0]), float(n.iloc[0])) for x, n in (sums.earlier, sums.later))
    before, after = (step.per * x / n if n > 0 else float("nan") for x, n in ((x1, n1), (x2, n2)))
    row = {
        "value_earlier": before,
        "value_later": after,
        "change": after - before,
        "per_year": (after - before) / step.years,
    }
    return {**row, **dict(zip(COUNTS, (x1, n1, x2, n2), strict=True))}


def _of_numbers(
    earlier: AreaData, later: AreaData, name: str, years: float, reason: pd.Series[str]
) -> tuple[pd.DataFrame, dict[str, float], pd.Series[str]]:
    """Return the change of counts or of ready-made numbers: no persons behind them, no test."""
    keys, known = later.areas.index, reason.eq("")
    summed = kind_of(later, name) in SUMMED
    before, after = (side.values[name].reindex(keys).astype(float).where(known) for side in (earlier, later))
    city = (float(before.sum()), float(after.sum())) if summed else (_city(earlier, name), _city(later, name))
    rows = change_of_numbers(before, after, years, city, counted=summed)
    row = change_of_numbers(pd.Series([city[0]]), pd.Series([city[1]]), years, city, counted=summed).iloc[0]
    from_zero = summed & known & before.eq(0) & after.gt(0)
    reason = reason.mask(from_zero, "from_zero").mask(known & ~from_zero, "no_counts")
    none: dict[str, Any] = dict.fromkeys(COUNTS, np.nan)
    if summed:
        rows = rows.assign(**{**none, "x_earlier": before, "x_later": after})
        none |= {"x_earlier": city[0], "x_later": city[1]}
    else:
        rows = rows.assign(**none)
    parts = ("value_earlier", "value_later", "change", "per_year")
    return rows, {**{part: float(row[part]) for part in parts}, **none}, reason


def _city(data: AreaData, name: str) -> float:
    try:
        return city_values(data, name)
    except SpecError:
        return float("nan")


def _unknown(earlier: AreaData, later: AreaData, name: str) -> pd.Series[str]:
    """Return the status of the value that is unknown, the later one first; empty where both are known."""
    keys = later.areas.index
    found = pd.Series("", index=keys, dtype=object)
    for side in (earlier, later):
        values, status = side.values[name].reindex(keys), side.status[name].reindex(keys)
        found = found.mask(values.isna(), status.astype(object))
    return found


def _emptied(
    rows: pd.DataFrame, reason: pd.Series[str], name: str, periods: tuple[str, str], asked: Asked
) -> pd.DataFrame:
    """Return the rows without the changes that must not be told, and with the reason for each."""
    if (name, *periods) in asked.breaks:
        rows = rows.assign(**dict.fromkeys(EMPTIED, np.nan))
        reason = reason.mask(reason.isin(["", "few", "no_counts"]), "break")
    moved = pd.Series(rows.index.isin(asked.moved), index=rows.index)
    rows.loc[moved, EMPTIED] = np.nan
    reason = reason.mask(moved, "moved")
    hidden = frozenset().union(*(asked.withheld.get((name, period), frozenset()) for period in periods))
    withheld = pd.Series(rows.index.isin(hidden), index=rows.index)
    rows.loc[withheld] = np.nan
    return rows.assign(reason=reason.mask(withheld, "withheld"))


def _with_verdicts(table: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return the table with adjusted p values and verdicts."""
    by_step = table.groupby(STEP, sort=False)["p"]
    by_dates = table.groupby(["earlier", "later"], sort=False)["p"]
    if asked.adjusts:
        table = table.assign(p_adjusted=by_step.transform(adjusted), p_together=by_dates.transform(adjusted))
    else:
        table = table.assign(p_adjusted=table["p"], p_together=table["p"])
    shown = table["p_together"].le(asked.level)
    verdict = (
        pd.Series("not_shown", index=table.index)
        .mask(shown & table["z"].gt(0), "up")
        .mask(shown & table["z"].lt(0), "down")
    )
    return table.assign(verdict=verdict.where(table["p"].notna(), ""))
