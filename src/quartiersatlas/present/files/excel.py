"""Excel: sheets to read first, then one per table; numbers as numbers with their decimals, text never as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quartiersatlas.base.progress import with_progress
from quartiersatlas.base.text_width import PIXEL, pixels
from quartiersatlas.base.workbook import SIZE, CellStyle, WorkbookLogo, WorkbookSheet, write_workbook
from quartiersatlas.base.workbook_charts import FONT
from quartiersatlas.catalogue import text
from quartiersatlas.charts.widths import set_in, text_width
from quartiersatlas.errors import DependencyError
from quartiersatlas.present.files.cells import (
    GREY,
    PERCENT,
    cell_of,
    in_words,
    number_style,
    rows_of,
    shortened,
    whole_number,
    width_of,
)
from quartiersatlas.present.files.excel_charts import chart_sheets
from quartiersatlas.present.files.excel_selection import selection_sheets
from quartiersatlas.present.files.tables import columns_table, manifest_table, notes_table, tables_of
from quartiersatlas.present.look import Look
from quartiersatlas.present.paper.typeset import svg_png
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

NARROW, WIDE, READABLE = 11, 60, 100  # digits of a column
DECIMALS = {"hectares": 1}
DECIMALS |= dict.fromkeys(("value", "adjusted", "expected", "lower", "upper"), 4)
SHARES = ("p_selected", "covered_share", "covered_residents", "share_of_residents", "group_inside", "share_of_group")
DECIMALS["jaccard"] = 2
SAMPLE = "Anteil Personen mit Migrationshintergrund 0123456789"
LABELS, NAMES = CellStyle(bold=True, is_wrapped=True), CellStyle(italic=True, color=GREY)
TEXT = CellStyle(is_wrapped=True)


def write_excel(
    release: Release,
    path: Path,
    lang: Lang,
    manifest: Mapping[str, Any] | None,
    *,
    look: Look | None = None,
    progress: bool = False,
) -> None:
    """Write the workbook: notes, selection and charts first, then the tables, then what the columns mean."""
    sheets = _sheets(release, lang, manifest, Look() if look is None else look, progress=progress)
    title, comment = visible(release.title), shortened(visible(release.comment))
    write_workbook(path, sheets, title=title, comment=comment, **office_of(look))


def office_of(look: Look | None) -> dict[str, Any]:
    """Return what a workbook wears of a look: its font by name, the foot of its pages, the logo as a picture.

    Without typst the words of an SVG stand in its place.
    """
    if look is None:
        return {}
    foot = " · ".join(visible(words) for words in (look.office, look.contact, look.footer) if words)
    worn: dict[str, Any] = {"font": visible(look.family) or FONT, "wider": _wider(look), "foot": foot}
    if look.logo_file is not None:
        kind, content = look.logo_file
        png = content if kind == "png" else _drawn(content)
        worn["logo"] = WorkbookLogo(png, visible(look.logo_alt), look.accent)
    return worn


def _wider(look: Look) -> float:
    """Return how many times wider words are in the font of a look; not below 1, since a reader may not have it."""
    with set_in(look.typeface):
        wide = [text_width(SAMPLE, PIXEL * SIZE, bold=bold) for bold in (False, True)]
    return max(1.0, wide[0] / pixels(SAMPLE, SIZE), wide[1] / pixels(SAMPLE, SIZE, bold=True)) if look.family else 1.0


def _drawn(svg: bytes) -> bytes:
    try:
        return svg_png(svg.decode("utf-8-sig"))
    except DependencyError:
        return b""


def _sheets(
    release: Release, lang: Lang, manifest: Mapping[str, Any] | None, look: Look, *, progress: bool
) -> Iterator[WorkbookSheet]:
    tables = {name: frame.drop(columns="geometry", errors="ignore") for name, frame in tables_of(release, lang).items()}
    meaning = columns_table(release, lang, tables)
    yield _text_sheet(text("sheet_notes", lang), notes_table(release, lang, look)[["label", "text"]])
    yield from selection_sheets(release, lang, look)
    charts, data = chart_sheets(release, lang, look)
    yield from charts
    for name, frame in tables.items():
        own = meaning[meaning["table"].eq(name)].set_index("column")
        yield _table_sheet(
            text(f"sheet_{name}", lang), frame, in_words(release, name, frame, lang), own, progress=progress
        )
    yield from data
    yield _text_sheet(text("sheet_columns", lang), meaning, with_head=True)
    yield _text_sheet(text("sheet_manifest", lang), manifest_table(release, manifest))


def _table_sheet(
    name: str,
    frame: pd.DataFrame,
    shown: pd.DataFrame,
    meaning: pd.DataFrame,
    *,
    progress: bool,
) -> WorkbookSheet:
    """Return a table under its head: labels with units, and the names of the columns."""
    units = meaning["unit"].where(meaning["unit"].eq(""), " (" + meaning["unit"] + ")")
    labels = (meaning["label"] + units)[list(frame.columns)]
    return WorkbookSheet(
        name,
        head=[([cell_of(words) for words in labels], LABELS), ([cell_of(column) for column in frame.columns], NAMES)],
        rows=with_progress(rows_of(shown), progress=progress, unit="row", total=len(frame)),
        styles=[number_style(frame[column], _number_format(str(column), meaning)) for column in frame.columns],
        widths=[_width(frame[column], str(column), labels[column]) for column in frame.columns],
        frozen=(2, 2),  # the head; the key and what stands beside it
        is_printed=True,
        is_filtered=True,
    )


def _number_format(name: str, meaning: pd.DataFrame) -> str:
    if name in SHARES:
        return PERCENT
    return whole_number(int(meaning["decimals"].fillna(DECIMALS.get(name, 0))[name]))


def _text_sheet(name: str, frame: pd.DataFrame, *, with_head: bool = False) -> WorkbookSheet:
    """Return a table to be read: long text wrapped; the head bold, or the first column where there is none."""
    widths = [_width(frame[column], str(column)) for column in frame.columns]
    styles = [TEXT] * len(widths)
    return WorkbookSheet(
        name,
        head=[([str(column) for column in frame.columns], LABELS)] if with_head else [],
        rows=rows_of(frame),
        styles=styles if with_head else [LABELS, *styles[1:]],
        widths=widths if with_head else [*widths[:-1], READABLE],
        frozen=(1, 0) if with_head else (0, 0),
        is_printed=True,
    )


def _width(values: pd.Series[Any], name: str, label: str = "") -> float:
    """Return a width that shows the values, the name of the column and each word of its label, as far as that goes."""
    longest = max((len(str(value)) for value in values.dropna()), default=0)
    return float(min(WIDE, max(NARROW, len(name) + 3, longest + 1, width_of(label.split(" "), SIZE, bold=True))))
