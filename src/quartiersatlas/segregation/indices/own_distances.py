"""Distances of one's own, such as those along streets, in place of straight lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.indices.boundary import Contacts, checked_contacts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Distances: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike]


def checked_distances(distances: Distances, inhabited: NDArray[np.bool_]) -> Contacts:
    """Return the distances of pairs of inhabited areas, which are numbered among these.

    Raises
    ------
    GeometryError
        A pair is impossible or appears twice, or a distance is negative or not finite.
    SpecError
        There are no three columns.
    """
    if not isinstance(distances, tuple) or len(distances) != 3:  # noqa: PLR2004 - one, other, metres
        raise SpecError(
            "distances must be a tuple of three columns: both areas of each pair and their distance in metres."
        )
    return checked_contacts(len(inhabited), *distances).among(inhabited)


def sums_by_distances(pairs: Contacts, values: Floats, decay: float, within: Floats) -> Floats:
    """Return the sums of the columns of all areas, weighted by exp(-distance / decay); other pairs weigh nothing."""
    from scipy.sparse import coo_array

    if not isinstance(decay, int | float | np.number) or not 0 < decay < np.inf:
        raise SpecError(f"decay must be a length in metres, above 0, not {decay!r}.")
    weights = np.exp(-pairs.weight / decay)
    rows, columns = np.concatenate([pairs.one, pairs.other]), np.concatenate([pairs.other, pairs.one])
    table = coo_array((np.tile(weights, 2), (rows, columns)), shape=(len(values), len(values))).tocsr()
    return np.asarray(table @ values + np.exp(-within / decay)[:, None] * values)
