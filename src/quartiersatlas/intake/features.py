"""Further layers of a map: programme areas and facilities, with a name and nothing else from the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from quartiersatlas.errors import ColumnError, GeometryError, InputError, list_some
from quartiersatlas.intake.keys import keys_as_text
from quartiersatlas.intake.paths import existing_file

if TYPE_CHECKING:
    from pathlib import Path

    from pyproj import CRS


def read_features(path: str | Path, *, name: str, kind: str | None = None, crs: CRS | str) -> gpd.GeoDataFrame:
    """Read points or polygons of a further layer.

    Parameters
    ----------
    path : str or Path
        The file.
    name : str
        Column with the name of each feature.
    kind : str, optional
        Column with its kind, such as the type of a facility or the programme of an area.
    crs : CRS or str
        Projected system to convert to: that of the areas.

    Returns
    -------
    GeoDataFrame
        ``name``, ``kind`` and ``geometry``.

    Raises
    ------
    InputError
        The file is missing or unreadable.
    ColumnError
        A named column is not there.
    GeometryError
        The file does not say its coordinate reference system, or features have no geometry or an invalid one.
    """
    from pyogrio.errors import DataSourceError

    path = existing_file(path, "layer")
    try:
        frame = gpd.read_file(path)
    except (DataSourceError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: {error}.") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{path.name} has no geometry.")
    for column in [name, kind]:
        if column is not None and column not in frame.columns:
            raise ColumnError.not_found(column, [c for c in frame.columns if c != frame.geometry.name], path.name)
    if frame.crs is None:
        raise GeometryError(f"{path.name} does not say its coordinate reference system.")
    empty = frame.index[frame.geometry.isna() | frame.geometry.is_empty]
    if len(empty):
        raise GeometryError(f"{path.name}: {len(empty)} features have no geometry: {list_some(frame[name][empty])}.")
    invalid = frame.index[~frame.is_valid]
    if len(invalid):
        raise GeometryError(f"{path.name}: {len(invalid)} features are invalid: {list_some(frame[name][invalid])}.")
    words = {"name": keys_as_text(frame[name]).fillna(""), "kind": keys_as_text(frame[kind]).fillna("") if kind else ""}
    return gpd.GeoDataFrame(words, geometry=frame.geometry, crs=frame.crs).to_crs(crs)
