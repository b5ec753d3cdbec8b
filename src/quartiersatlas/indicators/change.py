"""Change of a rate between two dates, in the rate's unit: percentage points for shares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quartiersatlas.errors import ColumnError, JoinError, SpecError, list_some
from quartiersatlas.intake import check_vintages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.intake import AreaData

SUFFIX = "_change"


def add_change(data: AreaData, earlier: AreaData, indicators: Iterable[str]) -> AreaData:
    """Add the change of indicators since an earlier date as columns ``<indicator>_change``.

    Parameters
    ----------
    data, earlier : AreaData
        Two dates on the same areas.
    indicators : list of str
        Columns that both have.

    Returns
    -------
    AreaData
        Later minus earlier value, in percentage points for shares. NaN where one of the two is unknown, with the
        status of the unknown one.

    Raises
    ------
    JoinError
        The two dates are not on the same areas, or on areas of two vintages.
    ColumnError
        An indicator is not in both.

    Examples
    --------
    A share of 12.5 % after 10 % is a change of 2.5 percentage points, not of 25 %.
    """
    odd = data.areas.index.symmetric_difference(earlier.areas.index)
    if len(odd):
        raise JoinError(
            f"The two dates are not on the same areas: {len(odd)} keys are in one only: {list_some(odd)}. "
            f"Carry the counts to common boundaries first: transfer() or transfer_by_area()."
        )
    check_vintages(data, earlier, names=("the later data", "the earlier data"))
    if data.period and data.period == earlier.period:
        raise SpecError(f"Both dates are {data.period!r}: a change needs two.")
    keys = data.areas.index
    earlier = replace(
        earlier, areas=earlier.areas.loc[keys], values=earlier.values.loc[keys], status=earlier.status.loc[keys]
    )
    values, status, marks = data.values.copy(), data.status.copy(), earlier.status
    changes = dict(data.changes)
    for name in indicators:
        for side, where in ((data, "The later data"), (earlier, "The earlier data")):
            if name not in side.values.columns:
                raise ColumnError.not_found(name, side.values.columns, where)
        change = values[name] - earlier.values[name]
        reason = status[name].where(values[name].isna(), marks[name])
        changes[f"{name}{SUFFIX}"] = (name, earlier)
        values[f"{name}{SUFFIX}"] = change
        status[f"{name}{SUFFIX}"] = reason.where(change.isna(), "value").mask(change.eq(0), "zero")
    return replace(data, values=values, status=status, changes=changes, reports=(*data.reports, *earlier.reports))
