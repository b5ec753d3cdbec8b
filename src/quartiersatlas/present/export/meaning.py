"""What the columns of an export mean: label, unit, definition, caveat; one row per column of every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import texts
from quartiersatlas.present.export.tables import parent_names, tables_of
from quartiersatlas.present.plain_text import visible, with_visible_text
from quartiersatlas.present.wording import label, unit

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

COLUMNS = ["table", "column", "kind", "label", "unit", "decimals", "definition", "caveat", "values", "city_value"]
STATES = ("small", "uninhabited", "unknown")


def columns_table(release: Release, lang: Lang, tables: dict[str, pd.DataFrame] | None = None) -> pd.DataFrame:
    """Return what the columns mean: table, column, kind, label, unit, decimals, definition, caveat, values, city value.

    Columns of kind ``structure`` are not results: keys, names, reasons, notes.
    """
    tables = tables_of(release, lang) if tables is None else tables
    rows = [
        {"table": table, **_meaning(release, table, str(column), lang)}
        for table, frame in tables.items()
        for column in frame.columns
        if column != "geometry"
    ]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"decimals": "Int64"})
    return with_visible_text(table)


def _meaning(release: Release, table: str, name: str, lang: Lang) -> dict[str, Any]:
    column = next((c for c in release.columns if visible(c.id) == name), None)
    if column is None or table == "segregation":
        return {"column": name, "kind": "structure", **_structure(release, table, name, lang)}
    return {
        "column": name,
        "kind": column.kind,
        "label": column_label(release, column, lang),
        "unit": unit(column, lang),
        "decimals": column.decimals,
        "definition": column.indicator.definition(lang),
        "caveat": column.indicator.caveat(lang),
        "values": "; ".join(f"{c.id} = {c.label(lang)}" for c in column.classes),
        "city_value": column.city,
    }


def column_label(release: Release, column: ReleasedColumn, lang: Lang) -> str:
    """Return the label of a column; the counts of a rate name their rate."""
    for rate in release.columns:
        for side, name in (("numerator", rate.numerator), ("denominator", rate.denominator)):
            if name == column.id:
                return text(f"column_{side}", lang, label=label(rate, lang), source=label(column, lang))
    return label(column, lang)


def _structure(release: Release, table: str, name: str, lang: Lang) -> dict[str, Any]:
    """Return label and values of a column that is not a result."""
    values = ""
    if name == "state":
        states = {"shown": text("label_shown", lang), **{state: text(f"state_{state}", lang) for state in STATES}}
        values = "; ".join(f"{state} = {words}" for state, words in states.items())
    if name == "cover" and table == "candidates":
        values = "; ".join(f"{c} = {text(f'cover_{c}', lang)}" for c in ("covered", "partly", "not_covered"))
    if name == "index" and release.segregation is not None:
        used = dict.fromkeys(release.segregation["index"])
        values = "; ".join(f"{index} = {text(f'index_{index}_meaning', lang)}" for index in used)
    empty = {"unit": "", "decimals": None, "definition": "", "caveat": "", "city_value": float("nan")}
    return {"label": structure_label(release, table, name, lang), **empty, "values": values}


def structure_label(release: Release, table: str, name: str, lang: Lang) -> str:
    """Return the label of a column that is not a result."""
    noted = next((c for c in release.columns if f"{visible(c.id)}_note" == name), None)
    if noted is not None:
        return text("column_gap", lang, label=column_label(release, noted, lang))
    parents = parent_names(release)
    higher = [parents.get(c, c) for c in release.areas.columns if c not in ("name", "geometry")]
    if table == "areas" and name in map(visible, map(str, higher)):
        return text("column_parent", lang, name=name)
    return text(f"column_{name}", lang) if f"column_{name}" in texts() else name
