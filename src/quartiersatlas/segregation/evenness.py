"""Evenness: are the shares of a group the same everywhere?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import as_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def dissimilarity(group: ArrayLike, rest: ArrayLike) -> float:
    """Share of one group that would have to move for an even distribution.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.

    Returns
    -------
    float
        D in [0, 1]; NaN where one of the two populations is empty.

    Raises
    ------
    CountError
        A count is negative or not finite; the message names the first five areas.

    Notes
    -----
    ``D = 1/2 sum_i |x_i / X - y_i / Y|`` [1]_

    References
    ----------
    .. [1] Duncan, O. D. & Duncan, B. (1955). A methodological analysis of segregation indexes.
           American Sociological Review 20(2), 210-217.

    Examples
    --------
    >>> dissimilarity([100, 60, 40, 0], [0, 40, 60, 100])
    0.6
    """
    group, rest = as_counts(group, rest)
    if group.sum() == 0 or rest.sum() == 0:
        return float("nan")
    return float(0.5 * np.abs(group / group.sum() - rest / rest.sum()).sum())
