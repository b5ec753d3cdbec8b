"""Layers of geometry files: one of them, from whatever the file really is, in an archive or not."""

from __future__ import annotations

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd

from quartiersatlas.base.checks import count_noun, existing_file, is_folder
from quartiersatlas.errors import DependencyError, InputError, QuartiersatlasError, list_some
from quartiersatlas.intake.files.answers import limit_hint, refuse_cut_file
from quartiersatlas.intake.files.archives import GEOMETRY, decompressed, refuse_incomplete_shapefile, unpacked
from quartiersatlas.intake.files.contents import Contents, refuse_stand_ins
from quartiersatlas.intake.files.reading import (
    LayerFrame,
    SeveralLayersError,
    frame_of,
    refuse_remarks,
    refuse_unknown_encoding,
)

if TYPE_CHECKING:
    import pandas as pd

PARQUET = {".parquet", ".geoparquet", ".pq"}
FOLDERS = {".gdb"}  # a file geodatabase is a folder
WORKBOOKS = {"xlsx", "xlsb", "xls", "ods"}
NO_LAYERS = {"layer_styles", "qgis_projects"}  # tables that a GIS keeps beside the layers
ANSWERS = {"json", "gml"}  # kinds in which a service says that it sent a part only
TEXT = {".csv", ".txt", ".tsv"}  # they may hold geometry as text
IN_ARCHIVES = (*GEOMETRY, ".json")


class ReadLayer(NamedTuple):
    """A layer with all its columns, and what was decided to get at it."""

    frame: gpd.GeoDataFrame
    notes: list[str]


def read_geometry_file(path: str | Path, layer: str | None, encoding: str | None, what: str) -> ReadLayer:
    """Read a layer with all its columns; the geometry column is called ``geometry``.

    Parameters
    ----------
    path : str or Path
        The file, the folder of a geodatabase, or a zip archive with one of them.
    layer : str, optional
        The layer of a file with several, or the file of an archive with several.
    encoding : str, optional
        How words are written, where the file does not say it rightly.
    what : str
        What the file is for, as a message calls it: ``"areas"``.

    Returns
    -------
    ReadLayer
        The frame, and notes on archives.

    Raises
    ------
    InputError
        The file is missing, unreadable, has several layers or no geometry, is something else than its name says, or
        a part of the answer of a service.
    DependencyError
        GeoParquet without the extra.
    """
    path = Path(path) if Path(path).suffix.lower() in FOLDERS and is_folder(path) else existing_file(path, what)
    frame, notes = _read(path, layer, encoding)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{path.name} has no geometry.")
    return ReadLayer(frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry"), notes)


def _read(path: Path, layer: str | None, encoding: str | None) -> LayerFrame:
    if path.is_dir():
        return _with_gdal(path, layer, encoding)
    contents = refuse_stand_ins(path, "geometry file")
    if contents.kind == "zip" and path.suffix.lower() != ".kmz":
        with unpacked(path, IN_ARCHIVES, layer, "layer") as (inner, named):
            frame, notes = _read(inner, None if named else layer, encoding)
        return LayerFrame(frame, [f"{inner.name} in the archive {path.name} was read", *notes])
    if contents.kind == "gzip":
        with decompressed(path) as inner:
            frame, notes = _read(inner, layer, encoding)
        return LayerFrame(frame, [f"{path.name} was unpacked and read", *notes])
    if contents.kind in WORKBOOKS:
        raise InputError(
            f"{path.name} is {contents.name} and no geometry file. Read it with read_table, and the areas from a file "
            f"with outlines; join puts them together."
        )
    refuse_incomplete(path)
    if contents.kind == "parquet" or path.suffix.lower() in PARQUET:
        return LayerFrame(_parquet(path, contents), [])
    if contents.kind in ANSWERS:
        refuse_cut_file(path)
        frame, notes = _with_gdal(path, layer, encoding, contents)
        return LayerFrame(frame, [*notes, *limit_hint(len(frame))])
    return _with_gdal(path, layer, encoding, contents)


def refuse_incomplete(path: Path) -> None:
    """Refuse a shapefile beside which its index or its columns are missing."""
    if path.suffix.lower() == ".shp":
        stem = path.stem.lower()
        there = {entry.suffix.lower(): entry for entry in path.parent.iterdir() if entry.stem.lower() == stem}
        refuse_incomplete_shapefile(path.name, set(there))
        with path.open("rb") as file:
            head = file.read(28)
        if path.stat().st_size < 2 * int.from_bytes(head[24:28], "big"):  # the file says its length in words
            raise InputError(f"{path.name} is shorter than it says itself: the download broke off. Fetch it again.")
        refuse_cut_dbf(there[".dbf"])


def refuse_cut_dbf(path: Path) -> None:
    """Refuse a dBASE table with fewer rows than it says itself."""
    with path.open("rb") as file:
        head = file.read(12)
    rows, start, width = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    size = path.stat().st_size
    if width and start <= size < start + rows * width:
        there = (size - start) // width
        raise InputError(
            f"{path.name} holds {count_noun(there, 'row')} and says itself that there are {rows:,}: the download broke "
            f"off. Fetch it again."
        )


def read_attributes(path: Path, layer: str | None, encoding: str | None) -> pd.DataFrame:
    """Read the columns of a layer without its geometry.

    Raises
    ------
    InputError
        The file is unreadable or damaged, or has several layers or tables; the message lists them.
    """
    from pyogrio import read_dataframe
    from pyogrio.errors import DataLayerError, DataSourceError

    refuse_incomplete(path)
    name = path.name
    refuse_unknown_encoding(encoding, name)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            layer = layer if layer is not None else _only_table(path)
            frame: pd.DataFrame = read_dataframe(path, layer=layer, encoding=encoding, read_geometry=False)
    except QuartiersatlasError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} cannot be read: its words are not in {encoding or 'UTF-8'}. Is it encoding='cp1252'?"
        ) from error
    except (DataSourceError, DataLayerError) as error:
        raise _unreadable(path, layer, None) from error
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(f"{name} cannot be read: it is damaged. Fetch it again.") from error
    refuse_remarks(warned, name)
    return frame


def _only_table(path: Path) -> str | None:
    """Return the only layer or table of a file, or ask which one is meant."""
    from pyogrio import list_layers

    layers = [str(name) for name, _ in list_layers(path) if str(name) not in NO_LAYERS]
    if len(layers) > 1:
        raise _several(path.name, layers)
    return layers[0] if layers else None


def _with_gdal(path: Path, layer: str | None, encoding: str | None, contents: Contents | None = None) -> LayerFrame:
    from pyogrio.errors import DataLayerError, DataSourceError, GeometryError

    try:
        try:
            return frame_of(path, layer, encoding)
        except SeveralLayersError:
            return frame_of(path, _only_layer(path), encoding)
    except GeometryError as error:
        raise InputError(
            f"{path.name} cannot be read as a geometry file: its outlines are surfaces of triangles or of several "
            f"planes, as models of terrain and buildings have them. Save the districts as polygons."
        ) from error
    except (DataSourceError, DataLayerError) as error:
        raise _unreadable(path, layer, contents) from error


def _only_layer(path: Path) -> str:
    """Return the only layer with a geometry, or ask which one is meant."""
    from pyogrio import list_layers

    layers = [str(name) for name, kind in list_layers(path) if kind is not None]
    if len(layers) != 1:
        raise _several(path.name, layers)
    return layers[0]


def _several(where: str, layers: list[str]) -> InputError:
    found = f"{count_noun(len(layers), 'layer')}: {list_some(layers, 20)}"
    example = repr(layers[0]) if layers else "'...'"
    return InputError(f"{where} has {found}. Name one, such as layer={example}.")


def _unreadable(path: Path, layer: str | None, contents: Contents | None) -> InputError:
    """Return the error of a file that no reader of geometry takes, with what it is, or which layers it has."""
    from pyogrio import list_layers

    where = f"{path.name} cannot be read as a geometry file"
    if layer is not None:
        try:
            layers = [str(name) for name, _ in list_layers(path) if str(name) not in NO_LAYERS]
        except Exception:  # noqa: BLE001 - a damaged file may fail anywhere in the reader
            layers = []
        if layers and layer not in layers:
            return InputError(f"{where}: it has no layer {layer!r}; there are {list_some(layers, 20)}.")
    is_what = f"it is {contents.name}" if contents is not None else "it is damaged or of another kind"
    known = ", ".join(GEOMETRY)
    return InputError(f"{where}: {is_what}, or damaged. Pass a file of one of the kinds {known}, or fetch it again.")


def _parquet(path: Path, contents: Contents) -> gpd.GeoDataFrame:
    if find_spec("pyarrow") is None:
        raise DependencyError(
            "Reading GeoParquet needs an extra: pip install 'quartiersatlas[parquet]' (in a checkout: '.[parquet]')."
        )
    try:
        return gpd.read_parquet(path)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        says = "it has no geometry" if contents.kind == "parquet" else f"it is {contents.name}"
        if re.search("geo metadata", str(error), re.IGNORECASE) is None and contents.kind == "parquet":
            says = "it is damaged"
        raise InputError(f"{path.name} cannot be read as GeoParquet: {says}.") from error
