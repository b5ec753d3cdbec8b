"""The counts of a group and of the others in every area: from the columns of the data, checked cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import ArgumentError, ColumnError, CountError, SpecError
from quartiersatlas.indicators.gaps.score_intervals import PairCounts
from quartiersatlas.intake.joining.data import refuse_no_counts

if TYPE_CHECKING:
    from quartiersatlas.intake import AreaData

PARTS = ("x_group", "n_group", "x_others", "n_others")
WORSE = ("not_applicable", "unreliable", "missing", "suppressed")  # the later one prevails


@dataclass(frozen=True)
class GapColumns:
    """Which columns hold cases and persons of the group, of all, and of the others where the data have these."""

    group: tuple[str, str]
    all: tuple[str, str]
    others: tuple[str, str] | None = None


@dataclass(frozen=True, eq=False)
class GapCounts:
    """Cases and persons of group and others on the district key.

    Parameters
    ----------
    table : DataFrame
        ``x_group``, ``n_group``, ``x_others``, ``n_others``: all four known, or all four NaN.
    reason : Series of str
        Why an area has none: the status of the count that is unknown; empty where all are known.
    """

    table: pd.DataFrame
    reason: pd.Series[str]

    @property
    def counts(self) -> PairCounts:
        """The same as arrays."""
        return as_counts(self.table)

    def known(self) -> pd.DataFrame:
        """Return the areas whose counts are known."""
        return self.table[self.reason.eq("")]


def as_counts(table: pd.DataFrame) -> PairCounts:
    """Return the four columns of a table as arrays."""
    return PairCounts(*(table[name].to_numpy(dtype=np.float64) for name in PARTS))


def pair_of(value: object, name: str) -> tuple[str, str]:
    """Return cases and persons of one population: the names of two columns."""
    if not isinstance(value, tuple | list) or len(value) != 2 or not all(isinstance(c, str) for c in value):  # noqa: PLR2004 - cases and persons
        raise ArgumentError(
            f"group_gap: {name} takes two columns, cases and persons: {name}=('x_{name}', 'n_{name}'), not {value!r}."
        )
    if value[0] == value[1]:
        raise SpecError(f"group_gap: {name} names {value[0]!r} twice: cases first, then the persons they are among.")
    return str(value[0]), str(value[1])


def gap_counts(data: AreaData, columns: GapColumns) -> GapCounts:
    """Return the counts of every area.

    Raises
    ------
    ColumnError
        A column is not there: without counts by group there is no gap.
    CountError
        A column holds no counts, the group is more than all, has more cases than persons, or does not add up with the
        others to all.
    """
    found = {}
    named = {"group": columns.group, "all": columns.all, **({"others": columns.others} if columns.others else {})}
    for name, pair in named.items():
        for part, column in zip("xn", pair, strict=True):
            found[f"{part}_{name}"] = _counts(data, column, name)
    _check_parts(found, columns)
    for part in "xn":
        rest = found[f"{part}_all"] - found[f"{part}_group"]
        if columns.others is not None:
            _check_sum(found[f"{part}_others"], rest, columns, part)
            rest = rest.where(found[f"{part}_others"].notna())
        found[f"{part}_others"] = rest
    above = found["x_others"].index[found["x_others"] > found["n_others"]]
    if len(above):
        raise CountError(
            f"group_gap: {count_noun(len(above), 'area has', 'areas have')} more cases than persons among the others "
            f"({_shown(found['x_others'], found['n_others'], above)}): all minus the group. Are {columns.all!r} and "
            f"{columns.group!r} counts of the same persons at the same date?"
        )
    table = pd.DataFrame({name: found[name] for name in PARTS})
    unknown = table.isna().any(axis=1)
    reason = pd.Series("", index=table.index, dtype=object).mask(unknown, "missing")
    statuses = data.status[[column for pair in named.values() for column in pair]]
    for status in WORSE:
        reason = reason.mask(unknown & (statuses == status).any(axis=1), status)
    return GapCounts(table.mask(unknown), reason)


def _counts(data: AreaData, column: str, name: str) -> pd.Series[float]:
    """Return a column of counts, or say what has to be asked for."""
    ask = (
        "A gap needs the cases counted by group, which no shares of areas give: ask the register for the cases and the "
        f"persons of the group in every area, as {name}=(cases, persons)."
    )
    if column not in data.values.columns:
        raise ColumnError(f"{ColumnError.not_found(column, data.values.columns, 'The data')} {ask}")
    try:
        refuse_no_counts(data, [column], "group_gap")
        return data.counts(column)
    except CountError as error:
        raise CountError(f"{error} {ask}") from error


def _check_parts(found: dict[str, pd.Series[float]], columns: GapColumns) -> None:
    """Refuse a group that is more than all, and more cases than persons."""
    pairs = [("x_group", "n_group", columns.group), ("x_all", "n_all", columns.all)]
    pairs += [(f"{part}_group", f"{part}_all", (columns.group[k], columns.all[k])) for k, part in enumerate("xn")]
    for part, whole, (small, large) in pairs:
        above = found[part].index[found[part] > found[whole]]
        if len(above):
            raise CountError(
                f"group_gap: {count_noun(len(above), 'area has', 'areas have')} more in {small!r} than in {large!r} "
                f"({_shown(found[part], found[whole], above)}). The group is a part of all, and cases are a part of "
                f"the persons: are the columns named in the right order, (cases, persons)?"
            )


def _check_sum(others: pd.Series[float], rest: pd.Series[float], columns: GapColumns, part: str) -> None:
    """Refuse others that are not all minus the group."""
    odd = others.index[(others - rest).abs() > 0.5]  # noqa: PLR2004 - half a person
    if len(odd) and columns.others is not None:
        name = columns.others["xn".index(part)]
        raise CountError(
            f"group_gap: in {count_noun(len(odd), 'area')} {name!r} is not all minus the group "
            f"({_shown(others, rest, odd)}). Leave others out, or correct the table."
        )


def _shown(one: pd.Series[float], other: pd.Series[float], keys: pd.Index) -> str:
    return ", ".join(f"{key!r}: {one[key]:g} of {other[key]:g}" for key in keys[:5])
