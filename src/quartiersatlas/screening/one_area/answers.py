"""What a condition says of one area while a count of this area changes and all other areas stay as they are.

An answer is exact at every whole number of persons: counts are compared as whole numbers, everything else as in
:mod:`quartiersatlas.screening.evaluation.evaluate`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.screening.evaluation.evaluate import Held, held
from quartiersatlas.screening.evaluation.exact import times, total, whole
from quartiersatlas.screening.evaluation.truth import Truth
from quartiersatlas.screening.language.rules import Condition, Hotspot
from quartiersatlas.screening.one_area.turns import Ratio, Turns, one_by_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Whole = NDArray[Any]

CELLS = 2_000_000  # areas x runs that are evaluated at a time


@dataclass(frozen=True)
class Step:
    """What one person more adds to the numerator and to the denominator of an indicator."""

    x: int
    n: int


def changed(evidence: Evidence, rows: Ints, changes: Mapping[str, tuple[Ints, Ints]]) -> Evidence:
    """Return one run for each of some areas, in which counts of this area are other ones.

    Parameters
    ----------
    evidence : Evidence
        The data as they are: one run.
    rows : array of int, shape (k,)
        The area of each run.
    changes : mapping of str to (array of int, array of int)
        Indicator -> what is added to numerator and denominator in each run.
    """
    measured = dict(evidence.measured)
    runs = np.arange(len(rows))
    for name, (more_x, more_n) in changes.items():
        one = measured[name]
        assert one.x is not None  # noqa: S101 - only indicators with counts are changed
        assert one.n is not None  # noqa: S101 - likewise
        x, n, values = (np.repeat(part[:1], len(rows), axis=0) for part in (one.x, one.n, one.values))
        x[runs, rows] += more_x
        n[runs, rows] += more_n
        own = own_values(one, rows, more_x, more_n)
        values[runs, rows] = np.where((more_x != 0) | (more_n != 0), own, values[runs, rows])
        measured[name] = replace(one, x=x, n=n, values=values)
    return replace(evidence, measured=measured)


def own_values(measured: Measured, rows: Ints, more_x: Ints, more_n: Ints) -> Array:
    """Return the values of some areas after changes of their counts; NaN where nobody is left."""
    assert measured.x is not None  # noqa: S101 - only indicators with counts are changed
    assert measured.n is not None  # noqa: S101 - likewise
    x, n = measured.x[0][rows] + more_x, measured.n[0][rows] + more_n
    share = np.divide(measured.per * x, n, out=np.full(len(rows), np.nan), where=n > 0)
    found: Array = share - _before(measured)[rows]
    return found


def _before(measured: Measured) -> Array:
    """Return the values of an earlier date, for a change; else 0."""
    if measured.earlier is None:
        return np.zeros(measured.values.shape[-1])
    with np.errstate(all="ignore"):
        found: Array = measured.per * measured.earlier[0][0] / measured.earlier[1][0]
    return found


class Answer:
    """The answers of one condition to changed counts of one area.

    Parameters
    ----------
    one : Held
        The condition as applied to the data as they are.
    condition : Condition
        The condition, in its plain form.
    evidence : Evidence
        The data as they are: one run.
    step : Step
        What one person more adds.
    """

    def __init__(self, one: Held, condition: Condition, evidence: Evidence, step: Step) -> None:
        self.one, self.condition, self.evidence, self.step = one, condition, evidence, step
        self.measured: Measured = evidence.measured[condition.looks_at]
        assert self.measured.x is not None  # noqa: S101 - only indicators with counts are asked
        assert self.measured.n is not None  # noqa: S101 - likewise
        x, n, known = self.measured.x[0], self.measured.n[0], self.measured.known[0]
        there = ~np.isnan(x) & ~np.isnan(n)
        self.known: Bools = known
        before = _before(self.measured)
        self.free: Bools = known & there | ((n == 0) & there & ~np.isnan(before))  # persons who come make a value
        x, n = np.where(self.free, x, np.nan), np.where(self.free, n, np.nan)
        self.ratio = Ratio(x, n, step.x, step.n, self.measured.per, before)
        self.now = tuple(np.broadcast_to(side, (1, len(x)))[0] for side in (one.truth.yes, one.truth.no))

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        """Return where the condition holds, and where it can be judged, shape of d."""
        raise NotImplementedError

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:
        """Return where the answer may turn, between the least and the greatest number of persons.

        ``upto`` says how far every number is worth asking, where nothing else tells where it turns.
        """
        raise NotImplementedError

    def at(self, rows: Ints, d: Ints) -> Truth:
        """Return the answer for some areas, shape (k,), and changes of each of them, shape (k, changes)."""
        holds, known = self.judged(rows, d)
        yes, no = known & holds, known & ~holds
        if self.condition.unknown == "yes":
            yes = yes | ~known
        elif self.condition.unknown == "no":
            no = no | ~known
        free = self.free[rows][:, None]
        return Truth(np.where(free, yes, self.now[0][rows][:, None]), np.where(free, no, self.now[1][rows][:, None]))

    def code(self, rows: Ints, d: Ints) -> Ints:
        """Return 1 for yes, 0 for no, 2 for unknown; one change per area, shape (k,)."""
        return codes(self.at(rows, d[:, None]))[:, 0]

    def counts(self, rows: Ints, d: Ints) -> tuple[Whole, Whole, Array]:
        """Return numerator, denominator and value of some areas after changes of them."""
        measured = self.measured
        x, n = (np.nan_to_num(part) for part in (self.ratio.x, self.ratio.n))
        if measured.whole:
            x, n = whole(x), whole(n)
            more = [total(part[rows][:, None], times(d, one)) for part, one in ((x, self.step.x), (n, self.step.n))]
        else:
            more = [part[rows][:, None] + one * d for part, one in ((x, self.step.x), (n, self.step.n))]
        cases, people = more[0].astype(float), more[1].astype(float)
        share = np.divide(measured.per * cases, people, out=np.full(d.shape, np.nan), where=people > 0)
        return more[0], more[1], share - self.ratio.before[rows][:, None]


def codes(truth: Truth) -> Ints:
    """Return 1 for yes, 0 for no, 2 for unknown."""
    found: Ints = np.where(truth.yes, 1, np.where(truth.no, 0, 2))
    return found


class Evaluated(Answer):
    """The answers of a condition that has no formula: all areas are evaluated anew for each change."""

    cells = 1  # numbers that one run takes for each area
    asked = 20_000_000  # cells x areas x runs that a search takes to look at every smaller number of persons

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        """Return what the evaluator says, of each area and change once."""
        every = np.stack([np.repeat(rows, d.shape[1]), d.ravel()])
        (areas, more), back = np.unique(every, axis=1, return_inverse=True)
        holds, known = np.zeros(len(areas), dtype=bool), np.zeros(len(areas), dtype=bool)
        block = max(1, CELLS // (self.cells * self.evidence.n_areas))
        for start in range(0, len(areas), block):
            some = slice(start, start + block)
            found = held(self.condition, self.anew(areas[some], more[some])).judged
            runs = np.arange(len(areas[some]))
            shape = (len(runs), self.evidence.n_areas)
            holds[some], known[some] = (
                np.broadcast_to(one, shape)[runs, areas[some]] for one in (found.yes, found.known)
            )
        back = back.reshape(d.shape)
        return holds[back], known[back]

    def anew(self, rows: Ints, d: Ints) -> Evidence:
        """Return one run for each of some areas."""
        return changed(self.evidence, rows, {self.condition.looks_at: (self.step.x * d, self.step.n * d)})

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:
        """Return where a test turns; a cluster is not made or undone by persons of one area."""
        if isinstance(self.condition, Hotspot):
            return Turns([], np.zeros(len(low)))
        most = self.asked // (self.cells * self.evidence.n_areas)
        return one_by_one(self.code, np.where(self.free, low, 0), np.where(self.free, high, 0), most, upto)


class Others:
    """The values of all other areas, for each area: how many, their mean and sum of squares, their order."""

    def __init__(self, values: Array) -> None:
        self.known = ~np.isnan(values)
        self.m: Ints = self.known.sum() - self.known.astype(np.int64)
        self.values = values
        order = np.argsort(np.where(self.known, values, np.inf), kind="stable")
        self.order: Ints = order[: self.known.sum()]
        self.ordered = values[self.order]
        self.place = np.full(len(values), len(values))
        self.place[order] = np.arange(len(values))

    def at(self, rows: Ints, place: Ints) -> Array:
        """Return the value at a place of the others in ascending order, from 0; infinite beyond the ends."""
        place = np.broadcast_to(place, (len(rows), 1))
        own, m = self.place[rows][:, None], self.m[rows][:, None]
        own = np.where(self.known[rows][:, None], own, len(self.values))
        taken = np.clip(place + (place >= own), 0, max(len(self.ordered) - 1, 0))
        found = self.ordered[taken] if len(self.ordered) else np.full(place.shape, np.nan)
        return np.where(place < 0, -np.inf, np.where(place >= m, np.inf, found))

    @cached_property
    def _moments(self) -> tuple[Array, Array]:
        """Mean and sum of squares of those before and after each area, merged: no difference of large sums."""
        before, after = _running(self.values), _running(self.values[::-1])
        parts = [(before[:-1, k], after[::-1][1:, k]) for k in range(3)]
        (m, other_m), (mean, other), (squares, more) = parts
        both = np.maximum(m + other_m, 1)
        centre = (m * mean + other_m * other) / both
        return centre, squares + more + (mean - other) ** 2 * m * other_m / both

    @property
    def mean(self) -> Array:
        """Mean of the others."""
        return self._moments[0]

    @property
    def squares(self) -> Array:
        """Sum of squares of the others around their mean."""
        return self._moments[1]


def _running(values: Array) -> Array:
    """Return number, mean and sum of squares of the first 0, 1, ... values (Welford's recursion)."""
    found = np.zeros((len(values) + 1, 3))
    m, mean, squares = 0, 0.0, 0.0
    for place, value in enumerate(values.tolist(), start=1):
        if value == value:  # noqa: PLR0124 - known
            m += 1
            step = value - mean
            mean += step / m
            squares += step * (value - mean)
        found[place] = m, mean, squares
    return found
