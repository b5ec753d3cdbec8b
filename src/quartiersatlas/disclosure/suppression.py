"""Small counts stay inside: which cells are suppressed, over everything that leaves at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import expects, renamed
from quartiersatlas.disclosure.bounds import (
    find_dependencies,
    interval,
    interval_is_safe,
    lower_bounds,
    suppress_linked,
    suppress_secondary,
)
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.intake.areas.area_columns import parent_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.disclosure.bounds import Ints
    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What is too small to be shown.

    Parameters
    ----------
    min_count : int, default 3
        Counts from 1 up to below this are not shown. At least 1 (1: every count is shown). It is also the width that
        remains open: from everything that is shown, and from totals of the city and of parent areas known elsewhere,
        a protected count can be narrowed down to no fewer than ``min_count + 1`` values.
    min_denominator : float, optional
        Rates on fewer persons are not shown. At least 0.
    min_population : float, default 300
        Areas with fewer residents show no indicator. At least 0.
    protect_remainder : bool, default True
        Also protect the others: where fewer than ``min_count`` residents are *not* in the group (also none at all).
    round_base : int, optional
        Every count leaves rounded to a multiple of this; rates and changes are made of the rounded counts, and
        contributions to scores, which are made of the exact ones, stay inside. At least 2.
    decimals : "auto" or int, default "auto"
        Decimals of rates. ``"auto"``: one, or none where one would give away a small count of the whole city; a number
        from 0 to 6 is taken as it is.
    secondary : bool, default True
        Suppress further cells where a protected one could be had by subtraction: from totals of the city or of parent
        areas, from columns that add up to each other.
    """

    min_count: int = 3
    min_denominator: float | None = None
    min_population: float = 300
    protect_remainder: bool = True
    round_base: int | None = None
    decimals: int | str = "auto"
    secondary: bool = True

    def __post_init__(self) -> None:
        for name in ("min_count", "min_population"):
            expects(getattr(self, name), (int, float), f"Protection: {name}", f"Protection({name}=...)")
        if not self.min_count >= 1 or not self.min_population >= 0:
            raise SpecError(
                f"Protection: min_count={self.min_count!r} must be at least 1, "
                f"min_population={self.min_population!r} at least 0."
            )
        if self.min_denominator is not None and not self.min_denominator >= 0:
            raise SpecError(f"Protection: min_denominator={self.min_denominator!r} must be at least 0, or None.")
        if self.round_base is not None and (not isinstance(self.round_base, int) or self.round_base < 2):  # noqa: PLR2004
            raise SpecError(f"Protection: round_base={self.round_base!r} must be a whole number from 2, or None.")
        if self.decimals != "auto" and self.decimals not in range(7):
            raise SpecError(f'Protection: decimals={self.decimals!r} must be "auto" or a number from 0 to 6.')

    def rounded(self, counts: pd.Series[float]) -> pd.Series[float]:
        """Return counts as they leave: to the next multiple of the base, halves upwards; as they are without one."""
        return counts if self.round_base is None else (counts / self.round_base + 0.5) // 1 * self.round_base


# the parameter of the first edition
Protection.__init__ = renamed(complement="protect_remainder")(Protection.__init__)  # type: ignore[method-assign]


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
        Every count that could be shown: both counts of every rate, counts that leave, residents.
    suppressed : DataFrame of bool
        Area by count column: this count may not be shown in any column, nor anything made of it.
    earlier : mapping of str to SuppressionPattern
        For each change, the cells of its earlier date.
    """

    data: AreaData
    hidden: pd.Series[bool]
    counts: pd.DataFrame
    suppressed: pd.DataFrame
    earlier: Mapping[str, SuppressionPattern]

    def cells(self, name: str) -> pd.Series[bool]:
        """Return which areas may not show a column, whether it leaves or only enters something that does.

        A rate is protected where one of its counts is, a change where the rate of one of its two dates is.
        """
        data = self.data
        if name in data.changes:
            base = data.changes[name][0]
            return self.cells(base) | self.earlier[name].cells(base)
        if name in data.rates:
            numerator, denominator = data.rates[name]
            empty = data.residents().eq(0) & data.counts(denominator).gt(0)
            return self.suppressed[numerator] | self.suppressed[denominator] | self.hidden | empty
        if name in self.suppressed:
            return self.suppressed[name]
        return self.hidden.copy()


def suppression_pattern(
    data: AreaData,
    protection: Protection,
    leaving: Iterable[str],
    entering: Iterable[str] = (),
    need: NeedIndex | None = None,
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
    need : NeedIndex, optional
        A need index that leaves.
    """
    leaving = list(leaving)
    names = list(dict.fromkeys([*leaving, *entering]))
    hidden = small_areas(data, protection)
    plain = _plain_counts(data, names)
    counts = _counts(data, plain)
    suppressed = _primary(data, counts, plain, hidden, protection)
    if protection.secondary:
        suppressed = _secondary(data, counts, leaving, suppressed, hidden, protection, need)
    earlier = {
        name: suppression_pattern(before, protection, [base])
        for name, (base, before) in data.changes.items()
        if name in names
    }
    return SuppressionPattern(data, hidden, counts, suppressed, earlier)


def small_areas(data: AreaData, protection: Protection) -> pd.Series[bool]:
    """Return the inhabited areas with too few (or an unknown number of) residents to show an indicator."""
    residents = data.residents()
    return ~(residents >= protection.min_population) & ~residents.eq(0)


def _plain_counts(data: AreaData, names: list[str]) -> list[str]:
    """Return the named columns that are counts by themselves."""
    people = str(data.population)
    return [name for name in names if name not in (*data.rates, *data.changes, people) and is_count(data, name)]


def is_count(data: AreaData, name: str) -> bool:
    """Return True for a count: what the catalogue does not know and is whole everywhere; the rest is ready-made values.

    Raises
    ------
    ColumnError
        The column holds text, or fractions that the catalogue says nothing about.
    """
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    known = data.values[name].dropna()
    if not is_numeric_dtype(known.dtype):
        raise ColumnError(f"Column {name!r} holds text: only numbers are released.")
    if name in data.catalogue:
        return False
    if (known % 1 != 0).any():
        raise ColumnError(
            f"Column {name!r} holds fractions and the catalogue does not know it: a share, a mean? "
            f"Say so: catalogue.add(Indicator(id={name!r}, ..., unit=...)). Rates come from counts: add_rates(...)."
        )
    return True


def _counts(data: AreaData, plain: list[str]) -> pd.DataFrame:
    """Return every count that could be shown: both counts of every rate, counts that leave, residents."""
    sources = [*(source for pair in data.rates.values() for source in pair), *plain, str(data.population)]
    return pd.DataFrame({source: data.counts(source) for source in dict.fromkeys(sources)}, index=data.areas.index)


def _primary(
    data: AreaData, counts: pd.DataFrame, plain: list[str], hidden: pd.Series[bool], protection: Protection
) -> pd.DataFrame:
    """Return the counts that are small, leave a small rest, belong to a small area or are suppressed in the source."""
    people = str(data.population)
    suppressed = pd.DataFrame(index=counts.index)
    for source in counts:
        own = small_cells(counts[source], None, protection) | data.status[source].eq("suppressed")
        empty = data.residents().eq(0) & counts[source].gt(0)
        suppressed[source] = own if source == people else own | hidden | empty
    for part, whole in _pairs(data, plain):
        suppressed[part] |= small_cells(counts[part], counts[whole], protection)
    return _with_tiny_denominators(data, counts, suppressed, protection)


def small_cells(
    numerator: pd.Series[float], denominator: pd.Series[float] | None, protection: Protection
) -> pd.Series[bool]:
    """Return which counts are small, or leave a small rest, or stand on a small denominator."""
    small = (numerator > 0) & (numerator < protection.min_count)
    if denominator is None:
        return small
    if protection.protect_remainder:
        small |= small_rest(numerator, denominator, protection)
    if protection.min_denominator is not None:
        small |= (denominator > 0) & (denominator < protection.min_denominator)
    return small


def small_rest(numerator: pd.Series[float], denominator: pd.Series[float], protection: Protection) -> pd.Series[bool]:
    """Return where too few are not in the group: nobody at all tells something about everybody."""
    rest = denominator - numerator
    return (rest >= 0) & (rest < protection.min_count) & (denominator > 0)


def _pairs(data: AreaData, plain: list[str]) -> list[tuple[str, str]]:
    """Return the counts of which one is part of the other: those of rates, and other counts and the residents."""
    return [*dict.fromkeys(data.rates.values()), *((name, str(data.population)) for name in plain)]


def _with_tiny_denominators(
    data: AreaData, counts: pd.DataFrame, suppressed: pd.DataFrame, protection: Protection
) -> pd.DataFrame:
    """Protect denominators that would leave a protected count too few values."""
    for numerator, denominator in data.rates.values():
        n = counts[denominator]
        suppressed[denominator] |= suppressed[numerator] & (n > 0) & (n <= protection.min_count)
    return suppressed


def _secondary(
    data: AreaData,
    counts: pd.DataFrame,
    leaving: list[str],
    suppressed: pd.DataFrame,
    hidden: pd.Series[bool],
    protection: Protection,
    need: NeedIndex | None,
) -> pd.DataFrame:
    """Suppress further cells until no total, no sum of columns and no mean gives a protected one away."""
    groups, dependencies = _groups(data), find_dependencies(counts)
    while True:
        before = int(suppressed.to_numpy().sum())
        upper = _upper(data, counts, suppressed)
        not_shown = ~shown_counts(SuppressionPattern(data, hidden, counts, suppressed, {}), leaving)
        for keys in groups:
            known = KnownTotals(
                counts.loc[keys], upper.loc[keys], not_shown.loc[keys], hidden[keys], protection.min_count
            )
            suppressed.loc[keys] = _suppress_in_group(known, suppressed.loc[keys], dependencies, str(data.population))
        if need is not None:
            suppressed = _suppress_in_index(data, counts, suppressed, need)
        suppressed = _with_tiny_denominators(data, counts, suppressed, protection)
        if int(suppressed.to_numpy().sum()) == before:
            return suppressed


@dataclass(frozen=True)
class KnownTotals:
    """A group of areas whose totals are known: counts, what each can be at most, what nobody sees, small areas."""

    counts: pd.DataFrame
    upper: pd.DataFrame
    not_shown: pd.DataFrame
    hidden: pd.Series[bool]
    protection_width: int


def _groups(data: AreaData) -> list[pd.Index]:
    """Return groups of areas with known totals: the smallest units of all parents; the city for those that are alone.

    What can be exchanged inside the smallest unit leaves all larger totals as they are.
    """
    parents = [column for column in parent_columns(data.areas) if column != data.areas.geometry.name]
    keys = data.areas.index
    if not parents:
        return [keys]
    units = data.areas.groupby(parents, dropna=False, sort=True).ngroup()
    sizes = units.map(units.value_counts())
    groups = [keys[units == unit] for unit in sorted(units[sizes > 1].unique())]
    return [*groups, keys] if (sizes == 1).any() else groups


def _upper(data: AreaData, counts: pd.DataFrame, suppressed: pd.DataFrame) -> pd.DataFrame:
    """Return what everybody knows to be the most a count can be: its smallest open denominator."""
    upper = pd.DataFrame(np.inf, index=counts.index, columns=counts.columns)
    people = str(data.population)
    for part, whole in [*data.rates.values(), *((c, people) for c in counts if c != people)]:
        if (counts[part] <= counts[whole]).where(counts[[part, whole]].notna().all(axis=1), other=True).all():
            known = counts[whole].mask(suppressed[whole] | counts[whole].isna(), np.inf)
            upper[part] = np.minimum(upper[part], known)
    return upper


def shown_counts(pattern: SuppressionPattern, leaving: list[str]) -> pd.DataFrame:
    """Return the counts that at least one column shows: a rate shows two, or none."""
    data, people = pattern.data, str(pattern.data.population)
    shown = pattern.suppressed & False
    shown[people] = ~pattern.suppressed[people]
    for name in leaving:
        for source in data.rates.get(name, (name,)):
            if source in shown:
                shown[source] |= ~pattern.cells(name)
    return shown


def _suppress_in_group(known: KnownTotals, suppressed: pd.DataFrame, dependencies: Ints, people: str) -> pd.DataFrame:
    """Suppress cells of one group of areas, column by column, then over the columns that add up."""
    suppressed = pd.DataFrame(
        {
            source: suppress_secondary(
                known.counts[source],
                suppressed[source],
                known.upper[source],
                known.hidden,
                known.protection_width,
                known.not_shown[source],
            )
            for source in suppressed
        }
    )
    if not len(dependencies):
        return suppressed
    together = suppress_linked(
        known.counts.to_numpy(),
        suppressed.to_numpy(),
        known.not_shown.to_numpy(),
        known.upper.to_numpy(),
        np.repeat(known.hidden.to_numpy()[:, None], suppressed.shape[1], axis=1),
        dependencies,
        known.protection_width,
        (suppressed.columns == people),
    )
    return pd.DataFrame(together, index=suppressed.index, columns=suppressed.columns)


# Sum and sum of squares of standardised rates are known, and the city's count: three equations for the hidden ones
HIDDEN_IN_INDEX = 4


def _suppress_in_index(data: AreaData, counts: pd.DataFrame, suppressed: pd.DataFrame, need: NeedIndex) -> pd.DataFrame:
    """Suppress so many rates of an index that its mean and spread do not give them away."""
    for axis in need.spec.axes:
        scored = need.scores[axis.id].notna()
        for indicator in axis.indicators:
            name = data.changes[indicator.id][0] if indicator.id in data.changes else indicator.id
            if name not in data.rates:
                continue
            numerator, denominator = data.rates[name]
            hidden = (suppressed[numerator] | suppressed[denominator]) & scored
            missing = HIDDEN_IN_INDEX - int(hidden.sum())
            if hidden.any() and missing > 0:
                open_counts = counts.loc[scored & ~hidden, numerator].dropna().sort_index()
                chosen = open_counts.sort_values(kind="stable").index[:missing]
                suppressed.loc[chosen, numerator] = True
    return suppressed


def recoverable_cells(
    pattern: SuppressionPattern, source: str, asked: pd.Series[bool], not_shown: pd.Series[bool], protection: Protection
) -> list[str]:
    """Return the cells of one column that follow from totals if only the not_shown ones are unknown."""
    upper = _upper(pattern.data, pattern.counts, pattern.suppressed)[source]
    found: list[str] = []
    for keys in _groups(pattern.data):
        x = pattern.counts.loc[keys, source]
        cells = not_shown[keys] & x.notna()
        if not (asked[keys] & cells).any():
            continue
        values, zero = x[cells].to_numpy(), pattern.hidden[keys][cells].to_numpy()
        low, high = interval(values, lower_bounds(values, zero), upper[keys][cells].to_numpy())
        narrow = ~interval_is_safe(low, high, float(values.sum()), protection.min_count) & asked[keys][cells].to_numpy()
        found += [str(key) for key in x.index[cells][narrow]]
    return found
