"""A value compared with a limit, while the counts of one area change: the limit may move with it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.base.equal import PLACE
from quartiersatlas.screening.evaluation.chance_tests import binomial_tail, p_values, tail
from quartiersatlas.screening.evaluation.evaluate import limit_from, per_area, quantile_place, size_of_terms
from quartiersatlas.screening.evaluation.evidence import exact_per, unit_sums
from quartiersatlas.screening.evaluation.exact import EQUAL, Fractions, nearly, rate_side, times, total, whole
from quartiersatlas.screening.language.rules import CITY, COMPUTED, MEAN, MEDIAN, QUANTILE, REST, Compare
from quartiersatlas.screening.one_area.answers import Answer, Others
from quartiersatlas.screening.one_area.turns import LimitLine, Span, Turns, band, by_halves, roots, spread_roots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Whole = NDArray[Any]


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
        """Return where the value is on the right side of its limit."""
        beside, known, p = self.sides(rows, d)
        return (beside, known) if p is None else (beside & (p <= self._level(rows, d)), known)

    def sides(self, rows: Ints, d: Ints) -> tuple[Bools, Bools, Array | None]:
        """Return the right side, where it can be judged, and the p-value of the test, if there is one."""
        x, n, values = self.counts(rows, d)
        limit = limit_from(self.condition.limit, lambda name: self._named(name, rows, x, n, values))
        floats = limit.floats if isinstance(limit, Fractions) else limit
        if self.measured.whole and isinstance(limit, Fractions):
            where = rate_side(x, n, exact_per(self.measured), limit)
        else:
            terms = size_of_terms(self.condition.limit, self.measured)
            where = nearly(values, np.broadcast_to(floats, values.shape), terms)
        where = where if self.condition.upwards else -where
        holds = where >= 0 if self.condition.closed else where > 0
        known = (n > 0) & ~np.isnan(floats) & ~np.isnan(values)
        if self.condition.min_denominator is not None:
            known = known & (n >= float(self.condition.min_denominator))
        return holds, known, None if self.condition.significant is None else self._p_value(rows, x, n, floats)

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
        found: Array = self.measured.per * (share - before[rows][:, None])
        return found

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
                sums = [
                    sum_ + np.where(self.free, part[0], 0.0)
                    for sum_, part in zip(sums, self.measured.earlier, strict=True)
                ]
            before = np.divide(sums[0], sums[1], out=np.full(len(units), np.nan), where=sums[1] > 0)
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
                return np.asarray(mean)
            free = m - limit.ddof
            squares = squares + (values - centre) ** 2 * (m - 1) / m
            variance = np.divide(squares, free, out=np.full(squares.shape, np.nan), where=free > 0)
            return np.asarray(mean + float(limit.sd) * np.sqrt(variance))
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
        x, n = x.astype(float), np.maximum(n.astype(float), 0)
        if not self.against_the_rest:
            return binomial_tail(x, n, np.clip(limit / self.measured.per, 0, 1), upwards=self.condition.upwards)
        cases, people, _, _ = self._pooled(self.names[0])
        cases, people = cases[rows][:, None] + x, people[rows][:, None] + n
        return tail(x, people, cases, n, upwards=self.condition.upwards)

    def _level(self, rows: Ints, d: Ints) -> Array:
        """Return the level that the p-value of each area has to meet."""
        level = self._significant
        if self.condition.correction == "none":
            return np.full(d.shape, level)
        return np.broadcast_to(self._levels[rows][:, None], d.shape)

    @property
    def _significant(self) -> float:
        """The level of the tests, with the slack that equal numbers have."""
        return float(self.condition.significant or 0) * (1 + EQUAL)

    @cached_property
    def _levels(self) -> Array:
        """The largest p-value of each area that passes among the tests of all others, which stay as they are."""
        p = p_values(self.condition, self.measured, self.evidence, self.one.limit)[0]
        tested = self.one.judged.known[0] & ~np.isnan(p)
        own = largest_passing(np.sort(p[tested]), p, self._significant, among=True)
        new = largest_passing(np.sort(p[tested]), p, self._significant, among=False)
        return np.where(tested, own, new)

    # where it turns

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:  # noqa: ARG002 - one signature
        """Return where the value meets its limit, and a test its level: they go the same way, and turn once."""
        if self.condition.significant is not None:
            least, start, low = self.judged_from(low, high)
            return Turns([(least, least), *by_halves(self.code, low, high, start)])
        with np.errstate(all="ignore"):  # infinite neighbours and areas of nobody give no place to look
            return Turns(self._spans(low, high))

    def judged_from(self, low: Ints, high: Ints) -> tuple[Array, Ints, Ints]:
        """Return with how many persons more there is a denominator that is judged, and the ends of what is."""
        least = np.maximum(np.ceil(float(self.condition.min_denominator or 0)), 1.0) - self.ratio.n
        if not self.step.n:
            return np.full(len(low), np.nan), np.zeros(len(low), dtype=np.int64), low
        since = np.nan_to_num(least).astype(np.int64)
        return least, np.clip(since, 0, high), np.clip(since, low, 0)

    def _spans(self, low: Ints, high: Ints) -> list[Span]:
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
            return roots(self.ratio, LimitLine(fixed=at), apart)
        if limit.sd:
            others = self.others
            line = self._lines(MEAN)[0].scaled(float(limit.factor), float(limit.plus) + apart)
            sd = float(limit.factor * limit.sd)
            return spread_roots(self.ratio, (others.m.astype(float), others.mean, others.squares), sd, limit.ddof, line)
        parts = [(1, limit.than)] if isinstance(limit.than, str) else list(limit.than)  # type: ignore[arg-type]
        lines = [LimitLine()]
        for weight, name in parts:
            lines = [one + more.scaled(float(weight)) for one in lines for more in self._lines(str(name))]
        scaled = [one.scaled(float(limit.factor), float(limit.plus)) for one in lines]
        return [root for line in scaled for root in roots(self.ratio, line, apart)]

    def _lines(self, name: str) -> list[LimitLine]:
        """Return what a name stands for as lines, one for each part of a broken one."""
        if name not in self.names:
            every = self.evidence.published.get((name, self.condition.indicator), (self.measured.published,))
            return [LimitLine(fixed=np.array([np.nan if one is None else float(one) for one in every]))]
        others = self.others if name in (MEAN, MEDIAN, QUANTILE) else None
        if others is None:
            cases, people, before, _ = self._pooled(name)
            cases, people, own = cases.astype(float), people.astype(float), self.ratio
            fixed = -self.measured.per * before
            if name == REST:
                with np.errstate(all="ignore"):
                    return [LimitLine(fixed=fixed + self.measured.per * cases / people)]
            pooled = (1.0, cases + own.x, people + own.n)
            return [LimitLine(fixed=fixed, pooled=(pooled,))]
        m = others.m + 1
        if name == MEAN:
            return [LimitLine(own=1 / m, fixed=others.mean * others.m / m)]
        ends, share = self._neighbours(name)
        with np.errstate(all="ignore"):
            return [
                LimitLine(fixed=(1 - share) * ends[0] + np.where(share > 0, share * ends[1], 0)),
                LimitLine(own=1 - share, fixed=np.where(share > 0, share * ends[1], 0)),
                LimitLine(own=share, fixed=(1 - share) * ends[1]),
                LimitLine(fixed=(1 - share) * ends[1] + np.where(share > 0, share * ends[2], 0)),
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
    """Return the largest p-value with which each area passes Benjamini & Hochberg beside the others: ``level k / m``.

    The parameters are those of :func:`last_passing`, which gives k.
    """
    m = len(ordered) + (0 if among else 1)
    return np.full(len(p), level) if m == 0 else level * last_passing(ordered, p, level, among=among) / m


def last_passing(ordered: Array, p: Array, level: float, *, among: bool) -> Ints:
    """Return with how many tests in all each area is the last that passes Benjamini & Hochberg beside the others.

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
        return np.ones(len(p), dtype=np.int64)
    bounds = level * np.arange(1, m + 1) / m
    spare = np.searchsorted(ordered, bounds, side="right") - np.arange(m)
    if not among:
        return np.full(len(p), 1 + np.flatnonzero(spare >= 0)[-1])
    place = np.arange(m)
    surely = np.where(spare >= 1, place, -1).max(initial=-1)
    upto = np.maximum.accumulate(np.where(spare >= 0, place, -1))
    below = np.searchsorted(bounds, p, side="left")  # the bounds that do not count the area itself
    alone = np.where(below > 0, upto[np.maximum(below, 1) - 1], -1)
    last: Ints = 1 + np.maximum(np.maximum(surely, alone), 0)
    return last


def _of(part: Whole, rows: Ints) -> Whole:
    """Return one row of numbers, one per area or one for all, as a column for some areas."""
    return part if part.shape[-1] == 1 else part[0][rows][:, None]
