"""Rates from counts, their intervals, how reliable small counts are, and the city value: fractions in [0, 1]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.keys import refuse_repeated_keys
from quartiersatlas.errors import CountError
from quartiersatlas.intake.joining.data import checked_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

NORMAL_95 = 1.959963984540054  # 97.5 % point of the standard normal distribution


def rates(numerator: pd.Series[float], denominator: pd.Series[float]) -> pd.DataFrame:
    """Return rates of areas as fractions, with Wilson intervals, and shrunken towards the city value.

    Parameters
    ----------
    numerator, denominator : Series of float, shape (n_areas,)
        Counts on one index. Numerator between 0 and the denominator; NaN where unknown.

    Returns
    -------
    DataFrame
        On the same index: ``rate``, ``lower``, ``upper`` (95 % Wilson interval), ``shrunken`` as fractions in [0, 1]
        (:func:`add_rates` writes percent), and ``reliability`` in [0, 1]: the weight of the area's own rate in
        ``shrunken``; the rest is the weight of the value of all areas given. NaN where a count is NaN or the
        denominator is 0.

    Raises
    ------
    CountError
        A count is negative, infinite or text, or a numerator exceeds its denominator.
    KeyColumnError
        An area has more than one row.
    ArgumentError
        One of the two is no Series.

    Notes
    -----
    ``rate = x / n``; the interval is the set of p with ``|rate - p| <= z sqrt(p (1 - p) / n)`` [1]_.

    With the city value ``b = sum x / sum n``, the variance ``t^2`` between areas that chance does not explain, and the
    variance ``s_j^2`` that chance gives the rate of area j (empirical Bayes, moment estimator, binomial counts
    [2]_ [3]_)::

        shrunken_j = b + w_j (rate_j - b),   w_j = t^2 / (t^2 + s_j^2)
        v   = sum_j n_j (rate_j - b)^2 / sum n,   n* = sum n / number of areas
        t^2 = (v - b (1 - b) / n*) / (1 - 1 / n*), at least 0
        s_j^2 = (b (1 - b) - t^2) / n_j

    Where chance explains all differences, every reliability is 0 and every shrunken rate is the city value. The
    shrunken rates times the denominators do not add up to the city's count; the raw rates do. Registers count
    everybody: "chance" means that the count of a small area could have been another one in the same circumstances.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
           Journal of the American Statistical Association 22(158), 209-212.
    .. [2] Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators.
           Applied Statistics 40, 283-294.
    .. [3] Martuzzi, M. & Elliott, P. (1996). Empirical Bayes estimation of small area prevalence of non-rare
           conditions. Statistics in Medicine 15, 1867-1873.

    Examples
    --------
    >>> x, n = pd.Series([10.0, 200, 100]), pd.Series([20.0, 1000, 1000])
    >>> table = rates(x, n).round(3)
    >>> table[["rate", "shrunken", "reliability"]].to_dict("records")[0]
    {'rate': 0.5, 'shrunken': 0.277, 'reliability': 0.356}
    """
    x, n = count_pair(numerator, denominator, "rates")
    n = n.where(n > 0)
    rate = x / n
    lower, upper = wilson(rate, n)
    return pd.DataFrame({"rate": rate, "lower": lower, "upper": upper}).join(shrinkage(x, n))


def city_value(numerator: pd.Series[float], denominator: pd.Series[float]) -> float:
    """Return the rate of the whole city from the counts of its areas (not the mean of the areas' rates).

    Parameters
    ----------
    numerator, denominator : Series of float, shape (n_areas,)
        Counts on one index; areas where one of the two is unknown do not enter either sum.

    Returns
    -------
    float
        Fraction in [0, 1], not percent; NaN where no area has both counts.

    Raises
    ------
    CountError, ArgumentError
        As :func:`rates`.

    Examples
    --------
    >>> city_value(pd.Series([10.0, 90.0]), pd.Series([100.0, 300.0]))
    0.25
    """
    x, n = count_pair(numerator, denominator, "city_value")
    both = x.notna() & n.notna()
    total = float(n[both].sum())
    return float(x[both].sum()) / total if total > 0 else float("nan")


def count_pair(
    numerator: pd.Series[float], denominator: pd.Series[float], call: str, otherwise: str = ""
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return both as floats; they must be counts on one index, and no numerator may exceed its denominator.

    ``otherwise`` is what to do where it may.
    """
    for name, counts in (("numerator", numerator), ("denominator", denominator)):
        expects(counts, pd.Series, f"{call}: {name}", f'{name} = data.counts("column")')
        refuse_repeated_keys(counts.index, f"{call}: {name}")
    if not numerator.index.equals(denominator.index):
        raise CountError("Numerator and denominator are on different indexes: join them first.")
    x, n = checked_counts(numerator), checked_counts(denominator)
    above = x.index[x > n]
    if len(above):
        shown = ", ".join(f"{key!r}: {x[key]:g} of {n[key]:g}" for key in above[:5])
        raise CountError(
            f"{count_noun(len(above), 'area has', 'areas have')} more in {numerator.name!r} than in "
            f"{denominator.name!r} ({shown}). Is it the right denominator?{otherwise}"
        )
    return x, n


def wilson(rate: pd.Series[float], n: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return the bounds of the 95 % Wilson interval of rates ``x / n``; see :func:`rates`."""
    z2 = NORMAL_95**2
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n**2)) / (1 + z2 / n)
    return (centre - half).clip(lower=0), (centre + half).clip(upper=1)


def shrinkage(x: pd.Series[float], n: pd.Series[float]) -> pd.DataFrame:
    """Return the shrunken rates of areas and the reliability of the raw ones.

    Parameters
    ----------
    x, n : Series of float, shape (n_areas,)
        Checked counts on one index; n above 0 or NaN.

    Returns
    -------
    DataFrame
        ``shrunken`` and ``reliability``; NaN where x or n is.

    Notes
    -----
    The formula stands at :func:`quartiersatlas.indicators.rates.rates`.
    """
    shrunken, reliability = shrunken_rates(np.asarray(x, dtype=float), np.asarray(n, dtype=float))
    return pd.DataFrame({"shrunken": shrunken, "reliability": reliability}, index=x.index)


def shrunken_rates(x: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shrunken rates and reliabilities of many sets of counts, shape (..., n_areas); see :func:`shrinkage`.

    The weighted variance of the rates is on average ``t^2 + (b (1 - b) - t^2) / n*``; solved for t^2.
    """
    x, n = np.broadcast_arrays(x, n)
    known = ~np.isnan(x) & (n > 0)
    people, cases = np.where(known, n, 0.0), np.where(known, x, 0.0)
    total = people.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # where nobody is known, or areas of one person are all
        rate = np.where(known, x / n, np.nan)
        city = cases.sum(axis=-1, keepdims=True) / total
        mean_n = total / known.sum(axis=-1, keepdims=True)
        variance = np.nansum(people * (rate - city) ** 2, axis=-1, keepdims=True) / total
        between = (variance - city * (1 - city) / mean_n) / (1 - 1 / mean_n)
        # of areas of one person, chance and difference cannot be told apart; the upper bound holds but for rounding
        between = np.where(mean_n > 1, np.clip(between, 0.0, city * (1 - city)), 0.0)
        by_chance = (city * (1 - city) - between) / n
        reliability = np.where(between > 0, between / (between + by_chance), 0.0)
    reliability = np.where(known, reliability, np.nan)
    return city + reliability * (rate - city), reliability
