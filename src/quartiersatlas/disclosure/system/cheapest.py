"""The cheapest cells that protect all others, where a part of the table is small enough to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.system.feasibility import quiet_descriptor
from quartiersatlas.disclosure.system.partners import AREA_COST, mended, rows_between, widths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from quartiersatlas.disclosure.system.partners import Task

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

MOST_CELLS, MOST_TARGETS = 700, 40  # the largest parts that were tried
NODES = 50  # then the last round counts: a limit in seconds would differ from machine to machine
MOST_FLOWS, MANY_FLOWS = 1200, 600  # variables of flows in one programme, and where more than a few targets have some
ROUNDS = 10  # of adding flows for targets that were left too narrow
MOST_NEW = 3  # targets that get their flows in a round: what carries one often carries others


def cheapest(task: Task, withheld: Bools, need: Floats) -> Bools:
    """Return a pattern that costs at most as much as the given one, and the least in each part that is small enough.

    Parameters
    ----------
    task : Task
        What has to be protected.
    withheld : ndarray of bool
        A pattern that protects it.
    need : ndarray
        The widths asked for.

    Notes
    -----
    ``min sum w_j h_j + sum W_a z_a`` with ``h_j <= z_a`` for the cells of an index; a target ``k`` gets two flows
    ``u, d`` with ``M u = M d = 0``, ``-(x - l) h <= u, d <= (u - x) h`` and ``u_k - d_k >= need_k`` [1]_. Only the
    targets that would be too narrow without them get their flows, round by round; all others go as far as the withheld
    cells of each of their rows alone can make good. Where that takes too many flows, the last pattern is mended as a
    fast one is, and kept if it costs less.

    References
    ----------
    .. [1] Fischetti, M. & Salazar-González, J. J. (2001). Solving the cell suppression problem on tabular data with
           linear constraints. Management Science 47(7), 1008-1027.
    """
    for part in _small_parts(task, withheld, need):
        found = _Programme(task, withheld, need, part).solve()
        if found is not None:
            withheld = found
    return withheld


def _small_parts(task: Task, withheld: Bools, need: Floats) -> Iterator[Ints]:
    """Yield the cells of each part with partners: tied by equations, or by an index that both belong to."""
    labels = task.table.equations.components.copy()
    for group in task.groups:
        tied = np.unique(labels[group.ravel()])
        if len(tied):
            labels[np.isin(labels, tied)] = tied[0]
    usable = (withheld | (task.may_hide & (task.table.x > 0))).ravel()
    partners = (withheld & ~task.withheld).ravel()
    for label in np.unique(labels[partners]):
        cells = np.flatnonzero((labels == label) & usable)
        if len(cells) <= MOST_CELLS and int((need.ravel()[cells] > 0).sum()) <= MOST_TARGETS:
            yield cells


class _Programme:
    """One part as a mixed-integer programme: which cells are withheld, which areas lose a class, how persons flow."""

    def __init__(self, task: Task, withheld: Bools, need: Floats, cells: Ints) -> None:
        self.task, self.given, self.need, self.cells = task, withheld, need, cells
        table = task.table
        self.x = np.nan_to_num(table.x).ravel()
        zeros = withheld & ~task.withheld & (table.x == 0)
        self.base = task.withheld | zeros
        self.fixed = self.base.ravel()[cells]
        lower, upper = table.bounds(self.base)
        self.down, self.up = self.x[cells] - lower.ravel()[cells], upper.ravel()[cells] - self.x[cells]
        self.matrix, self.room, self.equal = rows_between(table, cells, self.x)
        self.by_cell = self.matrix.tocsc()
        self.targets = [i for i, cell in enumerate(cells) if need.ravel()[cell] > 0 and self.fixed[i]]
        self._areas()

    def _areas(self) -> None:
        """Find the areas that could lose a class, index by index."""
        n_columns = self.task.table.shape[1]
        self.losses: list[Ints] = []
        for group in self.task.groups:
            lost = (self.base & group).any(axis=1)
            inside = group.ravel()[self.cells] & ~self.fixed
            areas = self.cells // n_columns
            for area in np.unique(areas[inside & ~lost[areas]]):
                self.losses.append(np.flatnonzero(inside & (areas == area)))

    def solve(self) -> Bools | None:
        """Return a cheaper pattern than the one that was given; None where none is found."""
        blocks: list[int] = []
        pattern = None
        for _ in range(ROUNDS):
            chosen = self._choose(blocks)
            if chosen is None:
                break
            pattern = self.given.copy()
            pattern.ravel()[self.cells] = chosen
            failing = self._failing(pattern)
            if not failing:
                return self._if_cheaper(pattern)
            new = [i for i in failing if i not in blocks]
            blocks += new[:MOST_NEW]
            flows = 2 * len(self.cells) * len(blocks)
            if not new or flows > (MOST_FLOWS if len(blocks) <= MOST_NEW else MANY_FLOWS):
                break
        return None if pattern is None else self._if_cheaper(self._mended(pattern))

    def _if_cheaper(self, pattern: Bools) -> Bools | None:
        cost, given = (self._cost(one.ravel()[self.cells]) for one in (pattern, self.given))
        return pattern if cost < given - 1e-9 and not self._failing(pattern) else None

    def _failing(self, pattern: Bools) -> list[int]:
        """Return the targets that are too narrow, by what they lack."""
        targets = self.cells[self.targets]
        lacks = self.need.ravel()[targets] - widths(self.task.table, pattern, targets, self.need.ravel()[targets])
        order = np.lexsort((self.task.cost.ravel()[targets], -lacks))  # not by place: areas may come in any order
        return [self.targets[i] for i in order.tolist() if lacks[i] > 0]

    def _mended(self, pattern: Bools) -> Bools:
        """Return a pattern that leaves some targets too narrow with the cells that they need, and no others."""
        inside = np.zeros(pattern.size, dtype=bool)
        inside[self.cells] = True
        outside = self.given & ~inside.reshape(pattern.shape)
        task = self.task.with_withheld(self.task.withheld | outside)
        asked = np.where(inside.reshape(pattern.shape), self.need, 0.0)
        return mended(task, pattern, asked)

    def _cost(self, chosen: Bools) -> float:
        cost = self.task.cost.ravel()[self.cells]
        return float(
            cost[chosen & ~self.fixed].sum() + AREA_COST * sum(chosen[members].any() for members in self.losses)
        )

    def _choose(self, blocks: list[int]) -> Bools | None:
        """Return which cells the programme withholds."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        n, m = len(self.cells), len(self.losses)
        first = n + m + 2 * len(self.targets)
        rows = _Rows(first + 2 * n * len(blocks))
        self._bridges(rows)
        for number, members in enumerate(self.losses):
            for member in members:
                rows.at_most([member, n + number], [1.0, -1.0], 0.0)
        lower, upper = np.zeros(rows.width), np.ones(rows.width)
        lower[:n] = self.fixed
        for number, target in enumerate(self.targets):
            self._neighbours(rows, upper, n + m + 2 * number, target)
        for number, target in enumerate(blocks):
            self._flows(rows, lower, upper, first + 2 * n * number, target)
        cost = np.zeros(rows.width)
        cost[:n], cost[n : n + m] = np.where(self.fixed, 0.0, self.task.cost.ravel()[self.cells]), AREA_COST
        limit = self._cost(self.given.ravel()[self.cells])
        rows.at_most(np.flatnonzero(cost), cost[cost != 0], limit + 1e-6)
        kind = np.zeros(rows.width)
        kind[: n + m] = 1
        matrix, least, most = rows.built()
        with quiet_descriptor():
            result = milp(
                cost,
                constraints=LinearConstraint(matrix, least, most),
                bounds=Bounds(lower, upper),
                integrality=kind,
                options={"node_limit": NODES, "mip_rel_gap": 0.0},
            )
        if result.x is None or result.status != 0:
            return None
        chosen: Bools = result.x[:n] > 0.5  # noqa: PLR2004 - zero or one
        return chosen

    def _bridges(self, rows: _Rows) -> None:
        """In every equation a withheld cell needs company."""
        for row in np.flatnonzero(self.equal):
            members = self.matrix.indices[self.matrix.indptr[row] : self.matrix.indptr[row + 1]]
            fixed = members[self.fixed[members]]
            free = members[~self.fixed[members]]
            if len(fixed) > 1:
                continue
            if len(fixed) == 1:
                needs = self.need.ravel()[self.cells[fixed[0]]] > 0
                if needs and len(free):
                    rows.at_most(free, -np.ones(len(free)), -1.0)
                continue
            for one in free.tolist():
                others = free[free != one].tolist()
                rows.at_most([one, *others], [1.0, *[-1.0] * len(others)], 0.0)

    def _neighbours(self, rows: _Rows, upper: Floats, place: int, target: int) -> None:
        """Let a target go up and down no further than the withheld cells of each of its rows can make good."""
        need = float(self.need.ravel()[self.cells[target]])
        upper[place : place + 2] = np.minimum([self.up[target], self.down[target]], need)
        rows.at_most([place, place + 1], [-1.0, -1.0], -need)
        for row in self.by_cell[:, [target]].indices.tolist():
            start, end = self.matrix.indptr[row : row + 2]
            members, signs = self.matrix.indices[start:end], self.matrix.data[start:end]
            sign = signs[members == target][0]
            others = members != target
            members, same = members[others], signs[others] == sign
            for side in (0, 1):
                if not self.equal[row] and (sign > 0) != (side == 0):
                    continue
                goes_up = same if side == 1 else ~same
                room = np.minimum(np.where(goes_up, self.up[members], self.down[members]), need)
                limit = 0.0 if self.equal[row] else float(self.room[row])
                if limit >= need:
                    continue
                rows.at_most([place + side, *members], [1.0, *-room], limit)

    def _flows(self, rows: _Rows, lower: Floats, upper: Floats, place: int, target: int) -> None:
        """Let a target go up and down by as much as it needs, along withheld cells."""
        n, need = len(self.cells), float(self.need.ravel()[self.cells[target]])
        up, down = np.minimum(self.up, need), np.minimum(self.down, need)
        for first in (place, place + n):
            lower[first : first + n], upper[first : first + n] = -down, up
            for i in np.flatnonzero(~self.fixed).tolist():
                rows.at_most([first + i, i], [1.0, -up[i]], 0.0)
                rows.at_most([first + i, i], [-1.0, -down[i]], 0.0)
            for row in range(self.matrix.shape[0]):
                start, end = self.matrix.indptr[row : row + 2]
                members, signs = self.matrix.indices[start:end], self.matrix.data[start:end]
                if self.equal[row]:
                    rows.exactly(first + members, signs, 0.0)
                else:
                    rows.at_most(first + members, signs, float(self.room[row]))
        rows.at_most([place + target, place + n + target], [-1.0, 1.0], -need)


class _Rows:
    """Rows of a programme on their way to a matrix."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._columns: list[Ints] = []
        self._values: list[Floats] = []
        self._least: list[float] = []
        self._most: list[float] = []

    def at_most(self, columns: Ints | list[int], values: Floats | list[float], most: float) -> None:
        """Add a row that is at most something."""
        self._add(columns, values, -np.inf, most)

    def exactly(self, columns: Ints | list[int], values: Floats | list[float], right: float) -> None:
        """Add an equation."""
        self._add(columns, values, right, right)

    def _add(self, columns: Ints | list[int], values: Floats | list[float], least: float, most: float) -> None:
        self._columns.append(np.asarray(columns, dtype=np.intp))
        self._values.append(np.asarray(values, dtype=float))
        self._least.append(least)
        self._most.append(most)

    def built(self) -> tuple[csr_array, Floats, Floats]:
        """Return matrix, least and most."""
        from scipy.sparse import csr_array

        places = np.cumsum([0, *map(len, self._columns)])
        matrix = csr_array(
            (np.concatenate(self._values), np.concatenate(self._columns), places), shape=(len(self._least), self.width)
        )
        return matrix, np.array(self._least), np.array(self._most)
