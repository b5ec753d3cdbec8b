"""What a document says of what lies inside areas, and what the register says to the house alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import pick, place_words
from quartiersatlas.intake.registers.schema import field_labels, register_columns
from quartiersatlas.monitoring.measures.coverage import day_text
from quartiersatlas.monitoring.measures.money_and_status import Money
from quartiersatlas.monitoring.measures.standing import rows_of
from quartiersatlas.monitoring.store.targets import CITY
from quartiersatlas.present.paper import Bullets, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import city_label, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.monitoring.measures.participation import Participation
    from quartiersatlas.present.paper.document import DocumentBlock

MONEY_HEAD = ("measure_id", "programme", "funder", "sum_eur", "end")


def within_blocks(release: Release, lang: Lang, keys: Sequence[str] = ()) -> list[DocumentBlock]:
    """Return whether areas contain both; of all areas, if no keys are given, only those that do."""
    found = release.within
    if found is None:
        return []
    table = found.table
    table = table[table.index.isin(list(keys))] if keys else table[table["verdict"].eq("both")]
    lines = [
        text(
            "within_line",
            lang,
            area=visible(str(release.areas["name"].get(key, key))),
            verdict=text(f"within_verdict_{row['verdict']}", lang),
            n=int(row["units"]),
        )
        for key, row in table.iterrows()
    ]
    note = Paragraph(text("within_note", lang, label=pick(lang, *found.labels), **place_words(release.city)), "muted")
    return [Heading(text("heading_within", lang)), *([Bullets(tuple(lines))] if lines else []), note]


def money_blocks(release: Release, lang: Lang, keys: Sequence[str] = ()) -> list[DocumentBlock]:
    """Return what live measures are paid from, of all areas or some, and when that ends; nothing outside the house."""
    measures = release.measures
    if measures is None or not measures.paid:
        return []
    places, money = measures.places, measures.money
    own = money.table
    if keys:
        own = own[own["measure_id"].isin(places.loc[places["area"].isin(list(keys)), "measure_id"])]
    if own.empty:
        return []
    headings = {column.name: column.heading(lang) for column in register_columns()["foerderung"]}
    paid = own[own["programme"].notna()]
    rows = tuple(
        TableRow.of(
            visible(str(row.measure_id)),
            visible(str(row.programme)),
            text(f"register_funder_{row.funder}", lang) if isinstance(row.funder, str) and row.funder else "–",
            "–" if pd.isna(row.sum_eur) else number_text(float(row.sum_eur), 0, lang),
            "–" if pd.isna(row.end) else day_text(row.end, lang),
        )
        for row in rows_of(paid)
    )
    head = tuple(headings[name] for name in MONEY_HEAD)
    table = [DocumentTable(head, rows, frozenset({3}))] if rows else []
    lines = Bullets(tuple(map(visible, Money(own, money.on).text(lang).splitlines())))
    return [Heading(text("heading_money", lang)), *table, lines]


def register_blocks(release: Release, lang: Lang) -> list[DocumentBlock]:
    """Return how far offices are, which priorities the data do not bear out, and what was said at events.

    Nothing outside the house.
    """
    measures = release.measures
    if measures is None or release.is_public:
        return []
    blocks: list[DocumentBlock] = []
    for name, told in (
        ("heading_register_status", measures.status),
        ("heading_register_priorities", measures.priorities),
    ):
        lines = told.text(lang).splitlines() if len(told.table) else []
        if lines:
            blocks += [Heading(text(name, lang), 3), Bullets(tuple(map(visible, lines)))]
    said = measures.participation
    if len(said.table):
        blocks += [Heading(text("heading_register_participation", lang), 3), _said(release, said, lang)]
        blocks.append(Bullets(tuple(said.text(lang).splitlines()), muted=True))
    return blocks


def _said(release: Release, said: Participation, lang: Lang) -> DocumentTable:
    """Return how many statements were made, a row per area and a column per field of action."""
    matrix, fields = said.matrix, field_labels(lang)
    names = {**release.areas["name"].astype(str).to_dict(), CITY: city_label(release, lang)}
    rows = tuple(
        TableRow.of(visible(names.get(area, area)), *(number_text(int(n), 0, lang) if n else "–" for n in row))
        for area, row in zip(matrix.index, matrix.to_numpy(), strict=True)
    )
    head = (text("label_area", lang), *(fields[field] for field in matrix.columns))
    return DocumentTable(head, rows, frozenset(range(1, len(head))))
