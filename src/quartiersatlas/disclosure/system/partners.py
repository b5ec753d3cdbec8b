"""Which further cells are withheld so that none of the protected ones follows from what is shown?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.system.feasibility import System, intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from quartiersatlas.disclosure.system.equations import CountTable

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

AREA_COST = 1000.0  # of an area that loses its class or its outcome: it weighs more than any number of cells
ROUNDS = 12  # of looking for partners and checking; more has not been seen
NEAR = 60  # areas that are looked at first, where a component has more
FLOW = 1e-6  # below it a linear programme means zero


@dataclass(frozen=True, eq=False)
class Task:
    """What has to be protected, and what may be withheld for it.

    Parameters
    ----------
    table : CountTable
        The cells and their equations.
    withheld : ndarray of bool, shape (n_areas, n_columns)
        Cells that are not shown in any case.
    need : ndarray, shape (n_areas, n_columns)
        Width that the interval of a cell must have; 0 where it needs none.
    may_hide : ndarray of bool, shape (n_areas, n_columns)
        Cells that could be withheld as partners.
    cost : ndarray, shape (n_areas, n_columns)
        What it costs to withhold a cell.
    groups : tuple of ndarray of bool, shape (n_areas, n_columns)
        For each index or rule its cells: an area that withholds one of them loses its class or outcome.
    zeros : bool
        Whether zeros may be withheld where nothing else helps.
    """

    table: CountTable
    withheld: Bools
    need: Floats
    may_hide: Bools
    cost: Floats
    groups: tuple[Bools, ...] = ()
    zeros: bool = True

    def with_withheld(self, withheld: Bools) -> Task:
        """Return the task with other cells withheld."""
        return replace(self, withheld=withheld)

    def prices(self, withheld: Bools) -> Floats:
        """Return what each cell costs now: with the area's class, where it is the first one of its area."""
        price = self.cost.copy()
        for group in self.groups:
            lost: Bools = np.asarray((withheld & group).any(axis=1))
            price += AREA_COST * (group & ~lost[:, None])
        return np.where(withheld, 0.0, price)


def fast_pattern(task: Task) -> tuple[Bools, Floats]:
    """Find partners row by row, then along flows for what is still narrow; then open what turned out to be needless."""
    need = task.need.copy()
    return mended(task, _row_by_row(task), need), need


def mended(task: Task, withheld: Bools, need: Floats) -> Bools:
    """Return a pattern with the partners that it lacks, and without those that are needless.

    ``need`` is lowered in place where even withholding everything gives less.
    """
    given_up = np.zeros_like(withheld)
    for _ in range(ROUNDS):
        failing = narrow_cells(task, withheld, need, need)
        failing = failing[~given_up.ravel()[failing]]
        if not len(failing):
            break
        for cell in failing:
            withheld = _protect(task, withheld, need, int(cell), given_up)
    fewer = cleaned(task, withheld, need)
    return withheld if len(narrow_cells(task, fewer, need, need)) else fewer


def narrow_cells(task: Task, withheld: Bools, need: Floats, asked: Floats) -> Ints:
    """Return the numbers of the cells whose interval is narrower than needed; without ``asked`` none is looked at."""
    targets = np.flatnonzero((asked.ravel() > 0) & withheld.ravel())
    width = widths(task.table, withheld, targets, need.ravel()[targets])
    return targets[width < need.ravel()[targets]]


def widths(table: CountTable, withheld: Bools, targets: Ints, enough: Floats | None) -> Floats:
    """Return the widths of intervals of known cells, or as much of them as is enough."""
    if not len(targets):
        return np.zeros(0)
    system, cells, _ = table.equations.system(withheld, *table.bounds(withheld))
    found = intervals(system, np.searchsorted(cells, targets), enough, table.x.ravel()[cells])
    return found.high - found.low


def _row_by_row(task: Task) -> Bools:
    """Withhold the cheapest partners until the total of each unit alone gives nothing away."""
    withheld, table = task.withheld.copy(), task.table
    lower, upper = _outer_bounds(task)
    for unit in table.units:
        for column in np.flatnonzero((task.need[unit.members] > 0).any(axis=0)):
            cells = unit.members
            row = _Row(
                table.x[cells, column],
                lower[cells, column],
                upper[cells, column],
                task.need[cells, column],
                withheld[cells, column],
                task.may_hide[cells, column] & (table.x[cells, column] > 0),
                task.prices(withheld)[cells, column] if task.groups else task.cost[cells, column],
            )
            withheld[cells, column] = row.partners()
    return withheld


def _outer_bounds(task: Task) -> tuple[Floats, Floats]:
    """Return what each count can be at least and at most if it is the only one withheld beside its partners."""
    table = task.table
    lower, upper = table.bounds(task.withheld)
    for part, whole in ((parts[0], whole) for parts, whole in table.relations.known_parts if len(parts) == 1):
        limit = np.where(task.withheld[:, whole] | ~(table.x[:, part] <= table.x[:, whole]), np.inf, table.x[:, whole])
        upper[:, part] = np.fmin(upper[:, part], limit)
        least = np.where(task.withheld[:, part] | ~(table.x[:, part] <= table.x[:, whole]), 0.0, table.x[:, part])
        lower[:, whole] = np.fmax(lower[:, whole], least)
    return lower, upper


@dataclass(eq=False)
class _Row:
    """One column of one unit: an equation of its own."""

    x: Floats
    lower: Floats
    upper: Floats
    need: Floats
    withheld: Bools
    may_hide: Bools
    price: Floats

    def __post_init__(self) -> None:
        """Ask for no more than withholding everything would give."""
        self.need = np.minimum(self.need, self.widths(self.withheld | self.may_hide))

    def widths(self, withheld: Bools) -> Floats:
        """Return how wide each interval is: up and down by what the cell and the others can give and take."""
        give = np.where(withheld, np.nan_to_num(self.x) - self.lower, 0.0)
        take = np.where(withheld, self.upper - np.nan_to_num(self.x), 0.0)
        widths: Floats = np.minimum(take, give.sum() - give) + np.minimum(give, take.sum() - take)
        return widths

    def is_safe(self, withheld: Bools) -> bool:
        """Return True if every target keeps its width."""
        asked = (self.need > 0) & withheld
        return bool((self.widths(withheld)[asked] >= self.need[asked]).all())

    def partners(self) -> Bools:
        """Return the withheld cells with the cheapest partners: one that is enough, or those that give most."""
        withheld = self.withheld
        while not self.is_safe(withheld):
            free = np.flatnonzero(self.may_hide & ~withheld)
            free = free[np.argsort(self.price[free], kind="stable")]
            alone = next((i for i in free.tolist() if self.is_safe(_with(withheld, i))), None)
            room = np.minimum(self.x - self.lower, self.need.max())[free] / self.price[free]
            withheld = _with(withheld, int(free[np.argmax(room)]) if alone is None else alone)
        return withheld


def _with(withheld: Bools, place: int) -> Bools:
    more = withheld.copy()
    more[place] = True
    return more


def _protect(task: Task, withheld: Bools, need: Floats, cell: int, given_up: Bools) -> Bools:
    """Withhold the cheapest cells along which a narrow one can go up and down; where there are none, ask for less."""
    asked = np.zeros_like(need)
    asked.flat[cell] = need.flat[cell]
    if not len(narrow_cells(task, withheld, need, asked)):
        return withheld
    for zeros in (False, True) if task.zeros else (False,):
        hopeless = set[bool]()  # a flow that carries more, scaled down, would carry less
        for more in (0, 1, 2):  # fractions of persons may flow where whole ones do not: then ask for more
            for near in (True, False):
                if near in hopeless:
                    continue
                found = _flow(task, withheld, cell, float(need.flat[cell]) + more, zeros=zeros, near=near)
                if found is None:
                    hopeless.add(near)
                elif (found & ~withheld).any():
                    return withheld | found
    possible = possible_width(task, withheld, cell)
    if possible < need.flat[cell]:
        need.flat[cell] = possible
        given_up.flat[cell] = possible <= 0
        return withheld
    return _with_neighbour(task, withheld, cell)


def _with_neighbour(task: Task, withheld: Bools, cell: int) -> Bools:
    """Withhold the cheapest cell of the component, first of the cell's own equations: whole persons need more room."""
    part = component_of(task, cell)
    open_ = part[(task.may_hide & ~withheld & ((task.table.x > 0) | task.zeros)).ravel()[part]]
    if not len(open_):
        return withheld
    equations = task.table.equations
    beside = np.isin(open_, equations.matrix[equations.columnwise[:, [cell]].indices].indices)
    price = task.prices(withheld).ravel()[open_]
    more = withheld.copy()
    more.flat[open_[np.lexsort((price, ~beside))[0]]] = True
    return more


def component_of(task: Task, cell: int) -> Ints:
    """Return the numbers of all cells, shown or not, that are tied to a cell by equations."""
    labels = task.table.equations.components
    return np.flatnonzero(labels == labels[cell])


def possible_width(task: Task, withheld: Bools, cell: int) -> float:
    """Return the width of an interval if everything in the component is withheld that may be."""
    everything = withheld.ravel().copy()
    part = component_of(task, cell)
    hideable = task.may_hide.ravel() & ((task.table.x.ravel() > 0) | task.zeros)
    everything[part] |= hideable[part]
    shaped = everything.reshape(withheld.shape)
    return float(widths(task.table, shaped, np.array([cell]), None)[0])


def _flow(task: Task, withheld: Bools, cell: int, need: float, *, zeros: bool, near: bool) -> Bools | None:
    """Return the cells of the cheapest pair of flows that carry a cell up and down by as much as it needs.

    A flow moves persons between withheld cells so that every row still holds; its price is that of the cells it makes
    withheld, in proportion to what they carry.
    """
    table = task.table
    x = np.nan_to_num(table.x).ravel()
    cells = component_of(task, cell)
    usable = withheld.ravel()[cells] | (task.may_hide.ravel()[cells] & ((x[cells] > 0) | zeros))
    cells = cells[usable & np.isfinite(table.x.ravel()[cells])]
    if near:
        smaller = _nearest(task, withheld, cells, cell)
        if len(smaller) == len(cells):
            return None
        cells = smaller
    lower, upper = table.bounds(withheld)
    as_shown = lower.ravel()[cells]
    if zeros:
        lower = table.bounds(withheld | (task.may_hide & (table.x == 0)))[0]
    down, up = x[cells] - lower.ravel()[cells], upper.ravel()[cells] - x[cells]
    price = task.prices(withheld).ravel()[cells]
    carry = np.minimum(np.maximum(down, up), need)
    flows = _cheapest_flows(
        _Network(*rows_between(table, cells, x), np.minimum(up, need), np.minimum(down, need)),
        np.where(price > 0, price / np.maximum(carry, 1), 0.0),
        int(np.flatnonzero(cells == cell)[0]),
        need,
    )
    if flows is None:
        return None
    found = np.zeros(withheld.size, dtype=bool)
    found[cells[np.abs(flows).max(axis=0) > FLOW]] = True
    if zeros:
        below = cells[(x[cells] + flows.min(axis=0) < as_shown - FLOW)]
        found[_zeros_beside(task, withheld | found.reshape(withheld.shape), below)] = True
    return found.reshape(withheld.shape)


@dataclass(frozen=True, eq=False)
class _Network:
    """Rows among some cells, how far each may still go, which are equations; how far each cell may go up and down."""

    matrix: csr_array
    room: Floats
    equal: Bools
    up: Floats
    down: Floats


def _cheapest_flows(network: _Network, price: Floats, k: int, need: float) -> Floats | None:
    """Return two flows, one that carries a cell up and one down, together as far as it needs; None where none is."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    n, equal = len(price), network.equal
    both = _block_diagonal(network.matrix)  # the flow up (plus, minus), then the flow down (plus, minus)
    asked = np.zeros(4 * n)
    asked[[k, 3 * n + k]], asked[[n + k, 2 * n + k]] = -1.0, 1.0
    caps = np.concatenate([network.up, network.down, network.up, network.down])
    result = linprog(
        np.tile(price, 4) + FLOW,
        A_eq=both[np.tile(equal, 2)] if equal.any() else None,
        b_eq=np.zeros(2 * int(equal.sum())) if equal.any() else None,
        A_ub=vstack([both[np.tile(~equal, 2)], csr_array(asked[None, :])], format="csr"),
        b_ub=np.concatenate([np.tile(network.room[~equal], 2), [-need]]),
        bounds=np.column_stack([np.zeros(4 * n), caps]),
        method="highs",
    )
    if result.x is None:
        return None
    plus, minus, other_plus, other_minus = np.asarray(result.x).reshape(4, n)
    return np.stack([plus - minus, other_plus - other_minus])


def _zeros_beside(task: Task, withheld: Bools, below: Ints) -> Ints:
    """Return zeros to be withheld, so that cells may be zero: the cheapest of a column and unit that has none yet."""
    table, n_columns = task.table, task.table.shape[1]
    price = task.prices(withheld)
    found: list[int] = []
    zero = (table.x == 0) & ~table.small_area[:, None]
    for cell in below:
        area, column = divmod(int(cell), n_columns)
        units = [codes == codes[area] for codes in table.unit_of if codes[area] >= 0] or [
            np.ones(len(zero), dtype=bool)
        ]
        there = [unit & zero[:, column] for unit in units]
        if any(
            (withheld[:, column] & choice).any()
            or any(f % n_columns == column and choice[f // n_columns] for f in found)
            for choice in there
        ):
            continue
        open_ = [np.flatnonzero(choice & task.may_hide[:, column]) for choice in there]
        choices = next((areas for areas in open_ if len(areas)), open_[0])
        if len(choices):
            found.append(int(choices[np.argmin(price[choices, column])]) * n_columns + column)
    return np.array(found, dtype=np.intp)


def _block_diagonal(matrix: csr_array) -> csr_array:
    from scipy.sparse import block_diag, hstack

    signed = hstack([matrix, -matrix], format="csr")
    return block_diag([signed, signed], format="csr")


def rows_between(table: CountTable, cells: Ints, x: Floats) -> tuple[csr_array, Floats, Bools]:
    """Return the rows among some cells, and how far each may still go: 0 for equations, the rest for parts."""
    equations = table.equations
    part = equations.columnwise[:, cells].tocsr()
    rows = np.flatnonzero(np.diff(part.indptr))
    room = np.where(equations.equal[rows], 0.0, equations.right[rows] - (equations.matrix @ x)[rows])
    return part[rows], room, equations.equal[rows]


def _nearest(task: Task, withheld: Bools, cells: Ints, cell: int) -> Ints:
    """Return the cells of the areas that withhold something already and of some that are cheap."""
    n_columns = task.table.shape[1]
    areas = cells // n_columns
    price = task.prices(withheld).ravel()[cells]
    mean = np.bincount(areas, price, minlength=task.table.shape[0])
    has = np.bincount(areas, withheld.ravel()[cells], minlength=task.table.shape[0]) > 0
    there = np.unique(areas)
    order = there[np.lexsort((mean[there], ~has[there], there != cell // n_columns))]
    return cells[np.isin(areas, order[:NEAR])]


def cleaned(task: Task, withheld: Bools, need: Floats) -> Bools:
    """Show partners again, dearest first, where every target keeps its width without them."""
    extra = np.flatnonzero((withheld & ~task.withheld).ravel())
    if not len(extra):
        return withheld
    saved = np.array([task.prices(withheld & ~_only(withheld, e)).ravel()[e] for e in extra.tolist()])
    cleaning = _Cleaning(task, withheld.copy(), need)
    for cell in extra[np.argsort(-saved, kind="stable")]:
        cleaning.try_to_show(int(cell))
    return cleaning.withheld


def _only(withheld: Bools, cell: int) -> Bools:
    one = np.zeros_like(withheld)
    one.flat[cell] = True
    return one


class _Cleaning:
    """Partners are shown again one by one; whole points that were found once serve as long as they fit."""

    def __init__(self, task: Task, withheld: Bools, need: Floats) -> None:
        self.task, self.withheld, self.need = task, withheld, need
        self.x = np.nan_to_num(task.table.x).ravel()
        self.cells = np.flatnonzero(withheld.ravel())
        self.points = np.zeros((0, len(self.cells)))
        self._known: tuple[tuple[Floats, Floats], Ints, Ints] | None = None
        targets = self.cells[need.ravel()[self.cells] > 0]
        self._ask(withheld, targets)

    def _ask(self, withheld: Bools, targets: Ints) -> bool:
        """Return True if every target is wide enough; keep the points found on the way."""
        table = self.task.table
        system, cells, _ = table.equations.system(withheld, *table.bounds(withheld))
        asked = self.need.ravel()[targets]
        found = intervals(system, np.searchsorted(cells, targets), asked, self.x[cells], all_targets=False)
        new = np.tile(self.x[self.cells], (len(found.points), 1))
        for row, (places, values) in zip(new, found.points, strict=True):
            row[np.searchsorted(self.cells, cells[places])] = values
        self.points = np.vstack([self.points, new])
        return bool((found.high - found.low >= asked).all())

    def _now(self) -> tuple[tuple[Floats, Floats], Ints, Ints]:
        """Return the bounds of all cells, the withheld ones, and to which tied part each of these belongs."""
        if self._known is None:
            now = self.task.table.bounds(self.withheld)
            system, cells, _ = self.task.table.equations.system(self.withheld, *now)
            self._known = now, cells, _tied_parts(system)
        return self._known

    def try_to_show(self, cell: int) -> None:
        """Show a partner if every target that it has to do with keeps its width."""
        table = self.task.table
        without = self.withheld.copy()
        without.flat[cell] = False
        (now, cells, labels), then = self._now(), table.bounds(without)
        # what is shown bounds its parts and wholes, and a zero that is shown tells of its whole column
        tighter = np.flatnonzero(((now[0] != then[0]) | (now[1] != then[1])).ravel()[cells])
        part = cells[np.isin(labels, labels[np.append(tighter, np.searchsorted(cells, cell))])]
        targets = part[(self.need.ravel()[part] > 0) & (part != cell)]
        inside = np.zeros(without.size, dtype=bool)
        inside[part] = True
        lower, upper = (side.ravel()[self.cells] for side in then)
        fit = (self.points[:, self.cells == cell] == self.x[cell]).ravel()
        fit &= ((self.points >= lower) & (self.points <= upper)).all(axis=1)
        if fit.any():
            width = np.ptp(np.vstack([self.points[fit], self.x[self.cells]]), axis=0)
            targets = targets[width[np.searchsorted(self.cells, targets)] < self.need.ravel()[targets]]
        rows = table.equations.columnwise[:, [cell]].indices
        beside = np.isin(targets, table.equations.matrix[rows].indices)
        targets = targets[np.argsort(~beside, kind="stable")]
        if self._ask(without & inside.reshape(without.shape), targets):
            self.withheld, self._known = without, None
            self.points = self.points[(self.points[:, self.cells == cell] == self.x[cell]).ravel()]


def _tied_parts(system: System) -> Ints:
    """Return a number for each cell, the same for cells that are tied by the rows of a system."""
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    m, n = system.matrix.shape
    if not m:
        return np.arange(n)
    graph = block_array([[None, system.matrix], [system.matrix.T, None]], format="csr")
    found: Ints = connected_components(graph, directed=False)[1][m:]
    return found
