"""How sure is the shortlist? The share of the runs in which an area is selected, and the interval of its rank."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue.texts import number_text, number_writer, percent_text, text
from quartiersatlas.charts import Axis, Bar, Chart, Dot, Line, VRule, axis
from quartiersatlas.charts.marks import ACCENT, FAINT, INK, PAPER, QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

MOST = 24
TINT = "#f0eee3"


@dataclass(frozen=True)
class StableAreas:
    """What the charts of a stability run are made of.

    Parameters
    ----------
    table : DataFrame
        As :class:`quartiersatlas.need.robustness.stability.Stability` has it.
    limits : (float, float)
        Shares of the runs at which a case becomes a borderline one and a sure one.
    runs : int
        Number of runs.
    names : mapping of str to str
        Key -> name.
    area : str
        Key of an area that stands out.
    """

    table: pd.DataFrame
    limits: tuple[float, float]
    runs: int
    names: Mapping[str, str] = field(default_factory=dict)
    area: str = ""

    def name(self, key: object) -> str:
        """Return the name of an area, or its key."""
        return str(self.names.get(str(key), key))


def certainty_chart(areas: StableAreas, lang: Lang = "de", *, most: int = MOST) -> Chart:
    """Return how often areas are selected as a chart: filled dots are selected as published.

    Parameters
    ----------
    areas : StableAreas
        The result of a stability run.
    lang : {"de", "en"}
        Language.
    most : int
        Areas that are drawn at most: of more, those whose selection is least sure.

    Returns
    -------
    Chart
        Areas that are selected or might be, sorted by how sure their selection is: no ranking of need.
    """
    table = areas.table.dropna(subset=["p_selected"])
    asked = table[table["label"].ne("not_selected") | table["selected"].eq(other=True)]
    kept = asked.loc[(asked["p_selected"] - 0.5).abs().sort_values(kind="stable").index[:most]]
    kept = kept.sort_values("p_selected", ascending=False, kind="stable")
    low, high = areas.limits
    marks: list[Mark] = [
        Bar(x0=100 * low, x1=100 * high, y0=-0.6, y1=max(len(kept), 1) - 0.4, fill=TINT),
        *(VRule(x=100 * limit, text=percent_text(limit, lang), stroke=QUIET, dash=(3, 2)) for limit in areas.limits),
    ]
    for row, (key, p, selected) in enumerate(zip(kept.index, kept["p_selected"], kept["selected"], strict=True)):
        color, share = ACCENT if str(key) == areas.area else INK, 100 * float(p)
        marks.append(
            Line(
                points=((0.0, float(row)), (share, float(row))),
                stroke=color if str(key) == areas.area else FAINT,
                width=1.6,
            )
        )
        marks.append(
            Dot(x=share, y=row, r=4, fill=color if selected else PAPER, stroke=color, width=1.3, area=str(key))
        )
    words = tuple(
        f"{_share(p, lang)} {text(_LABELS[label], lang)}"
        for p, label in zip(kept["p_selected"], kept["label"], strict=True)
    )
    note = text("chart_certainty_note", lang, runs=number_text(areas.runs, 0, lang))
    if len(asked) > len(kept):
        note += " " + text(
            "chart_certainty_most", lang, n=number_text(len(kept), 0, lang), all=number_text(len(asked), 0, lang)
        )
    names = tuple(areas.name(key) for key in kept.index)
    return Chart(
        id="certainty",
        title=text("chart_certainty", lang),
        alt=_certain_sentence(table, lang),
        x=axis(0, 100, text("chart_percent_of_runs", lang), write=number_writer(lang)),
        y=Axis(-0.6, max(len(kept), 1) - 0.4, bands=names, down=True),
        marks=tuple(marks),
        note=note,
        head=(text("label_area", lang), text("chart_percent_of_runs", lang), text("chart_certainty_label", lang)),
        rows=tuple(
            (n, _share(p, lang), text(_LABELS[label], lang))
            for n, p, label in zip(names, kept["p_selected"], kept["label"], strict=True)
        ),
        right=words,
        order=tuple(map(str, kept.index)),
        height=_height(len(kept)),
    )


_LABELS = {
    "certain": "stability_certain",
    "borderline": "stability_borderline",
    "not_selected": "stability_not_selected",
}


def _share(p: float, lang: Lang) -> str:
    """Return a share of the runs; one that is not all or none is never written as if it were."""
    percent = round(100.0 * float(p))
    within = min(max(percent, 1), 99) if 0 < p < 1 else percent
    return percent_text(within / 100, lang)


def _height(rows: int) -> float:
    return 0.12 + 0.032 * max(rows, 2)


def _certain_sentence(table: pd.DataFrame, lang: Lang) -> str:
    counts = table["label"].value_counts()
    sure, open_cases = (number_text(int(counts.get(label, 0)), 0, lang) for label in ("certain", "borderline"))
    return text("chart_certainty_sentence", lang, n=number_text(len(table), 0, lang), sure=sure, open=open_cases)


def rank_chart(areas: StableAreas, lang: Lang = "de", *, most: int = MOST) -> Chart:
    """Return the ranks of the areas with their intervals as a chart: for the analyst, not for the public.

    Parameters
    ----------
    areas : StableAreas
        The result of a stability run.
    lang : {"de", "en"}
        Language.
    most : int
        Areas that are drawn at most: those of the highest need as published.

    Returns
    -------
    Chart
        Dot: rank as published; bar: 5 to 95 per cent of the runs.
    """
    table = areas.table.dropna(subset=["rank"]).sort_values("rank", kind="stable")
    kept = table.head(most)
    marks: list[Mark] = []
    for row, (key, rank, low, high) in enumerate(
        zip(kept.index, kept["rank"], kept["rank_lower"], kept["rank_upper"], strict=True)
    ):
        color = ACCENT if str(key) == areas.area else INK
        if np.isfinite(low) and np.isfinite(high):
            marks.append(
                Line(
                    points=((float(low), float(row)), (float(high), float(row))),
                    stroke=color if str(key) == areas.area else "#8fa3ba",
                    width=5,
                    opacity=0.7,
                )
            )
        marks.append(Dot(x=float(rank), y=row, r=3.6, fill=color, stroke=PAPER, area=str(key)))
    last = float(np.nanmax([1.0, *kept["rank_upper"], *kept["rank"]])) if len(kept) else 1.0
    words = tuple(
        text("chart_rank_words", lang, rank=_rank(rank, lang), low=_rank(low, lang), high=_rank(high, lang))
        for rank, low, high in zip(kept["rank"], kept["rank_lower"], kept["rank_upper"], strict=True)
    )
    names = tuple(areas.name(key) for key in kept.index)
    first = {"n": number_text(len(kept), 0, lang), "all": number_text(len(table), 0, lang)}
    note = text("chart_rank_note", lang, runs=number_text(areas.runs, 0, lang), **first)
    return Chart(
        id="rank_interval",
        title=text("chart_ranks", lang),
        alt=f"{note} " + " ".join(f"{n}: {w}." for n, w in zip(names, words, strict=True)),
        x=axis(0.5, last + 0.5, text("chart_rank_axis", lang), write=number_writer(lang), most=8, grid=True),
        y=Axis(-0.6, max(len(kept), 1) - 0.4, bands=names, down=True),
        marks=tuple(marks),
        note=note,
        head=(text("label_area", lang), text("chart_rank_axis", lang)),
        rows=tuple(zip(names, words, strict=True)),
        right=words,
        order=tuple(map(str, kept.index)),
        height=_height(len(kept)),
    )


def _rank(rank: float, lang: Lang) -> str:
    return number_text(float(rank), 0, lang) if np.isfinite(rank) else "–"
