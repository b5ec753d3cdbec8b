"""The entry of a release for the ledger: what it shows, what it withholds, and of what it is made."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue.references import published_for_city
from quartiersatlas.disclosure.counted import seems_count
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
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.release import ReleasedResults
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.disclosure.system.relations import Relations
    from quartiersatlas.intake import AreaData


def ledger_entry(
    release: ReleasedResults,
    pattern: SuppressionPattern,
    shown: pd.DataFrame,
    protection: Protection,
    *,
    key: str,
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
    of_earlier_date : bool, default False
        The cells are those of the earlier date of a change: candidate areas are none of theirs.
    """
    data, relations, columns = pattern.data, pattern.plan.table.relations, pattern.plan.table.columns
    names = [str(source) for source in shown.columns[shown.any()]]
    entry = LedgerEntry(
        title=release.title,
        date=data.period or release.as_of,
        min_count=protection.min_count,
        rules=as_json(asdict(protection)),
        layer=layer_of(data.areas).id,
        columns={name: _column(pattern, name, shown[name], protection) for name in sorted(names)},
        plan={name: _keys(pattern.suppressed[name]) for name in sorted(map(str, pattern.suppressed))},
        sums=tuple((columns[one.whole], *(columns[part] for part in one.parts)) for one in relations.sums),
        parts=tuple((*(columns[part] for part in those), columns[whole]) for those, whole in relations.known_parts),
        wholes=_wholes(relations, columns) if protection.find_sums else {},
        totals=_totals(data),
        candidates={} if of_earlier_date else _candidates(release, pattern, shown[names], protection),
    )
    entry = identified(entry)
    return sealed_need(entry, {name: frozenset(_in_need(pattern, name)) for name in entry.columns}, key)


def _in_need(pattern: SuppressionPattern, source: str) -> tuple[str, ...]:
    """Return the keys of the cells that need protection: the others that are withheld only keep them company."""
    table = pattern.plan.table
    kind = pattern.plan.kind[:, table.columns.index(source)]
    return _keys(pd.Series((kind != "") & (kind != "partner"), index=table.keys))


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


def _wholes(relations: Relations, columns: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return for every column those that it is nowhere more than by its numbers alone."""
    return {
        name: tuple(columns[whole] for part, whole in relations.seen_parts if part == number)
        for number, name in enumerate(columns)
    }


def _totals(data: AreaData) -> dict[str, dict[str, float]]:
    """Return the totals of counts that came with the data: of the whole city, the unit of no name."""
    published = {str(name): published_for_city(data.references, str(name)) for name in data.values}
    return {
        name: {"": total[0]}
        for name, total in sorted(published.items())
        if total is not None and seems_count(data, name)
    }


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
