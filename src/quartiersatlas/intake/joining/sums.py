"""Columns of counts added to a new one, with the status that the parts leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from quartiersatlas.base.checks import count_noun, expects
from quartiersatlas.base.letters import composed
from quartiersatlas.catalogue import Message
from quartiersatlas.errors import ColumnError, CountError, SpecError, list_some
from quartiersatlas.intake.joining.data import AreaData, checked_counts, is_whole, kind_of, refuse_no_counts
from quartiersatlas.intake.tables.headers import find_column
from quartiersatlas.intake.tables.layout import summed
from quartiersatlas.intake.tables.read import Table

if TYPE_CHECKING:
    Data = TypeVar("Data", AreaData, Table)

EXAMPLE = '{"under_18": ["under_6", "6_to_18"]}'


def sum_columns(data: Data, sums: Mapping[str, Sequence[str]]) -> Data:
    r"""Add columns of counts to new ones.

    Parameters
    ----------
    data : Table or AreaData
        As :func:`read_table` or :func:`join` return it.
    sums : mapping of str to list of str
        New column -> the columns it is the sum of, which must not overlap in what they count.

    Returns
    -------
    Table or AreaData
        The same with the new columns, and a note for each. A sum is known where all its parts are: with a suppressed
        part it is suppressed, else with a missing one missing. It is a zero where all parts are zeros, and unreliable
        or provisional where one part is.

    Raises
    ------
    ArgumentError
        ``data`` or ``sums`` are something else.
    SpecError
        A sum has fewer than two parts, or one of them twice.
    ColumnError
        A part is not there, or the new column is there already.
    CountError
        A part holds no counts: rates, shares, means, medians and scores cannot be added.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import quartiersatlas as qa
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = file.write_text("key;under_6;6_to_18\n01;40;75\n02;.;30\n", encoding="utf-8")
    >>> table = qa.sum_columns(qa.read_table(file, key="key"), {"under_18": ["under_6", "6_to_18"]})
    >>> table.values["under_18"].tolist(), table.status["under_18"].tolist()
    ([115.0, nan], ['value', 'suppressed'])
    """
    expects(data, (AreaData, Table), "sum_columns", 'table = qa.read_table("table.csv", key="id")')
    expects(sums, Mapping, "sum_columns: sums", EXAMPLE)
    for name, parts in sums.items():
        expects(name, str, "sum_columns: sums", EXAMPLE)
        expects(parts, (list, tuple), f"sum_columns: {name!r}", EXAMPLE)
        data = _with_sum(data, composed(name), parts)
    return data


def _with_sum(data: Data, name: str, named: Sequence[str]) -> Data:
    columns = list(data.values.columns)
    for part in named:
        expects(part, str, f"sum_columns: {name!r}", EXAMPLE)
    parts = [find_column(part, columns, "sum_columns") for part in named]
    if len(parts) < 2 or len(set(parts)) < len(parts):  # noqa: PLR2004 - a sum has two parts
        raise SpecError(f"sum_columns: {name!r} needs at least two columns, each of them once, not {list_some(named)}.")
    if name in columns:
        raise ColumnError(f"sum_columns: there is a column {name!r} already. Name the sum otherwise.")
    _refuse_other_than_counts(data, parts)
    numbers = pd.concat([checked_counts(data.values[part]) for part in parts])
    states = pd.concat([data.status[part] for part in parts])
    total, state = _by_row(numbers, states, len(data.values))
    values = data.values.assign(**{name: total.to_numpy()})
    status = data.status.assign(**{name: state.astype("str").array})
    if isinstance(data, AreaData):
        note = Message("fact_summed", {"name": name, "parts": ", ".join(parts)})
        return replace(data, values=values, status=status, notes=(*data.notes, note))
    unknown = int(total.isna().sum())
    text = f"{name} is the sum of {', '.join(parts)}"
    text += f"; {count_noun(unknown, 'row has a part that is not known', 'rows have a part that is not known')}"
    return replace(data, values=values, status=status, notes=(*data.notes, text if unknown else text.split(";")[0]))


def _by_row(numbers: pd.Series[float], states: pd.Series[str], n: int) -> tuple[pd.Series[float], pd.Series[str]]:
    """Add the parts row by row: a key may have several rows, one for each year."""
    at = list(range(n)) * (len(numbers) // n if n else 0)
    return summed(numbers.set_axis(at), states.set_axis(at))


def _refuse_other_than_counts(data: AreaData | Table, parts: Sequence[str]) -> None:
    """Refuse what its kind, its name or its values show to be no count."""
    refuse_no_counts(data if isinstance(data, AreaData) else data.values, parts, "sum_columns")
    for part in parts:
        declared = isinstance(data, AreaData) and kind_of(data, part) == "count"
        if not declared and not is_whole(checked_counts(data.values[part])):
            column = data.values[part]
            broken = column[column % 1 > 0]
            raise CountError(
                f"sum_columns: {part!r} has {count_noun(len(broken), 'value')} that "
                f"{'is' if len(broken) == 1 else 'are'} not whole, such as {broken.iloc[0]:.15g}: shares and means "
                f"cannot be added. If they are estimated counts, say so in the join: kinds={{{part!r}: 'count'}}."
            )
