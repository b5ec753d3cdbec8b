"""Indicators on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd


def z_score(values: pd.Series[float]) -> pd.Series[float]:
    """Distance from the mean in standard deviations, both over the given areas.

    Parameters
    ----------
    values : Series of float, shape (n_areas,)
        No NaN.

    Returns
    -------
    Series of float
        Mean 0, standard deviation 1.

    Raises
    ------
    SpecError
        All values are equal: there is nothing to compare.

    Notes
    -----
    ``z_i = (x_i - m) / s`` with the unweighted mean m and the population standard deviation s (ddof 0), as in the
    published tables of the Monitoring Soziale Stadtentwicklung Berlin.
    """
    deviation = float(values.std(ddof=0))
    if not deviation > abs(float(values.mean())) * 1e-12:
        raise SpecError(f"{values.name!r} is the same in all {len(values)} areas: it cannot tell them apart.")
    return (values - values.mean()) / deviation
