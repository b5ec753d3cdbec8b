"""Releases of one date over different areas: districts after quarters, old and new borders, areas of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack, vstack

from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.ledger.entry import definition_of
from quartiersatlas.disclosure.over_time.atoms import common_atoms
from quartiersatlas.disclosure.system.equations import CITY, known_units
from quartiersatlas.disclosure.system.feasibility import UNKNOWN, ContradictionError, System, intervals
from quartiersatlas.errors import ReleaseError, list_some
from quartiersatlas.intake.areas.area_columns import parent_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from quartiersatlas.disclosure.ledger import Ledger, LedgerColumn, LedgerEntry
    from quartiersatlas.disclosure.ledger.layers import LedgerLayer
    from quartiersatlas.disclosure.suppression import SuppressionPattern

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

    Told: TypeAlias = tuple[LedgerEntry, str, str]


@dataclass(frozen=True, eq=False)
class PendingRelease:
    """What is about to leave: its cells, the counts it shows, its areas."""

    pattern: SuppressionPattern
    shown: pd.DataFrame
    layer: LedgerLayer


def told_by_other_borders(
    ledger: Ledger, entries: list[LedgerEntry], pending: PendingRelease
) -> tuple[list[Told], list[Message]]:
    """Return the protected counts that earlier releases of other areas and this one tell together.

    Parameters
    ----------
    ledger : Ledger
        The earlier releases.
    entries : list of LedgerEntry
        Those of the same date.
    pending : PendingRelease
        What is about to leave.

    Returns
    -------
    list of (LedgerEntry, str, str)
        Earlier release, column and key of the area, of that release or of the pending one.
    list of Message
        What could not be compared in full, and why.

    Raises
    ------
    ReleaseError
        No counts fit everything that was shown; the message names the columns.

    Notes
    -----
    All sets of areas are sums of the same smallest parts. A count is told if everything shown leaves it fewer values
    than its release promised, and fewer than that release leaves it alone with the totals that it took to be known. So
    a total that was planned with tells nothing new when it is shown. Each column stands for itself: sums of columns
    are reckoned with where the areas are the same.

    The strip by which an area of the same key became smaller or larger is a count like any other.
    """
    compared = [(entry, names) for entry in entries if (names := _common(entry, pending))]
    layers, without_borders = _layers(ledger, compared, pending)
    told = [found for entry, names in without_borders for found in _strips_by_key(entry, names, pending)]
    messages = [Message("warning_ledger_no_borders", {"earlier": entry.label}) for entry, _ in without_borders]
    if len(layers) == 1:
        return told, messages
    atoms = common_atoms([layer.areas for layer in layers])
    laid = [_Laid.of(layer, incidence) for layer, incidence in zip(layers, atoms.incidence, strict=True)]
    contradictory = []
    for name in pending.shown.columns[pending.shown.any()]:
        if not any(layer.columns(name) for layer in layers[1:]):
            continue
        column = _Column(ledger, pending, str(name), laid)
        messages += column.revised()
        try:
            told += column.told()
        except ContradictionError:
            contradictory.append(str(name))
    _refuse_contradictions(contradictory, layers)
    return told, [*messages, *atoms.messages]


def _refuse_contradictions(columns: list[str], layers: list[_BorderLayer]) -> None:
    if not columns:
        return
    earlier = list(dict.fromkeys(entry.label for layer in layers[1:] for entry, _ in layer.entries))
    raise ReleaseError(
        f"No counts fit both this release and earlier ones of the same date over other areas ({list_some(earlier)}): "
        f"{list_some(columns)}. Were the counts or the areas revised in between? Then it cannot be checked whether a "
        f"protected count follows. Give revised counts a date of their own, or leave these columns out.",
        pd.DataFrame({"column": columns}),
    )


def _common(entry: LedgerEntry, pending: PendingRelease) -> tuple[str, ...]:
    """Return the counts that this release shows and that mean the same in an earlier one."""
    shown, data = pending.shown, pending.pattern.data
    return tuple(
        name
        for name, column in entry.columns.items()
        if name in shown and shown[name].any() and column.definition == definition_of(data, name)
    )


def _strips_by_key(entry: LedgerEntry, names: Iterable[str], pending: PendingRelease) -> Iterator[Told]:
    """Yield the counts of areas whose outline changed by a few persons, where the old outlines were not stored."""
    counts, shown = pending.pattern.counts, pending.shown
    for name in names:
        before = pd.Series(entry.columns[name].exact, dtype=float).reindex(counts.index)
        strip = (counts[name] - before).abs().where(shown[name])
        for key in counts.index[(strip > 0) & (strip < pending.pattern.protection.min_count)]:
            yield entry, name, str(key)


# sets of areas


@dataclass(frozen=True, eq=False)
class _BorderLayer:
    """A set of areas, and the releases that showed counts of it, with their columns that are compared."""

    areas: gpd.GeoDataFrame
    entries: tuple[tuple[LedgerEntry, tuple[str, ...]], ...] = ()

    def columns(self, name: str) -> list[tuple[LedgerEntry, LedgerColumn]]:
        """Return the releases that showed a column."""
        return [(entry, entry.columns[name]) for entry, names in self.entries if name in names]


def _layers(
    ledger: Ledger, compared: list[tuple[LedgerEntry, tuple[str, ...]]], pending: PendingRelease
) -> tuple[list[_BorderLayer], list[tuple[LedgerEntry, tuple[str, ...]]]]:
    """Return the sets of areas, that of the pending release first, and the releases whose outlines are not known."""
    pending_areas = pending.layer.read()
    assert pending_areas is not None  # noqa: S101 - what leaves has outlines
    own = pending_areas.loc[pending.pattern.plan.table.keys.astype(str)]
    drawn = {frozenset(pending.layer.outlines.items()): own}
    for layer in ledger.layers.values():
        if layer.id in {entry.layer for entry, _ in compared} and frozenset(layer.outlines.items()) not in drawn:
            areas = layer.read()
            if areas is not None:
                drawn[frozenset(layer.outlines.items())] = areas
    found: dict[frozenset[tuple[str, str]], list[tuple[LedgerEntry, tuple[str, ...]]]] = {one: [] for one in drawn}
    without = list[tuple["LedgerEntry", tuple[str, ...]]]()
    for entry, names in compared:
        outlines = frozenset(ledger.layers[entry.layer].outlines.items())
        found.get(outlines, without).append((entry, names))
    return [_BorderLayer(areas, tuple(found[outlines])) for outlines, areas in drawn.items()], without


@dataclass(frozen=True, eq=False)
class _Laid:
    """A set of areas as sums of the smallest parts: ``parts`` is a matrix area by part."""

    layer: _BorderLayer
    parts: csr_array
    keys: pd.Index
    size: Ints
    only: Ints

    @classmethod
    def of(cls, layer: _BorderLayer, incidence: csr_array) -> _Laid:
        parts = csr_array(incidence, dtype=float)
        parts.sort_indices()
        size = np.diff(parts.indptr)
        only = np.where(size == 1, parts.indices[np.minimum(parts.indptr[:-1], len(parts.indices) - 1)], -1)
        return cls(layer, parts, layer.areas.index.astype(str), size, only)

    def made_of(self, other: _Laid) -> tuple[csr_array, Bools]:
        """Return which areas of another set lie in each area, and which areas these make up whole."""
        return _made_of(self.parts, other.parts)


def _made_of(whole: csr_array, part: csr_array) -> tuple[csr_array, Bools]:
    common = (whole @ part.T).tocoo()
    size = part.sum(axis=1)
    inside = common.data == size[common.col]
    matrix = csr_array((np.ones(int(inside.sum())), (common.row[inside], common.col[inside])), shape=common.shape)
    return matrix, matrix @ size == whole.sum(axis=1)


# one column


@dataclass(frozen=True, eq=False)
class _Known:
    """What a reader knows of the areas of one set: bounds of each count, and totals of units.

    Parameters
    ----------
    low, high : ndarray, shape (n_areas,)
        Bounds; the same where the count was shown as it is.
    withheld : ndarray of bool, shape (n_areas,)
        Counts that are not shown but are there: at least 1, if zeros are shown.
    need : dict of int to (float, LedgerEntry)
        Area -> the width that its interval must have, and the release that promised it.
    units : csr_array, shape (n_units, n_parts)
        Units whose totals its releases took to be known.
    totals : ndarray, shape (n_units,)
        Their totals.
    """

    low: Floats
    high: Floats
    withheld: Bools
    need: dict[int, tuple[float, LedgerEntry]]
    units: csr_array
    totals: Floats

    def with_zeros(self) -> _Known:
        """Return the same where withheld counts may be 0: some releases withhold zeros too."""
        low = np.where(self.withheld & (self.low == 1), 0.0, self.low)
        return _Known(low, self.high, self.withheld, self.need, self.units, self.totals)


class _Column:
    """One count in all sets of areas."""

    def __init__(self, ledger: Ledger, pending: PendingRelease, name: str, laid: list[_Laid]) -> None:
        self.ledger, self.pending, self.name, self.laid = ledger, pending, name, laid
        self.table = pending.pattern.plan.table
        self.number = self.table.columns.index(name)
        self.x = self.table.values[:, self.number]
        self.off = {id(column): self._off(one, column) for one in laid[1:] for _, column in one.layer.columns(name)}
        self.known = [self._known_now(), *(self._known_then(one) for one in laid[1:])]

    def revised(self) -> list[Message]:
        """Say which earlier releases showed counts that do not add up with those of now."""
        found = []
        for one in self.laid[1:]:
            for entry, column in one.layer.columns(self.name):
                if self.off[id(column)][1]:
                    values = {"earlier": entry.label, "column": self.name, "count": self.off[id(column)][1]}
                    found.append(Message("warning_ledger_revised", values))
        return found

    def _off(self, one: _Laid, column: LedgerColumn) -> tuple[float, int]:
        """Return by how much a release shows other counts than now where its areas are sums of others, and how often.

        The reader cannot know either then: all of its counts may be off by as much.
        """
        shown = pd.Series(column.shown, dtype=float).reindex(one.keys).to_numpy()
        half, most, count = (column.round_base or 0) // 2, 0.0, 0
        for whole, part, sums, parts in ((one, self.laid[0], shown, self.x), (self.laid[0], one, self.x, shown)):
            matrix, complete = whole.made_of(part)
            off = np.abs(sums - matrix @ np.nan_to_num(parts))
            n_parts = matrix.sum(axis=1)
            off = np.maximum(off - half * (1 if whole is one else n_parts), 0)
            told = complete & np.isfinite(sums) & ~((matrix @ np.isnan(parts).astype(float)) > 0)
            most = max(most, float(off[told].max(initial=0.0)))
            count += int((told & (off > 0) & (n_parts > 1)).sum())  # single ones are compared by their keys
        return most, count

    def _known_now(self) -> _Known:
        """Return what the pending release shows, with what earlier ones showed of the same areas."""
        plan, protection = self.pending.pattern.plan, self.pending.pattern.protection
        table, c = self.table, self.number
        seen = self.pending.shown.reindex(columns=table.columns, fill_value=False).to_numpy(dtype=bool)
        seen &= np.isfinite(table.x)
        low, high = (side[:, c].copy() for side in table.bounds(~seen))
        shown = self.pending.pattern.protection.rounded(pd.Series(self.x)).to_numpy()
        base = protection.round_base or 0
        low = np.where(seen[:, c], np.maximum(shown - base // 2, 0), low)
        high = np.where(seen[:, c], shown + max(base - 1, 0) // 2, high)
        known, withheld = seen[:, c].copy(), ~seen[:, c] & (np.isfinite(self.x) | table.secret[:, c])
        for _, column in self.laid[0].layer.columns(self.name):
            there = self.laid[0].keys.isin(list(column.exact)) & np.isfinite(self.x)
            low, high, known = np.where(there, self.x, low), np.where(there, self.x, high), known | there
        asked = np.where(table.is_unsure[:, c], np.fmax(*table.spread)[:, c], plan.asked[:, c])
        last = [entry for one in self.laid[1:] for entry, _ in one.layer.columns(self.name)][-1]
        need = {int(n): (float(asked[n]), last) for n in np.flatnonzero((asked > 0) & ~known)}
        need |= self._needed_then(self.laid[0], known, need)
        members = np.zeros((len(table.units), len(self.x)))
        for number, unit in enumerate(table.units):
            members[number, unit.members] = 1.0
        unknown = members @ (np.isnan(self.x) & table.secret[:, c])  # their totals are known to others, not here
        kept = csr_array(members[unknown == 0] * np.isfinite(self.x))
        return _Known(low, high, withheld, need, kept @ self.laid[0].parts, kept @ np.nan_to_num(self.x))

    def _known_then(self, one: _Laid) -> _Known:
        """Return what the releases of another set of areas showed."""
        low, high = np.zeros(len(one.keys)), np.full(len(one.keys), UNKNOWN)
        known, there = np.zeros(len(low), dtype=bool), np.zeros(len(low), dtype=bool)
        small = np.zeros(len(low), dtype=bool)
        for entry, column in one.layer.columns(self.name):
            shown = pd.Series(column.shown, dtype=float).reindex(one.keys).to_numpy()
            base, off = column.round_base or 0, self.off[id(column)][0]
            is_shown = np.isfinite(shown)
            low = np.where(is_shown, np.fmax(low, shown - base // 2 - off), low)
            high = np.where(is_shown, np.fmin(high, shown + max(base - 1, 0) // 2 + off), high)
            low, high = np.minimum(low, high), np.maximum(low, high)  # two that differ: anything between
            known |= is_shown
            there |= one.keys.isin(column.withheld)
            small |= self._few_residents(one, entry)
            high = np.where(is_shown, high, np.fmin(high, self._wholes(one, entry)))
        withheld = there & ~known
        low = np.where(withheld & ~small, 1.0, low)
        units, totals = self._totals_then(one)
        return _Known(low, high, withheld, self._needed_then(one, known, {}), units, totals)

    def _needed_then(
        self, one: _Laid, known: Bools, now: Mapping[int, tuple[float, LedgerEntry]]
    ) -> dict[int, tuple[float, LedgerEntry]]:
        """Return the counts that earlier releases protected, where none showed them."""
        need: dict[int, tuple[float, LedgerEntry]] = {}
        for entry, _ in one.layer.columns(self.name):
            needed = one.keys.isin(list(self.ledger.needed(entry, self.name))) & ~known
            for n in np.flatnonzero(needed).tolist():
                if entry.min_count > max(need.get(n, (0.0,))[0], now.get(n, (0.0,))[0]):
                    need[n] = (float(entry.min_count), entry)
        return need

    def _few_residents(self, one: _Laid, entry: LedgerEntry) -> Bools:
        """Return the areas that showed no indicator, zeros neither."""
        people = entry.columns.get(self.table.columns[self.table.people])
        least = entry.rules.get("min_population", 0)
        residents = pd.Series(people.shown if people is not None else {}, dtype=float).reindex(one.keys)
        few: Bools = (residents < float(least)).to_numpy(dtype=bool)
        return few

    def _wholes(self, one: _Laid, entry: LedgerEntry) -> Floats:
        """Return the smallest shown count of which this one is a part."""
        found = np.full(len(one.keys), UNKNOWN)
        for part, whole in self.table.relations.seen_parts:
            column = entry.columns.get(self.table.columns[whole]) if part == self.number else None
            if column is not None:
                found = np.fmin(found, pd.Series(column.exact, dtype=float).reindex(one.keys).to_numpy())
        return found

    def _totals_then(self, one: _Laid) -> tuple[csr_array, Floats]:
        """Return the totals that releases of these areas took to be known: what is told now, if it is sums of that."""
        levels: dict[str, None] = {}
        parents = parent_columns(one.layer.areas.drop(columns=one.layer.areas.geometry.name))
        for entry, _ in one.layer.columns(self.name):
            named = entry.rules.get("totals", "all")
            named = [*parents, CITY] if named == "all" else [*named, CITY] if named else []
            levels |= dict.fromkeys(name for name in named if name in (*parents, CITY))
        units = known_units(one.layer.areas, list(levels))
        absent = np.ones(len(one.keys), dtype=bool)
        for _, column in one.layer.columns(self.name):
            absent &= one.keys.isin(column.absent)
        members = np.zeros((len(units), len(one.keys)))
        for number, unit in enumerate(units):
            members[number, unit.members] = 1.0
        parts = csr_array(members * ~absent) @ one.parts
        matrix, complete = _made_of(parts, self.laid[0].parts)
        complete = complete & ~((matrix @ np.isnan(self.x).astype(float)) > 0)
        return parts[np.flatnonzero(complete)], (matrix @ np.nan_to_num(self.x))[complete]

    # together

    def told(self) -> list[Told]:
        """Return the counts that all releases tell together.

        Raises
        ------
        ContradictionError
            No counts fit.
        """
        try:
            return self._told(self.known)
        except ContradictionError:  # an earlier release withheld a zero
            return self._told([self.known[0], *(known.with_zeros() for known in self.known[1:])])

    def _told(self, known: list[_Known]) -> list[Told]:
        found = list[tuple["LedgerEntry", str, str]]()
        for number, (one, mine) in enumerate(zip(self.laid, known, strict=True)):
            if not mine.need:
                continue
            areas = np.array(list(mine.need))
            need = np.array([width for width, _ in mine.need.values()])
            width = self._widths(known, number, areas, need, alone=False)
            narrow = np.flatnonzero(width < need)
            if len(narrow):
                before = self._widths(known, number, areas[narrow], width[narrow] + 1, alone=True)
                narrow = narrow[before > width[narrow]]
            found += [(mine.need[n][1], self.name, str(one.keys[n])) for n in areas[narrow].tolist()]
        return found + list(self._strips(known))

    def _widths(self, known: list[_Known], number: int, areas: Ints, enough: Floats, *, alone: bool) -> Floats:
        """Return how wide the intervals of some areas of one set are, by itself or with all others."""
        system, cells = _system(self.laid, known, number, [number] if alone else range(len(known)))
        found = intervals(system, cells[areas], enough=enough)
        width: Floats = found.high - found.low
        return width

    def _strips(self, known: list[_Known]) -> Iterator[Told]:
        """Yield the areas whose outline changed by parts in which few live, as all releases tell together."""
        own, minimum = self.laid[0], self.pending.pattern.protection.min_count
        for one, mine in zip(self.laid[1:], known[1:], strict=True):
            then = one.keys.get_indexer(own.keys)
            both = np.flatnonzero(then >= 0)
            both = both[(known[0].high[both] < UNKNOWN) & (mine.high[then[both]] < UNKNOWN)]
            old, new = one.parts[then[both]], own.parts[both]
            common = old.multiply(new)
            strips = csr_array(vstack([old - common, new - common]))
            rows = np.flatnonzero(strips.sum(axis=1) > 0)
            if not len(rows):
                continue
            system, _ = _system(self.laid, known, 0, range(len(known)))
            system, cells = _with_sums(system, strips[rows])
            found = intervals(system, cells, enough=np.full(len(rows), float(minimum)))
            small = (found.high - found.low < minimum) & (found.low < minimum) & (found.high > 0)
            last = one.layer.columns(self.name)
            for row in np.unique(rows[small] % len(both)) if last else ():
                yield last[-1][0], self.name, str(own.keys[both[row]])


def _system(laid: list[_Laid], known: list[_Known], number: int, which: Iterable[int]) -> tuple[System, Ints]:
    """Return all rows between the smallest parts, and the cell of each area of one set.

    Parameters
    ----------
    laid, known : list
        The sets of areas, and what is known of each.
    number : int
        The set whose counts are asked for: its totals are known.
    which : iterable of int
        The sets whose counts are known.
    """
    n = laid[0].parts.shape[1]
    low, high = np.zeros(n), np.full(n, UNKNOWN)
    blocks, right, further = [known[number].units], [known[number].totals], list[tuple["Floats", "Floats"]]()
    cells, n_cells = np.zeros(0, dtype=np.intp), n
    shape = list[tuple["csr_array", int]]()
    for m in which:
        one, mine = laid[m], known[m]
        single = one.size == 1
        np.maximum.at(low, one.only[single], mine.low[single])
        np.minimum.at(high, one.only[single], mine.high[single])
        several = np.flatnonzero(~single)
        shape.append((one.parts[several], n_cells))
        further.append((mine.low[several], mine.high[several]))
        if m == number:
            cells = one.only.copy()
            cells[several] = n_cells + np.arange(len(several))
        n_cells += len(several)
    rows = [csr_array(hstack([blocks[0], csr_array((blocks[0].shape[0], n_cells - n))]))]
    for parts, first in shape:
        height = parts.shape[0]
        own = csr_array((-np.ones(height), (np.arange(height), first - n + np.arange(height))), (height, n_cells - n))
        rows.append(csr_array(hstack([parts, own])))
        right.append(np.zeros(height))
    matrix = csr_array(vstack(rows))
    bounds = [np.concatenate([one, *(more[side] for more in further)]) for side, one in enumerate((low, high))]
    side = np.concatenate(right)
    return System(matrix, side, np.ones(len(side), dtype=bool), *bounds), cells


def _with_sums(system: System, sums: csr_array) -> tuple[System, Ints]:
    """Return a system with a cell for each of some sums of parts."""
    height, n_cells = sums.shape[0], system.matrix.shape[1]
    wide = csr_array(hstack([sums, csr_array((height, n_cells - sums.shape[1]))]))
    below = hstack([wide, csr_array((-np.ones(height), (np.arange(height), np.arange(height))), (height, height))])
    above = hstack([system.matrix, csr_array((system.matrix.shape[0], height))])
    return System(
        csr_array(vstack([above, below])),
        np.concatenate([system.right, np.zeros(height)]),
        np.ones(len(system.right) + height, dtype=bool),
        np.concatenate([system.lower, np.zeros(height)]),
        np.concatenate([system.upper, np.full(height, UNKNOWN)]),
    ), n_cells + np.arange(height)
