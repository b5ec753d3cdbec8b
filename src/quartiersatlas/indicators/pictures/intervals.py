"""Dots with their intervals, row by row: what is known, and how far chance reaches."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import number_writer
from quartiersatlas.charts import Axis, Chart, Dot, HRule, Line, VRule, axis, spread
from quartiersatlas.charts.marks import FAINT, INK, PAPER, QUIET
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

DOT = "#33507d"
NAN = float("nan")


@dataclass(frozen=True)
class IntervalRow:
    """One row: a value with the ends of its interval; NaN where nothing is shown.

    Parameters
    ----------
    name : str
        What stands at the left.
    value, lower, upper : float
        The dot, and the line through it.
    words : str
        What stands at the right.
    area : str
        Key of the area; empty for the city and for rows that are no areas.
    beside : float
        A second value, drawn as a ring.
    is_doubtful : bool
        Whether the dot is hollow: a value in brackets.
    """

    name: str
    value: float = NAN
    lower: float = NAN
    upper: float = NAN
    words: str = ""
    area: str = ""
    beside: float = NAN
    is_doubtful: bool = False


@dataclass(frozen=True, kw_only=True)
class IntervalWords:
    """The words of a chart of intervals: its kind, title, sentence, axis, note, and the headings of its table."""

    id: str
    title: str
    alt: str
    axis: str
    note: str
    head: tuple[str, ...]


def intervals_chart(
    rows: Sequence[IntervalRow], words: IntervalWords, lang: Lang = "de", *, n_apart: int = 0, rule: float = NAN
) -> Chart:
    """Return dots with intervals from top to bottom.

    Parameters
    ----------
    rows : sequence of IntervalRow
        In their order.
    words : IntervalWords
        Title and all that is written.
    lang : {"de", "en"}, default "de"
        Language of the numbers.
    n_apart : int, default 0
        So many first rows are ruled off from the others, such as the city.
    rule : float, optional
        Where an upright line runs, such as the city's value or 0.

    Returns
    -------
    Chart
        Rows without a value stay empty, with their words.

    Raises
    ------
    SpecError
        No row is given.
    """
    if not rows:
        raise SpecError("intervals_chart: no row is given.")
    marks: list[Mark] = [VRule(x=rule, stroke=FAINT, width=1.2)] if isfinite(rule) else []
    if 0 < n_apart < len(rows):
        marks.append(HRule(y=n_apart - 0.5, stroke=FAINT, width=0.8))
    for number, row in enumerate(rows):
        marks += _row(row, number)
    ends = [value for row in rows for value in (row.value, row.lower, row.upper, row.beside)]
    low, high = spread([*ends, rule])
    return Chart(
        id=words.id,
        title=words.title,
        alt=words.alt,
        x=axis(low, high + 0.03 * (high - low), words.axis, write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(row.name for row in rows), down=True),
        marks=tuple(marks),
        note=words.note,
        head=words.head,
        rows=tuple((row.name, row.words) for row in rows),
        right=tuple(row.words for row in rows),
        order=tuple(row.area for row in rows if row.area),
        height=0.16 + 0.036 * max(len(rows), 3),
    )


def _row(row: IntervalRow, number: int) -> list[Mark]:
    """Return the line, the dot, and the ring of a second value."""
    if not isfinite(row.value):
        return []
    marks: list[Mark] = []
    if isfinite(row.lower) and isfinite(row.upper):
        line = ((row.lower, number), (row.upper, number))
        marks.append(Line(points=line, stroke=DOT, width=2.0, opacity=0.55))
    if isfinite(row.beside):
        marks.append(Dot(x=row.beside, y=number, r=2.6, fill=PAPER, stroke=QUIET, width=0.9, area=row.area))
    fill, stroke = (PAPER, DOT) if row.is_doubtful else (DOT, PAPER)
    if not row.area:
        fill, stroke = (PAPER, INK) if row.is_doubtful else (INK, PAPER)
    marks.append(Dot(x=row.value, y=number, r=4.2, fill=fill, stroke=stroke, width=1.2, area=row.area))
    return marks
