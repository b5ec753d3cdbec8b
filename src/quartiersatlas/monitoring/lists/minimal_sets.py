"""What is enough to make a decision another one: the smallest sets of factors that do it by themselves."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Decided = NDArray[np.int8]
    Factors = tuple[str, ...]

FACTORS = ("own", "city", "rule", "boundaries")
UNKNOWN = -1


def subsets(factors: Sequence[str]) -> list[Factors]:
    """Return all sets of factors, the smaller ones first, the empty one at the start.

    Examples
    --------
    >>> subsets(["own", "city"])
    [(), ('own',), ('city',), ('own', 'city')]
    """
    return [chosen for size in range(len(factors) + 1) for chosen in combinations(factors, size)]


def minimal_sufficient(decided: Mapping[Factors, Decided]) -> tuple[list[tuple[Factors, ...]], NDArray[np.bool_]]:
    """Return the minimal sufficient sets of each area.

    Parameters
    ----------
    decided : mapping of tuple of str to array of int, shape (n_areas,)
        Set of factors that are moved to the later date -> the decision: 1, 0, or -1 where it cannot be told. All
        :func:`subsets` of the factors, in their order.

    Returns
    -------
    list of tuple of tuple of str
        Of each area the sets that alone turn the decision of the empty set, none of which contains another one that
        does. Empty where the decision stays.
    array of bool
        Where all decisions are known, so that no smaller set can have been overlooked.

    Examples
    --------
    >>> either = {(): [0], ("own",): [1], ("city",): [1], ("own", "city"): [1]}
    >>> minimal_sufficient({name: np.array(row, dtype=np.int8) for name, row in either.items()})[0]
    [(('own',), ('city',))]
    """
    sets = list(decided)
    start = decided[()]
    turned = {one: (decided[one] != start) & (decided[one] != UNKNOWN) & (start != UNKNOWN) for one in sets}
    minimal: list[list[Factors]] = [[] for _ in start]
    for one in sets:
        inside = [turned[other] for other in sets if set(other) < set(one)]
        fewer = np.logical_or.reduce(inside) if inside else np.zeros(len(start), dtype=bool)
        for place in np.flatnonzero(turned[one] & ~fewer):
            minimal[place].append(one)
    known = np.logical_and.reduce([decided[one] != UNKNOWN for one in sets])
    # a decision that stays has no reason, whatever parts of it would do alone
    stays = decided[sets[-1]] == start
    found = [() if stay else tuple(rows) for rows, stay in zip(minimal, stays, strict=True)]
    return found, known
