"""Cells of a census grid without a polygon each: keys in whole numbers, who touches whom, outlines of the few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from quartiersatlas.space.grid_cells import cell_pairs

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

Contiguity = Literal["queen", "rook"]

BITS = 22  # of a step along one axis: 4.2 million, enough for cells of 10 m all over Europe
MOST_STEPS = 1 << BITS
UP = MOST_STEPS
STEPS = {"rook": (UP,), "queen": (UP - 1, UP, UP + 1)}  # to the next row: north-west, north, north-east
TIE = 1e-9  # shares of a cell that differ by less are the same


def cell_keys(unit: NDArray[np.integer], x: NDArray[np.integer], y: NDArray[np.integer]) -> Ints:
    """Return one whole number per cell that sorts by unit, then from south to north, then from west to east.

    Parameters
    ----------
    unit : ndarray of int, shape (n_cells,)
        Number of the municipality, below 524,288.
    x, y : ndarray of int, shape (n_cells,)
        Lower left corner in steps of the cell size, from 0 to 4,194,303.

    Returns
    -------
    ndarray of int64, shape (n_cells,)
        ``unit << 44 | y << 22 | x``.

    Examples
    --------
    >>> cell_keys(np.array([0, 1]), np.array([5, 6]), np.array([1, 0])).tolist()
    [4194309, 17592186044422]
    """
    found: Ints = unit.astype(np.int64)
    for place in (y, x):
        found <<= BITS
        found |= place.astype(np.int64, copy=False)
    return found


def forward_neighbours(key: Ints, contiguity: Contiguity) -> list[NDArray[np.int32]]:
    """Return for each direction where the neighbour of each cell stands, -1 where it has none in its unit.

    Parameters
    ----------
    key : ndarray of int64, shape (n_cells,)
        From :func:`cell_keys`, ascending.
    contiguity : {"queen", "rook"}
        Whether cells touch in corners too, or in sides alone.

    Returns
    -------
    list of ndarray of int32, shape (n_cells,)
        One per direction that leads to a larger key; the others are the same pairs.
    """
    steps, n = STEPS[contiguity], len(key)
    east = np.append(key[1:] == key[:-1] + 1, np.zeros(min(n, 1), bool))
    found = [np.where(east, np.arange(1, n + 1), -1).astype(np.int32)]
    at = np.searchsorted(key, key + steps[0])
    ended = np.append(key, np.full(len(steps), -1))
    for step in steps:  # each one stands behind the one before it, if that is there
        there = ended[at] == key + step
        found.append(np.where(there, at, -1).astype(np.int32))
        at += there
    return found


class Groups(NamedTuple):
    """Selected cells of several runs, and which of them hang together."""

    run: Ints
    cell: Ints
    label: NDArray[np.int32]
    n: int


def connected_cells(selected: Mask, neighbours: list[NDArray[np.int32]]) -> Groups:
    """Return the contiguous groups of selected cells of each run.

    Parameters
    ----------
    selected : ndarray of bool, shape (runs, n_cells)
        Which cells are selected.
    neighbours : list of ndarray
        From :func:`forward_neighbours`.

    Returns
    -------
    Groups
        One entry per run and selected cell, in that order; labels count from 0 over all runs.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    run, cell = np.divmod(np.flatnonzero(selected), max(selected.shape[1], 1))
    if not len(run):
        return Groups(run, cell, np.empty(0, np.int32), 0)
    place = np.full((len(selected), selected.shape[1] + 1), -1, np.int32)  # the last column is "no neighbour"
    place[run, cell] = np.arange(len(run), dtype=np.int32)
    flat, start = place.ravel(), run * place.shape[1]
    ways = [flat[start + np.where(at < 0, selected.shape[1], at)[cell]] for at in neighbours]
    to = np.stack(ways, axis=1)
    there = to >= 0
    ends = np.append(0, np.cumsum(there.sum(axis=1))).astype(np.int32)
    graph = csr_array((np.ones(ends[-1]), to[there], ends), shape=(len(run), len(run)))
    n, label = connected_components(graph, directed=False)
    return Groups(run, cell, label, int(n))


def cell_outlines(
    x: NDArray[np.integer], y: NDArray[np.integer], group: NDArray[np.integer], size: int
) -> NDArray[np.object_]:
    """Return the outline of each group of cells, in metres and in one form whatever the order of the cells.

    Parameters
    ----------
    x, y : ndarray of int, shape (n_cells,)
        Lower left corner in steps of the cell size.
    group : ndarray of int, shape (n_cells,)
        Number of the group, 0 to n - 1.
    size : int
        Side of a cell in metres.

    Returns
    -------
    ndarray of Polygon or MultiPolygon, shape (n_groups,)
        Cells that touch in a corner alone are parts of one MultiPolygon. Every corner of a cell that lies on an outline
        is one of its vertices.

    Notes
    -----
    The union of the cells, walked along their sides: outer rings clockwise, holes the other way round, from their
    lowest corner in the west.

    Examples
    --------
    >>> cell_outlines(np.array([0, 1]), np.array([0, 0]), np.array([0, 0]), 100)[0].area
    20000.0
    """
    import shapely

    if not len(x):
        return np.empty(0, object)
    sides = _open_sides(*(np.asarray(one, np.int64) for one in (x, y, group)))
    rings = _rings(sides)
    corner = sides.start[rings.side]
    places = np.column_stack([corner % sides.wide + int(x.min()), corner // sides.wide % sides.high + int(y.min())])
    numbers = np.repeat(np.arange(len(rings.length)), rings.length)
    lines = np.asarray(shapely.linearrings(places * float(size), indices=numbers))
    polygons = np.asarray(shapely.polygons(lines, indices=np.cumsum(rings.is_outer) - 1))
    of = rings.group[rings.is_outer]
    found = np.asarray(shapely.multipolygons(polygons, indices=of))
    parts = np.bincount(of)
    alone = parts == 1
    found[alone] = polygons[(np.cumsum(parts) - parts)[alone]]
    return found


class _Sides(NamedTuple):
    """Sides of cells beyond which no cell of their group is, each walked with its cell on the right.

    ``kind`` is 0 to 3 for west, north, east, south; ``start`` and ``stop`` are numbers of corners,
    ``(group * high + y) * wide + x``; ``piece`` is the number of the cells that hang together by their sides.
    """

    kind: Ints
    cell: Ints
    start: Ints
    stop: Ints
    piece: NDArray[np.int32]
    wide: int
    high: int


def _open_sides(x: Ints, y: Ints, group: Ints) -> _Sides:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    # one more than there are cells: room for the last corner, and nobody's neighbour is in the next row
    wide, high = int(x.max() - x.min()) + 2, int(y.max() - y.min()) + 2
    key = np.sort((group * high + (y - y.min())) * wide + (x - x.min()))
    east = np.append(key[1:] == key[:-1] + 1, False)
    above = np.searchsorted(key, key + wide)
    above[above == len(key)] = 0
    north = key[above] == key + wide
    south = np.zeros(len(key), bool)
    south[above[north]] = True
    pairs = np.r_[np.flatnonzero(east), np.flatnonzero(north)], np.r_[np.flatnonzero(east) + 1, above[north]]
    graph = csr_array((np.ones(len(pairs[0]), np.int8), pairs), shape=(len(key), len(key)))
    _, piece = connected_components(graph, directed=False)
    kind, cell = np.nonzero(~np.stack([np.roll(east, 1), north, east, south]))
    corners = np.array([0, wide, wide + 1, 1])  # of a cell: where each of its sides starts
    start, stop = key[cell] + corners[kind], key[cell] + corners[(kind + 1) % 4]
    return _Sides(kind, cell, start, stop, piece[cell], wide, high)


class _Rings(NamedTuple):
    """Rings of sides in the order of outlines: by group, its parts and the holes of each, those of most corners first.

    ``side`` are the sides of all rings, each from its lowest corner in the west; the others have a value per ring.
    """

    side: Ints
    length: Ints
    group: Ints
    is_outer: Mask


def _rings(sides: _Sides) -> _Rings:
    following = _following(sides).tolist()
    new = bytearray(b"\1") * len(following)
    walked: list[int] = []
    starts: list[int] = []
    for first in np.flatnonzero(sides.kind == 0).tolist():  # every ring has a side in the west of a cell
        if new[first]:
            starts.append(len(walked))
            at = first
            while new[at]:
                new[at] = 0
                walked.append(at)
                at = following[at]
    side, begin = np.array(walked), np.array(starts)
    length = np.diff(begin, append=len(side))
    corner = sides.start[side]
    place = corner % sides.wide * sides.high + corner // sides.wide % sides.high
    least = np.minimum.reduceat(place, begin)
    turn = np.flatnonzero(place == np.repeat(least, length)) - begin  # a ring meets no corner twice
    first = side[begin + turn]
    is_outer, piece = sides.kind[first] == 0, sides.piece[first]  # the outer ones go up there, holes go east
    group = sides.start[first] // (sides.wide * sides.high)
    outer = np.empty((2, int(piece.max()) + 1), np.int64)
    outer[:, piece[is_outer]] = length[is_outer], least[is_outer]
    order = np.lexsort((-least, -length, ~is_outer, *-outer[::-1, piece], group))
    length, turn = length[order], turn[order]
    along = np.arange(len(side)) - np.repeat(np.cumsum(length) - length, length)
    along = (along + np.repeat(turn, length)) % np.repeat(length, length)
    return _Rings(side[np.repeat(begin[order], length) + along], length, group[order], is_outer[order])


def _following(sides: _Sides) -> Ints:
    """Return the side after each side.

    Where two cells touch in a corner alone there are two: the one of the same cell, or, if both cells are of one piece,
    of the other cell, so that a hole touches the outer ring there and no ring touches itself.
    """
    order = np.argsort(sides.start, kind="stable")
    begin = sides.start[order]
    at = np.searchsorted(begin, sides.stop)
    one, other = order[at], order[np.minimum(at + 1, len(order) - 1)]
    both = sides.start[other] == sides.stop
    is_own, hang_together = sides.cell[one] == sides.cell, sides.piece[one] == sides.piece[other]
    return np.where(both & (other != one) & (is_own == hang_together), other, one)


class Assigned(NamedTuple):
    """The unit of each cell by largest share.

    ``unit`` is -1 outside of all units; ``share`` is what that unit covers of the cell, ``tied`` where another covers
    as much.
    """

    unit: NDArray[np.int32]
    share: NDArray[np.float64]
    tied: Mask


def units_by_largest_share(
    x: NDArray[np.integer], y: NDArray[np.integer], units: gpd.GeoDataFrame, size: int, blocks: Ints
) -> Assigned:
    """Return the unit that covers most of each cell; of two that cover the same, the earlier one.

    Parameters
    ----------
    x, y : ndarray of int, shape (n_cells,)
        Lower left corner in steps of the cell size; no cell twice.
    units : GeoDataFrame
        Valid polygons in the system of the grid, sorted by their keys.
    size : int
        Side of a cell in metres.
    blocks : ndarray of int, shape (n_units,)
        Units of one number are done at a time, which bounds the memory; the result does not depend on it.

    Returns
    -------
    Assigned
        Unit, share and ties.
    """
    unit, share = np.full(len(x), -1, np.int32), np.zeros(len(x))
    tied = np.zeros(len(x), bool)
    for block in np.unique(blocks):
        members = np.flatnonzero(blocks == block)
        some = units.iloc[members]
        west, south, east, north = some.total_bounds / size
        near = np.flatnonzero((x >= west - 1) & (x <= east) & (y >= south - 1) & (y <= north))
        if not len(near):
            continue
        left, low = int(x[near].min()), int(y[near].min())
        row, column = y[near].astype(np.int64) - low, x[near].astype(np.int64) - left
        cell, area, part = cell_pairs(row, column, some, (float(left * size), float(low * size)), float(size))
        order = np.lexsort((area, cell))
        for at in _layers(cell[order]):
            pair = order[at]
            c, u, s = near[cell[pair]], members[area[pair]], part[pair]
            better, same = s > share[c] + TIE, np.abs(s - share[c]) <= TIE
            tied[c[same]] = True
            c, u, s = c[better], u[better], s[better]
            unit[c], share[c], tied[c] = u, s, False
    return Assigned(unit, share, tied)


def _layers(cell: Ints) -> list[Ints]:
    """Return the positions of each cell's first pair, then of its second, and so on; cells ascend."""
    starts = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]]) if len(cell) else np.empty(0, np.int64)
    turn = np.arange(len(cell)) - np.repeat(starts, np.diff(np.r_[starts, len(cell)]))
    return [np.flatnonzero(turn == k) for k in range(int(turn.max(initial=-1)) + 1)]
