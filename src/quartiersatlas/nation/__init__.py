"""Every municipality at once: cells of a census grid, screened in parts on any executor, with the same result."""

from quartiersatlas.nation.cells import GridCells, open_cells
from quartiersatlas.nation.found import NationScreening
from quartiersatlas.nation.noise import CellKeyNoise
from quartiersatlas.nation.plan import CellPlan, plan_cells
from quartiersatlas.nation.screen import screen_cells
from quartiersatlas.nation.write import write_cells

__all__ = [
    "CellKeyNoise",
    "CellPlan",
    "GridCells",
    "NationScreening",
    "open_cells",
    "plan_cells",
    "screen_cells",
    "write_cells",
]
