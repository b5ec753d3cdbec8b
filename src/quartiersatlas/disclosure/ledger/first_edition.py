"""Ledgers of the first edition (format 1), which kept less; what they did not keep counts as protected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quartiersatlas.disclosure.ledger.layers import LedgerLayer, layer_without_outlines
from quartiersatlas.disclosure.ledger.records import (
    LedgerCandidate,
    LedgerColumn,
    LedgerEntry,
    identified,
    mapped,
    number,
    table,
    text,
    texts,
)
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = re.compile(r"[0-9a-f]{64}")


def from_first_edition(content: Mapping[str, Any]) -> tuple[list[LedgerEntry], dict[str, LedgerLayer], str]:
    """Return entries, areas and key of a ledger of format 1.

    It kept the values that were shown and hashes of outlines. An area without a shown value may have had a protected
    one or none at all, so all of them count as withheld and as in need of protection.

    Raises
    ------
    InputError
        Something is missing or of another kind; the message names the place.
    """
    key = text(_part(content, "key", "the ledger"), "key")
    if not KEY.fullmatch(key):
        raise InputError("key is no key")
    entries: list[LedgerEntry] = []
    layers: dict[str, LedgerLayer] = {}
    releases = _part(content, "entries", "the ledger")
    if not isinstance(releases, list):
        raise InputError("entries is no list")
    for n, release in enumerate(releases):
        entry, layer = _entry(table(release, f"entries[{n}]"), f"entries[{n}]")
        layers[layer.id] = layer
        if entry.id not in {known.id for known in entries}:
            entries.append(entry)
    return entries, layers, key


def _entry(release: Mapping[str, Any], place: str) -> tuple[LedgerEntry, LedgerLayer]:
    layer = layer_without_outlines(mapped(text)(_part(release, "areas", place), f"{place}.areas"))
    columns = {
        name: _column(table(count, f"{place}.counts[{name!r}]"), layer, f"{place}.counts[{name!r}]")
        for name, count in table(_part(release, "counts", place), f"{place}.counts").items()
    }
    candidates = mapped(texts)(_part(release, "candidates", place), f"{place}.candidates")
    entry = LedgerEntry(
        title=text(_part(release, "title", place), f"{place}.title"),
        date=text(_part(release, "date", place), f"{place}.date"),
        min_count=number(_part(release, "min_count", place), f"{place}.min_count"),
        rules={"protect_remainder": bool(_part(release, "complement", place))},
        layer=layer.id,
        columns=columns,
        plan={name: column.withheld for name, column in columns.items()},
        candidates={name: LedgerCandidate(members=members) for name, members in candidates.items()},
    )
    return identified(entry), layer


def _column(count: Mapping[str, Any], layer: LedgerLayer, place: str) -> LedgerColumn:
    shown = mapped(number)(_part(count, "shown", place), f"{place}.shown")
    return LedgerColumn(
        definition=text(_part(count, "definition", place), f"{place}.definition"),
        shown=shown,
        withheld=tuple(sorted(set(layer.outlines) - set(shown))),
    )


def _part(content: Mapping[str, Any], name: str, place: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    if name not in content:
        raise InputError(f"{place} has no {name!r}")
    return content[name]
