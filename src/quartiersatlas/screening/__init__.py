"""Which areas? Rules with reasons, contiguous candidate areas, overlap with programmes."""

from quartiersatlas.screening.candidates import Candidates, candidate_areas, programme_overlap
from quartiersatlas.screening.rules import Rule, above_city, in_class, parse_rule, worst_share
from quartiersatlas.screening.shortlist import Shortlist, screen

__all__ = [
    "Candidates",
    "Rule",
    "Shortlist",
    "above_city",
    "candidate_areas",
    "in_class",
    "parse_rule",
    "programme_overlap",
    "screen",
    "worst_share",
]
