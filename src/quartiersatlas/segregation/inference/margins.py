"""A table with other margins: proportional fitting, in a handful of Newton steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import CountError
from quartiersatlas.segregation.counts import as_counts, as_numbers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SAME_TOTAL = 1e-9  # relative difference of the margins' sums that still counts as rounding


def fit_margins(
    table: ArrayLike, rows: ArrayLike, columns: ArrayLike, *, tolerance: float = 1e-12, max_iterations: int = 200
) -> Floats:
    """Give a table other row and column sums and keep its odds ratios.

    Parameters
    ----------
    table : array_like of float, shape (n_areas, n_groups)
        Persons per area and group, or their shares. Finite, >= 0; cells that are 0 stay 0.
    rows, columns : array_like of float, shape (n_areas,) and (n_groups,)
        The sums to reach. Finite, >= 0, with the same total.
    tolerance : float, default 1e-12
        Largest relative difference to a column sum; the row sums are met to rounding.
    max_iterations : int, default 200
        Newton steps after which the margins count as out of reach.

    Returns
    -------
    ndarray of float, shape (n_areas, n_groups)
        The fitted table; NaN everywhere if the margins are out of reach, because the table has too many empty cells.

    Raises
    ------
    CountError
        A number is negative or not finite, shapes do not fit, or rows and columns have different totals.

    Notes
    -----
    The fitted table is ``a_ik u_i v_k``: the limit of iterative proportional fitting [1]_ [2]_. For given ``v`` the
    row sums fix ``u``; what remains is a convex problem in ``log v``, one unknown per group, which damped Newton steps
    solve [3]_: a handful of them where proportional fitting needs hundreds of rounds.

    References
    ----------
    .. [1] Deming, W. E. & Stephan, F. F. (1940). On a least squares adjustment of a sampled frequency table when the
           expected marginal totals are known. Annals of Mathematical Statistics 11(4), 427-444.
    .. [2] Ireland, C. T. & Kullback, S. (1968). Contingency tables with given marginals. Biometrika 55(1), 179-188.
    .. [3] Sun, T. & Tran-Dinh, Q. (2019). Generalized self-concordant functions: a recipe for Newton-type methods.
           Mathematical Programming 178, 145-213.

    Examples
    --------
    Men and women in three occupations, with the margins of a later year:

    >>> fit_margins([[100, 50], [50, 50], [100, 50]], [225, 200, 175], [325, 275]).round(1).tolist()
    [[134.7, 90.3], [85.5, 114.5], [104.8, 70.2]]
    """
    seed = as_numbers(table, "The table")
    if seed.ndim != 2 or seed.shape != (np.size(rows), np.size(columns)):  # noqa: PLR2004 - a table has two dimensions
        raise CountError(
            f"A table of shape {seed.shape} cannot have {np.size(rows)} row sums and {np.size(columns)} column sums."
        )
    as_counts(seed.ravel())
    (rows,), (columns,) = as_counts(rows), as_counts(columns)
    if abs(rows.sum() - columns.sum()) > SAME_TOTAL * rows.sum():
        raise CountError(f"The row sums add up to {rows.sum():g}, the column sums to {columns.sum():g}.")
    result = np.zeros(seed.shape)
    wanted = np.ix_(rows > 0, columns > 0)
    fitted = _fitted(seed[wanted], rows[rows > 0], columns[columns > 0], tolerance, max_iterations)
    if fitted is None:
        return np.full(seed.shape, np.nan)
    result[wanted] = fitted
    return result


def _fitted(seed: Floats, rows: Floats, columns: Floats, tolerance: float, max_iterations: int) -> Floats | None:
    """Return the table with these margins, all above 0; None if they are out of reach."""
    if (seed.sum(axis=1) == 0).any() or (seed.sum(axis=0) == 0).any():
        return None
    columns = columns * (rows.sum() / columns.sum())
    with np.errstate(divide="ignore"):
        logs = np.log(seed)  # -inf in empty cells, which stay empty
    log_v = np.log(columns / seed.sum(axis=0))
    for _ in range(max_iterations):
        fitted = logs + log_v
        fitted = np.exp(fitted - fitted.max(axis=1, keepdims=True))
        fitted *= (rows / fitted.sum(axis=1))[:, None]
        reached = fitted.sum(axis=0)
        if np.abs(reached / columns - 1).max() <= tolerance:
            return np.asarray(fitted)
        if (reached == 0).any() or _out_of_reach(seed, rows, columns, log_v):
            return None
        log_v += _newton_step(fitted, rows, reached, columns)
    return None


def _out_of_reach(seed: Floats, rows: Floats, columns: Floats, log_v: Floats) -> bool:
    """Return True if log v proves that the areas of the groups it favours are too small for that many persons."""
    favour = log_v - log_v.min()
    most = np.where(seed > 0, favour, -np.inf).max(axis=1)  # the mean favour of an area's residents is at most that
    return bool(rows @ most < columns @ favour - SAME_TOTAL * rows.sum() * favour.max())


def _newton_step(fitted: Floats, rows: Floats, reached: Floats, columns: Floats) -> Floats:
    """Return the change of log v, damped so that it brings the column sums nearer from wherever it starts."""
    scale = np.sqrt(reached)
    together = fitted.T @ (fitted / rows[:, None])
    curvature = np.eye(len(columns)) - together / np.outer(scale, scale)
    step = np.linalg.lstsq(curvature, (columns - reached) / scale, rcond=None)[0] / scale
    spread = np.ptp(step)
    return np.asarray(step * (np.log1p(spread) / spread if spread > 0 else 0.0))
