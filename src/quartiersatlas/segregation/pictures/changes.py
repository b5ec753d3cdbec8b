"""Why segregation differs: between two dates, between districts and within them, between two cities."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue.texts import check_lang, number_text, number_writer, percent_text, text
from quartiersatlas.charts import Axis, Bar, Chart, Dot, Line, VRule, axis
from quartiersatlas.charts.marks import INK, PAPER, QUIET
from quartiersatlas.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts.marks import Mark

WHOLE, UP, DOWN = "#33507d", "#b35806", "#21918c"
LEVEL, WITHIN = "#6f8fb3", "#9fb3cf"
STEPS = ("removals", "additions", "area_entropy", "group_margin", "area_margin", "interaction", "structural")
PARTS = {
    "before": "chart_before",
    "after": "chart_after",
    "removals": "chart_removals",
    "additions": "chart_additions",
    "group_margin": "chart_group_margin",
    "area_margin": "chart_area_margin",
    "area_entropy": "chart_area_entropy",
    "interaction": "chart_interaction",
    "structural": "chart_structural",
}
MOST_PLACES = 20
COMPARED = ("group", "index", "value_one", "value_other", "difference", "lower", "upper", "p_value")
SURE = 0.05


def change_chart(table: pd.DataFrame, index: str | None, lang: Lang) -> Chart:
    """Return the change between two dates as steps from the earlier value to the later one."""
    check_lang(lang)
    names = tuple(dict.fromkeys(table["index"]))
    index = names[0] if index is None else index
    choice(index, names, "index")
    values = table[table["index"].eq(index)].set_index("part")["value"]
    marks: list[Mark] = []
    rows, words = [], []
    level = float(values["before"])
    for number, part in enumerate(("before", *(step for step in STEPS if step in values), "after")):
        value = float(values[part])
        rows.append(text(PARTS[part], lang))
        words.append(_signed(value, lang, plain=part in ("before", "after")))
        if not isfinite(value):
            continue
        start = 0.0 if part in ("before", "after") else level
        end = value if part in ("before", "after") else level + value
        color = WHOLE if part in ("before", "after") else UP if value > 0 else DOWN
        marks.append(Bar(x0=start, x1=end, y0=number - 0.3, y1=number + 0.3, fill=color))
        marks.append(
            Line(points=((end, number + 0.3), (end, number + 0.7)), stroke=QUIET, width=0.7)
            if part != "after"
            else VRule(x=0.0, stroke=INK)
        )
        level = end
    ends = [x for mark in marks if isinstance(mark, Bar) for x in (mark.x0, mark.x1)] or [0.0, 1.0]
    label = text(f"index_{index}", lang)
    cells = tuple(zip(rows, words, strict=True))
    return Chart(
        id="change",
        title=text("chart_change", lang, index=label),
        alt=" ".join(f"{name}: {value}." for name, value in cells),
        x=axis(min(0.0, *ends), 1.04 * max(0.0, *ends) or 1.0, label, write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(rows), down=True),
        marks=tuple(marks),
        note=text("chart_change_note", lang),
        head=(text("chart_part", lang), label),
        rows=cells,
        right=tuple(words),
        height=0.42,
    )


def decomposition_chart(table: pd.DataFrame, index: str | None, lang: Lang, most: int = MOST_PLACES) -> Chart:
    """Return the parts of segregation: the total, its levels, and the places that contribute most."""
    check_lang(lang)
    names = tuple(dict.fromkeys(table["index"]))
    index = names[0] if index is None else index
    choice(index, names, "index")
    own = table[table["index"].eq(index)]
    levels, places = own[own["place"].eq("")], own[own["place"].ne("")]
    last = places[places["level"].eq(levels["level"].iloc[-1])].sort_values(
        "contribution", ascending=False, kind="stable"
    )
    kept = last.dropna(subset=["contribution"]).head(most)
    marks: list[Mark] = [VRule(x=0.0, stroke=INK)]
    rows, words = [], []
    for number, row in enumerate(pd.concat([levels, kept]).to_dict("records")):
        value, part = float(row["contribution"]), float(row["share"])
        color = WHOLE if row["part"] == "total" else LEVEL if not row["place"] else WITHIN
        if isfinite(value):
            marks.append(Bar(x0=0.0, x1=value, y0=number - 0.3, y1=number + 0.3, fill=color))
        rows.append(_level_name(str(row["part"]), str(row["level"]), str(row["place"]), lang))
        share = f" ({percent_text(round(part, 3), lang)})" if isfinite(part) else ""
        words.append((number_text(value, 3, lang) if isfinite(value) else "–") + share)
    label = text(f"index_{index}", lang)
    note = text("chart_decomposition_note", lang)
    if len(kept) < len(last):
        note += " " + text(
            "chart_most_places", lang, n=number_text(len(kept), 0, lang), all=number_text(len(last), 0, lang)
        )
    high = max([0.0, *own["contribution"].dropna()])
    cells = tuple(zip(rows, words, strict=True))
    return Chart(
        id="decomposition",
        title=text("chart_decomposition", lang, index=label),
        alt=" ".join(f"{n}: {v}." for n, v in cells),
        x=axis(0.0, 1.04 * high or 1.0, label, write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(rows) - 0.4, bands=tuple(rows), down=True),
        marks=tuple(marks),
        note=note,
        head=(text("chart_part", lang), label),
        rows=cells,
        right=tuple(words),
        height=0.12 + 0.042 * max(len(rows), 3),
    )


def _level_name(part: str, level: str, place: str, lang: Lang) -> str:
    """Return a row in words: the level is the table's "between x within y"."""
    if place:
        return text("chart_within_place", lang, place=place)
    if part == "total":
        return text("chart_total_segregation", lang)
    unit, _, above = level.removeprefix("between ").partition(" within ")
    unit = text("label_areas", lang) if unit == "areas" else unit
    return (
        text("chart_between_within", lang, unit=unit, above=above)
        if above
        else text("chart_between_units", lang, unit=unit)
    )


def comparison_chart(table: pd.DataFrame, lang: Lang = "de") -> Chart:
    """Return how far two cities or two dates differ, index by index, as a chart.

    Parameters
    ----------
    table : DataFrame
        As :func:`compare_segregation` returns it.
    lang : {"de", "en"}, default "de"
        Language.

    Returns
    -------
    Chart
        Dot: the difference, other less one; line: its interval. Filled where chance does not explain it.

    Raises
    ------
    ArgumentError
        The table is no DataFrame.
    SpecError
        It is not of :func:`compare_segregation`, or no index has a difference.
    """
    check_lang(lang)
    expects(table, pd.DataFrame, "comparison_chart", "table = qa.compare_segregation(one, other)")
    missing = [name for name in COMPARED if name not in table]
    if missing:
        raise SpecError(
            f"comparison_chart: the table lacks {', '.join(missing)}; take that of qa.compare_segregation(one, other)."
        )
    rows = table.dropna(subset=["difference"])
    if rows.empty:
        raise SpecError("comparison_chart: no index has a difference.")
    marks: list[Mark] = [VRule(x=0.0, stroke=INK)]
    several = len(set(rows["group"])) > 1 or len(set(rows["by"])) > 1
    names, words, everything = [], [], [0.0]
    for number, row in enumerate(rows.to_dict("records")):
        difference, low, high = (float(row[name]) for name in ("difference", "lower", "upper"))
        sure = float(row["p_value"]) < SURE
        if isfinite(low) and isfinite(high):
            marks.append(Line(points=((low, number), (high, number)), stroke="#8fa3ba", width=4))
            everything += [low, high]
        marks.append(Dot(x=difference, y=number, r=4, fill=WHOLE if sure else PAPER, stroke=WHOLE, width=1.4))
        everything.append(difference)
        names.append(_compared_name(row, lang, several=several))
        values = (number_text(float(row[name]), 2, lang) for name in ("value_one", "value_other"))
        words.append(f"{' → '.join(values)} ({_signed(difference, lang)})")
    ends = min(everything), max(everything)
    room = 0.05 * (ends[1] - ends[0]) or 0.05
    cells = tuple(zip(names, words, strict=True))
    return Chart(
        id="comparison",
        title=text("chart_comparison", lang),
        alt=" ".join(f"{name}: {value}." for name, value in cells),
        x=axis(ends[0] - room, ends[1] + room, text("chart_difference", lang), write=number_writer(lang), grid=True),
        y=Axis(-0.6, len(names) - 0.4, bands=tuple(names), down=True),
        marks=tuple(marks),
        note=text("chart_comparison_note", lang),
        head=(text("chart_index", lang), text("chart_difference", lang)),
        rows=cells,
        right=tuple(words),
        height=0.14 + 0.05 * max(len(names), 2),
    )


def _compared_name(row: Mapping[Hashable, object], lang: Lang, *, several: bool) -> str:
    words = text(f"index_{row['index']}", lang)
    radius = row.get("radius")
    if radius is not None and isfinite(float(str(radius))):
        words += f" ({number_text(float(str(radius)), 0, lang)} m)"
    if not several:
        return words
    place = "" if row["by"] == "all" else f", {row['by']}"
    return f"{words}: {row['group']}{place}"


def _signed(value: float, lang: Lang, *, plain: bool = False) -> str:
    if not isfinite(value):
        return text("chart_no_value", lang)
    written = number_text(value, 3, lang)
    return f"+{written}" if value > 0 and not plain and written.strip("0,.") else written
