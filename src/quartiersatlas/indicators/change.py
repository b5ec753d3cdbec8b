"""Change of a rate between two dates, and whether it is more than chance gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun, expects, names, renamed
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, JoinError, SpecError, list_some
from quartiersatlas.indicators.rates import count_pair, wilson
from quartiersatlas.intake import AreaData, check_vintages
from quartiersatlas.space.outline_moves import compare_outlines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.intake import JoinReport
    from quartiersatlas.space.outline_moves import Outlines

    CountPair = tuple[pd.Series[float], pd.Series[float]]

SUFFIX = "_change"
CHANGE_DECIMALS = 9


@renamed(before="earlier")
def add_change(
    data: AreaData, earlier: AreaData, indicators: str | Iterable[str], *, outlines: Outlines = "raise"
) -> AreaData:
    """Add the change of indicators since an earlier date as columns ``<indicator>_change``.

    Parameters
    ----------
    data, earlier : AreaData
        Two dates on the same areas; the columns are added to ``data``, the later one.
    indicators : str or list of str
        Columns that both have.
    outlines : {"raise", "report"}, default "raise"
        What to do with areas that have another outline at the two dates under the same key: refuse them, or go on with
        their changes as ``unreliable``; ``.report.moved`` lists them. A boundary that is only drawn more or less finely
        is the same.

    Returns
    -------
    AreaData
        Later minus earlier value in the unit of the columns, percentage points for percent (:func:`rate_change`
        returns fractions). NaN where one of the two is unknown, with the status of the unknown one; the status of the
        later where both are.

    Raises
    ------
    JoinError
        The two dates are not on the same areas, on areas of two vintages, or on areas whose outlines moved.
    ColumnError
        An indicator is not in both.
    SpecError
        Both have the same period, or ``outlines`` is none of the two.
    ArgumentError
        One of the two is no AreaData, or ``indicators`` is no list of names.

    Examples
    --------
    A share of 12.5 % after 10 % is a change of 2.5 percentage points, not of 25 %.
    """
    for side, name in ((data, "data"), (earlier, "earlier")):
        expects(side, AreaData, f"add_change: {name}", f"{name} = qa.join(areas, table)")
    indicators = names(indicators, "indicators")
    odd = data.areas.index.symmetric_difference(earlier.areas.index)
    if len(odd):
        raise JoinError(
            f"The two dates are not on the same areas: {count_noun(len(odd), 'key is', 'keys are')} in one only: "
            f"{list_some(odd)}. Reallocate the counts to common boundaries first: transfer() or transfer_by_area()."
        )
    check_vintages(data, earlier, names=("the later data", "the earlier data"))
    if data.period and data.period == earlier.period:
        raise SpecError(f"Both dates are {data.period!r}: a change needs two.")
    for name in indicators:
        for side, where in ((data, "The later data"), (earlier, "The earlier data")):
            if name not in side.values.columns:
                raise ColumnError.not_found(name, side.values.columns, where)
    moved = compare_outlines(earlier.areas, data.areas, outlines, carry_recipe(earlier, indicators))
    keys = data.areas.index
    earlier = replace(
        earlier,
        areas=earlier.areas.loc[keys],
        values=earlier.values.loc[keys],
        status=earlier.status.loc[keys],
        reports=_with_moved(earlier.reports, moved),
    )
    values, status = data.values.copy(), data.status.copy()
    changes = dict(data.changes)
    for name in indicators:
        change = values[name] - earlier.values[name]
        if name not in data.rates:  # 12.3 - 12.2 and 5.3 - 5.2 are one change
            change = change.round(CHANGE_DECIMALS)
        reason = status[name].where(values[name].isna(), earlier.status[name])
        known = (
            pd.Series("value", keys).mask(change.eq(0), "zero").mask(keys.isin([key for key, _ in moved]), "unreliable")
        )
        changes[f"{name}{SUFFIX}"] = (name, earlier)
        values[f"{name}{SUFFIX}"] = change
        status[f"{name}{SUFFIX}"] = reason.where(change.isna(), known)
    return replace(data, values=values, status=status, changes=changes, reports=(*data.reports, *earlier.reports))


def carry_recipe(data: AreaData, indicators: Iterable[str]) -> str:
    """Write the call that carries the counts behind indicators to other boundaries, and makes their rates anew.

    Examples
    --------
    It starts with ``earlier = add_rates(join(data.areas, transfer_by_area(...)``.
    """
    rates = {name: data.rates[name] for name in indicators if name in data.rates}
    counts = list(dict.fromkeys(count for name in indicators for count in rates.get(name, (name,))))
    carried = f"transfer_by_area(earlier.values[{counts!r}], earlier.areas, data.areas).table"
    joined = f"join(data.areas, {carried}, period={data.period!r})"
    return f"earlier = add_rates({joined}, {rates!r})" if rates else f"earlier = {joined}"


def _with_moved(reports: tuple[JoinReport, ...], moved: tuple[tuple[str, float], ...]) -> tuple[JoinReport, ...]:
    """Return the reports; the last one lists the areas whose outlines moved."""
    if not moved or not reports:
        return reports
    return (*reports[:-1], replace(reports[-1], moved=moved))


@renamed(before="earlier", after="later")
def rate_change(earlier: CountPair, later: CountPair, *, correlation: float = 0.0) -> pd.DataFrame:
    """Return the change of rates between two dates as a fraction, with an interval and a test.

    Parameters
    ----------
    earlier, later : tuple of two Series of float, shape (n_areas,)
        Numerator and denominator of each date, all on one index. Numerator between 0 and the denominator; NaN where
        unknown.
    correlation : float
        Correlation between the two rates of an area, in [0, 1): the same persons are counted twice. 0 treats the dates
        as independent, which overstates chance where people stay. Of a share of persons that stay (the ``persistence``
        of :meth:`quartiersatlas.need.NeedIndex.stability`) the notes make a correlation.

    Returns
    -------
    DataFrame
        On the same index: ``change`` (later minus earlier, a fraction: 0.02 is two percentage points, which
        :func:`add_change` writes as 2), ``lower`` and ``upper`` (95 % interval), ``z`` and two-sided ``p_value`` of no
        change, ``significant`` (0 lies outside the interval). NaN, and no answer in ``significant``, where a count is
        NaN or a denominator is 0.

    Raises
    ------
    CountError
        A count is negative, infinite or text, a numerator exceeds its denominator, or the indexes differ.
    KeyColumnError
        An area has more than one row.
    SpecError
        ``correlation`` is not in [0, 1).
    ArgumentError
        A date is no pair of Series.

    Notes
    -----
    With the Wilson intervals ``(l, u)`` of the rates ``p``, and r = ``correlation`` (independent dates [1]_, the same
    persons [2]_)::

        lower = change - sqrt((p2 - l2)^2 - 2 r (p2 - l2) (u1 - p1) + (u1 - p1)^2)
        upper = change + sqrt((u2 - p2)^2 - 2 r (u2 - p2) (p1 - l1) + (p1 - l1)^2)

    and with the rate p of both dates together ``z = change / sqrt(p (1 - p) (1 / n1 + 1 / n2 - 2 r / sqrt(n1 n2)))``.
    Interval and test can disagree at the margin; the interval decides ``significant``.

    Where m persons are in both counts and the correlation of their situation at the two dates is phi,
    ``r = phi m / sqrt(n1 n2)`` [3]_. With the persistence of the stability run, ``m = persistence min(n1, n2)`` and, as
    the same chance decides for a person at both dates, ``phi = (min(p1, p2) - p1 p2) / sqrt(p1 (1 - p1) p2 (1 - p2))``:
    near 1 where the rates are alike, so that r is then about the persistence times ``sqrt(min(n1, n2) / max(n1, n2))``.
    One area in twenty is "significant" although nothing changed: of 500 areas, 25.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison
           of eleven methods. Statistics in Medicine 17, 873-890. Method 10.
    .. [2] Newcombe, R. G. (1998). Improved confidence intervals for the difference between binomial proportions based
           on paired data. Statistics in Medicine 17, 2635-2650.
    .. [3] Derrick, B., Dobson-Mckittrick, A., Toher, D. & White, P. (2015). Test statistics for comparing two
           proportions with partially overlapping samples. Journal of Applied Quantitative Methods 10(3).

    Examples
    --------
    >>> before = pd.Series([48.0]), pd.Series([80.0])
    >>> after = pd.Series([56.0]), pd.Series([70.0])
    >>> rate_change(before, after)[["change", "lower", "upper"]].round(4).to_dict("records")
    [{'change': 0.2, 'lower': 0.0524, 'upper': 0.3339}]
    """
    if not 0 <= correlation < 1:
        raise SpecError(
            f"correlation is {correlation!r}; it is a correlation in [0, 1): 0 for independent dates, close to 1 where "
            f"nearly everybody stays in the same situation."
        )
    x1, n1 = _date(earlier, "earlier")
    x2, n2 = _date(later, "later")
    if not x1.index.equals(x2.index):
        raise CountError("The two dates are on different indexes: bring the counts to the same areas, in one order.")
    known = n1.gt(0) & n2.gt(0) & x1.notna() & x2.notna()
    x1, n1, x2, n2 = (counts.where(known) for counts in (x1, n1, x2, n2))
    change = x2 / n2 - x1 / n1
    lower, upper = _interval((x1, n1), (x2, n2), correlation)
    z = _score((x1, n1), (x2, n2), correlation)
    significant = (lower.gt(0) | upper.lt(0)).astype("boolean").where(known)
    table = {"change": change, "lower": lower, "upper": upper, "z": z, "p_value": _two_sided(z)}
    return pd.DataFrame({**table, "significant": significant})


def _date(counts: CountPair, name: str) -> CountPair:
    """Return numerator and denominator of a date, checked."""
    if not isinstance(counts, tuple | list) or len(counts) != 2:  # noqa: PLR2004 - numerator and denominator
        raise ArgumentError(
            f"rate_change: {name} takes a pair of Series, numerator and denominator: "
            f'{name} = (data.counts("poor"), data.counts("residents")).'
        )
    return count_pair(*counts, f"rate_change: {name}")


def _interval(earlier: CountPair, later: CountPair, r: float) -> CountPair:
    """Return lower and upper bound of the change: the distances to Wilson's bounds, squared and added."""
    (x1, n1), (x2, n2) = earlier, later
    p1, p2 = x1 / n1, x2 / n2
    (l1, u1), (l2, u2) = wilson(p1, n1), wilson(p2, n2)
    down = np.sqrt((p2 - l2) ** 2 - 2 * r * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2)
    up = np.sqrt((u2 - p2) ** 2 - 2 * r * (u2 - p2) * (p1 - l1) + (p1 - l1) ** 2)
    return p2 - p1 - down, p2 - p1 + up


def _score(earlier: CountPair, later: CountPair, r: float) -> pd.Series[float]:
    """Return z of the hypothesis that both dates have one rate; 0 where nobody or everybody is counted at both."""
    (x1, n1), (x2, n2) = earlier, later
    p = (x1 + x2) / (n1 + n2)
    variance = p * (1 - p) * (1 / n1 + 1 / n2 - 2 * r / (n1 * n2) ** 0.5)
    return ((x2 / n2 - x1 / n1) / variance**0.5).mask(variance.eq(0), 0.0)


def _two_sided(z: pd.Series[float]) -> pd.Series[float]:
    """Return the two-sided p values of standard normal scores."""
    from scipy.special import erfc

    return pd.Series(erfc(z.abs().to_numpy() / np.sqrt(2)), index=z.index)
