"""Single areas of a segregation study: location quotients of all of them, and shares beside those of the neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue.texts import number_text, number_writer, place_words, text
from quartiersatlas.charts import Axis, Chart, Dot, HRule, Line, Strip, Text, VRule, axis
from quartiersatlas.charts.marks import ACCENT, FAINT, INK, PAPER, QUIET
from quartiersatlas.errors import SpecError
from quartiersatlas.segregation.counts import ratio, share
from quartiersatlas.space.neighbours import borders

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark
    from quartiersatlas.segregation.prepared import PreparedCounts

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

WIDEST = 16.0  # the axis of quotients goes from a sixteenth to the sixteenfold at most
HALF, DOUBLE = 0.5, 2.0
MARKED = (HALF, 1.0, DOUBLE)
TICKS = (
    (1 / 16, "1/16"),
    (1 / 8, "1/8"),
    (1 / 4, "1/4"),
    (1 / 2, "1/2"),
    (1.0, "1"),
    (2.0, "2"),
    (4.0, "4"),
    (8.0, "8"),
    (16.0, "16"),
)
DOT = "#7f97b5"


def quotient_chart(prepared: PreparedCounts, place: int, lang: Lang) -> Chart:
    """Return the location quotients of all areas: a strip per group on a logarithmic axis."""
    rows, cells = [], []
    for group in prepared.spec.groups:
        pair, used = prepared.pair(group, None)
        here = prepared.codes[used] == place
        city = share(pair.group[here].sum(), pair.population[here].sum())
        quotients = ratio(share(pair.group[here], pair.population[here]), city)
        rows.append(quotients[np.isfinite(quotients)])
    known = np.concatenate([row[row > 0] for row in rows]) if rows else np.array([])
    low = max(min(0.25, 0.9 * float(known.min(initial=1.0))), 1 / WIDEST)
    high = min(max(4.0, 1.1 * float(known.max(initial=1.0))), WIDEST)
    marks: list[Mark] = [
        VRule(x=x, stroke=INK if x == 1 else QUIET, width=1.2 if x == 1 else 0.8, dash=() if x == 1 else (3, 2))
        for x in MARKED
    ]
    at_end = 0
    for number, (group, row) in enumerate(zip(prepared.spec.groups, rows, strict=True)):
        at_end += int(((row < low) | (row > high)).sum())
        inside = np.clip(np.sort(row), low, high)
        marks.append(
            Strip(xs=tuple(map(float, inside)), y=number, stroke="#3b528b", width=0.9, half=0.28, opacity=0.75)
        )
        if len(row):
            middle = float(np.clip(np.median(row), low, high))
            marks.append(Dot(x=middle, y=number, r=3.6, shape="diamond", fill=PAPER, stroke=ACCENT, width=1.5))
        below, above = row < HALF, row > DOUBLE
        counts = [int(below.sum()), int((~below & ~above).sum()), int(above.sum())]
        cells.append((group, *(number_text(n, 0, lang) for n in counts)))
    ticks = tuple((value, words) for value, words in TICKS if low <= value <= high)
    named = place_words(prepared.city)
    note = text("chart_quotient_note", lang, **named)
    if at_end:
        note += " " + text("chart_at_the_end", lang, n=number_text(at_end, 0, lang))
    head = tuple(
        text(name, lang) for name in ("chart_group", "chart_below_half", "chart_between", "chart_above_double")
    )
    return Chart(
        id="location_quotients",
        title=text("chart_quotients", lang, **named),
        alt=" ".join(text("chart_quotient_sentence", lang, group=c[0], below=c[1], above=c[3], **named) for c in cells),
        x=Axis(low, high, text("chart_quotient_axis", lang, **named), ticks, scale="log"),
        y=Axis(-0.6, len(rows) - 0.4, bands=prepared.spec.groups, down=True),
        marks=tuple(marks),
        note=note,
        head=head,
        rows=tuple(cells),
        height=0.16 + 0.07 * len(rows),
    )


def moran_points(values: Floats, one: Ints, other: Ints) -> tuple[NDArray[np.bool_], Floats, Floats, float]:
    """Return standardised values, the mean of their known neighbours, and Moran's I.

    Parameters
    ----------
    values : array of float, shape (n_areas,)
        NaN where a value is not known or not shown: it enters nobody's mean.
    one, other : array of int, shape (n_pairs,)
        Positions of areas that are neighbours, each pair once.

    Returns
    -------
    kept : array of bool, shape (n_areas,)
        Areas with a value and at least one neighbour that has one.
    z, lag : array of float
        Of the kept areas: standardised value (deviation with ddof 0), mean of the neighbours' standardised values.
    slope : float
        I: the slope of the line through the points; NaN where all values are equal or fewer than two areas are left.

    Notes
    -----
    With weights that sum to 1 in each row, ``I = sum_i z_i lag_i / sum_i z_i^2`` is the slope of the regression of the
    lag on the value [1]_.

    References
    ----------
    .. [1] Anselin, L. (1996). The Moran scatterplot as an ESDA tool to assess local instability in spatial
           association. In: Spatial Analytical Perspectives on GIS, 111-125.

    Examples
    --------
    >>> kept, z, lag, slope = moran_points(np.array([1.0, 2, 3, 4]), np.array([0, 1, 2]), np.array([1, 2, 3]))
    >>> round(slope, 6)
    0.4
    """
    known = np.isfinite(values)
    both = known[one] & known[other]
    a, b = np.concatenate([one[both], other[both]]), np.concatenate([other[both], one[both]])
    n = np.bincount(a, minlength=len(values))
    kept = known & (n > 0)
    spread = values[kept].std() if kept.any() else 0.0
    if not spread > 0:
        return kept, np.zeros(int(kept.sum())), np.zeros(int(kept.sum())), float("nan")
    z = np.where(kept, (np.nan_to_num(values) - values[kept].mean()) / spread, 0.0)
    lag = np.bincount(a, weights=z[b], minlength=len(values))[kept] / n[kept]
    return kept, z[kept], lag, float((z[kept] * lag).sum() / (z[kept] ** 2).sum())


def moran_chart(prepared: PreparedCounts, group: str, place: int, lang: Lang) -> Chart:
    """Return the share of a group in each area beside the mean share of its neighbours; the slope is Moran's I."""
    if prepared.shapes is None:
        raise SpecError(
            "Neighbours need geometry: measure_segregation(data, ...) with joined data, or a GeoDataFrame in metres."
        )
    pair, used = prepared.pair(group, None)
    values = np.full(len(prepared.areas), np.nan)
    values[used] = share(pair.group, pair.population)
    here = prepared.codes == place
    shapes, (gap, cut, opened) = prepared.shapes[here].to_numpy(), prepared.spec.contact
    one, other = borders(shapes, tolerance=gap).beside(shapes, cut, opened, gap).neighbours
    kept, z, lag, slope = moran_points(values[here], one, other)
    keys = prepared.areas.to_numpy()[prepared.rows][here][kept]
    most = max(1.0, *np.abs(z), *np.abs(lag)) if len(z) else 1.0
    marks: list[Mark] = [VRule(x=0.0, stroke=FAINT), HRule(y=0.0, stroke=FAINT)]
    marks += [
        Dot(x=float(x), y=float(y), r=3, fill=DOT, stroke=QUIET, width=0.4, area=str(key))
        for key, x, y in zip(keys, z, lag, strict=True)
    ]
    known = np.isfinite(slope)
    if known:
        ends = [(x, slope * x) for x in (float(z.min()), float(z.max()))]
        marks.append(Line(points=tuple(ends), stroke=ACCENT, width=1.8))
        left = slope > 0
        marks.append(
            Text(
                x=ends[1][0],
                y=ends[1][1],
                text=f"I = {number_text(slope, 2, lang)}",
                dx=-4,
                dy=-9 if left else 9,
                anchor="end",
                fill=ACCENT,
                bold=True,
            )
        )
    left_out = int(here.sum() - kept.sum())
    numbers = {
        "n": number_text(len(z), 0, lang),
        "i": number_text(slope, 2, lang) if known else text("chart_no_value", lang),
    }
    sentence = text("chart_moran_sentence", lang, group=group, **numbers)
    note = f"{sentence} {text('chart_moran_note', lang)}"
    if left_out:
        note += " " + text("chart_without_neighbours", lang, n=number_text(left_out, 0, lang))
    quarters = _quarters(z, lag, lang)
    ends_of = (-1.05 * most, 1.05 * most)
    return Chart(
        id="moran",
        title=text("chart_moran", lang, group=group),
        alt=sentence,
        x=axis(*ends_of, text("chart_moran_x", lang), write=number_writer(lang), grid=True),
        y=axis(*ends_of, text("chart_moran_y", lang), write=number_writer(lang), grid=True),
        marks=tuple(marks),
        note=note,
        head=(text("chart_quarter", lang), text("label_areas", lang)),
        rows=quarters,
        order=tuple(map(str, keys)),
        height=0.72,
    )


def _quarters(z: Floats, lag: Floats, lang: Lang) -> tuple[tuple[str, str], ...]:
    """Return how many areas lie in each quarter of the picture."""
    high, around = z > 0, lag > 0
    found = {
        "chart_high_high": high & around,
        "chart_high_low": high & ~around,
        "chart_low_high": ~high & around,
        "chart_low_low": ~high & ~around,
    }
    return tuple((text(name, lang), number_text(int(inside.sum()), 0, lang)) for name, inside in found.items())
