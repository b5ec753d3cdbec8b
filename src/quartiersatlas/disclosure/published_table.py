"""What does a published table tell of the counts that it withholds? For any table, also somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, known_parameters
from quartiersatlas.base.checks import names as names_of
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.disclosure.certificate import COLUMNS, Audit, audited_cells, relation_texts
from quartiersatlas.disclosure.protection import MOST
from quartiersatlas.disclosure.system.equations import CITY, CountTable, Unit
from quartiersatlas.disclosure.system.feasibility import UNKNOWN, ContradictionError, System, intervals
from quartiersatlas.disclosure.system.partners import Task
from quartiersatlas.disclosure.system.relations import Relations, find_relations
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]

HOW = 'values = table.set_index("key")[["a", "b"]]'


@known_parameters
def audit(
    values: pd.DataFrame,
    status: pd.DataFrame | None = None,
    *,
    totals: Mapping[str, float] | pd.DataFrame | None = None,
    parents: pd.Series | None = None,
    sums: Mapping[str, Iterable[str]] | None = None,
    parts: Mapping[str, Iterable[str]] | None = None,
    min_count: int = 3,
    zeros_shown: bool = True,
    find_sums: bool = True,
) -> Audit:
    """Return how far a published table of counts narrows down what it withholds.

    Parameters
    ----------
    values : DataFrame of float
        Counts by area and column; NaN where the table shows none. Who made the table may leave the withheld counts in:
        then totals need not be given, and only small counts need protection.
    status : DataFrame of str, optional
        ``"suppressed"`` for withheld counts, ``"missing"`` where nobody has one; other words for shown ones. If not
        given, every missing count is a withheld one.
    totals : mapping of str to float, or DataFrame, optional
        Column -> its total over all areas; or totals of units: the index names the unit of each row as ``parents``
        does, with a row ``"city"`` for all areas. Columns that are not there have no known total.
    parents : Series of str, optional
        The unit of each area.
    sums : mapping of str to list of str, optional
        Column -> the columns that add up to it.
    parts : mapping of str to list of str, optional
        Column -> columns that are part of it; those of one whole share nobody.
    min_count : int, default 3
        Each withheld count needs an interval at least this wide. At least 1.
    zeros_shown : bool, default True
        Whether a withheld count is known to be no zero.
    find_sums : bool, default True
        Whether further sums are looked for in the complete rows.

    Returns
    -------
    Audit
        One row per withheld count, with its exact interval.

    Raises
    ------
    ArgumentError, ColumnError
        The values are no table; totals, parents, sums or parts name what is not there.
    CountError
        A shown number is no count.
    KeyColumnError
        An area, or a unit of the totals, has more than one row.
    SpecError
        What is shown contradicts itself: no whole numbers fit.

    Examples
    --------
    >>> shown = pd.DataFrame({"a": [40, 55, None, 30], "all": [60, 69, 35, 38]}, index=["00", "01", "02", "03"])
    >>> audit(shown, totals={"a": 127}).table[["key", "low", "high", "verdict"]].values.tolist()
    [['02', 2.0, 2.0, 'exact']]
    """
    expects(values, pd.DataFrame, "audit", HOW)
    if not values.size:
        raise SpecError(f"audit: the table is empty. Give the columns of counts: {HOW}.")
    counts = _checked(values)
    hidden = _hidden(values, status)
    if isinstance(min_count, bool) or not isinstance(min_count, int) or not 1 <= min_count <= MOST:
        raise SpecError(f"audit: min_count must be a whole number from 1 to {MOST:,}.")
    for name, flag in (("zeros_shown", zeros_shown), ("find_sums", find_sums)):
        expects(flag, bool, f"audit: {name}", f"{name}=True")
    names = [str(name) for name in counts.columns]
    related = {kind: _related(kind, named, names) for kind, named in (("sums", sums), ("parts", parts))}
    shown = counts.mask(hidden).to_numpy(dtype=float)
    relations = find_relations(
        shown,
        names,
        related["sums"],
        related["parts"],
        search=find_sums,
    )
    table = _table(counts, _units(counts.index, totals, parents), relations)
    if counts.where(hidden).notna().to_numpy().any():
        return _of_the_house(table, hidden.to_numpy(), min_count)
    return _of_a_reader(table, hidden.to_numpy(), _told(table, totals), min_count, zeros_shown=zeros_shown)


def _related(kind: str, named: Mapping[str, Iterable[str]] | None, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Return wholes with their parts, all of them columns of the table."""
    if named is None:
        return {}
    expects(named, Mapping, f"audit: {kind}", f'{kind}={{"foreign": ["eu", "others"]}}')
    found = {whole: names_of(those, f"audit: {kind}: {whole!r}") for whole, those in named.items()}
    for name in (name for whole, those in found.items() for name in (whole, *those)):
        if name not in names:
            raise ColumnError.not_found(name, names, f"audit: {kind}: the table")
    for whole, those in found.items():
        if whole in those:
            raise SpecError(f"audit: {kind}: {whole!r} is no part of itself: name the other columns.")
    return found


def _checked(values: pd.DataFrame) -> pd.DataFrame:
    """Return the counts as numbers, or refuse them."""
    try:
        known = values.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise CountError(
            f"audit: the table holds what is no number: {error}. Give the columns of counts alone."
        ) from error
    counts = pd.DataFrame(known, index=values.index, columns=values.columns)
    wrong = np.isfinite(known) & ((known < 0) | (known % 1 != 0))
    if wrong.any() or np.isinf(known).any():
        raise CountError(
            f"audit: {count_noun(int((wrong | np.isinf(known)).sum()), 'number is', 'numbers are')} no count "
            f"(below 0, infinite, or a fraction): give the columns of counts alone."
        )
    refuse_repeated_keys(counts.index, "audit: values")
    if not counts.columns.is_unique:
        raise SpecError("audit: each column must be there once.")
    return counts


def _hidden(values: pd.DataFrame, status: pd.DataFrame | None) -> pd.DataFrame:
    """Return which counts are withheld."""
    if status is None:
        return values.isna()
    expects(
        status, pd.DataFrame, "audit: status", 'status = values.notna().replace({True: "value", False: "suppressed"})'
    )
    refuse_repeated_keys(status.index, "audit: status")
    same = status.reindex(index=values.index, columns=values.columns)
    return (same == "suppressed") | (values.isna() & same.isna())


def _units(
    index: pd.Index, totals: Mapping[str, float] | pd.DataFrame | None, parents: pd.Series | None
) -> tuple[Unit, ...]:
    """Return the units with known totals."""
    everybody = Unit(CITY, "", np.arange(len(index)))
    if totals is None or isinstance(totals, Mapping):
        return (everybody,)
    expects(totals, pd.DataFrame, "audit: totals", 'totals={"a": 127}')
    refuse_repeated_keys(totals.index, "audit: totals")
    found = [everybody] if CITY in totals.index else []
    rest = [name for name in totals.index if name != CITY]
    if rest and parents is None:
        raise SpecError("audit: totals of units need parents: a Series that names the unit of each area.")
    if rest:
        expects(parents, pd.Series, "audit: parents", 'parents = areas["district"]')
        refuse_repeated_keys(pd.Series(parents).index, "audit: parents")
        of = pd.Series(parents).reindex(index).astype(str)
        unknown = [name for name in rest if not of.eq(str(name)).any()]
        if unknown:
            raise ColumnError(f"audit: totals: no area lies in {list_some(unknown)}. Units are named as in parents.")
        found += [Unit("parents", str(name), np.flatnonzero(of.eq(str(name)).to_numpy())) for name in rest]
    return tuple(found)


def _told(table: CountTable, totals: Mapping[str, float] | pd.DataFrame | None) -> dict[tuple[int, int], float]:
    """Return the totals by unit and column."""
    if totals is None:
        return {}
    places = {name: number for number, name in enumerate(table.columns)}
    frame = totals if isinstance(totals, pd.DataFrame) else pd.DataFrame(dict(totals), index=[CITY], dtype=float)
    unknown = [str(name) for name in frame.columns if str(name) not in places]
    if unknown:
        raise ColumnError.not_found(unknown[0], places, "audit: totals: the table")
    rows = {CITY if unit.level == CITY else unit.name: number for number, unit in enumerate(table.units)}
    return {
        (rows[str(unit)], places[str(name)]): float(value)
        for name in frame.columns
        for unit, value in frame[name].items()
        if pd.notna(value)
    }


def _table(counts: pd.DataFrame, units: tuple[Unit, ...], relations: Relations) -> CountTable:
    shape = counts.shape
    empty = np.full(shape, np.nan)
    return CountTable(
        keys=counts.index.astype(str),
        columns=tuple(map(str, counts.columns)),
        x=counts.to_numpy(dtype=float),
        small_area=np.zeros(shape[0], dtype=bool),
        people=-1,
        units=units,
        relations=relations,
        secret=np.zeros(shape, dtype=bool),
        spread=(empty, empty),
        marks=(empty, empty),
    )


def _of_the_house(table: CountTable, hidden: Bools, min_count: int) -> Audit:
    """Audit with the withheld counts at hand: only small ones need protection."""
    known = np.isfinite(table.x)
    small = hidden & (table.x > 0) & (table.x < min_count)
    task = Task(
        table=table,
        withheld=hidden & known,
        need=np.where(small, float(min_count), 0.0),
        may_hide=known & ~hidden,
        cost=np.ones(table.shape),
    )
    kind = np.where(small, "small", np.where(hidden, "partner", "")).astype(object)
    rows, programmes = audited_cells(task, np.flatnonzero((hidden & known).ravel()), kind)
    return Audit(rows, relation_texts(table), {"cells": float(hidden.sum())}, programmes)


def _of_a_reader(
    table: CountTable, hidden: Bools, told: dict[tuple[int, int], float], min_count: int, *, zeros_shown: bool
) -> Audit:
    """Audit with nothing but what the table shows: every withheld count needs protection."""
    rows = _ReaderRows(table)
    for (unit, column), total in told.items():
        members = [(int(area), column) for area in table.units[unit].members]
        rows.add(members, np.ones(len(members)), total, f"total of {table.units[unit].name or 'the city'}")
    for area, key in enumerate(table.keys):
        for one in table.relations.sums:
            signs = np.array([1.0, *[-1.0] * len(one.parts)])
            words = f"{table.columns[one.whole]!r} as a sum in {key}"
            rows.add([(area, column) for column in (one.whole, *one.parts)], signs, 0.0, words)
        for those, whole in table.relations.known_parts:
            signs = np.array([*[1.0] * len(those), -1.0])
            words = f"parts of {table.columns[whole]!r} in {key}"
            rows.add([(area, column) for column in (*those, whole)], signs, 0.0, words, equal=False)
    lower = np.where(hidden & zeros_shown, 1.0, 0.0)[rows.unknown]
    try:
        found = intervals(rows.system(lower))
    except ContradictionError as error:
        raise SpecError(
            f"audit: what the table shows contradicts itself: {list_some([rows.words[row] for row in error.rows])}. Is "
            f"a total or a sum wrong, or may withheld counts be 0 (zeros_shown=False)?"
        ) from error
    areas, columns = np.nonzero(rows.unknown)
    asked = hidden[rows.unknown]
    width = np.where(found.high >= UNKNOWN, np.inf, found.high - found.low)
    verdict = np.where(width >= min_count, "open", np.where(width == 0, "exact", "narrow"))
    because = ["; ".join(rows.words[row] for row in found.rows.get(cell, ())[:3]) for cell in range(len(areas))]
    frame = pd.DataFrame(
        {
            "key": np.asarray(table.keys, dtype=object)[areas],
            "column": np.asarray(table.columns, dtype=object)[columns],
            "kind": np.where(asked, "withheld", "missing").astype(object),
            "low": found.low + 0.0,
            "high": np.where(found.high >= UNKNOWN, np.inf, found.high),
            "values": width + 1,
            "need": np.where(asked, min_count + 1, 0),
            "verdict": np.where(asked, verdict, "partner"),
            "because": because,
        },
        columns=COLUMNS,
    )
    return Audit(frame, relation_texts(table), {"cells": float(hidden.sum())}, found.programmes)


class _ReaderRows:
    """The equations of a reader: what is shown stands on the right side."""

    def __init__(self, table: CountTable) -> None:
        self.table, self.unknown = table, np.isnan(table.x)
        self.number = np.full(table.shape, -1)
        self.number[self.unknown] = np.arange(int(self.unknown.sum()))
        self.words: list[str] = []
        self._cells: list[Ints] = []
        self._signs: list[Floats] = []
        self._right: list[float] = []
        self._equal: list[bool] = []

    def add(self, cells: list[tuple[int, int]], signs: Floats, right: float, words: str, *, equal: bool = True) -> None:
        """Add a row, if something in it is not known."""
        places = tuple(np.array(cells).T)
        open_, x = self.unknown[places], self.table.x[places]
        if open_.any():
            self._cells.append(self.number[places][open_])
            self._signs.append(signs[open_])
            self._right.append(right - float((signs * x)[~open_].sum()))
            self._equal.append(equal)
            self.words.append(words)

    def system(self, lower: Floats) -> System:
        """Return the rows with the bounds of the unknown cells."""
        from scipy.sparse import csr_array

        n = len(lower)
        ends = np.cumsum([0, *map(len, self._cells)])
        cells = np.concatenate([*self._cells, np.zeros(0, dtype=np.intp)])
        signs = np.concatenate([*self._signs, np.zeros(0)])
        matrix = csr_array((signs, cells, ends), shape=(len(self.words), n))
        return System(
            matrix, np.array(self._right), np.array(self._equal, dtype=bool), lower, np.full(n, UNKNOWN, dtype=float)
        )
