"""Protection that does not rest on relations which the numbers show and which may hold by chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.disclosure.system.secret_cells import narrow_secrets, protect_from_most, protect_secret_cells
from quartiersatlas.disclosure.system.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.system.equations import CountTable
    from quartiersatlas.disclosure.system.partners import Task
    from quartiersatlas.disclosure.system.relations import Sum

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

MOST_READERS = 24  # that know neither all found relations, nor all but one, nor none


def protect(task: Task, effort: str) -> tuple[Bools, Floats]:
    """Return the withheld cells, and the width that each interval can have for who knows all relations.

    A relation that holds by chance is true of the counts, so who knows it learns more, and a cell may be beyond help
    against him. A reader of the real world does not know it: against him the cell must not stay as narrow as that.
    Where found relations take part, the cells at their limit are protected once more against readers who know none of
    them, all but one, and so on as long as cells stay at a limit. What is withheld for one reader narrows nothing for
    another.

    Parameters
    ----------
    task : Task
        What has to be protected.
    effort : {"auto", "fast"}
        As for :func:`~quartiersatlas.disclosure.system.suppress.suppress`.
    """
    withheld, need = _protected(task, effort)
    limited = _limited(task, withheld, need)
    found = taking_part(task.table, limited)
    if not found:
        return withheld, need
    reader = _against(task, found, withheld, limited)
    withheld, widest = _protected(reader, effort)
    helped = limited[(widest > need).ravel()[limited] | reader.table.is_unsure.ravel()[limited]]
    task = replace(task, need=widest)
    at_limit: dict[frozenset[Sum | None], Ints] = {
        frozenset(): np.setdiff1d(helped, narrow_secrets(reader.table, withheld))
    }
    for fewer, cells in _readers(found, at_limit):
        reader = _against(task, fewer, withheld, cells)
        withheld, possible = _protected(reader, effort)
        at_limit[fewer] = _limited(reader, withheld, possible)
    return withheld, need


def _protected(task: Task, effort: str) -> tuple[Bools, Floats]:
    """Return the withheld cells and the possible widths with secret cells as targets and as company."""
    task = task.with_withheld(protect_secret_cells(task, effort))
    withheld, need = suppress(task, effort)
    return protect_from_most(task, withheld, need, effort), need


def _limited(task: Task, withheld: Bools, need: Floats) -> Ints:
    """Return the numbers of the cells that cannot have what they need, secret ones included."""
    short = np.flatnonzero((need < task.need).ravel())
    return np.union1d(short, narrow_secrets(task.table, withheld))


def _against(task: Task, unknown: frozenset[Sum | None], withheld: Bools, cells: Ints) -> Task:
    """Return the task for some cells against one who does not know some of the found relations."""
    need = np.zeros_like(task.need)
    need.flat[cells] = task.need.flat[cells]
    return replace(task, table=without(task.table, unknown), withheld=withheld, need=need)


def without(table: CountTable, unknown: frozenset[Sum | None]) -> CountTable:
    """Return the table of one who does not know some of the found relations."""
    return replace(table, relations=table.relations.without(unknown))


def taking_part(table: CountTable, cells: Ints) -> frozenset[Sum | None]:
    """Return the found relations in the parts of the table to which some cells belong."""
    if not len(cells):
        return frozenset()
    labels = table.equations.components.reshape(table.shape)
    here = np.isin(labels, np.unique(labels.ravel()[cells]))
    return frozenset(one for one in table.relations.found if one is None or here[:, [one.whole, *one.parts]].any())


def _readers(
    found: frozenset[Sum | None], at_limit: dict[frozenset[Sum | None], Ints]
) -> Iterator[tuple[frozenset[Sum | None], Ints]]:
    """Yield which relations a reader does not know, one first, then more, and the cells at their limit for all others.

    A cell that is wide for one reader is so for each who knows less. ``at_limit`` is filled in by the caller.
    """
    order = sorted(found, key=lambda one: (one is None, repr(one)))
    level: list[frozenset[int]] = [frozenset()]
    more = MOST_READERS
    for size in range(1, len(order)):
        places = sorted({tuple(sorted(some | {one})) for some in level for one in range(len(order)) if one not in some})
        level = []
        for some in places:
            unknown = frozenset(order[place] for place in some)
            parents = [at_limit.get(unknown - {one}, np.zeros(0, dtype=np.intp)) for one in unknown]
            cells = parents[0]
            for other in parents[1:]:
                cells = np.intersect1d(cells, other)
            if not len(cells):
                continue
            if size > 1:
                more -= 1
                if more < 0:
                    return
            yield unknown, cells
            level.append(frozenset(some))
