"""Whose outcome of a rule would tell something of a protected value beside them, in exact results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.disclosure.counted import counted_rates
from quartiersatlas.disclosure.known_counts import known_levels, smallest_units
from quartiersatlas.screening.evaluation.evaluate import evaluate, held
from quartiersatlas.screening.evaluation.truth import Truth
from quartiersatlas.screening.language.rules import COMPUTED, Adjacent, Capped, Compare, Condition, Hotspot, Worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from quartiersatlas.disclosure.suppression import SuppressionPattern
    from quartiersatlas.intake import AreaData
    from quartiersatlas.screening import Shortlist
    from quartiersatlas.screening.evaluation.evidence import Evidence, Measured
    from quartiersatlas.screening.language.rules import Rule

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

RESIDENTS = "residents"  # in a rule: the residents of the data, unless a column is called so
ANYTHING = 1e12  # no score, rent or number of persons is beyond it


def data_column(data: AreaData, name: str) -> str:
    """Return the column that a rule means by a name; the name itself where it is no column, such as an axis."""
    is_people = name == RESIDENTS and name not in data.values.columns and data.population is not None
    return str(data.population) if is_people else name


def levels_of(condition: Condition, data: AreaData) -> list[str]:
    """Return the higher levels within which a condition compares."""
    if isinstance(condition, Worst | Capped):
        return [condition.by] if condition.by else []
    names = condition.limit.names if isinstance(condition, Compare) else ()
    return [name for name in names if name not in COMPUTED and name in data.areas.columns]


def with_protected_value(
    names: Iterable[str], cells: Mapping[str, pd.Series[bool]], pattern: SuppressionPattern
) -> pd.Series[bool]:
    """Return the areas with a value of some indicators that may not be shown."""
    found = pattern.hidden & False
    for name in names:
        column = data_column(pattern.data, name)
        values = pattern.data.values
        found |= cells[name] & (values[column].notna() if column in values.columns else True)
    return found


def told_by_outcomes(
    shortlist: Shortlist, cells: Mapping[str, pd.Series[bool]], pattern: SuppressionPattern
) -> pd.Series[bool]:
    """Return the areas whose outcome would tell something of a protected value of another one.

    Parameters
    ----------
    shortlist : Shortlist
        Of the data as they are.
    cells : mapping of str to Series of bool
        What the rule looks at -> the areas whose value may not be shown.
    pattern : SuppressionPattern
        The data, and what may not be shown.

    Notes
    -----
    Where a condition compares within a unit of a level, those of its areas, unless the total is known and gives no
    order away; neighbours, in a cluster. Where a condition looks at the areas of a rule, those whose place, cap or
    neighbours are not the same whatever the protected values are, as far as a reader does not know better: a count
    is no more than what its unit has beyond the shown ones. What is the same anyway follows from what is shown.
    """
    told = _Told(cells, pattern, shortlist.evidence)
    found = told.by(shortlist.rule)
    for rule in () if shortlist.spec is None else shortlist.spec.level_rules().values():
        if any(one.inner is not None for one in rule.every):
            found |= _Told(cells, pattern, replace(shortlist, rule=rule).evidence).by(rule)
    return found


def told_by_runs(
    shortlist: Shortlist, cells: Mapping[str, pd.Series[bool]], pattern: SuppressionPattern
) -> pd.Series[bool]:
    """Return the areas whose share of runs would tell something of a protected value.

    Of runs no outcome is the same whatever the protected values are: where one enters the order of the areas of a
    rule, all that are in it are left out.
    """
    found = pattern.hidden & False
    for condition in shortlist.rule.every:
        if isinstance(condition, Worst | Capped) and condition.inner is not None:
            protected = with_protected_value(condition.indicators, cells, pattern)
            units = pattern.data.areas[condition.by] if condition.by else pd.Series("", index=found.index)
            found |= protected.groupby(units).transform("any").reindex(found.index, fill_value=False).astype(bool)
    return found


@dataclass(frozen=True, eq=False)
class _Told:
    """What the outcomes of conditions would tell."""

    cells: Mapping[str, pd.Series[bool]]
    pattern: SuppressionPattern
    evidence: Evidence

    def by(self, rule: Rule) -> pd.Series[bool]:
        """Return the areas of which one of the conditions of a rule would tell."""
        found = self.pattern.hidden & False
        for condition in rule.conditions:
            found |= self._by_condition(condition)
        return found

    def _by_condition(self, condition: Condition) -> pd.Series[bool]:
        own = self._protected(condition.own_indicators)
        found = own & False
        if isinstance(condition, Worst | Capped | Adjacent) and condition.inner is not None:
            return self._by_rule_inside(condition, condition.inner)
        for level in levels_of(condition, self.pattern.data):
            if isinstance(condition, Worst) or level not in known_levels(self.pattern.data, self.pattern.protection):
                units = self.pattern.data.areas[level]
                found |= own.groupby(units).transform("any").reindex(found.index, fill_value=False).astype(bool)
        if isinstance(condition, Hotspot) and own.any() and self.evidence.neighbours is not None:
            one, other = self.evidence.neighbours()
            near = np.zeros(len(own), dtype=bool)
            np.logical_or.at(near, one, own.to_numpy()[other])
            np.logical_or.at(near, other, own.to_numpy()[one])
            found |= near
        return found

    def _by_rule_inside(self, condition: Worst | Capped | Adjacent, inner: Rule) -> pd.Series[bool]:
        """Return the areas whose outcome is not the same whatever the protected values are.

        The rule inside is not known where it looks at one, or would tell of one; the condition's own values may be
        anything there.
        """
        own = [self._protected([name]) for name in condition.own_indicators]
        inside = self._protected(inner.indicators) | self.by(inner)
        if not any(one.any() for one in (*own, inside)):
            return inside
        open_ = inside.to_numpy()[None, :]
        truth = evaluate(inner, self.evidence)[0]
        measured = dict(self.evidence.measured)
        for name, where in zip(condition.own_indicators, own, strict=True):
            measured[name] = opened(measured[name], where.to_numpy()[None, :], self._highest(name, measured[name].per))
        evidence = replace(
            self.evidence, measured=measured, inside={inner: Truth(truth.yes & ~open_, truth.no & ~open_)}
        )
        asked = replace(condition, printed="interval", unknown="unknown")
        known = np.broadcast_to(held(asked, evidence).truth.known, open_.shape)[0]
        if isinstance(
            condition, Worst | Capped
        ):  # without a value of its own an area has no place, whatever others have
            without = [~self.evidence.measured[name].known[0] for name in condition.own_indicators]
            known = known | (np.any(without, axis=0) & ~open_[0])
        return pd.Series(~known, index=inside.index)

    def _protected(self, names: Iterable[str]) -> pd.Series[bool]:
        return with_protected_value(names, self.cells, self.pattern)

    def _highest(self, name: str, per: float) -> Floats:
        """Return what a reader knows a protected value to be at most: of a rate by what its unit has beyond the shown.

        The unit is the smallest whose total is known; where a cell in it is secret in the source, it is not.
        """
        data, pattern = self.pattern.data, self.pattern
        none = np.full((1, len(pattern.hidden)), ANYTHING)
        if name not in counted_rates(data) or data.perturbed.intersection(data.rates[name]):
            return none
        numerator, denominator = data.rates[name]
        counts, n = pattern.known_counts(numerator), pattern.known_counts(denominator)
        rest = counts.where(pattern.suppressed[numerator], 0.0).groupby(self._units).transform("sum")
        secret = (counts.isna() & data.status[numerator].eq("suppressed")).groupby(self._units).transform("any")
        known = ~secret & ~pattern.suppressed[denominator] & n.gt(0)
        most = per * rest / n.where(n > 0)
        return most.where(known, ANYTHING).to_numpy(dtype=float)[None, :]

    @cached_property
    def _units(self) -> pd.Series[str]:
        return smallest_units(self.pattern.data, self.pattern.protection)


def opened(measured: Measured, where: Bools, highest: Floats) -> Measured:
    """Return an indicator of which some values are only known to be up to a highest one, whatever they are."""
    is_share = measured.n is not None and measured.earlier is None
    low, high = measured.ends if measured.is_open else (measured, measured)
    around = (
        np.where(where, 0.0 if is_share else -ANYTHING, low.values),
        np.where(where, highest if is_share else ANYTHING, high.values),
    )
    return replace(measured, x=None, n=None, slack=None, around=around)  # exact counts would decide past these ends
