"""The one place that calls the library below for geometry files: what it raises and remarks is said in our words."""

from __future__ import annotations

import codecs
import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError, QuartiersatlasError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    import pandas as pd

FASTER_WITH_ARROW = {".gpkg", ".fgb"}  # GeoJSON is slower with it
SEVERAL_LAYERS = "More than one layer found"
UNTYPED_WITH_HEIGHT = "2147483648"  # the kind "any shape, with heights": only the way through a virtual file reads it

# remarks on what changes no key, name or outline
HARMLESS = re.compile(
    r"features with id|application_id|user_version|non conformant file extension|winding order"
    r"|invalid value encountered|organizePolygons|open option|code page|inner rings? .*orientation",
    re.IGNORECASE,
)
SAID = (
    (
        re.compile("too many members", re.IGNORECASE),
        "of corners with more than three numbers the first three were read",
    ),
)
SAID_OTHERWISE = "something in the file could not be read in full: compare keys, names and outlines with the source"


class LayerFrame(NamedTuple):
    """A layer as read, and notes on what was remarked while it was."""

    frame: gpd.GeoDataFrame | pd.DataFrame
    notes: list[str]


class SeveralLayersError(Exception):
    """A file has several layers, and none was named."""


def frame_of(path: Path, layer: str | None, encoding: str | None) -> LayerFrame:
    """Read a layer; an outline that is none is None, and refused where its key is known.

    Parameters
    ----------
    path : Path
        The file.
    layer : str, optional
        The layer; the only one, if not given.
    encoding : str, optional
        How words are written, where the file does not say it rightly.

    Raises
    ------
    SeveralLayersError
        No layer was named and there are several.
    InputError
        The file is damaged, or its words are in another encoding.
    pyogrio.errors.DataSourceError, DataLayerError, GeometryError
        The file, the layer or the kind of shapes is not known: who calls says what the file is.
    """
    from pyogrio.errors import DataLayerError, DataSourceError, GeometryError

    refuse_unknown_encoding(encoding, path.name)
    try:
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            warnings.filterwarnings("error", message=SEVERAL_LAYERS)
            frame = _frame(path, layer, encoding)
    except (QuartiersatlasError, DataSourceError, DataLayerError, GeometryError):
        raise
    except UserWarning as warning:
        raise SeveralLayersError from warning
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} cannot be read as a geometry file: its words are not in {encoding or 'UTF-8'}. "
            f"{_other_encoding(encoding)}"
        ) from error
    except IndexError as error:
        raise InputError(f"{path.name} cannot be read as a geometry file: it has no layer.") from error
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputError(
            f"{path.name} cannot be read as a geometry file: it is damaged, or says its reference system in a way that "
            f"nobody knows. Fetch it again, or save it anew as a GeoPackage."
        ) from error
    return LayerFrame(frame, _notes(str(remark.message) for remark in remarks if remark.category is RuntimeWarning))


def _other_encoding(encoding: str | None) -> str:
    """Return which encoding to try instead."""
    return "Leave encoding= out." if encoding is not None else "Is it encoding='cp1252'?"


def refuse_unknown_encoding(encoding: str | None, where: str) -> None:
    """Refuse a name that no encoding has."""
    try:
        if encoding is not None:
            codecs.lookup(encoding)
    except LookupError as error:
        raise InputError(
            f"{where} cannot be read as {encoding!r}: there is no encoding of this name. Is it encoding='cp1252'?"
        ) from error


def _notes(remarks: Iterable[str]) -> list[str]:
    """Return in our words what was remarked, each once."""
    serious = [remark for remark in remarks if not HARMLESS.search(remark)]
    said = [next((ours for theirs, ours in SAID if theirs.search(remark)), SAID_OTHERWISE) for remark in serious]
    return list(dict.fromkeys(said))


def _frame(path: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    from pyogrio import read_dataframe
    from pyogrio.errors import GeometryError

    arrow = path.suffix.lower() in FASTER_WITH_ARROW and encoding is None and find_spec("pyarrow") is not None
    options: dict[str, Any] = {"layer": layer, "encoding": encoding, "on_invalid": "ignore"}
    try:
        frame: gpd.GeoDataFrame | pd.DataFrame = read_dataframe(path, use_arrow=arrow, **options)
    except NotImplementedError:  # arcs, which only the other way makes into short straight lines
        frame = read_dataframe(path, use_arrow=False, **options)
    except GeometryError as error:
        inner = layer if layer is not None else _first_member(path)
        if UNTYPED_WITH_HEIGHT not in str(error) or inner is None:
            raise
        frame = _through_virtual_file(path, inner, options)
    return frame


def _first_member(path: Path) -> str | None:
    """Return the kind of feature that a GML file holds; its layer is called so."""
    head = path.read_bytes()[:100_000].decode("utf-8", "replace")
    found = re.search(r"<(?:\w+:)?(?:featureMembers?|member)\b[^>]*>\s*<(?:[\w.-]+:)?([\w.-]+)", head)
    return found[1] if found else None


def _through_virtual_file(path: Path, layer: str, options: dict[str, Any]) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read a layer of single and multiple outlines with heights: a virtual file says that any shape is meant."""
    from pyogrio import read_dataframe

    with TemporaryDirectory() as folder:
        virtual = Path(folder) / "layer.vrt"
        virtual.write_text(
            f"<OGRVRTDataSource><OGRVRTLayer name={quoteattr(layer)}><SrcDataSource>{escape(str(path.resolve()))}"
            f"</SrcDataSource><GeometryType>wkbUnknown</GeometryType></OGRVRTLayer></OGRVRTDataSource>",
            encoding="utf-8",
        )
        frame: gpd.GeoDataFrame | pd.DataFrame = read_dataframe(virtual, **{**options, "layer": layer})
    return frame


def refuse_remarks(remarks: Iterable[warnings.WarningMessage], name: str) -> None:
    """Refuse a table of which cells could not be read whole."""
    cells = [remark for remark in remarks if remark.category is RuntimeWarning]
    cells = [remark for remark in cells if not HARMLESS.search(str(remark.message))]
    if cells:
        raise InputError(
            f"{name} is damaged or has another encoding: {count_noun(len(cells), 'cell')} could not be read whole. "
            f"Pass encoding='utf-8' or 'cp1252', or take the file as it was published."
        )
