"""Who is near whom? Neighbours of areas."""

from quartiersatlas.space.dissolve import dissolved
from quartiersatlas.space.environments import environment_sums
from quartiersatlas.space.fit import AreasReport, check_areas
from quartiersatlas.space.neighbours import connected_groups, neighbours

__all__ = ["AreasReport", "check_areas", "connected_groups", "dissolved", "environment_sums", "neighbours"]
