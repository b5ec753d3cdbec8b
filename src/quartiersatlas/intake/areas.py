"""District geometries: text keys, unique, projected, valid; or a refusal that names the repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from quartiersatlas.errors import ColumnError, GeometryError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.keys import keys_as_text
from quartiersatlas.intake.notices import is_notice
from quartiersatlas.intake.paths import existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FULL_TURN = 360.0
EUROPE = (-12.0, 34.0, 35.0, 72.0)  # west, south, east, north in degrees


def read_areas(
    path: str | Path,
    key: str,
    *,
    name: str | None = None,
    parents: Mapping[str, str] | None = None,
    layer: str | None = None,
    crs: str | None = None,
    to_crs: str | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    """Read district polygons from GeoPackage, GeoJSON, Shapefile and whatever else GDAL reads.

    Parameters
    ----------
    path : str or Path
        The file.
    key : str
        Column with the district key. It becomes the index, as text.
    name : str, optional
        Column with the district's name; the key stands in for it, if not given.
    parents : mapping of str to str, optional
        Higher levels: new name -> column in the file, such as ``{"bezirk": "BEZ"}``.
    layer : str, optional
        Layer of a file with several.
    crs : str, optional
        The coordinate reference system where the file does not say it (or says degrees, as every GeoJSON does, and
        holds metres), such as ``"EPSG:25832"``.
    to_crs : str, optional
        Projected system to convert to; needed for files in degrees (every standard GeoJSON).
    repair : bool, default False
        Make invalid polygons valid; the column ``repaired`` marks them. Without it they are refused.

    Returns
    -------
    GeoDataFrame
        On the district key: ``name``, the parents, a notice column (``Hinweis`` or ``notice``) if there is one, and
        ``geometry`` in metres. Other columns of the file are not taken along: join them as a table.

    Raises
    ------
    InputError
        The file is missing, unreadable or empty.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty or not unique.
    GeometryError
        No coordinate reference system, one in degrees, or shapes that are not valid polygons.
    """
    path = existing_file(path, "areas")
    frame = _read(path, layer)
    if frame.empty:
        raise InputError(f"{path.name} has no areas.")
    attributes = [column for column in frame.columns if column != frame.geometry.name]
    for column in [key, name, *(parents or {}).values()]:
        if column is not None and column not in attributes:
            raise ColumnError.not_found(column, attributes, path.name)
    if {"name", "geometry"} & set(parents or {}):
        raise SpecError("parents: 'name' and 'geometry' are columns of their own; name the higher level otherwise.")
    areas = _with_crs(frame, crs, to_crs, path.name)
    areas.index = pd.Index(_unique_keys(areas[key], path.name), name="key", dtype=object)
    names = keys_as_text(areas[name]).set_axis(areas.index) if name else areas.index.to_series()
    taken = {"name": names.fillna(areas.index.to_series())}
    taken |= {new: keys_as_text(areas[old]).set_axis(areas.index).fillna("") for new, old in (parents or {}).items()}
    taken |= {column: areas[column] for column in attributes if is_notice(column)}
    areas = gpd.GeoDataFrame(taken, index=areas.index, geometry=areas.geometry, crs=areas.crs)
    return _valid_polygons(areas, path.name, repair=repair)


def merge_areas(areas: gpd.GeoDataFrame, merged: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Merge areas that the tables report as one (counts cannot be split, shapes can be joined).

    Parameters
    ----------
    areas : GeoDataFrame
        As :func:`read_areas` returns it.
    merged : mapping of str to list of str
        New key -> the keys it is made of.

    Returns
    -------
    GeoDataFrame
        On the new keys; the column ``merged_from`` names the parts.

    Raises
    ------
    SpecError
        A part is not there, is used twice, or a new key is taken or has no parts.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> qa.merge_areas(areas, {"1+2": ["1", "2"]})[["name", "merged_from"]].to_dict("index")["1+2"]
    {'name': 'A / B', 'merged_from': '1, 2'}
    """
    without = [new for new, group in merged.items() if not group]
    if without:
        raise SpecError(f"merge_areas: {list_some(without)} has no parts.")
    parts = [part for group in merged.values() for part in group]
    absent = [part for part in parts if part not in areas.index]
    if absent:
        raise SpecError(f"merge_areas: {len(absent)} keys are not among the areas: {list_some(absent)}.")
    if len(set(parts)) < len(parts):
        raise SpecError("merge_areas: an area is named as part of two merged areas.")
    kept = areas.drop(index=parts)
    taken = [new for new in merged if new in kept.index]
    if taken:
        raise SpecError(f"merge_areas: the new keys {list_some(taken)} are keys of other areas.")
    result = kept.assign(merged_from="")
    for new, group in merged.items():
        members = areas.loc[list(group)]
        row = members.dissolve().set_axis([new])
        words = {column: " / ".join(dict.fromkeys(members[column])) for column in members.columns.drop("geometry")}
        row = row.assign(**words, merged_from=", ".join(group))
        result = gpd.GeoDataFrame(pd.concat([result, row]), crs=areas.crs)
    result.index.name = "key"
    return result.sort_index()


def _read(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        frame = gpd.read_file(path, layer=layer) if layer else gpd.read_file(path)
    except (DataSourceError, DataLayerError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: {error}.") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{path.name} has no geometry.")
    return frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry")


def _unique_keys(column: pd.Series, where: str) -> list[str]:
    keys = keys_as_text(column)
    empty = keys.isna() | (keys == "")
    if empty.any():
        raise KeyColumnError(f"{where}: {int(empty.sum())} areas have no key in {column.name!r}.")
    doubled = keys[keys.duplicated()].unique().tolist()
    if doubled:
        raise KeyColumnError(
            f"{where}: {len(doubled)} keys of {column.name!r} stand for more than one area: {list_some(doubled)}. "
            f"Correct the file or dissolve the parts before reading. All of them: err.keys",
            doubled,
        )
    return keys.tolist()


def _with_crs(frame: gpd.GeoDataFrame, crs: str | None, to_crs: str | None, where: str) -> gpd.GeoDataFrame:
    """Return the frame in a projected system, or say which call gives one."""
    from pyproj.exceptions import CRSError

    belied = frame.crs is not None and frame.crs.is_geographic and bool(abs(frame.total_bounds).max() > FULL_TURN)
    try:
        if frame.crs is None or belied:
            if crs is None:
                fault = "has coordinates that are not degrees, and does not" if belied else "does not"
                raise GeometryError(
                    f"{where} {fault} say its coordinate reference system. Pass it, such as crs='EPSG:25832'."
                )
            frame = frame.set_crs(crs, allow_override=True)
        if frame.crs is not None and len(frame.crs.axis_info) > 2:  # noqa: PLR2004 - heights are of no use here
            frame = frame.set_crs(frame.crs.to_2d(), allow_override=True)
        if to_crs is not None:
            frame = frame.to_crs(to_crs)
    except CRSError as error:
        raise GeometryError(f"{where}: {error}.") from error
    if frame.crs is not None and frame.crs.is_geographic:
        raise GeometryError(
            f"{where} is in degrees ({frame.crs.name}), the library measures in metres. "
            f"Pass to_crs={projected_for(frame)!r}, or convert the file with .to_crs({projected_for(frame)!r})."
        )
    return frame


def projected_for(frame: gpd.GeoDataFrame) -> str:
    """Name a projected system in metres for a frame in degrees: ETRS89/UTM in Europe, WGS 84/UTM elsewhere."""
    west, south, east, north = frame.to_crs("EPSG:4326").total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    zone = int((x + 180) // 6) + 1
    if EUROPE[0] <= x <= EUROPE[2] and EUROPE[1] <= y <= EUROPE[3]:
        return f"EPSG:{25800 + zone}"
    return f"EPSG:{(32600 if y >= 0 else 32700) + zone}"


def _valid_polygons(areas: gpd.GeoDataFrame, where: str, *, repair: bool) -> gpd.GeoDataFrame:
    missing = areas.index[areas.geometry.isna() | areas.geometry.is_empty].tolist()
    if missing:
        raise GeometryError(f"{where}: {len(missing)} areas have no geometry: {list_some(missing)}.")
    others = areas.index[~areas.geom_type.isin(["Polygon", "MultiPolygon"])].tolist()
    if others:
        raise GeometryError(f"{where}: {len(others)} areas are not polygons: {list_some(others)}.")
    invalid = areas.index[~areas.is_valid].tolist()
    if invalid and not repair:
        raise GeometryError(
            f"{where}: {len(invalid)} areas have an invalid outline: {list_some(invalid)}. "
            f"Pass repair=True to make them valid; the column 'repaired' then marks them."
        )
    if not invalid:
        return areas
    repaired = areas.geometry.where(areas.is_valid, areas.geometry.make_valid())
    return areas.assign(geometry=repaired, repaired=areas.index.isin(invalid))
