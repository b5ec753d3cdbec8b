"""How far can a reader narrow an unknown count down? Least and greatest whole numbers under all equations at once."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from scipy.sparse import csc_array, csr_array

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

UNKNOWN = 1e7  # the upper bound of what has none: infinity makes linear programmes ill-scaled
SLACK = 1e-6  # whole numbers come out of a linear programme up to this
ROUNDS = 50  # of passing bounds on along the rows; they stay true bounds where that is not enough
NODES = 100_000  # of a whole-number programme; a limit in seconds would differ from machine to machine


class ContradictionError(Exception):
    """No whole numbers fit all rows; ``rows`` are some that cannot hold together."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__(f"rows {rows}")
        self.rows = rows


@dataclass(frozen=True, eq=False)
class System:
    """What a reader knows of unknown whole numbers ``y``: ``matrix @ y`` is (or is at most) ``right``, and bounds.

    Parameters
    ----------
    matrix : csr_array, shape (n_rows, n_cells)
        Coefficients.
    right : ndarray, shape (n_rows,)
        Right sides.
    equal : ndarray of bool, shape (n_rows,)
        Equations; the other rows are "at most".
    lower, upper : ndarray, shape (n_cells,)
        Bounds known beforehand, finite.
    """

    matrix: csr_array
    right: Floats
    equal: Bools
    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class Intervals:
    """Between which whole numbers each target lies, and the rows that say so.

    Parameters
    ----------
    low, high : ndarray, shape (n_targets,)
        Least and greatest value; where less was asked for (``enough``), a part of the interval that is wide enough.
    rows : mapping of int to tuple of int
        Target (its cell) -> the rows that bound it.
    programmes : tuple of int
        How many linear and whole-number programmes were solved.
    points : tuple of (ndarray of int, ndarray)
        Whole points that were found: cells and their values, all others as in ``start``.
    """

    low: Floats
    high: Floats
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    programmes: tuple[int, int] = (0, 0)
    points: tuple[tuple[Ints, Floats], ...] = ()


def intervals(
    system: System,
    targets: Ints | None = None,
    enough: Floats | None = None,
    start: Floats | None = None,
    *,
    all_targets: bool = True,
) -> Intervals:
    """Return the least and the greatest whole value of each target under all rows.

    Parameters
    ----------
    system : System
        Rows and bounds.
    targets : ndarray of int, optional
        Cells asked for; all, if not given.
    enough : ndarray, shape (n_targets,), optional
        Widths at which the search may stop: what is returned is then a part of the interval. Exact if not given.
    start : ndarray, shape (n_cells,), optional
        Whole numbers that fit all rows, where some are known.
    all_targets : bool, default True
        False: the search ends at the first target that is narrower than enough; those not looked at have no width.

    Raises
    ------
    ContradictionError
        No whole numbers fit.

    Notes
    -----
    Bounds are passed on along the rows first. Where rows and cells form no circle, that is exact, as coefficients are
    1 and -1. Elsewhere a linear programme gives the end of the interval [1]_; its vertex proves it if it is whole, and
    is a witness for every other cell of the component. A fractional vertex proves nothing: then a whole-number
    programme decides.

    References
    ----------
    .. [1] Fischetti, M. & Salazar-González, J. J. (2001). Solving the cell suppression problem on tabular data with
           linear constraints. Management Science 47(7), 1008-1027.
    """
    n = len(system.lower)
    asked = np.arange(n) if targets is None else np.asarray(targets, dtype=np.intp)
    width = np.full(len(asked), np.inf) if enough is None else np.asarray(enough, dtype=float)
    empty = np.diff(system.matrix.indptr) == 0
    impossible = empty & ((system.right < -SLACK) | (system.equal & (system.right > SLACK)))
    if impossible.any():
        raise ContradictionError([int(row) for row in np.flatnonzero(impossible)])
    bounds = passed_on(system)
    low, high = bounds.lower[asked].copy(), bounds.upper[asked].copy()
    rows = {
        int(cell): tuple(sorted({int(r) for r in (bounds.lower_row[cell], bounds.upper_row[cell]) if r >= 0}))
        for cell in asked
    }
    solved, points = np.zeros(2, dtype=int), list[tuple["Ints", "Floats"]]()
    is_open = all_targets or not (high - low < width).any()
    for part in _circular_parts(system, bounds, asked) if is_open else ():
        search = _Search(system, bounds, part, start)
        for place in part.places:
            least, greatest, why = search.ends(int(asked[place]), float(width[place]))
            low[place], high[place] = least, greatest
            rows[int(asked[place])] = why or rows[int(asked[place])]
            if not all_targets and greatest - least < width[place]:
                return Intervals(low, high, rows, points=tuple(points + search.points))
        solved += search.solved
        points += search.points
    return Intervals(low, high, rows, (int(solved[0]), int(solved[1])), tuple(points))


@dataclass(frozen=True, eq=False)
class PassedOn:
    """Bounds that follow from single rows, which row gave each of them last, and whether nothing more follows."""

    lower: Floats
    upper: Floats
    lower_row: Ints
    upper_row: Ints
    is_settled: bool


def passed_on(system: System) -> PassedOn:
    """Tighten bounds row by row until nothing more follows: what is left for a cell when the others take their ends."""
    entries = system.matrix.tocoo()
    r, c, a = entries.row, entries.col, entries.data
    lower, upper = np.ceil(system.lower - SLACK), np.floor(system.upper + SLACK)
    lower_row, upper_row = np.full(len(lower), -1), np.full(len(lower), -1)
    n_rows, up = len(system.right), a > 0
    equal = system.equal[r]
    for _ in range(ROUNDS):
        least = np.where(up, a * lower[c], a * upper[c])
        most = np.where(up, a * upper[c], a * lower[c])
        room = (system.right - np.bincount(r, least, n_rows))[r] + least  # the most that a * y can be
        need = np.where(equal, (system.right - np.bincount(r, most, n_rows))[r] + most, -np.inf)
        greatest = np.floor(np.where(up, room / a, need / a) + SLACK)
        smallest = np.ceil(np.where(up, need / a, room / a) - SLACK)
        new_upper, new_lower = upper.copy(), lower.copy()
        np.minimum.at(new_upper, c, greatest)
        np.maximum.at(new_lower, c, smallest)
        better = greatest < upper[c]
        upper_row[c[better & (greatest == new_upper[c])]] = r[better & (greatest == new_upper[c])]
        better = smallest > lower[c]
        lower_row[c[better & (smallest == new_lower[c])]] = r[better & (smallest == new_lower[c])]
        if (new_lower > new_upper).any():
            cell = int(np.flatnonzero(new_lower > new_upper)[0])
            raise ContradictionError(sorted({int(row) for row in (lower_row[cell], upper_row[cell]) if row >= 0}))
        if (new_lower == lower).all() and (new_upper == upper).all():
            return PassedOn(lower, upper, lower_row, upper_row, is_settled=True)
        lower, upper = new_lower, new_upper
    return PassedOn(lower, upper, lower_row, upper_row, is_settled=False)


@dataclass(frozen=True, eq=False)
class _Part:
    """A connected part of the system: its cells, its rows, and the places of the targets in it."""

    cells: Ints
    rows: Ints
    places: Ints


def _circular_parts(system: System, bounds: PassedOn, asked: Ints) -> Iterator[_Part]:
    """Yield the connected parts with targets for which passing bounds on is not exact: those with a circle."""
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    free = np.flatnonzero(bounds.lower < bounds.upper)
    matrix = system.matrix[:, free]
    rows = np.flatnonzero((np.diff(matrix.indptr) > 0) & ~_always_hold(system, bounds))
    if not len(free) or not len(rows):
        return
    matrix = matrix[rows]
    graph = block_array([[None, matrix], [matrix.T, None]], format="csr")
    _, label = connected_components(graph, directed=False)
    of_row, of_cell = label[: len(rows)], label[len(rows) :]
    n_labels = int(label.max()) + 1
    size = np.bincount(label, minlength=n_labels)
    edges = np.bincount(np.repeat(of_row, np.diff(matrix.indptr)), minlength=n_labels)
    circular = edges >= size if bounds.is_settled else edges > 0
    plain = np.abs(matrix.data) == 1
    if not plain.all():  # with other coefficients values may have gaps
        odd = np.repeat(of_row, np.diff(matrix.indptr))[~plain]
        circular[odd] = True
    component = np.full(len(bounds.lower), -1)
    component[free] = of_cell
    of_target = component[asked]
    for number in np.unique(of_target[of_target >= 0]):
        if circular[number]:
            yield _Part(free[of_cell == number], rows[of_row == number], np.flatnonzero(of_target == number))


def _always_hold(system: System, bounds: PassedOn) -> Bools:
    """Return the rows that say nothing any more: whatever the cells are between their bounds, they hold."""
    most = system.matrix.maximum(0) @ bounds.upper + system.matrix.minimum(0) @ bounds.lower
    holds: Bools = ~system.equal & (most <= system.right + SLACK)
    return holds


class _Search:
    """The ends of intervals in one connected part; every whole point found serves all of its cells."""

    def __init__(self, system: System, bounds: PassedOn, part: _Part, start: Floats | None) -> None:
        self.cells, self.rows = part.cells, part.rows
        whole = system.matrix[part.rows].tocsc()
        fixed = np.ones(len(bounds.lower), dtype=bool)
        fixed[part.cells] = False
        known = whole[:, np.flatnonzero(fixed)] @ bounds.lower[fixed]
        self.matrix: csc_array = whole[:, part.cells]
        self.right = system.right[part.rows] - known
        self.equal = system.equal[part.rows]
        self.lower, self.upper = bounds.lower[part.cells], bounds.upper[part.cells]
        self.place = {int(cell): i for i, cell in enumerate(part.cells)}
        self.least, self.most = np.full(len(part.cells), np.inf), np.full(len(part.cells), -np.inf)
        self.solved, self.points = np.zeros(2, dtype=int), list[tuple["Ints", "Floats"]]()
        if start is not None:
            self._witness(start[part.cells])
            self.points.clear()
        self._split()

    def _split(self) -> None:
        rows = self.matrix.tocsr()
        self.arguments = {
            "A_eq": rows[self.equal] if self.equal.any() else None,
            "b_eq": self.right[self.equal] if self.equal.any() else None,
            "A_ub": rows[~self.equal] if not self.equal.all() else None,
            "b_ub": self.right[~self.equal] if not self.equal.all() else None,
            "bounds": np.column_stack([self.lower, self.upper]),
        }

    def _witness(self, point: Floats) -> None:
        self.points.append((self.cells, point))
        np.minimum(self.least, point, out=self.least)
        np.maximum(self.most, point, out=self.most)

    def ends(self, cell: int, width: float) -> tuple[float, float, tuple[int, ...]]:
        """Return the least and the greatest value of a cell, and the rows that hold it there."""
        i, why = self.place[cell], set[int]()
        found = {}
        for sign, reached, outer in ((-1, self.most, self.upper), (1, self.least, self.lower)):
            if self.most[i] - self.least[i] >= width:
                return float(self.least[i]), float(self.most[i]), ()
            found[sign] = outer[i]
            if reached[i] != outer[i]:
                found[sign], rows = self._end(i, sign)
                why |= rows
        return float(found[1]), float(found[-1]), tuple(sorted(why))

    def _end(self, i: int, sign: int) -> tuple[float, set[int]]:
        """Return the least (sign 1) or the greatest (sign -1) value of a cell, proved by a whole point."""
        from scipy.optimize import linprog

        goal = np.zeros(len(self.cells))
        goal[i] = sign
        result = linprog(goal, method="highs", **self.arguments)
        self.solved[0] += 1
        if result.x is None:
            raise ContradictionError([int(row) for row in self.rows])
        why = self._tight_rows(result)
        point = np.rint(result.x)
        if np.abs(result.x - point).max() <= SLACK and self._fits(point):
            self._witness(point)
            return float(point[i]), why
        reached = self.least[i] if sign == 1 else self.most[i]
        end = float(np.ceil(result.fun - SLACK)) * sign
        return (end, why) if reached == end else (self._whole_end(i, sign, end), why)

    def _fits(self, point: Floats) -> bool:
        sides = self.matrix @ point - self.right
        fits = np.where(self.equal, np.abs(sides) <= SLACK, sides <= SLACK).all()
        return bool(fits and (point >= self.lower).all() and (point <= self.upper).all())

    def _tight_rows(self, result: object) -> set[int]:
        """Return the rows with a price: without them the end would lie elsewhere."""
        found: set[int] = set()
        for name, rows in (("eqlin", self.rows[self.equal]), ("ineqlin", self.rows[~self.equal])):
            prices = np.asarray(getattr(result, name).marginals)
            if prices.size:
                found |= {int(row) for row in rows[np.abs(prices) > SLACK]}
        return found

    def _whole_end(self, i: int, sign: int, relaxed: float) -> float:
        """Return the end by a whole-number programme: the linear one only said that it lies no further out."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        goal = np.zeros(len(self.cells))
        goal[i] = sign
        rows = LinearConstraint(self.matrix, np.where(self.equal, self.right, -np.inf), self.right)
        with quiet_descriptor():
            result = milp(
                goal,
                constraints=rows,
                bounds=Bounds(self.lower, self.upper),
                integrality=np.ones(len(goal)),
                options={"node_limit": NODES},
            )
        self.solved[1] += 1
        if result.x is None:
            if result.status == 2:  # noqa: PLR2004 - scipy's code of an infeasible programme
                raise ContradictionError([int(row) for row in self.rows])
            inner = self.least[i] if sign == 1 else self.most[i]
            return float(inner) if np.isfinite(inner) else relaxed
        point = np.rint(result.x)
        self._witness(point)
        return float(point[i])


@contextmanager
def quiet_descriptor() -> Iterator[None]:
    """Keep what the solver prints past Python out of the terminal: some releases of HiGHS leave a line there."""
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)
