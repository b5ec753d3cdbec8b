"""Rates as if a group were as old as all: direct standardisation over age classes, or other strata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import CountError, SpecError, list_some
from quartiersatlas.indicators.gaps.gap_change import square_and_add
from quartiersatlas.indicators.gaps.score_intervals import Estimated, PairCounts
from quartiersatlas.indicators.rates import NORMAL_95
from quartiersatlas.intake.joining.data import checked_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Standard: TypeAlias = "Literal['all'] | Mapping[str, float] | pd.Series[float]"
COLUMNS = ("x_group", "n_group", "x_others", "n_others")
ADDED = 0.5  # to the cases of a stratum, so that one without any has a variance too


@dataclass(frozen=True)
class Strata:
    """Counts of group and others in every age class of the whole city, and the weight of each class.

    Parameters
    ----------
    names : tuple of str
        The classes in their order.
    counts : PairCounts
        Cases and persons of each.
    weights : ndarray of float
        Of each class in the standard; they add up to 1.
    """

    names: tuple[str, ...]
    counts: PairCounts
    weights: Floats


def strata_counts(
    table: pd.DataFrame, columns: Mapping[str, str], standard: Standard, *, beside: str = "all"
) -> Strata:
    """Return the counts of each stratum, checked, with their weights.

    Parameters
    ----------
    table : DataFrame
        On the stratum; a stratum that is there several times, once per area, is summed.
    columns : mapping of str to str
        ``x_group``, ``n_group`` and those of ``beside`` -> the columns of the table.
    standard : "all", mapping or Series
        Weights by stratum; ``"all"`` takes the persons of group and others together.
    beside : {"all", "others"}
        Whether the table has all persons beside the group, or the others.

    Raises
    ------
    CountError
        A count is unknown, negative, or above what it is a part of.
    SpecError
        The weights are of other strata or not above 0, or nobody of one of the two is in a stratum that counts.
    """
    wanted = {name: _sums(table, column) for name, column in columns.items()}
    x1, n1 = wanted["x_group"], wanted["n_group"]
    x2, n2 = wanted[f"x_{beside}"], wanted[f"n_{beside}"]
    if beside == "all":
        x2, n2 = x2 - x1, n2 - n1
    for what, found in (
        ("more cases than persons in the group", x1 > n1),
        ("more in the group than in all", (x2 < 0) | (n2 < 0)),
        ("more cases than persons among the others", x2 > n2),
    ):
        if found.any():
            raise CountError(
                f"group_gap: strata: {count_noun(int(found.sum()), 'stratum has', 'strata have')} {what}: "
                f"{list_some(found.index[found])}. Are the columns of the group and of all the right ones?"
            )
    counts = PairCounts(*(np.asarray(part, dtype=np.float64) for part in (x1, n1, x2, n2)))
    names = tuple(map(str, x1.index))
    weights = _weights(names, counts, standard)
    _refuse_empty(names, counts, weights)
    return Strata(names, counts, weights)


def _sums(table: pd.DataFrame, column: str) -> pd.Series[float]:
    """Return a column of counts by stratum; every cell has to be known."""
    if column not in table.columns:
        raise SpecError(
            f"group_gap: strata: there is no column {column!r}. The strata have the same columns as the data, on the "
            f"age class as the index: {list_some(table.columns)}."
        )
    counts = checked_counts(table[column])
    if counts.isna().any() or table.index.isna().any():
        raise CountError(
            f"group_gap: strata: {count_noun(int(counts.isna().sum()), 'count')} of {column!r} in "
            f"{list_some(counts.index[counts.isna()].unique())} are unknown: a standardised rate needs all of them."
        )
    return counts.groupby(table.index.astype(str), sort=False).sum()


def _weights(names: Sequence[str], counts: PairCounts, standard: Standard) -> Floats:
    """Return the weight of each stratum, adding up to 1."""
    if isinstance(standard, str):
        if standard != "all":
            raise SpecError(f"standard must be 'all' or a table of weights by stratum, not {standard!r}.")
        shares: Floats = counts.both / counts.both.sum()
        return shares
    expects(standard, (Mapping, pd.Series), "group_gap: standard", 'standard={"0-14": 0.16, "15-24": 0.12, ...}')
    given = pd.Series(standard, dtype=float)
    given.index = given.index.astype(str)
    odd = given.index.symmetric_difference(pd.Index(names))
    if len(odd) or given.index.has_duplicates:
        raise SpecError(
            f"group_gap: the standard has other age classes than the strata: {list_some(odd) or 'one of them twice'} "
            f"on one side only. Sum both to the same classes first; different ones cannot be compared."
        )
    wrong = given.index[~(given > 0) | np.isinf(given)]
    if len(wrong):
        raise SpecError(f"group_gap: weights of the standard have to be above 0: {list_some(wrong)} is not.")
    weights: Floats = np.asarray(given.loc[list(names)] / given.sum(), dtype=np.float64)
    return weights


def _refuse_empty(names: Sequence[str], counts: PairCounts, weights: Floats) -> None:
    """Refuse strata in which one of the two has nobody: their rate is unknown, and leaving them out changes the sum."""
    for who, n in (("of the group", counts.n1), ("of the others", counts.n2)):
        empty = np.flatnonzero((n <= 0) & (weights > 0))
        if len(empty):
            first = int(empty[0])
            raise SpecError(
                f"group_gap: nobody {who} is in {list_some([names[int(k)] for k in empty])}, so there is no rate to "
                f"standardise. Merge {' and '.join(map(repr, _merged(names, n, first)))} in the table of strata (and "
                f"in the standard); leaving the class out would make two populations of different ages."
            )


def _merged(names: Sequence[str], n: Floats, place: int) -> list[str]:
    """Return the empty class with its neighbours up to the nearest one where somebody is."""
    if not (n > 0).any():
        return list(names)
    nearest = min(np.flatnonzero(n > 0).tolist(), key=lambda other: (abs(other - place), other > place))
    low, high = sorted((place, nearest))
    return list(names[low : high + 1])


def standardised_rate(x: Floats, n: Floats, weights: Floats) -> Estimated:
    """Return a directly standardised rate with its 95 % interval.

    Parameters
    ----------
    x, n, weights : ndarray of float
        Cases, persons and weight of each stratum; the weights add up to 1.

    Notes
    -----
    ``r = sum w x / n``. The interval is Wilson's with ``n* = s (1 - s) / V``, where s and V = ``sum w^2 p (1 - p) / n``
    are taken at ``p = (x + 1/2) / (n + 1)``. The gamma interval of Fay and Feuer [1]_ is for events per person-year:
    for shares it is 10 to 60 % too wide.

    References
    ----------
    .. [1] Fay, M. P. & Feuer, E. J. (1997). Confidence intervals for directly standardized rates: a method based on the
           gamma distribution. Statistics in Medicine 16, 791-801.

    Examples
    --------
    >>> found = standardised_rate(np.array([56.0]), np.array([70.0]), np.array([1.0]))
    >>> [round(float(part), 2) for part in (found.value, found.lower, found.upper)]
    [0.8, 0.69, 0.88]
    """
    rate = float((weights * x / n).sum())
    p = (x + ADDED) / (n + 2 * ADDED)
    s, variance = float((weights * p).sum()), float((weights**2 * p * (1 - p) / n).sum())
    size = s * (1 - s) / variance
    z2 = NORMAL_95**2
    centre = (rate + z2 / (2 * size)) / (1 + z2 / size)
    half = NORMAL_95 * np.sqrt(rate * (1 - rate) / size + z2 / (4 * size**2)) / (1 + z2 / size)
    return Estimated(np.array(rate), np.array(max(centre - half, 0.0)), np.array(min(centre + half, 1.0)))


def gamma_rate(x: Floats, n: Floats, weights: Floats) -> Estimated:
    """Return a standardised rate of events per person-year with the interval of Fay and Feuer.

    Parameters
    ----------
    x, n : ndarray of float
        Events and person-years of each stratum.
    weights : ndarray of float
        Weight of each stratum; they add up to 1.

    Notes
    -----
    Gamma distribution with the mean and the variance ``sum (w / n)^2 x`` of the rate; at the upper end both with one
    more event of the largest ``w / n`` [1]_.

    References
    ----------
    .. [1] Fay, M. P. & Feuer, E. J. (1997). Confidence intervals for directly standardized rates: a method based on the
           gamma distribution. Statistics in Medicine 16, 791-801.
    """
    from scipy.stats import gamma

    each = weights / n
    rate, variance, most = float((each * x).sum()), float((each**2 * x).sum()), float(each.max())
    lower = gamma.ppf(0.025, rate**2 / variance, scale=variance / rate) if rate > 0 else 0.0
    above, wider = rate + most, variance + most**2
    upper = gamma.ppf(0.975, above**2 / wider, scale=wider / above)
    return Estimated(np.array(rate), np.array(lower), np.array(upper))


def standardised_gap(strata: Strata, *, against_all: bool) -> pd.DataFrame:
    """Return crude and standardised rates of group and others side by side, and the gap of both.

    Returns
    -------
    DataFrame
        On ``group``, ``others`` and ``gap``: ``crude``, ``standardised``, ``lower``, ``upper`` (of the latter), as
        fractions. Against all the second row is ``all``, and the interval of the gap knows that the group is in it.
    """
    counts, weights = strata.counts, strata.weights
    x1, n1, x2, n2 = counts.x1, counts.n1, counts.x2, counts.n2
    group = standardised_rate(x1, n1, weights)
    others = standardised_rate(x2, n2, weights)
    other = standardised_rate(x1 + x2, n1 + n2, weights) if against_all else others
    everybody = (x1 + x2).sum() / (n1 + n2).sum()
    crude = x1.sum() / n1.sum(), everybody if against_all else x2.sum() / n2.sum()
    if against_all:  # sum w (p_g - p_all) = sum w (1 - share) (p_g - p_o)
        own = weights * n2 / (n1 + n2)
        scale = float(own.sum())
        group_part, others_part = (standardised_rate(x, n, own / scale) for x, n in ((x1, n1), (x2, n2)))
        gap = square_and_add(others_part, group_part)
        gap = Estimated(*(part * scale for part in (gap.value, gap.lower, gap.upper)))
    else:
        gap = square_and_add(others, group)
    rows = {
        "group": (crude[0], group),
        "all" if against_all else "others": (crude[1], other),
        "gap": (crude[0] - crude[1], gap),
    }
    table = {name: (before, float(m.value), float(m.lower), float(m.upper)) for name, (before, m) in rows.items()}
    return pd.DataFrame.from_dict(table, orient="index", columns=["crude", "standardised", "lower", "upper"])
