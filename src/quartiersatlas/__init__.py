"""quartiersatlas: from indicator tables and district polygons to a defensible shortlist on a map.

Every public name is loaded when it is first used, so importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from quartiersatlas.version import __version__

if TYPE_CHECKING:
    from quartiersatlas.catalogue import (
        Catalogue,
        Indicator,
        KeySystem,
        ags_from_ars,
        inspire_cells,
        key_systems,
        parent_keys,
        recognise_keys,
    )
    from quartiersatlas.indicators import add_change, add_rates, city_value, rate_change, rates
    from quartiersatlas.intake import (
        AreaData,
        JoinReport,
        Table,
        check_vintages,
        join,
        merge_areas,
        read_areas,
        read_features,
        read_query,
        read_table,
    )
    from quartiersatlas.need import NeedIndex, NeedSpec, need_index
    from quartiersatlas.present.export import export
    from quartiersatlas.present.figure import Sheet, figure
    from quartiersatlas.present.map import Atlas, atlas_map, choropleth
    from quartiersatlas.present.profile import Profile, profile
    from quartiersatlas.present.report import report
    from quartiersatlas.project import check_project, run_project
    from quartiersatlas.release import Ledger, Protection, Release, check_wording, release
    from quartiersatlas.screening import (
        Candidates,
        Rule,
        Shortlist,
        above_city,
        candidate_areas,
        in_class,
        programme_overlap,
        screen,
        worst_share,
    )
    from quartiersatlas.segregation import (
        Decomposition,
        SegregationChange,
        SegregationResult,
        compare_segregation,
        decompose,
        scale_table,
        segregation,
        segregation_change,
        segregation_indices,
    )
    from quartiersatlas.space import AreasReport, Transfer, check_areas, grid_to_areas, transfer, transfer_by_area

_ROOMS = {
    "catalogue": (
        "Catalogue",
        "Indicator",
        "KeySystem",
        "ags_from_ars",
        "inspire_cells",
        "key_systems",
        "parent_keys",
        "recognise_keys",
    ),
    "intake": (
        "AreaData",
        "JoinReport",
        "Table",
        "check_vintages",
        "join",
        "merge_areas",
        "read_areas",
        "read_features",
        "read_query",
        "read_table",
    ),
    "space": ("AreasReport", "Transfer", "check_areas", "grid_to_areas", "transfer", "transfer_by_area"),
    "indicators": ("add_change", "add_rates", "city_value", "rate_change", "rates"),
    "segregation": (
        "Decomposition",
        "SegregationChange",
        "SegregationResult",
        "compare_segregation",
        "decompose",
        "scale_table",
        "segregation",
        "segregation_change",
        "segregation_indices",
    ),
    "need": ("NeedIndex", "NeedSpec", "need_index"),
    "screening": (
        "Candidates",
        "Rule",
        "Shortlist",
        "above_city",
        "candidate_areas",
        "in_class",
        "programme_overlap",
        "screen",
        "worst_share",
    ),
    "release": ("Ledger", "Protection", "Release", "check_wording", "release"),
    "present": ("Atlas", "Profile", "Sheet", "atlas_map", "choropleth", "export", "figure", "profile", "report"),
    "project": ("check_project", "run_project"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "AreaData",
    "AreasReport",
    "Atlas",
    "Candidates",
    "Catalogue",
    "Decomposition",
    "Indicator",
    "JoinReport",
    "KeySystem",
    "Ledger",
    "NeedIndex",
    "NeedSpec",
    "Profile",
    "Protection",
    "Release",
    "Rule",
    "SegregationChange",
    "SegregationResult",
    "Sheet",
    "Shortlist",
    "Table",
    "Transfer",
    "__version__",
    "above_city",
    "add_change",
    "add_rates",
    "ags_from_ars",
    "atlas_map",
    "candidate_areas",
    "check_areas",
    "check_project",
    "check_vintages",
    "check_wording",
    "choropleth",
    "city_value",
    "compare_segregation",
    "decompose",
    "export",
    "figure",
    "grid_to_areas",
    "in_class",
    "inspire_cells",
    "join",
    "key_systems",
    "merge_areas",
    "need_index",
    "parent_keys",
    "profile",
    "programme_overlap",
    "rate_change",
    "rates",
    "read_areas",
    "read_features",
    "read_query",
    "read_table",
    "recognise_keys",
    "release",
    "report",
    "run_project",
    "scale_table",
    "screen",
    "segregation",
    "segregation_change",
    "segregation_indices",
    "transfer",
    "transfer_by_area",
    "worst_share",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'quartiersatlas' has no attribute {name!r}")
    room = import_module(f"quartiersatlas.{_HOME[name]}")
    value = room if name == _HOME[name] else getattr(room, name)  # a room named like its verb is callable
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
