"""Who is near whom, and what lies where? Neighbours of areas, and counts reallocated between boundaries."""

from quartiersatlas.space.access import Access, access
from quartiersatlas.space.crosswalk import transfer
from quartiersatlas.space.exposure import Exposure, exposure
from quartiersatlas.space.fit import AreasReport, check_areas
from quartiersatlas.space.grid_cells import grid_to_areas
from quartiersatlas.space.neighbours import connected_groups, dissolved, neighbours
from quartiersatlas.space.overlay import transfer_by_area
from quartiersatlas.space.reallocate import Transfer
from quartiersatlas.space.surroundings import surrounding_sums

__all__ = [
    "Access",
    "AreasReport",
    "Exposure",
    "Transfer",
    "access",
    "check_areas",
    "connected_groups",
    "dissolved",
    "exposure",
    "grid_to_areas",
    "neighbours",
    "surrounding_sums",
    "transfer",
    "transfer_by_area",
]
