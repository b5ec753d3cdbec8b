"""Excel: one sheet per table, numbers as numbers with their decimals and units, text never as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.progress import with_progress
from quartiersatlas.base.workbook import LONGEST_TEXT, CellStyle, WorkbookSheet, text_length, write_workbook
from quartiersatlas.catalogue import text
from quartiersatlas.present.files.tables import columns_table, manifest_table, notes_table, state_texts, tables_of
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from quartiersatlas.base.workbook import CellValue
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

CUT = " […]"
NARROW, WIDE, READABLE = 11, 60, 100  # digits of a column
DECIMALS = {"hectares": 1, **dict.fromkeys(("covered_share", "covered_residents"), 2)}
DECIMALS |= dict.fromkeys(("value", "adjusted", "expected", "lower", "upper"), 4)
LABELS, NAMES = CellStyle(bold=True, is_wrapped=True), CellStyle(italic=True, color="#666666")
TEXT = CellStyle(is_wrapped=True)


def write_excel(
    release: Release, path: Path, lang: Lang, manifest: Mapping[str, Any] | None, *, progress: bool = False
) -> None:
    """Write the workbook: notes first, then the tables, then what the columns mean and where all comes from."""
    sheets = _sheets(release, lang, manifest, progress=progress)
    write_workbook(path, sheets, title=visible(release.title), comment=_shortened(visible(release.comment)))


def _sheets(
    release: Release, lang: Lang, manifest: Mapping[str, Any] | None, *, progress: bool
) -> Iterator[WorkbookSheet]:
    tables = {name: frame.drop(columns="geometry", errors="ignore") for name, frame in tables_of(release, lang).items()}
    meaning = columns_table(release, lang, tables)
    yield _text_sheet(text("sheet_notes", lang), notes_table(release, lang)[["label", "text"]])
    for name, frame in tables.items():
        own = meaning[meaning["table"].eq(name)].set_index("column")
        yield _table_sheet(text(f"sheet_{name}", lang), _in_words(release, frame, lang), own, progress=progress)
    yield _text_sheet(text("sheet_columns", lang), meaning, with_head=True)
    yield _text_sheet(text("sheet_manifest", lang), manifest_table(release, manifest))


def _in_words(release: Release, frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table whose classes and states are called as a reader calls them."""
    words = {"state": state_texts(lang)}
    words["cover"] = {cover: text(f"cover_{cover}", lang) for cover in ("covered", "partly", "not_covered")}
    for column in release.columns:
        if column.kind == "class":
            words[visible(column.id)] = {visible(c.id): visible(c.label(lang)) for c in column.classes}
    return frame.assign(
        **{name: frame[name].map(called, na_action="ignore") for name, called in words.items() if name in frame}
    )


def _table_sheet(name: str, frame: pd.DataFrame, meaning: pd.DataFrame, *, progress: bool) -> WorkbookSheet:
    """Return a table under its head: labels with units, and the names of the columns."""
    units = meaning["unit"].where(meaning["unit"].eq(""), " (" + meaning["unit"] + ")")
    labels = (meaning["label"] + units)[list(frame.columns)]
    return WorkbookSheet(
        name,
        head=[([_cell(words) for words in labels], LABELS), ([_cell(column) for column in frame.columns], NAMES)],
        rows=with_progress(_rows(frame), progress=progress, unit="row", total=len(frame)),
        styles=[_number_style(str(column), frame[column], meaning) for column in frame.columns],
        widths=[_width(frame[column], str(column)) for column in frame.columns],
        frozen=(2, 2),  # the head; the key and what stands beside it
        is_printed=True,
        is_filtered=True,
    )


def _number_style(name: str, values: pd.Series[Any], meaning: pd.DataFrame) -> CellStyle:
    """Return the format of numbers; a program writes them with the separators of its own language."""
    if not is_numeric_dtype(values.dtype) or is_bool_dtype(values.dtype):
        return CellStyle()
    decimals = int(meaning["decimals"].fillna(DECIMALS.get(name, 0))[name])
    return CellStyle(number_format="#,##0" + ("." + "0" * decimals if decimals else ""))


def _text_sheet(name: str, frame: pd.DataFrame, *, with_head: bool = False) -> WorkbookSheet:
    """Return a table to be read: long text wrapped; the head bold, or the first column where there is none."""
    widths = [_width(frame[column], str(column)) for column in frame.columns]
    styles = [TEXT] * len(widths)
    return WorkbookSheet(
        name,
        head=[([str(column) for column in frame.columns], LABELS)] if with_head else [],
        rows=_rows(frame),
        styles=styles if with_head else [LABELS, *styles[1:]],
        widths=widths if with_head else [*widths[:-1], READABLE],
        frozen=(1, 0) if with_head else (0, 0),
        is_printed=True,
    )


def _rows(frame: pd.DataFrame) -> list[tuple[CellValue, ...]]:
    """Return the cells of a table: text as text, numbers as numbers, nothing where nothing is known."""
    columns = [
        [None if gap else _cell(value) for value, gap in zip(c, c.isna(), strict=True)] for _, c in frame.items()
    ]
    return list(zip(*columns, strict=True))


def _cell(value: Any) -> CellValue:  # noqa: ANN401 - any cell
    if isinstance(value, np.generic):
        return _cell(value.item())
    if not isinstance(value, str):
        return value if isinstance(value, bool | int | float) else str(value)
    return _shortened(visible(value).replace("\r\n", "\n").replace("\r", "\n")) or None  # one kind of line end


def _shortened(words: str) -> str:
    """Return text that fits into a cell; what is cut ends visibly."""
    if text_length(words) <= LONGEST_TEXT:
        return words
    kept = words.encode("utf-16-le")[: 2 * (LONGEST_TEXT - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT


def _width(values: pd.Series[Any], name: str) -> float:
    """Return a width that shows the values and the name of the column, and half of the longest text at the most."""
    longest = max((len(str(value)) for value in values.dropna()), default=0)
    return float(min(WIDE, max(NARROW, len(name) + 3, longest + 1)))
