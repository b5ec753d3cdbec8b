"""Releases in a series: what two of them give away together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.ledger.entry import small_counts
from quartiersatlas.errors import ReleaseError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.disclosure.ledger import Ledger, LedgerEntry
    from quartiersatlas.disclosure.ledger.layers import LedgerLayer
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.suppression import SuppressionPattern

COLUMNS = ["earlier", "column", "key", "kind", "id"]


@dataclass(frozen=True)
class PendingRelease:
    """What is about to leave: its cells, the counts it shows, its entry for the ledger, its areas, its options."""

    pattern: SuppressionPattern
    shown: pd.DataFrame
    entry: LedgerEntry
    layer: LedgerLayer
    protection: Protection


def compare_with_earlier(ledger: Ledger, pending: PendingRelease) -> list[Message]:
    """Refuse a release whose difference from an earlier one isolates a small count; say what comes close to it.

    Raises
    ------
    ReleaseError
        ``report`` has one row per count: the earlier release, column, key, kind and the id of the release; the kinds:
        ``shown before`` (suppressed now; not in a release that ``accept`` of the ledger names),
        ``protected before`` (shown now), ``by subtraction`` (from both together), ``other borders`` (a strip between
        old and new borders has a small count), ``candidate areas`` (those left over of two overlapping ones).
    """
    found: list[tuple[str, ...]] = []
    messages: list[Message] = []
    for entry in (entry for entry in ledger.published() if entry.id != pending.entry.id):
        outlines = ledger.layers[entry.layer].outlines
        for source in _common(entry, pending.entry):
            if entry.date != pending.entry.date:
                messages += _dates(entry, source, outlines, pending)
                continue
            cells = _same_date(entry, source, outlines, pending)
            accepted = {"shown before"} if entry.id in ledger.accept else set()
            found += [(entry.label, source, key, kind, entry.id) for key, kind in cells if kind not in accepted]
        if entry.date == pending.entry.date:
            found += [(entry.label, *cell, entry.id) for cell in _candidates(entry, pending)]
    if found:
        report = pd.DataFrame(found, columns=COLUMNS).drop_duplicates(ignore_index=True)
        first = report.iloc[0]
        raise ReleaseError(
            f"Together with {count_noun(len(set(report['earlier'])), 'earlier release')} this one would give away "
            f"{count_noun(len(report), 'small count')}, first {first['column']!r} in {first['key']!r} "
            f"({first['kind']}, {first['earlier']}). "
            f"Keep the protection, borders and candidate areas of the earlier release, or leave these columns out: "
            f"{list_some(report['column'].unique())}. All of them: err.report",
            report,
        )
    return messages


def _common(entry: LedgerEntry, new: LedgerEntry) -> list[str]:
    """Return the counts that mean the same in both."""
    return [
        source
        for source, column in entry.columns.items()
        if source in new.columns and new.columns[source].definition == column.definition
    ]


def _same_date(
    entry: LedgerEntry, source: str, outlines: Mapping[str, str], pending: PendingRelease
) -> Iterable[tuple[str, str]]:
    """Yield the small counts of one column that two releases of the same date give away together."""
    counts = pending.pattern.counts[source]
    small = small_counts(pending.pattern, source, pending.protection)
    shown_now = pending.shown[source]
    before = pd.Series(entry.columns[source].exact, dtype=float)
    same = pd.Series({key: outlines.get(key) == shape for key, shape in pending.layer.outlines.items()})
    same = same.reindex(counts.index)
    shown_before = pd.Series(counts.index.isin(before.index), index=counts.index) & same
    for key in counts.index[pending.pattern.suppressed[source] & shown_before & small]:
        yield str(key), "shown before"
    listed = pd.Series([key in outlines for key in counts.index], index=counts.index)
    small_then = small_counts(
        pending.pattern,
        source,
        pending.protection,
        min_count=entry.min_count,
        protect_remainder=bool(entry.rules.get("protect_remainder", True)),
    )
    suppressed_then = listed & same & ~shown_before & bool(len(before))
    for key in counts.index[suppressed_then & shown_now & small_then]:
        yield str(key), "protected before"
    strip = (counts - before.reindex(counts.index)).abs().where(listed & ~same & shown_now)
    for key in counts.index[(strip > 0) & (strip < pending.protection.min_count)]:
        yield str(key), "other borders"


def _dates(entry: LedgerEntry, source: str, outlines: Mapping[str, str], pending: PendingRelease) -> list[Message]:
    """Say where a count of another date comes close to this one."""
    counts, shown = pending.pattern.counts[source], pending.shown[source]
    before = pd.Series(entry.columns[source].exact, dtype=float).reindex(counts.index)
    if before.isna().all():
        return []
    listed = pd.Series([key in outlines for key in counts.index], index=counts.index)
    change = (counts - before).abs().where(shown)
    near = int(((change > 0) & (change < pending.protection.min_count)).sum())
    one = int((listed & (before.notna() != shown) & counts.notna() & (counts > 0)).sum())
    if not near and not one:
        return []
    values = {
        "earlier": entry.label,
        "column": source,
        "near": near,
        "one": one,
        "min_count": pending.protection.min_count,
    }
    return [Message("warning_ledger_dates", values)]


def _candidates(entry: LedgerEntry, pending: PendingRelease) -> Iterable[tuple[str, str, str]]:
    """Yield the small counts of areas by which overlapping candidate areas of two releases differ."""
    for earlier in entry.candidates.values():
        for later in pending.entry.candidates.values():
            old, new = set(earlier.members), set(later.members)
            if old == new or not old & new:
                continue
            for rest in (old - new, new - old):
                keys = [key for key in pending.pattern.counts.index if key in rest]
                for source in _common(entry, pending.entry) if keys else []:
                    total = float(pending.pattern.counts.loc[keys, source].sum())
                    if 0 < total < pending.protection.min_count and not np.isnan(total):
                        yield source, ", ".join(keys), "candidate areas"
