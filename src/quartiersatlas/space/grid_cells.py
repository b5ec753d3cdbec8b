"""Counts of a square grid summed to areas, exactly by coverage, without a polygon per cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from quartiersatlas.base.checks import choice, count_noun, expects, renamed
from quartiersatlas.catalogue import inspire_cells
from quartiersatlas.errors import (
    ColumnError,
    CountError,
    GeometryError,
    InputError,
    KeyColumnError,
    SpecError,
    list_some,
)
from quartiersatlas.space.crosswalk import choose_counts
from quartiersatlas.space.fit import check_polygons
from quartiersatlas.space.reallocate import Transfer, totals, weighted_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.space.reallocate import Note, Reasons

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Shapes = NDArray[np.object_]

ON_GRID = 1e-6  # cells by which a coordinate may miss the grid
TOUCH = 1e-9  # share of a cell below which it does not touch an area: rounding along a common border
MOSTLY_CUT = 0.5  # share of a count from cut cells above which an area is too small for the cells
EUROPE = 3035  # EPSG number of the INSPIRE grid
ROUNDING = 1e-11  # cells; a running sum that misses a whole number by less is one
MEANINGS = ("zero", "missing", "suppressed")


@renamed(codes="symbols", surely_counts="treat_as_counts")
def grid_to_areas(
    cells: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    cell_size: float | None = None,
    at: Literal["corner", "centre"] = "corner",
    x: str = "x",
    y: str = "y",
    ids: str | None = None,
    counts: Iterable[str] | None = None,
    treat_as_counts: Iterable[str] = (),
    symbols: Mapping[float, str] | None = None,
    base: str | None = None,
    crs: str | int | CRS = "EPSG:3035",
) -> Transfer:
    """Sum counts of square grid cells to areas; a cell that an outline cuts counts by the surface in each area.

    Parameters
    ----------
    cells : DataFrame
        One row per cell: its coordinates or code, and counts, finite and at least 0; NaN where unknown. Cells without
        a row are empty.
    areas : GeoDataFrame
        Valid polygons on unique text keys, in the coordinate reference system of the grid.
    cell_size : float, optional
        Side of a cell in metres, such as 100 or 1000; needed where there are no ``ids``.
    at : {"corner", "centre"}, default "corner"
        Whether ``x`` and ``y`` are the lower left corner or the centre of the cell.
    x, y : str, default "x", "y"
        Columns with the coordinates.
    ids : str, optional
        Column with INSPIRE codes instead of coordinates: see :func:`inspire_cells`.
    counts, treat_as_counts : list of str, optional
        As in :func:`transfer`; all columns of numbers besides coordinates, if not given.
    symbols : mapping of float to str, optional
        What numbers stand for that are codes, not counts: ``"zero"``, ``"missing"`` or ``"suppressed"``.
        German census grids use -1 for uninhabited or confidential and -9 for unknown: ``{-1: "zero", -9: "missing"}``.
        Where unknown cells are read as ``"zero"``, every sum is a lower bound: say so to your readers.
    base : str, optional
        Column by which ``split_share`` is measured; the first one, if not given.
    crs : str, int or CRS, default "EPSG:3035"
        The coordinate reference system of the grid.

    Returns
    -------
    Transfer
        ``.table`` on the area keys; ``.targets`` with the number of cells, the share of the count that comes from cut
        cells (less than 99 % in the area; ``uncertain`` above one half) and ``covered`` (share of the surface that
        lies on the given cells);
        ``.totals`` with what lies outside all areas. An area that an unknown cell touches is NaN, and so is one
        without any cell; ``.problems`` names the latter, and cells that overlapping areas count twice.

    Raises
    ------
    GeometryError
        Areas are in another system than the grid, or are no valid polygons.
    CountError
        Negative numbers without a meaning in ``symbols``, or columns that look like rates.
    KeyColumnError
        A cell appears twice, or codes of cells or keys of areas are wrong.
    SpecError
        Coordinates are not on a grid of ``cell_size``, or are centres where corners are named, or the reverse.
    ColumnError, InputError
        A column does not exist; there are no cells or no counts.
    ArgumentError
        The cells are no DataFrame, or the areas no GeoDataFrame.

    Notes
    -----
    ``T_a = sum_c A(a and c) / A(c) v_c``. The shares come from the outlines alone: see
    :func:`quartiersatlas.space.grid_cells.grid_coverage`. Areas must be reprojected to the grid, not the grid to the
    areas: its cells are squares only in its own system.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> cells = pd.DataFrame({"x": [4334000, 4334100], "y": [2684000, 2684000], "residents": [100, 60]})
    >>> shapes = [shapely.box(4334000, 2684000, 4334150, 2684100), shapely.box(4334150, 2684000, 4334300, 2684100)]
    >>> areas = gpd.GeoDataFrame(index=["a", "b"], geometry=shapes, crs="EPSG:3035")
    >>> result = grid_to_areas(cells, areas, cell_size=100)
    >>> result.table["residents"].to_dict(), result.targets["split_share"].round(3).to_dict()
    ({'a': 130.0, 'b': 30.0}, {'a': 0.231, 'b': 1.0})
    """
    expects(cells, pd.DataFrame, "grid_to_areas", 'cells = pandas.read_csv("cells.csv", sep=";")')
    if not len(cells):
        raise InputError("There are no cells.")
    crs = CRS.from_user_input(crs)
    areas_crs = check_polygons(areas, "grid_to_areas", "areas")
    if areas_crs != crs:
        raise GeometryError(
            f"The areas are in {areas_crs.name!r}, the grid in {crs.name!r}: use areas.to_crs({crs.to_string()!r})."
        )
    corners, size, place_columns = _corners(cells, cell_size, at, (x, y), ids, crs)
    row, column, corner = _on_grid(corners, size)
    frame, reasons = _decoded(cells.drop(columns=place_columns), symbols or {})
    frame = frame[choose_counts(frame, counts, treat_as_counts, {})]
    cell, area, share = cell_pairs(row, column, areas, corner, size)
    index = areas.index.rename("key")
    table, status, certainty = weighted_sums(frame, reasons, cell, area, share, index, base, MOSTLY_CUT)
    surface = np.bincount(area, share, len(areas)).astype(float) * size**2
    covered = np.bincount(cell, share, len(cells)).astype(float)
    outside = np.clip(1 - covered, 0, 1)
    outside[outside < TOUCH] = 0
    return Transfer(
        table=table,
        status=status,
        targets=certainty.assign(covered=surface / areas.area.to_numpy()),
        weights=pd.DataFrame(
            {"from": cells.index.to_numpy()[cell], "to": areas.index.to_numpy()[area], "weight": share}
        ),
        slivers=pd.DataFrame({"from": [], "to": [], "weight": []}),
        totals=totals(frame, table, frame.sum(), frame.mul(outside, axis=0).sum(), 0.0),
        problems=_problems(frame, covered, outside, certainty, base),
        method=f"of cells of {size:g} m",
    )


def _corners(
    cells: pd.DataFrame, cell_size: float | None, at: str, names: tuple[str, str], ids: str | None, crs: CRS
) -> tuple[Floats, float, list[str]]:
    """Return the lower left corners, the side of a cell and the columns that say where it is."""
    choice(at, ("corner", "centre"), "at")
    for name in [ids] if ids is not None else names:
        if name not in cells.columns:
            raise ColumnError.not_found(name, cells.columns, "The cells")
    if ids is not None:
        return *_corners_of_codes(cells[ids], cell_size, crs), [ids]
    if cell_size is None or not 0 < cell_size < np.inf:
        raise SpecError(f"cell_size={cell_size!r}: name the side of a cell in metres, such as 100 or 1000.")
    texts = [name for name in names if not pd.api.types.is_numeric_dtype(cells[name].dtype)]
    if texts:
        raise ColumnError(
            f"The cells have text in {list_some(texts)}, not coordinates; INSPIRE codes are named by ids=."
        )
    points = cells[list(names)].to_numpy(dtype=float)
    if crs.to_epsg() == EUROPE:
        _check_reference_point(points, cell_size, at)
    return points - cell_size / 2 if at == "centre" else points, float(cell_size), list(names)


def _corners_of_codes(codes: pd.Series[str], cell_size: float | None, crs: CRS) -> tuple[Floats, float]:
    """Return the lower left corners and the side of cells with INSPIRE codes."""
    read = inspire_cells(codes)
    sizes = read["cell_size"].unique()
    if len(sizes) > 1 or (cell_size is not None and cell_size != sizes[0]):
        raise SpecError(f"The codes name cells of {list_some(sizes)} m: one size at a time, and the same cell_size.")
    if crs.to_epsg() != EUROPE:
        raise GeometryError("INSPIRE codes stand for cells in EPSG:3035: leave crs as it is.")
    return read[["x", "y"]].to_numpy(dtype=float), float(sizes[0])


def _check_reference_point(points: Floats, cell_size: float, at: str) -> None:
    """Refuse centres passed as corners and the reverse: corners of INSPIRE cells are multiples of their size."""
    rest = points % cell_size
    if at == "corner" and (rest == cell_size / 2).all():
        raise SpecError(f"The coordinates are the centres of INSPIRE cells of {cell_size:g} m: pass at='centre'.")
    if at == "centre" and (rest == 0).all():
        raise SpecError(f"The coordinates are the corners of INSPIRE cells of {cell_size:g} m: pass at='corner'.")


def _on_grid(corners: Floats, size: float) -> tuple[Ints, Ints, tuple[float, float]]:
    """Return row and column of each cell from the lowest y and x; refuse what is off the grid."""
    wrong = np.flatnonzero(~np.isfinite(corners).all(axis=1))
    if len(wrong):
        number = count_noun(len(wrong), "cell has", "cells have")
        raise InputError(f"{number} no finite coordinates, in rows {list_some(wrong)}.")
    low = corners.min(axis=0)
    steps = (corners - low) / size
    nearest = np.rint(steps).astype(np.int64)
    off = np.flatnonzero((np.abs(steps - nearest) > ON_GRID).any(axis=1))
    if len(off):
        raise SpecError(
            f"{count_noun(len(off), 'cell is', 'cells are')} not on one grid of {size:g} m, in rows {list_some(off)}. "
            f"Is cell_size right?"
        )
    return nearest[:, 1], nearest[:, 0], (float(low[0]), float(low[1]))


def _decoded(cells: pd.DataFrame, symbols: Mapping[float, str]) -> tuple[pd.DataFrame, Reasons]:
    """Return the cells with codes replaced: by 0, or by NaN with the reason; a code without a meaning is refused."""
    expects(symbols, Mapping, "grid_to_areas: symbols", "symbols={-1: 'zero', -9: 'missing'}")
    for code, meaning in symbols.items():
        choice(meaning, MEANINGS, f"symbols: the meaning of {code!r}")
    reasons: Reasons = {}
    fresh = {}
    for name in cells.columns:
        if not pd.api.types.is_numeric_dtype(cells[name].dtype):
            fresh[name] = cells[name].array
            continue
        number = cells[name].to_numpy(dtype=float, na_value=np.nan, copy=True)
        unknown = np.isnan(number)
        reasons[name] = {"missing": unknown} if unknown.any() else {}
        for code, meaning in symbols.items():
            hit = number == code
            if hit.any():
                number[hit] = 0.0 if meaning == "zero" else np.nan
                if meaning != "zero":
                    reasons[name][meaning] = reasons[name].get(meaning, False) | hit
        if (number < 0).any():
            found, times = np.unique(number[number < 0], return_counts=True)
            shown = ", ".join(
                f"{value:g} ({count_noun(n, 'cell')})" for value, n in zip(found[:5], times[:5], strict=True)
            )
            raise CountError(
                f"Column {name!r} holds negative numbers: {shown}. They are codes, not counts. Say what each stands "
                f"for, such as symbols={{-1: 'zero', -9: 'missing'}}: in German census grids -1 is uninhabited or "
                f"confidential, -9 unknown. Leave out unwanted columns by counts=[...]."
            )
        fresh[name] = number
    return pd.DataFrame(fresh, index=cells.index), reasons


def cell_pairs(
    row: Ints, column: Ints, areas: gpd.GeoDataFrame, corner: tuple[float, float], size: float
) -> tuple[Ints, Ints, Floats]:
    """Return cell, area and the covered share of the cell for every pair that touches."""
    width, height = int(column.max()) + 1, int(row.max()) + 1
    code = row * width + column
    order = np.argsort(code)
    code = code[order]
    duplicates = order[1:][code[1:] == code[:-1]]
    if len(duplicates):
        number = count_noun(len(duplicates), "cell appears", "cells appear")
        raise KeyColumnError(f"{number} more than once, in rows {list_some(duplicates)}.")
    found = grid_coverage(areas.geometry.to_numpy(), corner, size)
    inside = (found.share > TOUCH) & (found.row >= 0) & (found.row < height)
    inside &= (found.column >= 0) & (found.column < width)
    wanted = found.row[inside] * width + found.column[inside]
    at = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
    there = code[at] == wanted
    first, last = np.maximum(found.first, 0), np.minimum(found.last, width - 1)
    runs = (found.run_share > TOUCH) & (found.run_row >= 0) & (found.run_row < height) & (first <= last)
    line = found.run_row[runs] * width
    low, high = (np.searchsorted(code, line + end[runs] + more) for end, more in ((first, 0), (last, 1)))
    length = high - low
    between = np.repeat(low - (np.cumsum(length) - length), length) + np.arange(length.sum())
    cell = order[np.concatenate([at[there], between])]
    area = np.concatenate([found.area[inside][there], np.repeat(found.run_area[runs], length)])
    share = np.concatenate([found.share[inside][there], np.repeat(found.run_share[runs], length)])
    return cell, area, share


@dataclass(frozen=True, eq=False)
class CoveredShare:
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


def grid_coverage(shapes: Shapes, corner: tuple[float, float], cell_size: float) -> CoveredShare:
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
    CoveredShare
        Cells that an outline runs through with their shares, and runs of cells between them.

    Notes
    -----
    By Green's theorem the area of a polygon is the sum over its directed edges of ``dy`` times the width to the right
    of the edge, and so is its part in a cell. Every edge is split at the lines of the grid. A piece from ``(x0, y0)``
    to ``(x1, y1)`` in column ``i`` adds ``dy (i + 1 - (x0 + x1) / 2)`` to its own cell and ``dy`` to every cell right
    of it in its row. The running sum along a row is therefore 0 or 1 wherever no outline runs, and the covered part
    of the height where one runs level: cells between two outlines are known without a look at them. The cost is
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
    """Split edges where ``u`` is whole, in their order; adjacent pieces share their end to the last digit."""
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


def _accumulated(area: Ints, row: Ints, column: Ints, rise: Floats, own: Floats) -> CoveredShare:
    """Sum the pieces by cell, and along each row of each area."""
    if not len(area):
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return CoveredShare(none, none, none, nothing, none, none, none, none, nothing)
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
    return CoveredShare(
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


def _problems(
    frame: pd.DataFrame, covered: Floats, outside: Floats, certainty: pd.DataFrame, base: str | None
) -> pd.DataFrame:
    """List cells outside all areas, cells that overlapping areas count twice, and areas without a cell."""
    name = base if base is not None else frame.columns[0]
    people = np.nan_to_num(frame[name].to_numpy())
    twice = np.clip(covered - 1, 0, None)
    twice[twice < TOUCH] = 0
    notes: list[Note] = []
    if (covered == 0).any():
        notes.append(("cells_outside", "", float((covered == 0).sum())))
    if (outside > 0).any():
        notes.append(("counts_outside", str(name), float((outside * people).sum())))
    if (twice > 0).any():
        notes.append(("cells_counted_twice", "", float((twice > 0).sum())))
        notes.append(("counts_counted_twice", str(name), float((twice * people).sum())))
    empty = certainty.index[certainty["n_sources"].eq(0)]
    notes += [("area_without_cell", str(key), np.nan) for key in empty]
    return pd.DataFrame(notes, columns=["what", "key", "number"])
