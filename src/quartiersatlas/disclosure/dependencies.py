"""Columns that add up to each other: what one of them would give away of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.bounds import lower_bounds, wide_enough

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

PRIME = 2_147_483_647  # arithmetic modulo a prime is exact; its products fit into 64 bits
LARGEST = 3  # coefficients of sums, differences and their combinations; larger ones are chance
ROWS_PER_COLUMN = 2  # with fewer areas than that, columns add up by chance


def find_relations(counts: pd.DataFrame) -> Ints:
    """Find the columns that add up in every area, such as ``residents - german - foreign = 0``.

    Parameters
    ----------
    counts : DataFrame
        Whole numbers; rows with unknown ones are left out.

    Returns
    -------
    ndarray of int, shape (n_relations, n_columns)
        Coefficients; none where there are fewer than twice as many areas as columns.

    Notes
    -----
    A basis of the null space by Gauss-Jordan elimination modulo 2^31 - 1; what comes out is checked on the counts.

    Examples
    --------
    >>> import pandas as pd
    >>> a, b = range(10), [7, 1, 8, 2, 8, 1, 8, 2, 8, 4]
    >>> find_relations(pd.DataFrame({"a": a, "b": b, "both": [x + y for x, y in zip(a, b)]})).tolist()
    [[-1, -1, 1]]
    """
    known = counts.dropna().to_numpy(dtype=float)
    known = known[(known % 1 == 0).all(axis=1)].astype(np.int64)
    n_columns = known.shape[1]
    if len(known) < ROWS_PER_COLUMN * n_columns or n_columns < 2:  # noqa: PLR2004 - a sum has two sides
        return np.zeros((0, n_columns), dtype=np.int64)
    reduced, pivots = _eliminated(known % PRIME)
    found = []
    for free in (column for column in range(n_columns) if column not in pivots):
        vector = np.zeros(n_columns, dtype=np.int64)
        vector[free] = 1
        vector[pivots] = -reduced[: len(pivots), free] % PRIME
        vector = np.where(vector > PRIME // 2, vector - PRIME, vector)
        if np.abs(vector).max() <= LARGEST and not (known @ vector).any():
            found.append(vector)
    return np.array(found, dtype=np.int64).reshape(-1, n_columns)


def _eliminated(matrix: Ints) -> tuple[Ints, list[int]]:
    """Return the reduced row echelon form modulo the prime, and its pivot columns."""
    matrix, pivots = matrix.copy(), list[int]()
    for column in range(matrix.shape[1]):
        rows = np.flatnonzero(matrix[len(pivots) :, column]) + len(pivots)
        if not len(rows):
            continue
        here = len(pivots)
        matrix[[here, rows[0]]] = matrix[[rows[0], here]]
        matrix[here] = matrix[here] * pow(int(matrix[here, column]), -1, PRIME) % PRIME
        others = np.arange(len(matrix)) != here
        matrix[others] = (matrix[others] - matrix[others, column][:, None] * matrix[here] % PRIME) % PRIME
        pivots.append(column)
    return matrix, pivots


def hold_back_related(
    x: Floats, held: Bools, cover: Bools, upper: Floats, zero: Bools, relations: Ints, width: int, taboo: Bools
) -> Bools:
    """Protect further cells until sums over areas and sums over columns together give none of them away.

    Parameters
    ----------
    x : ndarray, shape (n_areas, n_columns)
        Counts of areas that have known totals; NaN where unknown.
    held, upper, zero : ndarray, shape (n_areas, n_columns)
        Protected cells, what a count can be at most, which protected cells may be zero.
    cover : ndarray of bool, shape (n_areas, n_columns)
        Cells that are not shown: the protected ones and others.
    relations : ndarray of int, shape (n_relations, n_columns)
        Result of :func:`find_relations`.
    width : int
        Width that an interval has to keep.
    taboo : ndarray of bool, shape (n_columns,)
        Columns that are known anyway and cannot be held back: the residents.

    Returns
    -------
    ndarray of bool
        The protected cells and those held back with them.
    """
    held, cover = held.copy(), held | cover
    related = (relations != 0).any(axis=0)
    settled = np.zeros_like(held)  # wide intervals stay wide: whatever is held back later only adds to what is possible
    while True:
        cell = next(narrow_cells(x, held & ~settled, cover, upper, zero, relations, width, settled), None)
        if cell is None:
            return held
        more = _partners(x, cover, relations, related & ~taboo, *cell)
        settled[cell] = more is None  # nothing is left that could be held back with it
        for partner in more or []:
            held[partner] = cover[partner] = True


def _partners(
    x: Floats, held: Bools, relations: Ints, allowed: Bools, row: int, column: int
) -> list[tuple[int, int]] | None:
    """Choose a second column of the same sum and a second area, so that persons could be exchanged between the four."""
    together = (relations[relations[:, column] != 0] != 0).any(axis=0) & allowed
    together[column] = False
    choices = []
    for other in np.flatnonzero(together & np.isfinite(x[row])):
        rows = np.flatnonzero(np.isfinite(x[:, column]) & np.isfinite(x[:, other]))
        for second in rows[rows != row]:
            cells = [(row, int(other)), (int(second), column), (int(second), int(other))]
            new = [cell for cell in cells if not held[cell]]
            if new:
                empty = sum(x[cell] == 0 for cell in cells)
                choices.append((empty, sum(x[cell] for cell in new), len(new), new))
    return min(choices)[3] if choices else None


def narrow_cells(
    x: Floats,
    held: Bools,
    cover: Bools,
    upper: Floats,
    zero: Bools,
    relations: Ints,
    width: int,
    settled: Bools | None = None,
) -> Iterator[tuple[int, int]]:
    """Yield the protected cells in columns that add up whose feasibility interval is not wide enough.

    The interval is that of a linear programme [1]_: the smallest and the largest value a cell can have if all totals
    over areas, all sums over columns and all open cells are known. Cells for which persons can plainly be exchanged
    with another column and another area need none. Cells found wide enough are marked in ``settled``.

    References
    ----------
    .. [1] Fischetti, M. & Salazar-González, J. J. (2001). Solving the cell suppression problem on tabular data with
           linear constraints. Management Science 47(7), 1008-1027.
    """
    settled = np.zeros_like(held) if settled is None else settled
    related = (relations != 0).any(axis=0)
    cells = cover & np.isfinite(x) & related
    if not (cells & held).any():
        return
    total = np.nansum(np.where(cells, x, 0), axis=0)
    lower = np.zeros_like(x)
    for c in np.flatnonzero(related):
        inside = cells[:, c]
        lower[inside, c] = lower_bounds(x[inside, c], zero[inside, c])
    upper = np.fmax(np.fmin(upper, total), x)
    settled |= cells & _exchangeable(x, cells, lower, upper, relations, width)
    doubtful = np.argwhere(cells & held & ~settled)
    if not len(doubtful):
        return
    limits = programme(x, cells, lower, upper, relations)
    for row, column in ((int(r), int(c)) for r, c in doubtful):
        low, high = (np.array([bound]) for bound in limits(row, column))
        if wide_enough(low, high, float(total[column]), width)[0]:
            settled[row, column] = True
        else:
            yield row, column


def _exchangeable(x: Floats, cells: Bools, lower: Floats, upper: Floats, relations: Ints, width: int) -> Bools:
    """Tell for which cells enough persons can change places between two columns and two areas; all sums stay."""
    give, take = np.where(cells, x - lower, 0), np.where(cells, upper - x, 0)
    safe = np.zeros_like(cells)
    for first in np.flatnonzero(cells.any(axis=0)):
        same = (relations == relations[:, [first]]).all(axis=0)  # stands on the same side of the same sums
        for other in np.flatnonzero(same):
            if other == first or not relations[:, first].any():
                continue
            both = cells[:, first] & cells[:, other]
            down_elsewhere = np.where(both, np.minimum(give[:, first], take[:, other]), 0)
            up_elsewhere = np.where(both, np.minimum(take[:, first], give[:, other]), 0)
            up = np.minimum(up_elsewhere, down_elsewhere.sum() - down_elsewhere)
            down = np.minimum(down_elsewhere, up_elsewhere.sum() - up_elsewhere)
            safe[:, first] |= both & (up + down >= width)
    return safe


def programme(
    x: Floats, cells: Bools, lower: Floats, upper: Floats, relations: Ints
) -> Callable[[int, int], tuple[float, float]]:
    """Return a function that gives the smallest and the largest value of a cell under all sums."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    number = np.full(x.shape, -1)
    number[cells] = np.arange(cells.sum())
    equations: list[tuple[list[int], list[int]]] = []  # cells and their coefficients
    for column in np.flatnonzero(cells.any(axis=0)):
        inside = number[cells[:, column], column].tolist()
        equations.append((inside, [1] * len(inside)))
    for relation in relations:
        complete = np.isfinite(x[:, relation != 0]).all(axis=1)
        for area in np.flatnonzero(complete & (cells & (relation != 0)).any(axis=1)):
            columns = np.flatnonzero(cells[area] & (relation != 0))
            equations.append((number[area, columns].tolist(), relation[columns].tolist()))
    places = [cell for inside, _ in equations for cell in inside]
    values = [value for _, coefficients in equations for value in coefficients]
    rows = np.repeat(np.arange(len(equations)), [len(inside) for inside, _ in equations])
    matrix = csr_array((values, (rows, places)), shape=(len(equations), int(cells.sum())), dtype=float)
    right = matrix @ x[cells]
    bounds = np.column_stack([lower[cells], upper[cells]])

    def limits(row: int, column: int) -> tuple[float, float]:
        goal = np.zeros(int(cells.sum()))
        goal[number[row, column]] = 1
        smallest, largest = (
            linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=bounds, method="highs").fun for sign in (1, -1)
        )
        return float(np.ceil(smallest - 1e-6)), float(np.floor(-largest + 1e-6))

    return limits
