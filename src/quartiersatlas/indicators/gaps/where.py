"""Where a gap comes from: living more often where all rates are high, or differing inside the areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.indicators.rates import NORMAL_95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.indicators.gaps.score_intervals import PairCounts

    Floats = NDArray[np.float64]

PARTS = ("gap", "composition", "within", "pooled_within")


def where_from(counts: PairCounts, *, against_all: bool) -> pd.DataFrame:
    """Return how much of the city's gap lies between areas, and how much within them.

    Parameters
    ----------
    counts : PairCounts
        Of each area, all known; areas in which one of the two does not live may be among them.
    against_all : bool
        Whether the gap is that against all: every part is then as much smaller.

    Returns
    -------
    DataFrame
        On ``part``: ``gap``, ``composition``, ``within``, ``pooled_within``; columns ``value``, ``lower``, ``upper`` as
        fractions. Only the pooled difference has an interval.

    Notes
    -----
    With the shares w of the persons of group and others who live in an area, and the rates p there (Kitagawa [1]_)::

        composition = sum (w_g - w_o) (p_g + p_o) / 2
        within      = sum (w_g + w_o) / 2 (p_g - p_o)

    which add up to the gap. Where one of the two does not live, the other one's rate stands for both: the area then
    belongs to composition alone. The pooled difference inside areas is that of Mantel and Haenszel with weights
    ``n_g n_o / n`` and Sato's variance [2]_.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the American Statistical
           Association 50, 1168-1194.
    .. [2] Sato, T. (1989). On the variance estimator for the Mantel-Haenszel risk difference. Biometrics 45, 1323-1324.
    """
    n1, n2 = counts.n1, counts.n2
    if not (n1.sum() > 0 and n2.sum() > 0):
        return pd.DataFrame(np.nan, index=pd.Index(PARTS, name="part"), columns=["value", "lower", "upper"])
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p2 = counts.x1 / n1, counts.x2 / n2
    p1, p2 = np.where(n1 > 0, p1, p2), np.where(n2 > 0, p2, p1)
    inhabited = n1 + n2 > 0
    w1, w2 = n1 / n1.sum(), n2 / n2.sum()
    composition = float(((w1 - w2) * (p1 + p2) / 2)[inhabited].sum())
    within = float(((w1 + w2) / 2 * (p1 - p2))[inhabited].sum())
    pooled, error = _pooled(counts)
    scale = float(1 - n1.sum() / (n1 + n2).sum()) if against_all else 1.0
    rows = [
        (composition + within, np.nan, np.nan),
        (composition, np.nan, np.nan),
        (within, np.nan, np.nan),
        (pooled, pooled - NORMAL_95 * error, pooled + NORMAL_95 * error),
    ]
    table = pd.DataFrame(rows, index=pd.Index(PARTS, name="part"), columns=["value", "lower", "upper"], dtype=float)
    return table * scale


def _pooled(counts: PairCounts) -> tuple[float, float]:
    """Return the difference of Mantel and Haenszel over areas in which both live, and its standard error."""
    both = (counts.n1 > 0) & (counts.n2 > 0)
    x1, n1, x2, n2 = (part[both] for part in (counts.x1, counts.n1, counts.x2, counts.n2))
    n = n1 + n2
    weights = n1 * n2 / n
    if not weights.sum() > 0:
        return float("nan"), float("nan")
    difference = float((weights * (x1 / n1 - x2 / n2)).sum() / weights.sum())
    p = (n1**2 * x2 - n2**2 * x1 + n1 * n2 * (n2 - n1) / 2) / n**2
    q = (x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * n)
    variance = (difference * p.sum() + q.sum()) / weights.sum() ** 2
    return difference, float(np.sqrt(max(variance, 0.0)))
