"""Joined data as the files of a period, and back: values, status, what the columns mean."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.catalogue import Catalogue, Indicator, Reference
from quartiersatlas.errors import DependencyError
from quartiersatlas.indicators.periods import YEARS, period_span
from quartiersatlas.intake import AreaData
from quartiersatlas.monitoring.changes.definitions import definition_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

DEFINITIONS = "definitions.json"
KEY = "key"


@dataclass(frozen=True)
class PeriodName:
    """What a period is called in the store, and its last day.

    Parameters
    ----------
    name : str
        ``"2024-12-31"``, or ``"2022-2024"`` for a span of years; a school year has the name of its last day.
    last : Timestamp
        Its last day, by which periods are in order.
    """

    name: str
    last: pd.Timestamp


def period_name(period: str) -> PeriodName | None:
    """Return the name of a period; None where it is no date.

    Examples
    --------
    >>> period_name("31.12.2024").name, period_name("2022-2024").name, period_name("winter")
    ('2024-12-31', '2022-2024', None)
    >>> period_name("2023/24").name
    '2024-07-31'
    """
    span = period_span(period)
    if span is None:
        return None
    years = YEARS.fullmatch(period.strip())
    is_span = years is not None and years["last"] is not None and span[0].day_of_year == 1
    name = f"{span[0].year}-{span[1].year}" if is_span else f"{span[1]:%Y-%m-%d}"
    return PeriodName(name, span[1])


def stored_columns(data: AreaData) -> list[str]:
    """Return the columns that are kept: changes are not, the periods they were made of are."""
    return [column for column in data.values.columns if column not in data.changes]


def definitions_of(data: AreaData) -> dict[str, Any]:
    """Return what the kept columns mean, as JSON holds it."""
    columns = stored_columns(data)
    kept = set(columns)
    catalogue = data.catalogue
    return {
        "columns": {column: "number" if is_number(data.values[column]) else "text" for column in columns},
        "population": data.population,
        "period": data.period,
        "vintage": data.vintage,
        "rates": {rate: list(pair) for rate, pair in data.rates.items() if rate in kept},
        "indicators": {name: asdict(catalogue[name]) for name in columns if name in catalogue},
        "sums": [[whole, list(parts)] for whole, parts in catalogue.all_sums if {whole, *parts} <= kept],
        "parts": {w: list(p) for w, p in catalogue.parts.items() if {w, *p} <= kept},
        "shares": {share: base for share, base in catalogue.shares.items() if {share, base} <= kept},
        "references": {name: asdict(reference) for name, reference in data.references.items()},
        "notices": list(data.notices),
        "perturbed": sorted(data.perturbed),
        "off_by": dict(data.off_by),
        "bounds": [[str(k), str(c), *map(_plain, row)] for (k, c), *row in data.bounds.itertuples()],
        "measured": {column: asdict(definition_of(data, column)) for column in columns},
    }


def _plain(number: float) -> float | None:
    return None if pd.isna(number) else float(number)


def is_number(column: pd.Series) -> bool:
    """Return True for a column of numbers."""
    return bool(is_numeric_dtype(column.dtype)) and not is_bool_dtype(column.dtype)


def files_of(data: AreaData, form: str) -> dict[str, bytes]:
    """Return the files of a period: values and status of the kept columns, and what they mean.

    Raises
    ------
    DependencyError
        Parquet needs pyarrow.
    """
    columns = stored_columns(data)
    values = data.values[columns].copy()
    for column in columns:
        values[column] = values[column].astype(float) if is_number(values[column]) else words_of(values[column])
    status = data.status[columns].astype(str)
    definitions = json.dumps(definitions_of(data), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return {
        f"values.{form}": frame_bytes(values, form),
        f"status.{form}": frame_bytes(status, form),
        DEFINITIONS: definitions.encode(),
    }


def words_of(column: pd.Series) -> pd.Series:
    """Return a column as text, None where there is nothing."""
    return pd.Series([None if pd.isna(cell) else str(cell) for cell in column], index=column.index, dtype=object)


def frame_bytes(frame: pd.DataFrame, form: str) -> bytes:
    """Return a frame on the district key as Parquet or CSV."""
    whole = frame.set_axis(pd.Index([str(key) for key in frame.index], name=KEY, dtype=object))
    if form == "csv":
        return whole.to_csv(lineterminator="\n").encode()
    buffer = io.BytesIO()
    try:
        whole.to_parquet(buffer, engine="pyarrow")
    except ImportError as error:
        raise DependencyError(
            'Parquet needs pyarrow: pip install "quartiersatlas[parquet]"; or keep the store as CSV: '
            'qa.monitor(folder, format="csv").'
        ) from error
    return buffer.getvalue()


def frame_of(content: bytes, form: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the frame of a file; numbers are floats, everything else is text."""
    if form == "csv":
        kinds = {KEY: str, **{name: float if kind == "number" else object for name, kind in columns.items()}}
        words = [name for name, kind in columns.items() if kind != "number"]
        keeps = {name: [""] for name in (*kinds,) if name not in words and name != KEY}
        frame = pd.read_csv(io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values=keeps)
        frame = frame.set_index(KEY)
    else:
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    frame.index = pd.Index([str(key) for key in frame.index], name=KEY, dtype=object)
    return frame


def data_of(read: Mapping[str, bytes], form: str, areas: gpd.GeoDataFrame) -> AreaData:
    """Return the joined data of a period from its files and areas."""
    said = json.loads(read[DEFINITIONS])
    values = frame_of(read[f"values.{form}"], form, said["columns"])
    status = frame_of(read[f"status.{form}"], form, dict.fromkeys(said["columns"], "text"))
    catalogue = Catalogue.builtin().add(*(Indicator(**one) for one in said["indicators"].values()))
    catalogue = catalogue.with_relations(parts=said["parts"], shares=said["shares"])
    for whole, parts in said["sums"]:
        catalogue = catalogue.with_sum(whole, parts)
    data = AreaData(
        areas=areas.loc[values.index],
        values=values,
        status=status,
        catalogue=catalogue,
        population=said["population"],
        period=said["period"],
        vintage=said["vintage"],
        rates={rate: (pair[0], pair[1]) for rate, pair in said["rates"].items()},
        references={name: Reference(**one) for name, one in said["references"].items()},
        notices=tuple(said["notices"]),
        perturbed=frozenset(said["perturbed"]),
        off_by=said["off_by"],
    )
    if not said["bounds"]:
        return data
    rows = said["bounds"]
    index = pd.MultiIndex.from_tuples([(k, c) for k, c, *_ in rows], names=["key", "column"])
    bounds = pd.DataFrame({"lower": [r[2] for r in rows], "upper": [r[3] for r in rows]}, index=index, dtype=float)
    return replace(data, bounds=bounds)
