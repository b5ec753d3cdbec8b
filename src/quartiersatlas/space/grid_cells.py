"""Counts of a square grid summed to areas, exactly by coverage, without a polygon per cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pyproj import CRS

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
from quartiersatlas.space.coverage import check_areas, grid_coverage
from quartiersatlas.space.crosswalk import chosen_counts
from quartiersatlas.space.reallocate import Transfer, summed, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.space.reallocate import Note, Reasons

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

ON_GRID = 1e-6  # cells by which a coordinate may miss the grid
TOUCH = 1e-9  # share of a cell below which it does not touch an area: rounding along a common border
MOSTLY_CUT = 0.5  # share of a count from cut cells above which an area is too small for the cells
EUROPE = 3035  # EPSG number of the INSPIRE grid
MEANINGS = ("zero", "missing", "suppressed")


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
    surely_counts: Iterable[str] = (),
    codes: Mapping[float, str] | None = None,
    base: str | None = None,
    crs: str | int | CRS = "EPSG:3035",
) -> Transfer:
    """Sum counts of square grid cells to areas; a cell that an outline cuts counts by the surface in each area.

    Parameters
    ----------
    cells : DataFrame
        One row per cell: where it is, and counts, finite and at least 0; NaN where unknown. Cells that are not there
        have nobody.
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
    counts, surely_counts : list of str, optional
        As in :func:`transfer`; all columns of numbers besides coordinates, if not given.
    codes : mapping of float to str, optional
        What negative or other numbers stand for that are no counts: ``"zero"``, ``"missing"`` or ``"suppressed"``.
        German census grids use -1 for uninhabited or secret and -9 for unknown: ``{-1: "zero", -9: "missing"}``.
        Unknown cells that are named ``"zero"`` make every sum a lower bound: say so.
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
        Negative numbers without a meaning in ``codes``, or columns that look like rates.
    KeyColumnError
        A cell is there twice, or codes of cells or areas are wrong.
    SpecError
        Coordinates are not on a grid of ``cell_size``, or are centres where corners are named, or the reverse.
    ColumnError, InputError
        A column is not there; there are no cells or no counts.

    Notes
    -----
    ``T_a = sum_c A(a and c) / A(c) v_c``. The shares come from the outlines alone: see
    :func:`quartiersatlas.space.coverage.grid_coverage`. Areas must be reprojected to the grid, not the grid to the
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
    if not len(cells):
        raise InputError("There are no cells.")
    crs = CRS.from_user_input(crs)
    check_areas(areas, "areas")
    if areas.crs is not None and areas.crs != crs:
        raise GeometryError(
            f"The areas are in {areas.crs.name!r}, the grid in {crs.name!r}: use areas.to_crs({crs.to_string()!r})."
        )
    corners, size, places = _corners(cells, cell_size, at, (x, y), ids, crs)
    row, column, corner = _on_grid(corners, size)
    frame, why = _numbers(cells.drop(columns=places), codes or {})
    frame = frame[chosen_counts(frame, counts, surely_counts, {})]
    cell, area, share = _pairs(row, column, areas, corner, size)
    table, marks, sure = summed(frame, why, cell, area, share, areas.index.rename("key"), base, MOSTLY_CUT)
    surface = np.bincount(area, share, len(areas)).astype(float) * size**2
    carried_share = np.bincount(cell, share, len(cells)).astype(float)
    outside = np.clip(1 - carried_share, 0, 1)
    outside[outside < TOUCH] = 0
    return Transfer(
        table=table,
        status=marks,
        targets=sure.assign(covered=surface / areas.area.to_numpy()),
        weights=pd.DataFrame(
            {"from": cells.index.to_numpy()[cell], "to": areas.index.to_numpy()[area], "weight": share}
        ),
        slivers=pd.DataFrame({"from": [], "to": [], "weight": []}),
        totals=totals(frame, table, frame.sum(), frame.mul(outside, axis=0).sum(), 0.0),
        problems=_problems(frame, carried_share, outside, sure, base),
        method=f"of cells of {size:g} m",
    )


def _corners(
    cells: pd.DataFrame, cell_size: float | None, at: str, names: tuple[str, str], ids: str | None, crs: CRS
) -> tuple[Floats, float, list[str]]:
    """Return the lower left corners, the side of a cell and the columns that say where it is."""
    if at not in ("corner", "centre"):
        raise SpecError(f"at={at!r} is not known; there are 'corner' and 'centre'.")
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
            f"The cells have texts in {list_some(texts)}, not coordinates; INSPIRE codes are named by ids=."
        )
    points = cells[list(names)].to_numpy(dtype=float)
    if crs.to_epsg() == EUROPE:
        _check_place(points, cell_size, at)
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


def _check_place(points: Floats, cell_size: float, at: str) -> None:
    """Refuse centres that are named corners and the reverse: corners of INSPIRE cells are multiples of their size."""
    rest = points % cell_size
    if at == "corner" and (rest == cell_size / 2).all():
        raise SpecError(f"The coordinates are the centres of INSPIRE cells of {cell_size:g} m: pass at='centre'.")
    if at == "centre" and (rest == 0).all():
        raise SpecError(f"The coordinates are the corners of INSPIRE cells of {cell_size:g} m: pass at='corner'.")


def _on_grid(corners: Floats, size: float) -> tuple[Ints, Ints, tuple[float, float]]:
    """Return row and column of each cell from the lowest y and x; refuse what is off the grid or there twice."""
    wrong = np.flatnonzero(~np.isfinite(corners).all(axis=1))
    if len(wrong):
        raise InputError(f"{len(wrong)} cells have no finite coordinates, in rows {list_some(wrong)}.")
    low = corners.min(axis=0)
    steps = (corners - low) / size
    places = np.rint(steps).astype(np.int64)
    off = np.flatnonzero((np.abs(steps - places) > ON_GRID).any(axis=1))
    if len(off):
        raise SpecError(
            f"{len(off)} cells are not on one grid of {size:g} m, in rows {list_some(off)}. Is cell_size right?"
        )
    return places[:, 1], places[:, 0], (float(low[0]), float(low[1]))


def _numbers(cells: pd.DataFrame, codes: Mapping[float, str]) -> tuple[pd.DataFrame, Reasons]:
    """Return the cells with codes replaced: by 0, or by NaN with the reason; a code without a meaning is refused."""
    for code, meaning in codes.items():
        if meaning not in MEANINGS:
            raise SpecError(f"codes: {code!r} stands for {meaning!r}; there are {', '.join(map(repr, MEANINGS))}.")
    why: Reasons = {}
    fresh = {}
    for name in cells.columns:
        if not pd.api.types.is_numeric_dtype(cells[name].dtype):
            fresh[name] = cells[name].array
            continue
        number = cells[name].to_numpy(dtype=float, na_value=np.nan, copy=True)
        unknown = np.isnan(number)
        why[name] = {"missing": unknown} if unknown.any() else {}
        for code, meaning in codes.items():
            hit = number == code
            if hit.any():
                number[hit] = 0.0 if meaning == "zero" else np.nan
                if meaning != "zero":
                    why[name][meaning] = why[name].get(meaning, False) | hit
        if (number < 0).any():
            found, times = np.unique(number[number < 0], return_counts=True)
            shown = ", ".join(f"{value:g} ({n} cells)" for value, n in zip(found[:5], times[:5], strict=True))
            raise CountError(
                f"Column {name!r} holds negative numbers: {shown}. They are codes, not counts. Say what each stands "
                f"for, such as codes={{-1: 'zero', -9: 'missing'}}: in German census grids -1 is uninhabited or "
                f"secret, -9 unknown. Columns that are not wanted are left out by counts=[...]."
            )
        fresh[name] = number
    return pd.DataFrame(fresh, index=cells.index), why


def _pairs(
    row: Ints, column: Ints, areas: gpd.GeoDataFrame, corner: tuple[float, float], size: float
) -> tuple[Ints, Ints, Floats]:
    """Return cell, area and the covered share of the cell for every pair that touches."""
    width, height = int(column.max()) + 1, int(row.max()) + 1
    code = row * width + column
    order = np.argsort(code)
    code = code[order]
    doubled = order[1:][code[1:] == code[:-1]]
    if len(doubled):
        raise KeyColumnError(f"{len(doubled)} cells are there more than once, in rows {list_some(doubled)}.")
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


def _problems(
    frame: pd.DataFrame, carried_share: Floats, outside: Floats, sure: pd.DataFrame, base: str | None
) -> pd.DataFrame:
    """List cells outside all areas, cells that overlapping areas count twice, and areas without a cell."""
    name = base if base is not None else frame.columns[0]
    people = np.nan_to_num(frame[name].to_numpy())
    double = np.clip(carried_share - 1, 0, None)
    double[double < TOUCH] = 0
    notes: list[Note] = []
    if (carried_share == 0).any():
        notes.append(("cells outside all areas, number", "", float((carried_share == 0).sum())))
    if (outside > 0).any():
        notes.append(
            ("cells or parts of them outside all areas, counts of", str(name), float((outside * people).sum()))
        )
    if (double > 0).any():
        notes.append(("cells counted twice because areas overlap, number", "", float((double > 0).sum())))
        notes.append(
            ("cells counted twice because areas overlap, counts of", str(name), float((double * people).sum()))
        )
    notes += [("area without a cell, unknown", str(key), np.nan) for key in sure.index[sure["n_sources"].eq(0)]]
    return pd.DataFrame(notes, columns=["what", "key", "number"])
