"""Two cities, or two dates: is the difference one of shares, or of the areas that have them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.errors import CountError, SpecError
from quartiersatlas.segregation.counts import as_part_and_population, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Index: TypeAlias = Callable[[Floats, Floats], float]


def counterfactual_parts(
    one: tuple[ArrayLike, ArrayLike],
    other: tuple[ArrayLike, ArrayLike],
    index: Index | tuple[Index, Index],
    exchange: str = "composition",
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
    exchange : {"composition", "share"}, default "composition"
        What a city takes from the other: ``"composition"``, the group's share of the residents of each area, so that
        areas keep their residents; ``"share"``, the area's share of the group and of the rest of the city, so that
        the city keeps the size of both populations and its areas change theirs.

    Returns
    -------
    Series
        ``one``, ``other`` (the index of each), ``difference``, and its parts ``composition`` (what is exchanged: how
        the shares are distributed over areas) and ``structure`` (what is kept: of ``"composition"``, how many residents
        live in the areas with high and low shares; of ``"share"``, how large both populations are and which areas have
        much of both; and where these lie). The parts add up to the difference.

    Raises
    ------
    CountError
        A count is negative or not finite, the group is larger than the population, or fewer than two areas are
        inhabited.
    SpecError
        The index is no callable, or ``exchange`` is unknown.

    Notes
    -----
    In the counterfactual city with the areas of i and the shares of j, each area has the share that has the same rank
    in j as its own has in i (ties at their mean rank, between ranks interpolated; ranks from 0, the lowest, to 1, the
    highest, so that a city that takes its own shares stays as it is). Shares of a population that were exchanged add up
    to 1 again. To exchange the compositions of both the group and the rest ("dual composition" in [1]_) is to exchange
    those of the group: the rest is what is left of each area. With V_ij its index,
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
    choice(exchange, EXCHANGES, "exchange")
    if not all(isinstance(city, tuple | list) and len(city) == 2 for city in (one, other)):  # noqa: PLR2004 - a pair
        raise SpecError("one and other must each be a pair: (persons of the group, all residents) per area.")
    cities = [_inhabited(*as_part_and_population(*city)) for city in (one, other)]
    v = np.empty((2, 2))
    for i, own in enumerate(cities):
        for j in (0, 1):
            members, rest = own.group, own.rest
            if i != j:
                members, rest = EXCHANGES[exchange](own, cities[j])
            v[i, j] = indices[i](own.on_all_areas(members), own.on_all_areas(rest))
    return pd.Series(
        {
            "one": v[0, 0],
            "other": v[1, 1],
            "difference": v[1, 1] - v[0, 0],
            "composition": (v[1, 1] - v[1, 0] + v[0, 1] - v[0, 0]) / 2,
            "structure": (v[1, 1] - v[0, 1] + v[1, 0] - v[0, 0]) / 2,
        }
    )


class _City(NamedTuple):
    """Both populations of the inhabited areas, and which of all areas these are."""

    group: Floats
    rest: Floats
    lived_in: NDArray[np.bool_]

    def on_all_areas(self, counts: Floats) -> Floats:
        """Return counts of all areas, 0 where nobody lives."""
        found = np.zeros(len(self.lived_in))
        found[self.lived_in] = counts
        return found


def _inhabited(members: Floats, residents: Floats) -> _City:
    """Return the inhabited areas; refuse a city of fewer than two."""
    lived_in = residents > 0
    if lived_in.sum() < 2:  # noqa: PLR2004 - one area has no distribution
        raise CountError("Each city needs two inhabited areas or more.")
    return _City(members[lived_in], (residents - members)[lived_in], lived_in)


def _compositions(own: _City, other: _City) -> tuple[Floats, Floats]:
    """Give each area the group's share of its residents from the other city."""
    residents = own.group + own.rest
    members = residents * _of_the_same_rank(own.group / residents, other.group / (other.group + other.rest))
    return members, residents - members


def _shares(own: _City, other: _City) -> tuple[Floats, Floats]:
    """Give each area its share of the group and of the rest from the other city."""
    populations = ((own.group, other.group), (own.rest, other.rest))
    group, rest = (mine.sum() * _shared(_of_the_same_rank(mine, theirs)) for mine, theirs in populations)
    return group, rest


def _shared(values: Floats) -> Floats:
    """Return shares that add up to 1; 0 of nobody."""
    return share(values, np.full(len(values), values.sum()))


def _of_the_same_rank(own: Floats, others: Floats) -> Floats:
    """Return, for each value, the one of the same rank among others."""
    return np.interp(_rank(own), np.linspace(0, 1, len(others)), np.sort(others))


def _rank(values: Floats) -> Floats:
    """Return ranks from 0, the lowest, to 1, the highest."""
    from scipy.stats import rankdata

    found: Floats = (rankdata(values) - 1) / (len(values) - 1)
    return found


EXCHANGES = {"composition": _compositions, "share": _shares}
