"""District geometries: text keys, unique, projected, valid; or a refusal that names the repair."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from quartiersatlas.errors import ColumnError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.geometry_files import holds_geometry, read_geometry_file, refuse_garbled
from quartiersatlas.intake.keys import keys_as_text
from quartiersatlas.intake.marks import MARKS, PARTS, REPAIRED, SNAPPED, leave_out
from quartiersatlas.intake.notices import is_notice
from quartiersatlas.intake.outlines import (
    made_valid,
    put_together,
    refuse_covering,
    refuse_doubled,
    refuse_other_than_polygons,
    snapped,
)
from quartiersatlas.intake.place import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_areas(
    path: str | Path,
    key: str,
    *,
    name: str | None = None,
    parents: Mapping[str, str] | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    to_crs: str | None = None,
    swap_axes: bool | None = None,
    ignore: Iterable[str] = (),
    dissolve: bool = False,
    repair: bool = False,
    snap: float | None = None,
) -> gpd.GeoDataFrame:
    """Read district polygons from GeoPackage, GeoJSON, Shapefile, GeoParquet and whatever else GDAL reads.

    Parameters
    ----------
    path : str or Path
        The file. GeoParquet needs the extra ``parquet``, which also makes GeoPackage and FlatGeobuf faster.
    key : str
        Column with the district key. It becomes the index, as text.
    name : str, optional
        Column with the district's name; the key stands in for it, if not given.
    parents : mapping of str to str, optional
        Higher levels: new name -> column in the file, such as ``{"bezirk": "BEZ"}``.
    layer : str, optional
        Layer of a file with several.
    encoding : str, optional
        How words are written, where the file does not say it rightly, such as ``"cp1252"``.
    crs : str, optional
        The coordinate reference system where the file does not say it (or says degrees, as every GeoJSON does, and
        holds metres), such as ``"EPSG:25832"``. It takes the place of what the file says, and is refused where it
        would put the areas outside the region it is made for.
    to_crs : str, optional
        Projected system to convert to; needed for files in degrees (every standard GeoJSON).
    swap_axes : bool, optional
        Whether the file holds the latitude (or northing) first. By default such files are refused when they lie in
        Germany, Austria or Switzerland only once the axes are swapped; ``False`` takes them as they are.
    ignore : iterable of str
        Keys of features that are no areas, such as the whole city; the column ``left_out`` names them.
    dissolve : bool, default False
        Put features with the same key together; the column ``parts`` counts them. Without it they are refused.
    repair : bool, default False
        Make invalid polygons valid; the column ``repaired`` marks them. Without it they are refused.
    snap : float, optional
        Close gaps up to this width in metres between neighbours and give overlaps to one of them; the column
        ``snapped`` marks the areas that changed. Above 0.

    Returns
    -------
    GeoDataFrame
        On the district key: ``name``, the parents, a notice column (``Hinweis`` or ``notice``) if there is one, marks
        of what was done, and ``geometry`` in metres. Other columns of the file are not taken along: join them as a
        table. Columns with geometry as text are named in ``left_out``.

    Raises
    ------
    InputError
        The file is missing, unreadable, empty, has several layers, or garbled letters.
    ColumnError
        A named column is not there; the message offers the closest names.
    KeyColumnError
        Keys are empty or not unique, or the parts of an area differ in name or parent.
    GeometryError
        No coordinate reference system, one in degrees, feet or with stretched lengths, areas outside the region it is
        made for, shapes that are not valid polygons, or features that cover the others.
    DependencyError
        GeoParquet without the extra.

    Notes
    -----
    :func:`check_areas` tells whether the areas fit together: gaps, overlaps, areas without a neighbour.
    """
    frame = read_geometry_file(path, layer, encoding, "areas")
    where = Path(path).name
    if frame.empty:
        raise InputError(f"{where} has no areas.")
    taken = _columns(frame, key, name, parents or {}, where)
    if snap is not None and not snap > 0:
        raise SpecError(f"snap={snap} should be a width in metres above 0.")
    keys = _keys(frame[key], where)
    words = _words(frame, keys, taken, where)
    left_out = _left_out(keys, words["name"], ignore, where)
    stays = ~keys.isin([ignored for ignored, _ in left_out])
    frame, keys, words = frame[stays], keys[stays], words[stays]
    if frame.empty:
        raise InputError(f"{where} has no areas besides those to ignore.")
    refuse_other_than_polygons(frame.geometry.to_numpy(), keys, where)
    frame = placed(frame, crs, to_crs, swap_axes, where)
    shapes, invalid = made_valid(frame.geometry.to_numpy(), keys, where, repair=repair)
    marks: dict[str, Any] = (
        {REPAIRED: pd.Series(invalid).groupby(keys, sort=False).any().to_numpy()} if invalid.any() else {}
    )
    if not dissolve:
        refuse_doubled(shapes, keys, key, where)
    elif keys.has_duplicates:
        shapes, marks[PARTS] = put_together(shapes, keys, words.drop(columns=filter(is_notice, words.columns)), where)
        words, keys = words[~keys.duplicated()], keys.unique()
    refuse_covering(shapes, keys, words["name"], where)
    if snap is not None:
        before, shapes = shapes, snapped(shapes, keys, where, snap)
        marks[SNAPPED] = ~shapely.equals(before, shapes)
    areas = gpd.GeoDataFrame(words.set_axis(keys).assign(**marks), geometry=shapes, crs=frame.crs)
    texts = [c for c in frame.columns.drop("geometry") if c not in taken.values() and holds_geometry(frame[c])]
    return leave_out(areas, [*(f"{ignored} ({called})" for ignored, called in left_out), *texts])


def _columns(
    frame: gpd.GeoDataFrame, key: str, name: str | None, parents: Mapping[str, str], where: str
) -> dict[str, str]:
    """Return new name -> column of the file for all that is taken along besides the key."""
    attributes = [column for column in frame.columns if column != "geometry"]
    for column in [key, name, *parents.values()]:
        if column is not None and column not in attributes:
            raise ColumnError.not_found(column, attributes, where)
    if {"name", "geometry", *MARKS} & set(parents):
        raise SpecError(
            f"parents: 'name' and 'geometry' are columns of their own, as are the marks {list_some(MARKS)}; "
            f"name the higher level otherwise."
        )
    taken = {"name": name if name is not None else key, **parents}
    geometry = [column for column in {key: "", **dict.fromkeys(taken.values())} if holds_geometry(frame[column])]
    if geometry:
        raise InputError(f"{where}: {list_some(geometry)} holds geometry as text; it is neither key nor name.")
    return taken | {column: column for column in attributes if is_notice(column)}


def _keys(column: pd.Series, where: str) -> pd.Index:
    keys = keys_as_text(column)
    empty = keys.isna() | (keys == "")
    if empty.any():
        raise KeyColumnError(f"{where}: {int(empty.sum())} areas have no key in {column.name!r}.")
    index: pd.Index = pd.Index(keys.tolist(), name="key", dtype=object)
    return index


def _words(frame: gpd.GeoDataFrame, keys: pd.Index, taken: Mapping[str, str], where: str) -> pd.DataFrame:
    """Return name, parents and notice as they stay with the areas."""
    words = {}
    for new, old in taken.items():
        if is_notice(new):
            words[new] = frame[old].to_numpy()
            continue
        texts = keys_as_text(frame[old])
        refuse_garbled(texts.dropna(), old, where)
        words[new] = texts.fillna(keys.to_series(index=texts.index) if new == "name" else "").to_numpy()
    return pd.DataFrame(words)


def _left_out(keys: pd.Index, names: pd.Series, ignore: Iterable[str], where: str) -> list[tuple[str, str]]:
    """Return key and name of the features to ignore; every one must be there."""
    if isinstance(ignore, str):
        raise SpecError(f"ignore is a list of keys, such as ignore=[{ignore!r}].")
    ignore = list(ignore)
    if not ignore:
        return []
    named = dict(zip(keys, names, strict=True))
    absent = [key for key in ignore if key not in named]
    if absent:
        raise SpecError(f"{where}: ignore names {len(absent)} keys that are not there: {list_some(absent)}.")
    return [(key, named[key]) for key in ignore]
