"""``[indicators]``: the columns that are named as counts are there, and are counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.errors import ColumnError
from quartiersatlas.project.toml_words import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quartiersatlas.intake import AreaData, Table


def refuse_odd_counts(
    pairs: Mapping[str, tuple[str, str]], data: AreaData, made: Iterable[str], tables: Iterable[Table]
) -> None:
    """Refuse numerators and denominators that no table has, or that are written as percentages.

    Parameters
    ----------
    pairs : mapping of str to tuple of str
        Indicator -> numerator and denominator.
    data : AreaData
        The joined tables of a period.
    made : iterable of str
        Counts that are made of shares.
    tables : iterable of Table
        The tables as read, which know their percent signs.

    Raises
    ------
    ColumnError
        The message names the indicator and the column.
    """
    known = {*data.values.columns, *made}
    percent = {name for table in tables for name, unit in table.units.items() if unit == "percent"}
    for name, pair in pairs.items():
        for column in pair:
            if column not in known:
                raise ColumnError.not_found(column, data.values.columns, f"[indicators] {name}: the data")
            if column in percent:
                raise ColumnError(
                    f"[indicators] {name}: {column!r} holds percentages, not counts. A ready-made share stands in "
                    f"[[tables]] instead: columns = {{ {name} = {toml_value(column)}, ... }}."
                )
