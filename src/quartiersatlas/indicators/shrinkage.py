"""How much of a rate is the area's own: empirical Bayes shrinkage towards the city value."""

from __future__ import annotations

import pandas as pd


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
