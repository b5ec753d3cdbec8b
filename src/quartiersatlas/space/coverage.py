"""Areas laid over each other or over a square grid: what overlaps, and how much of it, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from quartiersatlas.errors import ColumnError, CountError, GeometryError, KeyColumnError, SpecError, list_some
from quartiersatlas.intake.joining.data import checked_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]
    Ints = NDArray[np.int64]

POLYGONS = ("Polygon", "MultiPolygon")
TOUCH = 1e-9  # share of a small area below which an overlap is rounding along a common border


def overlay_pairs(from_areas: gpd.GeoDataFrame, to_areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay two sets of areas over each other.

    Parameters
    ----------
    from_areas, to_areas : GeoDataFrame
        Valid polygons on unique text keys, in one projected coordinate reference system.

    Returns
    -------
    GeoDataFrame
        One row per pair that overlaps: ``from``, ``to``, ``from_share`` and ``to_share`` (surface of the overlap as a
        share of either area) and the overlap as ``geometry``.

    Raises
    ------
    GeometryError
        The coordinate reference systems differ or are in degrees, or shapes are no valid polygons.
    KeyColumnError
        Keys are doubled or not text.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(index=["a"], geometry=[shapely.box(0, 0, 100, 100)], crs="EPSG:25832")
    >>> new = gpd.GeoDataFrame(index=["x"], geometry=[shapely.box(75, 0, 125, 100)], crs="EPSG:25832")
    >>> overlay_pairs(old, new)[["from", "to", "from_share", "to_share"]].to_numpy().tolist()
    [['a', 'x', 0.25, 0.5]]
    """
    check_areas(from_areas, "from_areas")
    check_areas(to_areas, "to_areas")
    if from_areas.crs is not None and to_areas.crs is not None and from_areas.crs != to_areas.crs:
        raise GeometryError(
            f"from_areas are in {from_areas.crs.name!r}, to_areas in {to_areas.crs.name!r}: bring them to one system, "
            f"such as from_areas.to_crs(to_areas.crs)."
        )
    old, new = from_areas.geometry.to_numpy(), to_areas.geometry.to_numpy()
    one, other = shapely.STRtree(new).query(old, predicate="intersects")
    common = shapely.intersection(old[one], new[other])
    surface = shapely.area(common)
    real = surface > 0
    one, other, common, surface = one[real], other[real], common[real], surface[real]
    return gpd.GeoDataFrame(
        {
            "from": from_areas.index.to_numpy()[one],
            "to": to_areas.index.to_numpy()[other],
            "from_share": surface / shapely.area(old[one]),
            "to_share": surface / shapely.area(new[other]),
        },
        geometry=common,
        crs=to_areas.crs,
    )


def check_areas(areas: gpd.GeoDataFrame, name: str) -> None:
    """Refuse what cannot be measured: degrees, doubled keys, shapes that are no valid polygons."""
    if not isinstance(areas, gpd.GeoDataFrame):
        raise GeometryError(f"{name} must be a GeoDataFrame on the area keys, as read_areas returns it.")
    if areas.empty:
        raise GeometryError(f"{name}: there are no areas.")
    if areas.crs is None or areas.crs.is_geographic:
        raise GeometryError(f"{name} are in degrees or without a coordinate reference system: use .to_crs(...).")
    keys = areas.index
    others = [key for key in keys if not isinstance(key, str)]
    doubled = keys[keys.duplicated()].unique()
    if others or len(doubled):
        what = f"{len(others)} keys are not text" if others else f"{len(doubled)} keys stand for more than one area"
        raise KeyColumnError(
            f"{name}: {what}: {list_some(others or doubled)}. All of them: err.keys", map(str, others or doubled)
        )
    wrong = keys[~areas.geom_type.isin(POLYGONS) | areas.is_empty | areas.geometry.isna()]
    if len(wrong):
        raise GeometryError(f"{name}: {len(wrong)} areas are not polygons, or have none: {list_some(wrong)}.")
    invalid = keys[~areas.is_valid]
    if len(invalid):
        raise GeometryError(
            f"{name}: {len(invalid)} areas have an invalid outline: {list_some(invalid)}. "
            f"Make them valid: read_areas(..., repair=True), or .make_valid()."
        )


def people_in(pieces: Shapes, population: gpd.GeoDataFrame, residents: str | None) -> tuple[Floats, float]:
    """Return the residents within each piece, and those within none.

    Notes
    -----
    A point counts for the piece it is in (on a border: for the first one), a small area for every piece by the share
    of its surface.
    """
    number = _residents(population, residents)
    shapes = population.geometry.to_numpy()
    tree = shapely.STRtree(pieces)
    if population.geom_type.eq("Point").all():
        point, piece = tree.query(shapes, predicate="intersects")
        point, first = np.unique(point, return_index=True)
        part, piece, share = point, piece[first], np.ones(len(point))
    else:
        check_areas(population.set_axis(population.index.astype(str)), "population")
        part, piece = tree.query(shapes, predicate="intersects")
        share = shapely.area(shapely.intersection(shapes[part], pieces[piece])) / shapely.area(shapes[part])
        share[share < TOUCH] = 0.0
    people = np.bincount(piece, number[part] * share, len(pieces)).astype(float)
    return people, float(number.sum() - people.sum())


def _residents(population: gpd.GeoDataFrame, residents: str | None) -> Floats:
    """Return the column of residents: the named one, or the only one with numbers."""
    numbers = pd.DataFrame(population.drop(columns=population.geometry.name)).select_dtypes("number").columns
    if residents is None and len(numbers) != 1:
        raise SpecError(
            f"Which column of population holds the residents? Name it: residents=...; there are {list_some(numbers)}."
        )
    column = residents if residents is not None else numbers[0]
    if column not in population.columns:
        raise ColumnError.not_found(column, population.columns, "population")
    number = checked_counts(population[column])
    unknown = number.index[number.isna()]
    if len(unknown):
        raise CountError(
            f"population: {len(unknown)} parts have no number of residents: {list_some(unknown)}. Give them one, or "
            f"leave them out: they would shift people without a word."
        )
    return np.asarray(number, dtype=np.float64)


ROUNDING = 1e-11  # cells; a running sum that misses a whole number by less is one


@dataclass(frozen=True, eq=False)
class Coverage:
    """The cells that areas cover, in part and whole.

    Parameters
    ----------
    area, row, column : ndarray of int, shape (n_cut,)
        Cells through which an outline runs, by area, row and column in ascending order.
    share : ndarray of float, shape (n_cut,)
        Share of the cell that the area covers, from 0 to 1.
    run_area, run_row, first, last : ndarray of int, shape (n_runs,)
        Runs of cells of one row, from column ``first`` to column ``last``, that the area covers alike.
    run_share : ndarray of float, shape (n_runs,)
        Share of each of these cells that the area covers: 1, or less where an outline runs level through them.
    """

    area: Ints
    row: Ints
    column: Ints
    share: Floats
    run_area: Ints
    run_row: Ints
    first: Ints
    last: Ints
    run_share: Floats


def grid_coverage(shapes: Shapes, corner: tuple[float, float], cell_size: float) -> Coverage:
    """Return which cells of a square grid each area covers, and how much of them.

    Parameters
    ----------
    shapes : ndarray of Polygon or MultiPolygon, shape (n_areas,)
        Valid polygons; holes are not covered.
    corner : tuple of float
        Lower left corner of the cell in row 0 and column 0; cells may have negative rows and columns.
    cell_size : float
        Side of a cell, above 0, in the unit of the coordinates.

    Returns
    -------
    Coverage
        Cells that an outline runs through with their shares, and runs of cells between them.

    Notes
    -----
    By Green's theorem the area of a polygon is the sum over its directed edges of ``dy`` times the width to the right
    of the edge, and so is its part in a cell. Every edge is split at the lines of the grid. A piece from ``(x0, y0)``
    to ``(x1, y1)`` in column ``i`` adds ``dy (i + 1 - (x0 + x1) / 2)`` to its own cell and ``dy`` to every cell right
    of it in its row. The running sum along a row is therefore 0 or 1 wherever no outline runs, and the covered part
    of the height where one runs level: cells between two outlines are known without being looked at. The cost is
    that of the pieces, not of the cells within. Rasterisers of fonts accumulate areas so.

    Examples
    --------
    >>> found = grid_coverage(np.array([shapely.box(50, 0, 400, 100)]), (0, 0), 100)
    >>> found.column.tolist(), found.share.tolist()
    ([0, 4], [0.5, 0.0])
    >>> found.first.tolist(), found.last.tolist()
    ([1], [3])
    """
    area, x0, y0, x1, y1 = _edges(shapes, corner, cell_size)
    area, x0, y0, x1, y1 = _split(area, y0, x0, y1, x1, swap=True)
    row = np.floor((y0 + y1) / 2).astype(np.int64)
    number = np.arange(len(row))
    number, x0, y0, x1, y1 = _split(number, x0, y0, x1, y1)
    middle = (x0 + x1) / 2
    column = np.floor(middle).astype(np.int64)
    rise = y0 - y1  # outlines run counter-clockwise: the inside is right of an edge that goes down
    return _accumulated(area[number], row[number], column, rise, rise * (column + 1 - middle))


def _edges(
    shapes: Shapes, corner: tuple[float, float], cell_size: float
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Return the directed edges of all rings in cells from the corner, the outer rings counter-clockwise."""
    parts, area = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = ((points - np.asarray(corner)) / cell_size).T
    edge = np.flatnonzero((ring[1:] == ring[:-1]) & (y[1:] != y[:-1]))  # level edges have nothing right of them
    return area[part][ring[edge]].astype(np.int64), x[edge], y[edge], x[edge + 1], y[edge + 1]


def _split(
    label: Ints, u0: Floats, v0: Floats, u1: Floats, v1: Floats, *, swap: bool = False
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """Split edges where ``u`` is whole, in their order; neighbouring pieces share their end to the last digit."""
    up = u1 > u0
    first = np.where(up, np.floor(u0) + 1, np.ceil(u0) - 1)  # the first line after the start
    lines = np.where(up, np.ceil(u1) - first, first - np.floor(u1))
    lines = np.maximum(lines, 0).astype(np.int64)
    pieces = lines + 1
    start = np.cumsum(pieces) - pieces
    edge = np.repeat(np.arange(len(u0)), pieces)
    step = np.arange(len(edge)) - start[edge]
    inner = np.flatnonzero(step > 0)
    at = edge[inner]
    cut = first[at] + np.where(up[at], 1, -1) * (step[inner] - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        other = v0[at] + (cut - u0[at]) * ((v1[at] - v0[at]) / (u1[at] - u0[at]))
    other = np.clip(other, np.minimum(v0[at], v1[at]), np.maximum(v0[at], v1[at]))
    begin_u, begin_v, end_u, end_v = u0[edge], v0[edge], u1[edge], v1[edge]
    begin_u[inner], begin_v[inner] = cut, other
    end_u[inner - 1], end_v[inner - 1] = cut, other
    if swap:
        return label[edge], begin_v, begin_u, end_v, end_u
    return label[edge], begin_u, begin_v, end_u, end_v


def _accumulated(area: Ints, row: Ints, column: Ints, rise: Floats, own: Floats) -> Coverage:
    """Sum the pieces by cell, and along each row of each area."""
    if not len(area):
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Coverage(none, none, none, nothing, none, none, none, none, nothing)
    low_row, low_column = row.min(), column.min()
    width = int(column.max() - low_column) + 1
    height = int(row.max() - low_row) + 1
    code = (area * height + (row - low_row)) * width + (column - low_column)
    order = np.argsort(code)
    code = code[order]
    firsts = np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]]))
    cell = code[firsts]
    through = np.cumsum(np.add.reduceat(rise[order], firsts))  # rows end at 0, so the next one starts at 0 again
    before = np.concatenate([[0.0], through[:-1]])
    line = cell // width
    column = cell % width + low_column
    share = np.clip(before + np.add.reduceat(own[order], firsts), 0.0, 1.0)
    through = np.where(np.abs(through - np.rint(through)) < ROUNDING, np.rint(through), through)
    gap = np.flatnonzero((line[1:] == line[:-1]) & (column[1:] > column[:-1] + 1) & (through[:-1] > 0))
    return Coverage(
        area=line // height,
        row=line % height + low_row,
        column=column,
        share=share,
        run_area=line[gap] // height,
        run_row=line[gap] % height + low_row,
        first=column[gap] + 1,
        last=column[gap + 1] - 1,
        run_share=np.clip(through[gap], 0.0, 1.0),
    )
