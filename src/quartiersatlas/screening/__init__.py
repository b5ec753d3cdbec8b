"""Which areas? Rules with reasons, contiguous candidate areas, overlap with programmes."""

from quartiersatlas.screening.candidates import Candidates, candidate_areas, programme_overlap
from quartiersatlas.screening.comparisons import above, above_city, at_least, at_most, below, worse_than_city
from quartiersatlas.screening.conditions import hotspot, in_class, k_of, typology, worst_n, worst_share
from quartiersatlas.screening.rule_spec import RuleSpec, rule_presets
from quartiersatlas.screening.rule_text import parse_rule
from quartiersatlas.screening.rules import Rule
from quartiersatlas.screening.shortlist import Shortlist, screen

__all__ = [
    "Candidates",
    "Rule",
    "RuleSpec",
    "Shortlist",
    "above",
    "above_city",
    "at_least",
    "at_most",
    "below",
    "candidate_areas",
    "hotspot",
    "in_class",
    "k_of",
    "parse_rule",
    "programme_overlap",
    "rule_presets",
    "screen",
    "typology",
    "worse_than_city",
    "worst_n",
    "worst_share",
]
