"""The record of a change: what was compared, area by area and in the city."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.base.checks import choice
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.catalogue import Indicator

    RelativeTo = Literal["city"] | None
    Adjust = Literal["bh", "none"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ChangeRecord:
    """How indicators changed between dates, area by area and in the city.

    Parameters
    ----------
    table : DataFrame
        One row per indicator, step and area: ``indicator``, ``earlier``, ``later``, ``span`` (``"step"`` between two
        neighbouring dates, ``"whole"`` from the first to the last), ``key``, ``years``, ``value_earlier``,
        ``value_later``, ``change`` with ``lower`` and ``upper`` (95 %), ``per_year`` (points a year; of counts their
        growth in percent a year), ``relative`` (to the city's change; of counts to its growth) with
        ``relative_lower`` and ``relative_upper``, ``x_earlier``, ``n_earlier``, ``x_later``, ``n_later`` (the counts),
        ``z``, ``p``, ``p_adjusted`` (for the areas of this indicator and step), ``p_together`` (for all indicators
        too), ``verdict`` (``"up"``, ``"down"``, ``"not_shown"``; empty without a test) and ``reason`` for what is not
        there: the status of an unknown value, ``"few"``, ``"break"``, ``"moved"``, ``"nobody"``, ``"from_zero"``,
        ``"no_counts"``, ``"alone"`` (the area is the whole city).
    city : DataFrame
        One row per indicator and step: ``value_earlier``, ``value_later``, ``change``, ``per_year``, the counts,
        ``n_areas`` (known at both dates), ``tested``, ``tested_together``, ``up``, ``down``.
    relative_to : {"city", None}
        Whether tests ask if an area moved otherwise than the city, or at all.
    adjust : {"bh", "none"}
        How p values are adjusted.
    level : float
        Up to which adjusted p a change is shown.
    periods : tuple of str
        The dates as they are called, from the earliest to the latest.
    levels : DataFrame
        One row per indicator and date: ``city``, ``median`` (of the areas), ``stretch`` (a number that rises wherever
        the definition changes), ``label_de``, ``label_en`` (what the indicator is called there).
    names : Series of str
        District key -> name.
    meanings : mapping of str to Indicator
        What the indicators mean at the last date.
    summed : frozenset of str
        Indicators that are counts or amounts: no value of an area stands beside the city's.
    breaks : mapping of (str, str, str) to str
        Indicator, earlier and later date -> what differs between their definitions, in words.
    city_name : str
        The name of the city, where the data have it.
    """

    table: pd.DataFrame
    city: pd.DataFrame
    relative_to: RelativeTo
    adjust: Adjust
    level: float
    periods: tuple[str, ...]
    levels: pd.DataFrame = field(repr=False)
    names: pd.Series[str] = field(repr=False)
    meanings: Mapping[str, Indicator] = field(repr=False)
    summed: frozenset[str] = frozenset()
    breaks: Mapping[tuple[str, str, str], str] = field(default_factory=dict, repr=False)
    city_name: str = ""

    @property
    def indicators(self) -> list[str]:
        """The indicators, in their order."""
        return list(self.meanings)

    def of(self, indicator: str = "", earlier: str = "", later: str = "") -> pd.DataFrame:
        """Return the rows of one indicator and two dates.

        Parameters
        ----------
        indicator : str, optional
            Which one; the first, if not given.
        earlier, later : str, optional
            Two dates that were compared; the first and the last one, if not given.

        Returns
        -------
        DataFrame
            On the district key.

        Raises
        ------
        SpecError
            There is no such indicator, or the two dates were not compared.
        """
        name = indicator or self.indicators[0]
        choice(name, self.indicators, "indicator")
        first, last = earlier or self.periods[0], later or self.periods[-1]
        rows = self.table[
            self.table["indicator"].eq(name) & self.table["earlier"].eq(first) & self.table["later"].eq(last)
        ]
        if not len(rows):
            pairs = sorted({f"{a} to {b}" for a, b in zip(self.table["earlier"], self.table["later"], strict=True)})
            raise SpecError(f"change: {first} to {last} was not compared; there are: {', '.join(pairs)}.")
        return rows.set_index("key")

    def of_city(self, indicator: str = "", earlier: str = "", later: str = "") -> dict[str, Any]:
        """Return the city's row of one indicator and two dates.

        Parameters
        ----------
        indicator, earlier, later : str, optional
            As in :meth:`of`.

        Returns
        -------
        dict
            As :attr:`city` has it.

        Raises
        ------
        SpecError
            There is no such indicator, or the two dates were not compared.
        """
        name = indicator or self.indicators[0]
        first, last = earlier or self.periods[0], later or self.periods[-1]
        for row in self.city.to_dict("records"):
            if (row["indicator"], row["earlier"], row["later"]) == (name, first, last):
                return {str(part): value for part, value in row.items()}
        raise SpecError(f"change: {first} to {last} was not compared for {name!r}.")
