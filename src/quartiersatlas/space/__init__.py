"""Who is near whom? Neighbours of areas."""

from quartiersatlas.space.dissolve import dissolved
from quartiersatlas.space.neighbours import connected_groups, neighbours

__all__ = ["connected_groups", "dissolved", "neighbours"]
