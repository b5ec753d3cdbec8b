"""Exposure: whom does a member of a group meet in the own area?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.segregation.counts import as_counts, as_part_and_total

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike


def isolation(group: ArrayLike, total: ArrayLike) -> float:
    """Average share of the own group in the area where a member of the group lives.

    Parameters
    ----------
    group, total : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= total.

    Returns
    -------
    float
        xPx in [X / T, 1]: the group's share in the city where it is spread evenly, 1 where it lives apart;
        NaN where the group is empty.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``xPx = sum_i (x_i / X) (x_i / t_i)`` [1]_; empty areas do not count.

    References
    ----------
    .. [1] Bell, W. (1954). A probability model for the measurement of ecological segregation.
           Social Forces 32(4), 357-364.

    Examples
    --------
    >>> isolation([100, 60, 40, 0], [100, 100, 100, 100])
    0.76
    """
    group, total = as_part_and_total(group, total)
    return _mean_share(group, group, total)


def interaction(group: ArrayLike, other: ArrayLike, total: ArrayLike) -> float:
    """Average share of another group in the area where a member of the group lives.

    Parameters
    ----------
    group, other, total : array_like of float, shape (n_areas,)
        Persons per area in the group, in the other group and altogether. Finite, >= 0.

    Returns
    -------
    float
        xPy in [0, 1]; NaN where the group is empty. With the rest as the other group, xPx + xPy = 1.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``xPy = sum_i (x_i / X) (y_i / t_i)`` [1]_

    References
    ----------
    .. [1] Bell, W. (1954). A probability model for the measurement of ecological segregation.
           Social Forces 32(4), 357-364.

    Examples
    --------
    >>> round(interaction([100, 60, 40, 0], [0, 40, 60, 100], [100] * 4), 10)
    0.24
    """
    group, _ = as_part_and_total(group, total)
    other, total = as_part_and_total(other, total)
    as_counts(group, other)
    return _mean_share(group, other, total)


def _mean_share(group: np.ndarray, other: np.ndarray, total: np.ndarray) -> float:
    """Return sum_i (x_i / X) (y_i / t_i) over the inhabited areas."""
    if group.sum() == 0:
        return float("nan")
    lived_in = total > 0
    share = other[lived_in] / total[lived_in]
    return float((group[lived_in] / group.sum() * share).sum())
