"""A matrix of the number of burdens and the class of need: how many areas, how many residents."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from quartiersatlas.catalogue.texts import number_text, text
from quartiersatlas.charts import Axis, Bar, Chart, Text
from quartiersatlas.charts.marks import ACCENT, INK, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

TONE = (8, 69, 148)
DARK = 0.72  # strength of a colour from which on white letters read better
SEVERAL = 2  # burdens that are marked in the highest class


def burden_chart(
    table: pd.DataFrame, residents: pd.DataFrame | None, classes: Sequence[str], note: str, lang: Lang
) -> Chart:
    """Return the matrix: burdens upwards, need to the right; framed where several burdens meet the highest need.

    Parameters
    ----------
    table : DataFrame of int
        Areas, a row per number of burdens from all down to 0, a column per class.
    residents : DataFrame or None
        Residents, like the table.
    classes : sequence of str
        Labels of the columns.
    note : str
        Limits, and what is unknown.
    lang : {"de", "en"}
        Language.
    """
    counts = table.to_numpy(dtype=int)
    people = np.full(counts.shape, np.nan) if residents is None else residents.to_numpy(dtype=float)
    most = max(1, int(counts.max(initial=0)))
    numbers = [int(row) for row in table.index.to_numpy()]
    marks: list[Mark] = []
    severe = np.array(numbers) >= min(SEVERAL, numbers[0])
    for i in range(len(numbers)):
        for j in range(len(classes)):
            is_marked = j == len(classes) - 1 and bool(severe[i])
            marks += _cell(i, j, int(counts[i, j]), most, float(people[i, j]), lang, is_marked=is_marked)
    several = int(counts[severe, -1].sum())
    said = {
        "n": number_text(several, 0, lang),
        "all": number_text(int(counts.sum()), 0, lang),
        "least": number_text(min(SEVERAL, numbers[0]), 0, lang),
        "need": classes[-1],
    }
    words = tuple(number_text(row, 0, lang) for row in numbers)
    rows = tuple(
        (word, *(number_text(int(count), 0, lang) for count in row)) for word, row in zip(words, counts, strict=True)
    )
    label = text("chart_burden_number", lang)
    return Chart(
        id="burden",
        title=text("chart_burden", lang),
        alt=text("chart_burden_sentence", lang, **said),
        x=Axis(-0.5, len(classes) - 0.5, text("heading_need", lang), bands=tuple(classes)),
        y=Axis(-0.5, len(numbers) - 0.5, label, bands=words, down=True),
        marks=tuple(marks),
        note=f"{text('chart_burden_sentence', lang, **said)} {note}",
        head=(label, *classes),
        rows=rows,
        height=0.16 + 0.09 * len(numbers),
    )


def _cell(i: int, j: int, count: int, most: int, persons: float, lang: Lang, *, is_marked: bool) -> list[Mark]:
    """Return a cell, the darker the more areas."""
    strength = 0.0 if count == 0 else 0.12 + 0.75 * (count / most) ** 0.5
    look: dict[str, Any] = {"fill": PAPER if strength > DARK else INK if count else QUIET, "halo": False}
    stroke, width = (ACCENT, 1.6) if is_marked else (_color(0.35), 0.6)
    marks: list[Mark] = [
        Bar(x0=j - 0.47, x1=j + 0.47, y0=i - 0.44, y1=i + 0.44, fill=_color(strength), stroke=stroke, width=width)
    ]
    has_persons = isfinite(persons) and count > 0
    written = number_text(count, 0, lang)
    marks.append(Text(x=j, y=i, text=written, size=10, bold=count > 0, dy=-4 if has_persons else 0, **look))
    if has_persons:
        words = text("chart_residents", lang, n=number_text(persons, 0, lang))
        marks.append(Text(x=j, y=i, text=words, size=6.5, dy=5, **look))
    return marks


def _color(strength: float) -> str:
    return "#" + "".join(f"{round(255 + strength * (part - 255)):02x}" for part in TONE)
