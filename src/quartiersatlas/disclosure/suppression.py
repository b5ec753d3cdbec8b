"""Small counts stay inside: which cells are suppressed, over everything that leaves at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from quartiersatlas.base.checks import choice, expects, renamed
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
from quartiersatlas.intake.joining.data import is_whole, kind_of, rate_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.disclosure.bounds import Ints
    from quartiersatlas.intake import AreaData


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
    derived : {"released", "exact"}, default "released"
        What index, shortlist, stability and segregation are made of. ``"released"``: they are computed again from what
        the release shows, with withheld counts at the mean of their unit, and can tell nothing new. ``"exact"``, where
        an official method demands it: from the counts as they are, rounded until they keep the withheld ones open.
    """

    min_count: int = 3
    min_denominator: float | None = None
    min_population: float = 300
    protect_remainder: bool = True
    round_base: int | None = None
    decimals: int | str = "auto"
    secondary: bool = True
    derived: Literal["released", "exact"] = "released"

    def __post_init__(self) -> None:
        for name in ("min_count", "min_population", "min_denominator"):
            if name != "min_denominator" or self.min_denominator is not None:
                expects(getattr(self, name), (int, float), f"Protection: {name}", f"qa.Protection({name}=5)")
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
        choice(self.derived, ("released", "exact"), "Protection: derived")

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
    protection : Protection
        What is too small.
    """

    data: AreaData
    hidden: pd.Series[bool]
    counts: pd.DataFrame
    suppressed: pd.DataFrame
    earlier: Mapping[str, SuppressionPattern]
    protection: Protection = field(default_factory=Protection)

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
            cells = self._part(numerator) | self._part(denominator) | self.hidden
            if name not in counted_rates(data):
                few = few_behind(self._base(denominator), self.protection)
                return cells if data.catalogue.get(name).kind == "density" else cells | few  # per km2: no persons
            return cells | (data.residents().eq(0) & data.counts(denominator).gt(0))
        if name in self.suppressed:
            return self.suppressed[name]
        base = data.catalogue.get(name).base if name in data.catalogue else ""
        cells = self.hidden | self._part(name) | few_behind(self._base(base), self.protection)
        return cells | self.data.status[base].eq("suppressed") if base in self.data.status else cells

    def _part(self, column: str) -> pd.Series[bool]:
        """Return where a column may not be shown by itself: a suppressed count, a small balance."""
        if column in self.suppressed:
            return self.suppressed[column]
        cells = self.data.status[column].eq("suppressed")
        if kind_of(self.data, column) == "balance":
            size = self.data.summands(column).abs()
            cells |= (size > 0) & (size < self.protection.min_count)
        return cells

    def _base(self, column: str) -> pd.Series[float] | None:
        """Return the count that a mean or an amount is taken over; None where none is named."""
        if not column or kind_of(self.data, column) not in ("", "count"):
            return None
        return self.data.counts(column)


def few_behind(base: pd.Series[float] | None, protection: Protection) -> pd.Series[bool] | bool:
    """Return where too few persons, households or cases stand behind a mean or an amount."""
    if base is None:
        return False
    return (base > 0) & (base < max(protection.min_count, protection.min_denominator or 0))


def counted_rates(data: AreaData) -> dict[str, tuple[str, str]]:
    """Return the rates whose numerator is a count and part of the denominator; not means, densities, balance rates."""
    return {name: pair for name, pair in data.rates.items() if data.catalogue.get(name).rules.part_of_whole}


def suppression_pattern(
    data: AreaData,
    protection: Protection,
    leaving: Iterable[str],
    entering: Iterable[str] = (),
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
    """
    leaving = list(leaving)
    names = list(dict.fromkeys([*leaving, *entering]))
    hidden = small_areas(data, protection)
    plain = _plain_counts(data, names)
    counts = _counts(data, plain)
    suppressed = _primary(data, counts, plain, hidden, protection)
    if protection.secondary:
        suppressed = _secondary(data, counts, leaving, suppressed, hidden, protection)
    earlier = {
        name: suppression_pattern(before, protection, [base])
        for name, (base, before) in data.changes.items()
        if name in names
    }
    return SuppressionPattern(data, hidden, counts, suppressed, earlier, protection)


def small_areas(data: AreaData, protection: Protection) -> pd.Series[bool]:
    """Return the inhabited areas with too few (or an unknown number of) residents to show an indicator.

    Without a minimum no number is too small, known or not.
    """
    residents = data.residents()
    if protection.min_population == 0:
        return pd.Series(data=False, index=residents.index)
    return ~(residents >= protection.min_population) & ~residents.eq(0)


def _plain_counts(data: AreaData, names: list[str]) -> list[str]:
    """Return the named columns that are counts by themselves."""
    people = str(data.population)
    return [name for name in names if name not in (*data.rates, *data.changes, people) and is_count(data, name)]


def is_count(data: AreaData, name: str) -> bool:
    """Return True for a count: by its kind, or whole numbers that nothing describes.

    Raises
    ------
    ColumnError
        The column holds text; or numbers that nothing describes and that are not whole, are negative, or seem to be
        no count by their name or size.
    """
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    column = data.values[name]
    if not is_numeric_dtype(column.dtype):
        raise ColumnError(f"Column {name!r} holds text: only numbers are released.")
    kind = kind_of(data, name)
    if kind:
        return kind == "count"
    known = column.dropna()
    if not is_whole(known):
        fractions = bool(len(known)) and bool(known.between(0, 1).all())
        what = "fractions between 0 and 1" if fractions else "numbers below 0" if (known < 0).any() else "fractions"
        raise ColumnError(
            f"Column {name!r} holds {what} and the catalogue does not know it: a share, a mean, a balance? Say so: "
            f"data = data.with_indicators({_described(name, fractions=fractions)}), or catalogue.add(...) before the "
            f"join. Rates come from counts: add_rates(...)."
        )
    money = NO_COUNT_WORDS.search(name) and not COUNTED_WORDS.search(name)
    if money or rate_by_name(name) or column.gt(data.residents()).mean() > MOST:
        raise ColumnError(
            f"Column {name!r} holds whole numbers that seem to be no count of persons, and the catalogue does not know "
            f"it: euros, years, percent? Say so: data = data.with_indicators({_described(name, fractions=False)}), or "
            f"kind='count' for a count."
        )
    return True


NO_COUNT_WORDS = re.compile(
    r"income|salar|wage|rent(?![a-z])|prices?(?![a-z])|euros?(?![a-z])|(?<![a-z])(?:eur|usd|chf|gbp|age)(?![a-z])|€|\$"
    r"|einkommen|(?:kalt|warm)?miete(?![a-z])|kaufkraft|lohn|gehalt|preis|durchschnittsalter|(?<![a-z])alter(?![a-z])",
    re.IGNORECASE,
)
COUNTED_WORDS = re.compile(
    r"households?|persons?|people|residents|recipients|units|dwellings|famil|receiv|support|haushalt|personen"
    r"|empfäng|wohnungen|bezieh|anzahl|number|count",
    re.IGNORECASE,
)
MOST = 0.5  # of the areas: where more of them have more than their residents, it is no count of persons


def _described(name: str, *, fractions: bool) -> str:
    """Return an indicator as Python, for an error that asks what a column is."""
    meaning = 'unit="fraction"' if fractions else 'kind="mean", unit="EUR"'
    return f'qa.Indicator(id="{name}", label_en="...", {meaning})'


def _counts(data: AreaData, plain: list[str]) -> pd.DataFrame:
    """Return every count that could be shown: both counts of every rate, counts that leave, residents."""
    counted = [source for pair in counted_rates(data).values() for source in pair]
    others = [source for name in data.rates if name not in counted_rates(data) for source in persons_of(data, name)]
    behind = [source for source in others if source == data.population or _seems_count(data, source)]
    sources = [*counted, *behind, *plain, str(data.population)]
    return pd.DataFrame({source: data.counts(source) for source in dict.fromkeys(sources)}, index=data.areas.index)


def persons_of(data: AreaData, rate: str) -> list[str]:
    """Return the columns of a mean, a density or a balance rate that hold persons: no amount, and no surface."""
    numerator, denominator = data.rates[rate]
    sources = [numerator] if data.catalogue.get(rate).kind == "density" else [numerator, denominator]
    return [source for source in sources if kind_of(data, source) != "amount"]


def _seems_count(data: AreaData, column: str) -> bool:
    """Return True for a count by its kind, or for whole numbers that nothing describes: they may be persons."""
    kind = kind_of(data, column)
    return kind == "count" or (not kind and is_whole(data.values[column]))


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
    """Return where too few are not in the group: nobody at all says something about everybody."""
    rest = denominator - numerator
    return (rest >= 0) & (rest < protection.min_count) & (denominator > 0)


def _pairs(data: AreaData, plain: list[str]) -> list[tuple[str, str]]:
    """Return the counts of which one is part of the other: those of rates, and other counts and the residents."""
    return [*dict.fromkeys(counted_rates(data).values()), *((name, str(data.population)) for name in plain)]


def _with_tiny_denominators(
    data: AreaData, counts: pd.DataFrame, suppressed: pd.DataFrame, protection: Protection
) -> pd.DataFrame:
    """Protect denominators that would leave a protected count too few values."""
    for numerator, denominator in counted_rates(data).values():
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
    for part, whole in [*counted_rates(data).values(), *((c, people) for c in counts if c != people)]:
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
        for source in counted_rates(data).get(name, (name,)):
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
