"""What is too small to be shown: the rules of protection, as the analyst sets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Literal

from quartiersatlas.base.checks import choice, expects, renamed
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

Zeros = Literal["where_needed", "shown"]
Effort = Literal["auto", "fast"]
Plan = Literal["all", "leaving"]
MOST = 1_000_000  # persons


@dataclass(frozen=True, kw_only=True)
class Protection:
    """What is too small to be shown.

    Parameters
    ----------
    min_count : int, default 3
        Counts from 1 up to below this are not shown. From 1 (every count is shown) to 1,000,000. It is also the width
        that remains open: from everything that is shown, and from totals of the city and of parent areas known
        elsewhere, a protected count can be narrowed down to no fewer than ``min_count + 1`` values.
    min_denominator : float, optional
        Rates on fewer persons are not shown. At least 0.
    min_population : float, default 300
        Areas with fewer residents show no indicator. At least 0.
    protect_remainder : bool, default True
        Also protect the others: where fewer than ``min_count`` residents are *not* in the group (also none at all).
    round_base : int, optional
        Every count leaves rounded to a multiple of this; rates and changes are made of the rounded counts, and
        contributions to scores, which are made of the exact ones, stay inside. At least 2.
    decimals : "auto" or int, default "auto"
        Decimals of rates. ``"auto"``: one, and of the city none where one would give away a small or secret count. A
        number from 0 to 6 is taken as it is, and the city has no value where that would tell a secret cell.
    secondary : bool, default True
        Suppress further cells where a protected one could be had by subtraction: from totals of the city or of parent
        areas, from columns that add up to each other.
    derived : {"released", "exact"}, default "released"
        What index, shortlist, stability and segregation are made of. ``"released"``: they are computed again from what
        the release shows, with withheld counts at the mean of their unit, and can tell nothing new. ``"exact"``, where
        an official method demands it: from the counts as they are, rounded until they keep the withheld ones open.
    totals : "all", or tuple of str, default "all"
        Whose totals are known elsewhere: all parent areas and the city, or some columns of parents and ``"city"``. A
        parent with a single area gives the counts of that area away; leave its level out only where nobody publishes
        it. Where rates are shown, those of the city are too: its totals count as known even without ``"city"``.
    zeros : {"where_needed", "shown"}, default "where_needed"
        Zeros are shown, so a count that is not shown is at least 1. Where nothing else helps, a zero is withheld too.
    effort : {"auto", "fast"}, default "auto"
        Whether the fewest cells are looked for where the table is small enough, or a good pattern is.
    priority : mapping of str to float, optional
        Column or rate -> how much more than others its cells should be kept open. More than 0.
    plan : {"all", "leaving"}, default "all"
        The pattern is planned over all count columns of the data, so that further columns can follow in later
        releases, or only over those that leave now.
    find_sums : bool, default True
        Look for columns that add up to others. Declared ones are used in any case.
    m_source : int, optional
        The minimum of the office that delivered cells as secret; ``min_count``, if not given. At least 2.
    """

    min_count: int = 3
    min_denominator: float | None = None
    min_population: float = 300
    protect_remainder: bool = True
    round_base: int | None = None
    decimals: int | str = "auto"
    secondary: bool = True
    derived: Literal["released", "exact"] = "released"
    totals: str | tuple[str, ...] = "all"
    zeros: Zeros = "where_needed"
    effort: Effort = "auto"
    priority: Mapping[str, float] = field(default_factory=dict)
    plan: Plan = "all"
    find_sums: bool = True
    m_source: int | None = None

    def __post_init__(self) -> None:
        for name in ("min_count", "min_population", "min_denominator"):
            if name != "min_denominator" or self.min_denominator is not None:
                expects(getattr(self, name), (int, float), f"Protection: {name}", f"qa.Protection({name}=5)")
        if not self.min_count >= 1 or not self.min_population >= 0:
            raise SpecError(
                f"Protection: min_count={self.min_count!r} must be at least 1, "
                f"min_population={self.min_population!r} at least 0."
            )
        if self.min_count > MOST:
            raise SpecError(f"Protection: min_count must be at most {MOST:,}.")
        if self.min_denominator is not None and not self.min_denominator >= 0:
            raise SpecError(f"Protection: min_denominator={self.min_denominator!r} must be at least 0, or None.")
        if self.round_base is not None and (not isinstance(self.round_base, int) or self.round_base < 2):  # noqa: PLR2004
            raise SpecError(f"Protection: round_base={self.round_base!r} must be a whole number from 2, or None.")
        choice(self.decimals, ("auto", *range(7)), "Protection: decimals")
        self._check_secondary()

    def _check_secondary(self) -> None:
        choice(self.derived, ("released", "exact"), "Protection: derived")
        choice(self.zeros, ("where_needed", "shown"), "Protection: zeros")
        choice(self.effort, ("auto", "fast"), "Protection: effort")
        choice(self.plan, ("all", "leaving"), "Protection: plan")
        if not isinstance(self.totals, str):
            expects(self.totals, (list, tuple, set, frozenset), "Protection: totals", 'totals=("city",), or "all"')
            object.__setattr__(self, "totals", tuple(self.totals))
        elif self.totals != "all":
            raise SpecError(f'Protection: totals={self.totals!r} must be "all" or a list of levels: totals=("city",).')
        expects(self.priority, Mapping, "Protection: priority", 'qa.Protection(priority={"sgb2_rate": 3})')
        for name, weight in self.priority.items():
            if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 < float(weight) < float("inf"):
                raise SpecError(f"Protection: priority of {name!r} is {weight!r}; it must be a number above 0.")
        object.__setattr__(self, "priority", dict(self.priority))
        if self.m_source is not None and (
            isinstance(self.m_source, bool) or not isinstance(self.m_source, int) or self.m_source < 2  # noqa: PLR2004
        ):
            raise SpecError(f"Protection: m_source={self.m_source!r} must be a whole number from 2, or None.")

    def rounded(self, counts: pd.Series[float]) -> pd.Series[float]:
        """Return counts as they leave: to the next multiple of the base, halves upwards; as they are without one."""
        return counts if self.round_base is None else (counts / self.round_base + 0.5) // 1 * self.round_base


# the parameter of the first edition
Protection.__init__ = renamed(complement="protect_remainder")(Protection.__init__)  # type: ignore[method-assign]
