"""The charts of a workbook: the selected areas as bars, and all areas between two indicators."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.workbook import CellStyle, StyledCell, WorkbookSheet
from quartiersatlas.base.workbook_charts import CellRange, ChartAxis, ChartSeries, SheetChart
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import place_words
from quartiersatlas.charts.marks import spread, ticks
from quartiersatlas.disclosure.words import city_text, value_text
from quartiersatlas.present.files.cells import GREY, whole_number, words_of
from quartiersatlas.present.files.excel_selection import rule_columns, selected_keys, title_lines
from quartiersatlas.present.files.tables import selections
from quartiersatlas.present.pictures.of_columns import classes_of, names_of, second_column
from quartiersatlas.present.statements import city_label, label_with_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.base.workbook import Cell
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
    rows: list[tuple[Cell, ...]]
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
    values = release.values[column.id].astype(float).reindex(keys).dropna()
    known = {str(key): float(value) for key, value in values.items()}
    if not known:
        return None
    classes, codes = classes_of(release, column, lang), selections(release)
    names, label = names_of(release), label_with_unit(column, lang)
    has_city = not pd.isna(column.city)
    bars = [
        (names[key], value, classes.colors[int(classes.numbers[key])], codes[key] == "open")
        for key, value in known.items()
    ]
    city_name = city_label(release, lang)
    if column.city_decimals is not None:  # its bar is labelled with the decimals of all
        city_name = f"{city_name} ({text('city_rounded', lang)})"
    bars = [*([(city_name, float(column.city), CITY, False)] if has_city else []), *bars]
    bars.reverse()  # the first row of a bar chart is its lowest bar
    ends = first + 1, first + len(bars)  # below the head
    series = ChartSeries(
        words_of(label),
        *_ranges(lang, ends, (0, 1)),
        colors=[color for _, _, color, _ in bars],
        hatched=frozenset(place for place, bar in enumerate(bars) if bar[-1]),
        number_format=whole_number(column.decimals),
    )
    city = [text("workbook_city", lang, value=city_text(column, lang), **place_words(release.city))] if has_city else []
    chart = SheetChart(
        kind="bar",
        title=words_of(text("workbook_bars", lang, label=label)),
        alt=words_of(" ".join([_ends_text(known, names, column, lang), *city])),
        series=[series],
        x=_axis([0.0, *(bar[1] for bar in bars)], column, label),
        y=None,
        row=0,
        column=0,
        width=WIDTH,
        height=AROUND_BARS + BAR_HEIGHT * len(bars),
        unnamed=[0],
    )
    rows: list[tuple[Cell, ...]] = [(_head(text("label_area", lang)), _head(label), None)]
    rows += [(words_of(name), value, None) for name, value, *_ in bars]
    notes = [text("workbook_hatched", lang)] if series.hatched else []
    return Drawing(chart, [*rows, (None,) * 3], [*notes, *_left_out(len(keys) - len(known), lang)])


def _ends_text(known: dict[str, float], names: dict[str, str], column: ReleasedColumn, lang: Lang) -> str:
    """Return what the bars show as a sentence: how many, and the ends."""
    low, high = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    ends = {"low": names[low], "lowest": value_text(known[low], column, lang)}
    ends |= {"high": names[high], "highest": value_text(known[high], column, lang)}
    n = number_text(len(known), 0, lang)
    return text("workbook_bars_alt", lang, label=label_with_unit(column, lang), n=n, **ends)


def _ranges(lang: Lang, ends: tuple[int, int], columns: tuple[int, int]) -> tuple[CellRange, CellRange]:
    """Return the cells of a series in two columns of the sheet of numbers."""
    x, y = (CellRange(text("sheet_chart_data", lang), column, *ends) for column in columns)
    return x, y


def _points(release: Release, lang: Lang, look: Look, first: int) -> Drawing | None:
    """Return all areas between the two indicators that the rule names first, with the city values as lines."""
    columns = _pair(release)
    if columns is None or not release.selected.any():
        return None
    places = release.values[[column.id for column in columns]].astype(float).dropna()
    if not 1 < len(places) <= MOST_POINTS:
        return None
    x, y = (_axis([*places[column.id], column.city], column, label_with_unit(column, lang)) for column in columns)
    names = names_of(release)
    codes = selections(release).reindex(places.index)
    codes = codes.where(codes.isin(["near", "open", "sure", "selected"]), "out")
    groups = _groups(lang, look)
    for code, group in groups.items():
        own = places[codes.eq(code)]
        group.points.extend((names[str(key)], float(a), float(b)) for key, a, b in own.itertuples(name=None))
    rows: list[tuple[Cell, ...]] = [(_head(text("label_area", lang)), _head(x.label), _head(y.label))]
    series = []
    for group in (*groups.values(), *_city_lines(columns, x, y, city_label(release, lang))):
        if group.points:
            ends = first + len(rows), first + len(rows) + len(group.points) - 1
            cells = _ranges(lang, ends, (1, 2))
            series.append(ChartSeries(group.name, *cells, colors=group.colors, marker=group.marker, size=group.size))
            rows += [(words_of(name), across, up) for name, across, up in group.points]
    labels = {"x": x.label, "y": y.label}
    chart = SheetChart(
        kind="scatter",
        title=words_of(text("workbook_points", lang, **labels)),
        alt=words_of(
            text(
                "workbook_points_alt", lang, n=number_text(len(places), 0, lang), **labels, **place_words(release.city)
            )
        ),
        series=series,
        x=x,
        y=y,
        row=0,
        column=0,
        width=WIDTH,
        height=HEIGHT,
        unnamed=[place for place, one in enumerate(series) if one.marker == "none"][1:],
    )
    return Drawing(chart, rows, _said_of_points(release, columns, places, lang))


def _pair(release: Release) -> tuple[ReleasedColumn, ReleasedColumn] | None:
    """Return two indicators: those that the rule names, or one and what goes beside it on every chart."""
    columns = [column for column in rule_columns(release) if column.kind != "count"]
    if len(columns) == 1 and (other := second_column(release, columns[0].id)):
        columns.append(release.column(other))
    return (columns[0], columns[1]) if len(columns) > 1 else None


@dataclass(frozen=True)
class PointGroup:
    """Points that look alike: what they are called, middle and ring, shape, size; name and place of each."""

    name: str
    colors: tuple[str, str]
    marker: Marker
    size: int
    points: list[tuple[str, float, float]] = field(default_factory=list)


def _groups(lang: Lang, look: Look) -> dict[str, PointGroup]:
    """Return how areas look by their selection, the lowest first."""
    sure = (look.accent, look.accent)
    return {
        "out": PointGroup(text("workbook_other", lang), ("#d9d9d9", "#8c8c8c"), "circle", 5),
        "near": PointGroup(text("selection_near", lang), (GREY, INK), "diamond", 7),
        "open": PointGroup(text("selection_open", lang), (_paler(look.accent), look.accent), "triangle", 8),
        "sure": PointGroup(text("selection_sure", lang), sure, "circle", 8),
        "selected": PointGroup(text("selection_selected", lang), sure, "circle", 8),
    }


def _paler(color: str) -> str:
    """Return a colour half way to white."""
    return "#" + "".join(f"{(int(color[i : i + 2], 16) + 255) // 2:02x}" for i in (1, 3, 5))


def _city_lines(
    columns: tuple[ReleasedColumn, ReleasedColumn], x: ChartAxis, y: ChartAxis, name: str
) -> list[PointGroup]:
    """Return the lines of the city values, an upright and a lying one, from end to end."""
    across, up = (float(column.city) for column in columns)
    lines = []
    if not pd.isna(across):
        lines.append([(name, across, y.low), (name, across, y.high)])
    if not pd.isna(up):
        lines.append([(name, x.low, up), (name, x.high, up)])
    return [PointGroup(name, (CITY, CITY), "none", 1, points) for points in lines]


def _said_of_points(
    release: Release, columns: tuple[ReleasedColumn, ReleasedColumn], places: pd.DataFrame, lang: Lang
) -> list[str]:
    """Return how many areas are above both city values, how many have no point, and of whom the picture speaks."""
    x, y = columns
    notes = []
    if not pd.isna(x.city) and not pd.isna(y.city):
        both = int((places[x.id].gt(x.city) & places[y.id].gt(y.city)).sum())
        notes.append(text("workbook_both", lang, n=number_text(both, 0, lang), **place_words(release.city)))
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
