"""A score or class of a need index, while the counts of one area change: the index is computed anew for each change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.indicators.rates import shrunken_rates
from quartiersatlas.need.robustness.redraw import Replicates
from quartiersatlas.need.robustness.replicates import ReplicateRuns, score_replicates
from quartiersatlas.need.score.score_ends import NotFollowedError, class_ends, score_ends
from quartiersatlas.screening.evaluation.evaluate import held
from quartiersatlas.screening.evaluation.evidence import Measured, rate
from quartiersatlas.screening.evaluation.rounded_index import city_of, on_all_areas
from quartiersatlas.screening.language.rules import NEED, Compare, Hotspot, InClass, Worst
from quartiersatlas.screening.one_area.answers import CELLS, Evaluated, changed
from quartiersatlas.screening.one_area.turns import Turns, by_halves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.need import NeedIndex
    from quartiersatlas.need.score.inputs import NeedInputs
    from quartiersatlas.screening.evaluation.evaluate import Held
    from quartiersatlas.screening.evaluation.evidence import Evidence
    from quartiersatlas.screening.language.rules import Condition
    from quartiersatlas.screening.one_area.answers import Step

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

MOST_STRETCHES = 20_000  # in all: several for each area and side


def _entering(one: Measured, inputs: NeedInputs, name: str) -> Array:
    """Return the values with which an indicator enters the index, shape (runs, all areas)."""
    if name not in inputs.shrunken:
        return one.values
    known = np.where(np.isnan(one.values), np.nan, np.asarray(one.x, dtype=float))
    return inputs.counts[name].per * shrunken_rates(known, np.asarray(one.n, dtype=float))[0]


@dataclass(frozen=True, eq=False)
class Rescored:
    """A need index that can be computed anew.

    Parameters
    ----------
    need : NeedIndex
        The index, on the keys of the areas.
    measured : dict of str to Measured
        Its indicators that have counts.
    """

    need: NeedIndex
    measured: Mapping[str, Measured] = field(default_factory=dict)

    @classmethod
    def of(cls, need: NeedIndex) -> Rescored:
        """Take the counts of an index."""
        found = {}
        for name, counts in need.inputs.counts.items():
            x, n = counts.numerator.astype(float).tolist(), counts.denominator.astype(float).tolist()
            columns = (str(counts.numerator.name), str(counts.denominator.name))
            one = rate(x, n, per=counts.per, columns=columns, part=True)
            if counts.earlier is not None:
                first, before = (np.asarray(column, dtype=float)[None, :] for column in counts.earlier)
                share = np.divide(first, before, out=np.full(first.shape, np.nan), where=before > 0)
                one = replace(one, values=one.values - counts.per * share, earlier=(first, before))
            found[name] = one
        return cls(need, found)

    @property
    def scored(self) -> Bools:
        """Which areas have a score."""
        return np.asarray(self.need.scores.index.isin(self.need.scored_keys))

    def behind(self, condition: Condition) -> set[str]:
        """Return the indicators with counts behind the axis that a condition looks at; empty if it is none."""
        axis = self.need.spec.axes[0].id if condition.looks_at == NEED else condition.looks_at
        if axis not in self.need.scores.columns:
            return set()
        return {leaf.id for leaf in self.need.spec.axis(axis).indicators} & set(self.measured)

    def evidence(self, evidence: Evidence, rows: Ints, changes: Mapping[str, tuple[Ints, Ints]]) -> Evidence:
        """Return one run for each of some areas, with the scores and classes that changes of its counts make."""
        need, inside = self.need, self.scored
        columns = {name: need.columns[name][None, :] for name in map(str, need.inputs.values)}
        moved = changed(replace(evidence, measured=self.measured), rows, changes)
        city = {}
        for name in changes:
            one = moved.measured[name]
            columns[name] = _entering(one, need.inputs, name)[:, inside]
            city[name] = city_of(one)
        axes = [axis.id for axis in need.spec.axes]
        spread = {name: float(need.scores[name].std(ddof=0)) for name in axes}
        runs = ReplicateRuns(Replicates(columns, city), np.zeros(len(rows)))
        found = score_replicates(need.spec, axes, runs, need.context, spread)
        measured, classes = dict(evidence.measured), dict(evidence.classes)
        for name in axes:
            scores = np.full((len(rows), evidence.n_areas), np.nan)
            scores[:, inside] = found.scores[name]
            for called in (name, *([NEED] if name == axes[0] else [])):
                if called in measured:
                    measured[called] = replace(measured[called], values=scores, around=None)
            if name in classes:
                numbers = np.full(scores.shape, -1, dtype=np.int64)
                numbers[:, inside] = found.classes[name]
                classes[name] = (numbers, classes[name][1])
        return replace(evidence, measured=measured, classes=classes)

    def between(self, evidence: Evidence, rows: Ints, ends: Sequence[Mapping[str, tuple[Ints, Ints]]]) -> Evidence:
        """Return one run for each of some areas, with bounds of what all changes between two ends make.

        Between the two the rate of the area, and that of the city with it, goes one way.

        Raises
        ------
        NotFollowedError
            The index has a step without bounds.
        """
        need, inside = self.need, self.scored
        moved = [changed(replace(evidence, measured=self.measured), rows, one) for one in ends]
        columns = {name: (need.columns[name][None, :],) * 2 for name in map(str, need.inputs.values)}
        city = {name: (np.asarray(value),) * 2 for name, value in need.context.city.items()}
        for name in ends[0]:
            both = [one.measured[name] for one in moved]
            columns[name] = _ordered(*(one.values[:, inside] for one in both))
            city[name] = _ordered(*(city_of(one) for one in both))
        shape = (len(rows), int(inside.sum()))
        columns = {name: (np.broadcast_to(a, shape), np.broadcast_to(b, shape)) for name, (a, b) in columns.items()}
        measured, classes, class_bounds = dict(evidence.measured), dict(evidence.classes), {}
        for axis in need.spec.axes:
            called = {axis.id, *([NEED] if axis is need.spec.axes[0] else [])}
            if not called & {*measured, *classes}:
                continue
            bounds = score_ends(axis, columns, city, need.context)
            for name in called & measured.keys():
                around = on_all_areas(bounds[0], inside, np.nan), on_all_areas(bounds[1], inside, np.nan)
                measured[name] = replace(measured[name], values=around[0], around=around)
            if axis.id in classes:
                numbers = [on_all_areas(one, inside, -1) for one in class_ends(axis, bounds)]
                classes[axis.id] = (numbers[0], classes[axis.id][1])
                class_bounds[axis.id] = (numbers[0], numbers[1])
        return replace(evidence, measured=measured, classes=classes, class_ends=class_bounds)

    def displaced(
        self, one: Held, evidence: Evidence, rows: Ints, changes: Mapping[str, tuple[Ints, Ints]]
    ) -> tuple[Ints, Ints]:
        """Return whose answer turns when some areas change, each alone: places in ``rows``, and other areas."""
        changes = {name: pair for name, pair in changes.items() if name in self.measured}
        runs, others = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        block = max(1, CELLS // (evidence.n_areas * len(self.need.inputs.values.columns)))
        for start in range(0, len(rows), block):
            some = slice(start, start + block)
            more = {name: (x[some], n[some]) for name, (x, n) in changes.items()}
            truth = held(one.condition, self.evidence(evidence, rows[some], more)).truth
            turns = (truth.yes & one.truth.no) | (truth.no & one.truth.yes)
            turns[np.arange(len(turns)), rows[some]] = False
            found = np.nonzero(turns)
            runs.append(found[0] + start)
            others.append(found[1])
        return np.concatenate(runs), np.concatenate(others)


def _ordered(one: Array, other: Array) -> tuple[Array, Array]:
    """Return the lower of each two numbers, and the higher."""
    return np.minimum(one, other), np.maximum(one, other)


class Scored(Evaluated):
    """The answers of a condition on a need index."""

    asked = 2_000_000  # an index takes longer than a comparison

    def __init__(self, one: Held, evidence: Evidence, rescored: Rescored, steps: Mapping[str, Step]) -> None:
        self.one, self.condition, self.evidence = one, one.condition, evidence
        self.rescored, self.steps = rescored, {name: step for name, step in steps.items() if name in rescored.measured}
        shape = (1, evidence.n_areas)
        self.now = tuple(np.broadcast_to(side, shape)[0] for side in (one.truth.yes, one.truth.no))
        self.free = rescored.scored
        self.cells = max(1, len(rescored.need.inputs.values.columns))

    def anew(self, rows: Ints, d: Ints) -> Evidence:
        """Return one run for each of some areas, in which the index is computed anew."""
        changes = {name: (step.x * d, step.n * d) for name, step in self.steps.items()}
        return self.rescored.evidence(self.evidence, rows, changes)

    def turns(self, low: Ints, high: Ints, upto: Array | None = None) -> Turns:
        """Return where the index turns: by halves, and before that by bounds of whole stretches; else one by one."""
        low, high = np.where(self.free, low, 0), np.where(self.free, high, 0)
        spans = by_halves(self.code, low, high)
        end = np.maximum(-low, high)
        turns = np.abs(np.stack([first for first, _ in spans]))
        nearest = np.where(np.isnan(turns), np.inf, turns).min(axis=0)
        wanted = np.where(np.isfinite(nearest), nearest - 1, end).astype(np.int64)
        proved = self._unturned(low, high, wanted)
        if (proved >= wanted).all():
            return Turns(spans, np.where(proved >= end, np.inf, proved))
        found = super().turns(low, high, upto)
        return Turns(found.spans, np.maximum(found.sure, np.where(proved >= end, np.inf, proved)))

    def _unturned(self, low: Ints, high: Ints, wanted: Ints) -> Array:
        """Return up to how many persons more and fewer the answer of each area is known to stay what it is.

        A stretch is proved as a whole by bounds of the scores; one that is not is cut in two. All stretches of all
        areas are asked together, round by round, as far as nothing nearer is stuck.
        """
        if self.rescored.need.inputs.shrunken & set(self.steps):
            return np.zeros(len(low))
        rows = np.tile(np.arange(len(low)), 2)
        sign = np.repeat([1, -1], len(low))
        last = np.minimum(np.concatenate([high, -low]), np.tile(wanted, 2))
        now = self.code(np.arange(len(low)), np.zeros(len(low), dtype=np.int64))[rows]
        open_from = last + 1  # the nearest number of persons that is not proved
        side = np.flatnonzero(last > 0)
        start, end = np.ones(len(side), dtype=np.int64), last[side]
        left = MOST_STRETCHES
        while len(side) and left >= len(side):
            left -= len(side)
            stays = self._stays(rows[side], sign[side] * start, sign[side] * end, now[side])
            stuck = ~stays & (start == end)
            np.minimum.at(open_from, side[stuck], start[stuck])
            cut = np.flatnonzero(~stays & ~stuck & (start < open_from[side]))
            middle = (start[cut] + end[cut]) // 2
            side, start, end = (
                np.concatenate(pair) for pair in ((side[cut],) * 2, (start[cut], middle + 1), (middle, end[cut]))
            )
        np.minimum.at(open_from, side, start)
        reached = np.where(open_from > last, np.inf, open_from - 1)
        proved: Array = np.minimum(reached.reshape(2, -1).min(axis=0), wanted)
        return proved

    def _stays(self, rows: Ints, first: Ints, last: Ints, now: Ints) -> Bools:
        """Return for which areas the answer is the same with every number of persons from the first to the last."""
        assert isinstance(self.condition, Compare | Worst | InClass | Hotspot)  # noqa: S101 - what an index is asked
        condition = replace(self.condition, printed="interval")  # bounds are looked at, whatever counts are taken for
        found = np.zeros(len(rows), dtype=bool)
        block = max(1, CELLS // (self.cells * self.evidence.n_areas))
        for start in range(0, len(rows), block):
            some = slice(start, start + block)
            ends = [
                {name: (step.x * d[some], step.n * d[some]) for name, step in self.steps.items()} for d in (first, last)
            ]
            try:
                judged = held(condition, self.rescored.between(self.evidence, rows[some], ends))
            except NotFollowedError:
                return found
            runs = np.arange(len(rows[some]))
            shape = (len(runs), self.evidence.n_areas)
            yes, no, undecided = (
                np.broadcast_to(part, shape)[runs, rows[some]]
                for part in (judged.truth.yes, judged.truth.no, judged.undecided)
            )
            found[some] = ~undecided & (np.where(yes, 1, np.where(no, 0, 2)) == now[some])
        return found
