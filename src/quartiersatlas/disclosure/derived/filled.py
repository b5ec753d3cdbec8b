"""Withheld cells at the mean of their unit: data that hold nothing but what everybody may see.

What is computed of these data is a function of public numbers (the cells shown, the totals of units, and which cells
are withheld) and can therefore tell nothing new about a withheld cell.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.indicators.change import CHANGE_DECIMALS
from quartiersatlas.intake.joining.data import is_whole, kind_of

if TYPE_CHECKING:
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData

SHOWN_STATES = ("value", "zero")  # which of the two a withheld cell is must not be told
GRAIN = 2.0**-20  # of a person: sums of such parts are exact, so that the total of a unit (and of the city) holds


def fill_withheld(pattern: SuppressionPattern, units: pd.Series) -> AreaData:
    """Return the data of a release with every withheld cell at the mean of its unit.

    Parameters
    ----------
    pattern : SuppressionPattern
        The data, and which cells are withheld.
    units : Series
        On the district key: the smallest unit of each area whose totals are known.

    Returns
    -------
    AreaData
        Shown cells as they leave (rounded where counts leave rounded), cells that were never delivered missing as
        before. Rates, densities and changes are computed again; columns of counts that the pattern does not know are
        left out, so that nothing can be made of them.

    Notes
    -----
    A withheld count becomes ``n_a (T - S) / sum(n)``: what the unit has beyond its shown cells, spread over the
    withheld ones by the denominators ``n``. These are of a numerator the declared denominator, of other counts the
    residents, and of the residents themselves equal shares; they are filled first, in whole persons (largest
    remainders, ties in the order of the data). A part never exceeds its whole. Where a cell of the unit is secret in
    the source and follows from nothing, T is not public: then the withheld cells are like the shown ones of their unit.
    Means, amounts, balances and ready-made shares take the mean of the shown cells of their unit, or of the city where
    the unit shows none, weighted with their base where they have one.
    """
    keys = pattern.data.areas.index
    numbers = pd.factorize(units.reindex(keys), use_na_sentinel=False)[0]
    filling = _Filling(pattern, pd.Series(numbers, index=keys))
    for column in filling.order():
        filling.fill_count(column)
    for rate in pattern.data.rates:
        filling.fill_rate(rate)
    for column in filling.other_numbers():
        filling.fill_number(column)
    return filling.with_changes()


@dataclass
class _Filling:
    """The data on their way: columns are replaced one by one, denominators before their numerators."""

    pattern: SuppressionPattern
    units: pd.Series
    values: dict[str, pd.Series] = field(default_factory=dict)
    status: dict[str, pd.Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data = self.pattern.data
        kept = [name for name in data.values.columns if name not in data.changes and not self._is_unknown_count(name)]
        self.values = {name: data.values[name] for name in kept}
        self.status = {name: data.status[name] for name in kept}
        for name in kept:
            if name in self.pattern.counts or kind_of(data, name) == "balance":
                self.values[name] = self.pattern.protection.rounded(data.summands(name))

    def _is_unknown_count(self, name: str) -> bool:
        """Return True for a count that the pattern does not know: nobody asked which of its cells are small."""
        data = self.pattern.data
        behind = {source for pair in data.rates.values() for source in pair}  # the surface of a density
        if name in behind.union(self.pattern.counts, data.rates) or not is_numeric_dtype(data.values[name].dtype):
            return False
        kind = kind_of(data, name)
        return kind == "count" or (not kind and is_whole(data.values[name].dropna()))

    # --- counts -----------------------------------------------------------------------------------------------------

    def order(self) -> list[str]:
        """Return the counts, each after the one it is spread by."""
        ordered: list[str] = []

        def visit(column: str, path: tuple[str, ...]) -> None:
            for larger in (self.base(column), *self.wholes(column)):
                if larger and larger not in path and larger not in ordered:
                    visit(larger, (*path, larger))
            if column not in ordered:
                ordered.append(column)

        for column in self.pattern.counts:
            visit(str(column), (str(column),))
        return ordered

    def base(self, column: str) -> str:
        """Return the count that a count is spread by: its denominator, or else the residents; none for these."""
        people = str(self.pattern.data.population)
        if column == people:
            return ""
        declared = [n for x, n in counted_rates(self.pattern.data).values() if x == column and n != column]
        return declared[0] if declared else people

    def wholes(self, column: str) -> list[str]:
        """Return the counts that a count is part of: its denominators, and the residents if it is in all shown rows."""
        pattern = self.pattern
        people, counts, hidden = str(pattern.data.population), pattern.counts, pattern.suppressed
        found = [n for x, n in counted_rates(pattern.data).values() if x == column]
        if column != people:
            shown = ~hidden[column] & ~hidden[people]
            if not (counts[column] > counts[people])[shown].any():
                found.append(people)
        return list(dict.fromkeys(name for name in found if name != column))

    def fill_count(self, column: str) -> None:
        """Spread what a unit has beyond its shown cells over its withheld ones."""
        pattern = self.pattern
        true = self._with_derived(column)
        withheld = pattern.suppressed[column] & true.notna()
        if not withheld.any():
            return
        base = self.base(column)
        is_base = column in {str(pattern.data.population), *(self.base(str(other)) for other in pattern.counts)}
        values, shown = self.values[column].astype(float).copy(), true.notna() & ~withheld
        secret = self._with_unknown_secret(column)
        for unit in self.units[withheld].unique():
            in_unit = self.units.eq(unit)
            keys = withheld.index[withheld & in_unit]
            weights = self._weights(base, keys)
            if (secret & in_unit).any():
                alike = shown & in_unit if (shown & in_unit).any() else shown
                total = self._as_many_as_in(alike, values, keys, base)
                total = np.rint(total) if is_base else np.rint(total / GRAIN) * GRAIN
            else:
                total = self._withheld_sum(true, values, withheld, unit)
            values[keys] = _shares(total, weights, 1.0 if is_base else GRAIN)
        for whole in self.wholes(column):
            values = values.mask(withheld & (values > self.values[whole]), self.values[whole])
        told = pattern.counts[column].notna()
        self._take(column, values.where(told), withheld & told)

    def _with_derived(self, column: str) -> pd.Series[float]:
        """Return a count with the secret cells of the source that follow: they are in the totals that others know.

        Without their share, the filled cells would tell what they come to. They themselves stay missing.
        """
        table = self.pattern.plan.table
        place = table.columns.index(column)
        derived = pd.Series(table.values[:, place], index=table.keys).where(table.secret[:, place])
        return self.pattern.counts[column].fillna(derived)

    def _withheld_sum(self, true: pd.Series, shown: pd.Series, withheld: pd.Series, unit: int) -> float:
        """Return what a unit has beyond its shown cells, exactly: no order of adding up leaves a trace.

        Where counts leave rounded, the rounded ones are what is known.
        """
        inside = self.units.eq(unit) & true.notna()
        if self.pattern.protection.round_base is None:
            return fsum(true[inside & withheld])
        return max(0.0, fsum([*true[inside], *(-shown[inside & ~withheld])]))

    def _with_unknown_secret(self, column: str) -> pd.Series[bool]:
        """Return the cells that are secret in the source and follow from nothing.

        Who knows a total with them would have them from that of all others, which the filled cells must not tell.
        """
        table = self.pattern.plan.table
        place = table.columns.index(column)
        return pd.Series(table.is_unsure[:, place] & np.isnan(table.values[:, place]), index=table.keys)

    def _as_many_as_in(self, alike: pd.Series[bool], values: pd.Series, keys: pd.Index, base: str) -> float:
        """Return what some cells would have together if they were like shown ones; 0 where there are none."""
        sizes = self.values[base].astype(float) if base else pd.Series(1.0, index=values.index)
        alike = alike & sizes.notna()
        people = sizes[alike].sum()
        return float(values[alike].sum() / people * sizes[keys].sum()) if people > 0 else 0.0

    def _weights(self, base: str, keys: pd.Index) -> pd.Series[float]:
        """Return the part of each withheld cell: by its denominator where that is known, else equal."""
        if not base:
            return pd.Series(1 / len(keys), index=keys)
        sizes = self.values[base][keys].astype(float)
        sizes = sizes.fillna(sizes.mean()).fillna(1.0)
        total = fsum(sizes)
        return sizes / total if total > 0 else pd.Series(1 / len(keys), index=keys)

    def _take(self, column: str, values: pd.Series, withheld: pd.Series[bool]) -> None:
        """Take filled values; a withheld cell is a value like others, zero or not."""
        self.values[column] = values
        self.status[column] = self.status[column].mask(
            withheld & values.notna() & self.status[column].isin(SHOWN_STATES), "value"
        )

    # --- rates, other numbers, changes ------------------------------------------------------------------------------

    def fill_rate(self, rate: str) -> None:
        """Compute a rate again; a mean whose sum is no count of persons takes the mean of the shown ones."""
        data, pattern = self.pattern.data, self.pattern
        numerator, denominator = data.rates[rate]
        withheld = pattern.cells(rate) & data.values[rate].notna()
        if numerator not in pattern.counts:
            self._fill_mean(rate, withheld, self.values.get(denominator))
            n = self.values[denominator]
            of_mean = self.values[rate] * n / data.catalogue.get(rate).per
            self.values[numerator] = data.summands(numerator).mask(withheld, of_mean)
            return
        x, n = self.values[numerator], self.values[denominator]
        computed = x / n.where(n > 0) * data.catalogue.get(rate).per
        again = withheld if pattern.protection.round_base is None else data.values[rate].notna()
        self._take(rate, data.values[rate].mask(again, computed), withheld)
        none = withheld & self.values[rate].isna() & n.eq(0)
        self.status[rate] = self.status[rate].mask(none, "not_applicable")

    def other_numbers(self) -> list[str]:
        """Return what is neither count nor rate: means, medians, amounts, balances, ready-made shares, scores."""
        data = self.pattern.data
        behind = {x for x, _ in data.rates.values()} - set(self.pattern.counts)
        return [
            name
            for name in self.values
            if name not in self.pattern.counts
            and name not in data.rates
            and name not in behind
            and is_numeric_dtype(data.values[name].dtype)
        ]

    def fill_number(self, name: str) -> None:
        """Fill the withheld cells of a number that is no count with the mean of the shown ones."""
        data = self.pattern.data
        base = data.catalogue.get(name).base if name in data.catalogue else ""
        self._fill_mean(name, self.pattern.cells(name) & data.values[name].notna(), self.values.get(base))

    def _fill_mean(self, name: str, withheld: pd.Series[bool], base: pd.Series[float] | None) -> None:
        if not withheld.any():
            return
        values = self.values[name].astype(float).copy()
        shown = values.notna() & ~withheld
        for unit in self.units[withheld].unique():
            in_unit = shown & self.units.eq(unit)
            values[withheld & self.units.eq(unit)] = _mean(values, in_unit if in_unit.any() else shown, base)
        self._take(name, values, withheld)

    def with_changes(self) -> AreaData:
        """Return the filled data; changes are computed again from both filled dates."""
        data, pattern = self.pattern.data, self.pattern
        changes = {}
        for name, (base, _) in data.changes.items():
            if name not in pattern.earlier or base not in self.values:
                continue
            before = fill_withheld(pattern.earlier[name], self.units)
            withheld = pattern.cells(name) & data.values[name].notna()
            change = self.values[base] - before.values[base]
            if base not in data.rates:
                change = change.round(CHANGE_DECIMALS)
            changes[name] = (base, before)
            again = withheld if pattern.protection.round_base is None else data.values[name].notna()
            self.status[name] = data.status[name]
            self._take(name, data.values[name].mask(again, change), withheld)
        ordered = [name for name in data.values.columns if name in self.values]
        return replace(
            data,
            values=pd.DataFrame({name: self.values[name] for name in ordered}, index=data.areas.index),
            status=pd.DataFrame({name: self.status[name] for name in ordered}, index=data.areas.index),
            changes=changes,
        )


def _mean(values: pd.Series, shown: pd.Series[bool], base: pd.Series[float] | None) -> float:
    """Return the mean of shown cells, weighted with their base where all of it is known."""
    if not shown.any():
        return float("nan")
    weights = None if base is None else base[shown].astype(float)
    if weights is None or weights.isna().any() or not weights.gt(0).any():
        return float(values[shown].mean())
    return float(np.average(values[shown], weights=weights))


def _shares(total: float, weights: pd.Series[float], grain: float) -> pd.Series[float]:
    """Split a total by weights into multiples of a grain: the largest remainders are rounded up, ties in order.

    Examples
    --------
    >>> _shares(5, pd.Series([0.5, 0.25, 0.25]), 1.0).tolist()
    [3.0, 1.0, 1.0]
    """
    if not (total / grain).is_integer():
        return weights.mul(total)  # counts that are no whole numbers, such as those carried to other borders
    exact = weights.mul(total / grain)
    parts = exact.floordiv(1)
    left = int(total / grain - parts.sum())
    largest = (parts - exact).sort_values(kind="stable").index[:left]
    parts[largest] += 1
    return parts * grain
