"""Concentration: how little of the land does a group live on?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.checks import count_noun, renamed
from quartiersatlas.errors import GeometryError
from quartiersatlas.segregation.by_area import by_area
from quartiersatlas.segregation.counts import (
    Pair,
    Places,
    as_counts,
    as_numbers,
    as_part_and_population,
    in_one_place,
    ratio,
    share,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

ALIKE = 1e-9  # sizes (or distances) that differ by less than this part of themselves are equal
ROUNDING = 1e-12  # a difference below this part of the numbers is one of rounding only


@by_area
def delta(group: ArrayLike, area: ArrayLike) -> float:
    """Share of a group that would have to move for the same density everywhere.

    Parameters
    ----------
    group : array_like of float, shape (n_areas,)
        Persons per area in the group. Finite, >= 0.
    area : array_like of float, shape (n_areas,)
        Land of each area, in any unit. Finite, above 0. Every area given is land to live on: leave out those where
        nobody can live, such as forests and lakes.

    Returns
    -------
    float
        Delta in [0, 1]: 0 where the group is equally dense everywhere. NaN where the group is empty and where there
        is one area only.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        The size of an area is not finite or not above 0.

    Notes
    -----
    ``delta = 1/2 sum_i |x_i / X - a_i / A|`` [1]_ [2]_: the dissimilarity of the group and the land.

    References
    ----------
    .. [1] Hoover, E. M. (1941). Interstate redistribution of population, 1850-1940. Journal of Economic History 1(2),
           199-205.
    .. [2] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> delta([100, 0, 0, 0], [1, 1, 1, 1])
    0.75
    """
    (members,) = as_counts(group)
    land = checked_sizes(area, len(members), "area")
    return in_one_place(lambda pair: _delta(pair, land), Pair(members, land, members + land, Places.one(len(land))))


def _delta(pair: Pair, area: Floats) -> Floats:
    places = pair.places
    people, land = share(pair.group, places.each(pair.group_sum)), share(area, places.each(places.sum(area)))
    return places.sum(0.5 * np.abs(people - land))


@renamed(total="population")
@by_area
def absolute_concentration(group: ArrayLike, population: ArrayLike, area: ArrayLike) -> float:
    """How small the areas are where a group lives, between the smallest and the largest possible.

    Parameters
    ----------
    group, population : array_like of float, shape (n_areas,)
        Persons per area in the group and altogether. Finite, >= 0, group <= population.
    area : array_like of float, shape (n_areas,)
        Land of each area, in any unit. Finite, above 0.

    Returns
    -------
    float
        ACO, as a rule in [0, 1]: 1 where the group lives in the smallest areas, 0 where it lives in the largest. NaN
        where the group is empty or everybody, with fewer than two inhabited areas, and where all are equally large.

    Raises
    ------
    CountError
        A count is negative or not finite, or a group is larger than the population.
    GeometryError
        The size of an area is not finite or not above 0.

    Notes
    -----
    ``ACO = 1 - (sum_i x_i a_i / X - S_1) / (S_2 - S_1)`` [1]_, where S_1 is the mean of a_i over the residents of the
    smallest areas that together have at least X residents, and S_2 that of the largest such areas. The area that
    completes X counts as a whole, so that the index may leave [0, 1] a little where areas hold many people.

    Equally large areas (to 1e-9 of their size) have no order. Where several complete X together, as many of their
    residents count as are missing; the result does not depend on the order of the rows. Areas without residents are
    left out.

    References
    ----------
    .. [1] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> absolute_concentration([100, 0, 0], [100, 100, 100], [1, 2, 4])
    1.0
    >>> absolute_concentration([50, 50, 0], [100, 100, 100], [1, 2, 4])
    0.8333333333333334
    """
    pair, land = _on_land(*as_part_and_population(group, population), area)
    return in_one_place(lambda pair: _absolute_concentration(pair, land), pair)


def _absolute_concentration(pair: Pair, area: Floats) -> Floats:
    smallest, largest = _bounds(pair, area)
    return 1 - ratio(_mean_size(pair.group, area, pair.places) - smallest, largest - smallest)


@by_area
def relative_concentration(group: ArrayLike, rest: ArrayLike, area: ArrayLike) -> float:
    """How small the areas are where a group lives, compared with those of the rest.

    Parameters
    ----------
    group, rest : array_like of float, shape (n_areas,)
        Persons per area in the group and in the rest of the population. Finite, >= 0.
    area : array_like of float, shape (n_areas,)
        Land of each area, in any unit. Finite, above 0.

    Returns
    -------
    float
        RCO: 0 where both live in equally large areas, 1 where the group lives as densely and the rest as loosely as
        possible, negative where the group lives more loosely than the rest. It is not bounded below, and goes beyond
        1 only where the rest is smaller than the group. NaN where one of the populations is empty, with fewer than
        two inhabited areas, and where all are equally large.

    Raises
    ------
    CountError
        A count is negative or not finite.
    GeometryError
        The size of an area is not finite or not above 0.

    Notes
    -----
    ``RCO = [(sum_i x_i a_i / X) / (sum_i y_i a_i / Y) - 1] / (S_1 / S_2 - 1)`` [1]_, with S_1 and S_2 as for
    :func:`absolute_concentration`: the mean size of the smallest and of the largest areas that together have as many
    residents as the group has members.

    References
    ----------
    .. [1] Massey, D. S. & Denton, N. A. (1988). The dimensions of residential segregation. Social Forces 67(2),
           281-315.

    Examples
    --------
    >>> relative_concentration([50, 50, 0], [50, 50, 100], [1, 2, 4])
    0.6060606060606061
    """
    pair, land = _on_land(*_with_total(group, rest), area)
    return in_one_place(lambda pair: _relative_concentration(pair, land), pair)


def _relative_concentration(pair: Pair, area: Floats) -> Floats:
    smallest, largest = _bounds(pair, area)
    own, others = _mean_size(pair.group, area, pair.places), _mean_size(pair.other, area, pair.places)
    return ratio(ratio(own, others) - 1, ratio(smallest, largest) - 1)


def _mean_size(people: Floats, area: Floats, places: Places) -> Floats:
    """Return sum_i x_i a_i / X per place: the mean size of the areas where people live."""
    return ratio(places.sum(people * area), places.sum(people))


def _bounds(pair: Pair, area: Floats) -> tuple[Floats, Floats]:
    """Return the mean size of the smallest and of the largest areas that hold X residents; NaN where both are equal."""
    steps = Steps.of(area, pair.places)
    people, land = steps.sum(pair.population), steps.sum(pair.population * area)
    in_smaller = steps.places.cumulated(people) - people
    in_larger = steps.places.each(pair.population_sum) - in_smaller - people
    needed = steps.places.each(pair.group_sum)
    smallest, largest = (
        _mean_until(steps, people, land, needed - before, needed) for before in (in_smaller, in_larger)
    )
    equal = largest - smallest <= ROUNDING * largest
    return np.where(equal, np.nan, smallest), np.where(equal, np.nan, largest)


def _mean_until(steps: Steps, people: Floats, land: Floats, missing: Floats, needed: Floats) -> Floats:
    """Return the mean size of areas, taken step by step while residents are missing."""
    part = np.where(steps.sizes == 1, 1.0, np.minimum(share(missing, people), 1))
    part[missing <= ROUNDING * needed] = 0
    return ratio(steps.places.sum(part * land), steps.places.sum(part * people))


@dataclass(frozen=True)
class Steps:
    """Areas in ascending order of a value, place after place; areas with equal values are one step.

    Parameters
    ----------
    order : ndarray of int, shape (n_areas,)
        Rows of the areas in that order.
    starts : ndarray of int, shape (n_steps,)
        Where each step begins in the order.
    places : Places
        Which steps belong to which place.
    """

    order: Ints
    starts: Ints
    places: Places

    @classmethod
    def of(cls, values: Floats, places: Places) -> Steps:
        """Return the steps of a value that is at least 0."""
        order = places.order(values)
        ordered = values[order]
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (np.diff(ordered) > ALIKE * ordered[1:]) | (np.diff(places.codes) > 0)
        starts = np.flatnonzero(begins)
        return cls(order, starts, Places.of_sorted(places.codes[starts], places.n_places))

    @cached_property
    def sizes(self) -> Ints:
        """Number of areas of each step."""
        return np.diff(self.starts, append=len(self.order))

    def sum(self, values: Floats) -> Floats:
        """Sum the areas of each step."""
        return np.add.reduceat(values[self.order], self.starts) if len(self.starts) else np.zeros(0)


def _with_total(group: ArrayLike, rest: ArrayLike) -> tuple[Floats, Floats]:
    """Return a group and both populations together."""
    members, others = as_counts(group, rest)
    return members, members + others


def _on_land(group: Floats, population: Floats, area: ArrayLike) -> tuple[Pair, Floats]:
    """Return a group and the rest as one place, and the land of the inhabited areas."""
    land, lived_in = checked_sizes(area, len(population), "area"), population > 0
    group, population = group[lived_in], population[lived_in]
    return Pair(group, population - group, population, Places.one(len(population))), land[lived_in]


def checked_sizes(sizes: ArrayLike, n: int, name: str, *, at_least_0: bool = False) -> Floats:
    """Return n sizes or lengths; refuse those that are not finite, negative or, as a rule, 0."""
    array = as_numbers(sizes, name)
    if array.shape != (n,):
        raise GeometryError(f"{name!r} must hold {count_noun(n, 'number')}; its shape is {array.shape}.")
    wrong = np.flatnonzero(~np.isfinite(array) | (array < 0 if at_least_0 else array <= 0))
    if len(wrong):
        shown = ", ".join(f"{i}: {array[i]:g}" for i in wrong[:5])
        bound = "negative" if at_least_0 else "not above 0"
        numbers = count_noun(len(wrong), f"number in {name!r} is", f"numbers in {name!r} are")
        raise GeometryError(f"{numbers} {bound} or not finite ({shown}).")
    return array
