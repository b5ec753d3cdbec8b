"""What a release would give away together with earlier ones: the difference of two tables is a third table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.release.protection import small_cells
from quartiersatlas.release.secrecy import unsafe_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.release.ledger import Ledger
    from quartiersatlas.release.protection import Protection
    from quartiersatlas.release.secrecy import Secrecy

COLUMNS = ["earlier", "column", "key", "kind"]


@dataclass(frozen=True)
class Now:
    """What is about to leave: its cells, the counts it shows, its entry for the ledger, its options."""

    kept: Secrecy
    shown: pd.DataFrame
    entry: dict[str, Any]
    protection: Protection


def compare_with_earlier(ledger: Ledger, now: Now) -> list[Message]:
    """Refuse a release whose difference from an earlier one isolates a small count; say what comes close to it.

    Raises
    ------
    ReleaseError
        ``report`` has one row per count: the earlier release, column, key and kind: ``shown before`` (protected now),
        ``protected before`` (shown now), ``by subtraction`` (from both together), ``other borders`` (a strip between
        old and new borders has a small count), ``candidate areas`` (those left over of two overlapping ones).
    """
    found: list[tuple[str, str, str, str]] = []
    messages: list[Message] = []
    for entry in (entry for entry in ledger.entries if entry != now.entry):
        title = f"{entry['title']} ({entry['date']})"
        for source in _common(entry, now.entry):
            if entry["date"] != now.entry["date"]:
                messages += _dates(entry, source, title, now)
                continue
            found += [(title, source, *cell) for cell in _same_date(entry, source, now)]
        if entry["date"] == now.entry["date"]:
            found += [(title, *cell) for cell in _candidates(entry, now)]
    if found:
        report = pd.DataFrame(found, columns=COLUMNS).drop_duplicates(ignore_index=True)
        first = report.iloc[0]
        raise ReleaseError(
            f"Together with {len(set(report['earlier']))} earlier releases this one would give away {len(report)} "
            f"small counts, first {first['column']!r} in {first['key']!r} ({first['kind']}, {first['earlier']}). "
            f"Keep the protection, borders and candidate areas of the earlier release, or leave these columns out: "
            f"{list_some(report['column'].unique())}. All of them: err.report",
            report,
        )
    return messages


def _common(entry: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the counts that mean the same in both."""
    counts = new["counts"]
    return [
        source
        for source, content in entry["counts"].items()
        if source in counts and counts[source]["definition"] == content["definition"]
    ]


def _same_date(entry: dict[str, Any], source: str, now: Now) -> Iterable[tuple[str, str]]:
    """Yield the small counts of one column that two releases of the same date give away together."""
    counts = now.kept.counts[source]
    small = _small(now.kept, source, now.protection)
    shown_now = now.shown[source]
    before = pd.Series(entry["counts"][source]["shown"], dtype=float)
    same = pd.Series({key: entry["areas"].get(key) == shape for key, shape in now.entry["areas"].items()})
    shown_before = pd.Series(counts.index.isin(before.index), index=counts.index) & same
    for key in counts.index[now.kept.secret[source] & shown_before & small]:
        yield str(key), "shown before"
    listed = pd.Series([key in entry["areas"] for key in counts.index], index=counts.index)
    small_then = _small(now.kept, source, now.protection, min_count=entry["min_count"], complement=entry["complement"])
    held_then = listed & same & ~shown_before & bool(len(before))
    for key in counts.index[held_then & shown_now & small_then]:
        yield str(key), "protected before"
    together = ~(shown_now | shown_before)
    for key in unsafe_cells(now.kept, source, together & small, together, now.protection):
        yield str(key), "by subtraction"
    strip = (counts - before.reindex(counts.index)).abs().where(listed & ~same & shown_now)
    for key in counts.index[(strip > 0) & (strip < now.protection.min_count)]:
        yield str(key), "other borders"


def _small(
    kept: Secrecy, source: str, protection: Protection, min_count: int | None = None, *, complement: bool | None = None
) -> pd.Series[bool]:
    """Return which counts of a column are small by themselves, or leave a small rest."""
    from dataclasses import replace

    rules = replace(
        protection,
        min_count=protection.min_count if min_count is None else min_count,
        complement=protection.complement if complement is None else complement,
    )
    small = small_cells(kept.counts[source], None, rules)
    for part, whole in kept.data.rates.values():
        if part == source:
            small |= small_cells(kept.counts[part], kept.counts[whole], rules)
    return small


def _dates(entry: dict[str, Any], source: str, title: str, now: Now) -> list[Message]:
    """Say where a count of another date comes close to this one."""
    counts, shown = now.kept.counts[source], now.shown[source]
    before = pd.Series(entry["counts"][source]["shown"], dtype=float).reindex(counts.index)
    if before.isna().all():
        return []
    listed = pd.Series([key in entry["areas"] for key in counts.index], index=counts.index)
    change = (counts - before).abs().where(shown)
    near = int(((change > 0) & (change < now.protection.min_count)).sum())
    one = int((listed & (before.notna() != shown) & counts.notna() & (counts > 0)).sum())
    if not near and not one:
        return []
    values = {"earlier": title, "column": source, "near": near, "one": one, "min_count": now.protection.min_count}
    return [Message("warning_ledger_dates", values)]


def _candidates(entry: dict[str, Any], now: Now) -> Iterable[tuple[str, str, str]]:
    """Yield the small counts of areas by which overlapping candidate areas of two releases differ."""
    for old in entry["candidates"].values():
        for new in now.entry["candidates"].values():
            if old == new or not set(old) & set(new):
                continue
            for rest in (set(old) - set(new), set(new) - set(old)):
                keys = [key for key in now.kept.counts.index if key in rest]
                for source in _common(entry, now.entry) if keys else []:
                    total = float(now.kept.counts.loc[keys, source].sum())
                    if 0 < total < now.protection.min_count and not np.isnan(total):
                        yield source, ", ".join(keys), "candidate areas"
