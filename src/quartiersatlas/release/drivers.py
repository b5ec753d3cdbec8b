"""What drives a score: contributions of the indicators that leave, only where score and indicator are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from quartiersatlas.need import NeedIndex
    from quartiersatlas.release.columns import Released
    from quartiersatlas.release.protection import Protection

DECIMALS = 1  # coarse: a contribution must not be a finer copy of its indicator


def released_drivers(need: NeedIndex, out: Released, protection: Protection) -> pd.DataFrame | None:
    """Return contributions as distances from their mean over all scored areas, on the scale of the score.

    Returns
    -------
    DataFrame or None
        Columns (axis, indicator); NaN where the score or the indicator is not shown. Indicators that do not leave are
        left out. None where no indicator leaves, an axis cannot be split (no sum, and more than ten indicators), or
        counts leave rounded: a contribution is made of the exact ones, and on a scale from 0 to 100 tells them.
    """
    if protection.round_base is not None:
        return None
    try:
        contributions = need.contributions
    except SpecError:
        return None
    parts = {}
    for pair in contributions.columns:
        axis, indicator = map(str, pair)
        if indicator in out.values:
            known = out.values[f"need_{axis}"].notna() & out.values[indicator].notna()
            part = contributions[pair]
            parts[axis, indicator] = (part - part.mean()).round(DECIMALS).where(known)
    return pd.DataFrame(parts, index=contributions.index) if parts else None
