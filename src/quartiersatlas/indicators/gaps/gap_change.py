"""How a gap changed between two dates, and how much of it is only the growing share of the group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.indicators.gaps.score_intervals import Estimated, PairCounts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def square_and_add(earlier: Estimated, later: Estimated, correlation: Floats | float = 0.0) -> Estimated:
    """Return the difference of two numbers with its interval, made of their own intervals.

    Parameters
    ----------
    earlier, later : Estimated
        What is taken away, and from what; each with its interval.
    correlation : ndarray or float
        Of the two.

    Notes
    -----
    With l and u the ends of the intervals and g the numbers (Newcombe [1]_)::

        lower = D - sqrt((g2 - l2)^2 - 2 r (g2 - l2) (u1 - g1) + (u1 - g1)^2)
        upper = D + sqrt((u2 - g2)^2 - 2 r (u2 - g2) (g1 - l1) + (g1 - l1)^2)

    References
    ----------
    .. [1] Newcombe, R. G. (2001). Estimating the difference between differences: measurement of additive scale
           interaction for proportions. Statistics in Medicine 20, 2885-2893.
    """
    down2, up1 = later.value - later.lower, earlier.upper - earlier.value
    up2, down1 = later.upper - later.value, earlier.value - earlier.lower
    change = later.value - earlier.value
    lower = change - np.sqrt(down2**2 - 2 * correlation * down2 * up1 + up1**2)
    upper = change + np.sqrt(up2**2 - 2 * correlation * up2 * down1 + down1**2)
    return Estimated(change, lower, upper)


def correlation_of_gaps(earlier: PairCounts, later: PairCounts, of_group: float, of_others: float) -> Floats:
    """Return the correlation of the gaps at two dates, of that of the two rates of the group and of the others.

    Notes
    -----
    ``r = (r_g s_g1 s_g2 + r_o s_o1 s_o2) / (s_1 s_2)`` with the standard errors s of rates and gaps.
    """
    errors = []
    for date in (earlier, later):
        p1, p2 = date.x1 / date.n1, date.x2 / date.n2
        errors.append((np.sqrt(p1 * (1 - p1) / date.n1), np.sqrt(p2 * (1 - p2) / date.n2)))
    (g1, o1), (g2, o2) = errors
    both = np.sqrt(g1**2 + o1**2) * np.sqrt(g2**2 + o2**2)
    together: Floats = of_group * g1 * g2 + of_others * o1 * o2
    return np.where(both > 0, together / np.where(both > 0, both, 1.0), 0.0)


def parts_of_change(gaps: tuple[float, float], shares: tuple[float, float]) -> tuple[float, float]:
    """Return of the change of a gap against all what people make, and what only the group's share makes.

    Parameters
    ----------
    gaps : (float, float)
        The gap against the others, earlier and later.
    shares : (float, float)
        The group's share of all, earlier and later.

    Notes
    -----
    The gap against all is ``(1 - w) g``: with the means m of both dates its change is ``(1 - w_m) dg - g_m dw``.

    Examples
    --------
    A gap of 10 points that stays, while the group grows from 20 to 40 per cent:

    >>> [round(part, 3) for part in parts_of_change((-0.10, -0.10), (0.2, 0.4))]
    [0.0, 0.02]
    """
    (g1, g2), (w1, w2) = gaps, shares
    return (1 - (w1 + w2) / 2) * (g2 - g1), -(g1 + g2) / 2 * (w2 - w1)
