"""Other dates that a release tells of: each protected and audited as its own release would be.

A change, a comparison of lists or of funded areas, and the change of a gap are made of several dates. What leaves of
them is computed anew of every date as a reader may know it: shown cells as they leave, withheld ones at the mean of
their unit, and no line of an area whose own cell is withheld at one of the dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from quartiersatlas.disclosure.certificate import audit_release, refuse_failed
from quartiersatlas.disclosure.columns import ReleasedColumns, add_data_column
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.derived.group_gaps import with_gaps
from quartiersatlas.disclosure.derived.named_columns import entering_names, families_of
from quartiersatlas.disclosure.known_counts import smallest_units
from quartiersatlas.disclosure.ledger import layer_of
from quartiersatlas.disclosure.over_time.other_borders import PendingRelease
from quartiersatlas.disclosure.suppression import EarlierCells, leaving_counts, shown_counts, suppression_pattern
from quartiersatlas.errors import SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from quartiersatlas.disclosure.certificate import Audit
    from quartiersatlas.disclosure.derived.group_gaps import LeavingGap
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.suppression import Settled, SuppressionPattern
    from quartiersatlas.indicators import GroupGap
    from quartiersatlas.intake import AreaData
    from quartiersatlas.screening import Shortlist


@dataclass(frozen=True, eq=False, kw_only=True)
class AskedDate:
    """What a result of a release takes of a date.

    Parameters
    ----------
    data : AreaData
        Of the date.
    by : str
        The argument of ``release`` that brings it.
    shown : tuple of str
        Columns of which values of areas are shown.
    used : tuple of str
        Columns that enter something over many areas.
    shortlist : Shortlist, optional
        A list of the date.
    gap : GroupGap, optional
        A gap that changed since.
    """

    data: AreaData
    by: str
    shown: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    shortlist: Shortlist | None = None
    gap: GroupGap | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class ToldDate:
    """A date as a reader may know it.

    Parameters
    ----------
    pattern : SuppressionPattern
        Its data, and the cells that may not be shown.
    out : ReleasedColumns
        Its columns as they would leave.
    filled : AreaData
        Its data with withheld cells at the mean of their unit.
    shown : DataFrame of bool
        Area by count column: the count can be read in what leaves.
    audit : Audit, optional
        How far that narrows down what is withheld; None for the date of the release, which has its own.
    gaps : mapping of str to LeavingGap
        Gaps that changed since, by their name.
    """

    pattern: SuppressionPattern
    out: ReleasedColumns
    filled: AreaData
    shown: pd.DataFrame
    audit: Audit | None = None
    gaps: Mapping[str, LeavingGap] = field(default_factory=dict)

    @property
    def data(self) -> AreaData:
        """The data of the house, with the sums that were declared."""
        return self.pattern.data

    @property
    def pending(self) -> PendingRelease:
        """What is entered in the ledger."""
        return PendingRelease(self.pattern, self.shown, layer_of(self.data.areas))

    def withheld(self, name: str) -> pd.Series[bool]:
        """Return the areas whose value in a column does not leave."""
        return self.out.values[name].isna()

    def known(self, names: Iterable[str], *, filled: bool) -> AreaData:
        """Return what a reader knows: shown cells with the digits that leave, withheld ones filled or absent."""
        values = self.filled.values.copy()
        for name in names:
            hidden = self.withheld(name)
            if name not in self.data.rates:
                values[name] = self.out.values[name].fillna(values[name])
            for column in () if filled else (name, *self.data.rates.get(name, ())[:1]):
                values[column] = values[column].mask(hidden)
        return replace(self.filled, values=values)


def told_dates(
    asked: Iterable[AskedDate], own: ToldDate, protection: Protection, settled: Settled | None
) -> dict[str, ToldDate]:
    """Return every date that a release tells of, by its period; its own among them.

    Raises
    ------
    SpecError
        A date has no period, or comes twice with other numbers.
    ReleaseError
        What would leave of a date tells a withheld count of it.
    """
    found = {own.data.period: own}
    by_period: dict[str, list[AskedDate]] = {}
    for one in asked:
        if not one.data.period:
            raise SpecError(f"release: {one.by}: data of another date need their period: join(..., period='2021').")
        if one.data.period == own.data.period:
            _refuse_other_numbers(own.data, one)
        else:
            by_period.setdefault(one.data.period, []).append(one)
    for period in sorted(by_period):
        found[period] = _told(by_period[period], protection, _settled_by(own.pattern, settled))
    return found


def _told(asked: list[AskedDate], protection: Protection, settled: Settled) -> ToldDate:
    """Protect a date with everything that is taken of it, and audit what leaves."""
    widest = max(asked, key=lambda one: len(one.data.values.columns)).data
    for one in asked:
        _refuse_other_numbers(widest, one)
    data, gaps, shown = with_gaps(
        widest,
        [one.gap for one in asked if one.gap is not None],
        list(dict.fromkeys(name for one in asked for name in one.shown)),
        at="earlier",
    )
    nothing: dict[str, Any] = dict.fromkeys(("need", "shortlist", "segregation", "scale", "comparison"))
    lists = [{**nothing, "shortlist": one.shortlist, "need": one.shortlist.need} for one in asked if one.shortlist]
    used = [name for one in asked for name in one.used]
    used += [name for made in lists for name in entering_names(data, made)]
    families = [family for made in lists for family in families_of(data, made)]
    pattern = suppression_pattern(data, protection, shown, used, families, settled)
    out = ReleasedColumns([], {}, {})
    for name in dict.fromkeys([*shown, *used]):
        if name in data.values.columns and name != data.population:
            add_data_column(out, pattern, name, protection)
    read = shown_counts(pattern, shown)
    audit = audit_release(pattern, read, leaving_counts(pattern, shown), shown)
    if protection.secondary:
        refuse_failed(audit)
    filled = fill_withheld(pattern, smallest_units(data, protection))
    leaving = {one.gap.spec.name: one for one in gaps}
    return ToldDate(pattern=pattern, out=out, filled=filled, shown=read, audit=audit, gaps=leaving)


def _refuse_other_numbers(data: AreaData, one: AskedDate) -> None:
    """Refuse a date that comes with other areas or other numbers than it is protected with."""
    other = one.data
    absent = [name for name in (*one.shown, *one.used) if name not in data.values.columns]
    numbers = data.values.select_dtypes("number").columns.intersection(other.values.columns)
    same = data is other or (
        data.areas.index.equals(other.areas.index)
        and all(data.values[name].equals(other.values[name]) for name in numbers)
    )
    if absent or not same:
        said = f"lacks {list_some(absent)}" if absent else "has other areas or numbers"
        raise SpecError(
            f"release: {one.by}: {data.period!r} comes twice, and one of the two {said}. Make everything of a date of "
            f"the same joined data."
        )


def _settled_by(own: SuppressionPattern, settled: Settled | None) -> Settled:
    """Return what is settled of a date: by earlier releases, and by changes that leave as columns of this one."""

    def found(data: AreaData) -> EarlierCells | None:
        told = [settled(data)] if settled is not None else []
        for name, before in own.earlier.items():
            if before.data.period == data.period and before.data.areas.index.equals(data.areas.index):
                base = own.data.changes[name][0]
                read = shown_counts(before, [base]).mul(~own.cells(name), axis=0).astype(bool)
                planned = {str(column): frozenset(cells.index[cells]) for column, cells in before.suppressed.items()}
                told.append(EarlierCells(read, planned))
        known = [one for one in told if one is not None]
        return reduce(_together, known) if known else None

    return found


def _together(one: EarlierCells, other: EarlierCells) -> EarlierCells:
    columns = one.shown.columns.union(other.shown.columns)
    shown = one.shown.reindex(columns=columns, fill_value=False) | other.shown.reindex(
        columns=columns, fill_value=False
    )
    planned = {
        name: one.planned.get(name, frozenset()) | other.planned.get(name, frozenset())
        for name in {**one.planned, **other.planned}
    }
    return EarlierCells(shown, planned, {**one.totals, **other.totals})


def gap_before(leaving: LeavingGap, dates: Mapping[str, ToldDate]) -> tuple[ReleasedColumns, LeavingGap] | None:
    """Return what leaves of the earlier date of a gap that changed."""
    if leaving.gap.before is None:
        return None
    date = dates[leaving.gap.before.period]
    return date.out, date.gaps[leaving.gap.spec.name]
