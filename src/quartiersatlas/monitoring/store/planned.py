"""What was planned: targets and forecasts of a register that a store does not keep yet; how far forecasts were off."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from quartiersatlas.monitoring.store.forecasts import COLUMNS, ForecastError
from quartiersatlas.monitoring.store.values import value_with_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.store.targets import Target


def new_targets(rows: pd.DataFrame, kept: Iterable[Target]) -> list[dict[str, Any]]:
    """Return the rows of the sheet of targets that are not kept yet, as ``Monitor.add_target`` takes them."""
    known = {(one.indicator, one.area, one.start, one.due, one.target, one.resolution) for one in kept}
    found = []
    for row in rows.to_dict("records"):
        start, due = (f"{row[name]:%Y-%m-%d}" for name in ("baseline_date", "due"))
        target = (row["indicator"], row["area"], start, due, float(row["target"]), row["resolution"].strip())
        if target not in known:
            names = ("indicator", "area", "start", "due", "target", "resolution")
            found.append({**dict(zip(names, target, strict=True)), "definition": row["definition_id"]})
    return found


def new_forecasts(rows: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the sheet of forecasts that are not kept yet, dates in words."""
    said = rows.assign(**{name: rows[name].map(lambda at: f"{at:%Y-%m-%d}") for name in ("period", "made_on")})
    known = set(kept[list(COLUMNS)].astype(str).itertuples(index=False, name=None))
    is_new = [row not in known for row in said[list(COLUMNS)].astype(str).itertuples(index=False, name=None)]
    return said.loc[is_new, list(COLUMNS)]


def errors_of(rows: pd.DataFrame, periods: Mapping[str, AreaData]) -> tuple[ForecastError, ...]:
    """Return how far the forecasts among these rows were off, of the periods that are there."""
    found = []
    for row in rows[rows["kind"].eq("forecast") & rows["period"].isin(list(periods))].to_dict("records"):
        observed, _, _ = value_with_interval(periods[row["period"]], row["indicator"], row["area"])
        if isfinite(observed):
            kept = {name: row[name] for name in ("indicator", "area", "period", "variant", "made_on", "source")}
            found.append(ForecastError(**kept, forecast=float(row["value"]), observed=observed))
    return tuple(found)
