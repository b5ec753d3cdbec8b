"""The one place where the counts of segregation measures are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.errors import CountError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_counts(*columns: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return the columns as arrays of equal length, finite and >= 0; else name the first five areas."""
    arrays = tuple(np.asarray(column, dtype=float) for column in columns)
    if any(array.ndim != 1 for array in arrays) or len({len(array) for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise CountError(f"Counts must be one-dimensional and of equal length; their shapes are {shapes}.")
    for position, array in enumerate(arrays, start=1):
        wrong = np.flatnonzero(~np.isfinite(array) | (array < 0))
        if len(wrong):
            shown = ", ".join(f"area {i}: {array[i]:g}" for i in wrong[:5])
            raise CountError(f"{len(wrong)} counts of column {position} are negative or not finite ({shown}).")
    return arrays


def as_part_and_total(part: ArrayLike, total: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a group and the population it belongs to; no group may exceed its population."""
    part, total = as_counts(part, total)
    above = np.flatnonzero(part > total)
    if len(above):
        shown = ", ".join(f"area {i}: {part[i]:g} of {total[i]:g}" for i in above[:5])
        raise CountError(f"In {len(above)} areas the group is larger than the population ({shown}).")
    return part, total
