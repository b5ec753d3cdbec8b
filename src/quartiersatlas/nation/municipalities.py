"""Municipalities: their keys as text with all digits, one outline each, their official counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import (
    ColumnError,
    CountError,
    GeometryError,
    InputError,
    KeyColumnError,
    SpecError,
    list_some,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AGS, ARS, DISTRICT, NO_ZERO = 8, 12, 5, 7
EUROPE = 3035
HOW = "municipalities=gpd.read_file('VG250_GEM.shp').query('GF == 4').to_crs(3035), key='AGS', name='GEN'"
NO_TEXT = ("key of a municipality is no text", "keys of municipalities are no text")


def checked_keys(keys: Iterable[object], where: str) -> list[str]:
    """Return the keys of municipalities, sorted; refuse what is none.

    Raises
    ------
    KeyColumnError
        A key is no text, or has the digits of something else; the message says what it may be.

    Examples
    --------
    >>> checked_keys(["03001350", "03001349"], "The cells")
    ['03001349', '03001350']
    """
    every = list(keys)
    found = [key for key in every if isinstance(key, str)]
    numbers = [key for key in every if not isinstance(key, str)]
    if numbers:
        raise KeyColumnError(
            f"{where}: {count_noun(len(numbers), *NO_TEXT)}, such as {numbers[0]!r}: a "
            f"number has lost its leading zero. Read the column as text, dtype={{'AGS': str}}.",
            map(str, numbers),
        )
    lengths = {len(key) for key in found if key.isdecimal()}
    wrong = sorted(length for length in lengths if length != AGS)
    if wrong:
        one = next(key for key in found if key.isdecimal() and len(key) == wrong[0])
        guess = {
            NO_ZERO: "its leading zero was probably lost: read the column as text",
            DISTRICT: "it is probably the key of a Kreis: municipalities have 8 digits",
            ARS: "it is probably a Regionalschlüssel (ARS): qa.ags_from_ars() makes the AGS of it",
        }.get(wrong[0], "the AGS has 8 digits")
        raise KeyColumnError(f"{where}: {one!r} has {wrong[0]} digits; {guess}.", [one])
    if any(not key.strip() for key in found):
        raise KeyColumnError(f"{where}: a key of a municipality is empty.")
    return sorted(found)


def checked_municipalities(source: pd.DataFrame | str | Path, key: str, name: str | None) -> pd.DataFrame:
    """Return municipalities on their sorted keys with ``name`` and, if there is one, the outline.

    Raises
    ------
    InputError, ColumnError, KeyColumnError, GeometryError
        They cannot be read, lack a column, have keys twice or outlines that cannot be used.
    """
    expects(source, (pd.DataFrame, str, Path), "write_cells: municipalities", HOW)
    frame = source if isinstance(source, pd.DataFrame) else _read(Path(source))
    if key not in frame and frame.index.name == key:
        frame = frame.reset_index()
    if key not in frame and key == "ags" and "AGS" in frame:
        key = "AGS"
    if key not in frame:
        raise ColumnError.not_found(key, frame.columns, "municipalities")
    checked_keys(frame[key], "municipalities")
    again = frame[key][frame[key].duplicated()]
    if len(again):
        hint = " Keep one row of each: GF == 4, land with structure." if "GF" in frame else ""
        raise KeyColumnError(
            f"municipalities: {count_noun(again.nunique(), 'key is', 'keys are')} there more than once, such as "
            f"{again.iloc[0]!r}.{hint}",
            again.unique(),
        )
    named = name or next((one for one in ("name", "GEN", "gen") if one in frame), key)
    if named not in frame:
        raise ColumnError.not_found(named, frame.columns, "municipalities")
    found = frame.set_index(key).sort_index().rename_axis("ags")
    found = found.assign(name=found[named] if named != key else found.index)
    if "geometry" not in found:
        return found[["name"]]
    _check_outlines(found)
    return found[["name", "geometry"]]


def _read(path: Path) -> pd.DataFrame:
    import geopandas as gpd

    try:
        return gpd.read_parquet(path) if path.suffix.lower() == ".parquet" else gpd.read_file(path)
    except Exception as error:  # readers of many formats have many errors
        raise InputError(
            f"{path.name} cannot be read as municipalities: {str(error).partition(chr(10))[0]}."
        ) from error


def _check_outlines(frame: pd.DataFrame) -> None:
    crs = getattr(frame, "crs", None)
    if crs is None or crs.to_epsg() != EUROPE:
        called = "no system" if crs is None else repr(crs.name)
        raise GeometryError(f"The outlines of municipalities have {called}; the grid is in EPSG:3035: to_crs(3035).")
    absent = frame.index[frame.geometry.isna() | frame.geometry.is_empty]
    if len(absent):
        raise GeometryError(
            f"{count_noun(len(absent), 'municipality has', 'municipalities have')} no outline: {list_some(absent)}."
        )


def official_counts(
    official: pd.DataFrame | None, keys: list[str], columns: Mapping[str, object]
) -> pd.DataFrame | None:
    """Return published counts on the keys of municipalities.

    Raises
    ------
    KeyColumnError, ColumnError, CountError
        Keys are wrong or none fits; a column is no column of the cells; numbers are no counts.
    """
    if official is None:
        return None
    expects(official, pd.DataFrame, "write_cells: official", "official=pd.DataFrame({'residents': ...}, index=ags)")
    checked_keys(official.index, "official")
    if official.index.has_duplicates:
        raise KeyColumnError("official: a municipality is there more than once.")
    if not official.index.isin(keys).any():
        raise KeyColumnError("official: no key is that of a municipality of the cells.", official.index)
    for name in official.columns:
        if name not in columns:
            raise ColumnError.not_found(str(name), columns, "official: the cells")
        numbers = official[name]
        if not pd.api.types.is_numeric_dtype(numbers.dtype):
            raise CountError(f"official: {name!r} holds text.")
        known = numbers.dropna()
        if (known < 0).any() or (known % 1 != 0).any() or not np.isfinite(known.astype(float)).all():
            raise CountError(f"official: {name!r} holds numbers that are no counts.")
    if official.columns.empty:
        raise SpecError("official: there is no column of counts.")
    return official.reindex(keys).astype("Int64")
