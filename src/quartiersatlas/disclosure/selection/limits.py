"""What a release may say of the limits of a rule: numbers that are public, or follow from those it shows; no others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.counted import counted_rates, small_cells
from quartiersatlas.disclosure.known_counts import known_levels
from quartiersatlas.screening.evaluation.exact import round_half_up
from quartiersatlas.screening.language.rules import (
    CITY,
    COMPUTED,
    MEAN,
    MEDIAN,
    QUANTILE,
    REST,
    Compare,
    Condition,
    Limit,
    WorseThanCity,
    Worst,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.disclosure.columns import ReleasedColumns
    from quartiersatlas.disclosure.release import ReleasedColumn
    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.screening import Shortlist

Rows = pd.DataFrame


@dataclass(frozen=True, eq=False)
class ShownLimits:
    """The limits of a rule as a release may show them.

    Parameters
    ----------
    pattern : SuppressionPattern
        The data, and what may not be shown.
    out : ReleasedColumns
        What leaves.
    shortlist : Shortlist
        The shortlist that leaves: of filled data, or in exact results of the data as they are.
    cells : dict of str to Series of bool
        What the rule looks at -> the areas whose value may not be shown.
    """

    pattern: SuppressionPattern
    out: ReleasedColumns
    shortlist: Shortlist
    cells: dict[str, pd.Series[bool]]

    def of(
        self,
        condition: Condition,
        column: str,
        decimals: int,
        own: Rows,
        values: pd.Series,
        selected: pd.Index,
    ) -> Rows:
        """Return the limit of a condition for each area.

        Parameters
        ----------
        condition : Condition
            The condition.
        column, decimals : str, int
            The released column of its indicator, empty where it does not leave, and its decimals.
        own : DataFrame
            The reasons of the shortlist for this condition, on the district key.
        values : Series
            The values as they are shown.
        selected : Index
            The shown areas that are selected by it.

        Returns
        -------
        DataFrame
            ``limit``, NaN where it is not shown; ``exact``: whether all its digits are shown, or those of the column
            alone; ``base``: what it is a multiple of, where there is a factor or something is added.
        """
        if isinstance(condition, Worst):
            lowest = self._lowest(condition, values, selected, own.index)
            compared = own["limit"].notna() if condition.inner is not None else lowest.notna()
            return _frame(own.index, lowest.where(compared), exact=False)
        if isinstance(condition, WorseThanCity):
            return self._city(Limit(CITY), condition.indicator, column, own)
        if not isinstance(condition, Compare):
            return _frame(own.index, np.nan, exact=False)
        limit, true = condition.limit, own["limit"].astype(float)
        if not limit.names or all(self._is_published(name) for name in limit.names):
            return self._with_base(limit, _frame(own.index, true, exact=True))
        if limit.than == CITY:
            return self._city(limit, condition.indicator, column, own)
        all_shown, rounded = self._open(condition, column)
        exact = all_shown & self._is_made_of_shown()
        shown = np.where(exact, true, np.where(rounded, true.round(decimals), np.nan))
        return self._with_base(limit, _frame(own.index, shown, exact=exact))

    def _is_published(self, name: str) -> bool:
        """Return True for a name of published values; the city has its own."""
        return name in self.shortlist.references and name not in COMPUTED

    def _is_made_of_shown(self) -> bool:
        """Return True unless exact results stand beside rounded counts."""
        return self.pattern.protection.derived != "exact" or self.pattern.protection.round_base is None

    def _lowest(self, condition: Worst, values: pd.Series, selected: pd.Index, keys: pd.Index) -> pd.Series:
        """Return the released value of the last area that is selected: the limit may be that of a protected area."""
        data = self.pattern.data
        units = data.areas[condition.by] if condition.by else pd.Series("", index=keys)
        own = values.reindex(selected).astype(float)
        lowest = self._lowest_first(condition)
        last = own.groupby(units.reindex(selected)).agg("max" if lowest else "min")
        return units.reindex(keys).map(last).astype(float)

    def _lowest_first(self, condition: Worst) -> bool:
        if condition.highest is not None:
            return not condition.highest
        catalogue = self.pattern.data.catalogue
        return condition.indicator in catalogue and catalogue[condition.indicator].direction == -1

    def _city(self, limit: Limit, indicator: str, column: str, own: Rows) -> Rows:
        """Return the city value as it is released; all its digits where all areas show their counts."""
        true = own["limit"].astype(float)
        record = self._column(column)
        if record is None:
            return _frame(own.index, np.nan, exact=False)
        published = bool(record.city_source)
        exact = record.kind == "rate" and not self._hides_any(indicator) and self._is_made_of_shown()
        if exact or (published and record.city == record.city and self._is_made_of_shown()):
            return self._with_base(limit, _frame(own.index, true, exact=True))
        base = record.city
        shown = float(limit.factor) * base + float(limit.plus)
        if limit.digits is not None and np.isfinite(shown):
            shown = float(round_half_up(np.array([[shown]]), limit.digits).floats[0, 0])
        found = _frame(own.index, shown, exact=False)
        return found.assign(base=base) if _is_changed(limit) else found

    def _column(self, name: str) -> ReleasedColumn | None:
        return next((column for column in self.out.columns if column.id == name), None)

    def _hides_any(self, indicator: str) -> bool:
        return bool(self._withheld(indicator).any())

    def _withheld(self, indicator: str) -> pd.Series[bool]:
        """Return the areas with a value that is not shown; those without one are in no sum, mean or order."""
        data, cells = self.pattern.data, self.cells[indicator]
        return cells & data.values[indicator].notna() if indicator in data.values.columns else cells

    def _open(self, condition: Compare, column: str) -> tuple[pd.Series[bool], pd.Series[bool]]:
        """Return for which areas all digits of a limit may be shown, and for which those of the column alone."""
        keys = self.pattern.data.areas.index
        withheld = self._withheld(condition.indicator)
        everywhere, nowhere = (pd.Series(data=value, index=keys) for value in (True, False))
        if not column:
            return nowhere, nowhere
        names = set(condition.limit.names)
        if names & {MEAN, MEDIAN, QUANTILE}:
            again = self.pattern.protection.derived != "exact"
            return nowhere, everywhere if again or not withheld.any() else nowhere
        if not withheld.any():
            return everywhere, nowhere
        levels = [name for name in names if name not in COMPUTED and not self._is_published(name)]
        if names & {CITY, REST} or len(levels) != 1:
            return nowhere, nowhere
        return self._within(levels[0], condition.indicator, withheld)

    def _within(self, level: str, indicator: str, withheld: pd.Series[bool]) -> tuple[pd.Series[bool], pd.Series[bool]]:
        """Return for which areas the value of their unit may be shown.

        All digits where every area of the unit shows its own. Else those of the column, if the total of the unit is
        one that the audit takes as known, at least two areas of it are withheld, and it is not small.
        """
        data = self.pattern.data
        units = data.areas[level]
        hidden = withheld.groupby(units).transform("sum").reindex(withheld.index).astype(float)
        exact = hidden.eq(0)
        audited = self.pattern.protection.secondary and level in self.known_levels(self.pattern)
        if not audited or indicator not in counted_rates(data):
            return exact, exact & False
        x, n = (self.pattern.known_counts(source) for source in data.rates[indicator])
        both = x.notna() & n.notna()
        cases, people = (side[both].groupby(units[both]).sum() for side in (x, n))
        small = small_cells(cases, people, self.pattern.protection) | ~people.gt(0)
        table = self.pattern.plan.table
        spread = np.fmax(*table.spread)[:, table.columns.index(data.rates[indicator][0])]
        secret = pd.Series(np.isfinite(spread), index=data.areas.index).groupby(units).any()
        unsafe = units.map(small | secret.reindex(small.index, fill_value=False))
        safe = unsafe.notna() & unsafe.ne(other=True) & hidden.ge(2)
        return exact, safe

    @staticmethod
    def known_levels(pattern: SuppressionPattern) -> Sequence[str]:
        """Return the levels whose totals the audit takes as known."""
        return known_levels(pattern.data, pattern.protection)

    @staticmethod
    def _with_base(limit: Limit, found: Rows) -> Rows:
        """Add what the limit is a multiple of; unknown where it was rounded before values were compared with it."""
        if not _is_changed(limit) or limit.digits is not None or isinstance(limit.than, Decimal):
            return found
        return found.assign(base=(found["limit"] - float(limit.plus)) / float(limit.factor))


def _is_changed(limit: Limit) -> bool:
    return limit.factor != 1 or bool(limit.plus)


def _frame(keys: pd.Index, limit: object, *, exact: object) -> Rows:
    found = pd.DataFrame({"limit": limit, "exact": exact, "base": np.nan}, index=keys)
    return found.astype({"limit": float, "base": float})
