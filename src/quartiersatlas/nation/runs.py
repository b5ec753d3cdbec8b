"""The screening repeated on counts drawn again: how many quarters there would be, and which would be found again.

Municipalities are drawn one by one, each column from its own stream of random numbers, runs one after the other: the
same numbers whatever the parts of a run, its executor and its memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.nation.levels import MUNICIPALITY
from quartiersatlas.nation.noise import CellKeyNoise, perturbed, stream
from quartiersatlas.space.cell_keys import connected_cells, forward_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from quartiersatlas.nation.quarters import Quarters
    from quartiersatlas.nation.task import PartitionTask, ScreenSpec
    from quartiersatlas.nation.values import Limits, PartValues

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

TOTALS = ("quarters", "municipalities", "cells", "residents", "group")
BAND = (0.05, 0.95)
BYTES_PER_CELL = 48  # of one run of one municipality, besides the counts that are drawn


@dataclass(frozen=True, eq=False)
class RunTotals:
    """What the runs of one part found.

    Parameters
    ----------
    runs : mapping of str to ndarray of int, shape (runs,)
        Sums over all municipalities of the part. Residents and members are counted as published.
    p_found, expected_kept : ndarray of float
        Of each quarter: share of runs in which at least half of its residents live in some quarter of the run, and the
        mean share of them who do.
    low, high, p_any : ndarray of float
        Of each municipality: band of its residents in quarters, and share of runs in which it has one.
    """

    runs: Mapping[str, Ints]
    p_found: Floats
    expected_kept: Floats
    low: Floats
    high: Floats
    p_any: Floats

    def table(self) -> pa.Table:
        """Return one row per run."""
        import pyarrow as pa

        n = len(self.runs[TOTALS[0]])
        columns = {"run": pa.array(np.arange(n), pa.int32())}
        return pa.table(columns | {name: pa.array(self.runs[name], pa.int64()) for name in TOTALS})


@dataclass(frozen=True, eq=False)
class _Municipality:
    """The cells of one municipality, and the quarters that were found in it."""

    ags: str
    cells: slice
    number: int
    neighbours: list[NDArray[np.int32]]
    population: Ints
    group: Ints
    member: Ints  # the cells of its quarters, sorted by quarter, counted inside the municipality
    starts: Ints  # where those of each quarter begin


def drawn_again(values: PartValues, quarters: Quarters, task: PartitionTask, watch: Callable[[], None]) -> RunTotals:
    """Repeat the screening of one part on counts that are drawn again."""
    spec, n = task.spec, len(values.part.keys)
    sums = {name: np.zeros(spec.runs, np.int64) for name in TOTALS}
    p_found, expected_kept = np.zeros((2, len(quarters.names)))
    low, high, p_any = np.zeros((3, n))
    limits = values.reference_limits(task.reference)
    first = 0  # quarter of the municipality
    table = spec.noise.table if isinstance(spec.noise, CellKeyNoise) else None
    for one in _municipalities(values, quarters, spec):
        found = {name: np.zeros(spec.runs, np.int64) for name in TOTALS}
        kept = np.zeros((spec.runs, len(one.starts)), np.int64)
        draw = _Draws(values, one, spec, table)
        fixed = _fixed_limits(values, one, limits, task)
        step = max(1, task.memory // (one.population.size * (BYTES_PER_CELL + 8 * len(spec.columns))))
        for start in range(0, spec.runs, step):
            watch()
            block = slice(start, min(start + step, spec.runs))
            counts, residents = draw(block.stop - block.start)
            holds = _holds(values, counts, fixed)
            _add_groups(one, holds, residents, spec.min_population, (found, kept, block))
        found["municipalities"] = (found["quarters"] > 0).astype(np.int64)
        for name in TOTALS:
            sums[name] += found[name]
        low[one.number], high[one.number] = np.quantile(found["residents"], BAND)
        p_any[one.number] = found["municipalities"].mean()
        here = slice(first, first + len(one.starts))
        residents = quarters.residents[here]
        p_found[here] = (2 * kept >= residents).mean(axis=0)
        expected_kept[here] = kept.sum(axis=0) / (spec.runs * np.maximum(residents, 1))
        first = here.stop
    return RunTotals(sums, p_found, expected_kept, low, high, p_any)


def _municipalities(values: PartValues, quarters: Quarters, spec: ScreenSpec) -> Iterator[_Municipality]:
    """Give the municipalities that are large enough, in their order, which is that of their quarters."""
    part = values.part
    neighbours = forward_neighbours(part.key, spec.contiguity)
    order = np.argsort(quarters.of, kind="stable")
    member, of = quarters.member[order], quarters.of[order]
    owner = quarters.unit[of] if len(of) else np.empty(0, np.int64)
    for k in np.flatnonzero(values.screened):
        start, end = int(part.starts[k]), int(part.starts[k + 1])
        own = slice(*np.searchsorted(owner, [k, k + 1]))
        mine = of[own]
        yield _Municipality(
            ags=part.keys[k],
            cells=slice(start, end),
            number=int(k),
            neighbours=[np.where(one[start:end] >= 0, one[start:end] - start, -1) for one in neighbours],
            population=values.population[start:end],
            group=values.group[start:end],
            member=member[own] - start,
            starts=np.flatnonzero(np.r_[True, np.diff(mine) != 0]) if len(mine) else np.empty(0, np.int64),
        )


Drawn = dict[str, tuple["Ints", "Ints | None", "NDArray[np.bool_] | None"]]


class _Draws:
    """The counts of one municipality, drawn for so many further runs at each call."""

    def __init__(self, values: PartValues, one: _Municipality, spec: ScreenSpec, table: Floats | None) -> None:
        self.conditions = {condition.name: condition for condition in values.rule.conditions}
        self.published = {name: counts[one.cells] for name, counts in values.part.counts.items()}
        self.population, self.spec, self.table, self.ags = one.population, spec, table, one.ags
        self.streams: dict[str, np.random.Generator] = {}
        self.counts: Drawn = {}
        for name, (x, n, known) in values.counts.items():
            at = one.cells
            self.counts[name] = x[at], None if n is None else n[at], None if known is None else known[:, at]

    def __call__(self, runs: int) -> tuple[Drawn, Ints]:
        """Return the counts of each condition, and the residents who count for the floor."""
        done: dict[str, Ints] = {}
        if self.table is None:
            return {name: self._binomial(name, runs, done) for name in self.conditions}, self.population[None]
        found = {name: self._changed(name, runs, done) for name in self.conditions}
        return found, self._column(self.spec.population, runs, done)

    def _binomial(self, name: str, runs: int, done: dict[str, Ints]) -> Any:  # noqa: ANN401 - a value of Drawn
        x, n, known = self.counts[name]
        rate = self.conditions[name].rate
        if rate is None or n is None or not rate.drawn:
            return x[None], None if n is None else n[None], known
        if rate.numerator not in done:
            done[rate.numerator] = self._rng(rate.numerator).binomial(n, x / np.maximum(n, 1), (runs, len(n)))
        return done[rate.numerator], n[None], known

    def _changed(self, name: str, runs: int, done: dict[str, Ints]) -> Any:  # noqa: ANN401 - a value of Drawn
        x, n, known = self.counts[name]
        rate = self.conditions[name].rate
        if rate is None:
            return self._column(self.conditions[name].column, runs, done), None, known
        if n is None or not rate.drawn:
            return x[None], None if n is None else n[None], known
        part, whole = self._column(rate.numerator, runs, done), self._column(rate.denominator, runs, done)
        there = np.int64(1) if known is None else known
        return np.minimum(part, whole) * there, whole * there, known

    def _column(self, column: str, runs: int, done: dict[str, Ints]) -> Ints:
        if column not in done and self.table is not None:
            counts = np.maximum(self.published[column], 0)
            done[column] = perturbed(counts, self.table, runs, self._rng(column))
        return done[column]

    def _rng(self, column: str) -> np.random.Generator:
        if column not in self.streams:
            self.streams[column] = stream(self.spec.seed, self.ags, column)
        return self.streams[column]


def _fixed_limits(values: PartValues, one: _Municipality, limits: Limits, task: PartitionTask) -> Limits:
    """Return the limits that runs do not change: numbers, higher levels and orders, published values."""
    found: Limits = []
    for condition, (p, q) in zip(values.rule.conditions, limits, strict=True):
        published = condition.key in task.reference.get(MUNICIPALITY, {}).get(one.ags, {})
        if not condition.level:
            found.append((p[None], q[None]))
        elif condition.level != MUNICIPALITY or condition.ranked is not None or published:
            at = slice(one.number, one.number + 1)
            found.append((p[at][None], q[at][None]))
        else:
            found.append(None)  # type: ignore[arg-type] # of each run
    return found


def _holds(values: PartValues, counts: Drawn, fixed: Limits) -> NDArray[np.bool_]:
    truths = []
    for condition, limit in zip(values.rule.conditions, fixed, strict=True):
        x, n, known = counts[condition.name]
        if limit is None:
            sums = x.sum(axis=1), (x if n is None else n).sum(axis=1)
            p, q = (one[:, None] for one in condition.limit(*np.broadcast_arrays(*sums)))
        else:
            p, q = limit
        truths.append(condition.holds(x, n, known, p, q))
    return values.rule.holds(truths)


def _add_groups(
    one: _Municipality,
    holds: NDArray[np.bool_],
    residents: Ints,
    floor: int,
    into: tuple[dict[str, Ints], Ints, slice],
) -> None:
    """Add the quarters of a block of runs to the totals, and who of the quarters found is in one of them."""
    found, kept, block = into
    runs = block.stop - block.start
    holds = np.broadcast_to(holds, (runs, holds.shape[1]))
    groups = connected_cells(holds, one.neighbours)
    if not groups.n:
        return
    persons = residents[0][groups.cell] if len(residents) == 1 else residents[groups.run, groups.cell]
    large = np.bincount(groups.label, persons, groups.n) >= floor  # exact: far below 2 ** 53
    inside = large[groups.label]
    if not inside.any():
        return
    run_of = np.zeros(groups.n, np.int64)
    run_of[groups.label] = groups.run
    run, cell = groups.run[inside], groups.cell[inside]

    def per_run(weight: Any = None) -> Ints:  # noqa: ANN401 - an array, or none to count
        return np.bincount(run, weight, runs).astype(np.int64)

    found["quarters"][block] += np.bincount(run_of[large], minlength=runs)
    found["cells"][block] += per_run()
    found["residents"][block] += per_run(one.population[cell])
    found["group"][block] += per_run(one.group[cell])
    if len(one.starts):
        mask = np.zeros(holds.shape, bool)
        mask[run, cell] = True
        kept[block] = np.add.reduceat(mask[:, one.member] * one.population[one.member], one.starts, axis=1)
