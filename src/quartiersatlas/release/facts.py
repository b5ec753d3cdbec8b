"""What was matched, left out, protected and computed: facts for the method box, worded where they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.catalogue import Message
from quartiersatlas.intake.marks import area_facts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.release.columns import Released
    from quartiersatlas.release.protection import Protection
    from quartiersatlas.screening import Candidates, Shortlist


def collect_facts(
    data: AreaData,
    need: NeedIndex | None,
    shortlist: Shortlist | None,
    candidates: Candidates | None,
    protection: Protection,
    out: Released,
    assessed: pd.Series[bool],
) -> tuple[Message, ...]:
    """Return every fact a reader of the method box has to know, in the order of the work."""
    facts = [*_intake(data), *_city(data, out), *_protection(protection, out)]
    if need is not None:
        facts += _need(data, need)
    if shortlist is not None:
        facts += _screening(data, shortlist, assessed)
    if candidates is not None:
        facts.append(Message("fact_candidates", {"minimum": f"{candidates.min_population:g}"}))
        if len(candidates.too_small):
            names = _names(data, candidates.too_small.index)
            facts.append(Message("fact_candidates_small", {"count": len(candidates.too_small), "names": names}))
    return tuple(facts)


def _intake(data: AreaData) -> list[Message]:
    facts = []
    for report in data.reports:
        counts = {"source": report.source, "matched": report.n_matched, "areas": report.n_areas}
        facts.append(Message("fact_join", counts))
        if report.only_in_areas:
            facts.append(Message("fact_only_areas", {"names": _names(data, report.only_in_areas)}))
        if report.only_in_table:
            facts.append(Message("fact_only_table", {"keys": ", ".join(report.only_in_table)}))
        facts += [Message("fact_totals", {"key": key}) for key, _ in report.totals_rows]
        if report.ignored:
            facts.append(Message("fact_ignored", {"keys": ", ".join(report.ignored)}))
        facts += [Message("fact_repair", {"repair": repair.split(":")[0]}) for repair in report.repairs]
    return facts + area_facts(data.areas)


def _city(data: AreaData, out: Released) -> list[Message]:
    """Say where the city value is computed without areas whose count is secret or missing."""
    facts = []
    for column in out.columns:
        if column.kind == "rate":
            unknown = data.values[list(data.rates[column.id])].isna().any(axis=1)
            if unknown.any():
                facts.append(Message("fact_city_without", {"indicator": column, "count": int(unknown.sum())}))
    return facts


def _protection(protection: Protection, out: Released) -> list[Message]:
    """Say what is held back, as the options have it."""
    rules = []
    if protection.min_count > 1:
        name = "fact_protection_rest" if protection.complement else "fact_protection_count"
        rules.append(Message(name, {"min_count": protection.min_count}))
        if protection.secondary:
            rules.append(Message("fact_protection_second"))
    if protection.min_denominator:
        rules.append(Message("fact_protection_denominator", {"min_denominator": f"{protection.min_denominator:g}"}))
    if protection.round_base is not None:
        rules.append(Message("fact_protection_rounding", {"base": protection.round_base}))
    if protection.min_population > 0:
        rules.append(Message("fact_protection_population", {"min_population": f"{protection.min_population:g}"}))
    hidden = [
        (c, int(out.status[c.id].eq("suppressed").sum())) for c in out.columns if c.kind not in ("count", "score")
    ]
    return [
        *rules,
        *(Message("fact_hidden", {"indicator": column, "count": count}) for column, count in hidden if count),
    ]


def _need(data: AreaData, need: NeedIndex) -> list[Message]:
    facts = [
        Message("fact_need", {"spec": need.spec.id, "source": need.spec.source, "hash": need.spec.hash}),
        *(
            Message("fact_axis", {"axis": axis, "areas": len(need.scores) - len(need.excluded)})
            for axis in need.spec.axes
        ),
    ]
    for reason, text in (
        ("population", "fact_excluded_population"),
        ("manual", "fact_excluded_manual"),
        ("missing", "fact_excluded_missing"),
        ("no_denominator", "fact_excluded_no_denominator"),
    ):
        rows = need.excluded[need.excluded["reason"].eq(reason)]
        if len(rows):
            detail = "; ".join(dict.fromkeys(rows["detail"])) if reason == "manual" else rows["detail"].iloc[0]
            facts.append(Message(text, {"names": _names(data, rows.index), "count": len(rows), "detail": detail}))
    if len(need.incomplete):
        keys = need.incomplete.index.unique()
        facts.append(Message("fact_incomplete", {"names": _names(data, keys), "count": len(keys)}))
    return [*facts, *need.warnings]


def _screening(data: AreaData, shortlist: Shortlist, assessed: pd.Series[bool]) -> list[Message]:
    facts = [Message("fact_rule", {"rule": shortlist.rule})]
    unknown = assessed.index[~assessed]
    if len(unknown):
        facts.append(Message("fact_unassessed", {"count": len(unknown), "names": _names(data, unknown)}))
    return [*facts, *shortlist.warnings]


def _names(data: AreaData, keys: Iterable[str]) -> str:
    return ", ".join(f"{data.areas['name'][key]} ({key})" for key in keys)
