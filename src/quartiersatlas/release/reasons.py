"""What leaves of a shortlist: areas whose values may be shown, and the conditions they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.release.columns import need_cells

if TYPE_CHECKING:
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.release.columns import Released
    from quartiersatlas.release.secrecy import Secrecy
    from quartiersatlas.screening import Shortlist


def withheld_areas(shortlist: Shortlist, kept: Secrecy, need: NeedIndex | None) -> pd.Series[bool]:
    """Return the areas for which the outcome of the rule may not be told.

    Being listed (or not) would tell on which side of a limit a protected value lies, whether its column leaves or not.
    """
    by_axis = need_cells(kept, need) if need is not None else {}
    if by_axis:
        by_axis["need"] = next(iter(by_axis.values()))
    withheld = kept.hidden.copy()
    for name in shortlist.reasons["indicator"].unique():
        withheld |= by_axis[name] if name in by_axis else kept.cells(name)
    return withheld


def shown_reasons(shortlist: Shortlist, selected: pd.Series[bool], out: Released) -> pd.DataFrame:
    """Return the conditions that selected areas meet.

    Returns
    -------
    DataFrame
        key, criterion, indicator, ``column`` (the released column it speaks of, empty where it does not leave),
        value as released and threshold: the released city value, or the lowest released value among the selected
        areas (the limit itself may be the value of a protected area). Both are missing where the column does not leave.
    """
    met = shortlist.reasons[shortlist.reasons["fulfilled"].fillna(value=False)]
    met = met[met["key"].isin(selected.index[selected])].drop(columns=["fulfilled", "threshold"]).reset_index(drop=True)
    met["column"] = _columns(met, out)
    pairs = zip(met["key"], met["column"], strict=True)
    met["value"] = [out.values[column][key] if column else None for key, column in pairs]
    limits = {
        (column, kind): _limit(part, str(kind), str(column), out)
        for (column, kind), part in met.groupby(["column", "criterion"])
        if column
    }
    met["threshold"] = pd.Series(
        [limits.get(pair) for pair in zip(met["column"], met["criterion"], strict=True)], index=met.index, dtype=object
    )
    return met


def _limit(part: pd.DataFrame, criterion: str, column: str, out: Released) -> object:
    if criterion == "above_city":
        return next(c.city for c in out.columns if c.id == column)
    return part["value"].min() if criterion == "worst_share" else None


def _columns(reasons: pd.DataFrame, out: Released) -> pd.Series[str]:
    """Return the released column of each condition: an axis of the need index is released as score and as class."""
    scores = [column.id for column in out.columns if column.kind == "score"]
    names = {column.id: column.id for column in out.columns if column.kind in ("rate", "share", "count")}
    names |= {score.removeprefix("need_"): score for score in scores}
    if scores:
        names["need"] = scores[0]
    found = [names.get(indicator, "") for indicator in reasons["indicator"]]
    by_class = reasons["criterion"].eq("in_class")
    columns = [f"{name}_class" if name and is_class else name for name, is_class in zip(found, by_class, strict=True)]
    return pd.Series(columns, index=reasons.index, dtype="str")
