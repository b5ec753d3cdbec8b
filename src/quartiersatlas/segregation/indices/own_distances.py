"""Distances of one's own, such as those along streets, in place of straight lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ColumnError, JoinError, SpecError, list_some
from quartiersatlas.segregation.indices.boundary import Contacts, checked_contacts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Distances: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike]

COLUMNS = ("one", "other", "metres")


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


def distances_of_keys(distances: pd.DataFrame, areas: pd.Index) -> Contacts:
    """Return the distances of pairs of areas that are named by their keys, by the areas' positions.

    Raises
    ------
    ColumnError
        A column is missing.
    GeometryError
        A pair is impossible or appears twice, or a distance is negative or not finite.
    JoinError
        A key is not that of an area.
    SpecError
        It is no table.
    """
    if not isinstance(distances, pd.DataFrame):
        raise SpecError(
            f"distances must be a table with the columns {', '.join(COLUMNS)}, not {type(distances).__name__}."
        )
    missing = [name for name in COLUMNS if name not in distances]
    if missing:
        raise ColumnError(f"distances lacks the columns {list_some(missing)}; it needs {', '.join(COLUMNS)}.")
    one, other = (areas.get_indexer(pd.Index(distances[name])) for name in COLUMNS[:2])
    unknown = pd.unique(np.concatenate([distances["one"][one < 0], distances["other"][other < 0]]))
    if len(unknown):
        raise JoinError(
            f"distances names {count_noun(len(unknown), 'area', 'areas')} that the data do not have: "
            f"{list_some(unknown)}."
        )
    return checked_contacts(len(areas), one, other, distances["metres"])


def sums_by_distances(pairs: Contacts, values: Floats, decay: float, within: Floats) -> Floats:
    """Return the sums of the columns of all areas, weighted by exp(-distance / decay); other pairs weigh nothing."""
    from scipy.sparse import coo_array

    if not isinstance(decay, int | float | np.number) or not 0 < decay < np.inf:
        raise SpecError(f"decay must be a length in metres, above 0, not {decay!r}.")
    weights = np.exp(-pairs.weight / decay)
    rows, columns = np.concatenate([pairs.one, pairs.other]), np.concatenate([pairs.other, pairs.one])
    table = coo_array((np.tile(weights, 2), (rows, columns)), shape=(len(values), len(values))).tocsr()
    return np.asarray(table @ values + np.exp(-within / decay)[:, None] * values)
