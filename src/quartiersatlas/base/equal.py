"""Computed numbers that differ by rounding alone are equal: one tolerance for ranks, limits, classes and ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EQUAL = 1e-12  # of the range of the values
LAST_BITS = 4 * float(np.finfo(float).eps)  # of their size: a sum of a few terms is no more exact than that
PLACE = 1e-9  # a place in an order this close to a whole number is that number


def tolerance(values: Array) -> Array:
    """Return the distance up to which values are the same, shape (..., 1).

    Parameters
    ----------
    values : array of float, shape (..., n)
        NaN where unknown.

    Returns
    -------
    array of float
        1e-12 of their range, and at least the last bits of the largest; 0 where none is known.

    Examples
    --------
    >>> float(tolerance(np.array([0.0, 50.0, 100.0]))[0])
    1e-10
    """
    if values.shape[-1] == 0:
        return np.zeros((*values.shape[:-1], 1))
    low = np.fmin.reduce(values, axis=-1, keepdims=True)
    high = np.fmax.reduce(values, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):  # between infinite values there is no range
        size = np.maximum(EQUAL * (high - low), LAST_BITS * np.maximum(np.abs(low), np.abs(high)))
    return np.where(np.isfinite(size), size, 0.0)


def settled(values: Array) -> Array:
    """Return values in which those that differ by rounding alone are one number: the lowest of them.

    Parameters
    ----------
    values : array of float, shape (..., n)
        NaN where unknown.

    Returns
    -------
    array of float
        The same array where no two values are that close.

    Examples
    --------
    >>> sums = np.array([0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1, 1.2])
    >>> bool(sums[0] == sums[1]), settled(sums).tolist()
    (False, [0.6, 0.6, 1.2])
    """
    if values.shape[-1] < 2:  # noqa: PLR2004 - one value is close to no other
        return values
    limit = tolerance(values)
    ordered = np.sort(values, axis=-1)
    with np.errstate(invalid="ignore"):  # NaN and infinite values are close to nothing
        apart = np.diff(ordered, axis=-1)
    if not ((apart > 0) & (apart <= limit)).any():
        return values
    order = np.argsort(values, axis=-1, kind="stable")
    starts = np.concatenate([np.ones_like(limit, dtype=bool), ~(apart <= limit)], axis=-1)
    first = np.maximum.accumulate(np.where(starts, np.arange(values.shape[-1]), 0), axis=-1)
    result = np.empty_like(values)
    np.put_along_axis(result, order, np.take_along_axis(ordered, first, axis=-1), axis=-1)
    return result


def whole_places(places: Array) -> Array:
    """Return places in an order, in which those within 1e-9 of a whole number are that number.

    Examples
    --------
    >>> whole_places(np.array([6 * 0.6 + 1 - 0.6, 2.5])).tolist()
    [4.0, 2.5]
    """
    nearest = np.rint(places)
    return np.where(np.abs(places - nearest) <= PLACE, nearest, places)
