"""Small counts stay inside: which cells may not be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quartiersatlas.errors import SpecError

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
        small |= (rest < protection.min_count) & (denominator > 0)
    protected = small | hidden
    open_counts = numerator[~protected & numerator.gt(0)]
    if protection.secondary and protected.sum() == 1 and len(open_counts):
        protected = protected | protected.index.isin([open_counts.idxmin()])
    return protected
