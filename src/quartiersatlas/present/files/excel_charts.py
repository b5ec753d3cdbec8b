"""The charts of a workbook: the selected areas as bars, and all areas between two indicators."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.workbook import CellStyle, StyledCell, WorkbookSheet
from quartiersatlas.base.workbook_charts import CellRange, ChartAxis, ChartSeries, SheetChart
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.charts.marks import spread, ticks
from quartiersatlas.disclosure.words import value_text
from quartiersatlas.present.files.cells import GREY, whole_number, words_of
from quartiersatlas.present.files.excel_selection import rule_columns, selected_keys, title_lines
from quartiersatlas.present.files.tables import selections
from quartiersatlas.present.map.classes import column_colors, quantile_breaks
from quartiersatlas.present.statements import indicator_columns, label_with_unit, need_direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.base.workbook import CellValue
    from quartiersatlas.base.workbook_charts import Marker
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look

MOST_BARS, MOST_POINTS = 40, 2000
BAR_HEIGHT, AROUND_BARS = 20, 130  # pixels
WIDTH, HEIGHT = 560, 560
COLUMNS, DIGITS = 12, 13.5  # of the sheet: as wide as two charts
CITY, INK = "#1a1a1a", "#333333"
NOTE = CellStyle(color=GREY, is_wrapped=True)
LABELS = CellStyle(bold=True, is_wrapped=True)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A chart, the rows it is drawn from, and what stands beside it."""

    chart: SheetChart
    rows: list[tuple[CellValue | StyledCell, ...]]
    notes: list[str]


def chart_sheets(release: Release, lang: Lang, look: Look) -> tuple[list[WorkbookSheet], list[WorkbookSheet]]:
    """Return the sheet of charts and the sheet of the numbers they are drawn from; nothing where none is selected."""
    drawings: list[Drawing] = []
    for draw in (_bars, _points):
        found = draw(release, lang, look, sum(len(drawing.rows) for drawing in drawings))
        drawings += [found] if found is not None else []
    if not drawings:
        return [], []
    notes = dict.fromkeys([*(note for drawing in drawings for note in drawing.notes), text("reading_aid", lang)])
    title = [*title_lines(release, lang, look), *((words_of(note), NOTE) for note in notes)]
    charts = [
        replace(drawing.chart, row=len(title), column=place * COLUMNS // 2) for place, drawing in enumerate(drawings)
    ]
    style, name = [CellStyle()], text("sheet_charts", lang)
    page = WorkbookSheet(name, [], [], style * COLUMNS, [DIGITS] * COLUMNS, title=title, charts=charts, is_printed=True)
    rows = [row for drawing in drawings for row in drawing.rows]
    data = WorkbookSheet(text("sheet_chart_data", lang), [], rows, style * 3, [34.0, 24.0, 24.0], is_printed=True)
    return [page], [data]


def _bars(release: Release, lang: Lang, _look: Look, first: int) -> Drawing | None:
    """Return the selected areas and the city by the indicator that the rule names first."""
    keys, columns = selected_keys(release), rule_columns(release)
    if not 0 < len(keys) <= MOST_BARS or not columns:
        return None
    column = columns[0]
    values = release.values[column.id].astype(float)
    known = values.reindex(keys).dropna()
    if known.empty:
        return None
    names, label = release.areas["name"], label_with_unit(column, lang)
    codes = selections(release)
    bars = [
        (str(names[key]), value, _color(release, column, value), codes[key] == "open") for key, value in known.items()
    ]
    if not pd.isna(column.city):
        bars.insert(0, (text("label_city", lang), float(column.city), CITY, False))
    bars.reverse()  # the first row of a bar chart is its lowest bar
    sheet = text("sheet_chart_data", lang)
    start = first + 1
    cells = [CellRange(sheet, place, start, start + len(bars) - 1) for place in (0, 1)]
    series = ChartSeries(
        words_of(label),
        *cells,
        colors=[color for _, _, color, _ in bars],
        hatched=frozenset(place for place, bar in enumerate(bars) if bar[-1]),
        number_format=whole_number(column.decimals),
    )
    low, high = known.idxmin(), known.idxmax()
    alt = text(
        "workbook_bars_alt",
        lang,
        label=label,
        n=number_text(len(known), 0, lang),
        lowest=value_text(known[low], column, lang),
        low=names[low],
        highest=value_text(known[high], column, lang),
        high=names[high],
    )
    city = [] if pd.isna(column.city) else [text("workbook_city", lang, value=value_text(column.city, column, lang))]
    chart = SheetChart(
        kind="bar",
        title=words_of(text("workbook_bars", lang, label=label)),
        alt=words_of(" ".join([alt, *city])),
        series=[series],
        x=_axis([0.0, *(bar[1] for bar in bars)], column, label),
        y=None,
        row=0,
        column=0,
        width=WIDTH,
        height=AROUND_BARS + BAR_HEIGHT * len(bars),
        unnamed=[0],
    )
    head = [_head(text("label_area", lang)), _head(label), None]
    rows = [(words_of(name), value, None) for name, value, *_ in bars]
    notes = [text("workbook_hatched", lang)] if series.hatched else []
    return Drawing(chart, [tuple(head), *rows, (None,) * 3], [*notes, *_left_out(len(keys) - len(known), lang)])


def _color(release: Release, column: ReleasedColumn, value: float) -> str:
    """Return the colour of a value on the map."""
    breaks = quantile_breaks(release.values[column.id])
    return column_colors(column, len(breaks) + 1, first_axis=False)[bisect_right(breaks, value)]


def _points(release: Release, lang: Lang, look: Look, first: int) -> Drawing | None:
    """Return all areas between the two indicators that the rule names first, with the city values as lines."""
    columns = _pair(release)
    if columns is None or not release.selected.any():
        return None
    x, y = columns
    places = release.values[[x.id, y.id]].astype(float).dropna()
    if not 1 < len(places) <= MOST_POINTS:
        return None
    axes = [_axis([*places[column.id], column.city], column, label_with_unit(column, lang)) for column in columns]
    names = release.areas["name"]
    codes = selections(release).reindex(places.index).fillna("out")  # what is not shown is no group of its own
    groups = [
        (
            said,
            colors,
            marker,
            size,
            [(str(names[key]), *map(float, places.loc[key])) for key in places.index[codes.isin(own)]],
        )
        for said, own, colors, marker, size in _groups(lang, look)
    ]
    shown = [group for group in groups if group[-1]] + _city_lines(columns, axes, lang)
    rows: list[tuple[CellValue | StyledCell, ...]] = [
        (_head(text("label_area", lang)), _head(axes[0].label), _head(axes[1].label))
    ]
    series = []
    for said, colors, marker, size, points in shown:
        ends = first + len(rows), first + len(rows) + len(points) - 1
        cells = [CellRange(text("sheet_chart_data", lang), place, *ends) for place in (1, 2)]
        series.append(ChartSeries(said, *cells, colors=colors, marker=marker, size=size))
        rows += [(words_of(name), *numbers) for name, *numbers in points]
    lines = [place for place, one in enumerate(series) if one.marker == "none"]
    labels = {"x": axes[0].label, "y": axes[1].label}
    chart = SheetChart(
        kind="scatter",
        title=words_of(text("workbook_points", lang, **labels)),
        alt=words_of(text("workbook_points_alt", lang, n=number_text(len(places), 0, lang), **labels)),
        series=series,
        x=axes[0],
        y=axes[1],
        row=0,
        column=0,
        width=WIDTH,
        height=HEIGHT,
        unnamed=lines[1:],
    )
    return Drawing(chart, rows, _said_of_points(release, columns, places, lang))


def _pair(release: Release) -> tuple[ReleasedColumn, ReleasedColumn] | None:
    """Return two indicators: those that the rule names, or one of another domain that points to need."""
    columns = [column for column in rule_columns(release) if column.kind != "count"]
    if not columns:
        return None
    others = [
        column
        for column in indicator_columns(release)
        if need_direction(column)
        and column.indicator.domain != columns[0].indicator.domain
        and (column.denominator != columns[0].denominator or not column.denominator)
    ]
    columns += [column for column in others if column not in columns]
    return (columns[0], columns[1]) if len(columns) > 1 else None


def _groups(lang: Lang, look: Look) -> list[tuple[str, tuple[str, ...], tuple[str, str], Marker, int]]:
    """Return how areas are drawn by their selection: words, codes, middle and ring, shape, size; the lowest first."""
    return [
        (text("workbook_other", lang), ("out", "not_assessed"), ("#d9d9d9", "#8c8c8c"), "circle", 5),
        (text("selection_near", lang), ("near",), (GREY, INK), "diamond", 7),
        (text("selection_open", lang), ("open",), (_paler(look.accent), look.accent), "triangle", 8),
        (text("selection_sure", lang), ("sure",), (look.accent, look.accent), "circle", 8),
        (text("selection_selected", lang), ("selected",), (look.accent, look.accent), "circle", 8),
    ]


def _paler(color: str) -> str:
    """Return a colour half way to white."""
    return "#" + "".join(f"{(int(color[i : i + 2], 16) + 255) // 2:02x}" for i in (1, 3, 5))


def _city_lines(
    columns: Sequence[ReleasedColumn], axes: Sequence[ChartAxis], lang: Lang
) -> list[tuple[str, tuple[str, str], Marker, int, list[tuple[str, float, float]]]]:
    """Return the lines of the city values, an upright and a lying one, from end to end."""
    name, (x, y) = text("label_city", lang), axes
    across, up = (float(column.city) for column in columns)
    lines = {
        "upright": [] if pd.isna(across) else [(name, across, y.low), (name, across, y.high)],
        "lying": [] if pd.isna(up) else [(name, x.low, up), (name, x.high, up)],
    }
    return [(name, (CITY, CITY), "none", 1, points) for points in lines.values() if points]


def _said_of_points(
    release: Release, columns: tuple[ReleasedColumn, ReleasedColumn], places: pd.DataFrame, lang: Lang
) -> list[str]:
    """Return how many areas are above both city values, how many have no point, and of whom the picture speaks."""
    x, y = columns
    notes = []
    if not pd.isna(x.city) and not pd.isna(y.city):
        both = int((places[x.id].gt(x.city) & places[y.id].gt(y.city)).sum())
        notes.append(text("workbook_both", lang, n=number_text(both, 0, lang)))
    return [*notes, *_left_out(len(release.areas) - len(places), lang), text("workbook_persons", lang)]


def _left_out(n: int, lang: Lang) -> list[str]:
    return [text("workbook_unshown", lang, n=number_text(n, 0, lang))] if n else []


def _head(words: str) -> StyledCell:
    return StyledCell(words_of(words), LABELS)


def _axis(values: Sequence[float], column: ReleasedColumn, label: str) -> ChartAxis:
    """Return an axis with round ends."""
    low, high = spread([value for value in values if not pd.isna(value)])
    marks = ticks(low, high, 6)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    whole = whole_number(column.decimals if step != floor(step) else 0)
    return ChartAxis(words_of(label), floor(low / step) * step, ceil(high / step) * step, step, whole)
