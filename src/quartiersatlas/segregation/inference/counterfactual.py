"""Two cities, or two dates: is the difference one of shares, or of the areas that have them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.counts import as_part_and_population, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Index: TypeAlias = Callable[[Floats, Floats], float]


def counterfactual_parts(
    one: tuple[ArrayLike, ArrayLike], other: tuple[ArrayLike, ArrayLike], index: Index | tuple[Index, Index]
) -> pd.Series:
    """Split the difference of any index of a group into its shares and the areas that have them.

    Parameters
    ----------
    one, other : tuple of (array_like of float, array_like of float)
        The persons of the group and all residents per area of either city (or date), at least two inhabited areas each.
        The number of areas may differ.
    index : callable, or tuple of two callables
        Takes the group and the rest per area and gives a number, such as :func:`dissimilarity`; with geometry, one
        for each city, as ``lambda group, rest: spatial_proximity(group, rest, points, area)``.

    Returns
    -------
    Series
        ``one``, ``other`` (the index of each), ``difference``, and its parts ``composition`` (how the shares of the
        group are distributed over areas) and ``structure`` (how many residents live in the areas with high and low
        shares, and where these lie). The parts add up to the difference.

    Raises
    ------
    CountError
        A count is negative or not finite, the group is larger than the population, or fewer than two areas are
        inhabited.
    SpecError
        The index is no callable.

    Notes
    -----
    In the counterfactual city with the areas of i and the shares of j, each area has the share that has the same rank
    in j as its own has in i (ties at their mean rank, between ranks interpolated). With V_ij its index,
    ``composition = (V_11 - V_10 + V_01 - V_00) / 2`` and ``structure = (V_11 - V_01 + V_10 - V_00) / 2``, the mean
    over both orders of exchange (Shapley) [1]_.

    References
    ----------
    .. [1] Cortes, R. X., Rey, S., Knaap, E. & Wolf, L. J. (2020). An open-source framework for non-spatial and spatial
           segregation measures: the PySAL segregation module. Journal of Computational Social Science 3, 135-166.

    Examples
    --------
    Shares twice as far apart in areas of equal size: nothing but composition.

    >>> from quartiersatlas.segregation import dissimilarity
    >>> found = counterfactual_parts(([40, 60], [100, 100]), ([30, 70], [100, 100]), dissimilarity)
    >>> found.round(6).to_dict()
    {'one': 0.2, 'other': 0.4, 'difference': 0.2, 'composition': 0.2, 'structure': 0.0}
    """
    indices = index if isinstance(index, tuple) else (index, index)
    if len(indices) != 2 or not all(callable(one) for one in indices):  # noqa: PLR2004 - one for each city
        raise SpecError(
            "index must be a function of group and rest, such as qa.segregation.dissimilarity, or two of them."
        )
    cities = [as_part_and_population(*city) for city in (one, other)]
    shares = [_inhabited(*city) for city in cities]
    v = np.empty((2, 2))
    for i, (members, residents) in enumerate(cities):
        for j in (0, 1):
            counted = members if i == j else _with_shares(residents, shares[i], shares[j])
            v[i, j] = indices[i](counted, residents - counted)
    return pd.Series(
        {
            "one": v[0, 0],
            "other": v[1, 1],
            "difference": v[1, 1] - v[0, 0],
            "composition": (v[1, 1] - v[1, 0] + v[0, 1] - v[0, 0]) / 2,
            "structure": (v[1, 1] - v[0, 1] + v[1, 0] - v[0, 0]) / 2,
        }
    )


def _inhabited(members: Floats, residents: Floats) -> Floats:
    """Return the shares of the inhabited areas; refuse a city of fewer than two."""
    lived_in = residents > 0
    if lived_in.sum() < 2:  # noqa: PLR2004 - one area has no distribution
        raise CountError("Each city needs two inhabited areas or more.")
    return share(members[lived_in], residents[lived_in])


def _with_shares(residents: Floats, own: Floats, others: Floats) -> Floats:
    """Return the group where each inhabited area has the share of the same rank in another city."""
    from scipy.stats import rankdata

    rank = (rankdata(own) - 1) / (len(own) - 1)
    members = np.zeros(len(residents))
    members[residents > 0] = np.interp(rank, np.linspace(0, 1, len(others)), np.sort(others))
    return members * residents
