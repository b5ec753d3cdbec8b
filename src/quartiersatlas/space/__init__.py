"""Who is near whom? Neighbours of areas."""

from quartiersatlas.space.neighbours import connected_groups, neighbours

__all__ = ["connected_groups", "neighbours"]
