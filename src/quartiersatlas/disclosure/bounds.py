"""What leaves of the areas, and how far a suppressed count can be narrowed down from a total."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.intake.areas.area_columns import AREA_FLAGS, is_notice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.intake import AreaData

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


def hold_back(
    counts: pd.Series[float],
    protected: pd.Series[bool],
    upper: pd.Series[float],
    may_be_zero: pd.Series[bool],
    width: int,
    covered: pd.Series[bool] | None = None,
) -> pd.Series[bool]:
    """Protect further cells of one column until its total gives none of the protected ones away.

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
    width : int
        The interval in which a protected count can lie has at least this width.
    covered : Series of bool, optional
        Further cells that are not shown anywhere, although they could be.

    Returns
    -------
    Series of bool
        The protected cells and those held back with them: the smallest open counts, ties by key.

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
    >>> hold_back(x, pd.Series([True, False, False, False]), n, no, width=3).tolist()
    [True, False, True, False]
    """
    held = protected.to_numpy(dtype=bool).copy()
    if not held.any():
        return protected
    x = np.asarray(counts, dtype=np.float64)
    top = np.asarray(upper, dtype=np.float64)
    zero = may_be_zero.to_numpy(dtype=bool)
    known = np.isfinite(x)
    cover = held.copy() if covered is None else held | covered.to_numpy(dtype=bool)
    keys = np.argsort(np.argsort(counts.index.to_numpy().astype(str), kind="stable"))
    # the smallest counts first, zeros only when nothing else is left: they say little and hide little
    order = np.lexsort((keys, x, x == 0))
    for i in (i for i in order if known[i] and not held[i]):
        if _is_safe(x, held, cover, top, zero, width):
            break
        held[i] = cover[i] = True
    return protected | held


def _is_safe(x: Floats, held: Bools, cover: Bools, top: Floats, zero: Bools, width: int) -> bool:
    """Tell whether every protected count keeps an interval wide enough."""
    inside = cover & np.isfinite(x)
    asked = held[inside]
    if not asked.any():
        return int(cover.sum()) > 1  # one count that is secret in the source needs company among the known ones
    low, high = interval(x[inside], lower_bounds(x[inside], zero[inside]), top[inside])
    return bool(wide_enough(low, high, float(x[inside].sum()), width)[asked].all())


def lower_bounds(x: Floats, may_be_zero: Bools) -> Floats:
    """Return what a reader knows to be the least: 1, as zeros are shown; 0 where zeros are held back as well."""
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


def wide_enough(low: Floats, high: Floats, total: float, width: int) -> Bools:
    """Tell which intervals are wide enough; among few persons it is enough that all of them could be elsewhere."""
    few = (low == 0) & (high - low >= max(1, min(width, total)))
    wide: Bools = (high - low >= width) | few
    return wide


def structure(data: AreaData) -> list[str]:
    """Return the columns of the areas that leave: name, parents, geometry; not the marks of the intake."""
    return [c for c in data.areas.columns if c not in AREA_FLAGS and not is_notice(c)]


def parent_columns(data: AreaData) -> list[str]:
    """Return the columns that name the larger areas an area belongs to."""
    return [c for c in structure(data) if c not in ("name", data.areas.geometry.name)]


def area_states(data: AreaData, small: pd.Series[bool]) -> pd.Series[str]:
    """Return the state of each area: shown, small, uninhabited or unknown."""
    residents = data.residents()
    states = np.where(residents.eq(0), "uninhabited", np.where(small, "small", "shown"))
    states = np.where(residents.isna(), "unknown", states)
    return pd.Series(states, index=data.areas.index, name="state", dtype="str")
