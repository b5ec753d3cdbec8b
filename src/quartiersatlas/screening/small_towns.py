"""Towns of a few areas: each area against the rest of its town, instead of ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import expects, names
from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.intake import AreaData
from quartiersatlas.screening.evaluation.collected import level_numbers
from quartiersatlas.screening.evaluation.evidence import unit_sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEVEL = 0.95  # of the interval


def compare_with_rest(data: AreaData, indicators: str | Iterable[str], *, by: str = "") -> pd.DataFrame:
    """Compare each area with the rest of its town: ratio, cases above the expected, exact test and interval.

    Of three areas one is a third of its own reference, so the rest is the fair comparison; ranks and shares of so few
    say nothing.

    Parameters
    ----------
    data : AreaData
        Joined data with rates from counts.
    indicators : str or list of str
        Rates that were added from counts.
    by : str, optional
        A higher level, such as ``"gemeinde"``, where the data hold several towns.

    Returns
    -------
    DataFrame
        One row per area and indicator: ``key``, ``indicator``, ``value``, ``rest`` (value of the rest), ``ratio``
        (value over rest), ``above_expected`` (cases beyond ``n X / N``), ``p`` (two-sided, exact), ``lower`` and
        ``upper`` (95 % interval of the value, in its unit). NaN where a count is unknown or the rest is empty,
        ``p`` also where a count is not whole.

    Raises
    ------
    ColumnError
        A rate or level is not there.
    SpecError
        An indicator is no rate of persons.
    ArgumentError
        The data are something else.

    Notes
    -----
    x of n persons in the area, X of N in its town. The test is Fisher's exact test of the area against the rest [1]_;
    the interval is that of Clopper & Pearson [2]_.

    References
    ----------
    .. [1] Fisher, R. A. (1935). The logic of inductive inference. Journal of the Royal Statistical Society 98, 39-54.
    .. [2] Clopper, C. J. & Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of
           the binomial. Biometrika 26, 404-413.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 100, 100], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> qa.compare_with_rest(data, "poverty")[["rest", "ratio", "above_expected"]].round(2).values.tolist()[0]
    [10.0, 3.0, 133.33]
    """
    expects(data, AreaData, "compare_with_rest", "data = qa.join(areas, table)")
    if by and by not in data.areas.columns:
        raise ColumnError.not_found(by, data.areas.columns, "compare_with_rest: the areas")
    units = level_numbers(data, by) if by else np.zeros(len(data.areas), dtype=np.int64)
    found = []
    for name in names(indicators, "compare_with_rest: indicators"):
        if name not in data.rates or not data.catalogue.get(name).rules.part_of_whole:
            raise SpecError(
                f"compare_with_rest: {name!r} is no rate of persons. Compute it from counts: "
                f"add_rates(data, {{{name!r}: (numerator, denominator)}})."
            )
        found.append(_against_rest(data, name, units))
    return pd.concat(found, ignore_index=True)


def _against_rest(data: AreaData, name: str, units: NDArray[np.int64]) -> pd.DataFrame:
    from scipy.stats import beta

    x, n = (part.to_numpy(dtype=float) for part in data.parts(name))
    per = data.catalogue.get(name).per
    known = ~np.isnan(x) & (n > 0) & (units >= 0)
    x, n = (np.where(known, part, 0.0).astype(np.float64) for part in (x, n))
    cases, people = unit_sums(x[None, :], units)[0], unit_sums(n[None, :], units)[0]
    value = _ratio(x, n, known)
    rest = _ratio(cases - x, people - n, known & (people > n))
    tail = (1 - LEVEL) / 2
    lower = np.where(x > 0, beta.ppf(tail, x, n - x + 1), 0.0)
    upper = np.where(x < n, beta.ppf(1 - tail, x + 1, n - x), 1.0)
    return pd.DataFrame(
        {
            "key": data.areas.index,
            "indicator": name,
            "value": per * value,
            "rest": per * rest,
            "ratio": _ratio(value, rest, known & (rest > 0)),
            "above_expected": np.where(known & (people > n), x - n * _ratio(cases, people, known), np.nan),
            "p": _fisher(x, n, cases, people, known & (people > n)),
            "lower": np.where(known, per * lower, np.nan),
            "upper": np.where(known, per * upper, np.nan),
        }
    )


def _ratio(x: Array, n: Array, known: NDArray[np.bool_]) -> Array:
    ratio: Array = np.divide(x, n, out=np.full(len(x), np.nan), where=known)
    return ratio


def _fisher(x: Array, n: Array, cases: Array, people: Array, known: NDArray[np.bool_]) -> Array:
    """Return the two-sided exact p-value of each area against its rest."""
    from scipy.stats import fisher_exact

    p = np.full(len(x), np.nan)
    for i in np.flatnonzero(known & (x == np.rint(x)) & (n == np.rint(n))):
        table = [[x[i], n[i] - x[i]], [cases[i] - x[i], people[i] - n[i] - cases[i] + x[i]]]
        p[i] = fisher_exact(np.rint(table).astype(np.int64)).pvalue
    return p
