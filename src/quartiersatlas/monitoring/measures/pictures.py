"""Coverage as a matrix whose signs survive a grey print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.charts.chart import Chart
from quartiersatlas.charts.marks import ACCENT, INK, PAPER, QUIET, Axis, Dot, Mark, Text
from quartiersatlas.intake.registers.schema import field_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quartiersatlas.catalogue import Lang

MOST_ROWS = 40
ROW, HEAD = 0.055, 0.22  # of the width
SIGNS: dict[str, dict[str, Any]] = {
    "covered": {"fill": INK, "stroke": INK},
    "city_wide_only": {"fill": PAPER, "stroke": INK, "width": 1.4},
    "need_without_measure": {"fill": ACCENT, "stroke": ACCENT, "shape": "diamond", "r": 5.0},
    "measure_without_need": {"fill": PAPER, "stroke": QUIET, "shape": "triangle", "width": 1.2},
}
LETTERS = {
    "covered": "●",
    "city_wide_only": "○",
    "need_without_measure": "◆",
    "measure_without_need": "▽",
    "need_unknown": "?",
}


class Covered(Protocol):
    """What the chart is made of."""

    @property
    def matrix(self) -> pd.DataFrame:
        """The states."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """The names of the areas."""
        ...

    def caption(self, lang: Lang = "de") -> str:
        """Say what decides."""
        ...


def coverage_chart(coverage: Covered, kind: str | None = None, lang: Lang = "de") -> Chart:
    """Return the matrix of areas and fields of action.

    Parameters
    ----------
    kind : {"matrix"}, optional
        The only one.
    lang : {"de", "en"}, default "de"
        Language.
    """
    check_lang(lang)
    choice(kind, (None, "matrix"), "kind")
    whole = coverage.matrix
    is_open = whole.isin(["need_without_measure", "city_wide_only", "covered", "measure_without_need"]).any(axis=1)
    matrix = whole[is_open].head(MOST_ROWS)
    fields, names = field_labels(lang), [coverage.names.get(area, area) for area in matrix.index]
    marks: list[Mark] = []
    for y, (area, row) in enumerate(matrix.iterrows()):
        for x, state in enumerate(row):
            if state in SIGNS:
                marks.append(Dot(x=x, y=y, area=str(area), **SIGNS[state]))
            elif state == "need_unknown":
                marks.append(Text(x=x, y=y, text="?", fill=QUIET, area=str(area)))
    labels = {state: text(f"coverage_{state}", lang) for state in LETTERS}
    note = " · ".join(f"{letter} {labels[state]}" for state, letter in LETTERS.items())
    if len(whole) > len(matrix):
        note += ". " + text("coverage_left_out", lang, n=len(whole) - len(matrix)).removesuffix(".")
    counts = pd.Series(whole.to_numpy().ravel()).value_counts()
    said = "; ".join(f"{labels[state]}: {counts[state]}" for state in LETTERS if state in counts.index)
    return Chart(
        id="coverage",
        title=text("coverage_title", lang),
        alt=f"{text('coverage_title', lang)}. {said or text('coverage_nothing', lang)}",
        x=Axis(
            -0.5,
            max(len(matrix.columns), 1) - 0.5,
            bands=tuple(text(f"shortfield_{one}", lang) for one in matrix.columns),
            grid=True,
        ),
        y=Axis(-0.5, max(len(matrix), 1) - 0.5, bands=tuple(names), down=True, grid=True),
        marks=tuple(marks),
        note=f"{note}. {coverage.caption(lang)}",
        head=(text("label_area", lang), *(fields[one] for one in matrix.columns)),
        rows=tuple(
            (name, *(labels.get(state, "–") if isinstance(state, str) else "" for state in row))
            for name, (_, row) in zip(names, matrix.iterrows(), strict=True)
        ),
        order=tuple(map(str, matrix.index)),
        height=HEAD + ROW * max(len(matrix), 1),
    )
