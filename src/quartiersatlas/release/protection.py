"""Small counts stay inside: which cells may not be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pandas.api.types import is_numeric_dtype

from quartiersatlas.errors import ColumnError, SpecError

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.intake import AreaData


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What is too small to be shown.

    Parameters
    ----------
    min_count : int, default 3
        Counts from 1 up to below this are not shown. At least 1 (1: every count is shown).
    min_population : float, default 300
        Areas with fewer residents show no indicator. At least 0.
    complement : bool, default True
        Also protect the others: where fewer than ``min_count`` residents are *not* in the group (also none at all).
    secondary : bool, default True
        Where a column would have exactly one protected cell, protect the cell with the next smallest count too:
        a single one could be had by subtraction from a total.
    """

    min_count: int = 3
    min_population: float = 300
    complement: bool = True
    secondary: bool = True

    def __post_init__(self) -> None:
        if not self.min_count >= 1 or not self.min_population >= 0:
            raise SpecError(
                f"Protection: min_count={self.min_count!r} must be at least 1, "
                f"min_population={self.min_population!r} at least 0."
            )


def small_areas(data: AreaData, protection: Protection) -> pd.Series[bool]:
    """Return the inhabited areas with too few (or an unknown number of) residents to show an indicator."""
    residents = data.residents()
    return ~(residents >= protection.min_population) & ~residents.eq(0)


def protected_cells(
    numerator: pd.Series[float],
    denominator: pd.Series[float] | None,
    hidden: pd.Series[bool],
    protection: Protection,
) -> pd.Series[bool]:
    """Return which areas may not show a count (or its rate).

    Parameters
    ----------
    numerator, denominator : Series of float
        The counts; no denominator for a count that has no complement.
    hidden : Series of bool
        Areas that show nothing anyway: small ones, and cells that are secret in the source.
    protection : Protection
        What is too small.

    Examples
    --------
    >>> import pandas as pd
    >>> x, n = pd.Series([2.0, 0.0, 9.0, 40.0]), pd.Series([50.0, 50.0, 10.0, 50.0])
    >>> none = pd.Series([False] * 4)
    >>> protected_cells(x, n, none, Protection()).tolist()
    [True, False, True, False]
    """
    small = (numerator > 0) & (numerator < protection.min_count)
    if protection.complement and denominator is not None:
        rest = denominator - numerator
        small |= (rest >= 0) & (rest < protection.min_count) & (denominator > 0)
    protected = small | hidden
    # the city value is made of the known counts: among them, and among all cells, one hole alone could be filled
    single_hole = 1 in ((protected & numerator.notna()).sum(), protected.sum())
    if protection.secondary and single_hole:
        open_counts = numerator[~protected & numerator.notna()].sort_index()  # ties: by key, not by row
        chosen = open_counts[open_counts > 0] if (open_counts > 0).any() else open_counts
        if len(chosen):
            protected = protected | protected.index.isin([chosen.idxmin()])
    return protected


def hidden_cells(data: AreaData, name: str, hidden: pd.Series[bool], protection: Protection) -> pd.Series[bool]:
    """Return which areas may not show a column, whether it leaves or only enters something that does.

    A change is hidden where the rate of one of its two dates is.
    """
    if name in data.changes:
        base, earlier = data.changes[name]
        then = small_areas(earlier, protection)
        return hidden_cells(data, base, hidden, protection) | hidden_cells(earlier, base, then, protection)
    nobody = data.residents().eq(0)
    if name in data.rates:
        numerator, denominator = data.rates[name]
        x, n = data.counts(numerator), data.counts(denominator)
        secret = data.status[numerator].eq("suppressed") | data.status[denominator].eq("suppressed")
        return protected_cells(x, n, hidden | secret | (nobody & n.gt(0)), protection)
    if name == data.population:
        return protected_cells(data.residents(), None, data.status[name].eq("suppressed"), protection)
    if is_count(data, name):
        x = data.counts(name)
        secret = data.status[name].eq("suppressed")
        return protected_cells(x, data.residents(), hidden | secret | (nobody & x.gt(0)), protection)
    return hidden.copy()


def is_count(data: AreaData, name: str) -> bool:
    """Tell counts from ready-made values: what the catalogue does not know and is whole everywhere is a count.

    Raises
    ------
    ColumnError
        The column holds text, or fractions that the catalogue says nothing about.
    """
    if name not in data.values.columns:
        raise ColumnError.not_found(name, data.values.columns, "The data")
    known = data.values[name].dropna()
    if not is_numeric_dtype(known.dtype):
        raise ColumnError(f"Column {name!r} holds text: only numbers are released.")
    if name in data.catalogue:
        return False
    if (known % 1 != 0).any():
        raise ColumnError(
            f"Column {name!r} holds fractions and the catalogue does not know it: a share, a mean? "
            f"Say so: catalogue.add(Indicator(id={name!r}, ..., unit=...)). Rates come from counts: add_rates(...)."
        )
    return True
