"""What leaves of a shortlist: areas whose values may be shown, and the conditions they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from quartiersatlas.release.columns import Released
    from quartiersatlas.screening import Shortlist


def shown_selection(shortlist: Shortlist, out: Released) -> pd.Series[bool]:
    """Return the selection without areas whose own values are protected: being listed would tell their class."""
    selected = shortlist.selected.copy()
    for column in _columns(shortlist.reasons, out).unique():
        if column:
            selected &= ~out.status[column].eq("suppressed")
    return selected


def shown_reasons(shortlist: Shortlist, selected: pd.Series[bool], out: Released) -> pd.DataFrame:
    """Return the conditions that selected areas meet.

    Returns
    -------
    DataFrame
        key, criterion, indicator, ``column`` (the released column it speaks of, empty where it does not leave),
        value as released and threshold (both missing where the column does not leave).
    """
    met = shortlist.reasons[shortlist.reasons["fulfilled"].fillna(value=False)]
    met = met[met["key"].isin(selected.index[selected])].drop(columns="fulfilled").reset_index(drop=True)
    met["column"] = _columns(met, out)
    leaves = met["column"].ne("")
    pairs = zip(met["key"], met["column"], strict=True)
    met["value"] = [out.values[column][key] if column else None for key, column in pairs]
    return met.assign(threshold=met["threshold"].where(leaves, None))


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
