"""The least and the most that each unknown can be, over whole numbers: bounds first, then LP, then whole numbers.

A system is a box of whole numbers and rows ``least <= A x <= most``. It knows nothing of tables; what a reader knows is
put into rows elsewhere. Every interval is exact: the bounds of rows that form no circle are (rows of ones), an end of
a linear programme whose point is whole is, and what is left goes through a programme over whole numbers.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import bmat, csr_array
from scipy.sparse.csgraph import connected_components

NEARLY = 1e-6  # solvers return 2.9999999 for 3
ROUNDS = 500  # of tightening; a circle of rows may creep towards its limit by one person a round


class NoSolutionError(ValueError):
    """What is known contradicts itself."""


class System:
    """Whole numbers ``low <= x <= high`` with ``least <= A x <= most``.

    Parameters
    ----------
    low, high : array of int
        Finite bounds of each unknown.
    rows : list of dict
        Coefficients of each row: unknown -> whole number.
    least, most : list of float
        What each row comes to; infinite where nothing is known.
    """

    def __init__(self, low, high, rows, least, most):
        entries = [(i, j, a) for i, row in enumerate(rows) for j, a in row.items() if a]
        i, j, a = (np.array(part) for part in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
        self.matrix = csr_array((a.astype(float), (i, j)), shape=(len(rows), len(low)))
        self.least, self.most = np.asarray(least, float), np.asarray(most, float)
        self.low, self.high, self.is_settled = self._tightened(np.asarray(low, float), np.asarray(high, float))

    def _tightened(self, low, high):
        """Return the bounds after each row has had its say, until none has more to say."""
        matrix = self.matrix.tocoo()
        i, (j, a) = matrix.coords[0], (matrix.coords[1], matrix.data)
        for _ in range(ROUNDS):
            ends = np.sort(np.stack([a * low[j], a * high[j]]), axis=0)
            smallest, largest = (np.bincount(i, end, minlength=self.matrix.shape[0]) for end in ends)
            if (smallest > self.most + NEARLY).any() or (largest < self.least - NEARLY).any():
                raise NoSolutionError("no whole numbers fit: a row cannot come to what it is said to be")
            up = self.most[i] - (smallest[i] - ends[0])  # what is left for a * x at the most
            down = self.least[i] - (largest[i] - ends[1])
            ceiling, floor = np.where(a > 0, up, down) / a, np.where(a > 0, down, up) / a
            new_low, new_high = low.copy(), high.copy()
            np.maximum.at(new_low, j, np.ceil(floor - NEARLY))
            np.minimum.at(new_high, j, np.floor(ceiling + NEARLY))
            if (new_low > new_high).any():
                raise NoSolutionError("no whole numbers fit: the bounds of an unknown have crossed")
            if (new_low == low).all() and (new_high == high).all():
                return low, high, True
            low, high = new_low, new_high
        return low, high, False

    @cached_property
    def parts(self):
        """Unknown -> the part of the system it hangs together with; None where its bounds say all."""
        free = np.flatnonzero(self.low < self.high)
        matrix = self.matrix[:, free]
        used = np.flatnonzero(np.diff(matrix.indptr) > 0)
        matrix = matrix[used]
        fixed = self.matrix @ np.where(self.low < self.high, 0, self.low)
        graph = bmat([[None, matrix], [matrix.T, None]]) if len(used) else csr_array((len(free), len(free)))
        _, labels = connected_components(graph, directed=False)
        row_labels, labels = labels[: len(used)], labels[len(used) :]
        rows_of, unknowns_of = _by_label(row_labels), _by_label(labels)
        found = {}
        for label, own in unknowns_of.items():
            rows = rows_of.get(label, np.zeros(0, int))
            part = _Part(
                free[own],
                matrix[rows][:, own],
                (self.least - fixed)[used[rows]],
                (self.most - fixed)[used[rows]],
                self.low[free[own]],
                self.high[free[own]],
                is_settled=self.is_settled,
            )
            found |= dict.fromkeys(free[own].tolist(), part)
        return found

    def extent(self, target):
        """Return the least and the most that a sum of unknowns can be: ``{unknown: coefficient}``."""
        ends = np.zeros(2)
        by_part = {}
        for unknown, coefficient in target.items():
            if self.low[unknown] == self.high[unknown]:
                ends += coefficient * self.low[unknown]
            else:
                part = self.parts[unknown]
                by_part.setdefault(id(part), (part, {}))[1][part.place[unknown]] = coefficient
        for part, own in by_part.values():
            ends += part.extent(own)
        return int(ends[0]), int(ends[1])

    def points(self, unknowns, limit=2000):
        """Return all that the unknowns can be together, one row each; None where that is more than the limit."""
        unknowns = list(unknowns)
        found = set()
        try:
            self._search(unknowns, self.low, self.high, found, limit)
        except OverflowError:
            return None
        return np.array(sorted(found)).reshape(-1, len(unknowns))

    def _search(self, unknowns, low, high, found, limit):
        try:
            low, high, _ = self._tightened(low, high)
        except NoSolutionError:
            return
        named = [unknown for unknown in unknowns if low[unknown] < high[unknown]]
        if not named:
            point = tuple(low[unknowns].astype(int).tolist())
            if point not in found and self._has_point(low, high):
                found.add(point)
                if len(found) > limit:
                    raise OverflowError
            return
        unknown = min(named, key=lambda u: high[u] - low[u])
        for value in np.arange(low[unknown], high[unknown] + 1):
            inner_low, inner_high = low.copy(), high.copy()
            inner_low[unknown] = inner_high[unknown] = value
            self._search(unknowns, inner_low, inner_high, found, limit)

    def _has_point(self, low, high):
        if (low == high).all():
            return True
        answer = milp(
            np.zeros(len(low)),
            constraints=LinearConstraint(self.matrix, self.least, self.most) if self.matrix.shape[0] else (),
            integrality=np.ones(len(low)),
            bounds=Bounds(low, high),
        )
        return answer.x is not None


class _Part:
    """Unknowns that hang together by rows."""

    def __init__(self, unknowns, matrix, least, most, low, high, *, is_settled):
        self.place = {unknown: place for place, unknown in enumerate(unknowns.tolist())}
        self.matrix, self.least, self.most, self.low, self.high = csr_array(matrix), least, most, low, high
        is_tree = self.matrix.nnz == sum(self.matrix.shape) - 1
        self.bounds_are_exact = is_settled and is_tree and bool((np.abs(self.matrix.data) == 1).all())
        self.smallest, self.largest = np.full(len(low), np.inf), np.full(len(low), -np.inf)  # of the points met so far

    def extent(self, target):
        low = sum(c * (self.low if c > 0 else self.high)[place] for place, c in target.items())
        high = sum(c * (self.high if c > 0 else self.low)[place] for place, c in target.items())
        if not self.matrix.shape[0] or (self.bounds_are_exact and len(target) == 1):
            return np.array([low, high])
        goal = np.zeros(len(self.low))
        goal[list(target)] = list(target.values())
        if len(target) == 1:  # points met on the way to other ends may have reached this one
            ((place, coefficient),) = target.items()
            met = coefficient * np.array([self.smallest[place], self.largest[place]])[:: int(np.sign(coefficient))]
        else:
            met = np.array([np.inf, -np.inf])
        return np.array(
            [
                low if met[0] <= low else self._least(goal, met[0]),
                high if met[1] >= high else -self._least(-goal, -met[1]),
            ]
        )

    @cached_property
    def programme(self):
        """The rows as linprog wants them."""
        equal = self.least == self.most
        upper, lower = ~equal & np.isfinite(self.most), ~equal & np.isfinite(self.least)
        parts = [part for part in (self.matrix[upper], -self.matrix[lower]) if part.shape[0]]
        return {
            "A_eq": self.matrix[equal] if equal.any() else None,
            "b_eq": self.most[equal] if equal.any() else None,
            "A_ub": bmat([[part] for part in parts]).tocsr() if parts else None,
            "b_ub": np.concatenate([self.most[upper], -self.least[lower]]) if parts else None,
            "bounds": np.column_stack([self.low, self.high]),
        }

    def _least(self, goal, met):
        answer = linprog(goal, method="highs", **self.programme)
        if answer.status == 2:  # infeasible
            raise NoSolutionError("no numbers fit what is known")
        bound = np.ceil(answer.fun - NEARLY)
        point = np.round(answer.x)
        if np.abs(answer.x - point).max() < NEARLY:
            self._meet(point)
            return bound
        if bound >= met:  # another point has come this far
            return bound
        answer = milp(
            goal,
            constraints=LinearConstraint(self.matrix, self.least, self.most),
            integrality=np.ones(len(goal)),
            bounds=Bounds(self.low, self.high),
            options={"mip_rel_gap": 0},
        )
        if answer.x is None:
            raise NoSolutionError("no whole numbers fit what is known")
        self._meet(np.round(answer.x))
        return np.round(answer.fun)

    def _meet(self, point):
        self.smallest, self.largest = np.minimum(self.smallest, point), np.maximum(self.largest, point)


def _by_label(labels):
    """Return label -> the places that bear it."""
    if not len(labels):
        return {}
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
