"""Which areas? Rules with reasons, contiguous candidate areas, overlap with programmes."""

from quartiersatlas.screening.candidates import Candidates, candidate_areas
from quartiersatlas.screening.compare_rules import RuleComparison, comparison_of
from quartiersatlas.screening.language.comparisons import above, above_city, at_least, at_most, below, worse_than_city
from quartiersatlas.screening.language.conditions import hotspot, in_class, k_of, typology, worst_n, worst_share
from quartiersatlas.screening.language.nested import adjacent_to, capped
from quartiersatlas.screening.language.rule_spec import RuleSpec, rule_presets
from quartiersatlas.screening.language.rule_text import parse_rule
from quartiersatlas.screening.language.rules import Rule
from quartiersatlas.screening.programme_areas import (
    ProgrammeAreas,
    drawn_layer,
    programme_areas,
    running_programmes,
    span_texts,
)
from quartiersatlas.screening.programmes import ProgrammeOverlap, programme_overlap, released_cover
from quartiersatlas.screening.shortlist import Shortlist, screen

__all__ = [
    "Candidates",
    "ProgrammeAreas",
    "ProgrammeOverlap",
    "Rule",
    "RuleComparison",
    "RuleSpec",
    "Shortlist",
    "above",
    "above_city",
    "adjacent_to",
    "at_least",
    "at_most",
    "below",
    "candidate_areas",
    "capped",
    "comparison_of",
    "drawn_layer",
    "hotspot",
    "in_class",
    "k_of",
    "parse_rule",
    "programme_areas",
    "programme_overlap",
    "released_cover",
    "rule_presets",
    "running_programmes",
    "screen",
    "span_texts",
    "typology",
    "worse_than_city",
    "worst_n",
    "worst_share",
]
