"""The table of selected areas: who lives there, which class, a bar with value and distance per reason, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import percent_text
from quartiersatlas.disclosure.words import unit
from quartiersatlas.present.paper import CellBar, DocumentTable, Paragraph, TableRow
from quartiersatlas.present.statements import (
    cell_text,
    gap_text,
    level_text,
    reason_texts,
    single_reason_texts,
)

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release, ReleasedColumn
    from quartiersatlas.present.paper.document import DocumentBlock

MOST_BARS = 3  # conditions that have a column of their own
LONG, FIRST = 500, 50  # selected areas above which a report names the first ones only, and how many these are
MOST_PLACES = 500  # rows of the table that counts the selected areas of each town or district


@dataclass(frozen=True)
class Reason:
    """A condition with a number: its column of the table."""

    column: ReleasedColumn
    rows: pd.DataFrame  # key -> value, limit, distance
    highest: float  # of all released values: the full bar
    limit: float | None  # where it is one for all areas

    def head(self, lang: Lang) -> str:
        """Return what the column shows."""
        name, sign = self.column.indicator.label(lang), unit(self.column, lang)
        if self.column.kind == "score":
            name = text("column_of_index", lang, axis=name)
        elif sign:
            name = text("column_unit", lang, label=name, unit=sign)
        if self.limit is None:
            return text("column_reason_varied", lang, label=name)
        return text("column_reason", lang, label=name, limit=number_text(self.limit, self.column.decimals, lang))

    def cell(self, key: str, lang: Lang) -> tuple[str, CellBar | None]:
        """Return the value of an area with its distance from the limit, and the bar."""
        if key not in self.rows.index:
            return "–", None
        value, limit, distance = (float(self.rows[name][key]) for name in ("value", "limit", "distance"))
        decimals = self.column.decimals
        words = number_text(value, decimals, lang)
        apart = round(distance, decimals)
        if apart:
            words += f" ({'+' if apart > 0 else ''}{number_text(apart, decimals, lang)})"
        if not self.highest > 0:
            return words, None
        mark = limit / self.highest if 0 <= limit <= self.highest else None
        return words, CellBar(min(max(value / self.highest, 0.0), 1.0), mark)


def is_long(release: Release) -> bool:
    """Return True for a release with so many selected areas that a report counts them instead of naming each."""
    return int(release.selected.sum()) > LONG


def listed_keys(release: Release) -> list[str]:
    """Return the selected areas that a report names, in the order of the release."""
    selected = release.selected
    keys = [str(key) for key in release.order if selected[key]]
    return keys[:FIRST] if is_long(release) else keys


def long_blocks(release: Release, lang: Lang, listed: str) -> list[DocumentBlock]:
    """Return what stands before the first areas of a long list: where the others are, and how many lie where.

    Candidate areas have a table of their own; without them the areas are counted by the first higher level.
    """
    where = text("long_beside" if listed else "long_elsewhere", lang, file=listed)
    count = int(release.selected.sum())
    said = text("long_first" if release.is_public else "long_highest", lang, count=count, first=FIRST, where=where)
    levels = [name for name in release.areas.columns if name not in ("name", "geometry")]
    places = _places(release, levels[0], lang) if levels and release.candidates is None else None
    return [Paragraph(said), *([places] if places is not None else [])]


def _places(release: Release, level: str, lang: Lang) -> DocumentTable | None:
    """Return how many areas are selected in each unit of a level, and how many people live there."""
    place = release.areas[level].astype(str)[release.selected]
    people = release.residents[release.selected].groupby(place).sum(min_count=1)
    areas = place.value_counts().sort_index()
    if len(areas) > MOST_PLACES:
        return None
    rows = [
        TableRow.of(name, number_text(n, 0, lang), "–" if pd.isna(living) else number_text(living, 0, lang))
        for name, n, living in zip(map(str, areas.index), areas, people.reindex(areas.index), strict=True)
    ]
    head = level, text("label_districts", lang), text("label_residents_short", lang)
    return DocumentTable(head, tuple(rows), frozenset({1, 2}))


def selected_table(release: Release, lang: Lang) -> DocumentTable | None:
    """Return the selected areas in the order of the release, of very many the first; None where there is none."""
    if not release.selected.any():
        return None
    bars, words = _reasons(release), _words(release, lang)
    keys = listed_keys(release)
    needs = [column for column in release.columns if column.kind == "class"]
    has_candidates = bool(release.members.reindex(keys).fillna("").astype(bool).any())
    head = [
        *([text("label_candidate_short", lang)] if has_candidates else []),
        text("label_area", lang),
        text("label_residents_short", lang),
        *(column.indicator.label(lang) for column in needs),
        *(reason.head(lang) for reason in bars),
        *([text("label_reasons", lang)] if words else []),
        *([text("label_stability", lang)] if release.stability is not None else []),
    ]
    n_first = 1 + has_candidates
    numeric = {n_first, *(n_first + 1 + len(needs) + place for place in range(len(bars)))}
    rows = tuple(_row(release, key, needs, bars, words, has_candidates=has_candidates, lang=lang) for key in keys)
    return DocumentTable(tuple(head), rows, frozenset(numeric))


def _row(
    release: Release,
    key: str,
    needs: list[ReleasedColumn],
    bars: list[Reason],
    words: dict[str, list[str]],
    *,
    has_candidates: bool,
    lang: Lang,
) -> TableRow:
    """Return one area."""
    cells: list[tuple[tuple[str, ...], CellBar | None]] = []
    if has_candidates:
        cells.append(((str(release.members.get(key, "")),), None))
    parents = [str(release.areas[name][key]) for name in release.areas.columns if name not in ("name", "geometry")]
    cells.append(((str(release.areas["name"][key]), " · ".join([key, *parents])), None))
    residents = release.residents[key]
    cells.append(((gap_text("derived", lang) if pd.isna(residents) else number_text(residents, 0, lang),), None))
    cells += [((cell_text(release, key, column, lang),), None) for column in needs]
    for reason in bars:
        said, bar = reason.cell(key, lang)
        cells.append(((said,), bar))
    if words:
        cells.append((tuple(words.get(key, [])), None))
    if release.stability is not None:
        cells.append((_certainty(release, key, lang), None))
    return TableRow(tuple(lines for lines, _ in cells), tuple(bar for _, bar in cells))


def _certainty(release: Release, key: str, lang: Lang) -> tuple[str, ...]:
    assert release.stability is not None  # noqa: S101 - asked by the caller
    table = release.stability.table
    if pd.isna(table["label"][key]):
        return ("–",)
    return text(f"stability_{table['label'][key]}", lang), percent_text(float(table["p_selected"][key]), lang)


def _reasons(release: Release) -> list[Reason]:
    """Return the conditions that have a column: those with a number, where they are few."""
    rows = _numeric(release)
    places = list(dict.fromkeys(rows["place"]))
    if len(places) > MOST_BARS:
        return []
    found = []
    for place in places:
        part = rows[rows["place"].eq(place)].set_index("key")
        limits = part["limit"].astype(float)
        column = release.column(str(part["column"].iloc[0]))
        highest = float(release.values[column.id].astype(float).max())
        limit = float(limits.iloc[0]) if limits.eq(limits.iloc[0]).all() else None
        found.append(Reason(column, part[["value", "limit", "distance"]].astype(float), highest, limit))
    return found


def _numeric(release: Release) -> pd.DataFrame:
    """Return the reasons that are a number beyond a limit, in the order of the rule."""
    rows = release.reasons
    if rows.empty:
        return rows
    known = rows["value"].notna() & rows["limit"].notna() & rows["distance"].notna() & rows["column"].ne("")
    forms = {column.id: column.kind for column in release.columns}
    is_number = rows["column"].map(forms).ne("class") & rows["wanted"] & rows["held"].fillna(value=False)
    return rows[known & is_number].sort_values("place", kind="stable")


def _words(release: Release, lang: Lang) -> dict[str, list[str]]:
    """Return for each area what has no bar: conditions without a number, levels of the rule."""
    shown = _numeric(release) if _reasons(release) else release.reasons.iloc[:0]
    if shown.empty:
        found = {key: list(lines) for key, lines in reason_texts(release, lang).items()}
    else:
        found = single_reason_texts(release, release.reasons.drop(index=shown.index), lang)
    for key in map(str, release.selected.index[release.selected]):
        level = level_text(release, key, lang)
        if level:
            found.setdefault(key, []).append(text("profile_level", lang, level=level))
    return {key: lines for key, lines in found.items() if lines}
