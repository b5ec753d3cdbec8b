"""Areas, values and what is known about them, carried together from the join to the release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake.tables.codes import code_text, codes_among
from quartiersatlas.intake.tables.marks import no_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from quartiersatlas.catalogue import Catalogue
    from quartiersatlas.intake.joining.join_report import JoinReport


@dataclass(frozen=True, eq=False)
class AreaData:
    """Areas and their values on one district key.

    Parameters
    ----------
    areas : GeoDataFrame
        Name, parents and geometry in metres, on the district key.
    values, status : DataFrame
        Every column of the joined tables and every rate, and the status of each cell.
    catalogue : Catalogue
        What the columns mean.
    reports : tuple of JoinReport
        One per joined table.
    population : str, optional
        Column with the number of residents.
    period : str
        The date or year of the values.
    rates : mapping of str to (str, str)
        Rate -> its numerator and denominator columns.
    changes : mapping of str to (str, AreaData)
        Change -> the indicator it is a change of, and the earlier data.
    notices : tuple of str
        Warnings that came with the data and stay with everything made of them, such as "synthetic".
    vintage : str
        Vintage of the keys, such as ``"2021"``, declared or shown by their codes; empty where neither is so.
    bounds : DataFrame
        On (key, column): ``lower`` and ``upper`` of suppressed cells whose mark names limits, as :class:`Table` has it.
    """

    areas: gpd.GeoDataFrame
    values: pd.DataFrame
    status: pd.DataFrame
    catalogue: Catalogue
    reports: tuple[JoinReport, ...] = ()
    population: str | None = None
    period: str = ""
    rates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    changes: Mapping[str, tuple[str, AreaData]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    vintage: str = ""
    bounds: pd.DataFrame = field(default_factory=no_bounds)

    @property
    def report(self) -> JoinReport:
        """The report of the last join."""
        return self.reports[-1]

    def counts(self, column: str) -> pd.Series[float]:
        """Return a column of counts: numbers, never negative; NaN where the status says why.

        Raises
        ------
        ColumnError
            There is no such column.
        CountError
            The column holds text, negative or infinite numbers.
        """
        if column not in self.values.columns:
            raise ColumnError.not_found(column, self.values.columns, "The data")
        return checked_counts(self.values[column])

    def residents(self) -> pd.Series[float]:
        """Return the residents of each area.

        Raises
        ------
        SpecError
            The data do not say which column holds the residents.
        """
        if self.population is None:
            raise SpecError("Which column holds the residents? Name it in the join: join(..., population='residents').")
        return self.counts(self.population)

    def __repr__(self) -> str:
        shape = f"{count_noun(len(self.areas), 'area')}, {count_noun(self.values.shape[1], 'column')}"
        lines = [f"AreaData: {shape}, period {self.period or 'not named'}"]
        lines += [repr(report) for report in self.reports]
        lines += [f"notice: {notice}" for notice in self.notices]
        return "\n".join(lines)


def checked_counts(column: pd.Series) -> pd.Series[float]:
    """Return the column as counts, or refuse it and name the first areas."""
    from pandas.api.types import is_numeric_dtype

    if not is_numeric_dtype(column.dtype):
        raise CountError(
            f"Column {column.name!r} holds text, not counts: {list_some(column.unique(), 3)}. "
            f"Read the file again with the right decimal mark and symbols."
        )
    wrong = column[(column < 0) | column.isin([float("inf")])]
    if len(wrong):
        shown = ", ".join(f"{key!r}: {value:.15g}" for key, value in wrong.head(5).items())
        codes = [code for code in codes_among(column.dropna().to_numpy(dtype=float)) if (wrong == code).any()]
        hint = (
            f" {code_text(codes[0])} looks like a code for a missing value: "
            f"read the table with symbols={{'{code_text(codes[0])}': 'missing'}}."
            if codes
            else " Counts are 0 or more: correct the table."
        )
        counts = count_noun(len(wrong), f"count in {column.name!r} is", f"counts in {column.name!r} are")
        raise CountError(f"{counts} negative or infinite ({shown}).{hint}")
    return column.astype(float)
