"""Sums per place: one formula serves one city, 550 municipalities and 500 resamples of a city alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """Which rows belong to which place; the rows of a place lie together, place after place.

    Parameters
    ----------
    sizes : ndarray of int, shape (n_places,)
        Rows of each place; a place may have none.
    """

    sizes: NDArray[np.intp]

    @classmethod
    def one(cls, n_areas: int) -> Places:
        """Return a single place with all areas."""
        return cls(np.array([n_areas]))

    @classmethod
    def of_sorted(cls, codes: NDArray[np.intp], n_places: int) -> Places:
        """Return the places of rows that are sorted by their place's number."""
        return cls(np.bincount(codes, minlength=n_places))

    @classmethod
    def alike(cls, n_places: int, n_areas: int) -> Places:
        """Return places of equal size, as the resamples of one city are."""
        return cls(np.full(n_places, n_areas))

    @property
    def n_places(self) -> int:
        """Number of places."""
        return len(self.sizes)

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """First row of each place."""
        return np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(np.intp)

    @cached_property
    def codes(self) -> NDArray[np.intp]:
        """Number of the place of each row."""
        return np.repeat(np.arange(self.n_places), self.sizes)

    def sum(self, values: Floats) -> Floats:
        """Sum the rows of each place; a place without rows has the sum 0."""
        filled = self.sizes > 0
        result = np.zeros((self.n_places, *values.shape[1:]))
        if filled.any():
            result[filled] = np.add.reduceat(values, self.starts[filled], axis=0)
        return result

    def each(self, values: Floats) -> Floats:
        """Repeat the value of each place for its rows."""
        return values if self.n_places == 1 and values.ndim == 1 else np.repeat(values, self.sizes, axis=0)

    def portion(self, values: Floats, sums: Floats) -> Floats:
        """Return values over the sum of their place; 0 where that is 0."""
        return np.asarray(values * self.each(share(np.ones_like(sums), sums)))

    def cumulated(self, values: Floats) -> Floats:
        """Return running sums that start anew in each place."""
        running = np.cumsum(values, axis=0)
        before = np.concatenate([np.zeros((1, *values.shape[1:])), running])[self.starts]
        return np.asarray(running - np.repeat(before, self.sizes, axis=0))

    def order(self, values: Floats) -> NDArray[np.intp]:
        """Return the rows in ascending order of the values within each place."""
        if self.n_places == 1:
            return np.argsort(values)
        return np.lexsort((values, self.codes))


def ratio(part: Floats, whole: Floats | float) -> Floats:
    """Return part / whole; NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0))


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole where the whole is a weight of the result; 0 where it is 0, since it then does not count."""
    return np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole != 0)


def entropy(shares: Floats) -> Floats:
    """Return -sum p log p over the last axis, in nats; 0 log 0 is 0."""
    logs = np.log(shares, out=np.zeros(shares.shape), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=-1))
