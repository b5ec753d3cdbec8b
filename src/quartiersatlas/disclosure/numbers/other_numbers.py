"""Numbers that are no counts: which ready-made shares tell a small count, which means and balances need company?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue import Indicator, Message
from quartiersatlas.disclosure.counted import few_behind
from quartiersatlas.indicators.columns import written_decimals
from quartiersatlas.intake.joining.data import kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from quartiersatlas.catalogue.references import Reference
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


def telling_shares(data: AreaData, name: str, denominator: str, protection: Protection) -> pd.Series[str]:
    """Return where a printed share tells a small count, ``"small"``, or a small rest, ``"rest"``; empty elsewhere.

    A share is the print of several whole numerators. It tells one where a small one is among them, and fewer fit than
    must stay open.
    """
    meaning = data.catalogue.get(name)
    decimals = number_decimals(data.values[name], meaning, protection)
    printed, n = data.values[name].astype(float).round(decimals), data.counts(denominator)
    least, found = protection.min_count, {}
    for key in printed.index[printed.notna() & n.gt(0)]:
        fitting = fitting_numerators(float(printed[key]), float(n[key]), meaning.per, decimals)
        rest = protection.protect_remainder and meaning.kind == "share" and (n[key] - fitting < least).any()
        small = ((fitting >= 1) & (fitting < least)).any()
        if len(fitting) < least + 1:
            found[key] = "small" if small else "rest" if rest else ""
    cells: pd.Series[str] = pd.Series(found, dtype=object).reindex(printed.index, fill_value="")
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
        if protection.min_count > 1 and is_ready_made_share(data, name) and name not in named_bases(data):
            cells = telling_shares(data, name, str(data.population), protection).ne("")
            if cells.any():
                found.append(Message("warning_share", {"column": name, "count": int(cells.sum())}))
    return found


def named_bases(data: AreaData) -> dict[str, str]:
    """Return what ready-made shares are shares of: as declared, or as the count that they are said to add up to."""
    by_sum = {part: whole for whole, parts in data.catalogue.sums.items() for part in parts}
    counts = {part: whole for part, whole in by_sum.items() if _is_counted(data, whole)}
    named = {**counts, **data.catalogue.shares}
    return {name: base for name, base in named.items() if is_ready_made_share(data, name)}


def _is_counted(data: AreaData, column: str) -> bool:
    return column in data.values.columns and kind_of(data, column) in ("", "count")


# --- their numerators as counts --------------------------------------------------------------------------------------


def share_bases(data: AreaData, columns: Sequence[str], names: Collection[str] | None = None) -> dict[str, str]:
    """Return the ready-made shares whose numerators are cells like counts, each with its denominator.

    Parameters
    ----------
    data : AreaData
        The data.
    columns : sequence of str
        Its count columns. A share of one of these has it as its numerator already.
    names : collection of str, optional
        The shares to look at; all if not given.
    """
    return {
        name: base
        for name, base in named_bases(data).items()
        if _is_counted(data, base)
        and (names is None or name in names)
        and not data.perturbed & {name, base}
        and not count_of_share(data, name, base, columns)
    }


def with_numerators(data: AreaData, bases: Mapping[str, str], columns: Sequence[str]) -> AreaData:
    """Return data in which ready-made shares are the counts above them: for the system of equations, not to be shown.

    Of the whole numbers that fit a share as it was delivered the one nearest to nobody or to everybody stands for it:
    that leaves the least room. A reader is taken to know it where the share is shown: that is more than the print says.
    """
    if not bases:
        return data
    names = {name: f"{name}\x1f{base}" for name, base in bases.items()}
    kinds = [
        Indicator(id=names[name], kind=data.catalogue.get(name).kind, unit=data.catalogue.get(name).unit)
        for name in bases
    ]
    counts = [replace(data.catalogue.get(name), kind="count", unit="") for name in bases]
    catalogue = data.catalogue.add(*kinds, *counts)
    others = {
        name: count_of_share(data, name, base, columns) or name
        for name, base in named_bases(data).items()
        if name not in bases
    }
    sums = {
        others.get(whole, whole): tuple(others.get(part, part) for part in parts)
        for whole, parts in catalogue.sums.items()
    }
    return replace(
        data,
        values=data.values.assign(**{name: _numerators(data, name, base) for name, base in bases.items()}),
        catalogue=replace(catalogue, sums=sums, shares=dict(bases)),
        rates={**data.rates, **{names[name]: (name, base) for name, base in bases.items()}},
        references={key: _without(reference, bases) for key, reference in data.references.items()},
        bounds=data.bounds[~data.bounds.index.get_level_values("column").isin(list(bases))],
    )


def _numerators(data: AreaData, name: str, base: str) -> pd.Series[float]:
    meaning, share, n = data.catalogue.get(name), data.values[name].astype(float), data.counts(base)
    decimals = written_decimals(share)
    found = (share * n / meaning.per).round()
    for key in found.index[found.notna() & n.gt(0)]:
        fitting = fitting_numerators(float(share[key]), float(n[key]), meaning.per, decimals)
        if len(fitting):
            found[key] = fitting[0 if 2 * share[key] <= meaning.per else -1]
    return found


def _without(reference: Reference, names: Collection[str]) -> Reference:
    return replace(reference, values={name: value for name, value in reference.values.items() if name not in names})


def share_kinds(
    data: AreaData, bases: Mapping[str, str], hidden: pd.Series[bool], protection: Protection
) -> pd.DataFrame:
    """Return why the numerators of ready-made shares need protection, by all that their print tells."""
    found = {}
    for name, base in bases.items():
        told, n = data.values[name].notna(), data.counts(base)
        kind = telling_shares(data, name, base, protection)
        if protection.min_denominator is not None:
            kind = kind.mask(kind.eq("") & told & n.gt(0) & n.lt(protection.min_denominator), "base")
        kind = kind.mask((hidden & told) | (data.residents().eq(0) & data.values[name].gt(0)), "small area")
        found[name] = kind.mask(data.status[name].eq("suppressed"), "source")
    return pd.DataFrame(found, index=data.areas.index, dtype=object)


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
        named = named_bases(data)
        denominator = named.get(name, str(data.population))
        if name in named:
            cells |= telling_shares(data, name, denominator, protection).ne("")
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
