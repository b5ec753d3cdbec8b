"""Releases in a series: what was shown before, and what two releases give away together."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import new as keyed_hash
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import bytes_of, count_noun, expects, usable_path
from quartiersatlas.base.files import write_text
from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.suppression import recoverable_cells, small_cells
from quartiersatlas.errors import InputError, ReleaseError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.disclosure.release import ReleasedResults
    from quartiersatlas.disclosure.suppression import Protection, SuppressionPattern

FORMAT = 1


@dataclass
class Ledger:
    """What was released before.

    Parameters
    ----------
    entries : list of dict
        One per release: title, date, fingerprints of areas and definitions, the counts that were shown, the members
        of candidate areas. Nothing that was protected.
    key : str
        A secret of the house: :meth:`fingerprint` mixes it in. The ledger stays inside.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger
    Ledger of 0 releases
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a ledger, or begin one where there is no file yet.

        Raises
        ------
        InputError
            The file is no ledger.
        """
        expects(path, (str, Path), "Ledger.read", 'qa.Ledger.read("ledger.json")')
        path = usable_path(path, "ledger")
        if not path.exists():
            return cls()
        if not path.is_file():
            raise InputError(f"The ledger {str(path)!r} is no file. Name the file of the ledger.")
        try:
            content = json.loads(bytes_of(path))
            if content["format"] != FORMAT:
                raise InputError(
                    f"{path.name} is a ledger of format {content['format']}; this version reads {FORMAT}. "
                    f"Read it with the version that wrote it, or name another file."
                )
            return cls(list(content["entries"]), str(content["key"]))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{path.name} is not a release ledger: {error}. Name another file.") from error

    def add(self, entry: dict[str, Any]) -> None:
        """Enter a release, once; :func:`release` makes the entry."""
        expects(entry, dict, "Ledger.add", "qa.release(data, ..., ledger=ledger) makes and adds the entry")
        if entry not in self.entries:
            self.entries.append(entry)

    def save(self, path: str | Path) -> Path:
        """Write the ledger whole or not at all.

        Raises
        ------
        InputError
            The folder is not there.
        """
        expects(path, (str, Path), "Ledger.save", 'ledger.save("ledger.json")')
        content = {"format": FORMAT, "key": self.key, "entries": self.entries}
        return write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def fingerprint(self, content: bytes) -> str:
        """Return a keyed hash (HMAC-SHA-256) of an input.

        The plain hash of a small file would answer guesses: who knows all of it but one count tries the few values
        that count can have. Without the key, no guess can be checked.
        """
        expects(content, bytes, "Ledger.fingerprint", "ledger.fingerprint(path.read_bytes())")
        return keyed_hash(bytes.fromhex(self.key), content, "sha256").hexdigest()

    def __repr__(self) -> str:
        return f"Ledger of {count_noun(len(self.entries), 'release')}"


def ledger_entry(
    release: ReleasedResults, pattern: SuppressionPattern, shown: pd.DataFrame, protection: Protection
) -> dict[str, Any]:
    """Return what a ledger keeps of a release: what it shows, and fingerprints of what that means.

    Counts that leave rounded are not entered: their differences isolate nobody.
    """
    data = pattern.data
    exact = protection.round_base is None
    counts = {}
    for source in shown.columns[shown.any()]:
        values = data.counts(source)[shown[source]].dropna() if exact else data.counts(source).iloc[:0]
        counts[str(source)] = {
            "definition": _definition(pattern, str(source)),
            "shown": {str(key): float(value) for key, value in values.items()},
        }
    candidates: dict[str, list[str]] = {}
    for key, name in release.members.items():
        candidates.setdefault(str(name), []).append(str(key))
    shapes = release.areas.geometry.normalize().to_wkb()
    return {
        "title": release.title,
        "date": data.period or release.as_of,
        "min_count": protection.min_count,
        "complement": protection.protect_remainder,  # the word of the file, as ledgers have it since the first edition
        "areas": {str(key): sha256(shape).hexdigest()[:16] for key, shape in shapes.items()},
        "counts": counts,
        "candidates": {name: sorted(keys) for name, keys in sorted(candidates.items())},
    }


def _definition(pattern: SuppressionPattern, source: str) -> str:
    """Return the fingerprint of what a count means: its column and the words of the indicators made of it."""
    data = pattern.data
    words = []
    for name, (numerator, denominator) in data.rates.items():
        meaning = data.catalogue.get(name)
        if source == numerator:
            words.append(meaning.numerator_de)
        if source == denominator:
            words.append(meaning.denominator_de)
    return sha256(json.dumps([source, sorted(set(words))]).encode()).hexdigest()[:16]


COLUMNS = ["earlier", "column", "key", "kind"]


@dataclass(frozen=True)
class PendingRelease:
    """What is about to leave: its cells, the counts it shows, its entry for the ledger, its options."""

    pattern: SuppressionPattern
    shown: pd.DataFrame
    entry: dict[str, Any]
    protection: Protection


def compare_with_earlier(ledger: Ledger, pending: PendingRelease) -> list[Message]:
    """Refuse a release whose difference from an earlier one isolates a small count; say what comes close to it.

    Raises
    ------
    ReleaseError
        ``report`` has one row per count: the earlier release, column, key and kind: ``shown before`` (suppressed now),
        ``protected before`` (shown now), ``by subtraction`` (from both together), ``other borders`` (a strip between
        old and new borders has a small count), ``candidate areas`` (those left over of two overlapping ones).
    """
    found: list[tuple[str, str, str, str]] = []
    messages: list[Message] = []
    for entry in (entry for entry in ledger.entries if entry != pending.entry):
        title = f"{entry['title']} ({entry['date']})"
        for source in _common(entry, pending.entry):
            if entry["date"] != pending.entry["date"]:
                messages += _dates(entry, source, title, pending)
                continue
            found += [(title, source, *cell) for cell in _same_date(entry, source, pending)]
        if entry["date"] == pending.entry["date"]:
            found += [(title, *cell) for cell in _candidates(entry, pending)]
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


def _common(entry: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the counts that mean the same in both."""
    counts = new["counts"]
    return [
        source
        for source, content in entry["counts"].items()
        if source in counts and counts[source]["definition"] == content["definition"]
    ]


def _same_date(entry: dict[str, Any], source: str, pending: PendingRelease) -> Iterable[tuple[str, str]]:
    """Yield the small counts of one column that two releases of the same date give away together."""
    counts = pending.pattern.counts[source]
    small = _small(pending.pattern, source, pending.protection)
    shown_now = pending.shown[source]
    before = pd.Series(entry["counts"][source]["shown"], dtype=float)
    same = pd.Series({key: entry["areas"].get(key) == shape for key, shape in pending.entry["areas"].items()})
    shown_before = pd.Series(counts.index.isin(before.index), index=counts.index) & same
    for key in counts.index[pending.pattern.suppressed[source] & shown_before & small]:
        yield str(key), "shown before"
    listed = pd.Series([key in entry["areas"] for key in counts.index], index=counts.index)
    small_then = _small(
        pending.pattern, source, pending.protection, min_count=entry["min_count"], protect_remainder=entry["complement"]
    )
    suppressed_then = listed & same & ~shown_before & bool(len(before))
    for key in counts.index[suppressed_then & shown_now & small_then]:
        yield str(key), "protected before"
    together = ~(shown_now | shown_before)
    for key in recoverable_cells(pending.pattern, source, together & small, together, pending.protection):
        yield str(key), "by subtraction"
    strip = (counts - before.reindex(counts.index)).abs().where(listed & ~same & shown_now)
    for key in counts.index[(strip > 0) & (strip < pending.protection.min_count)]:
        yield str(key), "other borders"


def _small(
    pattern: SuppressionPattern,
    source: str,
    protection: Protection,
    min_count: int | None = None,
    *,
    protect_remainder: bool | None = None,
) -> pd.Series[bool]:
    """Return which counts of a column are small by themselves, or leave a small rest."""
    rules = replace(
        protection,
        min_count=protection.min_count if min_count is None else min_count,
        protect_remainder=protection.protect_remainder if protect_remainder is None else protect_remainder,
    )
    small = small_cells(pattern.counts[source], None, rules)
    for part, whole in pattern.data.rates.values():
        if part == source:
            small |= small_cells(pattern.counts[part], pattern.counts[whole], rules)
    return small


def _dates(entry: dict[str, Any], source: str, title: str, pending: PendingRelease) -> list[Message]:
    """Say where a count of another date comes close to this one."""
    counts, shown = pending.pattern.counts[source], pending.shown[source]
    before = pd.Series(entry["counts"][source]["shown"], dtype=float).reindex(counts.index)
    if before.isna().all():
        return []
    listed = pd.Series([key in entry["areas"] for key in counts.index], index=counts.index)
    change = (counts - before).abs().where(shown)
    near = int(((change > 0) & (change < pending.protection.min_count)).sum())
    one = int((listed & (before.notna() != shown) & counts.notna() & (counts > 0)).sum())
    if not near and not one:
        return []
    values = {"earlier": title, "column": source, "near": near, "one": one, "min_count": pending.protection.min_count}
    return [Message("warning_ledger_dates", values)]


def _candidates(entry: dict[str, Any], pending: PendingRelease) -> Iterable[tuple[str, str, str]]:
    """Yield the small counts of areas by which overlapping candidate areas of two releases differ."""
    for old in entry["candidates"].values():
        for new in pending.entry["candidates"].values():
            if old == new or not set(old) & set(new):
                continue
            for rest in (set(old) - set(new), set(new) - set(old)):
                keys = [key for key in pending.pattern.counts.index if key in rest]
                for source in _common(entry, pending.entry) if keys else []:
                    total = float(pending.pattern.counts.loc[keys, source].sum())
                    if 0 < total < pending.protection.min_count and not np.isnan(total):
                        yield source, ", ".join(keys), "candidate areas"
