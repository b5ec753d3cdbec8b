"""Yes, no and unknown: three-valued logic on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Truth:
    """Where something holds and where it does not, shape (runs, n_areas); where neither, it is unknown."""

    yes: Bools
    no: Bools

    @classmethod
    def where(cls, holds: Bools, known: Bools) -> Truth:
        """Build it from a comparison and from where both of its sides are known."""
        return cls(known & holds, known & ~holds)

    @property
    def known(self) -> Bools:
        """Where it is not unknown."""
        known: Bools = self.yes | self.no
        return known

    def __and__(self, other: Truth) -> Truth:
        return k_true(2, [self, other])

    def __or__(self, other: Truth) -> Truth:
        return k_true(1, [self, other])

    def __invert__(self) -> Truth:
        return Truth(self.no, self.yes)


def k_true(k: int, parts: Sequence[Truth]) -> Truth:
    """Return where at least k of the parts hold: no where more than m - k do not, else unknown."""
    yes = sum(part.yes.astype(np.int64) for part in parts)
    no = sum(part.no.astype(np.int64) for part in parts)
    return Truth(np.asarray(yes >= k), np.asarray(no > len(parts) - k))
