"""How far a suppressed count can be narrowed down: from its total over areas, and from columns that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def suppress_secondary(
    counts: pd.Series[float],
    protected: pd.Series[bool],
    upper: pd.Series[float],
    may_be_zero: pd.Series[bool],
    protection_width: int,
    not_shown_either: pd.Series[bool] | None = None,
) -> pd.Series[bool]:
    """Suppress further cells of one column until its total gives none of the protected ones away.

    Parameters
    ----------
    counts : Series of float
        The counts of areas whose total is known; NaN where unknown.
    protected : Series of bool
        Cells that may not be shown.
    upper : Series of float
        What everybody knows to be the most a count can be: its denominator.
    may_be_zero : Series of bool
        Protected cells that could as well be zero: of areas that show nothing. Other zeros are shown.
    protection_width : int
        The interval in which a protected count can lie is at least this wide.
    not_shown_either : Series of bool, optional
        Further cells that are not shown anywhere, although they could be.

    Returns
    -------
    Series of bool
        The protected cells and those suppressed with them: the smallest open counts, ties by key. None of those
        could be shown without giving one away.

    Notes
    -----
    With ``S`` the sum of the protected counts, ``l_i <= x_i <= u_i``, a protected count lies between
    ``max(l_i, S - sum of the other u)`` and ``min(u_i, S - sum of the other l)``: the feasibility interval of one
    additive constraint, as in cell suppression [1]_.

    References
    ----------
    .. [1] Willenborg, L. & de Waal, T. (2001). Elements of Statistical Disclosure Control. Springer, chapter 6.

    Examples
    --------
    >>> import pandas as pd
    >>> x, n, no = pd.Series([2.0, 50, 20, 30]), pd.Series([100.0] * 4), pd.Series([False] * 4)
    >>> suppress_secondary(x, pd.Series([True, False, False, False]), n, no, protection_width=3).tolist()
    [True, False, True, False]
    """
    suppressed = protected.to_numpy(dtype=bool).copy()
    if not suppressed.any():
        return protected
    x = np.asarray(counts, dtype=np.float64)
    top = np.asarray(upper, dtype=np.float64)
    zero = may_be_zero.to_numpy(dtype=bool)
    known = np.isfinite(x)
    also = np.zeros_like(suppressed) if not_shown_either is None else not_shown_either.to_numpy(dtype=bool)
    not_shown = suppressed | also
    keys = np.argsort(np.argsort(counts.index.to_numpy().astype(str), kind="stable"))
    # the smallest counts first, zeros only when nothing else is left: they say little and hide little
    order = np.lexsort((keys, x, x == 0))
    added: list[int] = []
    for i in (i for i in order if known[i] and not suppressed[i]):
        if _is_safe(x, suppressed, not_shown, top, zero, protection_width):
            break
        suppressed[i] = not_shown[i] = True
        added.append(i)
    for i in added:  # small ones that were not enough may be of no use beside the larger one that was
        suppressed[i], not_shown[i] = False, also[i]
        if not _is_safe(x, suppressed, not_shown, top, zero, protection_width):
            suppressed[i] = not_shown[i] = True
    return protected | suppressed


def _is_safe(
    x: Floats, suppressed: Bools, not_shown: Bools, top: Floats, may_be_zero: Bools, protection_width: int
) -> bool:
    """Return True if every suppressed count keeps an interval that is wide enough."""
    inside = not_shown & np.isfinite(x)
    asked = suppressed[inside]
    if not asked.any():
        return int(not_shown.sum()) > 1  # one count that is secret in the source needs another one among the known ones
    low, high = interval(x[inside], lower_bounds(x[inside], may_be_zero[inside]), top[inside])
    return bool(interval_is_safe(low, high, float(x[inside].sum()), protection_width)[asked].all())


def lower_bounds(x: Floats, may_be_zero: Bools) -> Floats:
    """Return what a reader knows to be the least: 1, as zeros are shown; 0 where zeros are suppressed as well."""
    if (x[~may_be_zero] == 0).any():
        return np.zeros_like(x)
    return np.where(may_be_zero, 0.0, 1.0)


def interval(x: Floats, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Return between which bounds each of some counts can lie whose sum is known."""
    total = x.sum()
    upper = np.fmax(np.fmin(upper, total), x)  # a count above its denominator has no upper bound worth the name
    low = np.maximum(lower, total - (upper.sum() - upper))
    high = np.minimum(upper, total - (lower.sum() - lower))
    return low, high


def interval_is_safe(low: Floats, high: Floats, total: float, protection_width: int) -> Bools:
    """Return which intervals are wide enough; of few persons it is enough that all of them could be elsewhere."""
    few = (low == 0) & (high - low >= max(1, min(protection_width, total)))
    wide: Bools = (high - low >= protection_width) | few
    return wide


PRIME = 2_147_483_647  # arithmetic modulo a prime is exact; its products fit into 64 bits
LARGEST = 3  # coefficients of sums, differences and their combinations; larger ones are chance
ROWS_PER_COLUMN = 2  # with fewer areas than that, columns add up by chance


def find_dependencies(counts: pd.DataFrame) -> Ints:
    """Find the columns that add up in every area, such as ``residents - german - foreign = 0``.

    Parameters
    ----------
    counts : DataFrame
        Whole numbers; rows with unknown ones are left out.

    Returns
    -------
    ndarray of int, shape (n_dependencies, n_columns)
        Coefficients; none where there are fewer than twice as many areas as columns.

    Notes
    -----
    A basis of the null space by Gauss-Jordan elimination modulo 2^31 - 1; what comes out is checked on the counts.

    Examples
    --------
    >>> import pandas as pd
    >>> a, b = range(10), [7, 1, 8, 2, 8, 1, 8, 2, 8, 4]
    >>> find_dependencies(pd.DataFrame({"a": a, "b": b, "both": [x + y for x, y in zip(a, b)]})).tolist()
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


def suppress_linked(
    x: Floats,
    suppressed: Bools,
    not_shown: Bools,
    upper: Floats,
    may_be_zero: Bools,
    dependencies: Ints,
    protection_width: int,
    published: Bools,
) -> Bools:
    """Suppress further cells until sums over areas and sums over columns together give none of them away.

    Parameters
    ----------
    x : ndarray, shape (n_areas, n_columns)
        Counts of areas that have known totals; NaN where unknown.
    suppressed, upper, may_be_zero : ndarray, shape (n_areas, n_columns)
        Protected cells, what a count can be at most, which protected cells may be zero.
    not_shown : ndarray of bool, shape (n_areas, n_columns)
        Cells that are not shown: the protected ones and others.
    dependencies : ndarray of int, shape (n_dependencies, n_columns)
        Result of :func:`find_dependencies`.
    protection_width : int
        Width that each interval has to keep.
    published : ndarray of bool, shape (n_columns,)
        Columns that are known anyway and cannot be suppressed: the residents.

    Returns
    -------
    ndarray of bool
        The protected cells and those suppressed with them.
    """
    suppressed, not_shown = suppressed.copy(), suppressed | not_shown
    related = (dependencies != 0).any(axis=0)
    # wide intervals stay wide: whatever is suppressed later only adds to what is possible
    decided = np.zeros_like(suppressed)
    while True:
        cell = next(
            unsafe_cells(
                x, suppressed & ~decided, not_shown, upper, may_be_zero, dependencies, protection_width, decided
            ),
            None,
        )
        if cell is None:
            return suppressed
        more = _partners(x, not_shown, dependencies, related & ~published, *cell)
        decided[cell] = more is None  # nothing is left that could be suppressed with it
        for partner in more or []:
            suppressed[partner] = not_shown[partner] = True


def _partners(
    x: Floats, suppressed: Bools, dependencies: Ints, allowed: Bools, row: int, column: int
) -> list[tuple[int, int]] | None:
    """Choose a second column of the same sum and a second area, so that persons could be exchanged between the four."""
    together = (dependencies[dependencies[:, column] != 0] != 0).any(axis=0) & allowed
    together[column] = False
    choices = []
    for other in np.flatnonzero(together & np.isfinite(x[row])):
        rows = np.flatnonzero(np.isfinite(x[:, column]) & np.isfinite(x[:, other]))
        for second in rows[rows != row]:
            cells = [(row, int(other)), (int(second), column), (int(second), int(other))]
            new = [cell for cell in cells if not suppressed[cell]]
            if new:
                empty = sum(x[cell] == 0 for cell in cells)
                choices.append((empty, sum(x[cell] for cell in new), len(new), new))
    return min(choices)[3] if choices else None


def unsafe_cells(
    x: Floats,
    suppressed: Bools,
    not_shown: Bools,
    upper: Floats,
    may_be_zero: Bools,
    dependencies: Ints,
    protection_width: int,
    decided: Bools | None = None,
) -> Iterator[tuple[int, int]]:
    """Yield the protected cells in columns that add up whose feasibility interval is not wide enough.

    The interval is that of a linear programme [1]_: the smallest and the largest value a cell can have if all totals
    over areas, all sums over columns and all open cells are known. Cells for which persons can plainly be exchanged
    with another column and another area need none. Cells found wide enough are marked in ``decided``.

    References
    ----------
    .. [1] Fischetti, M. & Salazar-González, J. J. (2001). Solving the cell suppression problem on tabular data with
           linear constraints. Management Science 47(7), 1008-1027.
    """
    decided = np.zeros_like(suppressed) if decided is None else decided
    related = (dependencies != 0).any(axis=0)
    cells = not_shown & np.isfinite(x) & related
    if not (cells & suppressed).any():
        return
    total = np.nansum(np.where(cells, x, 0), axis=0)
    lower = np.zeros_like(x)
    for c in np.flatnonzero(related):
        inside = cells[:, c]
        lower[inside, c] = lower_bounds(x[inside, c], may_be_zero[inside, c])
    upper = np.fmax(np.fmin(upper, total), x)
    decided |= cells & _exchangeable(x, cells, lower, upper, dependencies, protection_width)
    doubtful = np.argwhere(cells & suppressed & ~decided)
    if not len(doubtful):
        return
    limits = linear_programme(x, cells, lower, upper, dependencies)
    for row, column in ((int(r), int(c)) for r, c in doubtful):
        low, high = (np.array([bound]) for bound in limits(row, column))
        if interval_is_safe(low, high, float(total[column]), protection_width)[0]:
            decided[row, column] = True
        else:
            yield row, column


def _exchangeable(
    x: Floats, cells: Bools, lower: Floats, upper: Floats, dependencies: Ints, protection_width: int
) -> Bools:
    """Return the cells for which enough persons can change places between two columns and two areas; all sums stay."""
    give, take = np.where(cells, x - lower, 0), np.where(cells, upper - x, 0)
    safe = np.zeros_like(cells)
    for first in np.flatnonzero(cells.any(axis=0)):
        same = (dependencies == dependencies[:, [first]]).all(axis=0)  # on the same side of the same sums
        for other in np.flatnonzero(same):
            if other == first or not dependencies[:, first].any():
                continue
            both = cells[:, first] & cells[:, other]
            down_elsewhere = np.where(both, np.minimum(give[:, first], take[:, other]), 0)
            up_elsewhere = np.where(both, np.minimum(take[:, first], give[:, other]), 0)
            up = np.minimum(up_elsewhere, down_elsewhere.sum() - down_elsewhere)
            down = np.minimum(down_elsewhere, up_elsewhere.sum() - up_elsewhere)
            safe[:, first] |= both & (up + down >= protection_width)
    return safe


def linear_programme(
    x: Floats, cells: Bools, lower: Floats, upper: Floats, dependencies: Ints
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
    for dependency in dependencies:
        complete = np.isfinite(x[:, dependency != 0]).all(axis=1)
        for area in np.flatnonzero(complete & (cells & (dependency != 0)).any(axis=1)):
            columns = np.flatnonzero(cells[area] & (dependency != 0))
            equations.append((number[area, columns].tolist(), dependency[columns].tolist()))
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
