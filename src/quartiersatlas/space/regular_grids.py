"""Points on a regular grid: found out from their coordinates, and summed over distances by Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

ON_GRID = 1e-6  # steps by which a point may miss its node: a tenth of a millimetre on a grid of 100 m
ROUGHLY = 1e-2  # steps; gaps between points are multiples of the step up to this while the step is still sought
TIE = 1e-9  # relative; a point exactly at the reach is within it, whatever the last digits say
MAX_NODES_PER_POINT = 20


@dataclass(frozen=True, eq=False)
class RegularGrid:
    """Where points stand on a regular square grid; gaps are allowed, no two points share a node.

    Parameters
    ----------
    step : float
        Distance of neighbouring nodes, in the unit of the coordinates.
    rows, columns : ndarray of int, shape (n_points,)
        Node of each point, counted from the lowest y and the lowest x.
    shape : tuple of int
        Rows and columns of the smallest rectangle with all points.
    """

    step: float
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    shape: tuple[int, int]


def regular_grid(points: ArrayLike) -> RegularGrid | None:
    """Return the regular square grid on which points stand, if they do.

    Parameters
    ----------
    points : array_like of float, shape (n_points, 2)
        Coordinates x, y in one unit; the grid's axes are those of the coordinates.

    Returns
    -------
    RegularGrid or None
        None where there are fewer than two points, where two share a node, where a point misses the grid by more
        than a millionth of a step, and where the rectangle around a sparse city would hold more than 20 nodes per
        point.

    Notes
    -----
    The step is the greatest common divisor of all gaps between successive coordinates, by Euclid's algorithm on
    lengths. It has a lower bound, since the rectangle may hold 20 nodes per point and no more; this is what ends the
    search early for irregular points.

    Examples
    --------
    >>> grid = regular_grid([[50, 50], [150, 50], [350, 250]])
    >>> grid.step, grid.shape, grid.columns.tolist()
    (100.0, (3, 4), [0, 1, 3])
    >>> regular_grid([[50, 50], [150, 50], [350, 251.5]]) is None
    True
    """
    points = np.asarray(points, dtype=float)
    if len(points) < 2:  # noqa: PLR2004 - one point has no step
        return None
    low = points.min(axis=0)
    step = _step(points, points.max(axis=0) - low)
    if step is None:
        return None
    nodes = np.rint((points - low) / step).astype(np.intp)
    if np.abs(points - low - nodes * step).max() > ON_GRID * step:
        return None
    n_columns, n_rows = (int(count) for count in nodes.max(axis=0) + 1)
    if n_rows * n_columns > MAX_NODES_PER_POINT * len(points):
        return None
    taken = np.zeros(n_rows * n_columns, dtype=bool)
    taken[nodes[:, 1] * n_columns + nodes[:, 0]] = True
    if np.count_nonzero(taken) < len(points):
        return None
    return RegularGrid(float(step), nodes[:, 1].copy(), nodes[:, 0].copy(), (n_rows, n_columns))


def _step(points: Floats, extent: Floats) -> float | None:
    """Return the greatest common divisor of the gaps between coordinates; None where it would be too small."""
    width, height = extent
    cells = MAX_NODES_PER_POINT * len(points) - 1
    # (width / s + 1) (height / s + 1) = 20 n, solved for s
    smallest = (width + height + np.sqrt((width + height) ** 2 + 4 * cells * width * height)) / (2 * cells)
    gaps = np.concatenate([np.diff(np.sort(points[:, axis])) for axis in (0, 1)])
    gaps = gaps[gaps > smallest / 2]  # smaller ones are rounding, or this is no grid
    if not len(gaps):
        return None
    step = gaps.min()
    while True:
        rest = np.abs(gaps - step * np.rint(gaps / step))
        rest = rest[rest > ROUGHLY * step]
        if not len(rest):
            break
        step = rest.min()
        if step < smallest / 2:
            return None
    return float((width + height) / (np.rint(width / step) + np.rint(height / step)))


def grid_sums(
    grid: RegularGrid, values: ArrayLike, weight: Callable[[Floats], Floats], reach: float = float("inf")
) -> NDArray[np.float64]:
    """Sum values over all points, weighted by a function of the distance, for every point of a grid.

    Parameters
    ----------
    grid : RegularGrid
        From :func:`regular_grid`.
    values : array_like of float, shape (n_points, n_columns)
        What is summed, finite.
    weight : callable
        Takes an array of distances in the unit of the coordinates, 0 among them, and returns their weights.
    reach : float, default infinite
        Pairs farther apart do not count. The shorter it is, the less work there is.

    Returns
    -------
    ndarray of float, shape (n_points, n_columns)
        ``S_i = sum_j weight(d_ij) v_j``, the point itself included.

    Notes
    -----
    The sum is a convolution and costs ``N log N`` for N nodes, whatever the reach [1]_. One column is transformed
    at a time. A sum is off by a few units of ``b = eps log2(N) |w|_2 |v|_2`` at most, usually by far less than one
    (eps = 2.2e-16; the norms of the weights of one point and of the column). Where weights and values are all >= 0,
    sums below b cannot be told from 0 and are set to 0, so that rounding never leaves a negative number of persons
    and nobody nearby is exactly nobody.

    References
    ----------
    .. [1] Cooley, J. W. & Tukey, J. W. (1965). An algorithm for the machine calculation of complex Fourier series.
           Mathematics of Computation 19(90), 297-301.

    Examples
    --------
    >>> grid = regular_grid([[0, 0], [100, 0], [300, 0]])
    >>> grid_sums(grid, [[1], [10], [100]], lambda distance: 1.0 * (distance < 150)).ravel().round(9).tolist()
    [11.0, 11.0, 100.0]
    """
    from scipy import fft

    values = np.asarray(values, dtype=float)
    offsets = [int(min(reach / grid.step * (1 + TIE), length - 1)) for length in grid.shape]
    rows, columns = (
        fft.next_fast_len(length + far, real=True) for length, far in zip(grid.shape, offsets, strict=True)
    )
    quadrant = _quadrant(grid.step, offsets, weight, reach)
    spectrum = fft.rfft2(_around_origin(quadrant, rows, columns), workers=1).real  # even, so the transform is real
    norm = 2 * np.sqrt(np.square(quadrant).sum())
    nodes = grid.rows * columns + grid.columns
    sums = np.empty(values.shape)
    for k, column in enumerate(values.T):
        plane = np.zeros((rows, columns))
        plane.ravel()[nodes] = column
        transformed = fft.rfft2(plane, workers=1, overwrite_x=True)
        transformed *= spectrum
        plane = fft.irfft2(transformed, s=(rows, columns), workers=1, overwrite_x=True)
        sums[:, k] = plane.ravel()[nodes]
        if quadrant.min() >= 0 and column.min() >= 0:
            dust = np.finfo(float).eps * np.log2(rows * columns) * norm * np.sqrt(np.square(column).sum())
            sums[sums[:, k] < dust, k] = 0
    return sums


def _quadrant(step: float, offsets: list[int], weight: Callable[[Floats], Floats], reach: float) -> Floats:
    """Return the weights for all offsets of 0, 1, ... rows and columns; 0 beyond the reach."""
    down, right = (step * np.arange(far + 1.0) for far in offsets)
    distance = np.hypot(down[:, None], right)
    weights = np.asarray(weight(distance), dtype=float)
    return np.where(distance <= reach * (1 + TIE), weights, 0.0)


def _around_origin(quadrant: Floats, rows: int, columns: int) -> Floats:
    """Mirror the quadrant to negative offsets, which stand at the end of each axis."""
    down, right = (length - 1 for length in quadrant.shape)
    plane = np.zeros((rows, columns))
    plane[: down + 1, : right + 1] = quadrant
    plane[: down + 1, columns - right :] = quadrant[:, :0:-1]
    plane[rows - down :, : right + 1] = quadrant[:0:-1]
    plane[rows - down :, columns - right :] = quadrant[:0:-1, :0:-1]
    return plane
