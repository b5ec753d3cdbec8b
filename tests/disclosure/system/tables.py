"""Small tables of counts, and a reader of them who shares no code with the engine: he tries everything out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from attack_system import System as Reader

from quartiersatlas.disclosure.system.equations import CITY, CountTable, Unit
from quartiersatlas.disclosure.system.partners import Task
from quartiersatlas.disclosure.system.relations import Relations, Sum

MANY = 10**6


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts by area and column, and what everybody knows of them: totals of units, sums, parts.

    Parameters
    ----------
    x : array of float, shape (n_areas, n_columns)
        The truth.
    units : tuple of tuple of int
        Areas whose totals are known, column by column.
    sums : tuple of (int, tuple of int)
        Whole and parts.
    parts : tuple of (int, int)
        Part and whole.
    """

    x: np.ndarray
    units: tuple[tuple[int, ...], ...] = ()
    sums: tuple[tuple[int, tuple[int, ...]], ...] = ()
    parts: tuple[tuple[int, int], ...] = ()

    @cached_property
    def table(self):
        """Give the same as the engine has it."""
        n, c = self.x.shape
        every = tuple(range(n))
        units = [
            Unit(CITY if unit == every else "district", str(k), np.array(unit)) for k, unit in enumerate(self.units)
        ]
        return CountTable(
            keys=pd.Index([f"{k:02}" for k in range(n)], dtype=object),
            columns=tuple("abcdefgh"[:c]),
            x=self.x.astype(float),
            small_area=np.zeros(n, dtype=bool),
            people=-1,
            units=tuple(units),
            relations=Relations(
                tuple(Sum(whole, those, is_declared=True) for whole, those in self.sums),
                tuple(((part,), whole) for part, whole in self.parts),
            ),
            secret=np.zeros((n, c), dtype=bool),
            spread=(np.full((n, c), np.nan), np.full((n, c), np.nan)),
            marks=(np.full((n, c), np.nan), np.full((n, c), np.nan)),
        )

    def rows(self):
        """Yield every row a reader writes down: cells with their signs, least, most."""
        n, c = self.x.shape
        for unit in self.units:
            for column in range(c):
                total = self.x[list(unit), column].sum()
                yield {(area, column): 1 for area in unit}, total, total
        for area in range(n):
            for whole, those in self.sums:
                rest = self.x[area, whole] - self.x[area, list(those)].sum()
                yield {(area, whole): 1, **{(area, part): -1 for part in those}}, rest, rest
            for part, whole in self.parts:
                if self.x[area, part] <= self.x[area, whole]:
                    yield {(area, part): 1, (area, whole): -1}, -np.inf, 0

    def least(self, withheld):
        """Give the least that a withheld count can be: zeros are shown, unless one is withheld in unit and column."""
        least = {}
        for area, column in np.argwhere(withheld):
            beside = {area}.union(*(unit for unit in self.units if area in unit))
            beside = beside if self.units else set(range(len(self.x)))
            zero = any(self.x[other, column] == 0 and withheld[other, column] for other in beside)
            least[area, column] = 0 if zero else 1
        return least

    def reader(self, withheld):
        """Give the independent solver, and the number of each withheld cell in it."""
        least = self.least(withheld)
        number = {cell: k for k, cell in enumerate(least)}
        rows, low, high = [], [], []
        for row, at_least, at_most in self.rows():
            known = sum(sign * self.x[cell] for cell, sign in row.items() if cell not in number)
            rows.append({number[cell]: sign for cell, sign in row.items() if cell in number})
            low.append(at_least - known)
            high.append(at_most - known)
        return Reader(list(least.values()), [MANY] * len(number), rows, low, high), number

    def extents(self, withheld):
        """Give for each withheld cell the least and the greatest value that a reader finds."""
        reader, number = self.reader(withheld)
        return {cell: reader.extent({k: 1}) for cell, k in number.items()}

    def solutions(self, withheld):
        """Try every value of every withheld cell: nothing but counting. For a few cells with small totals."""
        least = self.least(withheld)
        cells = list(least)
        rows = [
            ([row.get(cell, 0) for cell in cells], row, low, high)
            for row, low, high in self.rows()
            if any(cell in row for cell in cells)
        ]
        most = [int(min([self.x[list(u), c].sum() for u in self.units if a in u] or [self.x.sum()])) for a, c in cells]
        axes = [np.arange(least[cell], top + 1) for cell, top in zip(cells, most, strict=True)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(cells))
        for signs, row, low, high in rows:
            known = sum(sign * self.x[cell] for cell, sign in row.items() if cell not in least)
            value = points @ np.array(signs) + known
            points = points[(value >= low) & (value <= high)]
        return cells, points


def task(counts, minimum=3, cost=None, **options):
    """Give the task of protecting counts from 1 to below the minimum; all others may go with them."""
    x = counts.x
    small = (x > 0) & (x < minimum)
    free = {"may_hide": ~small, "cost": np.ones(x.shape) if cost is None else cost, **options}
    return Task(table=counts.table, withheld=small, need=np.where(small, float(minimum), 0.0), **free)


def spread_costs(shape, seed=0):
    """Give costs about 1 of which no two sums are equal: then there is one cheapest pattern."""
    return 1 + 0.05 * np.random.default_rng(seed).random(shape)


def random_counts(seed, n_areas, n_groups=3, n_units=1):
    """Make a town of groups from tiny to large, their sum, and a part of it that is a column of its own."""
    random = np.random.default_rng(seed)
    levels = random.choice([0.0015, 0.004, 0.02, 0.06], n_groups)
    people = random.integers(400, 3000, n_areas)
    groups = random.poisson(people[:, None] * levels * random.uniform(0.4, 2, (n_areas, n_groups)))
    whole = groups.sum(axis=1)
    some = random.binomial(whole, 0.6)
    units = tuple(tuple(range(k, n_areas, n_units)) for k in range(n_units))
    x = np.column_stack([groups, whole, some]).astype(float)
    return Counts(x, units, ((n_groups, tuple(range(n_groups))),), ((n_groups + 1, n_groups),))
