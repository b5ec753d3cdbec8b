"""The units inside areas as dots, one row per area, with the value of the city as a line: for internal use."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, place_words, text, value_text
from quartiersatlas.charts import Axis, Chart, Dot, Line, VRule, axis, spread
from quartiersatlas.charts.marks import ACCENT, FAINT, INK, PAPER, QUIET
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

UNIT = "#7f97b5"
VERDICTS = {
    "both": "within_verdict_both",
    "uniform": "within_verdict_uniform",
    "undecided": "within_verdict_undecided",
    "counts_only": "within_verdict_counts_only",
    "unknown": "within_verdict_unknown",
    "empty": "within_verdict_empty",
}


@dataclass(frozen=True)
class UnitRow:
    """An area: the values of its units in percent, its own value, its verdict, how many units it has."""

    name: str
    values: tuple[float, ...]
    share: float
    verdict: str
    n_units: int


def within_chart(
    rows: Sequence[UnitRow], indicator: str, city: float, lang: Lang, everything: int, *, city_name: str = ""
) -> Chart:
    """Return the units of each area as dots beside the city value.

    Parameters
    ----------
    rows : sequence of UnitRow
        In the order in which they are drawn.
    indicator : str
        Its label.
    city : float
        Its value in the city, in percent.
    lang : {"de", "en"}
        Language.
    everything : int
        How many areas there are.
    city_name : str, optional
        What the city is called.

    Returns
    -------
    Chart
        A bar for the area's own value, dots for its units.

    Raises
    ------
    SpecError
        There is no such language, or no row.
    """
    check_lang(lang)
    if not rows:
        raise SpecError("within_chart: no area is given.")
    marks: list[Mark] = [VRule(x=city, stroke=INK, width=1.0, text=city_name or text("label_city", lang))]
    for number, row in enumerate(rows):
        marks += _row(row, number)
    shown = [value for row in rows for value in row.values]
    low, high = spread([city, *shown])
    n_both = sum(row.verdict == "both" for row in rows)
    title = text("chart_within", lang, indicator=indicator)
    counts = {"n": number_text(len(rows), 0, lang), "both": number_text(n_both, 0, lang)}
    said = {**counts, "share": value_text(city, 1, "%", lang), **place_words(city_name)}
    note = [text("chart_within_note", lang)]
    if len(rows) < everything:
        note.append(text("chart_within_most", lang, n=counts["n"], all=number_text(everything, 0, lang)))
    percent = value_text(0, 0, "%", lang)[1:].strip()
    verdicts = tuple(text(VERDICTS[row.verdict], lang) for row in rows)
    return Chart(
        id="within_area",
        title=title,
        alt=text("chart_within_sentence", lang, **said),
        x=axis(low, high, f"{indicator} ({percent})", write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(row.name for row in rows), down=True),
        marks=tuple(marks),
        note=" ".join(note),
        head=tuple(text(name, lang) for name in ("label_area", "chart_within_units", "chart_within_verdict")),
        rows=tuple(
            (row.name, number_text(row.n_units, 0, lang), word) for row, word in zip(rows, verdicts, strict=True)
        ),
        right=verdicts,
        key=((ACCENT, text("within_verdict_both", lang)), (UNIT, text("chart_within_other", lang))),
        height=0.16 + 0.036 * max(len(rows), 3),
    )


def _row(row: UnitRow, number: int) -> list[Mark]:
    if not row.values:
        return []
    ends = (min(row.values), number), (max(row.values), number)
    marks: list[Mark] = [Line(points=ends, stroke=FAINT, width=2)]
    color = ACCENT if row.verdict == "both" else UNIT
    marks += [Dot(x=value, y=number, r=3.2, fill=color, stroke=PAPER, width=0.5) for value in sorted(row.values)]
    if isfinite(row.share):
        marks.append(Line(points=((row.share, number - 0.3), (row.share, number + 0.3)), stroke=QUIET, width=1.4))
    return marks
