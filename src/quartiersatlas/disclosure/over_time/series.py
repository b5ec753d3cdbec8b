"""Releases in a series: everything that was shown of a date is one system with what is about to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.certificate import REFUSED, audit_release
from quartiersatlas.disclosure.ledger.entry import definition_of
from quartiersatlas.disclosure.ledger.layers import outline_hashes
from quartiersatlas.disclosure.over_time.other_borders import told_by_other_borders
from quartiersatlas.disclosure.suppression import EarlierCells
from quartiersatlas.disclosure.system.relations import EarlierRelations
from quartiersatlas.errors import ReleaseError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from quartiersatlas.disclosure.ledger import Ledger, LedgerEntry
    from quartiersatlas.disclosure.over_time.other_borders import PendingRelease
    from quartiersatlas.intake import AreaData

COLUMNS = ["earlier", "column", "key", "kind", "id"]


def earlier_cells(ledger: Ledger, data: AreaData, as_of: str = "") -> EarlierCells:
    """Return what earlier releases of the same date and areas have shown, and the pattern that was planned then.

    A plan covers all count columns of the data, so that columns that follow later are as safe as if all had left at
    once: what was planned stays, also where it would be found otherwise now.
    """
    outlines = outline_hashes(data.areas)
    shown: dict[str, set[str]] = {}
    planned: dict[str, frozenset[str]] = {}
    totals: dict[str, float] = {}
    relations: list[EarlierRelations] = []
    for entry in _of_date(ledger, data.period or as_of):
        same = _same_areas(ledger, entry, outlines)
        for name, column in entry.columns.items():
            if name in data.values.columns and column.definition == definition_of(data, name):
                shown.setdefault(name, set()).update(same & set(column.exact))
        without_plan = {name: column.withheld for name, column in entry.columns.items() if name not in entry.plan}
        changed = {name for name, column in entry.columns.items() if column.definition != definition_of(data, name)}
        for name, keys in {**entry.plan, **without_plan}.items():
            if name in data.values.columns and name not in changed:
                planned[name] = planned.get(name, frozenset()) | (same & frozenset(keys))
        if same == set(outlines) == set(ledger.layers[entry.layer].outlines):
            totals |= {name: told[""] for name, told in entry.totals.items() if "" in told and name not in changed}
            relations += _relations(entry, changed | set(_revised_columns(entry, data)))
    areas = data.areas.index
    cells = pd.DataFrame({name: areas.isin(list(told)) for name, told in shown.items()}, index=areas)
    planned = {name: told - shown.get(name, set()) for name, told in planned.items()}
    return EarlierCells(cells, planned, totals, tuple(relations))


def _revised_columns(entry: LedgerEntry, data: AreaData) -> Iterator[str]:
    """Yield the columns of which a value that was shown, or was not there, is another one now."""
    for name, column in entry.columns.items():
        if name in data.values.columns:
            counts = data.counts(name)
            shown = pd.Series(column.exact, dtype=float)
            there = counts.reindex(list(column.absent)).notna().any()
            if there or (column.round_base is None and counts.reindex(shown.index).ne(shown).any()):
                yield name


def _relations(entry: LedgerEntry, changed: set[str]) -> Iterator[EarlierRelations]:
    """Yield what a release was planned with, without columns that mean something else now, or were mended."""
    wholes = {
        part: tuple(whole for whole in those if whole not in changed)
        for part, those in entry.wholes.items()
        if part not in changed
    }
    if wholes:
        sums, parts = ([row for row in rows if changed.isdisjoint(row)] for rows in (entry.sums, entry.parts))
        yield EarlierRelations(tuple(sums), tuple(parts), wholes)


def _of_date(ledger: Ledger, date: str) -> list[LedgerEntry]:
    return [entry for entry in ledger.published() if entry.date == date]


def _same_areas(ledger: Ledger, entry: LedgerEntry, outlines: Mapping[str, str]) -> set[str]:
    """Return the keys of areas that are the same in both."""
    before = ledger.layers[entry.layer].outlines
    return {key for key, shape in outlines.items() if before.get(key) == shape}


def compare_with_earlier(ledger: Ledger, pending: PendingRelease, own: LedgerEntry) -> list[Message]:
    """Refuse a release that together with earlier ones tells a protected count; say what comes close to it.

    Raises
    ------
    ReleaseError
        ``report`` has one row per count: the earlier release, column, key, kind and the id of the release; the kinds:
        ``shown before`` (suppressed now; not in a release that ``accept`` of the ledger names), ``by subtraction``
        (from all of them together), ``other borders`` (from areas with other borders), ``candidate areas`` (those left
        over of two overlapping ones).
    """
    found: list[tuple[str, ...]] = []
    messages: list[Message] = []
    others = [entry for entry in ledger.published() if entry.id != own.id]
    for entry in others:
        if entry.date == own.date:
            if entry.id not in ledger.accept:
                found += [
                    (entry.label, *cell, "shown before", entry.id) for cell in _shown_before(ledger, entry, pending)
                ]
            found += [(entry.label, *cell, "candidate areas", entry.id) for cell in _candidates(entry, own, pending)]
            messages += _revised(ledger, entry, pending)
        else:
            messages += _other_date(ledger, entry, own, pending)
    same_date = [entry for entry in others if entry.date == own.date]
    if same_date:
        label, last = same_date[-1].label, same_date[-1].id
        found += [(label, *cell, "by subtraction", last) for cell in _by_subtraction(ledger, pending, own.date)]
        told, said = told_by_other_borders(ledger, same_date, pending)
        found += [(entry.label, column, key, "other borders", entry.id) for entry, column, key in told]
        messages += said
    if found:
        _refuse(pd.DataFrame(found, columns=COLUMNS).drop_duplicates(ignore_index=True))
    return messages


def _refuse(report: pd.DataFrame) -> None:
    first, columns = report.iloc[0], report["column"].unique()
    raise ReleaseError(
        f"Together with {count_noun(len(set(report['earlier'])), 'earlier release')} this one would give away "
        f"{count_noun(len(report), 'small count')}, first {first['column']!r} in {first['key']!r} "
        f"({first['kind']}, {first['earlier']}). "
        f"Keep the protection, borders and candidate areas of the earlier release, or leave these columns out: "
        f"{list_some(columns)}. Columns and levels that belong together are best planned and released together. "
        f"All of them: err.report",
        report,
    )


def _common(entry: LedgerEntry, pending: PendingRelease) -> list[str]:
    """Return the counts that mean the same in both."""
    data, shown = pending.pattern.data, pending.shown
    return [
        name
        for name, column in entry.columns.items()
        if name in shown.columns and column.definition == definition_of(data, name)
    ]


def _shown_before(ledger: Ledger, entry: LedgerEntry, pending: PendingRelease) -> Iterator[tuple[str, str]]:
    """Yield the counts that need protection now and were shown then."""
    plan = pending.pattern.plan
    same = _same_areas(ledger, entry, pending.layer.outlines)
    for name in _common(entry, pending):
        column = plan.table.columns.index(name)
        then = set(entry.columns[name].exact)
        for place in np.flatnonzero(plan.small_but_shown[:, column]).tolist():
            key = str(plan.table.keys[place])
            if key in then & same and plan.kind[place, column] != "partner":
                yield name, key


def _by_subtraction(ledger: Ledger, pending: PendingRelease, date: str) -> Iterator[tuple[str, str]]:
    """Yield the protected counts that follow from everything that was ever shown of this date and these areas."""
    pattern = pending.pattern
    before = earlier_cells(ledger, pattern.data, date).shown.reindex(columns=pending.shown.columns, fill_value=False)
    together = pending.shown | before.astype(bool)
    if together.equals(pending.shown):
        return
    table = audit_release(pattern, together, pending.shown.columns[pending.shown.any()]).table
    for _, row in table[table["verdict"].isin(REFUSED) & table["kind"].ne("rounded")].iterrows():
        yield str(row["column"]), str(row["key"])


def _revised(ledger: Ledger, entry: LedgerEntry, pending: PendingRelease) -> list[Message]:
    """Say that counts of the same areas were shown with other values for the same date: both are known."""
    counts, found = pending.pattern.counts, []
    same = _same_areas(ledger, entry, pending.layer.outlines)
    for name in _common(entry, pending):
        before = (
            pd.Series(entry.columns[name].exact, dtype=float).reindex(counts.index).where(counts.index.isin(list(same)))
        )
        changed = int((before.notna() & counts[name].notna() & before.ne(counts[name])).sum())
        if changed:
            values = {"earlier": entry.label, "column": name, "count": changed}
            found.append(Message("warning_ledger_revised", values))
    return found


def _other_date(ledger: Ledger, entry: LedgerEntry, own: LedgerEntry, pending: PendingRelease) -> list[Message]:
    """Say where a count of another date comes close to this one."""
    messages = []
    for name in _common(entry, pending):
        if name not in own.columns:
            continue
        counts, shown = pending.pattern.counts[name], pending.shown[name]
        before = pd.Series(entry.columns[name].exact, dtype=float).reindex(counts.index)
        if before.isna().all():
            continue
        outlines = ledger.layers[entry.layer].outlines
        listed = pd.Series([key in outlines for key in counts.index], index=counts.index)
        minimum = pending.pattern.protection.min_count
        change = (counts - before).abs().where(shown)
        near = int(((change > 0) & (change < minimum)).sum())
        one = int((listed & (before.notna() != shown) & counts.notna() & (counts > 0)).sum())
        if near or one:
            values = {"earlier": entry.label, "column": name, "near": near, "one": one, "min_count": minimum}
            messages.append(Message("warning_ledger_dates", values))
    return messages


def _candidates(entry: LedgerEntry, own: LedgerEntry, pending: PendingRelease) -> Iterable[tuple[str, str]]:
    """Yield the small counts of areas by which overlapping candidate areas of two releases differ."""
    for earlier in entry.candidates.values():
        for later in own.candidates.values():
            old, new = set(earlier.members), set(later.members)
            if old == new or not old & new:
                continue
            for rest in (old - new, new - old):
                keys = [key for key in pending.pattern.counts.index if key in rest]
                for name in _common(entry, pending) if keys else []:
                    total = float(pending.pattern.counts.loc[keys, name].sum())
                    if 0 < total < pending.pattern.protection.min_count and not np.isnan(total):
                        yield name, ", ".join(keys)
