"""Which measures are live on a day, and which areas and fields they reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import RegisterError, SpecError
from quartiersatlas.intake.areas.area_columns import parent_columns
from quartiersatlas.intake.registers.cells import RefusedCellError, read_date
from quartiersatlas.intake.registers.consistency import closest

if TYPE_CHECKING:
    from datetime import date

    from quartiersatlas.intake import AreaData

LIVE, OVERDUE = "live", "overdue"
AT_WORK = ("planned", "running")
REACH = ["measure_id", "area", "field"]


def day_of(on: str | date | pd.Timestamp) -> pd.Timestamp:
    """Return the day that an answer holds for.

    Raises
    ------
    SpecError
        It is no day.

    Examples
    --------
    >>> day_of("31.12.2024")
    Timestamp('2024-12-31 00:00:00')
    """
    try:
        return pd.Timestamp(read_date(on, "date").value)  # type: ignore[arg-type] # a date reads as a timestamp
    except RefusedCellError as error:
        raise SpecError(f"on={on!r}: {error}. An answer that depends on the day needs one: on='2024-12-31'.") from error


def standing(measures: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Return ``"live"`` for what is planned or running and has not ended, ``"overdue"`` where the end is past.

    Everything else keeps its status. An end on the day itself is not past.
    """
    at_work = measures["status"].isin(AT_WORK)
    is_past = measures["end"] < day
    found = measures["status"].mask(at_work & ~is_past, LIVE).mask(at_work & is_past, OVERDUE)
    return found.rename("standing")


def reach(measures: pd.DataFrame, keys: pd.Index, data: AreaData | None) -> pd.DataFrame:
    """Return one row per measure, area and field; city-wide measures have the area ``"city"``.

    Raises
    ------
    RegisterError
        A measure names an area that is not there, or a higher level while no areas are given.
    """
    parents = _parents(data)
    known, unknown, rows = {str(key) for key in keys}, [], []
    for row in measures[["measure_id", "scope", "areas", "fields"]].itertuples(index=False, name=None):
        measure, scope, named, fields = row
        places = ("city",) if scope == "city" else tuple(dict.fromkeys(_expanded(named, parents)))
        unknown += [(measure, place) for place in places if place not in known and place != "city"]
        rows += [(measure, place, field) for place in places for field in fields]
    if unknown:
        measure, place = unknown[0]
        level = " A higher level needs the areas: data=data." if ":" in place and data is None else ""
        raise RegisterError(
            f"Measure {measure!r} is in {place!r}, and there is no such area.{closest(place, known)}{level} "
            f"{len(unknown)} in all: err.problems.",
            pd.DataFrame(unknown, columns=["measure_id", "area"]),
        )
    return pd.DataFrame(rows, columns=REACH)


def _parents(data: AreaData | None) -> dict[str, tuple[str, ...]]:
    """Return the areas of each higher level, as a register names them: ``"bezirk:Nord"``."""
    if data is None:
        return {}
    return {
        f"{level}:{value}": tuple(map(str, group.index))
        for level in parent_columns(data.areas)
        for value, group in data.areas.groupby(level)
    }


def _expanded(named: tuple[str, ...], parents: dict[str, tuple[str, ...]]) -> list[str]:
    return [key for name in named for key in parents.get(name, (name,))]
