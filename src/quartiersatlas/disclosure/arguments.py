"""What release() takes: each argument is what its name says, or the message names how to get it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.base.toml import NO_CHARACTER
from quartiersatlas.disclosure.ledger import Ledger
from quartiersatlas.disclosure.protection import Protection
from quartiersatlas.disclosure.release import AUDIENCES
from quartiersatlas.errors import SpecError
from quartiersatlas.indicators import GroupGap
from quartiersatlas.indicators.within import WithinArea
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.areas.outlines import refuse_unusable_shapes
from quartiersatlas.monitoring.changes.change import Change
from quartiersatlas.monitoring.comparisons.funded import FundedComparison
from quartiersatlas.monitoring.comparisons.twins import Twins
from quartiersatlas.monitoring.lists.compare import ListComparison
from quartiersatlas.monitoring.measures.register import Measures
from quartiersatlas.need import NeedIndex, Stability
from quartiersatlas.need.burden import Burden
from quartiersatlas.screening import Candidates, ProgrammeAreas, RuleComparison, Shortlist
from quartiersatlas.segregation import SegregationResult

WRITTEN_DAY = re.compile(
    r"(?P<year_iso>\d{4})-(?P<month_iso>\d{1,2})-(?P<day_iso>\d{1,2})"
    r"|(?P<day>\d{1,2})\.\s*(?P<month>\d{1,2})\.\s*(?P<year>\d{4})"
)
DOORS: dict[str, tuple[tuple[type, ...], str]] = {
    "need": ((NeedIndex,), "need = qa.need_index(data, spec)"),
    "shortlist": ((Shortlist,), "shortlist = qa.screen(data, rule)"),
    "candidates": ((Candidates,), "candidates = qa.candidate_areas(data, shortlist)"),
    "segregation": ((SegregationResult,), "segregation = qa.measure_segregation(data, groups)"),
    "programmes": ((gpd.GeoDataFrame, ProgrammeAreas), 'programmes = qa.read_features("programmes.gpkg")'),
    "facilities": ((gpd.GeoDataFrame,), 'facilities = qa.read_features("facilities.gpkg")'),
    **dict.fromkeys(("title", "subtitle", "source", "comment", "city"), ((str,), "text in quotation marks")),
    "as_of": ((str,), 'text in quotation marks, such as "2024-12-31"'),
    "protection": ((Protection,), "protection = qa.Protection(min_count=5)"),
    "scale": ((pd.DataFrame, Mapping), "scale = qa.scale_table(data, groups, by)"),
    "dates": ((Mapping,), 'dates = {"column": "2023"}'),
    "stability": ((Stability,), "stability = shortlist.stability()"),
    "gaps": ((GroupGap, Iterable), "gaps = qa.group_gap(data, group, all, reference='others')"),
    "change": ((Change,), "change = qa.change(data_2021, data, indicators=[...])"),
    "lists": ((ListComparison,), "lists = qa.compare_lists(before, shortlist)"),
    "twins": ((Twins,), 'twins = qa.twins(data, ["01100101"], seed=1)'),
    "funded": ((FundedComparison,), "funded = qa.compare_funded({2019: data_2019, ...}, funded, ...)"),
    "within": ((WithinArea,), 'within = qa.within_area(blocks, "sgb2_rate", area="district")'),
    "measures": ((Measures,), 'measures = qa.read_measures("massnahmen.xlsx")'),
    "comparison": ((RuleComparison,), "comparison = qa.compare_rules(data, rules)"),
    "burden": ((Burden,), 'burden = qa.burden(need, {"Noise": data.values["noise_share_65"]})'),
    "ledger": ((Ledger, str, Path), 'ledger = "ledger.json"'),
}


def check_arguments(given: Mapping[str, Any]) -> None:
    """Refuse what is not what its name says; the message names how to get it."""
    expects(given["data"], AreaData, "release", "qa.release(qa.join(areas, table), ...)")
    for name, (kinds, how) in DOORS.items():
        if given[name] is not None or kinds == (str,):  # no words are an empty text
            expects(given[name], kinds, f"release: {name}", how)
        if isinstance(given[name], str) and NO_CHARACTER.search(given[name]):
            raise SpecError(f"release: {name} holds an invalid character: {given[name]!a}.")
    refuse_unusable_shapes(given["data"].areas, "release: the areas", polygons=True)
    for name in ("programmes", "facilities"):
        if isinstance(given[name], gpd.GeoDataFrame):
            refuse_unusable_shapes(given[name], f"release: {name}")
    _refuse_impossible_day(given["as_of"])
    choice(given["audience"], AUDIENCES, "audience")
    choice(given["missing"], ("", "status", "moving"), "release: missing")
    if given["missing"] and given["shortlist"] is None:
        raise SpecError("release: missing is told of a shortlist: release(..., shortlist=shortlist).")
    protection = given["protection"]
    if given["comparison"] is not None and protection is not None and protection.derived == "exact":
        raise SpecError(
            "release: a comparison is made of what is shown, and results of exact counts would not fit beside it. "
            "Leave it out, or choose Protection(derived='released')."
        )
    if given["candidates"] is not None and given["shortlist"] is None:
        raise SpecError("release() needs the shortlist the candidate areas were made of: shortlist=...")


def _refuse_impossible_day(as_of: str) -> None:
    """Refuse what is written as a day and is none; other words for a date stay free."""
    found = WRITTEN_DAY.fullmatch(as_of.strip())
    if found:
        year, month, day = (int(found[f"{unit}_iso"] or found[unit]) for unit in ("year", "month", "day"))
        if not (1 <= month <= 12 and 1 <= day <= monthrange(max(year, 1), month)[1]):  # noqa: PLR2004 - months
            raise SpecError(f"release: as_of is {as_of!r}, and there is no such day. Write one such as '2024-12-31'.")
