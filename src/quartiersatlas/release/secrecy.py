"""Which cells stay inside, over everything that leaves at once: counts, rates, changes, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.release.areas import parent_columns
from quartiersatlas.release.bounds import hold_back, interval, lower_bounds, wide_enough
from quartiersatlas.release.protection import is_count, small_areas, small_cells
from quartiersatlas.release.relations import find_relations, hold_back_related

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.release.protection import Protection
    from quartiersatlas.release.relations import Ints

# Sum and sum of squares of standardised rates are known, and the city's count: three equations for the hidden ones
HIDDEN_IN_INDEX = 4


@dataclass(frozen=True)
class Secrecy:
    """The cells that may not be shown.

    Parameters
    ----------
    data : AreaData
        What is released.
    hidden : Series of bool
        Areas that show no indicator: too few residents, or an unknown number.
    counts : DataFrame of float
        Every count that could be shown: both counts of every rate, counts that leave, residents.
    secret : DataFrame of bool
        Area by count column: this count may not be shown in any column, nor anything made of it.
    earlier : mapping of str to Secrecy
        For each change, the cells of its earlier date.
    """

    data: AreaData
    hidden: pd.Series[bool]
    counts: pd.DataFrame
    secret: pd.DataFrame
    earlier: Mapping[str, Secrecy]

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
            return self.secret[numerator] | self.secret[denominator] | self.hidden | empty
        if name in self.secret:
            return self.secret[name]
        return self.hidden.copy()


def secrecy(
    data: AreaData,
    protection: Protection,
    leaving: Iterable[str],
    entering: Iterable[str] = (),
    need: NeedIndex | None = None,
) -> Secrecy:
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
    secret = _primary(data, counts, plain, hidden, protection)
    if protection.secondary:
        secret = _secondary(data, counts, leaving, secret, hidden, protection, need)
    earlier = {
        name: secrecy(before, protection, [base]) for name, (base, before) in data.changes.items() if name in names
    }
    return Secrecy(data, hidden, counts, secret, earlier)


def _plain_counts(data: AreaData, names: list[str]) -> list[str]:
    """Return the named columns that are counts by themselves."""
    people = str(data.population)
    return [name for name in names if name not in (*data.rates, *data.changes, people) and is_count(data, name)]


def _counts(data: AreaData, plain: list[str]) -> pd.DataFrame:
    """Return every count that could be shown: both counts of every rate, counts that leave, residents."""
    sources = [*(source for pair in data.rates.values() for source in pair), *plain, str(data.population)]
    return pd.DataFrame({source: data.counts(source) for source in dict.fromkeys(sources)}, index=data.areas.index)


def _pairs(data: AreaData, plain: list[str]) -> list[tuple[str, str]]:
    """Return the counts of which one is part of the other: those of rates, and other counts and the residents."""
    return [*dict.fromkeys(data.rates.values()), *((name, str(data.population)) for name in plain)]


def _primary(
    data: AreaData, counts: pd.DataFrame, plain: list[str], hidden: pd.Series[bool], protection: Protection
) -> pd.DataFrame:
    """Return the counts that are small, leave a small rest, belong to a small area or are secret in the source."""
    people = str(data.population)
    secret = pd.DataFrame(index=counts.index)
    for source in counts:
        own = small_cells(counts[source], None, protection) | data.status[source].eq("suppressed")
        empty = data.residents().eq(0) & counts[source].gt(0)
        secret[source] = own if source == people else own | hidden | empty
    for part, whole in _pairs(data, plain):
        secret[part] |= small_cells(counts[part], counts[whole], protection)
    return _with_tiny_denominators(data, counts, secret, protection)


def _with_tiny_denominators(
    data: AreaData, counts: pd.DataFrame, secret: pd.DataFrame, protection: Protection
) -> pd.DataFrame:
    """Protect denominators that would leave a protected count too few values."""
    for numerator, denominator in data.rates.values():
        n = counts[denominator]
        secret[denominator] |= secret[numerator] & (n > 0) & (n <= protection.min_count)
    return secret


def _secondary(
    data: AreaData,
    counts: pd.DataFrame,
    leaving: list[str],
    secret: pd.DataFrame,
    hidden: pd.Series[bool],
    protection: Protection,
    need: NeedIndex | None,
) -> pd.DataFrame:
    """Hold further cells back until no total, no sum of columns and no mean gives a protected one away."""
    groups, relations = _groups(data), find_relations(counts)
    while True:
        before = int(secret.to_numpy().sum())
        upper = _upper(data, counts, secret)
        cover = ~shown_counts(Secrecy(data, hidden, counts, secret, {}), leaving)
        for keys in groups:
            known = Known(counts.loc[keys], upper.loc[keys], cover.loc[keys], hidden[keys], protection.min_count)
            secret.loc[keys] = _held_in_group(known, secret.loc[keys], relations, str(data.population))
        if need is not None:
            secret = _hidden_in_index(data, counts, secret, need)
        secret = _with_tiny_denominators(data, counts, secret, protection)
        if int(secret.to_numpy().sum()) == before:
            return secret


@dataclass(frozen=True)
class Known:
    """A group of areas whose totals are known: counts, what each can be at most, what nobody sees, small areas."""

    counts: pd.DataFrame
    upper: pd.DataFrame
    cover: pd.DataFrame
    hidden: pd.Series[bool]
    width: int


def _held_in_group(known: Known, secret: pd.DataFrame, relations: Ints, people: str) -> pd.DataFrame:
    """Hold cells of one group of areas back, column by column, then over the columns that add up."""
    held = pd.DataFrame(
        {
            source: hold_back(
                known.counts[source],
                secret[source],
                known.upper[source],
                known.hidden,
                known.width,
                known.cover[source],
            )
            for source in secret
        }
    )
    if not len(relations):
        return held
    together = hold_back_related(
        known.counts.to_numpy(),
        held.to_numpy(),
        known.cover.to_numpy(),
        known.upper.to_numpy(),
        np.repeat(known.hidden.to_numpy()[:, None], held.shape[1], axis=1),
        relations,
        known.width,
        (held.columns == people),
    )
    return pd.DataFrame(together, index=held.index, columns=held.columns)


def shown_counts(kept: Secrecy, leaving: list[str]) -> pd.DataFrame:
    """Return the counts that at least one column shows: a rate shows two, or none."""
    data, people = kept.data, str(kept.data.population)
    shown = kept.secret & False
    shown[people] = ~kept.secret[people]
    for name in leaving:
        for source in data.rates.get(name, (name,)):
            if source in shown:
                shown[source] |= ~kept.cells(name)
    return shown


def unsafe_cells(
    kept: Secrecy, source: str, asked: pd.Series[bool], covered: pd.Series[bool], protection: Protection
) -> list[str]:
    """Return the cells of one column that follow from totals if only the covered ones are unknown."""
    upper = _upper(kept.data, kept.counts, kept.secret)[source]
    found: list[str] = []
    for keys in _groups(kept.data):
        x = kept.counts.loc[keys, source]
        cells = covered[keys] & x.notna()
        if not (asked[keys] & cells).any():
            continue
        values, zero = x[cells].to_numpy(), kept.hidden[keys][cells].to_numpy()
        low, high = interval(values, lower_bounds(values, zero), upper[keys][cells].to_numpy())
        narrow = ~wide_enough(low, high, float(values.sum()), protection.min_count) & asked[keys][cells].to_numpy()
        found += [str(key) for key in x.index[cells][narrow]]
    return found


def _groups(data: AreaData) -> list[pd.Index]:
    """Return groups of areas with known totals: the smallest units of all parents; the city for those that are alone.

    What can be exchanged inside the smallest unit leaves all larger totals as they are.
    """
    parents = parent_columns(data)
    keys = data.areas.index
    if not parents:
        return [keys]
    units = data.areas.groupby(parents, dropna=False, sort=True).ngroup()
    sizes = units.map(units.value_counts())
    groups = [keys[units == unit] for unit in sorted(units[sizes > 1].unique())]
    return [*groups, keys] if (sizes == 1).any() else groups


def _upper(data: AreaData, counts: pd.DataFrame, secret: pd.DataFrame) -> pd.DataFrame:
    """Return what everybody knows to be the most a count can be: its smallest open denominator."""
    upper = pd.DataFrame(np.inf, index=counts.index, columns=counts.columns)
    people = str(data.population)
    for part, whole in [*data.rates.values(), *((c, people) for c in counts if c != people)]:
        if (counts[part] <= counts[whole]).where(counts[[part, whole]].notna().all(axis=1), other=True).all():
            known = counts[whole].mask(secret[whole] | counts[whole].isna(), np.inf)
            upper[part] = np.minimum(upper[part], known)
    return upper


def _hidden_in_index(data: AreaData, counts: pd.DataFrame, secret: pd.DataFrame, need: NeedIndex) -> pd.DataFrame:
    """Hold back so many rates of an index that its mean and spread do not give them away."""
    for axis in need.spec.axes:
        scored = need.scores[axis.id].notna()
        for indicator in axis.indicators:
            name = data.changes[indicator.id][0] if indicator.id in data.changes else indicator.id
            if name not in data.rates:
                continue
            numerator, denominator = data.rates[name]
            hidden = (secret[numerator] | secret[denominator]) & scored
            missing = HIDDEN_IN_INDEX - int(hidden.sum())
            if hidden.any() and missing > 0:
                open_counts = counts.loc[scored & ~hidden, numerator].dropna().sort_index()
                chosen = open_counts.sort_values(kind="stable").index[:missing]
                secret.loc[chosen, numerator] = True
    return secret
