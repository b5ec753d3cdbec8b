"""Areas in order, the worst first: so many of them, or as many as have so many residents; and what is open in it.

Values are turned so that the worst are the highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.screening.evaluation.exact import EQUAL, nearly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.truth import Truth
    from quartiersatlas.screening.language.rules import Capped, Worst

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]


def members(values: Array, units: Ints, inside: Truth | None) -> tuple[Bools, Bools]:
    """Return which areas are compared for sure, and which may be: with a value, in a unit, and meeting a rule."""
    known = ~np.isnan(values) & (units >= 0)[None, :]
    return (known, known) if inside is None else (known & inside.yes, known & ~inside.no)


def worst_by_unit(
    condition: Worst, values: Array, units: Ints, shift: Array, terms: float
) -> tuple[Bools, Array, tuple[int, int, bool, float] | None]:
    """Return what :func:`worst_of` says of each unit; the ties are those of the first unit that has some."""
    holds, limit = np.zeros(values.shape, dtype=bool), np.full(values.shape, np.nan)
    tied: tuple[int, int, bool, float] | None = None
    for unit in np.unique(units[units >= 0]):
        here = np.flatnonzero(units == unit)
        holds[:, here], limit[:, here], at = worst_of(condition, values[:, here], shift, terms)
        tied = tied or at
    return holds, limit, tied


def worst_of(
    condition: Worst, values: Array, shift: Array, terms: float
) -> tuple[Bools, Array, tuple[int, int, bool, float] | None]:
    """Return which of the areas are among the worst (the highest), the limit, and how many lie at it in the first run.

    The limit is the value of the last area that is wanted. Where more than wanted are at it or beyond, all at it are
    in, if ``ties="in"``, they are no more than ``most`` times the wanted number and it is not the best value of all;
    else none of them is.
    """
    known = ~np.isnan(values)
    m = known.sum(axis=-1, keepdims=True)
    wanted = wanted_areas(condition, m, shift)
    highest_first = -np.sort(-values, axis=-1)  # NaN last
    limit = np.where(m > 0, np.take_along_axis(highest_first, np.maximum(wanted, 1) - 1, axis=-1), np.nan)
    best = np.take_along_axis(highest_first, np.maximum(m, 1) - 1, axis=-1)
    where = nearly(values, np.broadcast_to(limit, values.shape), terms)
    at_or_beyond = (known & (where >= 0)).sum(axis=-1, keepdims=True)
    most = np.floor(float(condition.most) * wanted + PLACE)
    fits = (at_or_beyond <= most) & (nearly(best, limit, terms) != 0) & (condition.ties == "in")
    taken = (at_or_beyond <= wanted) | fits
    holds = np.where(taken, where >= 0, where > 0)
    tied = None
    if at_or_beyond[0, 0] > wanted[0, 0]:
        n_at = int((known & (where == 0))[0].sum())
        tied = (n_at, int(wanted[0, 0]), bool(taken[0, 0]), float(limit[0, 0]))
    return holds, np.broadcast_to(limit, values.shape), tied


def wanted_areas(condition: Worst, m: NDArray[np.int64], shift: Array) -> NDArray[np.int64]:
    """Return how many areas are wanted of m with a value, as whole numbers: at least 1, at most m (0 where m is 0)."""
    m, moved = np.broadcast_arrays(m, shift)
    exact = {int(one): _wanted(condition, int(one)) for one in np.unique(m)}
    found: NDArray[np.int64] = np.vectorize(exact.__getitem__, otypes=[np.int64])(m)
    if (moved != 0).any():
        base = float(condition.share) * m if condition.share is not None else float(condition.n or 0) + 0.0 * m
        rounding = {"floor": np.floor, "ceil": np.ceil}.get(condition.count, lambda part: np.floor(part + 0.5))
        share = np.minimum(base * (1 + moved), m)
        found = np.where(moved != 0, np.clip(rounding(share), 1, np.maximum(m, 1)), found).astype(np.int64)
    return found


def _wanted(condition: Worst, m: int) -> int:
    if condition.share is None:
        return min(condition.n or 1, m)
    exact = Fraction(condition.share) * m
    number = {"floor": floor(exact), "ceil": ceil(exact)}.get(condition.count, floor(exact + Fraction(1, 2)))
    return min(max(number, 1), m)


def open_places(
    condition: Worst, ends: Sequence[Array], inside: tuple[Bools, Bools], units: Ints, shift: Array
) -> Bools:
    """Return which areas may be among the worst, or not: values lie between two ends, and areas may be compared or not.

    Of w wanted an area is surely in where at most w - 1 others may be as bad; surely out where w are worse anyway. Of
    areas that may not be compared, those that would be out anyway are decided.
    """
    low, high = (np.broadcast_to(end, inside[0].shape) for end in ends)
    found = np.zeros(inside[0].shape, dtype=bool)
    for unit in np.unique(units[units >= 0]):
        here = np.flatnonzero(units == unit)
        numbers = (np.maximum(one[:, here].sum(axis=1, keepdims=True), 1) for one in inside)
        fewest, mostly = (wanted_areas(condition, m, shift)[:, 0] for m in numbers)
        for run in range(len(found)):
            sure, possible = (here[one[run, here]] for one in inside)
            exact = len(sure) == len(possible) and bool((low[run, sure] == high[run, sure]).all())
            if exact or not len(possible):
                continue
            least, most = low[run, possible], high[run, possible]
            step = [EQUAL * np.abs(end) for end in (least, most)]
            as_bad = len(possible) - np.searchsorted(np.sort(most), least - step[0], side="left") - 1  # without itself
            worse = len(sure) - np.searchsorted(np.sort(low[run, sure]), most + step[1], side="right")
            found[run, possible] = (worse < mostly[run]) & ((as_bad > fewest[run] - 1) | ~np.isin(possible, sure))
    return found


# --- as many as have so many persons ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CappedAreas:
    """The areas that a cap chooses from, arrays of shape (runs, n_areas).

    Parameters
    ----------
    sure, possible : array of bool
        Where the rule of the cap holds, and where it may hold.
    order, persons : two arrays of float each
        The lowest and the highest value that decides on the order, and number of persons; NaN where unknown.
    """

    sure: Bools
    possible: Bools
    order: Sequence[Array]
    persons: Sequence[Array]

    def part(self, runs: Ints | slice, areas: Ints) -> CappedAreas:
        """Return some areas of some runs."""
        sure, possible = (one[runs][:, areas] for one in (self.sure, self.possible))
        order, persons = ([one[runs][:, areas] for one in pair] for pair in (self.order, self.persons))
        return CappedAreas(sure, possible, order, persons)

    @property
    def is_open(self) -> Bools:
        """In which runs something is not known that may decide."""
        apart = self.sure != self.possible
        for low, high in (self.order, self.persons):
            apart = apart | (self.possible & ~(low == high))  # an unknown value is no number
        found: Bools = apart.any(axis=1) | (self.persons[0] != self.persons[1]).any(
            axis=1, where=~np.isnan(self.persons[0])
        )
        return found


@dataclass(frozen=True, eq=False)
class WithinCap:
    """Which areas a cap takes and which it does not, shape (runs, n_areas), and the value of the last one taken."""

    yes: Bools
    no: Bools
    last: Array


def within_cap(condition: Capped, areas: CappedAreas, units: Ints, shift: Array) -> WithinCap:
    """Return which areas of a rule come before there are too many persons, unit by unit."""
    shape = areas.sure.shape
    yes, no, last = np.zeros(shape, dtype=bool), ~areas.possible, np.full(shape, np.nan)
    every = np.arange(shape[0])
    moved = np.broadcast_to(shift, (shape[0], 1))
    for unit in np.unique(units[units >= 0]):
        here = np.flatnonzero(units == unit)
        part = areas.part(slice(None), here)
        caps = [_cap(condition, end, moved) for end in part.persons]
        taken = _taken(condition, part, caps[0])
        known = taken | part.sure
        for run in every[part.is_open]:
            sure, never = _bounds(
                condition, part.part(every[run : run + 1], np.arange(len(here))), [c[run : run + 1] for c in caps]
            )
            known[run] = sure | never
            taken[run] = sure
        yes[:, here] = taken & part.sure
        no[:, here] |= known & ~taken
        order = np.where(taken & part.sure, part.order[0], np.inf).min(axis=1, keepdims=True, initial=np.inf)
        last[:, here] = np.where(part.possible & np.isfinite(order), order, np.nan)
    return WithinCap(yes, no & ~yes, last)


def _cap(condition: Capped, persons: Array, shift: Array) -> Array:
    """Return how many persons there may be in each run, shape (runs, 1): a written share of whole ones exactly."""
    totals = np.where(np.isnan(persons), 0.0, persons).sum(axis=1)
    if condition.share is None:
        found = np.full(len(totals), float(condition.number_of or 0))
    else:
        share = Fraction(condition.share)
        exact = {total: _rounded(condition.count, share * Fraction(total)) for total in set(totals.tolist())}
        found = np.array([exact[total] for total in totals.tolist()])
    return found[:, None] * (1 + shift)


def _rounded(count: str, number: Fraction) -> float:
    return float({"floor": floor(number), "ceil": ceil(number)}.get(count, floor(number + Fraction(1, 2))))


def _taken(condition: Capped, areas: CappedAreas, cap: Array) -> Bools:
    """Return which areas are taken, where all is known; areas with the same value are taken together."""
    values = np.where(areas.sure, areas.order[0], -np.inf)
    order = np.argsort(-values, axis=1, kind="stable")
    inside, values = (np.take_along_axis(one, order, axis=1) for one in (areas.sure, values))
    people = np.where(inside, np.take_along_axis(np.nan_to_num(areas.persons[0]), order, axis=1), 0.0)
    first = np.ones(inside.shape, dtype=bool)  # of those with the same value
    first[:, 1:] = (inside[:, 1:] != inside[:, :-1]) | (nearly(values[:, 1:], values[:, :-1]) != 0)
    upto = np.cumsum(people, axis=1)
    before = np.maximum.accumulate(np.where(first, upto - people, 0.0), axis=1)
    final = np.roll(first, -1, axis=1)
    final[:, -1:] = True
    upto = np.minimum.accumulate(np.where(final, upto, np.inf)[:, ::-1], axis=1)[:, ::-1]
    if condition.beyond == "in":
        taken = nearly(before, cap) < 0
    elif condition.beyond == "stop":
        taken = nearly(upto, cap) <= 0
    else:
        taken = np.zeros(inside.shape, dtype=bool)
        total, fits = np.zeros(len(cap)), np.zeros(len(cap), dtype=bool)
        for place in range(inside.shape[1]):
            more = (upto - before)[:, place]
            fits = np.where(first[:, place], nearly(total + more, cap[:, 0]) <= 0, fits)
            total += np.where(first[:, place] & fits, more, 0.0)
            taken[:, place] = fits
    found = np.zeros(inside.shape, dtype=bool)
    np.put_along_axis(found, order, taken & inside, axis=1)
    return found


def _bounds(condition: Capped, areas: CappedAreas, caps: Sequence[Array]) -> tuple[Bools, Bools]:
    """Return which areas of one run are taken whatever the open values are, and which are not.

    The most persons that may come before an area are those of all that may be as bad, the fewest those of all that are
    so for sure.
    """
    sure, possible = areas.sure[0], areas.possible[0]
    low, high = (
        np.where(np.isnan(one[0]), end, one[0]) for one, end in zip(areas.order, (-np.inf, np.inf), strict=True)
    )
    least, most = (
        np.where(np.isnan(one[0]), end, one[0]) for one, end in zip(areas.persons, (0.0, np.inf), strict=True)
    )
    lowest, highest = float(caps[0][0, 0]), float(caps[1][0, 0])
    step = [EQUAL * np.abs(np.where(np.isfinite(end), end, 0.0)) for end in (low, high)]
    strict = condition.beyond == "in"
    with np.errstate(invalid="ignore"):
        sign = 1 if strict else -1  # strictly before, or with those of the same value
        own = high >= low + sign * step[0] if not strict else high > low + step[0]
        reach = _sum_from(high[possible], most[possible], low + sign * step[0], beyond=strict)
        reach = reach - np.where(possible & own, most, 0.0)
        own = low >= high + sign * step[1] if not strict else low > high + step[1]
        anyway = _sum_from(low[sure], least[sure], high + sign * step[1], beyond=strict)
        anyway = anyway - np.where(sure & own, least, 0.0)
        if strict:
            inside, outside = reach < lowest, anyway >= highest
        else:
            inside, outside = reach + most <= lowest * (1 + EQUAL), anyway + least > highest * (1 + EQUAL)
    if condition.beyond == "skip":
        one_by_one = _taken(condition, areas, caps[0])[0]
        is_open = possible & ~(sure & (low == high) & (least == most))
        ahead = _sum_from(high[is_open], np.ones(int(is_open.sum())), low - step[0], beyond=False)
        told = sure & (ahead == 0) & (lowest == highest)
        inside, outside = told & one_by_one, (told & ~one_by_one) | (least > highest * (1 + EQUAL))
    return np.asarray(sure & inside & np.isfinite(most) & np.isfinite(low)), np.asarray(~possible | outside)


def _sum_from(values: Array, persons: Array, at: Array, *, beyond: bool) -> Array:
    """Return how many persons there are at some values or beyond them, or strictly beyond."""
    order = np.argsort(values, kind="stable")
    upto = np.concatenate([np.cumsum(persons[order][::-1])[::-1], [0.0]])
    found: Array = upto[np.searchsorted(values[order], at, side="right" if beyond else "left")]
    return found
