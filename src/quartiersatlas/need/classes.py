"""Classes of a standardised score, from unrounded values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def class_number(scores: ArrayLike, breaks: Sequence[float]) -> NDArray[np.int64]:
    """Return the class of each score: the number of breaks it lies beyond.

    A score exactly on a break belongs to the class nearer to the mean: -1 and +1 are both in the middle class of
    the breaks -1 and 1.

    Examples
    --------
    >>> class_number([-1.2, -1.0, 0.0, 1.0, 1.2, 1.5, 1.6], [-1.0, 1.0, 1.5]).tolist()
    [0, 1, 1, 1, 2, 2, 3]
    """
    values = np.asarray(scores, dtype=float)
    beyond = [values >= limit if limit < 0 else values > limit for limit in breaks]
    number: NDArray[np.int64] = np.sum(beyond, axis=0, dtype=np.int64)
    return number
