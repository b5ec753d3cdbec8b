"""Classes of a score, from unrounded values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from quartiersatlas.need.rules import Breaks
    from quartiersatlas.need.spec import NeedAxis

QUANTILES = {
    4: "interpolated_inverted_cdf",
    5: "hazen",
    6: "weibull",
    7: "linear",
    8: "median_unbiased",
    9: "normal_unbiased",
}


def class_limits(scores: NDArray[np.float64], uppers: Sequence[float], breaks: Breaks) -> NDArray[np.float64]:
    """Return the limits between classes on the scale of the scores.

    Parameters
    ----------
    scores : array of float, shape (..., n_areas)
        Scores of the scored areas.
    uppers : sequence of float
        The classes' limits as the spec names them.
    breaks : Breaks
        What they mean. Quantiles follow Hyndman and Fan [1]_.

    Returns
    -------
    array of float, shape (limits, ..., 1)

    References
    ----------
    .. [1] Hyndman, R. J. & Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50(4),
           361-365.
    """
    wanted = np.asarray(uppers, dtype=float)
    if breaks.method == "quantile":
        quantiles: NDArray[np.float64] = np.nanquantile(
            scores,
            wanted,
            axis=-1,
            method=QUANTILES[breaks.type],  # type: ignore[call-overload]
        )
        return quantiles[..., None]
    wanted = wanted.reshape(-1, *(1,) * scores.ndim)
    if breaks.method == "sd":
        mean, deviation = np.nanmean(scores, axis=-1, keepdims=True), np.nanstd(scores, axis=-1, keepdims=True)
        wanted = np.asarray(mean + wanted * deviation)
    return wanted


def class_numbers(scores: NDArray[np.float64], axis: NeedAxis) -> NDArray[np.int64]:
    """Return the class of each score, shape (..., n_areas): the number of limits it lies beyond; -1 for NaN.

    Quantile classes hold their lower limit (a score equal to it belongs to the higher class). In fixed and SD classes
    a score on a limit belongs to the class nearer to the middle, see :func:`class_number`.
    """
    limits = class_limits(scores, axis.uppers, axis.breaks)
    if axis.breaks.method == "quantile":
        beyond = np.array([scores >= limit for limit in limits])
    else:
        beyond = np.array(
            [scores >= limit if upper < 0 else scores > limit for limit, upper in zip(limits, axis.uppers, strict=True)]
        )
    number: NDArray[np.int64] = beyond.sum(axis=0, dtype=np.int64) if len(limits) else np.zeros(scores.shape, np.int64)
    return np.where(np.isnan(scores), -1, number)


def class_number(scores: ArrayLike, breaks: Sequence[float]) -> NDArray[np.int64]:
    """Return the class of each score: the number of breaks it lies beyond.

    A score exactly on a break belongs to the class nearer to the mean: -1 and +1 are both in the middle class of
    the breaks -1 and 1.

    Examples
    --------
    >>> class_number([-1.2, -1.0, 0.0, 1.0, 1.2, 1.5, 1.6], [-1.0, 1.0, 1.5]).tolist()
    [0, 1, 1, 1, 2, 2, 3]
    """
    values = np.asarray(scores, dtype=float)
    beyond = [values >= limit if limit < 0 else values > limit for limit in breaks]
    number: NDArray[np.int64] = np.sum(beyond, axis=0, dtype=np.int64)
    return number


def class_ids(scores: pd.Series[float], axis: NeedAxis) -> pd.Series[str]:
    """Return the class id of each area; missing where it has no score."""
    numbers = class_numbers(np.asarray(scores, dtype=float), axis)
    names = np.array([*(c.id for c in axis.classes), None], dtype=object)
    return pd.Series(names[numbers], index=scores.index, dtype=object)
