"""Further layers of a map: programme areas and facilities, with a name and nothing else from the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from quartiersatlas.errors import ColumnError, GeometryError, InputError
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
        The file does not say its coordinate reference system.
    """
    from pyogrio.errors import DataSourceError

    path = existing_file(path, "layer")
    try:
        frame = gpd.read_file(path)
    except DataSourceError as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: {error}.") from error
    for column in filter(None, [name, kind]):
        if column not in frame.columns:
            raise ColumnError.not_found(column, [c for c in frame.columns if c != frame.geometry.name], path.name)
    if frame.crs is None:
        raise GeometryError(f"{path.name} does not say its coordinate reference system.")
    kinds = frame[kind].astype(str) if kind else ""
    return gpd.GeoDataFrame(
        {"name": frame[name].astype(str), "kind": kinds}, geometry=frame.geometry, crs=frame.crs
    ).to_crs(crs)
