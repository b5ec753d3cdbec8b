"""What indicators add to scores and take from them: bars from 0 to both sides, a dot at their sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue.texts import number_text, number_writer, text
from quartiersatlas.charts import Axis, Bar, Chart, Dot, VRule, axis
from quartiersatlas.charts.marks import ACCENT, INK, PAPER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

COLORS = ("#3b528b", "#e6a117", "#21918c", "#9c4f96", "#7a7a7a", "#b35806")
OTHERS = "#cfcfcf"


@dataclass(frozen=True)
class Contributions:
    """The parts of the scores of some areas, at most a handful of columns.

    Parameters
    ----------
    parts : DataFrame of float
        Areas by indicators; NaN where a part is not known or not shown.
    labels, colors : sequence of str
        Of each column.
    axis : str
        Label of the axis.
    score : str
        What the sums are, for the axis of the chart.
    of_all : int
        How many areas have a score.
    decimals : int
        Of the numbers in words.
    partly : collection of str
        Areas of whose score a part is not shown: their dot is hollow.
    notes : sequence of str
        Further sentences for below the chart.
    """

    parts: pd.DataFrame
    labels: Sequence[str]
    colors: Sequence[str]
    axis: str
    score: str
    of_all: int
    decimals: int = 2
    partly: Collection[str] = field(default_factory=frozenset)
    notes: Sequence[str] = ()

    def signed(self, value: float, lang: Lang) -> str:
        """Write a number with its sign."""
        written = number_text(float(value), self.decimals, lang)
        return f"+{written}" if value > 0 and written.strip("0,.") else written


def contributions_chart(shown: Contributions, lang: Lang, names: Mapping[str, str], area: str = "") -> Chart:
    """Return the parts of scores as a chart: one row per area, in their order."""
    keys = [str(key) for key in shown.parts.index]
    table = shown.parts.fillna(0.0).to_numpy(dtype=float)
    sums = table.sum(axis=1)
    marks: list[Mark] = [VRule(x=0.0, stroke=INK)]
    for row, values in enumerate(table):
        marks += _stacked(row, values, shown.colors, keys[row])
    marks += [
        _sum(row, float(total), key, shown, area) for row, (key, total) in enumerate(zip(keys, sums, strict=True))
    ]
    bands = tuple(str(names.get(key, key)) for key in keys)
    written = [[shown.signed(v, lang) for v in row] for row in table]
    partly = [text("drivers_partly", lang)] if any(key in shown.partly for key in keys) else []
    counts = {"n": number_text(len(keys), 0, lang), "all": number_text(shown.of_all, 0, lang)}
    return Chart(
        id="contributions",
        title=text("chart_contributions", lang, axis=shown.axis),
        alt=_sentence(shown, bands, table, sums, lang),
        x=axis(*_ends(table), shown.score, write=number_writer(lang), grid=True),
        y=Axis(-0.6, max(len(keys), 1) - 0.4, bands=bands, down=True),
        marks=tuple(marks),
        note=" ".join([text("chart_contributions_note", lang, **counts), *shown.notes, *partly]),
        head=(text("label_area", lang), *shown.labels, text("chart_sum", lang)),
        rows=tuple((b, *w, shown.signed(s, lang)) for b, w, s in zip(bands, written, sums, strict=True)),
        right=tuple(shown.signed(s, lang) for s in sums),
        key=tuple(zip(shown.colors, shown.labels, strict=True)),
        order=tuple(keys),
        height=0.12 + 0.04 * max(len(keys), 2),
    )


def _sum(row: int, total: float, key: str, shown: Contributions, area: str) -> Dot:
    """Return the dot at the sum of an area: hollow where a part of the score is not shown."""
    color = ACCENT if key == area else INK
    if key in shown.partly:
        return Dot(x=total, y=row, r=3.6, fill=PAPER, stroke=color, width=1.6, area=key)
    return Dot(x=total, y=row, r=4, fill=color, stroke=PAPER, width=1.2, area=key)


def _stacked(row: int, values: np.ndarray, colors: Sequence[str], key: str) -> list[Mark]:
    """Return the parts of one area: those above 0 to the right, one after the other, those below to the left."""
    marks: list[Mark] = []
    right = left = 0.0
    for value, color in zip(values, colors, strict=True):
        start = right if value > 0 else left
        if value > 0:
            right += value
        else:
            left += value
        if value:
            x1 = float(start + value)
            marks.append(
                Bar(x0=float(start), x1=x1, y0=row - 0.33, y1=row + 0.33, fill=color, stroke=PAPER, width=0.5, area=key)
            )
    return marks


def _ends(table: np.ndarray) -> tuple[float, float]:
    if not table.size:
        return -1.0, 1.0
    low, high = float(np.minimum(table, 0).sum(axis=1).min()), float(np.maximum(table, 0).sum(axis=1).max())
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def _sentence(shown: Contributions, bands: Sequence[str], table: np.ndarray, sums: np.ndarray, lang: Lang) -> str:
    """Say for each area its score and the indicator that raises it most."""
    parts = []
    for band, row, total in zip(bands, table, sums, strict=True):
        most = int(np.argmax(row))
        words = {
            "area": band,
            "score": shown.signed(total, lang),
            "indicator": shown.labels[most],
            "part": shown.signed(row[most], lang),
        }
        parts.append(text("chart_contributions_sentence", lang, **words))
    return " ".join(parts)
