"""The certificate: how far everything that is shown narrows down what is not, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.disclosure.numbers.added_numbers import is_added, known_amounts
from quartiersatlas.disclosure.system.chance import taking_part, without
from quartiersatlas.disclosure.system.equations import CITY
from quartiersatlas.disclosure.system.feasibility import intervals
from quartiersatlas.disclosure.system.partners import Task, possible_width
from quartiersatlas.disclosure.system.secret_cells import secret_limits
from quartiersatlas.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.numbers.added_numbers import KnownAmounts
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.disclosure.system.equations import CountTable

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

COLUMNS = ["key", "column", "kind", "low", "high", "values", "need", "verdict", "because"]
REFUSED = ("narrow", "exact")
HELPLESS = ("limit", "few", "parent")
MOST_CELLS = 4000  # not shown; beyond it columns that do not leave count as if they did: less work, and narrower


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """What a reader of a release can know about the counts that it withholds. For the house only.

    Parameters
    ----------
    table : DataFrame
        One row per withheld number: ``key``, ``column``, ``kind`` (``"small"``, ``"rest"``: few are not in the group,
        ``"small area"``, ``"base"``: a small denominator, ``"source"``: secret where it comes from, ``"rounded"``,
        ``"partner"``: withheld for another one), ``low`` and ``high`` (the least and the greatest value that everything
        shown leaves), ``values`` (how many that are), ``need`` (how many there must be; 0 where it needs none),
        ``verdict`` and ``because`` (the equations that say so).
        A ready-made share with a known denominator stands for the persons above it. Means, amounts and balances have
        ``low`` and ``high`` in their own unit; ``values`` and ``need`` count the steps in which they are printed.
        Verdicts: ``"open"``; ``"few"`` (all persons of the unit, fewer than the minimum, could be there or none of
        them), ``"limit"`` (no wider if everything were withheld), ``"marked"`` (every value that the mark of the source
        allows stays), ``"parent"`` (the only area of a unit whose total is known), ``"narrow"``, ``"exact"``.
    relations : tuple of str
        The equations that were reckoned with, in words.
    loss : mapping of str to float
        ``cells``: counts withheld; ``partners``: of these the ones that needed no protection; ``persons``: residents
        of areas that lose a count as partners only.
    programmes : tuple of int
        Linear and whole-number programmes that were solved.
    earlier : mapping of str to Audit
        The same of every other date that the release tells of.
    """

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    relations: tuple[str, ...] = ()
    loss: Mapping[str, float] = field(default_factory=dict)
    programmes: tuple[int, int] = (0, 0)
    earlier: Mapping[str, Audit] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no withheld count is known more closely than promised, where that can be helped."""
        return not self.table["verdict"].isin(REFUSED).any() and all(one.ok for one in self.earlier.values())

    @property
    def limits(self) -> pd.DataFrame:
        """The cells that nothing can protect better: at their limit, of too few persons, alone in their unit."""
        return self.table[self.table["verdict"].isin(HELPLESS)]

    @property
    def tightest(self) -> pd.DataFrame:
        """The cells that need protection, narrowest first."""
        asked = self.table[self.table["need"] > 0]
        return asked.sort_values(["values", "column", "key"], kind="stable").reset_index(drop=True)

    def copied(self) -> Audit:
        """Return a copy that shares nothing that could be written into."""
        earlier = {date: one.copied() for date, one in self.earlier.items()}
        return replace(self, table=self.table.copy(), loss=dict(self.loss), earlier=earlier)

    def __repr__(self) -> str:
        return "\n".join([self._own(), *(f"{date}: {one!r}" for date, one in self.earlier.items())])

    def _own(self) -> str:
        asked = self.tightest
        if not len(self.table):
            return "\n".join(["Audit: no count is withheld.", *(f"  {relation}" for relation in self.relations)])
        verdicts = asked["verdict"].value_counts()
        words = ", ".join(f"{verdicts[name]:,} {said}" for name, said in SAID.items() if name in verdicts)
        partners = count_noun(int((self.table["need"] == 0).sum()), "partner")
        lines = [f"Audit: {count_noun(len(asked), 'withheld count')} ({partners} beside): {words or 'none needs it'}"]
        for _, row in asked.head(1).iterrows():
            because = f", by {row['because']}" if row["because"] else ""
            lines.append(f"  tightest {row['low']:g}..{row['high']:g} ({row['column']} in {row['key']}{because})")
        if not self.ok:
            lines.append("  NOT OK: a withheld count follows, or nearly follows, from what is shown")
        lines += [f"  {relation}" for relation in self.relations]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{self.tightest.head(20).to_html(escape=True)}"


SAID = {
    "open": "open",
    "marked": "as open as the mark of the source",
    "few": "of fewer persons than the minimum, all of which could be elsewhere",
    "limit": "at their limit",
    "parent": "alone in a unit with a known total",
    "narrow": "TOO NARROW",
    "exact": "EXACT",
}


def audit_release(
    pattern: SuppressionPattern, shown: pd.DataFrame, leaving: Iterable[str], numbers: Iterable[str] = ()
) -> Audit:
    """Audit what a release shows.

    Parameters
    ----------
    pattern : SuppressionPattern
        The cells that may not be shown.
    shown : DataFrame of bool
        Area by count column: the count can be read in something that leaves.
    leaving : iterable of str
        The count columns that leave, with their rates or alone.
    numbers : iterable of str, optional
        All columns that leave: means, amounts and balances among them are audited by their totals.
    """
    plan, protection = pattern.plan, pattern.protection
    table = plan.table
    columns = list(table.columns)
    known = np.isfinite(table.x)
    leaving = list(leaving)
    leaves = np.isin(columns, [*leaving, *shown.columns[shown.any()]])
    read = {name: ~pattern.cells(name) for name in pattern.shares if name in leaving}  # a share tells its numerator
    seen = shown.assign(**read).reindex(columns=columns, fill_value=False).to_numpy(dtype=bool) & known
    unseen = known & ~seen
    if int(unseen.sum()) > MOST_CELLS:
        unseen = known & np.where(leaves, ~seen, plan.withheld)
    near = leaves | _tied_to(table, leaves)
    asked = np.where(plan.withheld & near, plan.asked, 0.0)
    listed = unseen & ((asked > 0) | (plan.withheld & leaves))
    task = Task(
        table=table,
        withheld=unseen,
        need=asked,
        may_hide=known & ~unseen & ~_fixed(pattern, table),
        cost=np.ones(table.shape),
        zeros=protection.zeros == "where_needed",
    )
    rows = audited_cells(task, np.flatnonzero(listed.ravel()), plan.kind, ~plan.shown_before)
    secret = np.flatnonzero((table.is_unsure & near).ravel())
    rows = pd.concat([rows[0], _secret_rows(task, secret, ~plan.shown_before)], ignore_index=True), rows[1]
    found = rows[0]
    if protection.round_base is not None:
        rounded = seen & ~np.isin(columns, [*map(str, pattern.shares)])
        found = pd.concat([found, _rounded_rows(table, rounded, unseen, protection)], ignore_index=True)
    numbers = list(numbers)
    others, relations = _number_rows(pattern, numbers), (*relation_texts(table), *_number_relations(pattern, numbers))
    if others:
        found = pd.concat([found, pd.DataFrame(others, columns=COLUMNS)], ignore_index=True)
    found = found.sort_values(["column", "key"], kind="stable", ignore_index=True)
    return Audit(found, relations, _loss(pattern, listed, asked), rows[1])


def _fixed(pattern: SuppressionPattern, table: CountTable) -> Bools:
    """Return the cells that cannot be withheld: the residents, and where nobody lives."""
    fixed = np.zeros(table.shape, dtype=bool)
    fixed[:, table.people] = True
    fixed[pattern.data.residents().eq(0).to_numpy()] = True
    return fixed


def _tied_to(table: CountTable, columns: Bools) -> Bools:
    """Return the columns that are tied by sums to some that leave."""
    tied = columns.copy()
    while True:
        before = tied.copy()
        for one in table.relations.sums:
            members = [one.whole, *one.parts]
            tied[members] |= tied[members].any()
        if (tied == before).all():
            return tied


def audited_cells(
    task: Task, cells: Ints, kind: NDArray[np.object_], could_hide: Bools | None = None
) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Return one row per cell with its exact interval and verdict.

    ``could_hide`` has the cells that were still to be decided on, where an earlier release had shown some.
    """
    table, n_columns = task.table, task.table.shape[1]
    system, unknown, rows = table.equations.system(task.withheld, *table.bounds(task.withheld))
    places = np.searchsorted(unknown, cells)
    found = intervals(system, places, start=table.x.ravel()[unknown])
    asked = task.need.ravel()[cells]
    width = found.high - found.low
    verdict = np.where(asked == 0, "partner", np.where(width >= asked, "open", ""))
    for number in np.flatnonzero(verdict == ""):
        verdict[number] = _narrow_verdict(task, int(cells[number]), float(found.low[number]), float(found.high[number]))
    because = [
        "; ".join(table.equations.describe(int(rows[row])) for row in found.rows.get(int(place), ())[:3])
        for place in places
    ]
    for place, said in _for_readers_of_less(task, cells, verdict, could_hide).items():
        verdict[place] = "limit" if said == "open" else said
        because[place] = "; ".join(filter(None, [because[place], WITHOUT_FOUND[said]]))
    frame = pd.DataFrame(
        {
            "key": np.asarray(table.keys, dtype=object)[cells // n_columns],
            "column": np.asarray(table.columns, dtype=object)[cells % n_columns],
            "kind": kind.ravel()[cells],
            "low": found.low + 0.0,
            "high": found.high + 0.0,
            "values": (width + 1).astype(int),
            "need": np.where(asked > 0, asked + 1, 0).astype(int),
            "verdict": verdict,
            "because": because,
        },
        columns=COLUMNS,
    )
    return frame, found.programmes


WITHOUT_FOUND = dict.fromkeys(REFUSED, "without relations found in the numbers it could be wider") | {
    "open": "open without the relations found in the numbers"
}


def _for_readers_of_less(task: Task, cells: Ints, verdict: NDArray[Any], could_hide: Bools | None) -> dict[int, str]:
    """Return what the cells at their limit are to readers without the relations that nobody declared.

    Such a relation may hold by chance: then it is no reason to leave a cell narrow. The readers know none of them, or
    all but one.
    """
    limited = np.flatnonzero(verdict == "limit")
    found = taking_part(task.table, cells[limited])
    if not found:
        return {}
    said: dict[int, str] = {}
    asked = task.need.ravel()[cells]
    may_hide = task.may_hide if could_hide is None else task.may_hide & could_hide
    for unknown in dict.fromkeys([found, *(frozenset([one]) for one in found)]):
        reader = replace(task, table=without(task.table, unknown), may_hide=may_hide)
        table = reader.table
        system, inside, _ = table.equations.system(task.withheld, *table.bounds(task.withheld))
        ends = intervals(system, np.searchsorted(inside, cells[limited]), start=table.x.ravel()[inside])
        for number, low, high in zip(limited.tolist(), ends.low.tolist(), ends.high.tolist(), strict=True):
            if high - low < asked[number]:
                narrow = _narrow_verdict(reader, int(cells[number]), low, high)
                if narrow in REFUSED:
                    said[number] = narrow
            elif unknown == found:
                said.setdefault(number, "open")
    return said


def _narrow_verdict(task: Task, cell: int, low: float, high: float) -> str:
    """Return why an interval is narrower than asked: it cannot be helped, or it is a leak."""
    table = task.table
    area, column = divmod(cell, table.shape[1])
    units = [unit for unit in table.units if area in unit.members]
    if any(len(unit.members) == 1 for unit in units):
        return "parent"
    inhabited = np.nansum(table.x[:, [column]], axis=1)
    persons = min((float(inhabited[unit.members].sum()) for unit in units), default=np.inf)
    if low == 0 and high == persons and persons < task.need.ravel()[cell]:
        return "few"
    if high - low >= possible_width(task, task.withheld, cell):
        return "limit"
    return "exact" if low == high else "narrow"


def _secret_rows(task: Task, cells: Ints, could_hide: Bools) -> pd.DataFrame:
    """Return the rows of cells that nobody told: how many of the values that their marks allow stay possible."""
    table, withheld = task.table, task.withheld
    low, high = secret_limits(table, withheld, cells)
    n_columns = table.shape[1]
    (down, up), value = (side.ravel()[cells] for side in table.spread), table.values.ravel()[cells]
    least, greatest = (side.ravel()[cells] for side in table.marks)
    least = np.where(np.isfinite(least), least, np.minimum(np.nan_to_num(value, nan=1.0), 1.0))
    follows = np.isfinite(value)
    first = np.where(follows, np.fmax(value - down, least), least)
    last = np.where(follows, np.fmin(value + up, greatest), np.fmin(least + up, greatest))
    safe = (low <= -down) & (high >= up)
    frame = pd.DataFrame(
        {
            "key": np.asarray(table.keys, dtype=object)[cells // n_columns],
            "column": np.asarray(table.columns, dtype=object)[cells % n_columns],
            "kind": "source",
            "low": np.where(safe, first, np.where(follows, np.fmax(value + low, least), np.nan)),
            "high": np.where(safe, last, value + high),
            "values": np.where(safe, last - first, np.minimum(np.minimum(-low, high), up)).astype(int) + 1,
            "need": (last - first).astype(int) + 1,
            "verdict": np.where(safe, np.where(follows, "open", "marked"), np.where(low == high, "exact", "narrow")),
            "because": "",
        },
        columns=COLUMNS,
    )
    narrow = cells[~safe]
    may_hide = np.isfinite(table.x) & ((table.x > 0) | task.zeros)
    helpless = _secrets_without_help(table, withheld, narrow, may_hide)
    found = taking_part(table, narrow[helpless])
    if found:
        helpless &= _secrets_without_help(without(table, found), withheld, narrow, may_hide & could_hide)
    frame.loc[np.flatnonzero(~safe)[helpless], "verdict"] = "limit"
    return frame


def _secrets_without_help(table: CountTable, withheld: Bools, cells: Ints, may_hide: Bools) -> Bools:
    """Return which secret cells would be no safer if every known count were withheld that may be."""
    everything = withheld | may_hide
    everything[:, table.people] = withheld[:, table.people]
    now, most = secret_limits(table, withheld, cells), secret_limits(table, everything, cells)
    same: Bools = (now[0] <= most[0]) & (now[1] >= most[1])
    return same


def _rounded_rows(table: CountTable, seen: Bools, unseen: Bools, protection: Protection) -> pd.DataFrame:
    """Return the rows of small counts that leave rounded: how many values their rounding and all totals leave."""
    base = int(protection.round_base or 1)
    rounded = np.floor(table.x / base + 0.5) * base
    lower, upper = table.bounds(unseen)
    lower = np.where(seen, np.maximum(rounded - base // 2, 0), lower)
    upper = np.where(seen, rounded + (base - 1) // 2, upper)
    system, unknown, rows = table.equations.system(seen | unseen, lower, upper)
    small = seen & (table.x > 0) & (table.x < max(protection.min_count, SMALL))
    small[:, table.people] = False
    cells = np.flatnonzero(small.ravel())
    found = intervals(system, np.searchsorted(unknown, cells), start=table.x.ravel()[unknown])
    width, n_columns = found.high - found.low, table.shape[1]
    persons = np.full(table.shape, np.inf)
    for unit in table.units:
        persons[unit.members] = np.minimum(persons[unit.members], np.nansum(table.x[unit.members], axis=0))
    few = (found.low == 0) & (found.high == persons.ravel()[cells])
    because = [
        "; ".join(table.equations.describe(int(rows[row])) for row in found.rows.get(int(place), ())[:3])
        for place in np.searchsorted(unknown, cells)
    ]
    return pd.DataFrame(
        {
            "key": np.asarray(table.keys, dtype=object)[cells // n_columns],
            "column": np.asarray(table.columns, dtype=object)[cells % n_columns],
            "kind": "rounded",
            "low": found.low + 0.0,
            "high": found.high + 0.0,
            "values": (width + 1).astype(int),
            "need": base // 2 + 1,
            "verdict": np.where(
                width >= base // 2, "open", np.where(few, "few", np.where(width == 0, "exact", "narrow"))
            ),
            "because": because,
        },
        columns=COLUMNS,
    )


SMALL = 3  # counts of one and two persons


def relation_texts(table: CountTable) -> tuple[str, ...]:
    """Return the equations that are reckoned with, in words."""
    levels: dict[str, int] = {}
    for unit in table.units:
        levels[unit.level] = levels.get(unit.level, 0) + 1
    totals = [
        f"totals of {count_noun(n, 'unit')} of {level!r}" if level != "city" else "totals of the city"
        for level, n in levels.items()
    ]
    sums = [
        f"{table.columns[one.whole]!r} = {' + '.join(repr(table.columns[part]) for part in one.parts)}"
        f" ({'declared' if one.is_declared else 'found'})"
        for one in table.relations.sums
    ]
    n_parts = len(table.relations.known_parts) + len(table.relations.seen_parts)
    parts = [f"{count_noun(n_parts, 'pair')} of a part and its whole"] if n_parts else []
    return (*totals, *sums, *parts)


def _loss(pattern: SuppressionPattern, listed: Bools, asked: Floats) -> dict[str, float]:
    """Return what protection costs: cells, partners among them, and residents of areas that only keep company."""
    partner = listed & (asked == 0) & (pattern.plan.kind == "partner")
    alone = partner.any(axis=1) & ~(listed & (asked > 0)).any(axis=1)
    people = pattern.data.residents().fillna(0).to_numpy()
    return {"cells": float(listed.sum()), "partners": float(partner.sum()), "persons": float(people[alone].sum())}


def _number_rows(pattern: SuppressionPattern, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of the audit for the means, amounts and balances that leave: one per withheld value.

    ``low`` and ``high`` are in the unit of the column, ``values`` and ``need`` count printed steps.
    """
    rows = []
    for name in _audited(pattern, names):
        asked, cells = pattern.number_cells(name)
        amounts = known_amounts(pattern.data, name, pattern.protection)
        if amounts is not None:
            withheld = cells.to_numpy(dtype=bool)
            places = np.flatnonzero(withheld & np.isfinite(amounts.of.values))
            rows += [
                _row(pattern, name, amounts, withheld, int(place), asked=bool(asked.iloc[place])) for place in places
            ]
    return rows


def _audited(pattern: SuppressionPattern, names: Iterable[str]) -> list[str]:
    """Return the columns with totals that are no counts and no changes."""
    others = [name for name in dict.fromkeys(names) if name not in pattern.data.changes]
    return [name for name in others if name not in pattern.suppressed and is_added(pattern.data, name)]


def _number_relations(pattern: SuppressionPattern, names: Iterable[str]) -> tuple[str, ...]:
    """Return in words which means, amounts and balances are reckoned with."""
    found = []
    for name in _audited(pattern, names):
        amounts = known_amounts(pattern.data, name, pattern.protection)
        if amounts is not None:
            found.append(f"totals of {name!r} times {amounts.base!r}" if amounts.base else f"totals of {name!r}")
    return tuple(found)


def _row(
    pattern: SuppressionPattern, name: str, amounts: KnownAmounts, withheld: Bools, place: int, *, asked: bool
) -> dict[str, Any]:
    low, high = amounts.of.interval(withheld, place)
    secret = bool(amounts.of.fixed[place])
    reason = "source" if secret else "small area" if pattern.hidden.iloc[place] else "base"
    units = [unit.name if unit.level != CITY else "the city" for unit in amounts.units_of(place)]
    return {
        "key": pattern.data.areas.index[place],
        "column": name,
        "kind": reason if asked else "partner",
        "low": np.nan if secret else low + 0.0,
        "high": np.nan if secret else high + 0.0,
        "values": int((high - low) / amounts.step + 1e-9) + 1,
        "need": int(np.ceil(2 * amounts.need(place) / amounts.step - 1e-9)) + 1 if asked else 0,
        "verdict": amounts.verdict(withheld, place) if asked else "partner",
        "because": "; ".join(
            f"total of {unit}, times {amounts.base!r}" if amounts.base else f"total of {unit}" for unit in units
        ),
    }


def refuse_failed(audit: Audit) -> None:
    """Refuse to let anything out that tells a withheld count.

    Raises
    ------
    ReleaseError
        ``report`` has the cells.
    """
    if audit.ok:
        return
    failed = audit.table[audit.table["verdict"].isin(REFUSED)].reset_index(drop=True)
    first = failed.iloc[0]
    rounded = failed["kind"].eq("rounded").all()
    way_out = (
        "Round to a larger base, Protection(round_base=10), or withhold small counts, Protection(min_count=3)."
        if rounded
        else "Leave these columns out, or withhold more: Protection(min_count=...). Keep secondary=True."
    )
    raise ReleaseError(
        f"{count_noun(len(failed), 'withheld count follows', 'withheld counts follow')}, or nearly, from what the "
        f"release would show: first {first['column']!r} in {first['key']!r} ({first['because'] or first['kind']}). "
        f"{way_out} All of them: err.report",
        failed,
    )
