"""Charts and maps as figures of a document, and the key beside a map; what cannot be drawn is left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quartiersatlas.catalogue import text
from quartiersatlas.disclosure.words import label
from quartiersatlas.errors import QuartiersatlasError
from quartiersatlas.present.city_report.selected_table import is_long
from quartiersatlas.present.look import ACCENT
from quartiersatlas.present.paper import Columns, DocumentTable, Figure, Key, TableRow
from quartiersatlas.present.paper.legend import legend_notes, map_entries, mark_entries, sign_entries
from quartiersatlas.present.paper.legend_svg import swatch, swatch_size
from quartiersatlas.present.paper.map_svg import alt_text, document, map_svg
from quartiersatlas.present.statements import cell_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.charts import Chart
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.paper.document import DocumentBlock
    from quartiersatlas.present.paper.legend import LegendEntry
    from quartiersatlas.present.places import Context, FittedContext
    from quartiersatlas.space.exclaves import Bounds

MOST_ROWS = 1000  # of the table of a map
POINTS = 72 / 25.4  # per mm
NUMBER = re.compile(r"[+\u2212-]?[0-9][0-9.,\s]*%?|–|")  # what is set flush right where a whole column is such
IN_POINTS = re.compile(r'(width|height)="([0-9.]+)"')
ROW, AROUND_ROWS = 3.7, 19.0  # mm: height of a row with a name, and of what stands above and below
LEAST_AROUND = 12.0  # mm, without words at the axis
CELL = 8.5  # a row of a matrix: a count above the residents
AROUND_CELLS = 26.0  # key, names and labels around a matrix


def chart_figures(
    make: Callable[[], Chart], width: float, height: float | None = None, caption: str | None = ""
) -> list[Figure]:
    """Return a chart as a figure, its title and note as the caption; nothing where it cannot be made.

    Parameters
    ----------
    make : callable
        Makes the chart.
    width, height : float
        In mm; the height that suits the chart, if not given.
    caption : str
        What stands below it in place of its title; None for nothing at all.
    """
    try:
        chart = make()
    except QuartiersatlasError:
        return []
    rows = (CELL if chart.x.bands else ROW) * len(chart.y.bands)
    if height is None:
        height = rows + AROUND_ROWS if chart.y.bands else chart.height * width
    height = max(height, rows + (AROUND_CELLS if chart.x.bands else LEAST_AROUND))  # each row has room for its words
    svg = IN_POINTS.sub(r'\1="\2pt"', chart.svg(width * POINTS, height * POINTS), count=2)
    words = "" if caption is None else f"{_ended(caption or chart.title)} {chart.note}".strip()
    return [Figure(svg, chart.alt, words, width, table=_chart_table(chart))]


def _chart_table(chart: Chart) -> DocumentTable | None:
    """Return a chart in numbers; None where it has none."""
    if not chart.rows:
        return None
    columns = zip(*(row[1:] for row in chart.rows), strict=True)
    numeric = (place for place, cells in enumerate(columns, 1) if all(map(NUMBER.fullmatch, cells)))
    return DocumentTable(chart.head, tuple(TableRow.of(*row) for row in chart.rows), frozenset(numeric))


def _ended(words: str) -> str:
    """Return words as a sentence that has an end."""
    return words if words.endswith((".", "?", "!")) else f"{words}."


def side_by_side(left: list[Figure], right: list[Figure]) -> list[DocumentBlock]:
    """Return figures in two columns where there are both."""
    return [Columns(tuple(left), tuple(right))] if left and right else [*left, *right]


def map_figure(
    release: Release,
    column: ReleasedColumn,
    lang: Lang,
    size: tuple[float, float],
    *,
    caption: str,
    area: str | None = None,
    around: Bounds | None = None,
    context: Context | FittedContext | None = None,
    look: Look | None = None,
) -> Figure:
    """Return the map of a column as a figure of a size in mm."""
    width, height = size
    where: dict[str, Any] = {"area": area, "around": around, "context": context}
    svg = map_svg(release, column.id, lang, width_mm=width, height_mm=height, look=look, **where)
    words = alt_text(release, column, map_entries(release, column, lang), lang)
    return Figure(svg, words, caption, width, table=_map_table(release, column, lang))


def _map_table(release: Release, column: ReleasedColumn, lang: Lang) -> DocumentTable | None:
    """Return a map in numbers, its areas in the order of the release; None of very many, whose file stands beside."""
    if is_long(release) or len(release.areas) > MOST_ROWS:
        return None
    names = release.areas["name"]
    marks = [("heading_selection", mark_entries(release, lang))] if release.has_shortlist else []
    if signs := sign_entries(release, lang):
        marks.append(("heading_measures", signs))
    rows = (
        TableRow.of(
            f"{names[key]} ({key})",
            cell_text(release, key, column, lang),
            *("; ".join(entry.words for entry in entries if key in entry.keys) for _, entries in marks),
        )
        for key in map(str, release.order)
    )
    head = (text("label_area", lang), label(column, lang), *(text(heading, lang) for heading, _ in marks))
    return DocumentTable(head, tuple(rows), frozenset() if column.kind == "class" else frozenset({1}))


def map_key(release: Release, column: ReleasedColumn, lang: Lang, look: Look | None = None) -> Key:
    """Return the key of the map of a column."""
    accent = ACCENT if look is None else look.accent
    rows = tuple((_sign(entry, accent), entry.in_full) for entry in map_entries(release, column, lang))
    notes = [f"{note.removesuffix('.')}." for note in legend_notes(release, column, lang)]
    return Key("", rows, " ".join(notes))


def _sign(entry: LegendEntry, accent: str) -> str:
    return document(swatch(entry, accent=accent), *swatch_size(entry), "", "")
