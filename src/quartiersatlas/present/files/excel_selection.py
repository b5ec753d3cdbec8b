"""The sheets of a workbook that are read: the selected areas on one page, and the reasons of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.base.workbook import DIGIT, INDENT, SIZE, CellStyle, StyledCell, WorkbookSheet
from quartiersatlas.catalogue import number_text, text
from quartiersatlas.disclosure.release import NUMBER_FORMS
from quartiersatlas.disclosure.words import draft_text
from quartiersatlas.present.files.cells import GREY, PERCENT, cell_of, gap_cell, whole_number, width_of, words_of
from quartiersatlas.present.files.tables import level_name, selections
from quartiersatlas.present.statements import (
    city_label,
    gap_kinds,
    indicator_columns,
    label_with_unit,
    need_direction,
    reason_texts,
    source_text,
)

if TYPE_CHECKING:
    from quartiersatlas.base.workbook import Cell
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.look import Look

MOST_COLUMNS = 9  # on a page across that can still be read
MOST_INDICATORS = 3
BAR, CONTEXT_BAR = "#c3d3e3", "#d9d9d9"
NARROW, WIDE, REASONS = 9.0, 34.0, 104.0  # digits of a column
HEAD = CellStyle(bold=True, is_wrapped=True, line=GREY)
CITY = CellStyle(italic=True, fill="#f2f2f2")
FILLED = CellStyle(bold=True, is_wrapped=True, fill="#fff3c4")
MUTED = CellStyle(color=GREY, is_wrapped=True)
TEXT = CellStyle(is_wrapped=True, indent=1)


@dataclass(frozen=True, eq=False)
class ReadColumn:
    """A column of a page to read: what it is called, its cells, its width in digits, how it looks, the city value."""

    label: str
    cells: list[Cell]
    width: float
    style: CellStyle
    city: Cell = None


def selection_sheets(release: Release, lang: Lang, look: Look) -> list[WorkbookSheet]:
    """Return the selected areas as a page to read, and their reasons; nothing where none is selected."""
    keys = selected_keys(release)
    return [_selection_sheet(release, lang, look, keys), _reason_sheet(release, lang, look, keys)] if len(keys) else []


def selected_keys(release: Release) -> pd.Index:
    """Return the selected areas by candidate area, those without one last, then in the order of every list."""
    keys = release.order[release.selected.reindex(release.order)]
    place = {candidate: number for number, candidate in enumerate(_by_number(set(release.members)))}
    of_candidate = release.members.reindex(keys).map(place).fillna(len(place))
    return of_candidate.sort_values(kind="stable").index


def _by_number(names: set[str]) -> list[str]:
    """Return names in the order of their numbers: P2 before P10."""
    return sorted(names, key=lambda name: [part.zfill(9) for part in re.split(r"([0-9]+)", name)])


def rule_columns(release: Release) -> list[ReleasedColumn]:
    """Return the columns of numbers that speak for the selected areas, else some that point to need."""
    named = dict.fromkeys(release.reasons.sort_values("place", kind="stable")["column"]) if len(release.reasons) else {}
    found = [column for column in release.columns if column.id in named and column.kind in (*NUMBER_FORMS, "count")]
    found = sorted(found, key=lambda column: list(named).index(column.id))
    return (found or [c for c in indicator_columns(release) if need_direction(c)])[:MOST_INDICATORS]


def title_lines(release: Release, lang: Lang, look: Look) -> list[tuple[str, CellStyle]]:
    """Return notices, the band of a draft, title, subtitle, how many areas are selected, source and date."""
    lines = [(notice, FILLED) for notice in release.notices]
    if release.is_draft:
        lines.append((draft_text(release, lang), FILLED))
    heading = release.title or text("sheet_selection", lang)
    lines.append((heading, CellStyle(bold=True, is_wrapped=True, size=14, color=look.accent)))
    lines += [(release.subtitle, MUTED)] if release.subtitle else []
    lines += [(selected_text(release, lang), CellStyle(is_wrapped=True, size=11))]
    lines.append((source_text(release, lang), MUTED))
    return [(words_of(words), style) for words, style in lines]


def selected_text(release: Release, lang: Lang) -> str:
    """Return how many areas are selected, and how many of them are sure."""
    found = selections(release)
    numbers = {"selected": int(release.selected.sum()), "assessed": release.n_assessed}
    numbers |= {code: int(found.eq(code).sum()) for code in ("sure", "open")}
    name = "workbook_selected" if release.stability is None else "workbook_selected_sure"
    return text(name, lang, **{code: number_text(number, 0, lang) for code, number in numbers.items()})


def _selection_sheet(release: Release, lang: Lang, look: Look, keys: pd.Index) -> WorkbookSheet:
    columns = _place_columns(release, lang, keys)
    ends = _end_columns(release, lang, keys)
    indicators = rule_columns(release)[: MOST_COLUMNS - len(columns) - 1]
    numbers = [_indicator(release, column, lang, keys) for column in indicators]
    shown = [*columns, *numbers, *ends[: MOST_COLUMNS - len(columns) - len(numbers)]]
    bars = {
        place: CONTEXT_BAR if column.indicator.role == "context" else BAR
        for place, column in enumerate(indicators, start=len(columns))
    }
    foot = [text("reading_aid", lang), text("workbook_reasons", lang, sheet=text("sheet_reasons", lang))]
    page = _page(text("sheet_selection", lang), shown, title_lines(release, lang, look), foot)
    return replace(page, head=[*page.head, ([column.city for column in shown], CITY)], frozen=(2, 0), bars=bars)


def _reason_sheet(release: Release, lang: Lang, look: Look, keys: pd.Index) -> WorkbookSheet:
    """Return the reasons of each selected area as sentences."""
    reasons = reason_texts(release, lang)
    sentences = [cell_of("\n".join(reasons.get(str(key), []))) for key in keys]
    why = ReadColumn(text("label_reasons", lang), sentences, REASONS, TEXT)
    certainty, *others = _end_columns(release, lang, keys)
    shares = [column for column in others if column.style is not TEXT]
    shown = [*_place_columns(release, lang, keys, with_district=False)[:-1], certainty, *shares, why]
    page = _page(text("sheet_reasons", lang), shown, title_lines(release, lang, look), [text("reading_aid", lang)])
    return replace(page, frozen=(1, 0), is_filtered=True)


def _page(name: str, shown: list[ReadColumn], title: list[tuple[str, CellStyle]], foot: list[str]) -> WorkbookSheet:
    return WorkbookSheet(
        name,
        title=title,
        head=[([_head(column) for column in shown], HEAD)],
        rows=list(zip(*(column.cells for column in shown), strict=True)),
        styles=[column.style for column in shown],
        widths=[column.width for column in shown],
        is_printed=True,
        foot=[(words, MUTED) for words in foot],
    )


def _head(column: ReadColumn) -> StyledCell:
    """Return what a column is called, above its words or above the right ends of its numbers."""
    place = {"indent": 1} if column.style is TEXT else {"align": "right"}
    return StyledCell(words_of(column.label), replace(HEAD, **place))


def _words_column(label: str, cells: list[str], city: Cell = None) -> ReadColumn:
    """Return a column of words, as wide as they are."""
    shown = [words_of(cell) for cell in cells]
    width = min(WIDE, max(NARROW, width_of([*shown, *label.split(" ")], SIZE, bold=True) + INDENT / DIGIT))
    return ReadColumn(label, [cell or None for cell in shown], width, TEXT, city)


def _place_columns(release: Release, lang: Lang, keys: pd.Index, *, with_district: bool = True) -> list[ReadColumn]:
    """Return which candidate area, area, district, and how many live there."""
    areas = release.areas.loc[keys]
    members = release.members.reindex(keys).fillna("")
    columns = [_words_column(text("label_candidate", lang), members.tolist())] if members.ne("").any() else []
    columns.append(_words_column(text("label_key", lang), [str(key) for key in keys]))
    columns.append(
        _words_column(
            text("label_area", lang),
            areas["name"].tolist(),
            StyledCell(city_label(release, lang), replace(CITY, indent=1)),
        )
    )
    parents = areas.columns.drop(["name", "geometry"])
    if len(parents) and with_district:
        words = [str(value) for value in areas[parents[0]].fillna("")]
        columns.append(_words_column(level_name(str(parents[0])), words))
    known = release.residents.reindex(keys)
    cells: list[Cell] = [gap_cell("protected", lang) if pd.isna(value) else float(value) for value in known]
    style = CellStyle(is_top=True, number_format=whole_number(0))
    return [*columns, ReadColumn(text("legend_residents", lang), cells, 12.0, style)]


def _indicator(release: Release, column: ReleasedColumn, lang: Lang, keys: pd.Index) -> ReadColumn:
    """Return the values of an indicator, with the city value above them."""
    gaps = gap_kinds(release, column)
    values = release.values[column.id].reindex(keys).items()
    cells: list[Cell] = [gap_cell(gaps[str(key)], lang) if pd.isna(value) else float(value) for key, value in values]
    label, style = label_with_unit(column, lang), CellStyle(is_top=True, number_format=whole_number(column.decimals))
    width = min(WIDE, max(16.0, width_of(label.split(" "), SIZE, bold=True)))
    city = (
        None
        if pd.isna(column.city)
        else StyledCell(float(column.city), replace(CITY, number_format=whole_number(column.of_city.decimals)))
    )
    return ReadColumn(label, cells, width, style, city)


def _end_columns(release: Release, lang: Lang, keys: pd.Index) -> list[ReadColumn]:
    """Return how sure the selection is, the class of need, and the share of runs."""
    codes = selections(release).reindex(keys)
    columns = [_words_column(text("label_stability", lang), [text(f"selection_{code}", lang) for code in codes])]
    classes = [column for column in release.columns if column.kind == "class"]
    if classes:
        labels = {c.id: c.label(lang) for c in classes[0].classes}
        gaps = gap_kinds(release, classes[0])
        found = release.values[classes[0].id].reindex(keys)
        words = [str(gap_cell(gaps[str(key)], lang).value) if pd.isna(c) else labels[c] for key, c in found.items()]
        columns.append(_words_column(label_with_unit(classes[0], lang), words))
    if release.stability is not None:
        share = release.stability.table["p_selected"].reindex(keys)
        cells: list[Cell] = [gap_cell("protected", lang) if pd.isna(value) else float(value) for value in share]
        label = text("label_p_selected", lang)
        columns.append(
            ReadColumn(label[:1].upper() + label[1:], cells, 13.0, CellStyle(is_top=True, number_format=PERCENT))
        )
    return columns
