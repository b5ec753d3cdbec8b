"""Tests that are corrected together, while the counts of one area change: it moves the tests of all others with it.

A person more in the numerator of an area lowers the p-value of its own test and raises that of every other test of its
unit; so the level that Benjamini & Hochberg leave to it falls too, and its answer may turn several times. But both move
in one direction only: between two numbers of persons they lie between what they are there. Where that settles the
answer for a whole stretch nothing in it is asked, where it does not the stretch is halved; the first turn found is the
first there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.screening.evaluation.chance_tests import p_values, tail
from quartiersatlas.screening.language.rules import CITY, REST
from quartiersatlas.screening.one_area.compared import Compared, last_passing
from quartiersatlas.screening.one_area.turns import Turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.screening.one_area.turns import Span

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

KNOTS = 48  # numbers of persons on either side at which all tests of a unit are computed once
CLEAR = 1e-9  # p-values and levels closer than this part of them are asked one by one


@dataclass(frozen=True, eq=False)
class _Unit:
    """The tests of all areas at some numbers of persons more in one unit.

    Parameters
    ----------
    cases, people : float
        Its sums.
    inside : array of bool, shape (tests,)
        Which tests move with it.
    knots : array of int, shape (k,)
        Numbers of persons more.
    p : array of float, shape (k, tests)
        The p-values there.
    last : array of int, shape (k, n_areas)
        For each area, if it alone has changed: with how many tests in all it is the last one that passes.
    """

    cases: float
    people: float
    inside: Bools
    knots: Ints
    p: Array
    last: Ints


class Tested(Compared):
    """The answers of a comparison with the own city or unit, whose test is corrected with those of all areas."""

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:  # noqa: ARG002 - one signature
        """Return where the answer turns for the first time on either side, and where it can be judged from."""
        self._reach = -low, high
        least, start, low = self.judged_from(low, high)
        spans: list[Span] = [(least, least)]
        rows = np.flatnonzero(self.free & (self._units >= 0))
        for since, end in ((start, high), (np.zeros_like(start), low)):
            found = np.full(self.evidence.n_areas, np.nan)
            found[rows] = self._first_turns(rows, since[rows], end[rows])
            spans.append((found, found))
        return Turns(spans)

    def _first_turns(self, rows: Ints, start: Ints, end: Ints) -> Array:
        """Return the first number of persons, from the start on, with another answer; NaN where there is none.

        Each row goes on from where its answer is settled (``near``) to the next place of a pile (``far``), of which it
        takes the half where the stretch up to there is not settled.
        """
        turns = np.full(len(rows), np.nan)
        near, at = start.copy(), self._asked(rows, start)
        piles = [[one] if one != first else [] for one, first in zip(end.tolist(), start.tolist(), strict=True)]
        open_ = np.array([place for place, pile in enumerate(piles) if pile], dtype=np.int64)
        while len(open_):
            far = np.array([piles[place][-1] for place in open_])
            there = self._asked(rows[open_], far)
            settled = self._settled([part[open_] for part in at], there)
            last = np.abs(far - near[open_]) == 1
            turned = last & (_answer(there) != _answer([part[open_] for part in at]))
            turns[open_[turned]] = far[turned]
            forward = (settled | last) & ~turned
            for part, new in zip(at, there, strict=True):
                part[open_[forward]] = new[forward]
            near[open_[forward]] = far[forward]
            for place, one, goes_on, is_turn in zip(
                open_.tolist(), far.tolist(), forward.tolist(), turned.tolist(), strict=True
            ):
                if is_turn:
                    piles[place].clear()
                elif goes_on:
                    piles[place].pop()
                else:
                    piles[place].append(int(near[place]) + (one - int(near[place])) // 2)
            open_ = np.array([place for place in open_.tolist() if piles[place]], dtype=np.int64)
        return turns

    def _asked(self, rows: Ints, d: Ints) -> list[Array]:
        """Return which side of its limit the value is on, its p-value, and the level it has to meet."""
        beside, _, p = self.sides(rows, d[:, None])
        assert p is not None  # noqa: S101 - it is a test
        return [beside[:, 0].astype(float), p[:, 0], self._level(rows, d[:, None])[:, 0]]

    @staticmethod
    def _settled(one: list[Array], other: list[Array]) -> Bools:
        """Return where the answer is the same at both ends of a stretch and all over it."""
        (beside, p, level), (also, q, limit) = one, other
        passes = np.maximum(p, q) <= np.minimum(level, limit) * (1 - CLEAR)
        fails = np.minimum(p, q) > np.maximum(level, limit) * (1 + CLEAR)
        found: Bools = (beside == also) & ((beside == 0) | passes | fails)
        return found

    # the level that is left to an area

    _reach: tuple[Ints, Ints]  # how many persons fewer and more are asked about

    def _level(self, rows: Ints, d: Ints) -> Array:
        """Return the largest p-value with which each area passes, when it alone has so many persons more."""
        every, more = np.repeat(rows, d.shape[1]), d.ravel()
        units, found = self._units[every], np.ones(len(every), dtype=np.int64)
        for number in np.unique(units[units >= 0]).tolist():
            mine = np.flatnonzero(units == number)
            found[mine] = self._last_of(self._unit(number), every[mine], more[mine])
        return (self._significant * found / self._tests[every]).reshape(d.shape)

    def _last_of(self, unit: _Unit, rows: Ints, d: Ints) -> Ints:
        """Return the number of tests up to which an area passes: by the knots around it, or asked anew."""
        cell = np.clip(np.searchsorted(unit.knots, d, side="right") - 1, 0, max(len(unit.knots) - 2, 0))
        after = np.minimum(cell + 1, len(unit.knots) - 1)
        one, other = unit.last[cell, rows], unit.last[after, rows]
        low, high = np.minimum(one, other), np.maximum(one, other)
        at_knot = np.where(d == unit.knots[cell], one, np.where(d == unit.knots[after], other, 0))
        found = np.where(at_knot > 0, at_knot, low)
        between = np.flatnonzero((at_knot == 0) & (low != high))
        if len(between):
            ends = unit.p[cell[between]], unit.p[after[between]]
            found[between] = self._between(unit, rows[between], d[between], ends, low[between], high[between])
        return found

    def _between(self, unit: _Unit, rows: Ints, d: Ints, ends: tuple[Array, Array], low: Ints, high: Ints) -> Ints:
        """Compute the tests anew whose p-values may make the difference between ``low`` and ``high``."""
        m = self._tests[rows]
        least, most = np.minimum(*ends), np.maximum(*ends)
        own = self._places[None, :] == rows[:, None]
        surely = ~own & (most <= (self._significant * low / m)[:, None])
        open_ = ~own & ~surely & (least <= (self._significant * high / m)[:, None])
        runs, tests = np.nonzero(open_)
        p = np.where(unit.inside[tests], 0.0, least[runs, tests])
        moved = np.flatnonzero(unit.inside[tests])
        more = d[runs[moved]]
        areas = self._places[tests[moved]]
        p[moved] = tail(
            self.ratio.x[areas],
            (unit.people + self.step.n * more).astype(np.float64),
            (unit.cases + self.step.x * more).astype(np.float64),
            self.ratio.n[areas],
            upwards=self.condition.upwards,
        )
        order = np.lexsort((p, runs))
        runs, p = runs[order], p[order]
        first = np.searchsorted(runs, np.arange(len(rows)))
        number = np.arange(len(runs)) - first[runs] + surely.sum(axis=1)[runs] + 2  # tests with it and those before
        fits = (p <= self._significant * number / m[runs]) & (number <= high[runs])
        found = surely.sum(axis=1) + 1
        np.maximum.at(found, runs[fits], number[fits])
        last: Ints = np.maximum(found, low)
        return last

    # what is computed once

    @cached_property
    def _units(self) -> Ints:
        than = str(self.condition.limit.than)
        everywhere = np.zeros(self.evidence.n_areas, dtype=np.int64)
        return everywhere if than in (CITY, REST) else self.evidence.levels[than]

    @cached_property
    def _now(self) -> Array:
        """The p-values of all areas as they are; NaN where none is tested."""
        p = p_values(self.condition, self.measured, self.evidence, self.one.limit)[0]
        return np.where(self.one.judged.known[0], p, np.nan)

    @cached_property
    def _places(self) -> Ints:
        """The areas that are tested as they are."""
        return np.flatnonzero(~np.isnan(self._now))

    @cached_property
    def _tests(self) -> Ints:
        """How many tests there are, that of the area among them."""
        tested: Ints = len(self._places) + np.isnan(self._now).astype(np.int64)
        return tested

    @cached_property
    def _found(self) -> dict[int, _Unit]:
        return {}

    def _unit(self, number: int) -> _Unit:
        if number not in self._found:
            self._found[number] = self._computed(number)
        return self._found[number]

    def _computed(self, number: int) -> _Unit:
        """Compute the tests of a unit at the knots."""
        members = self.known & (self._units == number)
        cases, people = (float(np.nansum(np.where(members, part, 0.0))) for part in (self.ratio.x, self.ratio.n))
        least, most = (int(np.nanmax(part[self._units == number], initial=1)) for part in self._reach)
        knots = np.unique(np.concatenate([-_spaced(least), [0], _spaced(most)]))
        inside = self._units[self._places] == number
        p = np.repeat(self._now[self._places][None, :], len(knots), axis=0)
        areas = self._places[inside]
        p[:, inside] = tail(
            self.ratio.x[areas][None, :],
            np.maximum(people + self.step.n * knots, 0)[:, None],
            np.clip(cases + self.step.x * knots, 0, None)[:, None],
            self.ratio.n[areas][None, :],
            upwards=self.condition.upwards,
        )
        own = self._now[None, :].repeat(len(knots), axis=0)
        own[:, self._places] = p
        tested = ~np.isnan(self._now)
        last = np.empty(own.shape, dtype=np.int64)
        for row, every in enumerate(p):
            ordered = np.sort(every)
            among = last_passing(ordered, own[row], self._significant, among=True)
            last[row] = np.where(tested, among, last_passing(ordered, own[row], self._significant, among=False))
        return _Unit(cases, people, inside, knots, p, last)


def _spaced(end: int) -> Ints:
    """Return whole numbers up to an end, closer together near 0."""
    found: Ints = np.unique(np.rint(np.geomspace(1, max(end, 1), KNOTS))).astype(np.int64)
    return found[found <= end]


def _answer(asked: list[Array]) -> Bools:
    beside, p, level = asked
    found: Bools = (beside > 0) & (p <= level)
    return found
