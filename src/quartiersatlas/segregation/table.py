"""One call: every chosen index for every group, tidy, with the reason for each NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.data import checked_counts
from quartiersatlas.segregation.local import location_quotient
from quartiersatlas.segregation.registry import INDICES, SegregationIndex

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class SegregationResult:
    """Segregation of groups.

    Parameters
    ----------
    table : DataFrame
        One row per number: group, reference, index, value, n_areas, n_dropped, note.
    local : DataFrame or GeoDataFrame
        On the caller's index: ``<group>_lq``, the location quotient; with the areas' geometry where there is one.
    """

    table: pd.DataFrame
    local: pd.DataFrame

    def __repr__(self) -> str:
        return f"SegregationResult\n{self.table.to_string(index=False)}"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, escape=True)


def segregation(
    frame: AreaData | pd.DataFrame,
    groups: Iterable[str],
    total: str | None = None,
    *,
    indices: Iterable[str] | Literal["standard"] = "standard",
    missing: Literal["raise", "drop"] = "raise",
) -> SegregationResult:
    """Compute segregation indices of groups, each against the rest of the population.

    Parameters
    ----------
    frame : AreaData, DataFrame or GeoDataFrame
        Counts per area.
    groups : list of str, or str
        Columns with the persons of each group.
    total : str, optional
        Column with all residents; the data's population column, if not given.
    indices : list of str or "standard"
        Ids from :func:`segregation_indices`; all of them by default.
    missing : {"raise", "drop"}, default "raise"
        What to do where a group's count is unknown: refuse, or leave the area out of that group's indices and count
        it in ``n_dropped``. It is never taken as 0.

    Returns
    -------
    SegregationResult
        ``.table`` with one row per number, ``.local`` on the caller's index.

    Raises
    ------
    ColumnError
        A column is not there.
    CountError
        Counts are negative, text, larger than the population, or unknown with ``missing="raise"``.
    SpecError
        An index is not in the registry, or no column of residents is named.

    Examples
    --------
    >>> frame = pd.DataFrame({"mh": [100, 60, 40, 0], "residents": [100, 100, 100, 100]})
    >>> segregation(frame, ["mh"], "residents").table[["group", "index", "reference", "value"]].head(2)
      group          index reference  value
    0    mh  dissimilarity      rest   0.60
    1    mh      isolation     total   0.76
    """
    if isinstance(frame, AreaData):
        total = total or frame.population
        frame = gpd.GeoDataFrame(frame.values, geometry=frame.areas.geometry)
    if total is None:
        raise SpecError("segregation() needs the column of all residents: total='residents'.")
    if missing not in ("raise", "drop"):
        raise SpecError(f"missing={missing!r} is not known; there are 'raise' and 'drop'.")
    groups = [groups] if isinstance(groups, str) else groups
    chosen = _chosen(indices)
    population = _counts(frame, total)
    rows, local = [], pd.DataFrame(index=frame.index)
    for group in groups:
        members = _counts(frame, group)
        above = frame.index[members > population]
        if len(above):
            raise CountError(f"In {len(above)} areas {group!r} is larger than the population: {list_some(above)}.")
        known = (members.notna() & population.notna()).to_numpy()
        if missing == "raise" and not known.all():
            unknown = frame.index[~known]
            raise CountError(
                f"{len(unknown)} areas have no count in {group!r} or {total!r}: {list_some(unknown)}. "
                f"Pass missing='drop' to leave them out and have them counted."
            )
        x, t = members[known].to_numpy(), population[known].to_numpy()
        rows += [_row(index, group, x, t, int((~known).sum())) for index in chosen]
        quotient = np.full(len(frame), np.nan)
        quotient[known] = location_quotient(x, t)
        local[f"{group}_lq"] = quotient
    if isinstance(frame, gpd.GeoDataFrame):
        local = gpd.GeoDataFrame(local, geometry=frame.geometry, crs=frame.crs)
    return SegregationResult(pd.DataFrame(rows), local)


def _chosen(indices: Iterable[str] | str) -> list[SegregationIndex]:
    if indices == "standard":
        return list(INDICES.values())
    wanted = [indices] if isinstance(indices, str) else list(indices)
    unknown = [name for name in wanted if name not in INDICES]
    if unknown:
        raise SpecError(f"There is no index {unknown[0]!r}; there are {', '.join(INDICES)}.")
    return [INDICES[name] for name in wanted]


def _counts(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    if column not in frame.columns:
        raise ColumnError.not_found(column, frame.columns, "The frame")
    return checked_counts(frame[column])


def _row(index: SegregationIndex, group: str, x: np.ndarray, t: np.ndarray, dropped: int) -> dict[str, object]:
    value = index.compute(x, t)
    note = ""
    if np.isnan(value):
        note = "nobody is in the group" if x.sum() == 0 else "everybody is in the group"
    return {
        "group": group,
        "reference": index.reference,
        "index": index.id,
        "value": value,
        "n_areas": len(x),
        "n_dropped": dropped,
        "note": note,
    }
