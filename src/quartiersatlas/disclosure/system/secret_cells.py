"""Cells that the source keeps secret and that nobody here knows: they must not follow from what is shown either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.system.feasibility import System, intervals
from quartiersatlas.disclosure.system.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.system.equations import CountTable
    from quartiersatlas.disclosure.system.partners import Task

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]


def secret_limits(table: CountTable, withheld: Bools, cells: Ints) -> tuple[Floats, Floats]:
    """Return how far each secret cell may be off its true value, whatever that is.

    All other secret cells stay at their values: somebody may know them, so they keep no company. Totals are known to
    the reader though not to us; a cell is safe where it could lie off by its whole spread on both sides. That holds
    for one that follows from a sum as well: where the sum is off, its value is another.

    Parameters
    ----------
    table : CountTable
        The cells.
    withheld : ndarray of bool
        Known cells that are not shown.
    cells : ndarray of int
        Numbers of the secret cells asked for.

    Returns
    -------
    low, high : ndarray
        At most 0 and at least 0; minus and plus the spread where the cell is safe.
    """
    low, high = np.zeros(len(cells)), np.zeros(len(cells))
    down, up = (side.ravel()[cells] for side in table.spread)
    for members, system, places in _systems(table, withheld, cells):
        for number, place in zip(members, places, strict=True):
            lower, upper = system.lower.copy(), system.upper.copy()
            value = lower[place]
            lower[place], upper[place] = value - down[number], value + up[number]
            enough = np.array([down[number] + up[number]])
            found = intervals(replace(system, lower=lower, upper=upper), np.array([place]), enough)
            low[number], high[number] = found.low[0] - value, found.high[0] - value
    return low, high


def _systems(table: CountTable, withheld: Bools, cells: Ints) -> Iterator[tuple[Ints, System, Ints]]:
    """Yield the connected parts of the system that hold some of the cells, with these cells fixed: at 0 if unknown."""
    from scipy.sparse import block_array
    from scipy.sparse.csgraph import connected_components

    unknown = withheld.copy().ravel()
    unknown[cells] = True
    lower, upper = (side.copy() for side in table.bounds(withheld))
    lower.ravel()[cells] = upper.ravel()[cells] = np.nan_to_num(table.values).ravel()[cells]
    system, inside, _ = table.equations.system(unknown.reshape(withheld.shape), lower, upper)
    m = system.matrix.shape[0]
    graph = block_array([[None, system.matrix], [system.matrix.T, None]], format="csr") if m else None
    label = np.arange(len(inside)) if graph is None else connected_components(graph, directed=False)[1]
    of_row, of_cell = (label[:0], label) if graph is None else (label[:m], label[m:])
    asked = np.searchsorted(inside, cells)
    for number in np.unique(of_cell[asked]):
        here, rows = np.flatnonzero(of_cell == number), np.flatnonzero(of_row == number)
        part = System(
            system.matrix[rows][:, here], system.right[rows], system.equal[rows], system.lower[here], system.upper[here]
        )
        members = np.flatnonzero(of_cell[asked] == number)
        yield members, part, np.searchsorted(here, asked[members])


def narrow_secrets(table: CountTable, withheld: Bools) -> Ints:
    """Return the numbers of the secret cells that follow, or nearly follow, from what is shown."""
    cells = np.flatnonzero(table.is_unsure.ravel())
    if not len(cells):
        return cells
    low, high = secret_limits(table, withheld, cells)
    down, up = (side.ravel()[cells] for side in table.spread)
    return cells[(low > -down) | (high < up)]


def protect_secret_cells(task: Task, effort: str) -> Bools:
    """Return the withheld cells with partners for the secret ones, one after the other in each part of the table."""
    withheld = task.withheld
    labels = task.table.equations.components
    given_up: set[int] = set()
    while True:
        narrow = [cell for cell in narrow_secrets(task.table, withheld).tolist() if cell not in given_up]
        if not narrow:
            return withheld
        first = {labels[cell]: cell for cell in reversed(narrow)}
        cells = np.array(sorted(first.values()))
        withheld = _with_partners(task, withheld, cells, effort)
        given_up |= set(cells.tolist())


def protect_from_most(task: Task, withheld: Bools, possible: Floats, effort: str) -> Bools:
    """Return the withheld cells with partners for those that have too few against one who knows other secret cells.

    Where nothing can be done against such a reader, those that nobody told are company after all: against every other
    reader.

    Parameters
    ----------
    task : Task
        What has to be protected.
    withheld : ndarray of bool
        The cells withheld so far.
    possible : ndarray
        The widths that they can have against who knows the secret cells.
    effort : {"auto", "fast"}
        As for :func:`suppress`.
    """
    table = task.table
    unsure, need = table.is_unsure, np.where(possible < task.need, task.need, 0.0)
    if not unsure.any():
        return withheld
    wanted = np.add(*table.spread).ravel()
    helpless = narrow_secrets(table, withheld)
    need.ravel()[helpless] = wanted[helpless]
    if not need.any():
        return withheld
    untold = np.isnan(table.x)
    found, _ = suppress(replace(task, table=_guessed(table), withheld=withheld | untold, need=need), effort)
    more: Bools = (found & ~untold) | withheld
    return more


def _guessed(table: CountTable) -> CountTable:
    """Return the table as it looks to one who knows no cell that nobody told: what follows, or else one person each.

    Those that nobody delivered may be none, and stand in no total.
    """
    missing = np.isnan(table.x) & ~table.secret
    least, greatest = table.marks
    guess = np.where(np.isfinite(table.values), table.values, np.where(np.isfinite(least), least, 1.0))
    spread = np.where(missing, 0.0, np.nan)
    return replace(
        table,
        x=guess,
        follows=None,
        spread=(spread, spread),
        marks=(np.where(missing, 0.0, least), greatest),
        outside_totals=missing,
    )


def _with_partners(task: Task, withheld: Bools, cells: Ints, effort: str) -> Bools:
    """Withhold partners for secret cells of different parts, as if each had a value inside its spread."""
    table = task.table
    x, need = table.x.copy(), np.zeros(table.shape)
    least, greatest = (side.copy() for side in table.marks)
    down, up = (side.ravel()[cells] for side in table.spread)
    value = np.nan_to_num(table.values).ravel()[cells]
    x.ravel()[cells] = value
    least.ravel()[cells], greatest.ravel()[cells] = value - down, value + up
    need.ravel()[cells] = down + up
    hidden = withheld.copy()
    hidden.ravel()[cells] = True
    shifted = replace(table, x=x, marks=(least, greatest))
    found, _ = suppress(replace(task, table=shifted, withheld=hidden, need=need), effort)
    found = found.copy()
    found.ravel()[cells] = False
    more: Bools = found | withheld
    return more
