"""Classes of a score, from unrounded values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.need.rules import Breaks
    from quartiersatlas.need.spec import NeedAxis

PLOTTING = {4: (0, 1), 5: (0.5, 0.5), 6: (0, 0), 7: (1, 1), 8: (1 / 3, 1 / 3), 9: (3 / 8, 3 / 8)}
"""Type of Hyndman and Fan -> (a, b) of its plotting positions."""
FUZZ = 1e-12  # 0.8 of 15 areas must not fall below a whole place by the last bit


def quantiles(scores: NDArray[np.float64], shares: NDArray[np.float64], kind: int) -> NDArray[np.float64]:
    """Return quantiles along the last axis, of types 4 to 9 of Hyndman and Fan [1]_; NaN is left out.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        NaN where unknown.
    shares : array of float, shape (limits, ..., 1)
        In (0, 1); may differ from one set of scores to the next.
    kind : int
        Type 4 to 9; 7 is that of numpy and spreadsheets.

    Returns
    -------
    array of float, shape (limits, ..., 1)

    Notes
    -----
    With ``h = n p + a + p (1 - a - b)`` and ``j = floor(h)``: ``(1 - (h - j)) x_(j) + (h - j) x_(j + 1)``.

    References
    ----------
    .. [1] Hyndman, R. J. & Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50(4),
           361-365.

    Examples
    --------
    >>> quantiles(np.array([1.0, 2.0, 3.0, 10.0]), np.array([[0.5]]), 7).tolist()
    [[2.5]]
    """
    a, b = PLOTTING[kind]
    n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
    ordered = np.broadcast_to(np.sort(scores, axis=-1), np.broadcast_shapes((*shares.shape[:-1], 1), scores.shape))
    place = np.clip(n * shares + a + shares * (1 - a - b), 1, n)
    below = np.floor(place + FUZZ).astype(np.int64)
    low = np.take_along_axis(ordered, below - 1, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(below, n - 1), axis=-1)
    limits: NDArray[np.float64] = low + np.maximum(place - below, 0.0) * (high - low)
    return limits


def class_limits(scores: NDArray[np.float64], uppers: ArrayLike, breaks: Breaks) -> NDArray[np.float64]:
    """Return the limits between classes on the scale of the scores.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        Scores of the scored areas.
    uppers : array of float, shape (limits,) or (limits, ..., 1)
        The classes' limits as the spec names them.
    breaks : Breaks
        What they mean.

    Returns
    -------
    array of float, shape (limits, ..., 1)
    """
    wanted = np.asarray(uppers, dtype=float)
    if wanted.ndim == 1:
        wanted = wanted.reshape(-1, *(1,) * scores.ndim)
    if breaks.method == "quantile":
        return quantiles(scores, wanted, breaks.type)
    if breaks.method == "sd":
        n = (~np.isnan(scores)).sum(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore"):  # where nobody has a score, there are no limits
            mean = np.nansum(scores, axis=-1, keepdims=True) / n
            deviation = np.sqrt(np.nansum((scores - mean) ** 2, axis=-1, keepdims=True) / n)
        wanted = np.asarray(mean + wanted * deviation)
    return wanted


def class_numbers(
    scores: NDArray[np.float64], axis: NeedAxis, uppers: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Return the class of each score, shape (..., n_areas): the number of limits it lies beyond; -1 for NaN.

    Quantile classes hold their lower limit (a score equal to it belongs to the higher class). In fixed and SD classes
    a score on a limit belongs to the class nearer to the middle: -1 and +1 are both in the middle class of the limits
    -1 and 1. ``uppers`` replaces the limits of the spec, shape (limits, ..., 1).
    """
    limits = class_limits(scores, axis.uppers if uppers is None else uppers, axis.breaks)
    if axis.breaks.method == "quantile":
        beyond = np.array([scores >= limit for limit in limits])
    else:
        beyond = np.array(
            [scores >= limit if upper < 0 else scores > limit for limit, upper in zip(limits, axis.uppers, strict=True)]
        )
    number: NDArray[np.int64] = beyond.sum(axis=0, dtype=np.int64) if len(limits) else np.zeros(scores.shape, np.int64)
    return np.where(np.isnan(scores), -1, number)


def class_ids(scores: pd.Series[float], axis: NeedAxis) -> pd.Series[str]:
    """Return the class id of each area; missing where it has no score."""
    numbers = class_numbers(np.asarray(scores, dtype=float), axis)
    names = np.array([*(c.id for c in axis.classes), None], dtype=object)
    return pd.Series(names[numbers], index=scores.index, dtype=object)
