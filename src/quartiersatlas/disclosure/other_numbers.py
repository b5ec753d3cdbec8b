"""Numbers that are no counts: which ready-made shares tell a small count, which means and balances need company?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Message
from quartiersatlas.disclosure.counted import few_behind
from quartiersatlas.indicators.columns import written_decimals
from quartiersatlas.intake.joining.data import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Indicator
    from quartiersatlas.disclosure.protection import Protection
    from quartiersatlas.intake import AreaData

RATE_DECIMALS = 1
SAME = 0.8  # of the areas: from here on a share is that of a count column


def number_decimals(values: pd.Series[float], meaning: Indicator, protection: Protection) -> int:
    """Return the decimals of a number: two digits of a percentage at least, three of others, and none it never had."""
    if meaning.kind in ("share", "rate") and protection.decimals != "auto":
        return int(protection.decimals)
    size = float(values.abs().median())
    if not 0 < size < float("inf"):
        return RATE_DECIMALS
    digits = 1 if meaning.kind in ("share", "rate") else 2
    wanted = digits - int(np.floor(np.log10(size)))
    if meaning.kind in ("share", "rate"):
        wanted = max(RATE_DECIMALS, wanted)
    return max(0, min(wanted, written_decimals(values)))


def fitting_numerators(rate: float, denominator: float, per: float, decimals: int) -> NDArray[np.float64]:
    """Return the whole numerators that give a rounded rate on a known denominator.

    Examples
    --------
    >>> fitting_numerators(0.1, 3000, 100, decimals=1).tolist()
    [2.0, 3.0, 4.0]
    >>> fitting_numerators(0.07, 3000, 100, decimals=2).tolist()
    [2.0]
    """
    half = 0.5 * 10.0**-decimals
    low, high = (max(0.0, (rate + side * half) * denominator / per) for side in (-1, 1))
    candidates = np.arange(np.floor(low), min(np.ceil(high), denominator) + 1)
    # halves are rounded in more than one way: they are no safe company
    fitting: NDArray[np.float64] = candidates[np.abs(candidates / denominator * per - rate) < half * (1 - 1e-9)]
    return fitting


# --- ready-made shares -----------------------------------------------------------------------------------------------


def is_ready_made_share(data: AreaData, name: str) -> bool:
    """Return True for a share or rate that came without its counts."""
    known = name in data.values.columns and name not in data.rates and name not in data.changes
    return known and kind_of(data, name) in ("share", "rate")


def telling_shares(data: AreaData, name: str, denominator: str, protection: Protection) -> pd.Series[bool]:
    """Return where a printed share tells a small count, or a small rest, on a known denominator.

    A share is the print of several whole numerators. It tells one where a small one is among them, and fewer fit than
    must stay open.
    """
    meaning = data.catalogue.get(name)
    decimals = number_decimals(data.values[name], meaning, protection)
    printed, n = data.values[name].astype(float).round(decimals), data.counts(denominator)
    least, found = protection.min_count, {}
    for key in printed.index[printed.notna() & n.gt(0)]:
        fitting = fitting_numerators(float(printed[key]), float(n[key]), meaning.per, decimals)
        small = ((fitting >= 1) & (fitting < least)).any()
        if protection.protect_remainder and meaning.kind == "share":
            small |= (n[key] - fitting < least).any()
        found[key] = bool(small and len(fitting) < least + 1)
    cells: pd.Series[bool] = pd.Series(found, dtype=bool).reindex(printed.index, fill_value=False)
    return cells


def count_of_share(data: AreaData, name: str, denominator: str, columns: Sequence[str]) -> str:
    """Return the count column that a ready-made share is the share of; empty where there is none."""
    meaning, share, n = data.catalogue.get(name), data.values[name].astype(float), data.counts(denominator)
    half = 0.5 * 10.0 ** -written_decimals(share)
    for column in columns:
        if column == denominator:
            continue
        off = (data.counts(column) / n.where(n > 0) * meaning.per - share).abs()
        known = off.notna()
        if known.sum() > 1 and (off[known] <= half * (1 + 1e-9)).mean() >= SAME:
            return column
    return ""


def share_warnings(data: AreaData, names: Sequence[str], protection: Protection) -> list[Message]:
    """Say where ready-made shares without a denominator would tell small counts, if it were the residents."""
    found = []
    for name in names:
        if protection.min_count > 1 and is_ready_made_share(data, name) and name not in data.catalogue.shares:
            cells = telling_shares(data, name, str(data.population), protection)
            if cells.any():
                found.append(Message("warning_share", {"column": name, "count": int(cells.sum())}))
    return found


# --- what needs company ----------------------------------------------------------------------------------------------


def protected_numbers(
    data: AreaData, name: str, suppressed: pd.DataFrame, hidden: pd.Series[bool], protection: Protection
) -> pd.Series[bool]:
    """Return where a number that is no count, or a rate of such, may not be shown by itself.

    Parameters
    ----------
    data : AreaData
        The data.
    name : str
        The column.
    suppressed : DataFrame of bool
        Area by count column: which counts are not shown.
    hidden : Series of bool
        Areas that show no indicator.
    protection : Protection
        What is too small.
    """
    if name in data.rates:
        numerator, denominator = data.rates[name]
        cells = (
            _part(data, numerator, suppressed, protection) | _part(data, denominator, suppressed, protection) | hidden
        )
        if data.catalogue.get(name).kind == "density":  # per km2: no persons
            return cells
        return cells | few_behind(counted_base(data, denominator), protection)
    base = data.catalogue.get(name).base if name in data.catalogue else ""
    cells = hidden | _part(data, name, suppressed, protection) | few_behind(counted_base(data, base), protection)
    if base in data.status:
        cells |= data.status[base].eq("suppressed")
    if is_ready_made_share(data, name):
        denominator = data.catalogue.shares.get(name, str(data.population))
        if name in data.catalogue.shares:
            cells |= telling_shares(data, name, denominator, protection)
        count = count_of_share(data, name, denominator, [str(column) for column in suppressed])
        if count:
            cells |= suppressed[count]
    return cells


def _part(data: AreaData, column: str, suppressed: pd.DataFrame, protection: Protection) -> pd.Series[bool]:
    """Return where a column may not be shown by itself: a suppressed count, a small balance."""
    if column in suppressed:
        return suppressed[column]
    cells = data.status[column].eq("suppressed")
    if kind_of(data, column) == "balance":
        size = data.summands(column).abs()
        cells |= (size > 0) & (size < protection.min_count)
    return cells


def counted_base(data: AreaData, column: str) -> pd.Series[float] | None:
    """Return the count that a mean or an amount is taken over; None where none is named."""
    if not column or column not in data.values.columns or kind_of(data, column) not in ("", "count"):
        return None
    return data.counts(column)
