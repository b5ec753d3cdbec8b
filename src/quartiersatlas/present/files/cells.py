"""Cells of a workbook: numbers as numbers, text as text, and words where a number is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from quartiersatlas.base.text_width import pixels
from quartiersatlas.base.workbook import DIGIT, INSIDE, LONGEST_TEXT, CellStyle, StyledCell, text_length
from quartiersatlas.catalogue import text
from quartiersatlas.present.files.tables import code_texts
from quartiersatlas.present.statements import STATES, gap_kinds, gap_text, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.base.workbook import Cell
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release

CUT = " […]"
HIDDEN = frozenset({"protected", "small_area", "source", "derived"})
GREY = "#595959"
GAP = CellStyle(italic=True, color=GREY, align="right", is_top=True)
PERCENT = "0 %"


def whole_number(decimals: int) -> str:
    """Return the format of numbers; a program writes them with the separators of its own language."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def gap_cell(gap: str, lang: Lang) -> StyledCell:
    """Return what stands in the place of a number: that it is not shown, or why there is none."""
    return StyledCell(text("cell_suppressed", lang) if gap in HIDDEN else gap_text(gap, lang), GAP)


def in_words(release: Release, table: str, frame: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return a table whose classes and states are called as a reader calls them, and that has no number without value.

    A program takes an empty cell for 0 as soon as it computes with it.
    """
    found = frame.copy()
    for name in frame.columns.astype(str):
        if name not in ("selected", "index") and (words := code_texts(release, table, name, lang)):
            found[name] = frame[name].map(words, na_action="ignore")
    if table == "areas":
        return _areas_in_words(release, frame, found, lang)
    for name in [column for column in frame.columns if f"{column}_note" in frame]:  # rates of candidate areas
        notes = frame[f"{name}_note"]
        hidden = {gap_text(gap, lang): gap_cell(gap, lang) for gap in HIDDEN}
        cells = [hidden.get(word) or StyledCell(word, GAP) for word in notes]
        found[name] = (
            frame[name].astype(object).where(frame[name].notna() | notes.eq(""), pd.Series(cells, frame.index))
        )
    return found


def _areas_in_words(release: Release, frame: pd.DataFrame, found: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Return the table of areas with the words for classes and for what is not shown."""
    shown = [visible(str(key)) for key in release.areas.index]
    for column in release.columns:
        name = visible(column.id)
        gaps = gap_kinds(release, column).reindex(release.areas.index).set_axis(shown).reindex(frame["key"])
        if column.kind == "class":
            words = {visible(c.id): visible(c.label(lang)) for c in column.classes}
            found[name] = frame[name].map(words, na_action="ignore")
        found[name] = _filled(found[name], gaps, lang)
    if "residents" not in release.values:
        states = release.state.map(STATES).fillna("protected").set_axis(shown).reindex(frame["key"])
        found["residents"] = _filled(frame["residents"], states, lang)
    if "selection" in frame:
        found["selection"] = _filled(found["selection"], pd.Series("protected", frame.index), lang)
    if "p_selected" in frame:
        secret = frame["selection"].isna() if "selection" in frame else pd.Series(data=True, index=frame.index)
        found["p_selected"] = _filled(
            frame["p_selected"], secret.map({True: "protected", False: "not_applicable"}), lang
        )
    return found


def _filled(cells: pd.Series, gaps: pd.Series, lang: Lang) -> pd.Series:
    """Return cells in which a reason stands where there is none."""
    pairs = zip(cells, gaps, strict=True)
    words = [gap_cell(gap, lang) if pd.isna(value) and isinstance(gap, str) else value for value, gap in pairs]
    return pd.Series(words, index=cells.index, dtype=object)


def number_style(values: pd.Series[Any], number_format: str) -> CellStyle:
    """Return the style of a column: numbers with their decimals, text as it is."""
    if not is_numeric_dtype(values.dtype) or is_bool_dtype(values.dtype):
        return CellStyle()
    return CellStyle(number_format=number_format)


def rows_of(frame: pd.DataFrame) -> list[tuple[Cell, ...]]:
    """Return the cells of a table: text as text, numbers as numbers, nothing where nothing is known."""
    columns = [
        [None if gap else cell_of(value) for value, gap in zip(c, c.isna(), strict=True)] for _, c in frame.items()
    ]
    return list(zip(*columns, strict=True))


def cell_of(value: Any) -> Cell:  # noqa: ANN401 - any cell
    """Return a value as a workbook holds it."""
    if isinstance(value, np.generic):
        return cell_of(value.item())
    if isinstance(value, StyledCell | bool | int | float):
        return value
    return words_of(str(value)) or None


def words_of(words: str) -> str:
    """Return words as a cell holds them: visible, with one kind of line end, cut where they are too long."""
    return shortened(visible(words).replace("\r\n", "\n").replace("\r", "\n"))


def shortened(words: str) -> str:
    """Return text that fits into a cell; what is cut ends visibly."""
    if text_length(words) <= LONGEST_TEXT:
        return words
    kept = words.encode("utf-16-le")[: 2 * (LONGEST_TEXT - len(CUT))]
    return kept.decode("utf-16-le", "ignore") + CUT


def width_of(words: Iterable[str], size: float, *, bold: bool = False) -> float:
    """Return the width of a column in digits that shows all words on one line."""
    longest = max((pixels(one, size, bold=bold) for one in words), default=0.0)
    return (longest + INSIDE) / DIGIT + 0.5
