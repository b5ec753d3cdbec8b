"""Burdens beside need as they leave: which columns, from which limit on; the numbers are those of the release."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleasedBurden:
    """What is counted as a burden. It holds no number of an area: all are counted of what the release shows.

    Parameters
    ----------
    need : str
        The column of classes.
    columns : tuple of str
        The column of each burden.
    limits : tuple of (float, str) or None
        From which value on an area is burdened, and who says so; None for the quantile of the values shown.
    quantile : float
        That quantile.
    """

    need: str
    columns: tuple[str, ...]
    limits: tuple[tuple[float, str] | None, ...]
    quantile: float
