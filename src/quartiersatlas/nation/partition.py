"""One part of a run: a pure function from a file of cells to files of quarters, and a receipt of both.

It can be called in any process that sees the folders; nothing but the receipt comes back.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.errors import CountError, RunCancelledError, SpecError
from quartiersatlas.nation.cells import CellPart, read_part
from quartiersatlas.nation.levels import level_groups
from quartiersatlas.nation.order import part_orders
from quartiersatlas.nation.quarters import Quarters, quarters_of
from quartiersatlas.nation.runs import RunTotals, drawn_again
from quartiersatlas.nation.store import put_json, put_table
from quartiersatlas.nation.values import PartValues, part_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from quartiersatlas.nation.task import PartitionTask

MOST_CLIPPED = 0.02  # share of cells in which a part may be larger than its whole


def partition_sums(task: PartitionTask) -> dict[str, Any]:
    """Return what limits above a part are made of: the first pass.

    Returns
    -------
    dict
        ``"sums"``: of each municipality its residents and the sums of each rate; ``"orders"``: the values of
        conditions that need their order, see :mod:`quartiersatlas.nation.order`.
    """
    values = _values(task)
    part = values.part
    found: dict[str, dict[str, Any]] = {}
    rates = {name: values.sums(name) for name in task.spec.rule.rates}
    for k, ags in enumerate(part.keys):
        sums = {name: (int(x[k]), int(n[k])) for name, (x, n) in rates.items()}
        found[ags] = {"residents": int(values.sizes[k]), "rates": sums}
    return {"sums": found, "orders": part_orders(values)}


def run_partition(task: PartitionTask) -> dict[str, Any]:
    """Screen the cells of one file, write what was found, and return the receipt."""
    watch = _watch(task)
    values = _values(task)
    spec = task.spec
    selected = values.selected(values.reference_limits(task.reference))
    quarters = quarters_of(values, selected, spec)
    totals = drawn_again(values, quarters, task, watch) if spec.runs else None
    tables = {
        "quarters": _quarter_table(values.part, quarters, totals),
        "municipalities": _municipality_table(values, selected, quarters, totals),
        **({"runs": totals.table()} if totals is not None else {}),
    }
    watch()
    outputs = {kind: put_table(task.path(kind), tables[kind]) for kind in task.kinds}
    receipt = {
        "partition": task.number,
        "file": task.name,
        **task.fingerprint,
        "outputs": outputs,
        "cells": len(values.part.key),
        "quarters": len(quarters.names),
        "first": values.part.keys[0] if values.part.keys else "",
        "last": values.part.keys[-1] if values.part.keys else "",
        "clipped": values.clipped,
        "hidden": values.hidden,
    }
    put_json(task.path("receipt"), receipt)
    return receipt


def _values(task: PartitionTask) -> PartValues:
    part = read_part(Path(task.file), task.spec.columns)
    strangers = [ags for ags in part.keys if not task.first <= ags <= task.last]
    if strangers:
        raise SpecError(
            f"{task.name} holds the municipality {strangers[0]}, and its place is outside of {task.first} to "
            f"{task.last}: it may stand in two files. Write the cells again with write_cells()."
        )
    values = part_values(part, task.spec, task.sizes)
    if values.clipped > MOST_CLIPPED * max(len(part.key), 1) and values.clipped > 1:
        raise CountError(
            f"{task.name}: in {values.clipped:,} of {len(part.key):,} cells a part is larger than its whole. Noise "
            f"explains this in one of a hundred cells: are numerator and denominator of a rate the right columns?"
        )
    return values


def _watch(task: PartitionTask) -> Callable[[], None]:
    """Return a function that stops the part where it is no longer wanted, or has taken too long."""
    until = time.monotonic() + task.timeout if task.timeout else None
    stop = Path(task.stop) if task.stop else None

    def watch() -> None:
        if stop is not None and stop.exists():
            raise RunCancelledError(f"{task.name} was stopped.")
        if until is not None and time.monotonic() > until:
            raise TimeoutError(f"it took longer than {task.timeout:g} s")

    return watch


def _quarter_table(part: CellPart, quarters: Quarters, totals: RunTotals | None) -> pa.Table:
    """Return the quarters in a form that does not depend on how many there are."""
    import pyarrow as pa
    import shapely

    columns = {
        "quarter": pa.array(quarters.names, pa.string()),
        "ags": pa.array([part.keys[k] for k in quarters.unit], pa.string()),
        "cells": pa.array(quarters.cells, pa.int32()),
        "residents": pa.array(quarters.residents, pa.int64()),
        "group": pa.array(quarters.group, pa.int64()),
    }
    if totals is not None:
        columns["p_found"] = pa.array(totals.p_found, pa.float64())
        columns["expected_kept"] = pa.array(totals.expected_kept, pa.float64())
    columns["geometry"] = pa.array(shapely.to_wkb(quarters.outlines).tolist(), pa.binary())
    return pa.table(columns)


def _municipality_table(
    values: PartValues, selected: np.ndarray[Any, Any], quarters: Quarters, totals: RunTotals | None
) -> pa.Table:
    import pyarrow as pa

    part = values.part
    n = len(part.keys)

    def per_unit(numbers: np.ndarray[Any, Any]) -> pa.Array:
        found = np.zeros(n, np.int64)
        np.add.at(found, quarters.unit, numbers)
        return pa.array(found, pa.int64())

    columns = {
        "ags": pa.array(part.keys, pa.string()),
        "cells": pa.array(np.diff(part.starts), pa.int64()),
        "residents": pa.array(values.residents, pa.int64()),
        "group": pa.array(part.sums(values.group), pa.int64()),
        "screened": pa.array(values.screened, pa.bool_()),
        "cells_selected": pa.array(part.sums(selected.astype(np.int64)), pa.int64()),
        "residents_selected": pa.array(part.sums(values.population * selected), pa.int64()),
        "quarters": per_unit(np.ones(len(quarters.unit), np.int64)),
        "quarter_cells": per_unit(quarters.cells),
        "quarter_residents": per_unit(quarters.residents),
        "quarter_group": per_unit(quarters.group),
    }
    if totals is not None:
        columns["quarter_residents_low"] = pa.array(totals.low, pa.float64())
        columns["quarter_residents_high"] = pa.array(totals.high, pa.float64())
        columns["p_any"] = pa.array(totals.p_any, pa.float64())
    return pa.table(columns)


def level_reference(
    sums: Mapping[str, Mapping[str, Any]],
    official: Mapping[str, Mapping[str, tuple[int, int]]],
    levels: tuple[str, ...],
) -> dict[str, dict[str, dict[str, tuple[int, int]]]]:
    """Return the values of levels from those of municipalities: the step between the two passes.

    Parameters
    ----------
    sums : mapping
        Municipality -> residents and sums of rates: the ``"sums"`` of :func:`partition_sums`.
    official : mapping
        Municipality -> name of a rate -> numerator and denominator as published, which take the place of the sums.
    levels : tuple of str
        The levels that the rule names.
    """
    found: dict[str, dict[str, dict[str, tuple[int, int]]]] = {level: {} for level in levels}
    for ags in sorted(sums):
        one = sums[ags]
        rates = {**one["rates"], **official.get(ags, {})}
        for level, group in level_groups(ags, one["residents"], levels).items():
            into = found[level].setdefault(group, {})
            for name, (x, n) in rates.items():
                before = into.get(name, (0, 0))
                into[name] = (before[0] + int(x), before[1] + int(n))
    return found
