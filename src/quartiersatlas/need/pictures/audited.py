"""Charts of what was asked about an index: which choices move the shortlist, which indicators say the same."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from quartiersatlas.catalogue.texts import number_text, number_writer, text
from quartiersatlas.charts import Axis, Bar, Chart, Line, Text, VRule, axis
from quartiersatlas.charts.marks import INK, PAPER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

PALE, DARK = "#b7c7dc", "#33507d"
LOST, GAINED = "#7b5ea7", "#e08214"
ALIKE, AGAINST = (51, 80, 125), (179, 88, 6)  # colours of correlations of 1 and of -1
STRONG = 0.9
AS_DARK = 0.2  # luminance below which white letters read better than dark ones
FACTORS = {
    "data": "stability_data",
    "weights": "stability_weights",
    "normalisation": "stability_normalisation",
    "aggregation": "stability_aggregation",
    "threshold": "stability_threshold",
    "indicators": "chart_factor_indicators",
}
OUTPUTS = {"size": "chart_output_size", "changed": "chart_output_changed", "members": "chart_output_members"}


def sobol_chart(table: pd.DataFrame, output: str, n_runs: int, unused: Sequence[str], lang: Lang = "de") -> Chart:
    """Return Sobol indices as a chart: total pale, first order dark before it, each with its interval.

    Parameters
    ----------
    table : DataFrame
        As :class:`quartiersatlas.need.robustness.sensitivity.Sensitivity` has it.
    output : {"size", "changed", "members"}
        What of the shortlist varies.
    n_runs : int
        Runs of the index.
    unused : sequence of str
        Factors that could not vary: their bar of 0 says nothing, and the row says so.
    lang : {"de", "en"}
        Language.

    Returns
    -------
    Chart
        One row per factor. The first order may exceed the total by noise: both are drawn as they are.
    """
    rows = table[table["output"].eq(output)].sort_values("total", ascending=False, kind="stable", na_position="last")
    marks: list[Mark] = [VRule(x=0.0, stroke=INK)]
    for number, row in enumerate(rows.to_dict("records")):
        marks += _effect(number, 0.28, 0.34, float(row["total"]), float(row["total_conf"]), PALE)
        marks += _effect(number, 0.0, 0.18, float(row["first_order"]), float(row["first_order_conf"]), DARK)
    labels = tuple(text(FACTORS[str(factor)], lang) for factor in rows["factor"])
    cells = tuple(
        (label, _interval(a, ac, lang), _interval(b, bc, lang))
        for label, a, ac, b, bc in zip(
            labels, rows["first_order"], rows["first_order_conf"], rows["total"], rows["total_conf"], strict=True
        )
    )
    words = tuple(
        text("chart_could_not_vary", lang)
        if factor in unused
        else number_text(total, 2, lang)
        if isfinite(total)
        else "–"
        for factor, total in zip(rows["factor"], rows["total"], strict=True)
    )
    ends = [
        0.0,
        1.0,
        *(row.x1 for row in marks if isinstance(row, Bar)),
        *(row.x0 for row in marks if isinstance(row, Bar)),
    ]
    ends += [point[0] for mark in marks if isinstance(mark, Line) for point in mark.points if point]
    none = rows["total"].isna().all()
    note = text("chart_sobol_note", lang, n=number_text(n_runs, 0, lang))
    return Chart(
        id="sobol",
        title=text("chart_sobol", lang, output=text(OUTPUTS[output], lang)),
        alt=text("chart_sobol_nothing", lang)
        if none
        else " ".join(f"{label}: {word}." for label, word in zip(labels, words, strict=True)),
        x=axis(min(ends), max(ends), text("chart_share_of_variance", lang), write=number_writer(lang), grid=True),
        y=Axis(-0.6, max(len(labels), 1) - 0.4, bands=labels, down=True),
        marks=tuple(marks),
        note=f"{text('chart_sobol_nothing', lang)} {note}" if none else note,
        head=(text("chart_factor", lang), text("chart_first_order", lang), text("chart_total", lang)),
        rows=cells,
        right=words,
        key=((DARK, text("chart_first_order", lang)), (PALE, text("chart_total", lang))),
        height=0.14 + 0.06 * len(labels),
    )


def _effect(number: int, lift: float, half: float, value: float, conf: float, color: str) -> list[Mark]:
    """Return the bar of one index, with the line of its interval where it has one."""
    if not isfinite(value):
        return []
    marks: list[Mark] = [Bar(x0=0.0, x1=value, y0=number - half, y1=number + half, fill=color)]
    if isfinite(conf):
        ends = ((value - conf, number + lift), (value + conf, number + lift))
        marks.append(Line(points=ends, stroke=INK, width=1.2))
    return marks


def _interval(value: float, conf: float, lang: Lang) -> str:
    if not isfinite(value):
        return "–"
    return number_text(value, 2, lang) + (f" ± {number_text(conf, 2, lang)}" if isfinite(conf) else "")


def correlation_chart(
    related: pd.DataFrame, labels: Mapping[str, str], context: Sequence[str], lang: Lang = "de", *, title: str = ""
) -> Chart:
    """Return the rank correlations of indicators as a chart: the lower triangle, a number in each cell.

    Parameters
    ----------
    related : DataFrame
        Spearman correlations, indicators by indicators.
    labels : mapping of str to str
        Indicator -> its label.
    context : sequence of str
        Indicators that describe an area and are no measure of need: they stand last, and are called so.
    lang : {"de", "en"}
        Language.
    title : str
        The axis of the index.

    Returns
    -------
    Chart
        Pairs above 0.9 in size are named in the note.
    """
    order = [name for name in related.columns if name not in context] + [n for n in related.columns if n in context]
    table = related.loc[order, order].to_numpy(dtype=float)
    words = [labels.get(str(name), str(name)) for name in order]
    words = [
        f"{w} ({text('explain_need_context', lang)})" if n in context else w for n, w in zip(order, words, strict=True)
    ]
    marks: list[Mark] = []
    pairs, strong = [], []
    for i in range(1, len(order)):
        for j in range(i):
            marks += _cell(i, j, table[i, j], lang)
            pairs.append((f"{words[i]} / {words[j]}", _correlation(table[i, j], lang)))
            strong += [pairs[-1]] if isfinite(table[i, j]) and abs(table[i, j]) > STRONG else []
    found = ", ".join(f"{pair} ({value})" for pair, value in strong) or text("chart_no_pairs", lang)
    note = f"{text('chart_correlation_note', lang)} {text('chart_strong_pairs', lang, pairs=found)}"
    n = max(len(order), 2)
    bands = tuple(number_text(k + 1, 0, lang) for k in range(n - 1))
    rows = tuple(f"{k + 1}. {w}" for k, w in enumerate(words))
    return Chart(
        id="correlation",
        title=text("chart_correlation", lang, axis=title),
        alt=" ".join(f"{pair}: {value}." for pair, value in pairs) or text("chart_nothing_related", lang),
        x=Axis(-0.5, n - 1.5, bands=bands),
        y=Axis(-0.5, n - 0.5, bands=rows, down=True),
        marks=tuple(marks),
        note=note,
        head=(text("chart_pair", lang), text("chart_spearman", lang)),
        rows=tuple(pairs),
        height=0.1 + 0.055 * n,
    )


def _cell(i: int, j: int, value: float, lang: Lang) -> list[Mark]:
    """Return a cell, the darker the closer, with its number."""
    if not isfinite(value):
        return [Text(x=j, y=i, text="–")]
    strength = min(abs(value), 1.0)
    mixed = [round(255 + strength * (part - 255)) for part in (ALIKE if value >= 0 else AGAINST)]
    color = "#" + "".join(f"{part:02x}" for part in mixed)
    ink = PAPER if _brightness(mixed) < AS_DARK else INK
    return [
        Bar(x0=j - 0.48, x1=j + 0.48, y0=i - 0.46, y1=i + 0.46, fill=color),
        Text(x=j, y=i, text=_correlation(value, lang), fill=ink, halo=False),
    ]


def _brightness(color: Sequence[int]) -> float:
    """Return the relative luminance of a colour (Web Content Accessibility Guidelines 2.2)."""
    parts = [part / 255 for part in color]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _correlation(value: float, lang: Lang) -> str:
    return number_text(value, 2, lang) if isfinite(value) else "–"


def leave_one_out_chart(table: pd.DataFrame, axis_id: str, labels: Mapping[str, str], lang: Lang = "de") -> Chart:
    """Return what the shortlist loses and gains without each indicator as a chart: lost to the left, new to the right.

    Parameters
    ----------
    table : DataFrame
        As :func:`quartiersatlas.need.robustness.influence.leave_one_out` returns it.
    axis_id : str
        The axis whose indicators are left out.
    labels : mapping of str to str
        Indicator -> its label.
    lang : {"de", "en"}
        Language.

    Returns
    -------
    Chart
        One row per indicator, in the order of the spec.
    """
    rows = table[table["axis"].eq(axis_id)]
    lost, gained = (np.array([len(keys) for keys in rows[side]], dtype=float) for side in ("lost", "gained"))
    names = tuple(labels.get(str(name), str(name)) for name in rows["without"])
    marks: list[Mark] = []
    for number, (out, new) in enumerate(zip(lost, gained, strict=True)):
        marks.append(Bar(x0=0.0, x1=-out, y0=number - 0.32, y1=number + 0.32, fill=LOST))
        marks.append(Bar(x0=0.0, x1=new, y0=number - 0.32, y1=number + 0.32, fill=GAINED))
    marks.append(VRule(x=0.0, stroke=INK))
    cells = tuple(
        (name, *(number_text(value, 0, lang) for value in (kept, out, new)), number_text(rank, 2, lang))
        for name, kept, out, new, rank in zip(names, rows["kept"], lost, gained, rows["rank_correlation"], strict=True)
    )
    words = tuple(
        f"{number_text(-out, 0, lang)} / {'+' if new else ''}{number_text(new, 0, lang)}"
        for out, new in zip(lost, gained, strict=True)
    )
    most = max(1.0, *lost, *gained) if len(rows) else 1.0
    found = axis(
        -most, most, text("label_areas", lang), write=lambda value, _: number_text(abs(value), 0, lang), most=6
    )
    ticks = tuple(tick for tick in found.ticks if tick[0].is_integer())
    note = text("chart_leave_one_out_note" if len(rows) else "chart_nothing_to_leave_out", lang)
    return Chart(
        id="leave_one_out",
        title=text("chart_leave_one_out", lang),
        alt=" ".join(f"{n}: {w}." for n, w in zip(names, words, strict=True)) or note,
        x=Axis(-1.05 * most, 1.05 * most, found.label, ticks, grid=True),
        y=Axis(-0.6, max(len(names), 1) - 0.4, bands=names, down=True),
        marks=tuple(marks),
        note=note,
        head=(
            text("chart_without", lang),
            *(text(w, lang) for w in ("chart_kept", "chart_lost", "chart_gained", "chart_rank_correlation")),
        ),
        rows=cells,
        right=words,
        key=((LOST, text("chart_lost", lang)), (GAINED, text("chart_gained", lang))),
        height=0.14 + 0.05 * max(len(names), 2),
    )
