"""Checked counts of groups, and sums per place: one formula serves one city, many cities and many resamples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ArgumentError, CountError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """A group and the population it is compared with, in one or many places.

    Parameters
    ----------
    group, other, population : ndarray of float, shape (n_areas,)
        Persons of the group, of the population it is compared with, and all residents. Areas without residents are
        among them only where their land or the paths through them count.
    places : Places
        Which areas belong to which place.
    """

    group: Floats
    other: Floats
    population: Floats
    places: Places

    @cached_property
    def both(self) -> Floats:
        """Persons of both populations per area: t_i."""
        return self.group + self.other

    @cached_property
    def group_sum(self) -> Floats:
        """Persons of the group per place: X."""
        return self.places.sum(self.group)

    @cached_property
    def other_sum(self) -> Floats:
        """Persons of the other population per place: Y."""
        return self.places.sum(self.other)

    @cached_property
    def both_sum(self) -> Floats:
        """Persons of both populations per place: T."""
        return self.group_sum + self.other_sum

    @cached_property
    def population_sum(self) -> Floats:
        """All residents per place."""
        return self.places.sum(self.population)

    @cached_property
    def shares(self) -> Floats:
        """Share of the group among both populations per area: p_i."""
        return share(self.group, self.both)

    @cached_property
    def city_share(self) -> Floats:
        """Share of the group among both populations per place: P."""
        return share(self.group_sum, self.both_sum)

    @property
    def _areas_with_members(self) -> NDArray[np.intp]:
        """Areas per place where one of the two populations lives."""
        lived_in = (self.group > 0) | (self.other > 0)
        return self.places.sizes if lived_in.all() else self.places.sum(lived_in.astype(float)).astype(np.intp)

    @cached_property
    def reasons(self) -> NDArray[np.str_]:
        """Why no index can be given (the name of a text), per place; empty where one can."""
        return _first_reason(
            note_no_area=self.population_sum == 0,
            note_nobody=self.group_sum == 0,
            note_nobody_else=self.other_sum == 0,
            note_one_area=self._areas_with_members == 1,
        )


@dataclass(frozen=True)
class Composition:
    """Groups that exclude one another and together are the population, in one or many places.

    Parameters
    ----------
    counts : ndarray of float, shape (n_areas, n_groups)
        Persons per area and group; areas without persons are not among them.
    places : Places
        Which areas belong to which place.
    """

    counts: Floats
    places: Places

    @cached_property
    def totals(self) -> Floats:
        """Persons per area: t_i."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def shares(self) -> Floats:
        """Share of each group in each area: pi_ik."""
        return share(self.counts, self.totals[:, None])

    @cached_property
    def group_sums(self) -> Floats:
        """Persons per place and group."""
        return np.asarray(self.places.sum(self.counts))

    @cached_property
    def sums(self) -> Floats:
        """Persons per place: T."""
        return np.asarray(self.group_sums.sum(axis=1))

    @cached_property
    def city_shares(self) -> Floats:
        """Share of each group per place: pi_k."""
        return share(self.group_sums, self.sums[:, None])

    @cached_property
    def n_groups(self) -> NDArray[np.intp]:
        """Groups with at least one person, per place: K."""
        return np.asarray((self.group_sums > 0).sum(axis=1))

    @cached_property
    def reasons(self) -> NDArray[np.str_]:
        """Why no index can be given (the name of a text), per place; empty where one can."""
        return _first_reason(
            note_no_area=self.places.sizes == 0,
            note_one_group=self.n_groups < 2,  # noqa: PLR2004 - two groups are a pair
            note_one_area=self.places.sizes == 1,
        )


def _first_reason(**reasons: NDArray[np.bool_]) -> NDArray[np.str_]:
    """Return the name of the first reason that holds, per place; empty where none does."""
    return np.select(list(reasons.values()), list(reasons), default="").astype(str)


Populations = TypeVar("Populations", Pair, Composition)


def as_counts(*columns: ArrayLike) -> tuple[Floats, ...]:
    """Return the columns as arrays of equal length, finite and >= 0; else name the first five areas."""
    arrays = tuple(as_numbers(column, "Counts") for column in columns)
    if any(array.ndim != 1 for array in arrays) or len({len(array) for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise CountError(f"Counts must be one-dimensional and of equal length; their shapes are {shapes}.")
    for position, array in enumerate(arrays, start=1):
        wrong = np.flatnonzero(~np.isfinite(array) | (array < 0))
        if len(wrong):
            shown = ", ".join(f"area {i}: {array[i]:g}" for i in wrong[:5])
            column = f"column {position}"
            counts = count_noun(len(wrong), f"count in {column} is", f"counts in {column} are")
            raise CountError(f"{counts} negative or not finite ({shown}).")
    return arrays


def as_numbers(values: ArrayLike, what: str) -> Floats:
    """Return an array of floats; refuse what is no number."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"{what} must be numbers, as an array, a list or a column: {error}.") from error


def as_part_and_population(part: ArrayLike, population: ArrayLike) -> tuple[Floats, Floats]:
    """Return a group and the population it belongs to; no group may exceed its population."""
    part, population = as_counts(part, population)
    above = np.flatnonzero(part > population)
    if len(above):
        shown = ", ".join(f"area {i}: {part[i]:g} of {population[i]:g}" for i in above[:5])
        raise CountError(f"The group is larger than the population in {count_noun(len(above), 'area')} ({shown}).")
    return part, population


def as_composition(counts: ArrayLike) -> Composition:
    """Return a checked table of areas x groups as one place, without its empty areas."""
    table = as_numbers(counts, "Counts")
    if table.ndim != 2:  # noqa: PLR2004 - a table has two dimensions
        raise CountError(f"Counts of several groups must be a table of areas x groups; the shape is {table.shape}.")
    as_counts(*table.T)
    inhabited = table.sum(axis=1) > 0
    return Composition(table[inhabited], Places.one(int(inhabited.sum())))


def group_and_rest(group: ArrayLike, rest: ArrayLike) -> Pair:
    """Return a group and the rest of the population as one place, without the empty areas."""
    group, rest = as_counts(group, rest)
    inhabited = group + rest > 0
    group, rest = group[inhabited], rest[inhabited]
    return Pair(group, rest, group + rest, Places.one(len(group)))


def group_in_population(group: ArrayLike, population: ArrayLike) -> Pair:
    """Return a group and the rest of the total as one place, without the empty areas."""
    group, population = as_part_and_population(group, population)
    return group_and_rest(group, population - group)


def in_one_place(compute: Callable[[Populations], Floats], populations: Populations) -> float:
    """Return the index of a single place; NaN where it cannot be given."""
    return float("nan") if populations.reasons[0] else float(compute(populations)[0])


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


def areas_per_person(counts: Floats, places: Places) -> Floats:
    """Return (n - 1) / (T - 1) of n areas with T persons."""
    size = np.rint(counts)
    return ratio(places.sum((size > 0).astype(float)) - 1, np.maximum(places.sum(size) - 1, 0))


def mean_deviation(n: Floats, p: Floats) -> Floats:
    """Return E|X - n p| of binomial counts X: ``2 k C(n, k) p^k (1-p)^(n-k+1)``, ``k = floor(n p) + 1`` (de Moivre)."""
    from scipy.special import gammaln

    n, p = np.broadcast_arrays(n, p)
    open_ = (p > 0) & (p < 1)
    p = np.where(open_, p, 0.5)
    k = np.minimum(np.floor(n * p) + 1, n)
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * np.log(p) + (n - k + 1) * np.log1p(-p)
    return np.where(open_, 2 * k * np.exp(log), 0)
