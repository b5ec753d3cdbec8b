"""Small counts stay inside: what is too small to be shown, and which cells are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pandas.api.types import is_numeric_dtype

from quartiersatlas.errors import ColumnError, SpecError
from quartiersatlas.release.bounds import hold_back

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.intake import AreaData


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What is too small to be shown.

    Parameters
    ----------
    min_count : int, default 3
        Counts from 1 up to below this are not shown. At least 1 (1: every count is shown). It is also the width that
        remains open: from everything that is shown, and from totals of the city and of parent areas known elsewhere,
        a protected count can be narrowed down to no fewer than ``min_count + 1`` values.
    min_denominator : float, optional
        Rates on fewer persons are not shown. At least 0.
    min_population : float, default 300
        Areas with fewer residents show no indicator. At least 0.
    complement : bool, default True
        Also protect the others: where fewer than ``min_count`` residents are *not* in the group (also none at all).
    round_base : int, optional
        Every count leaves rounded to a multiple of this; rates and changes are made of the rounded counts, and
        contributions to scores, which are made of the exact ones, stay inside. At least 2.
    decimals : "auto" or int, default "auto"
        Decimals of rates. ``"auto"``: one, or none where one would give away a small count of the whole city; a number
        from 0 to 6 is taken as it is.
    secondary : bool, default True
        Hold further cells back where a protected one could be had by subtraction: from totals of the city or of parent
        areas, from columns that add up to each other.
    """

    min_count: int = 3
    min_denominator: float | None = None
    min_population: float = 300
    complement: bool = True
    round_base: int | None = None
    decimals: int | str = "auto"
    secondary: bool = True

    def __post_init__(self) -> None:
        if not self.min_count >= 1 or not self.min_population >= 0:
            raise SpecError(
                f"Protection: min_count={self.min_count!r} must be at least 1, "
                f"min_population={self.min_population!r} at least 0."
            )
        if self.min_denominator is not None and not self.min_denominator >= 0:
            raise SpecError(f"Protection: min_denominator={self.min_denominator!r} must be at least 0, or None.")
        if self.round_base is not None and (not isinstance(self.round_base, int) or self.round_base < 2):  # noqa: PLR2004
            raise SpecError(f"Protection: round_base={self.round_base!r} must be a whole number from 2, or None.")
        if self.decimals != "auto" and self.decimals not in range(7):
            raise SpecError(f'Protection: decimals={self.decimals!r} must be "auto" or a number from 0 to 6.')

    def rounded(self, counts: pd.Series[float]) -> pd.Series[float]:
        """Return counts as they leave: to the next multiple of the base, halves upwards; as they are without one."""
        return counts if self.round_base is None else (counts / self.round_base + 0.5) // 1 * self.round_base


def small_areas(data: AreaData, protection: Protection) -> pd.Series[bool]:
    """Return the inhabited areas with too few (or an unknown number of) residents to show an indicator."""
    residents = data.residents()
    return ~(residents >= protection.min_population) & ~residents.eq(0)


def small_cells(
    numerator: pd.Series[float], denominator: pd.Series[float] | None, protection: Protection
) -> pd.Series[bool]:
    """Return which counts are small, or leave a small rest, or stand on a small denominator."""
    small = (numerator > 0) & (numerator < protection.min_count)
    if denominator is None:
        return small
    if protection.complement:
        small |= small_rest(numerator, denominator, protection)
    if protection.min_denominator is not None:
        small |= (denominator > 0) & (denominator < protection.min_denominator)
    return small


def small_rest(numerator: pd.Series[float], denominator: pd.Series[float], protection: Protection) -> pd.Series[bool]:
    """Return where too few are not in the group: nobody at all tells something about everybody."""
    rest = denominator - numerator
    return (rest >= 0) & (rest < protection.min_count) & (denominator > 0)


def protected_cells(
    numerator: pd.Series[float],
    denominator: pd.Series[float] | None,
    hidden: pd.Series[bool],
    protection: Protection,
) -> pd.Series[bool]:
    """Return which areas may not show a count (or its rate), were it alone and the areas without parents.

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
    protected = hidden | small_cells(numerator, denominator, protection)
    if not protection.secondary:
        return protected
    upper = denominator if denominator is not None else numerator * 0 + np.inf
    return hold_back(numerator, protected, upper, hidden, protection.min_count)


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
