"""District geometries and further layers: text keys, unique, projected, valid; or a refusal that names the repair."""

from __future__ import annotations

import re
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from quartiersatlas.base.files import existing_file
from quartiersatlas.errors import (
    ColumnError,
    DependencyError,
    GeometryError,
    InputError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.intake.areas.area_flags import MARKS, PARTS, REPAIRED, SNAPPED, is_notice, leave_out
from quartiersatlas.intake.areas.crs import placed
from quartiersatlas.intake.areas.outlines import (
    made_valid,
    put_together,
    refuse_covering,
    refuse_doubled,
    refuse_other_than_polygons,
    snapped,
)
from quartiersatlas.intake.joining.keys import keys_as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyproj import CRS


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
