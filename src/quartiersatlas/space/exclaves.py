"""The main part of a city and its far exclaves: what a map shows large, and what it shows in an inset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Bounds = tuple[float, float, float, float]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

MANY_RESIDENTS = 0.02  # of all that are known: a part with as many belongs to the main part
SMALL_SHARE = 0.1  # of the surface: all exclaves together have at most this, where no residents are known
MOST_EXCLAVES = 4  # more parts that lie apart are an archipelago, which is shown as it is
COMPACT = 1.5  # widths: in a shorter city no small part lies a width from the others
CELLS = 10  # cells of the grid in which distances are measured, per width of the city


@dataclass(frozen=True)
class Exclave:
    """A small part of the city far from all others.

    Parameters
    ----------
    areas : tuple of int
        Positions of the areas that have a part there, ascending.
    bounds : tuple of float
        Left, lower, right and upper end in metres.
    parts : tuple of int
        Positions among the parts of :class:`CityExtent`.
    """

    areas: tuple[int, ...]
    bounds: Bounds
    parts: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class CityExtent:
    """Where the main part of a city lies, and its exclaves.

    Parameters
    ----------
    main : tuple of float
        Left, lower, right and upper end of the main part in metres.
    exclaves : tuple of Exclave
        The largest first; none where a city is in one piece, or its pieces are near or large.
    parts : ndarray of Polygon
        All polygons of all areas.
    main_parts : tuple of int
        Which of them are the main part.
    """

    main: Bounds
    exclaves: tuple[Exclave, ...]
    parts: Shapes
    main_parts: tuple[int, ...]


def city_extent(shapes: ArrayLike, residents: ArrayLike | None = None) -> CityExtent:
    """Tell the main part of a city from exclaves so far away that they would make it small on a map.

    Parameters
    ----------
    shapes : array_like of Polygon or MultiPolygon, shape (n_areas,)
        The areas in metres; at least one.
    residents : array_like of float, shape (n_areas,), optional
        Residents of each area; NaN where unknown.

    Returns
    -------
    CityExtent
        Without exclaves the main part is everything.

    Notes
    -----
    Parts of the city whose distance is no more than its width (the root of its surface) belong together. The main part
    is the group with most of the known residents and every other group with at least 2 % of them; the rest are
    exclaves, where they are at most four. Where no residents are known, the main part is the group with the largest
    surface, and there are exclaves where all others have, together, at most a tenth of the surface: of two halves none
    is an exclave.

    Distances are measured between the cells of a grid, a tenth of the width each, so that nothing grows with the
    square of the number of areas.

    Examples
    --------
    >>> city = [shapely.box(x, 0, x + 1000, 1000) for x in range(0, 12_000, 1000)]
    >>> city_extent([*city, shapely.box(90_000, 0, 91_000, 1000)]).exclaves[0].bounds
    (90000.0, 0.0, 91000.0, 1000.0)
    >>> city_extent([*city, shapely.box(14_000, 0, 15_000, 1000)]).exclaves
    ()
    """
    areas = np.asarray(shapes, dtype=object)
    parts, area = shapely.get_parts(areas, return_index=True)
    surface = shapely.area(parts)
    everything = CityExtent(_bounds(parts), (), parts, tuple(range(len(parts))))
    group = _far_groups(parts, float(np.sqrt(surface.sum())))
    land = np.bincount(group, surface)
    main = _main_groups(group, area, surface, residents)
    if not 0 < len(land) - len(main) <= MOST_EXCLAVES:
        return everything
    exclaves = []
    for number in np.argsort(-land, kind="stable"):
        if number not in main:
            there = np.flatnonzero(group == number)
            exclaves.append(
                Exclave(tuple(np.unique(area[there]).tolist()), _bounds(parts[there]), tuple(there.tolist()))
            )
    there = np.flatnonzero(np.isin(group, list(main)))
    return CityExtent(_bounds(parts[there]), tuple(exclaves), parts, tuple(there.tolist()))


def _bounds(parts: Shapes) -> Bounds:
    left, low, right, high = shapely.total_bounds(parts).tolist()
    return left, low, right, high


def _main_groups(group: Ints, area: Ints, surface: NDArray[np.float64], residents: ArrayLike | None) -> set[int]:
    """Return the groups that a map shows large; an area in several groups has its residents in its largest part."""
    land = np.bincount(group, surface)
    people = np.zeros(int(area.max()) + 1) if residents is None else np.nan_to_num(np.asarray(residents, dtype=float))
    if people.sum() > 0:
        order = np.lexsort((surface, area))
        last = order[np.append(np.diff(area[order]) > 0, True)]
        living = np.bincount(group[last], people[area[last]], minlength=len(land))
        return {int(living.argmax()), *np.flatnonzero(living >= MANY_RESIDENTS * people.sum()).tolist()}
    main = int(land.argmax())
    small = land.sum() - land[main] <= SMALL_SHARE * land.sum()
    return {main} if small else set(range(len(land)))


def _far_groups(parts: Shapes, reach: float) -> Ints:
    """Return the group of each part: those of one group are linked by a chain of parts in steps of the reach."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    step = reach / CELLS
    left, low, right, high = _bounds(parts)
    if not step > 0 or max(right - left, high - low) < COMPACT * reach:
        return np.zeros(len(parts), dtype=np.intp)
    # points no further apart than a cell, each as the cell it lies in
    points, part = shapely.get_coordinates(shapely.segmentize(shapely.boundary(parts), step), return_index=True)
    column, row = np.floor((points - points.min(axis=0)) / step).astype(np.int64).T
    cells, cell = np.unique(column * (row.max() + 1) + row, return_inverse=True)
    pairs = cKDTree(np.column_stack(np.divmod(cells, row.max() + 1))).query_pairs(CELLS, output_type="ndarray")
    n_cells = len(cells)
    one = np.concatenate([pairs[:, 0], cell])
    other = np.concatenate([pairs[:, 1], n_cells + part])
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(n_cells + len(parts),) * 2)
    return np.asarray(np.unique(connected_components(graph, directed=False)[1][n_cells:], return_inverse=True)[1])
