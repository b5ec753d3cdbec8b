"""Rates with both counts kept, their intervals, how reliable small counts are, and the city value.

``rates()`` and ``city_value()`` answer with fractions in [0, 1]; ``add_rates()`` writes in the unit that the catalogue
names for the indicator: percent, if it names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.intake.joining.data import checked_counts

NORMAL_95 = 1.959963984540054  # 97.5 % point of the standard normal distribution


def add_rates(data: AreaData, pairs: Mapping[str, tuple[str, str]]) -> AreaData:
    """Add rates as columns in the unit of the catalogue (percent, if it names none); both counts stay.

    Parameters
    ----------
    data : AreaData
        Areas and their counts, as :func:`join` returns them.
    pairs : mapping of str to (str, str)
        Rate -> numerator column, denominator column.

    Returns
    -------
    AreaData
        With the rates in ``.values``, in the unit ``data.catalogue.get(name).unit`` (:func:`rates` and
        :func:`city_value` return fractions), their status in ``.status`` and their counts named in ``.rates``.
        Where a count has no value, the rate has the status of that count, ``suppressed`` before ``missing``; where
        the denominator is 0, it is ``not_applicable``.

    Raises
    ------
    ColumnError
        A column of counts does not exist, or a rate has the name of a column.
    CountError
        A numerator exceeds its denominator, or a count is negative or text.
    ArgumentError
        The data are no AreaData, or ``pairs`` is no mapping of names to pairs of columns.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> data.values["poverty"].tolist()
    [30.0, 26.0, 9.0]
    """
    expects(data, AreaData, "add_rates", "data = qa.join(areas, table)")
    values, status = data.values.copy(), data.status.copy()
    named = _named_pairs(pairs)
    for name, (numerator, denominator) in named.items():
        if name in data.values.columns:
            raise ColumnError(f"The rate {name!r} has the name of a column that already exists.")
        x, n = data.counts(numerator), data.counts(denominator)
        values[name] = rates(x, n)["rate"] * data.catalogue.get(name).per
        status[name] = _rate_status(data.status[numerator], data.status[denominator], values[name])
    return replace(data, values=values, status=status, rates={**data.rates, **named})


def _named_pairs(pairs: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the pairs of columns by rate; a text is no pair of letters."""
    how = '{"mh_share": ("mh", "residents")}'
    expects(pairs, Mapping, "add_rates: pairs", how)
    for name, pair in pairs.items():
        texts = isinstance(pair, tuple | list) and all(isinstance(column, str) for column in pair)
        if not isinstance(name, str) or not texts or len(pair) != 2:  # noqa: PLR2004 - numerator and denominator
            raise ArgumentError(f"add_rates: {name!r} takes a numerator and a denominator, not {pair!r}: {how}.")
    return {name: (numerator, denominator) for name, (numerator, denominator) in pairs.items()}


def _rate_status(numerator: pd.Series[str], denominator: pd.Series[str], rate: pd.Series[float]) -> pd.Series[str]:
    """Return the status of a rate: that of its worse count; not applicable where nobody is in the denominator."""
    status = pd.Series(np.where(rate.eq(0), "zero", "value"), index=rate.index, dtype=object)
    for worse in ("not_applicable", "unreliable", "missing", "suppressed"):
        status = status.mask(numerator.eq(worse) | denominator.eq(worse), worse)
    status = status.mask(rate.isna() & status.isin(["value", "zero"]), "missing")
    return status.mask(denominator.eq("zero"), "not_applicable").astype(str)


def city_values(data: AreaData, column: str) -> float:
    """Return the city value of a rate in its unit, as :func:`add_rates` writes it.

    Raises
    ------
    SpecError
        The column is not a rate with both counts: a city value cannot be had from ready-made shares.
    """
    if column not in data.rates:
        if column not in data.values.columns:
            raise ColumnError.not_found(column, data.values.columns, "The data")
        raise SpecError(
            f"{column!r} has no counts, so there is no city value: the mean of the areas is something else. "
            f"Compute it from counts: add_rates(data, {{{column!r}: (numerator, denominator)}})."
        )
    numerator, denominator = data.rates[column]
    value = city_value(data.counts(numerator), data.counts(denominator))
    return value * data.catalogue.get(column).per


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
    numerator: pd.Series[float], denominator: pd.Series[float], call: str
) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return both as floats; they must be counts on one index, and no numerator may exceed its denominator."""
    for name, counts in (("numerator", numerator), ("denominator", denominator)):
        expects(counts, pd.Series, f"{call}: {name}", f'{name} = data.counts("column")')
    if not numerator.index.equals(denominator.index):
        raise CountError("Numerator and denominator are on different indexes: join them first.")
    x, n = checked_counts(numerator), checked_counts(denominator)
    above = x.index[x > n]
    if len(above):
        shown = ", ".join(f"{key!r}: {x[key]:g} of {n[key]:g}" for key in above[:5])
        raise CountError(
            f"{count_noun(len(above), 'area has', 'areas have')} more in {numerator.name!r} than in "
            f"{denominator.name!r} ({shown}). Is it the right denominator?"
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
    rate = x / n
    known = rate.notna()
    city = x[known].sum() / n[known].sum() if known.any() else float("nan")
    between = _variance_between(rate[known], n[known], city)
    by_chance = (city * (1 - city) - between) / n
    reliability = between / (between + by_chance) if between > 0 else pd.Series(0.0, index=x.index)
    reliability = reliability.where(known)
    return pd.DataFrame({"shrunken": city + reliability * (rate - city), "reliability": reliability})


def _variance_between(rate: pd.Series[float], n: pd.Series[float], city: float) -> float:
    """Return t^2: the variance between areas beyond chance.

    The weighted variance of the rates is on average ``t^2 + (b (1 - b) - t^2) / n*``; solved for t^2.
    """
    mean_n = float(n.mean())
    if not mean_n > 1:  # areas of one person: all or nothing, so chance and difference cannot be told apart
        return 0.0
    variance = float((n * (rate - city) ** 2).sum() / n.sum())
    by_chance = city * (1 - city) / mean_n
    between = (variance - by_chance) / (1 - 1 / mean_n)
    return min(max(between, 0.0), city * (1 - city))  # the upper bound holds but for rounding
