"""The segregation curve of a group, and the areas of a city side by side with their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from quartiersatlas.catalogue.texts import number_text, number_writer, percent_text, place_words, text
from quartiersatlas.charts import Axis, Bar, Chart, Line, Text, axis
from quartiersatlas.charts.marks import ACCENT, QUIET
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.indices.evenness import dissimilarity, gini

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark
    from quartiersatlas.segregation.prepared import PreparedCounts

    Floats = NDArray[np.float64]

POINTS = 21  # of the curve: every twentieth; a vertex per area would give every count back
LEAST_AREAS = 20  # of a picture in which each area has its column
COLORS = ("#3b528b", "#e6a117", "#21918c", "#9c4f96", "#7a7a7a", "#b35806")
REST_COLOR = "#dcdcdc"
CITY_WIDTH = 0.09  # of the column of the whole city, and of the gap beside it together


def segregation_curve(group: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return the segregation curve at 21 fixed points.

    Parameters
    ----------
    group, other : array of float, shape (n_areas,)
        Persons of the group and of the population it is compared with.

    Returns
    -------
    at, curve : array of float, shape (21,)
        Cumulative share of the other population (0, 0.05, ..., 1) and of the group, areas with the lowest share of the
        group first: ``curve <= at``.

    Notes
    -----
    The largest gap between diagonal and curve is D, twice the area between them G [1]_; at fixed points, both are met
    from below.

    References
    ----------
    .. [1] Duncan, O. D. & Duncan, B. (1955). A methodological analysis of segregation indexes.
           American Sociological Review 20(2), 210-217.

    Examples
    --------
    >>> at, curve = segregation_curve(np.array([100.0, 60, 40, 0]), np.array([0.0, 40, 60, 100]))
    >>> round(float((at - curve).max()), 12)
    0.6
    """
    both = group + other
    lived = both > 0
    order = np.argsort(group[lived] / both[lived], kind="stable")
    x = np.concatenate([[0.0], np.cumsum(other[lived][order])]) / other.sum()
    y = np.concatenate([[0.0], np.cumsum(group[lived][order])]) / group.sum()
    at = np.linspace(0.0, 1.0, POINTS)
    last = np.flatnonzero(x < 1.0)[-1] + 1  # areas without anybody of the others stand above the last point
    curve = np.interp(at, x[: last + 1], y[: last + 1])
    curve[-1] = 1.0
    return at, curve


def curve_chart(prepared: PreparedCounts, group: str, place: int, lang: Lang) -> Chart:
    """Return the segregation curve of a group with D at the largest gap."""
    reference = next((name for name in prepared.spec.references if name != group), None)
    pair, used = prepared.pair(group, reference)
    here = prepared.codes[used] == place
    x, y = pair.group[here], pair.other[here]
    if not (x.sum() > 0 and y.sum() > 0):
        raise SpecError(f"There is no curve: nobody of {group!r}, or nobody whom it is compared with.")
    at, curve = segregation_curve(x, y)
    gap = int(np.argmax(at - curve))
    d, g = dissimilarity(x, y), gini(x, y)
    marks: list[Mark] = [
        Line(points=((0.0, 0.0), (100.0, 100.0)), stroke=QUIET, dash=(4, 3)),
        Line(
            points=tuple((100 * float(a), 100 * float(b)) for a, b in zip(at, curve, strict=True)),
            stroke="#3b528b",
            width=2.2,
        ),
        Line(
            points=((100 * float(at[gap]), 100 * float(curve[gap])), (100 * float(at[gap]), 100 * float(at[gap]))),
            stroke=ACCENT,
            width=1.8,
        ),
    ]
    words = f"D = {number_text(d, 2, lang)}"
    middle = 50 * float(at[gap] + curve[gap])
    marks.append(Text(x=100 * float(at[gap]), y=middle, text=words, dx=-6, anchor="end", fill=ACCENT, bold=True))
    marks.append(Text(x=30, y=36, text=text("chart_even", lang), anchor="end", fill=QUIET))
    others = text("chart_rest", lang) if reference is None else reference
    numbers = {"group": group, "reference": others, "d": number_text(d, 2, lang), "g": number_text(g, 2, lang)}
    sentence = text("chart_curve_sentence", lang, share=percent_text(round(d, 2), lang), **numbers)
    cells = tuple(
        (percent_text(round(float(a), 2), lang), percent_text(round(float(b), 3), lang))
        for a, b in zip(at, curve, strict=True)
    )
    label = {"group": group, "reference": others}
    return Chart(
        id="curve",
        title=text("chart_curve", lang, **label),
        alt=sentence,
        x=axis(0, 100, text("chart_curve_x", lang, **label), write=number_writer(lang), grid=True),
        y=axis(0, 100, text("chart_curve_y", lang, **label), write=number_writer(lang), grid=True),
        marks=tuple(marks),
        note=f"{sentence} {text('chart_curve_note', lang)}",
        head=(others, group),
        rows=cells,
        height=0.72,
    )


def segplot_chart(prepared: PreparedCounts, place: int, group: str, lang: Lang) -> Chart:
    """Return the areas side by side: width is population, the groups stacked, the whole city at the left.

    Below 20 areas the columns would give the counts of single areas back: then the places of the study are the
    columns, and where there are not two of them, there is no picture.
    """
    whole, used, names = prepared.composition()
    shares, totals, codes = whole.shares, whole.totals, prepared.codes[used]
    here = codes == place
    if here.sum() < LEAST_AREAS and prepared.n_places > 1:
        counts = pd.DataFrame(whole.counts).groupby(codes).sum().to_numpy()
        word = "chart_columns_places"
    elif here.sum() < LEAST_AREAS:
        raise SpecError(
            f"A segplot of {int(here.sum())} areas would show the counts of each: it needs {LEAST_AREAS}, or several "
            f"places (by=) whose columns stand for theirs."
        )
    else:
        counts, word = shares[here] * totals[here, None], "chart_columns_areas"
    first = names.index(group)
    order = [first, *(k for k in range(len(names)) if k != first)]
    counts = counts[:, order]
    labels = [text("chart_rest", lang) if names[k] is None else str(names[k]) for k in order]
    colors = [REST_COLOR if names[k] is None else COLORS[n % len(COLORS)] for n, k in enumerate(order)]
    total = counts.sum(axis=1)
    counts = counts[np.argsort(-counts[:, 0] / total, kind="stable")]
    city = counts.sum(axis=0) / counts.sum()
    marks = _column(0.0, CITY_WIDTH * 0.7, city, colors, 0.6)
    start = CITY_WIDTH
    for row in counts:
        wide = (1 - CITY_WIDTH) * float(row.sum() / counts.sum())
        marks += _column(start, start + wide, row / row.sum(), colors, 0.15)
        start += wide
    named = place_words(prepared.city)
    note = text(word, lang, n=number_text(len(counts), 0, lang), **named)
    head = (text("chart_group", lang), text("chart_share_of_city", lang, **named))
    cells = tuple((label, percent_text(round(float(s), 3), lang)) for label, s in zip(labels, city, strict=True))
    ticks = (
        (CITY_WIDTH * 0.35, prepared.city or text("label_city", lang)),
        ((1 + CITY_WIDTH) / 2, text("chart_columns", lang, group=group)),
    )
    return Chart(
        id="segplot",
        title=text("chart_segplot", lang),
        alt=f"{note} " + " ".join(f"{name}: {share}." for name, share in cells),
        x=Axis(0, 1, ticks=ticks),
        y=axis(0, 100, "%", write=number_writer(lang), most=4),
        marks=tuple(marks),
        note=note,
        head=head,
        rows=cells,
        key=tuple(zip(colors, labels, strict=True)),
        height=0.5,
    )


def _column(x0: float, x1: float, shares: Floats, colors: list[str], width: float) -> list[Mark]:
    """Return one column from the bottom up."""
    marks: list[Mark] = []
    below = 0.0
    for share, color in zip(shares, colors, strict=True):
        above = below + 100 * float(share)
        if share > 0:
            marks.append(Bar(x0=x0, x1=x1, y0=below, y1=above, fill=color, stroke="#ffffff", width=width))
        below = above
    return marks
