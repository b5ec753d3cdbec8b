"""Who is near whom, and what lies where? Neighbours of areas, and counts reallocated between boundaries."""

from quartiersatlas.space.crosswalk import transfer
from quartiersatlas.space.fit import AreasReport, check_areas
from quartiersatlas.space.grid_cells import grid_to_areas
from quartiersatlas.space.neighbours import connected_groups, dissolved, neighbours
from quartiersatlas.space.overlay import transfer_by_area
from quartiersatlas.space.reallocate import Transfer
from quartiersatlas.space.surroundings import surrounding_sums

__all__ = [
    "AreasReport",
    "Transfer",
    "check_areas",
    "connected_groups",
    "dissolved",
    "grid_to_areas",
    "neighbours",
    "surrounding_sums",
    "transfer",
    "transfer_by_area",
]
