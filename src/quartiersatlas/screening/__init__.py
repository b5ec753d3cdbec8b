"""Which areas? Rules with reasons, contiguous candidate areas, overlap with programmes."""

from quartiersatlas.screening.candidates import Candidates, candidate_areas
from quartiersatlas.screening.programme_areas import (
    ProgrammeAreas,
    drawn_layer,
    programme_areas,
    running_programmes,
    span_texts,
)
from quartiersatlas.screening.programmes import ProgrammeOverlap, programme_overlap, released_cover
from quartiersatlas.screening.rules import Rule, above_city, in_class, parse_rule, worst_share
from quartiersatlas.screening.shortlist import Shortlist, screen

__all__ = [
    "Candidates",
    "ProgrammeAreas",
    "ProgrammeOverlap",
    "Rule",
    "Shortlist",
    "above_city",
    "candidate_areas",
    "drawn_layer",
    "in_class",
    "parse_rule",
    "programme_areas",
    "programme_overlap",
    "released_cover",
    "running_programmes",
    "screen",
    "span_texts",
    "worst_share",
]
