"""A chart as plain data: two axes with finished ticks, marks in data units, a sentence, and the same as a table.

Builders in the rooms hold all thought; whoever draws a chart only draws. The page, the paper and the notebook draw the
same record.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quartiersatlas.charts.marks import Axis, Mark


@dataclass(frozen=True)
class ChartRecord:
    """A picture of numbers, with its sentence and its table.

    Parameters
    ----------
    id : str
        Which kind of chart it is, such as ``"certainty"``.
    title : str
        What it shows.
    alt : str
        The same as a sentence, for who does not see it.
    x, y : Axis
        The axes.
    marks : tuple of Mark
        In the order in which they are drawn.
    note : str
        What a reader has to know: what is not shown, what a colour means.
    head, rows : tuple
        The same as a table.
    right : tuple of str
        Words at the right end of each row of the y axis.
    key : tuple of (str, str)
        Colours and what they stand for, where lines and bars cannot be named at their end.
    order : tuple of str
        Keys of areas in the order in which the keyboard walks through them.
    height : float
        Height by width, as it looks best.
    """

    id: str
    title: str
    alt: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    note: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    right: tuple[str, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    order: tuple[str, ...] = ()
    height: float = 0.5

    def to_json(self) -> dict[str, Any]:
        """Return the chart as lists and numbers: what the page draws too."""
        return {
            "id": self.id,
            "title": self.title,
            "alt": self.alt,
            "note": self.note,
            "x": _plain(self.x),
            "y": _plain(self.y),
            "marks": [{"kind": mark.kind, **_plain(mark)} for mark in self.marks],
            "head": list(self.head),
            "rows": [list(row) for row in self.rows],
            "right": list(self.right),
            "key": _lists(self.key),
            "order": list(self.order),
            "height": self.height,
        }


def _plain(record: Any) -> dict[str, Any]:  # noqa: ANN401 - an axis or a mark
    """Return the fields of a record that differ from their default."""
    found = {}
    for one in fields(record):
        value = getattr(record, one.name)
        if value != one.default:
            found[one.name] = _lists(value)
    return found


def _lists(value: Any) -> Any:  # noqa: ANN401 - numbers, text, tuples of them
    if isinstance(value, tuple):
        return [_lists(part) for part in value]
    return value
