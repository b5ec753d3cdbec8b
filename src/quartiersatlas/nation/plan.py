"""What a screening will take, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.nation.cells import GridCells, open_cells
from quartiersatlas.nation.noise import BINOMIAL
from quartiersatlas.nation.screen import HOW, bytes_of_memory, needs_first_pass, screen_spec
from quartiersatlas.screening.language.rules import Rule

if TYPE_CHECKING:
    from pathlib import Path

    from quartiersatlas.nation.noise import CellKeyNoise
    from quartiersatlas.nation.task import ScreenSpec
    from quartiersatlas.space.cell_keys import Contiguity

# measured on one core of an ordinary machine, see docs/nation.md; the memory is that of a worker
BASE_BYTES, BYTES_PER_COUNT, BUDGETS = 110e6, 60.0, 1.4
LONG = 120.0  # seconds from which minutes are said
SECONDS_PER_CELL, SECONDS_PER_DRAW, SECONDS_PER_CHANGE = 5e-7, 8e-8, 3.3e-8


@dataclass(frozen=True)
class CellPlan:
    """What a screening will take; from :func:`plan_cells`.

    Parameters
    ----------
    partitions, rows, largest : int
        Parts, cells in all of them, and in the largest.
    passes : int
        1, or 2 where the rule compares with a level above the municipality.
    worker_bytes : int
        Memory of one process at its peak.
    cpu_seconds : float
        Of one core, for everything.
    runs : int
        How often counts are drawn again.
    """

    partitions: int
    rows: int
    largest: int
    passes: int
    worker_bytes: int
    cpu_seconds: float
    runs: int

    def __repr__(self) -> str:
        runs = f", {count_noun(self.runs, 'run')}" if self.runs else ""
        seconds = self.cpu_seconds
        minutes = f"{seconds / 60:.0f} min" if seconds >= LONG else f"{seconds:.1f} s"
        return (
            f"{count_noun(self.partitions, 'partition')}, {self.rows:,} cells (the largest {self.largest:,}){runs}: "
            f"about {minutes} of CPU and {self.worker_bytes / 1e6:.0f} MB per process"
        )


def plan_cells(
    cells: GridCells | str | Path,
    rule: Rule,
    *,
    min_population: int = 500,
    min_municipality: int = 5000,
    contiguity: Contiguity = "queen",
    group: str | None = None,
    n: int = 0,
    seed: int = 0,
    noise: str | CellKeyNoise = "binomial",
    memory: str | int = "200 MB",
) -> CellPlan:
    """Return what :func:`screen_cells` will take, and check what can be checked without reading counts.

    Parameters
    ----------
    cells : GridCells, str or Path
        As in :func:`screen_cells`.
    rule : Rule
        As in :func:`screen_cells`.
    min_population, min_municipality, contiguity, group, n, seed, noise, memory : object
        As in :func:`screen_cells`.

    Returns
    -------
    CellPlan
        Parts, cells, memory of one process and CPU seconds; nothing is computed.

    Raises
    ------
    SpecError
        As :func:`screen_cells`.

    Notes
    -----
    A process takes 110 MB, 60 bytes per cell and count of the largest part, and 1.4 times ``memory`` for runs. Seconds
    are those of one core of an ordinary machine, and the same in all for any number of processes.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import quartiersatlas as qa
    >>> grid = pd.DataFrame({"x": [0, 100], "y": [0, 0], "residents": [300, 300], "poor": [90, 80], "ags": "03001349"})
    >>> cells = qa.write_cells(grid, tempfile.mkdtemp(), layout="plain", size=100,
    ...                        rates={"poor_share": ("poor", "residents")})
    >>> qa.plan_cells(cells, qa.above("poor_share", than="municipality"))
    1 partition, 2 cells (the largest 2): about 0.0 s of CPU and 110 MB per process
    """
    cells = cells if isinstance(cells, GridCells) else open_cells(cells)
    expects(rule, Rule, "plan_cells: rule", HOW)
    spec = screen_spec(
        cells,
        rule,
        min_population=min_population,
        min_municipality=min_municipality,
        contiguity=contiguity,
        group=group,
        n=n,
        seed=seed,
        noise=noise,
    )
    largest = max((file.rows for file in cells.files), default=0)
    budget = BUDGETS * bytes_of_memory(memory) if n else 0.0
    passes = 2 if needs_first_pass(spec) else 1
    return CellPlan(
        partitions=len(cells.files),
        rows=cells.rows,
        largest=largest,
        passes=passes,
        worker_bytes=int(BASE_BYTES + BYTES_PER_COUNT * len(spec.columns) * largest + budget),
        cpu_seconds=cells.rows * (SECONDS_PER_CELL * passes + _seconds_per_run(spec) * spec.runs),
        runs=spec.runs,
    )


def _seconds_per_run(spec: ScreenSpec) -> float:
    """Return what one run of one cell takes."""
    if spec.noise == BINOMIAL:
        return SECONDS_PER_DRAW * len({rate.numerator for rate in spec.rule.rates.values() if rate.drawn})
    return SECONDS_PER_CHANGE * len(spec.columns)
