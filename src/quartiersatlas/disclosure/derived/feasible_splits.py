"""Exact results that keep withheld counts open: how many digits of an index would be the same for other counts too.

Where an official method demands results of the exact counts, an index of few areas can give a withheld count away. Its
unit's total is known, so that only some splits of that total over the withheld cells are possible. An index leaves with
so few digits that several of them give the same printed numbers. Digits chosen by the true split alone would be a
message themselves: nearly all other splits would get the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.disclosure.derived.filled import fill_withheld
from quartiersatlas.disclosure.derived.recompute import quietly, segregation_again
from quartiersatlas.disclosure.known_counts import smallest_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.segregation import SegregationResult

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_SPLITS = 2000
TRIED = 30  # of a unit in a release: each is one more computation of all indices
NOWHERE = -1e9  # stands for a number that is not there: all of these are one
NEARLY_ALL = 0.9  # splits at the ends of their range share their printed numbers with few others, at any digits


@dataclass(frozen=True)
class WithheldUnit:
    """The withheld cells of one column in one unit, and the ways to split their sum.

    Parameters
    ----------
    column : str
        A column of counts.
    keys : Index
        The areas.
    splits : ndarray of int, shape (n_splits, n_areas)
        One possible split per row.
    true : int, optional
        The row of the true split, which must share its printed numbers with others in any case.
    """

    column: str
    keys: pd.Index
    splits: Ints
    true: int | None = None


def feasible_splits(
    x: Sequence[int] | Ints,
    lower: Sequence[int] | Ints,
    upper: Sequence[int] | Ints,
    total: int,
    limit: int = MOST_SPLITS,
) -> Ints:
    """Return the ways to split a total over cells that each lie between two bounds.

    Parameters
    ----------
    x : sequence of int
        One split that is possible; from it others are made where there are too many.
    lower, upper : sequence of int
        Bounds of each cell.
    total : int
        The sum of all cells.
    limit : int, default 2000
        The most splits to return.

    Returns
    -------
    ndarray of int, shape (n_splits, n_cells)
        All of them in rising order; where there are more than ``limit``, those that come of ``x`` by moving persons
        between two cells, first one person, then two, and so on.

    Examples
    --------
    >>> feasible_splits([1, 2], [1, 1], [9, 9], 3).tolist()
    [[1, 2], [2, 1]]
    """
    low, high = np.asarray(lower, dtype=np.int64), np.asarray(upper, dtype=np.int64)
    high = np.minimum(high, total - (low.sum() - low))
    if _number_of_splits(low, high, total) <= limit:
        return np.array(list(_all_splits(low.tolist(), high.tolist(), total)), dtype=np.int64).reshape(-1, len(low))
    return _exchanges(np.asarray(x, dtype=np.int64), low, high, limit)


def _number_of_splits(low: Ints, high: Ints, total: int) -> int:
    """Count the splits without making them: how many there are for each sum of the first cells."""
    ways = [1, *[0] * total]
    for least, most in zip(low.tolist(), high.tolist(), strict=True):
        up_to = [0, *accumulate(ways)]
        ways = [up_to[max(0, n - least + 1)] - up_to[max(0, min(n, n - most))] for n in range(total + 1)]
    return ways[total]


def _all_splits(low: list[int], high: list[int], total: int) -> Iterable[list[int]]:
    """Yield every split, in rising order."""
    if not low:
        if total == 0:
            yield []
        return
    for first in range(low[0], min(high[0], total) + 1):
        for rest in _all_splits(low[1:], high[1:], total - first):
            yield [first, *rest]


def _exchanges(x: Ints, low: Ints, high: Ints, limit: int) -> Ints:
    """Return a split and those that come of it by moving persons between two cells."""
    found = [x]
    pairs = [*combinations(range(len(x)), 2)]
    room = int((high - low).max())
    for persons in range(1, room + 1):
        for one, other in [*pairs, *((b, a) for a, b in pairs)]:
            if len(found) >= limit:
                return np.array(found)
            if x[one] + persons <= high[one] and x[other] - persons >= low[other]:
                moved = x.copy()
                moved[one] += persons
                moved[other] -= persons
                found.append(moved)
    return np.array(found)


def digits_kept(
    compute: Callable[[pd.DataFrame], Floats],
    counts: pd.DataFrame,
    cells: Sequence[WithheldUnit],
    need: int,
    digits: Sequence[int],
    labels: Sequence[object] | None = None,
    share: float = 1.0,
) -> list[int]:
    """Return with how many digits numbers may be printed so that withheld counts stay open.

    Parameters
    ----------
    compute : callable
        Counts -> the numbers that would be printed.
    counts : DataFrame of float
        All counts on the district key; withheld cells at a public value, such as the mean of their unit.
    cells : sequence of WithheldUnit
        The withheld cells, with their possible splits.
    need : int
        At least ``need + 1`` values of every cell must give the same printed numbers; all values it can have, where
        these are fewer.
    digits : sequence of int
        Digits to begin with, one per number.
    labels : sequence, optional
        Numbers of one label keep the same digits; each stands alone, if not given.
    share : float, default 1
        Of the splits of a unit, how many must share their printed numbers with others.

    Returns
    -------
    list of int
        Digits of each number; -1 for a number that may not be printed at all.

    Notes
    -----
    All other cells stand at public values. With ``share=1`` and without a true split the digits are the same whichever
    split is true, and tell nothing by themselves; with less, they tell that it is none of a few.
    """
    kept, names = list(digits), list(labels) if labels is not None else list(range(len(digits)))
    for unit in cells:
        printed = np.array([compute(_with_split(counts, unit, split)) for split in unit.splits])
        while not _keeps_open(printed, kept, unit, need, share):
            worst = _most_telling(printed, kept, names)
            kept = [n - 1 if name == worst else n for n, name in zip(kept, names, strict=True)]
    return kept


def _with_split(counts: pd.DataFrame, unit: WithheldUnit, split: Ints) -> pd.DataFrame:
    changed = counts.copy()
    changed.loc[unit.keys, unit.column] = split.astype(float)
    return changed


def _printed(values: Floats, digits: Sequence[int]) -> Floats:
    """Return what would be printed; nothing of numbers that are not."""
    shown = [n for n, d in enumerate(digits) if d >= 0]
    rounded = [np.nan_to_num(np.round(values[:, n], digits[n]) + 0.0, nan=NOWHERE) for n in shown]  # -0.0 is 0.0
    return np.column_stack(rounded) if rounded else np.empty((len(values), 0))


def _keeps_open(values: Floats, digits: Sequence[int], unit: WithheldUnit, need: int, share: float) -> bool:
    """Return True if so many splits, and the true one, share their printed numbers with enough values of every cell."""
    splits = unit.splits
    _, group = np.unique(_printed(values, digits), axis=0, return_inverse=True)
    wanted = [min(need + 1, len(np.unique(column))) for column in splits.T]
    open_ = np.zeros(len(splits), dtype=bool)
    for number in np.unique(group):
        alike = group.ravel() == number
        values_of = (len(np.unique(column)) for column in splits[alike].T)
        open_[alike] = all(found >= least for found, least in zip(values_of, wanted, strict=True))
    return bool(open_.mean() >= share) and (unit.true is None or bool(open_[unit.true]))


def _most_telling(values: Floats, digits: Sequence[int], labels: Sequence[object]) -> object:
    """Return the label whose printed numbers tell most splits apart; of equals the one with most digits, the first."""
    rank: dict[object, tuple[int, int]] = {}
    for n, label in enumerate(labels):
        if digits[n] >= 0:
            apart = len(np.unique(np.round(values[:, n], digits[n])))
            rank[label] = max(rank.get(label, (0, -1)), (apart, digits[n]))
    return max(rank, key=lambda label: rank[label])


FOUR = 4  # sum and sum of squares of standardised rates are known, and the city's count: three equations


def with_index_company(
    data: AreaData, need: NeedIndex, find: Callable[[AreaData], SuppressionPattern]
) -> SuppressionPattern:
    """Return the cells that may not be shown beside an exact index: four rates of an indicator, or none.

    Fewer could be worked out from mean and spread of the scores.

    Parameters
    ----------
    data : AreaData
        What is released.
    need : NeedIndex
        The exact index.
    find : callable
        Data -> the cells that may not be shown.
    """
    while True:
        pattern = find(data)
        status = data.status.copy()
        for axis in need.spec.axes:
            scored = need.scores[axis.id].notna()
            for indicator in axis.indicators:
                name = data.changes.get(indicator.id, (indicator.id,))[0]
                if name not in counted_rates(data):
                    continue
                numerator, denominator = data.rates[name]
                hidden = (pattern.suppressed[numerator] | pattern.suppressed[denominator]) & scored
                if 0 < hidden.sum() < FOUR:
                    shown = pattern.counts.loc[scored & ~hidden, numerator].dropna().sort_index()
                    chosen = shown.sort_values(kind="stable").index[: FOUR - int(hidden.sum())]
                    status.loc[chosen, numerator] = "suppressed"
        if status.equals(data.status):
            return pattern
        data = replace(data, status=status)


# --- in a release ----------------------------------------------------------------------------------------------------


def segregation_digits(
    pattern: SuppressionPattern, result: SegregationResult, numbers: Sequence[str], digits: int
) -> list[int]:
    """Return the digits of each row of the exact table of segregation indices; -1 where it shows no number."""
    filled, units = _filled(pattern)
    spec = result.spec
    own = {*spec.groups, *spec.references, spec.population}
    rows = [row for row in range(len(result.table)) for _ in numbers]

    def compute(counts: pd.DataFrame) -> Floats:
        again = segregation_again(with_counts(filled, counts), pattern, result)
        return again.table[list(numbers)].to_numpy(dtype=float).ravel()

    with quietly():
        kept = digits_kept(
            compute,
            _counts_of(filled, pattern),
            [unit for unit in units if unit.column in own],
            pattern.protection.min_count,
            [digits] * len(rows),
            rows,
            NEARLY_ALL,
        )
    by_row = dict(zip(rows, kept, strict=True))
    return [by_row.get(row, digits) for row in range(len(result.table))]


def _filled(pattern: SuppressionPattern) -> tuple[AreaData, list[WithheldUnit]]:
    """Return the data at public values, and the withheld cells of each column in each unit with their splits."""
    units = smallest_units(pattern.data, pattern.protection)
    filled = fill_withheld(pattern, units)
    found = []
    for column in map(str, pattern.suppressed):
        x = pattern.counts[column]
        withheld = pattern.suppressed[column] & x.notna()
        for unit in units[withheld].unique():
            keys = x.index[withheld & units.eq(unit)]
            values = x[keys].to_numpy(dtype=float)
            low = _least(values, pattern.hidden[keys].to_numpy())
            high = _largest(pattern, column, keys, values.sum())
            public = _public_split(filled.values.loc[keys, column].to_numpy(dtype=float), low, high, int(values.sum()))
            found.append(_unit(column, keys, values.astype(np.int64), public, (low, high)))
    return filled, found


def _unit(column: str, keys: pd.Index, true: Ints, public: Ints, bounds: tuple[Ints, Ints]) -> WithheldUnit:
    """Return the cells with their splits: all, or those around a public one and around the true one."""
    low, high = bounds
    total = int(true.sum())
    around = [feasible_splits(start, low, high, total, limit=TRIED) for start in (public, true)]
    splits = np.unique(np.vstack([*around, true[None, :]]), axis=0)
    return WithheldUnit(column, keys, splits, int(np.flatnonzero((splits == true).all(axis=1))[0]))


def _least(values: Floats, small_area: NDArray[np.bool_]) -> Ints:
    """Return the least that each cell can be: 1, as zeros are shown; 0 in small areas, or where a zero is withheld."""
    if (values[~small_area] == 0).any():
        return np.zeros(len(values), dtype=np.int64)
    return np.where(small_area, 0, 1)


def _largest(pattern: SuppressionPattern, column: str, keys: pd.Index, total: float) -> Ints:
    """Return the most that each cell can be: the sum of all, or its smallest shown whole."""
    most = pd.Series(total, index=keys)
    for part, whole in pattern.data.rates.values():
        if part == column and whole in pattern.counts:
            n = pattern.counts.loc[keys, whole].mask(pattern.suppressed.loc[keys, whole])
            most = most.clip(upper=n.fillna(np.inf))
    return np.maximum(most.to_numpy(), 0).astype(np.int64)


def _public_split(mean: Floats, low: Ints, high: Ints, total: int) -> Ints:
    """Return the split in whole persons that is nearest to the mean of the unit."""
    split = np.clip(np.floor(mean), low, high).astype(np.int64)
    while total != split.sum():
        step = 1 if total > split.sum() else -1
        free = split < high if step > 0 else split > low
        if not free.any():
            break
        split[np.argmax(np.where(free, step * (mean - split), -np.inf))] += step
    return split


def _counts_of(filled: AreaData, pattern: SuppressionPattern) -> pd.DataFrame:
    return filled.values[list(pattern.counts.columns)].astype(float)


def with_counts(data: AreaData, counts: pd.DataFrame) -> AreaData:
    """Return data with other counts (no part above its whole), and the rates and changes that they make."""
    values = data.values.assign(**{str(name): counts[name] for name in counts})
    for rate, (numerator, denominator) in data.rates.items():
        if numerator in counts:
            n = values[denominator]
            if data.catalogue.get(rate).rules.part_of_whole:
                values[numerator] = values[numerator].mask(values[numerator] > n, n)
            values[rate] = values[numerator] / n.where(n > 0) * data.catalogue.get(rate).per
    for name, (base, before) in data.changes.items():
        if base in data.rates:
            values[name] = values[base] - before.values[base]
    return replace(data, values=values)
