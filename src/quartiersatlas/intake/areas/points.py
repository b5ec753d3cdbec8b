"""Facilities as points: from a table with coordinates, or from a geometry file, with the checks of both."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.errors import ColumnError, GeometryError, InputError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.areas.area_columns import OFF_BY, keys_as_text, optional_names, read_notes
from quartiersatlas.intake.areas.crs import across_the_meridian, located, place_in_doubt
from quartiersatlas.intake.areas.outlines import without_a_place
from quartiersatlas.intake.files.layers import read_geometry_file
from quartiersatlas.intake.tables.formats import FileOptions, existing_table, raw_table
from quartiersatlas.intake.tables.read import ReadOptions, assemble
from quartiersatlas.intake.tables.sources import frame_table
from quartiersatlas.intake.tables.values.cells import TextCells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.intake.tables.values.cells import RawTable

    Floats = NDArray[Any]

HOW = 'qa.read_points("schools.csv", key="id", x="lon", y="lat", crs="EPSG:4326", to_crs=areas.crs)'
COORDINATE = re.compile(r"[-+−]?\d[\d.,' \u00a0\u202f]*")
AMBIGUOUS = re.compile(r"[-+]?\d{1,3}[.,]\d{3}")
FAR_TIMES = 10.0  # times the usual distance from the middle
FAR_METRES = 20_000.0
FEW = 4  # points among which nobody can say which is far from the others
HALF_TURN, DEGREE = 180.0, 111_320.0  # degrees; metres of a degree of latitude
POINT, MULTIPOINT, POLYGONS = 0, 4, (3, 6)


def read_points(
    path: str | Path | pd.DataFrame,
    key: str | None = None,
    *,
    x: str | None = None,
    y: str | None = None,
    name: str | None = None,
    kind: str | None = None,
    columns: str | Iterable[str] = (),
    crs: str | None = None,
    to_crs: Any = None,  # noqa: ANN401 - whatever names a reference system
    swap_axes: bool | None = None,
    decimal: Literal[",", "."] | None = None,
    layer: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    missing: Literal["raise", "report"] = "raise",
) -> gpd.GeoDataFrame:
    r"""Read facilities as points from a table with two columns of coordinates, or from a geometry file.

    Parameters
    ----------
    path : str, Path or DataFrame
        A table of any kind that :func:`read_table` reads, a geometry file, or a frame; points of a GeoDataFrame.
    key : str, optional
        Column with a key of each facility; the number of the row, if not given. It becomes the index, as text.
    x, y : str, optional
        Columns of a table with the coordinates: longitude or easting, and latitude or northing.
    name, kind : str, optional
        Columns with the name and the kind of each facility, such as the type of a school.
    columns : str or list of str
        Further columns to keep, such as the number of places; read with the checks of a table.
    crs : str, optional
        The coordinate reference system of the coordinates, such as ``"EPSG:4326"``; needed for a table.
    to_crs : str or CRS, optional
        Projected system to convert to: that of the areas, ``areas.crs``. Needed where the coordinates are degrees.
    swap_axes : bool, optional
        Whether x and y are exchanged; see :func:`read_areas`.
    decimal : str, optional
        Decimal mark of the coordinates, where it is not found out rightly.
    layer, sheet, encoding : str, optional
        Layer of a geometry file, sheet of a workbook, encoding; see :func:`read_table`.
    missing : {"raise", "report"}, default "raise"
        What becomes of facilities without coordinates or at 0/0, and of those far from all others: refused, or the
        first left out and the others kept, all of them named in ``read_notes``.

    Returns
    -------
    GeoDataFrame
        On the key: ``name``, ``kind``, the further columns, ``read_notes`` where there was anything to say (the same
        in every row), and ``geometry``, points in metres. It can be passed as ``facilities`` to :func:`release`.

    Raises
    ------
    ArgumentError
        A parameter is of another type; the message names what it takes.
    InputError
        The file is missing, unreadable, or something else than its name says.
    ColumnError
        A named column is not there.
    KeyColumnError
        Keys are empty or not unique.
    GeometryError
        Coordinates are missing, no numbers, at 0/0, exchanged or outside the region of their system, or far from all
        others; or the reference system is not known or not in metres.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "schools.csv"
    >>> _ = file.write_text("id;lon;lat;name\n07;9,0;51,5;Elm School\n08;9,1;51,6;Oak School\n", encoding="utf-8")
    >>> points = read_points(file, "id", x="lon", y="lat", name="name", crs="EPSG:4326", to_crs="EPSG:25832")
    >>> points["name"].to_dict(), round(points.geometry["07"].x)
    ({'07': 'Elm School', '08': 'Oak School'}, 500000)
    """
    expects(path, (str, Path, pd.DataFrame), "read_points", HOW)
    for parameter, value in (("key", key), ("x", x), ("y", y), ("name", name), ("kind", kind), ("crs", crs)):
        if value is not None:
            expects(value, str, f"read_points: {parameter}", HOW)
    choice(missing, ("raise", "report"), "missing")
    if (x is None) != (y is None):
        raise SpecError("x and y are named together: the columns with the longitude and the latitude.")
    words = {new: old for new, old in (("name", name), ("kind", kind)) if old is not None}
    further = optional_names(columns, "columns")
    if x is not None and y is not None:
        raw = _raw(path, key or x, layer, sheet, encoding)
        frame, notes = _from_table(raw, key, (x, y), words, further, decimal)
    else:
        frame, notes = _from_layer(path, key, words, further, layer, encoding)
    where = "points" if isinstance(path, pd.DataFrame) else Path(path).name
    _refuse_duplicate_keys(frame.index, key, where)
    frame, listed = _with_places(frame, where, missing)
    listed += _doubtful_places(frame, _in_degrees(frame, crs), where, missing)
    frame, _ = across_the_meridian(frame, crs)
    metres = located(frame, crs, to_crs, swap_axes, where, what="points")
    doubt = place_in_doubt(frame, crs, to_crs) if not swap_axes else None
    notes = [*notes, *listed]
    flags: dict[str, Any] = {}
    if doubt is not None:
        flags[OFF_BY] = doubt.metres
        notes.append(f"the points may lie about {doubt.metres:.0f} m beside their true place: {doubt.why}")
    return metres.assign(**flags, **read_notes(notes))


def _raw(
    path: str | Path | pd.DataFrame, header: str, layer: str | None, sheet: str | None, encoding: str | None
) -> RawTable:
    if isinstance(path, pd.DataFrame):
        return frame_table(path.reset_index() if path.index.name is not None else path, "points")
    options = FileOptions(key=header, sheet=sheet, layer=layer, encoding=encoding)
    return raw_table(existing_table(path), options)


def _from_table(
    raw: RawTable,
    key: str | None,
    xy: tuple[str, str],
    words: dict[str, str],
    further: Sequence[str],
    decimal: Literal[",", "."] | None,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return points from two columns of a table; cells without coordinates have an empty point."""
    if key is None:
        key = "row number"
        numbers = TextCells([str(line) for line in raw.rows])
        raw = replace(raw, header=[*raw.header, key], columns=[*raw.columns, numbers])
    as_text = [column for column in dict.fromkeys([*xy, *words.values()]) if column != key]
    options = ReadOptions(key=key, columns=list(dict.fromkeys([*as_text, *further])), text=as_text, decimal=decimal)
    table = assemble(raw, Path(raw.source), options)
    values = {column: table.values[column] for column in as_text}
    x, y = (_coordinates(values[column], column, raw.source, decimal) for column in xy)
    points = np.full(len(x), shapely.Point(), dtype=object)
    known = ~(np.isnan(x) | np.isnan(y))
    points[known] = shapely.points(x[known], y[known])
    keys = pd.Series(table.values.index, index=table.values.index)
    named = {new: (keys if old == key else values[old]).fillna("") for new, old in words.items()}
    frame = pd.DataFrame({"name": keys, "kind": "", **named, **{column: table.values[column] for column in further}})
    aside = [note for note in table.notes if not note.startswith("read as text")]
    return gpd.GeoDataFrame(frame, geometry=points), aside


def _coordinates(cells: pd.Series, column: str, where: str, decimal: str | None) -> Floats:
    """Return coordinates as numbers, NaN for empty cells, whichever decimal mark they are written with."""
    texts = cells.fillna("").str.strip().str.removesuffix("°").str.strip()
    held = texts[texts != ""]
    wrong = held[[COORDINATE.fullmatch(text) is None for text in held]]
    if len(wrong):
        raise GeometryError(
            f"{where}: {count_noun(len(wrong), f'cell of {column!r} is', f'cells of {column!r} are')} no coordinate: "
            f"{list_some(wrong)}. Coordinates are numbers such as 13.405 or 389412.5; empty the cells that hold none."
        )
    mark = decimal or _decimal_mark(held, column, where)
    other = "." if mark == "," else ","
    plain = texts.str.replace(r"['\s\u00a0\u202f]", "", regex=True).str.replace("−", "-")
    plain = plain.str.replace(other, "", regex=False).str.replace(mark, ".", regex=False)
    if (repeated := plain[plain.str.count(r"\.") > 1]).size:
        raise GeometryError(
            f"{where}: {count_noun(len(repeated), 'cell')} of {column!r} with more than one decimal mark: "
            f"{list_some(cells[repeated.index])}."
        )
    return pd.to_numeric(plain.where(plain != "", None)).to_numpy(float)


def _decimal_mark(held: pd.Series, column: str, where: str) -> str:
    """Return the decimal mark of a column: the last of two marks, or the only one, unless it groups thousands."""
    both = held[held.str.contains(",", regex=False) & held.str.contains(".", regex=False)]
    if len(both):
        return "," if both.iloc[0].rfind(",") > both.iloc[0].rfind(".") else "."
    several = [mark for mark in ",." if (held.str.count(re.escape(mark)) > 1).any()]
    if several:
        return "." if several[0] == "," else ","
    used = [mark for mark in ",." if held.str.contains(mark, regex=False).any()]
    if len(used) > 1:
        raise GeometryError(
            f"{where}: {column!r} is written with a comma in some cells and a point in others. Pass decimal=',' or "
            f"decimal='.', or correct the cells."
        )
    # three places behind a large number: 389.412 may be metres in thousands, but 13.405 is a place in degrees
    large = held[[AMBIGUOUS.fullmatch(text) is not None for text in held]]
    if len(large) == len(held) and len(held) and (large.str.replace(",", ".").astype(float).abs() > 180).any():  # noqa: PLR2004
        raise GeometryError(
            f"{where}: {column!r} holds coordinates such as {large.iloc[0]!r}, which may be thousands or decimals. "
            f"Pass decimal=',' or decimal='.'."
        )
    return used[0] if used else "."


def _from_layer(
    path: str | Path | pd.DataFrame,
    key: str | None,
    words: dict[str, str],
    further: Sequence[str],
    layer: str | None,
    encoding: str | None,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the points of a geometry file or frame; polygons are taken by a point inside."""
    if isinstance(path, gpd.GeoDataFrame):
        frame = path.reset_index() if path.index.name is not None else path
        notes, where = list[str](), "points"
        frame = frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry")
    elif isinstance(path, pd.DataFrame):
        raise SpecError("The frame has no geometry: name the columns of the coordinates, x=... and y=....")
    else:
        where = Path(path).name
        try:
            frame, notes = read_geometry_file(path, layer, encoding, "points")
        except InputError as error:
            if not str(error).endswith("has no geometry."):
                raise
            raise InputError(
                f"{error} If its points are in columns of numbers, name them, and the system they are in: "
                f"x='lon', y='lat', crs='EPSG:4326', to_crs='EPSG:25832'."
            ) from error
    for column in [key, *words.values(), *further]:
        if column is not None and column not in frame.columns:
            raise ColumnError.not_found(column, frame.columns.drop("geometry"), where)
    rows = pd.Series(range(1, len(frame) + 1), index=frame.index)
    keys = keys_as_text(frame[key] if key is not None else rows)
    empty = keys.isna() | (keys == "")
    if empty.any():
        raise KeyColumnError(f"{where}: {count_noun(int(empty.sum()), 'point has', 'points have')} no key in {key!r}.")
    index = pd.Index(keys.tolist(), name="key", dtype=object)
    shapes, inside = _one_point_each(frame.geometry.to_numpy(), index, where)
    columns = {new: keys_as_text(frame[old]).fillna("").to_numpy() for new, old in words.items()}
    columns = {
        "name": index.to_numpy(),
        "kind": np.full(len(index), ""),
        **columns,
        **{c: frame[c].to_numpy() for c in further},
    }
    return gpd.GeoDataFrame(columns, index=index, geometry=shapes, crs=frame.crs), [*notes, *inside]


def _one_point_each(shapes: NDArray[np.object_], keys: pd.Index, where: str) -> tuple[NDArray[np.object_], list[str]]:
    """Return one point per feature: the point itself, the only one of several, or one inside a polygon."""
    shapes = shapes.copy()
    shapes[without_a_place(shapes)] = shapely.Point()
    kind = shapely.get_type_id(shapes)
    single = (kind == MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    polygons = np.isin(kind, POLYGONS) & ~shapely.is_empty(shapes)
    shapes[polygons] = shapely.point_on_surface(shapes[polygons])
    gone = shapely.is_missing(shapes)
    shapes[gone] = shapely.Point()
    others = keys[~np.isin(shapely.get_type_id(shapes), (POINT,)) & ~shapely.is_empty(shapes)]
    if len(others):
        raise GeometryError(
            f"{where}: {count_noun(len(others), 'feature is', 'features are')} neither a point nor a polygon: "
            f"{list_some(others)}."
        )
    note = f"{count_noun(int(polygons.sum()), 'polygon')} taken by a point inside"
    return shapes, [note] if polygons.any() else []


def _in_degrees(points: gpd.GeoDataFrame, crs: str | None) -> bool:
    """Return True if the coordinates are degrees: by their system, or by their size where it is not known."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        system = CRS(crs) if crs is not None else points.crs
    except CRSError:
        return False  # named when the points are placed
    return bool(abs(points.total_bounds).max() <= 2 * HALF_TURN) if system is None else system.is_geographic


def _refuse_duplicate_keys(keys: pd.Index, key: str | None, where: str) -> None:
    duplicates = keys[keys.duplicated()].unique().tolist()
    if duplicates:
        raise KeyColumnError(
            f"{where}: {count_noun(len(duplicates), f'key of {key!r} has', f'keys of {key!r} have')} more than one "
            f"point: {list_some(duplicates)}. Name another column, or leave key out: the rows are numbered then.",
            duplicates,
        )


def _with_places(frame: gpd.GeoDataFrame, where: str, missing: str) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the facilities that have a place; the others are refused, or left out and listed."""
    if frame.empty:
        raise InputError(f"{where} has no points.")
    shapes = frame.geometry.to_numpy()
    empty = shapely.is_empty(shapes)
    zero = ~empty
    zero[zero] = (shapely.get_x(shapes[zero]) == 0) & (shapely.get_y(shapes[zero]) == 0)
    faults = (("without coordinates", empty), ("at 0/0, which stands for no coordinates", zero))
    listed = [
        f"{count_noun(int(m.sum()), 'point')} {text}: {list_some(frame.index[m])}" for text, m in faults if m.any()
    ]
    if not listed:
        return frame, []
    if missing == "raise":
        raise GeometryError(
            f"{where}: {'; '.join(listed)}. Complete the coordinates, or pass missing='report' to leave them out."
        )
    kept = frame[~(empty | zero)]
    if kept.empty:
        raise InputError(f"{where} has no point with coordinates.")
    return kept, [f"left out: {text}" for text in listed]


def _doubtful_places(points: gpd.GeoDataFrame, degrees: bool, where: str, missing: str) -> list[str]:
    """Refuse or list points far from all others; list those that share a place."""
    notes = []
    x, y = points.geometry.x.to_numpy(float), points.geometry.y.to_numpy(float)
    distance = _from_the_middle(x, y, x, y, degrees)
    far = distance > max(FAR_TIMES * float(np.median(distance)), FAR_METRES)
    if far.any() and len(points) >= FEW:
        worst = [f"{k} ({d / 1000:,.0f} km)" for k, d in zip(points.index[far], distance[far], strict=True)]
        text = f"{count_noun(int(far.sum()), 'point lies', 'points lie')} far from all others: {list_some(worst)}"
        if missing == "raise":
            turned = _from_the_middle(y[far], x[far], x, y, degrees) < distance[far] / 2
            cause = "With x and y exchanged they lie nearer." if turned.all() else "A wrong digit, or another city?"
            raise GeometryError(
                f"{where}: {text}. {cause} Correct them, or pass missing='report' if they do lie there."
            )
        notes.append(text)
    same = pd.DataFrame({"x": x, "y": y}).duplicated(keep=False).to_numpy()
    if same.any():
        notes.append(f"{count_noun(int(same.sum()), 'point')} at the place of another: {list_some(points.index[same])}")
    return notes


def _from_the_middle(
    x: Floats,
    y: Floats,
    all_x: Floats,
    all_y: Floats,
    degrees: bool,
) -> Floats:
    """Return the distances in metres from the middle of all points, nearly right in degrees too."""
    middle_x, middle_y = float(np.median(all_x)), float(np.median(all_y))
    if not degrees:
        return np.asarray(np.hypot(x - middle_x, y - middle_y), float)
    across = (x - middle_x + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN
    return np.asarray(DEGREE * np.hypot(across * np.cos(np.radians(middle_y)), y - middle_y), float)
