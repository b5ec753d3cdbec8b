"""How much segregation is left when areas are merged?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, percent_text, text
from quartiersatlas.charts import Axis, Chart, Dot, HRule, Line, Text, axis
from quartiersatlas.charts.marks import INK, PAPER, QUIET

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

LEFT = "#33507d"
KEPT = (0.99, 0.95, 0.9, 0.75, 0.5)  # shares of M whose number of areas is said
ROUNDING = 1e-12
MOST_POINTS = 400


def compression_chart(path: pd.DataFrame, kind: str | None, lang: Lang) -> Chart:
    """Return the share of M that is left over the number of areas, and how few areas keep how much."""
    choice(kind, (None, "path"), "kind")
    check_lang(lang)
    segregated = len(path) > 0 and path["mutual_information"].iloc[0] > ROUNDING
    known = path.dropna(subset=["share"]) if segregated else path.iloc[:0]
    step = max(1, len(known) // MOST_POINTS)
    drawn = known[(known.index % step == 0) | (known.index == known.index[-1])] if len(known) else known
    points = tuple(zip(drawn["n_areas"].astype(float), drawn["share"].astype(float), strict=True))
    marks: list[Mark] = [HRule(y=0.0, stroke=INK), Line(points=points, stroke=LEFT, width=2.2)]
    rows = []
    for share in KEPT:
        fewest = known.loc[known["share"] >= share - ROUNDING, "n_areas"]
        if fewest.empty:
            continue
        areas, left = float(fewest.iloc[-1]), float(known.loc[fewest.index[-1], "share"])
        rows.append((percent_text(share, lang), number_text(areas, 0, lang)))
        marks.append(Dot(x=areas, y=left, r=3.4, fill=LEFT, stroke=PAPER, width=0.8))
        label = f"{percent_text(share, lang)}: {number_text(areas, 0, lang)}"
        marks.append(Text(x=areas, y=left, text=label, dx=7, dy=12, anchor="start", fill=QUIET))
    most = float(known["n_areas"].iloc[0]) if len(known) else 1.0
    return Chart(
        id="path",
        title=text("chart_path", lang),
        alt=" ".join(text("chart_path_alt", lang, share=share, n=n) for share, n in rows),
        x=axis(0.0, 1.02 * most, text("chart_path_areas", lang), write=number_writer(lang)),
        y=Axis(
            -0.02,
            1.05,
            text("chart_path_left", lang),
            tuple((v / 4, percent_text(v / 4, lang)) for v in range(5)),
            grid=True,
        ),
        marks=tuple(marks),
        note=text("chart_path_note", lang),
        head=(text("chart_path_left", lang), text("chart_path_areas", lang)),
        rows=tuple(rows),
        height=0.5,
    )
