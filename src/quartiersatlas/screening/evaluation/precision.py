"""What counts that came rounded, or changed at random, leave open: who may lie on either side of a limit.

Each count may be off by a known number of persons, so each rate has a lowest and a highest value. What is decided here
is so whatever the true counts are, those of all other areas included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.exact import EQUAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
    from quartiersatlas.screening.language.rules import Worst

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def open_classes(wanted: Bools, low: Ints, high: Ints) -> Bools:
    """Return which areas may be in one of the wanted classes, or in none; classes from low to high are possible."""
    upto = np.concatenate([[0], np.cumsum(wanted)])
    number = upto[high + 1] - upto[low]
    found: Bools = (number > 0) & (number < high - low + 1)
    return found


def open_places(
    condition: Worst, measured: Measured, evidence: Evidence, sign: int, wanted: Callable[..., Ints]
) -> Bools:
    """Return which areas may be among the worst, or not.

    Of w wanted an area is surely in where at most w - 1 others may be as bad; surely out where w are worse anyway.
    """
    low, high = (sign * end.values for end in measured.ends[::sign])
    units = evidence.levels[condition.by] if condition.by else np.zeros(evidence.n_areas, dtype=np.int64)
    found = np.zeros(np.broadcast_shapes(low.shape, (len(evidence.shift), evidence.n_areas)), dtype=bool)
    known = measured.known
    for unit in np.unique(units[units >= 0]):
        inside = np.flatnonzero(units == unit)
        for run in range(len(found)):
            row = min(run, len(low) - 1)
            here = inside[known[row, inside]]
            if not len(here):
                continue
            least, most = low[row, here], high[row, here]
            shift = evidence.shift[min(run, len(evidence.shift) - 1)][None, :]
            w = int(wanted(condition, np.array([[len(here)]]), shift)[0, 0])
            step = [EQUAL * np.abs(end) for end in (least, most)]
            as_bad = len(here) - np.searchsorted(np.sort(most), least - step[0], side="left") - 1  # without itself
            worse = len(here) - np.searchsorted(np.sort(least), most + step[1], side="right")
            found[run, here] = (as_bad > w - 1) & (worse < w)
    return found
