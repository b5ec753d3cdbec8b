"""How unevenly do groups live? Plain array functions, a registry, and one call for a tidy table."""

from quartiersatlas.rooms import make_callable
from quartiersatlas.segregation.evenness import dissimilarity
from quartiersatlas.segregation.exposure import interaction, isolation
from quartiersatlas.segregation.local import location_quotient
from quartiersatlas.segregation.registry import segregation_indices
from quartiersatlas.segregation.table import SegregationResult, segregation

__all__ = [
    "SegregationResult",
    "dissimilarity",
    "interaction",
    "isolation",
    "location_quotient",
    "segregation",
    "segregation_indices",
]

make_callable(__name__, segregation)
