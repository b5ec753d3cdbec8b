"""Geometry files as frames: whatever GDAL reads, and GeoParquet."""

from __future__ import annotations

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd

from quartiersatlas.errors import DependencyError, InputError, list_some
from quartiersatlas.intake.paths import existing_file

if TYPE_CHECKING:
    import pandas as pd

PARQUET = {".parquet", ".geoparquet", ".pq"}
FASTER_WITH_ARROW = {".gpkg", ".fgb"}  # GeoJSON is slower with it
FOLDERS = {".gdb"}  # a file geodatabase is a folder
SAMPLE = 20  # cells that tell what a column holds
GEOMETRY_WORDS = "POINT|LINESTRING|LINEARRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION"
GEOMETRY_TEXT = re.compile(
    rf"0[01][0-9A-Fa-f]{{16,}}"  # well-known binary, written as hexadecimal digits
    rf"|\s*(SRID=\d+;)?\s*({GEOMETRY_WORDS})\s*(ZM?|M)?\s*(\(.*|EMPTY\s*)"  # well-known text
    rf'|\s*\{{.*"coordinates"\s*:.*',  # GeoJSON
    re.IGNORECASE | re.DOTALL,
)
GARBLED = re.compile(
    "Ã[\u0080-\u00bf\u0178\u201a-\u2122]|\ufffd"
)  # UTF-8 read as Latin-1, or the mark for what is no UTF-8


def read_geometry_file(path: str | Path, layer: str | None, encoding: str | None, what: str) -> gpd.GeoDataFrame:
    """Read a layer with all its columns; the geometry column is called ``geometry``."""
    path = Path(path) if Path(path).suffix.lower() in FOLDERS and Path(path).is_dir() else existing_file(path, what)
    frame = _parquet(path) if path.suffix.lower() in PARQUET else _with_gdal(path, layer, encoding)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{path.name} has no geometry.")
    return frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry")


def _with_gdal(path: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    from pyogrio import read_dataframe
    from pyogrio.errors import DataLayerError, DataSourceError

    arrow = path.suffix.lower() in FASTER_WITH_ARROW and encoding is None and find_spec("pyarrow") is not None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="More than one layer found")
            try:
                frame = read_dataframe(path, layer=layer, encoding=encoding, use_arrow=arrow)
            except UserWarning:
                frame = read_dataframe(path, layer=_only_layer(path), encoding=encoding, use_arrow=arrow)
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: {error}. Is it encoding='cp1252'?") from error
    except (DataSourceError, DataLayerError) as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: {error}.") from error
    return frame  # type: ignore[no-any-return]


def _only_layer(path: Path) -> str:
    """Return the only layer with a geometry, or ask which one is meant."""
    from pyogrio import list_layers

    layers = [str(name) for name, kind in list_layers(path) if kind is not None]
    if len(layers) != 1:
        raise InputError(
            f"{path.name} has {len(layers)} layers: {list_some(layers, 20)}. Name one, such as layer='...'."
        )
    return layers[0]


def _parquet(path: Path) -> gpd.GeoDataFrame:
    if find_spec("pyarrow") is None:
        raise DependencyError(
            "Reading GeoParquet needs an extra: pip install 'quartiersatlas[parquet]' (in a checkout: '.[parquet]')."
        )
    try:
        return gpd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise InputError(f"{path.name} cannot be read as GeoParquet: {error}.") from error


def holds_geometry(column: pd.Series) -> bool:
    """Tell whether a column of words holds geometry once more: hexadecimal WKB, WKT or GeoJSON.

    Examples
    --------
    >>> import pandas as pd
    >>> holds_geometry(pd.Series(["POINT (1 2)", None])), holds_geometry(pd.Series(["Polygonweg"]))
    (True, False)
    """
    cells = column.dropna().head(SAMPLE)
    return bool(len(cells)) and all(
        isinstance(cell, bytes | bytearray) or (isinstance(cell, str) and GEOMETRY_TEXT.fullmatch(cell) is not None)
        for cell in cells
    )


def refuse_garbled(words: pd.Series, column: str, where: str) -> None:
    """Refuse words whose umlauts were read in the wrong encoding."""
    if not GARBLED.search("\n".join(words)):
        return
    wrong = [word for word in words.unique() if GARBLED.search(word)]
    raise InputError(
        f"{where}: {len(wrong)} words of {column!r} have garbled letters: {list_some(wrong, 3)}. "
        f"The file says nothing, or something wrong, about its encoding: pass encoding='utf-8' or 'cp1252'."
    )
