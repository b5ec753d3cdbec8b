"""Local measures: where is a group over- or under-represented?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.segregation.counts import as_part_and_total

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def location_quotient(group: ArrayLike, total: ArrayLike) -> NDArray[np.float64]:
    """Share of the group in each area over its share in the city.

    Parameters
    ----------
    group, total : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= total.

    Returns
    -------
    ndarray of float, shape (n_areas,)
        LQ >= 0: 1 as in the city, 2 twice the city's share. NaN in empty areas and where the group is empty.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.

    Notes
    -----
    ``LQ_i = (x_i / t_i) / (X / T)`` [1]_

    References
    ----------
    .. [1] Isard, W. (1960). Methods of Regional Analysis. MIT Press, chapter 7.

    Examples
    --------
    >>> location_quotient([30, 10], [100, 100]).round(6).tolist()
    [1.5, 0.5]
    """
    group, total = as_part_and_total(group, total)
    result = np.full(len(group), np.nan)
    if group.sum() > 0:
        lived_in = total > 0
        result[lived_in] = group[lived_in] / total[lived_in] / (group.sum() / total.sum())
    return result
