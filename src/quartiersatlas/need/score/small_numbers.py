"""What small numbers leave of the indicators of a need index: intervals, shrunken values, tested changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import SpecError
from quartiersatlas.indicators import rate_change, rates

if TYPE_CHECKING:
    from quartiersatlas.need.score.inputs import Counts, NeedInputs

IN_UNIT = ["value", "lower", "upper", "shrunken"]
CHANGE_IN_UNIT = ["change", "lower", "upper"]


def rate_table(inputs: NeedInputs) -> pd.DataFrame:
    """Return value, interval, shrunken value and reliability of every indicator that is a rate of counts.

    Parameters
    ----------
    inputs : NeedInputs
        Of a need index.

    Returns
    -------
    DataFrame
        One row per area, also of those that were not scored. Columns (indicator, statistic): ``value``, ``lower``,
        ``upper``, ``shrunken`` in the indicator's unit, ``reliability`` in [0, 1]; see
        :func:`quartiersatlas.rates`.

    Raises
    ------
    SpecError
        No indicator is a rate of counts.
    """
    found = {name: counts for name, counts in inputs.counts.items() if counts.earlier is None}
    if not found:
        raise SpecError(
            "No indicator is a rate with counts, so small numbers cannot be judged. Add rates from counts: "
            "add_rates(data, {rate: (numerator, denominator)}), or name numerator and denominator in the spec."
        )
    return _side_by_side({name: _rate(counts) for name, counts in found.items()})


def change_table(inputs: NeedInputs, correlation: float) -> pd.DataFrame:
    """Return the tested change of every indicator that is a change between two counted rates.

    Parameters
    ----------
    inputs : NeedInputs
        Of a need index.
    correlation : float
        Correlation between the two dates, in [0, 1).

    Returns
    -------
    DataFrame
        One row per area, also of those that were not scored. Columns (indicator, statistic): ``change``, ``lower``,
        ``upper`` in the indicator's unit, ``z``, ``p_value``, ``significant``; see
        :func:`quartiersatlas.rate_change`.

    Raises
    ------
    SpecError
        No indicator is a change with the counts of both dates, or the correlation is not in [0, 1).
    """
    tested = {
        name: _change(counts, counts.earlier, correlation)
        for name, counts in inputs.counts.items()
        if counts.earlier is not None
    }
    if not tested:
        raise SpecError(
            "No indicator is a change with the counts of both dates, so there is nothing to test. Add rates to both "
            "dates and then the change: add_change(add_rates(later, pairs), add_rates(earlier, pairs), [rate])."
        )
    return _side_by_side(tested)


def _rate(counts: Counts) -> pd.DataFrame:
    table = rates(counts.numerator, counts.denominator).rename(columns={"rate": "value"})
    return table.assign(**(table[IN_UNIT] * counts.per))


def _change(counts: Counts, earlier: tuple[pd.Series[float], pd.Series[float]], correlation: float) -> pd.DataFrame:
    table = rate_change(earlier, (counts.numerator, counts.denominator), correlation=correlation)
    return table.assign(**(table[CHANGE_IN_UNIT] * counts.per))


def _side_by_side(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables, axis=1, names=["indicator", "statistic"])
