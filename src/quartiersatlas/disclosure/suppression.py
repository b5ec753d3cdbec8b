"""Small counts stay inside: which cells are withheld, planned over all counts of a date at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.counted import (
    count_columns,
    counted_rates,
    small_areas,
    small_cells,
    small_rest,
)
from quartiersatlas.disclosure.known_counts import count_table
from quartiersatlas.disclosure.numbers.added_numbers import number_cells
from quartiersatlas.disclosure.numbers.other_numbers import share_bases, share_kinds, with_numerators
from quartiersatlas.disclosure.system.chance import protect
from quartiersatlas.disclosure.system.partners import Task
from quartiersatlas.disclosure.system.relations import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.system.equations import CountTable
    from quartiersatlas.disclosure.system.relations import EarlierRelations
    from quartiersatlas.intake import AreaData

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SuppressionPlan:
    """The cells of a date, what protects them, and how far that goes.

    Parameters
    ----------
    table : CountTable
        All counts.
    kind : ndarray of str
        Why a cell is withheld: ``"small"``, ``"rest"``, ``"small area"``, ``"base"``, ``"source"``, ``"partner"``;
        empty where it is shown.
    asked : ndarray
        The width that the interval of a cell must have; 0 where it needs none.
    need : ndarray
        The width that it can have; less than asked where even withholding everything gives less.
    withheld : ndarray of bool
        The cells that nobody is shown.
    small_but_shown : ndarray of bool
        Cells that would be protected if an earlier release had not shown them: they are not shown again.
    shown_before : ndarray of bool
        Cells that earlier releases of the date showed.
    """

    table: CountTable
    kind: NDArray[np.object_]
    asked: Floats
    need: Floats
    withheld: Bools
    small_but_shown: Bools
    shown_before: Bools


@dataclass(frozen=True)
class SuppressionPattern:
    """The cells that may not be shown.

    Parameters
    ----------
    data : AreaData
        What is released.
    hidden : Series of bool
        Areas that show no indicator: too few residents, or an unknown number.
    counts : DataFrame of float
        Every count that could be shown: both counts of every rate, counts that leave, residents, and with
        ``Protection(plan="all")`` every other count of the data.
    suppressed : DataFrame of bool
        Area by count column: this count may not be shown in any column, nor anything made of it.
    earlier : mapping of str to SuppressionPattern
        For each change, the cells of its earlier date.
    protection : Protection
        What is too small.
    plan : SuppressionPlan
        How the pattern was found. Its table also has the numerators of ready-made shares, under the names of these.
    shares : DataFrame of bool
        Area by ready-made share with a known denominator: its numerator may not be known.
    """

    data: AreaData
    hidden: pd.Series[bool]
    counts: pd.DataFrame
    suppressed: pd.DataFrame
    earlier: Mapping[str, SuppressionPattern]
    protection: Protection
    plan: SuppressionPlan = field(repr=False)
    shares: pd.DataFrame = field(repr=False)

    def cells(self, name: str) -> pd.Series[bool]:
        """Return which areas may not show a column, whether it leaves or only enters something that does.

        A rate is protected where one of its counts is, a change where the rate of one of its two dates is.
        """
        data = self.data
        if name in data.changes:
            base = data.changes[name][0]
            return self.cells(base) | self.earlier[name].cells(base)
        if name in counted_rates(data):
            numerator, denominator = data.rates[name]
            cells = self.suppressed[numerator] | self.suppressed[denominator] | self.hidden
            return cells | (data.residents().eq(0) & data.counts(denominator).gt(0))
        if name in self.suppressed and name not in data.rates:
            return self.suppressed[name]
        if name in self.shares:
            return self.shares[name] | self.hidden
        return self.number_cells(name)[1]

    def number_cells(self, name: str) -> tuple[pd.Series[bool], pd.Series[bool]]:
        """Return where a number that is no count needs protection, and where it is withheld."""
        return number_cells(self.data, name, (self._needed(), self.suppressed), self.hidden, self.protection)

    def _needed(self) -> pd.DataFrame:
        """Return area by count column which counts are withheld because they need protection themselves."""
        kind = pd.DataFrame(self.plan.kind, index=self.suppressed.index, columns=list(self.plan.table.columns))
        return self.suppressed & ~kind[list(self.suppressed)].isin(["", "partner"])

    def known_counts(self, column: str) -> pd.Series[float]:
        """Return a count column with the secret cells that follow from the others."""
        table = self.plan.table
        return pd.Series(table.values[:, table.columns.index(column)], index=table.keys)

    def spread_of(self, column: str) -> float:
        """Return by how much the secret cells of a column that do not follow must stay open; 0 where it has none.

        That is as far as any cell must: where nothing else is left to help, they are company for others.
        """
        table = self.plan.table
        number = table.columns.index(column)
        spread = np.fmax(*table.spread)[np.isnan(table.values[:, number]), number]
        if not (np.isfinite(spread).any() and self.protection.secondary):
            return 0.0
        return max(float(np.nanmax(spread)), float(self.protection.min_count))


@dataclass(frozen=True, eq=False)
class EarlierCells:
    """What earlier releases of the same date and areas have settled.

    Parameters
    ----------
    shown : DataFrame of bool
        Area by count column: the count was shown. It is known and cannot be withheld any more.
    planned : mapping of str to frozenset of str
        Count column -> the keys that are withheld by the plan of the first of them.
    totals : mapping of str to float
        Count column -> total of the whole city that came with one of them.
    relations : tuple of EarlierRelations
        What their columns were found to have to do with each other.
    """

    shown: pd.DataFrame
    planned: Mapping[str, frozenset[str]] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    relations: tuple[EarlierRelations, ...] = ()


Settled: TypeAlias = "Callable[[AreaData], EarlierCells | None]"


def suppression_pattern(
    data: AreaData,
    protection: Protection,
    leaving: Iterable[str],
    entering: Iterable[str] = (),
    families: Iterable[tuple[list[str], pd.Series[bool]]] = (),
    settled: Settled | None = None,
    segregated: Iterable[str] = (),
) -> SuppressionPattern:
    """Find the cells that may not be shown.

    Parameters
    ----------
    data : AreaData
        What is released.
    protection : Protection
        What is too small.
    leaving, entering : iterable of str
        Columns that leave, and columns that enter something that does, such as the outcome of a rule.
    families : iterable of (list of str, Series of bool), optional
        Columns that make a class or an outcome together, and the areas that have one to lose.
    settled : callable, optional
        Data -> what earlier releases of their date settled.
    segregated : iterable of str, optional
        Of the columns that enter, those that are groups of persons, whatever their numbers look like.
    """
    leaving, entering = list(leaving), list(entering)
    names = list(dict.fromkeys([*leaving, *entering]))
    hidden = small_areas(data, protection)
    columns = count_columns(data, leaving, entering, list(segregated), everything=protection.plan == "all")
    shares = share_bases(data, columns, None if protection.plan == "all" else names)
    columns = list(dict.fromkeys([*columns, *shares.values()]))
    counted = with_numerators(data, shares, columns)
    earlier = settled(data) if settled else None
    known = (earlier.totals, earlier.relations) if earlier else ({}, ())
    table = count_table(counted, [*columns, *shares], hidden, protection, *known)
    plain = [name for name in columns if name not in _sources(data) and name != data.population]
    kind = _primary(counted, table, plain, hidden, protection)
    kind = np.hstack([kind[:, : len(columns)], share_kinds(data, shares, hidden, protection)])
    groups = _groups(data, table, families)
    plan = _planned(counted, table, kind, protection, groups, earlier)
    status, told = data.status[[*columns, *shares]], counted.values[[*columns, *shares]].notna()
    # a cell that nobody delivered stays missing, whatever follows of it
    withheld = (told & plan.withheld) | (status == "suppressed") | plan.small_but_shown
    changes = {name: change for name, change in data.changes.items() if name in names}
    bases = {
        id(before): [base for base, other in changes.values() if other is before] for _, before in changes.values()
    }
    before_changes = {  # one pattern per date: it is that of a release of this date
        id(before): suppression_pattern(before, protection, bases[id(before)], settled=settled)
        for before in {id(before): before for _, before in changes.values()}.values()
    }
    return SuppressionPattern(
        data=data,
        hidden=hidden,
        counts=pd.DataFrame({column: data.counts(column) for column in columns}, index=data.areas.index),
        suppressed=withheld[columns],
        earlier={name: before_changes[id(before)] for name, (_, before) in changes.items()},
        protection=protection,
        plan=plan,
        shares=pd.DataFrame({name: withheld[name] | withheld[base] for name, base in shares.items()}, data.areas.index),
    )


def _sources(data: AreaData) -> set[str]:
    return {source for pair in data.rates.values() for source in pair}


def _primary(
    data: AreaData, table: CountTable, plain: list[str], hidden: pd.Series[bool], protection: Protection
) -> NDArray[np.object_]:
    """Return why counts need protection: small by themselves, a small rest, a small area, secret in the source."""
    x = pd.DataFrame(table.x, index=table.keys, columns=list(table.columns))
    people = str(data.population)
    kind = pd.DataFrame("", index=x.index, columns=x.columns, dtype=object)
    kind = kind.mask(pd.DataFrame(table.secret, index=x.index, columns=x.columns), "source")
    empty = data.residents().eq(0)
    for column in x:
        if column != people:
            kind[column] = kind[column].mask((hidden & x[column].notna()) | (empty & x[column].gt(0)), "small area")
        kind[column] = kind[column].mask(small_cells(x[column], None, protection), "small")
    pairs = ((name, people) for name in plain if not _repeats(x[name], x[people]))
    for part, whole in (*counted_rates(data).values(), *pairs):
        found = small_cells(x[part], x[whole], protection) & kind[part].isin(["", "source"])
        rest = small_rest(x[part], x[whole], protection) & protection.protect_remainder
        kind[part] = kind[part].mask(found, "base").mask(found & rest, "rest")
    kind[[column for column in kind if column in data.perturbed]] = ""  # protected where they come from
    return kind.to_numpy(dtype=object)


def _repeats(column: pd.Series[float], people: pd.Series[float]) -> bool:
    """Return True if a count is that of the residents under another name: nobody is in it or not."""
    known = column.notna() & people.notna()
    return bool(known.any() and column[known].eq(people[known]).mean() >= HOLDS)


def _planned(
    data: AreaData,
    table: CountTable,
    kind: NDArray[np.object_],
    protection: Protection,
    groups: tuple[Bools, ...],
    earlier: EarlierCells | None,
) -> SuppressionPlan:
    """Find the partners, until the denominators of withheld counts leave them enough values too."""
    shown, planned = _settled(table, earlier)
    known = np.isfinite(table.x)
    while True:
        kind = _with_tiny_denominators(data, table, kind, protection)
        primary = (kind != "") & known & ~shown
        asked = np.where(primary & ((kind != "source") | (table.x < protection.min_count)), protection.min_count, 0.0)
        asked = np.where((kind == "source") & (table.x == 0), 0.0, asked)
        asked = _within_marks(table, asked)
        task = Task(
            table=table,
            withheld=primary | (planned & known & ~shown),
            need=asked,
            may_hide=_may_hide(data, table, kind) & ~shown,
            cost=_costs(data, table, protection),
            groups=groups,
            zeros=protection.zeros == "where_needed",
        )
        withheld, need = task.withheld, asked
        if protection.secondary:
            withheld, need = protect(task, protection.effort)
        kind = np.where(withheld & (kind == ""), "partner", kind)
        again = _with_tiny_denominators(data, table, kind, protection)
        if (again == kind).all():
            return SuppressionPlan(table, kind, asked, need, withheld, (kind != "") & known & shown, shown)
        kind = np.where(kind == "partner", "", again)


def _settled(table: CountTable, earlier: EarlierCells | None) -> tuple[Bools, Bools]:
    """Return the cells that were shown before, and those that the plan of an earlier release withholds."""
    shown, planned = np.zeros(table.shape, dtype=bool), np.zeros(table.shape, dtype=bool)
    if earlier is None:
        return shown, planned
    keys, names = pd.Index(table.keys), list(table.columns)
    for name in (name for name in earlier.shown if name in names):
        shown[:, names.index(name)] = earlier.shown[name].reindex(keys, fill_value=False).to_numpy(dtype=bool)
    for name in (name for name in earlier.planned if name in names):
        planned[:, names.index(name)] = keys.isin(list(earlier.planned[name]))
    return shown & np.isfinite(table.x), planned


def _within_marks(table: CountTable, asked: Floats) -> Floats:
    """Ask for no more values than the mark of a secret cell has."""
    least, greatest = table.marks
    return np.where(np.isfinite(greatest - least), np.minimum(asked, greatest - least), asked)


def _with_tiny_denominators(
    data: AreaData, table: CountTable, kind: NDArray[np.object_], protection: Protection
) -> NDArray[np.object_]:
    """Protect denominators that would leave a protected count too few values."""
    kind = kind.copy()
    for numerator, denominator in counted_rates(data).values():
        part, whole = table.columns.index(numerator), table.columns.index(denominator)
        n = table.x[:, whole]
        tiny = (kind[:, part] != "") & (n > 0) & (n <= protection.min_count) & (kind[:, whole] == "")
        kind[tiny, whole] = "base"
    return kind


def _may_hide(data: AreaData, table: CountTable, kind: NDArray[np.object_]) -> Bools:
    """Return the cells that could be withheld for others: told, not the residents, not where nobody lives."""
    told = data.values[list(table.columns)].notna().to_numpy()
    may = told & (kind == "") & ~data.residents().eq(0).to_numpy()[:, None]
    may[:, table.people] = False
    may[:, [column in data.perturbed for column in table.columns]] = False
    found: Bools = may
    return found


def _costs(data: AreaData, table: CountTable, protection: Protection) -> Floats:
    """Return what it costs to withhold each cell: more where many live, for wholes, and by priority.

    Counts themselves do not enter: who knows the method could tell them by what was withheld. Ties are decided by a
    hash of column and key.
    """
    people = data.residents().fillna(0).to_numpy(dtype=float)
    cost = np.ones(table.shape) + 0.3 * (people / max(float(people.max()), 1.0))[:, None]
    for whole in {one.whole for one in table.relations.sums}:
        cost[:, whole] *= 1.5
    for name, weight in protection.priority.items():
        for source in data.rates.get(name, (name,))[:1]:
            if source in table.columns:
                cost[:, table.columns.index(source)] *= float(weight)
    return cost + 1e-4 * _hashes(table)


def _hashes(table: CountTable) -> Floats:
    """Return a number between 0 and 1 for each cell that depends on its names alone."""
    rows = []
    for column in table.columns:
        digests = (sha256(f"{column}\x1f{key}".encode()).digest() for key in table.keys)
        rows.append([int.from_bytes(digest[:6], "big") / 2**48 for digest in digests])
    return np.array(rows, dtype=float).T.reshape(table.shape)


def _groups(
    data: AreaData, table: CountTable, families: Iterable[tuple[list[str], pd.Series[bool]]]
) -> tuple[Bools, ...]:
    """Return for each axis of the index, and for the rule, the cells whose loss costs an area its class or outcome."""
    found = []
    for names, has_one in families:
        cells = _cells_of(data, table, names) & has_one.reindex(table.keys, fill_value=False).to_numpy()[:, None]
        found.append(cells)
    return tuple(group for group in found if group.any())


def _cells_of(data: AreaData, table: CountTable, names: list[str]) -> Bools:
    cells = np.zeros(table.shape, dtype=bool)
    for name in names:
        base = data.changes[name][0] if name in data.changes else name
        for source in data.rates.get(base, (base,)):
            if source in table.columns and source != data.population:
                cells[:, table.columns.index(source)] = True
    return cells


def leaving_counts(pattern: SuppressionPattern, leaving: list[str]) -> list[str]:
    """Return the count columns (and shares) that leave, with rates or alone, even if nothing of them is shown."""
    rates = counted_rates(pattern.data)
    wanted = [source for name in leaving for source in rates.get(name, (name,))]
    known = [*pattern.suppressed, *pattern.shares]
    return [name for name in dict.fromkeys([*wanted, str(pattern.data.population)]) if name in known]


def shown_counts(pattern: SuppressionPattern, leaving: list[str]) -> pd.DataFrame:
    """Return the counts that at least one column shows: a rate shows two, or none."""
    data, people = pattern.data, str(pattern.data.population)
    shown = pattern.suppressed & False
    shown[people] = ~pattern.suppressed[people]
    for name in leaving:
        for source in counted_rates(data).get(name, (name,)):
            if source in shown:
                shown[source] |= ~pattern.cells(name)
    return shown & pattern.counts.notna()
