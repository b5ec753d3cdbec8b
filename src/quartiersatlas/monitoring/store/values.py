"""The value of an area or of the whole city at a period, its interval, and where a target stands."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.indicators.rates import wilson
from quartiersatlas.monitoring.store.period_files import measured
from quartiersatlas.monitoring.store.rhythm import day
from quartiersatlas.monitoring.store.targets import CITY, TargetState

if TYPE_CHECKING:
    from quartiersatlas.intake import AreaData
    from quartiersatlas.monitoring.store.targets import Target

DIGITS = 12  # of a fingerprint


def fingerprint(data: AreaData, column: str) -> str:
    """Return a short id of what a column measures."""
    words = json.dumps(measured(data, column), sort_keys=True, ensure_ascii=False)
    return sha256(words.encode()).hexdigest()[:DIGITS]


def value_with_interval(data: AreaData, column: str, area: str = CITY) -> tuple[float, float, float]:
    """Return a value of an area or of the whole city, with its 95 % interval where counts stand behind it.

    Raises
    ------
    ColumnError
        There is no such column.
    SpecError
        There is no such area.
    """
    if column not in data.values.columns:
        raise ColumnError.not_found(column, data.values.columns, "The period")
    if area != CITY and area not in data.values.index:
        raise SpecError(f"The period {data.period!r} has no area {area!r}.")
    meaning = data.catalogue.get(column)
    if column in data.rates and meaning.rules.part_of_whole:
        x, n = data.parts(column)
        known = x.notna() & n.notna()
        if area != CITY:
            known &= x.index == area
        total, persons = float(x[known].sum()), float(n[known].sum())
        if persons <= 0:
            return np.nan, np.nan, np.nan
        rate = pd.Series([total / persons])
        low, high = wilson(rate, pd.Series([persons]))
        return meaning.per * total / persons, meaning.per * float(low[0]), meaning.per * float(high[0])
    if area != CITY:
        value = float(data.values[column][area])
    else:
        published = data.references.get(CITY)
        number = published.number(column) if published is not None else None
        is_summed = column == data.population or any(column in pair for pair in data.rates.values())
        total = float(data.values[column].sum(skipna=False)) if is_summed else np.nan
        value = total if number is None else number
    return value, value, value


def target_state(target: Target, data: AreaData | None) -> TargetState:
    """Return where a target stands, by the data of a period."""
    nan = float("nan")
    none = TargetState(
        target=target, on="", value=nan, lower=nan, upper=nan, path=nan, light="no_light", why="no_value"
    )
    if data is None or target.indicator not in data.values.columns:
        return none
    if target.area != CITY and target.area not in data.values.index:
        return none
    value, low, high = value_with_interval(data, target.indicator, target.area)
    if not np.isfinite(value):
        return none
    on = f"{day(data.period, 'period'):%Y-%m-%d}"
    why = ""
    if not target.resolution:
        why = "no_resolution"
    elif target.definition != fingerprint(data, target.indicator):
        why = "other_definition"
    elif not data.catalogue.get(target.indicator).direction:
        why = "no_direction"
    light = "no_light" if why else target.state(low, high, on)
    return TargetState(
        target=target,
        on=on,
        value=value,
        lower=low,
        upper=high,
        path=target.path(on),
        light=light,
        why=why,
    )
