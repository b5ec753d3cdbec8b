"""Areas and table become one: by key, completely, or with a report that says what does not fit."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas.api.types import is_extension_array_dtype, is_numeric_dtype

from quartiersatlas.catalogue import Catalogue
from quartiersatlas.errors import (
    ColumnError,
    GeometryError,
    InputError,
    JoinError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.data import AreaData
from quartiersatlas.intake.keys import ZERO_PAD, key_width, keys_as_text, zero_padded
from quartiersatlas.intake.notices import is_notice, read_notices
from quartiersatlas.intake.report import JoinReport
from quartiersatlas.intake.tables import Table
from quartiersatlas.intake.vintages import check_vintages

TOTAL_WORDS = re.compile(r"\b(gesamt\w*|insgesamt|summe|zusammen|total|overall)\b", re.IGNORECASE)
TOTAL_TOLERANCE = 0.02  # suppressed cells make sums fall short


def join(
    areas: gpd.GeoDataFrame | AreaData,
    table: Table | pd.DataFrame,
    *,
    catalogue: Catalogue | None = None,
    population: str | None = None,
    period: str = "",
    missing: Literal["raise", "report"] = "raise",
    repair: Literal["zero_pad"] | None = None,
    vintage: str = "",
) -> AreaData:
    """Join a table to the areas by key.

    Parameters
    ----------
    areas : GeoDataFrame or AreaData
        As :func:`read_areas` returns them, or the result of an earlier join to add a further table.
    table : Table or DataFrame
        As :func:`read_table` returns it, or a frame on the district key.
    catalogue : Catalogue, optional
        What the columns mean; the built-in one, if not given.
    population : str, optional
        Column with the residents; ``"residents"``, if there is one.
    period : str
        The date or year of the values.
    missing : {"raise", "report"}, default "raise"
        Whether areas without a row and rows without an area are refused, or only reported; such areas get the
        status ``missing``. Doubled keys, lost leading zeros and tables without a common key are always refused.
    repair : {"zero_pad"}, optional
        Pad keys of digits with zeros to the width of the areas' keys; the report says so.
    vintage : str, optional
        Vintage of the table's keys, such as ``"2021"``, where their codes do not tell it. A table of another vintage
        than the areas is refused: see :func:`check_vintages`.

    Returns
    -------
    AreaData
        With ``.areas``, ``.values``, ``.status`` and ``.report``.

    Raises
    ------
    JoinError
        The keys do not fit (``err.report`` holds the whole lists), or are of different vintages.
    ColumnError
        The table has a column that an earlier table already gave.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> qa.join(areas, table).report
    JoinReport table: 3 of 3 areas have a row
    """
    data = areas if isinstance(areas, AreaData) else _start(areas)
    data = replace(data, catalogue=catalogue or data.catalogue)
    values, status, source = _frames(table)
    keys, repairs = _repaired(values.index, data.areas.index, repair)
    values, status = values.set_axis(keys), status.set_axis(keys)
    vintage = check_vintages(data, keys, right_vintage=vintage, names=("the areas", source))
    report = _compare(data.areas.index, values, source, repairs)
    _refuse(report, data.areas.index, missing)
    twice = [column for column in values.columns if column in data.values.columns and not is_notice(column)]
    if twice:
        raise ColumnError(
            f"{source}: columns {list_some(twice)} are there already from an earlier table. "
            f"Read the table with columns=[...] to take only what is new, or under another name."
        )
    notices = read_notices(values.reindex(data.areas.index))
    fresh = values.loc[:, [c for c in values.columns if c not in data.values.columns]]
    values = data.values.join(fresh.reindex(data.areas.index))
    status = data.status.join(status[fresh.columns].reindex(data.areas.index).fillna("missing"))
    named = population or data.population or ("residents" if "residents" in values.columns else None)
    if named is not None and named not in values.columns:
        raise ColumnError.not_found(named, values.columns, source)
    return replace(
        data,
        values=values,
        status=status,
        reports=(*data.reports, report),
        population=named,
        period=period or data.period,
        notices=tuple(dict.fromkeys([*data.notices, *notices])),
        vintage=vintage,
    )


def _start(areas: gpd.GeoDataFrame) -> AreaData:
    """Begin with areas only: a projected frame on a unique text key."""
    usable = isinstance(areas, gpd.GeoDataFrame) and areas.index.is_unique and "name" in areas.columns
    if not usable or not all(isinstance(key, str) for key in areas.index):
        raise InputError("areas must be a GeoDataFrame as read_areas returns it: unique text keys as index, a 'name'.")
    if areas.crs is None or areas.crs.is_geographic:
        raise GeometryError("The areas are in degrees or without a coordinate reference system: use areas.to_crs(...).")
    numbers = [column for column in areas.columns.drop("geometry") if is_numeric_dtype(areas[column].dtype)]
    numbers = [column for column in numbers if column != "repaired"]
    if numbers:
        raise InputError(
            f"areas has columns of numbers: {list_some(numbers)}. Areas carry a name and higher levels as text; drop "
            f"the numbers from the areas, or join them as a table: join(areas[['name', 'geometry']], areas[[...]])."
        )
    empty = pd.DataFrame(index=areas.index)
    notices = read_notices(pd.DataFrame(areas.drop(columns="geometry")))
    return AreaData(areas, empty, empty.copy(), Catalogue.builtin(), notices=notices)


def _frames(table: Table | pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return values, status and name; a plain frame's status is read off its values."""
    if isinstance(table, Table):
        return table.values, table.status, table.path.name
    if table.empty:
        raise InputError("The table has no rows or no columns.")
    keys = keys_as_text(table.index)
    if keys.isna().any() or keys.eq("").any():
        raise KeyColumnError(f"{int((keys.isna() | keys.eq('')).sum())} rows of the table have no key in the index.")
    values = table.set_axis(pd.Index(keys, name="key", dtype=object))
    nullable = [column for column in values.columns if is_extension_array_dtype(values[column].dtype)]
    for column in nullable:
        if is_numeric_dtype(values[column].dtype):
            values[column] = values[column].to_numpy(dtype=float, na_value=np.nan)
    status = pd.DataFrame(
        np.where(values.isna(), "missing", np.where(values.eq(0), "zero", "value")),
        values.index,
        values.columns,
    )
    return values, status, "table"


def _repaired(keys: pd.Index, areas: pd.Index, repair: str | None) -> tuple[pd.Index, tuple[str, ...]]:
    if repair is None:
        return keys, ()
    if repair != ZERO_PAD:
        raise SpecError(f"repair={repair!r} is not known; there is 'zero_pad'.")
    width = key_width(areas)
    if width is None:
        raise SpecError("repair='zero_pad' needs areas whose keys all have the same number of digits.")
    padded = zero_padded(keys, width)
    changed = int((padded != keys).sum())
    return padded, (f"zero_pad: {changed} keys padded to {width} digits",) if changed else ()


def _compare(areas: pd.Index, values: pd.DataFrame, source: str, repairs: tuple[str, ...]) -> JoinReport:
    keys = values.index
    duplicates = keys[keys.duplicated()].unique()
    left_over = keys.difference(areas)
    totals = _totals_rows(values[~keys.duplicated()], left_over, keys.intersection(areas))
    return JoinReport(
        source=source,
        n_areas=len(areas),
        n_matched=int(areas.isin(keys.difference(duplicates)).sum()),
        only_in_areas=tuple(areas.difference(keys, sort=False)),
        only_in_table=tuple(key for key in left_over if key not in totals),
        duplicates=tuple(duplicates),
        totals_rows=tuple(totals.items()),
        repairs=repairs,
    )


def _totals_rows(values: pd.DataFrame, left_over: pd.Index, matched: pd.Index) -> dict[str, str]:
    """Find rows without an area that are totals: by a word such as "insgesamt", or by their sums."""
    numbers = values.select_dtypes("number")
    words = values.drop(columns=numbers.columns).astype("string").fillna("").agg(" ".join, axis=1)
    sums = numbers.loc[matched].sum()
    sums = sums[sums > 0]
    found = {}
    for key in left_over:
        row = numbers.loc[key, sums.index]
        near = (row - sums).abs() <= TOTAL_TOLERANCE * sums
        if TOTAL_WORDS.search(f"{key} {words[key]}"):
            found[key] = "its name says so"
        elif len(matched) > 1 and len(sums) and near.mean() > 0.5:  # noqa: PLR2004 - most columns; shares are not sums
            found[key] = "its values are the sums of the areas"
    return found


def _refuse(report: JoinReport, areas: pd.Index, missing: str) -> None:
    """Raise where the join would lie; the message says the likely cause and the repair."""
    if missing not in ("raise", "report"):
        raise SpecError(f"missing={missing!r} is not known; there are 'raise' and 'report'.")
    if report.duplicates:
        raise JoinError(
            f"{report.source}: {len(report.duplicates)} keys have more than one row: {list_some(report.duplicates)}. "
            f"One row per area is needed. All of them: err.report.duplicates",
            report,
        )
    lost = _lost_zeros(report)
    if lost:
        raise JoinError(lost, report)
    if report.n_matched == 0:
        raise JoinError(
            f"{report.source} and the areas have no key in common. Areas: {list_some(areas, 3)}; "
            f"table: {list_some(report.only_in_table, 3)}. Is it the right key column on both sides?",
            report,
        )
    if missing == "raise" and not report.complete:
        parts = []
        if report.only_in_areas:
            parts.append(f"{len(report.only_in_areas)} areas have no row: {list_some(report.only_in_areas, 10)}")
        if report.only_in_table:
            parts.append(f"{len(report.only_in_table)} rows have no area: {list_some(report.only_in_table, 10)}")
        raise JoinError(
            f"{report.source}: {report.n_matched} of {report.n_areas} areas fit. {'; '.join(parts)}. "
            f"Correct the keys, or pass missing='report' to go on without them. "
            f"All of them: err.report.only_in_areas, err.report.only_in_table",
            report,
        )


def _lost_zeros(report: JoinReport) -> str:
    """Return the message for keys that fit once leading zeros are put back; empty where that is not so."""
    in_table = pd.Index(report.only_in_table, dtype=object)
    in_areas = pd.Index(report.only_in_areas, dtype=object)
    width = key_width(in_areas)
    if width is not None and zero_padded(in_table, width).isin(in_areas).any():
        short = [key for key in report.only_in_table if key.isdigit() and len(key) < width]
        lengths = ", ".join(str(n) for n in sorted({len(key) for key in short}))
        return (
            f"{report.source}: {len(report.only_in_table)} keys have no area: {list_some(report.only_in_table)}. "
            f"They have {lengths} characters, the areas' keys have {width}: leading zeros were probably lost. "
            f"Read the key column as text, or pass repair='zero_pad'. All of them: err.report.only_in_table"
        )
    width = key_width(in_table)
    if width is not None and zero_padded(in_areas, width).isin(in_table).any():
        return (
            f"{report.source}: {len(in_areas)} areas have no row: {list_some(in_areas)}. The table's keys have {width} "
            f"characters: the areas' keys have probably lost leading zeros. Correct the geometry file."
        )
    return ""
