"""Which cells stay inside, over everything that leaves at once: counts, rates, changes, and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.release.areas import parent_columns
from quartiersatlas.release.bounds import hold_back
from quartiersatlas.release.protection import is_count, small_areas, small_cells
from quartiersatlas.release.relations import find_relations, hold_back_related

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.intake import AreaData
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.release.protection import Protection

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
    secret : DataFrame of bool
        Area by count column: this count may not be shown in any column, nor anything made of it.
    earlier : mapping of str to Secrecy
        For each change, the cells of its earlier date.
    """

    data: AreaData
    hidden: pd.Series[bool]
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
    return Secrecy(data, hidden, secret, earlier)


def _plain_counts(data: AreaData, names: list[str]) -> list[str]:
    """Return the named columns that are counts by themselves."""
    people = str(data.population)
    return [
        name for name in names if name not in (*data.rates, *data.changes, people) and is_count(data, name)
    ]


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
    groups = _groups(data)
    relations = find_relations(counts)
    taboo = np.array([source == data.population for source in counts])
    width = protection.min_count
    while True:
        before = int(secret.to_numpy().sum())
        upper = _upper(data, counts, secret)
        cover = ~_shown(Secrecy(data, hidden, secret, {}), leaving)
        for keys in groups:
            for source in counts:
                secret.loc[keys, source] = hold_back(
                    counts.loc[keys, source],
                    secret.loc[keys, source],
                    upper.loc[keys, source],
                    hidden[keys],
                    width,
                    cover.loc[keys, source],
                )
            if len(relations):
                zero = np.repeat(hidden[keys].to_numpy()[:, None], counts.shape[1], axis=1)
                secret.loc[keys] = hold_back_related(
                    counts.loc[keys].to_numpy(),
                    secret.loc[keys].to_numpy(),
                    cover.loc[keys].to_numpy(),
                    upper.loc[keys].to_numpy(),
                    zero,
                    relations,
                    width,
                    taboo,
                )
        if need is not None:
            secret = _hidden_in_index(data, counts, secret, need)
        secret = _with_tiny_denominators(data, counts, secret, protection)
        if int(secret.to_numpy().sum()) == before:
            return secret


def _shown(kept: Secrecy, leaving: list[str]) -> pd.DataFrame:
    """Return the counts that at least one column shows: a rate shows two, or none."""
    data, people = kept.data, str(kept.data.population)
    shown = kept.secret & False
    shown[people] = ~kept.secret[people]
    for name in leaving:
        for source in data.rates.get(name, (name,)):
            if source in shown:
                shown[source] |= ~kept.cells(name)
    return shown


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
