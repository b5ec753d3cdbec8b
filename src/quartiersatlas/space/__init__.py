"""Who is near whom, and what lies where? Neighbours of areas, and counts carried between boundaries."""

from quartiersatlas.space.by_area import transfer_by_area
from quartiersatlas.space.carry import Transfer
from quartiersatlas.space.cells import grid_to_areas
from quartiersatlas.space.dissolve import dissolved
from quartiersatlas.space.environments import environment_sums
from quartiersatlas.space.fit import AreasReport, check_areas
from quartiersatlas.space.neighbours import connected_groups, neighbours
from quartiersatlas.space.transfer import transfer

__all__ = [
    "AreasReport",
    "Transfer",
    "check_areas",
    "connected_groups",
    "dissolved",
    "environment_sums",
    "grid_to_areas",
    "neighbours",
    "transfer",
    "transfer_by_area",
]
