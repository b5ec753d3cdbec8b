"""One area: what a condition says of it while a count of this area changes and all other areas stay as they are.

An answer is exact at every whole number of persons: counts are compared as whole numbers, everything else as in
:mod:`quartiersatlas.screening.evaluate`. Where it may turn is told by :mod:`quartiersatlas.screening.turns`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.screening.chance_tests import p_values
from quartiersatlas.screening.evaluate import (
    PLACE,
    Held,
    Truth,
    held,
    limit_from,
    per_area,
    quantile_place,
    size_of_terms,
    wanted_areas,
    worse_as_comparison,
    worse_side,
)
from quartiersatlas.screening.exact import EQUAL, Fractions, nearly, rate_side, times, total, whole
from quartiersatlas.screening.evidence import exact_per, unit_sums
from quartiersatlas.screening.rules import (
    CITY,
    COMPUTED,
    MEAN,
    MEDIAN,
    QUANTILE,
    REST,
    Compare,
    Condition,
    Hotspot,
    WorseThanCity,
    Worst,
)
from quartiersatlas.screening.turns import Line, Ratio, Span, band, by_halves, roots, spread_roots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quartiersatlas.screening.evidence import Evidence, Measured

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
        own_x, own_n = x[runs, rows], n[runs, rows]
        with np.errstate(all="ignore"):
            own = np.where(own_n > 0, one.per * own_x / own_n, np.nan)
            if one.earlier is not None:
                own = own - one.per * (one.earlier[0][0] / one.earlier[1][0])[rows]
        values[runs, rows] = np.where((more_x != 0) | (more_n != 0), own, values[runs, rows])
        measured[name] = replace(one, x=x, n=n, values=values)
    return replace(evidence, measured=measured)


def answer_of(one: Held, evidence: Evidence, step: Step) -> Answer:
    """Return the answers of a condition whose indicator has counts that change."""
    condition = one.condition
    measured = evidence.measured[condition.looks_at]
    if isinstance(condition, WorseThanCity):
        condition = worse_as_comparison(condition, measured)
    if isinstance(condition, Worst):
        return Placed(one, condition, evidence, step)
    if isinstance(condition, Hotspot):
        return Evaluated(one, condition, evidence, step)
    assert isinstance(condition, Compare)  # noqa: S101 - classes have no counts
    compared = Compared(one, condition, evidence, step)
    if condition.significant is not None and condition.correction == "bh" and compared.moves_others:
        return Evaluated(one, condition, evidence, step)
    return compared


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
        before = np.zeros(len(x))
        if self.measured.earlier is not None:
            with np.errstate(all="ignore"):
                before = self.measured.per * self.measured.earlier[0][0] / self.measured.earlier[1][0]
        self.free: Bools = known & there | ((n == 0) & there & ~np.isnan(before))  # persons who come make a value
        x, n = np.where(self.free, x, np.nan), np.where(self.free, n, np.nan)
        self.ratio = Ratio(x, n, step.x, step.n, self.measured.per, before)
        self.now = tuple(np.broadcast_to(side, (1, len(x)))[0] for side in (one.truth.yes, one.truth.no))

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        """Return where the condition holds, and where it can be judged, shape of d."""
        raise NotImplementedError

    def spans(self, low: Ints, high: Ints) -> list[Span]:
        """Return where the answer may turn, between the least and the greatest number of persons."""
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


# --- a value and a limit ----------------------------------------------------------------------------------------------


class Compared(Answer):
    """The answers of a comparison."""

    condition: Compare

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the limit that are no published ones."""
        published = self.evidence.published
        found = [name for name in self.condition.limit.names if (name, self.condition.indicator) not in published]
        return tuple(name for name in found if name != CITY or self.measured.published is None)

    @property
    def fixed(self) -> bool:
        """Whether the limit stays as it is when the area changes."""
        return all(name == REST for name in self.names)

    @property
    def against_the_rest(self) -> bool:
        """Whether a test compares the area with the others it belongs to, not with a number."""
        than = self.condition.limit.than
        return isinstance(than, str) and than in self.names and than not in COMPUTED[2:]

    @property
    def moves_others(self) -> bool:
        """Whether the tests of other areas change with this one."""
        return self.against_the_rest or not self.fixed

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        x, n, values = self.counts(rows, d)
        limit = limit_from(self.condition.limit, lambda name: self._named(name, rows, x, n, values))
        floats = limit.floats if isinstance(limit, Fractions) else limit
        if self.measured.whole and isinstance(limit, Fractions):
            where = rate_side(x, n, exact_per(self.measured), limit)
        else:
            terms = size_of_terms(self.condition.limit, self.measured.values)
            where = nearly(values, np.broadcast_to(floats, values.shape), terms)
        where = where if self.condition.upwards else -where
        holds = where >= 0 if self.condition.closed else where > 0
        known = (n > 0) & ~np.isnan(floats) & ~np.isnan(values)
        if self.condition.min_denominator is not None:
            known = known & (n >= float(self.condition.min_denominator))
        if self.condition.significant is not None:
            holds = holds & (self._p_value(rows, x, n, floats) <= self._level(rows))
        return holds, known

    def _named(self, name: str, rows: Ints, x: Whole, n: Whole, values: Array) -> Fractions | Array:
        """Return what a name in the limit stands for, after changes."""
        key = (name, self.condition.indicator)
        if key in self.evidence.published:
            every = per_area(self.evidence.published[key])
            return (
                every
                if every.p.shape[-1] == 1
                else Fractions(*(_of(part, rows) for part in (every.p, every.q, every.known)))
            )
        if name in (MEAN, MEDIAN, QUANTILE):
            return self._of_values(name, rows, values)
        if name == CITY and self.measured.published is not None:
            return Fractions.of(self.measured.published)
        cases, people, before, inside = self._pooled(name)
        cases, people = cases[rows][:, None], people[rows][:, None]
        if name != REST:
            cases, people = (total(cases, x), total(people, n)) if self.measured.whole else (cases + x, people + n)
        there = (people > 0) & inside[rows][:, None]
        if self.measured.whole:
            a, b = Fraction(self.measured.per).as_integer_ratio()
            return Fractions(times(cases, a), times(people, b), there)
        share = np.divide(cases, people, out=np.full(people.shape, np.nan), where=there)
        return self.measured.per * (share - before[rows][:, None])

    def _pooled(self, name: str) -> tuple[Whole, Whole, Array, Bools]:
        """Return the counts of the other areas of a unit, its earlier share, and which areas lie in one."""
        everywhere = np.zeros(self.evidence.n_areas, dtype=np.int64)
        units = everywhere if name in (CITY, REST) else self.evidence.levels[name]
        inside = self.known & (units >= 0)
        parts = [np.where(inside, np.nan_to_num(part), 0.0)[None, :] for part in (self.ratio.x, self.ratio.n)]
        others = [(unit_sums(part, units) - part)[0] for part in parts]
        before = np.zeros(len(units))
        if self.measured.earlier is not None:
            first = [np.where(inside, part[0], 0.0)[None, :] for part in self.measured.earlier]
            sums = [(unit_sums(part, units) - part)[0] for part in first]
            if name != REST:
                sums = [sum_ + np.where(self.free, part[0], 0.0) for sum_, part in zip(sums, self.measured.earlier, strict=True)]
            before = np.divide(*sums, out=np.full(len(units), np.nan), where=sums[1] > 0)
        cases, people = (whole(part) for part in others) if self.measured.whole else others
        return cases, people, before, units >= 0

    def _of_values(self, name: str, rows: Ints, values: Array) -> Array:
        """Return the mean, median or quantile of all values, that of the area after changes."""
        limit, others = self.condition.limit, self.others
        m = others.m[rows][:, None] + 1
        if name == MEAN:
            centre, squares = others.mean[rows][:, None], others.squares[rows][:, None]
            mean = ((m - 1) * centre + values) / m
            if not limit.sd:
                return mean
            free = m - limit.ddof
            squares = squares + (values - centre) ** 2 * (m - 1) / m
            variance = np.divide(squares, free, out=np.full(squares.shape, np.nan), where=free > 0)
            return mean + float(limit.sd) * np.sqrt(variance)
        lower, share = self._place(name, m)
        first = np.clip(values, others.at(rows, lower - 2), others.at(rows, lower - 1))
        upper = np.minimum(lower, m - 1)
        second = np.clip(values, others.at(rows, upper - 1), others.at(rows, upper))
        with np.errstate(invalid="ignore"):
            return np.where(share > 0, first + share * (second - first), first)

    def _place(self, name: str, m: Ints) -> tuple[Ints, Array]:
        limit = self.condition.limit
        q, kind = (Fraction(1, 2), 7) if name == MEDIAN or limit.q is None else (Fraction(limit.q), limit.quantile_type)
        return quantile_place(m, q, kind)

    @cached_property
    def others(self) -> Others:
        """The values of the other areas."""
        return Others(self.measured.values[0])

    # chance

    def _p_value(self, rows: Ints, x: Whole, n: Whole, limit: Array) -> Array:
        from scipy.stats import binom, hypergeom

        x, n = x.astype(float), np.maximum(n.astype(float), 0)
        if not self.against_the_rest:
            share = np.clip(limit / self.measured.per, 0, 1)
            found = binom.sf(x - 1, n, share) if self.condition.upwards else binom.cdf(x, n, share)
        else:
            cases, people, _, _ = self._pooled(self.names[0])
            cases, people = cases[rows][:, None] + x, people[rows][:, None] + n
            found = (
                hypergeom.sf(x - 1, people, cases, n) if self.condition.upwards else hypergeom.cdf(x, people, cases, n)
            )
        return np.asarray(found, dtype=float)

    def _level(self, rows: Ints) -> Array:
        """Return the level that the p-value of each area has to meet."""
        level = float(self.condition.significant or 0)
        if self.condition.correction == "none":
            return np.full((len(rows), 1), level)
        return self._levels[rows][:, None]

    @cached_property
    def _levels(self) -> Array:
        """The largest p-value of each area that passes among the tests of all others, which stay as they are."""
        p = p_values(self.condition, self.measured, self.evidence, self.one.limit)[0]
        tested = self.one.judged.known[0] & ~np.isnan(p)
        own = largest_passing(np.sort(p[tested]), p, float(self.condition.significant or 0), among=True)
        new = largest_passing(np.sort(p[tested]), p, float(self.condition.significant or 0), among=False)
        return np.where(tested, own, new)

    # where it turns

    def spans(self, low: Ints, high: Ints) -> list[Span]:
        if self.condition.significant is not None:
            return by_halves(self.code, low, high)
        points = self._knots()
        digits = self.condition.limit.digits
        if digits is None or self.fixed:
            found = [(root, root) for root in points + self._meetings(0.0)]
        else:
            half = 0.5 * 10.0**-digits * (1 + PLACE)
            points = points + self._meetings(half) + self._meetings(-half)
            found = band(points, self._near, low, high)
        if self.condition.min_denominator is not None and self.step.n:
            least = float(self.condition.min_denominator) - self.ratio.n
            found.append((least, least))
        return found

    def _meetings(self, apart: float) -> list[Array]:
        """Return where the value is so much above the limit before rounding."""
        limit = self.condition.limit
        if self.fixed:
            at = np.broadcast_to(self.one.limit, (1, self.evidence.n_areas))[0]
            return roots(self.ratio, Line(fixed=at), apart)
        if limit.sd:
            others = self.others
            line = self._lines(MEAN)[0].scaled(float(limit.factor), float(limit.plus) + apart)
            sd = float(limit.factor * limit.sd)
            return spread_roots(self.ratio, (others.m, others.mean, others.squares), sd, limit.ddof, line)
        parts = [(1, limit.than)] if isinstance(limit.than, str) else list(limit.than)  # type: ignore[arg-type]
        lines = [Line()]
        for weight, name in parts:
            lines = [one + more.scaled(float(weight)) for one in lines for more in self._lines(str(name))]
        scaled = [one.scaled(float(limit.factor), float(limit.plus)) for one in lines]
        return [root for line in scaled for root in roots(self.ratio, line, apart)]

    def _lines(self, name: str) -> list[Line]:
        """Return what a name stands for as lines, one for each part of a broken one."""
        if name not in self.names:
            every = self.evidence.published.get((name, self.condition.indicator), (self.measured.published,))
            return [Line(fixed=np.array([np.nan if one is None else float(one) for one in every]))]
        others = self.others if name in (MEAN, MEDIAN, QUANTILE) else None
        if others is None:
            cases, people, before, _ = self._pooled(name)
            cases, people, own = cases.astype(float), people.astype(float), self.ratio
            fixed = -self.measured.per * before
            if name == REST:
                with np.errstate(all="ignore"):
                    return [Line(fixed=fixed + self.measured.per * cases / people)]
            pooled = (1.0, cases + own.x, people + own.n)
            return [Line(fixed=fixed, pooled=(pooled,))]
        m = others.m + 1
        if name == MEAN:
            return [Line(own=1 / m, fixed=others.mean * others.m / m)]
        ends, share = self._neighbours(name)
        with np.errstate(all="ignore"):
            return [
                Line(fixed=(1 - share) * ends[0] + np.where(share > 0, share * ends[1], 0)),
                Line(own=1 - share, fixed=np.where(share > 0, share * ends[1], 0)),
                Line(own=share, fixed=(1 - share) * ends[1]),
                Line(fixed=(1 - share) * ends[1] + np.where(share > 0, share * ends[2], 0)),
            ]

    def _neighbours(self, name: str) -> tuple[list[Array], Array]:
        """Return the three other values around the place of a quantile, and its part between two."""
        rows = np.arange(self.evidence.n_areas)
        lower, share = self._place(name, (self.others.m + 1)[:, None])
        return [self.others.at(rows, lower + step)[:, 0] for step in (-2, -1, 0)], share[:, 0]

    def _knots(self) -> list[Array]:
        """Return where the area changes places with those around a quantile."""
        found = []
        for name in self.names:
            if name in (MEDIAN, QUANTILE):
                found += [self.ratio.persons(value) for value in self._neighbours(name)[0]]
        return found

    def _near(self, d: Ints) -> Bools:
        """Return where the value is within half a unit of the last digit from its limit before rounding."""
        rows = np.arange(len(d))
        x, n, values = self.counts(rows, d)
        limit = replace(self.condition.limit, digits=None)
        found = limit_from(limit, lambda name: self._named(name, rows, x, n, values))
        floats = found.floats if isinstance(found, Fractions) else found
        near: Bools = np.abs(values - floats) <= 0.5 * 10.0 ** -(self.condition.limit.digits or 0) * (1 + 1e-6)
        return near


def largest_passing(ordered: Array, p: Array, level: float, *, among: bool) -> Array:
    """Return the largest p-value with which each area passes Benjamini & Hochberg beside the others.

    With m tests it passes up to ``level k / m``, for the largest k with at least k - 1 others up to there.

    Parameters
    ----------
    ordered : array
        The p-values of all tests, in ascending order.
    p : array, shape (n_areas,)
        That of each area.
    level : float
        Accepted share of false finds.
    among : bool
        Whether the areas are among those tested; else each of them comes to them.
    """
    m = len(ordered) + (0 if among else 1)
    if m == 0:
        return np.full(len(p), level)
    bounds = level * np.arange(1, m + 1) / max(m, 1)
    spare = np.searchsorted(ordered, bounds, side="right") - np.arange(m)
    if not among:
        return np.full(len(p), bounds[np.flatnonzero(spare >= 0)[-1]])
    place = np.arange(m)
    surely = np.where(spare >= 1, place, -1).max(initial=-1)
    upto = np.maximum.accumulate(np.where(spare >= 0, place, -1))
    below = np.searchsorted(bounds, p, side="left")  # the bounds that do not count the area itself
    alone = np.where(below > 0, upto[np.maximum(below, 1) - 1], -1)
    best = np.maximum(surely, alone)
    return np.where(best >= 0, bounds[np.maximum(best, 0)], -1.0)


def _of(part: Whole, rows: Ints) -> Whole:
    """Return one row of numbers, one per area or one for all, as a column for some areas."""
    return part if part.shape[-1] == 1 else part[0][rows][:, None]


class Others:
    """The values of all other areas, for each area: how many, their mean and sum of squares, their order."""

    def __init__(self, values: Array) -> None:
        self.known = ~np.isnan(values)
        self.m: Ints = self.known.sum() - self.known.astype(np.int64)
        self.values = values
        order = np.argsort(np.where(self.known, values, np.inf), kind="stable")
        self.ordered = values[order][: self.known.sum()]
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


# --- the worst of the areas, and what is evaluated ---------------------------------------------------------------------


class Placed(Answer):
    """The answers of "among the worst": the others decide which value is enough."""

    condition: Worst

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        _, n, values = self.counts(rows, d)
        enough, tied, inside = (part[rows][:, None] for part in self._enough)
        where = nearly(self._sign * values, np.where(np.isfinite(enough), enough, 0.0))
        return (where > 0) | ((where == 0) & tied) | np.isneginf(enough), (n > 0) & inside

    def spans(self, low: Ints, high: Ints) -> list[Span]:  # noqa: ARG002 - one signature
        found = self.ratio.persons(self._sign * self._enough[0])
        return [(found, found)]

    @property
    def _sign(self) -> int:
        return worse_side(self.condition, self.measured)

    @cached_property
    def _enough(self) -> tuple[Array, Bools, Bools]:
        """The value that an area has to pass, whether to have it is enough, and whether it lies in a unit.

        Of w areas wanted, it is the w-th worst of the others: who is beyond is in, who is below is not.
        """
        condition, n = self.condition, self.evidence.n_areas
        values = self._sign * self.measured.values[0]
        units = self.evidence.levels[condition.by] if condition.by else np.zeros(n, dtype=np.int64)
        limit, tied = np.full(n, -np.inf), np.zeros(n, dtype=bool)
        for unit in range(int(units.max(initial=-1)) + 1):
            rows = np.flatnonzero(units == unit)
            limit[rows], tied[rows] = self._of_unit(Others(-values[rows]), np.arange(len(rows)))
        return limit, tied, units >= 0

    def _of_unit(self, others: Others, rows: Ints) -> tuple[Array, Bools]:
        condition, m = self.condition, others.m[:, None]
        wanted = wanted_areas(condition, m + 1, np.zeros((1, 1)))
        limit = -others.at(rows, wanted - 1)  # no other at this place: in with any value
        best = -others.at(rows, m - 1)
        near = np.where(np.isfinite(limit), limit, 0.0)
        step = EQUAL * np.abs(near)
        beyond = np.searchsorted(others.ordered, -near + step, side="right")[:, 0]
        own = others.known & (others.values <= (-near + step)[:, 0])
        at_or_beyond = beyond - own + 1
        most = np.floor(float(condition.most) * wanted[:, 0] + PLACE)
        fits = (condition.ties == "in") & (at_or_beyond <= most) & (nearly(best, limit)[:, 0] != 0)
        return limit[:, 0], fits


class Evaluated(Answer):
    """The answers of a condition that has no formula: all areas are evaluated anew for each of them."""

    def judged(self, rows: Ints, d: Ints) -> tuple[Bools, Bools]:
        flat = np.repeat(rows, d.shape[1]), d.ravel()
        holds, known = np.zeros(d.size, dtype=bool), np.zeros(d.size, dtype=bool)
        block = max(1, CELLS // self.evidence.n_areas)
        for start in range(0, d.size, block):
            area, more = (part[start : start + block] for part in flat)
            changes = {self.condition.looks_at: (self.step.x * more, self.step.n * more)}
            found = held(self.condition, changed(self.evidence, area, changes)).judged
            runs = np.arange(len(area))
            holds[start : start + block] = found.yes[runs, area]
            known[start : start + block] = found.known[runs, area]
        return holds.reshape(d.shape), known.reshape(d.shape)

    def spans(self, low: Ints, high: Ints) -> list[Span]:
        if isinstance(self.condition, Hotspot):
            return []  # a cluster is not made or undone by persons of one area
        return by_halves(self.code, low, high)
