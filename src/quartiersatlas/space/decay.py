"""Sums over all pairs of points, weighted by exp(-distance): what is near counts, what is far fades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import CountError, GeometryError, SpecError, list_some
from quartiersatlas.space.grids import grid_sums, regular_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

BLOCK = 256  # points; two squares of 256 x 256 distances fit into the second-level cache
TOGETHER = 4  # columns; a product of 256 x 256 x 4 stays below the size at which BLAS wakes other threads
NEGLIGIBLE = 40.0  # units of decay; exp(-40) = 4e-18 is below the rounding of any sum
PLACE_PER_PAIR = 60  # a place and column of the transform costs as much as 60 pairs of points, measured


def decay_sums(points: ArrayLike, values: ArrayLike, unit: float, within: ArrayLike) -> NDArray[np.float64]:
    """Sum values over all points, weighted by exp(-distance), for every point.

    Parameters
    ----------
    points : array_like of float, shape (n_points, 2)
        Coordinates x, y in metres, finite.
    values : array_like of float, shape (n_points, n_columns)
        What is summed, finite; all columns share one pass over the pairs.
    unit : float
        Metres over which the weight falls to 1/e, above 0.
    within : array_like of float, shape (n_points,)
        Distance in metres that a point has to itself: how far apart the residents of one area live. At least 0.

    Returns
    -------
    ndarray of float, shape (n_points, n_columns)
        ``S_i = sum_j c_ij v_j`` with ``c_ij = exp(-d_ij / unit)`` and ``c_ii = exp(-within_i / unit)``.

    Raises
    ------
    GeometryError
        A coordinate or a distance within is not finite, or their number is not that of the values.
    CountError
        A value is not finite, or the values are no table.
    SpecError
        The unit is not above 0 and finite.

    Notes
    -----
    Every weight is computed once and serves both points; only squares of 256 x 256 weights are held at a time. Pairs
    farther apart than ``40 unit + max(within)`` may be left out: this changes a sum by at most
    ``4e-18 c_ii sum_j |v_j|`` for the smallest c_ii. Otherwise sums of values >= 0 are exact to about 1e-14.

    Points on a regular grid are summed by Fourier transform where that is cheaper, with the error that
    :func:`~quartiersatlas.space.grids.grid_sums` states.

    Examples
    --------
    >>> decay_sums([[0, 0], [1000, 0]], [[1], [10]], unit=1000, within=[500, 500]).ravel().round(6).tolist()
    [4.285325, 6.433186]
    """
    points, values, within = _checked(points, values, unit, within)
    reach = NEGLIGIBLE * unit + within.max(initial=0.0)
    with np.errstate(under="ignore"):  # weights of far pairs are 0
        grid = regular_grid(points) if _transform_pays(len(points), values) else None
        if grid is not None and _transform_pays(grid.shape[0] * grid.shape[1], values):
            sums = grid_sums(grid, values, lambda d: np.where(d > 0, np.exp(-d / unit), 0.0), reach)
        else:
            sums = _sums_in_blocks(points, values, unit, reach)
        return sums + np.exp(-within / unit)[:, None] * values


def nearest_distances(points: ArrayLike) -> NDArray[np.float64]:
    """Return the distance of each point to the nearest other point; infinite for a single point.

    Parameters
    ----------
    points : array_like of float, shape (n_points, 2)
        Coordinates x, y in one unit, finite.

    Returns
    -------
    ndarray of float, shape (n_points,)
        Distances in the unit of the coordinates; 0 for points that share a place.

    Examples
    --------
    >>> nearest_distances([[0, 0], [3, 4], [3, 10]]).tolist()
    [5.0, 5.0, 6.0]
    """
    from scipy.spatial import cKDTree

    points = np.asarray(points, dtype=float)
    if not len(points):
        return np.empty(0)
    distances, _ = cKDTree(points).query(points, k=2)
    return np.asarray(distances[:, 1])


def _checked(points: ArrayLike, values: ArrayLike, unit: float, within: ArrayLike) -> tuple[Floats, Floats, Floats]:
    points, values, within = (np.asarray(array, dtype=float) for array in (points, values, within))
    if not (np.isfinite(unit) and unit > 0):
        raise SpecError(f"The unit of distance decay is {unit!r}; it must be above 0 and finite, in metres.")
    if values.ndim != 2:  # noqa: PLR2004 - a table has two dimensions
        raise CountError(f"Values must be a table of points x columns; the shape is {values.shape}.")
    if points.shape != (len(values), 2) or within.shape != (len(values),):
        raise GeometryError(
            f"{len(values)} rows of values need points of shape ({len(values)}, 2) and as many distances within; "
            f"given: {points.shape} and {within.shape}."
        )
    nowhere = np.flatnonzero(~np.isfinite(points).all(axis=1) | ~np.isfinite(within) | (within < 0))
    if len(nowhere):
        raise GeometryError(f"{len(nowhere)} points have no finite coordinates or extent: {list_some(nowhere)}.")
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(wrong):
        raise CountError(f"{len(wrong)} rows of values are not finite: {list_some(wrong)}.")
    return points, values, within


def _transform_pays(places: int, values: Floats) -> bool:
    """Tell whether a transform over so many places is cheaper than all pairs; never with fewer places than points."""
    n_points, n_columns = values.shape
    return bool(PLACE_PER_PAIR * places * (n_columns + 1) < n_points * n_points)


def _sums_in_blocks(points: Floats, values: Floats, unit: float, reach: float) -> Floats:
    """Return sum_j exp(-d_ij / unit) v_j over all other points j."""
    order = _packed(points)
    parts = [values[order, k : k + TOGETHER] for k in range(0, values.shape[1], TOGETHER)]
    sums = [np.zeros(part.shape) for part in parts]
    for rows, columns, weights in _weights(points[order], unit, reach):
        if rows == columns:
            np.fill_diagonal(weights, 0.0)
        for part, total in zip(parts, sums, strict=True):
            total[rows] += weights @ part[columns]
            if rows != columns:
                total[columns] += weights.T @ part[rows]
    result = np.empty(values.shape)
    for k, total in enumerate(sums):
        result[order, k * TOGETHER : (k + 1) * TOGETHER] = total
    return result


def _weights(points: Floats, unit: float, reach: float) -> Iterator[tuple[slice, slice, Floats]]:
    """Yield exp(-d_ij / unit) of each pair of blocks within reach; the array is overwritten by the next one."""
    n = len(points)
    blocks = [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    low = np.array([points[block].min(axis=0) for block in blocks])
    high = np.array([points[block].max(axis=0) for block in blocks])
    # x_i - x_j as the product (x_i, 1) (1, -x_j): as exact as the subtraction and three times as fast
    left = [np.column_stack([along, np.ones(n)]) for along in points.T]
    right = [np.stack([np.ones(n), -along]) for along in points.T]
    memory = np.empty((2, BLOCK * BLOCK))
    for i, rows in enumerate(blocks):
        gap = np.maximum(np.maximum(low[i:] - high[i], low[i] - high[i:]), 0.0)
        for j in i + np.flatnonzero(np.hypot(gap[:, 0], gap[:, 1]) <= reach):
            columns = blocks[j]
            shape = (rows.stop - rows.start, columns.stop - columns.start)
            squares, others = (part[: shape[0] * shape[1]].reshape(shape) for part in memory)
            np.matmul(left[0][rows], right[0][:, columns], out=squares)
            np.matmul(left[1][rows], right[1][:, columns], out=others)
            np.square(squares, out=squares)
            np.square(others, out=others)
            squares += others
            np.sqrt(squares, out=squares)
            squares *= -1 / unit
            yield rows, columns, np.exp(squares, out=squares)


def _packed(points: Floats) -> NDArray[np.intp]:
    """Return an order in which blocks of points lie close together: strips along x, sorted along y."""
    n_blocks = -(-len(points) // BLOCK)
    n_strips = max(1, round(np.sqrt(n_blocks)))
    per_strip = BLOCK * -(-n_blocks // n_strips)
    strip = np.empty(len(points), dtype=np.intp)
    strip[np.lexsort((points[:, 1], points[:, 0]))] = np.arange(len(points)) // max(per_strip, 1)
    return np.lexsort((points[:, 0], points[:, 1], strip))
