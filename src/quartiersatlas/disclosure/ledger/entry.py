"""The entry of a release for the ledger: what it shows, what it withholds, and of what it is made."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.disclosure.counted import small_cells
from quartiersatlas.disclosure.ledger.layers import layer_of
from quartiersatlas.disclosure.ledger.records import (
    LedgerCandidate,
    LedgerColumn,
    LedgerEntry,
    as_json,
    identified,
    sealed_need,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.release import ReleasedResults
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData


def ledger_entry(
    release: ReleasedResults,
    pattern: SuppressionPattern,
    shown: pd.DataFrame,
    protection: Protection,
    *,
    key: str,
    totals: Mapping[str, Mapping[str, float]] | None = None,
    sums: tuple[tuple[str, ...], ...] = (),
    parts: tuple[tuple[str, str], ...] = (),
    of_earlier_date: bool = False,
) -> LedgerEntry:
    """Return what a ledger keeps of a release.

    Parameters
    ----------
    release : ReleasedResults
        What leaves.
    pattern : SuppressionPattern
        Its cells, for all count columns of the data.
    shown : DataFrame of bool
        Area by count column: the count can be read in something that leaves.
    protection : Protection
        Its options.
    key : str
        The key of the ledger: which withheld cells needed protection is written so that only its owner can read it.
    totals : mapping, optional
        Count column -> unit -> total that is shown.
    sums, parts : tuple of tuple of str
        Relations between columns that were used: a whole and its parts; a part and its whole.
    of_earlier_date : bool, default False
        The cells are those of the earlier date of a change: candidate areas are none of theirs.
    """
    data = pattern.data
    names = [str(source) for source in shown.columns[shown.any()]]
    entry = LedgerEntry(
        title=release.title,
        date=data.period or release.as_of,
        min_count=protection.min_count,
        rules=as_json(asdict(protection)),
        layer=layer_of(data.areas).id,
        columns={name: _column(pattern, name, shown[name], protection) for name in sorted(names)},
        plan={name: _keys(pattern.suppressed[name]) for name in sorted(map(str, pattern.suppressed))},
        totals=totals or {},
        sums=sums,
        parts=parts,
        candidates={} if of_earlier_date else _candidates(release, pattern, shown[names], protection),
    )
    entry = identified(entry)
    needed = {name: frozenset(_keys(cells_that_need_protection(pattern, name, protection))) for name in entry.columns}
    return sealed_need(entry, needed, key)


def cells_that_need_protection(
    pattern: SuppressionPattern,
    source: str,
    protection: Protection,
    min_count: float | None = None,
    *,
    protect_remainder: bool | None = None,
) -> pd.Series[bool]:
    """Return which counts of a column need protection: the others that are withheld only keep them company.

    Parameters
    ----------
    pattern : SuppressionPattern
        The cells.
    source : str
        The column.
    protection : Protection
        What is too small.
    min_count, protect_remainder : optional
        Rules of an earlier release, instead of those of ``protection``.
    """
    marked = pattern.data.status[source].eq("suppressed")
    return small_counts(pattern, source, protection, min_count, protect_remainder=protect_remainder) | (
        pattern.suppressed[source] & (pattern.hidden | marked)
    )


def small_counts(
    pattern: SuppressionPattern,
    source: str,
    protection: Protection,
    min_count: float | None = None,
    *,
    protect_remainder: bool | None = None,
) -> pd.Series[bool]:
    """Return which counts of a column are small by themselves, or leave a small rest.

    Parameters
    ----------
    pattern : SuppressionPattern
        The cells.
    source : str
        The column.
    protection : Protection
        What is too small.
    min_count, protect_remainder : optional
        Rules of an earlier release, instead of those of ``protection``.
    """
    rules = replace(
        protection,
        min_count=protection.min_count if min_count is None else min_count,  # type: ignore[arg-type]
        protect_remainder=protection.protect_remainder if protect_remainder is None else protect_remainder,
    )
    small = small_cells(pattern.counts[source], None, rules)
    for part, whole in pattern.data.rates.values():
        if part == source:
            small |= small_cells(pattern.counts[part], pattern.counts[whole], rules)
    return small


def _column(pattern: SuppressionPattern, source: str, shown: pd.Series[bool], protection: Protection) -> LedgerColumn:
    counts = pattern.data.counts(source)
    absent = counts.isna() & pattern.data.status[source].ne("suppressed")
    leaving = protection.rounded(counts)[shown & counts.notna()].sort_index()
    return LedgerColumn(
        definition=definition_of(pattern.data, source),
        shown={str(key): float(value) for key, value in leaving.items()},
        withheld=_keys(~absent & ~(shown & counts.notna())),
        absent=_keys(absent),
        round_base=protection.round_base,
    )


def _candidates(
    release: ReleasedResults, pattern: SuppressionPattern, shown: pd.DataFrame, protection: Protection
) -> dict[str, LedgerCandidate]:
    """Return the candidate areas; a sum over members one of which is withheld is not shown either."""
    members = release.members
    found = {}
    for name in sorted(members.unique()):
        keys = members.index[members == name]
        open_columns = [str(source) for source in shown if shown[source][keys].all()]
        sums = {
            source: float(total)
            for source in open_columns
            for total in protection.rounded(pd.Series([pattern.data.counts(source)[keys].sum()]))
        }
        found[str(name)] = LedgerCandidate(members=tuple(sorted(map(str, keys))), sums=sums)
    return found


def definition_of(data: AreaData, source: str) -> str:
    """Return the fingerprint of what a count means: its column and the words of the indicators made of it."""
    words = []
    for name, (numerator, denominator) in data.rates.items():
        meaning = data.catalogue.get(name)
        if source == numerator:
            words.append(meaning.numerator_de)
        if source == denominator:
            words.append(meaning.denominator_de)
    return sha256(json.dumps([source, sorted(set(words))]).encode()).hexdigest()[:16]


def _keys(cells: pd.Series[bool]) -> tuple[str, ...]:
    """Return the keys of the cells that are true, sorted."""
    return tuple(sorted(map(str, cells.index[cells])))
