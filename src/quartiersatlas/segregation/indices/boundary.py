"""Evenness across borders: how different are areas that touch?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quartiersatlas.base.checks import choice, count_noun
from quartiersatlas.errors import GeometryError, SpecError, list_some
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import Pair, group_and_rest, ratio, share
from quartiersatlas.segregation.indices.concentration import checked_sizes
from quartiersatlas.segregation.indices.evenness import dissimilarity_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


FADING: dict[str, Callable[[int], float]] = {
    "exponential": lambda k: float(np.exp(1 - k)),
    "reciprocal": lambda k: 1 / k,
}


@dataclass(frozen=True)
class Contacts:
    """Pairs of touching areas, and how much each contact weighs.

    Parameters
    ----------
    one, other : ndarray of int, shape (n_pairs,)
        Rows of the two areas, each pair once.
    weight : ndarray of float, shape (n_pairs,)
        Weight of each contact, at least 0.
    """

    one: Ints
    other: Ints
    weight: Floats

    def among(self, rows: NDArray[np.bool_]) -> Contacts:
        """Return the contacts among some of the areas, by their new rows."""
        kept = rows[self.one] & rows[self.other]
        row = np.cumsum(rows) - 1
        return Contacts(row[self.one[kept]], row[self.other[kept]], self.weight[kept])


@by_area
def morrill(
    group: ArrayLike,
    rest: ArrayLike,
    one: ArrayLike,
    other: ArrayLike,
    *,
    order: int = 1,
    fading: Literal["exponential", "reciprocal"] = "exponential",
) -> float:
    """Dissimilarity less the mean difference between neighbouring areas.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    one, other : array_like of int, shape (n_pairs,)
        Positions of the two areas of each pair of neighbours, each pair once: those that share a border (rook) or
        also those that meet in a corner (queen).
    order : int, default 1
        Steps from neighbour to neighbour up to which areas are compared, at least 1.
    fading : {"exponential", "reciprocal"}, default "exponential"
        How the contrast k steps away weighs: exp(1 - k) or 1/k.

    Returns
    -------
    float
        D(adj) <= D: less where the shares change abruptly from area to area, D where neighbours are alike. NaN where
        one of the populations is empty, with fewer than two inhabited areas, and where no inhabited areas touch.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A pair names an unknown area, joins an area with itself or appears twice.
    SpecError
        The order is below 1, or the fading is unknown.

    Notes
    -----
    ``D(adj) = D - sum_ij c_ij |p_i - p_j| / sum_ij c_ij`` with c_ij = 1 for neighbours and 0 for others [1]_. Of order
    K [2]_: ``D - sum_(k <= K) f(k) sum_ij c_ijk |p_i - p_j| / sum_ij c_ijk`` with c_ijk = 1 for areas exactly k steps
    apart; an order that no two areas have takes nothing off. Areas without persons of the two populations are compared
    with none, but steps of higher orders lead through them.

    References
    ----------
    .. [1] Morrill, R. L. (1991). On the measure of geographic segregation. Geography Research Forum 11, 25-36.
    .. [2] Tivadar, M. (2019). OasisR: An R package to bring some order to the world of segregation measurement.
           Journal of Statistical Software 89(7), 1-39.

    Examples
    --------
    Four areas in a row; who lives apart has one border to the others in the first case and three in the second.

    >>> row = [0, 1, 2], [1, 2, 3]
    >>> round(morrill([100, 100, 0, 0], [0, 0, 100, 100], *row), 6), morrill([100, 0, 100, 0], [0, 100, 0, 100], *row)
    (0.666667, 0.0)
    """
    checked_order(order)
    choice(fading, tuple(FADING), "fading")
    pair, contacts, lived_in = _touching(group, rest, one, other)
    nearest = _difference(pair, contacts)
    if order == 1 or np.isnan(nearest):
        return nearest
    dissimilarity = float(dissimilarity_parts(pair).sum())
    farther = _orders(checked_contacts(len(lived_in), one, other), len(lived_in), order)
    apart = [_difference(pair, steps.among(lived_in)) for steps in farther]
    contrasts = [FADING[fading](k) * (dissimilarity - value) for k, value in enumerate(apart, start=2)]
    return nearest - float(np.nansum(contrasts))


def checked_order(order: int) -> None:
    """Refuse steps that are no whole number above 0."""
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 1:
        raise SpecError(f"order must be a whole number, 1 or more, not {order!r}.")


def _orders(contacts: Contacts, n_areas: int, order: int) -> Iterator[Contacts]:
    """Give the pairs of areas exactly 2, 3, ... steps apart."""
    from scipy.sparse import csr_matrix, eye, triu

    ends = np.concatenate([contacts.one, contacts.other]), np.concatenate([contacts.other, contacts.one])
    step = csr_matrix((np.ones(len(ends[0])), ends), shape=(n_areas, n_areas))
    seen = (step + eye(n_areas, format="csr")).astype(bool)
    front = step
    for _ in range(2, order + 1):
        reached = (front @ step).astype(bool)
        front = (reached > (reached.multiply(seen))).astype(float)
        seen = (seen + front.astype(bool)).astype(bool)
        pairs = triu(front).tocoo()
        yield Contacts(pairs.row.astype(np.intp), pairs.col.astype(np.intp), np.ones(pairs.nnz))


@by_area
def wong_boundary(group: ArrayLike, rest: ArrayLike, one: ArrayLike, other: ArrayLike, length: ArrayLike) -> float:
    """Dissimilarity less the mean difference across borders, weighted with their length.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    one, other : array_like of int, shape (n_pairs,)
        Positions of the two areas of each pair, each pair once.
    length : array_like of float, shape (n_pairs,)
        Length of the shared border, in any unit. Finite, >= 0; corners have 0 and do not count.

    Returns
    -------
    float
        D(w) <= D. NaN where one of the populations is empty, with fewer than two inhabited areas, and where no
        inhabited areas share a border.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A pair or a length is impossible.

    Notes
    -----
    ``D(w) = D - sum_ij w_ij |p_i - p_j|``, ``w_ij = l_ij / sum_ij l_ij`` over all ordered pairs, so that the weights
    of the city add up to 1 [1]_ [2]_. Weights that add up to 1 for each area instead ("row-standardised") give another
    number. Areas without persons of the two populations and their borders are left out.

    References
    ----------
    .. [1] Wong, D. W. S. (1993). Spatial indices of segregation. Urban Studies 30(3), 559-572.
    .. [2] Tivadar, M. (2019). OasisR: An R package to bring some order to the world of segregation measurement.
           Journal of Statistical Software 89(7), 1-39.

    Examples
    --------
    >>> round(wong_boundary([100, 50, 0], [0, 50, 100], [0, 1], [1, 2], [300, 100]), 10)
    0.1666666667
    """
    pair, contacts, _ = _touching(group, rest, one, other, length)
    return _difference(pair, contacts)


@by_area
def wong_shape(
    group: ArrayLike,
    rest: ArrayLike,
    one: ArrayLike,
    other: ArrayLike,
    length: ArrayLike,
    perimeter: ArrayLike,
    area: ArrayLike,
) -> float:
    """Dissimilarity less the mean difference across borders, weighted with their length and the areas' compactness.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the population it is compared with. Finite, >= 0.
    one, other : array_like of int, shape (n_pairs,)
        Positions of the two areas of each pair, each pair once.
    length : array_like of float, shape (n_pairs,)
        Length of the shared border. Finite, >= 0; corners have 0 and do not count.
    perimeter : array_like of float, shape (n_areas,)
        Outline of each area: all of it, as here by convention, or only what is shared with other areas. Both are in
        use and give different numbers. Finite, >= 0.
    area : array_like of float, shape (n_areas,)
        Land of each area. Finite, above 0.

    Returns
    -------
    float
        D(s) between D(w) and D. NaN where one of the populations is empty, with fewer than two inhabited areas, and
        where no inhabited areas share a border.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        A pair, a length, a perimeter or the size of an area is impossible.

    Notes
    -----
    ``D(s) = D - sum_ij w_ij |p_i - p_j| (P_i/A_i + P_j/A_j) / (2 max_i P_i/A_i)``, ``w_ij = l_ij / sum_ij l_ij`` over
    all ordered pairs [1]_, without the further halving of the sum that [2]_ corrects. The largest ratio of perimeter
    to area is that of the inhabited areas. Areas without persons of the two populations do not count.

    References
    ----------
    .. [1] Wong, D. W. S. (1993). Spatial indices of segregation. Urban Studies 30(3), 559-572.
    .. [2] Tivadar, M. (2019). OasisR: An R package to bring some order to the world of segregation measurement.
           Journal of Statistical Software 89(7), 1-39.

    Examples
    --------
    >>> squares = {"perimeter": [4, 4, 4], "area": [1, 1, 1]}
    >>> round(wong_shape([100, 50, 0], [0, 50, 100], [0, 1], [1, 2], [1, 1], **squares), 10)
    0.1666666667
    """
    pair, contacts, lived_in = _touching(group, rest, one, other, length)
    outline = checked_sizes(perimeter, len(lived_in), "perimeter", at_least_0=True)[lived_in]
    land = checked_sizes(area, len(lived_in), "area")[lived_in]
    return _difference(pair, contacts, outline / land)


def _difference(pair: Pair, contacts: Contacts, raggedness: Floats | None = None) -> float:
    """Return the index of a single place; NaN where it cannot be given."""
    return float("nan") if pair.reasons[0] else float(_less_contrast(pair, contacts, raggedness)[0])


def _less_contrast(pair: Pair, contacts: Contacts, raggedness: Floats | None = None) -> Floats:
    """Return D - sum_ij w_ij |p_i - p_j| per place; borders between two places do not count."""
    places, codes = pair.places, pair.places.codes
    one, other = contacts.one, contacts.other
    counts = (codes[one] == codes[other]) & (pair.both[one] > 0) & (pair.both[other] > 0)
    one, other, weight = one[counts], other[counts], contacts.weight[counts]
    contrast = weight * np.abs(pair.shares[one] - pair.shares[other])
    if raggedness is not None:
        largest = np.zeros(places.n_places)
        np.maximum.at(largest, codes, raggedness)
        contrast *= share(raggedness[one] + raggedness[other], 2 * largest[codes[one]])
    contrasts = np.bincount(codes[one], contrast, minlength=places.n_places).astype(float)
    weights = np.bincount(codes[one], weight, minlength=places.n_places).astype(float)
    return np.asarray(places.sum(dissimilarity_parts(pair)) - ratio(contrasts, weights))


def _touching(
    group: ArrayLike, rest: ArrayLike, one: ArrayLike, other: ArrayLike, length: ArrayLike | None = None
) -> tuple[Pair, Contacts, NDArray[np.bool_]]:
    """Return the inhabited areas as one place, their contacts, and which areas are inhabited."""
    pair = group_and_rest(group, rest)
    lived_in = np.asarray(group, dtype=float) + np.asarray(rest, dtype=float) > 0
    contacts = checked_contacts(len(lived_in), one, other, length)
    return pair, contacts.among(lived_in), lived_in


def checked_contacts(n_areas: int, one: ArrayLike, other: ArrayLike, length: ArrayLike | None = None) -> Contacts:
    """Return pairs of touching areas, weighted with the length of their border or alike; refuse impossible ones."""
    first, second = np.asarray(one), np.asarray(other)
    if first.ndim != 1 or first.shape != second.shape:
        raise GeometryError(f"Pairs of areas need two lists of equal length; given: {first.shape} and {second.shape}.")
    if len(first) and not (np.issubdtype(first.dtype, np.integer) and np.issubdtype(second.dtype, np.integer)):
        raise GeometryError("Pairs of areas are positions, whole numbers from 0.")
    first, second = first.astype(np.intp), second.astype(np.intp)
    low, high = np.minimum(first, second), np.maximum(first, second)
    wrong = np.flatnonzero((low < 0) | (high >= n_areas) | (low == high))
    if len(wrong):
        shown = list_some(f"{first[i]}-{second[i]}" for i in wrong)
        pairs = count_noun(len(wrong), "pair is", "pairs are")
        raise GeometryError(f"{pairs} not two of the {n_areas} areas, numbered from 0: {shown}.")
    if len(np.unique(low * n_areas + high)) < len(low):
        raise GeometryError("A pair of areas appears twice; each is needed once, in either direction.")
    weight = np.ones(len(low)) if length is None else checked_sizes(length, len(low), "length", at_least_0=True)
    return Contacts(first, second, weight)
