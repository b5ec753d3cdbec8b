# The public names, once: loaded when first used, and read as they stand by editors and type checkers.
from . import segregation
from .catalogue.indicators import Catalogue, Indicator
from .catalogue.key_systems import (
    KeySystem,
    ags_from_ars,
    inspire_cells,
    key_systems,
    parent_keys,
    recognise_keys,
)
from .catalogue.references import Reference
from .charts.chart import Chart
from .disclosure.certificate import Audit
from .disclosure.known_counts import add_relations
from .disclosure.ledger.book import Ledger
from .disclosure.make import Release, release
from .disclosure.protection import Protection
from .disclosure.published_table import audit
from .disclosure.words import check_wording
from .indicators.change import add_change, rate_change
from .indicators.columns import add_counts, add_rates
from .indicators.gaps.gap import GroupGap, group_gap
from .indicators.rates import city_value, rates
from .indicators.reach import add_reach
from .indicators.surveys.result import SurveyRates
from .indicators.surveys.survey import survey_rates
from .indicators.within import WithinArea, within_area
from .intake.areas.points import read_points
from .intake.areas.read import merge_areas, read_areas, read_features
from .intake.joining.data import AreaData
from .intake.joining.join import check_vintages, join
from .intake.joining.join_report import JoinReport
from .intake.joining.split import split
from .intake.joining.sums import sum_columns
from .intake.networks import Network, read_network
from .intake.tables.queries import read_query
from .intake.tables.read import Table, read_table
from .intake.timetables import departures
from .monitoring.changes.break_report import BreakReport, break_report
from .monitoring.changes.change import Change, change
from .monitoring.changes.transitions import Transitions
from .monitoring.comparisons.funded import FundedComparison, compare_funded
from .monitoring.comparisons.twins import Twins, twins
from .monitoring.lists.compare import ListComparison, compare_lists
from .monitoring.measures.coverage import Coverage, coverage
from .monitoring.measures.participation import Annotation, annotate
from .monitoring.measures.register import Measures, read_measures
from .monitoring.stock.checklist import Checklist, checklist, tender_text
from .monitoring.stock.stocktaking import Stocktaking, stocktaking
from .monitoring.store.monitor import Monitor, monitor
from .monitoring.store.outcome import Findings
from .monitoring.store.targets import Target
from .nation.cells import GridCells, open_cells
from .nation.found import NationScreening
from .nation.noise import CellKeyNoise
from .nation.plan import CellPlan, plan_cells
from .nation.screen import RunProgress, screen_cells
from .nation.write import write_cells
from .need.burden import Burden, burden
from .need.index import NeedIndex, need_index
from .need.pictures.transition import ClassTransition, class_transition
from .need.spec.spec import NeedSpec
from .present.area_profile.booklet import profiles
from .present.area_profile.profile import Profile, profile
from .present.dossier import dossier
from .present.files.export import export
from .present.look import Look
from .present.map.atlas import Atlas, atlas_map, choropleth
from .present.map.overview import Overview, overview_map
from .present.paper.sheet import Sheet, figure
from .present.places.context import Context, FittedContext, context
from .present.report import report
from .present.yearly_report import monitor_report
from .project.calls import check_project, run_project
from .project.nation_part import NationResult, plan_nation, run_nation
from .project.run import audit_project
from .project.several import run_projects
from .project.verify import FileCheck, verify_file
from .screening.candidates import Candidates, candidate_areas
from .screening.compare_rules import RuleComparison, compare_rules
from .screening.language.comparisons import above, above_city, at_least, at_most, below, worse_than_city
from .screening.language.conditions import hotspot, in_class, k_of, typology, worst_n, worst_share
from .screening.language.nested import adjacent_to, capped
from .screening.language.rule_spec import RuleSpec, rule_presets
from .screening.language.rule_text import parse_rule
from .screening.language.rules import Rule
from .screening.programme_areas import ProgrammeAreas, programme_areas
from .screening.programmes import ProgrammeOverlap, programme_overlap
from .screening.shortlist import Shortlist, screen
from .screening.small_towns import compare_with_rest
from .screening.summary import Summary, check_rounded
from .segregation.inference.change import (
    SegregationChange,
    segregation_change,
)
from .segregation.inference.comparison import compare_segregation
from .segregation.inference.decompose import Decomposition, decompose
from .segregation.registry import segregation_indices
from .segregation.result import SegregationResult, measure_segregation
from .segregation.scale import scale_table
from .space.access import Access, access
from .space.crosswalk import transfer
from .space.exposure import Exposure, exposure
from .space.fit import AreasReport, check_areas
from .space.grid_cells import grid_to_areas
from .space.neighbours import neighbours
from .space.overlay import transfer_by_area
from .space.reallocate import Transfer
from .version import __version__

__all__ = [
    "Access",
    "Annotation",
    "AreaData",
    "AreasReport",
    "Atlas",
    "Audit",
    "BreakReport",
    "Burden",
    "Candidates",
    "Catalogue",
    "CellKeyNoise",
    "CellPlan",
    "Change",
    "Chart",
    "Checklist",
    "ClassTransition",
    "Context",
    "Coverage",
    "Decomposition",
    "Exposure",
    "FileCheck",
    "Findings",
    "FittedContext",
    "FundedComparison",
    "GridCells",
    "GroupGap",
    "Indicator",
    "JoinReport",
    "KeySystem",
    "Ledger",
    "ListComparison",
    "Look",
    "Measures",
    "Monitor",
    "NationResult",
    "NationScreening",
    "NeedIndex",
    "NeedSpec",
    "Network",
    "Overview",
    "Profile",
    "ProgrammeAreas",
    "ProgrammeOverlap",
    "Protection",
    "Reference",
    "Release",
    "Rule",
    "RuleComparison",
    "RuleSpec",
    "RunProgress",
    "SegregationChange",
    "SegregationResult",
    "Sheet",
    "Shortlist",
    "Stocktaking",
    "Summary",
    "SurveyRates",
    "Table",
    "Target",
    "Transfer",
    "Transitions",
    "Twins",
    "WithinArea",
    "__version__",
    "above",
    "above_city",
    "access",
    "add_change",
    "add_counts",
    "add_rates",
    "add_reach",
    "add_relations",
    "adjacent_to",
    "ags_from_ars",
    "annotate",
    "at_least",
    "at_most",
    "atlas_map",
    "audit",
    "audit_project",
    "below",
    "break_report",
    "burden",
    "candidate_areas",
    "capped",
    "change",
    "check_areas",
    "check_project",
    "check_rounded",
    "check_vintages",
    "check_wording",
    "checklist",
    "choropleth",
    "city_value",
    "class_transition",
    "compare_funded",
    "compare_lists",
    "compare_rules",
    "compare_segregation",
    "compare_with_rest",
    "context",
    "coverage",
    "decompose",
    "departures",
    "dossier",
    "export",
    "exposure",
    "figure",
    "grid_to_areas",
    "group_gap",
    "hotspot",
    "in_class",
    "inspire_cells",
    "join",
    "k_of",
    "key_systems",
    "measure_segregation",
    "merge_areas",
    "monitor",
    "monitor_report",
    "need_index",
    "neighbours",
    "open_cells",
    "overview_map",
    "parent_keys",
    "parse_rule",
    "plan_cells",
    "plan_nation",
    "profile",
    "profiles",
    "programme_areas",
    "programme_overlap",
    "rate_change",
    "rates",
    "read_areas",
    "read_features",
    "read_measures",
    "read_network",
    "read_points",
    "read_query",
    "read_table",
    "recognise_keys",
    "release",
    "report",
    "rule_presets",
    "run_nation",
    "run_project",
    "run_projects",
    "scale_table",
    "screen",
    "screen_cells",
    "segregation",
    "segregation_change",
    "segregation_indices",
    "split",
    "stocktaking",
    "sum_columns",
    "survey_rates",
    "tender_text",
    "transfer",
    "transfer_by_area",
    "twins",
    "typology",
    "verify_file",
    "within_area",
    "worse_than_city",
    "worst_n",
    "worst_share",
    "write_cells",
]
