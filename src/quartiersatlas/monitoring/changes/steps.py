"""The change of one indicator between two dates, area by area: size, interval, and whether it is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.indicators.change import rate_change
from quartiersatlas.indicators.gaps.score_intervals import PairCounts, likely_rates
from quartiersatlas.indicators.rates import wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = tuple[pd.Series[float], pd.Series[float]]

PERCENT = 100.0


@dataclass(frozen=True)
class RateStep:
    """The counts of a rate at two dates on one index; NaN where unknown at one of them.

    Parameters
    ----------
    earlier, later : tuple of two Series
        Numerator and denominator.
    years : float
        Between the dates.
    per : float
        Unit of the rate: 100 for percent.
    correlation : float
        Of the two rates of an area, in [0, 1).
    """

    earlier: Counts
    later: Counts
    years: float
    per: float
    correlation: float = 0.0

    @property
    def known(self) -> pd.Series[bool]:
        """Where all counts are there, and somebody is counted."""
        (x1, n1), (x2, n2) = self.earlier, self.later
        return x1.notna() & x2.notna() & n1.gt(0) & n2.gt(0)

    def of_city(self) -> RateStep:
        """Return the sums over the areas whose counts are known at both dates, as one area."""
        sums = [
            tuple(pd.Series([float(part[self.known].sum())]) for part in pair) for pair in (self.earlier, self.later)
        ]
        return RateStep((sums[0][0], sums[0][1]), (sums[1][0], sums[1][1]), self.years, self.per, self.correlation)

    def of_rest(self) -> RateStep:
        """Return the city without each area."""
        city = self.of_city()
        pairs = [
            tuple(float(whole.iloc[0]) - part for whole, part in zip(there, own, strict=True))
            for there, own in ((city.earlier, self.earlier), (city.later, self.later))
        ]
        return RateStep((pairs[0][0], pairs[0][1]), (pairs[1][0], pairs[1][1]), self.years, self.per, self.correlation)


def change_of_rate(step: RateStep, *, against_city: bool) -> pd.DataFrame:
    """Return the change of a rate of each area, in its unit.

    Parameters
    ----------
    step : RateStep
        The counts.
    against_city : bool
        Whether ``z`` and ``p`` ask if the area moved otherwise than the city, or if it moved at all.

    Returns
    -------
    DataFrame
        On the index of the counts: ``value_earlier``, ``value_later``, ``change`` with ``lower`` and ``upper`` (95 %),
        ``per_year``, ``relative`` (to the city's change) with its interval, ``z`` and ``p``. NaN where a count is
        unknown.

    Notes
    -----
    Against the city, with rates p of the area, r of the rest of the city and w the area's share of the denominator:
    ``(p2 - p1) - (P2 - P1) = (1 - w2)(p2 - r2) - (1 - w1)(p1 - r1)``, as the area is a part of the city. z has the
    variance of the right side, with the rates p that are most likely where the area moved like the city (Miettinen and
    Nurminen 1985, without their factor N / (N - 1)). Where the area is small and the city did not move, it is the z of
    :func:`quartiersatlas.rate_change`. The interval squares and adds the distances to the Wilson bounds of the four
    rates.
    """
    known = step.known
    (x1, n1), (x2, n2) = ((x.where(known), n.where(known)) for x, n in (step.earlier, step.later))
    own = RateStep((x1, n1), (x2, n2), step.years, step.per, step.correlation)
    found = rate_change(own.earlier, own.later, correlation=step.correlation)
    table = pd.DataFrame(
        {
            "value_earlier": step.per * x1 / n1,
            "value_later": step.per * x2 / n2,
            "change": step.per * found["change"],
            "lower": step.per * found["lower"],
            "upper": step.per * found["upper"],
            "per_year": step.per * found["change"] / step.years,
        }
    )
    relative = _against_rest(own)
    table = table.assign(
        **{name: step.per * relative[name] for name in ("relative", "relative_lower", "relative_upper")}
    )
    z = relative["z"] if against_city else found["z"]
    return table.assign(z=z, p=two_sided(z))


def _against_rest(step: RateStep) -> pd.DataFrame:
    """Return the change of each area less that of the city, as fractions, with interval and z."""
    rest = step.of_rest()
    parts, weights = [], []
    for own, other in ((step.earlier, rest.earlier), (step.later, rest.later)):
        people = other[1].where(other[1] > 0)
        weights.append(people / (own[1] + people))  # 1 - w
        parts.append(((own[0] / own[1], own[1]), ((other[0] / people).clip(0, 1), people)))
    (p1, r1), (p2, r2) = parts
    relative = weights[1] * (p2[0] - r2[0]) - weights[0] * (p1[0] - r1[0])
    signed = (weights[1], p2), (-weights[1], r2), (-weights[0], p1), (weights[0], r1)
    down, up = (_distances(signed, step.correlation, towards) for towards in (-1, 1))
    z: pd.Series[float] = relative / np.sqrt(_variance(step, (p1, p2), (r1, r2), weights))
    return pd.DataFrame(
        {
            "relative": relative,
            "relative_lower": relative - down,
            "relative_upper": relative + up,
            "z": z.mask(relative.abs().lt(1e-15), 0.0),
        }
    )


def _distances(signed: tuple[tuple[pd.Series[float], Counts], ...], r: float, towards: int) -> pd.Series[float]:
    """Return how far a weighted sum of rates reaches: the distances to their Wilson bounds, squared and added."""
    apart = []
    for weight, (rate, n) in signed:
        lower, upper = wilson(rate, n)
        up, down = weight * (upper - rate), weight * (lower - rate)
        apart.append(np.maximum(towards * up, towards * down))
    later, rest_later, earlier, rest_earlier = apart
    squares = sum(one**2 for one in apart) - 2 * r * (later * earlier + rest_later * rest_earlier)
    found: pd.Series[float] = np.sqrt(squares)
    return found


def _variance(
    step: RateStep, own: tuple[Counts, Counts], rest: tuple[Counts, Counts], weights: list[pd.Series[float]]
) -> pd.Series[float]:
    """Return the variance of the relative change where the area moved like the city."""
    city = step.of_city()
    (big_x1, big_n1), (big_x2, big_n2) = city.earlier, city.later
    moved = float(big_x2.iloc[0] / big_n2.iloc[0] - big_x1.iloc[0] / big_n1.iloc[0]) if len(own[0][0]) else 0.0
    (x1, n1), (x2, n2) = step.earlier, step.later
    counts = PairCounts(*(np.asarray(part, dtype=np.float64) for part in (x2, n2, x1, n1)))
    with np.errstate(invalid="ignore"):
        p2, p1 = likely_rates(counts, np.full(len(x1), moved))
    sd = [np.sqrt(rate * (1 - rate) / n) for rate, n in ((p1, own[0][1]), (p2, own[1][1]), *rest)]
    squares = weights[1] ** 2 * (sd[1] ** 2 + sd[3] ** 2) + weights[0] ** 2 * (sd[0] ** 2 + sd[2] ** 2)
    found: pd.Series[float] = squares - 2 * step.correlation * weights[0] * weights[1] * (sd[0] * sd[1] + sd[2] * sd[3])
    return found


def change_of_numbers(
    earlier: pd.Series[float], later: pd.Series[float], years: float, city: tuple[float, float], *, counted: bool
) -> pd.DataFrame:
    """Return the change of numbers without counts behind them, or of counts themselves; no test.

    Parameters
    ----------
    earlier, later : Series of float
        On one index; NaN where unknown.
    years : float
        Between the dates.
    city : (float, float)
        Of both dates; NaN where there is none.
    counted : bool
        Whether they are sums: then ``per_year`` is their growth in percent a year, and ``relative`` that growth less
        the city's. From 0 nothing grows by a percentage.

    Returns
    -------
    DataFrame
        As :func:`change_of_rate` returns it; ``z``, ``p`` and intervals are NaN.
    """
    change = later - earlier
    if counted:
        per_year = growth(earlier, later, years)
        relative = per_year - float(growth(pd.Series([city[0]]), pd.Series([city[1]]), years).iloc[0])
    else:
        per_year, relative = change / years, change - (city[1] - city[0])
    none = pd.Series(np.nan, change.index)
    table = {"value_earlier": earlier, "value_later": later, "change": change, "lower": none, "upper": none}
    table |= {"per_year": per_year, "relative": relative, "relative_lower": none, "relative_upper": none}
    return pd.DataFrame({**table, "z": none, "p": none})


def growth(earlier: pd.Series[float], later: pd.Series[float], years: float) -> pd.Series[float]:
    """Return the growth of counts in percent a year; NaN from 0 or less.

    Examples
    --------
    >>> growth(pd.Series([100.0, 0]), pd.Series([121.0, 12]), 2).round(6).tolist()
    [10.0, nan]
    """
    ratio = later.where(later >= 0) / earlier.where(earlier > 0)
    return PERCENT * (ratio ** (1 / years) - 1)


def two_sided(z: pd.Series[float]) -> pd.Series[float]:
    """Return the two-sided p values of standard normal scores."""
    from scipy.special import erfc

    return pd.Series(erfc(z.abs().to_numpy(dtype=float) / np.sqrt(2)), index=z.index)


def adjusted(p: pd.Series[float]) -> pd.Series[float]:
    """Return p values adjusted for how many were looked at, by Benjamini and Hochberg [1]_.

    The adjusted value of the i-th smallest of m is the least of ``m p_(j) / j`` over j >= i. Missing ones are not
    counted.

    References
    ----------
    .. [1] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful approach
           to multiple testing. Journal of the Royal Statistical Society B 57(1), 289-300.

    Examples
    --------
    >>> adjusted(pd.Series([0.01, 0.04, np.nan, 0.02])).round(4).tolist()
    [0.03, 0.04, nan, 0.03]
    """
    known = p.dropna().sort_values(kind="stable")
    m = len(known)
    steps = known.to_numpy() * m / np.arange(1, m + 1)
    found = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return pd.Series(found, index=known.index, dtype=float).reindex(p.index)
