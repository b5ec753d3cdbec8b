"""What a document says of what lies inside areas: whether they contain both, and the money of measures there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from quartiersatlas.catalogue import number_text, text
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.intake.registers.schema import register_columns
from quartiersatlas.monitoring.measures.coverage import day_text
from quartiersatlas.monitoring.measures.money_and_status import Money
from quartiersatlas.monitoring.measures.standing import rows_of
from quartiersatlas.present.paper import Bullets, DocumentTable, Heading, Paragraph, TableRow
from quartiersatlas.present.statements import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
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
    note = Paragraph(text("within_note", lang, label=pick(lang, *found.labels)), "muted")
    return [Heading(text("heading_within", lang)), *([Bullets(tuple(lines))] if lines else []), note]


def money_blocks(release: Release, lang: Lang, keys: Sequence[str]) -> list[DocumentBlock]:
    """Return what live measures in some areas are paid from, and when that ends; nothing outside the house."""
    measures = release.measures
    if measures is None or not measures.paid:
        return []
    places = measures.places
    here = places.loc[places["area"].isin(list(keys)), "measure_id"]
    money = measures.money
    own = money.table[money.table["measure_id"].isin(here)]
    if own.empty:
        return []
    headings = {column.name: column.heading(lang) for column in register_columns()["foerderung"]}
    paid = own[own["programme"].notna()]
    rows = tuple(
        TableRow.of(
            visible(str(row.measure_id)),
            visible(str(row.programme)),
            "–" if pd.isna(row.funder) else text(f"register_funder_{row.funder}", lang),
            "–" if pd.isna(row.sum_eur) else number_text(float(row.sum_eur), 0, lang),
            "–" if pd.isna(row.end) else day_text(row.end, lang),
        )
        for row in rows_of(paid)
    )
    head = tuple(headings[name] for name in MONEY_HEAD)
    table = [DocumentTable(head, rows, frozenset({3}))] if rows else []
    lines = Bullets(tuple(map(visible, Money(own, money.on).text(lang).splitlines())))
    return [Heading(text("heading_money", lang)), *table, lines]
