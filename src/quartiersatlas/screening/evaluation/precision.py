"""What counts that came rounded, or changed at random, leave open: who may lie on either side of a limit.

Each count may be off by a known number of persons, so each rate has a lowest and a highest value. What is decided here
is so whatever the true counts are, those of all other areas included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def open_classes(wanted: Bools, low: Ints, high: Ints) -> Bools:
    """Return which areas may be in one of the wanted classes, or in none; classes from low to high are possible."""
    upto = np.concatenate([[0], np.cumsum(wanted)])
    number = upto[high + 1] - upto[low]
    found: Bools = (number > 0) & (number < high - low + 1)
    return found
